"""Escaping: how a text is written inside a content file, so that no line is taken for syntax, and read again."""

from __future__ import annotations

import re

from forum.plaintext import tidy

INNER_HEADING = re.compile(r"^#{3}(#{2,3} )")
FENCE = re.compile(r"^\s*(```|~~~)")
ALMOST_FIELD = re.compile(r"^- ?([A-Za-z][A-Za-z ]{0,40}?) *:")
# Beginnings of lines that a file would take for its syntax: a heading, a field, a code fence, a blank line.
SYNTAX = r"(?:#{1,6}\s|- ?[A-Za-z][A-Za-z ]{0,40}? *:|\s*(?:```|~~~)|\s+$)"
HEADING = re.compile(r"#{1,6}\s")
LIFTED = re.compile(r"#{2,3} ")
BACKSLASHED = re.compile(r"\\+" + SYNTAX)
BAR, SEMICOLON = re.compile(r"(?<!\\)\|"), re.compile(r"(?<!\\);")


def read_lines(lines: list[str]) -> str:
    """The text of some lines of a file: headings of levels five and six become two and three, escapes are removed.

    Lines inside fenced code are left as they are.
    """
    lines = _strip_blank_lines(lines)
    is_code = False
    for number, line in enumerate(lines):
        if FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            is_escaped = BACKSLASHED.match(line)
            lines[number] = line[1:] if is_escaped else INNER_HEADING.sub(r"\1", line)
    return "\n".join(lines)


def _strip_blank_lines(lines: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def write_lines(text: str) -> str:
    """A text as lines of a file. `read_lines` returns the same text, character for character."""
    lines = tidy(text).split("\n")
    has_whole_fences = sum(bool(FENCE.match(line)) for line in lines) % 2 == 0
    is_code = False
    for number, line in enumerate(lines):
        if has_whole_fences and FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            position = {"is_first": number == 0, "is_last": number == len(lines) - 1}
            lines[number] = _escaped(line, **position)
    return "\n".join(lines)


def _escaped(line: str, *, is_first: bool, is_last: bool) -> str:
    if LIFTED.match(line):
        return f"###{line}"
    is_syntax = BACKSLASHED.match(line) or HEADING.match(line) or FENCE.match(line)
    is_field = is_first and ALMOST_FIELD.match(line)
    is_blank = (is_first or is_last) and line.isspace()
    return f"\\{line}" if is_syntax or is_field or is_blank else line


def on_one_line(words: str) -> str:
    """A text on one line, as the value of a field."""
    return " ".join(tidy(words).split())


def split_parts(separator_pattern: re.Pattern[str], value: str) -> list[str]:
    """The parts of a value between bars (`BAR`) or semicolons (`SEMICOLON`) that have no backslash before them."""
    separator = separator_pattern.pattern[-1]
    return [
        part.strip().replace(f"\\{separator}", separator) for part in separator_pattern.split(value)
    ]


def join_parts(parts: list[str], separator: str) -> str:
    """Parts as one value, with `|` or `;` between them, which `split_parts` splits again."""
    written = [on_one_line(part).replace(separator, f"\\{separator}") for part in parts]
    if separator == "|" or any(part.endswith("\\") for part in written):
        separator = f" {separator}"
    return f"{separator} ".join(written)
