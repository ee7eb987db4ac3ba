"""Keeping and deleting the versions of edited pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

from forum.clock import at
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import versions_of
from forum.permissions import SYSTEM


def test_versions_come_back_latest_first_and_of_their_thing_only(app, people):
    keep_version(people.moderator, "case", 1, {"name": "Old"})
    with at(datetime(2026, 5, 4, tzinfo=UTC)):
        keep_version(SYSTEM, "case", 1, {"name": "Newer", "year": 2014, "on": date(2026, 1, 2)})
    keep_version(people.moderator, "case", 2, {"name": "Other"})
    keep_version(people.moderator, "agenda", 1, {"title": "Another kind"})
    latest, first = versions_of("case", 1)
    assert latest.fields == {"name": "Newer", "year": 2014, "on": "2026-01-02"}
    assert (latest.replaced_at, latest.editor_name) == (datetime(2026, 5, 4, tzinfo=UTC), "system")
    assert (first.editor_name, first.editor_handle) == ("Mona Berg", "mona-berg")
    assert [version.number for version in (latest, first, *versions_of("case", 2))] == [2, 1, 1]


def test_the_name_of_the_editor_is_kept_as_it_was(app, people):
    keep_version(people.moderator, "theme", 1, {})
    people.moderator.name = "Renamed"
    assert versions_of("theme", 1)[0].editor_name == "Mona Berg"


def test_a_list_of_versions_is_bounded(app):
    for number in range(205):
        keep_version(SYSTEM, "theme", 9, {"number": number})
    assert [len(versions_of("theme", 9)), versions_of("theme", 9)[0].fields["number"]] == [200, 204]
    assert [version.number for version in versions_of("theme", 9)] == list(range(205, 5, -1))


def test_forgetting_takes_all_versions_of_one_thing_and_no_other(app, people):
    for number in (1, 1, 2):
        keep_version(people.ana, "practice", number, {"title": "Old"})
    keep_version(people.ana, "case", 1, {"name": "Another kind"})
    forget_versions(people.ana, "practice", 1)
    left = [
        len(versions_of(kind, number))
        for kind, number in (("practice", 1), ("practice", 2), ("case", 1))
    ]
    assert left == [0, 1, 1]
