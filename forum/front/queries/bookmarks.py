"""One's own bookmarks with the bookmarked things, as far as one can still read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import joinedload

from forum.agendas.models import Agenda
from forum.bookmarks.models import CASE, POST, PRACTICE, READING, Bookmark
from forum.bookmarks.queries import get_bookmark, my_bookmarks
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import is_readable, visible_posts, with_author
from forum.library.models import Case, Practice, Reading
from forum.library.queries import visible_cases, visible_practices, visible_readings
from forum.members.models import Member
from forum.pages import Page
from forum.permissions import Person
from forum.plaintext import excerpt

MAX_WORDS = 160  # characters of a text that its row shows


class Kept(NamedTuple):
    """A bookmarked thing, as a row of the list shows it.

    `kind` is that of its topic (`forum.dialogue.models.KINDS`) for a post that opens one, else *reply*, *comment* or
    *reading*. `by` are the authors of a best read; `author` is the member who wrote anything else, except cases,
    which belong to nobody. `words` are the first words of the text, none if its author is ignored. `topic_id` is that
    of its discussion, None for a best read.
    """

    kind: str
    title: str
    address: str
    language: str
    agenda: Agenda
    words: str
    words_language: str
    author: Member | None = None
    by: str = ""
    is_ignored: bool = False
    topic_id: int | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is a reply or comment, whose title is that of its topic."""
        return self.kind in ("reply", "comment")


class BookmarkRow(NamedTuple):
    """A bookmark in its owner's list; `thing` is None when its owner can no longer read it."""

    bookmark: Bookmark
    thing: Kept | None


def bookmark_rows(
    member: Person, kind: str, number: int, counts: Mapping[str, int]
) -> Page[BookmarkRow]:
    """A page of one's own bookmarks of one kind, or of all when it is empty, the latest first; `counts` as `bookmark_counts` says."""
    page = my_bookmarks(member, kind, number, counts)
    return Page(rows_of(member, page.items), page.number, page.pages, page.total)


def bookmark_row(member: Person, bookmark_id: int) -> BookmarkRow:
    """One's own bookmark by its number; raises `NotFound` for any other."""
    return rows_of(member, [get_bookmark(member, bookmark_id)])[0]


def rows_of(reader: Person, bookmarks: Sequence[Bookmark]) -> list[BookmarkRow]:
    """These bookmarks of the reader's own with the bookmarked things.

    What is hidden is left out even for moderators and its author, who read it on its page.
    """
    things: dict[tuple[str, int], Kept] = {}
    for kind, read in _READ.items():
        if ids := [bookmark.thing_id for bookmark in bookmarks if bookmark.kind == kind]:
            things |= {(kind, number): kept for number, kept in read(reader, ids).items()}
    return [
        BookmarkRow(bookmark, things.get((bookmark.kind, bookmark.thing_id)))
        for bookmark in bookmarks
    ]


def _posts(reader: Person, ids: Sequence[int]) -> dict[int, Kept]:
    found = visible_posts(reader).where(Post.id.in_(ids), *is_readable(), *is_readable(Topic))
    return {post.id: _kept_post(reader, post) for post in db.session.scalars(with_author(found))}


def _kept_post(reader: Person, post: Post) -> Kept:
    topic, is_ignored = post.topic, post.author_id in reader.ignored
    place = (topic.title, post.address, topic.language, topic.agenda)
    kind = topic.kind if post.number == 1 else "comment" if topic.home else "reply"
    words = "" if is_ignored else post.gist
    known: dict[str, Any] = {"is_ignored": is_ignored, "topic_id": topic.id}
    return Kept(kind, *place, words, post.language, post.author, **known)


def _cases(reader: Person, ids: Sequence[int]) -> dict[int, Kept]:
    found = visible_cases(reader).where(Case.id.in_(ids), Case.hidden_at.is_(None))
    found = found.options(joinedload(Case.agenda))
    return {
        case.id: Kept(
            *(CASE, case.name, f"/cases/{case.slug}", case.language, case.agenda),
            *(excerpt(case.summary, MAX_WORDS), case.language),
            topic_id=case.topic_id,
        )
        for case in db.session.scalars(found)
    }


def _practices(reader: Person, ids: Sequence[int]) -> dict[int, Kept]:
    found = visible_practices(reader).where(Practice.id.in_(ids), *is_readable(Practice))
    found = found.options(joinedload(Practice.agenda), joinedload(Practice.author))
    return {
        practice.id: Kept(
            *(
                PRACTICE,
                practice.title,
                f"/practices/{practice.slug}",
                practice.language,
                practice.agenda,
            ),
            *(excerpt(practice.sentence, MAX_WORDS), practice.language, practice.author),
            topic_id=practice.topic_id,
        )
        for practice in db.session.scalars(found)
    }


def _readings(reader: Person, ids: Sequence[int]) -> dict[int, Kept]:
    found = visible_readings(reader).where(Reading.id.in_(ids))
    return {
        reading.id: Kept(
            *(READING, reading.title, reading.address, reading.language),
            *(reading.agenda, excerpt(reading.why, MAX_WORDS), reading.language),
            by=reading.authors,
        )
        for reading in db.session.scalars(found.options(joinedload(Reading.agenda)))
    }


_READ: dict[str, Callable[[Person, Sequence[int]], dict[int, Any]]] = {
    POST: _posts,
    CASE: _cases,
    PRACTICE: _practices,
    READING: _readings,
}
