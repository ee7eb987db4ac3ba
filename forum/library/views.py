"""The doors of the library: cases, practices and readings, each as a list with facets, a page, and forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import quote

from babel import Locale
from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from forum import markup, web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_to_curate, themes
from forum.dialogue.actions import mark
from forum.dialogue.forms import MYSELF, ORGANISATION, TriedForm
from forum.dialogue.models import TRIED, Mark, Post, Topic
from forum.dialogue.queries import (
    mark_given,
    my_marks,
    paragraph_comments,
    post_to_mark,
    tried_in,
)
from forum.dialogue.views import changing, discussion, posting
from forum.errors import Conflict, Invalid, NotFound
from forum.history.queries import fingerprint
from forum.library import actions, forms, queries
from forum.library.forms import CaseForm, PracticeForm, ReadingForm
from forum.library.models import Case, Practice, Reading
from forum.library.queries import (
    CITY_SIZES,
    EVIDENCE,
    LARGEST_SIZE,
    OUTCOMES,
    PUBLISHED,
    SECTIONS,
    CaseFilter,
    Choice,
    PracticeFilter,
    ReadingFilter,
)
from forum.members.models import Member
from forum.members.queries import cities_by_name, languages
from forum.members.views import choose_city
from forum.permissions import Person
from forum.web import CONFLICT, Answer, me
from forum.webforms import ChangedFields

bp = Blueprint("library", __name__)
MAX_CHOSEN = 20
Page = TypeVar("Page", Case, Practice)


# The libraries and their facets


@dataclass(frozen=True)
class Facet:
    """One group of filters as the page shows it: choices are (value, words, count)."""

    name: str
    title: str
    choices: list[tuple[str, str, int]]
    chosen: tuple[str, ...]


@bp.get("/cases")
def cases() -> Answer:
    """The library of cases."""
    wanted = CaseFilter(**_chosen(CaseFilter))
    facets = _facets(queries.case_choices(me(), wanted), wanted)
    page = queries.cases(me(), wanted, web.number("page"))
    return _library("cases", facets, page=page)


@bp.get("/practices")
def practices() -> Answer:
    """The library of practices, featured ones first or newest first."""
    order = web.choice("order", ("featured", "newest"), "featured")
    wanted = PracticeFilter(**_chosen(PracticeFilter), order=order)
    facets = _facets(queries.practice_choices(me(), wanted), wanted)
    page = queries.practices(me(), wanted, web.number("page"))
    tried = queries.tried_counts(practice.topic_id for practice in page.items)
    orders = [
        (text, _ordered(value), value == order, None)
        for value, text in (("featured", _("Featured first")), ("newest", _("Newest")))
    ]
    return _library("practices", facets, page=page, order=order, orders=orders, tried=tried)


def _ordered(order: str) -> str:
    """The address of the same list in another order."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    args["order"] = order if order != "featured" else None
    return url_for("library.practices", **{key: args[key] for key in args if key in _FACETS})


@bp.get("/readings")
def readings() -> Answer:
    """The best reads of all agendas."""
    web.depends_on()
    wanted = ReadingFilter(**_chosen(ReadingFilter))
    facets = _facets(queries.reading_choices(me(), wanted), wanted)
    page = queries.readings(me(), wanted, web.number("page"))
    by_agenda = [(agenda, [*some]) for agenda, some in groupby(page.items, lambda r: r.agenda)]
    return _library("readings", facets, page=page, by_agenda=by_agenda)


def _library(name: str, facets: list[Facet], **words: Any) -> str:
    chips = [
        (f"{facet.title}: {text}", _without(name, facet.name, value))
        for facet in facets
        for value, text, _count in facet.choices
        if value in facet.chosen
    ]
    words |= {"facets": facets, "chips": chips, "levels": forms.levels(), **_names()}
    words["is_filterable"] = any(facet.choices for facet in facets)
    return render_template(f"library/{name}.html", **words)


def _chosen(shape: type[Any]) -> dict[str, tuple[str, ...]]:
    """What the address says of each facet."""
    names = [field.name for field in fields(shape) if field.name != "order"]
    return {name: _values(name) for name in names}


def _values(name: str) -> tuple[str, ...]:
    given = dict.fromkeys(markup.tidy(value)[:100] for value in request.args.getlist(name))
    return tuple(value for value in given if value)[:MAX_CHOSEN]


def _without(name: str, facet: str, value: str) -> str:
    """The address of the same list without one of the filters."""
    args: dict[str, Any] = request.args.to_dict(flat=False)
    args[facet] = [other for other in args.get(facet, []) if other != value]
    return url_for(f"library.{name}", **{key: args[key] for key in args if key in _FACETS})


def _facets(choices: Mapping[str, list[Choice]], wanted: Any) -> list[Facet]:
    titles = {
        "agenda": _("Agenda"),
        "theme": _("Theme"),
        "country": _("Country"),
        "city": _("City"),
        "size": _("Size of the city"),
        "kind": _("Kind"),
        "status": _("Status"),
        "evidence": _("Evidence"),
        "failed": _("What did not work"),
        "tried": _("Tried elsewhere"),
        "language": _("Language"),
        "year": _("Year"),
    }
    return [
        Facet(
            name,
            title,
            _in_words(name, choices[name], getattr(wanted, name)),
            getattr(wanted, name),
        )
        for name, title in titles.items()
        if name in choices
    ]


def _in_words(
    name: str, choices: Sequence[Choice], chosen: Iterable[str]
) -> list[tuple[str, str, int]]:
    """The choices in words; what was chosen is there even when nothing has it."""
    found = {choice.value: choice for choice in choices}
    missing = [Choice(value, value, 0) for value in chosen if value not in found]
    ordered = [*choices]
    if order := _ORDERS.get(name):
        ordered.sort(key=lambda choice: order.index(choice.value))
    elif name == "year":
        ordered.sort(key=lambda choice: choice.value, reverse=True)
    return [(c.value, _word(name, c), c.count) for c in [*ordered, *missing]]


_FACETS = {
    field.name for shape in (CaseFilter, PracticeFilter, ReadingFilter) for field in fields(shape)
}
_ORDERS: dict[str, tuple[str, ...]] = {
    "size": (*(size for size, _most in CITY_SIZES), LARGEST_SIZE),
    "evidence": EVIDENCE,
    "tried": OUTCOMES,
}


def _word(name: str, choice: Choice) -> str:
    known: Mapping[str, Any] = {
        "kind": {**forms.KIND_NAMES, **forms.READING_NAMES},
        "status": forms.STATUS_NAMES,
        "size": forms.SIZE_NAMES,
        "evidence": forms.EVIDENCE_NAMES,
        "tried": forms.OUTCOME_NAMES,
        "failed": {"yes": _("Says what did not work")},
        "language": dict(languages()),
        "country": (get_locale() or Locale("en")).territories,
    }.get(name, {})
    return str(known.get(choice.value) or choice.label or choice.value)


def _names() -> dict[str, Any]:
    """The words for what columns hold, for every template of the room."""
    return {
        "kind_names": forms.KIND_NAMES,
        "status_names": forms.STATUS_NAMES,
        "reading_names": forms.READING_NAMES,
        "evidence_names": forms.EVIDENCE_NAMES,
        "evidence_means": forms.EVIDENCE_MEANS,
        "outcome_names": forms.OUTCOME_NAMES,
        "link_names": forms.LINK_NAMES,
        "section_names": forms.SECTION_NAMES,
        "state_names": forms.STATE_NAMES,
    }


# A case


@bp.get("/cases/<slug>")
def case(slug: str) -> Answer:
    """A case with its facts, its text, and the members' comments beside it."""
    found = _or_why(Case, slug, queries.get_case)
    topic = queries.discussion_topic(me(), found.topic_id)
    comments = paragraph_comments(me(), topic) if topic else {}
    keys = {paragraph.key for paragraph in found.paragraphs}
    beside = [post for key in keys for post in comments.get(key, [])]
    return render_template(
        "library/case.html",
        case=found,
        comments=comments,
        marks_beside=my_marks(me(), beside),
        chosen=web.choice("paragraph", keys),
        others=queries.other_cases(me(), found),
        data=_structured(found.name, found.summary, found.language, found.created_at, found),
        **_beside(_discussed(topic), beside),
        **_names(),
    )


def _beside(words: dict[str, Any], comments: Iterable[Post]) -> dict[str, Any]:
    """The words of a discussion without the comments that stand beside a paragraph already."""
    shown = {post.id for post in comments}
    if posts := words.get("posts"):
        words["posts"] = replace(posts, items=[p for p in posts.items if p.id not in shown])
        words["is_all_beside"] = bool(shown) and not [
            p for p in words["posts"].items if p.number > 1
        ]
    return words


def _discussed(topic: Topic | None) -> dict[str, Any]:
    """What the page of a case or a practice says of its discussion: the comments, and who tried it where."""
    if topic is None:
        return {"topic": None, "tried": [], "cities": 0, "canonical": _canonical()}
    words = discussion(topic)
    opening = next((post for post in words["posts"].items if post.number == 1), None)
    marks: Mapping[int, Collection[str]] = words["my_marks"]
    if opening is None:  # it stands on the first page
        opening = queries.opening_post(topic)
        marks = my_marks(me(), [opening] if opening else [])
    return {
        **words,
        "opening": opening,
        "mine": marks.get(opening.id, ()) if opening else (),
        "tried": _by_city(tried_in(topic.id, 1)),
        "cities": queries.commenting_cities(topic),
        "canonical": _canonical(words["posts"].number),
    }


def _canonical(number: int = 1) -> str:
    address = web.absolute(quote(request.path))
    return f"{address}?page={number}" if number > 1 else address


def _by_city(marks: Iterable[Mark]) -> list[tuple[Any, list[Mark]]]:
    """Who tried it, by city; last those who are of no city."""
    return [(city, list(of_it)) for city, of_it in groupby(marks, key=lambda mark: mark.city)]


def _structured(title: str, summary: str, language: str, at: Any, thing: Any) -> dict[str, Any]:
    """What search engines read of a case or a practice; never the part about failure."""
    return {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": title[:110],
        "abstract": summary,
        "inLanguage": language,
        "datePublished": at.isoformat(),
        "dateModified": thing.updated_at.isoformat(),
        "mainEntityOfPage": web.absolute(quote(request.path)),
    }


@bp.get("/cases/<slug>/history")
def case_history(slug: str) -> Answer:
    """What a case said before."""
    found = queries.get_case(me(), slug)
    edits = queries.case_edits(me(), found)
    return render_template("library/history.html", case=found, edits=edits, **_names())


@bp.route("/agendas/<slug>/cases/new", methods=["GET", "POST"])
@changing
def new_case(slug: str) -> Answer:
    """Add a case to an agenda."""
    agenda = agenda_to_curate(me(), slug)
    form = CaseForm(
        agenda=agenda.slug, language=agenda.language, submission_key=webforms.submission_key()
    )
    return _write_case(form, agenda, None)


@bp.route("/cases/<slug>/edit", methods=["GET", "POST"])
@changing
def edit_case(slug: str) -> Answer:
    """Change a case; what it said before is kept."""
    found = queries.case_to_edit(me(), slug)
    return _write_case(CaseForm(**_said_in_case(found)), found.agenda, found)


def _said_in_case(found: Case) -> dict[str, Any]:
    """What the form of a case says of it."""
    names = ("name", "kind", "status", "since", "reach", "summary", "body", "language")
    words = {name: getattr(found, name) for name in (*names, "checked_on")}
    return words | {
        "seen": fingerprint(queries.case_fields(found)),
        "agenda": found.agenda.slug,
        "places": "\n".join(f"{city.name}, {city.country}" for city in found.places),
        "figures": forms.rows_of(found.figures, queries.FIGURE_PARTS),
        "links": forms.rows_of(found.links, queries.LINK_PARTS),
        "themes": [theme.id for theme in found.themes],
    }


def _write_case(form: CaseForm, agenda: Agenda, found: Case | None) -> Answer:
    curated = queries.curated_agendas(me())
    form.agenda.choices = [(one.slug, one.title) for one in curated]
    form.language.choices = languages()
    form.themes.choices = [(theme.id, theme.name) for theme in themes()]

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> Answer:
        words: dict[str, Any] = {"form": form, "agenda": agenda, "case": found}
        words["meanwhile"] = meanwhile
        words["preview"] = _preview(form)
        words["theme_choices"] = _ticks(form)
        return render_template("library/edit_case.html", **words, **_names()), status

    def deed() -> Answer:
        wanted = next(one for one in curated if one.slug == form.agenda.data)
        text = form.text(_city_ids(form.places.data or ""))
        case_id = found.id if found else None
        key = form.submission_key.data if found is None else None
        try:
            written = actions.write_case(me(), wanted.id, text, case_id, key, seen=form.seen.data)
        except Conflict as error:
            if found is None:
                raise
            now = _said_in_case(queries.case_to_edit(me(), found.slug))
            return page(
                CONFLICT, webforms.refuse_outdated(form, error, CaseForm(formdata=None, **now))
            )
        return _saved(_("The case is saved."), url_for("library.case", slug=written.slug))

    return _answer(form, page, deed)


def _ticks(form: Any) -> list[tuple[int, str, None]]:
    """The themes as boxes to tick."""
    return [(value, name, None) for value, name in form.themes.choices]


def _preview(form: Any) -> Markup | None:
    """What the text of a case looks like, when the preview button was pressed."""
    if "preview" not in request.form:
        return None
    return markup.write(form.body.data or "", form.language.data or "en").html


def _city_ids(typed: str) -> list[int]:
    """The cities that were typed, one to a line: the biggest of the name, in the country if it is given."""
    found: list[int] = []
    for number, line in enumerate(typed.split("\n"), 1):
        if not line.strip():
            continue
        called = cities_by_name(line, 1)
        if not called or len(found) > forms.MAX_ROWS:
            message = _("Line %(number)s: no city of this name is known.", number=number)
            raise Invalid(message, "places")
        found.append(called[0].id)
    return found


@bp.route("/agendas/<slug>/cases/order", methods=["GET", "POST"])
@changing
def order_cases(slug: str) -> Answer:
    """Put the cases of an agenda in order."""
    agenda = agenda_to_curate(me(), slug)
    shown = queries.cases_of(me(), agenda)
    order = partial(actions.order_cases, me(), agenda.id)
    return _put_in_order(agenda, [one.id for one in shown], order, cases=shown)


def _or_why(model: type[Page], slug: str, get: Callable[[Person, str], Page]) -> Page:
    """A page; when it is hidden, a sentence says so and which rule it broke."""
    try:
        return get(me(), slug)
    except NotFound:
        raise queries.why_not_shown(me(), model, slug) from None


# A practice


@bp.get("/practices/<slug>")
def practice(slug: str) -> Answer:
    """A practice with its facts, its parts, who tried it, and its discussion."""
    found = _or_why(Practice, slug, queries.get_practice)
    return render_template(
        "library/practice.html",
        practice=found,
        sections=queries.sections_for(me(), found),
        is_failure_withheld=queries.is_failure_withheld(me(), found),
        adapted_from=queries.adapted_from(me(), found),
        adapted_by=queries.adapted_by(me(), found),
        levels=forms.levels(),
        data=_structured_practice(found),
        **_discussed(queries.discussion_topic(me(), found.topic_id)),
        **_names(),
    )


def _structured_practice(found: Practice) -> dict[str, Any] | None:
    if found.state != PUBLISHED or found.hidden_at or not found.published_at:
        return None
    said = _structured(found.title, found.sentence, found.language, found.published_at, found)
    return {**said, "author": {"@type": "Person", "name": found.author.name}}


@bp.get("/practices/<slug>/history")
def practice_history(slug: str) -> Answer:
    """What a practice said before."""
    found = queries.get_practice(me(), slug)
    edits = queries.practice_edits(me(), found)
    return render_template("library/history.html", practice=found, edits=edits, **_names())


@bp.get("/practices/mine")
def mine() -> Answer:
    """One's own practices: drafts, what waits, what came back, what is published."""
    queries.agendas_to_share_on(me())
    return render_template(
        "library/mine.html",
        drafts=queries.drafts_of(me()),
        published=queries.published_by(me()),
        **_names(),
    )


@bp.route("/practices/new", methods=["GET", "POST"])
@posting
def new_practice() -> Answer:
    """Share a practice, or begin with one of another city (`adapt`)."""
    agendas = queries.agendas_to_share_on(me())
    source = queries.get_practice(me(), _adapted()) if _adapted() else None
    return _write_practice(PracticeForm(**_beginning(source)), agendas, None, source)


def _adapted() -> str:
    """The address of the practice that is used again."""
    return markup.tidy(request.form.get("adapt") or request.args.get("adapt") or "")[:200]


def _beginning(source: Practice | None) -> dict[str, Any]:
    """What a new form says already."""
    person = me()
    city = person.city.label if isinstance(person, Member) and person.city else ""
    words = {"submission_key": webforms.submission_key(), "language": person.language, "city": city}
    words["agenda"] = source.agenda.slug if source else web.text("agenda")
    if source:
        words |= {"adapt": source.slug, "title": source.title}
        words["themes"] = [theme.id for theme in source.themes]
    return words


@bp.route("/practices/<slug>/edit", methods=["GET", "POST"])
@posting
def edit_practice(slug: str) -> Answer:
    """Change a practice; once it is published, what it said before is kept."""
    found = queries.practice_to_edit(me(), slug)
    agendas = [*queries.agendas_to_share_on(me())]
    if found.agenda not in agendas:
        agendas.append(found.agenda)
    return _write_practice(PracticeForm(**_said_in_practice(found)), agendas, found, None)


def _said_in_practice(found: Practice) -> dict[str, Any]:
    """What the form of a practice says of it."""
    names = ("title", "sentence", "link", "evidence", "cost", "started", "revisit_on")
    words = {name: getattr(found, name) for name in (*names, "language", "audience")}
    words |= {part.name: part.source for part in found.sections}
    return words | {
        "seen": fingerprint(queries.practice_fields(found)),
        "failure_audience": found.failure_audience,
        "agenda": found.agenda.slug,
        "city": found.city.label if found.city else "",
        "city_id": found.city_id,
        "themes": [theme.id for theme in found.themes],
        "writes_for": ORGANISATION if found.organisation_id else MYSELF,
    }


def _write_practice(
    form: PracticeForm,
    agendas: Sequence[Agenda],
    found: Practice | None,
    source: Practice | None,
) -> Answer:
    form.agenda.choices = [(agenda.slug, agenda.title) for agenda in agendas]
    form.language.choices = languages()
    form.themes.choices = [(theme.id, theme.name) for theme in themes()]
    _offer_organisation(form, found)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> Answer:
        words: dict[str, Any] = {"form": form, "practice": found, "source": source}
        words["meanwhile"] = meanwhile
        words["preview"] = _parts(form)
        words["theme_choices"] = _ticks(form)
        return render_template("library/edit_practice.html", **words, **_names()), status

    def deed() -> Answer:
        agenda = next(one for one in agendas if one.slug == form.agenda.data)
        text = form.text(source.id if source else None)
        practice_id = found.id if found else None
        key = form.submission_key.data if found is None else None
        is_submitted = request.form.get("deed") == "submit"
        write = actions.write_and_submit if is_submitted else actions.write_practice
        try:
            written = write(me(), agenda.id, text, practice_id, key, seen=form.seen.data)
        except Conflict as error:
            if found is None:
                raise
            now = _said_in_practice(queries.practice_to_edit(me(), found.slug))
            return page(
                CONFLICT, webforms.refuse_outdated(form, error, PracticeForm(formdata=None, **now))
            )
        return _went_on(written, is_submitted)

    return _answer(form, page, deed)


def _offer_organisation(form: Any, found: Practice | None) -> None:
    """Let an author write for the organisation, when there is one."""
    person = me()
    organisation = person.organisation if isinstance(person, Member) else None
    is_mine = found is None or found.author_id == person.id
    if organisation is None or not is_mine:
        del form.writes_for
        return
    own = (MYSELF, _("Myself, %(name)s", name=person.name))
    form.writes_for.choices = [own, (ORGANISATION, organisation.name)]


def _parts(form: PracticeForm) -> list[tuple[str, Markup]] | None:
    """What the parts of a practice look like, when the preview button was pressed."""
    if "preview" not in request.form:
        return None
    filled = [name for name in SECTIONS if (form[name].data or "").strip()]
    language = form.language.data or "en"
    return [(name, markup.write(form[name].data, language).html) for name in filled]


def _went_on(written: Practice, is_submitted: bool) -> AnyResponse:
    """Say what became of what was written."""
    address = url_for("library.practice", slug=written.slug)
    if written.state == PUBLISHED:
        return _saved(_("Your changes are published."), address)
    if not is_submitted:
        return _saved(_("The draft is saved. Only you and the moderators see it."), address)
    return _saved(_("Your practice is with the moderators. You will get a notice."), address)


@bp.post("/practices/<slug>/submit")
@changing
def submit(slug: str) -> Answer:
    """Hand a draft to the moderators."""
    found = queries.practice_to_edit(me(), slug)
    actions.submit(me(), found.id)
    address = url_for("library.practice", slug=slug)
    return _saved(_("Your practice is with the moderators. You will get a notice."), address)


@bp.route("/practices/<slug>/delete", methods=["GET", "POST"])
@changing
def delete_practice(slug: str) -> Answer:
    """Ask, and then delete one's practice."""
    found = queries.practice_to_delete(me(), slug)
    if request.method == "GET":
        return render_template("library/remove.html", practice=found)
    actions.delete_practice(me(), found.id)
    return _saved(_("Your practice is deleted."), url_for("library.mine"))


@bp.route("/practices/<slug>/tried", methods=["GET", "POST"])
@changing
def tried(slug: str) -> Answer:
    """Say that one has tried a practice, and what became of it."""
    found = queries.get_practice(me(), slug)
    return _tried(found.topic_id, found.title, url_for("library.practice", slug=slug))


@bp.route("/cases/<slug>/tried", methods=["GET", "POST"])
@changing
def tried_case(slug: str) -> Answer:
    """Say that one has tried what a case tells, and what became of it."""
    found = queries.get_case(me(), slug)
    return _tried(found.topic_id, found.name, url_for("library.case", slug=slug))


def _tried(topic_id: int | None, title: str, back: str) -> Answer:
    post = post_to_mark(me(), queries.opening_post_id(me(), topic_id))
    given = mark_given(me(), post.id, TRIED)
    form = TriedForm(**({"outcome": given.outcome, "note": given.note} if given else {}))

    def page(status: int = 200) -> Answer:
        words = {"form": form, "title": title, "back": back, "post": post, "given": given}
        return render_template("library/tried.html", **words), status

    def deed() -> AnyResponse:
        mark(me(), post.id, TRIED, form.outcome.data, form.note.data or "")
        return _saved(_("Thank you. What you tried is listed by city."), f"{back}#tried")

    return _answer(form, page, deed)


# Readings


@bp.route("/agendas/<slug>/readings/new", methods=["GET", "POST"])
@changing
def new_reading(slug: str) -> Answer:
    """Add a best read to an agenda."""
    agenda = agenda_to_curate(me(), slug)
    return _write_reading(ReadingForm(language=agenda.language), agenda, None)


@bp.route("/readings/<int:id>/edit", methods=["GET", "POST"])
@changing
def edit_reading(id: int) -> Answer:
    """Change a best read; what it said before is kept."""
    found = queries.reading_to_edit(me(), id)
    return _write_reading(ReadingForm(**_said_in_reading(found)), found.agenda, found)


def _said_in_reading(found: Reading) -> dict[str, Any]:
    """What the form of a best read says of it."""
    names = ("title", "authors", "year", "kind", "link", "why", "language")
    words = {name: getattr(found, name) for name in names}
    return words | {"seen": fingerprint(queries.reading_fields(found))}


def _write_reading(form: ReadingForm, agenda: Agenda, found: Reading | None) -> Answer:
    form.language.choices = languages()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> Answer:
        words = {"form": form, "agenda": agenda, "reading": found, "meanwhile": meanwhile}
        return render_template("library/edit_reading.html", **words), status

    def deed() -> Answer:
        reading_id = found.id if found else None
        try:
            actions.write_reading(me(), agenda.id, form.text, reading_id, seen=form.seen.data)
        except Conflict as error:
            if reading_id is None:
                raise
            now = _said_in_reading(queries.reading_to_edit(me(), reading_id))
            return page(
                CONFLICT, webforms.refuse_outdated(form, error, ReadingForm(formdata=None, **now))
            )
        back = url_for("front.agenda", slug=agenda.slug)
        return _saved(_("The best read is saved."), f"{back}#reads")

    return _answer(form, page, deed)


@bp.get("/readings/<int:id>/history")
def reading_history(id: int) -> Answer:
    """What a best read said before."""
    found = queries.reading_to_edit(me(), id)
    edits = queries.reading_edits(me(), found)
    return render_template("library/history.html", reading=found, edits=edits, **_names())


@bp.route("/readings/<int:id>/remove", methods=["GET", "POST"])
@changing
def remove_reading(id: int) -> Answer:
    """Ask, and then take a best read from its agenda."""
    found = queries.reading_to_edit(me(), id)
    if request.method == "GET":
        return render_template("library/remove.html", reading=found)
    actions.remove_reading(me(), found.id)
    return _saved(_("The best read is removed."), url_for("front.agenda", slug=found.agenda.slug))


@bp.route("/agendas/<slug>/readings/order", methods=["GET", "POST"])
@changing
def order_readings(slug: str) -> Answer:
    """Put the best reads of an agenda in order."""
    agenda = agenda_to_curate(me(), slug)
    shown = queries.readings_of(me(), agenda)
    order = partial(actions.order_readings, me(), agenda.id)
    return _put_in_order(agenda, [one.id for one in shown], order, readings=shown)


# What the forms have in common


def _put_in_order(
    agenda: Agenda, ids: Sequence[int], order: Callable[[list[int]], object], **shown: Any
) -> Answer:
    form = webforms.OrderForm.of(ids)

    def page(status: int = 200) -> Answer:
        return render_template("library/order.html", agenda=agenda, form=form, **shown), status

    def deed() -> AnyResponse:
        order(form.ordered_ids)
        return _saved(_("The order is saved."), url_for("front.agenda", slug=agenda.slug))

    return webforms.process(form, page, deed)


def _answer(form: Any, page: Callable[[int], Answer], deed: Callable[[], Answer]) -> Answer:
    """Show a form, show it again with what to put right, or do the deed; a city is found first."""

    def with_city() -> Answer:
        if "city" in form:
            choose_city(form)
        return deed()

    return webforms.process(form, page, with_city, is_trial="preview" in request.form)


def _saved(message: str, address: str) -> AnyResponse:
    """Say what was done, and go on."""
    flash(message, "message")
    return web.see_other(address)
