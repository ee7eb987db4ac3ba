"""Drafts: saved while the author types, available on other devices, deleted once the text is published."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import DRAFTS_KEPT, MAX_DRAFT_LENGTH, MAX_DRAFTS, Draft, Post, Topic
from forum.dialogue.queries import first_post, my_drafts
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation.actions import Reasons, decide, lock, silence
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.conftest import fields_of, signed_in
from tests.dialogue.conftest import odd_texts, page
from tests.heard import headings, regions

NEW = "/agendas/quieter/topics/new"
PASSWORD = "seven quiet trams"
LONG = "What we did, in a text that took an hour to write: **quieter** rails.\n\nAnd more."
TOPIC = {
    "kind": "question",
    "title": "Who counts the hours?",
    "source": "We **do** not.",
    "language": "pt",
    "audience": "members",
    "themes": ["noise", "trams"],
    "submission_key": "abc",
}
WORDS = [("source", "It is *half* done."), ("language", "en")]


def count(member: Member) -> int:
    """How many drafts a member has; checks that the stored counter says the same."""
    rows = db.session.query(Draft).filter_by(author_id=member.id).count()
    assert db.session.query(Member.drafts_count).filter_by(id=member.id).scalar() == rows
    return rows


def keep(member: Any, topic: Topic, key: str = "abc", words: Any = WORDS) -> Draft | None:
    return actions.keep_draft(member, actions.UnsentForm(key, words), topic_id=topic.id)


def test_a_topic_is_kept_without_being_valid_and_gone_on_with(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    for name in ("Noise", "Trams"):
        agendas.write_theme(people.moderator, name)
    browser = sign_in(people.ben)
    answer = browser.post(NEW, data={**TOPIC, "draft": "1"})
    assert (answer.status_code, answer.location) == (303, "/drafts")
    said = page(browser, "/drafts")
    assert "Your draft is kept. Nobody else can read it." in said
    assert "Who counts the hours?" in said and "We do not." in said and "Question" in said
    assert '<span class="n">1</span>' in said
    assert '<bdi lang="pt">Who counts the hours?</bdi>' in said
    assert (2, "Who counts the hours?") in headings(said) and regions(said) == []
    assert db.session.query(Topic).count() == 0
    draft = db.session.query(Draft).one()
    form = page(browser, f"{NEW}?draft={draft.id}")
    assert 'value="Who counts the hours?"' in form and "We **do** not." in form
    assert 'name="submission_key" type="hidden" value="abc"' in form
    for chosen in ("question", "members", "noise", "trams"):
        assert f'value="{chosen}"' in form.replace("checked ", "")
    assert form.count("checked") >= 4 and '<option selected value="pt"' in form
    # Saving it from that form again changes the same draft; publishing deletes it
    browser.post(NEW, data={**TOPIC, "title": "", "draft": "1"})
    assert count(people.ben) == 1
    assert "We do not." in page(browser, "/drafts")
    assert browser.post(NEW, data=TOPIC).location.startswith("/topics/")
    assert count(people.ben) == 0
    assert "No drafts" in page(browser, "/drafts")


def test_a_form_without_words_is_shown_again_with_what_was_chosen(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    agendas.write_theme(people.moderator, "Noise")
    browser, form = sign_in(people.ben), TOPIC | {"title": " ", "source": ""}
    actions.keep_draft(people.ben, actions.UnsentForm("abc", WORDS), agenda_id=agenda.id)
    answer = browser.post(NEW, data=form | {"draft": "1"})
    assert answer.status_code == 422 and "There are no words to keep yet." in answer.text
    for chosen in ("question", "members", "noise"):
        (box,) = re.findall(rf'<input[^>]* value="{chosen}"[^>]*>', answer.text)
        assert " checked" in box
    # The draft that was saved before is not deleted silently
    assert kept(people.ben) == ["It is *half* done."]
    answer = browser.post(f"/topics/{topic.id}/reply", data={"source": "", "draft": "1"})
    assert answer.status_code == 422 and "There are no words to keep yet." in answer.text
    assert browser.post(NEW, data=form | {"draft": "auto"}).status_code == 204
    assert count(people.ben) == 0


def test_a_reply_is_kept_by_the_script_without_a_page(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    form = {"source": "Half a", "language": "en", "submission_key": "abc", "draft": "auto"}
    for source in ("Half a", "Half a thought"):
        answer = browser.post(path, data=form | {"source": source})
        assert (answer.status_code, answer.text) == (204, "")
    assert "published" not in page(browser, "/drafts")
    (draft,) = browser.get(f"/drafts/topic/{topic.id}").json
    assert draft["key"] == "abc" and ["source", "Half a thought"] in draft["fields"]
    assert 1_000 <= draft["age"] < 60_000  # what was typed in the same second is newer
    assert browser.get(f"/drafts/topic/{topic.id}?paragraph=00000000").json == []
    assert browser.get(f"/drafts/agenda/{topic.agenda_id}").json == []
    assert {browser.get(f"/drafts/{what}/99").status_code for what in ("topic", "agenda")} == {404}
    assert f'data-keep="/drafts/topic/{topic.id}"' in page(browser, topic.address)
    browser.post(path, data=form | {"source": " "})
    assert count(people.ben) == 0
    assert 'data-keep=""' in page(browser, topic.address)


def test_a_draft_is_its_authors_alone(people: Any, topic: Topic, sign_in: Any) -> None:
    draft = keep(people.ben, topic)
    assert draft
    for other in (people.ana, people.moderator, people.administrator):
        browser = sign_in(other)
        for path in ("/drafts", f"/topics/{topic.id}/reply?draft={draft.id}"):
            assert not re.search(r"is \*?half", page(browser, path)), path
        assert browser.get(f"/drafts/topic/{topic.id}").json == []
        browser.post("/drafts/discard", data={"submission_key": "abc"})
    assert count(people.ben) == 1


def test_a_draft_is_discarded(people: Any, topic: Topic, sign_in: Any) -> None:
    keep(people.ben, topic)
    browser = sign_in(people.ben)
    quiet = browser.post("/drafts/discard", data={"submission_key": "no", "draft": "auto"})
    assert quiet.status_code == 204 and count(people.ben) == 1
    answer = browser.post("/drafts/discard", data={"submission_key": "abc"})
    assert "The draft is deleted." in answer.text and count(people.ben) == 0


def test_no_single_press_deletes_a_draft(people: Any, topic: Topic, sign_in: Any) -> None:
    keep(people.ben, topic)
    drafts = page(sign_in(people.ben), "/drafts")
    shown = drafts.partition('<details class="md"><summary>Delete<')[2]
    before, _form, within = shown.partition('action="/drafts/discard"')
    assert "</details>" not in before and "</summary>" in before
    assert "The text is gone then" in within.partition("</form>")[0]


def test_what_was_sent_is_no_draft_any_more(people: Any, topic: Topic) -> None:
    keep(people.ben, topic, "published")
    keep(people.ben, topic, "other")
    actions.reply(people.ben, topic.id, write("It is done."), "published")
    assert [row.draft.submission_key for row in my_drafts(people.ben)] == ["other"]
    # A script that saves just after the publication is refused
    with pytest.raises(Conflict):
        keep(people.ben, topic, "published")
    make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    actions.reply(people.ben, topic.id, write("By zeppelin."), "other")
    assert count(people.ben) == 0
    with pytest.raises(Conflict):
        keep(people.ben, topic, "other")
    assert count(people.ben) == 0


def test_what_a_form_says_after_its_text_was_sent_is_another_draft(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    """For example when the text is published on another device while the form is still open."""
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    actions.reply(people.ben, topic.id, write("It is done."), "abc")
    form = {"source": "It is more.", "language": "en", "submission_key": "abc"}
    # The script gets 409, and continues with another key
    assert browser.post(path, data=form | {"draft": "auto"}).status_code == 409
    assert count(people.ben) == 0
    assert browser.post(path, data=form | {"draft": "1"}).location == "/drafts"
    (row,) = my_drafts(people.ben)
    assert row.draft.gist == "It is more." and row.draft.submission_key != "abc"


def test_a_window_does_not_write_over_what_it_has_not_seen(people: Any, topic: Topic) -> None:
    def keep_in(windows: str, source: str) -> Draft | None:
        said = [("source", source)]
        return actions.keep_draft(
            people.ben, actions.UnsentForm("abc", said, windows=windows.split()), topic_id=topic.id
        )

    keep_in("desk", "Begun at the desk.")
    keep_in("desk", "Begun at the desk, slowly.")
    keep_in("train desk", "Gone on with on the train.")
    with pytest.raises(Conflict):
        keep_in("desk", "Begun at the desk, slowly and later.")
    draft = keep_in("train desk", "Gone on with on the train, twice.")
    assert draft and draft.gist == "Gone on with on the train, twice."
    # Without scripts, a form does not tell from which window it comes
    assert keep(people.ben, topic) and keep_in("desk", "At the desk again.")


SHORT, LONGER = "Begun on the phone.", "Begun on the phone, and an hour of work at the desk."


@pytest.fixture
def reply(people: Any, topic: Topic, sign_in: Any) -> Any:
    """Send the form of a reply as the script does: reply("Half a text.", "phone:2 phone")."""
    browser, form = sign_in(people.ben), {"language": "en", "submission_key": "abc"}

    def send(source: str, windows: str, draft: str = "auto", path: str = "") -> int:
        words = {"source": source, "drafted": windows} | ({"draft": draft} if draft else {})
        path = path or f"/topics/{topic.id}/reply"
        return int(browser.post(path, data=form | words).status_code)

    return send


def kept(member: Member) -> list[str]:
    return [row.draft.value("source") for row in my_drafts(member)]


def test_a_window_that_has_not_seen_a_draft_ends_it_in_no_way(people: Any, reply: Any) -> None:
    reply(SHORT, "phone:1 phone")
    reply(LONGER, "desk:1 desk phone:1")
    assert reply("", "phone:2 phone") == 409
    assert reply("", "phone:3 phone", path="/drafts/discard") == 409
    assert kept(people.ben) == [LONGER] and count(people.ben) == 1
    assert reply(SHORT, "phone:4 phone", draft="") == 303
    # The published text is a post; the longer text is a draft with another key
    assert kept(people.ben) == [LONGER] and count(people.ben) == 1
    assert my_drafts(people.ben)[0].draft.submission_key != "abc"


def test_a_window_has_seen_no_more_than_it_was_shown(people: Any, reply: Any) -> None:
    """An offered draft is outdated once another window has changed it; a window of the same browser has seen all of it."""
    reply(SHORT, "desk:1 desk")
    reply(LONGER, "desk:2 desk")
    assert reply("", "phone:1 phone desk:1", path="/drafts/discard") == 409
    assert kept(people.ben) == [LONGER]
    assert reply("", "table:1 table desk", path="/drafts/discard") == 204
    assert kept(people.ben) == []


def test_a_window_that_has_seen_a_draft_ends_it(people: Any, reply: Any) -> None:
    for path in ("", "/drafts/discard"):
        reply(SHORT, "desk:1 desk")
        assert reply("", "phone:1 phone desk:1", path=path) == 204
        assert count(people.ben) == 0
    reply(LONGER, "desk:2 desk")
    assert reply(LONGER, "phone:1 phone desk:2", draft="") == 303
    assert count(people.ben) == 0


def test_what_was_published_is_not_another_text(people: Any, reply: Any) -> None:
    """The window may save the form again while the response to its publication is still on its way."""
    said = "> [Ana](http://localhost/posts/1) wrote:\n> Quiet.\n\nWe count. \r\n"
    assert reply(said, "desk:1 desk", draft="") == 303
    assert reply(said, "desk:2 desk") == 204
    assert count(people.ben) == 0
    assert reply(f"{said} And more.", "desk:3 desk") == 409


@pytest.mark.parametrize("is_held", [True, False])
def test_a_topic_that_was_sent_is_not_another_text(
    people: Any, agenda: Agenda, sign_in: Any, is_held: bool
) -> None:
    if is_held:
        make_rule(people.administrator, RuleText("word", "counts", "We read this first."))
    browser, form = sign_in(people.ben), TOPIC | {"themes": []}
    assert browser.post(NEW, data=form | {"title": " Who  counts? "}).status_code == 303
    for title, status in ((" Who  counts? ", 204), ("Who else counts?", 409)):
        words = {"title": title, "draft": "auto"}
        assert browser.post(NEW, data=form | words).status_code == status
    answer = browser.post(NEW, data=form | {"title": "Who counts?", "draft": "1"})
    said = page(browser, answer.location)
    assert "You have posted this already. Here it is." in said and "Your draft is kept" not in said
    assert answer.location.startswith("/waiting/" if is_held else "/topics/")
    assert "Who  counts?" in said or "Who counts?" in said
    assert count(people.ben) == 0


def test_a_topic_is_published_from_a_window_that_has_not_seen_its_draft(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser, form = sign_in(people.ben), TOPIC | {"themes": []}
    for windows, title in (("phone:1 phone", "Who counts?"), ("desk:1 desk phone:1", "Who is it?")):
        words = {"title": title, "drafted": windows, "draft": "auto"}
        assert browser.post(NEW, data=form | words).status_code == 204
    browser.post(NEW, data=form | {"title": "Who counts?", "drafted": "phone:2 phone"})
    assert db.session.query(Topic).one().title == "Who counts?"
    assert [row.draft.name for row in my_drafts(people.ben)] == ["Who is it?"]


@pytest.mark.parametrize("late", ["Older words.", ""])
def test_what_a_window_sends_arrives_in_any_order(people: Any, reply: Any, late: str) -> None:
    reply("The first words.", "desk:8 desk")
    assert reply("Newer words.", "desk:10 desk", draft="1") == 303
    assert reply(late, "desk:9 desk") == 409
    assert kept(people.ben) == ["Newer words."]
    assert reply("Newest words.", "desk:11 desk") == 204
    assert kept(people.ben) == ["Newest words."]


def test_the_browser_lets_go_of_what_the_button_has_kept(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    form = {"source": "Half", "language": "en", "submission_key": "abc", "drafted": "1"}
    browser.post(path, data=form | {"draft": "auto"})
    assert "data-published" not in page(browser, "/drafts")
    browser.post(path, data=form | {"draft": "1"})
    assert 'data-published="abc"' in page(browser, "/drafts")


def test_a_comment_beside_a_paragraph_is_gone_on_with_among_its_like(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    draft = keep(people.ben, topic, words=[*WORDS, ("paragraph", "a1b2c3d4")])
    assert draft
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    beside = f'data-keep="/drafts/topic/{topic.id}?paragraph=a1b2c3d4"'
    assert beside in page(browser, f"{path}?draft={draft.id}")
    form = {"source": "Half", "paragraph": "a1b2c3d4", "preview": "1"}
    assert beside in browser.post(path, data=form).text
    assert f'data-keep="/drafts/topic/{topic.id}"' in page(browser, path)


def test_a_draft_is_gone_on_with_in_its_own_place_alone(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    """A draft opens only in the form that it belongs to; a draft for a merged topic follows the topic."""
    draft = keep(people.ben, topic)
    assert draft
    new = actions.NewTopic("question", "Who counts the bells?", write("We do."))
    other = actions.open_topic(people.ana, topic.agenda_id, new)
    browser = sign_in(people.ben)
    assert "It is *half*" not in page(browser, f"/topics/{other.id}/reply?draft={draft.id}")
    assert "It is *half*" not in page(browser, f"{NEW}?draft={draft.id}")
    actions.merge(people.moderator, topic.id, other.id)
    (link,) = re.findall(rf'href="(/topics/.*?draft={draft.id})"', page(browser, "/drafts"))
    form = page(browser, link)
    assert "It is *half*" in form and f'action="/topics/{other.id}/reply"' in form


def test_a_draft_is_one_and_the_same_after_a_merger(
    people: Any, topic: Topic, sign_in: Any, reply: Any, queries: Any
) -> None:
    others = [
        actions.open_topic(people.ana, topic.agenda_id, actions.NewTopic("question", name, text))
        for name, text in (("Who counts?", write("We do.")), ("Who counts more?", write("They.")))
    ]
    reply(SHORT, "phone:1 phone")
    for here, there in zip((topic.id, others[0].id), others, strict=True):
        actions.merge(people.moderator, here, there.id)
    browser, path = sign_in(people.ben), f"/drafts/topic/{others[1].id}"
    browser.get(path)
    with queries() as made:
        assert [draft["key"] for draft in browser.get(path).json] == ["abc"]
    assert made.count <= 6
    assert browser.get(f"/drafts/agenda/{topic.agenda_id}").json == []
    (link,) = re.findall(r'href="(/topics/.*?draft=\d+)"', page(browser, "/drafts"))
    (seen,) = re.findall(r'name="drafted" value="(.*?)"', page(browser, link))
    path = f"/topics/{others[1].id}/reply"
    assert reply(LONGER, f"desk:1 desk {seen}", path=path) == 204
    assert kept(people.ben) == [LONGER]
    assert my_drafts(people.ben)[0].draft.topic_id == others[1].id


@pytest.mark.parametrize("is_reply", [True, False])
def test_a_form_without_a_script_knows_what_it_has_seen_of_a_draft(
    people: Any, topic: Topic, sign_in: Any, is_reply: bool
) -> None:
    path, browser = f"/topics/{topic.id}/reply" if is_reply else NEW, sign_in(people.ben)
    form = {"title": "Who counts?", "language": "en", "submission_key": "abc"}

    def send(source: str, windows: str, draft: str) -> str:
        words = {"source": source, "drafted": windows, draft: "1"}
        return str(browser.post(path, data=form | words).text)

    def window(text: str) -> str:
        (value,) = re.findall(r'name="drafted"[^>]* value="([^"]+)"', text)
        return str(value)

    send(SHORT, "desk:1 desk", "draft")
    draft = my_drafts(people.ben)[0].draft
    first, second = (window(page(browser, f"{path}?draft={draft.id}")) for _time in range(2))
    assert first.split()[1:] == second.split()[1:] == ["desk:1"] and first != second
    # A preview keeps the identity of its window
    assert window(send("Without a script.", first, "preview")) == first
    for source in ("Without a script.", "Without a script, and more."):
        send(source, first, "draft")
    assert kept(people.ben) == ["Without a script, and more."]
    for windows in (second, "desk:2 desk"):
        send(windows, windows, "draft")
    assert sorted(kept(people.ben)) == sorted(
        ["Without a script, and more.", second, "desk:2 desk"]
    )


def test_a_list_of_drafts_costs_the_same_wherever_their_topics_are(
    people: Any, topic: Topic, sign_in: Any, queries: Any
) -> None:
    begun = []
    for number in range(6):
        new = actions.NewTopic("question", f"Who counts {number} bells?", write(f"We do {number}."))
        begun.append(actions.open_topic(people.ana, topic.agenda_id, new).id)
    actions.merge(people.moderator, begun[0], begun[1])
    for topic_id in begun[1:4]:
        actions.keep_draft(
            people.ben, actions.UnsentForm(f"key {topic_id}", WORDS), topic_id=topic_id
        )
    for topic_id in begun[1:3]:
        actions.merge(people.moderator, topic_id, topic.id)
    decide(people.moderator, "topic", begun[3], "hide", Reasons("Spam.", 2))
    lock(people.moderator, topic.id, Reasons("Enough."))
    browser = sign_in(people.ben)
    page(browser, "/drafts")
    with queries() as made:
        said = page(browser, "/drafts")
    assert made.count <= 6
    assert said.count("This topic is locked.") == 2
    assert said.count("What it replies to is not there any more.") == 1


def test_a_refused_text_leaves_its_draft(people: Any, topic: Topic) -> None:
    keep(people.ben, topic)
    with pytest.raises(Invalid):
        actions.reply(people.ben, topic.id, write(" "), "abc")
    assert count(people.ben) == 1


def test_the_latest_are_kept_each_for_its_time(people: Any, topic: Topic) -> None:
    begun = now()
    for number in range(MAX_DRAFTS + 2):
        with at(begun + timedelta(minutes=number)):
            keep(people.ben, topic, f"key {number}")
    assert count(people.ben) == MAX_DRAFTS
    keys = [row.draft.submission_key for row in my_drafts(people.ben)]
    assert keys[0] == f"key {MAX_DRAFTS + 1}" and keys[-1] == "key 2"
    with at(begun + timedelta(minutes=3) + DRAFTS_KEPT):
        assert actions.forget_drafts(SYSTEM) == 1
        assert actions.forget_drafts(SYSTEM) == 0
    assert count(people.ben) == MAX_DRAFTS - 1


def test_who_may_not_write_there_keeps_nothing(people: Any, topic: Topic) -> None:
    with pytest.raises(Forbidden):
        keep(VISITOR, topic)
    lock(people.moderator, topic.id, Reasons("Enough."))
    with pytest.raises(Forbidden):
        keep(people.ben, topic)
    for deed in (actions.forget_drafts, lambda doer: actions.forget_drafts_of(doer, people.ben.id)):
        with pytest.raises(Forbidden):
            deed(people.ben)


def test_a_text_can_be_copied_where_nobody_can_go_on_with_it(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    keep(people.ben, topic, "locked", [("source", "Line one\n\nLine two")])
    lock(people.moderator, topic.id, Reasons("Enough."))
    browser = sign_in(people.ben)
    said = page(browser, "/drafts")
    assert "Line one\n\nLine two" in said and "This topic is locked." in said
    assert "Go on writing" not in said
    decide(people.moderator, "topic", topic.id, "hide", Reasons("Spam.", 2))
    said = page(browser, "/drafts")
    assert "What it replies to is not there any more." in said and "Line two" in said
    assert topic.title not in said


def test_a_silenced_member_finds_the_drafts_and_begins_none(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    keep(people.ben, topic)
    silence(people.moderator, people.ben.id, now() + timedelta(days=7), Reasons("It was rude.", 2))
    db.session.expire_all()
    with pytest.raises(Forbidden):
        keep(people.ben, topic, "another")
    assert "It is *half* done." in page(sign_in(people.ben), "/drafts")


def test_odd_drafts_never_break(people: Any, topic: Topic, sign_in: Any) -> None:
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    for odd in odd_texts():
        for name in ("source", "language", "submission_key", "paragraph", "draft", "drafted"):
            form = {"source": "Half", "submission_key": "k", "draft": "auto", name: odd}
            assert browser.post(path, data=form).status_code < 500
        assert browser.get(path, query_string={"draft": odd}).status_code == 200
        form = {"submission_key": odd}
        assert browser.post("/drafts/discard", data=form).status_code in (200, 303)
    assert page(browser, "/drafts")
    long = {"source": "x" * (MAX_DRAFT_LENGTH + 1), "submission_key": "k", "draft": "auto"}
    assert browser.post(path, data=long).status_code == 422
    loud = browser.post(path, data=long | {"draft": "1"})
    assert loud.status_code in (400, 422) and "too long to be kept" in loud.text
    assert "x" * 1000 in loud.text


def test_keeping_counts_as_no_post_and_has_a_limit_of_its_own(
    people: Any, topic: Topic, limited_app: Flask
) -> None:
    browser = signed_in(limited_app, people.ben)
    path = f"/topics/{topic.id}/reply"
    form = {"source": "Half", "language": "en", "submission_key": "abc", "draft": "auto"}
    assert {browser.post(path, data=form).status_code for _ in range(30)} == {204}
    assert browser.post(path, data=form).status_code == 429
    del form["draft"]
    assert browser.post(path, data=form).status_code == 303


def test_a_draft_has_no_part_in_the_forum(client: FlaskClient, people: Any, topic: Topic) -> None:
    keep(people.ben, topic, words=[("source", "Zugunruhe")])
    for path in (
        "/",
        topic.address,
        "/search?q=zugunruhe",
        "/feeds/all.atom",
        "/members/ben-okoth",
    ):
        found = page(client, path)
        assert "Zugunruhe" not in found
    assert db.session.query(Post).count() == 1


@pytest.fixture
def tokens_count(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Require the CSRF token in forms, as in production."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


def buttons(given_back: str) -> list[tuple[str, ...]]:
    """The buttons of the page that returns a typed text: label, name and value of each."""
    form = given_back.partition("<h1>Your text is safe")[2].partition("</form>")[0]
    found = re.findall(r'<button class="[^"]+" type="submit"([^>]*)>([^<]+)<', form)
    return [(words, *re.findall('"([^"]+)"', named)) for named, words in found]


def test_a_text_that_is_given_back_has_the_buttons_of_its_form(
    people: Any, topic: Topic, sign_in: Any, tokens_count: None
) -> None:
    """The button that was pressed comes first; the others keep their own values."""

    def refused(path: str, **pressed: str) -> list[tuple[str, ...]]:
        known = dict(re.findall('name="(keeps)" value="(1)"', page(browser, path)))
        answer = browser.post(path, data={**known, "source": LONG, **pressed, "csrf_token": "old"})
        assert answer.status_code == 400 and LONG in unescape(answer.text)
        assert not {"draft", "preview"} & set(fields_of(answer.text, path))
        return buttons(answer.text)

    browser = sign_in(people.ana)
    keep = ("Keep as a draft", "draft", "1")
    for path in (f"/topics/{topic.id}/reply", NEW):
        assert refused(path) == [("Publish",), keep]
        assert refused(path, draft="1") == [keep, ("Publish",)]
        assert refused(path, preview="de") == [("Preview", "preview", "de"), ("Publish",), keep]
    path = f"/posts/{first_post(topic).id}/edit"
    assert refused(path) == [("Send it",)]
    assert refused(path, preview="1") == [("Preview", "preview", "1"), ("Send it",)]


def test_a_draft_that_was_refused_is_kept_after_signing_in_again(
    people: Any, topic: Topic, client: FlaskClient, tokens_count: None
) -> None:
    members.change_password(people.ana, hash_password(PASSWORD))
    path = f"/topics/{topic.id}/reply"
    typed = {"source": LONG, "language": "en", "submission_key": "abc", "keeps": "1"}
    along = fields_of(client.post(path, data={**typed, "draft": "1"}).text, "/sign-in")
    entered = {**along, "email": people.ana.email, "password": PASSWORD}
    given_back = client.post("/sign-in", data=entered).text
    (words, *button), *_others = buttons(given_back)
    assert words == "Keep as a draft"
    kept = client.post(path, data={**fields_of(given_back, path), button[0]: button[1]})
    assert (kept.status_code, kept.location) == (303, "/drafts")
    assert count(people.ana) == 1 and db.session.query(Post).count() == 1


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ({"question": "Trees or bollards?"}, "Trees or bollards?"),
        ({"options": "Trees\nBollards"}, "Trees Bollards"),
        ({"question": "Trees or bollards?", "options": "Trees"}, "Trees or bollards?"),
        ({"question": "Trees or bollards?", "title": "Cars"}, "Cars"),
    ],
)
def test_a_topic_of_which_only_the_poll_is_typed_is_kept(
    people: Any, agenda: Agenda, sign_in: Any, typed: dict[str, str], name: str
) -> None:
    ana = sign_in(people.ana)
    for draft in ("", "auto"):
        sent = {"kind": "question", "submission_key": "abc", "draft": draft or "1", **typed}
        answer = ana.post(NEW, data=sent)
        assert answer.status_code == (204 if draft else 303)
    (row,) = my_drafts(people.ana)
    assert count(people.ana) == 1 and row.draft.name == name
    assert name in page(ana, "/drafts")
    form = page(ana, f"{NEW}?draft={row.draft.id}")
    for words in typed.values():
        held = rf'value="{re.escape(words)}"|>\s*{re.escape(words)}</textarea>'
        assert re.search(held, form.replace("\r", "")), words


def test_a_form_of_which_only_choices_are_made_holds_nothing(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    sent = {"kind": "question", "is_multiple": "y", "lasts": "7", "question": " ", "draft": "1"}
    assert "no words to keep yet" in sign_in(people.ana).post(NEW, data=sent).text
    assert count(people.ana) == 0
