"""docs/security.md agrees with the code: its tables are compared with decorators, constants and settings."""

from __future__ import annotations

import ast
import importlib
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from webauthn.registration.generate_registration_options import default_supported_pub_key_algs

from forum import otp, settings, tokens
from forum.configuring import AgelessSessionInterface
from forum.members import forms
from forum.members.actions import sessions
from forum.passwords import CODE_HASHER, HASHER

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "security.md").read_text()
ROOMS_OF_SIGNING_IN = ("accounts", "factors", "elsewhere")
CONSTANT = re.compile(r"`([\w.]+)\.([A-Z_]+)(?:\.([\w-]+))?`")


def table(head: str) -> list[list[str]]:
    """The rows of a table below a certain head, as lists of cells."""
    _before, found, rest = PAGE.partition(f"| {head} |\n")
    assert found, head
    rows = [line for line in rest.partition("\n\n")[0].splitlines() if "---" not in line]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def limits(room: str) -> dict[str, list[str]]:
    """The rate limits of a room's routes: those by address, and those by account."""
    found: dict[str, list[str]] = {}
    for path in (TOP / "forum" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for decorator in getattr(node, "decorator_list", ()):
                if (
                    isinstance(decorator, ast.Call)
                    and ast.unparse(decorator.func) == "limiter.limit"
                ):
                    more = {word.arg for word in decorator.keywords}
                    said = ast.literal_eval(decorator.args[0])
                    said += " failed" if "deduct_when" in more else ""
                    route = found.setdefault(f"{room}.{node.name}", ["", ""])  # type: ignore[attr-defined]
                    route["key_func" in more] = said
    return found


def test_the_limits_of_all_routes_of_signing_in_are_told(app: Flask) -> None:
    told = {route: cells for route, *cells in table("route | from one address | for one account")}
    limited = {name: said for room in ROOMS_OF_SIGNING_IN for name, said in limits(room).items()}
    by_name = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    routes = {name: re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", by_name[name]) for name in limited}
    assert told == {f"`{routes[name]}`": said for name, said in limited.items()}
    assert len(told) > 20


@pytest.mark.parametrize("head", ["what | valid for | constant", "what | bound | constant"])
def test_times_and_bounds_are_those_of_the_code(head: str) -> None:
    rows = table(head)
    assert len(rows) > 10
    for what, said, constant in rows:
        assert said == in_words(value_of(constant), said), what


def value_of(constant: str) -> Any:
    module, name, key = CONSTANT.fullmatch(constant).groups()  # type: ignore[union-attr]
    value = getattr(importlib.import_module(module), name)
    return value[key] if key else value


def in_words(value: timedelta | int, said: str) -> str:
    """A time in its largest whole unit; a number with its unit."""
    if isinstance(value, int):
        return " ".join([f"{value:,}", *said.split()[1:]])
    seconds = int(value.total_seconds())
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    number = seconds // size
    return f"{number} {unit}{'s' if number > 1 else ''}"


UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def test_the_ways_that_all_letters_of_a_member_are_valid_are_told() -> None:
    told = {constant for _what, _said, constant in table("what | valid for | constant")}
    for purpose in value_of("`forum.accounts.queries.LIFETIMES`"):
        assert f"`forum.accounts.queries.LIFETIMES.{purpose}`" in told


def test_the_connections_are_those_that_settings_name() -> None:
    named = set(re.findall(r"^\| (FORUM_\w+(?:_URL|_ISSUER)) ", settings.__doc__ or "", re.M))
    assert {name for name, _where in table("setting | where it goes")} == named


def test_the_algorithms_are_those_of_the_code() -> None:
    told = dict(table("what | how"))
    for what, hasher in (("passwords", HASHER), ("recovery codes", CODE_HASHER)):
        lanes = f"{hasher.parallelism} lane{'s' if hasher.parallelism > 1 else ''}"
        cost = f"{hasher.memory_cost // 1024} MiB, {hasher.time_cost} passes, {lanes}"
        assert told[what].startswith(f"Argon2id, {cost}")
    assert AgelessSessionInterface.digest_method is sha256 and told["cookies"] == "HMAC-SHA-256"
    assert (
        f"cut to {tokens.SHORT * 5} bits"
        in told["seals in addresses to answer to and to stop mail"]
    )
    assert [algorithm.name for algorithm in default_supported_pub_key_algs] == [
        *("EDDSA", "ECDSA_SHA_256", "RSASSA_PKCS1_v1_5_SHA_256")
    ], "what the page calls ES256, EdDSA and RS256"


def test_other_numbers_are_those_of_the_code() -> None:
    assert f"of {forms.MIN_PASSWORD} to {forms.MAX_PASSWORD} characters" in PAGE
    assert f"{otp.RECOVERY_CODES} recovery codes" in PAGE
    assert f"As many as {sessions.MAX_SESSIONS} may be open" in PAGE


def test_it_can_be_read_in_one_go() -> None:
    assert len(PAGE.splitlines()) <= 150
