"""Looking up the thing to decide about: decisions run one after the other, and none is made on an outdated page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from forum.errors import Conflict, Invalid
from forum.moderation.queries import (
    Thing,
    decided_by_another,
    decisions_about,
    kept_by_another,
    latest_decision_id,
    may_publish,
    serialize_decisions,
    thing_to_moderate,
    topic_to_moderate,
)
from forum.permissions import Person, require


def thing_to_decide(
    moderator: Person, kind: str, item_id: int, seen: int | None = None, read: str | None = None
) -> Thing:
    """The thing to decide about; other decisions wait until this action is over.

    `seen` is the id of the latest decision that the moderator's page showed, `read` the fingerprint of the text that
    it showed; None skips the check. Raises `Conflict` when there is a later decision or the text has changed.
    """
    serialize_decisions(moderator, [(kind, item_id)])
    thing = thing_to_moderate(moderator, kind, item_id)
    _refuse_if_decided_since(moderator, thing, seen)
    refuse_unread(thing, read)
    return thing


def post_to_decide(moderator: Person, post_id: int) -> Thing:
    """The post to decide about; raises `Invalid` for one that is the body of a case or practice."""
    thing = thing_to_decide(moderator, "post", post_id)
    if thing.kind != "post":
        raise Invalid(_("Change this on its own page."))
    return thing


def member_to_decide(moderator: Person, member_id: int, seen: int | None = None) -> Thing:
    """The member to decide about, for a moderator who may suspend them; `seen` as in `thing_to_decide`."""
    thing = thing_to_decide(moderator, "member", member_id, seen)
    require(moderator.can.suspend(thing.row))
    return thing


def topic_to_decide(moderator: Person, topic_id: int, seen: int | None = None) -> Thing:
    """The topic to decide about, even one of a case or practice; `seen` as in `thing_to_decide`."""
    serialize_decisions(moderator)
    thing = topic_to_moderate(moderator, topic_id)
    _refuse_if_decided_since(moderator, thing, seen)
    return thing


def _refuse_if_decided_since(moderator: Person, thing: Thing, seen: int | None) -> None:
    if seen is None or latest_decision_id(thing.kind, thing.item_id) == seen:
        return
    latest = decisions_about(thing.kind, thing.item_id)[-1]
    if latest.moderator_id == moderator.id:
        raise Conflict(
            _("You have decided about this meanwhile, in another window. Nothing was changed.")
        )
    raise Conflict(_("Another moderator has decided about this meanwhile. Nothing was changed."))


def refuse_unread(thing: Thing, read: str | None) -> None:
    """Raise `Conflict` when a text is no longer the one with the fingerprint `read`; None skips the check, empty as well."""
    if read and thing.kind == "practice" and not thing.fingerprint:  # published, or returned
        raise Conflict(_("This does not wait for a decision any more. Nothing was changed."))
    if read and read != thing.fingerprint:
        raise Conflict(_("The author has changed this text meanwhile. Read it again."))


def require_change(is_change: Any) -> None:
    """Raise `Conflict` when the deed would change nothing."""
    if not is_change:
        raise Conflict(_("This is so already. Nothing was changed."))


def refuse_to_publish_own(moderator: Person, thing: Thing) -> None:
    """Raise `Forbidden` when moderators would publish what they wrote themselves although others could."""
    row = thing.row
    require(may_publish(moderator, row.agenda_id, row.author_id))


def refuse_in_own_case(moderator: Person, thing: Thing, deeds: Sequence[str]) -> None:
    """Raise `Forbidden` when a moderator would change a decision (one of `deeds`) of another to which they are a party."""
    if decision := decided_by_another(moderator, thing.kind, thing.item_id, deeds):
        require(moderator.can.give_back(decision))


def refuse_after_own_report(moderator: Person, thing: Thing) -> None:
    """Raise `Forbidden` when a moderator would hide something that they reported and another moderator has kept."""
    if decision := kept_by_another(moderator, thing.kind, thing.item_id):
        require(moderator.can.give_back(decision))
