"""What the views of the library share: the blueprint, labels for templates, discussions, and responses to forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.clock import now
from forum.dialogue.actions import mark, unmark
from forum.dialogue.forms import TriedForm
from forum.dialogue.models import OUTCOMES, TRIED, Mark, Post, Topic
from forum.dialogue.queries import (
    Speaking,
    first_post,
    mark_given,
    my_marks,
    post_to_mark,
    tried_in,
)
from forum.dialogue.views import discussion, latest_tried
from forum.errors import NotFound
from forum.library import actions, forms, queries
from forum.library.models import Case, Intention, Practice, Reading
from forum.members.views import choose_city
from forum.orderforms import OrderForm, process_order
from forum.permissions import Person
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("library", __name__)
Page = TypeVar("Page", Case, Practice)
Said = TypeVar("Said", bound=Mark | Intention)


@bp.app_template_global()
def related_to(
    themes: Collection[Any], but: Collection[int], named: Collection[Speaking] = ()
) -> queries.Related:
    """Related pages, for the pages of topics, cases and practices, without those that `named` has; see `queries.related`."""
    topic_ids = {speaking.topic_id for speaking in named if speaking.topic_id}
    pages = {speaking.page for speaking in named}
    return queries.related(me(), themes, topic_ids.union(but), pages)


@bp.app_template_global()
def practices_tried(themes: Collection[Any]) -> str:
    """The address of the practices on these themes that other cities tried."""
    slugs = [theme.slug for theme in themes]
    return url_for("library.practices", theme=slugs, tried=OUTCOMES)


@bp.app_template_global()
def evidence_level(evidence: str) -> int:
    """The level of a kind of evidence, from 1, the weakest, to 4."""
    return forms.EVIDENCE_LEVELS.get(evidence, 1)


@bp.app_template_global()
def evidence_name(evidence: str) -> str:
    """What a kind of evidence is called."""
    return str(forms.EVIDENCE_NAMES.get(evidence, evidence))


def trial_in_words(mark: Mark) -> str:
    """What became of it where and when, for a "tried it" mark with its city: "Stopped in Tampere, 2026"."""
    city = mark.city.name if mark.city else _("a city that is not known")
    words = {"city": city, "year": mark.created_at.year}
    return {
        "kept": _("Kept in %(city)s, %(year)s", **words),
        "adapted": _("Adapted in %(city)s, %(year)s", **words),
    }.get(mark.outcome or "", _("Stopped in %(city)s, %(year)s", **words))


def is_in_sight(row: Any) -> bool:
    """Whether its audience can see a case, a practice or a reading, and not only moderators; its agenda must be loaded."""
    return getattr(row, "hidden_at", None) is None and row.agenda.opened_at is not None


def words_for_columns() -> dict[str, Any]:
    """The translated labels of column values, for all templates of the room."""
    return {
        "kind_names": forms.KIND_NAMES,
        "status_names": forms.STATUS_NAMES,
        "reading_names": forms.READING_NAMES,
        "evidence_names": forms.EVIDENCE_NAMES,
        "evidence_explanations": forms.EVIDENCE_EXPLANATIONS,
        "outcome_names": forms.OUTCOME_NAMES,
        "link_names": forms.LINK_NAMES,
        "section_names": forms.SECTION_NAMES,
        "state_names": forms.STATE_NAMES,
    }


def get_or_explain(model: type[Page], slug: str, get: Callable[[Person, str], Page]) -> Page:
    """The case or practice with this slug; if it is hidden, a `NotFound` that says so and why."""
    try:
        return get(me(), slug)
    except NotFound:
        raise queries.why_not_shown(me(), model, slug) from None


def article_data(
    title: str,
    summary: str,
    language: str,
    at: Any,
    thing: Any,
    *,
    pictured: dict[str, Any] | None,
) -> dict[str, Any]:
    """Structured data (schema.org/Article) of a case or a practice; never the section on what did not work."""
    image = {"image": pictured["url"]} if pictured else {}
    return {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": title[:110],
        "abstract": summary,
        "inLanguage": language,
        "datePublished": at.isoformat(),
        "dateModified": thing.updated_at.isoformat(),
        "mainEntityOfPage": web.absolute(quote(request.path)),
        **image,
    }


def discussion_context(topic: Topic | None, beside: Sequence[Post] = ()) -> dict[str, Any]:
    """The template variables for the discussion of a case or a practice: the comments, and who tried it where.

    `beside` are the comments that the page shows beside a paragraph.
    """
    if topic is None:
        nobody: dict[str, Any] = {"topic": None, "tried": TriedByCity(), "wanted": ByCity()}
        return nobody | {"cities": 0, "canonical": web.canonical()}
    words = discussion(topic, beside)
    opening = next((post for post in words["posts"].items if post.number == 1), None)
    marks: Mapping[int, Collection[str]] = words["my_marks"]
    if opening is None:  # the reader is on a later page of the discussion
        opening = first_post(topic)
        marks = my_marks(me(), [opening])
    interest = queries.interest_in(topic)
    return {
        **words,
        "opening": opening,
        "mine": marks.get(opening.id, ()),
        "tried": tried_by_city(topic),
        "wanted": ByCity(queries.intentions_in(topic.id) if interest.is_wanted else ()),
        "cities": interest.cities,
        "canonical": web.canonical(words["posts"].number),
    }


def tried_by_city(topic: Topic | None) -> TriedByCity:
    """Who tried the case or practice of a topic: their "tried it" marks; empty without a topic."""
    return TriedByCity(tried_in(topic.id, 1) if topic else ())


class ByCity(list[tuple[Any, list[Said]]]):
    """Marks or intentions by city: pairs of a city, or None, and its own, in the order in which they are given; None comes last."""

    def __init__(self, said: Iterable[Said] = ()) -> None:
        groups = groupby(said, key=lambda statement: statement.city)
        super().__init__((city, list(group)) for city, group in groups)

    @property
    def said(self) -> list[Said]:
        """All of them."""
        return [statement for _city, group in self for statement in group]

    @property
    def cities(self) -> list[Any]:
        """The cities that are known."""
        return [city for city, _group in self if city]

    @property
    def member_ids(self) -> set[int]:
        """The ids of the members whose they are."""
        return {statement.member_id for statement in self.said}


class TriedByCity(ByCity[Mark]):
    """The "tried it" marks of a case or practice, by city."""

    def with_outcome(self, outcome: str) -> list[Mark]:
        """Those that say that this became of it."""
        return [mark for mark in self.said if mark.outcome == outcome]


def say_tried(topic_id: int | None, title: str, back: str) -> ResponseReturnValue:
    """The form for a "tried it" mark on the case or practice of a topic; it can also take the mark back.

    `back` is the address of its page.
    """
    post = post_to_mark(me(), queries.opening_post_id(me(), topic_id))
    given = mark_given(me(), post.id, TRIED)
    form = TriedForm.of(given, me().language)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context = {"form": form, "title": title, "back": back, "post": post, "given": given}
        return render_template("library/tried.html", meanwhile=meanwhile, **context), status

    def deed() -> AnyResponse:
        said, language = (form.outcome.data, form.note.data or ""), form.language.data
        mark(me(), post.id, TRIED, *said, language=language, seen=form.seen.data)
        return web.done(_("Thank you. What you tried is listed by city."), f"{back}#tried")

    def take_back() -> AnyResponse:
        unmark(me(), post.id, TRIED, seen=form.seen.data)
        return web.done(_("What you said is taken back."), back)

    latest = partial(latest_tried, post.id)
    if "take_back" in request.form:
        return webforms.run(form, page, take_back, latest)
    return answer_form(form, page, deed, latest=latest)


def say_intention(topic_id: int | None, title: str, back: str) -> ResponseReturnValue:
    """The form to say that one wants to try the case or practice of a topic, and until when; it can be taken back.

    `back` is the address of its page.
    """
    if "take_back" in request.form and topic_id:  # allowed even for members who may no longer write
        actions.give_up(me(), topic_id)
        return web.done(_("What you wanted to try is taken back."), back)
    post = post_to_mark(me(), queries.opening_post_id(me(), topic_id))
    given = queries.intention_of(me(), post.topic_id)
    form = forms.IntentionForm(until=given.until.isoformat() if given else "")
    form.offer(now().date(), given.until if given else None)

    def page(status: int = 200) -> ResponseReturnValue:
        context = {"form": form, "title": title, "back": back, "post": post, "given": given}
        return render_template("library/intention.html", **context), status

    def deed() -> AnyResponse:
        actions.intend(me(), post.topic_id, form.day)
        said = _("Others see now that you want to try it. We ask you once what became of it.")
        return web.done(said, f"{back}#wanted")

    return answer_form(form, page, deed)


def put_in_order(
    agenda: Agenda,
    name: str,
    rows: Callable[[], Sequence[Case | Reading]],
    order: Callable[..., object],
) -> ResponseReturnValue:
    """The form that orders the cases or the readings of an agenda: `rows` reads them, `name` is theirs in the template, `order` the action."""

    def page(form: OrderForm, shown: Sequence[Case | Reading], status: int) -> ResponseReturnValue:
        context = {"agenda": agenda, "form": form, name: shown}
        return render_template("library/order.html", **context), status

    def deed(wanted: list[int], seen: Sequence[int]) -> AnyResponse:
        order(wanted, seen=seen)
        return web.done(_("The order is saved."), url_for("front.agenda", slug=agenda.slug))

    return process_order(rows, page, deed)


def answer_form(
    form: Any,
    page: Callable[..., ResponseReturnValue],
    deed: Callable[[], ResponseReturnValue],
    keep: Callable[[], ResponseReturnValue] | None = None,
    latest: Callable[[], Any] | None = None,
) -> ResponseReturnValue:
    """Like `webforms.process`; but a typed city is looked up first."""
    checks = [choose_city] if "city" in form else []
    return webforms.process(form, page, deed, checks=checks, keep=keep, latest=latest)
