"""Texts are found by the day on which they were written: by words in the index on SQLite, by an index of moments on PostgreSQL."""

from __future__ import annotations

from alembic import op

revision = "0079"
down_revision = "0078"

COLUMNS = ("folded_title", "folded_body", "facets")
INDEX = f"""CREATE VIRTUAL TABLE document_fts USING fts5({", ".join(COLUMNS)}, content='document_words',
content_rowid='id', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '='")"""
ADD = f"INSERT INTO document_fts(rowid, {', '.join(COLUMNS)}) VALUES (new.id, {{new}})"
TAKE = f"INSERT INTO document_fts(document_fts, rowid, {', '.join(COLUMNS)}) VALUES ('delete', old.id, {{old}})"
TRIGGERS = {
    "insert": "AFTER INSERT ON document BEGIN {add}; END",
    "delete": "AFTER DELETE ON document BEGIN {take}; END",
    "update": "AFTER UPDATE OF {changes} ON document BEGIN {take}; {add}; END",
}
CHANGES = ["folded_title", "folded_body", "kind", "agenda_id", "language"]
FACETS = """'=k' || {of}kind || ' =a' || coalesce({of}agenda_id, '')
|| ' =l' || lower(replace({of}language, '-', ''))"""
# Year, month and day. What is older than the first of these days is said to be of it.
DAY = "replace(substr(max({of}written_at, '1990-01-01'), 1, 10), '-', '')"
DAYS = f"""|| ' =y' || substr({DAY}, 1, 4) || ' =m' || substr({DAY}, 1, 6) || ' =d' || {DAY}"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        index_anew(f"{FACETS} {DAYS}", [*CHANGES, "written_at"])
    else:
        op.create_index("words_by_moment", "document", ["written_at", "id"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        index_anew(FACETS, CHANGES)
    else:
        op.drop_index("words_by_moment", "document")


def index_anew(facets: str, changes: list[str]) -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER document_fts_{name}")
    op.execute("DROP TABLE document_fts")
    op.execute("DROP VIEW document_words")
    op.execute(
        "CREATE VIEW document_words AS SELECT id, folded_title, folded_body, "
        f"{facets.format(of='')} AS facets FROM document"
    )
    op.execute(INDEX)
    new, old = (
        f"{of}folded_title, {of}folded_body, {facets.format(of=of)}" for of in ("new.", "old.")
    )
    for name, words in TRIGGERS.items():
        body = words.format(
            add=ADD.format(new=new), take=TAKE.format(old=old), changes=", ".join(changes)
        )
        op.execute(f"CREATE TRIGGER document_fts_{name} {body}")
    op.execute("INSERT INTO document_fts(document_fts) VALUES ('rebuild')")
