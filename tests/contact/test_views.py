"""Messages between members: what arrives, who may write how often, and what moderators see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.contact import actions
from forum.contact.models import ContactLetter
from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.mail.commands import deliver
from forum.matches import KnownAs
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation import queries
from forum.moderation.models import Decision, Report
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import queue_entries
from tests.heard import controls

WORDS = "May I call you about the trams of your city?"
LONG_AGO = timedelta(days=30)


@pytest.fixture(autouse=True)
def old_members(people):
    """People who have been here for a month."""
    db.session.execute(Member.__table__.update().values(joined_at=now() - LONG_AGO))
    db.session.commit()
    for member in vars(people).values():
        db.session.refresh(member)


def count(sender):
    return db.session.query(ContactLetter).filter_by(sender_id=sender.id).count()


# What arrives


def test_a_letter_arrives_without_any_address(people, sign_in, mail_server):
    browser = sign_in(people.ben)
    profile = browser.get("/members/ana-prado").text
    assert 'href="/members/ana-prado/contact"' in profile
    answer = browser.post(
        "/members/ana-prado/contact", data={"text": f"{WORDS}\r\n\r\nYours, Ben", "copy": "y"}
    )
    assert answer.location == "/members/ana-prado"
    assert deliver() == 2
    (_from, to, message), (_from, copied, copy) = mail_server.messages
    assert (to, copied) == ("ana@example.org", "ben@example.org")
    assert message["Subject"] == "Ben Okoth wrote to you at Interurban"
    assert message["Reply-To"] is None and "ben@" not in message.as_string()
    assert "ana@" not in copy.as_string()
    text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    for part in (
        WORDS,
        "Yours, Ben",
        "/members/ben-okoth/contact",
        "http://localhost/members/ben-okoth\n",
        "/letters/",
    ):
        assert part in text, part
    assert (
        copy["Subject"] == "Your e-mail to Ana Prado"
        and WORDS in copy.get_body(("plain",)).get_content()
    )


def test_nothing_typed_becomes_a_header_or_a_tag(people, mail_server):
    ben = db.session.get_one(Member, people.ben.id)
    ben.name = "Ben\r\nBcc: thief@example.org"
    db.session.commit()
    evil = "Hello\r\nBcc: thief@example.org\r\n\r\n<script>alert(1)</script> <a href='x'>y</a>"
    actions.contact(ben, people.ana.id, evil)
    deliver()
    ((_from, _to, message),) = mail_server.messages
    assert message["Bcc"] is None and "\n" not in message["Subject"]
    html = message.get_body(("html",)).get_content()
    assert "<script>" not in html and "&lt;script&gt;" in html and "<a href='x'>" not in html


# Who may write to whom


def test_who_cannot_be_written_to(people, sign_in):
    browser = sign_in(people.ben)
    changes = [
        ("takes_letters", False),
        ("mail_paused_at", now()),
        ("leaving_at", now() + LONG_AGO),
        ("suspended_until", now() + LONG_AGO),
    ]
    for name, value in changes:
        db.session.execute(
            Member.__table__.update().where(Member.id == people.ana.id).values({name: value})
        )
        db.session.commit()
        assert "/members/ana-prado/contact" not in browser.get("/members/ana-prado").text, name
        answer = browser.get("/members/ana-prado/contact")
        assert answer.status_code == 403 and "cannot be written to" in answer.text, name
        usual = True if name == "takes_letters" else None
        db.session.execute(
            Member.__table__.update().where(Member.id == people.ana.id).values({name: usual})
        )
        db.session.commit()
    members.hide_profile(people.moderator, people.ana.id)
    with pytest.raises(NotFound):
        actions.contact(people.ben, people.ana.id, WORDS)
    members.restore_profile(people.moderator, people.ana.id)
    actions.contact(people.ben, people.ana.id, WORDS)
    members.depart(SYSTEM, people.ana.id)
    with pytest.raises(NotFound):
        actions.contact(people.ben, people.ana.id, WORDS)


def test_who_cannot_write(people):
    with pytest.raises(Forbidden):
        actions.contact(VISITOR, people.ana.id, WORDS)
    for name in ("silenced_until", "suspended_until", "leaving_at", "hidden_at", "left_at"):
        ben = db.session.get_one(Member, people.ben.id, populate_existing=True)
        setattr(ben, name, now() + LONG_AGO)
        db.session.commit()
        with pytest.raises(Forbidden):
            actions.contact(ben, people.ana.id, WORDS)
        setattr(db.session.get_one(Member, people.ben.id), name, None)
        db.session.commit()
    assert count(people.ben) == 0


@pytest.mark.parametrize("text", ["", "Too short.", " " * 50, "x" * 3_001])
def test_how_long_a_letter_is(people, sign_in, text):
    answer = sign_in(people.ben).post("/members/ana-prado/contact", data={"text": text})
    assert answer.status_code == 422 and "Write 20 to 3,000 characters." in answer.text
    assert text.strip() in answer.text and count(people.ben) == 0


def test_how_many_letters_a_day(people, sign_in):
    browser = sign_in(people.ben)
    for handle, status in (("ana-prado", 303),) * 3 + (("ana-prado", 422),):
        answer = browser.post(f"/members/{handle}/contact", data={"text": WORDS})
        assert answer.status_code == status
    assert "You can send more tomorrow." in answer.text and WORDS in answer.text
    actions.contact(people.ben, people.chitra.id, WORDS)
    actions.contact(people.ben, people.host.id, WORDS)
    with pytest.raises(Invalid, match="tomorrow"):
        actions.contact(people.ben, people.moderator.id, WORDS)
    with at(now() + timedelta(days=1, minutes=1)):
        actions.contact(people.ben, people.moderator.id, WORDS)
    assert count(people.ben) == 6


def test_new_members_send_one_letter_and_no_links(people):
    ben = db.session.get_one(Member, people.ben.id)
    ben.joined_at = now() - timedelta(hours=2)
    db.session.commit()
    for link in ("https://evil.example/x", "www.evil.example", "evil.com now", "log-in.de/x"):
        with pytest.raises(Invalid, match="first week"):
            actions.contact(ben, people.ana.id, f"{WORDS} {link}")
    actions.contact(ben, people.ana.id, f"{WORDS} It costs 3.5/4 of that, i.e. much.")
    with pytest.raises(Invalid, match="tomorrow"):
        actions.contact(ben, people.chitra.id, WORDS)
    with at(now() + timedelta(days=8)):
        actions.contact(
            db.session.get_one(Member, ben.id), people.chitra.id, f"{WORDS} https://x.example"
        )


@pytest.mark.parametrize("what", ["suspended", "hidden", "left", "unwanted"])
def test_whether_a_letter_may_be_sent_is_asked_again_when_it_is_sent(people, mail_server, what):
    """Between writing and sending, for example while the mail server is down, a moderator may silence the sender."""
    actions.contact(people.ben, people.ana.id, WORDS)
    if what == "suspended":
        members.suspend(SYSTEM, people.ben.id, now() + timedelta(days=1))
    elif what == "hidden":
        members.hide_profile(SYSTEM, people.ben.id)
    elif what == "left":
        members.depart(SYSTEM, people.ben.id)
    else:
        members.take_letters(db.session.get_one(Member, people.ana.id), False)
    while deliver():
        pass
    assert mail_server.messages == []


def test_letters_can_be_switched_off(people, sign_in):
    browser = sign_in(people.ana)
    page = browser.get("/settings/contact").text
    assert "checked" in page
    assert [name for name, _where in controls(page) if name.startswith("Save")] == [
        "Save",
        "Save: Appearance",
    ]
    assert browser.post("/settings/contact", data={"csrf_token": "-"}).status_code == 303
    assert not db.session.get_one(Member, people.ana.id).takes_letters
    assert browser.post("/settings/contact", data={"takes_letters": "y"}).status_code == 303
    assert db.session.get_one(Member, people.ana.id).takes_letters


# Reporting


def report(people, sign_in):
    letter = actions.contact(people.ben, people.ana.id, WORDS)
    browser = sign_in(people.ana)
    path = f"/letters/{letter.id}/report"
    page = browser.get(path).text
    assert WORDS in page and "Ben Okoth" in page and "ben@" not in page
    assert browser.post(path, data={}).status_code == 422
    answer = browser.post(path, data={"reason": "spam", "text": "Every week."})
    assert answer.status_code == 303
    assert "You have reported this e\N{NON-BREAKING HYPHEN}mail" in browser.get(path).text
    assert browser.post(path, data={"reason": "spam"}).status_code == 422
    return letter


def test_a_letter_is_shown_to_the_moderators_by_who_got_it(people, sign_in, client):
    letter = report(people, sign_in)
    for other in (sign_in(people.chitra), sign_in(people.ben), sign_in(people.moderator)):
        assert other.get(f"/letters/{letter.id}/report").status_code == 404
    page = sign_in(people.moderator).get(f"/moderation/letter/{letter.id}").text
    for words in (
        "An e-mail from Ben Okoth",
        "Every week.",
        WORDS,
        "E\N{NON-BREAKING HYPHEN}mails between members cannot be read here",
    ):
        assert words in page, words
    assert sign_in(people.chitra).get(f"/moderation/letter/{letter.id}").status_code == 403
    with pytest.raises(NotFound):
        queries.get_thing(people.chitra, "letter", letter.id)


def test_the_moderators_are_told_of_it_until_they_decide(people, sign_in):
    letter = report(people, sign_in)
    make_notices(SYSTEM)
    (told,) = inbox(people.moderator).page.items
    assert (told.kind, told.address) == ("queue", f"/moderation/letter/{letter.id}")
    assert told.heading == "An e-mail from Ben Okoth" and told.actor_id is None
    moderation.decide(people.moderator, "letter", letter.id, "keep")
    db.session.refresh(told)
    assert told.read_at is not None
    actions.forget_member(SYSTEM, people.ben.id)
    moderation.unname(
        SYSTEM, people.ben.id, KnownAs("Ben Okoth", [], "Former member"), is_silent=False
    )
    db.session.expire_all()
    assert told.heading == "Former member" and told.sentences is None
    titles = select(Report.title).union_all(select(Decision.title))
    assert set(db.session.scalars(titles)) == {"Former member"}


def test_moderators_decide_about_a_letter_and_may_think_again(people, sign_in, letters):
    letter = report(people, sign_in)
    browser = sign_in(people.moderator)
    answer = browser.post(
        f"/moderation/letter/{letter.id}/decide", data={"deed": "keep", "reason": ""}
    )
    assert answer.status_code == 303 and queue_entries(people.moderator) == []
    decision = db.session.scalar(select(Decision.id).order_by(Decision.id.desc()))
    moderation.undo(people.moderator, decision)
    assert len(queue_entries(people.moderator)) == 1
    assert browser.get("/moderation/log").status_code == 200
