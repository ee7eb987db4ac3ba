"""Hidden means hidden everywhere, and what is for members stays with members: words planted there are looked for.

The pages are taken from the application's own list of addresses, so a new page is read from its first day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.advice.actions import FollowUpText, ask, follow_up, look_after
from forum.advice.models import FollowUp
from forum.agendas.actions import (
    AgendaText,
    StatementText,
    set_hosts,
    write_agenda,
    write_statement,
    write_theme,
)
from forum.agendas.models import Agenda, Statement
from forum.agendas.queries import get_theme
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import UPHELD, Appeal
from forum.bookmarks import actions as bookmarks
from forum.bookmarks.queries import bookmark_of
from forum.clock import at, now
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue.actions import (
    NewTopic,
    delete,
    edit,
    keep_draft,
    mark,
    open_topic,
    reply,
    set_poll,
    vote,
    withdraw,
)
from forum.dialogue.models import Mark, Pace, PollText, Post, Topic
from forum.dialogue.queries import mark_given, polls_below, posts_in, revisions_of
from forum.front.actions import tell_reminders
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    publish,
    submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.library.models import Case, Practice, Reading
from forum.library.queries import opening_post_id
from forum.mail.commands import (
    compose,
    write_digests,
    write_notice_letters,
    write_report_letters,
)
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.meetings.actions import MeetingText, announce_meeting, come, remind_of_meetings
from forum.meetings.models import Meeting
from forum.members.actions import Joining, Profile, appoint, edit_profile, found_federation, join
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member
from forum.moderation.actions import (
    IllegalContentNotice,
    Reasons,
    decide,
    lock,
    refuse,
    report,
    report_illegal,
    send_back,
    slow,
    suspend,
    write_staff_note,
)
from forum.moderation.models import Decision, Report
from forum.moderation.queries import REMOVABLE_KINDS
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR, Person
from forum.queue.actions import write_note
from forum.rights.queries import KINDS as KEPT
from forum.rights.queries import records
from forum.screening.actions import RuleText, make_rule
from tests.conftest import dataset_fixture, load_dataset
from tests.declarations.planted import declared
from tests.glossary.conftest import name_canary

pytestmark = pytest.mark.thorough

KINDS = ("post", "topic", "case", "practice", "member")
# Two words for each text: one is searched for (a page repeats what was searched), the other must stay unseen.
SOUGHT = [f"canary{kind}" for kind in (*KINDS, "reply", "comment", "revision", "note", "told")]
UNSEEN = [word.replace("canary", "hush") for word in SOUGHT]
LISTS = [
    "/",
    "/agendas",
    "/topics",
    "/cases",
    "/practices",
    "/meetings",
    "/members",
    "/cities",
    "/sitemap.xml",
]
LISTS += [
    "/agendas/quieter",
    "/agendas/quieter/topics",
    "/feeds/all.atom",
    "/agendas/quieter/briefing",
    "/cities/medellin/exchange",
    "/agendas/quieter/feed.atom",
]
# Where the names of the glossary are looked for
NAMING = ["/glossary/canary", "/search?q=canary", "/search?q=canari", "/search?q=canarytopic"]
# What they list begins with what is typed, as do all the words that are searched for: one request finds any of them.
BEGINNINGS = ("/cities/suggest?q=canary", "/members/suggest?q=canary", "/members?words=canary")


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
@dataset_fixture
def planted(app: Flask, people: Any, agenda: Agenda) -> Planted:
    """One thing of each kind, full of secrets and of what others said to it; nothing is hidden yet."""
    names = load_dataset("planted", app, lambda: plant(people, agenda))
    _read_again(people, agenda)
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
    shown = open_topic(people.ben, agenda.id, _shown(people))
    with at(now() - timedelta(hours=1)):
        post = reply(people.ana, shown.id, write(secret("revision")))
    edit(people.ana, post.id, write(secret("post")))
    mark(people.ben, post.id, "tried it", "kept", secret("note"))
    new = NewTopic("question", secret("topic"), write(secret("topic")), themes=_themes())
    topic = open_topic(people.ana, agenda.id, new)
    replies = [reply(people.ben, topic.id, write(secret("reply"))).id]
    _ask_and_tell(people, topic)
    case = write_case(people.administrator, agenda.id, _of_a_city(_case(), people))
    practice = write_practice(people.ana, agenda.id, _of_a_city(_practice(), people))
    submit(people.ana, practice.id)
    practice = publish(people.moderator, practice.id)
    for topic_id in (case.topic_id, practice.topic_id):
        replies.append(reply(people.ben, topic_id, write(secret("comment"))).id)
    ids = {"post": post.id, "topic": topic.id, "case": case.id, "practice": practice.id}
    somebody = _somebody()
    ask(people.ben, shown.id, [somebody.handle, people.ana.handle])
    mark(somebody, shown_post(shown), "tried it", "kept", secret("member"))
    return {**ids, "member": somebody.id}, shown.id, [post.id, *replies]


def _shown(people: Any) -> NewTopic:
    """A question of another city on the theme of what is hidden, so that the page of that city could tell of it."""
    theme = write_theme(people.moderator, "Noise")
    return NewTopic("question", "Shown", write("Shown text."), themes=[theme.id])


def _themes() -> list[int]:
    return [get_theme("noise").id]


T = TypeVar("T", CaseText, PracticeText)


def _of_a_city(text: T, people: Any) -> T:
    """The same of Ana's city, on the theme of the shown question."""
    here = (
        {"city_ids": [people.ana.city_id]}
        if isinstance(text, CaseText)
        else {"city_id": people.ana.city_id}
    )
    return replace(text, theme_ids=_themes(), **here)


def _ask_and_tell(people: Any, topic: Any) -> None:
    """Others are asked about the question, and its asker tells what happened next."""
    ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle])
    _tell(people, topic, secret("told"))


def _tell(people: Any, topic: Any, words: str) -> None:
    with at(now() + timedelta(days=8)):
        look_after(SYSTEM)
    follow_up(people.ana, topic.id, FollowUpText(words, "yes", words))


def shown_post(topic: Any, reader: Person = VISITOR) -> int:
    return int(posts_in(reader, topic, 1).items[0].id)


def _case(kind: str = "case") -> CaseText:
    words = secret(kind)
    slug = "hidden-case" if kind == "case" else f"a-{kind}"
    return CaseText(name=words, kind="network", summary=words, body=words, reach=words, slug=slug)


def _practice(kind: str = "practice", **more: Any) -> PracticeText:
    words = secret(kind)
    return PracticeText(
        title=words,
        sentence=words,
        cost=words,
        sections={"challenge": words, "failure": words},
        slug="hidden-practice" if kind == "practice" else f"a-{kind}-practice",
        **more,
    )


def _meeting(kind: str, **more: Any) -> MeetingText:
    words, begins = secret(kind), now() + timedelta(hours=60)
    told = (words, write(words), begins, begins + timedelta(hours=1), "UTC", words)
    return MeetingText(*told, is_online=True, **more)


def _somebody(kind: str = "member") -> Member:
    city = city_by_name("Athens", "GR")
    name = f"Canary{kind} Hush{kind}"
    joining = Joining(
        name, "s@example.org", "-", city_id=city.id if city else None, handle="nobody-here"
    )
    member = join(VISITOR, joining)
    words = secret(kind)
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
    _hide_all(people, planted, deed)
    _read_again(people)


def _hide_all(people: Any, planted: Planted, deed: str) -> None:
    for kind, item_id in planted.ids.items():
        report(people.ben, kind, item_id, "rules")
    make_notices(SYSTEM)
    for kind, item_id in planted.ids.items():
        done = deed if kind in REMOVABLE_KINDS else "hide"
        decide(people.moderator, kind, item_id, done, Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def addresses(app: Flask, planted: Planted) -> list[str]:
    """Every address that answers a GET, with every value that its parts can have here."""
    found, adapter = [], app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "accounts.sign_out"):
            continue
        names = sorted(rule.arguments)
        parts = product(*(values(rule.rule, name, planted) for name in names))
        for chosen in entries(planted) if names == ["item_id", "thing"] else parts:
            found.append(adapter.build(rule.endpoint, dict(zip(names, chosen, strict=True))))
    lists = [f"{address}?page=2" for address in LISTS]
    lists += [f"/topics?kind={kind}&order=newest" for kind in ("question", "case", "practice")]
    lists += [
        "/agendas/quieter/topics?kind=question",
        "/practices?tried=kept",
        "/members?city=athens",
    ]
    return sorted({*found, *lists})


def entries(planted: Planted) -> list[tuple[int, str]]:
    """Number and kind of what may be an entry of the queue, and of what is none."""
    rows = {"post": Post, "topic": Topic, "case": Case, "practice": Practice, "appeal": Appeal}
    rows |= {"mark": Mark, "followup": FollowUp, "reservation": Signature}
    found = [
        (item_id, kind)
        for kind, model in rows.items()
        for item_id in db.session.scalars(select(model.id))
    ]
    found += [(held_id, "held") for held_id in planted.held_ids]
    return [*found, (planted.ids["member"], "member"), (1, "letter"), (1, "candidate"), (1, "what")]


def values(rule: str, name: str, planted: Planted) -> list[Any]:
    """What a part of an address can be."""
    room = rule.removeprefix("/api/v1").split("/")[1]
    slugs = {
        "agendas": list(db.session.scalars(select(Agenda.slug))),
        "cases": list(db.session.scalars(select(Case.slug))),
        "practices": _slugs(),
        "cities": ["athens", "medellin", "nairobi"],
        "organisations": ["none"],
        "meetings": list(db.session.scalars(select(Meeting.slug))) or ["x"],
        "themes": ["none"],
    }
    topics = list(db.session.scalars(select(Topic.id)))
    ids = {
        "topics": topics,
        "posts": list(db.session.scalars(select(Post.id))),
        "readings": list(db.session.scalars(select(Reading.id))) or [1],
        "meetings": list(db.session.scalars(select(Meeting.id))) or [1],
        "waiting": planted.held_ids or [1],
        "declarations": list(db.session.scalars(select(Declaration.id))) or [1],
    }
    known: dict[str, list[Any]] = {
        "slug": slugs.get(room, ["x"]),
        "handle": ["nobody-here", "ana-prado"],
        "id": ids.get(room, [1]),
        "appeal_id": list(db.session.scalars(select(Appeal.id))),
        "number": [0, 1],
        "secret": list(db.session.scalars(select(Report.number))) if room == "reports" else ["x"],
        "topic_id": topics,
        "post_id": ids["posts"],
        "decision_id": list(db.session.scalars(select(Decision.id))),
        "mark_id": list(db.session.scalars(select(Mark.id))),
        "follow_up_id": list(db.session.scalars(select(FollowUp.id))),
        "signature_id": list(db.session.scalars(select(Signature.id))) or [1],
        "declaration_id": list(db.session.scalars(select(Declaration.id))) or [1],
        "statement_id": list(db.session.scalars(select(Statement.id))) or [1],
    }
    return known.get(name, [1])


def _slugs() -> list[str]:
    return list(db.session.scalars(select(Practice.slug)))


def read(browser: FlaskClient, address: str) -> str:
    """What an address answers, its headers too, in small letters; for the number of a topic the topic's page."""
    response = browser.get(address)
    assert response.status_code < 500, address
    text = f"{response.headers}\n{response.get_data(as_text=True)}".lower()
    is_led = response.location and re.fullmatch(r"/topics/\d+", address)
    return text + read(browser, response.location) if is_led else text


def may_tell(text: str) -> bool:
    """Whether there can be a planted word in a text, so that it is worth looking for each of them."""
    return "canary" in text or "hush" in text


def leaks(browser: FlaskClient, app: Flask, planted: Planted) -> list[tuple[str, str]]:
    """The secrets that a reader comes to see, and where."""
    found = []
    for address in addresses(app, planted):
        text = read(browser, address)
        if may_tell(text):
            found += [(address, word) for word in (*SOUGHT, *UNSEEN) if word in text]
    for address in (*BEGINNINGS, *(f"/search?q={word}" for word in SOUGHT)):
        text = read(browser, address)
        found += [(address, other) for other in UNSEEN if other in text]
    return found


def test_lists_and_counts_are_as_if_it_had_never_been(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    with at(now()):  # the pages that print a moment print the same one
        _look_twice(client, people, agenda)


def _look_twice(client: FlaskClient, people: Any, agenda: Agenda) -> None:
    found_federation(SYSTEM, "Interurban")
    name_canary(people.moderator, SOUGHT)
    open_topic(people.ben, agenda.id, NewTopic("question", "Shown", write("Shown text.")))
    profile = "/members/ana-prado"
    before = {
        address: client.get(address).get_data(as_text=True)
        for address in [*LISTS, *NAMING, profile]
    }
    topic = open_topic(people.ana, agenda.id, NewTopic("experience", "Hidden", write("Text.")))
    case = write_case(people.administrator, agenda.id, _case())
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


def test_an_agenda_in_preparation_is_as_if_it_had_never_been(
    client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    with at(now()):
        found_federation(SYSTEM, "Interurban")
        name_canary(people.moderator, SOUGHT)
        theme = write_theme(people.moderator, "Noise")
        new = NewTopic("question", "Shown", write("Shown text."), themes=[theme.id])
        topic = open_topic(people.ben, agenda.id, new)
        known = [
            *LISTS,
            *NAMING,
            "/agendas/plans.svg",
            "/readings",
            "/themes",
            "/topics?theme=noise",
        ]
        known += [f"/members/{who.handle}" for who in (people.chitra, people.moderator)]
        known += [
            "/cities/copenhagen",
            "/cities/nairobi",
            "/search?q=canary",
            topic.address,
            "/transparency/decisions",
        ]
        before = {address: _page(client, address) for address in known}
        _topic, answer, *_comments = _prepared(people, agenda, people.chitra, themes=[theme.id])
        for address, text in before.items():
            assert _page(client, address) == text, address
        decide(people.moderator, "post", answer, "hide", Reasons("It broke a rule.", 2))
        register = _page(client, "/transparency/decisions")
        assert (
            register.count("<tr>") == 2 and before.pop("/transparency/decisions").count("<tr>") == 0
        )
        assert not may_tell(register.lower()) and "brewing" not in register
        for address, text in before.items():
            assert _page(client, address) == text, address


def _page(browser: FlaskClient, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def _prepared(
    people: Any, agenda: Agenda, host: Member, themes: Sequence[int] = ()
) -> tuple[int, ...]:
    """An agenda in preparation, with a thing of each kind that its host and a moderator have put there.

    Returns the numbers of its topics' posts.
    """
    words = secret("prepared")
    text = AgendaText(words, write(words), words, slug="brewing", is_open=False)
    made = write_agenda(people.moderator, text, hosts=[host.handle])
    if host in db.session:
        db.session.refresh(host, ["hosted"])
    said = StatementText(secret("take"), secret("take"), handle=people.moderator.handle)
    write_statement(people.moderator, made.id, said)
    write_reading(people.moderator, made.id, ReadingText(secret("shelf"), secret("shelf")))
    announce_meeting(people.moderator, made.id, _meeting("huddle"))
    page = replace(_case("sample"), theme_ids=tuple(themes))
    case = write_case(people.moderator, made.id, page)
    practice = _practice("method", theme_ids=tuple(themes))
    practice = submit(host, write_practice(host, made.id, practice).id)
    practice = publish(people.moderator, practice.id)
    words = secret("parley")
    calling = write(f"{words} @{people.ana.handle} @{people.administrator.handle}")
    topic = open_topic(
        people.moderator, made.id, NewTopic("question", words, calling, themes=list(themes))
    )
    answer = reply(host, topic.id, write(secret("retort")))
    mark(people.moderator, answer.id, "tried it", "kept", secret("retort"))
    comments = [reply(host, page.topic_id, write(secret("retort"))) for page in (case, practice)]
    return (shown_post(topic, people.moderator), answer.id, *(one.id for one in comments))


def test_what_is_restored_is_back_everywhere(
    app: Flask, client: FlaskClient, people: Any, planted: Planted
) -> None:
    """And before it is hidden, everything can be read."""
    before = leaks(client, app, planted)
    assert set(UNSEEN) <= {word for _address, word in before}
    peers = read(client, "/cities/nairobi").partition('id="peers"')[2]
    assert "hushtopic" in peers.partition("</section>")[0]
    hide_all(people, planted)
    for kind, item_id in planted.ids.items():
        decide(people.moderator, kind, item_id, "restore")
    assert set(leaks(client, app, planted)) == set(before)


@pytest.mark.parametrize("reader", ["visitor", "ben", "other_host"])
def test_what_is_removed_is_seen_by_nobody(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, planted: Planted, reader: str
) -> None:
    """As what is hidden, of which the matrix below speaks; and not even that there was something."""
    hide_all(people, planted, "remove")
    browser = {
        "visitor": lambda: client,
        "ben": lambda: sign_in(people.ben),
        "other_host": lambda: sign_in(planted.other_host),
    }[reader]()
    assert leaks(browser, app, planted) == []
    assert f'id="post-{planted.ids["post"]}"' not in browser.get(f"/topics/{planted.topic_id}").text


def test_the_addresses_that_are_read_lead_somewhere(
    app: Flask, client: FlaskClient, sign_in: Any, people: Any, planted: Planted
) -> None:
    browser = sign_in(people.moderator)
    for address in (
        "/cities/athens",
        "/cities/medellin",
        "/practices/hidden-practice",
        "/cases/hidden-case",
    ):
        assert client.get(address).status_code == 200, address
    _cities, *of_members = BEGINNINGS
    for address in of_members:
        assert "hushmember" in read(browser, address), address
    answers = [browser.get(address).status_code for address in addresses(app, planted)]
    assert answers.count(200) > 100 and answers.count(404) < len(answers) / 4


# The matrix: docs/who-sees-what.md says who finds which word where, and each word is looked for everywhere.

DOCUMENT = Path(__file__).parent.parent / "docs" / "who-sees-what.md"
READERS = (
    *("visitor", "member", "reporter", "author", "other host"),
    *("host", "moderator", "administrator"),
)
NOWHERE = "nowhere"


def tables() -> list[list[list[str]]]:
    """The tables of the document: rows of cells, without their heads."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\n)+", DOCUMENT.read_text(), re.MULTILINE):
        lines = [line.strip().strip("|").split("|") for line in block.splitlines()]
        found.append([[cell.strip() for cell in line] for line in lines])
    return found


def places() -> dict[str, re.Pattern[str]]:
    """What the document calls a place, and the addresses that belong to it: `*` is anything, `N` a number."""
    known = {}
    for name, said in tables()[0][2:]:
        parts = re.findall(r"`([^`]+)`", said) or [name]
        shape = "|".join(
            re.escape(part).replace(r"\*", ".*").replace("N", r"\d+") for part in parts
        )
        known[name] = re.compile(shape)
    return known


def policy() -> dict[str, dict[str, set[str]]]:
    """What is hidden, and for each reader the places where it is found."""
    head, _line, *lines = tables()[1]
    assert tuple(head[1:]) == READERS
    return {
        what: {
            reader: {part.strip() for part in cell.split(",")} - {NOWHERE}
            for reader, cell in zip(READERS, cells, strict=True)
        }
        for what, *cells in lines
    }


# What is hidden, as the document calls it, and the word that is planted in it; whose it is, when not Ana's
PLANTED = {
    "a hidden post": "post",
    "an earlier version of a hidden post": "formerly",
    "what a member says who tried a hidden post": "tried",
    "a hidden note of who tried a shown post": "minded",
    "a hidden note of who tried a practice": "trial",
    "a hidden topic": "topic",
    "a reply in a hidden topic": "reply",
    "what happened next, below a hidden question": "sequel",
    "the poll below a hidden post": "ballot",
    "what happened next, in a hidden topic": "told",
    "hidden, what happened next of a shown question": "outcome",
    "a hidden reservation about a declaration": "objected",
    "a draft of a declaration": "manifesto",
    "a hidden case": "case",
    "a comment on a hidden case": "comment",
    "a hidden practice": "practice",
    "a removed case": "gonecase",
    "a removed practice": "gonepractice",
    "a hidden profile of somebody else": "profile",
    "an earlier version of a shown post": "earlier",
    "a withdrawn version": "withdrawn",
    "a text that was begun": "begun",
    "a note on a bookmark": "memo",
    "a text that waits": "waiting",
    "a refused text": "refused",
    "why a text was refused": "refusal",
    "a topic for members": "members",
    "why a topic is locked": "settled",
    "why a topic for members is locked": "closed",
    "why a topic is slow": "heated",
    "why a topic for members is slow": "calmed",
    "a practice for members": "within",
    "a meeting for members": "gathering",
    "the link by which one joins it": "doorway",
    "what did not work, for members": "failure",
    "a draft practice": "draft",
    "a submitted practice": "submitted",
    "a returned practice": "returned",
    "why a practice was returned": "sentback",
    "a deleted post": "deleted",
    "a note about a member": "staff",
    "a note at an entry": "entry",
    "a member's report": "said",
    "a visitor's report": "visitor",
    "a visitor's name and address": "inés",
    "the facts of a decision": "facts",
    "the author's appeal": "appeal",
    "the answer to it": "answer",
    "the facts of a decision to keep": "kept",
    "the reporter's appeal": "wrongly",
    "a report of a moderator's own post": "ownreport",
    "a visitor's report of it, with name and address": "ownvisitor",
    "a note at its entry": "ownentry",
    "the reporter's appeal about it": "ownappeal",
    "an agenda in preparation": "prepared",
    "a statement on it": "take",
    "a best read on it": "shelf",
    "a meeting on it": "huddle",
    "a case on it": "sample",
    "a practice on it": "method",
    "a topic on it": "parley",
    "a reply on it": "retort",
}
OF_OTHERS = {
    "reply": "ben",
    "comment": "ben",
    "tried": "ben",
    **dict.fromkeys(("ownreport", "ownvisitor", "ownentry", "ownappeal"), "moderator"),
    **dict.fromkeys(("prepared", "take", "shelf", "huddle", "sample"), "moderator"),
    **dict.fromkeys(("method", "retort"), "host"),
    "parley": "moderator",
}


def test_the_document_speaks_of_all_that_is_planted() -> None:
    assert list(policy()) == list(PLANTED)
    named = {place for row in policy().values() for cell in row.values() for place in cell}
    assert named == set(places())


@dataclass
class Cast:
    """The people of the matrix by the name of the reader, and the numbers that addresses have."""

    readers: dict[str, Member | None]
    planted: Planted


@pytest.fixture
@dataset_fixture
def story(app: Flask, people: Any, agenda: Agenda) -> Cast:
    """Every kind of hidden thing with its word in it."""
    made = load_dataset("a matrix", app, lambda: vars(_story(people, agenda)))
    _read_again(people, agenda)
    named = {"author": people.ana, "ben": people.ben, "other host": people.chitra}
    named |= {"member": get_member(SYSTEM, "olga"), "reporter": get_member(SYSTEM, "rita")}
    named |= {role: getattr(people, role) for role in ("host", "moderator", "administrator")}
    somebody = get_member(SYSTEM, "nobody-here")
    return Cast({"visitor": None, **named}, Planted(**made, somebody=somebody, other_host=somebody))


@dataclass
class Numbers:
    """The numbers of what the matrix is about, as `Planted` has them."""

    ids: dict[str, int]
    topic_id: int
    post_ids: list[int]
    held_ids: list[int]


def _story(people: Any, agenda: Agenda) -> Numbers:
    found_federation(SYSTEM, "Interurban")
    rita, *_others = (join(VISITOR, _joining(name)) for name in ("Rita", "Olga", "Cora"))
    appoint(people.administrator, "cora", "moderator")
    other = write_agenda(people.moderator, AgendaText("Other", write("Text."), slug="other"))
    set_hosts(people.moderator, other.id, [people.chitra.handle])
    shown = open_topic(people.ben, agenda.id, _shown(people))
    numbers = Numbers({}, shown.id, [shown_post(shown)], [])
    _hidden(people, agenda, numbers, rita)
    _versions(people, numbers, rita)
    _held(people, numbers)
    bookmarks.bookmark(people.ana, "post", shown_post(shown))
    kept = bookmark_of(people.ana, "post", shown_post(shown))
    assert kept is not None
    tomorrow = (now() + timedelta(days=1)).date()
    bookmarks.note_and_remind(people.ana, kept.id, secret("memo"), tomorrow)
    _for_members(people, agenda, numbers)
    _practices(people, agenda)
    numbers.post_ids += _prepared(people, agenda, people.host)
    write_staff_note(people.moderator, people.ana.id, secret("staff"))
    with at(now() + timedelta(days=2)):
        tell_reminders(SYSTEM)
        remind_of_meetings(SYSTEM)
    make_notices(SYSTEM)
    with at(now() + timedelta(hours=1)):
        write_notice_letters()
        write_report_letters()
    with at(now() + timedelta(days=2)):
        write_digests()
    return numbers


def _cora() -> Member:
    """The moderator who writes cases, so that those in the table decide about them as about what others wrote."""
    return get_member(SYSTEM, "cora")


def _joining(name: str) -> Joining:
    return Joining(name, f"{name.lower()}@example.org", "-")


def _hidden(people: Any, agenda: Agenda, numbers: Numbers, rita: Member) -> None:
    """A post, a topic, a case, a practice and a profile, with what others said to them, hidden after reports."""
    with at(now() - timedelta(hours=1)):
        post = reply(people.ana, numbers.topic_id, write(secret("formerly")))
    edit(people.ana, post.id, write(secret("post")))
    mark(people.ben, post.id, "tried it", "kept", secret("tried"))
    words = secret("topic")
    new = NewTopic("question", words, write(words), themes=_themes())
    topic = open_topic(people.ana, agenda.id, new)
    numbers.post_ids += [post.id, reply(people.ben, topic.id, write(secret("reply"))).id]
    _ask_and_tell(people, topic)
    case = write_case(_cora(), agenda.id, _of_a_city(_case(), people))
    text = _of_a_city(_practice(), people)
    practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
    publish(people.moderator, practice.id)
    numbers.post_ids.append(reply(people.ben, case.topic_id, write(secret("comment"))).id)
    somebody = _somebody("profile")
    ids = {"post": post.id, "topic": topic.id, "case": case.id, "practice": practice.id}
    numbers.ids |= {**ids, "member": somebody.id}
    name, email = "Hushinés", "hushinés@x.example"
    notice = IllegalContentNotice(secret("visitor"), name, email, is_in_good_faith=True)
    make_notices(SYSTEM)
    for kind, item_id in numbers.ids.items():
        report(rita, kind, item_id, "rules", secret("said"))
        report_illegal(VISITOR, kind, item_id, notice)
        write_note(people.moderator, kind, item_id, secret("entry"))
    make_notices(SYSTEM)
    for kind, item_id in numbers.ids.items():
        decision = decide(people.moderator, kind, item_id, "hide", Reasons(secret("facts"), 2))
        if kind == "post":
            asked = appeal(people.ana, decision.id, secret("appeal"))
            make_notices(SYSTEM)
            decide_appeal(people.administrator, asked.id, UPHELD, secret("answer"))
    question = _question_with_a_sequel(people, agenda, rita)
    decide(people.moderator, "post", question, "hide", Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)
    _added(people, agenda, numbers, rita)
    _removed(people, agenda, numbers, rita)


def _added(people: Any, agenda: Agenda, numbers: Numbers, rita: Member) -> None:
    """What Ana says who tried a post and a practice of others, and what she told of her question, hidden after reports."""
    mark(people.ana, numbers.post_ids[0], "tried it", "kept", secret("minded"))
    text = PracticeText("Tried", "Tried.", slug="tried")
    practice = publish(
        people.moderator, submit(_cora(), write_practice(_cora(), agenda.id, text).id).id
    )
    page_id = opening_post_id(people.ana, practice.topic_id)
    mark(people.ana, page_id, "tried it", "kept", secret("trial"))
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Told", write("A question.")))
    reply(people.ben, topic.id, write("It stays in sight, too."))
    _tell(people, topic, secret("outcome"))
    told = db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))
    notes = [
        mark_given(people.ana, post_id, "tried it") for post_id in (numbers.post_ids[0], page_id)
    ]
    signature = declared(people, agenda, _cora(), secret)
    added = (*(("mark", note) for note in notes), ("followup", told), ("reservation", signature))
    for kind, row in added:
        assert row is not None
        report(rita, kind, row.id, "rules")
        make_notices(SYSTEM)
        decide(people.moderator, kind, row.id, "hide", Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def _question_with_a_sequel(people: Any, agenda: Agenda, rita: Member) -> int:
    """A shown topic with a poll, whose asker has told what happened next; the number of the post that opens it."""
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Asked", write("A question.")))
    reply(people.ben, topic.id, write("It stays in sight."))
    _tell(people, topic, secret("sequel"))
    opening = shown_post(topic)
    post = set_poll(people.ana, opening, PollText(secret("ballot"), (secret("ballot"), "Neither")))
    polls = polls_below(rita, [post])
    vote(rita, opening, [polls[opening].options[0].id])
    return opening


def _removed(people: Any, agenda: Agenda, numbers: Numbers, rita: Member) -> None:
    """A case and a practice that are removed after a report, with what others said to them."""
    case = write_case(_cora(), agenda.id, _case("gonecase"))
    text = _practice("gonepractice")
    practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
    practice = publish(people.moderator, practice.id)
    for kind, page in (("case", case), ("practice", practice)):
        numbers.post_ids.append(reply(people.ben, page.topic_id, write("A comment.")).id)
        report(rita, kind, page.id, "rules")
        make_notices(SYSTEM)
        decide(people.moderator, kind, page.id, "remove", Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def _versions(people: Any, numbers: Numbers, rita: Member) -> None:
    """A shown post with what it said before, reported and kept; and one that its author deletes."""
    with at(now() - timedelta(hours=3)):
        post = reply(people.ana, numbers.topic_id, write(secret("withdrawn")))
        gone = reply(people.ana, numbers.topic_id, write(secret("deleted")))
    with at(now() - timedelta(hours=1)):
        edit(people.ana, post.id, write(secret("earlier")))
    edit(people.ana, post.id, write("What it says now."))
    make_notices(SYSTEM)
    withdraw(people.ana, revisions_of(people.ana, post)[-1].id)
    mark(people.ben, gone.id, "tried it", "kept", secret("deleted"))
    report(rita, "post", gone.id, "rules")
    delete(people.ana, gone.id)
    report(rita, "post", post.id, "rules", secret("said"))
    decision = decide(people.moderator, "post", post.id, "keep", Reasons(secret("kept")))
    appeal(rita, decision.id, secret("wrongly"))
    numbers.post_ids += [post.id, gone.id]
    _open(people, numbers, rita)


def _open(people: Any, numbers: Numbers, rita: Member) -> None:
    """A post of Ana that is reported by a member and a visitor, with a note; nobody has decided yet."""
    reported = reply(people.ana, numbers.topic_id, write("Somebody minds this."))
    report(rita, "post", reported.id, "rules", secret("said"))
    notice = IllegalContentNotice(
        secret("visitor"), "Hushinés", "hushinés@x.example", is_in_good_faith=True
    )
    report_illegal(VISITOR, "post", reported.id, notice)
    write_note(people.moderator, "post", reported.id, secret("entry"))
    numbers.post_ids.append(reported.id)
    _of_a_moderator(people, numbers, rita)


def _of_a_moderator(people: Any, numbers: Numbers, rita: Member) -> None:
    """Posts of a moderator's own: one is reported by a member and a visitor, one was kept, and the reporter appeals."""
    name, email = secret("ownvisitor"), "hushownvisitor@x.example"
    notice = IllegalContentNotice(secret("ownvisitor"), name, email, is_in_good_faith=True)
    for is_kept in (False, True):
        post = reply(people.moderator, numbers.topic_id, write("Somebody minds this, too."))
        report(rita, "post", post.id, "rules", secret("ownreport"))
        report_illegal(VISITOR, "post", post.id, notice)
        write_note(people.host, "post", post.id, secret("ownentry"))
        if is_kept:
            kept = decide(people.host, "post", post.id, "keep", Reasons("It is within the rules."))
            appeal(rita, kept.id, secret("ownappeal"))


def _held(people: Any, numbers: Numbers) -> None:
    """A reply, a topic and a change of a post that wait, a reply that was refused, and what is only begun."""
    make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    words = write(f"zeppelin {secret('waiting')}")
    refused = reply(people.ana, numbers.topic_id, write(f"zeppelin {secret('refused')}"))
    begun = [("title", secret("begun")), ("source", secret("begun"))]
    keep_draft(people.ana, "a reply", begun, topic_id=numbers.topic_id)
    keep_draft(people.ana, "a topic", begun, agenda_id=refused.agenda_id)
    waiting = [refused, reply(people.ana, numbers.topic_id, words)]
    poll = PollText(secret("waiting"), (secret("waiting"), "None"))
    new = NewTopic("question", secret("waiting"), words, poll=poll)
    waiting.append(open_topic(people.ana, refused.agenda_id, new))
    waiting.append(edit(people.ana, numbers.post_ids[-1], words))
    make_notices(SYSTEM)
    refuse(people.moderator, refused.id, Reasons(secret("refusal"), 2))
    numbers.held_ids = [one.id for one in waiting]


def _for_members(people: Any, agenda: Agenda, numbers: Numbers) -> None:
    """A question, a practice and a field of one, for members only."""
    words = secret("members")
    kept = NewTopic("question", words, write(words), themes=_themes(), audience="members")
    topic = open_topic(people.ana, agenda.id, kept)
    post = reply(people.ben, topic.id, write(words))
    mark(people.ana, post.id, "tried it", "kept", words)
    ask(people.ana, topic.id, [people.ben.handle])
    _tell(people, topic, words)
    numbers.post_ids.append(post.id)
    link = f"https://meet.example/{secret('doorway').replace(' ', '/')}"
    meeting = announce_meeting(
        people.host, agenda.id, _meeting("gathering", audience="members", join_link=link)
    )
    come(people.ana, meeting.id, "online")
    for audience, word in (("public", "settled"), ("members", "closed")):
        new = NewTopic("question", "Locked", write("A text."), audience=audience)
        topic = open_topic(people.ana, agenda.id, new)
        lock(people.moderator, topic.id, Reasons(secret(word)))
    for audience, word in (("public", "heated"), ("members", "calmed")):
        new = NewTopic("question", "Slow", write("A text."), audience=audience)
        topic = open_topic(people.ana, agenda.id, new)
        slow(people.moderator, topic.id, Pace(60), Reasons(secret(word)))
    shown = {"challenge": "Shown.", "failure": secret("failure")}
    for text in (
        _of_a_city(_practice("within", audience="members"), people),
        PracticeText("Shown", "Shown.", sections=shown, failure_audience="members"),
    ):
        practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
        publish(people.moderator, practice.id)


def _practices(people: Any, agenda: Agenda) -> None:
    """A practice that its author is writing, one that waits, one that was returned."""
    write_practice(people.ana, agenda.id, _practice("draft"))
    submit(people.ana, write_practice(people.ana, agenda.id, _practice("submitted")).id)
    returned = submit(people.ana, write_practice(people.ana, agenda.id, _practice("returned")).id)
    send_back(people.moderator, returned.id, Reasons(secret("sentback")))


@pytest.mark.parametrize(("reader", "column"), [("visitors", "visitor"), ("members", "member")])
def test_an_export_holds_what_stands_in_its_place_for_its_readers_and_nothing_else(
    app: Flask, story: Cast, tmp_path: Path, reader: str, column: str
) -> None:
    words = ["export", str(tmp_path / "out"), "--readers", reader]
    done = app.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    text = "\n".join(file.read_text() for file in (tmp_path / "out").iterdir()).lower()
    said = policy()
    for what, word in PLANTED.items():
        assert (f"hush{word}" in text) == ("its place" in said[what][column]), what


@pytest.mark.parametrize("reader", [*READERS, "ben"])
def test_everything_is_found_where_the_document_says_and_nowhere_else(
    app: Flask, client: FlaskClient, sign_in: Any, story: Cast, reader: str
) -> None:
    member = story.readers[reader]
    browser = sign_in(member) if member else client
    found = finds(browser, app, story.planted, member)
    known, said, wrong = places(), policy(), []
    for what, word in PLANTED.items():
        expected = said[what][column(reader, word)]
        seen = {_place(one, expected, known) for one in found[word]}
        if seen != expected:
            wrong.append((what, "missing", expected - seen, "too much", seen - expected))
    assert not wrong, "\n".join(map(str, wrong))


def test_whose_account_is_closed_finds_what_a_visitor_finds(
    app: Flask, people: Any, sign_in: Any, story: Cast
) -> None:
    browser = sign_in(people.ana)
    suspend(people.administrator, people.ana.id, now() + timedelta(days=7), Reasons("Stop.", 2))
    found = finds(browser, app, story.planted, None)
    said, known = policy(), places()
    for what, word in PLANTED.items():
        expected = said[what]["visitor"]
        assert {_place(one, expected, known) for one in found[word]} == expected, what


def column(reader: str, word: str) -> str:
    """The column of the document that is about a reader and a word: Ana is no author of what Ben wrote."""
    if word in OF_OTHERS:
        reader = {OF_OTHERS[word]: "author", "author": "member"}.get(reader, reader)
    if (reader, word) == ("ben", "members"):  # he has replied there
        return "author"
    return {"ben": "member"}.get(reader, reader)


def _place(address: str, expected: set[str], known: dict[str, re.Pattern[str]]) -> str:
    """The expected place that an address belongs to, or the address itself."""
    return next((place for place in sorted(expected) if known[place].fullmatch(address)), address)


def finds(
    browser: FlaskClient, app: Flask, planted: Planted, member: Member | None
) -> dict[str, set[str]]:
    """Where a reader comes to see each word: addresses, letters, the file about oneself."""
    found: dict[str, set[str]] = {word: set() for word in PLANTED.values()}
    mail = letters_to(member, app) if member else []  # now, for what is read is not mailed
    for address, text in everything(browser, app, planted):
        for word, where in found.items() if may_tell(text) else ():
            searched = "canary" in address  # the page repeats that word
            if f"hush{word}" in text or (f"canary{word}" in text and not searched):
                where.add(address)
    if member:
        kept = [repr(some) for kind in KEPT for some in records(member, kind)]
        for place, texts in (("the file", kept), ("letters", mail)):
            text = "\n".join(texts).lower()
            for word in (word for word in found if f"hush{word}" in text):
                found[word].add(place)
    return found


def letters_to(member: Member, app: Flask) -> list[str]:
    """What the letters say that wait for a member."""
    mine = db.session.scalars(select(Delivery.id).where(Delivery.address == member.email)).all()
    letters = [compose(row, app.extensions["settings"]) for row in deliveries_by_id(mine)]
    return [f"{one.subject}\n{one.text}\n{one.html}" for one in letters if one]


def everything(browser: FlaskClient, app: Flask, planted: Planted) -> Iterator[tuple[str, str]]:
    """All that is to be read: each address, and what is found when the words are searched for."""
    for address in addresses(app, planted):
        yield address, read(browser, address)
    topics = [f"/search?q=canary&topic={id}" for id in db.session.scalars(select(Topic.id))]
    searches = [f"/search?q=canary{word}" for word in PLANTED.values()]
    for address in (*BEGINNINGS, *topics, *searches):
        yield address, read(browser, address)
