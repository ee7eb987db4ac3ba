"""Search, and what is there already that is like a new topic."""

from __future__ import annotations

from collections.abc import Container, Sequence

from flask import render_template, request
from flask_babel import gettext as _

from forum import web
from forum.agendas.queries import all_agendas
from forum.dialogue.queries import TopicRow, get_topic_row, topic_after_merge
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import MAX_QUERY_LENGTH, SIDE_ITEMS, bp
from forum.markup import tidy
from forum.members.queries import languages, members_matching
from forum.pages import Page, page_of
from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries import KINDS as FOUND_KINDS
from forum.search.queries import Query, SearchResults, find, words_of
from forum.web import Answer, me

MAX_ALIKE = 5
NOTHING_FOUND = SearchResults(Page([], 1, 1, 0))


@bp.get("/search")
def search() -> Answer:
    """Everything that contains the words, or what does in one topic, with facets, and members of that name."""
    reader = me()
    topic = _topic_to_search(reader)
    typed = web.text("q", MAX_QUERY_LENGTH)
    known = {agenda.slug: agenda for agenda in all_agendas(reader)}
    names = dict(languages())
    offered = {"kind": FOUND_KINDS, "agenda": known, "language": names}
    chosen = {name: _chosen_values(name) for name in offered}
    wanted = {name: [one for one in chosen[name] if one in offered[name]] for name in offered}
    query = Query(
        typed,
        tuple(known[slug].id for slug in wanted["agenda"]),
        tuple(wanted["kind"]),
        tuple(wanted["language"]),
        is_newest_first=web.choice("order", ("newest",)) == "newest",
        topic_id=topic.id if topic else None,
    )
    # A value that is not offered finds nothing
    is_possible = all(wanted[name] or not chosen[name] for name in offered)
    is_in_topic = bool(request.args.get("topic"))
    is_possible = is_possible and (topic is not None or not is_in_topic)
    ignored: dict[tuple[str, int], str] = {}

    def note_ignored(things: Sequence[tuple[str, int]]) -> Container[tuple[str, int]]:
        ignored.update(queries.ignored_authors(reader, things))
        return ignored

    found = NOTHING_FOUND
    if is_possible:
        found = find(reader, query, web.number("page"), note_ignored)
    has_words = bool(words_of(typed))
    is_plain = has_words and found.page.number == 1 and not (is_in_topic or any(chosen.values()))
    return render_template(
        "front/search.html",
        typed=typed,
        topic=topic,
        is_in_topic=is_in_topic,
        has_words=has_words,
        found=found,
        ignored=ignored,
        chosen=chosen,
        agendas={agenda.id: agenda for agenda in known.values()},
        slugs={agenda.slug: agenda.title for agenda in known.values()},
        language_names=names,
        named=queries.named_pages(reader, typed, known.values()) if is_plain else [],
        people=page_of(members_matching(reader, typed), 1, SIDE_ITEMS) if is_plain else None,
        without=_url_without,
        without_topic=web.here(topic=None, page=None),
        orders=[
            (_("Best match"), web.here(order=None, page=None), not query.is_newest_first, None),
            (_("Newest"), web.here(order="newest", page=None), query.is_newest_first, None),
        ],
        is_newest_first=query.is_newest_first,
    )


def _topic_to_search(reader: Person) -> TopicRow | None:
    """The topic of which alone the texts are looked for, or that into which it was merged; None when the reader sees neither."""
    if not request.args.get("topic"):
        return None
    try:
        topic = topic_after_merge(reader, web.number("topic", 0))
        return get_topic_row(reader, topic.id)
    except NotFound:
        return None


def _chosen_values(name: str) -> list[str]:
    given = dict.fromkeys(tidy(value)[:100] for value in request.args.getlist(name)[:50])
    return [value for value in given if value]


def _url_without(name: str, value: str) -> str:
    """The address of this search without one value of a filter, on its first page."""
    left = [kept for kept in _chosen_values(name) if kept != value]
    return web.here(**{"page": None, name: left})


@bp.app_template_global()
def alike(title: str | None) -> Sequence[Document]:
    """For the form of a new topic: see `queries.alike`."""
    return queries.alike(me(), title or "", MAX_ALIKE)
