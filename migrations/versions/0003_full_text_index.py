"""The full-text index over the documents: FTS5 on SQLite, tsvector on PostgreSQL."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

SQLITE = (
    """CREATE VIRTUAL TABLE document_fts USING fts5(folded_title, folded_body, content='document',
    content_rowid='id', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'")""",
    """CREATE TRIGGER document_fts_insert AFTER INSERT ON document BEGIN
    INSERT INTO document_fts(rowid, folded_title, folded_body)
    VALUES (new.id, new.folded_title, new.folded_body); END""",
    """CREATE TRIGGER document_fts_delete AFTER DELETE ON document BEGIN
    INSERT INTO document_fts(document_fts, rowid, folded_title, folded_body)
    VALUES ('delete', old.id, old.folded_title, old.folded_body); END""",
    """CREATE TRIGGER document_fts_update AFTER UPDATE OF folded_title, folded_body ON document BEGIN
    INSERT INTO document_fts(document_fts, rowid, folded_title, folded_body)
    VALUES ('delete', old.id, old.folded_title, old.folded_body);
    INSERT INTO document_fts(rowid, folded_title, folded_body)
    VALUES (new.id, new.folded_title, new.folded_body); END""",
)
POSTGRESQL = (
    """ALTER TABLE document ADD COLUMN words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', folded_title), 'A')
    || setweight(to_tsvector('simple', folded_body), 'B')) STORED""",
    "CREATE INDEX words_index ON document USING gin (words)",
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER document_fts_{name}")
        op.execute("DROP TABLE document_fts")
    else:
        op.execute("ALTER TABLE document DROP COLUMN words")
