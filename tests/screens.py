"""An HTML page as a browser reads it: title, text, links and forms; and errors in its HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
UNSEEN = frozenset(("script", "style", "template"))  # elements whose text is not shown
FOREIGN = frozenset(("svg", "math"))
# Signs of a fault: names of Python values, unfilled placeholders, characters that were escaped twice
MISTAKES = re.compile(
    r"\b(?:(?<!Mail server )None(?! [a-z])|Undefined|undefined|NaN|LazyString)\b"
    r"|<(?:built-in|bound method|function)|object at 0x|datetime\.datetime|Markup\("
    r"|%\(|\{\{|\}\}|\{%|&(?:lt|gt|amp|quot|#39|#34);"
)
HEADING = re.compile("h[1-6]")
TYPED = "prose"  # the class of members' texts, whose links are not checked
NAMING = ("aria-describedby", "aria-labelledby", "aria-controls", "for", "form", "list", "headers")


@dataclass
class Field:
    """One control of a form, with its possible values and its present one."""

    name: str
    kind: str  # the type of an input, or textarea, or select
    value: str = ""
    options: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    is_checked: bool = False
    is_required: bool = False
    is_fixed: bool = False  # read-only


@dataclass
class Button:
    """A button that submits a form."""

    name: str
    value: str
    action: str
    words: str = ""


@dataclass
class Form:
    """A form of a page."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    is_multipart: bool = False  # as forms are sent that take files


@dataclass
class Screen:
    """The content of a page."""

    title: str = ""
    headings: int = 0
    words: str = ""
    links: list[str] = field(default_factory=list)  # without those in members' texts
    forms: list[Form] = field(default_factory=list)
    loose: list[Field] = field(default_factory=list)  # controls in no form, which only show a text
    faults: list[str] = field(default_factory=list)


def faults_in(html: str) -> list[str]:
    """The errors in the HTML of a page."""
    return faults_of(read_screen(html))


def faults_of(screen: Screen) -> list[str]:
    """The errors of a page; a missing title is one, and also no main heading or several."""
    heads = [] if screen.headings == 1 else [f"{screen.headings} main headings"]
    titles = [] if screen.title.strip() else ["no title"]
    return [*heads, *titles, *screen.faults]


def read_screen(html: str) -> Screen:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.finish()
    return reader.screen


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.screen = Screen()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.ids: Counter[str] = Counter()
        self.named: list[tuple[str, str]] = []
        self.forms_by_id: dict[str, Form] = {}
        self.waiting: list[tuple[str, Field | Button]] = []  # controls with a `form` attribute
        self.typed_in: int | None = None  # how many elements are open around a member's text
        self.level = 0  # of the last heading
        self.form: Form | None = None
        self.area: Field | None = None
        self.select: Field | None = None
        self.button: Button | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if len(known) < len(attrs):
            self._complain(f"<{tag}> has one attribute twice")
        self._note_names(known)
        if tag not in VOID:
            self.open.append(tag)
            if self.typed_in is None and TYPED in known.get("class", "").split():
                self.typed_in = len(self.open)
        if HEADING.fullmatch(tag) and self.typed_in is None:
            self._note_heading(int(tag[1]))
        getattr(self, f"_open_{tag}", lambda _known: None)(known)
        for name in ("alt", "aria-label", "title", "placeholder"):
            self._check_words(known.get(name, ""), f"{name} of <{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            if not FOREIGN.intersection(self.open):
                self._complain(f"<{tag}/> closes itself")
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            inner = " ".join(self.open[-4:])
            self._complain(f"</{tag}> where {inner} is open")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass
            return
        self.open.pop()
        if self.typed_in is not None and len(self.open) < self.typed_in:
            self.typed_in = None
        if tag == "form":
            self.form = None
        elif tag == "textarea" and self.area:
            # As in browsers: the first line end is not part of the text, and line ends are sent as two characters
            text = self.area.value.replace("\r\n", "\n").removeprefix("\n")
            self.area.value, self.area = text.replace("\n", "\r\n"), None
        elif tag == "select":
            self.select = None
        elif tag == "button":
            self.button = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.value += data
        elif self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.screen.title += data
        elif not UNSEEN.intersection(self.open):
            self.texts.append(data if self.open[-1:] != ["option"] else " ")
            if self.button:
                self.button.words += data

    def finish(self) -> None:
        """Add the errors that are only known at the end of the page."""
        if self.open:
            self._complain(f"never closed: {' '.join(self.open)}")
        for form_id, control in self.waiting:
            if form_id in self.forms_by_id:
                self._into(self.forms_by_id[form_id], control)
        for name, count in self.ids.items():
            if count > 1:
                self._complain(f"id “{name}” is there {count} times")
        for attribute, target in self.named:
            if target not in self.ids:
                self._complain(f"{attribute}=“{target}” leads to nothing")
        self.screen.words = " ".join(" ".join(self.texts).split())
        self._check_words(self.screen.words, "text")
        self._check_words(self.screen.title, "title")

    # The elements

    def _open_h1(self, _known: dict[str, str]) -> None:
        self.screen.headings += 1

    def _open_a(self, known: dict[str, str]) -> None:
        if "href" in known and self.typed_in is None:
            self.screen.links.append(known["href"])
            if known["href"].startswith("#"):
                self.named.append(("href", known["href"][1:]))
        if self.open.count("a") > 1:
            self._complain("a link in a link")

    def _open_form(self, known: dict[str, str]) -> None:
        if self.form:
            self._complain("a form in a form")
        self.form = Form(known.get("method", "get").lower(), known.get("action", ""))
        self.form.is_multipart = known.get("enctype", "") == "multipart/form-data"
        self.screen.forms.append(self.form)
        if "id" in known:
            self.forms_by_id[known["id"]] = self.form

    def _open_input(self, known: dict[str, str]) -> None:
        kind = known.get("type", "text")
        if kind in ("submit", "image"):
            self._put(
                known,
                Button(known.get("name", ""), known.get("value", ""), known.get("formaction", "")),
            )
        elif kind not in ("button", "reset"):
            control = Field(
                known.get("name", ""),
                kind,
                known.get("value", "on" if kind in ("checkbox", "radio") else ""),
            )
            control.is_checked, control.is_required = "checked" in known, "required" in known
            control.is_fixed = "readonly" in known
            self._put(known, control)

    def _open_button(self, known: dict[str, str]) -> None:
        if known.get("type", "submit") == "submit":
            self.button = Button(
                known.get("name", ""), known.get("value", ""), known.get("formaction", "")
            )
            self._put(known, self.button)

    def _open_textarea(self, known: dict[str, str]) -> None:
        self.area = Field(known.get("name", ""), "textarea", is_required="required" in known)
        self.area.is_fixed = "readonly" in known
        self._put(known, self.area)

    def _open_select(self, known: dict[str, str]) -> None:
        kind = "select-multiple" if "multiple" in known else "select"
        self.select = Field(known.get("name", ""), kind, is_required="required" in known)
        self._put(known, self.select)

    def _open_option(self, known: dict[str, str]) -> None:
        if self.select is not None and "disabled" not in known:
            self.select.options.append(known.get("value", ""))
            if "selected" in known:
                self.select.chosen.append(known.get("value", ""))

    def _put(self, known: dict[str, str], control: Field | Button) -> None:
        if "disabled" in known or UNSEEN.intersection(self.open):
            return
        if "form" in known:
            self.waiting.append((known["form"], control))
        elif self.form:
            self._into(self.form, control)
        elif isinstance(control, Field):
            self.screen.loose.append(control)

    def _into(self, form: Form, control: Field | Button) -> None:
        if isinstance(control, Button):
            form.buttons.append(control)
        elif control.name:
            form.fields.append(control)

    # Errors

    def _note_names(self, known: dict[str, str]) -> None:
        if "id" in known:
            self.ids[known["id"]] += 1
        for attribute in NAMING:
            for target in known.get(attribute, "").split():
                self.named.append((attribute, target))

    def _note_heading(self, level: int) -> None:
        # A page that refuses a form begins with what has to be corrected, above its main heading
        if level > self.level + 1 and self.level:
            self._complain(f"<h{level}> follows on <h{self.level}>")
        self.level = level

    def _check_words(self, words: str, where: str) -> None:
        if found := MISTAKES.search(words):
            start = max(0, found.start() - 60)
            self._complain(f"the {where} says: …{words[start : found.end() + 40]}…")

    def _complain(self, words: str) -> None:
        self.screen.faults.append(words)


def paths(screen: Screen, base: str = "") -> Iterator[str]:
    """The paths on this site to which the links of a page lead, without fragments."""
    for link in screen.links:
        path = link.partition("#")[0]
        if path.startswith("/") and not path.startswith("//"):
            yield path
        elif path.startswith("?") and base:
            yield base.partition("?")[0] + path
