"""Sentences of the forum that are stored, and translated into the language of each reader when they are shown.

The readers of a stored sentence may have another language than the person whose action stored it. So a sentence is
stored as its English message, which is the key in the catalogues, with the values that are inserted. A value called
`DAY` is a date, stored as `2027-06-30`, which is also formatted in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from flask import current_app
from flask_babel import format_decimal, get_domain

from forum import locales
from forum.clock import day_in_words

Kept = list[dict[str, Any]]  # sentences in a JSON column
DAY = "day"
# The placeholder of a value in a message, as `re.escape` writes it
PLACE = re.compile(r"%\\\((\w+)\\\)s")


@dataclass(frozen=True)
class Sentence:
    """A message of the forum and its values. Messages in `sentence` and `plural_sentence` are extracted for the catalogues."""

    message: str
    values: tuple[tuple[str, str | int], ...] = ()
    plural: str = ""  # the message for several; `number` says how many there are
    number: int = 0

    def __str__(self) -> str:
        """The sentence in the present language; in English if its message or its values do not match the catalogue."""
        with suppress(KeyError, TypeError, ValueError):
            return self._filled(self._translated())
        return self.in_english

    @property
    def in_english(self) -> str:
        """The sentence in English, for a text column with nothing else, from which `recognised` restores it."""
        words = self.plural if self.plural and self.number != 1 else self.message
        try:
            return self._filled(words, locales.SOURCE)
        except (KeyError, TypeError, ValueError):
            return words

    def put_in(self, **values: str | int) -> Sentence:
        """The sentence with these values inserted."""
        return replace(self, values=_fixed(values))

    def _filled(self, words: str, locale: str = "") -> str:
        said = {name: _value_in_words(name, value, locale) for name, value in self.values}
        return words % said if said else words

    def _translated(self) -> str:
        catalogue = get_domain().get_translations()
        if self.plural:
            return str(catalogue.ngettext(self.message, self.plural, self.number))
        return str(catalogue.gettext(self.message))


def sentence(message: str, **values: str | int) -> Sentence:
    """A sentence to be shown later: its message as for `gettext`."""
    return Sentence(message, _fixed(values))


def plural_sentence(one: str, many: str, number: int, **values: str | int) -> Sentence:
    """A sentence with a number, to be shown later: its messages as for `ngettext`, with the number as the value `num`."""
    return Sentence(one, _fixed({"num": number, **values}), many, number)


def _value_in_words(name: str, value: str | int, locale: str) -> str | int:
    """A value for a sentence, in a language, by default the present one."""
    if name == DAY:
        return day_in_words(date.fromisoformat(str(value)), locale)
    is_counted = name == "num" and not locale and isinstance(value, int) and value > 999
    return format_decimal(value) if is_counted else value


def _fixed(values: dict[str, Any]) -> tuple[tuple[str, str | int], ...]:
    """Values that can be stored as JSON."""
    return tuple(
        (key, value if isinstance(value, int) else str(value)) for key, value in values.items()
    )


# In JSON columns


def kept(sentences: Iterable[Sentence]) -> Kept | None:
    """Sentences as the value of a JSON column; None for none."""
    return [_row(sentence) for sentence in sentences] or None


def _row(sentence: Sentence) -> dict[str, Any]:
    row: dict[str, Any] = {"message": sentence.message}
    if sentence.plural:
        row |= {"plural": sentence.plural, "number": sentence.number}
    return row | ({"values": dict(sentence.values)} if sentence.values else {})


def unkept(rows: Kept | None) -> Sequence[Sentence]:
    """The sentences in a JSON column."""
    return [
        Sentence(
            row["message"],
            tuple(row.get("values", {}).items()),
            row.get("plural", ""),
            row.get("number", 0),
        )
        for row in rows or ()
    ]


def said(rows: Kept | None) -> str:
    """The sentences in a JSON column, one after another, in the present language; empty for none."""
    return " ".join(map(str, unkept(rows)))


def reworded(rows: Kept | None, change: Callable[[str], str]) -> Kept | None:
    """The sentences in a JSON column, with `change` applied to each value, such as the names of people."""
    return kept(
        Sentence(
            sentence.message,
            tuple(
                (key, value if isinstance(value, int) else change(value))
                for key, value in sentence.values
            ),
            sentence.plural,
            sentence.number,
        )
        for sentence in unkept(rows)
    )


# In text columns


def recognised(words: str, *messages: str) -> Sentence | None:
    """The one of these messages from which a text was made, in any of the forum's languages; None for none."""
    locales_of_forum: Sequence[str] = current_app.extensions["settings"].locales
    # English first: most texts are English, and need no catalogue
    for locale in dict.fromkeys((locales.SOURCE, *locales_of_forum)):
        for message, pattern in zip(messages, _patterns(locale, *messages), strict=True):
            if found := pattern.fullmatch(words):
                return Sentence(message, tuple(found.groupdict().items()))
    return None


@cache
def _patterns(locale: str, *messages: str) -> Sequence[re.Pattern[str]]:
    """Messages in a language as regular expressions; English needs no catalogue."""
    said = messages if locale == locales.SOURCE else locales.said(locale, *messages)
    return [re.compile(PLACE.sub(r"(?P<\1>.+?)", re.escape(words)), re.DOTALL) for words in said]
