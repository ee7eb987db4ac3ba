"""Two deeds of one member, or about one, in the same moment: none undoes what the other has done.

They run in threads over a database of their own, in which commits are real.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.queries import hosted_by
from forum.db import db
from forum.markup import write
from forum.members import actions
from forum.members.actions import Joining
from forum.members.models import Member
from forum.members.queries import get_member, ignored_ids
from forum.permissions import SYSTEM, VISITOR
from tests.candidates import test_races as races
from tests.races import at_once, slowly

own = races.own  # over an empty database with a moderator and an administrator


@pytest.fixture
def members(own: Flask) -> list[str]:
    """The handles of three members."""
    names = ("Ana Prado", "Ben Okoth", "Chitra Desai")
    joining = [Joining(name, f"{name[:3]}@city.example", "-") for name in names]
    handles = [actions.join(VISITOR, one).handle for one in joining]
    db.session.commit()
    return handles


def who(handle: str) -> Member:
    return get_member(SYSTEM, handle)


def anew(handle: str) -> Member:
    db.session.expire_all()
    return who(handle)


def test_members_host_what_two_moderators_let_them_host(own: Flask, members: list[str]) -> None:
    mona, adam, ana = who("mona-berg"), who("adam-de-wit"), members[0]
    first, second = (write_agenda(mona, AgendaText(t, write("Text."))).id for t in ("Trams", "Sea"))
    set_hosts(mona, second, [ana])
    deeds = [
        lambda: slowly(set_hosts, mona, first, [ana]),
        lambda: slowly(set_hosts, adam, second, []),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    assert anew(ana).hosted == hosted_by(who(ana).id) == [first]


@pytest.mark.parametrize("deed", ["ignore", "end_ignoring"])
def test_members_ignore_whom_they_chose_in_two_windows(
    own: Flask, members: list[str], deed: str
) -> None:
    ana, ben, chitra = map(who, members)
    if deed == "end_ignoring":
        actions.ignore(ana, chitra.id)
    deeds: list[Any] = [
        lambda: slowly(actions.ignore, ana, ben.id),
        lambda: slowly(getattr(actions, deed), ana, chitra.id),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    wanted = [ben.id] if deed == "end_ignoring" else [ben.id, chitra.id]
    assert anew(members[0]).ignored == ignored_ids(ana.id) == wanted


def test_whom_one_ignores_in_the_moment_in_which_another_leaves(
    own: Flask, members: list[str]
) -> None:
    ana, ben, chitra = map(who, members)
    actions.ignore(ana, ben.id)
    deeds = [
        lambda: slowly(actions.ignore, ana, chitra.id),
        lambda: slowly(actions.depart, SYSTEM, ben.id),
    ]
    assert at_once(own, deeds) == ["done"] * 2
    assert anew(members[0]).ignored == ignored_ids(ana.id) == [chitra.id]
