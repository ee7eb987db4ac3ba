"""For an export: agendas and what stands on them beside the dialogue, as far as the reader may see it, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload, undefer_group

from forum.agendas.models import Agenda
from forum.agendas.queries import themes_by_id, visible_agendas
from forum.commitments.models import Commitment, Peer
from forum.commitments.queries import shown_commitments
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import visible_declarations
from forum.dialogue.models import Topic, TopicTheme
from forum.dialogue.queries import visible_topics
from forum.library.models import Case, CaseTheme, Practice, PracticeTheme, Reading
from forum.library.queries import visible_cases, visible_practices, visible_readings
from forum.meetings.models import Meeting
from forum.meetings.queries import visible_meetings
from forum.members.models import Member
from forum.parallels.models import Translation
from forum.parallels.queries import shown_translations, with_originals
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.transfer.queries._shared import in_batches


def agendas_to_write(reader: Person) -> Sequence[Agenda]:
    """The visible agendas in order, with their hosts."""
    whole = selectinload(Agenda.hosts), undefer_group("findings")
    return db.session.scalars(visible_agendas(reader).options(*whole)).all()


def themes_used_on(reader: Person, agenda: Agenda) -> list[str]:
    """The names of all themes of an agenda's topics, cases and practices, sorted."""
    about: tuple[tuple[Any, Any, Any, Any], ...] = (
        (visible_topics(reader), Topic, TopicTheme, TopicTheme.topic_id),
        (visible_cases(reader), Case, CaseTheme, CaseTheme.case_id),
        (visible_practices(reader), Practice, PracticeTheme, PracticeTheme.practice_id),
    )
    ids: set[int] = set()
    for shown, thing, row, thing_id in about:
        found = shown.join(row, thing_id == thing.id).where(thing.agenda_id == agenda.id)
        ids.update(db.session.scalars(found.with_only_columns(row.theme_id).distinct()))
    return sorted(theme.name for theme in themes_by_id(ids))


def cases_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Case]]:
    """The cases of an agenda in order, with everything that belongs to them, `size` at a time."""
    ordered = (Case.position, Case.id)
    everything = (Case.places, Case.themes, Case.figures, Case.links)
    found = visible_cases(reader).where(Case.agenda_id == agenda.id)
    return in_batches(found, Case, ordered, everything, size)


def practices_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Practice]]:
    """The practices of an agenda, oldest first, with everything that belongs to them, `size` at a time."""
    everything = (Practice.themes, Practice.sections, Practice.author, Practice.city)
    found = visible_practices(reader).where(Practice.agenda_id == agenda.id)
    return in_batches(found, Practice, (Practice.id,), everything, size)


def readings_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Reading]]:
    """The best reads of an agenda in order, `size` at a time."""
    found = visible_readings(reader).where(Reading.agenda_id == agenda.id)
    return in_batches(found, Reading, (Reading.position, Reading.id), (), size)


def declarations_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Declaration]]:
    """The declarations of an agenda that are no drafts, in order, `size` at a time."""
    told = (Declaration.agenda_id == agenda.id, Declaration.opened_at.is_not(None))
    found = visible_declarations(reader).where(*told)
    return in_batches(found, Declaration, (Declaration.id,), (Declaration.author,), size)


def signatures_to_write(declaration: Declaration) -> Sequence[Signature]:
    """The signatures of a declaration that are in force, in the order in which they were given."""
    mine = (Signature.declaration_id == declaration.id, Signature.withdrawn_at.is_(None))
    query = select(Signature).where(*mine).order_by(Signature.signed_at, Signature.id)
    loads = joinedload(Signature.organisation), joinedload(Signature.member)
    return db.session.scalars(query.options(*loads)).all()


def commitments_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Commitment]]:
    """The visible commitments of an agenda, in order, `size` at a time."""
    found = shown_commitments(reader).where(Commitment.agenda_id == agenda.id)
    loads = (Commitment.author, Commitment.organisation)
    return in_batches(found, Commitment, (Commitment.id,), loads, size)


def translations_to_write(
    reader: Person, agenda: Agenda, size: int
) -> Iterator[Sequence[Translation]]:
    """The translations of an agenda's practices and cases, in order, with their originals, `size` at a time.

    Translations for members only whose original is for everybody are left out, because a file cannot express that.
    """
    practices = select(Practice.id).where(Practice.agenda_id == agenda.id)
    cases = select(Case.id).where(Case.agenda_id == agenda.id)
    here = or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases))
    loads = (Translation.translator, Translation.writer, Translation.parts)
    found = shown_translations(reader).where(here)
    for batch in in_batches(found, Translation, (Translation.id,), loads, size):
        yield [
            translation
            for translation in with_originals(reader, batch)
            if translation.audience == PUBLIC
            or getattr(translation.original, "audience", PUBLIC) == MEMBERS
        ]


def peers_to_write(commitment: Commitment) -> Sequence[Member]:
    """The followers of a commitment."""
    query = select(Member).join(Peer, Peer.member_id == Member.id)
    return db.session.scalars(query.where(Peer.commitment_id == commitment.id)).all()


def meetings_to_write(reader: Person, agenda: Agenda, size: int) -> Iterator[Sequence[Meeting]]:
    """The meetings of an agenda, the earliest first, `size` at a time."""
    found = visible_meetings(reader).where(Meeting.agenda_id == agenda.id)
    return in_batches(found, Meeting, (Meeting.starts_at, Meeting.id), (Meeting.city,), size)
