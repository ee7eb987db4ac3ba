"""Texts made up by chance, from words as common and as rare as in what people write (Zipf's law).

The same chance makes the same texts. Nothing in them means anything to Markdown but what is meant to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, groupby
from random import Random

from markupsafe import Markup

from forum.markup import VERSION, Written, quote, write

ENDS = {"ja": "。", "zh": "。", "hi": "।"}  # what ends a sentence; elsewhere a full stop
ASKS = {"ja": "？", "zh": "？", "ar": "؟"}
UNSPACED = ("ja", "zh")  # no space between words
FLATTENED = 2.7  # Mandelbrot's amendment: the very commonest words are a little less common
SYLLABLES = re.findall("..", "babedodufagohahikakelalomamimonanenopapirarerisasisotatetovavi")
RARE_WORDS = 30_000
TELLING = 0.35  # so many posts speak of a place that few others speak of
LENGTHS, LENGTH_WEIGHTS = (1, 2, 3, 4, 6, 9), (20, 48, 70, 84, 94, 100)  # parts of a post
WHO, NUMBER = "Qxqx", 999_999_937  # stand for a name and a post where a quotation is kept for use
FOUND = (
    "In {} it took {} months.",
    "{} pays {} euros a metre.",
    "Ask the people of {}: {} streets in one summer.",
    "{} tried it {} times.",
    "We compared it with {}, {} kilometres away.",
)


class Phrases:
    """What is said in one language; `words` are its words, the commonest first."""

    def __init__(self, words: Sequence[str], language: str, chance: Random) -> None:
        self.words, self.chance = words, chance
        self.space = "" if language in UNSPACED else " "
        self.end, self.ask = ENDS.get(language, "."), ASKS.get(language, "?")
        self._weights = _weights(len(words), FLATTENED)

    def some(self, number: int) -> list[str]:
        """So many words as they come, or fewer: none comes twice in a row."""
        drawn = self.chance.choices(self.words, cum_weights=self._weights, k=number)
        return [word for word, _group in groupby(drawn)]

    def sentence(self) -> str:
        """A sentence of five to eighteen words."""
        return self._said(self.some(self.chance.randint(5, 18)), self.end)

    def title(self, is_question: bool) -> str:
        """A title of four to nine words, at most 120 characters."""
        words = self.some(self.chance.randint(4, 9))
        return self._said(words, self.ask if is_question else "")[:120].strip()

    def paragraph(self) -> str:
        """Two to five sentences of Markdown, here and there with a word in bold or a link."""
        sentences = [self.sentence() for _number in range(self.chance.randint(2, 5))]
        if self.chance.random() < 0.15:
            sentences.append(f"**{self.some(1)[0]}**{self.space}{self.sentence()}")
        if self.chance.random() < 0.1:
            number = self.chance.randint(1, 9_999)
            sentences.append(f"[{self.some(1)[0]}](https://example.org/{number}){self.end}")
        return (self.space or "").join(sentences)

    def listing(self) -> str:
        """A list of three to five short lines."""
        return "\n".join(f"- {self._line()}" for _number in range(self.chance.randint(3, 5)))

    def citation(self) -> str:
        """What somebody said elsewhere, as a block quote."""
        return f"> {self.sentence()}"

    def _line(self) -> str:
        return self._said(self.some(self.chance.randint(3, 8)), "")

    def _said(self, words: Sequence[str], end: str) -> str:
        line = self.space.join(words)
        return f"{line[:1].upper()}{line[1:]}{end}"


@lru_cache
def _weights(number: int, flattened: float) -> list[float]:
    """How often each of so many words comes, the commonest first, added up."""
    return list(accumulate(1 / (rank + flattened) for rank in range(number)))


def found_in(number: int, chance: Random) -> str:
    """A sentence about a place that nobody knows: the way rare words come into a forum."""
    place, figure = invented(number), chance.randint(2, 900)
    return chance.choice(FOUND).format(place, figure)


def invented(number: int) -> str:
    """The name of a place that there is not; each number has its own."""
    parts: list[str] = []
    number += len(SYLLABLES) ** 2  # three syllables at least, so that no common word is met
    while number:
        number, part = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[part])
    return "".join(parts).capitalize()


class Texts:
    """Posts put together from paragraphs, lists and quotations that are made into HTML once each."""

    def __init__(self, words: Mapping[str, Sequence[str]], seed: int, paragraphs: int) -> None:
        self.words, self.seed, self.paragraphs = words, seed, paragraphs
        self._rare = _weights(RARE_WORDS, 1)
        self.block = lru_cache(None)(self._block)
        self._quotation = lru_cache(None)(self._rendered_quotation)

    def phrases(self, language: str, chance: Random) -> Phrases:
        """Phrases of a language, made by this chance."""
        return Phrases(self.words[language], language, chance)

    def post(self, chance: Random, language: str) -> tuple[Written, str]:
        """A post, and the words of it that others may quote."""
        number = chance.choices(LENGTHS, cum_weights=LENGTH_WEIGHTS)[0]
        first = self._any(chance, language, "paragraph")
        parts = [first]
        is_plain = True
        for _part in range(number - 1):
            is_plain = not is_plain or chance.random() < 0.85
            kind = "paragraph" if is_plain else chance.choice(("listing", "listing", "citation"))
            parts.append(self._any(chance, language, kind))
        if language == "en" and chance.random() < TELLING:
            place = chance.choices(range(RARE_WORDS), cum_weights=self._rare)[0]
            parts.append(_sentence(found_in(place, chance)))
        return _joined(parts, language), first.source

    def quoting(self, text: Written, name: str, number: int, words: str) -> Written:
        """A text that begins with the words of somebody's post, linked to it by its number."""
        html = self._quotation(words).replace(str(NUMBER), str(number)).replace(WHO, name)
        source = quote(name, number, words) + text.source
        return Written(source, html + text.html, VERSION, text.plain, text.language)

    def longer(self, text: Written, chance: Random) -> Written:
        """The same text with one paragraph more, as somebody edits it."""
        more = self._any(chance, text.language, "paragraph")
        source, plain = f"{text.source}\n\n{more.source}", f"{text.plain}\n{more.plain}"
        return Written(source, text.html + more.html, VERSION, plain, text.language)

    def _any(self, chance: Random, language: str, kind: str) -> Written:
        number = self.paragraphs if language == "en" else max(20, self.paragraphs // 30)
        number = number if kind == "paragraph" else max(10, number // 8)
        return self.block(language, kind, int(chance.random() * number))

    def _block(self, language: str, kind: str, number: int) -> Written:
        phrases = self.phrases(language, Random(f"{self.seed} {language} {kind} {number}"))
        written = write(getattr(phrases, kind)(), language)
        # A text that is nothing but a quotation counts as its words; here it is a part of one.
        return replace(written, plain="") if kind == "citation" else written

    def _rendered_quotation(self, words: str) -> Markup:
        return write(quote(WHO, NUMBER, words)).html


def _sentence(source: str) -> Written:
    """A sentence without any sign of Markdown, so that it need not be parsed."""
    return Written(source, Markup("<p>{}</p>\n").format(source), VERSION, source)


def _joined(parts: Sequence[Written], language: str) -> Written:
    source = "\n\n".join(part.source for part in parts)
    plain = "\n".join(part.plain for part in parts if part.plain)
    return Written(source, Markup("").join(p.html for p in parts), VERSION, plain, language)
