"""Everything before the dialogue, written with the actions of the rooms; only members are rows in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at
from forum.confusables import skeleton
from forum.db import db
from forum.deeds import action
from forum.drawings import PATTERNS
from forum.filling.actions._tables import advance_sequences, insert_rows
from forum.filling.models import AGENDAS_AT, NAME, NEWS_SINCE, START, PlannedMember, Row
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.models import PALETTES, Member
from forum.members.queries import folded_and_sort_key
from forum.notifications.actions import make_notices, read_until
from forum.permissions import Person
from forum.phrases import Phrases

if TYPE_CHECKING:
    from forum.filling.forms import Plan

# Members do not watch what they write in: with a hundred authors, each post would cause a hundred notices.
NOTICE_SETTINGS = {
    "digest_every": "daily",
    "digest_hour": 7,
    "time_zone": "UTC",
    "watches_replies": False,
}
READ_UNTIL = {"agenda_id": 0, "until": NEWS_SINCE}
SECTIONS = ("challenge", "done", "resources", "failure", "lessons")


@action
def set_up_forum(system: Person, plan: Plan, password_hashes: Mapping[int, str]) -> None:
    """Write the federation, marked as a demo, and its members, agendas and library into an empty database.

    `password_hashes` are those of the members who can sign in, by member id; 0 has the one of all others.
    """
    with at(AGENDAS_AT):
        members.load_cities(system, plan.cities)
        members.found_federation(system, NAME, plan.shape.tagline, is_demo=True)
        _add_members(plan, _organisations(system, plan), password_hashes)
        themes = agendas.ensure_themes(system, plan.themes)
        _write_agendas(plan, [theme.id for theme in themes])
        while make_notices(system):
            pass
        read_until(system, START)


def _organisations(system: Person, plan: Plan) -> list[int]:
    texts = (
        members.OrganisationText(organisation.name, organisation.kind, organisation.city_id)
        for organisation in plan.organisations
    )
    return [members.write_organisation(system, text).id for text in texts]


def _add_members(plan: Plan, organisations: Sequence[int], hashes: Mapping[int, str]) -> None:
    rows = [
        _member(person, organisations, hashes.get(person.id, hashes[0])) for person in plan.people
    ]
    insert_rows("member", rows)
    spoken = {person.id: dict.fromkeys((person.language, "en")) for person in plan.people}
    insert_rows(
        "member_language",
        [
            {"member_id": member_id, "language": language, "position": position}
            for member_id, languages in spoken.items()
            for position, language in enumerate(languages)
        ],
    )
    advance_sequences({"member": len(rows)})
    insert_rows(
        "notice_settings", [{"member_id": person.id, **NOTICE_SETTINGS} for person in plan.people]
    )
    insert_rows("all_read", [{"member_id": person.id, **READ_UNTIL} for person in plan.people])


def _member(known: PlannedMember, organisations: Sequence[int], password_hash: str) -> Row:
    organisation = known.organisation
    folded, sort_key = folded_and_sort_key(f"{known.name} {known.position}")
    return {
        "id": known.id,
        "handle": known.handle,
        "name": known.name,
        "email": f"{known.handle}@example.org",
        "password_hash": password_hash,
        "role": known.role,
        "hosted": [],
        "position": known.position,
        "organisation_id": None if organisation is None else organisations[organisation],
        "city_id": known.city_id,
        "folded": folded,
        "sort_key": sort_key,
        "name_skeleton": skeleton(known.name),
        "handle_skeleton": skeleton(known.handle),
        "joined_at": known.joined_at,
    }


def _write_agendas(plan: Plan, themes: Sequence[int]) -> None:
    """Every agenda with what its page shows: introduction, statements, cases, practices, readings."""
    moderator = _member_row_of(plan.people[1])
    for place, title in enumerate(plan.agendas):
        chance = Random(f"{plan.shape.seed} agenda {place}")
        phrases = plan.texts.phrases("en", chance)
        authors = [_member_row_of(plan.people[number]) for number in chance.sample(range(3, 10), 3)]
        introduction = agendas.AgendaText(
            title=title,
            introduction=write("\n\n".join(phrases.paragraph() for _part in range(3))),
            summary=phrases.sentence(),
            palette=PALETTES[place % len(PALETTES)],
            pattern=PATTERNS[place % len(PATTERNS)],
        )
        agenda = agendas.write_agenda(moderator, introduction, hosts=[authors[0].handle])
        for number, author in enumerate(authors):
            theme = [themes[(place + number) % len(themes)]]
            _write_library(moderator, author, agenda, theme, phrases)


def _member_row_of(known: PlannedMember) -> Member:
    return db.session.get_one(Member, known.id)


def _write_library(
    moderator: Member, author: Member, agenda: Agenda, themes: Sequence[int], phrases: Phrases
) -> None:
    """One statement, one case, one practice and one reading."""
    said = agendas.StatementText(
        author.name, phrases.sentence(), author.position, handle=author.handle
    )
    agendas.write_statement(moderator, agenda.id, said)
    body = "\n\n".join(phrases.paragraph() for _part in range(4))
    case = library.CaseText(
        phrases.title(False), "city project", phrases.sentence(), body, theme_ids=themes
    )
    library.write_case(moderator, agenda.id, case)
    practice = library.PracticeText(
        phrases.title(False),
        phrases.sentence(),
        city_id=author.city_id,
        theme_ids=themes,
        sections={name: phrases.paragraph() for name in SECTIONS},
    )
    written = library.write_practice(author, agenda.id, practice)
    library.submit(author, written.id)
    library.publish(moderator, written.id)
    reading = library.ReadingText(phrases.title(False), author.name, 2018, why=phrases.sentence())
    library.write_reading(moderator, agenda.id, reading)
