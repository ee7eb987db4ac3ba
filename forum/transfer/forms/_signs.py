"""What keeps a text apart from the file it stands in: how its lines are written there, and read again."""

from __future__ import annotations

import re

from forum.markup import tidy

INNER_HEADING = re.compile(r"^#{3}(#{2,3} )")
FENCE = re.compile(r"^\s*(```|~~~)")
ALMOST_FIELD = re.compile(r"^- ?([A-Za-z][A-Za-z ]{0,40}?) *:")
# How a line begins that the file would take for its own: a heading, a field, a fence of code, nothing at all.
OWN = r"(?:#{1,6}\s|- ?[A-Za-z][A-Za-z ]{0,40}? *:|\s*(?:```|~~~)|\s+$)"
HEADING = re.compile(r"#{1,6}\s")
LIFTED = re.compile(r"#{2,3} ")
BACKSLASHED = re.compile(r"\\+" + OWN)
BAR, SEMICOLON = re.compile(r"(?<!\\)\|"), re.compile(r"(?<!\\);")


def read_lines(lines: list[str]) -> str:
    """The text that lines of a file say: inner headings lifted to levels two and three, backslashes taken off.

    What stands between fences of code is left as it is.
    """
    lines = _without_empty_ends(lines)
    is_code = False
    for number, line in enumerate(lines):
        if FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            is_escaped = BACKSLASHED.match(line)
            lines[number] = line[1:] if is_escaped else INNER_HEADING.sub(r"\1", line)
    return "\n".join(lines)


def _without_empty_ends(lines: list[str]) -> list[str]:
    said = [number for number, line in enumerate(lines) if line.strip()]
    return lines[said[0] : said[-1] + 1] if said else []


def write_lines(text: str) -> str:
    """A text as it is written into a file: `read_lines` reads from it the same text, letter for letter."""
    lines = tidy(text).split("\n")
    has_whole_fences = sum(bool(FENCE.match(line)) for line in lines) % 2 == 0
    is_code = False
    for number, line in enumerate(lines):
        if has_whole_fences and FENCE.match(line):
            is_code = not is_code
        elif not is_code:
            is_end = {"is_first": number == 0, "is_last": number == len(lines) - 1}
            lines[number] = _kept_apart(line, **is_end)
    return "\n".join(lines)


def _kept_apart(line: str, *, is_first: bool, is_last: bool) -> str:
    if LIFTED.match(line):
        return f"###{line}"
    is_own = BACKSLASHED.match(line) or HEADING.match(line) or FENCE.match(line)
    is_field = is_first and ALMOST_FIELD.match(line)
    is_blank = (is_first or is_last) and line.isspace()
    return f"\\{line}" if is_own or is_field or is_blank else line


def on_one_line(words: str) -> str:
    """Words as the value of a field: on one line."""
    return " ".join(tidy(words).split())


def split_at(sign: re.Pattern[str], value: str) -> list[str]:
    """The parts of a value; a backslash before a bar or semicolon says that it belongs to its part."""
    apart = sign.pattern[-1]
    return [part.strip().replace(f"\\{apart}", apart) for part in sign.split(value)]


def joined(parts: list[str], apart: str) -> str:
    """A value of parts (`|`, `;`), which `split_at` parts again."""
    written = [on_one_line(part).replace(apart, f"\\{apart}") for part in parts]
    if apart == "|" or any(part.endswith("\\") for part in written):
        apart = f" {apart}"
    return f"{apart} ".join(written)
