"""Opening a topic, replying, editing and deleting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.actions import TopicChanges
from forum.dialogue.models import Mark, PollText, Post, Quote, Revision, Topic
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members.models import Member
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote
from forum.search.models import Document
from tests.dialogue.conftest import events, fresh, kinds_found, new, topics_on, writes_for
from tests.soundness import faults

LATER = timedelta(minutes=16)

# Opening


def test_a_topic_begins_with_its_first_post(people: Any, agenda: Agenda) -> None:
    topic = actions.open_topic(people.ana, agenda.id, new("  We  counted\nour hours "))
    assert topic.title == "We counted our hours"
    assert topic.address == f"/topics/{topic.id}-we-counted-our-hours"
    post = queries.first_post(topic)
    assert (post.number, post.author_id, topic.posts_count, topic.replies_count) == (
        1,
        people.ana.id,
        1,
        0,
    )
    assert (topics_on(agenda), fresh(people.ana).posts_count) == (1, 1)
    assert kinds_found(VISITOR, "counted") == ["topic"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": "ab"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": " \n "}, "title"),
        ({"text": "  \n "}, "source"),
        ({"text": "x" * 20_001}, "source"),
        ({"kind": "poem"}, "kind"),
        ({"audience": "friends"}, "audience"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    people: Any, agenda: Agenda, more: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.open_topic(people.ana, agenda.id, new(**more))
    assert refusal.value.field == field
    assert db.session.scalar(select(Topic)) is None


def test_a_topic_has_only_themes_that_exist(people: Any, agenda: Agenda) -> None:
    theme = agendas.write_theme(people.moderator, "Floods")
    topic = actions.open_topic(people.ana, agenda.id, new(themes=[theme.id, 999_999]))
    db.session.expunge_all()
    assert [theme.name for theme in queries.get_topic(VISITOR, topic.id).themes] == ["Floods"]


def test_nobody_opens_a_topic_on_an_archived_agenda(people: Any, agenda: Agenda) -> None:
    agendas.archive(people.moderator, agenda.id)
    with pytest.raises(Forbidden):
        actions.open_topic(people.ana, agenda.id, new())


def test_a_form_sent_twice_posts_once(people: Any, agenda: Agenda) -> None:
    first = actions.open_topic(people.ana, agenda.id, new(), key="once")
    assert actions.open_topic(people.ana, agenda.id, new(), key="once").id == first.id
    assert actions.open_topic(people.ben, agenda.id, new(), key="once").id != first.id
    reply = actions.reply(people.ana, first.id, write("Yes."), key="again")
    assert actions.reply(people.ana, first.id, write("Yes."), key="again").id == reply.id
    assert fresh(first).posts_count == 2


def test_a_form_sent_twice_at_once_posts_once(
    people: Any, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request commits the same key after this one has looked."""
    # So long ago that the same words are not yet taken for a repetition
    with at(now() - timedelta(hours=1)):
        earlier = actions.reply(people.ben, topic.id, write("Yes."), key="race")
    looked: list[bool] = []

    def blind_at_first(author: Member, key: str | None) -> Post | None:
        looked.append(True)
        return None if len(looked) == 1 else queries.post_by_submission_key(author, key)

    monkeypatch.setattr("forum.dialogue.actions._checks.post_by_submission_key", blind_at_first)
    assert actions.reply(people.ben, topic.id, write("Yes."), key="race").id == earlier.id
    assert (fresh(topic).posts_count, fresh(topic).replies_count) == (2, 1)
    assert fresh(people.ben).posts_count == 1
    with at(now() - timedelta(hours=1)):
        opened = actions.open_topic(people.ben, topic.agenda_id, new(), key="topic")
    looked.clear()
    again = actions.open_topic(people.ben, topic.agenda_id, new(), key="topic")
    assert again.id == opened.id and fresh(people.ben).posts_count == 2


def test_what_is_sent_twice_without_a_key_is_meant_twice(people: Any, agenda: Agenda) -> None:
    first = actions.open_topic(people.ana, agenda.id, new())
    assert actions.open_topic(people.ana, agenda.id, new()).id != first.id


def test_another_text_with_a_key_of_before_is_refused_and_never_swallowed(
    people: Any, topic: Topic
) -> None:
    """A member who goes back in the browser and writes another text sends the key of a form that was posted already."""
    actions.reply(people.ben, topic.id, write("Yes."), key="k")
    with pytest.raises(Invalid) as refused:
        actions.reply(people.ben, topic.id, write("Yes, and more."), key="k")
    assert refused.value.field == "submission_key"
    actions.open_topic(people.ben, topic.agenda_id, new(), key="t")
    for other in (new(text="Another text."), new(title="Another title")):
        with pytest.raises(Invalid):
            actions.open_topic(people.ben, topic.agenda_id, other, key="t")


def test_a_topic_that_is_shown_again_brings_no_notice_of_what_stays_hidden_in_it(
    people: Any, topic: Topic
) -> None:
    hidden = actions.reply(people.ben, topic.id, write("Hidden words."))
    gone = actions.reply(people.ben, topic.id, write("Deleted words."))
    actions.reply(people.ben, topic.id, write("Shown words."))
    make_notices(SYSTEM)
    actions.hide(people.moderator, hidden.id, "Rude.")
    actions.delete(people.ben, gone.id)
    actions.hide_topic(people.moderator, topic.id)
    assert not inbox(people.ana).page.items
    actions.restore(people.moderator, hidden.id)
    assert not inbox(people.ana).page.items
    actions.hide(people.moderator, hidden.id, "Rude.")
    actions.restore_topic(people.moderator, topic.id)
    assert [notice.text for notice in inbox(people.ana).page.items] == ["Shown words."]
    actions.restore(people.moderator, hidden.id)
    assert len(inbox(people.ana).page.items) == 2


def test_a_member_writes_for_the_own_organisation_or_not_at_all(
    people: Any, agenda: Agenda
) -> None:
    with pytest.raises(Forbidden):
        actions.open_topic(people.ana, agenda.id, new(for_organisation=True))
    organisation = writes_for(people.ben)
    topic = actions.open_topic(fresh(people.ben), agenda.id, new(for_organisation=True))
    assert topic.organisation_id == organisation.id
    assert actions.reply(fresh(people.ben), topic.id, write("Mine.")).organisation_id is None


@pytest.mark.parametrize("what", ["title", "poll"])
def test_words_that_change_are_said_in_the_name_of_no_former_organisation(
    people: Any, agenda: Agenda, what: str
) -> None:
    organisation = writes_for(people.ben)
    topic = actions.open_topic(fresh(people.ben), agenda.id, new(for_organisation=True))
    writes_for(people.ben, "Stad Gent")
    ben, post = fresh(people.ben), queries.first_post(topic)
    actions.edit(ben, post.id, write(post.source), TopicChanges(audience="members"))
    assert {topic.organisation_id, post.organisation_id} == {organisation.id}
    if what == "title":
        actions.edit(ben, post.id, write(post.source), TopicChanges(title="What we do now"))
    else:
        actions.set_poll(ben, post.id, PollText("Now?", ("Yes", "No")))
    assert {topic.organisation_id, post.organisation_id} == {None}


# Replying


def test_replies_are_numbered_and_told(people: Any, agenda: Agenda, topic: Topic) -> None:
    with at(now() + timedelta(hours=1)):
        reply = actions.reply(people.ben, topic.id, write("Count **badges**."))
        when = now()
    assert reply.number == 2
    topic = fresh(topic)
    assert (topic.posts_count, topic.replies_count, topic.active_at) == (2, 1, when)
    assert fresh(agenda).active_at == when
    assert [event.recipients for event in events("reply")] == [[people.ana.id]]
    assert events("reply")[0].address == f"/posts/{reply.id}"
    assert kinds_found(VISITOR, "badges") == ["post"]


@pytest.mark.usefixtures("passing_seconds")
def test_a_text_and_the_activity_of_its_topic_are_of_one_moment(
    people: Any, agenda: Agenda
) -> None:
    """However long the deed takes: to undo a merge is to return to the moment of the latest post."""
    topic = actions.open_topic(people.ana, agenda.id, new())
    first = queries.first_post(topic)
    assert topic.created_at == topic.active_at == first.created_at
    reply = actions.reply(people.ben, topic.id, write("We count them, too."))
    assert fresh(topic).active_at == reply.created_at > first.created_at
    assert faults() == []


def test_nobody_is_told_of_the_own_reply(people: Any, topic: Topic) -> None:
    actions.reply(people.ana, topic.id, write("I forgot something."))
    assert not events("reply")


def test_quoted_authors_are_told_once(people: Any, topic: Topic) -> None:
    first = queries.first_post(topic)
    text = write(quote("Ana", first.id, "It took") + quote("Ghost", 999_999_999_999, "x") + "Yes.")
    reply = actions.reply(people.ben, topic.id, text)
    assert [event.recipients for event in events("quote")] == [[people.ana.id]]
    assert events("quote")[0].text == "Yes."
    assert not events("reply")
    assert db.session.get(Quote, (reply.id, first.id)) is not None
    actions.edit(people.ben, reply.id, write(text.source + " Indeed."))
    assert len(events("quote")) == 1
    actions.edit(people.ben, reply.id, write("Without a quotation."))
    assert db.session.get(Quote, (reply.id, first.id)) is None


def test_what_is_for_members_is_not_quoted_in_public(
    people: Any, agenda: Agenda, topic: Topic
) -> None:
    inside = actions.open_topic(people.ben, agenda.id, new(audience="members"))
    source = quote("Ben", queries.first_post(inside).id, "It took") + "See?"
    with pytest.raises(Invalid) as refusal:
        actions.reply(people.ana, topic.id, write(source))
    assert refusal.value.field == "source"
    assert fresh(topic).posts_count == 1


@pytest.mark.parametrize("state", ["locked", "archived", "hidden"])
def test_no_reply_where_none_is_taken(people: Any, topic: Topic, state: str) -> None:
    if state == "locked":
        actions.lock(people.moderator, topic.id)
    elif state == "archived":
        agendas.archive(people.moderator, topic.agenda_id)
    else:
        actions.hide_topic(people.moderator, topic.id)
    with pytest.raises(NotFound if state == "hidden" else Forbidden):
        actions.reply(people.ben, topic.id, write("Too late?"))
    assert fresh(topic).posts_count == 1


def test_a_host_replies_in_a_locked_topic(people: Any, topic: Topic) -> None:
    actions.lock(people.host, topic.id)
    assert actions.reply(fresh(people.host), topic.id, write("Locked because it is settled."))
    with pytest.raises(Forbidden):
        actions.lock(people.ben, topic.id)


def test_visitors_and_the_silenced_do_not_write(people: Any, topic: Topic) -> None:
    fresh(people.ben).silenced_until = now() + timedelta(days=1)
    db.session.commit()
    for person in (VISITOR, people.ben):
        with pytest.raises(Forbidden):
            actions.reply(person, topic.id, write("Hello."))


def test_only_a_key_of_a_paragraph_is_kept(people: Any, topic: Topic) -> None:
    assert actions.reply(people.ben, topic.id, write("a"), paragraph="0123456789ab").paragraph
    assert actions.reply(people.ben, topic.id, write("b"), paragraph="x" * 300).paragraph is None


# Editing


def test_an_early_edit_leaves_no_trace(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    actions.edit(
        people.ana,
        post.id,
        write("Two and a half years."),
        actions.TopicChanges("How do you count time?"),
    )
    post, topic = fresh(post), fresh(topic)
    assert (post.edited_at, db.session.scalar(select(Revision))) == (None, None)
    assert (topic.title, topic.slug) == ("How do you count time?", "how-do-you-count-time")
    assert topic.excerpt == "Two and a half years."
    assert kinds_found(VISITOR, "half years") == ["topic"]
    assert not kinds_found(VISITOR, "took two")


def test_a_late_edit_keeps_what_it_said(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    with at(now() + LATER):
        actions.edit(
            people.ana,
            post.id,
            write("Three years."),
            actions.TopicChanges("How do you count them?"),
        )
        actions.edit(
            people.ana,
            post.id,
            write("Three years."),
            actions.TopicChanges("How do you count them?"),
        )
        moment = now()
    (revision,) = queries.revisions_of(VISITOR, fresh(post))
    assert revision.title == "How do you count hours?"
    assert revision.source == "It took **two** years."
    assert (revision.written_at, revision.replaced_at) == (post.created_at, moment)
    assert fresh(post).edited_at == moment


def test_only_the_author_edits(people: Any, topic: Topic) -> None:
    for person in (people.ben, people.moderator, VISITOR):
        with pytest.raises(Forbidden):
            actions.edit(person, queries.first_post(topic).id, write("Mine now."))


def test_replies_for_members_do_not_become_public(people: Any, agenda: Agenda) -> None:
    topic = actions.open_topic(people.ana, agenda.id, new(audience="members"))
    post = queries.first_post(topic)
    assert (topics_on(agenda), fresh(people.ana).posts_count) == (0, 0)
    actions.edit(people.ana, post.id, write("Public."), actions.TopicChanges(audience="public"))
    assert (topics_on(agenda), fresh(people.ana).posts_count) == (1, 1)
    actions.edit(people.ana, post.id, write("Inside."), actions.TopicChanges(audience="members"))
    assert not kinds_found(VISITOR, "inside")
    assert kinds_found(people.ben, "inside") == ["topic"]
    actions.reply(people.ben, topic.id, write("Among ourselves."))
    with pytest.raises(Invalid):
        actions.edit(people.ana, post.id, write("Public."), actions.TopicChanges(audience="public"))
    assert not kinds_found(VISITOR, "ourselves")


def test_a_reply_for_members_that_is_hidden_does_not_come_back_in_public(
    people: Any, agenda: Agenda
) -> None:
    topic = actions.open_topic(people.ana, agenda.id, new(audience="members"))
    post = queries.first_post(topic)
    audience = actions.TopicChanges(audience="public")
    reply = actions.reply(people.ben, topic.id, write("Among ourselves."))
    actions.hide(people.moderator, reply.id, "Rule 2")
    with pytest.raises(Invalid, match="for members only"):
        actions.edit(people.ana, post.id, write("Public."), audience)
    actions.delete(people.ben, reply.id)
    actions.edit(people.ana, post.id, write("Public."), audience)
    assert fresh(topic).audience == "public"


def test_what_was_tried_and_said_for_members_only_does_not_become_public(
    people: Any, agenda: Agenda
) -> None:
    """It is listed with the name, the city and a note for whoever reads the topic."""
    topic = actions.open_topic(people.ana, agenda.id, new(audience="members"))
    post = queries.first_post(topic)
    audience = actions.TopicChanges(audience="public")
    actions.mark(people.ben, post.id, "tried it", "stopped", "Our mayor was against it.")
    with pytest.raises(Invalid, match="that they tried it"):
        actions.edit(people.ana, post.id, write("Public."), audience)
    actions.unmark(people.ben, post.id, "tried it")
    actions.mark(people.ben, post.id, "useful")
    actions.edit(people.ana, post.id, write("Public."), audience)
    assert fresh(topic).audience == "public"


def test_an_author_withdraws_what_a_post_said(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    with at(now() + LATER):
        actions.edit(people.ana, post.id, write("Three years."))
    (revision,) = queries.revisions_of(VISITOR, fresh(post))
    with pytest.raises(Forbidden):
        actions.withdraw(people.moderator, revision.id)
    actions.withdraw(people.ana, revision.id)
    assert (fresh(revision).source, fresh(revision).title) == ("", "")
    assert fresh(revision).withdrawn_at
    with pytest.raises(NotFound):
        actions.withdraw(people.ana, 2**31 - 1)


def test_a_changed_title_is_no_longer_found(people: Any, topic: Topic) -> None:
    actions.reply(people.ben, topic.id, write("Yes."))
    actions.edit(
        people.ana,
        queries.first_post(topic).id,
        write("Two."),
        actions.TopicChanges("Who counts badges?"),
    )
    assert not kinds_found(VISITOR, "hours") and not kinds_found(VISITOR, "hours yes")
    assert (kinds_found(VISITOR, "badges"), kinds_found(VISITOR, "badges yes")) == (
        ["topic"],
        ["post"],
    )


# Deleting


def test_a_deleted_reply_leaves_a_gap_and_nothing_else(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("A secret word: xylophone."))
    actions.mark(people.ana, reply.id, "useful")
    actions.choose_answer(people.ana, topic.id, reply.id)
    with at(now() + LATER):
        actions.edit(people.ben, reply.id, write("Still a xylophone."))
    actions.delete(people.ben, reply.id)
    reply, topic = fresh(reply), fresh(topic)
    assert (reply.source, reply.html, reply.useful_count) == ("", "", 0)
    assert (topic.posts_count, topic.replies_count, topic.answer_id) == (2, 0, None)
    for table in (Mark, Revision):
        assert db.session.scalar(select(table)) is None
    assert not kinds_found(people.moderator, "xylophone")
    assert fresh(people.ben).posts_count == 0
    assert not events("reply")
    assert actions.reply(people.ben, topic.id, write("Another.")).number == 3


def test_a_hidden_reply_that_its_author_deletes_is_counted_out_once(
    people: Any, topic: Topic
) -> None:
    first, _second = (actions.reply(people.ben, topic.id, write("Yes.")) for _time in range(2))
    actions.hide(people.moderator, first.id, "It is rude.")
    actions.delete(people.ben, first.id)
    assert fresh(topic).replies_count == 1 and faults() == []


def test_of_a_hidden_text_that_opens_a_topic_no_words_are_left_in_lists_and_search(
    people: Any, topic: Topic
) -> None:
    opening = queries.first_post(topic)
    actions.reply(people.ben, topic.id, write("Yes."))
    words, found = fresh(topic).excerpt, kinds_found(VISITOR, "took years")
    actions.hide(people.moderator, opening.id, "It is rude.")
    assert fresh(topic).excerpt == "" and not kinds_found(VISITOR, "took years")
    actions.restore(people.moderator, opening.id)
    assert fresh(topic).excerpt == words and kinds_found(VISITOR, "took years") == found
    assert words and found


def test_a_topic_without_replies_goes_with_its_post(people: Any, topic: Topic) -> None:
    actions.delete(people.ana, queries.first_post(topic).id)
    with pytest.raises(NotFound):
        queries.get_topic(people.moderator, topic.id)
    assert topics_on(topic.agenda) == 0
    assert fresh(people.ana).posts_count == 0
    assert db.session.scalar(select(Document).where(Document.kind == "topic")) is None


def test_a_topic_with_replies_stays_until_the_last_is_gone(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    actions.delete(people.ana, queries.first_post(topic).id)
    assert queries.get_topic(VISITOR, topic.id).excerpt == ""
    assert not kinds_found(VISITOR, "years")
    actions.delete(people.ben, reply.id)
    with pytest.raises(NotFound):
        queries.get_topic(VISITOR, topic.id)


def test_only_the_author_deletes_and_only_once(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    for person in (people.ana, people.moderator, VISITOR):
        with pytest.raises(Forbidden):
            actions.delete(person, reply.id)
    actions.lock(people.moderator, topic.id)
    actions.delete(people.ben, reply.id)
    with pytest.raises(Forbidden):
        actions.delete(people.ben, reply.id)


def test_nothing_is_saved_when_a_deed_fails_half_way(
    people: Any, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_more: Any) -> None:
        raise Invalid("no")

    monkeypatch.setattr("forum.dialogue.actions._counts.note_posts", fails)
    with pytest.raises(Invalid):
        actions.reply(people.ben, topic.id, write("A xylophone."))
    monkeypatch.undo()
    assert fresh(topic).posts_count == 1
    assert not kinds_found(VISITOR, "xylophone")
