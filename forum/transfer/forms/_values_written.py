"""Writing the values of fields, as `_values` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from forum.dialogue.models import Pace
from forum.library.models import CaseFigure
from forum.library.queries import FIGURE_PARTS
from forum.markdown import paragraph_key
from forum.permissions import PUBLIC
from forum.plaintext import join_parts, on_one_line, slugify
from forum.transfer.forms._sections import Schema
from forum.transfer.models import ExportedPoll, Story

Fields = Sequence[tuple[str, str | None]]


def importable_slug(slug: str) -> str:
    """A slug that `reading` accepts: one that became too long by a number is shortened, with a part of its hash."""
    if slugify(slug, "") == slug:
        return slug
    return f"{slugify(slug, '')[:48].strip('-')}-{paragraph_key(slug)[:6]}"


def is_readable(schema: Schema, name: str, value: str) -> bool:
    """Whether `reading` accepts a value of a field."""
    try:
        (schema.single.get(name) or schema.repeated[name])(value)
    except ValueError:
        return False
    return True


def write_figure(figure: CaseFigure) -> str:
    """A figure of a case."""
    return write_parts(getattr(figure, name) for name in FIGURE_PARTS)


def write_parts(values: Iterable[str]) -> str:
    """Parts as one value; empty ones at the end are left out."""
    parts = list(map(on_one_line, values))
    while parts and not parts[-1]:
        parts.pop()
    return join_parts(parts, "|")


def poll_fields(poll: ExportedPoll | None) -> Fields:
    """The fields of a poll, without votes. One that was closed in its last minute is written as having ended by itself."""
    if poll is None:
        return []
    until = write_moment(poll.closes_at) if poll.closes_at else None
    closed = write_moment(poll.closed_at) if poll.closed_at else None
    return [
        ("poll", poll.question),
        *(("poll option", write_parts([words])) for words in poll.options),
        ("poll several", yes_if(poll.is_multiple)),
        ("poll until", until),
        ("poll closed", closed if closed != until else None),
    ]


def write_story(story: Story, usual: str) -> str:
    """What the author of a question reported, with its language unless that is the usual one."""
    language = "" if story.language == usual else story.language
    said = (story.outcome, story.deed, story.text, language)
    return write_parts((write_moment(story.told_at), *said))


def write_pace(pace: Pace) -> str:
    """The pace of a slow topic, and until when."""
    end = [write_moment(pace.until)] if pace.until else []
    return write_parts((str(pace.minutes), *end))


def write_themes(names: Iterable[str]) -> str:
    """The names of themes, sorted."""
    return join_parts(sorted(names), ";")


def write_readers(audience: str) -> str | None:
    """For whom something is; nothing for everybody."""
    return None if audience == PUBLIC else audience


def write_day(day: date | datetime | None) -> str | None:
    """A day, or the day of a moment."""
    return f"{day:%Y-%m-%d}" if day else None


def write_moment(moment: datetime) -> str:
    """A moment, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def write_number(number: int | None) -> str | None:
    """A number, if there is one."""
    return None if number is None else str(number)


def yes_if(truth: object) -> str | None:
    """A field that is there or not."""
    return "yes" if truth else None
