"""Asking to edit, notes, titles and themes that moderators correct: what follows from each, and undoing it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.queries import themes_by_slug
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions._changing import set_themes
from forum.dialogue.queries import (
    first_post,
    get_post,
    get_topic,
    posts_in,
    render_with_mentions,
)
from forum.errors import Conflict, Forbidden, Invalid
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.permissions import SYSTEM, VISITOR
from forum.search.queries import Query, find
from tests.moderation.conftest import REASONS, found, notices_of, undo

pytestmark = pytest.mark.usefixtures("sound")

HIDDEN = ("seen", "read")  # fields that say which version the form is based on


# Asking to edit


def test_the_author_is_asked_and_led_to_the_form(sign_in: Any, people: Any, things: Any) -> None:
    actions.report(people.chitra, "post", things.first.id, "rules")
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    (notice,) = [notice for notice in notices_of(people.ben) if notice.kind == "decision"]
    assert notice.address == f"/posts/{things.first.id}/edit"
    assert notice.words == "The moderators ask you to change this. Name no names."
    assert [n.words for n in notices_of(people.chitra) if n.kind == "report"] == [
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
    assert "It has been edited since" in page
    page = sign_in(people.ben).get(f"/posts/{things.first.id}/edit").get_data(as_text=True)
    assert "Name no names." not in page
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("And the date."))


@pytest.mark.parametrize(
    ("kind", "deed"), [("post", "remove"), ("topic", "hide"), ("post", "hide")]
)
def test_who_was_asked_reads_that_the_text_is_hidden_by_now(
    sign_in: Any, people: Any, things: Any, kind: str, deed: str
) -> None:
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))
    item = things.topic if kind == "topic" else things.first
    actions.decide(people.host, kind, item.id, deed, REASONS)
    address = f"/posts/{things.first.id}/edit"
    told = sign_in(people.ben).get(address)
    assert told.status_code == 403 and "A moderator has hidden this text" in told.text
    assert sign_in(people.chitra).get(address).status_code == (
        403 if deed == "hide" and kind == "post" else 404
    )


def test_a_request_waits_in_the_inbox_until_the_text_is_changed(people: Any, things: Any) -> None:
    actions.ask_to_edit(people.host, "post", things.first.id, Reasons("Name no names."))

    def is_read() -> bool:
        (told,) = [notice for notice in notices_of(people.ben) if notice.kind == "decision"]
        db.session.refresh(told)
        return told.read_at is not None

    dialogue.edit(people.ben, things.first.id, write(things.first.source))
    assert not is_read()
    dialogue.edit(people.ben, things.first.id, write("A polite answer."))
    assert is_read()


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
    (notice,) = [notice for notice in notices_of(people.ben) if notice.kind == "decision"]
    assert notice.words.startswith("The moderators added a note below it.")
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


def test_a_note_is_edited_in_its_own_language(sign_in: Any, people: Any, things: Any) -> None:
    post_id, browser = things.first.id, sign_in(people.host)
    address, said = f"/posts/{post_id}/note", "Ce n’est pas vrai."
    assert '<option selected value="en">' in browser.get(address).text
    browser.post(address, data={"source": said, "language": "fr"})
    assert '<option selected value="fr">' in browser.get(address).text
    assert browser.post(address, data={"source": said, "language": "es"}).status_code == 303
    assert get_post(people.host, post_id).note_language == "es"
    with pytest.raises(Conflict):
        actions.note(people.host, post_id, write(said, "es"))


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


# Titles and themes


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
    # A moderator's correction does not count as an edit by the author
    assert first_post(topic).edited_at == opening.edited_at
    (told,) = [n for n in notices_of(people.ana) if n.kind == "decision"]
    assert f"The title was “{before}”. It had no themes. Clearer." in told.words
    undo(people.host)
    topic = get_topic(VISITOR, things.topic.id)
    assert (topic.title, topic.themes) == (before, [])


def test_a_title_that_somebody_has_changed_since_is_not_corrected(
    sign_in: Any, people: Any, things: Any
) -> None:
    agendas.ensure_themes(SYSTEM, ["noise"])
    (noise,) = themes_by_slug(["noise"])
    browser, address = sign_in(people.host), f"/topics/{things.topic.id}/retitle"
    author = get_member(SYSTEM, things.topic.author.handle)
    opening = first_post(things.topic)

    def form_of(page: str) -> dict[str, str]:
        found = {name: re.search(rf'name="{name}"[^>]*value="(\w+)"', page) for name in HIDDEN}
        return {name: match[1] for name, match in found.items() if match}

    def by_author() -> None:
        changes = dialogue.TopicChanges("A title of my own", [noise.id])
        dialogue.edit(author, opening.id, write(opening.source), changes)

    def by_another() -> None:
        actions.lock(people.moderator, things.topic.id, Reasons("It is settled."))

    for change in (by_author, by_another):
        shown = form_of(browser.get(address).text)
        assert set(shown) == set(HIDDEN)
        change()
        late = browser.post(address, data={"title": "Trams", "reason": "Clearer.", **shown})
        assert late.status_code == 409 and "Clearer." in late.text
        assert ">A title of my own</a>" in late.text and "<bdi>noise</bdi>" in late.text
        assert get_topic(VISITOR, things.topic.id).title == "A title of my own"
    again = {"title": "Trams", **form_of(late.text)}
    assert browser.post(address, data=again).status_code == 303
    assert get_topic(VISITOR, things.topic.id).title == "Trams"


def test_another_title_brings_no_hidden_words_back(people: Any, things: Any) -> None:
    opening = first_post(things.topic)
    words = opening.source.split()[0]
    actions.decide(people.moderator, "post", opening.id, "hide", REASONS)
    before = find(VISITOR, Query(words)).texts
    actions.retitle(people.host, things.topic.id, "A calmer title", [])
    topic = get_topic(VISITOR, things.topic.id)
    assert topic.excerpt == "" and find(VISITOR, Query(words)).texts == before
    assert found("calmer title") == 1


def test_notices_do_not_go_on_saying_the_title_that_was_replaced(
    people: Any, things: Any, sign_in: Any
) -> None:
    """It stands nowhere else for readers, unlike one that its author has replaced, of which a version is kept."""
    former = things.topic.title
    dialogue.reply(people.ana, things.topic.id, render_with_mentions("What says @ben-okoth?"))
    assert {notice.title for notice in notices_of(people.ben)} == {former}
    actions.retitle(people.host, things.topic.id, "A calmer title", [])
    assert {notice.title for notice in notices_of(people.ben)} == {"A calmer title"}
    page = sign_in(people.ben).get("/notices").text
    assert "A calmer title" in page and former not in page
    assert former in notices_of(people.ana)[0].title  # who is told what was decided
    undo(people.host)
    assert {notice.title for notice in notices_of(people.ben)} == {former}


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
    """An import may give a topic more themes than the form allows."""
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
