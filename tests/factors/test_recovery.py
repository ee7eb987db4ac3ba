"""Recovery codes, switching codes off, and showing again who one is."""

from __future__ import annotations

from datetime import timedelta

from forum.clock import at, now
from forum.factors import actions, queries
from forum.factors.views import verifying
from forum.members.queries import session_by_token
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from tests.conftest import link_in
from tests.factors.conftest import (
    EMAIL,
    PASSWORD,
    add_key,
    begin,
    code_of,
    enter,
    fresh,
    is_signed_in,
    show,
    shown_codes,
    switch_codes_on,
)


def test_a_recovery_code_lets_in_once_and_its_owner_is_told(client, eva, with_codes, letters):
    _secret, codes = with_codes
    enter(client)
    assert "Use a recovery code" in client.get("/sign-in/second").text
    assert 'value="recovery"' in show(client, "", ask="recovery").text
    assert show(client, codes[4].upper().replace("-", " "), by="recovery").status_code == 303
    assert "by password and recovery code" in client.get("/settings/sessions").text
    assert "used a recovery code" in letters()[-1].text
    client.post("/sign-out")
    enter(client)
    answer = show(client, codes[4], by="recovery")
    assert answer.status_code == 422 and 'value="recovery"' in answer.text
    assert show(client, codes[5], by="recovery").status_code == 303
    assert queries.codes_left(eva) == 8


def test_a_code_is_used_up_only_by_the_sign_in_that_succeeds(
    client, app, eva, with_codes, monkeypatch
):
    """Two windows of one browser send two recovery codes at once: both have seen the half session."""
    _secret, codes = with_codes
    enter(client)
    other = app.test_client()
    other.set_cookie("session", client.get_cookie("session").value)
    real = verifying.verify_password

    def verify_second(code_hash, code):
        monkeypatch.setattr(verifying, "verify_password", real)
        assert show(other, codes[1], by="recovery").status_code == 303
        return real(code_hash, code)

    monkeypatch.setattr(verifying, "verify_password", verify_second)
    assert show(client, codes[0], by="recovery").status_code == 409
    assert queries.codes_left(eva) == 9
    assert is_signed_in(other) and not is_signed_in(client)


def test_a_recovery_code_of_somebody_else_is_worth_nothing(client, people, eva, with_codes):
    _secret, others = switch_codes_on(people.ana)
    enter(client)
    assert show(client, others[0]).status_code == 422


def test_factors_of_one_member_are_nothing_to_another(client, people, eva):
    switch_codes_on(people.ana)
    add_key(people.ana)
    secret, codes = switch_codes_on(eva)
    assert queries.passkeys_of(eva) == [] and queries.codes_left(eva) == 10
    enter(client)
    assert show(client, codes[0], by="recovery").status_code == 303
    assert queries.codes_left(eva) == 9 and queries.codes_left(people.ana) == 10
    client.post("/sign-out")
    actions.renew_recovery_codes(people.ana, ["a hash"], "")
    assert queries.codes_left(eva) == 9 and queries.codes_left(people.ana) == 1
    actions.remove_factors_since(SYSTEM, people.ana.id, now() - timedelta(days=1))
    assert not queries.factors_of(people.ana).are_any and not fresh(people.ana).factor_at
    enter(client)
    assert show(client, code_of(secret)).status_code == 303
    actions.forget_member(SYSTEM, people.ana.id)
    assert queries.factors_of(eva).are_any and queries.codes_left(eva) == 9


def test_new_recovery_codes_void_the_old_ones_and_end_the_other_sessions(
    client, app, eva, with_codes
):
    secret, codes = with_codes
    elsewhere = app.test_client()
    enter(elsewhere)
    assert show(elsewhere, code_of(secret)).status_code == 303
    enter(client)
    assert show(client, codes[0]).status_code == 303
    new = shown_codes(client.post("/settings/recovery-codes"))
    assert len(new) == 10 and not set(new) & set(codes)
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    client.post("/sign-out")
    enter(client)
    assert show(client, codes[1]).status_code == 422
    assert show(client, new[1]).status_code == 303


def test_without_a_factor_there_are_no_recovery_codes(client, eva):
    enter(client)
    assert client.post("/settings/recovery-codes").status_code == 409
    assert "Recovery codes" not in client.get("/settings/factors").text


# Switching off, showing again who one is


def test_codes_are_switched_off(client, app, eva, with_codes, letters):
    secret, codes = with_codes
    elsewhere = app.test_client()
    for browser, code in ((client, code_of(secret)), (elsewhere, codes[0])):
        enter(browser)
        show(browser, code)
    assert "your only second factor" in client.get("/settings/codes/remove").text
    assert client.post("/settings/codes/remove").status_code == 303
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    assert "no longer asks for a code" in letters()[-1].text
    assert not queries.has_recovery_codes(eva)
    client.post("/sign-out")
    assert enter(client).location == "/"


CHANGES = [
    ("GET", "/settings/passkeys/new"),
    ("POST", "/settings/passkeys/new"),
    ("POST", "/settings/codes/begin"),
    ("GET", "/settings/codes"),
    ("POST", "/settings/codes"),
    ("GET", "/settings/codes/remove"),
    ("POST", "/settings/codes/remove"),
    ("POST", "/settings/recovery-codes"),
    ("GET", "/settings/address"),
    ("POST", "/settings/address"),
]


def test_every_change_wants_to_know_again_who_it_is(client, eva, with_codes, letters):
    secret, _codes = with_codes
    enter(client)
    show(client, code_of(secret))
    told = len(letters())
    with at(now() + timedelta(minutes=16)):
        for method, path in CHANGES:
            answer = client.open(path, method=method)
            assert answer.location.startswith("/settings/prove?next="), path
        assert client.post("/passkeys/options/new").status_code == 409
    assert len(letters()) == told and fresh(eva).factor_at is not None


def test_who_one_is_is_shown_by_a_code_of_either_kind_with_a_new_token(client, eva, with_codes):
    secret, codes = with_codes
    enter(client)
    show(client, code_of(secret))
    for minutes, proof in ((20, "recovery code"), (40, "code")):
        with at(now() + timedelta(minutes=minutes)):
            before = _token(client)
            assert "Go on with the code" in client.get("/settings/prove").text
            for wrong in ({"password": "no"}, {"code": "123"}, {}):
                assert client.post("/settings/prove", data=wrong).status_code == 422
            form = {"code": code_of(secret) if proof == "code" else codes[0]}
            answer = client.post("/settings/prove", data={**form, "next": "/settings/factors"})
            assert answer.location == "/settings/factors"
            assert _token(client) != before and session_by_token(before) is None
            assert client.get("/settings/passkeys/new").status_code == 200
            assert client.post("/settings/prove", data=form).status_code == 422, "used once"


def test_the_password_alone_takes_off_no_second_factor(client, eva, with_codes):
    """A thief who has a session and the password can neither see the codes again nor change them."""
    enter(client)
    show(client, code_of(with_codes[0]))
    with at(now() + timedelta(minutes=16)):
        answer = client.post("/settings/prove", data={"password": PASSWORD})
        assert answer.status_code == 422 and "Show it, or use a recovery code." in answer.text
        new = {"current_password": PASSWORD, "new_password": "plain words in a row"}
        assert client.post("/settings/password", data=new).status_code == 303
        assert is_signed_in(client)
        for path in ("/settings/codes/remove", "/settings/recovery-codes", "/settings/address"):
            assert client.post(path).location.startswith("/settings/prove?next="), path
    assert fresh(eva).factor_at is not None


def test_a_changed_password_leaves_a_proof_as_it_was(client, eva, with_codes):
    """The proof of the second factor stays valid until its usual end."""
    enter(client)
    show(client, code_of(with_codes[0]))
    with at(now() + timedelta(minutes=10)):
        new = {"current_password": PASSWORD, "new_password": "plain words in a row"}
        assert client.post("/settings/password", data=new).status_code == 303
        assert client.get("/settings/codes/remove").status_code == 200
    with at(now() + timedelta(minutes=16)):
        assert is_signed_in(client)
        ask = "/settings/prove?next=/settings/codes/remove"
        assert client.get("/settings/codes/remove").location == ask


def test_who_has_lost_the_factor_is_led_to_the_recovery_codes_and_to_us(client, eva, with_codes):
    enter(client)
    show(client, code_of(with_codes[0]))
    page = client.get("/settings/prove?next=/settings/factors").text
    assert 'name="password"' not in page and 'href="/contact"' in page
    other = "/settings/prove?by=recovery&next=/settings/factors"
    assert f'href="{other.replace("&", "&amp;")}"' in page
    page = client.get(other).text
    assert "Write one of the recovery codes" in page and "Use the app or a passkey" in page
    assert client.post(other, data={"code": with_codes[1][3]}).location == "/settings/factors"


def test_without_a_second_factor_there_is_nothing_to_recover(client, eva):
    enter(client)
    for path in ("/settings/prove", "/settings/prove?by=recovery"):
        page = client.get(path).text
        assert 'name="password"' in page and 'name="code"' not in page


def _token(client):
    with client.session_transaction() as session:
        return session["_user_id"]


def test_letters_that_were_sent_before_a_change_are_void(client, app, eva, letters):
    other = app.test_client()
    for path in ("/sign-in/letter", "/password"):
        other.post(path, data={"email": EMAIL})
    by_letter, reset = map(link_in, letters())
    with at(now() + timedelta(seconds=2)):
        enter(client)
        secret, _page = begin(client)
        client.post("/settings/codes", data={"code": code_of(secret)})
        for path in (by_letter, reset):
            assert other.get(path).status_code == 410 and other.post(path).status_code == 410
        other.post("/password", data={"email": EMAIL})
        assert other.get(link_in(letters()[-1])).status_code == 200


def test_a_new_password_is_said_after_the_second_factor(client, eva, with_codes, letters):
    client.post("/password", data={"email": EMAIL})
    new = {"new_password": "plain words in a row"}
    assert client.post(link_in(letters()[-1]), data=new).location == "/sign-in/second"
    assert show(client, code_of(with_codes[0])).status_code == 303
    assert "Your password is changed." in client.get("/settings").text
    assert "Your password is changed." not in client.get("/settings").text


def test_another_app_takes_over_by_its_first_code(client, app, eva, with_codes, letters):
    """The old app works until then, so that there is always a second factor."""
    secret, recovery = with_codes
    elsewhere = app.test_client()
    for browser, code in ((client, code_of(secret)), (elsewhere, code_of(secret, 1))):
        enter(browser)
        show(browser, code)
    assert "Use another app" in client.get("/settings/factors").text
    other, page = begin(client)
    assert other != secret and "Your recovery codes stay." in page
    assert begin(client)[0] == other  # two tabs get the same secret
    assert client.get("/settings/codes").status_code == 200
    for wrong in (code_of(secret), "000000", ""):
        assert client.post("/settings/codes", data={"code": wrong}).status_code == 422
    assert is_signed_in(elsewhere)
    done = client.post("/settings/codes", data={"code": code_of(other)})
    assert done.location == "/settings/factors"
    assert "Codes come from the other app now." in client.get("/settings/factors").text
    assert not is_signed_in(elsewhere) and is_signed_in(client)
    assert "another app now" in letters()[-1].text.replace("\n", " ")
    assert client.get("/settings/codes").location == "/settings/factors"
    with at(now() + timedelta(minutes=2)):
        enter(elsewhere)
        assert show(elsewhere, code_of(secret)).status_code == 422
        assert show(elsewhere, code_of(other)).status_code == 303
        enter(browser := app.test_client())
        assert show(browser, recovery[0]).status_code == 303


def test_another_app_is_set_up_by_who_shows_who_they_are(client, eva, with_codes):
    enter(client)
    show(client, code_of(with_codes[0]))
    other, _page = begin(client)
    with at(now() + timedelta(minutes=11)):  # an unconfirmed secret is valid for ten minutes
        assert client.get("/settings/codes").location == "/settings/factors"
        assert begin(client)[0] != other
    with at(now() + timedelta(minutes=20)):
        for path in ("/settings/codes/begin", "/settings/codes"):
            answer = client.post(path, data={"code": code_of(other)})
            assert answer.location.startswith("/settings/prove")


def test_every_change_stands_in_the_inbox(client, eva, with_codes):
    make_notices(SYSTEM)
    enter(client)
    show(client, with_codes[1][0])
    page = client.get("/notices").text
    assert "About how you sign in:" in page
    assert "Codes from an app were switched on" in page


def test_who_has_lost_everything_is_given_a_new_start_alone(client, app, people, eva, with_codes):
    switch_codes_on(people.ana)
    add_key(people.ana)
    enter(client)  # waits for the second factor meanwhile
    actions.remove_factors(SYSTEM, people.ana.handle)
    actions.forget_half_sessions(people.ana)
    assert actions.forget_old(SYSTEM) == 0
    assert not queries.factors_of(people.ana).are_any and queries.codes_left(people.ana) == 0
    assert queries.codes_left(eva) == 10
    assert show(client, code_of(with_codes[0])).status_code == 303 and is_signed_in(client)
