"""A cached page equals the rendered page, byte for byte, after every action, on both databases; nothing personal is cached."""

from __future__ import annotations

import contextvars
import gzip
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from forum import web
from forum.advice.queries import request_state
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_patterns, get_agenda, themes
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_topic, get_topic_row, posts_in
from forum.errors import NotFound
from forum.freshness import (
    MAX_PREFETCHED,
    VersionCache,
)
from forum.front.queries import peers
from forum.keptpages import DEPENDS_ON, _best_encoding
from forum.library import actions as library
from forum.library.actions import ReadingText
from forum.library.queries import (
    CaseFilter,
    PracticeFilter,
    ReadingFilter,
    case_choices,
    get_case,
    latest_cases,
    latest_practices,
    practice_choices,
    reading_choices,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import get_city, home_cities
from forum.pagecache import MAX_KEY_LENGTH, Key, PageCache, Rendering
from forum.pagestore import PageStore
from forum.permissions import SYSTEM, VISITOR
from forum.versions import ANY_CHANGE, EVERYTHING, ReadCache, topic_scope
from forum.writelog import hash_of
from tests.changes import ASPHALT, DEEDS, FACE, MARK, PAGES
from tests.conftest import People
from tests.datasets import dataset_fixture
from tests.savepoints import page_versions_of_test
from tests.world import build


class VersionsOfTest:
    """Versions as the transaction of the test sees them."""

    def stamp(self) -> None:
        return None

    def changed_between(self, _before: Any, _moment: Any) -> None: ...

    def versions(self, scopes: Iterable[str]) -> dict[str, int]:
        found = page_versions_of_test(scopes)
        assert found is not None
        return found


@pytest.fixture
@dataset_fixture
def world(people: Any, agenda: Agenda) -> dict[str, Any]:
    made = build(people, agenda)
    topic = get_topic(VISITOR, made["topic"])
    made["first"] = posts_in(VISITOR, topic, 1).items[0].id
    made["case_topic"] = get_case(VISITOR, made["case"]).topic_id
    made["theme_id"] = next(theme.id for theme in themes() if theme.slug == made["theme"])
    made["other_id"] = get_agenda(VISITOR, "other").id
    return made


@pytest.fixture
def cache(app: Flask) -> PageCache:
    def application(environ: Any, start_response: Any) -> Any:
        """A WSGI application that gives each request a context and a session of its own, as a server does."""
        answer = contextvars.Context().run(app.wsgi_app, environ, start_response)
        db.session.expunge_all()
        return answer

    return PageCache(application, VersionCache(VersionsOfTest()), 4)


@pytest.fixture
def neighbour(cache: PageCache, tmp_path: Path) -> PageCache:
    """The page cache of another process of the same server."""
    cache.store = PageStore(tmp_path / "pages")
    return PageCache(
        cache.application, VersionCache(VersionsOfTest()), 4, PageStore(tmp_path / "pages")
    )


@pytest.fixture
def kept(cache: PageCache) -> Client:
    """A browser whose requests go through the page cache."""
    return Client(cache, use_cookies=False)


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


def count_answers(cache: PageCache) -> list[str]:
    """A list of the paths that reach the application from now on."""
    asked: list[str] = []
    application = cache.application

    def counting(environ: Any, start_response: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return application(environ, start_response)

    cache.application = counting
    return asked


# What actions declare as changed, and which versions are counted up


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


# Which pages are cached, and how they are sent


def test_what_is_personal_is_never_kept(
    app: Flask, cache: PageCache, kept: Client, world: dict[str, Any], people: Any, sign_in: Any
) -> None:
    browser = sign_in(people.ana)
    cookie = browser.get_cookie("session")
    asked = count_answers(cache)
    for _turn in range(2):
        page = kept.get("/topics", headers={"Cookie": f"session={cookie.value}"})
        assert "Ana Prado" in page.text and "no-store" in page.headers["Cache-Control"]
        assert "Ana Prado" not in kept.get("/").text.partition("<main")[0]
        for form in ("/join", "/sign-in"):
            assert "csrf_token" in kept.get(form).text or not app.config["WTF_CSRF_ENABLED"]
    assert asked.count("/topics") == 2 and asked.count("/") == 1
    assert all("session" not in str(page.headers) for page in cache.pages.values())
    assert kept.get("/nowhere").status_code == kept.get("/nowhere").status_code == 404
    assert asked.count("/nowhere") == 2


def test_each_theme_host_and_query_has_a_page_of_its_own(
    cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    dark = {"Cookie": "device=x; theme=dark"}
    assert 'data-theme="dark"' in kept.get("/topics", headers=dark).text
    assert "data-theme" not in kept.get("/topics").text
    assert 'data-theme="dark"' in kept.get("/topics", headers=dark).text
    for odd in (
        "theme=dark-x",
        "__Host-theme=dark",
        "xtheme=dark",
        'theme="dark',
        "theme=; theme=dark",
    ):
        assert "data-theme" not in kept.get("/topics?kind=case", headers={"Cookie": odd}).text, odd
    quoted = {"Cookie": 'theme="dark"'}
    for cookie in (dark, quoted):
        assert 'data-theme="dark"' in kept.get("/topics?kind=case", headers=cookie).text
    assert kept.get("/topics", headers={"Host": "elsewhere.example"}).status_code == 400
    assert kept.get("/topics?kind=question").text != kept.get("/topics?kind=case").text


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR ; q=1.0", "br"),
        ("gzip;q=0.000", ""),
        ("br;q=0.1, gzip;q=1.0", "gzip"),
        ("identity;q=1, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("br;q=nonsense", ""),
        ("br;q=nonsense, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("identity", ""),
        ("", ""),
        ("xbr,;;,=", ""),
    ],
)
def test_the_best_encoding_is_chosen(accepted: str, encoding: str) -> None:
    assert _best_encoding(accepted) == encoding


def test_pages_are_sent_small_and_with_one_name(
    kept: Client, client: FlaskClient, world: dict[str, Any]
) -> None:
    plain = client.get("/topics")
    opened = {"br": brotli.decompress, "gzip": gzip.decompress}
    for encoding, openly in opened.items():
        for _turn in range(2):
            page = kept.get("/topics", headers={"Accept-Encoding": encoding})
            assert page.headers["Content-Encoding"] == encoding
            assert openly(page.data) == plain.data and len(page.data) < len(plain.data) / 2
            assert page.headers["Vary"] == "Cookie, Accept-Encoding"
    same = {"If-None-Match": page.headers["ETag"], "Accept-Encoding": "br"}
    assert page.headers["ETag"].startswith('W/"')
    again = kept.get("/topics", headers=same)
    assert (again.status_code, again.data) == (304, b"")
    assert kept.get("/agendas", headers=same).status_code == 200
    head = kept.head("/agendas")
    assert (head.status_code, head.data) == (200, b"") and int(head.headers["Content-Length"]) > 999
    assert kept.get("/agendas").data


def test_a_first_question_may_be_a_conditional_one(kept: Client, world: dict[str, Any]) -> None:
    assert kept.get("/topics", headers={"If-None-Match": '"other"'}).status_code == 200
    assert kept.head("/cases").status_code == 200
    assert kept.get("/cases").data


def test_files_are_kept_by_the_name_of_their_content(
    app: Flask, cache: PageCache, kept: Client
) -> None:
    with app.test_request_context():
        from forum.assets import asset

        address = asset("style.css")
    asked = count_answers(cache)
    for _turn in range(2):
        style = kept.get(address, headers={"Accept-Encoding": "br"})
        assert brotli.decompress(style.data) == app.test_client().get("/static/style.css").data
        assert "immutable" in style.headers["Cache-Control"]
    assert asked == ["/static/style.css"]


def test_the_mark_of_the_forum_is_kept_until_it_has_another(
    cache: PageCache, kept: Client, people: Any
) -> None:
    members.found_federation(SYSTEM, "Quiet Cities")
    members.use_mark(people.administrator, MARK)
    asked, address = count_answers(cache), f"/mark/{MARK.name}.webp"
    for _turn in range(2):
        answer = kept.get(address)
        assert (answer.status_code, answer.data) == (200, MARK.whole)
        assert "immutable" in answer.headers["Cache-Control"]
    assert asked == [address]
    members.use_usual_mark(people.administrator)
    assert kept.get(address).status_code == 404


def test_pictures_of_members_take_no_room_of_pages(
    cache: PageCache, kept: Client, people: Any
) -> None:
    profile = members.Profile(people.ana.name, portrait=FACE)
    members.edit_profile(people.ana, profile)
    address = f"/portraits/{FACE.name}.webp"
    asked = count_answers(cache)
    for _turn in range(2):
        answer = kept.get(address)
        assert (answer.status_code, answer.data) == (200, FACE.whole)
    assert asked == [address, address] and not cache.pages


@pytest.mark.parametrize("name", ["style.css", "icon-192.png"])
def test_a_file_that_the_browser_has_is_not_sent_again_without_a_version_in_its_address_either(
    app: Flask, kept: Client, name: str
) -> None:
    address = f"/static/{name}"
    for encoding in ("br", "identity"):
        first = kept.get(address, headers={"Accept-Encoding": encoding})
        assert first.status_code == 200
        given = {
            "If-None-Match": first.headers["ETag"],
            "If-Modified-Since": "Mon, 1 Jan 2001 00:00:00 GMT",
        }
        conditions = [
            given,
            {"If-None-Match": f'"other", W/{given["If-None-Match"].removeprefix("W/")}'},
            {"If-None-Match": given["If-None-Match"].removeprefix("W/")},
            {"If-None-Match": "*"},
        ]
        if "Last-Modified" in first.headers:
            conditions.append({"If-Modified-Since": first.headers["Last-Modified"]})
        for condition in conditions:
            for ask in (kept.get, kept.head):
                again = ask(address, headers={"Accept-Encoding": encoding, **condition})
                assert (again.status_code, again.data) == (304, b""), condition
                assert again.headers["ETag"] == first.headers["ETag"]
                assert again.headers["Cache-Control"] == "public, no-cache"
                assert again.headers["Vary"] == first.headers["Vary"]
                assert not {"Content-Length", "Content-Type"} & set(again.headers.keys())
    for other in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 1 Jan 2001 00:00:00 GMT"},
    ):
        assert kept.get(address, headers=other).data == app.test_client().get(address).data


def test_one_entity_tag_for_several_encodings_is_a_weak_one(kept: Client) -> None:
    """RFC 9110, 8.8.1: with a strong one, parts of two encodings could be put together. A picture has only one."""
    answers = [
        kept.get("/static/style.css", headers={"Accept-Encoding": encoding})
        for encoding in ("br", "gzip", "identity")
    ]
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    assert all(answer.headers["ETag"].startswith("W/") for answer in answers)
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in answers)
    assert kept.get("/static/icon-192.png").headers["ETag"].startswith('"')


def test_whether_the_forum_lives_is_never_said_by_what_somebody_has(kept: Client) -> None:
    for address in ("/healthz", "/readyz"):
        assert kept.get(address, headers={"If-None-Match": "*"}).status_code == 200


def test_files_are_as_small_as_they_get(app: Flask, kept: Client) -> None:
    with app.test_request_context():
        from forum.assets import asset

        addresses = {path.name: asset(path.name) for path in Path("static").glob("*.js")}
    scripts = sum(
        len(kept.get(address, headers={"Accept-Encoding": "br"}).data)
        for address in addresses.values()
    )
    assert 5_000 < scripts < 15_000


def test_memory_is_bounded(app: Flask, cache: PageCache, kept: Client, world: Any) -> None:
    cache.max_bytes = 100_000
    kept.get("/topics")
    for number in range(40):
        for encoding in ("br", "gzip", "identity")[: number % 4]:
            kept.get(f"/cases?page={number}", headers={"Accept-Encoding": encoding})
        kept.get("/topics")
    assert cache.size <= cache.max_bytes and len(cache.pages) > 5
    assert cache.size == sum(page.size + len("".join(k)) for k, page in cache.pages.items())
    assert any(key[0] == "/topics" for key in cache.pages), "what is read often stays"


def test_files_of_a_list_are_kept_and_sent_small_like_its_page(
    kept: Client, client: FlaskClient, people: People, agenda: Agenda
) -> None:
    text = ReadingText("A book", "Somebody", why="Well worth the time. " * 60)
    library.write_reading(people.host, agenda.id, text)
    for address in ("/readings.csv", "/readings.ris"):
        whole = client.get(address)
        for _turn in range(2):
            sent = kept.get(address, headers={"Accept-Encoding": "br"})
            assert sent.headers["Content-Encoding"] == "br", address
            assert brotli.decompress(sent.data) == whole.data
            for name in ("Content-Type", "Content-Disposition"):
                assert sent.headers[name] == whole.headers[name]


def test_a_page_is_kept_in_the_encodings_that_were_asked_for_and_no_other(
    cache: PageCache, kept: Client, world: Any
) -> None:
    def read(encoding: str) -> bytes:
        answer = kept.get("/topics", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)(answer.data)

    first = read("br")
    (page,) = cache.pages.values()
    assert page.body is None and [*page.encoded] == ["br"]
    small = cache.size
    assert read("gzip") == first and [*page.encoded] == ["br", "gzip"]
    assert read("identity") == read("br") == first and len(first) > 5_000
    assert [*page.encoded] == ["br", "gzip", ""] and cache.size > small + len(first)
    assert [*cache.pages.values()] == [page]


def test_absurdly_long_addresses_and_headers_take_no_memory(
    cache: PageCache, kept: Client, world: dict[str, Any]
) -> None:
    asked = count_answers(cache)
    for _turn in range(2):
        answer = kept.get("/robots.txt?" + "x" * MAX_KEY_LENGTH)
        assert answer.status_code == 200
        assert kept.get("/nowhere?" + "x" * MAX_KEY_LENGTH).status_code == 404
    assert len(asked) == 4 and not cache.pages and not cache.uncacheable
    kept.get("/robots.txt?" + "x" * 1_000)
    assert cache.size > 2_000
    known = _best_encoding.cache_info().currsize
    odd = {"Accept-Encoding": "gzip, " + "x" * 10_000}
    assert "Content-Encoding" not in kept.get("/topics", headers=odd).headers
    assert _best_encoding.cache_info().currsize == known


@pytest.mark.parametrize("odd", ["theme =dark", "\ttheme\t=\tdark", "a;theme =dark"])
def test_cookies_are_read_as_the_page_reads_them(
    cache: PageCache, kept: Client, world: dict[str, Any], odd: str
) -> None:
    assert 'data-theme="dark"' in kept.get("/topics", headers={"Cookie": odd}).text
    assert "data-theme" not in kept.get("/topics").text


def test_a_session_is_one_however_its_cookie_is_written(
    cache: PageCache, kept: Client, world: dict[str, Any], people: Any, sign_in: Any
) -> None:
    cookie = sign_in(people.ana).get_cookie("session")
    asked = count_answers(cache)
    page = kept.get("/topics", headers={"Cookie": f"session ={cookie.value}"})
    assert "Ana Prado" in page.text.partition("<main")[0] and not cache.uncacheable
    for _turn in range(2):  # another site's cookie: the page for visitors
        page = kept.get("/topics", headers={"Cookie": "xsession=1"})
        assert "Ana Prado" not in page.text.partition("<main")[0]
    assert asked == ["/topics"] * 2
    broken = kept.get("/topics", headers={"Cookie": "theme=\xff"})
    assert broken.status_code == 200


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


def test_a_stampede_renders_once() -> None:
    made, begun, may_end = [], threading.Event(), threading.Event()

    def application(environ: Any, start_response: Any) -> list[bytes]:
        made.append(environ["PATH_INFO"])
        begun.set()
        may_end.wait(30)
        headers = [("Content-Length", "4"), ("Cache-Control", "no-cache"), ("ETag", '"1"')]
        start_response("200 OK", headers)
        return [b"page"]

    class Still:
        def stamp(self) -> int:
            return 1

        def changed_between(self, _before: int, _moment: int) -> None: ...

        def versions(self, _scopes: Iterable[str]) -> dict[str, int]:
            return {}

    cache, got = PageCache(application, VersionCache(Still()), 1), []
    readers = [threading.Thread(target=lambda: got.append(Client(cache).get("/").data))]
    readers[0].start()
    begun.wait(30)
    readers += [
        threading.Thread(target=lambda: got.append(Client(cache).get("/").data)) for _ in "12345"
    ]
    for reader in readers[1:]:
        reader.start()
    may_end.set()
    for reader in readers:
        reader.join(30)
    assert (made, got) == (["/"], [b"page"] * 6)


class Counting:
    """Versions with a stamp that record the questions; a write can be planned before an answer."""

    error = sqlite3.Error

    def __init__(self) -> None:
        self.now, self.rows, self.asked = 1, {ANY_CHANGE: 1, "some": 1}, []
        self.before: dict[int, str] = {}  # scopes to write before a question, by its number
        # The written scopes by stamp; None if they are unknown
        self.told: dict[int, set[str]] | None = None

    def stamp(self) -> int:
        """The stamp, which changes with each write."""
        return self.now

    def changed_between(self, before: int, moment: int) -> set[int] | None:
        """The hashes of written scopes between two stamps; None if unknown."""
        if self.told is None or moment < before:
            return None
        written = [self.told[at] for at in range(before + 1, moment + 1)]
        return {hash_of(scope) for scopes in written for scope in scopes}

    def versions(self, scopes: Iterable[str]) -> dict[str, int]:
        """The versions of scopes, all read by one statement."""
        self.asked.append(sorted(scopes))
        if scope := self.before.get(len(self.asked)):
            self.write(scope)
        return {scope: self.rows[scope] for scope in scopes if scope in self.rows}

    def write(self, scope: str) -> None:
        """Change what depends on a scope."""
        self.now += 1
        if self.told is not None:
            self.told[self.now] = {scope, ANY_CHANGE}
        for touched in (scope, ANY_CHANGE):
            self.rows[touched] = self.rows.get(touched, 0) + 1


def page_of_some(body: Callable[[], bytes]) -> Callable[[Any, Any], list[bytes]]:
    """A page that depends on "some"."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        environ[DEPENDS_ON] = ("some",)
        made = body()
        headers = [("Content-Length", str(len(made))), ("Cache-Control", "no-cache")]
        start_response("200 OK", [*headers, ("ETag", '"1"')])
        return [made]

    return application


def test_where_many_write_one_renders_for_all_who_came_after_the_same_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A write while a page is rendered: readers from before it get this page, and one of the later readers renders it again."""
    source, may_end = Counting(), [threading.Event(), threading.Event()]
    made, begun = list[bytes](), threading.Event()

    def body() -> bytes:
        made.append(b"%d" % source.rows["some"])
        here = len(made) - 1
        begun.set()
        may_end[here].wait(30)
        return made[here]

    cache = PageCache(page_of_some(body), VersionCache(source), 1)
    joined, got, readers = threading.Semaphore(0), list[bytes](), list[threading.Thread]()
    join = cache._join

    def noted(key: Key) -> tuple[Rendering, bool]:
        found = join(key)
        joined.release()
        return found

    monkeypatch.setattr(cache, "_join", noted)

    def come(number: int) -> None:
        some = [
            threading.Thread(target=lambda: got.append(Client(cache).get("/").data))
            for _ in range(number)
        ]
        readers.extend(some)
        for reader in some:
            reader.start()
        assert all(joined.acquire(timeout=30) for _ in some)

    come(4)
    assert begun.wait(30)
    source.write("some")
    come(3)
    for each, those in zip(may_end, (readers[:4], readers[4:]), strict=True):
        each.set()
        for reader in those:
            reader.join(30)
    assert (made, got) == ([b"1", b"2"], [b"1"] * 4 + [b"2"] * 3)


def test_a_page_that_was_begun_after_somebody_came_is_new_enough_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With constant writes, each waiting reader comes after another write; they must not render one after the other."""
    source, made, begun = Counting(), list[bytes](), threading.Event()

    def write_until(is_enough: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not is_enough() and time.monotonic() < until:
            time.sleep(0.001)
            source.write("some")

    def body() -> bytes:
        made.append(b"%d" % source.rows["some"])
        source.write("some")
        begun.set()
        # The first rendering waits until all readers have come, the next one until the others wait for it.
        write_until(lambda: len(came) == 3 if len(made) == 1 else len(joined) == 7)
        return made[-1]

    cache, came, joined = (
        PageCache(page_of_some(body), VersionCache(source), 1),
        list[int](),
        list[Key](),
    )
    look, join = cache._last_write, cache._join
    monkeypatch.setattr(cache, "_last_write", lambda: came.append(look()) or came[-1])
    monkeypatch.setattr(cache, "_join", lambda key: (join(key), joined.append(key))[0])
    readers = [threading.Thread(target=Client(cache).get, args=["/"]) for _ in range(4)]
    for reader in readers:
        reader.start()
        assert begun.wait(30)
    for reader in readers:
        reader.join(30)
    assert len(made) == 2 and cache.renderings == {}


def test_a_mistake_before_a_page_is_made_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("no room for the figures")

    cache = PageCache(page_of_some(lambda: b"page"), VersionCache(Counting()), 1)
    with monkeypatch.context() as patch:
        patch.setattr("forum.metrics.count_miss", fail)
        with pytest.raises(OSError, match="no room"):
            Client(cache).get("/")
    assert cache.renderings == {}
    assert Client(cache).get("/").data == b"page"


def test_what_is_written_elsewhere_meanwhile_leaves_a_page_as_true_as_it_was() -> None:
    """The former cached page says what it depends on; only that must not change while the page is rendered again."""
    source, made, elsewhere = Counting(), [], ["other"]

    def body() -> bytes:
        made.append(source.rows["some"])
        if elsewhere and len(made) > 1:
            source.write(elsewhere.pop())
        return b"%d" % made[-1]

    browser = Client(PageCache(page_of_some(body), VersionCache(source), 1))
    browser.get("/")
    source.write("some")
    assert [browser.get("/").data for _ in "123"] == [b"2"] * 3
    assert made == [1, 2]
    elsewhere.append("some")
    source.write("some")
    assert [browser.get("/").data for _ in "123"] == [b"3", b"4", b"4"]
    assert made == [1, 2, 3, 4]


def test_as_long_as_nobody_writes_numbers_are_asked_for_once() -> None:
    """Requests that are refused because of too many do not read versions, either."""
    source = Counting()
    browser = Client(PageCache(page_of_some(lambda: b"page"), VersionCache(source), 1))
    for number in range(20):
        browser.get(f"/{number}")
    assert source.asked == [[ANY_CHANGE], sorted([EVERYTHING, "some"])]
    source.write("other")
    assert browser.get("/1").data == b"page"
    assert len(source.asked) == 3


def test_after_a_write_numbers_that_were_asked_for_of_late_are_asked_for_together() -> None:
    source = Counting()
    source.rows |= {f"topic {number}": number for number in range(300)}
    known = VersionCache(source)
    for number in range(300):
        assert known.current([f"topic {number}"]) == {f"topic {number}": number}
    source.write("topic 290")
    source.asked.clear()
    assert known.current(["topic 299"]) == {"topic 299": 299}
    assert known.current(["topic 290", "topic 100"]) == {"topic 290": 291, "topic 100": 100}
    assert [len(scopes) for scopes in source.asked] == [MAX_PREFETCHED]
    assert known.current(["topic 99"]) == {"topic 99": 99}
    assert source.asked[1:] == [["topic 99"]], "only the latest are carried along"
    source.asked.clear()
    source.write("topic 1")
    # After a write before the answer, the answer is used but not cached
    source.before = {1: "topic 2"}
    assert known.current(["topic 99"]) == known.current(["topic 99"]) == {"topic 99": 99}
    assert len(source.asked[-1]) == MAX_PREFETCHED, "and nobody forgets what to carry along"


def test_what_a_write_leaves_alone_is_known_still_where_somebody_says_what_it_changed() -> None:
    source = Counting()
    source.told = {}
    known = VersionCache(source)
    assert known.current(["some", "other"]) == {"some": 1}
    assert known.current([ANY_CHANGE]) == {ANY_CHANGE: 1}
    assert len(source.asked) == 2
    source.write("more")
    assert known.current(["some", "other"]) == {"some": 1}
    assert len(source.asked) == 2, "nobody has to be asked"
    source.write("some")
    source.write("other")
    assert known.current(["more"]) == {"more": 2 - 1}
    assert known.current(["some", "other"]) == {"some": 2, "other": 1}
    assert known.current([ANY_CHANGE]) == {ANY_CHANGE: 4}
    assert source.asked[2:] == [["more"], ["other", "some"], [ANY_CHANGE]]
    source.before = {6: "some"}  # a write during the question
    source.write("some")
    assert known.current(["some"]) == {"some": 4}
    assert known.current(["some"]) == {"some": 4}
    source.told = None
    source.write("some")
    assert known.current(["some"]) == {"some": 5}, "where nobody says it, all is asked for again"


def test_numbers_of_two_moments_are_never_mixed() -> None:
    """A write happens after a page is rendered and before its versions are read."""
    source = Counting()
    source.before = {2: "some"}
    browser = Client(
        PageCache(page_of_some(lambda: b"%d" % source.rows["some"]), VersionCache(source), 1)
    )
    assert browser.get("/").data == b"1"
    assert source.rows["some"] == 2
    assert browser.get("/").data == b"2"


def test_without_a_database_the_application_says_so() -> None:
    class Away:
        error = psycopg.Error

        def stamp(self) -> None:
            """PostgreSQL on another machine has no stamp."""

        def versions(self, _scopes: Iterable[str]) -> dict[str, int]:
            raise psycopg.OperationalError("no connection")

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 Service Unavailable", [("Retry-After", "5")])
        return [b"a moment"]

    answer = Client(PageCache(application, VersionCache(Away()), 1)).get("/")
    assert (answer.status_code, answer.data) == (503, b"a moment")


def test_who_is_turned_away_says_nothing_about_a_page() -> None:
    """A refused request must not make the page uncacheable; otherwise each reader of a crowd would render it."""

    def application(environ: Any, start_response: Any) -> list[bytes]:
        status = "503 Service Unavailable" if environ["PATH_INFO"] == "/busy" else "404 Not Found"
        start_response(status, [])
        return [b""]

    cache = PageCache(application, VersionCache(Counting()), 1)
    for path in ("/busy", "/nothing"):
        Client(cache).get(path)
    assert [*cache.uncacheable] == [hash(("/nothing", "", "localhost", "http", "", "en"))]


def test_a_page_says_what_it_depends_on(app: Flask) -> None:
    with app.test_request_context("/"):
        web.depends_on(topic_scope(7))
        assert web.request.environ["forum.depends_on"] == ("topic 7",)
