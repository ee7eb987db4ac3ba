"""The views of commitments: lists, one commitment, publishing and changing it, reporting progress, following it."""

from __future__ import annotations

from forum.commitments.views import beside, progress, showing, writing
from forum.commitments.views._shared import bp

__all__ = ["beside", "bp", "progress", "showing", "writing"]
