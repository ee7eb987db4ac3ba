"""What happens during the walk while nobody asks: the worker does what is due, and letters reach the people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from forum.commands import tasks_of_worker
from tests.screens import MISTAKES
from tests.trials.walker import Walker
from tests.trials.wander_world import SITE, World

LINK = re.compile(rf"{SITE}(/\S+)")
MAX_ROUNDS = 100  # of one task of the worker


def work(world: World) -> None:
    """All that the worker does, until nothing is left to do."""
    world.writes += 1
    world.at_the_moment(lambda: _work(world))


def _work(world: World) -> None:
    tasks = tasks_of_worker(world.app, world.app.extensions["settings"])
    for name, task in tasks.items():
        for _round in range(MAX_ROUNDS):
            if not task():
                break
        else:
            world.complain(f"the task “{name}” comes to no end")


def read_letters(world: World, walkers: Sequence[Walker], folder: Path) -> None:
    """Give everybody the links of the letters that were sent to them; those to strangers a visitor gets."""
    readers = {walker.who.email: walker for walker in walkers}
    for path in sorted(folder.glob("*.eml"), key=lambda path: (len(path.name), path.name)):
        letter = message_from_bytes(path.read_bytes(), policy=default)
        path.unlink()
        body = letter.get_body(("plain",))
        words = str(body.get_content()) if body else ""
        reader = readers.get(letter["To"].addresses[0].addr_spec, walkers[0])
        reader.receive(LINK.findall(words))
        if mistake := MISTAKES.search(words):
            around = words[max(0, mistake.start() - 60) : mistake.end() + 40]
            world.complain(f"a letter “{letter['Subject']}” says …{around}…")
