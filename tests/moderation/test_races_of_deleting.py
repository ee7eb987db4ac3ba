"""Somebody adds something to an agenda while it is deleted: one of the two actions is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas.actions import AgendaText, StatementText, write_agenda, write_statement
from forum.agendas.models import Agenda
from forum.db import db
from forum.declarations.actions import DeclarationText, write_declaration
from forum.dialogue.actions import NewTopic, open_topic
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    submit,
    write_and_submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.queries import standing_on
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.meetings.planted import meeting_of
from tests.races import at_once, meanwhile, slowly

own = races.own  # over an empty database with a moderator and an administrator
MAKERS: dict[str, Callable[[Member, int], Any]] = {
    "topic": lambda m, a: open_topic(
        m, a, NewTopic("question", "Where is shade?", write("We look."))
    ),
    "case": lambda m, a: write_case(m, a, CaseText("Arcades", "network", "S.", "One.")),
    "practice": lambda m, a: write_and_submit(m, a, PracticeText("Awnings", "Cloth.")),
    "reading": lambda m, a: write_reading(m, a, ReadingText("A book", "Somebody")),
    "statement": lambda m, a: write_statement(m, a, StatementText("Ana", "Shade.")),
    "declaration": lambda m, a: write_declaration(
        m, a, DeclarationText("Shade for all", write("We plant."))
    ),
    "meeting": lambda m, a: meeting_of(m, a, "Shade walk"),
}


def person(handle: str) -> Member:
    return get_member(SYSTEM, handle)


@pytest.mark.parametrize(
    ("kind", "is_first"), [*((kind, True) for kind in MAKERS), ("topic", False), ("case", False)]
)
def test_nothing_stands_on_a_deleted_agenda(own: Flask, kind: str, is_first: bool) -> None:
    members.found_federation(SYSTEM, "Interurban")
    made = write_agenda(person("mona-berg"), AgendaText("Cooler", write("Shade.")))
    db.session.commit()
    agenda_id = made.id

    def make() -> None:
        deed = MAKERS[kind]
        if is_first:
            slowly(lambda doer: deed(doer, agenda_id), person("mona-berg"))
        else:
            deed(person("mona-berg"), agenda_id)

    def delete() -> None:
        doer, why = person("adam-de-wit"), Reasons("Made twice.")
        if is_first:
            actions.delete_agenda(doer, agenda_id, why)
        else:
            slowly(actions.delete_agenda, doer, agenda_id, why)

    outcomes = at_once(own, [make, meanwhile(delete)] if is_first else [meanwhile(make), delete])
    assert outcomes.count("done") == 1, outcomes
    deleted_at = db.session.scalar(select(Agenda.deleted_at).where(Agenda.id == agenda_id))
    assert bool(deleted_at) != bool(standing_on(agenda_id))


@pytest.mark.parametrize("is_first", [True, False])
def test_no_draft_is_submitted_on_a_deleted_agenda(own: Flask, is_first: bool) -> None:
    members.found_federation(SYSTEM, "Interurban")
    mona, why = person("mona-berg"), Reasons("Made twice.")
    made = write_agenda(mona, AgendaText("Cooler", write("Shade.")))
    draft = write_practice(mona, made.id, PracticeText("Awnings", "Cloth."))
    db.session.commit()
    agenda_id, draft_id = made.id, draft.id

    def hand_in() -> None:
        if is_first:
            slowly(lambda doer: submit(doer, draft_id), person("mona-berg"))
        else:
            submit(person("mona-berg"), draft_id)

    def delete() -> None:
        doer = person("adam-de-wit")
        if is_first:
            actions.delete_agenda(doer, agenda_id, why)
        else:
            slowly(actions.delete_agenda, doer, agenda_id, why)

    pair = [hand_in, meanwhile(delete)] if is_first else [meanwhile(hand_in), delete]
    outcomes = at_once(own, pair)
    assert outcomes.count("done") == 1, outcomes
    deleted_at = db.session.scalar(select(Agenda.deleted_at).where(Agenda.id == agenda_id))
    assert bool(deleted_at) != bool(standing_on(agenda_id))
