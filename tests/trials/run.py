"""What the trials have in common: a forum of their own, clients at work in it, and the judgement at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.trials import found, ledger
from tests.trials.check import counted, faults_in
from tests.trials.clients import Client, Plan
from tests.trials.postgres import Postgres
from tests.trials.probe import Probe
from tests.trials.site import AGENDA, Site

SMALL_DISK = 64  # megabytes
HEALTHY = 10.0  # seconds without a page that a fault may cost


@dataclass
class Result:
    """One line of the table, and what is wrong."""

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

    def need(self, is_so: object, fault: str) -> None:
        """Note a fault unless something is so."""
        if not is_so:
            self.faults.append(fault)


@dataclass
class Trial:
    """One trial under way: its forum, its plan, its result."""

    site: Site
    result: Result
    is_quick: bool
    plan: Plan

    def amount(self, full: int, quick: int) -> int:
        """How much of something is wanted in this run."""
        return quick if self.is_quick else full

    @contextmanager
    def at_work(self, wanted: int, healthy: float = HEALTHY) -> Iterator[Probe]:
        """Clients work until `wanted` deeds are acknowledged; meanwhile a reader looks for outages."""
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
                self.result.need(not client.is_alive(), f"{client.name} hangs")
            time.sleep(0.5)
        self.result.outage = max(self.result.outage or 0, probe.longest)
        words = f"no page for {probe.longest:.1f} s, more than {healthy:.0f} s"
        self.result.need(probe.longest <= healthy, words)

    def wait(self, seconds: float = 900) -> None:
        """Wait until the clients have done what is wanted."""
        is_done = self.plan.stopped.wait(seconds)
        self.result.need(is_done, f"only {self.plan.done} deeds within {seconds:.0f} s")

    def wait_for(self, done: int, seconds: float = 300) -> None:
        """Wait until so many deeds are acknowledged."""
        until = time.monotonic() + seconds
        while self.plan.done < done and not self.plan.stopped.is_set():
            if time.monotonic() > until:
                self.result.faults.append(f"only {self.plan.done} deeds within {seconds:.0f} s")
                return
            time.sleep(0.02)

    def judge(self) -> None:
        """Read everything back and hold it against the ledger."""
        result = self.result
        waited = found.wait_for_notices(self.site)
        result.need(waited < 25, "the worker does not come to an end")
        deeds = ledger.read(self.plan.folder)
        posts = found.posts_of(self.site)
        result.faults += found.look_at_pages(self.site, posts)
        result.faults += faults_in(deeds, posts)
        result.faults += found.database_faults(self.site)
        result.faults += found.session_faults(self.site, deeds)
        result.faults += self.plan.tally.faults
        log = self.site.log()
        result.need("a mistake at" not in log, "the server's log speaks of a mistake")
        numbers = counted(deeds)
        result.sent, result.acknowledged = numbers["sent"], numbers["acknowledged"]
        result.answers = dict(sorted(self.plan.tally.statuses.items()))
        result.found = len(posts)


TrialFunction = Callable[[Trial], None]


class Ground:
    """Where the trials of one database take place: its server, and the forum that each gets a copy of."""

    def __init__(self, folder: Path, database: str, seed: int, *, is_quick: bool) -> None:
        self.folder, self.database = folder, database
        self.seed, self.is_quick = seed, is_quick
        is_postgres = database == "postgresql"
        self.postgres = Postgres(folder / "postgres") if is_postgres else None
        if self.postgres:
            self.postgres.new_database("made")
        self.made = Site(folder / "made", database, self.postgres).build()

    def hold(self, name: str, trial: TrialFunction) -> Result:
        """Hold one trial over a new copy of the forum; what goes wrong in it is a fault like another."""
        if self.postgres:
            self.postgres.name = "made"
        begun = time.monotonic()
        site = self.made.copy(self.folder / name, SMALL_DISK if name == "full-disk" else 0)
        books = site.folder / "ledgers"
        books.mkdir()
        plan = Plan(books, [], site.topics, AGENDA, 0, self.seed)
        result = Result(name, self.database, self.seed)
        try:
            trial(Trial(site, result, self.is_quick, plan))
        except Exception as error:
            result.faults.append(f"{type(error).__name__}: {error}")
        finally:
            site.stop()
        result.seconds = time.monotonic() - begun
        return result

    def leave(self) -> None:
        """Stop the database's server."""
        if self.postgres:
            self.postgres.throw_away()
