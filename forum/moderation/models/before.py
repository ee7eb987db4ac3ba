"""What a decision stores so that it can be undone: a class for each sort of deed, as JSON in `Decision.before`.

The keys are those that every earlier version has stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from forum.clock import now
from forum.dialogue.models import Pace

Kept = Mapping[str, Any]  # the JSON of a decision
Key = tuple[str, int]  # kind and id of a thing


class Before(Protocol):
    """The state before a decision."""

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""


@dataclass(frozen=True)
class ThingBefore:
    """Before a thing was kept, hidden, removed or restored: its state, and the words that stood in place of a hidden thing.

    `is_emptied` says that it was a topic hidden only because it had no visible post. A post may have waited for a
    look since `unseen_at`, and been the answer to the question with the id `question_id`, chosen at `answered_at`.
    """

    state: str
    words: str = ""
    is_emptied: bool = False
    unseen_at: datetime | None = None
    question_id: int | None = None
    answered_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        said = {"state": self.state, "words": self.words, "emptied": self.is_emptied}
        of_post = {
            "unseen_at": _as_text(self.unseen_at),
            "question": self.question_id,
            "answered_at": _as_text(self.answered_at),
        }
        return said | {key: value for key, value in of_post.items() if value}

    @classmethod
    def from_json(cls, kept: Kept) -> ThingBefore:
        """What a decision has stored."""
        return cls(
            kept.get("state", ""),
            kept.get("words", ""),
            kept.get("emptied", False),
            _moment(kept.get("unseen_at")),
            kept.get("question"),
            _moment(kept.get("answered_at")),
        )

    @property
    def has_place(self) -> bool:
        """Whether it was a post that waited for a look, or that was the answer."""
        return self.unseen_at is not None or self.question_id is not None


@dataclass(frozen=True)
class MemberBefore:
    """Before a decision about a member: the state of the profile, and until when the member was restricted.

    `shown` are the things and `waiting` the held texts that the decision restored, `hidden` and `refused` those that
    it cleared. `places` are, by post id, those posts that had waited for a look or been the answer.
    """

    state: str
    silenced_until: datetime | None = None
    suspended_until: datetime | None = None
    reports_suspended_until: datetime | None = None
    shown: Sequence[Key] = ()
    waiting: Sequence[int] = ()
    hidden: Sequence[Key] = ()
    refused: Sequence[int] = ()
    places: Mapping[int, ThingBefore] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {
            "state": self.state,
            "silenced_until": _as_text(self.silenced_until),
            "suspended_until": _as_text(self.suspended_until),
            "reports_suspended_until": _as_text(self.reports_suspended_until),
            "shown": [list(key) for key in self.shown],
            "waiting": list(self.waiting),
            "hidden": [list(key) for key in self.hidden],
            "refused": list(self.refused),
            "places": [[post_id, place.to_json()] for post_id, place in self.places.items()],
        }

    @classmethod
    def from_json(cls, kept: Kept) -> MemberBefore:
        """What a decision has stored."""
        return cls(
            state=kept.get("state", ""),
            silenced_until=_moment(kept.get("silenced_until")),
            suspended_until=_moment(kept.get("suspended_until")),
            reports_suspended_until=_moment(kept.get("reports_suspended_until")),
            shown=_keys(kept.get("shown", ())),
            waiting=tuple(kept.get("waiting", ())),
            hidden=_keys(kept.get("hidden", ())),
            refused=tuple(kept.get("refused", ())),
            places={
                post_id: ThingBefore.from_json(place) for post_id, place in kept.get("places", ())
            },
        )


@dataclass(frozen=True)
class NoteBefore:
    """Before the note below a post was changed: its words and their language."""

    source: str
    language: str

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"note": self.source, "language": self.language}

    @classmethod
    def from_json(cls, kept: Kept) -> NoteBefore:
        """What a decision has stored."""
        return cls(kept.get("note", ""), kept.get("language", "en"))


@dataclass(frozen=True)
class LockBefore:
    """Before a topic was unlocked, or the last day of its lock was changed: the reason of the lock, and its last day if any."""

    reason: str
    until: date | None = None

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"reason": self.reason} | ({"until": self.until.isoformat()} if self.until else {})

    @classmethod
    def from_json(cls, kept: Kept) -> LockBefore:
        """What a decision has stored."""
        until = kept.get("until")
        return cls(kept.get("reason", ""), date.fromisoformat(until) if until else None)

    @property
    def day_ahead(self) -> date | None:
        """The last day, unless it has passed: a restored lock does not get a last day in the past."""
        return self.until if self.until and self.until >= now().date() else None


@dataclass(frozen=True)
class PaceBefore:
    """Before a topic was no longer slow: how slow it was."""

    pace: Pace

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return _pace_as_json(self.pace)

    @classmethod
    def from_json(cls, kept: Kept) -> PaceBefore:
        """What a decision has stored."""
        return cls(_pace(kept))


@dataclass(frozen=True)
class OpeningBefore:
    """Before an agenda was opened: the ids of its content, by kind, as `things_on` finds them."""

    there: Mapping[str, Sequence[int]]

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"there": {kind: list(ids) for kind, ids in self.there.items()}}

    @classmethod
    def from_json(cls, kept: Kept) -> OpeningBefore:
        """What a decision has stored."""
        return cls(kept.get("there", {}))

    def has_more(self, there: Mapping[str, Sequence[int]]) -> bool:
        """Whether `there` contains anything new: written, or moved in, since then."""
        return any(set(ids).difference(self.there.get(kind, ())) for kind, ids in there.items())


@dataclass(frozen=True)
class MoveBefore:
    """Before a topic was moved: the id of its agenda."""

    agenda_id: int

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"agenda": self.agenda_id}

    @classmethod
    def from_json(cls, kept: Kept) -> MoveBefore:
        """What a decision has stored."""
        return cls(kept["agenda"])


@dataclass(frozen=True)
class TitleBefore:
    """Before the title and the themes (ids) of a topic were changed; `made` is the title that the decision gave it."""

    title: str
    themes: Sequence[int]
    made: str

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"title": self.title, "themes": list(self.themes), "made": self.made}

    @classmethod
    def from_json(cls, kept: Kept) -> TitleBefore:
        """What a decision has stored."""
        return cls(kept["title"], tuple(kept["themes"]), kept["made"])


@dataclass(frozen=True)
class KindBefore:
    """Before the kind of a topic was changed; `answer` is the post that was the answer, and when it was chosen."""

    kind: str
    answer: tuple[int, datetime | None] | None

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {"kind": self.kind, **_answer_as_json(self.answer)}

    @classmethod
    def from_json(cls, kept: Kept) -> KindBefore:
        """What a decision has stored."""
        return cls(kept["kind"], _answer(kept))


@dataclass(frozen=True)
class RegroupingBefore:
    """Before posts were split off a topic, or a topic was merged: what `dialogue.MovedRecord` needs.

    `target_id` is the topic into which they were moved, `numbers` are their former numbers by id, `last` is the
    number of the last post that was already there, `held` are the ids of the held texts that were moved along,
    `paces` how slow the target was before and after, if the other topic made it slower.
    """

    target_id: int
    numbers: Mapping[int, int]
    last: int
    answer: tuple[int, datetime | None] | None
    held: Sequence[int] = ()
    paces: Sequence[Pace | None] = ()

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return {
            "target": self.target_id,
            "posts": [list(pair) for pair in self.numbers.items()],
            "last": self.last,
            "held": list(self.held),
            "paces": [_pace_as_json(pace) if pace else None for pace in self.paces],
            **_answer_as_json(self.answer),
        }

    @classmethod
    def from_json(cls, kept: Kept) -> RegroupingBefore:
        """What a decision has stored."""
        return cls(
            target_id=kept["target"],
            numbers=dict(kept["posts"]),
            last=kept["last"],
            answer=_answer(kept),
            held=tuple(kept.get("held", ())),
            paces=tuple(_pace(pace) if pace else None for pace in kept.get("paces", ())),
        )


@dataclass(frozen=True)
class ApprovalBefore:
    """Before a held text was published: what `dialogue.state_before_approval` returned."""

    state: Kept

    def to_json(self) -> dict[str, Any]:
        """As the decision stores it."""
        return dict(self.state)

    @classmethod
    def from_json(cls, kept: Kept) -> ApprovalBefore | None:
        """What a decision has stored; None for one from an early version, which stored nothing."""
        return cls(kept) if "said" in kept else None


def _keys(kept: Iterable[Sequence[Any]]) -> tuple[Key, ...]:
    return tuple((kind, item_id) for kind, item_id in kept)


def _answer_as_json(answer: tuple[int, datetime | None] | None) -> dict[str, Any]:
    post_id, chosen_at = answer or (None, None)
    return {"answer": post_id, "answered_at": _as_text(chosen_at)}


def _answer(kept: Kept) -> tuple[int, datetime | None] | None:
    return (kept["answer"], _moment(kept.get("answered_at"))) if kept["answer"] else None


def _pace_as_json(pace: Pace) -> dict[str, Any]:
    return {"minutes": pace.minutes, "until": _as_text(pace.until), "reason": pace.reason}


def _pace(kept: Kept) -> Pace:
    return Pace(kept["minutes"], _moment(kept["until"]), kept["reason"])


def _as_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
