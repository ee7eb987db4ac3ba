"""The blueprint of the glossary, and in which language its reader reads."""

from __future__ import annotations

from flask import Blueprint

from forum import web

bp = Blueprint("glossary", __name__)


def readers_language() -> str:
    """The code of the language of the page, as texts carry it."""
    return web.locale().partition("_")[0]
