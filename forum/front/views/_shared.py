"""What the views of this room share: the blueprint and limits."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("front", __name__)
SIDE_ITEMS = 3  # in each of the short lists of a page
MEMBERS_SHOWN = 24  # on the page of a city or organisation
MAX_QUERY_LENGTH = 300
