"""The views of organisations: the list, writing one, its history; and the organisations that a form offers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.history.models import Version
from forum.history.queries import versions_of
from forum.history.views import fill_from_version
from forum.members import actions, queries
from forum.members.forms import KIND_NAMES, OrganisationForm, PersonForm
from forum.members.models import Organisation
from forum.members.views._shared import bp
from forum.members.views.cities import choose_city
from forum.web import me
from forum.webforms import ChangedFields


def offer_organisations(form: PersonForm) -> None:
    """Set the organisations that a form offers."""
    known = [(organisation.id, organisation.name) for organisation in queries.organisations()]
    form.organisation.choices = [("", _("Not listed")), *known]


@bp.get("/organisations")
def organisations() -> ResponseReturnValue:
    """The member organisations."""
    web.depends_on()
    counts = {
        organisation.id: number for organisation, number in queries.organisations_with_members(me())
    }
    context = {"organisations": queries.organisations(), "counts": counts, "kinds": KIND_NAMES}
    return render_template("members/organisations.html", **context)


@bp.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    known = queries.organisations_to_curate(me())
    return _write_organisation(OrganisationForm(), None, known)


@bp.route("/organisations/<slug>/edit", methods=["GET", "POST"])
def edit_organisation(slug: str) -> ResponseReturnValue:
    """Edit an organisation; the former fields are kept as a version."""
    organisation = queries.organisation_to_curate(me(), slug)
    form = OrganisationForm.of(organisation)
    version = fill_from_version(form, "organisation", organisation.id)
    return _write_organisation(form, organisation, version=version)


def _write_organisation(
    form: OrganisationForm,
    organisation: Organisation | None,
    known: Sequence[Organisation] = (),
    version: Version | None = None,
) -> ResponseReturnValue:
    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "members/organisation.html",
            form=form,
            organisation=organisation,
            known=known,
            meanwhile=meanwhile,
            version=version,
        ), status

    def deed() -> ResponseReturnValue:
        typed = form.representative.data
        representative = queries.member_called(me(), typed, "representative") if typed else None
        text, number = form.text(representative), organisation.id if organisation else None
        written = actions.write_organisation(me(), text, number, seen=form.seen.data)
        return web.done(
            _("The organisation is saved."), url_for("front.organisation", slug=written.slug)
        )

    latest = partial(_latest_organisation, organisation.slug) if organisation else None
    return webforms.process(form, page, deed, checks=[choose_city], latest=latest)


def _latest_organisation(slug: str) -> OrganisationForm:
    return OrganisationForm.of(queries.organisation_to_curate(me(), slug), formdata=None)


@bp.get("/organisations/<slug>/history")
def organisation_history(slug: str) -> ResponseReturnValue:
    """The earlier versions of an organisation."""
    organisation = queries.organisation_to_curate(me(), slug)
    context = {
        "organisation": organisation,
        "versions": versions_of("organisation", organisation.id),
    }
    return render_template("members/organisation_history.html", kinds=KIND_NAMES, **context)
