"""Forms beside an entry of the queue: the decision, and a note."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from wtforms import TextAreaField
from wtforms.validators import DataRequired

from forum.moderation.forms import DEED_NAMES as THING_DEEDS
from forum.moderation.forms import LENGTH_LIMIT, DecisionForm
from forum.webforms import Form
from forum.webforms import lazy_text as _

# The labels of deeds that decide about a candidate, an appeal or a proposal for the glossary
CANDIDATE_DEEDS = {"approve": _("Approve"), "refuse": _("Refuse")}
APPEAL_DEEDS = {"uphold": _("The decision stays"), "reverse": _("The decision is taken back")}
PROPOSAL_DEEDS = {"accept": _("Accept"), "refuse": _("Refuse")}
DEED_NAMES_BY_KIND = {
    "candidate": CANDIDATE_DEEDS,
    "appeal": APPEAL_DEEDS,
    "proposal": PROPOSAL_DEEDS,
}


class EntryForm(DecisionForm):
    """The decision about an entry of any kind."""

    kind = ""

    @property
    def needs_ground(self) -> bool:
        """Like that of a thing; decisions about candidates, appeals and proposals need no ground."""
        return self.kind not in DEED_NAMES_BY_KIND and super().needs_ground

    @property
    def missing_reason(self) -> str:
        """Like that of a thing; the answer to an appeal, and a refusal, need a reason."""
        if self.kind == "appeal":
            return gettext("Answer in writing. The person who appealed reads it.")
        if self.kind in ("candidate", "proposal"):
            is_refused = self.deed.data == "refuse"
            return gettext("Say why. The reason is sent to the person.") if is_refused else ""
        return super().missing_reason

    @property
    def deed_name(self) -> str:
        """The label of the chosen deed."""
        return next((str(option.label.text) for option in self.deed if option.checked), "")

    def offer_for(self, kind: str, deeds: Sequence[str] | None = None) -> None:
        """Offer only these deeds for an entry of a kind; None offers all deeds of the kind."""
        self.kind = kind
        names = DEED_NAMES_BY_KIND.get(kind, THING_DEEDS)
        offered = [deed for deed in (names if deeds is None else deeds) if deed in names]
        self.deed.choices = [(deed, names[deed]) for deed in offered]
        if kind in DEED_NAMES_BY_KIND:
            self.reason.label.text = gettext("Your answer")


class NoteForm(Form):
    """A note for the other moderators."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), LENGTH_LIMIT])
