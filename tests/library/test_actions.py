"""What is done to cases and readings: what is saved, what follows from it, and who is refused."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import SentForm
from forum.dialogue.models import Post
from forum.dialogue.queries import first_post, paragraph_comments, topic_if_there, visible_topics
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.library import actions, queries
from forum.library.actions import FigureText, LinkText, ReadingText
from forum.library.models import Case
from forum.markdown import paragraph_key
from forum.markup import write
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.library.conftest import BODY, World, case_text, draft, found, practice_text


def keys(case: Case) -> list[str]:
    return [paragraph.key for paragraph in case.paragraphs]


def comment(world: World, case: Case, key: str | None) -> Post:
    return dialogue.reply(world.reader, case.topic_id, write("Is this so?"), paragraph=key)


# Cases


def test_a_case_opens_its_discussion_and_is_found(world: World, case: Case) -> None:
    assert case.slug == "the-delta-network"
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None
    assert (topic.kind, topic.home, topic.title) == ("case", "/cases/the-delta-network", case.name)
    assert found("deltas") == [("case", "/cases/the-delta-network")]
    assert found("surat") == [("case", "/cases/the-delta-network")]


def test_two_cases_of_a_name_have_two_addresses(world: World, case: Case) -> None:
    again = actions.write_case(world.host, world.agenda.id, case_text())
    assert again.slug == "the-delta-network-2"
    assert again.position == case.position + 1


def test_a_form_that_comes_twice_makes_one_case(world: World) -> None:
    first = actions.write_case(world.host, world.agenda.id, case_text(), form=SentForm("k1"))
    second = actions.write_case(world.host, world.agenda.id, case_text(), form=SentForm("k1"))
    assert first.id == second.id
    assert queries.cases(VISITOR, queries.CaseFilter()).total == 1


def test_names_that_are_pages_are_not_given_away(world: World) -> None:
    assert actions.write_case(world.host, world.agenda.id, case_text(name="New")).slug == "new-2"


def test_only_who_curates_writes_cases(world: World) -> None:
    for person in (world.reader, world.author):
        with pytest.raises(Forbidden):
            actions.write_case(person, world.agenda.id, case_text())
    with pytest.raises(Forbidden):
        actions.write_case(world.host, world.other.id, case_text())
    assert actions.write_case(world.moderator, world.other.id, case_text()).agenda_id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"summary": ""}, "summary"),
        ({"body": "\n"}, "body"),
        ({"body": "word\n\n" * 101}, "body"),
        ({"since": 20}, "since"),
        ({"since": 2**40}, "since"),
        ({"links": [LinkText("A trap", "javascript:alert(1)")]}, "links"),
        ({"figures": [FigureText("Members", "75", address="data:text/html,x")]}, "figures"),
        ({"figures": [FigureText("Members", "9" * 300)]}, "figures"),
    ],
)
def test_a_case_that_cannot_be_taken_is_not_kept(
    world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.write_case(world.host, world.agenda.id, case_text(**changes))
    assert refused.value.field == field
    assert queries.cases(VISITOR, queries.CaseFilter()).total == 0
    assert db.session.scalars(visible_topics(SYSTEM)).all() == []


def rewrite(world: World, case: Case, body: str) -> None:
    """Replace the text of a case, as its form does."""
    text = case_text(body=body)
    moves = actions.moved_paragraphs(case, text)
    actions.write_case(world.host, world.agenda.id, text, case.id, moves=moves)


def test_comments_follow_their_paragraph(world: World, case: Case) -> None:
    first, second, third = keys(case)
    for key in (first, second, third):
        comment(world, case, key)
    body = BODY.replace("a fee of honour", "a small fee of honour").replace(
        "It will end one day.", ""
    )
    rewrite(world, case, body)
    changed = queries.get_case(VISITOR, case.slug)
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None
    beside = paragraph_comments(topic)
    assert set(beside) == {first, keys(changed)[1]}
    assert keys(changed)[1] != second
    assert topic.replies_count == 3


def test_a_comment_that_waits_for_a_moderator_follows_its_paragraph(
    world: World, case: Case
) -> None:
    """Approved afterwards, it stands beside the paragraph that says it now, or beside none when that is gone."""
    make_rule(SYSTEM, RuleText("word", "so", "We read this first."))
    _first, second, third = keys(case)
    edited, gone = (
        dialogue.reply(world.reader, case.topic_id, write(f"Is this so? {key}"), paragraph=key)
        for key in (second, third)
    )
    body = BODY.replace("a fee of honour", "a small fee of honour")
    rewrite(world, case, body.replace("It will end one day.", ""))
    now_said = keys(queries.get_case(VISITOR, case.slug))[1]
    published = [dialogue.approve(world.host, held.id) for held in (edited, gone)]
    assert now_said != second
    assert [post.paragraph for post in published] == [now_said, None]


def test_a_comment_on_a_paragraph_that_was_edited_meanwhile_goes_to_the_case(
    world: World, case: Case
) -> None:
    text = case_text(body=BODY.replace("a fee of honour", "a small fee of honour"))
    moves = actions.moved_paragraphs(case, text)
    late = comment(world, case, keys(case)[1])
    assert moves == {}
    actions.write_case(world.host, world.agenda.id, text, case.id, moves=moves)
    db.session.refresh(late)
    assert late.paragraph is None


def test_paragraphs_that_say_the_same_have_keys_of_their_own(world: World) -> None:
    case = actions.write_case(world.host, world.agenda.id, case_text(body="Yes.\n\nYes.\n\nYes."))
    assert len(set(keys(case))) == 3
    assert keys(case)[0] == paragraph_key("Yes.")
    assert comment(world, case, keys(case)[2]).paragraph == keys(case)[2]


@pytest.mark.usefixtures("no_collection")
def test_moving_comments_stays_quick_with_hostile_bodies(world: World) -> None:
    body = "\n\n".join(f"{'a b ' * 45}{number}" for number in range(100))
    case = actions.write_case(world.host, world.agenda.id, case_text(body=body))
    for key in keys(case)[::4]:
        comment(world, case, key)
    other = "\n\n".join(f"{'b a ' * 45}x{number}" for number in range(100))
    started = process_time()
    rewrite(world, case, other)
    assert process_time() - started < 5


def test_an_edited_case_keeps_what_it_said(world: World, case: Case) -> None:
    text = case_text(summary="Dikes are compared.", name="The dike network")
    actions.write_case(world.host, world.agenda.id, text, case.id)
    assert versions_of("case", case.id)[0].fields["name"] == "The delta network"
    edit = queries.case_edits(queries.get_case(VISITOR, case.slug))[0]
    assert dict(edit.differences)["name"] == [("same", "The "), ("gone", "delta "), ("new", "dike "), ("same", "network")]  # fmt: skip
    assert found("deltas") == []
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None and topic.title == "The dike network"
    opening = first_post(topic)
    assert opening is not None and opening.source == "Dikes are compared."


def test_saving_a_case_unchanged_keeps_no_version(world: World, case: Case) -> None:
    text = case_text(theme_ids=[world.themes[0].id])
    actions.write_case(world.host, world.agenda.id, text, case.id)
    assert versions_of("case", case.id) == []
    assert [p.key for p in queries.get_case(VISITOR, case.slug).paragraphs] == keys(case)


def test_a_case_moves_with_its_discussion(world: World, case: Case) -> None:
    actions.write_case(world.moderator, world.other.id, case_text(), case.id)
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None and topic.agenda_id == world.other.id
    assert [shown.id for shown in queries.cases_of(VISITOR, world.other)] == [case.id]
    with pytest.raises(Forbidden):
        actions.write_case(world.host, world.agenda.id, case_text(), case.id)


def test_a_hidden_case_is_hidden_everywhere(world: World, case: Case) -> None:
    comment(world, case, keys(case)[0])
    actions.hide_case(world.host, case.id)
    for reader in (VISITOR, world.reader):
        with pytest.raises(NotFound):
            queries.get_case(reader, case.slug)
        assert queries.cases(reader, queries.CaseFilter()).total == 0
        assert not any(queries.case_choices(reader, queries.CaseFilter()).values())
        assert found("deltas", reader) == [] and found("this so", reader) == []
        assert db.session.scalars(visible_topics(reader)).all() == []
    assert queries.get_case(world.host, case.slug).hidden_at
    actions.restore_case(world.moderator, case.id)
    assert queries.get_case(VISITOR, case.slug) and found("deltas") and found("this so")


def test_members_do_not_hide_cases(world: World, case: Case) -> None:
    for deed in (actions.hide_case, actions.restore_case):
        with pytest.raises(Forbidden):
            deed(world.reader, case.id)


def test_cases_are_put_in_order(world: World, case: Case) -> None:
    other = actions.write_case(world.host, world.agenda.id, case_text(name="Another"))
    actions.order_cases(world.host, world.agenda.id, [other.id])
    assert [shown.id for shown in queries.cases_of(VISITOR, world.agenda)] == [other.id, case.id]
    with pytest.raises(Forbidden):
        actions.order_cases(world.reader, world.agenda.id, [case.id])


# Readings


def reading(**changes: Any) -> ReadingText:
    fields = {"title": "The metropolitan revolution", "authors": "Katz, Bruce", "year": 2013}
    return ReadingText(**{**fields, **changes})


def test_readings_are_written_ordered_and_removed(world: World) -> None:
    first = actions.write_reading(world.host, world.agenda.id, reading())
    assert actions.write_reading(world.host, world.agenda.id, reading()).id == first.id
    second = actions.write_reading(world.host, world.agenda.id, reading(title="Who’s your city"))
    actions.order_readings(world.host, world.agenda.id, [second.id, first.id])
    shown = [shown.id for shown in queries.readings_of(VISITOR, world.agenda)]
    assert shown == [second.id, first.id]
    assert found("metropolitan")[0][0] == "reading"
    actions.write_reading(world.host, world.agenda.id, reading(title="The revolution"), first.id)
    assert versions_of("reading", first.id)[0].fields["title"] == "The metropolitan revolution"
    assert found("metropolitan") == []
    actions.remove_reading(world.host, first.id)
    assert [shown.id for shown in queries.readings_of(VISITOR, world.agenda)] == [second.id]
    assert found("revolution") == []
    with pytest.raises(NotFound):
        queries.reading_to_edit(world.host, first.id)


def test_only_who_curates_keeps_the_readings(world: World) -> None:
    with pytest.raises(Forbidden):
        actions.write_reading(world.reader, world.agenda.id, reading())
    kept = actions.write_reading(world.host, world.agenda.id, reading())
    for attempt in (
        lambda: actions.remove_reading(world.reader, kept.id),
        lambda: actions.write_reading(world.author, world.agenda.id, reading(), kept.id),
        lambda: actions.order_readings(world.author, world.agenda.id, [kept.id]),
    ):
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(Invalid):
        actions.write_reading(world.host, world.agenda.id, reading(link="ftp://x"))


# Two requests at the same moment: the first look-up of each finds nothing yet


def late(look_up: Any) -> Any:
    calls: list[int] = []

    def seeing(*args: Any) -> Any:
        calls.append(1)
        return look_up(*args) if len(calls) > 1 else None

    return seeing


def test_two_equal_practices_at_once_are_one(world: World, monkeypatch: Any) -> None:
    first = actions.write_practice(
        world.author, world.agenda.id, practice_text(), form=SentForm("k")
    )
    monkeypatch.setattr(
        "forum.library.actions.practices.practice_by_submission_key",
        late(queries.practice_by_submission_key),
    )
    second = actions.write_practice(
        world.author, world.agenda.id, practice_text(), form=SentForm("k")
    )
    assert first.id == second.id and len(queries.drafts_of(world.author)) == 1


def test_two_equal_cases_at_once_are_one(world: World, monkeypatch: Any) -> None:
    first = actions.write_case(world.host, world.agenda.id, case_text(), form=SentForm("k"))
    monkeypatch.setattr(
        "forum.library.actions.cases.case_by_submission_key", late(queries.case_by_submission_key)
    )
    second = actions.write_case(world.host, world.agenda.id, case_text(), form=SentForm("k"))
    assert first.id == second.id
    assert queries.cases(VISITOR, queries.CaseFilter()).total == 1


def test_a_case_sent_again_with_another_text_says_what_came_last(world: World) -> None:
    first = actions.write_case(world.host, world.agenda.id, case_text(), form=SentForm("k"))
    again = actions.write_case(
        world.host, world.agenda.id, case_text(body="Written on."), form=SentForm("k")
    )
    assert again.id == first.id and again.body == "Written on."


def test_two_practices_of_a_title_at_once_are_not_both_taken(
    world: World, monkeypatch: Any
) -> None:
    draft(world)
    monkeypatch.setattr("forum.library.actions._rows.taken_slugs", lambda *_args: set())
    with pytest.raises(Conflict):
        draft(world)


def test_who_moderates_is_told_of_a_submitted_practice_until_it_is_decided(world: World) -> None:
    practice = draft(world)

    def waiting() -> list[str]:
        make_notices(SYSTEM)
        told = inbox(world.host).page.items
        return [notice.address for notice in told if notice.kind == "queue" and not notice.read_at]

    for decide in (
        lambda: actions.send_back(world.host, practice.id, "What did not work?"),
        lambda: actions.publish(world.host, practice.id),
    ):
        actions.submit(world.author, practice.id)
        assert waiting() == [f"/moderation/practice/{practice.id}"]
        decide()
        assert waiting() == []
