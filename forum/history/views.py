"""Earlier versions named by an address: to be read, or to fill a form."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from flask import request

from forum import web
from forum.history.models import Version
from forum.history.queries import AUDIENCES, STAYING, Edit, get_version
from forum.permissions import MEMBERS
from forum.webforms import Form, fill

E = TypeVar("E", bound=Edit)


def edit_to_read(edits: Iterable[E]) -> E | None:
    """The one of these changes whose version the address names (`?version=<id>`), or None."""
    wanted = web.number("version", 0)
    return next((edit for edit in edits if edit.version.id == wanted), None)


def fill_from_version(
    form: Form, kind: str, item_id: int, names: Collection[str] = ()
) -> Version | None:
    """Fill a form with the version of a thing that the address names (`?version=<id>`), and return that version.

    `names` are fields that a version lacks when they were empty. Nothing happens without `version`, or when the form
    was sent. Raises `NotFound` if the thing has no such version.
    """
    if request.method != "GET" or "version" not in request.args:
        return None
    version = get_version(kind, item_id, web.number("version", 0))
    kept = {**dict.fromkeys(names, ""), **version.fields}
    texts = {name: "" if value is None else str(value) for name, value in kept.items()}
    kept_for_members = {name for name in AUDIENCES if texts.get(name) == MEMBERS}
    put_back = (texts.keys() - STAYING) | kept_for_members
    fill(form, {name: texts[name] for name in put_back})
    return version
