"""What the deeds of the library have in common: checks of what was typed, names in addresses, hiding and showing again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from forum.db import db, now
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Invalid
from forum.library.models import Case, Practice, Reading
from forum.library.queries import PUBLISHED, cities_by_id, slugs_like
from forum.markup import slugify
from forum.members.models import City
from forum.permissions import Person, require
from forum.search import actions as search

Withheld = TypeVar("Withheld", Case, Practice)
RESERVED = {"new", "mine"}  # addresses of pages of their own under /cases/ and /practices/
YEARS = range(1000, 2101)
LONGEST = 200  # characters in a name, as the columns keep it


def withhold(
    moderator: Person, row: Withheld, reason: str, removed_at: datetime | None
) -> Withheld:
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = row.hidden_at or now(), reason, removed_at
    search.hide(moderator, _kind(row), row.id)
    if row.topic_id and removed_at:
        dialogue.remove_topic(moderator, row.topic_id, reason)
    elif row.topic_id:
        dialogue.hide_topic(moderator, row.topic_id, reason)
    return row


def show_again(moderator: Person, row: Withheld) -> Withheld:
    require(moderator.can.moderate(row.agenda_id))
    row.hidden_at, row.hidden_reason, row.removed_at = None, "", None
    search.restore(moderator, _kind(row), row.id)
    is_published = isinstance(row, Case) or row.state == PUBLISHED
    if row.topic_id and is_published:  # what waits again shows its discussion once it is published
        dialogue.restore_topic(moderator, row.topic_id)
    return row


def _kind(row: Case | Practice) -> str:
    return "case" if isinstance(row, Case) else "practice"


def require_text(text: str, name: str) -> None:
    if not text.strip():
        raise Invalid(_("Write something here."), name)


def refuse_longer(text: str, name: str) -> None:
    if len(text) > LONGEST:
        raise Invalid(_("At most %(most)s characters, please.", most=LONGEST), name)


def require_year(year: int | None, name: str) -> None:
    if year is not None and year not in YEARS:
        raise Invalid(_("Enter a year, such as 2024."), name)


def require_address(address: str, name: str, optional: bool = False) -> None:
    if optional and not address:
        return
    if not address.startswith(("https://", "http://")):
        raise Invalid(_("Enter a whole address, such as https://example.org."), name)


def add_row(row: Case | Practice) -> bool:
    """Add a row; false when another request has added it, or one of its address, in this very moment."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def sent_twice() -> NoReturn:
    raise Conflict(_("This was sent twice at once. Please send it again."))


def free_slug(model: type[Case] | type[Practice], words: str) -> str:
    slug = slugify(words, model.__name__.lower())
    taken: Collection[str] = slugs_like(model, slug) | RESERVED
    number = 1
    free = slug
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    return free


def known_city(city_id: int | None) -> City | None:
    found = cities_by_id([city_id]) if city_id else []
    return found[0] if found else None


def fill(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def put_in_order(rows: Sequence[Case] | Sequence[Reading], ids: Sequence[int]) -> None:
    place = {item_id: number for number, item_id in enumerate(ids)}
    ordered: list[Any] = sorted(rows, key=lambda row: place.get(row.id, len(place)))
    for position, row in enumerate(ordered, 1):
        row.position = position
