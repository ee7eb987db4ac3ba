"""What a member watches and mutes, with names and addresses, and what of it is no longer readable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, null, or_, select

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import visible_agendas
from forum.db import db
from forum.dialogue.models import Topic
from forum.dialogue.queries import visible_topics
from forum.members.models import City, Member
from forum.members.queries import visible_members
from forum.notifications.models import AGENDA, AUTHOR, CITY, SUBJECTS, THEME, TOPIC, Watch
from forum.notifications.queries import Subject, watches_of
from forum.pages import Page
from forum.permissions import Person, require

MAX_GONE = 1_000  # watches of unreadable things that are counted and cleared at once


class Watched(NamedTuple):
    """Something that a member watches or mutes: its name, address and kind; a page with comments has the kind of the page.

    `language` is the language of the name, None if it has none.
    """

    watch: Watch
    name: str
    language: str | None
    address: str
    kind: str

    @property
    def door(self) -> str:
        """The path of the form with which it is watched or muted."""
        if self.watch.subject == TOPIC:
            return f"/topics/{self.watch.subject_id}/watch"
        return f"{self.address.replace('/topics?theme=', '/themes/')}/watch"


def watched(member: Person, number: int) -> Page[Watched]:
    """One page of what a member watches and mutes and can read, by name."""
    page = watches_of(member, number, _is_readable(member))
    ids = {kind: [row.subject_id for row in page.items if row.subject == kind] for kind in SUBJECTS}
    found = {kind: _names_and_addresses(kind, ids[kind]) for kind in SUBJECTS if ids[kind]}
    rows = [
        Watched(row, *found[row.subject][row.subject_id])
        for row in page.items
        if row.subject_id in found[row.subject]
    ]
    return Page(rows, page.number, page.pages, page.total)


def watches_of_gone(member: Person) -> Sequence[Subject]:
    """A member's watches of things they can no longer read: deleted, hidden, merged, or restricted; at most `MAX_GONE`."""
    require(member.can.see_notices())
    query = select(Watch.subject, Watch.subject_id).where(Watch.member_id == member.id)
    gone = query.where(~_is_readable(member)).order_by(Watch.subject, Watch.subject_id)
    return [(row.subject, row.subject_id) for row in db.session.execute(gone.limit(MAX_GONE))]


def _is_readable(reader: Person) -> ColumnElement[bool]:
    """SQL condition: what a watch is of is there, and the reader may read it."""
    readable: dict[str, Select[Any]] = {
        TOPIC: visible_topics(reader).with_only_columns(Topic.id),
        AGENDA: visible_agendas(reader).with_only_columns(Agenda.id).order_by(None),
        CITY: select(City.id),
        AUTHOR: visible_members(reader).with_only_columns(Member.id).order_by(None),
        THEME: select(Theme.id).where(Theme.removed_at.is_(None)),
    }
    return or_(
        *(
            and_(Watch.subject == kind, Watch.subject_id.in_(ids.correlate(None)))
            for kind, ids in readable.items()
        )
    )


def _names_and_addresses(
    subject: str, ids: Sequence[int]
) -> dict[int, tuple[str, str | None, str, str]]:
    if subject == TOPIC:
        topics = db.session.scalars(select(Topic).where(Topic.id.in_(ids)))
        return {
            topic.id: (topic.title, topic.language, topic.address, _kind_of_topic(topic))
            for topic in topics
        }
    columns, path = WATCHABLE[subject]
    rows = db.session.execute(select(*columns).where(columns[0].in_(ids)))
    return {key: (words, language, f"{path}{slug}", subject) for key, words, slug, language in rows}


def _kind_of_topic(topic: Topic) -> str:
    return topic.kind if topic.home else TOPIC


# The columns of number, name, slug and language, and what stands before the slug
WATCHABLE: dict[str, tuple[tuple[Any, Any, Any, Any], str]] = {
    AGENDA: ((Agenda.id, Agenda.title, Agenda.slug, Agenda.language), "/agendas/"),
    CITY: ((City.id, City.name, City.slug, null()), "/cities/"),
    THEME: ((Theme.id, Theme.name, Theme.slug, null()), "/topics?theme="),
    AUTHOR: ((Member.id, Member.name, Member.handle, null()), "/members/"),
}
