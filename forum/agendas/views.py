"""The doors of the agendas room: the list with its plans, curating, statements, themes, history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.local import LocalProxy

from forum import markup, web, webforms
from forum.agendas import actions, queries
from forum.agendas.forms import AgendaForm, StatementForm, ThemeForm
from forum.agendas.models import Agenda, Statement, Theme
from forum.drawings import PATTERNS, edition, plans
from forum.history.models import Version
from forum.history.queries import fingerprint, versions_of
from forum.history.views import edit_to_read, fill_from_version
from forum.members.models import PersonLabel
from forum.members.queries import languages
from forum.notifications.models import AGENDA, THEME
from forum.notifications.views import set_level
from forum.permissions import VISITOR, office_of
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview

bp = Blueprint("agendas", __name__)
PATTERN_PLANS = tuple((pattern, pattern) for pattern in PATTERNS)


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
    """Watch or mute an agenda, or neither any longer."""
    agenda = queries.get_agenda(me(), slug)
    return set_level(AGENDA, agenda.id, url_for("front.agenda", slug=slug))


# Plans


@bp.get("/agendas/plans.svg", endpoint="plans")
def plans_svg() -> Response:
    """The plans of all agendas in one picture, a symbol for each."""
    drawn = queries.agenda_patterns(me())
    is_for_all = drawn == queries.agenda_patterns(VISITOR)  # without any in preparation
    return _svg(drawn, "public" if is_for_all else "private")


@bp.get("/agendas/patterns.svg")
def patterns() -> Response:
    """One plan in each pattern, to choose from."""
    return _svg(PATTERN_PLANS, "public")


def _svg(drawn: tuple[tuple[str, str], ...], whose: str) -> Response:
    response = Response(_drawing(drawn), mimetype="image/svg+xml")
    if request.args.get("v") == _version(drawn):
        response.headers["Cache-Control"] = f"{whose}, max-age=31536000, immutable"
    return response


@lru_cache(maxsize=4)
def _drawing(drawn: tuple[tuple[str, str], ...]) -> str:
    return plans(drawn)


@lru_cache(maxsize=4)
def _version(drawn: tuple[tuple[str, str], ...]) -> str:
    # A hash of what is drawn and how, not of the drawing itself, which takes half a second
    content = f"{edition()} {drawn!r}"
    return sha256(content.encode("utf-8", "replace")).hexdigest()[:10]


def _plans_url() -> str:
    """The address of the plans, which changes with them; asked for once in a request."""
    if "plans_url" not in g:
        g.plans_url = url_for("agendas.plans", v=_version(queries.agenda_patterns(me())))
    return str(g.plans_url)


@bp.app_context_processor
def _template_variables() -> dict[str, Any]:
    return {"plans_url": LocalProxy(_plans_url)}  # only a page that shows a plan asks the database


@bp.app_template_global()
def office(person: PersonLabel) -> str:
    """The word that stands beside the name of a moderator, administrator or host, where no agenda is spoken of."""
    unknown = queries.ids_in_preparation() if person.hosted else ()
    return office_of(person, in_preparation=unknown)


# Curating agendas


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
    form = AgendaForm(**_agenda_form_data(agenda))
    version = fill_from_version(form, "agenda", agenda.id)
    return _write_agenda(form, agenda, version=version)


def _agenda_form_data(agenda: Agenda) -> dict[str, Any]:
    """The fields of the form with what an agenda says now."""
    words = queries.agenda_fields(agenda)
    hosts = ", ".join(f"@{host.handle}" for host in agenda.hosts)
    return {**words, "hosts": hosts, "seen": fingerprint(words)}


def _write_agenda(
    form: AgendaForm,
    agenda: Agenda | None,
    known: Sequence[Agenda] = (),
    version: Version | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context: dict[str, Any] = {"form": form, "agenda": agenda, "preview": _preview(form)}
        context |= {"known": known, "meanwhile": meanwhile, "version": version}
        patterns_url = url_for("agendas.patterns", v=_version(PATTERN_PLANS))
        return render_template("agendas/edit.html", patterns_url=patterns_url, **context), status

    def deed() -> ResponseReturnValue:
        hosts = form.handles if "hosts" in request.form else None
        text, agenda_id = _agenda_text(form), agenda.id if agenda else None
        written = actions.write_agenda(me(), text, agenda_id, hosts, seen=form.seen.data)
        done = _("The agenda is open.") if form.is_open else _("The agenda is saved.")
        return web.done(
            _("Your changes are saved.") if agenda else done,
            url_for("front.agenda", slug=written.slug),
        )

    latest = partial(_latest_agenda, agenda.slug) if agenda else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_agenda(slug: str) -> AgendaForm:
    return AgendaForm(formdata=None, **_agenda_form_data(queries.agenda_to_curate(me(), slug)))


def _agenda_text(form: AgendaForm) -> actions.AgendaText:
    language = form.language.data or "en"
    findings = (form.findings.data or "").strip()
    return actions.AgendaText(
        title=form.title.data or "",
        introduction=markup.write(form.introduction.data or "", language, has_pictures=False),
        findings=markup.write(findings, language, has_pictures=False) if findings else None,
        summary=form.summary.data or "",
        palette=form.palette.data,
        pattern=form.pattern.data,
        is_open=form.is_open,
    )


def _preview(form: AgendaForm) -> Markup | None:
    """What the introduction and the findings look like, when the preview button was pressed."""
    if not webforms.is_preview():
        return None
    text = _agenda_text(form)
    heading = Markup("<h2>{}</h2>").format(form.findings.label.text)
    return text.introduction.html + (heading + text.findings.html if text.findings else "")


@bp.route("/agendas/order", methods=["GET", "POST"])
@changing
def order() -> ResponseReturnValue:
    """Put the agendas in order."""
    agendas = queries.agendas_to_order(me())
    form = webforms.OrderForm.of([agenda.id for agenda in agendas])

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("agendas/order.html", agendas=agendas, form=form), status

    def deed() -> ResponseReturnValue:
        actions.order(me(), form.ordered_ids)
        return web.done(_("The order is saved."), url_for("agendas.index"))

    return webforms.process(form, page, deed)


@bp.get("/agendas/<slug>/history")
def history(slug: str) -> ResponseReturnValue:
    """What an agenda and its statements said before."""
    agenda = queries.agenda_to_curate(me(), slug)
    edits = queries.edits_of(agenda, me())
    context = {"agenda": agenda, "edits": edits, "chosen": edit_to_read(edits)}
    return render_template("agendas/history.html", **context)


# Statements


@bp.route("/agendas/<slug>/statements", methods=["GET", "POST"])
@changing
def statements(slug: str) -> ResponseReturnValue:
    """The statements of an agenda, to edit and to put in order."""
    agenda = queries.agenda_to_curate(me(), slug)
    shown = queries.statements_of(agenda)
    form = webforms.OrderForm.of([statement.id for statement in shown])

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"agenda": agenda, "statements": shown, "form": form}
        return render_template("agendas/statements.html", **context), status

    def deed() -> ResponseReturnValue:
        actions.order_statements(me(), agenda.id, form.ordered_ids)
        return web.done(_("The order is saved."), url_for("agendas.statements", slug=slug))

    return webforms.process(form, page, deed)


@bp.route("/agendas/<slug>/statements/new", methods=["GET", "POST"])
@changing_with_preview
def new_statement(slug: str) -> ResponseReturnValue:
    """Add a member's take to an agenda."""
    agenda = queries.agenda_to_curate(me(), slug)
    return _write_statement(agenda, StatementForm(language=agenda.language), None)


@bp.route("/agendas/<slug>/statements/<int:statement_id>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_statement(slug: str, statement_id: int) -> ResponseReturnValue:
    """Change a statement; what it said before is kept."""
    agenda = queries.agenda_to_curate(me(), slug)
    statement = queries.get_statement(agenda, statement_id)
    form = StatementForm(**_statement_form_data(statement))
    version = fill_from_version(form, "statement", statement.id)
    return _write_statement(agenda, form, statement, version)


def _statement_form_data(statement: Statement) -> dict[str, Any]:
    """The fields of the form with what a statement says now."""
    names = ("name", "role_title", "organisation", "said_on", "quotation", "language")
    speaker = queries.speaker_of(me(), statement)
    words = {name: getattr(statement, name) for name in names}
    return words | {
        "seen": fingerprint(queries.statement_fields(statement)),
        "handle": f"@{speaker.handle}" if speaker else "",
    }


def _write_statement(
    agenda: Agenda,
    form: StatementForm,
    statement: Statement | None,
    version: Version | None = None,
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context: dict[str, Any] = {"form": form, "agenda": agenda, "statement": statement}
        context |= {"meanwhile": meanwhile, "version": version}
        return render_template("agendas/statement.html", **context), status

    def deed() -> ResponseReturnValue:
        text, statement_id = _statement_text(form), statement.id if statement else None
        actions.write_statement(me(), agenda.id, text, statement_id, seen=form.seen.data)
        done = _("Your changes are saved.") if statement else _("The statement is published.")
        return web.done(done, url_for("agendas.statements", slug=agenda.slug))

    latest = partial(_latest_statement, agenda, statement.id) if statement else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_statement(agenda: Agenda, statement_id: int) -> StatementForm:
    statement = queries.get_statement(agenda, statement_id)
    return StatementForm(formdata=None, **_statement_form_data(statement))


def _statement_text(form: StatementForm) -> actions.StatementText:
    return actions.StatementText(
        name=form.name.data or "",
        quotation=form.quotation.data or "",
        role_title=form.role_title.data or "",
        organisation=form.organisation.data or "",
        said_on=form.said_on.data,
        language=form.language.data,
        handle=form.handle.data or "",
    )


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


# Themes


@bp.get("/themes")
def themes() -> ResponseReturnValue:
    """The themes, each with a link to its dialogue."""
    return render_template("agendas/themes.html", themes=queries.themes())


@bp.route("/themes/new", methods=["GET", "POST"])
@changing_with_preview
def new_theme() -> ResponseReturnValue:
    """Make a theme."""
    queries.themes_to_curate(me())
    return _write_theme(ThemeForm(), None)


@bp.post("/themes/<slug>/watch")
@changing
def watch_theme(slug: str) -> ResponseReturnValue:
    """Watch or mute a theme, or neither any longer."""
    theme = queries.get_theme(slug)
    return set_level(THEME, theme.id, url_for("dialogue.index", theme=slug))


@bp.route("/themes/<slug>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_theme(slug: str) -> ResponseReturnValue:
    """Rename a theme; its address stays."""
    return _write_theme(None, slug)


def _write_theme(form: ThemeForm | None, slug: str | None) -> ResponseReturnValue:
    theme = queries.theme_to_curate(me(), slug) if slug else None
    form = form or ThemeForm(data=_theme_form_data(theme))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        versions = versions_of("theme", theme.id) if theme else []
        context = {"form": form, "theme": theme, "versions": versions, "meanwhile": meanwhile}
        return render_template("agendas/theme.html", **context), status

    def deed() -> ResponseReturnValue:
        name, theme_id = form.name.data or "", theme.id if theme else None
        actions.write_theme(me(), name, theme_id, seen=form.seen.data)
        return web.done(_("The theme is saved."), url_for("agendas.themes"))

    latest = partial(_latest_theme, slug) if slug else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_theme(slug: str) -> ThemeForm:
    data = _theme_form_data(queries.theme_to_curate(me(), slug))
    return ThemeForm(formdata=None, data=data)


def _theme_form_data(theme: Theme | None) -> dict[str, Any]:
    """The fields of the form with the present name of a theme."""
    words = queries.theme_fields(theme) if theme else {}
    return {**words, "seen": fingerprint(words)}


@bp.route("/themes/<slug>/remove", methods=["GET", "POST"])
@changing
def remove_theme(slug: str) -> ResponseReturnValue:
    """Take a theme out of use."""
    theme = queries.theme_to_curate(me(), slug)
    if request.method == "GET":
        return render_template("agendas/remove.html", theme=theme)
    actions.remove_theme(me(), theme.id)
    return web.done(_("The theme is removed."), url_for("agendas.themes"))
