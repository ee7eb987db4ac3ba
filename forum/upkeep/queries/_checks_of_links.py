"""Checks of whether search documents list the pages of the forum to which their texts link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import or_, select, union

from forum.db import db
from forum.dialogue.queries import links_in
from forum.pagelinks import FOLDERS
from forum.search.models import Document, LinkedPage
from forum.upkeep.models import Check, Fault
from forum.upkeep.queries._checks_of_pictures import TEXTS, TEXTS_AT_ONCE, by_thing

KINDS = ("topic", "post")


def link_checks() -> list[Check]:
    return [
        Check(f"search: links of {kind}", partial(_wrongly_linked, kind), "documents")
        for kind in KINDS
    ]


def _wrongly_linked(kind: str) -> Iterator[Fault]:
    """Topics or posts whose documents list other pages than their texts link to."""
    thing, source = TEXTS[kind].selected_columns
    is_linking = or_(*(source.contains(folder) for folder in FOLDERS))
    linking = TEXTS[kind].with_only_columns(thing).where(is_linking)
    linked = select(Document.item_id).join(LinkedPage, LinkedPage.document_id == Document.id)
    found = union(linking, linked.where(Document.kind == kind))
    for ids in db.session.scalars(found.execution_options(yield_per=TEXTS_AT_ONCE)).partitions():
        yield from _differing(kind, ids)


def _differing(kind: str, ids: Sequence[int]) -> Iterator[Fault]:
    thing, _source = TEXTS[kind].selected_columns
    texts = db.session.execute(TEXTS[kind].where(thing.in_(ids)))
    should = by_thing((item_id, page) for item_id, text in texts for page in links_in(text))
    known = select(Document.item_id, LinkedPage.address)
    known = known.outerjoin(LinkedPage, LinkedPage.document_id == Document.id)
    rows = known.where(Document.kind == kind, Document.item_id.in_(ids))
    # A missing document is reported by another check
    for item_id, has in sorted(by_thing(db.session.execute(rows)).items()):
        if has != should.get(item_id, set()):
            words = (", ".join(sorted(pages)) or None for pages in (has, should.get(item_id, ())))
            yield Fault(kind, item_id, "links in search", *words)
