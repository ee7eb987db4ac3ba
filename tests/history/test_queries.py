"""The differences between the versions of a page."""

from __future__ import annotations

from typing import Any

import pytest

from forum.history.models import Version
from forum.history.queries import edits_between


def version(item_id: int, **fields: Any) -> Version:
    return Version(kind="agenda", item_id=item_id, fields=fields)


def test_each_version_is_compared_with_what_came_after_it() -> None:
    newest_first = [version(7, title="Two"), version(8, title="Other"), version(7, title="One")]
    edits = edits_between(newest_first, {7: {"title": "Three"}, 8: {"title": "Other"}})
    assert [edit.differences for edit in edits] == [
        [("title", [("gone", "Two"), ("new", "Three")])],
        [],
        [("title", [("gone", "One"), ("new", "Two")])],
    ]
    assert [edit.said["title"] for edit in edits] == ["Two", "Other", "One"]
    assert [edit.can_be_put_back for edit in edits] == [True, False, True]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"link": "x"}, {}, [("link", [("gone", "x")])]),
        ({}, {"link": "x"}, [("link", [("new", "x")])]),
        ({"link": None}, {"link": "x"}, [("link", [("new", "x")])]),
        ({"link": None}, {}, []),
    ],
)
def test_a_field_that_a_version_lacks_is_empty_there(
    before: dict[str, Any], after: dict[str, Any], found: list[Any]
) -> None:
    (edit,) = edits_between([version(7, **before)], {7: after})
    assert edit.differences == found
