"""Messages come by the pipe of a mail server, or are fetched from a mailbox."""

from __future__ import annotations

import imaplib
import os
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from forum.db import db
from forum.errors import Busy
from forum.mail import commands
from forum.mail.commands import fetch_messages
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import MAILBOX, Mailbox, answer, posts
from tests.ports import free_port


def test_the_pipe_of_a_mail_server(people, topic, post, app, monkeypatch):
    runner = app.test_cli_runner()
    said = runner.invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, len(posts(topic))) == (0, 3), (said.output, said.exception)
    refused = runner.invoke(args=["mail-in"], input=answer(people, post, sender="x@example.org"))
    assert refused.exit_code == 77

    def busy(*_args):
        raise Busy()

    monkeypatch.setattr(commands.receiving.actions, "answer", busy)
    assert runner.invoke(args=["mail-in"], input=answer(people, post)).exit_code == 75


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("a mistake"),
        OSError(28, "No space left on device"),
        OperationalError("INSERT", {}, Exception("database or disk is full")),
        OperationalError("SELECT", {}, Exception("server closed the connection"), True),
    ],
)
def test_what_fails_here_sends_no_message_back(people, post, app, monkeypatch, fault):
    def failing(*_args):
        raise fault

    monkeypatch.setattr(commands.receiving.actions, "answer", failing)
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert said.exit_code == 75
    assert "The message could not be taken in. Hand it in again.\n" in said.stderr


def test_a_forum_that_is_being_upgraded_sends_no_message_back(people, post, app, monkeypatch):
    monkeypatch.setattr("forum.upkeep.queries.schema_problem", lambda: "The database is older.")
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, said.stderr) == (75, "Error: The database is older.\n")
    assert app.test_cli_runner().invoke(args=["check"]).exit_code == 1


def test_a_database_that_is_away_sends_no_message_back(people, post, app, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, Exception("connection refused"), True)

    monkeypatch.setattr("forum.upkeep.queries.schema_problem", away)
    said = app.test_cli_runner().invoke(args=["mail-in"], input=answer(people, post))
    assert (said.exit_code, "The database cannot be used" in said.stderr) == (75, True)


@pytest.mark.sqlite_only  # needs no database
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"FORUM_PROXIES": "two"}, "Error: FORUM_PROXIES is two"),
        ({"FORUM_LOG": "loud"}, "Error: FORUM_LOG is loud"),
        ({"FORUM_DATABASE_URL": "postgresql://ana@127.0.0.1:1/x"}, "Error: The database cannot be"),
    ],
)
def test_wrong_settings_send_no_message_back(tmp_path, setting, words):
    command = [sys.executable, "-m", "flask", "--app", "wsgi"]
    environ = {**os.environ, "FORUM_DATA": str(tmp_path), "FORUM_DEMO": "", **setting}
    ended = {
        name: subprocess.run(
            [*command, name], env=environ, input=b"", capture_output=True, check=False, timeout=120
        )
        for name in ("mail-in", "check")
    }
    assert {name: process.returncode for name, process in ended.items()} == {
        "mail-in": 75,
        "check": 1,
    }
    assert all(process.stderr.decode().startswith(words) for process in ended.values())


def test_wrong_arguments_are_told_apart(app):
    runner = app.test_cli_runner()
    for words in (["--nonsense"], ["a-word"]):
        assert runner.invoke(args=["mail-in", *words]).exit_code == 64
    assert runner.invoke(args=["mail-in", "--help"]).exit_code == 0
    assert runner.invoke(args=["check", "--nonsense"]).exit_code == 2


def test_a_mailbox_is_fetched_and_each_message_taken_once(people, topic, post, app):
    box = Mailbox(answer(people, post), b"From: a@b.example\r\n\r\nspam", b"x" * 2_000_001)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
        assert fetch_messages() == 0
    assert box.seen == {1, 2, 3} and len(posts(topic)) == 3


def test_a_message_stays_unseen_while_the_forum_is_busy(people, topic, post, app, monkeypatch):
    box = Mailbox(answer(people, post))

    def busy(*_args):
        raise Busy()

    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        with monkeypatch.context() as patch, pytest.raises(Busy):
            patch.setattr(commands.receiving.actions, "answer", busy)
            fetch_messages()
        assert box.seen == set()
        assert fetch_messages() == 1
    assert len(posts(topic)) == 3


def test_a_message_whose_statement_the_database_refuses_does_not_delay_the_others(
    people, topic, post, app, monkeypatch
):
    box, take_in = (
        Mailbox(answer(people, post), answer(people, post)),
        commands.receiving.actions.answer,
    )
    said = []

    def failing_once(*args):
        said.append(args)
        if len(said) == 1:
            db.session.execute(text("DELETE FROM nothing_like_it"))
        return take_in(*args)

    monkeypatch.setattr(commands.receiving.actions, "answer", failing_once)
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    assert len(posts(topic)) == 3


def test_a_message_waits_while_the_database_is_away(people, post, app, monkeypatch):
    box = Mailbox(answer(people, post))

    def away(*_args):
        raise OperationalError("SELECT", {}, Exception("server closed the connection"), True)

    monkeypatch.setattr(commands.receiving.actions, "answer", away)
    fetching = with_settings(app, reply_address=MAILBOX, imap_url=box.url)
    with fetching, pytest.raises(OperationalError):
        fetch_messages()
    assert box.seen == set()


def test_a_mailbox_that_is_away_is_no_mistake(app):
    with with_settings(
        app, reply_address=MAILBOX, imap_url=f"imap://127.0.0.1:{free_port()}/INBOX"
    ):
        assert fetch_messages() == 0
    with with_settings(app, imap_url="pop://x"), pytest.raises(ValueError, match="FORUM_IMAP_URL"):
        fetch_messages()
    assert imaplib.IMAP4.error
