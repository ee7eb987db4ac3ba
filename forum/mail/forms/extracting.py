"""The new text in a message: without the quoted letter, the signature, and what mail programs put between."""

from __future__ import annotations

import re

MAX_TEXT = 40_000  # characters that are searched for the answer
SEPARATOR = "==="  # on both sides of "Write your reply above this line"
SEPARATOR_LINE = re.compile(rf"^[>\s|]*{SEPARATOR} .* {SEPARATOR}\s*$", re.M)
SIGNATURE = re.compile(r"^-- ?\n", re.M)  # RFC 3676, 4.3
FROM_LINE = re.compile(r"\W*(From|Von|De|Da|Van|Från|Fra|Od|От|差出人|보낸 사람|发件人)\W*:", re.I)
HEADER_FIELD = re.compile(r"\W*[^\W\d_][^\d:]{0,25}:\s")  # a name and a colon
DIVIDER_LINE = re.compile(r"\s*([_-]{4,}|-{2,} ?[^-]{1,40} ?-{2,})\s*$")
PASSED_ON_LINE = re.compile(r"-{2,} ?Forwarded message ?-{2,}\s*$", re.I)
DATE = re.compile(r"\b(19|20)\d\d\b|\d{1,2}[:.h]\d\d|\d[/.-]\d")
DATE_OR_ADDRESS = re.compile(f"@|{DATE.pattern}")
INTRODUCTION_START = re.compile(r"(On|Am|Le|El|Il|Op|Den|Em|Dnia|Dne|В)\b", re.I)
# An e-mail address as mail programs put it behind a name
NAMED_ADDRESS = re.compile(
    r"\s{0,3}[<\[(]{0,2}(?:mailto:)?[^\s<>\[\]()]{1,64}@[^\s<>\[\]():;,]{1,255}[>\])]{0,2}"
)


def extract_text(text: str) -> str:
    """The new text in a message: all of it but the signature, with what is forwarded in it.

    Of the head of a forwarded message who wrote it and when stay, without e-mail addresses.
    """
    lines = [line.rstrip("\r") for line in text[:MAX_TEXT].split("\n")]
    return "\n".join(_without_heads(_without_signature(lines))).strip()


def is_passed_on(text: str) -> bool:
    """Whether the first message that begins in a text, if any does, stands below a line that says that it is passed on.

    What follows that line is not quoted with `>`: in an answer it would be.
    """
    lines = text[:MAX_TEXT].splitlines()
    begins = (n for n in range(len(lines)) if _begins_another(lines[n : n + 6]))
    first = next(begins, None)
    return first is not None and bool(PASSED_ON_LINE.match(lines[first][:200]))


def _without_signature(lines: list[str]) -> list[str]:
    """The lines without the first signature, which ends where a forwarded or quoted message begins, or the text does."""
    start = next((number for number, line in enumerate(lines) if line in ("-- ", "--")), None)
    if start is None:
        return lines
    ends = (n for n in range(start + 1, len(lines)) if _begins_another(lines[n : n + 6]))
    return lines[:start] + lines[next(ends, len(lines)) :]


def _begins_another(lines: list[str]) -> bool:
    """Whether a forwarded or quoted message begins with these lines."""
    first = lines[0][:200]
    return first.startswith(">") or bool(DIVIDER_LINE.match(first)) or _is_forwarded_head(lines)


def _without_heads(lines: list[str]) -> list[str]:
    """The lines in which heads of forwarded messages, and introductions of quotations, name people without their addresses."""
    kept, is_head = [], False
    for number, line in enumerate(lines):
        if begins := _is_forwarded_head(lines[number : number + 6]):
            is_head = True
        elif is_head:
            is_head = bool(HEADER_FIELD.match(line[:80])) or "@" in line or line[:1].isspace()
        if begins or (not is_head and line.rstrip().endswith((":", "："))):
            kept.append(NAMED_ADDRESS.sub("", line) if "@" in line else line)
        elif not is_head or ("@" not in line and DATE.search(line)):
            kept.append(line)
    return kept


def extract_answer(text: str) -> str:
    """The answer in a message, without the quoted letter below it and the signature.

    It works line by line, in linear time. Quoted lines that are followed by an answer stay.
    """
    lines = [line.rstrip("\r") for line in text[:MAX_TEXT].split("\n")]
    own = _without_quote(_without_letter(lines))
    if len(own) < len(lines):
        own = _without_introduction(own)
    text = SIGNATURE.split("\n".join(own) + "\n", maxsplit=1)[0]
    return text.strip()


def _without_letter(lines: list[str]) -> list[str]:
    """The lines above the separator with which letters begin, or above the header of a forwarded letter."""
    for number, line in enumerate(lines):
        if SEPARATOR_LINE.match(line[:200]) or _is_forwarded_head(lines[number : number + 6]):
            return lines[:number]
    return lines


def _is_forwarded_head(lines: list[str]) -> bool:
    """Whether the lines begin with the header of a letter, as some programs put it above a quotation."""
    return (
        bool(lines)
        and bool(FROM_LINE.match(lines[0][:80]))
        and sum(bool(HEADER_FIELD.match(line[:80])) for line in lines) >= 3
    )


def _without_quote(lines: list[str]) -> list[str]:
    """The lines without quoted and empty ones at the end."""
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    return lines[:end]


def _without_introduction(lines: list[str]) -> list[str]:
    """The lines without "On Monday Ben wrote:" at the end, in any language.

    Such an introduction has one to three lines, ends with a colon and contains a date or an address.
    """
    lines = _without_quote(lines)
    while lines and DIVIDER_LINE.match(lines[-1][:200]):
        lines = _without_quote(lines[:-1])
    start = len(lines)
    while start and lines[start - 1].strip() and len(lines) - start < 3:
        start -= 1
    for first in range(len(lines) - 1, start - 1, -1):
        candidate = " ".join(line[:200] for line in lines[first:])
        is_introduction = candidate.rstrip().endswith((":", "：")) and len(candidate) < 300
        if is_introduction and DATE_OR_ADDRESS.search(candidate):
            if first and lines[first - 1].strip() and not INTRODUCTION_START.match(lines[first]):
                continue  # it may have begun in the line above
            return lines[:first]
    return lines
