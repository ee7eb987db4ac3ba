"""The first steps of a new forum: which are listed, when they are done, and who closes the list."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from forum.agendas.actions import (
    ensure_themes,
    set_hosts,
)
from forum.agendas.models import Agenda
from forum.clock import now
from forum.dialogue.actions import NewTopic, open_topic
from forum.invitations.actions import EntranceText, set_entrance
from forum.markup import write
from forum.members.actions import (
    MAX_MARK,
    Joining,
    OrganisationText,
    add_member,
    describe_federation,
    found_federation,
    use_mark,
    write_organisation,
)
from forum.permissions import SYSTEM
from forum.principals import ADMINISTRATOR
from forum.shrinking import shrink
from forum.terms.actions import TermsText, write_terms
from tests.mail.conftest import with_settings
from tests.samples_of_pictures import picture


def test_the_first_steps_stay_until_they_are_taken(
    app: Flask, people: Any, agenda: Agenda, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Quiet cities")
    set_hosts(people.administrator, agenda.id, [])
    browser = sign_in(people.administrator)

    def steps() -> list[tuple[str, bool]]:
        found = re.findall(r"<li><div><h3>(.*?)</h3>", browser.get("/").text, re.DOTALL)
        return [(step.partition(" <")[0], "Done" in step) for step in found]

    assert steps() == [
        ("Make the first agenda", True),
        ("Let e\N{NON-BREAKING HYPHEN}mails go out", False),
        ("Have backups made", False),
        ("Say what the forum is for, and show your mark", False),
        ("Say how people reach you", False),
        ("Read the house rules", False),
        ("Add organisations and themes", False),
        ("Decide who may join", False),
        ("Invite people", True),
        ("Name hosts", False),
    ]
    assert "Nobody can join" in browser.get("/").text
    assert "they join: <code>http" in browser.get("/").text
    assert "Begin here" not in sign_in(people.moderator).get("/").text
    ensure_themes(SYSTEM, ["Noise"])
    write_organisation(SYSTEM, OrganisationText("Tampere Institute", "institute"))
    set_entrance(people.administrator, EntranceText("approval"))
    describe_federation(people.administrator, contact_email="desk@quiet.example")
    page = browser.get("/").text
    assert ("Say how people reach you", True) in steps() and "/administration/forum" in page
    assert 'href="/rules">' in page.partition("Read the house rules")[2].partition("<li>")[0]
    describe_federation(people.administrator, tagline="Quiet nights.")
    assert 'href="/administration/mark">' in page
    assert ("Say what the forum is for, and show your mark", False) in steps()
    use_mark(people.administrator, shrink(picture(), MAX_MARK))
    assert ("Say what the forum is for, and show your mark", True) in steps()
    write_terms(people.administrator, TermsText(write("We run it."), now(), needs_consent=False))
    assert 'href="/agendas/quieter/edit#hosts">Hosts of ' in browser.get("/").text
    set_hosts(people.administrator, agenda.id, [people.host.handle])
    assert "flask backup" in browser.get("/").text
    set_entrance(people.administrator, EntranceText("invitation"))
    page = browser.get("/").text
    assert "they join: <code>" not in page and 'href="/invitations/new">' in page
    noted = app.extensions["settings"].backed_up_path
    noted.touch()
    try:
        assert [name for name, is_done in steps() if not is_done] == [
            "Let e\N{NON-BREAKING HYPHEN}mails go out"
        ]
        assert "flask backup" not in browser.get("/").text
    finally:
        noted.unlink()
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        assert "of the first steps" in browser.get("/").text and "<details>" not in page
        noted.touch()
        try:
            assert steps() == []
        finally:
            noted.unlink()


def test_when_a_dialogue_can_begin_what_is_left_of_the_first_steps_is_folded(
    app: Flask, people: Any, agenda: Agenda, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Quiet cities")
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Why so loud?", write("Trams.")))
    browser = sign_in(people.administrator)
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        assert "of the first steps" not in browser.get("/").text
        describe_federation(people.administrator, contact_email="desk@quiet.example")
        page = browser.get("/").text
        assert "flask backup" in page.partition("5 of the first steps are left</summary>")[2]
        assert topic.title in page and "Close this list" in page
        assert "Begin here" not in sign_in(people.moderator).get("/").text


def test_an_administrator_closes_the_first_steps_for_all_and_opens_them_again(
    people: Any, agenda: Agenda, sign_in: Any, queries: Any
) -> None:
    found_federation(SYSTEM, "Quiet cities")
    browser, forum = sign_in(people.administrator), "/administration/forum"
    joining = Joining("Ines Faria", "ines@city.example", "hash")
    another = sign_in(add_member(SYSTEM, joining, ADMINISTRATOR))
    assert "Open the list again" not in browser.get(forum).text
    assert "Close this list" in browser.get("/").text
    with queries() as shown:
        browser.get("/")
    answer = browser.post("/administration/first-steps/close")
    assert (answer.status_code, answer.location) == (303, "/")
    page = browser.get("/").text
    assert "The list is closed." in page and "Begin here" not in page
    assert "Begin here" not in another.get("/").text
    with queries() as hidden:
        browser.get("/")
    assert hidden.count == shown.count
    assert "Open the list again" in browser.get(forum).text
    assert browser.post("/administration/first-steps/open").location == "/"
    assert "Begin here" in browser.get("/").text and "Begin here" in another.get("/").text
    assert "Open the list again" not in browser.get(forum).text


def test_a_moderator_of_an_empty_forum_cannot_close_the_first_steps(
    people: Any, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Quiet cities")
    moderator = sign_in(people.moderator)
    page = moderator.get("/").text
    assert "Begin here" in page and "Close this list" not in page and "Name hosts" in page
    assert moderator.post("/administration/first-steps/close").status_code == 403
    sign_in(people.administrator).post("/administration/first-steps/close")
    page = moderator.get("/").text
    assert "Begin here" not in page and "This forum is new" in page


def test_without_an_agenda_the_dialogue_leads_to_no_other_empty_page(
    people: Any, client: Any, sign_in: Any
) -> None:
    found_federation(SYSTEM, "Quiet cities")
    for browser, way, words in (
        (client, "/help", "Read how the forum works"),
        (sign_in(people.ana), "/help", "Read how the forum works"),
        (sign_in(people.moderator), "/agendas/new", "New agenda"),
    ):
        main = browser.get("/topics").text.partition("<main")[2].partition("</main>")[0]
        assert "The dialogue begins when an agenda is open." in main
        assert f'href="{way}">{words}</a>' in main and 'href="/agendas"' not in main
