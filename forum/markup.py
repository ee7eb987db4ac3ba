"""From Markdown to HTML that is safe to print, and to plain text: the only way from what people write to pages.

CommonMark by markdown-it-py, sanitised by bleach with an allow-list (the owner's choice) and then by nh3: bleach has not
been maintained since June 2026, so that it must not be the last gate (see docs/decisions.md).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from itertools import pairwise
from types import MappingProxyType

import bleach
import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

VERSION = 2  # to be raised when the same source gives other HTML; then run `flask rerender`
MAX_SOURCE = (
    20_000  # characters; a longer text, or one that exceeds another limit, is shown as typed
)
MAX_ID = 2**31 - 1  # of the databases' id columns
MAX_CELLS = 2_000
MAX_LINKS = 400
MAX_HTML = 100_000
MAX_LINES = 1_200
MARKUP_CHARACTERS = "[<&*_`~!"  # those that cost the parser time
MAX_MARKUP_CHARACTERS = 5_000
MAX_QUOTED_POSTS = 20
MAX_SLUG = 60  # characters
NAMES_ASKED_AT_ONCE = 20
ACCENTS_OF_LETTERS = range(10, 36)  # canonical combining classes (Unicode): marks of one script
FIRST_GENERAL_ACCENT = 200  # from this class on: accents of any script

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
    "ul": ["dir"],
    "ol": ["dir", "start"],
    "table": ["dir"],
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
# A link to a post, which may stand in emphasis and lead to a place in the post
POST_PATH = r"/posts/(\d{1,12})(?:[?#][^\"\s]*)?"
TYPED_POST_PATH = r"/posts/(\d{1,12})(?:[?#][^\s<>()]*)?"
IN_EMPHASIS = r"(?:<(?:em|strong|s)>)*"
CITED_POST = re.compile(
    rf'<blockquote class="cite">\s*<p>{IN_EMPHASIS}(?P<link><a href="{POST_PATH}"[^>]*>.*?</a>)',
    re.DOTALL,  # the text of a link may go on in the next line
)
POST_ADDRESS = re.compile(POST_PATH)
LEADING_POST_LINK = re.compile(rf'<p>{IN_EMPHASIS}<a href="{POST_PATH}"')
POST_LINK_END = re.compile(rf"\]\({TYPED_POST_PATH}\)")
LEADING_EMPHASIS = re.compile(r"[*_~]+(?=\[)")
EMPHASIS_TOKENS = {"em_open", "strong_open", "s_open"}
WITHHELD_QUOTE = re.compile(r'<blockquote class="cite" data-withheld="([\d ]+)">')
QUOTE_TAG = re.compile(r"</?blockquote\b")
FINAL_SIGMA = "ς"
RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
DIRECTED_TOKENS = {"bullet_list_open", "ordered_list_open", "table_open"}
# Without words, since it is stored and read in every language
WITHHELD_HTML = '<blockquote class="cite" data-withheld="{}">\n<p>{}</p>\n<p>[…]</p>\n</blockquote>'
QUOTED_POST = re.compile(
    rf"^> ?(?P<emphasis>[*_~]*)\[[^\]\n]{{1,300}}\]\((?P<address>{TYPED_POST_PATH})\)",
    re.MULTILINE,
)
# Not inside an e-mail address or a URL: "ana@example.org" and "@ana.example.org" mention nobody.
MENTION = re.compile(
    r"(?<![\w@/.+=&#-])@([A-Za-z0-9]{1,40}(?:-[A-Za-z0-9]{1,40}){0,20})(?![\w@]|[./-]\w)"
)
MAX_MENTIONS = 100  # handles of a text that are looked up
DELIMITER_CHARACTERS = frozenset(
    "|:- \t>"
)  # of the row that separates a table's head from its body
STROKES = str.maketrans(  # Latin letters that Unicode does not decompose into a letter and a mark
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
EMPTY: tuple[str, str, Sequence[str]] = ("", "", ())
SURROGATES = re.compile("[\ud800-\udfff]")
# No script needs them, and terminals obey them.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Written:
    """A text as it is stored: its source, the HTML made of it by `VERSION` of this module, its plain text.

    `mentions` are the handles in it that follow an @, whether a member has them or not.
    """

    source: str
    html: Markup
    html_version: int
    plain: str
    language: str = "en"
    mentions: Sequence[str] = ()


NO_TEXT = Written("", Markup(""), VERSION, "")
# Texts that were rendered before an action, by source
NO_TEXTS: Mapping[str, Written] = MappingProxyType({})


def write(
    source: str, language: str = "en", people: Collection[str] = (), most: int = MAX_MENTIONS
) -> Written:
    """Turn Markdown into HTML that is safe to print, for any string and in bounded time.

    Mentions of the handles in `people` become links: in the author's own words those of the first `most` people, in
    quotes all. Call it before a write transaction begins, because it takes some
    milliseconds.
    """
    source = tidy(source)
    plain, rendered, named = EMPTY if _is_hostile(source) else _render(source, people, most)
    html = _clean(rendered) if 0 < len(rendered) <= MAX_HTML else _escaped_paragraphs(source)
    return Written(
        source,
        html,
        VERSION,
        plain or withhold_in_source(source, cited_in_source(source)),
        language,
        named,
    )


def handles_in(source: str) -> list[str]:
    """The handles that a text may mention, at most `MAX_MENTIONS`; some may turn out to be in code or in links."""
    return _unique_handles(MENTION.findall(source)) if "@" in source else []


def plain(source: str) -> str:
    """The plain text of a Markdown source, the same as `write` returns."""
    source = tidy(source)
    return ("" if _is_hostile(source) else _render(source)[0]) or withhold_in_source(
        source, cited_in_source(source)
    )


class PlainTexts(dict[str, str]):
    """A cache of plain texts by their Markdown source, made when they are first asked for."""

    def __missing__(self, source: str) -> str:
        return self.setdefault(source, plain(source))


def tidy(source: str) -> str:
    """A text with `\\n` as line ends, composed accents (NFC), and without control characters and lone surrogates."""
    source = CONTROLS.sub("", source.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", SURROGATES.sub("\ufffd", source)).strip("\n")


# Scripts without spaces between words: Thai and Lao, Tibetan, Burmese, Japanese and Chinese
SCRIPTS_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
SPACELESS = re.compile(f"[{SCRIPTS_WITHOUT_SPACES}]")
ENDS_OF_SENTENCES = tuple('.!?…:;,。！？：؟۔।።"”’»›」』)]）》')
MIN_TELLING_WORD = 4  # letters of a Latin word that tells one name from others


def fold(text: str) -> str:
    """A text as search compares it on both databases: without case and accents, compatible forms made one (NFKD)."""
    if text.isascii():
        return text.replace("\x00", " ").lower()
    decomposed = unicodedata.normalize("NFKD", SURROGATES.sub("", text).replace("\x00", " "))
    folded = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    return folded.translate(STROKES)


def words_in(text: str) -> list[str]:
    """The folded words of a text. A script without spaces between words gives whole runs of it."""
    folded = fold(text)
    return "".join(c if _is_word_character(c) else " " for c in folded).split()


def has_words_starting_with(name: Sequence[str], beginnings: Sequence[str]) -> bool:
    """Whether each of the beginnings starts a word of a name; both are `words_in` a text.

    In scripts without spaces a word may begin anywhere. Where all are short Latin words, such as "the", the name has to
    start with one: too many names have such a word inside.
    """
    words = f" {' '.join(name)}"
    if all(len(one) < MIN_TELLING_WORD and one.isascii() for one in beginnings):
        return any(words.startswith(f" {one}") for one in beginnings)
    return all((one if SPACELESS.search(one) else f" {one}") in words for one in beginnings)


def slugify(text: str, fallback: str = "text") -> str:
    """A short name for an address: letters and digits of any script, in lower case, joined by hyphens.

    The Greek final sigma is kept. A text without letters and digits gives the fallback.
    """
    bare = unicodedata.normalize("NFKD", SURROGATES.sub("", text))
    bare = "".join(c for c in bare if not _is_removable_accent(c))
    bare = FINAL_SIGMA.join(part.casefold() for part in bare.split(FINAL_SIGMA)).translate(STROKES)
    kept = (c if _is_word_character(c) else " " for c in unicodedata.normalize("NFC", bare))
    name = "-".join("".join(kept).split())[:MAX_SLUG].strip("-")
    return name if any(map(str.isalnum, name)) else fallback


def first_free(
    wish: str, taken: Callable[[Sequence[str]], Collection[str]], most: int = MAX_SLUG
) -> str:
    """The wish, or with the first number from 2 on that makes it free: `trams`, `trams-2`, `trams-3` …

    `taken` returns which of some names are in use. It is asked for several at once, so that one query answers as a rule.
    With a number the wish is cut, so that both together have at most `most` characters.
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
    """Whether a name is what `first_free` makes of a wish, with a number or without."""
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


def in_one_line(plain: str) -> str:
    """A plain text in one line, with a dot after each heading, item, cell or paragraph that does not end as a sentence does."""
    parts: list[str] = []
    for line in plain.split("\n"):
        if words := single_line(line):
            if parts:
                parts.append(" " if parts[-1].endswith(ENDS_OF_SENTENCES) else " · ")
            parts.append(words)
    return "".join(parts)


def excerpt(plain: str, length: int = 200) -> str:
    """The beginning of a plain text, at most `length` characters, cut between words; `…` if something is left out."""
    text = in_one_line(plain)
    if len(text) <= length:
        return text
    head = text[: length - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[length // 2 :] else head).rstrip(",;:.") + "…"


def quoted_posts(source: str) -> list[int]:
    """The ids of the posts that a text quotes: block quotes that begin with a link to `/posts/<id>`.

    At most `MAX_QUOTED_POSTS`, in their order, found without parsing the text.
    """
    ids = dict.fromkeys(int(found[3]) for found in QUOTED_POST.finditer(source))
    return [post_id for post_id in ids if post_id <= MAX_ID][:MAX_QUOTED_POSTS]


def quote(name: str, post_id: int, source: str) -> str:
    """The Markdown that quotes the source of a post, under the author's name as a link to it.

    What that post quotes itself is left out.
    """
    own_lines = [line for line in tidy(source).split("\n") if not line.startswith(">")]
    body = "\n".join(own_lines).strip("\n").split("\n")
    lines = (f"[{quote_label(name)}](/posts/{post_id})", "", *body)
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


def with_local_quotes(source: str, home: str) -> str:
    """The source of a text in which quotes begin with links such as `/posts/7`, also where the whole address at the forum's
    URL (`home`) was typed, as browsers copy it.
    """
    if "/posts/" not in source:
        return source
    ours = rf"https?://{re.escape(home.partition('://')[2])}"
    start = r"^[ \t>*+\-\d.)]{0,40}> ?[*_~]*"
    in_quote = r"^[ \t*+\-\d.)]{0,40}>[^\n]*?\]\([ \t]*<?"
    definition = r"^[ \t>]{0,40}\[[^\]\n]{1,300}\]:[ \t]*\n?[ \t>]{0,40}<?"
    link = rf"({in_quote}|{definition}){ours}(?=/posts/\d)"
    source = re.sub(link, r"\1", source, flags=re.MULTILINE | re.IGNORECASE)
    bare = rf"({start})<?({ours}(/posts/\d{{1,12}}(?:[?#][^\s<>*_)]*)?))>?(?=[\s:,*_~]|$)"
    return re.sub(bare, r"\1[\2](\3)", source, flags=re.MULTILINE | re.IGNORECASE)


def cited_in_html(html: str) -> set[int]:
    """The ids of the posts that the HTML of a text quotes, also of those whose words are withheld in it."""
    return withheld_in_html(html) | shown_in_html(html)


def withheld_in_html(html: str) -> set[int]:
    """The ids of the posts whose words are withheld in the HTML of a text."""
    return {int(post_id) for ids in WITHHELD_QUOTE.findall(html) for post_id in ids.split()}


def shown_in_html(html: str) -> set[int]:
    """The ids of the posts that the HTML of a text quotes with their words."""
    found: set[int] = set()
    for head in CITED_POST.finditer(html):
        found |= _posts_quoted_by_html(html[head.start() : _end_of_quote(html, head.start())])
    return {post_id for post_id in found if post_id <= MAX_ID}


def _posts_quoted_by_html(quote: str) -> set[int]:
    """The ids of the posts that the HTML of one block quote quotes, without what is quoted inside it.

    There may be several: two quotes without an empty line between them are one block in Markdown.
    """
    own, depth, position = [], 0, 0
    for tag in QUOTE_TAG.finditer(quote):
        own += [quote[position : tag.start()]] * (depth == 1)
        depth += -1 if tag[0].startswith("</") else 1
        position = tag.end()
    return {int(post_id) for post_id in LEADING_POST_LINK.findall("".join(own))}


def withhold_in_html(html: Markup, post_ids: Collection[int]) -> Markup:
    """The HTML of a text without the words that it quotes from some posts; the link to each of them stays."""
    parts, position = [], 0
    while post_ids and (head := CITED_POST.search(html, position)):
        end = _end_of_quote(html, head.start())
        withheld = _posts_quoted_by_html(html[head.start() : end]).intersection(post_ids)
        parts.append(html[position : head.start() if withheld else head.end()])
        if withheld:
            ids = " ".join(map(str, sorted(withheld)))
            parts.append(Markup(WITHHELD_HTML).format(ids, Markup(head["link"])))
        position = end if withheld else head.end()
    return Markup("").join([*parts, html[position:]])


def _end_of_quote(html: str, start: int) -> int:
    """The end of the block quote that begins at `start`, quotes inside it included."""
    depth = 0
    for tag in QUOTE_TAG.finditer(html, start):
        depth += -1 if tag[0].startswith("</") else 1
        if depth == 0:
            return html.index(">", tag.end()) + 1
    return len(html)


def withhold_in_source(source: str, post_ids: Collection[int]) -> str:
    """The source of a text without the words that it quotes from some posts: of each quote the first line's link stays."""
    if not post_ids or "/posts/" not in source or _is_hostile(source):
        return source
    lines = source.split("\n")
    kept: list[str] = []
    until = 0
    for start, end, ids in _quoted_blocks(source):
        if start >= until and ids.intersection(post_ids):
            head = POST_LINK_END.search(lines[start])
            link = LEADING_EMPHASIS.sub("", lines[start][: head.end()], count=1) if head else ">"
            kept += [*lines[until:start], f"{link} […]"]
            until = end
    return "\n".join([*kept, *lines[until:]])


def cited_in_source(source: str) -> set[int]:
    """The ids of the posts that the source of a text quotes, as `cited_in_html` finds them in its HTML."""
    if "/posts/" not in source or _is_hostile(source):
        return set()
    return set().union(*(ids for _start, _end, ids in _quoted_blocks(source)))


def quote_heads(source: str) -> list[tuple[int, int, int]]:
    """The paragraphs that say above a quote, by a link alone, of which post it is: the first line, the line after the last,
    and the id of the post. Only of quotes that stand in nothing else.
    """
    if "/posts/" not in source or _is_hostile(source):
        return []
    tokens = _tokens_of(source)
    heads = []
    for quote, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_head = quote.type == "blockquote_open" and quote.level == 0 and _is_one_link(inline)
        found = POST_ADDRESS.fullmatch(_leading_address(inline)) if is_head else None
        if found and paragraph.type == "paragraph_open" and paragraph.map:
            heads.append((paragraph.map[0], paragraph.map[1], int(found[1])))
    return heads


def _is_one_link(inline: Token) -> bool:
    """Whether a paragraph is a link and nothing else, which may stand in emphasis."""
    told = [one for one in inline.children or [] if one.type != "text" or one.content.strip()]
    while told and told[0].type in EMPHASIS_TOKENS and told[-1].nesting == -1:
        told = told[1:-1]
    ends = [number for number, token in enumerate(told) if token.type == "link_close"]
    return bool(told) and told[0].type == "link_open" and ends == [len(told) - 1]


def _tokens_of(source: str) -> list[Token]:
    """What the parser finds in a text; nothing if it fails."""
    try:
        return _parser(source).parse(source)
    except (RecursionError, ValueError, IndexError):
        return []


def _quoted_blocks(source: str) -> Iterator[tuple[int, int, set[int]]]:
    """The block quotes of posts in a text: the first line, the line after the last, and the ids of the quoted posts."""
    tokens = _tokens_of(source)
    for number, token in enumerate(tokens):
        if token.type == "blockquote_open" and token.map:
            quoted = _posts_quoted_by_tokens(tokens[number + 1 :])
            if quoted:
                yield token.map[0], token.map[1], quoted


def _posts_quoted_by_tokens(tokens: list[Token]) -> set[int]:
    """The ids of the posts to which paragraphs of a block quote begin with a link; `tokens` are those after its opening."""
    depth, quoted = 1, set()
    for before, token in pairwise(tokens):
        depth += _nesting(token, "blockquote")
        if depth <= 0:
            break
        if depth == 1 and before.type == "paragraph_open" and not before.hidden:
            found = POST_ADDRESS.fullmatch(_leading_address(token))
            quoted |= {int(found[1])} if found else set()
    return quoted


def _leading_address(inline: Token) -> str:
    """The address of the link with which a paragraph begins, which may stand in emphasis; empty when there is none."""
    for token in inline.children or []:
        if token.type not in EMPHASIS_TOKENS and (token.type != "text" or token.content):
            return str(token.attrs.get("href", ""))
    return ""


def _nesting(token: Token, kind: str) -> int:
    """1 if a token opens an element of a kind, -1 if it closes one, else 0."""
    return (token.type == f"{kind}_open") - (token.type == f"{kind}_close")


def quote_label(name: str) -> str:
    """A name as the text of the link above a quote, without characters that would end the link."""
    return " ".join(re.sub(r"[\[\]\\<>`]", " ", name).split())


def unname(source: str, post_ids: Collection[int], handles: Collection[str], former: str) -> str:
    """The source of a text with `former` in place of a member's name and handles.

    The name is replaced above quotes of the posts `post_ids`, the handles in links to the profile and in mentions.
    """

    def replace_name(found: re.Match[str]) -> str:
        is_theirs = int(found[3]) in post_ids
        return f"> {found['emphasis']}[{former}]({found['address']})" if is_theirs else found[0]

    either = "|".join(map(re.escape, handles))
    source = QUOTED_POST.sub(replace_name, source)
    source = re.sub(rf"\[[^\]\n]*\]\(/members/(?:{either})/?\)", former, source)
    source = MENTION.sub(lambda found: former if found[1].lower() in handles else found[0], source)
    return re.sub(rf"/members/(?:{either})(?![\w-])", "/members", source)


def paragraphs(source: str) -> list[str]:
    """The sources of the top-level blocks of a text, in their order."""
    source = tidy(source)
    if _is_hostile(source):
        return _split_paragraphs(source)
    lines = source.split("\n")
    blocks = [
        t.map for t in _parser(source).parse(source) if t.map and t.level == 0 and t.nesting >= 0
    ]
    return ["\n".join(lines[start:end]).strip("\n") for start, end in blocks]


def paragraph_key(source: str) -> str:
    """A short hash of a paragraph's words, whatever its white space."""
    return blake2s(single_line(source).encode(), digest_size=6).hexdigest()


def _is_hostile(source: str) -> bool:
    """Whether a text could keep the parser busy for too long; it is then shown as it was typed."""
    is_long = len(source) > MAX_SOURCE or source.count("\n") > MAX_LINES
    return is_long or sum(map(source.count, MARKUP_CHARACTERS)) > MAX_MARKUP_CHARACTERS


def _render(
    source: str, people: Collection[str] = (), most: int = MAX_MENTIONS
) -> tuple[str, str, Sequence[str]]:
    """The plain text, the HTML (not sanitised yet), and the handles that are mentioned; `EMPTY` if parsing fails."""
    try:
        tokens = _parser(source).parse(source)
        plain = _plain(tokens)
        _adapt_tokens(tokens)
        if RIGHT_TO_LEFT.search(source):
            _let_lists_find_their_direction(tokens)
        mentions = _unique_handles(_mentions(tokens)) if "@" in source else ()
        if people:
            _link_people(tokens, people, [name for name in mentions if name in people][:most])
        return plain, str(_RENDERER.renderer.render(tokens, _RENDERER.options, {})), mentions
    except (RecursionError, ValueError, IndexError):
        return EMPTY


def _parser(source: str) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("strikethrough")
    return parser.enable("table") if 0 < _max_cells(source) <= MAX_CELLS else parser


def _max_cells(source: str) -> int:
    """An upper bound for the table cells of a text: each of its lines may fill all columns of the widest table."""
    lines = source.split("\n")
    rows = [line for line in lines if "-" in line and DELIMITER_CHARACTERS.issuperset(line)]
    return len(lines) * max((row.count("|") + 1 for row in rows if "|" in row), default=0)


def _adapt_tokens(tokens: list[Token]) -> None:
    _set_heading_levels(tokens)
    _demote_empty_header_cells(tokens)
    links = 0
    for token in tokens:
        _set_cell_attributes(token)
        if token.type == "inline" and token.children and links < MAX_LINKS:
            token.children = _autolink(token.children)
            links += sum(child.type == "link_open" for child in token.children)


def _let_lists_find_their_direction(tokens: list[Token]) -> None:
    """Put markers and columns where the language of each list or table has them, whatever that of the text around is.

    Paragraphs need no attribute for this: the stylesheet does it (`unicode-bidi`).
    """
    for token in tokens:
        if token.type in DIRECTED_TOKENS:
            token.attrSet("dir", "auto")


def _unique_handles(handles: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(map(str.lower, handles)))[:MAX_MENTIONS]


def _mentions(tokens: list[Token]) -> Iterator[str]:
    """The handles after an @ in a text, except those in code, in links and in quotes."""
    depth = 0
    for token in tokens:
        depth += _nesting(token, "blockquote")
        if token.type == "inline" and not depth:
            for text in _text_outside_links(token.children or []):
                yield from MENTION.findall(text.content)


def _text_outside_links(children: list[Token]) -> Iterator[Token]:
    """The text tokens that contain an @ and are in no link."""
    depth = 0
    for child in children:
        depth += _nesting(child, "link")
        if child.type == "text" and depth == 0 and "@" in child.content:
            yield child


def _link_people(tokens: list[Token], people: Collection[str], own: Collection[str]) -> None:
    """Make links of mentions: of `people` in quotes, and of those in `own` elsewhere."""
    left, depth = MAX_LINKS, 0
    for token in tokens:
        depth += _nesting(token, "blockquote")
        if token.type != "inline" or "@" not in token.content:
            continue
        plain = set(map(id, _text_outside_links(token.children or [])))
        linked: list[Token] = []
        for child in token.children or []:
            linkable = people if depth else own
            is_plain = id(child) in plain
            parts = _linked_mentions(child.content, linkable, left) if is_plain else [child]
            left -= len(parts) // 4
            linked += parts
        token.children = linked


def _linked_mentions(text: str, people: Collection[str], max_links: int) -> list[Token]:
    """The tokens of a text with links to people: four for each link, and one for the rest."""
    tokens: list[Token] = []
    position = 0
    for found in MENTION.finditer(text):
        handle = found[1].lower()
        if handle not in people or len(tokens) >= 4 * max_links:
            continue
        tokens += [
            _text_token(text[position : found.start()]),
            *_link(f"/members/{handle}", found[0]),
        ]
        position = found.end()
    return [*tokens, _text_token(text[position:])]


def _set_heading_levels(tokens: list[Token]) -> None:
    """Let headings begin at level three, below the page's own, and skip no level (WCAG 2.2, 1.3.1)."""
    stack: list[int] = []
    for token in tokens:
        if token.type not in ("heading_open", "heading_close"):
            continue
        level = int(token.tag[1])
        if token.type == "heading_open":
            stack = [known for known in stack if known < level] + [level]
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
        depth += _nesting(child, "link")
        if child.type == "text" and depth == 0 and "http" in child.content:
            linked.extend(_linked_urls(child.content))
        else:
            linked.append(child)
    return linked


def _linked_urls(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    for found in BARE_LINK.finditer(text):
        address = found.group().rstrip(".,;:!?)]}*_")
        tokens += [_text_token(text[position : found.start()]), *_link(address, address)]
        position = found.start() + len(address)
    return [*tokens, _text_token(text[position:])]


def _link(address: str, text: str) -> list[Token]:
    opening = Token("link_open", "a", 1, attrs={"href": address})
    return [opening, _text_token(text), Token("link_close", "a", -1)]


def _text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link_open(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    token = tokens[index]
    address = str(token.attrs.get("href", ""))
    is_local = address.startswith("/") and not address.startswith("//")
    rel = "" if is_local else f' rel="{OUTSIDE_REL}"'
    title = f' title="{escape(token.attrs["title"])}"' if "title" in token.attrs else ""
    return f'<a href="{escape(address)}"{title}{rel}>'


def _image(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    """An image becomes a link to it: loaded from another site, it would tell that site who reads."""
    token = tokens[index]
    address = escape(str(token.attrs.get("src", "")))
    return f'<a href="{address}" rel="{OUTSIDE_REL}">{escape(token.content or address)}</a>'


def _blockquote(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    following = tokens[index + 2] if index + 2 < len(tokens) else None
    is_cite = following is not None and _leading_address(following).startswith("/posts/")
    return '<blockquote class="cite">\n' if is_cite else "<blockquote>\n"


def _table(self: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    direction = ' dir="auto"' if tokens[index].attrGet("dir") else ""
    return f'<div class="tw" role="region" tabindex="0" aria-label="Table"><table{direction}>\n'


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


class _BleachCleaner(threading.local):
    """bleach's cleaner, one for each thread: shared by two, it loses texts or returns one person's to another."""

    def __init__(self) -> None:
        self.cleaner = bleach.Cleaner(
            tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip=True
        )


_BLEACH = _BleachCleaner()
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


def _escaped_paragraphs(source: str) -> Markup:
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in _split_paragraphs(source))


def _split_paragraphs(source: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n{2,}", source) if part.strip()]


def _plain(tokens: list[Token]) -> str:
    """The plain text without quotes."""
    parts = []
    depth = 0
    for token in tokens:
        depth += _nesting(token, "blockquote")
        if depth:
            continue
        if token.type == "inline":
            parts.append("".join(c.content or " " for c in token.children or [] if c.nesting == 0))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
    return re.sub(r"[ \t]+", " ", "\n".join(parts)).strip()
