"""Facets in the full-text index, as words that begin with "=", so that rare ones are found among a million documents."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

INDEX_OF = """CREATE VIRTUAL TABLE document_fts USING fts5({columns}, content='{content}',
content_rowid='id', tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'{more}")"""
TRIGGERS = {
    "insert": "AFTER INSERT ON document BEGIN {add}; END",
    "delete": "AFTER DELETE ON document BEGIN {take}; END",
    "update": "AFTER UPDATE OF {changes} ON document BEGIN {take}; {add}; END",
}
ADD = "INSERT INTO document_fts(rowid, {columns}) VALUES (new.id, {new})"
TAKE = "INSERT INTO document_fts(document_fts, rowid, {columns}) VALUES ('delete', old.id, {old})"
# Tags such as pt-br become one word: the index would take them apart.
FACETS = """'=k' || {of}kind || ' =a' || coalesce({of}agenda_id, '')
|| ' =l' || lower(replace({of}language, '-', ''))"""
VIEW = f"""CREATE VIEW document_words AS
SELECT id, folded_title, folded_body, {FACETS.format(of="")} AS facets FROM document"""
WORDS = """setweight(to_tsvector('simple', folded_title), 'A') {between}
|| setweight(to_tsvector('simple', folded_body), 'B')"""
# Between the two, so that the last word of a title and the first of a text do not stand together.
BETWEEN = r"|| '=\:1'::tsvector"  # a colon alone would be a parameter
LEXEMES = """|| array_to_tsvector(ARRAY['=k' || kind, '=a' || coalesce(agenda_id::text, ''),
'=l' || lower(replace(language, '-', ''))])"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        _index_words(f"{WORDS.format(between=BETWEEN)} {LEXEMES}")
        return
    _drop()
    op.execute(VIEW)
    columns = ["folded_title", "folded_body", "facets"]
    _create(columns, "document_words", " tokenchars '='", ["kind", "agenda_id", "language"])


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        _index_words(WORDS.format(between=""))
        return
    _drop()
    op.execute("DROP VIEW document_words")
    _create(["folded_title", "folded_body"], "document", "", [])


def _index_words(words: str) -> None:
    op.execute("ALTER TABLE document DROP COLUMN words")
    op.execute(f"ALTER TABLE document ADD COLUMN words tsvector GENERATED ALWAYS AS ({words}) STORED")
    op.execute("CREATE INDEX words_index ON document USING gin (words)")


def _drop() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER document_fts_{name}")
    op.execute("DROP TABLE document_fts")


def _create(columns: list[str], content: str, more: str, changes: list[str]) -> None:
    op.execute(INDEX_OF.format(columns=", ".join(columns), content=content, more=more))
    new, old = (
        ", ".join(FACETS.format(of=of) if name == "facets" else f"{of}{name}" for name in columns)
        for of in ("new.", "old.")
    )
    add = ADD.format(columns=", ".join(columns), new=new)
    take = TAKE.format(columns=", ".join(columns), old=old)
    changes = [name for name in columns if name != "facets"] + changes
    for name, words in TRIGGERS.items():
        body = words.format(add=add, take=take, changes=", ".join(changes))
        op.execute(f"CREATE TRIGGER document_fts_{name} {body}")
    op.execute("INSERT INTO document_fts(document_fts) VALUES ('rebuild')")
