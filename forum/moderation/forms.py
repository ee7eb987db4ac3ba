"""What may be typed when something is reported or decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from flask_babel import gettext
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from forum.db import now
from forum.dialogue.forms import KINDS, language_field
from forum.members.forms import EMAIL, EMAIL_SHAPE, NAME, Day, at_most, one_line
from forum.moderation.actions import LONGEST, Illegal, Reasons
from forum.rules.queries import Ready, Rule
from forum.webforms import Form
from forum.webforms import lazy_text as _

REASON_NAMES = {
    "rules": _("It breaks the rules"),
    "spam": _("It is spam or advertising"),
    "off topic": _("It does not belong here"),
    "illegal": _("It is illegal"),
    "something else": _("Something else"),
}
DEED_NAMES = {
    "keep": _("Keep"),
    "hide": _("Hide"),
    "remove": _("Remove"),
    "ask_to_edit": _("Ask to edit"),
    "restore": _("Show again"),
    "publish": _("Publish"),
    "send_back": _("Return to the author"),
    "approve": _("Publish"),
    "refuse": _("Do not publish"),
}
DAY = "day"  # chosen instead of a number of days
LONGEST_TIME = timedelta(days=3650)
TOPIC_NUMBER = re.compile(r"(?:^#?|/topics/)([1-9][0-9]{0,8})(?![0-9])")
LAW = "law"  # chosen instead of the number of a rule
DAYS = {"1": _("One day"), "7": _("One week"), "30": _("30 days"), "365": _("One year")}
TOO_LONG = Length(max=LONGEST, message=_("Write at most %(most)s characters.", most=LONGEST))
WHY = DataRequired(_("Say why. The author reads it."))


class ReportForm(Form):
    """What is wrong with something."""

    reason = RadioField(
        _("What is wrong?"), [DataRequired(_("Choose a reason."))], choices=[*REASON_NAMES.items()]
    )
    text = TextAreaField(_("In a sentence"), [TOO_LONG])


class IllegalForm(Form):
    """What the law asks of somebody who reports something illegal, without an account too."""

    text = TextAreaField(
        _("Why is it illegal?"), [DataRequired(_("Say why it is illegal.")), TOO_LONG]
    )
    about_children = BooleanField(_("It is about the sexual abuse of children"))
    name = StringField(_("Your name"), [at_most(NAME)], [one_line])
    email = StringField(_("Your e-mail address"), [at_most(EMAIL)], [one_line])
    good_faith = BooleanField(
        _("I believe in good faith that what I say here is accurate and complete.")
    )

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no address; whether one is needed is the deed's to say."""
        if field.data and not re.match(EMAIL_SHAPE, field.data):
            raise ValidationError(gettext("Write an e-mail address such as name@city.example."))

    @property
    def notice(self) -> Illegal:
        """What was said."""
        return Illegal(
            text=self.text.data or "",
            name=self.name.data or "",
            email=self.email.data or "",
            is_in_good_faith=bool(self.good_faith.data),
            is_about_children=bool(self.about_children.data),
        )


class StaffNoteForm(Form):
    """What the other moderators should know of a member."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), TOO_LONG])


def number_in(typed: str | None) -> int | None:
    """The number that a hidden field holds, if it does."""
    typed = typed or ""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


class HolderForm(Form):
    """A form that knows who else was at the thing when its page was made: the page has told so."""

    holder = HiddenField()

    @property
    def holder_ids(self) -> list[int | None]:
        """The ids of those members."""
        return [number_in(typed) for typed in (self.holder.data or "").split(",")[:100]]

    @property
    def holder_id(self) -> int | None:
        """The id of that member, where there can be but one; None for nobody."""
        return self.holder_ids[0]


class SeenForm(HolderForm):
    """A form that knows the latest decision its page showed."""

    seen = HiddenField()

    @property
    def seen_id(self) -> int | None:
        """The id of that decision; 0 for none, None when the form does not say."""
        return number_in(self.seen.data)


class GroundForm(SeenForm):
    """A statement of reasons: the rule or the law, and what happened. A ready text fills it in."""

    rule = SelectField(_("Rule or law"), default="", validate_choice=False)
    law = StringField(_("Which law"), [TOO_LONG], [one_line])
    is_automated = BooleanField(_("A machine pointed it out: a filter, a detector, a model"))
    reason = TextAreaField(_("What happened and what the author can do"), [WHY, TOO_LONG])
    known: frozenset[str] | set[str] = frozenset({""})  # what can be chosen as the ground

    def offer_rules(self, rules: Sequence[Rule]) -> None:
        """Let one of these rules be chosen, or the law."""
        named = [(str(rule.number), f"{rule.number}. {rule.name}") for rule in rules]
        self.rule.choices = [("", gettext("Choose")), *named, (LAW, gettext("It is illegal"))]
        self.known = {"", LAW, *(value for value, _name in named)}

    def fill(self, ready: Ready) -> None:
        """Put in what a ready text says."""
        self.rule.data, self.reason.data = str(ready.rule or ""), ready.text

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        chosen = self.rule.data or ""
        said = self.law.data if chosen == LAW else ""
        return Reasons(
            facts=self.reason.data or "",
            rule=int(chosen) if chosen.isdigit() else 0,
            law=said or "",
            is_automated=self.is_automated.data,
        )

    def validate_rule(self, field: Field) -> None:
        """It is one of those on offer; a form that does not say leaves it open, and the deed asks for it."""
        if (field.data or "") not in self.known:
            raise ValidationError(gettext("Choose the rule or name the law."))

    def validate_law(self, field: Field) -> None:
        """The law is named when it is the ground."""
        if self.rule.data == LAW and not (field.data or "").strip():
            raise ValidationError(gettext("Name the law, and the article if you know it."))


class ReasonForm(GroundForm):
    """Why something is restricted."""


class WordsForm(SeenForm):
    """Why something is restricted that breaks no rule: a topic is locked, a practice returned."""

    reason = TextAreaField(_("Reason"), [WHY, TOO_LONG])

    def fill(self, ready: Ready) -> None:
        """Put in what a ready text says."""
        self.reason.data = ready.text

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.data or "")


class AskForm(WordsForm):
    """What the author of a post is asked to change."""

    reason = TextAreaField(
        _("What the author should change"),
        [DataRequired(_("Say why, and what to change. The author reads it.")), TOO_LONG],
    )


class NoteForm(Form):
    """What moderators say below a post."""

    source = TextAreaField(
        _("Note by the moderators"),
        [
            DataRequired(_("Write a text.")),
            Length(max=LONGEST, message=_("Write at most %(most)s characters.", most=LONGEST)),
        ],
    )
    language = language_field()


class MoveForm(SeenForm):
    """To which agenda a topic goes, and why."""

    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [TOO_LONG])

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.data or "")


class SplitForm(HolderForm):
    """What posts become that leave their topic."""

    title = StringField(
        _("Title of the new topic"),
        [
            DataRequired(_("Enter a title of 3 to 120 characters.")),
            Length(3, 120, message=_("Enter a title of 3 to 120 characters.")),
        ],
        [one_line],
    )
    kind = RadioField(_("What is it?"), choices=KINDS, default="experience")
    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [TOO_LONG])

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.data or "")


class MergeForm(HolderForm):
    """Into which topic another is put."""

    target = StringField(
        _("The other topic"),
        [DataRequired(_("Enter the address or the number of a topic."))],
        [one_line],
    )
    reason = TextAreaField(_("Reason"), [TOO_LONG])

    @property
    def target_id(self) -> int:
        """The number that the address holds; 0 when there is none."""
        found = TOPIC_NUMBER.search(self.target.data or "")
        return int(found[1]) if found else 0

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.data or "")

    def validate_target(self, _field: Field) -> None:
        """It is an address of a topic, or its number."""
        if not self.target_id:
            raise ValidationError(gettext("Enter the address or the number of a topic."))


class LotForm(GroundForm):
    """Why several posts are hidden or removed."""


class TimeForm(GroundForm):
    """For how long an account is closed or may not write, and why."""

    days = RadioField(
        _("For how long?"), choices=[*DAYS.items(), (DAY, _("Until a day"))], default="7"
    )
    until = Day(_("Until which day"), [Optional()])

    @property
    def end(self) -> datetime:
        """The moment at which the chosen time is over: of a day, its end in UTC."""
        if self.days.data == DAY and self.until.data:
            return datetime.combine(self.until.data + timedelta(days=1), time(), UTC)
        return now() + timedelta(days=int(self.days.data))

    def validate_days(self, field: Field) -> None:
        """A day is still to come, and no more than ten years away, when a day is what was chosen."""
        if field.data != DAY:
            return
        if self.until.data is None or self.until.data < now().date():
            raise ValidationError(gettext("Choose a day that is still ahead."))
        if self.until.data > now().date() + LONGEST_TIME:
            raise ValidationError(gettext("Choose a day within the next ten years."))


class WordForm(HolderForm):
    """A deed that needs no more than, perhaps, a word of explanation."""

    reason = TextAreaField(_("Reason"), [TOO_LONG])

    @property
    def reasons(self) -> Reasons:
        """What was typed."""
        return Reasons(self.reason.data or "")


class BackForm(HolderForm):
    """Whether what was cleared away as advertising is shown again with the member."""

    shows_again = BooleanField(_("Show these texts again"), default=True)


class DecisionForm(GroundForm):
    """The decision about an entry of the queue; what restricts somebody needs its reasons.

    `read` is the fingerprint of the text that a rule holds back, which its author may change meanwhile.
    """

    deed = RadioField(_("Your decision"), [DataRequired(_("Choose a decision."))])
    read = HiddenField()
    reason = TextAreaField(_("What happened and what the author can do"), [TOO_LONG])

    def offer(self, deeds: list[str]) -> None:
        """Let only these deeds be chosen."""
        self.deed.choices = [(deed, DEED_NAMES[deed]) for deed in deeds]

    def fill(self, ready: Ready) -> None:
        """Put in what a ready text says, the deed too."""
        super().fill(ready)
        self.deed.data = ready.deed.replace(" ", "_")
