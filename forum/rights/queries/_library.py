"""What a member wrote for the library and on agendas: practices, cases, readings, meetings, statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _

from forum.agendas.models import Statement, Theme
from forum.library.models import (
    Case,
    CaseFigure,
    CaseLink,
    CasePlace,
    CaseTheme,
    Practice,
    PracticeSection,
    PracticeTheme,
    Reading,
)
from forum.meetings.models import Meeting
from forum.members.models import City
from forum.rights.models import Kind, Record
from forum.rights.queries._parts import names_by, parts_of
from forum.rights.queries._rows_of_library import (
    rows_of_cases,
    rows_of_meetings,
    rows_of_practices,
    rows_of_readings,
    rows_of_statements,
    versions_of,
)
from forum.rights.queries._shared import AUDIENCE, LANGUAGE, in_batches, times


def _add_to_practices(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their themes, sections and earlier versions to practices."""
    ids = [row.id for row in rows]
    order = PracticeSection.position
    sections = parts_of(PracticeSection.practice_id, "name source", ids, order)
    themes, earlier = names_by(PracticeTheme.practice_id, Theme, ids), versions_of("practice", ids)
    for record in records:
        key = record["id"]
        record["themes"] = themes[key]
        record["sections"] = {section["name"]: section["source"] for section in sections[key]}
        record["earlier_versions"] = earlier[key]


def _add_to_cases(rows: Sequence[Any], records: list[Record]) -> None:
    """Add their places, themes, figures and links to cases."""
    ids = [row.id for row in rows]
    figures = "label value unit as_at source address"
    parts: dict[str, Mapping[int, Any]] = {
        "places": names_by(CasePlace.case_id, City, ids),
        "themes": names_by(CaseTheme.case_id, Theme, ids),
        "figures": parts_of(CaseFigure.case_id, figures, ids, CaseFigure.position),
        "links": parts_of(CaseLink.case_id, "label address kind", ids, CaseLink.position),
    }
    for record in records:
        record |= {name: found[record["id"]] for name, found in parts.items()}


LIBRARY_KINDS: tuple[Kind, ...] = (
    Kind(
        "practices",
        _("Practices"),
        _("The practices that you shared, in every state."),
        (("practice", "author_id"),),
        in_batches(rows_of_practices, Practice.id, add_to=_add_to_practices),
        {
            "id": _("its number"),
            "slug": _("its name in addresses, as in /practices/quiet-asphalt"),
            "state": _("draft, submitted, published or returned"),
            "title": _("its title"),
            "sentence": _("what it is, in a sentence"),
            "link": _("a link to more"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "city": _("the city"),
            "for_organisation": _("the organisation you wrote it for, if any"),
            "adapted_from": _("the practice that it was adapted from, if you can read that"),
            "evidence": _("how well the result is proven"),
            "cost": _("what it cost"),
            "started": _("the year it began"),
            "failure_audience": _("who may read what did not work"),
            "revisit_on": _("when you want to look at it again"),
            "confirmed_on": _("when you last said that it is still true"),
            "asked_at": _("when you were asked whether it is, and have not answered"),
            "unconfirmed_at": _("since when its page says that nobody has confirmed it"),
            "themes": _("its themes"),
            "sections": _("its parts in Markdown, by name"),
            "earlier_versions": _("what it said before, each with replaced_at"),
            "updated_at": _("when it was last changed"),
            "submitted_at": _("when you handed it in"),
            "published_at": _("when it was published"),
            "returned_at": _("when a moderator returned it"),
            "returned_reason": _("why"),
            "hidden_reason": _("why it is hidden"),
            "caught_by": _("the rule before publication that it met when you handed it in"),
            "featured_at": _("since when it stands first in the library"),
            **LANGUAGE,
            **AUDIENCE,
            **times("created_at", "hidden_at", "removed_at", "deleted_at"),
        },
    ),
    Kind(
        "cases",
        _("Cases"),
        _("The cases that you added to an agenda as its host."),
        (("topic", "author_id"),),
        in_batches(rows_of_cases, Case.id, add_to=_add_to_cases),
        {
            "id": _("its number"),
            "slug": _("its name in addresses, as in /cases/quiet-harbour"),
            "name": _("its name"),
            "kind": _("network, city project or programme"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "reach": _("how far it reaches"),
            "since": _("the year it began"),
            "status": _("whether it is running"),
            "summary": _("what it is, in short"),
            "body": _("the text, in Markdown"),
            "places": _("its cities"),
            "themes": _("its themes"),
            "figures": _("its figures: label, value, unit, as_at, source, address"),
            "links": _("its links: label, address, kind"),
            "checked_on": _("when its facts were checked"),
            "updated_at": _("when it was last changed"),
            "hidden_reason": _("why it is hidden"),
            **LANGUAGE,
            **times("created_at", "hidden_at", "removed_at"),
        },
    ),
    Kind(
        "readings",
        _("Best reads"),
        _("The best reads that you added to an agenda."),
        (("reading", "added_by_id"),),
        in_batches(rows_of_readings, Reading.id),
        {
            "id": _("its number"),
            "title": _("its title"),
            "authors": _("who wrote it"),
            "year": _("the year it appeared"),
            "kind": _("book, report, article, website or film"),
            "link": _("where it can be read"),
            "why": _("why it matters"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "removed_at": _("when it was taken from the page"),
            **LANGUAGE,
            **times("created_at"),
        },
    ),
    Kind(
        "announcements",
        _("Meetings that you announced"),
        _("The meetings that you announced on an agenda."),
        (("meeting", "announced_by_id"),),
        in_batches(rows_of_meetings, Meeting.id),
        {
            "id": _("its number, as in /meetings/7"),
            "title": _("its title"),
            "source": _("the text, in Markdown"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "starts_at": _("when it begins"),
            "ends_at": _("when it ends"),
            "time_zone": _("the time zone in which that was typed"),
            "place": _("where it is"),
            "city": _("the city"),
            "is_online": _("whether people can join online"),
            "join_link": _("where they join"),
            "seats": _("how many can come, if that is limited"),
            "cancelled_at": _("when it was cancelled"),
            "cancelled_reason": _("why"),
            "outcome": _("what came of it, in Markdown"),
            "recording": _("where a recording is"),
            **LANGUAGE,
            **AUDIENCE,
            **times("created_at"),
        },
    ),
    Kind(
        "statements",
        _("Statements"),
        _("What is quoted of you on an agenda."),
        (("statement", "member_id"), ("statement", "refused_by_id"), ("taken_name", "member_id")),
        in_batches(rows_of_statements, Statement.id),
        {
            "id": _("its number"),
            "agenda": _("the agenda it stands on, unless others prepare it"),
            "name": _("your name as it stands there"),
            "role_title": _("your position that day"),
            "organisation": _("your organisation that day"),
            "said_on": _("when you said it"),
            "quotation": _("the words"),
            "removed_at": _("when it was taken from the page"),
            "refused_at": _("when you took your name away from it"),
            **LANGUAGE,
        },
    ),
)
