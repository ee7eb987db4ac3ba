"""Writing, ordering, hiding and restoring cases, with their discussion and the comments on their paragraphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

from flask_babel import gettext as _

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import agenda_by_id, lock_opening, themes_by_id
from forum.clock import now
from forum.db import ORDERS, serialize
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NO_FORM, SentForm
from forum.dialogue.queries import lock_page
from forum.errors import Invalid
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._discussions import page_of_case
from forum.library.actions._entries import case_entry, pictures_in
from forum.library.actions._rows import (
    add_row,
    free_slug,
    hide_with_discussion,
    refuse_pictures,
    refuse_too_long,
    require_address,
    require_optional_address,
    require_text,
    require_year,
    restore_with_discussion,
    sent_twice,
    set_positions,
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
from forum.members.models import City
from forum.permissions import PUBLIC, SYSTEM, Person, require
from forum.pictures import actions as pictures
from forum.search import actions as search

MAX_PARAGRAPHS = 100
NO_MOVES: Mapping[str, str | None] = MappingProxyType({})


@action
def write_case(
    curator: Person,
    agenda_id: int,
    text: CaseText,
    case_id: int | None = None,
    form: SentForm = NO_FORM,
    *,
    moves: Mapping[str, str | None] = NO_MOVES,
) -> Case:
    """Add a case to an agenda and open its discussion, or change the case `case_id` and keep its former version.

    Comments on an edited paragraph move to the new one that `moves` (`moved_paragraphs`) names, or to the case as a
    whole. If the agenda is another one, the case and its discussion move there. The curator becomes the author of the
    discussion, so `SYSTEM` cannot add a case. A `form` that is sent twice changes the case that it has added. Raises
    `Invalid` for a value that is refused.
    """
    dialogue.lock_drafts(curator)
    with dialogue.draft_sent(curator, form):
        agenda = agenda_by_id(curator, agenda_id)
        require(curator.can.curate(agenda))
        _check_case(text)
        known = case_by_submission_key(curator, form.key) if case_id is None else None
        if case_id is None and known is None:
            return _new_case(curator, agenda, text, form.key)
        case = case_to_change(curator, known.id if known else case_id or 0)
        require(curator.can.curate(case.agenda))
        return _change_case(curator, case, agenda, text, seen=form.seen, moves=moves)


@action
def order_cases(
    curator: Person, agenda_id: int, case_ids: Sequence[int], *, seen: Sequence[int] | None = None
) -> None:
    """Put the cases of an agenda in this order; the others follow, as they stand. `seen` is as in `set_positions`."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    serialize(ORDERS, agenda_id)  # as for agendas
    set_positions(cases_of(curator, agenda), case_ids, seen)


@action
def hide_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Hide a case and its discussion; its page gives the reason. A removed case becomes a hidden one."""
    return hide_with_discussion(moderator, case_to_change(moderator, case_id), reason, None)


@action
def remove_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Remove a case and its discussion: like `hide_case`, but its page is not found, as if it had never existed."""
    return hide_with_discussion(moderator, case_to_change(moderator, case_id), reason, now())


@action
def restore_case(moderator: Person, case_id: int) -> Case:
    """Show a hidden or removed case and its discussion again."""
    return restore_with_discussion(moderator, case_to_change(moderator, case_id))


def _new_case(curator: Person, agenda: Agenda, text: CaseText, key: str | None) -> Case:
    pictures.show(curator, text.pictures, agenda.id, field="body")
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
    if add_row(case):
        search.index(curator, case_entry(case, text.plain))
        return case
    if existing := case_by_submission_key(curator, key):
        return existing
    raise sent_twice()


def _change_case(
    curator: Person,
    case: Case,
    agenda: Agenda,
    text: CaseText,
    *,
    seen: str | None,
    moves: Mapping[str, str | None],
) -> Case:
    before, old_keys = case_fields(case), _paragraph_keys(case)
    shown = pictures_in(case.paragraphs)
    # First: once the case is on another agenda, the next query saves that, which locks the agenda
    lock_page(
        case.topic_id, agenda.id, paragraphs=old_keys - {key for key, _text in text.paragraphs}
    )
    if case.agenda_id != agenda.id:
        if case.agenda_id < agenda.id:
            lock_opening(case.agenda_id)
        case.position = last_position(Case, agenda.id) + 1
    case.agenda, case.agenda_id = agenda, agenda.id
    _set_case(case, text, cities_by_id(text.city_ids), themes_by_id(text.theme_ids))
    if case_fields(case) == before:
        return case
    refuse_unseen(seen, before)
    pictures.show(curator, text.pictures, agenda.id, shown, "body")
    case.updated_at = now()
    keep_version(curator, "case", case.id, before)
    _move_comments(curator, case, old_keys, moves)
    dialogue.follow_page(SYSTEM, case.topic_id, page_of_case(case, text.opening))
    search.index(curator, case_entry(case, text.plain))
    search.lead_translations(curator, "case", case.id, case.agenda_id, PUBLIC, PUBLIC)
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


def _paragraph_keys(case: Case) -> set[str]:
    return {paragraph.key for paragraph in case.paragraphs}


def _move_comments(
    curator: Person, case: Case, old_keys: Set[str], moves: Mapping[str, str | None]
) -> None:
    """Move the comments on paragraphs that are gone to the paragraph that `moves` names, or to the whole case."""
    keys = _paragraph_keys(case)
    followed = {old: new for old, new in moves.items() if new in keys}
    gone = commented_paragraphs(case.topic_id, old_keys - keys)
    if gone:
        dialogue.move_comments(curator, case.topic_id, {key: followed.get(key) for key in gone})


def _check_case(text: CaseText) -> None:
    for name in ("name", "summary", "body"):
        require_text(getattr(text, name), name)
    for name in ("name", "kind", "reach", "status", "language"):
        refuse_too_long(getattr(text, name), name)
    refuse_pictures(text.opening, "summary")
    require_year(text.since, "since")
    if len(text.paragraphs) > MAX_PARAGRAPHS:
        most = MAX_PARAGRAPHS
        raise Invalid(_("Write at most %(most)s paragraphs.", most=most), "body")
    for figure in text.figures:
        _check_figure(figure)
    for link in text.links:
        require_text(link.label, "links")
        require_address(link.address, "links")
        refuse_too_long(link.kind, "links")


def _check_figure(figure: FigureText) -> None:
    require_text(figure.label, "figures")
    require_text(figure.value, "figures")
    require_optional_address(figure.address, "figures")
    for text in (figure.label, figure.value, figure.unit, figure.as_at):
        refuse_too_long(text, "figures")
