"""Views of statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas import actions, queries
from forum.agendas.forms import StatementForm
from forum.agendas.models import Agenda, Statement
from forum.agendas.views._shared import bp
from forum.history.models import Version
from forum.history.views import fill_from_version
from forum.members.queries import languages
from forum.orderforms import OrderForm, process_order
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.route("/agendas/<slug>/statements", methods=["GET", "POST"])
@changing
def statements(slug: str) -> ResponseReturnValue:
    """The statements of an agenda, to edit and to put in order."""
    agenda = queries.agenda_to_curate(me(), slug)

    def page(form: OrderForm, shown: Sequence[Statement], status: int) -> ResponseReturnValue:
        context = {"agenda": agenda, "statements": shown, "form": form}
        return render_template("agendas/statements.html", **context), status

    def deed(wanted: list[int], seen: Sequence[int]) -> ResponseReturnValue:
        actions.order_statements(me(), agenda.id, wanted, seen=seen)
        return web.done(_("The order is saved."), url_for("agendas.statements", slug=slug))

    return process_order(lambda: queries.statements_of(agenda), page, deed)


@bp.route("/agendas/<slug>/statements/new", methods=["GET", "POST"])
@changing_with_preview
def new_statement(slug: str) -> ResponseReturnValue:
    """Add a statement to an agenda."""
    agenda = queries.agenda_to_curate(me(), slug)
    return _write_statement(agenda, StatementForm(language=agenda.language), None)


@bp.route("/agendas/<slug>/statements/<int:statement_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_statement(slug: str, statement_id: int) -> ResponseReturnValue:
    """Change a statement; what it said before is kept."""
    agenda = queries.agenda_to_curate(me(), slug)
    statement = queries.get_statement(agenda, statement_id)
    form = StatementForm.of(statement, queries.speaker_of(me(), statement))
    version = fill_from_version(form, "statement", statement.id)
    return _write_statement(agenda, form, statement, version)


def _write_statement(
    agenda: Agenda,
    form: StatementForm,
    statement: Statement | None,
    version: Version | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "agendas/statement.html",
            form=form,
            agenda=agenda,
            statement=statement,
            meanwhile=meanwhile,
            version=version,
        ), status

    def deed() -> ResponseReturnValue:
        statement_id = statement.id if statement else None
        actions.write_statement(me(), agenda.id, form.text, statement_id, seen=form.seen.data)
        done = _("Your changes are saved.") if statement else _("The statement is published.")
        return web.done(done, url_for("agendas.statements", slug=agenda.slug))

    latest = partial(_latest_statement, agenda, statement.id) if statement else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_statement(agenda: Agenda, statement_id: int) -> StatementForm:
    statement = queries.get_statement(agenda, statement_id)
    return StatementForm.of(statement, queries.speaker_of(me(), statement), formdata=None)


@bp.route("/agendas/<slug>/statements/<int:statement_id>/remove", methods=["GET", "POST"])
@changing
def remove_statement(slug: str, statement_id: int) -> ResponseReturnValue:
    """Take a statement from an agenda."""
    agenda = queries.agenda_to_curate(me(), slug)
    statement = queries.get_statement(agenda, statement_id)
    if request.method == "GET":
        return render_template("agendas/remove.html", agenda=agenda, statement=statement)
    actions.remove_statement(me(), agenda.id, statement.id)
    return web.done(_("The statement is removed."), url_for("agendas.statements", slug=slug))


@bp.post("/agendas/<slug>/statements/<int:statement_id>/take-name-away")
@changing
def take_name_away(slug: str, statement_id: int) -> ResponseReturnValue:
    """Remove one's own name from a statement."""
    agenda = queries.get_agenda(me(), slug)
    statement = actions.take_name_away(me(), agenda.id, statement_id)
    done = _("Your name is taken away from the statement. The hosts are told.")
    return web.done(done, url_for("front.agenda", slug=slug, _anchor=statement.anchor))
