"""Second factors are removed for a member who changes them at that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.agendas import actions as agendas
from forum.clock import now
from forum.db import db
from forum.factors.actions import begin_codes, remove_codes, remove_factors, removing
from forum.factors.queries import authenticator_of
from forum.markup import write
from forum.members import actions as members
from forum.members import queries
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR
from forum.terms.actions import TermsText, write_terms
from tests.candidates import test_races as races
from tests.races import at_once, let_others_come, meanwhile

own = races.own  # over an empty database with a moderator and an administrator


def test_factors_are_removed_while_the_member_sets_up_codes(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have the member's row first; removing stops before it notes there that no factor is left."""
    mona = get_member(SYSTEM, "mona-berg")
    begin_codes(mona)
    members.note_factor(mona, is_there=True)
    db.session.commit()
    note, removing_here = members.note_factor, threading.local()

    def note_slowly(*given: Any, **more: Any) -> None:
        if getattr(removing_here, "is_here", False):
            let_others_come()
        note(*given, **more)

    def remove() -> None:
        removing_here.is_here = True
        remove_factors(SYSTEM, "mona-berg")

    monkeypatch.setattr(removing.members, "note_factor", note_slowly)
    assert at_once(own, [remove, meanwhile(lambda: begin_codes(mona))]) == ["done"] * 2


def _role() -> Callable[[], Any]:
    return lambda: members.appoint(SYSTEM, "ana-prado", "moderator")


def _hosts() -> Callable[[], Any]:
    agenda_id = agendas.write_agenda(SYSTEM, agendas.AgendaText("Trams", write("Text."))).id
    return lambda: agendas.set_hosts(SYSTEM, agenda_id, ["ana-prado"])


def _codes_off() -> Callable[[], Any]:
    ana = get_member(SYSTEM, "ana-prado")
    begin_codes(ana)
    authenticator = authenticator_of(ana)
    assert authenticator is not None
    authenticator.confirmed_at = now()
    members.note_factor(ana, is_there=True)
    return lambda: remove_codes(ana, "")


def _factors_off() -> Callable[[], Any]:
    members.note_factor(get_member(SYSTEM, "ana-prado"), is_there=True)
    return lambda: remove_factors(SYSTEM, "ana-prado")


def _rule(adam: Any) -> None:
    members.require_factors(adam, is_required=True)


def _terms(adam: Any) -> None:
    write_terms(adam, TermsText(write("Be kind."), now()))


@pytest.mark.parametrize("change", [_rule, _terms])
@pytest.mark.parametrize("deed", [_role, _hosts, _codes_off, _factors_off])
def test_all_members_are_changed_while_one_of_them_is_asked_for_a_factor(
    own: Flask, monkeypatch: pytest.MonkeyPatch, deed: Any, change: Any
) -> None:
    """Both have the federation first; the one about a single member stops before it reads the rule there."""
    members.found_federation(SYSTEM, "Interurban")
    members.join(VISITOR, members.Joining("Ana Prado", "ana@city.example", "-"))
    adam = get_member(SYSTEM, "adam-de-wit")
    members.note_factor(adam, is_there=True)
    about_one = deed()
    db.session.commit()
    ask, asking_here = queries.are_factors_required, threading.local()

    def ask_slowly() -> bool:
        if getattr(asking_here, "is_here", False):
            db.session.flush()
            let_others_come()
        return ask()

    def go() -> None:
        asking_here.is_here = True
        about_one()

    monkeypatch.setattr(queries, "are_factors_required", ask_slowly)
    assert at_once(own, [go, meanwhile(lambda: change(adam))]) == ["done"] * 2
    db.session.expire_all()
    ana = get_member(SYSTEM, "ana-prado")
    assert (ana.held_at is not None) is (change is _rule)
