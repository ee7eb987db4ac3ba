"""The doors of the dialogue room."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("dialogue", __name__)
