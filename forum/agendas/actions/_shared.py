"""What the actions of the room share: checks, setting and ordering rows, members named in a form, and who hosts what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from flask_babel import gettext as _

from forum.agendas.models import Agenda, Statement
from forum.agendas.queries import agenda_to_change, hosted_by
from forum.errors import Invalid
from forum.history.queries import refuse_unseen_order
from forum.members.actions import note_hosting
from forum.members.models import Member
from forum.members.queries import lock_member, lock_rule_of_factors, member_called, members_called
from forum.permissions import Person, require

MAX_LENGTH = 200  # characters in a title or name, as the columns keep it


def lock_to_curate(curator: Person, agenda_id: int) -> Agenda:
    agenda = agenda_to_change(curator, agenda_id)
    require(curator.can.curate(agenda))
    return agenda


def check_length(value: str, field: str) -> None:
    if not 0 < len(value.strip()) <= MAX_LENGTH:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_LENGTH), field)


def assign(row: Agenda | Statement, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def put_in_order(
    rows: Sequence[Agenda | Statement], ids: Sequence[int], seen: Sequence[int] | None
) -> None:
    refuse_unseen_order(seen, [row.id for row in rows], ids)
    place = {item_id: number for number, item_id in enumerate(ids)}
    in_order = sorted(rows, key=lambda row: (place.get(row.id, len(place)), row.position, row.id))
    for number, row in enumerate(in_order, 1):
        row.position = number


def members_typed(moderator: Person, typed: Iterable[str], field: str) -> list[Member]:
    """The members named in a form, each by handle or full name; several handles may be separated by spaces."""
    found: dict[int, Member] = {}
    for words in filter(None, (line.strip() for line in typed)):
        parts = [words] if members_called(moderator, words) else words.split()
        # “Ravi Kumar” is a name, even if Ravi and Kumar are handles
        is_small = words == words.lower()
        are_handles = len(parts) > 1 and is_small and members_called(moderator, parts[0])
        for part in parts if are_handles else [words]:
            member = member_called(moderator, part, field)
            found[member.id] = member
    return list(found.values())


def note_hosts(doer: Person, member_ids: Collection[int]) -> None:
    """Store on members which agendas they host now. Members are locked in the order of their ids, to avoid deadlocks."""
    lock_rule_of_factors()
    for member_id in sorted(member_ids):
        lock_member(member_id, may_write=True)
        note_hosting(doer, member_id, hosted_by(member_id))
