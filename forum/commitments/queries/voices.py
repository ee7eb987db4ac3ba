"""For whom a member may publish commitments, and after what."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.commitments.queries._reach import MAX_CHOICES
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import own_organisations, visible_declarations
from forum.errors import Forbidden
from forum.members.models import Organisation
from forum.permissions import Person, require
from forum.verdicts import ONLY_VOICES_COMMIT


def organisations_to_commit_for(member: Person) -> list[Organisation]:
    """The organisations for which a member may publish commitments; `Forbidden`, with the reason, if there is none."""
    require(member.can.write())
    mine = [
        organisation
        for organisation in own_organisations(member)
        if member.can.speak_for(organisation)
    ]
    if not mine:
        raise Forbidden(str(ONLY_VOICES_COMMIT.why_not))
    return mine


def speaks_for_any(reader: Person) -> bool:
    """Whether the reader may publish commitments for any organisation; no query for visitors."""
    return any(reader.can.speak_for(organisation) for organisation in own_organisations(reader))


def signatories_to_commit(reader: Person, declaration: Declaration) -> list[Organisation]:
    """The reader's organisations that have signed a declaration in force and for which the reader may publish commitments."""
    if not reader.is_member or not declaration.frozen_at or declaration.withdrawn_at:
        return []
    mine = [
        organisation
        for organisation in own_organisations(reader)
        if reader.can.publish_commitment(declaration.agenda, organisation)
    ]
    if not mine:
        return []
    signed = select(Signature.organisation_id).where(
        Signature.declaration_id == declaration.id, Signature.withdrawn_at.is_(None)
    )
    is_mine = Signature.organisation_id.in_([organisation.id for organisation in mine])
    ids = set(db.session.scalars(signed.where(is_mine)))
    return [organisation for organisation in mine if organisation.id in ids]


def declarations_to_follow(member: Person) -> list[Declaration]:
    """The declarations from which a commitment may follow, newest first: neither drafts nor withdrawn."""
    told = Declaration.opened_at.is_not(None), Declaration.withdrawn_at.is_(None)
    query = visible_declarations(member).where(*told).order_by(Declaration.id.desc())
    return list(db.session.scalars(query.limit(MAX_CHOICES)))


def open_agendas(member: Person) -> Sequence[Row[str, str, str]]:
    """Slug, title and language of the agendas to which something can be added, in their order."""
    is_open = Agenda.archived_at.is_(None), Agenda.opened_at.is_not(None)
    named = Agenda.slug, Agenda.title, Agenda.language
    return db.session.execute(
        visible_agendas(member).where(*is_open).with_only_columns(*named)
    ).all()


def slug_of_agenda(member: Person, agenda_id: int) -> str:
    """The slug of an agenda to which something can be added; empty for any other."""
    is_it = Agenda.id == agenda_id, Agenda.archived_at.is_(None), Agenda.opened_at.is_not(None)
    query = visible_agendas(member).where(*is_it).with_only_columns(Agenda.slug)
    return db.session.scalar(query) or ""
