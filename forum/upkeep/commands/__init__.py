"""`flask check | rerender | reindex | backup | restore | move-database`, and the error handling around all commands."""

from __future__ import annotations

from forum.upkeep.commands import checking, copying, rebuilding
from forum.upkeep.commands._shared import bp
from forum.upkeep.commands.guarding import guard

__all__ = ["bp", "checking", "copying", "guard", "rebuilding"]
