"""The views of declarations: reading, drafting, consultation, signing, inviting, adopting, withdrawing."""

from __future__ import annotations

from forum.declarations.views import drafting, inviting, showing, signing, steps
from forum.declarations.views._shared import bp

__all__ = ["bp", "drafting", "inviting", "showing", "signing", "steps"]
