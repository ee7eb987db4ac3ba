"""Differences between two texts, word by word."""

from __future__ import annotations

import pytest

from forum.diffs import changes


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        (
            "We tried this.",
            "We tried this.\n\nIt held.",
            [("same", "We tried this."), ("new", "\n\nIt held.")],
        ),
        (
            "We tried this.\n\nIt held.",
            "We tried this.",
            [("same", "We tried this."), ("gone", "\n\nIt held.")],
        ),
        (
            "one two three",
            "one  two four",
            [
                ("same", "one"),
                ("gone", " "),
                ("new", "  "),
                ("same", "two "),
                ("gone", "three"),
                ("new", "four"),
            ],
        ),
        (
            "  one two",
            " one too",
            [("gone", "  "), ("new", " "), ("same", "one "), ("gone", "two"), ("new", "too")],
        ),
        ("the same", "the same", [("same", "the same")]),
    ],
)
def test_a_word_is_the_same_word_whatever_white_space_follows(
    before: str, after: str, pieces: list[tuple[str, str]]
) -> None:
    found = changes(before, after)
    assert found == pieces
    assert "".join(text for state, text in found if state != "new") == before
    assert "".join(text for state, text in found if state != "gone") == after
