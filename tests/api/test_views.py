"""The JSON API: responses match the published schemas, contain only public content, and no input causes a server error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from forum.agendas.actions import write_theme
from forum.agendas.models import Agenda
from forum.agendas.queries import themes_by_slug
from forum.api import queries as queries_of_api
from forum.api.models import Problem
from forum.api.views._routes import OPERATIONS, PREFIX
from forum.clock import at, month_end, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import PollText, Post, Topic
from forum.dialogue.queries import first_post, mark_given, polls_below
from forum.library import actions as library
from forum.library.actions import CaseText, PracticeText
from forum.library.forms import KIND_NAMES
from forum.markup import write
from forum.members.actions import found_federation
from forum.members.models import Member, Organisation
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.openapi import Operation
from forum.permissions import MEMBERS, SYSTEM
from forum.search.queries import _matching
from forum.terms.actions import TermsText, write_terms
from tests.conftest import People

World = dict[str, Any]


def path_of(operation: Operation, world: World) -> str:
    """The operation's path, with values from the fixture `world` in it."""
    slugs = {"agenda": "quieter", "case": world["case"], "practice": world["practice"]}
    values = {
        "slug": slugs.get(operation.name.removesuffix("_in_language")),
        "language": "fr",
        "number": world["terms"] if operation.name == "terms_version" else 0,
        "topic_id": world["topic"],
        "post_id": world["post"],
        "declaration_id": world["open_declaration"],
        "commitment_id": world["commitment"],
    }
    return PREFIX + operation.path.format(**values)


def read(client: FlaskClient, path: str) -> Any:
    """The JSON at a path below `/api/v1`, or at a full address."""
    parts = urlsplit(path)
    query = f"?{parts.query}" if parts.query else ""
    address = parts.path if parts.path.startswith("/api/") else PREFIX + parts.path
    answer = client.get(address + query)
    assert answer.status_code == 200, answer.text
    return answer.json


def all_items(client: FlaskClient, path: str) -> Iterator[dict[str, Any]]:
    """The items of all parts of a list."""
    following: str | None = path
    while following:
        part = read(client, following)
        yield from part["items"]
        following = part["next"]


@pytest.fixture
def description(client: FlaskClient, people: People) -> dict[str, Any]:
    """The OpenAPI description of the routes."""
    found: dict[str, Any] = read(client, "/openapi.json")
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_answer_is_as_the_description_says(
    client: FlaskClient, world: World, description: dict[str, Any], operation: Operation
) -> None:
    of_world = update(Member).where(Member.handle == "ana-prado")
    organisation = select(Organisation.id).where(Organisation.slug == world["organisation"])
    db.session.execute(of_world.values(organisation_id=organisation.scalar_subquery()))
    db.session.commit()
    path = path_of(operation, world) + ("?q=loud" if operation.name == "search" else "")
    answer = read(client, path)
    said = description["paths"][operation.path]["get"]["responses"]["200"]["content"]
    schema = {**said["application/json"]["schema"], "components": description["components"]}
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(answer)] == []
    assert not operation.is_list or answer["items"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_answer_needs_many_queries(
    client: FlaskClient, world: World, queries: Callable[[], Any], operation: Operation
) -> None:
    with queries() as made:
        read(client, path_of(operation, world))
    assert made.count <= 11, made.statements


def test_a_long_list_needs_no_more_queries(
    client: FlaskClient, people: People, agenda: Agenda, queries: Callable[[], Any]
) -> None:
    for number in range(12):
        new = NewTopic("question", f"Number {number}", write("Why?"))
        topic = dialogue.open_topic(people.ana, agenda.id, new)
        dialogue.reply(people.ben, topic.id, write("So."))
    for path in ("/topics?limit={}", f"/topics/{topic.id}/posts?limit={{}}"):
        counts = []
        for limit in (12, 1, 12):  # the first one also fills the caches
            with queries() as made:
                read(client, path.format(limit))
            counts.append(made.count)
        assert counts[1] == counts[2]


def test_all_topics_are_read_part_by_part_in_either_order(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    opened = [
        dialogue.open_topic(
            people.ana, agenda.id, NewTopic("question", f"Number {number}", write("Why?"))
        ).id
        for number in range(7)
    ]
    newest = [item["id"] for item in all_items(client, "/topics?limit=3&order=newest")]
    oldest = [item["id"] for item in all_items(client, "/topics?limit=3&order=oldest")]
    assert newest == opened[::-1]
    assert oldest == opened
    with at(now() + timedelta(hours=1)):
        dialogue.reply(people.ben, opened[2], write("So."))
    active = [item["id"] for item in all_items(client, "/topics?limit=2&agenda=quieter")]
    assert active == [opened[2], *(topic_id for topic_id in opened[::-1] if topic_id != opened[2])]
    posts = [(item["topic_id"], item["number"]) for item in all_items(client, "/posts?limit=3")]
    assert posts == [(opened[2], 2), *((topic_id, 1) for topic_id in opened[::-1])]
    oldest_first = all_items(client, "/posts?limit=3&order=oldest")
    assert [(item["topic_id"], item["number"]) for item in oldest_first] == posts[::-1]


def test_topics_of_one_moment_are_each_given_once(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    for number in range(5):
        new = NewTopic("question", f"Number {number}", write("Why?"))
        dialogue.open_topic(people.ana, agenda.id, new)
    moment = now()
    db.session.execute(update(Topic).values(created_at=moment, active_at=moment))
    db.session.execute(update(Post).values(created_at=moment))
    db.session.commit()
    for order in ("active", "newest", "oldest"):
        found = [item["id"] for item in all_items(client, f"/topics?limit=2&order={order}")]
        assert found == sorted(found, reverse=order != "oldest")
        assert len(set(found)) == len(found) == 5
    assert len({item["id"] for item in all_items(client, "/posts?limit=2")}) == 5


def test_topics_are_chosen_by_agenda_kind_theme_and_language(
    client: FlaskClient, world: World, people: People, agenda: Agenda
) -> None:
    theme = next(all_items(client, "/themes"))["slug"]
    theme_id = themes_by_slug([theme])[0].id
    unused = write_theme(people.moderator, "Unused").slug
    new = NewTopic("experience", "Moins de bruit", write("Ici.", "fr"), [theme_id])
    wanted = dialogue.open_topic(people.ana, agenda.id, new).id
    path = f"/topics?agenda=quieter&kind=experience&theme={theme}&language=fr"
    assert [item["id"] for item in all_items(client, path)] == [wanted]
    for changed in ("agenda=quieter", "kind=experience", f"theme={theme}", "language=fr"):
        name = changed.partition("=")[0]
        others = {"kind": "question", "language": "de", "agenda": "other", "theme": unused}
        other = others[name]
        assert wanted not in [
            item["id"] for item in all_items(client, path.replace(changed, f"{name}={other}"))
        ]


def test_posts_come_by_number_without_those_that_are_gone(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    topic = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("question", "Loud?", write("**Why?**"))
    )
    replies = [dialogue.reply(people.ben, topic.id, write(f"Reply {n}.")) for n in range(4)]
    dialogue.delete(people.ben, replies[0].id)
    moderation.decide(people.moderator, "post", replies[1].id, "hide", Reasons("Spam.", 2))
    path = f"/topics/{topic.id}/posts?limit=2"
    assert [item["number"] for item in all_items(client, path)] == [1, 4, 5]
    assert read(client, path)["items"][0]["html"] == "<p><strong>Why?</strong></p>\n"
    assert [client.get(f"{PREFIX}/posts/{post.id}").status_code for post in replies] == [
        404,
        404,
        200,
        200,
    ]
    assert read(client, f"/topics/{topic.id}")["replies"] == 2


def test_only_what_visitors_may_read_is_there_whoever_asks(
    client: FlaskClient,
    people: People,
    agenda: Agenda,
    sign_in: Callable[[Any], FlaskClient],
) -> None:
    new = NewTopic("question", "Among us", write("Psst."), audience=MEMBERS)
    inside = dialogue.open_topic(people.ana, agenda.id, new)
    new = NewTopic("question", "Hidden", write("Buy."))
    hidden = dialogue.open_topic(people.ana, agenda.id, new)
    moderation.decide(people.moderator, "topic", hidden.id, "hide", Reasons("Spam.", 2))
    unseen = dialogue.open_topic(people.ana, agenda.id, NewTopic("question", "New", write("Hi.")))
    db.session.execute(update(Topic).where(Topic.id == unseen.id).values(unseen_at=now()))
    db.session.commit()
    for browser in (client, sign_in(people.ana), sign_in(people.administrator)):
        assert list(all_items(browser, "/topics")) == []
        assert list(all_items(browser, "/posts")) == []
        for topic in (inside, hidden, unseen):
            for address in (f"/topics/{topic.id}", f"/topics/{topic.id}/posts"):
                assert browser.get(PREFIX + address).status_code == 404
        for word in ("psst", "buy", "hi"):
            assert read(browser, f"/search?q={word}")["items"] == []


def test_programs_search_among_questions_or_experiences(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    for kind in ("question", "experience"):
        dialogue.open_topic(people.ana, agenda.id, NewTopic(kind, f"Loud {kind}", write("Hm.")))
    found = read(client, "/search?q=loud&kind=question")["items"]
    assert [(hit["kind"], hit["title"]) for hit in found] == [("topic", "Loud question")]


def test_programs_read_from_when_texts_were_not_looked_through(
    client: FlaskClient, people: People, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, for phrases and unwanted words; the index of SQLite knows all."""
    for day in range(3):
        with at(now() - timedelta(days=9 - day)):
            new = NewTopic("question", f"Loud trams {day}", write("Trams that are loud."))
            newest = dialogue.open_topic(people.ana, agenda.id, new)
    assert read(client, "/search?q=trams+-quiet")["unread_before"] is None
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 1)
    found = read(client, "/search?q=trams+-quiet")
    is_all = db.engine.dialect.name == "sqlite"
    assert len(found["items"]) == (3 if is_all else 1)
    said = newest.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found["unread_before"] == (None if is_all else said)


def test_what_did_not_work_stays_with_members_if_its_author_says_so(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    text = PracticeText(
        "Quieter asphalt",
        "Said in one sentence.",
        sections={"done": "So.", "failure": "It cracked."},
        failure_audience=MEMBERS,
    )
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    library.publish(people.moderator, made.id)
    answer = read(client, f"/practices/{made.slug}")
    assert [section["name"] for section in answer["sections"]] == ["done"]
    assert read(client, "/practices?failed=yes")["items"] == []


def test_a_merged_topic_leads_to_the_other(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    topics = [
        dialogue.open_topic(people.ana, agenda.id, NewTopic("question", title, write("Why?"))).id
        for title in ("One", "Other")
    ]
    moderation.merge(people.moderator, topics[0], topics[1], Reasons("One is enough."))
    for end in ("", "/posts"):
        answer = client.get(f"{PREFIX}/topics/{topics[0]}{end}")
        assert answer.status_code == 301
        assert urlsplit(answer.location).path == f"{PREFIX}/topics/{topics[1]}{end}"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_author_without_a_profile_has_a_name_alone(
    client: FlaskClient, world: World, people: People
) -> None:
    before = read(client, f"/posts/{world['post']}")["author"]
    assert before == {
        "name": "Ana Prado",
        "handle": "ana-prado",
        "url": "http://localhost/members/ana-prado",
    }
    moderation.decide(people.moderator, "member", people.ana.id, "hide", Reasons("Spam.", 2))
    after = read(client, f"/posts/{world['post']}")["author"]
    assert after == {"name": "Ana Prado", "handle": None, "url": None}
    db.session.execute(update(Member).where(Member.id == people.ana.id).values(left_at=now()))
    db.session.commit()
    assert read(client, f"/posts/{world['post']}")["author"] is None


def test_who_tried_it_is_told_by_city(client: FlaskClient, world: World, people: People) -> None:
    topic = read(client, read(client, f"/cases/{world['case']}")["topic_url"])
    opening = read(client, topic["posts_url"])["items"][0]["id"]
    dialogue.mark(people.chitra, opening, "tried it", "adapted", "It rained.", language="en")
    tried = read(client, f"/cases/{world['case']}")["tried"]
    assert [
        (mark["city"]["name"], *(mark[name] for name in ("outcome", "note", "language")))
        for mark in tried
    ] == [("Surat", "adapted", "It rained.", "en")]
    given = mark_given(people.chitra, opening, "tried it")
    assert given
    moderation.decide(people.moderator, "mark", given.id, "hide", Reasons("It is wrong.", 2))
    (hidden,) = read(client, f"/cases/{world['case']}")["tried"]
    assert hidden["note"] == hidden["language"] == ""


def test_who_wants_to_try_it_is_told_by_city(
    client: FlaskClient, world: World, people: People
) -> None:
    topic = read(client, read(client, f"/cases/{world['case']}")["topic_url"])
    library.intend(people.chitra, topic["id"], month_end(3))
    wanted = read(client, f"/cases/{world['case']}")["wanted"]
    assert [(intention["city"]["name"], intention["until"]) for intention in wanted] == [
        ("Surat", month_end(3).isoformat())
    ]
    assert people.chitra.name not in str(wanted)


def test_a_post_tells_what_was_chosen_in_its_poll_and_not_by_whom(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    new = NewTopic("question", "Loud?", write("Why?"), poll=PollText("Which?", ("One", "Two")))
    post = first_post(dialogue.open_topic(people.ana, agenda.id, new))
    chosen = polls_below(people.ben, [post])[post.id].options[1].id
    assert dialogue.vote(people.ben, post.id, [chosen])
    poll = read(client, f"/posts/{post.id}")["poll"]
    assert poll == {
        "question": "Which?",
        "is_multiple": False,
        "options": [{"words": "One", "votes": 0}, {"words": "Two", "votes": 1}],
        "voters": 1,
        "closes_at": None,
        "closed_at": None,
    }
    assert read(client, f"/topics/{post.topic_id}/posts")["items"][0]["poll"] == poll
    assert read(client, "/posts")["items"][0]["poll"] == poll
    dialogue.remove_poll(people.ana, post.id)
    assert read(client, f"/posts/{post.id}")["poll"] is None


def test_an_answer_that_is_not_to_be_read_is_none(
    client: FlaskClient, people: People, agenda: Agenda
) -> None:
    new = NewTopic("question", "Loud?", write("Why?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    answer = dialogue.reply(people.ben, topic.id, write("So."))
    dialogue.choose_answer(people.ana, topic.id, answer.id)
    assert read(client, f"/topics/{topic.id}")["is_answered"] is True
    db.session.execute(update(Post).where(Post.id == answer.id).values(unseen_at=now()))
    db.session.commit()
    assert read(client, f"/topics/{topic.id}")["is_answered"] is False
    assert read(client, "/topics")["items"][0]["is_answered"] is False


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_what_an_answer_says_can_be_asked_for(
    client: FlaskClient, people: People, agenda: Agenda, kind: str
) -> None:
    text = CaseText("A case", kind, "A summary.", "A body.")
    library.write_case(people.moderator, agenda.id, text)
    found = read(client, f"/cases?kind={quote(kind)}")["items"]
    assert [case["kind"] for case in found] == [kind]


def test_a_page_behind_the_last_is_empty(client: FlaskClient, world: World) -> None:
    for path in (
        "/cases?page=2",
        "/practices?page=99",
        "/readings?page=7",
        "/meetings?page=7",
        "/search?q=loud&page=9",
    ):
        answer = read(client, path)
        assert (answer["items"], answer["next"]) == ([], None)


def test_any_site_may_read_it_and_search_engines_list_it_not(
    client: FlaskClient, world: World
) -> None:
    paths = ("", "/", "/topics", "/posts/999999", "/openapi.json", "/nonsense", "/topics?limit=0")
    for path in paths:
        headers = client.get(PREFIX + path).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "Access-Control-Allow-Credentials" not in headers


def test_a_script_of_another_site_may_send_the_etag_back(client: FlaskClient, world: World) -> None:
    asked = client.options(f"{PREFIX}/topics", headers={"Origin": "https://city.example"})
    assert "If-None-Match" in asked.headers["Access-Control-Allow-Headers"]
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in client.get(f"{PREFIX}/topics").headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in client.get("/api").headers
    assert "Access-Control-Allow-Origin" not in client.get("/topics").headers


def test_an_answer_that_is_known_is_not_sent_again(client: FlaskClient, world: World) -> None:
    first = client.get(f"{PREFIX}/topics")
    again = client.get(f"{PREFIX}/topics", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


ODD = (
    "/topics?page=2",
    "/topics?limit=5&limit=6",
    "/topics?cursor=1",
    "/topics?cursor=99999999999999999999-1",
    "/topics?cursor=١-1",
    "/topics?agenda=nowhere",
    "/topics?theme=nowhere",
    "/topics?language=xx",
    "/cases?agenda=quieter&agenda=nowhere",
    "/search?q=loud&q=quiet",
    "/posts?limit=0",
    "/posts?order=active",
    "/topics?limit=0",
    "/topics?limit=101",
    "/topics?limit=ten",
    "/topics?limit=-1",
    "/topics?limit=١",
    "/topics?kind=poem",
    "/topics?order=random",
    "/cases?page=0",
    "/cases?kind=castle",
    "/practices?evidence=felt",
    "/practices?failed=no",
    "/search?q=loud&kind=poem",
    "/search?q=loud&page=1e3",
    "/search?q=loud&to=1000000000",
    "/search?q=loud&from=0000-01-01",
    "/search?q=loud&to=2026-01-01&from=2026-01-02",
)


@pytest.mark.parametrize("path", ODD)
def test_what_is_asked_wrongly_is_refused_in_a_sentence(
    client: FlaskClient, world: World, path: str
) -> None:
    answer = client.get(PREFIX + path)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    said = answer.json
    assert said is not None
    assert set(said) == set(Problem.__dataclass_fields__)
    name = path.partition("?")[2].rpartition("&")[2].partition("=")[0]
    assert f"“{name}”" in said["detail"]


HARMLESS = (
    "/topics?theme=%00&cursor=",
    "/topics?cursor=1-2147483647&order=oldest",
    "/topics?cursor=99999999999999999-9999999999",
    "/topics?limit=&kind=&order=&cursor=",
    "/topics?language=FR",
    "/cases?country=%ED%A0%80&country=<script>",
    "/cases?country=" + "&country=".join("abcdefghijklmnopqrst"),
    "/search?q=",
    "/search?q=%22*%27(",
    "/search?q=loud&from=9999-12-31&to=9999-12-31",
    "/search?q=loud&from=&to=%00",
)


@pytest.mark.parametrize("path", HARMLESS)
def test_what_finds_nothing_is_no_mistake(client: FlaskClient, world: World, path: str) -> None:
    assert isinstance(read(client, path)["items"], list)


@pytest.mark.parametrize(
    "path", ["/topics/0", "/topics/2147483648", "/posts/-1", "/agendas/no", "/x/y"]
)
def test_what_is_not_there_is_not_found_in_json(
    client: FlaskClient, world: World, path: str
) -> None:
    answer = client.get(PREFIX + path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_is_only_read(client: FlaskClient, world: World, method: str) -> None:
    for path in ("/topics", "/nonsense"):
        answer = client.open(PREFIX + path, method=method)
        assert answer.status_code == (404 if path == "/nonsense" else 405)
        assert answer.mimetype == "application/problem+json"
    assert set(client.put(f"{PREFIX}/topics").headers["Allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
    }


def test_the_page_about_it_names_every_address_and_parameter(
    client: FlaskClient, people: People
) -> None:
    page = client.get("/api").text
    for operation in OPERATIONS:
        assert f"<code>{PREFIX}{operation.path}</code>" in page
        for parameter in operation.parameters:
            assert f"<code>{parameter.name}</code>" in page
    assert "/api" in client.get("/help").text


def test_terms_of_use_are_named_once_there_are_some(client: FlaskClient, people: People) -> None:
    found_federation(SYSTEM, "Quiet cities")

    def names_terms() -> tuple[bool, bool]:
        about = client.get("/api").text.partition("<main")[2].partition("</main>")[0]
        return 'href="/terms"' in about, "termsOfService" in read(client, "/openapi.json")["info"]

    assert names_terms() == (False, False)
    write_terms(people.administrator, TermsText(write("Be kind."), now()))
    assert names_terms() == (True, True)


def test_a_form_token_is_not_asked_for(
    app: Flask, client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post(f"{PREFIX}/topics").status_code == 405


def test_a_busy_database_is_said_in_json(
    client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_any: object) -> None:
        raise OperationalError("SELECT", {}, Exception("locked"))

    monkeypatch.setattr(queries_of_api, "topics", busy)
    answer = client.get(f"{PREFIX}/topics")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    assert answer.json == {
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Please wait a moment and try again.",
    }
