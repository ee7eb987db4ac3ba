"""Search over all rooms: pages by their names, authors whom the reader ignores, similar topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, exists, false, select
from sqlalchemy.orm import with_expression

from forum.agendas.models import Agenda
from forum.agendas.queries import themes_by_each, themes_by_words
from forum.db import execute_core
from forum.dialogue.models import Post, Topic
from forum.glossary.queries import KnownEntry, entries_called, entries_within
from forum.library.models import Practice
from forum.members.models import Member
from forum.members.queries import (
    home_cities_by_prefix,
    home_cities_by_prefixes,
    members_matching_some,
    organisations_by_each,
    organisations_by_words,
)
from forum.permissions import Person
from forum.plaintext import has_words_starting_with, words_in
from forum.search import queries as search
from forum.search.models import FAILURE, Document, Thing
from forum.search.queries import (
    Hit,
    Query,
    SearchResults,
    find,
    find_alike,
    is_telling,
    words_of,
)

MAX_NAMED_PAGES = 5  # of each kind
MAX_NAME_WORDS = 12
NOBODY_IGNORED: Mapping[Thing, str] = {}
# Whether there is a poll below the text that opens a topic, or below a reply that was moved with it from another
# topic
_POLL_SHOWN = Post.has_poll, Post.hidden_at.is_(None), Post.deleted_at.is_(None)
_OF_TOPIC = exists().where(Post.topic_id == Document.item_id, Post.number == 1, *_POLL_SHOWN)
_OF_POST = exists().where(Post.id == Document.item_id, *_POLL_SHOWN)
_HAS_POLL = case(
    (Document.kind == "topic", _OF_TOPIC), (Document.kind == "post", _OF_POST), else_=false()
)


@dataclass(frozen=True)
class NamedPage:
    """A page whose name matches a search: of an agenda, city, organisation, theme or entry of the glossary (`kind`)."""

    kind: str
    name: str
    slug: str


def named_pages(
    reader: Person, typed: str, agendas: Sequence[Agenda], language: str
) -> list[NamedPage]:
    """The pages whose names begin with the typed words, in any order and script; none for an empty search.

    For an entry of the glossary, the whole search must be one of its names, in any language; it is shown with its
    name in `language`. `agendas` are all that the reader sees. Of each other kind there are at most
    `MAX_NAMED_PAGES`.
    """
    wanted = words_in(typed)[:MAX_NAME_WORDS]
    if not wanted:
        return []
    titled = [
        agenda for agenda in agendas if has_words_starting_with(words_in(agenda.title), wanted)
    ]
    cities = home_cities_by_prefix(reader, typed, MAX_NAMED_PAGES)
    organisations = organisations_by_words(wanted)[:MAX_NAMED_PAGES]
    themes = themes_by_words(wanted)[:MAX_NAMED_PAGES]
    return [
        *(NamedPage("agenda", agenda.title, agenda.slug) for agenda in titled),
        *(NamedPage("city", city.label, city.slug) for city in cities),
        *(
            NamedPage("organisation", organisation.name, organisation.slug)
            for organisation in organisations
        ),
        *(NamedPage("theme", theme.name, theme.slug) for theme in themes),
        *(_called(entry, language) for entry in entries_called(typed, MAX_NAMED_PAGES)),
    ]


def find_with_ignored(
    reader: Person, query: Query, number: int
) -> tuple[SearchResults, Mapping[Thing, str]]:
    """One page of search results, and those results by members whom the reader ignores, as `ignored_authors` returns them.

    Each hit is marked if it has a poll.
    """
    ignored: dict[Thing, str] = {}

    def note(things: Sequence[Thing]) -> Container[Thing]:
        ignored.update(ignored_authors(reader, things))
        return ignored

    polls = with_expression(Document.has_poll, _HAS_POLL)
    return find(reader, query, number, note, polls), ignored


# The kinds of hits that have an author
AUTHORED_MODELS: dict[str, Any] = {
    "topic": Topic,
    "post": Post,
    "practice": Practice,
    FAILURE: Practice,
}


def ignored_authors(reader: Person, things: Sequence[Thing]) -> dict[Thing, str]:
    """Those of the things (kind, item id) by members whom the reader ignores, with the names of these authors."""
    found: dict[Thing, str] = {}
    for kind, model in AUTHORED_MODELS.items() if reader.ignored else ():
        ids = [item_id for its_kind, item_id in things if its_kind == kind]
        query = select(model.id, Member.name).join(Member, Member.id == model.author_id)
        theirs = query.where(model.id.in_(ids), model.author_id.in_(reader.ignored))
        found |= {(kind, row[0]): row[1] for row in execute_core(theirs)} if ids else {}
    return found


@dataclass(frozen=True)
class Partly:
    """Results with some of the words of a search: texts, pages and people."""

    hits: Sequence[Hit] = ()
    named: Sequence[NamedPage] = ()
    people: Sequence[Member] = ()


NOTHING_PARTLY = Partly()


def find_partly(
    reader: Person, query: Query, agendas: Sequence[Agenda], language: str, limit: int
) -> Partly:
    """Results with some of the words of a search, for when nothing has all of them, at most `limit` of each; see `named_pages`.

    Short words do not count, nor do texts of members whom the reader ignores.
    """
    words = [word for word in words_of(query.wanted) if is_telling(word)][:MAX_NAME_WORDS]
    if not words:
        return NOTHING_PARTLY

    def ignored(things: Sequence[Thing]) -> Container[Thing]:
        return ignored_authors(reader, things)

    polls = with_expression(Document.has_poll, _HAS_POLL)
    hits = search.find_partly(reader, query, limit, ignored, polls)
    named = _partly_named(reader, query.wanted, words, agendas, language)
    return Partly(hits, named[:limit], members_matching_some(reader, words, limit))


def _partly_named(
    reader: Person, typed: str, words: Sequence[str], agendas: Sequence[Agenda], language: str
) -> list[NamedPage]:
    """The pages with a name that has words beginning with some of the typed ones; those with the most of them first."""
    single_words = [[word] for word in words]
    cities = home_cities_by_prefixes(reader, words, MAX_NAMED_PAGES)
    titles = [(agenda, words_in(agenda.title)) for agenda in agendas]
    titled = [
        agenda
        for agenda, title in titles
        for word in single_words
        if has_words_starting_with(title, word)
    ]
    found = [
        *(_called(entry, language) for entry in entries_within(typed, MAX_NAMED_PAGES)),
        *(NamedPage("agenda", agenda.title, agenda.slug) for agenda in titled),
        *(NamedPage("city", city.name, city.slug) for city in cities),
        *(
            NamedPage("organisation", organisation.name, organisation.slug)
            for named in organisations_by_each(single_words)
            for organisation in named
        ),
        *(
            NamedPage("theme", theme.name, theme.slug)
            for named in themes_by_each(single_words)
            for theme in named
        ),
    ]
    return [page for page, _number in Counter(found).most_common()]


def _called(entry: KnownEntry, language: str) -> NamedPage:
    return NamedPage("entry", entry.in_language(language).names[0], entry.slug)


def alike(reader: Person, title: str, limit: int) -> Sequence[Document]:
    """Existing topics, practices and cases that are similar to a topic with this title, the most similar first.

    Texts of members whom the reader ignores are left out.
    """
    found = find_alike(reader, title, Query("", kinds=("topic", "practice", "case")), limit)
    ignored = ignored_authors(reader, [(document.kind, document.item_id) for document in found])
    return [document for document in found if (document.kind, document.item_id) not in ignored]
