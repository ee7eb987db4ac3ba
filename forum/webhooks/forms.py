"""The form of a webhook: where it leads, in which format, and what it is told of."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length

from forum.history.queries import fingerprint
from forum.outbound import MAX_ADDRESS
from forum.webforms import Form
from forum.webforms import lazy_text as _
from forum.webhooks.actions import MAX_NAME, WebhookText
from forum.webhooks.models import CHAT, KINDS, REPLY, STANDARD, Webhook
from forum.webhooks.queries import webhook_fields

FORMAT_NAMES = {CHAT: _("A chat room"), STANDARD: _("A program")}
KIND_NAMES = {
    "question": _("New questions"),
    "experience": _("New experiences"),
    REPLY: _("Replies and comments"),
    "practice": _("Published practices"),
    "case": _("New cases"),
}


class WebhookForm(Form):
    """A webhook. `seen` is the fingerprint of what it was when the form was opened."""

    seen = HiddenField()
    name = StringField(
        _("Name"),
        [
            DataRequired(_("Give it a name.")),
            Length(max=MAX_NAME, message=_("Write at most %(most)s characters.", most=MAX_NAME)),
        ],
    )
    format = RadioField(
        _("Who is told?"),
        [DataRequired(_("Choose a format."))],
        choices=[*FORMAT_NAMES.items()],
        default=CHAT,
    )
    address = StringField(
        _("Address"),
        [
            DataRequired(_("Write the address to which it leads.")),
            Length(
                max=MAX_ADDRESS, message=_("Write at most %(most)s characters.", most=MAX_ADDRESS)
            ),
        ],
    )
    kinds = SelectMultipleField(
        _("What it is told of"),
        [DataRequired(_("Choose at least one thing of which it is told."))],
        choices=[(kind, KIND_NAMES[kind]) for kind in KINDS],
        default=["question"],
    )
    agenda = SelectField(_("Agenda"), choices=[], coerce=int, default=0)

    @classmethod
    def of(cls, webhook: Webhook, **options: Any) -> WebhookForm:
        """The form with where a webhook leads and what it is told of now."""
        fields = webhook_fields(webhook)
        return cls(**fields, seen=fingerprint(fields), **options)

    @property
    def text(self) -> WebhookText:
        """What was typed, as the action takes it."""
        return WebhookText(
            name=self.name.data or "",
            address=self.address.data or "",
            format=self.format.data,
            kinds=self.kinds.data or [],
            agenda_id=self.agenda.data or None,
        )
