"""Concurrent requests: an appeal is answered once, and a thing is decided by one moderator."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from forum.appeals import actions as appeals
from forum.appeals.models import Appeal
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post, Topic
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Report
from forum.permissions import SYSTEM
from tests.races import a_topic, at_once, let_others_come, meanwhile, own, who

__all__ = ["own"]


@pytest.fixture(autouse=True)
def founded(own: Flask) -> None:
    """A forum with a name, as after `flask setup`."""
    members.found_federation(SYSTEM, "Interurban")


REASONS = Reasons("It is rude.", 2)


def a_reply(words: str = "You are fools.") -> int:
    return int(dialogue.reply(who("ana-prado"), a_topic(), write(words)).id)


def number_of(model: Any, *which: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*which)) or 0


def test_an_appeal_is_made_and_answered_once(own: Flask) -> None:
    members.add_member(SYSTEM, Joining("Otto Lind", "otto@example.org", "-"), "moderator")
    post_id = a_reply()
    decision_id = moderation.decide(who("mona-berg"), "post", post_id, "hide", REASONS).id
    db.session.remove()
    asked = at_once(own, [lambda: appeals.appeal(who("ana-prado"), decision_id, "It is kind.")] * 3)
    assert asked.count("done") == 1, asked
    appeal_id = db.session.scalar(select(Appeal.id)) or 0
    db.session.remove()
    said = at_once(
        own,
        [
            lambda: appeals.decide_appeal(who("adam-de-wit"), appeal_id, "reversed", "It is."),
            lambda: appeals.decide_appeal(who("otto-lind"), appeal_id, "upheld", "It is not."),
            lambda: appeals.decide_appeal(who("adam-de-wit"), appeal_id, "upheld", "Or not."),
        ],
    )
    assert said.count("done") == 1, said
    found = db.session.get_one(Appeal, appeal_id)
    is_hidden = db.session.get_one(Post, post_id).hidden_at is not None
    assert is_hidden == (found.outcome == "upheld")
    assert number_of(Decision, Decision.undoes_id == decision_id) == (not is_hidden)


def test_a_decision_is_undone_or_appealed_against_or_followed_by_another(own: Flask) -> None:
    for _time in range(3):
        post_id = a_reply()
        decision_id = moderation.decide(who("mona-berg"), "post", post_id, "hide", REASONS).id
        db.session.remove()
        said = at_once(
            own,
            [
                lambda n=decision_id: moderation.undo(who("mona-berg"), n),
                lambda n=decision_id: appeals.appeal(who("ana-prado"), n, "It is kind."),
                lambda n=post_id: moderation.decide(who("adam-de-wit"), "post", n, "restore"),
            ],
        )
        assert said[0] == "done" or said[2] == "done", said
        assert (said[0] == "done") != (said[2] == "done"), said
        db.session.remove()
        assert db.session.get_one(Post, post_id).hidden_at is None


def test_a_report_in_the_moment_of_a_decision_is_answered_or_waits(own: Flask) -> None:
    for name in ("Bea One", "Bea Two"):
        members.add_member(SYSTEM, Joining(name, f"{name[-3:]}@example.org", "-"), "member")
    for _time in range(3):
        post_id = a_reply()
        moderation.report(who("bea-one"), "post", post_id, "rules")
        db.session.remove()
        said = at_once(
            own,
            [
                lambda n=post_id: moderation.decide(who("mona-berg"), "post", n, "hide", REASONS),
                lambda n=post_id: moderation.decide(who("adam-de-wit"), "post", n, "keep"),
                lambda n=post_id: moderation.report(who("bea-two"), "post", n, "spam"),
            ],
        )
        assert "done" in said[:2], said
        db.session.remove()
        made = number_of(Report, Report.item_id == post_id)
        assert made == 1 + (said[2] == "done"), said


def test_an_advertiser_who_goes_on_posting_is_stopped(own: Flask) -> None:
    """A text sent at the moment of clearing is hidden with the others or refused, whatever its audience and agenda.

    Nobody is asked to try again: the actions take their locks in the same order.
    """
    topics = [a_topic(), a_topic(), a_topic("members"), a_topic("members")]
    ana_id = int(who("ana-prado").id)
    for topic_id in topics:
        dialogue.reply(who("ana-prado"), topic_id, write("Buy."))
    mine = [post_of(topic_id, ana_id) for topic_id in topics]
    db.session.remove()
    deeds: list[Any] = [
        lambda n=number: dialogue.reply(
            who("ana-prado"), topics[n % 4], write(f"Buy {n}. A {'casino' * (n % 3 == 0)}")
        )
        for number in range(8)
    ]
    deeds += [
        lambda: dialogue.delete(who("ana-prado"), mine[3]),
        lambda: dialogue.edit(who("ana-prado"), mine[2], write("Buy a casino.")),
        lambda: dialogue.mark(who("ana-prado"), mine[1], "useful"),
        lambda: dialogue.open_topic(
            who("ana-prado"), 1, dialogue.NewTopic("question", "Who buys?", write("Buy."))
        ),
    ]
    said = at_once(
        own, [*deeds[::2], lambda: moderation.clear_spam(who("mona-berg"), ana_id), *deeds[1::2]]
    )
    assert said[len(deeds[::2])] == "done" and "Busy" not in said, said
    db.session.remove()
    theirs = (Post.author_id == ana_id, Post.hidden_at.is_(None), Post.deleted_at.is_(None))
    seen = select(Post.id).join(Post.topic).where(*theirs, Topic.hidden_at.is_(None))
    assert db.session.scalars(seen).all() == []
    assert number_of(Held, Held.author_id == ana_id, Held.decided_at.is_(None)) == 0
    assert db.session.get_one(type(who("mona-berg")), ana_id).is_suspended


def post_of(topic_id: int, author_id: int) -> int:
    mine = select(Post.id).where(Post.topic_id == topic_id, Post.author_id == author_id)
    return db.session.scalars(mine).one()


def test_what_is_for_members_only_and_on_its_way_is_cleared_away_too(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No counter of the author shows that the text exists, so both actions lock the author's row."""
    topic_id, ana_id = a_topic("members"), int(who("ana-prado").id)
    db.session.remove()
    writing = import_module("forum.dialogue.actions.writing")
    checked = writing.check_text

    def check_slowly(text: Any) -> None:
        let_others_come()
        checked(text)

    monkeypatch.setattr(writing, "check_text", check_slowly)

    def send() -> None:
        dialogue.reply(who("ana-prado"), topic_id, write("Buy."))

    clear = meanwhile(lambda: moderation.clear_spam(who("mona-berg"), ana_id))
    assert at_once(own, [send, clear]) == ["done", "done"]
    db.session.remove()
    assert number_of(Post, Post.author_id == ana_id) == 1
    assert number_of(Post, Post.author_id == ana_id, Post.removed_at.is_(None)) == 0


def test_who_is_silenced_in_the_moment_of_sending_has_sent_before_or_not_at_all(
    own: Flask,
) -> None:
    topic_id, ana_id = a_topic(), int(who("ana-prado").id)
    db.session.remove()
    end = now() + timedelta(days=7)
    sending = [
        lambda n=n: dialogue.reply(who("ana-prado"), topic_id, write(f"{n} trams."))
        for n in range(5)
    ]
    said = at_once(
        own, [*sending, lambda: moderation.silence(who("mona-berg"), ana_id, end, REASONS)]
    )
    assert said[-1] == "done" and set(said) <= {
        "done",
        *(answer for answer in said if "paused" in answer),
    }
    db.session.remove()
    assert number_of(Post, Post.author_id == ana_id) == said[:-1].count("done")
