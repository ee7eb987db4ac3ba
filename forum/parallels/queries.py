"""Translations that a reader may see, comparing them with their originals, and rows for actions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from forum.db import db
from forum.errors import NotFound, or_not_found
from forum.glossary.queries import entries_in
from forum.history.queries import Edit, differences, versions_of
from forum.library.models import PUBLISHED, Case, Practice
from forum.library.queries import (
    FAILURE,
    FIGURE_PARTS,
    SECTIONS,
    case_by_id,
    case_to_change,
    cases_to_index,
    practice_by_id,
    practice_to_change,
    practices_to_index,
    sections_for,
    visible_cases,
    visible_practices,
)
from forum.members.models import Member
from forum.members.queries import language_names, languages
from forum.parallels.models import (
    BODY,
    FIGURES,
    FigureWords,
    TranslatedPart,
    Translation,
    digest,
    in_lines,
)
from forum.permissions import MEMBERS, PUBLIC, Person, require
from forum.plaintext import BAR, fold, split_parts
from forum.reach import is_on_open_agenda, moderated_by, read_by, reads
from forum.rules.models import said_of_ground

Original = Practice | Case
MAX_EXPRESSIONS = 40  # entries of the glossary that a form shows
MAX_LISTED = 200  # translations of one page; there is at most one for each language
_TOLD = ("audience", "failure_audience", "language")
_SIGNED = (*_TOLD, "title", "sentence", *SECTIONS, BODY, FIGURES)
_SIGN = 6  # characters of a hash


# Reading


def visible_translations(reader: Person) -> Select[Any]:
    """The translations that a reader may see: their originals are visible to the reader now, and were when they were translated.

    Hidden ones only for moderators of the agenda and the writers.
    """
    practices = visible_practices(reader).with_only_columns(Practice.id)
    cases = visible_cases(reader).with_only_columns(Case.id)
    is_mine = [is_written_by(reader.id)] if reader.is_member and reader.id else []
    is_shown = Translation.hidden_at.is_(None)
    return select(Translation).where(
        Translation.deleted_at.is_(None),
        read_by(reader, Translation.audience),
        or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases)),
        or_(is_shown, _is_moderated_by(reader), *is_mine),
    )


def is_written_by(member_id: int) -> ColumnElement[bool]:
    """SQL condition: a member has begun a translation, or wrote its present words."""
    return or_(Translation.translator_id == member_id, Translation.writer_id == member_id)


def shown_translations(reader: Person) -> Select[Any]:
    """Visible translations without hidden ones, for lists."""
    return visible_translations(reader).where(Translation.hidden_at.is_(None))


def _is_moderated_by(reader: Person) -> ColumnElement[bool]:
    practices = select(Practice.id).where(moderated_by(reader, Practice.agenda_id))
    cases = select(Case.id).where(moderated_by(reader, Case.agenda_id))
    return or_(Translation.practice_id.in_(practices), Translation.case_id.in_(cases))


def is_of(original: Original) -> ColumnElement[bool]:
    """SQL condition: a translation is one of a practice or case."""
    is_practice = isinstance(original, Practice)
    column = Translation.practice_id if is_practice else Translation.case_id
    return column == original.id


def languages_of(reader: Person, original: Original) -> list[str]:
    """The languages (codes) into which a page is translated for this reader: the reader's own first, then by name."""
    found = shown_translations(reader).where(is_of(original))
    codes = db.session.scalars(found.with_only_columns(Translation.language).limit(MAX_LISTED))
    names = language_names()
    return sorted(codes, key=lambda code: (code != reader.language, fold(names[code])))


def get_translation(reader: Person, original: Original, language: str) -> Translation:
    """The translation of a visible practice or case into a language; raises `NotFound`."""
    here = is_of(original), Translation.language == language
    query = _whole(visible_translations(reader).where(*here))
    found: Translation | None = db.session.scalar(query)
    if found is None:
        raise _why_not_shown(reader, original, language)
    _set_original(found, original)
    return found


def translation_by_id(reader: Person, translation_id: int) -> Translation:
    """The translation with this id and its original, or `NotFound`."""
    query = visible_translations(reader).where(Translation.id == translation_id)
    known: Translation | None = db.session.scalar(_whole(query))
    found = or_not_found(known)
    _set_original(found, _original_of(reader, found))
    return found


def translation_if_there(reader: Person, translation_id: int) -> Translation | None:
    """The translation with this id and its original; None where the reader finds none."""
    try:
        return translation_by_id(reader, translation_id)
    except NotFound:
        return None


def with_parts(translation: Translation) -> Translation:
    """A translation with its parts, read afresh, for a writer whose translation is hidden."""
    mine = select(TranslatedPart).where(TranslatedPart.translation_id == translation.id)
    parts = db.session.scalars(mine.order_by(TranslatedPart.position)).all()
    set_committed_value(translation, "parts", list(parts))
    return translation


def _original_of(reader: Person, translation: Translation) -> Original:
    if translation.practice_id:
        return practice_by_id(reader, translation.practice_id)
    return case_by_id(reader, translation.case_id or 0)


def _set_original(translation: Translation, original: Original) -> None:
    set_committed_value(translation, _kind_of(original), original)


def _kind_of(original: Original) -> str:
    return "practice" if isinstance(original, Practice) else "case"


def _whole(found: Select[Any]) -> Select[Any]:
    who = joinedload(Translation.translator)
    people = who.joinedload(Member.city), who.joinedload(Member.organisation)
    return found.options(*people, selectinload(Translation.parts))


def _why_not_shown(reader: Person, original: Original, language: str) -> NotFound:
    """The `NotFound` of a translation; it gives the reason for hiding if the reader could see it otherwise."""
    hidden = Translation.deleted_at.is_(None), Translation.hidden_at.is_not(None)
    query = select(Translation.id, Translation.hidden_reason).where(
        is_of(original),
        Translation.language == language,
        read_by(reader, Translation.audience),
        *hidden,
    )
    row = db.session.execute(query).first()
    if row is None:
        return NotFound()
    known = _("The moderators have hidden this translation.")
    return NotFound.hidden(known, said_of_ground(row.hidden_reason), ("translation", row.id))


@dataclass(frozen=True)
class ShownPart:
    """A part of a translated page: translated, or else that of the original, with its language."""

    name: str
    html: Markup
    language: str
    is_translated: bool = True


def shown_parts(reader: Person, translation: Translation) -> list[ShownPart]:
    """The parts of the present original that the reader may see, translated where there is a translation."""
    translated = {
        part.name: part for part in translation.parts if _reads_part(reader, translation, part.name)
    }
    language, original = translation.language, translation.original
    shown = []
    for name, html in _parts_of(reader, original):
        part = translated.get(name)
        shown.append(
            ShownPart(name, part.html, language)
            if part
            else ShownPart(name, html, original.language, is_translated=False)
        )
    return shown


def said_to(reader: Person, translation: Translation) -> dict[str, str]:
    """The texts of a translation by name, limited to parts that the original has and the reader may see."""
    known = texts_of(reader, translation.original)
    return {
        name: text
        for name, text in translation.said.items()
        if text and name in known and _reads_part(reader, translation, name)
    }


def _reads_part(reader: Person, translation: Translation, name: str) -> bool:
    return name != FAILURE or reads(reader, translation.failure_audience)


def _parts_of(reader: Person, original: Original) -> list[tuple[str, Markup]]:
    if isinstance(original, Practice):
        return [(part.name, part.html) for part in sections_for(reader, original)]
    return [(BODY, Markup("\n").join(paragraph.html for paragraph in original.paragraphs))]


def original_at(reader: Person, path: str) -> Original | None:
    """The published practice or case at a path such as /practices/quiet-asphalt, if the reader may see it; else None.

    A case has its figures loaded.
    """
    kind, _slash, slug = path.strip("/").partition("/")
    if kind == "practices":
        query = visible_practices(reader).where(Practice.slug == slug, Practice.state == PUBLISHED)
    else:
        query = visible_cases(reader).where(Case.slug == slug).options(selectinload(Case.figures))
    found: Original | None = db.session.scalars(query).first()
    return found


def with_originals(reader: Person, translations: Sequence[Translation]) -> list[Translation]:
    """The translations among these whose originals are published and visible to the reader, with these originals loaded."""
    ids = (
        {translation.practice_id for translation in translations},
        {translation.case_id for translation in translations},
    )
    practices = visible_practices(reader).where(Practice.id.in_(ids[0] - {None}))
    practices = practices.options(joinedload(Practice.agenda), selectinload(Practice.sections))
    cases = visible_cases(reader).where(Case.id.in_(ids[1] - {None}))
    texts = selectinload(Case.paragraphs), selectinload(Case.figures)
    cases = cases.options(joinedload(Case.agenda), *texts)
    known: dict[tuple[str, int], Original] = {
        (_kind_of(original), original.id): original
        for query in (practices, cases)
        for original in db.session.scalars(query)
        if original.is_told
    }
    found = []
    for translation in translations:
        key = translation.kind, translation.practice_id or translation.case_id or 0
        if key in known:
            _set_original(translation, known[key])
            found.append(translation)
    return found


# The texts of an original


def texts_of(reader: Person, original: Original) -> dict[str, str]:
    """The translatable texts of a practice or case that the reader may see, by name, in order.

    Those that are empty are left out.
    """
    if isinstance(original, Practice):
        parts = {part.name: part.source for part in sections_for(reader, original)}
        said = {"title": original.title, "sentence": original.sentence, **parts}
    else:
        said = _fields_of(original)
    return {name: text for name, text in said.items() if text.strip()}


def all_texts(original: Original) -> dict[str, str]:
    """All translatable texts, whoever may read "what did not work": for hashes, never for pages."""
    if isinstance(original, Case):
        return _of_fields(_fields_of(original))
    parts = {part.name: part.source for part in original.sections}
    return _of_fields({"title": original.title, "sentence": original.sentence, **parts})


def _fields_of(case: Case) -> dict[str, str]:
    words = {"title": case.name, "sentence": case.summary, BODY: case.body}
    return words | {FIGURES: in_lines(figures_of(case))}


def _of_fields(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in fields.items() if text.strip()}


def figures_of(original: Original) -> list[tuple[str, str]]:
    """Label and unit of each figure of a case, in order and without repetition; empty for a practice."""
    figures = [] if isinstance(original, Practice) else original.figures
    return list(dict.fromkeys((figure.label, figure.unit) for figure in figures))


def named_figures(translation: Translation) -> dict[tuple[str, str], FigureWords]:
    """The translated names of a case's present figures, by label and unit in the original."""
    known = set(figures_of(translation.original))
    return {words[:2]: words for words in translation.figure_words if words[:2] in known}


def figures_to_name(translation: Translation | None, original: Original) -> list[FigureWords]:
    """Each figure of a case with its name in a translation, which may be empty."""
    known = named_figures(translation) if translation else {}
    return [known.get(key) or FigureWords(*key, "") for key in figures_of(original)]


def digests(texts: Mapping[str, str]) -> dict[str, str]:
    """A hash of each text, by name."""
    return {name: digest(text) for name, text in texts.items()}


def signs_of(original: Original) -> str:
    """Short hashes of an original's texts and audiences, separated by spaces, for a hidden field."""
    told = {name: str(getattr(original, name, PUBLIC)) for name in _TOLD} | all_texts(original)
    return " ".join(digest(told.get(name, ""))[:_SIGN] for name in _SIGNED)


def names_since(signs: str, original: Original) -> set[str]:
    """The names of what has changed in an original since `signs_of` made `signs`; none if that is empty."""
    if not signs:
        return set()
    pairs = zip_longest(_SIGNED, signs.split()[: len(_SIGNED)], signs_of(original).split())
    return {name for name, before, present in pairs if before != present}


def changed_texts(reader: Person, translation: Translation) -> set[str]:
    """The names of the original's texts that have changed since the translation, as far as the reader may see them."""
    return _differing(texts_of(reader, translation.original), translation)


def _differing(texts: Mapping[str, str], translation: Translation) -> set[str]:
    now_there, before = digests(texts), translation.made_from
    return {name for name, sign in now_there.items() if before.get(name) != sign}


def is_outdated(translation: Translation) -> bool:
    """Whether any text of the original was changed, added or removed since, whoever may read it."""
    return digests(all_texts(translation.original)) != translation.made_from


@dataclass(frozen=True)
class Change:
    """When the original was changed after the translation, and the version replaced then, if there is one."""

    at: datetime
    version_id: int | None = None


def first_change(translation: Translation) -> Change:
    """The first change of the texts of an outdated translation's original."""
    original = translation.original
    kept = versions_of(_kind_of(original), original.id)
    since = [version for version in reversed(kept) if version.replaced_at > translation.checked_at]
    present = all_texts(original)
    for number, version in enumerate(since):
        after = _texts_in(since[number + 1].fields, present) if since[number + 1 :] else present
        if digests(after) != translation.made_from:
            return Change(version.replaced_at, version.id)
    return Change(max(original.updated_at, translation.checked_at))


def _texts_in(fields: Mapping[str, Any], present: Mapping[str, str]) -> dict[str, str]:
    """The texts in a version of an original; the history of cases has other names for them."""
    named = {"title": fields.get("title") or fields.get("name") or ""}
    named["sentence"] = fields.get("sentence") or fields.get("summary") or ""
    named[FIGURES] = _figures_in(str(fields.get(FIGURES) or ""))
    others = {*present, BODY, *SECTIONS} - named.keys()
    return _of_fields(named | {name: str(fields.get(name) or "") for name in others})


def _figures_in(lines: str) -> str:
    """The labels and units in the figures of a version of a case, as `figures_of` has them."""
    rows = [split_parts(BAR, line, most=len(FIGURE_PARTS)) for line in lines.split("\n") if line]
    places = [FIGURE_PARTS.index(name) for name in ("label", "unit")]
    pairs = [tuple(row[place] if place < len(row) else "" for place in places) for row in rows]
    return in_lines(dict.fromkeys(pairs))


# Writing


def original_to_translate(member: Person, original: Original) -> Original:
    """A visible practice or case, if the member may translate it; raises `Forbidden`."""
    require(member.can.add_translation(original))
    return original


def may_translate(reader: Person, original: Original) -> bool:
    """Whether the page of a practice or case offers its reader to translate it."""
    return bool(reader.can.add_translation(original))


def languages_left(original: Original) -> list[tuple[str, str]]:
    """Code and own name of the languages into which a page can still be translated; hidden translations count, too."""
    there = select(Translation.language).where(is_of(original), Translation.deleted_at.is_(None))
    taken = {original.language, *db.session.scalars(there.limit(MAX_LISTED))}
    return [(code, name) for code, name in languages() if code not in taken]


class Expression(NamedTuple):
    """An entry of the glossary that occurs in an original: its name there, its names in the other language, its slug."""

    name: str
    names: tuple[str, ...]
    slug: str


def expressions_in(texts: Mapping[str, str], language: str, into: str) -> list[Expression]:
    """The entries of the glossary that occur in some texts and have a name in the language of the translation."""
    found = []
    for entry in entries_in("\n".join(texts.values()), language, MAX_EXPRESSIONS):
        names = {wording.language: wording.names for wording in entry.wordings}
        if into in names:
            found.append(Expression(names[language][0], names[into], entry.slug))
    return found


def translation_to_correct(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may correct it; raises `Forbidden` or `NotFound`."""
    found = get_translation(member, original, language)
    require(member.can.correct_translation(found))
    return found


def translation_to_put_back(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may restore an earlier version; raises `Forbidden` or `NotFound`."""
    found = translation_to_correct(member, original, language)
    require(member.can.put_translation_back(found))
    return found


def translation_to_remove(member: Person, original: Original, language: str) -> Translation:
    """A translation, if the member may remove it; raises `Forbidden` or `NotFound`."""
    found = get_translation(member, original, language)
    require(member.can.remove_translation(found))
    return found


def fields_of(translation: Translation) -> dict[str, str]:
    """The fields of a translation that its history keeps and compares, with their audiences."""
    audiences = {name: getattr(translation, name) for name in ("audience", "failure_audience")}
    return translation.said | audiences


def edits_of(reader: Person, translation: Translation) -> list[Edit]:
    """The edits of a translation, newest first; only between versions whose audiences include the reader."""
    after: Mapping[str, Any] = fields_of(translation)
    edits = []
    for version in versions_of("translation", translation.id):
        before = version.fields
        if all(reads(reader, said["audience"]) for said in (before, after)):
            texts = [_without_withheld(reader, translation, said) for said in (before, after)]
            if FAILURE not in texts[0] or FAILURE not in texts[1]:
                texts = [{k: v for k, v in said.items() if k != FAILURE} for said in texts]
            texts = [_with_plain_bars(said) for said in texts]
            edits.append(Edit(version, texts[0], differences(*texts)))
        after = before
    return edits


def _with_plain_bars(said: Mapping[str, Any]) -> dict[str, Any]:
    """A version with unescaped bars in the names of its figures."""
    figures = {FIGURES: str(said[FIGURES]).replace("\\|", "|")} if FIGURES in said else {}
    return {**said, **figures}


def _without_withheld(
    reader: Person, translation: Translation, said: Mapping[str, Any]
) -> dict[str, Any]:
    """A version without "what did not work", unless both it and the present original show that to the reader."""
    original = translation.original
    now_for = original.failure_audience if isinstance(original, Practice) else PUBLIC
    if all(reads(reader, audience) for audience in (said["failure_audience"], now_for)):
        return {FAILURE: "", **said}
    return {name: text for name, text in said.items() if name != FAILURE}


# For actions and the worker


def original_to_change(doer: Person, kind: str, item_id: int) -> Original:
    """The practice or case with this id, locked; raises `NotFound`."""
    return (
        practice_to_change(doer, item_id) if kind == "practice" else case_to_change(doer, item_id)
    )


def translation_to_change(doer: Person, translation_id: int) -> Translation:
    """One translation, locked after its original, so that the audience of that cannot change meanwhile; raises `NotFound`."""
    mine = visible_translations(doer).where(Translation.id == translation_id)
    ids = mine.with_only_columns(Translation.practice_id, Translation.case_id)
    practice_id, case_id = or_not_found(db.session.execute(ids).first())
    kind = "practice" if practice_id else "case"
    original = original_to_change(doer, kind, practice_id or case_id or 0)
    locked = _whole(mine).with_for_update(of=Translation).execution_options(populate_existing=True)
    known: Translation | None = db.session.scalars(locked).first()
    found = or_not_found(known)
    _set_original(found, original)
    return found


def translation_in(original: Original, language: str) -> Translation | None:
    """The translation of a locked original into a language, hidden or not; None if there is none."""
    here = is_of(original), Translation.language == language, Translation.deleted_at.is_(None)
    found: Translation | None = db.session.scalar(select(Translation).where(*here))
    return found


def translation_by_submission_key(translator: Person, key: str | None) -> Translation | None:
    """The translation that the member's form with this submission key has made already, or None."""
    if not key:
        return None
    mine = Translation.translator_id == translator.id, Translation.submission_key == key
    found: Translation | None = db.session.scalar(select(Translation).where(*mine))
    return found


def translations_by_id(translation_ids: Collection[int]) -> Sequence[Translation]:
    """Translations in any state with their originals and parts, locked after these, in the order of their ids: for the worker."""
    which = select(Translation.id, Translation.practice_id, Translation.case_id)
    rows = db.session.execute(which.where(Translation.id.in_(translation_ids))).all()
    practices = practices_to_index({row.practice_id for row in rows if row.practice_id})
    cases = cases_to_index({row.case_id for row in rows if row.case_id})
    of = {("practice", practice.id): practice for practice in practices} | {
        ("case", case.id): case for case in cases
    }
    ids = [row.id for row in rows]
    locked = _whole(select(Translation).where(Translation.id.in_(ids))).order_by(Translation.id)
    found = db.session.scalars(
        locked.with_for_update(of=Translation).execution_options(populate_existing=True)
    ).all()
    for translation in found:
        _set_original(
            translation, of[translation.kind, translation.practice_id or translation.case_id or 0]
        )
    return found


def ids_of_changed(limit: int) -> list[int]:
    """The ids of translations whose original has changed since the worker looked at them, or is deleted.

    Hidden, withdrawn and unopened originals are left out until they are visible again, so that nobody is told their text.
    """
    is_told = and_(_has_changed(Practice), Practice.state == PUBLISHED)
    practices = (
        select(Translation.id)
        .join(Practice, Practice.id == Translation.practice_id)
        .where(or_(is_told, Practice.deleted_at.is_not(None)))
    )
    cases = (
        select(Translation.id).join(Case, Case.id == Translation.case_id).where(_has_changed(Case))
    )
    ids = [
        *db.session.scalars(practices.where(Translation.deleted_at.is_(None)).limit(limit)),
        *db.session.scalars(cases.where(Translation.deleted_at.is_(None)).limit(limit)),
    ]
    return sorted(ids)[:limit]


def _has_changed(model: type[Practice] | type[Case]) -> ColumnElement[bool]:
    is_open = is_on_open_agenda(model.agenda_id)
    return and_(model.updated_at > Translation.looked_at, model.hidden_at.is_(None), is_open)


def ids_written_by(member_id: int) -> list[int]:
    """The ids of the translations that a member has begun or last corrected."""
    return sorted(db.session.scalars(select(Translation.id).where(is_written_by(member_id))))


def ids_of_practice(practice_id: int) -> list[int]:
    """The ids of the translations of a practice, also hidden ones."""
    there = Translation.practice_id == practice_id, Translation.deleted_at.is_(None)
    return sorted(db.session.scalars(select(Translation.id).where(*there)))


def has_document(translation: Translation) -> bool:
    """Whether a translation is in the search index: it and its published original exist."""
    original = translation.original
    is_there = translation.deleted_at is None
    if isinstance(original, Practice):
        return is_there and original.state == PUBLISHED and original.deleted_at is None
    return is_there


def audience_now(translation: Translation) -> str:
    """Who may read a translation: who may read the original now, and could when it was translated."""
    original = translation.original
    now_for = original.audience if isinstance(original, Practice) else PUBLIC
    return MEMBERS if MEMBERS in (now_for, translation.audience) else PUBLIC


def failure_audience_now(translation: Translation) -> str:
    """The audience of "what did not work" in a translation."""
    original = translation.original
    now_for = original.failure_audience if isinstance(original, Practice) else PUBLIC
    wanted = (audience_now(translation), now_for, translation.failure_audience)
    return MEMBERS if MEMBERS in wanted else PUBLIC


def stays_with_members(translation: Translation) -> bool:
    """Whether a translation, or its "what did not work", stays for members although the original is public now."""
    original = translation.original
    names = ("audience", "failure_audience") if isinstance(original, Practice) else ()
    return any(
        getattr(translation, name) == MEMBERS and getattr(original, name) == PUBLIC
        for name in names
    )
