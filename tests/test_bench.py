"""The benchmarks: what they switch off, they switch on again."""

from __future__ import annotations

from pathlib import Path

from forum.app import create_app
from forum.settings import from_environment
from tests.bench.growth import without_topic_cache


def test_topics_are_measured_without_the_cache_of_what_was_read(tmp_path: Path) -> None:
    app = create_app(from_environment({"FORUM_DATA": str(tmp_path), "FORUM_PAGE_CACHE_MB": "0"}))
    cache = app.extensions["read_cache"]
    with without_topic_cache([app]):
        assert "read_cache" not in app.extensions
    assert app.extensions["read_cache"] is cache
