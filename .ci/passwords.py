"""Build forum/members/data/common-passwords.txt.gz from a wheel of Django, which carries the commonest passwords.

A password as long as the forum wants one is kept as it is; of shorter ones the words, to which people add digits.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from zipfile import ZipFile

DATA = Path(__file__).parent.parent / "forum/members/data/common-passwords.txt.gz"
IN_WHEEL = "django/contrib/auth/common-passwords.txt.gz"
MIN_LENGTH, MIN_WORD = 8, 4  # characters


def main(wheel: Path) -> None:
    """Write the file."""
    with ZipFile(wheel) as parts:
        listed = gzip.decompress(parts.read(IN_WHEEL)).decode().split("\n")
    kept = {password for password in listed if is_worth_keeping(password.strip())}
    text = "".join(f"{password}\n" for password in sorted(kept))
    DATA.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def is_worth_keeping(password: str) -> bool:
    """Whether a password, or one made of it, is long enough for the forum; what a wrong decoding has left is not."""
    is_word = password.isalpha() and len(password) >= MIN_WORD
    return (
        (is_word or len(password) >= MIN_LENGTH)
        and "\ufffd" not in password
        and "пїѕ" not in password
    )


main(Path(sys.argv[1]))
