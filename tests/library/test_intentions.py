"""Members say that they want to try a practice or case, and are asked once about the outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from forum.clock import at, month_end, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden, Invalid, NotFound, Refusal
from forum.library import actions, queries
from forum.library.actions.intentions import KEPT_AFTER
from forum.library.models import Case, Intention, Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import SURAT, TOKYO, World, person, practice_text

SignIn = Callable[[Member], FlaskClient]
TODAY = now().date() + timedelta(days=1)  # after the shared datasets were created
SOON, LATER = month_end(3, TODAY), month_end(12, TODAY)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Set the clock to noon of a fixed day, so that neither midnight nor the end of a month can pass during a test."""
    with at(datetime.combine(TODAY, time(12), UTC)):
        yield


def topic_of(thing: Practice | Case) -> int:
    assert thing.topic_id is not None
    return thing.topic_id


def opening_of(thing: Practice | Case) -> int:
    return queries.opening_post_id(VISITOR, topic_of(thing))


def wanting(thing: Practice | Case) -> list[str]:
    return [intention.member.name for intention in queries.intentions_in(topic_of(thing))]


def told(member: Member) -> list[tuple[str, str]]:
    while make_notices(SYSTEM):
        pass
    return [(notice.kind, notice.title) for notice in inbox(member).page.items]


def look(day: date) -> int:
    """Run the worker's task on a day until nothing is left; returns the number of intentions that it handled."""
    looked = 0
    with at(datetime.combine(day, now().timetz())):
        while count := actions.ask_about_intentions(SYSTEM):
            looked += count
    return looked


def test_who_wants_to_try_it_is_listed_until_they_have(world: World, practice: Practice) -> None:
    topic_id = topic_of(practice)
    actions.intend(world.reader, topic_id, LATER)
    actions.intend(world.moderator, topic_id, SOON)
    # The member from Tokyo first, then the one without a city
    assert wanting(practice) == ["Rosa Reader", "Mo Meijer"]
    actions.intend(world.reader, topic_id, SOON)
    assert len(wanting(practice)) == 2
    dialogue.mark(world.reader, opening_of(practice), "tried it", "kept", "")
    assert wanting(practice) == ["Mo Meijer"]
    dialogue.unmark(world.reader, opening_of(practice), "tried it")
    assert wanting(practice) == ["Rosa Reader", "Mo Meijer"]
    actions.give_up(world.reader, topic_id)
    actions.give_up(world.reader, topic_id)
    assert wanting(practice) == ["Mo Meijer"]


def test_a_case_can_be_tried_as_well(world: World, case: Case) -> None:
    actions.intend(world.reader, case.topic_id, SOON)
    assert wanting(case) == ["Rosa Reader"]


def test_who_shares_it_and_who_may_not_write_cannot(world: World, practice: Practice) -> None:
    for doer, refusal in ((world.author, Forbidden), (VISITOR, Refusal)):
        with pytest.raises(refusal):
            actions.intend(doer, topic_of(practice), SOON)
    experience = dialogue.open_topic(
        world.author,
        world.agenda.id,
        dialogue.NewTopic("experience", "We tried", write("A text.")),
    )
    with pytest.raises(Forbidden):
        actions.intend(world.reader, experience.id, SOON)
    assert wanting(practice) == []


@pytest.mark.parametrize("days", [-1, 400 * 9])
def test_a_month_that_is_over_or_far_away_is_refused(
    world: World, practice: Practice, days: int
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.intend(world.reader, topic_of(practice), now().date() + timedelta(days=days))
    assert refused.value.field == "until"
    assert wanting(practice) == []


def test_what_is_hidden_says_nothing_of_who_wants_to_try_it(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    assert queries.practices_wanted_by(VISITOR, city_id=TOKYO)
    actions.hide_practice(world.host, practice.id, "For a test.")
    with pytest.raises(NotFound):
        actions.intend(world.reader, topic_of(practice), LATER)
    assert not queries.practices_wanted_by(VISITOR, city_id=TOKYO)
    assert not queries.practices_wanted_by(world.reader, member_id=world.reader.id)
    tokyo = sign_in(world.author).get("/cities/tokyo").text
    assert practice.title not in tokyo


def test_a_hidden_profile_is_not_listed(world: World, practice: Practice) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    members.hide_profile(world.moderator, world.reader.id)
    assert wanting(practice) == []
    assert not queries.practices_wanted_by(VISITOR, city_id=TOKYO)


def test_the_author_is_told_once(world: World, practice: Practice) -> None:
    topic_id = topic_of(practice)
    actions.intend(world.reader, topic_id, SOON)
    actions.give_up(world.reader, topic_id)
    actions.intend(world.reader, topic_id, LATER)
    actions.intend(world.moderator, topic_id, LATER)
    kinds = [notice for notice in told(world.author) if notice[0] == "intention"]
    assert kinds == [("intention", practice.title)] * 2


def test_when_the_month_is_over_one_is_asked_once(world: World, practice: Practice) -> None:
    topic_id = topic_of(practice)
    actions.intend(world.reader, topic_id, SOON)
    assert look(SOON) == 0
    for days in (1, 2, 100):
        look(SOON + timedelta(days=days))
    assert [notice[0] for notice in told(world.reader)] == ["intended"]
    assert wanting(practice) == ["Rosa Reader"]
    look(SOON + timedelta(days=1) + KEPT_AFTER)
    assert wanting(practice) == [] and remaining() == 0


def test_a_new_month_asks_anew(world: World, practice: Practice) -> None:
    topic_id = topic_of(practice)
    actions.intend(world.reader, topic_id, SOON)
    look(SOON + timedelta(days=1))
    with at(now() + timedelta(days=120)):
        actions.intend(world.reader, topic_id, LATER)
    look(LATER)
    assert [notice[0] for notice in told(world.reader)] == ["intended"]
    look(LATER + timedelta(days=1))
    assert [notice[0] for notice in told(world.reader)] == ["intended"] * 2


def test_who_has_tried_it_is_not_asked(world: World, practice: Practice) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    dialogue.mark(world.reader, opening_of(practice), "tried it", "stopped", "")
    assert look(SOON + timedelta(days=1)) == 1
    assert told(world.reader) == [] and remaining() == 0


def test_of_what_is_hidden_nobody_is_asked_until_it_is_shown_again(
    world: World, practice: Practice
) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    actions.hide_practice(world.host, practice.id, "For a test.")
    look(SOON + timedelta(days=1))
    assert told(world.reader) == []
    actions.restore_practice(world.host, practice.id)
    look(SOON + timedelta(days=20))
    assert told(world.reader) == []
    look(SOON + timedelta(days=40))
    assert [notice[0] for notice in told(world.reader)] == ["intended"]


def test_what_is_deleted_is_forgotten(world: World, practice: Practice) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    actions.delete_practice(world.author, practice.id)
    look(SOON + timedelta(days=1))
    assert told(world.reader) == [] and remaining() == 0


def test_many_are_looked_at_in_portions(world: World, practice: Practice) -> None:
    for number in range(3):
        actions.intend(person(f"Member{number} Three", SURAT), topic_of(practice), SOON)
    with at(datetime.combine(SOON + timedelta(days=1), now().timetz())):
        assert [actions.ask_about_intentions(SYSTEM, limit=2) for _ in range(3)] == [2, 1, 0]


def test_who_has_left_wants_nothing_any_more(world: World, practice: Practice) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    with pytest.raises(Forbidden):
        actions.forget_intentions(world.author, world.reader.id)
    actions.forget_intentions(SYSTEM, world.reader.id)
    assert remaining() == 0


def remaining() -> int:
    return db.session.scalar(select(func.count()).select_from(Intention)) or 0


# The pages


def test_from_the_button_to_the_list_and_back(
    world: World, practice: Practice, sign_in: SignIn, client: FlaskClient
) -> None:
    browser = sign_in(world.reader)
    page, form = f"/practices/{practice.slug}", f"/practices/{practice.slug}/intention"
    assert f'href="{form}"' in browser.get(page).text
    assert "By when?" in browser.get(form).text
    answer = browser.post(form, data={"until": SOON.isoformat()})
    assert (answer.status_code, answer.location) == (303, f"{page}#wanted")
    for reader in (browser, client):
        text = reader.get(page).text
        assert "Cities that want to try it" in text and "Rosa Reader" in text
    [chosen] = re.findall(r"<input[^>]* checked[^>]*>", browser.get(form).text)
    assert f'value="{SOON.isoformat()}"' in chosen
    tokyo = client.get("/cities/tokyo").text
    assert "Practices that members here want to try" in tokyo and practice.title in tokyo
    assert practice.title in client.get(f"/members/{world.reader.handle}").text
    assert browser.post(form, data={"take_back": "1"}).location == page
    assert "Cities that want to try it" not in client.get(page).text


def test_who_is_asked_finds_the_question_on_the_page(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    look(SOON + timedelta(days=1))
    question = "This month is over. What became of it?"
    page = f"/practices/{practice.slug}"
    assert question in sign_in(world.reader).get(page).text
    others = sign_in(world.moderator).get(page).text
    assert question not in others and "Rosa Reader" in others
    assert "wanted to try it by the end of" in others
    assert not queries.practices_wanted_by(VISITOR, city_id=TOKYO)  # the intention is over


def test_who_may_not_write_any_more_takes_it_back_all_the_same(
    world: World, practice: Practice, sign_in: SignIn, client: FlaskClient
) -> None:
    actions.intend(world.reader, topic_of(practice), SOON)
    members.silence(world.moderator, world.reader.id, now() + timedelta(days=9))
    browser, page = sign_in(world.reader), f"/practices/{practice.slug}"
    offered = browser.get(page).text
    assert "Take it back" in offered and "Change the month" not in offered
    assert "Take it back" not in client.get(page).text
    assert browser.get(f"{page}/intention").status_code == 403
    assert browser.post(f"{page}/intention", data={"take_back": "1"}).location == page
    assert wanting(practice) == []


def test_two_of_one_city_stand_below_its_name_once(
    world: World, practice: Practice, client: FlaskClient
) -> None:
    for name in ("Ines Two", "Jun Two"):
        actions.intend(person(name, TOKYO), topic_of(practice), SOON)
    page = client.get(f"/practices/{practice.slug}").text
    assert page.count('href="/cities/tokyo"') == 1 and "Ines Two" in page and "Jun Two" in page
    assert "1 city wants to try it" in page


@pytest.mark.parametrize(
    "typed",
    ["", "2020-01-31", "9999-12-31", "2027-02-29", "soon", "\x00", "٢٠٢٧-٠٢-٢٨", str(2**63)],
)
def test_what_cannot_be_a_month_is_refused_beside_the_field(
    world: World, practice: Practice, sign_in: SignIn, typed: str
) -> None:
    browser = sign_in(world.reader)
    answer = browser.post(f"/practices/{practice.slug}/intention", data={"until": typed})
    assert answer.status_code in (400, 422) and remaining() == 0


def test_a_case_has_the_same_form(world: World, case: Case, sign_in: SignIn) -> None:
    browser = sign_in(world.reader)
    page = f"/cases/{case.slug}"
    assert "We want to try this" in browser.get(page).text
    answer = browser.post(f"{page}/intention", data={"until": SOON.isoformat()})
    assert answer.location == f"{page}#wanted"
    assert "Cities that want to try it" in browser.get(page).text
    assert "We want to try this" not in browser.get(page).text


def test_a_draft_cannot_be_wanted(world: World, sign_in: SignIn) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    browser = sign_in(world.moderator)
    assert browser.get(f"/practices/{draft.slug}/intention").status_code == 404
