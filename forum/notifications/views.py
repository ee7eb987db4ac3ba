"""The doors of the notifications room."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("notifications", __name__)
