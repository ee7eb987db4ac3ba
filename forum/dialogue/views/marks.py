"""Marks, answers and bookmarks."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.bookmarks.models import POST
from forum.bookmarks.views import set_bookmark
from forum.dialogue import actions, queries
from forum.dialogue.forms import TriedForm
from forum.dialogue.models import TRIED, Mark, Post
from forum.dialogue.views._shared import bp
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.post("/posts/<int:post_id>/mark")
@changing
def mark(post_id: int) -> ResponseReturnValue:
    """Give a post a mark, or take it back. A script gets the new count."""
    kind = request.form.get("kind", "")
    post = queries.post_to_mark(me(), post_id)
    given = queries.mark_given(me(), post_id, kind)
    if kind == TRIED and request.form.get("on") != "0":
        return _tried(post, given)
    if not _is_wanted(given):
        return _marked(actions.unmark(me(), post_id, kind), kind, is_on=False)
    return _marked(actions.mark(me(), post_id, kind), kind, is_on=True)


def _is_wanted(given: Mark | None) -> bool:
    """Whether the mark is to be given (again); a second press takes it back."""
    if "take_back" in request.form or request.form.get("on") == "0":
        return False
    return request.form.get("on") == "1" or given is None


def _tried(post: Post, given: Mark | None) -> ResponseReturnValue:
    """Ask for the outcome in a form, filled with what was said before; then store it, or take it back."""
    # The button below a post sends neither field, and the form sends no outcome while none is chosen
    is_said = any(name in request.form for name in ("outcome", "note", "take_back"))
    form = TriedForm.of(given, me().language, **({} if is_said else {"formdata": None}))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context: dict[str, Any] = {"form": form, "post": post, "given": given}
        context["meanwhile"] = meanwhile
        context |= {"back": _where_pressed(post), "next": web.safe_next("")}
        return render_template("dialogue/tried.html", **context), status

    def deed() -> AnyResponse:
        said, language = (form.outcome.data, form.note.data or ""), form.language.data
        marked = actions.mark(me(), post.id, TRIED, *said, language=language, seen=form.seen.data)
        return _marked(marked, TRIED, is_on=True)

    def take_back() -> AnyResponse:
        taken = actions.unmark(me(), post.id, TRIED, seen=form.seen.data)
        return _marked(taken, TRIED, is_on=False)

    latest = partial(latest_tried, post.id)
    if "take_back" in request.form:
        return webforms.run(form, page, take_back, latest)
    return webforms.process(form, page, deed, latest=latest, is_first_step=not is_said)


def latest_tried(post_id: int) -> TriedForm:
    """The form of a "tried it" mark with what the reader's mark says now."""
    given = queries.mark_given(me(), post_id, TRIED)
    return TriedForm.of(given, me().language, formdata=None)


def _marked(post: Post, kind: str, is_on: bool) -> AnyResponse:
    if request.accept_mimetypes.best == "application/json":
        return jsonify(on=is_on, count=post.count_of(kind))
    return web.see_other(_where_pressed(post))


def _where_pressed(post: Post) -> str:
    """The address of a post on the page from which the reader came, such as the page of the most useful replies."""
    return f"{web.safe_next(post.address).partition('#')[0]}#post-{post.number}"


@bp.get("/posts/<int:post_id>/marks")
def marks(post_id: int) -> ResponseReturnValue:
    """Who tried what a post describes, with outcomes, by city."""
    post = queries.get_post(me(), post_id)
    tried = queries.tried_in(post.topic_id, post.number)
    counts = Counter(mark.outcome for mark in tried)
    return render_template("dialogue/marks.html", post=post, tried=tried, counts=counts)


@bp.post("/posts/<int:post_id>/bookmark")
@changing
def bookmark(post_id: int) -> ResponseReturnValue:
    """Bookmark a post, or remove the bookmark; a topic is bookmarked by the post that opens it."""
    post = queries.post_to_bookmark(me(), post_id)
    return set_bookmark(POST, post_id, _where_pressed(post))


@bp.post("/topics/<int:topic_id>/answer")
@changing
def choose_answer(topic_id: int) -> ResponseReturnValue:
    """Choose the answer to a question, or with an empty `post` remove the choice."""
    chosen = request.form.get("post", "")
    topic = actions.choose_answer(me(), topic_id, _row_id(chosen) if chosen else None)
    return web.done(
        _("The answer is chosen.") if chosen else _("The question has no answer now."),
        topic.address,
    )


def _row_id(typed: str) -> int:
    """An id from a form; for anything else 0, which no row has."""
    return web.whole_number(typed) or 0
