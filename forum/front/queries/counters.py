"""The counters of the masthead."""

from __future__ import annotations

from typing import NamedTuple

from forum.notifications.queries import unread_count
from forum.permissions import Person
from forum.queue.queries import waiting_count


class Masthead(NamedTuple):
    """The counters of a member: unread notices and, for moderators, entries in the moderation queue."""

    unread_notices: int
    queue_count: int


def masthead(member: Person, unread: int | None = None) -> Masthead:
    """The counters beside a member's name on every page.

    `unread` is `SessionUser.unread` if that is known.
    """
    return Masthead(unread_count(member) if unread is None else unread, waiting_count(member))
