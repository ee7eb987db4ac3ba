"""A topic while it is loaded, and loading its replies, marks on posts, and reports of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from forum.clock import month_end
from forum.dialogue import actions as dialogue
from forum.dialogue.models import PollText
from forum.dialogue.queries import render_with_mentions
from forum.library import actions as library
from forum.library.actions import MAX_MONTHS_AHEAD
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.transfer.actions._loading import Loading, faults_at, later, noon
from forum.transfer.actions._quotes import LoadedPost, link_quotes
from forum.transfer.models import Values
from forum.transfer.queries import author_of_topic, opening_post, option_ids


class Discussion:
    """A topic that is being loaded: its author, its posts so far, its language, the keys of its case's paragraphs."""

    def __init__(self, language: str) -> None:
        self.topic_id = 0  # until it is opened, or found
        self.author = Member()
        self.posts: list[LoadedPost] = []
        self.language = language
        self.keys: Sequence[str] = ()

    def begin(self, topic_id: int, keys: Sequence[str] = ()) -> None:
        """Continue with this topic, which has its opening post."""
        opening = opening_post(topic_id)
        self.topic_id, self.author = topic_id, author_of_topic(topic_id)
        self.posts, self.keys = [LoadedPost(opening.id, opening.author.name)], keys


def plan_replies(
    replies: Sequence[Values], since: datetime, discussion: Discussion, loading: Loading
) -> datetime:
    """Plan the replies of a discussion, each after the one above it; returns the turn of the last."""
    for number, values in enumerate(replies, 2):
        since = max(since, values["at"])
        loading.plan(values["at"], _reply, values, discussion, loading, after=since)
        plan_marks(values, number, since, discussion, loading)
        plan_votes(values, number, since, discussion, loading)
        plan_reports(values, number, since, discussion, loading)
    return since


def _reply(values: Values, discussion: Discussion, loading: Loading) -> None:
    source = link_quotes(values["text"], discussion.posts)
    number, keys = values.get("paragraph", 0), discussion.keys
    author = loading.member(values["by"])
    with faults_at(values):
        post = dialogue.publish_reply(
            author,
            discussion.topic_id,
            render_with_mentions(source, values.get("language", discussion.language)),
            paragraph=keys[number - 1] if 0 < number <= len(keys) else None,
            for_organisation=values.get("on_behalf_of_organisation", False),
        )
    discussion.posts.append(LoadedPost(post.id, author.name))
    ask_poll(values, author, post.id)
    if values.get("answer"):
        with faults_at(values, "answer"):
            dialogue.choose_answer(discussion.author, discussion.topic_id, post.id)


def plan_marks(
    values: Values, number: int, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    if any(values.get(name) for name in ("useful", "same_here", "tried")):
        moment = later(values.get("at", since), days=1)
        loading.plan(moment, _mark, values, number, discussion, loading, after=since)


def plan_intentions(
    values: Values, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    """Plan the intentions of members to try a case or practice.

    They are after its publication, and neither so long before their month that it would be too far away nor after it.
    """
    for which, (_handle, until) in enumerate(values["wants"]):
        earliest = month_end(-MAX_MONTHS_AHEAD - 1, until) + timedelta(days=1)
        moment = max(later(since, days=1), noon(earliest))
        loading.plan(
            min(moment, noon(until)), _intend, values, which, discussion, loading, after=since
        )


def _intend(values: Values, which: int, discussion: Discussion, loading: Loading) -> None:
    handle, until = values["wants"][which]
    member = loading.member(handle)
    if not _is_by(member, discussion):
        with faults_at(values, "wants", which):
            library.intend(member, discussion.topic_id, until)


def _is_by(member: Member, discussion: Discussion) -> bool:
    """Whether a member wrote what opens a discussion; only for a case, which belongs to the loading moderator.

    A file from another forum may say that they have tried it, because there the case belonged to somebody else.
    `check_agenda_file` refuses that elsewhere.
    """
    return member.id == discussion.author.id


def _mark(values: Values, number: int, discussion: Discussion, loading: Loading) -> None:
    post = discussion.posts[number - 1]
    for name, kind in (("useful", "useful"), ("same_here", "same here")):
        with faults_at(values, name):
            for handle in values.get(name, ()):
                dialogue.mark(loading.member(handle), post.id, kind)
    for which, (handle, outcome, note, language) in enumerate(values["tried"]):
        member = loading.member(handle)
        if number == 1 and _is_by(member, discussion):
            continue
        with faults_at(values, "tried", which):
            said = {"language": language, "is_screened": False}
            dialogue.mark(member, post.id, "tried it", outcome, note, **said)


def ask_poll(values: Values, author: Member, post_id: int) -> None:
    """Add the poll of a section below its post, if it has one."""
    if "poll" not in values:
        return
    options = [words for words, _handles in values["poll_option"]]
    is_multiple, end = values.get("poll_several", False), values.get("poll_until")
    text = PollText(values["poll"], options, is_multiple, closes_at=end)
    with faults_at(values, "poll"):
        dialogue.set_poll(author, post_id, text, is_screened=False)


def plan_votes(
    values: Values, number: int, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    if any(handles for _words, handles in values["poll_option"]):
        moment, ends = later(values["at"], hours=1), ("poll_until", "poll_closed")
        if any(values[end] <= moment for end in ends if end in values):
            moment = values["at"]
        loading.plan(moment, _vote, values, number, discussion, loading, after=since)
    if "poll_closed" in values:
        moment = values["poll_closed"]
        loading.plan(moment, _close_poll, values, number, discussion, loading, after=since)


def _vote(values: Values, number: int, discussion: Discussion, loading: Loading) -> None:
    post_id = discussion.posts[number - 1].id
    chosen: dict[str, list[int]] = {}
    for place, (_words, handles) in enumerate(values["poll_option"]):
        for handle in handles:
            chosen.setdefault(handle, []).append(place)
    options = option_ids(post_id)
    with faults_at(values, "poll_option"):
        for handle, places in chosen.items():
            dialogue.vote(loading.member(handle), post_id, [options[place] for place in places])


def _close_poll(values: Values, number: int, discussion: Discussion, loading: Loading) -> None:
    with faults_at(values, "poll_closed"):
        author = loading.member(values["by"])
        dialogue.close_poll(author, discussion.posts[number - 1].id)


def plan_reports(
    values: Values, number: int, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    for which in range(len(values["report"])):
        moment = later(values["at"], hours=3)
        loading.plan(moment, _report, values, which, number, discussion, loading, after=since)


def _report(
    values: Values, which: int, number: int, discussion: Discussion, loading: Loading
) -> None:
    handle, reason, words = values["report"][which]
    post = discussion.posts[number - 1]
    with faults_at(values, "report", which):
        moderation.report(loading.member(handle), "post", post.id, reason, words)
