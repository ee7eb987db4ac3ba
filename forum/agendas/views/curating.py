"""Curating agendas: creating and editing them, their order and their history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from forum import locales, web, webforms
from forum.agendas import actions, queries
from forum.agendas.forms import AgendaForm
from forum.agendas.models import Agenda
from forum.agendas.views._shared import bp
from forum.agendas.views.plans import patterns_url
from forum.drawings import PATTERNS
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.members.queries import languages
from forum.orderforms import OrderForm, process_order
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.route("/agendas/new", methods=["GET", "POST"])
@changing_with_preview
def new() -> ResponseReturnValue:
    """Make an agenda."""
    known = queries.agendas_to_order(me())
    form = AgendaForm(language="en", palette="water", pattern=PATTERNS[0])
    return _write_agenda(form, None, known)


@bp.route("/agendas/<slug>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit(slug: str) -> ResponseReturnValue:
    """Change an agenda; what it said before is kept."""
    agenda = queries.agenda_to_curate(me(), slug)
    form = AgendaForm.of(agenda)
    version = fill_from_version(form, "agenda", agenda.id)
    return _write_agenda(form, agenda, version=version)


def _write_agenda(
    form: AgendaForm,
    agenda: Agenda | None,
    known: Sequence[Agenda] = (),
    version: Version | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "agendas/edit.html",
            form=form,
            agenda=agenda,
            preview=_preview(form),
            known=known,
            meanwhile=meanwhile,
            version=version,
            patterns_url=patterns_url(),
        ), status

    def deed() -> ResponseReturnValue:
        hosts = form.handles if "hosts" in request.form else None
        agenda_id = agenda.id if agenda else None
        written = actions.write_agenda(me(), form.text, agenda_id, hosts, seen=form.seen.data)
        done = _("The agenda is open.") if form.is_open else _("The agenda is saved.")
        return web.done(
            _("Your changes are saved.") if agenda else done,
            url_for("front.agenda", slug=written.slug),
        )

    latest = partial(_latest_agenda, agenda.slug) if agenda else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_agenda(slug: str) -> AgendaForm:
    return AgendaForm.of(queries.agenda_to_curate(me(), slug), formdata=None)


def _preview(form: AgendaForm) -> Markup | None:
    """The preview of the introduction and the findings, if the preview button was pressed."""
    if not webforms.is_preview():
        return None
    text = form.text
    language = locales.tag(web.locale())  # not that of the text
    heading = Markup('<h2 lang="{}">{}</h2>').format(language, form.findings.label.text)
    return text.introduction.html + (heading + text.findings.html if text.findings else "")


@bp.route("/agendas/order", methods=["GET", "POST"])
@changing
def order() -> ResponseReturnValue:
    """Put the agendas in order."""

    def page(form: OrderForm, agendas: Sequence[Agenda], status: int) -> ResponseReturnValue:
        return render_template("agendas/order.html", agendas=agendas, form=form), status

    def deed(wanted: list[int], seen: Sequence[int]) -> ResponseReturnValue:
        actions.order(me(), wanted, seen=seen)
        return web.done(_("The order is saved."), url_for("agendas.index"))

    return process_order(lambda: queries.agendas_to_order(me()), page, deed)


@bp.get("/agendas/<slug>/history")
def history(slug: str) -> ResponseReturnValue:
    """What an agenda and its statements said before."""
    agenda = queries.agenda_to_curate(me(), slug)
    edits = queries.edits_of(agenda, me())
    context = {"agenda": agenda, "edits": edits, "chosen": edit_to_read(edits)}
    return render_template("agendas/history.html", **context)
