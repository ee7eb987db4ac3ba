"""Exchanges, recognition, contributions, feeds and the sitemap: what is included and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.actions import set_member_themes
from forum.clock import at, now
from forum.dialogue.actions import delete, hide, hide_topic, mark, reply
from forum.dialogue.queries import TopicFilter, first_post
from forum.front import queries
from forum.front.queries import (
    contributions,
    exchanges,
    feeds,
    recognition,
    sitemap,
    sitemap_page,
    sitemap_pages,
)
from forum.library.actions import hide_case
from forum.markup import write
from forum.members.actions import Profile, edit_profile, hide_profile
from forum.members.queries import DirectoryFilter, directory, get_city, home_cities
from forum.permissions import VISITOR
from tests.front.conftest import Small, a_practice, topic


def crossed(until_days: int = 0) -> list[tuple[str, str, int]]:
    cities = {city.id: city for city in home_cities(VISITOR)}
    found = exchanges(VISITOR, now() + timedelta(days=until_days), cities)
    return [(pair.city.name, pair.partner.name, pair.replies) for pair in found]


def test_replies_that_cross_between_cities_are_exchanges_in_either_direction(small: Small) -> None:
    assert crossed() == [("Nairobi", "Medellín", 1)]
    nairobi = topic(small.people.ben, small.agenda, "From Nairobi")
    reply(small.people.ana, nairobi.id, write("From Medellín."))
    reply(small.people.ben, nairobi.id, write("From the same city."))
    assert crossed() == [("Nairobi", "Medellín", 2)]


def test_only_the_last_weeks_before_the_latest_post_count(small: Small) -> None:
    assert crossed(until_days=29)
    assert crossed(until_days=31) == []


def test_what_is_hidden_or_for_members_is_no_exchange(small: Small) -> None:
    reply(small.people.chitra, small.members_only.id, write("Among members."))
    assert len(crossed()) == 1
    hide(small.people.moderator, small.answer.id, "Rule 2")
    assert crossed() == []


def test_recognition_counts_answers_trials_and_practices(small: Small) -> None:
    ben = recognition(VISITOR, small.people.ben)
    assert ben == (1, 1, 1, "Surat", 1)
    assert recognition(VISITOR, small.people.chitra) == (0, 0, 0, None, 0)


def test_recognition_does_not_count_what_is_hidden(small: Small) -> None:
    mark(small.people.host, small.answer.id, "tried it", "adapted", "Two meters.")
    assert recognition(VISITOR, small.people.ben).tried == 2
    hide_profile(small.people.moderator, small.people.host.id)
    assert recognition(VISITOR, small.people.ben).tried == 1
    hide_topic(small.people.moderator, small.question.id)
    assert recognition(VISITOR, small.people.ben)[:3] == (0, 0, 0)


def titles(page: Any) -> list[str]:
    return [row.post.topic.title for row in page.items]


def test_what_somebody_wrote_is_listed_with_its_beginning(small: Small) -> None:
    wrote = queries.contributions_of_member(VISITOR, small.people.ben, 1)
    assert titles(wrote) == [
        small.question.title
    ]  # without the practice, which is in the list of practices
    assert wrote.items[0].text == "With one meter & a <notebook>."
    asked = queries.contributions_of_member(VISITOR, small.people.ana, 1)
    assert titles(asked) == [small.question.title]  # without the topic for members only
    assert asked.items[0].text == "How do you measure noise? – text."
    assert len(queries.contributions_of_member(small.people.ben, small.people.ana, 1).items) == 2


def test_a_city_and_an_organisation_gather_what_their_people_wrote(small: Small) -> None:
    nairobi = get_city("nairobi")
    assert titles(queries.contributions_in_city(VISITOR, nairobi, 1)) == [small.question.title]
    hide_profile(small.people.moderator, small.people.ben.id)
    assert titles(queries.contributions_in_city(VISITOR, nairobi, 1)) == []
    assert titles(queries.contributions_in_organisation(VISITOR, small.organisation, 1)) == []


def test_hidden_posts_are_listed_nowhere_even_to_moderators(small: Small) -> None:
    hide(small.people.moderator, small.answer.id, "Rule 2")
    for reader in (VISITOR, small.people.moderator):
        assert titles(queries.contributions_of_member(reader, small.people.ben, 1)) == []


def test_members_are_found_by_what_they_can_help_with(small: Small) -> None:
    set_member_themes(small.people.ben, [small.themes[0].id])
    wanted = DirectoryFilter(ids=queries.helpers_with(small.themes[0].slug))
    assert [member.name for member in directory(VISITOR, wanted).items] == ["Ben Okoth"]
    assert queries.themes_offered(VISITOR) == [small.themes[0]]
    hide_profile(small.people.moderator, small.people.ben.id)
    assert queries.themes_offered(VISITOR) == []


def test_a_feed_is_full_though_the_newest_opening_is_gone(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at(now() + timedelta(minutes=1)):
        newest = topic(small.people.ana, small.agenda, "Taken back")
        reply(small.people.ben, newest.id, write("Why?"))
        delete(small.people.ana, first_post(newest).id)
    monkeypatch.setattr(feeds, "FEED_SIZE", 2)
    for agenda_id in (None, small.agenda.id):
        assert len(queries.feed_of_openings(TopicFilter(agenda_id))) == 2


def test_feeds_hold_what_is_public_newest_first(small: Small) -> None:
    with at(now() + timedelta(hours=1)):
        topic(small.people.ana, small.agenda, "The newest")
    found = [post.topic.title for post in queries.feed_of_openings(TopicFilter())]
    assert found[0] == "The newest"
    assert small.members_only.title not in found
    assert {"Rubber wheels", "The quiet network", small.question.title} <= set(found)
    hide_topic(small.people.moderator, small.question.id)
    assert small.question.title not in [
        p.topic.title for p in queries.feed_of_openings(TopicFilter(small.agenda.id))
    ]


def paths() -> list[str]:
    return [place.path for place in sitemap_page(1)]


def test_the_sitemap_holds_what_is_public(small: Small) -> None:
    found = paths()
    assert found[0] == "/"
    assert {
        "/agendas/quieter",
        small.question.address,
        f"/cases/{small.case.slug}",
        f"/practices/{small.practice.slug}",
        "/members/ben-okoth",
        "/cities/nairobi",  # of Ben
        f"/organisations/{small.organisation.slug}",
    } <= set(found)
    assert small.members_only.address not in found
    assert "/cities/tokyo" not in found
    assert len(found) == len(set(found))


def test_what_is_hidden_leaves_the_sitemap(small: Small) -> None:
    hide_topic(small.people.moderator, small.question.id)
    hide_case(small.people.moderator, small.case.id)
    hide_profile(small.people.moderator, small.people.ben.id)
    found = set(paths())
    assert not found & {small.question.address, f"/cases/{small.case.slug}", "/members/ben-okoth"}


def test_a_long_sitemap_is_split_without_gap_or_repetition(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = paths()
    monkeypatch.setattr(sitemap, "IDS_PER_SITEMAP_FILE", 2)
    assert sitemap_pages() > 2
    found = [place.path for page in range(1, sitemap_pages() + 1) for place in sitemap_page(page)]
    assert sorted(found) == sorted(whole)
    assert sitemap_page(sitemap_pages() + 1) == []


def test_no_file_of_the_sitemap_holds_more_than_it_may():
    """A new kind of page makes each file longer."""
    assert len(sitemap._sections()) < sitemap.MAX_KINDS - 3, "the cities and fixed pages need some"


def test_of_much_that_was_written_the_newest_is_listed(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        with at(now() + timedelta(minutes=number)):
            topic(small.people.ben, small.agenda, f"Number {number}")
    monkeypatch.setattr(contributions, "MAX_CONTRIBUTIONS", 4)
    monkeypatch.setattr(contributions, "PAGE_SIZE", 3)
    nairobi = get_city("nairobi")
    joined = Profile("Ben Okoth", "", small.organisation.id, nairobi.id)
    edit_profile(small.people.ben, joined)
    for page in (1, 2, 3):
        for wrote in (
            queries.contributions_of_member(VISITOR, small.people.ben, page),
            queries.contributions_in_city(VISITOR, nairobi, page),
            queries.contributions_in_organisation(VISITOR, small.organisation, page),
        ):
            listed = ["Number 4", "Number 3", "Number 2"] if page == 1 else ["Number 1"]
            assert (titles(wrote), wrote.number) == (listed, min(page, 2))
            assert (wrote.total, wrote.pages, wrote.is_capped) == (4, 2, True)


def test_the_counters_are_of_the_member_who_asks(
    small: Small, request: pytest.FixtureRequest
) -> None:
    a_practice(small.people.ana, small.people.moderator, small.agenda, "Another")
    with request.getfixturevalue("queries")() as made:
        counters = queries.masthead(small.people.ana)
    assert counters == (0, 0)
    assert made.count <= 2
