"""Streaming rows, so that a check takes little memory however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Executable

from forum.db import db


def stream(query: Executable) -> Iterator[Any]:
    yield from db.session.execute(query, execution_options={"yield_per": 1_000})
