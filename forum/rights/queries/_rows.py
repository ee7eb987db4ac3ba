"""What the selects of the data about one member share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.models import Topic
from forum.members.models import City, Member, Organisation
from forum.reach import opened_to
from forum.rights.models import Record
from forum.rules.models import said_of_ground, said_of_rule

FOLDER, FILES_FOLDER = "pictures/", "files/"  # of the bytes themselves, in the ZIP file
PORTRAIT_FILE = "portrait.webp"  # the picture of the member, likewise
# Columns with words of the forum itself
SAID = {
    "hidden_reason": said_of_ground,
    "rule_name": said_of_rule,
    "rule_sentence": said_of_rule,
}


def plain_record(row: Any) -> Record:
    """A row for the file: without the columns whose names begin with `key_`, and with the forum's sentences translated."""
    known = {name: value for name, value in row._mapping.items() if not name.startswith("key_")}
    return {
        name: json_value(SAID[name](value) if value and name in SAID else value)
        for name, value in known.items()
    }


def json_value(value: Any) -> Any:
    """A value for JSON; moments in UTC in ISO 8601 format."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def all_of(query: Select[Any]) -> list[Any]:
    return list(db.session.scalars(query))


def name_in(
    table: type[Organisation] | type[City] | type[Member], row_id: int | None
) -> str | None:
    return db.session.scalar(select(table.name).where(table.id == row_id)) if row_id else None


def columns_of(model: Any, names: str) -> list[Any]:
    return [getattr(model, name) for name in names.split()]


def title_in_sight(member: Member) -> ColumnElement[str]:
    """The title of a topic as the member may see it: empty for somebody else's hidden topic, or one on an agenda in preparation."""
    is_open = and_(Topic.hidden_at.is_(None), opened_to(member, Topic.agenda_id))
    is_shown = or_(Topic.id.is_(None), Topic.author_id == member.id, is_open)
    return case((is_shown, Topic.title), else_="").label("topic")


def agenda_in_sight(member: Member) -> ColumnElement[str]:
    """The title of an agenda as the member may see it: empty while others prepare it."""
    is_shown = or_(Agenda.id.is_(None), opened_to(member, Agenda.id))
    return case((is_shown, Agenda.title), else_="").label("agenda")
