"""Drafts, visible to their authors only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import MAX_DRAFTS, Draft, Topic
from forum.dialogue.queries._rows import TopicRow, as_topic_rows, to_topic_row
from forum.dialogue.queries._visibility import visible_topics
from forum.dialogue.queries.changing import SUBMISSION_KEY_LENGTH
from forum.dialogue.queries.moved import MAX_MERGE_STEPS
from forum.permissions import Person, require


class DraftRow(NamedTuple):
    """A draft in its author's list.

    `topic` is the topic of a reply, `agenda` that of a new topic; both are None when the author no longer sees it.
    `why_not` says why the draft cannot be continued now; empty when it can. Of a draft in a form of another room, that
    room knows all this.
    """

    draft: Draft
    topic: TopicRow | None
    agenda: Agenda | None
    why_not: str


def _by(author: Person) -> Select[Any]:
    return select(Draft).where(Draft.author_id == author.id)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(Draft.saved_at.desc(), Draft.id.desc())


def my_drafts(author: Person) -> list[DraftRow]:
    """One's own drafts, the most recently saved first."""
    require(author.can.see_own())
    query = _newest_first(_by(author)).options(joinedload(Draft.agenda)).limit(MAX_DRAFTS)
    drafts = db.session.scalars(query).all()
    topics = _topics(author, {draft.topic_id for draft in drafts if draft.topic_id})
    return [_row(author, draft, topics) for draft in drafts]


def _topics(reader: Person, ids: Iterable[int]) -> dict[int, TopicRow]:
    """The topics with these ids that the reader sees; for a merged topic, under its id, the one that it was merged into."""
    targets = _after_mergers(ids)
    shown = as_topic_rows(visible_topics(reader).where(Topic.id.in_(set(targets.values()))))
    found = {topic.id: topic for topic in map(to_topic_row, db.session.execute(shown))}
    return {id_: found[target] for id_, target in targets.items() if target in found}


def _after_mergers(ids: Iterable[int]) -> dict[int, int]:
    """The ids of the topics into which these topics were merged (or their own ids), by their ids."""
    targets = {id_: id_ for id_ in ids}
    for _step in range(MAX_MERGE_STEPS):
        merged = Topic.id.in_(set(targets.values())), Topic.merged_into_id.is_not(None)
        rows = db.session.execute(select(Topic.id, Topic.merged_into_id).where(*merged))
        steps: dict[int, int] = {topic.id: topic.merged_into_id for topic in rows}
        if not steps:
            break
        targets = {id_: steps.get(target, target) for id_, target in targets.items()}
    return targets


def _row(author: Person, draft: Draft, topics: dict[int, TopicRow]) -> DraftRow:
    if draft.kind:
        return DraftRow(draft, None, None, "")
    agenda, topic = draft.agenda, topics.get(draft.topic_id or 0)
    is_there = agenda and agenda.deleted_at is None
    if agenda and is_there and (agenda.opened_at or author.can.moderate(agenda.id)):
        return DraftRow(draft, None, agenda, str(author.can.open_topic(agenda).why_not or ""))
    if topic:
        return DraftRow(draft, topic, None, str(author.can.reply(topic).why_not or ""))
    gone = gettext("What it replies to is not there any more.")
    return DraftRow(
        draft, None, None, gettext("Its agenda is not there any more.") if agenda else gone
    )


def my_drafts_for(
    author: Person, *, agenda_id: int | None = None, topic_id: int | None = None
) -> Sequence[Draft]:
    """One's own drafts for new topics on an agenda, or for replies in a topic; the most recently saved first.

    Drafts for a topic that was merged into this one are included.
    """
    require(author.can.see_own())
    query = _newest_first(_by(author)).limit(MAX_DRAFTS)
    if agenda_id:
        return db.session.scalars(query.where(Draft.agenda_id == agenda_id)).all()
    replies = db.session.scalars(query.where(Draft.topic_id.is_not(None))).all()
    places = _after_mergers({draft.topic_id for draft in replies if draft.topic_id})
    return [draft for draft in replies if places.get(draft.topic_id or 0) == topic_id]


def my_drafts_in_form(author: Person, kind: str, item_id: int | None = None) -> Sequence[Draft]:
    """One's own drafts in a form of another room (`kind` and `item_id` as in `Draft`), the most recently saved first."""
    require(author.can.see_own())
    query = _newest_first(_by(author)).limit(MAX_DRAFTS)
    return db.session.scalars(query.where(Draft.kind == kind, Draft.item_id == item_id)).all()


def my_draft(author: Person, draft_id: int, **place: str | int | None) -> Draft | None:
    """One's own draft; None when there is none of this id in this place: columns of `Draft`, such as `agenda_id`."""
    mine = _by(author).where(Draft.id == draft_id)
    draft: Draft | None = db.session.scalar(mine.filter_by(**{"kind": "", **place}))
    return draft


def draft_to_change(author: Person, key: str) -> Draft | None:
    """One's own draft in the form with this submission key, locked; or None."""
    mine = _by(author).where(Draft.submission_key == key[:SUBMISSION_KEY_LENGTH])
    draft: Draft | None = db.session.scalar(mine.with_for_update())
    return draft


def drafts_beyond_most(author: Person) -> Sequence[int]:
    """The ids of one's own drafts that are older than the newest `MAX_DRAFTS`."""
    ids = _newest_first(_by(author)).with_only_columns(Draft.id)
    return db.session.scalars(ids.offset(MAX_DRAFTS)).all()


def drafts_saved_before(moment: datetime, limit: int) -> Sequence[int]:
    """The ids of at most `limit` drafts that were last saved before a moment, locked."""
    old = select(Draft.id).where(Draft.saved_at < moment).order_by(Draft.id).limit(limit)
    return db.session.scalars(old.with_for_update()).all()
