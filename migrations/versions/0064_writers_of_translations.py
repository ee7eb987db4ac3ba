"""Translations know who wrote what they say now, beside who began them; and search, for whom their words were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"

TABLE, COLUMN = "translation", "writer_id"
INDEX = "ix_translation_writer_id"
# Who replaced the latest version that is kept wrote the present words; their handle may be an earlier one by now
LATEST = """(SELECT editor_handle FROM version WHERE kind = 'translation' AND item_id = translation.id
    ORDER BY id DESC LIMIT 1)"""
WHO = f"""(SELECT id FROM member WHERE handle = {LATEST}
    OR id = (SELECT member_id FROM earlier_handle WHERE handle = {LATEST}) LIMIT 1)"""
IS_CORRECTED = "EXISTS (SELECT 1 FROM version WHERE kind = 'translation' AND item_id = translation.id)"


OF_TRANSLATION = """UPDATE document SET made_for = (SELECT audience FROM translation WHERE id = document.item_id)
    WHERE kind = 'translation'"""
OF_FAILURE = """UPDATE document SET made_for = (
        SELECT CASE WHEN audience = 'members' THEN audience ELSE failure_audience END
        FROM translation WHERE id = document.item_id)
    WHERE kind = 'translated_failure'"""


def upgrade() -> None:
    with op.batch_alter_table(TABLE, table_kwargs={"sqlite_autoincrement": True}) as rows:
        rows.add_column(sa.Column(COLUMN, sa.Integer(), nullable=True))
        rows.create_foreign_key(f"fk_{TABLE}_{COLUMN}", "member", [COLUMN], ["id"])
    op.create_index(INDEX, TABLE, [COLUMN])
    op.execute(f"UPDATE translation SET writer_id = translator_id WHERE NOT {IS_CORRECTED}")
    op.execute(f"UPDATE translation SET writer_id = {WHO} WHERE {IS_CORRECTED}")
    op.add_column("document", sa.Column("made_for", sa.String(200), nullable=True))
    op.execute(OF_TRANSLATION)
    op.execute(OF_FAILURE)


def downgrade() -> None:
    op.drop_column("document", "made_for")
    op.drop_index(INDEX, TABLE)
    with op.batch_alter_table(TABLE, table_kwargs={"sqlite_autoincrement": True}) as rows:
        rows.drop_constraint(f"fk_{TABLE}_{COLUMN}", type_="foreignkey")
        rows.drop_column(COLUMN)
