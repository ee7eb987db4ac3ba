"""Views of the record: the moderation log, the statement of reasons, why something is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from forum import web
from forum.dialogue.models import Post
from forum.dialogue.queries import PostRow
from forum.errors import NotFound
from forum.library.models import Practice
from forum.library.queries import get_practice, own_hidden_practice
from forum.moderation import queries
from forum.moderation.models import Decision, Deed
from forum.moderation.views._answers import bp
from forum.verdicts import Verdict
from forum.web import me


@bp.get("/moderation/log")
def log() -> ResponseReturnValue:
    """The moderation log."""
    agenda, deed, author, by = (web.text(name) for name in ("agenda", "deed", "author", "by"))
    deed = queries.FORMER_NAMES.get(deed, deed)
    wanted = queries.LogFilter(agenda, deed, author, by)
    page = queries.decision_log(me(), wanted, web.number("page"))
    context = {
        "page": page,
        "undoings": queries.undoings_of(page.items),
        "wanted": wanted,
        "agendas": queries.moderated_agendas(me()),
        "deeds": list(queries.DEEDS),
        "narrowed": _url_of_log,
        "handles": {name: queries.handle_meant(name) for name in (author, by) if name},
    }
    return render_template("moderation/log.html", **context)


def _url_of_log(**changes: str) -> str:
    """The address of this log with other filters, on its first page."""
    return web.here(page=None, **{name: value or None for name, value in changes.items()})


@bp.get("/moderation/decisions/<int:decision_id>")
def decision(decision_id: int) -> ResponseReturnValue:
    """The statement of reasons: what was decided, on which ground, and what the author can do."""
    found = queries.get_decision(me(), decision_id)
    return render_template(
        "moderation/decision.html",
        decision=found,
        is_in_effect=queries.is_in_effect(found),
        until=queries.present_end(found),
        order=queries.order_behind(found),
        undoing=queries.undoings_of([found]).get(found.id),
        restricting=queries.RESTRICTING_DEEDS,
        text=queries.own_withheld_text(me(), found),
        file=queries.related_decisions(me(), found),
        lot=queries.others_in_lot(me(), found),
        page=own_hidden_practice(me(), found.item_id) if found.kind == "practice" else None,
    )


@bp.get("/posts/<int:post_id>/why")
def why(post_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that restricts a post, for its author and the moderators of its agenda."""
    return _why("post", post_id)


@bp.get("/practices/<slug>/why")
def why_practice(slug: str) -> ResponseReturnValue:
    """Redirect to the latest decision that returned or hid a practice."""
    return _why("practice", get_practice(me(), slug).id)


@bp.get("/marks/<int:mark_id>/why")
def why_note(mark_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that hid the note of a "tried it" mark."""
    return _why("mark", mark_id)


@bp.get("/follow-ups/<int:follow_up_id>/why")
def why_follow_up(follow_up_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that hid the follow-up of a question."""
    return _why("followup", follow_up_id)


@bp.get("/reservations/<int:signature_id>/why")
def why_reservation(signature_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that hid the reservation under which somebody has signed a declaration."""
    return _why("reservation", signature_id)


@bp.get("/commitments/<int:commitment_id>/why")
def why_commitment(commitment_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that hid the commitment of an organisation."""
    return _why("commitment", commitment_id)


@bp.get("/translations/<int:translation_id>/why")
def why_translation(translation_id: int) -> ResponseReturnValue:
    """Redirect to the latest decision that hid a translation of a practice or case."""
    return _why("translation", translation_id)


def _why(kind: str, item_id: int) -> ResponseReturnValue:
    found = queries.restricting_decision(me(), kind, item_id)
    return web.see_other(url_for("moderation.decision", decision_id=found.id))


@bp.app_template_global()
def why_hidden(kind: str, item_id: int) -> str:
    """The address of the decision that hides a thing, for readers whom it concerns; empty for others."""
    found = queries.why_hidden(me(), kind, item_id)
    return url_for("moderation.decision", decision_id=found.id) if found else ""


@bp.app_template_global()
def where_decided(decision: Decision) -> queries.Place | None:
    """The page on which the thing of a decision (post, note, translation …) can be read, if the reader can see it."""
    return queries.place_of(me(), decision)


@bp.app_template_global()
def has_decision(kind: str, item_id: int) -> bool:
    """Whether the reader finds a decision that restricts a thing; for imported restrictions there is none."""
    with suppress(NotFound):
        return bool(queries.restricting_decision(me(), kind, item_id))
    return False


@bp.app_template_global()
def request_to_edit(post: Post) -> Decision | None:
    """The open request to edit a post, for its author."""
    return queries.request_to_edit(me(), post)


@bp.app_template_global()
def waits_for_another(practice: Practice) -> bool:
    """Whether a submitted practice of the reader's own must be published by another moderator."""
    return queries.waits_for_another(me(), "practice", practice.id, practice.agenda_id)


@bp.app_template_global()
def fingerprint_to_publish(practice: Practice) -> str:
    """The fingerprint of a submitted practice, for the button that publishes what was read."""
    return queries.from_practice(practice).fingerprint


@bp.app_template_global()
def right_to_end(kind: str, item_id: int, deed: str = Deed.RESTORE) -> Verdict:
    """Whether the reader may do a deed that ends another moderator's decision about a thing: not as a party to it."""
    return queries.right_to_end(me(), kind, item_id, deed)


@bp.app_template_global()
def posts_for_another(posts: Sequence[PostRow]) -> set[int]:
    """The ids of those hidden posts of a page that only another moderator shows again, because the reader reported them."""
    hidden = [post.id for post in posts if post.hidden_at and not post.deleted_at]
    return queries.posts_for_another(me(), hidden) if hidden and me().is_curator else set()
