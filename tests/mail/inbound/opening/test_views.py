"""The page with a member's address for new topics: who finds it, what it says, and where nobody finds the address."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from forum.agendas import actions as agendas
from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden
from forum.mail.commands import fetch_messages
from forum.mail.forms import topic_address
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.permissions import VISITOR
from forum.rights.queries import KINDS, records
from tests.mail.conftest import with_settings
from tests.mail.inbound.conftest import MAILBOX, Mailbox
from tests.mail.inbound.opening.conftest import sent

PAGE = "/agendas/quieter/by-email"
RENEW = "/agendas/quieter/renew-addresses"
SECRET = re.compile(r"reply\+a[\d-]+-[a-z2-7]{16}@mail\.example\.org")


def generation(member) -> int:
    return db.session.get(Member, member.id, populate_existing=True).address_generation


# The member; GET of the page; POST of the deed
TABLE = """
visitor       | in  403
member        | 200 303
host          | 200 303
moderator     | 200 303
administrator | 200 303
silenced      | 403 303
suspended     | in  403
owes terms    | 403 303
leaving       | in  403
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_who_finds_the_page_and_makes_new_addresses(people, agenda, client, sign_in, row):
    role, said = (part.strip() for part in row.split("|"))
    person = getattr(people, role, people.ana)
    browser = client if role == "visitor" else sign_in(person)
    account = db.session.get(Member, person.id)
    if role in ("silenced", "suspended"):
        setattr(account, f"{role}_until", now() + timedelta(days=1))
    account.terms_due_at = now() - timedelta(days=1) if role == "owes terms" else None
    account.leaving_at = now() if role == "leaving" else None
    db.session.commit()
    page, deed = browser.get(PAGE), browser.post(RENEW)
    shown = "in" if page.status_code in (302, 303) else str(page.status_code)
    assert [shown, str(deed.status_code)] == said.split()
    assert bool(SECRET.search(page.text)) == (shown == "200")
    assert generation(person) == (deed.status_code == 303)


def test_nobody_but_a_member_makes_new_addresses(people):
    with pytest.raises(Forbidden):
        members.renew_addresses(VISITOR)
    members.renew_addresses(people.ana)
    assert (generation(people.ana), generation(people.ben)) == (1, 0)


def test_on_an_agenda_that_is_not_there_no_addresses_are_made(people, agenda, sign_in):
    answer = sign_in(people.ana).post(RENEW.replace("quieter", "louder"))
    assert answer.status_code == 404 and generation(people.ana) == 0


def test_the_page_shows_one_s_own_address_and_says_what_becomes_public(
    people, agenda, sign_in, queries
):
    browser = sign_in(people.ana)
    browser.get(PAGE)
    with queries() as made:
        page = browser.get(PAGE).text
    assert made.count <= 7
    address = topic_address(MAILBOX, people.ana.id, agenda.id, 0)
    assert SECRET.findall(page) == [address] * 2 and f'href="mailto:{address}"' in page
    assert "ana@example.org alone" in page and "Everybody can read it at once" in page
    assert re.search(r"<button[^>]* data-copied=[^>]* hidden>", page)
    assert topic_address(MAILBOX, people.ben.id, agenda.id, 0) in sign_in(people.ben).get(PAGE).text


def test_new_addresses_are_shown_and_told_of(people, agenda, sign_in):
    browser = sign_in(people.ana)
    answer = browser.post(RENEW)
    assert answer.location == PAGE
    page = browser.get(PAGE).text
    assert "Your addresses are new, on all agendas." in page
    assert topic_address(MAILBOX, people.ana.id, agenda.id, 1) in page
    assert topic_address(MAILBOX, people.ana.id, agenda.id, 0) not in page


def test_other_agendas_have_other_addresses(people, agenda, sign_in):
    other = agendas.write_agenda(
        people.moderator, agendas.AgendaText("Trees", write("Trees are quiet."), slug="trees")
    )
    found = SECRET.search(sign_in(people.ana).get("/agendas/trees/by-email").text)
    assert found and found[0] == topic_address(MAILBOX, people.ana.id, other.id, 0)


PLACES = ("/agendas/quieter", "/agendas/quieter/topics/new", "/settings/notices", "/help")


def test_the_form_the_agenda_and_the_settings_lead_there(people, agenda, sign_in):
    browser = sign_in(people.ana)
    pages = {place: browser.get(place).text for place in PLACES}
    leading = [place for place, page in pages.items() if f'href="{PAGE}"' in page]
    assert leading == ["/agendas/quieter", "/agendas/quieter/topics/new"]
    assert "under “Follow”" in pages["/settings/notices"]
    assert "You can also send both by e\N{NON-BREAKING HYPHEN}mail" in pages["/help"]
    assert not any(SECRET.search(page) for page in pages.values())


def test_a_forum_without_a_mailbox_says_nothing_of_it(people, agenda, sign_in, app):
    browser = sign_in(people.ana)
    with with_settings(app, reply_address=""):
        assert browser.get(PAGE).status_code == browser.post(RENEW).status_code == 404
        pages = [browser.get(place).text for place in PLACES]
    assert not any(
        "topic by e\N{NON-BREAKING HYPHEN}mail" in page or "by-email" in page for page in pages
    )
    assert not any(
        "open topics by e\N{NON-BREAKING HYPHEN}mail" in page or "send both by" in page
        for page in pages
    )
    assert generation(people.ana) == 0


@pytest.mark.parametrize("what", ["archived", "in preparation", "no agenda"])
def test_where_no_topic_can_come_nothing_leads_there(people, agenda, sign_in, what):
    host, ana, page = sign_in(people.host), sign_in(people.ana), PAGE
    if what == "archived":
        agendas.archive(people.moderator, agenda.id)
    elif what == "in preparation":
        dialogue.prepare_agenda(people.moderator, agenda.id)
    else:
        page = "/agendas/nothing/by-email"
    of_host, of_ana = host.get(page), ana.get(page)
    expected = {"archived": (403, 403), "in preparation": (403, 404), "no agenda": (404, 404)}
    assert (of_host.status_code, of_ana.status_code) == expected[what]
    assert not SECRET.search(of_host.text + of_ana.text)
    if what != "no agenda":
        assert f'href="{PAGE}"' not in host.get("/agendas/quieter").text


def test_what_visitors_find_has_no_address(people, agenda, sign_in, client):
    sign_in(people.ana).get(PAGE)
    places = (
        *PLACES[:1],
        PAGE,
        "/agendas/quieter/feed.atom",
        "/feeds/all.atom",
        "/sitemap.xml",
        "/",
    )
    for place in places:
        text = client.get(place).text
        assert not SECRET.search(text) and "mail.example.org" not in text


def test_one_s_own_file_says_how_often_and_not_which(people, agenda):
    members.renew_addresses(people.ana)
    account = db.session.get(Member, people.ana.id, populate_existing=True)
    said = {
        kind.name: [record for batch in records(account, kind) for record in batch]
        for kind in KINDS
    }
    assert said["account"][0]["address_generation"] == 1
    assert not SECRET.search(json.dumps(said, default=str))


def test_the_log_says_no_address(people, agenda, app, written_log):
    box = Mailbox(sent(people, agenda), sent(people, agenda, From="x@example.org"))
    with with_settings(app, reply_address=MAILBOX, imap_url=box.url):
        assert fetch_messages() == 2
    lines = [json.loads(line)["message"] for line in written_log().splitlines()]
    assert lines[0] == "Opened." and "not from the member" in lines[1]
    assert not SECRET.search("".join(lines)) and "example.org" not in "".join(lines)
