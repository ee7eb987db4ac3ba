"""Second factors are removed for a member who changes them at that moment."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from forum.db import db
from forum.factors.actions import begin_codes, remove_factors, removing
from forum.members import actions as members
from forum.members.queries import get_member
from forum.permissions import SYSTEM
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
