"""Pages that combine several rooms: home, an agenda, members and their cities, notices, search, feeds, about the forum."""

from __future__ import annotations

from forum.front.views import (
    about,
    agendas,
    bookmarks,
    cities,
    crawlers,
    devices,
    exchange,
    feeds,
    home,
    masthead,
    members,
    notices,
    organisations,
    search,
)
from forum.front.views._shared import bp

__all__ = [
    "about",
    "agendas",
    "bookmarks",
    "bp",
    "cities",
    "crawlers",
    "devices",
    "exchange",
    "feeds",
    "home",
    "masthead",
    "members",
    "notices",
    "organisations",
    "search",
]
