"""The form for choosing how each kind of notice is mailed, and when the digest comes."""

from __future__ import annotations

from typing import cast

from wtforms import Field, RadioField, SelectField

from forum.notifications.models import (
    ANNOUNCEMENT,
    AT_ONCE,
    DIGEST,
    NEVER,
    NOTICE_KINDS,
    REMINDER,
    SEARCH,
)
from forum.notifications.queries import time_zones
from forum.webforms import Form
from forum.webforms import lazy_text as _

WAY_NAMES = {AT_ONCE: _("At once"), DIGEST: _("In the digest"), NEVER: _("Not at all")}
KIND_NAMES = {
    kind: cast(str, facts.label)  # translated when it is shown
    for kind, facts in NOTICE_KINDS.items()
    if facts.label is not None
}
# The parts of the form; every kind that can be chosen is in one of them
KIND_GROUPS = (
    (
        _("What others say to you"),
        ("reply", "quote", "mention", "advice", "answer", "mark", "intention"),
    ),
    (_("What we ask you"), (REMINDER, "followup", "intended", "revisit")),
    (_("What you watch and keep"), ("topic", "post", "findings", SEARCH)),
    (_("Your practices and translations"), ("published", "returned", "translation")),
    (_("Meetings"), ("meeting", "coming", "soon")),
    (
        _("Declarations, commitments and your organisation"),
        ("declaration", "signing", "commitment", "milestone", "voice"),
    ),
    (
        _("Decisions, rules and agendas"),
        (ANNOUNCEMENT, "decision", "report", "glossary", "rules", "statement", "host"),
    ),
    (_("What you moderate"), ("urgent", "queue", "unanswered", "unnamed")),
)
FREQUENCY_NAMES = {"daily": _("Every day"), "weekly": _("Every week"), "never": _("Never")}


class NoticesForm(Form):
    """How a member wants to be notified; the loop below adds a field `way_…` for each kind."""

    digest_every = SelectField(
        _("How often the digest comes"), choices=list(FREQUENCY_NAMES.items())
    )
    digest_hour = SelectField(
        _("At what time"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    time_zone = SelectField(
        _("In which time zone"), choices=lambda: [(name, name) for name in time_zones()]
    )

    locale = SelectField(_("Language of the e-mails"))

    @property
    def ways(self) -> dict[str, str]:
        """The chosen way of each kind."""
        return {
            kind: self[_field_name(kind)].data for kind in KIND_NAMES if _field_name(kind) in self
        }

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """The fields for the kinds, in parts that each have a label."""
        parts = (
            (label, [self[_field_name(kind)] for kind in kinds if _field_name(kind) in self])
            for label, kinds in KIND_GROUPS
        )
        return [(label, fields) for label, fields in parts if fields]

    def for_somebody(self, is_curator: bool) -> NoticesForm:
        """The form itself, without the kinds for moderators if the member is none."""
        for kind in KIND_NAMES:
            if NOTICE_KINDS[kind].is_for_curators and not is_curator:
                del self[_field_name(kind)]
        return self


def _field_name(kind: str) -> str:
    return f"way_{kind}"


def ways_as_fields(ways: dict[str, str]) -> dict[str, str]:
    """Ways by kind, as values by field name."""
    return {_field_name(kind): way for kind, way in ways.items()}


for _kind, _label in KIND_NAMES.items():
    setattr(NoticesForm, _field_name(_kind), RadioField(_label, choices=list(WAY_NAMES.items())))
