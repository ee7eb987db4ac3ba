"""Sign-ins that are odd: in a browser that is new to the account, or after many wrong passwords. The owner hears of them."""

from __future__ import annotations

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from forum.accounts.views._devices import MAX_ACCOUNTS, _device_serializer, _email_hash
from forum.db import db
from forum.mail.commands import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.members import actions as members
from forum.members.actions import Joining
from forum.members.models import Session
from forum.permissions import VISITOR
from tests.accounts.conftest import JOINING, PASSWORD, WRONG, ask, confirm, enter
from tests.factors.conftest import code_of, switch_codes_on
from tests.moderation.conftest import notices_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15"
OLD, NEW = "eva@city.example", "eva@other.example"


@pytest.fixture
def told(all_letters):
    """Returns a function: the letters about sign-ins."""
    return lambda: [letter for letter in all_letters() if "Somebody signed in to" in letter.subject]


def from_address(browser, number, **data):
    there = {"REMOTE_ADDR": f"10.0.0.{number}"}
    return browser.post("/sign-in", data=data, environ_base=there)


def guess(limited_app, times):
    """Give wrong passwords from elsewhere."""
    for number in range(times):
        answer = from_address(limited_app.test_client(), number, email=OLD, password="wrong")
        assert answer.status_code == 422 and WRONG in answer.text


def test_the_owner_hears_of_a_browser_that_is_new_to_the_account(app, eva, told):
    browser = app.test_client()
    browser.post(
        "/sign-in", data={"email": OLD, "password": PASSWORD}, headers={"User-Agent": FIREFOX}
    )
    [letter] = told()
    said = " ".join(letter.text.split())
    assert letter.to == OLD and "new to it: Firefox on Linux." in said
    assert "/password" in said and "passwords had been given" not in said
    [notice] = notices_of(eva)
    assert (notice.kind, notice.address, notice.words) == (
        "security",
        "/settings/sessions",
        "Firefox on Linux",
    )


def test_a_browser_is_named_in_the_language_of_who_reads_of_it(several, eva):
    """Not in that of the page on which somebody signed in: the owner may have changed it since, or it is somebody else."""
    typed, browser = {"email": OLD, "password": PASSWORD}, several.test_client()
    browser.post("/sign-in", data=typed, headers={"User-Agent": FIREFOX, "Accept-Language": "es"})
    [letter], [notice] = db.session.scalars(select(Delivery)), notices_of(eva)
    for locale, name in (("fr", "Firefox sur Linux"), ("en", "Firefox on Linux")):
        members.choose_locale(eva, locale)
        page = browser.get("/settings/sessions", headers={"Accept-Language": locale}).text
        assert f"<b>{name}</b>" in page
        with several.test_request_context(), force_locale(locale):
            assert notice.words == name
            [told] = deliveries_by_id([letter.id])
            text = compose(told, several.extensions["settings"]).text
            assert name in " ".join(text.split())


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("Firefox sur Linux", "Firefox on Linux"),
        ("Un navegador en Linux", "A browser on Linux"),
        ("Un navigateur", "A browser"),
        ("Safari", "Safari"),
        ("", "A browser"),
    ],
)
def test_what_was_kept_in_other_languages_is_read_in_that_of_the_page(
    app, recognising_all, kept, shown
):
    with app.test_request_context():
        assert Session(device=kept).device_name == shown


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) curl/8", "A browser on Linux"),
        ("curl/8", "A browser"),
        ("Chrome", "Chrome"),
        (f"{IPHONE} CriOS/142.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{IPHONE} FxiOS/145.0 Mobile/15E148 Safari/604.1", "Firefox on iPhone"),
        (f"{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    ],
)
def test_what_a_browser_is_called_also_where_nobody_knows_it(app, eva, all_letters, agent, name):
    browser = app.test_client()
    data = {"email": OLD, "password": PASSWORD}
    browser.post("/sign-in", data=data, headers={"User-Agent": agent})
    assert f"new to it: {name}." in " ".join(all_letters()[-1].text.split())
    assert f"<b>{name}</b>" in browser.get("/settings/sessions").text


def test_the_page_on_privacy_says_what_the_cookie_is_for(client):
    page = client.get("/privacy").text
    assert "cannot lock you out, and we can tell you of a sign-in in another browser." in page


def test_a_browser_is_new_once(app, eva, told):
    browser = app.test_client()
    for _time in range(2):
        enter(browser)
        browser.post("/sign-out")
    assert len(told()) == 1


def test_a_browser_of_several_accounts_is_new_once_to_each(app, eva, told):
    ida = "ida@city.example"
    members.join(VISITOR, Joining("Ida Berg", ida, eva.password_hash))
    browser = app.test_client()
    for email in (OLD, ida) * 2:
        assert enter(browser, email).status_code == 303
        browser.post("/sign-out")
    assert [letter.to for letter in told()] == [OLD, ida]


def test_a_browser_is_known_to_the_latest_accounts_alone(app, eva, told):
    with app.test_request_context():
        marks = {f"account {number}": "number" for number in range(MAX_ACCOUNTS)}
        value = _device_serializer().dumps(marks)
    browser = app.test_client()
    browser.set_cookie("device", value)
    enter(browser)
    with app.test_request_context():
        kept = _device_serializer().loads(browser.get_cookie("device").value)
    assert len(told()) == 1
    assert list(kept) == [*list(marks)[1:], _email_hash(OLD)]


def test_a_browser_is_known_by_a_cookie_of_before(app, eva, told):
    browser = app.test_client()
    with app.test_request_context():
        value = _device_serializer().dumps([_email_hash(OLD), "number"])
    browser.set_cookie("device", value)
    enter(browser)
    assert told() == []


def test_a_browser_stays_known_for_a_year_from_the_latest_sign_in(app, eva):
    browser = app.test_client()
    enter(browser)
    first = browser.get_cookie("device")
    browser.post("/sign-out")
    answer = enter(browser)
    renewed = [cookie for cookie in answer.headers.getlist("Set-Cookie") if "device=" in cookie]
    assert len(renewed) == 1 and "Max-Age=31536000" in renewed[0]
    assert browser.get_cookie("device").value == first.value, "with the mark of before"


def test_a_forged_mark_does_not_make_a_browser_known(app, eva, told):
    browser = app.test_client()
    enter(browser)
    other = app.test_client()
    other.set_cookie("device", browser.get_cookie("device").value[:-2] + "xx")
    enter(other)
    assert len(told()) == 2


def test_whoever_joins_has_a_browser_that_is_known(client, letters, told):
    client.post("/join", data=JOINING)
    confirm(client, letters, password=PASSWORD)
    client.post("/sign-out")
    assert enter(client).status_code == 303
    assert told() == []


def test_a_link_by_e_mail_has_told_the_owner_already(client, eva, letters, told):
    ask(client, "/sign-in/letter")
    confirm(client, letters)
    client.post("/sign-out")
    assert enter(client).status_code == 303
    assert told() == []


def test_the_letter_comes_with_the_session_and_not_before_the_second_step(client, eva, told):
    secret, _codes = switch_codes_on(eva)
    enter(client)
    assert told() == []
    client.post("/sign-in/second", data={"code": code_of(secret)})
    assert len(told()) == 1


def test_letters_about_new_browsers_are_three_a_day(limited_app, eva, told):
    for number in range(5):
        from_address(limited_app.test_client(), number, email=OLD, password=PASSWORD)
    assert len(told()) == 3 and len(notices_of(eva)) == 5


def test_the_letter_says_that_many_passwords_had_been_refused_before(limited_app, eva, told):
    guess(limited_app, 5)
    from_address(limited_app.test_client(), 9, email=OLD, password=PASSWORD)
    [letter] = told()
    assert "Wrong passwords had been given five times" in " ".join(letter.text.split())
    from_address(limited_app.test_client(), 10, email=OLD, password=PASSWORD)
    assert len(told()) == 2 and "passwords had been given" not in told()[-1].text, "told once"


def test_four_refused_passwords_are_not_many(limited_app, eva, told):
    guess(limited_app, 4)
    from_address(limited_app.test_client(), 9, email=OLD, password=PASSWORD)
    [letter] = told()
    assert "passwords had been given" not in letter.text


def test_in_a_known_browser_the_page_says_that_others_have_tried(limited_app, eva, told):
    own = limited_app.test_client()
    from_address(own, 1, email=OLD, password=PASSWORD)
    own.post("/sign-out")
    guess(limited_app, 5)
    assert from_address(own, 2, email=OLD, password=PASSWORD).status_code == 303
    said = (
        "Wrong passwords were given for your account in other browsers. Nobody came in with them."
    )
    assert said in own.get("/").text and len(told()) == 1
    own.post("/sign-out")
    from_address(own, 3, email=OLD, password=PASSWORD)
    assert said not in own.get("/").text


def test_what_the_owner_mistypes_in_a_known_browser_does_not_count(limited_app, eva):
    own = limited_app.test_client()
    from_address(own, 1, email=OLD, password=PASSWORD)
    own.post("/sign-out")
    for number in range(5):
        assert from_address(own, 20 + number, email=OLD, password="wrong").status_code == 422
    from_address(own, 2, email=OLD, password=PASSWORD)
    assert "in other browsers" not in own.get("/").text


def test_a_browser_stays_known_when_the_address_changes(client, eva, letters, told):
    enter(client)
    client.post("/settings/address", data={"email": NEW})
    confirm(client, letters)
    client.post("/sign-out")
    assert enter(client, NEW).status_code == 303
    assert len(told()) == 1, "about the first time"
