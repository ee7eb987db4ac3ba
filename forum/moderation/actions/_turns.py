"""One deed after another about the same thing, and none too late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from forum.errors import Conflict, Invalid
from forum.moderation.queries import (
    Thing,
    decided_by_another,
    latest_decision,
    take_turn,
    thing_to_moderate,
    topic_to_moderate,
)
from forum.permissions import Person, require


def in_turn(
    moderator: Person, kind: str, item_id: int, seen: int | None = None, read: str | None = None
) -> Thing:
    """The thing to decide about, when nobody decided about it since `seen` (the id of the last decision known).

    `read` is the fingerprint of what was read of it: it has to say the same still.
    """
    take_turn()
    thing = thing_to_moderate(moderator, kind, item_id)
    _refuse_late(thing, seen)
    if read and read != thing.fingerprint:
        raise Conflict(_("The author has changed this text meanwhile. Read it again."))
    return thing


def post_in_turn(moderator: Person, post_id: int) -> Thing:
    """The post to decide about."""
    thing = in_turn(moderator, "post", post_id)
    if thing.kind != "post":
        raise Invalid(_("This is changed on its own page."))
    return thing


def member_in_turn(moderator: Person, member_id: int) -> Thing:
    """The member to decide about."""
    thing = in_turn(moderator, "member", member_id)
    require(moderator.can.suspend(thing.row))
    return thing


def topic_in_turn(moderator: Person, topic_id: int, seen: int | None = None) -> Thing:
    """The topic to decide about, when nobody decided about it since `seen`."""
    take_turn()
    thing = topic_to_moderate(moderator, topic_id)
    _refuse_late(thing, seen)
    return thing


def _refuse_late(thing: Thing, seen: int | None) -> None:
    if seen is not None and latest_decision(thing.kind, thing.item_id) != seen:
        raise Conflict(
            _("Another moderator has decided about this meanwhile. Nothing was changed.")
        )


def require_change(is_one: Any) -> None:
    """Raises `Conflict` when what is asked for is so already."""
    if not is_one:
        raise Conflict(_("This is so already. Nothing was changed."))


def refuse_own(moderator: Person, thing: Thing, deeds: Sequence[str]) -> None:
    """Refuse moderators who end what others decided about themselves."""
    if decision := decided_by_another(moderator, thing.kind, thing.item_id, deeds):
        require(moderator.can.give_back(decision))
