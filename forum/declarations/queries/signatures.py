"""Who has signed a declaration, and for whom a member can."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.declarations.models import OPEN, Declaration, InvitedOrganisation, Signature
from forum.declarations.queries._reach import MAX_HERE, NO_SUCH, visible_declarations
from forum.declarations.queries.voices import own_organisations
from forum.errors import Forbidden, NotFound, or_not_found
from forum.members.models import City, Organisation
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.reach import sees_hidden
from forum.verdicts import DECLARATION_IS, Verdict

# On the page of a declaration, which may be printed; 500 take 9 kB. Further ones are on pages of their own.
SIGNATURES_SHOWN = 500
SIGNATURES_PER_PAGE = 250


def signatures_of(declaration: Declaration, most: int = SIGNATURES_SHOWN) -> Sequence[Signature]:
    """The first signatures of a declaration by country, city and name of the organisation."""
    return db.session.scalars(_signatures_in_order(declaration).limit(most)).all()


def signatures_page(declaration: Declaration, number: int) -> Page[Signature]:
    """One page of the signatures of a declaration, in that order."""
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
    return or_not_found(db.session.scalar(mine.options(*loaded)))


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


def signed_ids(declaration_id: int) -> set[int]:
    """The ids of the organisations whose signature of a declaration is in force."""
    mine = (Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    return set(db.session.scalars(select(Signature.organisation_id).where(*mine)))


def count_signatures(declaration_id: int) -> int:
    """How many signatures of a declaration are in force."""
    mine = (Signature.declaration_id == declaration_id, Signature.withdrawn_at.is_(None))
    return db.session.scalar(select(func.count(Signature.id)).where(*mine)) or 0
