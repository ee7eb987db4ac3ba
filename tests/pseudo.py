"""Pseudo-localisation: texts of the forum are in Greek letters, and texts of members in Cyrillic.

What a page shows in Latin letters is neither, so it cannot be translated yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations
from sqlalchemy import JSON, Column, String, select, update

from forum.columns import Base, Html
from forum.db import db
from tests.screens import VOID

TOP = Path(__file__).parent.parent
LANGUAGE = "el"
LATIN = "abcdefghijklmnopqrstuvwxyz"
GREEK = "αβξδεφγηιϳκλμνοπθρστυϝωχψζ"
CYRILLIC = "абцдефгхийклмнопярстувшжыз"
TO_GREEK = str.maketrans(LATIN + LATIN.upper(), GREEK * 2)
TO_CYRILLIC = str.maketrans(LATIN + LATIN.upper(), CYRILLIC + CYRILLIC.upper())
# What translations leave unchanged: placeholders, elements, entities
KEPT = re.compile(r"(%\(\w+\)s|%%|<[^>]*>|&\w+;)")
# What members' texts leave unchanged: elements, entities, addresses, handles
KEPT_IN_TEXTS = re.compile(r"(<[^>]*>|&\w+;|https?://\S+|\S+@\S+|@[\w-]+|/[\w/-]+)")
# Columns that hold keys of the program, or texts that nobody reads
NOT_WRITTEN = re.compile(
    r"\b(slug|handle|\w*handles?|\w*email|\w*hash|\w*skeleton|\w*key|\w*link|address|website|purpose"
    r"|\w*kind|state|status|size|evidence|cost|outcome|\w*audience|language|palette|pattern|country|role|folded\w*|hosted"
    r"|ignored|transports|recipients|watched|but|how|way|via|mode|before|reasons|words|issuer|subject|pay\w*"
    r"|sort_key|hidden_reason|rule_name|rule_sentence|locked_secret|time_zone|paragraph|position|level|scope|identity|profile|credential_id|themes)$"
    r"|^(decision|report)\.(deed|source)$|^report\.reason$|^(held|departure|ready_text|renaming)\.(deed|step|rule)$"
)
# Columns in which even a single word in lower case is a text
SINGLE_WORDS = {
    "screening_rule.value",
    "identity.subject",
    "poll_option.words",
    "meeting.outcome",
    "milestone.words",
    "kept_search.words",
}
# Attributes that browsers show or read aloud, and those whose text scripts show
SPOKEN = {"title", "aria-label", "aria-description", "placeholder", "alt", "label", "abbr"}
FOR_SCRIPTS = {
    f"data-{name}"
    for name in [
        "cancelled",
        "copied",
        "elsewhere",
        "failed",
        "found",
        "heading",
        "hide",
        "kept",
        "known",
        "label",
        "none",
        "over",
        "quote",
        "saved",
        "show",
        "shown",
        "too-many",
        "unable",
        "unsent",
    ]
}


# Texts of the forum


def extracted() -> Catalog:
    """All messages of the forum, as `make messages` finds them."""
    spec = spec_from_file_location("messages", TOP / ".ci" / "messages.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Catalog = module.extracted()
    return found


def greek_catalogue() -> Translations:
    """Every message in Greek letters, in all its plural forms."""
    greek = Catalog(locale=LANGUAGE)
    for message in extracted():
        if message.id:
            one, *more = [message.id] if isinstance(message.id, str) else message.id
            forms = [one, *more * (greek.num_plurals - 1)]
            words = tuple(in_letters(form, TO_GREEK, KEPT) for form in forms)
            greek.add(message.id, words if more else words[0], context=message.context)
    compiled = BytesIO()
    write_mo(compiled, greek)
    compiled.seek(0)
    return Translations(compiled)


def in_letters(text: str, letters: dict[int, int], kept: re.Pattern[str]) -> str:
    parts = kept.split(text)
    return "".join(p if number % 2 else p.translate(letters) for number, p in enumerate(parts))


# Texts of members


def write_in_cyrillic() -> None:
    """Rewrite what people wrote, and the names of people, places and things."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_text = isinstance(column.type, String | Html | JSON)
            if str(column) in SINGLE_WORDS or (is_text and not NOT_WRITTEN.search(str(column))):
                _rewrite(column)
    db.session.commit()


def _rewrite(column: Column[Any]) -> None:
    keys = [*column.table.primary_key]
    is_text = str(column) in SINGLE_WORDS
    for *key, value in db.session.execute(select(*keys, column)).all():
        cyrillic = _in_cyrillic(value, is_text)
        if cyrillic != value:
            is_row = (column == number for column, number in zip(keys, key, strict=True))
            change = update(column.table).where(*is_row)  # type: ignore[arg-type]  # a Table
            db.session.execute(change.values({column.name: cyrillic}))


def _in_cyrillic(value: Any, is_text: bool) -> Any:
    """A text in Cyrillic; keys of the program (lower case, without spaces) stay."""
    if isinstance(value, list):
        return [_in_cyrillic(part, is_text) for part in value]
    if isinstance(value, dict):
        # A stored sentence of the forum, in which only the values are members' texts
        if "message" in value:
            return value | {"values": _in_cyrillic(value.get("values", {}), is_text)}
        return {name: _in_cyrillic(part, is_text) for name, part in value.items()}
    if not isinstance(value, str) or not (is_text or re.search(r"[A-Z ]", value)):
        return value
    return in_letters(value, TO_CYRILLIC, KEPT_IN_TEXTS)


# The texts of a page


def said_in(page: str) -> list[tuple[str, str]]:
    """Every text and every attribute that a page shows, with its element."""
    listener = _Listener()
    listener.feed(page)
    listener.close()
    return listener.said


class _Listener(HTMLParser):
    """Reads a page in one pass: html5lib, which builds a tree as browsers do, takes several times as long.

    Every element must be closed by its own tag; other pages fail here.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[tuple[str, str]] = []
        self.open: list[str] = []
        # Depth within an element that is for machines and is ignored; 0 outside of any
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, str] = {}
        for name, value in attrs:
            # If an attribute is there twice, browsers use the first
            given.setdefault(name, value or "")
        if not self.depth:
            self.said += _said_by(tag, given)
        if tag not in VOID:
            self.open.append(tag)
            if not self.depth and _is_for_machines(tag, given):
                self.depth = len(self.open)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open.pop() == tag, (tag, self.getpos())
        if len(self.open) < self.depth:
            self.depth = 0

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.said.append((self.open[-1] if self.open else "", data))

    def close(self) -> None:
        super().close()
        assert not self.open, self.open


def _said_by(tag: str, given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The attributes of an element that browsers show or read aloud."""
    for name, value in given.items():
        is_meta = name == "content" and given.get("name") == "description"
        is_button = name == "value" and tag == "input" and given.get("type") == "submit"
        if name in SPOKEN | FOR_SCRIPTS or is_meta or is_button:
            yield f"{tag} {name}", value


def _is_for_machines(tag: str, given: dict[str, str]) -> bool:
    """Whether the content of an element is the same in every language: keys, commands, addresses, responses of mail servers."""
    is_code = given.get("dir") == "ltr" and tag != "html"
    is_answer = given.get("lang") == "en" and tag == "q"
    return is_code or is_answer or tag in ("script", "style", "kbd", "code")
