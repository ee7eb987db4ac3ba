"""The views of the queue: the list with one entry opened, deciding, claiming, writing a note, undoing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.claims.models import EntryKey
from forum.dialogue.queries import approved_held, render_with_mentions
from forum.errors import Conflict, NotFound
from forum.glossary.models import PROPOSAL
from forum.glossary.queries import entry_as_read
from forum.library.actions import rendered_texts
from forum.library.models import Practice
from forum.markup import NO_TEXTS, Written
from forum.moderation import actions as moderation
from forum.moderation.forms import DEED_NAMES, REASON_NAMES, ClaimAwareForm
from forum.moderation.queries import (
    READ_KINDS,
    decision_to_offer,
    moderated_agendas,
    page_of_part,
    thing_to_moderate,
)
from forum.moderation.views import fill_from_ready_text, is_preparing, offer_no_undo, offer_orders
from forum.queue import actions, queries
from forum.queue.actions import Choice
from forum.queue.forms import EntryForm, NoteForm
from forum.queue.queries import OpenedEntry, QueueEntry, QueueFilter
from forum.rules.queries import Rules, in_force, ready_texts
from forum.web import CONFLICT, me

bp = Blueprint("queue", __name__)


@bp.get("/moderation")
def index() -> ResponseReturnValue:
    """The queue, with the first entry opened that nobody else has claimed."""
    agendas, claims = moderated_agendas(me()), queries.claims_by_key()
    waiting = queries.queue_entries(me(), _wanted(), agendas=agendas, claims_known=claims)
    return _page(Desk(agendas, waiting, queries.first_opened_entry(me(), waiting, claims)))


@bp.get("/moderation/<thing>/<int:item_id>")
def entry(thing: str, item_id: int) -> ResponseReturnValue:
    """One entry in its context, beside the queue; for a former one a page that says so, because notices still lead here."""
    agendas, claims = moderated_agendas(me()), queries.claims_by_key()
    opened, gone = None, None
    try:
        opened = queries.opened_entry(me(), thing, item_id, claims)
    except (Conflict, NotFound) as error:
        gone = _gone(thing, item_id, error)
    waiting = queries.queue_entries(me(), _wanted(), agendas=agendas, claims_known=claims)
    return _page(Desk(agendas, waiting, opened, gone))


def _wanted() -> QueueFilter:
    kind, age = web.choice("kind", queries.KINDS), web.choice("age", queries.AGES)
    return QueueFilter(web.text("agenda"), kind, age)


def _kept() -> dict[str, Any]:
    """The active filters, as parameters for the addresses of other entries."""
    return {name: value for name, value in vars(_wanted()).items() if value}


class Gone(NamedTuple):
    """Why an entry is not to be decided any more, where to look what became of it, and what was typed about it meanwhile."""

    why: str
    address: str = ""
    typed: str = ""


class Desk(NamedTuple):
    """What a page of the queue is about: what waits on which agendas, and the entry that is opened, or that is gone."""

    agendas: Sequence[Agenda]
    waiting: list[QueueEntry]
    opened: OpenedEntry | None
    gone: Gone | None = None


def _gone(thing: str, item_id: int, error: Conflict | NotFound, typed: str = "") -> Gone:
    """Why an entry is gone, from the error that says so; the error itself for what is none."""
    if thing not in queries.KINDS:
        raise error
    if thing == "held" and (held := approved_held(me(), item_id)):
        post = url_for("dialogue.post", post_id=held.became_id)
        return Gone(_("This text is published by now."), post, typed)
    unknown = _("What waited here was deleted or taken back, or others decide about it.")
    is_known = thing == "held" or isinstance(error, Conflict)
    return Gone(error.message if is_known and error.message else unknown, typed=typed)


def _or_gone(
    thing: str, item_id: int, answer: Callable[[], ResponseReturnValue], typed: Callable[[], str]
) -> ResponseReturnValue:
    """The answer to a deed about an entry or, when that is gone meanwhile, the page that says so with what was typed."""
    try:
        return answer()
    except (Conflict, NotFound) as error:
        gone = _gone(thing, item_id, error, typed())
        agendas = moderated_agendas(me())
        waiting = queries.queue_entries(me(), _wanted(), agendas=agendas)
        return _page(Desk(agendas, waiting, None, gone), status=error.status, late=gone.why)


def _desk(opened: OpenedEntry) -> Desk:
    agendas = moderated_agendas(me())
    return Desk(agendas, queries.queue_entries(me(), _wanted(), agendas=agendas), opened)


def _page(
    desk: Desk,
    *,
    form: EntryForm | None = None,
    note: NoteForm | None = None,
    status: int = 200,
    late: str = "",
) -> ResponseReturnValue:
    waiting, opened = desk.waiting, desk.opened
    if opened:
        web.note_look(f"{opened.kind} {opened.item_id} in the queue, with its reports and notes")
    listed, above, below = queries.entries_around(waiting, opened.key if opened else None)
    rules = in_force() if opened else None
    return render_template(
        "queue/index.html",
        listed=listed,
        above=above,
        below=below,
        opened=opened,
        total=len(waiting),
        wanted=_wanted(),
        kept=_kept(),
        late=late,
        gone=desk.gone,
        place=_place(waiting, opened),
        candidates=sum(entry.kind == "candidate" for entry in waiting),
        agendas=desk.agendas,
        kinds=queries.KINDS,
        mine=decision_to_offer(me()),
        reasons=REASON_NAMES,
        deed_names=DEED_NAMES,
        ready=ready_texts(me(), opened.about.deeds, rules) if opened else [],
        form=form or _form(opened, rules),
        note_form=note or NoteForm(formdata=None),
    ), status


def _place(waiting: Sequence[QueueEntry], opened: OpenedEntry | None) -> int:
    """The position of the opened entry in the list, from 1; 0 when it is not in it."""
    keys = [entry.key for entry in waiting]
    return keys.index(opened.key) + 1 if opened and opened.key in keys else 0


def _form(opened: OpenedEntry | None, rules: Rules | None) -> EntryForm | None:
    if opened is None or rules is None:
        return None
    known = {"seen": str(opened.about.seen), "holder": _holder(opened)}
    form = EntryForm(formdata=None, read=_fingerprint(opened), **known)
    form.offer_for(opened.kind, opened.about.deeds)
    form.offer_rules(rules)
    offer_orders(form)
    fill_from_ready_text(form)
    return form


def _fingerprint(opened: OpenedEntry) -> str:
    """The fingerprint of what has no versions yet, so that the decision is about what was read; empty for others."""
    if opened.kind == PROPOSAL:
        return entry_as_read(opened.about.row.entry)
    return opened.about.row.thing.fingerprint if opened.kind in READ_KINDS else ""


def _holder(opened: OpenedEntry) -> str:
    return str(opened.claim.member_id) if opened.claim else ""


@bp.post("/moderation/<thing>/<int:item_id>/decide")
def decide(thing: str, item_id: int) -> ResponseReturnValue:
    """Decide about an entry, and open the next."""
    agendas = moderated_agendas(me())
    waiting = queries.queue_entries(me(), _wanted(), agendas=agendas)
    form = EntryForm()
    form.offer_for(thing)
    form.offer_rules(in_force())
    offer_orders(form)
    fill_from_ready_text(form)

    def page(status: int, late: str = "") -> ResponseReturnValue:
        opened = queries.opened_entry(me(), thing, item_id)
        form.offer_for(thing, opened.about.deeds)
        if late:
            form.seen.data, form.holder.data = str(opened.about.seen), _holder(opened)
            form.read.data = _fingerprint(opened)
        desk = _desk(opened) if late else Desk(agendas, waiting, opened)
        return _page(desk, form=form, status=status, late=late)

    def deed() -> AnyResponse:
        texts = _texts_to_publish(thing, item_id, form.deed.data)
        shown = form.seen_id, form.read.data, form.holder_id
        choice = Choice(form.deed.data, form.reasons, *shown, texts)
        title = actions.decide(me(), thing, item_id, choice)
        return web.done(
            _("Decided: %(deed)s. %(title)s", deed=form.deed_name, title=title),
            _next(waiting, (thing, item_id)),
        )

    def answer() -> ResponseReturnValue:
        try:
            return webforms.process(form, page, deed, is_first_step=is_preparing())
        except Conflict as error:
            return page(CONFLICT, error.message)

    return _or_gone(thing, item_id, answer, lambda: form.reason.data or "")


def _texts_to_publish(thing: str, item_id: int, deed: str) -> Mapping[str, Written]:
    """The texts that a deed publishes, rendered before it takes the write lock; empty for other deeds."""
    if (thing, deed) not in (("practice", "publish"), ("held", "approve")):
        return NO_TEXTS
    row = thing_to_moderate(me(), thing, item_id).row
    if isinstance(row, Practice):
        return rendered_texts(row)
    return {row.source: render_with_mentions(row.source, row.language)} if row else NO_TEXTS


def _next(waiting: list[QueueEntry], key: EntryKey) -> str:
    entry = queries.next_entry(me(), waiting, key)
    return _address(entry.key) if entry else url_for("queue.index", **_kept())


def _address(key: EntryKey, anchor: str = "entry") -> str:
    thing, item_id = key
    return url_for("queue.entry", thing=thing, item_id=item_id, _anchor=anchor, **_kept())


@bp.post("/moderation/decisions/<int:decision_id>/undo")
def undo(decision_id: int) -> ResponseReturnValue:
    """Undo one's own latest decision."""
    undone = moderation.undo(me(), decision_id)
    offer_no_undo()
    is_entry = undone.kind in queries.KINDS
    here = _address((undone.kind, undone.item_id)) if is_entry else undone.address
    if page := page_of_part(me(), undone):
        back = web.safe_next()  # with what stayed as it was to begin with
        is_there = back.partition("?")[0] == page
        return web.done(_("Taken back, except what has changed since."), back if is_there else page)
    said = _("Taken back: %(title)s", title=undone.heading)
    return web.done(said, web.safe_next(here))


@bp.post("/moderation/<thing>/<int:item_id>/claim")
def claim(thing: str, item_id: int) -> ResponseReturnValue:
    """Claim an entry; when another moderator has it, the page says so, and pressing again takes it over."""

    def answer() -> ResponseReturnValue:
        try:
            actions.claim(me(), thing, item_id, ClaimAwareForm().holder_id)
        except Conflict as error:
            opened = queries.opened_entry(me(), thing, item_id)
            return _page(_desk(opened), status=CONFLICT, late=error.message)
        return web.see_other(_address((thing, item_id)))

    return _or_gone(thing, item_id, answer, str)


@bp.post("/moderation/<thing>/<int:item_id>/release")
def release(thing: str, item_id: int) -> ResponseReturnValue:
    """Release one's claim on an entry."""

    def answer() -> ResponseReturnValue:
        actions.release(me(), thing, item_id)
        return web.see_other(_address((thing, item_id)))

    return _or_gone(thing, item_id, answer, str)


@bp.post("/moderation/<thing>/<int:item_id>/note")
def write_note(thing: str, item_id: int) -> ResponseReturnValue:
    """Write a note about an entry for the other moderators."""
    form = NoteForm()

    def page(status: int) -> ResponseReturnValue:
        opened = queries.opened_entry(me(), thing, item_id)
        return _page(_desk(opened), note=form, status=status)

    def deed() -> AnyResponse:
        actions.write_note(me(), thing, item_id, form.text.data or "")
        return web.see_other(_address((thing, item_id), "notes"))

    def answer() -> ResponseReturnValue:
        return webforms.process(form, page, deed)

    return _or_gone(thing, item_id, answer, lambda: form.text.data or "")
