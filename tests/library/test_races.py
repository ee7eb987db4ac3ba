"""Two editors of the library at the same moment: neither overwrites the other's change.

They run in threads on a database of its own, in which commits are real.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.actions import order as order_agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas
from forum.clock import month_end, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.history.queries import fingerprint, versions_of
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    ask_about_intentions,
    delete_practice,
    give_up,
    intend,
    order_cases,
    order_readings,
    publish,
    publishing,
    remove_reading,
    submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.library.models import Intention, Practice
from forum.library.queries import cases_of, intentions_in, reading_fields, readings_of
from forum.markup import write
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons, deciding
from forum.moderation.queries import thing_to_moderate
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.races import at_once, halting, let_others_come, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator

READING = ReadingText("Floods", "A. Author", 2024, why="It is short.")
SHORTER = ReadingText("Floods", "A. Author", 2024, why="Short.")


@pytest.fixture
def mona(own: Flask) -> Member:
    return get_member(SYSTEM, "mona-berg")


@pytest.fixture
def agenda(own: Flask, mona: Member) -> Agenda:
    return write_agenda(mona, AgendaText("Floods", write("Text.")))


def test_two_editors_of_a_best_read_lose_no_text(own: Flask, mona: Member, agenda: Agenda) -> None:
    reading = write_reading(mona, agenda.id, READING)
    seen = fingerprint(reading_fields(reading))
    longer = ReadingText("Floods", "A. Author and B. Author", 2024, why="It is short and true.")

    def edit(text: ReadingText) -> Any:
        return lambda: slowly(write_reading, mona, agenda.id, text, reading.id, seen=seen)

    said = at_once(own, [edit(SHORTER), edit(longer)])
    assert sorted(said) == ["This text has changed since you opened the form.", "done"]
    (version,) = versions_of("reading", reading.id)
    assert version.fields["why"] == "It is short."


def test_a_best_read_that_is_removed_while_it_is_edited_stays_removed(
    own: Flask, mona: Member, agenda: Agenda
) -> None:
    reading = write_reading(mona, agenda.id, READING)
    deeds = [
        lambda: slowly(write_reading, mona, agenda.id, SHORTER, reading.id),
        lambda: slowly(remove_reading, mona, reading.id),
    ]
    said = at_once(own, deeds)
    assert said[1] == "done" and readings_of(mona, agenda) == []
    kept = {version.fields["why"] for version in versions_of("reading", reading.id)}
    assert kept == ({"It is short.", "Short."} if said[0] == "done" else {"It is short."})


def test_a_best_read_sent_twice_at_once_is_added_once(
    own: Flask, mona: Member, agenda: Agenda
) -> None:
    said = at_once(own, [lambda: slowly(write_reading, mona, agenda.id, READING)] * 2)
    assert said == ["done"] * 2
    assert len(readings_of(mona, agenda)) == 1


def test_a_month_is_changed_while_it_is_taken_back_or_the_worker_lets_it_go(
    own: Flask, mona: Member, agenda: Agenda
) -> None:
    """The second action works on what the first one has left, and none fails with an error."""
    adam = get_member(SYSTEM, "adam-de-wit")
    made = write_practice(adam, agenda.id, PracticeText("Pumps", "They call."))
    submit(adam, made.id)
    topic_id = publish(mona, made.id).topic_id
    assert topic_id
    deeds = [
        lambda: slowly(give_up, mona, topic_id),
        lambda: slowly(intend, mona, topic_id, month_end(6)),
        lambda: slowly(ask_about_intentions, SYSTEM),
    ]
    for _turn in range(3):
        intend(mona, topic_id, month_end(3))
        over = {"look_on": now().date(), "asked_at": now()}
        db.session.execute(update(Intention).values(over))
        db.session.commit()
        assert at_once(own, deeds) == ["done"] * 3
    assert len(intentions_in(topic_id)) <= 1


DECIDING: dict[str, Callable[[Member, int], Any]] = {
    "published": moderation.publish,
    "sent back": lambda mona, practice_id: moderation.send_back(
        mona, practice_id, Reasons("Say where.")
    ),
}


@pytest.mark.parametrize("what", DECIDING)
def test_an_author_deletes_a_practice_while_a_moderator_decides_about_it(
    own: Flask, mona: Member, agenda: Agenda, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Both end what waits in the queue: always with the practice in hand."""
    adam = get_member(SYSTEM, "adam-de-wit")
    made = write_practice(adam, agenda.id, PracticeText("Pumps", "They call."))
    submit(adam, made.id)
    practice_id = made.id
    db.session.commit()
    decides = partial(DECIDING[what], mona, practice_id)
    decide = halting(monkeypatch, publishing, "practice_to_change", decides)
    delete = meanwhile(lambda: delete_practice(adam, practice_id))
    assert at_once(own, [decide, delete]) == ["done", "done"]
    assert db.session.get_one(Practice, practice_id, populate_existing=True).deleted_at


def test_an_author_changes_a_practice_while_a_moderator_publishes_what_was_read(
    own: Flask, mona: Member, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has read is published by nobody; once it is published, what was read is kept as a version."""
    adam = get_member(SYSTEM, "adam-de-wit")
    made = write_practice(adam, agenda.id, PracticeText("Pumps", "They call."))
    submit(adam, made.id)
    practice_id, agenda_id = made.id, agenda.id
    read = thing_to_moderate(mona, "practice", practice_id).fingerprint
    db.session.commit()
    publishes = partial(moderation.publish, mona, practice_id, read=read)
    decide = halting(monkeypatch, deciding, "practice_to_change", publishes)
    other = PracticeText("Pumps", "Buy ours.")
    change = meanwhile(lambda: write_practice(adam, agenda_id, other, practice_id))
    published, changed = at_once(own, [decide, change])
    assert changed == "done"
    practice = db.session.get_one(Practice, practice_id, populate_existing=True)
    if published == "done":
        (version,) = versions_of("practice", practice_id)
        assert version.fields["sentence"] == "They call."
    else:
        assert "changed this text" in published and practice.state == "submitted"


def test_a_case_is_edited_while_somebody_changes_a_comment_on_it(
    own: Flask, mona: Member, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comment moves to another paragraph: its topic is locked first, as by whoever edits it."""
    text = CaseText("Cork", "network", "S.", "One.\n\nTwo.")
    made = write_case(mona, agenda.id, text)
    [first, second] = [paragraph.key for paragraph in made.paragraphs]
    comment = dialogue.reply(
        get_member(SYSTEM, "adam-de-wit"), made.topic_id, write("Ours."), paragraph=second
    )
    case_id, post_id = made.id, comment.id
    db.session.commit()
    follow = dialogue.follow_page

    def follow_slowly(*given: Any) -> Any:
        let_others_come()
        return follow(*given)

    monkeypatch.setattr(dialogue, "follow_page", follow_slowly)
    shorter = CaseText("Cork", "network", "S.", "One.")
    edit = lambda: write_case(mona, agenda.id, shorter, case_id, moves={second: first})  # noqa: E731
    adam = get_member(SYSTEM, "adam-de-wit")
    change = meanwhile(lambda: dialogue.edit(adam, post_id, write("Ours, too.")))
    assert at_once(own, [edit, change]) == ["done", "done"]
    moved = db.session.get_one(Post, post_id, populate_existing=True)
    assert (moved.paragraph, moved.source) == (first, "Ours, too.")


ORDERS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Sequence[Any]]]] = {
    "best reads": (
        lambda mona, agenda, name: write_reading(mona, agenda.id, ReadingText(name, "A. Author")),
        order_readings,
        readings_of,
    ),
    "agendas": (
        lambda mona, _agenda, name: write_agenda(mona, AgendaText(name, write("Text."))),
        lambda mona, _agenda_id, ids: order_agendas(mona, ids),
        lambda mona, agenda: [other for other in all_agendas(mona) if other.id != agenda.id],
    ),
    "cases": (
        lambda mona, agenda, name: write_case(
            mona, agenda.id, CaseText(name, "network", "S.", "One.")
        ),
        order_cases,
        cases_of,
    ),
}


@pytest.mark.parametrize("what", ORDERS)
def test_of_two_orders_chosen_at_once_one_is_kept_whole(
    own: Flask, mona: Member, agenda: Agenda, what: str
) -> None:
    add, order, in_order = ORDERS[what]
    one, two, three = [add(mona, agenda, name).id for name in ("Rain", "Snow", "Wind")]
    wanted = [three, one, two], [two, one, three]
    db.session.commit()
    deeds = [partial(slowly, order, mona, agenda.id, ids) for ids in wanted]
    assert at_once(own, [deeds[0], meanwhile(deeds[1])]) == ["done", "done"]
    db.session.expire_all()
    assert [row.id for row in in_order(mona, agenda)] in wanted
