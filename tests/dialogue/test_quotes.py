"""Quotations of a hidden post are hidden everywhere with it, and restored with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Topic
from forum.errors import Invalid
from forum.library import actions as library
from forum.mail.commands import write_notice_letters
from forum.markup import write
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from forum.quotes import quote
from forum.upkeep import queries as upkeep
from tests.dialogue.conftest import fresh, new

WORDS = "The secret cost was twelve"


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Topic:
    """Ana's topic."""
    return actions.open_topic(people.ana, agenda.id, new())


@pytest.fixture
def elsewhere(people: Any, agenda: Agenda) -> Topic:
    """Another topic by Ana."""
    return actions.open_topic(people.ana, agenda.id, new("Elsewhere"))


@pytest.fixture
def said(people: Any, topic: Topic) -> Post:
    """Ben's reply in the topic."""
    return actions.reply(people.ben, topic.id, write(WORDS))


@pytest.fixture
def quoting(people: Any, said: Post, elsewhere: Topic) -> Post:
    """Chitra's post in the other topic that quotes Ben's; she has edited it, so that there is an earlier version."""
    source = quote("Ben Okoth", said.id, WORDS) + "Is that so?"
    post = actions.reply(people.chitra, elsewhere.id, write(source))
    return actions.publish_edit(people.chitra, post.id, write(source + " Really?"), is_traced=True)


def reads(post: Post) -> bool:
    """Whether the post shows what it quotes; checks that it shows its own words."""
    html = fresh(post).html
    assert "Really?" in html and '<a href="/posts/' in html
    return "secret" in html


def leaks(client: FlaskClient, topic: Topic, post: Post) -> list[str]:
    """Where a visitor finds the quoted words: in the topic of the quoting post, feeds, its history, a search."""
    address = fresh(topic).address
    feeds = (f"/topics/{topic.id}/feed.atom", "/feeds/all.atom")
    places = (address, *feeds, f"/posts/{post.id}/history", "/search?q=secret")
    return [place for place in places if "secret cost" in client.get(place).text]


Deed = Callable[[Any, Post], Any]
GONE: dict[str, tuple[Deed, Deed | None]] = {
    "hidden": (
        lambda people, post: actions.hide(people.moderator, post.id, "Not so."),
        lambda people, post: actions.restore(people.moderator, post.id),
    ),
    "removed": (
        lambda people, post: actions.remove(people.moderator, post.id, "Not so."),
        lambda people, post: actions.restore(people.moderator, post.id),
    ),
    "deleted": (lambda people, post: actions.delete(people.ben, post.id), None),
    "topic hidden": (
        lambda people, post: actions.hide_topic(people.moderator, post.topic_id, "Not so."),
        lambda people, post: actions.restore_topic(people.moderator, post.topic_id),
    ),
    "for members": (lambda people, post: _for(people, post, "members"), None),
}


def _for(people: Any, post: Post, audience: str) -> None:
    opening = queries.first_post(fresh(post.topic))
    actions.edit(
        people.ana,
        opening.id,
        write(opening.source),
        actions.TopicChanges("We counted", audience=audience),
    )


def test_who_opened_a_topic_with_a_quotation_closes_it(
    people: Any, agenda: Any, said: Post, client: FlaskClient
) -> None:
    text = write(f"> [Ben](/posts/{said.id}):\n>\n> secret cost\n\nReally?")
    topic = actions.open_topic(people.ana, agenda.id, actions.NewTopic("question", "Why", text))
    opening = queries.first_post(topic)
    assert leaks(client, topic, opening)
    for audience in ("members", "public"):
        edited = write(f"{text.source} For {audience}.")
        changes = actions.TopicChanges(audience=audience)
        actions.edit(people.ana, opening.id, edited, changes)
        assert fresh(topic).audience == audience and reads(opening)


@pytest.mark.parametrize("how", list(GONE))
def test_a_quote_goes_and_comes_back_with_what_it_quotes(
    people: Any, said: Post, quoting: Post, elsewhere: Topic, client: FlaskClient, how: str
) -> None:
    go, come = GONE[how]
    assert reads(quoting)
    assert len(leaks(client, elsewhere, quoting)) == 3
    go(people, said)
    assert not reads(quoting)
    assert leaks(client, elsewhere, quoting) == []
    if come:
        come(people, said)
        assert reads(quoting)
        assert len(leaks(client, elsewhere, quoting)) == 3


def test_an_edit_ends_one_quotation_and_no_other(
    people: Any, topic: Topic, said: Post, quoting: Post, elsewhere: Topic
) -> None:
    first = queries.first_post(topic)
    both = quote("Ben Okoth", said.id, WORDS) + quote("Ana Prado", first.id, "It took")
    third = actions.reply(people.host, elsewhere.id, write(both + "Really?"))
    without = quote("Ben Okoth", said.id, WORDS) + "Really?"
    actions.edit(people.host, third.id, write(without))
    assert queries.quoted_post_ids(third.id) == {said.id}
    actions.edit(people.host, third.id, write("Really?"))
    assert queries.quoted_post_ids(third.id) == set()
    actions.hide(people.moderator, said.id, "Not so.")
    assert not reads(quoting)


@pytest.mark.parametrize(
    "head",
    [
        "[B](http://localhost/posts/{})",
        '[B](http://localhost/posts/{} "title")',
        "[B]( http://localhost/posts/{} )",
        "[B [and A]](http://localhost/posts/{})",
        "[B\n> Okoth](http://localhost/posts/{})",
        "http://localhost/posts/{}",
        "<http://localhost/posts/{}>",
        "[B][1]\n\n[1]: http://localhost/posts/{}\n\n> [B][1]",
        "[1]:\n>   http://localhost/posts/{}\n>\n> [B][1]",
        "[B]\n\n[B]: </posts/{}> (title)\n\n> [B]",
        "**[B](/posts/{})**",
        "[B](/posts/{}#a)",
        '[B](/posts/{} "title")',
    ],
)
def test_however_its_link_is_written(
    people: Any, said: Post, elsewhere: Topic, client: FlaskClient, head: str
) -> None:
    source = f"> {head.format(said.id)}\n>\n> {WORDS}\n\nReally?"
    post = actions.reply(people.chitra, elsewhere.id, queries.render_with_mentions(source))
    assert reads(post)
    shown = fresh(post).html
    (check,) = [check for check in upkeep.checks() if check.name == "quotes of what is hidden"]
    actions.remove(people.moderator, said.id, "Not so.")
    assert not reads(post) and WORDS not in client.get(f"/topics/{elsewhere.id}").text
    assert list(upkeep.faults_of(check)) == []
    withheld, fresh(post).html = fresh(post).html, shown
    assert [fault.id for fault in upkeep.faults_of(check)] == [post.id]
    fresh(post).html = withheld
    actions.restore(people.moderator, said.id)
    assert reads(post)


def test_a_quote_that_was_stored_with_a_whole_address_is_withheld_in_histories(
    people: Any, said: Post, quoting: Post, client: FlaskClient
) -> None:
    fresh(quoting).source = quoting.source.replace("](/", "](http://localhost/")
    assert WORDS in queries.shown_source(quoting)
    actions.hide(people.moderator, said.id, "Not so.")
    assert WORDS not in queries.shown_source(quoting)
    assert WORDS not in client.get(f"/posts/{quoting.id}/history").text


def test_pages_that_quote_what_is_hidden_are_named(
    people: Any, said: Post, agenda: Agenda, topic: Topic
) -> None:
    (check,) = [
        check for check in upkeep.checks() if check.name == "pages that quote what is hidden"
    ]
    source = f"> [B](http://localhost/posts/{said.id} 'title')\n>\n> {WORDS}"
    agenda.introduction = source
    people.chitra.about = f"As [B](/posts/{said.id}) says."
    text = library.PracticeText(
        "Wells", "Dug.", failure_audience="members", sections={"failure": source}
    )
    practice = library.write_practice(people.ana, agenda.id, text)
    case = library.write_case(
        people.moderator, agenda.id, library.CaseText("Wells", "network", "All.", source)
    )
    assert list(upkeep.faults_of(check)) == []
    _for(people, said, "members")
    assert list(map(str, upkeep.faults_of(check))) == [
        f"{thing}: quotes a post that its readers may not see: edit it"
        for thing in (f"agenda {agenda.id}", f"case {case.id}")
    ]
    practice.state = "published"
    assert len(list(upkeep.faults_of(check))) == 2
    actions.hide(people.moderator, said.id, "Not so.")
    first = queries.first_post(topic)
    actions.note(people.moderator, first.id, write(source))
    found = [(fault.kind, fault.id) for fault in upkeep.faults_of(check)]
    assert found[2:] == [("practice", practice.id), ("note on post", first.id)]


def test_findings_are_read_for_themselves(people: Any, said: Post, agenda: Agenda) -> None:
    (check,) = [
        check for check in upkeep.checks() if check.name == "pages that quote what is hidden"
    ]
    # An unclosed code block, which must not affect the findings below
    agenda.introduction = "As a table:\n\n```\nnever ended"
    agenda.findings = f"> [B](/posts/{said.id})\n>\n> {WORDS}"
    assert list(upkeep.faults_of(check)) == []
    _for(people, said, "members")
    (fault,) = upkeep.faults_of(check)
    assert (fault.kind, fault.id) == ("findings of agenda", agenda.id)


def test_members_read_on_what_only_they_may_read(
    people: Any, said: Post, quoting: Post, elsewhere: Topic
) -> None:
    _for(people, said, "members")
    assert not reads(quoting)
    _for(people, queries.first_post(elsewhere), "members")
    assert reads(quoting)


def test_editing_does_not_bring_it_back_and_restoring_still_does(
    people: Any, said: Post, quoting: Post
) -> None:
    actions.hide(people.moderator, said.id, "Not so.")
    actions.edit(people.chitra, quoting.id, write(quoting.source + " Really? Again."))
    assert not reads(quoting)
    actions.restore(people.moderator, said.id)
    assert reads(quoting)


def test_who_quotes_too_late_quotes_nothing(people: Any, said: Post, elsewhere: Topic) -> None:
    source = quote("Ben Okoth", said.id, WORDS) + "Is that so? Really?"
    actions.hide(people.moderator, said.id, "Not so.")
    late = actions.reply(people.chitra, elsewhere.id, write(source))
    assert not reads(late)
    actions.restore(people.moderator, said.id)
    assert reads(late)


def test_rendering_anew_withholds_it_too(people: Any, said: Post, quoting: Post) -> None:
    actions.hide(people.moderator, said.id, "Not so.")
    actions.rerender(SYSTEM, {quoting.id: write(fresh(quoting).source)})
    assert not reads(quoting)


def test_a_quote_in_the_same_topic_goes_with_the_post_alone(
    people: Any, said: Post, topic: Topic
) -> None:
    source = quote("Ben Okoth", said.id, WORDS) + "Really?"
    beside = actions.reply(people.chitra, topic.id, write(source))
    actions.hide_topic(people.moderator, topic.id, "Not so.")
    actions.restore_topic(people.moderator, topic.id)
    assert reads(beside)
    actions.hide(people.moderator, said.id, "Not so.")
    assert not reads(beside)


def test_however_many_quote_it(
    people: Any, said: Post, elsewhere: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.dialogue.actions._quotes.BATCH_SIZE", 2)
    source = quote("Ben Okoth", said.id, WORDS) + "Really?"
    posts = [actions.reply(people.chitra, elsewhere.id, write(source)) for _time in range(5)]
    actions.hide(people.moderator, said.id, "Not so.")
    assert not any(map(reads, posts))
    actions.restore(people.moderator, said.id)
    assert all(map(reads, posts))


def test_what_was_hidden_before_is_found_and_mended(people: Any, said: Post, quoting: Post) -> None:
    shown = fresh(quoting).html
    (check,) = [check for check in upkeep.checks() if check.name == "quotes of what is hidden"]
    assert list(upkeep.faults_of(check)) == []
    actions.hide(people.moderator, said.id, "Not so.")
    assert list(upkeep.faults_of(check)) == []
    fresh(quoting).html = shown
    assert [fault.id for fault in upkeep.faults_of(check)] == [quoting.id]
    actions.mend_quotes(SYSTEM, [quoting.id])
    assert not reads(quoting) and list(upkeep.faults_of(check)) == []
    withheld = fresh(quoting).html
    actions.restore(people.moderator, said.id)
    fresh(quoting).html = withheld
    assert [fault.id for fault in upkeep.faults_of(check)] == [quoting.id]
    actions.mend_quotes(SYSTEM, [quoting.id])
    assert reads(quoting) and list(upkeep.faults_of(check)) == []


def test_who_quotes_adds_words_of_their_own(people: Any, said: Post, elsewhere: Topic) -> None:
    source = quote("Ben Okoth", said.id, WORDS)
    with pytest.raises(Invalid) as refusal:
        actions.reply(people.chitra, elsewhere.id, write(source))
    assert refusal.value.field == "source"
    for more in ("Yes.", "![A plan](https://city.example/plan.png)"):
        assert actions.reply(people.chitra, elsewhere.id, write(source + more)).number > 1


def test_a_deed_brings_back_what_it_can_in_a_second(
    people: Any, said: Post, elsewhere: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = quote("Ben Okoth", said.id, WORDS) + "Really?"
    monkeypatch.setattr("forum.dialogue.actions._quotes.MAX_RENDERED", len(source) + 1)
    posts = [actions.reply(people.chitra, elsewhere.id, write(source)) for _time in range(4)]
    actions.hide(people.moderator, said.id, "Not so.")
    assert not any(map(reads, posts))
    actions.restore(people.moderator, said.id)
    assert list(map(reads, posts)) == [True, True, False, False]
    (check,) = [check for check in upkeep.checks() if check.name == "quotes of what is hidden"]
    left = [fault.id for fault in upkeep.faults_of(check)]
    assert left == [post.id for post in posts[2:]]
    actions.mend_quotes(SYSTEM, left)
    assert all(map(reads, posts))


def test_however_many_others_are_quoted_and_however(
    people: Any, said: Post, elsewhere: Topic, topic: Topic
) -> None:
    first = queries.first_post(topic)
    source = (
        quote("Ana Prado", first.id, "Hers.") * 25
        + f" > [Ben](/posts/{said.id})\n > {WORDS}\n\nReally?"
    )
    post = actions.reply(people.chitra, elsewhere.id, write(source))
    assert reads(post)
    actions.hide(people.moderator, said.id, "Not so.")
    assert not reads(post)


def test_letters_and_quotations_say_no_hidden_words(
    people: Any, said: Post, quoting: Post, sign_in: Any, letters: Any
) -> None:
    actions.hide(people.moderator, said.id, "Not so.")
    composer = sign_in(people.ana).get(
        f"/topics/{fresh(quoting).topic_id}/reply?quote={quoting.id}"
    )
    assert "Really?" in composer.text and "secret" not in composer.text
    with at(now() + timedelta(hours=1)):
        make_notices(SYSTEM)
        write_notice_letters()
    sent = [f"{letter.text}{letter.html}" for letter in letters() if letter]
    assert any("Really?" in text for text in sent)
    assert not any("secret" in text for text in sent if "Really?" in text)


def test_however_many_quote_what_becomes_for_members(
    people: Any, said: Post, elsewhere: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.dialogue.actions._quotes.BATCH_SIZE", 2)
    monkeypatch.setattr("forum.dialogue.actions._quotes.MAX_RENDERED", 1)
    source = quote("Ben Okoth", said.id, WORDS) + "Really?"
    posts = [actions.reply(people.chitra, elsewhere.id, write(source)) for _time in range(5)]
    _for(people, said, "members")
    assert not any(map(reads, posts))
