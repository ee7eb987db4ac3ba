"""The benchmarks: the tables that need no server run on small forums, and restore what they switch off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.agendas.models import Agenda
from forum.app import create_app
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.members.models import Member
from forum.settings import from_environment
from forum.versions import EVERYTHING, theme_scope, topic_scope
from tests.bench import __main__ as bench
from tests.bench import growth, pages, peer, search, server, watchers
from tests.bench.growth import TimedReader, without_topic_cache
from tests.bench.load import MIX
from tests.conftest import SAMPLE_CITIES

Row = tuple[str, str, str, bool]


def rows_by_name(rows: Iterable[Row]) -> dict[str, Row]:
    """The rows of a table, each of which has a figure and a name of its own, and is met unless it has a bound."""
    found: dict[str, Row] = {}
    for row in rows:
        name, figure, bound, is_met = row
        assert name and figure and (bound or is_met), row
        assert name not in found
        found[name] = row
    return found


def test_the_table_of_pages_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SMALL": 20, "LARGE": 80, "ROUNDS": 1, "MAX_SOURCE": 500}.items():
        monkeypatch.setattr(pages, name, value)
    rows = rows_by_name(pages.rows())
    assert [row for row in rows.values() if not row[3]] == []
    assert sum(name.startswith("queries, ") for name in rows) == 4


def test_the_tables_of_large_forums_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One forum is compared with itself, which saves filling two."""
    monkeypatch.setattr(server, "subprocess", SimpleNamespace(run=run_here))
    monkeypatch.setattr("forum.filling.commands.city_rows", lambda: SAMPLE_CITIES)
    monkeypatch.setattr(growth, "WARM_UP", 0)
    for table in (growth, search):
        monkeypatch.setattr(table, "ROUNDS", 1)
    forum = server.Forum(tmp_path)
    forum.fill(600, of_a_topic=10)
    compared = rows_by_name(growth.rows(forum, forum))
    queries = [row for name, row in compared.items() if name.endswith(", queries")]
    assert len(queries) * 3 == len(compared)
    assert [row for row in queries if not row[3]] == []
    found = list(rows_by_name(search.rows(forum)))
    assert len(found) == len(search.SEARCHES)
    assert ", the (0)" not in " ".join(found)
    reader, paths = TimedReader(forum.app), forum.addresses()
    assert set(paths) >= set(MIX) - {"write"}
    for some in paths.values():
        reader.seconds(some[0])  # raises if the page is missing


def run_here(command: list[str], *, env: dict[str, str], **_how: Any) -> None:
    """Run a command of the forum in this process, which saves the start of another one."""
    app = create_app(from_environment(env))
    done = app.test_cli_runner().invoke(args=command[command.index("wsgi") + 1 :])
    assert done.exit_code == 0, done.output


def test_a_peer_gets_what_visitors_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server, "subprocess", SimpleNamespace(run=run_here))
    monkeypatch.setattr("forum.filling.commands.city_rows", lambda: SAMPLE_CITIES)
    forum = server.Forum(tmp_path)
    forum.fill(60, of_a_topic=10)
    with forum.app.app_context():
        shown = db.session.scalars(select(Topic).where(Topic.audience == "public")).all()
        topic, other = [topic for topic in shown if not (topic.hidden_at or topic.deleted_at)][:2]
        topic.hidden_at = now()
        opening = select(Post).where(Post.topic_id == other.id, Post.number == 1)
        said, title = db.session.scalars(opening).one().source, other.title
        numbers = [
            db.session.scalar(select(func.count()).select_from(table)) for table in (Member, Agenda)
        ]
        db.session.commit()
        db.engine.dispose()
    content = peer.content_of(forum)
    assert [len(content["members"]), len(content["agendas"])] == numbers
    assert len(content["topics"]) == len(shown) - 1
    assert topic.title not in {one["title"] for one in content["topics"]}
    (given,) = [one for one in content["topics"] if one["title"] == title]
    assert given["posts"][0]["source"] == said
    assert json.loads(json.dumps(content)) == content


def test_where_the_peer_cannot_be_installed_the_table_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused = SimpleNamespace(returncode=1, stderr="warning: slow\nerror: no index\n")
    monkeypatch.setattr(peer, "subprocess", SimpleNamespace(run=lambda *_a, **_k: refused))
    found = list(peer.rows(server.Forum(tmp_path), tmp_path, tmp_path / "environment", None))
    assert found == [("FlaskBB cannot be installed here: error: no index", "–", "", True)]


def test_a_page_is_compared_with_the_same_page_of_the_peer_in_each_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates = {"ours": iter([30.0, 90.0, 20.0]), "theirs": iter([10.0, 10.0, 40.0])}
    monkeypatch.setattr(peer, "closed_loop", lambda url, *_a, **_k: next(rates[url]))
    rows = rows_by_name(peer._page_rows({"home": (("ours", {}, []), ("theirs", {}, []))}))
    assert rows["home, of FlaskBB's"][1:] == ("3.0", "above 1", True)
    assert [row[1] for row in rows.values()] == ["30", "10.0", "3.0"]


def test_posting_where_many_watch_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only the first row: the others need a worker."""
    monkeypatch.setattr(watchers, "ROUNDS", 1)
    with closing(watchers.rows(tmp_path, None, watchers=20)) as rows:
        assert next(rows)[0] == "posting where 20 watch, against where nobody does"


@pytest.mark.parametrize(("is_met", "code"), [(True, 0), (False, 1)])
def test_a_missed_bound_is_printed_and_decides_the_exit_code(
    is_met: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pages, "rows", lambda: iter([("what", "7", "at most 8", is_met)]))
    assert bench.main(["pages"]) == code
    assert ("MISSED" in capsys.readouterr().out) is not is_met


def test_topics_are_measured_without_the_cache_of_what_was_read(tmp_path: Path) -> None:
    """Nothing of single topics is cached, because a large forum has more than fit; what is cached by theme stays."""
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
