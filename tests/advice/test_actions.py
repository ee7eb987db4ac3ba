"""Requests for advice, answers to them, follow-ups, and the worker's care for questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from forum.advice import actions
from forum.advice.actions import MAX_ASKED, FollowUpText
from forum.advice.models import AdviceRequest, FollowUp, QuestionCare
from forum.advice.queries import availability_of, request_state, requests_about
from forum.agendas.actions import AgendaText, archive, reopen, set_hosts, write_agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post
from forum.errors import Forbidden, Invalid, NotFound, Refusal
from forum.markup import write
from forum.members.actions import Joining, appoint, found_federation, join, suspend
from forum.members.models import Member
from forum.members.queries import members_by_handle
from forum.moderation.actions import Reasons, decide
from forum.notifications.actions import make_notices
from forum.notifications.models import ACTIONABLE_KINDS, Event
from forum.notifications.queries import inbox, unread_count
from forum.permissions import SYSTEM, VISITOR
from tests.advice.conftest import Question, somebody
from tests.forums import Forum, forums
from tests.races import patient_deeds

DAY = timedelta(days=1)
IT_WORKED = FollowUpText("We raised the price in two streets.", "yes", "Nobody moved away.")


def states(topic: Topic) -> dict[str, str]:
    return {fate.asked.member.name: fate.state for fate in requests_about(topic)}


def told(member: Member) -> list[tuple[str, str]]:
    with at(now() + 500 * DAY):
        while make_notices(SYSTEM):
            pass
    return [(notice.kind, notice.address) for notice in inbox(member).page.items]


def question_of(author: Member, question: Question, title: str = "Another question") -> Topic:
    return dialogue.open_topic(
        author, question.agenda.id, NewTopic("question", title, write("Text."))
    )


# Asking


def test_who_is_asked_gets_a_notice_that_waits(people: Any, question: Question) -> None:
    topic = question.topic
    assert actions.ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle]) == 2
    assert told(people.ben) == told(people.chitra) == [("advice", topic.address)]
    assert told(people.ana) == [] and "advice" in ACTIONABLE_KINDS
    assert states(topic) == {people.ben.name: "asked", people.chitra.name: "asked"}


def test_asking_twice_asks_once(people: Any, question: Question) -> None:
    both = [people.ben.handle, people.chitra.handle]
    assert actions.ask(people.ana, question.topic.id, both[:1]) == 1
    assert actions.ask(people.ana, question.topic.id, both) == 1
    assert actions.ask(people.ana, question.topic.id, both) == 0
    assert len(told(people.ben)) == len(told(people.chitra)) == 1


def test_nobody_is_asked_more_than_twice_in_seven_days(people: Any, question: Question) -> None:
    with at(now() - 6 * DAY):
        for title in ("First one", "Second one"):
            topic = question_of(people.chitra, question, title)
            actions.ask(people.chitra, topic.id, [people.ben.handle])
    with pytest.raises(Invalid, match="twice"):
        actions.ask(people.ana, question.topic.id, [people.host.handle, people.ben.handle])
    assert states(question.topic) == {}
    with at(now() + 2 * DAY):
        assert actions.ask(people.ana, question.topic.id, [people.ben.handle]) == 1


def test_a_question_asks_ten(people: Any, question: Question) -> None:
    names = [f"Helper{letter}" for letter in "abcdefghijk"]
    handles = [somebody(name).handle for name in names]
    with pytest.raises(Invalid, match="at most 10"):
        actions.ask(people.ana, question.topic.id, handles)
    assert actions.ask(people.ana, question.topic.id, handles[:MAX_ASKED]) == MAX_ASKED
    with pytest.raises(Invalid, match="0 more"):
        actions.ask(people.ana, question.topic.id, handles)


@pytest.mark.parametrize("who", ["asker", "moderator", "muted", "away", "suspended", "nobody"])
def test_some_cannot_be_asked_and_a_sentence_says_so(
    people: Any, question: Question, who: str
) -> None:
    actions.set_availability(people.chitra, False, None)
    actions.set_availability(people.ben, True, now() + DAY)
    suspend(people.moderator, people.host.id, now() + DAY)
    handles = {
        "asker": people.ana.handle,
        "moderator": people.moderator.handle,
        "muted": people.chitra.handle,
        "away": people.ben.handle,
        "suspended": people.host.handle,
        "nobody": "nobody-of-this-name",
    }
    free = somebody("Free").handle
    with pytest.raises(Invalid) as refusal:
        actions.ask(people.moderator, question.topic.id, [free, handles[who]])
    assert refusal.value.message.endswith(".") and refusal.value.field == "asked"
    assert states(question.topic) == {}


def test_asking_nobody_is_refused(people: Any, question: Question) -> None:
    with pytest.raises(Invalid, match="Choose at least one"):
        actions.ask(people.ana, question.topic.id, [])


def test_who_may_ask(people: Any, question: Question) -> None:
    for person in (people.ben, VISITOR):
        with pytest.raises(Forbidden):
            actions.ask(person, question.topic.id, [people.chitra.handle])
    assert actions.ask(people.host, question.topic.id, [people.chitra.handle]) == 1


@pytest.mark.parametrize("state", ["locked", "hidden", "experience"])
def test_only_an_open_question_asks(people: Any, question: Question, state: str) -> None:
    topic = question.topic
    if state == "locked":
        dialogue.lock(people.moderator, topic.id)
    elif state == "hidden":
        dialogue.hide_topic(people.moderator, topic.id)
    else:
        new = NewTopic("experience", "We did it", write("Text."))
        topic = dialogue.open_topic(people.ana, question.agenda.id, new)
    with pytest.raises((Forbidden, NotFound)):
        actions.ask(people.ana, topic.id, [people.ben.handle])


def test_a_reply_after_being_asked_answers(people: Any, question: Question) -> None:
    topic = question.topic
    with at(now() - DAY):
        dialogue.reply(people.chitra, topic.id, write("Before."))
    actions.ask(people.ana, topic.id, [people.ben.handle, people.chitra.handle])
    post = dialogue.reply(people.ben, topic.id, write("So."))
    assert states(topic) == {people.ben.name: "answered", people.chitra.name: "asked"}
    dialogue.delete(people.ben, post.id)
    assert states(topic)[people.ben.name] == "asked"


# What the asked member answers


@pytest.fixture
def asked(people: Any, question: Question) -> Topic:
    """Ana's question; Ben was asked for advice about it."""
    actions.ask(people.ana, question.topic.id, [people.ben.handle])
    return question.topic


def test_not_me_and_not_now(people: Any, asked: Topic, question: Question) -> None:
    actions.decline(people.ben, asked.id)
    assert states(asked) == {people.ben.name: "not me"}
    actions.postpone(people.ben, asked.id, now() + 3 * DAY)
    assert states(asked) == {people.ben.name: "not now"}
    other = question_of(people.chitra, question)
    with pytest.raises(Invalid, match="away"):
        actions.ask(people.chitra, other.id, [people.ben.handle])
    with at(now() + 4 * DAY):
        assert actions.ask(people.chitra, other.id, [people.ben.handle]) == 1


@pytest.mark.parametrize("days", [-1, 0, 367, 400_000])
def test_away_is_for_a_day_to_a_year(people: Any, asked: Topic, days: int) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.postpone(people.ben, asked.id, now() + days * DAY)
    assert refusal.value.field == "until"
    assert states(asked) == {people.ben.name: "asked"}
    assert availability_of(people.ben).away_until is None


def test_passing_it_on_asks_another_in_ones_place(people: Any, asked: Topic) -> None:
    assert actions.pass_on(people.ben, asked.id, people.chitra.handle).id == people.chitra.id
    assert states(asked) == {people.ben.name: "passed on", people.chitra.name: "asked"}
    assert told(people.chitra) == [("advice", asked.address)]
    fate = request_state(people.chitra, asked.id)
    assert fate and fate.asked.asker.name == people.ben.name


@pytest.mark.parametrize("who", ["himself", "asker", "asked already", "nobody", "busy", "muted"])
def test_some_take_nothing_that_is_passed_on(
    people: Any, question: Question, asked: Topic, who: str
) -> None:
    busy, muted = somebody("Busy"), somebody("Muted")
    for title in ("First one", "Second one"):
        other = question_of(people.chitra, question, title)
        actions.ask(people.chitra, other.id, [busy.handle])
    actions.set_availability(muted, False, None)
    actions.ask(people.ana, asked.id, [people.chitra.handle])
    handles = {
        "himself": people.ben.handle,
        "asker": people.ana.handle,
        "asked already": people.chitra.handle,
        "nobody": "nobody-of-this-name",
        "busy": busy.handle,
        "muted": muted.handle,
    }
    with pytest.raises(Invalid) as refusal:
        actions.pass_on(people.ben, asked.id, handles[who])
    assert refusal.value.field == "handle"
    assert states(asked)[people.ben.name] == "asked" and len(states(asked)) == 2


def test_what_is_passed_on_is_settled(people: Any, asked: Topic) -> None:
    actions.pass_on(people.ben, asked.id, people.chitra.handle)
    for deed in (
        lambda: actions.pass_on(people.ben, asked.id, people.host.handle),
        lambda: actions.decline(people.ben, asked.id),
        lambda: actions.postpone(people.ben, asked.id, now() + DAY),
    ):
        with pytest.raises(Invalid, match="passed this question on"):
            deed()
    assert len(states(asked)) == 2


def test_passing_on_makes_room(people: Any, asked: Topic) -> None:
    handles = [somebody(f"Helper{letter}").handle for letter in "abcdefghi"]
    actions.ask(people.ana, asked.id, handles)
    actions.pass_on(people.ben, asked.id, people.chitra.handle)
    assert len(states(asked)) == MAX_ASKED + 1


def test_only_who_was_asked_says_something_to_it(people: Any, asked: Topic) -> None:
    for deed in (
        lambda person: actions.decline(person, asked.id),
        lambda person: actions.postpone(person, asked.id, now() + DAY),
        lambda person: actions.pass_on(person, asked.id, people.host.handle),
    ):
        with pytest.raises(NotFound):
            deed(people.chitra)
        with pytest.raises(Forbidden):
            deed(VISITOR)


def test_members_say_whether_they_are_asked(people: Any, asked: Topic) -> None:
    actions.set_availability(people.ben, False, now() + DAY)
    muted_at = availability_of(people.ben).muted_at
    with at(now() + DAY):
        actions.set_availability(people.ben, False, None)
    row = availability_of(people.ben)
    assert (row.muted_at, row.away_until) == (muted_at, None)
    actions.set_availability(people.ben, True, None)
    assert availability_of(people.ben).muted_at is None


# What happened next


def story_of(topic: Topic) -> FollowUp | None:
    return db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))


def test_the_asker_tells_what_happened_and_tells_it_better(people: Any, asked: Topic) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    actions.follow_up(people.ana, asked.id, IT_WORKED)
    row = story_of(asked)
    assert row and (row.outcome, row.text, row.edited_at) == ("yes", IT_WORKED.text, None)
    with at(now() + DAY):
        actions.follow_up(people.ana, asked.id, FollowUpText("We stopped.", "no"))
    row = story_of(asked)
    assert row and (row.deed, row.text) == ("We stopped.", "") and row.edited_at
    topic = db.session.get_one(Topic, asked.id, populate_existing=True)
    assert topic.followed_up_at == row.told_at
    actions.withdraw_follow_up(people.ana, asked.id)
    topic = db.session.get_one(Topic, asked.id, populate_existing=True)
    assert story_of(asked) is None and topic.followed_up_at is None


def test_only_the_asker_tells_what_happened_and_only_after_a_reply(
    people: Any, asked: Topic
) -> None:
    with pytest.raises(Forbidden, match="Nobody has replied"):
        actions.follow_up(people.ana, asked.id, IT_WORKED)
    dialogue.reply(people.ben, asked.id, write("Try it."))
    for person in (people.ben, people.moderator, VISITOR):
        with pytest.raises(Forbidden):
            actions.follow_up(person, asked.id, IT_WORKED)
    actions.follow_up(people.ana, asked.id, IT_WORKED)
    for person in (people.ben, people.moderator):
        with pytest.raises(Forbidden):
            actions.withdraw_follow_up(person, asked.id)
    assert story_of(asked)


@pytest.mark.parametrize(
    ("deed", "outcome", "text", "field"),
    [
        ("", "yes", "", "deed"),
        ("We did.", "perhaps", "", "outcome"),
        ("We did.", "yes", "x" * 1_501, "text"),
        ("x" * 201, "yes", "", "text"),
    ],
)
def test_a_story_has_its_limits(
    people: Any, asked: Topic, deed: str, outcome: str, text: str, field: str
) -> None:
    dialogue.reply(people.ben, asked.id, write("Try it."))
    with pytest.raises(Invalid) as refusal:
        actions.follow_up(people.ana, asked.id, FollowUpText(deed, outcome, text))
    assert refusal.value.field == field
    assert story_of(asked) is None


# The worker


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
