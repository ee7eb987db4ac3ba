"""The search entries of cases, practices and readings."""

from __future__ import annotations

from collections.abc import Iterable

from forum.dialogue.queries import links_in
from forum.illustrations import names_in
from forum.library.models import Case, CaseParagraph, Practice, PracticeSection, Reading
from forum.library.queries import FAILURE
from forum.markup import PlainTexts
from forum.permissions import MEMBERS, PUBLIC
from forum.search.actions import Entry


def case_entry(case: Case, plain: PlainTexts) -> Entry:
    """The search entry of a case: its summary, paragraphs and figures; `plain` holds plain texts by source."""
    places = ", ".join(city.name for city in case.places)
    texts = [plain[case.summary], *(plain[paragraph.source] for paragraph in case.paragraphs)]
    texts += [f"{figure.label}: {figure.value} {figure.unit}" for figure in case.figures]
    return Entry(
        kind="case",
        item_id=case.id,
        address=f"/cases/{case.slug}",
        title=case.name,
        body="\n".join(texts),
        written_at=case.created_at,
        byline=places or case.reach,
        agenda_id=case.agenda_id,
        language=case.language,
        pictures=pictures_in(case.paragraphs),
        links=_links_of(case.paragraphs),
    )


def practice_entry(practice: Practice, plain: PlainTexts) -> Entry:
    """The search entry of a practice: all its texts, except "what did not work" if only members may read that.

    `plain` holds plain texts by source.
    """
    is_apart = _is_failure_apart(practice)
    told = [part for part in practice.sections if part.name != FAILURE or not is_apart]
    sections = [plain[section.source] for section in told]
    city = practice.city.name if practice.city else ""
    return Entry(
        kind="practice",
        item_id=practice.id,
        address=f"/practices/{practice.slug}",
        title=practice.title,
        body="\n".join(filter(None, [plain[practice.sentence], practice.cost, *sections])),
        written_at=practice.published_at or practice.updated_at,
        byline=", ".join(filter(None, (practice.author.name, city))),
        agenda_id=practice.agenda_id,
        language=practice.language,
        audience=practice.audience,
        pictures=pictures_in(told),
        links=_links_of(told),
    )


def failure_entry(practice: Practice, plain: PlainTexts) -> Entry | None:
    """The search entry, for members, of "what did not work"; None if it is part of `practice_entry`, or empty."""
    told = [section for section in practice.sections if section.name == FAILURE]
    if not told or not _is_failure_apart(practice):
        return None
    return Entry(
        kind=FAILURE,
        item_id=practice.id,
        address=f"/practices/{practice.slug}#{FAILURE}",
        title=practice.title,
        body=plain[told[0].source],
        written_at=practice.published_at or practice.updated_at,
        byline=practice.author.name,
        agenda_id=practice.agenda_id,
        parent=("practice", practice.id),
        language=practice.language,
        audience=MEMBERS,
        pictures=pictures_in(told),
        links=_links_of(told),
    )


def pictures_in(parts: Iterable[CaseParagraph] | Iterable[PracticeSection]) -> tuple[str, ...]:
    """The names of the pictures that paragraphs of a case, or sections of a practice, show."""
    return tuple(dict.fromkeys(name for part in parts for name in names_in(part.source)))


def _links_of(parts: Iterable[CaseParagraph] | Iterable[PracticeSection]) -> tuple[str, ...]:
    """The pages of this forum to which paragraphs of a case, or sections of a practice, link."""
    return tuple(dict.fromkeys(page for part in parts for page in links_in(part.source)))


def _is_failure_apart(practice: Practice) -> bool:
    """Whether "what did not work" has a smaller audience than the rest of the practice."""
    return practice.audience == PUBLIC and practice.failure_audience == MEMBERS


def reading_entry(reading: Reading) -> Entry:
    """The search entry of a best read: its title, authors and why it matters."""
    return Entry(
        kind="reading",
        item_id=reading.id,
        address=reading.address,
        title=reading.title,
        body=reading.why,
        written_at=reading.created_at,
        byline=reading.authors,
        agenda_id=reading.agenda_id,
        language=reading.language,
    )
