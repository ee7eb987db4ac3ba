"""Letters to visitors about what they reported: receipts and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from forum.clock import now
from forum.db import db
from forum.deeds import action, touches
from forum.mail.actions.writing import write_letter
from forum.mail.queries import collecting_letter, letters_since
from forum.members.queries import normalised_email
from forum.moderation import actions as moderation
from forum.moderation.models import Report
from forum.moderation.queries import (
    UPHOLDING_DEEDS,
    reports_to_confirm,
    reports_to_tell,
    reversed_decision_ids,
)
from forum.permissions import Person, require

# Letters a day to one visitor: receipts of reports, and outcomes in a letter each; further outcomes share a letter.
MAX_RECEIPTS_PER_DAY, MAX_OUTCOMES_PER_DAY = 10, 5
ONE_DAY = timedelta(days=1)
MAX_OUTCOMES_PER_LETTER = 100  # further ones are put into the letter of the next day


@action
def write_report_letters(system: Person, limit: int = 100) -> int:
    """Write receipts and outcomes to visitors who reported something; returns for how many reports.

    The address may be somebody else's, so these letters quote nothing that was typed. For the same reason an address
    gets only few letters a day: further outcomes wait for the next day and share a letter.
    """
    require(system.can.administer())
    touches()
    arrived, decided = reports_to_confirm(limit), reports_to_tell(limit)
    for report in arrived:
        _write_report_letter(system, "reported", report, {})
    # There is one letter for several reports of the same thing by the same person: the first of them counts.
    by_reporter = {
        (report.decision_id, normalised_email(report.email)): report for report in reversed(decided)
    }
    for report in reversed(by_reporter.values()):
        _write_outcome_letter(system, report)
    moderation.note_confirmed(system, arrived)
    moderation.note_told(system, decided)
    return len(arrived) + len(decided)


def _write_outcome_letter(system: Person, report: Report) -> None:
    """Write the outcome of a report: in a letter of its own, or after `MAX_OUTCOMES_PER_DAY` in a shared one."""
    deed = report.decision.deed if report.decision else ""
    result = {"is_kept": deed in UPHOLDING_DEEDS, "is_over": bool(reversed_decision_ids([report]))}
    address = normalised_email(report.email)
    shared = collecting_letter(address)
    if shared is None and letters_since(address, ("outcome",), ONE_DAY) < MAX_OUTCOMES_PER_DAY:
        _write_report_letter(system, "outcome", report, result)
        return
    line = {"number": report.number, "path": f"/reports/{report.number}", **result}
    lines = shared.words["reports"] if shared else []
    if shared and len(lines) < MAX_OUTCOMES_PER_LETTER:
        shared.words = {**shared.words, "reports": [*lines, line]}
        return
    due_at = (shared.due_at if shared else now()) + ONE_DAY
    words = {"path": line["path"], "reports": [line]}
    letter = write_letter(system, "outcomes", address, words, due_at=due_at, locale=report.locale)
    # It counts as written on its day, when `GIVE_UP_AFTER` begins.
    letter.created_at = due_at
    db.session.flush()


def _write_report_letter(
    system: Person, kind: str, report: Report, more: Mapping[str, Any]
) -> None:
    address = normalised_email(report.email)
    if kind == "reported" and letters_since(address, (kind,), ONE_DAY) >= MAX_RECEIPTS_PER_DAY:
        return
    words = {"path": f"/reports/{report.number}", "number": report.number, "kind": report.kind}
    write_letter(
        system, kind, address, {**words, "place": report.address, **more}, locale=report.locale
    )
