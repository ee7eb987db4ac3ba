"""Names of people, handles and slugs: cleaned, checked, and refused when they imitate others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from flask_babel import gettext as _

from forum.confusables import skeleton, visible
from forum.errors import Invalid
from forum.lazy import library
from forum.members import queries
from forum.members.models import Member
from forum.plaintext import fold, normalized, single_line
from forum.principals import ROLES

MAX_NAME, MAX_HANDLE_LENGTH = 80, 40  # characters
RESERVED_WORDS = """
about account admin administration administrator agendas all anonymous api appearance cases
cities contact deleted directory edit everybody everyone feed feeds former forum guest help
home host join login logout me member members moderation moderator moderators new nobody none
notices null organisations posts practices privacy readings root rules search secretariat
settings sign-in sign-out signin signout staff static suggest support system team topics undefined
visitor webmaster
"""
RANKS = tuple(word for role in ROLES[1:] for word in (role, f"{role}s"))
OFFICES = ("admin", *RANKS)  # "admin" is none of the ranks, because people may be called Admin
ARTICLES = ("the", "official")  # words that mean nothing on their own
TITLES = (*OFFICES, "administration", "forum", "moderation", "official", "staff", "team")
RESERVED_HANDLES = frozenset(RESERVED_WORDS.split())
HANDLE_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
HANDLE_OF_NOBODY = "person"  # for a name from which no handle can be made
ZERO_WIDTH_JOINERS = "\u200c\u200d"  # some scripts need them within a word
LINK_PATTERN = re.compile(r"://|www\.|\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|app|dev)\b", re.I)


def refused_handles(handles: Sequence[str], own_id: int = 0) -> set[str]:
    """Which of these handles a new member, or the one with the id `own_id`, cannot have."""
    return set(filter(is_reserved, handles)) | queries.taken_handles(handles, own_id)


def checked_handle(handle: str, own_id: int = 0) -> str:
    """A typed handle. Raises `Invalid` for a wrong format, and for one that is reserved, taken, or looks like such a one."""
    if not HANDLE_PATTERN.fullmatch(handle) or len(handle) > MAX_HANDLE_LENGTH:
        raise Invalid(_("Choose a handle of letters a to z, digits and hyphens."), "handle")
    if is_reserved(handle):
        raise Invalid(_("This handle is kept for the forum itself. Choose another one."), "handle")
    if refused_handles([handle], own_id):
        raise Invalid(_("This handle is taken. Choose another one."), "handle")
    return handle


def handle_for(name: str) -> str:
    """The handle made from a name, in Latin letters whatever its script.

    In Latin letters a name may look like that of a moderator or of the forum although the original does not; then no
    handle is made from it.
    """
    if (latin := _in_latin(name)) != name and _is_refused(latin):
        return HANDLE_OF_NOBODY
    return slug_from(latin)[:MAX_HANDLE_LENGTH].strip("-") or HANDLE_OF_NOBODY


def _in_latin(name: str) -> str:
    """A name in Latin letters: transliterated if it has others."""
    is_foreign = any(c.isalnum() and not c.isascii() for c in fold(name))
    return str(library("anyascii").anyascii(name)) if is_foreign else name


def _is_refused(name: str) -> bool:
    try:
        refuse_lookalike(name)
    except Invalid:
        return True
    return False


def is_reserved(handle: str) -> bool:
    """Whether a handle is reserved for the forum, or looks like one that is."""
    return skeleton(handle) in _reserved_skeletons()


@cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(map(skeleton, RESERVED_HANDLES))


def clean_name(typed: str) -> str:
    """A person's name as it is stored. Raises `Invalid` for a link, and for an unreadable or too long name."""
    name = visible_line(typed)
    if not any(c.isalpha() for c in name):
        raise Invalid(_("Write your name."), "name")
    if len(name) > MAX_NAME or _has_stacked_marks(name):
        raise Invalid(_("Write a name of at most %(most)s characters.", most=MAX_NAME), "name")
    if LINK_PATTERN.search(name) or any(c in name for c in "<>@/\\"):
        raise Invalid(_("Write a name, not an address."), "name")
    return name


def refuse_lookalike(typed: str, member: Member | None = None) -> None:
    """Raise `Invalid` for a name that could be mistaken for a moderator or for the forum itself, even with a number."""
    name = clean_name(typed)
    alone = _without_number(name)
    is_ours = _is_name_of_forum(name) or _is_title(alone)
    own_id = member.id if member else None
    is_rank = _has_rank(name) or (not is_ours and _sounds_like_rank(name))
    if is_rank and not (member and member.has_office):
        raise Invalid(_("Write your name alone, without an office."), "name")
    readings = {skeleton(alone)}.union(*map(_without_decorations, (name, alone)))
    is_ours &= member is None or not member.is_moderator
    if is_ours or queries.is_lookalike_name(name, own_id, readings):
        raise Invalid(
            _(
                "This looks like the name of the forum or of somebody else here. Choose another one, or write to us."
            ),
            "name",
        )


def refuse_numbered(handle: str, member: Member) -> None:
    """Raise `Invalid` for a handle that differs from an office or a moderator's name only by a number: `moderator-2`."""
    name = _without_number(handle).replace("-", " ")
    is_office = _is_title(name) and not member.has_office
    if is_office or queries.is_lookalike_name(name, member.id, _without_decorations(name)):
        raise Invalid(
            _("This looks like an office or like a moderator. Choose another one."), "handle"
        )


def _without_number(name: str) -> str:
    """A name or handle without a number at its end."""
    return name.rstrip("0123456789 -")


def _is_title(name: str) -> bool:
    """Whether a name consists of words such as “moderator” and “team” alone."""
    words = set(_word_skeletons(name))
    return bool(words) and words.issubset(map(skeleton, TITLES))


def _is_name_of_forum(name: str) -> bool:
    """Whether a name consists only of words of the forum's name and reserved words, such as “moderator”."""
    own = queries.forum_name()
    ours = _reserved_skeletons() | set(_word_skeletons(own))
    words = set(_word_skeletons(name)) - set(map(skeleton, ARTICLES))
    is_whole = skeleton(name) in _reserved_skeletons() | {skeleton(own)}
    return is_whole or (bool(words) and words <= ours)


def _has_rank(name: str) -> bool:
    """Whether a word for an office is among the words of a name."""
    words = _word_skeletons(name)
    return not _is_name_of_forum(name) and not set(map(skeleton, RANKS)).isdisjoint(words)


def _sounds_like_rank(name: str) -> bool:
    """Whether a name in another script, or one of its words, reads like an office (“Модератор”)."""
    latin = _in_latin(name)
    words = set(_word_skeletons(_without_number(latin)))
    offices = set(map(skeleton, OFFICES))
    return latin != name and not words.isdisjoint(offices)


def _without_decorations(name: str) -> set[str]:
    """The skeletons of a name without a title or the forum's name around it: “Ana Prado (moderator)”.

    Articles and single words of the forum's name are removed only together with these: alone they may be names (“The
    Anh”, “Anna Vienna”).
    """
    words = _word_skeletons(name)
    articles, titles = set(map(skeleton, ARTICLES)), set(map(skeleton, TITLES))
    own = set(_word_skeletons(queries.forum_name())) - articles
    whole = own - titles if len(own - titles) > 1 else own
    extra = titles | articles | own
    before = next((at for at, word in enumerate(words) if word not in extra), 0)
    after = next((at for at, word in enumerate(reversed(words)) if word not in extra), 0)
    starts, ends = range(before + 1), range(len(words) - after, len(words) + 1)
    return {
        "".join(words[start:end])
        for start in starts
        for end in ends
        if _is_decoration({*words[:start], *words[end:]}, titles, whole)
    }


def _is_decoration(taken: set[str], titles: set[str], whole: set[str]) -> bool:
    """Whether words around a name contain a title, or the whole name of the forum."""
    return bool(taken & titles) or (bool(whole) and whole <= taken)


def _word_skeletons(text: str) -> list[str]:
    return [seen for word in re.split(r"[\W_]+", text) if (seen := skeleton(word))]


def refuse_office(position: str, member: Member | None = None) -> None:
    """Raise `Invalid` for a position that is only the title of an office of this forum that the member does not have.

    Elsewhere these are professions, so a position that adds a place or a subject is accepted.
    """
    is_office = any(map(_says_office_alone, (position, _in_latin(position))))
    if is_office and not (member and member.has_office):
        raise Invalid(
            _(
                "This looks like an office in this forum. Say where you have it, such as: administrator of the city archive."
            ),
            "position",
        )


def _says_office_alone(position: str) -> bool:
    words = set(_word_skeletons(_without_number(position)))
    around = {*map(skeleton, (*ARTICLES, "forum")), *_word_skeletons(queries.forum_name())}
    offices = set(map(skeleton, OFFICES))
    return bool(words & offices) and words <= offices | around


def checked_line(most: int, text: str, field: str) -> str:
    """A line without invisible characters; raises `Invalid` for a form field when it has more than `most` characters."""
    if len(line := visible_line(text)) > most:
        raise Invalid(_("Write at most %(most)s characters.", most=most), field)
    return line


def visible_line(text: str) -> str:
    """A line without invisible and directional control characters."""
    return single_line("".join(c for c in visible(text) if not _is_invisible(c)))


def _is_invisible(character: str) -> bool:
    is_kept = character in ZERO_WIDTH_JOINERS or character in "\n\t "
    return unicodedata.category(character) in ("Cf", "Cc", "Cs", "Co") and not is_kept


def _has_stacked_marks(name: str) -> bool:
    """Whether five or more combining marks follow each other, which would cover other lines."""
    decomposed = normalized("NFD", name)
    marks = "".join("x" if unicodedata.category(c) == "Mn" else " " for c in decomposed)
    return "xxxxx" in marks


def slug_from(text: str) -> str:
    """A text as part of an address: its letters a to z and digits, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(text)))
