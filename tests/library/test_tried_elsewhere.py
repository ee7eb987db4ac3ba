"""Cases and practices found by the cities that tried them: where, how large these are, and what became of it."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, topic_if_there
from forum.library import actions
from forum.library import queries as library
from forum.library.models import Case, Practice
from forum.library.queries import CaseFilter, PracticeFilter
from forum.library.views import tables
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import COPENHAGEN, SignIn, World, case_text, published

WHY = {"kept": "It fits our harbour", "adapted": "With boats", "stopped": "No room for it"}


def tried(member: Member, thing: Case | Practice, outcome: str) -> int:
    """Tell what became of it in the member's city; returns the id of the post that opens the topic of it."""
    topic = topic_if_there(SYSTEM, thing.topic_id)
    assert topic is not None
    opening = first_post(topic)
    dialogue.mark(member, opening.id, "tried it", outcome, WHY[outcome])
    return opening.id


def counts(choices: dict[str, list[library.Choice]], name: str) -> dict[str, int]:
    return {choice.value: choice.count for choice in choices[name]}


def of_copenhagen(world: World, title: str, *trials: tuple[Member, str]) -> Practice:
    made = published(world, title=title, city_id=COPENHAGEN)
    for member, outcome in trials:
        tried(member, made, outcome)
    return made


@pytest.fixture
def pumps(world: World) -> Practice:
    """A practice of Copenhagen that Tokyo (the largest cities) kept and Tampere (a small one) stopped."""
    return of_copenhagen(world, "Pumps that call", (world.reader, "kept"), (world.host, "stopped"))


@pytest.fixture
def trees(world: World) -> Practice:
    """A practice of Copenhagen that Tokyo stopped, and of which somebody without a city says that they stopped, too."""
    return of_copenhagen(
        world, "Trees that drink", (world.reader, "stopped"), (world.moderator, "stopped")
    )


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({"tried_size": ("small",)}, {"Pumps that call"}),
        ({"tried_size": ("small",), "tried": ("stopped",)}, {"Pumps that call"}),
        # It was stopped, and it was tried in one of the largest cities, but not both in one city
        ({"tried_size": ("largest",), "tried": ("stopped",)}, {"Trees that drink"}),
        ({"tried_size": ("small",), "tried": ("kept",)}, set()),
        (
            {"tried_city": ("tokyo",), "tried": ("kept", "stopped")},
            {"Pumps that call", "Trees that drink"},
        ),
        ({"tried_country": ("FI",)}, {"Pumps that call"}),
        ({"tried_country": ("FI",), "tried_city": ("tokyo",)}, set()),
        # Where it was tried, and where it comes from
        (
            {"tried_country": ("JP",), "city": ("copenhagen",)},
            {"Pumps that call", "Trees that drink"},
        ),
        ({"tried_country": ("JP",), "city": ("tokyo",)}, set()),
        ({"tried_size": ("town",)}, set()),
    ],
)
def test_one_city_has_all_that_is_wanted_of_a_trial(
    pumps: Practice, trees: Practice, wanted: dict[str, Any], titles: set[str]
) -> None:
    found = library.practices(VISITOR, PracticeFilter(**wanted))
    assert {practice.title for practice in found.items} == titles
    trials = library.wanted_trials([hit.topic_id for hit in found.items], PracticeFilter(**wanted))
    assert set(trials) == {hit.topic_id for hit in found.items}


def test_choices_of_trials_are_counted_for_the_same_city(pumps: Practice, trees: Practice) -> None:
    choices = library.practice_choices(VISITOR, PracticeFilter(tried=("stopped",)))
    assert counts(choices, "tried") == {"kept": 1, "stopped": 2}
    assert counts(choices, "tried_size") == {"small": 1, "largest": 1}
    assert counts(choices, "tried_city") == {"tampere": 1, "tokyo": 1}
    assert counts(choices, "size") == {"large": 2}
    choices = library.practice_choices(VISITOR, PracticeFilter(tried_city=("tokyo",)))
    assert counts(choices, "tried") == {"kept": 1, "stopped": 1}
    assert counts(choices, "tried_country") == {"JP": 2}
    for name in ("tried", "tried_size", "tried_country", "tried_city"):
        for value, count in counts(choices, name).items():
            wanted: dict[str, Any] = {"tried_city": ("tokyo",), name: (value,)}
            assert library.practices(VISITOR, PracticeFilter(**wanted)).total == count


def test_a_case_has_country_and_size_at_the_same_place(world: World, case: Case) -> None:
    assert library.cases(VISITOR, CaseFilter(country=("JP",), size=("largest",))).total == 1
    assert library.cases(VISITOR, CaseFilter(country=("IN",), size=("largest",))).total == 0
    choices = library.case_choices(VISITOR, CaseFilter(country=("IN",)))
    assert counts(choices, "size") == {"large": 1}
    assert counts(choices, "country") == {"IN": 1, "JP": 1}


def test_the_newest_trials_that_are_wanted_are_shown_and_the_others_counted(
    world: World, pumps: Practice, trees: Practice
) -> None:
    ids = [pumps.topic_id, trees.topic_id, None]
    assert library.wanted_trials(ids, PracticeFilter(city=("copenhagen",))) == {}
    found = library.wanted_trials(ids, PracticeFilter(tried=("stopped",)))
    assert [mark.member.name for mark in found[pumps.topic_id or 0].marks] == ["Hanne Host"]
    assert [mark.city and mark.city.name for mark in found[trees.topic_id or 0].marks] == [None, "Tokyo"]  # fmt: skip
    (one, other) = (
        library.trials_in(ids, PracticeFilter(), 1)[topic] for topic in ids[:2] if topic
    )
    assert (len(one.marks), one.more) == (len(other.marks), other.more) == (1, 1)


def test_each_hit_leads_to_the_trial_and_to_the_peer(
    world: World, pumps: Practice, client: FlaskClient
) -> None:
    page = client.get("/practices?tried_size=small&tried=stopped").text
    (mark,) = library.wanted_trials([pumps.topic_id], PracticeFilter(tried=("stopped",)))[
        pumps.topic_id or 0
    ].marks
    address = f"/practices/{pumps.slug}"
    assert f'<a href="{address}#tried-{mark.id}">Stopped in <bdi>Tampere</bdi>, ' in page
    assert "Hanne Host</a>" in page and WHY["stopped"] in page and WHY["kept"] not in page
    assert f'id="tried-{mark.id}"' in client.get(address).text
    assert "Tried in: 50,000 to 250,000" in page and "Tried elsewhere: Stopped" in page
    plain = client.get("/practices?city=copenhagen").text
    assert WHY["stopped"] not in plain and "Tried in 2 cities" in plain


def test_cases_show_where_they_were_tried(world: World, case: Case, client: FlaskClient) -> None:
    tried(world.author, case, "stopped")
    page = client.get("/cases?tried_country=IN").text
    assert "Stopped in <bdi>Surat</bdi>, " in page and f'href="/cases/{case.slug}#tried-' in page
    assert "No case has all of these" in client.get("/cases?tried_country=IN&tried=kept").text


def test_the_table_tells_what_became_of_it(
    world: World, pumps: Practice, case: Case, client: FlaskClient
) -> None:
    tried(world.author, case, "adapted")
    said = client.get("/practices.csv").text
    assert "Kept in Tokyo, " in said and f"{WHY['stopped']}" in said
    said = client.get("/practices.csv?tried=kept").text
    assert "Kept in Tokyo, " in said and "Stopped in" not in said
    assert "Adapted in Surat, " in client.get("/cases.csv").text


@pytest.mark.parametrize("room", [20, 200, 32_000])
def test_the_table_tells_of_all_trials_that_a_cell_can_take(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(tables, "TRIALS_AT_ONCE", 2)
    monkeypatch.setattr(tables, "MAX_CELL", room)
    trials = [(world.reader, "kept"), (world.host, "stopped"), (world.moderator, "adapted")]
    of_copenhagen(world, "Pumps that call", *trials)
    of_copenhagen(world, "Trees that drink", trials[0])
    lines = csv.DictReader(StringIO(client.get("/practices.csv").text.removeprefix("\ufeff")))
    told = {line["Title"]: line["What became of it"].split("; ") for line in lines}
    if room == 20:
        assert told["Pumps that call"] == ["3 more on its page"]
        assert told["Trees that drink"] == ["1 more on its page"]
        return
    assert [
        WHY[how] in trial
        for trial, (_who, how) in zip(told["Pumps that call"], trials[::-1], strict=True)
    ] == [True] * 3
    assert len(told["Trees that drink"]) == 1


def test_programs_ask_for_trials_too(pumps: Practice, trees: Practice, client: FlaskClient) -> None:
    for query, number in (
        ("size=small&tried=stopped", 1),
        ("country=jp", 2),
        ("city=copenhagen", 0),
    ):
        answer = client.get(f"/api/v1/practices?tried_{query}").json
        assert answer is not None and len(answer["items"]) == number
    assert client.get("/api/v1/practices?tried=forgotten").status_code == 422
    assert client.get("/api/v1/cases?tried_size=huge").status_code == 422
    answer = client.get("/api/v1/cases?tried_city=nowhere").json
    assert answer is not None and answer["items"] == []


def test_what_nobody_sees_is_found_by_nobody(
    world: World, pumps: Practice, client: FlaskClient, sign_in: SignIn
) -> None:
    stopped = PracticeFilter(tried=("stopped",))
    opening_id = tried(world.host, pumps, "stopped")
    mark = library.trials_in([pumps.topic_id], stopped)[pumps.topic_id or 0].marks[0]
    # A note that moderators hide: the trial stays, without its words
    moderation.decide(world.moderator, "mark", mark.id, "hide", Reasons("It is rude.", 1))
    page = client.get("/practices?tried=stopped").text
    assert "Stopped in <bdi>Tampere</bdi>" in page and WHY["stopped"] not in page
    # A profile that moderators hide: no trial, as on the page of the practice
    moderation.decide(world.moderator, "member", world.host.id, "hide", Reasons("Spam.", 1))
    assert library.practices(VISITOR, stopped).total == 0
    assert "stopped" not in counts(library.practice_choices(VISITOR, PracticeFilter()), "tried")
    assert "Tampere" not in client.get("/practices?tried=stopped&tried=kept").text
    assert dialogue.unmark(world.reader, opening_id, "tried it")
    assert library.practices(VISITOR, PracticeFilter(tried=("kept",))).total == 0


def test_trials_of_practices_for_members_are_for_members(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    made = published(world, title="Among us", audience="members")
    tried(world.reader, made, "stopped")
    for path in ("/practices?tried=stopped", "/practices.csv?tried=stopped"):
        assert WHY["stopped"] not in client.get(path).text
        assert WHY["stopped"] in sign_in(world.host).get(path).text
    assert counts(library.practice_choices(VISITOR, PracticeFilter()), "tried") == {}
    actions.hide_practice(world.host, made.id)
    assert WHY["stopped"] not in sign_in(world.author).get("/practices?tried=stopped").text


def test_the_words_of_somebody_who_is_ignored_are_left_out(
    world: World, pumps: Practice, sign_in: SignIn
) -> None:
    members.ignore(world.author, world.host.id)
    browser = sign_in(world.author)
    for path, city in (("", "<bdi>Tampere</bdi>"), (".csv", "Tampere")):
        page = browser.get(f"/practices{path}?tried=stopped").text
        assert f"Stopped in {city}" in page
        assert WHY["stopped"] not in page and "Hanne Host" not in page


def test_on_its_own_page_the_words_of_somebody_who_is_ignored_are_folded(
    world: World, pumps: Practice, sign_in: SignIn, queries: Any
) -> None:
    page = f"/practices/{pumps.slug}"
    with queries() as made:
        before = sign_in(world.author).get(page).text
    assert before.count(WHY["stopped"]) == 2 and "Hanne Host</a>" in before
    members.ignore(world.author, world.host.id)
    with queries() as again:
        after = sign_in(world.author).get(page).text
    assert again.count <= made.count
    said, folded, rest = after.partition("<summary>You ignore Hanne Host. Show it</summary>")
    assert folded and after.count(WHY["stopped"]) == 1 and WHY["stopped"] in rest
    assert "Hanne Host</a>" not in after and "<bdi>Tampere</bdi> stopped." in said


def test_a_trial_stays_with_the_city_that_made_it(
    world: World, pumps: Practice, client: FlaskClient
) -> None:
    profile = members.Profile(name=world.host.name, city_id=COPENHAGEN)
    members.edit_profile(world.host, profile)
    page = client.get("/practices?tried=stopped").text
    assert (
        "Stopped in <bdi>Tampere</bdi>" in page and "Stopped in <bdi>Copenhagen</bdi>" not in page
    )


def test_a_list_by_trials_takes_the_same_queries_however_many_there_are(
    world: World, pumps: Practice, client: FlaskClient, queries: Any
) -> None:
    def look() -> int:
        with queries() as made:
            for path in ("/practices?tried=stopped&tried_size=small", "/cases?tried=stopped"):
                assert client.get(path).status_code == 200
        return made.count

    def stop(number: int) -> None:
        made = published(world, title=f"Practice {number}", city_id=COPENHAGEN)
        tried(world.host, made, "stopped")
        told = actions.write_case(world.host, world.agenda.id, case_text(name=f"Case {number}"))
        tried(world.reader, told, "stopped")

    stop(0)
    look()
    few = look()
    for number in range(1, 5):
        stop(number)
    assert look() == few <= 13


def test_a_list_of_what_was_tried_says_when_no_city_tried_any(
    world: World, case: Case, client: FlaskClient
) -> None:
    of_copenhagen(world, "Pumps that call")
    of_agenda = f"agenda={case.agenda.slug}"
    wanted = f"/practices?{of_agenda}&tried=kept&tried=adapted&tried=stopped"
    page = client.get(wanted).text
    assert "No city has said that it tried one of these" in page
    assert f'class="btn alt" href="/practices?{of_agenda}">Remove this filter</a>' in page
    assert 'href="/cases">Remove this filter</a>' in client.get("/cases?tried=kept").text
    of_city = client.get(f"{wanted}&tried_city=lima").text
    assert "No practice has all of these" in of_city and "No city has said" not in of_city
    for path in ("/practices?tried=kept&country=KE", "/cases?tried=kept&language=sw"):
        of_none = client.get(path).text  # without the filter, too, there is nothing
        assert "has all of these" in of_none and "No city has said" not in of_none
    of_copenhagen(world, "Trees that drink", (world.reader, "kept"))
    assert "Trees that drink" in client.get(wanted).text
    of_another = client.get(f"/practices?{of_agenda}&tried=stopped").text
    assert "No practice has all of these" in of_another and "No city has said" not in of_another
