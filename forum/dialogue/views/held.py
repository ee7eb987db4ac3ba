"""Held texts, for their authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.models import Theme
from forum.agendas.queries import themes
from forum.dialogue import actions, queries
from forum.dialogue.forms import EditForm, EditTopicForm, ReviseTopicForm
from forum.dialogue.models import OPEN, Held, Post
from forum.dialogue.views._shared import (
    answer_form,
    answer_held,
    bp,
    flash_doubt,
    posting,
    preview_of,
    rendered,
    theme_boxes,
    topic_changes,
    usual_wait,
)
from forum.dialogue.views.writing import edit_late
from forum.errors import Conflict, NotFound
from forum.markup import Written
from forum.ratelimits import changing
from forum.web import CONFLICT, me


@bp.get("/waiting")
def waiting() -> ResponseReturnValue:
    """One's own texts that wait for a moderator, or were refused."""
    texts = queries.my_held(me())
    return render_template("dialogue/waiting.html", texts=texts, usual=usual_wait())


@bp.get("/waiting/<int:held_id>")
def held(held_id: int) -> ResponseReturnValue:
    """One text that waits or was refused; once it is published, redirects to the post."""
    became = queries.published_post_id(me(), held_id) if me().is_member else None
    if became is not None:
        return web.see_other(url_for("dialogue.post", post_id=became))
    context = {"held": queries.get_my_held(me(), held_id), "usual": usual_wait()}
    return render_template("dialogue/held.html", **context)


@bp.route("/waiting/<int:held_id>/revise", methods=["GET", "POST"])
@posting
def revise(held_id: int) -> ResponseReturnValue:
    """Change a text that waits or was refused, and send it again; once it is published, that is a change of the post."""
    try:
        text = queries.held_to_revise(me(), held_id)
    except NotFound:
        return _revise_published(queries.published_post_id(me(), held_id))
    form = _revise_form(text)

    def page(status: int = 200) -> ResponseReturnValue:
        is_late = status == CONFLICT
        return render_template(
            "dialogue/revise.html",
            form=form,
            held=text,
            is_late=is_late,
            themes_now=_themes_of(text) if is_late else (),
            preview=preview_of(form),
            now=queries.post_changed_since(me(), text),
            theme_choices=theme_boxes(form),
        ), status

    def deed() -> ResponseReturnValue:
        nonlocal text
        written = rendered(form)
        try:
            revised = _revise(held_id, form, written)
        except Conflict as error:
            text = queries.held_to_revise(me(), held_id)
            webforms.refuse(form, error)
            form.seen.data = text.fingerprint
            return page(CONFLICT)
        if isinstance(revised, Held):
            return answer_held(revised, url_for("dialogue.held", held_id=held_id))
        flash(_("Your text is published."), "message")
        flash_doubt(written, lambda: revised)
        return web.see_other(queries.get_post(me(), revised.id).address)

    try:
        return answer_form(form, page, deed)
    except NotFound:
        return _revise_published(queries.published_post_id(me(), held_id))


def _revise_published(post_id: int | None) -> ResponseReturnValue:
    """Lead to the post that a text has become; what was typed into its form meanwhile becomes a change of the post, to be saved."""
    if post_id is None:
        raise NotFound()
    if request.method == "GET":
        return web.see_other(url_for("dialogue.post", post_id=post_id))
    return edit_late(post_id, _("This text is published by now."))


def _revise_form(held: Held) -> EditForm:
    words: dict[str, Any] = {"source": held.source, "language": held.language}
    words["seen"] = held.fingerprint
    if not held.title:
        return EditForm(**words)
    slugs = [theme.slug for theme in _themes_of(held)]
    words |= {"title": held.title, "audience": held.audience, "themes": slugs}
    form = ReviseTopicForm(**words) if held.deed == OPEN else EditTopicForm(**words)
    if isinstance(form, ReviseTopicForm):
        form.begin_with(held.poll_text)
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]
    return form


def _themes_of(held: Held) -> list[Theme]:
    return [theme for theme in themes() if theme.id in (held.themes or ())]


def _revise(held_id: int, form: EditForm, written: Written) -> Post | Held:
    poll = form.poll() if isinstance(form, ReviseTopicForm) else None
    changes, seen = topic_changes(form), form.seen.data
    return actions.revise(me(), held_id, written, changes, poll=poll, seen=seen)


@bp.post("/waiting/<int:held_id>/take-back")
@changing
def take_back(held_id: int) -> ResponseReturnValue:
    """Take back a text that waits or was refused."""
    actions.take_back(me(), held_id)
    return web.done(
        _("Your text is taken back. Nothing of it is kept."), url_for("dialogue.waiting")
    )


@bp.app_template_global()
def held_outcomes(rule_ids: Sequence[int]) -> dict[int, queries.HeldOutcomes]:
    """For the template of the screening room, which is below this one: what became of the texts that rules held back."""
    return queries.held_outcomes(rule_ids)
