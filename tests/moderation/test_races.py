"""Concurrent requests: topics that are split and merged while others reply and delete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.advice.actions import ask
from forum.agendas.actions import AgendaText, forget_member, set_hosts, write_agenda
from forum.agendas.queries import agenda_by_id
from forum.clock import at, now
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, SplitTarget, _counts, editing
from forum.dialogue.models import (
    Poll,
    PollOption,
    PollText,
    PollVote,
    Post,
    Revision,
    Topic,
)
from forum.dialogue.queries import merged_topics_opened_by
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.markup import PlainTexts, write
from forum.meetings.actions import come
from forum.meetings.models import Meeting
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import _undoings
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.candidates import test_races as races
from tests.meetings.planted import meeting_of
from tests.races import (
    at_once,
    halting,
    let_others_come,
    lock_one_after_the_other,
    meanwhile,
    slowly,
)
from tests.soundness import faults

own = races.own  # over an empty database with a moderator and an administrator
REPLIES = 4


@pytest.fixture
def topics(own: Flask) -> list[int]:
    """Two topics by the administrator, each with two replies by the moderator."""
    members.found_federation(SYSTEM, "Interurban")
    moderator, author = person("mona-berg"), person("adam-de-wit")
    agenda = write_agenda(moderator, AgendaText("Quiet", write("Text."), slug="quiet"))
    made = []
    for title in ("Trams at night", "Bells at night"):
        topic = dialogue.open_topic(author, agenda.id, NewTopic("experience", title, write("One.")))
        for word in ("Two", "Three"):
            dialogue.reply(moderator, topic.id, write(f"{word} of {title}."))
        made.append(topic.id)
    db.session.commit()
    return made


def person(handle: str) -> Any:
    return get_member(SYSTEM, handle)


def posts_of(topic_id: int) -> list[int]:
    db.session.rollback()  # to see what the threads have saved
    query = select(Post.id).where(Post.topic_id == topic_id)
    return list(db.session.scalars(query.order_by(Post.number)))


def by(handle: str, deed: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: deed(person(handle), *args)


def require_sound(posts: int) -> None:
    """Check that nothing is lost and `flask check` finds no faults; SQLite's full-text index does not exist in these tests."""
    db.session.rollback()
    while make_notices(SYSTEM):
        pass
    assert len(db.session.scalars(select(Post.id)).all()) == posts
    assert [fault for fault in faults() if "document_fts" not in str(fault.what)] == []


def test_replies_to_a_topic_that_is_merged_in_that_moment_are_in_the_other(
    own: Flask, topics: list[int]
) -> None:
    one, two = topics
    replies = [
        by("mona-berg", dialogue.reply, one, write(f"Reply {place}.")) for place in range(REPLIES)
    ]
    said = at_once(own, [by("adam-de-wit", actions.merge, one, two), *replies])
    assert said == ["done"] * (REPLIES + 1)
    assert posts_of(one) == [] and len(posts_of(two)) == 6 + REPLIES
    require_sound(6 + REPLIES)


def test_votes_at_the_same_moment_are_all_counted_once(own: Flask, topics: list[int]) -> None:
    post_id = posts_of(topics[0])[0]
    poll = PollText("Which?", ("Bells", "Trams", "Both"))
    dialogue.set_poll(person("adam-de-wit"), post_id, poll)
    of = list(db.session.scalars(select(PollOption.id)))
    db.session.commit()
    both = [
        (handle, poll_option_id) for handle in ("mona-berg", "adam-de-wit") for poll_option_id in of
    ]
    deeds = [by(handle, dialogue.vote, post_id, [option_id]) for handle, option_id in both]
    assert at_once(own, deeds) == ["done"] * len(both)
    assert len(db.session.scalars(select(PollVote.option_id)).all()) == 2
    back = [by("mona-berg", dialogue.unvote, post_id)] * 2
    assert at_once(own, [*back, by("adam-de-wit", dialogue.vote, post_id, of[:1])]) == ["done"] * 3
    assert db.session.scalars(select(Poll.voters_count)).one() == 1
    require_sound(6)


def test_nobody_votes_for_what_is_changed_in_that_moment(own: Flask, topics: list[int]) -> None:
    post_id, author = posts_of(topics[0])[0], "adam-de-wit"
    dialogue.set_poll(person(author), post_id, PollText("Which?", ("Bells", "Trams")))
    of = list(db.session.scalars(select(PollOption.id)))
    db.session.commit()
    changed = by(author, dialogue.set_poll, post_id, PollText("Which?", ("Bikes", "Feet")))
    said = at_once(own, [by("mona-berg", dialogue.vote, post_id, of[:1]), changed])
    # Either the vote came first and the poll stays, or the poll was changed first and the vote is refused
    assert said.count("done") == 1
    assert len(db.session.scalars(select(PollVote.option_id)).all()) == (said[0] == "done")
    require_sound(6)


def test_two_moderators_split_and_merge_the_same_topic(own: Flask, topics: list[int]) -> None:
    one, two = topics
    agenda_id = db.session.get_one(Topic, one).agenda_id
    part = SplitTarget("Of its own", "question", agenda_id)
    chosen = [posts_of(one)[1]]
    said = at_once(
        own,
        [
            by("adam-de-wit", actions.merge, one, two),
            by("mona-berg", actions.split, one, chosen, part),
        ],
    )
    # "NotFound" if the post was moved before
    assert said[0] == "done" and said[1] in (
        "done",
        "NotFound",
    )
    assert posts_of(one) == [] and len(posts_of(two)) == (5 if said[1] == "done" else 6)
    require_sound(6)


def test_two_topics_are_not_merged_into_each_other(own: Flask, topics: list[int]) -> None:
    one, two = topics
    said = at_once(
        own,
        [by("adam-de-wit", actions.merge, one, two), by("mona-berg", actions.merge, two, one)],
    )
    assert sorted(said) == ["NotFound", "done"]
    require_sound(6)


def test_a_merger_is_undone_while_the_post_that_opened_it_is_deleted(
    own: Flask, topics: list[int]
) -> None:
    """Both lock the two topics in the order of their ids; otherwise they would wait for each other."""
    one, two = topics
    opening = posts_of(one)[0]
    moved = dialogue.merge(person("adam-de-wit"), one, two)

    @action
    def delete_slowly(system: Any) -> None:
        assert merged_topics_opened_by([opening])
        let_others_come()
        dialogue.delete_posts(system, [opening])

    undo = meanwhile(by("adam-de-wit", dialogue.unmerge, moved))
    said = at_once(own, [lambda: delete_slowly(SYSTEM), undo])
    assert said[0] == "done" and said[1].startswith("Something has been written or changed there")
    assert (len(posts_of(one)), len(posts_of(two))) == (0, 6)  # the title is gone, too
    require_sound(6)


def test_a_post_is_deleted_while_it_is_moved(own: Flask, topics: list[int]) -> None:
    one, _two = topics
    agenda_id = db.session.get_one(Topic, one).agenda_id
    chosen = posts_of(one)[1:]
    said = at_once(
        own,
        [
            by(
                "adam-de-wit", actions.split, one, chosen, SplitTarget("New", "question", agenda_id)
            ),
            by("mona-berg", dialogue.delete, chosen[0]),
        ],
    )
    assert said[1] == "done"
    assert said[0] in ("done", "One of the posts is hidden or deleted by now. Nothing was changed.")
    db.session.rollback()
    assert db.session.get_one(Post, chosen[0]).deleted_at
    require_sound(6)


@pytest.mark.parametrize("deed", ["edit", "delete"])
def test_a_post_is_changed_that_was_moved_while_its_author_waited(
    own: Flask, topics: list[int], deed: str
) -> None:
    """By then somebody else has the other topic, and waits for the one that the post has left: the author lets that go."""
    to, left = topics
    post = posts_of(left)[1]
    texts = [write("Two, said better.")] if deed == "edit" else []
    change = (getattr(dialogue, deed), post, *texts)
    said = at_once(
        own,
        [
            lambda: slowly(dialogue.merge, person("adam-de-wit"), left, to),
            meanwhile(by("mona-berg", *change)),
            meanwhile(lambda: lock_one_after_the_other(SYSTEM, to, left)),
        ],
    )
    assert said == ["done"] * 3
    assert posts_of(to)[4] == post
    assert db.session.get_one(Post, post).source == "".join(text.source for text in texts)
    require_sound(6)


def test_a_reply_lets_go_of_a_topic_that_was_merged_while_it_waited(
    own: Flask, topics: list[int]
) -> None:
    to, left = topics
    said = at_once(
        own,
        [
            lambda: slowly(dialogue.merge, person("adam-de-wit"), left, to),
            meanwhile(by("mona-berg", dialogue.reply, left, write("Four."))),
            meanwhile(lambda: lock_one_after_the_other(SYSTEM, to, left)),
        ],
    )
    assert said == ["done"] * 3
    assert len(posts_of(to)) == 7
    require_sound(7)


INDEXING: dict[str, Callable[[list[int]], Any]] = {
    "deleted": lambda posts: dialogue.delete_posts(SYSTEM, posts),
    "indexed": lambda posts: dialogue.reindex(SYSTEM, posts, PlainTexts({})),
}


@pytest.mark.parametrize("deed", INDEXING)
def test_what_deletes_or_indexes_posts_lets_go_of_a_topic_that_they_have_left_meanwhile(
    own: Flask, topics: list[int], deed: str
) -> None:
    to, left = topics
    post = posts_of(left)[1]
    said = at_once(
        own,
        [
            lambda: slowly(dialogue.merge, person("adam-de-wit"), left, to),
            meanwhile(lambda: INDEXING[deed]([post])),
            meanwhile(lambda: lock_one_after_the_other(SYSTEM, to, left)),
        ],
    )
    assert said == ["done"] * 3
    assert bool(db.session.get_one(Post, post).deleted_at) == (deed == "deleted")
    require_sound(6)


def test_a_version_is_withdrawn_while_its_post_is_deleted(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleting has locked the post and deletes its versions next; meanwhile withdrawing goes on until it waits for a lock."""
    post_id = posts_of(topics[0])[1]
    with at(now() + timedelta(hours=1)):
        dialogue.edit(person("mona-berg"), post_id, write("Two, said better."))
    revision_id = db.session.scalars(select(Revision.id)).one()
    db.session.remove()
    delete_post = editing.delete_post

    def delete_slowly(*given: Any) -> Any:
        let_others_come()
        return delete_post(*given)

    withdraw = meanwhile(by("mona-berg", dialogue.withdraw, revision_id))
    monkeypatch.setattr(editing, "delete_post", delete_slowly)
    said = at_once(own, [by("mona-berg", dialogue.delete, post_id), withdraw])
    # On PostgreSQL withdrawing still found the version, on SQLite it did not; there was no deadlock.
    assert said[0] == "done" and said[1] in ("You have deleted this text already.", "NotFound"), (
        said
    )
    assert db.session.get_one(Post, post_id).deleted_at
    assert db.session.scalars(select(Revision)).all() == []
    require_sound(6)


def test_two_forms_of_the_same_words_in_the_same_moment_post_once(
    own: Flask, topics: list[int]
) -> None:
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    new = NewTopic("experience", "Benches", write("They hum."))

    def replies(key: str) -> Callable[[], Any]:
        return by("mona-berg", dialogue.reply, topics[0], write("We did."), key)

    def opens(key: str) -> Callable[[], Any]:
        return by("mona-berg", dialogue.open_topic, agenda_id, new, key)

    for deeds in (map(replies, "abcd"), map(opens, "efgh"), [replies("i"), opens("j")] * 2):
        assert at_once(own, [*deeds]) == ["done"] * 4
    require_sound(posts=2 * 3 + 2)


def test_an_agenda_is_opened_once_while_its_hosts_go_on_writing(
    own: Flask, topics: list[int]
) -> None:
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    dialogue.prepare_agenda(person("mona-berg"), agenda_id)
    db.session.commit()
    new = NewTopic("experience", "Lamps at night", write("One."))
    said = at_once(
        own,
        [
            by("adam-de-wit", actions.open_agenda, agenda_id),
            by("mona-berg", actions.open_agenda, agenda_id),
            by("mona-berg", dialogue.reply, topics[0], write("Four.")),
            by("mona-berg", dialogue.open_topic, agenda_id, new),
        ],
    )
    assert said.count("done") == 3 and said[2:] == ["done", "done"]
    require_sound(8)


WRITING: dict[str, Callable[[int, int], Callable[[], Any]]] = {
    "a reply": lambda _agenda_id, topic_id: by("ben-okafor", dialogue.reply, topic_id, write("I")),
    "a topic": lambda agenda_id, _topic_id: by(
        "ben-okafor", dialogue.open_topic, agenda_id, NewTopic("experience", "Mine", write("I"))
    ),
    "a mark": lambda _agenda_id, topic_id: by(
        "ben-okafor", dialogue.mark, posts_of(topic_id)[0], "useful"
    ),
    "a practice": lambda agenda_id, _topic_id: by(
        "ben-okafor", library.write_practice, agenda_id, PracticeText("Felt", "Below rails.")
    ),
    "who comes to a meeting": lambda _agenda_id, _topic_id: by(
        "ben-okafor", come, db.session.scalars(select(Meeting.id)).one(), "online"
    ),
}


@pytest.fixture
def opened(own: Flask, topics: list[int]) -> tuple[int, int, int]:
    """The ids of an agenda, of its topic for members only, and of the moderator's decision to open the agenda."""
    members.add_member(SYSTEM, Joining("Ben Okafor", "ben@example.org", "-"), "member")
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    new = NewTopic("question", "Among us", write("One."), audience="members")
    topic = dialogue.open_topic(person("adam-de-wit"), agenda_id, new)
    meeting_of(person("mona-berg"), agenda_id, "We listen.")
    dialogue.prepare_agenda(person("mona-berg"), agenda_id)
    decision = actions.open_agenda(person("mona-berg"), agenda_id)
    db.session.commit()
    return agenda_id, topic.id, decision.id


@pytest.mark.parametrize("what", WRITING)
def test_an_opening_is_not_taken_back_from_under_somebody_who_is_writing(
    own: Flask, opened: tuple[int, int, int], what: str
) -> None:
    agenda_id, topic_id, decision_id = opened
    writes = WRITING[what](agenda_id, topic_id)
    undo = meanwhile(by("mona-berg", actions.undo, decision_id))
    done, refused = at_once(own, [lambda: slowly(lambda _doer: writes(), SYSTEM), undo])
    assert done == "done" and "written on this agenda" in refused
    assert agenda_by_id(SYSTEM, agenda_id).opened_at


@pytest.mark.parametrize("what", [*WRITING, "a request for advice"])
def test_who_writes_while_an_opening_is_taken_back_is_told(
    own: Flask, opened: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    agenda_id, topic_id, decision_id = opened
    asks = by("adam-de-wit", ask, topic_id, ["ben-okafor"])
    writes = WRITING[what](agenda_id, topic_id) if what in WRITING else asks
    is_told_since = _undoings.is_told_since

    def look_slowly(*given: Any) -> Any:
        is_told = is_told_since(*given)
        let_others_come()
        return is_told

    monkeypatch.setattr(_undoings, "is_told_since", look_slowly)
    undone, refused = at_once(own, [by("mona-berg", actions.undo, decision_id), meanwhile(writes)])
    assert undone == "done" and (refused == "NotFound" or "in preparation" in refused)
    assert agenda_by_id(SYSTEM, agenda_id).opened_at is None
    require_sound(posts=7)


PUBLISHING: dict[str, Callable[[list[int], int], Callable[[], Any]]] = {
    "shown again": lambda topics, _other: by("mona-berg", dialogue.restore_topic, topics[0]),
    "moved": lambda topics, other: by("mona-berg", dialogue.move, topics[1], other),
    "merged": lambda topics, _other: by("mona-berg", dialogue.merge, topics[1], topics[2]),
}


@pytest.mark.parametrize("what", PUBLISHING)
def test_a_topic_is_opened_while_another_is_published(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Both note their activity on the agenda, and count there: always in this order."""
    moderator, author = person("mona-berg"), person("adam-de-wit")
    here = db.session.get_one(Topic, topics[0]).agenda_id
    other = write_agenda(moderator, AgendaText("Loud", write("Text."), slug="loud")).id
    topics.append(
        dialogue.open_topic(author, here, NewTopic("experience", "Bells", write("One."))).id
    )
    dialogue.hide_topic(moderator, topics[0])
    where = other if what == "moved" else here
    dialogue.open_topic(author, where, NewTopic("experience", "The first", write("One.")))
    db.session.commit()
    publish = halting(monkeypatch, _counts, "note_activity", PUBLISHING[what](topics, other))
    new = NewTopic("experience", "Mine", write("Of my own."))
    opens = meanwhile(by("adam-de-wit", dialogue.open_topic, where, new))
    assert at_once(own, [publish, opens]) == ["done", "done"]


WITHDRAWING: dict[str, Callable[[list[int]], Callable[[], Any]]] = {
    "hidden": lambda topics: by("mona-berg", dialogue.hide_topic, topics[0]),
    "without its answer": lambda topics: by("mona-berg", dialogue.delete, posts_of(topics[2])[1]),
}


@pytest.mark.parametrize("what", WITHDRAWING)
def test_an_author_opens_a_topic_while_another_is_withdrawn(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Both count in the same list and for the same member: always in this order."""
    author, here = person("adam-de-wit"), db.session.get_one(Topic, topics[0]).agenda_id
    topics.append(dialogue.open_topic(author, here, NewTopic("question", "Bells?", write("."))).id)
    answer = dialogue.reply(person("mona-berg"), topics[2], write("Two."))
    dialogue.choose_answer(author, topics[2], answer.id)
    db.session.commit()
    withdraw = halting(monkeypatch, _counts, "count_topics", WITHDRAWING[what](topics))
    kind = "experience" if what == "hidden" else "question"
    new = NewTopic(kind, "Mine", write("Of my own."))
    opens = meanwhile(by("mona-berg", dialogue.open_topic, here, new))
    assert at_once(own, [withdraw, opens]) == ["done", "done"]


def test_a_host_is_let_go_who_leaves_at_that_moment(own: Flask, topics: list[int]) -> None:
    moderator, host = person("mona-berg"), person("adam-de-wit")
    agenda_id = db.session.get_one(Topic, topics[0]).agenda_id
    set_hosts(moderator, agenda_id, ["adam-de-wit"])
    db.session.commit()
    said = at_once(
        own,
        [
            lambda: slowly(forget_member, SYSTEM, host.id, "A former member", is_silent=False),
            meanwhile(by("mona-berg", set_hosts, agenda_id, [])),
        ],
    )
    assert said == ["done", "done"]
    assert agenda_by_id(person("mona-berg"), agenda_id).hosts == []
