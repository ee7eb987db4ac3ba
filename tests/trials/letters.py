"""Trial 13: the worker is killed at any moment while letters go out; a real mail server counts what arrives."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import func, select, update

from forum.clock import now
from forum.db import db
from forum.mail.actions import write_letter
from forum.mail.models import Delivery
from forum.permissions import SYSTEM
from tests.ports import free_port
from tests.trials.run import Trial
from tests.trials.site import TOP, Site

PATIENCE = 120  # seconds for the last letters


@dataclass
class Counting:
    """A mail server that takes everything and knows a message by its number."""

    numbers: Counter[str] = field(default_factory=Counter)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        lines = envelope.content.split(b"\r\n")
        number = next(line for line in lines if line.lower().startswith(b"message-id:"))
        self.numbers[number.decode()] += 1
        return "250 taken"


def kill_on_the_way(trial: Trial) -> None:
    """Two workers send; one of them is killed again and again, and time passes for what it had taken."""
    server, port = Counting(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    letters, kills = trial.amount(1500, 300), trial.amount(60, 12)
    _write(trial.site, letters)
    rng = random.Random(f"{trial.plan.seed} letters")
    environment = trial.site.environment(FORUM_SMTP_URL=f"smtp://127.0.0.1:{port}")
    steady = _worker(environment)
    try:
        for _time in range(kills):
            worker = _worker(environment)
            time.sleep(rng.uniform(0.7, 2.2))  # it starts to send after about a second
            worker.kill()
            worker.wait()
            _let_time_pass(trial.site)
        _finish(trial, environment)
    finally:
        steady.terminate()
        steady.wait(timeout=30)
        controller.stop()
    _judge(trial, server, letters, kills)


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    return subprocess.Popen(command, cwd=TOP, env=environment, stderr=subprocess.DEVNULL)


def _write(site: Site, number: int) -> None:
    with site.app.app_context():
        for place in range(number):
            address = f"person{place % 10}@example.org"
            write_letter(SYSTEM, "changed", address, {"what": "password", "name": str(place)})
        _leave()


def _let_time_pass(site: Site) -> None:
    """E-mails that a killed worker had taken are due again after ten minutes; here at once, while nobody sends them."""
    with site.app.app_context():
        left = update(Delivery).where(_waits(), Delivery.due_at > now() + timedelta(minutes=8))
        time.sleep(0.5)  # the other worker is sending its own e-mails then
        db.session.execute(left.values(due_at=now() + timedelta(seconds=2)))
        db.session.commit()
        _leave()


def _waits() -> Any:
    return (Delivery.sent_at.is_(None)) & (Delivery.given_up_at.is_(None))


def _finish(trial: Trial, environment: dict[str, str]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and _waiting(trial.site):
        time.sleep(1)
        _let_time_pass(trial.site)


def _waiting(site: Site) -> int:
    with site.app.app_context():
        number = db.session.scalar(select(func.count(Delivery.id)).where(_waits()))
        _leave()
        return number or 0


def _number(site: Site) -> int:
    with site.app.app_context():
        number = db.session.scalar(select(func.count(Delivery.id)))
        _leave()
        return number or 0


def _leave() -> None:
    db.session.remove()
    db.engine.dispose()


def _judge(trial: Trial, server: Counting, letters: int, kills: int) -> None:
    left, result = _waiting(trial.site), trial.result
    twice = {number: times for number, times in server.numbers.items() if times > 1}
    written = _number(trial.site)  # with the e-mails about notices
    result.sent, result.acknowledged = written, len(server.numbers)
    result.expect(written >= letters, f"only {written} letters were written")
    result.expect(left == 0, f"{left} letters were never sent")
    result.expect(len(server.numbers) == written, f"{len(server.numbers)} of {written} arrived")
    result.expect(not twice, f"{len(twice)} letters came twice")
    result.notes.append(
        f"{kills} kills; {len(server.numbers)} letters arrived, {len(twice)} of them twice"
    )
