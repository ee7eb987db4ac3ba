"""Secret words in texts that some readers must not see, and every address at which tests look for these words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations, product
from typing import Any, TypeVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.advice.actions import FollowUpText, ask, follow_up, look_after
from forum.advice.models import FollowUp
from forum.agendas.actions import (
    AgendaText,
    StatementText,
    write_agenda,
    write_statement,
    write_theme,
)
from forum.agendas.models import Agenda, Statement
from forum.agendas.queries import get_theme
from forum.appeals.models import Appeal
from forum.bookmarks.models import Bookmark
from forum.candidates.models import Candidate
from forum.clock import at, now
from forum.commitments.models import Commitment, Milestone
from forum.contact.models import ContactLetter
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue.actions import (
    NewTopic,
    mark,
    open_topic,
    reply,
)
from forum.dialogue.models import Mark, Post, Revision, Topic
from forum.dialogue.queries import first_post, get_topic, posts_in
from forum.factors.models import Passkey
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
from forum.markup import write
from forum.meetings.models import Meeting
from forum.members.actions import Joining, Profile, edit_profile, join
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member
from forum.moderation.models import Decision, Order, Report
from forum.parallels.models import Translation
from forum.permissions import SYSTEM, VISITOR, Person
from forum.pictures.models import Picture
from forum.screening.models import Rule
from forum.searches.models import KeptSearch
from forum.webhooks.models import Webhook
from tests.commitments.planted import prepared_commitment
from tests.meetings.planted import meeting_of
from tests.parallels.planted import translated

KINDS = ("post", "topic", "case", "practice", "member")
# Two words for each text: one to search for (the page repeats it), and one that must not be shown.
SOUGHT = [f"canary{kind}" for kind in (*KINDS, "reply", "comment", "revision", "note", "told")]
UNSEEN = [word.replace("canary", "hush") for word in SOUGHT]
LISTS = [
    "/",
    "/agendas",
    "/topics",
    "/cases",
    "/practices",
    "/meetings",
    "/commitments",
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
# Where tests look for names of the glossary
NAMING = ["/glossary/canary", "/search?q=canary", "/search?q=canari", "/search?q=canarytopic"]
# These list what begins with the typed letters. All words that tests search for begin alike, so one request finds any of
# them.
BEGINNINGS = ("/cities/suggest?q=canary", "/members/suggest?q=canary", "/members?words=canary")


def secret(kind: str) -> str:
    return f"canary{kind} hush{kind}"


@dataclass
class Planted:
    """What contains secret words: the id of each thing, the visible topic of the hidden post, the hidden member."""

    ids: dict[str, int]
    topic_id: int
    post_ids: list[int]
    somebody: Member
    other_host: Member
    held_ids: list[int] = field(default_factory=list)


def read_again(people: Any, *rows: Any) -> None:
    for row in (*vars(people).values(), *rows):
        if row in db.session:  # the rows are detached after a request
            db.session.refresh(row)


def shown_question(people: Any) -> NewTopic:
    """A question from another city on the theme of the hidden texts, so that the page of that city could reveal them."""
    theme = write_theme(people.moderator, "Noise")
    return NewTopic("question", "Shown", write("Shown text."), themes=[theme.id])


def noise() -> list[int]:
    return [get_theme("noise").id]


T = TypeVar("T", CaseText, PracticeText)


def of_a_city(text: T, people: Any) -> T:
    """A question from Ana's city, on the theme of the shown question."""
    here = (
        {"city_ids": [people.ana.city_id]}
        if isinstance(text, CaseText)
        else {"city_id": people.ana.city_id}
    )
    return replace(text, theme_ids=noise(), **here)


def ask_and_tell(people: Any, topic: Any) -> None:
    """Ask members for advice about the question, and write its follow-up."""
    ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle])
    tell(people, topic, secret("told"))


def tell(people: Any, topic: Any, words: str) -> None:
    with at(now() + timedelta(days=8)):
        look_after(SYSTEM)
    follow_up(people.ana, topic.id, FollowUpText(words, "yes", words))


def shown_post(topic: Any, reader: Person = VISITOR) -> int:
    return int(posts_in(reader, topic, 1).items[0].id)


def a_case(kind: str = "case") -> CaseText:
    words = secret(kind)
    slug = "hidden-case" if kind == "case" else f"a-{kind}"
    return CaseText(name=words, kind="network", summary=words, body=words, reach=words, slug=slug)


def a_practice(kind: str = "practice", **more: Any) -> PracticeText:
    words = secret(kind)
    return PracticeText(
        title=words,
        sentence=words,
        cost=words,
        sections={"challenge": words, "failure": words},
        slug="hidden-practice" if kind == "practice" else f"a-{kind}-practice",
        **more,
    )


def a_person(kind: str = "member") -> Member:
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


def addresses(app: Flask, planted: Planted) -> list[str]:
    """Every address that answers a GET, with every value that its parts can have here.

    Raises a `KeyError` for a part without values, so that no page is left out unnoticed.
    """
    found, adapter = [], app.url_map.bind("localhost")
    known, rooms = parts(planted)
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "accounts.sign_out"):
            continue
        names = sorted(rule.arguments)
        room = rule.rule.removeprefix("/api/v1").split("/")[1]
        here = {**known, **rooms.get(room, {})}
        is_entry = names == ["item_id", "thing"]
        for chosen in entries(planted) if is_entry else product(*(here[name] for name in names)):
            found.append(adapter.build(rule.endpoint, dict(zip(names, chosen, strict=True))))
    lists = [f"{address}?page=2" for address in LISTS]
    lists += [f"/topics?kind={kind}&order=newest" for kind in ("question", "case", "practice")]
    pairs = combinations(_all(Practice.slug), 2)
    lists += [f"/practices/{slug}/compare?with={other}" for slug, other in pairs]
    lists += [
        "/agendas/quieter/topics?kind=question",
        "/practices?tried=kept",
        "/practices.csv?tried=kept",
        "/cases?tried=kept",
        "/members?city=athens",
    ]
    return sorted({*found, *lists})


def entries(planted: Planted) -> list[tuple[int, str]]:
    """Ids and kinds of entries of the queue, and some that do not exist."""
    rows = {"post": Post, "topic": Topic, "case": Case, "practice": Practice, "appeal": Appeal}
    rows |= {"mark": Mark, "followup": FollowUp, "reservation": Signature}
    rows |= {"commitment": Commitment, "translation": Translation}
    found = [
        (item_id, kind)
        for kind, model in rows.items()
        for item_id in db.session.scalars(select(model.id))
    ]
    found += [(held_id, "held") for held_id in planted.held_ids]
    return [*found, (planted.ids["member"], "member"), (1, "letter"), (1, "candidate"), (1, "what")]


Values = dict[str, list[Any]]  # values of the parts of addresses, by name


# Ids in addresses: the kind of thing, by the name of the part
NUMBERED = {
    "agenda_id": Agenda.id,
    "appeal_id": Appeal.id,
    "bookmark_id": Bookmark.id,
    "candidate_id": Candidate.id,
    "commitment_id": Commitment.id,
    "decision_id": Decision.id,
    "declaration_id": Declaration.id,
    "follow_up_id": FollowUp.id,
    "letter_id": ContactLetter.id,
    "mark_id": Mark.id,
    "meeting_id": Meeting.id,
    "milestone_id": Milestone.id,
    "order_id": Order.id,
    "passkey_id": Passkey.id,
    "picture_id": Picture.id,
    "post_id": Post.id,
    "reading_id": Reading.id,
    "revision_id": Revision.id,
    "rule_id": Rule.id,
    "search_id": KeptSearch.id,
    "signature_id": Signature.id,
    "statement_id": Statement.id,
    "topic_id": Topic.id,
    "translation_id": Translation.id,
    "webhook_id": Webhook.id,
}


def parts(planted: Planted) -> tuple[Values, dict[str, Values]]:
    """The values of the parts of addresses: for all routes, and others for routes that begin with a certain word."""
    known: Values = {name: _all(column) or [1] for name, column in NUMBERED.items()}
    known |= {
        "code": ["x"],
        "handle": ["nobody-here", "ana-prado"],
        "held_id": planted.held_ids or [1],
        "kind": ["case"],
        "language": ["es", "fr"],
        "member_id": [planted.ids["member"]],
        "name": ["x"],
        "number": [0, 1],
        "seal": ["x"],
        "secret": ["x"],
        "slug": ["x"],
    }
    rooms: dict[str, Values] = {
        "agendas": {"slug": _all(Agenda.slug)},
        "cases": {"slug": _all(Case.slug)},
        "practices": {"slug": _all(Practice.slug), "kind": ["practice"]},
        "cities": {"slug": ["athens", "medellin", "nairobi"]},
        "organisations": {"slug": ["none"]},
        "themes": {"slug": ["none"]},
        "meetings": {"slug": ["a-meeting"]},
        "reports": {"secret": _all(Report.number)},
    }
    return known, rooms


def _all(column: Any) -> list[Any]:
    return list(db.session.scalars(select(column)))


def read(browser: FlaskClient, address: str) -> str:
    """The response of an address, with its headers, in lower case; redirects from a topic's id are followed."""
    response = browser.get(address)
    assert response.status_code < 500, address
    text = f"{response.headers}\n{response.get_data(as_text=True)}".lower()
    is_led = response.location and re.fullmatch(r"/topics/\d+", address)
    return text + read(browser, response.location) if is_led else text


def words_told(text: str) -> str:
    """The words of a text that can contain planted ones, in which each is looked for; there are few, or none."""
    return " ".join(re.findall(r"(?:canary|hush)\w*", text))


def prepared_agenda(
    people: Any, agenda: Agenda, host: Member, themes: Sequence[int] = ()
) -> tuple[int, ...]:
    """An agenda in preparation, with a thing of each kind by its host and a moderator.

    Returns the ids of its topics' posts.
    """
    words = secret("prepared")
    text = AgendaText(words, write(words), words, slug="brewing", is_open=False)
    made = write_agenda(people.moderator, text, hosts=[host.handle])
    if host in db.session:
        db.session.refresh(host, ["hosted"])
    said = StatementText(secret("take"), secret("take"), handle=people.moderator.handle)
    write_statement(people.moderator, made.id, said)
    write_reading(people.moderator, made.id, ReadingText(secret("shelf"), secret("shelf")))
    meeting_of(people.moderator, made.id, secret("huddle"))
    prepared_commitment(people, made, secret, "vow")
    page = replace(a_case("sample"), theme_ids=tuple(themes))
    case = write_case(people.moderator, made.id, page)
    practice = a_practice("method", theme_ids=tuple(themes))
    practice = submit(host, write_practice(host, made.id, practice).id)
    practice = publish(people.moderator, practice.id)
    translated(host, practice, secret, "echo")
    words = secret("parley")
    calling = write(f"{words} @{people.ana.handle} @{people.administrator.handle}")
    topic = open_topic(
        people.moderator, made.id, NewTopic("question", words, calling, themes=list(themes))
    )
    answer = reply(host, topic.id, write(secret("retort")))
    mark(people.moderator, answer.id, "tried it", "kept", secret("retort"))
    for page in (case, practice):
        opening = first_post(get_topic(people.moderator, page.topic_id))
        other = host if opening.author_id == people.moderator.id else people.moderator
        mark(other, opening.id, "tried it", "kept", secret("retort"))
    comments = [reply(host, page.topic_id, write(secret("retort"))) for page in (case, practice)]
    return (shown_post(topic, people.moderator), answer.id, *(comment.id for comment in comments))
