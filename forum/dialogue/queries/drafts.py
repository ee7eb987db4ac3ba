"""Drafts, visible to their authors only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.confusables import visible
from forum.db import db
from forum.dialogue.models import MAX_DRAFTS, Draft, Topic
from forum.dialogue.queries._rows import TopicRow, as_topic_rows, to_topic_row
from forum.dialogue.queries._visibility import visible_topics, with_links_home
from forum.dialogue.queries.changing import SUBMISSION_KEY_LENGTH
from forum.dialogue.queries.moved import topics_after_mergers
from forum.formrows import column_of, is_cell, sent_tables, table_of
from forum.permissions import Person, require
from forum.plaintext import excerpt, single_line

MAX_NAME, MAX_GIST = 100, 160  # characters


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


class BegunText(NamedTuple):
    """What is begun in a form of another room, for its author's list of drafts; that room makes it.

    `label` names what it is. `title`, `language` and `page` are those of what it changes, or of what it is a translation
    (`is_translation`); empty when there is none, or the author no longer sees it. `words` are all the texts in it, the
    first of which is its `name`, and the second its `gist`. `go_on` is the path of its form, and `why_not` says why it cannot
    be continued now; it is empty when it can.
    """

    label: str
    words: Sequence[str]
    go_on: str
    why_not: str
    title: str = ""
    language: str = ""
    page: str = ""
    is_translation: bool = False

    @property
    def name(self) -> str:
        """What to call it where it changes nothing: its title, or else its first words."""
        return excerpt(next(iter(self.words), "…"), MAX_NAME)

    @property
    def gist(self) -> str:
        """The words that follow."""
        return excerpt(next(islice(self.words, 1, None), ""), MAX_GIST)


def words_begun(draft: Draft, typed: Iterable[str]) -> list[str]:
    """The texts in a draft, in the order of `typed` (as in `keep_form_draft`), and then what stands in tables."""
    values, columns = draft.values, set(typed)
    words = [value for name in typed for value in values.get(name, ())]
    cells = [(name, value) for name, value in draft.fields if column_of(name) in columns]
    tables = sent_tables((name, value) for name, value in cells if is_cell(name))
    return [text for text in (*words, *tables.values()) if text.strip()]


def says_the_same_words(
    fields: Iterable[tuple[str, str]],
    lines: Mapping[str, object],
    texts: Mapping[str, str],
    tables: Mapping[str, Iterable[Mapping[str, object]]] | None = None,
) -> bool:
    """Whether a form holds just the words that are saved; choices count for nothing.

    `fields` as in `Draft`. `lines` are what is saved of fields of one line, `texts` of those of several, `tables` the rows of
    tables, all by the names of fields. Of a table the columns that these rows have are compared.
    """
    typed = dict(fields)
    for name, saved in lines.items():
        if _as_line(typed.get(name)) != _as_line(saved):
            return False
    for name, text in texts.items():
        if with_links_home(typed.get(name, "")).strip() != with_links_home(text).strip():
            return False
    for name, rows in (tables or {}).items():
        saved_rows = [{key: _as_line(value) for key, value in row.items()} for row in rows]
        columns = {key for row in saved_rows for key in row}
        if _contents(rows_in(name, typed, columns)) != _contents(saved_rows):
            return False
    return True


def rows_in(
    table: str, typed: Mapping[str, str], columns: Collection[str] = ()
) -> list[dict[str, str]]:
    """The rows of a table in a form, by these columns; without `columns` by all."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in typed.items():
        if table_of(name) == table:
            _table, number, column = name.split("-", 2)
            if not columns or column in columns:
                rows.setdefault(int(number), {})[column] = _as_line(value)
    return [row for _number, row in sorted(rows.items())]


def _contents(rows: Iterable[Mapping[str, str]]) -> list[list[tuple[str, str]]]:
    """What stands in the rows that are not empty, however they are ordered."""
    return sorted(filter(None, (sorted((k, v) for k, v in row.items() if v) for row in rows)))


def _as_line(typed: object) -> str:
    """What was typed into a field of one line, as the form changes it before it is saved; an address without its scheme."""
    return single_line(visible(str(typed or ""))).removeprefix("https://")


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
    targets = topics_after_mergers(ids)
    shown = as_topic_rows(visible_topics(reader).where(Topic.id.in_(set(targets.values()))))
    found = {topic.id: topic for topic in map(to_topic_row, db.session.execute(shown))}
    return {id_: found[target] for id_, target in targets.items() if target in found}


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
    places = topics_after_mergers({draft.topic_id for draft in replies if draft.topic_id})
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
