"""Links of letters that are used in the moment in which a member changes the password, or uses the same link."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from forum import tokens
from forum.accounts import actions
from forum.accounts.actions import _links
from forum.accounts.models import Token
from forum.accounts.queries import ADDRESS, RESET, SIGN_IN, UNDO
from forum.db import db
from forum.mail.models import Delivery
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR
from tests.candidates import test_races as races
from tests.races import at_once, let_others_come, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator
NEW_ADDRESS = "mona@city.example"


def secret_of(purpose: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The secret of a letter to Mona."""
    mona, made = get_member(SYSTEM, "mona-berg"), []
    usual = _links.tokens.secret

    def noted(purpose: str, salt: str) -> str:
        made.append((purpose, usual(purpose, salt)))
        return made[-1][1]

    monkeypatch.setattr(tokens, "secret", noted)
    if purpose == RESET:
        actions.ask_for_password(VISITOR, mona.email)
    elif purpose == SIGN_IN:
        actions.ask_to_sign_in(VISITOR, mona.email)
    else:
        actions.ask_for_address(mona, NEW_ADDRESS)
        if purpose == UNDO:
            actions.confirm_address(VISITOR, made[-1][1])
    db.session.commit()
    return next(secret for known, secret in reversed(made) if known == purpose)


@pytest.mark.parametrize("purpose", [RESET, ADDRESS, UNDO])
def test_a_link_is_used_while_the_password_changes(
    own: Flask, monkeypatch: pytest.MonkeyPatch, purpose: str
) -> None:
    """Using it stops with the secret in hand, until the other can go no further."""
    secret = secret_of(purpose, monkeypatch)
    mona, usual = get_member(SYSTEM, "mona-berg"), _links.use_token
    verified = mona.credentials

    def use_slowly(*given: Any) -> Token:
        token = usual(*given)
        let_others_come()
        return token

    def use() -> None:
        if purpose == RESET:
            actions.reset_password(VISITOR, secret, "another")
        else:
            {ADDRESS: actions.confirm_address, UNDO: actions.undo_address}[purpose](VISITOR, secret)

    monkeypatch.setattr(_links, "use_token", use_slowly)
    changes = meanwhile(lambda: actions.change_password(mona, "mine", verified))
    used, changed = at_once(own, [use, changes])
    late = "How you sign in was changed a moment ago. Sign in again."
    assert (used, changed) == ("done", "done" if purpose == ADDRESS else late)


def test_a_link_to_sign_in_is_used_twice_at_once(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secret_of(SIGN_IN, monkeypatch)
    twice = [
        lambda: slowly(actions.spend_sign_in, VISITOR, secret),
        meanwhile(lambda: actions.spend_sign_in(VISITOR, secret)),
    ]
    first, second = at_once(own, twice)
    assert first == "done" and second != "done"


def test_roles_that_are_given_at_once_are_told_as_they_follow(own: Flask) -> None:
    """Mona loses hers, and has it again before that is saved: the second letter compares with what the first one said."""
    handle = "mona-berg"
    both = [
        lambda: slowly(actions.appoint, SYSTEM, handle, "member"),
        meanwhile(lambda: actions.appoint(SYSTEM, handle, "moderator")),
    ]
    assert at_once(own, both) == ["done", "done"]
    assert get_member(SYSTEM, handle).role == "moderator"
    letters = db.session.scalars(db.select(Delivery).order_by(Delivery.id)).all()
    assert [letter.words["moderates"] for letter in letters] == [False, True]
