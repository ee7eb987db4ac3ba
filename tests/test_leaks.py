"""Hidden means hidden everywhere, and what is for members stays with members: words planted there are looked for.

The pages are taken from the application's own list of addresses, so a new page is read from its first day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.advice.actions import Story, ask, follow_up, look_after
from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.db import at, db, now
from forum.dialogue.actions import NewTopic, edit, mark, open_topic, reply
from forum.library.actions import (
    CaseText,
    PracticeText,
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.markup import write
from forum.members.actions import Joining, Profile, edit_profile, found_federation, join
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member
from forum.moderation.actions import (
    Illegal,
    Reasons,
    decide,
    refuse,
    report,
    report_illegal,
    write_staff_note,
)
from forum.moderation.models import Decision
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.queue.actions import write_note
from forum.screening.actions import RuleText, make_rule
from tests.conftest import remembered, stands

KINDS = ("post", "topic", "case", "practice", "member")
# Two words for each text: one is searched for (a page repeats what was searched), the other must stay unseen.
SOUGHT = [f"canary{kind}" for kind in (*KINDS, "reply", "comment", "revision", "note", "told")]
UNSEEN = [word.replace("canary", "hush") for word in SOUGHT]
LISTS = ["/", "/agendas", "/topics", "/cases", "/practices", "/members", "/cities", "/sitemap.xml"]
LISTS += [
    "/agendas/quieter",
    "/agendas/quieter/topics",
    "/feeds/all.atom",
    "/agendas/quieter/feed.atom",
]


def secret(kind: str) -> str:
    return f"canary{kind} hush{kind}"


@dataclass
class Planted:
    """What was planted: the id of each thing, the shown topic that holds the hidden post, the hidden person."""

    ids: dict[str, int]
    topic_id: int
    post_ids: list[int]
    somebody: Member
    other_host: Member
    held_ids: list[int] = field(default_factory=list)


@pytest.fixture
@stands
def planted(app: Flask, people: Any, agenda: Agenda) -> Planted:
    """One thing of each kind, full of secrets and of what others said to it; nothing is hidden yet."""
    names = remembered("planted", app, lambda: plant(people, agenda))
    others = get_member(SYSTEM, "nobody-here"), get_member(SYSTEM, people.chitra.handle)
    return Planted(*names, *others)


def _read_again(people: Any, *rows: Any) -> None:
    for row in (*vars(people).values(), *rows):
        if row in db.session:  # a browser's request lets go of all
            db.session.refresh(row)


def plant(people: Any, agenda: Agenda) -> tuple[dict[str, int], int, list[int]]:
    """Plant it all by the real deeds; the ids of the things, of the shown topic, of the posts."""
    found_federation(SYSTEM, "Interurban")
    other = write_agenda(people.moderator, AgendaText("Other", write("Text."), slug="other"))
    set_hosts(people.moderator, other.id, [people.chitra.handle])
    shown = open_topic(people.ben, agenda.id, NewTopic("question", "Shown", write("Shown text.")))
    with at(now() - timedelta(hours=1)):
        post = reply(people.ana, shown.id, write(secret("revision")))
    edit(people.ana, post.id, write(secret("post")))
    mark(people.ben, post.id, "tried it", "kept", secret("note"))
    new = NewTopic("question", secret("topic"), write(secret("topic")))
    topic = open_topic(people.ana, agenda.id, new)
    replies = [reply(people.ben, topic.id, write(secret("reply"))).id]
    _ask_and_tell(people, topic)
    case = write_case(people.moderator, agenda.id, _case())
    practice = write_practice(people.ana, agenda.id, _practice())
    submit(people.ana, practice.id)
    practice = publish(people.moderator, practice.id)
    for topic_id in (case.topic_id, practice.topic_id):
        replies.append(reply(people.ben, topic_id, write(secret("comment"))).id)
    ids = {"post": post.id, "topic": topic.id, "case": case.id, "practice": practice.id}
    somebody = _somebody()
    ask(people.ben, shown.id, [somebody.handle, people.ana.handle])
    mark(somebody, shown_post(shown), "tried it", "kept", secret("member"))
    return {**ids, "member": somebody.id}, shown.id, [post.id, *replies]


def _ask_and_tell(people: Any, topic: Any) -> None:
    """Others are asked about the question, and its asker tells what happened next."""
    ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle])
    with at(now() + timedelta(days=8)):
        look_after(SYSTEM)
    follow_up(people.ana, topic.id, Story(secret("told"), "yes", secret("told")))


def shown_post(topic: Any) -> int:
    from forum.dialogue.queries import posts_in

    return int(posts_in(VISITOR, topic, 1).items[0].id)


def _case() -> CaseText:
    words = secret("case")
    return CaseText(
        name=words, kind="network", summary=words, body=words, reach=words, slug="hidden-case"
    )


def _practice() -> PracticeText:
    words = secret("practice")
    return PracticeText(
        title=words,
        sentence=words,
        cost=words,
        sections={"challenge": words, "failure": words},
        slug="hidden-practice",
    )


def _somebody() -> Member:
    city = city_by_name("Athens", "GR")
    name = "Canarymember Hushmember"
    joining = Joining(
        name, "s@example.org", "-", city_id=city.id if city else None, handle="nobody-here"
    )
    member = join(VISITOR, joining)
    words = secret("member")
    edit_profile(
        member,
        Profile(
            name=name,
            position=words,
            city_id=joining.city_id,
            helps_with=words,
            about=write(words),
        ),
    )
    return get_member(SYSTEM, "nobody-here")


def hide_all(people: Any, planted: Planted, deed: str = "hide") -> None:
    """Ben reports everything, the notices go out, the moderator hides it all, or removes what can be removed."""
    remembered(f"done: {deed}", current_app, lambda: _hide_all(people, planted, deed))
    _read_again(people)


def _hide_all(people: Any, planted: Planted, deed: str) -> None:
    for kind, item_id in planted.ids.items():
        report(people.ben, kind, item_id, "rules")
    make_notices(SYSTEM)
    for kind, item_id in planted.ids.items():
        word = deed if kind in ("post", "topic") else "hide"
        decide(people.moderator, kind, item_id, word, Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def addresses(app: Flask, planted: Planted) -> list[str]:
    """Every address that answers a GET, with every value that its parts can have here."""
    found, adapter = [], app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "accounts.sign_out"):
            continue
        names = sorted(rule.arguments)
        for chosen in product(*(values(rule.rule, name, planted) for name in names)):
            found.append(str(adapter.build(rule.endpoint, dict(zip(names, chosen, strict=True)))))
    lists = [f"{address}?page=2" for address in LISTS]
    lists += [f"/topics?kind={kind}&order=newest" for kind in ("question", "case", "practice")]
    lists += [
        "/agendas/quieter/topics?kind=question",
        "/practices?tried=kept",
        "/members?city=athens",
    ]
    return sorted({*found, *lists})


def values(rule: str, name: str, planted: Planted) -> list[Any]:
    """What a part of an address can be."""
    room = rule.split("/")[1]
    slugs = {
        "agendas": ["quieter"],
        "cases": ["hidden-case"],
        "practices": ["hidden-practice", "shown"],
        "cities": ["athens", "medellin"],
        "organisations": ["none"],
        "themes": ["none"],
    }
    topics = sorted({planted.ids["topic"], *range(planted.topic_id, planted.topic_id + 4)})
    ids = {
        "topics": topics,
        "posts": planted.post_ids,
        "readings": [1],
        "waiting": planted.held_ids or [1],
    }
    known: dict[str, list[Any]] = {
        "slug": slugs.get(room, ["x"]),
        "handle": ["nobody-here", "ana-prado"],
        "id": ids.get(room, [1]),
        "topic_id": topics,
        "post_id": planted.post_ids,
        "thing": list(KINDS),
        "item_id": sorted({planted.ids["post"], planted.ids["member"]}),
        "decision_id": list(db.session.scalars(select(Decision.id))),
    }
    return known.get(name, [1])


def read(browser: FlaskClient, address: str) -> str:
    """What an address answers, its status and headers too, in small letters; for the number of a topic the topic's page."""
    response = browser.get(address)
    assert response.status_code < 500, address
    text = f"{response.status_code}\n{response.headers}\n{response.get_data(as_text=True)}".lower()
    is_led = response.location and re.fullmatch(r"/topics/\d+", address)
    return text + read(browser, response.location) if is_led else text


READ: dict[tuple[str, str, str], dict[str, str]] = {}


def read_once(
    state: str, reader: str, browser: FlaskClient, app: Flask, known: list[str]
) -> dict[str, str]:
    """What a reader is answered at each address; read once for all tests in which the forum is in the same state."""
    key = (state, reader, app.config["SQLALCHEMY_DATABASE_URI"])
    if key not in READ:
        READ[key] = {address: read(browser, address) for address in known}
    assert READ[key].keys() == set(known), "the forum was in another state"
    return READ[key]


def leaks(
    browser: FlaskClient, app: Flask, planted: Planted, state: str = "", reader: str = ""
) -> list[tuple[str, str]]:
    """The secrets that a reader comes to see, and where."""
    found, known = [], addresses(app, planted)
    pages = read_once(state, reader, browser, app, known) if state else {}
    for address in known:
        text = pages[address] if pages else read(browser, address)
        found += [(address, word) for word in (*SOUGHT, *UNSEEN) if word in text]
    for word in SOUGHT:
        text = read(browser, f"/search?q={word}")
        found += [(f"/search?q={word}", other) for other in UNSEEN if other in text]
        text = read(browser, f"/cities/suggest?q={word}")
        found += [("/cities/suggest", other) for other in UNSEEN if other in text]
    return found


def test_before_it_is_hidden_everything_can_be_read(
    app: Flask, client: FlaskClient, people: Any, planted: Planted
) -> None:
    seen = {word for _address, word in leaks(client, app, planted, "shown", "visitor")}
    assert {
        f"hush{kind}" for kind in (*KINDS, "reply", "comment", "revision", "note", "told")
    } <= seen


@pytest.mark.parametrize("deed", ["hide", "remove"])
@pytest.mark.parametrize("reader", ["visitor", "ben", "other_host"])
def test_what_is_hidden_is_seen_by_nobody(
    app: Flask,
    client: FlaskClient,
    sign_in: Any,
    people: Any,
    planted: Planted,
    reader: str,
    deed: str,
) -> None:
    hide_all(people, planted, deed)
    browsers = {
        "visitor": lambda: client,
        "ben": lambda: sign_in(people.ben),
        "other_host": lambda: sign_in(planted.other_host),
    }
    assert leaks(browsers[reader](), app, planted) == []


def test_moderators_still_read_it(sign_in: Any, people: Any, planted: Planted) -> None:
    hide_all(people, planted)
    for browser in (sign_in(people.moderator), sign_in(people.administrator)):
        for address, kind in (
            (f"/topics/{planted.ids['topic']}", "topic"),
            ("/cases/hidden-case", "case"),
            ("/practices/hidden-practice", "practice"),
            ("/members/nobody-here", "member"),
            (f"/moderation/post/{planted.ids['post']}", "post"),
            ("/moderation/log", "topic"),
        ):
            response = browser.get(address)
            response = browser.get(response.location) if response.location else response
            assert f"hush{kind}" in response.get_data(as_text=True).lower(), address


def test_lists_and_counts_are_as_if_it_had_never_been(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    with at(now()):  # the pages that print a moment print the same one
        _look_twice(client, people, agenda)


def _look_twice(client: FlaskClient, people: Any, agenda: Agenda) -> None:
    found_federation(SYSTEM, "Interurban")
    open_topic(people.ben, agenda.id, NewTopic("question", "Shown", write("Shown text.")))
    profile = "/members/ana-prado"
    before = {address: client.get(address).get_data(as_text=True) for address in [*LISTS, profile]}
    topic = open_topic(people.ana, agenda.id, NewTopic("experience", "Hidden", write("Text.")))
    case = write_case(people.moderator, agenda.id, _case())
    practice = submit(people.ana, write_practice(people.ana, agenda.id, _practice()).id)
    publish(people.moderator, practice.id)
    somebody = _somebody()
    for kind, item in (
        ("topic", topic),
        ("case", case),
        ("practice", practice),
        ("member", somebody),
    ):
        decide(people.moderator, kind, item.id, "hide", Reasons("It broke a rule.", 2))
    for address, text in before.items():
        assert client.get(address).get_data(as_text=True) == text, address


def test_what_is_restored_is_back_everywhere(
    app: Flask, client: FlaskClient, people: Any, planted: Planted
) -> None:
    before = leaks(client, app, planted, "shown", "visitor")
    hide_all(people, planted)
    for kind, item_id in planted.ids.items():
        decide(people.moderator, kind, item_id, "restore")
    assert set(leaks(client, app, planted)) == set(before)


def test_what_is_for_members_is_seen_by_no_visitor(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda
) -> None:
    found_federation(SYSTEM, "Interurban")
    shown = open_topic(people.ben, agenda.id, NewTopic("question", "Shown", write("Shown text.")))
    kept = NewTopic("question", secret("topic"), write(secret("topic")), audience="members")
    topic = open_topic(people.ana, agenda.id, kept)
    post = reply(people.ben, topic.id, write(secret("reply")))
    _ask_and_tell(people, topic)
    mark(people.ana, post.id, "tried it", "kept", secret("note"))
    words = {name: getattr(_practice(), name) for name in ("title", "sentence", "sections", "slug")}
    failure = {"challenge": "Shown.", "failure": secret("comment")}
    for text in (
        PracticeText(**words, audience="members"),
        PracticeText("Shown", "Shown.", sections=failure, failure_audience="members"),
    ):
        practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
        publish(people.moderator, practice.id)
    ids = {"post": post.id, "topic": topic.id, "case": 1, "practice": 1, "member": people.ana.id}
    planted = Planted(ids, shown.id, [post.id, post.id - 1], people.ana, people.chitra)
    assert leaks(client, app, planted) == []
    seen = {word for _address, word in leaks(sign_in(people.chitra), app, planted)}
    assert {"hushtopic", "hushreply", "hushpractice", "hushnote", "hushtold"} <= seen


FOR_MODERATORS = ("hushsaid", "hushvisitor", "hushentry", "hushstaff", "hushinés")


@pytest.fixture
@stands
def kept_back(app: Flask, people: Any, planted: Planted) -> None:
    """What is for moderators, and what a rule holds back: readers are tried with both at once."""
    remembered("for moderators", app, lambda: plant_for_moderators(people, planted))
    planted.held_ids = remembered("held", app, lambda: hold_back(people, planted))


def plant_for_moderators(people: Any, planted: Planted) -> None:
    """A report, one of a visitor, a note of an entry and one about a member, with a word in each."""
    post, somebody = planted.ids["post"], planted.ids["member"]
    said, visitor, entry, staff, name = FOR_MODERATORS
    report(people.chitra, "post", post, "rules", said)
    report(people.chitra, "member", somebody, "rules", said)
    notice = Illegal(visitor, name.title(), "i@x.example", is_in_good_faith=True)
    for kind in ("post", "topic", "case", "practice", "member"):
        report_illegal(VISITOR, kind, planted.ids[kind], notice)
    for kind, item_id in (("post", post), ("member", somebody)):
        write_note(people.moderator, kind, item_id, entry)
    for member_id in (somebody, people.ana.id):
        write_staff_note(people.moderator, member_id, staff)
    make_notices(SYSTEM)


@pytest.mark.parametrize("reader", ["visitor", "ana", "ben", "somebody", "host", "moderator"])
def test_what_is_for_moderators_is_seen_by_moderators_alone(
    app: Flask, look: Any, planted: Planted, reader: str
) -> None:
    browser, known = look(reader)
    pages = list(known.values())
    pages += [read(browser, f"/search?q={word[:-1]}") for word in FOR_MODERATORS]
    found = {word for word in FOR_MODERATORS if any(word in page for page in pages)}
    seen = {"moderator": set(FOR_MODERATORS), "host": {*FOR_MODERATORS} - {"hushstaff"}}
    assert found == seen.get(reader, set())


def test_the_addresses_that_are_read_lead_somewhere(client: FlaskClient, look: Any) -> None:
    _browser, pages = look("moderator")
    for address in (
        "/cities/athens",
        "/cities/medellin",
        "/practices/hidden-practice",
        "/cases/hidden-case",
    ):
        assert client.get(address).status_code == 200, address
    answers = [text.partition("\n")[0] for text in pages.values()]
    assert answers.count("200") > 100 and answers.count("404") < len(answers) / 4


HELD = re.compile("canaryheld|hushheld")


def hold_back(people: Any, planted: Planted) -> list[int]:
    """A reply, a topic and a change of a post that wait, and a reply that was refused."""
    make_rule(people.administrator, RuleText("word", "canaryheld", "We read this first."))
    words = write(secret("held"))
    waiting = [reply(people.ana, planted.topic_id, words) for _time in range(2)]
    new = NewTopic("question", secret("held"), words)
    waiting.append(open_topic(people.ana, waiting[0].agenda_id, new))
    waiting.append(edit(people.ana, planted.ids["post"], words))
    refuse(people.moderator, waiting[1].id, Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)
    return [one.id for one in waiting]


def decided() -> list[int]:
    """The numbers of all decisions."""
    return list(db.session.scalars(db.select(Decision.id)))


@pytest.fixture
def look(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, planted: Planted, kept_back: None
) -> Any:
    """The browser of a reader, and what they are answered at each address: `look("ben")`."""

    def looking(reader: str) -> tuple[FlaskClient, dict[str, str]]:
        others = {"somebody": planted.somebody, "other host": planted.other_host}
        member = others.get(reader) or getattr(people, reader, None)
        browser = sign_in(member) if member else client
        known = addresses(app, planted)
        known += [f"/moderation/held/{number}" for number in planted.held_ids]
        known += [f"/moderation/decisions/{number}" for number in decided()]
        return browser, read_once("kept back", reader, browser, app, known)

    return looking


def where_held(pages: dict[str, str]) -> set[str]:
    """The addresses at which a reader comes to see what is held back."""
    return {address for address, text in pages.items() if HELD.search(text)}


@pytest.mark.parametrize("who", ["visitor", "ben", "other host"])
def test_what_a_rule_holds_back_is_seen_by_nobody_else(look: Any, who: str) -> None:
    browser, pages = look(who)
    assert where_held(pages) == set()
    found = read(browser, "/search?q=canaryheld")
    assert "hushheld" not in found


def test_its_author_sees_it_at_its_place(look: Any, planted: Planted) -> None:
    found = where_held(look("ana")[1])
    topic = f"/topics/{planted.topic_id}"
    assert found >= {"/waiting", *(f"/waiting/{number}" for number in planted.held_ids)}
    assert any(one.startswith(topic) for one in found)
    elsewhere = {one for one in found if not one.startswith(("/waiting", topic))}
    # What is kept about oneself, and that a moderator has decided about it
    decisions = {f"/moderation/decisions/{number}" for number in decided()}
    appealing = {f"{address}/appeal" for address in decisions}
    known = {*decisions, *appealing, "/settings/data/file", "/notices"}
    assert elsewhere <= known, elsewhere


@pytest.mark.parametrize("who", ["host", "moderator"])
def test_moderators_see_it_in_moderation_alone(look: Any, who: str) -> None:
    found = where_held(look(who)[1])
    assert found and all(one.startswith("/moderation") for one in found), found
