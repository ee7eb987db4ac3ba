"""Codes of an app: setting up, entering, used once only."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest

from forum import otp
from forum.accounts import actions as accounts
from forum.accounts.views import signing_in
from forum.clock import at, now
from forum.columns import Base
from forum.db import db
from forum.errors import Conflict, NotFound
from forum.factors import actions, queries
from forum.factors import views as factor_views
from forum.factors.models import Authenticator
from forum.members import actions as members
from forum.moderation.actions import Reasons, suspend
from forum.permissions import SYSTEM, VISITOR
from tests.conftest import link_in
from tests.factors.conftest import (
    EMAIL,
    PASSWORD,
    begin,
    code_of,
    enter,
    fresh,
    is_signed_in,
    show,
    shown_codes,
    switch_codes_on,
)

WRONG = "This code is not right."

# Setting up


def test_codes_are_switched_on_by_the_first_of_them(client, eva, letters):
    enter(client)
    secret, page = begin(client)
    assert (
        len(secret) == 32 and "no-store" in client.get("/settings/codes").headers["Cache-Control"]
    )
    picture = re.search(r'src="(data:image/svg\+xml[^"]+)"', page)[1]
    assert "<svg" in unquote(picture) and "otpauth://totp/" in page and f"secret={secret}" in page
    answer = client.post("/settings/codes", data={"code": code_of(secret)})
    assert answer.status_code == 200 and len(shown_codes(answer)) == 10
    assert "asks for a code from an app now" in letters()[-1].text.replace("\n", " ")
    assert "10 codes are left" in client.get("/settings/factors").text
    assert client.get("/settings/codes").location == "/settings/factors"
    with pytest.raises(Conflict):
        actions.begin_codes(eva)


def test_who_pressed_twice_reads_that_codes_are_on_and_where_recovery_codes_come_from(client, eva):
    enter(client)
    secret, _page = begin(client)
    for _press in range(2):
        answer = client.post("/settings/codes", data={"code": code_of(secret)})
    assert answer.location == "/settings/factors"
    page = client.get(answer.location).text
    assert "Codes are on already. If you have not seen your recovery codes" in page
    assert "Make new recovery codes" in page


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "abcdef", "１２３４５６", "x" * 60]
)
def test_a_wrong_first_code_switches_nothing_on(client, eva, code, monkeypatch):
    enter(client)
    secret, _page = begin(client)
    if code == "000000" and code_of(secret) == code:
        pytest.skip("it is the right one, by a chance of one in a million")
    answer = client.post("/settings/codes", data={"code": code})
    assert answer.status_code == 422 and 'id="code-error"' in answer.text
    assert fresh(eva).factor_at is None
    client.post("/sign-out")
    assert enter(client).location == "/"


def test_two_tabs_are_shown_the_same_secret(client, eva):
    enter(client)
    first, _page = begin(client)
    second, _page = begin(client)
    assert first == second
    assert client.post("/settings/codes", data={"code": code_of(first)}).status_code == 200
    other_tab = client.post("/settings/codes", data={"code": code_of(first)})
    assert (other_tab.status_code, other_tab.location) == (303, "/settings/factors")


def test_a_secret_that_was_not_confirmed_is_made_anew_and_forgotten(client, eva):
    enter(client)
    first, _page = begin(client)
    with at(now() + timedelta(minutes=11)):
        second, _page = begin(client)
    assert first != second
    with at(now() + timedelta(hours=2)):
        actions.forget_old(SYSTEM)
    assert db.session.query(Authenticator).count() == 0


def test_a_code_is_written_as_people_write_it(client, eva):
    enter(client)
    secret, _page = begin(client)
    code = code_of(secret)
    answer = client.post("/settings/codes", data={"code": f" {code[:3]} {code[3:]} "})
    assert answer.status_code == 200


def test_no_row_holds_a_secret_or_a_recovery_code(eva, with_codes):
    secret, codes = with_codes
    raw = base64.b32decode(secret)
    kept = [
        str(row)
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(table.select())
    ]
    for hidden in (secret, raw.hex(), *codes, *(otp.normalised(code) for code in codes)):
        assert not [row for row in kept if hidden in row]
    rows = db.session.execute(Base.metadata.tables["recovery_code"].select()).all()
    assert len(rows) == 10 and all("$argon2id$" in str(row) for row in rows)


# Signing in


def test_a_code_is_the_second_half(client, eva, with_codes):
    secret, _codes = with_codes
    answer = enter(client, next="/topics/7?page=2")
    assert answer.location.startswith("/sign-in/second?next=/topics/7")
    assert not is_signed_in(client)
    page = client.get(answer.location).text
    assert 'autocomplete="one-time-code"' in page
    assert 'name="next" value="/topics/7?page=2"' in page
    answer = show(client, code_of(secret), next="/topics/7?page=2")
    assert (answer.status_code, answer.location) == (303, "/topics/7?page=2")
    assert is_signed_in(client)
    assert "by password and code" in client.get("/settings/sessions").text


def test_a_code_is_taken_once_and_near_its_time_alone(client, app, eva, with_codes):
    """The clock of a phone may be half a minute wrong; a code that somebody else saw cannot be used again."""
    secret, _codes = with_codes
    moment = now() + timedelta(minutes=10)
    with at(moment):
        for steps, status in (
            (-2, 422),
            (2, 422),
            (-1, 303),
            (-1, 422),
            (1, 303),
            (1, 422),
            (0, 422),
        ):
            enter(client)
            answer = show(client, code_of(secret, steps))
            assert answer.status_code == status, steps
            client.post("/sign-out")


def test_a_code_that_switched_codes_on_is_used(client, eva):
    enter(client)
    secret, _page = begin(client)
    code = code_of(secret)
    client.post("/settings/codes", data={"code": code})
    client.post("/sign-out")
    enter(client)
    assert show(client, code).status_code == 422


def test_one_code_in_two_browsers_at_once_lets_one_in(client, app, eva, with_codes):
    secret, _codes = with_codes
    other = app.test_client()
    for browser in (client, other):
        enter(browser)
    code = code_of(secret)
    assert [show(browser, code).status_code for browser in (client, other)] == [303, 422]
    assert is_signed_in(client) and not is_signed_in(other)


def test_two_tabs_of_one_browser(client, eva, with_codes):
    """Both tabs show the form for the code: after signing in with one, the other leads on and says so."""
    secret, codes = with_codes
    enter(client)
    assert client.get("/sign-in/second").status_code == 200
    assert show(client, code_of(secret)).status_code == 303
    answer = show(client, codes[0], next="/rules")
    assert (answer.status_code, answer.location) == (303, "/rules")
    assert "You are signed in already, as" in client.get("/rules").text and is_signed_in(client)
    assert client.get("/sign-in/second").location == "/"
    assert queries.codes_left(eva) == 10, "nothing is used up when there is nothing to show it for"


def test_wrong_codes_of_either_kind_are_answered_alike(client, eva, with_codes):
    secret, codes = with_codes
    enter(client)
    wrong = [
        "0",
        "abc",
        code_of(secret, 7),
        "4kxq-p7m2-hwd9",
        codes[0][:-1],
        "x" * 41,
        "\x00",
        "💥" * 9,
    ]
    for code in wrong:
        answer = show(client, code)
        assert answer.status_code == 422 and not is_signed_in(client), code
        if len(code) < 40:
            assert WRONG in answer.text, code
    assert queries.codes_left(eva) == 10


def test_the_log_says_that_a_factor_was_refused_and_not_whose(client, eva, with_codes, written_log):
    enter(client)
    for code, why in (("000000", "a wrong code, or one that was used"), ("4kxq-p7m2-hwd9", "")):
        show(client, code)
        written = written_log()
        assert f"a factor was refused: {why}" in written and '"level":"info"' in written
        assert code not in written and "eva" not in written.lower()


def test_a_log_that_is_off_says_nothing_of_it(client, eva, with_codes, capsys):
    enter(client)
    show(client, "000000")
    assert capsys.readouterr().err == ""


def test_the_first_half_is_bound_to_its_browser_and_short_lived(client, app, eva, with_codes):
    secret, _codes = with_codes
    stranger = app.test_client()
    assert stranger.get("/sign-in/second").location == "/sign-in"
    assert show(stranger, code_of(secret)).status_code == 409
    enter(client)
    with at(now() + timedelta(minutes=10, seconds=1)):
        assert client.get("/sign-in/second?next=/rules").location == "/sign-in?next=/rules"
        answer = show(client, code_of(secret))
        assert answer.status_code == 409 and "That took too long." in answer.text
    assert not is_signed_in(client)


def test_the_first_half_is_worth_nothing_after_the_password_has_changed(client, eva, with_codes):
    secret, _codes = with_codes
    enter(client)
    with at(now() + timedelta(seconds=2)):
        members.set_password(SYSTEM, eva.handle, "another hash")
        assert show(client, code_of(secret)).status_code == 409


@pytest.mark.parametrize("way", ["changed", "reset", "given"])
def test_it_is_worth_nothing_in_the_very_second_in_which_its_owner_has_changed_it(
    client, eva, with_codes, letters, way
):
    secret, _codes = with_codes
    with at(now() + timedelta(seconds=2)):
        accounts.ask_for_password(VISITOR, EMAIL)
        enter(client)
        if way == "changed":
            accounts.change_password(eva, "another hash", eva.credentials)
        elif way == "given":
            words = ["members", "password", eva.handle]
            run = client.application.test_cli_runner().invoke
            assert run(args=words, input="plain words in a row\n").exit_code == 0
        else:
            link = link_in(letters()[-1]).rpartition("/")[2]
            accounts.reset_password(VISITOR, link, "another hash")
        assert show(client, code_of(secret)).status_code == 409 and not is_signed_in(client)


@pytest.mark.parametrize("half", ["verify_password", "verify_factor"])
def test_a_half_that_is_verified_while_the_password_is_reset_opens_nothing(
    client, eva, with_codes, monkeypatch, half
):
    where = signing_in if half == "verify_password" else factor_views
    real = getattr(where, half)

    def verify(*args, **more):
        shown = real(*args, **more)
        members.set_password(SYSTEM, eva.handle, "another hash")
        return shown

    with at(now() + timedelta(seconds=2)):
        if half == "verify_factor":
            enter(client)
        monkeypatch.setattr(where, half, verify)
        secret, _codes = with_codes
        answer = enter(client) if half == "verify_password" else show(client, code_of(secret))
        assert answer.status_code == 409 and 'name="password"' in answer.text
        assert "How you sign in was changed a moment ago. Sign in again." in answer.text
        assert client.get("/sign-in/second").location == "/sign-in"
        assert not is_signed_in(client)


def test_a_copied_cookie_of_the_first_half_is_worth_nothing_afterwards(
    client, app, eva, with_codes
):
    secret, codes = with_codes
    enter(client)
    thief = app.test_client()
    thief.set_cookie("session", client.get_cookie("session").value)
    assert show(client, code_of(secret)).status_code == 303
    assert show(thief, codes[0]).status_code == 409 and not is_signed_in(thief)


def test_a_text_survives_both_halves(client, eva, with_codes):
    _secret, codes = with_codes
    text = "What I wrote\nbefore my session ended & more."
    form = {"kept_action": "/topics/7/reply", "kept:source": text}
    answer = enter(client, **form)
    assert answer.status_code == 200 and "One more step" in answer.text
    others = show(client, "000", **form), show(client, "", ask="recovery", **form)
    for page in (answer, *others):
        assert 'name="kept_action" value="/topics/7/reply"' in page.text
        assert "before my session ended &amp; more." in page.text and PASSWORD not in page.text
    answer = show(client, codes[3], by="recovery", **form)
    assert answer.status_code == 200 and 'action="/topics/7/reply"' in answer.text
    assert "before my session ended &amp; more." in answer.text and codes[3] not in answer.text
    assert is_signed_in(client)


def test_a_text_survives_a_first_half_that_is_over(client, eva, with_codes):
    form = {"kept_action": "/topics/7/reply", "kept:source": "Long enough to be sorry for."}
    enter(client, **form)
    with at(now() + timedelta(minutes=11)):
        answer = show(client, "000000", **form)
    assert answer.status_code == 409 and "Long enough to be sorry for." in answer.text
    assert 'action="/sign-in"' in answer.text


def test_who_has_taken_the_factor_off_in_another_window_is_asked_for_the_password_again(
    client, eva, with_codes
):
    secret, _codes = with_codes
    enter(client, next="/rules")
    actions.remove_codes(eva, "of another window")
    answer = show(client, code_of(secret), next="/rules")
    assert answer.status_code == 409 and "no second factor any more" in answer.text
    assert 'action="/sign-in"' in answer.text and 'value="/rules"' in answer.text
    assert client.get("/sign-in/second?next=/rules").location == "/sign-in?next=/rules"
    assert not is_signed_in(client)
    assert enter(client, next="/rules").location == "/rules" and is_signed_in(client)


def test_nobody_is_sent_elsewhere_after_the_second_half(client, eva, with_codes):
    secret, _codes = with_codes
    assert enter(client, next="//e.example").location == "/sign-in/second"
    assert show(client, code_of(secret), next="//e.example").location == "/"


def test_a_letter_is_the_first_half_alone(client, eva, with_codes, letters):
    secret, _codes = with_codes
    client.post("/sign-in/letter", data={"email": EMAIL})
    assert client.post(link_in(letters()[-1])).location == "/sign-in/second"
    assert not is_signed_in(client)
    assert show(client, code_of(secret)).status_code == 303
    assert "by e-mail and code" in client.get("/settings/sessions").text


def test_a_new_password_by_letter_leaves_the_second_factor_on(client, eva, with_codes, letters):
    secret, _codes = with_codes
    client.post("/password", data={"email": EMAIL})
    answer = client.post(link_in(letters()[-1]), data={"new_password": "plain words in a row"})
    assert answer.location == "/sign-in/second" and not is_signed_in(client)
    assert show(client, code_of(secret)).status_code == 303 and is_signed_in(client)


def test_who_is_suspended_is_not_asked_for_the_second_half(client, eva, with_codes):
    members.suspend(SYSTEM, eva.id, now() + timedelta(days=1))
    answer = enter(client)
    assert answer.status_code == 422 and "suspended" in answer.text


def test_who_was_suspended_between_the_halves_stays_outside(client, eva, with_codes):
    secret, _codes = with_codes
    enter(client)
    members.suspend(SYSTEM, eva.id, now() + timedelta(days=1))
    assert show(client, code_of(secret)).status_code == 403 and not is_signed_in(client)


def test_who_was_suspended_between_the_halves_is_led_to_the_decision(
    client, people, eva, with_codes
):
    secret, _codes = with_codes
    enter(client)
    suspend(people.administrator, eva.id, now() + timedelta(days=1), Reasons("Stop.", 2))
    answer = show(client, code_of(secret))
    assert answer.status_code == 303 and answer.location.startswith("/appeal/")
    assert not is_signed_in(client)


def test_another_key_of_the_forum_makes_codes_unreadable_and_recovery_codes_stay(
    client, app, eva, with_codes, monkeypatch
):
    secret, codes = with_codes
    enter(client)
    row = queries.authenticator_of(eva)
    row.locked_secret = row.locked_secret[:-6] + "AAAA=="
    db.session.commit()
    assert show(client, code_of(secret)).status_code == 422
    assert show(client, codes[0]).status_code == 303


def test_an_app_is_replaced_or_removed_only_after_its_first_code(app, eva):
    """Nor is one confirmed that nobody has begun to set up, or that is on already."""
    with pytest.raises(Conflict):
        actions.confirm_codes(eva, "123456", [])
    for is_begun in (False, True):
        if is_begun:
            actions.begin_codes(eva)
        with pytest.raises(Conflict):
            actions.replace_codes(eva, secret := otp.new_secret(), code_of(secret), "")
        with pytest.raises(NotFound):
            actions.remove_codes(eva, "")
    assert queries.authenticator_of(eva) and not queries.factors_of(eva).are_any
    secret, _codes = switch_codes_on(eva)
    with pytest.raises(Conflict):
        actions.begin_codes(eva)
    with pytest.raises(Conflict):
        actions.confirm_codes(eva, code_of(secret), [])
    assert queries.factors_of(eva).are_any
