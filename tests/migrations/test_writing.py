"""What `flask db migrate` writes is a file as the project wants one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask_migrate import migrate
from sqlalchemy import text

from forum.db import db
from tests.migrations.conftest import own_forum

ROOT = Path(__file__).parents[2]


@pytest.mark.sqlite_only  # Alembic writes the same for both
def test_a_new_migration_is_clean_as_it_is_written(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    with own_forum(database_url, tmp_path / "data", revision="head"):
        with db.engine.begin() as connection:
            for statement in ("DROP TABLE bookmark", "ALTER TABLE member DROP COLUMN voice_until"):
                connection.execute(text(statement))
        migrate(directory=str(tmp_path / "migrations"), message="Two things", rev_id="9999")
    (written,) = (tmp_path / "migrations" / "versions").glob("9999_*.py")
    said = written.read_text()
    assert 'op.create_table(\n        "bookmark",' in said and "voice_until" in said
    for words in (("check",), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, written],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
