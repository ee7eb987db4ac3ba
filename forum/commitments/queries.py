"""Commitments as a reader finds them, their milestones, who follows them, and what the worker looks after."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.models import Agenda
from forum.agendas.queries import visible_agendas
from forum.clock import now
from forum.commitments.models import ENDED, KEPT, RUNNING, Commitment, Milestone, Peer
from forum.db import db, execute_core
from forum.declarations.models import Declaration, Signature
from forum.declarations.queries import own_organisations, speaks_for, visible_declarations
from forum.errors import Forbidden, or_not_found
from forum.history.queries import Edit, edits_between, versions_of
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import visible_cases, visible_practices
from forum.members.models import City, Member, Organisation
from forum.pages import Page, page_of
from forum.permissions import Person, require
from forum.reach import is_on_open_agenda, may_write, moderated_by, opened_to
from forum.verdicts import ONLY_VOICES_COMMIT
from forum.versions import cached

NO_SUCH = lazy_gettext("There is no such commitment.")
COMMITMENTS_PER_PAGE = 20
MAX_HERE = 20  # on the page of a declaration, a city or an organisation
MAX_PEERS = 500  # on the page of a commitment
MAX_CHOICES = 500  # places of a filter, declarations of a form
MAX_NEXT = 5  # milestones of an agenda that a process remembers
REMIND_BEFORE = timedelta(days=14)
COPIED = re.compile(r"(?:\S{0,200})?/(practices|cases)/([^/?#\s]{1,200})")


@dataclass(frozen=True)
class CommitmentFilter:
    """Which commitments a list shows: of one agenda, in one state, of one country or city; all may be empty.

    Other pages link to those of one organisation (its slug), or those that follow from one declaration (its id).
    """

    agenda: str = ""
    state: str = ""
    country: str = ""
    city: str = ""
    organisation: str = ""
    declaration: int = 0

    @property
    def is_set(self) -> bool:
        """Whether the list is filtered."""
        return self != CommitmentFilter()


def visible_commitments(reader: Person) -> Select[Any]:
    """The commitments that a reader may see: on agendas they see; hidden ones only as moderator or author."""
    is_mine = [Commitment.author_id == reader.id] if reader.is_member and reader.id else []
    is_shown = Commitment.hidden_at.is_(None)
    return select(Commitment).where(
        opened_to(reader, Commitment.agenda_id),
        or_(is_shown, moderated_by(reader, Commitment.agenda_id), *is_mine),
    )


def shown_commitments(reader: Person) -> Select[Any]:
    """Those of them that are listed: without hidden ones."""
    return visible_commitments(reader).where(Commitment.hidden_at.is_(None))


def commitments(reader: Person, wanted: CommitmentFilter, number: int) -> Page[Commitment]:
    """One page of commitments, by their next day, and then those that are over, the newest first."""
    found = shown_commitments(reader)
    if wanted.agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == wanted.agenda).scalar_subquery()
        found = found.where(Commitment.agenda_id == of_agenda)
    if wanted.state:
        found = found.where(is_in_state(wanted.state))
    if wanted.country:
        found = found.where(Commitment.organisation_id.in_(_based(City.country == wanted.country)))
    if wanted.city:
        found = found.where(Commitment.organisation_id.in_(_based(City.slug == wanted.city)))
    if wanted.organisation:
        whose = select(Organisation.id).where(Organisation.slug == wanted.organisation)
        found = found.where(Commitment.organisation_id == whose.scalar_subquery())
    if wanted.declaration:
        found = found.where(Commitment.declaration_id == wanted.declaration)
    return page_of(_in_order(_with_whose(found)), number, COMMITMENTS_PER_PAGE)


def is_in_state(state: str) -> ColumnElement[bool]:
    """SQL condition: a commitment is in a state."""
    is_kept, is_ended = Commitment.kept_at.is_not(None), Commitment.ended_at.is_not(None)
    return {RUNNING: and_(~is_kept, ~is_ended), KEPT: is_kept, ENDED: is_ended}[state]


def _based(condition: ColumnElement[bool]) -> Select[Any]:
    return select(Organisation.id).join(City, City.id == Organisation.city_id).where(condition)


def _in_order(found: Select[Any]) -> Select[Any]:
    # Ordered like indexes, so that a page of a long list sorts only a few rows
    return found.order_by(Commitment.next_on.nulls_last(), Commitment.id.desc())


def _with_whose(found: Select[Any]) -> Select[Any]:
    whose = joinedload(Commitment.organisation).joinedload(Organisation.city)
    return found.options(joinedload(Commitment.agenda), whose)


class Places(NamedTuple):
    """The places of commitments: codes of countries, and slug and name of cities, both in order."""

    countries: list[str]
    cities: list[tuple[str, str]]


def places_with_commitments(reader: Person) -> Places:
    """The places of a filter, of one country or of all."""
    listed = shown_commitments(reader).with_only_columns(Commitment.organisation_id)
    found = select(City.country, City.name, City.slug).join(
        Organisation, Organisation.city_id == City.id
    )
    found = found.where(Organisation.id.in_(listed)).distinct().order_by(City.name, City.slug)
    rows = db.session.execute(found.limit(MAX_CHOICES)).all()
    return Places(sorted({row.country for row in rows}), [(row.slug, row.name) for row in rows])


def agendas_with_commitments(reader: Person) -> list[tuple[str, str]]:
    """Slug and title of the agendas on which the reader finds a commitment, in their order."""
    found = shown_commitments(reader).with_only_columns(Commitment.agenda_id)
    query = select(Agenda.slug, Agenda.title).where(Agenda.id.in_(found))
    return [(slug, title) for slug, title in db.session.execute(query.order_by(Agenda.position))]


def commitments_after(
    reader: Person, agenda: str, state: str, before: int | None, limit: int
) -> Sequence[Commitment]:
    """The newest commitments with ids below `before`, of one agenda or in one state if these are not empty."""
    found = _with_whose(shown_commitments(reader))
    if agenda:
        of_agenda = select(Agenda.id).where(Agenda.slug == agenda).scalar_subquery()
        found = found.where(Commitment.agenda_id == of_agenda)
    found = found.where(is_in_state(state)) if state else found
    found = found.where(Commitment.id < before) if before else found
    return db.session.scalars(found.order_by(Commitment.id.desc()).limit(limit)).all()


class Whereabouts(NamedTuple):
    """The ids of declarations, organisations and cities with commitments, and of what commitments copy."""

    declarations: frozenset[int | None]
    organisations: frozenset[int]
    cities: frozenset[int | None]
    practices: frozenset[int | None]
    cases: frozenset[int | None]


def _whereabouts() -> Whereabouts:
    """Cached in the process, so that most pages of such things need no query."""
    return cached("whereabouts of commitments", _read_whereabouts)


def _read_whereabouts() -> Whereabouts:
    """Read in one statement; each column comes from its index."""
    found: dict[str, set[int]] = {name: set() for name in Whereabouts._fields}
    columns = {
        "declarations": Commitment.declaration_id,
        "organisations": Commitment.organisation_id,
        "practices": Commitment.practice_id,
        "cases": Commitment.case_id,
    }
    each = [select(literal(name), column).distinct() for name, column in columns.items()]
    city = Organisation.city_id
    has_one = Organisation.id.in_(select(Commitment.organisation_id))
    each.append(select(literal("cities"), city).where(has_one).distinct())
    for name, known in execute_core(union_all(*each)):
        found[name].add(known)
    return Whereabouts(**{name: frozenset(known) for name, known in found.items()})


def commitments_of_organisation(reader: Person, organisation_id: int) -> Sequence[Commitment]:
    """The commitments of an organisation in the order of the list, at most `MAX_HERE`."""
    if organisation_id not in _whereabouts().organisations:
        return ()
    return _some(reader, Commitment.organisation_id == organisation_id)


def commitments_of_city(reader: Person, city_id: int) -> Sequence[Commitment]:
    """The commitments of the organisations in a city, in the order of the list, at most `MAX_HERE`."""
    if city_id not in _whereabouts().cities:
        return ()
    return _some(reader, Commitment.organisation_id.in_(_based(City.id == city_id)))


def commitments_from(reader: Person, declaration: Declaration) -> Sequence[Commitment]:
    """The commitments that follow from a declaration, in the order of the list, at most `MAX_HERE`."""
    if declaration.id not in _whereabouts().declarations:
        return ()
    return _some(reader, Commitment.declaration_id == declaration.id)


def commitments_copying(reader: Person, page: Practice | Case) -> Sequence[Commitment]:
    """The commitments that copy a practice or a case, in the order of the list, at most `MAX_HERE`."""
    is_case, known = isinstance(page, Case), _whereabouts()
    if page.id not in (known.cases if is_case else known.practices):
        return ()
    return _some(reader, (Commitment.case_id if is_case else Commitment.practice_id) == page.id)


def _some(reader: Person, condition: ColumnElement[bool]) -> Sequence[Commitment]:
    found = _in_order(_with_whose(shown_commitments(reader).where(condition)))
    return db.session.scalars(found.limit(MAX_HERE)).all()


class NextMilestone(NamedTuple):
    """An open milestone in a short list of those that come next."""

    commitment_id: int
    slug: str
    title: str
    language: str
    agenda_id: int
    organisation: str
    words: str
    day: date
    is_open: bool

    @property
    def address(self) -> str:
        """The path of the page of its commitment."""
        return f"/commitments/{self.commitment_id}-{self.slug}"


def next_milestones(reader: Person, limit: int, agenda_id: int) -> list[NextMilestone]:
    """The next milestones on an agenda that a reader sees, at most `MAX_NEXT`; cached in the process."""
    found = cached(("next milestones", agenda_id), lambda: _read_next(agenda_id))
    return [
        milestone for milestone in found if milestone.is_open or reader.can.moderate(agenda_id)
    ][:limit]


def _read_next(agenda_id: int) -> Sequence[NextMilestone]:
    """The first open milestones belong to the commitments with the next days."""
    is_open = exists().where(Milestone.commitment_id == Commitment.id, *_is_open())
    here = Commitment.agenda_id == agenda_id, Commitment.next_on.is_not(None), *_goes_on()
    first = select(Commitment.id).where(*here, is_open)
    first = first.order_by(Commitment.next_on, Commitment.id).limit(MAX_NEXT)
    columns = (
        Commitment.id,
        Commitment.slug,
        Commitment.title,
        Commitment.language,
        Commitment.agenda_id,
        Organisation.name,
        Milestone.words,
        Milestone.day,
        is_on_open_agenda(Commitment.agenda_id),
    )
    found = select(*columns).join(Milestone.commitment).join(Commitment.organisation)
    found = found.where(Commitment.id.in_(first.correlate(None)), *_is_open())
    ordered = found.order_by(Milestone.day, Milestone.id)
    return [NextMilestone(*row) for row in execute_core(ordered.limit(MAX_NEXT))]


def _can_be_told() -> tuple[ColumnElement[bool], ...]:
    """SQL conditions: a milestone is open, and its commitment in progress and not hidden."""
    return (*_is_open(), *_goes_on())


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return Milestone.reached_at.is_(None), Milestone.given_up_at.is_(None)


def _goes_on() -> tuple[ColumnElement[bool], ...]:
    return is_in_state(RUNNING), Commitment.hidden_at.is_(None)


# One commitment


def get_commitment(reader: Person, commitment_id: int) -> Commitment:
    """One commitment with its agenda, organisation and author, or `NotFound`."""
    query = _with_whose(visible_commitments(reader).where(Commitment.id == commitment_id))
    found: Commitment | None = db.session.scalar(query.options(joinedload(Commitment.author)))
    return or_not_found(found, NO_SUCH)


def commitment_to_edit(member: Person, commitment_id: int) -> Commitment:
    """One commitment, for somebody who may change what it says; else `Forbidden`, or `NotFound`."""
    found = get_commitment(member, commitment_id)
    require(member.can.edit_commitment(found))
    return found


def commitment_to_tell_of(member: Person, commitment_id: int) -> Commitment:
    """One commitment, for a member who may report its progress; else `Forbidden`, or `NotFound`."""
    found = get_commitment(member, commitment_id)
    require(member.can.tell_of_commitment(found))
    return found


def milestones_of(commitment: Commitment) -> Sequence[Milestone]:
    """The milestones of a commitment, in the order of their days."""
    return milestones_of_many([commitment.id])


def with_milestones(commitment: Commitment) -> Commitment:
    """A commitment with its milestones, read afresh: what moderators look at."""
    set_committed_value(commitment, "milestones", list(milestones_of(commitment)))
    return commitment


def milestones_of_many(commitment_ids: Collection[int]) -> Sequence[Milestone]:
    """The milestones of several commitments, in the order of their days."""
    mine = select(Milestone).where(Milestone.commitment_id.in_(commitment_ids))
    return db.session.scalars(mine.order_by(Milestone.day, Milestone.id)).all()


def milestone_in(commitment: Commitment, milestone_id: int) -> Milestone:
    """One milestone of a commitment, open or not; or `NotFound`."""
    mine = Milestone.id == milestone_id, Milestone.commitment_id == commitment.id
    return or_not_found(db.session.scalar(select(Milestone).where(*mine)), NO_SUCH)


def declaration_of(reader: Person, commitment: Commitment) -> Declaration | None:
    """The declaration from which a commitment follows, if there is one and the reader sees it."""
    if commitment.declaration_id is None:
        return None
    query = visible_declarations(reader).where(Declaration.id == commitment.declaration_id)
    found: Declaration | None = db.session.scalar(query)
    return found


class Copied(NamedTuple):
    """The practice or the case that a commitment copies."""

    title: str
    address: str
    language: str
    practice_id: int | None = None
    case_id: int | None = None
    agenda_id: int | None = None


def copied_by(reader: Person, commitment: Commitment) -> Copied | None:
    """The page that a commitment copies, if there is one and the reader sees it."""
    if commitment.practice_id:
        return _copied(reader, "practices", Practice.id == commitment.practice_id)
    if commitment.case_id:
        return _copied(reader, "cases", Case.id == commitment.case_id)
    return None


def copied_at(reader: Person, typed: str) -> Copied | None:
    """The published practice, or the case, at a typed address, if the reader sees it."""
    found = COPIED.fullmatch(typed.strip())
    if found is None:
        return None
    kind, slug = found.groups()
    return _copied(reader, kind, (Practice if kind == "practices" else Case).slug == slug)


def _copied(reader: Person, kind: str, condition: ColumnElement[bool]) -> Copied | None:
    if kind == "practices":
        is_told = Practice.state == PUBLISHED, Practice.hidden_at.is_(None)
        practice = db.session.scalar(visible_practices(reader).where(condition, *is_told))
        address = f"/practices/{practice.slug}" if practice else ""
        return practice and Copied(
            practice.title, address, practice.language, practice.id, agenda_id=practice.agenda_id
        )
    case = db.session.scalar(visible_cases(reader).where(condition, Case.hidden_at.is_(None)))
    ids = {"case_id": case.id, "agenda_id": case.agenda_id} if case else {}
    return case and Copied(case.name, f"/cases/{case.slug}", case.language, **ids)


# Members who speak for an organisation


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
    ids = set(db.session.scalars(signed.where(Signature.organisation_id.in_([o.id for o in mine]))))
    return [organisation for organisation in mine if organisation.id in ids]


def declarations_to_follow(member: Person) -> list[Declaration]:
    """The declarations from which a commitment may follow, newest first: neither drafts nor withdrawn."""
    told = Declaration.opened_at.is_not(None), Declaration.withdrawn_at.is_(None)
    query = visible_declarations(member).where(*told).order_by(Declaration.id.desc())
    return list(db.session.scalars(query.limit(MAX_CHOICES)))


def open_agendas(member: Person) -> list[tuple[str, str]]:
    """Slug and title of the agendas to which something can be added, in their order."""
    is_open = Agenda.archived_at.is_(None), Agenda.opened_at.is_not(None)
    query = visible_agendas(member).where(*is_open).with_only_columns(Agenda.slug, Agenda.title)
    return [(slug, title) for slug, title in db.session.execute(query)]


def slug_of_agenda(member: Person, agenda_id: int) -> str:
    """The slug of an agenda to which something can be added; empty for any other."""
    is_it = Agenda.id == agenda_id, Agenda.archived_at.is_(None), Agenda.opened_at.is_not(None)
    query = visible_agendas(member).where(*is_it).with_only_columns(Agenda.slug)
    return db.session.scalar(query) or ""


# Followers ("peers")


def is_peer(member: Person, commitment_id: int) -> bool:
    """Whether a member follows a commitment."""
    if not member.is_member:
        return False
    mine = _peers().where(Peer.commitment_id == commitment_id, Peer.member_id == member.id)
    return bool(db.session.scalar(select(mine.exists())))


def _peers() -> Select[Any]:
    """(member id, commitment) of followers; members who belong to its organisation by now are left out."""
    is_elsewhere = Member.organisation_id.is_distinct_from(Commitment.organisation_id)
    found = select(Peer.member_id).join(Peer.member)
    return found.join(Commitment, Commitment.id == Peer.commitment_id).where(is_elsewhere)


def commitments_with_own_peers(limit: int) -> list[tuple[int, int]]:
    """(commitment id, member id) of followers who belong to its organisation by now."""
    is_own = Member.organisation_id == Commitment.organisation_id
    found = select(Peer.commitment_id, Peer.member_id).join(Peer.member)
    found = found.join(Commitment, Commitment.id == Peer.commitment_id).where(is_own)
    ordered = found.order_by(Peer.commitment_id, Peer.member_id).limit(limit)
    return [(commitment_id, member_id) for commitment_id, member_id in db.session.execute(ordered)]


def peers_of(commitment: Commitment) -> Sequence[Peer]:
    """The followers of a commitment, with member and city, by city; without hidden profiles, at most `MAX_PEERS`."""
    mine = Peer.commitment_id == commitment.id, Member.hidden_at.is_(None), Member.left_at.is_(None)
    is_elsewhere = Member.organisation_id.is_distinct_from(commitment.organisation_id)
    query = select(Peer).join(Peer.member).outerjoin(Member.city).where(*mine, is_elsewhere)
    people = contains_eager(Peer.member)
    query = query.options(
        people.contains_eager(Member.city), people.joinedload(Member.organisation)
    )
    order = (City.name.is_(None), City.name, Peer.followed_at, Peer.member_id)
    return db.session.scalars(query.order_by(*order).limit(MAX_PEERS)).all()


def peer_ids(commitment_id: int) -> list[int]:
    """The ids of all members of other organisations who follow a commitment."""
    return sorted(db.session.scalars(_peers().where(Peer.commitment_id == commitment_id)))


def count_peers(commitment_id: int) -> int:
    """How many members follow a commitment."""
    query = select(func.count()).where(Peer.commitment_id == commitment_id)
    return db.session.scalar(query) or 0


def peer_to_end(commitment_id: int, member_id: int | None) -> Peer | None:
    """The row of a member's following, for a commitment that is locked; None if there is none."""
    mine = Peer.commitment_id == commitment_id, Peer.member_id == member_id
    return db.session.scalar(select(Peer).where(*mine))


def followed_by(member_id: int) -> list[int]:
    """The ids of the commitments that a member follows, in order."""
    return sorted(db.session.scalars(select(Peer.commitment_id).where(Peer.member_id == member_id)))


# Earlier versions


def commitment_fields(commitment: Commitment) -> dict[str, Any]:
    """The fields of a commitment by which a form detects changes."""
    copied = commitment.practice_id and f"practice {commitment.practice_id}"
    return {
        "title": commitment.title,
        "source": commitment.source,
        "language": commitment.language,
        "last_day": commitment.last_day.isoformat(),
        "declaration": str(commitment.declaration_id or ""),
        "copied": copied or (commitment.case_id and f"case {commitment.case_id}") or "",
    }


def fields_to_keep(commitment: Commitment) -> dict[str, Any]:
    """The fields of a commitment that its history stores and compares, with its milestones and its state."""
    kept = commitment_fields(commitment)
    lines = (milestone.line for milestone in milestones_of(commitment))
    return {
        **{name: kept[name] for name in ("title", "source", "language", "last_day")},
        "milestones": "\n".join(lines),
        "state": commitment.state,
    }


def edits_of(commitment: Commitment, state_names: Mapping[str, Any]) -> list[Edit]:
    """What was changed in a commitment, newest first; states by their names."""
    present = {commitment.id: fields_to_keep(commitment)}
    return edits_between(versions_of("commitment", commitment.id), present, state_names)


# For actions and the worker


def commitment_to_change(doer: Person, commitment_id: int) -> Commitment:
    """One commitment with its agenda and organisation, locked; or `NotFound`."""
    query = visible_commitments(doer).where(Commitment.id == commitment_id)
    locked = _with_whose(query).with_for_update(of=Commitment)
    found: Commitment | None = db.session.scalar(locked.execution_options(populate_existing=True))
    return or_not_found(found, NO_SUCH)


def organisation_of(doer: Person, commitment_id: int) -> int:
    """The id of the organisation of a commitment, which has to be locked first; or `NotFound`."""
    query = visible_commitments(doer).where(Commitment.id == commitment_id)
    found: int | None = db.session.scalar(query.with_only_columns(Commitment.organisation_id))
    return or_not_found(found, NO_SUCH)


def identical_commitment(
    organisation_id: int, agenda_id: int, title: str, source: str
) -> Commitment | None:
    """A commitment in progress of an organisation with exactly this content, as when a form is sent twice; or None."""
    same = (
        is_in_state(RUNNING),
        Commitment.organisation_id == organisation_id,
        Commitment.agenda_id == agenda_id,
        Commitment.title == title,
        Commitment.source == source,
    )
    whole = select(Commitment).options(joinedload(Commitment.organisation))
    return db.session.scalars(whole.where(*same).limit(1)).first()


def first_open_day(commitment_id: int) -> date | None:
    """The day of the first open milestone of a commitment; None if there is none."""
    is_open = Milestone.reached_at.is_(None), Milestone.given_up_at.is_(None)
    days = select(func.min(Milestone.day)).where(Milestone.commitment_id == commitment_id)
    return db.session.scalar(days.where(*is_open))


def count_milestones(commitment_id: int) -> int:
    """How many milestones a commitment has."""
    query = select(func.count(Milestone.id)).where(Milestone.commitment_id == commitment_id)
    return db.session.scalar(query) or 0


def milestones_near(today: date, limit: int) -> Sequence[Milestone]:
    """Up to `limit` milestones whose day is near and that nobody was reminded of, locked, with their commitments."""
    is_near = Milestone.day.between(today, today + REMIND_BEFORE)
    return _due(is_near, Milestone.reminded_before_at.is_(None), limit=limit)


def milestones_over(today: date, limit: int) -> Sequence[Milestone]:
    """Up to `limit` milestones whose day has passed without a reminder since, locked, with their commitments."""
    return _due(Milestone.day < today, Milestone.reminded_after_at.is_(None), limit=limit)


def _due(*conditions: ColumnElement[bool], limit: int) -> Sequence[Milestone]:
    """Leaves out agendas in preparation, about which nobody is notified, and commitments that nobody could report on now."""
    query = select(Milestone).join(Milestone.commitment).where(*_can_be_told(), *conditions)
    can_tell = _can_tell().where(Organisation.id == Commitment.organisation_id).exists()
    query = query.where(is_on_open_agenda(Commitment.agenda_id), can_tell)
    first = query.order_by(Milestone.day, Milestone.id).limit(limit)
    locked = first.with_for_update(of=Milestone, skip_locked=True)
    return db.session.scalars(locked.options(contains_eager(Milestone.commitment))).all()


def ids_to_remind(commitment: Commitment) -> list[int]:
    """The ids of the members who may report on a commitment now."""
    return sorted(
        db.session.scalars(_can_tell().where(Organisation.id == commitment.organisation_id))
    )


def ids_of_voices(organisation_id: int) -> set[int]:
    """The ids of the members who speak for an organisation, even those who may not write at the moment."""
    found = select(Member.id).join(Organisation, speaks_for()).where(Member.left_at.is_(None))
    return set(db.session.scalars(found.where(Organisation.id == organisation_id)))


def commitments_told_by(member_id: Any) -> Select[Any]:
    """A select of the ids of the commitments of organisations for which a member speaks; the id may be a parameter."""
    for_them = select(Organisation.id).join(Member, speaks_for()).where(Member.id == member_id)
    return select(Commitment.id).where(Commitment.organisation_id.in_(for_them))


def ids_of_reminded(commitment: Commitment) -> list[int]:
    """The ids of the members who may have been reminded: present speakers, and all members of the organisation."""
    is_there = Member.organisation_id == commitment.organisation_id
    found = select(Member.id).join(Organisation, or_(speaks_for(), is_there))
    return sorted(
        set(db.session.scalars(found.where(Organisation.id == commitment.organisation_id)))
    )


def _can_tell() -> Select[Any]:
    return select(Member.id).join(Organisation, speaks_for()).where(may_write(Member, now()))


def commitments_by_id(commitment_ids: Collection[int]) -> Sequence[Commitment]:
    """Commitments with their organisations, locked."""
    query = select(Commitment).where(Commitment.id.in_(commitment_ids)).order_by(Commitment.id)
    whole = query.options(joinedload(Commitment.organisation))
    return db.session.scalars(whole.with_for_update(of=Commitment)).all()


def commitments_of_author(member_id: int) -> Sequence[Commitment]:
    """All commitments that a member has published."""
    return db.session.scalars(select(Commitment).where(Commitment.author_id == member_id)).all()
