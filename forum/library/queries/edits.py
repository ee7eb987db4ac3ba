"""The fields of cases, practices and readings that their history stores, and what was changed between versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forum.history.queries import Edit, differences, edits_between, versions_of
from forum.library.models import Case, Practice, Reading
from forum.library.queries._shared import FAILURE, FIGURE_PARTS, LINK_PARTS
from forum.permissions import Person, require
from forum.plaintext import join_parts
from forum.reach import reads

READING_FIELDS = ("title", "authors", "year", "kind", "link", "why", "language")
TABLES = ("figures", "links")
Fields = dict[str, Any]


def case_edits(case: Case) -> list[Edit]:
    """What was changed in a case that the reader was found to see, newest first."""
    after = _as_read(case_fields(case))
    edits = []
    for version in versions_of("case", case.id):
        before = _as_read(version.fields)
        edits.append(Edit(version, before, differences(before, after)))
        after = before
    return edits


def _as_read(fields: Fields) -> Fields:
    """The fields of a case for display, with unescaped bars in its figures and links; old versions have no escaped ones."""
    plain = {name: fields[name].replace("\\|", "|") for name in TABLES if name in fields}
    return {**fields, **plain}


def practice_edits(reader: Person, practice: Practice) -> list[Edit]:
    """What was changed in a published practice, newest first; only changes between versions that the reader may both read."""
    after = practice_fields(practice)
    edits = []
    for version in versions_of("practice", practice.id):
        before = version.fields
        if all(reads(reader, said["audience"]) for said in (before, after)):
            texts = _without_withheld_failure(reader, practice, before, after)
            edits.append(Edit(version, texts[0], differences(*texts)))
        after = before
    return edits


def reading_edits(curator: Person, reading: Reading) -> list[Edit]:
    """What was changed in a best read, newest first, for somebody who may edit it."""
    require(curator.can.curate(reading.agenda))
    return edits_between(versions_of("reading", reading.id), {reading.id: reading_fields(reading)})


def _without_withheld_failure(
    reader: Person, practice: Practice, before: Fields, after: Fields
) -> tuple[Fields, Fields]:
    """Both versions, without "what did not work" unless the reader may see it in both and in the present practice."""
    wanted = {said["failure_audience"] for said in (before, after)} | {practice.failure_audience}
    if all(reads(reader, audience) for audience in wanted):
        return before, after
    before, after = ({k: v for k, v in f.items() if k != FAILURE} for f in (before, after))
    return before, after


def case_fields(case: Case) -> dict[str, Any]:
    """The fields of a case as its history stores and compares them."""
    return {
        "agenda": case.agenda.title,
        "name": case.name,
        "kind": case.kind,
        "summary": case.summary,
        "body": case.body,
        "reach": case.reach,
        "since": str(case.since or ""),
        "status": case.status,
        "language": case.language,
        "checked_on": str(case.checked_on or ""),
        "figures": "\n".join(_joined(figure, FIGURE_PARTS) for figure in case.figures),
        "links": "\n".join(_joined(link, LINK_PARTS) for link in case.links),
        "places": "\n".join(sorted(f"{city.name}, {city.country}" for city in case.places)),
        "themes": "\n".join(sorted(theme.name for theme in case.themes)),
    }


def _joined(row: Any, names: Sequence[str]) -> str:
    return join_parts((getattr(row, name) for name in names), "|")


def practice_fields(practice: Practice) -> dict[str, Any]:
    """The fields of a practice as its history stores and compares them."""
    return {
        "agenda": practice.agenda.title,
        "title": practice.title,
        "sentence": practice.sentence,
        "link": practice.link,
        "city": practice.city.name if practice.city else "",
        "evidence": practice.evidence,
        "cost": practice.cost,
        "started": str(practice.started or ""),
        "language": practice.language,
        "audience": practice.audience,
        "failure_audience": practice.failure_audience,
        "revisit_on": str(practice.revisit_on or ""),
        "themes": "\n".join(sorted(theme.name for theme in practice.themes)),
        **{part.name: part.source for part in practice.sections},
    }


def reading_fields(reading: Reading) -> dict[str, Any]:
    """The fields of a best read as its history stores and compares them."""
    return {name: str(getattr(reading, name) or "") for name in READING_FIELDS}
