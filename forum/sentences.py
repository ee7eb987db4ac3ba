"""Sentences of the forum that are kept, and said later in the language of whoever reads them.

What a deed writes down is read by others, who may have another language than whoever did it. So a sentence is kept as its
message in English, by which the catalogues know it, with the values that are put in. It is translated when it is said; a
value called `DAY` is a date, kept as `2027-06-30`, which is said in the words of that language, too.
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

Kept = list[dict[str, Any]]  # sentences as a column of JSON has them
DAY = "day"
# The placeholder of a value in a message, as `re.escape` writes it
PLACE = re.compile(r"%\\\((\w+)\\\)s")


@dataclass(frozen=True)
class Sentence:
    """A message of the forum and its values. What `sentence` and `plural_sentence` make is found for the catalogues."""

    message: str
    values: tuple[tuple[str, str | int], ...] = ()
    plural: str = ""  # the message for several; `number` says how many there are
    number: int = 0

    def __str__(self) -> str:
        """The sentence in the present language; in English where its message or its values are not those of the catalogue."""
        with suppress(KeyError, TypeError, ValueError):
            return self._filled(self._translated())
        return self.in_english

    @property
    def in_english(self) -> str:
        """The sentence in English, also for a column of text that holds nothing else, where `recognised` finds it again."""
        words = self.plural if self.plural and self.number != 1 else self.message
        try:
            return self._filled(words, locales.SOURCE)
        except (KeyError, TypeError, ValueError):
            return words

    def put_in(self, **values: str | int) -> Sentence:
        """The sentence with these values."""
        return replace(self, values=_fixed(values))

    def _filled(self, words: str, locale: str = "") -> str:
        said = {name: _value_in_words(name, one, locale) for name, one in self.values}
        return words % said if said else words

    def _translated(self) -> str:
        catalogue = get_domain().get_translations()
        if self.plural:
            return str(catalogue.ngettext(self.message, self.plural, self.number))
        return str(catalogue.gettext(self.message))


def sentence(message: str, **values: str | int) -> Sentence:
    """A sentence to be said later: its message as for `gettext`."""
    return Sentence(message, _fixed(values))


def plural_sentence(one: str, many: str, number: int, **values: str | int) -> Sentence:
    """A sentence that counts something, to be said later: its messages as for `ngettext`, with the number as the value `num`."""
    return Sentence(one, _fixed({"num": number, **values}), many, number)


def _value_in_words(name: str, value: str | int, locale: str) -> str | int:
    """A value as a sentence says it, in a language or else in the present one."""
    if name == DAY:
        return day_in_words(date.fromisoformat(str(value)), locale)
    is_counted = name == "num" and not locale and isinstance(value, int) and value > 999
    return format_decimal(value) if is_counted else value


def _fixed(values: dict[str, Any]) -> tuple[tuple[str, str | int], ...]:
    """Values as JSON can hold them."""
    return tuple((key, one if isinstance(one, int) else str(one)) for key, one in values.items())


# In a column


def kept(sentences: Iterable[Sentence]) -> Kept | None:
    """What a column of JSON holds of some sentences; None for none."""
    return [_row(one) for one in sentences] or None


def _row(one: Sentence) -> dict[str, Any]:
    row: dict[str, Any] = {"message": one.message}
    if one.plural:
        row |= {"plural": one.plural, "number": one.number}
    return row | ({"values": dict(one.values)} if one.values else {})


def unkept(rows: Kept | None) -> Sequence[Sentence]:
    """The sentences that a column holds."""
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
    """The sentences that a column holds, one after another, in the present language; empty for none."""
    return " ".join(map(str, unkept(rows)))


def reworded(rows: Kept | None, change: Callable[[str], str]) -> Kept | None:
    """The sentences that a column holds, with each of their values changed, such as the names of people in them."""
    return kept(
        Sentence(
            one.message,
            tuple(
                (key, value if isinstance(value, int) else change(value))
                for key, value in one.values
            ),
            one.plural,
            one.number,
        )
        for one in unkept(rows)
    )


# In a text


def recognised(words: str, *messages: str) -> Sentence | None:
    """The sentence of one of these messages that `words` are, in whichever of the forum's languages they were written down; None for none."""
    locales_of_forum: Sequence[str] = current_app.extensions["settings"].locales
    # English first, which most are in and no catalogue is read for
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
