"""The views of decisions about one post, topic, page, practice or agenda."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.queries import get_agenda
from forum.dialogue.queries import render_with_mentions
from forum.library.actions import rendered_texts
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import (
    AskToEditForm,
    NoteForm,
    OptionalReasonForm,
    PublishForm,
    RequiredReasonForm,
    SendBackForm,
)
from forum.moderation.models import Decision, Deed
from forum.moderation.queries import Thing
from forum.moderation.views._answers import (
    answer_here,
    bp,
    decide_by_button,
    deed_page,
    restore_by_button,
    show_claims,
    withhold_page,
)
from forum.permissions import Person
from forum.web import CONFLICT, me


@bp.route("/topics/<int:topic_id>/hide", methods=["GET", "POST"])
def hide_topic(topic_id: int) -> ResponseReturnValue:
    """Hide a topic."""
    return withhold_page(queries.thing_to_moderate(me(), "topic", topic_id), Deed.HIDE)


@bp.route("/posts/<int:post_id>/hide", methods=["GET", "POST"])
def hide_post(post_id: int) -> ResponseReturnValue:
    """Hide a post."""
    return withhold_page(queries.thing_to_moderate(me(), "post", post_id), Deed.HIDE)


@bp.route("/cases/<slug>/hide", methods=["GET", "POST"])
def hide_case(slug: str) -> ResponseReturnValue:
    """Hide a case."""
    return withhold_page(queries.case_to_moderate(me(), slug), Deed.HIDE)


@bp.route("/practices/<slug>/hide", methods=["GET", "POST"])
def hide_practice(slug: str) -> ResponseReturnValue:
    """Hide a practice."""
    return withhold_page(queries.practice_to_moderate(me(), slug), Deed.HIDE)


@bp.route("/topics/<int:topic_id>/remove", methods=["GET", "POST"])
def remove_topic(topic_id: int) -> ResponseReturnValue:
    """Remove a topic."""
    return withhold_page(queries.thing_to_moderate(me(), "topic", topic_id), Deed.REMOVE)


@bp.route("/posts/<int:post_id>/remove", methods=["GET", "POST"])
def remove_post(post_id: int) -> ResponseReturnValue:
    """Remove a post."""
    return withhold_page(queries.thing_to_moderate(me(), "post", post_id), Deed.REMOVE)


@bp.route("/cases/<slug>/remove", methods=["GET", "POST"])
def remove_case(slug: str) -> ResponseReturnValue:
    """Remove a case."""
    return withhold_page(queries.case_to_moderate(me(), slug), Deed.REMOVE)


@bp.route("/practices/<slug>/remove", methods=["GET", "POST"])
def remove_practice(slug: str) -> ResponseReturnValue:
    """Remove a practice."""
    return withhold_page(queries.practice_to_moderate(me(), slug), Deed.REMOVE)


@bp.post("/topics/<int:topic_id>/restore")
def restore_topic(topic_id: int) -> ResponseReturnValue:
    """Show a hidden topic again."""
    return restore_by_button(queries.thing_to_moderate(me(), "topic", topic_id))


@bp.post("/posts/<int:post_id>/restore")
def restore_post(post_id: int) -> ResponseReturnValue:
    """Show a hidden post again."""
    return restore_by_button(queries.thing_to_moderate(me(), "post", post_id))


@bp.post("/cases/<slug>/restore")
def restore_case(slug: str) -> ResponseReturnValue:
    """Show a hidden case again."""
    return restore_by_button(queries.case_to_moderate(me(), slug))


@bp.post("/practices/<slug>/restore")
def restore_practice(slug: str) -> ResponseReturnValue:
    """Show a hidden practice again."""
    return restore_by_button(queries.practice_to_moderate(me(), slug))


@bp.route("/posts/<int:post_id>/ask-to-edit", methods=["GET", "POST"])
def ask_to_edit(post_id: int) -> ResponseReturnValue:
    """Ask the author to change a post."""
    thing = queries.thing_to_moderate(me(), "post", post_id)
    form = AskToEditForm()

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.ask_to_edit(moderator, thing.kind, thing.item_id, why, seen=form.seen_id)

    return deed_page(Deed.ASK_TO_EDIT, thing, form, deed)


@bp.route("/posts/<int:post_id>/note", methods=["GET", "POST"])
def note(post_id: int) -> ResponseReturnValue:
    """Add a moderators' note below a post."""
    thing = queries.thing_to_moderate(me(), "post", post_id)
    source, language = _note_of(thing)
    form = NoteForm(source=source, language=language, read=queries.note_read(thing))
    text = render_with_mentions(
        form.source.data or "", form.language.data or "en", has_pictures=False
    )

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        there = queries.thing_to_moderate(me(), "post", post_id) if late else thing
        if late:
            form.read.data = queries.note_read(there)
        preview = text.html if webforms.is_preview() else None
        return render_template(
            "moderation/note.html",
            thing=there,
            form=form,
            preview=preview,
            late=late,
            claims=show_claims(form, [there], late),
        ), status

    def deed(moderator: Person) -> str:
        return web.safe_next(actions.note(moderator, post_id, text, read=form.read.data).address)

    return answer_here(form, [thing], page, deed)


def _note_of(thing: Thing) -> tuple[str, str]:
    """The note below a post and its language; without one the moderator's."""
    if thing.kind == "post" and thing.row is not None and thing.row.note_source:
        return thing.row.note_source, thing.row.note_language
    return "", me().language


@bp.post("/posts/<int:post_id>/unnote")
def unnote(post_id: int) -> ResponseReturnValue:
    """Remove the moderators' note below a post."""
    thing = queries.thing_to_moderate(me(), "post", post_id)
    word = _("Take the note away")
    return decide_by_button(word, thing, lambda moderator: actions.unnote(moderator, post_id))


@bp.post("/practices/<slug>/publish")
def publish(slug: str) -> ResponseReturnValue:
    """Publish a submitted practice."""
    thing, form = queries.practice_to_moderate(me(), slug), PublishForm()
    texts = rendered_texts(thing.row)

    def deed(moderator: Person) -> Decision:
        return actions.publish(moderator, thing.item_id, read=form.read.data, texts=texts)

    return decide_by_button(_("Publish"), thing, deed, form=form)


@bp.route("/practices/<slug>/send-back", methods=["GET", "POST"])
def send_back(slug: str) -> ResponseReturnValue:
    """Return a submitted practice to its author."""
    thing, form = queries.practice_to_moderate(me(), slug), SendBackForm()

    def deed(moderator: Person, why: Reasons) -> Decision:
        seen, read = form.seen_id, form.read.data
        return actions.send_back(moderator, thing.item_id, why, seen=seen, read=read)

    return deed_page(Deed.SEND_BACK, thing, form, deed)


@bp.post("/practices/<slug>/feature")
def feature(slug: str) -> ResponseReturnValue:
    """Put a practice first in the library."""
    thing = queries.practice_to_moderate(me(), slug)
    return decide_by_button(
        _("Feature it"), thing, lambda moderator: actions.feature(moderator, thing.item_id)
    )


@bp.post("/practices/<slug>/unfeature")
def unfeature(slug: str) -> ResponseReturnValue:
    """End the featuring of a practice."""
    thing = queries.practice_to_moderate(me(), slug)
    return decide_by_button(
        _("Stop featuring it"), thing, lambda moderator: actions.unfeature(moderator, thing.item_id)
    )


@bp.route("/agendas/<slug>/open", methods=["GET", "POST"])
def open_agenda(slug: str) -> ResponseReturnValue:
    """Open an agenda that is in preparation."""
    return _decide_agenda(Deed.OPEN_AGENDA, slug, actions.open_agenda)


@bp.route("/agendas/<slug>/archive", methods=["GET", "POST"])
def archive(slug: str) -> ResponseReturnValue:
    """Archive an agenda."""
    return _decide_agenda(Deed.ARCHIVE, slug, actions.archive)


@bp.route("/agendas/<slug>/reopen", methods=["GET", "POST"])
def reopen(slug: str) -> ResponseReturnValue:
    """Reopen an archived agenda."""
    return _decide_agenda(Deed.REOPEN, slug, actions.reopen)


@bp.route("/agendas/<slug>/delete", methods=["GET", "POST"])
def delete_agenda(slug: str) -> ResponseReturnValue:
    """Delete an agenda that was made by mistake; if it has content, say what, and offer to archive it."""
    thing = queries.agenda_to_delete(me(), get_agenda(me(), slug).id)
    if standing := queries.standing_on(thing.item_id):
        page = render_template("moderation/keep_agenda.html", thing=thing, standing=standing)
        return page, 200 if request.method == "GET" else CONFLICT
    return deed_page(
        Deed.DELETE_AGENDA,
        thing,
        RequiredReasonForm(),
        lambda moderator, why: actions.delete_agenda(moderator, thing.item_id, why),
    )


def _decide_agenda(
    word: str, slug: str, deed: Callable[[Person, int, Reasons], Decision]
) -> ResponseReturnValue:
    """Run a deed about an agenda, after a page that asks for an optional reason."""
    thing = queries.agenda_to_moderate(me(), get_agenda(me(), slug).id)
    return deed_page(
        word,
        thing,
        OptionalReasonForm(),
        lambda moderator, why: deed(moderator, thing.item_id, why),
    )
