"""The views of agendas: the list with its plans, curating, statements, themes."""

from __future__ import annotations

from forum.agendas.views import curating, lists, plans, statements, themes
from forum.agendas.views._shared import bp

__all__ = ["bp", "curating", "lists", "plans", "statements", "themes"]
