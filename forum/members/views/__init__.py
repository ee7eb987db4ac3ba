"""The views of the members room: appearance, suggestions, organisations, the administration, the mark, pictures of members, ignoring others."""

from __future__ import annotations

from forum.members.views import administering, appearance, mark, organisations, people, portraits
from forum.members.views._shared import bp, federation
from forum.members.views.cities import choose_city
from forum.members.views.languages import flash_language_doubt
from forum.members.views.organisations import offer_organisations
from forum.members.views.portraits import sent_portrait

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
    "portraits",
    "sent_portrait",
]
