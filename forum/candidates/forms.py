"""What moderators may say to somebody who wants to join."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import pgettext
from wtforms import SelectField, TextAreaField

from forum.members.forms import at_most
from forum.moderation.forms import ClaimAwareForm
from forum.plaintext import short_hash
from forum.webforms import lazy_text as _

MAX_ANSWER = 2_000  # characters


class AnswerForm(ClaimAwareForm):
    """A ready answer, own words, or both."""

    ready = SelectField(_("Ready answer"), default="")
    reason = TextAreaField(_("In your own words"), [at_most(MAX_ANSWER)])

    answers: dict[str, str]

    def offer(self, answers: Sequence[str]) -> None:
        """Set the ready answers to choose from, each by its words: administrators may put others in their place meanwhile."""
        self.answers = {short_hash(words): words for words in answers}
        self.ready.choices = [("", pgettext("answer", "None")), *self.answers.items()]

    @property
    def words(self) -> str:
        """The text that is sent."""
        chosen = self.answers[self.ready.data] if self.ready.data else ""
        return "\n\n".join(part for part in (chosen, (self.reason.data or "").strip()) if part)
