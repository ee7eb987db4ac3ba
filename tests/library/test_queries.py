"""What the library finds: facets, their counts, who tried what, and in how many queries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import update

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, topic_if_there
from forum.library import actions, queries
from forum.library import queries as library
from forum.library.models import Case, CasePlace, Practice
from forum.library.queries import CaseFilter, PracticeFilter, ReadingFilter
from forum.members.models import City
from forum.permissions import VISITOR, Person
from tests.library.conftest import (
    COPENHAGEN,
    SECRET,
    TAMPERE,
    World,
    case_text,
    practice_text,
    published,
)


def counts(choices: dict[str, list[queries.Choice]], name: str) -> dict[str, int]:
    return {choice.value: choice.count for choice in choices[name]}


def tried(world: World, thing: Case | Practice, outcome: str) -> None:
    topic = topic_if_there(VISITOR, thing.topic_id)
    assert topic is not None
    opening = first_post(topic)
    assert opening is not None
    dialogue.mark(world.reader, opening.id, "tried it", outcome, "It fits our harbour")


@pytest.fixture
def other_case(world: World, case: Case) -> Case:
    text = case_text(
        name="Quiet streets", kind="city project", status="ended", city_ids=[TAMPERE], language="fi"
    )
    return actions.write_case(world.moderator, world.other.id, text)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["The delta network", "Quiet streets"]),
        ({"agenda": ("homes",)}, ["Quiet streets"]),
        ({"theme": ("pumps",)}, ["The delta network"]),
        ({"country": ("FI", "JP")}, ["The delta network", "Quiet streets"]),
        ({"city": ("surat",)}, ["The delta network"]),
        ({"size": ("small",)}, ["Quiet streets"]),
        ({"size": ("largest",)}, ["The delta network"]),
        ({"size": ("large", "small")}, ["The delta network", "Quiet streets"]),
        ({"size": ("medium",)}, []),
        ({"kind": ("network",), "status": ("ended",)}, []),
        ({"status": ("ended",)}, ["Quiet streets"]),
        ({"language": ("fi",)}, ["Quiet streets"]),
        ({"tried": ("adapted",)}, ["Quiet streets"]),
        ({"tried": ("kept",)}, []),
        ({"city": ("' or 1=1 --",)}, []),
    ],
)
def test_cases_are_narrowed(
    world: World, other_case: Case, wanted: dict[str, Any], names: list[str]
) -> None:
    tried(world, other_case, "adapted")
    page = queries.cases(VISITOR, CaseFilter(**wanted))
    assert [case.name for case in page.items] == names


def test_what_pages_print_is_found_by_statements_that_are_built_once(
    world: World, case: Case, other_case: Case, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(world, title="As elsewhere", adapted_from_id=practice.id)

    def found(reader: Person) -> list[Any]:
        known = library.get_case(reader, case.slug), library.get_practice(reader, practice.slug)
        copies = [copy.title for copy in library.adapted_by(reader, practice)]
        others = [other.name for other in library.other_cases(reader, case)]
        assert practice.topic_id is not None
        wanted = library.intentions_in(practice.topic_id)
        return [*(page.slug for page in known), copies, others, list(wanted)]

    readers = (VISITOR, world.reader, world.author, world.host, world.moderator)
    at_first = [found(reader) for reader in readers]
    assert at_first[0] == [case.slug, practice.slug, ["As elsewhere"], [], []]
    built = (
        ("practices", ("visible_practices", "published_practices", "practice_page_options")),
        ("cases", ("visible_cases", "case_page_options")),
        ("intentions", ("_shown",)),
    )
    for file, names in built:
        for name in names:
            monkeypatch.setattr(import_module(f"forum.library.queries.{file}"), name, None)
    assert [found(reader) for reader in readers] == at_first


def test_choices_are_counted_under_the_other_filters(world: World, other_case: Case) -> None:
    choices = queries.case_choices(VISITOR, CaseFilter(agenda=("homes",)))
    assert counts(choices, "agenda") == {"floods-and-heat": 1, "homes": 1}
    assert counts(choices, "country") == {"FI": 1}
    assert counts(choices, "size") == {"small": 1}
    assert counts(choices, "theme") == {}


def test_a_case_of_many_places_counts_once_for_each_size(world: World, case: Case) -> None:
    choices = queries.case_choices(VISITOR, CaseFilter())
    assert counts(choices, "size") == {"large": 1, "largest": 1}
    db.session.execute(update(City).where(City.slug == "tokyo").values(population=4_000_000))
    choices = queries.case_choices(VISITOR, CaseFilter())
    assert counts(choices, "size") == {"large": 1}
    assert counts(choices, "city") == {"surat": 1, "tokyo": 1}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"evidence": ("measured",)}, 1),
        ({"evidence": ("told", "measured")}, 2),
        ({"city": ("copenhagen",)}, 1),
        ({"size": ("large",)}, 2),
        ({"size": ("medium",)}, 0),
        ({"country": ("IN",)}, 1),
        ({"tried": ("stopped",)}, 1),
        ({"failed": ("yes",)}, 1),
        ({"language": ("da",)}, 1),
    ],
)
def test_practices_are_narrowed(world: World, wanted: dict[str, Any], count: int) -> None:
    tried(world, published(world), "stopped")
    published(
        world,
        title="Told in Copenhagen",
        city_id=COPENHAGEN,
        evidence="told",
        language="da",
        failure_audience="public",
    )
    assert queries.practices(VISITOR, PracticeFilter(**wanted)).total == count


def test_practices_are_narrowed_by_whether_they_are_still_true(world: World) -> None:
    said, asked = published(world, title="Said"), published(world, title="Asked")
    published(world, title="Neither")
    actions.confirm_practice(world.author, said.id)
    asked.unconfirmed_at = asked.published_at
    db.session.flush()
    for value, title in (("yes", "Said"), ("no", "Asked")):
        page = queries.practices(VISITOR, PracticeFilter(confirmed=(value,)))
        assert [practice.title for practice in page.items] == [title]
    assert queries.practices(VISITOR, PracticeFilter(confirmed=("yes", "no"))).total == 2
    assert counts(queries.practice_choices(VISITOR, PracticeFilter()), "confirmed") == {
        "yes": 1,
        "no": 1,
    }
    # Confirmed at its publication; the author was asked again since
    asked.confirmed_on = asked.published_at.date()
    db.session.flush()
    assert queries.practices(VISITOR, PracticeFilter(confirmed=("yes",))).total == 1


def test_the_facet_of_failure_tells_visitors_nothing_that_is_for_members(world: World) -> None:
    published(world)
    assert counts(queries.practice_choices(VISITOR, PracticeFilter()), "failed") == {}
    assert queries.practices(VISITOR, PracticeFilter(failed=("yes",))).total == 0
    assert counts(queries.practice_choices(world.reader, PracticeFilter()), "failed") == {"yes": 1}


def test_sections_leave_out_what_is_not_for_the_reader(world: World, practice: Practice) -> None:
    for reader, is_back in ((VISITOR, True), (world.reader, False)):
        found = queries.get_practice(reader, practice.slug)
        names = [part.name for part in queries.sections_for(reader, found)]
        assert ("failure" in names) is not is_back
        assert queries.is_failure_withheld(reader, found) is is_back


def test_history_leaves_out_what_was_for_members(world: World, practice: Practice) -> None:
    text = practice_text(failure_audience="public", sections={"failure": "We tell it all."})
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    found = queries.get_practice(VISITOR, practice.slug)
    assert SECRET not in str(queries.practice_edits(VISITOR, found))
    assert SECRET.split()[1] in str(queries.practice_edits(world.reader, found))


def test_history_leaves_out_what_became_for_members_after_it_was_public(world: World) -> None:
    practice = published(world, failure_audience="public")
    for audience in ("public", "members"):
        told = {"challenge": "Nobody knew.", "failure": "It froze, too."}
        text = practice_text(failure_audience=audience, sections=told)
        actions.write_practice(world.author, world.agenda.id, text, practice.id)
    found = queries.get_practice(VISITOR, practice.slug)
    before, now = SECRET.split()[1], "froze"
    edits = queries.practice_edits(VISITOR, found)
    said = str([edit.differences for edit in edits])
    assert before not in said and now not in said and "failure_audience" in said
    assert not any("failure" in edit.said for edit in edits)
    edits = queries.practice_edits(world.reader, found)
    said = str([edit.differences for edit in edits])
    assert before in said and now in said
    assert [edit.said["failure"] for edit in edits] == ["It froze, too.", SECRET]


def test_history_leaves_out_a_practice_that_was_for_members(world: World) -> None:
    practice = published(world, audience="members", sentence="A thing for members.")
    text = practice_text(audience="public")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    found = queries.get_practice(VISITOR, practice.slug)
    assert queries.practice_edits(VISITOR, found) == []
    assert len(queries.practice_edits(world.reader, found)) == 1


def test_practices_tried_in_a_city_or_by_a_member_are_found_and_counted(
    world: World, practice: Practice
) -> None:
    tried(world, practice, "kept")
    assert queries.tried_counts([practice.topic_id, None]) == {practice.topic_id: 1}
    for key in (
        {"city_id": world.reader.city_id},
        {"member_id": world.reader.id},
    ):
        (one,) = queries.practices_tried_by(VISITOR, **key)
        assert (one.practice.id, one.mark.outcome) == (practice.id, "kept")
        assert one.mark.city is not None and one.mark.member.name == "Rosa Reader"
    assert queries.practices_tried_by(VISITOR, city_id=TAMPERE) == []
    actions.hide_practice(world.host, practice.id)
    assert queries.practices_tried_by(VISITOR, member_id=world.reader.id) == []


def test_practices_of_a_member_and_a_city(world: World, practice: Practice) -> None:
    assert [shown.id for shown in queries.practices_by(VISITOR, member_id=world.author.id)] == [practice.id]  # fmt: skip
    assert [shown.id for shown in queries.practices_by(VISITOR, city_id=practice.city_id)] == [practice.id]  # fmt: skip
    assert queries.practices_by(VISITOR, member_id=world.reader.id) == []
    assert [shown.id for shown in queries.practices_of(VISITOR, world.agenda)] == [practice.id]


def test_pages_out_of_range_are_the_nearest(world: World, case: Case) -> None:
    for number in (-1, 0, 10**9):
        assert queries.cases(VISITOR, CaseFilter(), number).number == 1


def test_readings_are_narrowed(world: World) -> None:
    for year, kind in ((2013, "book"), (2014, "report"), (None, "film")):
        text = actions.ReadingText(f"Of {year}", "Somebody", year, kind)
        actions.write_reading(world.host, world.agenda.id, text)
    assert queries.readings(VISITOR, ReadingFilter(year=("2013", "2014"))).total == 2
    assert queries.readings(VISITOR, ReadingFilter(kind=("film",))).total == 1
    assert counts(queries.reading_choices(VISITOR, ReadingFilter()), "year") == {"2013": 1, "2014": 1}  # fmt: skip


def test_lists_take_the_same_queries_with_many_rows(
    world: World, case: Case, practice: Practice, queries: Callable[[], Any]
) -> None:

    def look() -> int:
        with queries() as made:
            library.cases(VISITOR, CaseFilter())
            library.practices(VISITOR, PracticeFilter())
            library.cases_of(VISITOR, world.agenda)
            library.latest_practices(VISITOR, 20)
        return int(made.count)

    few = look()
    for number in range(12):
        actions.write_case(world.host, world.agenda.id, case_text(name=f"Case {number}"))
        published(world, title=f"Practice {number}")
    assert look() == few


def test_rows_are_held_before_what_is_joined_to_them_is_read(world: Any, queries: Any) -> None:
    """For the reason, see the test of this name in `tests/dialogue/test_queries.py`."""
    case = actions.write_case(world.host, world.agenda.id, case_text())
    practice = actions.write_practice(world.author, world.agenda.id, practice_text())
    with queries() as made:
        actions.hide_case(world.host, case.id)
        actions.submit(world.author, practice.id)
    holding = [words for words in made.statements if "FOR UPDATE" in words]
    assert not [words for words in holding if "LEFT OUTER JOIN" in words]


@pytest.mark.parametrize(
    ("listed", "choices", "filter_class"),
    [
        (library.cases, library.case_choices, CaseFilter),
        (library.practices, library.practice_choices, PracticeFilter),
        (library.readings, library.reading_choices, ReadingFilter),
    ],
)
def test_statements_have_one_form_whatever_is_chosen(
    listed: Any, choices: Any, filter_class: Any, world: World, queries: Callable[[], Any]
) -> None:
    """Each form is compiled, and kept in memory; whoever may choose any of the facets could fill it with thousands."""
    facets = list(choices(VISITOR, filter_class()))
    twenty = tuple(f"value {number}" for number in range(20))
    chosen = [{name: ("one",)} for name in facets]
    chosen += [dict.fromkeys(facets, ("one", "two", "three")), dict.fromkeys(facets[1:], twenty)]
    forms = []
    for wanted in chosen:
        with queries() as made:
            assert listed(VISITOR, filter_class(**wanted)).total == 0
            assert set(choices(VISITOR, filter_class(**wanted))) == set(facets)
        forms.append(made.statements)
    assert all(form == forms[0] for form in forms)


def test_what_is_chosen_is_counted_however_many_choices_are_commoner(case: Case) -> None:
    places = range(1, 62)
    db.session.add_all(
        City(
            id=9_000_000 + place,
            slug=f"place-{place:02}",
            name=f"Place {place:02}",
            country="KE",
            latitude=0,
            longitude=0,
            population=1,
        )
        for place in places
    )
    db.session.flush()
    db.session.add_all(CasePlace(case_id=case.id, city_id=9_000_000 + place) for place in places)
    db.session.flush()
    assert "place-61" not in counts(library.case_choices(VISITOR, CaseFilter()), "city")
    chosen = library.case_choices(VISITOR, CaseFilter(city=("place-61", "nowhere")))["city"]
    assert ("place-61", "Place 61", 1) in [
        (choice.value, choice.label, choice.count) for choice in chosen
    ]
    assert len(chosen) == 60
