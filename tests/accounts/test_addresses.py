"""Changing the e-mail address of an account, and undoing it from the e-mail to the old address."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from forum.accounts import actions as accounts
from forum.accounts.models import Token
from forum.accounts.queries import RESET, UNDO
from forum.clock import at, now
from forum.db import db
from forum.identities.actions import link
from forum.identities.queries import member_of
from forum.members import actions
from forum.members import queries as members
from forum.members.actions import Joining, Profile
from forum.passwords import verify_password
from forum.permissions import SYSTEM, VISITOR
from tests.accounts.conftest import PASSWORD, enter, is_signed_in
from tests.conftest import link_in
from tests.screens import read_screen


def change_address(client, email="eva@harbour.example"):
    return client.post("/settings/address", data={"email": email})


def test_a_new_address_is_inert_until_it_is_confirmed(client, app, eva, letters):
    enter(client)
    assert change_address(client).status_code == 303
    (letter,) = letters()
    assert letter.to == "eva@harbour.example"
    assert members.member_by_email("eva@harbour.example") is None
    assert enter(app.test_client()).status_code == 303
    anywhere = app.test_client()
    assert "becomes eva@harbour.example" in anywhere.get(link_in(letter)).text
    assert anywhere.post(link_in(letter)).status_code == 303
    assert "Your address is now eva@harbour.example." in anywhere.get("/sign-in").text
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), "eva@harbour.example").status_code == 303
    assert letters()[-1].to == "eva@city.example", "the old address is told"


def test_an_address_confirmed_where_somebody_else_is_signed_in_is_not_called_theirs(
    client, app, sign_in, people, eva, letters
):
    enter(client)
    change_address(client)
    (letter,) = letters()
    other = sign_in(people.ben)
    assert other.post(link_in(letter)).status_code == 303
    page = other.get("/").text
    assert "The address of Eva Holm is now eva@harbour.example." in page
    assert f"You are still signed in here as {people.ben.name}." in page
    assert "Your address is now" not in page


def test_the_old_address_takes_everything_back(client, app, eva, letters):
    """Somebody who took over an account and changed its address and password loses it again."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    form = {"current_password": PASSWORD, "new_password": "plain words in a row"}
    assert client.post("/settings/password", data=form).status_code == 303
    undo = next(letter for letter in letters() if letter.to == "eva@city.example")
    owner = app.test_client()
    assert "again" in owner.get(link_in(undo)).text
    assert owner.post(link_in(undo)).status_code == 303
    assert not is_signed_in(client)
    assert members.member_by_email("eva@city.example") is not None
    for password in (PASSWORD, "plain words in a row"):
        assert enter(app.test_client(), password=password).status_code == 422
    assert "choose a new password" in owner.get("/sign-in").text
    reset = letters()[-1]
    assert reset.to == "eva@city.example" and link_in(reset).startswith("/password/")
    assert owner.post(link_in(undo)).status_code == 410


def test_undoing_a_change_opens_the_account_again(client, app, eva, letters):
    """The person who took the account over has closed it, so that it would be deleted in two weeks."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    actions.leave(members.all_members()[0], eva.id, "everything")
    undo = next(letter for letter in letters() if letter.to == "eva@city.example")
    owner = app.test_client()
    assert owner.post(link_in(undo)).status_code == 303
    assert members.member_by_email("eva@city.example").leaving_at is None
    form = {"new_password": "plain words in a row"}
    assert owner.post(link_in(letters()[-1]), data=form).status_code == 303
    assert is_signed_in(owner)


def test_undoing_a_change_leaves_an_account_closed_that_was_closed_before(app, eva):
    actions.leave(eva, eva.id, "everything")
    actions.stay_since(SYSTEM, eva, now() + timedelta(minutes=1))
    assert eva.leaving_at is not None


def test_a_closed_account_gets_a_new_password(client, eva, letters):
    """Otherwise a member who has lost the password could not return within the two weeks."""
    actions.leave(eva, eva.id, "everything")
    client.post("/password", data={"email": "eva@city.example"})
    path = link_in(letters()[-1])
    form = {"new_password": "plain words in a row"}
    assert client.get(path).status_code == 200
    assert client.post(path, data=form).status_code == 303
    assert client.get("/settings/leave").status_code == 200
    assert verify_password(
        members.member_by_email("eva@city.example").password_hash, form["new_password"]
    )


def test_who_may_not_write_publishes_nothing_in_the_profile(sign_in, people):
    """They may still change their city and the language in which they read."""
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=3))
    browser = sign_in(people.ana)
    same = {"name": "Ana Prado", "position": "", "helps_with": "", "about": "", "organisation": ""}
    for words in (
        {"about": "Buy my trams, which are the best."},
        {"position": "Buy my trams, which are the best."},
    ):
        refused = browser.post("/settings", data={**same, "language": "en", **words})
        assert refused.status_code == 403 and "paused your right to write" in refused.text
        assert "Buy my trams, which are the best." in refused.text
    moved = {**same, "language": "es", "city": "Nairobi"}
    assert browser.post("/settings", data=moved).status_code == 303
    found = members.get_member(SYSTEM, people.ana.handle)
    assert (found.language, found.city.name, found.about) == ("es", "Nairobi", "")


def test_who_may_not_write_is_told_so_before_changing_a_text(sign_in, people):
    browser = sign_in(people.ana)
    assert _fixed(browser.get("/settings").text) == []
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=3))
    page = browser.get("/settings").text
    assert "paused your right to write" in page
    assert _fixed(page) == ["name", "position", "helps_with", "about"]


def _fixed(page):
    """The read-only fields of the forms on a page."""
    forms = read_screen(page).forms
    return [control.name for form in forms for control in form.fields if control.is_fixed]


def test_languages_that_the_form_has_no_room_for_stay(sign_in, people):
    """An import may bring more languages than the form has fields."""
    spoken = ("es", "en", "fr", "pt", "de")
    actions.edit_profile(people.ana, Profile(name="Ana Prado", language="en", languages=spoken))
    form = {"name": "Ana Prado", "organisation": "", "language": "en", "helps_with": "Trams."}
    form |= {"second_language": "es", "third_language": ""}
    assert sign_in(people.ana).post("/settings", data=form).status_code == 303
    db.session.expire_all()
    found = members.get_member(SYSTEM, people.ana.handle)
    assert [language.language for language in found.languages] == ["en", "es", "pt", "de"]


def test_undoing_a_change_unlinks_what_was_linked_since(client, app, eva, letters):
    """Otherwise a thief could sign in again with a linked account; only the thief got the e-mail about linking it."""
    with at(now() - timedelta(days=3)):
        link(eva, "https://id.example", "eva")
    enter(client)
    change_address(client)
    client.post(link_in(letters()[-1]))
    link(members.all_members()[0], "https://id.example", "thief")
    undo = next(
        letter
        for letter in letters()
        if letter.to == "eva@city.example" and "/undo/" in letter.text
    )
    assert app.test_client().post(link_in(undo)).status_code == 303
    assert member_of("https://id.example", "thief") is None
    assert member_of("https://id.example", "eva").id == eva.id


def test_undoing_a_change_undoes_those_after_it(client, app, eva, letters):
    """The link to undo the second of a thief's two changes must not undo what the owner has undone."""
    for email in ("thief@harbour.example", "thief@island.example"):
        enter(client, members.all_members()[0].email)
        change_address(client, email)
        client.post(link_in(letters()[-1]))
    owners, thiefs = (
        link_in(next(letter for letter in letters() if letter.to == to and "/undo/" in letter.text))
        for to in ("eva@city.example", "thief@harbour.example")
    )
    assert app.test_client().post(owners).status_code == 303
    assert app.test_client().post(thiefs).status_code == 410
    assert members.member_by_email("eva@city.example") is not None


def test_the_older_of_two_changes_can_be_undone_after_the_newer(client, app, eva, letters):
    for email in ("eva@harbour.example", "eva@island.example"):
        enter(client, members.all_members()[0].email)
        change_address(client, email)
        client.post(link_in(letters()[-1]))
    for to in ("eva@harbour.example", "eva@city.example"):
        undo = next(letter for letter in letters() if letter.to == to and "/undo/" in letter.text)
        assert app.test_client().post(link_in(undo)).status_code == 303
        assert members.member_by_email(to) is not None


def test_going_back_undoes_a_change_as_its_link_does(client, app, eva, letters):
    """The owner's address is restored; the address in between, which was a thief's, can undo nothing."""
    enter(client)
    for email in ("thief@harbour.example", "eva@city.example"):
        change_address(client, email)
        client.post(link_in(letters()[-1]))
        enter(client, email)
    form = {"current_password": PASSWORD, "new_password": "plain words in a row"}
    assert client.post("/settings/password", data=form).status_code == 303
    told = [letter for letter in letters() if letter.to == "thief@harbour.example"]
    assert "older address again" in told[-1].subject
    for link_to_thief in map(link_in, told):
        app.test_client().post(link_to_thief)
        assert members.member_by_email("eva@city.example") is not None
    assert is_signed_in(client)
    assert not any("/undo/" in letter.text for letter in told)


def test_going_back_further_voids_the_links_of_all_that_lies_between(client, app, eva, letters):
    """A thief changed the address twice; without this, the thief's first address could still undo the second change."""
    enter(client)
    for email in ("thief@harbour.example", "thief@island.example", "eva@city.example"):
        change_address(client, email)
        client.post(link_in(letters()[-1]))
        enter(client, email)
    _owners, thiefs = (link_in(letter) for letter in letters() if "/undo/" in letter.text)
    assert app.test_client().post(thiefs).status_code == 410
    assert members.member_by_email("eva@city.example") is not None


def test_going_back_after_two_weeks_is_a_change_like_any_other(client, eva, letters):
    enter(client)
    change_address(client)
    client.post(link_in(letters()[-1]))
    with at(now() + timedelta(days=15)):
        enter(client, "eva@harbour.example")
        change_address(client, "eva@city.example")
        client.post(link_in(letters()[-1]))
        assert letters()[-1].to == "eva@harbour.example" and "/undo/" in letters()[-1].text


def test_asking_for_addresses_sends_few_letters_to_one(client, eva, letters):
    enter(client)
    for _number in range(5):
        assert change_address(client, "other@city.example").status_code == 303
    refused = change_address(client, "other@city.example")
    assert refused.status_code == 422 and len(letters()) == 5


def test_the_newer_address_is_told_when_it_is_undone(client, eva, letters):
    """The older address may belong to a former employer, so the e-mail goes to the newer one."""
    enter(client)
    change_address(client)
    client.post(link_in(letters()[0]))
    undo = next(letter for letter in letters() if letter.to == "eva@city.example")
    client.post(link_in(undo))
    told = [letter for letter in letters() if letter.to == "eva@harbour.example"]
    assert "older address again" in told[-1].subject


def test_a_taken_address_is_told_by_letter_alone(client, eva, letters):
    actions.join(VISITOR, Joining("Other", "other@city.example", "no hash"))
    enter(client)
    assert change_address(client, "other@city.example").status_code == 303
    (letter,) = letters()
    assert letter.to == "other@city.example" and "an account already" in letter.text


def test_an_address_that_was_taken_meanwhile_is_refused(client, eva, letters):
    enter(client)
    change_address(client)
    actions.join(VISITOR, Joining("Other", "eva@harbour.example", "no hash"))
    answer = client.post(link_in(letters()[0]))
    assert answer.status_code in (409, 422) and "another account" in answer.text
    assert members.member_by_email("eva@city.example") is not None


def test_who_was_signed_in_for_long_shows_who_they_are(client, eva, letters):
    enter(client)
    with at(now() + timedelta(minutes=16)):
        assert client.get("/settings/address").location == "/settings/prove?next=/settings/address"
        assert 'href="/password"' in client.get("/settings/prove").text
        assert change_address(client).location == "/settings/prove?next=/settings/address"
        assert letters() == []
        assert client.post("/settings/prove", data={"password": "no"}).status_code == 422
        proof = {"password": PASSWORD, "next": "/settings/address"}
        assert client.post("/settings/prove", data=proof).location == "/settings/address"
        assert client.get("/settings/address").status_code == 200


def test_mail_that_came_back_is_said_and_tried_again(client, eva):
    actions.pause_mail(SYSTEM, eva.id, "eva@city.example", "550 no such user")
    enter(client)
    page = client.get("/settings/address").text
    assert (
        "E\N{NON-BREAKING HYPHEN}mails to eva@city.example came back" in page
        and "550 no such user" in page
    )
    assert client.post("/settings/address/resume").status_code == 303
    assert "came back" not in client.get("/settings/address").text


def test_what_voids_the_links_of_one_member_leaves_those_of_others(
    client, sign_in, people, eva, letters
):
    enter(client)
    change_address(client)
    client.post(link_in(letters()[-1]))
    undo = link_in(letters()[-1])
    browser = sign_in(people.ben)
    change_address(browser, "ben@harbour.example")
    browser.post(link_in(letters()[-1]))
    browser.post("/password", data={"email": "ben@harbour.example"})
    bens = select(Token.purpose).where(Token.member_id == people.ben.id, Token.used_at.is_(None))
    assert sorted(db.session.scalars(bens)) == sorted([RESET, UNDO])
    assert client.post(undo).status_code == 303
    assert sorted(db.session.scalars(bens)) == sorted([RESET, UNDO])
    accounts.give_address(SYSTEM, eva.handle, "eva@island.example")
    assert sorted(db.session.scalars(bens)) == sorted([RESET, UNDO])
    accounts.forget_member(SYSTEM, eva)
    assert sorted(db.session.scalars(bens)) == sorted([RESET, UNDO])


def test_a_change_asked_for_twice_can_be_undone_like_any_other(client, app, eva, letters):
    enter(client)
    for _time in ("first", "second"):
        change_address(client)
    client.post(link_in(letters()[-1]))
    undo = letters()[-1]
    assert undo.to == "eva@city.example"
    assert app.test_client().post(link_in(undo)).status_code == 303
    assert members.member_by_email("eva@city.example").id == eva.id


def test_the_former_address_of_somebody_else_is_taken_like_any_other(
    client, sign_in, people, eva, letters
):
    browser = sign_in(people.ben)
    change_address(browser, "ben@harbour.example")
    browser.post(link_in(letters()[-1]))
    enter(client)
    change_address(client, "ben@example.org")
    client.post(link_in(letters()[-1]))
    undo = letters()[-1]
    assert undo.to == "eva@city.example" and client.post(link_in(undo)).status_code == 303


def test_a_new_password_does_not_void_the_link_that_undoes_a_change(client, app, eva, letters):
    enter(client)
    change_address(client)
    client.post(link_in(letters()[-1]))
    undo = link_in(letters()[-1])
    with at(now() + timedelta(hours=1)):
        actions.set_password(SYSTEM, eva.handle, "hash of a thief")
    with at(now() + timedelta(hours=2)):
        assert app.test_client().post(undo).status_code == 303
