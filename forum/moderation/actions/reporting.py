"""Saying that something is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from forum.agendas.queries import curators_of
from forum.db import action, db, now, touches
from forum.errors import Invalid
from forum.members.models import Member
from forum.moderation.actions._reasons import check_length
from forum.moderation.actions._record import PORTION, describe, in_queue
from forum.moderation.models import BY_VISITOR, Report
from forum.moderation.queries import (
    Thing,
    has_open_reports,
    has_reported,
    letter_thing,
    named_visitors_until,
    thing_to_report,
    thing_to_report_as_illegal,
)
from forum.notifications.actions import note_event
from forum.permissions import VISITOR, Person, require

REASONS = ("rules", "spam", "off topic", "illegal", "something else")
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none of which looks like another
# A visitor's name and address: as long as one may appeal, and some days.
KEPT_VISITORS = timedelta(days=190)


@dataclass(frozen=True)
class Illegal:
    """What somebody without an account says of something illegal. Name and address may be missing when it is about
    the sexual abuse of children (article 16, paragraph 2 c)."""

    text: str
    name: str = ""
    email: str = ""
    is_in_good_faith: bool = False
    is_about_children: bool = False


@action
def report(reporter: Person, kind: str, item_id: int, reason: str, text: str = "") -> Report:
    """Say that something is wrong. The moderators see it; its author never learns who said so."""
    touches()
    thing = thing_to_report(reporter, kind, item_id)
    if reason not in REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    check_length(text, "text")
    said = _new_report(thing, reporter_id=reporter.id, reason=reason, text=text)
    is_first = not has_open_reports(thing.kind, thing.item_id)
    _add_once(reporter, thing, said)
    _tell_queue(reporter, thing, is_first)
    return said


def _add_once(reporter: Person, thing: Thing, said: Report) -> None:
    """Add a report, unless one of the same member waits; what was decided about may be reported again."""
    if has_reported(reporter, thing):
        raise _reported_already()
    try:
        with db.session.begin_nested():
            db.session.add(said)
    except IntegrityError:
        raise _reported_already() from None


@action
def report_illegal(visitor: Person, kind: str, item_id: int, notice: Illegal) -> Report:
    """Say, without an account, that something is illegal (Regulation (EU) 2022/2065, article 16).

    Whoever says so is told by letter that it has arrived, and what was decided; that is the worker's work. How many
    have said it before, and who, nobody learns from this.
    """
    touches()
    thing = thing_to_report_as_illegal(visitor, kind, item_id)
    _check_notice(notice)
    who = {"name": notice.name.strip(), "email": notice.email.strip()}
    said = _new_report(thing, source=BY_VISITOR, reason="illegal", text=notice.text.strip(), **who)
    is_first = not has_open_reports(thing.kind, thing.item_id)
    db.session.add(said)
    db.session.flush()
    _tell_queue(VISITOR, thing, is_first)
    return said


def _check_notice(notice: Illegal) -> None:
    if not notice.text.strip():
        raise Invalid(_("Say why it is illegal."), "text")
    check_length(notice.text, "text")
    if not notice.is_in_good_faith:
        raise Invalid(_("Confirm that what you say is true as far as you know."), "good_faith")
    for field in ("name", "email"):
        said = getattr(notice, field).strip()
        if not said and not notice.is_about_children:
            raise Invalid(_("This is needed, unless it is about the abuse of children."), field)


def _new_report(thing: Thing, **said: Any) -> Report:
    report = Report(**said, number=_new_number(), created_at=now())
    describe(report, thing)
    return report


def _new_number() -> str:
    """The number of a receipt: easy to read out, and nobody guesses one (50 bits)."""
    signs = [secrets.choice(SIGNS) for _sign in range(10)]
    return "".join(signs[:5]) + "-" + "".join(signs[5:])


@action
def report_letter(
    reporter: Person, letter_id: int, sender: Member, said: str, *, reason: str, text: str = ""
) -> Report:
    """Say that a letter of another member is wrong. What it said goes to the moderators, who cannot read letters.

    The deed that calls it has looked whether the reporter got it.
    """
    touches()
    require(reporter.can.report(sender.id))
    if reason not in REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    check_length(text, "text")
    thing = letter_thing(letter_id, sender)
    words = f"{text}\n\n{said}".strip()
    report = _new_report(thing, reporter_id=reporter.id, reason=reason, text=words)
    _add_once(reporter, thing, report)
    _tell_queue(reporter, thing, is_first=True)
    return report


@action
def note_confirmed(system: Person, reports: Sequence[Report]) -> None:
    """Note that letters say to visitors that their reports have arrived."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.confirmed_at = now()


@action
def note_told(system: Person, reports: Sequence[Report]) -> None:
    """Note that letters say to visitors what became of their reports."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.told_at = now()


@action
def forget_visitors(system: Person, limit: int = PORTION) -> int:
    """Delete names and addresses of some visitors whose reports were decided long ago; says how many."""
    require(system.can.administer())
    touches()
    which = Report.id.in_(named_visitors_until(now() - KEPT_VISITORS, limit))
    gone = update(Report).where(which).values(name="", email="").returning(Report.id)
    return len(db.session.scalars(gone).all())


def _tell_queue(reporter: Person, thing: Thing, is_first: bool) -> None:
    """Let who can decide know of the first report that is open; not its author, who does not decide about it."""
    if is_first:
        where, title = in_queue(thing.kind, thing.item_id), thing.title
        who = set(curators_of(thing.agenda_id)) - {thing.author_id}
        note_event(reporter, "queue", who, where, title=title, is_named=False)


def _reported_already() -> Invalid:
    return Invalid(_("You have reported this already. The moderators have your report."))
