"""A browser without a screen: cookies, forms and honest answers, over connections that may die at any moment."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Lost(Exception):
    """No answer came: whether the request was done is not known."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    location: str
    text: str
    retry_after: str

    @property
    def is_done(self) -> bool:
        """Whether it says that the deed is saved: see other."""
        return self.status == 303

    @property
    def is_busy(self) -> bool:
        """Whether it asks to come again: it says nothing of what became of the request."""
        return self.status in (429, 503)


class Tally:
    """What all browsers together were answered, and what no answer may be."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.waits: list[tuple[str, int, float]] = []  # method, status, seconds
        self.losses: list[str] = []  # how requests that got no answer ended
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def note(self, method: str, path: str, answer: Answer | None, seconds: float) -> None:
        """Count an answer; complain of 500s, of 503s that do not say when to come again, of traces."""
        with self._lock:
            self.statuses[str(answer.status) if answer else "no answer"] += 1
            self.waits.append((method, answer.status if answer else 0, seconds))
            if answer is None:
                return
            if answer.status >= 500 and answer.status != 503:
                self.faults.append(f"{method} {path} answered {answer.status}")
            if answer.status == 503 and not answer.retry_after:
                self.faults.append(f"{method} {path} answered 503 without Retry-After")
            if "Traceback" in answer.text:
                self.faults.append(f"{method} {path} showed a trace")

    def slowest(self, method: str, status: int) -> float:
        """How long the slowest answer of this kind took, in seconds."""
        with self._lock:
            kind = (method, status)
            return max((s for m, code, s in self.waits if (m, code) == kind), default=0.0)

    def complain(self, fault: str) -> None:
        """Note something that must not be."""
        with self._lock:
            self.faults.append(fault)


class Browser:
    """One browser window: `ask("/topics")`, `send("/topics/7/reply", source=…)`."""

    def __init__(self, port: int, tally: Tally, timeout: float = 20) -> None:
        self.port, self.tally, self.timeout = port, tally, timeout
        self.cookies: dict[str, str] = {}
        self.token = ""
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, path: str) -> Answer:
        """Fetch a page."""
        return self._fetch("GET", path, None)

    def send(self, path: str, **fields: Any) -> Answer:
        """Send a form with the token of this session."""
        return self._fetch("POST", path, {"csrf_token": self.token, **fields})

    def take_token(self, path: str) -> Answer:
        """Fetch a page with a form and keep the token of its session."""
        page = self.ask(path)
        if found := TOKEN.search(page.text):
            self.token = found[1]
        elif path == "/sign-in" and page.is_busy:
            raise Lost("busy")
        return page

    def sign_in(self, email: str, password: str) -> bool:
        """Begin a session; whether the password was right."""
        self.cookies.clear()
        self.take_token("/sign-in")
        answer = self.send("/sign-in", email=email, password=password)
        if answer.is_busy:
            raise Lost("busy")
        if answer.is_done:
            self._take_token_of_session()
        return answer.is_done

    def _take_token_of_session(self) -> None:
        for _try in range(20):
            if not self.take_token("/settings/password").is_busy:
                return
            time.sleep(0.3)
        raise Lost("busy")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _fetch(self, method: str, path: str, fields: dict[str, Any] | None) -> Answer:
        begun = time.monotonic()
        try:
            answer = self._talk(method, path, fields)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.tally.note(method, path, None, time.monotonic() - begun)
            self.tally.losses.append(type(error).__name__)
            raise Lost(f"{method} {path}: {type(error).__name__}") from error
        self.tally.note(method, path, answer, time.monotonic() - begun)
        return answer

    def _talk(self, method: str, path: str, fields: dict[str, Any] | None) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=self.timeout
            )
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields) if fields is not None else None
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        self._keep_cookies(response)
        location = response.headers.get("Location", "")
        return Answer(response.status, location, text, response.headers.get("Retry-After", ""))

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
