"""Translations that somebody has begun, and corrections of them: drafts that the dialogue room keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from forum.db import db
from forum.dialogue.models import Draft
from forum.dialogue.queries import BegunText, rows_in, says_the_same_words, words_begun
from forum.library.models import Case, Practice
from forum.library.queries import SECTIONS, visible_cases, visible_practices
from forum.parallels.models import BODY, FIGURES, Translation
from forum.parallels.queries._originals import Original, kind_of, set_original
from forum.parallels.queries.reading import visible_translations
from forum.permissions import Person

PARTS = (*SECTIONS, BODY)
# The kinds of drafts: of corrections, whose number is that of the translation, and of new translations
CORRECTION = "translation"
NEW = {"practice": "translation of practice", "case": "translation of case"}
# The fields into which a translator types
TYPED_FIELDS = ("title", "sentence", *PARTS, f"{FIGURES}-label", f"{FIGURES}-unit")
FIGURE_PARTS = ("of_label", "of_unit", "label", "unit")


def begun_translations(member: Person, drafts: Sequence[Draft]) -> dict[int, BegunText]:
    """What is begun in those of one's own drafts that are of translations, by the id of the draft."""
    mine = [draft for draft in drafts if draft.kind in (CORRECTION, *NEW.values())]
    if not mine:
        return {}
    translations = _translations(member, _ids(mine, CORRECTION))
    practices = _ids(mine, NEW["practice"]) | _of("practice_id", translations)
    cases = _ids(mine, NEW["case"]) | _of("case_id", translations)
    originals = _originals(member, practices, cases)
    by_id = {}
    for translation in translations:
        original_id = translation.practice_id or translation.case_id or 0
        if original := originals.get((translation.kind, original_id)):
            set_original(translation, original)
            by_id[translation.id] = translation

    def begun(draft: Draft) -> BegunText:
        number = draft.item_id or 0
        if draft.kind == CORRECTION:
            return _begun_correction(member, draft, by_id.get(number))
        kind = draft.kind.removeprefix("translation of ")
        return _begun_translation(member, draft, originals.get((kind, number)))

    return {draft.id: begun(draft) for draft in mine}


def _begun_correction(member: Person, draft: Draft, found: Translation | None) -> BegunText:
    label, words = _("Translation"), words_begun(draft, TYPED_FIELDS)
    if found is None:
        return BegunText(label, words, "", _("This translation is not there any more."))
    return BegunText(
        label,
        words,
        go_on=f"{found.address}/edit?draft={draft.id}",
        why_not=str(member.can.correct_translation(found).why_not or ""),
        title=found.title,
        language=found.language,
        page=found.address,
    )


def _begun_translation(member: Person, draft: Draft, original: Original | None) -> BegunText:
    label, words = _("Translation"), words_begun(draft, TYPED_FIELDS)
    if original is None:
        return BegunText(label, words, "", _("What it translates is not there any more."))
    page = f"/{kind_of(original)}s/{original.slug}"
    return BegunText(
        label,
        words,
        go_on=f"{page}/translate?draft={draft.id}",
        why_not=str(member.can.add_translation(original).why_not or ""),
        title=original.title if isinstance(original, Practice) else original.name,
        language=original.language,
        page=page,
        is_translation=True,
    )


def _ids(drafts: Sequence[Draft], kind: str) -> set[int]:
    return {draft.item_id for draft in drafts if draft.kind == kind and draft.item_id}


def _of(column: str, translations: Sequence[Translation]) -> set[int]:
    return {getattr(translation, column) for translation in translations} - {None}


def _translations(member: Person, ids: set[int]) -> Sequence[Translation]:
    if not ids:
        return ()
    return db.session.scalars(visible_translations(member).where(Translation.id.in_(ids))).all()


def _originals(
    member: Person, practice_ids: set[int], case_ids: set[int]
) -> dict[tuple[str, int], Original]:
    """The practices and cases of these ids that a member sees, by kind and id."""
    found: list[Original] = []
    if practice_ids:
        practices = visible_practices(member).where(Practice.id.in_(practice_ids))
        found += db.session.scalars(practices.options(joinedload(Practice.agenda))).unique()
    if case_ids:
        cases = visible_cases(member).where(Case.id.in_(case_ids))
        found += db.session.scalars(cases.options(joinedload(Case.agenda))).unique()
    return {(kind_of(original), original.id): original for original in found}


def says_already(translation: Translation, fields: Sequence[tuple[str, str]]) -> bool:
    """Whether a translation has just the words that its form holds (`fields` as in `Draft`)."""
    said = translation.said
    lines = {name: said.get(name, "") for name in ("title", "sentence")}
    texts = {name: said.get(name, "") for name in PARTS}
    rows = rows_in(FIGURES, dict(fields))
    named = [dict(zip(FIGURE_PARTS, row, strict=False)) for row in translation.figures]
    return _named(rows) == _named(named) and says_the_same_words(fields, lines, texts)


def _named(rows: Sequence[Mapping[str, str]]) -> set[tuple[str, ...]]:
    """The figures that have a name in the translation, however they are ordered."""
    typed = [tuple(row.get(part, "") for part in FIGURE_PARTS) for row in rows]
    return {row for row in typed if any(row[2:])}
