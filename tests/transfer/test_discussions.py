"""Polls, locks and slow topics in content files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from forum.db import db
from forum.dialogue.models import Pace, Topic
from forum.dialogue.queries import first_post, poll_of
from forum.moderation.models import Decision
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from tests.transfer.conftest import GOOD, line_of, refused

POLL = """- poll: Where do they grow best?
- poll option: In parks | ben-okoth; chitra-desai
- poll option: In streets \\| squares | mona-berg
- poll option: Nowhere
- poll until: 2026-11-01 09:00
- poll closed: 2026-10-20 12:00
- useful: ben-okoth
- asked"""


def test_a_poll_is_loaded_with_its_votes(people: Any) -> None:
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL, 1)
    import_agenda(people.moderator, read_agenda(text))
    post = first_post(db.session.scalars(select(Topic).where(Topic.home.is_(None))).one())
    poll = poll_of(people.ben, post)
    assert poll is not None and poll.question == "Where do they grow best?"
    assert [(option.words, option.votes_count, option.is_mine) for option in poll.options] == [
        ("In parks", 2, True),
        ("In streets | squares", 1, False),
        ("Nowhere", 0, False),
    ]
    assert (poll.voters_count, poll.is_multiple) == (3, False)
    assert poll.closes_at == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert poll.closed_at == datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("end", ["until: 2026-11-01 09:00", "closed: 2026-10-20 12:00"])
def test_a_poll_that_ended_within_an_hour_is_loaded_with_its_votes(people: Any, end: str) -> None:
    sooner = f"{end.partition(':')[0]}: 2026-10-02 09:30"
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL.replace(end, sooner), 1)
    other = "closed" if end.startswith("until") else "until"
    text = "\n".join(line for line in text.split("\n") if f"poll {other}" not in line)
    import_agenda(people.moderator, read_agenda(text))
    post = first_post(db.session.scalars(select(Topic).where(Topic.home.is_(None))).one())
    poll = poll_of(people.ben, post)
    assert poll is not None and poll.voters_count == 3 and poll.is_closed


@pytest.mark.parametrize(
    ("good", "wrong", "line", "message"),
    [
        ("- poll: Where do they grow best?\n", "", "- poll option: In p", "write the question in"),
        ("Where do they grow", "x" * 201, "- poll: x", "at most 200 characters"),
        ("Nowhere", "x" * 121, "- poll option: x", "at most 120 characters"),
        ("Nowhere", "In Parks", "- poll: ", "Two of the options are the same."),
        ("Nowhere", "Nowhere | nobody", "- poll option: Now", "no member has the handle “nobody”"),
        ("Nowhere", "Nowhere | ben-okoth", "- poll option", "Choose one option only."),
        ("until: 2026-11", "until: 2026-09", "- poll until", "before the poll has begun"),
        ("closed: 2026", "closed: 2999", "- poll closed", "is in the future"),
    ],
)
def test_what_is_wrong_with_a_poll_is_told(
    people: Any, good: str, wrong: str, line: str, message: str
) -> None:
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL.replace(good, wrong, 1), 1)
    found = refused(people, text)
    assert any(message in said for said in found), found
    assert any(f"line {line_of(text, line)}:" in said for said in found), found


def test_a_lock_is_loaded_with_its_last_day_unless_that_is_over(people: Any) -> None:
    locked = "- locked: yes\n- locked because: It is heated.\n- locked until: 2999-01-02\n- asked"
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", locked, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert (topic.locked_reason, topic.locked_until) == ("It is heated.", date(2999, 1, 2))


def test_a_lock_that_is_over_is_not_loaded(people: Any) -> None:
    locked = "- locked: yes\n- locked until: 2025-01-02\n- asked"
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", locked, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.locked_at is None


SLOW = "- slow: 480 | 2999-01-01 09:00\n- slow because: It is heated.\n- asked"


def test_a_slow_topic_is_loaded_and_written_as_slow(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", SLOW, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    end = datetime(2999, 1, 1, 9, tzinfo=UTC)
    assert topic.pace == Pace(480, end, "It is heated.")
    assert not db.session.scalars(select(Decision).where(Decision.deed == "slow")).all()


def test_in_the_demo_somebody_has_decided_it(people: Any) -> None:
    text = GOOD.replace("- asked", SLOW.replace(" | 2999-01-01 09:00", ""), 1)
    import_agenda(people.moderator, read_agenda(text), is_decided=True)
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.pace == Pace(480, None, "It is heated.")
    decision = db.session.scalars(select(Decision).where(Decision.deed == "slow")).one()
    assert decision.reason == "It is heated."


def test_a_pace_that_is_over_is_not_loaded(people: Any) -> None:
    text = GOOD.replace("- asked", SLOW.replace("2999", "2026"), 1)
    import_agenda(people.moderator, read_agenda(text))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.pace is None


@pytest.mark.parametrize("wrong", ["20", "x", "60 | soon", "60 | 2026-12-01 09:00 | x"])
def test_what_is_wrong_with_a_pace_is_told(people: Any, wrong: str) -> None:
    text = GOOD.replace("- asked", SLOW.replace("480 | 2999-01-01 09:00", wrong), 1)
    found = refused(people, text)
    assert any(f"line {line_of(text, '- slow: ')}:" in said for said in found), found
