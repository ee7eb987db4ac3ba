"""What may be typed at an entry of the queue."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from wtforms import TextAreaField
from wtforms.validators import DataRequired

from forum.moderation.forms import DEED_NAMES as OF_THINGS
from forum.moderation.forms import LENGTH_LIMIT, DecisionForm
from forum.webforms import Form
from forum.webforms import lazy_text as _

# What a deed is called where it is about somebody who wants to join, or an appeal
OF_CANDIDATES = {"approve": _("Let join"), "refuse": _("Refuse")}
OF_APPEALS = {"uphold": _("The decision stays"), "reverse": _("Take the decision back")}
NAMES = {"candidate": OF_CANDIDATES, "appeal": OF_APPEALS}


class EntryForm(DecisionForm):
    """The decision about an entry of any kind."""

    @property
    def deed_name(self) -> str:
        """What the deed is called that was chosen."""
        return next((str(option.label.text) for option in self.deed if option.checked), "")

    def offer_for(self, kind: str, deeds: Sequence[str] | None = None) -> None:
        """Let only these deeds be chosen for an entry of a kind; without any named, all that there are."""
        names = NAMES.get(kind, OF_THINGS)
        known = [deed for deed in (names if deeds is None else deeds) if deed in names]
        self.deed.choices = [(deed, names[deed]) for deed in known]
        if kind in NAMES:
            self.reason.label.text = gettext("Your answer")


class NoteForm(Form):
    """A note for the other moderators."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), LENGTH_LIMIT])
