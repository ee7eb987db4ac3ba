"""Which new paragraph of a case replaces one that its text no longer has, so that comments can follow it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from heapq import nlargest

from forum.illustrations import PATH, names_in
from forum.library.actions._texts import CaseText
from forum.library.models import Case
from forum.library.queries import commented_paragraphs

MIN_SIMILARITY = 0.5  # ratio (0 to 1) from which on a new paragraph counts as an edited old one
EXACTLY_COMPARED = 3  # so many candidates, the best by a quick estimate, are compared exactly
COMPARED_WORDS = 400  # from the beginning of each paragraph: the comparison takes quadratic time
PICTURE_ALONE = re.compile(rf"\s*!\[[^\]]*\]\({PATH}\)\s*")


def moved_paragraphs(case: Case, text: CaseText) -> dict[str, str | None]:
    """The key of the most similar new paragraph by that of each commented one that a text no longer has; None for none.

    Like `CaseText` itself, ask for it before an action: in a long case it takes half a second.
    """
    before = {paragraph.key: paragraph.source for paragraph in case.paragraphs}
    after = {key: written.source for key, written in text.paragraphs}
    new = {key: source for key, source in after.items() if key not in before}
    gone = commented_paragraphs(case.topic_id, before.keys() - after.keys())
    return {
        key: _with_same_picture(before[key], new) or _most_similar(before[key], new) for key in gone
    }


def _with_same_picture(source: str, candidates: Mapping[str, str]) -> str | None:
    """The key of the candidate that shows the picture of which a paragraph consists, whatever it is now said to show."""
    alone = PICTURE_ALONE.fullmatch(source)
    showing = (key for key, other in candidates.items() if alone and alone[1] in names_in(other))
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
