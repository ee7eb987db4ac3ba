"""Plain text: tidying, folding for search, excerpts, slugs, joining and splitting values, short hashes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import blake2s
from typing import Literal

MAX_SLUG = 60  # characters
NAMES_ASKED_AT_ONCE = 20
ACCENTS_OF_LETTERS = range(10, 36)  # canonical combining classes (Unicode): marks of single scripts
FIRST_GENERAL_ACCENT = 200  # from this class on: accents of any script
FINAL_SIGMA = "ς"
STROKES = str.maketrans(  # Latin letters that Unicode does not decompose into a letter and a mark
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
# Arabic letters at the end of a word that people type for each other
ENDINGS_TYPED_ALIKE = (("ة", "ه"), ("ى", "ي"))
BAR, SEMICOLON = re.compile(r"(?<!\\)\|"), re.compile(r"(?<!\\);")
# Markup of a text, and the targets of its links
MARKDOWN_SYNTAX = re.compile(
    r"^[ \t|:=-]+$"  # a line that is drawn: between texts, below a heading, or below the first row of a table
    r"|!(?=\[)|\]\([^)\n]{0,2000}\)|^[ \t]{0,20}(?:#{1,6}|[-*+]|\d{1,9}[.)])[ \t]{1,20}|[*`\[\]|~]"
    r"|(?<![^\W_])_|_(?![^\W_])",  # one inside a word, as in a name of a column, marks up nothing
    re.MULTILINE,
)
# Blocks that are not prose: code between fences, headings, quotes, rows of tables
_NO_PROSE = re.compile(
    r"^(```|~~~).*?(?:^\1[^\n]*|\Z)|^ {0,3}#{1,6}[ \t][^\n]*|^ {0,3}[>|][^\n]*",
    re.MULTILINE | re.DOTALL,
)
# The parts of such blocks that are not words
_FRAMES = re.compile(r"^(?:```|~~~)[^\n]*|^[ |:>-]+", re.MULTILINE)
SURROGATES = re.compile("[\ud800-\udfff]")
# Control characters that no script needs and that terminals obey
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
# Where more marks may stand upon a letter than in any spelling: Hebrew has up to five
MAX_MARKS = 6
LONG_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
# The bound of Unicode's "stream-safe" texts (UAX 15). Python puts marks in order in a time that grows with the square of
# their number: half a million of them would take it some minutes
MAX_MARKS_IN_ORDER = 30
LONGEST_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS_IN_ORDER + 1},}}")
# The only letters that become marks where compatible forms are unified
VOICED = str.maketrans({"\uff9e": "\u3099", "\uff9f": "\u309a"})
# Scripts without spaces between words: Thai and Lao, Tibetan, Burmese, Japanese and Chinese
SCRIPTS_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Letters that are written from right to left
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
SPACELESS = re.compile(f"[{SCRIPTS_WITHOUT_SPACES}]")
ENDS_OF_SENTENCES = tuple('.!?…:;,。！？：؟۔।።"”’»›」』)]）》')
# What people type around a word that they look for; folded, for fullwidth forms are ordinary ones then
SIGNS = ' .,;:!?"\u00ab\u00bb\u201c\u201d\u201e\u2039\u203a\u060c\u061b\u061f\u06d4\u3001\u3002\u300c\u300d\u300e\u300f'
SIGNS_AROUND_WORDS = SIGNS + "()[]{}<>'\u2018\u2019`*_/|&-\u2013\u2014\u2026"
MIN_TELLING_WORD = 4  # letters of a Latin word that distinguishes one name from others


def tidy(source: str) -> str:
    """A text with `\\n` as line ends, composed accents (NFC), and without control characters and lone surrogates.

    Marks that would pile up over other lines are left out.
    """
    source = CONTROLS.sub("", source.replace("\r\n", "\n").replace("\r", "\n"))
    composed = normalized("NFC", SURROGATES.sub("\ufffd", source))
    return LONG_RUN.sub(_without_piles, composed).strip("\n")


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """A text in a normal form of Unicode, in a time that grows with its length only: more marks in a row are left out."""
    if text.isascii():
        return text
    unified = text.translate(VOICED) if "K" in form else text
    return unicodedata.normalize(form, LONGEST_RUN.sub(_with_bounded_marks, unified))


def _with_bounded_marks(run: re.Match[str]) -> str:
    return _thinned(run[0], MAX_MARKS_IN_ORDER, ("Mn", "Mc", "Me"))


def _without_piles(run: re.Match[str]) -> str:
    """Characters of which at most `MAX_MARKS` marks stand upon each other; invisible ones between marks end no pile."""
    return _thinned(run[0], MAX_MARKS, ("Mn", "Me"), between="Cf")


def _thinned(characters: str, most: int, marks: Collection[str], between: str = "") -> str:
    """Characters with at most so many marks in a row. `marks`: their categories; `between`: the one that ends no row."""
    kept, in_row = [], 0
    for character in characters:
        category = unicodedata.category(character)
        if category in marks:
            in_row += 1
        elif category != between:
            in_row = 0
        if category not in marks or in_row <= most:
            kept.append(character)
    return "".join(kept)


def fold(text: str) -> str:
    """A text as search compares it on both databases: without case and accents, compatible forms unified (NFKD)."""
    if text.isascii():
        return text.replace("\x00", " ").lower()
    decomposed = normalized("NFKD", SURROGATES.sub("", text).replace("\x00", " "))
    folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return folded.translate(STROKES)


def typed_alike(folded: str) -> list[str]:
    """A folded name, and as others type the ends of its words in Arabic, such as القاهره for القاهرة; at most nine."""
    names = {folded: None}
    for ending, other in ENDINGS_TYPED_ALIKE:
        for name in list(names):
            for wrong, right in ((ending, other), (other, ending)):
                names[re.sub(rf"{wrong}\b", right, name)] = None
    return list(names)


def words_in(text: str) -> list[str]:
    """The folded words of a text. In a script without spaces between words, these are whole runs of characters."""
    folded = fold(text)
    return "".join(c if _is_word_character(c) else " " for c in folded).split()


def typed_words(text: str) -> list[str]:
    """The folded words that somebody typed to look for them, each without the signs around it; a handle keeps its @."""
    words = (word.strip(SIGNS_AROUND_WORDS) for word in fold(text).split())
    return [word for word in words if any(map(str.isalnum, word))]


def words_to_find(text: str) -> str:
    """The folded words of a text as `typed_words` are, with a space before each: a search for ` word` finds where one begins."""
    return "".join(f" {word}" for word in typed_words(text))


def typed_name(text: str) -> str:
    """A folded name that somebody typed to look for it, without the signs at its ends that belong to no name."""
    return " ".join(fold(text).split()).strip(SIGNS)


def has_words_starting_with(name: Sequence[str], beginnings: Sequence[str]) -> bool:
    """Whether a name has a word that starts with each of the beginnings; both are `words_in` a text.

    In scripts without spaces a word may begin anywhere. If all are short Latin words, such as "the", the name has to
    start with one, because too many names contain such a word.
    """
    words = f" {' '.join(name)}"
    if all(len(beginning) < MIN_TELLING_WORD and beginning.isascii() for beginning in beginnings):
        return any(words.startswith(f" {beginning}") for beginning in beginnings)
    return all(
        (beginning if SPACELESS.search(beginning) else f" {beginning}") in words
        for beginning in beginnings
    )


def slugify(text: str, fallback: str = "text") -> str:
    """A slug for an address: letters and digits of any script, in lower case, joined by hyphens.

    The Greek final sigma is kept. A long text ends between words where it has some. A text without letters and digits
    gives the fallback.
    """
    bare = normalized("NFKD", SURROGATES.sub("", text))
    bare = "".join(c for c in bare if not _is_removable_accent(c))
    bare = FINAL_SIGMA.join(part.casefold() for part in bare.split(FINAL_SIGMA)).translate(STROKES)
    kept = (c if _is_word_character(c) else " " for c in normalized("NFC", bare))
    name = _cut_between_words("-".join("".join(kept).split()))
    return name if any(map(str.isalnum, name)) else fallback


def _cut_between_words(name: str) -> str:
    """The first words of a slug, `MAX_SLUG` characters at most; where a word is very long, a part of it."""
    beyond = name[: MAX_SLUG + 1]
    whole = beyond.rpartition("-")[0] if len(beyond) > MAX_SLUG else beyond
    return (whole if len(whole) > MAX_SLUG // 2 else name[:MAX_SLUG]).strip("-")


def first_free(
    wish: str, taken: Callable[[Sequence[str]], Collection[str]], most: int = MAX_SLUG
) -> str:
    """The wish, or the wish with the first number from 2 on that makes it free: `trams`, `trams-2`, `trams-3` …

    `taken` returns which of these names are in use. It is called with several names at once, so that one query is
    usually enough. With a number the wish is cut, so that both together have at most `most` characters.
    """
    first, last = 1, NAMES_ASKED_AT_ONCE
    while True:
        names = [_numbered(wish, number, most) for number in range(first, last + 1)]
        used = taken(names)
        for name in names:
            if name not in used:
                return name
        first, last = last + 1, last * 10


def _numbered(wish: str, number: int, most: int) -> str:
    end = f"-{number}"
    return wish if number == 1 else wish[: most - len(end)].rstrip("-") + end


def is_made_of(name: str, wish: str, most: int = MAX_SLUG) -> bool:
    """Whether a name could be the result of `first_free` for a wish, with or without a number."""
    number = re.search(r"-([1-9]\d{0,8})$", name)
    return name == wish or bool(number and name == _numbered(wish, int(number[1]), most))


def _is_removable_accent(character: str) -> bool:
    """Whether words can be read without it; vowel signs and viramas of Indic scripts and of Thai are not accents."""
    combining_class = unicodedata.combining(character)
    return combining_class in ACCENTS_OF_LETTERS or combining_class >= FIRST_GENERAL_ACCENT


def _is_word_character(character: str) -> bool:
    is_selector = unicodedata.name(character, "").startswith("VARIATION SELECTOR")
    return unicodedata.category(character)[0] in "LMN" and not is_selector


def single_line(text: str) -> str:
    """A text with every run of white space replaced by one space."""
    return " ".join(text.split())


def on_one_line(words: str) -> str:
    """A tidied text on one line, as the value of a field."""
    return single_line(tidy(words))


def split_parts(separator_pattern: re.Pattern[str], value: str, most: int = 0) -> list[str]:
    """The parts of a value between bars (`BAR`) or semicolons (`SEMICOLON`) that are not escaped with a backslash.

    With `most`, surplus parts belong to the first one, with their separators.
    """
    separator = separator_pattern.pattern[-1]
    parts = separator_pattern.split(value)
    if most and (extra := len(parts) - most) > 0:
        parts = [separator.join(parts[: extra + 1]), *parts[extra + 1 :]]
    return [part.strip().replace(f"\\{separator}", separator) for part in parts]


def join_parts(parts: Iterable[str], separator: str) -> str:
    """Parts as one value, separated by `|` or `;`, which `split_parts` splits again."""
    written = [on_one_line(part).replace(separator, f"\\{separator}") for part in parts]
    if separator == "|" or any(part.endswith("\\") for part in written):
        separator = f" {separator}"
    return f"{separator} ".join(written)


def in_one_line(plain: str) -> str:
    """A plain text in one line, with a full stop after each heading, item, cell or paragraph that does not end like a sentence."""
    parts: list[str] = []
    for line in plain.split("\n"):
        if words := single_line(line):
            if parts:
                parts.append(" " if parts[-1].endswith(ENDS_OF_SENTENCES) else " · ")
            parts.append(words)
    return "".join(parts)


def without_markdown(source: str) -> str:
    """A Markdown text without markup, in the same lines, for short lists; cheaper than parsing it."""
    return MARKDOWN_SYNTAX.sub("", source)


def prose(source: str, length: int) -> str:
    """The beginning of a Markdown text, as prose of at most `length` characters, for summaries.

    It has no markup, and no headings, quotes, tables and code, which make little sense in the middle of a line. If
    the text has nothing else, their words are used.
    """
    beginning = source[: 10 * length]
    told = _NO_PROSE.sub("\n", beginning)
    words = _FRAMES.sub("", beginning)
    return excerpt(without_markdown(told), length) or excerpt(without_markdown(words), length)


def excerpt(plain: str, length: int = 200) -> str:
    """The beginning of a plain text, at most `length` characters, cut between words; with `…` if something is left out."""
    text = in_one_line(plain)
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[length // 2 :] else head).rstrip(",;:.") + "…"


def short_hash(text: str) -> str:
    """Sixteen characters by which a form detects that a text has changed since it was opened; no protection against attacks."""
    return blake2s(text.encode(), digest_size=8).hexdigest()
