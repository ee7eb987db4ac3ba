"""The forum with or without waiting for the disk at each commit: BENCH_SYNCHRONOUS is FULL or OFF."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from sqlalchemy import Engine, event

from forum.app import create_app

LEVEL = os.environ.get("BENCH_SYNCHRONOUS", "FULL")


@event.listens_for(Engine, "connect")
def _flush(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA synchronous={LEVEL}")
    elif LEVEL == "OFF":
        connection.execute("SET synchronous_commit = off")
        connection.commit()


app = create_app()
