"""The ledger: what each client sent and what was answered, flushed to the disk before anything else happens."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"


def fingerprint(text: str) -> str:
    """The hash of a text, which stands for it in a ledger."""
    return sha256(text.encode()).hexdigest()


@dataclass
class Deed:
    """One deed of a client, however often it was sent.

    `outcome` is DONE when an answer confirmed it, REFUSED when every request was refused, else UNKNOWN: it happened
    completely or not at all. Times are from the monotonic clock.
    """

    key: str
    deed: str
    client: str
    sent_at: float
    facts: dict[str, Any] = field(default_factory=dict)
    done_at: float | None = None
    answers: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def outcome(self) -> str:
        """What the client can rely on."""
        if self.done_at is not None:
            return DONE
        is_certain = self.answers and set(self.answers) == {REFUSED}
        return REFUSED if is_certain and len(self.answers) == self.sent else UNKNOWN


class Ledger:
    """The ledger of one client. Each line is flushed to the disk (fsync) when the method returns."""

    def __init__(self, folder: Path, client: str) -> None:
        self.client = client
        self._file = (folder / f"{client}.ledger").open("a")

    def sent(self, key: str, deed: str, **facts: Any) -> None:
        """Record that a deed is about to be sent (again, if the key was recorded before)."""
        self._write(what="sent", key=key, deed=deed, client=self.client, **facts)

    def answered(self, key: str, outcome: str, **facts: Any) -> None:
        """Record the answer: DONE, REFUSED or UNKNOWN (busy, or no answer at all)."""
        self._write(what=outcome, key=key, **facts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, **line: Any) -> None:
        self._file.write(json.dumps({"at": time.monotonic(), **line}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def read(folder: Path) -> list[Deed]:
    """Every deed of every client, in the order in which they were first sent."""
    deeds: dict[str, Deed] = {}
    for path in sorted(folder.glob("*.ledger")):
        gather(deeds, map(json.loads, path.read_text().splitlines()))
    return sorted(deeds.values(), key=lambda deed: deed.sent_at)


def gather(deeds: dict[str, Deed], lines: Iterable[dict[str, Any]]) -> None:
    """Add the lines of one ledger to the deeds, by key."""
    for line in lines:
        at, what, key = line.pop("at"), line.pop("what"), line.pop("key")
        if what == "sent":
            name, client = line.pop("deed"), line.pop("client")
            deed = deeds.setdefault(key, Deed(key, name, client, at, line))
            deed.sent += 1
            continue
        deed = deeds[key]
        deed.answers.append(what)
        deed.facts |= line
        if what == DONE and deed.done_at is None:
            deed.done_at = at
