"""What an administrator says of a trusted flagger."""

from __future__ import annotations

from wtforms import DateField, StringField
from wtforms.validators import DataRequired, Optional

from forum.clock import now
from forum.members.forms import at_most, one_line
from forum.moderation.actions import MAX_FIELD, MAX_FLAGGER_LINE, FlaggerText
from forum.webforms import CHOOSE_DAY, Form
from forum.webforms import lazy_text as _


class FlaggerForm(Form):
    """A member, and what the coordinator has published about the body that this member writes for."""

    handle = StringField(
        _("Member"), [DataRequired(_("Write the name or the handle.")), at_most(200)], [one_line]
    )
    name = StringField(
        _("Name of the body"),
        [DataRequired(_("Write the name.")), at_most(MAX_FLAGGER_LINE)],
        [one_line],
    )
    coordinator = StringField(
        _("Which Digital Services Coordinator gave the status"),
        [DataRequired(_("Write who gave the status.")), at_most(MAX_FLAGGER_LINE)],
        [one_line],
    )
    field = StringField(
        _("For what"),
        [DataRequired(_("Write what the body knows about.")), at_most(MAX_FIELD)],
        [one_line],
    )
    since = DateField(_("Since"), [DataRequired(CHOOSE_DAY)])
    until = DateField(_("Last day"), [Optional()])

    @property
    def text(self) -> FlaggerText:
        """What was typed, as the action takes it."""
        return FlaggerText(
            name=self.name.data or "",
            coordinator=self.coordinator.data or "",
            field=self.field.data or "",
            since=self.since.data or now().date(),
            until=self.until.data,
        )
