"""The doors of the queue: its list with one entry opened, deciding, being at it, noting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.claims.queries import Key
from forum.errors import Conflict
from forum.moderation import actions as moderation
from forum.moderation.forms import DEED_NAMES, REASON_NAMES, ClaimAwareForm
from forum.moderation.queries import ATTACHED_KINDS, latest_undoable_decision, moderated_agendas
from forum.moderation.views import fill_from_ready_text, ready_texts_for
from forum.queue import actions, queries
from forum.queue.actions import Choice
from forum.queue.forms import EntryForm, NoteForm
from forum.queue.queries import Line, Opened, QueueFilter
from forum.rules.queries import Rules, in_force
from forum.web import CONFLICT, Answer, me

bp = Blueprint("queue", __name__)


@bp.get("/moderation")
def index() -> Answer:
    """What waits for a decision; the first entry at which nobody else is is opened."""
    agendas, at_work = moderated_agendas(me()), queries.who_is_at_work()
    waiting = queries.lines(me(), _wanted(), agendas=agendas, at_work=at_work)
    return _page(queries.first_opened(me(), waiting, at_work), waiting, agendas)


@bp.get("/moderation/<thing>/<int:item_id>")
def entry(thing: str, item_id: int) -> Answer:
    """One entry in its context, beside the queue."""
    agendas, at_work = moderated_agendas(me()), queries.who_is_at_work()
    opened = queries.opened(me(), thing, item_id, at_work)
    return _page(opened, queries.lines(me(), _wanted(), agendas=agendas, at_work=at_work), agendas)


def _wanted() -> QueueFilter:
    kind, age = web.choice("kind", queries.KINDS), web.choice("age", queries.AGES)
    return QueueFilter(web.text("agenda"), kind, age)


def _kept() -> dict[str, Any]:
    """The filters, for the addresses of other entries."""
    return {name: value for name, value in vars(_wanted()).items() if value}


def _page(
    opened: Opened | None,
    waiting: list[Line] | None = None,
    agendas: Sequence[Agenda] | None = None,
    *,
    form: EntryForm | None = None,
    note: NoteForm | None = None,
    status: int = 200,
    late: str = "",
) -> Answer:
    if agendas is None:
        agendas = moderated_agendas(me())
    if waiting is None:
        waiting = queries.lines(me(), _wanted(), agendas=agendas)
    listed, above, below = queries.around(waiting, opened.key if opened else None)
    words: dict[str, Any] = {"listed": listed, "above": above, "below": below, "opened": opened}
    words |= {"total": len(waiting), "wanted": _wanted(), "kept": _kept(), "late": late}
    words |= {"agendas": agendas, "kinds": queries.KINDS}
    words |= {
        "mine": latest_undoable_decision(me()),
        "reasons": REASON_NAMES,
        "deed_names": DEED_NAMES,
    }
    held = in_force() if opened else None
    words["ready"] = ready_texts_for(opened.about.deeds, held) if opened else []
    words |= {"form": form or _form(opened, held), "note_form": note or NoteForm(formdata=None)}
    return render_template("queue/index.html", **words), status


def _form(opened: Opened | None, held: Rules | None) -> EntryForm | None:
    if opened is None or held is None:
        return None
    known = {"seen": str(opened.about.seen), "holder": _holder(opened)}
    form = EntryForm(formdata=None, read=_fingerprint(opened), **known)
    form.offer_for(opened.kind, opened.about.deeds)
    form.offer_rules(held.rules)
    fill_from_ready_text(form)
    return form


def _fingerprint(opened: Opened) -> str:
    """What a text that has no versions says, so that a decision is about what was read."""
    return opened.about.row.thing.fingerprint if opened.kind in ("held", *ATTACHED_KINDS) else ""


def _holder(opened: Opened) -> str:
    return str(opened.claim.member_id) if opened.claim else ""


@bp.post("/moderation/<thing>/<int:item_id>/decide")
def decide(thing: str, item_id: int) -> Answer:
    """Decide about an entry, and open the next."""
    waiting = queries.lines(me(), _wanted())
    form = EntryForm()
    form.offer_for(thing)
    form.offer_rules(in_force().rules)
    fill_from_ready_text(form)

    def page(status: int, late: str = "") -> Answer:
        opened = queries.opened(me(), thing, item_id)
        form.offer_for(thing, opened.about.deeds)
        if late:
            form.seen.data, form.holder.data = str(opened.about.seen), _holder(opened)
            form.read.data = _fingerprint(opened)
        return _page(opened, form=form, status=status, late=late)

    def deed() -> AnyResponse:
        choice = Choice(form.deed.data, form.reasons, form.seen_id, form.read.data)
        title = actions.decide(me(), thing, item_id, choice, form.holder_id)
        flash(_("Decided: %(deed)s. %(title)s", deed=form.deed_name, title=title), "message")
        return web.see_other(_next(waiting, (thing, item_id)))

    try:
        return webforms.process(form, page, deed)
    except Conflict as error:
        return page(CONFLICT, error.message)


def _next(waiting: list[Line], key: Key) -> str:
    line = queries.next_after(me(), waiting, key)
    return _address(line.key) if line else url_for("queue.index", **_kept())


def _address(key: Key, anchor: str = "entry") -> str:
    thing, item_id = key
    return url_for("queue.entry", thing=thing, item_id=item_id, _anchor=anchor, **_kept())


@bp.post("/moderation/decisions/<int:decision_id>/undo")
def undo(decision_id: int) -> Answer:
    """Take one's own latest decision back."""
    undone = moderation.undo(me(), decision_id)
    flash(_("Taken back: %(title)s", title=undone.title), "message")
    is_entry = undone.kind in queries.KINDS
    here = _address((undone.kind, undone.item_id)) if is_entry else undone.address
    return web.see_other(web.safe_next(here))


@bp.post("/moderation/<thing>/<int:item_id>/claim")
def claim(thing: str, item_id: int) -> Answer:
    """Be at an entry; whoever finds somebody else there is told, and may press again."""
    try:
        actions.claim(me(), thing, item_id, ClaimAwareForm().holder_id)
    except Conflict as error:
        opened = queries.opened(me(), thing, item_id)
        return _page(opened, status=CONFLICT, late=error.message)
    return web.see_other(_address((thing, item_id)))


@bp.post("/moderation/<thing>/<int:item_id>/release")
def release(thing: str, item_id: int) -> Answer:
    """Be at an entry no longer."""
    actions.release(me(), thing, item_id)
    return web.see_other(_address((thing, item_id)))


@bp.post("/moderation/<thing>/<int:item_id>/note")
def write_note(thing: str, item_id: int) -> Answer:
    """Note something about an entry for the other moderators."""
    form = NoteForm()

    def page(status: int) -> Answer:
        opened = queries.opened(me(), thing, item_id)
        return _page(opened, note=form, status=status)

    def deed() -> AnyResponse:
        actions.write_note(me(), thing, item_id, form.text.data or "")
        return web.see_other(_address((thing, item_id), "notes"))

    return webforms.process(form, page, deed)
