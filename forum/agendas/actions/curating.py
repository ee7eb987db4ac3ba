"""Agendas: writing, opening, archiving and ordering them, and their hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.orm.attributes import set_committed_value

from forum.agendas.actions._shared import (
    assign,
    check_length,
    lock_to_curate,
    members_typed,
    note_hosts,
    put_in_order,
)
from forum.agendas.models import Agenda, AgendaHost
from forum.agendas.queries import (
    agenda_fields,
    agenda_to_change,
    agendas_titled,
    all_agendas,
    last_position,
    taken_slugs,
)
from forum.clock import now
from forum.db import ORDERS, db, flush_unique, serialize
from forum.deeds import action
from forum.drawings import PATTERNS
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import Written
from forum.members.models import PALETTES, Member
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    hide_told_from_others,
    note_event,
    note_event_for_watchers,
    read_outdated,
    restore_told,
)
from forum.notifications.models import AGENDA
from forum.notifications.queries import members_unaware
from forum.permissions import Person, require
from forum.plaintext import first_free, slugify
from forum.sentences import sentence

FINDINGS_APART = timedelta(days=7)
LIST = "/agendas"  # the page to redirect to after an agenda was deleted
RESERVED = {"new", "order"}  # paths of other pages under /agendas/


@dataclass(frozen=True)
class AgendaText:
    """What a curator writes about an agenda. `slug`, `is_open` and `findings_at` are for a new agenda only.

    An empty slug is made from the title. An agenda that is not open is in preparation. `findings` are in the language
    of the introduction; None for none. `findings_at` is when they were written, if that is not now.
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


@action
def write_agenda(
    moderator: Person,
    text: AgendaText,
    agenda_id: int | None = None,
    hosts: Iterable[str] | None = None,
    *,
    seen: str | None = None,
) -> Agenda:
    """Make an agenda, or change the one with `agenda_id` and keep its former version; its slug never changes.

    `hosts` are the handles of all who are to host it; None leaves the hosts unchanged. `seen` is the `fingerprint` of
    the fields when the form was opened: raises `Conflict` when somebody has changed them since.
    """
    _check_agenda(text)
    agenda = lock_to_curate(moderator, agenda_id) if agenda_id else _new_agenda(moderator, text)
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
        assign(agenda, {**columns, **_html_columns(text)})
        if is_new:
            agenda.findings_at = now() if text.findings else None
            _tell_findings(moderator, agenda, said_at)


def _tell_findings(doer: Person, agenda: Agenda, said_at: datetime | None) -> None:
    """Notify watchers of an agenda of its first findings, and of later ones once the former are older than `FINDINGS_APART`.

    The notices quote nothing, because findings change and may be withdrawn. Then the notices are hidden; they are
    shown again for findings written soon afterwards, of which nobody is notified twice.
    """
    address = agenda.findings_address
    if not agenda.findings_at:
        hide_told(doer, "findings", address)
        return
    stood = now() - said_at if said_at else FINDINGS_APART
    is_due = agenda.opened_at is not None and stood >= FINDINGS_APART
    if is_due and not restore_told(doer, "findings", address, now() - FINDINGS_APART):
        notice = NoticeText("findings", address, agenda.title, language=agenda.language)
        note_event_for_watchers(doer, notice, [(AGENDA, agenda.id)])


@action
def open_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Open an agenda that is in preparation; called by `dialogue.open_agenda`, which does everything else."""
    agenda = lock_to_curate(curator, agenda_id)
    agenda.opened_at = agenda.opened_at or now()
    db.session.flush()
    if agenda.findings_at:
        restore_told(curator, "findings", agenda.findings_address, agenda.findings_at)
    for address in (_address(agenda), _address_of_hosts(agenda)):
        restore_told(curator, "host", address, agenda.created_at)
    return agenda


@action
def prepare_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Put an agenda in preparation again; called by `dialogue.prepare_agenda`, which does everything else."""
    agenda = lock_to_curate(curator, agenda_id)
    agenda.opened_at = None
    db.session.flush()
    hide_told(curator, "findings", agenda.findings_address)
    _hide_from_former_hosts(curator, agenda)
    return agenda


def _hide_from_former_hosts(doer: Person, agenda: Agenda) -> None:
    """Hide notices that would lead former hosts to an agenda in preparation, which they do not see."""
    hide_told(doer, "host", _address_of_hosts(agenda))
    hide_told_from_others(doer, "host", _address(agenda), {host.id for host in agenda.hosts})


def _address(agenda: Agenda) -> str:
    """Where notices to hosts lead."""
    return f"/agendas/{agenda.slug}"


def _address_of_hosts(agenda: Agenda) -> str:
    """Where notices to former hosts lead."""
    return f"/agendas/{agenda.slug}#hosts"


@action
def archive(moderator: Person, agenda_id: int) -> Agenda:
    """Close an agenda: it can be read, not continued."""
    agenda = lock_to_curate(moderator, agenda_id)
    agenda.archived_at = agenda.archived_at or now()
    return agenda


@action
def reopen(moderator: Person, agenda_id: int) -> Agenda:
    """Open an archived agenda again."""
    agenda = lock_to_curate(moderator, agenda_id)
    agenda.archived_at = None
    return agenda


@action
def delete_agenda(moderator: Person, agenda_id: int, reason: str) -> Agenda:
    """Delete an agenda without content, as the calling action has checked; its hosts lose that role, and are told why.

    Its row stays, so that neither its id nor its address is reused.
    """
    agenda = agenda_to_change(moderator, agenda_id)
    require(moderator.can.delete_agenda())
    hosts = [host.id for host in agenda.hosts]
    set_hosts(moderator, agenda_id, [], is_told=False)
    hide_told(moderator, "findings", agenda.findings_address)
    hide_told(moderator, "host", _address(agenda))
    hide_told(moderator, "host", _address_of_hosts(agenda))
    notice = NoticeText("host", LIST, agenda.title, reason, language=agenda.language)
    note_event(moderator, notice, hosts, is_named=False)
    agenda.deleted_at = now()
    db.session.flush()
    return agenda


@action
def order(
    moderator: Person, agenda_ids: Sequence[int], *, seen: Sequence[int] | None = None
) -> None:
    """Put the agendas in this order; those that are not named follow in their present order.

    `seen` is the order that the form has shown: `Conflict` when that has changed since.
    """
    require(moderator.can.curate_all())
    serialize(
        ORDERS
    )  # an order that was chosen meanwhile would mix with this one, as only what changes is written
    put_in_order(all_agendas(moderator), agenda_ids, seen)


@action
def set_hosts(
    moderator: Person, agenda_id: int, handles: Iterable[str], *, is_told: bool = True
) -> Agenda:
    """Set the hosts of an agenda to exactly the members with these handles or full names, and notify new ones.

    Former ones who know that they were are notified, too, if the agenda is open and nothing else tells them (`is_told`).
    """
    require(moderator.can.curate_all())
    # Who decides here has members in hand, and notes where: with all of the agenda locked, both would wait
    agenda = agenda_to_change(moderator, agenda_id, may_write=True)
    before = {host.id for host in agenda.hosts}
    hosts = members_typed(moderator, handles, "hosts")
    if before != {host.id for host in hosts}:
        keep_version(moderator, "agenda", agenda.id, agenda_fields(agenda))
        _replace_hosts(agenda, before, hosts)
        address, address_of_former = _address(agenda), _address_of_hosts(agenda)
        ahead = (
            [sentence("It is in preparation until somebody opens it.")]
            if agenda.opened_at is None
            else []
        )
        notice = NoticeText("host", address, agenda.title, before=ahead, language=agenda.language)
        note_event(moderator, notice, {host.id for host in hosts} - before, is_named=False)
        gone = before - {host.id for host in hosts}
        knew = gone - members_unaware("host", address)
        read_outdated(moderator, "host", [address], gone)
        read_outdated(moderator, "host", [address_of_former], {host.id for host in hosts})
        if is_told and agenda.opened_at is not None:
            ended = NoticeText("host", address_of_former, agenda.title, language=agenda.language)
            note_event(moderator, ended, knew, is_named=False)
        elif agenda.opened_at is None:
            _hide_from_former_hosts(moderator, agenda)
    note_hosts(moderator, before ^ {host.id for host in hosts})
    return agenda


def _replace_hosts(agenda: Agenda, before: Collection[int], hosts: Sequence[Member]) -> None:
    """Not by the relationship, which would not let one go who leaves the forum at that moment and is no host by then."""
    ids = {host.id for host in hosts}
    theirs = (AgendaHost.agenda_id == agenda.id, AgendaHost.member_id.in_(set(before) - ids))
    db.session.execute(delete(AgendaHost).where(*theirs))
    for member_id in sorted(ids - set(before)):
        db.session.add(AgendaHost(agenda_id=agenda.id, member_id=member_id))
    db.session.flush()
    set_committed_value(agenda, "hosts", list(hosts))


def _check_agenda(text: AgendaText) -> None:
    check_length(text.title, "title")
    if text.palette not in PALETTES:
        raise Invalid(_("Choose one of the palettes."), "palette")
    if text.pattern not in PATTERNS:
        raise Invalid(_("Choose one of the plans."), "pattern")


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
    """Refuse the title of another agenda, which would be confusing; this also catches a form that is sent twice."""
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
