"""Views of kept searches: the list, keeping, opening, changing and removing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.queries import all_agendas
from forum.dialogue.queries import KINDS_OF_TOPICS, topic_after_merge
from forum.errors import Invalid, NotFound
from forum.members.queries import language_names
from forum.plaintext import tidy
from forum.ratelimits import changing
from forum.search.queries import KINDS
from forum.searches import actions, queries
from forum.searches.forms import SearchForm
from forum.searches.models import MAX_WORDS_LENGTH, Wanted
from forum.web import me

bp = Blueprint("searches", __name__)


@bp.get("/searches")
def index() -> str:
    """All kept searches of a member, the latest first, with the numbers of new texts."""
    return render_template("searches/index.html", rows=queries.search_rows(me()))


@bp.post("/searches/keep")
@changing
def keep() -> AnyResponse:
    """Keep the search whose words and filters the form sends, named as in the address of a search."""
    back = web.safe_next(url_for("front.search"))
    try:
        actions.keep(me(), _wanted())
    except Invalid as error:
        flash(error.message, "error")
        return web.see_other(back)
    kept = _("This search is kept. You are told when it finds something new.")
    return web.done(kept, back)


def _wanted() -> Wanted:
    """The search in the form's fields; raises `Invalid` for a filter without any value that the member sees.

    As on the search page, unknown values of a filter are ignored if it has others.
    """
    slugs = {agenda.slug: agenda.id for agenda in all_agendas(me())}
    words = tidy(request.form.get("q", "")).strip()[:MAX_WORDS_LENGTH].strip()
    chosen = {
        name: tuple(dict.fromkeys(request.form.getlist(name)))
        for name in ("kind", "agenda", "language")
    }
    offered: dict[str, Any] = {
        "kind": (*KINDS_OF_TOPICS.names, *KINDS),
        "agenda": slugs,
        "language": language_names(),
    }
    wanted = {
        name: tuple(value for value in chosen[name] if value in offered[name]) for name in chosen
    }
    if any(chosen[name] and not wanted[name] for name in chosen):
        raise Invalid(_("A filter of this search is not there any longer, so it finds nothing."))
    agenda_ids = tuple(slugs[slug] for slug in wanted["agenda"])
    return Wanted(
        words, wanted["kind"], agenda_ids, wanted["language"], _topic_id(), "exact" in request.form
    )


def _topic_id() -> int | None:
    typed = request.form.get("topic", "")
    if not typed:
        return None
    try:
        return topic_after_merge(me(), web.whole_number(typed) or 0).id
    except NotFound as error:
        words = _("A filter of this search is not there any longer, so it finds nothing.")
        raise Invalid(words) from error


@bp.get("/searches/<int:search_id>")
def search(search_id: int) -> AnyResponse:
    """Redirect from a notice to the results, the newest first."""
    (row,) = queries.rows_of(me(), [queries.get_search(me(), search_id)])
    return web.see_other(row.address)


@bp.route("/searches/<int:search_id>/change", methods=["GET", "POST"])
@changing
def change(search_id: int) -> ResponseReturnValue:
    """Change the name of a search and how often one is notified of new texts."""
    (row,) = queries.rows_of(me(), [queries.get_search(me(), search_id)])
    form = SearchForm(obj=row.kept)

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("searches/change.html", form=form, row=row), status

    def deed() -> AnyResponse:
        actions.change(me(), search_id, form.name.data or "", form.told.data)
        return web.done(_("Your kept search is changed."), url_for("searches.index"))

    return webforms.process(form, page, deed)


@bp.route("/searches/<int:search_id>/remove", methods=["GET", "POST"])
@changing
def remove(search_id: int) -> ResponseReturnValue:
    """Ask for confirmation, and delete a kept search."""
    (row,) = queries.rows_of(me(), [queries.get_search(me(), search_id)])
    if request.method == "GET":
        return render_template("searches/remove.html", row=row)
    actions.remove(me(), search_id)
    return web.done(_("The search is removed."), url_for("searches.index"))
