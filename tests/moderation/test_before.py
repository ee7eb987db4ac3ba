"""What decisions have kept in order to be undone, in this version and in earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace
from forum.dialogue.queries import get_topic
from forum.markup import write
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import (
    ApprovalBefore,
    KindBefore,
    LockBefore,
    MemberBefore,
    MoveBefore,
    NoteBefore,
    OpeningBefore,
    PaceBefore,
    RegroupingBefore,
    ThingBefore,
    TitleBefore,
)
from forum.permissions import SYSTEM

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT_NOON = "2026-01-01T12:00:00+00:00"
ENDS = {"silenced_until": None, "suspended_until": AT_NOON}
CLEARED = {"hidden": [["post", 7], ["topic", 8]], "refused": [9]}
SLOW = {"minutes": 10, "until": None, "reason": "Breathe."}
RESTORED = {"shown": [["post", 7]], "waiting": [9]}
POSTS = {"target": 4, "posts": [[7, 2], [8, 3]], "last": 5}
# Values that earlier versions stored, and what each means
STORED: dict[str, tuple[dict[str, Any], Any]] = {
    "hidden": ({"words": "2. Be kind", "state": "hidden"}, ThingBefore("hidden", "2. Be kind")),
    "emptied": (
        {"words": "", "emptied": True, "state": "hidden"},
        ThingBefore("hidden", is_emptied=True),
    ),
    "a first post that is the answer": (
        {"state": "shown", "unseen_at": AT_NOON, "question": 4, "answered_at": AT_NOON},
        ThingBefore("shown", unseen_at=NOON, question_id=4, answered_at=NOON),
    ),
    "an e-mail": ({"state": "gone"}, ThingBefore("gone")),
    "a member": ({**ENDS, "state": "shown"}, MemberBefore("shown", None, NOON)),
    "cleared": (
        {**ENDS, "state": "shown", **CLEARED},
        MemberBefore("shown", None, NOON, hidden=(("post", 7), ("topic", 8)), refused=(9,)),
    ),
    "restored": (
        {**ENDS, "state": "hidden", **RESTORED},
        MemberBefore("hidden", None, NOON, shown=(("post", 7),), waiting=(9,)),
    ),
    "note": ({"note": "*So.*", "language": "de"}, NoteBefore("*So.*", "de")),
    "note without a language": ({"note": "So."}, NoteBefore("So.", "en")),
    "unlocked": ({"reason": "Enough."}, LockBefore("Enough.")),
    "no longer slow": (
        {"minutes": 60, "until": AT_NOON, "reason": "Breathe."},
        PaceBefore(Pace(60, NOON, "Breathe.")),
    ),
    "merged into one that it made slow": (
        {**POSTS, "answer": None, "answered_at": None, "paces": [None, SLOW]},
        RegroupingBefore(4, {7: 2, 8: 3}, 5, None, paces=(None, Pace(10, None, "Breathe."))),
    ),
    "opened": ({"there": {"post": [7]}}, OpeningBefore({"post": [7]})),
    "moved": ({"agenda": 3}, MoveBefore(3)),
    "retitled": ({"title": "A", "themes": [1], "made": "B"}, TitleBefore("A", (1,), "B")),
    "kind": (
        {"kind": "question", "answer": 7, "answered_at": AT_NOON},
        KindBefore("question", (7, NOON)),
    ),
    "kind without a moment": ({"kind": "question", "answer": 7}, KindBefore("question", (7, None))),
    "split": (
        {**POSTS, "held": [9], "answer": 7, "answered_at": AT_NOON},
        RegroupingBefore(4, {7: 2, 8: 3}, 5, (7, NOON), (9,)),
    ),
    "split before texts followed": (
        {**POSTS, "answer": None, "answered_at": None},
        RegroupingBefore(4, {7: 2, 8: 3}, 5, None),
    ),
    "approved": (
        {"said": "1f", "reason": "", "decided_at": None},
        ApprovalBefore({"said": "1f", "reason": "", "decided_at": None}),
    ),
}


@pytest.mark.parametrize("which", STORED)
def test_what_is_stored_is_read(which: str) -> None:
    stored, before = STORED[which]
    assert type(before).from_json(stored) == before
    assert before.to_json().items() >= stored.items()
    assert type(before).from_json(before.to_json()) == before


def test_an_approval_that_kept_nothing_cannot_be_undone() -> None:
    assert ApprovalBefore.from_json({}) is None


Undoing = tuple[Callable[[Any, Any], Any], dict[str, Any], Callable[[Any], Any], Any]
UNDOINGS: dict[str, Undoing] = {
    "hide": (
        lambda me, t: actions.decide(me, "post", t.first.id, "hide", Reasons("Rude.", 2)),
        {"words": "", "state": "shown"},
        lambda t: t.first.hidden_at,
        None,
    ),
    "note": (
        lambda me, t: actions.note(me, t.first.id, write("See the rules.")),
        {"note": "Earlier.", "language": "en"},
        lambda t: t.first.note_source,
        "Earlier.",
    ),
    "retitle": (
        lambda me, t: actions.retitle(me, t.topic.id, "Nights", []),
        {"title": "Quiet streets at night", "themes": [], "made": "Nights"},
        lambda t: t.topic.title,
        "Quiet streets at night",
    ),
    "change_kind": (
        lambda me, t: actions.change_kind(me, t.topic.id, "question"),
        {"kind": "experience", "answer": None},
        lambda t: t.topic.kind,
        "experience",
    ),
}


@pytest.mark.parametrize("deed", UNDOINGS)
def test_a_decision_of_an_earlier_version_is_undone(people: Any, things: Any, deed: str) -> None:
    do, stored, present, was = UNDOINGS[deed]
    decision = do(people.host, things)
    decision.before = stored
    db.session.commit()
    actions.undo(people.host, decision.id)
    db.session.expire_all()
    assert present(things) == was


def test_a_split_of_an_earlier_version_is_undone(people: Any, things: Any) -> None:
    part = dialogue.SplitTarget("A rude answer", "experience", things.agenda.id)
    decision = actions.split(people.host, things.topic.id, [things.first.id], part)
    kept = decision.kept
    decision.before = {key: kept[key] for key in kept if key != "held"}
    db.session.commit()
    actions.undo(people.host, decision.id)
    assert get_topic(SYSTEM, things.topic.id).posts_count == 3
    assert db.session.get_one(type(things.first), things.first.id).topic_id == things.topic.id
