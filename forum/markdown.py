"""Markdown parsing (CommonMark by markdown-it-py) within limits: tokens, paragraphs, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2s
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from forum.plaintext import single_line, tidy

# Characters; a longer text, or one beyond another limit, is shown as typed
MAX_SOURCE = 20_000
MAX_CELLS = 2_000
MAX_LINKS = 400
MAX_LINES = 1_200
MARKUP_CHARACTERS = "[<&*_`~!"  # characters that cost the parser time
MAX_MARKUP_CHARACTERS = 5_000
BARE_LINK = re.compile(r"https?://[^\s<>\"`]{1,2000}")
# Characters that, at the end of a URL, belong to the sentence, as do closing brackets without an opening one
AFTER_BARE_LINK = ".,;:!?*_'"
BRACKETS = {")": "(", "]": "[", "}": "{"}
# In the line that separates a table's head from its body
DELIMITER_CHARACTERS = frozenset("|:- \t>")


def tokens_of(source: str) -> list[Token]:
    """The tokens of a text; empty if the parser fails."""
    try:
        return parser_for(source).parse(source)
    except (RecursionError, ValueError, IndexError):
        return []


def nesting(token: Token, kind: str) -> int:
    """1 if a token opens an element of a kind, -1 if it closes one, else 0."""
    return (token.type == f"{kind}_open") - (token.type == f"{kind}_close")


def paragraphs(source: str) -> list[str]:
    """The sources of the top-level blocks of a text, in their order."""
    source = tidy(source)
    if is_hostile(source):
        return split_paragraphs(source)
    lines = source.split("\n")
    blocks = [
        token.map
        for token in parser_for(source).parse(source)
        if token.map and token.level == 0 and token.nesting >= 0
    ]
    return ["\n".join(lines[start:end]).strip("\n") for start, end in blocks]


def paragraph_key(source: str) -> str:
    """A short hash of a paragraph's words, ignoring white space."""
    return blake2s(single_line(source).encode(), digest_size=6).hexdigest()


def is_hostile(source: str) -> bool:
    """Whether a text could keep the parser busy for too long; it is then shown as typed."""
    is_long = len(source) > MAX_SOURCE or source.count("\n") > MAX_LINES
    return is_long or sum(map(source.count, MARKUP_CHARACTERS)) > MAX_MARKUP_CHARACTERS


def parser_for(source: str) -> MarkdownIt:
    """The parser for a text: with tables, unless there would be too many cells."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("strikethrough")
    return parser.enable("table") if 0 < _max_cells(source) <= MAX_CELLS else parser


def _max_cells(source: str) -> int:
    """An upper bound for the table cells of a text: each of its lines may fill all columns of the widest table."""
    lines = source.split("\n")
    rows = [line for line in lines if "-" in line and DELIMITER_CHARACTERS.issuperset(line)]
    return len(lines) * max((row.count("|") + 1 for row in rows if "|" in row), default=0)


def lines_of(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """The tokens in each paragraph, heading or cell outside of quotes."""
    quotes = 0
    for token in tokens:
        quotes += nesting(token, "blockquote")
        if token.type == "inline" and not quotes:
            yield token.children or []


def bare_links(text: str) -> Iterator[tuple[int, str]]:
    """The URLs in text that is in no link, each with where it begins."""
    for match in BARE_LINK.finditer(text):
        yield match.start(), _without_what_follows(match.group())


def _without_what_follows(address: str) -> str:
    unopened = {end: address.count(end) - address.count(begin) for end, begin in BRACKETS.items()}
    length = len(address)
    while length:
        last = address[length - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in AFTER_BARE_LINK:
            break
        length -= 1
    return address[:length]


def link_tokens(address: str, text: str) -> list[Token]:
    """The three tokens of a link."""
    opening = Token("link_open", "a", 1, attrs={"href": address})
    return [opening, text_token(text), Token("link_close", "a", -1)]


def text_token(content: str) -> Token:
    """The token of a text."""
    return Token("text", "", 0, content=content)


def split_paragraphs(source: str) -> list[str]:
    """The parts of a text between blank lines, without parsing it."""
    return [part.strip("\n") for part in re.split(r"\n{2,}", source) if part.strip()]


def plain_of(tokens: list[Token]) -> str:
    """The plain text without quotes."""
    parts = []
    depth = 0
    for token in tokens:
        depth += nesting(token, "blockquote")
        if depth:
            continue
        if token.type == "inline":
            parts.append(words_of(token))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
    return re.sub(r"[ \t]+", " ", "\n".join(parts)).strip()


def words_of(token: Token) -> str:
    """The plain text of a block, or of the description of an image, without markup."""
    words = (
        words_of(child) if child.type == "image" else child.content or " "
        for child in token.children or []
        if child.nesting == 0
    )
    return "".join(words)


def readable(source: str) -> str:
    """A text as people write e-mails: paragraphs, lists and quotes, without other signs of Markdown; links in brackets."""
    tokens = [] if is_hostile(source) else tokens_of(source)
    letter = _Letter()
    for token in tokens:
        letter.take(token)
    return "\n".join(letter.lines) or source


class _Letter:
    """The lines of a text for e-mails, which grow with each token."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        # What stands before the next line, before those after it, and before empty ones, for all that is around the line
        self._around: list[tuple[str, str, str]] = []
        self._lists = 0
        self._is_apart = False  # whether an empty line is due
        self._cells: list[str] = []
        self._is_in_row = False

    def take(self, token: Token) -> None:
        """Add what a token of a block says."""
        self._lists += nesting(token, "bullet_list") + nesting(token, "ordered_list")
        match token.type:
            case "blockquote_open":
                self._around.append(("> ", "> ", ""))
            case "list_item_open":
                mark = f"{token.info}{token.markup} " if token.info else "- "
                self._around.append((mark, " " * len(mark), ""))
            case "blockquote_close" | "list_item_close":
                self._around.pop()
            case "bullet_list_close" | "ordered_list_close":
                self._is_apart = not self._lists
            case "paragraph_close":
                self._is_apart = not token.hidden
            case "heading_close" | "table_close":
                self._is_apart = True
            case "inline" if self._is_in_row:
                self._cells.append(_words_for_letters(token))
            case "inline":
                self._write(_words_for_letters(token))
            case "tr_open":
                self._is_in_row, self._cells = True, []
            case "tr_close":
                self._is_in_row = False
                self._write(" · ".join(filter(None, self._cells)))
            case "fence" | "code_block":
                self._around.append(("    ", "    ", ""))
                self._write(token.content.rstrip("\n"))
                self._around.pop()
                self._is_apart = True
            case "hr":
                self._write("* * *")
                self._is_apart = True

    def _write(self, text: str) -> None:
        if self._is_apart and self.lines:
            self.lines.append("".join(empty for _first, _further, empty in self._around).rstrip())
        self._is_apart = False
        for line in text.split("\n"):
            before = "".join(first for first, _further, _empty in self._around)
            self._around = [(further, further, further) for _first, further, _empty in self._around]
            self.lines.append(f"{before}{line}".rstrip())


def _words_for_letters(token: Token) -> str:
    """The words of a paragraph, heading or cell, with the target after each link that does not show it."""
    words, opened = "", 0
    target = ""
    for child in token.children or []:
        if child.type == "link_open":
            opened, target = len(words), str(child.attrs.get("href", ""))
        elif child.type == "link_close":
            shown = words[opened:]
            words += "" if shown in (target, unquote(target)) else f" ({target})"
        elif child.type in ("softbreak", "hardbreak"):
            words += "\n"
        elif child.type in ("s_open", "s_close"):
            words += child.markup  # what is struck out says the contrary
        elif child.type == "image":
            words += f"{words_of(child)} ({child.attrs.get('src', '')})".lstrip()
        else:
            words += child.content
    return words
