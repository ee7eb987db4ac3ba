"""Data for pages that combine several rooms: the masthead, exchanges, recognition, contributions, bookmarks, feeds, the sitemap."""

from __future__ import annotations

from forum.front.queries.beginning import FirstSteps, first_steps, welcome
from forum.front.queries.bookmarks import BookmarkRow, bookmark_row, bookmark_rows, rows_of
from forum.front.queries.briefing import briefing
from forum.front.queries.cities import Exchange, exchanges
from forum.front.queries.contributions import (
    CONTRIBUTIONS,
    contributions_in_city,
    contributions_in_organisation,
    contributions_of_member,
)
from forum.front.queries.counters import Masthead, masthead
from forum.front.queries.exchange import (
    ExchangeRecord,
    exchange_of_city,
    exchange_of_member,
    exchange_of_organisation,
)
from forum.front.queries.feeds import feed_after_merge, feed_of_openings, feed_of_topic
from forum.front.queries.members import helpers_with, recognition, themes_offered
from forum.front.queries.peers import peers
from forum.front.queries.search import (
    NOBODY_IGNORED,
    Partly,
    alike,
    find_partly,
    find_with_ignored,
    named_pages,
)
from forum.front.queries.sitemap import sitemap_page, sitemap_pages
from forum.front.queries.told import languages_told, told_about_oneself
from forum.front.queries.watching import watched, watches_of_gone

__all__ = [
    "CONTRIBUTIONS",
    "NOBODY_IGNORED",
    "BookmarkRow",
    "Exchange",
    "ExchangeRecord",
    "FirstSteps",
    "Masthead",
    "Partly",
    "alike",
    "bookmark_row",
    "bookmark_rows",
    "briefing",
    "contributions_in_city",
    "contributions_in_organisation",
    "contributions_of_member",
    "exchange_of_city",
    "exchange_of_member",
    "exchange_of_organisation",
    "exchanges",
    "feed_after_merge",
    "feed_of_openings",
    "feed_of_topic",
    "find_partly",
    "find_with_ignored",
    "first_steps",
    "helpers_with",
    "languages_told",
    "masthead",
    "named_pages",
    "peers",
    "recognition",
    "rows_of",
    "sitemap_page",
    "sitemap_pages",
    "themes_offered",
    "told_about_oneself",
    "watched",
    "watches_of_gone",
    "welcome",
]
