"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from forum.search.queries import KINDS as FOUND_KINDS


@dataclass(frozen=True)
class Hit:
    """Something that a search has found: its kind, its title, and the place where the words stand.

    `api_url` is null for a best read and a meeting, which have no address of their own here.
    """

    kind: Annotated[str, FOUND_KINDS]
    title: str
    url: str
    api_url: str | None
    excerpt: str
    language: str
    written_at: datetime
