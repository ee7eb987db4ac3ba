"""What a member watches and mutes, with names and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from forum.agendas.models import Agenda, Theme
from forum.db import db
from forum.dialogue.models import Topic
from forum.dialogue.queries import visible_topics
from forum.members.models import City
from forum.notifications.models import AGENDA, CITY, SUBJECTS, THEME, TOPIC, Watch
from forum.notifications.queries import watches_of
from forum.pages import Page
from forum.permissions import Person


class Watched(NamedTuple):
    """Something that a member watches or mutes, with its name and address; both empty if it is out of reach now."""

    watch: Watch
    name: str = ""
    address: str = ""


def watched(member: Person, number: int) -> Page[Watched]:
    """One page of what a member watches and mutes, by name."""
    page = watches_of(member, number)
    ids = {kind: [row.subject_id for row in page.items if row.subject == kind] for kind in SUBJECTS}
    found = {kind: _names_and_addresses(member, kind, ids[kind]) for kind in SUBJECTS if ids[kind]}
    rows = [Watched(row, *found[row.subject].get(row.subject_id, ())) for row in page.items]
    return Page(rows, page.number, page.pages, page.total)


def _names_and_addresses(
    reader: Person, subject: str, ids: Sequence[int]
) -> dict[int, tuple[str, str]]:
    if subject == TOPIC:
        topics = db.session.scalars(visible_topics(reader).where(Topic.id.in_(ids)))
        return {topic.id: (topic.title, topic.address) for topic in topics}
    table, name, path = WATCHABLE[subject]
    rows = db.session.execute(select(table.id, name, table.slug).where(table.id.in_(ids)))
    return {key: (words, f"{path}{slug}") for key, words, slug in rows}


WATCHABLE: dict[str, tuple[Any, Any, str]] = {
    AGENDA: (Agenda, Agenda.title, "/agendas/"),
    CITY: (City, City.name, "/cities/"),
    THEME: (Theme, Theme.name, "/topics?theme="),
}
