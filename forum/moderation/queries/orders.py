"""Orders of authorities: for moderators, for decisions that follow them, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

from sqlalchemy import select

from forum.db import db
from forum.errors import or_not_found
from forum.moderation.models import AGAINST_CONTENT, GIVEN, Decision, Order
from forum.pages import Page, page_of
from forum.permissions import Person, require

ORDERS_PER_PAGE = 50
ORDERS_OFFERED = 50  # the latest ones, where moderators decide


def orders(moderator: Person, number: int = 1) -> Page[Order]:
    """One page of the orders, the latest first, for moderators of the whole forum."""
    require(moderator.can.keep_orders())
    newest_first = select(Order).order_by(Order.received_on.desc(), Order.id.desc())
    return page_of(newest_first, number, ORDERS_PER_PAGE)


def get_order(moderator: Person, order_id: int, *, for_update: bool = False) -> Order:
    """One order, for moderators of the whole forum; else `Forbidden` or `NotFound`."""
    require(moderator.can.keep_orders())
    return or_not_found(db.session.get(Order, order_id, with_for_update=for_update or None))


def is_written_already(kind: str, authority: str, reference: str, order_id: int | None) -> bool:
    """Whether another order of a kind from an authority has this reference. `order_id` is the one that is changed, None for a new one."""
    same = (Order.kind == kind, Order.authority == authority, Order.reference == reference)
    others = select(Order.id).where(*same, Order.id != (order_id or 0))
    return db.session.scalar(others.limit(1)) is not None


def order_fields(order: Order | None) -> dict[str, Any]:
    """The fields of an order by name, as JSON values, for its fingerprint; empty for none."""
    if order is None:
        return {}
    fields = {column.key: getattr(order, column.key) for column in Order.__mapper__.columns}
    del fields["written_at"]
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in fields.items()
    }


def decisions_by_order(moderator: Person, order: Order) -> Sequence[Decision]:
    """The decisions that followed an order, in their order."""
    require(moderator.can.keep_orders())
    followed = select(Decision).where(Decision.order_id == order.id)
    return db.session.scalars(followed.order_by(Decision.id)).all()


def orders_to_follow(moderator: Person, *, is_asked: bool = True) -> Sequence[Order] | None:
    """The latest orders against content, which a decision can name; none until a moderator asks for them, as few decisions follow one.

    None for hosts, who do not read orders.
    """
    if not moderator.can.keep_orders():
        return None
    if not is_asked:
        return []
    against = select(Order).where(Order.kind == AGAINST_CONTENT)
    latest = against.order_by(Order.received_on.desc(), Order.id.desc())
    return db.session.scalars(latest.limit(ORDERS_OFFERED)).all()


def order_followed(moderator: Person, order_id: int) -> Order:
    """The order against content that a moderator follows in a decision; else `Forbidden` or `NotFound`."""
    order = get_order(moderator, order_id)
    return or_not_found(order if order.kind == AGAINST_CONTENT else None)


def order_behind(decision: Decision) -> Order | None:
    """The order that a decision followed, for those who may read the decision; None for none."""
    return db.session.get(Order, decision.order_id) if decision.order_id else None


@dataclass(frozen=True)
class OrderFigures:
    """The orders of a period: by kind and state of the authority, what became of them, and medians in days.

    The medians are counted from the day on which an order arrived; None when there was no case.
    """

    by_state: Mapping[tuple[str, str], int]
    by_effect: Mapping[str, int]
    days_to_confirm: float | None
    days_to_effect: float | None


def order_figures(first: date, last: date) -> OrderFigures:
    """The figures of the orders that arrived from the day `first` to the day `last`. They name nobody."""
    columns = (Order.kind, Order.state, Order.effect)
    days = (Order.received_on, Order.confirmed_on, Order.effect_on)
    arrived = select(*columns, *days).where(Order.received_on.between(first, last))
    rows = db.session.execute(arrived).all()
    given = [(row.received_on, row.effect_on) for row in rows if row.effect == GIVEN]
    return OrderFigures(
        by_state=dict(sorted(Counter((row.kind, row.state) for row in rows).items())),
        by_effect=dict(sorted(Counter(row.effect for row in rows).items())),
        days_to_confirm=_median_days([(row.received_on, row.confirmed_on) for row in rows]),
        days_to_effect=_median_days(given),
    )


def _median_days(spans: Sequence[tuple[date, date | None]]) -> float | None:
    """The median number of days from the first day to the second, where there is one."""
    days = [(end - begin).days for begin, end in spans if end]
    return median(days) if days else None
