"""Pictures in texts: their addresses, which say how large each is, and the HTML that shows one."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from flask_babel import gettext as _
from markdown_it.token import Token
from markupsafe import Markup

from forum.markdown import is_hostile, nesting, tokens_of, words_of
from forum.plaintext import tidy

# Pixels of the longer side of a picture, and of the width of its small version
LARGEST, SMALL = 1_600, 640
HAS_SMALL = 800  # pixels of width from which there is a small version
MAX_SHOWN_HEIGHT = (
    720  # pixels at which a text shows a picture, so that a whole one fits into a window
)
MAX_SHOWN = 20  # pictures that one text shows; further ones become links
PICTURE_NAME = r"[0-9a-f]{24}-[1-9]\d{0,3}x[1-9]\d{0,3}"
PATH = rf"/pictures/({PICTURE_NAME})\.webp"
ADDRESS = re.compile(PATH)
# Matched in the HTML of a text; each value ends at the next quotation mark
IMAGE = re.compile(rf'<img src="{PATH}"(?: [a-z]+="[^"]*")*? alt="([^"]*)"')
ATTRIBUTES = ("src", "srcset", "sizes", "width", "height", "alt", "loading", "decoding")
# Values that the sanitiser allows in attributes with an address
SOURCE_SET = re.compile(
    rf"/pictures/({PICTURE_NAME})-small\.webp {SMALL}w, /pictures/\1\.webp \d{{1,4}}w"
)
SIGNS = re.compile(r"[\\`*_\[\]<&~]")  # characters that Markdown would interpret
SHOWN = "(max-width: 46rem) 92vw, 42rem"  # the width of the text column, for `sizes`


class Illustration(NamedTuple):
    """A picture in a text: its name, and its description (empty if the author gave none)."""

    name: str
    alt: str


def address_of(name: str, *, is_small: bool = False) -> str:
    """The path of a picture, or of its small version."""
    return f"/pictures/{name}{'-small' if is_small else ''}.webp"


def line_of(name: str, alt: str = "") -> str:
    """The Markdown that shows a picture in a text, with its description escaped."""
    words = SIGNS.sub(r"\\\g<0>", alt)
    return f"![{words}]({address_of(name)})"


def size_of(name: str) -> tuple[int, int]:
    """Width and height in pixels, which are part of the name of a picture."""
    width, height = name.rpartition("-")[2].split("x")
    return int(width), int(height)


def has_small(name: str) -> bool:
    """Whether there is a small version of a picture."""
    return size_of(name)[0] >= HAS_SMALL


def mark_illustrations(tokens: list[Token], unseen: Collection[str] = ()) -> list[Illustration]:
    """Mark the images of this forum to be shown as pictures; returns them, in their order.

    Of pictures in `unseen` (names) only the description will be shown. External images remain links, and so do those
    in quotes: a quoted picture is shown in its own post, as long as that can be read.
    """
    found: list[Illustration] = []
    for image, is_linked in _images(tokens):
        address = ADDRESS.fullmatch(str(image.attrs.get("src", "")))
        if address and len(found) < MAX_SHOWN:
            alt = " ".join(words_of(image).split())
            picture = Illustration(address[1], alt)
            is_unseen = picture.name in unseen
            image.meta.update(picture=picture, is_linked=is_linked, is_unseen=is_unseen)
            if not is_unseen:
                found.append(picture)
    return found


def _images(tokens: Iterable[Token]) -> Iterator[tuple[Token, bool]]:
    """The images outside of quotes, each with whether it is inside a link."""
    quotes = 0
    for token in tokens:
        quotes += nesting(token, "blockquote")
        if token.type == "inline" and not quotes:
            links = 0
            for child in token.children or []:
                links += nesting(child, "link")
                if child.type == "image":
                    yield child, links > 0


def names_in(source: str) -> tuple[str, ...]:
    """The names of the pictures that a text shows, each once: the same as `Written.pictures`."""
    source = tidy(source)
    if "/pictures/" not in source or is_hostile(source):
        return ()
    return tuple(dict.fromkeys(one.name for one in mark_illustrations(tokens_of(source))))


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
        Illustration(found[1], html.unescape(found[2]))
        for text in texts
        for found in IMAGE.finditer(text)
    ]


def words_html(picture: Illustration) -> Markup:
    """The HTML with the description of a picture, in the language of the page, in its place."""
    words = _("Picture: %(words)s", words=picture.alt) if picture.alt else _("Picture")
    return Markup("<em>{}</em>").format(words)


def is_safe_attribute(name: str, value: str) -> bool:
    """Whether an attribute of an `<img>` is allowed: it may only show a picture of this forum."""
    if name == "src":
        return ADDRESS.fullmatch(value) is not None
    if name == "srcset":
        return SOURCE_SET.fullmatch(value) is not None
    return name in ATTRIBUTES


def with_local_pictures(source: str, home: str) -> str:
    """The source of a text in which pictures have local addresses.

    Absolute addresses at the forum's URL (`home`), as browsers copy them, are shortened.
    """
    if "/pictures/" not in source:
        return source
    ours = rf"https?://{re.escape(home.partition('://')[2])}"
    return re.sub(rf"(\]\([ \t]*<?){ours}(?={PATH})", r"\1", source, flags=re.IGNORECASE)
