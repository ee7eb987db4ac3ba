"""`make bench [FORUM=folder]`: what the forum costs, as ratios taken in one run, so that they hold on any machine.

The tables of `pages` need no server; those of `server` run it with ten thousand posts in a temporary folder, or in
the folder that is named. `python -m tests.bench pages` runs one of the two.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench import pages, server

Row = tuple[str, str, str, bool]


def main(words: list[str]) -> int:
    """Run what is named, or everything, and print the tables; exit code 1 when a bound is missed."""
    with tempfile.TemporaryDirectory() as folder:
        tables = {"pages": pages.rows, "server": lambda: _of_server(Path(folder))}
        chosen = [tables[name]() for name in tables if name in words or not words]
        missed = [row for table in chosen for row in _told(table) if not row[3]]
    return 1 if missed else 0


def _of_server(folder: Path) -> Iterator[Row]:
    forum = server.Forum(folder)
    forum.fill()
    for table in server.all_rows(forum):
        yield from table


def _told(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        name, figure, bound, is_met = row
        print(f"{name:52}  {figure:>12}  {bound:14} {'' if is_met else 'MISSED'}", flush=True)
        yield row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
