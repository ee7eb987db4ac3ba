"""What the commands of this room share: the blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("upkeep_commands", __name__, cli_group=None)
