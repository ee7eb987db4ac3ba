"""What readers see of the dialogue, and what they do not see."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, update

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions, queries
from forum.dialogue.models import MARKS, TRIED, Topic
from forum.dialogue.queries import (
    TopicFilter,
    first_post,
    listing,
    my_marks,
    posts_in,
    reading_state,
)
from forum.errors import NotFound
from forum.front.queries import (
    contributions_in_city,
    contributions_in_organisation,
    contributions_of_member,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.models import City
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule


def opened(author: Any, agenda: Agenda, title: str, minute: int = 0, **more: Any) -> Topic:
    kind, language = more.pop("kind", "experience"), more.pop("language", "en")
    with at(now() + timedelta(minutes=minute)):
        text = write(f"About {title}.", language)
        return actions.open_topic(author, agenda.id, actions.NewTopic(kind, title, text, **more))


def titles(reader: Any, **wanted: Any) -> list[str]:
    return [topic.title for topic in queries.topics(reader, TopicFilter(**wanted)).items]


def test_what_is_for_members_is_not_there_for_visitors(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "Among ourselves", audience="members")
    post = queries.first_post(topic)
    for reader, is_there in ((VISITOR, False), (people.ben, True)):
        assert bool(titles(reader)) == is_there
        assert bool(queries.counts_by_kind(reader, TopicFilter())) == is_there
        assert bool(queries.latest_topics(reader, 5)) == is_there
        assert bool(contributions_of_member(reader, people.ana, 1).items) == is_there
        assert bool(queries.posts_to_quote(reader, [post.id])) == is_there
    with pytest.raises(NotFound):
        queries.get_topic(VISITOR, topic.id)
    with pytest.raises(NotFound):
        queries.get_post(VISITOR, post.id)


def test_what_is_hidden_is_there_for_its_moderators_only(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "Advertising")
    actions.hide_topic(people.moderator, topic.id)
    for reader in (VISITOR, people.ana, people.ben):
        assert not titles(reader)
        with pytest.raises(NotFound):
            queries.get_topic(reader, topic.id)
    for reader in (people.host, people.moderator, people.administrator):
        assert queries.get_topic(reader, topic.id).hidden_at


def test_a_host_of_another_agenda_sees_nothing_hidden(people: Any, agenda: Agenda) -> None:
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    topic = opened(people.ana, other, "Advertising")
    actions.hide_topic(people.moderator, topic.id)
    with pytest.raises(NotFound):
        queries.get_topic(people.host, topic.id)


def test_the_line_of_a_topic_names_its_themes(people: Any, agenda: Agenda) -> None:
    some = [agendas.write_theme(people.moderator, name) for name in ("Water", "Floods", "Old")]
    topic = opened(people.ana, agenda, "First", themes=[theme.id for theme in some])
    bare = opened(people.ana, agenda, "Second")
    agendas.remove_theme(people.moderator, some[-1].id)
    line = queries.get_topic_row(VISITOR, topic.id)
    assert [(theme.name, theme.slug) for theme in line.themes] == [
        ("Floods", "floods"),
        ("Water", "water"),
    ]
    assert (line.author.name, line.agenda.title) == ("Ana Prado", agenda.title)
    assert queries.get_topic_row(VISITOR, bare.id).themes == ()


def test_lists_are_ordered_and_filtered(people: Any, agenda: Agenda) -> None:
    theme = agendas.write_theme(people.moderator, "Floods")
    first = opened(people.ana, agenda, "First", 1, themes=[theme.id])
    opened(people.ben, agenda, "Second", 2, kind="question", language="fr")
    with at(now() + timedelta(minutes=3)):
        actions.reply(people.ben, first.id, write("Yes."))
    assert titles(VISITOR) == ["First", "Second"]
    assert titles(VISITOR, order="newest") == ["Second", "First"]
    assert titles(VISITOR, order="unanswered") == ["Second"]
    assert titles(VISITOR, kind="question") == ["Second"]
    assert titles(VISITOR, theme="floods") == ["First"]
    assert titles(VISITOR, language="fr") == ["Second"]
    assert titles(VISITOR, theme="nothing") == []
    assert queries.counts_by_kind(VISITOR, TopicFilter()) == {"experience": 1, "question": 1}
    assert queries.counts_by_kind(VISITOR, TopicFilter(theme="floods")) == {"experience": 1}
    assert [t.title for t in queries.questions_waiting(VISITOR, 5)] == ["Second"]
    agendas.archive(people.moderator, agenda.id)
    assert not queries.questions_waiting(VISITOR, 5)  # an archived agenda takes no replies


def test_pinned_topics_come_first_on_their_agenda(people: Any, agenda: Agenda) -> None:
    old = opened(people.ana, agenda, "Old", 1)
    opened(people.ana, agenda, "New", 2)
    actions.pin(people.host, old.id)
    assert titles(VISITOR, agenda_id=agenda.id) == ["Old", "New"]
    assert titles(VISITOR) == ["New", "Old"]


def test_pinned_topics_stand_on_the_first_pages_only(
    people: Any, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "TOPICS_PER_PAGE", 2)
    topics = [opened(people.ana, agenda, f"Topic {n}", n) for n in range(1, 6)]
    for number in (1, 2, 3):
        actions.pin(people.host, topics[number - 1].id)
    pages = [
        [topic.title for topic in queries.topics(VISITOR, TopicFilter(agenda.id), page).items]
        for page in (1, 2, 3)
    ]
    assert pages == [["Topic 3", "Topic 2"], ["Topic 1", "Topic 5"], ["Topic 4"]]
    assert titles(VISITOR, agenda_id=agenda.id, kind="question") == []
    shown = queries.first_topics(VISITOR, TopicFilter(agenda.id), 4)
    assert [topic.title for topic in shown] == ["Topic 3", "Topic 2", "Topic 1", "Topic 5"]
    monkeypatch.setattr(listing, "TOPICS_PER_PAGE", 20)
    few = queries.first_topics(VISITOR, TopicFilter(agenda.id), 2)
    assert [topic.title for topic in few] == ["Topic 3", "Topic 2"]


@pytest.mark.sqlite_only  # the plan of PostgreSQL depends on its statistics
@pytest.mark.parametrize("wanted", [TopicFilter(), TopicFilter(1), TopicFilter(order="newest")])
def test_lists_of_topics_walk_through_no_rows(people: Any, wanted: TopicFilter) -> None:
    made: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        made.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    for reader in (VISITOR, people.ben, people.host, people.moderator):
        queries.first_topics(reader, wanted, 20)
        listing._slice(reader, wanted, 20, 60, 80)
    event.remove(db.engine, "before_cursor_execute", note)
    lists = [row for row in made if row[0].startswith("SELECT topic.id, topic.kind")]
    assert len(lists) == 8
    for statement, parameters in lists:
        explain = f"EXPLAIN QUERY PLAN {statement}"
        plan = db.session.connection().exec_driver_sql(explain, parameters).all()
        walks = [row.detail for row in plan if row.detail.startswith("SCAN topic")]
        assert all("COVERING INDEX" in walk for walk in walks), walks


def test_topics_of_lists_are_counted_for_those_who_see_them(people: Any, agenda: Agenda) -> None:
    opened(people.ana, agenda, "Salut", language="fr")
    opened(people.ana, agenda, "For us", kind="question", audience="members")
    hidden = opened(people.ana, agenda, "Advertising", kind="question")
    actions.hide_topic(people.moderator, hidden.id)
    for reader, number in ((VISITOR, 0), (people.ben, 1), (people.host, 2), (people.moderator, 2)):
        counts = queries.counts_by_kind(reader, TopicFilter(agenda.id))
        assert (counts.get("experience"), counts.get("question", 0)) == (1, number)
        assert queries.topics(reader, TopicFilter(kind="question")).total == number
        waiting = queries.counts_by_kind(reader, TopicFilter(order="unanswered"))
        assert waiting.get("question", 0) == number and "experience" not in waiting
        assert queries.counts_by_agenda(reader) == {agenda.id: number + 1}
    assert queries.counts_by_kind(people.moderator, TopicFilter(language="fr")) == {"experience": 1}
    for reader, number in ((VISITOR, 0), (people.ben, 1), (people.host, 2)):
        for wanted, in_english, in_french in (
            (TopicFilter(agenda.id, language="fr"), number, 1),
            (TopicFilter(kind="question"), number, 0),
            (TopicFilter(order="unanswered"), number, 0),
            (TopicFilter(theme="trams"), 0, 0),
        ):
            counts = queries.topic_counts(reader, wanted).by_language
            assert (counts.get("en", 0), counts.get("fr", 0)) == (in_english, in_french), wanted


def test_a_case_is_listed_once_it_has_comments(people: Any, agenda: Agenda) -> None:
    case = opened(people.moderator, agenda, "C40", kind="case", home="/cases/c40")
    assert titles(VISITOR) == []
    actions.reply(people.ben, case.id, write("We are a member."))
    assert titles(VISITOR) == ["C40"]
    assert [row.post.number for row in contributions_of_member(VISITOR, people.ben, 1).items] == [2]
    assert not contributions_of_member(VISITOR, people.moderator, 1).items


def test_pages_hold_numbers_whatever_is_gone(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "Long")
    replies = [actions.reply(people.ben, topic.id, write(f"{n}")) for n in range(2, 43)]
    actions.delete(people.ben, replies[0].id)
    topic = queries.get_topic(VISITOR, topic.id)
    for page, numbers in ((1, range(1, 21)), (2, range(21, 41)), (3, range(41, 43))):
        posts = queries.posts_in(VISITOR, topic, page)
        assert [post.number for post in posts.items] == list(numbers)
        assert posts.pages == 3
    assert queries.posts_in(VISITOR, topic, 10**9).number == 3
    assert queries.posts_in(VISITOR, topic, 0).number == 1
    assert replies[-1].address == f"{topic.address}?page=3#post-42"


def test_who_wrote_what_by_city_and_organisation(people: Any, agenda: Agenda) -> None:
    text = members.OrganisationText("Gemeente Rotterdam", kind="city")
    organisation = members.write_organisation(people.moderator, text)
    ben = db.session.get(type(people.ben), people.ben.id)
    assert ben is not None
    ben.organisation_id = organisation.id
    db.session.commit()
    city = db.session.get_one(City, people.ana.city_id)
    opened(people.ana, agenda, "From Ana")
    opened(ben, agenda, "From Ben", for_organisation=True)
    by_city = contributions_in_city(VISITOR, city, 1).items
    by_organisation = contributions_in_organisation(VISITOR, organisation, 1).items
    assert [row.post.topic.title for row in by_city] == ["From Ana"]
    assert [row.post.topic.title for row in by_organisation] == ["From Ben"]


def test_who_tried_it_does_not_name_hidden_members(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "Squares")
    post = queries.first_post(topic)
    actions.mark(people.ben, post.id, "tried it", "kept")
    actions.mark(people.chitra, post.id, "tried it", "stopped", "Too wet.")
    marks = queries.tried_in(topic.id)
    assert [mark.city.name for mark in marks if mark.city] == ["Nairobi", "Surat"]
    members.hide_profile(people.moderator, people.ben.id)
    assert [mark.member.id for mark in queries.tried_in(topic.id, 1)] == [people.chitra.id]
    assert not queries.tried_in(topic.id, 2)


def test_a_readers_marks_come_in_one_go(people: Any, agenda: Agenda, queries: Any) -> None:
    post = first_post(opened(people.ana, agenda, "Squares"))
    actions.mark(people.ben, post.id, "useful")
    with queries() as made:
        assert list(my_marks(people.ben, [post])[post.id]) == ["useful"]
        assert my_marks(VISITOR, [post]) == {}
        assert my_marks(people.ben, []) == {}
    assert made.count == 1


def test_marks_are_asked_for_only_where_somebody_left_one(
    people: Any, agenda: Agenda, queries: Any
) -> None:
    topic = opened(people.ana, agenda, "Squares")
    actions.reply(people.chitra, topic.id, write("Round ones."))

    def marks() -> Any:
        return reading_state(people.ben, topic, posts_in(people.ben, topic, 1).items).marks

    with queries() as made:
        assert marks() == {}
    assert not any("FROM mark" in statement for statement in made.statements)
    opening, reply = first_post(topic), posts_in(people.ben, topic, 1).items[1]
    for number, kind in enumerate(MARKS, 1):
        actions.mark(people.ben, opening.id, kind, outcome="kept" if kind == TRIED else None)
        actions.mark(people.chitra, opening.id, "useful")
        assert marks() == {opening.id: set(MARKS[:number])}
    actions.mark(people.ben, reply.id, "useful")
    with queries() as made:
        assert marks() == {opening.id: set(MARKS), reply.id: {"useful"}}
    assert made.count == 2, "the posts, and the reader's place with the marks"


def test_the_gist_of_a_post_has_no_signs(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "Squares")
    source = "> quoted\n\n## What we *did*\n\n- one [link](https://example.org/x)\n"
    reply = actions.reply(people.ben, topic.id, write(source))
    assert reply.gist == "What we did one link"
    assert len(actions.reply(people.ben, topic.id, write("word " * 4_000)).gist) <= 160


def test_rows_are_held_before_what_is_joined_to_them_is_read(
    people: Any, agenda: Any, queries: Any
) -> None:
    """Otherwise PostgreSQL would find no agenda for a topic that was moved while the action waited for its lock."""
    topic = actions.open_topic(
        people.ana, agenda.id, actions.NewTopic("question", "Who knows?", write("A text."))
    )
    with queries() as made:
        post = actions.reply(people.ben, topic.id, write("I do."))
        actions.mark(people.ana, post.id, "useful")
    holding = [words for words in made.statements if "FOR UPDATE" in words]
    assert not [words for words in holding if "LEFT OUTER JOIN" in words]


def test_what_search_engines_get_is_said_alike_in_python_and_in_sql(
    people: Any, agenda: Agenda
) -> None:
    topics = []
    for audience, is_hidden, unseen_at in product(
        ("public", "members"), (False, True), (None, now())
    ):
        topics.append(topic := opened(people.ana, agenda, "Squares", audience=audience))
        if is_hidden:
            actions.hide_topic(SYSTEM, topic.id)
        reviewed = update(Topic).where(Topic.id == topic.id)
        db.session.execute(reviewed.values(unseen_at=unseen_at))
    db.session.commit()
    shown = set(db.session.scalars(queries.indexable_topics().with_only_columns(Topic.id)))
    for topic in topics:
        db.session.refresh(topic)
        assert topic.is_indexable == (topic.id in shown)
    assert [topic.is_indexable for topic in topics] == [True] + [False] * 7


def test_held_texts_are_found_by_their_authors_and_by_who_moderates_where_they_wait(
    people: Any, agenda: Agenda
) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    topics = [opened(people.ana, where, "A topic") for where in (agenda, other)]
    held = {
        (author.id, topic.id): actions.reply(author, topic.id, write("A casino.")).id
        for author in (people.ben, people.chitra)
        for topic in topics
    }
    here = {held[author.id, topics[0].id] for author in (people.ben, people.chitra)}
    mine = {held[people.ben.id, topic.id] for topic in topics}
    db.session.refresh(people.ben)
    assert {text.id for text in queries.my_held(people.ben)} == mine
    assert list(queries.my_held(people.host)) == []
    for topic in topics:
        (found,) = queries.my_held_in(people.ben, topic)
        assert found.id == held[people.ben.id, topic.id]
        assert queries.get_held(people.ben, found.id).id == found.id
    with pytest.raises(NotFound):
        queries.get_held(people.ben, held[people.chitra.id, topics[0].id])
    assert {queries.get_held(people.host, number).id for number in here} == here
    with pytest.raises(NotFound):
        queries.get_held(people.host, (mine - here).pop())
    assert {text.id for text in db.session.scalars(queries.held_waiting(people.host))} == here
    actions.refuse(people.host, min(here), "It is advertising.")
    assert [text.id for text in db.session.scalars(queries.held_waiting(people.host))] == [
        max(here)
    ]


def test_a_draft_is_found_by_its_number_and_key_among_ones_own(people: Any, agenda: Agenda) -> None:
    topic = opened(people.ana, agenda, "A topic")
    drafts = [
        actions.keep_draft(
            author, actions.UnsentForm(key, [("source", "Words.")]), topic_id=topic.id
        )
        for author, key in ((people.ben, "a"), (people.ben, "b"), (people.chitra, "c"))
    ]
    for draft, key in zip(drafts[:2], "ab", strict=True):
        assert draft and queries.my_draft(people.ben, draft.id, topic_id=topic.id) is draft
        assert queries.draft_to_change(people.ben, key) is draft
    assert drafts[2] and queries.my_draft(people.ben, drafts[2].id, topic_id=topic.id) is None
    assert queries.draft_to_change(people.ben, "c") is None
    assert len(list(queries.my_drafts(people.ben))) == 2
