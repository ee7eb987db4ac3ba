"""What notices of new texts say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flask_babel import gettext as _

from forum.notifications.models import SEARCH_KINDS, Notice
from forum.permissions import Person
from forum.searches.models import MAX_FOUND, MAX_NEW, KeptSearch
from forum.searches.queries._shared import numbers_in
from forum.searches.queries.own import my_searches, rows_with
from forum.sentences import Sentence, plural_sentence, sentence


class Told(NamedTuple):
    """A notice of new texts: the name of the search, and how many of the texts are visible to the member now.

    `is_known` is false if so much was found since that the ids of these texts are no longer all stored.
    """

    called: str
    number: int
    is_known: bool = True

    @property
    def heading(self) -> str:
        """The text of the notice, in the present language."""
        if not self.is_known and self.number <= MAX_NEW:
            return _("New texts for “%(name)s”", name=self.called)
        if not self.number:
            return _("What was new for “%(name)s” is no longer there", name=self.called)
        return str(heading_of(self.called, self.number))


def heading_of(called: str, number: int, **extent: int) -> Sentence:
    """The sentence of a notice about a number of new texts; stored with the range of their document ids."""
    if number > MAX_NEW:
        return sentence(
            "More than %(most)s new texts for “%(name)s”", most=MAX_NEW, name=called, **extent
        )
    return plural_sentence(
        "%(num)s new text for “%(name)s”",
        "%(num)s new texts for “%(name)s”",
        number,
        name=called,
        **extent,
    )


def told_searches(member: Person, notices: Iterable[Notice]) -> dict[int, Told]:
    """The contents of a member's notices of new texts, by the id of the notice.

    Notices of deleted searches are left out.
    """
    kinds = [notice for notice in notices if notice.kind in SEARCH_KINDS]
    if not kinds:
        return {}
    kept = {search.path: search for search in my_searches(member)}
    there = [notice for notice in kinds if notice.address in kept]
    numbers = numbers_in(member, [(kept[notice.address], *_extent(notice)) for notice in there])
    rows = rows_with(member, {kept[notice.address] for notice in there}, {})
    called = {row.kept.id: row.called for row in rows}
    return {
        notice.id: Told(called[search.id], number, _is_known(search, _extent(notice)[0]))
        for notice, number in zip(there, numbers, strict=True)
        for search in (kept[notice.address],)
    }


def _is_known(kept: KeptSearch, after_id: int) -> bool:
    """Whether the ids of all texts found after this id are still stored with the search."""
    return len(kept.found) < MAX_FOUND or kept.found[0][0] <= after_id + 1


def _extent(notice: Notice) -> tuple[int, int]:
    """The range of document ids of the texts in a notice: after the first, up to the second."""
    title = (notice.sentences["title"] if notice.sentences else None) or [{}]
    values = title[0].get("values", {})
    return values.get("after", 0), values.get("until", 0)
