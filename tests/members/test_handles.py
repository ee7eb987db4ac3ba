"""Changing a handle: who may choose which, and where the old one still works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from forum.accounts import actions as accounts
from forum.advice import actions as advice
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Mention, Post
from forum.dialogue.queries import render_with_mentions
from forum.errors import Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.markup import write
from forum.members import actions, queries
from forum.members.actions import Joining, Profile
from forum.members.models import EarlierHandle, Member, Session
from forum.members.queries import DirectoryFilter
from forum.permissions import EARLIER_HANDLES_SHOWN, HANDLE_INTERVAL, SYSTEM, VISITOR
from forum.principals import EDIT_WITHOUT_TRACE
from forum.screening.actions import RuleText, make_rule
from tests.rights.conftest import gone, holding


@pytest.fixture
def renamed(people: Any) -> Any:
    """Ana, who was ana-prado."""
    actions.change_handle(people.ana, "ana-of-the-trams")
    return people.ana


def joined(name: str, email: str = "eva@city.example", **more: Any) -> Member:
    return actions.join(VISITOR, Joining(name, email, "a hash", **more))


# Choosing one


@pytest.mark.parametrize("typed", ["ana-p", "@Ana-P", "  ana-p "])
def test_members_choose_another_handle(people: Any, typed: str) -> None:
    with at(changed_at := now()):
        actions.change_handle(people.ana, typed)
    assert queries.get_member(VISITOR, "ana-p").id == people.ana.id
    assert queries.earlier_handles(people.ana.id) == ["ana-prado"]
    assert people.ana.handle_changed_at == changed_at


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ana prado", "ana_prado", "-ana", "ana-", "ana--p", "ána", "a" * 41, "анна"),
        *("moderator1", "admin-2", "mona-berg-2", "m0naberg22", "staff2"),
        *("admin", "rn0derator", "the-moderators", "ana-moderator"),
        *("ben-okoth", "benokoth", "ben-0koth", "mona-berg", "monaberg-admin", "ana-prado"),
    ],
)
def test_some_handles_cannot_be_chosen(people: Any, typed: str) -> None:
    """Not of a wrong form, of a role, of somebody else or confusable with theirs, and not the present one."""
    with pytest.raises(Invalid) as refused:
        actions.change_handle(people.ana, typed)
    assert refused.value.field == "handle" and people.ana.handle == "ana-prado"


@pytest.mark.parametrize("typed", ["anaprado", "cities-2030", "ben-okoth-2"])
def test_a_handle_like_the_own_one_or_with_a_number_is_free(people: Any, typed: str) -> None:
    actions.change_handle(people.ana, typed)
    assert people.ana.handle == typed


def test_a_moderator_may_have_a_number(people: Any) -> None:
    actions.change_handle(people.moderator, "mona-berg-2")
    assert people.moderator.handle == "mona-berg-2"


def test_nobody_gets_a_handle_that_was_somebodys(people: Any, renamed: Any) -> None:
    for typed in ("ana-prado", "anaprado", "ana-prad0"):
        with pytest.raises(Invalid, match="taken"):
            actions.change_handle(people.ben, typed)
        with pytest.raises(Invalid, match="taken"):
            joined("Another", handle=typed)
    assert joined("Ana Prado").handle == "ana-prado-2"


def test_no_name_imitates_a_handle_that_was_somebodys(people: Any, renamed: Any) -> None:
    imitation = "\N{CYRILLIC CAPITAL LETTER A}na Prado"
    with pytest.raises(Invalid, match="looks like the name"):
        joined(imitation)
    with pytest.raises(Invalid, match="looks like the name"):
        actions.edit_profile(people.ben, Profile(name=imitation, languages=["en"]))
    actions.edit_profile(renamed, Profile(name=imitation, languages=["en"]))


def test_a_handle_changes_once_in_thirty_days_and_then_even_back(people: Any, renamed: Any) -> None:
    too_soon = at(now() + HANDLE_INTERVAL - timedelta(minutes=1))
    with too_soon, pytest.raises(Forbidden, match="not long ago"):
        actions.change_handle(renamed, "ana-prado")
    with at(now() + HANDLE_INTERVAL):
        actions.change_handle(renamed, "ana-prado")
        assert queries.get_member(VISITOR, "ana-prado").handle == "ana-prado"
        assert queries.earlier_handles(renamed.id) == ["ana-of-the-trams"]
        assert queries.get_member(VISITOR, "ana-of-the-trams").id == renamed.id


def test_what_was_mistyped_is_corrected_and_forgotten(people: Any, renamed: Any) -> None:
    changed_at = renamed.handle_changed_at
    with at(changed_at + EDIT_WITHOUT_TRACE - timedelta(seconds=1)):
        for typed in ("ana-of-the-tarms", "ana-of-trams"):
            actions.change_handle(renamed, typed)
    assert queries.earlier_handles(renamed.id) == ["ana-prado"]
    assert (renamed.first_handle, renamed.handle_changed_at) == ("ana-prado", changed_at)
    for forgotten in ("ana-of-the-trams", "ana-of-the-tarms"):
        with pytest.raises(NotFound):
            queries.get_member(VISITOR, forgotten)
    with at(now() + EDIT_WITHOUT_TRACE), pytest.raises(Forbidden, match="not long ago"):
        actions.change_handle(renamed, "ana-p")


def test_a_change_can_be_taken_back_at_once(people: Any, renamed: Any) -> None:
    actions.change_handle(renamed, "ana-prado")
    assert renamed.handle == "ana-prado" and not queries.earlier_handles(renamed.id)
    with pytest.raises(NotFound):
        queries.get_member(VISITOR, "ana-of-the-trams")
    with at(now() + EDIT_WITHOUT_TRACE), pytest.raises(Forbidden, match="not long ago"):
        actions.change_handle(renamed, "ana-p")


def test_who_may_not_write_changes_no_handle(people: Any) -> None:
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=1))
    with pytest.raises(Forbidden, match="paused"):
        accounts.change_handle(people.ana, "ana-p")


def test_what_no_profile_may_say_no_handle_says(people: Any) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "No games here."))
    with pytest.raises(Invalid, match="No games here") as refused:
        accounts.change_handle(people.ana, "ana-casino")
    assert refused.value.field == "handle"


# Where the old one still works


def test_the_address_before_leads_to_the_present_one(
    client: Any, people: Any, renamed: Any
) -> None:
    answer = client.get("/members/ana-prado")
    assert (answer.status_code, answer.location) == (301, "/members/ana-of-the-trams")
    assert "no-store" in answer.headers["Cache-Control"]  # because she may change back to it
    assert "Ana Prado" in client.get(answer.location).text
    assert client.get("/members/ana-prado/report").status_code == 200


def test_capitals_in_an_address_lead_to_the_handle(client: Any, people: Any, renamed: Any) -> None:
    for typed in ("Ana-Of-The-Trams", "ANA-PRADO"):
        answer = client.get(f"/members/{typed}")
        assert (answer.status_code, answer.location) == (301, "/members/ana-of-the-trams")
    assert client.get("/members/%C3%81NA-PRADO").status_code == 404


def test_a_hidden_profile_stays_hidden_at_both(client: Any, people: Any, renamed: Any) -> None:
    actions.hide_profile(people.moderator, renamed.id)
    for handle in ("ana-prado", "ana-of-the-trams"):
        assert client.get(f"/members/{handle}").status_code == 404
        with pytest.raises(NotFound):
            queries.get_member(VISITOR, handle)


def test_mentions_by_the_handle_before_are_links_and_told(people: Any, agenda: Any) -> None:
    new = dialogue.NewTopic("question", "Who?", render_with_mentions("Ask @ana-prado."))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    actions.change_handle(people.ana, "ana-p")
    text = render_with_mentions("Ask @ana-prado, @Ana-P and @nobody-at-all.")
    assert 'href="/members/ana-prado"' in text.html and 'href="/members/ana-p"' in text.html
    assert "nobody-at-all</a>" not in text.html
    reply = dialogue.reply(people.ben, topic.id, text)
    told = select(Mention.member_id).where(Mention.post_id == reply.id)
    assert db.session.scalars(told).all() == [people.ana.id]


def test_everybody_is_found_by_the_handle_before(people: Any, renamed: Any) -> None:
    assert queries.members_by_handle(["ana-prado", "ben-okoth", "ana-of-the-trams"]) == [
        renamed,
        people.ben,
    ]
    assert queries.member_called(people.ben, "@ana-prado", "who") == renamed
    for wanted in ("@ana-prado", "@ana-of"):
        found = queries.directory(VISITOR, DirectoryFilter(words=wanted))
        assert [member.id for member in found.items] == [renamed.id]
    assert not queries.directory(VISITOR, DirectoryFilter(words="@ana-pra")).items
    (found,) = queries.administered_members(people.administrator, "ana-prado").items
    assert found.id == renamed.id
    assert actions.appoint(SYSTEM, "ana-prado", "moderator").id == renamed.id


def test_who_is_asked_for_advice_may_have_changed_it_meanwhile(people: Any, agenda: Any) -> None:
    new = dialogue.NewTopic("question", "Who knows?", write("Say so."))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    actions.change_handle(people.ana, "ana-p")
    assert advice.ask(people.ben, topic.id, ["ana-prado", "ana-p", "chitra-desai"]) == 2


# The page


def test_the_page_changes_it_once_one_has_proved_who_one_is(people: Any, sign_in: Any) -> None:
    browser = sign_in(people.ana)
    db.session.execute(update(Session).values(proved_at=now() - timedelta(hours=1)))
    db.session.commit()
    for answer in (browser.get("/settings/handle"), browser.post("/settings/handle")):
        assert answer.location == "/settings/prove?next=/settings/handle"
    db.session.execute(update(Session).values(proved_at=now()))
    db.session.commit()
    assert 'href="/settings/handle"' in browser.get("/settings").text
    assert "@ana-prado" in browser.get("/settings/handle").text
    for typed in ("a", "2026", "a b", "ben-okoth"):
        answer = browser.post("/settings/handle", data={"handle": typed})
        assert answer.status_code == 422 and f'value="{typed}"' in answer.text
    answer = browser.post("/settings/handle", data={"handle": "@Ana-P"})
    assert (answer.status_code, answer.location) == (303, "/members/ana-p")
    page = browser.get("/members/ana-p").text
    assert "leads there, too" in page
    # Drafts in her browser are stored under the old handle
    assert 'data-member="ana-prado"' in page
    assert "You can correct it" in browser.get("/settings/handle").text
    answer = browser.post("/settings/handle", data={"handle": "ana-p2"})
    assert "is corrected" in browser.get(answer.location).text
    db.session.execute(update(Member).values(handle_changed_at=now() - EDIT_WITHOUT_TRACE))
    db.session.commit()
    page = browser.get("/settings/handle").text
    assert "@ana-prado" in page and "You can change it again from" in page
    assert 'name="handle"' not in page
    assert browser.post("/settings/handle", data={"handle": "ana"}).status_code == 403


def test_moderators_see_for_half_a_year_who_it_was(people: Any, sign_in: Any, renamed: Any) -> None:
    moderator, ben = sign_in(people.moderator), sign_in(people.ben)
    assert "@ana-prado" in moderator.get("/members/ana-of-the-trams").text
    assert "@ana-prado" not in ben.get("/members/ana-of-the-trams").text
    past = now() - EARLIER_HANDLES_SHOWN
    db.session.execute(update(Member).values(handle_changed_at=past))
    db.session.commit()
    assert "@ana-prado" not in moderator.get("/members/ana-of-the-trams").text


# Leaving


def test_who_leaves_leaves_no_handle_behind(people: Any, agenda: Any) -> None:
    text = render_with_mentions("Ask @ana-prado, or [her](/members/ana-prado).")
    topic = dialogue.open_topic(people.ben, agenda.id, dialogue.NewTopic("question", "Who?", text))
    actions.appoint(SYSTEM, "ana-prado", "moderator")
    words = actions.OrganisationText("Tampere", "city")
    made = actions.write_organisation(db.session.get_one(Member, people.ana.id), words)
    again = actions.OrganisationText("Turku", "city")
    actions.write_organisation(db.session.get_one(Member, people.ana.id), again, made.id)
    actions.change_handle(db.session.get_one(Member, people.ana.id), "ana-p")
    dialogue.reply(people.ben, topic.id, render_with_mentions("And @ana-p."))
    gone(people.ana, "nameless")
    assert not db.session.scalar(select(func.count()).select_from(EarlierHandle))
    assert [version.editor_handle for version in versions_of("organisation", made.id)] == [""]
    posts = [post.source for post in db.session.scalars(select(Post).order_by(Post.id))]
    assert posts == ["Ask Former member, or Former member.", "And Former member."]
    assert holding("ana-prado") == holding("ana-p") == set()
    for handle in ("ana-prado", "ana-p", "anap"):
        with pytest.raises(NotFound):
            queries.get_member(SYSTEM, handle)
        with pytest.raises(Invalid, match="taken"):
            joined("Another", handle=handle)
