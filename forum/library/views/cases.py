"""Views of cases: the library, a page, history, forms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_to_curate, curated_agendas, themes
from forum.bookmarks.models import CASE
from forum.bookmarks.queries import kept_among
from forum.bookmarks.views import set_bookmark
from forum.dialogue.models import Draft, Post, Topic
from forum.dialogue.queries import BegunText, TopicRow, paragraph_comments, topic_if_there
from forum.dialogue.views import (
    begun_here,
    go_on_with_draft,
    keep_form,
    sent_form,
    theme_boxes,
)
from forum.errors import Invalid
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.library import actions, forms, queries
from forum.library.forms import CaseForm, use_own_links
from forum.library.models import Case, CaseParagraph
from forum.library.queries import CaseFilter
from forum.library.views._citing import case_to_cite
from forum.library.views._facets import chosen_values, render_library, shown_facets
from forum.library.views._shared import (
    article_data,
    bp,
    discussion_context,
    get_or_explain,
    is_in_sight,
    put_in_order,
    say_intention,
    say_tried,
    words_for_columns,
)
from forum.members.queries import cities_by_name, languages
from forum.pictures.views import picture_to_share
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview


@bp.app_template_global()
def places_of_cases(topics: Iterable[TopicRow]) -> dict[int, str]:
    """For lists in the dialogue room, which is below this one: the cities of the cases among the topics."""
    return queries.places_of_cases(me(), [row.id for row in topics if row.kind == "case"])


@bp.app_template_global()
def paragraph_beside(topic: Topic, key: str) -> CaseParagraph | None:
    """For the form of a comment, which is in a room below: the paragraph of a case that the comment is about."""
    return queries.paragraph_of(me(), topic.id, key) if topic.home and key else None


@bp.app_template_global()
def begun_cases(drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of the reader's own drafts that are of cases, by the id of the draft."""
    return queries.begun_cases(me(), drafts)


@bp.get("/cases")
def cases() -> ResponseReturnValue:
    """The library of cases."""
    wanted = CaseFilter(**chosen_values(CaseFilter))
    facets = shown_facets(queries.case_choices(me(), wanted), wanted)
    page = queries.cases(me(), wanted, web.number("page"))
    trials = queries.wanted_trials((case.topic_id for case in page.items), wanted)
    return render_library(
        "cases",
        facets,
        page=page,
        count_untried=lambda: queries.cases(me(), replace(wanted, tried=()), 1).total,
        trials=trials,
        curated=curated_agendas(me()),
    )


@bp.get("/cases/<slug>")
def case(slug: str) -> ResponseReturnValue:
    """A case with its facts, its text, and the members' comments beside it."""
    found = get_or_explain(Case, slug, queries.get_case)
    topic = topic_if_there(me(), found.topic_id)
    comments = paragraph_comments(topic) if topic else {}
    keys = {paragraph.key for paragraph in found.paragraphs}
    beside = [post for key in keys for post in comments.get(key, [])]
    texts = (paragraph.html for paragraph in found.paragraphs)
    pictured = picture_to_share(texts) if is_in_sight(found) else None
    said = (found.name, found.summary, found.language, found.created_at)
    chosen = web.choice("paragraph", keys)
    words = discussion_context(topic, beside)
    writer = words.get("writer")
    return render_template(
        "library/case.html",
        case=found,
        comments=comments,
        is_kept=bool(kept_among(me(), CASE, [found.id])),
        chosen=chosen,
        others=queries.other_cases(me(), found),
        data=article_data(*said, found, pictured=pictured),
        picture_to_share=pictured,
        cited=case_to_cite(found),
        first_beside=next((part.key for part in found.paragraphs if part.key in comments), ""),
        has_changed=bool(writer and writer.paragraph and not chosen),
        **_without_paragraph_comments(words, beside, keys),
        **words_for_columns(),
    )


def _without_paragraph_comments(
    words: dict[str, Any], comments: Sequence[Post], keys: Collection[str]
) -> dict[str, Any]:
    """The variables of a discussion, without the comments that the page already shows beside a paragraph.

    One that was sent when its paragraph had changed already is about none of those with these `keys`: it is on the whole.
    """
    shown = {post.id for post in comments}
    if posts := words.get("posts"):
        items = [
            post._replace(paragraph=None) if post.paragraph and post.paragraph not in keys else post
            for post in posts.items
            if post.id not in shown
        ]
        words["posts"] = replace(posts, items=items)
        words["beside"] = len(shown)
        words["newest_beside"] = max((post.number for post in comments), default=0)
    return words


@bp.get("/cases/<slug>/history")
def case_history(slug: str) -> ResponseReturnValue:
    """What a case said before."""
    found = queries.get_case(me(), slug)
    edits = queries.case_edits(found)
    context = {"case": found, "edits": edits, "chosen": edit_to_read(edits)}
    return render_template("library/history.html", **context, **words_for_columns())


@bp.route("/agendas/<slug>/cases/new", methods=["GET", "POST"])
@changing_with_preview
def new_case(slug: str) -> ResponseReturnValue:
    """Add a case to an agenda."""
    agenda = queries.agenda_to_add_case(me(), slug)
    form = CaseForm(agenda=agenda.slug, language=agenda.language)
    go_on_with_draft(form, kind="case", item_id=None)
    return _write_case(form, agenda, None)


@bp.route("/cases/<slug>/edit", methods=["GET", "POST"])
@changing_with_preview
def edit_case(slug: str) -> ResponseReturnValue:
    """Change a case; what it said before is kept."""
    found = queries.case_to_edit(me(), slug)
    form = CaseForm.of(found)
    version = fill_from_version(form, "case", found.id)
    go_on_with_draft(form, kind="case", item_id=found.id)
    return _write_case(form, found.agenda, found, version)


def _write_case(
    form: CaseForm, agenda: Agenda, found: Case | None, version: Version | None = None
) -> ResponseReturnValue:
    curated = queries.agendas_of_cases(me(), found)
    form.agenda.choices = webforms.titled_choices(curated, "slug")
    form.language.choices = languages()
    form.themes.choices = [(theme.id, theme.name) for theme in themes()]
    city_ids: list[int] = []
    use_own_links(me(), form, ["body"])

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "library/edit_case.html",
            form=form,
            agenda=agenda,
            case=found,
            meanwhile=meanwhile,
            version=version,
            begun=begun_here(form, "case", found.id if found else None),
            preview=webforms.preview(form.body, form.language.data or "en"),
            theme_choices=theme_boxes(form),
            **words_for_columns(),
        ), status

    def deed() -> ResponseReturnValue:
        wanted = next(offered for offered in curated if offered.slug == form.agenda.data)
        text = form.text(city_ids)
        written = actions.write_case(
            me(),
            wanted.id,
            text,
            found.id if found else None,
            sent_form(form),
            moves=actions.moved_paragraphs(found, text) if found else {},
        )
        done = _("Your changes are saved.") if found else _("The case is published.")
        return web.done(done, url_for("library.case", slug=written.slug))

    place = {"agenda_id": agenda.id, "case_id": found.id if found else None}
    keep = partial(keep_form, form, actions.keep_case_draft, partial(_sent_to, found), **place)
    latest = partial(_latest_case, found.slug) if found else None
    places = form.places.filled[: forms.MAX_ROWS]
    checks = [partial(_find_city, row.city, city_ids) for row in places]
    return webforms.process(form, page, deed, checks=checks, keep=keep, latest=latest)


def _sent_to(found: Case | None, key: str) -> str | None:
    """Where the case is that a form changes, or has added."""
    case = found or queries.case_by_submission_key(me(), key)
    return url_for("library.case", slug=case.slug) if case else None


def _latest_case(slug: str) -> CaseForm:
    return CaseForm.of(queries.case_to_edit(me(), slug), formdata=None)


def _find_city(place: Any, city_ids: list[int], _form: CaseForm) -> None:
    """Add the id of the city that a field names to `city_ids`: the biggest of this name, in the country if one is given.

    Raises `Invalid` if no city of this name is known.
    """
    cities = cities_by_name(place.data, 1)
    if not cities:
        raise Invalid(
            _(
                "No city of this name is known. Try another spelling. For a small place, name the nearest city. The people who run the forum can add small places."
            ),
            place.name,
        )
    city_ids.append(cities[0].id)


@bp.route("/agendas/<slug>/cases/order", methods=["GET", "POST"])
@changing
def order_cases(slug: str) -> ResponseReturnValue:
    """Put the cases of an agenda in order."""
    agenda = agenda_to_curate(me(), slug)
    order = partial(actions.order_cases, me(), agenda.id)
    return put_in_order(agenda, "cases", lambda: queries.cases_of(me(), agenda), order)


@bp.route("/cases/<slug>/tried", methods=["GET", "POST"])
@changing
def tried_case(slug: str) -> ResponseReturnValue:
    """Say that one has tried what a case describes, and how it went."""
    found = queries.get_case(me(), slug)
    return say_tried(found.topic_id, found.name, url_for("library.case", slug=slug))


@bp.route("/cases/<slug>/intention", methods=["GET", "POST"])
@changing
def intend_case(slug: str) -> ResponseReturnValue:
    """Say that one wants to try what a case describes, and until when."""
    found = queries.get_case(me(), slug)
    return say_intention(found.topic_id, found.name, url_for("library.case", slug=slug))


@bp.post("/cases/<slug>/bookmark")
@changing
def bookmark_case(slug: str) -> ResponseReturnValue:
    """Bookmark a case, or remove the bookmark."""
    found = queries.case_to_bookmark(me(), slug)
    return set_bookmark(CASE, found.id, url_for("library.case", slug=found.slug))
