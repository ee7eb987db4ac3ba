"""What may be typed at an entry of the queue."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired

from forum.moderation.forms import DEED_NAMES as OF_THINGS
from forum.moderation.forms import TOO_LONG, DecisionForm
from forum.web import Form
from forum.web import later as _

DEED_NAMES = {
    **OF_THINGS,
    "approve": _("Let join"),
    "refuse": _("Refuse"),
    "uphold": _("The decision stays"),
    "reverse": _("Take the decision back"),
}


class HolderForm(Form):
    """A form that knows who was at the entry when its page was made."""

    holder = HiddenField()

    @property
    def holder_id(self) -> int | None:
        """The id of that member, None for nobody."""
        typed = self.holder.data or ""
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


class EntryForm(HolderForm, DecisionForm):
    """The decision about an entry of any kind."""

    def offer(self, deeds: Sequence[str]) -> None:
        """Let only these deeds be chosen."""
        self.deed.choices = [(deed, DEED_NAMES[deed]) for deed in deeds]


class NoteForm(Form):
    """A note for the other moderators."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), TOO_LONG])
