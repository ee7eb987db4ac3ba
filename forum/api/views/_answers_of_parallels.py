"""Practices and cases in other languages, as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from forum.api import models
from forum.api.views._addresses import address, address_of, api_address
from forum.api.views._answers_of_members import author
from forum.library.models import Case, Practice
from forum.parallels.models import Translation
from forum.parallels.queries import ShownPart, named_figures


def in_languages(found: Practice | Case, languages: Iterable[str]) -> list[models.InLanguage]:
    """The translations of a practice or case, as that lists them."""
    kind = "practice" if isinstance(found, Practice) else "case"
    return [
        models.InLanguage(
            language=code,
            url=address("parallels.translation", kind=kind, slug=found.slug, language=code),
            api_url=api_address(f"{kind}_in_language", slug=found.slug, language=code),
        )
        for code in languages
    ]


def translation(
    found: Translation, said: Mapping[str, str], parts: Iterable[ShownPart], since: datetime | None
) -> models.Translation:
    """A translation; `said` are its texts that the reader may see, `since` when its original has said something else."""
    original = found.original
    page = "practice" if isinstance(original, Practice) else "case"
    return models.Translation(
        language=found.language,
        title=found.title,
        sentence=said.get("sentence"),
        url=address_of(found.address),
        original_url=address(f"library.{page}", slug=original.slug),
        translator=author(found.translator) if found.translator else None,
        created_at=found.created_at,
        edited_at=found.edited_at,
        outdated_since=since,
        parts=[models.TranslatedPart(part.name, part.html, part.language) for part in parts],
        figures=[models.TranslatedFigure(*figure) for figure in named_figures(found).values()],
    )
