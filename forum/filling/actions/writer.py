"""From planned deeds of the dialogue to the rows that the actions of the rooms would leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from forum.dialogue.queries import CountKey
from forum.filling.actions._tables import NUMBERED, TABLES
from forum.filling.models import (
    END,
    NEWS_SINCE,
    Foundation,
    PlannedAnswer,
    PlannedDeed,
    PlannedEdit,
    PlannedHiding,
    PlannedMark,
    PlannedMember,
    PlannedPost,
    PlannedTopic,
    Row,
    RowBatch,
)
from forum.moderation.models import OWN, Deed, ThingBefore
from forum.moderation.queries import DEEDS, first_words
from forum.notifications.models import NEVER, kept_sentences
from forum.permissions import PUBLIC
from forum.plaintext import excerpt, slugify
from forum.rules.queries import default_rules
from forum.search.queries import searchable

_cached_searchable = lru_cache(20_000)(searchable)
BROKEN_RULE = 4  # the number of the house rule that hidden posts break


class BatchWriter:
    """Turns planned deeds, in order of time, into the rows that the actions of the rooms would leave.

    It is as if the worker had made each notice at once; all but the latest are read. A post has its final state from
    the beginning: hidden, edited, with all its marks. Everything else happens at its time.
    """

    def __init__(self, foundation: Foundation) -> None:
        self.foundation = foundation
        self.ids = dict(foundation.last_ids)
        self.batch = RowBatch(TABLES)
        self._rule = default_rules()[BROKEN_RULE - 1]  # that moderators name as the reason
        self._documents: dict[int, int] = {}  # the ids of the topics' documents, by topic id
        self._mark_notices: dict[int, Row] = {}  # the notice about the marks of a post, by post id
        self._writers: dict[type, Callable[[Any], None]] = {
            PlannedPost: self._write_post,
            PlannedMark: self._mark,
            PlannedEdit: self._edit,
            PlannedHiding: self._hide,
            PlannedAnswer: self._choose,
        }

    def write(self, deeds: Iterable[PlannedDeed]) -> RowBatch:
        """The rows of some deeds, which follow those of the batches before."""
        self.batch = RowBatch(TABLES)
        for deed in deeds:
            self._writers[type(deed)](deed)
        for topic in self.batch.rows["topic"]:
            topic.update(self.batch.counters.pop(topic["id"]))
        self.batch.last_ids = {name: self.ids[name] for name in NUMBERED}
        return self.batch

    def _write_post(self, post: PlannedPost) -> None:
        agenda_id = self.foundation.agendas[post.topic.agenda]
        if post.number == 1:
            self._add_topic_row(post, agenda_id)
        self._count_post(post, agenda_id)
        self._add_post_row(post)
        self._add_document_row(post, agenda_id)
        self._notify_of_post(post)

    def _add_topic_row(self, post: PlannedPost, agenda_id: int) -> None:
        topic = post.topic
        row = {
            "kind": topic.kind,
            "agenda_id": agenda_id,
            "author_id": topic.author.id,
            "organisation_id": self._organisation(post),
            "title": topic.title,
            "slug": slugify(topic.title, "topic"),
            "excerpt": excerpt(post.last_text.plain),
            "language": topic.language,
            "audience": topic.audience,
            "created_at": post.at,
        }
        self._add("topic", row)
        themes = [
            {"topic_id": topic.id, "theme_id": self.foundation.themes[n]} for n in topic.themes
        ]
        self.batch.rows["topic_theme"] += themes
        self.batch.list_counts[self._shelf_of(topic, topic.kind == "question")] += 1

    def _shelf_of(self, topic: PlannedTopic, is_waiting: bool) -> CountKey:
        place = (self.foundation.agendas[topic.agenda], topic.kind, topic.audience, topic.language)
        return (*place, False, is_waiting)

    def _count_post(self, post: PlannedPost, agenda_id: int) -> None:
        topic, batch = post.topic, self.batch
        batch.active_at[agenda_id] = post.at
        is_counted = topic.audience == PUBLIC and post.hidden_at is None
        batch.posts_by_author[post.author.id] += is_counted
        batch.counters[topic.id] = {
            "posts_count": topic.posts_count,
            "replies_count": topic.replies_count,
            "active_at": (topic.latest[0] if topic.latest else post).at,
        }

    def _add_post_row(self, post: PlannedPost) -> None:
        text = post.last_text
        row = {
            "topic_id": post.topic.id,
            "number": post.number,
            "author_id": post.author.id,
            "organisation_id": self._organisation(post),
            "source": text.source,
            "html": text.html,
            "html_version": text.html_version,
            "language": text.language,
            "useful_count": post.useful_count,
            "same_here_count": post.same_here_count,
            "tried_count": post.tried_count,
            "created_at": post.at,
            "edited_at": post.edited_at,
            "hidden_at": post.hidden_at,
            "hidden_reason": self._rule.label if post.reason else "",
        }
        self._add("post", row)
        if post.quoted:
            quote = {"post_id": post.id, "quoted_id": post.quoted.id}
            self.batch.rows["quote"].append(quote)

    def _organisation(self, post: PlannedPost) -> int | None:
        place = post.author.organisation if post.for_organisation else None
        return None if place is None else self.foundation.organisations[place]

    def _add_document_row(self, post: PlannedPost, agenda_id: int) -> None:
        """The document of the topic for its first post, and one of its own for a reply."""
        topic, plain, byline = post.topic, post.last_text.plain, post.author.byline
        is_topic = post.number == 1
        slug = self.batch.rows["topic"][-1]["slug"] if is_topic else ""
        document = {
            "kind": "topic" if is_topic else "post",
            "item_id": topic.id if is_topic else post.id,
            "parent_id": None if is_topic else self._documents[topic.id],
            "agenda_id": agenda_id,
            "address": f"/topics/{topic.id}-{slug}" if is_topic else f"/posts/{post.id}",
            "title": topic.title,
            "body": plain,
            "folded_title": _cached_searchable(topic.title) if is_topic else "",
            "folded_body": _folded_words(plain, byline, "" if is_topic else topic.title),
            "byline": byline,
            "language": post.last_text.language,
            "audience": topic.audience,
            "written_at": post.at,
            "hidden_at": post.hidden_at,
        }
        number = self._add("document", document)
        if is_topic:
            self._documents[topic.id] = number

    def _mark(self, mark: PlannedMark) -> None:
        given = {
            "post_id": mark.post.id,
            "member_id": mark.member.id,
            "kind": mark.kind,
            "outcome": mark.outcome,
            "note": mark.note,
            "language": "",
            "city_id": mark.member.city_id,
            "created_at": mark.at,
        }
        self._add("mark", given)
        recipients = [mark.post.author]
        self._notify("mark", mark.member, recipients, mark.post, moment=mark.at, words=mark.note)

    def _edit(self, edit: PlannedEdit) -> None:
        post = edit.post
        revision = {
            "post_id": post.id,
            "title": post.topic.title if post.number == 1 else "",
            "source": post.text.source,
            "written_at": post.at,
            "replaced_at": edit.at,
        }
        self._add("revision", revision)

    def _choose(self, choice: PlannedAnswer) -> None:
        post = choice.post
        answer: Row = {"answer_id": post.id, "answered_by_id": post.author.id}
        answer["answered_at"] = choice.at
        self.batch.answers[post.topic.id] = answer
        self.batch.list_counts[self._shelf_of(post.topic, True)] -= 1
        self.batch.list_counts[self._shelf_of(post.topic, False)] += 1
        self._notify("answer", post.topic.author, [post.author], post, moment=choice.at)

    def _hide(self, hiding: PlannedHiding) -> None:
        post = hiding.post
        decision = self._decision_columns(hiding)
        decision_id = self._add("decision", decision)
        event = _event(
            "decision",
            None,
            f"/moderation/decisions/{decision_id}",
            hiding.at,
            title=decision["title"],
            language=post.last_text.language,
            text=post.reason,
        )
        event["sentences"] = kept_sentences(text=DEEDS[Deed.HIDE].for_author)
        self._add_event(event, hiding.moderator, [post.author], decision_id)

    def _decision_columns(self, hiding: PlannedHiding) -> Row:
        post = hiding.post
        return {
            "moderator_id": hiding.moderator.id,
            "deed": Deed.HIDE,
            "kind": "post",
            "item_id": post.id,
            "agenda_id": self.foundation.agendas[post.topic.agenda],
            "author_id": post.author.id,
            "title": first_words(post.text.source),
            "language": post.last_text.language,
            "address": f"/posts/{post.id}",
            "sentences": None,
            "reason": post.reason,
            "rule": self._rule.number,
            "rule_name": self._rule.name,
            "rule_sentence": self._rule.sentence,
            "law": "",
            "source": OWN,
            "is_automated": False,
            "is_excused": False,
            "before": ThingBefore("shown").to_json(),
            "decided_at": hiding.at,
        }

    def _notify_of_post(self, post: PlannedPost) -> None:
        details: Row = {"moment": post.at, "words": post.text.plain}
        quoted_authors = [post.quoted.author] if post.quoted else []
        self._notify("quote", post.author, quoted_authors, post, **details)
        if post.number > 1 and post.topic.author not in quoted_authors:
            self._notify("reply", post.author, [post.topic.author], post, **details)

    def _notify(
        self,
        kind: str,
        doer: PlannedMember,
        recipients: Iterable[PlannedMember],
        post: PlannedPost,
        *,
        moment: datetime,
        words: str = "",
    ) -> None:
        event = _event(
            kind,
            doer.id,
            f"/posts/{post.id}",
            moment,
            title=post.topic.title,
            language=post.topic.language,
            text=words,
            topic_id=post.topic.id,
            post_id=post.id,
            hidden_at=post.hidden_at,
        )
        self._add_event(event, doer, recipients)

    def _add_event(
        self,
        event: Row,
        doer: PlannedMember,
        recipients: Iterable[PlannedMember],
        decision_id: int | None = None,
    ) -> None:
        """Add an event that the worker has handled: a notice for each recipient except the doer."""
        recipient_ids = sorted({member.id for member in recipients} - {doer.id})
        if not recipient_ids:
            return
        moment = event["created_at"]
        work = {"recipients": recipient_ids, "due_at": moment, "attempts": 0, "done_at": moment}
        work |= {"but": [], "reached": 0, "decision_id": decision_id}
        event_id = self._add("event", {**event, **work})
        read_at = END if moment < NEWS_SINCE else None
        for member_id in recipient_ids:
            whose = {"event_id": event_id, "member_id": member_id, "read_at": read_at}
            self._add_notice({**event, **whose, "others": 0, "way": NEVER})

    def _add_notice(self, notice: Row) -> None:
        """Add a notice, or count a mark in the one about the same post, since all are unread until the end."""
        if notice["kind"] != "mark":
            self._add("notice", notice)
        elif existing := self._mark_notices.get(notice["post_id"]):
            more = {name: notice[name] for name in ("actor_id", "text") if notice[name]}
            existing |= {**more, "others": existing["others"] + 1}
            self.batch.changed_notices[existing["id"]] = existing
        else:
            self._add("notice", notice)
            kept = ("id", "actor_id", "text", "others")
            self._mark_notices[notice["post_id"]] = {name: notice[name] for name in kept}

    def _add(self, table: str, row: Row) -> int:
        """Add a row with the next id of its table; returns the id."""
        self.ids[table] += 1
        row["id"] = self.ids[table]
        self.batch.rows[table].append(row)
        return self.ids[table]


def _folded_words(plain: str, *more: str) -> str:
    """The folded words of a text for search, line by line, because many texts share lines and lines are cached."""
    return " ".join(filter(None, map(_cached_searchable, (*plain.split("\n"), *more))))


def _event(
    kind: str,
    actor_id: int | None,
    address: str,
    moment: datetime,
    *,
    title: str,
    language: str,
    text: str,
    topic_id: int | None = None,
    post_id: int | None = None,
    hidden_at: datetime | None = None,
) -> Row:
    """The columns that an event and its notices share."""
    return {
        "kind": kind,
        "actor_id": actor_id,
        "title": title,
        "language": language,
        "text": excerpt(text, 400),
        "sentences": None,
        "address": address,
        "topic_id": topic_id,
        "post_id": post_id,
        "created_at": moment,
        "hidden_at": hidden_at,
    }
