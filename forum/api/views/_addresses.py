"""The whole addresses in what the API answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import url_for

from forum import web


def address(endpoint: str, **values: Any) -> str:
    """The absolute address of a page."""
    return web.absolute(url_for(endpoint, **values))


def address_of(path: str) -> str:
    """The absolute address of a path from a column, which is not percent-encoded."""
    return web.absolute(quote(path, safe="/?=&#"))


def api_address(endpoint: str, **values: Any) -> str:
    """The absolute address of an endpoint of the API."""
    return address(f"api.{endpoint}", **values)
