"""The benchmarks: what they switch off, they switch on again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from forum.app import create_app
from forum.settings import from_environment
from forum.versions import EVERYTHING, theme_scope, topic_scope
from tests.bench.growth import without_topic_cache


def test_topics_are_measured_without_the_cache_of_what_was_read(tmp_path: Path) -> None:
    """Single topics, of which a large forum has more than a process keeps; what shares a theme is kept as always."""
    app = create_app(from_environment({"FORUM_DATA": str(tmp_path), "FORUM_PAGE_CACHE_MB": "0"}))
    cache = app.extensions["read_cache"] = KeepsAll()
    with without_topic_cache([app]):
        measured = app.extensions["read_cache"]
        for scope, expected in ((topic_scope(7), ["read", "read"]), (theme_scope(7), ["read"])):
            asked: list[str] = []
            for _turn in range(2):
                measured.get(scope, (EVERYTHING, scope), partial(asked.append, "read"))
            assert asked == expected, scope
    assert app.extensions["read_cache"] is cache


class KeepsAll:
    """A cache that forgets nothing."""

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}

    def get(self, key: Any, _scopes: tuple[str, ...], read: Callable[[], Any]) -> Any:
        if key not in self.values:
            self.values[key] = read()
        return self.values[key]
