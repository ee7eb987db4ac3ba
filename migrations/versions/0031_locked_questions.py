"""A locked question waits for no answer: `topic_count` is counted anew from the topics."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"

COUNT = """INSERT INTO topic_count (agenda_id, kind, audience, language, is_hidden, is_waiting, number)
SELECT agenda_id, kind, audience, language, hidden_at IS NOT NULL, {is_waiting}, count(*) FROM topic
WHERE deleted_at IS NULL AND (kind <> 'case' OR replies_count > 0) AND agenda_id IN (SELECT id FROM agenda)
GROUP BY 1, 2, 3, 4, 5, 6"""
HAS_NO_ANSWER = "kind = 'question' AND answer_id IS NULL"


def upgrade() -> None:
    _count(f"{HAS_NO_ANSWER} AND locked_at IS NULL")


def downgrade() -> None:
    _count(HAS_NO_ANSWER)


def _count(is_waiting: str) -> None:
    op.execute("DELETE FROM topic_count")
    op.execute(COUNT.format(is_waiting=is_waiting))
