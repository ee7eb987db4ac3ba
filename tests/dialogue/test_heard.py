"""The page of a topic as a screen reader announces it."""

from __future__ import annotations

import re
from typing import Any

from forum.clock import at, now
from forum.dialogue import actions
from forum.dialogue.models import Topic
from forum.markup import write
from tests.dialogue.conftest import LATER, page
from tests.heard import ambiguous, controls, headings


def test_from_post_to_post_leads_a_heading(client: Any, people: Any, topic: Topic) -> None:
    for author in (people.ben, people.host):
        actions.reply(author, topic.id, write("Count the doors."))
    found = headings(page(client, topic.address))
    first, last = found.index((2, "2 replies")), found.index((2, "Add your reply"))
    assert found[first + 1 : last] == [(3, people.ben.name), (3, people.host.name)]


def test_before_the_text_of_a_post_nothing_is_said_twice(
    client: Any, people: Any, topic: Topic
) -> None:
    """A label on the article would repeat the author's name, twenty times on a page."""
    actions.reply(people.ben, topic.id, write("Count the doors."))
    text = page(client, topic.address)
    assert re.findall(r"<article\b[^>]*aria-label[^>]*>", text) == []
    # Said when a link moves the focus there
    assert f'id="post-2" data-said="Reply 2 by {people.ben.name}"' in text
    assert 'role="status"' not in text  # some screen readers announce it even when it is empty
    assert re.search(r'href="#post-1">#1 · <time datetime="[^"]+" role="none">', text)


def test_the_title_of_an_agenda_is_spoken_in_its_language(client: Any, topic: Topic) -> None:
    """Also for readers whose interface is in another language."""
    agenda = 'href="/agendas/quieter" lang="en"><span class="key a-'
    assert f'<a class="ag" {agenda}' in page(client, topic.address)


def test_no_link_of_a_post_has_a_part_that_is_not_seen(
    people: Any, topic: Topic, sign_in: Any, client: Any
) -> None:
    """Firefox exposes hidden text in a link as a separate part, which screen readers announce as a second link."""
    reply = actions.reply(people.ben, topic.id, write("Count the doors."))
    actions.mark(people.host, reply.id, "tried it", "kept", "It works.")
    with at(now() + LATER):
        actions.edit(people.ben, reply.id, write("Count both."))
    for reader in (client, sign_in(people.ana), sign_in(people.ben), sign_in(people.moderator)):
        text = page(reader, topic.address).split('id="replies"')[1].split('id="reply"')[0]
        assert re.findall(r'<a\b(?:(?!</a>).)*class="vh', text, re.DOTALL) == []


def test_links_and_buttons_of_posts_are_told_apart_by_their_names(
    people: Any, topic: Topic, sign_in: Any, client: Any
) -> None:
    posts = [
        actions.reply(people.ben, topic.id, write(f"Count {it}.")) for it in ("doors", "bikes")
    ]
    for post in posts:
        actions.mark(people.ana, post.id, "useful")
        actions.mark(people.host, post.id, "tried it", "kept", "It works.")
        with at(now() + LATER):
            actions.edit(people.ben, post.id, write("Count both."))
    asker = sign_in(people.ana)
    for reader in (client, asker, sign_in(people.ben), sign_in(people.moderator)):
        text = page(reader, topic.address).split('id="replies"')[1].split('id="reply"')[0]
        assert ambiguous(text) == {}
    names = [control.name for control in controls(page(asker, topic.address))]
    for said in ("Useful 1, number 2", "Useful 1, number 3", "Same here, number 3"):
        assert said in names
    actions.hide(people.moderator, posts[0].id, "Nonsense.")
    actions.hide(people.moderator, posts[1].id, "Nonsense.")
    assert ambiguous(page(sign_in(people.moderator), topic.address).split('id="replies"')[1]) == {}
