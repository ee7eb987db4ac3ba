"""The forum in which people race: few things, one of every kind, so that two deeds often meet at the same one."""

from __future__ import annotations

from typing import Any

from forum.agendas import actions as agendas
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.library.models import Case
from forum.members import actions as members
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.conftest import PEOPLE, People, disable_newcomer_rules, load_sample_cities
from tests.trials.site import AGENDA
from tests.world import things

# Besides those whom `tests.conftest` knows
MORE_MEMBERS = ("Nia Vale", "Sami Salo", "Tessa Roux", "Lena Moritz")
MORE_MODERATORS = ("Marek Nowak", "Olle Quist")
MEMBERS = ("ana-prado", "ben-okoth", "chitra-desai", "nia-vale", "sami-salo", "tessa-roux")
LEAVING = ("lena-moritz", "tessa-roux")  # go at some moment, and are back the next, or gone
HOSTS = ("hana-virtanen", "sami-salo")
MODERATORS = ("mona-berg", "marek-nowak", "olle-quist")
ADMINISTRATOR = "adam-de-wit"  # of whom nobody takes anything away


def prepare() -> dict[str, Any]:
    """Fill the forum of a trial, by the real deeds; returns the ids and names of what is there, as `tests.world` does."""
    load_sample_cities()
    disable_newcomer_rules()
    known = [_person(name, role) for name, _city, _country, role in PEOPLE]
    for name in MORE_MEMBERS:
        _person(name, "member")
    for name in MORE_MODERATORS:
        _person(name, "moderator")
    agenda = get_agenda(SYSTEM, AGENDA)
    agendas.set_hosts(SYSTEM, agenda.id, HOSTS)
    values = things(People(*(get_member(SYSTEM, handle) for handle in known)), agenda)
    values["other_id"] = get_agenda(SYSTEM, values["other"]).id
    administrator = get_member(SYSTEM, ADMINISTRATOR)
    values["case_topic"] = db.session.get_one(Case, values["case_id"]).topic_id
    make_rule(administrator, RuleText("word", "casino", "We read this first."))
    db.session.commit()
    return values


def _person(name: str, role: str) -> str:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    handle = members.join(VISITOR, members.Joining(name, email, "-")).handle
    if role != "member":
        members.appoint(SYSTEM, handle, role)
    return handle
