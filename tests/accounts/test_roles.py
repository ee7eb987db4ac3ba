"""Appointing moderators and administrators: who gets which e-mails and notices."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from forum.accounts import actions
from forum.db import db
from forum.errors import Forbidden, Invalid
from forum.mail.commands import compose
from forum.mail.models import Delivery
from forum.mail.queries import is_waiting
from forum.members import actions as members
from forum.members.queries import get_member
from forum.notifications import actions as notifications
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR


def words_of(answer):
    """The words of a page, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", answer.text)).split())


def told(member):
    """The titles and addresses of a member's notices of roles, unread ones, oldest first."""
    notifications.make_notices(SYSTEM)
    found = [
        notice for notice in inbox(member).told if notice.kind == "role" and not notice.read_at
    ]
    return [
        (notice.heading, notice.address) for notice in sorted(found, key=lambda notice: notice.id)
    ]


def test_a_new_moderator_is_told_what_that_is(people, letters):
    actions.appoint(people.administrator, people.ana.handle, "moderator")
    (letter,) = letters()
    assert letter.to == people.ana.email
    assert letter.subject.startswith("You are a moderator of ")
    assert "http://localhost/moderation\n" in letter.text
    assert "http://localhost/settings/factors" in letter.text
    assert told(people.ana) == [("You are a moderator now", "/moderation")]
    assert not told(people.administrator)


def test_who_has_a_second_factor_is_not_asked_for_one(people, letters):
    members.note_factor(people.ana, is_there=True)
    actions.appoint(SYSTEM, people.ana.handle, "moderator")
    assert "/settings/factors" not in letters()[-1].text


def test_the_same_role_again_is_told_to_nobody(people, letters):
    actions.appoint(people.administrator, people.moderator.handle, "moderator")
    assert not letters() and not told(people.moderator)


def test_who_is_no_moderator_any_more_is_told_that_instead(people, letters):
    actions.appoint(people.administrator, people.ana.handle, "moderator")
    notifications.make_notices(SYSTEM)
    actions.appoint(people.administrator, people.ana.handle, "member")
    assert letters()[-1].subject.startswith("You are no longer a moderator of ")
    assert "/moderation" not in letters()[-1].text
    assert told(people.ana) == [("You are no longer a moderator", "/members/ana-prado")]


def test_who_gets_another_role_before_the_worker_runs_is_told_of_the_last_alone(people, app):
    actions.appoint(people.administrator, people.ana.handle, "moderator")
    actions.appoint(people.administrator, people.ana.handle, "administrator")
    actions.appoint(people.administrator, people.ana.handle, "member")
    assert told(people.ana) == [("You are no longer an administrator", "/members/ana-prado")]
    assert len(inbox(people.ana).page.items) == 3, "the earlier ones are there, and read"
    waiting = select(Delivery).where(Delivery.kind == "role", is_waiting())
    (letter,) = db.session.scalars(waiting)
    subject = compose(letter, app.extensions["settings"]).subject
    assert subject.startswith("You are no longer an administrator of ")


def test_an_administrator_who_moderates_from_now_on_is_told_both(people, letters):
    actions.appoint(SYSTEM, people.ana.handle, "administrator")
    assert told(people.ana) == [("You are an administrator now", "/administration")]
    actions.appoint(SYSTEM, people.ana.handle, "moderator")
    assert "now, and no longer an administrator" in " ".join(letters()[-1].text.split())
    assert told(people.ana) == [("You are a moderator now", "/moderation")]
    actions.appoint(SYSTEM, people.ana.handle, "administrator")
    told(people.ana)
    actions.appoint(SYSTEM, people.ana.handle, "member")
    assert letters()[-1].subject.startswith("You are no longer an administrator of ")
    assert told(people.ana) == [("You are no longer an administrator", "/members/ana-prado")]


def test_all_administrators_are_told_of_a_new_one_and_who_did_it(people, letters):
    members.appoint(SYSTEM, people.ben.handle, "administrator")
    actions.appoint(people.administrator, people.ana.handle, "administrator")
    by_address = {letter.to: letter for letter in letters()}
    assert set(by_address) == {
        person.email for person in (people.ana, people.ben, people.administrator)
    }
    assert by_address[people.ana.email].subject.startswith("You are an administrator of ")
    for other in (people.ben, people.administrator):  # also the administrator who gave the role
        letter = by_address[other.email]
        assert letter.subject.startswith("Ana Prado is an administrator of ")
        assert "Adam de Wit made Ana Prado an administrator" in " ".join(letter.text.split())
        assert told(other) == [
            ("There is a new administrator", "/administration/members?group=administrators")
        ]
    assert told(people.ana) == [("You are an administrator now", "/administration")]


def test_the_command_line_tells_as_well(app, people, letters):
    def run(*words):
        return app.test_cli_runner().invoke(args=["members", "role", *words])

    done = run("ana-prado", "administrator")
    assert (done.exit_code, done.output) == (0, "Ana Prado is now administrator.\n")
    assert [letter.to for letter in letters()] == [people.ana.email, people.administrator.email]
    assert "on the machine that runs it" in " ".join(letters()[-1].text.split())
    done = run("nobody", "member")
    assert done.exit_code == 1 and "There is no member of this name." in done.output
    run("ana-prado", "member")
    done = run(people.administrator.handle, "member")
    assert done.exit_code == 1 and "Somebody has to run the forum." in done.output


def test_a_refused_role_is_told_to_nobody(people, letters):
    with pytest.raises(Forbidden):
        actions.appoint(people.moderator, people.ana.handle, "moderator")
    with pytest.raises(Invalid):
        actions.appoint(people.administrator, people.administrator.handle, "member")
    assert not letters() and not told(people.ana) and not told(people.administrator)


def test_administrators_give_roles_and_the_inbox_says_so(sign_in, people):
    browser = sign_in(people.administrator)
    assert browser.get("/administration/members/ana-prado/role").status_code == 200
    answer = browser.post("/administration/members/ana-prado/role", data={"role": "moderator"})
    assert answer.status_code == 303
    assert get_member(VISITOR, "ana-prado").is_moderator
    assert (
        browser.post("/administration/members/ana-prado/role", data={"role": "king"}).status_code
        == 422
    )
    last = f"/administration/members/{people.administrator.handle}/role"
    assert "Somebody has to run the forum." in words_of(browser.post(last, data={"role": "member"}))
    notifications.make_notices(SYSTEM)
    assert "Your role has changed: You are a moderator now" in words_of(
        sign_in(people.ana).get("/notices")
    )
    browser.post("/administration/members/ben-okoth/role", data={"role": "administrator"})
    notifications.make_notices(SYSTEM)
    sentence = "Who administers the forum has changed: There is a new administrator"
    assert sentence in words_of(browser.get("/notices"))


def test_who_gives_up_the_own_role_ends_where_they_may_be(sign_in, people):
    members.appoint(SYSTEM, people.ben.handle, "administrator")
    browser = sign_in(people.administrator)
    path = f"/administration/members/{people.administrator.handle}/role"
    done = browser.post(path, data={"role": "member"})
    assert done.location == f"/members/{people.administrator.handle}"
    assert "is saved" in words_of(browser.get(done.location))
