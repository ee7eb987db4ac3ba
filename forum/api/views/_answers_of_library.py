"""Cases, practices and readings as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from forum.api import models
from forum.api.views._addresses import address, api_address
from forum.api.views._answers_of_members import (
    agenda_reference,
    author,
    city,
    organisation_reference,
    themes,
)
from forum.api.views._answers_of_parallels import in_languages
from forum.dialogue.models import Mark
from forum.library.models import Case, Intention, Practice, PracticeSection, Reading


def case(found: Case, tried: Mapping[int, int]) -> models.Case:
    """A case, as lists have it. `tried` is in how many cities it was tried, by topic."""
    return models.Case(
        name=found.name,
        slug=found.slug,
        url=address("library.case", slug=found.slug),
        api_url=api_address("case", slug=found.slug),
        agenda=agenda_reference(found.agenda),
        kind=found.kind,
        status=found.status,
        since=found.since,
        reach=found.reach,
        summary=found.summary,
        language=found.language,
        places=[city(place) for place in found.places],
        cities_tried=tried.get(found.topic_id, 0),
        created_at=found.created_at,
        updated_at=found.updated_at,
        checked_on=found.checked_on,
    )


def trials(marks: Iterable[Mark]) -> list[models.Trial]:
    """Who tried something, with city and member loaded."""
    return [
        models.Trial(
            city=city(mark.city) if mark.city else None,
            outcome=mark.outcome or "",
            year=mark.created_at.year,
            note=mark.note,
            language=mark.language if mark.note else "",
        )
        for mark in marks
    ]


def intentions(wanted: Iterable[Intention]) -> list[models.Intention]:
    """Who wants to try something, with member and city loaded."""
    return [
        models.Intention(
            city=city(intention.city) if intention.city else None, until=intention.until
        )
        for intention in wanted
    ]


def whole_case(
    found: Case,
    marks: Sequence[Mark],
    wanted: Iterable[Intention],
    *,
    languages: Iterable[str],
) -> models.WholeCase:
    """A case with all that its page has."""
    return models.WholeCase(
        **vars(case(found, _cities_of(found.topic_id, marks))),
        themes=themes(found.themes),
        paragraphs=[
            models.Paragraph(paragraph.key, paragraph.html) for paragraph in found.paragraphs
        ],
        figures=[
            models.Figure(
                figure.label, figure.value, figure.unit, figure.as_at, figure.source, figure.address
            )
            for figure in found.figures
        ],
        links=[models.Link(link.label, link.address, link.kind) for link in found.links],
        tried=trials(marks),
        wanted=intentions(wanted),
        translations=in_languages(found, languages),
        topic_url=api_address("topic", topic_id=found.topic_id),
    )


def practice(found: Practice, tried: Mapping[int, int]) -> models.Practice:
    """A practice, as lists have it."""
    return models.Practice(
        title=found.title,
        slug=found.slug,
        url=address("library.practice", slug=found.slug),
        api_url=api_address("practice", slug=found.slug),
        agenda=agenda_reference(found.agenda),
        author=author(found.author),
        city=city(found.city) if found.city else None,
        sentence=found.sentence,
        link=found.link or None,
        evidence=found.evidence or None,
        cost=found.cost or None,
        started=found.started,
        language=found.language,
        cities_tried=tried.get(found.topic_id or 0, 0),
        is_featured=found.featured_at is not None,
        published_at=found.published_at,
        updated_at=found.updated_at,
        revisit_on=found.revisit_on,
        confirmed_on=found.confirmed_on,
        unconfirmed_at=found.unconfirmed_at,
    )


def whole_practice(
    found: Practice,
    sections: Iterable[PracticeSection],
    adapted_from: Practice | None,
    marks: Sequence[Mark],
    wanted: Iterable[Intention],
    *,
    languages: Iterable[str],
) -> models.WholePractice:
    """A practice with those of its sections, and the one that it was made from, that the reader may see."""
    source = None
    if adapted_from:
        page = address("library.practice", slug=adapted_from.slug)
        source = models.Reference(adapted_from.title, adapted_from.slug, page)
    return models.WholePractice(
        **vars(practice(found, _cities_of(found.topic_id, marks))),
        organisation=organisation_reference(found.organisation),
        themes=themes(found.themes),
        sections=[models.Section(section.name, section.html) for section in sections],
        adapted_from=source,
        tried=trials(marks),
        wanted=intentions(wanted),
        translations=in_languages(found, languages),
        topic_url=api_address("topic", topic_id=found.topic_id) if found.topic_id else None,
    )


def reading(found: Reading) -> models.Reading:
    """A best read, with its agenda loaded."""
    return models.Reading(
        id=found.id,
        title=found.title,
        authors=found.authors,
        year=found.year,
        kind=found.kind,
        link=found.link or None,
        why=found.why,
        language=found.language,
        agenda=agenda_reference(found.agenda),
    )


def _cities_of(topic_id: int | None, marks: Iterable[Mark]) -> Mapping[int, int]:
    """In how many cities something was tried, by its topic, in the format of lists."""
    return {topic_id or 0: len({mark.city_id for mark in marks if mark.city_id})}
