"""Views of translations: a page in another language, its history, and the forms of those who translate and correct."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import locales, web, webforms
from forum.dialogue.models import Draft
from forum.dialogue.queries import BegunText, topic_if_there
from forum.dialogue.views import (
    begun_here,
    go_on_with_draft,
    keep_form,
    sent_form,
)
from forum.history.models import Version
from forum.history.queries import fingerprint
from forum.history.views import edit_to_read, fill_from_version
from forum.library.forms import use_own_links
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import get_case, get_practice
from forum.library.views import (
    article_data,
    get_or_explain,
    is_in_sight,
    tried_by_city,
    words_for_columns,
)
from forum.members.queries import language_names, languages_spoken
from forum.parallels import actions, queries
from forum.parallels.actions import PARTS
from forum.parallels.forms import PART_NAMES, TranslationForm
from forum.parallels.models import FIGURES, Translation
from forum.parallels.queries import Original, kind_of
from forum.ratelimits import changing
from forum.web import me
from forum.webforms import ChangedFields, changing_with_preview

bp = Blueprint("parallels", __name__)
PRACTICE, CASE = {"kind": "practice"}, {"kind": "case"}


class InLanguage(NamedTuple):
    """A language in which a page can be read, with its own name and the path of the page."""

    code: str
    name: str
    direction: str
    address: str
    is_original: bool = False


@bp.app_template_global()
def page_languages(original: Original) -> list[InLanguage]:
    """The languages in which a practice or case can be read: those of its translations, the reader's first; then its own.

    Empty if it has no translation.
    """
    return _in_languages(original, queries.languages_of(me(), original))


@bp.app_template_global()
def direction_of(language: str) -> str:
    """Whether a language is written from left to right (`ltr`) or from right to left (`rtl`)."""
    return "rtl" if locales.is_leftward(language) else "ltr"


@bp.app_template_global()
def own_language_name(language: str) -> str:
    """The name of a language in that language."""
    return language_names().get(language, language)


bp.add_app_template_global(kind_of)


@bp.app_template_global()
def original_address(original: Original) -> str:
    """The path of the page of an original."""
    return url_for(f"library.{kind_of(original)}", slug=original.slug)


@bp.app_template_global()
def original_title(original: Original) -> str:
    """The title of an original."""
    return original.title if isinstance(original, Practice) else original.name


@bp.app_template_global()
def whole_address(path: str) -> str:
    """The whole address of a page, for machines."""
    return web.absolute(path)


@bp.app_template_global()
def way_to_translate(original: Original) -> str:
    """The address for adding a translation of a practice or case; empty for readers who may not."""
    address = url_for("parallels.add_translation", kind=kind_of(original), slug=original.slug)
    return address if queries.may_translate(me(), original) else ""


def _in_languages(original: Original, codes: Sequence[str]) -> list[InLanguage]:
    names = language_names()
    page, own = original_address(original), original.language
    found = [
        InLanguage(code, names.get(code, code), direction_of(code), f"{page}/in/{code}")
        for code in codes
        if code != own  # the language of the original may have been changed to this one
    ]
    itself = InLanguage(own, names.get(own, own), direction_of(own), page, is_original=True)
    return [*found, itself] if found else []


def _get_original(kind: str, slug: str) -> Original:
    if kind == "practice":
        return get_or_explain(Practice, slug, get_practice)
    return get_or_explain(Case, slug, get_case)


@bp.app_template_global()
def begun_translations(drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of the reader's own drafts that are of translations, by the id of the draft."""
    return queries.begun_translations(me(), drafts)


# Reading


@bp.get("/practices/<slug>/in/<language>", defaults=PRACTICE)
@bp.get("/cases/<slug>/in/<language>", defaults=CASE)
def translation(kind: str, slug: str, language: str) -> ResponseReturnValue:
    """The page of a translation, with the facts of the original; untranslated parts are in the original's language."""
    original = _get_original(kind, slug)
    found = queries.get_translation(me(), original, language)
    is_outdated = bool(queries.changed_texts(me(), found))
    said = queries.said_to(me(), found)
    topic = topic_if_there(me(), original.topic_id)
    opening = said.get("sentence") or queries.texts_of(me(), original).get("sentence", "")
    return render_template(
        "parallels/translation.html",
        translation=found,
        original=original,
        sentence=opening,
        is_sentence_translated="sentence" in said or not opening,
        parts=queries.shown_parts(me(), found),
        figures=queries.named_figures(found),
        part_names=PART_NAMES,
        topic=topic,
        tried=tried_by_city(topic),
        languages=_in_languages(original, queries.languages_of(me(), original)),
        change=queries.first_change(found) if is_outdated else None,
        signs=queries.signs_of(original),
        stays_with_members=me().is_member and queries.stays_with_members(found),
        data=_data(found, opening),
        canonical=web.absolute(found.address) if is_in_sight(original) else None,
        **words_for_columns(),
    )


def _data(found: Translation, opening: str) -> dict[str, Any] | None:
    """Structured data where the original has it."""
    original = found.original
    is_told = isinstance(original, Case) or original.state == PUBLISHED
    if not is_told or original.hidden_at or found.hidden_at:
        return None
    said = (found.title, opening, found.language, found.created_at)
    data = article_data(*said, original, pictured=None)
    data["dateModified"] = (found.edited_at or found.created_at).isoformat()
    data["translationOfWork"] = {
        "@type": "Article",
        "url": web.absolute(original_address(original)),
    }
    if found.translator:
        data["translator"] = {"@type": "Person", "name": found.translator.name}
    return data


@bp.get("/practices/<slug>/in/<language>/history", defaults=PRACTICE)
@bp.get("/cases/<slug>/in/<language>/history", defaults=CASE)
def history(kind: str, slug: str, language: str) -> ResponseReturnValue:
    """The earlier versions of a translation."""
    found = queries.get_translation(me(), _get_original(kind, slug), language)
    edits = queries.edits_of(me(), found)
    return render_template(
        "parallels/history.html",
        translation=found,
        edits=edits,
        chosen=edit_to_read(edits),
        part_names=PART_NAMES,
    )


# Writing


@bp.route("/practices/<slug>/translate", methods=["GET", "POST"], defaults=PRACTICE)
@bp.route("/cases/<slug>/translate", methods=["GET", "POST"], defaults=CASE)
@changing_with_preview
def add_translation(kind: str, slug: str) -> ResponseReturnValue:
    """Translate a practice or a case into a language in which it cannot be read yet."""
    original = queries.original_to_translate(me(), _get_original(kind, slug))
    left = queries.languages_left(original)
    codes = [code for code, _name in left]
    own = next((code for code in languages_spoken(me().id) if code in codes), "")
    chosen = web.choice("language", codes, own)
    form = TranslationForm(language=chosen)
    form.language.choices = [("", _("Choose")), *left]
    go_on_with_draft(form, **_place(original, None))
    return _write(form, original, None)


@bp.route("/practices/<slug>/in/<language>/edit", methods=["GET", "POST"], defaults=PRACTICE)
@bp.route("/cases/<slug>/in/<language>/edit", methods=["GET", "POST"], defaults=CASE)
@changing_with_preview
def correct_translation(kind: str, slug: str, language: str) -> ResponseReturnValue:
    """Correct a translation; the former version is kept."""
    original = _get_original(kind, slug)
    found = queries.translation_to_correct(me(), original, language)
    form = TranslationForm.of(found)
    go_on_with_draft(form, **_place(original, found))
    version = None
    if request.method == "GET" and "version" in request.args:
        found = queries.translation_to_put_back(me(), original, language)
        version = _fill_from_version(form, found)
    form.language.choices = [(language, language_names().get(language, language))]
    return _write(form, original, found, version)


def _place(original: Original, found: Translation | None) -> dict[str, Any]:
    """What a draft of this form is for, as `dialogue.keep_form_draft` stores it."""
    if found is not None:
        return {"kind": queries.CORRECTION, "item_id": found.id}
    return {"kind": queries.NEW[kind_of(original)], "item_id": original.id}


def _fill_from_version(form: TranslationForm, found: Translation) -> Version | None:
    """Fill a form with an earlier version, without texts that were for members only if the page is public now."""
    failure = form["failure"].data
    version = fill_from_version(form, "translation", found.id, ("sentence", *PARTS, FIGURES))
    if version and queries.is_failure_withheld(found.original, version):
        form["failure"].data = failure
    return version


def _write(
    form: TranslationForm,
    original: Original,
    found: Translation | None,
    version: Version | None = None,
) -> ResponseReturnValue:
    """The form that corrects the translation `found`, or adds one; `version` is the earlier one that fills it."""
    read, form.signs.data = form.signs.data or "", queries.signs_of(original)
    texts = queries.texts_of(me(), original)
    form.ask_for(texts, queries.figures_to_name(found, original))
    use_own_links(me(), form, PARTS)
    if found is not None:
        form.language.data = found.language
    changed = _changed(original, found, read)

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        return render_template(
            "parallels/write.html",
            form=form,
            original=original,
            translation=found,
            texts=texts,
            asked=[name for name in PARTS if name in form],
            changed=changed,
            expressions=queries.expressions_in(texts, original.language, form.language.data or ""),
            meanwhile=meanwhile,
            version=version,
            begun=begun_here(form, **_place(original, found)),
            preview=webforms.previews(form, PARTS),
            part_names=PART_NAMES,
        ), status

    def deed() -> ResponseReturnValue:
        return _add(form, original, read) if found is None else _correct(form, found, read)

    keep = partial(_keep_as_draft, form, original, found)
    latest = partial(_latest, original, found.language) if found else None
    return webforms.process(form, page, deed, keep=keep, latest=latest)


def _changed(original: Original, found: Translation | None, read: str) -> set[str]:
    """The names of the texts of an original that have changed since they were `read`, or since the translation says them."""
    since_read = queries.names_since(read, original)
    return since_read | queries.changed_texts(me(), found) if found else since_read


def _add(form: TranslationForm, original: Original, read: str) -> ResponseReturnValue:
    kind, sent = kind_of(original), sent_form(form)
    saved = actions.add_translation(me(), kind, original.id, form.text, sent, signs=read)
    return web.done(_("Thank you. The translation is published."), saved.address)


def _correct(form: TranslationForm, found: Translation, read: str) -> ResponseReturnValue:
    saved = actions.correct_translation(me(), found.id, form.text, sent_form(form), signs=read)
    return web.done(_("Your changes are saved."), saved.address)


def _keep_as_draft(
    form: TranslationForm, original: Original, found: Translation | None
) -> ResponseReturnValue:
    return keep_form(
        form,
        actions.keep_translation_draft,
        partial(_sent_to, found),
        kind=kind_of(original),
        item_id=original.id,
        translation_id=found.id if found else None,
    )


def _sent_to(found: Translation | None, key: str) -> str | None:
    """Where the translation is that a form corrects, or has added."""
    known = found or queries.translation_by_submission_key(me(), key)
    saved = known and queries.translation_by_id(me(), known.id)
    return saved.address if saved else None


def _latest(original: Original, language: str) -> TranslationForm:
    found = queries.translation_to_correct(
        me(), _get_original(kind_of(original), original.slug), language
    )
    form = TranslationForm.of(found, formdata=None)
    form.language.choices = [(language, language_names().get(language, language))]
    form.ask_for(queries.texts_of(me(), original), queries.figures_to_name(found, original))
    return form


@bp.post("/practices/<slug>/in/<language>/confirm", defaults=PRACTICE)
@bp.post("/cases/<slug>/in/<language>/confirm", defaults=CASE)
@changing
def confirm_translation(kind: str, slug: str, language: str) -> ResponseReturnValue:
    """Say that a translation is still right, although the original has changed."""
    found = queries.get_translation(me(), _get_original(kind, slug), language)
    actions.confirm_translation(me(), found.id, request.form.get("signs", ""))
    return web.done(_("Thank you. The translation counts as up to date again."), found.address)


@bp.route("/practices/<slug>/in/<language>/delete", methods=["GET", "POST"], defaults=PRACTICE)
@bp.route("/cases/<slug>/in/<language>/delete", methods=["GET", "POST"], defaults=CASE)
@changing
def remove_translation(kind: str, slug: str, language: str) -> ResponseReturnValue:
    """Ask, and then remove a translation."""
    original = _get_original(kind, slug)
    found = queries.translation_to_remove(me(), original, language)
    if request.method == "GET":
        seen = fingerprint(found.said)
        context = {"translation": found, "original": original, "seen": seen}
        return render_template("parallels/remove.html", **context)
    actions.remove_translation(me(), found.id, seen=request.form.get("seen"))
    return web.done(_("The translation is removed."), original_address(original))
