"""Declarations as a reader finds them, who has signed them, and who was invited to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.db import db
from forum.declarations.models import (
    ADOPTED,
    CONSULTATION,
    DRAFT,
    OPEN,
    WITHDRAWN,
    Declaration,
    InvitedOrganisation,
    Signature,
    digest_of,
)
from forum.dialogue.models import Topic
from forum.dialogue.queries import topic_after_merge, visible_topics
from forum.errors import Forbidden, NotFound, or_not_found
from forum.history.queries import Edit, edits_between, versions_of
from forum.members.models import City, Member, Organisation
from forum.members.queries import is_voice_now
from forum.pages import Page, page_of, rows_after
from forum.permissions import Person, require
from forum.reach import moderated_by, opened_to, sees_hidden
from forum.verdicts import DECLARATION_IS, Verdict

NO_SUCH = lazy_gettext("There is no such declaration.")
LISTED = 20  # declarations of one page of the list
# On the page of a declaration, which may be printed; 500 take 9 kB. Further ones are on pages of their own.
SIGNATURES_SHOWN = 500
SIGNATURES_PER_PAGE = 250
MAX_HERE = 20  # on the page of an agenda or an organisation
MAX_INVITED = 2_000
REMIND_BEFORE = timedelta(days=7)
FIELDS = ("title", "source", "language")


@dataclass(frozen=True)
class DeclarationFilter:
    """Which declarations a list shows: those of one agenda, and those in one state; both may be empty."""

    agenda: str = ""
    state: str = ""


def visible_declarations(reader: Person) -> Select[Declaration]:
    """The declarations that a reader may see: on agendas that they see, drafts only as moderators."""
    seen = select(Declaration).where(opened_to(reader, Declaration.agenda_id))
    is_told = Declaration.opened_at.is_not(None)
    return seen.where(or_(is_told, moderated_by(reader, Declaration.agenda_id)))


def declarations(
    reader: Person, wanted: DeclarationFilter, before: int | None = None
) -> tuple[Sequence[Declaration], int | None]:
    """The newest declarations with ids below `before`; and the id for the next page, or None."""
    query = visible_declarations(reader).options(joinedload(Declaration.agenda))
    if wanted.agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == wanted.agenda)
        query = query.where(Declaration.agenda_id == of_agenda.scalar_subquery())
    if wanted.state:
        query = query.where(_is_in_state(wanted.state))
    last = None if before is None else [before]
    rows = rows_after(query, [Declaration.id.desc()], last, LISTED + 1)
    return rows[:LISTED], rows[LISTED - 1].id if len(rows) > LISTED else None


def _is_in_state(state: str) -> ColumnElement[bool]:
    is_left = Declaration.withdrawn_at.is_(None)
    return {
        DRAFT: and_(Declaration.opened_at.is_(None), is_left),
        CONSULTATION: and_(
            Declaration.opened_at.is_not(None), Declaration.frozen_at.is_(None), is_left
        ),
        OPEN: and_(Declaration.frozen_at.is_not(None), Declaration.adopted_at.is_(None), is_left),
        ADOPTED: and_(Declaration.adopted_at.is_not(None), is_left),
        WITHDRAWN: Declaration.withdrawn_at.is_not(None),
    }[state]


def agendas_with_declarations(reader: Person) -> list[tuple[str, str]]:
    """Slug and title of the agendas on which the reader finds a declaration, in their order."""
    found = visible_declarations(reader).with_only_columns(Declaration.agenda_id)
    query = select(Agenda.slug, Agenda.title).where(Agenda.id.in_(found))
    return [(slug, title) for slug, title in db.session.execute(query.order_by(Agenda.position))]


def declarations_on(reader: Person, agenda: Agenda) -> Sequence[Declaration]:
    """The newest declarations of an agenda; no query if it has none and the reader does not moderate it."""
    if not agenda.declarations_count and not reader.can.moderate(agenda.id):
        return ()
    here = visible_declarations(reader).where(Declaration.agenda_id == agenda.id)
    return db.session.scalars(here.order_by(Declaration.id.desc()).limit(MAX_HERE)).all()


def get_declaration(reader: Person, declaration_id: int) -> Declaration:
    """One declaration with its agenda and author, or `NotFound`."""
    loaded = (joinedload(Declaration.agenda), joinedload(Declaration.author))
    query = visible_declarations(reader).where(Declaration.id == declaration_id)
    return or_not_found(db.session.scalar(query.options(*loaded)), NO_SUCH)


def declarations_to_index(declaration_ids: Collection[int]) -> Sequence[Declaration]:
    """Declarations in any state, locked."""
    query = select(Declaration).where(Declaration.id.in_(declaration_ids))
    return db.session.scalars(query.order_by(Declaration.id).with_for_update()).all()


def declaration_to_curate(curator: Person, declaration_id: int, deed: str) -> Declaration:
    """One declaration, for somebody who may do one of `DECLARATION_DEEDS` with it; else `Forbidden`, or `NotFound`."""
    declaration = get_declaration(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, deed))
    return declaration


def agenda_to_draft_on(curator: Person, slug: str) -> Agenda:
    """An agenda, for somebody who may draft a declaration there; else `Forbidden`, or `NotFound`."""
    agenda = get_agenda(curator, slug)
    require(curator.can.draft_declaration(agenda))
    return agenda


def declaration_to_change(doer: Person, declaration_id: int) -> Declaration:
    """One declaration with its agenda, locked; or `NotFound`."""
    query = visible_declarations(doer).where(Declaration.id == declaration_id)
    locked = query.options(joinedload(Declaration.agenda)).with_for_update(of=Declaration)
    return or_not_found(db.session.scalar(locked), NO_SUCH)


def declaration_fields(declaration: Declaration) -> dict[str, Any]:
    """The fields of a declaration by which a form detects changes."""
    return {name: getattr(declaration, name) for name in FIELDS}


def fields_to_keep(declaration: Declaration) -> dict[str, Any]:
    """The fields of a declaration that its history stores and compares: with its state, so that it shows who changed that."""
    return {**declaration_fields(declaration), "state": declaration.state}


def edits_of(declaration: Declaration, state_names: Mapping[str, str]) -> list[Edit]:
    """What was changed in a declaration since it was opened for consultation, newest first; states by their names."""
    present = {declaration.id: fields_to_keep(declaration)}
    return edits_between(versions_of("declaration", declaration.id), present, state_names)


def same_draft(agenda_id: int, author_id: int, title: str, source: str) -> Declaration | None:
    """A draft by the same author with exactly this content, as when a form is sent twice; or None."""
    query = select(Declaration).where(Declaration.agenda_id == agenda_id, _is_in_state(DRAFT))
    is_same = (
        Declaration.author_id == author_id,
        Declaration.title == title,
        Declaration.source == source,
    )
    return db.session.scalars(query.where(*is_same).limit(1)).first()


def count_told(agenda_id: int) -> int:
    """How many declarations of an agenda are not drafts."""
    told = (Declaration.agenda_id == agenda_id, Declaration.opened_at.is_not(None))
    return db.session.scalar(select(func.count(Declaration.id)).where(*told)) or 0


def replaced_by(reader: Person, declaration: Declaration) -> Declaration | None:
    """The declaration visible to the reader that replaces a withdrawn one, or None; the newest of several."""
    if not declaration.withdrawn_at:
        return None
    found = visible_declarations(reader).where(Declaration.replaces_id == declaration.id)
    return db.session.scalars(found.order_by(Declaration.id.desc()).limit(1)).first()


def replaced_one(reader: Person, declaration: Declaration) -> Declaration | None:
    """The withdrawn declaration that this one replaces, if the reader finds it."""
    if not declaration.replaces_id:
        return None
    query = visible_declarations(reader).where(Declaration.id == declaration.replaces_id)
    return db.session.scalar(query)


def withdrawn_on(reader: Person, agenda_id: int, declaration_id: int) -> Declaration | None:
    """A withdrawn declaration of an agenda, which a new one may replace; None if it is not one."""
    query = visible_declarations(reader).where(Declaration.id == declaration_id)
    here = query.where(Declaration.agenda_id == agenda_id, _is_in_state(WITHDRAWN))
    return db.session.scalar(here)


def consultation_topic(reader: Person, declaration: Declaration) -> Topic | None:
    """The topic in which a declaration is discussed, also after mergers, if the reader sees it."""
    if not declaration.topic_id:
        return None
    query = visible_topics(reader).where(Topic.id == declaration.topic_id)
    found: Topic | None = db.session.scalar(query)
    if found is None:
        with suppress(NotFound):
            return topic_after_merge(reader, declaration.topic_id)
    return found


# Signatures


def signatures_of(declaration: Declaration, most: int = SIGNATURES_SHOWN) -> Sequence[Signature]:
    """The first signatures of a declaration by country, city and name of the organisation."""
    return db.session.scalars(_signatures_in_order(declaration).limit(most)).all()


def signatures_page(declaration: Declaration, number: int) -> Page[Signature]:
    """One page of the same."""
    return page_of(_signatures_in_order(declaration), number, SIGNATURES_PER_PAGE)


def _signatures_in_order(declaration: Declaration) -> Select[Signature]:
    """The signatures in force, by country code (the same order in all languages); those without a city last."""
    mine = (Signature.declaration_id == declaration.id, Signature.withdrawn_at.is_(None))
    query = select(Signature).outerjoin(City, City.id == Signature.city_id).where(*mine)
    order = (City.id.is_(None), City.country, City.name, City.id, Signature.organisation_name)
    loaded = (
        joinedload(Signature.city),
        joinedload(Signature.organisation),
        joinedload(Signature.member),
    )
    return query.order_by(*order, Signature.id).options(*loaded)


def signatures_by(reader: Person, organisation_id: int) -> Sequence[Signature]:
    """The newest signatures of an organisation on declarations that the reader sees and that were not withdrawn."""
    seen = visible_declarations(reader).where(Declaration.withdrawn_at.is_(None))
    mine = (Signature.organisation_id == organisation_id, Signature.withdrawn_at.is_(None))
    query = select(Signature).where(*mine)
    query = query.where(Signature.declaration_id.in_(seen.with_only_columns(Declaration.id)))
    newest = query.order_by(Signature.id.desc()).limit(MAX_HERE)
    return db.session.scalars(newest.options(joinedload(Signature.declaration))).all()


@dataclass(frozen=True)
class OwnPart:
    """One of the reader's organisations, its signature on a declaration if there is one, and whether the reader may sign for it."""

    organisation: Organisation
    signature: Signature | None
    may_sign: Verdict
    # When its invitation was taken back; only for a member who speaks for it
    uninvited_at: datetime | None = None


def own_part(reader: Person, declaration: Declaration) -> list[OwnPart]:
    """The reader's own organisations for a declaration that is open for signature; otherwise nothing."""
    if declaration.state != OPEN:
        return []
    mine = own_organisations(reader)
    signed = signatures_for(declaration, mine)
    spoken_for = [organisation for organisation in mine if reader.can.speak_for(organisation)]
    gone = _taken_back_at(declaration.id, [organisation.id for organisation in spoken_for])
    return [
        OwnPart(
            organisation,
            signed.get(organisation.id),
            reader.can.sign(declaration, organisation),
            gone.get(organisation.id),
        )
        for organisation in mine
    ]


def _taken_back_at(
    declaration_id: int, organisation_ids: Collection[int]
) -> dict[int, datetime | None]:
    """When the invitations of these organisations were taken back, by organisation id."""
    if not organisation_ids:
        return {}
    query = select(InvitedOrganisation.organisation_id, InvitedOrganisation.taken_back_at)
    rows = db.session.execute(
        query.where(
            InvitedOrganisation.declaration_id == declaration_id,
            InvitedOrganisation.organisation_id.in_(organisation_ids),
        )
    )
    return {row.organisation_id: row.taken_back_at for row in rows}


def organisations_to_sign_for(reader: Person, declaration: Declaration) -> list[Organisation]:
    """The organisations for which the reader can sign now; `Forbidden`, with the reason, if there is none."""
    require(reader.can.write())
    if declaration.state != OPEN:
        raise Forbidden(str(DECLARATION_IS[declaration.state].why_not))
    parts = own_part(reader, declaration)
    allowed = [part for part in parts if part.may_sign]
    if able := [part.organisation for part in allowed if part.signature is None]:
        return able
    if allowed:
        words = {"organisation": allowed[0].organisation.name}
        raise Forbidden(_("%(organisation)s has signed this declaration already.", **words))
    if parts:
        raise Forbidden(str(parts[0].may_sign.why_not))
    raise Forbidden(_("Your profile names no organisation for which you could sign."))


def signature_to_take_back(
    reader: Person, declaration: Declaration, signature_id: int
) -> Signature:
    """A signature in force, for a member who may take it back; else `Forbidden`, or `NotFound`."""
    signature = signature_to_change(declaration.id, signature_id)
    require(reader.can.take_signature_back(signature))
    return signature


def own_organisations(reader: Person) -> list[Organisation]:
    """The organisations to which a member belongs, or which the member represents, by name; none for visitors."""
    if not reader.is_member:
        return []
    is_mine = or_(
        Organisation.id == reader.organisation_id, Organisation.representative_id == reader.id
    )
    query = select(Organisation).where(is_mine).options(joinedload(Organisation.city))
    return list(db.session.scalars(query.order_by(Organisation.name).limit(MAX_HERE)))


def signatures_for(
    declaration: Declaration, organisations: Collection[Organisation]
) -> dict[int, Signature]:
    """The signatures of these organisations on a declaration, by organisation id."""
    if not organisations:
        return {}
    ids = [organisation.id for organisation in organisations]
    mine = (Signature.declaration_id == declaration.id, Signature.organisation_id.in_(ids))
    found = db.session.scalars(select(Signature).where(*mine, Signature.withdrawn_at.is_(None)))
    return {signature.organisation_id: signature for signature in found}


def signature_to_change(declaration_id: int, signature_id: int) -> Signature:
    """A signature in force, with its organisation, of a declaration that is locked already; or `NotFound`."""
    query = select(Signature).where(Signature.id == signature_id)
    mine = query.where(Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    loaded = (joinedload(Signature.organisation), joinedload(Signature.declaration))
    return or_not_found(db.session.scalar(mine.options(*loaded)), NO_SUCH)


def has_hidden_reservation(declaration_id: int, organisation_id: int) -> bool:
    """Whether moderators hide a reservation of an organisation on a declaration, of its present or a former signature."""
    mine = (
        Signature.declaration_id == declaration_id,
        Signature.organisation_id == organisation_id,
    )
    return bool(db.session.scalar(select(exists().where(*mine, Signature.hidden_at.is_not(None)))))


def get_reservation(reader: Person, signature_id: int) -> Signature:
    """A signature with a reservation, even a hidden one (check `hidden_at`), with its declaration; or `NotFound`.

    One that was taken back is found only by moderators and its signer.
    """
    is_told = Signature.declaration_id.in_(
        visible_declarations(reader).with_only_columns(Declaration.id)
    )
    declaration = joinedload(Signature.declaration).joinedload(Declaration.agenda)
    query = select(Signature).where(Signature.id == signature_id, Signature.words != "", is_told)
    query = query.options(declaration, joinedload(Signature.organisation))
    found = db.session.scalar(query.execution_options(populate_existing=True))
    signature = or_not_found(found, NO_SUCH)
    is_mine = reader.is_self(signature.member_id)
    is_seen = is_mine or sees_hidden(reader, signature.declaration.agenda_id)
    if signature.withdrawn_at and not is_seen:
        raise NotFound()
    return signature


def signers_of(declaration_id: int) -> list[int]:
    """The ids of the members who have signed a declaration, without those who have left."""
    mine = (Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    query = select(Signature.member_id).where(*mine, Signature.member_id.is_not(None)).distinct()
    return [member_id for member_id in db.session.scalars(query) if member_id]


def signatures_of_member(member_id: int) -> Sequence[Signature]:
    """All signatures that a member has given."""
    return db.session.scalars(select(Signature).where(Signature.member_id == member_id)).all()


# Invitations


@dataclass(frozen=True)
class Invitable:
    """An organisation that may be invited to sign, and whether it was already, or has signed."""

    organisation: Organisation
    is_invited: bool
    has_signed: bool


def invitable(curator: Person, declaration: Declaration, country: str = "") -> list[Invitable]:
    """The organisations, by name, of one country or of all, and the state of each; for moderators of the agenda."""
    require(curator.can.moderate(declaration.agenda_id))
    query = select(Organisation).outerjoin(City, City.id == Organisation.city_id)
    if country:
        query = query.where(City.country == country)
    ordered = query.options(joinedload(Organisation.city)).order_by(
        Organisation.name, Organisation.id
    )
    invited, signed = _invited_ids(declaration.id), _signed_ids(declaration.id)
    return [
        Invitable(organisation, organisation.id in invited, organisation.id in signed)
        for organisation in db.session.scalars(ordered.limit(MAX_INVITED))
    ]


def countries_of_organisations() -> list[str]:
    """The codes of the countries of all organisations."""
    query = select(City.country).join(Organisation, Organisation.city_id == City.id).distinct()
    return sorted(db.session.scalars(query))


def count_unsigned(reader: Person, declaration: Declaration) -> tuple[int, int] | None:
    """How many organisations were invited, and how many of them have not signed; None for all but moderators."""
    if not declaration.frozen_at or not sees_hidden(reader, declaration.agenda_id):
        return None
    invited = _invited_ids(declaration.id)
    return len(invited), len(invited - _signed_ids(declaration.id))


def _invited_ids(declaration_id: int) -> set[int]:
    """The ids of the invited organisations, without those whose invitation was taken back."""
    is_so = (
        InvitedOrganisation.declaration_id == declaration_id,
        InvitedOrganisation.taken_back_at.is_(None),
    )
    return set(db.session.scalars(select(InvitedOrganisation.organisation_id).where(*is_so)))


def invitations_taken_back(
    curator: Person, declaration: Declaration
) -> Sequence[InvitedOrganisation]:
    """The invitations that were taken back, the latest first, each with its organisation and who did it."""
    require(curator.can.moderate(declaration.agenda_id))
    is_so = (
        InvitedOrganisation.declaration_id == declaration.id,
        InvitedOrganisation.taken_back_at.is_not(None),
    )
    order = (InvitedOrganisation.taken_back_at.desc(), InvitedOrganisation.organisation_id)
    loaded = (
        joinedload(InvitedOrganisation.organisation),
        joinedload(InvitedOrganisation.taken_back_by),
    )
    query = select(InvitedOrganisation).where(*is_so).options(*loaded).order_by(*order)
    return db.session.scalars(query.limit(MAX_INVITED)).all()


def invitations_to_change(
    declaration_id: int, organisation_ids: Collection[int]
) -> Sequence[InvitedOrganisation]:
    """The invitations of these organisations, even those taken back, by id; the declaration is locked already."""
    mine = (
        InvitedOrganisation.declaration_id == declaration_id,
        InvitedOrganisation.organisation_id.in_(organisation_ids),
    )
    query = select(InvitedOrganisation).where(*mine)
    ordered = query.order_by(InvitedOrganisation.organisation_id)
    return db.session.scalars(ordered.options(joinedload(InvitedOrganisation.organisation))).all()


def invitations_taken_back_by(member_id: int) -> Sequence[InvitedOrganisation]:
    """The invitations that a member has taken back."""
    query = select(InvitedOrganisation).where(InvitedOrganisation.taken_back_by_id == member_id)
    return db.session.scalars(query).all()


def _signed_ids(declaration_id: int) -> set[int]:
    mine = (Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    return set(db.session.scalars(select(Signature.organisation_id).where(*mine)))


def uninvited_ids(declaration_id: int, organisation_ids: Collection[int]) -> list[int]:
    """Those of these organisations that exist, were not invited yet and have not signed."""
    known = _invited_ids(declaration_id) | _signed_ids(declaration_id)
    here = select(Organisation.id).where(Organisation.id.in_(organisation_ids))
    return [
        organisation
        for organisation in db.session.scalars(here.order_by(Organisation.id))
        if organisation not in known
    ]


def unsigned_ids(declaration_id: int) -> set[int]:
    """The ids of the organisations that were invited and have not signed."""
    return _invited_ids(declaration_id) - _signed_ids(declaration_id)


def all_organisation_ids() -> list[int]:
    """The ids of all organisations."""
    return list(db.session.scalars(select(Organisation.id).limit(MAX_INVITED)))


def speaker_ids(organisation_ids: Collection[int]) -> list[int]:
    """The ids of the members who speak for one of these organisations, as `can.speak_for` says of each."""
    query = select(Member.id).join(Organisation, speaks_for()).where(Member.left_at.is_(None))
    return sorted(set(db.session.scalars(query.where(Organisation.id.in_(organisation_ids)))))


def speaks_for() -> ColumnElement[bool]:
    """SQL condition of `Member` and `Organisation`: the one speaks for the other, as `can.speak_for` says."""
    is_voice = and_(
        Organisation.names_voices, Member.organisation_id == Organisation.id, is_voice_now()
    )
    return or_(Organisation.representative_id == Member.id, is_voice)


# The worker, checks


def declarations_over(today: date, limit: int) -> Sequence[Declaration]:
    """The declarations that are open for signature and whose last day is over, locked.

    Agendas in preparation are left out, because nobody may be notified about them.
    """
    query = select(Declaration).join(Agenda, Agenda.id == Declaration.agenda_id)
    query = query.where(
        _is_in_state(OPEN), Declaration.sign_until < today, Agenda.opened_at.is_not(None)
    )
    ordered = query.order_by(Declaration.sign_until, Declaration.id).limit(limit)
    locked = ordered.with_for_update(of=Declaration, skip_locked=True)
    return db.session.scalars(locked.options(joinedload(Declaration.agenda))).all()


def invitations_to_remind(today: date, limit: int) -> Sequence[InvitedOrganisation]:
    """Invitations without a signature or reminder, to declarations that can be signed for at most another week.

    Agendas that are archived or in preparation are left out.
    """
    mine = (
        Signature.declaration_id == InvitedOrganisation.declaration_id,
        Signature.organisation_id == InvitedOrganisation.organisation_id,
        Signature.withdrawn_at.is_(None),
    )
    query = select(InvitedOrganisation).join(
        Declaration, Declaration.id == InvitedOrganisation.declaration_id
    )
    query = query.join(Agenda, Agenda.id == Declaration.agenda_id).where(
        _is_in_state(OPEN),
        Declaration.sign_until.between(today, today + REMIND_BEFORE),
        InvitedOrganisation.reminded_at.is_(None),
        InvitedOrganisation.taken_back_at.is_(None),
        Agenda.archived_at.is_(None),
        Agenda.opened_at.is_not(None),
        ~exists().where(*mine),
    )
    key = (InvitedOrganisation.declaration_id, InvitedOrganisation.organisation_id)
    locked = query.order_by(*key).limit(limit).with_for_update(of=InvitedOrganisation)
    return db.session.scalars(locked).all()


def declarations_by_id(declaration_ids: Collection[int]) -> Mapping[int, Declaration]:
    """Declarations by their ids, locked."""
    query = select(Declaration).where(Declaration.id.in_(declaration_ids)).order_by(Declaration.id)
    return {signature.id: signature for signature in db.session.scalars(query.with_for_update())}


def count_signatures(declaration_id: int) -> int:
    """How many signatures of a declaration are in force."""
    mine = (Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    return db.session.scalar(select(func.count(Signature.id)).where(*mine)) or 0


def wrongly_digested() -> list[int]:
    """The ids of frozen declarations whose digest is not that of their text: one of them was changed by hand."""
    query = select(Declaration.id, Declaration.source, Declaration.digest)
    frozen = db.session.execute(query.where(Declaration.frozen_at.is_not(None)))
    return [row.id for row in frozen if digest_of(row.source) != row.digest]
