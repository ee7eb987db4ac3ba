"""What moderators do with practices: publishing, returning, featuring and hiding them."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from forum.claims.models import queue_path
from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.errors import Conflict, Invalid
from forum.library.actions._looks import begin_anew, look_no_more
from forum.library.actions._practices import (
    close_returns,
    index_practice,
    take_as_own,
    written_of,
)
from forum.library.actions._rows import hide_with_discussion, restore_with_discussion
from forum.library.models import PUBLISHED, RETURNED, SUBMITTED, Practice
from forum.library.queries import practice_to_change
from forum.markup import NO_TEXTS, Written
from forum.notifications.actions import NoticeText, note_event, read_queue
from forum.permissions import SYSTEM, Person, require
from forum.search import actions as search


@action
def publish(
    moderator: Person,
    practice_id: int,
    texts: Mapping[str, Written] = NO_TEXTS,
    *,
    decision_id: int | None = None,
) -> Practice:
    """Publish a submitted practice: open its discussion, index it for search, notify its author.

    `texts` as in `submit`; `decision_id` is the decision with which the notice can be withdrawn. Raises `Conflict` if
    it is not submitted, or hidden: then it must be restored first.
    """
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, SUBMITTED)
    if practice.hidden_at:
        raise Conflict(_("It is hidden. Show it again first, then it can be published."))
    practice.state, practice.published_at = PUBLISHED, now()
    practice.updated_at = practice.published_at
    practice.returned_reason = ""
    begin_anew(moderator, practice)
    topic = _discussion_of(practice, texts)
    practice.topic_id = topic.id
    if topic.hidden_at:  # it was published before, and `wait_again` has hidden it
        dialogue.restore_topic(moderator, topic.id)
    db.session.flush()
    index_practice(moderator, practice, texts)
    read_queue(moderator, queue_path("practice", practice.id))
    close_returns(moderator, practice)
    _notify_author(moderator, practice, "published", decision_id=decision_id)
    return practice


@action
def send_back(
    moderator: Person, practice_id: int, reason: str, *, decision_id: int | None = None
) -> Practice:
    """Return a submitted practice to its author with a reason; `decision_id` as in `publish`.

    Raises `Conflict` if it is not submitted.
    """
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, SUBMITTED)
    if not reason.strip():
        raise Invalid(_("Say what the author should change."), "reason")
    practice.state, practice.returned_at, practice.returned_reason = RETURNED, now(), reason
    read_queue(moderator, queue_path("practice", practice.id))
    _notify_author(moderator, practice, "returned", reason, decision_id=decision_id)
    return practice


@action
def wait_again(moderator: Person, practice_id: int) -> Practice:
    """Undo `publish` or `send_back`: the practice is submitted again, and its discussion hidden."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    if practice.state == PUBLISHED:
        search.unindex(moderator, "practice", practice.id)
        practice.published_at, practice.featured_at = None, None
        look_no_more(moderator, practice)
        if practice.topic_id:
            dialogue.hide_topic(moderator, practice.topic_id)
    practice.state, practice.returned_at, practice.returned_reason = SUBMITTED, None, ""
    practice.submitted_at = practice.submitted_at or now()
    close_returns(moderator, practice)
    return practice


@action
def feature(moderator: Person, practice_id: int) -> Practice:
    """Feature a published practice: it is listed before the others."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, PUBLISHED)
    practice.featured_at = practice.featured_at or now()
    return practice


@action
def unfeature(moderator: Person, practice_id: int) -> Practice:
    """Undo `feature`."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    practice.featured_at = None
    return practice


@action
def hide_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Like `hide_case`."""
    return hide_with_discussion(moderator, practice_to_change(moderator, practice_id), reason, None)


@action
def remove_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Like `remove_case`; its author can still read it, together with the decision."""
    return hide_with_discussion(
        moderator, practice_to_change(moderator, practice_id), reason, now()
    )


@action
def restore_practice(moderator: Person, practice_id: int) -> Practice:
    """Show a hidden or removed practice and its discussion again."""
    return restore_with_discussion(moderator, practice_to_change(moderator, practice_id))


def _discussion_of(practice: Practice, texts: Mapping[str, Written]) -> Topic:
    """The topic of a practice, opened in its author's name when the practice is first published."""
    author = practice.author
    take_as_own(author, practice)
    if practice.topic is not None:
        dialogue.write_page_for(SYSTEM, practice.topic.id, practice.organisation_id)
        return practice.topic
    if why_not := _why_not(practice):
        raise Conflict(_("This cannot be published now. %(why)s", why=why_not))
    try:
        practice.topic = dialogue.publish_topic(
            author,
            practice.agenda_id,
            dialogue.NewTopic(
                kind="practice",
                title=practice.title,
                text=written_of(practice, practice.sentence, texts),
                themes=[theme.id for theme in practice.themes],
                audience=practice.audience,
                for_organisation=practice.organisation_id is not None,
                home=f"/practices/{practice.slug}",
            ),
        )
    except Invalid as error:  # whose words are for the author
        said = _(
            "This cannot be published as it is. Send it back to its author, who can change it: “%(why)s”",
            why=error.message,
        )
        raise Conflict(said) from error
    return practice.topic


def _why_not(practice: Practice) -> str | None:
    """Why the discussion of a practice cannot be opened in its author's name now, or None."""
    can = practice.author.can
    if not (verdict := can.be_published() and can.open_topic(practice.agenda)):
        return str(verdict.why_not)
    if practice.agenda.opened_at or can.moderate(practice.agenda_id):
        return None
    return _("Its author does not see this agenda now. Open it first.")


def _notify_author(
    moderator: Person, practice: Practice, kind: str, text: str = "", *, decision_id: int | None
) -> None:
    notice = NoticeText(
        kind,
        f"/practices/{practice.slug}",
        practice.title,
        text,
        # A returned one may have the hidden discussion of when it was published, and its author has to be told all the same
        practice.topic_id if practice.state == PUBLISHED else None,
        language=practice.language,
    )
    note_event(moderator, notice, [practice.author_id], decision_id=decision_id, is_named=False)


def _require_state(practice: Practice, state: str) -> None:
    if practice.state != state:
        raise Conflict(_("This practice has changed meanwhile. Load the page again."))
