"""`make trials`: kills, locks, full disks, overload. Ledgers show whether anything was lost; a table has the results.

`python -m tests.trials [names] [--seed N] [--database sqlite|postgresql|both] [--quick]`
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.trials import (
    clock,
    crowd,
    flushes,
    kills,
    letters,
    locks,
    machines,
    races,
    rolling,
    two,
    wander,
)
from tests.trials.run import Result, TrialFunction, TrialRunner

TRIALS: dict[str, TrialFunction] = {
    "kill-workers": kills.kill_workers,
    "kill-everything": kills.kill_everything,
    "kill-server": kills.kill_server_above,
    "kill-database": kills.kill_database,
    "lock": locks.lock,
    "full-disk": locks.full_disk,
    "restart-database": locks.restart_database,
    "end-connections": locks.end_connections,
    "renew": rolling.renew,
    "end": rolling.end,
    "end-one-of-two": rolling.end_one_of_two,
    "two-servers": two.two_servers,
    "clock": clock.jumps,
    "worker-half-way": clock.worker_half_way,
    "letters": letters.kill_on_the_way,
    "slow-clients": crowd.slow_clients,
    "overload": crowd.overload,
    "flushes": flushes.count,
    "machines": machines.many_machines,
    "wander": wander.wander,
    "races": races.race,
}


def main() -> int:
    """Run the chosen trials; returns the exit code: 1 if one of them failed."""
    options = _options()
    seed = options.seed if options.seed is not None else int(time.time())
    names = options.names or list(TRIALS)
    folder = Path(tempfile.mkdtemp(prefix="trials"))
    folder.chmod(0o755)  # PostgreSQL's own user goes through it
    results: list[Result] = []
    for database in ["sqlite", "postgresql"] if options.database == "both" else [options.database]:
        results += _run_all(folder / database, database, names, seed, is_quick=options.quick)
    _print_table(results)
    is_well = not any(result.faults for result in results)
    if is_well:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"\nLedgers, databases and logs are kept in {folder}")
    return 0 if is_well else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trials")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(TRIALS)}; all by default")
    parser.add_argument("--seed", type=int, help="the same seed makes the clients choose alike")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="a tenth of the deeds")
    options = parser.parse_args()
    if unknown := set(options.names) - set(TRIALS):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    return options


def _run_all(
    folder: Path, database: str, names: Sequence[str], seed: int, *, is_quick: bool
) -> list[Result]:
    runner = TrialRunner(folder, database, seed, is_quick=is_quick)
    results = []
    try:
        for name in names:
            results.append(runner.run(name, TRIALS[name]))
            _print_one(results[-1])
    finally:
        runner.close()
    return results


def _print_one(result: Result) -> None:
    words = "FAIL" if result.faults else "pass"
    print(f"{words}  {result.name} on {result.database}, {result.seconds:.0f} s", flush=True)
    for note in result.notes:
        print(f"      {note}", flush=True)
    for fault in result.faults[:20]:
        print(f"      ! {fault}", flush=True)
    if len(result.faults) > 20:
        print(f"      ! and {len(result.faults) - 20} more", flush=True)


def _print_table(results: Sequence[Result]) -> None:
    words = f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"\nseed {results[0].seed}, {words}" if results else "")
    head = (
        "trial",
        "database",
        "sent",
        "acknowledged",
        "found",
        "outage s",
        "",
        "answers by status",
    )
    rows = [head, *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())


def _row(result: Result) -> tuple[str, ...]:
    outage = "" if result.outage is None else f"{result.outage:.1f}"
    answers = ", ".join(f"{status}: {count}" for status, count in result.answers.items())
    numbers = (str(result.sent), str(result.acknowledged), str(result.found))
    verdict = "FAIL" if result.faults else "PASS"
    return (result.name, result.database, *numbers, outage, verdict, answers)


if __name__ == "__main__":
    sys.exit(main())
