"""Which new paragraph of a case replaces one that was edited or removed, so that comments can be moved to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from heapq import nlargest

from forum.illustrations import ANY_PATH, USED, names_in
from forum.library.actions._texts import CaseText
from forum.library.models import Case
from forum.library.queries import commented_paragraphs

# Ratio (0 to 1) from which a new paragraph counts as an edited version of an old one
MIN_SIMILARITY = 0.5
EXACTLY_COMPARED = 3  # candidates, the best by a quick estimate, that are compared exactly
COMPARED_WORDS = 400  # from the beginning of each paragraph: the comparison takes quadratic time
PICTURE_ALONE = re.compile(rf"\s*!?\[[^\]]*\]\({ANY_PATH}(?:{USED})?\)\s*")


def moved_paragraphs(case: Case, text: CaseText) -> dict[str, str | None]:
    """For each commented paragraph that a text no longer has, by key: the key of the most similar new one, or None.

    Like creating a `CaseText`, call it before an action: in a long case it takes half a second.
    """
    before = {paragraph.key: paragraph.source for paragraph in case.paragraphs}
    after = {key: written.source for key, written in text.paragraphs}
    new = {key: source for key, source in after.items() if key not in before}
    gone = commented_paragraphs(case.topic_id, before.keys() - after.keys())
    return {
        key: _with_same_picture(before[key], new) or _most_similar(before[key], new) for key in gone
    }


def _with_same_picture(source: str, candidates: Mapping[str, str]) -> str | None:
    """The key of the candidate with the same picture or file, if a paragraph consists of one; its description may have changed."""
    if not PICTURE_ALONE.fullmatch(source):
        return None
    names = names_in(source)
    showing = (key for key, other in candidates.items() if set(names).intersection(names_in(other)))
    return next(showing, None)


def _most_similar(source: str, candidates: Mapping[str, str]) -> str | None:
    """The key of the candidate that is most similar to a paragraph; None if none is similar enough.

    Candidates are sources by key. An estimate that ignores the order of the words chooses which few are compared exactly.
    """
    matcher = SequenceMatcher(None)
    matcher.set_seq2(source.split()[:COMPARED_WORDS])

    def estimate(key: str) -> float:
        matcher.set_seq1(candidates[key].split()[:COMPARED_WORDS])
        return matcher.quick_ratio()

    def similarity(key: str) -> float:
        matcher.set_seq1(candidates[key].split()[:COMPARED_WORDS])
        return matcher.ratio()

    closest = nlargest(EXACTLY_COMPARED, candidates, key=estimate)
    best = max(closest, key=similarity, default=None)
    return best if best and similarity(best) >= MIN_SIMILARITY else None
