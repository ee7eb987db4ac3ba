"""The languages that members can choose, and those that they write."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask_babel import get_locale
from sqlalchemy import select

from forum.db import db
from forum.locales import parsed
from forum.members.models import Member, MemberLanguage
from forum.members.queries._shared import distinct_values
from forum.members.queries.people import visible_members
from forum.permissions import Person
from forum.plaintext import fold

LANGUAGES_FILE = Path(__file__).parent.parent / "data/languages.txt"


@cache
def languages() -> list[tuple[str, str]]:
    """The languages to choose from: (code, own name), sorted by the own name."""
    return sorted(language_names().items(), key=lambda pair: fold(pair[1]))


@cache
def language_names() -> dict[str, str]:
    """The own names of the languages by ISO 639 code; from a file, because Babel needs 70 MB of memory for them."""
    lines = LANGUAGES_FILE.read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def language_name(code: str) -> str:
    """What a language is called in the language of the page."""
    locale = get_locale()
    return str(locale.languages.get(code, code)) if locale else code


@cache
def locale_names(locales: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Languages of the interface with their own names, in the same order."""
    own = language_names()
    return tuple((code, own.get(code) or str(parsed(code).display_name)) for code in locales)


def languages_spoken(member_id: int) -> list[str]:
    """The codes of the languages that a member writes, the best first."""
    query = select(MemberLanguage.language).where(MemberLanguage.member_id == member_id)
    return list(db.session.scalars(query.order_by(MemberLanguage.position)))


def languages_of_members(reader: Person) -> list[tuple[str, str]]:
    """The languages that visible members write: (code, own name), sorted by the own name."""
    spoken = visible_members(reader).join(MemberLanguage, MemberLanguage.member_id == Member.id)
    values = distinct_values(MemberLanguage.language, spoken)
    codes = set(db.session.scalars(select(values.c.value)))
    return [(code, name) for code, name in languages() if code in codes]
