"""A client that connects to a given address: to nginx over TLS, to one of the servers, from another source address."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

from tests.trials.browser import Answer, Browser, Tally

NAME = "dialogue.example.org"


class NamedConnection(http.client.HTTPConnection):
    """A connection to any address of this machine, with the forum's name as the host."""

    def __init__(
        self, place: tuple[str, int], source: str, trusts: Path | None, timeout: float
    ) -> None:
        super().__init__(NAME, timeout=timeout)
        self.place, self.source = place, source
        self.secure = ssl.create_default_context(cafile=trusts) if trusts else None
        self.more: dict[str, str] = {}

    def connect(self) -> None:
        """Connect, and verify the certificate if `trusts` was given."""
        source = (self.source, 0) if self.source else None
        self.sock = socket.create_connection(self.place, self.timeout, source)
        if self.secure:
            self.sock = self.secure.wrap_socket(self.sock, server_hostname=NAME)

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Begin a request with the headers in `more`."""
        super().putrequest(method, url, *args, **kwargs)
        for name, value in self.more.items():
            self.putheader(name, value)


class AddressedBrowser(Browser):
    """A browser for one address: `AddressedBrowser("127.5.6.11", 8000, tally)`. `headers` are those of the last answer."""

    def __init__(
        self,
        address: str,
        port: int,
        tally: Tally,
        *,
        source: str = "",
        trusts: Path | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        super().__init__(port, tally)
        self.address, self.source, self.trusts = address, source, trusts
        self.more = more or {}
        self.headers: Any = {}

    def _request(self, method: str, path: str, fields: dict[str, Any] | None) -> Answer:
        if self._connection is None:
            place = (self.address, self.port)
            self._connection = wire = NamedConnection(place, self.source, self.trusts, self.timeout)
            wire.more = self.more
        return super()._request(method, path, fields)

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        super()._keep_cookies(response)
        self.headers = response.headers

    def again(self, path: str) -> Answer:
        """Fetch a page over a new connection."""
        self.close()
        return self.ask(path)
