"""The people whom written files mention, and their handles there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from forum.members.models import Member
from forum.transfer.models import Author


@dataclass
class ExportedPerson:
    """Somebody whom the files mention: their handle and name there, and the earliest moment of their contributions."""

    handle: str
    name: str
    has_page: bool
    since: datetime | None = None
    is_written: bool = False


@dataclass
class ExportedPeople:
    """The people whom the files mention, and their handles there.

    Members who have left or whose profile is hidden get a made-up handle that begins with `former` or `hidden`,
    unlike any member's handle. `named` are all people mentioned, by id.
    """

    former: str
    hidden: str
    named: dict[int, ExportedPerson] = field(default_factory=dict)

    def of(self, author: Author, moment: datetime | None = None) -> str:
        """The handle of an author, who is recorded as having written something at `moment`."""
        named = self.named.get(author.id)
        if named is None:
            made_up = f"{self.former if author.left_at else self.hidden}{author.id}"
            handle = author.handle if author.has_page else made_up
            named = ExportedPerson(handle, author.name, author.has_page)
            self.named[author.id] = named
        if moment and not (named.since and named.since <= moment):
            named.since = moment
        return named.handle

    def of_member(self, member: Member) -> str:
        """The handle of a member, who is recorded as mentioned."""
        return self.of(Author.of(member))

    def is_to_write(self, member_id: int) -> bool:
        """Whether to write a member with their profile, recording that it is done; not if they got a made-up handle before."""
        named = self.named.get(member_id)
        if named is None:
            return True
        named.is_written = True
        return named.has_page

    def without_page(self) -> list[ExportedPerson]:
        """The mentioned people without a visible profile; recorded as written."""
        gone = [named for _id, named in sorted(self.named.items()) if not named.has_page]
        for named in gone:
            named.is_written = True
        return gone

    def not_written(self) -> list[ExportedPerson]:
        """The mentioned people who were not written yet."""
        return [named for named in self.named.values() if not named.is_written]

    def of_shown(self, members: Iterable[Member | None]) -> list[str]:
        """The handles of those of the members whose profiles everybody can see, sorted."""
        return sorted(self.of_member(member) for member in members if member and member.has_page)
