"""The browser window of somebody who wanders: every answer in it is looked at, and what is wrong is said."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask.testing import FlaskClient

from forum.web import SEE_OTHER
from forum.webforms import TRIAL_FIELDS
from tests.screens import Screen, faults_of, read_screen
from tests.trials.wander_secrets import SIGN
from tests.trials.wander_uploads import MULTIPART, in_parts
from tests.trials.wander_world import NETWORK_PLACE, SITE, World

REDIRECTS = (301, 302, SEE_OTHER)
PAGE_STATUSES = {200, 204, *REDIRECTS, 304, 400, 403, 404, 409, 410}
FORM_STATUSES = {200, 204, SEE_OTHER, 400, 403, 404, 405, 409, 410, 413, 422}
REFUSING = (409, 422)
# Forms that lead back to any page that was asked for, though it may be for others
PASSING_ON = ("/appearance", "/join", "/sign-in", "/settings/prove", "/terms/agree")
SECOND_FACTOR = "/settings/factors"
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_HOPS = 5
KEPT_STEPS = 14  # of which a fault tells


@dataclass
class Answer:
    """What the forum answered. `screen` is the page, if it is one; one that came for a form cannot be opened again."""

    method: str
    status: int
    path: str
    location: str = ""
    screen: Screen | None = None


@dataclass
class Sending:
    """A form as it is sent."""

    method: str
    path: str
    body: list[tuple[str, bytes]]
    is_multipart: bool = False

    @property
    def encoded(self) -> str | bytes:
        """The body as it is sent."""
        return in_parts(self.body) if self.is_multipart else urlencode(self.body)

    @property
    def content_type(self) -> str:
        """How the body is encoded."""
        return MULTIPART if self.is_multipart else FORM_TYPE

    @property
    def is_trial(self) -> bool:
        """Whether this is not published, but shown, kept as a draft, or given more rows."""
        return any(name in TRIAL_FIELDS for name, _value in self.body)

    @property
    def typed(self) -> str:
        """All that is sent, one field after the other, but for the address that a page has filled in itself."""
        values = (value for name, value in self.body if name != "next")
        return b"\n".join(values).decode("utf-8", "replace")

    def fields_with(self, words: Iterable[str]) -> str:
        """The names of the fields in which one of these words stands."""
        typed = [word.encode() for word in words]
        return ", ".join(name for name, value in self.body if any(word in value for word in typed))

    def __str__(self) -> str:
        shown = [(name, value[:60]) for name, value in self.body if name != "csrf_token"]
        return f"{self.method.upper()} {self.path} {shown}"


class Window:
    """Opens pages and sends forms for somebody, and checks what comes back."""

    def __init__(self, world: World, who: str, browser: FlaskClient) -> None:
        self.world, self.who, self.browser = world, who, browser
        self.past: deque[str] = deque(maxlen=KEPT_STEPS)

    def open(self, path: str) -> Answer:
        """Open a page, and go where it leads."""
        return self._follow(self._ask(path))

    def send(self, sending: Sending) -> tuple[Answer, Answer]:
        """Send a form; returns the answer, and the page to which it led."""
        if sending.method == "get":
            answer = self._ask(f"{sending.path.partition('?')[0]}?{urlencode(sending.body)}")
            return answer, self._follow(answer)
        door = self.world.door(sending.path)
        self.world.sent[door] += 1
        answer = self._request("POST", sending.path, sending, str(sending), FORM_STATUSES)
        self.world.writes += 1
        self._check_given_back(sending, answer)
        target = self._follow(answer)
        if answer.status == SEE_OTHER:
            self.world.done[door] += 1
            if target.status not in due_after(sending.path, target):
                self.complain(f"{sending} leads to {answer.location}: {target.status}")
        return answer, target

    def _check_given_back(self, sending: Sending, answer: Answer) -> None:
        """What was typed into a form that is refused stands on the page that refuses it."""
        if answer.status in REFUSING and answer.screen:
            typed = set(SIGN.findall(sending.typed))
            controls = chain(answer.screen.loose, *(form.fields for form in answer.screen.forms))
            values = (value for field in controls for value in (field.value, *field.chosen))
            shown = set(SIGN.findall(" ".join((answer.screen.words, *values))))
            if lost := sorted(typed - shown):
                words = f"{sending.path} ({answer.status}) does not give back"
                self.complain(f"{words} {', '.join(lost)} of {sending.fields_with(lost)}")

    def complain(self, fault: str) -> None:
        """Note a fault with the last steps that led to it."""
        steps = "".join(f"\n        {step}" for step in self.past)
        self.world.complain(f"{self.who}: {fault}", steps)

    def _ask(self, path: str) -> Answer:
        path = path.partition("#")[0]
        self.world.opened[self.world.door(path)] += 1
        return self._request("GET", path, None, f"GET {path}", PAGE_STATUSES)

    def _follow(self, answer: Answer) -> Answer:
        for _hop in range(MAX_HOPS):
            if answer.status not in REDIRECTS:
                return answer
            parts = urlsplit(urljoin(answer.path, answer.location))
            if parts.netloc not in ("", NETWORK_PLACE):
                return answer
            answer = self._ask(parts.path + (f"?{parts.query}" if parts.query else ""))
        self.complain(f"{answer.path} leads round in a circle")
        return answer

    def _request(
        self, method: str, path: str, sent: Sending | None, words: str, allowed: set[int]
    ) -> Answer:
        self.world.steps += 1
        body = sent.encoded if sent else None
        kind = sent.content_type if sent else None
        try:
            response = self.world.at_the_moment(
                lambda: self.browser.open(
                    path, method=method, base_url=SITE, data=body, content_type=kind
                )
            )
        except Exception:
            self.past.append(words[:2_000])
            self.complain(f"{method} {path} fails: {traceback.format_exc()[-3_000:]}")
            return Answer(method, 500, path)
        return self._look_at(response, method, path, words, allowed)

    def _look_at(
        self, response: Any, method: str, path: str, words: str, allowed: set[int]
    ) -> Answer:
        location = response.headers.get("Location", "")
        answer = Answer(method, response.status_code, path, location)
        self.past.append(f"{words[:400]} → {answer.status} {answer.location}")
        self.world.statuses[str(answer.status)] += 1
        if answer.status not in allowed:
            self.complain(f"{words[:300]} is answered {answer.status}")
        if response.mimetype == "text/html" and answer.status not in REDIRECTS:
            answer.screen = read_screen(response.get_data(as_text=True))
            for fault in faults_of(answer.screen):
                self.complain(f"{path} ({answer.status}): {fault}")
        response.close()
        return answer


def due_after(path: str, target: Answer) -> set[int]:
    """The statuses of pages to which a deed at an address may lead.

    A notice may tell of what its reader has no right to do by now: an entry of the queue of an agenda that others host.
    A host whose rights wait for a second factor is led to that by the page which is not there: an agenda in preparation.
    """
    if path.startswith(PASSING_ON):
        return PAGE_STATUSES
    if not path.startswith("/notices/"):
        return {200}
    is_told = target.screen is not None and SECOND_FACTOR in target.screen.links
    return {200, 403, 404} if is_told else {200, 403}
