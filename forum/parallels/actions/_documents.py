"""The search documents of a translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forum.illustrations import names_in
from forum.library.models import Practice
from forum.library.queries import FAILURE
from forum.markup import PlainTexts, write
from forum.parallels.models import Translation
from forum.parallels.queries import (
    all_texts,
    audience_now,
    failure_audience_now,
    has_document,
    named_figures,
)
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.search import actions as search
from forum.search.models import TRANSLATED_FAILURE, TRANSLATION, Thing


def index_translation(doer: Person, translation: Translation, plain: PlainTexts) -> None:
    """Write the search documents of a translation."""
    things = documents_of(translation, plain)
    search.index_all(doer, {thing: entry for thing, entry in things.items() if entry})
    for (name, item_id), entry in things.items():
        if entry is None:
            search.unindex(doer, name, item_id)


def documents_of(translation: Translation, plain: PlainTexts) -> dict[Thing, search.Known | None]:
    """The search entries of a translation: its words, and separately "what did not work", which may have another audience."""
    things: dict[Thing, search.Known | None] = {
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


def set_audiences(doer: Person, translation: Translation) -> None:
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


def plain_texts_of(translation: Translation) -> PlainTexts:
    """The plain texts of a stored translation, rendered here; only the worker and few actions need them."""
    sources = [translation.sentence, *(part.source for part in translation.parts)]
    return PlainTexts({source: write(source, translation.language).plain for source in sources})
