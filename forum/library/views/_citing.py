"""How cases and practices are cited: as a page of the forum, by its author, or else by the forum."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import url_for

from forum import web
from forum.agendas.models import Theme
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.views._shared import is_in_sight
from forum.members.views import federation
from forum.references import WEBSITE, Author, Reference


def case_to_cite(case: Case) -> Reference | None:
    """A case as its page cites it; None if the public cannot see it."""
    return case_cited(case) if is_in_sight(case) else None


def practice_to_cite(practice: Practice) -> Reference | None:
    """A practice as its page cites it; None if its audience cannot see it."""
    is_found = practice.state == PUBLISHED and is_in_sight(practice)
    return practice_cited(practice) if is_found else None


def case_cited(case: Case) -> Reference:
    """A case as a reference. Many people work on it, so the forum is given as its author."""
    return _page_cited(
        title=case.name,
        authors=[],
        published_at=case.created_at,
        address=url_for("library.case", slug=case.slug),
        language=case.language,
        abstract=case.summary,
        keywords=_keywords(case.agenda.title, case.themes),
    )


def practice_cited(practice: Practice) -> Reference:
    """A practice as a reference, by its author and the organisation for which it is written.

    Somebody who has left is not named.
    """
    authors = [] if practice.author.left_at else [Author(practice.author.name)]
    if practice.organisation:
        authors.append(Author(practice.organisation.name, is_body=True))
    return _page_cited(
        title=practice.title,
        authors=authors,
        published_at=practice.published_at,
        address=url_for("library.practice", slug=practice.slug),
        language=practice.language,
        abstract=practice.sentence,
        keywords=_keywords(practice.agenda.title, practice.themes),
    )


def _keywords(agenda: str, themes: Sequence[Theme]) -> tuple[str, ...]:
    return (agenda, *(theme.name for theme in themes if theme.removed_at is None))


def _page_cited(
    *,
    title: str,
    authors: Sequence[Author],
    published_at: datetime | None,
    address: str,
    language: str,
    abstract: str,
    keywords: tuple[str, ...],
) -> Reference:
    forum = federation().name
    return Reference(
        kind=WEBSITE,
        title=title,
        authors=tuple(authors) or (Author(forum, is_body=True),),
        published_on=published_at.date() if published_at else None,
        year=published_at.year if published_at else None,
        site=forum,
        publisher=forum,
        address=web.absolute(address),
        language=language,
        abstract=abstract,
        keywords=keywords,
    )
