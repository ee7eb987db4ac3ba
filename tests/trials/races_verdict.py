"""What must hold after a race."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from math import inf

from sqlalchemy import select

from forum.db import db
from forum.dialogue.models import Post, Revision, Topic
from forum.notifications.actions import make_notices
from forum.permissions import PUBLIC, SYSTEM
from forum.rights.commands import carry_on
from forum.upkeep.queries import checks, faults_of
from tests.coherence import incoherent
from tests.trials.races_racer import Course, Done
from tests.trials.races_writing import OUTSIDE, QUIET, WRITING
from tests.trials.run import Trial

WORD = re.compile(r"\bword\d+x")
QUOTED = re.compile(r"^>.*$", re.MULTILINE)


def judge(trial: Trial, course: Course) -> None:
    """Look at everything once all have come to a halt, and write the result down."""
    result, outcomes = trial.result, course.outcomes
    with trial.site.app.app_context():
        while carry_on() or make_notices(SYSTEM):
            pass
        result.faults += [f"{fault} ({times} ×)" for fault, times in course.faults.items()]
        result.faults += [str(fault) for check in checks() for fault in faults_of(check)]
        result.faults += incoherent()
        result.faults += written_in_silence(course.done)
        result.faults += quoted_secrets()
        db.session.remove()
    if trial.site.postgres:
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        [(deadlocks,)] = trial.site.postgres.ask(query)
        result.expect(not deadlocks, f"{deadlocks} deadlocks")
    by_outcome = Counter[str]()
    for (_name, outcome), times in outcomes.items():
        by_outcome[outcome] += times
    result.sent, result.acknowledged = by_outcome.total(), by_outcome["done"]
    result.notes.append(_listed(by_outcome))
    if busy := Counter({name: times for (name, how), times in outcomes.items() if how == "Busy"}):
        result.notes.append(f"busy: {_listed(busy)}")
    done = {name for name, outcome in outcomes if outcome == "done"}
    if never := {name for name, _outcome in outcomes} - done:
        result.notes.append(f"never done: {', '.join(sorted(never))}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{times} {name}" for name, times in counts.most_common())


# What takes the right to write, what gives it back, and what whoever has lost it may do all the same
TAKEN = {
    "silence": ({"unsilence"}, QUIET),
    "suspend": ({"unsuspend"}, OUTSIDE),
    "clear": ({"unsuspend"}, OUTSIDE),
}
GIVES_BACK_TO_ANYBODY = {"undo", "decide an appeal"}


def written_in_silence(done: list[Done]) -> Iterator[str]:
    """Deeds that were committed when their doer had lost the right to them, and nothing that may have given it back had begun."""
    for lost in done:
        if lost.name not in TAKEN:
            continue
        names, allowed = TAKEN[lost.name]
        ends = [
            deed.began
            for deed in done
            if deed.returned > lost.began
            and (
                deed.name in GIVES_BACK_TO_ANYBODY
                or (deed.name in names and deed.about == lost.about)
            )
        ]
        for deed in done:
            is_since = lost.returned < deed.committed < min(ends, default=inf)
            if is_since and deed.doer == lost.about and deed.name in WRITING.keys() - allowed:
                ago = deed.committed - lost.returned
                yield f"{deed.doer} did “{deed.name}” {ago:.3f} s after “{lost.name}”"


def quoted_secrets() -> Iterator[str]:
    """Words of a post that stand in another one, though fewer may read them where they come from."""
    topics = {topic.id: topic for topic in db.session.scalars(select(Topic))}
    posts = list(db.session.scalars(select(Post)))
    reach = {post.id: _reach(post, topics[post.topic_id]) for post in posts}
    own: dict[str, set[int]] = defaultdict(set)
    texts = [(post.id, post.source) for post in posts]
    earlier = db.session.execute(select(Revision.post_id, Revision.source))
    texts += [(post_id, source) for post_id, source in earlier]
    for post_id, source in texts:
        for word in WORD.findall(QUOTED.sub("", source)):
            own[word].add(post_id)
    for post in posts:
        for word in sorted(set(WORD.findall(str(post.html)))):
            if own[word] and all(reach[source] > reach[post.id] for source in own[word]):
                where = ", ".join(map(str, sorted(own[word])))
                yield f"post {post.id} shows {word} of {where}, which fewer may read"


def _reach(post: Post, topic: Topic) -> int:
    """0 for what everybody may read, 1 for members, 2 for nobody."""
    gone = (post.hidden_at, post.deleted_at, topic.hidden_at, topic.deleted_at)
    return 2 if any(gone) else int(topic.audience != PUBLIC)
