"""What all walkers share: the application, the clock, the random numbers, what was done, and which faults were found."""

from __future__ import annotations

import contextvars
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from forum.clock import _set_clock
from tests.trials.scribbles import Scribbler

SITE = "http://127.0.0.1:8000"
NETWORK_PLACE = SITE.partition("//")[2]
STARTS = (
    "/", "/agendas", "/topics", "/cases", "/practices", "/readings", "/members", "/cities", "/organisations",
    "/themes", "/search?q=sign", "/notices", "/settings", "/moderation", "/administration", "/transparency",
    "/moderation/log", "/help", "/drafts", "/bookmarks", "/waiting", "/practices/mine", "/invitations", "/reports", "/rules",
    "/searches", "/terms", "/sitemap.xml", "/administration/members", "/administration/figures", "/administration/screening",
    "/moderation/texts", "/moderation/invitations", "/moderation/joining", "/moderation/appeals", "/settings/data",
    "/administration/mail", "/privacy", "/contact", "/join", "/sign-in", "/password",
    "/agendas/quieter/topics/select",
)  # fmt: skip
# What differs between two faults of one kind
DETAILS = re.compile(r"\?\S*|\d+|“.*?”|\[\(.*?\)\]")
KIND_LENGTH = 110


@dataclass
class World:
    """The world of one walk. `writes` counts whatever may have changed what others see; `opened` to `sought` count by rules of addresses."""

    app: Flask
    rng: random.Random
    scribbler: Scribbler
    moment: datetime
    writes: int = 0
    steps: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    sought: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    _rules: dict[str, str] = field(default_factory=dict)

    def door(self, path: str) -> str:
        """The rule of an address, by which pages of one kind are one; empty for an address that is none."""
        path = path.partition("?")[0]
        if path not in self._rules:
            self._rules[path] = self._rule(path)
        return self._rules[path]

    def _rule(self, path: str) -> str:
        adapter = self.app.url_map.bind(NETWORK_PLACE)
        for method in ("POST", "GET"):
            with suppress(HTTPException):
                return str(adapter.match(path, method, return_rule=True)[0].rule)
        return ""

    def at_the_moment(self, deed: Callable[[], Any]) -> Any:
        """Do something at the time of this world, in a context of its own, as each request has on a server."""

        def run() -> Any:
            _set_clock.set(self.moment)
            return deed()

        return contextvars.Context().run(run)

    def within(self, deed: Callable[[], Any]) -> Any:
        """The same inside the application."""

        def run() -> Any:
            with self.app.app_context():
                return deed()

        return self.at_the_moment(run)

    def complain(self, fault: str, past: str = "") -> None:
        """Note a fault, with the way that led to it; of each kind the first."""
        kind = DETAILS.sub("…", fault)[:KIND_LENGTH]
        self.kinds[kind] += 1
        if self.kinds[kind] == 1:
            self.faults.append(f"{fault}{past}")
