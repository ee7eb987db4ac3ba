"""Views of decisions about a topic: locking, slowing, pinning, moving, merging."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.queries import themes
from forum.dialogue.queries import (
    title_fingerprint,
    topic_after_merge,
    topic_to_change_kind,
)
from forum.dialogue.views import theme_boxes, theme_ids
from forum.errors import Invalid, NotFound
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import (
    ChangeKindForm,
    ClaimAwareForm,
    LockEndForm,
    LockForm,
    MergeForm,
    MoveForm,
    RetitleForm,
    SlowForm,
)
from forum.moderation.models import Decision, Deed
from forum.moderation.views._answers import (
    answer_here,
    bp,
    decide_by_button,
    deed_page,
    show_claims,
)
from forum.permissions import Person
from forum.ratelimits import changing
from forum.web import me


@bp.route("/topics/<int:topic_id>/lock", methods=["GET", "POST"])
def lock(topic_id: int) -> ResponseReturnValue:
    """Lock a topic."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = LockForm()

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.lock(moderator, topic_id, why, form.until.data, seen=form.seen_id)

    return deed_page(Deed.LOCK, thing, form, deed)


@bp.route("/topics/<int:topic_id>/set-lock-end", methods=["GET", "POST"])
def set_lock_end(topic_id: int) -> ResponseReturnValue:
    """Set or remove the last day of a topic's lock."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = LockEndForm(until=thing.row.locked_until)

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.set_lock_end(moderator, topic_id, form.until.data, why)

    return deed_page(Deed.SET_LOCK_END, thing, form, deed)


@bp.post("/topics/<int:topic_id>/unlock")
def unlock(topic_id: int) -> ResponseReturnValue:
    """Unlock a topic."""
    return _decide_topic(_("Unlock the topic"), topic_id, actions.unlock)


@bp.route("/topics/<int:topic_id>/slow", methods=["GET", "POST"])
def slow(topic_id: int) -> ResponseReturnValue:
    """Make a topic slow."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = SlowForm()

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.slow(moderator, topic_id, form.pace, why, seen=form.seen_id)

    return deed_page(Deed.SLOW, thing, form, deed)


@bp.post("/topics/<int:topic_id>/unslow")
def unslow(topic_id: int) -> ResponseReturnValue:
    """Remove the limit of a slow topic."""
    return _decide_topic(_("End the slow pace"), topic_id, actions.unslow)


@bp.post("/topics/<int:topic_id>/pin")
def pin(topic_id: int) -> ResponseReturnValue:
    """Pin a topic."""
    return _decide_topic(_("Pin the topic"), topic_id, actions.pin)


@bp.post("/topics/<int:topic_id>/unpin")
def unpin(topic_id: int) -> ResponseReturnValue:
    """Unpin a topic."""
    return _decide_topic(_("Unpin the topic"), topic_id, actions.unpin)


def _decide_topic(
    word: str, topic_id: int, deed: Callable[[Person, int], Decision]
) -> ResponseReturnValue:
    """Run the deed of a button about a topic."""
    thing = queries.topic_to_moderate(me(), topic_id)
    return decide_by_button(word, thing, lambda moderator: deed(moderator, topic_id))


@bp.route("/topics/<int:topic_id>/tell-all", methods=["GET", "POST"])
def tell_all(topic_id: int) -> ResponseReturnValue:
    """Tell all members of a topic, after a page that says how many they are."""
    thing, form = queries.topic_to_moderate(me(), topic_id), ClaimAwareForm()

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        return render_template(
            "moderation/tell_all.html",
            telling=queries.telling_of(me(), topic_id),
            form=form,
            late=late,
            claims=show_claims(form, [thing], late),
        ), status

    def deed(administrator: Person) -> str:
        return actions.tell_all(administrator, topic_id).address

    return answer_here(form, [thing], page, deed)


@bp.route("/topics/<int:topic_id>/move", methods=["GET", "POST"])
def move(topic_id: int) -> ResponseReturnValue:
    """Move a topic to another agenda."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = MoveForm()
    there = queries.agendas_to_move_to(me(), thing.row.agenda_id)
    form.offer(webforms.titled_choices(there))

    def deed(moderator: Person, why: Reasons) -> Decision:
        return actions.move(moderator, topic_id, form.agenda.data, why, seen=form.seen_id)

    return deed_page(Deed.MOVE, thing, form, deed)


@bp.route("/topics/<int:topic_id>/retitle", methods=["GET", "POST"])
@changing
def retitle(topic_id: int) -> ResponseReturnValue:
    """Correct the title and the themes of a topic."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = RetitleForm(title=thing.title, themes=[theme.slug for theme in thing.row.themes])
    form.themes.choices = [(theme.slug, theme.name) for theme in themes()]

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        if request.method == "GET" or late:
            form.seen.data = str(queries.latest_decision_id(thing.kind, thing.item_id))
            form.read.data = title_fingerprint(thing.row)
        return render_template(
            "moderation/retitle.html",
            thing=thing,
            form=form,
            theme_choices=theme_boxes(form),
            late=late,
            claims=show_claims(form, [thing], late),
        ), status

    def deed(moderator: Person) -> str:
        title, themes = form.title.data or "", theme_ids(form)
        decision = actions.retitle(
            moderator, topic_id, title, themes, form.reasons, seen=form.seen_id, read=form.read.data
        )
        return web.safe_next(decision.address)

    return answer_here(form, [thing], page, deed)


@bp.route("/topics/<int:topic_id>/change-kind", methods=["GET", "POST"])
@changing
def change_kind(topic_id: int) -> ResponseReturnValue:
    """Make an experience a question, or the reverse; it is a decision unless the author does it."""
    topic = topic_to_change_kind(me(), topic_id)
    thing = queries.topic_if_moderated(me(), topic)
    form = ChangeKindForm(kind="experience" if topic.kind == "question" else "question")

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        return render_template(
            "moderation/change_kind.html",
            topic=topic,
            form=form,
            late=late,
            claims=show_claims(form, [thing], late) if thing else (),
        ), status

    def deed(member: Person) -> str:
        kind = form.kind.data or ""
        decision = actions.change_kind(member, topic_id, kind, form.reasons)
        return web.safe_next(decision.address) if decision else topic.address

    def own_deed() -> AnyResponse:
        address, is_question = deed(me()), form.kind.data == "question"
        message = _("It is a question now.") if is_question else _("It is an experience now.")
        return web.done(message, address)

    if thing:
        return answer_here(form, [thing], page, deed)
    return webforms.process(form, page, own_deed)


@bp.route("/topics/<int:topic_id>/merge", methods=["GET", "POST"])
def merge(topic_id: int) -> ResponseReturnValue:
    """Merge a topic into another."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = MergeForm()
    form.offer(queries.topics_to_merge_into(me(), thing, form.words))
    other = None
    if form.is_typed_blindly and form.target_id != topic_id:
        other = queries.topic_to_merge_into(me(), form.target_id)

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        if other:
            form.shown.data = str(other.id)
        return render_template(
            "moderation/merge.html",
            thing=thing,
            form=form,
            other=other,
            late=late,
            claims=show_claims(form, [thing], late),
        ), status

    def deed(moderator: Person) -> str:
        try:
            actions.merge(moderator, topic_id, form.target_id, form.reasons)
        except NotFound:
            raise Invalid(_why_not_into(form.target_id), "target") from None
        return f"/topics/{topic_id}"

    is_first_step = other is not None or form.is_looking
    return answer_here(form, [thing], page, deed, is_first_step=is_first_step)


def _why_not_into(topic_id: int) -> str:
    """Why nothing can be merged into a topic that is not found: it may have been merged itself since it was chosen."""
    with suppress(NotFound):
        after = topic_after_merge(me(), topic_id)
        if after.id != topic_id:
            return _("That topic was put into “%(title)s” meanwhile.", title=after.title)
    return _("There is no such topic that you can see.")
