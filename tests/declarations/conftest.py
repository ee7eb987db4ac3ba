"""Fixtures: declarations, and organisations that sign: Ana represents a city, Chitra writes for an institute."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from forum.clock import now
from forum.db import db
from forum.declarations import actions
from forum.declarations.actions import DeclarationText, Signing
from forum.declarations.models import Declaration
from forum.invitations.actions import choose_voices
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import OrganisationText, Profile, edit_profile
from forum.members.models import Member
from forum.members.queries import city_by_name
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM

TEXT = "We, the cities, want **quiet** nights.\n\nWe will measure them."


def draft(people: Any, agenda: Any, title: str = "Quiet nights", text: str = TEXT) -> Declaration:
    """A draft by the host."""
    return actions.write_declaration(
        people.host, agenda.id, DeclarationText(title, write(text, has_pictures=False))
    )


def in_days(days: int) -> date:
    return now().date() + timedelta(days=days)


def frozen(people: Any, agenda: Any, days: int = 30, **words: str) -> Declaration:
    """The same declaration, open for signature for a number of days."""
    made = draft(people, agenda, **words)
    actions.open_declaration(people.host, made.id, PlainTexts())
    return actions.freeze(people.host, made.id, in_days(days))


@pytest.fixture
def bodies(people: Any) -> Any:
    """The organisations, by name: `city`, `institute`, and `nobody`, which has no representative and has named nobody."""
    athens = city_by_name("Athens", "GR")
    assert athens
    texts = {
        "city": OrganisationText(
            "City of Athens", "city", city_id=athens.id, representative_id=people.ana.id
        ),
        "institute": OrganisationText("Institute of Trams", "institute"),
        "nobody": OrganisationText("Nobody’s Office", "partner"),
    }
    made = {
        name: members.write_organisation(people.moderator, text) for name, text in texts.items()
    }
    for member, body in (
        (people.ana, "city"),
        (people.ben, "city"),
        (people.chitra, "institute"),
        (people.moderator, "nobody"),
    ):
        profile = Profile(
            name=member.name, organisation_id=made[body].id, position="Head of Streets"
        )
        edit_profile(member, profile)
    choose_voices(people.moderator, made["institute"].id, [people.chitra.id])
    return SimpleNamespace(**made)


@pytest.fixture
def declaration(people: Any, agenda: Any) -> Declaration:
    """A declaration that is open for signature."""
    return frozen(people, agenda)


def signed(member: Any, declaration: Declaration, body: Any, reservation: str = "") -> Any:
    """Sign a declaration as a member, for an organisation."""
    signing = Signing(declaration.digest, reservation)
    return actions.sign(member, declaration.id, body.id, signing)


def text_of(source: str, title: str = "Quiet nights") -> DeclarationText:
    return DeclarationText(title, write(source, has_pictures=False))


def heard(member) -> list[tuple[str, str, str]]:
    make_notices(SYSTEM)
    found = inbox(db.session.get_one(Member, member.id)).page.items
    told = [
        (notice.kind, notice.heading, notice.words) for notice in found if notice.kind != "voice"
    ]
    return sorted(told, key=lambda notice: notice[2])
