"""The review context, the log and the statement of reasons, as each reader sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import mark, reply
from forum.dialogue.models import TRIED
from forum.dialogue.queries import get_note, mark_given
from forum.errors import Forbidden, NotFound
from forum.markup import write
from forum.members.actions import change_handle
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.actions._visibility import VISIBILITY
from forum.moderation.models import Deed
from forum.moderation.queries import review_context, shown_things_of
from forum.permissions import VISITOR
from forum.rules.actions import READY_DEEDS


@pytest.fixture
def reported(people: Any, things: Any) -> Any:
    """Two reports of a post, the first an hour ago; one of a profile."""
    with at(now() - timedelta(hours=1)):
        actions.report(people.ana, "post", things.first.id, "rules", "Rude.")
    actions.report(people.chitra, "post", things.first.id, "spam")
    actions.report(people.ana, "member", people.ben.id, "spam")
    return things


def test_only_moderators_open_an_entry_or_the_log(people: Any, reported: Any) -> None:
    for person in (people.ana, VISITOR):
        for look in (
            queries.decision_log,
            lambda who: queries.review_context(who, "post", reported.first.id),
            queries.moderated_agendas,
        ):
            with pytest.raises(Forbidden):
                look(person)


def test_an_entry_stands_in_its_context(people: Any, reported: Any) -> None:
    entry = queries.review_context(people.host, "post", reported.first.id)
    assert entry.previous_post and entry.next_post and entry.author
    assert (entry.previous_post.number, entry.next_post.number) == (1, 3)
    assert [report.text for report in entry.reports] == ["Rude.", ""]
    assert entry.author.handle == people.ben.handle
    assert (
        entry.deeds == ["keep", "hide", "remove", "ask_to_edit"] and entry.latest_decision_id == 0
    )


def test_an_entry_knows_what_was_decided_before(people: Any, reported: Any) -> None:
    hidden = actions.decide(
        people.moderator, "post", reported.first.id, "hide", Reasons("Rule 2.", 2)
    )
    entry = queries.review_context(people.host, "post", reported.first.id)
    assert [decision.id for decision in entry.earlier_decisions] == [
        hidden.id
    ] and entry.latest_decision_id == hidden.id
    assert entry.deeds == ["restore", "remove"]
    about = queries.review_context(people.moderator, "member", people.ben.id).decisions_about_author
    assert [decision.deed for decision in about] == ["hide"]


def test_what_was_taken_back_does_not_count_against_the_author(people: Any, reported: Any) -> None:
    key = ("post", reported.first.id)
    hidden = actions.decide(people.moderator, *key, "hide", Reasons("Rule 2.", 2))
    actions.undo(people.moderator, hidden.id)
    warned = actions.warn(people.moderator, people.ben.id, Reasons("Rule 2.", 2))
    actions.reverse(people.administrator, warned.id, "It was not.", is_told=True)
    removed = actions.decide(people.moderator, *key, "remove", Reasons("Rule 4.", 4))
    for about in (key, ("member", people.ben.id)):
        entry = queries.review_context(people.moderator, *about)
        assert [decision.id for decision in entry.decisions_about_author] == [removed.id]
    earlier = queries.review_context(people.moderator, *key).earlier_decisions
    assert [decision.deed for decision in earlier] == ["remove", "undo", "hide"]


def test_a_submitted_practice_is_published_or_returned(people: Any, reported: Any) -> None:
    entry = queries.review_context(people.host, "practice", reported.practice.id)
    assert entry.thing.is_submitted and entry.deeds == ["publish", "send_back"]


def test_the_statement_of_reasons_is_for_the_author_and_the_moderators(
    people: Any, reported: Any
) -> None:
    made = actions.decide(
        people.moderator, "post", reported.first.id, "hide", Reasons("Rule 2.", 2)
    )
    for reader in (people.ben, people.host, people.moderator):
        assert queries.get_decision(reader, made.id).reason == "Rule 2."
    for reader in (people.ana, reported.other_host):
        with pytest.raises(NotFound):
            queries.get_decision(reader, made.id)
    with pytest.raises(Forbidden):
        queries.get_decision(VISITOR, made.id)


def test_the_log_can_be_read_by_agenda(people: Any, reported: Any) -> None:
    actions.decide(people.moderator, "post", reported.first.id, "keep")
    actions.decide(people.moderator, "member", people.ben.id, "hide", Reasons("Spam.", 2))
    assert queries.decision_log(people.moderator).total == 2
    assert queries.decision_log(people.moderator, queries.LogFilter("quieter")).total == 1
    assert queries.decision_log(people.host).total == 1
    assert queries.decision_log(reported.other_host).total == 0
    assert queries.decision_log(people.moderator, queries.LogFilter("nowhere"), 10**9).total == 0


def test_the_log_is_read_by_a_handle_that_somebody_had_before(people: Any, reported: Any) -> None:
    actions.decide(people.moderator, "post", reported.first.id, "keep")
    by, author = people.moderator.handle, people.ben.handle
    change_handle(people.moderator, "new-here")
    change_handle(people.ben, "ben-the-builder")
    for wanted in (queries.LogFilter(by=by), queries.LogFilter(author=author)):
        assert queries.decision_log(people.moderator, wanted).total == 1


@pytest.mark.parametrize(
    ("wanted", "deeds"),
    [
        ({}, ["hide", "restore", "keep"]),
        ({"deed": "hide"}, ["hide"]),
        ({"author": "ben-okoth"}, ["hide", "restore", "keep"]),
        ({"by": "adam-de-wit"}, ["restore"]),
        ({"by": "mona-berg", "author": "ben-okoth"}, ["hide", "keep"]),
        ({"deed": "feature"}, []),
        ({"deed": "nothing"}, []),
        ({"author": "nobody"}, []),
        ({"author": "Okoth"}, ["hide", "restore", "keep"]),
        ({"author": "@Ben-Okoth"}, ["hide", "restore", "keep"]),
        ({"author": "ókot BEN"}, ["hide", "restore", "keep"]),
        ({"author": "koth"}, []),
        ({"author": "@okoth"}, []),
        ({"author": "%"}, []),
        ({"author": "…"}, []),
        ({"by": "wit"}, ["restore"]),
        ({"by": "mona", "author": "ben"}, ["hide", "keep"]),
    ],
)
def test_the_log_can_be_narrowed(
    people: Any, reported: Any, sign_in: Any, wanted: dict[str, str], deeds: list[str]
) -> None:
    actions.decide(people.moderator, "post", reported.first.id, "keep")
    actions.decide(people.moderator, "member", people.ben.id, "hide", Reasons("Spam.", 2))
    actions.decide(people.administrator, "member", people.ben.id, "restore")
    log = queries.decision_log(people.moderator, queries.LogFilter(**wanted))
    assert sorted(decision.deed for decision in log.items) == sorted(deeds)
    page = sign_in(people.moderator).get("/moderation/log", query_string=wanted).text
    assert page.count('<tr><th scope="row"') == len(deeds)
    assert ("Nothing fits these filters" in page) == (not deeds)
    assert page.count("Clear all") == (wanted not in ({}, {"deed": "nothing"}))
    for name in ("author", "by"):
        typed = wanted.get(name, "")
        shown = (
            f"@{typed}"
            if "-" in typed and "@" not in typed
            else typed.lower()
            if "@" in typed
            else typed
        )
        assert f'name="{name}" value="{shown}"' in page


def test_a_kept_address_of_the_log_finds_deeds_by_their_former_names(
    people: Any, things: Any, sign_in: Any
) -> None:
    actions.send_back(people.moderator, things.practice.id, Reasons("Say where."))
    browser = sign_in(people.moderator)
    for deed, found in (("send back", 1), ("send_back", 1), ("spam", 0)):
        page = browser.get("/moderation/log", query_string={"deed": deed}).text
        assert page.count('<tr><th scope="row"') == found
    assert '<option value="clear_spam" selected>Cleared as spam</option>' in page


def test_a_deed_has_the_name_of_its_action(people: Any, sign_in: Any) -> None:
    named = {deed for deed in Deed if getattr(actions, deed, None)}
    assert set(Deed) - named == {Deed.KEEP, Deed.HIDE, Deed.REMOVE, Deed.RESTORE}
    assert all(queries.DEEDS[deed].needs_reason for deed in READY_DEEDS)
    page = sign_in(people.moderator).get("/moderation/log").text
    in_words = dict(re.findall('<option value="([a-z_]+)">([^<]+)</option>', page))
    nameless = [deed for deed in Deed if in_words.get(deed, deed) == deed]
    assert not nameless, f"name them in `deed_name` (moderation/_words.html): {nameless}"


def test_what_is_known_of_a_kind_is_in_two_tables() -> None:
    assert set(queries.KINDS) - set(VISIBILITY) == {
        "letter",
        "held",
    }  # these two kinds cannot be hidden
    for kind, facts in queries.KINDS.items():
        if kind in VISIBILITY:
            is_removed_otherwise = VISIBILITY[kind].hide != VISIBILITY[kind].remove
            assert is_removed_otherwise == facts.is_removable, kind


def test_an_entry_costs_few_queries(people: Any, reported: Any, queries: Any) -> None:
    with queries() as made:
        review_context(people.moderator, "post", reported.first.id)
    assert made.count <= 8, made.statements


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("## Our situation\n\nWe have *two* bells.", "We have two bells."),
        ("> Quoted.\n\nMy own.", "My own."),
        ("# A heading\n\n## And another", "A heading And another"),
        ("See ![a wide lane](/pictures/x.webp)", "See a wide lane"),
        ("> Quoted.", "…"),
        ("***", "…"),
        ("word " * 40, "word " * 16 + "word…"),
    ],
)
def test_a_text_is_named_by_its_first_own_words(source: str, words: str) -> None:
    assert queries.first_words(source) == words


def test_all_that_a_member_wrote_costs_the_same_however_many_posts(
    people: Any, things: Any, queries: Any
) -> None:
    counts = []
    for _times in range(2):
        with queries() as made:
            found = shown_things_of(people.moderator, people.ben.id)
        counts.append(made.count)
        for number in range(5):
            reply(people.ben, things.topic.id, write(f"Odd, {number}."))
    assert len(found) >= 6 and counts[0] == counts[1]


def test_looking_at_a_note_changes_nothing(people: Any, things: Any) -> None:
    mark(people.ana, things.first.id, TRIED, "stopped", "Only fools.")
    given = mark_given(people.ana, things.first.id, TRIED)
    assert given
    db.session.commit()
    note = get_note(people.moderator, given.id)
    assert note.post.id == things.first.id and not db.session.dirty


def test_the_profile_of_a_moderator_leads_to_what_they_decided(
    people: Any, reported: Any, sign_in: Any
) -> None:
    browser = sign_in(people.administrator)
    for member, is_linked in ((people.moderator, True), (people.host, True), (people.ben, False)):
        address = f"/moderation/log?by={member.handle}"
        assert (address in browser.get(f"/members/{member.handle}").text) == is_linked
    other = sign_in(people.ben).get(f"/members/{people.moderator.handle}").text
    assert "/moderation/log" not in other
