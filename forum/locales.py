"""The languages of the interface: which there are, which one a request gets, and their translations.

The texts in the code are English. `translations/<locale>/LC_MESSAGES/messages.po` contains them in another language;
such a file is all that a new language needs (see `docs/translating.md`). The languages of members' texts are a
different matter: see `languages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import cache, lru_cache
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from secrets import token_hex

from babel import Locale
from babel.dates import format_date
from babel.support import NullTranslations, Translations
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from forum.lazy import library

SOURCE = "en"  # the language of the texts in the code
FOLDER = Path(__file__).parent / "translations"
COOKIE = "language"  # the cookie with a reader's choice; its name has a prefix where HTTPS is used
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # in English
MAX_HEADER_LENGTH = 200  # characters; a longer one is ignored, and so not cached


@cache
def known() -> tuple[str, ...]:
    """All locales of the interface: English first, then those with a catalogue, by name."""
    return (SOURCE, *sorted(file.parts[-3] for file in FOLDER.glob("*/LC_MESSAGES/messages.po")))


def best(chosen: str, accepted: str, offered: Sequence[str]) -> str:
    """Which of the `offered` locales a request gets.

    It is what the reader has `chosen`, else the best one for the header Accept-Language (RFC 9110, 12.5.4), else the
    first.
    """
    if chosen in offered:
        return chosen
    if len(offered) == 1 or not accepted or len(accepted) > MAX_HEADER_LENGTH:
        return offered[0]
    return _negotiated(accepted, tuple(offered))


@lru_cache(maxsize=1_000)
def _negotiated(accepted: str, offered: tuple[str, ...]) -> str:
    """The first offered locale of the language that the reader prefers among those offered.

    Unlike Werkzeug's `best_match`, French is chosen for readers who prefer Canadian French and accept English.
    """
    exact = {tag(locale).lower(): locale for locale in reversed(offered)}
    language = {name.partition("-")[0]: locale for name, locale in exact.items()}
    for name, quality in parse_accept_header(accepted, LanguageAccept):
        wanted = name.lower()
        found = exact.get(wanted) or language.get(wanted.partition("-")[0])
        if found and quality > 0:
            return found
    return offered[0]


def tag(locale: str) -> str:
    """A locale as pages and headers name it (BCP 47): `pt-BR` for `pt_BR`."""
    return locale.replace("_", "-")


@cache
def parsed(locale: str) -> Locale:
    """A locale as Babel's object, which takes longer to make than to use."""
    return Locale.parse(locale)


# What most pages need of English is known without Babel's data, which take 3.6 MB in each process


def day_in_words(day: date, locale: str) -> str:
    """A day in the words of a locale (CLDR); in English with the day first, as most readers expect."""
    if locale == SOURCE:
        return f"{day.day} {MONTHS[day.month - 1]} {day.year:04}"
    return with_first_of_month(str(format_date(day, "long", locale)), day, locale)


def with_first_of_month(words: str, day: date, locale: str) -> str:
    """A day in the words of CLDR, which writes the first of a month like any other day: French says *1er*."""
    is_first = day.day == 1 and locale.partition("_")[0] == "fr"
    return words.replace("1 ", "1er ", 1) if is_first else words


def is_leftward(locale: str) -> bool:
    """Whether its script is written from right to left."""
    return locale != SOURCE and parsed(locale).text_direction == "rtl"


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of a locale, loaded when it is first needed; missing texts stay English."""
    return _catalogue(locale)


@cache
def said(locale: str, *messages: str) -> Sequence[str]:
    """Some messages of the code in a locale, without loading its catalogue, which takes 5 MB and may not be needed by any page."""
    catalogue = _catalogue(locale)
    return [catalogue.gettext(message) for message in messages]


def _catalogue(locale: str) -> NullTranslations:
    if not _file(locale).is_file():
        return NullTranslations()
    kept = _folder / f"{locale}.{_digest(locale)}.mo" if _folder else None
    compiled = _read(kept) if kept else None
    if compiled is None:
        compiled = _compiled(locale)
        if kept:
            _keep(kept, compiled)
    return Translations(BytesIO(compiled))


def _compiled(locale: str) -> bytes:
    compiled = BytesIO()
    with _file(locale).open("rb") as source:
        catalogue = library("babel.messages.pofile").read_po(source, locale=locale)
    library("babel.messages.mofile").write_mo(compiled, catalogue)
    return compiled.getvalue()


_folder: Path | None = None


def keep_compiled(folder: Path) -> None:
    """Keep compiled catalogues in a folder, for all processes: compiling one takes 0.2 s and 5 MB in every process."""
    global _folder  # noqa: PLW0603  # one for each process, as the catalogues are
    _folder = folder


def _read(file: Path) -> bytes | None:
    """A stored compiled catalogue; None unless it is there and complete: after a crash, a part of it may be zeros."""
    with suppress(OSError):
        kept = file.read_bytes()
        if sha256(kept[32:]).digest() == kept[:32]:
            return kept[32:]
    return None


def _keep(file: Path, compiled: bytes) -> None:
    """Write a compiled catalogue if possible, and delete those of other versions and unfinished ones."""
    unfinished = file.with_suffix(f".{token_hex(8)}")  # used by this process and thread only
    try:
        unfinished.write_bytes(sha256(compiled).digest() + compiled)
        unfinished.replace(file)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)  # on a full disk it would take the last space
        return
    for other in file.parent.glob(f"{file.name.partition('.')[0]}.*"):
        if other != file:
            with suppress(OSError):
                other.unlink(missing_ok=True)


def fingerprint() -> str:
    """A hash of all catalogues, for caches of what was made with them."""
    return sha256("".join(map(_digest, known()[1:])).encode()).hexdigest()


@cache
def _digest(locale: str) -> str:
    with _file(locale).open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:32]


def _file(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"
