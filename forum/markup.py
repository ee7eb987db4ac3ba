"""From what people write to what pages show: Markdown to HTML, the only road, and to plain text.

CommonMark by markdown-it-py, cleaned by bleach with an allow-list (the owner's choice), then by nh3: bleach is
no longer maintained since June 2026, so it must not be the last gate (see docs/decisions.md).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from itertools import pairwise

import bleach
import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

VERSION = 1  # raise it when the HTML for the same source changes, then run `flask rerender`
MAX_SOURCE = 20_000
MAX_ID = 2**31 - 1  # the databases' own
MAX_CELLS = 2_000
MAX_LINKS = 400
MAX_HTML = 100_000
MAX_LINES = 1_200
MAX_SIGNS = 5_000  # signs that may mean something, such as `[` and `*`

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
    ]
)
ATTRIBUTES = {
    "a": ["href", "title", "rel"],
    "ol": ["start"],
    "td": ["class"],
    "th": ["class", "scope"],
    "div": ["class", "role", "tabindex", "aria-label"],
    "pre": ["tabindex"],
    "blockquote": ["class"],
}
CLASSES = {"td": {"n"}, "th": {"n"}, "div": {"tw"}, "blockquote": {"cite"}}
SCHEMES = frozenset({"http", "https", "mailto"})
OUTSIDE_REL = "nofollow ugc noopener"
BARE_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
CITED_POST = re.compile(r'<blockquote class="cite">\s*<p>(<a href="/posts/\d{1,12}"[^>]*>.*?</a>)')
POST_AT_BEGINNING = re.compile(r'<p><a href="/posts/(\d{1,12})"')
LINK_TO_POST = re.compile(r"\]\(/posts/(\d{1,12})\)")
WITHHELD_POSTS = re.compile(r'<blockquote class="cite" data-withheld="([\d ]+)">')
QUOTE_TAG = re.compile(r"</?blockquote\b")
FINAL_SIGMA = "ς"
WITHHELD = '<blockquote class="cite" data-withheld="{}">\n<p>{}</p>\n<p>[…]</p>\n</blockquote>'  # says no words of a language
QUOTED_POST = re.compile(r"^> ?\[[^\]\n]{1,300}\]\(/posts/(\d{1,12})\)", re.MULTILINE)
# Neither a part of an address nor followed by more of one: "ana@example.org", "@ana.example.org" mention nobody.
MENTION = re.compile(
    r"(?<![\w@/.+=&#-])@([A-Za-z0-9]{1,40}(?:-[A-Za-z0-9]{1,40}){0,20})(?![\w@]|[./-]\w)"
)
MOST_NAMED = 100  # handles of a text that are looked up
DELIMITER_SIGNS = frozenset("|:- \t>")  # what the row below a table's head is made of
STROKES = str.maketrans(  # Latin letters whose stroke or tie no standard form parts from them
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
NOTHING: tuple[str, str, Sequence[str]] = ("", "", ())
SURROGATES = re.compile("[\ud800-\udfff]")
# No script writes them, and a terminal obeys them.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Written:
    """A text as it is stored: its source, the HTML made of it, the version of this file, its plain words.

    `mentions` are the handles that it names by `@handle`, whether they are anybody's or not.
    """

    source: str
    html: Markup
    html_version: int
    plain: str
    language: str = "en"
    mentions: Sequence[str] = ()


def write(source: str, language: str = "en", people: Collection[str] = ()) -> Written:
    """Turn Markdown into HTML that is safe to print. Any string gives an answer, in bounded time.

    Mentions of `people`, by their handles, become links. Call it before a write transaction begins: it takes
    some milliseconds.
    """
    source = tidy(source)
    plain, rendered, named = NOTHING if _is_hostile(source) else _parse(source, people)
    html = _clean(rendered) if 0 < len(rendered) <= MAX_HTML else _as_it_is(source)
    return Written(
        source, html, VERSION, plain or withhold_source(source, cited_in(source)), language, named
    )


def handles_in(source: str) -> list[str]:
    """The handles that a text may mention, the first hundred; some may turn out to stand in code or links."""
    return _first(MENTION.findall(source)) if "@" in source else []


def plain(source: str) -> str:
    """The plain words of a text, as `write` finds them."""
    source = tidy(source)
    return ("" if _is_hostile(source) else _parse(source)[0]) or withhold_source(
        source, cited_in(source)
    )


class PlainTexts(dict[str, str]):
    """The plain words of texts by their source; those that are not there yet are made when asked for."""

    def __missing__(self, source: str) -> str:
        return self.setdefault(source, plain(source))


def tidy(source: str) -> str:
    """The text with one kind of line end, composed accents, and without control characters and lone surrogates."""
    source = CONTROLS.sub("", source.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", SURROGATES.sub("\ufffd", source)).strip("\n")


def fold(text: str) -> str:
    """The text as search compares it: no case, no accents, compatible forms made one, on both databases."""
    if text.isascii():
        return text.replace("\x00", " ").lower()
    decomposed = unicodedata.normalize("NFKD", SURROGATES.sub("", text).replace("\x00", " "))
    folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return folded.translate(STROKES)


def slugify(text: str, fallback: str = "text") -> str:
    """A short name for an address: folded letters and digits of any script, joined by hyphens.

    The last letter of many Greek words stays as it is written; a text of signs alone has the fallback for a name.
    """
    bare = unicodedata.normalize("NFKD", SURROGATES.sub("", text))
    bare = "".join(c for c in bare if not _is_accent(c))
    bare = FINAL_SIGMA.join(part.casefold() for part in bare.split(FINAL_SIGMA)).translate(STROKES)
    kept = (c if _is_of_words(c) else " " for c in unicodedata.normalize("NFC", bare))
    name = "-".join("".join(kept).split())[:60].strip("-")
    return name if any(map(str.isalnum, name)) else fallback


def _is_accent(sign: str) -> bool:
    """Whether a word can be read without it; the vowel signs and joiners of Indic and Thai letters stay."""
    return 10 <= unicodedata.combining(sign) <= 35 or unicodedata.combining(sign) >= 200


def _is_of_words(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" and not unicodedata.name(sign, "").startswith(
        "VARIATION SELECTOR"
    )


def excerpt(plain: str, length: int = 200) -> str:
    """The beginning of a plain text, cut between words, with an ellipsis when something is left out."""
    text = " ".join(plain.split())
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[length // 2 :] else head).rstrip(",;:.") + "…"


def quoted_posts(source: str) -> list[int]:
    """The ids of the posts that a text quotes: block quotes that begin with a link to `/posts/<id>`."""
    ids = dict.fromkeys(int(found) for found in QUOTED_POST.findall(source))
    return [post_id for post_id in ids if post_id <= MAX_ID][:20]


def quote(name: str, post_id: int, source: str) -> str:
    """The Markdown that quotes a text (its source) of somebody, linked to the post it comes from."""
    lines = [line for line in tidy(source).split("\n") if not line.startswith(">")]
    name = label_of(name)
    body = "\n".join(lines).strip("\n").split("\n")
    return (
        "\n".join(f"> {line}".rstrip() for line in (f"[{name}](/posts/{post_id})", "", *body))
        + "\n\n"
    )


def cited_posts(html: str) -> set[int]:
    """The ids of the posts that the HTML of a text quotes, also of those whose words are withheld from it."""
    found = {int(post_id) for ids in WITHHELD_POSTS.findall(html) for post_id in ids.split()}
    for head in CITED_POST.finditer(html):
        found |= _named_in(html[head.start() : _end_of_quote(html, head.start())])
    return {post_id for post_id in found if post_id <= MAX_ID}


def _named_in(quote: str) -> set[int]:
    """Whom a quote names, but for what it quotes itself: two that follow each other without an empty line are one."""
    own, depth, position = [], 0, 0
    for tag in QUOTE_TAG.finditer(quote):
        own += [quote[position : tag.start()]] * (depth == 1)
        depth += -1 if tag[0].startswith("</") else 1
        position = tag.end()
    return {int(post_id) for post_id in POST_AT_BEGINNING.findall("".join(own))}


def withhold(html: Markup, post_ids: Collection[int]) -> Markup:
    """The HTML of a text without the words that it quotes of some posts; whose they were, and where, stays."""
    parts, position = [], 0
    while post_ids and (head := CITED_POST.search(html, position)):
        end = _end_of_quote(html, head.start())
        unseen = _named_in(html[head.start() : end]).intersection(post_ids)
        parts.append(html[position : head.start() if unseen else head.end()])
        if unseen:
            ids = " ".join(map(str, sorted(unseen)))
            parts.append(Markup(WITHHELD).format(ids, Markup(head[1])))
        position = end if unseen else head.end()
    return Markup("").join([*parts, html[position:]])


def _end_of_quote(html: str, start: int) -> int:
    """Where a quote ends that begins at a place, with all that it quotes itself."""
    depth = 0
    for tag in QUOTE_TAG.finditer(html, start):
        depth += -1 if tag[0].startswith("</") else 1
        if depth == 0:
            return html.index(">", tag.end()) + 1
    return len(html)


def withhold_source(source: str, post_ids: Collection[int]) -> str:
    """The same for the source of a text: of each quote its first line is left, up to the link."""
    if not post_ids or "/posts/" not in source or _is_hostile(source):
        return source
    lines = source.split("\n")
    kept: list[str] = []
    until = 0
    for start, end, ids in _quotes(source):
        if start >= until and ids.intersection(post_ids):
            head = LINK_TO_POST.search(lines[start])
            kept += [*lines[until:start], f"{lines[start][: head.end()] if head else '>'} […]"]
            until = end
    return "\n".join([*kept, *lines[until:]])


def cited_in(source: str) -> set[int]:
    """The ids of the posts that the source of a text quotes, as `cited_posts` finds them in its HTML."""
    if "/posts/" not in source or _is_hostile(source):
        return set()
    return set().union(*(ids for _start, _end, ids in _quotes(source)))


def _quotes(source: str) -> Iterator[tuple[int, int, set[int]]]:
    """The quotes of posts in a text: their first line, the line behind them, and whom they name."""
    try:
        tokens = _parser(source).parse(source)
    except (RecursionError, ValueError, IndexError):
        return
    for number, token in enumerate(tokens):
        if token.type == "blockquote_open" and token.map:
            named = _named_by(tokens[number + 1 :])
            if named:
                yield token.map[0], token.map[1], named


def _named_by(tokens: list[Token]) -> set[int]:
    depth, named = 1, set()
    for before, token in pairwise(tokens):
        depth += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        if depth <= 0:
            break
        children = token.children or []
        if (
            depth == 1
            and before.type == "paragraph_open"
            and children
            and children[0].type == "link_open"
        ):
            found = re.fullmatch(r"/posts/(\d{1,12})", str(children[0].attrs.get("href", "")))
            named |= {int(found[1])} if found else set()
    return named


def label_of(name: str) -> str:
    """A name as it stands above a quote, without what would end the link."""
    return " ".join(re.sub(r"[\[\]\\<>`]", " ", name).split())


def unname(source: str, post_ids: Collection[int], handle: str, former: str) -> str:
    """The source of a text with `former` in place of a member: above quotes of their posts, and where a handle stood."""

    def unquoted(found: re.Match[str]) -> str:
        post_id = found[1]
        return f"> [{former}](/posts/{post_id})" if int(post_id) in post_ids else found[0]

    source = QUOTED_POST.sub(unquoted, source)
    source = re.sub(rf"\[[^\]\n]*\]\(/members/{re.escape(handle)}/?\)", former, source)
    source = MENTION.sub(lambda found: former if found[1].lower() == handle else found[0], source)
    return re.sub(rf"/members/{re.escape(handle)}(?![\w-])", "/members", source)


def paragraphs(source: str) -> list[str]:
    """The top-level blocks of a text, each as its own source, in order."""
    source = tidy(source)
    if _is_hostile(source):
        return _parts(source)
    lines = source.split("\n")
    blocks = [
        t.map for t in _parser(source).parse(source) if t.map and t.level == 0 and t.nesting >= 0
    ]
    return ["\n".join(lines[start:end]).strip("\n") for start, end in blocks]


def paragraph_key(source: str) -> str:
    """A short name that follows from a paragraph's words, whatever its spacing."""
    return blake2s(" ".join(source.split()).encode(), digest_size=6).hexdigest()


def _is_hostile(source: str) -> bool:
    """Whether a text is made to keep the parser busy; it is then shown as it was typed."""
    is_long = len(source) > MAX_SOURCE or source.count("\n") > MAX_LINES
    return is_long or sum(map(source.count, "[<&*_`~!")) > MAX_SIGNS


def _parse(source: str, people: Collection[str] = ()) -> tuple[str, str, Sequence[str]]:
    """The plain words, the HTML, and the handles that are mentioned."""
    try:
        tokens = _parser(source).parse(source)
        plain = _plain(tokens)
        _arrange(tokens)
        named = _first(_mentions(tokens)) if "@" in source else ()
        if people:
            _link_people(tokens, people)
        return plain, str(_RENDERER.renderer.render(tokens, _RENDERER.options, {})), named
    except (RecursionError, ValueError, IndexError):
        return NOTHING


def _parser(source: str) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("strikethrough")
    return parser.enable("table") if 0 < _cells(source) <= MAX_CELLS else parser


def _cells(source: str) -> int:
    """The most cells that the tables of a text can have together: each line may fill every column."""
    lines = source.split("\n")
    rows = [line for line in lines if "-" in line and DELIMITER_SIGNS.issuperset(line)]
    return len(lines) * max((row.count("|") + 1 for row in rows if "|" in row), default=0)


def _arrange(tokens: list[Token]) -> None:
    _levels(tokens)
    _empty_headings(tokens)
    links = 0
    for token in tokens:
        _mark_up(token)
        if token.type == "inline" and token.children and links < MAX_LINKS:
            token.children = _link_bare_addresses(token.children)
            links += sum(child.type == "link_open" for child in token.children)


def _first(handles: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(str.lower, handles)))[:MOST_NAMED]


def _mentions(tokens: list[Token]) -> Iterator[str]:
    """The handles after an @ in the text, but those in code, in links, and in what is quoted from others."""
    quotes = 0
    for token in tokens:
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        if token.type == "inline" and not quotes:
            for text in _outside_links(token.children or []):
                yield from MENTION.findall(text.content)


def _outside_links(children: list[Token]) -> Iterator[Token]:
    depth = 0
    for child in children:
        depth += (child.type == "link_open") - (child.type == "link_close")
        if child.type == "text" and depth == 0 and "@" in child.content:
            yield child


def _link_people(tokens: list[Token], people: Collection[str]) -> None:
    left = MAX_LINKS
    for token in tokens:
        if token.type != "inline" or "@" not in token.content:
            continue
        plain = set(map(id, _outside_links(token.children or [])))
        linked: list[Token] = []
        for child in token.children or []:
            parts = _split_names(child.content, people, left) if id(child) in plain else [child]
            left -= len(parts) // 4
            linked += parts
        token.children = linked


def _split_names(text: str, people: Collection[str], most: int) -> list[Token]:
    """The text with links to people, four tokens more for each."""
    tokens: list[Token] = []
    position = 0
    for found in MENTION.finditer(text):
        handle = found[1].lower()
        if handle not in people or len(tokens) >= 4 * most:
            continue
        opening = Token("link_open", "a", 1, attrs={"href": f"/members/{handle}"})
        tokens += [_text(text[position : found.start()]), opening, _text(found[0])]
        tokens.append(Token("link_close", "a", -1))
        position = found.end()
    return [*tokens, _text(text[position:])]


def _levels(tokens: list[Token]) -> None:
    """Headings begin at level three, below the page's own, and go down one at a time (WCAG 2.2, 1.3.1)."""
    stack: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        level = int(token.tag[1])
        if token.type == "heading_open":
            stack = [known for known in stack if known < level] + [level]
        token.tag = f"h{min(len(stack) + 2, 5)}"


def _empty_headings(tokens: list[Token]) -> None:
    """A heading cell without words, as tables of figures have in their corner, is an ordinary cell (WCAG 1.3.1)."""
    for opening, inside, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not inside.content.strip():
            opening.type, opening.tag, closing.type, closing.tag = "td_open", "td", "td_close", "td"


def _mark_up(token: Token) -> None:
    if token.type in ("th_open", "td_open"):
        if "right" in str(token.attrs.pop("style", "")):
            token.attrs["class"] = "n"
        if token.type == "th_open":
            token.attrs["scope"] = "col"


def _link_bare_addresses(children: list[Token]) -> list[Token]:
    linked: list[Token] = []
    depth = 0
    for child in children:
        depth += (child.type == "link_open") - (child.type == "link_close")
        if child.type == "text" and depth == 0 and "http" in child.content:
            linked.extend(_split_links(child.content))
        else:
            linked.append(child)
    return linked


def _split_links(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    for found in BARE_LINK.finditer(text):
        address = found.group().rstrip(".,;:!?)]}*_")
        tokens.append(_text(text[position : found.start()]))
        opening = Token("link_open", "a", 1, attrs={"href": address})
        tokens += [opening, _text(address), Token("link_close", "a", -1)]
        position = found.start() + len(address)
    return [*tokens, _text(text[position:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link_open(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    token = tokens[index]
    address = str(token.attrs.get("href", ""))
    rel = (
        "" if address.startswith("/") and not address.startswith("//") else f' rel="{OUTSIDE_REL}"'
    )
    title = f' title="{escape(token.attrs["title"])}"' if "title" in token.attrs else ""
    return f'<a href="{escape(address)}"{title}{rel}>'


def _image(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    """An image from elsewhere would tell its owner who reads: it becomes a link to it."""
    token = tokens[index]
    address = escape(str(token.attrs.get("src", "")))
    return f'<a href="{address}" rel="{OUTSIDE_REL}">{escape(token.content or address)}</a>'


def _blockquote(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    following = tokens[index + 2] if index + 2 < len(tokens) else None
    inside = (following.children or []) if following and following.type == "inline" else []
    is_cite = bool(inside) and str(inside[0].attrs.get("href", "")).startswith("/posts/")
    return '<blockquote class="cite">\n' if is_cite else "<blockquote>\n"


def _table(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return '<div class="tw" role="region" tabindex="0" aria-label="Table"><table>\n'


def _table_end(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return "</table></div>\n"


def _code(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'


def _renderer() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    for name, rule in {
        "link_open": _link_open,
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


class _Bleach(threading.local):
    """bleach's cleaner, one for each thread: in two at once it loses a text, or gives one person's to another."""

    def __init__(self) -> None:
        self.cleaner = bleach.Cleaner(
            tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip=True
        )


_BLEACH = _Bleach()
_NH3 = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) - {"class"} for tag, names in ATTRIBUTES.items()},
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    link_rel=None,
    generic_attribute_prefixes=None,
)


def _clean(html: str) -> Markup:
    return Markup(_NH3.clean(_BLEACH.cleaner.clean(html)))


def _as_it_is(source: str) -> Markup:
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in _parts(source))


def _parts(source: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n{2,}", source) if part.strip()]


def _plain(tokens: list[Token]) -> str:
    """The words of a text without those that it quotes from others."""
    parts = []
    quotes = 0
    for token in tokens:
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        if quotes:
            continue
        if token.type == "inline":
            parts.append("".join(c.content or " " for c in token.children or [] if c.nesting == 0))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
    return re.sub(r"[ \t]+", " ", "\n".join(parts)).strip()
