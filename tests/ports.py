"""Ports for servers that tests start."""

from __future__ import annotations

import socket
from random import SystemRandom

# The kernel gives ports above these to outgoing connections, and to servers that ask for any
OWN_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port on which nobody listens, and which no other program is given before the server of the test takes it.

    It is chosen at random, so that two tests that run at the same time hardly choose the same.
    """
    for port in SystemRandom().sample(OWN_PORTS, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")
