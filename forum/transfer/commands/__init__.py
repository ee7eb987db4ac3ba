"""`flask demo | import-agenda FILE | import FOLDER | export FOLDER`."""

from __future__ import annotations

from forum.transfer.commands import demo, exporting, importing
from forum.transfer.commands._shared import bp

__all__ = ["bp", "demo", "exporting", "importing"]
