"""Writing letters, and recording what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, update

from forum.agendas.queries import agenda_by_id
from forum.clock import now
from forum.db import DELETION_BATCH_SIZE, db, delete_batch
from forum.deeds import action, touches
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.dialogue.models import Held, Post, Topic
from forum.errors import Forbidden, NotFound
from forum.mail.models import TO_MEMBERS, Delivery
from forum.mail.queries import (
    collecting_letter,
    deliveries_by_id,
    due_count,
    due_deliveries,
    is_told,
    is_waiting,
    letters_since,
    topic_of_post,
)
from forum.markup import Written
from forum.members.actions import pause_mail
from forum.members.models import Member
from forum.members.queries import addresses_of, normalised_email
from forum.moderation import actions as moderation
from forum.moderation.models import Report
from forum.moderation.queries import (
    UNDO_PERIOD,
    UPHOLDING_DEEDS,
    reports_to_confirm,
    reports_to_tell,
    reversed_decision_ids,
)
from forum.notifications.actions import end_digest, end_mail, note_mailed
from forum.notifications.queries import notices_for_digest, notices_to_mail
from forum.permissions import Person, require
from forum.principals import EDIT_WITHOUT_TRACE
from forum.transports import is_address_unknown
from forum.versions import topic_scope

# Letters that a worker takes at once: few, because it sends them one after the other
BATCH_SIZE = 20
# Due letters above which no more letters about notices are written: those of thousands wait as notices
MAX_DUE = 100
MAX_RETURNED_PER_HOUR = 5
# Letters a day to one visitor: receipts of reports, and outcomes in a letter each; further outcomes share a letter.
MAX_RECEIPTS_PER_DAY, MAX_OUTCOMES_PER_DAY = 10, 5
ONE_DAY = timedelta(days=1)
MAX_OUTCOMES_PER_LETTER = 100  # further ones are put into the letter of the next day
NOTICE_DELAY = timedelta(minutes=1)  # a member who is on the site reads the notice there
# After this time, others take over the letters of a worker that was killed
LEASE = timedelta(minutes=10)
# Between attempts to send a letter that the server refused: three days in all, as mail servers do (RFC 5321, 4.5.4.1)
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440))
# While no server can be reached at all
MIN_POSTPONEMENT, MAX_POSTPONEMENT = timedelta(seconds=30), timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=4)
MAX_WHY = 300  # characters of a server's response
KEPT, KEPT_FAILED = timedelta(days=30), timedelta(days=90)


@action
def write_letter(
    _doer: Person,
    kind: str,
    address: str,
    words: Mapping[str, Any],
    *,
    member_id: int | None = None,
    due_at: datetime | None = None,
    locale: str | None = None,
) -> Delivery:
    """Record a letter to be sent; the worker sends it once the calling action is committed.

    `kind` is the name of a template in `templates/mail`, `words` the values that it prints, as JSON. `due_at` is the
    earliest moment for sending it, by default now. A member gets it in the language that they chose last; anybody
    else in `locale`, by default that of the present page.
    """
    touches()
    times = {"created_at": now(), "due_at": due_at or now()}
    to = {"address": address, "member_id": member_id}
    if member_id is None:
        to["locale"] = locale or str(get_locale())
    letter = Delivery(kind=kind, words=dict(words), **to, **times, why="")
    db.session.add(letter)
    db.session.flush()
    return letter


@action
def write_test(administrator: Member) -> Delivery:
    """Write a test letter to an administrator."""
    require(administrator.can.administer())
    return write_letter(administrator, "test", administrator.email, {}, member_id=administrator.id)


@action
def write_notice_letters(system: Person, limit: int = 100) -> int:
    """Write a letter for up to `limit` notices that are mailed at once and older than `NOTICE_DELAY`; returns how many.

    Letters about decisions wait until the decision can no longer be undone. No more than `MAX_DUE` letters are due
    afterwards, so that one for which somebody is waiting never comes after those to all members.
    """
    require(system.can.administer())
    touches()
    limit = min(limit, MAX_DUE - due_count(MAX_DUE))
    if limit <= 0:
        return 0
    notices = notices_to_mail(limit, now() - NOTICE_DELAY, now() - UNDO_PERIOD)
    addresses = addresses_of({notice.member_id for notice in notices})
    for notice in notices:
        if address := addresses.get(notice.member_id):
            words = {"notice": notice.id, "path": notice.address}
            write_letter(system, "notice", address, words, member_id=notice.member_id)
    note_mailed(system, [notice.id for notice in notices])
    return len(notices)


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


@action
def write_digest(system: Person, member_id: int) -> None:
    """Write a member's digest of the notices that wait for it; does nothing when another worker has just written it."""
    require(system.can.administer())
    touches()
    ids = [notice.id for notice in notices_for_digest(member_id, now() - UNDO_PERIOD)]
    address = addresses_of({member_id}).get(member_id)
    note_mailed(system, ids)
    if ids and address:
        words = {"notices": ids, "path": "/notices"}
        write_letter(system, "digest", address, words, member_id=member_id)


@action
def answer(author: Member, post_id: int, text: Written, key: str, files: int = 0) -> Post | Held:
    """Post an answer that came by mail, in the topic of the post that it answers.

    `key` identifies the message, so that it is posted only once. When a rule holds the answer back, or `files` were
    attached (which are not published), its author gets a letter. Raises what `dialogue.reply` raises, and `NotFound`
    when the author cannot see the post.
    """
    topic_id = topic_of_post(author, post_id)
    if topic_id is None:
        touches()
        raise NotFound(_("The topic that you replied to is gone."))
    touches(topic_scope(topic_id))
    posted = reply(author, topic_id, text, key)
    if isinstance(posted, Held):
        words = {"path": f"/waiting/{posted.id}", "sentence": posted.sentence, "files": files}
        _tell_once(author, "held", words)
    elif files:
        _tell_of_files(author, posted, files)
    return posted


def _tell_of_files(author: Member, post: Post, files: int) -> None:
    """Write a letter about files that were attached to an answer, which is published without them; only few per hour."""
    if letters_since(author.email, ("attached",), timedelta(hours=1)) < MAX_RETURNED_PER_HOUR:
        _tell_once(author, "attached", {"path": f"/posts/{post.id}", "files": files})


@action
def return_answer(
    system: Person, member: Member, post_id: int, text: str, why: str, *, files: int = 0
) -> None:
    """Return an answer to a post that could not be posted, with the reason; the letter links to the post if there is one.

    It also says that attached `files` were not kept. Only few are sent per hour, because the sender may be a machine.
    """
    require(system.can.administer())
    touches()
    is_there = topic_of_post(member, post_id) is not None
    path = f"/posts/{post_id}" if is_there else ""
    _send_back(system, member, {"text": text, "why": why, "path": path, "files": files})


def _send_back(system: Person, member: Member, words: dict[str, Any]) -> None:
    if letters_since(member.email, ("sent_back",), timedelta(hours=1)) < MAX_RETURNED_PER_HOUR:
        write_letter(system, "sent_back", member.email, words, member_id=member.id)


@action
def open_by_email(
    author: Member, agenda_id: int, new: NewTopic, key: str, *, generation: int, files: int = 0
) -> Topic | Held:
    """Open a topic that came by mail, and tell its author by letter that it is published, or that a rule holds it back.

    `generation` is that of the address, which is void when the author has made new ones. `key` identifies the message,
    so that it opens only one topic, and is told of once. `files` were attached, which are not kept. Raises what
    `dialogue.open_topic` raises.
    """
    touches()
    if generation != author.address_generation:
        raise Forbidden(
            _("You have made new addresses since, so this one opens no topic any more.")
        )
    require(author.can.open_by_email(agenda_by_id(author, agenda_id)))
    opened = open_topic(author, agenda_id, new, key)
    if isinstance(opened, Held):
        words = {
            "path": f"/waiting/{opened.id}",
            "sentence": opened.sentence,
            "title": opened.title,
        }
        _tell_once(author, "held", words | {"files": files})
    else:
        until = opened.created_at + EDIT_WITHOUT_TRACE
        words = {"path": f"/topics/{opened.id}", "title": opened.title, "topic_kind": opened.kind}
        more = {"files": files, "until_at": until.isoformat()}
        _tell_once(author, "opened", words | more)
    return opened


def _tell_once(author: Member, kind: str, words: dict[str, Any]) -> None:
    """Write a letter unless there is one of this kind about this path; the calling action has locked what the path leads to."""
    if not is_told(author, kind, words["path"]):
        write_letter(author, kind, author.email, words, member_id=author.id)


@action
def return_topic(
    system: Person,
    member: Member,
    title: str,
    text: str,
    why: str,
    *,
    path: str = "",
    files: int = 0,
) -> None:
    """Return a topic that could not be opened, with the reason; the letter links to `path`, if there is one.

    As many are sent per hour as by `return_answer`, both together.
    """
    require(system.can.administer())
    touches()
    words = {"text": text, "why": why, "path": path, "files": files}
    _send_back(system, member, words | {"title": title, "is_topic": True})


@action
def note_bounce(system: Person, member_id: int, address: str, why: str) -> None:
    """Record that a letter to a member bounced after the mail server had accepted it.

    `why` begins with the status code (RFC 3463). When the address does not exist, mail to the member is paused.
    """
    require(system.can.administer())
    touches()
    code, _space, words = why.partition(" ")
    if code.startswith("5") and is_address_unknown(550, f"{code} {words}"):
        pause_mail(system, member_id, address, why)


@action
def stop(visitor: Person, member_id: int, kind: str) -> None:
    """Unsubscribe a member from letters of a kind (`digest`, or a kind of notice). The caller has checked the letter's seal."""
    touches()
    if kind == "digest":
        end_digest(visitor, member_id)
    else:
        end_mail(visitor, member_id, kind)


@action
def lease_due_letters(system: Person, limit: int = BATCH_SIZE) -> Sequence[Delivery]:
    """Take up to `limit` due letters, with their members, first those for which somebody is waiting; nobody else takes them within `LEASE`."""
    require(system.can.administer())
    touches()
    ids = [letter.id for letter in due_deliveries(limit)]
    if not ids:
        return []
    _set(ids, due_at=now() + LEASE)
    letters = {letter.id: letter for letter in deliveries_by_id(ids)}
    return [letters[letter_id] for letter_id in ids]


@action
def release_letters(system: Person, ids: Sequence[int]) -> None:
    """Release letters that were taken but not tried, so that they are due again at once."""
    require(system.can.administer())
    touches()
    if ids:
        _set(ids, due_at=now())


@action
def note_sent(system: Person, ids: Sequence[int]) -> None:
    """Record that a server has taken letters."""
    require(system.can.administer())
    touches()
    _set(ids, sent_at=now(), why="")


@action
def note_refused(
    system: Person, letter_id: int, why: str, *, is_final: bool, is_about_address: bool = False
) -> None:
    """Record that a server refused a letter, and when it is tried again, unless the refusal is final.

    If the refusal is about the address, mail to the member is paused until they ask for it again.
    """
    require(system.can.administer())
    touches()
    letter = db.session.get_one(Delivery, letter_id, populate_existing=True)
    letter.attempts += 1
    letter.why = why[:MAX_WHY]
    if is_final or letter.attempts > len(RETRY_DELAYS):
        letter.given_up_at = now()
    else:
        letter.due_at = now() + RETRY_DELAYS[letter.attempts - 1]
    if is_about_address and letter.member_id:
        pause_mail(system, letter.member_id, letter.address, letter.why)


@action
def postpone(system: Person, ids: Sequence[int], why: str) -> None:
    """Postpone letters because no server can be reached: the longer they have waited, the longer.

    After `GIVE_UP_AFTER` they are given up; that period begins again when an administrator has them sent again.
    """
    require(system.can.administer())
    touches()
    for letter in deliveries_by_id(ids):
        waited = now() - (letter.resumed_at or letter.created_at)
        letter.why = why[:MAX_WHY]
        letter.due_at = now() + min(max(waited, MIN_POSTPONEMENT), MAX_POSTPONEMENT)
        if waited > GIVE_UP_AFTER:
            letter.given_up_at = now()


@action
def drop(system: Person, letter_id: int, why: str) -> None:
    """Drop a letter, because its subject was read or hidden, or no longer concerns the member."""
    require(system.can.administer())
    touches()
    _set([letter_id], dropped_at=now(), why=why)


@action
def drop_outdated(_doer: Person, kind: str, member_id: int) -> None:
    """Drop the unsent letters of a kind to a member, because they are no longer true."""
    touches()
    waits = (Delivery.member_id == member_id, Delivery.kind == kind, is_waiting())
    outdated = update(Delivery).where(*waits)
    db.session.execute(outdated.values(dropped_at=now(), why="outdated"))


@action
def readdress(system: Person, member: Member) -> None:
    """Change the address of waiting notices and digests to a member's new one; letters about the old address are unchanged."""
    require(system.can.administer())
    touches()
    waits = (Delivery.member_id == member.id, Delivery.kind.in_(TO_MEMBERS), is_waiting())
    db.session.execute(update(Delivery).where(*waits).values(address=member.email))


@action
def send_again(administrator: Person, letter_id: int) -> None:
    """Send a letter again that was given up, with all its attempts."""
    _resume(administrator, Delivery.id == letter_id)


@action
def send_all_again(administrator: Person) -> int:
    """Send all letters again that were given up; returns how many. Those whose link has expired will be dropped."""
    return _resume(administrator)


def _resume(administrator: Person, *conditions: ColumnElement[bool]) -> int:
    require(administrator.can.administer())
    touches()
    lost = update(Delivery).where(Delivery.given_up_at.is_not(None), *conditions)
    again = lost.values(given_up_at=None, attempts=0, due_at=now(), resumed_at=now(), why="")
    return len(db.session.scalars(again.returning(Delivery.id)).all())


@action
def forget_letters(system: Person, limit: int = DELETION_BATCH_SIZE) -> int:
    """Delete letters that were sent or dropped before `KEPT`, or given up before `KEPT_FAILED`; returns how many.

    At most `limit` of each.
    """
    require(system.can.administer())
    touches()
    conditions = (
        Delivery.sent_at < now() - KEPT,
        Delivery.dropped_at < now() - KEPT,
        Delivery.given_up_at < now() - KEPT_FAILED,
    )
    return sum(len(delete_batch(Delivery, limit, is_old)) for is_old in conditions)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete every letter to a member who has left, sent or not."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.member_id == member_id))


@action
def forget_addresses(system: Person, addresses: Collection[str], until: datetime) -> None:
    """Delete letters to addresses (for example of candidates) written until a moment, except letters to members."""
    require(system.can.administer())
    touches()
    theirs = (Delivery.address.in_(addresses), Delivery.member_id.is_(None))
    db.session.execute(delete(Delivery).where(*theirs, Delivery.created_at <= until))


@action
def forget_by_ids(system: Person, ids: Sequence[int]) -> None:
    """Delete letters by id, for rooms that keep them for a shorter time."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.id.in_(ids)))


def _set(ids: Sequence[int], **values: Any) -> None:
    db.session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))
