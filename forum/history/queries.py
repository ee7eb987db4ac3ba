"""Earlier versions of edited pages, what was changed in each, and whether a form is outdated."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Text, and_, cast, func, or_, select

from forum.db import db
from forum.diffs import Piece, changes
from forum.errors import Conflict, NotFound
from forum.history.models import Version
from forum.plaintext import short_hash

Fields = Mapping[str, Any]
MAX_VERSIONS = 200
# Fields that are not restored with a version: those of which it has only the name, and the audience
STAYING = {"agenda", "audience", "city_id", "city", "failure_audience", "hosts", "themes"}
STAYING |= {"milestones", "state"}  # the progress of a thing is not undone
# The audience of "what did not work" is restored, so that what a version told members alone stays with them
AUDIENCES = {"audience", "failure_audience"}


def versions_of(kind: str, item_id: int) -> list[Version]:
    """The earlier versions of a thing, newest first; at most `MAX_VERSIONS`."""
    return versions_of_many(kind, [item_id])


def get_version(kind: str, item_id: int, version_id: int) -> Version:
    """One earlier version of a thing; raises `NotFound` if it is not of this thing."""
    version = db.session.get(Version, version_id)
    if version is None or (version.kind, version.item_id) != (kind, item_id):
        raise NotFound()
    return version


def versions_of_many(kind: str, item_ids: Iterable[int]) -> list[Version]:
    """The earlier versions of several things of one kind, newest first, with their numbers; at most `MAX_VERSIONS` in all."""
    number = func.row_number().over(partition_by=Version.item_id, order_by=Version.id)
    found = select(Version, number)
    found = found.where(Version.kind == kind, Version.item_id.in_(list(item_ids)))
    rows = db.session.execute(found.order_by(Version.id.desc()).limit(MAX_VERSIONS)).all()
    for row in rows:
        row[0].number = row[1]
    return [row[0] for row in rows]


@dataclass(frozen=True)
class Edit:
    """One change: the version that was replaced, and (name, differences) of each changed field, as `diffs.changes` returns them.

    `said` are the fields of that version as far as the reader may see them.
    """

    version: Version
    said: Fields
    differences: Sequence[tuple[str, list[Piece]]]

    @property
    def can_be_put_back(self) -> bool:
        """Whether restoring the version would change anything."""
        return any(name not in STAYING for name, _pieces in self.differences)


def edits_between(
    versions: Iterable[Version],
    present: Mapping[int, Fields],
    state_names: Mapping[str, Any] | None = None,
) -> list[Edit]:
    """Each version, newest first, compared with what replaced it. `present` are the present fields, by the id of the thing.

    With `state_names`, the field `state` is shown and compared by its labels.
    """
    after = dict(present)
    edits = []
    for version in versions:
        said = _with_state(version.fields, state_names)
        became = _with_state(after[version.item_id], state_names)
        edits.append(Edit(version, said, differences(said, became)))
        after[version.item_id] = version.fields
    return edits


def _with_state(fields: Fields, names: Mapping[str, Any] | None) -> Fields:
    return {**fields, "state": names[fields["state"]]} if names else fields


def differences(before: Fields, after: Fields) -> list[tuple[str, list[Piece]]]:
    """The name of each field that differs between two versions, and how; a field that one of them lacks counts as empty."""
    names = dict.fromkeys([*before, *after])
    pairs = [(name, _text_of(before, name), _text_of(after, name)) for name in names]
    return [(name, changes(old, new)) for name, old, new in pairs if old != new]


def _text_of(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def versions_naming(handles: Collection[str], after: int, limit: int) -> Sequence[int]:
    """The ids of at most `limit` versions with ids after `after` that name a member: as editor, host or author.

    `handles` are all that the member had.
    """
    fields = cast(Version.fields, Text)
    is_in_text = or_(*(fields.contains(handle, autoescape=True) for handle in handles))
    is_named = and_(Version.kind.in_(("agenda", "statement")), is_in_text)
    found = select(Version.id).where(or_(Version.editor_handle.in_(handles), is_named))
    return db.session.scalars(
        found.where(Version.id > after).order_by(Version.id).limit(limit)
    ).all()


def versions_to_change(version_ids: Collection[int]) -> Sequence[Version]:
    """The versions of these ids, locked."""
    found = select(Version).where(Version.id.in_(version_ids)).order_by(Version.id)
    return db.session.scalars(found.with_for_update()).all()


def fingerprint(fields: Mapping[str, Any]) -> str:
    """A hash of a thing's fields, by which a form detects that they have changed since it was opened."""
    return short_hash(json.dumps(dict(fields), sort_keys=True))


def refuse_unseen(seen: str | None, fields: Mapping[str, Any], said: str = "") -> None:
    """Raise `Conflict` unless `seen`, the fingerprint in a form, is that of the present fields; empty skips the check.

    `said` is the sentence for what is no text.
    """
    if seen and seen != fingerprint(fields):
        raise Conflict(said or _("This text has changed since you opened the form."))


def refuse_unseen_order(
    seen: Sequence[int] | None, present: Sequence[int], wanted: Sequence[int]
) -> None:
    """Raise `Conflict` when rows stand in another order than the one in which a form has shown them; empty skips the check.

    Rows that were added or taken away since do not matter, nor does it when the present order is the wanted one.
    """
    still = [row_id for row_id in seen or () if row_id in present]
    if still != [row_id for row_id in present if row_id in still] and [*wanted] != [*present]:
        raise Conflict(
            _(
                "The order has changed since you opened the page. The list stands as it is saved now, beside the numbers that you sent. If you save them, they count."
            )
        )
