"""Everything that can be hidden is visible exactly where, and to whom, docs/who-sees-what.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from forum.advice.actions import ask
from forum.advice.models import FollowUp
from forum.agendas.actions import (
    AgendaText,
    set_hosts,
    write_agenda,
)
from forum.agendas.models import Agenda
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import UPHELD
from forum.bookmarks import actions as bookmarks
from forum.bookmarks.queries import bookmark_of
from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import (
    NewTopic,
    UnsentForm,
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
from forum.dialogue.models import Pace, PollText, Topic
from forum.dialogue.queries import mark_given, polls_below, revisions_of
from forum.front.actions import tell_reminders
from forum.library.actions import (
    PracticeText,
    publish,
    submit,
    write_case,
    write_practice,
)
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
from forum.meetings.actions import remind_of_meetings
from forum.members.actions import Joining, appoint, found_federation, join
from forum.members.models import Member
from forum.members.queries import get_member
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
    write_order,
    write_staff_note,
)
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.queue.actions import write_note
from forum.rights.queries import KINDS as KEPT
from forum.rights.queries import records
from forum.screening.actions import RuleText, make_rule
from forum.searches.actions import change, keep
from forum.searches.commands import look_after_searches
from forum.searches.models import Wanted
from tests.commitments.planted import committed
from tests.datasets import dataset_fixture, load_dataset
from tests.declarations.planted import declared
from tests.meetings.planted import meeting_for_members
from tests.moderation.conftest import an_order
from tests.parallels.planted import failure_translated, rendition
from tests.planting import (
    BEGINNINGS,
    Planted,
    a_case,
    a_person,
    a_practice,
    addresses,
    ask_and_tell,
    noise,
    of_a_city,
    prepared_agenda,
    read,
    read_again,
    secret,
    shown_post,
    shown_question,
    tell,
    words_told,
)

pytestmark = pytest.mark.thorough

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
    """The places of the document with their patterns of addresses: `*` is anything, `N` a number."""
    known = {}
    for name, said in tables()[0][2:]:
        parts = re.findall(r"`([^`]+)`", said) or [name]
        shape = "|".join(
            re.escape(part).replace(r"\*", ".*").replace("N", r"\d+") for part in parts
        )
        known[name] = re.compile(shape)
    return known


def policy() -> dict[str, dict[str, set[str]]]:
    """The matrix of the document: for each hidden thing and each reader, the places where it is found."""
    head, _line, *lines = tables()[1]
    assert tuple(head[1:]) == READERS
    return {
        what: {
            reader: {part.strip() for part in cell.split(",")} - {NOWHERE}
            for reader, cell in zip(READERS, cells, strict=True)
        }
        for what, *cells in lines
    }


# The secret word by the name of the hidden thing in the document; and the owner, where it is not Ana
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
    "a hidden commitment": "pledge",
    "a hidden translation": "rendition",
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
    "a kept search": "wanted",
    "a text that waits": "waiting",
    "a refused text": "refused",
    "why a text was refused": "refusal",
    "a topic for members": "members",
    "one that speaks of a shown question": "speaker",
    "why a topic is locked": "settled",
    "why a topic for members is locked": "closed",
    "why a topic is slow": "heated",
    "why a topic for members is slow": "calmed",
    "a practice for members": "within",
    "a meeting for members": "gathering",
    "the link by which one joins it": "doorway",
    "what did not work, for members": "failure",
    "its translation": "version",
    "a draft practice": "draft",
    "a submitted practice": "submitted",
    "a returned practice": "returned",
    "why a practice was returned": "sentback",
    "a deleted post": "deleted",
    "a note about a member": "staff",
    "what an order names, and the answer": "writ",
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
    "a commitment on it": "vow",
    "a case on it": "sample",
    "a practice on it": "method",
    "its translation there": "echo",
    "a topic on it": "parley",
    "a reply on it": "retort",
}
OF_OTHERS = {
    "reply": "ben",
    "comment": "ben",
    "tried": "ben",
    **dict.fromkeys(("ownreport", "ownvisitor", "ownentry", "ownappeal"), "moderator"),
    **dict.fromkeys(("prepared", "take", "shelf", "huddle", "vow", "sample"), "moderator"),
    **dict.fromkeys(("method", "retort", "echo"), "host"),
    "parley": "moderator",
}


def test_the_document_speaks_of_all_that_is_planted() -> None:
    assert list(policy()) == list(PLANTED)
    assert all(word.isalnum() for word in PLANTED.values()), "`words_told` would leave it out"
    named = {place for row in policy().values() for cell in row.values() for place in cell}
    assert named == set(places())


@dataclass
class Cast:
    """The readers of the matrix by name, and the ids for addresses."""

    readers: dict[str, Member | None]
    planted: Planted


@pytest.fixture
@dataset_fixture
def story(app: Flask, people: Any, agenda: Agenda) -> Cast:
    """One hidden thing of each kind, with its secret word."""
    made = load_dataset("a matrix", app, lambda: vars(_story(people, agenda)))
    read_again(people, agenda)
    named = {"author": people.ana, "ben": people.ben, "other host": people.chitra}
    named |= {"member": get_member(SYSTEM, "olga"), "reporter": get_member(SYSTEM, "rita")}
    named |= {role: getattr(people, role) for role in ("host", "moderator", "administrator")}
    somebody = get_member(SYSTEM, "nobody-here")
    return Cast({"visitor": None, **named}, Planted(**made, somebody=somebody, other_host=somebody))


@dataclass
class Numbers:
    """The ids of the things in the matrix, like those of `Planted`."""

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
    shown = open_topic(people.ben, agenda.id, shown_question(people))
    numbers = Numbers({}, shown.id, [shown_post(shown)], [])
    _hidden(people, agenda, numbers, rita)
    _versions(people, numbers, rita)
    _held(people, numbers)
    bookmarks.bookmark(people.ana, "post", shown_post(shown))
    kept = bookmark_of(people.ana, "post", shown_post(shown))
    assert kept is not None
    tomorrow = (now() + timedelta(days=1)).date()
    bookmarks.note_and_remind(people.ana, kept.id, secret("memo"), tomorrow)
    _searches(people, shown)
    _for_members(people, agenda, numbers)
    _practices(people, agenda)
    numbers.post_ids += prepared_agenda(people, agenda, people.host)
    write_staff_note(people.moderator, people.ana.id, secret("staff"))
    write_order(people.moderator, an_order(about=secret("writ"), answer=secret("writ")))
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


def _searches(people: Any, shown: Topic) -> None:
    """Let Ana keep a search whose words and name are secret, and somebody write something new for it."""
    keep(people.ana, Wanted(secret("wanted")))
    named = keep(people.ana, Wanted("trams"))
    change(people.ana, named.id, secret("wanted"), "daily")
    reply(people.ben, shown.id, write("More about trams."))
    with at(now() + timedelta(days=1)):
        look_after_searches()


def _cora() -> Member:
    """A moderator who writes the cases, because nobody decides about their own texts."""
    return get_member(SYSTEM, "cora")


def _joining(name: str) -> Joining:
    return Joining(name, f"{name.lower()}@example.org", "-")


def _hidden(people: Any, agenda: Agenda, numbers: Numbers, rita: Member) -> None:
    """Make a post, a topic, a case, a practice and a profile with texts by others about them, and hide them after reports."""
    with at(now() - timedelta(hours=1)):
        post = reply(people.ana, numbers.topic_id, write(secret("formerly")))
    edit(people.ana, post.id, write(secret("post")))
    mark(people.ben, post.id, "tried it", "kept", secret("tried"))
    words = secret("topic")
    new = NewTopic("question", words, write(words), themes=noise())
    topic = open_topic(people.ana, agenda.id, new)
    numbers.post_ids += [post.id, reply(people.ben, topic.id, write(secret("reply"))).id]
    ask_and_tell(people, topic)
    case = write_case(_cora(), agenda.id, of_a_city(a_case(), people))
    text = of_a_city(a_practice(), people)
    practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
    publish(people.moderator, practice.id)
    numbers.post_ids.append(reply(people.ben, case.topic_id, write(secret("comment"))).id)
    somebody = a_person("profile")
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
    """Make Ana's notes about a post and a practice that she tried, and a follow-up, and hide them after reports."""
    mark(people.ana, numbers.post_ids[0], "tried it", "kept", secret("minded"))
    text = PracticeText("Tried", "Tried.", slug="tried")
    practice = publish(
        people.moderator, submit(_cora(), write_practice(_cora(), agenda.id, text).id).id
    )
    page_id = opening_post_id(people.ana, practice.topic_id)
    mark(people.ana, page_id, "tried it", "kept", secret("trial"))
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Told", write("A question.")))
    reply(people.ben, topic.id, write("It stays in sight, too."))
    tell(people, topic, secret("outcome"))
    told = db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))
    notes = [
        mark_given(people.ana, post_id, "tried it") for post_id in (numbers.post_ids[0], page_id)
    ]
    signature = declared(people, agenda, _cora(), secret)
    added = (*(("mark", note) for note in notes), ("followup", told), ("reservation", signature))
    added = (*added, ("commitment", committed(people, agenda, secret, "pledge")))
    added = (*added, ("translation", rendition(people, _cora(), agenda, secret, "rendition")))
    for kind, row in added:
        assert row is not None
        report(rita, kind, row.id, "rules")
        make_notices(SYSTEM)
        decide(people.moderator, kind, row.id, "hide", Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def _question_with_a_sequel(people: Any, agenda: Agenda, rita: Member) -> int:
    """Make a visible topic with a poll and a follow-up; returns the id of its opening post."""
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Asked", write("A question.")))
    reply(people.ben, topic.id, write("It stays in sight."))
    tell(people, topic, secret("sequel"))
    opening = shown_post(topic)
    post = set_poll(people.ana, opening, PollText(secret("ballot"), (secret("ballot"), "Neither")))
    polls = polls_below(rita, [post])
    vote(rita, opening, [polls[opening].options[0].id])
    return opening


def _removed(people: Any, agenda: Agenda, numbers: Numbers, rita: Member) -> None:
    """Make a case and a practice with texts by others about them, and remove them after a report."""
    case = write_case(_cora(), agenda.id, a_case("gonecase"))
    text = a_practice("gonepractice")
    practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
    practice = publish(people.moderator, practice.id)
    for kind, page in (("case", case), ("practice", practice)):
        numbers.post_ids.append(reply(people.ben, page.topic_id, write("A comment.")).id)
        report(rita, kind, page.id, "rules")
        make_notices(SYSTEM)
        decide(people.moderator, kind, page.id, "remove", Reasons("It broke a rule.", 2))
    make_notices(SYSTEM)


def _versions(people: Any, numbers: Numbers, rita: Member) -> None:
    """Make a visible post with an earlier version, reported and kept; and one that its author deletes."""
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
    """Make a post by Ana with open reports by a member and a visitor, and a note."""
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
    """Make posts by a moderator: one with reports by a member and a visitor, one that was kept, with the reporter's appeal."""
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
    """Make held texts (a reply, a topic, an edit), a refused reply, and a draft."""
    make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    words = write(f"zeppelin {secret('waiting')}")
    refused = reply(people.ana, numbers.topic_id, write(f"zeppelin {secret('refused')}"))
    begun = [("title", secret("begun")), ("source", secret("begun"))]
    keep_draft(people.ana, UnsentForm("a reply", begun), topic_id=numbers.topic_id)
    keep_draft(people.ana, UnsentForm("a topic", begun), agenda_id=refused.agenda_id)
    waiting = [refused, reply(people.ana, numbers.topic_id, words)]
    poll = PollText(secret("waiting"), (secret("waiting"), "None"))
    new = NewTopic("question", secret("waiting"), words, poll=poll)
    waiting.append(open_topic(people.ana, refused.agenda_id, new))
    waiting.append(edit(people.ana, numbers.post_ids[-1], words))
    make_notices(SYSTEM)
    refuse(people.moderator, refused.id, Reasons(secret("refusal"), 2))
    numbers.held_ids = [held.id for held in waiting]


def _for_members(people: Any, agenda: Agenda, numbers: Numbers) -> None:
    """Make a question, a practice and a field of another practice, for members only."""
    words = secret("members")
    kept = NewTopic("question", words, write(words), themes=noise(), audience="members")
    topic = open_topic(people.ana, agenda.id, kept)
    post = reply(people.ben, topic.id, write(words))
    mark(people.ana, post.id, "tried it", "kept", words)
    ask(people.ana, topic.id, [people.ben.handle])
    tell(people, topic, words)
    numbers.post_ids.append(post.id)
    link = write(f"As [asked](/topics/{numbers.topic_id}).")
    speaker = NewTopic("experience", secret("speaker"), link, audience="members")
    open_topic(people.ana, agenda.id, speaker)
    words = secret("gathering"), secret("doorway")
    meeting_for_members(people.host, people.ana, agenda.id, *words)
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
        of_a_city(a_practice("within", audience="members"), people),
        PracticeText("Shown", "Shown.", sections=shown, failure_audience="members"),
    ):
        practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
        publish(people.moderator, practice.id)
    failure_translated(people.ana, practice, secret, "version")


def _practices(people: Any, agenda: Agenda) -> None:
    """Make a draft of a practice, a submitted one and a returned one."""
    write_practice(people.ana, agenda.id, a_practice("draft"))
    submit(people.ana, write_practice(people.ana, agenda.id, a_practice("submitted")).id)
    returned = submit(people.ana, write_practice(people.ana, agenda.id, a_practice("returned")).id)
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
        seen = {_place(place, expected, known) for place in found[word]}
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
        assert {_place(place, expected, known) for place in found[word]} == expected, what


def column(reader: str, word: str) -> str:
    """The column of the document for a reader and a word, because Ana is not the author of everything."""
    if word in OF_OTHERS:
        reader = {OF_OTHERS[word]: "author", "author": "member"}.get(reader, reader)
    if (reader, word) == ("ben", "members"):  # Ben has replied there
        return "author"
    return {"ben": "member"}.get(reader, reader)


def _place(address: str, expected: set[str], known: dict[str, re.Pattern[str]]) -> str:
    """The place of the document to which an address belongs, or the address itself."""
    return next((place for place in sorted(expected) if known[place].fullmatch(address)), address)


def finds(
    browser: FlaskClient, app: Flask, planted: Planted, member: Member | None
) -> dict[str, set[str]]:
    """Where a reader sees each word: addresses, e-mails, "everything about me"."""
    found: dict[str, set[str]] = {word: set() for word in PLANTED.values()}
    # First, because notices that were read are not mailed
    mail = letters_to(member, app) if member else []
    for address, text in everything(browser, app, planted):
        told = words_told(text)
        for word, where in found.items() if told else ():
            searched = "canary" in address  # the page repeats that word
            if f"hush{word}" in told or (f"canary{word}" in told and not searched):
                where.add(address)
    if member:
        kept = [repr(some) for kind in KEPT for some in records(member, kind)]
        for place, texts in (("the file", kept), ("letters", mail)):
            text = "\n".join(texts).lower()
            for word in (word for word in found if f"hush{word}" in text):
                found[word].add(place)
    return found


def letters_to(member: Member, app: Flask) -> list[str]:
    """The texts of the e-mails that wait for a member."""
    mine = db.session.scalars(select(Delivery.id).where(Delivery.address == member.email)).all()
    letters = [compose(row, app.extensions["settings"]) for row in deliveries_by_id(mine)]
    return [f"{letter.subject}\n{letter.text}\n{letter.html}" for letter in letters if letter]


def everything(browser: FlaskClient, app: Flask, planted: Planted) -> Iterator[tuple[str, str]]:
    """Everything a reader can open: each address, and searches for the words."""
    for address in addresses(app, planted):
        yield address, read(browser, address)
    topics = [f"/search?q=canary&topic={id}" for id in db.session.scalars(select(Topic.id))]
    searches = [f"/search?q=canary{word}" for word in PLANTED.values()]
    for address in (*BEGINNINGS, *topics, *searches):
        yield address, read(browser, address)
