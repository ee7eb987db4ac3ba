"""Asking authors from time to time whether their practice is still true, and recording that it is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.library.actions._looks import begin_anew
from forum.library.models import Practice
from forum.library.queries import asked_lately, practice_to_change, practices_to_look_at
from forum.members.models import Member
from forum.members.queries import lock_writer
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require
from forum.versions import EVERYTHING

ANSWER_WITHIN = timedelta(days=90)  # after which pages say that nobody has confirmed the practice
ASK_AGAIN_AFTER = timedelta(days=30)  # for a practice about which nobody could be asked
# Open questions per author, who may have imported a hundred practices
MAX_ASKED, LATELY = 3, timedelta(days=7)
BATCH_SIZE = 100  # practices that one transaction looks at


@action
def confirm_practice(author: Person, practice_id: int) -> Practice:
    """Confirm that one's published practice is still true. A day chosen for the next look is forgotten once it is over.

    A second time on the same day changes nothing, so that nobody can invalidate all cached pages with each press.
    """
    lock_writer(author)
    practice = practice_to_change(author, practice_id)
    require(author.can.confirm_practice(practice))
    today = now().date()
    is_over = practice.revisit_on is not None and practice.revisit_on <= today
    if practice.confirmed_on == today and not practice.asked_at and not is_over:
        touches()
        return practice
    practice.confirmed_on = today
    practice.revisit_on = None if is_over else practice.revisit_on
    begin_anew(author, practice)
    return practice


@action
def ask_whether_true(system: Person) -> int:
    """Ask the authors of practices that are due, and mark those as unconfirmed that were asked about long ago.

    Returns how many it looked at. Rows that are due are locked and rescheduled in the transaction that writes the
    events, so each author is asked once, however many workers run and whenever they are killed.
    """
    require(system.can.administer())
    touches()
    due = practices_to_look_at(now().date(), BATCH_SIZE)
    asked = Counter(asked_lately({practice.author_id for practice in due}, now() - LATELY))
    for practice in due:
        if not _is_read(practice):
            practice.look_on = now().date() + ASK_AGAIN_AFTER
        elif practice.asked_at and practice.asked_at.date() + ANSWER_WITHIN <= now().date():
            _note_silence(practice)
        elif _answers_later(practice.author):
            _wait_for(practice)
        elif asked[practice.author_id] >= MAX_ASKED:
            practice.look_on = now().date() + LATELY
        else:
            asked[practice.author_id] += 1
            _ask(system, practice)
    db.session.flush()
    return len(due)


def _is_read(practice: Practice) -> bool:
    return practice.hidden_at is None and practice.agenda.opened_at is not None


def _answers_later(author: Member) -> bool:
    """Whether an author is currently not allowed to write, and so cannot confirm. (Nobody waits for authors who have left.)"""
    return author.left_at is None and (author.is_suspended or author.is_silenced)


def _wait_for(practice: Practice) -> None:
    """Ask its author later; for an author who could not answer in time, the period begins now.

    Then readers are told at its end that nobody has confirmed the practice.
    """
    over_at = now() + ANSWER_WITHIN
    ends = (practice.author.suspended_until, practice.author.silenced_until)
    if not practice.unconfirmed_at and any(end and end > over_at for end in ends):
        practice.asked_at = practice.asked_at or now()
    practice.look_on = now().date() + ASK_AGAIN_AFTER


def _note_silence(practice: Practice) -> None:
    """Mark a practice as unconfirmed, which its page says. An author who could not answer is asked once they can."""
    practice.unconfirmed_at = practice.unconfirmed_at or now()
    if _answers_later(practice.author):
        practice.asked_at, practice.look_on = None, now().date() + ASK_AGAIN_AFTER
    else:
        practice.look_on = None
    touches(EVERYTHING)


def _ask(system: Person, practice: Practice) -> None:
    practice.asked_at, practice.look_on = now(), now().date() + ANSWER_WITHIN
    address = f"/practices/{practice.slug}"
    told = NoticeText(
        "revisit",
        address,
        practice.title,
        topic_id=practice.topic_id,
        language=practice.language,
    )
    note_event(system, told, [practice.author_id])
