"""Moderators write one text to the hosts of all agendas, or of some; each host gets a letter of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.actions import AgendaText, archive, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.contact import actions
from forum.contact.models import ContactLetter
from forum.contact.queries import agendas_to_tell
from forum.db import db
from forum.errors import Forbidden, Invalid
from forum.mail.commands import deliver
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.permissions import VISITOR
from forum.screening.actions import RuleText, make_rule

WORDS = "We meet on Monday at ten to read what waits in the queue."
TELL = "/agendas/hosts/tell"


@pytest.fixture
def cooler(people: Any, agenda: Agenda) -> Agenda:
    """Another agenda, hosted by Chitra, and by Hana, who hosts the first one, too."""
    db.session.execute(
        Member.__table__.update().values(joined_at=now() - timedelta(days=30))  # type: ignore[attr-defined]
    )
    db.session.commit()
    for member in vars(people).values():
        db.session.refresh(member)
    made = write_agenda(people.moderator, AgendaText("Cooler", write("Shade."), slug="cooler"))
    set_hosts(people.moderator, made.id, [people.chitra.handle, people.host.handle])
    return made


def test_each_host_gets_one_letter_without_any_address(
    people: Any, agenda: Agenda, cooler: Agenda, sign_in: Any, mail_server: Any
) -> None:
    members.take_letters(people.chitra, False)
    members.ignore(people.host, people.moderator.id)
    browser = sign_in(people.moderator)
    assert TELL in browser.get("/agendas").text
    page = browser.get(TELL).text
    assert page.count(" checked>") == 2 and people.chitra.name in page
    data = {"agendas": [agenda.id, cooler.id], "text": WORDS}
    assert browser.post(TELL, data=data).location == "/agendas"
    assert "Your e-mail to 2 hosts is on its way." in browser.get("/agendas").text
    assert deliver() == 2
    got = {to: message for _from, to, message in mail_server.messages}
    assert set(got) == {people.chitra.email, people.host.email}
    for message in got.values():
        whole = message.as_string()
        assert message["Subject"] == f"{people.moderator.name} wrote to the hosts of Interurban"
        assert people.moderator.email not in whole and "We meet on Monday" in whole
        assert f"/members/{people.moderator.handle}/contact" in whole


def test_those_of_chosen_agendas_alone(
    people: Any, agenda: Agenda, cooler: Agenda, mail_server: Any
) -> None:
    assert actions.tell_hosts(people.moderator, [agenda.id], WORDS) == 1
    [letter] = db.session.query(ContactLetter).all()
    assert letter.recipient_id == people.host.id
    members.take_letters(people.moderator, False)
    assert deliver() == 1
    [(_from, _to, message)] = mail_server.messages
    assert f"/members/{people.moderator.handle}/contact" not in message.as_string()


def test_one_host_can_report_it(people: Any, agenda: Agenda, cooler: Agenda, sign_in: Any) -> None:
    actions.tell_hosts(people.moderator, [agenda.id], WORDS)
    [letter] = db.session.query(ContactLetter).all()
    browser = sign_in(people.host)
    page = browser.get(f"/letters/{letter.id}/report").text
    assert WORDS in page and "/settings/contact" not in page  # which would not switch that off
    assert browser.post(f"/letters/{letter.id}/report", data={"reason": "rules"}).status_code == 303


def test_hosts_read_in_their_settings_that_they_get_it_in_any_case(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    said = "As a host you get what moderators write to hosts in any case."
    assert said in sign_in(people.host).get("/settings/contact").text
    assert said not in sign_in(people.ana).get("/settings/contact").text


def test_who_is_no_host_any_more_or_no_moderator_gets_and_sends_nothing(
    people: Any, agenda: Agenda, cooler: Agenda, mail_server: Any
) -> None:
    actions.tell_hosts(people.moderator, [agenda.id, cooler.id], WORDS)
    set_hosts(people.administrator, cooler.id, [people.host.handle])
    deliver()
    actions.tell_hosts(people.moderator, [agenda.id], f"{WORDS} And on Tuesday.")
    members.appoint(people.administrator, people.moderator.handle, "member")
    deliver()
    assert [to for _from, to, _message in mail_server.messages] == [people.host.email]


def test_archived_agendas_and_those_without_another_host_are_left_out(
    people: Any, agenda: Agenda, cooler: Agenda
) -> None:
    archive(people.moderator, agenda.id)
    set_hosts(people.administrator, cooler.id, [people.moderator.handle])
    assert agendas_to_tell(people.moderator) == []
    for chosen in ([], [agenda.id], [cooler.id], [0, 2**40]):
        with pytest.raises(Invalid):
            actions.tell_hosts(people.moderator, chosen, WORDS)
    assert [row.id for row in agendas_to_tell(people.administrator)] == [cooler.id]


def test_it_takes_nothing_from_the_letters_of_a_day_and_has_a_number_of_its_own(
    people: Any, agenda: Agenda, cooler: Agenda
) -> None:
    for hour in range(actions.MAX_TELLINGS):
        with at(now() + timedelta(hours=hour)):
            actions.tell_hosts(people.moderator, [agenda.id, cooler.id], f"{WORDS} {hour}")
    with at(now() + timedelta(hours=4)):
        with pytest.raises(Invalid):
            actions.tell_hosts(people.moderator, [agenda.id], WORDS)
        for _letter in range(actions.MAX_PER_RECIPIENT):
            actions.contact(people.moderator, people.host.id, WORDS)
        actions.tell_hosts(people.administrator, [agenda.id], WORDS)
    with at(now() + timedelta(hours=25)):
        actions.tell_hosts(people.moderator, [agenda.id], WORDS)


def test_neither_rules_for_texts_nor_the_bounds_of_new_members_hold_for_moderators(
    people: Any, agenda: Agenda
) -> None:
    """In a new forum all are new, and the first text to hosts leads somewhere."""
    assert now() - people.moderator.joined_at < actions.PERIOD_WITHOUT_LINKS
    make_rule(people.administrator, RuleText("word", "queue", sentence="Not here."))
    text = f"{WORDS} See https://example.org/queue."
    assert actions.tell_hosts(people.moderator, [agenda.id], text) == 1


def test_nobody_gets_the_same_text_twice(people: Any, agenda: Agenda, cooler: Agenda) -> None:
    """As when the button is pressed twice; who is chosen besides gets it."""
    for _press in range(actions.MAX_TELLINGS + 1):
        assert actions.tell_hosts(people.moderator, [agenda.id], WORDS) == 1
    assert actions.tell_hosts(people.moderator, [agenda.id, cooler.id], f" {WORDS}\n") == 2
    got = [letter.recipient_id for letter in db.session.query(ContactLetter)]
    assert sorted(got) == sorted([people.host.id, people.chitra.id])
    actions.tell_hosts(people.administrator, [agenda.id], WORDS)
    with at(now() + timedelta(hours=25)):
        actions.tell_hosts(people.moderator, [agenda.id], WORDS)
    assert db.session.query(ContactLetter).count() == 4


def test_what_cannot_be_sent_stays_in_the_form(
    people: Any, agenda: Agenda, cooler: Agenda, sign_in: Any
) -> None:
    browser, good = sign_in(people.moderator), {"agendas": [agenda.id], "text": WORDS}
    for odd in (
        {"agendas": []},
        {"agendas": ["x"]},
        {"agendas": [agenda.id, 999999]},
        {"text": ""},
        {"text": "Short."},
        {"text": "x" * 3001},
    ):
        answer = browser.post(TELL, data=good | odd)
        assert answer.status_code == 422, odd
    assert WORDS in browser.post(TELL, data=good | {"agendas": []}).text
    assert db.session.query(ContactLetter).count() == 0


def test_the_text_has_the_focus_and_the_agendas_come_after_it(
    people: Any, agenda: Agenda, cooler: Agenda, sign_in: Any
) -> None:
    """They are all ticked to begin with, and whoever has typed the text passes them on the way to the button."""
    page = sign_in(people.moderator).get(TELL).text
    focused, ticked = page.index("autofocus"), page.index('name="agendas"')
    assert "<textarea" in page[page.rindex("<", 0, focused) :][:10]
    assert focused < ticked < page.index("data-publish")


def test_only_moderators_of_the_whole_forum_write_to_hosts(
    people: Any, agenda: Agenda, cooler: Agenda
) -> None:
    for person in (people.ana, people.host):
        with pytest.raises(Forbidden):
            actions.tell_hosts(person, [agenda.id], WORDS)
    with pytest.raises(Forbidden):
        agendas_to_tell(VISITOR)


def test_a_moderator_who_may_not_write_now_is_not_led_there(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser = sign_in(people.moderator)
    assert TELL in browser.get("/agendas").text
    moderator = db.session.get_one(Member, people.moderator.id)
    moderator.terms_due_at = now() - timedelta(days=1)
    db.session.commit()
    assert TELL not in browser.get("/agendas").text
    assert browser.get(TELL).status_code == 403


def test_no_more_hosts_than_one_text_may_go_to(
    people: Any, agenda: Agenda, cooler: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_HOSTS", 1)
    with pytest.raises(Invalid):
        actions.tell_hosts(people.moderator, [agenda.id, cooler.id], WORDS)
    assert actions.tell_hosts(people.moderator, [agenda.id], WORDS) == 1
