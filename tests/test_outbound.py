"""Requests to addresses that users typed reach no private network and take bounded time, whatever the response."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from forum import outbound
from forum.outbound import (
    FORBIDDEN,
    SILENT,
    BadAddress,
    NoAnswer,
    is_public,
    parse,
    post,
    signature,
)

LOCAL = (ipaddress.ip_network("127.0.0.0/8"),)
PUBLIC = "93.184.215.14"
NAMED = x509.NameAttribute(x509.NameOID.COMMON_NAME, "of the tests")
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Answer = Callable[[socket.socket], None]


def received(connection: socket.socket) -> bytes:
    """A whole request, or the part that arrived before the connection was closed."""
    said = b""
    while not said.endswith(b"{}") and (more := connection.recv(65_536)):
        said += more
    return said


@contextmanager
def listening(answer: Answer) -> Iterator[tuple[int, list[bytes]]]:
    """Run a server; yields its port and a list of the requests that it got."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=one, args=[connection], daemon=True).start()

        def one(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                asked.append(received(connection))
                answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)


def says(text: bytes) -> Answer:
    return lambda connection: connection.sendall(text)


def drips(text: bytes) -> Answer:
    """Send a byte each tenth of a second for ever."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(text)
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)

    return answer


def ask(port: int) -> int:
    return post(f"http://127.0.0.1:{port}/hook?a=1", b"{}", {"Content-Type": "text/plain"}, LOCAL)


def why(address: str, allowed: Any = ()) -> str:
    with pytest.raises((BadAddress, NoAnswer)) as told:
        post(address, b"{}", {}, allowed)
    return str(told.value)


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Records the addresses of connections instead of opening them, except to servers of the tests."""
    connect, made = outbound._connect, []

    def connected(address: str, port: int, seconds: float) -> socket.socket:
        made.append((address, port))
        if address != "127.0.0.1":
            raise ConnectionRefusedError
        return connect(address, port, seconds)

    monkeypatch.setattr(outbound, "_connect", connected)
    # A long time limit, because the machine may be busy; tests of the limit set their own
    assert outbound.TIMEOUT_SECONDS == 5
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 60)
    return made


def resolve_to(patch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let names resolve to these addresses, each time to the next ones."""
    left = [list(map(ipaddress.ip_address, answer)) for answer in answers]
    patch.setattr(outbound, "_look_up", lambda _host, _port: left.pop(0))


PRIVATE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0.0.0.0",
    "0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "127.0.0.1.",
    "１２７.0.0.1",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:1::1]",
    "[2001:db8::1]",
    "[2001:20::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fd12::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[5f00::1]",
]


# Which addresses are allowed


@pytest.mark.parametrize(
    "host",
    PRIVATE,
)
def test_no_number_of_a_private_machine_is_asked(host: str, no_connections: list[Any]) -> None:
    with pytest.raises(BadAddress) as told:
        parse(f"https://{host}/hook")
    assert told.value.why == "public"
    assert why(f"https://{host}/hook") == "public"
    assert no_connections == []


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://hooks.example/", "https"),
        ("https://hooks.example:22/", "port"),
        ("https://hooks.example:25/", "port"),
        ("https://hooks.example:5432/", "port"),
        ("https://hooks.example:6379/", "port"),
        ("https://hooks.example:80/", "port"),
        ("https://ana:secret@hooks.example/", "password"),
        ("https://hooks.example@127.0.0.1/", "password"),
        ("https://@hooks.example/", "password"),
        ("https://hooks.example:99999/", "address"),
        ("https://hooks.example:0/", "address"),
        ("https://hooks.example:x/", "address"),
        ("https://hooks.example\\@127.0.0.1/", "address"),
        ("https:///hook", "address"),
        ("https://[::1%25eth0]/", "address"),
        ("https://[::1/", "address"),
        ("https://[v1.example]/", "address"),
        ("https://hooks .example/", "address"),
        ("https://hooks.example/a\r\nHost: b", "address"),
        ("https://a..b/", "address"),
        (f"https://{'a' * 64}.example/", "address"),
        ("https://hooks.example/" + "a" * 1_000, "address"),
        ("file:///etc/passwd", "address"),
        ("gopher://hooks.example/", "address"),
        ("ftp://hooks.example/", "address"),
        ("hooks.example", "address"),
        ("", "address"),
    ],
)
def test_only_addresses_of_web_servers_are_asked(
    address: str, said: str, no_connections: list[Any]
) -> None:
    assert why(address) == said
    assert no_connections == []


def test_a_name_is_kept_in_ascii_and_a_path_without_what_headers_could_take_for_theirs() -> None:
    found = parse("https://Büro.example.:8443/ü?a=ö b#part".replace(" ", "+"))
    assert (found.host, found.port, found.path) == (
        "xn--bro-hoa.example",
        8443,
        "/%C3%BC?a=%C3%B6+b",
    )
    assert found.authority == "xn--bro-hoa.example:8443"
    assert parse("https://hooks.example").authority == "hooks.example"
    assert parse("https://[2606:4700::1]/").authority == "[2606:4700::1]"


@pytest.mark.parametrize("private", ["127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00::1"])
def test_a_name_that_leads_to_a_private_machine_too_is_asked_nowhere(
    private: str, monkeypatch: pytest.MonkeyPatch, no_connections: list[Any]
) -> None:
    resolve_to(monkeypatch, [PUBLIC, private])
    assert why("https://hooks.example/") == FORBIDDEN
    assert no_connections == []


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked(
    monkeypatch: pytest.MonkeyPatch, no_connections: list[Any]
) -> None:
    resolve_to(monkeypatch, ["2606:4700::1", PUBLIC], ["127.0.0.1"])
    assert why("https://hooks.example/") == SILENT
    assert no_connections == [("2606:4700::1", 443), (PUBLIC, 443)]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::5db8:d70e", True),
        ("2002:5db8:d70e::1", True),
        ("2606:4700::1", True),
        ("::1", False),
    ],
)
def test_only_public_addresses_count_as_public(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected


def test_networks_that_the_server_allows_may_be_asked_without_tls_at_any_port(
    no_connections: list[Any],
) -> None:
    with listening(says(OK)) as (port, asked):
        assert ask(port) == 204
    head, _blank, body = asked[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?a=1 HTTP/1.1" and body == b"{}"
    assert f"Host: 127.0.0.1:{port}".encode() in lines and b"Connection: close" in lines
    assert b"User-Agent: Interurban" in lines
    assert why("http://10.0.0.1/", LOCAL) == "public"
    assert why("https://10.0.0.1/", LOCAL) == "public"
    assert why(f"http://{PUBLIC}/", LOCAL) == "https"
    assert why(f"https://{PUBLIC}:22/", LOCAL) == "port"


@pytest.mark.parametrize("address", ["http://hooks.example/", "https://hooks.example:6379/"])
def test_what_is_allowed_within_is_not_allowed_outside(
    address: str, monkeypatch: pytest.MonkeyPatch, no_connections: list[Any]
) -> None:
    resolve_to(monkeypatch, [PUBLIC], ["127.0.0.1", PUBLIC])
    assert [why(address, LOCAL), why(address, LOCAL)] == [FORBIDDEN, FORBIDDEN]
    assert no_connections == []


# Responses


def test_redirects_are_not_followed(no_connections: list[Any]) -> None:
    with listening(says(OK)) as (other, asked_there):
        to = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{other}/\r\n\r\n"
        with listening(says(to.encode())) as (port, _asked):
            assert ask(port) == 307
    assert asked_there == [] and len(no_connections) == 1


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(says(OK)) as (proxy, asked_there):
        monkeypatch.delenv("no_proxy")  # all tests run with it
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        with listening(says(OK)) as (port, _asked):
            assert ask(port) == 204
    assert asked_there == []


@pytest.mark.parametrize(
    "answer",
    [
        says(b""),
        says(b"SSH-2.0-OpenSSH_9.9\r\n"),
        says(b"-ERR unknown command\r\n"),
        says(b"HTTP/1.1 2000 OK\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n"),
        says(b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000 + b"\r\n\r\n"),
    ],
)
def test_what_speaks_otherwise_did_not_answer(answer: Answer) -> None:
    with listening(answer) as (port, _asked):
        assert why(f"http://127.0.0.1:{port}/", LOCAL) == SILENT


def test_an_open_port_that_speaks_otherwise_and_a_closed_one_are_answered_alike() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert why(f"http://127.0.0.1:{port}/", LOCAL) == SILENT


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\na: b",
        b"HTTP/1.1 100 C\r\n\r\n",
    ],
)
def test_a_byte_now_and_then_ends_with_the_time_for_all(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 0.5)
    with listening(drips(begun)) as (port, _asked):
        began = time.monotonic()
        assert why(f"http://127.0.0.1:{port}/", LOCAL) == SILENT
        assert 0.4 < time.monotonic() - began < 20


def test_a_body_that_never_ends_is_not_read() -> None:
    with listening(drips(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")) as (port, _asked):
        began = time.monotonic()
        assert ask(port) == 200
        assert time.monotonic() - began < 20


def test_a_name_that_nobody_answers_for_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 0.3)
    ended = threading.Event()

    def hang(_host: str, _port: int) -> list[Any]:
        ended.wait(30)
        return []

    monkeypatch.setattr(outbound, "_look_up", hang)
    began = time.monotonic()
    assert why("https://hooks.example/") == SILENT
    ended.set()
    assert time.monotonic() - began < 20


def test_a_name_that_does_not_exist_did_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any) -> list[Any]:
        raise socket.gaierror

    monkeypatch.setattr(outbound, "_look_up", unknown)
    assert why("https://hooks.example/") == SILENT


# Certificates


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for a host name; returns its file and that of its key."""
    key, named = ec.generate_private_key(ec.SECP256R1()), x509.Name([NAMED])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kind = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    return files


@pytest.mark.parametrize(
    ("name", "is_trusted", "status"),
    [("hooks.example", True, 204), ("other.example", True, None), ("hooks.example", False, None)],
)
def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    name: str, is_trusted: bool, status: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, named = certificate(tmp_path, name), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.sni_callback = lambda _socket, said, _context: named.append(said)
    if is_trusted:
        trusting = ssl.create_default_context(cafile=str(files[0]))
        monkeypatch.setattr(outbound, "_tls", lambda: trusting)
    resolve_to(monkeypatch, ["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with (
                suppress(OSError),
                context.wrap_socket(server.accept()[0], server_side=True) as one,
            ):
                received(one)
                one.sendall(OK)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = f"https://hooks.example:{server.getsockname()[1]}/"
        if status:
            assert post(address, b"{}", {}, LOCAL) == status
        else:
            assert why(address, LOCAL) == SILENT
        thread.join(30)
    assert named == ["hooks.example"]


def test_a_handshake_that_never_ends_ends_with_the_time_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 0.5)
    with listening(drips(b"\x16\x03\x03\x40\x00")) as (port, _asked):
        began = time.monotonic()
        assert why(f"https://127.0.0.1:{port}/", LOCAL) == SILENT
        assert 0.4 < time.monotonic() - began < 20


def test_a_signature_is_the_one_of_the_standard() -> None:
    body, secret = '{"type":"trial","ü":1}'.encode(), b"of the tests"
    signed = b"msg_1.1700000000." + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert signature(secret, "msg_1", 1_700_000_000, body) == f"v1,{expected}"
