"""What several actions of the library share: checks of submitted values, unique slugs, hiding and restoring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from flask_babel import gettext as _

from forum.clock import now
from forum.db import KeyTaken, db, unique_keys
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Invalid
from forum.history.queries import refuse_unseen_order
from forum.library.models import PUBLISHED, Case, Practice, Reading
from forum.library.queries import taken_slugs
from forum.markup import Written
from forum.permissions import Person, require
from forum.plaintext import first_free, slugify
from forum.search import actions as search

CaseOrPractice = TypeVar("CaseOrPractice", Case, Practice)
RESERVED_SLUGS = {"new", "mine"}  # paths of other pages under /cases/ and /practices/
VALID_YEARS = range(1000, 2101)
MAX_LENGTH = 200  # characters of a value in one line, which is the length of the columns


def hide_with_discussion(
    moderator: Person, row: CaseOrPractice, reason: str, removed_at: datetime | None
) -> CaseOrPractice:
    """Hide a case or a practice from readers and search, and its topic with it; with `removed_at`, remove both.

    Raises `Forbidden` for somebody who does not moderate its agenda.
    """
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = row.hidden_at or now(), reason, removed_at
    search.hide(moderator, _kind(row), row.id)
    if row.topic_id and removed_at:
        dialogue.remove_topic(moderator, row.topic_id, reason)
    elif row.topic_id:
        dialogue.hide_topic(moderator, row.topic_id, reason)
    return row


def restore_with_discussion(moderator: Person, row: CaseOrPractice) -> CaseOrPractice:
    """Undo `hide_with_discussion`. The topic of a practice that is not published stays hidden until it is published.

    Raises `Forbidden` for somebody who does not moderate its agenda.
    """
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = None, "", None
    search.restore(moderator, _kind(row), row.id)
    is_published = isinstance(row, Case) or row.state == PUBLISHED
    if row.topic_id and is_published:
        dialogue.restore_topic(moderator, row.topic_id)
    return row


def _kind(row: Case | Practice) -> str:
    return "case" if isinstance(row, Case) else "practice"


# Checks of submitted values. Each raises `Invalid` with a message for the form field of this name.


def require_text(text: str, field: str) -> None:
    """Refuse an empty text."""
    if not text.strip():
        raise Invalid(_("Write something here."), field)


def refuse_too_long(text: str, field: str) -> None:
    """Refuse more than `MAX_LENGTH` characters."""
    if len(text) > MAX_LENGTH:
        raise Invalid(_("Write at most %(most)s characters.", most=MAX_LENGTH), field)


def refuse_pictures(text: Written, field: str) -> None:
    """Refuse a text with pictures or links to files: lists and search engines, for which it is written, show only its words."""
    if text.pictures:
        raise Invalid(_("Only words go here. Put the picture or file into the text below."), field)


def require_year(year: int | None, field: str) -> None:
    """Refuse a year that is not in `VALID_YEARS`; None, for an unknown one, is accepted."""
    if year is not None and year not in VALID_YEARS:
        raise Invalid(_("Enter a year, such as 2024."), field)


def require_address(address: str, field: str) -> None:
    """Refuse anything but an absolute http(s) URL."""
    if not address.startswith(("https://", "http://")):
        raise Invalid(_("Enter a whole address, such as https://example.org."), field)


def require_optional_address(address: str, field: str) -> None:
    """Like `require_address`, but accepts an empty one."""
    if address:
        require_address(address, field)


# Adding rows


def add_row(row: Case | Practice) -> bool:
    """Add a row; False if another request has just added one with the same slug or submission key."""
    try:
        with unique_keys():
            db.session.add(row)
    except KeyTaken:
        return False
    return True


def sent_twice() -> Conflict:
    """The error to raise when `add_row` has failed and no row with the same submission key is found."""
    return Conflict(_("This was sent twice at once. Please send it again."))


def free_slug(model: type[Case] | type[Practice], title: str) -> str:
    """A slug made from a title that no other case (or practice) and no page has; with a number if it is taken."""

    def taken(slugs: Sequence[str]) -> set[str]:
        return taken_slugs(model, slugs) | RESERVED_SLUGS

    return first_free(slugify(title, model.__name__.lower()), taken)


def set_positions(
    rows: Sequence[Case] | Sequence[Reading], ids: Sequence[int], seen: Sequence[int] | None
) -> None:
    """Number rows from 1 in the order of `ids`; rows that are not among them follow in their present order.

    `seen` is the order that the form has shown: `Conflict` when that has changed since.
    """
    refuse_unseen_order(seen, [row.id for row in rows], ids)
    rank = {row_id: number for number, row_id in enumerate(ids)}
    ordered: list[Any] = sorted(rows, key=lambda row: rank.get(row.id, len(rank)))
    for position, row in enumerate(ordered, 1):
        row.position = position
