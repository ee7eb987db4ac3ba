"""What is done to practices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from forum.agendas.actions import archive
from forum.clock import at, month_end, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import SentForm
from forum.dialogue.queries import first_post, get_topic, topic_if_there, visible_topics
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.library import actions, queries
from forum.library.models import Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import suspend
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import queue_entries
from forum.search.queries import Query, find
from tests.dialogue.conftest import writes_for
from tests.library.conftest import SECRET, World, draft, found, practice_text, published, told


def test_a_draft_is_seen_by_its_author_and_who_moderates_its_agenda(world: World) -> None:
    practice = draft(world)
    for reader in (world.author, world.host, world.moderator):
        assert queries.get_practice(reader, practice.slug).state == "draft"
    for reader in (VISITOR, world.reader):
        with pytest.raises(NotFound):
            queries.get_practice(reader, practice.slug)
        assert found("pumps", reader) == []
    elsewhere = actions.write_practice(world.author, world.other.id, practice_text())
    with pytest.raises(NotFound):
        queries.get_practice(world.host, elsewhere.slug)


def test_from_draft_to_published(world: World) -> None:
    practice = draft(world)
    actions.submit(world.author, practice.id)
    assert [queue_entry.key for queue_entry in queue_entries(world.host)] == [
        ("practice", practice.id)
    ]
    actions.publish(world.host, practice.id)
    assert queries.get_practice(VISITOR, practice.slug).topic_id
    assert found("pumps") == [("practice", f"/practices/{practice.slug}")]
    assert told(world.author) == [("published", f"/practices/{practice.slug}")]
    topic = topic_if_there(VISITOR, practice.topic_id)
    assert topic is not None
    assert (topic.author_id, topic.home) == (world.author.id, f"/practices/{practice.slug}")


def test_who_cannot_publish_it_as_it_is_reads_what_its_author_has_to_change(world: World) -> None:
    """Its sentence says nothing but what another member wrote."""
    said = published(world)
    quote = f"> [**{world.author.name}**](/posts/{first_post(said.topic).id})\n> It works."
    practice = draft(world, sentence=quote)
    with pytest.raises(Invalid, match="Add words of your own"):
        actions.submit(world.author, practice.id)
    # One from before this was refused there
    db.session.execute(update(Practice).values(state="submitted").where(Practice.id == practice.id))
    db.session.commit()
    with pytest.raises(Conflict, match=r"Send it back .*“Add words of your own"):
        actions.publish(world.host, practice.id)
    assert queries.get_practice(world.host, practice.slug).state == "submitted"


def test_a_practice_is_returned_with_a_reason(world: World) -> None:
    practice = draft(world)
    actions.submit(world.author, practice.id)
    with pytest.raises(Invalid):
        actions.send_back(world.host, practice.id, " ")
    actions.send_back(world.host, practice.id, "Say what it cost.")
    assert told(world.author) == [("returned", f"/practices/{practice.slug}")]
    mine = queries.drafts_of(world.author)[0]
    assert (mine.state, mine.returned_reason) == ("returned", "Say what it cost.")
    actions.submit(world.author, practice.id)
    actions.publish(world.host, practice.id)
    assert queries.drafts_of(world.author) == []


@pytest.mark.parametrize("deed", [actions.submit, actions.delete_practice])
def test_a_return_waits_in_the_inbox_until_its_author_has_acted_on_it(
    world: World, deed: Any
) -> None:
    practice = draft(world)
    actions.submit(world.author, practice.id)
    actions.send_back(world.host, practice.id, "Say what it cost.")
    (waiting,) = waiting_for(world.author)
    changed = practice_text(cost="Nothing.")
    actions.write_practice(world.author, world.agenda.id, changed, practice.id)
    assert waiting_for(world.author) == [waiting]
    deed(world.author, practice.id)
    assert waiting_for(world.author) == []
    assert inbox(world.author).told[0].text == "Say what it cost."


def waiting_for(member: Any) -> list[int]:
    """The ids of the notices that ask a member for something."""
    make_notices(SYSTEM)
    db.session.expire_all()
    return [notice.id for notice in inbox(member).waiting]


def test_only_who_moderates_publishes(world: World) -> None:
    practice = draft(world)
    actions.submit(world.author, practice.id)
    for deed in (actions.publish, actions.feature, actions.unfeature, actions.hide_practice):
        with pytest.raises(Forbidden):
            deed(world.author, practice.id)
    with pytest.raises(Forbidden):
        actions.send_back(world.author, practice.id, "No.")
    with pytest.raises(NotFound):
        actions.publish(world.reader, practice.id)


def test_what_is_not_submitted_is_not_published(world: World, practice: Practice) -> None:
    unfinished = draft(world)
    for deed in (actions.publish, actions.feature):
        with pytest.raises(Conflict):
            deed(world.host, unfinished.id)
    with pytest.raises(Conflict):
        actions.publish(world.host, practice.id)


def test_nobody_submits_or_edits_the_practice_of_somebody_else(
    world: World, practice: Practice
) -> None:
    with pytest.raises(Forbidden):
        actions.submit(world.reader, practice.id)
    with pytest.raises(Forbidden):
        actions.write_practice(world.reader, world.agenda.id, practice_text(), practice.id)
    with pytest.raises(Forbidden):
        actions.delete_practice(world.host, practice.id)


def test_the_practice_of_a_suspended_author_waits(world: World) -> None:
    practice = draft(world)
    actions.submit(world.author, practice.id)
    suspend(world.moderator, world.author.id, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Conflict, match="Its author is suspended"):
        actions.publish(world.host, practice.id)


def test_nothing_new_on_an_archived_agenda(world: World) -> None:
    practice, submitted = draft(world), draft(world, title="Louder asphalt")
    actions.submit(world.author, submitted.id)
    archive(world.moderator, world.agenda.id)
    with pytest.raises(Conflict, match="This agenda is archived"):
        actions.publish(world.moderator, submitted.id)
    with pytest.raises(Forbidden):
        draft(world)
    with pytest.raises(Forbidden):
        actions.submit(world.author, practice.id)


def test_a_form_that_comes_twice_makes_one_practice(world: World) -> None:
    text = practice_text()
    first = actions.write_practice(world.author, world.agenda.id, text, form=SentForm("k"))
    changed = practice_text(cost="Nothing")
    second = actions.write_practice(world.author, world.agenda.id, changed, form=SentForm("k"))
    assert first.id == second.id and second.cost == "Nothing"
    assert len(queries.drafts_of(world.author)) == 1
    other = actions.write_practice(world.reader, world.agenda.id, text, form=SentForm("k"))
    assert other.id != first.id


def test_the_address_of_a_draft_follows_its_title_until_it_is_submitted(world: World) -> None:
    practice = draft(world, title="Test")
    text = practice_text(title="Pumps that ring")
    assert actions.write_practice(world.author, world.agenda.id, text, practice.id).slug == "pumps-that-ring"  # fmt: skip
    actions.submit(world.author, practice.id)
    text = practice_text(title="Pumps that sing")
    assert actions.write_practice(world.author, world.agenda.id, text, practice.id).slug == "pumps-that-ring"  # fmt: skip


def test_a_long_address_with_a_number_follows_its_title_too(world: World) -> None:
    title = "Pumps that ring " * 5
    first, second = draft(world, title=title), draft(world, title=title)
    assert len(first.slug) <= 60 and second.slug == f"{first.slug[:58].rstrip('-')}-2"
    text = practice_text(title="Pumps that sing")
    written = actions.write_practice(world.author, world.agenda.id, text, second.id)
    assert written.slug == "pumps-that-sing"


def test_a_short_practice_grows(world: World) -> None:
    practice = published(world, sections={})
    assert practice.sections == []
    later = now() + timedelta(days=2)
    with at(later):
        text = practice_text(sections={"done": "We wired them.", "failure": SECRET})
        actions.write_practice(world.author, world.agenda.id, text, practice.id)
    grown = queries.get_practice(world.reader, practice.slug)
    assert [part.name for part in queries.sections_for(world.reader, grown)] == ["done", "failure"]
    assert grown.updated_at > grown.published_at
    assert len(versions_of("practice", practice.id)) == 1
    with at(later):
        shorter = practice_text(sections={"done": "We wired all."})
        actions.write_practice(world.author, world.agenda.id, shorter, practice.id)
    again = queries.get_practice(world.reader, practice.slug)
    assert [part.source for part in again.sections] == ["We wired all."]


def test_drafts_keep_no_versions(world: World) -> None:
    practice = draft(world)
    text = practice_text(cost="Little")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert versions_of("practice", practice.id) == []


def test_what_it_cost_is_found(world: World) -> None:
    practice = published(world)
    assert found('"EUR 3,200"') == [("practice", f"/practices/{practice.slug}")]


def test_a_search_shows_a_practice_without_signs_of_markdown(world: World) -> None:
    practice = published(world)
    said = "EUR 3,200 a year · Nobody knew. We <mark>wired</mark> them."
    assert str(find(VISITOR, Query("wired")).page.items[0].snippet).endswith(said)
    text = practice_text(sections={"done": "We *wired* them **twice**."})
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert (
        "We <mark>wired</mark> them twice." in find(VISITOR, Query("wired")).page.items[0].snippet
    )


def test_what_did_not_work_is_found_by_members_alone_when_it_is_for_them(world: World) -> None:
    practice = published(world)
    place = f"/practices/{practice.slug}"
    part = [("failure", f"{place}#failure")]
    assert (found("drowned"), found("drowned", world.reader)) == ([], part)
    public = practice_text(failure_audience="public")
    actions.write_practice(world.author, world.agenda.id, public, practice.id)
    assert found("drowned") == found("drowned", world.reader) == [("practice", place)]
    actions.write_practice(world.author, world.agenda.id, practice_text(), practice.id)
    assert (found("drowned"), found("drowned", world.reader)) == ([], part)
    actions.hide_practice(world.host, practice.id)
    assert found("drowned", world.reader) == []
    actions.restore_practice(world.host, practice.id)
    assert found("drowned", world.reader) == part
    within = practice_text(audience="members")
    actions.write_practice(world.author, world.agenda.id, within, practice.id)
    assert (found("drowned"), found("drowned", world.reader)) == ([], [("practice", place)])
    actions.write_practice(world.author, world.agenda.id, practice_text(sections={}), practice.id)
    assert found("drowned", world.reader) == []
    actions.write_practice(world.author, world.agenda.id, practice_text(), practice.id)
    assert found("drowned", world.reader) == part
    actions.delete_practice(world.author, practice.id)
    assert found("drowned", world.reader) == []


def test_visitors_learn_nothing_of_what_did_not_work_from_counts_and_facets(world: World) -> None:
    told = {"done": "We wired them.", "failure": f"{SECRET} It was wired badly."}
    published(world, sections=told)
    nothing = find(VISITOR, Query("drowned"))
    assert (nothing.page.total, nothing.texts, nothing.kinds, nothing.agendas) == (0, 0, {}, {})
    assert find(VISITOR, Query("drowned", kinds=("failure",))).texts == 0
    seen, known = find(VISITOR, Query("wired")), find(world.reader, Query("wired"))
    assert (seen.page.total, seen.texts, seen.kinds) == (1, 1, {"practice": 1})
    assert (known.page.total, known.texts, known.kinds) == (1, 2, {"practice": 1, "failure": 1})
    (hit,) = known.page.items
    assert {document.kind for document in (hit.document, *hit.others)} == {"practice", "failure"}
    assert "badly" not in str([hit.snippet for hit in seen.page.items])
    # Only its own words find the part "failure", not the title
    titled = find(world.reader, Query("call"))
    assert (titled.texts, [hit.document.kind for hit in titled.page.items]) == (1, ["practice"])
    assert len(find(world.reader, Query("call drowned")).page.items) == 1


def test_a_practice_for_members_is_for_members_everywhere(world: World) -> None:
    practice = published(world, audience="members")
    dialogue.reply(world.reader, practice.topic_id, write("We tried."))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        queries.get_practice(VISITOR, practice.slug)
    assert queries.practices(VISITOR, queries.PracticeFilter()).total == 0
    assert not any(queries.practice_choices(VISITOR, queries.PracticeFilter()).values())
    assert found("pumps") == [] and found("we tried") == []
    assert db.session.scalars(visible_topics(VISITOR)).all() == []
    assert found("pumps", world.reader) and queries.get_practice(world.reader, practice.slug)
    with pytest.raises(Invalid) as refused:
        actions.write_practice(world.author, world.agenda.id, practice_text(), practice.id)
    assert refused.value.field == "audience"


def test_a_hidden_comment_on_a_practice_for_members_does_not_come_back_in_public(
    world: World,
) -> None:
    practice = published(world, audience="members")
    reply = dialogue.reply(world.reader, practice.topic_id or 0, write("We tried."))
    dialogue.hide(world.moderator, reply.id, "Rule 2")
    with pytest.raises(Invalid, match="for members only"):
        actions.write_practice(world.author, world.agenda.id, practice_text(), practice.id)


def test_what_was_tried_or_is_wanted_for_members_only_does_not_become_public(world: World) -> None:
    practice = published(world, audience="members")
    assert practice.topic_id is not None
    topic_id = practice.topic_id
    opening = first_post(get_topic(SYSTEM, topic_id))

    def open_it() -> None:
        actions.write_practice(world.author, world.agenda.id, practice_text(), practice.id)

    actions.intend(world.reader, topic_id, month_end(2))
    with pytest.raises(Invalid, match="want to try it"):
        open_it()
    actions.give_up(world.reader, topic_id)
    dialogue.mark(world.reader, opening.id, "tried it", "stopped", "Our mayor was against it.")
    with pytest.raises(Invalid, match="that they tried it"):
        open_it()
    dialogue.unmark(world.reader, opening.id, "tried it")
    open_it()
    assert queries.get_practice(VISITOR, practice.slug).audience == "public"


def test_a_practice_becomes_for_members_with_its_discussion(world: World) -> None:
    practice = published(world)
    dialogue.reply(world.reader, practice.topic_id, write("We tried."))  # type: ignore[arg-type]
    text = practice_text(audience="members")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert found("pumps") == [] and found("we tried") == []
    assert topic_if_there(VISITOR, practice.topic_id) is None


def test_a_hidden_practice_is_hidden_everywhere(world: World, practice: Practice) -> None:
    actions.hide_practice(world.host, practice.id)
    for reader in (VISITOR, world.reader):
        with pytest.raises(NotFound):
            queries.get_practice(reader, practice.slug)
        assert queries.practices(reader, queries.PracticeFilter()).total == 0
        assert found("pumps", reader) == []
    assert queries.latest_practices(world.author) == ()
    assert queries.get_practice(world.author, practice.slug).hidden_at
    text = practice_text(cost="Little")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert found("pumps") == []
    actions.restore_practice(world.host, practice.id)
    assert queries.get_practice(VISITOR, practice.slug) and found("pumps")


def test_a_deleted_practice_goes_with_its_text(world: World, practice: Practice) -> None:
    copy = published(world, adapted_from_id=practice.id)
    changed = practice_text(sentence="Another sentence.")
    actions.write_practice(world.author, world.agenda.id, changed, practice.id)
    assert versions_of("practice", practice.id)
    actions.delete_practice(world.author, practice.id)
    assert versions_of("practice", practice.id) == []
    for reader in (VISITOR, world.author, world.moderator):
        with pytest.raises(NotFound):
            queries.get_practice(reader, practice.slug)
        assert topic_if_there(reader, practice.topic_id) is None
    kept = db.session.scalars(select(Practice).where(Practice.id == practice.id)).one()
    assert (kept.sentence, kept.link, kept.sections) == ("", "", [])
    assert found("pumps") == [("practice", f"/practices/{copy.slug}")]
    assert queries.adapted_from(VISITOR, copy) is None


def test_a_hidden_practice_can_be_deleted(world: World, practice: Practice) -> None:
    actions.hide_practice(world.host, practice.id)
    actions.delete_practice(world.author, practice.id)
    assert queries.published_by(world.author) == []


def test_a_practice_of_another_city_is_used(world: World, practice: Practice) -> None:
    text = practice_text(adapted_from_id=practice.id, city_id=None)
    copy = actions.write_practice(world.reader, world.agenda.id, text)
    assert queries.adapted_by(VISITOR, practice) == []
    actions.submit(world.reader, copy.id)
    actions.publish(world.host, copy.id)
    assert [adapted.id for adapted in queries.adapted_by(VISITOR, practice)] == [copy.id]
    origin = queries.adapted_from(VISITOR, copy)
    assert origin is not None and origin.id == practice.id
    secret = draft(world)
    with pytest.raises(NotFound):
        unseen = practice_text(adapted_from_id=secret.id)
        actions.write_practice(world.reader, world.agenda.id, unseen)


def test_only_a_moderator_of_both_moves_a_published_practice(
    world: World, practice: Practice
) -> None:
    with pytest.raises(Invalid):
        actions.write_practice(world.author, world.other.id, practice_text(), practice.id)
    actions.write_practice(world.moderator, world.other.id, practice_text(), practice.id)
    topic = topic_if_there(VISITOR, practice.topic_id)
    assert topic is not None and topic.agenda_id == world.other.id
    assert queries.get_practice(VISITOR, practice.slug).author_id == world.author.id


def test_featured_practices_come_first(world: World, practice: Practice) -> None:
    newer = published(world, title="Newer")
    actions.feature(world.host, practice.id)
    order = [listed.id for listed in queries.practices(VISITOR, queries.PracticeFilter()).items]
    assert order == [practice.id, newer.id]
    actions.unfeature(world.host, practice.id)
    order = [listed.id for listed in queries.practices(VISITOR, queries.PracticeFilter()).items]
    assert order == [newer.id, practice.id]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": " https://x.example"}, "link"),
        ({"started": 2**63}, "started"),
        ({"cost": "9" * 201}, "cost"),
    ],
)
def test_a_practice_that_cannot_be_taken_is_not_kept(
    world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        draft(world, **changes)
    assert refused.value.field == field
    assert queries.drafts_of(world.author) == []


def test_a_draft_needs_its_sentence_when_it_is_submitted(world: World) -> None:
    text = practice_text(sentence=" ")
    with pytest.raises(Invalid) as refused:
        actions.write_and_submit(world.author, world.agenda.id, text)
    assert refused.value.field == "sentence" and queries.drafts_of(world.author) == []
    saved = draft(world, sentence="")
    with pytest.raises(Invalid):
        actions.submit(world.author, saved.id)
    whole = practice_text()
    saved = actions.write_and_submit(world.author, world.agenda.id, whole, saved.id)
    with pytest.raises(Invalid):
        actions.write_practice(world.author, world.agenda.id, text, saved.id)
    saved = actions.publish(world.host, saved.id)
    with pytest.raises(Invalid):
        actions.write_practice(world.author, world.agenda.id, text, saved.id)
    assert queries.get_practice(VISITOR, saved.slug).sentence == whole.sentence


def test_nobody_writes_for_an_organisation_without_one(world: World) -> None:
    with pytest.raises(Forbidden):
        draft(world, for_organisation=True)


def organisations_of(practice: Practice) -> list[int | None]:
    """The organisations for which a practice, its topic and the post that opens it are written."""
    topic = get_topic(SYSTEM, practice.topic_id or 0)
    return [practice.organisation_id, topic.organisation_id, first_post(topic).organisation_id]


@pytest.fixture
def for_city(world: World) -> Practice:
    """A published practice of the author's, who writes for her city."""
    city = writes_for(world.author, "Alcaldía de Medellín")
    practice = draft(world, for_organisation=True)
    actions.submit(world.author, practice.id)
    actions.publish(world.moderator, practice.id)
    assert organisations_of(practice) == [city.id] * 3
    return practice


def test_who_says_that_it_is_written_for_nobody_says_so_of_its_discussion_too(
    world: World, for_city: Practice
) -> None:
    mine = practice_text(for_organisation=False)
    changed = actions.write_practice(world.author, world.agenda.id, mine, for_city.id)
    assert organisations_of(changed) == [None, None, None]


def test_words_that_change_are_said_in_the_name_of_no_former_organisation(
    world: World, for_city: Practice
) -> None:
    here, city = world.agenda.id, for_city.organisation_id
    members.edit_profile(world.author, members.Profile("Ana"))
    same = practice_text(for_organisation=None)
    kept = actions.write_practice(
        world.author, here, replace(same, evidence="studied"), for_city.id
    )
    assert organisations_of(kept) == [city] * 3
    corrected = replace(same, cost="EUR 3")
    kept = actions.write_practice(world.moderator, here, corrected, for_city.id)
    assert organisations_of(kept) == [city] * 3
    changed = actions.write_practice(world.author, here, replace(same, cost="Much"), for_city.id)
    assert organisations_of(changed) == [None, None, None]


def test_what_waits_again_is_not_published_for_a_former_organisation(
    world: World, for_city: Practice
) -> None:
    actions.wait_again(world.moderator, for_city.id)
    members.edit_profile(world.author, members.Profile("Ana"))
    actions.write_practice(
        world.author, world.agenda.id, practice_text(for_organisation=None), for_city.id
    )
    assert organisations_of(actions.publish(world.moderator, for_city.id)) == [None, None, None]
