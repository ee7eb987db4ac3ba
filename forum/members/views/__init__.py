"""The views of the members room: appearance, suggestions, organisations, the administration, the mark, ignoring others."""

from __future__ import annotations

from forum.members.views import administering, appearance, mark, organisations, people
from forum.members.views._shared import bp, federation
from forum.members.views.cities import choose_city
from forum.members.views.languages import flash_language_doubt
from forum.members.views.organisations import offer_organisations

__all__ = [
    "administering",
    "appearance",
    "bp",
    "choose_city",
    "federation",
    "flash_language_doubt",
    "mark",
    "offer_organisations",
    "organisations",
    "people",
]
