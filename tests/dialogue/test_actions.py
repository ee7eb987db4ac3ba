"""The actions of the dialogue, and everything that follows from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import Mark, Post, Quote, Revision, Topic
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import members_to_mention
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import Event
from forum.notifications.queries import inbox, visible_notices
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote
from forum.search.models import Document
from forum.search.queries import Query, find
from forum.upkeep.queries import checks, faults_of
from tests.dialogue.conftest import fresh, new

LATER = timedelta(minutes=16)


def topics_on(agenda: Agenda) -> int:
    """How many topics the list of an agenda has for visitors."""
    return queries.counts_by_agenda(VISITOR).get(agenda.id, 0)


def found(reader: Any, words: str) -> list[str]:
    hits = find(reader, Query(words)).page.items
    return [document.kind for hit in hits for document in (hit.document, *hit.others)]


def events(kind: str) -> list[Event]:
    return list(
        db.session.scalars(select(Event).where(Event.kind == kind, Event.hidden_at.is_(None)))
    )


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
    assert found(VISITOR, "counted") == ["topic"]


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
    text = members.OrganisationText("Gemeente Rotterdam", kind="city")
    organisation = members.write_organisation(people.moderator, text)
    fresh(people.ben).organisation_id = organisation.id
    db.session.commit()
    topic = actions.open_topic(people.ben, agenda.id, new(for_organisation=True))
    assert topic.organisation_id == organisation.id
    assert actions.reply(people.ben, topic.id, write("Mine.")).organisation_id is None


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
    assert found(VISITOR, "badges") == ["post"]


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
    assert [fault for check in checks() for fault in faults_of(check)] == []


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
    assert found(VISITOR, "half years") == ["topic"]
    assert not found(VISITOR, "took two")


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
    assert not found(VISITOR, "inside")
    assert found(people.ben, "inside") == ["topic"]
    actions.reply(people.ben, topic.id, write("Among ourselves."))
    with pytest.raises(Invalid):
        actions.edit(people.ana, post.id, write("Public."), actions.TopicChanges(audience="public"))
    assert not found(VISITOR, "ourselves")


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
    assert not found(VISITOR, "hours") and not found(VISITOR, "hours yes")
    assert (found(VISITOR, "badges"), found(VISITOR, "badges yes")) == (["topic"], ["post"])


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
    assert not found(people.moderator, "xylophone")
    assert fresh(people.ben).posts_count == 0
    assert not events("reply")
    assert actions.reply(people.ben, topic.id, write("Another.")).number == 3


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
    assert not found(VISITOR, "years")
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


# Marks and answers


def test_marks_are_given_once_and_taken_back(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    for _ in range(2):
        assert actions.mark(people.ben, post.id, "useful").useful_count == 1
    actions.mark(people.chitra, post.id, "same here")
    assert len(events("mark")) == 2
    for _ in range(2):
        assert actions.unmark(people.ben, post.id, "useful").useful_count == 0
    actions.mark(people.ben, post.id, "useful")
    assert len(events("mark")) == 2
    assert fresh(post).same_here_count == 1


def test_who_tried_it_says_what_became_of_it(people: Any, topic: Topic) -> None:
    post = queries.first_post(topic)
    with pytest.raises(Invalid):
        actions.mark(people.ben, post.id, "tried it")
    with pytest.raises(Invalid):
        actions.mark(people.ben, post.id, "tried it", "kept", "x" * 301)
    actions.mark(people.ben, post.id, "tried it", "kept", " It\nworks. ")
    actions.mark(people.ben, post.id, "tried it", "stopped", "It cost too much.", language="en")
    (mark,) = queries.tried_in(topic.id)
    assert (mark.outcome, mark.note, mark.language) == ("stopped", "It cost too much.", "en")
    assert mark.city is not None and mark.city.name == "Nairobi"
    assert fresh(post).tried_count == 1
    actions.mark(people.ben, post.id, "tried it", "kept", "", language="en")
    (mark,) = queries.tried_in(topic.id)
    assert (mark.note, mark.language) == ("", "")


@pytest.mark.parametrize("kind", ["", "hearts", "useful\x00"])
def test_there_are_no_other_marks(people: Any, topic: Topic, kind: str) -> None:
    for deed in (actions.mark, actions.unmark):
        with pytest.raises(Invalid):
            deed(people.ben, queries.first_post(topic).id, kind)


def test_nobody_marks_the_own_text_or_what_is_gone(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    with pytest.raises(Forbidden):
        actions.mark(people.ben, reply.id, "useful")
    actions.delete(people.ben, reply.id)
    with pytest.raises(Forbidden):
        actions.mark(people.ana, reply.id, "useful")


def test_the_asker_or_a_moderator_chooses_the_answer(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    with pytest.raises(Forbidden):
        actions.choose_answer(people.ben, topic.id, reply.id)
    actions.choose_answer(people.ana, topic.id, reply.id)
    assert [event.recipients for event in events("answer")] == [[people.ben.id]]
    actions.choose_answer(people.host, topic.id, None)
    assert fresh(topic).answer_id is None
    actions.choose_answer(people.ana, topic.id, reply.id)
    assert len(events("answer")) == 1  # choosing it again makes no second event
    actions.choose_answer(people.host, topic.id, None)
    with pytest.raises(Invalid):
        actions.choose_answer(people.ana, topic.id, queries.first_post(topic).id)


def test_of_an_answer_in_a_hidden_question_nobody_is_told(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Like this."))
    actions.hide_topic(people.host, topic.id)
    actions.choose_answer(people.host, topic.id, reply.id)
    assert fresh(topic).answer_id == reply.id and events("answer") == []
    make_notices(SYSTEM)
    assert [fault for check in checks() for fault in faults_of(check)] == []


def test_only_a_question_has_an_answer(people: Any, agenda: Agenda) -> None:
    topic = actions.open_topic(people.ana, agenda.id, new())
    reply = actions.reply(people.ben, topic.id, write("Yes."))
    with pytest.raises(Forbidden):
        actions.choose_answer(people.ana, topic.id, reply.id)


# Cases and practices


@pytest.fixture
def practice(people: Any, agenda: Agenda) -> Topic:
    return actions.open_topic(
        people.ana, agenda.id, new(kind="practice", home="/practices/water-squares")
    )


def test_what_has_a_page_of_its_own_is_changed_there(people: Any, practice: Topic) -> None:
    post = queries.first_post(practice)
    for deed in (
        lambda: actions.edit(people.ana, post.id, write("x")),
        lambda: actions.delete(people.ana, post.id),
        lambda: actions.hide(people.moderator, post.id, "x"),
    ):
        with pytest.raises(Forbidden):
            deed()
    with pytest.raises(Invalid):
        actions.move(people.moderator, practice.id, practice.agenda_id)
    assert actions.mark(people.ben, post.id, "tried it", "kept").tried_count == 1


def test_the_topic_of_a_practice_follows_its_page(people: Any, practice: Topic) -> None:
    reply = actions.reply(people.ben, practice.id, write("A xylophone."))
    assert fresh(people.ana).posts_count == 0
    page = actions.PageOfTopic("Squares", write("New."), audience="members")
    actions.follow_page(people.ana, practice.id, page)
    assert (fresh(practice).title, fresh(practice).audience) == ("Squares", "members")
    assert not found(VISITOR, "xylophone")
    assert (topics_on(practice.agenda), fresh(people.ben).posts_count) == (0, 0)
    actions.delete_topic(SYSTEM, practice.id)
    with pytest.raises(NotFound):
        queries.get_post(people.ben, reply.id)
    assert not found(people.ana, "xylophone")


def test_only_topics_with_a_page_follow_it(people: Any, topic: Topic) -> None:
    with pytest.raises(Forbidden):
        actions.follow_page(people.moderator, topic.id, actions.PageOfTopic("Mine now"))
    with pytest.raises(Forbidden):
        actions.delete_topic(people.moderator, topic.id)


def test_comments_move_with_their_paragraph(people: Any, practice: Topic) -> None:
    reply = actions.reply(people.ben, practice.id, write("Here."), paragraph="0123456789ab")
    actions.move_comments(people.ana, practice.id, {"0123456789ab": "ba9876543210"})
    assert fresh(reply).paragraph == "ba9876543210"
    assert list(queries.paragraph_comments(practice)) == ["ba9876543210"]
    actions.move_comments(people.ana, practice.id, {"ba9876543210": None})
    assert not queries.paragraph_comments(practice)


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
    assert not found(VISITOR, "xylophone")


# Who is told, and what is new


def kinds(member: Any) -> list[str]:
    while make_notices(SYSTEM):
        pass
    return [notice.kind for notice in inbox(member).page.items]


def test_who_replies_watches_and_is_told_once_by_the_strongest_kind(
    people: Any, topic: Topic
) -> None:
    actions.reply(people.ben, topic.id, write("First."))
    assert kinds(people.ana) == ["reply"]
    actions.reply(people.chitra, topic.id, write("Second."))
    assert kinds(people.ana) == ["reply", "reply"]
    assert kinds(people.ben) == ["post"]
    first = queries.first_post(topic)
    actions.reply(people.chitra, topic.id, write(quote("Ana", first.id, "It took") + "Third."))
    assert kinds(people.ana) == ["quote", "reply", "reply"]
    assert kinds(people.ben) == ["post", "post"]
    assert kinds(people.chitra) == []


def test_who_mutes_a_topic_hears_no_more_of_it(people: Any, topic: Topic) -> None:
    for member in (people.ana, people.ben):
        watch(member, "topic", topic.id, "muted")
    actions.reply(people.ben, topic.id, write("First."))
    post = actions.reply(people.chitra, topic.id, write("Second."))
    assert kinds(people.ana) == kinds(people.ben) == []
    actions.reply(people.host, topic.id, write(quote("Chitra", post.id, "Second.") + "Third."))
    assert kinds(people.chitra) == ["quote"]


def test_a_new_topic_is_told_to_who_watches_its_agenda(people: Any, agenda: Agenda) -> None:
    watch(people.ben, "agenda", agenda.id)
    watch(people.chitra, "agenda", agenda.id)
    watch(people.chitra, "city", people.ana.city_id, "muted")
    topic = actions.open_topic(people.ana, agenda.id, new(audience="members"))
    assert (kinds(people.ben), kinds(people.chitra)) == (["topic"], [])
    actions.hide_topic(people.moderator, topic.id)
    assert kinds(people.ben) == []


def news(member: Any, *topics: Topic) -> list[tuple[int, int] | None]:
    found = queries.new_posts_in(member, [fresh(topic) for topic in topics])
    return [
        (found[topic.id].count, found[topic.id].number) if topic.id in found else None
        for topic in topics
    ]


def test_new_is_what_others_wrote_since_one_has_read(people: Any, topic: Topic) -> None:
    actions.read_all(people.ben)  # Ben has read the question itself
    soon = now() + timedelta(minutes=1)
    with at(soon):
        for text in ("Two.", "Three.", "Four."):
            actions.reply(people.ben, topic.id, write(text))
    assert news(people.ana, topic) == [(3, 2)]
    assert news(people.ben, topic) == news(VISITOR, topic) == news(SYSTEM, topic) == [None]
    actions.read(people.ana, topic.id, 3)
    # As when an earlier page is opened, or another device is behind
    actions.read(people.ana, topic.id, 2)
    assert news(people.ana, topic) == [(1, 4)]
    post = queries.posts_in(SYSTEM, fresh(topic), 1).items[3]
    actions.hide(people.moderator, post.id, "Rude.")
    assert news(people.ana, topic) == [None]


def test_all_is_read_at_once_everywhere_or_on_one_agenda(people: Any, topic: Topic) -> None:
    text = agendas.AgendaText("Other", write("Text."), slug="other")
    other = actions.open_topic(
        people.ben, agendas.write_agenda(people.moderator, text).id, new(title="Another one")
    )
    actions.read_all(people.host)
    soon = now() + timedelta(minutes=1)
    with at(soon):
        for asked in (topic, other):
            actions.reply(people.chitra, asked.id, write("Yes."))
    assert news(people.host, topic, other) == [(1, 2), (1, 2)]
    with at(soon):
        actions.read_all(people.host, topic.agenda_id)
    assert news(people.host, topic, other) == [None, (1, 2)]
    with at(soon + timedelta(minutes=1)):
        actions.read_all(people.host)
        actions.reply(people.chitra, other.id, write("Soon."))
    assert news(people.host, topic, other) == [None, None]
    with at(soon + timedelta(minutes=2)):
        actions.reply(people.chitra, other.id, write("Later."))
    assert news(people.host, topic, other) == [None, (1, 4)]


def test_what_was_written_before_somebody_joined_is_not_new(people: Any, topic: Topic) -> None:
    with at(now() - timedelta(days=1)):
        actions.reply(people.ben, topic.id, write("Yes."))
    assert news(people.ana, topic) == [None]


def test_very_many_new_posts_are_counted_to_a_hundred(people: Any, topic: Topic) -> None:
    soon = now() + timedelta(minutes=1)
    with at(soon):
        last = actions.reply(people.ben, topic.id, write("Yes."))
    row = {c.name: getattr(last, c.name) for c in Post.__table__.c if c.name != "id"}
    rows = [{**row, "number": number} for number in range(3, 301)]
    db.session.execute(insert(Post), rows)
    db.session.execute(update(Topic).where(Topic.id == topic.id).values(posts_count=300))
    db.session.commit()
    assert news(people.ana, topic) == [(100, 201)]
    actions.read(people.ana, topic.id, 40)
    assert news(people.ana, topic) == [(100, 41)]
    assert queries.NewPosts(100, 41).where == "?page=3#post-41"
    actions.read(people.ana, topic.id, 240)
    assert news(people.ana, topic) == [(60, 241)]


# Mentions


def mentioned(member: Any) -> list[str]:
    return [kind for kind in kinds(member) if kind == "mention"]


def test_who_is_mentioned_is_told_once_however_the_post_is_edited(
    people: Any, topic: Topic
) -> None:
    reply = actions.reply(people.ben, topic.id, write("Ask @chitra-desai and @ben-okoth."))
    assert (mentioned(people.chitra), mentioned(people.ben)) == (["mention"], [])
    for text in ("Nobody.", "Ask @chitra-desai and @hana-virtanen.", "@hana-virtanen"):
        actions.edit(people.ben, reply.id, write(text))
    assert (mentioned(people.chitra), mentioned(people.host)) == (["mention"], ["mention"])


def test_a_mention_is_stronger_than_a_quotation_a_reply_and_watching(
    people: Any, topic: Topic
) -> None:
    first = queries.first_post(topic)
    source = quote("Ana", first.id, "It took") + "Do you know, @ana-prado?"
    actions.reply(people.ben, topic.id, write(source))
    assert kinds(people.ana) == ["mention"]
    assert db.session.get(Quote, (first.id + 1, first.id)) is not None


def test_a_muted_topic_still_tells_of_a_mention(people: Any, topic: Topic) -> None:
    watch(people.chitra, "topic", topic.id, "muted")
    actions.reply(people.ben, topic.id, write("Ask @chitra-desai."))
    assert kinds(people.chitra) == ["mention"]


def test_nobody_hidden_or_gone_is_mentioned(people: Any, topic: Topic) -> None:
    fresh(people.chitra).hidden_at = now()
    fresh(people.host).left_at = now()
    db.session.commit()
    text = queries.render_with_mentions("@chitra-desai @hana-virtanen @mona-berg @nobody")
    assert text.html.count("<a ") == 1 and "/members/mona-berg" in text.html
    actions.reply(people.ben, topic.id, text)
    assert (kinds(people.chitra), kinds(people.moderator)) == ([], ["mention"])
    assert not db.session.scalars(visible_notices(people.host)).all()


def test_a_post_tells_twenty_that_it_mentions_them_and_no_more(people: Any, topic: Topic) -> None:
    handles = []
    for number in range(25):
        joining = members.Joining(f"Person {number}", f"p{number}@example.org", "no hash")
        handles.append(members.join(SYSTEM, joining).handle)
    names = [f"@{handle}" for handle in handles]
    reply = actions.reply(people.ben, topic.id, write(" ".join(["@nobody-at-all", *names])))
    assert len(events("mention")[0].recipients) == 20
    html = queries.render_with_mentions(" ".join(["@nobody-at-all", *names])).html
    linked = [handle for handle in handles if f"/members/{handle}" in html]
    assert linked == handles[:20]
    told = {member.id for member in members_to_mention(linked)}
    assert told == set(events("mention")[0].recipients)
    actions.edit(people.ben, reply.id, write(" ".join(reversed(names))))
    assert len(events("mention")) == 1


def test_a_hidden_post_mentions_nobody(people: Any, topic: Topic) -> None:
    reply = actions.reply(people.ben, topic.id, write("Ask @chitra-desai."))
    assert kinds(people.chitra) == ["mention"]
    actions.hide(people.moderator, reply.id, "Rude.")
    assert kinds(people.chitra) == []


def test_what_only_members_read_stirs_no_agenda(people: Any, agenda: Agenda, topic: Topic) -> None:
    last = fresh(agenda).active_at
    with at(now() + timedelta(minutes=5)):
        inside = actions.open_topic(people.ben, agenda.id, new(audience="members"))
        other = actions.open_topic(people.ben, agenda.id, new("Also inside", audience="members"))
        actions.reply(people.ana, other.id, write("Among us."))
    assert fresh(agenda).active_at == last
    opening = queries.first_post(inside)
    with at(now() + timedelta(minutes=9)):
        actions.edit(
            people.ben,
            opening.id,
            write(opening.source),
            actions.TopicChanges("For all", audience="public"),
        )
    assert fresh(agenda).active_at == fresh(inside).active_at > last
    with at(now() + timedelta(minutes=10)):
        actions.reply(people.ben, topic.id, write("Here, too."))
    assert fresh(agenda).active_at == fresh(topic).active_at > fresh(inside).active_at
