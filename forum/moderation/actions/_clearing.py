"""Clearing everything that a spammer wrote, restoring it, and clearing it again when the restoring is undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from forum.agendas.queries import lock_agendas, lock_opening
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import (
    lock_posts_to_withhold,
    lock_topics,
    topic_ids_written_in,
)
from forum.library.queries import lock_practices
from forum.moderation.actions._reasons import NO_REASONS
from forum.moderation.actions._record import notify_other_authors, record_quietly, reopen_entry
from forum.moderation.actions._visibility import (
    hide_thing,
    remove_thing,
    restore_thing,
    state_before,
    thing_before,
)
from forum.moderation.models import Decision, Deed, MemberBefore, ThingBefore
from forum.moderation.queries import (
    REMOVABLE_KINDS,
    ClearedContent,
    Thing,
    clearing_of_shared_page,
    decided_since,
    existing_things,
    held_text_ids,
    other_author_ids,
    shown_things_of,
)
from forum.permissions import Person


def withhold_all_of(
    moderator: Person, member_id: int, before: MemberBefore
) -> tuple[list[Thing], MemberBefore]:
    """Remove everything that a member wrote (hide what cannot be removed), and refuse the member's held texts.

    Returns the things, and `before` with what is needed to undo it. The caller has locked the member's right to write,
    so that nothing is added meanwhile, and changes the member's row afterwards.
    """
    waiting = list(held_text_ids(moderator, member_id))
    lock_practices([], member_id)
    lock_topics(topic_ids_written_in(member_id), waiting)
    shown = shown_things_of(moderator, member_id)
    _lock_posts(shown, waiting)
    hidden = [(text.kind, text.item_id) for text in shown]
    states = {text.item_id: thing_before(text) for text in shown if text.kind == "post"}
    places = {post_id: state for post_id, state in states.items() if state.has_place}
    with dialogue.counting_last(moderator, member_id):
        _withhold(moderator, shown)
    for held_id in waiting:
        dialogue.refuse(moderator, held_id, "")
    return shown, replace(before, hidden=hidden, refused=waiting, places=places)


def _lock(things: Collection[Thing], held_ids: Collection[int]) -> None:
    lock_practices([thing.item_id for thing in things if thing.kind == "practice"])
    lock_topics((thing.topic_id for thing in things), held_ids)
    _lock_posts(things, held_ids)


def _lock_posts(things: Collection[Thing], held_ids: Collection[int]) -> None:
    """And then the agendas, one after the other."""
    posts = [thing.item_id for thing in things if thing.kind == "post"]
    topics = [thing.topic_id for thing in things if thing.kind != "post" and thing.topic_id]
    lock_posts_to_withhold(posts, topics, held_ids)
    lock_agendas({thing.agenda_id for thing in things if thing.agenda_id})


def record_shared_pages(moderator: Person, decision: Decision, shown: Iterable[Thing]) -> None:
    """Record a separate removal of each topic or page in which others wrote, and notify them: they may appeal."""
    for thing in shown:
        if thing.kind == "post" or not thing.topic_id:
            continue
        if other_author_ids(thing.topic_id, thing.author_id):
            removal = record_quietly(
                moderator,
                Deed.REMOVE,
                thing,
                before=state_before(thing),
                lot_id=decision.id,
                is_excused=True,
            )
            notify_other_authors(moderator, removal, thing)


def _withhold(moderator: Person, things: Iterable[Thing]) -> None:
    for thing in things:
        withhold = remove_thing if thing.kind in REMOVABLE_KINDS else hide_thing
        withhold(moderator, thing, NO_REASONS)


def restore_cleared(
    moderator: Person, member_id: int, before: MemberBefore, cleared: ClearedContent
) -> MemberBefore:
    """Show cleared things of a member again and return refused texts to the queue, with their notices to moderators.

    Returns `before` with what `withhold_restored` needs. The caller changes the member's row afterwards.
    """
    waiting = [held.item_id for held in cleared.held]
    _lock(cleared.things, waiting)
    for agenda_id in sorted({thing.agenda_id for thing in cleared.things if thing.agenda_id}):
        lock_opening(agenda_id, is_noted=True)  # before anything is counted in
    with dialogue.counting_last(moderator, member_id):
        for text in cleared.things:
            _restore(moderator, text)
    for held_id in waiting:
        dialogue.reconsider(moderator, held_id)
    shown = [(text.kind, text.item_id) for text in cleared.things]
    if cleared.cleared_at:
        reopen_texts(moderator, shown, waiting, cleared.cleared_at)
    return replace(before, shown=shown, waiting=waiting)


def _restore(moderator: Person, text: Thing) -> None:
    restore_thing(moderator, text, NO_REASONS)
    if removal := clearing_of_shared_page(text.kind, text.item_id, Deed.REMOVE):
        record_quietly(moderator, Deed.RESTORE, text, lot_id=removal.lot_id)


def posts_back_in_place(
    moderator: Person, decision: Decision
) -> Iterator[tuple[Thing, ThingBefore]]:
    """The posts that waited for a look or were the answer when they were cleared, and are visible again, with those facts.

    Posts about which somebody has decided since are left out.
    """
    places = MemberBefore.from_json(decision.kept).places
    keys = [("post", post_id) for post_id in places]
    since = decided_since(decision, keys)
    for thing in existing_things(moderator, [key for key in keys if key not in since]):
        if thing.state == "shown":
            yield thing, places[thing.item_id]


def reopen_texts(
    moderator: Person,
    shown: Iterable[tuple[str, int]],
    waiting: Iterable[int],
    since: datetime,
) -> None:
    """Mark notices as unread again, since a clearing, for those of a member's texts that wait in the queue again."""
    held = [("held", held_id) for held_id in waiting]
    for text in existing_things(moderator, [*shown, *held]):
        reopen_entry(moderator, text, since)


def withhold_restored(moderator: Person, decision: Decision) -> None:
    """Withhold again what a decision restored, except things about which somebody has decided since."""
    restored = MemberBefore.from_json(decision.kept)
    since = decided_since(decision, restored.shown)
    things = existing_things(moderator, [key for key in restored.shown if key not in since])
    _lock(things, restored.waiting)
    with dialogue.counting_last(moderator):
        for thing in things:
            if thing.state == "shown":
                _withhold(moderator, [thing])
                _undo_return(moderator, thing)
    waiting = [("held", held_id) for held_id in restored.waiting]
    for held in existing_things(moderator, waiting):
        if held.state == "waiting":
            dialogue.refuse(moderator, held.item_id, "")


def _undo_return(moderator: Person, thing: Thing) -> None:
    """Undo the recorded restoring of a topic or page in which others wrote, so that its removal is in effect again."""
    if shown_again := clearing_of_shared_page(thing.kind, thing.item_id, Deed.RESTORE):
        undone_id, lot_id = shown_again.id, shown_again.lot_id
        record_quietly(moderator, Deed.UNDO, thing, undoes_id=undone_id, lot_id=lot_id)
