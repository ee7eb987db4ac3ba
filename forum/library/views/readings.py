"""Views of best reads: the list, history, forms."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_to_curate, curated_agendas
from forum.bookmarks.models import READING
from forum.bookmarks.queries import kept_among
from forum.bookmarks.views import set_bookmark
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.library import actions, queries
from forum.library.forms import ReadingForm
from forum.library.models import Reading
from forum.library.queries import ReadingFilter
from forum.library.views._facets import (
    address_with_filters,
    chosen_values,
    render_library,
    shown_facets,
)
from forum.library.views._shared import answer_form, bp, put_in_order, words_for_columns
from forum.members.queries import languages
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.get("/readings")
def readings() -> ResponseReturnValue:
    """The best reads of all agendas."""
    web.depends_on()
    wanted = ReadingFilter(**chosen_values(ReadingFilter))
    facets = shown_facets(queries.reading_choices(me(), wanted), wanted)
    page = queries.readings(me(), wanted, web.number("page"))
    by_agenda = [
        (agenda, [*readings]) for agenda, readings in groupby(page.items, attrgetter("agenda"))
    ]
    kept = kept_among(me(), READING, [reading.id for reading in page.items])
    context: dict[str, Any] = {"page": page, "by_agenda": by_agenda, "my_bookmarks": kept}
    context["curated"] = curated_agendas(me())
    references = address_with_filters("library.readings_references")
    return render_library("readings", facets, references=references, **context)


@bp.route("/agendas/<slug>/readings/new", methods=["GET", "POST"])
@changing
def new_reading(slug: str) -> ResponseReturnValue:
    """Add a best read to an agenda."""
    agenda = agenda_to_curate(me(), slug)
    return _write_reading(ReadingForm(language=agenda.language), agenda, None)


@bp.route("/readings/<int:reading_id>/edit", methods=["GET", "POST"])
@changing
def edit_reading(reading_id: int) -> ResponseReturnValue:
    """Change a best read; what it said before is kept."""
    found = queries.reading_to_edit(me(), reading_id)
    form = ReadingForm.of(found)
    version = fill_from_version(form, "reading", found.id)
    return _write_reading(form, found.agenda, found, version)


def _write_reading(
    form: ReadingForm, agenda: Agenda, found: Reading | None, version: Version | None = None
) -> ResponseReturnValue:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "library/edit_reading.html",
            form=form,
            agenda=agenda,
            reading=found,
            meanwhile=meanwhile,
            version=version,
        ), status

    def deed() -> ResponseReturnValue:
        reading_id = found.id if found else None
        actions.write_reading(me(), agenda.id, form.text, reading_id, seen=form.seen.data)
        back = url_for("front.agenda", slug=agenda.slug)
        done = _("Your changes are saved.") if found else _("The best read is published.")
        return web.done(done, f"{back}#reads")

    latest = partial(_latest_reading, found.id) if found else None
    return answer_form(form, page, deed, latest=latest)


def _latest_reading(reading_id: int) -> ReadingForm:
    return ReadingForm.of(queries.reading_to_edit(me(), reading_id), formdata=None)


@bp.get("/readings/<int:reading_id>/history")
def reading_history(reading_id: int) -> ResponseReturnValue:
    """What a best read said before."""
    found = queries.reading_to_edit(me(), reading_id)
    edits = queries.reading_edits(me(), found)
    context = {"reading": found, "edits": edits, "chosen": edit_to_read(edits)}
    return render_template("library/history.html", **context, **words_for_columns())


@bp.route("/readings/<int:reading_id>/remove", methods=["GET", "POST"])
@changing
def remove_reading(reading_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then take a best read from its agenda."""
    found = queries.reading_to_edit(me(), reading_id)
    if request.method == "GET":
        return render_template("library/remove.html", reading=found)
    actions.remove_reading(me(), found.id)
    return web.done(_("The best read is removed."), url_for("front.agenda", slug=found.agenda.slug))


@bp.route("/agendas/<slug>/readings/order", methods=["GET", "POST"])
@changing
def order_readings(slug: str) -> ResponseReturnValue:
    """Put the best reads of an agenda in order."""
    agenda = agenda_to_curate(me(), slug)
    order = partial(actions.order_readings, me(), agenda.id)
    return put_in_order(agenda, "readings", lambda: queries.readings_of(me(), agenda), order)


@bp.post("/readings/<int:reading_id>/bookmark")
@changing
def bookmark_reading(reading_id: int) -> ResponseReturnValue:
    """Bookmark a best read, or remove the bookmark."""
    found = queries.reading_to_bookmark(me(), reading_id)
    agenda = url_for("front.agenda", slug=found.agenda.slug)
    return set_bookmark(READING, found.id, f"{agenda}#reading-{found.id}")
