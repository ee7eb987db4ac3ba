"""`make bench`: benchmarks, as ratios measured in one run, so that they hold on any machine.

The tables of `pages` need no server; those of `server` run it with forty thousand posts in a temporary folder, `watchers`
lets a worker tell a hundred thousand members of one topic, `peer` runs the forum beside FlaskBB. `hour` runs only when it is named: people come for an hour
(BENCH_MINUTES), and the memory of the server is watched. `growth` and `search` need a forum of a million posts beside one of ten thousand: BENCH_FORUMS names the folder that keeps them
(var/bench), and BENCH_DATABASE_URL, with {posts} in it, databases on PostgreSQL instead of files: 10000, 1000000,
`watchers`, `server` for what writes, and `peer`, which is to be empty. They are filled when they are empty, which takes some minutes.
`python -m tests.bench growth search` runs some of the tables.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench import endurance, growth, pages, peer, search, server, watchers

SMALL, LARGE = 10_000, 1_000_000
Row = tuple[str, str, str, bool]


def main(words: list[str]) -> int:
    """Run the named tables, or all but `hour`, and print them; returns the exit code: 1 when a bound is missed."""
    tables = {
        "pages": pages.rows,
        "server": _server_rows,
        "growth": _growth_rows,
        "search": _search_rows,
    }
    tables["watchers"] = _watchers_rows
    tables["peer"] = _peer_rows
    tables["hour"] = _hour_rows
    chosen = [tables[name]() for name in tables if name in words or not (words or name == "hour")]
    missed = [row for table in chosen for row in _print_rows(table) if not row[3]]
    return 1 if missed else 0


def _server_rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        forum = server.Forum(Path(folder), _database("server"))
        forum.fill()
        for table in server.all_rows(forum):
            yield from table


def _growth_rows() -> Iterator[Row]:
    yield from growth.rows(_filled_forum(SMALL), _filled_forum(LARGE))


def _search_rows() -> Iterator[Row]:
    yield from search.rows(_filled_forum(LARGE))


def _watchers_rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from watchers.rows(Path(folder), _database("watchers"))


def _hour_rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        forum = server.Forum(Path(folder), _database("server"))
        forum.fill()
        yield from endurance.rows(forum)


def _peer_rows() -> Iterator[Row]:
    environment = _kept_folder() / "flaskbb"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as of_peer:
        forum = server.Forum(Path(folder), _database("server"))
        forum.fill()
        yield from peer.rows(forum, Path(of_peer), environment, _database("peer"))


def _kept_folder() -> Path:
    """The folder for what is made once: forums that are filled, the environment of a peer."""
    return Path(os.environ.get("BENCH_FORUMS", "var/bench")).absolute()


def _filled_forum(posts: int) -> server.Forum:
    """A forum of so many posts, which is filled once and kept in the folder BENCH_FORUMS, apart for each kind of database."""
    database = _database(str(posts))
    folder = _kept_folder() / (f"{posts}-postgresql" if database else str(posts))
    folder.mkdir(parents=True, exist_ok=True)
    forum = server.Forum(folder, database)
    # `flask fill` would find out by itself, but takes a minute for it
    is_filled = folder / "filled"
    if not is_filled.exists():
        forum.fill(posts, of_a_topic=10)
        is_filled.touch()
    return forum


def _database(name: str) -> str | None:
    """The address of a PostgreSQL database, empty or filled before, if BENCH_DATABASE_URL names one; else None: SQLite."""
    return os.environ.get("BENCH_DATABASE_URL", "").replace("{posts}", name) or None


def _print_rows(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        name, figure, bound, is_met = row
        print(f"{name:60}  {figure:>12}  {bound:14} {'' if is_met else 'MISSED'}", flush=True)
        yield row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
