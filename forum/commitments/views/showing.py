"""Commitments: lists and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from forum import web
from forum.commitments import queries
from forum.commitments.forms import STATE_NAMES
from forum.commitments.models import STATES
from forum.commitments.queries import CommitmentFilter
from forum.commitments.views._shared import bp
from forum.history.views import edit_to_read
from forum.members.queries import country_names
from forum.web import me


@bp.get("/commitments")
def index() -> ResponseReturnValue:
    """The commitments by their next day, then those that are over; of an agenda, a state, a place or of all."""
    web.depends_on()
    places, names = queries.places_with_commitments(me()), country_names()
    wanted = CommitmentFilter(
        web.text("agenda"),
        web.choice("state", STATES),
        web.choice("country", places.countries),
        web.text("city"),
        web.text("organisation"),
        web.number("declaration", 0),
    )
    page = queries.commitments(me(), wanted, web.number("page"))
    of_agendas = queries.agendas_with_commitments(me())
    agendas = [(slug, title) for slug, title, _language in of_agendas]
    spoken = {slug: language for slug, _title, language in of_agendas}
    return render_template(
        "commitments/index.html",
        page=page,
        wanted=wanted,
        active=_active(
            {
                "agenda": dict(agendas),
                "state": dict(STATE_NAMES),
                "country": {code: names.get(code, code) for code in places.countries},
                "city": dict(places.cities),
            },
            spoken,
        ),
        agendas=agendas,
        agenda_languages=spoken,
        countries=sorted((names.get(code, code), code) for code in places.countries),
        cities=places.cities,
        may_publish=queries.speaks_for_any(me()),
        canonical=web.canonical(page.number),
    )


def _active(
    known: Mapping[str, Mapping[str, object]], languages: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """The filters in force, each in words, with the address of the list without it, and the language of a title.

    `known` has the words of their values, and `languages` those of agendas, by slug.
    """
    names = (*known, "organisation", "declaration")
    sent: dict[str, Any] = {name: typed for name in names if (typed := web.text(name))}
    return [
        (
            str(words[sent[name]]),
            url_for("commitments.index", **{**sent, name: None}),
            languages.get(sent[name], "") if name == "agenda" else "",
        )
        for name, words in known.items()
        if sent.get(name) in words
    ]


@bp.get("/commitments/<int:commitment_id>")
@bp.get("/commitments/<int:commitment_id>-<slug>")
def commitment(commitment_id: int, slug: str = "") -> ResponseReturnValue:
    """A commitment: its text, its progress, and who follows it."""
    web.depends_on()
    found = queries.get_commitment(me(), commitment_id)
    if found.slug != slug:
        return web.moved_until_undone(found.address)
    return render_template(
        "commitments/commitment.html",
        commitment=found,
        milestones=queries.milestones_of(found),
        declaration=queries.declaration_of(me(), found),
        copied=queries.copied_by(me(), found),
        peers=queries.peers_of(found),
        is_peer=queries.is_peer(me(), found.id),
        canonical=None if found.hidden_at else web.absolute(found.address),
    )


@bp.get("/commitments/<int:commitment_id>/history")
def history(commitment_id: int) -> ResponseReturnValue:
    """The earlier versions of a commitment, and the history of its milestones."""
    web.depends_on()
    found = queries.get_commitment(me(), commitment_id)
    edits = queries.edits_of(found, STATE_NAMES)
    return render_template(
        "commitments/history.html", commitment=found, edits=edits, chosen=edit_to_read(edits)
    )
