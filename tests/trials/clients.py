"""The clients: members and moderators that post, mark, edit, delete, withdraw and hide, each with a ledger."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2s
from html import unescape
from pathlib import Path
from typing import Any

from tests.trials.browser import Answer, Browser, NoAnswer, Tally
from tests.trials.ledger import DONE, REFUSED, UNKNOWN, Ledger, fingerprint

PLACE = re.compile(r"/topics/(\d+)-[^?#]*(?:\?page=\d+)?#post-(\d+)")
SHOWN = re.compile(r'<li id="post-(\d+)"[^>]*>\s*<article class="post" data-post="(\d+)"')
SEEN = re.compile(r'name="seen"[^>]* value="([^"]*)"')
SOURCE = re.compile(r'<textarea[^>]*name="source"[^>]*>\n?(.*?)</textarea>', re.S)
VERSION = re.compile(r'href="/revisions/(\d+)/withdraw"')
PATIENCE = 60.0  # seconds for which a client tries to get an answer
WORDS = [
    "the",
    "street",
    "was",
    "measured",
    "before",
    "and",
    "after",
    "we",
    "counted",
    "people",
    "trams",
    "noise",
    "and",
    "shade",
]


@dataclass
class Person:
    """A member of the small forum: e-mail address, present password, posts from before the trial."""

    handle: str
    email: str
    password: str
    old: list[tuple[int, str]] = field(default_factory=list)  # id and submission key of older posts
    is_moderator: bool = False


@dataclass
class Plan:
    """How much the clients do together, and when they stop."""

    folder: Path
    ports: list[int]
    topics: list[int]
    agenda: str
    wanted: int
    seed: int
    tally: Tally = field(default_factory=Tally)
    keeps_passwords: bool = False  # with the same people in several trials
    gives_up: float = 1 / 6  # probability that a client gives up after a request without an answer
    done: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self) -> None:
        """Count one more deed that was acknowledged, and stop when there are enough."""
        with self.lock:
            self.done += 1
            if self.done >= self.wanted:
                self.stopped.set()


class Client(threading.Thread):
    """One person at work until the plan is fulfilled."""

    def __init__(self, plan: Plan, person: Person, number: int) -> None:
        super().__init__(name=person.handle, daemon=True)
        self.plan, self.person = plan, person
        self.rng = random.Random(f"{plan.seed} {number}")
        self.ledger = Ledger(plan.folder, person.handle)
        self.browser = Browser(plan.ports[number % len(plan.ports)], plan.tally)
        self.visitor = Browser(plan.ports[(number + 1) % len(plan.ports)], plan.tally)
        self.count = 0
        self.mine: list[tuple[int, int, str]] = []  # topic, number and key of this client's posts
        self.old = list(person.old)
        self.addresses: dict[int, str] = {}

    def run(self) -> None:
        """Sign in, and do one thing after the other."""
        try:
            self._insist(self._sign_in)
            while not self.plan.stopped.is_set():
                self._choose()()
        except Exception as error:
            self.plan.tally.complain(f"{self.name}: {type(error).__name__}: {error}")

    def _choose(self) -> Callable[[], None]:
        deeds: dict[Callable[[], None], float] = {
            self.reply: 62, self.mark: 15, self.edit: 9, self.delete: 4, self.open_topic: 2,
            self.withdraw: 4, self.sign_out: 0.4, self.change_password: 0.2,
        }  # fmt: skip
        if self.plan.keeps_passwords:
            del deeds[self.change_password]
        if self.person.is_moderator:
            deeds[self.hide] = 30
        return self.rng.choices(list(deeds), list(deeds.values()))[0]

    # Deeds

    def reply(self) -> None:
        """Reply to one of the topics."""
        topic, key, text = self.rng.choice(self.plan.topics), self._key(), self._text()
        self._post(f"/topics/{topic}/reply", "reply", key, text)

    def open_topic(self) -> None:
        """Open a topic."""
        key = self._key()
        words = {"kind": "experience", "title": f"What {key} saw", "audience": "public"}
        self._post(f"/agendas/{self.plan.agenda}/topics/new", "open", key, self._text(), **words)

    def _post(self, path: str, deed: str, key: str, text: str, **words: str) -> None:
        fields = {"submission_key": key, "source": text, "language": "en", **words}

        def place(answer: Answer) -> dict[str, int]:
            topic, number = PLACE.search(answer.location + "#post-1").groups()  # type: ignore[union-attr]  # else the trial ends
            return {"topic": int(topic), "number": int(number)}

        facts = self._do(key, deed, path, fields, place, text=fingerprint(text))
        if facts and deed == "reply":
            self.mine.append((facts["topic"], facts["number"], key))
            if self.rng.random() < 0.05:
                self._see(facts["topic"], facts["number"], text)

    def mark(self) -> None:
        """Say of somebody's post that it is useful."""
        if post := self._some_post():
            fields = {"kind": "useful", "on": "1"}
            self._do(self._key(), "mark", f"/posts/{post}/mark", fields, post=post, kind="useful")

    def edit(self) -> None:
        """Edit a post of this client, or one from before the trial."""
        if (mine := self._one_of_mine()) is None:
            return
        post, key = mine
        page = self._insist(lambda: self.browser.ask(f"/posts/{post}/edit"))
        if not (seen := SEEN.search(page.text)):
            return  # it is hidden
        text, path = self._text(), f"/posts/{post}/edit"
        fields = {"source": text, "language": "en", "seen": seen[1]}
        self._do(self._key(), "edit", path, fields, text=fingerprint(text), of=key, post=post)

    def delete(self) -> None:
        """Delete a post of this client."""
        if mine := self._one_of_mine(is_last=True):
            self._do(self._key(), "delete", f"/posts/{mine[0]}/delete", {}, post=mine[0])

    def withdraw(self) -> None:
        """Withdraw the earlier version of a post from before the trial."""
        if not self.old:
            return
        post, _key = self.rng.choice(self.old)
        page = self._insist(lambda: self.browser.ask(f"/posts/{post}/history"))
        if found := VERSION.search(page.text):
            path = f"/revisions/{found[1]}/withdraw"
            self._do(self._key(), "withdraw", path, {}, post=post, revision=int(found[1]))

    def hide(self) -> None:
        """Hide somebody's reply, as a moderator."""
        if post := self._some_post():
            page = self._insist(lambda: self.browser.ask(f"/posts/{post}/hide"))
            if seen := SEEN.search(page.text):
                fields = {"reason": "Please keep to it.", "rule": "1", "seen": seen[1]}
                self._do(self._key(), "hide", f"/posts/{post}/hide", fields, post=post)

    def sign_out(self) -> None:
        """Sign in with another browser and out again; the cookie is kept, and must be invalid from then on."""
        other = Browser(self.browser.port, self.plan.tally)
        self._insist(lambda: other.sign_in(self.person.email, self.person.password))
        cookie = dict(other.cookies)
        self._do(self._key(), "sign out", "/sign-out", {}, browser=other, cookie=cookie)
        other.close()

    def change_password(self) -> None:
        """Choose another password."""
        new = f"a word for {self._key()}"
        old, cookie = self.person.password, dict(self.browser.cookies)
        fields, path = {"current_password": old, "new_password": new}, "/settings/password"
        facts = self._do(self._key(), "password", path, fields, old=old, new=new, cookie=cookie)
        if facts is None:
            other = Browser(self.browser.port, self.plan.tally)
            if not self._insist(lambda: other.sign_in(self.person.email, new)):
                new = old
        self.person.password = new
        self._insist(self._sign_in)

    # Sending with retries

    def _do(
        self,
        key: str,
        deed: str,
        path: str,
        fields: dict[str, Any],
        learn: Callable[[Answer], dict[str, Any]] = lambda _answer: {},
        browser: Browser | None = None,
        **facts: Any,
    ) -> dict[str, Any] | None:
        """Send a deed until there is an answer, or sometimes give up; returns what `learn` reads from a success, else None."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.ledger.sent(key, deed, **facts)
            try:
                answer = (browser or self.browser).send(path, **fields)
            except NoAnswer:
                answer = None
            if answer and answer.is_done:
                learned = learn(answer)
                self.ledger.answered(key, DONE, **learned)
                self.plan.acknowledge()
                return learned
            if answer and not answer.is_busy:
                self.ledger.answered(key, REFUSED if answer.status < 500 else UNKNOWN)
                return None
            self.ledger.answered(key, UNKNOWN)
            if self.rng.random() < self.plan.gives_up:
                return None
            time.sleep(self.rng.uniform(0.1, 0.6))
        self.plan.tally.complain(f"{self.name}: no answer to {deed} within {PATIENCE:.0f} s")
        return None

    def _insist(self, ask: Callable[[], Any]) -> Any:
        """Repeat a request that changes nothing until it is answered. Raises `NoAnswer` after `PATIENCE`."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = ask()
                if not isinstance(answer, Answer) or not answer.is_busy:
                    return answer
            except NoAnswer:
                pass
            time.sleep(0.2)
        raise NoAnswer(f"no answer within {PATIENCE:.0f} s")

    def _sign_in(self) -> None:
        if not self.browser.sign_in(self.person.email, self.person.password):
            self.plan.tally.complain(f"{self.name}: cannot sign in")

    # Checking pages

    def _see(self, topic: int, number: int, text: str) -> None:
        """A visitor at another server process must see what was just acknowledged."""
        path = f"/topics/{topic}?page={(number - 1) // 20 + 1}"
        page = self._insist(lambda: self._as_visitor(path))
        is_there = (
            text.split(maxsplit=1)[0] in page.text
            or f'<li id="post-{number}" class="gone"' in page.text
        )
        if page.status == 200 and not is_there:
            self.plan.tally.complain(f"topic {topic}: a reader does not see number {number}")

    def _as_visitor(self, path: str) -> Answer:
        self.visitor.close()
        page = self.visitor.ask(path)
        return self.visitor.ask(page.location) if page.status == 301 else page

    def _page(self, topic: int, page: int) -> dict[int, int]:
        """The ids of the replies on a page of a topic, by number."""
        if topic not in self.addresses:
            moved = self._insist(lambda: self.browser.ask(f"/topics/{topic}"))
            self.addresses[topic] = moved.location
        path = f"{self.addresses[topic]}?page={page}"
        answer = self._insist(lambda: self.browser.ask(path))
        return {int(number): int(post) for number, post in SHOWN.findall(answer.text)}

    def _some_post(self) -> int | None:
        topic = self.rng.choice(self.plan.topics)
        last = max(
            [number for its_topic, number, _key in self.mine if its_topic == topic], default=1
        )
        page = self._page(topic, self.rng.randint(1, (last - 1) // 20 + 1))
        return self.rng.choice(list(page.values())) if page else None

    def _one_of_mine(self, *, is_last: bool = False) -> tuple[int, str] | None:
        """The id and key of a post of this client whose text is known."""
        if self.old and not is_last and self.rng.random() < 0.3:
            return self.rng.choice(self.old)
        if not self.mine:
            return None
        chosen = self.rng.choice(self.mine)
        if is_last:
            self.mine.remove(chosen)
        topic, number, key = chosen
        post = self._page(topic, (number - 1) // 20 + 1).get(number)
        return (post, key) if post else None

    # Words

    def _key(self) -> str:
        self.count += 1
        return f"{self.name}-{self.count}"

    def _text(self) -> str:
        words = " ".join(self.rng.choices(WORDS, k=self.rng.randint(8, 60)))
        sign = blake2s(f"{self.name} {self.count} {words}".encode(), digest_size=8).hexdigest()
        return f"sign{sign} {words}.\n\nSo much from {self.name}."


def text_in(page: str) -> str:
    """The value of the first text field of a page."""
    found = SOURCE.search(page)
    return unescape(found[1]) if found else ""
