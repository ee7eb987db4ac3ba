"""Topics of cases and practices, which have a page of their own."""

from __future__ import annotations

from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.dialogue import actions, queries
from forum.dialogue.models import Topic
from forum.errors import Forbidden, Invalid, NotFound
from forum.markup import write
from forum.permissions import SYSTEM, VISITOR
from tests.dialogue.conftest import fresh, kinds_found, new, topics_on


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
    assert not kinds_found(VISITOR, "xylophone")
    assert (topics_on(practice.agenda), fresh(people.ben).posts_count) == (0, 0)
    actions.delete_topic(SYSTEM, practice.id)
    with pytest.raises(NotFound):
        queries.get_post(people.ben, reply.id)
    assert not kinds_found(people.ana, "xylophone")


def test_only_topics_with_a_page_follow_it(people: Any, topic: Topic) -> None:
    with pytest.raises(Forbidden):
        actions.follow_page(people.moderator, topic.id, actions.PageOfTopic("Mine now"))
    with pytest.raises(Forbidden):
        actions.delete_topic(people.moderator, topic.id)


def test_comments_move_with_their_paragraph_and_those_of_another_page_do_not(
    people: Any, practice: Topic, topic: Topic
) -> None:
    reply = actions.reply(people.ben, practice.id, write("Here."), paragraph="0123456789ab")
    alike = actions.reply(people.ben, topic.id, write("Here."), paragraph="0123456789ab")
    actions.move_comments(people.ana, practice.id, {"0123456789ab": "ba9876543210"})
    assert fresh(reply).paragraph == "ba9876543210"
    assert fresh(alike).paragraph == "0123456789ab"
    assert list(queries.paragraph_comments(practice)) == ["ba9876543210"]
    actions.move_comments(people.ana, practice.id, {"ba9876543210": None})
    assert not queries.paragraph_comments(practice)
