"""What went wrong with a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Why there is no answer (RFC 9457)."""

    title: str
    status: int
    detail: str
