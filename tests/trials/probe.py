"""A reader that asks for a page ten times a second and measures outages."""

from __future__ import annotations

import threading
import time

from tests.trials.browser import Browser, NoAnswer, Tally

INTERVAL = 0.1
PATIENCE = 3.0  # seconds after which a reader would go away


class Probe(threading.Thread):
    """`with Probe(port) as probe: …; probe.longest` is the longest time without a page, in seconds."""

    def __init__(self, port: int, path: str = "/topics") -> None:
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.longest = 0.0
        self.waits: list[float] = []
        self.failures = 0
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask until told to stop."""
        reader = Browser(self.port, Tally(), timeout=PATIENCE)
        well = time.monotonic()
        while not self._ended.is_set():
            begun = time.monotonic()
            reader.close()  # every time as somebody new
            if self._is_well(reader):
                well = time.monotonic()
                self.waits.append(well - begun)
            else:
                self.failures += 1
            self.longest = max(self.longest, time.monotonic() - well)
            self._ended.wait(INTERVAL)

    def _is_well(self, reader: Browser) -> bool:
        try:
            return reader.ask(self.path).status == 200
        except NoAnswer:
            return False

    def percentile(self, part: float) -> float:
        """The time in seconds within which this share of all requests (0.95) was answered."""
        waits = sorted(self.waits)
        return waits[int(part * (len(waits) - 1))] if waits else float("inf")

    def __enter__(self) -> Probe:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self.join()
