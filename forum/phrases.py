"""Random texts, whose words are distributed as in texts by people (Zipf's law).

The same seed gives the same texts. They contain no accidental Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, groupby
from random import Random

from markupsafe import Markup

from forum.markup import VERSION, Written, write
from forum.quotes import quote

ENDS = {"ja": "。", "zh": "。", "hi": "।"}  # ends of a sentence that are not a full stop
ASKS = {"ja": "？", "zh": "？", "ar": "؟"}
UNSPACED = ("ja", "zh")  # no space between words
# Mandelbrot's correction: the most frequent words are a little less frequent
MANDELBROT_OFFSET = 2.7
SYLLABLES = re.findall("..", "babedodufagohahikakelalomamimonanenopapirarerisasisotatetovavi")
RARE_WORDS = 30_000
RARE_PLACE_SHARE = 0.35  # share of posts about a place that few others mention
LENGTHS, LENGTH_WEIGHTS = (1, 2, 3, 4, 6, 9), (20, 48, 70, 84, 94, 100)  # parts of a post
# In a quotation that is rendered once and then used for many posts
NAME_PLACEHOLDER, ID_PLACEHOLDER = "Qxqx", 999_999_937
FINDINGS = (
    "In {} it took {} months.",
    "{} pays {} euros a metre.",
    "Ask the people of {}: {} streets in one summer.",
    "{} tried it {} times.",
    "We compared it with {}, {} kilometres away.",
)


class Phrases:
    """Random phrases in one language; `words` are its words, the commonest first."""

    def __init__(self, words: Sequence[str], language: str, rng: Random) -> None:
        self.words, self.rng = words, rng
        self.space = "" if language in UNSPACED else " "
        self.end, self.ask = ENDS.get(language, "."), ASKS.get(language, "?")
        self._weights = _weights(len(words), MANDELBROT_OFFSET)

    def some(self, number: int) -> list[str]:
        """At most so many random words; none comes twice in a row."""
        drawn = self.rng.choices(self.words, cum_weights=self._weights, k=number)
        return [word for word, _group in groupby(drawn)]

    def sentence(self) -> str:
        """A sentence of five to eighteen words."""
        return self._as_sentence(self.some(self.rng.randint(5, 18)), self.end)

    def title(self, is_question: bool) -> str:
        """A title of four to nine words, at most 120 characters."""
        words = self.some(self.rng.randint(4, 9))
        return self._as_sentence(words, self.ask if is_question else "")[:120].strip()

    def paragraph(self) -> str:
        """Two to five sentences of Markdown, sometimes with a word in bold or a link."""
        sentences = [self.sentence() for _number in range(self.rng.randint(2, 5))]
        if self.rng.random() < 0.15:
            sentences.append(f"**{self.some(1)[0]}**{self.space}{self.sentence()}")
        if self.rng.random() < 0.1:
            number = self.rng.randint(1, 9_999)
            sentences.append(f"[{self.some(1)[0]}](https://example.org/{number}){self.end}")
        return (self.space or "").join(sentences)

    def listing(self) -> str:
        """A list of three to five short lines."""
        return "\n".join(f"- {self._line()}" for _number in range(self.rng.randint(3, 5)))

    def citation(self) -> str:
        """What somebody said elsewhere, as a block quote."""
        return f"> {self.sentence()}"

    def _line(self) -> str:
        return self._as_sentence(self.some(self.rng.randint(3, 8)), "")

    def _as_sentence(self, words: Sequence[str], end: str) -> str:
        line = self.space.join(words)
        return f"{line[:1].upper()}{line[1:]}{end}"


@lru_cache
def _weights(number: int, offset: float) -> list[float]:
    """The cumulative frequencies of so many words, the most frequent first."""
    return list(accumulate(1 / (rank + offset) for rank in range(number)))


def found_in(number: int, rng: Random) -> str:
    """A sentence about an invented place, which is how rare words get into a forum."""
    place, figure = invented(number), rng.randint(2, 900)
    return rng.choice(FINDINGS).format(place, figure)


def invented(number: int) -> str:
    """The name of an invented place; each number has its own."""
    parts: list[str] = []
    number += len(SYLLABLES) ** 2  # at least three syllables, so that no common word results
    while number:
        number, part = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[part])
    return "".join(parts).capitalize()


class Texts:
    """Posts composed of paragraphs, lists and quotations, each of which is rendered to HTML only once."""

    def __init__(self, words: Mapping[str, Sequence[str]], seed: int, paragraphs: int) -> None:
        self.words, self.seed, self.paragraphs = words, seed, paragraphs
        self._rare = _weights(RARE_WORDS, 1)
        self.block = lru_cache(None)(self._block)
        self._quotation = lru_cache(None)(self._rendered_quotation)

    def phrases(self, language: str, rng: Random) -> Phrases:
        """Phrases of a language, drawn by this random generator."""
        return Phrases(self.words[language], language, rng)

    def post(self, rng: Random, language: str) -> tuple[Written, str]:
        """A post, and the Markdown of its first paragraph, which others may quote."""
        number = rng.choices(LENGTHS, cum_weights=LENGTH_WEIGHTS)[0]
        first = self._any(rng, language, "paragraph")
        parts = [first]
        is_plain = True
        for _part in range(number - 1):
            is_plain = not is_plain or rng.random() < 0.85
            kind = "paragraph" if is_plain else rng.choice(("listing", "listing", "citation"))
            parts.append(self._any(rng, language, kind))
        if language == "en" and rng.random() < RARE_PLACE_SHARE:
            place = rng.choices(range(RARE_WORDS), cum_weights=self._rare)[0]
            parts.append(_sentence(found_in(place, rng)))
        return _joined(parts, language), first.source

    def quoting(self, text: Written, name: str, number: int, words: str) -> Written:
        """A text that begins with a quotation from the post `number` by somebody with this name."""
        html = (
            self._quotation(words)
            .replace(str(ID_PLACEHOLDER), str(number))
            .replace(NAME_PLACEHOLDER, name)
        )
        source = quote(name, number, words) + text.source
        return Written(source, html + text.html, VERSION, text.plain, text.language)

    def longer(self, text: Written, rng: Random) -> Written:
        """A text with one more paragraph, as if it had been edited."""
        more = self._any(rng, text.language, "paragraph")
        source, plain = f"{text.source}\n\n{more.source}", f"{text.plain}\n{more.plain}"
        return Written(source, text.html + more.html, VERSION, plain, text.language)

    def _any(self, rng: Random, language: str, kind: str) -> Written:
        number = self.paragraphs if language == "en" else max(20, self.paragraphs // 30)
        number = number if kind == "paragraph" else max(10, number // 8)
        return self.block(language, kind, int(rng.random() * number))

    def _block(self, language: str, kind: str, number: int) -> Written:
        phrases = self.phrases(language, Random(f"{self.seed} {language} {kind} {number}"))
        written = write(getattr(phrases, kind)(), language)
        # A text that consists only of a quotation counts as its words; here it is a part of one.
        return replace(written, plain="") if kind == "citation" else written

    def _rendered_quotation(self, words: str) -> Markup:
        return write(quote(NAME_PLACEHOLDER, ID_PLACEHOLDER, words)).html


def _sentence(source: str) -> Written:
    """A sentence without any Markdown, which need not be parsed."""
    return Written(source, Markup("<p>{}</p>\n").format(source), VERSION, source)


def _joined(parts: Sequence[Written], language: str) -> Written:
    source = "\n\n".join(part.source for part in parts)
    plain = "\n".join(part.plain for part in parts if part.plain)
    return Written(source, Markup("").join(part.html for part in parts), VERSION, plain, language)
