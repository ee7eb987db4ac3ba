"""Adding pictures and files, showing them in texts, and deleting them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import insert

from forum.clock import now
from forum.db import db, delete_batch
from forum.deeds import action, touches
from forum.errors import Invalid
from forum.illustrations import Illustration, is_file
from forum.members.queries import lock_member
from forum.permissions import Person, require
from forum.pictures.models import (
    KEPT_AFTERWARDS,
    KEPT_UNUSED,
    LOOKED_AFTER,
    SMALL,
    WHOLE,
    FilePortion,
    Picture,
    PictureFile,
)
from forum.pictures.queries import (
    lock_pictures,
    my_picture,
    pictures_named,
    pictures_to_look_after,
    pictures_to_show,
    space_taken,
)
from forum.sentfiles import SentFile
from forum.settings import MEGABYTE
from forum.shrinking import Shrunk
from forum.versions import PICTURES


@action
def add_picture(author: Person, made: Shrunk | SentFile, most: int) -> Picture:
    """Store a picture made by `shrink`, or a file checked by `examine`.

    Raises `Invalid` when the author's pictures and files would take more than `most` bytes.
    """
    touches()
    # So that no two pictures are counted at the same time, nor the right to add any is withdrawn
    lock_member(author.id, may_write=True)
    require(author.can.add_picture())
    if space_taken(author.id) + made.size > most:
        raise Invalid(
            _(
                "Your pictures and files take %(most)s MB, and there is no room for more. Delete some that no text shows.",
                most=most // MEGABYTE,
            ),
            "picture",
        )
    return _keep(author.id, made)


@action
def import_picture(
    system: Person, member_id: int, made: Shrunk | SentFile, agenda_id: int | None = None
) -> Picture:
    """Store an imported picture or file of a member under the name that it has already; an existing one is left unchanged.

    `agenda_id` is that of the text with the picture, which is loaded in the same transaction.
    """
    require(system.can.administer())
    touches(PICTURES)  # texts may lead to it before
    for picture in pictures_named([made.name]):
        return picture
    picture = _keep(member_id, made)
    if agenda_id is not None:
        _note_shown(picture, agenda_id)
    return picture


def _keep(member_id: int, made: Shrunk | SentFile) -> Picture:
    times = {"created_at": now(), "due_at": now() + KEPT_UNUSED}
    picture = Picture(name=made.name, member_id=member_id, size=made.size, **times)
    db.session.add(picture)
    db.session.flush()
    if isinstance(made, SentFile):
        picture.title = made.title
        for number, data in enumerate(made.portions()):  # at most one of which is in the session
            row = {"picture_id": picture.id, "number": number, "data": data}
            db.session.execute(insert(FilePortion), row)
        return picture
    for version, data in ((WHOLE, made.whole), (SMALL, made.small)):
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
    """Record that a text of the author on an agenda shows some pictures and files.

    `before` are the names that it showed already, perhaps on another agenda. Raises `Invalid`, for the field of the
    text, when one has no description (WCAG 2.2, 1.1.1 and 2.4.4), does not exist, or is not the author's: so nobody
    can publish again what its author or a moderator has hidden.
    """
    if not pictures:
        return
    touches()
    _require_words(pictures, field)
    names = {picture.name for picture in pictures}
    known = {picture.name: picture for picture in pictures_to_show(names)}
    if names.difference(known, before):
        raise Invalid(
            _("A picture or file in this text is not there any more. Add it once more."), field
        )
    for picture in known.values():
        verdict = author.can.show_picture(picture)
        if picture.name not in before and not verdict:
            raise Invalid(str(verdict.why_not), field)
        _note_shown(picture, agenda_id)


def _require_words(pictures: Sequence[Illustration], field: str) -> None:
    wordless = [is_file(picture.name) for picture in pictures if not picture.alt]
    if False in wordless:
        raise Invalid(
            _("Say what each picture shows, between its brackets: ![a street with trees](…)."),
            field,
        )
    if wordless:
        raise Invalid(
            _("Say what each file is, between its brackets: [cross-section of the kerb](…)."), field
        )


def _note_shown(picture: Picture, agenda_id: int) -> None:
    picture.used_at = picture.used_at or now()
    picture.due_at, picture.unused_at = now() + LOOKED_AFTER, None
    picture.agenda_id = agenda_id


@action
def follow(_doer: Person, names: Collection[str], agenda_id: int) -> None:
    """Record that some pictures and files are on another agenda now; its moderators see them even in hidden texts."""
    touches()
    for picture in pictures_to_show(names):
        picture.agenda_id = agenda_id


@action
def delete_picture(author: Person, picture_id: int) -> Picture:
    """Delete the author's own picture or file. Texts say in words what it was, and that it is removed."""
    touches(PICTURES)
    picture = my_picture(author, picture_id)
    require(author.can.delete_picture(picture))
    _delete([picture.id])
    return picture


@action
def forget(system: Person, ids: Collection[int]) -> int:
    """Delete pictures and files that no page refers to any more, by id; returns how many."""
    touches(PICTURES)
    require(system.can.administer())
    return _delete(ids)


@action
def look_after(system: Person, looked_at: Mapping[int, datetime], unused: Collection[int]) -> int:
    """Record which of these pictures are `unused` (ids), and delete those unused for long enough; returns how many.

    `looked_at` are their due times, by id, at the moment of that check. A picture that a text has shown since then,
    or that another worker handles, is unchanged.
    """
    require(system.can.administer())
    touches()
    over = [
        picture.id
        for picture in pictures_to_look_after(looked_at)
        if picture.due_at == looked_at[picture.id] and _is_over(picture, picture.id in unused)
    ]
    if over:
        touches(PICTURES)  # texts of others may have linked to them without using them
    return _delete(over)


def _is_over(picture: Picture, is_unused: bool) -> bool:
    """Whether a picture is to be deleted now; if not, it becomes due again."""
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
    lock_pictures(ids)  # PostgreSQL would delete them in an order of its own
    return len(delete_batch(Picture, len(ids), Picture.id.in_(ids)))
