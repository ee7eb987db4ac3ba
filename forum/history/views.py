"""Forms that are opened with an earlier version of what they change."""

from __future__ import annotations

from collections.abc import Collection

from flask import request

from forum import web
from forum.history.models import Version
from forum.history.queries import STAYING, get_version
from forum.webforms import Form, fill


def fill_from_version(
    form: Form, kind: str, item_id: int, names: Collection[str] = ()
) -> Version | None:
    """Fill a form with the version of a thing that the address names (`?version=<id>`), and return that version.

    `names` are fields that a version lacks when they were empty. Nothing happens without `version`, or when the form was
    sent. Raises `NotFound` if the thing has no such version.
    """
    if request.method != "GET" or "version" not in request.args:
        return None
    version = get_version(kind, item_id, web.number("version", 0))
    kept = {**dict.fromkeys(names, ""), **version.fields}
    texts = {name: "" if value is None else str(value) for name, value in kept.items()}
    fill(form, {name: text for name, text in texts.items() if name not in STAYING})
    return version
