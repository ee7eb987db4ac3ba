"""What an asker tells of what happened next, and hiding that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.advice.actions._care import take_up
from forum.advice.models import NOT_YET, OUTCOMES, FollowUp, QuestionCare
from forum.advice.queries import follow_up_fields, follow_up_of, get_follow_up
from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions import note_follow_up
from forum.dialogue.models import Topic
from forum.dialogue.queries import topic_to_change
from forum.errors import Invalid
from forum.history.queries import refuse_unseen
from forum.matches import from_plain_text
from forum.members.queries import language_names, lock_writer
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.screening.actions import refuse_caught
from forum.versions import topic_scope

MAX_DEED, MAX_STORY = 200, 1_500  # characters of the two texts of a follow-up
FOLLOW_UP_AGAIN_AFTER = timedelta(days=60)  # until they are asked again, if nothing was tried yet


@dataclass(frozen=True)
class FollowUpText:
    """What an asker tells of what happened next."""

    deed: str
    outcome: str
    text: str = ""
    language: str = "en"


@action
def follow_up(
    author: Person,
    topic_id: int,
    story: FollowUpText,
    *,
    is_screened: bool = True,
    seen: str | None = None,
) -> FollowUp:
    """Tell what happened after a question was answered, or change what was told.

    A text that a screening rule catches is refused, because there is no queue for it. Imports are not screened
    (`is_screened`). `seen` is the fingerprint of what was told when the form was opened: `Conflict` when that has
    changed since.
    """
    lock_writer(author)
    touches(topic_scope(topic_id))
    topic = topic_to_change(author, topic_id)
    require(author.can.follow_up(topic))
    row = follow_up_of(topic)
    before = (row.deed, row.text) if row else None
    told = follow_up_fields(row)
    if row is None:
        row = FollowUp(topic_id=topic_id, told_at=now())
        db.session.add(row)
    else:
        row.edited_at = now()
    _fill(row, story)
    if follow_up_fields(row) != told:
        refuse_unseen(seen, told)
    if is_screened and (row.deed, row.text) != before:
        refuse_caught(author, topic.agenda_id, from_plain_text(row.deed, row.text), "text")
    note_follow_up(author, topic_id, row.told_at)
    _plan_to_ask_again(topic, row.outcome)
    return row


@action
def withdraw_follow_up(author: Person, topic_id: int) -> None:
    """Delete what the asker has told about what happened next."""
    touches(topic_scope(topic_id))
    topic = topic_to_change(author, topic_id)
    require(author.can.withdraw_follow_up(topic))
    if row := follow_up_of(topic):
        db.session.delete(row)
    note_follow_up(author, topic_id, None)


@action
def hide_follow_up(moderator: Person, follow_up_id: int, reason: str) -> FollowUp:
    """Hide what an asker told about what happened next, on all pages and in notices."""
    row = _follow_up_to_decide(moderator, follow_up_id)
    if row.hidden_at is None:
        row.hidden_at, row.hidden_reason = now(), reason.strip()
        note_follow_up(moderator, row.topic_id, None, row.hidden_at)
    return row


@action
def restore_follow_up(moderator: Person, follow_up_id: int) -> FollowUp:
    """Show again what an asker told about what happened next."""
    row = _follow_up_to_decide(moderator, follow_up_id)
    if row.hidden_at is not None:
        row.hidden_at, row.hidden_reason = None, ""
        note_follow_up(moderator, row.topic_id, row.told_at)
    return row


def _follow_up_to_decide(moderator: Person, follow_up_id: int) -> FollowUp:
    """A follow-up with its question locked, for somebody who moderates there."""
    topic = topic_to_change(moderator, get_follow_up(moderator, follow_up_id).topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    return get_follow_up(moderator, follow_up_id)


def _fill(row: FollowUp, story: FollowUpText) -> None:
    deed, text = single_line(story.deed), story.text.strip()
    if story.outcome not in OUTCOMES:
        raise Invalid(_("Say whether it worked."), "outcome")
    if not deed:
        raise Invalid(_("Say what you did."), "deed")
    if len(deed) > MAX_DEED or len(text) > MAX_STORY:
        raise Invalid(
            _("Shorten what you tell to %(most)s characters.", most=format_decimal(MAX_STORY)),
            "text",
        )
    row.deed, row.outcome, row.text = deed, story.outcome, text
    row.language = story.language if story.language in language_names() else "en"


def _plan_to_ask_again(topic: Topic, outcome: str) -> None:
    """Schedule asking again when nothing was tried yet; for any other outcome, never ask again."""
    take_up([(topic.id, topic.created_at)])
    care = db.session.get_one(QuestionCare, topic.id)
    is_left = outcome == NOT_YET and care.followups < 2
    care.look_at = now() + FOLLOW_UP_AGAIN_AFTER if is_left else None
