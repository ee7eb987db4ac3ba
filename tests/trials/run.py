"""What all trials share: a forum of their own, clients that work in it, and the verdict at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.trials import found, ledger
from tests.trials.check import faults_in, totals
from tests.trials.clients import Client, Plan
from tests.trials.postgres import Postgres
from tests.trials.probe import Probe
from tests.trials.site import AGENDA, Site

SMALL_DISK_MB = 64  # megabytes
MAX_OUTAGE = 10.0  # seconds without a page that a failure may cause


@dataclass
class Result:
    """The result of one trial: a line of the table, with faults and notes."""

    name: str
    database: str
    seed: int
    sent: int = 0
    acknowledged: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    found: int = 0
    outage: float | None = None
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def expect(self, is_so: object, fault: str) -> None:
        """Note a fault unless something is true."""
        if not is_so:
            self.faults.append(fault)


@dataclass
class Trial:
    """A running trial: its forum, the plan of its clients, its result."""

    site: Site
    result: Result
    is_quick: bool
    plan: Plan

    def amount(self, full: int, quick: int) -> int:
        """One of two amounts, by whether the run is quick."""
        return quick if self.is_quick else full

    @contextmanager
    def at_work(self, wanted: int, max_outage: float = MAX_OUTAGE) -> Iterator[Probe]:
        """Let clients work inside the block, until `wanted` deeds are acknowledged, while a reader measures outages."""
        self.plan.wanted, self.plan.ports = wanted, self.site.ports
        people = enumerate(self.site.people)
        clients = [Client(self.plan, person, number) for number, person in people]
        with Probe(self.site.ports[0]) as probe:
            for client in clients:
                client.start()
            yield probe
            self.plan.stopped.set()
            for client in clients:
                client.join(timeout=120)
                self.result.expect(not client.is_alive(), f"{client.name} hangs")
            time.sleep(0.5)
        self.result.outage = max(self.result.outage or 0, probe.longest)
        words = f"no page for {probe.longest:.1f} s, more than {max_outage:.0f} s"
        self.result.expect(probe.longest <= max_outage, words)

    def wait(self, seconds: float = 900) -> None:
        """Wait until the clients have done as much as they were asked to."""
        is_done = self.plan.stopped.wait(seconds)
        self.result.expect(is_done, f"only {self.plan.done} deeds within {seconds:.0f} s")

    def wait_for(self, done: int, seconds: float = 300) -> None:
        """Wait until so many deeds are acknowledged."""
        until = time.monotonic() + seconds
        while self.plan.done < done and not self.plan.stopped.is_set():
            if time.monotonic() > until:
                self.result.faults.append(f"only {self.plan.done} deeds within {seconds:.0f} s")
                return
            time.sleep(0.02)

    def judge(self) -> None:
        """Read everything back and compare it with the ledgers."""
        result = self.result
        waited = found.wait_for_notices(self.site)
        result.expect(waited < 25, "the worker does not come to an end")
        deeds = ledger.read(self.plan.folder)
        posts = found.posts_of(self.site)
        result.faults += found.look_at_pages(self.site, posts)
        result.faults += faults_in(deeds, posts)
        result.faults += found.database_faults(self.site)
        result.faults += found.session_faults(self.site, deeds)
        result.faults += self.plan.tally.faults
        log = self.site.log()
        result.expect("a mistake at" not in log, "the server's log speaks of a mistake")
        numbers = totals(deeds)
        result.sent, result.acknowledged = numbers["sent"], numbers["acknowledged"]
        result.answers = dict(sorted(self.plan.tally.statuses.items()))
        result.found = len(posts)


TrialFunction = Callable[[Trial], None]


class TrialRunner:
    """Runs trials on one kind of database; each gets a copy of the same forum."""

    def __init__(self, folder: Path, database: str, seed: int, *, is_quick: bool) -> None:
        self.folder, self.database = folder, database
        self.seed, self.is_quick = seed, is_quick
        is_postgres = database == "postgresql"
        self.postgres = Postgres(folder / "postgres") if is_postgres else None
        if self.postgres:
            self.postgres.new_database("template")
        self.template = Site(folder / "template", database, self.postgres).build()

    def run(self, name: str, trial: TrialFunction) -> Result:
        """Run one trial on a new copy of the forum. An exception in it is a fault like any other."""
        if self.postgres:
            self.postgres.name = "template"
        begun = time.monotonic()
        site = self.template.copy(self.folder / name, SMALL_DISK_MB if name == "full-disk" else 0)
        ledgers = site.folder / "ledgers"
        ledgers.mkdir()
        plan = Plan(ledgers, [], site.topics, AGENDA, 0, self.seed)
        result = Result(name, self.database, self.seed)
        try:
            trial(Trial(site, result, self.is_quick, plan))
        except Exception as error:
            result.faults.append(f"{type(error).__name__}: {error}")
        finally:
            site.stop()
        result.seconds = time.monotonic() - begun
        return result

    def close(self) -> None:
        """Stop the database's server."""
        if self.postgres:
            self.postgres.throw_away()
