"""Signing in with an account of a provider: joining, linking, unlinking."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from forum.candidates import actions
from forum.candidates.queries import waiting
from forum.clock import now
from forum.db import db
from forum.identities.actions import link
from forum.identities.queries import identities_of, member_of
from forum.invitations.actions import EntranceText, set_entrance
from forum.members import actions as members
from forum.members import queries
from forum.members.actions import Joining
from forum.members.models import Session
from forum.moderation.actions import Reasons, suspend
from forum.permissions import VISITOR
from tests.conftest import link_in
from tests.elsewhere.conftest import EVA, PASSWORD, go, is_signed_in
from tests.factors.conftest import add_key, change_before_the_session
from tests.mail.conftest import with_settings

# At a real provider


def test_without_a_provider_there_is_no_button_and_no_door(client, sign_in, people):
    assert "/sign-in/elsewhere" not in client.get("/sign-in").text
    assert client.get("/sign-in/elsewhere").status_code == 404
    assert "Accounts elsewhere" not in sign_in(people.ana).get("/settings").text


def test_the_button_goes_there_with_state_nonce_and_pkce(client, real):
    assert "Sign in with City ID" in client.get("/sign-in").text
    door = go(client)
    assert door.startswith(real.issuer + "/")
    for name in ("state=", "nonce=", "code_challenge=", "code_challenge_method=S256"):
        assert name in door
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in%2Felsewhere%2Fback" in door


def test_a_linked_account_signs_in(client, real, eva):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    answer = client.get(real.says_yes(go(client, next="/cases"), "eva"))
    assert (answer.status_code, answer.location) == (303, "/cases")
    assert is_signed_in(client)
    assert "by another service" in client.get("/settings/sessions").text


def test_somebody_new_joins_without_a_letter(client, real, letters):
    real.knows("eva", **EVA)
    answer = client.get(real.says_yes(go(client), "eva"))
    assert answer.location == "/join"
    page = client.get("/join").text
    assert 'value="Eva Holm"' in page and 'value="eva@city.example"' in page
    assert "You have signed in at City ID as" in page and "This is not me" in page
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/"
    assert is_signed_in(client)
    assert "by another service" in client.get("/settings/sessions").text
    (told,) = letters()  # and no e-mail that asks for confirmation
    assert told.to == "eva@city.example" and "linked with your account" in told.text
    assert member_of(real.issuer, "eva").handle == "eva-holm"
    other = client.application.test_client()
    assert other.get(real.says_yes(go(other), "eva")).status_code == 303
    assert is_signed_in(other)


def test_who_comes_from_a_provider_says_that_they_are_old_enough(app, client, real):
    real.knows("eva", **EVA)
    client.get(real.says_yes(go(client), "eva"))
    form = {"name": "Eva Holm", "email": "eva@city.example", "language": "en", "organisation": ""}
    with with_settings(app, minimum_age=16):
        refused = client.post("/join", data=form)
        assert refused.status_code == 422 and "Only people of 16 or older" in refused.text
        assert client.post("/join", data={**form, "is_old_enough": "y"}).location == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "change", [{"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}]
)
def test_an_address_that_is_not_verified_needs_a_letter(client, real, letters, change):
    real.knows("eva2", **{**EVA, **change})
    client.get(real.says_yes(go(client), "eva2"))
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    # The account with this address may be somebody else's
    refused = client.post("/join", data=form)
    assert refused.status_code == 422 and 'id="password-error"' in refused.text
    form["link"] = "y"
    assert client.post("/join", data=form).location == "/join/sent"
    path = link_in(letters()[0])
    phone = client.application.test_client()
    assert "open this e\N{NON-BREAKING HYPHEN}mail in the browser" in phone.get(path).text
    assert phone.post(path, data={"password": ""}).status_code == 422
    assert client.post(path).status_code == 303
    assert member_of(real.issuer, "eva2").email == "eva@city.example"


def test_what_somebody_is_called_there_is_text_on_the_page(client, real):
    real.knows("eva3", name="<img src=x>Eva")
    page = client.get(client.get(real.says_yes(go(client), "eva3")).location).text
    assert "Sign in here with &lt;img src=x&gt;Eva, too" in page and "<img src=x>" not in page


def test_another_address_than_the_verified_one_needs_a_letter(client, real, letters):
    real.knows("eva", **EVA)
    client.get(real.says_yes(go(client), "eva"))
    form = {
        "name": "Eva Holm",
        "email": "other@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
        "link": "y",
    }
    assert client.post("/join", data=form).location == "/join/sent"
    assert queries.member_by_email("other@city.example") is None


def test_who_joins_after_somebody_else_is_not_linked_with_their_account(client, real, letters):
    """On a shared computer, the first person has left the form for joining without sending it."""
    real.knows("mallory", email="mallory@evil.example", email_verified=True, name="Mallory")
    client.get(real.says_yes(go(client), "mallory"))
    page = client.get("/join").text
    assert '<b dir="auto">mallory@evil.example</b>' in page
    assert "Sign in here with mallory@evil.example, too" in page and "checked" not in page
    form = {
        "name": "Vera Lund",
        "email": "vera@city.example",
        "password": PASSWORD,
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/join/sent"
    assert client.post(link_in(letters()[0])).status_code == 303
    assert queries.member_by_email("vera@city.example") is not None
    assert member_of(real.issuer, "mallory") is None


def test_an_account_that_is_somebody_elses_is_forgotten_by_a_press(client, real):
    real.knows("mallory", email="mallory@evil.example", email_verified=True, name="Mallory")
    client.get(real.says_yes(go(client), "mallory"))
    answer = client.post("/sign-in/elsewhere/forget", data={"next": "/join"})
    assert answer.status_code == 303 and answer.location == "/join"
    page = client.get("/join").text
    assert "mallory" not in page.lower() and "City ID as" not in page


def test_nobody_is_linked_by_the_address(client, real, eva):
    real.knows("stranger", **EVA)
    answer = client.get(real.says_yes(go(client), "stranger"))
    assert (
        answer.status_code == 409
        and "Sign in first, then link City ID in your settings." in answer.text
    )
    assert member_of(real.issuer, "stranger") is None and not is_signed_in(client)


def test_an_unverified_address_tells_nothing_about_accounts(client, real, eva):
    real.knows("stranger", **{**EVA, "email_verified": False})
    assert client.get(real.says_yes(go(client), "stranger")).location == "/join"


def test_joining_by_approval_waits_with_the_account(client, real, people):
    set_entrance(people.administrator, EntranceText("approval"))
    real.knows("eva", **EVA)
    client.get(real.says_yes(go(client), "eva"))
    form = {
        "name": "Eva Holm",
        "email": "eva@city.example",
        "password": "",
        "language": "en",
        "organisation": "",
    }
    assert client.post("/join", data=form).location == "/join/waiting"
    other = client.application.test_client()
    assert other.get(real.says_yes(go(other), "eva")).location == "/join/waiting"

    actions.approve(people.moderator, waiting(people.moderator).items[0].candidate.id)
    assert other.get(real.says_yes(go(other), "eva")).location == "/"
    assert is_signed_in(other)


def test_whoever_is_suspended_is_told_so(client, real, eva, people):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    members.suspend(people.moderator, eva.id, now() + timedelta(days=3))
    answer = client.get(real.says_yes(go(client), "eva"))
    assert (
        answer.status_code == 403 and "A moderator has suspended this account until" in answer.text
    )
    assert not is_signed_in(client)


def test_whoever_is_suspended_is_led_to_the_decision(client, real, eva, people):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    suspend(people.administrator, eva.id, now() + timedelta(days=3), Reasons("Stop.", 2))
    answer = client.get(real.says_yes(go(client), "eva"))
    assert answer.status_code == 303 and answer.location.startswith("/appeal/")
    assert not is_signed_in(client)


def test_who_comes_back_while_credentials_change_is_told_so(client, real, eva, monkeypatch):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    change_before_the_session(monkeypatch)
    answer = client.get(real.says_yes(go(client), "eva"))
    assert answer.status_code == 409 and not is_signed_in(client)
    assert "How you sign in was changed a moment ago. Sign in again." in answer.text


def test_saying_no_there_is_no_mistake(client, real):
    door = go(client)
    answer = client.get(re.sub("^.*\\?", "/sign-in/elsewhere/back?", real.says_no(door)))
    assert answer.status_code == 400 and "did not confirm who you are" in answer.text


# Linking and unlinking


def test_a_member_links_an_account_by_a_press_and_unlinks_it(sign_in, real, eva, letters):
    browser = sign_in(eva)
    real.knows("eva", **EVA)
    assert "Accounts elsewhere" in browser.get("/settings").text
    assert browser.get(real.says_yes(go(browser), "eva")).location == "/settings/elsewhere"
    assert "Is this you?" in browser.get("/settings/elsewhere").text
    # Returning from the provider links nothing without a confirmation
    assert list(identities_of(eva)) == []
    assert browser.post("/settings/elsewhere/link").status_code == 303
    (identity,) = identities_of(eva)
    assert (identity.subject, identity.label) == ("eva", "eva@city.example")
    assert "how you sign in" in letters()[-1].subject.lower() and "linked" in letters()[-1].text
    assert browser.post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert list(identities_of(eva)) == [] and len(letters()) == 2


def test_linking_wants_to_know_who_sits_there(sign_in, real, eva):
    browser = sign_in(eva)
    real.knows("eva", **EVA)
    browser.get(real.says_yes(go(browser), "eva"))
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert browser.get("/settings/elsewhere").location.startswith("/settings/prove")
    assert browser.post("/settings/elsewhere/link").location.startswith("/settings/prove")
    assert list(identities_of(eva)) == []


def test_the_question_who_sits_there_leads_back_to_a_page(sign_in, real, eva):
    """To the list of linked accounts, and not to a route that accepts POST only."""
    identity, browser = link(eva, real.issuer, "eva"), sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    for door in ("link", f"{identity.id}/unlink"):
        asked = browser.post(f"/settings/elsewhere/{door}").location
        assert asked == "/settings/prove?next=/settings/elsewhere"


def test_a_closed_account_is_shown_to_be_ones_own_by_the_provider(sign_in, real, app):
    """Members without a password prove in this way who they are, to download everything about them."""
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    members.leave(eva, eva.id, "nameless")
    browser = sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert browser.get("/settings/data").location.startswith("/settings/prove")
    copied = browser.application.test_client()
    copied.set_cookie("session", browser.get_cookie("session").value)
    came = browser.get(real.says_yes(go(browser, next="/settings/data"), "eva"))
    assert came.status_code == 303 and came.location == "/settings/data"
    assert copied.get("/settings/leave").location.startswith("/sign-in"), "its session has ended"
    assert browser.get("/settings/data").status_code == 200


def test_unlinking_ends_the_sessions_elsewhere(sign_in, real, eva):
    """Perhaps somebody else had linked the account."""
    identity, thief, owner = link(eva, real.issuer, "thief"), sign_in(eva), sign_in(eva)
    assert owner.post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert is_signed_in(owner) and not is_signed_in(thief)


def test_a_passkey_is_a_way_to_sign_in(sign_in, real, app):
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    identity = link(eva, real.issuer, "eva")
    add_key(eva)
    assert sign_in(eva).post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 303
    assert list(identities_of(eva)) == []


def test_a_linked_account_shows_who_sits_there(sign_in, real, eva):
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    browser = sign_in(eva)
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    page = browser.get("/settings/address").location
    assert "Show it with City ID instead" in browser.get(page).text
    door = go(browser, next="/settings/address")
    assert "prompt=login" in door and "max_age=0" in door


def test_a_linked_account_does_not_stand_for_the_second_factor(sign_in, real, eva):
    """As when signing in, the provider counts as the first factor."""
    link(eva, real.issuer, "eva")
    real.knows("eva", **EVA)
    add_key(eva)
    browser = sign_in(eva)
    way = go(browser, next="/settings/address")
    assert browser.get(real.says_yes(way, "eva")).location == "/settings/address"
    db.session.execute(Session.__table__.update().values(proved_at=now() - timedelta(hours=1)))
    assert "instead" not in browser.get("/settings/prove").text
    came = browser.get(real.says_yes(go(browser, next="/settings/address"), "eva"))
    assert came.location == "/settings/prove?next=/settings/address"
    assert browser.get("/settings/address").location.startswith("/settings/prove")


def test_what_is_linked_with_another_is_not_linked_again(sign_in, real, eva, people):
    link(people.ana, real.issuer, "eva")
    real.knows("eva", **EVA)
    browser = sign_in(eva)
    answer = browser.get(real.says_yes(go(browser), "eva"))
    assert answer.status_code == 409 and "linked with a member already" in answer.text


def test_the_last_way_to_sign_in_stays(sign_in, real, app):
    eva = members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    identity = link(eva, real.issuer, "eva")
    answer = sign_in(eva).post(f"/settings/elsewhere/{identity.id}/unlink")
    assert answer.status_code == 422 and "This is your only way to sign in." in answer.text
    assert len(identities_of(eva)) == 1


def test_without_a_password_nobody_signs_in_with_an_empty_one(client, real, app):
    members.join(VISITOR, Joining("Eva Holm", "eva@city.example", ""))
    for password in ("", " ", "x"):
        answer = client.post("/sign-in", data={"email": "eva@city.example", "password": password})
        assert answer.status_code == 422


def test_nothing_is_linked_that_did_not_come_back(sign_in, real, eva):
    answer = sign_in(eva).post("/settings/elsewhere/link")
    assert answer.status_code == 409 and "Begin once more" in answer.text


def test_nobody_unlinks_for_another(sign_in, real, eva, people):
    identity = link(eva, real.issuer, "eva")
    assert sign_in(people.ana).post(f"/settings/elsewhere/{identity.id}/unlink").status_code == 404
    assert len(identities_of(eva)) == 1
