"""What the tests of pictures and files have in common."""

from __future__ import annotations

import secrets
from io import BytesIO

from forum.pictures import actions
from forum.search.queries import get_document, pictures_shown_by
from forum.sentfiles import examine
from forum.shrinking import Shrunk
from tests.samples_of_files import PDF
from tests.samples_of_pictures import picture as some_bytes


def added(member, *, width=40, height=30):
    """Add a picture as a member."""
    name = f"{secrets.token_hex(12)}-{width}x{height}"
    return actions.add_picture(member, Shrunk(name, some_bytes("WEBP"), b""), 100_000_000)


def added_file(member, data=PDF, filename="Kerb.pdf"):
    """Add a file as a member."""
    return actions.add_picture(member, examine(BytesIO(data), filename, 10_000_000), 100_000_000)


def shown_by(kind, item_id):
    """The names of the pictures and files that the document of a thing shows."""
    document = get_document(kind, item_id)
    return pictures_shown_by([document.id]).get(document.id, set())
