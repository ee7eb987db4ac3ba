"""What may be typed when something is reported or decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from forum.clock import now
from forum.dialogue.actions import SplitTarget
from forum.dialogue.forms import kind_field, language_field, themes_field, title_field
from forum.dialogue.models import Pace
from forum.members.actions import MAX_NAME
from forum.members.forms import EMAIL_PATTERN, MAX_EMAIL, at_most, one_line
from forum.moderation.actions import MAX_REASON_LENGTH, IllegalContentNotice, Reasons
from forum.moderation.models import Deed
from forum.moderation.queries import DEEDS, DeedKind
from forum.rules.queries import OfferedText, Rule
from forum.search.models import Document
from forum.web import whole_number
from forum.webforms import Form
from forum.webforms import lazy_text as _

REASON_NAMES = {
    "rules": _("It breaks the rules"),
    "spam": _("It is spam or advertising"),
    "off topic": _("It does not belong here"),
    "illegal": _("It is illegal"),
    "something else": _("Something else"),
}
DEED_NAMES: dict[str, str] = {
    Deed.KEEP: _("Keep"),
    Deed.HIDE: _("Hide"),
    Deed.REMOVE: _("Remove"),
    Deed.ASK_TO_EDIT: _("Ask to edit"),
    Deed.RESTORE: _("Show again"),
    Deed.PUBLISH: _("Publish"),
    Deed.SEND_BACK: _("Return to the author"),
    Deed.APPROVE: _("Publish"),
    Deed.REFUSE: _("Do not publish"),
}
UNTIL_DAY = "day"  # the choice of a day instead of a number of days
MAX_HOLDERS = 100  # members whose claims a form may name
MAX_RESTRICTION = timedelta(days=3650)
TOPIC_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})|(?:.*/)?topics/([1-9][0-9]{0,8})(?![0-9]).*")
LAW_CHOICE = "law"  # the choice of a law instead of the number of a rule
NO_RULE_CHOICE = "none"
DURATIONS = {"1": _("One day"), "7": _("One week"), "30": _("30 days"), "365": _("One year")}
PACE_NAMES = {
    "10": _("Once in 10 minutes"),
    "60": _("Once an hour"),
    "480": _("Once in 8 hours"),
    "1440": _("Once a day"),
}
UNTIL_LIFTED = "lifted"  # the choice of no end instead of a number of days
PACE_LASTS = {
    "1": _("One day"),
    "3": _("Three days"),
    "7": _("One week"),
    UNTIL_LIFTED: _("Until a moderator ends it"),
}
LENGTH_LIMIT = Length(
    max=MAX_REASON_LENGTH, message=_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH)
)
REASON_REQUIRED = DataRequired(_("Say why. The author reads it."))


class ReportForm(Form):
    """A member's report."""

    reason = RadioField(
        _("What is wrong?"), [DataRequired(_("Choose a reason."))], choices=[*REASON_NAMES.items()]
    )
    text = TextAreaField(_("In a sentence"), [LENGTH_LIMIT])


class IllegalForm(Form):
    """A notice of illegal content, with the fields that the law requires; no account is needed."""

    text = TextAreaField(
        _("Why is it illegal?"), [DataRequired(_("Say why it is illegal.")), LENGTH_LIMIT]
    )
    about_children = BooleanField(_("It is about the sexual abuse of children"))
    name = StringField(_("Your name"), [at_most(MAX_NAME)], [one_line])
    email = StringField(_("Your e-mail address"), [at_most(MAX_EMAIL)], [one_line])
    good_faith = BooleanField(
        _("I believe in good faith that what I say here is accurate and complete.")
    )

    def validate_name(self, field: StringField) -> None:
        """Require a name, unless the notice is about the abuse of children."""
        self._require_signature(field)

    def validate_email(self, field: StringField) -> None:
        """Require a valid e-mail address, with the same exception."""
        self._require_signature(field)
        if field.data and not re.match(EMAIL_PATTERN, field.data):
            raise ValidationError(gettext("Write an e-mail address such as name@city.example."))

    def validate_good_faith(self, field: BooleanField) -> None:
        """Require the box to be ticked."""
        if not field.data:
            message = gettext("Confirm that what you say is true as far as you know.")
            raise ValidationError(message)

    def _require_signature(self, field: StringField) -> None:
        if not self.about_children.data and not (field.data or "").strip():
            message = gettext("This is needed, unless it is about the abuse of children.")
            raise ValidationError(message)

    @property
    def notice(self) -> IllegalContentNotice:
        """The notice as the action expects it."""
        return IllegalContentNotice(
            text=self.text.data or "",
            name=self.name.data or "",
            email=self.email.data or "",
            is_in_good_faith=bool(self.good_faith.data),
            is_about_children=bool(self.about_children.data),
        )


class StaffNoteForm(Form):
    """A note about a member for the other moderators."""

    text = TextAreaField(_("Your note"), [DataRequired(_("Write a note.")), LENGTH_LIMIT])


class ClaimAwareForm(Form):
    """A form that carries whose claims on the thing its page showed."""

    holder = HiddenField()

    @property
    def holder_ids(self) -> list[int | None]:
        """The ids of the members whose claims were shown; None for a value that is no id."""
        typed = (self.holder.data or "").split(",")[:MAX_HOLDERS]
        return [whole_number(number) for number in typed]

    @property
    def holder_id(self) -> int | None:
        """The id of the member whose claim was shown, where there can be only one; None for no claim."""
        return self.holder_ids[0]


class DecisionAwareForm(ClaimAwareForm):
    """A form that carries the latest decision that its page showed."""

    seen = HiddenField()

    @property
    def seen_id(self) -> int | None:
        """The id of the latest decision shown; 0 for none, None when the form does not say."""
        return whole_number(self.seen.data or "")


class GivesReason:
    """A mixin for the reasons of a form that asks only for a reason."""

    reason: Field

    @property
    def reasons(self) -> Reasons:
        """The reasons as the action expects them."""
        return Reasons(self.reason.data or "")


class ReasonForm(DecisionAwareForm):
    """A form with a field `reason`, which a ready text can fill in."""

    is_mixed = False  # whether a ready text was added to words that the moderator had typed
    # Whether its words are to be edited before sending, so that the field gets the focus
    is_reworded = False

    def fill(self, ready: OfferedText) -> None:
        """Fill in the words of a ready text, and its rule if there is one. Words that were typed stay, above them."""
        reason = self["reason"]
        typed = (reason.data or "").strip()
        self.is_mixed = typed not in ("", ready.text)
        if ready.text not in typed:
            reason.data = f"{typed}\n\n{ready.text}" if typed else ready.text

    def validate_reason(self, _field: Field) -> None:
        """Show the form again when typed words and those of a ready text were combined, so that moderators look at them first."""
        if self.is_mixed:
            message = gettext("Your own words stand above those of the ready text. Look at both.")
            raise ValidationError(message)


class StatementForm(ReasonForm):
    """A statement of reasons: the rule or the law, and what happened. A ready text can fill it in."""

    rule = SelectField(_("Rule or law"), default="", validate_choice=False)
    law = StringField(_("Which law"), [LENGTH_LIMIT], [one_line])
    is_automated = BooleanField(_("A machine pointed it out: a filter, a detector, a model"))
    reason = TextAreaField(
        _("What happened and what the author can do"), [REASON_REQUIRED, LENGTH_LIMIT]
    )
    ground_choices: frozenset[str] | set[str] = frozenset({""})

    @property
    def needs_ground(self) -> bool:
        """Whether a rule or the law must be named."""
        return True

    def offer_rules(self, rules: Sequence[Rule], *, needs_ground: bool = True) -> None:
        """Offer these rules, and the law, as grounds; where no ground is needed, the first choice is that no rule was broken."""
        named = [(str(rule.number), f"{rule.number}. {rule.name}") for rule in rules]
        none = (
            []
            if needs_ground
            else [(NO_RULE_CHOICE, gettext("No rule: a mistake of our own, or out of date"))]
        )
        offered = [*none, *named, (LAW_CHOICE, gettext("It is illegal"))]
        self.rule.choices = [("", gettext("Choose")), *offered]
        self.ground_choices = {"", *(value for value, _name in offered)}

    def fill(self, ready: OfferedText) -> None:
        """Fill in the words, and the rule if there is one, of a ready text."""
        super().fill(ready)
        self.rule.data = str(ready.rule or "")

    @property
    def reasons(self) -> Reasons:
        """The reasons as the action expects them."""
        ground = self.rule.data or ""
        law = self.law.data if ground == LAW_CHOICE else ""
        return Reasons(
            facts=self.reason.data or "",
            rule=int(ground) if ground.isdigit() else 0,
            law=law or "",
            is_automated=self.is_automated.data,
        )

    def validate_rule(self, field: Field) -> None:
        """Accept the offered grounds, and an empty one where the deed needs none."""
        ground = field.data or ""
        if ground not in self.ground_choices or (self.needs_ground and not ground):
            raise ValidationError(gettext("Choose the rule or name the law."))

    def validate_law(self, field: Field) -> None:
        """Require the name of the law when the law is the ground."""
        if self.rule.data == LAW_CHOICE and not (field.data or "").strip():
            raise ValidationError(gettext("Name the law, and the article if you know it."))


class RequiredReasonForm(GivesReason, ReasonForm):
    """A required reason for a deed without a broken rule: locking a topic, returning a practice."""

    reason = TextAreaField(_("Reason"), [REASON_REQUIRED, LENGTH_LIMIT])


def _check_day_ahead(day: date | None) -> None:
    """Raise `ValidationError` unless it is a day from today to ten years ahead."""
    if day is None or day < now().date():
        raise ValidationError(gettext("Choose a day that is still ahead."))
    if day > now().date() + MAX_RESTRICTION:
        raise ValidationError(gettext("Choose a day within the next ten years."))


class LockForm(RequiredReasonForm):
    """Why a topic is locked, and the last day of the lock, if it has one."""

    until = DateField(_("The last day of the lock"), [Optional()])

    def validate_until(self, field: Field) -> None:
        """Accept a day from today to ten years ahead, or none."""
        if field.data:
            _check_day_ahead(field.data)


class SlowForm(RequiredReasonForm):
    """How slow a topic is to be, for how long, and why."""

    minutes = RadioField(
        _("How often can each member write?"), choices=[*PACE_NAMES.items()], default="60"
    )
    lasts = RadioField(_("For how long?"), choices=[*PACE_LASTS.items()], default="1")

    @property
    def pace(self) -> Pace:
        """How slow the topic is to be from now on."""
        days = self.lasts.data
        until = None if days == UNTIL_LIFTED else now() + timedelta(days=int(days))
        return Pace(int(self.minutes.data), until and until.replace(second=0))


class AskToEditForm(RequiredReasonForm):
    """What the author of a post is asked to change."""

    reason = TextAreaField(
        _("What the author should change"),
        [DataRequired(_("Say why, and what to change. The author reads it.")), LENGTH_LIMIT],
    )


class NoteForm(ClaimAwareForm):
    """A note of the moderators below a post."""

    source = TextAreaField(
        _("Note by the moderators"),
        [
            DataRequired(_("Write a text.")),
            Length(
                max=MAX_REASON_LENGTH,
                message=_("Write at most %(most)s characters.", most=MAX_REASON_LENGTH),
            ),
        ],
    )
    language = language_field()


class MoveForm(GivesReason, DecisionAwareForm):
    """To which agenda a topic is moved, and why."""

    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])

    def offer(self, agendas: Iterable[tuple[int, str]]) -> None:
        """Offer these agendas. If there are several, none is preselected, because the first one would be chosen by mistake."""
        offered = [*agendas]
        nothing = [(0, gettext("Choose"))] if len(offered) > 1 else []
        self.agenda.choices = [*nothing, *offered]

    def validate_agenda(self, field: SelectField) -> None:
        """Require a choice."""
        if field.data == 0:
            raise ValidationError(gettext("Choose an agenda."))


class RetitleForm(GivesReason, DecisionAwareForm):
    """The new title and themes of a topic, and the reason for its author.

    `read` is the fingerprint of the title and the themes that the page showed, because the author may change them
    meanwhile.
    """

    read = HiddenField()
    title = title_field()
    themes = themes_field()
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])


class ChangeKindForm(GivesReason, ClaimAwareForm):
    """The new kind of a topic, and the reason for its author if a moderator changes it."""

    kind = HiddenField()
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])


class SplitForm(GivesReason, ClaimAwareForm):
    """The new topic that posts are split off into."""

    title = title_field(_("Title of the new topic"))
    kind = kind_field(_("What is it?"))
    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])

    @property
    def part(self) -> SplitTarget:
        """The new topic that was typed, as the action expects it."""
        return SplitTarget(self.title.data or "", self.kind.data, self.agenda.data)


class MergeForm(GivesReason, ClaimAwareForm):
    """The topic into which another is merged: one of those that are similar, or the one with this address.

    `shown` is the id of the topic whose title the page showed for the address or number that was typed.
    """

    shown = HiddenField()
    like = RadioField(_("The other topic"), choices=[], default="", validate_choice=False)
    target = StringField(_("Another one"), [], [one_line])
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])

    @property
    def is_typed_blindly(self) -> bool:
        """Whether an address or number was typed whose topic the page has not shown yet."""
        is_typed = TOPIC_NUMBER.fullmatch(self.target.data or "") is not None
        return is_typed and self.shown.data != str(self.target_id)

    @property
    def is_looking(self) -> bool:
        """Whether words were typed that topics were found by (`offer`), and none of these is chosen yet."""
        return bool(self.target.data and self.like.choices) and not self.target_id

    @property
    def target_id(self) -> int:
        """The id of the topic that was chosen, or whose address or number was typed; 0 when there is none."""
        found = TOPIC_NUMBER.fullmatch(self.target.data or "") or TOPIC_NUMBER.fullmatch(
            self.like.data or ""
        )
        return int(found[1] or found[2]) if found else 0

    def validate_target(self, _field: Field) -> None:
        """Require a choice, or the address or number of a topic."""
        if self.target_id:
            return
        if self.target.data:
            raise ValidationError(
                gettext(
                    "No other topic that you moderate has such words. Try others, or an address."
                )
            )
        if self.like.choices:
            raise ValidationError(
                gettext("Choose one of the topics that are offered, or enter an address.")
            )
        raise ValidationError(
            gettext("Enter the address or the number of a topic, or words by which to look for it.")
        )

    def offer(self, topics: Iterable[Document]) -> None:
        """Offer these topics."""
        self.like.choices = [(str(topic.item_id), topic.title) for topic in topics]
        if not self.like.choices:
            self.target.label.text = self.like.label.text


class RestrictionForm(StatementForm):
    """How long a member is suspended or silenced, with a statement of reasons."""

    days = RadioField(
        _("For how long?"), choices=[*DURATIONS.items(), (UNTIL_DAY, _("Until a day"))], default="7"
    )
    until = DateField(_("Until which day"), [Optional()])

    @property
    def end(self) -> datetime:
        """When the restriction ends; for a chosen day, at the end of that day in UTC."""
        if self.days.data == UNTIL_DAY and self.until.data:
            return datetime.combine(self.until.data + timedelta(days=1), time(), UTC)
        return now() + timedelta(days=int(self.days.data))

    def validate_days(self, field: Field) -> None:
        """Require a day from today to ten years ahead when a day is chosen instead of a duration."""
        if field.data == UNTIL_DAY:
            _check_day_ahead(self.until.data)


class OptionalReasonForm(GivesReason, ClaimAwareForm):
    """An optional reason."""

    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])


class LockEndForm(OptionalReasonForm):
    """The last day of a topic's lock; empty for no end."""

    until = DateField(_("The last day of the lock"), [Optional()])

    def validate_until(self, field: Field) -> None:
        """Accept a day from today to ten years ahead, or none."""
        if field.data:
            _check_day_ahead(field.data)


class RestoreForm(ClaimAwareForm):
    """Whether what was cleared as spam is restored together with the member."""

    shows_again = BooleanField(_("Show these texts again"), default=True)


class DecisionForm(StatementForm):
    """The decision about an entry of the queue, with a statement of reasons.

    `read` is the fingerprint of the text that the page showed, because its author may change it meanwhile.
    """

    deed = RadioField(_("Your decision"), [DataRequired(_("Choose a decision."))])
    read = HiddenField()
    reason = TextAreaField(_("What happened and what the author can do"), [LENGTH_LIMIT])

    @property
    def needs_ground(self) -> bool:
        """Whether the chosen deed needs a rule or the law."""
        return self._chosen.needs_ground

    @property
    def missing_reason(self) -> str:
        """The error message for a missing reason; empty if the chosen deed needs none."""
        if not self._chosen.needs_reason:
            return ""
        return gettext("Say what happened. The author reads it.")

    @property
    def _chosen(self) -> DeedKind:
        return DEEDS.get(self.deed.data or "", DeedKind())

    def fill(self, ready: OfferedText) -> None:
        """Fill in a ready text and its deed."""
        super().fill(ready)
        self.deed.data = ready.deed

    def validate_reason(self, field: Field) -> None:
        """Require a reason where the chosen deed needs one."""
        super().validate_reason(field)
        if self.missing_reason and not (field.data or "").strip():
            raise ValidationError(self.missing_reason)
