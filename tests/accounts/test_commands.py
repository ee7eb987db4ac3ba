"""The commands of accounts: adding a member, replacing an address, and which links become invalid then."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.accounts import actions as accounts
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.mail.commands import write_notice_letters
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions, queries
from forum.notifications import actions as notifications
from forum.notifications.queries import inbox
from forum.passwords import verify_password
from forum.permissions import SYSTEM, VISITOR
from tests.accounts.conftest import PASSWORD
from tests.conftest import link_in

OVER = 410


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["members", "address", *words])


def add(app, said=PASSWORD + "\n", **change):
    options = {"email": "eva@city.example", "name": "Eva Holm", **change}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return app.test_cli_runner().invoke(args=["members", "add", *words], input=said)


def test_a_member_is_added_with_the_password_of_standard_input(app):
    done = add(app, role="moderator")
    assert (done.exit_code, done.output) == (0, "Added Eva Holm as moderator: /members/eva-holm\n")
    member = queries.member_by_email("eva@city.example")
    assert member.is_moderator
    assert verify_password(member.password_hash, PASSWORD)
    assert PASSWORD not in done.output


def test_a_handle_can_be_wished(app):
    assert add(app, handle="eva").exit_code == 0
    assert queries.member_by_email("eva@city.example").handle == "eva"


@pytest.mark.parametrize(
    ("change", "said", "sentence"),
    [
        ({}, "", "The password has to have 8 to 128 characters."),
        ({}, "kort\n", "The password has to have 8 to 128 characters."),
        ({}, "password123\n", "Many people use this password."),
        ({}, "evaholm11\n", "not made of your name"),
        ({"name": " "}, PASSWORD, "Give the member a name."),
        ({"email": "eva"}, PASSWORD, "This is not an e-mail address."),
        ({"name": "https://e.example"}, PASSWORD, "Write a name, not an address."),
        ({"handle": "admin"}, PASSWORD, "kept for the forum itself"),
        ({"role": "king"}, PASSWORD, "is not one of"),
    ],
)
def test_what_cannot_be_added_is_said_and_exits_non_zero(app, change, said, sentence):
    done = add(app, said, **change)
    assert done.exit_code != 0
    assert sentence in done.output
    assert queries.member_by_email("eva@city.example") is None


def test_an_address_is_added_once(app):
    add(app)
    done = add(app, name="Other")
    assert done.exit_code == 1 and "There is an account with this address." in done.output
    assert "Sign in" not in done.output


def test_a_member_who_looks_like_the_forum_is_not_added(app):
    for change in ({"name": "Аdmin"}, {"handle": "adm1n"}):
        done = add(app, **change)
        assert done.exit_code == 1 and queries.all_members() == [], done.output
    assert add(app, name="Admin", role="administrator").exit_code == 0


def test_a_role_that_is_given_with_an_account_is_told(app, people, letters):
    assert add(app, role="administrator").exit_code == 0
    assert [letter.to for letter in letters()] == ["eva@city.example", people.administrator.email]
    told = "Eva Holm was made an administrator of Interurban on the machine that runs it."
    assert told in " ".join(letters()[-1].text.split())
    notifications.make_notices(SYSTEM)
    for member, title in (
        (queries.member_by_email("eva@city.example"), "You are an administrator now"),
        (people.administrator, "There is a new administrator"),
    ):
        assert [notice.heading for notice in inbox(member).page.items] == [title]


def test_of_an_account_without_a_role_nobody_is_told(app, people, letters):
    assert add(app).exit_code == 0
    assert letters() == []
    notifications.make_notices(SYSTEM)
    assert not inbox(people.administrator).page.items


def test_an_administrator_gives_a_member_an_address_and_mail_goes_there_again(run, people, letters):
    actions.pause_mail(SYSTEM, people.ana.id, people.ana.email, "It came back.")
    done = run("ana-prado", "Ana@City.example")
    assert done.exit_code == 0 and "Ana Prado is written to at Ana@City.example" in done.output
    found = queries.member_by_email("ana@city.example")
    assert found.handle == "ana-prado" and found.mail_paused_at is None
    assert letters() == [], "where no mail arrives nobody is told"


@pytest.mark.parametrize(
    ("handle", "email", "sentence"),
    [
        ("nobody", "x@city.example", "no member of this name. `flask members list`"),
        ("ana-prado", "ana", "This is not an e-mail address."),
        ("ana-prado", "ben@example.org", "This address belongs to another account."),
        ("ana-prado", "Ana@example.org", "This is the address of this member already."),
    ],
)
def test_an_address_that_cannot_be_given_is_said(run, people, letters, handle, email, sentence):
    token = actions.sign_in(people.ana)
    accounts.ask_for_password(VISITOR, "ana@example.org")
    done = run(handle, email)
    assert done.exit_code == 1 and sentence in done.output
    assert queries.member_by_email("ana@example.org").handle == "ana-prado"
    assert queries.session_by_token(token) is not None
    assert [letter.to for letter in letters()] == ["ana@example.org"]


def test_the_old_address_and_who_signed_in_with_it_have_nothing_left(
    run, client, app, people, letters
):
    """Somebody else may read that mailbox: no link sent there signs anybody in or restores the address."""
    accounts.ask_for_address(people.ana, "thief@harbour.example")
    client.post(link_in(letters()[-1]))
    member = queries.member_by_email("thief@harbour.example")
    accounts.ask_for_password(VISITOR, member.email)
    accounts.ask_to_sign_in(VISITOR, member.email)
    accounts.ask_for_address(member, "thief@island.example")
    links = {link_in(letter) for letter in letters()[1:]}
    doors = ["/address/", "/address/undo/", "/password/", "/sign-in/letter/"]
    assert sorted(re.sub("[^/]+$", "", link) for link in links) == doors
    assert {client.get(link).status_code for link in links} == {200}
    token = actions.sign_in(member)
    done = run("ana-prado", "ana@city.example")
    assert done.exit_code == 0 and "links sent to the address before are void" in done.output
    for link in links:
        assert client.get(link).status_code == OVER, link
        form = {"new_password": "plain words in a row"}
        assert client.post(link, data=form).status_code == OVER, link
    assert queries.session_by_token(token) is None
    assert queries.member_by_email("ana@city.example").handle == "ana-prado"


def test_the_old_address_is_told_and_can_take_nothing_back(run, people, letters):
    run("ana-prado", "ana@city.example")
    (told,) = letters()
    assert told.to == "ana@example.org" and link_in(told) == "/contact"
    assert "The person who runs the server has given your account" in told.text
    assert "/address/undo" not in told.text


def test_what_waits_follows_its_member(run, people, agenda):
    new = dialogue.NewTopic("question", "Why so loud?", write("Who measured?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write("Signs slow down nobody at all."))
    with at(now() + timedelta(minutes=2)):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
    run("ana-prado", "ana@city.example")
    waiting = db.session.scalars(select(Delivery.address).where(Delivery.kind == "notice")).all()
    assert waiting == ["ana@city.example"]
