"""Adding, correcting, confirming and removing translations, hiding them, and telling translators when an original has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db, flush_unique, store_html
from forum.deeds import action, touches
from forum.errors import Conflict, Invalid
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.illustrations import names_in
from forum.library.models import Practice
from forum.library.queries import FAILURE, SECTIONS
from forum.markup import PlainTexts, Written, write
from forum.matches import combine, from_plain_text
from forum.members.queries import language_names, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_told,
    note_event,
    read_outdated,
    restore_told,
)
from forum.parallels.models import BODY, FIGURES, FigureWords, TranslatedPart, Translation
from forum.parallels.queries import (
    Original,
    all_texts,
    audience_now,
    digests,
    failure_audience_now,
    fields_of,
    figures_of,
    has_document,
    ids_of_changed,
    ids_of_practice,
    ids_written_by,
    is_outdated,
    named_figures,
    names_since,
    original_to_change,
    translation_by_submission_key,
    translation_in,
    translation_to_change,
    translations_by_id,
)
from forum.permissions import MEMBERS, PUBLIC, Person, require
from forum.pictures import actions as pictures
from forum.plaintext import single_line, tidy
from forum.screening.actions import refuse_caught
from forum.screening.queries import Sending
from forum.search import actions as search
from forum.search.models import TRANSLATED_FAILURE, TRANSLATION
from forum.sentences import Sentence, sentence

# Some languages need more letters than that of the original
MAX_TITLE, MAX_SENTENCE, MAX_FIGURE_PART = 250, 500, 250  # characters
PARTS = (*SECTIONS, BODY)
BATCH_SIZE = 50  # translations that one transaction looks at
APPEARED = sentence("It has been translated into another language.")
OUTDATED = sentence("The original has changed since. Is the translation still right?")


@dataclass(frozen=True)
class TranslationText:
    """What a member writes: the title, the sentence or summary, the parts in Markdown by name, and what figures are called.

    All but the title may be empty. It renders its Markdown when it is created, so create it before an action. `written` are the parts that are not empty.
    """

    language: str
    title: str
    sentence: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[FigureWords] = ()
    opening: Written = field(init=False)
    written: Mapping[str, Written] = field(init=False)

    def __post_init__(self) -> None:
        sources = {name: tidy(self.parts.get(name, "")) for name in PARTS}
        written = {
            name: write(text, self.language) for name, text in sources.items() if text.strip()
        }
        object.__setattr__(self, "opening", write(self.sentence, self.language))
        object.__setattr__(self, "written", written)
        object.__setattr__(
            self, "figures", [figure for figure in self.figures if figure.label or figure.unit]
        )

    @property
    def plain(self) -> PlainTexts:
        """The plain texts of the sentence and the parts, by source."""
        parts = {text.source: text.plain for text in self.written.values()}
        return PlainTexts({self.sentence: self.opening.plain, **parts})


# Members


@action
def add_translation(
    member: Person,
    kind: str,
    item_id: int,
    text: TranslationText,
    key: str | None = None,
    *,
    signs: str = "",
) -> Translation:
    """Add a translation of a practice or case into a new language, and notify the author of the original.

    A form that is sent twice has the same submission `key` and adds one translation. A text that a rule catches is refused,
    because it has nowhere to wait. `signs` are those of the original when the form was opened: `Invalid` when it says
    something else since, so that nothing counts as made from what its translator has not read.
    """
    lock_writer(member)
    original = original_to_change(member, kind, item_id)
    require(member.can.add_translation(original))
    if known := translation_by_submission_key(member, key):
        return translation_to_change(member, known.id)
    _check(text, original)
    _refuse_unread(signs, original)
    _check_language(text, original)
    translation = _new(
        original, text, now(), translator_id=member.id, writer_id=member.id, submission_key=key
    )
    translation.parts = []
    _show_pictures(member, translation, text)
    _fill(translation, text)
    _screen(member, translation, text, Sending.NEW)
    db.session.add(translation)
    flush_unique()
    _index(member, translation, text.plain)
    _tell_author(member, translation)
    return translation


@action
def correct_translation(
    member: Person,
    translation_id: int,
    text: TranslationText,
    *,
    seen: str | None = None,
    signs: str = "",
) -> Translation:
    """Replace the text of a translation and keep a version of the former one; it then counts as made from the present original.

    `seen` is the `fingerprint` of its fields when the form was opened: `Conflict` when they have changed since. `signs` as for
    `add_translation`.
    """
    lock_writer(member)
    translation = translation_to_change(member, translation_id)
    require(member.can.correct_translation(translation))
    _check(text, translation.original)
    before, said = fields_of(translation), translation.said
    refuse_unseen(seen, said)
    _refuse_unread(signs, translation.original)
    text = _with_kept_parts(translation, text)
    _show_pictures(member, translation, text)
    _fill(translation, text)
    if translation.said != said:
        _screen(member, translation, text, Sending.EDITED)
        keep_version(member, "translation", translation.id, before)
        translation.edited_at, translation.writer_id = now(), member.id
    _note_compared(member, translation)
    _index(member, translation, text.plain)
    return translation


@action
def confirm_translation(member: Person, translation_id: int, signs: str = "") -> Translation:
    """Say that a translation is still right, although its original has changed; `signs` as for `add_translation`."""
    lock_writer(member)
    translation = translation_to_change(member, translation_id)
    require(member.can.correct_translation(translation))
    if names_since(signs, translation.original):
        raise Conflict(_("The original has changed once more. Read it again before you answer."))
    _note_compared(member, translation)
    _index(member, translation, _plain(translation))
    return translation


@action
def remove_translation(member: Person, translation_id: int) -> Translation:
    """Delete a translation with its texts and versions."""
    translation = translation_to_change(member, translation_id)
    require(member.can.remove_translation(translation))
    _delete(member, translation)
    return translation


def _new(
    original: Original, text: TranslationText, moment: datetime, **columns: object
) -> Translation:
    is_practice = isinstance(original, Practice)
    translation = Translation(
        practice_id=original.id if is_practice else None,
        case_id=None if is_practice else original.id,
        language=text.language,
        title="",
        sentence="",
        created_at=moment,
        **columns,
    )
    if isinstance(original, Practice):
        translation.practice = original
    else:
        translation.case = original
    _compare(translation)
    return translation


def _compare(translation: Translation) -> None:
    """Record that a translation corresponds to the present original, with the present audiences."""
    original = translation.original
    translation.made_from, translation.checked_at = digests(all_texts(original)), now()
    translation.looked_at, translation.told_at = original.updated_at, None
    for name in ("audience", "failure_audience"):
        setattr(translation, name, getattr(original, name, PUBLIC))


def _note_compared(member: Person, translation: Translation) -> None:
    _compare(translation)
    read_outdated(member, "translation", [translation.address], [translation.translator_id])


def _fill(translation: Translation, text: TranslationText) -> None:
    translation.title = single_line(text.title)
    translation.sentence = single_line(text.sentence)
    existing = {part.name: part for part in translation.parts}
    parts = []
    for position, name in enumerate(PARTS, 1):
        if name in text.written:
            part, written = existing.get(name) or TranslatedPart(name=name), text.written[name]
            part.position, part.source = position, written.source
            part.html, part.html_version = written.html, written.html_version
            parts.append(part)
    translation.parts = parts
    translation.figures = [list(figure) for figure in text.figures]


def _with_kept_parts(translation: Translation, text: TranslationText) -> TranslationText:
    """A text completed by the parts and figures that the form left out because the original no longer has them."""
    asked, named = all_texts(translation.original), figures_of(translation.original)
    kept = {part.name: part.source for part in translation.parts if part.name not in asked}
    opening = text.sentence if "sentence" in asked else translation.sentence
    figures = [words for words in translation.figure_words if words[:2] not in named]
    if not (kept or figures) and opening == text.sentence:
        return text
    parts = {**text.parts, **kept}
    return replace(text, sentence=opening, parts=parts, figures=[*text.figures, *figures])


def _show_pictures(member: Person, translation: Translation, text: TranslationText) -> None:
    """Record which pictures a translation shows. Allowed are those of the original and those that the member may show."""
    original = translation.original
    known = [text_ for texts in (all_texts(original), translation.said) for text_ in texts.values()]
    before = {name for text in known for name in names_in(text)}
    for name, written in text.written.items():
        pictures.show(member, written.pictures, original.agenda_id, before, name)


def _screen(
    member: Person, translation: Translation, text: TranslationText, sending: Sending
) -> None:
    words = [word for figure in text.figures for word in (figure.label, figure.unit)]
    texts = [text.opening, *text.written.values(), from_plain_text(*words).text]
    said = combine(texts, text.title)
    refuse_caught(member, translation.agenda_id, said, "title", sending)


def _check(text: TranslationText, original: Original) -> None:
    if not 0 < len(single_line(text.title)) <= MAX_TITLE:
        raise Invalid(_("Write between 1 and %(most)s characters.", most=MAX_TITLE), "title")
    if len(text.sentence) > MAX_SENTENCE:
        most = MAX_SENTENCE
        raise Invalid(_("Write at most %(most)s characters.", most=most), "sentence")
    if text.opening.pictures:
        raise Invalid(
            _("Only words go here. Put the picture or file into the text below."), "sentence"
        )
    known = all_texts(original)
    for name in filter(None, ("sentence" if text.sentence.strip() else "", *text.written)):
        if name not in known:
            raise Invalid(_("The original has no such part any more. Leave this empty."), name)
    _check_figures(text, original)


def _check_figures(text: TranslationText, original: Original) -> None:
    known, said = figures_of(original), [figure[:2] for figure in text.figures]
    if not set(said) <= set(known):
        raise Invalid(_("The original has no such figure any more. Leave this empty."), FIGURES)
    if len(said) != len(set(said)):
        raise Invalid(_("Each figure has one name."), FIGURES)
    for figure in text.figures:
        if max(map(len, figure[2:])) > MAX_FIGURE_PART:
            raise Invalid(_("Write at most %(most)s characters.", most=MAX_FIGURE_PART), FIGURES)


def _refuse_unread(signs: str, original: Original) -> None:
    if names_since(signs, original):
        raise Invalid(
            _(
                "The original has changed since you opened the form. Compare both, and send it again."
            )
        )


def _check_language(text: TranslationText, original: Original) -> None:
    if text.language not in language_names() or text.language == original.language:
        raise Invalid(_("Choose one from the list."), "language")
    if translation_in(original, text.language):
        said = _("This page has a translation into this language meanwhile. Correct that one.")
        raise Invalid(said, "language")


def _tell_author(member: Person, translation: Translation) -> None:
    author_id = translation.original.written_by_id
    note_event(member, _notice(translation, [APPEARED]), [author_id])


def _notice(translation: Translation, before: Sequence[Sentence]) -> NoticeText:
    """A notice about a translation, with the title of the original; it is hidden together with the topic of the original."""
    original = translation.original
    title = original.title if isinstance(original, Practice) else original.name
    return NoticeText(
        "translation",
        translation.address,
        title,
        "",
        original.topic_id,
        before=before,
        language=original.language,
    )


def _delete(doer: Person, translation: Translation) -> None:
    for name in (TRANSLATION, TRANSLATED_FAILURE):
        search.unindex(doer, name, translation.id)
    forget_versions(doer, "translation", translation.id)
    hide_told(doer, "translation", translation.address)
    translation.deleted_at, translation.submission_key = now(), None
    translation.title, translation.sentence, translation.parts = "", "", []
    translation.figures = []
    translation.made_from = {}


# Search


def _index(doer: Person, translation: Translation, plain: PlainTexts) -> None:
    """Write the search documents of a translation."""
    things = _known(translation, plain)
    search.index_all(doer, {thing: known for thing, known in things.items() if known})
    for (name, item_id), known in things.items():
        if known is None:
            search.unindex(doer, name, item_id)


def _known(translation: Translation, plain: PlainTexts) -> dict[search.Thing, search.Known | None]:
    """The search entries of a translation: its words, and separately "what did not work", which may have another audience."""
    things: dict[search.Thing, search.Known | None] = {
        (name, translation.id): None for name in (TRANSLATION, TRANSLATED_FAILURE)
    }
    if not has_document(translation):
        return things
    there = all_texts(translation.original)
    parts = {part.name: part.source for part in translation.parts if part.name in there}
    failure = parts.pop(FAILURE, "")
    texts = [translation.sentence, *parts.values()]
    audiences = audience_now(translation), translation.audience
    entry = _entry(translation, TRANSLATION, texts, plain, audiences)
    entry = replace(entry, body="\n".join(filter(None, [entry.body, *_figures(translation)])))
    things[TRANSLATION, translation.id] = (entry, translation.hidden_at)
    if failure:
        both = translation.audience, translation.failure_audience
        audiences = failure_audience_now(translation), MEMBERS if MEMBERS in both else PUBLIC
        entry = _entry(translation, TRANSLATED_FAILURE, [failure], plain, audiences)
        things[TRANSLATED_FAILURE, translation.id] = (entry, translation.hidden_at)
    return things


def _figures(translation: Translation) -> list[str]:
    """The translated names of the figures of a case, for search; untranslated ones are found with the case itself."""
    original, words = translation.original, named_figures(translation)
    if isinstance(original, Practice):
        return []
    named = [(words.get((figure.label, figure.unit)), figure) for figure in original.figures]
    return [
        f"{word.label or figure.label}: {figure.value} {word.unit or figure.unit}".rstrip()
        for word, figure in named
        if word
    ]


def _set_audiences(doer: Person, translation: Translation) -> None:
    """Update the audiences of a translation's search documents to those who may read it now."""
    search.set_audience(doer, TRANSLATION, translation.id, audience_now(translation))
    search.set_audience(doer, TRANSLATED_FAILURE, translation.id, failure_audience_now(translation))


def _entry(
    translation: Translation,
    name: str,
    texts: Sequence[str],
    plain: PlainTexts,
    audiences: tuple[str, str],
) -> search.Entry:
    """A search entry; `audiences` are those who find it now, and those for whom its words were written."""
    is_apart = name == TRANSLATED_FAILURE
    return search.Entry(
        kind=name,
        item_id=translation.id,
        address=f"{translation.address}#{FAILURE}" if is_apart else translation.address,
        title=translation.title,
        body="\n".join(plain[text] for text in texts if text),
        written_at=translation.edited_at or translation.created_at,
        agenda_id=translation.agenda_id,
        parent=(translation.kind, translation.original.id),
        language=translation.language,
        audience=audiences[0],
        made_for=audiences[1],
        pictures=tuple(dict.fromkeys(picture for text in texts for picture in names_in(text))),
    )


def _plain(translation: Translation) -> PlainTexts:
    """The plain texts of a stored translation, rendered here; only the worker and few actions need them."""
    sources = [translation.sentence, *(part.source for part in translation.parts)]
    return PlainTexts({source: write(source, translation.language).plain for source in sources})


# Moderators


@action
def hide_translation(moderator: Person, translation_id: int, reason: str = "") -> Translation:
    """Hide a translation: only moderators of its agenda and its writers still find it. Notices about it are hidden, too."""
    translation = translation_to_change(moderator, translation_id)
    require(moderator.can.moderate(translation.agenda_id))
    if translation.hidden_at is None:
        translation.hidden_at, translation.hidden_reason = now(), reason.strip()
        for name in (TRANSLATION, TRANSLATED_FAILURE):
            search.hide(moderator, name, translation.id)
        hide_told(moderator, "translation", translation.address)
    return translation


@action
def restore_translation(moderator: Person, translation_id: int) -> Translation:
    """Show a translation again."""
    translation = translation_to_change(moderator, translation_id)
    require(moderator.can.moderate(translation.agenda_id))
    if translation.hidden_at is not None:
        translation.hidden_at, translation.hidden_reason = None, ""
        for name in (TRANSLATION, TRANSLATED_FAILURE):
            search.restore(moderator, name, translation.id)
        restore_told(moderator, "translation", translation.address, translation.created_at)
    return translation


@action
def find_again(moderator: Person, practice_id: int) -> None:
    """Index the translations of a practice again that is published again."""
    original = original_to_change(moderator, "practice", practice_id)
    require(moderator.can.moderate(original.agenda_id))
    for translation in translations_by_id(ids_of_practice(practice_id)):
        _index(moderator, translation, _plain(translation))


# The worker


@action
def look_after_translations(system: Person, limit: int = BATCH_SIZE) -> int:
    """Notify translators, once each, that an original has changed; delete translations whose original was deleted.

    Returns how many translations it looked at.
    """
    require(system.can.administer())
    found = translations_by_id(ids_of_changed(limit))
    if not found:
        touches()  # no cached page depends on it
    for translation in found:
        original = translation.original
        if isinstance(original, Practice) and original.deleted_at:
            _delete(system, translation)
            continue
        translation.looked_at = original.updated_at
        if is_outdated(translation) and translation.told_at is None:
            translation.told_at = now()
            note_event(
                system,
                _notice(translation, [OUTDATED]),
                [translation.translator_id],
                is_named=False,
            )
        # The original may have lost a part or got it back, or a figure may have another value
        if translation.told_at is not None or translation.figures:
            _index(system, translation, _plain(translation))
        else:
            _set_audiences(system, translation)
    return len(found)


# From files


@dataclass(frozen=True)
class TranslationCourse:
    """Who began an imported translation and when, and who wrote its present words.

    `is_current` is false where the original had changed since.
    """

    translator_id: int | None
    writer_id: int | None
    created_at: datetime
    edited_at: datetime | None = None
    is_current: bool = True


@action
def load_translation(
    curator: Person, kind: str, item_id: int, text: TranslationText, course: TranslationCourse
) -> Translation:
    """Add a translation from a file without notices."""
    original = original_to_change(curator, kind, item_id)
    require(curator.can.curate(original.agenda))
    _check(text, original)
    _check_language(text, original)
    people = {"translator_id": course.translator_id, "writer_id": course.writer_id}
    translation = _new(original, text, course.created_at, **people)
    translation.parts, translation.edited_at = [], course.edited_at
    _show_pictures(curator, translation, text)
    _fill(translation, text)
    if not course.is_current:
        translation.made_from = {}
        translation.checked_at = translation.told_at = course.edited_at or course.created_at
    db.session.add(translation)
    db.session.flush()
    _index(curator, translation, text.plain)
    return translation


# For members who have left, and for maintenance


@action
def forget_member(system: Person, member_id: int) -> None:
    """Remove a member who has left from the translations that they began or corrected; the translations stay."""
    require(system.can.administer())
    for translation in translations_by_id(ids_written_by(member_id)):
        if translation.translator_id == member_id:
            translation.translator_id = translation.submission_key = None
        if translation.writer_id == member_id:
            translation.writer_id = None


@action
def delete_translations(system: Person, practice_id: int) -> None:
    """Delete the translations of a practice that is erased with its author's account."""
    require(system.can.administer())
    for translation in translations_by_id(ids_of_practice(practice_id)):
        _delete(system, translation)


@action
def reindex_translations(system: Person, translation_ids: Sequence[int], texts: PlainTexts) -> None:
    """Rebuild the search documents of translations; `texts` are plain texts by source."""
    require(system.can.administer())
    things: dict[search.Thing, search.Known | None] = {}
    for translation in translations_by_id(translation_ids):
        things |= _known(translation, texts)
    search.reindex(system, things)


@action
def rerender(system: Person, texts: Mapping[tuple[int, str], Written]) -> int:
    """Store newly rendered HTML of parts, where the text still has that source; returns for how many."""
    require(system.can.administer())
    part = TranslatedPart
    return store_html(part.source, part.html, part.html_version, texts)
