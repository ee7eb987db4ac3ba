"""What may be typed when something is reported or decided."""

from __future__ import annotations

from forum.moderation.forms._decisions import (
    LENGTH_LIMIT,
    ClaimAwareForm,
    DecisionAwareForm,
    ReasonForm,
    RequiredReasonForm,
    StatementForm,
)
from forum.moderation.forms.deciding import (
    DEED_NAMES,
    AskToEditForm,
    DecisionForm,
    OptionalReasonForm,
    PublishForm,
    ReportsSuspensionForm,
    RestoreForm,
    RestrictionForm,
    SendBackForm,
)
from forum.moderation.forms.flaggers import FlaggerForm
from forum.moderation.forms.notes import NoteForm, StaffNoteForm
from forum.moderation.forms.orders import EFFECT_NAMES, ORDER_KIND_NAMES, OrderForm
from forum.moderation.forms.reporting import REASON_NAMES, IllegalForm, ReportForm
from forum.moderation.forms.topics import (
    ChangeKindForm,
    GiveThemeForm,
    LockEndForm,
    LockForm,
    MergeForm,
    MoveForm,
    RetitleForm,
    SlowForm,
    SplitForm,
)

__all__ = [
    "DEED_NAMES",
    "EFFECT_NAMES",
    "LENGTH_LIMIT",
    "ORDER_KIND_NAMES",
    "REASON_NAMES",
    "AskToEditForm",
    "ChangeKindForm",
    "ClaimAwareForm",
    "DecisionAwareForm",
    "DecisionForm",
    "FlaggerForm",
    "GiveThemeForm",
    "IllegalForm",
    "LockEndForm",
    "LockForm",
    "MergeForm",
    "MoveForm",
    "NoteForm",
    "OptionalReasonForm",
    "OrderForm",
    "PublishForm",
    "ReasonForm",
    "ReportForm",
    "ReportsSuspensionForm",
    "RequiredReasonForm",
    "RestoreForm",
    "RestrictionForm",
    "RetitleForm",
    "SendBackForm",
    "SlowForm",
    "SplitForm",
    "StaffNoteForm",
    "StatementForm",
]
