"""Asking members for advice, how they respond, what happened next, and what the worker does for questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy import delete, update

from forum.advice.models import (
    NOT_YET,
    OUTCOMES,
    AdviceRequest,
    Availability,
    FollowUp,
    QuestionCare,
)
from forum.advice.queries import (
    MAX_PER_WEEK,
    AskStatus,
    QuestionProgress,
    Reason,
    ask_statuses,
    availability_of,
    care_due,
    follow_up_of,
    get_follow_up,
    hosts_to_notify,
    members_to_ask,
    progress_of,
    questions_to_take_up,
    requests_by_member,
    stored_reason,
    topic_ids_of,
)
from forum.clock import day_in_words, now
from forum.db import db, insert_into
from forum.deeds import action, touches
from forum.dialogue.actions import note_follow_up
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post, topic_to_change
from forum.errors import Invalid, NotFound
from forum.matches import from_plain_text
from forum.members.models import Member
from forum.members.queries import language_names, lock_member, lock_writer, members_by_any_handle
from forum.notifications.actions import NoticeText, note_event
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.screening.actions import refuse_caught
from forum.versions import topic_scope

MAX_ASKED = 10  # members whom one question asks; a member who passes the request on is not counted
MAX_TIME_AWAY = timedelta(days=366)
MAX_DEED, MAX_STORY = 200, 1_500  # characters of the two texts of a follow-up
BATCH_SIZE = 100  # rows of each kind that one transaction handles
UNANSWERED_AFTER = timedelta(days=7)  # until the hosts are told that nobody answers
# No longer after this: otherwise a forum that is upgraded would tell hosts about all its old questions at once
UNANSWERED_UNTIL = timedelta(days=21)
# Older questions are left alone when the worker begins to look after a forum
MAX_AGE_TAKEN_UP = timedelta(days=90)
FOLLOW_UP_AFTER = timedelta(days=30)  # until the asker is asked what happened next
FOLLOW_UP_AGAIN_AFTER = timedelta(days=60)  # until they are asked again, if nothing was tried yet
# How long after help came, or after the question was asked if none came, it is still looked after
MAX_CARE = timedelta(days=365)


@dataclass(frozen=True)
class FollowUpText:
    """What an asker tells of what happened next."""

    deed: str
    outcome: str
    text: str = ""
    language: str = "en"


# Asking


@action
def ask(
    asker: Person,
    topic_id: int,
    handles: Sequence[str],
    reasons: Mapping[str, Sequence[Reason]] | None = None,
) -> int:
    """Ask members about a question. Returns how many were asked now; those whom it has asked before are skipped.

    `reasons` are by handle. Raises `Invalid` with a sentence when one of them cannot be asked; then nobody is asked.
    """
    lock_writer(asker)
    touches(topic_scope(topic_id))
    topic = topic_to_change(asker, topic_id)
    require(asker.can.ask(topic))
    known, people = requests_by_member(topic_id), _members(handles, "asked")
    new = [member for member in people if member.id not in known]
    _require_room(known, len(new))
    statuses = ask_statuses(member.id for member in new)
    for member in new:
        if member.id == asker.id:
            raise Invalid(_("You are one of them yourself. Choose others."), "asked")
        _require_askable(member, topic, statuses[member.id], "asked")
        _add_request(asker, topic, member, (reasons or {}).get(member.handle, ()))
    _notify_asked(asker, topic, new)
    return len(new)


def _members(handles: Sequence[str], field: str) -> Sequence[Member]:
    present = {handle: member.handle for handle, member in members_by_any_handle(handles).items()}
    people = members_to_ask(present.values())
    shown = {member.handle for member in people}
    missing = {handle for handle in handles if present.get(handle) not in shown}
    if missing:
        handle = sorted(missing)[0][:80]
        raise Invalid(_("There is no member with the handle “%(handle)s”.", handle=handle), field)
    if not people:
        raise Invalid(_("Choose at least one member to ask."), field)
    return people


def _require_room(known: Mapping[int, AdviceRequest], more: int) -> None:
    asked = sum(row.passed_at is None for row in known.values())
    if more and asked + more > MAX_ASKED:
        sentence = _("A question asks at most %(most)s members.", most=MAX_ASKED)
        left = _("This one can ask %(left)s more.", left=max(0, MAX_ASKED - asked))
        raise Invalid(f"{sentence} {left}", "asked")


def _require_askable(member: Member, topic: Topic, status: AskStatus, field: str) -> None:
    if sentence := _why_not(member, topic, status):
        raise Invalid(sentence, field)


def _why_not(member: Member, topic: Topic, status: AskStatus) -> str:
    """Why a member cannot be asked about a question now, as a sentence for the person who asks; empty when they can."""
    name = member.name
    if member.id == topic.author_id:
        return _("%(name)s asks this question.", name=name)
    if status.is_muted or not member.can.advise(topic):
        return _("%(name)s cannot be asked. Choose somebody else.", name=name)
    if status.away_until:
        return _("%(name)s is away and can be asked later. Choose somebody else.", name=name)
    if status.this_week >= MAX_PER_WEEK:
        return _(
            "%(name)s was asked twice within seven days already. Choose somebody else.", name=name
        )
    return ""


def _add_request(asker: Person, topic: Topic, member: Member, reasons: Sequence[Reason]) -> None:
    said = [stored_reason(reason) for reason in reasons]
    row = AdviceRequest(topic_id=topic.id, member_id=member.id, asker_id=asker.id, reasons=said)
    row.asked_at = now()
    db.session.add(row)
    db.session.flush()


def _notify_asked(asker: Person, topic: Topic, people: Sequence[Member]) -> None:
    # The notice refers to the opening post, so that both are hidden together
    asked, post_id = topic.excerpt, first_post(topic).id
    notice = NoticeText(
        "advice",
        topic.address,
        topic.title,
        asked,
        topic.id,
        post_id,
        language=topic.language,
    )
    note_event(asker, notice, [member.id for member in people])


# How the asked member responds


@action
def decline(member: Person, topic_id: int) -> AdviceRequest:
    """Answer a request: the question is not the member's subject."""
    touches()
    asked = _open_request(member, topic_id)
    asked.declined_at, asked.postponed_at = asked.declined_at or now(), None
    return asked


@action
def postpone(member: Person, topic_id: int, until: datetime) -> AdviceRequest:
    """Answer a request: the member cannot help now. Until the moment `until`, nobody can ask them about any question."""
    touches()
    asked = _open_request(member, topic_id)
    asked.postponed_at, asked.declined_at = asked.postponed_at or now(), None
    _own_availability(member).away_until = _checked_until(until)
    return asked


@action
def pass_on(member: Person, topic_id: int, handle: str) -> Member:
    """Pass a request on to another member, who must be available to be asked; returns that member."""
    touches(topic_scope(topic_id))
    asked = _open_request(member, topic_id)
    topic = asked.topic  # in a variable: refreshing the row below unloads the relationship
    require(member.can.advise(topic))
    other = _members([handle], "handle")[0]
    if other.id == member.id:
        raise Invalid(_("This is your own handle. Pass it on to somebody else."), "handle")
    if other.id in requests_by_member(topic_id):
        raise Invalid(_("%(name)s has been asked already.", name=other.name), "handle")
    _require_askable(other, topic, ask_statuses([other.id])[other.id], "handle")
    asked.passed_at, asked.passed_to_id = now(), other.id
    _add_request(member, topic, other, [Reason("passed")])
    _notify_asked(member, topic, [other])
    return other


@action
def set_availability(member: Person, is_asked: bool, away_until: datetime | None) -> Availability:
    """Set whether a member wants to be asked at all, and from which moment on."""
    touches()
    require(member.can.be_asked())
    row = _own_availability(member)
    row.muted_at = None if is_asked else row.muted_at or now()
    row.away_until = _checked_until(away_until) if away_until else None
    return row


def _open_request(member: Person, topic_id: int) -> AdviceRequest:
    """The request to a member about a question they can read, locked. Raises `Invalid` if it was passed on."""
    require(member.can.be_asked())
    topic = topic_to_change(member, topic_id)
    asked = requests_by_member(topic_id).get(member.id)
    if asked is None or topic.kind != "question":
        raise NotFound(_("Nobody has asked you about this question."))
    if asked.passed_at:
        raise Invalid(_("You have passed this question on already."), "handle")
    asked.topic = topic
    return asked


def _own_availability(member: Person) -> Availability:
    lock_member(member.id, may_write=True)
    row = availability_of(member)
    db.session.add(row)
    return row


def _checked_until(until: datetime) -> datetime:
    if not now() < until <= now() + MAX_TIME_AWAY:
        last = day_in_words((now() + MAX_TIME_AWAY).date())
        raise Invalid(_("Choose a day after today and until %(last)s.", last=last), "until")
    return until


# What happened next


@action
def follow_up(
    author: Person, topic_id: int, story: FollowUpText, *, is_screened: bool = True
) -> FollowUp:
    """Tell what happened after a question was answered, or change what was told.

    A text that a screening rule catches is refused, because there is no queue for it. Imports are not screened
    (`is_screened`).
    """
    touches(topic_scope(topic_id))
    topic = topic_to_change(author, topic_id)
    require(author.can.follow_up(topic))
    row = follow_up_of(topic)
    before = (row.deed, row.text) if row else None
    if row is None:
        row = FollowUp(topic_id=topic_id, told_at=now())
        db.session.add(row)
    else:
        row.edited_at = now()
    _fill(row, story)
    if is_screened and (row.deed, row.text) != before:
        refuse_caught(author, topic.agenda_id, from_plain_text(row.deed, row.text), "text")
    note_follow_up(author, topic_id, row.told_at)
    _plan_to_ask_again(topic, row.outcome)
    return row


@action
def withdraw_follow_up(author: Person, topic_id: int) -> None:
    """Delete what the asker has told about what happened next."""
    touches(topic_scope(topic_id))
    topic = topic_to_change(author, topic_id)
    require(author.can.withdraw_follow_up(topic))
    if row := follow_up_of(topic):
        db.session.delete(row)
    note_follow_up(author, topic_id, None)


@action
def hide_follow_up(moderator: Person, follow_up_id: int, reason: str) -> FollowUp:
    """Hide what an asker told about what happened next, on all pages and in notices."""
    row = _follow_up_to_decide(moderator, follow_up_id)
    if row.hidden_at is None:
        row.hidden_at, row.hidden_reason = now(), reason.strip()
        note_follow_up(moderator, row.topic_id, None, row.hidden_at)
    return row


@action
def restore_follow_up(moderator: Person, follow_up_id: int) -> FollowUp:
    """Show again what an asker told about what happened next."""
    row = _follow_up_to_decide(moderator, follow_up_id)
    if row.hidden_at is not None:
        row.hidden_at, row.hidden_reason = None, ""
        note_follow_up(moderator, row.topic_id, row.told_at)
    return row


def _follow_up_to_decide(moderator: Person, follow_up_id: int) -> FollowUp:
    """A follow-up with its question locked, for somebody who moderates there."""
    topic = topic_to_change(moderator, get_follow_up(moderator, follow_up_id).topic_id)
    require(moderator.can.moderate(topic.agenda_id))
    return get_follow_up(moderator, follow_up_id)


def _fill(row: FollowUp, story: FollowUpText) -> None:
    deed, text = single_line(story.deed), story.text.strip()
    if story.outcome not in OUTCOMES:
        raise Invalid(_("Say whether it worked."), "outcome")
    if not deed:
        raise Invalid(_("Say what you did."), "deed")
    if len(deed) > MAX_DEED or len(text) > MAX_STORY:
        raise Invalid(
            _("Shorten what you tell to %(most)s characters.", most=format_decimal(MAX_STORY)),
            "text",
        )
    row.deed, row.outcome, row.text = deed, story.outcome, text
    row.language = story.language if story.language in language_names() else "en"


def _plan_to_ask_again(topic: Topic, outcome: str) -> None:
    """Schedule asking again when nothing was tried yet; for any other outcome, never ask again."""
    _take_up([(topic.id, topic.created_at)])
    care = db.session.get_one(QuestionCare, topic.id)
    is_left = outcome == NOT_YET and care.followups < 2
    care.look_at = now() + FOLLOW_UP_AGAIN_AFTER if is_left else None


# The worker


@action
def look_after(system: Person, limit: int = BATCH_SIZE) -> int:
    """Take up new questions, notify hosts of unanswered ones, and ask askers what happened next.

    Handles at most `limit` of each and returns how many it handled. Rows that are due are locked and rescheduled in
    the transaction that writes the events: so each notice is sent once, however many workers run and whenever they
    are killed.
    """
    touches()
    require(system.can.administer())
    new = questions_to_take_up(now() - MAX_AGE_TAKEN_UP, limit)
    _take_up(new)
    due = care_due(limit)
    courses = progress_of([care.topic_id for care in due])
    for care in due:
        _look_at(system, care, courses[care.topic_id])
    return len(new) + len(due)


@action
def await_answers(_moderator: Person, topic_id: int) -> None:
    """Schedule telling the hosts in a week if nobody answers, for a question that members can find only from now on."""
    topic = db.session.get_one(Topic, topic_id)
    _take_up([(topic_id, topic.created_at)])
    care = db.session.get_one(QuestionCare, topic_id, with_for_update=True, populate_existing=True)
    if care.unanswered_at is None:
        care.look_at = care.unanswered_at = now() + UNANSWERED_AFTER


def _take_up(questions: Sequence[tuple[int, datetime]]) -> None:
    """Schedule the first look at questions; those already scheduled are left as they are."""
    rows = [
        {"topic_id": topic_id, "look_at": created_at + UNANSWERED_AFTER, "followups": 0}
        for topic_id, created_at in sorted(questions)
    ]
    if rows:
        db.session.execute(insert_into(QuestionCare).on_conflict_do_nothing(), rows)


def _look_at(system: Person, care: QuestionCare, course: QuestionProgress) -> None:
    topic, is_planned = course.topic, care.is_to_be_told
    if is_planned and not (course.is_open or course.has_replies):  # it may be open again later
        care.look_at = care.unanswered_at = now() + UNANSWERED_AFTER
        return
    if is_planned:
        care.unanswered_at = None
    care.look_at = _next_look(care, course)
    if not course.is_open:
        return
    is_for_long = is_planned or _is_unanswered_for_long(care, topic)
    if not course.has_replies and not course.helped_at and is_for_long:
        care.unanswered_at = now()
        _notify(system, "unanswered", hosts_to_notify(topic), topic, topic.address)
    elif _is_followed_up(care, course):
        care.followups += 1
        _notify(system, "followup", [topic.author_id], topic, f"/topics/{topic.id}/follow-up")


def _is_unanswered_for_long(care: QuestionCare, topic: Topic) -> bool:
    age = now() - _answerable_since(topic)
    return care.unanswered_at is None and UNANSWERED_AFTER <= age <= UNANSWERED_UNTIL


def _answerable_since(topic: Topic) -> datetime:
    """Since when members could answer: since the question was asked, or since its agenda was opened if that was later."""
    return max(topic.created_at, topic.agenda.opened_at or topic.created_at)


def _is_followed_up(care: QuestionCare, course: QuestionProgress) -> bool:
    """Whether to ask now what happened next: `FOLLOW_UP_AFTER` after help came, and once more if nothing had been tried by then."""
    if course.outcome is not None:
        return course.outcome == NOT_YET and care.followups < 2
    is_due = course.helped_at is not None and course.helped_at + FOLLOW_UP_AFTER <= now()
    return is_due and care.followups == 0


def _next_look(care: QuestionCare, course: QuestionProgress) -> datetime | None:
    """When to look at a question again: when a follow-up is due, else after the same time, so that help is not noticed too late.

    A question that is closed when its follow-up is due is looked at again, because it may be open by then. One on an
    agenda that is in preparation, or was opened recently, is looked at in time to tell the hosts that nobody answers.
    """
    topic = course.topic
    if topic.deleted_at:
        return None
    if topic.agenda.opened_at is None:
        return now() + UNANSWERED_AFTER
    since = _answerable_since(topic)
    is_left_alone = now() - (course.helped_at or since) >= MAX_CARE
    later = None if is_left_alone else now() + FOLLOW_UP_AFTER
    if _is_followed_up(care, course):
        return None if course.is_open else later
    if course.outcome is not None or care.followups:
        return None
    if course.helped_at:
        return course.helped_at + FOLLOW_UP_AFTER
    return later if now() >= since + UNANSWERED_AFTER else since + UNANSWERED_AFTER


def _notify(
    system: Person, kind: str, recipients: Sequence[int], topic: Topic, address: str
) -> None:
    notice = NoticeText(kind, address, topic.title, topic_id=topic.id, language=topic.language)
    note_event(system, notice, recipients)


# For members who have left


@action
def forget_member(system: Person, member_id: int, *, is_silent: bool) -> None:
    """Delete the requests to a member who has left, and their availability.

    Requests made by the member stay with the question, as do their follow-ups; with `is_silent` these are deleted as
    well.
    """
    require(system.can.administer())
    for model in (AdviceRequest, Availability):
        db.session.execute(delete(model).where(model.member_id == member_id))
    passed = update(AdviceRequest).where(AdviceRequest.passed_to_id == member_id)
    db.session.execute(passed.values(passed_to_id=None))
    if is_silent:
        db.session.execute(delete(AdviceRequest).where(AdviceRequest.asker_id == member_id))
        db.session.execute(delete(FollowUp).where(FollowUp.topic_id.in_(topic_ids_of(member_id))))
