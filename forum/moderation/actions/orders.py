"""Writing down orders of authorities, and what was answered to them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.queries import refuse_unseen
from forum.moderation.actions._reasons import check_length
from forum.moderation.models import EFFECTS, NOT_FOLLOWED, ORDER_KINDS, Order
from forum.moderation.queries import (
    decisions_by_order,
    get_order,
    is_written_already,
    order_fields,
    serialize_decisions,
)
from forum.permissions import Person, require
from forum.plaintext import single_line

MAX_ORDER_FIELD = 200  # characters of the authority, its reference and the territory


@dataclass(frozen=True)
class OrderText:
    """An order as a moderator writes it down; the fields are those of `Order`."""

    kind: str
    authority: str
    state: str
    reference: str
    law: str
    about: str
    issued_on: date
    received_on: date
    territory: str = ""
    redress: str = ""
    until_on: date | None = None
    confirmed_on: date | None = None
    effect: str = ""
    effect_on: date | None = None
    answer: str = ""
    answered_on: date | None = None


@action
def write_order(
    moderator: Person, text: OrderText, order_id: int | None = None, *, seen: str | None = None
) -> Order:
    """Write an order down, or change what is written down of one; nobody is told.

    An authority gives each of its orders another reference, so that a form that is sent twice counts no order twice; one
    that demands both is two orders.
    `seen` is the fingerprint of the order when the form was opened: `Conflict` when it has changed since.
    """
    touches()
    serialize_decisions(moderator)  # so that of two that are the same the second finds the first
    require(moderator.can.keep_orders())
    order = get_order(moderator, order_id, for_update=True) if order_id else Order()
    text = _tidied(text)
    _check(text)
    if is_written_already(text.kind, text.authority, text.reference, order_id):
        raise Invalid(_("This order is written down already."), "reference")
    if order_id:
        if text.kind != order.kind and decisions_by_order(moderator, order):
            raise Invalid(
                _("A decision has followed this order, so it demands what it demanded."), "kind"
            )
        latest = order_fields(order)
        if any(latest[name] != value for name, value in _said(text).items()):
            refuse_unseen(seen, latest)
    for field in fields(text):
        setattr(order, field.name, getattr(text, field.name))
    order.written_at = now()
    db.session.add(order)
    db.session.flush()
    return order


@action
def delete_order(moderator: Person, order_id: int, *, seen: str | None = None) -> None:
    """Delete an order that was written down by mistake; nobody is told.

    Raises `Conflict` when a decision has followed it, as the member concerned was told of it, and when it is not any
    more what `seen`, its fingerprint, says that the page has shown.
    """
    touches()
    serialize_decisions(moderator)  # so that no decision names it meanwhile
    order = get_order(moderator, order_id, for_update=True)
    if decisions_by_order(moderator, order):
        raise Conflict(_("A decision has followed this order, so it stays written down."))
    refuse_unseen(seen, order_fields(order))
    db.session.delete(order)


def _tidied(text: OrderText) -> OrderText:
    return replace(
        text,
        authority=single_line(text.authority),
        state=single_line(text.state),
        reference=single_line(text.reference),
        law=single_line(text.law),
        territory=single_line(text.territory),
        about=text.about.strip(),
        redress=text.redress.strip(),
        answer=text.answer.strip(),
    )


def _said(text: OrderText) -> dict[str, object]:
    """The fields that an order with this text would have, as in `order_fields`."""
    said = {field.name: getattr(text, field.name) for field in fields(text)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.items()
    }


def _check(text: OrderText) -> None:
    required = {
        "authority": _("Name the court or the authority."),
        "state": _("Choose the country of the authority."),
        "reference": _("Write the number that the authority gave the order."),
        "law": _("Name the law, and the article if you know it."),
    }
    for name, sentence in required.items():
        if not getattr(text, name):
            raise Invalid(sentence, name)
    if text.kind not in ORDER_KINDS or text.effect not in ("", *EFFECTS):
        raise Invalid(_("Choose one from the list."), "kind")
    for name in ("authority", "reference", "territory"):
        if len(getattr(text, name)) > MAX_ORDER_FIELD:
            raise Invalid(_("Write at most %(most)s characters.", most=MAX_ORDER_FIELD), name)
    for name in ("law", "about", "redress", "answer"):
        check_length(getattr(text, name), name)
    _check_days(text)


def _check_days(text: OrderText) -> None:
    today = now().date()
    for name in ("issued_on", "received_on", "confirmed_on", "effect_on", "answered_on"):
        day = getattr(text, name)
        if day and day > today:
            raise Invalid(_("Choose today or a day before."), name)
    if text.received_on < text.issued_on:
        raise Invalid(_("It cannot have come in before it was issued."), "received_on")
    if text.until_on and text.until_on < text.issued_on:
        raise Invalid(_("It cannot end before it was issued."), "until_on")
    for name in ("confirmed_on", "effect_on", "answered_on"):
        day = getattr(text, name)
        if day and day < text.received_on:
            raise Invalid(_("Choose the day on which it came in, or a later one."), name)
    if text.effect and not text.effect_on:
        raise Invalid(_("Say on which day this was done or decided."), "effect_on")
    if text.effect_on and not text.effect:
        raise Invalid(_("Say what became of the order."), "effect")
    if text.effect == NOT_FOLLOWED and not text.answer:
        raise Invalid(_("Say why the order was not followed."), "answer")
