"""Names of people, handles and slugs: cleaned, checked, and refused when they imitate others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import count

from flask_babel import gettext as _

from forum.confusables import skeleton, visible
from forum.errors import Invalid
from forum.markup import fold
from forum.members import queries
from forum.members.models import Member

MAX_HANDLE_LENGTH = 40
RESERVED_WORDS = """
about account admin administration administrator agendas all anonymous api appearance cases
cities contact deleted directory edit everybody everyone feed feeds former forum guest help
home host join login logout me member members moderation moderator moderators new nobody none
notices null organisations posts practices privacy readings root rules search secretariat
settings sign-in sign-out signin signout staff static suggest support system team topics undefined
visitor webmaster
"""
RESERVED_HANDLES = frozenset(RESERVED_WORDS.split())
HANDLE_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ZERO_WIDTH_JOINERS = "\u200c\u200d"  # some scripts need them within a word
LINK_PATTERN = re.compile(r"://|www\.|\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|app|dev)\b", re.I)


def is_handle_free(handle: str) -> bool:
    """Whether a new member can have a handle."""
    return not is_reserved(handle) and not queries.is_handle_taken(handle)


def is_reserved(handle: str) -> bool:
    """Whether a handle is reserved for the forum, or looks like one that is."""
    return skeleton(handle) in _reserved_skeletons()


@cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(map(skeleton, RESERVED_HANDLES))


def first_free(wish: str, is_free: Callable[[str], bool]) -> str:
    """The wish itself, or with the first number from 2 on that makes it free."""
    candidates = (wish if number == 1 else f"{wish}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if is_free(candidate))


def clean_name(typed: str) -> str:
    """A person's name as it is stored. Raises `Invalid` for a link, an unreadable or an overlong name."""
    name = visible_line(typed)
    if not any(c.isalpha() for c in name):
        raise Invalid(_("Write your name."), "name")
    if len(name) > 80 or _has_stacked_marks(name):
        raise Invalid(_("Write a name of at most 80 characters."), "name")
    if LINK_PATTERN.search(name) or any(c in name for c in "<>@/\\"):
        raise Invalid(_("Write a name, not an address."), "name")
    return name


def refuse_lookalike(typed: str, member: Member | None = None) -> None:
    """Raise `Invalid` for a name that could be mistaken for a moderator or for the forum itself."""
    name = clean_name(typed)
    is_ours = (member is None or not member.is_moderator) and _is_name_of_forum(name)
    if is_ours or queries.is_lookalike_name(name, member.id if member else None):
        raise Invalid(
            _(
                "This looks like the name of the forum or of somebody else here. Choose another one, or write to us."
            ),
            "name",
        )


def _is_name_of_forum(name: str) -> bool:
    """Whether a name consists of words of the forum's name and reserved words, such as “moderator”, alone."""
    known = queries.federation()
    own = known.name if known else ""
    ours = _reserved_skeletons() | {skeleton(word) for word in own.split()}
    words = {skeleton(word) for word in re.split(r"[\W_]+", name)} - {""}
    return words <= ours or skeleton(name) in _reserved_skeletons() | {skeleton(own)}


def checked_line(most: int, text: str, field: str) -> str:
    """A line without invisible characters; raises `Invalid` at a field for more than `most` characters."""
    if len(line := visible_line(text)) > most:
        raise Invalid(_("Write at most %(most)s characters.", most=most), field)
    return line


def visible_line(text: str) -> str:
    """A line without invisible and directional control characters."""
    return single_line("".join(c for c in visible(text) if not _is_invisible(c)))


def single_line(text: str) -> str:
    """A text with every run of white space replaced by one space."""
    return " ".join(text.split())


def _is_invisible(character: str) -> bool:
    is_kept = character in ZERO_WIDTH_JOINERS or character in "\n\t "
    return unicodedata.category(character) in ("Cf", "Cc", "Cs", "Co") and not is_kept


def _has_stacked_marks(name: str) -> bool:
    """Whether five or more combining marks follow each other, so that they would cover other lines."""
    decomposed = unicodedata.normalize("NFD", name)
    marks = "".join("x" if unicodedata.category(c) == "Mn" else " " for c in decomposed)
    return "xxxxx" in marks


def slug_from(text: str) -> str:
    """A text as part of an address: its letters a to z and digits, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(text)))
