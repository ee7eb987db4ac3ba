"""Bookmarks of a member: the list, notes, reminders, and removing bookmarks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.bookmarks import actions
from forum.bookmarks.forms import NEVER, NoteForm
from forum.bookmarks.models import CASE, POST, PRACTICE, READING
from forum.bookmarks.queries import bookmark_counts, get_bookmark, reminder_days
from forum.clock import day_in_words
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import bp
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.get("/bookmarks")
def bookmarks() -> str:
    """One's own bookmarks, or those of one kind, the latest first."""
    counts = bookmark_counts(me())
    kind = web.choice("kind", counts)
    page = queries.bookmark_rows(me(), kind, web.number("page"), counts)
    return render_template("front/bookmarks.html", page=page, kinds_kept=_tabs(kind, counts))


def _tabs(chosen: str, counts: Mapping[str, int]) -> list[tuple[str, str, bool, int]]:
    """The tabs for all bookmarks and for each kind that occurs: (text, address, whether it is open, number)."""
    names = {
        POST: _("Topics and posts"),
        CASE: _("Cases"),
        PRACTICE: _("Practices"),
        READING: _("Best reads"),
    }
    every = (_("All"), url_for("front.bookmarks"), not chosen, sum(counts.values()))
    kinds = (
        (names[kind], url_for("front.bookmarks", kind=kind), kind == chosen, count)
        for kind, count in counts.items()
    )
    return [every, *kinds]


@bp.route("/bookmarks/<int:bookmark_id>/note", methods=["GET", "POST"])
@changing
def note_bookmark(bookmark_id: int) -> ResponseReturnValue:
    """Write a note on a bookmark, and set its reminder."""
    row, days = queries.bookmark_row(me(), bookmark_id), reminder_days(me())
    known = row.bookmark.remind_on
    form = NoteForm.of(row.bookmark)
    back = web.safe_next(url_for("front.bookmarks"))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context: dict[str, Any] = {"form": form, "row": row, "days": days, "back": back}
        context["meanwhile"] = meanwhile
        return render_template("front/bookmark_note.html", **context), status

    def deed() -> AnyResponse:
        day = form.day(known, days)
        _check_readable(row, day)
        had_note = bool(row.bookmark.note)
        words, seen = form.note.data or "", form.seen.data
        if day == known:  # not changed in the form, so that it stays as it is by now
            kept = actions.note(me(), bookmark_id, words, seen=seen)
        else:
            kept = actions.note_and_remind(me(), bookmark_id, words, day, seen=seen)
        if kept.note or had_note:
            flash(_("Your note is saved.") if kept.note else _("Your note is deleted."), "message")
        if day != known:
            _tell_when(day)
        return web.see_other(back)

    return webforms.process(form, page, deed, latest=partial(_latest_note, bookmark_id))


def _latest_note(bookmark_id: int) -> NoteForm:
    return NoteForm.of(queries.bookmark_row(me(), bookmark_id).bookmark, formdata=None)


@bp.post("/bookmarks/<int:bookmark_id>/remind")
@changing
def remind(bookmark_id: int) -> AnyResponse:
    """Set or remove a reminder by pressing one button; the form field `remind` is a span, or *never*."""
    row, wanted = queries.bookmark_row(me(), bookmark_id), request.form.get("remind", "")
    day = reminder_days(me()).spans.get(wanted)
    back = web.safe_next(url_for("front.bookmarks"))
    if day is None and wanted != NEVER:
        return web.see_other(url_for("front.note_bookmark", bookmark_id=bookmark_id, next=back))
    _check_readable(row, day)
    actions.remind(me(), bookmark_id, day)
    _tell_when(day)
    return web.see_other(back)


def _check_readable(row: queries.BookmarkRow, day: date | None) -> None:
    """Raise `NotFound` for a reminder of something that one cannot read; an existing reminder may still be removed."""
    if row.thing is None and day not in (None, row.bookmark.remind_on):
        raise NotFound()


def _tell_when(day: date | None) -> None:
    if day:
        flash(_("You will be reminded on %(day)s.", day=day_in_words(day)), "message")
    else:
        flash(_("You will not be reminded."), "message")


@bp.post("/bookmarks/<int:bookmark_id>/unbookmark")
@changing
def unbookmark(bookmark_id: int) -> AnyResponse:
    """Remove a bookmark, even if its thing is no longer visible."""
    kept = get_bookmark(me(), bookmark_id)
    actions.unbookmark(me(), kept.kind, kept.thing_id)
    return web.done(
        _("It is not among your bookmarks any longer."), web.safe_next(url_for("front.bookmarks"))
    )
