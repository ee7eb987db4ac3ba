"""The words of pages and letters: one for one thing in every language, as docs/translating.md has them, and none that few know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from forum import locales

DOCUMENT = Path(__file__).parent.parent / "docs" / "translating.md"
HEADER = "| English | French | Spanish | not in French | not in Spanish |"
COLUMNS = {"fr": (1, 3), "es": (2, 4)}  # the numbers of columns: right words, wrong words
# Words that no message may contain: rare ones, and second names for one thing
NEVER = {
    "en": r"\b(whom|whence|thereof|hence|hereby|deem(ed|s)?|in lieu|anew|log ?in|logs? out|emails?|staff)\b"
    r"|\b(?:holds?|work|come|kept|linked|counted|asked) no more\b|!(?!\[)|\w'\w",
    "fr": r"\b(mod[ée]rat(eurs?|rices?)|administrat(eurs?|rices?)|cli(c|cs|quez|quer)|courriels?|emails?|(?<!-)mails?|ton|tes|toi)\b|\w'\w",
    "es": r"\b(moderador(a|es|as)?|administrador(a|es|as)?|clics?|emails?|e-mails?|tú|tus|vosotros)\b",
}
SIGNS = ".:…?,"  # at the end of a message
# Messages with "meeting" in another sense: at an office, at a conference
NOT_OURS = {
    "For a meeting",
    "Make one for a colleague, or for everybody at a meeting.",
}


class Said(NamedTuple):
    """A message and a translation of it, in one of its forms."""

    english: str
    words: str


@cache
def catalogue(locale: str) -> Catalog:
    with (locales.FOLDER / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def said(locale: str) -> Iterator[Said]:
    """Each translated message of a language; in English each message as it is."""
    for message in catalogue("fr" if locale == "en" else locale):
        if message.id:
            english = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            words = english if locale == "en" else message.string
            for form in (words,) if isinstance(words, str) else tuple(words):
                yield Said(english[-1], form)


def rows() -> Iterator[list[str]]:
    """The rows of the table of words, as lists of cells."""
    _, header, table = DOCUMENT.read_text("utf-8").partition(HEADER + "\n")
    assert header, "the table has another header"
    for line in table.split("\n\n")[0].splitlines()[1:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def words_of(cell: str) -> list[str]:
    """The words of a cell, without what stands in brackets."""
    return [
        part.strip(" *") for part in re.split(r"[,;]", re.sub(r"\(.*?\)", "", cell)) if part.strip()
    ]


def has(words: str, wanted: list[str]) -> bool:
    """Whether a text has one of some words, in any of its forms: verbs without -er or -ar, plurals without the accent of -ión."""
    stems = [re.sub(r"(?<=\w{4})[eai]r$", "", word).replace("ión", "i[oó]n") for word in wanted]
    return bool(re.search(rf"\b({'|'.join(stems)})\w{{0,6}}\b", words, re.IGNORECASE))


def in_english(words: str, wanted: list[str]) -> bool:
    """Whether an English text has one of some words."""
    stems = [re.escape(word.removeprefix("to ").removesuffix("e")) for word in wanted]
    return bool(re.search(rf"\b({'|'.join(stems)})(e|s|es|d|ed|ing)?\b", words, re.IGNORECASE))


@pytest.mark.parametrize("locale", COLUMNS)
def test_one_thing_has_one_word(locale: str) -> None:
    right, wrong = COLUMNS[locale]
    found = [
        (cells[0], message.words)
        for cells in rows()
        if cells[wrong]
        for message in said(locale)
        if in_english(message.english, words_of(cells[0])) and message.english not in NOT_OURS
        if has(message.words, words_of(cells[wrong]))
        and not has(message.words, words_of(cells[right]))
    ]
    assert not found, found


@pytest.mark.parametrize("locale", NEVER)
def test_what_is_said_in_no_message(locale: str) -> None:
    never = re.compile(NEVER[locale], re.IGNORECASE)
    texts = {
        re.sub(r"%\(\w+\)s|https?://\S+|who invited whom", "", message.words, flags=re.I)
        for message in said(locale)
    }
    found = {text: never.search(text) for text in texts if never.search(text)}
    assert not found, found


@pytest.mark.parametrize("locale", COLUMNS)
def test_a_translation_ends_as_the_english_does(locale: str) -> None:
    """Sentences have a full stop, and labels none. Only a Spanish greeting has another sign."""
    for english, words in said(locale):
        last, wanted = (text.strip()[-1:] for text in (words, english))
        if (last in SIGNS or wanted in SIGNS) and not words.startswith("Hola"):
            assert last == wanted, (english, words)


def test_spanish_opens_its_questions() -> None:
    for _, words in said("es"):
        assert words.count("?") == words.count("¿"), words


@pytest.mark.parametrize("locale", COLUMNS)
def test_large_numbers_stay_on_one_line(locale: str) -> None:
    for _, words in said(locale):
        assert not re.search(r"\d[ .]\d{3}\b", words), words


@pytest.mark.parametrize(
    ("locale", "chosen"), [("fr", "Réponse retenue"), ("es", "Respuesta elegida")]
)
def test_the_answer_to_a_question_is_not_that_of_a_server(locale: str, chosen: str) -> None:
    answers = [catalogue(locale).get("Answer", place) for place in ("question", "webhook")]
    assert [answer and answer.string for answer in answers] == [chosen, chosen.split(maxsplit=1)[0]]
