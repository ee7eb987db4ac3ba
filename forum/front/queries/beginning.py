"""The first steps of a new forum, and of a new member, and which of them are done."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select

from forum.agendas.models import AgendaHost, Theme
from forum.agendas.queries import themes_of_member
from forum.clock import now
from forum.db import execute_core
from forum.dialogue.queries import has_written
from forum.invitations.models import Entrance
from forum.members.models import Federation, Member, Organisation
from forum.members.queries import visible_members
from forum.permissions import Person
from forum.rules.models import RuleBook
from forum.terms.models import Terms

WELCOME_DAYS = timedelta(days=14)


class FirstSteps(NamedTuple):
    """Which first steps of a new forum are done; `agenda` is whether one is open, `identity` its sentence and its mark.

    `is_by_invitation` is no step: nobody can join without an invitation.
    """

    agenda: bool
    mail: bool
    backup: bool
    identity: bool
    contact: bool
    groups: bool
    joining: bool
    people: bool
    hosts: bool
    rules: bool
    is_by_invitation: bool

    @property
    def can_begin(self) -> bool:
        """Whether a dialogue can begin; what is left is folded then."""
        return self.agenda and self.mail and self.contact and self.people

    @property
    def left(self) -> int:
        """How many steps are not done."""
        return self[: self._fields.index("is_by_invitation")].count(False)


def first_steps(
    reader: Person,
    *,
    has_begun: bool,
    agenda: bool,
    mail: bool,
    backup: bool,
    identity: bool,
    contact: bool,
) -> FirstSteps | None:
    """The first steps, some of which the caller knows, for moderators until there is something (`has_begun`).

    For administrators until all are done, or they have closed the list. None for others and after that.
    """
    if not (reader.can.administer() if has_begun else reader.can.curate_all()):
        return None
    members = visible_members(reader).with_only_columns(func.count()).scalar_subquery()
    columns = (
        and_(select(Organisation.id).exists(), select(Theme.id).exists()),
        select(Entrance.id).exists(),
        members > 1,
        select(AgendaHost.agenda_id).exists(),
        or_(select(RuleBook.number).exists(), select(Terms.number).exists()),
        select(Entrance.id).where(Entrance.mode == "invitation").exists(),
        select(Federation.id).where(Federation.first_steps_closed_at.is_not(None)).exists(),
    )
    *found, is_closed = map(bool, execute_core(select(*columns)).one())
    steps = FirstSteps(agenda, mail, backup, identity, contact, *found)
    return steps if steps.left and not is_closed else None


class Welcome(NamedTuple):
    """Which first steps a new member has done: to say what they do and where, what they can help with, to write."""

    is_described: bool
    helps: bool
    has_written: bool


def welcome(reader: Person) -> Welcome | None:
    """For recent members who may write, moderate nothing and have not done all steps; else None."""
    if not isinstance(reader, Member) or reader.is_curator:
        return None
    if now() - reader.joined_at > WELCOME_DAYS or not reader.can.write():
        return None
    writes = bool(reader.posts_count or reader.waiting_count) or has_written(reader, 1)
    is_described = bool(reader.position and reader.city)
    steps = Welcome(is_described, bool(themes_of_member(reader.id)), writes)
    return None if all(steps) else steps
