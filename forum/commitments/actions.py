"""Publishing and changing commitments, reporting progress, following them, and reminding organisations to report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import day_in_words, now
from forum.commitments.models import Commitment, Milestone, Peer
from forum.commitments.queries import (
    REMIND_BEFORE,
    commitment_fields,
    commitment_to_change,
    commitments_by_id,
    commitments_of_author,
    commitments_with_own_peers,
    copied_at,
    copied_by,
    count_milestones,
    count_peers,
    declarations_to_follow,
    fields_to_keep,
    first_open_day,
    followed_by,
    identical_commitment,
    ids_of_reminded,
    ids_to_remind,
    milestone_in,
    milestones_near,
    milestones_of,
    milestones_over,
    organisation_of,
    peer_ids,
    peer_to_end,
)
from forum.db import db, flush_unique, store_html
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import PlainTexts, Written
from forum.matches import from_plain_text
from forum.members.queries import lock_organisation, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    read_outdated,
    restore_told,
)
from forum.permissions import Person, require
from forum.plaintext import single_line, slugify
from forum.screening.actions import refuse_caught
from forum.search import actions as search
from forum.sentences import Sentence, sentence

MAX_TITLE, MAX_WORDS, MAX_REASON = 150, 300, 1_000
MAX_MILESTONES = 12
MAX_TIME_AHEAD = timedelta(days=20 * 366)
BATCH_SIZE = 200  # commitments and milestones that one transaction handles
REACHED = sentence("A milestone is reached.")
GIVEN_UP = sentence("A milestone is given up.")
REOPENED = sentence("What was told of a milestone is taken back.")
KEPT = sentence("The commitment is kept.")
ENDED = sentence("The commitment is given up. What stopped it:")


@dataclass(frozen=True)
class Step:
    """What is to be reached by the end of a day."""

    words: str
    day: date


@dataclass(frozen=True)
class CommitmentText:
    """What a commitment says; `milestones` are those of a new one, or those that are added.

    `copied` is the typed address of the practice or case that it copies.
    """

    title: str
    text: Written
    last_day: date
    milestones: Sequence[Step] = ()
    declaration_id: int | None = None
    copied: str = ""


# Actions of its organisation


@action
def publish_commitment(
    member: Person, agenda_id: int, organisation_id: int | None, text: CommitmentText
) -> Commitment:
    """Publish what an organisation will do. The same sent twice is published once.

    A text that a rule catches is refused, because there is no queue for it.
    """
    # Locked in the same order as when an organisation chooses its voices
    organisation = lock_organisation(organisation_id)
    lock_writer(member)
    lock_to_write_on(member, agenda_id)
    agenda = agenda_by_id(member, agenda_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    require(member.can.publish_commitment(agenda, organisation))
    title, source = single_line(text.title), text.text.source
    if known := identical_commitment(organisation.id, agenda.id, title, source):
        require(member.can.tell_of_commitment(known))
        return known
    _check(text)
    commitment = Commitment(
        agenda_id=agenda.id,
        agenda=agenda,
        organisation_id=organisation.id,
        organisation=organisation,
        author_id=member.id,
        published_at=now(),
    )
    _fill(member, commitment, text)
    _screen(member, agenda.id, text)
    db.session.add(commitment)
    db.session.flush()
    _add_milestones(commitment, text.milestones)
    search.index(member, _entry(commitment, text.text.plain), is_new=True)
    return commitment


@action
def edit_commitment(
    member: Person, commitment_id: int, text: CommitmentText, *, seen: str | None = None
) -> Commitment:
    """Change a commitment, or add milestones to it; the former version is kept. The same sent twice adds them once.

    `seen` is the `fingerprint` of its fields when the form was opened: `Conflict` when they have changed since.
    """
    commitment = _to_change(member, commitment_id)
    require(member.can.edit_commitment(commitment))
    text = replace(text, milestones=_new_steps(commitment, text.milestones))
    _check(text, commitment)
    before, kept = commitment_fields(commitment), fields_to_keep(commitment)
    _fill(member, commitment, text)
    if commitment_fields(commitment) == before and not text.milestones:
        return commitment
    refuse_unseen(seen, before)
    _screen(member, commitment.agenda_id, text)
    keep_version(member, "commitment", commitment.id, kept)
    _add_milestones(commitment, text.milestones)
    search.index(member, _entry(commitment, text.text.plain))
    return commitment


@action
def reach_milestone(
    member: Person, commitment_id: int, milestone_id: int, words: str = ""
) -> Milestone:
    """Mark a milestone as reached, with an optional sentence; followers are told."""
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    words = _checked(words, "sentence", is_needed=False)
    _refuse_caught(member, commitment, words, "sentence")
    _keep(member, commitment)
    milestone.reached_at, milestone.reached_words = now(), words
    _tell(member, commitment, milestone, REACHED, words)
    return milestone


@action
def move_milestone(
    member: Person, commitment_id: int, milestone_id: int, day: date, reason: str
) -> Milestone:
    """Move a milestone to another day, with the reason; the earlier day stays visible, and followers are told."""
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    reason = _checked(reason, "note")
    if day == milestone.day:
        raise Invalid(_("This is its day already. Choose another one."), "day")
    if commitment.last_day < now().date():
        raise Invalid(
            _("The last day of the commitment is over. Give it a later one first."), "day"
        )
    if not now().date() <= day <= commitment.last_day:
        last = day_in_words(commitment.last_day)
        raise Invalid(_("Choose a day from today on and until %(last)s.", last=last), "day")
    _refuse_caught(member, commitment, reason, "note")
    _keep(member, commitment)
    moved = [milestone.day.isoformat(), now().date().isoformat(), reason]
    milestone.kept_moves = [*milestone.kept_moves, moved]
    milestone.day = day
    milestone.reminded_before_at, milestone.reminded_after_at = _reminded_already(day), None
    said = sentence("A milestone has another day now: %(day)s.", day=day.isoformat())
    _tell(member, commitment, milestone, said, reason)
    return milestone


@action
def give_milestone_up(
    member: Person, commitment_id: int, milestone_id: int, reason: str
) -> Milestone:
    """Give a milestone up, with the reason, while the commitment goes on; followers are told."""
    commitment, milestone = _milestone_to_tell(member, commitment_id, milestone_id)
    reason = _checked(reason, "reason")
    _refuse_caught(member, commitment, reason, "reason")
    _keep(member, commitment)
    milestone.given_up_at, milestone.given_up_reason = now(), reason
    _tell(member, commitment, milestone, GIVEN_UP, reason)
    return milestone


@action
def reopen_milestone(member: Person, commitment_id: int, milestone_id: int) -> Milestone:
    """Reopen a milestone, as after a mistake; followers are told, and the history keeps its former state."""
    commitment = _to_change(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    milestone = milestone_in(commitment, milestone_id)
    if milestone.is_open:
        raise Conflict(_("Nothing is told of this milestone."))
    _keep(member, commitment)
    milestone.reached_at = milestone.given_up_at = None
    milestone.reached_words = milestone.given_up_reason = ""
    _tell(member, commitment, milestone, REOPENED, milestone.words)
    return milestone


@action
def keep_commitment(member: Person, commitment_id: int, words: str = "") -> Commitment:
    """Mark a commitment as kept, with an optional sentence; followers are told, and it cannot change any more."""
    commitment = _to_change(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    words = _checked(words, "sentence", is_needed=False)
    _refuse_caught(member, commitment, words, "sentence")
    _keep(member, commitment)
    commitment.kept_at, commitment.kept_words = now(), words
    _tell_end(member, commitment, KEPT, words)
    return commitment


@action
def end_commitment(member: Person, commitment_id: int, reason: str) -> Commitment:
    """Give a commitment up, with the reason; followers are told, and it cannot change any more."""
    commitment = _to_change(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    reason = _checked(reason, "reason")
    _refuse_caught(member, commitment, reason, "reason")
    _keep(member, commitment)
    commitment.ended_at, commitment.ended_reason = now(), reason
    _tell_end(member, commitment, ENDED, reason)
    return commitment


def _to_change(member: Person, commitment_id: int) -> Commitment:
    """A commitment, locked after its organisation and the member, so that nobody withdraws the right meanwhile."""
    lock_organisation(organisation_of(member, commitment_id))
    lock_writer(member)
    return commitment_to_change(member, commitment_id)


def _milestone_to_tell(
    member: Person, commitment_id: int, milestone_id: int
) -> tuple[Commitment, Milestone]:
    commitment = _to_change(member, commitment_id)
    require(member.can.tell_of_commitment(commitment))
    milestone = milestone_in(commitment, milestone_id)
    if not milestone.is_open:
        raise Conflict(_("What became of this milestone is told already."))
    return commitment, milestone


def _keep(member: Person, commitment: Commitment) -> None:
    keep_version(member, "commitment", commitment.id, fields_to_keep(commitment))


def _tell(
    member: Person, commitment: Commitment, milestone: Milestone, said: Sentence, text: str
) -> None:
    _note_next(commitment)
    read_outdated(member, "milestone", [milestone.told_at], ids_of_reminded(commitment))
    _tell_peers(
        member, commitment, said, f"{milestone.words} – {text}" if text else milestone.words
    )


def _tell_end(member: Person, commitment: Commitment, said: Sentence, text: str) -> None:
    _note_next(commitment)
    addresses = [milestone.told_at for milestone in milestones_of(commitment)]
    read_outdated(member, "milestone", addresses, ids_of_reminded(commitment))
    _tell_peers(member, commitment, said, text)


def _tell_peers(member: Person, commitment: Commitment, said: Sentence, text: str) -> None:
    notice = NoticeText(
        "commitment",
        commitment.told_at,
        commitment.title,
        text,
        before=[said],
        language=commitment.language,
    )
    note_event(member, notice, peer_ids(commitment.id))


def _note_next(commitment: Commitment) -> None:
    db.session.flush()
    is_over = commitment.kept_at or commitment.ended_at
    first = first_open_day(commitment.id)
    commitment.next_on = None if is_over else first or commitment.last_day
    commitment.updated_at = now()


def _fill(member: Person, commitment: Commitment, text: CommitmentText) -> None:
    commitment.title = single_line(text.title)
    commitment.slug = slugify(commitment.title, "commitment")
    commitment.source, commitment.html = text.text.source, text.text.html
    commitment.html_version, commitment.language = text.text.html_version, text.text.language
    commitment.last_day, commitment.updated_at = text.last_day, now()
    if text.declaration_id != commitment.declaration_id:
        known = {declaration.id for declaration in declarations_to_follow(member)}
        if text.declaration_id and text.declaration_id not in known:
            raise Invalid(_("Choose one from the list."), "declaration")
        commitment.declaration_id = text.declaration_id
    _note_copied(member, commitment, text.copied.strip())


def _note_copied(member: Person, commitment: Commitment, typed: str) -> None:
    """Record what a commitment copies; a page that was hidden meanwhile stays recorded, because the form cannot name it."""
    copied = copied_at(member, typed) if typed else None
    if typed and copied is None:
        words = _("Enter the address of a practice or a case of this forum.")
        raise Invalid(words, "copied")
    has_one = commitment.practice_id or commitment.case_id
    if not typed and has_one and copied_by(member, commitment) is None:
        return
    commitment.practice_id = copied.practice_id if copied else None
    commitment.case_id = copied.case_id if copied else None


def _add_milestones(commitment: Commitment, steps: Iterable[Step]) -> None:
    for step in steps:
        db.session.add(
            Milestone(
                commitment_id=commitment.id,
                words=single_line(step.words),
                day=step.day,
                kept_moves=[],
                reminded_before_at=_reminded_already(step.day),
            )
        )
    _note_next(commitment)


def _new_steps(commitment: Commitment, steps: Sequence[Step]) -> list[Step]:
    known = {(milestone.words, milestone.day) for milestone in milestones_of(commitment)}
    return [step for step in steps if (single_line(step.words), step.day) not in known]


def _reminded_already(day: date) -> datetime | None:
    """Now, for a day so near that the member who sets it needs no reminder; else None."""
    return now() if day - REMIND_BEFORE <= now().date() else None


def _earliest_last_day(commitment: Commitment) -> date | None:
    return max(
        (milestone.day for milestone in milestones_of(commitment) if milestone.is_open),
        default=None,
    )


def _entry(commitment: Commitment, about: str) -> search.Entry:
    steps = (milestone.words for milestone in milestones_of(commitment))
    return search.Entry(
        kind="commitment",
        item_id=commitment.id,
        address=commitment.told_at,
        title=commitment.title,
        body="\n".join([about, *steps]),
        written_at=commitment.published_at,
        byline=commitment.organisation.name,
        agenda_id=commitment.agenda_id,
        language=commitment.language,
    )


# Checks of submitted values. Each raises `Invalid` with a message for the form field of this name.


def _check(text: CommitmentText, changed: Commitment | None = None) -> None:
    """Check a new commitment, or a change of one (`changed`)."""
    known = count_milestones(changed.id) if changed else 0
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if not text.text.source.strip():
        raise Invalid(_("Write a text."), "body")
    if not known and not text.milestones:
        words = _("Name at least one milestone, so that others see how far you are.")
        raise Invalid(words, "milestones")
    if known + len(text.milestones) > MAX_MILESTONES:
        words = _("A commitment has at most %(most)s milestones.", most=MAX_MILESTONES)
        raise Invalid(words, "milestones")
    _check_days(text, changed)


def _check_days(text: CommitmentText, changed: Commitment | None) -> None:
    """Check the days. A last day that is unchanged may be over, so that other parts can still be corrected."""
    today, days = now().date(), [step.day for step in text.milestones]
    earliest = _earliest_last_day(changed) if changed else None
    is_new = changed is None or text.last_day != changed.last_day
    if is_new and not today <= text.last_day <= today + MAX_TIME_AHEAD:
        raise Invalid(_("Choose a day from today on, within twenty years."), "last_day")
    if any(day < today for day in days):
        raise Invalid(_("Choose days from today on."), "milestones")
    if text.last_day < max([*days, earliest or text.last_day]):
        raise Invalid(_("Choose a last day that is not before the day of a milestone."), "last_day")


def _checked(words: str, name: str, *, is_needed: bool = True) -> str:
    words = words.strip()
    if is_needed and not words:
        raise Invalid(_("Write the reason."), name)
    if len(words) > MAX_REASON:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_REASON), name)
    return words


def _screen(member: Person, agenda_id: int, text: CommitmentText) -> None:
    words = "\n".join([text.title, text.text.source, *(step.words for step in text.milestones)])
    refuse_caught(member, agenda_id, from_plain_text(words), "body")


def _refuse_caught(member: Person, commitment: Commitment, words: str, name: str) -> None:
    if words:
        refuse_caught(member, commitment.agenda_id, from_plain_text(words), name)


# Followers ("peers")


@action
def follow_commitment(member: Person, commitment_id: int) -> Commitment:
    """Follow the commitment of another organisation, to compare notes; its page shows who follows it."""
    lock_writer(member)
    commitment = commitment_to_change(member, commitment_id)
    require(member.can.follow_commitment(commitment))
    if peer_to_end(commitment.id, member.id) is None:
        row = Peer(commitment_id=commitment.id, member_id=member.id, followed_at=now())
        db.session.add(row)
    _count(commitment)
    return commitment


@action
def unfollow_commitment(member: Person, commitment_id: int) -> Commitment:
    """Stop following a commitment."""
    require(member.can.watch())
    commitment = commitment_to_change(member, commitment_id)
    _end(commitment, member.id)
    return commitment


def _end(commitment: Commitment, member_id: int) -> None:
    if row := peer_to_end(commitment.id, member_id):
        db.session.delete(row)
    _count(commitment)


def _count(commitment: Commitment) -> None:
    flush_unique()
    commitment.peers_count = count_peers(commitment.id)


# Moderators


@action
def hide_commitment(moderator: Person, commitment_id: int, reason: str) -> Commitment:
    """Hide a commitment: only moderators of its agenda and its author find it; notices about it are hidden, too."""
    commitment = commitment_to_change(moderator, commitment_id)
    require(moderator.can.moderate(commitment.agenda_id))
    if commitment.hidden_at is None:
        commitment.hidden_at, commitment.hidden_reason = now(), reason.strip()
        search.hide(moderator, "commitment", commitment.id)
        for kind, address in _told(commitment):
            hide_told(moderator, kind, address)
    return commitment


@action
def restore_commitment(moderator: Person, commitment_id: int) -> Commitment:
    """Show a commitment again."""
    commitment = commitment_to_change(moderator, commitment_id)
    require(moderator.can.moderate(commitment.agenda_id))
    if commitment.hidden_at is not None:
        commitment.hidden_at, commitment.hidden_reason = None, ""
        search.restore(moderator, "commitment", commitment.id)
        for kind, address in _told(commitment):
            restore_told(moderator, kind, address, commitment.published_at)
    return commitment


def _told(commitment: Commitment) -> list[tuple[str, str]]:
    """The kinds and paths of all notices about a commitment."""
    reminders = [("milestone", milestone.told_at) for milestone in milestones_of(commitment)]
    return [("commitment", commitment.told_at), *reminders]


# The worker


@action
def look_after_commitments(system: Person, limit: int = BATCH_SIZE) -> int:
    """Remind organisations of milestones that are near or overdue; returns how many.

    Followers who now belong to the organisation itself stop following. Rows that are due are locked and updated in
    the transaction that writes the events, so each reminder is sent once. If nobody could report on the commitment
    now, the reminder waits until somebody can.
    """
    require(system.can.administer())
    if not _end_own_peers(limit):
        touches()
    today = now().date()
    near, over = milestones_near(today, limit), milestones_over(today, limit)
    for milestone in near:
        milestone.reminded_before_at = now()
        _remind(system, milestone, sentence("Its day is %(day)s.", day=milestone.day.isoformat()))
    for milestone in over:
        milestone.reminded_before_at = milestone.reminded_after_at = now()
        said = sentence(
            "Its day is over: %(day)s. What became of it?", day=milestone.day.isoformat()
        )
        _remind(system, milestone, said)
    return len(near) + len(over)


def _end_own_peers(limit: int) -> bool:
    """End the following of members who belong to the organisation themselves by now; returns whether there were any."""
    own = commitments_with_own_peers(limit)
    known = {
        commitment.id: commitment
        for commitment in commitments_by_id({number for number, _member in own})
    }
    for commitment_id, member_id in own:
        _end(known[commitment_id], member_id)
    return bool(own)


def _remind(system: Person, milestone: Milestone, said: Sentence) -> None:
    commitment, title = milestone.commitment, milestone.words
    notice = NoticeText(
        "milestone",
        milestone.told_at,
        title,
        commitment.title,
        before=[said],
        language=commitment.language,
    )
    note_event(system, notice, ids_to_remind(commitment), is_named=False)


# From files


@dataclass(frozen=True)
class KnownMilestone:
    """A milestone in a file: the columns of `Milestone`."""

    words: str
    day: date
    kept_moves: Sequence[Sequence[str]] = ()
    reached_at: datetime | None = None
    reached_words: str = ""
    given_up_at: datetime | None = None
    given_up_reason: str = ""
    reminded_after_at: datetime | None = None


@dataclass(frozen=True)
class CommitmentCourse:
    """The course of a commitment in a file: who published it for whom, when, and what became of it; `peer_ids` follow it."""

    organisation_id: int
    author_id: int | None
    published_at: datetime
    kept_at: datetime | None = None
    kept_words: str = ""
    ended_at: datetime | None = None
    ended_reason: str = ""
    peer_ids: Collection[int] = field(default_factory=tuple)


@action
def load_commitment(
    curator: Person,
    agenda_id: int,
    text: CommitmentText,
    course: CommitmentCourse,
    milestones: Sequence[KnownMilestone],
) -> Commitment:
    """Add a commitment from a file with its whole course, and notify nobody."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    organisation = lock_organisation(course.organisation_id)
    if organisation is None:
        raise Invalid(_("Choose one from the list."), "organisation")
    told = {name: value for name, value in vars(course).items() if name != "peer_ids"}
    commitment = Commitment(agenda_id=agenda.id, declaration_id=text.declaration_id, **told)
    commitment.agenda, commitment.organisation = agenda, organisation
    _fill(curator, commitment, text)
    db.session.add(commitment)
    db.session.flush()
    for known in milestones:
        columns = vars(known) | {"kept_moves": [list(move) for move in known.kept_moves]}
        db.session.add(Milestone(commitment_id=commitment.id, **columns))
    for member_id in sorted(set(course.peer_ids)):
        row = Peer(commitment_id=commitment.id, member_id=member_id, followed_at=now())
        db.session.add(row)
    _count(commitment)
    _note_next(commitment)
    search.index(curator, _entry(commitment, text.text.plain), is_new=True)
    return commitment


@action
def load_origin(
    curator: Person, commitment_id: int, declaration_id: int | None, copied: str
) -> Commitment:
    """Record what a commitment from a file follows from and copies, if that was loaded after it; recorded values stay."""
    require(curator.can.curate_all())
    commitment = commitment_to_change(curator, commitment_id)
    commitment.declaration_id = commitment.declaration_id or declaration_id
    if copied and not (commitment.practice_id or commitment.case_id):
        _note_copied(curator, commitment, copied)
    return commitment


# For members who have left, and for maintenance


@action
def forget_member(system: Person, member_id: int) -> None:
    """Remove a member who has left from the commitments that they published and followed.

    The commitments stay, however the member leaves, because they belong to their organisations.
    """
    require(system.can.administer())
    for commitment in commitments_of_author(member_id):
        commitment.author_id = None
    for commitment in commitments_by_id(followed_by(member_id)):
        _end(commitment, member_id)


@action
def mend_commitments(system: Person, commitment_ids: Collection[int]) -> None:
    """Recompute the number of followers and the next day of commitments."""
    require(system.can.administer())
    for commitment in commitments_by_id(commitment_ids):
        _count(commitment)
        changed_at = commitment.updated_at
        _note_next(commitment)
        commitment.updated_at = changed_at


@action
def reindex_commitments(system: Person, commitment_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of commitments; `texts` are plain texts by source."""
    require(system.can.administer())
    found = commitments_by_id(commitment_ids)
    entries = {
        ("commitment", commitment.id): (
            _entry(commitment, texts[commitment.source]),
            commitment.hidden_at,
        )
        for commitment in found
    }
    search.reindex(system, entries)


@action
def rerender(system: Person, texts: Mapping[int, Written]) -> int:
    """Store re-rendered HTML by commitment id, where the text still has that source; returns the number of commitments."""
    require(system.can.administer())
    return store_html(Commitment.source, Commitment.html, Commitment.html_version, texts)
