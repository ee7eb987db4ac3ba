"""The blueprint of the agendas room."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("agendas", __name__)
