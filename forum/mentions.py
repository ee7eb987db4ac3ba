"""Mentions: the handles after an @ in a text, the links made from them, and their direction in plain text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from markdown_it.token import Token
from markupsafe import Markup, escape

from forum.markdown import MAX_LINKS, link_tokens, nesting, text_token
from forum.plaintext import RIGHT_TO_LEFT

# Not inside an e-mail address or a URL: "ana@example.org" and "@ana.example.org" mention nobody.
MENTION = re.compile(
    r"(?<![\w@/.+=&#-])@([A-Za-z0-9]{1,40}(?:-[A-Za-z0-9]{1,40}){0,20})(?![\w@]|[./-]\w)"
)
# A mention in which a search has marked words: `@<mark>ana</mark>-prado`
_MARK = "(?:</?mark>){0,2}"
_PART = rf"(?:{_MARK}[A-Za-z0-9]){{1,40}}"
MARKED_MENTION = re.compile(
    rf"(?<![\w@/.+=&#>-])@{_PART}(?:{_MARK}-{_PART}){{0,20}}(?:</mark>)?(?![\w@]|[./-]\w)"
)
_BDI_CLOSE = Token("bdi_close", "bdi", -1)
APART = Markup('<bdi dir="ltr">{}</bdi>')
MAX_MENTIONS = 100  # handles of a text that are looked up


def handles_in(source: str) -> list[str]:
    """The handles that a text may mention, at most `MAX_MENTIONS`; some may turn out to be in code or in links."""
    return unique_handles(MENTION.findall(source)) if "@" in source else []


def unique_handles(handles: Iterable[str]) -> list[str]:
    """Handles in small letters, each once, at most `MAX_MENTIONS`."""
    return list(dict.fromkeys(map(str.lower, handles)))[:MAX_MENTIONS]


def mentions_in(tokens: list[Token]) -> Iterator[str]:
    """The handles after an @ in a text, except those in code, in links and in quotes."""
    depth = 0
    for token in tokens:
        depth += nesting(token, "blockquote")
        if token.type == "inline" and not depth:
            for text in _text_outside_links(token.children or []):
                yield from MENTION.findall(text.content)


def _text_outside_links(children: list[Token]) -> Iterator[Token]:
    """The text tokens that contain an @ and are in no link."""
    depth = 0
    for child in children:
        depth += nesting(child, "link")
        if child.type == "text" and depth == 0 and "@" in child.content:
            yield child


def link_people(
    tokens: list[Token], people: Collection[str], own: Collection[str], *, is_apart: bool
) -> None:
    """Turn mentions into links: of `people` in quotes, and of those in `own` elsewhere.

    `is_apart` for a text that is written, in part, from right to left: there a mention needs a direction of its own,
    or the @ stands behind the handle. One that is no link gets an element for it.
    """
    left, depth = MAX_LINKS, 0
    for token in tokens:
        depth += nesting(token, "blockquote")
        if token.type != "inline" or "@" not in token.content:
            continue
        plain = set(map(id, _text_outside_links(token.children or [])))
        linked: list[Token] = []
        for child in token.children or []:
            linkable = people if depth else own
            is_plain = id(child) in plain
            parts = (
                _linked_mentions(child.content, linkable, left, is_apart) if is_plain else [child]
            )
            left -= len(parts) // 4
            linked += parts
        token.children = linked


def _linked_mentions(
    text: str, people: Collection[str], max_links: int, is_apart: bool
) -> list[Token]:
    """The tokens of a text with links to people: four for each link or mention with an element, and one for the rest."""
    tokens: list[Token] = []
    position = 0
    for match in MENTION.finditer(text):
        handle = match[1].lower()
        is_link = handle in people
        if not (is_link or is_apart) or len(tokens) >= 4 * max_links:
            continue
        if is_link:
            opening, *rest = link_tokens(f"/members/{handle}", match[0])
        else:
            opening, rest = Token("bdi_open", "bdi", 1), [text_token(match[0]), _BDI_CLOSE]
        if is_apart:
            opening.attrSet("dir", "ltr")
        tokens += [text_token(text[position : match.start()]), opening, *rest]
        position = match.end()
    return [*tokens, text_token(text[position:])]


def direct_linked_mentions(tokens: list[Token]) -> None:
    """Give a direction to links to members whose words are a mention, as they stand in what somebody quotes from a page."""
    for token in tokens:
        children = token.children or []
        for opening, words, closing in zip(children, children[1:], children[2:], strict=False):
            address = str(opening.attrs.get("href", "")) if opening.type == "link_open" else ""
            is_mention = closing.type == "link_close" and MENTION.fullmatch(words.content)
            if address.startswith("/members/") and is_mention:
                opening.attrSet("dir", "ltr")


def with_mentions_apart(text: str) -> str | Markup:
    """A plain text; if it is written from right to left, escaped, with an element around each mention that keeps the @ before it.

    The text may be one in which the words of a search are marked.
    """
    if not text or "@" not in text or not RIGHT_TO_LEFT.search(text):
        return text
    parts, position = [], 0
    for start, end in _spans_of_mentions(text):
        parts += [escape(text[position:start]), APART.format(text[start:end])]
        position = end
    return Markup("").join([*parts, escape(text[position:])])


def _spans_of_mentions(text: str) -> Iterator[tuple[int, int]]:
    is_marked = isinstance(text, Markup) and "<mark>" in text
    for match in (MARKED_MENTION if is_marked else MENTION).finditer(text):
        if match[0].count("<mark>") == match[0].count("</mark>"):  # no mark reaches beyond it
            yield match.span()
