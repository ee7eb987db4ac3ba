"""The list of one's own bookmarks: every kind, pages, notes, and things that can no longer be read."""

import re

import pytest

from forum.agendas.actions import AgendaText, write_agenda
from forum.bookmarks import actions
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import BOOKMARKS_PER_PAGE, bookmark_of
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.markup import write
from forum.members.actions import ignore
from forum.members.models import Member
from forum.permissions import SYSTEM
from tests.bookmarks.conftest import case, federation, post, practice, reading
from tests.dialogue.conftest import odd_texts, page

pytestmark = pytest.mark.usefixtures("federation")
assert case and federation and post and practice and reading
GONE = "This can no longer be read."


@pytest.fixture
def kept(people, post, case, practice, reading):
    """Ben has bookmarked something of each kind; the bookmarks by kind."""
    things = {"post": post, "case": case, "practice": practice, "reading": reading}
    for kind, thing in things.items():
        actions.bookmark(people.ben, kind, thing.id)
    return {kind: bookmark_of(people.ben, kind, thing.id) for kind, thing in things.items()}


def rows(text):
    """The rows of the list, without their buttons."""
    return re.findall(r'(?s)<article class="row">(.*?)<div class="flow g2">', text)


def titles(text):
    return re.findall(r'<h2 id="kept-\d+" dir="auto"><a href=[^>]*>([^<]*)', text)


def test_each_kind_is_listed_with_what_one_needs_to_know_it_again(
    people, kept, post, case, sign_in
):
    text = page(sign_in(people.ben), "/bookmarks")
    reading, practice, of_case, topic = rows(text)
    assert f'href="{post.topic.address}#post-1"' in topic and "It took two years." in topic
    for words in ("How do you count hours?", "Question", "Making Cities Quieter", "Ana Prado"):
        assert words in topic, words
    assert f'href="/cases/{case.slug}"' in of_case and "Ships wait." in of_case
    assert "Pumps that call" in practice and "Each pump sends a message." in practice
    assert "Ada Blum" in reading and "It counts hours." in reading and "#reading-" in reading
    assert text.count("Kept <time") == 4 and GONE not in text


def test_tabs_are_there_for_what_one_has(people, kept, post, sign_in):
    ben = sign_in(people.ben)
    text = page(ben, "/bookmarks")
    for name in ("Topics and posts", "Cases", "Practices", "Best reads"):
        assert f'{name} <span class="n">1</span>' in text
    assert titles(page(ben, "/bookmarks?kind=case")) == ["A network of harbours"]
    for odd in ("member", "%00", "case&kind=post"):
        assert page(ben, f"/bookmarks?kind={odd}")
    for kind in ("case", "practice"):
        actions.unbookmark(people.ben, kind, kept[kind].thing_id)
    text = page(ben, "/bookmarks?kind=case")  # from an old link; the parameter no longer exists
    assert len(rows(text)) == 2 and 'Cases <span class="n">' not in text
    actions.unbookmark(people.ben, "reading", kept["reading"].thing_id)
    assert "Which bookmarks" not in page(ben, "/bookmarks")


def test_replies_and_comments_are_told_apart_from_what_they_are_below(people, post, case, sign_in):
    reply = dialogue.reply(people.chitra, post.topic_id, write("So do we."))
    comment = dialogue.reply(people.chitra, case.topic_id, write("Ours do not."))
    for replied in (reply, comment):
        actions.bookmark(people.ben, "post", replied.id)
    on_case, below = rows(page(sign_in(people.ben), "/bookmarks"))
    assert "Reply to <bdi" in below and f'href="{post.topic.address}#post-2"' in below
    assert "Comment on <bdi" in on_case and f'href="/cases/{case.slug}#post-2"' in on_case


def test_bookmarks_are_only_for_their_owner(people, kept, client, sign_in):
    assert client.get("/bookmarks").location.startswith("/sign-in?next")
    for other in (people.ana, people.moderator, people.administrator):
        assert "No bookmarks yet" in page(sign_in(other), "/bookmarks")
        for door in ("note", "unbookmark"):
            assert sign_in(other).post(f"/bookmarks/{kept['post'].id}/{door}").status_code == 404
    assert db.session.query(Bookmark).count() == 4


def test_the_latest_stand_first_on_pages(people, post, sign_in, queries):
    ids = [
        dialogue.reply(people.chitra, post.topic_id, write(f"Number {number}.")).id
        for number in range(25)
    ]
    for post_id in ids:
        actions.bookmark(people.ben, "post", post_id)
    ben = sign_in(people.ben)
    first, second = (page(ben, f"/bookmarks?page={number}") for number in (1, 2))
    assert len(rows(first)) == BOOKMARKS_PER_PAGE and len(rows(second)) == 5
    assert "Number 24." in rows(first)[0] and "Number 0." in rows(second)[-1]
    assert rows(page(ben, "/bookmarks?page=99")) == rows(second)


def test_the_page_asks_little_however_much_is_kept(people, kept, post, sign_in, queries):
    ben = sign_in(people.ben)
    page(ben, "/bookmarks")
    with queries() as few:
        page(ben, "/bookmarks")
    for number in range(30):
        actions.bookmark(
            people.ben, "post", dialogue.reply(people.ana, post.topic_id, write(str(number))).id
        )
    page(ben, "/bookmarks")
    with queries() as many:
        page(ben, "/bookmarks")
    assert many.count <= few.count <= 10, few.statements


def test_a_note_is_written_changed_and_taken_away(people, kept, sign_in):
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/note"
    assert "A network of harbours" in page(ben, door)
    assert ben.post(door, data={"note": "For <the> meeting"}).location == "/bookmarks"
    text = page(ben, "/bookmarks")
    assert "For &lt;the&gt; meeting" in text and "Change the note" in text
    assert "Your note is saved." in text
    assert 'value="For &lt;the&gt; meeting"' in page(ben, door)
    refused = ben.post(door, data={"note": "x" * 301})
    assert refused.status_code == 422 and "Write at most 300 characters." in refused.text
    back = "/bookmarks?kind=case"
    assert ben.post(door, data={"note": "", "next": back}).location == back
    assert "Your note is deleted." in page(ben, back) and "For &lt;the" not in page(ben, back)
    for odd in odd_texts():
        assert ben.post(door, data={"note": odd, "next": odd}).status_code in (303, 422)


def test_what_can_no_longer_be_read_says_nothing_of_itself(
    people, kept, post, case, practice, reading, sign_in
):
    ben = sign_in(people.ben)
    actions.note(people.ben, kept["post"].id, "My own words")
    dialogue.hide(people.moderator, post.id, "rules")
    library.remove_case(people.moderator, case.id, "rules")
    library.delete_practice(people.ana, practice.id)
    library.remove_reading(people.moderator, reading.id)
    text = page(ben, "/bookmarks")
    assert text.count(GONE) == 4 and text.count("Kept <time") == 4
    found = text.partition("<main")[2].partition("</main>")[0]
    for words in (
        *("count hours", "two years", "Ana Prado", "harbours", "Ships", "Pumps", "pump sends"),
        *("Noise", "Ada Blum", "counts", "Making Cities Quieter", "/topics/", "/cases/"),
    ):
        assert words not in found, words
    assert "My own words" in found
    assert GONE in page(ben, f"/bookmarks/{kept['post'].id}/note")
    for bookmark in list(kept.values()):
        answer = ben.post(f"/bookmarks/{bookmark.id}/unbookmark")
        assert (answer.status_code, answer.location) == (303, "/bookmarks")
    assert "No bookmarks yet" in page(ben, "/bookmarks")


@pytest.mark.parametrize("how", ["hidden topic", "removed post", "deleted post", "members only"])
def test_posts_out_of_sight(people, agenda, sign_in, how):
    audience = "members" if how == "members only" else "public"
    new = dialogue.NewTopic("experience", "Secret tunnels", write("Dig."), audience=audience)
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    reply = dialogue.reply(people.ana, topic.id, write("Deeper."))
    actions.bookmark(people.ben, "post", reply.id)
    ben = sign_in(people.ben)
    assert "Secret tunnels" in page(ben, "/bookmarks")
    if how == "hidden topic":
        dialogue.hide_topic(people.moderator, topic.id, "rules")
    elif how == "removed post":
        dialogue.remove(people.moderator, reply.id, "rules")
    elif how == "deleted post":
        dialogue.delete(people.ana, reply.id)
    text = page(ben, "/bookmarks")
    assert ("Secret tunnels" in text) == (GONE not in text) == (how == "members only")
    assert "Deeper." in text or how != "members only"


def test_what_is_shown_again_is_listed_again(people, kept, post, sign_in):
    ben = sign_in(people.ben)
    dialogue.hide(people.moderator, post.id, "rules")
    assert GONE in page(ben, "/bookmarks")
    dialogue.restore(people.moderator, post.id)
    assert GONE not in page(ben, "/bookmarks")


def test_an_agenda_in_preparation_is_told_of_to_nobody(people, sign_in):
    prepared = write_agenda(SYSTEM, AgendaText("Shady streets", write("Shade."), is_open=False))
    new = dialogue.NewTopic("question", "Where are the awnings?", write("Where?"))
    topic = dialogue.open_topic(people.moderator, prepared.id, new)
    opening = dialogue.reply(people.moderator, topic.id, write("There."))
    text = library.ReadingText("Trees", "Ada Blum")
    book = library.write_reading(people.moderator, prepared.id, text)
    for who in (people.ben, people.moderator):
        actions.bookmark(who, "post", opening.id)
        actions.bookmark(who, "reading", book.id)
    seen = page(sign_in(people.ben), "/bookmarks")
    assert seen.count(GONE) == 2 and "Shady" not in seen and "awnings" not in seen
    seen = page(sign_in(people.moderator), "/bookmarks")
    assert GONE not in seen and "awnings" in seen and "In preparation" in seen


def test_of_who_is_ignored_stands_no_word(people, post, sign_in):
    reply = dialogue.reply(people.chitra, post.topic_id, write("Loud words."))
    actions.bookmark(people.ben, "post", reply.id)
    ignore(db.session.get_one(Member, people.ben.id), people.chitra.id)
    text = page(sign_in(people.ben), "/bookmarks")
    assert "You ignore Chitra" in text and "Loud words." not in text


def test_the_list_is_in_the_menu_of_members_alone(people, client, sign_in):
    assert 'href="/bookmarks"' in page(sign_in(people.ben), "/")
    assert "/bookmarks" not in page(client, "/")
