"""Polls: adding one below a text, voting, closing and removing it."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.dialogue import actions, queries
from forum.dialogue.forms import PollForm
from forum.dialogue.models import Post
from forum.dialogue.queries import PollRow, PostRow
from forum.dialogue.views._shared import bp
from forum.errors import Invalid
from forum.ratelimits import changing
from forum.web import REFUSED, me
from forum.webforms import ChangedFields


@bp.app_template_global()
def poll_below(post: Post | PostRow) -> PollRow | None:
    """For pages of moderators, and of authors affected by a decision: the poll below a post, also below a hidden one."""
    return queries.poll_of(me(), post)


@bp.route("/posts/<int:post_id>/poll", methods=["GET", "POST"])
@changing
def set_poll(post_id: int) -> ResponseReturnValue:
    """Add a poll below the text with which one opened a topic, or change it until somebody votes."""
    post, poll = queries.post_to_poll(me(), post_id)
    form = PollForm.of(poll.text if poll else None)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "post": post, "poll": poll, "meanwhile": meanwhile}
        return render_template("dialogue/poll.html", **context), status

    def deed() -> AnyResponse:
        text = form.poll()
        if text is None:
            raise Invalid(_("Write a question and its options."), "question")
        changed = actions.set_poll(me(), post_id, text, seen=form.seen.data)
        return _done(_("The poll is published."), changed)

    return webforms.process(form, page, deed, latest=lambda: _latest_poll(post_id))


def _latest_poll(post_id: int) -> PollForm:
    _post, poll = queries.post_to_poll(me(), post_id)
    return PollForm.of(poll.text if poll else None, formdata=None)


@bp.post("/posts/<int:post_id>/vote")
@changing
def vote(post_id: int) -> ResponseReturnValue:
    """Choose options of a poll, or take one's vote back."""
    if "take_back" in request.form:
        post = actions.unvote(me(), post_id)
        return _done(_("Your vote is taken back."), post)
    chosen = {web.whole_number(typed) or 0 for typed in request.form.getlist("option")}
    try:
        post = actions.vote(me(), post_id, chosen)
    except Invalid as error:
        below, poll = queries.poll_to_vote_in(me(), post_id)
        context = {"post": below, "poll": poll, "chosen": chosen, "error": error.message}
        return render_template("dialogue/vote.html", **context), REFUSED
    return _done(_("Your vote is counted."), post)


@bp.post("/posts/<int:post_id>/close-poll")
@changing
def close_poll(post_id: int) -> ResponseReturnValue:
    """Close a poll."""
    post = actions.close_poll(me(), post_id)
    return _done(_("The poll is closed."), post)


@bp.route("/posts/<int:post_id>/remove-poll", methods=["GET", "POST"])
@changing
def remove_poll(post_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then remove the poll below one's text."""
    if request.method == "GET":
        post, poll = queries.poll_to_remove(me(), post_id)
        return render_template("dialogue/remove_poll.html", post=post, poll=poll)
    post = actions.remove_poll(me(), post_id)
    return web.done(_("The poll is removed."), post.address)


def _done(message: str, post: Post) -> AnyResponse:
    """Redirect to the poll below a post, with a message that says what was done."""
    page = post.address.partition("#")[0]
    return web.done(message, f"{page}#poll-{post.number}")
