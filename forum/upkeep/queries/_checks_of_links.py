"""Checks of whether search documents list the pages of the forum to which their texts link."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from forum.dialogue.queries import links_in
from forum.pagelinks import FOLDERS
from forum.search.models import FAILURE, LinkedPage
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._checks_of_pictures import wrongly_listed

KINDS = ("topic", "post", "case", "practice", FAILURE)


def link_checks() -> list[Check]:
    return [
        Check(f"search: links of {kind}", partial(_wrongly_linked, kind), "documents")
        for kind in KINDS
    ]


def _wrongly_linked(kind: str) -> Iterator[Fault]:
    """Topics or posts whose documents list other pages than their texts link to."""
    return wrongly_listed(kind, LinkedPage.address, FOLDERS, links_in, "links in search")
