"""Passkeys in a real browser with a virtual authenticator, and codes with and without scripts."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.looks import look_narrow_and_wide
from tests.browser.people import READY, Visit

PASSWORD = "seven grey herons wading"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def joined(visit: Any) -> Callable[..., tuple[Visit, str]]:
    """A window in which somebody new is signed in, and their address."""

    def join(**options: Any) -> tuple[Visit, str]:
        window = visit(**options)
        email = f"{secrets.token_hex(6)}@city.example"
        window.join(name="Eva Holm", email=email, password=PASSWORD, language="en", organisation="")
        return window, email

    return join


class Device:
    """The keys of a window's device (CDP WebAuthn); another window's can be given to it.

    When the page of signing in offers passkeys, such a device takes the first one at once, so most tests leave that out.
    """

    def __init__(self, window: Visit, *, offers: bool = False, **options: Any) -> None:
        if not offers:
            window.context.add_init_script(
                "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
            )
        self.cdp = window.context.new_cdp_session(window.page)
        self.cdp.send("WebAuthn.enable")
        added = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**KEY, **options}})
        self.id = added["authenticatorId"]

    def held(self) -> list[dict[str, Any]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])

    def take(self, key: dict[str, Any]) -> None:
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": key})

    def touches(self, is_on: bool) -> None:
        how = {"authenticatorId": self.id, "enabled": is_on}
        self.cdp.send("WebAuthn.setAutomaticPresenceSimulation", how)

    def refuse(self) -> None:
        how = {"authenticatorId": self.id, "isUserVerified": False}
        self.cdp.send("WebAuthn.setUserVerified", how)


def press(window: Visit, label: str) -> None:
    window.follow(window.page.get_by_role("button", name=label).click)


def add_passkey(window: Visit, name: str = "Office computer") -> None:
    page = window.go("/settings/factors")
    window.follow(page.get_by_role("link", name="Add a passkey").click)
    window.page.get_by_label("Name of this passkey").fill(name)
    press(window, "Add a passkey")


def sign_out(window: Visit) -> None:
    window.send("/sign-out")


def is_signed_in(window: Visit) -> bool:
    return "/sign-in" not in window.context.request.get("/settings").url


def test_a_passkey_is_made_and_signs_in_alone(joined: Any) -> None:
    window, _email = joined()
    device = Device(window)
    add_passkey(window)
    assert window.page.locator(".codes li").count() == 10
    (key,) = device.held()
    assert key["rpId"] == "localhost" and key["isResidentCredential"]
    sign_out(window)
    window.go("/sign-in?next=/notices")
    press(window, "Sign in with a passkey")
    assert window.page.url.endswith("/notices") and is_signed_in(window)
    page = window.go("/settings/factors").locator("main").inner_text()
    assert "Office computer" in page and "Last used" in page


def test_a_passkey_is_offered_where_one_signs_in(joined: Any) -> None:
    """Browsers show it among the addresses that they know; this device chooses it as soon as it is offered."""
    window, _email = joined()
    Device(window, offers=True)
    add_passkey(window)
    sign_out(window)
    window.page.goto("/sign-in?next=/notices")
    window.page.wait_for_url(lambda url: urlsplit(url).path == "/notices")
    assert is_signed_in(window)


def test_the_button_takes_the_place_of_the_offer(joined: Any) -> None:
    window, _email = joined()
    device = Device(window, offers=True)
    add_passkey(window)
    sign_out(window)
    device.touches(False)
    with window.page.expect_response("**/passkeys/options/sign-in"):
        window.page.goto("/sign-in?next=/notices")
    window.page.wait_for_function(READY)
    device.touches(True)
    press(window, "Sign in with a passkey")
    assert window.page.url.endswith("/notices") and is_signed_in(window)


def test_a_second_press_before_the_forum_has_answered_asks_for_nothing(joined: Any) -> None:
    window, _email = joined()
    Device(window)
    add_passkey(window)
    sign_out(window)
    page, asked = window.go("/sign-in?next=/notices"), list[str]()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    page.evaluate(
        "() => { HTMLFormElement.prototype.submit = () => (window.sent = -~window.sent) }"
    )
    button = page.get_by_role("button", name="Sign in with a passkey")
    button.click()
    page.wait_for_function("() => window.sent")
    expect(button).to_have_attribute("aria-busy", "true")
    button.click()
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.sent") == asked.count("/passkeys/options/sign-in") == 1


# The browser says whether it can offer passkeys when the button already asks the forum for one
LATE = """PublicKeyCredential.isConditionalMediationAvailable = () => new Promise((say) => {
    const { fetch } = window;
    window.fetch = (...asked) => (say(true), fetch(...asked));
})"""


def test_a_passkey_is_not_offered_once_the_button_is_pressed(joined: Any) -> None:
    window, _email = joined()
    Device(window, offers=True)
    add_passkey(window)
    sign_out(window)
    window.context.add_init_script(LATE)
    page, asked = window.go("/sign-in?next=/notices"), list[str]()
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    press(window, "Sign in with a passkey")
    assert page.url.endswith("/notices") and is_signed_in(window)
    assert asked.count("/passkeys/options/sign-in") == 1


def test_a_passkey_is_the_second_half_after_the_password(joined: Any) -> None:
    window, email = joined()
    Device(window)
    add_passkey(window)
    sign_out(window)
    window.sign_in_as(email, PASSWORD)
    assert window.page.locator("h1").inner_text() == "One more step" and not is_signed_in(window)
    press(window, "Use a passkey")
    assert is_signed_in(window)
    assert "password and passkey" in window.go("/settings/sessions").locator("main").inner_text()


def test_a_removed_passkey_opens_nothing(joined: Any) -> None:
    window, email = joined()
    Device(window)
    add_passkey(window)
    page = window.go("/settings/factors")
    window.follow(page.get_by_role("link", name="Remove").click)
    press(window, "Remove it")
    assert "The passkey is removed." in window.page.locator("#told").inner_text()
    sign_out(window)
    window.go("/sign-in")
    press(window, "Sign in with a passkey")
    assert "This passkey was not accepted." in window.page.locator(".sum").inner_text()
    window.sign_in_as(email, PASSWORD)
    assert is_signed_in(window)


def test_a_key_without_its_owner_does_not_sign_in_alone(joined: Any) -> None:
    window, email = joined()
    device = Device(window)
    add_passkey(window)
    sign_out(window)
    device.refuse()
    page = window.go("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    said = page.locator("[data-passkey] [role=status]")
    said.filter(has_text="No passkey was used.").wait_for()
    assert not is_signed_in(window)
    window.sign_in_as(email, PASSWORD)
    assert page.locator("h1").inner_text() == "One more step"


def test_a_device_makes_one_passkey_for_an_account(joined: Any) -> None:
    window, _email = joined()
    Device(window)
    add_passkey(window)
    page = window.go("/settings/passkeys/new")
    page.get_by_role("button", name="Add a passkey").click()
    said = page.locator("[data-passkey] [role=status]")
    said.filter(has_text="has a passkey for your account already").wait_for()


def test_a_passkey_of_somebody_else_is_not_asked_for(joined: Any) -> None:
    thief, _email = joined()
    stolen = Device(thief)
    add_passkey(thief)
    window, email = joined()
    device = Device(window)
    add_passkey(window)
    sign_out(window)
    for key in device.held():
        device.cdp.send(
            "WebAuthn.removeCredential",
            {"authenticatorId": device.id, "credentialId": key["credentialId"]},
        )
    device.take(stolen.held()[0])
    page = window.sign_in_as(email, PASSWORD)
    page.get_by_role("button", name="Use a passkey").click()
    said = page.locator("[data-passkey] [role=status]")
    said.filter(has_text="No passkey was used.").wait_for()
    assert not is_signed_in(window)


def test_who_one_is_is_shown_again_by_passkey(joined: Any) -> None:
    window, _email = joined()
    Device(window)
    add_passkey(window)
    window.go("/settings/prove?next=/settings/passkeys/new")
    press(window, "Use a passkey")
    assert window.page.url.endswith("/settings/passkeys/new") and is_signed_in(window)


def test_two_tabs_each_have_a_challenge_of_their_own(joined: Any) -> None:
    window, _email = joined()
    Device(window)
    add_passkey(window)
    sign_out(window)
    window.go("/sign-in")
    tab = window.tab()
    tab.goto("/sign-in")
    tab.wait_for_function(READY)
    press(window, "Sign in with a passkey")
    assert is_signed_in(window)
    sign_out(window)
    window.go("/sign-in")
    press(window, "Sign in with a passkey")
    assert is_signed_in(window)


def test_a_browser_that_knows_no_passkeys_says_so(visit: Any) -> None:
    window = visit()
    window.page.add_init_script("delete window.PublicKeyCredential")
    page = window.go("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("This browser does not know passkeys.").wait_for()
    window.sign_in("member")
    assert is_signed_in(window)


def codes_on(window: Visit) -> tuple[str, list[str]]:
    """Switch codes on as a person does; the secret and the recovery codes."""
    page = window.go("/settings/factors")
    window.follow(page.get_by_role("button", name="Set up codes").click)
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Code from the app").fill(code_of(secret))
    window.follow(page.get_by_role("button", name="Switch codes on").click)
    return secret, page.locator(".codes code").all_inner_texts()


def test_on_a_phone_secrets_are_copied_and_the_code_is_typed_at_once(joined: Any) -> None:
    window, email = joined(
        viewport={"width": 390, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = window.go("/settings/factors")
    window.follow(page.get_by_role("button", name="Set up codes").click)
    way = page.get_by_role("link", name="Open it in an app of this device").bounding_box()
    assert way and way["y"] < page.locator("img.qr").bounding_box()["y"]
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.locator("main [role=status]")).to_have_text("Copied")
    secret = page.evaluate("navigator.clipboard.readText()")
    assert secret == re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Code from the app").fill(code_of(secret))
    page.get_by_role("button", name="Switch codes on").click()
    page.get_by_role("button", name="Copy the codes").click()
    expect(page.locator("main .flow [role=status]")).to_have_text("Copied")
    codes = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert codes == page.locator(".codes code").all_inner_texts()
    sign_out(window)
    window.sign_in_as(email, PASSWORD)
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code_of(secret, 1))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    assert is_signed_in(window)


def test_the_pages_on_the_way_are_for_everybody(joined: Any) -> None:
    window, email = joined()
    Device(window)
    add_passkey(window)
    look_narrow_and_wide(window.page)
    page = window.go("/settings/factors")
    window.follow(page.get_by_role("button", name="Set up codes").click)
    look_narrow_and_wide(page)
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Code from the app").fill(code_of(secret))
    page.get_by_role("button", name="Switch codes on").click()
    page.wait_for_url("**/settings/factors")
    look_narrow_and_wide(page)
    for path in ("/settings/prove", "/settings/codes/remove", "/settings/sessions"):
        look_narrow_and_wide(window.go(path))
    page.goto("/settings/factors")
    window.follow(page.get_by_role("link", name="Rename").click)
    look_narrow_and_wide(page)
    sign_out(window)
    look_narrow_and_wide(window.sign_in_as(email, PASSWORD))
    page.get_by_label("Code").fill("1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".sum").wait_for()
    look_narrow_and_wide(page)
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_text("Write one of the recovery codes").wait_for()
    look_narrow_and_wide(page)


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an app shows now, or so many half minutes later.

    The forum takes the code of now and the next one for half a minute more, however slow the machine is.
    """
    return pyotp.TOTP(secret).at(time.time(), counter_offset=steps)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_codes_with_and_without_scripts(joined: Any, scripts: bool) -> None:
    window, email = joined(java_script_enabled=scripts)
    secret, recovery = codes_on(window)
    assert len(recovery) == 10
    page = window.go("/settings/factors")
    assert "10 codes are left." in page.locator("main").inner_text()
    sign_out(window)
    window.sign_in_as(email, PASSWORD)
    code = code_of(secret, 1)
    for typed, is_right in (("000 000", False), (code, True)):
        page.get_by_label("Code").fill(typed)
        window.follow(lambda: page.get_by_label("Code").press("Enter"))
        assert is_signed_in(window) == is_right, typed
    sign_out(window)
    window.sign_in_as(email, PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".sum").wait_for()
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_text("Write one of the recovery codes").wait_for()
    page.get_by_label("Code").fill(recovery[2].upper())
    window.follow(lambda: page.get_by_label("Code").press("Enter"))
    assert is_signed_in(window)


def test_without_scripts_the_page_says_what_passkeys_need(joined: Any) -> None:
    window, _email = joined(java_script_enabled=False)
    page = window.go("/settings/passkeys/new")
    assert "Passkeys need JavaScript" in page.locator("main").inner_text()
    assert not page.get_by_role("button", name="Add a passkey").is_visible()
    sign_out(window)
    page = window.go("/sign-in")
    assert "Passkeys need JavaScript" in page.locator("main").inner_text()
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    assert page.get_by_role("button", name="Sign in", exact=True).is_visible()


def test_a_password_is_shown_and_hidden_with_a_button(visit: Any) -> None:
    window = visit()
    page = window.go("/sign-in")
    field = page.locator("main [name=password]")
    field.fill("what I typed")
    button = page.get_by_role("button", name="Show: Password")
    button.click()
    assert field.get_attribute("type") == "text" and field.input_value() == "what I typed"
    page.get_by_role("button", name="Hide: Password").click()
    assert field.get_attribute("type") == "password"
