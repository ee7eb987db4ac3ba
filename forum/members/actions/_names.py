"""Names as parts of addresses."""

from __future__ import annotations

import re

from forum.markup import fold


def plain(text: str) -> str:
    """Letters a to z and digits, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(text)))
