"""Whether a server can listen at an address, checked before it is started."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from forum.environment import MAX_PORT
from forum.errors import Refusal

PORT_RELEASE_SECONDS = 3.0
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound: who listens there does so at all addresses


def listen_address(host: str, port: int) -> str:
    """The IP address of a host at which a server can listen. Raises `Refusal` if that is impossible.

    Call it before a server is started: granian would share a port that is in use, and each of the two servers would
    get some of the other's readers.
    """
    if not 0 < port <= MAX_PORT:
        raise Refusal(f"There is no port {port}: ports have numbers from 1 to {MAX_PORT}.")
    try:
        family, kind, *_names, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        _try_to_bind(family, kind, address)
    except (OSError, UnicodeError) as error:
        written = host_and_port(host, port)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise Refusal(f"Another program listens at {written} already.") from error
        why = getattr(error, "strerror", None) or error
        raise Refusal(f"Nobody can listen at {written}: {why}.") from error
    return str(address[0])


def host_and_port(host: str, port: int) -> str:
    """Host and port as in a URL: IPv6 addresses in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _try_to_bind(family: int, kind: int, address: Any) -> None:
    """Bind a port and release it; waits a moment for a killed server that has not released it yet."""
    until = time.monotonic() + PORT_RELEASE_SECONDS
    while True:
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return listener.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                    raise
        time.sleep(0.1)
