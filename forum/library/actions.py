"""Writing, publishing and hiding cases, practices and readings, with all that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any, NoReturn, TypeVar

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError

from forum.agendas.models import Agenda, Theme
from forum.agendas.queries import agenda_by_id, curators_of, themes_by_id
from forum.db import action, db, now
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Invalid
from forum.history.actions import forget_versions, keep_version
from forum.library.models import (
    Case,
    CaseFigure,
    CaseLink,
    CaseParagraph,
    Practice,
    PracticeSection,
    Reading,
)
from forum.library.queries import (
    FAILURE,
    PUBLISHED,
    SECTIONS,
    case_fields,
    case_of_key,
    case_to_change,
    cases_of,
    cases_to_index,
    cities_by_id,
    commented_paragraphs,
    get_reading,
    last_position,
    practice_by_id,
    practice_fields,
    practice_of_key,
    practice_to_change,
    practices_to_index,
    reading_fields,
    readings_of,
    readings_to_index,
    same_reading,
    slugs_like,
)
from forum.markup import (
    PlainTexts,
    Written,
    excerpt,
    paragraph_key,
    paragraphs,
    slugify,
    tidy,
    write,
)
from forum.matches import Said, plainly, together
from forum.members.models import City
from forum.members.queries import hold_writer
from forum.notifications.actions import note_event, read_queue, retitle_queue
from forum.permissions import MEMBERS, PUBLIC, SYSTEM, Person, require
from forum.screening.actions import refuse_caught, screen
from forum.search import actions as search
from forum.search.actions import Entry

Withheld = TypeVar("Withheld", Case, Practice)
RESERVED = {"new", "mine"}  # addresses of pages of their own under /cases/ and /practices/
GONE = "~"  # and the number: the address of a practice whose author has left with it; no slug has this sign
MOST_PARAGRAPHS = 100
ALIKE = 0.5  # paragraphs that share this much are the same one, edited
CANDIDATES = 3  # so many are compared word by word
COMPARED = 400  # so many words of a paragraph decide
YEARS = range(1000, 2101)
LONGEST = 200  # characters in a name, as the columns keep it


@dataclass(frozen=True)
class FigureText:
    """A figure of a case: `75`, `cities`, `2014`, and where it comes from."""

    label: str
    value: str
    unit: str = ""
    as_at: str = ""
    source: str = ""
    address: str = ""


@dataclass(frozen=True)
class LinkText:
    """A link of a case; `kind` is site, report, article or data."""

    label: str
    address: str
    kind: str = "site"


@dataclass(frozen=True)
class CaseText:
    """What a curator writes of a case. Made outside of a deed: it turns its Markdown into HTML at once.

    `slug` counts only when the case is new, and follows from the name when empty.
    """

    name: str
    kind: str
    summary: str
    body: str
    reach: str = ""
    since: int | None = None
    status: str = "running"
    language: str = "en"
    checked_on: date | None = None
    city_ids: Sequence[int] = ()
    theme_ids: Sequence[int] = ()
    figures: Sequence[FigureText] = ()
    links: Sequence[LinkText] = ()
    slug: str = ""
    opening: Written = field(init=False)
    paragraphs: tuple[tuple[str, Written], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "opening", write(self.summary, self.language))
        object.__setattr__(self, "paragraphs", _paragraphs(self.body, self.language))

    @property
    def plain(self) -> PlainTexts:
        """The plain words of the summary and of each paragraph, by their source."""
        paragraphs = {written.source: written.plain for _key, written in self.paragraphs}
        return PlainTexts({self.summary: self.opening.plain, **paragraphs})


@dataclass(frozen=True)
class PracticeText:
    """What an author writes of a practice. Made outside of a deed: it turns its Markdown into HTML at once.

    `sections` are Markdown by name (challenge, done, resources, results, failure, lessons, needs); with none
    of them the practice is short. `slug` counts only when it is new, and follows from the title when empty.
    """

    title: str
    sentence: str
    link: str = ""
    city_id: int | None = None
    evidence: str = ""
    cost: str = ""
    started: int | None = None
    language: str = "en"
    audience: str = PUBLIC
    failure_audience: str = PUBLIC
    revisit_on: date | None = None
    theme_ids: Sequence[int] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    adapted_from_id: int | None = None
    for_organisation: bool = False
    slug: str = ""
    opening: Written = field(init=False)
    written: Mapping[str, Written] = field(init=False)

    def __post_init__(self) -> None:
        sources = {name: tidy(self.sections.get(name, "")) for name in SECTIONS}
        written = {name: write(s, self.language) for name, s in sources.items() if s.strip()}
        object.__setattr__(self, "opening", write(self.sentence, self.language))
        object.__setattr__(self, "written", written)


@dataclass(frozen=True)
class ReadingText:
    """What a curator writes of a best read; `kind` is book, report, article, website or film."""

    title: str
    authors: str
    year: int | None = None
    kind: str = "book"
    link: str = ""
    why: str = ""
    language: str = "en"


# Cases


@action
def write_case(
    curator: Person,
    agenda_id: int,
    text: CaseText,
    case_id: int | None = None,
    key: str | None = None,
) -> Case:
    """Add a case to an agenda and open its discussion, or change one and keep what it said before.

    Comments on a paragraph that was edited move to the most similar one, or to the case as a whole. With
    another agenda than before, the case and its discussion move there. The curator opens the discussion, so
    it takes a member, not `SYSTEM`. A form that comes twice (`key`) makes one case, which says what came last.
    """
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _check_case(text)
    known = case_of_key(curator, key) if case_id is None else None
    if case_id is None and known is None:
        return _new_case(curator, agenda, text, key)
    case = case_to_change(curator, known.id if known else case_id or 0)
    require(curator.can.curate(case.agenda))
    return _changed_case(curator, case, agenda, text)


@action
def order_cases(curator: Person, agenda_id: int, case_ids: Sequence[int]) -> None:
    """Put the cases of an agenda in this order; those that are not named come after, as they stood."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _put_in_order(cases_of(curator, agenda), case_ids)


@action
def hide_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Take a case and its discussion out of sight, everywhere; its address says why. One that was removed is only hidden then."""
    return _withhold(moderator, case_to_change(moderator, case_id), reason, None)


@action
def remove_case(moderator: Person, case_id: int, reason: str = "") -> Case:
    """Take a case and its discussion out of sight as if it had never been."""
    return _withhold(moderator, case_to_change(moderator, case_id), reason, now())


@action
def restore_case(moderator: Person, case_id: int) -> Case:
    """Show a hidden or removed case and its discussion again."""
    return _show_again(moderator, case_to_change(moderator, case_id))


def _new_case(curator: Person, agenda: Agenda, text: CaseText, key: str | None) -> Case:
    slug = _free_slug(Case, text.slug or text.name)
    cities, themes = _cities(text.city_ids), _themes(text.theme_ids)
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
    if not _is_new(case):
        return case_of_key(curator, key) or _sent_twice()
    search.index(curator, _case_entry(case, text.plain))
    return case


def _changed_case(curator: Person, case: Case, agenda: Agenda, text: CaseText) -> Case:
    before, keys = case_fields(case), _keys(case)
    if case.agenda_id != agenda.id:
        case.position = last_position(Case, agenda.id) + 1
    case.agenda, case.agenda_id = agenda, agenda.id
    _set_case(case, text, _cities(text.city_ids), _themes(text.theme_ids))
    if case_fields(case) == before:
        return case
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
    search.index(curator, _case_entry(case, text.plain))
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


def _case_entry(case: Case, plain: PlainTexts) -> Entry:
    places = ", ".join(city.name for city in case.places)
    words = [plain[case.summary], *(plain[paragraph.source] for paragraph in case.paragraphs)]
    words += [f"{figure.label}: {figure.value} {figure.unit}" for figure in case.figures]
    return Entry(
        kind="case",
        item_id=case.id,
        address=f"/cases/{case.slug}",
        title=case.name,
        body="\n".join(words),
        written_at=case.created_at,
        byline=places or case.reach,
        agenda_id=case.agenda_id,
        language=case.language,
    )


# Paragraphs and the comments beside them


def _paragraphs(body: str, language: str) -> tuple[tuple[str, Written], ...]:
    """The paragraphs of a body, each with a key of its own, even where two say the same."""
    found: dict[str, Written] = {}
    for source in paragraphs(body):
        key = paragraph_key(source)
        while key in found:
            key = paragraph_key(f"{key} {source}")
        found[key] = write(source, language)
    return tuple(found.items())


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


# Practices


@action
def write_practice(
    author: Person,
    agenda_id: int,
    text: PracticeText,
    practice_id: int | None = None,
    key: str | None = None,
) -> Practice:
    """Keep a practice as a draft, or change one. A form that comes twice (`key`) makes one practice.

    A published practice stays published when it is changed; what it said before is kept. Only who moderates
    both agendas moves it to another one then. A change of it that a rule before publication catches is refused:
    it has nowhere to wait.
    """
    hold_writer(author)
    agenda = agenda_by_id(author, agenda_id)
    _check_practice(author, text)
    known = practice_of_key(author, key) if practice_id is None else None
    if practice_id is None and known is None:
        return _new_practice(author, agenda, text, key)
    practice = practice_to_change(author, known.id if known else practice_id or 0)
    require(author.can.edit_practice(practice))
    return _changed_practice(author, practice, agenda, text)


@action
def submit(author: Person, practice_id: int) -> Practice:
    """Hand a draft, or a practice that came back, to the moderators, with the rule before publication that it meets."""
    hold_writer(author)
    practice = practice_to_change(author, practice_id)
    require(author.can.submit_practice(practice))
    if practice.state in ("submitted", PUBLISHED):
        return practice
    _note_rule(author, practice)
    practice.state, practice.submitted_at = "submitted", now()
    who, where = curators_of(practice.agenda_id), _in_queue(practice)
    note_event(author, "queue", who, where, title=practice.title)
    return practice


@action
def publish(moderator: Person, practice_id: int) -> Practice:
    """Publish a practice: its discussion opens, search finds it, its author is told. What is hidden is shown again first."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, "submitted")
    if practice.hidden_at:
        raise Conflict(_("It is hidden. Show it again first, then it can be published."))
    practice.state, practice.published_at, practice.updated_at = PUBLISHED, now(), now()
    practice.returned_reason = ""
    topic = _opened(practice)
    practice.topic_id = topic.id
    if topic.hidden_at:
        dialogue.restore_topic(moderator, topic.id)  # it waited again in between
    db.session.flush()
    search.index(moderator, _practice_entry(practice))
    read_queue(moderator, _in_queue(practice))
    _tell_author(moderator, practice, "published")
    return practice


@action
def send_back(moderator: Person, practice_id: int, reason: str) -> Practice:
    """Return a submitted practice to its author with a reason."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, "submitted")
    if not reason.strip():
        raise Invalid(_("Say what the author should change."), "reason")
    practice.state, practice.returned_at, practice.returned_reason = "returned", now(), reason
    read_queue(moderator, _in_queue(practice))
    _tell_author(moderator, practice, "returned", reason)
    return practice


@action
def wait_again(moderator: Person, practice_id: int) -> Practice:
    """Take back that a practice was published or returned: it waits for the moderators as it did before."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    if practice.state == PUBLISHED:
        search.unindex(moderator, "practice", practice.id)
        practice.published_at, practice.featured_at = None, None
        if practice.topic_id:
            dialogue.hide_topic(moderator, practice.topic_id)
    practice.state, practice.returned_at, practice.returned_reason = "submitted", None, ""
    practice.submitted_at = practice.submitted_at or now()
    return practice


@action
def feature(moderator: Person, practice_id: int) -> Practice:
    """Put a published practice first in the library."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, PUBLISHED)
    practice.featured_at = practice.featured_at or now()
    return practice


@action
def unfeature(moderator: Person, practice_id: int) -> Practice:
    """Let a practice stand in the library like any other."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    practice.featured_at = None
    return practice


@action
def delete_practice(author: Person, practice_id: int) -> Practice:
    """Delete one's own practice for good, with all its versions; its discussion goes out of sight."""
    practice = practice_to_change(author, practice_id)
    require(author.can.delete_practice(practice))
    return _delete(author, practice)


@action
def erase_practice(system: Person, practice_id: int) -> None:
    """Delete the practice of somebody who has left and wanted that, its title with it."""
    require(system.can.administer())
    (practice,) = practices_to_index([practice_id])
    if practice.deleted_at is None:
        _delete(system, practice)
    retitle_queue(system, [_in_queue(practice)], "")
    practice.title, practice.returned_reason, practice.caught_by = "", "", ""
    practice.slug = f"{GONE}{practice.id}"


def _delete(doer: Person, practice: Practice) -> Practice:
    practice.deleted_at, practice.featured_at = now(), None
    practice.sections, practice.sentence, practice.link, practice.cost = [], "", "", ""
    forget_versions(doer, "practice", practice.id)
    search.unindex(doer, "practice", practice.id)
    if practice.topic_id:
        dialogue.delete_topic(SYSTEM, practice.topic_id)
    return practice


@action
def hide_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Take a practice and its discussion out of sight, as `hide_case` does."""
    return _withhold(moderator, practice_to_change(moderator, practice_id), reason, None)


@action
def remove_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Take a practice and its discussion out of sight as if it had never been; its author reads it with the decision."""
    return _withhold(moderator, practice_to_change(moderator, practice_id), reason, now())


@action
def restore_practice(moderator: Person, practice_id: int) -> Practice:
    """Show a hidden or removed practice and its discussion again."""
    return _show_again(moderator, practice_to_change(moderator, practice_id))


def _new_practice(author: Person, agenda: Agenda, text: PracticeText, key: str | None) -> Practice:
    require(author.can.write_practice(agenda))
    practice = Practice(
        slug=_free_slug(Practice, text.slug or text.title),
        author_id=author.id,
        submission_key=key,
        created_at=now(),
        updated_at=now(),
        adapted_from_id=text.adapted_from_id,
    )
    _set_practice(author, practice, agenda, text)
    if not _is_new(practice):
        return practice_of_key(author, key) or _sent_twice()
    return practice


def _changed_practice(
    author: Person, practice: Practice, agenda: Agenda, text: PracticeText
) -> Practice:
    _check_move(author, practice, agenda)
    _check_audience(practice, text.audience)
    if practice.submitted_at is None:
        practice.slug = _slug_that_follows(practice, text.title)
    before, words = practice_fields(practice), _words_of(practice)
    _set_practice(author, practice, agenda, text)
    if practice_fields(practice) != before:
        practice.updated_at = now()
        _ask_rules(author, practice, words)
        _keep_and_renew(author, practice, text, before)
    return practice


def _ask_rules(author: Person, practice: Practice, before: Sequence[str]) -> None:
    """Of what waits, and of other words (than `before`) of what is published, rules are asked again; of a draft, none."""
    if practice.state == PUBLISHED and _words_of(practice) != before:
        refuse_caught(author, practice.agenda_id, _said(practice), "sentence", is_again=True)
    elif practice.state == "submitted" and practice.author_id == author.id:
        _note_rule(author, practice)


def _note_rule(author: Person, practice: Practice) -> None:
    """Keep with a practice which rule it meets, for the moderators who read it anyway."""
    is_again = practice.submitted_at is not None
    why = screen(author, practice.agenda_id, _said(practice), is_again=is_again)
    practice.caught_by = why.name if why else ""


def _words_of(practice: Practice) -> tuple[str, ...]:
    """The words in which a practice says something: title, link and cost, and then what is Markdown."""
    parts = (part.source for part in practice.sections)
    return practice.title, practice.link, practice.cost, practice.sentence, *parts


def _said(practice: Practice) -> Said:
    title, link, cost, *texts = _words_of(practice)
    # Rare, so it may run under the lock.
    written = (write(text, practice.language) for text in texts)
    return together([plainly(link).text, *written], "\n".join((title, cost)))


def _check_move(author: Person, practice: Practice, agenda: Agenda) -> None:
    if agenda.id == practice.agenda_id:
        return
    require(author.can.write_practice(agenda))
    if practice.topic_id:
        both = author.can.moderate(practice.agenda_id) and author.can.moderate(agenda.id)
        if not both:
            raise Invalid(_("Only a moderator moves a published practice."), "agenda")


def _check_audience(practice: Practice, audience: str) -> None:
    """What others wrote for members stays with members."""
    is_opened = practice.audience == MEMBERS and audience == PUBLIC
    if is_opened and practice.topic and practice.topic.replies_count:
        raise Invalid(_("Others have replied for members only, so this stays so."), "audience")


def _slug_that_follows(practice: Practice, title: str) -> str:
    """A draft's address follows its title, unless it was given one of another kind."""
    before = slugify(practice.title, "practice")
    if slugify(title, "practice") == before or not practice.slug.startswith(before):
        return practice.slug
    return _free_slug(Practice, title)


def _set_practice(author: Person, practice: Practice, agenda: Agenda, text: PracticeText) -> None:
    practice.agenda, practice.agenda_id = agenda, agenda.id
    practice.title, practice.sentence, practice.link = text.title, text.sentence, text.link
    practice.city_id, practice.city = text.city_id, _city(text.city_id)
    practice.evidence, practice.cost, practice.started = text.evidence, text.cost, text.started
    practice.language, practice.audience = text.language, text.audience
    practice.failure_audience, practice.revisit_on = text.failure_audience, text.revisit_on
    if practice.author_id == author.id:
        practice.organisation_id = author.organisation_id if text.for_organisation else None
    practice.sections = _sections(practice, text.written)
    practice.themes = list(_themes(text.theme_ids))


def _sections(practice: Practice, written: Mapping[str, Written]) -> list[PracticeSection]:
    """The parts as they are now; a part that was there before keeps its row."""
    known = {part.name: part for part in practice.sections}
    parts = []
    for position, name in enumerate(SECTIONS, 1):
        if name in written:
            part = known.get(name) or PracticeSection(name=name)
            part.position, part.source = position, written[name].source
            part.html, part.html_version = written[name].html, written[name].html_version
            parts.append(part)
    return parts


def _opened(practice: Practice) -> Any:
    """The topic of a practice, opened in its author's name when it is first published."""
    if practice.topic is not None:
        return practice.topic
    if not practice.author.is_member:
        raise Conflict(_("The author's account is closed for now, so this cannot be published."))
    practice.topic = dialogue.publish_topic(
        practice.author,
        practice.agenda_id,
        dialogue.NewTopic(
            kind="practice",
            title=practice.title,
            text=write(practice.sentence, practice.language),
            themes=[theme.id for theme in practice.themes],
            audience=practice.audience,
            for_organisation=practice.organisation_id is not None,
            home=f"/practices/{practice.slug}",
        ),
    )
    return practice.topic


def _keep_and_renew(
    author: Person, practice: Practice, text: PracticeText, before: dict[str, Any]
) -> None:
    """Keep what a published practice said, and let its topic and search follow what it says now."""
    if practice.state != PUBLISHED:
        return
    keep_version(author, "practice", practice.id, before)
    if practice.topic_id:
        dialogue.rename(
            SYSTEM,
            practice.topic_id,
            practice.title,
            audience=practice.audience,
            excerpt=excerpt(text.opening.plain),
            text=text.opening,
            agenda_id=practice.agenda_id,
        )
    search.index(author, _practice_entry(practice))


def _practice_entry(practice: Practice) -> Entry:
    """A practice is found by all its words but those about failure that are for members only."""
    parts = [
        part.source
        for part in practice.sections
        if part.name != FAILURE or practice.failure_audience == PUBLIC
    ]
    place = practice.city.name if practice.city else ""
    return Entry(
        kind="practice",
        item_id=practice.id,
        address=f"/practices/{practice.slug}",
        title=practice.title,
        body="\n".join([practice.sentence, *parts]),
        written_at=practice.published_at or practice.updated_at,
        byline=", ".join(filter(None, (practice.author.name, place))),
        agenda_id=practice.agenda_id,
        language=practice.language,
        audience=practice.audience,
    )


def _tell_author(moderator: Person, practice: Practice, kind: str, text: str = "") -> None:
    note_event(
        moderator,
        kind,
        [practice.author_id],
        f"/practices/{practice.slug}",
        title=practice.title,
        text=text,
        topic_id=practice.topic_id,
        is_named=False,
    )


def _in_queue(practice: Practice) -> str:
    return f"/moderation/practice/{practice.id}"


def _require_state(practice: Practice, state: str) -> None:
    if practice.state != state:
        raise Conflict(_("This practice has changed meanwhile. Load the page again."))


# Readings


@action
def write_reading(
    curator: Person, agenda_id: int, text: ReadingText, reading_id: int | None = None
) -> Reading:
    """Add a best read to an agenda, or change one and keep what it said before."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _check_reading(text)
    if reading_id is None:
        return same_reading(agenda.id, vars(text)) or _new_reading(curator, agenda, text)
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    before = reading_fields(reading)
    _set(reading, vars(text))
    if reading_fields(reading) != before:
        keep_version(curator, "reading", reading.id, before)
        search.index(curator, _reading_entry(reading))
    return reading


@action
def remove_reading(curator: Person, reading_id: int) -> Reading:
    """Take a best read off its agenda."""
    reading = get_reading(curator, reading_id)
    require(curator.can.curate(reading.agenda))
    keep_version(curator, "reading", reading.id, reading_fields(reading))
    reading.removed_at = now()
    search.unindex(curator, "reading", reading.id)
    return reading


@action
def order_readings(curator: Person, agenda_id: int, reading_ids: Sequence[int]) -> None:
    """Put the best reads of an agenda in this order; those that are not named come after."""
    agenda = agenda_by_id(curator, agenda_id)
    require(curator.can.curate(agenda))
    _put_in_order(readings_of(curator, agenda), reading_ids)


def _new_reading(curator: Person, agenda: Agenda, text: ReadingText) -> Reading:
    position = last_position(Reading, agenda.id) + 1
    reading = Reading(agenda_id=agenda.id, position=position, created_at=now(), **vars(text))
    reading.agenda = agenda
    db.session.add(reading)
    db.session.flush()
    search.index(curator, _reading_entry(reading))
    return reading


def _reading_entry(reading: Reading) -> Entry:
    return Entry(
        kind="reading",
        item_id=reading.id,
        address=f"/agendas/{reading.agenda.slug}#reading-{reading.id}",
        title=reading.title,
        body=reading.why,
        written_at=reading.created_at,
        byline=reading.authors,
        agenda_id=reading.agenda_id,
        language=reading.language,
    )


# For the commands that make anew what follows from the rows


@action
def rerender_paragraphs(system: Person, texts: Mapping[int, Written]) -> int:
    """Store HTML made anew, by the id of a case's paragraph, where it still has that source. Says how many."""
    require(system.can.administer())
    row = CaseParagraph
    return sum(_store_html(row, text, row.id == row_id) for row_id, text in texts.items())


@action
def rerender_sections(system: Person, texts: Mapping[tuple[int, str], Written]) -> int:
    """The same for the parts of practices, by the practice's id and the part's name."""
    require(system.can.administer())
    row = PracticeSection
    return sum(
        _store_html(row, text, row.practice_id == practice_id, row.name == name)
        for (practice_id, name), text in texts.items()
    )


def _store_html(
    row: type[CaseParagraph] | type[PracticeSection], text: Written, *which: ColumnElement[bool]
) -> int:
    same = update(row).where(*which, row.source == text.source)
    made = same.values(html=text.html, html_version=text.html_version).returning(row.position)
    return len(db.session.scalars(made).all())


@action
def reindex_cases(system: Person, case_ids: Sequence[int], plain: PlainTexts) -> None:
    """Make the documents of cases anew. `plain` may know their words already."""
    require(system.can.administer())
    cases = cases_to_index(case_ids)
    known = {("case", case.id): (_case_entry(case, plain), case.hidden_at) for case in cases}
    search.reindex(system, known)


@action
def reindex_practices(system: Person, practice_ids: Sequence[int], _plain: PlainTexts) -> None:
    """Make the documents of practices anew; only a published one has a document."""
    require(system.can.administer())
    known: dict[search.Thing, search.Known | None] = {}
    for practice in practices_to_index(practice_ids):
        is_there = practice.state == PUBLISHED and practice.deleted_at is None
        entry = (_practice_entry(practice), practice.hidden_at) if is_there else None
        known["practice", practice.id] = entry
    search.reindex(system, known)


@action
def reindex_readings(system: Person, reading_ids: Sequence[int], _plain: PlainTexts) -> None:
    """Make the documents of best reads anew; one that was removed has none."""
    require(system.can.administer())
    known: dict[search.Thing, search.Known | None] = {}
    for reading in readings_to_index(reading_ids):
        entry = (_reading_entry(reading), None) if reading.removed_at is None else None
        known["reading", reading.id] = entry
    search.reindex(system, known)


# What they have in common


def _withhold(
    moderator: Person, row: Withheld, reason: str, removed_at: datetime | None
) -> Withheld:
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = row.hidden_at or now(), reason, removed_at
    search.hide(moderator, _kind(row), row.id)
    if row.topic_id and removed_at:
        dialogue.remove_topic(moderator, row.topic_id, reason)
    elif row.topic_id:
        dialogue.hide_topic(moderator, row.topic_id, reason)
    return row


def _show_again(moderator: Person, row: Withheld) -> Withheld:
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = None, "", None
    search.restore(moderator, _kind(row), row.id)
    is_published = isinstance(row, Case) or row.state == PUBLISHED
    if row.topic_id and is_published:  # what waits again shows its discussion once it is published
        dialogue.restore_topic(moderator, row.topic_id)
    return row


def _kind(row: Case | Practice) -> str:
    return "case" if isinstance(row, Case) else "practice"


def _check_case(text: CaseText) -> None:
    for name in ("name", "summary", "body"):
        _require_text(getattr(text, name), name)
    for name in ("name", "kind", "reach", "status", "language"):
        _refuse_longer(getattr(text, name), name)
    _require_year(text.since, "since")
    if len(text.paragraphs) > MOST_PARAGRAPHS:
        most = MOST_PARAGRAPHS
        raise Invalid(_("At most %(most)s paragraphs, please.", most=most), "body")
    for figure in text.figures:
        _check_figure(figure)
    for link in text.links:
        _require_text(link.label, "links")
        _require_address(link.address, "links")
        _refuse_longer(link.kind, "links")


def _check_figure(figure: FigureText) -> None:
    _require_text(figure.label, "figures")
    _require_text(figure.value, "figures")
    _require_address(figure.address, "figures", optional=True)
    for text in (figure.label, figure.value, figure.unit, figure.as_at):
        _refuse_longer(text, "figures")


def _check_practice(author: Person, text: PracticeText) -> None:
    _require_text(text.title, "title")
    _require_text(text.sentence, "sentence")
    _require_address(text.link, "link", optional=True)
    _require_year(text.started, "started")
    for name in ("evidence", "cost", "language"):
        _refuse_longer(getattr(text, name), name)
    if text.adapted_from_id is not None:
        practice_by_id(author, text.adapted_from_id)
    if text.for_organisation:
        require(author.can.write_for_organisation())


def _check_reading(text: ReadingText) -> None:
    _require_text(text.title, "title")
    _require_text(text.authors, "authors")
    _require_year(text.year, "year")
    _require_address(text.link, "link", optional=True)


def _require_text(text: str, name: str) -> None:
    if not text.strip():
        raise Invalid(_("Write something here."), name)


def _refuse_longer(text: str, name: str) -> None:
    if len(text) > LONGEST:
        raise Invalid(_("At most %(most)s characters, please.", most=LONGEST), name)


def _require_year(year: int | None, name: str) -> None:
    if year is not None and year not in YEARS:
        raise Invalid(_("Enter a year, such as 2024."), name)


def _require_address(address: str, name: str, optional: bool = False) -> None:
    if optional and not address:
        return
    if not address.startswith(("https://", "http://")):
        raise Invalid(_("Enter a whole address, such as https://example.org."), name)


def _is_new(row: Case | Practice) -> bool:
    """Add a row; false when another request has added it, or one of its address, in this very moment."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def _sent_twice() -> NoReturn:
    raise Conflict(_("This was sent twice at once. Please send it again."))


def _free_slug(model: type[Case] | type[Practice], words: str) -> str:
    slug = slugify(words, model.__name__.lower())
    taken: Collection[str] = slugs_like(model, slug) | RESERVED
    number = 1
    free = slug
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    return free


def _cities(city_ids: Iterable[int]) -> Sequence[City]:
    return cities_by_id(city_ids)


def _city(city_id: int | None) -> City | None:
    found = cities_by_id([city_id]) if city_id else []
    return found[0] if found else None


def _themes(theme_ids: Iterable[int]) -> Sequence[Theme]:
    return themes_by_id(theme_ids)


def _set(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _put_in_order(rows: Sequence[Case] | Sequence[Reading], ids: Sequence[int]) -> None:
    place = {item_id: number for number, item_id in enumerate(ids)}
    ordered: list[Any] = sorted(rows, key=lambda row: place.get(row.id, len(place)))
    for position, row in enumerate(ordered, 1):
        row.position = position
