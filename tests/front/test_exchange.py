"""What a city, an organisation or a member gave and received: what counts, for which readers, in which year."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from forum.db import db
from forum.dialogue.actions import choose_answer, hide, hide_topic, mark, reply
from forum.dialogue.models import Mark, Post, Topic
from forum.front.queries import (
    ExchangeRecord,
    exchange_of_city,
    exchange_of_member,
    exchange_of_organisation,
)
from forum.front.queries.exchange import SHOWN
from forum.library.models import Practice
from forum.markup import write
from forum.members.actions import hide_profile, ignore
from forum.members.models import City, Member
from tests.front.conftest import Small, a_practice, topic


def of(member: Member, year: int = 0) -> ExchangeRecord:
    return exchange_of_member(member, year)


def titles(posts: Any) -> list[str]:
    return [post.topic.title for post in posts]


def given_and_got(record: ExchangeRecord) -> dict[str, tuple[int, int]]:
    return {there.city.name: (there.given, there.got) for there in record.partners}


def test_an_answer_is_given_on_one_side_and_received_on_the_other(
    small: Small, people: Any
) -> None:
    ben, ana = of(people.ben), of(people.ana)
    assert titles(ben.answers) == ["How do you measure noise?"] and ben.replies_count == 1
    assert titles(ana.questions) == ["How do you measure noise?"] and len(ana.chosen) == 1
    assert ana.chosen[small.question.id].id == small.answer.id and not ana.answers
    assert given_and_got(ben) == {people.ana.city.name: (1, 0)}
    assert given_and_got(ana) == {people.ben.city.name: (0, 1)}


def test_what_one_writes_below_ones_own_topic_is_given_to_nobody(small: Small, people: Any) -> None:
    own = reply(people.ana, small.question.id, write("I found it myself."))
    choose_answer(people.ana, small.question.id, own.id)
    found = of(people.ana)
    assert found.replies_count == found.answers_count == 0
    assert found.chosen[small.question.id].id == own.id


def test_cities_count_their_members_and_not_what_these_say_to_each_other(
    small: Small, people: Any
) -> None:
    people.chitra.city_id = people.ana.city_id
    db.session.flush()
    reply(people.chitra, small.question.id, write("We have none here either."))
    found = exchange_of_city(people.ana.city, 0)
    assert found.replies_count == 0 and people.ana.city.name not in given_and_got(found)
    assert titles(found.experiences) == ["Night trams without bells"], "Chitra's"
    assert titles(found.questions) == ["How do you measure noise?"], "Ana's"


def test_comments_on_a_case_are_given_to_no_city(small: Small, people: Any) -> None:
    reply(people.ben, small.case.topic_id, write("It is quieter now."))
    assert of(people.ben).replies_count == 1, "the answer alone"
    assert not of(people.moderator).partners


def test_organisations_count_their_members_and_what_is_written_in_their_name(
    small: Small, people: Any
) -> None:
    people.chitra.organisation_id = small.organisation.id
    db.session.execute(
        update(Post).where(Post.id == small.answer.id).values(organisation_id=small.organisation.id)
    )
    found = exchange_of_organisation(small.organisation, 0)
    assert titles(found.answers) == ["How do you measure noise?"], "Ben's, in its name"
    assert titles(found.experiences) == ["Night trams without bells"], "Chitra's"


def test_practices_shared_and_tried(small: Small, people: Any) -> None:
    mark(people.chitra, opening_of(small.practice), "tried it", "adapted", "Ours are narrower.")
    ben, chitra = of(people.ben), of(people.chitra)
    assert [practice.title for practice in ben.practices] == ["Rubber wheels"]
    assert ben.tried_in == {small.practice.topic_id: 1}
    assert [(trial.practice.title, trial.mark.outcome) for trial in chitra.tried] == [
        ("Rubber wheels", "adapted")
    ]


def test_to_who_ignores_a_member_their_words_are_not_shown(
    small: Small, people: Any, sign_in: Any
) -> None:
    cities = (
        db.session.get_one(City, who.city_id) for who in (people.chitra, people.ben, people.ana)
    )
    chitra, ben, ana = (f"/cities/{city.slug}/exchange" for city in cities)
    mark(people.chitra, opening_of(small.practice), "tried it", "adapted", "Ours are narrower.")
    browser, words = sign_in(people.host), "meter &amp; a"
    assert "Ours are narrower." in browser.get(chitra).text and words in browser.get(ben).text
    ignore(people.host, people.chitra.id)
    ignore(people.host, people.ben.id)
    assert "Ours are narrower." not in browser.get(chitra).text
    assert "Rubber wheels" in browser.get(chitra).text
    for address in (ben, ana):
        page = browser.get(address).text
        assert words not in page and "You ignore" in page and "How do you measure noise?" in page


def opening_of(practice: Practice) -> int:
    return db.session.query(Post.id).filter_by(topic_id=practice.topic_id, number=1).scalar()


def test_a_year_holds_what_was_done_in_it(small: Small, people: Any, client: Any) -> None:
    mark(people.chitra, opening_of(small.practice), "tried it", "kept")
    for model in (Post, Mark):
        db.session.execute(
            update(model).values(created_at=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
        )
    db.session.execute(
        update(Post)
        .where(Post.topic_id == small.experience.id)
        .values(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    )
    assert of(people.chitra).years == [2026, 2025]
    assert len(of(people.chitra, 2025).tried) == 1 and not of(people.chitra, 2025).experiences
    assert titles(of(people.chitra, 2026).experiences) == ["Night trams without bells"]
    assert not of(people.chitra, 2026).tried
    assert given_and_got(of(people.ana, 2025)) == {people.ben.city.name: (0, 1)}
    page = client.get(f"/cities/{people.chitra.city.slug}/exchange?year=2026").text
    assert 'aria-current="page">2026' in page and "1 experience<" in page


@pytest.mark.parametrize("year", ["1066", "0", "-1", "9999", "99999999999", "x", "2026 "])
def test_a_year_without_anything_stands_for_all(
    small: Small, people: Any, client: Any, year: str
) -> None:
    page = client.get(f"/cities/{people.ana.city.slug}/exchange?year={year}")
    assert page.status_code == 200 and "How do you measure noise?" in page.text


def test_what_visitors_do_not_read_is_neither_told_nor_counted(
    small: Small, people: Any, sign_in: Any
) -> None:
    assert "For members: the tender" not in titles(of(people.ana).experiences)
    assert of(people.ana).experiences_count == 0
    hide(people.moderator, small.answer.id, "No.")
    hide_topic(people.moderator, small.experience.id, "No.")
    assert not of(people.ben).answers and of(people.ben).replies_count == 0
    assert not of(people.ana).chosen and not of(people.ana).partners
    assert not of(people.chitra).experiences
    address = f"/cities/{people.ana.city.slug}/exchange"
    pages = [sign_in(who).get(address).text for who in (people.ben, people.moderator)]
    assert all("notebook" not in page and "tender" not in page for page in pages)


def test_what_waits_for_a_look_is_not_told(small: Small, people: Any) -> None:
    unseen = topic(people.chitra, small.agenda, "Seen by nobody")
    assert len(of(people.chitra).experiences) == 2
    db.session.get_one(Topic, unseen.id).unseen_at = unseen.created_at
    db.session.flush()
    assert titles(of(people.chitra).experiences) == ["Night trams without bells"]


def test_a_hidden_profile_names_no_city(small: Small, people: Any, client: Any) -> None:
    hide_profile(people.moderator, people.ben.id)
    assert not of(people.ana).partners
    page = client.get(f"/cities/{people.ben.city.slug}/exchange").text
    assert "How do you measure" not in page and 'id="answers"' not in page


def test_before_anybody_wrote_there_is_nothing_to_tell(
    small: Small, people: Any, client: Any
) -> None:
    page = client.get(f"/organisations/{small.organisation.slug}/exchange").text
    assert "Nothing to tell yet" in page


def test_members_read_their_own_alone(small: Small, people: Any, client: Any, sign_in: Any) -> None:
    address = f"/members/{people.ana.handle}/exchange"
    assert client.get(address).status_code == 303
    assert sign_in(people.ben).get(address).status_code == 404
    assert sign_in(people.administrator).get(address).status_code == 404
    page = sign_in(people.ana).get(address)
    assert page.status_code == 200 and "Only you see this page" in page.text
    assert address in sign_in(people.ana).get(f"/members/{people.ana.handle}").text
    assert address not in sign_in(people.ben).get(f"/members/{people.ana.handle}").text


def test_of_much_the_newest_are_named(small: Small, people: Any, client: Any) -> None:
    for number in range(SHOWN + 2):
        topic(people.chitra, small.agenda, f"Experience {number}")
    found = of(people.chitra)
    assert len(found.experiences) == SHOWN and found.experiences_count == SHOWN + 3
    assert titles(found.experiences)[0] == f"Experience {SHOWN + 1}"
    page = client.get(f"/cities/{people.chitra.city.slug}/exchange").text
    assert f"The newest {SHOWN} of {SHOWN + 3} are named." in page


def test_of_many_practices_all_are_counted_and_in_each_year(
    small: Small, people: Any, client: Any
) -> None:
    """Also older ones, which the lists do not show."""
    old = datetime(2024, 5, 1, tzinfo=UTC)
    small.practice.published_at = old
    for number in range(SHOWN + 1):
        one = a_practice(people.ben, people.moderator, small.agenda, f"Practice {number}")
        mark(people.chitra, opening_of(one), "tried it", "kept")
    ben, chitra = of(people.ben), of(people.chitra)
    assert ben.practices_count == SHOWN + 2 and len(ben.practices) == SHOWN
    assert chitra.tried_count == SHOWN + 1 and len(chitra.tried) == SHOWN
    assert 2024 in ben.years
    assert [practice.title for practice in of(people.ben, 2024).practices] == ["Rubber wheels"]
    page = client.get(f"/cities/{people.chitra.city.slug}/exchange").text
    assert f"{SHOWN + 1} practices tried" in page
    assert f"The newest {SHOWN} of {SHOWN + 1} are named." in page


def test_topics_in_the_name_of_an_organisation_are_its_own(small: Small, people: Any) -> None:
    """Also topics of authors who have left the organisation since."""
    theirs = Topic.id == small.question.id
    db.session.execute(update(Topic).where(theirs).values(organisation_id=small.organisation.id))
    people.ben.organisation_id = small.organisation.id
    db.session.flush()
    found = exchange_of_organisation(small.organisation, 0)
    assert found.replies_count == found.answers_count == 0, "Ben's, to its own question"
    reply(people.chitra, small.question.id, write("We count at night."))
    got = exchange_of_organisation(small.organisation, 0)
    assert sum(there.got for there in got.partners) == 1
