"""Loading topics: opening them, advice, follow-ups, pins, locks and paces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from forum.advice import actions as advice
from forum.advice.queries import MAX_CANDIDATES, proposals
from forum.clock import now
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace
from forum.dialogue.queries import get_topic, render_with_mentions
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.transfer.actions._discussions import (
    Discussion,
    ask_poll,
    plan_marks,
    plan_replies,
    plan_reports,
    plan_votes,
)
from forum.transfer.actions._loading import Loading, faults_at, later, theme_ids
from forum.transfer.models import Values


def plan_topic(curator: Member, values: Values, loading: Loading) -> None:
    """Plan opening a topic, and everything after that: advice, replies, marks, reports and the follow-up."""
    opened_at, discussion = values["at"], Discussion(loading.language_of(values))
    loading.plan(opened_at, _open_topic, curator, values, discussion, loading)
    plan_marks(values, 1, opened_at, discussion, loading)
    plan_votes(values, 1, opened_at, discussion, loading)
    plan_reports(values, 1, opened_at, discussion, loading)
    for which, (_handle, moment, _became) in enumerate(values["asked"]):
        loading.plan(moment, _ask, values, which, discussion)
        loading.plan(later(moment, days=1), _respond, values, which, discussion, loading)
    latest = plan_replies(values["posts"], opened_at, discussion, loading)
    if "followed_up" in values:
        moment = values["followed_up"][0]
        loading.plan(moment, _follow_up, discussion, values, after=latest)
    if values.get("pinned"):
        loading.plan(later(opened_at, hours=1), _pin, curator, discussion, loading)
    if "all_members_told" in values:
        told_at = values["all_members_told"]
        loading.plan(told_at, _note_told_all, curator, discussion, after=opened_at)
    if values.get("locked"):
        until = values.get("locked_until")
        if until is None or until >= now().date():
            reason = values.get("locked_because", "")
            loading.plan(now(), _lock, curator, discussion, reason, until)
    if "slow" in values and not values["slow"].is_over:
        pace = replace(values["slow"], reason=values.get("slow_because", ""))
        loading.plan(now(), _slow, curator, discussion, pace, loading)


def _open_topic(curator: Member, values: Values, discussion: Discussion, loading: Loading) -> None:
    new = dialogue.NewTopic(
        kind=values["kind"],
        title=values["title"],
        text=render_with_mentions(values["text"], discussion.language),
        themes=theme_ids(curator, values),
        audience=values.get("readers", "public"),
        for_organisation=values.get("on_behalf_of_organisation", False),
    )
    with faults_at(values):
        topic = dialogue.publish_topic(loading.member(values["by"]), loading.agenda.id, new)
    discussion.begin(topic.id)
    ask_poll(values, loading.member(values["by"]), discussion.posts[0].id)


def _ask(values: Values, which: int, discussion: Discussion) -> None:
    """Let the author of a question ask a member for advice.

    The reasons are those for which the forum would have proposed the member at that moment.
    """
    asker, topic_id = discussion.author, discussion.topic_id
    handle = values["asked"][which][0]
    with faults_at(values, "asked", which):
        proposed = proposals(asker, get_topic(asker, topic_id), MAX_CANDIDATES)
        reasons = {proposal.member.handle: proposal.reasons for proposal in proposed}
        advice.ask(asker, topic_id, [handle], reasons)


def _respond(values: Values, which: int, discussion: Discussion, loading: Loading) -> None:
    """Let a member who was asked for advice respond, if the file says what became of it."""
    handle, _moment, became = values["asked"][which]
    member, topic_id = loading.member(handle), discussion.topic_id
    with faults_at(values, "asked", which):
        if became == "not me":
            advice.decline(member, topic_id)
        elif became == "not now":
            advice.postpone(member, topic_id, now() + timedelta(days=7))
        elif became:
            advice.pass_on(member, topic_id, became)


def _follow_up(discussion: Discussion, values: Values) -> None:
    _moment, outcome, deed, text, language = values["followed_up"]
    story = advice.FollowUpText(deed, outcome, text, language or discussion.language)
    with faults_at(values, "followed_up"):
        advice.follow_up(discussion.author, discussion.topic_id, story, is_screened=False)


def _pin(curator: Member, discussion: Discussion, loading: Loading) -> None:
    pin = moderation.pin if loading.is_decided else dialogue.pin
    pin(curator, discussion.topic_id)


def _note_told_all(curator: Member, discussion: Discussion) -> None:
    dialogue.note_told_all(curator, discussion.topic_id)


def _lock(curator: Member, discussion: Discussion, reason: str, until: date | None) -> None:
    dialogue.lock(curator, discussion.topic_id, reason, until)


def _slow(curator: Member, discussion: Discussion, pace: Pace, loading: Loading) -> None:
    if loading.is_decided and pace.reason:
        moderation.slow(curator, discussion.topic_id, pace, moderation.Reasons(pace.reason))
    else:
        dialogue.slow(curator, discussion.topic_id, pace)
