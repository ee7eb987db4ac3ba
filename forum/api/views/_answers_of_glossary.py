"""Expressions of the glossary as the API answers them."""

from __future__ import annotations

from forum.api import models
from forum.api.views._addresses import address
from forum.api.views._answers_of_members import themes
from forum.glossary.models import Entry


def expression(found: Entry) -> models.Expression:
    """An entry of the glossary, with names and themes loaded."""
    return models.Expression(
        slug=found.slug,
        url=address("glossary.entry", slug=found.slug),
        names=[
            models.Wording(
                wording.language, wording.name, list(wording.other_names), wording.meaning
            )
            for wording in found.wordings
        ],
        source=found.source,
        themes=themes(found.themes),
        updated_at=found.updated_at,
    )
