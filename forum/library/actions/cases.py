"""Case examples: written, ordered, hidden and restored, with the comments beside their paragraphs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

from flask_babel import gettext as _

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import agenda_by_id, themes_by_id
from forum.db import action, now
from forum.dialogue import actions as dialogue
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._entries import case_entry
from forum.library.actions._rows import (
    add_row,
    free_slug,
    put_in_order,
    refuse_longer,
    require_address,
    require_text,
    require_year,
    sent_twice,
    show_again,
    withhold,
)
from forum.library.actions._texts import CaseText, FigureText
from forum.library.models import Case, CaseFigure, CaseLink, CaseParagraph
from forum.library.queries import (
    case_by_submission_key,
    case_fields,
    case_to_change,
    cases_of,
    cities_by_id,
    commented_paragraphs,
    last_position,
)
from forum.markup import excerpt
from forum.members.models import City
from forum.permissions import SYSTEM, Person, require
from forum.search import actions as search

MOST_PARAGRAPHS = 100
ALIKE = 0.5  # paragraphs that share this much are the same one, edited
CANDIDATES = 3  # so many are compared word by word
COMPARED = 400  # so many words of a paragraph decide


@action
def write_case(
    curator: Person,
    agenda_id: int,
    text: CaseText,
    case_id: int | None = None,
    key: str | None = None,
    *,
    seen: str | None = None,
) -> Case:
    """Add a case to an agenda and open its discussion, or change one and keep what it said before.

    Comments on a paragraph that was edited move to the most similar one, or to the case as a whole. With
    another agenda than before, the case and its discussion move there. The curator opens the discussion, so
    it takes a member, not `SYSTEM`. A form that comes twice (`key`) makes one case, which says what came last.
    `seen` is the `fingerprint` of what the case said when the form was opened; `Conflict` when it says other things now.
    """
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _check_case(text)
    known = case_by_submission_key(curator, key) if case_id is None else None
    if case_id is None and known is None:
        return _new_case(curator, agenda, text, key)
    case = case_to_change(curator, known.id if known else case_id or 0)
    require(curator.can.curate(case.agenda))
    return _changed_case(curator, case, agenda, text, seen)


@action
def order_cases(curator: Person, agenda_id: int, case_ids: Sequence[int]) -> None:
    """Put the cases of an agenda in this order; those that are not named come after, as they stood."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    put_in_order(cases_of(curator, agenda), case_ids)


@action
def hide_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Take a case and its discussion out of sight, everywhere; its address says why. One that was removed is only hidden then."""
    return withhold(moderator, case_to_change(moderator, case_id), reason, None)


@action
def remove_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Take a case and its discussion out of sight as if it had never been."""
    return withhold(moderator, case_to_change(moderator, case_id), reason, now())


@action
def restore_case(moderator: Person, case_id: int) -> Case:
    """Show a hidden or removed case and its discussion again."""
    return show_again(moderator, case_to_change(moderator, case_id))


def _new_case(curator: Person, agenda: Agenda, text: CaseText, key: str | None) -> Case:
    slug = free_slug(Case, text.slug or text.name)
    cities, themes = cities_by_id(text.city_ids), themes_by_id(text.theme_ids)
    topic = dialogue.publish_topic(
        curator,
        agenda.id,
        dialogue.NewTopic(
            kind="case",
            title=text.name,
            text=text.opening,
            themes=[theme.id for theme in themes],
            home=f"/cases/{slug}",
        ),
        key,
    )
    position = last_position(Case, agenda.id) + 1
    case = Case(slug=slug, agenda_id=agenda.id, topic_id=topic.id, position=position)
    case.agenda, case.topic, case.created_at, case.updated_at = agenda, topic, now(), now()
    _set_case(case, text, cities, themes)
    if not add_row(case):
        return case_by_submission_key(curator, key) or sent_twice()
    search.index(curator, case_entry(case, text.plain))
    return case


def _changed_case(
    curator: Person, case: Case, agenda: Agenda, text: CaseText, seen: str | None
) -> Case:
    before, keys = case_fields(case), _keys(case)
    if case.agenda_id != agenda.id:
        case.position = last_position(Case, agenda.id) + 1
    case.agenda, case.agenda_id = agenda, agenda.id
    _set_case(case, text, cities_by_id(text.city_ids), themes_by_id(text.theme_ids))
    if case_fields(case) == before:
        return case
    refuse_unseen(seen, before)
    case.updated_at = now()
    keep_version(curator, "case", case.id, before)
    commented = commented_paragraphs(case.topic_id, keys)
    moves = _moves(keys, {key: written.source for key, written in text.paragraphs}, commented)
    if moves:
        dialogue.move_comments(curator, case.topic_id, moves)
    opening, words = text.opening, excerpt(text.opening.plain)
    dialogue.rename(
        SYSTEM, case.topic_id, case.name, excerpt=words, text=opening, agenda_id=agenda.id
    )
    search.index(curator, case_entry(case, text.plain))
    return case


def _set_case(case: Case, text: CaseText, cities: Sequence[City], themes: Sequence[Theme]) -> None:
    case.name, case.kind, case.summary, case.body = text.name, text.kind, text.summary, text.body
    case.reach, case.since, case.status = text.reach, text.since, text.status
    case.language, case.checked_on = text.language, text.checked_on
    case.paragraphs = [
        CaseParagraph(
            position=position,
            key=key,
            source=written.source,
            html=written.html,
            html_version=written.html_version,
        )
        for position, (key, written) in enumerate(text.paragraphs, 1)
    ]
    case.figures = [CaseFigure(position=n, **vars(f)) for n, f in enumerate(text.figures, 1)]
    case.links = [CaseLink(position=n, **vars(link)) for n, link in enumerate(text.links, 1)]
    case.places, case.themes = list(cities), list(themes)


def _keys(case: Case) -> dict[str, str]:
    return {paragraph.key: paragraph.source for paragraph in case.paragraphs}


def _moves(
    before: Mapping[str, str], after: Mapping[str, str], commented: Collection[str]
) -> dict[str, str | None]:
    """Where the comments of each paragraph that is gone belong now; None is the case as a whole."""
    fresh = {key: source for key, source in after.items() if key not in before}
    return {key: _most_similar(before[key], fresh) for key in commented if key not in after}


def _most_similar(source: str, among: Mapping[str, str]) -> str | None:
    """The key of the paragraph that says most of what another one said; the words decide, then their order."""
    matcher = SequenceMatcher(None)
    matcher.set_seq2(source.split()[:COMPARED])

    def shared(key: str, is_exact: bool) -> float:
        matcher.set_seq1(among[key].split()[:COMPARED])
        return matcher.ratio() if is_exact else matcher.quick_ratio()

    close = nlargest(CANDIDATES, among, key=lambda key: shared(key, False))
    best = max(close, key=lambda key: shared(key, True), default=None)
    return best if best and shared(best, True) >= ALIKE else None


def _check_case(text: CaseText) -> None:
    for name in ("name", "summary", "body"):
        require_text(getattr(text, name), name)
    for name in ("name", "kind", "reach", "status", "language"):
        refuse_longer(getattr(text, name), name)
    require_year(text.since, "since")
    if len(text.paragraphs) > MOST_PARAGRAPHS:
        most = MOST_PARAGRAPHS
        raise Invalid(_("At most %(most)s paragraphs, please.", most=most), "body")
    for figure in text.figures:
        _check_figure(figure)
    for link in text.links:
        require_text(link.label, "links")
        require_address(link.address, "links")
        refuse_longer(link.kind, "links")


def _check_figure(figure: FigureText) -> None:
    require_text(figure.label, "figures")
    require_text(figure.value, "figures")
    require_address(figure.address, "figures", optional=True)
    for text in (figure.label, figure.value, figure.unit, figure.as_at):
        refuse_longer(text, "figures")
