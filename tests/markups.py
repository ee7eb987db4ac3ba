"""What a text becomes, for tests of the tools that read texts."""

from __future__ import annotations

from forum import markup


def html(source: str) -> str:
    """The HTML of a text."""
    return str(markup.write(source).html).strip()
