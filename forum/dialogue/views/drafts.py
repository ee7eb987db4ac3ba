"""Texts that one has begun: kept while one types, found again on any device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.dialogue import actions, queries
from forum.dialogue.models import DRAFTS_KEPT, MAX_DRAFTS, Draft
from forum.dialogue.views._shared import bp
from forum.errors import Conflict, Invalid
from forum.plaintext import tidy
from forum.ratelimits import by_person, changing, limiter
from forum.web import NO_CONTENT, me

# A script sends a form that changes every ten seconds
keeping = limiter.shared_limit("30 per minute", scope="keeping", key_func=by_person)
MILLISECOND = timedelta(milliseconds=1)
BY_SCRIPT = "auto"  # the value of `draft` when a script sends a form while somebody types
MAX_WINDOWS = 400  # characters of the names of windows that a script sends
UNKEPT_TYPES = (*webforms.HIDDEN_FIELD_TYPES, "SubmitField")


@bp.get("/drafts")
def drafts() -> ResponseReturnValue:
    """One's own texts that are not published."""
    rules = {"most": MAX_DRAFTS, "days": DRAFTS_KEPT.days}
    return render_template("dialogue/drafts.html", rows=queries.my_drafts(me()), **rules)


@bp.post("/drafts/discard")
@changing
def discard_draft() -> ResponseReturnValue:
    """Delete a draft, which the submission key of its form names. A script is answered without a page."""
    key = request.form.get("submission_key", "")
    if request.form.get("draft") == BY_SCRIPT:
        return _answer_script(lambda: actions.discard_draft(me(), key, windows_of_form()))
    actions.discard_draft(me(), key)
    return web.done(_("The draft is deleted."), url_for("dialogue.drafts"))


@bp.get("/drafts/agenda/<int:agenda_id>")
def topics_begun(agenda_id: int) -> ResponseReturnValue:
    """One's drafts of topics on an agenda, for the script that offers them in the form."""
    agenda = agenda_by_id(me(), agenda_id)
    return _as_json(queries.my_drafts_for(me(), agenda_id=agenda.id))


@bp.get("/drafts/topic/<int:topic_id>")
def replies_begun(topic_id: int) -> ResponseReturnValue:
    """One's drafts of replies in a topic, or of comments beside one paragraph, for the script that offers them there."""
    beside = web.text("paragraph", 12)
    topic = queries.get_topic_row(me(), topic_id)
    found = queries.my_drafts_for(me(), topic_id=topic.id)
    return _as_json([draft for draft in found if draft.value("paragraph") == beside])


def _as_json(drafts: Sequence[Draft]) -> ResponseReturnValue:
    """A list of {key, fields, age}, with the age in milliseconds: the clock of a device may be wrong."""
    rows = [
        {
            "key": one.submission_key,
            "fields": one.fields,
            "age": (now() - one.saved_at) / MILLISECOND,
        }
        for one in drafts
    ]
    return jsonify(rows)


@keeping
def keep_form(
    form: Any, *, agenda_id: int | None = None, topic_id: int | None = None
) -> ResponseReturnValue:
    """Keep what a form holds as a draft, and lead to the list of drafts; a script is answered without a page.

    Raises `Invalid`, for somebody who pressed the button, when there is nothing to keep or too much of it.
    """

    def keep(key: str) -> Draft | None:
        place = {"agenda_id": agenda_id, "topic_id": topic_id}
        return actions.keep_draft(me(), key, _fields(form), **place, windows=windows_of_form())

    key = form.submission_key.data or webforms.submission_key()
    if request.form["draft"] == BY_SCRIPT:
        return _answer_script(lambda: keep(key))
    if not form.has_words:
        raise Invalid(_("There are no words to keep yet."), "source")
    try:
        kept = keep(key)
    except Conflict:
        kept = keep(webforms.submission_key())  # what the form holds is another text by now
    said = _("Your draft is kept. Nobody else can read it.")
    return web.done(
        said if kept else _("You have posted this already."), url_for("dialogue.drafts")
    )


def windows_of_form() -> list[str]:
    """Which window sends a form, and what it has seen, as `actions.keep_draft` takes it; empty without a script."""
    return tidy(request.form.get("drafted", "")[:MAX_WINDOWS]).split()


def _answer_script(deed: Callable[[], Any]) -> ResponseReturnValue:
    try:
        deed()
    except (Conflict, Invalid) as error:
        return "", error.status
    return "", NO_CONTENT


def _fields(form: Any) -> list[tuple[str, str]]:
    """What a form was sent with, as [name, value], without what belongs to this sending alone."""
    names = [field.name for field in form if field.type not in UNKEPT_TYPES]
    names += ["paragraph"] if "paragraph" in form else []
    return [(name, tidy(value)) for name in names for value in request.form.getlist(name) if value]


def go_on_with_draft(
    form: Any, *, agenda_id: int | None = None, topic_id: int | None = None
) -> None:
    """Fill an empty form with the draft for this place that the address names, which goes on to be that draft."""
    number = web.number("draft", 0) if request.method == "GET" else 0
    draft = (
        queries.my_draft(me(), number, agenda_id=agenda_id, topic_id=topic_id) if number else None
    )
    if draft:
        webforms.fill(form, draft.values)
        form.submission_key.data = draft.submission_key
        # Without a script the page is a window, too: of a new name, which has seen what the draft holds
        form.drafted.data = f"{webforms.submission_key()} {draft.window}"
