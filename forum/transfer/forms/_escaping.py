"""Escaping: how a text is written in a content file, so that no line is mistaken for syntax, and read again."""

from __future__ import annotations

import re

from forum.plaintext import tidy

INNER_HEADING = re.compile(r"^#{3}(#{2,3} )")
FENCE = re.compile(r"^\s*(```|~~~)")
# As people and their editors also write lists: without a space, with asterisks, with dashes
BULLET = r"(?:- ?|[*+•–—] )"
ALMOST_FIELD = re.compile(rf"^{BULLET}([A-Za-z][A-Za-z ]{{0,40}}?) *:")
# Beginnings of lines that would be mistaken for syntax: a heading, a field, a code fence, a blank line.
SYNTAX = rf"(?:#{{1,6}}\s|{BULLET}[A-Za-z][A-Za-z ]{{0,40}}? *:|\s*(?:```|~~~)|\s+$)"
HEADING = re.compile(r"#{1,6}\s")
LIFTED = re.compile(r"#{2,3} ")
BACKSLASHED = re.compile(r"\\+" + SYNTAX)


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
