"""Whether a server can listen at an address is known before it starts."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from forum import listening
from forum.errors import Refusal


def test_where_a_server_can_listen_is_known_before_it_begins(monkeypatch: Any) -> None:
    """Also when the other program allows sharing its port, as granian does."""
    monkeypatch.setattr(listening, "PORT_RELEASE_SECONDS", 0.0)
    find = socket.getaddrinfo

    def found(host: str, *more: Any, **kinds: Any) -> Any:
        """Resolve `localhost` to IPv4; some machines prefer IPv6."""
        return find("127.0.0.1" if host == "localhost" else host, *more, **kinds)

    monkeypatch.setattr("forum.listening.socket.getaddrinfo", found)
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            assert why_not(host, port) == f"Another program listens at {host}:{port} already."
    assert listening.listen_address("localhost", port) == "127.0.0.1"
    assert "from 1 to 65535" in why_not("127.0.0.1", 0) == why_not("0.0.0.0", 0)
    assert "There is no port 70000" in why_not("127.0.0.1", 70_000)
    assert f"Nobody can listen at 9.9.9.9:{port}: " in why_not("9.9.9.9", port)
    assert f"Nobody can listen at [2001:db8::9]:{port}: " in why_not("2001:db8::9", port)

    def asked(*_words: Any, **_kinds: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("forum.listening.socket.getaddrinfo", asked)
    told = why_not("nohost.invalid", port)
    assert told == f"Nobody can listen at nohost.invalid:{port}: Name or service not known."


def why_not(host: str, port: int) -> str:
    with pytest.raises(Refusal) as refused:
        listening.listen_address(host, port)
    return refused.value.message


def test_a_server_that_was_killed_has_a_moment_to_let_go_of_its_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "PORT_RELEASE_SECONDS", 60.0)
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    closing = threading.Timer(0.3, other.close)
    closing.start()
    assert listening.listen_address("127.0.0.1", port) == "127.0.0.1"
    closing.join()
