"""Whoever keeps everything learns nothing by it: a list of bookmarks shows what its owner sees at its place, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from forum.bookmarks.actions import bookmark
from forum.db import db
from forum.dialogue.models import Post
from forum.library.models import Case, Practice, Reading
from forum.members.models import Member
from forum.rights.queries import KINDS, records
from tests.test_leaks import PLANTED, policy, story

pytestmark = pytest.mark.thorough
assert story
THINGS = {"post": Post, "case": Case, "practice": Practice, "reading": Reading}
ROLES = ("member", "reporter", "author", "other host", "host", "moderator", "administrator")


@pytest.mark.parametrize("role", ROLES)
def test_bookmarks_of_everything_tell_no_more_than_its_place(
    story: Any, sign_in: Any, role: str
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
    seen = {what for what, word in PLANTED.items() if f"hush{word}" in told}
    allowed = {what for what, row in policy().items() if "its place" in row[role]}
    own = {"a note on a bookmark"} if role == "author" else set()
    assert seen <= allowed | own, seen - allowed
    assert seen
