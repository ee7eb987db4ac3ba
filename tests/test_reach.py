"""What of the rows a reader finds is said alike in Python and in SQL."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, insert, literal, select

from forum import permissions, reach
from forum.agendas.models import Agenda
from forum.clock import now
from forum.columns import Moment
from forum.db import db
from tests.situations import (
    AHEAD,
    HELD,
    HERE,
    PAST,
    PEOPLE,
    THERE,
    person,
)


def answers(app: Flask, condition: Any) -> bool:
    return bool(db.session.scalar(select(literal(1)).where(condition)))


@pytest.mark.parametrize("name", PEOPLE)
def test_who_sees_what_is_said_alike_in_python_and_in_sql(app: Flask, name: str) -> None:
    reader = PEOPLE[name]
    may_moderate = name in ("moderator", "administrator", "system")
    is_signed_in = name not in ("visitor", "suspended", "left")
    for audience in permissions.AUDIENCES:
        expected = is_signed_in or audience == permissions.PUBLIC
        assert reach.reads(reader, audience) == expected
        assert answers(app, reach.read_by(reader, literal(audience))) == expected
    hosted = {"host": HERE, "host elsewhere": THERE}.get(name)
    for agenda_id in (HERE, THERE):
        expected = may_moderate or agenda_id == hosted
        here = literal(agenda_id, Integer)
        assert reach.sees_hidden(reader, agenda_id) == expected
        assert answers(app, reach.moderated_by(reader, here)) == expected
        for hidden, shown in ((PAST, expected), (None, True)):
            column = literal(hidden, Moment())
            assert answers(app, reach.shown_to(reader, column, here)) == shown


@pytest.mark.parametrize("name", PEOPLE)
def test_an_agenda_in_preparation_is_seen_by_who_moderates_it(app: Flask, name: str) -> None:
    text = {"introduction": "", "introduction_html": "", "html_version": 0}
    looks = {"palette": "water", "pattern": "delta", "created_at": PAST, "active_at": PAST}
    for number, opened_at in ((HERE, None), (THERE, PAST)):
        row = {"id": number, "slug": str(number), "title": str(number), "opened_at": opened_at}
        db.session.execute(insert(Agenda).values(**row, **text, **looks))
    reader = PEOPLE[name]
    sees = reach.sees_hidden(reader, HERE)
    here, there = literal(HERE, Integer), literal(THERE, Integer)
    assert answers(app, reach.opened_to(reader, here)) == sees
    assert answers(app, reach.opened_to(reader, there))
    assert answers(app, reach.shown_to(reader, literal(None, Moment()), here)) == sees
    assert answers(app, reach.shown_to(reader, literal(None, Moment()), there))
    assert not answers(app, reach.is_on_open_agenda(here))


STATES: dict[str, dict[str, Any]] = {
    "free": {},
    **{
        f"{name} {when}": {column: moment}
        for name, column in (("suspended", "suspended_until"), ("silenced", "silenced_until"))
        for when, moment in (("before", PAST), ("now", AHEAD))
    },
    "leaving": {"leaving_at": PAST},
    "left": {"leaving_at": PAST, "left_at": PAST},
    "leaving and suspended": {"leaving_at": PAST, "suspended_until": AHEAD},
    "without the second factor": {"held_at": PAST},
}


@pytest.mark.parametrize("state", STATES)
def test_who_may_sign_in_write_and_decide_is_said_alike_in_python_and_in_sql(
    app: Flask, state: str
) -> None:
    moderator = person(role="moderator", **STATES[state])
    columns = ("suspended_until", "silenced_until", "leaving_at", "left_at", "held_at")
    row = SimpleNamespace(**{name: literal(getattr(moderator, name), Moment()) for name in columns})
    assert answers(app, reach.may_sign_in(row, now())) == bool(moderator.can.sign_in())
    assert answers(app, reach.may_write(row, now())) == bool(moderator.can.write())
    assert (
        answers(app, reach.may_decide(row, now())) == moderator.may_decide == moderator.is_moderator
    )


def test_who_lacks_the_second_factor_sees_what_a_plain_member_sees(app: Flask) -> None:
    for who in HELD:
        here = literal(HERE, Integer)
        assert not reach.sees_hidden(who, HERE)
        assert not answers(app, reach.moderated_by(who, here))
        assert not answers(app, reach.shown_to(who, literal(PAST, Moment()), here))
        assert answers(app, reach.read_by(who, literal(permissions.MEMBERS)))
