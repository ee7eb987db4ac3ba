"""A random walk of many people through the forum: every page and every form to which a page leads, by chance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from argon2 import PasswordHasher

from forum import passwords
from forum.clock import now
from forum.errors import Refusal
from forum.members.actions import sign_in
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from tests.trials import wander_ground
from tests.trials.run import Trial
from tests.trials.scribbles import Scribbler
from tests.trials.walker import Walker
from tests.trials.wander_ground import BYSTANDER, Wanderer
from tests.trials.wander_lookout import Lookout
from tests.trials.wander_meanwhile import read_letters, work
from tests.trials.wander_world import SITE, World

STEPS, QUICK_STEPS = 12_000, 2_500  # requests
STEPS_BETWEEN_LOOKS = 1_500
# The share of pages that is checked in the middle of the walk and at its end
LOOKED_AT, LOOKED_AT_LAST = 0.2, 1.0
MAX_FAULTS = 30
WORKED = 0.03  # the share of turns after which the worker works, and letters arrive
PAUSES = (0, 1, 20, 90, 1_500)  # seconds between two turns
DAYS = (1, 1, 1, 1, 1, 1, 3, 3, 3, 8, 8, 15, 31, 190)  # steps by which the clock is moved sometimes


def wander(trial: Trial) -> None:
    """People of all kinds go where pages lead them, in one process; nothing breaks, and nobody finds what is hidden."""
    with _quick_passwords():
        walk = Walk(trial, trial.amount(STEPS, QUICK_STEPS))
        walk.go()
    walk.tell()


@contextmanager
def _quick_passwords() -> Iterator[None]:
    before = passwords.HASHER, passwords.CODE_HASHER
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords.HASHER = passwords.CODE_HASHER = quick
    try:
        yield
    finally:
        passwords.HASHER, passwords.CODE_HASHER = before


class Walk:
    """One walk through the forum of a trial, of so many requests."""

    def __init__(self, trial: Trial, steps: int) -> None:
        self.trial, self.steps, self.app = trial, steps, trial.site.app
        self.app.config["PROPAGATE_EXCEPTIONS"] = True  # part of each reported fault
        with self.app.app_context():
            people = wander_ground.prepare()
        self.world = self._new_world([who for who in people if who.handle not in ("", BYSTANDER)])
        everybody = [Walker(self.world, who, self.app.test_client()) for who in people]
        for walker in everybody:
            self._sign_in(walker)
        self.bystander = next(walker for walker in everybody if walker.who.handle == BYSTANDER)
        self.walkers = [walker for walker in everybody if walker is not self.bystander]
        self.lookout = Lookout(self.world, self.bystander.browser)

    def _new_world(self, members: list[Wanderer]) -> World:
        rng = random.Random(self.trial.plan.seed)
        addresses = sorted(who.email for who in members)
        scribbler = Scribbler(rng, addresses, sorted(who.handle for who in members))
        return World(self.app, rng, scribbler, now() + timedelta(minutes=5))

    def go(self) -> None:
        """Let everybody take turns until enough requests are made, or too much is wrong."""
        world, rng, looked = self.world, self.world.rng, 0
        while world.steps < self.steps and len(world.faults) < MAX_FAULTS:
            weights = [walker.curiosity for walker in self.walkers]
            [walker] = rng.choices(self.walkers, weights)
            if rng.random() < (0.3 if walker.is_member != bool(walker.who.handle) else 0.02):
                self._sign_in(walker)
            walker.turn(self.walkers)
            world.moment += timedelta(seconds=rng.choice(PAUSES))
            if rng.random() < WORKED:
                self._pass_days()
                self._work()
            if world.steps - looked > STEPS_BETWEEN_LOOKS:
                looked = world.steps
                self._look(LOOKED_AT)
        self._look(LOOKED_AT_LAST)

    def _pass_days(self) -> None:
        """Move the clock by days now and then; else what letters offer for some hours would never be used."""
        if self.world.rng.random() < 0.4:
            self.world.moment += timedelta(days=self.world.rng.choice(DAYS))

    def tell(self) -> None:
        """Write the result down."""
        world, result = self.world, self.trial.result
        result.faults += world.faults
        result.sent, result.acknowledged = world.steps, world.done.total()
        result.answers = dict(sorted(world.statuses.items()))
        rules = {
            rule.rule for rule in self.app.url_map.iter_rules() if "POST" in (rule.methods or ())
        }
        untried, undone = rules - set(world.sent), set(world.sent) - set(world.done)
        result.notes += [
            f"of {len(rules)} deeds {len(world.sent)} were tried and {len(world.done)} done",
            f"never tried: {', '.join(sorted(untried))}",
            f"tried, never done: {', '.join(sorted(undone))}",
        ]

    def _sign_in(self, walker: Walker) -> None:
        """Give somebody a new session, if their account lets them have one; visitors lose theirs."""
        token = self.world.within(lambda: _new_session(walker.who.handle))
        with walker.browser.session_transaction(base_url=SITE) as session:
            session.clear()
            if token:
                session["_user_id"], session["_fresh"] = token, True

    def _work(self) -> None:
        """What happens while nobody asks: the worker works, and letters arrive."""
        work(self.world)
        read_letters(self.world, self.walkers, self.trial.site.data / "mail")

    def _look(self, share: float) -> None:
        self._work()
        is_apart = self.world.within(wander_ground.stands_apart)
        self._sign_in(self.bystander)
        self.lookout.look(share, is_apart=is_apart)


def _new_session(handle: str) -> str:
    if handle:
        with suppress(Refusal):
            return sign_in(get_member(SYSTEM, handle), "A browser")
    return ""
