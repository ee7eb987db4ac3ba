"""Forms of an appeal and of its answer."""

from __future__ import annotations

from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired

from forum.appeals.actions import MAX_LENGTH
from forum.appeals.models import REVERSED, UPHELD
from forum.members.forms import at_most
from forum.moderation.forms import ClaimAwareForm
from forum.webforms import Form
from forum.webforms import lazy_text as _

OUTCOME_NAMES = {UPHELD: _("The decision stays"), REVERSED: _("The decision is taken back")}


class AppealForm(Form):
    """Why a decision is wrong."""

    text = TextAreaField(
        _("Why is the decision wrong?"),
        [DataRequired(_("Say why the decision is wrong.")), at_most(MAX_LENGTH)],
    )


class AnswerForm(ClaimAwareForm):
    """The answer of another moderator to an appeal."""

    outcome = RadioField(
        _("Your decision"),
        [DataRequired(_("Choose a decision."))],
        choices=[*OUTCOME_NAMES.items()],
    )
    answer = TextAreaField(
        _("Your answer"),
        [
            DataRequired(_("Answer in writing. The person who appealed reads it.")),
            at_most(MAX_LENGTH),
        ],
    )

    def offer(self, *, is_reversible: bool) -> None:
        """Offer to reverse the decision only where that is possible."""
        names = [UPHELD, *([REVERSED] if is_reversible else [])]
        self.outcome.choices = [(name, OUTCOME_NAMES[name]) for name in names]
