"""Requests to addresses that somebody typed: only to the public internet, in bounded time, wherever a name resolves to.

A name is resolved once, all its addresses are checked, and the connection goes to one of the checked ones, so that a
name that changes its address meanwhile (DNS rebinding) gains nothing. Redirects are not followed, and no proxy is
used.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import quote, urlsplit

from forum.lazy import library

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Seconds for all of it: name, connection, certificate and first line of the response
TIMEOUT_SECONDS = 5
AGENT = "Interurban"
MAX_ADDRESS = 1_000  # characters
PORTS = {443, 8443}
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
IPV6_INTERNET = IPv6Network("2000::/3")  # the whole range assigned so far
# Networks that `ipaddress` of some versions counts as public: shared by customers of a provider, for protocols and
# tunnels, for old relays, for examples
NOT_PUBLIC: tuple[Network, ...] = (
    *map(IPv4Network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24")),
    *map(IPv6Network, ("2001::/23", "3fff::/20")),
)
NAT64 = IPv6Network("64:ff9b::/96")
# Why there was no response
FORBIDDEN, SILENT = "forbidden", "silent"


class BadAddress(Exception):
    """An address does not have the required format; `why` is one of the words that `parse` names."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NoAnswer(Exception):
    """Nothing was sent because the address is not public (`FORBIDDEN`), or there was no response (`SILENT`).

    It says no more, so that nobody learns which ports of which machines are open.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Target:
    """An address in its parts: `host` in ASCII without a dot at its end, `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_open_to_public(self) -> bool:
        """Whether it may lead to the public internet: by HTTPS, to one of the ports of web servers."""
        return self.scheme == "https" and self.port in PORTS

    @property
    def authority(self) -> str:
        """The host with its port, as the header `Host` has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def parse(address: str, allowed: Sequence[Network] = ()) -> Target:
    """The parts of an address that somebody typed.

    Raises `BadAddress` with *address* if it is none, *password* if it contains a user name or password, *https* or
    *port* if it needs another scheme or port, *public* if it is an IP address that is neither public nor in one of
    the `allowed` networks. A name is not resolved yet.
    """
    if len(address) > MAX_ADDRESS or not address.isprintable() or " " in address:
        raise BadAddress("address")
    try:
        parts = urlsplit(address)
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError:  # an invalid port or host
        raise BadAddress("address") from None
    if parts.scheme not in ("https", "http") or not host or "\\" in parts.netloc or port == 0:
        raise BadAddress("address")
    if "@" in parts.netloc:
        raise BadAddress("password")
    if ("[" in parts.netloc) != (":" in host):  # [v1.example] would be the name v1.example
        raise BadAddress("address")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    usual = 443 if parts.scheme == "https" else 80
    target = Target(parts.scheme, host, port or usual, path + query)
    if target.scheme != "https" and not allowed:
        raise BadAddress("https")
    if not target.is_open_to_public and not allowed:
        raise BadAddress("port")
    with suppress(ValueError):
        number = ipaddress.ip_address(host)
        if not may_connect(target, [number], allowed):
            wrong = "port" if target.scheme == "https" else "https"
            raise BadAddress(wrong if is_public(number) else "public")
    return target


def _host(written: str) -> str:
    """A host name in ASCII, or an IP address as it is usually written; raises `ValueError` for anything else."""
    with suppress(ValueError):
        return str(IPv6Address(written)) if "%" not in written else ""
    name = written.encode("idna").decode("ascii").lower().removesuffix(".")
    if not HOST_NAME.fullmatch(name):
        raise ValueError
    with suppress(OSError):  # numbers such as 2130706433, 0x7f.1 and 0177.0.0.1 are addresses, too
        return str(IPv4Address(socket.inet_aton(name)))
    return name


def may_connect(target: Target, addresses: Sequence[Address], allowed: Sequence[Network]) -> bool:
    """Whether a request may go to a target whose host has these addresses: each is public, or in an allowed network."""
    return bool(addresses) and all(
        any(_within(address) in network for network in allowed)
        or (target.is_open_to_public and is_public(address))
        for address in addresses
    )


def is_public(address: Address) -> bool:
    """Whether an IP address is one of the public internet, also when it stands for another one."""
    inner = _within(address)
    if any(inner in network for network in NOT_PUBLIC) or not _is_global(inner):
        return False
    return isinstance(inner, IPv4Address) or inner in IPV6_INTERNET


def _is_global(address: Address) -> bool:
    is_special = address.is_private or address.is_reserved or address.is_multicast
    return address.is_global and not (is_special or address.is_loopback or address.is_link_local)


def _within(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: mapped, in 6to4, or behind NAT64; else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def post(
    address: str, body: bytes, headers: Mapping[str, str], allowed: Sequence[Network] = ()
) -> int:
    """Send a body to an address that somebody typed; returns the status of the response, of which nothing else is read.

    It takes at most `TIMEOUT_SECONDS`. `allowed` are networks that need not be public, and to which other ports and
    connections without TLS are accepted. Raises `BadAddress` like `parse`, and `NoAnswer`.
    """
    until = time.monotonic() + TIMEOUT_SECONDS
    target = parse(address, allowed)
    addresses = _resolved(target, until)
    if not may_connect(target, addresses, allowed):
        raise NoAnswer(FORBIDDEN)
    try:
        with _connected(target, addresses, until) as connection:
            return _ask(target, connection, until, body, headers)
    except (OSError, ValueError, library("http.client").HTTPException) as error:
        raise NoAnswer(SILENT) from error


def _resolved(target: Target, until: float) -> list[Address]:
    """The addresses of a host; raises `NoAnswer` when there are none in time, for which the system's resolver gives no guarantee."""
    found: list[list[Address]] = []

    def resolve() -> None:
        with suppress(OSError, UnicodeError):
            found.append(_look_up(target.host, target.port))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if not found or not found[0]:
        raise NoAnswer(SILENT)
    return found[0]


def _look_up(host: str, port: int) -> list[Address]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(row[4][0]) for row in rows]


@contextmanager
def _connected(
    target: Target, addresses: Iterable[Address], until: float
) -> Iterator[socket.socket]:
    """A connection to the first of these checked addresses that accepts one; each gets half of the remaining time."""
    connection: socket.socket | None = None
    error = OSError("no time is left")
    for address in addresses:
        left = until - time.monotonic()
        if connection is None and left > 0:
            try:
                connection = _connect(str(address), target.port, left / 2)
            except OSError as refused:
                error = refused
    if connection is None:
        raise error
    with (
        connection,
        ended(connection, until),
        secured(connection, target.scheme, target.host) as safe,
    ):
        yield safe


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), seconds)


@contextmanager
def secured(connection: socket.socket, scheme: str, host: str) -> Iterator[socket.socket]:
    """The connection inside TLS if the scheme is HTTPS, to a server that proves to be `host`; else the same one."""
    if scheme != "https":
        yield connection
        return
    with _tls().wrap_socket(connection, server_hostname=host) as secure:
        yield secure


def _tls() -> Any:
    """The TLS settings: a certificate for the host's name from an authority that the system trusts."""
    return library("ssl").create_default_context()


@contextmanager
def ended(connection: socket.socket, until: float) -> Iterator[None]:
    """Inside, the connection is ended at a moment: a server may send one byte per second, so that no read times out."""
    same = connection.dup()  # TLS takes over the other one

    def end() -> None:
        with suppress(OSError):
            same.shutdown(socket.SHUT_RDWR)

    left = max(0.01, until - time.monotonic())
    connection.settimeout(left)
    timer = threading.Timer(left, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        same.close()


def _ask(
    target: Target,
    connection: socket.socket,
    until: float,
    body: bytes,
    headers: Mapping[str, str],
) -> int:
    # Not urllib3: its connections cannot be ended from outside in the middle of a handshake or a header
    asking = library("http.client").HTTPConnection(target.host, target.port)
    asking.sock = connection
    # Services in front of web servers refuse programs without a User-Agent
    told = {"Host": target.authority, "User-Agent": AGENT, "Connection": "close", **headers}
    asking.request("POST", target.path, body, told)
    status = int(asking.getresponse().status)
    if time.monotonic() > until:
        raise TimeoutError
    return status


def signature(secret: bytes, number: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature` (Standard Webhooks 1.0) for a body with this number and timestamp."""
    signed = b".".join((number.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, sha256)).decode()}"
