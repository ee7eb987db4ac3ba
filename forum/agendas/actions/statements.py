"""Statements: writing, ordering and removing them, and removing members' names from them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import delete

from forum import locales
from forum.agendas.actions._shared import (
    assign,
    check_length,
    lock_to_curate,
    members_typed,
    put_in_order,
)
from forum.agendas.models import Agenda, AgendaHost, MemberTheme, Statement, TakenName
from forum.agendas.queries import (
    agenda_to_change,
    curators_of,
    ids_of_taken,
    is_called,
    names_taken_before,
    refused_statements,
    speaker_of,
    statement_by_id,
    statement_fields,
    statements_by,
    statements_of,
)
from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.errors import Forbidden, Invalid
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.members.models import Member
from forum.notifications.actions import NoticeText, forget_told, hide_told, note_event
from forum.permissions import Person, require
from forum.plaintext import words_in
from forum.sentences import sentence

UNNAMED = lazy_gettext("A member")  # is shown in place of a removed name


@dataclass(frozen=True)
class StatementText:
    """A statement to store; an empty `handle` means somebody without an account.

    `is_unnamed` says of a statement from a file that the quoted member has removed the name; the file does not say
    who that is. Such a statement without a name gets the placeholder.
    """

    name: str
    quotation: str
    role_title: str = ""
    organisation: str = ""
    said_on: date | None = None
    language: str = "en"
    handle: str = ""
    is_unnamed: bool = False


@action
def write_statement(
    curator: Person,
    agenda_id: int,
    text: StatementText,
    statement_id: int | None = None,
    *,
    seen: str | None = None,
) -> Statement:
    """Add a statement to an agenda, or change one and keep its former version; `seen` as in `write_agenda`.

    The same statement sent twice is added once. When the curator cannot see the profile of the quoted member, an
    empty handle leaves the member unchanged, because the form could not show it.
    """
    agenda = lock_to_curate(curator, agenda_id)
    said = _statement_columns(curator, text)
    if statement_id is None:
        known = _identical_statement(agenda, said) or _without_name(agenda, text)
        return known or _new_statement(curator, agenda, said, is_unnamed=text.is_unnamed)
    statement = _statement_of_agenda(agenda, statement_id)
    if not text.handle and speaker_of(curator, statement) is None:
        said["member_id"] = statement.member_id
    if any(getattr(statement, name) != value for name, value in said.items()):
        before = statement_fields(statement)
        refuse_unseen(seen, before)
        _refuse_taken_name(curator, statement, said)
        keep_version(curator, "statement", statement.id, before)
        is_news = any(getattr(statement, name) != said[name] for name in ("member_id", "quotation"))
        assign(statement, said)
        if is_news:
            _tell_quoted(curator, agenda, statement)
    return statement


def _refuse_taken_name(curator: Person, statement: Statement, said: dict[str, Any]) -> None:
    """Refuse to name a member who has taken the own name away from a statement; who does so oneself may."""
    taken = ids_of_taken(statement)
    own = {None, curator.id} & taken
    if own and _names_oneself(curator, said):
        _forget_taken(statement, own)
        taken -= own
    if None in taken:
        _refuse_any_name(statement, said)
    for quoted_id in taken - {None, curator.id}:
        quoted = db.session.get_one(Member, quoted_id)
        words = _("%(name)s has taken the name away from this statement.", name=quoted.name)
        if said["member_id"] == quoted_id:
            raise Invalid(words, "handle")
        if is_called(quoted, said["name"]):
            raise Invalid(words, "name")


def _forget_taken(statement: Statement, member_ids: Set[int | None]) -> None:
    """Forget that these members removed their names; the latest of the others, if any, takes their place."""
    others = []
    for taken in names_taken_before(statement):
        if taken.member_id in member_ids:
            db.session.delete(taken)
        else:
            others.append(taken)
    if statement.refused_by_id not in member_ids:
        return
    statement.refused_by_id = statement.refused_at = None
    if others:
        last = others[0]
        statement.refused_by_id, statement.refused_at = last.member_id, last.taken_at
        db.session.delete(last)


def _names_oneself(curator: Person, said: dict[str, Any]) -> bool:
    """Whether curators link a statement with themselves, under their own name."""
    if said["member_id"] is None or said["member_id"] != curator.id:
        return False
    return is_called(db.session.get_one(Member, curator.id), said["name"])


def _refuse_any_name(statement: Statement, said: dict[str, Any]) -> None:
    """Refuse any name but the present one, if it is unknown who removed the name."""
    taken = _("The person who is quoted has taken the name away from this statement.")
    if said["member_id"] is not None:
        raise Invalid(taken, "handle")
    if words_in(said["name"]) != words_in(statement.name):
        raise Invalid(taken, "name")


def _tell_quoted(doer: Person, agenda: Agenda, statement: Statement) -> None:
    """Tell the linked member what is quoted, once the agenda is open; members linked before are not notified any more.

    Curators who quote themselves are not told.
    """
    address = _address(agenda, statement)
    hide_told(doer, "statement", address)
    if statement.member_id and agenda.opened_at:
        notice = NoticeText(
            "statement", address, agenda.title, statement.quotation, language=agenda.language
        )
        note_event(doer, notice, [statement.member_id])


def _address(agenda: Agenda, statement: Statement) -> str:
    return f"/agendas/{agenda.slug}#{statement.anchor}"


@action
def tell_quoted(_doer: Person, agenda: Agenda) -> None:
    """Tell all members who are quoted on an agenda that was opened; on one in preparation, cancel such notifications."""
    for statement in statements_of(agenda):
        _tell_quoted(_doer, agenda, statement)


@action
def take_name_away(member: Person, agenda_id: int, statement_id: int) -> Statement:
    """Remove one's own name, office and link from a statement; its hosts are told, and cannot name the member there again.

    Doing it twice has no further effect. The history, which only curators read, keeps the former version.
    """
    agenda = agenda_to_change(member, agenda_id)
    statement = _statement_of_agenda(agenda, statement_id)
    if statement.member_id is None and member.is_self(statement.refused_by_id):
        return statement
    require(member.can.take_name_away(statement))
    keep_version(member, "statement", statement.id, statement_fields(statement))
    unnamed = _unnamed_in(statement.language)
    said = {"member_id": None, "name": unnamed, "role_title": "", "organisation": ""}
    _keep_earlier(statement)
    assign(statement, said | {"refused_by_id": member.id, "refused_at": now()})
    address = _address(agenda, statement)
    hide_told(member, "statement", address)
    before = [sentence("The words stay, without the name. You can remove them.")]
    notice = NoticeText(
        "unnamed",
        address,
        agenda.title,
        statement.quotation,
        before=before,
        language=agenda.language,
    )
    hosts = {host.id for host in agenda.hosts} - {member.id}
    note_event(member, notice, hosts or curators_of(agenda.id))
    return statement


def _keep_earlier(statement: Statement) -> None:
    """Store who removed their name before, because another member does so now."""
    if statement.refused_at is not None:
        before = {"member_id": statement.refused_by_id, "taken_at": statement.refused_at}
        db.session.add(TakenName(statement_id=statement.id, **before))


def _unnamed_in(language: str) -> str:
    """The placeholder for a name in a statement of this language."""
    with force_locale(language if language in locales.known() else locales.SOURCE):
        return str(UNNAMED)


@action
def order_statements(
    curator: Person,
    agenda_id: int,
    statement_ids: Sequence[int],
    *,
    seen: Sequence[int] | None = None,
) -> None:
    """Put the statements of an agenda in this order; those that are not named follow. `seen` is as in `order`."""
    agenda = lock_to_curate(curator, agenda_id)
    put_in_order(statements_of(agenda), statement_ids, seen)


@action
def remove_statement(curator: Person, agenda_id: int, statement_id: int) -> None:
    """Take a statement from an agenda; its history stays."""
    agenda = lock_to_curate(curator, agenda_id)
    statement = _statement_of_agenda(agenda, statement_id)
    keep_version(curator, "statement", statement.id, statement_fields(statement))
    statement.removed_at = now()
    hide_told(curator, "statement", _address(agenda, statement))


@action
def forget_member(system: Person, member_id: int, former: str, *, is_silent: bool) -> None:
    """Remove a member who has left as host, from themes, and from statements, where the name becomes `former`.

    Statements from which the member removed the name stay without one, and it is no longer known whose they were.
    With `is_silent` the statements are also removed and emptied, and the former versions of those without a name,
    which contain it, are deleted.
    """
    require(system.can.administer())
    for table in (AgendaHost, MemberTheme):
        db.session.execute(delete(table).where(table.member_id == member_id))
    said = {"member_id": None, "name": former, "role_title": "", "organisation": ""}
    for statement in statements_by(member_id):
        if member_id in ids_of_taken(statement):
            _forget_whose(statement, member_id)
            if is_silent:
                forget_versions(system, "statement", statement.id)
        if statement.member_id != member_id:
            continue
        assign(statement, said)
        if is_silent:
            assign(statement, {"quotation": "", "removed_at": statement.removed_at or now()})
            forget_versions(system, "statement", statement.id)
            forget_told(system, "statement", _address(statement.agenda, statement))


def _forget_whose(statement: Statement, member_id: int) -> None:
    """Remove a member who left from the record of who removed a name; while no name is shown, the fact itself is kept."""
    if statement.member_id is not None:
        _forget_taken(statement, {member_id})
        return
    for taken in names_taken_before(statement):
        taken.member_id = None if taken.member_id == member_id else taken.member_id
    if statement.refused_by_id == member_id:
        statement.refused_by_id = None


def _statement_columns(curator: Person, text: StatementText) -> dict[str, Any]:
    name = _unnamed_in(text.language) if text.is_unnamed and not text.name else text.name
    check_length(name, "name")
    members = members_typed(curator, [text.handle], "handle")
    return {
        "name": name,
        "role_title": text.role_title,
        "organisation": text.organisation,
        "said_on": text.said_on,
        "quotation": text.quotation,
        "language": text.language,
        "member_id": members[0].id if members else None,
    }


def _identical_statement(agenda: Agenda, said: dict[str, Any]) -> Statement | None:
    """The statement of the agenda with exactly this content, as when a form is sent twice; or None."""
    for statement in statements_of(agenda):
        if all(getattr(statement, name) == value for name, value in said.items()):
            return statement
    return None


def _without_name(agenda: Agenda, text: StatementText) -> Statement | None:
    """The statement of an agenda to which a file would restore a removed name; or None."""
    if not text.is_unnamed or text.name:
        return None
    for statement in statements_of(agenda):
        if statement.refused_at and statement.quotation == text.quotation:
            return statement
    return None


def _new_statement(
    curator: Person, agenda: Agenda, said: dict[str, Any], *, is_unnamed: bool
) -> Statement:
    if not is_unnamed:
        for refused in refused_statements(agenda.id, said["quotation"]):
            _refuse_taken_name(curator, refused, said)
    after = max((statement.position for statement in statements_of(agenda)), default=0)
    statement = Statement(agenda_id=agenda.id, position=after + 1, **said)
    statement.refused_at = now() if is_unnamed else None
    db.session.add(statement)
    db.session.flush()
    _tell_quoted(curator, agenda, statement)
    return statement


def _statement_of_agenda(agenda: Agenda, statement_id: int) -> Statement:
    statement = statement_by_id(statement_id)
    if statement.agenda_id != agenda.id:
        raise Forbidden(_("This statement belongs to another agenda."))
    return statement
