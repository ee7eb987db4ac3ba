"""What a search finds, as the API answers it."""

from __future__ import annotations

from forum.api import models
from forum.api.views._addresses import address_of, api_address
from forum.search.models import Document
from forum.search.queries import Hit


def hit(found: Hit) -> models.Hit:
    """What a search has found, without the marks in its text."""
    return models.Hit(
        kind=found.document.kind,
        title=found.document.title,
        url=address_of(found.document.address),
        api_url=_api_url(found.document),
        excerpt=found.snippet.striptags(),
        language=found.document.language,
        written_at=found.document.written_at,
    )


def _api_url(document: Document) -> str | None:
    if document.kind in ("topic", "post", "declaration", "commitment"):
        return api_address(document.kind, **{f"{document.kind}_id": document.item_id})
    if document.kind in ("case", "practice"):
        return api_address(document.kind, slug=document.address.rpartition("/")[2])
    return None
