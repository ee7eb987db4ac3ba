"""An order of an authority at the same moment: a form that is sent twice, and a decision about to name what is deleted."""

from __future__ import annotations

from functools import partial

from flask import Flask
from sqlalchemy import func, select

from forum.db import db
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision, Order
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


def test_an_order_is_not_deleted_while_a_decision_names_it(own: Flask, topics: list[int]) -> None:
    order = actions.write_order(person("mona-berg"), an_order())
    db.session.commit()
    why = Reasons("A court has found it illegal.", law="Penal code, 266", order_id=order.id)
    decides = partial(slowly, actions.decide, person("mona-berg"), "topic", topics[0], "hide", why)
    deletes = meanwhile(by("mona-berg", actions.delete_order, order.id))
    stays = "A decision has followed this order, so it stays written down."
    assert at_once(own, [decides, deletes]) == ["done", stays]
    db.session.rollback()
    assert db.session.scalars(select(Decision.order_id)).all() == [order.id]
