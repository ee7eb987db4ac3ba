"""A form with an order of an authority is sent several times at the same moment: the order is written down once."""

from __future__ import annotations

from functools import partial

from flask import Flask
from sqlalchemy import func, select

from forum.db import db
from forum.moderation import actions
from forum.moderation.models import Order
from tests.moderation import test_races as races
from tests.moderation.conftest import an_order
from tests.moderation.test_races import by, person
from tests.races import at_once, meanwhile, slowly

own, topics = races.own, races.topics  # for the people that come with them


def test_one_of_two_is_written_down(own: Flask, topics: list[int]) -> None:
    first = partial(slowly, actions.write_order, person("mona-berg"), an_order())
    second = meanwhile(by("mona-berg", actions.write_order, an_order()))
    assert at_once(own, [first, second]) == ["done", "This order is written down already."]
    db.session.rollback()
    assert db.session.scalar(select(func.count(Order.id))) == 1
