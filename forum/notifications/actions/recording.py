"""Recording events: one row each, from which the worker makes the notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from forum.clock import now
from forum.db import db
from forum.deeds import action
from forum.notifications.actions._rows import quoted
from forum.notifications.models import EVERYBODY, Event, kept_sentences
from forum.notifications.queries import Subject, who_listens
from forum.permissions import Person
from forum.sentences import Sentence

TOLD_TO_WEBHOOKS = ("topic", "post")  # kinds of events


@dataclass(frozen=True)
class NoticeText:
    """The content of an event's notices: `kind`, one of `NOTICE_KINDS`, the path to which they lead, a title and a text.

    The forum's own words are not text but sentences, which are shown in the language of each member: the title may be
    one, and `before` are those before the text by a person. `language` is that of a title by a person. Notices are read
    when the topic is read, hidden with the post, and move with both.
    """

    kind: str
    address: str
    title: str | Sentence = ""
    text: str = ""
    topic_id: int | None = None
    post_id: int | None = None
    before: Sequence[Sentence] = ()
    language: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that an event and its notices share."""
        same = {name: getattr(self, name) for name in ("kind", "address", "topic_id", "post_id")}
        instead = [self.title] if isinstance(self.title, Sentence) else []
        return same | {
            "title": "" if instead else self.title,
            "language": "" if instead else self.language,
            "text": quoted(self.text),
            "sentences": kept_sentences(instead, self.before),
        }


@action
def note_event(
    doer: Person,
    notice: NoticeText,
    recipients: Iterable[int | None],
    *,
    decision_id: int | None = None,
    is_named: bool = True,
) -> None:
    """Record an event that concerns `recipients`, the ids of members; the worker makes the notices.

    Doers get no notice of their own actions, and are not named in the notice when `is_named` is false (a moderator, a
    reporter). `decision_id` is the decision with which it is withdrawn.
    """
    concerned = sorted({member_id for member_id in recipients if member_id} - {doer.id})
    if concerned:
        actor_id = doer.id if is_named else None
        _add_event(notice, actor_id=actor_id, recipients=concerned, decision_id=decision_id)


@action
def note_event_for_watchers(
    doer: Person, notice: NoticeText, subjects: Sequence[Subject], but: Iterable[int] = ()
) -> None:
    """Record an event that concerns everybody who watches one of `subjects` and mutes none of them.

    It is one row, however many people watch: the worker finds them. The doer gets no notice, nor do the members in
    `but`, who get a more specific notice of the same action. Events of topics and posts are also for webhooks,
    whether or not somebody watches.
    """
    is_watched, is_told = who_listens(doer, subjects)
    is_told = is_told and notice.kind in TOLD_TO_WEBHOOKS
    if is_watched or is_told:
        excluded = {*but, doer.id} if doer.id else {*but}
        watched = [list(subject) for subject in subjects]
        told = {"untold_at": now() if is_told else None}
        _add_event(
            notice, actor_id=doer.id, recipients=[], watched=watched, but=sorted(excluded), **told
        )


@action
def note_event_for_everybody(
    _doer: Person, notice: NoticeText, but: Iterable[int] = (), *, actor_id: int | None = None
) -> None:
    """Record an event that concerns every member except those in `but`; one row, like `note_event_for_watchers`.

    The doer gets a notice as well, and is named in it only as `actor_id`.
    """
    everybody = [[EVERYBODY, 0]]
    _add_event(notice, actor_id=actor_id, recipients=[], watched=everybody, but=sorted(set(but)))


@action
def note_told(_system: Person, events: Collection[Event]) -> None:
    """Record that webhook deliveries were made for these events, in the same transaction."""
    for event in events:
        event.untold_at = None


def _add_event(notice: NoticeText, **columns: Any) -> None:
    times = {"created_at": now(), "due_at": now()}
    db.session.add(Event(**notice.columns, **columns, **times))
