"""What the worker does about questions, and several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from forum.advice import actions
from forum.advice.actions import FollowUpText
from forum.advice.models import AdviceRequest, QuestionCare
from forum.agendas.actions import AgendaText, archive, reopen, set_hosts, write_agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.errors import Forbidden, Refusal
from forum.markup import write
from forum.members.actions import Joining, appoint, found_federation, join
from forum.members.models import Member
from forum.members.queries import members_by_handle
from forum.moderation.actions import Reasons, decide
from forum.notifications.models import ACTIONABLE_KINDS, Event
from forum.notifications.queries import unread_count
from forum.permissions import SYSTEM, VISITOR
from tests.advice.conftest import DAY, IT_WORKED, Question, question_of, states, told
from tests.forums import Forum, forums
from tests.races import patient_deeds


def look(days: float, since: Any = None) -> None:
    """Let the worker look some days after a moment until nothing is left."""
    with at((since or now()) + timedelta(days=days)):
        while actions.look_after(SYSTEM):
            pass


def kinds(topic: Topic) -> list[tuple[str, list[int]]]:
    events = select(Event).where(Event.topic_id == topic.id).order_by(Event.id)
    ours = [
        event for event in db.session.scalars(events) if event.kind in ("unanswered", "followup")
    ]
    return [(event.kind, event.recipients) for event in ours]


def test_hosts_are_told_once_that_nobody_answers(people: Any, question: Question) -> None:
    look(6.9)
    assert kinds(question.topic) == []
    for days in (7.1, 7.2, 9, 12, 40, 80):
        look(days)
    assert kinds(question.topic) == [("unanswered", [people.host.id])]
    assert told(people.host) == [("unanswered", question.topic.address)]


def test_moderators_are_told_where_no_host_is(people: Any, question: Question) -> None:
    set_hosts(people.moderator, question.agenda.id, [])
    look(8)
    everybody = sorted([people.moderator.id, people.administrator.id])
    assert kinds(question.topic) == [("unanswered", everybody)]


def test_a_host_who_asks_is_not_told_of_it(people: Any, question: Question) -> None:
    topic = question_of(people.host, question)
    look(8)
    assert people.host.id not in kinds(topic)[0][1]


@pytest.mark.parametrize("state", ["replied", "locked", "hidden", "deleted", "archived"])
def test_some_questions_are_not_told_of(people: Any, question: Question, state: str) -> None:
    topic = question.topic
    if state == "replied":
        dialogue.reply(people.ben, topic.id, write("So."))
    elif state == "locked":
        dialogue.lock(people.moderator, topic.id)
    elif state == "hidden":
        dialogue.hide_topic(people.moderator, topic.id)
    elif state == "deleted":
        dialogue.delete(people.ana, first_post(topic).id)
    else:
        archive(people.moderator, question.agenda.id)
    for days in (7.1, 20, 45):
        look(days)
    assert kinds(topic) == []


def test_a_reply_of_the_asker_is_no_answer(people: Any, question: Question) -> None:
    dialogue.reply(people.ana, question.topic.id, write("Nobody?"))
    look(8)
    assert kinds(question.topic) == [("unanswered", [people.host.id])]


def test_old_questions_are_not_told_of_when_the_worker_comes(
    people: Any, question: Question
) -> None:
    look(30)
    assert kinds(question.topic) == []
    assert db.session.get(QuestionCare, question.topic.id)


def test_an_experience_is_left_alone(people: Any, question: Question) -> None:
    new = NewTopic("experience", "We did it", write("Text."))
    topic = dialogue.open_topic(people.ana, question.agenda.id, new)
    look(8)
    assert db.session.get(QuestionCare, topic.id) is None


def test_the_asker_is_asked_once_a_month_after_the_answer(people: Any, question: Question) -> None:
    topic = question.topic
    post = dialogue.reply(people.ben, topic.id, write("Try it."))
    look(8)
    with at(now() + 20 * DAY):
        dialogue.choose_answer(people.ana, topic.id, post.id)
    for days in (31, 38, 49.9):
        look(days)
    assert kinds(topic) == []
    for days in (50.1, 51, 90, 120):
        look(days)
    assert kinds(topic) == [("followup", [people.ana.id])]
    assert ("followup", f"/topics/{topic.id}/follow-up") in told(people.ana)
    assert "followup" in ACTIONABLE_KINDS


def test_the_asker_is_asked_a_month_after_the_last_asked_for_reply(
    people: Any, asked: Topic
) -> None:
    dialogue.reply(people.chitra, asked.id, write("Nobody asked me."))
    with at(now() + 5 * DAY):
        dialogue.reply(people.ben, asked.id, write("Try it."))
    for days in (8, 31, 34.9):
        look(days)
    assert kinds(asked) == []
    look(35.1)
    assert kinds(asked) == [("followup", [people.ana.id])]


CLOSED = {
    "locked": (dialogue.lock, dialogue.unlock),
    "hidden": (dialogue.hide_topic, dialogue.restore_topic),
}


@pytest.mark.parametrize("state", ["locked", "hidden", "archived"])
def test_the_asker_of_a_question_that_is_closed_on_its_day_is_asked_when_it_is_open_again(
    people: Any, asked: Topic, state: str
) -> None:
    close, open_again = CLOSED.get(state, (archive, reopen))
    number = asked.agenda_id if state == "archived" else asked.id
    dialogue.reply(people.ben, asked.id, write("Try it."))
    close(people.moderator, number)
    for days in (8, 30.1, 40, 61):
        look(days)
    assert kinds(asked) == []
    open_again(people.moderator, number)
    for days in (89, 92, 123, 160):
        look(days)
    assert kinds(asked) == [("followup", [people.ana.id])]
    assert db.session.get_one(QuestionCare, asked.id).look_at is None


def test_the_asker_who_has_tried_nothing_yet_is_asked_once_a_closed_question_is_open_again(
    people: Any, asked: Topic
) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    actions.follow_up(people.ana, asked.id, FollowUpText("Nothing so far.", "not yet tried"))
    dialogue.lock(people.moderator, asked.id)
    look(61)
    dialogue.unlock(people.moderator, asked.id)
    for days in (90, 92, 130):
        look(days)
    assert kinds(asked) == [("followup", [people.ana.id])]


def test_a_question_that_stays_closed_is_left_alone_a_year_after_help_came(
    people: Any, asked: Topic
) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    dialogue.lock(people.moderator, asked.id)
    for days in range(8, 400, 10):
        look(days)
    assert db.session.get_one(QuestionCare, asked.id).look_at is None
    dialogue.unlock(people.moderator, asked.id)
    look(800)
    assert kinds(asked) == []


def test_without_answer_and_asked_for_reply_nobody_is_asked(people: Any, asked: Topic) -> None:
    dialogue.reply(people.chitra, asked.id, write("Nobody asked me."))
    for days in (8, 38, 70, 200, 400, 500):
        look(days)
    assert kinds(asked) == [] and db.session.get_one(QuestionCare, asked.id).look_at is None


def test_after_not_yet_the_asker_is_asked_again_in_two_months(people: Any, asked: Topic) -> None:
    start = now()
    dialogue.reply(people.ben, asked.id, write("Try it."))
    for days in (8, 38):
        look(days, start)
    for days in (40, 105):
        with at(start + days * DAY):
            actions.follow_up(
                people.ana, asked.id, FollowUpText("Nothing so far.", "not yet tried")
            )
        for later in (59, 61, 120):
            look(days + later, start)
    assert kinds(asked) == [("followup", [people.ana.id])] * 2


def test_who_has_told_is_not_asked(people: Any, asked: Topic) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    actions.follow_up(people.ana, asked.id, IT_WORKED)
    for days in (8, 31, 62, 100):
        look(days)
    assert kinds(asked) == []


def test_it_does_some_at_a_time(people: Any, question: Question) -> None:
    for number in range(4):
        question_of(people.ben, question, f"Number {number}")
    with at(now() + 8 * DAY):
        done = [actions.look_after(SYSTEM, limit=2) for _time in range(4)]
    assert done == [4, 4, 2, 0]
    told_of = select(Event).where(Event.kind == "unanswered")
    assert len(db.session.scalars(told_of).all()) == 5


def test_what_was_not_committed_is_done_again(
    people: Any, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_words: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, at(now() + 8 * DAY):
        patch.setattr("forum.advice.actions.reminding.note_event", killed)
        with pytest.raises(KeyboardInterrupt):
            actions.look_after(SYSTEM)
    assert db.session.get(QuestionCare, question.topic.id) is None
    look(8)
    assert len(kinds(question.topic)) == 1


def test_only_the_system_looks_after_questions(people: Any, question: Question) -> None:
    with pytest.raises(Forbidden):
        actions.look_after(people.moderator)


def test_a_hidden_topic_takes_its_notices_along(people: Any, asked: Topic) -> None:
    look(8)
    assert told(people.ben) and told(people.host)
    dialogue.hide_topic(people.moderator, asked.id)
    assert told(people.ben) == told(people.host) == []
    dialogue.restore_topic(people.moderator, asked.id)
    assert told(people.ben) and told(people.host)


def test_who_has_left_stays_in_the_list(people: Any, asked: Topic) -> None:
    kept = db.session.scalars(select(AdviceRequest)).all()
    assert [row.reasons for row in kept] == [[]]
    change = update(Member).where(Member.id == people.ben.id).values(left_at=now())
    db.session.execute(change)
    db.session.commit()
    assert states(asked) == {people.ben.name: "asked"}


# Several at once


@pytest.fixture
def forum(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forum]:
    """A forum of its own, in which Ana and two others ask something and Ben can help."""
    with patient_deeds(), forums(database_url, tmp_path_factory) as made:
        forum = made("advice", has_tables=True)
        with forum.app.app_context():
            _found()
        yield forum


def _found() -> None:
    found_federation(SYSTEM, "Interurban")
    agenda = write_agenda(SYSTEM, AgendaText("Quieter", write("Text.")))
    for name in ("Ana", "Chitra", "Dina", "Ben"):
        member = join(VISITOR, Joining(name, f"{name}@example.org", "no hash"))
        if name == "Ben":
            appoint(SYSTEM, member.handle, "moderator")
        else:
            new = NewTopic("question", f"{name} asks this", write("Text."))
            dialogue.open_topic(member, agenda.id, new)


def at_once(forum: Forum, deeds: Sequence[Callable[[], Any]]) -> list[str]:
    """Do deeds at the same moment, each with a session of its own; what each came to."""
    start, came = Barrier(len(deeds)), []

    def run(deed: Callable[[], Any]) -> None:
        with forum.app.app_context():
            start.wait()
            try:
                came.append(f"done {deed()}")
            except Refusal as refusal:
                came.append(type(refusal).__name__)

    threads = [Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(came)


def test_three_askers_of_one_moment_ask_a_member_twice(forum: Forum) -> None:
    def asks(name: str) -> Callable[[], Any]:
        def deed() -> int:
            [member] = members_by_handle([name])
            topic = db.session.scalars(select(Topic).where(Topic.author_id == member.id)).one()
            return actions.ask(member, topic.id, ["ben"])

        return deed

    came = at_once(forum, [asks(name) for name in ("ana", "chitra", "dina")])
    assert came == ["Invalid", "done 1", "done 1"]


def test_a_double_press_of_one_moment_asks_once(forum: Forum) -> None:
    def deed() -> int:
        [ana] = members_by_handle(["ana"])
        topic = db.session.scalars(select(Topic).where(Topic.author_id == ana.id)).one()
        return actions.ask(ana, topic.id, ["ben", "dina"])

    assert at_once(forum, [deed] * 4) == ["done 0", "done 0", "done 0", "done 2"]


def test_several_workers_tell_each_thing_once(forum: Forum) -> None:
    def deed() -> str:
        with at(now() + 8 * DAY):
            while actions.look_after(SYSTEM, limit=1):
                pass
        return ""

    assert at_once(forum, [deed] * 3) == ["done "] * 3
    with forum.app.app_context():
        events = db.session.scalars(select(Event).where(Event.kind == "unanswered")).all()
        assert sorted(event.title for event in events) == [
            "Ana asks this",
            "Chitra asks this",
            "Dina asks this",
        ]


def test_a_question_whose_text_is_hidden_is_not_quoted_to_whom_it_asks(
    people: Any, question: Question
) -> None:
    dialogue.reply(people.chitra, question.topic.id, write("I did."))
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    assert told(people.ben) == [("advice", question.topic.address)]
    opening = first_post(question.topic)
    decide(people.moderator, "post", opening.id, "hide", Reasons("It names somebody.", 2))
    assert told(people.ben) == [] and unread_count(people.ben) == 0
    decide(people.moderator, "post", opening.id, "restore")
    assert told(people.ben) == [("advice", question.topic.address)]
