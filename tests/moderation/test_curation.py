"""Removing, asking to edit, notes, splitting and other deeds on texts: what follows from each, and undoing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.queries import themes_by_slug
from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import REVERSED
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions._rows import set_themes
from forum.dialogue.models import POSTS_PER_PAGE, Post
from forum.dialogue.queries import first_post, get_post, get_topic, posts_in
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.library.queries import practice_by_id
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from forum.upkeep.queries import checks, faults_of

REASONS = Reasons("It is rude.", 2)


@pytest.fixture(autouse=True)
def sound(app: Flask) -> Iterator[None]:
    """Whatever a test did, `flask check` finds nothing wrong afterwards."""
    yield
    while make_notices(SYSTEM):
        pass
    assert [fault for check in checks() for fault in faults_of(check)] == []


def notices_of(member: Any) -> list[Any]:
    while make_notices(SYSTEM):
        pass
    return list(inbox(member).page.items)


def shown(reader: Any, topic_id: int) -> list[int]:
    topic = get_topic(reader, topic_id)
    return [post.number for post in posts_in(reader, topic, 1).items]


def found(words: str) -> int:
    return find(VISITOR, Query(words)).texts


# Removing


def test_of_a_removed_post_readers_see_nothing_and_moderators_all(people: Any, things: Any) -> None:
    actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    for reader in (VISITOR, people.chitra, people.ben):
        assert shown(reader, things.topic.id) == [1, 3]
        with pytest.raises(NotFound):
            get_post(reader, things.first.id)
    for reader in (people.host, people.moderator):
        assert shown(reader, things.topic.id) == [1, 2, 3]
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.replies_count, topic.posts_count) == (1, 3)
    assert found("rude") == 0


def test_the_author_of_a_removed_post_reads_it_with_the_reasons(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    (notice,) = [one for one in notices_of(people.ben) if one.kind == "decision"]
    assert notice.text == "Removed by the moderators. It is rude."
    browser = sign_in(people.ben)
    page = browser.get(f"/moderation/decisions/{decision.id}").get_data(as_text=True)
    assert "A rude" in page and "Be fair to people" in page and "Appeal" in page
    assert browser.get(f"/posts/{things.first.id}").status_code == 404
    assert "hidden by a moderator" not in browser.get(things.topic.address).get_data(as_text=True)


def test_nobody_does_anything_to_a_removed_post(people: Any, things: Any) -> None:
    actions.decide(people.moderator, "post", things.first.id, "remove", REASONS)
    for deed in (
        lambda: dialogue.mark(people.chitra, things.first.id, "useful"),
        lambda: dialogue.edit(people.ben, things.first.id, write("Better.")),
        lambda: actions.report(people.chitra, "post", things.first.id, "spam"),
    ):
        with pytest.raises(NotFound):
            deed()


def test_what_is_hidden_can_be_removed_and_not_the_other_way(people: Any, things: Any) -> None:
    actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    with pytest.raises(Conflict):
        actions.decide(people.moderator, "post", things.first.id, "hide", REASONS)
    undone = actions.undo(people.host, queries.latest_undoable_decision(people.host).id)  # type: ignore[union-attr]
    assert undone.deed == "undo" and shown(VISITOR, things.topic.id) == [1, 2, 3]
    post = get_post(VISITOR, things.first.id)
    assert post.is_gone and post.hidden_reason == "Rule 2: Be fair to people"


def test_removing_is_undone_and_reversed_after_an_appeal(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    said = appeal(people.ben, decision.id, "It was a quotation.")
    decide_appeal(people.moderator, said.id, "reversed", "So it was.")
    assert not get_post(VISITOR, things.first.id).is_gone
    assert found("rude") == 1
    assert get_member(SYSTEM, people.ben.handle).posts_count == 1


def test_restoring_what_was_removed_can_be_undone(people: Any, things: Any) -> None:
    actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    restored = actions.decide(people.moderator, "post", things.first.id, "restore")
    assert not get_post(VISITOR, things.first.id).is_gone
    actions.undo(people.moderator, restored.id)
    assert get_post(people.host, things.first.id).removed_at


def test_a_topic_is_removed_and_restored(people: Any, things: Any) -> None:
    decision = actions.decide(people.host, "topic", things.topic.id, "remove", REASONS)
    with pytest.raises(NotFound):
        get_topic(people.ana, things.topic.id)
    assert get_topic(people.host, things.topic.id).removed_at
    text = queries.own_withheld_text(people.ana, decision)
    assert text is not None and "bells" in text.source
    assert [n.text for n in notices_of(people.ben) if n.kind == "decision"] == [
        "It is hidden, and your posts with it."
    ]
    actions.decide(people.host, "topic", things.topic.id, "restore")
    assert get_topic(VISITOR, things.topic.id).removed_at is None


def test_a_topic_of_which_nothing_is_left_is_removed_with_its_last_post(
    people: Any, agenda: Any, things: Any
) -> None:
    new = dialogue.NewTopic("experience", "Alone", write("Nobody answered."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    opening = posts_in(VISITOR, topic, 1).items[0]
    actions.decide(people.host, "post", opening.id, "remove", REASONS)
    assert get_topic(people.host, topic.id).removed_at
    actions.decide(people.host, "post", opening.id, "restore")
    kept = get_topic(VISITOR, topic.id)
    assert kept.removed_at is None and kept.excerpt == "Nobody answered."


def test_readers_are_told_of_a_hidden_topic_and_its_rule_and_nothing_of_a_removed_one(
    client: Any, people: Any, things: Any
) -> None:
    nothing = client.get("/topics/999999").get_data(as_text=True)
    actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    answer = client.get(things.topic.address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "The moderators have hidden this topic. Rule 2: Be fair to people." in page
    assert "It is rude" not in page and things.topic.title not in page
    actions.decide(people.host, "topic", things.topic.id, "remove", REASONS)
    page = client.get(f"/topics/{things.topic.id}").get_data(as_text=True)
    assert page == nothing.replace("999999", str(things.topic.id))
    undo(people.host)
    assert "Rule 2" in client.get(things.topic.address).get_data(as_text=True)


def test_whom_a_hidden_topic_concerns_is_led_to_the_decision(
    client: Any, sign_in: Any, people: Any, things: Any
) -> None:
    opening = posts_in(VISITOR, things.topic, 1).items[0]
    stranger = members.join(VISITOR, members.Joining("Olga", "olga@example.org", "-"))
    decision = actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    where = f"/moderation/decisions/{decision.id}"
    way = f'<a href="{where}">Read why, and what you can do</a>'
    for person in (people.ana, people.ben):
        answer = sign_in(person).get(things.topic.address)
        assert answer.status_code == 404 and "Rule 2: Be fair to people." in answer.text
        assert way in answer.text and things.topic.title not in answer.text
        assert sign_in(person).get(where).status_code == 200
    for other in (client, sign_in(stranger)):
        assert "Read why" not in other.get(things.topic.address).text
    why = f"/posts/{opening.id}/why"
    assert sign_in(people.ana).get(why).location == where
    assert sign_in(stranger).get(why).status_code == 404
    actions.decide(people.host, "topic", things.topic.id, "remove", REASONS)
    assert "Read why" not in sign_in(people.ana).get(f"/topics/{things.topic.id}").text


def test_profiles_are_not_removed(people: Any, things: Any) -> None:
    with pytest.raises(Invalid):
        actions.decide(people.moderator, "member", people.ben.id, "remove", REASONS)


PAGES = pytest.mark.parametrize("kind", ["case", "practice"])


@pytest.fixture
def shared(people: Any, things: Any) -> Any:
    """Ben's practice, published."""
    return library.publish(people.host, things.practice.id)


def page_of(things: Any, shared: Any, kind: str) -> tuple[Any, str]:
    page = shared if kind == "practice" else things.case
    return page, f"/{kind}s/{page.slug}"


@PAGES
def test_who_commented_on_a_hidden_page_is_led_to_the_decision(
    sign_in: Any, people: Any, things: Any, shared: Any, kind: str
) -> None:
    page, address = page_of(things, shared, kind)
    dialogue.reply(people.ana, page.topic_id, write("Mine."))
    decision = actions.decide(people.host, kind, page.id, "hide", REASONS)
    said = sign_in(people.ana).get(address).text
    assert f'href="/moderation/decisions/{decision.id}">Read why, and what you can do</a>' in said
    assert "Read why" not in sign_in(people.chitra).get(address).text


@PAGES
def test_readers_are_told_of_a_hidden_page_and_its_rule_and_nothing_of_a_removed_one(
    client: Any, people: Any, things: Any, shared: Any, kind: str
) -> None:
    page, address = page_of(things, shared, kind)
    nothing = client.get(f"/{kind}s/not-here").get_data(as_text=True)
    actions.decide(people.host, kind, page.id, "hide", REASONS)
    answer = client.get(address)
    said = answer.get_data(as_text=True)
    assert answer.status_code == 404
    assert "The moderators have hidden this page. Rule 2: Be fair to people." in said
    assert "It is rude" not in said and things_title(page) not in said
    assert "If you typed the address" in nothing and "If you typed the address" not in said
    actions.decide(people.host, kind, page.id, "remove", REASONS)
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.get_data(as_text=True) == nothing.replace("not-here", page.slug)
    undo(people.host)
    assert "Rule 2" in client.get(address).get_data(as_text=True)
    actions.decide(people.host, kind, page.id, "restore")
    assert client.get(address).status_code == 200


def things_title(page: Any) -> str:
    return str(getattr(page, "title", None) or page.name)


@PAGES
def test_a_removed_page_is_in_no_list_search_feed_or_facet(
    client: Any, people: Any, things: Any, shared: Any, kind: str
) -> None:
    page, address = page_of(things, shared, kind)
    dialogue.reply(people.chitra, page.topic_id, write("A comment."))
    dialogue.mark(people.chitra, opening_of(page), "tried it", "kept")
    paths = (f"/{kind}s", "/", "/agendas/quieter", "/topics", "/feeds/all.atom", "/sitemap.xml")
    paths += (f"/{kind}s?tried=kept", "/members/ben-okoth", "/cities/surat", "/sitemap/1.xml")
    title, before = things_title(page), {}
    for path in paths:
        before[path] = client.get(path).get_data(as_text=True)
    assert title in before[f"/{kind}s"] and title in before[f"/{kind}s?tried=kept"]
    assert found(title) == found(f"{title} comment") == 1  # the page, and the comment on it
    actions.decide(people.host, kind, page.id, "remove", REASONS)
    for path in paths:
        said = client.get(path).get_data(as_text=True)
        assert title not in said and address not in said, path
    assert found(title) == found(f"{title} comment") == found("A comment.") == 0
    assert client.get(f"/topics/{page.topic_id}/feed.atom").status_code == 404
    assert client.get(f"/topics/{page.topic_id}").status_code == 404
    undo(people.host)
    for path, said in before.items():
        assert client.get(path).get_data(as_text=True) == said, path


@PAGES
@pytest.mark.parametrize("deed", ["hide", "remove"])
def test_who_commented_on_a_page_is_told_once_and_reads_which_rule(
    people: Any, things: Any, shared: Any, sign_in: Any, kind: str, deed: str
) -> None:
    page, _address = page_of(things, shared, kind)
    for words in ("Why at ten?", "And who pays?"):
        dialogue.reply(people.chitra, page.topic_id, write(words))
    decision = actions.decide(people.host, kind, page.id, deed, REASONS)
    address = f"/moderation/decisions/{decision.id}"
    (notice,) = [one for one in notices_of(people.chitra) if one.kind == "decision"]
    assert (notice.address, notice.title) == (address, "A page that you commented on")
    assert notice.text == "It is hidden, and your comments with it."
    for path in (address, f"{address}/appeal"):
        said = sign_in(people.chitra).get(path).text
        assert "Rule 2" in said or "2. Be fair to people" in said
        assert "A page that you commented on" in said
        assert things_title(page) not in said and "It is rude." not in said
    assert not [one for one in notices_of(people.ana) if one.kind == "decision"]
    assert sign_in(people.ana).get(address).status_code == 404
    asked = appeal(people.chitra, decision.id, "I have said nothing rude.")
    decide_appeal(people.administrator, asked.id, REVERSED, "You are right.")
    assert sign_in(people.chitra).get(f"/{kind}s/{page.slug}").status_code == 200


@PAGES
def test_who_commented_on_another_page_reads_nothing_of_it(
    people: Any, things: Any, shared: Any, sign_in: Any, kind: str
) -> None:
    kinds = [kind, "practice" if kind == "case" else "case"]
    pages = [page_of(things, shared, one)[0] for one in kinds]
    dialogue.reply(people.chitra, pages[0].topic_id, write("Why at ten?"))
    both = zip(kinds, pages, strict=True)
    decisions = [actions.decide(people.host, one, page.id, "hide", REASONS) for one, page in both]
    browser = sign_in(people.chitra)
    found = [browser.get(f"/moderation/decisions/{one.id}").status_code for one in decisions]
    assert found == [200, 404]


def opening_of(page: Any) -> int:
    posts = select(Post.id).where(Post.topic_id == page.topic_id, Post.number == 1)
    return int(db.session.scalars(posts).one())


def test_the_author_of_a_removed_practice_reads_it_with_the_reasons(
    people: Any, shared: Any, sign_in: Any
) -> None:
    decision = actions.decide(people.host, "practice", shared.id, "remove", REASONS)
    browser = sign_in(people.ben)
    assert browser.get(f"/practices/{shared.slug}").status_code == 404
    assert shared.title not in browser.get("/practices/mine").text
    page = browser.get(f"/moderation/decisions/{decision.id}").text
    assert shared.sentence in page and "It is rude." in page
    assert (
        shared.sentence not in sign_in(people.ana).get(f"/moderation/decisions/{decision.id}").text
    )
    with pytest.raises(NotFound):
        library.write_practice(people.ben, shared.agenda_id, PracticeText("A", "B"), shared.id)
    with pytest.raises(NotFound):
        library.delete_practice(people.ben, shared.id)


def test_a_removed_practice_comes_back_after_an_appeal(people: Any, shared: Any) -> None:
    decision = actions.decide(people.host, "practice", shared.id, "remove", REASONS)
    asked = appeal(people.ben, decision.id, "It is not rude.")
    decide_appeal(people.moderator, asked.id, REVERSED, "You are right.")
    practice = practice_by_id(VISITOR, shared.id)
    assert practice.removed_at is None and practice.hidden_at is None
    assert get_topic(VISITOR, practice.topic_id or 0).removed_at is None


@PAGES
def test_restoring_a_removed_page_can_be_undone(
    people: Any, things: Any, shared: Any, kind: str
) -> None:
    page, _address = page_of(things, shared, kind)
    actions.decide(people.host, kind, page.id, "remove", REASONS)
    actions.decide(people.host, kind, page.id, "restore")
    undo(people.host)
    thing = queries.get_thing(people.host, kind, page.id)
    assert thing.state == "removed" and thing.row.hidden_reason.startswith("Rule 2")
    assert thing.row.topic.removed_at


@PAGES
def test_moderators_remove_a_page_from_its_page(
    people: Any, things: Any, shared: Any, kind: str, sign_in: Any
) -> None:
    _page, address = page_of(things, shared, kind)
    browser = sign_in(people.host)
    assert f"{address}/remove" in browser.get(address).text
    data = {"reason": "It is rude.", "rule": "2", "seen": "0"}
    assert browser.post(f"{address}/remove", data=data).status_code == 303
    said = browser.get(address).text
    assert "Only moderators see it." in said and f"{address}/remove" not in said
    assert browser.post(f"{address}/restore").status_code == 303
    assert "Only moderators see it." not in browser.get(address).text


def test_removing_asks_for_its_reasons(people: Any, things: Any) -> None:
    for reasons in (Reasons(), Reasons("It is rude."), Reasons("", 2)):
        with pytest.raises(Invalid):
            actions.decide(people.moderator, "post", things.first.id, "remove", reasons)


def test_advertising_is_removed(people: Any, things: Any) -> None:
    decision = actions.clear_spam(people.moderator, people.ben.id)
    assert shown(VISITOR, things.topic.id) == [1, 3]
    actions.undo(people.moderator, decision.id)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
    assert not get_post(VISITOR, things.first.id).is_gone


# Asking to edit


def test_the_author_is_asked_and_led_to_the_form(sign_in: Any, people: Any, things: Any) -> None:
    actions.report(people.chitra, "post", things.first.id, "rules")
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    (notice,) = [one for one in notices_of(people.ben) if one.kind == "decision"]
    assert notice.address == f"/posts/{things.first.id}/edit"
    assert notice.text == "The moderators ask you to change this. Name no names."
    assert [n.text for n in notices_of(people.chitra) if n.kind == "report"] == [
        "The author is asked to change it."
    ]
    browser = sign_in(people.ben)
    assert "Name no names." in browser.get(notice.address).get_data(as_text=True)
    assert "ask you to change this" in browser.get(things.topic.address).get_data(as_text=True)
    others = sign_in(people.chitra).get(things.topic.address).get_data(as_text=True)
    assert "asked to edit" not in others and "ask you to change" not in others


def test_moderators_see_whether_it_was_edited_since(sign_in: Any, people: Any, things: Any) -> None:
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    browser = sign_in(people.moderator)
    assert "has not done so since" in browser.get(things.topic.address).get_data(as_text=True)
    with pytest.raises(Conflict):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Again."))
    dialogue.edit(people.ben, things.first.id, write("A polite answer."))
    assert ", and did:" in browser.get(things.topic.address).get_data(as_text=True)
    page = browser.get(f"/moderation/post/{things.first.id}").get_data(as_text=True)
    assert "It was edited since" in page
    page = sign_in(people.ben).get(f"/posts/{things.first.id}/edit").get_data(as_text=True)
    assert "Name no names." not in page
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("And the date."))


def test_a_request_restricts_nobody_and_can_be_taken_back(people: Any, things: Any) -> None:
    asked = actions.ask_to_edit(people.host, "topic", things.topic.id, Reasons("A clearer title."))
    assert asked.deed not in queries.RESTRICTING_DEEDS
    actions.undo(people.host, asked.id)
    assert get_topic(VISITOR, things.topic.id)
    post = posts_in(people.host, get_topic(people.host, things.topic.id), 1).items[0]
    assert post.edit_asked_at is None


def test_who_cannot_edit_is_not_asked(people: Any, things: Any) -> None:
    with pytest.raises(Invalid):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons(" "))
    with pytest.raises(Invalid):
        actions.ask_to_edit(people.moderator, "member", people.ben.id, Reasons("Your photo."))
    actions.lock(people.host, things.topic.id, Reasons("Enough."))
    with pytest.raises(Conflict):
        actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))


# Notes


def test_a_note_stands_below_the_post_for_all(
    client: Any, sign_in: Any, people: Any, things: Any
) -> None:
    actions.note(people.host, things.first.id, write("This is **not** so, see <script>."))
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "Note by the moderators" in page and "<strong>not</strong> so" in page
    assert "<script>." not in page
    (notice,) = [one for one in notices_of(people.ben) if one.kind == "decision"]
    assert notice.text.startswith("The moderators added a note below it.")
    assert found("see") == 0
    changed = actions.note(people.moderator, things.first.id, write("It is so."))
    assert "It is so." in client.get(things.topic.address).get_data(as_text=True)
    actions.undo(people.moderator, changed.id)
    assert "<strong>not</strong> so" in client.get(things.topic.address).get_data(as_text=True)
    actions.unnote(people.host, things.first.id)
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "Note by the moderators" not in page


def test_a_note_is_refused_in_words(people: Any, things: Any) -> None:
    for text in ("", " ", "x" * 2_001):
        with pytest.raises(Invalid):
            actions.note(people.host, things.first.id, write(text))
    with pytest.raises(Conflict):
        actions.unnote(people.host, things.first.id)
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    with pytest.raises(Conflict):
        actions.note(people.host, things.first.id, write("Too late."))


def test_the_note_of_a_hidden_post_is_changed_and_taken_away(
    client: Any, sign_in: Any, people: Any, things: Any
) -> None:
    post_id, browser = things.first.id, sign_in(people.host)
    actions.note(people.host, post_id, write("Ben Okoth is wrong."))
    actions.decide(people.host, "post", post_id, "hide", REASONS)
    page = browser.get(things.topic.address).text
    assert "Ben Okoth is wrong." in page and f"/posts/{post_id}/note" in page
    assert "Ben Okoth is wrong." not in client.get(things.topic.address).text
    answer = browser.post(
        f"/posts/{post_id}/note", data={"source": "It is wrong.", "language": "en"}
    )
    assert answer.status_code == 303
    assert get_post(people.host, post_id).note_source == "It is wrong."
    assert f"/posts/{post_id}/unnote" in browser.get(f"/posts/{post_id}/note").text
    taken = actions.unnote(people.host, post_id)
    assert get_post(people.host, post_id).note_source == ""
    actions.undo(people.host, taken.id)
    assert get_post(people.host, post_id).note_source == "It is wrong."


def test_a_note_goes_with_its_post(people: Any, things: Any) -> None:
    actions.note(people.host, things.first.id, write("Ben Okoth is wrong."))
    dialogue.delete(people.ben, things.first.id)
    post = get_post(people.host, things.first.id)
    assert (post.note_source, post.note_html, post.note_at) == ("", "", None)


# Who may


@pytest.mark.parametrize("who", ["ana", "ben", "chitra"])
def test_members_and_other_hosts_do_none_of_it(people: Any, things: Any, who: str) -> None:
    person = getattr(people, who)
    for deed in (
        lambda: actions.decide(person, "post", things.first.id, "remove", REASONS),
        lambda: actions.decide(person, "topic", things.topic.id, "remove", REASONS),
        lambda: actions.ask_to_edit(person, "post", things.first.id, REASONS),
        lambda: actions.note(person, things.first.id, write("No.")),
        lambda: actions.unnote(person, things.first.id),
        lambda: dialogue.remove(person, things.first.id, ""),
        lambda: dialogue.remove_topic(person, things.topic.id),
        lambda: dialogue.ask_to_edit(person, things.first.id),
        lambda: dialogue.take_request_back(person, things.first.id),
        lambda: dialogue.note(person, things.first.id, write("No.")),
    ):
        with pytest.raises(Forbidden):
            deed()
    assert not db.session.scalars(select(Decision)).all()


def test_after_ten_minutes_nothing_is_taken_back(people: Any, things: Any) -> None:
    with at(now() - timedelta(minutes=11)):
        decision = actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    with pytest.raises(Conflict):
        actions.undo(people.host, decision.id)


# Splitting


PART = {"title": "Bells at night", "kind": "question"}


def part(things: Any, **more: Any) -> dialogue.SplitTarget:
    return dialogue.SplitTarget(**{**PART, "agenda_id": things.agenda.id, **more})


def split(moderator: Any, things: Any, *posts: Any, **more: Any) -> Any:
    """Let posts be a topic of their own, by the deed; the new topic."""
    ids = [post.id for post in posts]
    decision = actions.split(moderator, things.topic.id, ids, part(things, **more))
    return get_topic(SYSTEM, (decision.before or {})["target"])


def test_split_posts_keep_their_ids_and_all_that_belongs_to_them(
    client: Any, people: Any, things: Any
) -> None:
    third = dialogue.reply(people.ben, things.topic.id, quoting(things.second))
    dialogue.mark(people.ana, things.second.id, "tried it", "kept", "It helped.")
    new = split(people.host, things, things.second, third)
    assert (new.title, new.kind, new.author_id) == (PART["title"], "question", people.chitra.id)
    assert (new.posts_count, new.replies_count) == (2, 1)
    assert [post.id for post in posts_in(VISITOR, new, 1).items] == [things.second.id, third.id]
    assert posts_in(VISITOR, new, 1).items[0].tried_count == 1
    assert shown(VISITOR, things.topic.id) == [1, 2]
    old = get_topic(VISITOR, things.topic.id)
    assert (old.posts_count, old.replies_count) == (4, 1)
    for post, number in ((things.second, 1), (third, 2)):
        assert client.get(f"/posts/{post.id}").location == f"{new.address}#post-{number}"
    assert dialogue.reply(people.ana, things.topic.id, write("Further.")).number == 5
    assert found("kind answer") >= 1


def quoting(post: Any) -> Any:
    return write(f"> [Chitra](/posts/{post.id}):\n> A kind answer.\n\nI agree.")


def test_a_line_says_where_posts_went_and_came_from(
    client: Any, people: Any, things: Any, queries: Any
) -> None:
    dialogue.reply(people.ben, things.topic.id, write("After it."))
    client.get(things.topic.address)
    with queries() as before:
        client.get(f"{things.topic.address}?page=1")
    new = split(people.host, things, things.second)
    old = client.get(things.topic.address).get_data(as_text=True)
    assert "1 post went to" in old and old.index("1 post went to") < old.index("After it.")
    assert new.address in old
    page = client.get(new.address).get_data(as_text=True)
    assert "1 post came from" in page and things.topic.address in page
    with queries() as after:
        client.get(f"{things.topic.address}?page=1")
    assert after.count == before.count + 2


def test_the_line_names_no_topic_that_is_hidden(client: Any, people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    actions.decide(people.host, "topic", new.id, "hide", REASONS)
    assert PART["title"] not in client.get(things.topic.address).get_data(as_text=True)
    actions.decide(people.host, "topic", new.id, "restore")
    actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    assert things.topic.title not in client.get(new.address).get_data(as_text=True)


def test_notices_watches_and_places_follow_the_posts(people: Any, things: Any) -> None:
    dialogue.read(people.ana, things.topic.id, 3)
    dialogue.read(people.moderator, things.topic.id, 2)
    notices_of(people.ana)
    new = split(people.host, things, things.second)
    (notice,) = [n for n in notices_of(people.ana) if n.post_id == things.second.id]
    assert (notice.topic_id, notice.title) == (new.id, PART["title"])
    assert reading(people.chitra, new).level == "watching"
    assert reading(people.ben, new).level == ""
    assert reading(people.ana, new).place == 1
    assert reading(people.moderator, new).place == 0
    (said,) = [n for n in notices_of(people.chitra) if n.kind == "decision"]
    assert (said.address, said.title) == (new.address, PART["title"])
    assert not [n for n in notices_of(people.ben) if n.kind == "decision"]


def reading(member: Any, topic: Any) -> Any:
    from forum.dialogue.queries import reading_state

    return reading_state(member, topic)


def test_the_answer_that_leaves_is_the_answer_no_more_and_comes_back(
    people: Any, agenda: Any, things: Any
) -> None:
    new = dialogue.NewTopic("question", "How loud?", write("How loud is it?"))
    things.topic = dialogue.open_topic(people.ana, agenda.id, new)
    answer = dialogue.reply(people.ben, things.topic.id, write("Very."))
    dialogue.choose_answer(people.ana, things.topic.id, answer.id)
    new = split(people.host, things, answer)
    assert get_topic(VISITOR, things.topic.id).answer_id is None
    (told,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert told.address == things.topic.address and f"in “{new.title}” now" in told.text
    undo(people.host)
    assert get_topic(VISITOR, things.topic.id).answer_id == answer.id


def test_who_splits_off_the_answer_reads_what_becomes_of_it(
    sign_in: Any, people: Any, agenda: Any
) -> None:
    new = dialogue.NewTopic("question", "How loud?", write("How loud is it?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    replies = [dialogue.reply(people.ben, topic.id, write(said)) for said in ("Very.", "Quite.")]
    dialogue.choose_answer(people.ana, topic.id, replies[0].id)
    for reply, kind in zip(replies, ("experience", "question"), strict=True):
        page = sign_in(people.host).get(f"/topics/{topic.id}/posts/split?post={reply.id}").text
        is_warned = "the answer that the asker has chosen" in page
        assert is_warned == (kind == "experience")
        (ticked,) = [one for one in re.findall("<input[^>]*>", page) if " checked" in one]
        assert f'value="{kind}"' in ticked


def undo(moderator: Any) -> Any:
    return actions.undo(moderator, queries.latest_undoable_decision(moderator).id)  # type: ignore[union-attr]


def test_splitting_is_undone(client: Any, people: Any, things: Any) -> None:
    new = split(people.moderator, things, things.first, things.second, agenda_id=things.other.id)
    assert new.agenda_id == things.other.id
    undo(people.moderator)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]
    old = get_topic(VISITOR, things.topic.id)
    assert (old.replies_count, old.posts_count) == (2, 3)
    with pytest.raises(NotFound):
        get_topic(people.moderator, new.id)
    answer = client.get(new.address)
    assert (answer.status_code, answer.location) == (301, old.address)
    assert "went to" not in client.get(old.address).get_data(as_text=True)


def test_what_was_written_since_is_not_taken_away(people: Any, things: Any) -> None:
    new = split(people.host, things, things.second)
    dialogue.reply(people.ana, new.id, write("Well said."))
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, new.id) == [1, 2]


def test_splitting_is_refused_in_words(people: Any, agenda: Any, things: Any) -> None:
    opening = posts_in(VISITOR, things.topic, 1).items[0]
    comment = dialogue.reply(people.ana, things.case.topic_id, write("A comment."))
    for refusal, topic_id, ids, more in (
        (Invalid, things.topic.id, [], {}),
        (Invalid, things.topic.id, [opening.id], {}),
        (NotFound, things.topic.id, [things.first.id, comment.id], {}),
        (NotFound, things.topic.id, [things.first.id, 2**31 - 1], {}),
        (Invalid, things.topic.id, [things.first.id], {"title": "x"}),
        (Invalid, things.topic.id, [things.first.id], {"kind": "case"}),
        (Invalid, things.case.topic_id, [comment.id], {}),
        (Forbidden, things.topic.id, [things.first.id], {"agenda_id": things.other.id}),
    ):
        with pytest.raises(refusal):
            actions.split(people.host, topic_id, ids, part(things, **more))
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    with pytest.raises(Conflict):
        split(people.host, things, things.first)
    assert [d.deed for d in queries.decision_log(people.moderator).items] == ["hide"]


# Merging


@pytest.fixture
def other(people: Any, agenda: Any, things: Any) -> Any:
    """Another topic on the agenda: Ben's, with a reply of Ana's."""
    new = dialogue.NewTopic("experience", "Quiet trams", write("The trams are quiet."))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    dialogue.reply(people.ana, topic.id, write("Ours squeal."))
    return get_topic(SYSTEM, topic.id)


def test_a_topic_is_put_into_another(client: Any, people: Any, things: Any, other: Any) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    target = get_topic(VISITOR, other.id)
    assert (target.posts_count, target.replies_count) == (5, 4)
    assert shown(VISITOR, other.id) == [1, 2, 3, 4, 5]
    page = client.get(target.address).get_data(as_text=True)
    assert page.index("squeal") < page.index("3 posts came from") < page.index("bells</em> off")
    assert things.topic.title in page
    with pytest.raises(NotFound):
        get_topic(people.moderator, things.topic.id)
    for address, place in (
        (things.topic.address, "#post-3"),
        (f"/topics/{things.topic.id}", "#post-3"),
        (f"{things.topic.address}?post=2", "#post-4"),
        (f"/posts/{things.second.id}", "#post-5"),
    ):
        answer = client.get(address)
        assert answer.location == f"{target.address}{place}", address
    feed = client.get(f"/topics/{things.topic.id}/feed.atom")
    assert (feed.status_code, feed.location) == (301, f"/topics/{other.id}/feed.atom")
    assert found("bells") == 1


def test_a_merged_group_is_counted_once_on_whichever_pages_it_is(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    for number in range(3, POSTS_PER_PAGE):
        dialogue.reply(people.ana, other.id, write(f"Number {number}."))
    new = split(people.host, things, things.second)
    actions.merge(people.host, things.topic.id, other.id)
    actions.merge(people.host, new.id, other.id)
    address = get_topic(VISITOR, other.id).address
    first, second = (client.get(f"{address}?page={n}").get_data(as_text=True) for n in (1, 2))
    lines = [re.findall(r"(Continued: )?(\d) posts? came from", text) for text in (first, second)]
    assert lines == [[("", "2")], [("Continued: ", "2"), ("", "1")]]
    assert re.search(r"2 posts came from [^(]*\(<time[^>]*>[^<]+</time>\)</p>", second)


def test_notices_watches_and_places_follow_a_merged_topic(
    people: Any, things: Any, other: Any
) -> None:
    dialogue.read(people.chitra, things.topic.id, 3)
    dialogue.read(people.chitra, other.id, 2)
    dialogue.read(people.ana, things.topic.id, 3)
    notices_of(people.ana)
    actions.merge(people.host, things.topic.id, other.id)
    target = get_topic(VISITOR, other.id)
    assert {n.topic_id for n in notices_of(people.ana) if n.kind in ("reply", "post")} == {other.id}
    assert reading(people.chitra, target).level == "watching"
    assert reading(people.chitra, target).place == 5
    assert reading(people.ana, target).place == 0  # has not read what stands before
    (said,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert said.text.startswith("Your topic is part of another one now. Put into “Quiet trams”.")


def test_merging_is_undone(client: Any, people: Any, things: Any, other: Any) -> None:
    dialogue.read(people.chitra, other.id, 2)
    before = get_topic(VISITOR, things.topic.id)
    counts = before.posts_count, before.replies_count, before.active_at, before.address
    actions.merge(people.host, things.topic.id, other.id)
    undo(people.host)
    topic, target = get_topic(VISITOR, things.topic.id), get_topic(VISITOR, other.id)
    assert (topic.posts_count, topic.replies_count, topic.active_at, topic.address) == counts
    assert shown(VISITOR, topic.id) == [1, 2, 3]
    assert (target.posts_count, target.replies_count) == (2, 1)
    assert client.get(topic.address).status_code == 200
    assert found("bells") == 1
    assert reading(people.chitra, target).level == ""
    assert dialogue.reply(people.ana, other.id, write("Number three.")).number == 3


def test_a_merge_stays_when_somebody_wrote_since(people: Any, things: Any, other: Any) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    dialogue.reply(people.ben, other.id, write("Oh."))
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, other.id) == [1, 2, 3, 4, 5, 6]


def test_a_reply_to_a_merged_topic_is_not_lost(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    actions.merge(people.host, things.topic.id, other.id)
    post = dialogue.reply(people.chitra, things.topic.id, write("In the same moment."))
    assert (post.topic_id, post.number) == (other.id, 6)
    words = {"source": "From an old page.", "language": "en", "writes_for": "myself"}
    answer = sign_in(people.ana).post(f"/topics/{things.topic.id}/reply", data=words)
    assert answer.status_code == 303 and answer.location.endswith("#post-7")


def test_topics_are_merged_one_after_another(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    new = split(people.host, things, things.second)
    actions.merge(people.host, new.id, other.id)
    actions.merge(people.host, other.id, things.topic.id)
    assert shown(VISITOR, things.topic.id) == [1, 2, 4, 5, 6]
    for address in (new.address, other.address, f"/posts/{things.second.id}"):
        location = client.get(address).location
        assert location.startswith(things.topic.address), address
    page = client.get(things.topic.address).get_data(as_text=True)
    assert "went to" not in page and "3 posts came from" in page


def test_what_is_hidden_and_deleted_stays_so_in_the_other_topic(
    people: Any, things: Any, other: Any
) -> None:
    opening = posts_in(VISITOR, things.topic, 1).items[0]
    actions.decide(people.host, "post", opening.id, "hide", REASONS)
    dialogue.delete(people.ben, things.first.id)
    actions.merge(people.host, things.topic.id, other.id)
    assert get_topic(VISITOR, other.id).replies_count == 2
    assert [p.is_gone for p in posts_in(VISITOR, get_topic(VISITOR, other.id), 1).items] == [
        False,
        False,
        True,
        False,
    ]
    assert found("bells") == 0
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]


def test_an_answer_is_kept_where_the_kinds_fit(people: Any, agenda: Any, other: Any) -> None:
    def question(title: str) -> Any:
        new = dialogue.NewTopic("question", title, write("How?"))
        return dialogue.open_topic(people.ana, agenda.id, new)

    one, two = question("How loud?"), question("How loud is it?")
    answer = dialogue.reply(people.ben, one.id, write("Very."))
    dialogue.choose_answer(people.ana, one.id, answer.id)
    actions.merge(people.host, one.id, two.id)
    assert get_topic(VISITOR, two.id).answer_id == answer.id
    undo(people.host)
    assert get_topic(VISITOR, two.id).answer_id is None
    assert get_topic(VISITOR, one.id).answer_id == answer.id
    actions.merge(people.host, one.id, other.id)
    assert get_topic(VISITOR, other.id).answer_id is None


def test_merging_is_refused_in_words(people: Any, agenda: Any, things: Any, other: Any) -> None:
    for_members = dialogue.NewTopic("experience", "Ours", write("For us."), audience="members")
    kept = dialogue.open_topic(people.ana, agenda.id, for_members)
    elsewhere = dialogue.open_topic(
        people.ana, things.other.id, dialogue.NewTopic("experience", "There", write("There."))
    )
    topic_id = things.topic.id
    for refusal, one, two in (
        (Invalid, topic_id, topic_id),
        (NotFound, topic_id, 2**31 - 1),
        (Invalid, topic_id, things.case.topic_id),
        (Invalid, things.case.topic_id, topic_id),
        (Invalid, kept.id, topic_id),
        (Invalid, topic_id, kept.id),
        (Forbidden, topic_id, elsewhere.id),
        (Forbidden, elsewhere.id, topic_id),
    ):
        with pytest.raises(refusal):
            actions.merge(people.host, one, two)
    actions.merge(people.host, topic_id, other.id)
    with pytest.raises(NotFound):
        actions.merge(people.host, topic_id, other.id)
    with pytest.raises(NotFound):
        actions.merge(people.host, other.id, topic_id)


def test_who_leaves_takes_the_title_of_a_merged_topic_along(
    client: Any, people: Any, things: Any, other: Any
) -> None:
    title = str(things.topic.title)
    actions.merge(people.host, things.topic.id, other.id)
    assert title in client.get(other.address).get_data(as_text=True)
    opening = posts_in(VISITOR, get_topic(VISITOR, other.id), 1).items[2]
    dialogue.delete_posts(SYSTEM, [opening.id])
    assert title not in client.get(other.address).get_data(as_text=True)


# Several at once


def test_several_posts_are_hidden_with_one_message_for_each_author(
    people: Any, things: Any
) -> None:
    third = dialogue.reply(people.ben, things.topic.id, write("Rude again."))
    ids = [things.first.id, things.second.id, third.id]
    decisions = actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    assert len({decision.lot_id for decision in decisions}) == 1
    (bens,) = [n for n in notices_of(people.ben) if n.kind == "decision"]
    assert bens.text == "Hidden by the moderators. It is rude. And one more text of yours."
    (hers,) = [n for n in notices_of(people.chitra) if n.kind == "decision"]
    assert hers.text == "Hidden by the moderators. It is rude."
    assert get_topic(VISITOR, things.topic.id).replies_count == 0
    mine = queries.others_in_lot(people.ben, decisions[0])
    assert [decision.item_id for decision in mine] == [third.id]


def test_several_are_taken_back_at_once_or_not_at_all(people: Any, things: Any) -> None:
    ids = [things.first.id, things.second.id]
    actions.decide_all(people.host, things.topic.id, ids, "remove", REASONS)
    actions.decide(people.moderator, "post", things.first.id, "restore")
    with pytest.raises(Conflict):
        undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2]
    actions.decide(people.moderator, "post", things.second.id, "restore")
    actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    undo(people.host)
    assert not [p for p in posts_in(VISITOR, things.topic, 1).items if p.is_gone]
    actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    actions.decide_all(people.host, things.topic.id, ids, "restore")
    assert not [p for p in posts_in(VISITOR, things.topic, 1).items if p.is_gone]


def test_one_of_several_is_given_back_after_an_appeal(people: Any, things: Any) -> None:
    ids = [things.first.id, things.second.id]
    decisions = actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    said = appeal(people.ben, decisions[0].id, "It was a quotation.")
    decide_appeal(people.moderator, said.id, "reversed", "So it was.")
    gone = [post.number for post in posts_in(VISITOR, things.topic, 1).items if post.is_gone]
    assert gone == [3]


def test_a_whole_topic_goes_with_all_its_posts(people: Any, things: Any) -> None:
    ids = [post.id for post in posts_in(VISITOR, things.topic, 1).items]
    actions.decide_all(people.host, things.topic.id, ids, "remove", REASONS)
    with pytest.raises(NotFound):
        get_topic(people.ana, things.topic.id)
    undo(people.host)
    assert shown(VISITOR, things.topic.id) == [1, 2, 3]


def test_ids_of_other_topics_are_refused_as_a_whole(people: Any, things: Any, other: Any) -> None:
    theirs = dialogue.open_topic(
        people.ana, things.other.id, dialogue.NewTopic("experience", "There", write("There."))
    )
    foreign = posts_in(VISITOR, theirs, 1).items[0].id
    ours = posts_in(VISITOR, other, 1).items[1].id
    for extra in (foreign, ours, 0, 2**31 - 1):
        for deed in ("hide", "remove"):
            with pytest.raises(NotFound):
                ids = [things.first.id, extra]
                actions.decide_all(people.host, things.topic.id, ids, deed, REASONS)
    with pytest.raises(Forbidden):
        actions.decide_all(people.host, theirs.id, [foreign], "hide", REASONS)
    for ids, deed, reasons in (
        ([], "hide", REASONS),
        ([things.first.id], "burn", REASONS),
        ([things.first.id], "hide", Reasons("No ground.")),
        (list(range(1, 102)), "hide", REASONS),
    ):
        with pytest.raises(Invalid):
            actions.decide_all(people.host, things.topic.id, ids, deed, reasons)
    actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    with pytest.raises(Conflict):
        ids = [things.second.id, things.first.id]
        actions.decide_all(people.host, things.topic.id, ids, "hide", REASONS)
    assert not get_post(VISITOR, things.second.id).is_gone


@pytest.mark.parametrize("who", ["ana", "chitra"])
def test_members_and_other_hosts_regroup_nothing(
    people: Any, things: Any, other: Any, who: str
) -> None:
    person = getattr(people, who)
    topic_id, ids = things.topic.id, [things.first.id]
    for deed in (
        lambda: actions.split(person, topic_id, ids, part(things)),
        lambda: actions.merge(person, topic_id, other.id),
        lambda: actions.decide_all(person, topic_id, ids, "hide", REASONS),
        lambda: dialogue.split(person, topic_id, ids, part(things)),
        lambda: dialogue.merge(person, topic_id, other.id),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_posts_are_ticked_page_by_page_without_a_script(
    sign_in: Any, people: Any, things: Any
) -> None:
    for number in range(20):
        dialogue.reply(people.ben, things.topic.id, write(f"Number {number}."))
    browser, topic = sign_in(people.host), f"/topics/{things.topic.id}"
    assert f"{topic}/posts/select" in browser.get(things.topic.address).get_data(as_text=True)
    page = browser.get(f"{topic}/posts/select").get_data(as_text=True)
    assert page.count('type="checkbox"') == 20 and "A rude answer to all." in page
    page = browser.get(f"{topic}/posts/select?page=2&post={things.first.id}")
    assert "1 more is ticked on another page" in page.get_data(as_text=True)
    chosen = f"post={things.first.id}&post={things.second.id}"
    for deed in ("hide", "remove", "split", "restore"):
        page = browser.get(f"{topic}/posts/{deed}?{chosen}")
        assert page.status_code == 200 and "A kind answer." in page.get_data(as_text=True), deed
        assert browser.get(f"{topic}/posts/{deed}").status_code == 200
        assert browser.get(f"{topic}/posts/{deed}?post=x&post=999999").status_code == 404
    ids = {"post": [str(things.first.id), str(things.second.id)]}
    answer = browser.post(f"{topic}/posts/hide", data={**ids, "reason": "Rude.", "rule": ""})
    assert answer.status_code == 422
    answer = browser.post(f"{topic}/posts/hide", data={**ids, "reason": "Rude.", "rule": "2"})
    assert answer.status_code == 303 and len(queries.decision_log(people.host).items) == 2
    assert browser.post(f"{topic}/posts/restore", data=ids).status_code == 303
    words = {**ids, "title": "Of bells", "kind": "question", "agenda": str(things.agenda.id)}
    answer = browser.post(f"{topic}/posts/split", data=words)
    assert answer.status_code == 303
    assert "Of bells" in browser.get(browser.get(answer.location).location).get_data(as_text=True)


def test_a_topic_is_merged_by_its_address(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/merge"
    assert address in browser.get(things.topic.address).get_data(as_text=True)
    for wrong in ("", "x", "/posts/3", "https://example.org", "99999", str(things.topic.id)):
        answer = browser.post(address, data={"target": wrong})
        assert answer.status_code == 422, wrong
    typed = {"target": f"http://localhost{other.address}?page=1"}
    asked = browser.post(address, data=typed)
    assert asked.status_code == 200 and f">{other.title}</a>" in asked.text
    assert f'name="shown" type="hidden" value="{other.id}"' in asked.text
    assert "Is it the right one?" in asked.text
    assert browser.get(things.topic.address).status_code == 200, "nothing is done yet"
    mistyped = browser.post(address, data={"target": str(other.id), "shown": "1"})
    assert mistyped.status_code == 200 and f">{other.title}</a>" in mistyped.text
    answer = browser.post(address, data={**typed, "shown": str(other.id)})
    assert answer.status_code == 303
    assert browser.get(answer.location).location.startswith(other.address)


def test_a_topic_to_merge_into_is_offered_or_found_by_words(
    sign_in: Any, people: Any, things: Any, other: Any
) -> None:
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/merge"
    elsewhere = dialogue.NewTopic("experience", f"{other.title} elsewhere", write("There."))
    dialogue.open_topic(people.ana, _agenda_of_others(people), elsewhere)

    def offered(**data: str) -> list[str]:
        page = browser.post(address, data=data).text if data else browser.get(address).text
        return re.findall(r'name="like"[^>]*value="(\d+)"', page)

    assert str(things.topic.id) not in offered()
    assert offered(target=other.title) == [str(other.id)]
    assert offered(target="Nothing of that kind") == []
    assert ">The other topic</label>" in browser.post(address, data={"target": "Nowhere"}).text
    page = browser.post(address, data={"target": other.title}).text
    assert "Choose one of the topics that are offered" in page
    assert (
        "Choose one of the topics that are offered"
        in browser.post(address, data={"target": f"{other.id} {other.title}"}).text
    )
    answer = browser.post(address, data={"like": str(other.id), "target": other.title})
    assert answer.status_code == 303
    assert browser.get(answer.location).location.startswith(other.address)


def _agenda_of_others(people: Any) -> int:
    text = agendas.AgendaText("Elsewhere", write("Text."), slug="elsewhere")
    return agendas.write_agenda(people.moderator, text).id


def test_comments_on_a_case_are_decided_about_together(
    sign_in: Any, people: Any, things: Any
) -> None:
    said = [dialogue.reply(people.ben, things.case.topic_id, write("Buy!")).id for _n in range(2)]
    browser = sign_in(people.host)
    address = f"/topics/{things.case.topic_id}/posts"
    assert f"{address}/select" in browser.get("/cases/night-council").get_data(as_text=True)
    page = browser.get(f"{address}/select").get_data(as_text=True)
    assert page.count('type="checkbox"') == 2 and "Split off" not in page
    data = {"post": [str(post_id) for post_id in said], "reason": "Shop.", "rule": "2"}
    answer = browser.post(f"{address}/remove", data=data)
    assert (answer.status_code, answer.location) == (303, "/cases/night-council")
    assert shown(VISITOR, things.case.topic_id) == [1]


@pytest.mark.parametrize("deed", ["hide", "members only"])
def test_what_was_changed_since_for_readers_is_not_taken_back(
    people: Any, things: Any, deed: str
) -> None:
    new = split(people.host, things, things.second)
    if deed == "hide":
        actions.decide(people.moderator, "topic", new.id, "hide", REASONS)
    else:
        words = write("A kind answer.")
        dialogue.edit(
            people.chitra,
            things.second.id,
            words,
            dialogue.TopicChanges(new.title, audience="members"),
        )
    with pytest.raises(Conflict):
        undo(people.host)


def test_a_title_and_themes_are_corrected_and_the_author_reads_what_they_were(
    sign_in: Any, people: Any, things: Any
) -> None:
    agendas.ensure_themes(SYSTEM, ["noise", "trams"])
    noise, trams = themes_by_slug(["noise"])[0], themes_by_slug(["trams"])[0]
    before, opening = things.topic.title, first_post(things.topic)
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/retitle"
    assert address in browser.get(things.topic.address).text
    page = browser.get(address).text
    assert f'value="{before}"' in page
    for wrong in ("", "ab", "x" * 121):
        refused = browser.post(address, data={"title": wrong})
        assert refused.status_code == 422 and "3 to 120 characters" in refused.text
    same = browser.post(address, data={"title": before})
    assert same.status_code == 409 or "This is so already" in same.text
    typed = {"title": "Bells &  trams", "themes": ["noise", "trams"], "reason": "Clearer."}
    assert browser.post(address, data=typed).status_code == 303
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.title, topic.slug) == ("Bells & trams", "bells-trams")
    assert {theme.id for theme in topic.themes} == {noise.id, trams.id}
    assert found("Bells trams") == 1 and found(before) == 0
    assert first_post(topic).edited_at == opening.edited_at  # the author has edited nothing
    (told,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert f"The title was “{before}”. It had no themes. Clearer." in told.text
    undo(people.host)
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.title, topic.themes) == (before, [])


def test_another_title_brings_no_hidden_words_back(people: Any, things: Any) -> None:
    opening = first_post(things.topic)
    words = opening.source.split()[0]
    actions.decide(people.moderator, "post", opening.id, "hide", REASONS)
    before = find(VISITOR, Query(words)).texts
    actions.retitle(people.host, things.topic.id, "A calmer title", [])
    topic = get_topic(VISITOR, things.topic.id)
    assert topic.excerpt == "" and find(VISITOR, Query(words)).texts == before
    assert found("calmer title") == 1


def test_a_title_that_its_author_has_changed_since_is_not_undone(people: Any, things: Any) -> None:
    actions.retitle(people.host, things.topic.id, "A calmer title", [])
    opening = first_post(things.topic)
    text = write(opening.source)
    author = get_member(SYSTEM, things.topic.author.handle)
    dialogue.edit(author, opening.id, text, dialogue.TopicChanges("A title of my own"))
    with pytest.raises(Conflict, match="changed since"):
        undo(people.host)
    assert get_topic(VISITOR, things.topic.id).title == "A title of my own"


def test_as_many_themes_come_back_as_there_were(people: Any, things: Any) -> None:
    """An import may bring more than an author may choose."""
    names = [f"theme {number}" for number in range(7)]
    agendas.ensure_themes(SYSTEM, names)
    ids = [theme.id for theme in themes_by_slug([name.replace(" ", "-") for name in names])]
    assert len(ids) == 7
    set_themes(things.topic, ids)
    db.session.commit()
    actions.retitle(people.host, things.topic.id, "A calmer title", ids[:2])
    undo(people.host)
    assert {theme.id for theme in get_topic(VISITOR, things.topic.id).themes} == set(ids)
    with pytest.raises(Invalid, match="at most"):
        actions.retitle(people.host, things.topic.id, "Another", [*ids, max(ids) + 1])


def test_the_title_of_a_case_is_changed_on_its_page(people: Any, things: Any) -> None:
    with pytest.raises(Invalid, match="own page"):
        dialogue.retitle(people.moderator, things.case.topic_id, "Another", [])
