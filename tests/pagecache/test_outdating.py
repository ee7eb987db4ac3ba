"""After every action a cached page equals the rendered page, byte for byte, on both databases; others stay in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from forum import web
from forum.advice.queries import request_state
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_patterns
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, get_topic_row, posts_in
from forum.errors import NotFound
from forum.freshness import VersionCache
from forum.front.queries import peers
from forum.library import actions as library
from forum.library.queries import (
    CaseFilter,
    PracticeFilter,
    ReadingFilter,
    case_choices,
    latest_cases,
    latest_practices,
    practice_choices,
    reading_choices,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import get_city, home_cities
from forum.pagecache import PageCache
from forum.pagestore import PageStore
from forum.permissions import SYSTEM, VISITOR
from forum.search import actions as search
from forum.versions import ANY_CHANGE, EVERYTHING, ReadCache, topic_scope
from tests.changes import ASPHALT, DEEDS, PAGES
from tests.pagecache.conftest import VersionsOfTest, count_answers


@pytest.fixture
def neighbour(cache: PageCache, tmp_path: Path) -> PageCache:
    """The page cache of another process of the same server."""
    cache.store = PageStore(tmp_path / "pages")
    return PageCache(
        cache.application, VersionCache(VersionsOfTest()), 4, PageStore(tmp_path / "pages")
    )


# What an action touches does not depend on the database; versions do, and are tested below
@pytest.mark.sqlite_only
@pytest.mark.thorough
def test_after_every_deed_every_kept_page_is_a_fresh_one(
    client: FlaskClient,
    kept: Client,
    cache: PageCache,
    neighbour: PageCache,
    world: dict[str, Any],
    people: Any,
    agenda: Agenda,
) -> None:
    addresses = [page.format(**world) for page in PAGES]
    both = [(kept, count_answers(cache)), (Client(neighbour), count_answers(neighbour))]
    assert all(client.get(path).status_code == 200 for path in addresses for client, _asked in both)
    taken = 0
    for name, deed in DEEDS.items():
        deed(world, people, agenda)
        for address in addresses:
            page = None
            fresh: list[bool] = []
            for visitor, asked in both:
                asked.clear()
                again = visitor.get(address)
                fresh.append(bool(asked))
                if asked:
                    page = again  # the application has just rendered it
                page = page or client.get(address)
                same = (again.status_code, again.data) == (page.status_code, page.data)
                assert same, (name, address, fresh)
            taken += fresh == [True, False]
    assert taken > len(DEEDS), "the other process renders hardly anything"


@pytest.mark.sqlite_only  # the same
def test_a_new_title_of_a_long_topic_reaches_the_pages_that_it_speaks_of(
    kept: Client, world: dict[str, Any], people: Any, agenda: Agenda, monkeypatch: Any
) -> None:
    monkeypatch.setattr(search, "BATCH_SIZE", 1)
    new = dialogue.NewTopic("question", "A name in here?", write("Who?"))
    long = dialogue.open_topic(people.ben, agenda.id, new)
    for words in ("So.", f"See [it](/topics/{world['topic']})."):
        dialogue.reply(people.ben, long.id, write(words))
    changes = dialogue.TopicChanges("Whose is this?")
    dialogue.edit(people.ben, first_post(long).id, write("Who?"), changes)
    page = f"/topics/{world['topic']}-{world['topic_slug']}"
    kept.get(page)
    while search.continue_retitling(SYSTEM):
        pass
    spoken = kept.get(page).text.partition('id="spoken"')[2].partition("</section>")[0]
    assert "Whose is this?" in spoken and "A name" not in spoken


@pytest.mark.sqlite_only  # the same
def test_what_one_process_has_rendered_anew_the_others_take(
    cache: PageCache, kept: Client, neighbour: PageCache, world: dict[str, Any], people: Any
) -> None:
    other = Client(neighbour, use_cookies=False)
    asked, there = count_answers(cache), count_answers(neighbour)
    topic = f"/topics/{world['topic']}-{world['topic_slug']}"
    for number in range(3):
        first, again = [
            client.get(topic, headers={"Accept-Encoding": "br"}) for client in (kept, other)
        ]
        assert first.headers == again.headers and first.data == again.data
        assert "Date" not in first.headers, "a kept page would go on saying when it was rendered"
        assert len(asked) == number + 1 and len(there) == 1, "each once; then one for both"
        name = {"If-None-Match": again.headers["ETag"]}
        assert other.get(topic, headers=name).status_code == 304
        plain = [client.get(topic) for client in (kept, other)]
        assert plain[0].data == plain[1].data and f"So {number}." not in plain[0].text
        assert [len(page.headers.getlist("Content-Length")) for page in plain] == [1, 1]
        dialogue.reply(people.ben, world["topic"], write(f"So {number}."))
    # A page taken from the other process is outdated by a write, too, in whichever process it is requested first.
    assert "So 2." in other.get(topic).text and len(there) == 2
    assert "So 2." in kept.get(topic).text and len(asked) == 3


@pytest.mark.sqlite_only  # the same
@pytest.mark.thorough
def test_after_every_deed_what_is_remembered_is_as_it_would_be_read(
    app: Flask, world: dict[str, Any], people: Any, agenda: Agenda
) -> None:
    topics = (world["topic"], world["case_topic"])
    readers = (VISITOR, people.ana, people.ben, people.moderator)
    among_us = replace(ASPHALT, title="Among ourselves", audience="members")
    written = library.write_practice(people.ana, agenda.id, among_us)
    library.publish(people.moderator, library.submit(people.ana, written.id).id)

    def look() -> list[Any]:
        db.session.rollback()
        asked = [request_state(person, world["topic"]) for person in readers[1:]]
        known = [
            agenda_patterns(VISITOR),
            *(known_agenda for reader in readers for known_agenda in all_known(reader)),
        ]
        return [[fate and fate.state for fate in asked], *known]

    def all_known(reader: Any) -> Iterator[Any]:
        yield from (home_cities(reader), latest_cases(reader), latest_practices(reader))
        yield from (case_choices(reader, CaseFilter()), practice_choices(reader, PracticeFilter()))
        yield reading_choices(reader, ReadingFilter())
        yield [peers(reader, get_city(slug), (), ()) for slug in ("medellin", "nairobi")]
        yield from seen(reader, topics)

    remembered = ReadCache(VersionsOfTest().versions, 300)
    assert len(latest_practices(people.ana)) > len(latest_practices(VISITOR))
    for name, deed in DEEDS.items():
        app.extensions["read_cache"] = remembered
        look()
        deed(world, people, agenda)
        as_remembered = look()
        del app.extensions["read_cache"]
        assert look() == as_remembered, name


def test_a_topic_that_is_locked_while_a_page_is_read_is_locked_on_the_next(
    app: Flask, world: dict[str, Any], people: Any
) -> None:
    """The lock happens between reading the topic and its posts: the old row must not be cached with the new versions."""
    app.extensions["read_cache"] = ReadCache(VersionsOfTest().versions, 300)
    try:
        line = get_topic_row(VISITOR, world["topic"])
        dialogue.lock(people.moderator, world["topic"])
        posts_in(VISITOR, line, 1)
        ((again, posts),) = seen(VISITOR, [world["topic"]])
        assert again.locked_at and all(post.topic.locked_at for post in posts)
    finally:
        del app.extensions["read_cache"]


def seen(reader: Any, topic_ids: Iterable[int]) -> Iterator[Any]:
    """What a reader finds about topics and their posts."""
    for topic_id in topic_ids:
        try:
            line = get_topic_row(reader, topic_id)
        except NotFound:
            yield None
        else:
            yield line, tuple(posts_in(reader, line, 1).items)


@pytest.mark.sqlite_only  # the same
def test_a_reply_leaves_the_pages_of_other_topics_in_place(
    kept: Client, cache: PageCache, world: dict[str, Any], people: Any, agenda: Agenda
) -> None:
    new = dialogue.NewTopic("experience", "Another", write("We did."))
    other = dialogue.open_topic(people.ben, agenda.id, new)
    asked = count_answers(cache)
    addresses = (other.address, f"/topics/{world['topic']}-{world['topic_slug']}", "/topics")
    for address in addresses * 2:
        kept.get(address)
    assert asked == list(addresses)
    dialogue.reply(people.ana, other.id, write("Well."))
    for address in addresses:
        kept.get(address)
    assert asked[3:] == [other.address, "/topics"]
    dialogue.lock(people.moderator, other.id)
    for address in addresses:
        kept.get(address)
    assert asked[5:] == list(addresses)


@pytest.mark.sqlite_only  # the same
def test_a_reply_leaves_the_profiles_of_others_in_place(
    kept: Client, cache: PageCache, world: dict[str, Any], people: Any
) -> None:
    asked = count_answers(cache)
    ana, ben = "/members/ana-prado", "/members/ben-okoth"
    for path in (ana, ben):
        kept.get(path)
    dialogue.reply(people.ben, world["topic"], write("Well."))
    dialogue.mark(people.chitra, world["post"], "useful")
    assert "Well." in kept.get(ben).text and kept.get(ana).status_code == 200
    assert asked == [ana, ben, ben]


@pytest.mark.sqlite_only  # the same
def test_a_reply_leaves_the_lists_of_people_and_reads_in_place(
    kept: Client, cache: PageCache, world: dict[str, Any], people: Any
) -> None:
    asked = count_answers(cache)
    lists = ["/members", "/members?words=an", "/cities", "/organisations", "/readings"]
    for _turn in range(2):
        for path in lists:
            assert kept.get(path).status_code == 200
        dialogue.reply(people.ben, world["topic"], write("Well."))
    assert len(asked) == len(lists)
    members.join(VISITOR, members.Joining("Nora", "nora@example.org", "-"))
    assert "Nora" in kept.get("/members").text


def versions_now() -> dict[str, int]:
    return VersionsOfTest().versions([EVERYTHING, ANY_CHANGE, topic_scope(5)])


def test_a_deed_touches_everything_unless_it_says_less(app: Flask) -> None:
    @action
    def silent(_doer: Any) -> None: ...

    @action
    def narrow(_doer: Any) -> None:
        touches(topic_scope(5))

    @action
    def private(_doer: Any) -> None:
        touches()

    @action
    def wide(_doer: Any) -> None:
        narrow(SYSTEM)
        private(SYSTEM)

    @action
    def narrow_outside(_doer: Any) -> None:
        touches(topic_scope(5))
        wide(SYSTEM)

    @action
    def private_outside(_doer: Any) -> None:
        touches()
        narrow(SYSTEM)
        silent(SYSTEM)

    @action
    def failing(_doer: Any) -> None:
        raise ValueError

    start = versions_now()
    for deed, everything, anything, topic in (
        (silent, 1, 1, 0),
        (narrow, 0, 1, 1),
        (private, 0, 0, 0),
        (wide, 1, 1, 0),
        (narrow_outside, 0, 1, 1),
        (private_outside, 0, 1, 1),
    ):
        deed(SYSTEM)
        now, end = versions_now(), (everything, anything, topic)
        scopes = (EVERYTHING, ANY_CHANGE, topic_scope(5))
        assert tuple(now.get(s, 0) - start.get(s, 0) for s in scopes) == end, deed.__name__
        start = now
    with pytest.raises(ValueError):
        failing(SYSTEM)
    assert versions_now() == start


def test_what_is_written_while_a_page_is_made_is_not_missed(
    cache: PageCache, kept: Client, world: dict[str, Any], people: Any
) -> None:
    application = cache.application
    page = f"/topics/{world['topic']}-{world['topic_slug']}"

    def slow(environ: Any, start_response: Any) -> Any:
        answer = list(application(environ, start_response))
        dialogue.reply(people.ben, world["topic"], write("Meanwhile."))
        cache.application = application
        return answer

    cache.application = slow
    assert "Meanwhile" not in kept.get(page).text
    assert "Meanwhile" in kept.get(page).text


def test_a_page_says_what_it_depends_on(app: Flask) -> None:
    with app.test_request_context("/"):
        web.depends_on(topic_scope(7))
        assert web.request.environ["forum.depends_on"] == ("topic 7",)
