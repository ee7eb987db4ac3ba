"""A list of bookmarks shows no more than its owner may see at the things themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from forum.bookmarks.actions import bookmark
from forum.bookmarks.models import Bookmark
from forum.clock import at, now
from forum.db import db
from forum.dialogue.models import Post
from forum.front.actions import tell_reminders
from forum.library.models import Case, Practice, Reading
from forum.mail.commands import write_notice_letters
from forum.members.models import Member
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM
from forum.rights.queries import KINDS, records
from tests.test_who_sees_what import PLANTED, letters_to, policy, story

pytestmark = pytest.mark.thorough
assert story
THINGS = {"post": Post, "case": Case, "practice": Practice, "reading": Reading}
ROLES = ("member", "reporter", "author", "other host", "host", "moderator", "administrator")


@pytest.mark.parametrize("role", ROLES)
def test_bookmarks_of_everything_tell_no_more_than_its_place(
    story: Any, sign_in: Any, app: Flask, role: str
) -> None:
    owner = story.readers[role]
    for kind, model in THINGS.items():
        for number in db.session.scalars(select(model.id)).all():  # type: ignore[attr-defined]
            bookmark(owner, kind, number)
    browser, told = sign_in(owner), ""
    for page in range(1, 9):
        told += browser.get(f"/bookmarks?page={page}").text.partition("<main")[2]
    member = db.session.get_one(Member, owner.id)
    (kept,) = (kind for kind in KINDS if kind.name == "bookmarks")
    told += str([list(some) for some in records(member, kept)])
    assert "can no longer be read" in told
    told += _reminders(owner, browser, app)
    seen = {what for what, word in PLANTED.items() if f"hush{word}" in told}
    allowed = {what for what, row in policy().items() if "its place" in row[role]}
    own = {"a note on a bookmark"} if role == "author" else set()
    assert seen <= allowed | own, seen - allowed
    assert seen


def _reminders(owner: Member, browser: Any, app: Flask) -> str:
    """The inbox and e-mails of the owner after reminders of every bookmark are due."""
    mine = Bookmark.member_id == owner.id
    db.session.execute(update(Bookmark).where(mine).values(remind_at=now()))
    db.session.execute(update(Notice).where(Notice.member_id == owner.id).values(hidden_at=now()))
    db.session.commit()
    while tell_reminders(SYSTEM):
        pass
    make_notices(SYSTEM)
    with at(now() + timedelta(hours=1)):
        write_notice_letters()
    said = "".join(letters_to(db.session.get_one(Member, owner.id), app))
    assert "You asked to be reminded" in said
    pages = (browser.get(f"/notices?page={page}").text for page in range(1, 4))
    return said + "".join(page.partition("<main")[2] for page in pages)
