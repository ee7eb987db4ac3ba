"""What the commands of this room share: the blueprint, marking loaded content as read, and numbers of things in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint

from forum.clock import at, now
from forum.dialogue.actions import read_all
from forum.members.queries import all_members
from forum.notifications.actions import make_notices, read_until
from forum.permissions import SYSTEM

# What files contain, in the order in which commands say how much
COUNTED_KINDS = (
    *("organisations", "members", "agendas", "statements", "cases", "practices", "readings"),
    *("translations", "declarations", "commitments", "meetings", "topics", "posts"),
    *("expressions", "pictures", "files", "portraits"),
)

bp = Blueprint("transfer_commands", __name__, cli_group=None)


def mark_all_as_read(until: datetime | None = None) -> None:
    """Make the notices of loaded content, and mark them and all posts until a moment (by default now) as read for all members."""
    while make_notices(SYSTEM):
        pass
    moment = until or now()
    read_until(SYSTEM, moment)
    with at(moment):
        for member in all_members():
            read_all(member)


def counted(number: int, kind: str) -> str:
    """So many things of a kind, in the words of commands: `1 topic`, `1,000 topics`; the kind is named in the plural."""
    return f"{number:,} {kind if number != 1 else kind.removesuffix('s')}"


def contents(counts: Mapping[str, int]) -> str:
    """How much there is of each kind, in the words of commands: `1 agenda, 12 topics`."""
    found = [counted(counts[name], name) for name in COUNTED_KINDS if counts.get(name)]
    return ", ".join(found) or "nothing"
