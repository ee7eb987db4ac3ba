"""Rate limits of accounts, passwords and sessions."""

from __future__ import annotations

import re

import pytest

from forum.db import db
from forum.members import queries as members
from forum.versions import EVERYTHING, PAGE_VERSIONS
from tests.accounts.conftest import JOINING, PASSWORD, enter, is_signed_in, session_token
from tests.conftest import put_into_session

# Limits


def test_signing_in_is_limited_for_an_address(limited, eva):
    for _number in range(10):
        assert enter(limited, f"e{_number}@city.example", "no").status_code == 422
    answer = enter(limited)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert "There were too many attempts in a short time." in answer.text
    assert ">Not yet</h2>" in answer.text and "to correct" not in answer.text
    assert 'value="eva@city.example"' in answer.text


def test_a_door_without_a_form_of_its_own_says_that_it_was_too_often(limited):
    for _number in range(20):
        assert limited.post("/sign-in/letter/nosecret").status_code == 410
    refused = limited.post("/sign-in/letter/nosecret")
    assert refused.status_code == 429 and "Too much was sent in a short time." in refused.text
    assert int(refused.headers["Retry-After"]) <= 3600


PROFILE = {"name": "Eva Holm", "organisation": "", "language": "en", "helps_with": ""}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sign-in/second", 409), ("/settings/prove", 403), ("/settings/address", 403)],
)
def test_who_may_not_see_a_form_is_told_as_well_that_it_was_too_often(limited, path, status):
    """Visitors, and people who have given the password but not the second factor."""
    for _number in range(10):
        assert limited.post(path, data={"code": "000"}).status_code == status
    refused = limited.post(path, data={"code": "000"})
    assert refused.status_code == 429 and "Too much was sent in a short time." in refused.text
    assert "Retry-After" in refused.headers


def test_saving_a_profile_is_limited_and_gives_the_words_back(limited, eva):
    enter(limited)
    for _number in range(20):
        assert limited.post("/settings", data={**PROFILE, "preview": "1"}).status_code == 200
    for number in range(30):
        said = {**PROFILE, "helps_with": f"Trams, for the {number}th time."}
        assert limited.post("/settings", data=said).status_code == 303
    refused = limited.post("/settings", data={**PROFILE, "helps_with": "Trams, once too often."})
    assert refused.status_code == 429 and "Trams, once too often." in refused.text
    for _number in range(30):
        assert limited.post("/settings/themes").status_code == 303
    assert limited.post("/settings/themes").status_code == 429


def test_saving_what_one_said_already_leaves_every_page_as_it_is(client, eva):
    def version():
        found = db.select(PAGE_VERSIONS.c.number).where(PAGE_VERSIONS.c.scope == EVERYTHING)
        return db.session.scalar(found)

    enter(client)
    said = {**PROFILE, "about": "I build *trams*.", "city": "Nairobi", "second_language": "de"}
    before = version()
    assert client.post("/settings", data=said).status_code == 303
    saved = version()
    assert saved != before
    for _number in range(2):
        assert client.post("/settings", data=said).status_code == 303
        assert client.post("/settings/themes").status_code == 303
    assert version() == saved
    assert client.post("/settings", data={**said, "third_language": "fr"}).status_code == 303
    assert version() != saved


def test_signing_in_is_limited_for_an_account_from_wherever(limited, eva):
    def from_address(number, password):
        data = {
            "email": "EVA@city.example" if number % 2 else "eva@city.example",
            "password": password,
        }
        return limited.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})

    for number in range(20):
        assert from_address(number, "no").status_code == 422
    assert from_address(40, PASSWORD).status_code == 429


def test_invisible_signs_in_an_address_do_not_make_another_account_of_it(limited, eva):
    def guess(number, email):
        data = {"email": email, "password": "no"}
        return limited.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"10.0.2.{number}"})

    for number in range(20):
        beginning = "e" + "\N{WORD JOINER}" * number
        assert guess(number, f"{beginning}va@city.example").status_code == 422
    assert guess(40, "eva@city.example").status_code == 429
    assert guess(41, " eva@city.exam\N{SOFT HYPHEN}ple").status_code == 429


def test_a_text_of_somebody_else_does_not_keep_guesses_from_being_counted(limited, eva, people):
    """Whoever is signed in and sends such a text along gets another page, also for a wrong password."""
    put_into_session(limited, people.ben)
    data = {"email": "eva@city.example", "password": "no", "kept_action": "/topics/1/reply"}
    data |= {"kept:written_as": "9999", "kept:source": "A text"}

    def guess(number):
        address = {"REMOTE_ADDR": f"10.0.3.{number}"}
        return limited.post("/sign-in", data=data, environ_base=address)

    for number in range(20):
        assert guess(number).status_code == 422
    assert guess(20).status_code == 429


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(limited, eva):
    assert enter(limited).status_code == 303
    assert limited.get_cookie("device") is not None
    limited.post("/sign-out")
    stranger = limited.application.test_client()
    for number in range(21):
        data = {"email": "eva@city.example", "password": "guess"}
        stranger.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    assert enter(stranger).status_code == 429
    assert enter(limited).status_code == 303
    # An invented cookie, or one of another account, is not counted separately.
    stranger.set_cookie("device", "made.up")
    assert enter(stranger).status_code == 429


def test_signing_in_well_does_not_use_up_the_account(limited, eva):
    for number in range(25):
        answer = limited.post(
            "/sign-in",
            data={"email": "eva@city.example", "password": PASSWORD},
            environ_base={"REMOTE_ADDR": f"10.0.1.{number}"},
        )
        assert answer.status_code == 303


def test_joining_is_limited_for_an_address(limited):
    for _number in range(10):
        assert limited.post("/join", data={**JOINING, "name": ""}).status_code == 422
    answer = limited.post("/join", data=JOINING)
    assert answer.status_code == 429
    assert 'value="Planner"' in answer.text
    assert members.member_by_email("eva@city.example") is None


# Password and sessions


def test_a_password_is_changed_with_the_present_one(client, app, eva):
    elsewhere = app.test_client()
    enter(client)
    enter(elsewhere)
    form = {"current_password": "wrong", "new_password": "plain words in a row"}
    answer = client.post("/settings/password", data=form)
    assert answer.status_code == 422 and "This is not your present password." in answer.text
    assert '<a href="#new_password">Type your password again;' in answer.text
    copied = app.test_client()
    copied._cookies = dict(client._cookies)
    assert is_signed_in(copied)
    answer = client.post("/settings/password", data={**form, "current_password": PASSWORD})
    assert answer.status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere) and not is_signed_in(copied)
    assert enter(elsewhere).status_code == 422
    assert enter(elsewhere, password="plain words in a row").status_code == 303


def test_a_weak_new_password_is_refused(client, eva):
    enter(client)
    form = {"current_password": PASSWORD, "new_password": "evaholm99"}
    answer = client.post("/settings/password", data=form)
    assert answer.status_code == 422
    assert 'id="new_password-error"' in answer.text


def test_sessions_are_listed_and_ended(client, app, eva):
    elsewhere = app.test_client()
    enter(client)
    elsewhere.post(
        "/sign-in",
        data={"email": "eva@city.example", "password": PASSWORD},
        headers={
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
        },
    )
    page = client.get("/settings/sessions")
    assert "Firefox on Linux" in page.text
    assert page.text.count('<span class="tag">here</span>') == 1
    (number,) = re.findall(r"/settings/sessions/(\d+)/end", page.text)
    assert client.post(f"/settings/sessions/{number}/end").status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    enter(elsewhere)
    assert client.post("/settings/sessions/end").status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)


def test_nobody_ends_the_session_of_somebody_else(client, sign_in, people, eva):
    enter(client)
    number = members.session_by_token(session_token(client)).id
    assert sign_in(people.ana).post(f"/settings/sessions/{number}/end").status_code == 303
    assert is_signed_in(client)
