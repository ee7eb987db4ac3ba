"""Curating agendas, members' statements and themes, each with its history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import case, delete, literal, update

from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Statement, Theme
from forum.agendas.queries import (
    agenda_fields,
    agenda_to_change,
    agendas_titled,
    all_agendas,
    hosted_by,
    last_position,
    member_themes,
    speaker_of,
    statement_by_id,
    statement_fields,
    statements_by,
    statements_of,
    taken_slugs,
    theme_by_id,
    theme_called,
    theme_fields,
    theme_of_slug,
    themes_by_id,
)
from forum.clock import now
from forum.db import db, flush_unique, store_html
from forum.deeds import action, touches
from forum.drawings import PATTERNS
from forum.errors import Forbidden, Invalid
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.markup import Written
from forum.members.actions import note_hosting
from forum.members.models import PALETTES
from forum.members.queries import lock_member, member_called, members_called
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    note_event_for_watchers,
    read_outdated,
    restore_told,
)
from forum.notifications.models import AGENDA
from forum.permissions import Person, require
from forum.plaintext import first_free, slugify

if TYPE_CHECKING:
    from forum.members.models import Member

FINDINGS_APART = timedelta(days=7)
RESERVED = {"new", "order"}  # addresses of pages of their own under /agendas/
LONGEST = 200  # characters in a title or name, as the columns keep it


@dataclass(frozen=True)
class AgendaText:
    """What a curator writes of an agenda. `slug`, `is_open` and `findings_at` are for a new agenda only.

    An empty slug follows from the title. An agenda that is not open is in preparation. `findings` are in the language of the
    introduction; None for none. `findings_at` is when they were written, if that is not now.
    """

    title: str
    introduction: Written
    summary: str = ""
    findings: Written | None = None
    palette: str = PALETTES[0]
    pattern: str = PATTERNS[0]
    slug: str = ""
    is_open: bool = True
    findings_at: datetime | None = None

    @property
    def language(self) -> str:
        """The language of the introduction, and so of the agenda."""
        return self.introduction.language


@dataclass(frozen=True)
class StatementText:
    """A statement to store; an empty `handle` means somebody without an account."""

    name: str
    quotation: str
    role_title: str = ""
    organisation: str = ""
    said_on: date | None = None
    language: str = "en"
    handle: str = ""


@action
def write_agenda(
    moderator: Person,
    text: AgendaText,
    agenda_id: int | None = None,
    hosts: Iterable[str] | None = None,
    *,
    seen: str | None = None,
) -> Agenda:
    """Make an agenda, or change the one with `agenda_id` and keep the former version; its slug never changes.

    `hosts` are the handles of all who are to host it; None leaves the hosts as they are. `seen` is the `fingerprint` of
    the fields when the form was opened: raises `Conflict` when somebody has changed them since.
    """
    _check_agenda(text)
    agenda = _agenda_to_curate(moderator, agenda_id) if agenda_id else _new_agenda(moderator, text)
    before = agenda_fields(agenda)
    _change_agenda(moderator, agenda, text)
    if hosts is not None:
        set_hosts(moderator, agenda.id, hosts)
    if agenda_fields(agenda) != before:
        refuse_unseen(seen, before)
    return agenda


def _change_agenda(moderator: Person, agenda: Agenda, text: AgendaText) -> None:
    _refuse_title_of_another(text.title, agenda)
    columns = _agenda_columns(text)
    if any(getattr(agenda, name) != value for name, value in columns.items()):
        keep_version(moderator, "agenda", agenda.id, agenda_fields(agenda))
        is_new, said_at = agenda.findings != columns["findings"], agenda.findings_at
        _assign(agenda, {**columns, **_html_columns(text)})
        if is_new:
            agenda.findings_at = now() if text.findings else None
            _tell_findings(moderator, agenda, said_at)


def _tell_findings(doer: Person, agenda: Agenda, said_at: datetime | None) -> None:
    """Notify those who watch an agenda of its first findings, and of others once these have stood for `FINDINGS_APART`.

    The notices quote no words: findings are worked on, and may be taken back. Then the notices go, too; they come again with
    findings that are written soon after, of which nobody is told twice.
    """
    address = agenda.findings_address
    if not agenda.findings_at:
        hide_told(doer, "findings", address)
        return
    stood = now() - said_at if said_at else FINDINGS_APART
    is_due = agenda.opened_at is not None and stood >= FINDINGS_APART
    if is_due and not restore_told(doer, "findings", address, now() - FINDINGS_APART):
        notice = NoticeText("findings", address, agenda.title)
        note_event_for_watchers(doer, notice, [(AGENDA, agenda.id)])


@action
def open_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Open an agenda that is in preparation; for `dialogue.open_agenda`, with all that follows from it."""
    agenda = _agenda_to_curate(curator, agenda_id)
    agenda.opened_at = agenda.opened_at or now()
    db.session.flush()
    return agenda


@action
def prepare_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Put an agenda in preparation again; for `dialogue.prepare_agenda`, with all that follows from it."""
    agenda = _agenda_to_curate(curator, agenda_id)
    agenda.opened_at = None
    db.session.flush()
    return agenda


@action
def archive(moderator: Person, agenda_id: int) -> Agenda:
    """Close an agenda: it can be read, not continued."""
    agenda = agenda_to_change(moderator, agenda_id)
    require(moderator.can.curate(agenda))
    agenda.archived_at = agenda.archived_at or now()
    return agenda


@action
def reopen(moderator: Person, agenda_id: int) -> Agenda:
    """Open an archived agenda again."""
    agenda = agenda_to_change(moderator, agenda_id)
    require(moderator.can.curate(agenda))
    agenda.archived_at = None
    return agenda


@action
def order(moderator: Person, agenda_ids: Sequence[int]) -> None:
    """Put the agendas in this order; those that are not named come after, as they stood."""
    require(moderator.can.curate_all())
    _put_in_order(all_agendas(moderator), agenda_ids)


@action
def set_hosts(moderator: Person, agenda_id: int, handles: Iterable[str]) -> Agenda:
    """Set the hosts of an agenda to exactly the members with these handles or full names, and notify new ones."""
    require(moderator.can.curate_all())
    agenda = agenda_to_change(moderator, agenda_id)
    before = {host.id for host in agenda.hosts}
    hosts = _members_called(moderator, handles, "hosts")
    if before != {host.id for host in hosts}:
        keep_version(moderator, "agenda", agenda.id, agenda_fields(agenda))
        agenda.hosts = hosts
        db.session.flush()
        address = f"/agendas/{agenda.slug}"
        notice = NoticeText("host", address, agenda.title)
        note_event(moderator, notice, {host.id for host in hosts} - before, is_named=False)
        gone = before - {host.id for host in hosts}
        read_outdated(moderator, "host", [address], gone)
    _note_hosting(moderator, before ^ {host.id for host in hosts})
    return agenda


def _note_hosting(doer: Person, member_ids: Collection[int]) -> None:
    """Store with members which agendas they host now. Members are locked in the order of their ids, to avoid deadlocks."""
    for member_id in sorted(member_ids):
        lock_member(member_id, may_write=True)
        note_hosting(doer, member_id, hosted_by(member_id))


@action
def write_statement(
    curator: Person,
    agenda_id: int,
    text: StatementText,
    statement_id: int | None = None,
    *,
    seen: str | None = None,
) -> Statement:
    """Add a statement to an agenda, or change one and keep the former version; `seen` as in `write_agenda`.

    The same statement sent twice is added once.
    When the profile of who made it is hidden from the curator, an empty handle leaves the member as it is, because the
    form could not show the handle.
    """
    agenda = _agenda_to_curate(curator, agenda_id)
    said = _statement_columns(curator, text)
    if statement_id is None:
        return _identical_statement(agenda, said) or _new_statement(agenda, said)
    statement = _statement_of_agenda(agenda, statement_id)
    if not text.handle and speaker_of(curator, statement) is None:
        said["member_id"] = statement.member_id
    if any(getattr(statement, name) != value for name, value in said.items()):
        before = statement_fields(statement)
        refuse_unseen(seen, before)
        keep_version(curator, "statement", statement.id, before)
        _assign(statement, said)
    return statement


@action
def order_statements(curator: Person, agenda_id: int, statement_ids: Sequence[int]) -> None:
    """Put the statements of an agenda in this order; those that are not named come after."""
    agenda = _agenda_to_curate(curator, agenda_id)
    _put_in_order(statements_of(agenda), statement_ids)


@action
def remove_statement(curator: Person, agenda_id: int, statement_id: int) -> None:
    """Take a statement from an agenda; its history stays."""
    agenda = _agenda_to_curate(curator, agenda_id)
    statement = _statement_of_agenda(agenda, statement_id)
    keep_version(curator, "statement", statement.id, statement_fields(statement))
    statement.removed_at = now()


@action
def write_theme(
    moderator: Person, name: str, theme_id: int | None = None, *, seen: str | None = None
) -> Theme:
    """Make a theme, or rename one; its slug stays. `seen` as in `write_agenda`.

    Raises `Invalid` for the name of another theme in use, and for a new name whose address a renamed theme has.
    """
    require(moderator.can.curate_all())
    if theme_id is None:
        return _new_theme(name)
    theme = theme_by_id(theme_id)
    if theme.name != name:
        _check_length(name, "name")
        _refuse_name_of_another(name, theme)
        refuse_unseen(seen, theme_fields(theme))
        keep_version(moderator, "theme", theme.id, theme_fields(theme))
        theme.name = name
    return theme


@action
def remove_theme(moderator: Person, theme_id: int) -> None:
    """Take a theme out of use; what was written under it stays."""
    require(moderator.can.curate_all())
    theme = theme_by_id(theme_id)
    keep_version(moderator, "theme", theme.id, theme_fields(theme))
    theme.removed_at = now()


@action
def ensure_themes(doer: Person, names: Iterable[str]) -> list[Theme]:
    """The themes with these names, or else these addresses; those that are missing are made. For imports."""
    require(doer.can.curate_all())
    found = {slugify(name, "theme"): name.strip() for name in names}
    meant = (
        theme_called(name) or _theme_in_use(slug) or _new_theme(name)
        for slug, name in found.items()
    )
    return list(dict.fromkeys(meant))


@action
def set_member_themes(member: Person, theme_ids: Iterable[int]) -> None:
    """Let exactly these themes be what a member can help with."""
    require(member.can.write())
    lock_member(member.id, may_write=True)
    chosen = {theme.id for theme in themes_by_id(theme_ids)}
    before = {row.theme_id: row for row in member_themes(member.id)}
    if chosen == before.keys():
        touches()
        return
    for theme_id in before.keys() - chosen:
        db.session.delete(before[theme_id])
    for theme_id in sorted(chosen - before.keys()):
        db.session.add(MemberTheme(member_id=member.id, theme_id=theme_id))


@action
def note_activity(_doer: Person, agenda_id: int, at: datetime) -> None:
    """Note that something was written on an agenda at a moment."""
    moment = literal(at, Agenda.active_at.type)
    later = case((Agenda.active_at < moment, moment), else_=Agenda.active_at)
    db.session.execute(update(Agenda).where(Agenda.id == agenda_id).values(active_at=later))


@action
def note_quiet(_doer: Person, agenda_id: int, at: datetime, before: datetime) -> None:
    """Note that what was written `at` a moment is gone: if it was the latest activity, that is `before` now."""
    quiet = update(Agenda).where(Agenda.id == agenda_id, Agenda.active_at == at)
    db.session.execute(quiet.values(active_at=before))


@action
def correct_activity(system: Person, agenda_id: int, at: datetime) -> None:
    """Set the latest activity of an agenda, which the dialogue room has recomputed."""
    require(system.can.administer())
    db.session.execute(update(Agenda).where(Agenda.id == agenda_id).values(active_at=at))


@action
def mend_hosting(system: Person, member_ids: Iterable[int]) -> None:
    """Recompute which agendas members host."""
    require(system.can.administer())
    _note_hosting(system, set(member_ids))


@action
def forget_member(system: Person, member_id: int, former: str, *, is_silent: bool) -> None:
    """Forget a member who has left: as a host, as who can help, and in statements, which get the name `former`.

    With `is_silent` the statements are removed and emptied as well.
    """
    require(system.can.administer())
    for table in (AgendaHost, MemberTheme):
        db.session.execute(delete(table).where(table.member_id == member_id))
    said = {"member_id": None, "name": former, "role_title": "", "organisation": ""}
    for statement in statements_by(member_id):
        _assign(statement, said)
        if is_silent:
            _assign(statement, {"quotation": "", "removed_at": statement.removed_at or now()})
            forget_versions(system, "statement", statement.id)


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store newly rendered HTML by agenda id, where the introduction still has that source; returns for how many."""
    require(system.can.administer())
    return store_html(Agenda.introduction, Agenda.introduction_html, Agenda.html_version, texts)


@action
def rerender_findings(system: Person, texts: Mapping[int, Written]) -> int:
    """As `rerender`, for what the dialogue has found."""
    require(system.can.administer())
    return store_html(Agenda.findings, Agenda.findings_html, Agenda.findings_html_version, texts)


def _agenda_to_curate(curator: Person, agenda_id: int) -> Agenda:
    agenda = agenda_to_change(curator, agenda_id)
    require(curator.can.curate(agenda))
    return agenda


def _check_agenda(text: AgendaText) -> None:
    _check_length(text.title, "title")
    if text.palette not in PALETTES:
        raise Invalid(_("Choose one of the palettes."), "palette")
    if text.pattern not in PATTERNS:
        raise Invalid(_("Choose one of the plans."), "pattern")


def _check_length(value: str, field: str) -> None:
    if not 0 < len(value.strip()) <= LONGEST:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=LONGEST), field)


def _new_agenda(moderator: Person, text: AgendaText) -> Agenda:
    require(moderator.can.curate_all())
    _refuse_title_of_another(text.title, None)
    agenda = Agenda(
        slug=first_free(slugify(text.slug or text.title, "agenda"), _taken_slugs),
        position=last_position() + 1,
        created_at=now(),
        active_at=now(),
        opened_at=now() if text.is_open else None,
        hosts=[],
        findings_at=(text.findings_at or now()) if text.findings else None,
        **_agenda_columns(text),
        **_html_columns(text),
    )
    db.session.add(agenda)
    at_once = _(
        "Somebody made an agenda of this title at the same moment. Send the form once more."
    )
    flush_unique(Invalid(at_once, "title"))
    return agenda


def _refuse_title_of_another(title: str, agenda: Agenda | None) -> None:
    """Two agendas with the same title would confuse; this also catches a form that is sent twice."""
    if agendas_titled(title) - {agenda.id if agenda else None}:
        raise Invalid(_("There is an agenda of this title already."), "title")


def _taken_slugs(slugs: Sequence[str]) -> set[str]:
    return taken_slugs(slugs) | RESERVED


def _agenda_columns(text: AgendaText) -> dict[str, Any]:
    return {
        "title": text.title,
        "summary": text.summary,
        "introduction": text.introduction.source,
        "findings": text.findings.source if text.findings else "",
        "language": text.language,
        "palette": text.palette,
        "pattern": text.pattern,
    }


def _html_columns(text: AgendaText) -> dict[str, Any]:
    introduction, findings = text.introduction, text.findings
    return {
        "introduction_html": introduction.html,
        "html_version": introduction.html_version,
        "findings_html": findings.html if findings else "",
        "findings_html_version": findings.html_version if findings else 0,
    }


def _assign(row: Agenda | Statement, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _put_in_order(rows: Sequence[Agenda | Statement], ids: Sequence[int]) -> None:
    place = {item_id: number for number, item_id in enumerate(ids)}
    in_order = sorted(rows, key=lambda row: (place.get(row.id, len(place)), row.position, row.id))
    for number, row in enumerate(in_order, 1):
        row.position = number


def _members_called(moderator: Person, typed: Iterable[str], field: str) -> list[Member]:
    """The members that were typed, each by handle or full name; several handles may stand between spaces."""
    found: dict[int, Member] = {}
    for words in filter(None, (one.strip() for one in typed)):
        parts = [words] if members_called(moderator, words) else words.split()
        # “Ravi Kumar” is a name, also where Ravi and Kumar are handles
        is_small = words == words.lower()
        are_handles = len(parts) > 1 and is_small and members_called(moderator, parts[0])
        for part in parts if are_handles else [words]:
            member = member_called(moderator, part, field)
            found[member.id] = member
    return list(found.values())


def _statement_columns(curator: Person, text: StatementText) -> dict[str, Any]:
    _check_length(text.name, "name")
    members = _members_called(curator, [text.handle], "handle")
    return {
        "name": text.name,
        "role_title": text.role_title,
        "organisation": text.organisation,
        "said_on": text.said_on,
        "quotation": text.quotation,
        "language": text.language,
        "member_id": members[0].id if members else None,
    }


def _identical_statement(agenda: Agenda, said: dict[str, Any]) -> Statement | None:
    """A statement of the agenda that says exactly this, as when a form is sent twice; or None."""
    for known in statements_of(agenda):
        if all(getattr(known, name) == value for name, value in said.items()):
            return known
    return None


def _new_statement(agenda: Agenda, said: dict[str, Any]) -> Statement:
    after = max((known.position for known in statements_of(agenda)), default=0)
    statement = Statement(agenda_id=agenda.id, position=after + 1, **said)
    db.session.add(statement)
    db.session.flush()
    return statement


def _statement_of_agenda(agenda: Agenda, statement_id: int) -> Statement:
    statement = statement_by_id(statement_id)
    if statement.agenda_id != agenda.id:
        raise Forbidden(_("This statement belongs to another agenda."))
    return statement


def _theme_in_use(slug: str) -> Theme | None:
    theme = theme_of_slug(slug)
    return theme if theme and theme.removed_at is None else None


def _new_theme(name: str) -> Theme:
    name = name.strip()
    _check_length(name, "name")
    _refuse_name_of_another(name, None)
    slug = slugify(name, "theme")
    if theme := _theme_in_use(slug):
        has_address = _(
            "The theme “%(name)s” has the address of this name. Choose another one.",
            name=theme.name,
        )
        raise Invalid(has_address, "name")
    theme = theme_of_slug(slug)
    if theme is None:
        theme = Theme(slug=slug, name=name)
        db.session.add(theme)
    theme.name, theme.removed_at = name, None
    flush_unique(Invalid(_("There is a theme of this name already."), "name"))
    return theme


def _refuse_name_of_another(name: str, theme: Theme | None) -> None:
    known = theme_called(name)
    if known and known is not theme:
        raise Invalid(_("There is a theme of this name already."), "name")
