"""Adding and removing bookmarks on the pages of things, with and without scripts; others do not see them."""

import re
from datetime import timedelta

import pytest

from forum.agendas.actions import archive
from forum.bookmarks import actions
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import bookmark_counts
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications.models import Event
from tests.dialogue.conftest import odd_texts, page
from tests.odd import OPEN_REDIRECTS

pytestmark = pytest.mark.usefixtures("federation")
SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def things(post, case, practice, reading):
    """For each kind of thing: the route that adds a bookmark, the page with the button, and the page after adding."""
    topic, agenda = post.topic.address, "/agendas/quieter"
    cases, practices = f"/cases/{case.slug}", f"/practices/{practice.slug}"
    return {
        "post": (f"/posts/{post.id}/bookmark", topic, f"{topic}#post-1"),
        "case": (f"{cases}/bookmark", cases, cases),
        "practice": (f"{practices}/bookmark", practices, practices),
        "reading": (f"/readings/{reading.id}/bookmark", agenda, f"{agenda}#reading-{reading.id}"),
    }


def button(text, door):
    """Whether the button for a route is pressed, as the page says it (`true`, `false`); empty without a button."""
    found = re.search(rf'formaction="{re.escape(door)}[^"]*" aria-pressed="(\w+)"', text)
    return found and found[1]


@pytest.mark.parametrize("kind", ["post", "case", "practice", "reading"])
def test_one_press_keeps_a_thing_and_another_ends_it(people, things, client, sign_in, kind):
    door, address, back = things[kind]
    ben, chitra = sign_in(people.ben), sign_in(people.chitra)
    assert button(page(ben, address), door) == "false" and 'id="deeds"' in page(ben, address)
    for is_on in (True, False):
        answer = ben.post(door)
        assert (answer.status_code, answer.location) == (303, back)
        shown = page(ben, address)
        assert button(shown, door) == str(is_on).lower()
        assert ("It is among your bookmarks now." in shown) == is_on
        assert "It is among your bookmarks now." not in page(ben, address)
        assert bookmark_counts(people.ben) == ({kind: 1} if is_on else {})
        assert button(page(chitra, address), door) == "false"
        assert button(page(client, address), door) is None
    assert client.post(door).status_code == 403


@pytest.mark.parametrize("kind", ["post", "case", "practice", "reading"])
def test_a_script_is_told_the_state_and_no_number(people, things, sign_in, kind):
    ben, door = sign_in(people.ben), things[kind][0]
    for is_on in (True, False):
        assert ben.post(door, headers=SCRIPT).json == {"on": is_on, "count": 0}
    for value, is_on in (("1", True), ("1", True), ("0", False), ("0", False)):
        answer = ben.post(door, headers=SCRIPT, data={"on": value})
        assert answer.json == {"on": is_on, "count": 0}


@pytest.mark.parametrize("kind", ["post", "case", "practice", "reading"])
def test_a_press_in_an_older_window_takes_nothing_away(people, things, sign_in, kind):
    ben, (door, address, _back) = sign_in(people.ben), things[kind]
    for wanted, state in (("1", "false"), ("0", "true")):
        older = page(ben, address)
        said = rf'formaction="{re.escape(door)}[^"]*" aria-pressed="{state}" name="on" value="(\d)"'
        assert re.findall(said, older) == [wanted]
        for _window in range(2):
            ben.post(door, data={"on": wanted})
        assert bookmark_counts(people.ben) == ({kind: 1} if wanted == "1" else {})


def test_the_button_of_a_best_read_leads_back_to_its_list(people, things, reading, sign_in):
    ben, door = sign_in(people.ben), things["reading"][0]
    text = page(ben, "/readings?kind=book")
    assert button(text, door) == "false" and 'id="deeds"' in text
    (action,) = re.findall(rf'formaction="({re.escape(door)}[^"]*)"', text)
    assert ben.post(action).location == f"/readings?kind=book#reading-{reading.id}"
    for address in OPEN_REDIRECTS:
        answer = ben.post(door, query_string={"next": address})
        assert answer.location == things["reading"][2], address


def test_who_has_no_room_is_told_so_with_a_script_too(people, things, sign_in, monkeypatch):
    monkeypatch.setattr("forum.bookmarks.actions.MAX_BOOKMARKS", 0)
    ben, (door, address, back) = sign_in(people.ben), things["post"]
    said = "You have 0 bookmarks, and there is no room for more."
    answer = ben.post(door)
    assert (answer.status_code, answer.location) == (303, back) and said in page(ben, address)
    assert ben.post(door, headers=SCRIPT).status_code == 422 and said in page(ben, address)
    assert button(page(ben, address), door) == "false"


def test_what_one_does_not_see_cannot_be_kept(
    people, agenda, post, case, practice, reading, sign_in
):
    """The response is the same as for things that do not exist."""
    own = dialogue.NewTopic("experience", "Among us", write("Hush."), audience="members")
    inner = dialogue.reply(
        people.ben, dialogue.open_topic(people.ana, agenda.id, own).id, write("Yes.")
    )
    replies = [dialogue.reply(people.ben, post.topic_id, write(str(number))) for number in range(3)]
    hidden, removed, deleted = (reply.id for reply in replies)
    dialogue.hide(people.moderator, hidden, "rules")
    dialogue.remove(people.moderator, removed, "rules")
    dialogue.delete(people.ben, deleted)
    library.hide_case(people.moderator, case.id, "rules")
    library.hide_practice(people.moderator, practice.id, "rules")
    library.remove_reading(people.moderator, reading.id)
    chitra, moderator = sign_in(people.chitra), sign_in(people.moderator)
    gone = [f"/posts/{post_id}/bookmark" for post_id in (hidden, removed, deleted, 999)]
    gone += [f"/readings/{reading.id}/bookmark"]
    for door in gone:
        assert chitra.post(door).status_code == moderator.post(door).status_code == 404, door
    for door in (f"/cases/{case.slug}/bookmark", f"/practices/{practice.slug}/bookmark"):
        assert chitra.post(door).status_code == 404
        assert moderator.post(door).status_code == 303
    assert chitra.post(f"/posts/{inner.id}/bookmark").status_code == 303
    assert bookmark_counts(people.chitra) == {"post": 1}


def test_a_post_in_a_locked_topic_or_on_an_archived_agenda_is_kept_by_who_is_silenced(
    people, agenda, things, post, sign_in
):
    dialogue.lock(people.moderator, post.topic_id)
    silenced = db.session.get_one(Member, people.ben.id)
    members.silence(people.moderator, silenced.id, now() + timedelta(days=7))
    archive(people.moderator, agenda.id)
    ben = sign_in(silenced)
    for door, address, _back in things.values():
        assert button(page(ben, address), door) == "false", address
        assert ben.post(door).status_code == 303
        assert button(page(ben, address), door) == "true", address


def test_comments_beside_a_paragraph_are_kept_there(people, case, sign_in, queries):
    key = case.paragraphs[0].key
    comments = [
        dialogue.reply(people.ana, case.topic_id, write(f"{number}"), paragraph=key)
        for number in range(2)
    ]
    ben, address = sign_in(people.ben), f"/cases/{case.slug}"
    doors = [f"/posts/{comment.id}/bookmark" for comment in comments]
    actions.bookmark(people.ben, "post", comments[1].id)
    assert [button(page(ben, address), door) for door in doors] == ["false", "true"]
    with queries() as few:
        page(ben, address)
    for comment in comments:
        dialogue.mark(people.ben, comment.id, "useful")
        actions.bookmark(people.ben, "post", comment.id)
    with queries() as many:
        page(ben, address)
    assert many.count == few.count, many.statements
    assert [button(page(ben, address), door) for door in doors] == ["true", "true"]


def test_a_page_of_a_topic_shows_which_posts_are_kept_without_a_statement_more(
    people, post, sign_in, queries
):
    replies = [
        dialogue.reply(people.chitra, post.topic_id, write(str(number))) for number in range(3)
    ]
    ben, address = sign_in(people.ben), post.topic.address
    page(ben, address)
    with queries() as before:
        page(ben, address)
    for kept in (post, replies[1]):
        actions.bookmark(people.ben, "post", kept.id)
    with queries() as after:
        shown = page(ben, address)
    assert after.count == before.count, after.statements
    states = [button(shown, f"/posts/{shown_post.id}/bookmark") for shown_post in (post, *replies)]
    assert states == ["true", "false", "true", "false"]


def test_nobody_is_told(people, things, post, client, sign_in, letters):
    """The pages of others, the author's too, stay the same byte for byte; no event and no e-mail is made."""
    ana, address = sign_in(people.ana), things["post"][1]

    def seen():
        own = re.sub(
            '(name="(?:submission_key|csrf_token)"[^>]*value=)"[^"]*"', r"\1", page(ana, address)
        )
        told = db.session.query(Event).count(), len(letters())
        return [*own.splitlines(), *page(client, address).splitlines(), told]

    page(ana, address)
    before = seen()
    sign_in(people.ben).post(things["post"][0])
    assert seen() == before


def test_nothing_that_is_sent_breaks_a_door(people, things, sign_in):
    ben = sign_in(people.ben)
    for door, _address, _back in things.values():
        for odd in odd_texts():
            assert ben.post(door, data={"on": odd, "next": odd}).status_code == 303, (door, odd)
    assert db.session.query(Bookmark).count() == 0
