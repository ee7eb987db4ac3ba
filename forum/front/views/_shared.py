"""What the views of this room share: the blueprint, filters for all templates, limits."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import format_decimal

from forum.pages import capped
from forum.plaintext import excerpt

bp = Blueprint("front", __name__)
bp.add_app_template_filter(excerpt)
bp.add_app_template_filter(capped)
bp.add_app_template_filter(format_decimal, "decimal")
SIDE_ITEMS = 4  # in each of the short lists of a page
MEMBERS_SHOWN = 24  # on the page of a city or organisation
MAX_QUERY_LENGTH = 300
