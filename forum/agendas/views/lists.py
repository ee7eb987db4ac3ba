"""The list of agendas, watching one, and the office that is shown beside a name."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from forum.agendas import queries
from forum.agendas.views._shared import bp
from forum.members.models import PersonLabel
from forum.notifications.models import AGENDA
from forum.notifications.views import set_level
from forum.principals import office_of
from forum.ratelimits import changing
from forum.web import me


@bp.get("/agendas")
def index() -> ResponseReturnValue:
    """The open agendas with their plans, those in preparation and the archived ones below."""
    known = queries.all_agendas(me())
    current = [agenda for agenda in known if not agenda.archived_at]
    return render_template(
        "agendas/index.html",
        agendas=[agenda for agenda in current if agenda.opened_at],
        prepared=[agenda for agenda in current if not agenda.opened_at],
        archived=[agenda for agenda in known if agenda.archived_at],
    )


@bp.post("/agendas/<slug>/watch")
@changing
def watch(slug: str) -> ResponseReturnValue:
    """Watch or mute an agenda, or stop doing so."""
    agenda = queries.get_agenda(me(), slug)
    return set_level(AGENDA, agenda.id, url_for("front.agenda", slug=slug))


@bp.app_template_global()
def office(person: PersonLabel) -> str:
    """The office beside the name of a moderator, administrator or host, on pages that do not belong to an agenda."""
    unknown = queries.ids_in_preparation() if person.hosted else ()
    return office_of(person, in_preparation=unknown)
