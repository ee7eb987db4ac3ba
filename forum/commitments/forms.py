"""What may be typed about commitments and their milestones."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_pgettext
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from forum import markup
from forum.clock import now
from forum.commitments.actions import (
    MAX_MILESTONES,
    MAX_REASON,
    MAX_TITLE,
    MAX_WORDS,
    CommitmentText,
    Step,
)
from forum.commitments.models import ENDED, KEPT, RUNNING, Commitment, Milestone
from forum.commitments.queries import Copied, commitment_fields
from forum.dialogue.forms import language_field
from forum.formrows import TableField
from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.webforms import CHOOSE_DAY, Form, Row
from forum.webforms import lazy_text as _

STATE_NAMES = {
    RUNNING: lazy_pgettext("commitment", "Under way"),
    KEPT: lazy_pgettext("commitment", "Kept"),
    ENDED: lazy_pgettext("commitment", "Given up"),
}
MAX_ADDRESS = 1_000  # characters


class MilestoneRow(Row):
    """A milestone, and the day by which it is to be reached."""

    words = StringField(
        _("What is reached"),
        [DataRequired(_("Say what is reached.")), at_most(MAX_WORDS)],
        [one_line],
        render_kw={"dir": "auto"},
    )
    day = DateField(_("By which day"), [InputRequired(CHOOSE_DAY)])


class CommitmentForm(Form):
    """A commitment; `seen` is the fingerprint of its fields when the form was opened."""

    seen = HiddenField()
    organisation = SelectField(_("Organisation"), coerce=int)
    agenda = SelectField(_("Agenda"), validate_choice=False)
    title = StringField(
        _("Title"),
        [DataRequired(_("Give the commitment a title.")), at_most(MAX_TITLE)],
        [one_line],
    )
    body = TextAreaField(
        _("What you will do"), [DataRequired(_("Write a text.")), at_most(MAX_SOURCE)]
    )
    language = language_field()
    last_day = DateField(_("Last day"), [InputRequired(CHOOSE_DAY)])
    milestones = TableField(_("Milestones"), MilestoneRow, MAX_MILESTONES)
    declaration = SelectField(_("Declaration it follows from"), coerce=int, validate_choice=False)
    copied = StringField(_("Practice or case that it copies"), [at_most(MAX_ADDRESS)], [one_line])

    @classmethod
    def of(cls, commitment: Commitment, copied: Copied | None, **options: Any) -> CommitmentForm:
        """The form filled with a commitment; the table is for milestones that are added."""
        return cls(
            seen=fingerprint(commitment_fields(commitment)),
            organisation=commitment.organisation_id,
            agenda=commitment.agenda.slug,
            title=commitment.title,
            body=commitment.source,
            language=commitment.language,
            last_day=commitment.last_day,
            declaration=commitment.declaration_id or 0,
            copied=copied.address if copied else "",
            **options,
        )

    @property
    def written(self) -> markup.Written:
        """The text that was typed, as it is stored and shown."""
        return markup.write(self.body.data or "", self.language.data or "en", has_pictures=False)

    @property
    def text(self) -> CommitmentText:
        """What was typed, as the action takes it."""
        return CommitmentText(
            title=self.title.data or "",
            text=self.written,
            last_day=self.last_day.data or now().date(),
            milestones=[Step(**row) for row in self.milestones.data],
            declaration_id=self.declaration.data or None,
            copied=self.copied.data or "",
        )


class ReachForm(Form):
    """An optional sentence on what was reached or kept."""

    sentence = TextAreaField(_("In one sentence"), [at_most(MAX_REASON)])


class MoveForm(Form):
    """Another day, and the reason; `seen` is the day that the page has shown."""

    seen = HiddenField()
    day = DateField(_("New day"), [InputRequired(CHOOSE_DAY)])
    note = TextAreaField(_("Reason"), [DataRequired(_("Write the reason.")), at_most(MAX_REASON)])

    @classmethod
    def of(cls, milestone: Milestone, **options: Any) -> MoveForm:
        """The form filled with the day of a milestone."""
        return cls(seen=milestone.day.isoformat(), day=milestone.day, **options)


class ReasonForm(Form):
    """Why something is given up."""

    reason = TextAreaField(
        _("What stopped it"), [DataRequired(_("Write the reason.")), at_most(MAX_REASON)]
    )
