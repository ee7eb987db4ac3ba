"""What pages, notices and the worker know of a search: its agendas, and how many texts are new."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.db import db
from forum.permissions import Person
from forum.search.queries import ids_found
from forum.searches.models import KeptSearch


def agendas_seen(reader: Person, ids: Collection[int]) -> dict[int, Agenda]:
    """The agendas of some ids that a reader sees, by id."""
    seen = visible_agendas(reader).where(Agenda.id.in_(ids))
    return {agenda.id: agenda for agenda in db.session.scalars(seen)} if ids else {}


def new_numbers(member: Person, kept: Sequence[KeptSearch]) -> dict[int, int]:
    """By id of a member's searches: how many texts are new since the last visit, of those visible now."""
    ranges = [(search, search.looked_up_to, search.seen_up_to) for search in kept]
    return {
        search.id: number for search, number in zip(kept, numbers_in(member, ranges), strict=True)
    }


def new_between(member: Person, kept: KeptSearch, after_id: int, until_id: int) -> int:
    """How many texts were found for a search among the documents after one id and up to another, of those visible now."""
    return numbers_in(member, [(kept, after_id, until_id)])[0]


def numbers_in(member: Person, ranges: Sequence[tuple[KeptSearch, int, int]]) -> list[int]:
    """By search: how many texts were found with ids after one number and up to another, of those visible now."""
    known = [
        {
            found
            for found, author_id in search.found
            if after < found <= until and is_news_for(member, author_id)
        }
        for search, after, until in ranges
    ]
    visible = ids_found(member, set().union(*known))
    return [len(ids & visible) for ids in known]


def is_news_for(member: Person, author_id: int) -> bool:
    """Whether a text counts as new for a member: not by the member, and not by somebody whom the member ignores."""
    return author_id != member.id and author_id not in member.ignored
