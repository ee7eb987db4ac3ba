"""What was cleared of a member as spam, and still is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from forum.db import db
from forum.moderation.models import Decision, Deed, MemberBefore
from forum.moderation.queries._kinds import Thing
from forum.moderation.queries._shared import is_about
from forum.moderation.queries.decisions import is_of_a_clearing
from forum.moderation.queries.effect import is_in_effect
from forum.moderation.queries.things import existing_things
from forum.permissions import Person


@dataclass(frozen=True)
class ClearedContent:
    """What was cleared as spam and still is: `things` that are hidden or removed, `held` texts that were refused; and when."""

    things: Sequence[Thing] = ()
    held: Sequence[Thing] = ()
    cleared_at: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything is still cleared."""
        return bool(self.things or self.held)


def content_cleared_of(moderator: Person, member_id: int) -> ClearedContent:
    """What the latest clearing of a member, unless it was undone, still hides."""
    undoing = aliased(Decision)
    is_undone = select(undoing.id).where(undoing.undoes_id == Decision.id).exists()
    query = select(Decision).where(*is_about(Decision, "member", member_id), ~is_undone)
    latest = query.where(Decision.deed == Deed.CLEAR_SPAM).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return content_cleared_by(moderator, decision) if decision else ClearedContent()


def content_cleared_by(moderator: Person, decision: Decision) -> ClearedContent:
    """What a decision `clear_spam` has cleared, without what somebody has decided about since."""
    cleared = MemberBefore.from_json(decision.kept)
    since = decided_since(decision, cleared.hidden)
    texts = existing_things(moderator, [key for key in cleared.hidden if key not in since])
    held = existing_things(moderator, [("held", held_id) for held_id in cleared.refused])
    return ClearedContent(
        [text for text in texts if text.state in ("hidden", "removed")],
        [text for text in held if text.state == "refused"],
        decision.decided_at,
    )


def clearing_of_shared_page(kind: str, item_id: int, deed: str) -> Decision | None:
    """The latest decision about a topic or page that was part of clearing its author (`remove`) or of undoing that (`restore`).

    Such a decision exists only for pages on which others wrote. None when it is no longer in effect.
    """
    query = select(Decision).where(*is_about(Decision, kind, item_id), is_of_a_clearing())
    latest = query.where(Decision.deed == deed).order_by(Decision.id.desc()).limit(1)
    decision = db.session.scalars(latest).first()
    return decision if decision and is_in_effect(decision) else None


def decided_since(decision: Decision, keys: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the things that were decided about after a decision; decisions that belong to a clearing do not count."""
    of_these = Decision.item_id.in_([item_id for _kind, item_id in keys])
    later = select(Decision.kind, Decision.item_id).where(of_these, Decision.id > decision.id)
    rows = db.session.execute(later.where(~is_of_a_clearing()))
    return {(kind, item_id) for kind, item_id in rows}
