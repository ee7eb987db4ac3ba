"""Joining by approval: who waits, what moderators see and decide, and what candidates are told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.accounts.actions import forget_old
from forum.candidates import actions, queries
from forum.candidates.models import Candidate
from forum.claims.models import Claim
from forum.clock import at, now
from forum.db import db
from forum.errors import Conflict, Forbidden
from forum.invitations.actions import EntranceText, InvitationText, invite, set_entrance
from forum.invitations.queries import CODE_PURPOSE
from forum.mail.models import Delivery
from forum.members import actions as members
from forum.members import queries as known
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.passwords import hash_password
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.queue.commands import tell_overdue
from forum.rights.commands import delete_expired
from forum.tokens import secret
from tests.conftest import link_in
from tests.rights.conftest import gone, holding

PASSWORD = "four unrelated plain words"
JOINING = {
    "name": "Eva Holm",
    "email": "eva@city.example",
    "password": PASSWORD,
    "position": "Planner",
    "city": "København",
    "organisation": "",
    "language": "en",
}
QUESTIONS = (("Why do you want to join?", True), ("Since when do you work there?", False))


@pytest.fixture
def by_approval(people):
    refusals, welcomes = ("We know no such city.",), ("Say hello in the topic of new members.",)
    text = EntranceText("approval", questions=QUESTIONS, refusals=refusals, welcomes=welcomes)
    set_entrance(people.administrator, text)


def ready_answer(page, words):
    """What the form sends for a ready answer."""
    (value,) = re.findall(rf'<option value="([^"]+)">{re.escape(words)}</option>', page)
    return value


@pytest.fixture
def eva(by_approval, client, letters):
    """Eva's browser, in which she has confirmed her address and waits."""
    answer = client.post("/join", data={**JOINING, "answer_0": "To learn <b>about</b> trams."})
    assert answer.location == "/join/sent", answer.text
    answer = client.post(link_in(letters()[-1]))
    assert (answer.status_code, answer.location) == (303, "/join/waiting")
    return client


@pytest.mark.parametrize("mode", ["approval", "open"])
def test_nobody_is_asked_what_nobody_reads(people, client, mode):
    """Moderators read the answers while they decide, and not of who is a member at once."""
    set_entrance(people.administrator, EntranceText(mode, questions=QUESTIONS))
    made = invite(people.moderator, InvitationText(1, now() + timedelta(days=9)))
    assert (QUESTIONS[0][0] in client.get("/join").text) == (mode == "approval")
    invited = client.get(f"/join/invited/{secret(CODE_PURPOSE, made.salt)}")
    assert invited.status_code == 200 and QUESTIONS[0][0] not in invited.text


def waiting_id():
    (request,) = queries.waiting(SYSTEM).items
    return request.candidate.id


def test_confirming_makes_nobody_a_member(eva):
    assert known.member_by_email("eva@city.example") is None
    page = eva.get("/join/waiting")
    assert "Your request came in" in page.text and "eva@city.example" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert eva.get("/join").location == "/join/waiting"


def test_the_letter_says_that_moderators_decide_and_the_tab_how_many_wait(
    eva, letters, people, sign_in
):
    asking = letters()[0].text
    assert "the moderators read your request" in asking and "you can write" not in asking
    browser = sign_in(people.moderator)
    for path in ("/moderation/joining", "/moderation"):
        assert 'Joining</span> <span class="n">1</span>' in browser.get(path).text, path
    page = browser.get(f"/moderation/candidate/{waiting_id()}").text
    assert "Approve" in page and "Let join" not in page


def test_a_required_question_is_to_be_answered(by_approval, client):
    page = client.get("/join").text
    assert "Why do you want to join?" in page and "look at each request" in page
    answer = client.post("/join", data=JOINING)
    assert answer.status_code == 422 and "Answer this question." in answer.text
    assert client.post("/join", data={**JOINING, "answer_0": "x" * 1_001}).status_code == 422


def test_whoever_waits_is_told_when_signing_in_with_the_right_password(eva, app):
    phone = app.test_client()
    wrong = phone.post("/sign-in", data={"email": "eva@city.example", "password": "not this one"})
    assert wrong.status_code == 422 and "The address or the password is not right." in wrong.text
    right = phone.post("/sign-in", data={"email": "EVA@city.example", "password": PASSWORD})
    assert right.location == "/join/waiting"
    assert "Your request came in" in phone.get("/join/waiting").text
    assert phone.get("/settings").status_code == 303


@pytest.mark.parametrize("path", ["/sign-in/letter", "/password"])
def test_whoever_waits_reads_so_in_place_of_a_link_to_sign_in(eva, app, letters, path):
    assert app.test_client().post(path, data={"email": JOINING["email"]}).status_code == 303
    letter = letters()[-1]
    assert letter.subject == "Your account at Interurban is not open yet"
    assert "once the moderators have read your request" in letter.text
    assert "/join" not in letter.text and "no account with this address" not in letter.text


def test_moderators_are_told_and_see_what_they_need(eva, sign_in, people):
    make_notices(SYSTEM)
    moderator = sign_in(people.moderator)
    assert "Somebody wants to join:" in moderator.get("/notices").text
    home = moderator.get("/").text
    assert "Moderation, 1 waiting" in home
    page = moderator.get("/moderation/joining").text
    for words in ("Eva Holm", "Planner", "Copenhagen", "city.example", "Why do you want to join?"):
        assert words in page
    assert "To learn &lt;b&gt;about&lt;/b&gt; trams." in page and "eva@city.example" not in page
    assert "Who wants to join" in moderator.get("/moderation").text


def test_hosts_do_not_see_who_wants_to_join(agenda, eva, sign_in, people):
    host = sign_in(people.host)
    assert host.get("/moderation/joining").status_code == 403
    assert "Who wants to join" not in host.get("/moderation").text
    assert "Moderation, 0 waiting" in host.get("/").text
    with pytest.raises(Forbidden):
        actions.approve(people.host, waiting_id())


def test_approving_makes_the_member_and_writes(eva, app, sign_in, people, letters):
    browser = sign_in(people.moderator)
    page = browser.get(f"/moderation/joining/{waiting_id()}/approve").text
    ready = ready_answer(page, "Say hello in the topic of new members.")
    words = {"ready": ready, "reason": "We met in Oslo."}
    assert (
        browser.post(f"/moderation/joining/{waiting_id()}/approve", data=words).status_code == 303
    )
    letter = letters()[-1]
    assert letter.to == "eva@city.example" and "you can write" in letter.text
    assert "Say hello" in letter.text and "We met in Oslo." in letter.text
    assert link_in(letter) == "/sign-in"
    assert "Your request is decided" in eva.get("/join/waiting").text
    assert eva.get("/join").status_code == 200
    answer = eva.post("/sign-in", data={"email": "eva@city.example", "password": PASSWORD})
    assert answer.status_code == 303
    member = known.get_member(VISITOR, "eva-holm")
    assert (member.position, member.city.name) == ("Planner", "Copenhagen")


def test_everybody_who_waits_is_in_the_list_however_many(by_approval, people, sign_in, monkeypatch):
    monkeypatch.setattr(queries, "REQUESTS_PER_PAGE", 2)
    for number in range(5):
        email = f"eva{number}@city.example"
        joining = members.Joining(f"Eva Holm {number}", email, "")
        candidate = actions.keep(VISITOR, joining, "key", actions.JoinDetails())
        with at(now() + timedelta(minutes=number)):
            actions.confirm(VISITOR, candidate)
    browser = sign_in(people.moderator)
    pages = [browser.get(f"/moderation/joining?page={number}").text for number in (1, 2, 3)]
    named = [re.findall(r"<bdi>(Eva Holm \d)</bdi></h2>", page) for page in pages]
    assert named == [["Eva Holm 0", "Eva Holm 1"], ["Eva Holm 2", "Eva Holm 3"], ["Eva Holm 4"]]
    assert "5 people want to join, page 3" in pages[2] and "Page 3 of 3" in pages[2]
    assert all('Joining</span> <span class="n">5</span>' in page for page in pages)
    # Who comes too late for one gets the list, and leafs through it
    late = browser.get("/moderation/joining/99/approve?page=2")
    assert late.status_code == 409 and "Eva Holm 3" in late.text


def test_one_press_in_the_list_approves(eva, sign_in, people):
    browser = sign_in(people.moderator)
    (form,) = re.findall(
        r'<form method="post" action="(/moderation/joining/\d+/approve)"',
        browser.get("/moderation/joining").text,
    )
    assert browser.post(form).status_code == 303
    assert known.member_by_email("eva@city.example").name == "Eva Holm"


@pytest.mark.parametrize(
    ("name", "position"), [("Eva Moderator", "Planner"), ("Eva Holm", "Administrator")]
)
def test_what_is_not_allowed_any_more_is_refused_by_the_moderator(
    eva, sign_in, people, name, position
):
    browser, number = sign_in(people.moderator), waiting_id()
    candidate = db.session.get(Candidate, number)
    candidate.name, candidate.profile = name, {**candidate.profile, "position": position}
    db.session.commit()
    for door, data in (
        (f"/moderation/joining/{number}/approve", {"ready": ""}),
        (f"/moderation/candidate/{number}/decide", {"deed": "approve"}),
    ):
        answer = browser.post(door, data=data)
        assert answer.status_code == 422
        assert "This request cannot be approved as it is." in answer.text
        assert "Refuse it with this reason" in answer.text
    assert waiting_id() == number and known.member_by_email("eva@city.example") is None


def test_refusing_says_why_and_lets_them_ask_again(eva, sign_in, people, letters):
    browser, number = sign_in(people.moderator), waiting_id()
    path = f"/moderation/joining/{number}/refuse"
    nothing = browser.post(path, data={"ready": "", "reason": ""})
    assert nothing.status_code == 422 and "Say why." in nothing.text
    ready = ready_answer(browser.get(path).text, "We know no such city.")
    assert browser.post(path, data={"ready": ready, "reason": ""}).status_code == 303
    letter = letters()[-1]
    assert "We know no such city." in letter.text and link_in(letter) == "/join"
    page = eva.get("/join/waiting").text
    assert "Your request was refused" in page and "We know no such city." in page
    eva.post("/join", data={**JOINING, "answer_0": "I do work there."})
    assert eva.post(link_in(letters()[-1])).location == "/join/waiting"
    assert waiting_id() != number and "Your request came in" in eva.get("/join/waiting").text


def test_nobody_is_told_a_ready_reason_that_took_the_place_of_the_chosen_one(
    eva, sign_in, people, letters
):
    """An administrator has changed the list while a moderator had it open: the moderator chooses once more."""
    browser, path = sign_in(people.moderator), f"/moderation/joining/{waiting_id()}/refuse"
    ready = ready_answer(browser.get(path).text, "We know no such city.")
    others = ("This forum is for city officers.", "We know no such city.")
    set_entrance(people.administrator, EntranceText("approval", refusals=others[:1]))
    before = len(letters())
    late = browser.post(path, data={"ready": ready, "reason": ""})
    assert late.status_code == 422 and "which may have changed" in late.text
    assert len(letters()) == before
    set_entrance(people.administrator, EntranceText("approval", refusals=others))
    assert browser.post(path, data={"ready": ready, "reason": ""}).status_code == 303
    assert "We know no such city." in letters()[-1].text


def test_the_second_moderator_is_told(eva, sign_in, people):
    number = waiting_id()
    first, second = sign_in(people.moderator), sign_in(people.administrator)
    assert (
        first.post(
            f"/moderation/joining/{number}/refuse", data={"ready": "", "reason": "No."}
        ).status_code
        == 303
    )
    for deed in ("approve", "refuse"):
        late = second.post(
            f"/moderation/joining/{number}/{deed}", data={"ready": "", "reason": "Why not?"}
        )
        assert late.status_code == 409 and "Another moderator has decided" in late.text
        assert second.get(f"/moderation/joining/{number}/{deed}").status_code == 409
    assert known.member_by_email("eva@city.example") is None


@pytest.mark.parametrize("deed", ["approve", "refuse"])
def test_the_pages_of_those_who_wait_know_who_works_on_it(eva, sign_in, people, letters, deed):
    number = waiting_id()
    queue.claim(people.administrator, "candidate", number)
    browser, address = sign_in(people.moderator), f"/moderation/joining/{number}/{deed}"
    working = f"{people.administrator.name} has been working on this since"
    assert working in browser.get(address).text
    told = browser.post(address, data={"ready": "", "reason": "Which city is it?"})
    assert told.status_code == 409 and working in told.text and "Which city is it?" in told.text
    assert queries.waiting(SYSTEM).total == 1
    shown = {"holder": people.administrator.id, "ready": "", "reason": "Which city is it?"}
    assert browser.post(address, data=shown).status_code == 303
    assert "Which city is it?" in letters()[-1].text
    assert db.session.query(Claim).count() == 0


def test_each_decision_is_made_once(eva, people, letters):
    number = waiting_id()
    actions.approve(people.moderator, number)
    written = len(letters())
    for deed in (
        lambda: actions.approve(people.administrator, number),
        lambda: actions.refuse(people.administrator, number, "No."),
    ):
        with pytest.raises(Conflict):
            deed()
    assert len(letters()) == written


def test_an_invitation_skips_the_moderators(by_approval, client, people, letters):
    ends_at = now() + timedelta(days=1)
    made = invite(people.moderator, InvitationText(1, ends_at))
    link = f"/join/invited/{secret(CODE_PURPOSE, made.salt)}"
    client.post(link, data={**JOINING, "answer_0": "I was invited."})
    assert client.post(link_in(letters()[-1])).location == "/"
    assert known.member_by_email("eva@city.example").invited_by_id == people.moderator.id


def test_who_decides_too_late_gets_the_reason_back(eva, people, sign_in):
    browser, number = sign_in(people.moderator), waiting_id()
    actions.refuse(people.administrator, number, "No.")
    reason = "We know no such city.\nWrite to us."
    answer = browser.post(f"/moderation/joining/{number}/refuse", data={"reason": reason})
    assert answer.status_code == 409 and f"{reason}</textarea>" in answer.text
    assert "Another moderator has decided" in answer.text


def test_the_address_may_be_taken_meanwhile(eva, people, sign_in):
    number = waiting_id()
    members.join(VISITOR, members.Joining("Other", "eva@city.example", hash_password(PASSWORD)))
    late = sign_in(people.moderator).post(
        f"/moderation/joining/{number}/approve", data={"ready": ""}
    )
    assert (
        late.status_code == 409 and "There is an account with this address meanwhile." in late.text
    )


def test_refused_candidates_are_deleted_after_thirty_days_and_waiting_ones_stay(
    eva, people, app, letters
):
    actions.refuse(people.moderator, waiting_id(), "No.")
    with at(now() + timedelta(days=29)):
        forget_old(SYSTEM)
        assert queries.confirmed_candidate("eva@city.example") is not None
    with at(now() + timedelta(days=31)):
        assert forget_old(SYSTEM) >= 1
        assert queries.confirmed_candidate("eva@city.example") is None
    other = app.test_client()
    other.post("/join", data={**JOINING, "answer_0": "Again."})
    other.post(link_in(letters()[-1]))
    with at(now() + timedelta(days=90)):
        forget_old(SYSTEM)
        assert queries.confirmed_candidate("eva@city.example") is not None


def test_no_name_of_who_was_refused_is_left_after_thirty_days(eva, people, sign_in):
    with at(now() + timedelta(days=3)):
        assert tell_overdue(SYSTEM) == 1
        make_notices(SYSTEM)
        actions.refuse(people.moderator, waiting_id(), "No.")
    named = {"event.title", "notice.title", "candidate.name", "delivery.words"}
    with at(now() + timedelta(days=32)):
        delete_expired()
        assert holding("eva holm") == named
    with at(now() + timedelta(days=34)):
        delete_expired()
        assert holding("eva holm") == holding("eva@city") == set()
    page = sign_in(people.moderator).get("/notices").text
    assert page.count("Somebody wants to join:") == 2 and "(no longer kept)" in page


def test_no_name_of_who_never_confirmed_is_left_after_three_days(by_approval, client, letters):
    client.post("/join", data={**JOINING, "answer_0": "To learn."})
    assert holding("eva holm") == {"candidate.name", "delivery.words"}
    with at(now() + timedelta(days=3, hours=1)):
        delete_expired()
        assert holding("eva holm") == set()


def test_who_was_approved_is_named_as_a_member_alone(eva, people):
    make_notices(SYSTEM)
    assert {"event.title", "notice.title"} <= holding("eva holm")
    actions.approve(people.moderator, waiting_id())
    assert not {"event.title", "notice.title"} & holding("eva holm")
    gone(known.member_by_email("eva@city.example"), "nameless")
    assert holding("eva holm") == {"delivery.words"}
    kinds = select(Delivery.kind).where(Delivery.address == "eva@city.example")
    assert db.session.scalars(kinds).all() == ["left"], "which goes after a month"


def test_who_asks_again_waits_once(eva, app, people, letters):
    make_notices(SYSTEM)
    other = app.test_client()
    other.post("/join", data={**JOINING, "name": "Eva Berg", "answer_0": "Again."})
    assert other.post(link_in(letters()[-1])).location == "/join/waiting"
    assert holding("eva holm") == {"delivery.words"}
    make_notices(SYSTEM)
    unread = db.session.scalars(select(Notice.title).where(Notice.read_at.is_(None)))
    assert set(unread) == {"Eva Berg"}


def test_the_waiting_page_is_for_who_waits(client):
    assert client.get("/join/waiting").location == "/join"


def test_nobody_looks_at_another_s_request(eva, app):
    """The id of the request is in a signed cookie, so that it cannot be guessed."""
    stranger = app.test_client()
    stranger.set_cookie("session", "eyJ3YWl0aW5nIjoxfQ.aaaa.bbbb")
    assert stranger.get("/join/waiting").location == "/join"


def test_the_next_who_asks_is_not_shown_to_the_one_before(eva, app, people, letters):
    """SQLite may give the id of a deleted row to the next row."""
    actions.approve(people.moderator, waiting_id())
    ben = app.test_client()
    other = {"name": "Bo Lind", "email": "bo@island.example", "answer_0": "To ask."}
    assert ben.post("/join", data=JOINING | other).location == "/join/sent"
    assert ben.post(link_in(letters()[-1])).location == "/join/waiting"
    assert "bo@island.example" in ben.get("/join/waiting").text
    page = eva.get("/join/waiting").text
    assert "bo@island.example" not in page and "Your request is decided" in page


def test_answers_go_with_the_request(eva, people):
    actions.approve(people.moderator, waiting_id())
    assert db.session.query(Candidate).filter_by(email="eva@city.example").all() == []
    texts = [
        str(value)
        for row in db.session.execute(known.visible_members(SYSTEM)).all()
        for value in vars(row[0]).values()
    ]
    assert not any(re.search("To learn", text) for text in texts)
