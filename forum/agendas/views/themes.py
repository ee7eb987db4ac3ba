"""Views of themes."""

from __future__ import annotations

from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas import actions, queries
from forum.agendas.forms import ThemeForm
from forum.agendas.models import Theme
from forum.agendas.views._shared import bp
from forum.history.queries import versions_of
from forum.notifications.models import THEME
from forum.notifications.views import set_level
from forum.plaintext import fold
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.get("/themes")
def themes() -> ResponseReturnValue:
    """The themes in alphabetical order, each with the number of topics of each kind, and the latest one."""
    found = sorted(queries.themes(), key=lambda theme: fold(theme.name))
    return render_template("agendas/themes.html", themes=found)


@bp.route("/themes/new", methods=["GET", "POST"])
@changing_with_preview
def new_theme() -> ResponseReturnValue:
    """Make a theme."""
    queries.themes_to_curate(me())
    return _write_theme(ThemeForm(), None)


@bp.post("/themes/<slug>/watch")
@changing
def watch_theme(slug: str) -> ResponseReturnValue:
    """Watch or mute a theme, or stop doing so."""
    theme = queries.get_theme(slug)
    return set_level(THEME, theme.id, url_for("dialogue.index", theme=slug))


@bp.route("/themes/<slug>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_theme(slug: str) -> ResponseReturnValue:
    """Rename a theme; its address stays."""
    theme = queries.theme_to_curate(me(), slug)
    return _write_theme(ThemeForm.of(theme), theme)


def _write_theme(form: ThemeForm, theme: Theme | None) -> ResponseReturnValue:
    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        versions = versions_of("theme", theme.id) if theme else []
        context = {"form": form, "theme": theme, "versions": versions, "meanwhile": meanwhile}
        return render_template("agendas/theme.html", **context), status

    def deed() -> ResponseReturnValue:
        name, theme_id = form.name.data or "", theme.id if theme else None
        actions.write_theme(me(), name, theme_id, seen=form.seen.data)
        return web.done(_("The theme is saved."), url_for("agendas.themes"))

    latest = partial(_latest_theme, theme.slug) if theme else None
    return webforms.process(form, page, deed, latest=latest)


def _latest_theme(slug: str) -> ThemeForm:
    return ThemeForm.of(queries.theme_to_curate(me(), slug), formdata=None)


@bp.route("/themes/<slug>/remove", methods=["GET", "POST"])
@changing
def remove_theme(slug: str) -> ResponseReturnValue:
    """Take a theme out of use."""
    theme = queries.theme_to_curate(me(), slug)
    if request.method == "GET":
        return render_template("agendas/remove.html", theme=theme)
    actions.remove_theme(me(), theme.id)
    return web.done(_("The theme is removed."), url_for("agendas.themes"))
