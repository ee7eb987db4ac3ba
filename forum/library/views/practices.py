"""The views of practices: the library, a page, history, forms, and submission to the moderators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import markup, web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import themes
from forum.bookmarks.models import PRACTICE
from forum.bookmarks.queries import kept_among
from forum.bookmarks.views import set_bookmark
from forum.clock import now
from forum.dialogue.models import Draft
from forum.dialogue.queries import BegunText, topic_if_there
from forum.dialogue.views import (
    drafts_as_json,
    go_on_with_draft,
    is_for_organisation,
    keep_form,
    offer_organisation,
    own_organisation,
    posting,
    sent_form,
    theme_boxes,
)
from forum.errors import NotFound
from forum.history.models import Version
from forum.history.views import edit_to_read, fill_from_version
from forum.library import actions, queries
from forum.library.forms import PracticeForm, use_own_links
from forum.library.models import DRAFT, PUBLISHED, RETURNED, SUBMITTED, Practice
from forum.library.queries import FAILURE, SECTIONS, PracticeFilter
from forum.library.views._citing import practice_to_cite
from forum.library.views._facets import (
    address_with_order,
    chosen_values,
    render_library,
    shown_facets,
)
from forum.library.views._shared import (
    answer_form,
    article_data,
    bp,
    discussion_context,
    get_or_explain,
    is_in_sight,
    say_intention,
    say_tried,
    words_for_columns,
)
from forum.members.models import Member
from forum.members.queries import language_names, languages
from forum.members.views import flash_language_doubt
from forum.permissions import PUBLIC
from forum.pictures.views import picture_to_share
from forum.plaintext import tidy
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields


@bp.get("/practices")
def practices() -> ResponseReturnValue:
    """The library of practices, featured ones first or newest first."""
    order = web.choice("order", ("featured", "newest"), "featured")
    wanted = PracticeFilter(**chosen_values(PracticeFilter), order=order)
    facets = shown_facets(queries.practice_choices(me(), wanted), wanted)
    page = queries.practices(me(), wanted, web.number("page"))
    topic_ids = [practice.topic_id for practice in page.items]
    orders = [
        (text, address_with_order(value), value == order, None)
        for value, text in (("featured", _("Featured first")), ("newest", _("Newest")))
    ]
    return render_library(
        "practices",
        facets,
        page=page,
        order=order,
        orders=orders,
        count_untried=lambda: queries.practices(me(), replace(wanted, tried=()), 1).total,
        tried=queries.tried_counts(topic_ids),
        trials=queries.wanted_trials(topic_ids, wanted),
    )


@bp.get("/practices/<slug>")
def practice(slug: str) -> ResponseReturnValue:
    """A practice with its facts, its parts, who tried it, and its discussion."""
    found = get_or_explain(Practice, slug, queries.get_practice)
    pictured = _picture_to_share(found)
    return render_template(
        "library/practice.html",
        today=now().date(),
        practice=found,
        is_kept=bool(kept_among(me(), PRACTICE, [found.id])),
        sections=queries.sections_for(me(), found),
        is_failure_withheld=queries.is_failure_withheld(me(), found),
        adapted_from=queries.adapted_from(me(), found),
        adapted_by=queries.adapted_by(me(), found),
        data=_practice_data(found, pictured),
        picture_to_share=pictured,
        cited=practice_to_cite(found),
        **discussion_context(topic_if_there(me(), found.topic_id)),
        **words_for_columns(),
    )


def _picture_to_share(found: Practice) -> dict[str, Any] | None:
    """The first picture of a practice that everybody may read, but none from "what did not work"."""
    if found.state != PUBLISHED or found.audience != PUBLIC or not is_in_sight(found):
        return None
    parts = (part.html for part in found.sections if part.name != FAILURE)
    return picture_to_share(parts)


def _practice_data(found: Practice, pictured: dict[str, Any] | None) -> dict[str, Any] | None:
    if found.state != PUBLISHED or found.hidden_at or not found.published_at:
        return None
    said = (found.title, found.sentence, found.language, found.published_at)
    author = {"@type": "Person", "name": found.author.name}
    return {**article_data(*said, found, pictured=pictured), "author": author}


@bp.get("/practices/<slug>/history")
def practice_history(slug: str) -> ResponseReturnValue:
    """What a practice said before."""
    found = queries.get_practice(me(), slug)
    edits = queries.practice_edits(me(), found)
    context = {"practice": found, "edits": edits, "chosen": edit_to_read(edits)}
    return render_template("library/history.html", **context, **words_for_columns())


@bp.get("/practices/mine")
def mine() -> ResponseReturnValue:
    """One's own practices: drafts, submitted, returned, published; who may not write can still delete them."""
    return render_template(
        "library/mine.html",
        drafts=queries.drafts_of(me()),
        published=queries.published_by(me()),
        **words_for_columns(),
    )


@bp.app_template_global()
def begun_practices(drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of the reader's own drafts that are of practices, by the id of the draft."""
    return queries.begun_practices(me(), drafts)


@bp.app_template_global()
def unfinished_practices() -> list[Practice]:
    """The reader's own practices that are drafts or were returned."""
    return queries.unfinished_practices(me())


@bp.get("/drafts/practices")
def practices_begun() -> ResponseReturnValue:
    """One's own drafts of new practices, or of those that begin with the practice `adapt`, for the script that offers them."""
    return drafts_as_json(queries.drafts_of_new_practices(me(), _adapted_slug()))


@bp.get("/drafts/practices/<slug>")
def changes_begun(slug: str) -> ResponseReturnValue:
    """One's own drafts of changes of a practice, for the script that offers them in its form."""
    return drafts_as_json(queries.drafts_of_changes(me(), queries.get_practice(me(), slug)))


@bp.route("/practices/new", methods=["GET", "POST"])
@posting
def new_practice() -> ResponseReturnValue:
    """Share a practice, or start from one of another city (`adapt`)."""
    agendas = queries.agendas_to_share_on(me())
    source = _adapted() if _adapted_slug() else None
    form = PracticeForm(**_new_practice_form_data(source))
    go_on_with_draft(form, kind="practice", item_id=None)
    form.adapt.data = source.slug if source else ""  # which may be gone since the draft was kept
    return _write_practice(form, agendas, None, source)


def _adapted() -> Practice | None:
    """The practice that a new one is adapted from; one that has gone since its form was opened keeps no draft from being kept."""
    try:
        return queries.get_practice(me(), _adapted_slug())
    except NotFound:
        if webforms.is_for_draft():
            return None
        raise


def _adapted_slug() -> str:
    """The slug of the practice that a new one is adapted from, or nothing."""
    return tidy(request.form.get("adapt") or request.args.get("adapt") or "")[:200]


def _new_practice_form_data(source: Practice | None) -> dict[str, Any]:
    """The initial values of the form for a new practice: from the author, and from the practice that is adapted."""
    person = me()
    city = person.city.label if isinstance(person, Member) and person.city else ""
    words: dict[str, Any] = {"city": city}
    words["language"] = person.language
    words["agenda"] = source.agenda.slug if source else web.text("agenda")
    if source:
        words |= {"adapt": source.slug, "title": source.title}
        words["themes"] = [theme.id for theme in source.themes]
    return words


@bp.route("/practices/<slug>/edit", methods=["GET", "POST"])
@posting
def edit_practice(slug: str) -> ResponseReturnValue:
    """Change a practice; once it is published, what it said before is kept."""
    found = queries.practice_to_edit(me(), slug)
    agendas = [*queries.agendas_to_share_on(me())]
    if found.agenda not in agendas and not found.agenda.deleted_at:
        agendas.append(found.agenda)
    language = web.choice("language", language_names(), found.language)
    form = PracticeForm.of(found, language=language)
    version = fill_from_version(form, "practice", found.id, SECTIONS)
    go_on_with_draft(form, kind="practice", item_id=found.id)
    return _write_practice(form, agendas, found, None, version)


def _write_practice(
    form: PracticeForm,
    agendas: Sequence[Agenda],
    found: Practice | None,
    source: Practice | None,
    version: Version | None = None,
) -> ResponseReturnValue:
    _offer_choices(form, agendas, found)
    use_own_links(me(), form, SECTIONS)
    is_draft = found is None or found.state in (DRAFT, RETURNED)
    if is_draft and request.form.get("deed") == "save":
        form.take_draft()

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "library/edit_practice.html",
            form=form,
            practice=found,
            source=source,
            meanwhile=meanwhile,
            version=version,
            preview=webforms.previews(form, SECTIONS),
            theme_choices=theme_boxes(form),
            **words_for_columns(),
        ), status

    def deed() -> ResponseReturnValue:
        agenda = next(agenda for agenda in agendas if agenda.slug == form.agenda.data)
        is_submitted = request.form.get("deed") == "submit"
        is_asked = "writes_for" in form or "writes_for" in request.form
        for_organisation = is_for_organisation(form) if is_asked else None
        write = actions.write_and_submit if is_submitted else actions.write_practice
        written = write(
            me(),
            agenda.id,
            form.text(source.id if source else None, for_organisation=for_organisation),
            found.id if found else None,
            sent_form(form),
        )
        return _answer_written(form, written, is_submitted)

    place = {"practice_id": found.id if found else None}
    keep = partial(keep_form, form, actions.keep_practice_draft, partial(_sent_to, found), **place)
    latest = partial(_latest_practice, found.slug) if found else None
    return answer_form(form, page, deed, keep=keep, latest=latest)


def _sent_to(found: Practice | None, key: str) -> str | None:
    """Where the practice is that a form changes, or has added."""
    practice = found or queries.practice_by_submission_key(me(), key)
    return url_for("library.practice", slug=practice.slug) if practice else None


def _offer_choices(form: PracticeForm, agendas: Sequence[Agenda], found: Practice | None) -> None:
    """Set the choices of a form: agendas, languages, themes, and the author's organisation."""
    is_left_over = found is not None and found.agenda.deleted_at is not None
    is_to_choose = is_left_over or (found is None and len(agendas) > 1)
    choose = [("", _("Choose"))] if is_to_choose and agendas else []
    form.agenda.choices = [*choose, *webforms.titled_choices(agendas, "slug")]
    form.language.choices = languages()
    form.themes.choices = [(theme.id, theme.name) for theme in themes()]
    is_mine = found is None or found.author_id == me().id
    if found and found.state == PUBLISHED and found.organisation_id:
        # A practice published for an organisation does not become that for which its author writes now
        is_mine = is_mine and found.organisation_id == me().organisation_id
    offer_organisation(form, me().name, own_organisation() if is_mine else "")


def _latest_practice(slug: str) -> PracticeForm:
    return PracticeForm.of(queries.practice_to_edit(me(), slug), formdata=None)


def _answer_written(form: PracticeForm, written: Practice, is_submitted: bool) -> AnyResponse:
    """Redirect to the practice with a message that says whether it is published, a draft, submitted, or changed since.

    Another message follows if its text seems to be in another language than the marked one.
    """
    flash_language_doubt(
        markup.plain(form.whole_text),
        form.language.data,
        lambda code: url_for("library.edit_practice", slug=written.slug, language=code),
    )
    address = url_for("library.practice", slug=written.slug)
    if written.state == PUBLISHED:
        return web.done(_("Your changes are published."), address)
    if written.state == SUBMITTED and not is_submitted:
        return web.done(_("Your changes are saved."), address)
    if not is_submitted:
        return web.done(_("The draft is saved. Only you and the moderators see it."), address)
    return web.done(_("Your practice is with the moderators. You will get a notice."), address)


@bp.post("/practices/<slug>/submit")
@changing
def submit(slug: str) -> ResponseReturnValue:
    """Submit a draft to the moderators."""
    found = queries.practice_to_edit(me(), slug)
    actions.submit(me(), found.id, actions.rendered_texts(found))
    address = url_for("library.practice", slug=slug)
    return web.done(_("Your practice is with the moderators. You will get a notice."), address)


@bp.post("/practices/<slug>/confirm")
@changing
def confirm_practice(slug: str) -> ResponseReturnValue:
    """Confirm that one's practice is still true."""
    found = queries.get_practice(me(), slug)
    actions.confirm_practice(me(), found.id)
    return web.done(
        _("Thank you. The page says that it is still true."), url_for("library.practice", slug=slug)
    )


@bp.route("/practices/<slug>/delete", methods=["GET", "POST"])
@changing
def delete_practice(slug: str) -> ResponseReturnValue:
    """Ask for confirmation, then delete one's practice."""
    found = queries.practice_to_delete(me(), slug)
    if request.method == "GET":
        return render_template("library/remove.html", practice=found)
    actions.delete_practice(me(), found.id)
    return web.done(_("Your practice is deleted."), url_for("library.mine"))


@bp.route("/practices/<slug>/tried", methods=["GET", "POST"])
@changing
def tried_practice(slug: str) -> ResponseReturnValue:
    """Say that one has tried a practice, and how it went."""
    found = queries.get_practice(me(), slug)
    return say_tried(found.topic_id, found.title, url_for("library.practice", slug=slug))


@bp.route("/practices/<slug>/intention", methods=["GET", "POST"])
@changing
def intend_practice(slug: str) -> ResponseReturnValue:
    """Say that one wants to try a practice, and until when."""
    found = queries.get_practice(me(), slug)
    return say_intention(found.topic_id, found.title, url_for("library.practice", slug=slug))


@bp.post("/practices/<slug>/bookmark")
@changing
def bookmark_practice(slug: str) -> ResponseReturnValue:
    """Bookmark a practice, or remove the bookmark."""
    found = queries.practice_to_bookmark(me(), slug)
    return set_bookmark(PRACTICE, found.id, url_for("library.practice", slug=found.slug))
