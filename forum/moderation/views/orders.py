"""Views of the orders of authorities: the list, and writing one down with what was answered."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.history.queries import fingerprint
from forum.members.queries import country_names
from forum.moderation import actions, queries
from forum.moderation.forms import EFFECT_NAMES, ORDER_KIND_NAMES, OrderForm
from forum.moderation.models import Order
from forum.moderation.views._answers import bp
from forum.web import me
from forum.webforms import ChangedFields

# What the names of countries have besides: the Eurozone, Oceania’s rest, the United Nations, two for tests, and unknown
NO_COUNTRIES = frozenset(("EZ", "QO", "UN", "XA", "XB", "ZZ"))


@bp.get("/moderation/orders")
def orders() -> ResponseReturnValue:
    """The orders of authorities."""
    page = queries.orders(me(), web.number("page"))
    web.note_look("orders of authorities")
    return render_template(
        "moderation/orders.html",
        page=page,
        countries=country_names(),
        kinds=ORDER_KIND_NAMES,
        effects=EFFECT_NAMES,
    )


@bp.route("/moderation/orders/new", methods=["GET", "POST"])
def write_order() -> ResponseReturnValue:
    """Write an order down."""
    queries.orders(me())
    return _order_page(None)


@bp.route("/moderation/orders/<int:order_id>", methods=["GET", "POST"])
def order(order_id: int) -> ResponseReturnValue:
    """One order, what followed it, and what was answered."""
    found = queries.get_order(me(), order_id)
    web.note_look(f"order {order_id} of an authority")
    return _order_page(found)


@bp.route("/moderation/orders/<int:order_id>/delete", methods=["GET", "POST"])
def delete_order(order_id: int) -> ResponseReturnValue:
    """Ask whether an order is to be deleted; delete it (POST)."""
    found = queries.get_order(me(), order_id)
    if request.method == "POST":
        actions.delete_order(me(), order_id, seen=request.form.get("seen"))
        return web.done(_("The order is deleted."), url_for("moderation.orders"))
    followed = queries.decisions_by_order(me(), found)
    context = {
        "order": found,
        "decisions": followed,
        "seen": fingerprint(queries.order_fields(found)),
    }
    return render_template("moderation/delete_order.html", **context)


def _order_page(found: Order | None) -> ResponseReturnValue:
    followed = queries.decisions_by_order(me(), found) if found else ()
    undoings = queries.undoings_of(followed)
    effect_on = next((made.decided_at.date() for made in followed if made.id not in undoings), None)
    form = OrderForm.of(found, _countries(), effect_on)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "order": found, "meanwhile": meanwhile}
        made = {"decisions": followed, "undoings": undoings}
        return render_template("moderation/order.html", **context, **made), status

    def latest() -> OrderForm:
        now_found = queries.get_order(me(), found.id) if found else None
        return OrderForm.of(now_found, _countries(), None, formdata=None)

    def deed() -> AnyResponse:
        order_id = found.id if found else None
        actions.write_order(me(), form.text, order_id, seen=form.seen.data)
        return web.done(_("The order is written down."), url_for("moderation.orders"))

    return webforms.process(form, page, deed, latest=latest)


def _countries() -> dict[str, str]:
    """The countries by their codes of two letters."""
    return {
        code: name
        for code, name in country_names().items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
    }
