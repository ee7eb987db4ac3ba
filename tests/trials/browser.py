"""A minimal HTTP client with cookies and forms, over connections that may break at any moment."""

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


class NoAnswer(Exception):
    """No answer came, so that it is unknown whether the request was carried out."""


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    location: str
    text: str
    retry_after: str

    @property
    def is_done(self) -> bool:
        """Whether it confirms that the deed is saved: 303 See Other."""
        return self.status == 303

    @property
    def is_busy(self) -> bool:
        """Whether it asks to try again later (429, 503), which says nothing about the deed."""
        return self.status in (429, 503)


class Tally:
    """Counts the answers to all browsers, and collects those that must never occur."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.waits: list[tuple[str, int, float]] = []  # method, status, seconds
        self.losses: list[str] = []  # how requests that got no answer ended
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def note(self, method: str, path: str, answer: Answer | None, seconds: float) -> None:
        """Count an answer. A 500, a 503 without Retry-After, and a shown traceback are faults."""
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
        """The time of the slowest answer with a method and status, in seconds."""
        with self._lock:
            kind = (method, status)
            return max((s for m, code, s in self.waits if (m, code) == kind), default=0.0)

    def complain(self, fault: str) -> None:
        """Note a fault."""
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
            raise NoAnswer("busy")
        return page

    def sign_in(self, email: str, password: str) -> bool:
        """Sign in; returns whether the password was right."""
        self.cookies.clear()
        self.take_token("/sign-in")
        answer = self.send("/sign-in", email=email, password=password)
        if answer.is_busy:
            raise NoAnswer("busy")
        if answer.is_done:
            self._take_token_of_session()
        return answer.is_done

    def _take_token_of_session(self) -> None:
        for _try in range(20):
            if not self.take_token("/settings/password").is_busy:
                return
            time.sleep(0.3)
        raise NoAnswer("busy")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _fetch(self, method: str, path: str, fields: dict[str, Any] | None) -> Answer:
        begun = time.monotonic()
        try:
            answer = self._request(method, path, fields)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.tally.note(method, path, None, time.monotonic() - begun)
            self.tally.losses.append(type(error).__name__)
            raise NoAnswer(f"{method} {path}: {type(error).__name__}") from error
        self.tally.note(method, path, answer, time.monotonic() - begun)
        return answer

    def _request(self, method: str, path: str, fields: dict[str, Any] | None) -> Answer:
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
        # An icon is no text, and nobody looks for words in it
        is_text = (response.getheader("Content-Type") or "text/").startswith(
            ("text/", "application/")
        )
        text = response.read().decode(errors="strict" if is_text else "replace")
        self._keep_cookies(response)
        location = response.headers.get("Location", "")
        return Answer(response.status, location, text, response.headers.get("Retry-After", ""))

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
