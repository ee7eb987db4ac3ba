"""Pages about joining: the administrator's page, invitations, joining with one, seats."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest

from forum.clock import at, now
from forum.db import db
from forum.invitations import queries
from forum.invitations.actions import EntranceText, set_entrance
from forum.members import actions as members
from forum.members import queries as known
from forum.members.actions import OrganisationText
from forum.permissions import VISITOR
from forum.plaintext import single_line
from forum.versions import EVERYTHING, PAGE_VERSIONS
from tests.conftest import link_in
from tests.mail.conftest import with_settings

JOINING = {
    "name": "Eva Holm",
    "email": "eva@city.example",
    "password": "four unrelated plain words",
    "organisation": "",
    "language": "en",
}
ENTRANCE = {"mode": "approval", "inviters": "members"}
IN_A_WEEK = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()


def link_of(page):
    (link,) = re.findall(r">http://localhost(/join/invited/[^<]+)<", page)
    return link


def make(browser, **typed):
    answer = browser.post(
        "/invitations/new", data={"uses": "1", "ends_on": IN_A_WEEK, "organisation": "", **typed}
    )
    assert answer.status_code == 303, answer.text
    return link_of(browser.get("/invitations").text)


def test_the_link_of_an_invitation_is_copied_or_mailed_and_can_be_read_whole(sign_in, people):
    browser = sign_in(people.moderator)
    link = make(browser)
    page = browser.get("/invitations").text
    assert 'data-copied="Copied" hidden>' in page  # hidden until the script shows it
    assert f">http://localhost{link}</p>" in page  # as text that can wrap
    assert 'href="mailto:?subject=An%20invitation%20to%20join%20Interurban&amp;body=' in page


def test_a_member_who_opens_an_invitation_is_told_why_nothing_happens(sign_in, people):
    link = make(sign_in(people.moderator))
    browser = sign_in(people.ben)
    assert browser.get(link).location == "/"
    assert "You are a member already, so the invitation stays unused." in browser.get("/").text


def test_an_e_mail_with_an_invitation_says_of_what_it_is_and_what_was_added(sign_in, people):
    browser = sign_in(people.moderator)
    link = make(browser, note="See you on Friday, Łukasz & Ana.")
    (address,) = re.findall(r'href="mailto:([^"]+)"', browser.get("/invitations").text)
    words = parse_qs(unescape(address).removeprefix("?"))
    assert words["subject"] == ["An invitation to join Interurban"]
    assert words["body"][0].split("\r\n\r\n") == [
        "I invite you to join Interurban. This link opens the form:",
        f"http://localhost{link}",
        "See you on Friday, Łukasz & Ana.",
    ]


def test_a_forum_without_mail_says_so_before_somebody_sends_a_link(app, sign_in, people):
    browser = sign_in(people.moderator)
    for path in ("/invitations", "/invitations/new"):
        assert "nobody can join with a link" in browser.get(path).text
        with with_settings(app, smtp_url="smtp://mail.example.org"):
            assert "nobody can join with a link" not in browser.get(path).text


# The administrator's page


def test_the_page_of_joining_keeps_what_was_chosen(sign_in, people):
    browser = sign_in(people.administrator)
    said = {
        **ENTRANCE,
        "question_1": "Why?",
        "required_1": "y",
        "question_3": "Since when?",
        "refusal_1": "No city.",
    }
    assert browser.post("/administration/joining", data=said).status_code == 303
    page = browser.get("/administration/joining").text
    assert "Question 1 must be answered" in page and "Question 5 must be answered" in page
    assert re.search(r'checked[^>]* name="mode"[^>]* value="approval"', page)
    assert 'value="Why?"' in page and 'value="Since when?"' in page and "No city." in page
    assert queries.entrance().questions == [["Why?", True], ["Since when?", False]]


def test_questions_are_put_in_order_by_their_numbers(sign_in, people):
    said = {
        **ENTRANCE,
        "question_1": "First?",
        "question_2": "Second?",
        "place-1": "2",
        "place-2": "1",
    }
    sign_in(people.administrator).post("/administration/joining", data=said)
    assert [words for words, _required in queries.entrance().questions] == ["Second?", "First?"]
    answer = sign_in(people.administrator).post(
        "/administration/joining", data={**said, "place-1": "x"}
    )
    assert answer.status_code == 422 and "Enter a place from 1 to 9999." in answer.text
    assert 'value="x"' in answer.text and "Second?" in answer.text


def test_only_questions_among_several_have_a_place(sign_in, people):
    browser = sign_in(people.administrator)
    for asked, places in (
        ({}, []),
        ({"question_2": "Why?"}, []),
        ({"question_1": "Why?", "question_4": "Since when?"}, ["1", "2"]),
    ):
        browser.post("/administration/joining", data={**ENTRANCE, **asked})
        page = browser.get("/administration/joining").text
        assert re.findall(r'name="place-(\d)"', page) == places


def test_what_is_wrong_in_the_texts_and_in_their_order_is_said_at_once(sign_in, people):
    browser = sign_in(people.administrator)
    wrong = {"question_1": "x" * 201, "place-2": "x"}
    for typed, number in ((wrong, "2 things"), ({"place-2": "x"}, "One thing")):
        answer = browser.post("/administration/joining", data={**ENTRANCE, **typed})
        assert answer.status_code == 422 and answer.text.count("<title>Error: Joining") == 1
        summary = answer.text.partition('<div class="sum"')[2].partition("</div>")[0]
        assert f"{number} to correct" in summary and 'href="#place-2"' in summary
        assert ('href="#question_1"' in summary) == ("question_1" in typed)


@pytest.mark.parametrize(
    "odd",
    [
        {"mode": "closed"},
        {"inviters": "nobody"},
        {"mode": ""},
        {"question_1": "x" * 201},
        {"refusal_2": "x" * 1_001},
    ],
)
def test_odd_choices_are_refused_with_a_page(sign_in, people, odd):
    answer = sign_in(people.administrator).post("/administration/joining", data={**ENTRANCE, **odd})
    assert answer.status_code == 422 and "to correct" in answer.text
    assert queries.entrance().mode == "open"


# Invitations


def test_whoever_may_not_invite_is_told_so(sign_in, people):
    browser = sign_in(people.ana)
    assert "In this forum only moderators make invitations." in browser.get("/invitations").text
    assert browser.get("/invitations/new").status_code == 403
    assert browser.post("/invitations/new", data={}).status_code == 403


@pytest.mark.parametrize(
    ("mode", "way"),
    [
        ("open", "Nobody needs an invitation: everybody can join."),
        ("approval", "Without an invitation people can ask to join."),
        ("invitation", "Tell the moderators, who can invite them."),
    ],
)
def test_whoever_may_not_invite_reads_how_somebody_joins(sign_in, people, mode, way):
    set_entrance(people.administrator, EntranceText(mode))
    page = sign_in(people.ana).get("/invitations").text
    assert way in page and ("http://localhost/join" in page) == (mode != "invitation")


def test_the_page_of_invitations_reads_once_who_may_join(sign_in, people, queries):
    browser = sign_in(people.ana)
    with queries() as made:
        browser.get("/invitations")
    assert len([words for words in made.statements if "entrance.questions" in words]) == 1


def test_the_settings_lead_to_invitations_where_there_is_something_to_do(sign_in, people, queries):
    link, browser = 'href="/invitations"', sign_in(people.ana)
    with queries() as made:
        assert link not in browser.get("/settings").text
    assert len([words for words in made.statements if "entrance" in words]) == 1
    # The page itself is always linked while it is open
    assert link in browser.get("/invitations").text
    assert link in sign_in(people.moderator).get("/settings").text
    text = OrganisationText("Institute of Trams", "institute", representative_id=people.ana.id)
    institute = members.write_organisation(people.moderator, text)
    assert link in browser.get("/settings").text
    make(browser, organisation=str(institute.id))
    members.write_organisation(
        people.moderator, OrganisationText("Institute of Trams", "institute"), institute.id
    )
    assert link in browser.get("/settings").text  # Ana has made an invitation
    assert link not in sign_in(people.ben).get("/settings").text
    set_entrance(people.administrator, EntranceText("open", "members"))
    assert link in sign_in(people.ben).get("/settings").text


def test_the_invited_say_that_they_are_old_enough(app, client, sign_in, people, letters):
    link = make(sign_in(people.moderator))
    with with_settings(app, minimum_age=16):
        refused = client.post(link, data=JOINING)
        assert refused.status_code == 422 and "Only people of 16 or older" in refused.text
        answer = client.post(link, data={**JOINING, "is_old_enough": "y"})
    assert answer.location == "/join/sent"


def test_somebody_joins_with_an_invitation(client, sign_in, people, letters):
    host = sign_in(people.moderator)
    link = make(host, note="See you on Friday.")
    page = client.get(link).text
    assert "Mona Berg" in page and "See you on Friday." in page
    set_entrance(people.administrator, EntranceText("invitation"))
    assert client.post(link, data=JOINING).location == "/join/sent"
    assert client.post(link_in(letters()[-1])).status_code == 303
    eva = known.get_member(VISITOR, "eva-holm")
    assert eva.invited_by_id == people.moderator.id
    mine = host.get("/invitations").text
    assert "Used up" in mine and "Eva Holm" in mine
    assert "Invited by" in host.get("/members/eva-holm").text
    assert "Invited by" not in client.get("/members/eva-holm").text
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in/letter", "/password"])
def test_who_has_lost_the_password_before_joining_is_led_back_to_the_invitation(
    client, app, sign_in, people, letters, path
):
    host = sign_in(people.moderator)
    link = make(host)
    set_entrance(people.administrator, EntranceText("invitation"))
    client.post(link, data=JOINING)
    other = app.test_client()
    assert f'href="{link}"' in other.get(link_in(letters()[-1])).text
    assert other.post(path, data={"email": "eva@city.example"}).status_code == 303
    letter = letters()[-1]
    assert letter.subject == "Your account at Interurban is not open yet"
    assert "once you have opened the link of an earlier e-mail" in single_line(letter.text)
    assert link_in(letter) == link
    number = queries.my_invitations(people.moderator)[0].id
    assert host.post(f"/invitations/{number}/end").status_code == 303
    other.post(path, data={"email": "eva@city.example"})
    assert link_in(letters()[-1]) == "/join"


def test_looking_at_an_invitation_uses_nothing_up(client, sign_in, people):
    link = make(sign_in(people.moderator))
    for _times in range(3):
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("code", ["nocode", "x" * 500, "%00", "ä"])
def test_an_invitation_that_is_none_gives_a_page(client, code):
    assert client.get(f"/join/invited/{code}").status_code in (404, 410)


def test_who_fills_in_the_form_of_an_invitation_that_ends_meanwhile_loses_nothing(
    client, sign_in, people
):
    set_entrance(people.administrator, EntranceText("approval", questions=[("Why?", False)]))
    host = sign_in(people.moderator)
    link = make(host)
    typed = {**JOINING, "position": "Head of drainage"}
    (number,) = re.findall(r"/invitations/(\d+)/end", host.get("/invitations").text)
    host.post(f"/invitations/{number}/end")
    answer = client.post(link, data=typed)
    assert answer.status_code == 410 and "This invitation is over." in answer.text
    assert 'value="Head of drainage"' in answer.text and 'value="eva@city.example"' in answer.text
    assert (
        '<form method="post" action="/join"' in answer.text and typed["password"] not in answer.text
    )
    assert "it is never sent back to the page" in answer.text
    assert client.post("/join", data=typed).status_code == 303
    set_entrance(people.administrator, EntranceText("invitation"))
    answer = client.post(link, data=typed)
    assert answer.status_code == 410 and "Head of drainage</dd>" in answer.text
    assert typed["password"] not in answer.text
    answer = client.post("/join", data={**typed, "answer_0": "To tell of rain."})
    assert answer.status_code == 403 and "To tell of rain.</dd>" in answer.text


def test_an_ended_invitation_lets_nobody_in(client, sign_in, people):
    host = sign_in(people.moderator)
    link = make(host)
    number = queries.my_invitations(people.moderator)[0].id
    assert host.post(f"/invitations/{number}/end").status_code == 303
    for answer in (client.get(link), client.post(link, data=JOINING)):
        assert answer.status_code == 410 and "This invitation is over" in answer.text


def test_two_candidates_for_the_last_use(client, app, sign_in, people, letters):
    """Both have an e-mail; the first who confirms becomes a member, the other one gets a message."""
    link = make(sign_in(people.moderator))
    set_entrance(people.administrator, EntranceText("invitation"))
    other = app.test_client()
    client.post(link, data=JOINING)
    other.post(link, data={**JOINING, "email": "finn@city.example", "name": "Finn Lund"})
    first, second = (link_in(letter) for letter in letters())
    assert other.post(second).status_code == 303
    late = client.post(first)
    assert late.status_code == 409 and "Ask for another one" in late.text
    assert known.member_by_email("eva@city.example") is None


def test_in_an_open_forum_a_used_up_invitation_keeps_nobody_out(
    client, app, sign_in, people, letters
):
    link = make(sign_in(people.moderator))
    other = app.test_client()
    client.post(link, data=JOINING)
    other.post(link, data={**JOINING, "email": "finn@city.example", "name": "Finn Lund"})
    first, second = (link_in(letter) for letter in letters())
    other.post(second)
    assert client.post(first).status_code == 303
    assert known.member_by_email("eva@city.example").invited_by_id is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"uses": "0"}, "from 1 to 100"),
        ({"uses": "101"}, "from 1 to 100"),
        ({"uses": "many"}, "Enter a whole number"),
        ({"ends_on": "soon"}, "Choose a day, such as"),
        ({"ends_on": ""}, "Choose a day, such as"),
        ({"ends_on": "2020-01-01"}, "Choose a day from today on"),
        ({"ends_on": "2999-01-01"}, "Choose a day from today on"),
        ({"organisation": "99"}, "Choose one from the list"),
        ({"note": "x" * 501}, "at most 500"),
    ],
)
def test_a_refused_invitation_says_what_to_put_right(sign_in, people, typed, sentence):
    form = {"uses": "2", "ends_on": IN_A_WEEK, "organisation": "", **typed}
    answer = sign_in(people.moderator).post("/invitations/new", data=form)
    assert answer.status_code == 422 and sentence in answer.text
    assert queries.my_invitations(people.moderator) == []


def test_the_days_of_an_invitation_are_counted_by_the_clock_of_the_forum(sign_in, people):
    browser, form = sign_in(people.moderator), {"uses": "2", "organisation": ""}
    with at(now() + timedelta(days=10)):
        late = browser.post("/invitations/new", data={**form, "ends_on": IN_A_WEEK})
        assert late.status_code == 422 and "Choose a day from today on" in late.text
        in_time = (now() + timedelta(days=30)).date().isoformat()
        assert f'value="{in_time}"' in browser.get("/invitations/new").text


# By invitation only


def test_by_invitation_only_the_page_says_how_to_get_one(client, people):
    set_entrance(people.administrator, EntranceText("invitation"))
    page = client.get("/join")
    assert page.status_code == 200 and "by invitation" in page.text
    for address in ("/organisations", "/contact", "/sign-in"):
        assert f'href="{address}"' in page.text.partition("<main")[2]
    assert 'name="password"' not in page.text
    assert client.post("/join", data=JOINING).status_code == 403


def test_a_letter_from_before_the_change_lets_nobody_in(client, people, letters):
    client.post("/join", data=JOINING)
    set_entrance(people.administrator, EntranceText("invitation"))
    assert client.post(link_in(letters()[0])).status_code == 409
    assert known.member_by_email("eva@city.example") is None


def test_the_page_that_all_visitors_share_changes_with_the_choice(client, people):
    """Without a form, the page is cached for all visitors, so the change must outdate it."""

    def number():
        found = db.session.execute(
            PAGE_VERSIONS.select().where(PAGE_VERSIONS.c.scope == EVERYTHING)
        ).first()
        return found.number if found else 0

    before = number()
    set_entrance(people.administrator, EntranceText("invitation"))
    assert number() == before + 1


def test_who_joins_by_letter_is_on_the_kept_pages(client, letters):

    def number():
        found = db.session.execute(
            PAGE_VERSIONS.select().where(PAGE_VERSIONS.c.scope == EVERYTHING)
        ).first()
        return found.number if found else 0

    client.post("/join", data=JOINING)
    before = number()
    client.post(link_in(letters()[0]))
    assert number() == before + 1


# Organisations


def test_a_representative_invites_and_sees_who_holds_a_seat(client, sign_in, people, letters):
    text = OrganisationText(
        "Institute of Trams", "institute", representative_id=people.ana.id, seats=1
    )
    institute = members.write_organisation(people.moderator, text)
    browser = sign_in(people.ana)
    assert "Seats and invitations" in browser.get("/organisations/institute-of-trams").text
    assert "Seats and invitations" not in client.get("/organisations/institute-of-trams").text
    link = make(browser, organisation=str(institute.id))
    page = client.get(link).text
    assert "Institute of Trams" in page and "Not listed" not in page
    client.post(link, data={**JOINING, "organisation": str(institute.id)})
    client.post(link_in(letters()[-1]))
    assert known.get_member(VISITOR, "eva-holm").organisation_id == institute.id
    seats = browser.get("/organisations/institute-of-trams/seats").text
    assert "Eva Holm" in seats and "Used up" in seats and "Make an invitation" not in seats
    refused = client.application.test_client().post(
        "/join",
        data={
            **JOINING,
            "email": "f@city.example",
            "name": "Finn Lund",
            "organisation": str(institute.id),
        },
    )
    assert refused.status_code == 422 and "Ask Ana Prado, who represents it." in refused.text


def test_a_representative_who_may_not_write_is_told_so_before_inviting(sign_in, people):
    text = OrganisationText("Institute of Trams", "institute", representative_id=people.ana.id)
    members.write_organisation(people.moderator, text)
    browser = sign_in(people.ana)
    assert browser.get("/invitations/new").status_code == 200
    members.silence(people.moderator, people.ana.id, now() + timedelta(days=1))
    refused = browser.get("/invitations/new")
    assert refused.status_code == 403 and "only moderators" not in refused.text
    assert 'href="/invitations/new"' not in browser.get("/invitations").text


def test_a_seat_of_a_hidden_profile_is_counted_and_not_named(sign_in, people):
    text = OrganisationText("Institute of Trams", "institute", representative_id=people.ana.id)
    institute = members.write_organisation(people.moderator, text)
    said = members.Profile(name="Ben Okoth", position="Driver", organisation_id=institute.id)
    members.edit_profile(people.ben, said)
    members.hide_profile(people.moderator, people.ben.id)
    path = "/organisations/institute-of-trams/seats"
    page = sign_in(people.ana).get(path).text
    assert "Ben Okoth" not in page and "Driver" not in page
    assert "And one with a hidden profile." in page and "Nobody yet" not in page
    assert "Ben Okoth" in sign_in(people.moderator).get(path).text


def test_moderators_see_who_invited_whom(client, sign_in, people, letters, queries):
    set_entrance(people.administrator, EntranceText(inviters="members"))
    link = make(sign_in(people.ana), note="For the tram people.")
    client.post(link, data=JOINING)
    client.post(link_in(letters()[-1]))
    make(sign_in(people.ben))
    moderator = sign_in(people.moderator)
    page = moderator.get("/moderation/invitations").text
    for words in ("Ana Prado", "Ben Okoth", "Eva Holm", "For the tram people.", "Used up"):
        assert words in page
    # Only those who made an invitation see its link
    assert "/join/invited/" not in page and link not in page
    with queries() as made:
        moderator.get("/moderation/invitations")
    assert made.count <= 15
    for path in ("/moderation/joining", "/invitations"):
        assert 'href="/moderation/invitations"' in moderator.get(path).text
    assert 'href="/moderation/invitations"' not in sign_in(people.ana).get("/invitations").text


def test_a_representative_ends_invitations_of_moderators_for_the_organisation(sign_in, people):
    text = OrganisationText("Institute of Trams", "institute", representative_id=people.ana.id)
    institute = members.write_organisation(people.moderator, text)
    make(sign_in(people.moderator), organisation=str(institute.id))
    browser = sign_in(people.ana)
    page = browser.get("/organisations/institute-of-trams/seats").text
    (door,) = re.findall(r'action="(/invitations/[0-9]+/end)"', page)
    assert sign_in(people.ben).post(door).status_code == 404
    assert browser.post(door).status_code == 303
    assert "Ended" in browser.get("/organisations/institute-of-trams/seats").text


def test_two_candidates_for_the_last_seat(client, app, people, letters):
    text = OrganisationText("Institute of Trams", "institute", seats=1)
    institute = members.write_organisation(people.moderator, text)
    other = app.test_client()
    form = {**JOINING, "organisation": str(institute.id)}
    client.post("/join", data=form)
    other.post("/join", data={**form, "email": "finn@city.example", "name": "Finn Lund"})
    first, second = (link_in(letter) for letter in letters())
    assert other.post(second).status_code == 303
    late = client.post(first)
    assert late.status_code == 422 and "All seats of Institute of Trams are taken." in late.text
    assert known.member_by_email("eva@city.example") is None
    with at(now() + timedelta(minutes=1)):  # the link stays valid, because a seat may become free
        assert client.get(first).status_code == 200
