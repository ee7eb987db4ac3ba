"""Quotations of posts: block quotes that begin with a link to a post, in Markdown and in the HTML made from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from markdown_it.token import Token
from markupsafe import Markup

from forum.columns import MAX_ID
from forum.markdown import is_hostile, nesting, tokens_of
from forum.mentions import MENTION
from forum.plaintext import tidy

MAX_QUOTED_POSTS = 20
# A link to a post, possibly emphasised, or to a fragment of its page
POST_PATH = r"/posts/(\d{1,12})(?:[?#][^\"\s]*)?"
TYPED_POST_PATH = r"/posts/(\d{1,12})(?:[?#][^\s<>()]*)?"
IN_EMPHASIS = r"(?:<(?:em|strong|s)>)*"
AUTO = r'(?: dir="auto")?'  # in texts with right-to-left letters
CITED_POST = re.compile(
    rf'<blockquote class="cite"{AUTO}>\s*<p{AUTO}>{IN_EMPHASIS}(?P<link><a href="{POST_PATH}"[^>]*>.*?</a>)',
    re.DOTALL,  # the text of a link may continue in the next line
)
POST_ADDRESS = re.compile(POST_PATH)
LEADING_POST_LINK = re.compile(rf'<p{AUTO}>{IN_EMPHASIS}<a href="{POST_PATH}"')
POST_LINK_END = re.compile(rf"\]\({TYPED_POST_PATH}\)")
LEADING_EMPHASIS = re.compile(r"[*_~]+(?=\[)")
EMPHASIS_TOKENS = {"em_open", "strong_open", "s_open"}
WITHHELD_QUOTE = re.compile(r'<blockquote class="cite" data-withheld="([\d ]+)">')
QUOTE_TAG = re.compile(r"</?blockquote\b")
# Without text, because it is stored and read in every language
WITHHELD_HTML = (
    '<blockquote class="cite" data-withheld="{}">\n<p dir="auto">{}</p>\n<p>[…]</p>\n</blockquote>'
)
QUOTED_POST = re.compile(
    rf"^> ?(?P<emphasis>[*_~]*)\[[^\]\n]{{1,300}}\]\((?P<address>{TYPED_POST_PATH})\)",
    re.MULTILINE,
)

# The line above a quotation: a link to the post, with the author's name
QUOTE_HEAD = re.compile(
    rf"^(?P<signs>(?:> ?)+)[*_~]*\[(?P<name>[^\]\n]{{1,300}})\]\({TYPED_POST_PATH}\)[*_~]*:?",
    re.MULTILINE,
)
LOCAL_LINK = re.compile(r"\]\(/(?!/)")


def quoted_posts(source: str) -> list[int]:
    """The ids of the posts that a text quotes: block quotes that begin with a link to `/posts/<id>`.

    At most `MAX_QUOTED_POSTS`, in their order, found without parsing the text.
    """
    ids = dict.fromkeys(int(match[3]) for match in QUOTED_POST.finditer(source))
    return [post_id for post_id in ids if post_id <= MAX_ID][:MAX_QUOTED_POSTS]


def is_only_quoted(source: str) -> bool:
    """Whether a Markdown text has no words besides quotations of posts."""
    lines = filter(str.strip, source.split("\n"))
    return bool(quoted_posts(source)) and all(line.startswith(">") for line in lines)


def quote(name: str, post_id: int, source: str) -> str:
    """The Markdown that quotes the source of a post, below the author's name as a link to it.

    Quotations inside that post are left out.
    """
    own_lines = [line for line in tidy(source).split("\n") if not line.startswith(">")]
    body = "\n".join(own_lines).strip("\n").split("\n")
    lines = (f"[{quote_label(name)}](/posts/{post_id})", "", *body)
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


def with_whole_links(source: str, home: str) -> str:
    """The source of a text for a letter: quotes begin with the author's name, and links lead to the forum (`home`)."""
    named = QUOTE_HEAD.sub(r"\g<signs>\g<name>:", source)
    return LOCAL_LINK.sub(lambda _start: f"]({home}/", named)


def with_local_quotes(source: str, home: str) -> str:
    """The source of a text in which quotes begin with links such as `/posts/7`.

    Absolute addresses at the forum's URL (`home`), as browsers copy them, are shortened.
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
    """The ids of the posts that the HTML of a text quotes, including those whose words are withheld in it."""
    return withheld_in_html(html) | shown_in_html(html)


def withheld_in_html(html: str) -> set[int]:
    """The ids of the posts whose words are withheld in the HTML of a text."""
    return {int(post_id) for ids in WITHHELD_QUOTE.findall(html) for post_id in ids.split()}


def shown_in_html(html: str) -> set[int]:
    """The ids of the posts whose words the HTML of a text shows in quotes."""
    found: set[int] = set()
    for head in CITED_POST.finditer(html):
        found |= _posts_quoted_by_html(html[head.start() : _end_of_quote(html, head.start())])
    return {post_id for post_id in found if post_id <= MAX_ID}


def _posts_quoted_by_html(quote: str) -> set[int]:
    """The ids of the posts that the HTML of one block quote quotes, without quotes nested inside it.

    There may be several: two quotes without an empty line between them are one block in Markdown.
    """
    own, depth, position = [], 0, 0
    for tag in QUOTE_TAG.finditer(quote):
        own += [quote[position : tag.start()]] * (depth == 1)
        depth += -1 if tag[0].startswith("</") else 1
        position = tag.end()
    return {int(post_id) for post_id in LEADING_POST_LINK.findall("".join(own))}


def withhold_in_html(html: Markup, post_ids: Collection[int]) -> Markup:
    """The HTML of a text without the words quoted from these posts; the link to each post stays."""
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
    """The end of the block quote that begins at `start`, including nested quotes."""
    depth = 0
    for tag in QUOTE_TAG.finditer(html, start):
        depth += -1 if tag[0].startswith("</") else 1
        if depth == 0:
            return html.index(">", tag.end()) + 1
    return len(html)


def withhold_in_source(source: str, post_ids: Collection[int]) -> str:
    """The source of a text without the words quoted from these posts: of each quote the link in the first line stays."""
    if not post_ids or "/posts/" not in source or is_hostile(source):
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
    if "/posts/" not in source or is_hostile(source):
        return set()
    return set().union(*(ids for _start, _end, ids in _quoted_blocks(source)))


def quote_heads(source: str) -> list[tuple[int, int, int]]:
    """The paragraphs that consist of a link to the quoted post, above quotes that are not nested.

    For each: the first line, the line after the last, and the id of the post.
    """
    if "/posts/" not in source or is_hostile(source):
        return []
    tokens = tokens_of(source)
    heads = []
    for quote, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_head = quote.type == "blockquote_open" and quote.level == 0 and is_one_link(inline)
        found = POST_ADDRESS.fullmatch(leading_address(inline)) if is_head else None
        if found and paragraph.type == "paragraph_open" and paragraph.map:
            heads.append((paragraph.map[0], paragraph.map[1], int(found[1])))
    return heads


def is_one_link(inline: Token) -> bool:
    """Whether a paragraph consists of a link, possibly emphasised."""
    told = [
        child for child in inline.children or [] if child.type != "text" or child.content.strip()
    ]
    while told and told[0].type in EMPHASIS_TOKENS and told[-1].nesting == -1:
        told = told[1:-1]
    ends = [number for number, token in enumerate(told) if token.type == "link_close"]
    return bool(told) and told[0].type == "link_open" and ends == [len(told) - 1]


def _quoted_blocks(source: str) -> Iterator[tuple[int, int, set[int]]]:
    """The block quotes of posts in a text: the first line, the line after the last, and the ids of the quoted posts."""
    tokens = tokens_of(source)
    for number, token in enumerate(tokens):
        if token.type == "blockquote_open" and token.map:
            quoted = _posts_quoted_by_tokens(tokens[number + 1 :])
            if quoted:
                yield token.map[0], token.map[1], quoted


def _posts_quoted_by_tokens(tokens: list[Token]) -> set[int]:
    """The ids of the posts to which paragraphs of a block quote begin with a link; `tokens` are those after its opening."""
    depth, quoted = 1, set()
    for before, token in pairwise(tokens):
        depth += nesting(token, "blockquote")
        if depth <= 0:
            break
        if depth == 1 and before.type == "paragraph_open" and not before.hidden:
            found = POST_ADDRESS.fullmatch(leading_address(token))
            quoted |= {int(found[1])} if found else set()
    return quoted


def leading_address(inline: Token) -> str:
    """The address of the link, possibly emphasised, with which a paragraph begins; empty when there is none."""
    for token in inline.children or []:
        if token.type not in EMPHASIS_TOKENS and (token.type != "text" or token.content):
            return str(token.attrs.get("href", ""))
    return ""


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
    source = re.sub(rf"\[[^\]\n]{{0,300}}\]\(/members/(?:{either})/?\)", former, source)
    source = MENTION.sub(lambda found: former if found[1].lower() in handles else found[0], source)
    return re.sub(rf"/members/(?:{either})(?![\w-])", "/members", source)
