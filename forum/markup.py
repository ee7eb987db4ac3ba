"""From Markdown to HTML that is safe to print, and to plain text: the only way from members' texts to pages.

CommonMark by markdown-it-py, sanitised by bleach with an allow-list (the owner's choice) and then by nh3: bleach has
not been maintained since June 2026, so it must not be the last step (see docs/decisions.md).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from forum import illustrations
from forum.illustrations import (
    Illustration,
    file_html,
    is_safe_attribute,
    mark_illustrations,
    may_show,
    picture_html,
    unseen_file_html,
    words_html,
)
from forum.lazy import library
from forum.markdown import (
    MAX_LINKS,
    bare_links,
    is_hostile,
    link_tokens,
    nesting,
    parser_for,
    plain_of,
    split_paragraphs,
    text_token,
)
from forum.mentions import (
    MAX_MENTIONS,
    direct_linked_mentions,
    link_people,
    mentions_in,
    unique_handles,
)
from forum.plaintext import RIGHT_TO_LEFT, tidy
from forum.quotes import cited_in_source, is_one_link, leading_address, withhold_in_source

VERSION = 8  # increase it when the same source gives other HTML; then run `flask rerender`
MAX_HTML = 100_000  # characters
TAGS = frozenset(
    [
        "p",
        "br",
        "hr",
        "h3",
        "h4",
        "h5",
        "a",
        "em",
        "strong",
        "s",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "img",
        "small",
        "bdi",
    ]
)
ATTRIBUTES = {
    "a": ["class", "dir", "href", "title", "rel"],
    "img": list(illustrations.ATTRIBUTES),
    "p": ["dir"],
    "ul": ["dir"],
    "ol": ["dir", "start"],
    "table": ["dir"],
    "td": ["class"],
    "th": ["class", "scope"],
    "div": ["class", "role", "tabindex", "aria-label"],
    "pre": ["tabindex"],
    "blockquote": ["class", "dir"],
    "small": ["dir"],
    "bdi": ["dir"],
}
CLASSES = {"a": {"file"}, "td": {"n"}, "th": {"n"}, "div": {"tw"}, "blockquote": {"cite"}}
SCHEMES = frozenset({"http", "https", "mailto"})
OUTSIDE_REL = "nofollow ugc noopener"
DIRECTED_TOKENS = {"bullet_list_open", "ordered_list_open", "table_open", "blockquote_open"}


class Rendered(NamedTuple):
    """The parser's output: plain words, HTML that is not sanitised yet, mentioned handles, pictures and files."""

    plain: str = ""
    html: str = ""
    mentions: Sequence[str] = ()
    pictures: Sequence[Illustration] = ()


@dataclass(frozen=True)
class Written:
    """A text as it is stored: its source, the HTML made from it by `VERSION` of this module, its plain text.

    `mentions` are the handles in it that follow an @, whether or not a member has them; `pictures` those that it
    shows, or would show if its HTML were not too long, and the files that it links to: search records them from the
    source alone, and permission is checked for all of them.
    """

    source: str
    html: Markup
    html_version: int
    plain: str
    language: str = "en"
    mentions: Sequence[str] = ()
    pictures: Sequence[Illustration] = ()


NO_TEXT = Written("", Markup(""), VERSION, "")
# Texts rendered before an action, by source
NO_TEXTS: Mapping[str, Written] = MappingProxyType({})


def write(
    source: str,
    language: str = "en",
    people: Collection[str] = (),
    most: int = MAX_MENTIONS,
    unseen: Collection[str] = (),
    *,
    has_pictures: bool = True,
) -> Written:
    """Turn Markdown into HTML that is safe to print, for any string and in bounded time.

    Mentions of the handles in `people` become links: in the author's own words those of the first `most` people, in
    quotes all. Pictures and files whose names are in `unseen`, because the reader of this page may not see them, are
    replaced by their descriptions. With `has_pictures` false both are ordinary links: for kinds of texts without a
    search document, which decides who may see them. Call it before a write transaction begins, because it takes some
    milliseconds.
    """
    source = tidy(source)
    hidden = unseen if has_pictures else None
    made = Rendered() if is_hostile(source) else _render(source, people, most, hidden)
    is_whole = 0 < len(made.html) <= MAX_HTML
    return Written(
        source,
        _clean(made.html) if is_whole else _escaped_paragraphs(source),
        VERSION,
        made.plain or withhold_in_source(source, cited_in_source(source)),
        language,
        made.mentions,
        made.pictures,
    )


def plain(source: str) -> str:
    """The plain text of a Markdown source, the same as in `write`."""
    source = tidy(source)
    return ("" if is_hostile(source) else _render(source).plain) or withhold_in_source(
        source, cited_in_source(source)
    )


class PlainTexts(dict[str, str]):
    """A cache of plain texts by their Markdown source, computed when they are first asked for."""

    def __missing__(self, source: str) -> str:
        return self.setdefault(source, plain(source))


def _render(
    source: str,
    people: Collection[str] = (),
    most: int = MAX_MENTIONS,
    unseen: Collection[str] | None = (),
) -> Rendered:
    """The parser's output for a text; without words if the parser fails. It shows no pictures and files if `unseen` is None."""
    pictures: Sequence[Illustration] = ()
    try:
        tokens = parser_for(source).parse(source)
        plain = plain_of(tokens)
        if unseen is not None and may_show(source):
            pictures = mark_illustrations(tokens, unseen)
        _adapt_tokens(tokens)
        if RIGHT_TO_LEFT.search(source):
            _let_blocks_find_their_direction(tokens)
            direct_linked_mentions(tokens)
        mentions = unique_handles(mentions_in(tokens)) if "@" in source else ()
        is_apart = "@" in source and bool(RIGHT_TO_LEFT.search(source))
        if people or is_apart:
            own = [name for name in mentions if name in people][:most]
            link_people(tokens, people, own, is_apart=is_apart)
        html = str(_RENDERER.renderer.render(tokens, _RENDERER.options, {}))
        return Rendered(plain, html, mentions, pictures)
    except (RecursionError, ValueError, IndexError):
        return Rendered(pictures=pictures)


def _adapt_tokens(tokens: list[Token]) -> None:
    _set_heading_levels(tokens)
    _demote_empty_header_cells(tokens)
    links = 0
    for token in tokens:
        _set_cell_attributes(token)
        if token.type == "inline" and token.children and links < MAX_LINKS:
            token.children = _autolink(token.children)
            links += sum(child.type == "link_open" for child in token.children)


def _let_blocks_find_their_direction(tokens: list[Token]) -> None:
    """Align markers, bars and columns with the language of each list, quote or table, whatever surrounds it.

    Paragraphs need no attribute for this, because the style sheet does it (`unicode-bidi`). Only the name above a
    quote gets one, so that browsers ignore it when they determine the direction of the quote.
    """
    for token in tokens:
        if token.type in DIRECTED_TOKENS:
            token.attrSet("dir", "auto")
    for quote, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if _is_cite(quote, inline) and is_one_link(inline):
            paragraph.attrSet("dir", "auto")


def _is_cite(quote: Token, inline: Token) -> bool:
    """Whether a block quote, whose first paragraph is `inline`, quotes a post."""
    is_quote = quote.type == "blockquote_open"
    return is_quote and leading_address(inline).startswith("/posts/")


def _set_heading_levels(tokens: list[Token]) -> None:
    """Let headings begin at level three, below the page's own, and skip no level (WCAG 2.2, 1.3.1)."""
    stack: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        level = int(token.tag[1])
        if token.type == "heading_open":
            stack = [above for above in stack if above < level] + [level]
        token.tag = f"h{min(len(stack) + 2, 5)}"


def _demote_empty_header_cells(tokens: list[Token]) -> None:
    """Make an empty header cell, such as the corner of a table of figures, an ordinary cell (WCAG 2.2, 1.3.1)."""
    for opening, inside, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not inside.content.strip():
            opening.type, opening.tag, closing.type, closing.tag = "td_open", "td", "td_close", "td"


def _set_cell_attributes(token: Token) -> None:
    """Replace the style of right-aligned cells by the class for numbers, and give header cells their scope."""
    if token.type in ("th_open", "td_open"):
        if "right" in str(token.attrs.pop("style", "")):
            token.attrs["class"] = "n"
        if token.type == "th_open":
            token.attrs["scope"] = "col"


def _autolink(children: list[Token]) -> list[Token]:
    """Turn URLs in text that is in no link into links."""
    linked: list[Token] = []
    depth = 0
    for child in children:
        depth += nesting(child, "link")
        if child.type == "text" and depth == 0 and "http" in child.content:
            linked.extend(_linked_urls(child.content))
        else:
            linked.append(child)
    return linked


def _linked_urls(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    for start, address in bare_links(text):
        tokens += [text_token(text[position:start]), *link_tokens(address, address)]
        position = start + len(address)
    return [*tokens, text_token(text[position:])]


def _link_open(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    token = tokens[index]
    if file := token.meta.get("shown"):
        return _file_html(token, file)[0]
    address = str(token.attrs.get("href", ""))
    is_local = address.startswith("/") and not address.startswith("//")
    rel = "" if is_local else f' rel="{OUTSIDE_REL}"'
    title = f' title="{escape(token.attrs["title"])}"' if "title" in token.attrs else ""
    direction = f' dir="{token.attrs["dir"]}"' if "dir" in token.attrs else ""
    return f'<a href="{escape(address)}"{title}{rel}{direction}>'


def _link_close(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    before = (tokens[number] for number in range(index - 1, -1, -1))
    opening = next(token for token in before if token.type == "link_open")  # none stands in another
    file = opening.meta.get("shown")
    return _file_html(opening, file)[1] if file else "</a>"


def _file_html(opening: Token, file: Illustration) -> tuple[str, str]:
    return unseen_file_html(file) if opening.meta["is_unseen"] else file_html(file)


def _image(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    """An external image becomes a link to it: loaded from another site, it would tell that site who reads."""
    token = tokens[index]
    if picture := token.meta.get("shown"):
        if token.meta["is_unseen"]:
            return words_html(picture)
        return picture_html(picture, is_linked=token.meta["is_linked"])
    address = escape(str(token.attrs.get("src", "")))
    return f'<a href="{address}" rel="{OUTSIDE_REL}">{escape(token.content or address)}</a>'


def _blockquote(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    quote = tokens[index]
    is_cite = index + 2 < len(tokens) and _is_cite(quote, tokens[index + 2])
    kind = ' class="cite"' if is_cite else ""
    return f"<blockquote{kind}{_direction(quote)}>\n"


def _direction(token: Token) -> str:
    return ' dir="auto"' if token.attrGet("dir") else ""


def _table(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    direction = _direction(tokens[index])
    return f'<div class="tw" role="region" tabindex="0" aria-label="Table"><table{direction}>\n'


def _table_end(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return "</table></div>\n"


def _code(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'


def _renderer() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    for name, rule in {
        "link_open": _link_open,
        "link_close": _link_close,
        "image": _image,
        "blockquote_open": _blockquote,
        "table_open": _table,
        "table_close": _table_end,
        "fence": _code,
        "code_block": _code,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


_RENDERER = _renderer()


def _bleach_keeps(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return is_safe_attribute(name, value)
    return name in ATTRIBUTES.get(tag, ())


def _nh3_keeps(tag: str, name: str, value: str) -> str | None:
    return value if tag != "img" or is_safe_attribute(name, value) else None


class _BleachCleaner(threading.local):
    """bleach's cleaner, one per thread: shared by two threads, it loses texts or mixes them up."""

    @cached_property
    def cleaner(self) -> Any:
        """Created with the first text: readers do not need it, and its HTML parser takes 3 MB."""
        return library("bleach").Cleaner(
            tags=TAGS, attributes=_bleach_keeps, protocols=SCHEMES, strip=True
        )


_BLEACH = _BleachCleaner()
_NH3 = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) - {"class"} for tag, names in ATTRIBUTES.items()},
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    link_rel=None,
    attribute_filter=_nh3_keeps,
    generic_attribute_prefixes=None,
)


def _clean(html: str) -> Markup:
    return Markup(_NH3.clean(_BLEACH.cleaner.clean(html)))


def _escaped_paragraphs(source: str) -> Markup:
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in split_paragraphs(source))
