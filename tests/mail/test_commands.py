"""Sending e-mails: what a mail program reads, servers that are unreachable, slow or refuse, workers that are killed."""

from __future__ import annotations

import os
import re
import smtplib
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from forum import transports
from forum.clock import at, now
from forum.db import db
from forum.emails import render
from forum.errors import Busy
from forum.mail import actions, commands
from forum.mail.commands import compose, deliver
from forum.mail.models import Delivery
from forum.members import actions as members
from forum.members.models import Member
from forum.permissions import SYSTEM
from forum.transports import ServerUnavailable, is_address_unknown, parse_smtp_url
from tests.mail.conftest import with_settings
from tests.ports import free_port

TEMPLATES = Path(__file__).parents[2] / "templates/mail"
# Without those that other tests cover
KINDS = sorted(
    path.stem
    for path in TEMPLATES.glob("[!_]*.txt")
    if path.stem not in ("kit", "notice", "digest")
)


def write(people, kind="changed", member=None, **words):
    member = member or people.ana
    words = {"what": "password", **words}
    return actions.write_letter(SYSTEM, kind, member.email, words, member_id=member.id)


def row(letter):
    return db.session.get(Delivery, letter.id, populate_existing=True)


# The e-mails that arrive


def test_a_letter_arrives_in_text_and_html(people, mail_server):
    letter = write(people)
    assert deliver() == 1
    ((sender, to, message),) = mail_server.messages
    assert (sender, to) == ("forum@localhost.localdomain", "ana@example.org")
    assert message["To"].addresses[0].addr_spec == "ana@example.org"
    assert message["Subject"] == "Your password at Interurban has changed"
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        assert "Hello Ana Prado," in part and "http://localhost/password" in part
    assert "prefers-color-scheme:dark" in html and "color-scheme" in html
    assert message["Auto-Submitted"] == "auto-generated"
    assert row(letter).sent_at and deliver() == 0


def test_nothing_in_a_name_becomes_a_header_or_a_tag(people, mail_server, app):
    evil = 'Ana\r\nBcc: thief@example.org\r\n\r\n<script>alert(1)</script> "x" &amp; *b*'
    member = db.session.get(Member, people.ana.id)
    member.name = evil
    db.session.commit()
    known = members.found_federation(SYSTEM, "Cities\u2028Bcc: x@example.org & <b>friends</b>")
    known.name = "Cities\r\nBcc: x@example.org & <b>friends</b>"
    db.session.commit()
    write(people, "known", path="/sign-in")
    deliver()
    ((_sender, _to, message),) = mail_server.messages
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"] and "Bcc: x@example.org" in message["Subject"]
    html = message.get_body(("html",)).get_content()
    assert "<script>" not in html and "<b>friends" not in html
    assert "&lt;script&gt;" in html and "&amp;amp;" in html
    text = message.get_body(("plain",)).get_content()
    assert "<script>" in text and "&lt;" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_says_all_in_both_forms(people, agenda, app, kind):
    words = {
        "path": "/x",
        "salt": "s",
        "purpose": "p",
        "minutes": 120,
        "what": "password",
        "why": "It is locked.",
        "sentence": "A moderator reads links of new members.",
        "text": "Mine.",
        "name": "A & B",
        "sender": "Ben & Co",
        "sender_id": people.ben.id,
        "recipient": "Ana",
        "profile": "/members/ben-okoth",
        "report": "/letters/1/report",
        "place": "/posts/1",
        "number": "ABCDE-23456",
        "said": "Two lines,\nand <b>signs</b>.",
    }
    if kind == "opened":
        words |= {"title": "Trams & <b>felt</b>", "topic_kind": "question", "until": "noon"}
    if kind == "hosts":
        words |= {"sender_id": people.moderator.id}
    letter = write(people, kind, **words)
    letter.member = {"contact": people.ana, "hosts": people.host}.get(kind)
    written = compose(letter, app.extensions["settings"])
    assert written.subject and "\n" not in written.subject
    assert "&amp;" not in written.text and "Undefined" not in written.text
    assert max(len(line) for line in written.text.splitlines() if "://" not in line) <= 76
    plain = " ".join(re.sub(r"<[^>]+>", " ", written.html.partition("</style>")[2]).split())
    assert ("http" in plain) == (kind == "test"), "a link is said in words"
    assert not re.findall(r"\n\n([a-z]+\b)", written.text), (
        "a paragraph begins with a capital letter"
    )
    for line in written.text.split("\n\n"):
        words_of = [w for w in line.split() if w.isalpha()]
        assert all(word in plain for word in words_of), line


@pytest.mark.parametrize("kind", [*KINDS, "notice", "digest"])
def test_letters_print_through_their_kit_alone(kind):
    """Only the macros of the kit escape text for the HTML part."""
    text = (TEMPLATES / f"{kind}.txt").read_text()
    printed = re.findall(r"\{\{-?\s*(\S+)", text)
    assert printed and all(word.startswith("m.") for word in printed), printed
    for value in re.findall(r"set footer = (.*)%\}", text):
        assert value.startswith("m."), value


# Mail servers that fail


def test_a_server_that_is_away_loses_nothing(people, app, caplog):
    letter = write(people)
    with with_settings(app, smtp_url=f"smtp://127.0.0.1:{free_port()}"):
        assert deliver() == 0
        assert row(letter).sent_at is None and row(letter).why == "Connection refused"
        assert "the mail server takes nothing now; letters that are tried again: 1" in caplog.text
        assert row(letter).attempts == 0, "the letter is not to blame"
        assert deliver() == 0, "not before it is due again"
        with at(now() + timedelta(days=5)):
            deliver()
            assert row(letter).given_up_at


@pytest.mark.parametrize("again", ["send_again", "send_all_again"])
def test_what_is_sent_again_has_all_its_attempts_also_while_no_server_is_there(people, app, again):
    """Also when the letter was written days ago."""
    letter = write(people)
    which = [letter.id] if again == "send_again" else []
    with with_settings(app, smtp_url=f"smtp://127.0.0.1:{free_port()}"):
        for days, is_given_up in ((4.5, True), (10, False), (13.9, False), (14.1, True)):
            with at(letter.created_at + timedelta(days=days)):
                if days == 10:
                    getattr(actions, again)(people.administrator, *which)
                assert deliver() == 0
                assert bool(row(letter).given_up_at) is is_given_up, days


def test_a_slow_server_is_left_after_a_while(people, app, monkeypatch):
    letter = write(people)
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(transports, "TIMEOUT_SECONDS", 0.3)
    with with_settings(app, smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}"):
        assert deliver() == 0
    silent.close()
    assert row(letter).sent_at is None and "time" in row(letter).why.lower()


def test_one_address_that_does_not_exist_stops_nothing_else(people, mail_server):
    mail_server.refused["ana@example.org"] = "550 5.1.1 no such user"
    lost, other = write(people), write(people, member=people.ben)
    assert deliver() == 2
    assert [to for _from, to, _message in mail_server.messages] == ["ben@example.org"]
    assert row(lost).given_up_at and "no such user" in row(lost).why
    assert row(other).sent_at
    member = db.session.get(Member, people.ana.id, populate_existing=True)
    assert member.mail_paused_at and "no such user" in member.mail_paused_why


def test_what_a_mail_server_says_is_kept_without_control_characters(people, mail_server):
    mail_server.refused["ana@example.org"] = "550 5.1.1 no such\x00 user"
    lost, other = write(people), write(people, member=people.ben)
    assert deliver() == 2
    assert row(lost).why == "550 5.1.1 no such user" and row(other).sent_at


def test_a_former_address_that_does_not_exist_stops_no_mail_to_the_new_one(people, mail_server):
    mail_server.refused["ana@example.org"] = "550 5.1.1 no such user"
    lost = write(people)
    members.change_address(SYSTEM, people.ana.id, "ana@elsewhere.example")
    deliver()
    assert "no such user" in row(lost).why
    assert db.session.get(Member, people.ana.id, populate_existing=True).mail_paused_at is None


def test_a_letter_that_cannot_be_made_stops_nothing_else(people, mail_server):
    """A faulty letter is tried again later, and listed for the administrator."""
    odd = actions.write_letter(SYSTEM, "changed", "a..b@example.org", {"what": "password"})
    unknown, other = write(people, "nothing"), write(people)
    deliver()
    assert [to for _from, to, _message in mail_server.messages] == ["ana@example.org"]
    assert row(other).sent_at and row(odd).sent_at is row(unknown).sent_at is None
    assert "InvalidHeaderDefect" in row(odd).why and "TemplateNotFound" in row(unknown).why
    for letter in (odd, unknown):
        assert row(letter).attempts == 1 and row(letter).due_at > now()


def test_a_letter_whose_statement_the_database_refuses_stops_nothing_else(
    people, mail_server, monkeypatch
):
    odd, other = write(people), write(people)

    def composed(letter, settings):
        if letter.id == odd.id:
            db.session.execute(text("DELETE FROM nothing_like_it"))
        return compose(letter, settings)

    monkeypatch.setattr(commands.sending, "compose", composed)
    assert [deliver(), deliver(), deliver()] == [2, 1, 0]
    assert row(other).sent_at and row(odd).sent_at is None
    assert "Error" in row(odd).why and row(odd).attempts == 1


def test_an_outage_of_the_database_is_no_fault_of_a_letter(people, mail_server, monkeypatch):
    letter = write(people)

    def away(*_args):
        raise OperationalError("SELECT", {}, Exception("server closed the connection"), True)

    with monkeypatch.context() as patch:
        patch.setattr(commands.sending, "compose", away)
        with pytest.raises(OperationalError):
            deliver()
    assert (row(letter).why, row(letter).given_up_at) == ("", None)


@pytest.mark.parametrize("answer", ["550 5.7.1 you are on a list", "552 5.2.2 mailbox full"])
def test_being_unwelcome_does_not_pause_an_address(people, mail_server, answer):
    mail_server.answers["RCPT"] = answer
    letter = write(people)
    deliver()
    assert row(letter).given_up_at
    assert db.session.get(Member, people.ana.id, populate_existing=True).mail_paused_at is None


def test_a_letter_that_is_put_off_is_tried_with_growing_pauses(people, mail_server):
    mail_server.answers["DATA"] = "451 4.7.1 greylisted, come back"
    letter = write(people)
    moment, tries, pauses = now(), 0, []
    while row(letter).given_up_at is None:
        with at(moment):
            tries += deliver()
        pauses.append(row(letter).due_at - moment)
        moment = max(row(letter).due_at, moment + timedelta(seconds=1))
    assert tries == len(actions.RETRY_DELAYS) + 1
    assert pauses[:-1] == sorted(pauses[:-1])
    assert "greylisted" in row(letter).why
    del mail_server.answers["DATA"]
    actions.send_again(SYSTEM, letter.id)
    assert deliver() == 1 and row(letter).sent_at


def test_a_server_that_goes_away_meanwhile_leaves_the_rest(people, mail_server):
    letters = [write(people, member=member) for member in (people.ana, people.ben, people.chitra)]
    mail_server.refused["ben@example.org"] = "421 4.3.2 shutting down"
    deliver()
    states = [bool(row(letter).sent_at) for letter in letters]
    assert states == [True, False, False]
    mail_server.refused.clear()
    with at(now() + timedelta(minutes=20)):
        assert deliver() == 2
    assert len(mail_server.messages) == 3


def test_without_a_server_letters_are_files(people, app, tmp_path):
    with with_settings(app, data=tmp_path):
        write(people)
        assert deliver() == 1
        (file,) = (tmp_path / "mail").glob("*.eml")
    assert b"Hello Ana Prado" in file.read_bytes()
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_a_full_disk_loses_no_letter(people, app, tmp_path):
    (tmp_path / "mail").write_text("no folder")
    with with_settings(app, data=tmp_path):
        letter = write(people)
        assert deliver() == 0 and row(letter).sent_at is None


# Workers that are killed


def test_two_workers_send_a_letter_once(people, mail_server):
    write(people)
    taken = actions.lease_due_letters(SYSTEM)
    assert len(taken) == 1 and actions.lease_due_letters(SYSTEM) == []
    with at(now() + timedelta(minutes=11)):
        assert deliver() == 1, "what a killed worker had taken is free again"
    assert len(mail_server.messages) == 1


def test_what_was_taken_by_the_server_before_a_kill_is_not_sent_again(
    people, mail_server, app, tmp_path, monkeypatch
):
    """The mail server has the letter, but the database does not know; a file in the folder says so."""
    letter = write(people)

    def killed(*_args):
        raise KeyboardInterrupt

    with with_settings(app, data=tmp_path):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(commands.sending.actions, "note_sent", killed)
            deliver()
        with at(now() + timedelta(minutes=11)):
            deliver()
    assert len(mail_server.messages) == 1 and row(letter).sent_at
    assert list((tmp_path / "mail-carried").iterdir()) == []


def test_a_letter_keeps_its_number_however_often_it_is_tried(people, mail_server):
    letter = write(people)
    first = compose(row(letter), with_number := commands.sending.web.settings()).number
    mail_server.answers["DATA"] = "451 later"
    deliver()
    assert compose(row(letter), with_number).number == first


def test_a_letter_that_is_deleted_while_it_is_refused_does_not_hold_up_the_others(
    people, mail_server, monkeypatch
):
    """Its member has left, say: the letters after it go out, and none of them stays with this worker."""
    gone, kept = write(people, member=people.ben), write(people)
    mail_server.refused["ben@example.org"] = "550 5.1.1 no such user"
    refuse = actions.note_refused

    def leave_first(system, letter_id, *said, **more):
        actions.forget_member(SYSTEM, people.ben.id)
        return refuse(system, letter_id, *said, **more)

    monkeypatch.setattr(commands.sending.actions, "note_refused", leave_first)
    assert deliver() == 2
    assert row(gone) is None and row(kept).sent_at


@pytest.mark.parametrize("deed", ["note_sent", "note_refused"])
def test_when_the_database_is_busy_the_letters_are_due_again_at_once(
    people, mail_server, app, tmp_path, monkeypatch, deed
):
    """Whoever asked for a link to sign in would otherwise wait for it until the lease is over."""
    letters = [write(people, member=member) for member in (people.ana, people.ben, people.chitra)]
    mail_server.refused["ben@example.org"] = "451 later"

    def busy(*_args, **_more):
        raise Busy()

    with with_settings(app, data=tmp_path):
        with monkeypatch.context() as patch, pytest.raises(Busy):
            patch.setattr(commands.sending.actions, deed, busy)
            deliver()
        mail_server.refused.clear()
        deliver()
    assert all(row(letter).sent_at for letter in letters)
    assert len(mail_server.messages) == 3, "the one that was taken before is not sent again"


# Other cases


def test_old_letters_are_forgotten(people, mail_server):
    write(people)
    deliver()
    lost = write(people)
    mail_server.answers["DATA"] = "554 no"
    deliver()
    with at(now() + timedelta(days=31)):
        assert actions.forget_letters(SYSTEM) == 1
    with at(now() + timedelta(days=91)):
        assert actions.forget_letters(SYSTEM) == 1
    assert db.session.scalars(select(Delivery)).all() == [] and lost.id


def test_old_files_are_deleted_though_another_worker_deletes_them_too(app, tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir()
    for name in ("1.eml", "3.eml", "new.eml"):
        (folder / name).write_text("Hello")
    (folder / "2.eml").symlink_to(folder / "deleted meanwhile")
    for name in ("1.eml", "3.eml"):
        os.utime(folder / name, (0, 0))
    with with_settings(app, data=tmp_path):
        commands.forget_files()
    assert sorted(file.name for file in folder.glob("*.eml")) == ["2.eml", "new.eml"]


def test_addresses_of_mail_servers_are_parsed():
    assert parse_smtp_url("smtp://u%40x:p%2Fw@mail.example.org").user == "u@x"
    assert (
        parse_smtp_url("smtp://mail.example.org").port == 587
        and parse_smtp_url("smtp://mail.example.org").needs_tls
    )
    assert parse_smtp_url("smtps://mail.example.org").port == 465
    assert not parse_smtp_url("smtp://mail.example.org:25?tls=no").needs_tls
    for odd in ("", "mail.example.org", "http://mail.example.org", "smtp://"):
        with pytest.raises(ValueError, match="FORUM_SMTP_URL"):
            parse_smtp_url(odd)


def test_which_refusals_are_about_the_address():
    assert is_address_unknown(550, "5.1.1 no such user")
    assert is_address_unknown(550, "5.2.1 mailbox disabled")
    assert is_address_unknown(550, "no such user here")
    assert not is_address_unknown(550, "5.7.1 spam")
    assert not is_address_unknown(552, "mailbox full")
    assert not is_address_unknown(550, "relay not permitted")
    assert not is_address_unknown(550, "Access denied - you are on a blacklist")
    assert not is_address_unknown(553, "sender address rejected")


def test_a_letter_to_try_the_mail(people, mail_server, app):
    runner = app.test_cli_runner()
    said = runner.invoke(args=["mail-test", "Ana@example.org"])
    assert said.exit_code == 0 and "taken it" in said.output
    assert mail_server.messages[0][1] == "ana@example.org"
    mail_server.answers["RCPT"] = "550 5.7.1 go away"
    refused = runner.invoke(args=["mail-test", "ana@example.org"])
    assert refused.exit_code == 1 and "go away" in refused.output


def test_a_letter_to_try_the_mail_is_sent_by_nobody_else(people, mail_server, app):
    """A worker that runs meanwhile does not send it."""
    carry = transports.SmtpTransport.send

    def carry_late(*what):
        deliver()
        carry(*what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transports.SmtpTransport, "send", carry_late)
        app.test_cli_runner().invoke(args=["mail-test", "ana@example.org"])
    assert len(mail_server.messages) == 1
    odd = app.test_cli_runner().invoke(args=["mail-test", "ana"])
    assert odd.exit_code == 2 and "an e-mail address such as" in odd.output


def test_a_server_that_refuses_the_sender_loses_no_letter(people, mail_server):
    """For example after its password was changed: that says nothing about the letters."""
    mail_server.answers["MAIL"] = "550 sender rejected"
    letter = write(people)
    assert deliver() == 0
    assert row(letter).given_up_at is None and "sender rejected" in row(letter).why
    del mail_server.answers["MAIL"]
    with at(now() + timedelta(minutes=5)):
        assert deliver() == 1 and row(letter).sent_at


def test_a_letter_without_such_a_link_is_never_too_late(people, mail_server):
    letter = actions.write_test(people.administrator)
    with at(now() + timedelta(days=2)):
        assert deliver() == 1
    assert row(letter).sent_at and not row(letter).dropped_at


# "hours" is from earlier releases
@pytest.mark.parametrize("valid", [{"minutes": 60}, {"hours": 1}])
def test_a_link_that_is_over_is_not_sent(people, mail_server, valid):
    letter = write(people, "sign_in", path="/x", salt="s", purpose="p", **valid)
    with at(now() + timedelta(minutes=61)):
        deliver()
    assert mail_server.messages == [] and row(letter).dropped_at


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (smtplib.SMTPConnectError(421, b"too busy,\r\ncome later"), "421 too busy, come later"),
        (smtplib.SMTPServerDisconnected("Connection closed"), "Connection closed"),
        (TimeoutError("timed out"), "no answer within 20 seconds"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError(), "OSError"),
    ],
    ids=str,
)
def test_what_became_of_a_connection_is_said_in_words(monkeypatch, error, words):
    def fail(*_where, **_how):
        raise error

    monkeypatch.setattr(smtplib, "SMTP", fail)
    with (
        pytest.raises(ServerUnavailable) as raised,
        transports.open_transport("smtp://127.0.0.1:25", Path("x")),
    ):
        raise AssertionError("nobody carries")
    assert str(raised.value) == words


def test_connections_that_break_off_are_no_refusal(app):
    door = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        door.accept()[0].close()

    threading.Thread(target=hang_up).start()
    with (
        pytest.raises(ServerUnavailable),
        transports.open_transport(f"smtp://127.0.0.1:{door.getsockname()[1]}", Path("x")),
    ):
        raise AssertionError("nobody carries")
    door.close()


def test_a_kind_without_a_template_is_a_mistake(people, app):
    with pytest.raises(Exception, match="nothing"):
        render("nothing", "kit.txt", {})
