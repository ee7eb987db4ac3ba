"""What a city, an organisation or a member gave to the dialogue and received from it, to print and pass on."""

from __future__ import annotations

from flask import render_template, url_for

from forum import web
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import bp
from forum.members.queries import get_city, get_organisation, my_profile
from forum.web import me


@bp.get("/cities/<slug>/exchange")
def city_exchange(slug: str) -> str:
    """What the members of a city gave and received; the same for everybody."""
    city = get_city(slug)
    record = queries.exchange_of_city(city, _year())
    return _page(record, city.name, url_for("front.city", slug=slug))


@bp.get("/organisations/<slug>/exchange")
def organisation_exchange(slug: str) -> str:
    """What the members of an organisation gave and received; the same for everybody."""
    organisation = get_organisation(slug)
    record = queries.exchange_of_organisation(organisation, _year())
    return _page(record, organisation.name, url_for("front.organisation", slug=slug))


@bp.get("/members/<handle>/exchange")
def member_exchange(handle: str) -> str:
    """What a member gave and received, for that member alone: nobody is to be measured by others."""
    member = my_profile(me())
    if member.handle != handle:
        raise NotFound()
    record = queries.exchange_of_member(member, _year())
    return _page(record, member.name, url_for("front.profile", handle=handle), member=member)


def _year() -> int:
    return web.number("year", 0)


def _page(record: queries.ExchangeRecord, name: str, address: str, **more: object) -> str:
    return render_template("front/exchange.html", record=record, name=name, address=address, **more)
