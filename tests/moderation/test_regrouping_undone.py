"""Topics that were merged or split are put back as they were, whatever else has happened there since."""

from __future__ import annotations

from typing import Any

import pytest

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.dialogue.queries import first_post, get_topic, posts_in
from forum.errors import Conflict, NotFound
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions
from forum.permissions import SYSTEM, VISITOR
from tests.dialogue.conftest import writes_for
from tests.moderation.conftest import REASONS, found, notices_of, part, shown, split, undo

pytestmark = pytest.mark.usefixtures("sound")


def test_the_number_of_what_came_since_and_went_on_is_not_used_again(
    people: Any, things: Any, other: Topic
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    came = dialogue.reply(people.ana, other.id, write("It came."))
    actions.split(people.moderator, other.id, [came.id], part(things))
    undo(people.host)
    assert shown(VISITOR, other.id) == [1, 2]
    assert get_topic(VISITOR, other.id).posts_count == 6
    further = dialogue.reply(people.ana, other.id, write("Further."))
    assert further.number == 7
    actions.split(people.moderator, other.id, [further.id], part(things, title="Further"))


def test_nor_that_of_what_went_on_from_a_part_that_was_split_off(people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    came = dialogue.reply(people.ana, new.id, write("It came."))
    actions.split(people.moderator, new.id, [came.id], part(things, title="Further"))
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]


@pytest.fixture
def begun(people: Any, agenda: Agenda) -> Topic:
    """A topic of the host's, with a reply, on an agenda that is still in preparation."""
    text = AgendaText("Making Cities Cooler", write("Shade."), slug="cooler", is_open=False)
    cooler = write_agenda(people.moderator, text, hosts=[people.host.handle])
    db.session.refresh(people.host, ["hosted"])
    new = dialogue.NewTopic("question", "Where is the shade?", write("We look for it."))
    topic = dialogue.open_topic(people.host, cooler.id, new)
    dialogue.reply(people.host, topic.id, write("Under the trees."))
    return get_topic(SYSTEM, topic.id)


def test_what_everybody_reads_does_not_go_back_to_an_agenda_in_preparation(
    people: Any, things: Any, begun: Topic
) -> None:
    actions.open_agenda(people.host, begun.agenda_id)
    actions.merge(people.moderator, begun.id, things.topic.id)
    undo(people.host)
    with pytest.raises(Conflict):
        undo(people.moderator)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3, 4, 5]


def test_nor_does_a_part_that_was_split_off(people: Any, things: Any, begun: Topic) -> None:
    actions.open_agenda(people.host, begun.agenda_id)
    (_first, second) = posts_in(SYSTEM, begun, 1).items
    actions.split(people.moderator, begun.id, [second.id], part(things))
    undo(people.host)
    with pytest.raises(Conflict):
        undo(people.moderator)
    assert found("under the trees") == 1


def test_the_answer_does_not_come_back_to_what_is_no_question_any_more(
    people: Any, things: Any, answer: Any
) -> None:
    split(people.host, things, answer)
    dialogue.change_kind(people.ana, things.topic.id, "experience")
    undo(people.host)
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.kind, topic.answer_id, topic.answered_by_id) == ("experience", None, None)
    assert not [notice for notice in notices_of(people.ben) if notice.kind == "answer"]


def test_a_topic_is_in_the_language_in_which_its_author_has_written_it_anew_elsewhere(
    people: Any, things: Any, other: Topic
) -> None:
    opening = first_post(things.topic)
    actions.merge(people.host, things.topic.id, other.id)
    dialogue.edit(people.ana, opening.id, write("Les cloches se taisent.", "fr"))
    undo(people.host)
    assert get_topic(VISITOR, things.topic.id).language == "fr"


def test_a_topic_bears_the_name_of_no_organisation_for_which_its_author_has_not_written_it_anew(
    people: Any, agenda: Agenda, other: Topic
) -> None:
    writes_for(people.ana)
    ana = db.session.get_one(Member, people.ana.id)
    new = dialogue.NewTopic("question", "How loud?", write("We count."), for_organisation=True)
    topic = dialogue.open_topic(ana, agenda.id, new)
    opening = first_post(topic)
    actions.merge(people.host, topic.id, other.id)
    members.edit_profile(ana, members.Profile("Ana"))
    dialogue.edit(ana, opening.id, write("It was never counted."))
    undo(people.host)
    topic = get_topic(VISITOR, topic.id)
    assert (topic.organisation_id, topic.organisation) == (None, None)


def test_no_topic_comes_back_without_the_title_that_went_with_its_author(
    people: Any, things: Any, other: Topic
) -> None:
    opening = first_post(things.topic)
    actions.merge(people.host, things.topic.id, other.id)
    dialogue.delete_posts(SYSTEM, [opening.id])
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, other.id) == [1, 2, 3, 4, 5]


def test_notices_say_the_title_of_the_other_topic_in_its_language(
    people: Any, agenda: Agenda, things: Any
) -> None:
    new = dialogue.NewTopic("experience", "Trams silencieux", write("Ils glissent.", "fr"))
    trams = dialogue.open_topic(people.ben, agenda.id, new)

    def told() -> set[tuple[str, str]]:
        notices = [notice for notice in notices_of(people.ana) if notice.kind == "reply"]
        return {(notice.title, notice.language) for notice in notices}

    assert told() == {("Quiet streets at night", "en")}
    actions.merge(people.host, things.topic.id, trams.id)
    assert told() == {("Trams silencieux", "fr")}
    undo(people.host)
    assert told() == {("Quiet streets at night", "en")}


@pytest.mark.parametrize("deed", ["hide", "remove", "delete"])
def test_no_empty_topic_stays_where_the_others_leave_again(
    people: Any, agenda: Agenda, things: Any, deed: str
) -> None:
    new = dialogue.NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    trams = dialogue.open_topic(people.ben, agenda.id, new)
    opening = first_post(trams)
    actions.merge(people.host, things.topic.id, trams.id)
    if deed == "delete":
        dialogue.delete(people.ben, opening.id)
    else:
        actions.decide(people.moderator, "post", opening.id, deed, REASONS)
    assert shown(VISITOR, trams.id)
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
    with pytest.raises(NotFound):
        get_topic(VISITOR, trams.id)
    if deed != "delete":
        actions.decide(people.moderator, "post", opening.id, "restore")
        assert shown(VISITOR, trams.id) == [1]
