"""Uploaded pictures, made small and clean: a separate process decodes each and writes it again as WebP."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from flask_babel import gettext as _

from forum.errors import Busy, Invalid
from forum.illustrations import HAS_SMALL, LARGEST, SMALL

PROGRAM = str(Path(__file__).with_name("shrinker.py"))
# Exit codes of the program, repeated because importing it would load its decoders into every process
NO_PICTURE, TOO_MANY_PIXELS = 3, 4
MAX_WAIT = 20  # seconds
# Per process; further uploads wait, while readers are served
AT_ONCE = threading.BoundedSemaphore(2)
MAX_MEGAPIXELS = 50
PICTURE = "picture"  # the name of the field with the file
ACCEPTED = "image/jpeg,image/png,image/webp,image/avif,image/gif"


class Shrunk(NamedTuple):
    """A picture as it is stored: a new name that nobody can guess, and its bytes; those of the small version may be empty."""

    name: str
    whole: bytes
    small: bytes

    @property
    def size(self) -> int:
        """How many bytes both versions take."""
        return len(self.whole) + len(self.small)


def shrink(data: bytes, largest: int = LARGEST, *, is_square: bool = False) -> Shrunk:
    """A picture (JPEG, PNG, WebP, AVIF or GIF) as WebP with its longer side of at most `largest` pixels, without metadata.

    With `is_square` it is cut to the square in its middle, and has some kB at most (`shrinker.SQUARE_BYTES`).

    It takes some tenths of a second, so call it before an action. Raises `Invalid` if it is no picture, and `Busy`
    when too many are being processed.
    """
    made = _run(data, largest, is_square=is_square)
    if made.returncode == TOO_MANY_PIXELS:
        raise Invalid(
            _(
                "This picture has more than %(most)s million pixels. Choose a smaller one.",
                most=MAX_MEGAPIXELS,
            ),
            PICTURE,
        )
    if made.returncode:
        raise Invalid(_no_picture(), PICTURE)
    whole, small, size = _parts(made.stdout)
    return Shrunk(f"{secrets.token_hex(12)}-{size}", whole, small)


def take(
    name: str, data: bytes, largest: int = LARGEST, *, is_square: bool = False
) -> Shrunk | None:
    """A picture that `shrink` has made, in this forum or another, under its present name; None if it is not one.

    Its bytes are unchanged; only its small version is made again.
    """
    made = _run(data, largest, is_made=True, is_square=is_square)
    if made.returncode:
        return None
    whole, small, size = _parts(made.stdout)
    return Shrunk(name, whole, small) if name.endswith(f"-{size}") else None


def icon_of(data: bytes, side: int, within: int, ground: str) -> bytes | None:
    """A picture as a square PNG with sides of so many pixels, in whose middle it fills `within`, on a ground (`#fcfdfd`).

    None if it is no picture. Raises `Busy` when too many are being processed.
    """
    made = _run_program(data, "icon", side, within, ground)
    return None if made.returncode else made.stdout


def _run(
    data: bytes, largest: int, *, is_made: bool = False, is_square: bool = False
) -> subprocess.CompletedProcess[bytes]:
    return _run_program(data, largest, SMALL, HAS_SMALL, int(is_made), int(is_square))


def _run_program(data: bytes, *words: str | int) -> subprocess.CompletedProcess[bytes]:
    """The output of the program for a picture."""
    command = [sys.executable, "-I", PROGRAM, *map(str, words)]
    if not AT_ONCE.acquire(timeout=MAX_WAIT / 4):
        raise Busy()
    try:
        return subprocess.run(  # noqa: S603  # our own program
            command, input=data, capture_output=True, timeout=MAX_WAIT, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, NO_PICTURE)
    finally:
        AT_ONCE.release()


def _no_picture() -> str:
    return _("This is no picture that can be read. Choose a JPEG, PNG, WebP, AVIF or GIF file.")


def _parts(told: bytes) -> tuple[bytes, bytes, str]:
    """A picture, its small version, and its size as in names of pictures."""
    head, _line, body = told.partition(b"\n")
    known = json.loads(head)
    whole = known["lengths"][0]
    return body[:whole], body[whole:], f"{known['width']}x{known['height']}"
