"""What is done to letters is done to those that are meant, and to no others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.mail import actions
from forum.mail.models import Delivery
from forum.permissions import SYSTEM

FORMER = "former@example.org"


def to(member: Any, kind: str = "notice", *, is_sent: bool = False) -> int:
    """A letter to the former address of a member; returns its id."""
    letter = actions.write_letter(SYSTEM, kind, FORMER, {}, member_id=member.id)
    if is_sent:
        actions.note_sent(SYSTEM, [letter.id])
    return letter.id


def those(*conditions: Any) -> set[int]:
    """The ids of the letters that meet conditions."""
    return set(db.session.scalars(select(Delivery.id).where(*conditions)))


def test_only_what_was_given_up_is_sent_again(people: Any) -> None:
    first, second, tried, sent = (to(people.ana, is_sent=number == 3) for number in range(4))
    for letter_id in (first, second, tried):
        is_final = letter_id != tried
        actions.note_refused(SYSTEM, letter_id, "550 no", is_final=is_final)
    actions.send_again(people.administrator, tried)
    actions.send_again(people.administrator, first)
    assert those(Delivery.given_up_at.is_not(None)) == {second}
    assert those(Delivery.attempts == 0) == {first, sent}
    assert actions.send_all_again(people.administrator) == 1
    assert those(Delivery.attempts == 1) == {tried}
    assert those(Delivery.resumed_at.is_not(None)) == {first, second}


def test_what_waits_for_a_member_follows_them_and_nothing_else_does(people: Any) -> None:
    notice, digest = to(people.ana), to(people.ana, "digest")
    for kind, is_sent in (("sign_in", False), ("notice", True)):
        to(people.ana, kind, is_sent=is_sent)
    to(people.ben)
    actions.readdress(SYSTEM, people.ana)
    assert those(Delivery.address != FORMER) == {notice, digest}
    assert those(Delivery.address == people.ana.email) == {notice, digest}


def test_what_is_no_longer_true_is_dropped_for_one_member_alone(people: Any) -> None:
    outdated = to(people.ana, "role")
    for member, kind, is_sent in (
        (people.ana, "role", True),
        (people.ana, "notice", False),
        (people.ben, "role", False),
    ):
        to(member, kind, is_sent=is_sent)
    actions.drop_outdated(SYSTEM, "role", people.ana.id)
    assert those(Delivery.dropped_at.is_not(None)) == {outdated}


def test_the_letters_of_one_who_has_left_are_deleted_and_no_others(people: Any) -> None:
    for is_sent in (False, True):
        to(people.ana, is_sent=is_sent)
    others = {to(people.ben), actions.write_letter(SYSTEM, "candidate", FORMER, {}).id}
    actions.forget_member(SYSTEM, people.ana.id)
    assert those() == others


def test_the_letters_to_an_address_are_deleted_except_later_ones_and_those_to_members(
    people: Any,
) -> None:
    until = now()
    former = actions.write_letter(SYSTEM, "candidate", FORMER, {}).id
    with at(until + timedelta(minutes=1)):
        later = actions.write_letter(SYSTEM, "candidate", FORMER, {}).id
    other = actions.write_letter(SYSTEM, "candidate", "other@example.org", {}).id
    kept = {to(people.ana), later, other}
    actions.forget_addresses(SYSTEM, [FORMER], until + timedelta(seconds=30))
    assert those() == kept and former not in kept
    actions.forget_by_ids(SYSTEM, [later])
    assert those() == kept - {later}
