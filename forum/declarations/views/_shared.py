"""The blueprint of the declarations room."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("declarations", __name__)
