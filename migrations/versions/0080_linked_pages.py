"""Which topics, posts, cases and practices the texts of topics and posts link to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0080"
down_revision = "0079"
BATCH = 1_000
MAX_PAGES = 50
TAG = re.compile(r'<(/?)blockquote\b|<a href="([^"]*)"')
PAGE = r"(?P<page>/(?:topics|posts)/[1-9]\d{0,9}(?=$|[-?#])|/(?:cases|practices)/[^/?#\s\x00-\x1f]{1,200}(?=$|[?#]|/in/))"
NO_PAGES = ("/practices/new", "/cases/new")
# The posts with texts of their own in search, and those whose text is that of their topic
JOINS = (
    "document.kind = 'post' AND document.item_id = post.id WHERE post.number > 1",
    "document.kind = 'topic' AND document.item_id = post.topic_id WHERE post.number = 1"
    " AND post.hidden_at IS NULL AND post.deleted_at IS NULL AND topic.home IS NULL",
)
POSTS = """
SELECT post.id, document.id AS document_id, post.html
FROM post JOIN topic ON topic.id = post.topic_id JOIN document ON {join}
AND post.id > :last AND (post.html LIKE '%/topics/%' OR post.html LIKE '%/posts/%'
OR post.html LIKE '%/cases/%' OR post.html LIKE '%/practices/%')
ORDER BY post.id LIMIT :batch
"""


def upgrade() -> None:
    linked = op.create_table(
        "linked_page",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=220), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name="fk_linked_page_document_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "address", name="pk_linked_page"),
    )
    op.create_index(
        "ix_linked_page_address_document_id", "linked_page", ["address", "document_id"]
    )
    home = re.escape(current_app.extensions["settings"].url.partition("://")[2])
    page = re.compile(rf"(?:(?i:https?://{home}))?{PAGE}")
    for join in JOINS:
        note_links(linked, sa.text(POSTS.format(join=join)), page)


def note_links(linked: sa.Table, posts: sa.TextClause, page: re.Pattern[str]) -> None:
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(posts, {"last": last, "batch": BATCH}).all()
        found = [
            {"document_id": row.document_id, "address": address}
            for row in rows
            for address in [*dict.fromkeys(pages_linked(row.html, page))][:MAX_PAGES]
        ]
        if found:
            connection.execute(sa.insert(linked), found)
        if len(rows) < BATCH:
            return
        last = rows[-1].id


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
    op.drop_table("linked_page")
