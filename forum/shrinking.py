"""Pictures that members send, made small and clean: a process of its own decodes each and writes it anew as WebP."""

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
NO_PICTURE, TOO_MANY_PIXELS = 3, 4  # exit codes of the program
MAX_WAIT = 20  # seconds
AT_ONCE = threading.BoundedSemaphore(2)  # of a process; others wait, and readers go on
MAX_MEGAPIXELS = 50


class Shrunk(NamedTuple):
    """A picture as it is kept: a new name that nobody can guess, and its bytes; those of the small version may be empty."""

    name: str
    whole: bytes
    small: bytes


def shrink(data: bytes) -> Shrunk:
    """A picture (JPEG, PNG, WebP, AVIF or GIF) as WebP with its longer side of at most `LARGEST` pixels, without metadata.

    Takes some tenths of a second, so call it before an action. Raises `Invalid` for what is no picture, and `Busy` when too many
    are being made at this moment.
    """
    if not AT_ONCE.acquire(timeout=MAX_WAIT / 4):
        raise Busy()
    try:
        command = [sys.executable, "-I", PROGRAM, *map(str, (LARGEST, SMALL, HAS_SMALL))]
        done = subprocess.run(  # noqa: S603  # our own program
            command, input=data, capture_output=True, timeout=MAX_WAIT, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise Invalid(_no_picture(), "picture") from None
    finally:
        AT_ONCE.release()
    if done.returncode == TOO_MANY_PIXELS:
        raise Invalid(
            _("This picture has more than %(most)s million pixels.", most=MAX_MEGAPIXELS), "picture"
        )
    if done.returncode:
        raise Invalid(_no_picture(), "picture")
    return _parts(done.stdout)


def _no_picture() -> str:
    return _("This is no picture that can be read. Choose a JPEG, PNG, WebP, AVIF or GIF file.")


def _parts(told: bytes) -> Shrunk:
    head, _line, body = told.partition(b"\n")
    known = json.loads(head)
    name = f"{secrets.token_hex(12)}-{known['width']}x{known['height']}"
    whole = known["lengths"][0]
    return Shrunk(name, body[:whole], body[whole:])
