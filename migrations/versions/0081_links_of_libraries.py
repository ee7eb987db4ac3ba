"""Who mutes what they watched watches it again once it is no longer muted; texts of cases and practices speak of pages, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op
from flask import current_app

from forum.columns import Moment

revision = "0081"
down_revision = "0080"
BATCH = 1_000
MAX_PAGES = 50
TAG = re.compile(r'<(/?)blockquote\b|<a href="([^"]*)"')
PAGE = r"(?P<page>/(?:topics|posts)/[1-9]\d{0,9}(?=$|[-?#])|/(?:cases|practices)/[^/?#\s\x00-\x1f]{1,200}(?=$|[?#]|/in/))"
NO_PAGES = ("/practices/new", "/cases/new")
# What did not work has a document of its own where only members read it
SECTION = """
SELECT document.id, practice_section.html FROM practice_section
JOIN practice ON practice.id = practice_section.practice_id
JOIN document ON document.item_id = practice.id AND document.kind = CASE WHEN practice_section.name = 'failure'
AND practice.audience = 'public' AND practice.failure_audience = 'members' THEN 'failure' ELSE 'practice' END
"""
PARAGRAPH = """
SELECT document.id, case_paragraph.html FROM case_paragraph
JOIN document ON document.item_id = case_paragraph.case_id AND document.kind = 'case'
"""


def upgrade() -> None:
    op.add_column("watch", sa.Column("watched_at", Moment(), nullable=True))
    home = re.escape(current_app.extensions["settings"].url.partition("://")[2])
    page = re.compile(rf"(?:(?i:https?://{home}))?{PAGE}")
    connection = op.get_bind()
    linked = sa.table("linked_page", sa.column("document_id"), sa.column("address"))
    for texts in (SECTION, PARAGRAPH):
        found: dict[tuple[int, str], None] = {}
        for document_id, html in connection.execute(sa.text(texts)):
            pages = [*dict.fromkeys(pages_linked(html, page))][:MAX_PAGES]
            found |= dict.fromkeys((document_id, address) for address in pages)
        rows = [{"document_id": number, "address": address} for number, address in found]
        for start in range(0, len(rows), BATCH):
            connection.execute(sa.insert(linked), rows[start : start + BATCH])


def pages_linked(html: str, page: re.Pattern[str]) -> Iterator[str]:
    """As the forum finds them in the source when it indexes a text."""
    quotes = 0
    for tag in TAG.finditer(html):
        if tag[2] is None:
            quotes += -1 if tag[1] else 1
        elif not quotes and (match := page.match(unquote(unescape(tag[2])))):
            if match["page"] not in NO_PAGES:
                yield match["page"]


def downgrade() -> None:
    of_libraries = "SELECT id FROM document WHERE kind IN ('case', 'practice', 'failure')"
    op.execute(sa.text(f"DELETE FROM linked_page WHERE document_id IN ({of_libraries})"))
    op.drop_column("watch", "watched_at")
