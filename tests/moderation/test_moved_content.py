"""What moves to another agenda takes its reports, appeals and decisions along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from forum.agendas.actions import set_hosts
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.queries import other_decider_ids, waiting_appeals
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_topic
from forum.errors import Forbidden
from forum.library import actions as library
from forum.library.actions import CaseText, PracticeText
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Report
from forum.permissions import VISITOR
from forum.queue import queries as queue

REASONS = Reasons("It is rude.", 2)


def move_case(people: Any, things: Any, agenda: Any) -> None:
    text = CaseText(name="Night council", kind="network", summary="It meets.", body="At ten.")
    library.write_case(people.administrator, agenda.id, text, things.case.id)


def move_practice(people: Any, things: Any, agenda: Any) -> None:
    text = PracticeText(title="Quiet asphalt", sentence="It is quieter.")
    library.write_practice(people.moderator, agenda.id, text, things.practice.id)


def move_topic(people: Any, things: Any, agenda: Any) -> None:
    actions.move(people.moderator, things.topic.id, agenda.id)


def split_post(people: Any, things: Any, agenda: Any) -> None:
    part = dialogue.SplitTarget("A new one", "experience", agenda.id)
    actions.split(people.moderator, things.topic.id, [things.first.id], part)


def merge_topic(people: Any, things: Any, agenda: Any) -> None:
    new = dialogue.NewTopic("experience", "There", write("Words."))
    target = dialogue.open_topic(people.administrator, agenda.id, new)
    actions.merge(people.moderator, things.topic.id, target.id)


MOVES: dict[str, tuple[str, Callable[..., None]]] = {
    "a case": ("case", move_case),
    "a comment on a case": ("comment", move_case),
    "a practice": ("practice", move_practice),
    "a comment on a practice": ("remark", move_practice),
    "a topic": ("topic", move_topic),
    "a post with its topic": ("post", move_topic),
    "a post that is split off": ("post", split_post),
    "a post whose topic is merged": ("post", merge_topic),
}


def thing_of(people: Any, things: Any, what: str) -> tuple[str, int]:
    """Kind and number of what is reported; the practice is published for it."""
    if things.practice.state == "submitted":
        actions.publish(people.administrator, things.practice.id)
    db.session.refresh(things.practice)
    known = {
        "case": ("case", things.case.id),
        "practice": ("practice", things.practice.id),
        "topic": ("topic", things.topic.id),
        "post": ("post", things.first.id),
    }
    pages = {"comment": things.case, "remark": things.practice}
    if what in pages:
        return "post", dialogue.reply(people.ben, pages[what].topic_id, write("A comment.")).id
    return known[what]


@pytest.mark.parametrize("name", MOVES)
def test_reports_wait_where_the_thing_is_now(
    sign_in: Any, people: Any, things: Any, name: str
) -> None:
    what, move = MOVES[name]
    key = thing_of(people, things, what)
    actions.report(people.ana if what != "topic" else people.ben, *key, "illegal", "Odd.")
    address = f"/moderation/{key[0]}/{key[1]}"
    move(people, things, things.other)
    before = sign_in(people.host)
    assert before.get(address).status_code in (403, 404)
    page = before.get("/moderation")
    assert page.status_code == 200 and address not in page.text
    assert key not in [line.key for line in queue.queue_entries(people.host)]
    (line,) = [line for line in queue.queue_entries(things.other_host) if line.key == key]
    assert line.agenda_id == things.other.id
    after = sign_in(things.other_host)
    assert address in after.get("/moderation").text and after.get(address).status_code == 200
    assert actions.decide(people.administrator, *key, "keep").deed == "keep"


def test_no_copy_of_the_agenda_is_asked(people: Any, things: Any) -> None:
    said = actions.report(people.ana, "post", things.first.id, "rules")
    made = actions.decide(people.host, "post", things.second.id, "hide", REASONS)
    actions.move(people.moderator, things.topic.id, things.other.id)
    for row in (db.session.get_one(Report, said.id), db.session.get_one(Decision, made.id)):
        db.session.refresh(row)
        assert (row.agenda_id, row.present_agenda_id) == (things.agenda.id, things.other.id)


@pytest.mark.parametrize("name", ["a topic", "a post with its topic", "a case", "a practice"])
def test_an_appeal_is_answered_where_the_thing_is_now(
    sign_in: Any, people: Any, things: Any, name: str
) -> None:
    what, move = MOVES[name]
    key = thing_of(people, things, what)
    set_hosts(people.moderator, things.agenda.id, [people.host.handle, people.ana.handle])
    author = {"topic": people.ana, "case": people.moderator}.get(what, people.ben)
    made = actions.decide(people.host, *key, "hide", REASONS)
    said = appeal(author, made.id, "It was a joke.")
    move(people, things, things.other)
    db.session.refresh(made)
    db.session.refresh(said.decision)
    for host in (people.host, people.ana):
        browser = sign_in(host)
        assert browser.get("/moderation").status_code == 200
        assert browser.get(f"/moderation/appeals/{said.id}").status_code == 404
        assert browser.get("/moderation/log").status_code == 200
    assert sign_in(people.host).get(f"/moderation/decisions/{made.id}").status_code == 200
    assert [waiting_appeal.id for waiting_appeal in waiting_appeals(things.other_host)] == [said.id]
    assert things.other_host.id in other_decider_ids(made, author.id)
    assert people.host.id not in other_decider_ids(made, author.id)
    browser = sign_in(things.other_host)
    assert "It was a joke." in browser.get(f"/moderation/appeals/{said.id}").text
    page = browser.get(f"/moderation/decisions/{made.id}")
    assert page.status_code == 200 and "It is rude." in page.text
    if what == "post":
        assert browser.get(f"/posts/{key[1]}/why").status_code == 303
    decide_appeal(things.other_host, said.id, "reversed", "So it was.")
    if what == "topic":
        assert sign_in(people.chitra).get(things.topic.address).status_code == 200


def test_an_entry_that_refuses_does_not_close_the_queue(
    sign_in: Any, people: Any, things: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.report(people.ana, "post", things.first.id, "illegal", "Odd.")
    actions.report(people.ana, "post", things.second.id, "rules", "Odd.")
    gone = queue.QueueEntry("post", 2**31 - 1, "Gone", things.agenda.id, things.first.created_at, 0)
    found = [gone, *queue.queue_entries(people.host)]
    monkeypatch.setattr(queue, "queue_entries", lambda *_said, **_more: found)
    page = sign_in(people.host).get("/moderation")
    assert page.status_code == 200 and "Reported once" in page.text
    assert queue.first_opened_entry(people.host, [gone], {}) is None


def test_a_move_out_of_an_archived_agenda_is_undone(sign_in: Any, people: Any, things: Any) -> None:
    actions.archive(people.moderator, things.agenda.id)
    made = actions.move(people.moderator, things.topic.id, things.other.id)
    undone = sign_in(people.moderator).post(f"/moderation/decisions/{made.id}/undo")
    assert undone.status_code == 303
    topic = get_topic(VISITOR, things.topic.id)
    assert topic.agenda_id == things.agenda.id
    with pytest.raises(Forbidden):  # a host of only one of the two agendas
        dialogue.move_back(things.other_host, topic.id, things.other.id)
    actions.reopen(people.moderator, things.agenda.id)
    actions.archive(people.moderator, things.other.id)
    with pytest.raises(Forbidden, match="archived"):
        actions.move(people.moderator, topic.id, things.other.id)
