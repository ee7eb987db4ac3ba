"""Codes that are good once: those that an app shows for half a minute (RFC 6238), and those kept for a rainy day."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import pyotp
import segno

STEP = 30  # seconds
NEAR = (0, -1, 1)  # steps: a clock may be slow or fast, and typing takes its time
CODE = re.compile(r"[0-9]{6}")
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
RECOVERY = 10  # codes; each begins with its number
RANDOM = 11  # further signs: 54 bits


def new_secret() -> str:
    """A secret of 160 bits, in the letters and digits that apps take (base32)."""
    return pyotp.random_base32()


def fitting_step(secret: str, code: str, moment: datetime) -> int | None:
    """The number of the half minute whose code this is, at most one away from a moment; None for any other code."""
    if not CODE.fullmatch(code):
        return None
    now = int(moment.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    fitting = [now + away for away in NEAR if totp.verify(code, for_time=(now + away) * STEP)]
    return fitting[0] if fitting else None


def address(secret: str, forum: str, email: str) -> str:
    """What an app reads out of the picture (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=forum)


def picture(text: str) -> str:
    """A QR code as the address of an image, dark on white also on dark pages: cameras want it so."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff", omitsize=True)


def recovery_codes() -> list[str]:
    """Ten codes to write down, such as 4kxq-p7m2-hwd9."""
    return [_recovery_code(number) for number in range(RECOVERY)]


def _recovery_code(number: int) -> str:
    signs = str(number) + "".join(secrets.choice(SIGNS) for _sign in range(RANDOM))
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def plain(typed: str) -> str:
    """A code as it is compared: without what people add to read it, in small letters."""
    return re.sub(r"[\s-]", "", typed).lower()


def number_of(code: str) -> int | None:
    """Which of the ten recovery codes a plain code says that it is."""
    is_one = len(code) == RANDOM + 1 and code[0] in "0123456789"
    return int(code[0]) if is_one else None
