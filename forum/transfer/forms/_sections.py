"""The tree of sections of a content file, and reading one of them by its schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forum.library import forms as library
from forum.markdown import MAX_SOURCE
from forum.plaintext import CONTROLS, SURROGATES, tidy
from forum.transfer.forms._escaping import ALMOST_FIELD, FENCE, read_lines
from forum.transfer.models import Fault, Values

# Of lines without spaces at their ends
HEADING = re.compile(r"^(#{1,4}) ++(.+)$")
FIELD = re.compile(r"^- ([a-z][a-z ]{0,40}): *+(.*)$")


@dataclass
class Section:
    """A heading with its fields, its text and its subsections.

    `fields` are tuples of name, value and line; `lines` are those of the text below the fields; `everything` contains
    both.
    """

    level: int
    title: str
    line: int
    fields: list[tuple[str, str, int]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)
    text_line: int = 0
    children: list[Section] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text below the fields, unescaped."""
        return read_lines(self.lines)

    @property
    def whole_text(self) -> str:
        """Everything below the heading, unescaped: the text of a section that has no fields."""
        return read_lines(self.everything)


@dataclass(frozen=True)
class Schema:
    """The fields of a kind of section, each with the converter of its values, which raises `ValueError`.

    `single` fields occur at most once, `repeated` ones any number of times; the `required` ones are always there.
    `title_lengths` and `max_text` are in characters.
    """

    single: Mapping[str, Callable[[str], Any]]
    repeated: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    has_text: bool | None = True  # None: optional
    title_lengths: range = range(1, library.MAX_LINE + 1)
    max_text: int = MAX_SOURCE


def parse(source: str) -> Section:
    """Parse the headings of a file into a tree; the root has level 0 and no title."""
    root = Section(0, "", 1)
    path = [root]
    for number, line, is_heading in _numbered_lines(source):
        if is_heading and (found := HEADING.match(line.rstrip())):
            level = len(found[1])
            path = [section for section in path if section.level < level]
            path[-1].children.append(section := Section(level, found[2], number))
            path.append(section)
            continue
        path[-1].everything.append(line)
        if (found := FIELD.match(line.rstrip())) and not any(path[-1].lines) and path[-1].level:
            path[-1].fields.append((found[1], found[2], number))
        elif line.strip() or path[-1].lines:
            path[-1].text_line = path[-1].text_line or number
            path[-1].lines.append(line)
    return root


def _numbered_lines(source: str) -> Iterator[tuple[int, str, bool]]:
    """Each line with its number, and whether it may be a heading, which it may not inside fenced code."""
    is_open = False
    for number, line in enumerate(_split_lines(source), 1):
        if FENCE.match(line):
            is_open = not is_open
        yield number, tidy(line), not is_open


def _split_lines(source: str) -> list[str]:
    plain = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return plain.split("\n")


def check_characters_and_fences(source: str, faults: list[Fault]) -> None:
    """Record faults for control characters that no form accepts, and unclosed fenced code, which would hide the headings below."""
    lines = _split_lines(source)
    for number, line in enumerate(lines, 1):
        if odd := CONTROLS.search(line) or SURROGATES.search(line):
            sign = f"U+{ord(odd[0]):04X}"
            faults.append(Fault(number, f"take out the sign {sign}, which no text may hold"))
    fences = [number for number, line in enumerate(lines, 1) if FENCE.match(line)]
    if len(fences) % 2:
        faults.append(Fault(fences[-1], "the code that begins here has no end"))


def read(section: Section, schema: Schema, faults: list[Fault]) -> Values:
    """The converted values of a section's fields by name (with underscores for spaces), with `title` and `text`.

    Missing, unknown, repeated and wrong fields are added to `faults`.
    """
    values = Values(section.line, title=section.title, text=section.text)
    values.lines["text"] = [section.text_line] if section.text_line else []
    values.update({name.replace(" ", "_"): [] for name in schema.repeated})
    for key, value, line in section.fields:
        try:
            _add_field(values, schema, key, value)
        except ValueError as error:
            faults.append(Fault(line, str(error)))
        else:
            values.lines.setdefault(key.replace(" ", "_"), []).append(line)
    _check_required(section, schema, faults)
    _check_lengths(section, schema, faults)
    return values


def _add_field(values: Values, schema: Schema, key: str, value: str) -> None:
    name, convert = key.replace(" ", "_"), schema.single.get(key) or schema.repeated.get(key)
    if convert is None:
        known = ", ".join([*schema.single, *schema.repeated])
        raise ValueError(f"there is no field “{key}” here; the fields are {known}")
    if key in schema.single and name in values:
        raise ValueError(f"“{key}” is said twice")
    try:
        converted = convert(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    if key in schema.repeated:
        values[name].append(converted)
    else:
        values[name] = converted


def _check_required(section: Section, schema: Schema, faults: list[Fault]) -> None:
    said = {key for key, _value, _line in section.fields}
    for key in schema.required:
        if key not in said:
            faults.append(Fault(section.line, f"“{section.title}” needs the field “- {key}: …”"))
    if schema.has_text is True and not section.text:
        faults.append(Fault(section.line, f"“{section.title}” needs a text"))
    if schema.has_text is False and section.text:
        faults.append(Fault(section.text_line, f"“{section.title}” takes no text of its own"))
    for number, line in enumerate(section.lines, section.text_line):
        found = ALMOST_FIELD.match(line)
        if not found:
            break
        if (name := found[1].lower()) in {*schema.single, *schema.repeated}:
            faults.append(
                Fault(number, f"write the field as “- {name}: …”, right below the heading")
            )


def _check_lengths(section: Section, schema: Schema, faults: list[Fault]) -> None:
    if len(section.title) not in schema.title_lengths:
        least, most = schema.title_lengths[0], schema.title_lengths[-1]
        limits = f"{least} to {most}" if least > 1 else f"at most {most}"
        faults.append(Fault(section.line, f"write a title of {limits} characters"))
    check_text(section.text, schema.max_text, section.text_line, section.title, faults)


def check_text(text: str, most: int, line: int, title: str, faults: list[Fault]) -> None:
    if len(text) > most:
        long = f"{len(text):,} characters long; {most:,} are the most"
        faults.append(Fault(line, f"the text of “{title}” is {long}"))


def check_nothing_below(section: Section, faults: list[Fault]) -> None:
    """Record faults for headings inside a text with fewer than five signs, which would begin a new section and be lost."""
    for child in section.children:
        message = f"“{child.title}” belongs to nothing; write headings in a text with five or six #"
        faults.append(Fault(child.line, message))


# Values of fields
