"""Small pictures for tests, as members upload them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **how: Any
) -> bytes:
    """The bytes of a picture in a format, with further arguments for Pillow's `save`."""
    made = BytesIO()
    Image.new(mode, size, 90 if len(mode) == 1 else "#5a7d9a").save(made, kind, **how)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    """A picture that the forum has stored, opened by Pillow."""
    return Image.open(BytesIO(data))
