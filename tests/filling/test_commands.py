"""`flask fill`: only into empty databases; interrupted and started again it writes the same forum."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from forum.db import db
from forum.dialogue.models import Post
from forum.errors import Busy
from forum.filling import commands
from forum.members import actions as members
from forum.members.queries import federation_if_there, member_by_email
from forum.permissions import SYSTEM
from tests.conftest import SAMPLE_CITIES
from tests.datasets import all_rows
from tests.filling.conftest import restart_sequences, rolled_back

Run = Callable[..., Result]
SIZE = ("--topics", 4, "--posts", 30)


@pytest.fixture
def run(app: Flask, high_rates: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    # The test database has its tables already
    monkeypatch.setattr("flask_migrate.upgrade", lambda: None)
    monkeypatch.setattr(commands, "city_rows", lambda: SAMPLE_CITIES)
    monkeypatch.setattr(commands, "BATCH_SIZE", 10)
    monkeypatch.setattr(commands, "hash_password", lambda password: f"hash of {password}")
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["fill", *map(str, words)])


def posts() -> int:
    return db.session.scalar(select(func.count()).select_from(Post).where(Post.number > 1)) or 0


def test_stopped_and_started_again_it_fills_a_database_in_the_same_way(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    restart_sequences()
    with rolled_back():
        check_signing_in(run(*SIZE).output)
        at_once = without_passwords()
    restart_sequences()
    with monkeypatch.context() as stopping:
        stopping.setattr(commands, "write_batch", stopped_after(1))
        stopped = run(*SIZE)
    assert stopped.exit_code == 1
    assert "Start the command again." in stopped.output
    again = run(*SIZE)
    assert "20 posts were written now." in again.output
    assert without_passwords() == at_once
    assert "filled like this already" in run(*SIZE).output
    otherwise = run(*SIZE, "--seed", 2)
    assert otherwise.exit_code == 1
    assert "was filled otherwise" in otherwise.output
    assert without_passwords() == at_once


def check_signing_in(said: str) -> None:
    """One member of each role can sign in, nobody as any other; the forum says that it is a trial."""
    signing_in = re.findall(r"^  (\w+) +(\S+@\S+) +(\S+)$", said, re.MULTILINE)
    assert [role for role, *_rest in signing_in] == ["administrator", "moderator", "member"]
    for role, email, password in signing_in:
        member = member_by_email(email)
        assert member is not None
        assert (member.role, member.password_hash) == (role, f"hash of {password}")
    hashes = Counter(row["password_hash"] for row in all_rows()["member"].values())
    assert sorted(hashes.values()) == [1, 1, 1, 7]
    known = federation_if_there()
    assert known is not None
    assert known.is_demo
    assert "--topics 4 --posts 30 --members 10 --largest 16 --seed 1" in known.tagline


def stopped_after(pages: int) -> Callable[..., None]:
    """A replacement of `write_batch` that finds the database locked after so many batches."""
    written: list[Any] = []
    add = commands.write_batch

    def write_or_stop(system: Any, page: Any) -> None:
        if len(written) == pages:
            raise Busy()
        add(system, page)
        written.append(page)

    return write_or_stop


def without_passwords() -> dict[str, Any]:
    rows = all_rows()
    for row in rows["member"].values():
        del row["password_hash"]
    rows.pop("page_version", None)  # differs, because it counts commits
    return rows


def test_what_is_not_empty_is_left_alone(run: Run) -> None:
    members.join(SYSTEM, members.Joining("Ana Prado", "ana@example.org", "no hash"))
    refused = run(*SIZE)
    assert (refused.exit_code, posts()) == (1, 0)
    assert "Somebody uses this database. It takes an empty one." in refused.output


@pytest.mark.parametrize("is_demo", [False, True])
def test_a_real_forum_and_the_demo_are_left_alone(run: Run, is_demo: bool) -> None:
    members.found_federation(SYSTEM, "Interurban", is_demo=is_demo)
    refused = run(*SIZE)
    assert (refused.exit_code, posts()) == (1, 0)
    assert "This database holds “Interurban”." in refused.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--topics", 5, "--posts", 4), "Every topic has a post"),
        (("--topics", 0, "--posts", 4), "Every topic has a post"),
        ((*SIZE, "--largest", 28), "The largest topic has 8 to 27 posts here."),
        ((*SIZE, "--members", 3), "Ask for 10 members or more."),
    ],
)
def test_impossible_sizes_are_refused(run: Run, words: tuple[Any, ...], sentence: str) -> None:
    refused = run(*words)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert federation_if_there() is None
