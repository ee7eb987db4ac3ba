"""The doors of the moderation room: reporting, the queue, the deeds, the log, the statement of reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web
from forum.agendas.queries import agendas, get_agenda
from forum.db import now
from forum.errors import Conflict, Invalid
from forum.library.queries import get_case, get_practice
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.forms import (
    DEED_NAMES,
    REASON_NAMES,
    DecisionForm,
    MoveForm,
    ReasonForm,
    ReportForm,
    SeenForm,
    SuspendForm,
    WordForm,
)
from forum.moderation.models import Decision
from forum.moderation.queries import Entry, QueueFilter, Thing, Waiting
from forum.rates import limiter
from forum.web import me

bp = Blueprint("moderation", __name__)
Answer = str | AnyResponse | tuple[str, int]
REFUSED = 422
TAKEN = 409


# Reporting


@bp.route("/topics/<int:topic_id>/report", methods=["GET", "POST"])
def report_topic(topic_id: int) -> Answer:
    """Report a topic."""
    return _report("topic", topic_id)


@bp.route("/posts/<int:post_id>/report", methods=["GET", "POST"])
def report_post(post_id: int) -> Answer:
    """Report a post."""
    return _report("post", post_id)


@bp.route("/cases/<slug>/report", methods=["GET", "POST"])
def report_case(slug: str) -> Answer:
    """Report a case."""
    return _report("case", get_case(me(), slug).id)


@bp.route("/practices/<slug>/report", methods=["GET", "POST"])
def report_practice(slug: str) -> Answer:
    """Report a practice."""
    return _report("practice", get_practice(me(), slug).id)


@bp.route("/members/<handle>/report", methods=["GET", "POST"])
def report_member(handle: str) -> Answer:
    """Report a profile."""
    return _report("member", get_member(me(), handle).id)


def _account() -> str:
    return f"member {me().id}"


@limiter.limit("10 per minute; 60 per day", key_func=_account, methods=["POST"])
def _report(kind: str, item_id: int) -> Answer:
    thing = queries.thing_to_report(me(), kind, item_id)
    form = ReportForm()
    mine = queries.my_report(me(), thing) if request.method == "GET" else None

    def page(status: int = 200) -> Answer:
        words = {"form": form, "thing": thing, "mine": mine, "reasons": REASON_NAMES}
        return render_template("moderation/report.html", **words), status

    def deed() -> AnyResponse:
        reason, text = form.reason.data, form.text.data or ""
        actions.report(me(), thing.kind, thing.item_id, reason, text)
        thanks = _("Thank you. The moderators will look at it, and you will hear from them.")
        flash(thanks, "message")
        return web.see_other(web.safe_next(thing.address))

    return web.answer(form, page, deed)


# The queue


@bp.get("/moderation")
def queue() -> Answer:
    """What waits for a decision; the first thing is opened."""
    waiting = queries.queue(me(), _wanted())
    first = queries.entry(me(), waiting[0].kind, waiting[0].item_id) if waiting else None
    return _queue_page(waiting, first)


@bp.get("/moderation/<thing>/<int:item_id>")
def entry(thing: str, item_id: int) -> Answer:
    """One thing in its context, beside the queue."""
    return _queue_page(queries.queue(me(), _wanted()), queries.entry(me(), thing, item_id))


def _wanted() -> QueueFilter:
    return QueueFilter(web.text("agenda"), web.choice("kind", queries.KINDS))


def _queue_page(
    waiting: list[Waiting],
    opened: Entry | None,
    form: DecisionForm | None = None,
    *,
    status: int = 200,
    late: str = "",
) -> Answer:
    words: dict[str, Any] = {"waiting": waiting, "opened": opened, "wanted": _wanted()}
    words |= {"late": late, "agendas": queries.moderated_agendas(me()), "kinds": queries.KINDS}
    words |= {
        "mine": queries.my_latest(me()),
        "form": form or _decision_form(opened),
        "reasons": REASON_NAMES,
    }
    return render_template("moderation/queue.html", **words), status


def _decision_form(opened: Entry | None) -> DecisionForm | None:
    if opened is None:
        return None
    form = DecisionForm(seen=str(opened.seen), read=_fingerprint(opened))
    form.offer(opened.deeds)
    return form


def _fingerprint(opened: Entry) -> str:
    return opened.thing.row.fingerprint if opened.thing.kind == "held" else ""


@bp.post("/moderation/<thing>/<int:item_id>/decide")
def decide(thing: str, item_id: int) -> Answer:
    """Decide about an entry of the queue, and open the next."""
    waiting = queries.queue(me(), _wanted())
    form = DecisionForm()
    form.offer(list(DEED_NAMES))

    def page(status: int, late: str = "") -> Answer:
        opened = queries.entry(me(), thing, item_id)
        form.offer(opened.deeds)
        if late:
            form.seen.data, form.read.data = str(opened.seen), _fingerprint(opened)
        return _queue_page(queries.queue(me(), _wanted()), opened, form, status=status, late=late)

    def deed() -> AnyResponse:
        decision = _decide(thing, item_id, form)
        flash(_("Decided: %(title)s", title=decision.title), "message")
        return web.see_other(_next(waiting, thing, item_id))

    try:
        return web.answer(form, page, deed)
    except Conflict as error:
        return page(TAKEN, error.message)


@bp.post("/moderation/decisions/<int:decision_id>/undo")
def undo(decision_id: int) -> Answer:
    """Take one's own latest decision back."""
    undone = actions.undo(me(), decision_id)
    flash(_("Taken back: %(title)s", title=undone.title), "message")
    address = url_for(
        "moderation.entry", thing=undone.kind, item_id=undone.item_id, _anchor="entry"
    )
    return web.see_other(address)


def _decide(kind: str, item_id: int, form: DecisionForm) -> Decision:
    reason = form.reason.data or ""
    if form.deed.data == "publish" and kind == "practice":
        return actions.publish(me(), item_id, reason, seen=form.seen_id)
    if form.deed.data == "send_back" and kind == "practice":
        return actions.send_back(me(), item_id, reason, seen=form.seen_id)
    if kind == "held":
        return _decide_held(item_id, form, reason)
    return actions.decide(me(), kind, item_id, form.deed.data, reason, seen=form.seen_id)


def _decide_held(held_id: int, form: DecisionForm, reason: str) -> Decision:
    words: dict[str, Any] = {"seen": form.seen_id, "read": form.read.data}
    if form.deed.data == "approve":
        return actions.approve(me(), held_id, reason, **words)
    if form.deed.data == "refuse":
        return actions.refuse(me(), held_id, reason, **words)
    raise Invalid(_("Choose a decision."), "deed")


def _next(waiting: list[Waiting], kind: str, item_id: int) -> str:
    line = queries.next_after(waiting, kind, item_id)
    kept: dict[str, Any] = {name: value for name, value in vars(_wanted()).items() if value}
    if line is None:
        return url_for("moderation.queue", **kept)
    return url_for(
        "moderation.entry", thing=line.kind, item_id=line.item_id, _anchor="entry", **kept
    )


# Deeds that restrict: a small page asks for the reason


@bp.route("/topics/<int:topic_id>/lock", methods=["GET", "POST"])
def lock(topic_id: int) -> Answer:
    """Lock a topic."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = ReasonForm()
    return _deed_page(
        "lock", thing, form, lambda why: actions.lock(me(), topic_id, why, seen=form.seen_id)
    )


@bp.route("/topics/<int:topic_id>/move", methods=["GET", "POST"])
def move(topic_id: int) -> Answer:
    """Move a topic to another agenda."""
    thing = queries.topic_to_moderate(me(), topic_id)
    form = MoveForm()
    there = [agenda for agenda in agendas(me()) if agenda.id != thing.agenda_id]
    form.agenda.choices = [(a.id, a.title) for a in there if me().can.move(thing.row, a)]
    return _deed_page(
        "move", thing, form, lambda why: actions.move(me(), topic_id, form.agenda.data, why)
    )


@bp.route("/topics/<int:topic_id>/hide", methods=["GET", "POST"])
def hide_topic(topic_id: int) -> Answer:
    """Hide a topic."""
    return _hide(queries.thing_to_moderate(me(), "topic", topic_id))


@bp.route("/posts/<int:post_id>/hide", methods=["GET", "POST"])
def hide(post_id: int) -> Answer:
    """Hide a post."""
    return _hide(queries.thing_to_moderate(me(), "post", post_id))


@bp.route("/cases/<slug>/hide", methods=["GET", "POST"])
def hide_case(slug: str) -> Answer:
    """Hide a case."""
    return _hide(queries.case_to_moderate(me(), slug))


@bp.route("/practices/<slug>/hide", methods=["GET", "POST"])
def hide_practice(slug: str) -> Answer:
    """Hide a practice."""
    return _hide(queries.practice_to_moderate(me(), slug))


@bp.route("/members/<handle>/hide", methods=["GET", "POST"])
def hide_profile(handle: str) -> Answer:
    """Hide a profile."""
    return _hide(queries.member_to_moderate(me(), handle))


def _hide(thing: Thing) -> Answer:
    form = ReasonForm()

    def deed(why: str) -> Decision:
        return actions.decide(me(), thing.kind, thing.item_id, "hide", why, seen=form.seen_id)

    return _deed_page("hide", thing, form, deed)


@bp.route("/practices/<slug>/send-back", methods=["GET", "POST"])
def send_back(slug: str) -> Answer:
    """Return a submitted practice to its author."""
    thing = queries.practice_to_moderate(me(), slug)
    form = ReasonForm()

    def deed(why: str) -> Decision:
        return actions.send_back(me(), thing.item_id, why, seen=form.seen_id)

    return _deed_page("send_back", thing, form, deed)


@bp.route("/members/<handle>/suspend", methods=["GET", "POST"])
def suspend(handle: str) -> Answer:
    """Suspend a member."""
    thing = queries.member_to_suspend(me(), handle)
    form = SuspendForm()

    def deed(why: str) -> Decision:
        return actions.suspend(me(), thing.item_id, now() + form.time, why)

    return _deed_page("suspend", thing, form, deed)


@bp.route("/agendas/<slug>/archive", methods=["GET", "POST"])
def archive(slug: str) -> Answer:
    """Archive an agenda."""
    thing = queries.agenda_to_moderate(me(), get_agenda(me(), slug).id)
    return _deed_page(
        "archive", thing, WordForm(), lambda why: actions.archive(me(), thing.item_id, why)
    )


@bp.route("/agendas/<slug>/reopen", methods=["GET", "POST"])
def reopen(slug: str) -> Answer:
    """Reopen an archived agenda."""
    thing = queries.agenda_to_moderate(me(), get_agenda(me(), slug).id)
    return _deed_page(
        "reopen", thing, WordForm(), lambda why: actions.reopen(me(), thing.item_id, why)
    )


def _deed_page(
    word: str, thing: Thing, form: ReasonForm | MoveForm | WordForm, deed: Callable[[str], Decision]
) -> Answer:
    """The small page of a deed, and the deed once its reason is given."""
    if isinstance(form, SeenForm) and request.method == "GET":
        form.seen.data = str(queries.latest_decision(thing.kind, thing.item_id))

    def page(status: int = 200) -> Answer:
        words = {"word": word, "thing": thing, "form": form}
        return render_template("moderation/deed.html", **words), status

    def done() -> AnyResponse:
        decision = deed(form.reason.data or "")
        return _done(decision)

    return web.answer(form, page, done)


def _done(decision: Decision) -> AnyResponse:
    flash(_("Done, and written down in the moderation log."), "message")
    return web.see_other(web.safe_next(decision.address))


# Deeds that give back: a button is enough


@bp.post("/topics/<int:topic_id>/unlock")
def unlock(topic_id: int) -> Answer:
    """Unlock a topic."""
    return _done(actions.unlock(me(), topic_id))


@bp.post("/topics/<int:topic_id>/pin")
def pin(topic_id: int) -> Answer:
    """Pin a topic."""
    return _done(actions.pin(me(), topic_id))


@bp.post("/topics/<int:topic_id>/unpin")
def unpin(topic_id: int) -> Answer:
    """Unpin a topic."""
    return _done(actions.unpin(me(), topic_id))


@bp.post("/topics/<int:topic_id>/restore")
def restore_topic(topic_id: int) -> Answer:
    """Show a hidden topic again."""
    return _restore(queries.thing_to_moderate(me(), "topic", topic_id))


@bp.post("/posts/<int:post_id>/restore")
def restore(post_id: int) -> Answer:
    """Show a hidden post again."""
    return _restore(queries.thing_to_moderate(me(), "post", post_id))


@bp.post("/cases/<slug>/restore")
def restore_case(slug: str) -> Answer:
    """Show a hidden case again."""
    return _restore(queries.case_to_moderate(me(), slug))


@bp.post("/practices/<slug>/restore")
def restore_practice(slug: str) -> Answer:
    """Show a hidden practice again."""
    return _restore(queries.practice_to_moderate(me(), slug))


@bp.post("/members/<handle>/restore")
def restore_profile(handle: str) -> Answer:
    """Show a hidden profile again."""
    return _restore(queries.member_to_moderate(me(), handle))


def _restore(thing: Thing) -> Answer:
    return _done(actions.decide(me(), thing.kind, thing.item_id, "restore"))


@bp.post("/practices/<slug>/publish")
def publish(slug: str) -> Answer:
    """Publish a submitted practice."""
    return _done(actions.publish(me(), queries.practice_to_moderate(me(), slug).item_id))


@bp.post("/practices/<slug>/feature")
def feature(slug: str) -> Answer:
    """Put a practice first in the library."""
    return _done(actions.feature(me(), queries.practice_to_moderate(me(), slug).item_id))


@bp.post("/practices/<slug>/unfeature")
def unfeature(slug: str) -> Answer:
    """Let a practice stand in the library like any other."""
    return _done(actions.unfeature(me(), queries.practice_to_moderate(me(), slug).item_id))


@bp.post("/members/<handle>/unsuspend")
def unsuspend(handle: str) -> Answer:
    """Open a suspended account again."""
    return _done(actions.unsuspend(me(), queries.member_to_suspend(me(), handle).item_id))


# What was decided


@bp.get("/moderation/log")
def log() -> Answer:
    """The moderation log."""
    agenda = web.text("agenda")
    decisions = queries.log(me(), agenda, web.number("page"))
    words = {"page": decisions, "agenda": agenda, "agendas": queries.moderated_agendas(me())}
    return render_template("moderation/log.html", **words)


@bp.get("/moderation/decisions/<int:decision_id>")
def decision(decision_id: int) -> Answer:
    """What was decided about somebody's text, under which rule, and what the author can do."""
    found = queries.get_decision(me(), decision_id)
    return render_template("moderation/decision.html", decision=found)
