"""Reporting something, as a member or without an account, and what follows for the reporter."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import update

from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, flush_unique
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.members.models import Member
from forum.moderation.actions._reasons import check_length
from forum.moderation.actions._record import describe, notify_curators
from forum.moderation.models import BY_MEMBER, BY_TRUSTED, BY_VISITOR, ILLEGAL_REASON, Report
from forum.moderation.queries import (
    Thing,
    has_open_reports,
    has_reported,
    is_trusted_flagger,
    letter_thing,
    signed_report_ids,
    thing_to_report,
    thing_to_report_as_illegal,
)
from forum.permissions import VISITOR, Person, require

REPORT_REASONS = ("rules", "spam", "off topic", ILLEGAL_REASON, "something else")
RECEIPT_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no two of these look alike
# How long the name and address of a visitor are kept after the decision: the six months for an appeal, and some days.
KEPT_VISITORS = timedelta(days=190)


@dataclass(frozen=True)
class IllegalContentNotice:
    """A notice of illegal content by somebody without an account (Regulation (EU) 2022/2065, article 16).

    Name and e-mail address may be empty when it is about the sexual abuse of children (article 16, paragraph 2 c).
    """

    text: str
    name: str = ""
    email: str = ""
    is_in_good_faith: bool = False
    is_about_children: bool = False
    # The language of the page on which it was written, for the letters about it
    locale: str | None = None


@action
def report(reporter: Person, kind: str, item_id: int, reason: str, text: str = "") -> Report:
    """Report a thing to the moderators; its author never learns who did.

    Raises `Invalid` for a reason that is not one of `REPORT_REASONS`, and for a second report while one is open.
    """
    touches()
    thing = thing_to_report(reporter, kind, item_id)
    require(reporter.can.send_report())
    if reason not in REPORT_REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    check_length(text, "text")
    new = _new_report(thing, **_by_member(reporter, reason), text=text)
    is_news = _is_news(new)
    _add_once(reporter, thing, new)
    if is_news:
        _notify_curators(reporter, thing, new)
    return new


def _by_member(reporter: Person, reason: str) -> dict[str, Any]:
    """The columns that say who reports, and why. What a trusted flagger reports as illegal is marked, and stays so."""
    is_trusted = reason == ILLEGAL_REASON and is_trusted_flagger(reporter.id)
    source = BY_TRUSTED if is_trusted else BY_MEMBER
    return {"reporter_id": reporter.id, "reason": reason, "source": source}


def _notify_curators(reporter: Person, thing: Thing, report: Report) -> None:
    notify_curators(
        reporter,
        thing,
        is_illegal=report.is_of_illegal_content,
        is_trusted=report.is_by_trusted_flagger,
    )


def _add_once(reporter: Person, thing: Thing, new: Report) -> None:
    """Add a report unless the same member has an open one; a thing may be reported again after a decision."""
    if has_reported(reporter, thing):
        raise _reported_already()
    db.session.add(new)
    flush_unique(_reported_already())


@action
def report_illegal(
    visitor: Person, kind: str, item_id: int, notice: IllegalContentNotice
) -> Report:
    """Report illegal content without an account (Regulation (EU) 2022/2065, article 16).

    The worker sends letters to the reporter: that the report has arrived, and what was decided. Nothing here reveals
    whether, or by whom, the thing was reported before.
    """
    touches()
    thing = thing_to_report_as_illegal(visitor, kind, item_id)
    _check_notice(notice)
    who = {"name": notice.name.strip(), "email": notice.email.strip()}
    new = _new_report(
        thing,
        source=BY_VISITOR,
        reason=ILLEGAL_REASON,
        text=notice.text.strip(),
        locale=notice.locale,
        **who,
    )
    is_news = _is_news(new)
    db.session.add(new)
    db.session.flush()
    if is_news:
        notify_curators(VISITOR, thing, is_illegal=True)
    return new


def _check_notice(notice: IllegalContentNotice) -> None:
    if not notice.text.strip():
        raise Invalid(_("Say why it is illegal."), "text")
    check_length(notice.text, "text")
    if not notice.is_in_good_faith:
        raise Invalid(_("Confirm that what you say is true as far as you know."), "good_faith")
    for field in ("name", "email"):
        if not getattr(notice, field).strip() and not notice.is_about_children:
            raise Invalid(_("This is needed, unless it is about the abuse of children."), field)


def _new_report(thing: Thing, **columns: Any) -> Report:
    report = Report(**columns, number=_new_number(), created_at=now())
    describe(report, thing)
    return report


def _new_number() -> str:
    """A random receipt number: easy to read out, and too long to guess (about 49 bits)."""
    characters = "".join(secrets.choice(RECEIPT_ALPHABET) for _position in range(10))
    return f"{characters[:5]}-{characters[5:]}"


@action
def report_letter(
    reporter: Person, letter_id: int, sender: Member, quoted: str, *, reason: str, text: str = ""
) -> Report:
    """Report a letter from another member. `quoted` is its text: moderators cannot read letters otherwise.

    The calling deed has checked that the reporter received it.
    """
    touches()
    require(reporter.can.report(sender.id))
    require(reporter.can.send_report())
    if reason not in REPORT_REASONS:
        raise Invalid(_("Choose a reason."), "reason")
    check_length(text, "text")
    thing = letter_thing(letter_id, sender)
    with_quote = f"{text}\n\n{quoted}".strip()
    new = _new_report(thing, **_by_member(reporter, reason), text=with_quote)
    _add_once(reporter, thing, new)
    _notify_curators(reporter, thing, new)
    return new


@action
def note_confirmed(system: Person, reports: Sequence[Report]) -> None:
    """Record that letters of receipt for these reports were written."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.confirmed_at = now()


@action
def note_told(system: Person, reports: Sequence[Report]) -> None:
    """Record that letters about the outcome of these reports were written."""
    require(system.can.administer())
    touches()
    for report in reports:
        report.told_at = now()


@action
def forget_visitors(system: Person) -> int:
    """Delete names and addresses from up to `DELETION_BATCH_SIZE` reports of visitors decided `KEPT_VISITORS` ago; returns how many."""
    require(system.can.administer())
    touches()
    is_over = Report.id.in_(signed_report_ids(now() - KEPT_VISITORS, DELETION_BATCH_SIZE))
    gone = update(Report).where(is_over).values(name="", email="").returning(Report.id)
    return len(db.session.scalars(gone).all())


def _is_news(report: Report) -> bool:
    """Whether moderators were not notified yet that this waits for them, that it may be illegal, or that a trusted flagger says so."""
    reason = ILLEGAL_REASON if report.is_of_illegal_content else ""
    source = BY_TRUSTED if report.is_by_trusted_flagger else ""
    return not has_open_reports(report.kind, report.item_id, reason, source)


def _reported_already() -> Invalid:
    return Invalid(_("You have reported this already. The moderators have your report."))
