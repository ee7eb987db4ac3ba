"""Concurrent requests: texts that quote from a topic while that is edited, hidden or closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, write_agenda
from forum.db import db
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, TopicChanges, _quotes, curating, editing
from forum.dialogue.models import Held, Post, Topic
from forum.dialogue.queries import quoting as quoting_queries
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining
from forum.moderation import actions as moderation
from forum.moderation.actions import deciding
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from tests.moderation import test_races as races
from tests.moderation.test_races import by, person, posts_of
from tests.races import at_once, halting, let_others_come, meanwhile, slowly

own, topics = races.own, races.topics  # two topics by an administrator, each with two replies
WORDS = "Three of Bells at night."


def quoting(post_id: int, words: str = "One.") -> Any:
    return write(f"> [Somebody](/posts/{post_id}):\n>\n> {words}\n\nIndeed.")


def stop_in_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an edit that has its post wait until the other deed can go no further."""
    usual = editing.post_to_change

    def find_slowly(*given: Any) -> Any:
        post = usual(*given)
        let_others_come()
        return post

    monkeypatch.setattr(editing, "post_to_change", find_slowly)


@pytest.mark.parametrize("is_newer", [False, True])
def test_two_posts_are_made_to_quote_each_other(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, is_newer: bool
) -> None:
    pair = [posts_of(topic_id)[0] for topic_id in topics]
    first, second = reversed(pair) if is_newer else pair
    db.session.commit()
    stop_in_edits(monkeypatch)
    edits = [
        by("adam-de-wit", dialogue.edit, first, quoting(second)),
        meanwhile(by("adam-de-wit", dialogue.edit, second, quoting(first))),
    ]
    assert at_once(own, edits) == ["done", "done"]


def test_a_post_that_quotes_is_edited_while_the_quoted_one_is_hidden(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = topics
    quoted = posts_of(there)[2]
    reply = dialogue.reply(person("adam-de-wit"), here, quoting(quoted, WORDS))
    db.session.commit()
    stop_in_edits(monkeypatch)
    deeds = [
        by("adam-de-wit", dialogue.edit, reply.id, quoting(quoted, f"{WORDS} Again.")),
        meanwhile(by("mona-berg", dialogue.hide, quoted, "Rude.")),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    assert WORDS not in html_of(reply.id)


def html_of(post_id: int) -> str:
    db.session.expire_all()
    return str(db.session.get_one(Post, post_id).html)


def hides(topic_id: int) -> Callable[[], Any]:
    return by("mona-berg", dialogue.hide_topic, topic_id, "Rude.")


def closes(topic_id: int) -> Callable[[], Any]:
    close = TopicChanges(audience="members")
    return by("adam-de-wit", dialogue.edit, posts_of(topic_id)[0], write("One."), close)


@pytest.mark.parametrize("deed", [hides, closes])
@pytest.mark.parametrize("way", ["reply", "edit"])
def test_no_quotation_stays_of_a_topic_that_is_taken_from_its_readers_at_that_moment(
    own: Flask, topics: list[int], deed: Callable[[int], Callable[[], Any]], way: str
) -> None:
    here, there = topics
    quoted, mine = posts_of(there)[2], posts_of(here)[0]
    takes_away = deed(there)
    db.session.commit()
    where = here if way == "reply" else mine
    text, quotes = quoting(quoted, WORDS), getattr(dialogue, way)
    deeds = [
        lambda: slowly(quotes, person("adam-de-wit"), where, text),
        meanwhile(takes_away),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    texts = [html_of(post_id) for post_id in posts_of(here)]
    assert any("Indeed." in html for html in texts)
    assert not any(WORDS in html for html in texts)


def test_no_quotation_stays_of_a_post_whose_topic_was_merged_into_one_that_is_hidden_at_that_moment(
    own: Flask, topics: list[int]
) -> None:
    """Whoever quotes has waited for the topic that the post has left; they have no agenda and no author in common."""
    to, left = topics
    quoted = posts_of(left)[2]
    ana = members.add_member(SYSTEM, Joining("Ana Prado", "ana@example.org", "-"), "member")
    elsewhere = write_agenda(person("mona-berg"), AgendaText("Louder", write("Text.")))
    new = NewTopic("experience", "Trams by day", write("One."))
    here = dialogue.open_topic(ana, elsewhere.id, new).id
    db.session.commit()

    @action
    def quote_slowly(doer: Any) -> None:
        dialogue.reply(doer, here, quoting(quoted, WORDS))
        db.session.flush()
        let_others_come()
        let_others_come()

    def hide() -> None:
        let_others_come()  # until the reply waits for the merger
        let_others_come()  # until it has its text
        dialogue.hide_topic(person("mona-berg"), to, "Rude.")

    deeds = [
        lambda: slowly(dialogue.merge, person("adam-de-wit"), left, to),
        meanwhile(by("ana-prado", quote_slowly)),
        meanwhile(hide),
    ]
    assert at_once(own, deeds) == ["done"] * 3
    assert WORDS not in html_of(posts_of(here)[1])


def stop_before_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what withholds or shows quotations wait, before it looks for them, until the other deed can go no further."""
    usual = _quotes.quoting_posts

    def find_slowly(*given: Any) -> Any:
        let_others_come()
        return usual(*given)

    monkeypatch.setattr(_quotes, "quoting_posts", find_slowly)


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_post_is_quoted_while_the_topic_that_it_quotes_is_hidden_or_shown(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, is_hidden: bool
) -> None:
    here, there = topics
    quotes = dialogue.reply(person("adam-de-wit"), here, quoting(posts_of(there)[2]))
    changes = by("mona-berg", dialogue.hide_topic, there, "Rude.")
    if is_hidden:
        changes()
        changes = by("mona-berg", dialogue.restore_topic, there)
    new = NewTopic("experience", "Trams by day", quoting(quotes.id, "Indeed."))
    agenda_id = db.session.get_one(Topic, here).agenda_id
    db.session.commit()
    stop_before_quotes(monkeypatch)
    deeds = [changes, meanwhile(by("adam-de-wit", dialogue.open_topic, agenda_id, new))]
    assert at_once(own, deeds) == ["done", "done"]


@pytest.mark.parametrize("is_newer", [False, True])
def test_two_posts_that_quote_each_other_are_hidden_at_once(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, is_newer: bool
) -> None:
    pair = [posts_of(topic_id)[2] for topic_id in topics]
    for post_id, other in (pair, reversed(pair)):
        dialogue.edit(person("mona-berg"), post_id, quoting(other))
    db.session.commit()
    stop_before_quotes(monkeypatch)
    first, second = reversed(pair) if is_newer else pair
    deeds = [
        by("mona-berg", dialogue.hide, first, "Rude."),
        meanwhile(by("adam-de-wit", dialogue.hide, second, "Rude.")),
    ]
    assert at_once(own, deeds) == ["done", "done"]


def test_posts_of_who_has_left_are_deleted_while_somebody_quotes_from_their_topics(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older post is in the newer topic."""
    here, there = topics
    theirs = [posts_of(there)[1], dialogue.reply(person("mona-berg"), here, write("Four.")).id]
    db.session.commit()
    usual = quoting_queries._share_topics

    def share_slowly(ids: Any) -> None:
        if ids:
            let_others_come()
        usual(ids)

    monkeypatch.setattr(quoting_queries, "_share_topics", share_slowly)
    deeds = [
        by("adam-de-wit", dialogue.reply, here, quoting(posts_of(there)[2])),
        meanwhile(lambda: dialogue.delete_posts(SYSTEM, theirs)),
    ]
    assert at_once(own, deeds) == ["done", "done"]


def test_a_post_is_made_to_quote_another_of_its_topic_while_what_that_quotes_is_hidden(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _there = topics
    quoted = posts_of(here)[1]
    quotes, last = (
        dialogue.reply(person("adam-de-wit"), here, text).id
        for text in (quoting(quoted), write("Four."))
    )
    db.session.commit()
    usual = quoting_queries.lock_quoting_posts

    def lock_slowly(*given: Any) -> None:
        let_others_come()
        usual(*given)

    monkeypatch.setattr(quoting_queries, "lock_quoting_posts", lock_slowly)
    deeds = [
        by("mona-berg", dialogue.hide, quoted, "Rude."),
        meanwhile(by("adam-de-wit", dialogue.edit, last, quoting(quotes, "Indeed."))),
    ]
    assert at_once(own, deeds) == ["done", "done"]


@pytest.mark.parametrize("is_newer", [False, True])
def test_the_last_post_that_readers_see_goes_while_one_is_hidden_that_quotes_its_topic(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch, is_newer: bool
) -> None:
    """The topic goes with it, and what quotes its hidden posts: all of them are locked together."""
    here, there = reversed(topics) if is_newer else topics
    opening, *hidden = posts_of(there)
    quotes = posts_of(here)[0]
    dialogue.edit(person("adam-de-wit"), quotes, quoting(hidden[0], WORDS))
    dialogue.edit(person("adam-de-wit"), opening, quoting(quotes, "Indeed."))
    for post_id in hidden:
        dialogue.hide(person("mona-berg"), post_id, "Rude.")
    db.session.commit()
    halts = halting(
        monkeypatch, curating, "follow_withholding", by("mona-berg", dialogue.hide, opening, "")
    )
    deeds = [halts, meanwhile(by("mona-berg", dialogue.hide, quotes, "Rude."))]
    assert at_once(own, deeds) == ["done", "done"]
    assert WORDS not in html_of(quotes)


def test_a_reply_is_approved_while_a_topic_is_opened_to_visitors_that_the_post_quotes_which_it_quotes(
    own: Flask, topics: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both want that post and the agenda: whoever approves has the post first, as its author would have."""
    here, there = topics
    administrator, quoted = person("adam-de-wit"), posts_of(there)[1]
    agenda_id = db.session.get_one(Topic, here).agenda_id
    new = NewTopic("experience", "Bells by day", write(WORDS))
    opening = posts_of(dialogue.open_topic(administrator, agenda_id, new).id)[0]
    dialogue.edit(person("mona-berg"), quoted, quoting(opening, WORDS))
    dialogue.edit(administrator, opening, write(WORDS), TopicChanges(audience="members"))
    make_rule(administrator, RuleText("word", "pills", sentence="We look first."))
    author = members.add_member(SYSTEM, Joining("Ana Prado", "ana@example.org", "-"), "member")
    held = dialogue.reply(author, here, write(f"{quoting(quoted).source} Buy pills."))
    assert isinstance(held, Held)
    db.session.commit()
    approves = by("mona-berg", moderation.approve, held.id)
    deeds = [
        halting(monkeypatch, deciding, "state_before_approval", approves),
        meanwhile(
            by("adam-de-wit", dialogue.edit, opening, write(WORDS), TopicChanges(audience="public"))
        ),
    ]
    assert at_once(own, deeds) == ["done", "done"]
    assert WORDS in html_of(quoted)
