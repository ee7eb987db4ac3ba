"""Ignoring a member: their posts are folded, they cause no notices, moderation still does, and nobody is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from forum.advice import actions as advice
from forum.agendas.models import Agenda
from forum.contact.actions import contact
from forum.contact.models import ContactLetter
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.dialogue.queries import (
    TopicFilter,
    counts_by_agenda,
    counts_by_kind,
    listing,
    render_with_mentions,
    topics,
)
from forum.errors import Forbidden, Invalid, NotFound
from forum.library import actions as library
from forum.markup import write
from forum.members import actions
from forum.members.actions import found_federation
from forum.members.models import Ignore, Member
from forum.members.queries import get_member, ignored_by, member_by_id
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices, watch
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.quotes import quote

SAID = "hushignored words"


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Any:
    """Ana's question, which Ben has answered; Ana ignores him."""
    found_federation(SYSTEM, "Interurban")
    new = dialogue.NewTopic("question", "Why so loud?", write("What we did."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write(SAID))
    dialogue.reply(people.chitra, topic.id, write("A kind answer."))
    make_notices(SYSTEM)
    for notice in db.session.scalars(select(Notice)):
        db.session.delete(notice)
    db.session.commit()
    actions.ignore(people.ana, people.ben.id)
    return topic


def told(member: Any) -> list[str]:
    make_notices(SYSTEM)
    query = select(Notice.kind).where(Notice.member_id == member.id).order_by(Notice.id)
    return list(db.session.scalars(query))


def test_one_ignores_and_ends_it(people: Any) -> None:
    ana, ben = people.ana, people.ben
    actions.ignore(ana, ben.id)
    actions.ignore(ana, ben.id)
    assert [row.ignored.name for row in ignored_by(ana)] == ["Ben Okoth"]
    assert get_member(SYSTEM, ana.handle).ignored == [ben.id]
    actions.end_ignoring(ana, ben.id)
    actions.end_ignoring(ana, ben.id)
    assert ignored_by(ana) == [] and get_member(SYSTEM, ana.handle).ignored == []


def test_a_member_whose_profile_is_hidden_meanwhile_is_ignored_no_longer(
    people: Any, sign_in: Any
) -> None:
    actions.ignore(people.ana, people.ben.id)
    actions.hide_profile(people.moderator, people.ben.id)
    browser = sign_in(people.ana)
    assert "/members/ben-okoth/end-ignoring" in browser.get("/settings/ignored").text
    assert browser.post("/members/ben-okoth/end-ignoring").status_code == 303
    assert ignored_by(get_member(SYSTEM, people.ana.handle)) == []
    assert browser.post("/members/ben-okoth/end-ignoring").status_code == 404


def test_who_may_not_ignore_whom(people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Forbidden):
        actions.ignore(people.ana, people.ana.id)
    with pytest.raises(NotFound):
        actions.ignore(people.ana, 10**6)
    with pytest.raises(Forbidden):
        actions.ignore(VISITOR, people.ana.id)  # type: ignore[arg-type]  # a visitor at the door
    monkeypatch.setattr("forum.members.actions.ignoring.MAX_IGNORED", 1)
    actions.ignore(people.ana, people.ben.id)
    with pytest.raises(Invalid):
        actions.ignore(people.ana, people.chitra.id)


def test_a_post_is_one_line_and_can_be_shown(sign_in: Any, people: Any, topic: Any) -> None:
    page = sign_in(people.ana).get(topic.address).text
    before, _summary, rest = page.partition("who wrote number 2.")
    assert "<details" in before[-80:] + before and SAID in rest and SAID not in before
    assert "<summary>You ignore Ben Okoth, " in page
    for reader in (people.ben, people.chitra):
        assert "You ignore" not in sign_in(reader).get(topic.address).text


def test_an_answer_of_the_ignored_is_not_read_out_up_front(
    sign_in: Any, people: Any, topic: Any
) -> None:
    answer = db.session.scalars(select(Post).where(Post.number == 2)).one()
    dialogue.choose_answer(people.ana, topic.id, answer.id)
    up_front = r'<div class="note ok answer">(.*?)</div>'
    for reader, is_read in ((people.ana, False), (people.chitra, True)):
        (words,) = re.findall(up_front, sign_in(reader).get(topic.address).text, re.S)
        assert (SAID in words, "You ignore Ben Okoth." in words) == (is_read, not is_read)
        assert 'href="#post-2">Go to the answer' in words


def test_the_list_leads_back_to_the_profile(sign_in: Any, people: Any, topic: Any) -> None:
    assert 'href="/members/ben-okoth"' in sign_in(people.ana).get("/settings/ignored").text
    actions.hide_profile(people.moderator, people.ben.id)
    assert 'href="/members/ben-okoth"' not in sign_in(people.ana).get("/settings/ignored").text


def test_the_opening_of_a_topic_and_a_comment_on_a_paragraph_fold_too(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    found_federation(SYSTEM, "Interurban")
    new = dialogue.NewTopic("experience", "A title", write(SAID))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    case = library.write_case(
        people.host, agenda.id, library.CaseText("A case", "network", "Short.", "One.\n\nTwo.")
    )
    key = case.paragraphs[0].key
    dialogue.reply(people.ben, case.topic_id, write(SAID), paragraph=key)
    actions.ignore(people.ana, people.ben.id)
    for path in (topic.address, f"/cases/{case.slug}"):
        assert "You ignore Ben Okoth. Show it</summary>" in sign_in(people.ana).get(path).text
        assert "You ignore" not in sign_in(people.chitra).get(path).text


def test_nothing_of_the_ignored_is_told(people: Any, topic: Any, agenda: Agenda) -> None:
    ana, ben = people.ana, people.ben
    watch(ana, "agenda", agenda.id)
    opening = db.session.scalars(select(Post).where(Post.number == 1)).first()
    assert opening
    dialogue.reply(ben, topic.id, write("A reply to the topic."))
    dialogue.reply(ben, topic.id, render_with_mentions("And @ana-prado is mentioned."))
    dialogue.reply(ben, topic.id, write(f"{quote(ana.name, opening.id, 'What we did.')}I agree."))
    dialogue.mark(ben, opening.id, "useful")
    asked = dialogue.NewTopic("question", "Who knows?", write("Tell me."))
    other = dialogue.open_topic(ben, agenda.id, asked)
    advice.ask(ben, other.id, [ana.handle])
    assert told(ana) == []
    dialogue.mark(people.chitra, opening.id, "useful")
    assert told(ana) == ["mark"]
    dialogue.mark(ben, opening.id, "same here")
    make_notices(SYSTEM)
    (notice,) = db.session.scalars(select(Notice).where(Notice.member_id == ana.id))
    assert notice.others == 0 and notice.actor_id == people.chitra.id
    assert set(told(people.chitra)) <= {"post", "topic", "advice"}


def test_a_letter_seems_to_be_sent_and_does_not_come(people: Any, topic: Any, letters: Any) -> None:
    actions.take_letters(people.ana, True)
    ben, ana = get_member(SYSTEM, people.ben.handle), get_member(SYSTEM, people.ana.handle)
    contact(ben, ana.id, "Dear Ana, why do you never answer me?", True)
    assert [letter.to for letter in letters()] == [ben.email]  # only the copy for Ben himself
    assert db.session.query(ContactLetter).count() == 1
    assert ben.can.contact(ana)


def test_decisions_of_a_moderator_whom_one_ignores_still_come(people: Any, topic: Any) -> None:
    actions.ignore(people.ana, people.moderator.id)
    moderation.lock(people.moderator, topic.id, Reasons("It repeats itself."))
    assert told(people.ana) == ["decision"]


def test_what_a_moderator_is_asked_for_comes_from_whom_they_ignore(
    people: Any, agenda: Agenda
) -> None:
    actions.ignore(people.moderator, people.ben.id)
    text = library.PracticeText("Quiet asphalt", "It is quieter.", sections={"done": "We did it."})
    practice = library.write_practice(people.ben, agenda.id, text)
    library.submit(people.ben, practice.id)
    assert told(people.moderator) == ["queue"]


def test_the_ignored_learns_nothing(sign_in: Any, people: Any, topic: Any) -> None:
    browser = sign_in(people.ben)
    paths = ("/members/ana-prado", topic.address, "/notices", "/settings/ignored", "/settings")
    before = {path: browser.get(path).text for path in paths}
    actions.end_ignoring(get_member(SYSTEM, people.ana.handle), people.ben.id)

    def plain(text: str) -> list[str]:
        return [
            line for line in text.split("\n") if not re.search("submission_key|csrf_token", line)
        ]

    for path in paths:
        assert plain(browser.get(path).text) == plain(before[path]), path
    assert told(people.ben) == []


def test_the_list_in_the_settings(client: Any, sign_in: Any, people: Any) -> None:
    browser = sign_in(people.ana)
    assert "You ignore nobody" in browser.get("/settings/ignored").text
    assert "/members/ben-okoth/ignore" in browser.get("/members/ben-okoth").text
    assert browser.post("/members/ben-okoth/ignore").location == "/settings/ignored"
    page = browser.get("/settings/ignored").text
    assert "Ben Okoth" in page and "/members/ben-okoth/end-ignoring" in page
    assert "/members/ben-okoth/end-ignoring" in browser.get("/members/ben-okoth").text
    assert browser.post("/members/ana-prado/ignore").status_code == 403
    assert browser.post("/members/nobody/ignore").status_code == 404
    assert browser.post("/members/ben-okoth/end-ignoring").status_code == 303
    assert client.get("/settings/ignored").status_code == 303
    assert "ignore" not in client.get("/members/ben-okoth").text


def test_a_topic_costs_no_more_queries(sign_in: Any, people: Any, topic: Any, queries: Any) -> None:
    counts = []
    for reader in (people.ana, people.chitra):
        browser = sign_in(reader)
        browser.get(topic.address)
        with queries() as made:
            assert browser.get(topic.address).status_code == 200
        counts.append(made.count)
    assert counts[0] <= counts[1]


def test_who_leaves_is_ignored_by_nobody(people: Any, topic: Any) -> None:
    actions.ignore(people.chitra, people.ana.id)
    ben = member_by_id(SYSTEM, people.ben.id)
    actions.depart(SYSTEM, ben.id)
    assert get_member(SYSTEM, people.ana.handle).ignored == []
    actions.depart(SYSTEM, people.ana.id)
    assert db.session.scalars(select(Ignore)).all() == []
    assert {tuple(member.ignored) for member in db.session.scalars(select(Member))} == {()}


# Lists


def their_topics(people: Any, agenda: Agenda) -> tuple[Any, Any]:
    """A topic and a question of Ben's, the question pinned, between two of Chitra's; Ana ignores Ben."""
    found_federation(SYSTEM, "Interurban")

    def opened(who: Any, kind: str, title: str) -> Any:
        return dialogue.open_topic(who, agenda.id, dialogue.NewTopic(kind, title, write(SAID)))

    opened(people.chitra, "question", "Chitra asks")
    mine, asked = (
        opened(people.ben, "experience", "Ben tells"),
        opened(people.ben, "question", "Ben asks"),
    )
    dialogue.pin(people.moderator, asked.id)
    opened(people.chitra, "experience", "Chitra tells")
    actions.ignore(people.ana, people.ben.id)
    return mine, asked


@pytest.mark.parametrize(
    "path",
    [
        "/topics",
        "/topics?order=newest",
        "/topics?order=unanswered",
        "/agendas/quieter/topics",
        "/agendas/quieter",
        "/",
    ],
)
def test_their_topics_are_on_no_list(people: Any, agenda: Agenda, sign_in: Any, path: str) -> None:
    their_topics(people, agenda)
    page = sign_in(people.ana).get(path).text
    assert "Ben asks" not in page and "Ben tells" not in page and "Chitra asks" in page
    for browser in (sign_in(people.chitra), sign_in(people.ben)):
        assert "Ben asks" in browser.get(path).text


def test_counts_and_pages_follow_the_list(people: Any, agenda: Agenda, sign_in: Any) -> None:
    their_topics(people, agenda)
    ana = get_member(SYSTEM, people.ana.handle)
    for wanted in (TopicFilter(), TopicFilter(agenda.id), TopicFilter(agenda.id, language="en")):
        assert counts_by_kind(ana, wanted) == {"question": 1, "experience": 1}
        assert counts_by_kind(people.chitra, wanted) == {"question": 2, "experience": 2}
        assert counts_by_agenda(ana) == {agenda.id: 2}
        page = topics(ana, wanted)
        assert [line.title for line in page.items] == ["Chitra tells", "Chitra asks"]
        assert (page.total, page.pages) == (2, 1)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_every_page_is_full(people: Any, agenda: Agenda, monkeypatch: Any, at: int) -> None:
    their_topics(people, agenda)
    for number in range(3):
        new = dialogue.NewTopic("question", f"More {number}", write(SAID))
        dialogue.open_topic(people.chitra, agenda.id, new)
    monkeypatch.setattr(listing, "TOPICS_PER_PAGE", 2)
    ana = get_member(SYSTEM, people.ana.handle)
    found = [line.title for line in topics(ana, TopicFilter(agenda.id), at).items]
    assert found == [["More 2", "More 1"], ["More 0", "Chitra tells"], ["Chitra asks"]][at - 1]


def test_a_case_is_its_agendas_whoever_wrote_it_down(people: Any, agenda: Agenda) -> None:
    text = library.CaseText("A case", "network", "Short.", "One.")
    case = library.write_case(people.host, agenda.id, text)
    dialogue.reply(people.chitra, case.topic_id, write("A comment."))
    actions.ignore(people.ana, people.host.id)
    ana = get_member(SYSTEM, people.ana.handle)
    assert [line.title for line in topics(ana, TopicFilter()).items] == ["A case"]
    assert counts_by_kind(ana, TopicFilter()) == {"case": 1}


def test_search_folds_what_it_finds_of_theirs(people: Any, agenda: Agenda, sign_in: Any) -> None:
    their_topics(people, agenda)
    page = sign_in(people.ana).get("/search?q=ben").text
    assert page.count("<summary>Topic: You ignore Ben Okoth. Show it</summary>") == 2
    page = sign_in(people.ana).get("/search?q=hushignored").text
    assert page.count("You ignore Ben Okoth") == 2 and page.count("4 results") == 1
    assert "You ignore" not in sign_in(people.chitra).get("/search?q=ben").text


def test_visitors_pages_and_feeds_leave_nothing_out(
    people: Any, agenda: Agenda, sign_in: Any, app: Any
) -> None:
    their_topics(people, agenda)
    browser = app.test_client()
    for path in ("/", "/topics", "/feeds/all.atom", "/agendas/quieter/feed.atom"):
        assert "Ben tells" in browser.get(path).text
        assert "Ben tells" in browser.get(path).text  # the second time from the cache
    assert "Ben tells" in sign_in(people.ana).get("/feeds/all.atom").text
    assert "Feeds, and pages that you read" in sign_in(people.ana).get("/settings/ignored").text


def test_who_ignores_nobody_is_asked_nothing_more(
    people: Any, agenda: Agenda, sign_in: Any, queries: Any
) -> None:
    their_topics(people, agenda)
    made = {}
    for who in ("chitra", "ana"):
        browser = sign_in(getattr(people, who))
        for path in ("/topics", "/search?q=ben"):
            browser.get(path)
            with queries() as asked:
                browser.get(path)
            made[who, path] = asked.count
    assert made["ana", "/topics"] == made["chitra", "/topics"] + 1
    assert made["ana", "/search?q=ben"] == made["chitra", "/search?q=ben"] + 1
