"""Adding pictures, showing them in texts, and deleting them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _

from forum.clock import now
from forum.db import db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.illustrations import Illustration
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.pictures.models import (
    KEPT_AFTERWARDS,
    KEPT_UNUSED,
    LOOKED_AFTER,
    SMALL,
    WHOLE,
    Picture,
    PictureFile,
)
from forum.pictures.queries import (
    my_picture,
    pictures_named,
    pictures_to_look_after,
    pictures_to_show,
    space_taken,
)
from forum.shrinking import Shrunk

MEGABYTE = 1_000_000


@action
def add_picture(author: Person, shrunk: Shrunk, most: int) -> Picture:
    """Keep a picture that `shrink` has made. Raises `Invalid` when the author's pictures would take more than `most` bytes."""
    touches()
    require(author.can.add_picture())
    lock_member(author.id, may_write=True)  # so that no two pictures are counted at the same time
    size = len(shrunk.whole) + len(shrunk.small)
    if space_taken(author.id) + size > most:
        raise Invalid(
            _(
                "Your pictures take %(most)s MB, and there is no room for more. Delete some that no text shows.",
                most=most // MEGABYTE,
            ),
            "picture",
        )
    return _keep(author.id, shrunk)


@action
def import_picture(
    system: Person, member_id: int, shrunk: Shrunk, agenda_id: int | None = None
) -> Picture:
    """Keep a picture of a member under the name that it has elsewhere; one that is there already stays as it is.

    `agenda_id` is that of the text that shows it, which is loaded in the same deed.
    """
    require(system.can.administer())
    touches()
    for known in pictures_named([shrunk.name]):
        return known
    picture = _keep(member_id, shrunk)
    if agenda_id is not None:
        _note_shown(picture, agenda_id)
    return picture


def _keep(member_id: int, shrunk: Shrunk) -> Picture:
    size = len(shrunk.whole) + len(shrunk.small)
    times = {"created_at": now(), "due_at": now() + KEPT_UNUSED}
    picture = Picture(name=shrunk.name, member_id=member_id, size=size, **times)
    db.session.add(picture)
    db.session.flush()
    for version, data in ((WHOLE, shrunk.whole), (SMALL, shrunk.small)):
        if data:
            db.session.add(PictureFile(picture_id=picture.id, version=version, data=data))
    db.session.flush()
    return picture


@action
def show(
    author: Person,
    pictures: Sequence[Illustration],
    agenda_id: int,
    before: Collection[str] = (),
    field: str = "source",
) -> None:
    """Note that a text of the author on an agenda shows some pictures.

    `before` are the names of those that it showed already, perhaps on another agenda.
    Raises `Invalid`, for the field of the text, when one has no words that say what it shows (WCAG 2.2, 1.1.1), is not there, or
    is not the author's: nobody brings a picture of others to light again that they, or a moderator, took out of sight.
    """
    if not pictures:
        return
    touches()
    if any(not picture.alt for picture in pictures):
        raise Invalid(
            _("Say what each picture shows, between its brackets: ![a street with trees](…)."),
            field,
        )
    names = {picture.name for picture in pictures}
    known = {picture.name: picture for picture in pictures_to_show(names)}
    if names.difference(known, before):
        raise Invalid(_("A picture in this text is not there any more. Add it once more."), field)
    for picture in known.values():
        verdict = author.can.show_picture(picture)
        if picture.name not in before and not verdict:
            raise Invalid(str(verdict.why_not), field)
        _note_shown(picture, agenda_id)


def _note_shown(picture: Picture, agenda_id: int) -> None:
    picture.used_at = picture.used_at or now()
    picture.due_at, picture.unused_at = now() + LOOKED_AFTER, None
    picture.agenda_id = agenda_id


@action
def follow(_doer: Person, names: Collection[str], agenda_id: int) -> None:
    """Note that the texts with some pictures are on another agenda now, whose moderators see them, also out of sight."""
    touches()
    for picture in pictures_to_show(names):
        picture.agenda_id = agenda_id


@action
def delete_picture(author: Person, picture_id: int) -> Picture:
    """Delete one's picture for good. Texts that show it show its words instead, and no page names it any more."""
    picture = my_picture(author, picture_id)
    require(author.can.delete_picture(picture))
    _delete([picture.id])
    return picture


@action
def forget(system: Person, ids: Collection[int]) -> int:
    """Delete pictures by id; returns how many. No page names them any more."""
    require(system.can.administer())
    return _delete(ids)


@action
def look_after(system: Person, looked_at: Mapping[int, datetime], unused: Collection[int]) -> int:
    """Note which of some pictures are `unused` (ids), and delete those that have been so for long enough; returns how many.

    `looked_at` are the times at which they were due when that was found out, by id. One that a text has shown since then, or that
    another worker looks after, stays as it is.
    """
    require(system.can.administer())
    touches()
    over = [
        picture.id
        for picture in pictures_to_look_after(looked_at)
        if picture.due_at == looked_at[picture.id] and _is_over(picture, picture.id in unused)
    ]
    return _delete(over)


def _is_over(picture: Picture, is_unused: bool) -> bool:
    """Whether a picture is to be deleted now; if not, it is due again."""
    if not is_unused:
        picture.unused_at, picture.due_at = None, now() + LOOKED_AFTER
        return False
    if picture.used_at is None:
        picture.due_at = picture.created_at + KEPT_UNUSED
    else:
        picture.unused_at = picture.unused_at or now()
        picture.due_at = picture.unused_at + KEPT_AFTERWARDS
    return picture.due_at <= now()


def _delete(ids: Collection[int]) -> int:
    return len(delete_batch(Picture, len(ids), Picture.id.in_(ids)))
