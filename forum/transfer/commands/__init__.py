"""`flask demo | import-agenda FILE | import FOLDER | export FOLDER | rerender | reindex`."""

from __future__ import annotations

from forum.transfer.commands import demo, exporting, importing, rebuilding
from forum.transfer.commands._shared import bp
from forum.transfer.commands.rebuilding import refusals_end_command, reindex_batch

__all__ = [
    "bp",
    "demo",
    "exporting",
    "importing",
    "rebuilding",
    "refusals_end_command",
    "reindex_batch",
]
