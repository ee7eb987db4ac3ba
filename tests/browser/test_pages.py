"""Every page, in both themes, wide and narrow: axe and our own checks find no faults."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from forum.clock import now
from tests.browser.looks import AXE, DESK, SHOTS, VIEWS, axe_faults, faults_here, look
from tests.browser.people import leaving
from tests.browser.unseen import crowded, misleading
from tests.samples_of_files import PDF
from tests.samples_of_pictures import picture

# name, address (or a link to follow from one), who looks
PAGES: list[tuple[str, str, str]] = [
    ("home", "/", "visitor"),
    ("home-member", "/", "member"),
    ("agendas", "/agendas", "visitor"),
    ("agenda", "/agendas/globally-connected", "visitor"),
    ("agenda-member", "/agendas/globally-connected", "member"),
    ("agenda-host", "/agendas/globally-connected", "moderator"),
    ("briefing", "/agendas/climate-resilient/briefing", "visitor"),
    ("agenda-topics", "/agendas/climate-resilient/topics", "visitor"),
    ("agenda-edit", "/agendas/affordable/edit", "moderator"),
    ("agenda-new", "/agendas/new", "moderator"),
    ("agenda-kept", "/agendas/affordable/delete", "moderator"),
    ("topics", "/topics", "visitor"),
    ("topic", "topic:", "visitor"),
    ("topic-member", "topic:", "member"),
    ("topic-moderator", "topic:", "moderator"),
    ("most-useful", "question:who employs the clerk/useful", "visitor"),
    ("topic-whole", "question:who employs the clerk/whole", "member"),
    ("topic-new", "/agendas/affordable/topics/new?kind=experience", "member"),
    ("question-new", "/agendas/affordable/topics/new?kind=question", "member"),
    ("by-email", "/agendas/affordable/by-email", "member"),
    ("topic-asked", "question:Who pays the rates", "member"),
    ("topic-followed-up", "question:who employs the clerk", "visitor"),
    ("ask", "question:Who pays the rates/ask", "moderator"),
    ("pass-on", "question:Who pays the rates/pass-on", "member"),
    ("postpone", "question:Who pays the rates/postpone", "member"),
    ("themes", "/themes", "visitor"),
    ("glossary", "/glossary", "visitor"),
    ("glossary-moderator", "/glossary", "moderator"),
    ("glossary-entry", "/glossary/social-housing", "visitor"),
    ("glossary-propose", "/glossary/stormwater/propose", "member"),
    ("glossary-edit", "/glossary/stormwater/edit", "moderator"),
    ("glossary-history", "/glossary/stormwater/history", "visitor"),
    ("search-widened", "/search?q=social+housing", "visitor"),
    ("cases", "/cases", "visitor"),
    ("case", "/cases/c40", "visitor"),
    ("case-member", "/cases/c40", "member"),
    ("case-new", "/agendas/affordable/cases/new", "moderator"),
    ("practices", "/practices", "visitor"),
    ("practices-tried", "/practices?tried=stopped&tried_size=medium", "visitor"),
    ("practice", "/practices/read-each-others-flood-plan", "visitor"),
    ("practice-member", "/practices/read-each-others-flood-plan", "member"),
    ("practice-compare", "/practices/ward-rehearsal/compare", "visitor"),
    (
        "practices-compared",
        "/practices/ward-rehearsal/compare?with=neighbours-list-heat",
        "visitor",
    ),
    (
        "practices-compared-member",
        "/practices/one-mandate-many-heirs/compare?with=two-signatures-handover",
        "member",
    ),
    ("practice-wanted", "/practices/read-each-others-flood-plan/intention", "member"),
    ("practice-new", "/practices/new?agenda=affordable", "member"),
    ("practices-mine", "/practices/mine", "member"),
    ("readings", "/readings", "visitor"),
    ("readings-member", "/readings", "member"),
    ("declarations", "/declarations", "visitor"),
    ("declaration", "/declarations/2", "visitor"),
    ("declaration-member", "/declarations/2", "member"),
    ("declaration-host", "/declarations/2", "moderator"),
    ("declaration-adopted", "/declarations/1", "visitor"),
    ("declaration-consulted", "/declarations/3", "visitor"),
    ("declaration-new", "/agendas/globally-connected/declarations/new", "moderator"),
    ("declaration-sign", "/declarations/2/sign", "member"),
    ("declaration-invite", "/declarations/2/invite", "moderator"),
    ("declaration-adopt", "/declarations/2/adopt", "moderator"),
    ("declaration-withdraw", "/declarations/2/withdraw", "moderator"),
    ("signatures", "/declarations/2/signatures", "visitor"),
    ("declaration-history", "/declarations/3/history", "visitor"),
    ("translation", "/practices/ward-rehearsal/in/ar", "visitor"),
    ("translation-outdated", "/practices/ward-rehearsal/in/fr", "member"),
    ("translation-moderator", "/practices/one-mandate-many-heirs/in/en", "moderator"),
    ("translation-case", "/cases/medellin-green-corridors/in/es", "visitor"),
    ("translation-history", "/practices/ward-rehearsal/in/fr/history", "visitor"),
    ("translation-new", "/practices/ward-rehearsal/translate?language=de", "member"),
    ("translation-edit", "/practices/ward-rehearsal/in/fr/edit", "member"),
    ("translation-delete", "/practices/ward-rehearsal/in/fr/delete", "moderator"),
    ("translation-report", "/translations/1/report", "visitor"),
    ("translated", "/practices/ward-rehearsal", "member"),
    ("commitments", "/commitments", "visitor"),
    ("commitments-none", "/commitments?city=nowhere", "member"),
    ("commitment", "/commitments/2", "visitor"),
    ("commitment-member", "/commitments/4", "member"),
    ("commitment-moderator", "/commitments/2", "moderator"),
    ("commitment-ended", "/commitments/1", "visitor"),
    ("commitment-kept", "/commitments/3", "visitor"),
    ("commitment-history", "/commitments/2/history", "visitor"),
    ("commitment-new", "/commitments/new?agenda=globally-connected", "member"),
    ("commitment-report", "/commitments/2/report", "visitor"),
    ("meetings", "/meetings", "visitor"),
    ("meetings-past", "/meetings?show=past", "member"),
    ("meeting", "/meetings/2", "visitor"),
    ("meeting-member", "/meetings/3", "member"),
    ("meeting-past", "/meetings/1", "moderator"),
    ("meeting-new", "/agendas/affordable/meetings/new", "moderator"),
    ("meeting-edit", "/meetings/3/edit", "moderator"),
    ("meeting-cancel", "/meetings/3/cancel", "moderator"),
    ("meeting-outcome", "/meetings/1/outcome", "moderator"),
    ("members", "/members", "visitor"),
    ("member", "/members/wanjiru-kamau", "visitor"),
    ("member-own", "/members/wanjiru-kamau", "member"),
    ("cities", "/cities", "visitor"),
    ("city", "city:", "visitor"),
    ("city-exchange", "/cities/accra/exchange?year=2026", "visitor"),
    ("member-exchange", "/members/wanjiru-kamau/exchange", "member"),
    ("organisations", "/organisations", "visitor"),
    ("organisation", "/organisations/rotterdam", "visitor"),
    ("search", "/search?q=flood", "visitor"),
    ("search-empty", "/search", "visitor"),
    ("search-nothing", "/search?q=qqqqqq", "visitor"),
    ("join", "/join", "visitor"),
    ("join-invited-over", "/join/invited/none", "visitor"),
    ("sign-in", "/sign-in", "visitor"),
    ("sign-in-letter", "/sign-in/letter", "visitor"),
    ("password-letter", "/password", "visitor"),
    ("letter-over", "/sign-in/letter/none", "visitor"),
    ("settings", "/settings", "member"),
    ("settings-address", "/settings/address", "member"),
    ("settings-handle", "/settings/handle", "member"),
    ("settings-prove", "/settings/prove", "member"),
    ("settings-factors", "/settings/factors", "member"),
    ("settings-passkey", "/settings/passkeys/new", "member"),
    ("settings-password", "/settings/password", "member"),
    ("settings-elsewhere", "/settings/elsewhere", "member"),
    ("invitations", "/invitations", "member"),
    ("invitation-new", "/invitations/new", "moderator"),
    ("settings-sessions", "/settings/sessions", "member"),
    ("settings-themes", "/settings/themes", "member"),
    ("settings-contact", "/settings/contact", "member"),
    ("settings-data", "/settings/data", "member"),
    ("settings-leave", "/settings/leave", "member"),
    ("left", "/left", "visitor"),
    ("contact-member", "/members/mikko-rautio/contact", "member"),
    ("terms", "/terms", "visitor"),
    ("terms-write", "/administration/terms", "administrator"),
    ("close-account", "/administration/members/wanjiru-kamau/leave", "administrator"),
    ("settings-notices", "/settings/notices", "member"),
    ("settings-advice", "/settings/advice", "member"),
    ("notices", "/notices", "member"),
    ("drafts", "/drafts", "member"),
    ("bookmarks", "/bookmarks", "member"),
    ("searches", "/searches", "member"),
    ("search-to-keep", "/search?q=flood", "member"),
    ("pictures", "/pictures", "member"),
    ("waiting", "/waiting", "member"),
    ("waiting-one", "/waiting/1", "member"),
    ("waiting-revise", "/waiting/1/revise", "member"),
    ("held", "/moderation/held/1", "moderator"),
    ("screening", "/administration/screening", "administrator"),
    ("screening-rule", "/administration/screening/new", "administrator"),
    ("screening-change", "/administration/screening/1", "administrator"),
    ("screening-domains", "/administration/screening/domains", "administrator"),
    ("screening-try", "/administration/screening/try", "administrator"),
    ("webhooks", "/administration/webhooks", "administrator"),
    ("webhook-new", "/administration/webhooks/new", "administrator"),
    ("queue", "/moderation", "moderator"),
    ("invitations-all", "/moderation/invitations", "moderator"),
    ("report-illegal", "/members/mikko-rautio/report", "visitor"),
    ("report-number", "/reports", "visitor"),
    ("reports", "/reports", "member"),
    ("settings-ignored", "/settings/ignored", "member"),
    ("staff-notes", "/members/mikko-rautio/notes", "moderator"),
    ("joining-queue", "/moderation/joining", "moderator"),
    ("seats", "/organisations/rotterdam/seats", "moderator"),
    ("voices", "/organisations/rotterdam/voices", "moderator"),
    ("log", "/moderation/log", "moderator"),
    ("topics-selected", "/agendas/affordable/topics/select?all=1", "moderator"),
    ("hosts-told", "/agendas/hosts/tell", "moderator"),
    ("administration", "/administration/members", "administrator"),
    ("flaggers", "/administration/flaggers", "administrator"),
    ("forum", "/administration/forum", "administrator"),
    ("mark", "/administration/mark", "administrator"),
    ("factors-required", "/administration/factors", "administrator"),
    ("joining", "/administration/joining", "administrator"),
    ("mail", "/administration/mail", "administrator"),
    ("figures", "/administration/figures", "administrator"),
    ("rules", "/rules", "visitor"),
    ("rules-write", "/administration/rules", "administrator"),
    ("recourse", "/administration/recourse", "administrator"),
    ("ready-texts", "/moderation/texts", "moderator"),
    ("ready-text-new", "/moderation/texts/new", "moderator"),
    ("ready-text", "/moderation/texts/1", "moderator"),
    ("ready-text-delete", "/moderation/texts/1/delete", "moderator"),
    ("orders", "/moderation/orders", "moderator"),
    ("order-new", "/moderation/orders/new", "moderator"),
    ("appeals", "/moderation/appeals", "moderator"),
    ("silence", "/members/wanjiru-kamau/silence", "moderator"),
    ("warn-reporter", "/members/wanjiru-kamau/warn-reporter", "moderator"),
    ("transparency", "/transparency", "visitor"),
    ("register", "/transparency/decisions", "visitor"),
    ("privacy", "/privacy", "visitor"),
    ("accessibility", "/accessibility", "visitor"),
    ("contact", "/contact", "visitor"),
    ("help", "/help", "visitor"),
    ("api", "/api", "visitor"),
    ("error-404", "/nothing-here", "visitor"),
]


def address(page: Any, wanted: str) -> str:
    if wanted == "topic:":
        page.goto("/agendas/globally-connected/topics?order=newest")
        link = page.locator("main a[href^='/topics/']").first
        return str(link.get_attribute("href"))
    if wanted.startswith("question:"):
        title, _slash, door = wanted.removeprefix("question:").partition("/")
        page.goto("/agendas/affordable/topics?kind=question")
        link = page.locator("main a[href^='/topics/']", has_text=title).first
        topic = str(link.get_attribute("href"))
        return f"/topics/{topic.split('/')[2].split('-', maxsplit=1)[0]}/{door}" if door else topic
    if wanted == "city:":
        page.goto("/cities")
        return str(page.locator("main a[href*='/cities/rotterdam']").first.get_attribute("href"))
    return wanted


@pytest.mark.parametrize(("name", "wanted", "who"), PAGES, ids=[page[0] for page in PAGES])
def test_page(name: str, wanted: str, who: str, windows: Any) -> None:
    window = windows(who, *DESK)
    page = window.page
    answer = page.goto(address(page, wanted), wait_until="load")
    expected = 404 if name.startswith("error") else 410 if name.endswith("over") else 200
    assert answer.status == expected, f"{name}: {answer.status}"
    page.evaluate(AXE)
    faults = crowded(page)
    for theme, width in VIEWS:  # the desk comes last, which leaves the shared window as it was
        look(page, theme, width)
        if SHOTS:
            page.screenshot(path=Path(SHOTS, f"{name}-{width}-{theme}.png"), full_page=True)
        wide = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            faults.append(f"{theme} {width}: {wide} px wider than the window")
        faults += [f"{theme} {width}: {fault}" for fault in (*axe_faults(page), *misleading(page))]
    # Of the content security policy, or of a request to another host
    faults += window.complaints
    window.complaints.clear()
    assert faults == []


def test_the_demo_shows_what_moderators_decided_and_what_was_edited(
    visit: Any, moderator: Any
) -> None:
    said, moments, path = "", [], "/moderation/log"
    while path:  # what other tests have decided stands before it
        page = moderator.go(path)
        said += page.locator("main").inner_text()
        decided = page.locator("main th time:not(.xs time)")  # but when one was taken back
        moments += decided.evaluate_all("all => all.map(one => one.dateTime)")
        following = page.locator("a[rel=next]")
        path = str(following.first.get_attribute("href")) if following.count() else ""
    assert all(deed in said for deed in ("Returned", "Published", "Locked", "Hidden", "Featured"))
    assert len(moments) >= 20 and moments == sorted(moments, reverse=True)
    words = visit().go("/transparency/decisions").locator("main").inner_text()
    assert "Be fair to people" in words
    topic = visit().go("/search?q=Parking+minimums+gone").locator("main ol a, main ul a").first
    page = visit().go(str(topic.get_attribute("href")))
    page.goto(str(page.locator("a[href$='/history']").first.evaluate("link => link.href")))
    assert (
        page.locator("main del").first.inner_text() and page.locator("main ins").first.inner_text()
    )


def test_the_cities_of_the_demo_lead_to_each_other_by_what_they_wrote(visit: Any) -> None:
    window = visit()
    leads = "section[aria-labelledby=peers] > .rows"
    for slug, likest in (
        ("rotterdam", "Copenhagen, Denmark"),
        ("surat", "Da Nang, Vietnam"),
        ("tampere", "Tunis, Tunisia"),
        ("medellin", "Copenhagen, Denmark"),
    ):
        page = window.go(f"/cities/{slug}")
        cities = page.locator(f"{leads} h3")
        assert cities.count() == 6 and cities.first.inner_text() == likest, slug
        assert page.locator(f"{leads} > li:not(:has(ul a))").count() == 0, slug
    reason = page.locator(f"{leads} ul a[href^='/practices/']").first
    practice = window.go(str(reason.get_attribute("href")))
    said = practice.locator("main").inner_text()
    assert "Medellín" in said and "Copenhagen" in said
    assert window.go("/cities/tokyo").locator("#peers").count() == 0


def test_the_pages_of_a_decision(visit: Any, member: Any, moderator: Any) -> None:
    """Hiding, the reasons, appealing, and what whoever answers reads, from the first report on."""
    topic = moderator.open_topic("A topic with hard words")
    post = member.post(topic, "You are fools.")
    moderator.send(f"/posts/{post}/report", reason="rules", text="It is rude.")
    faults = faults_of(moderator, f"/posts/{post}/hide")
    moderator.send(f"/posts/{post}/hide", rule="2", reason="It is rude.")
    why = member.go(f"/posts/{post}/why").url
    decision = why.removeprefix(member.site.url)
    faults += faults_of(member, decision) + faults_of(member, f"{decision}/appeal")
    member.send(f"{decision}/appeal", text="They are fools.")
    faults += faults_of(member, f"{decision}/appeal") + faults_of(moderator, "/moderation/appeals")
    administrator = visit()
    administrator.sign_in("administrator")
    page = administrator.go("/moderation/appeals")
    appeal = str(page.locator("main ol a, main ul a, main table a").first.get_attribute("href"))
    faults += faults_of(moderator, appeal) + faults_of(administrator, appeal)
    faults += faults_of(moderator, "/transparency/decisions")
    assert faults == []


def test_the_pages_of_an_order(member: Any, moderator: Any) -> None:
    """Writing an order down, following it, and what its author and everybody read."""
    topic = moderator.open_topic("A topic that a court reads")
    post = member.post(topic, "What a court has forbidden.")
    today = now().date().isoformat()
    order = {
        **{"kind": "content", "authority": "District Court of Rotterdam", "state": "NL"},
        **{"reference": "12 O 34/26", "law": "Penal code, article 266", "territory": "Netherlands"},
        **{"issued_on": today, "received_on": today, "effect": "", "seen": ""},
        "redress": "Appeal to the High Court within four weeks.",
    }
    moderator.send("/moderation/orders/new", **order)
    page = moderator.go(f"/posts/{post}/hide")
    page.locator("button[name=ordered]").click()
    page.wait_for_load_state("load")
    faults = faults_here(page, "the order where one decides")
    if SHOTS:
        page.screenshot(path=Path(SHOTS, "order-followed.png"), full_page=True)
    page.locator("select[name=order]").select_option(index=1)
    page.locator("textarea[name=reason]").fill("A court has found it illegal.")
    page.locator("main form button[type=submit].btn.stop").click()
    page.wait_for_load_state("load")
    decision = member.go(f"/posts/{post}/why").url.removeprefix(member.site.url)
    faults += faults_of(member, decision)
    assert "District Court of Rotterdam" in member.page.inner_text("main")
    if SHOTS:
        member.page.screenshot(path=Path(SHOTS, "order-decision.png"), full_page=True)
    href = moderator.go("/moderation/orders").locator("main ul.rows a").first.get_attribute("href")
    faults += faults_of(moderator, "/moderation/orders") + faults_of(moderator, str(href))
    faults += faults_of(moderator, f"{href}/delete")
    if SHOTS:
        moderator.page.screenshot(path=Path(SHOTS, "order.png"), full_page=True)
    faults += faults_of(moderator, "/transparency")
    assert faults == []


def test_what_a_rule_refuses_stays_in_the_form(visit: Any) -> None:
    """A profile, a note of having tried something, and the practice that a rule finds something in."""
    administrator, member = visit(), visit()
    administrator.sign_in("administrator")
    member.sign_in("member")
    rule = "/administration/screening/new"
    sentence = "Words of betting are read first."
    administrator.send(rule, kind="word", value="zeppelinium", sentence=sentence)
    page = member.go("/settings")
    about = page.locator("main [name=about]")
    about.fill("I fly a zeppelinium over our city.")
    member.follow(page.locator("main button[type=submit][data-publish]").click)
    assert sentence in page.locator("main").inner_text()
    assert "zeppelinium" in page.locator("main [name=about]").input_value()
    faults = faults_here(page, "/settings-refused")
    topic = administrator.open_topic("A zeppelin for each district")
    post = administrator.post(topic, "It was kept in a shed.")
    said = {"kind": "tried it", "outcome": "kept", "note": "We bought a zeppelinium."}
    page.set_content(
        f'<form method="post" action="{member.site.url}/posts/{post}/mark">'
        + "".join(f'<input name="{name}" value="{value}">' for name, value in said.items())
        + f'<input name="csrf_token" value="{token_of(member)}"><button>Send</button></form>'
    )
    with leaving(page):
        page.locator("button").click()
    assert sentence in page.locator("main").inner_text()
    assert page.locator("main [name=note]").input_value() == said["note"]
    faults += faults_here(page, "/tried-refused")
    faults += faults_of(administrator, "/administration/screening")
    faults += faults_of(administrator, rule)
    member.complaints.clear()  # a form that was written by hand
    assert faults == []


def test_the_pages_of_a_webhook(visit: Any) -> None:
    """One that leads where the forum may not go, refused and taken; its page, its secret, and being asked before it goes."""
    administrator = visit()
    administrator.sign_in("administrator")
    page = administrator.go("/administration/webhooks/new")
    faults: list[str] = []
    for address, name in (
        ("https://127.0.0.1/", ""),
        (f"https://{'a' * 63}.{'b' * 63}.invalid/in", "Town hall"),
    ):
        page.locator("main [name=name]").fill(name)
        page.locator("main [name=address]").fill(address)
        page.locator("main [name=format][value=standard]").check()
        administrator.follow(page.locator("main button[type=submit]").click)
        faults += faults_here(page, f"/webhook-{name or 'refused'}")
    path = "/" + page.url.split("/", 3)[3]
    administrator.send(f"{path}/try", path)
    administrator.send(f"{path}/pause", path)
    faults += faults_of(administrator, path)  # with what waits until it is resumed
    faults += faults_of(administrator, "/administration/webhooks")
    for part in ("edit", "secret", "delete"):
        faults += faults_of(administrator, f"{path}/{part}")
    administrator.send(f"{path}/delete")
    assert faults == []


def token_of(window: Any) -> str:
    page = window.context.request.get("/settings").text()
    return str(page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0])


def test_what_is_removed_and_whom_one_can_turn_to(visit: Any) -> None:
    """A removed practice as moderators see it and as its author reads it; the decision names a body for disputes."""
    administrator, author, visitor = visit(), visit(), visit()
    administrator.sign_in("administrator")
    words = {"name": "Petra Pracht", "position": "Engineer", "language": "en", "organisation": ""}
    author.join(email="petra@city.example", password="seven grey herons wading", **words)
    said = {"title": "Benches that hum", "sentence": "They hum.", "language": "en"}
    said |= {"agenda": "affordable", "audience": "public", "failure_audience": "public"}
    author.send("/practices/new", deed="submit", **said)
    practice = "/practices/benches-that-hum"
    administrator.send(f"{practice}/publish", form=practice)
    administrator.send(f"{practice}/hide", rule="2", reason="It is rude.")
    faults = faults_of(visitor, practice)
    assert "The moderators have hidden this page. Rule 2" in visitor.page.inner_text("main")
    faults += faults_of(administrator, f"{practice}/remove")
    administrator.send(f"{practice}/remove", rule="2", reason="It is rude.")
    faults += faults_of(administrator, practice)
    assert "hidden this page" not in visitor.go(practice).inner_text("main")
    named = {"body_name": "Ombuds of Cities", "body_address": "https://ombuds.example"}
    named |= {"body_sentence": "Free of charge, in English and French.", "language": "en"}
    administrator.send("/administration/recourse", **named)
    faults += faults_of(administrator, "/administration/recourse")
    log = administrator.go("/moderation/log").locator("main a[href*='/moderation/decisions/']")
    decision = str(log.first.get_attribute("href"))
    faults += faults_of(author, decision)
    read = author.page.inner_text("main")
    assert "They hum." in read and "Ombuds of Cities" in read and "Free of charge" in read
    administrator.send("/administration/recourse", language="en")
    assert faults == []


def test_the_pages_of_what_ends_and_is_taken_away(visit: Any) -> None:
    """A lock with a last day and its line in the log, a name in a statement, and an agenda that was made by mistake."""
    administrator, member, visitor = visit(), visit(), visit()
    administrator.sign_in("administrator")
    member.sign_in("member")
    topic = administrator.open_topic("A bench that is locked for a while")
    door = f"/topics/{topic.split('/')[2].partition('-')[0]}"
    faults = faults_of(administrator, f"{door}/lock")
    until = (date.today() + timedelta(days=9)).isoformat()
    administrator.send(f"{door}/lock", reason="Let us sleep over it.", until=until)
    faults += faults_of(visitor, topic) + faults_of(administrator, topic)
    assert "This topic is locked until" in visitor.page.inner_text("main")
    faults += faults_of(administrator, f"{door}/set-lock-end")
    faults += faults_of(administrator, f"{door}/tell-all")
    administrator.send(f"{door}/tell-all")
    faults += faults_of(administrator, f"{door}/tell-all") + faults_of(visitor, topic)
    assert "Told to all members" in visitor.page.inner_text("main")
    faults += faults_of(member, "/notices")
    faults += faults_of(administrator, "/moderation/log")
    handle = member.go("/").locator("body").get_attribute("data-member")
    said = {"name": "Somebody", "quotation": "We sat down first.", "language": "en"}
    statement = "/agendas/affordable/statements/new"
    administrator.send(statement, handle=str(handle), **said)
    faults += faults_of(member, "/agendas/affordable")
    faults += faults_of(member, "/notices")
    page = member.go("/agendas/affordable")
    member.follow(page.get_by_role("button", name="Take my name away").click)
    assert "Your name is taken away" in member.page.inner_text("body")
    words = {"title": "Made twice by mistake", "summary": "Twice.", "introduction": "Twice."}
    agenda = administrator.go("/agendas/new")
    fixed = {
        name: agenda.locator(f"main [name={name}]").first.input_value()
        for name in ("palette", "pattern", "language")
    }
    administrator.send("/agendas/new", **words, **fixed)
    faults += faults_of(administrator, "/agendas/made-twice-by-mistake/delete")
    administrator.send("/agendas/made-twice-by-mistake/delete", reason="It was made twice.")
    faults += faults_of(administrator, "/moderation/log")
    assert visitor.page.goto(f"{visitor.site.url}/agendas/made-twice-by-mistake").status == 404
    assert faults == []


def test_pictures_and_the_pages_about_them(visit: Any) -> None:
    """Listed, just added, refused, before one is deleted, and in a text: wide, tall, and gone; files with names of any kind."""
    window = visit()
    window.sign_in("administrator")
    wide, tall, gone = (
        window.add_picture(picture("JPEG", size), alt)
        for size, alt in (((1600, 900), "A wide lane"), ((300, 1500), "A tower"), ((900, 600), ""))
    )
    faults = faults_here(window.page, "/pictures-added") + crowded(window.page)
    long, arabic = (
        window.add_picture(PDF, filename=filename)
        for filename in (f"{'kerb_' * 18}.pdf", "مقطع الرصيف الجديد.pdf")
    )
    faults += faults_here(window.page, "/file-added") + crowded(window.page)
    said = [
        long,
        f"{arabic} ثم نص.",
        f"- One {long}\n- {arabic}",
        wide,
        "*From the bridge*",
        f"- One\n- {tall}",
        f"| A | B |\n|---|---|\n| {wide} | {tall} |\n| {arabic} | B |",
    ]
    topic = window.open_topic(
        "\n\n".join([*said, gone.replace("[]", "[The words of a gone picture]")])
    )
    page = window.go("/pictures")
    faults += faults_here(page, "/pictures") + crowded(page)
    page.get_by_role("button", name="Add it").click()
    assert page.title().startswith("Error:")
    faults += faults_here(page, "/pictures-refused")
    of_file, delete = (
        str(page.locator(".pics a[href$='/delete']").nth(place).get_attribute("href"))
        for place in (0, 2)
    )
    faults += faults_of(window, of_file) + faults_of(window, delete)
    window.send(delete)
    page = window.go(topic)
    assert page.locator(".prose img").count() == 4
    assert "The words of a gone picture (removed)" in page.locator("#post-1 .prose").inner_text()
    faults += faults_here(page, "/topic-with-pictures") + crowded(page)
    assert faults == []


def test_topics_of_somebody_whom_one_ignores(visit: Any) -> None:
    administrator, reader = visit(), visit()
    administrator.sign_in("administrator")
    words = {"name": "Igor Ignat", "position": "Engineer", "language": "en", "organisation": ""}
    reader.join(email="igor@city.example", password="seven grey herons wading", **words)
    administrator.open_topic("Quokkas at the tram stop")
    profile = administrator.go("/").locator("header a[href*='/members/']").first
    handle = str(profile.get_attribute("href")).rsplit("/", 1)[-1]
    reader.send(f"/members/{handle}/ignore", form=f"/members/{handle}")
    faults = faults_of(reader, "/topics")
    assert "Quokkas" not in reader.page.inner_text("main")
    assert "are left out" in reader.page.inner_text("main")
    faults += faults_of(reader, "/search?q=quokkas")
    folded = reader.page.locator("main li > details.md")
    assert folded.count() == 1 and not folded.locator("h3").is_visible()
    folded.locator("summary").click()
    assert folded.locator("h3").is_visible()
    faults += faults_here(reader.page, "/search-opened")
    faults += faults_of(reader, "/settings/ignored")
    assert faults == []


def faults_of(window: Any, path: str) -> list[str]:
    """What axe finds on a page, and how much wider than the window it is, in both themes and both widths."""
    return faults_here(window.go(path), path)


def test_each_page_of_a_list_has_a_title_of_its_own(visit: Any) -> None:
    window = visit()
    for path, ways in {
        "/topics?": ("kind=question", "kind=experience", "page=2", "kind=experience&page=2"),
        "/agendas/affordable/topics?": ("kind=question",),
        "/search?q=city&": ("page=2", "page=3"),
    }.items():
        titles = [window.go(path + way).title() for way in ("", *ways)]
        assert len({*titles}) == len(titles), titles


def test_pages_about_the_same_have_titles_of_their_own(administrator: Any) -> None:
    waiting = (
        administrator.go("/moderation")
        .locator("ol.q a")
        .evaluate_all("links => links.slice(0, 2).map(link => link.pathname)")
    )
    paths = ["/notices", "/settings/notices", "/moderation/log", "/moderation/log?deed=hide"]
    paths += [way + subject for subject in ("rules", "terms") for way in ("/", "/administration/")]
    titles = [administrator.go(path).title() for path in (*paths, *waiting)]
    assert len(waiting) == 2 and len({*titles}) == len(titles), titles


def test_words_without_end_are_broken(visit: Any) -> None:
    """A name, a position, a title and a text in one word each, on a narrow window."""
    window = visit(viewport={"width": 320, "height": 700})
    name, position = "Wolfe" * 16, "Donaudampfschiff" * 12
    words = {"name": name, "position": position, "language": "en", "organisation": ""}
    window.join(email="w@city.example", password="seven grey herons wading", **words)
    topic = window.open_topic("W" * 60 + "\n\n" + "x" * 400 + "\n\n`" + "c" * 300 + "`")
    window.reply(topic, f"https://example.org/{'a' * 300}\n\n> {'q' * 300}")
    for path in (topic, "/topics", "/members?words=wolfe", "/search?q=wolfe", "/settings", "/"):
        page = window.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
