"""An agenda in preparation: who sees it, what is notified and counted, opening it, and undoing that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum import reachcache
from forum.advice.actions import ask, look_after
from forum.agendas.actions import (
    AgendaText,
    StatementText,
    set_hosts,
    write_agenda,
    write_statement,
    write_theme,
)
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id
from forum.clock import at, month_end, now
from forum.db import db
from forum.dialogue.actions import (
    NewTopic,
    edit,
    keep_draft,
    mark,
    merge,
    move,
    open_topic,
    reply,
    set_poll,
    vote,
)
from forum.dialogue.models import PollText, Post, Topic
from forum.dialogue.queries import first_post, get_post, get_topic, poll_to_change
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    intend,
    submit,
    write_and_submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.library.queries import latest_cases, related
from forum.markup import write
from forum.meetings.actions import come, stay_away
from forum.members.actions import silence, unsilence
from forum.members.models import Member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import is_reversible
from forum.notifications.actions import NoticeText, make_notices, note_event, watch
from forum.notifications.models import AGENDA, REMINDER, THEME, TOPIC, WATCHING, Event
from forum.permissions import ANY_MEMBER, SYSTEM, VISITOR, with_preparation
from forum.quotes import quote
from tests.meetings.planted import meeting_of
from tests.moderation.conftest import notices_of, undo

pytestmark = pytest.mark.usefixtures("sound")
LINE = "In preparation: only hosts and moderators see this agenda."


@pytest.fixture
def prepared(people: Any, agenda: Agenda) -> Agenda:
    """An agenda in preparation; its host hosts another agenda, too."""
    text = AgendaText("Making Cities Cooler", write("Shade."), slug="cooler", is_open=False)
    made = write_agenda(people.moderator, text, hosts=[people.host.handle])
    db.session.refresh(people.host, ["hosted"])
    return made


def topic_on(agenda: Agenda, author: Any, **more: Any) -> Topic:
    new = NewTopic("question", "Where is the shade?", write("We look for it."), **more)
    opened = open_topic(author, agenda.id, new)
    assert isinstance(opened, Topic)
    return opened


def posts_count(member: Any) -> int:
    return db.session.scalar(select(Member.posts_count).where(Member.id == member.id)) or 0


def test_only_hosts_and_moderators_find_it(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    for who in (people.host, people.moderator, people.administrator):
        assert LINE in sign_in(who).get("/agendas/cooler").text
        assert "Making Cities Cooler" in sign_in(who).get("/agendas").text
    for browser in (client, sign_in(people.ben)):
        assert browser.get("/agendas/cooler").status_code == 404
        assert "Cooler" not in browser.get("/agendas").text + browser.get("/").text
    for door in ("open", "watch", "topics/new", "statements/new", "edit", "archive"):
        assert sign_in(people.ben).post(f"/agendas/cooler/{door}").status_code == 404, door
    silence(people.moderator, people.host.id, now() + timedelta(days=366))
    assert sign_in(people.host).get("/agendas/cooler").status_code == 404


def test_whoever_hosts_it_no_more_finds_nothing_of_it(
    sign_in: Any, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    keep_draft(people.host, "a key", [("title", "Begun"), ("source", "So.")], agenda_id=prepared.id)
    addresses = (topic.address, f"/practices/{practice.slug}", f"/posts/{first_post(topic).id}")
    for address in addresses:
        assert sign_in(people.host).get(address).status_code in (200, 302, 303), address
    set_hosts(people.moderator, prepared.id, [])
    for address in addresses:
        assert sign_in(people.host).get(address).status_code == 404, address
    assert "Awnings" not in sign_in(people.host).get("/practices/mine").text
    drafts = sign_in(people.host).get("/drafts").text
    assert "Begun" in drafts and "Cooler" not in drafts and "not there any more" in drafts


def test_each_page_of_it_says_that_it_is_in_preparation(
    sign_in: Any, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    said = write_statement(people.host, prepared.id, StatementText("Ana", "Shade is a service."))
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    reading = write_reading(people.host, prepared.id, ReadingText("A book", "Somebody"))
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    post = f"/posts/{first_post(topic).id}"
    browser = sign_in(people.host)
    for address in (
        *("/agendas/cooler", "/agendas/cooler/edit", "/agendas/cooler/history"),
        *("/agendas/cooler/topics", "/agendas/cooler/topics/new", "/agendas/cooler/statements"),
        f"/agendas/cooler/statements/{said.id}/edit",
        *(topic.address, f"{post}/edit", f"{post}/delete", f"{post}/history", f"{post}/marks"),
        *(f"/cases/{case.slug}", f"/cases/{case.slug}/edit", f"/practices/{practice.slug}"),
        *(f"/practices/{practice.slug}/edit", f"/readings/{reading.id}/edit"),
    ):
        page = browser.get(address)
        assert page.status_code == 200 and page.text.count(LINE) == 1, address
    actions.open_agenda(people.host, prepared.id)
    assert LINE not in browser.get(topic.address).text + browser.get("/agendas/cooler").text


def test_a_host_opens_it_and_it_is_written_down(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    browser = sign_in(people.host)
    assert "/agendas/cooler/open" in browser.get("/agendas/cooler").text
    page = browser.get("/agendas/cooler/open").text
    assert "Open this agenda" in page and "everybody can find and read it" in page
    answer = browser.post("/agendas/cooler/open", data={"reason": "It is ready."})
    assert (answer.status_code, answer.location) == (303, "/agendas/cooler")
    assert LINE not in browser.get("/agendas/cooler").text
    assert client.get("/agendas/cooler").status_code == 200
    assert "Making Cities Cooler" in client.get("/").text
    decision = db.session.scalars(select(Decision)).one()
    about = (decision.deed, decision.kind, decision.item_id, decision.reason)
    assert about == ("open_agenda", "agenda", prepared.id, "It is ready.")
    assert "Opened" in browser.get("/moderation/log").text
    assert browser.post("/agendas/cooler/open").status_code == 409
    assert db.session.scalar(select(func.count(Decision.id))) == 1


@pytest.mark.parametrize("reason", ["x" * 20_000, b"\xff\xfe", "\x00"])
def test_a_bad_reason_opens_nothing(
    sign_in: Any, people: Any, prepared: Agenda, reason: Any
) -> None:
    answer = sign_in(people.host).post("/agendas/cooler/open", data={"reason": reason})
    assert answer.status_code < 500
    is_open = agenda_by_id(SYSTEM, prepared.id).opened_at is not None
    assert is_open == (answer.status_code == 303)


def test_opening_is_taken_back_until_somebody_writes_there(
    client: FlaskClient, people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    actions.open_agenda(people.host, prepared.id)
    assert posts_count(people.host) == 1
    undo(people.host)
    assert client.get("/agendas/cooler").status_code == 404
    assert posts_count(people.host) == 0
    with pytest.raises(NotFound):
        get_topic(people.ben, topic.id)
    actions.open_agenda(people.host, prepared.id)
    reply(people.ben, topic.id, write("By the river."))
    with pytest.raises(Conflict, match="written on this agenda"):
        undo(people.host)
    assert client.get("/agendas/cooler").status_code == 200


def test_a_mark_or_a_practice_keeps_it_open_too(people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    actions.open_agenda(people.host, prepared.id)
    mark(people.ben, first_post(topic).id, "useful")
    with pytest.raises(Conflict):
        undo(people.host)
    text = AgendaText("Making Cities Drier", write("Rain."), slug="drier", is_open=False)
    other = write_agenda(people.moderator, text)
    actions.open_agenda(people.moderator, other.id)
    write_practice(people.ben, other.id, PracticeText("Gutters", "Stone."))
    with pytest.raises(Conflict):
        undo(people.moderator)


def test_a_vote_keeps_it_open_too(people: Any, prepared: Agenda) -> None:
    post = first_post(topic_on(prepared, people.host))
    set_poll(people.host, post.id, PollText("Which one?", ["Clay", "Steel"]))
    clay, steel = poll_to_change(post).options
    vote(people.host, post.id, [clay.id])
    actions.open_agenda(people.host, prepared.id)
    vote(people.host, post.id, [steel.id])  # the host sees the agenda in preparation, too
    undo(people.host)
    actions.open_agenda(people.host, prepared.id)
    vote(people.ben, post.id, [clay.id])
    with pytest.raises(Conflict):
        undo(people.host)


def test_who_wants_to_try_what_stands_there_keeps_it_open_too(
    people: Any, prepared: Agenda
) -> None:
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    # The author is notified of the first intention
    intend(people.moderator, case.topic_id, month_end(3))
    actions.open_agenda(people.host, prepared.id)
    intend(people.ben, case.topic_id, month_end(3))
    with pytest.raises(Conflict):
        undo(people.host)


def test_a_meeting_and_who_comes_to_one_keep_it_open_too(people: Any, prepared: Agenda) -> None:
    made = meeting_of(people.host, prepared.id, "Shade.")
    actions.open_agenda(people.host, prepared.id)
    undo(people.host)  # the meeting was announced before the agenda was opened
    actions.open_agenda(people.host, prepared.id)
    come(people.ben, made.id, "online")
    with pytest.raises(Conflict):
        undo(people.host)
    stay_away(people.ben, made.id)
    meeting_of(people.host, prepared.id, "Shade at night.")
    with pytest.raises(Conflict):
        undo(people.host)


@pytest.mark.parametrize("what", ["topic", "merged topic", "practice"])
def test_what_members_wrote_elsewhere_keeps_it_open_when_it_is_moved_there(
    client: FlaskClient, people: Any, agenda: Agenda, prepared: Agenda, what: str
) -> None:
    inside = topic_on(prepared, people.host)
    older = topic_on(agenda, people.ben)
    practice = write_practice(people.ben, agenda.id, PracticeText("Awnings", "Cloth."))
    opened = actions.open_agenda(people.moderator, prepared.id)
    if what == "topic":
        actions.move(people.administrator, older.id, prepared.id)
    elif what == "merged topic":
        actions.merge(people.administrator, older.id, inside.id)
    else:
        write_practice(people.ben, prepared.id, PracticeText("Awnings", "Cloth."), practice.id)
    with pytest.raises(Conflict, match="moved here"):
        actions.undo(people.moderator, opened.id)
    assert client.get("/agendas/cooler").status_code == 200


@pytest.mark.parametrize("how", ["mention", "advice"])
def test_who_was_told_of_it_keeps_it_open(
    sign_in: Any, people: Any, prepared: Agenda, how: str
) -> None:
    topic = topic_on(prepared, people.host)
    reply(people.moderator, topic.id, write("By the river."))
    actions.open_agenda(people.host, prepared.id)
    told = [people.moderator.handle, people.ana.handle]
    for handle in told:
        if how == "advice":
            ask(people.host, topic.id, [handle])
        else:
            edit(people.host, first_post(topic).id, write(f"We look for it, @{handle}."))
        if handle is told[0]:  # moderators of the agenda see it in any case
            undo(people.host)
            actions.open_agenda(people.host, prepared.id)
    make_notices(SYSTEM)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.host)
    inbox = sign_in(people.ana).get("/notices").text
    assert "Where is the shade?" in inbox
    assert sign_in(people.ana).get(topic.address).status_code == 200


def test_who_was_reminded_of_a_best_read_there_keeps_it_open(people: Any, prepared: Agenda) -> None:
    reading = write_reading(people.host, prepared.id, ReadingText("A book", "Somebody"))
    notice = NoticeText(REMINDER, reading.address, reading.title)
    actions.open_agenda(people.host, prepared.id)
    note_event(SYSTEM, notice, [people.host.id], is_named=False)  # the host sees it in any case
    undo(people.host)
    actions.open_agenda(people.host, prepared.id)
    note_event(SYSTEM, notice, [people.ana.id], is_named=False)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.host)


def test_who_was_told_what_its_dialogue_has_found_keeps_it_open(
    people: Any, prepared: Agenda
) -> None:
    actions.open_agenda(people.moderator, prepared.id)
    watch(people.ana, AGENDA, prepared.id, WATCHING)
    text = AgendaText(prepared.title, write("Noise."), findings=write("Quiet asphalt lasts."))
    write_agenda(people.host, text, prepared.id)
    with pytest.raises(Conflict, match="has been told of this agenda"):
        undo(people.moderator)


def test_what_was_moved_away_again_does_not_keep_it_open(
    client: FlaskClient, people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    older = topic_on(agenda, people.ben)
    opened = actions.open_agenda(people.moderator, prepared.id)
    actions.move(people.administrator, older.id, prepared.id)
    undo(people.administrator)
    actions.undo(people.moderator, opened.id)
    assert client.get("/agendas/cooler").status_code == 404


def test_a_practice_waits_while_its_author_does_not_see_its_agenda(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    said = PracticeText("Awnings", "Cloth.", sections={"challenge": "A", "done": "B"})
    practice = write_and_submit(people.host, prepared.id, said)
    address = f"/practices/{practice.slug}/publish"
    silence(people.moderator, people.host.id, now() + timedelta(days=7))
    answer = sign_in(people.moderator).post(address)
    assert answer.status_code == 409 and "may not write at the moment" in answer.text
    unsilence(people.moderator, people.host.id)
    set_hosts(people.moderator, prepared.id, [])
    answer = sign_in(people.moderator).post(address)
    assert answer.status_code == 409 and "does not see this agenda now" in answer.text
    actions.open_agenda(people.moderator, prepared.id)
    assert sign_in(people.moderator).post(address).status_code == 303
    assert client.get(f"/practices/{practice.slug}").status_code == 200


def test_posts_count_for_their_authors_from_the_opening_on(people: Any, prepared: Agenda) -> None:
    before = posts_count(people.host)
    topic = topic_on(prepared, people.host)
    reply(people.host, topic.id, write("By the river."))
    assert posts_count(people.host) == before
    actions.open_agenda(people.moderator, prepared.id)
    assert posts_count(people.host) == before + 2


def test_only_who_sees_it_is_told_and_nobody_later(people: Any, prepared: Agenda) -> None:
    theme = write_theme(people.moderator, "Shade")
    for who in (people.ben, people.administrator):
        watch(who, THEME, theme.id)
        watch(who, AGENDA, prepared.id)
    words = write(f"We look for it, @{people.ana.handle} and @{people.moderator.handle}.")
    new = NewTopic("question", "Where is the shade?", words, [theme.id])
    topic = open_topic(people.host, prepared.id, new)
    watch(people.ben, TOPIC, topic.id)
    reply(people.moderator, topic.id, write("By the river."))
    make_notices(SYSTEM)
    told = {who: [notice.kind for notice in notices_of(who)] for who in (people.ana, people.ben)}
    assert told == {people.ana: [], people.ben: []}
    assert [notice.kind for notice in notices_of(people.administrator)] == ["topic"]
    assert [notice.kind for notice in notices_of(people.moderator)] == ["mention"]
    assert [notice.kind for notice in notices_of(people.host) if notice.topic_id] == ["reply"]
    actions.open_agenda(people.moderator, prepared.id)
    make_notices(SYSTEM)
    assert not notices_of(people.ana) + notices_of(people.ben)
    reply(people.moderator, topic.id, write("And below the trees."))
    make_notices(SYSTEM)
    assert [notice.kind for notice in notices_of(people.ben)] == ["post"]


def test_what_was_still_to_be_told_is_not_told_when_opening_is_taken_back(
    people: Any, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    make_notices(SYSTEM)
    reply(people.moderator, topic.id, write("By the river."))
    actions.open_agenda(people.moderator, prepared.id)
    undo(people.moderator)
    assert not db.session.scalars(
        select(Event).where(Event.done_at.is_(None), Event.topic_id == topic.id)
    ).all()


def test_it_is_not_quoted_elsewhere_before_it_is_open(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    secret = first_post(topic_on(prepared, people.host))
    there = open_topic(people.ben, agenda.id, NewTopic("experience", "Shade", write("We did.")))
    words = quote(people.host.name, secret.id, secret.source) + "\n\nSo it is."
    with pytest.raises(Invalid, match="in preparation"):
        reply(people.moderator, there.id, write(words))
    # Ben cannot see the quoted post, but knows its id and its words
    blind = reply(people.ben, there.id, write(words))
    assert isinstance(blind, Post) and "We look for it" not in blind.html
    actions.open_agenda(people.moderator, prepared.id)
    assert "We look for it" in get_post(VISITOR, blind.id).html
    inside = reply(people.moderator, secret.topic_id, write(words))
    assert isinstance(inside, Post) and "We look for it" in inside.html


def test_posts_in_preparation_quote_each_other(people: Any, prepared: Agenda) -> None:
    first = first_post(topic_on(prepared, people.host))
    new = NewTopic(
        "experience", "More", write(f"{quote(people.host.name, first.id, first.source)}\n\nYes.")
    )
    second = first_post(open_topic(people.moderator, prepared.id, new))
    assert "We look for it" in second.html


def test_nothing_of_an_open_agenda_is_taken_there(
    people: Any, things: Any, prepared: Agenda
) -> None:
    with pytest.raises(Forbidden, match="in preparation"):
        move(people.moderator, things.topic.id, prepared.id)
    inside = topic_on(prepared, people.host)
    with pytest.raises(Invalid, match="in preparation"):
        merge(people.moderator, things.topic.id, inside.id)
    with pytest.raises(Invalid, match="in preparation"):
        merge(people.moderator, inside.id, things.topic.id)
    case = CaseText("Arcades", "network", "Short.", "One.")
    with pytest.raises(Invalid, match="in preparation"):
        write_case(people.moderator, prepared.id, case, things.case.id)
    text = PracticeText("Quiet asphalt", "Said.", sections={"done": "So."})
    with pytest.raises(Invalid, match="in preparation"):
        write_practice(people.moderator, prepared.id, text, things.practice.id)


def test_nothing_is_taken_from_one_in_preparation_to_another(people: Any, prepared: Agenda) -> None:
    text = AgendaText("Making Cities Drier", write("Rain."), slug="drier", is_open=False)
    other = write_agenda(people.moderator, text)
    topic, there = topic_on(prepared, people.host), topic_on(other, people.moderator)
    for source, target in ((topic, there), (there, topic)):
        with pytest.raises(Invalid, match="in preparation"):
            merge(people.moderator, source.id, target.id)
    practice = write_practice(people.host, prepared.id, PracticeText("Awnings", "Cloth."))
    with pytest.raises(Invalid, match="in preparation"):
        write_practice(people.moderator, other.id, PracticeText("Awnings", "Cloth."), practice.id)
    case = CaseText("Arcades", "network", "Short.", "One.")
    written = write_case(people.host, prepared.id, case)
    with pytest.raises(Invalid, match="in preparation"):
        write_case(people.moderator, other.id, case, written.id)
    merge(people.moderator, topic_on(prepared, people.moderator).id, topic.id)


def test_what_is_moved_to_an_open_agenda_comes_to_light(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    topic = topic_on(prepared, people.host)
    actions.move(people.moderator, topic.id, agenda.id)
    assert get_topic(VISITOR, topic.id).agenda_id == agenda.id
    assert posts_count(people.host) == 1
    with pytest.raises(Conflict, match="moved out of an agenda in preparation"):
        undo(people.moderator)
    decision = db.session.scalars(select(Decision)).one()
    assert not is_reversible(people.moderator, decision)
    with pytest.raises(Conflict, match="cannot be taken back"):
        actions.reverse(people.administrator, decision.id, "You are right.", is_told=False)
    actions.open_agenda(people.moderator, prepared.id)
    assert is_reversible(people.moderator, decision)


@pytest.mark.parametrize(
    ("audience", "warning"),
    [("public", "Everybody will be able to read it."), ("members", "All members will be able to")],
)
def test_the_page_of_a_move_says_who_will_read_it_and_offers_no_undo(
    sign_in: Any, people: Any, agenda: Agenda, prepared: Agenda, audience: str, warning: str
) -> None:
    browser, other = sign_in(people.moderator), topic_on(agenda, people.ben)
    topic = topic_on(prepared, people.host, audience=audience)
    door = f"/topics/{topic.id}/move"
    page = browser.get(door).text
    assert warning in page and "This cannot be taken back." in page
    assert "be able to read it" not in browser.get(f"/topics/{other.id}/move").text
    answer = browser.post(door, data={"agenda": agenda.id})
    assert answer.status_code == 303
    decision = db.session.scalars(select(Decision)).one()
    offered = f"/moderation/decisions/{decision.id}/undo"
    assert offered not in browser.get(topic.address).text + browser.get("/moderation").text
    pressed = browser.post(offered)
    assert pressed.status_code == 409 and "That cannot be taken back." in pressed.text
    another = write_agenda(people.moderator, AgendaText("Drier", write("Rain.")))
    assert browser.post(door, data={"agenda": another.id}).status_code == 303
    later = db.session.scalars(select(Decision).order_by(Decision.id.desc())).first()
    assert later and f"/decisions/{later.id}/undo" in browser.get(topic.address).text


def test_the_form_of_a_case_or_practice_says_who_will_read_it_elsewhere(
    sign_in: Any, people: Any, things: Any, prepared: Agenda
) -> None:
    browser, warning = sign_in(people.moderator), "That cannot be taken back."
    case = write_case(people.host, prepared.id, CaseText("Arcades", "network", "S.", "One."))
    new = PracticeText("Awnings", "Cloth.", sections={"done": "So."}, audience="members")
    practice = write_practice(people.host, prepared.id, new)
    form = f"/practices/{practice.slug}/edit"
    # Nobody else can read a draft, so no warning
    assert warning not in sign_in(people.host).get(form).text
    submit(people.host, practice.id)
    actions.publish(people.moderator, practice.id)
    said = sign_in(people.host).get(form).text
    assert f"all members will be able to read it. {warning}" in said
    said = browser.get(f"/cases/{case.slug}/edit").text
    assert f"everybody will be able to read it. {warning}" in said
    assert "Agenda" in (page := browser.get(f"/cases/{things.case.slug}/edit").text)
    assert warning not in page


def test_nobody_is_asked_about_a_question_there(people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    with pytest.raises(Forbidden, match="in preparation"):
        ask(people.host, topic.id, [people.ben.handle])
    later = now() + timedelta(days=366)
    with at(later):
        look_after(SYSTEM)
        make_notices(SYSTEM)
    assert not [notice for notice in notices_of(people.host) if notice.kind == "unanswered"]


@pytest.mark.parametrize("opened_after", [3, 15, 400])
def test_hosts_are_told_that_nobody_answers_a_week_after_it_was_opened(
    people: Any, prepared: Agenda, opened_after: int
) -> None:
    start = now()
    topic = topic_on(prepared, people.moderator)

    def told_by(day: int) -> list[int]:
        with at(start + timedelta(days=day)):
            look_after(SYSTEM)
            make_notices(SYSTEM)
        told = [notice for notice in notices_of(people.host) if notice.kind == "unanswered"]
        return [notice.topic_id for notice in told if notice.topic_id]

    for day in range(opened_after + 1):
        assert not told_by(day)
    with at(start + timedelta(days=opened_after)):
        actions.open_agenda(people.host, prepared.id)
    for day in range(opened_after + 1, opened_after + 7):
        assert not told_by(day)
    for day in (*range(7, 50), 200, 300):
        assert told_by(opened_after + day) == [topic.id]


def test_a_question_that_is_closed_for_that_day_is_told_of_later(
    people: Any, agenda: Agenda, prepared: Agenda
) -> None:
    start = now()
    agenda.opened_at = start - timedelta(days=500)
    db.session.commit()
    with at(start - timedelta(days=400)):
        topic = topic_on(prepared, people.moderator)
    actions.move(people.moderator, topic.id, agenda.id)
    actions.lock(people.moderator, topic.id, Reasons("We read first."))
    with at(start + timedelta(days=7.1)):
        look_after(SYSTEM)
    actions.unlock(people.moderator, topic.id)
    with at(start + timedelta(days=15)):
        look_after(SYSTEM)
    assert [notice.kind for notice in notices_of(people.host)].count("unanswered") == 1


@pytest.mark.parametrize("age", [1, 60, 400])
@pytest.mark.parametrize("answer", ["none", "before", "after"])
@pytest.mark.parametrize("is_looked_after", [True, False])
def test_the_hosts_are_told_a_week_after_a_question_came_to_light_that_nobody_answers(
    people: Any, agenda: Agenda, prepared: Agenda, age: int, answer: str, is_looked_after: bool
) -> None:
    start = now()
    agenda.opened_at = start - timedelta(days=500)
    db.session.commit()
    with at(start - timedelta(days=age)):
        topic = topic_on(prepared, people.moderator)
        if answer == "before":
            reply(people.host, topic.id, write("In the squares."))
    for day in range(7 - age, 0, 7) if is_looked_after else ():
        with at(start + timedelta(days=day)):
            look_after(SYSTEM)
    actions.move(people.moderator, topic.id, agenda.id)
    if answer == "after":
        reply(people.ana, topic.id, write("In the arcades."))

    def told_by(days: float) -> int:
        with at(start + timedelta(days=days)):
            while look_after(SYSTEM):
                pass
            return sum(notice.kind == "unanswered" for notice in notices_of(people.host))

    assert told_by(6.9) == 0
    assert [told_by(days) for days in (7.1, 7.2, 15, 40, 80)] == [int(answer == "none")] * 5


def test_a_moderator_reads_on_where_all_members_do(people: Any, prepared: Agenda) -> None:
    """What is cached for a theme is the same for all members, so a moderator must not fill it with more."""
    theme = write_theme(people.moderator, "Shade")
    topic_on(prepared, people.host, themes=[theme.id])
    assert related(people.moderator, [theme], ()) == related(ANY_MEMBER, [theme], ())
    assert not related(people.moderator, [theme], ()).rows


def test_what_an_export_reads_of_it_is_kept_for_nobody_else(
    monkeypatch: pytest.MonkeyPatch, people: Any, prepared: Agenda
) -> None:
    """A plain dictionary replaces the cache of a process."""
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(
        reachcache, "cached", lambda key, read, *_scopes: kept.setdefault(key, read())
    )
    write_case(people.host, prepared.id, CaseText("Arcades", "network", "Short.", "One."))
    for reader in (VISITOR, ANY_MEMBER):
        assert [case.name for case in latest_cases(with_preparation(reader))] == ["Arcades"]
        assert not latest_cases(reader)
        assert [case.name for case in latest_cases(with_preparation(reader))] == ["Arcades"]


def test_its_plan_is_drawn_for_who_sees_it(
    client: FlaskClient, sign_in: Any, people: Any, prepared: Agenda
) -> None:
    browser = sign_in(people.host)
    address = browser.get("/agendas/cooler").text.split('href="/agendas/plans.svg')[1].split("#")[0]
    own = browser.get(f"/agendas/plans.svg{address}")
    assert 'id="cooler"' in own.text and own.headers["Cache-Control"].startswith("private")
    assert 'id="cooler"' not in client.get(f"/agendas/plans.svg{address}").text
    actions.open_agenda(people.host, prepared.id)
    assert 'id="cooler"' in client.get("/agendas/plans.svg").text


def test_its_host_is_called_one_once_it_is_open(
    client: FlaskClient, people: Any, prepared: Agenda
) -> None:
    set_hosts(people.moderator, prepared.id, [people.chitra.handle])
    profile = "/members/chitra-desai"
    assert "Host of an agenda" not in client.get(profile).text
    assert client.get("/members").text.count("Host of an agenda") == 1
    actions.open_agenda(people.moderator, prepared.id)
    assert "Host of an agenda" in client.get(profile).text
    assert client.get("/members").text.count("Host of an agenda") == 2


def test_it_may_be_given_up_unseen(client: FlaskClient, people: Any, prepared: Agenda) -> None:
    actions.archive(people.moderator, prepared.id)
    assert client.get("/agendas/cooler").status_code == 404
    assert "Cooler" not in client.get("/agendas").text


def test_a_page_makes_no_further_query(
    app: Flask, client: FlaskClient, queries: Any, people: Any, things: Any, prepared: Agenda
) -> None:
    topic_on(prepared, people.host)
    addresses = ("/", things.topic.address, "/topics", "/cases", "/agendas/quieter")
    for address in addresses:
        client.get(address)
    for address in addresses:
        with queries() as hidden:
            client.get(address)
        actions.open_agenda(people.moderator, prepared.id)
        client.get(address)
        with queries() as opened:
            client.get(address)
        undo(people.moderator)
        assert hidden.count <= opened.count, address


def test_the_form_of_a_reply_says_who_reads_it(sign_in: Any, people: Any, prepared: Agenda) -> None:
    topic = topic_on(prepared, people.host)
    sentence = "Hosts and moderators can read it, and others once this agenda is open."
    for path in (topic.address, f"/topics/{topic.id}/reply"):
        page = sign_in(people.host).get(path).text
        assert sentence in page and "Everyone can read it." not in page, path
    actions.open_agenda(people.host, prepared.id)
    page = sign_in(people.host).get(topic.address).text
    assert "Everyone can read it." in page and sentence not in page
