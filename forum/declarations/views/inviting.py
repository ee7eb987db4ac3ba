"""Inviting organisations to sign, and taking that back."""

from __future__ import annotations

from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.declarations import actions, queries
from forum.declarations.forms import InviteForm
from forum.declarations.models import Declaration
from forum.declarations.views._shared import bp
from forum.errors import Invalid
from forum.members.queries import country_names
from forum.pages import ngettext
from forum.ratelimits import changing
from forum.web import me


@bp.route("/declarations/<int:declaration_id>/invite", methods=["GET", "POST"])
@changing
def invite(declaration_id: int) -> ResponseReturnValue:
    """Invite organisations to sign: some of a country, or all, after a confirmation page; and see who has not signed yet."""
    found = queries.declaration_to_curate(me(), declaration_id, "invite")
    form = _invite_form(found)
    is_for_all = "all" in request.form
    asks = is_for_all and "confirmed" not in request.form  # all of them are notified at once

    def deed() -> ResponseReturnValue:
        wanted = None if is_for_all else form.organisations.data or []
        if wanted == []:
            raise Invalid(_("Tick at least one organisation."), "organisations")
        number = actions.invite(me(), found.id, wanted)
        done = ngettext(
            "%(num)s organisation is invited to sign.",
            "%(num)s organisations are invited to sign.",
            number,
        )
        done = done if number else _("All of these are invited or have signed")
        return web.done(done, _invite_address(found))

    page = partial(_invite_page, found, form, asks=asks)
    return webforms.process(form, page, deed, is_first_step=asks)


def _invite_form(found: Declaration) -> InviteForm:
    form = InviteForm()
    listed = queries.invitable(me(), found, _chosen_country())
    form.organisations.choices = [(row.organisation.id, row.organisation.name) for row in listed]
    return form


def _chosen_country() -> str:
    return web.choice("country", queries.countries_of_organisations())


def _invite_address(found: Declaration) -> str:
    return url_for(
        "declarations.invite", declaration_id=found.id, country=_chosen_country() or None
    )


def _invite_page(
    found: Declaration, form: InviteForm, status: int = 200, *, asks: bool = False
) -> ResponseReturnValue:
    names, country = country_names(), _chosen_country()
    countries = queries.countries_of_organisations()
    everywhere = queries.invitable(me(), found) if asks else []
    return render_template(
        "declarations/invite.html",
        declaration=found,
        form=form,
        listed=queries.invitable(me(), found, country),
        countries=[(code, names.get(code, code)) for code in countries],
        country=country,
        asked=[row for row in everywhere if not (row.is_invited or row.has_signed)],
        taken_back=queries.invitations_taken_back(me(), found),
    ), status


@bp.post("/declarations/<int:declaration_id>/take-invitations-back")
@changing
def take_invitations_back(declaration_id: int) -> ResponseReturnValue:
    """Take the invitations of organisations back that have not signed."""
    found = queries.declaration_to_curate(me(), declaration_id, "invite")
    form = _invite_form(found)

    def deed() -> ResponseReturnValue:
        wanted = form.organisations.data or []
        if not wanted:
            raise Invalid(_("Tick at least one organisation."), "organisations")
        number = actions.take_invitations_back(me(), found.id, wanted)
        done = ngettext(
            "%(num)s invitation is taken back.", "%(num)s invitations are taken back.", number
        )
        return web.done(done, _invite_address(found))

    return webforms.process(form, partial(_invite_page, found, form), deed)
