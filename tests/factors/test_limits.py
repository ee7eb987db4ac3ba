"""Guessing codes: the number of tries for an account and an address, without locking the owner out."""

from __future__ import annotations

import pytest

from forum import ratelimits
from tests.factors.conftest import EMAIL, PASSWORD, code_of, enter, switch_codes_on


@pytest.fixture
def limited(limited_app):
    """Returns browsers of a forum with rate limits."""
    return limited_app.test_client


def from_address(browser, number, path, **data):
    return browser.post(path, data=data, environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})


def begin(browser, number=200):
    form = {"email": EMAIL, "password": PASSWORD}
    assert from_address(browser, number, "/sign-in", **form).status_code == 303


def test_codes_are_limited_for_an_account_from_wherever(limited, eva):
    secret, codes = switch_codes_on(eva)
    for number in range(10):
        browser = limited()
        begin(browser, number)
        wrong = "000" if number % 2 else "9abc-defg-hjkm"
        assert from_address(browser, number, "/sign-in/second", code=wrong).status_code == 422
    browser = limited()
    begin(browser, 100)
    for code in (code_of(secret), codes[0]):
        answer = from_address(browser, 100, "/sign-in/second", code=code)
        assert (
            answer.status_code == 429
            and "There were too many attempts in a short time." in answer.text
        )
        assert answer.text.count("One more step"), "the form stays"


def test_the_owner_hears_of_ten_refused_factors_once_in_a_day(limited, eva, letters):
    """Whoever tries codes knows the password, and may continue for a long time."""
    switch_codes_on(eva)
    for hour in range(2):
        for number in range(10):
            browser = limited()
            begin(browser, number)
            wrong = "000" if number % 2 else "9abc-defg-hjkm"
            answer = from_address(browser, number, "/sign-in/second", code=wrong)
            assert answer.status_code == 422
            warnings = [
                letter for letter in letters() if "tries to sign in to your" in letter.subject
            ]
            assert len(warnings) == (hour == 1 or number == 9)
        ratelimits.limiter.storage._connection().execute("DELETE FROM hit WHERE key LIKE '%/hour'")
    assert warnings[0].to == EMAIL and "ten times within a" in warnings[0].text
    assert "/password" in warnings[0].text


def test_the_owner_hears_of_few_refused_factors_nothing(limited, eva, letters):
    secret, _codes = switch_codes_on(eva)
    before, browser = len(letters()), limited()
    begin(browser)
    for number in range(9):
        from_address(browser, number, "/sign-in/second", code="000")
    assert from_address(browser, 9, "/sign-in/second", code=code_of(secret)).status_code == 303
    assert len(letters()) == before


def test_codes_are_limited_for_an_address(limited, eva):
    secret, _codes = switch_codes_on(eva)
    browser = limited()
    begin(browser)
    for _time in range(10):
        answer = from_address(browser, 1, "/sign-in/second", ask="recovery")
        assert answer.status_code == 200
    assert from_address(browser, 1, "/sign-in/second", code=code_of(secret)).status_code == 429


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(limited, eva):
    secret, codes = switch_codes_on(eva)
    owner = limited()
    begin(owner)
    assert from_address(owner, 1, "/sign-in/second", code=codes[0]).status_code == 303
    owner.post("/sign-out")
    for number in range(11):
        stranger = limited()
        begin(stranger, number)
        from_address(stranger, number, "/sign-in/second", code="000")
    begin(owner, 201)
    assert from_address(owner, 201, "/sign-in/second", code=code_of(secret)).status_code == 303


def test_showing_again_who_one_is_is_limited_for_an_account(limited, eva):
    _secret, codes = switch_codes_on(eva)
    browsers = [limited() for _number in range(3)]
    for number, browser in enumerate(browsers):
        begin(browser, number)
        from_address(browser, number, "/sign-in/second", code=codes[number])
    for number in range(20):
        data = {"code": "000"} if number % 2 else {"password": "no"}
        answer = from_address(browsers[number % 3], number, "/settings/prove", **data)
        assert answer.status_code == 422
    answer = from_address(browsers[0], 99, "/settings/prove", password=PASSWORD)
    assert (
        answer.status_code == 429 and "There were too many attempts in a short time." in answer.text
    )


def test_asking_for_passkeys_is_limited_for_an_address(limited, eva):
    browser = limited()
    answers = [browser.post("/passkeys/options/sign-in").status_code for _time in range(31)]
    assert answers == [200] * 30 + [429]


def test_signing_in_with_a_passkey_is_limited_for_an_address(limited, eva):
    browser = limited()
    answers = [browser.post("/sign-in/passkey", data={"credential": "{}"}) for _time in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert "There were too many attempts in a short time." in answers[-1].text
    assert enter(browser).status_code == 303, "the password is counted apart"
