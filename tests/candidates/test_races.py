"""Concurrent requests: the last seat, the last use of an invitation, two moderators who decide about one candidate.

Also the last two administrators, who both leave, and the same form sent twice.

The actions run in threads on a database of its own, in which commits are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask

from forum import ciphers
from forum.candidates import actions, queries
from forum.candidates.actions import JoinDetails
from forum.candidates.models import Candidate
from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.factors import actions as factors
from forum.factors.queries import authenticator_of, codes_left
from forum.identities.actions import link, unlink
from forum.invitations.actions import EntranceText, InvitationText, invite, set_entrance
from forum.members import actions as members
from forum.members.actions import Joining, OrganisationText
from forum.members.queries import all_members, get_member
from forum.permissions import SYSTEM, VISITOR
from tests.races import at_once, own_forum, slowly

AT_ONCE = 4


@pytest.fixture
def own(database_url: str, tmp_path: Any) -> Iterator[Flask]:
    """The application over an empty database of its own, with a moderator and an administrator."""
    with own_forum(database_url, tmp_path, "races") as app:
        for name, role in (("Mona Berg", "moderator"), ("Adam de Wit", "administrator")):
            joining = Joining(name, f"{role}@example.org", "-")
            members.add_member(SYSTEM, joining, role)
        db.session.commit()
        yield app


@action
def confirm(visitor: Any, candidate_id: int) -> Any:
    """Confirm the address of a candidate as the link of the e-mail does."""
    return actions.confirm(visitor, db.session.get_one(Candidate, candidate_id))


def candidates(number: int, **more: Any) -> list[int]:
    invitation = more.pop("invitation", None)
    made = [
        actions.keep(
            VISITOR,
            Joining(f"Eva Holm {place}", f"eva{place}@city.example", "-", **more),
            "a key",
            JoinDetails(invitation=invitation),
        ).id
        for place in range(number)
    ]
    db.session.commit()
    return made


def test_the_last_seat_is_taken_once(own: Flask) -> None:
    moderator = get_member(SYSTEM, "mona-berg")
    institute = members.write_organisation(
        moderator, OrganisationText("Trams", "institute", seats=1)
    )
    who = candidates(AT_ONCE, organisation_id=institute.id)
    said = at_once(own, [lambda n=n: confirm(VISITOR, n) for n in who])
    assert sorted(said) == ["All seats of Trams are taken."] * (AT_ONCE - 1) + ["done"]
    assert len(all_members()) == 3


def test_the_last_use_of_an_invitation_is_had_once(own: Flask) -> None:
    moderator = get_member(SYSTEM, "mona-berg")
    made = invite(moderator, InvitationText(1, now() + timedelta(days=1)))
    who = candidates(AT_ONCE, invitation=made)
    set_entrance(get_member(SYSTEM, "adam-de-wit"), EntranceText("invitation"))
    said = at_once(own, [lambda n=n: confirm(VISITOR, n) for n in who])
    over = "This invitation cannot be used any more. Ask for another one."
    assert sorted(said) == [over] * (AT_ONCE - 1) + ["done"]


def test_two_moderators_decide_once(own: Flask) -> None:
    set_entrance(get_member(SYSTEM, "adam-de-wit"), EntranceText("approval"))
    (number,) = candidates(1)
    assert confirm(VISITOR, number) is None
    deeds = [
        lambda: actions.approve(get_member(SYSTEM, "mona-berg"), number),
        lambda: actions.refuse(get_member(SYSTEM, "adam-de-wit"), number, "No."),
        lambda: actions.approve(get_member(SYSTEM, "adam-de-wit"), number),
    ]
    said = at_once(own, deeds)
    late = "Another moderator has decided about this request meanwhile."
    assert sorted(said) == [late, late, "done"]
    is_member = any(member.email == "eva0@city.example" for member in all_members())
    assert is_member != bool(queries.confirmed_candidate("eva0@city.example"))


def test_the_last_administrator_stays(own: Flask) -> None:
    members.add_member(SYSTEM, Joining("Bo Lind", "bo@example.org", "-"), "administrator")
    both = [get_member(SYSTEM, handle) for handle in ("adam-de-wit", "bo-lind")]
    db.session.commit()
    leaving = [
        lambda administrator=administrator: slowly(
            members.leave, administrator, administrator.id, "nameless"
        )
        for administrator in both
    ]
    said = at_once(own, leaving)
    needed = "Somebody has to run the forum. Appoint another administrator first."
    assert sorted(said) == [needed, "done"]


def test_two_presses_begin_codes_and_make_recovery_codes_once(own: Flask) -> None:
    mona = get_member(SYSTEM, "mona-berg")
    assert at_once(own, [lambda: slowly(factors.begin_codes, mona)] * 2) == ["done"] * 2
    secret = ciphers.unlock(factors.CIPHER_PURPOSE, authenticator_of(mona).locked_secret)
    factors.confirm_codes(mona, pyotp.TOTP(secret).now(), [])
    hashes = [[f"{name} {number}" for number in range(10)] for name in "ab"]
    renew = factors.renew_recovery_codes
    deeds = [lambda some=some: slowly(renew, mona, some, "") for some in hashes]
    assert at_once(own, deeds) == ["done"] * 2
    assert codes_left(mona) == 10


def test_an_account_of_elsewhere_is_linked_once(own: Flask) -> None:
    def deed(handle: str) -> Any:
        return lambda: link(get_member(SYSTEM, handle), "https://id.example", "7")

    said = at_once(own, [deed("mona-berg"), deed("adam-de-wit")])
    assert sorted(said) == ["This account is linked with a member already.", "done"]


def test_the_last_account_of_elsewhere_stays_linked(own: Flask) -> None:
    mona = get_member(SYSTEM, "mona-berg")
    members.set_password(SYSTEM, mona.handle, "")
    both = [link(mona, f"https://{name}.example", "7").id for name in ("one", "two")]
    db.session.commit()
    said = at_once(
        own, [lambda account=account: slowly(unlink, mona, account, "") for account in both]
    )
    only = "This is your only way to sign in. Choose a password or add a passkey first."
    assert sorted(said) == [only, "done"]
