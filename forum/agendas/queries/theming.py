"""Themes, and which a member can help with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Select, select

from forum.agendas.models import MemberTheme, Theme
from forum.agendas.queries._shared import MAX_LISTED
from forum.db import db
from forum.errors import or_not_found
from forum.permissions import Person, require
from forum.plaintext import fold, has_words_starting_with, words_in
from forum.versions import cached


def themes() -> Sequence[Theme]:
    """The themes in use, by name."""
    return db.session.scalars(_themes().limit(MAX_LISTED)).all()


class ThemeName(NamedTuple):
    """A theme as far as a search needs it."""

    slug: str
    name: str
    words: list[str]


def themes_by_words(beginnings: Sequence[str]) -> list[ThemeName]:
    """The themes in use whose name has a word that starts with each of the beginnings (`words_in`), by name; none without any."""
    return themes_by_each([beginnings])[0]


def themes_by_each(searches: Sequence[Sequence[str]]) -> list[list[ThemeName]]:
    """For each of several lists of beginnings, the themes in use that `themes_by_words` returns."""

    def read() -> Sequence[ThemeName]:
        return [ThemeName(theme.slug, theme.name, words_in(theme.name)) for theme in themes()]

    names = cached("theme names", read) if any(map(any, searches)) else []
    return [
        [theme for theme in names if any(words) and has_words_starting_with(theme.words, words)]
        for words in searches
    ]


def themes_by_slug(slugs: Iterable[str]) -> Sequence[Theme]:
    """The themes in use with these slugs, ordered by name; unknown ones are left out."""
    return db.session.scalars(_themes().where(Theme.slug.in_(list(slugs)[:MAX_LISTED]))).all()


def themes_by_id(theme_ids: Iterable[int]) -> Sequence[Theme]:
    """The themes in use with these ids, ordered by name; unknown ones are left out."""
    return db.session.scalars(_themes().where(Theme.id.in_(list(theme_ids)[:MAX_LISTED]))).all()


def themes_of_member(member_id: int) -> Sequence[Theme]:
    """The themes that a member can help with, by name."""
    query = _themes().join(MemberTheme, MemberTheme.theme_id == Theme.id)
    return db.session.scalars(
        query.where(MemberTheme.member_id == member_id).limit(MAX_LISTED)
    ).all()


def themes_to_curate(moderator: Person) -> Sequence[Theme]:
    """The themes in use, for somebody who may make more; else `Forbidden`."""
    require(moderator.can.curate_all())
    return themes()


def theme_to_curate(moderator: Person, slug: str) -> Theme:
    """The theme in use with this slug, for somebody who may rename it; else `Forbidden`, or `NotFound`."""
    require(moderator.can.curate_all())
    return or_not_found(db.session.scalars(_themes().where(Theme.slug == slug)).first())


def theme_by_id(theme_id: int) -> Theme:
    """The theme in use with this id, locked; or `NotFound`."""
    query = _themes().where(Theme.id == theme_id).with_for_update()
    return or_not_found(db.session.scalars(query).first())


def get_theme(slug: str) -> Theme:
    """The theme in use with this slug, or `NotFound`."""
    return or_not_found(next(iter(themes_by_slug([slug])), None))


def theme_of_slug(slug: str) -> Theme | None:
    """The theme with this slug, even a removed one; or None."""
    return db.session.scalars(select(Theme).where(Theme.slug == slug)).first()


def theme_called(name: str) -> Theme | None:
    """The theme in use with this name, compared as search does; or None."""
    wanted = fold(name.strip())
    return next(
        (theme for theme in db.session.scalars(_themes()) if fold(theme.name) == wanted), None
    )


def member_themes(member_id: int) -> Sequence[MemberTheme]:
    """The rows that say which themes a member can help with."""
    return db.session.scalars(select(MemberTheme).where(MemberTheme.member_id == member_id)).all()


def _themes() -> Select[Theme]:
    return select(Theme).where(Theme.removed_at.is_(None)).order_by(Theme.name, Theme.id)
