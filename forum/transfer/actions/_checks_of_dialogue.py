"""Checking the topics, replies and polls of an agenda file."""

from __future__ import annotations

from datetime import datetime

from forum.dialogue.models import PollText
from forum.transfer.actions._checks_of_people import check_people_named
from forum.transfer.actions._loading import Loading
from forum.transfer.actions._quotes import QUOTED_NUMBER
from forum.transfer.models import AgendaFile, Fault, Values

NO_ANSWER = "only a reply to a question is its answer"


def check_paragraph(post: Values, number: int, loading: Loading) -> None:
    """A comment must name one of `number` paragraphs, or none."""
    there = f"the last paragraph is number {number}" if number else "only cases have paragraphs"
    is_there = "paragraph" not in post or 1 <= post["paragraph"] <= number
    loading.expect(is_there, post.line_of("paragraph"), there)


def check_topics(file: AgendaFile, loading: Loading) -> None:
    """Only questions may have an answer, ask for advice and be followed up, and only after they were asked."""
    for topic in file.topics:
        is_question = topic.get("kind", "question") == "question"
        answers = [post.line_of("answer") for post in topic["posts"] if post.get("answer")]
        for line in answers:
            loading.expect(is_question, line, NO_ANSWER)
        for line in answers[1:]:
            loading.expect(False, line, "a question has one answer")
        for post in topic["posts"]:
            check_paragraph(post, 0, loading)
        for (handle, moment, _became), line in topic.entries("asked"):
            loading.expect(is_question, line, "only a question asks members for advice")
            loading.expect(handle != topic.get("by"), line, f"{handle} asks this question")
            _check_later(topic, moment, line, loading)
        if "followed_up" in topic:
            line = topic.line_of("followed_up")
            is_answered = is_question and topic["posts"]
            loading.expect(is_answered, line, "only a question that has a reply is followed up")
            _check_later(topic, topic["followed_up"][0], line, loading)
        if "all_members_told" in topic:
            line = topic.line_of("all_members_told")
            _check_later(topic, topic["all_members_told"], line, loading)


def _check_later(topic: Values, moment: datetime, line: int, loading: Loading) -> None:
    is_later = "at" not in topic or moment >= topic["at"]
    loading.expect(is_later, line, "this is earlier than the topic")


def check_order(file: AgendaFile, loading: Loading) -> None:
    """Posts must be in chronological order, and quote earlier ones; a case or practice counts as the first post."""
    for topic in [*file.topics, *file.comments]:
        latest = topic.get("at")
        for number, post in enumerate(topic["posts"], 2):
            moment = post.get("at")
            is_later = not (latest and moment) or moment >= latest or post.get("moved")
            loading.expect(is_later, post.line, "this is earlier than the post before it")
            latest = max(filter(None, (moment, latest)), default=None)
            _check_quotes(post, number, loading)


def _check_quotes(post: Values, number: int, loading: Loading) -> None:
    text = post["text"]
    for found in QUOTED_NUMBER.finditer(text):
        line = post.line_of("text") + text.count("\n", 0, found.start())
        is_earlier = 1 <= int(found[1]) < number
        loading.expect(is_earlier, line, f"#{found[1]} is no earlier post of this topic")


def check_posts(file: AgendaFile, loading: Loading) -> None:
    """Nobody may report a text twice, or do to their own what is for others."""
    for values in file.texts:
        check_people_named(values, loading)
        reporters = [(entry[0], line) for entry, line in values.entries("report")]
        for number, (handle, line) in enumerate(reporters):
            is_first = handle not in {other for other, _line in reporters[:number]}
            loading.expect(is_first, line, f"{handle} has reported this already")


def check_polls(file: AgendaFile, loading: Loading) -> None:
    """A poll must have a question and options, and end after it has begun."""
    for values in file.texts:
        words = [words for words, _handles in values.get("poll_option", ())]
        fields = ("poll_option", "poll_several", "poll_until", "poll_closed")
        if question := values.get("poll"):
            faults = PollText(question, words).tidied.faults.values()
            loading.faults += [Fault(values.line_of("poll"), why) for why in faults]
        elif stray := next((name for name in fields if values.get(name)), None):
            loading.expect(None, values.line_of(stray), "write the question in “- poll: …”, too")
        for name in ("poll_until", "poll_closed"):
            is_later = not {name, "at"} <= values.keys() or values[name] >= values["at"]
            loading.expect(is_later, values.line_of(name), "this is before the poll has begun")
