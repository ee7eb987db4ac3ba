"""A new forum: which of the first steps are taken."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, func, select

from forum.agendas.models import AgendaHost, Theme
from forum.db import execute_core
from forum.invitations.models import Entrance
from forum.members.models import Federation, Organisation
from forum.members.queries import visible_members
from forum.permissions import Person, require


class FirstSteps(NamedTuple):
    """What whoever begins a forum has done of what is to be done."""

    agenda: bool
    mail: bool
    contact: bool
    groups: bool
    joining: bool
    people: bool
    hosts: bool

    @property
    def are_taken(self) -> bool:
        """Whether a dialogue can begin; what is left then is a matter of taste."""
        return self.agenda and self.mail and self.contact and self.people


def first_steps(curator: Person, *, agenda: bool, mail: bool, contact: bool) -> FirstSteps | None:
    """The first steps, for moderators, of which the caller knows some; one query.

    None when an administrator has closed the list, or a dialogue can begin.
    """
    require(curator.can.curate_all())
    members = visible_members(curator).with_only_columns(func.count()).scalar_subquery()
    columns = (
        and_(select(Organisation.id).exists(), select(Theme.id).exists()),
        select(Entrance.id).exists(),
        members > 1,
        select(AgendaHost.agenda_id).exists(),
        select(Federation.id).where(Federation.first_steps_closed_at.is_not(None)).exists(),
    )
    *found, is_closed = map(bool, execute_core(select(*columns)).one())
    steps = FirstSteps(agenda, mail, contact, *found)
    return None if is_closed or steps.are_taken else steps
