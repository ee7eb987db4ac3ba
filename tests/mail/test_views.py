"""The administrator's page about mail, and the address that ends letters."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from forum.db import db
from forum.mail import actions
from forum.mail.commands import deliver
from forum.mail.commands.composing import stop_address
from forum.mail.models import KIND_NAMES, Delivery
from forum.mail.queries import letters
from forum.members import actions as members
from forum.notifications.models import NoticeChoice, NoticeSettings
from forum.permissions import SYSTEM
from tests.mail.conftest import with_settings
from tests.rights.conftest import gone

PAGE = "/administration/mail"
TOP = Path(__file__).parents[2]


@pytest.fixture
def browser(sign_in, people):
    return sign_in(people.administrator)


def test_without_a_server_the_page_says_that_nobody_gets_mail(browser, app):
    page = browser.get(PAGE).text
    assert "No mail server is set" in page and str(app.extensions["settings"].mail_path) in page


def test_a_letter_to_oneself_says_whether_it_can_arrive(browser, app):
    for url, words in (("", "does not reach you"), ("smtp://mail.example.org", "is on its way")):
        with with_settings(app, smtp_url=url):
            browser.post(f"{PAGE}/test")
            assert words in browser.get(PAGE).text


def test_the_server_is_named_without_its_password(browser, app):
    with with_settings(app, smtp_url="smtp://user:s3cret@mail.example.org"):
        page = browser.get(PAGE).text
    assert "mail.example.org:587" in page and "s3cret" not in page
    assert "No mail server is set" not in page


@pytest.mark.parametrize("url", ["mail.example.org", "smtp://mail.example.org:abc"])
def test_a_wrong_address_of_the_server_is_said_and_loses_no_letter(browser, people, app, url):
    letter = actions.write_letter(SYSTEM, "test", "ana@example.org", {})
    with with_settings(app, smtp_url=url):
        assert deliver() == 0
        answer = browser.get(PAGE)
    assert answer.status_code == 200
    row = db.session.get(Delivery, letter.id, populate_existing=True)
    assert row.given_up_at is None and row.why.split()[0] in answer.text


def test_a_letter_that_no_server_took_is_tried_again(browser, people, mail_server):
    mail_server.answers["DATA"] = "554 no"
    letter = actions.write_letter(SYSTEM, "test", "ana@example.org", {})
    deliver()
    page = browser.get(PAGE).text
    assert "ana@example.org" in page and "554 no" in page
    mail_server.answers.clear()
    assert browser.post(f"{PAGE}/{letter.id}/again").status_code == 303
    assert deliver() == 1 and len(mail_server.messages) == 1
    assert "None in the last three months." in browser.get(PAGE).text


def test_the_page_says_how_many_lost_letters_it_does_not_list(browser, mail_server, monkeypatch):
    monkeypatch.setattr(letters, "MAX_SHOWN", 2)
    mail_server.answers["DATA"] = "554 no"
    for number in range(3):
        assert "more</p>" not in browser.get(PAGE).text
        actions.write_letter(SYSTEM, "test", f"ana-{number}@example.org", {})
        deliver()
    page = browser.get(PAGE).text
    assert "and 1 more</p>" in page and page.count("554 no") == 2


def test_the_page_says_how_many_more_addresses_do_not_exist(browser, people, monkeypatch):
    monkeypatch.setattr(letters, "MAX_SHOWN", 2)
    for member in (people.ana, people.ben, people.chitra):
        assert "more</p>" not in browser.get(PAGE).text
        members.pause_mail(SYSTEM, member.id, member.email, "5.1.1 no such user")
    page = browser.get(PAGE).text
    assert "and 1 more</p>" in page and page.count("5.1.1 no such user") == 2


def test_every_kind_of_letter_has_a_name():
    templates = {path.stem for path in (TOP / "templates/mail").glob("[!_]*.txt")} - {"kit"}
    assert set(KIND_NAMES) == templates
    assert len({str(name) for name in KIND_NAMES.values()}) == len(KIND_NAMES)


def test_a_letter_to_oneself(browser, people, mail_server):
    assert browser.post(f"{PAGE}/test").status_code == 303
    assert deliver() == 1
    assert mail_server.messages[0][1] == people.administrator.email


def test_addresses_that_do_not_exist_are_listed(browser, people):
    members.pause_mail(SYSTEM, people.ana.id, "ana@example.org", "550 no such user")
    page = browser.get(PAGE).text
    assert "Ana Prado" in page and "550 no such user" in page


@pytest.mark.parametrize("kind", ["reply", "digest"])
def test_who_has_left_ends_and_gets_no_letters_by_the_link_of_an_old_one(app, client, people, kind):
    with app.test_request_context():
        path = urlsplit(stop_address(people.ana.id, kind)).path
    gone(people.ana)
    for data in ({"before": "daily"}, {"again": "daily"}, {"again": "at once"}):
        answer = client.post(path, data=data)
        assert answer.status_code == 200 and "This account has ended" in answer.text
    page = client.get(path).text
    assert "This account has ended" in page and "Get them again" not in page
    for kept in (NoticeChoice, NoticeSettings):
        assert db.session.scalars(select(kept)).all() == [], "nothing is kept of who has left"
