"""Decisions about whole topics: locking, slowing, moving, splitting and merging them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask_babel import gettext
from wtforms import (
    DateField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional, ValidationError

from forum.clock import now
from forum.dialogue.actions import SplitTarget
from forum.dialogue.forms import kind_field, themes_field, title_field
from forum.dialogue.models import Pace
from forum.members.forms import one_line
from forum.moderation.forms._decisions import (
    LENGTH_LIMIT,
    ClaimAwareForm,
    DecisionAwareForm,
    GivesReason,
    RequiredReasonForm,
    check_day_ahead,
)
from forum.moderation.forms.deciding import OptionalReasonForm
from forum.search.models import Document
from forum.webforms import Form
from forum.webforms import lazy_text as _

TOPIC_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})|(?:.*/)?topics/([1-9][0-9]{0,8})(?![0-9]).*")
MAX_WORDS = 200  # characters of those by which topics are looked for; titles are shorter
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


class WithLastDay(Form):
    """The last day of a lock; empty for no end."""

    until = DateField(_("The last day of the lock"), [Optional()])

    def validate_until(self, field: Field) -> None:
        """Accept a day from today to ten years ahead, or none."""
        if field.data:
            check_day_ahead(field.data)


class LockForm(WithLastDay, RequiredReasonForm):
    """Why a topic is locked, and until when."""


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


class MoveForm(GivesReason, DecisionAwareForm):
    """To which agenda a topic is moved, and why."""

    agenda = SelectField(_("Agenda"), coerce=int)
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])

    def offer(self, agendas: Iterable[Any]) -> None:
        """Offer these agendas. If there are several, none is preselected, because the first one would be chosen by mistake."""
        offered = [*agendas]
        nothing = [(0, gettext("Choose"))] if len(offered) > 1 else []
        self.agenda.choices = [*nothing, *offered]

    def validate_agenda(self, field: SelectField) -> None:
        """Require a choice."""
        if field.data == 0:
            raise ValidationError(gettext("Choose an agenda."))


class GiveThemeForm(GivesReason, ClaimAwareForm):
    """The theme that several topics are given, and why.

    `shown` is the slug of the theme for which the page has said what would happen to each of them.
    """

    slugs: Collection[str] = ()
    shown = HiddenField()
    theme = SelectField(_("Theme"))
    reason = TextAreaField(_("Reason"), [LENGTH_LIMIT])

    def offer(self, themes: Iterable[tuple[str, str]]) -> None:
        """Offer these themes; none is preselected."""
        offered = [*themes]
        self.theme.choices = [("", gettext("Choose")), *offered]
        self.slugs = {slug for slug, _name in offered}

    @property
    def is_first_step(self) -> bool:
        """Whether a theme was chosen for which the page has not said yet what would happen."""
        return bool(self.chosen) and self.shown.data != self.chosen

    @property
    def chosen(self) -> str:
        """The slug of the theme that was chosen, if it is one that is offered."""
        return self.theme.data if self.theme.data in self.slugs else ""

    def validate_theme(self, field: SelectField) -> None:
        """Require a choice."""
        if not field.data:
            raise ValidationError(gettext("Choose a theme."))


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

    languages: Mapping[str, str] = {}  # of the topics that are offered, by id
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
    def words(self) -> str:
        """The words by which topics are looked for; empty when there are none, or one is chosen."""
        return "" if self.target_id else (self.target.data or "")[:MAX_WORDS]

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
        offered = [*topics]
        self.like.choices = [(str(topic.item_id), topic.title) for topic in offered]
        self.languages = {str(topic.item_id): topic.language for topic in offered}
        if not self.like.choices:
            self.target.label.text = self.like.label.text


class LockEndForm(WithLastDay, OptionalReasonForm):
    """Until when a topic is locked."""
