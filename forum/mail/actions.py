"""Writing letters, and keeping what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, update

from forum.db import action, db, delete_batch, now, topic_scope, touches
from forum.dialogue.actions import reply
from forum.dialogue.models import Held, Post
from forum.errors import NotFound
from forum.mail.models import Delivery
from forum.mail.queries import (
    deliveries_by_id,
    due_deliveries,
    gathering_letter,
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
from forum.moderation.queries import UPHOLDING_DEEDS, reports_to_confirm, reports_to_tell
from forum.notifications.actions import end_digest, end_mail, note_mailed
from forum.notifications.queries import notices_for_digest, notices_to_mail
from forum.permissions import Person, require
from forum.transports import is_address_unknown

BATCH = 20
TO_MEMBERS = ("notice", "digest")  # whatever their address is by then
MOST_SENT_BACK = 5
# Letters in a day to one address: that a report has arrived, and about one decision each; the next ones share a letter.
MOST_RECEIPTS, MOST_OUTCOMES = 10, 5
A_DAY = timedelta(days=1)
GATHERED = 100  # outcomes in a letter; what is more goes into that of the day after
GRACE = timedelta(minutes=1)
LEASE = timedelta(minutes=10)  # a worker that was killed lets its letters go after this time
# Between two tries of a letter that a server did not take: three days in all, as mail servers do (RFC 5321, 4.5.4.1).
PAUSES = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440, 1440))
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=15)
PATIENCE = timedelta(days=4)
PORTION = 500  # letters of a kind that one deed deletes
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
) -> Delivery:
    """Write down that a letter is to be sent; the worker sends it after the deed that this is a part of.

    `kind` names a template of `templates/mail`, `words` are what it prints: texts and numbers.
    """
    touches()
    times = {"created_at": now(), "due_at": due_at or now()}
    letter = Delivery(
        kind=kind, address=address, words=dict(words), member_id=member_id, **times, why=""
    )
    db.session.add(letter)
    db.session.flush()
    return letter


@action
def write_test(administrator: Member) -> Delivery:
    """Write a letter to an administrator, to see whether mail arrives."""
    require(administrator.can.administer())
    return write_letter(administrator, "test", administrator.email, {}, member_id=administrator.id)


@action
def write_of_notices(system: Person, limit: int = 100) -> int:
    """Write a letter for each notice that is to be mailed at once; says how many.

    A minute passes first: whoever is on the site reads it there.
    """
    require(system.can.administer())
    touches()
    notices = notices_to_mail(limit, now() - GRACE)
    addresses = addresses_of({notice.member_id for notice in notices})
    for notice in notices:
        if address := addresses.get(notice.member_id):
            words = {"notice": notice.id, "path": notice.address}
            write_letter(system, "notice", address, words, member_id=notice.member_id)
    note_mailed(system, [notice.id for notice in notices])
    return len(notices)


@action
def write_of_reports(system: Person, limit: int = 100) -> int:
    """Write to visitors that their reports have arrived, and what was decided; returns how many letters there are.

    An address may be somebody else's, so these letters quote nothing that was typed. For the same reason few letters go
    to one address in a day: further decisions wait for the next day and come in one letter.
    """
    require(system.can.administer())
    touches()
    arrived, decided = reports_to_confirm(limit), reports_to_tell(limit)
    for report in arrived:
        _write_of_report(system, "reported", report, {})
    told = {(one.decision_id, normalised_email(one.email)): one for one in reversed(decided)}
    for report in reversed(told.values()):  # whoever reported the same several times is told once
        _write_outcome(system, report)
    moderation.note_confirmed(system, arrived)
    moderation.note_told(system, decided)
    return len(arrived) + len(decided)


def _write_outcome(system: Person, report: Report) -> None:
    """A letter of its own, as long as few went to the address that day; else a line of the next that gathers them."""
    deed = report.decision.deed if report.decision else ""
    more, address = {"is_kept": deed in UPHOLDING_DEEDS}, normalised_email(report.email)
    waiting = gathering_letter(address)
    if waiting is None and letters_since(address, ("outcome",), A_DAY) < MOST_OUTCOMES:
        _write_of_report(system, "outcome", report, more)
        return
    line = {"number": report.number, "path": f"/reports/{report.number}", **more}
    lines = waiting.words["reports"] if waiting else []
    if waiting and len(lines) < GATHERED:
        waiting.words = {**waiting.words, "reports": [*lines, line]}
        return
    due_at = (waiting.due_at if waiting else now()) + A_DAY
    words = {"path": line["path"], "reports": [line]}
    letter = write_letter(system, "outcomes", address, words, due_at=due_at)
    letter.created_at = (
        due_at  # it is as old as its day: the patience with the mail server begins then
    )
    db.session.flush()


def _write_of_report(system: Person, kind: str, report: Report, more: Mapping[str, Any]) -> None:
    address = normalised_email(report.email)
    if kind == "reported" and letters_since(address, (kind,), A_DAY) >= MOST_RECEIPTS:
        return
    words = {"path": f"/reports/{report.number}", "number": report.number, "kind": report.kind}
    write_letter(system, kind, address, {**words, "place": report.address, **more})


@action
def write_digest(system: Person, member_id: int) -> None:
    """Write a member's digest of what waits for it. Written already, by another worker, it finds nothing to tell."""
    require(system.can.administer())
    touches()
    ids = [notice.id for notice in notices_for_digest(member_id)]
    address = addresses_of({member_id}).get(member_id)
    note_mailed(system, ids)
    if ids and address:
        words = {"notices": ids, "path": "/notices"}
        write_letter(system, "digest", address, words, member_id=member_id)


@action
def answer(author: Member, post_id: int, text: Written, key: str) -> Post | Held:
    """Post an answer that came by mail into the topic of the post that it answers; the same `key` posts once.

    When a rule holds it back, a letter says so to its author. Raises what `dialogue.reply` raises, and `NotFound` when the author may not see that post.
    """
    touches(*((topic_scope(topic_id),) if (topic_id := topic_of_post(author, post_id)) else ()))
    if topic_id is None:
        raise NotFound(_("The topic that you answered is gone."))
    posted = reply(author, topic_id, text, key)
    if isinstance(posted, Held) and not posted.is_duplicate:
        words = {"path": f"/waiting/{posted.id}", "sentence": posted.sentence}
        write_letter(author, "held", author.email, words, member_id=author.id)
    return posted


@action
def send_back(system: Person, member: Member, text: str, why: str) -> None:
    """Give somebody back an answer that could not be posted, and say why. Few an hour: machines answer, too."""
    require(system.can.administer())
    touches()
    if letters_since(member.email, ("sent_back",), timedelta(hours=1)) < MOST_SENT_BACK:
        words = {"text": text, "why": why}
        write_letter(system, "sent_back", member.email, words, member_id=member.id)


@action
def note_came_back(system: Person, member_id: int, address: str, why: str) -> None:
    """Note that a letter to a member came back after the mail server had taken it."""
    require(system.can.administer())
    touches()
    code, _space, words = why.partition(" ")
    if code.startswith("5") and is_address_unknown(550, f"{code} {words}"):
        pause_mail(system, member_id, address, why)


@action
def stop(visitor: Person, member_id: int, kind: str) -> None:
    """Send a member no more letters of a kind (`digest` for the digest). Whoever calls it has seen the letter's proof."""
    touches()
    if kind == "digest":
        end_digest(visitor, member_id)
    else:
        end_mail(visitor, member_id, kind)


@action
def take_due(system: Person, limit: int = BATCH) -> Sequence[Delivery]:
    """Take some letters that are due, with the members they are for; nobody else takes them for ten minutes."""
    require(system.can.administer())
    touches()
    ids = [letter.id for letter in due_deliveries(limit)]
    if not ids:
        return []
    _set(ids, due_at=now() + LEASE)
    return deliveries_by_id(ids)


@action
def let_go(system: Person, ids: Sequence[int]) -> None:
    """Let letters be taken again at once: their time ran out before it was their turn."""
    require(system.can.administer())
    touches()
    if ids:
        _set(ids, due_at=now())


@action
def note_sent(system: Person, ids: Sequence[int]) -> None:
    """Note that a server has taken some letters."""
    require(system.can.administer())
    touches()
    _set(ids, sent_at=now(), why="")


@action
def note_returned(
    system: Person, letter_id: int, why: str, *, is_final: bool, is_about_address: bool = False
) -> None:
    """Note that a server refused a letter, and when it is tried again, if at all.

    When the server said that the address does not exist, the member gets no more mail there until they ask for it.
    """
    require(system.can.administer())
    touches()
    letter = db.session.get_one(Delivery, letter_id, populate_existing=True)
    letter.attempts += 1
    letter.why = why[:300]
    if is_final or letter.attempts > len(PAUSES):
        letter.given_up_at = now()
    else:
        letter.due_at = now() + PAUSES[letter.attempts - 1]
    if is_about_address and letter.member_id:
        pause_mail(system, letter.member_id, letter.address, letter.why)


@action
def postpone(system: Person, ids: Sequence[int], why: str) -> None:
    """No server can be reached: leave letters for later, the later the longer they have waited.

    After four days they are given up.
    """
    require(system.can.administer())
    touches()
    for letter in deliveries_by_id(ids):
        waited = now() - letter.created_at
        letter.why = why[:300]
        letter.due_at = now() + min(max(waited, SHORTEST), LONGEST)
        if waited > PATIENCE:
            letter.given_up_at = now()


@action
def drop(system: Person, letter_id: int, why: str) -> None:
    """Send a letter no more: what it tells of is read, hidden, or no concern of the member's now."""
    require(system.can.administer())
    touches()
    _set([letter_id], dropped_at=now(), why=why)


@action
def readdress(system: Person, member: Member) -> None:
    """Send what waits for a member to the member's new address; what was meant for the old one alone stays."""
    require(system.can.administer())
    touches()
    waits = (Delivery.member_id == member.id, Delivery.kind.in_(TO_MEMBERS), is_waiting())
    db.session.execute(update(Delivery).where(*waits).values(address=member.email))


@action
def send_again(administrator: Person, letter_id: int) -> None:
    """Try a letter that was given up once more, from the beginning."""
    require(administrator.can.administer())
    touches()
    lost = update(Delivery).where(Delivery.id == letter_id, Delivery.given_up_at.is_not(None))
    db.session.execute(lost.values(given_up_at=None, attempts=0, due_at=now(), why=""))


@action
def send_all_again(administrator: Person) -> int:
    """Try every letter that was given up once more; says how many. Those whose link is over are dropped then."""
    require(administrator.can.administer())
    touches()
    lost = update(Delivery).where(Delivery.given_up_at.is_not(None)).returning(Delivery.id)
    again = lost.values(given_up_at=None, attempts=0, due_at=now(), why="")
    return len(db.session.scalars(again).all())


@action
def forget_letters(system: Person, limit: int = PORTION) -> int:
    """Delete some of what became of letters a month ago, and of those that were given up, three; says how many."""
    require(system.can.administer())
    touches()
    each = (
        Delivery.sent_at < now() - KEPT,
        Delivery.dropped_at < now() - KEPT,
        Delivery.given_up_at < now() - KEPT_FAILED,
    )
    return sum(len(delete_batch(Delivery, limit, is_old)) for is_old in each)


@action
def forget_member(system: Person, member_id: int) -> None:
    """Delete every letter to a member who has left, sent or not."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.member_id == member_id))


@action
def forget_some(system: Person, ids: Sequence[int]) -> None:
    """Delete letters of which another room says that their time is over."""
    require(system.can.administer())
    touches()
    db.session.execute(delete(Delivery).where(Delivery.id.in_(ids)))


def _set(ids: Sequence[int], **values: Any) -> None:
    db.session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))
