"""Editing the glossary: new, changed and removed entries."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.queries import themes
from forum.glossary import actions, queries
from forum.glossary.actions import MAX_THEMES
from forum.glossary.forms import EntryForm, RemoveForm
from forum.glossary.models import Entry
from forum.glossary.queries import IndexFilter
from forum.glossary.views._shared import bp, readers_language
from forum.history.models import Version
from forum.history.views import fill_from_version
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.route("/glossary/new", methods=["GET", "POST"])
@changing_with_preview
def new_entry() -> ResponseReturnValue:
    """Make an entry."""
    queries.require_keeping(me())
    name = web.text("name", actions.MAX_NAME)
    begun = {"language": readers_language(), "name": name, "others": "", "meaning": ""}
    return _write(EntryForm(wordings=[begun]), None)


@bp.route("/glossary/<slug>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_entry(slug: str) -> ResponseReturnValue:
    """Change an entry; what it said before is kept."""
    entry = queries.entry_to_keep(me(), slug)
    form = EntryForm.of(entry)
    version = fill_from_version(form, "entry", entry.id)
    return _write(form, entry, version)


def _write(
    form: EntryForm, entry: Entry | None, version: Version | None = None
) -> ResponseReturnValue:
    known = [(theme.id, theme.name) for theme in themes()]
    form.themes.choices = [*known]

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "glossary/edit.html",
            form=form,
            entry=entry,
            title=_title(entry),
            meanwhile=meanwhile,
            version=version,
            theme_choices=[(value, name, None) for value, name in known],
            most_themes=MAX_THEMES,
        ), status

    def deed() -> ResponseReturnValue:
        entry_id = entry.id if entry else None
        written = actions.write_entry(me(), form.text, entry_id, seen=form.seen.data)
        return web.done(_("The entry is saved."), url_for("glossary.entry", slug=written.slug))

    latest = partial(_latest, entry.slug) if entry else None
    return webforms.process(form, page, deed, latest=latest)


def _title(entry: Entry | None) -> Any:
    return queries.ordered_wordings(entry, readers_language())[0] if entry else None


def _latest(slug: str) -> EntryForm:
    form = EntryForm.of(queries.entry_to_keep(me(), slug), formdata=None)
    form.themes.choices = [(theme.id, theme.name) for theme in themes()]
    return form


@bp.route("/glossary/<slug>/remove", methods=["GET", "POST"])
@changing
def remove_entry(slug: str) -> ResponseReturnValue:
    """Ask for confirmation, then remove an entry."""
    entry = queries.entry_to_keep(me(), slug)
    form = RemoveForm.of(entry)
    form.offer(_others(entry))

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "entry": entry, "title": _title(entry)}
        return render_template("glossary/remove.html", **context), status

    def deed() -> ResponseReturnValue:
        target = actions.remove_entry(me(), entry.id, form.into.data or None, seen=form.seen.data)
        here = url_for("glossary.entry", slug=target.slug) if target else url_for("glossary.index")
        return web.done(_("The entry is removed."), here)

    return webforms.process(form, page, deed)


def _others(entry: Entry) -> list[tuple[int, str]]:
    """The other entries by name, those that share a name with this one first."""
    language = readers_language()
    same = queries.homonyms(entry)
    rest = [other for other in queries.in_order(IndexFilter(), language) if other not in same]
    return [
        (other.id, other.in_language(language).names[0])
        for other in [*same, *rest]
        if other.id != entry.id
    ]
