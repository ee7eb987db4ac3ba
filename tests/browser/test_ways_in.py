"""Joining by approval, by invitation, and with an account of a provider; with and without scripts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.people import READY, Demo, Site, Visit, leaving, passwords_of, run_site

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses parts of Authlib that will go
    import oidc_provider_mock

PASSWORD = "seven grey herons wading"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
REASON = "We could not see that you work for a city."


@pytest.fixture
def administrator(visit: Any) -> Iterator[Visit]:
    """The administrator; afterwards joining is open again, as the other tests of this site expect."""
    window = visit(java_script_enabled=False)
    window.sign_in("administrator")
    yield window
    window.send("/administration/joining", mode="open", inviters="moderators")


def press(page: Page, words: str) -> None:
    with leaving(page):
        page.locator("main button", has_text=words).first.click()


def follow(page: Page, words: str) -> None:
    with leaving(page):
        page.locator("main a", has_text=words).first.click()


def chooses(administrator: Visit, mode: str, question: str = "") -> None:
    page = administrator.go("/administration/joining")
    page.locator(f"main [name=mode][value={mode}]").check()
    page.locator("main [name=question_1]").fill(question)
    page.locator("main [name=refusal_1]").fill(REASON)
    press(page, "Save")
    expect(page.locator(f"main [name=mode][value={mode}]")).to_be_checked()


def joins(window: Visit, path: str, name: str, email: str, **more: str) -> Page:
    page = window.go(path)
    for field, value in {"name": name, "email": email, "password": PASSWORD, **more}.items():
        page.locator(f"main [name={field}]").fill(value)
    press(page, "Join")
    window.open_letter()
    return page


@SCRIPTS
def test_by_approval(visit: Any, administrator: Visit, scripts: bool) -> None:
    chooses(administrator, "approval", "Which city do you work with?")
    nora, moderator = visit(java_script_enabled=scripts), visit(java_script_enabled=scripts)
    name, email = f"Nora Lind {'I' * (1 + scripts)}", f"nora{scripts}@city.example"
    page = joins(nora, "/join", name, email, answer_0="Malmö")
    expect(page.locator("h1")).to_have_text("Your request is with the moderators")
    moderator.sign_in("moderator")
    desk = moderator.go("/moderation")
    with leaving(desk):
        desk.locator("main nav a", has_text="Who wants to join").click()
    row = desk.locator("main li", has_text=name)
    expect(row).to_contain_text("Malmö")
    with leaving(desk):
        row.locator("a", has_text="Refuse").click()
    desk.locator("main [name=ready]").select_option(label=REASON)
    press(desk, "Refuse and send the reason")
    expect(nora.go("/join/waiting").locator("main")).to_contain_text(REASON)
    follow(nora.page, "Ask again")
    joins(nora, "/join", name, email, answer_0="Malmö, roads department")
    desk = moderator.go("/moderation/joining")
    with leaving(desk):
        desk.locator("main li", has_text=name).locator("button", has_text="Approve").click()
    expect(desk.locator("#told")).to_contain_text("is a member now")
    nora.sign_in_as(email, PASSWORD)
    expect(nora.go("/settings").locator("main [name=name]")).to_have_value(name)


@SCRIPTS
def test_by_invitation(visit: Any, administrator: Visit, scripts: bool) -> None:
    chooses(administrator, "invitation")
    eva, moderator = visit(java_script_enabled=scripts), visit(java_script_enabled=scripts)
    expect(eva.go("/join").locator("h1")).to_have_text("Joining is by invitation")
    moderator.sign_in("moderator")
    page = moderator.go("/invitations")
    follow(page, "Make an invitation")
    page.locator("main [name=uses]").fill("1")
    page.locator("main [name=ends_on]").fill(f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}")
    page.locator("main [name=note]").fill("See you on Friday.")
    press(page, "Make the invitation")
    link = page.locator("main .rows .pre-line").first.inner_text().removeprefix(eva.site.url)
    name, email = f"Eva Holm {'I' * (1 + scripts)}", f"eva{scripts}@city.example"
    expect(eva.go(link).locator("main")).to_contain_text("See you on Friday.")
    joins(eva, link, name, email)
    expect(eva.go("/settings").locator("main [name=name]")).to_have_value(name)
    expect(moderator.go("/invitations").locator("main .rows li").first).to_contain_text(name)
    late = visit(java_script_enabled=scripts).go(link)
    expect(late.locator("h1")).to_have_text("This invitation is over")


def test_a_link_that_works_once_is_used_once_however_often_the_button_is_pressed(
    visit: Any,
) -> None:
    """The answer to the second press would say that the link no longer works, and nobody would be signed in."""
    window = visit()
    page = window.go("/join")
    words = {"name": "Vera Quist", "email": "vera@city.example", "password": PASSWORD}
    for field, value in words.items():
        page.locator(f"main [name={field}]").fill(value)
    press(page, "Join")
    follow(page, "Open the link of the e\N{NON-BREAKING HYPHEN}mail")
    page.wait_for_function(READY)
    sent: list[Route] = []

    def on_its_way(route: Route) -> None:
        sent.append(route)  # as if the line were slow

    page.route("**/join/confirm/*", on_its_way)
    page.locator("main button[type=submit]").evaluate(
        "button => { button.click(); setTimeout(() => button.click(), 200); }"
    )
    page.wait_for_timeout(1_000)  # in which the second press would send another one
    with leaving(page):
        sent[-1].continue_()
    assert len(sent) == 1
    assert window.is_signed_in()


@pytest.fixture(scope="module")
def with_provider(demo: Demo) -> Iterator[Site]:
    """The demo with a provider. That one goes by number, or its cookies would be taken for ours."""
    data = demo("elsewhere")
    with oidc_provider_mock.run_server_in_thread() as server:
        settings = {
            "FORUM_OIDC_ISSUER": f"http://127.0.0.1:{server.server_port}",
            "FORUM_OIDC_CLIENT_ID": "forum",
            "FORUM_OIDC_CLIENT_SECRET": "secret",
            "FORUM_OIDC_NAME": "City ID",
        }
        yield from run_site(data, passwords_of(data), **settings)


def says_yes(page: Page, who: str) -> None:
    page.locator("input[name=sub]").fill(who)
    with page.expect_navigation(url=re.compile("localhost"), wait_until="load"):
        page.locator("button[type=submit]").first.click()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's, see above
@SCRIPTS
def test_with_an_account_of_elsewhere(chromium: Any, with_provider: Site, scripts: bool) -> None:
    who = f"wanjiru{scripts}@id.example"
    member = Visit(chromium, with_provider, java_script_enabled=scripts)
    member.sign_in("member")
    page = member.go("/settings/elsewhere")
    follow(page, "Link an account of City ID")
    says_yes(page, who)
    press(page, "Link this account")
    expect(page.locator("main li").last).to_contain_text(who)
    other = Visit(chromium, with_provider, java_script_enabled=scripts)
    page = other.go("/sign-in?next=/notices")
    follow(page, "Sign in with City ID")
    says_yes(page, who)
    expect(page, page.inner_text("main")).to_have_url(f"{with_provider.url}/notices")
    expect(page.locator("h1")).to_have_text("Notices")
    page = member.go("/settings/elsewhere")
    with leaving(page):
        page.locator("main li", has_text=who).locator("button", has_text="Unlink").click()
    assert page.locator("main li", has_text=who).count() == 0
    newcomer = Visit(chromium, with_provider, java_script_enabled=scripts)
    page = newcomer.go("/sign-in")
    follow(page, "Sign in with City ID")
    says_yes(page, f"new{scripts}@id.example")
    expect(page, page.inner_text("main")).to_have_url(f"{with_provider.url}/join")
    expect(page.locator("main [name=email]")).to_have_value(f"new{scripts}@id.example")
    policy = [
        c
        for window in (member, other, newcomer)
        for c in window.complaints
        if "Content Security Policy" in c
    ]
    for window in (member, other, newcomer):
        window.context.close()
    assert policy == []
