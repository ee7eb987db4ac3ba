"""One-time codes: those that an authenticator app shows (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import pyotp

from forum.lazy import library

STEP_SECONDS = 30
ALLOWED_DRIFT = (0, -1, 1)  # steps, the likeliest first: clocks differ, and typing takes time
CODE = re.compile(r"[0-9]{6}")
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that look alike
RECOVERY_CODES = 10  # how many; each code begins with its number
RANDOM_CHARACTERS = 11  # of a recovery code: 54 bits


def new_secret() -> str:
    """A random secret of 160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, moment: datetime) -> int | None:
    """The number of the time step that a code belongs to, at most one from `moment`; None if the code is wrong."""
    if not CODE.fullmatch(code):
        return None
    now = int(moment.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    fitting = [
        now + away
        for away in ALLOWED_DRIFT
        if totp.verify(code, for_time=(now + away) * STEP_SECONDS)
    ]
    return fitting[0] if fitting else None


def provisioning_uri(secret: str, forum: str, email: str) -> str:
    """The `otpauth://` address that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=forum)


def qr_code(text: str) -> str:
    """A QR code as a `data:` address of an SVG image, dark on white even on dark pages, as cameras need it."""
    code = library("segno").make(text, error="m", micro=False)
    image: str = code.svg_data_uri(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return image


def recovery_codes() -> list[str]:
    """Ten codes to write down, such as 4kxq-p7m2-hwd9."""
    return [_recovery_code(number) for number in range(RECOVERY_CODES)]


def _recovery_code(number: int) -> str:
    signs = str(number) + "".join(secrets.choice(ALPHABET) for _sign in range(RANDOM_CHARACTERS))
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def normalised(typed: str) -> str:
    """A code as it is compared: in lower case, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", typed).lower()


def recovery_number(code: str) -> int | None:
    """Which of the recovery codes a normalised code claims to be; None if it has not the form of one."""
    is_one = len(code) == RANDOM_CHARACTERS + 1 and code[0] in "0123456789"
    return int(code[0]) if is_one else None
