"""What a commitment says, and its checks: each raises `Invalid` for a field of the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from forum.clock import now
from forum.commitments.models import Commitment
from forum.commitments.queries import count_milestones, milestones_of
from forum.errors import Invalid
from forum.markup import Written
from forum.matches import combine, from_plain_text
from forum.permissions import Person
from forum.plaintext import single_line
from forum.screening.actions import refuse_caught

MAX_TITLE, MAX_WORDS, MAX_REASON = 150, 300, 1_000  # characters; the words are those of a milestone
MAX_MILESTONES = 12
MAX_TIME_AHEAD = timedelta(days=20 * 366)


@dataclass(frozen=True)
class Step:
    """A milestone as it was typed: what is to be reached by the end of a day."""

    words: str
    day: date


@dataclass(frozen=True)
class CommitmentText:
    """What a commitment says; `milestones` are those of a new one, or those that are added.

    `copied` is the typed address of the practice or case that it copies.
    """

    title: str
    text: Written
    last_day: date
    milestones: Sequence[Step] = ()
    declaration_id: int | None = None
    copied: str = ""


def check_commitment(text: CommitmentText, changed: Commitment | None = None) -> None:
    """Check a new commitment, or a change of one (`changed`)."""
    present = count_milestones(changed.id) if changed else 0
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if not text.text.source.strip():
        raise Invalid(_("Write a text."), "body")
    if not present and not text.milestones:
        words = _("Name at least one milestone, so that others see how far you are.")
        raise Invalid(words, "milestones")
    if present + len(text.milestones) > MAX_MILESTONES:
        words = _("A commitment has at most %(most)s milestones.", most=MAX_MILESTONES)
        raise Invalid(words, "milestones")
    _check_days(text, changed)


def _check_days(text: CommitmentText, changed: Commitment | None) -> None:
    """Check the days. A last day that is unchanged may be over, so that other parts can still be corrected."""
    today, days = now().date(), [step.day for step in text.milestones]
    earliest = _earliest_last_day(changed) if changed else None
    is_new = changed is None or text.last_day != changed.last_day
    if is_new and not today <= text.last_day <= today + MAX_TIME_AHEAD:
        raise Invalid(_("Choose a day from today on, within twenty years."), "last_day")
    if any(day < today for day in days):
        raise Invalid(_("Choose days from today on."), "milestones")
    if text.last_day < max([*days, earliest or text.last_day]):
        raise Invalid(_("Choose a last day that is not before the day of a milestone."), "last_day")


def _earliest_last_day(commitment: Commitment) -> date | None:
    return max(
        (milestone.day for milestone in milestones_of(commitment) if milestone.is_open),
        default=None,
    )


def checked_words(words: str, name: str, *, is_needed: bool = True) -> str:
    """A reason or what was told, without space around it."""
    words = words.strip()
    if is_needed and not words:
        raise Invalid(_("Write the reason."), name)
    if len(words) > MAX_REASON:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_REASON), name)
    return words


def screen_commitment(member: Person, agenda_id: int, text: CommitmentText) -> None:
    """Refuse a commitment that a rule catches: by what readers see, where marks within a word hide nothing."""
    steps = from_plain_text(*(step.words for step in text.milestones))
    said = combine([text.text, steps.text], text.title)
    refuse_caught(member, agenda_id, said, "body")


def refuse_caught_words(member: Person, commitment: Commitment, words: str, name: str) -> None:
    """Refuse words for the form field of this name that a rule catches."""
    if words:
        refuse_caught(member, commitment.agenda_id, from_plain_text(words), name)
