"""Agendas, members' statements and themes, as pages and other rooms ask for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload, undefer_group

from forum.agendas.models import (
    FOUND,
    Agenda,
    AgendaHost,
    MemberTheme,
    Statement,
    TakenName,
    Theme,
)
from forum.clock import now
from forum.db import db, execute_core
from forum.errors import NotFound, or_not_found
from forum.history.queries import Edit, edits_between, versions_of, versions_of_many
from forum.members.models import Member
from forum.permissions import Person, require
from forum.plaintext import fold, has_words_starting_with, words_in
from forum.principals import moderates
from forum.reach import may_decide, opened_to, sees_hidden
from forum.reachcache import cached_statement
from forum.versions import cached

Fields = dict[str, Any]
MAX_LISTED = 500  # agendas, statements or themes in one list


@dataclass(frozen=True)
class AgendaEdit(Edit):
    """One change by a curator: of the agenda itself, or of a statement by `name`.

    `is_removed`: the statement has been removed from the agenda since.
    """

    name: str = ""
    is_removed: bool = False


def visible_agendas(reader: Person) -> Select[Agenda]:
    """The agendas that a reader may see, in the moderators' order: those in preparation only if they moderate them.

    Deleted ones are never included.
    """
    seen = select(Agenda).where(opened_to(reader, Agenda.id), Agenda.deleted_at.is_(None))
    return seen.order_by(Agenda.position, Agenda.id)


def agendas(reader: Person, archived: bool = False) -> Sequence[Agenda]:
    """The agendas that are not archived, or (`archived`) those that are, in order."""
    return db.session.scalars(_agendas(reader, archived)).all()


@cached_statement
def _agendas(reader: Person, archived: bool) -> Select[Agenda]:
    state = Agenda.archived_at.is_not(None) if archived else Agenda.archived_at.is_(None)
    return visible_agendas(reader).where(state).limit(MAX_LISTED)


def curated_agendas(curator: Person) -> list[Agenda]:
    """The agendas, not archived, that a curator may edit, in order; no query for others."""
    if not curator.is_curator:
        return []
    return [agenda for agenda in agendas(curator) if curator.can.curate(agenda)]


def all_agendas(reader: Person) -> Sequence[Agenda]:
    """Every agenda that the reader sees, open, archived or in preparation, in order."""
    return db.session.scalars(visible_agendas(reader).limit(MAX_LISTED)).all()


def get_agenda(reader: Person, slug: str) -> Agenda:
    """The agenda with this slug and its hosts, or `NotFound`."""
    return _agenda_or_not_found(visible_agendas(reader).where(Agenda.slug == slug))


def agenda_by_id(reader: Person, agenda_id: int) -> Agenda:
    """The agenda with this id and its hosts, or `NotFound`."""
    return _agenda_or_not_found(visible_agendas(reader).where(Agenda.id == agenda_id))


def agendas_of_findings(reader: Person, addresses: Collection[str]) -> dict[str, Agenda]:
    """The agendas that the reader sees, by the address of their findings."""
    if not addresses:
        return {}
    slugs = [address.removeprefix("/agendas/").removesuffix(FOUND) for address in addresses]
    found = db.session.scalars(visible_agendas(reader).where(Agenda.slug.in_(slugs)))
    return {agenda.findings_address: agenda for agenda in found}


def agenda_to_curate(curator: Person, slug: str) -> Agenda:
    """The agenda with this slug, for somebody who may curate it; else `Forbidden`, or `NotFound`."""
    agenda = get_agenda(curator, slug)
    require(curator.can.curate(agenda))
    return agenda


def agendas_to_order(moderator: Person) -> Sequence[Agenda]:
    """Every agenda, for somebody who may put them in order; else `Forbidden`."""
    require(moderator.can.curate_all())
    return all_agendas(moderator)


def agenda_patterns(reader: Person) -> tuple[tuple[str, str], ...]:
    """(slug, pattern) of every agenda that the reader sees, from which its plan is drawn; cached."""
    return tuple(
        (slug, pattern)
        for agenda_id, opened_at, slug, pattern in _plans_drawn()
        if opened_at or reader.can.moderate(agenda_id)
    )


def ids_in_preparation() -> list[int]:
    """The ids of the agendas in preparation; cached."""
    return [agenda_id for agenda_id, opened_at, *_plan in _plans_drawn() if not opened_at]


def _plans_drawn() -> Sequence[Any]:
    """(id, when it was opened, slug, pattern) of every agenda."""

    def read() -> Sequence[Any]:
        columns = (Agenda.id, Agenda.opened_at, Agenda.slug, Agenda.pattern)
        query = select(*columns).where(Agenda.deleted_at.is_(None))
        return execute_core(query.order_by(Agenda.id).limit(MAX_LISTED)).all()

    return cached("plans drawn", read)


def edits_of(agenda: Agenda, reader: Person) -> list[AgendaEdit]:
    """What curators changed in an agenda and its statements, newest first."""
    require(reader.can.curate(agenda))
    own = edits_between(versions_of("agenda", agenda.id), {agenda.id: agenda_fields(agenda)})
    edits = [*(AgendaEdit(**vars(edit)) for edit in own), *_edits_of_statements(agenda)]
    return sorted(edits, key=lambda edit: edit.version.id, reverse=True)


def _edits_of_statements(agenda: Agenda) -> Iterator[AgendaEdit]:
    query = select(Statement).where(Statement.agenda_id == agenda.id).limit(MAX_LISTED)
    rows = db.session.scalars(query.options(joinedload(Statement.member))).all()
    statements = {statement.id: statement for statement in rows}
    present = {statement.id: statement_fields(statement) for statement in rows}
    for edit in edits_between(versions_of_many("statement", present), present):
        about = statements[edit.version.item_id]
        yield AgendaEdit(**vars(edit), name=about.name, is_removed=about.removed_at is not None)


def agenda_fields(agenda: Agenda) -> Fields:
    """The fields of an agenda as its history stores and compares them; its hosts must be loaded."""
    names = ("title", "summary", "introduction", "findings", "language", "palette", "pattern")
    fields = {name: getattr(agenda, name) for name in names}
    return {**fields, "hosts": ", ".join(host.handle for host in agenda.hosts)}


def statement_fields(statement: Statement) -> Fields:
    """The fields of a statement as its history stores and compares them; its member must be loaded."""
    names = ("name", "role_title", "organisation", "quotation", "language")
    fields = {name: getattr(statement, name) for name in names}
    fields["said_on"] = statement.said_on.isoformat() if statement.said_on else ""
    fields["handle"] = statement.member.handle if statement.member else ""
    fields["is_removed"] = "yes" if statement.removed_at else "no"
    return fields


def agenda_to_change(doer: Person, agenda_id: int) -> Agenda:
    """The agenda with this id and its hosts, locked; or `NotFound`."""
    query = visible_agendas(doer).where(Agenda.id == agenda_id)
    return _agenda_or_not_found(query.with_for_update(of=Agenda))


def lock_opening(agenda_id: int, *, is_noted: bool = False) -> datetime | None:
    """When an agenda was opened, or None while it is in preparation; locked until the action ends.

    The lock is shared: members who write on an agenda wait only for somebody who opens, prepares, curates or deletes
    it. What `is_noted` there (`note_activity`) waits for others that are, too: here and not when it has asked for
    the time. `NotFound` when it was deleted.
    """
    opening = _OPENING_TO_NOTE if is_noted else _OPENING
    row = db.session.execute(opening, {"agenda_id": agenda_id}).first()
    if row is not None and row.deleted_at is not None:
        raise NotFound()
    return row.opened_at if row else None


_OPENING_UNLOCKED = select(Agenda.opened_at, Agenda.deleted_at).where(
    Agenda.id == bindparam("agenda_id")
)
_OPENING = _OPENING_UNLOCKED.with_for_update(read=True, key_share=True)
_OPENING_TO_NOTE = _OPENING_UNLOCKED.with_for_update(key_share=True)


def lock_to_write_on(author: Person, agenda_id: int, *, is_noted: bool = False) -> None:
    """Lock the opening of an agenda, as `lock_opening`, for a member who writes there; `NotFound` if they do not see it (any more)."""
    if lock_opening(agenda_id, is_noted=is_noted) is None and not author.can.moderate(agenda_id):
        raise NotFound()


def taken_slugs(slugs: Collection[str]) -> set[str]:
    """Which of some slugs agendas have."""
    return set(db.session.scalars(select(Agenda.slug).where(Agenda.slug.in_(slugs))))


def agendas_titled(title: str) -> set[int]:
    """The ids of the agendas of exactly this title, without those that were deleted."""
    is_so = (Agenda.title == title, Agenda.deleted_at.is_(None))
    return set(db.session.scalars(select(Agenda.id).where(*is_so)))


def last_position() -> int:
    """The highest position of an agenda; 0 when there is none."""
    return db.session.scalar(select(func.max(Agenda.position))) or 0


def curators_of(agenda_id: int | None) -> Sequence[int]:
    """The ids of everybody who can moderate an agenda now: its hosts, moderators and administrators."""
    hosts = select(AgendaHost.member_id).where(AgendaHost.agenda_id == agenda_id)
    is_meant = or_(moderates(Member.role), Member.id.in_(hosts))
    query = select(Member.id).where(is_meant, may_decide(Member, now())).order_by(Member.id)
    return db.session.scalars(query).all()


def hosted_by(member_id: int) -> list[int]:
    """The ids of the agendas that a member hosts."""
    query = select(AgendaHost.agenda_id).where(AgendaHost.member_id == member_id)
    return sorted(db.session.scalars(query))


def statements_of(agenda: Agenda) -> Sequence[Statement]:
    """The statements on an agenda in order; `member` is loaded only where the profile is shown to everybody."""
    said = select(Statement).where(Statement.agenda_id == agenda.id, Statement.removed_at.is_(None))
    is_shown = Member.hidden_at.is_(None) & Member.left_at.is_(None)
    ordered = said.order_by(Statement.position, Statement.id).limit(MAX_LISTED)
    member = joinedload(Statement.member.and_(is_shown))
    return db.session.scalars(ordered.options(member)).all()


def statements_by(member_id: int) -> Sequence[Statement]:
    """A member's statements on any agenda, removed ones too, and those from which they removed their name; with the agendas."""
    query = select(Statement).where(is_said_by(member_id)).options(joinedload(Statement.agenda))
    return db.session.scalars(query).all()


def is_said_by(member_id: int) -> ColumnElement[bool]:
    """SQL condition: a statement is linked with a member, or the member has removed their name from it."""
    before = select(TakenName.statement_id).where(TakenName.member_id == member_id)
    now_or_last = or_(Statement.member_id == member_id, Statement.refused_by_id == member_id)
    return or_(now_or_last, Statement.id.in_(before))


def refused_statements(agenda_id: int, quotation: str) -> Sequence[Statement]:
    """The statements of an agenda with exactly these words from which a member has removed their name."""
    is_such = (Statement.refused_at.is_not(None), Statement.quotation == quotation)
    query = select(Statement).where(Statement.agenda_id == agenda_id, *is_such)
    return db.session.scalars(query.order_by(Statement.id)).all()


def names_taken_before(statement: Statement) -> Sequence[TakenName]:
    """The members who removed their name from a statement before the latest one did, the most recent first."""
    query = select(TakenName).where(TakenName.statement_id == statement.id)
    return db.session.scalars(query.order_by(TakenName.id.desc())).all()


def ids_of_taken(statement: Statement) -> set[int | None]:
    """The ids of all members who removed their name from a statement; None stands for those who are not known any more."""
    if statement.refused_at is None:
        return set()
    return {statement.refused_by_id, *(taken.member_id for taken in names_taken_before(statement))}


def is_taken_away(names: Collection[str], quotation: str) -> bool:
    """Whether a member with one of these names has removed it from a statement with exactly these words, on any agenda."""
    last = select(Statement.refused_by_id).where(Statement.quotation == quotation)
    before = select(TakenName.member_id).join(Statement, Statement.id == TakenName.statement_id)
    before = before.where(Statement.quotation == quotation)
    is_such = or_(Member.id.in_(last), Member.id.in_(before))
    quoted = db.session.scalars(select(Member).where(is_such)).all()
    return any(is_called(member, name) for member in quoted for name in names)


def is_called(member: Member, words: str) -> bool:
    """Whether some words are the name or handle of a member, ignoring case, accents, spaces and punctuation."""
    called = "".join(words_in(words))
    return bool(called) and called in {
        "".join(words_in(name)) for name in (member.name, member.handle)
    }


def get_statement(agenda: Agenda, statement_id: int) -> Statement:
    """One statement of an agenda, or `NotFound`."""
    mine = (Statement.agenda_id == agenda.id, Statement.id == statement_id)
    return or_not_found(db.session.scalars(_shown_statements().where(*mine)).first())


def speaker_of(curator: Person, statement: Statement) -> Member | None:
    """The member who made a statement, or None when the curator may not see that profile. `member` must be loaded."""
    member = statement.member
    if member is None or member.hidden_at is None or member.id == curator.id:
        return member
    return member if sees_hidden(curator, None) else None


def statement_by_id(statement_id: int) -> Statement:
    """One statement of any agenda, or `NotFound`."""
    return or_not_found(
        db.session.scalars(_shown_statements().where(Statement.id == statement_id)).first()
    )


def themes() -> Sequence[Theme]:
    """The themes in use, by name."""
    return db.session.scalars(_themes().limit(MAX_LISTED)).all()


class ThemeName(NamedTuple):
    """A theme as far as a search needs it."""

    slug: str
    name: str
    words: list[str]


def themes_by_words(beginnings: Sequence[str]) -> list[ThemeName]:
    """The themes in use whose name has a word that starts with each of the beginnings (`words_in`), by name; none without any."""
    return themes_by_each([beginnings])[0]


def themes_by_each(searches: Sequence[Sequence[str]]) -> list[list[ThemeName]]:
    """For each of several lists of beginnings, the themes in use that `themes_by_words` returns."""

    def read() -> Sequence[ThemeName]:
        return [ThemeName(theme.slug, theme.name, words_in(theme.name)) for theme in themes()]

    names = cached("theme names", read) if any(map(any, searches)) else []
    return [
        [theme for theme in names if any(words) and has_words_starting_with(theme.words, words)]
        for words in searches
    ]


def themes_by_slug(slugs: Iterable[str]) -> Sequence[Theme]:
    """The themes in use with these slugs, ordered by name; unknown ones are left out."""
    return db.session.scalars(_themes().where(Theme.slug.in_(list(slugs)[:MAX_LISTED]))).all()


def themes_by_id(theme_ids: Iterable[int]) -> Sequence[Theme]:
    """The themes in use with these ids, ordered by name; unknown ones are left out."""
    return db.session.scalars(_themes().where(Theme.id.in_(list(theme_ids)[:MAX_LISTED]))).all()


def themes_of_member(member_id: int) -> Sequence[Theme]:
    """The themes that a member can help with, by name."""
    query = _themes().join(MemberTheme, MemberTheme.theme_id == Theme.id)
    return db.session.scalars(
        query.where(MemberTheme.member_id == member_id).limit(MAX_LISTED)
    ).all()


def themes_to_curate(moderator: Person) -> Sequence[Theme]:
    """The themes in use, for somebody who may make more; else `Forbidden`."""
    require(moderator.can.curate_all())
    return themes()


def theme_to_curate(moderator: Person, slug: str) -> Theme:
    """The theme in use with this slug, for somebody who may rename it; else `Forbidden`, or `NotFound`."""
    require(moderator.can.curate_all())
    return or_not_found(db.session.scalars(_themes().where(Theme.slug == slug)).first())


def theme_fields(theme: Theme) -> Fields:
    """The fields of a theme as its history stores and compares them."""
    return {"name": theme.name}


def theme_by_id(theme_id: int) -> Theme:
    """The theme in use with this id, locked; or `NotFound`."""
    query = _themes().where(Theme.id == theme_id).with_for_update()
    return or_not_found(db.session.scalars(query).first())


def get_theme(slug: str) -> Theme:
    """The theme in use with this slug, or `NotFound`."""
    return or_not_found(next(iter(themes_by_slug([slug])), None))


def theme_of_slug(slug: str) -> Theme | None:
    """The theme with this slug, even a removed one; or None."""
    return db.session.scalars(select(Theme).where(Theme.slug == slug)).first()


def theme_called(name: str) -> Theme | None:
    """The theme in use with this name, compared as search does; or None."""
    wanted = fold(name.strip())
    return next(
        (theme for theme in db.session.scalars(_themes()) if fold(theme.name) == wanted), None
    )


def member_themes(member_id: int) -> Sequence[MemberTheme]:
    """The rows that say which themes a member can help with."""
    return db.session.scalars(select(MemberTheme).where(MemberTheme.member_id == member_id)).all()


def _agenda_or_not_found(query: Select[Agenda]) -> Agenda:
    hosts = selectinload(Agenda.hosts)
    people = hosts, hosts.joinedload(Member.city), hosts.joinedload(Member.organisation)
    options = *people, undefer_group("findings")
    return or_not_found(db.session.scalars(query.options(*options)).first())


def _shown_statements() -> Select[Statement]:
    shown = select(Statement).where(Statement.removed_at.is_(None))
    return shown.options(joinedload(Statement.member))


def _themes() -> Select[Theme]:
    return select(Theme).where(Theme.removed_at.is_(None)).order_by(Theme.name, Theme.id)
