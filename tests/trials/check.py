"""The checker: compares the ledgers with what the forum has stored, and reports each difference in a sentence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.trials.ledger import DONE, REFUSED, UNKNOWN, Deed, fingerprint

EMPTY_TEXT = fingerprint("")
OLD_TEXT = "what it said before the trial"


@dataclass
class StoredPost:
    """One post as it is stored, with everything that must be stored with it."""

    id: int
    key: str
    author: str
    topic: int
    number: int
    text: str
    is_hidden: bool = False
    is_deleted: bool = False
    documents: int = 1
    document_is_right: bool = True
    is_shown: bool | None = None  # on the public page; None when nobody looked
    marks: set[tuple[str, str]] = field(default_factory=set)
    hidings: int = 0
    withdrawn: set[int] = field(default_factory=set)

    @property
    def is_gone(self) -> bool:
        """Whether readers see a gap in its place."""
        return self.is_hidden or self.is_deleted


Faults = Iterator[str]


def faults_in(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> list[str]:
    """All differences between the ledgers and the stored posts; empty if nothing was lost."""
    checks: list[Callable[[Sequence[Deed], Sequence[StoredPost]], Faults]]
    checks = [
        _check_posts,
        _check_order,
        _check_texts,
        _check_deletions,
        _check_hidings,
        _check_marks,
        _check_withdrawals,
        _check_completeness,
    ]
    return [fault for check in checks for fault in check(deeds, found)]


def _of(deeds: Iterable[Deed], *names: str) -> list[Deed]:
    return [deed for deed in deeds if deed.deed in names]


def _check_posts(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I1, I3: each acknowledged post exists once, with the acknowledged number; a refused one does not exist."""
    by_key: dict[tuple[str, str], list[StoredPost]] = defaultdict(list)
    for post in found:
        by_key[post.author, post.key].append(post)
    for deed in _of(deeds, "reply", "open"):
        posts = by_key[deed.client, deed.key]
        if len(posts) > 1:
            yield f"{deed.key}: there {len(posts)} times"
        elif deed.outcome == DONE and not posts:
            yield f"{deed.key}: acknowledged, and lost"
        elif deed.outcome == REFUSED and posts:
            yield f"{deed.key}: refused, and there"
        elif deed.outcome == DONE and _place(deed) != (posts[0].topic, posts[0].number):
            yield f"{deed.key}: acknowledged as {_place(deed)}, found as {posts[0].topic, posts[0].number}"


def _place(deed: Deed) -> tuple[int, int]:
    return deed.facts["topic"], deed.facts["number"]


def _check_order(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I5: numbers are unique, and a post that was sent after another one was acknowledged comes after it."""
    sent = {(deed.client, deed.key): deed for deed in _of(deeds, "reply", "open")}
    by_topic: dict[int, list[StoredPost]] = defaultdict(list)
    for post in found:
        by_topic[post.topic].append(post)
    for topic, posts in by_topic.items():
        posts.sort(key=lambda post: post.number)
        latest = 0.0
        for before, post in zip([None, *posts], posts, strict=False):
            deed = sent.get((post.author, post.key))
            if before and before.number == post.number:
                yield f"topic {topic}: two posts have the number {post.number}"
            if deed and deed.done_at is not None and deed.done_at < latest:
                yield f"{deed.key}: stands below a post that was sent after it was acknowledged"
            latest = max(latest, deed.sent_at) if deed else latest


def _check_texts(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I1: the text of a post is the one acknowledged last, or one sent later without an answer."""
    said: dict[tuple[str, str], set[str]] = {}
    for deed in _of(deeds, "reply", "open", "edit"):
        if deed.outcome == REFUSED:
            continue
        whose = (deed.client, deed.facts.get("of", deed.key))
        text = {deed.facts["text"]}
        said[whose] = text if deed.outcome == DONE else said.get(whose, {OLD_TEXT}) | text
    for post in found:
        wanted = said.get((post.author, post.key), {OLD_TEXT})
        if OLD_TEXT not in wanted and not post.is_deleted and fingerprint(post.text) not in wanted:
            yield f"{post.key}: does not say what was acknowledged last"


def _check_deletions(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I6: what was deleted stays deleted, and nothing else is deleted."""
    yield from _check_state(_of(deeds, "delete"), found, "deleted", lambda post: post.is_deleted)


def _check_hidings(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I6: what was hidden stays hidden, with one decision, and nothing else is hidden."""
    yield from _check_state(_of(deeds, "hide"), found, "hidden", lambda post: post.is_hidden)
    for post in found:
        if post.hidings != int(post.is_hidden):
            yield f"{post.key}: hidden is {post.is_hidden}, decisions to hide {post.hidings}"


def _check_state(
    deeds: Iterable[Deed],
    found: Iterable[StoredPost],
    word: str,
    is_so: Callable[[StoredPost], bool],
) -> Faults:
    outcomes: dict[int, set[str]] = defaultdict(set)
    for deed in deeds:
        outcomes[deed.facts["post"]].add(deed.outcome)
    for post in found:
        known = outcomes[post.id]
        if DONE in known and not is_so(post):
            yield f"{post.key}: {word} and acknowledged, and undone"
        if is_so(post) and not known & {DONE, UNKNOWN}:
            yield f"{post.key}: {word}, though nobody was told so"


def _check_marks(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I1, I4: every acknowledged mark exists unless its post was deleted, and no other mark does."""
    posts = {post.id: post for post in found}
    may_be: set[tuple[int, str, str]] = set()
    for deed in _of(deeds, "mark"):
        post, mark = posts[deed.facts["post"]], (deed.client, deed.facts["kind"])
        if deed.outcome != REFUSED:
            may_be.add((post.id, *mark))
        if deed.outcome == DONE and not post.is_deleted and mark not in post.marks:
            yield f"{post.key}: the mark of {deed.client} was acknowledged, and lost"
    for post in found:
        for mark in post.marks:
            if (post.id, *mark) not in may_be:
                yield f"{post.key}: a mark of {mark[0]} that was not given"


def _check_withdrawals(deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I6: an earlier version that was withdrawn stays withdrawn."""
    posts = {post.id: post for post in found}
    for deed in _of(deeds, "withdraw"):
        post = posts[deed.facts["post"]]
        is_there = deed.facts["revision"] in post.withdrawn
        if deed.outcome == DONE and not post.is_deleted and not is_there:
            yield f"{post.key}: a version was withdrawn and acknowledged, and is back"


def _check_completeness(_deeds: Sequence[Deed], found: Sequence[StoredPost]) -> Faults:
    """I2: no post exists in part: it has its topic, its search document, and its place on the public page."""
    firsts = Counter(post.topic for post in found if post.number == 1)
    for post in found:
        if firsts[post.topic] != 1:
            yield f"{post.key}: its topic has {firsts[post.topic]} first posts"
        if post.documents != int(not post.is_deleted or post.number == 1):
            yield f"{post.key}: half there, with {post.documents} search rows"
        elif post.documents and not post.document_is_right:
            yield f"{post.key}: half there, its search row says something else"
        if post.is_shown is not None and post.is_shown == post.is_gone:
            yield f"{post.key}: shown on the public page is {post.is_shown}"
        if post.is_deleted and fingerprint(post.text) != EMPTY_TEXT:
            yield f"{post.key}: deleted, and its text is still there"


def totals(deeds: Sequence[Deed]) -> dict[str, Any]:
    """The numbers of deeds sent and acknowledged, for the table."""
    return {"sent": len(deeds), "acknowledged": sum(deed.outcome == DONE for deed in deeds)}
