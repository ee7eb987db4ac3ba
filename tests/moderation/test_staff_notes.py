"""Notes about members: who reads them, where, and when they are deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post
from forum.dialogue.queries import first_post, get_topic, notes_naming, render_with_mentions
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.matches import KnownAs, replace_name
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.models import StaffNote
from forum.permissions import SYSTEM, VISITOR
from forum.rights.queries import KINDS, records

SECRET = "hushstaff"
REASONS = Reasons("It says what it is about.")


@pytest.fixture
def noted(people: Any, things: Any) -> StaffNote:
    """A note about Ben, who wrote a post that is reported."""
    actions.report(people.ana, "post", things.first.id, "rules")
    return actions.write_staff_note(people.moderator, people.ben.id, f" Was warned, {SECRET}. ")


def test_moderators_read_and_write_them(people: Any, noted: StaffNote) -> None:
    for reader in (people.moderator, people.administrator):
        (note,) = queries.staff_notes(reader, people.ben)
        assert note.text == f"Was warned, {SECRET}." and note.author.name == "Mona Berg"
    for person in (people.ana, people.ben, people.host, VISITOR):
        with pytest.raises(Forbidden):
            queries.staff_notes(person, people.ben)
        with pytest.raises(Forbidden):
            actions.write_staff_note(person, people.ben.id, "No.")
        with pytest.raises(Forbidden):
            actions.remove_staff_note(person, noted.id)
    with pytest.raises(Forbidden):  # nobody writes a note about themselves
        actions.write_staff_note(people.moderator, people.moderator.id, "I am nice.")
    for text in ("", "  ", "x" * 2_001):
        with pytest.raises(Invalid):
            actions.write_staff_note(people.moderator, people.ben.id, text)


def test_nobody_reads_or_removes_those_about_themselves(people: Any) -> None:
    about = actions.write_staff_note(people.administrator, people.moderator.id, "Too strict.")
    with pytest.raises(Forbidden):
        queries.staff_notes(people.moderator, people.moderator)
    with pytest.raises(NotFound):
        actions.remove_staff_note(people.moderator, about.id)
    assert queries.review_context(people.moderator, "member", people.moderator.id).staff_notes == ()
    actions.remove_staff_note(people.administrator, about.id)
    with pytest.raises(NotFound):
        actions.remove_staff_note(people.administrator, about.id)


def test_they_are_found_by_moderators_of_the_forum_alone(
    client: Any, sign_in: Any, people: Any, things: Any, noted: StaffNote
) -> None:
    entry = f"/moderation/post/{things.first.id}"
    paths = (entry, "/members/ben-okoth/notes", "/members/ben-okoth", things.topic.address)
    paths += ("/moderation", "/moderation/log", "/notices", "/search?q=warned", "/reports")
    found = {
        person.handle
        for person in vars(people).values()
        for path in paths
        if SECRET in sign_in(person).get(path).text
    }
    assert found == {"mona-berg", "adam-de-wit"}
    assert not any(SECRET in client.get(path).text for path in paths)
    for path in (entry, "/members/ben-okoth/notes"):
        assert SECRET in sign_in(people.moderator).get(path).text


def test_they_are_written_and_removed_on_their_page(sign_in: Any, people: Any, noted: Any) -> None:
    address, browser = "/members/ben-okoth/notes", sign_in(people.moderator)
    assert address in browser.get("/members/ben-okoth").text
    assert address not in sign_in(people.host).get("/members/ben-okoth").text
    assert browser.post(address, data={"text": " "}).status_code == 422
    assert browser.post(address, data={"text": "<b>Kind</b>"}).status_code == 303
    assert "&lt;b&gt;Kind&lt;/b&gt;" in browser.get(address).text
    assert browser.post(f"{address}/{noted.id}/remove").status_code == 303
    assert SECRET not in browser.get(address).text


def test_the_member_takes_them_without_the_writers_name(sign_in: Any, people: Any) -> None:
    actions.write_staff_note(people.moderator, people.ben.id, SECRET)
    (kind,) = [kind for kind in KINDS if kind.name == "moderators-notes"]
    ben = get_member(SYSTEM, people.ben.handle)
    kept = [note for some in records(ben, kind) for note in some]
    assert [note["text"] for note in kept] == [SECRET] and "Mona" not in str(kept)


def test_they_go_after_two_years(people: Any, noted: StaffNote) -> None:
    assert actions.forget_staff_notes(SYSTEM) == 0
    with at(now() + actions.KEPT_STAFF_NOTES + timedelta(days=1)):
        assert actions.forget_staff_notes(SYSTEM) == 1
    assert db.session.scalars(select(StaffNote)).all() == []
    with pytest.raises(Forbidden):
        actions.forget_staff_notes(people.moderator)


# Names of members who have left


def test_a_name_goes_from_notes_and_reasons_and_no_longer_word_does(
    people: Any, things: Any
) -> None:
    said = "Ben says that <Ben> & *Ben* met Benchmarks."
    actions.note(people.moderator, things.first.id, render_with_mentions(said))
    warned = actions.warn(people.moderator, people.ben.id, Reasons("Ben wrote of Benchmarks.", 2))
    post = db.session.get_one(Post, things.first.id)
    noted_at = post.note_at
    nameless = {
        post_id: (source, render_with_mentions(replace_name(source, "Ben", "A former member")))
        for post_id, source, _language in notes_naming(people.ben.id, ["Ben"], 0, 9)
    }
    assert dialogue.reword_notes(SYSTEM, nameless)
    assert not dialogue.reword_notes(SYSTEM, nameless), "the note is another one by now"
    actions.unname(SYSTEM, people.ben.id, KnownAs("Ben", [], "A former member"), is_silent=False)
    db.session.refresh(post)
    former = "A former member says that <A former member> & *A former member* met Benchmarks."
    assert (post.note_source, post.note_html, post.note_at) == (
        former,
        write(former).html,
        noted_at,
    )
    db.session.refresh(warned)
    assert warned.reason == "A former member wrote of Benchmarks."


@pytest.mark.parametrize("is_silent", [False, True])
def test_decisions_keep_no_words_that_have_gone_with_their_author(
    people: Any, things: Any, is_silent: bool
) -> None:
    """Replaced titles and notes that name the author are deleted from decisions when the author leaves."""
    post_id, former = first_post(things.topic).id, "A former member"
    retitled = actions.retitle(people.host, things.topic.id, "Calmer nights", [], REASONS)
    told = retitled.what_was_done
    actions.note(people.moderator, post_id, render_with_mentions("Ana is at the council."))
    changed = actions.note(people.moderator, post_id, render_with_mentions("Corrected."))
    removed = actions.unnote(people.moderator, post_id)
    assert "Quiet streets at night" in told and "Ana" in str(changed.before)
    actions.unname(SYSTEM, people.ana.id, KnownAs("Ana", [], former), is_silent=is_silent)
    for decision in (retitled, changed, removed):
        db.session.refresh(decision)
    assert not changed.before and not removed.before
    nameless = told.replace("Quiet streets at night", former)
    assert retitled.what_was_done == (nameless if is_silent else told)
    assert bool(retitled.before) is not is_silent


def test_decisions_do_not_keep_the_name_of_an_author_who_left(people: Any, things: Any) -> None:
    actions.retitle(people.host, things.topic.id, "The nights of Ana Prado", [], REASONS)
    again = actions.retitle(people.host, things.topic.id, "Calmer nights", [], REASONS)
    known = KnownAs("Ana Prado", ["ana-prado"], "A former member")
    actions.unname(SYSTEM, people.ana.id, known, is_silent=False)
    db.session.refresh(again)
    assert again.what_was_done == "The title was “The nights of A former member”."


@pytest.mark.parametrize("deed", ["retitle", "note"])
def test_what_moderators_did_just_before_its_author_left_stays(
    people: Any, things: Any, deed: str
) -> None:
    post_id = first_post(things.topic).id
    if deed == "retitle":
        decision = actions.retitle(people.host, things.topic.id, "Calmer nights", [])
    else:
        decision = actions.note(people.host, post_id, write("She is at the council."))
    actions.unname(SYSTEM, people.ana.id, KnownAs("Ana", [], "A former member"), is_silent=True)
    with pytest.raises(Conflict):
        actions.undo(people.host, decision.id)
    topic, post = get_topic(people.host, things.topic.id), first_post(things.topic)
    assert topic.title == "Calmer nights" if deed == "retitle" else post.note_source
