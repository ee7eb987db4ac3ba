"""Bookmarks: one for each thing and member, private, deleted with the thing or the member."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from forum.bookmarks import actions
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import bookmark_counts, bookmark_of, bookmarks_count, kept_among
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from tests.rights.conftest import gone


def test_a_thing_is_kept_once_and_no_longer_however_often_one_asks(people, post):
    for _twice in range(2):
        actions.bookmark(people.ben, "post", post.id)
        assert bookmark_counts(people.ben) == {"post": 1}
    assert kept_among(people.ben, "post", [post.id, 999]) == {post.id}
    assert (
        kept_among(people.chitra, "post", [post.id])
        == kept_among(VISITOR, "post", [post.id])
        == set()
    )
    for _twice in range(2):
        actions.unbookmark(people.ben, "post", post.id)
        assert bookmark_counts(people.ben) == {}


def test_one_may_keep_what_one_wrote_and_also_while_silenced(people, post):
    silenced = db.session.get_one(Member, people.ana.id)
    silenced.silenced_until = now() + timedelta(days=300_000)
    db.session.commit()
    actions.bookmark(silenced, "post", post.id)
    actions.note(silenced, bookmark_of(silenced, "post", post.id).id, "Of me.")
    actions.unbookmark(silenced, "post", post.id)


def test_visitors_keep_nothing_and_nobody_keeps_what_is_no_thing(people, post):
    for deed in (actions.bookmark, actions.unbookmark):
        with pytest.raises(Forbidden):
            deed(VISITOR, "post", post.id)
        with pytest.raises(Invalid):
            deed(people.ben, "member", people.ana.id)
    with pytest.raises(Forbidden):
        actions.note(VISITOR, 1, "Mine.")
    with pytest.raises(Forbidden):
        actions.forget_member(people.ben, people.ben.id)


def test_the_note_is_one_line_and_its_owners_alone(people, post):
    actions.bookmark(people.ben, "post", post.id)
    kept = bookmark_of(people.ben, "post", post.id)
    assert actions.note(people.ben, kept.id, " For the\nmeeting ").note == "For the meeting"
    with pytest.raises(NotFound):
        actions.note(people.chitra, kept.id, "Mine now.")
    with pytest.raises(Invalid) as refused:
        actions.note(people.ben, kept.id, "x" * 301)
    assert refused.value.field == "note" and kept.note == "For the meeting"
    assert actions.note(people.ben, kept.id, "").note == ""


def test_the_number_of_bookmarks_is_limited(people, post, monkeypatch):
    monkeypatch.setattr("forum.bookmarks.actions.MAX_BOOKMARKS", 2)
    replies = [
        dialogue.reply(people.chitra, post.topic_id, write(f"{number}")) for number in range(2)
    ]
    for reply in replies:
        actions.bookmark(people.ben, "post", reply.id)
    with pytest.raises(Invalid, match="no room for more"):
        actions.bookmark(people.ben, "post", post.id)
    # Adding an existing bookmark again is allowed
    actions.bookmark(people.ben, "post", replies[0].id)
    actions.unbookmark(people.ben, "post", replies[0].id)
    actions.bookmark(people.ben, "post", post.id)
    assert bookmarks_count(people.ben) == 2


@pytest.mark.parametrize("things", [{}, {"post_id": 1, "reading_id": 1}])
def test_a_bookmark_is_of_one_thing(people, post, things):
    with pytest.raises(IntegrityError):
        db.session.add(Bookmark(member_id=people.ben.id, created_at=now(), **things))
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize("how", ["nameless", "everything"])
def test_they_go_with_their_owner_and_stay_when_somebody_else_leaves(people, post, how):
    for member in (people.ben, people.chitra):
        actions.bookmark(member, "post", post.id)
    gone(people.ben, how)
    assert bookmarks_count(people.ben) == 0 and bookmarks_count(people.chitra) == 1


def test_they_stay_at_their_post_wherever_it_goes(people, agenda, post):
    """Merging and splitting topics moves posts; bookmarks of the posts stay."""
    reply = dialogue.reply(people.chitra, post.topic_id, write("So do we."))
    for kept in (post, reply):
        actions.bookmark(people.ben, "post", kept.id)
    new = dialogue.NewTopic("experience", "Hours", write("We count them."))
    target = dialogue.open_topic(people.chitra, agenda.id, new)
    for _twice in range(2):
        moved = dialogue.merge(people.moderator, post.topic_id, target.id)
        assert kept_among(people.ben, "post", [post.id, reply.id]) == {post.id, reply.id}
        dialogue.unmerge(people.moderator, moved)
        assert kept_among(people.ben, "post", [post.id, reply.id]) == {post.id, reply.id}
    dialogue.merge(people.moderator, post.topic_id, target.id)
    part = dialogue.SplitTarget("So do we", "experience", agenda.id)
    dialogue.split(people.moderator, target.id, [reply.id], part)
    assert kept_among(people.ben, "post", [post.id, reply.id]) == {post.id, reply.id}


def test_bookmarks_are_deleted_with_their_member(people, post):
    actions.bookmark(people.ben, "post", post.id)
    actions.forget_member(SYSTEM, people.ben.id)
    assert bookmarks_count(people.ben) == 0
