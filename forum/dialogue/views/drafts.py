"""Drafts: saved while somebody types, and found again on any device."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import tokens, web, webforms
from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.dialogue import actions, queries
from forum.dialogue.models import DRAFTS_KEPT, MAX_DRAFTS, Draft
from forum.dialogue.views._shared import bp
from forum.errors import Conflict, Invalid
from forum.formrows import table_of
from forum.members.models import Member
from forum.plaintext import excerpt, tidy
from forum.ratelimits import by_person, changing, limiter
from forum.web import NO_CONTENT, me

# A script saves a changed form every ten seconds
keeping = limiter.shared_limit("30 per minute", scope="keeping", key_func=by_person)
MILLISECOND = timedelta(milliseconds=1)
BY_SCRIPT = "auto"  # the value of `draft` when a script saves a form while somebody types
MAX_WINDOWS = 400  # characters of the names of windows that a script sends
MAX_FIRST_WORDS = 80  # characters
DELETED = "deleted draft"  # what the seal of one is for
DRAFT_PLACE = ("agenda_id", "topic_id", "kind", "item_id")  # columns that say what it is for
UNKEPT_TYPES = (*webforms.HIDDEN_FIELD_TYPES, "SubmitField")


@bp.get("/drafts")
def drafts() -> ResponseReturnValue:
    """One's own drafts."""
    rules = {"most": MAX_DRAFTS, "days": DRAFTS_KEPT.days}
    return render_template("dialogue/drafts.html", rows=queries.my_drafts(me()), **rules)


@bp.post("/drafts/discard")
@changing
def discard_draft() -> ResponseReturnValue:
    """Delete a draft, identified by the submission key of its form. A script gets no page in response.

    The page in response holds the draft, sealed, to undo this: the forum has nothing of it any more.
    """
    key = request.form.get("submission_key", "")
    if is_by_script():
        return _answer_script(lambda: actions.discard_draft(me(), key, windows_of_form()))
    draft = actions.discard_draft(me(), key)
    if draft is None:
        return web.done(_("The draft is deleted."), url_for("dialogue.drafts"))
    web.tell(
        _("The draft is deleted."), web.Undo(url_for("dialogue.restore_draft"), _sealed(draft))
    )
    return drafts()


@bp.get("/drafts/discard")
def back_from_discarding() -> ResponseReturnValue:
    """The list of drafts, for who goes to the address of the page that says that one is deleted."""
    return web.see_other(url_for("dialogue.drafts"))


@bp.post("/drafts/restore")
@changing
def restore_draft() -> ResponseReturnValue:
    """Keep a draft again that was just deleted, as the page that said so holds it."""
    draft = _unsealed(request.form.get("deleted", ""), request.form.get("seal", ""))
    is_back = actions.restore_draft(me(), **draft)
    message = _("Your draft is kept. Nobody else can read it.")
    return web.done(message if is_back else web.nothing_undone(), url_for("dialogue.drafts"))


def _sealed(draft: Draft) -> dict[str, str]:
    """A draft as the hidden fields of a form, from which only its author can keep it again, and unchanged."""
    kept = {name: getattr(draft, name) for name in DRAFT_PLACE}
    text = json.dumps(
        {"key": draft.submission_key, "fields": draft.fields, **kept}, ensure_ascii=False
    )
    return {"deleted": text, "seal": tokens.secret(DELETED, _to_seal(draft.author_id, text))}


def _unsealed(text: str, seal: str) -> dict[str, Any]:
    """What `_sealed` has sealed for the reader, as arguments of `actions.restore_draft`; no fields if it is anything else."""
    is_own = tokens.is_secret(DELETED, _to_seal(me().id, text), seal)
    return dict(json.loads(text)) if is_own else {"key": "", "fields": ()}


def _to_seal(author_id: int, text: str) -> str:
    """What the seal of a draft is made of; tidied, as the text is when it comes by the page for signing in again."""
    return f"{author_id}\n{tidy(text)}"


@bp.get("/drafts/agenda/<int:agenda_id>")
def topics_begun(agenda_id: int) -> ResponseReturnValue:
    """One's own drafts of topics on an agenda, for the script that offers them in the form."""
    agenda = agenda_by_id(me(), agenda_id)
    return drafts_as_json(queries.my_drafts_for(me(), agenda_id=agenda.id))


@bp.get("/drafts/topic/<int:topic_id>")
def replies_begun(topic_id: int) -> ResponseReturnValue:
    """One's own drafts of replies in a topic, or of comments on one paragraph, for the script that offers them there."""
    beside = web.text("paragraph", 12)
    topic = queries.get_topic_row(me(), topic_id)
    found = queries.my_drafts_for(me(), topic_id=topic.id)
    return drafts_as_json([draft for draft in found if draft.value("paragraph") == beside])


def drafts_as_json(drafts: Sequence[Draft]) -> ResponseReturnValue:
    """A list of {key, fields, age}, with the age in milliseconds, because the clock of a device may be wrong.

    Moments are stored to the second, so the age is rounded up: what a browser has of the same second is newer, because
    it was typed after the form was sent.
    """
    rounded_up = now() + timedelta(seconds=1)
    rows = [
        {
            "key": draft.submission_key,
            "fields": draft.fields,
            "age": (rounded_up - draft.saved_at) / MILLISECOND,
        }
        for draft in drafts
    ]
    return jsonify(rows)


def _sent_to(key: str) -> str | None:
    """Where the reader finds what they have sent with a submission key: among the posts, or waiting for a moderator."""
    if post := queries.post_by_submission_key(me(), key):
        return post.address
    held = queries.held_by_submission_key(me(), key)
    return url_for("dialogue.held", held_id=held.id) if held else None


@keeping
def keep_form(
    form: Any,
    deed: Callable[..., Draft | None] = actions.keep_draft,
    sent_to: Callable[[str], str | None] = _sent_to,
    **place: Any,
) -> ResponseReturnValue:
    """Save a form as a draft, and redirect to the list of drafts; a script gets no page in response.

    `deed` is the action that saves it as an `UnsentForm`, `place` its arguments that say what the form is for. What was sent already is
    no draft: then `sent_to` returns the address where it is, from the submission key. Raises `Invalid` when the button
    was pressed but there is nothing to save, or too much.
    """

    def keep(key: str) -> Draft | None:
        is_asked = not is_by_script()
        unsent = actions.UnsentForm(key, _fields(form), windows_of_form(), is_asked)
        return deed(me(), unsent, **place)

    key = form.submission_key.data or webforms.submission_key()
    if is_by_script():
        return _answer_script(lambda: keep(key))
    if not form.has_words:
        first = next(name for name in ("source", "title", "name") if name in form)
        raise Invalid(_("There are no words to keep yet."), first)
    try:
        kept = keep(key)
    except Conflict:
        kept = keep(webforms.submission_key())  # the form contains another text by now
    if not kept and (address := sent_to(key)):
        return web.done(_("You have posted this already. Here it is."), address)
    said = _("Your draft is kept. Nobody else can read it.")
    return web.done(
        said if kept else _("You have posted this already."), url_for("dialogue.drafts")
    )


def is_by_script() -> bool:
    """Whether a script has sent the form while somebody typed, and nobody has pressed a button."""
    return request.form.get("draft") == BY_SCRIPT


def windows_of_form() -> list[str]:
    """Which window sends the form, and what it has seen, as `actions.UnsentForm` has it; empty without a script."""
    return tidy(request.form.get("drafted", "")[:MAX_WINDOWS]).split()


def sent_form(form: Any) -> actions.SentForm:
    """The form with which a text is sent, for the action that saves it."""
    return actions.SentForm(form.submission_key.data, form.seen.data, windows_of_form())


def _answer_script(deed: Callable[[], Any]) -> ResponseReturnValue:
    try:
        deed()
    except (Conflict, Invalid) as error:
        return "", error.status
    return "", NO_CONTENT


class BegunHere(NamedTuple):
    """A draft of what a form is for: the path on which one goes on with it, its first words, and when it was kept."""

    address: str
    words: str
    saved_at: datetime


def begun_here(form: Any, kind: str, item_id: int | None = None) -> list[BegunHere]:
    """One's other drafts of what a form of another room is for, to go on with (`kind` and `item_id` as in `Draft`)."""
    person = me()
    if request.method != "GET" or not (isinstance(person, Member) and person.drafts_count):
        return []
    drafts = queries.my_drafts_in_form(person, kind, item_id)
    return [
        BegunHere(
            f"{request.path}?draft={draft.id}",
            excerpt(next(iter(queries.words_begun(draft, form.typed)), "…"), MAX_FIRST_WORDS),
            draft.saved_at,
        )
        for draft in drafts
        if draft.submission_key != form.submission_key.data
    ]


def _fields(form: Any) -> list[tuple[str, str]]:
    """The submitted fields, as [name, value], without those that belong only to this request.

    Of hidden fields it has those that the form names in `kept_hidden`, and those in rows of tables.
    """
    names = [*_kept_names(form), *form.kept_hidden]
    names += [name for name in request.form if table_of(name) in names]
    return [(name, tidy(value)) for name in names for value in request.form.getlist(name) if value]


def _kept_names(form: Any) -> list[str]:
    return [field.name for field in form if field.type not in UNKEPT_TYPES]


def go_on_with_draft(form: Any, **place: str | int | None) -> None:
    """Fill an empty form with the draft for this place that the address names; the form then continues that draft.

    `place` as in `my_draft`.
    """
    number = web.number("draft", 0) if request.method == "GET" else 0
    draft = queries.my_draft(me(), number, **place) if number else None
    if draft:
        hidden = [name for name in form.kept_hidden if name in draft.values]
        webforms.fill_again(form, draft.values, [*_kept_names(form), *hidden])
        form.submission_key.data = draft.submission_key
        # Without a script the page is a window, too: with a new name, and having seen the content of the draft
        form.drafted.data = f"{webforms.submission_key()} {draft.window}"
