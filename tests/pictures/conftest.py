"""Fixtures of the tests of pictures."""

from __future__ import annotations

import secrets

from forum.pictures import actions
from forum.search.queries import get_document, pictures_shown_by
from forum.shrinking import Shrunk
from tests.samples_of_pictures import picture as some_bytes


def added(member, *, width=40, height=30):
    """Add a picture as a member."""
    name = f"{secrets.token_hex(12)}-{width}x{height}"
    return actions.add_picture(member, Shrunk(name, some_bytes("WEBP"), b""), 100_000_000)


def shown_by(kind, item_id):
    """The names of the pictures in the search document of a thing."""
    document = get_document(kind, item_id)
    return pictures_shown_by([document.id]).get(document.id, set())
