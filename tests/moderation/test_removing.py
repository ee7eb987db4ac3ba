"""Removing posts, topics, cases and practices: who still sees what, and undoing it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.models import REVERSED
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Post
from forum.dialogue.queries import get_post, get_topic, posts_in
from forum.errors import Conflict, Invalid, NotFound
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.library.queries import practice_by_id
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.permissions import VISITOR
from tests.moderation.conftest import REASONS, found, notices_of, shown, undo

pytestmark = pytest.mark.usefixtures("sound")


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


def test_hosts_take_a_case_of_theirs_away_without_a_rule_until_others_speak_of_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.host)
    address = f"/cases/{things.case.slug}/remove"
    form = {"rule": "none", "reason": "It stands there twice."}
    assert "No rule: a mistake of our own" in browser.get(address).text
    assert browser.post(address, data=form | {"rule": ""}).status_code == 422
    assert browser.post(address, data=form).status_code == 303
    (decision,) = queries.decision_log(people.moderator).items
    assert (decision.deed, decision.rule, decision.law) == ("remove", 0, "")
    assert sign_in(people.ana).get(f"/cases/{things.case.slug}").status_code == 404
    told = sign_in(people.moderator).get(f"/moderation/decisions/{decision.id}").text
    assert "It stands there twice." in told and "The rule" not in told
    assert "Keeping order" in browser.get("/transparency/decisions").text
    undo(people.host)
    for other in ("hide", "remove"):
        if other == "remove":
            dialogue.reply(people.ana, things.case.topic_id, write("We copied it."))
        door = f"/cases/{things.case.slug}/{other}"
        assert "No rule: a mistake of our own" not in browser.get(door).text
        assert browser.post(door, data=form).status_code == 422


def test_hosts_name_the_rule_where_a_case_was_reported(people: Any, things: Any) -> None:
    key = ("case", things.case.id)
    actions.report(people.ana, *key, "rules", "It names a resident.")
    with pytest.raises(Invalid):
        actions.decide(people.host, *key, "remove", Reasons("It stands there twice."))
    actions.decide(people.host, *key, "remove", Reasons("It names a resident.", 5))


def test_the_author_of_a_removed_post_reads_it_with_the_reasons(
    sign_in: Any, people: Any, things: Any
) -> None:
    decision = actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    (notice,) = [notice for notice in notices_of(people.ben) if notice.kind == "decision"]
    assert notice.words == "Removed by the moderators. It is rude."
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
    counted = select(Member.posts_count).where(Member.id == people.ben.id)
    assert db.session.scalar(counted) == 1


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
    assert [n.words for n in notices_of(people.ben) if n.kind == "decision"] == [
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


def test_why_leads_to_the_decision_that_holds(sign_in: Any, people: Any, things: Any) -> None:
    hidden = actions.decide(people.host, "post", things.first.id, "hide", REASONS)
    removed = actions.decide(people.host, "post", things.first.id, "remove", REASONS)
    why = f"/posts/{things.first.id}/why"
    browser = sign_in(people.ben)
    assert browser.get(why).location == f"/moderation/decisions/{removed.id}"
    actions.undo(people.host, removed.id)
    assert browser.get(why).location == f"/moderation/decisions/{hidden.id}"
    actions.decide(people.host, "post", things.first.id, "restore")
    assert browser.get(why).location == f"/moderation/decisions/{removed.id}"


def test_a_hidden_topic_leads_to_the_decision_that_holds(
    sign_in: Any, people: Any, things: Any
) -> None:
    hidden = actions.decide(people.host, "topic", things.topic.id, "hide", REASONS)
    removed = actions.decide(people.host, "topic", things.topic.id, "remove", REASONS)
    actions.undo(people.host, removed.id)
    page = sign_in(people.ana).get(things.topic.address).text
    assert f'<a href="/moderation/decisions/{hidden.id}">Read why' in page


def test_a_topic_whose_only_post_is_hidden_leads_its_author_to_the_decision_about_that(
    sign_in: Any, people: Any, things: Any
) -> None:
    alone = NewTopic("experience", "Sandbags for cellars", write("Half became walls."))
    topic = dialogue.open_topic(people.ana, things.topic.agenda_id, alone)
    opening = posts_in(people.ana, topic, 1).items[0]
    decision = actions.decide(people.host, "post", opening.id, "hide", REASONS)
    answer = sign_in(people.ana).get(topic.address)
    assert answer.status_code == 404 and "The moderators have hidden this topic." in answer.text
    assert f'<a href="/moderation/decisions/{decision.id}">Read why' in answer.text
    assert "is in your notices" not in answer.text, "the way to it stands above"
    assert "Read why" not in sign_in(people.chitra).get(topic.address).text


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
    # The words of the title find the page, "comment" finds the comment on it
    assert found(title) == found(f"{title} comment") == 1
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
    (notice,) = [notice for notice in notices_of(people.chitra) if notice.kind == "decision"]
    assert (notice.address, notice.heading) == (address, "A page that you commented on")
    assert notice.words == "It is hidden, and your comments with it."
    for path in (address, f"{address}/appeal"):
        said = sign_in(people.chitra).get(path).text
        assert "Rule 2" in said or "2. Be fair to people" in said
        assert "A page that you commented on" in said
        assert things_title(page) not in said and "It is rude." not in said
    assert not [notice for notice in notices_of(people.ana) if notice.kind == "decision"]
    assert sign_in(people.ana).get(address).status_code == 404
    asked = appeal(people.chitra, decision.id, "I have said nothing rude.")
    decide_appeal(people.administrator, asked.id, REVERSED, "You are right.")
    assert sign_in(people.chitra).get(f"/{kind}s/{page.slug}").status_code == 200


@PAGES
def test_who_commented_on_another_page_reads_nothing_of_it(
    people: Any, things: Any, shared: Any, sign_in: Any, kind: str
) -> None:
    kinds = [kind, "practice" if kind == "case" else "case"]
    pages = [page_of(things, shared, kind)[0] for kind in kinds]
    dialogue.reply(people.chitra, pages[0].topic_id, write("Why at ten?"))
    both = zip(kinds, pages, strict=True)
    decisions = [actions.decide(people.host, kind, page.id, "hide", REASONS) for kind, page in both]
    browser = sign_in(people.chitra)
    found = [
        browser.get(f"/moderation/decisions/{decision.id}").status_code for decision in decisions
    ]
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
