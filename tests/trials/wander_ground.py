"""The forum through which people wander: one thing of every kind, and people in every state an account can be in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from forum.agendas import actions as agendas
from forum.agendas.queries import get_agenda
from forum.clock import now
from forum.db import db
from forum.errors import NotFound
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import city_by_name, get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import leave
from forum.screening.actions import set_newness
from forum.terms.actions import TermsText, agree, write_terms
from tests.conftest import PEOPLE, People, disable_newcomer_rules, load_sample_cities
from tests.trials.site import AGENDA, PASSWORD
from tests.world import a_passkey, things

REASONS = Reasons("It was rude.", 2)
# Name, city, country, role: besides those whom `tests.conftest` knows, people in states of their own
OTHERS = (
    ("Nia Vale", "Surat", "IN", "member"),
    ("Sami Salo", "Tampere", "FI", "member"),
    ("Tessa Roux", "Nairobi", "KE", "member"),
    ("Lena Moritz", "Tokyo", "JP", "member"),
    ("Rosa Pires", "Medellín", "CO", "member"),
    ("Suri Anand", "Surat", "IN", "member"),
    ("Hugo Held", "Athens", "GR", "member"),
    ("Hidda Ohm", "Athens", "GR", "member"),
    ("Olle Quist", "Tampere", "FI", "member"),
    ("Marek Nowak", "Rotterdam", "NL", "moderator"),
    ("Alba Ruiz", "Copenhagen", "DK", "administrator"),
)
BYSTANDER = "olle-quist"  # has an account, and never does anything


@dataclass(frozen=True)
class Wanderer:
    """Somebody who wanders: the handle and the address of an account, or neither."""

    handle: str
    email: str


def prepare() -> list[Wanderer]:
    """Fill the forum of a trial, by the real deeds; returns who wanders through it."""
    load_sample_cities()
    disable_newcomer_rules()
    everybody = _people()
    agenda = get_agenda(SYSTEM, AGENDA)
    agendas.set_hosts(SYSTEM, agenda.id, [everybody[3].handle])
    known = (get_member(SYSTEM, member.handle) for member in everybody[: len(PEOPLE)])
    things(People(*known), agenda)
    _states()
    set_newness(SYSTEM, days=7, posts=3, first_posts=2)
    names = [Wanderer(member.handle, member.email) for member in everybody]
    db.session.commit()
    return [Wanderer("", ""), Wanderer("", ""), *names]


def stands_apart() -> bool:
    """Whether the bystander has to do with nothing; a role that an administrator gave them in passing is taken from them before."""
    with suppress(NotFound):
        bystander = get_member(SYSTEM, BYSTANDER)
        if bystander.role != "member":
            members.appoint(SYSTEM, BYSTANDER, "member")
        return not bystander.hosted
    return True


def _people() -> list[Member]:
    hashed = hash_password(PASSWORD)
    made = []
    for name, city, country, role in (*PEOPLE, *OTHERS):
        found = city_by_name(city, country)
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        joining = members.Joining(name, email, hashed, city_id=found.id if found else None)
        member = members.join(VISITOR, joining)
        if role != "member":
            members.appoint(SYSTEM, member.handle, role)
        made.append(get_member(SYSTEM, member.handle))
    return made


def _states() -> None:
    """Bring some people into states in which much is refused to them."""
    names = [name.lower() for name, *_rest in (*PEOPLE, *OTHERS)]
    handles = {name.split()[0]: name.replace(" ", "-") for name in names}

    def member(name: str) -> Member:
        return get_member(SYSTEM, handles[name])

    for name in ("adam", "alba", "mona", "marek"):
        a_passkey(member(name))
    agendas.set_hosts(SYSTEM, get_agenda(SYSTEM, "other").id, [member("hugo").handle])
    agendas.write_agenda(
        member("mona"), agendas.AgendaText("To come", write("Text."), slug="to-come", is_open=False)
    )
    members.require_factors(member("adam"), is_required=True)
    _new_terms(member("adam"), [member(name) for name in handles if name != "tessa"])
    moderation.silence(member("mona"), member("sami").id, now() + timedelta(days=7), REASONS)
    moderation.suspend(member("adam"), member("suri").id, now() + timedelta(days=30), REASONS)
    moderation.decide(member("mona"), "member", member("hidda").id, "hide", REASONS)
    leave(member("lena"), member("lena").id, "nameless")
    organisation = members.OrganisationText(
        "Institute of Streets", "institute", representative_id=member("rosa").id, slug="streets"
    )
    members.write_organisation(member("mona"), organisation)


def _new_terms(administrator: Member, people: list[Member]) -> None:
    made = write_terms(administrator, TermsText(write("New terms."), now(), "All is new."))
    for person in people:
        agree(person, made.number)
