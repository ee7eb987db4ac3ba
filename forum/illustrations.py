"""Pictures in texts, and links to files: their addresses, which contain the size, and their HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from flask_babel import gettext as _
from markdown_it.token import Token
from markupsafe import Markup

from forum.markdown import is_hostile, lines_of, nesting, tokens_of, words_of
from forum.plaintext import tidy

# Pixels of the longer side of a picture, and of the width of its small version
LARGEST, SMALL = 1_600, 640
HAS_SMALL = 800  # pixels of width from which there is a small version
MAX_SHOWN_HEIGHT = 720  # pixels at which a text shows a picture: a whole one fits into a window
MAX_SHOWN = 20  # pictures and files that one text shows; further ones become links
PICTURE_NAME = r"[0-9a-f]{24}-[1-9]\d{0,3}x[1-9]\d{0,3}"
PATH = rf"/pictures/({PICTURE_NAME})\.webp"
ADDRESS = re.compile(PATH)
# Files of other kinds, by their suffixes. The name of a file contains its size in bytes, as that of a picture its pixels
FILE_KINDS = ("pdf", "odt", "ods", "odp", "docx", "xlsx", "pptx", "csv", "txt", "geojson")
FILE_NAME = rf"[0-9a-f]{{24}}-[1-9]\d{{0,8}}\.(?:{'|'.join(FILE_KINDS)})"
FILE_PATH = rf"/files/({FILE_NAME})"
NAME = rf"(?:{PICTURE_NAME}|{FILE_NAME})"
ANY_PATH = rf"(?:{PATH}|{FILE_PATH})"
NAMED = re.compile(rf"/(?:pictures|files)/({NAME})")
NAMED_IN_BYTES = re.compile(NAMED.pattern.encode())
FOLDERS = ("/pictures/", "/files/")  # the first part of their addresses
# Behind the address of a picture in a link: the text uses this picture, as it does a file to which it links. A link
# without it is an ordinary one: it may lead to a picture of somebody else, and lets nobody see that
USED = "#link"
LINKED_ADDRESS = re.compile(rf"{PATH}{USED}|{FILE_PATH}")
# Matched in the HTML of a text; each value ends at the next quotation mark
IMAGE = re.compile(rf'<img src="{PATH}"(?: [a-z]+="[^"]*")*? alt="([^"]*)"')
ATTRIBUTES = ("src", "srcset", "sizes", "width", "height", "alt", "loading", "decoding")
# Values that the sanitiser allows in attributes with an address
SOURCE_SET = re.compile(
    rf"/pictures/({PICTURE_NAME})-small\.webp {SMALL}w, /pictures/\1\.webp \d{{1,4}}w"
)
# In HTML: attributes of a tag, a picture with its link to itself, and the kind and size at the end of a link
TAG_ATTRIBUTES = r'(?: [a-z]+="[^"]*")*'
SHOWN_PICTURE = re.compile(
    rf'(?:<a href="{PATH}">(?=<img src="/pictures/\1\.webp"))?'
    rf'<img src="{PATH}"{TAG_ATTRIBUTES}? alt="([^"]*)"{TAG_ATTRIBUTES}>(?(1)</a>)'
)
KIND_AND_SIZE = re.compile(r' <small dir="ltr">\([^<]*\)</small>\Z')
ESCAPED = r"\\\g<0>"
SIGNS = re.compile(r"[\\`*_\[\]<&~|]")  # characters that Markdown would interpret
SHOWN = "(max-width: 46rem) 92vw, 42rem"  # the width of the text column, for `sizes`


class Illustration(NamedTuple):
    """A picture that a text shows, or a file or picture that it links to: its name and its description (empty if the author gave none)."""

    name: str
    alt: str


def is_file(name: str) -> bool:
    """Whether a name belongs to a file, not to a picture."""
    return "." in name


def address_of(name: str, *, is_small: bool = False) -> str:
    """The path of a file or picture, or of its small version."""
    if is_file(name):
        return f"/files/{name}"
    return f"/pictures/{name}{'-small' if is_small else ''}.webp"


def line_of(name: str, alt: str = "") -> str:
    """The Markdown that shows a picture in a text, or links to a file, with its description escaped."""
    words = SIGNS.sub(ESCAPED, alt)
    return f"{'' if is_file(name) else '!'}[{words}]({address_of(name)})"


def size_of(name: str) -> tuple[int, int]:
    """Width and height in pixels, which are part of the name of a picture."""
    width, height = name.rpartition("-")[2].split("x")
    return int(width), int(height)


def has_small(name: str) -> bool:
    """Whether there is a small version; a file has none."""
    return not is_file(name) and size_of(name)[0] >= HAS_SMALL


def kind_of(name: str) -> str:
    """The kind in the name of a file, one of `FILE_KINDS`."""
    return name.rpartition(".")[2]


def bytes_of(name: str) -> int:
    """The size of a file in bytes, as in its name."""
    return int(name.rpartition("-")[2].partition(".")[0])


def kind_and_size(name: str) -> str:
    """Kind and size of a file, or of a picture in pixels, written in the same way in every language."""
    if not is_file(name):
        return "WebP · {}\xa0×\xa0{}".format(*size_of(name))
    kind = kind_of(name)
    return f"{'GeoJSON' if kind == 'geojson' else kind.upper()} · {size_in_signs(bytes_of(name))}"


def size_in_signs(size: int) -> str:
    """A number of bytes in kB or MB (SI), with a no-break space, and a decimal point in every language."""
    if size < 999_500:
        return f"{max(1, round(size / 1_000))}\xa0kB"
    return f"{size / 1_000_000:.{int(size < 9_950_000)}f}\xa0MB"


def mark_illustrations(tokens: list[Token], unseen: Collection[str] = ()) -> list[Illustration]:
    """Mark the images of this forum to be shown as pictures, and links that use its files and pictures; returns all, in their order.

    Of those in `unseen` (names) only the description will be shown. External images remain links, and so do those in
    quotes: a quoted picture is shown in its own post, as long as that can be read. A quoted link to a file is an
    ordinary link.
    """
    found: list[Illustration] = []
    for children, number, is_linked in _images_and_links(tokens):
        token = children[number]
        name = _name_in(token)
        if name and len(found) < MAX_SHOWN:
            words = words_of(token) if token.type == "image" else _words_of_link(children, number)
            shown = Illustration(name, " ".join(words.split()))
            is_unseen = name in unseen
            token.meta.update(shown=shown, is_linked=is_linked, is_unseen=is_unseen)
            if not is_unseen:
                found.append(shown)
    return found


def _images_and_links(tokens: Iterable[Token]) -> Iterator[tuple[Sequence[Token], int, bool]]:
    """Images and links outside of quotes: the tokens, the index of the first of them, and whether it is inside a link."""
    for children in lines_of(tokens):
        links = 0
        for number, child in enumerate(children):
            if child.type in ("image", "link_open"):
                yield children, number, links > 0
            links += nesting(child, "link")


def _name_in(token: Token) -> str:
    """The name of the picture that an image shows, or of the file or picture that a link uses; empty for any other."""
    if token.type == "image":
        address = ADDRESS.fullmatch(str(token.attrs.get("src", "")))
    else:
        address = LINKED_ADDRESS.fullmatch(str(token.attrs.get("href", "")))
    return (address[1] or address[address.re.groups]) if address else ""


def _words_of_link(children: Sequence[Token], number: int) -> str:
    """The text of the link that begins at an index. Links are never nested."""
    following = (children[place] for place in range(number + 1, len(children)))
    within = takewhile(lambda token: token.type != "link_close", following)
    return words_of(Token("inline", "", 0, children=list(within)))


def names_in(source: str) -> tuple[str, ...]:
    """The names of the pictures and files that a text shows, each once: the same as `Written.pictures`."""
    source = tidy(source)
    if not may_show(source) or is_hostile(source):
        return ()
    return tuple(dict.fromkeys(picture.name for picture in mark_illustrations(tokens_of(source))))


def may_show(source: str) -> bool:
    """Whether a text may show pictures or files, which only parsing tells for certain."""
    return any(folder in source for folder in FOLDERS)


def picture_html(picture: Illustration, *, is_linked: bool) -> Markup:
    """The HTML that shows a picture. It links to the full picture, unless it `is_linked` to something else."""
    width, height = size_of(picture.name)
    shown_width, shown_height = _fitting(width, height)
    address = address_of(picture.name)
    small = Markup("")
    if has_small(picture.name):
        small = Markup(' srcset="{} {}w, {} {}w" sizes="{}"').format(
            address_of(picture.name, is_small=True), SMALL, address, width, SHOWN
        )
    image = Markup(
        '<img src="{}"{} width="{}" height="{}" alt="{}" loading="lazy" decoding="async">'
    ).format(address, small, shown_width, shown_height, picture.alt)
    return image if is_linked else Markup('<a href="{}">{}</a>').format(address, image)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The size in which a text shows a picture, before the column makes it narrower."""
    if height <= MAX_SHOWN_HEIGHT:
        return width, height
    return max(1, round(width * MAX_SHOWN_HEIGHT / height)), MAX_SHOWN_HEIGHT


def illustrations_in(texts: Iterable[str]) -> list[Illustration]:
    """The pictures that the HTML of some texts shows, in their order."""
    return [
        Illustration(match[1], html.unescape(match[2]))
        for text in texts
        for match in IMAGE.finditer(text)
    ]


def file_html(file: Illustration) -> tuple[Markup, Markup]:
    """The HTML before and after the words of a link to a file or picture."""
    opening = Markup('<a class="file" href="{}">').format(address_of(file.name))
    return opening, Markup(' <small dir="ltr">({})</small></a>').format(kind_and_size(file.name))


def unseen_file_html(file: Illustration) -> tuple[Markup, Markup]:
    """The HTML before and after the description of a file or picture, in the language of the page, instead of a link to it."""
    what = _("File") if is_file(file.name) else _("Picture")
    return Markup("<em>{}{}").format(what, _(": ")), Markup("</em>")


def words_html(picture: Illustration) -> Markup:
    """The HTML with the description of a picture, in the language of the page, in its place."""
    words = _("Picture: %(words)s", words=picture.alt) if picture.alt else _("Picture")
    return Markup("<em>{}</em>").format(words)


def names_in_html(text: str) -> Iterator[str]:
    """The names in all addresses of pictures and files in HTML, also in those that it neither shows nor links to.

    Parsing each tag of a page would take a member's topic half as long again.
    """
    if may_show(text):
        yield from (match[1] for match in NAMED.finditer(text))


def without_removed(text: str, home: str, removed: Collection[str], language: str) -> str:
    """HTML in which the pictures and files named in `removed` are words, marked as removed in the language of the page."""
    mark = Markup(' <small lang="{}" dir="auto">{}</small>').format(language, _("(removed)"))

    def picture(found: re.Match[str]) -> str:
        if found[2] not in removed:
            return found[0]
        return words_html(Illustration(found[2], html.unescape(found[3]))) + mark

    def link(found: re.Match[str]) -> str:
        if (found[1] or found[2]) not in removed:
            return found[0]
        return f"<s>{KIND_AND_SIZE.sub('', found[3])}</s>{mark}"

    return _links_at(home).sub(link, SHOWN_PICTURE.sub(picture, text))


def names_in_links(source: str, home: str) -> Iterator[str]:
    """The names of the pictures and files that Markdown shows or links to, also in code."""
    if may_show(source):
        yield from (_name_of(match) for match in _source_links_at(home).finditer(source))


def source_without_removed(source: str, home: str, removed: Collection[str]) -> str:
    """Markdown for a letter, in which links to the pictures and files in `removed` are their words, marked as removed."""

    def told(found: re.Match[str]) -> str:
        words = found[0] if found["words"] is None else found["words"]
        return f"{words} {_('(removed)')}" if _name_of(found) in removed else found[0]

    return _source_links_at(home).sub(told, source)


def _name_of(found: re.Match[str]) -> str:
    """The name of the picture or file in a link of `_source_links_at`."""
    return (found["path"] or found["bare"]).rpartition("/")[2].removesuffix(".webp")


@lru_cache(1)
def _source_links_at(home: str) -> re.Pattern[str]:
    """The pattern of Markdown links to pictures and files, of images, and of whole addresses that stand alone."""
    ours, path = (
        rf"(?i:{beginning_of(home)})",
        rf"(?:/pictures/{PICTURE_NAME}\.webp|/files/{FILE_NAME})",
    )
    title = r"(?:[ \t]+\"[^\"\n]{0,300}\")?"
    link = rf"!?\[(?P<words>(?:\\.|[^\[\]\\\n]){{0,300}})\]\([ \t]*<?(?:{ours})?(?P<path>{path})(?:#\w*)?>?{title}\)"
    return re.compile(rf"{link}|<?{ours}(?P<bare>{path})>?")


@lru_cache(1)
def _links_at(home: str) -> re.Pattern[str]:
    """The pattern of HTML links to pictures and files, and to the small versions of pictures; none stands in another."""
    path = rf"(?:/pictures/({PICTURE_NAME})(?:-small)?\.webp|{FILE_PATH})"
    address = rf"(?i:{beginning_of(home)})?{path}(?:[?#][^\"]*)?"
    return re.compile(rf'<a{TAG_ATTRIBUTES}? href="{address}"{TAG_ATTRIBUTES}>(.*?)</a>', re.DOTALL)


def is_safe_attribute(name: str, value: str) -> bool:
    """Whether an attribute of an `<img>` is allowed: it may only show a picture of this forum."""
    if name == "src":
        return ADDRESS.fullmatch(value) is not None
    if name == "srcset":
        return SOURCE_SET.fullmatch(value) is not None
    return name in ATTRIBUTES


def with_local_pictures(source: str, home: str, names: Container[str] | None = None) -> str:
    """The source of a text in which pictures and files have local addresses: all, or those with the given names.

    Absolute addresses at the forum's URL (`home`), as browsers copy them, are shortened.
    """
    if not may_show(source):
        return source

    def shortened(found: re.Match[str]) -> str:
        is_one = names is None or (found[3] or found[4]) in names
        return f"{found[1]}{found[2]}" if is_one else found[0]

    ours = beginning_of(home)
    return re.sub(rf"(\]\([ \t]*<?)(?i:{ours})({ANY_PATH})", shortened, source)


def beginning_of(home: str) -> str:
    """The pattern of the beginning of absolute addresses at the forum's URL."""
    return rf"https?://{re.escape(home.partition('://')[2])}"
