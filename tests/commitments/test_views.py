"""The pages of commitments."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from forum.clock import day_in_words, now
from forum.commitments import actions, queries
from forum.commitments.actions import Step
from forum.commitments.models import Commitment
from forum.db import db
from forum.library.actions import (
    CaseText,
    PracticeText,
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.members.actions import Profile, edit_profile
from forum.members.queries import city_by_name
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.permissions import VISITOR
from tests.commitments.conftest import TEXT, a_text, first_of, in_days, published
from tests.declarations.conftest import frozen, signed


def words_of(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def fields(**words):
    said = {
        "agenda": "quieter",
        "title": "Felt below line 2",
        "body": TEXT,
        "language": "en",
        "last_day": in_days(90).isoformat(),
        "milestones-1-words": "A kilometre is done",
        "milestones-1-day": in_days(30).isoformat(),
        "declaration": "0",
        "copied": "",
    }
    return said | {name.replace("__", "-"): value for name, value in words.items()}


def seen_in(page) -> str:
    return re.findall(r'name="seen"[^>]* value="(\w+)"', page.text)[0]


# Reading


def test_the_list_says_what_it_is_for_and_is_filtered(client, people, agenda, bodies):
    assert "There are no commitments yet" in words_of(client.get("/commitments"))
    city_promise = published(people.ana, agenda, bodies.city)
    institute_promise = published(people.chitra, agenda, bodies.institute, title="Nets")
    ended = published(people.ana, agenda, bodies.city, title="Moss")
    actions.end_commitment(people.ana, ended.id, "It died.")
    actions.reach_milestone(people.ana, city_promise.id, first_of(city_promise).id)
    page = client.get("/commitments").text
    places = [page.index(made.address) for made in (institute_promise, city_promise, ended)]
    assert places == sorted(places)  # sorted by the next milestone; ended ones come last
    page = client.get("/commitments?country=GR&city=athens&agenda=quieter&state=running").text
    assert (
        city_promise.address in page
        and institute_promise.address not in page
        and ended.address not in page
    )
    for none in ("?agenda=nowhere", "?state=kept", "?city=nowhere"):
        assert "No commitment is like this" in client.get(f"/commitments{none}").text
    assert client.get("/commitments?state=rubbish&country=XX&page=x").status_code == 200


def test_what_filters_the_list_is_folded_and_said_and_taken_away_one_by_one(
    client, people, agenda, bodies
):
    published(people.ana, agenda, bodies.city)
    address = "/commitments?country=GR&city=athens&agenda=quieter&state=running"
    page = client.get(f"{address}&organisation=city-of-athens&page=1").text
    assert "Filter, 4 active</summary>" in page and page.index("</summary>") < page.index("<select")
    chips = re.findall(r'<a class="tag" href="([^"]*)"[^>]*><bdi[^>]*>([^<]*)', page)
    assert [words for _address, words in chips] == [agenda.title, "Under way", "Greece", "Athens"]
    assert unescape(chips[3][0]) == (
        "/commitments?agenda=quieter&state=running&country=GR&organisation=city-of-athens"
    )
    odd = client.get("/commitments?state=rubbish&city=<b>&agenda=x&declaration=y").text
    assert 'class="tag"' not in odd and "<b>" not in odd
    assert "</svg> Filter</summary>" in client.get("/commitments").text


def test_the_list_leads_to_the_form_whoever_may_publish(client, sign_in, people, bodies):
    offered = "Say what your organisation will do"
    assert offered in sign_in(people.ana).get("/commitments").text
    for browser in (client, sign_in(people.ben)):
        assert offered not in browser.get("/commitments").text


def test_the_list_has_pages_and_few_queries(client, people, agenda, bodies, monkeypatch, queries):
    monkeypatch.setattr("forum.commitments.queries.listing.COMMITMENTS_PER_PAGE", 2)
    made = [published(people.ana, agenda, bodies.city, title=f"Number {n}") for n in range(3)]
    with queries() as few:
        page = client.get("/commitments").text
    assert few.count <= 5 and made[2].address in page and made[0].address not in page
    assert made[0].address in client.get("/commitments?page=2").text


def test_a_page_has_all_that_is_said(client, sign_in, people, agenda, bodies, queries):
    declaration = frozen(people, agenda)
    made = published(people.ana, agenda, bodies.city, declaration_id=declaration.id)
    one, two = milestones(made)
    actions.move_milestone(people.ana, made.id, one.id, in_days(40), "Rain & snow.")
    actions.give_milestone_up(people.ana, made.id, two.id, "No money.")
    actions.follow_commitment(people.chitra, made.id)
    with queries() as few:
        page = client.get(made.address)
    assert few.count <= 7
    words = words_of(page)
    for said in (
        "Under way",
        "City of Athens",
        "Rain & snow.",
        "No money.",
        "Chitra Desai",
        "City not known",
        "Quiet nights",
        "Sign in to follow it",
        "Report illegal content",
    ):
        assert said in words
    assert "<strong>felt</strong>" in page.text and "What became of it" not in words
    assert "What became of it" in words_of(sign_in(people.ana).get(made.address))
    moved = client.get(f"/commitments/{made.id}-wrong")
    assert (moved.status_code, moved.location) == (301, made.address)
    assert client.get("/commitments/99999").status_code == 404
    history = words_of(client.get(f"/commitments/{made.id}/history"))
    assert "Rain & snow." in history and "Version 2" in history
    first = re.findall(r"version=(\d+)", client.get(f"/commitments/{made.id}/history").text)[-1]
    assert "Version 1, whole" in words_of(
        client.get(f"/commitments/{made.id}/history?version={first}")
    )


def test_an_earlier_version_is_put_back(client, sign_in, people, commitment):
    actions.edit_commitment(people.ana, commitment.id, a_text(title="Cork", source="Of cork."))
    actions.reach_milestone(people.ana, commitment.id, milestones(commitment)[0].id)
    path = f"/commitments/{commitment.id}"
    history = sign_in(people.ana).get(f"{path}/history").text
    ways = re.findall(rf'href="{path}/edit\?version=(\d+)"', history)
    assert len(ways) == 1  # there were two changes; the one about a milestone cannot be restored
    for browser, refused in ((client, 303), (sign_in(people.chitra), 403)):
        assert "edit?version" not in browser.get(f"{path}/history").text
        assert browser.get(f"{path}/edit?version={ways[0]}").status_code == refused
    browser = sign_in(people.ana)
    assert "edit?version" in browser.get(f"{path}/history?version={ways[0]}").text
    form = browser.get(f"{path}/edit?version={ways[0]}").text
    assert 'value="Felt below line 2"' in form and "We will put **felt** below" in form
    assert "Its milestones stay as they are." in form and "Of cork." not in form
    # Opening the form has saved nothing
    assert queries.get_commitment(people.ana, commitment.id).title == "Cork"
    for odd in ("0", "999999", "x", "9" * 40, "%00"):
        assert browser.get(f"{path}/edit?version={odd}").status_code == 404
    actions.keep_commitment(people.ana, commitment.id)
    assert "edit?version" not in browser.get(f"{path}/history").text


def milestones(made: Commitment):
    return queries.milestones_of(made)


def test_other_pages_lead_to_it(client, sign_in, people, agenda, bodies):
    declaration = frozen(people, agenda)
    signed(people.ana, declaration, bodies.city)
    page = sign_in(people.ana).get(declaration.address)
    assert "Say what you will do" in words_of(page)
    assert f"declaration={declaration.id}" in page.text
    made = published(people.ana, agenda, bodies.city, declaration_id=declaration.id)
    athens = bodies.city
    for path in (
        declaration.address,
        f"/organisations/{athens.slug}",
        "/cities/athens",
        "/agendas/quieter",
        "/sitemap.xml",
        "/search?q=kilometre",
    ):
        text = client.get(path).text
        assert made.address in text or f"/commitments/{made.id}" in text, path
    actions.hide_commitment(people.host, made.id, "No.")
    for path in (declaration.address, f"/organisations/{athens.slug}", "/agendas/quieter"):
        assert made.address not in client.get(path).text, path


def test_what_is_copied_leads_to_who_copies_it(client, sign_in, people, agenda, bodies):
    case = write_case(people.host, agenda.id, CaseText("Felt", "network", "Short.", "One."))
    text = PracticeText("Felt", "Felt below trams.", slug="felt")
    practice = submit(people.ben, write_practice(people.ben, agenda.id, text).id)
    publish(people.moderator, practice.id)
    for path in (f"/practices/{practice.slug}", f"/cases/{case.slug}"):
        assert "Commitments to copy it" not in client.get(path).text
        made = published(people.ana, agenda, bodies.city, title=f"As {path}", copied=path)
        page = client.get(path).text
        assert "Commitments to copy it" in page and f'href="{made.address}"' in page
        actions.hide_commitment(people.host, made.id, "No.")
        assert made.address not in client.get(path).text


def test_who_wants_to_try_it_is_led_to_say_so_for_an_organisation(
    client, sign_in, people, agenda, bodies
):
    text = PracticeText("Felt", "Felt below trams.", slug="felt")
    practice = submit(people.host, write_practice(people.host, agenda.id, text).id)
    publish(people.moderator, practice.id)
    way = 'href="/commitments/new?practice=felt"'
    page = sign_in(people.ana).get("/practices/felt/intention").text
    assert way in page
    form = sign_in(people.ana).get("/commitments/new?practice=felt").text
    assert 'value="/practices/felt"' in form
    assert way not in sign_in(people.ben).get("/practices/felt/intention").text


def test_other_pages_lead_to_those_that_they_do_not_show(client, people, agenda, bodies):
    declaration = frozen(people, agenda)
    for number in range(21):
        words = {"title": f"Felt {number}", "declaration_id": declaration.id}
        published(people.ana, agenda, bodies.city, **words)
    published(people.chitra, agenda, bodies.institute, title="Nets")
    for page, way in (
        (declaration.address, f"/commitments?declaration={declaration.id}"),
        ("/cities/athens", "/commitments?city=athens"),
        ("/organisations/city-of-athens", "/commitments?organisation=city-of-athens"),
    ):
        assert f'href="{way}"' in client.get(page).text
        found = words_of(client.get(way))
        assert "21 commitments" in found and "Nets" not in found
        assert "Felt 20" in found and "Felt 0 " in words_of(client.get(f"{way}&page=2"))
    assert "No commitment is like this" in client.get(f"/commitments?declaration={10**12}").text


def test_the_side_of_an_agenda_has_the_first_milestones_of_all(people, agenda, bodies):
    made = [
        published(
            people.ana,
            agenda,
            bodies.city,
            title=f"Felt {days}",
            milestones=[Step(f"Step {days}", in_days(days)), Step("Later", in_days(days + 40))],
        )
        for days in (25, 20, 45, 40, 35, 30, 22)
    ]
    actions.hide_commitment(people.moderator, made[0].id, "No.")
    actions.keep_commitment(people.ana, made[1].id)
    for milestone in queries.milestones_of(made[6]):  # a commitment without open milestones
        actions.reach_milestone(people.ana, made[6].id, milestone.id)
    found = queries.next_milestones(VISITOR, 9, agenda.id)
    assert [milestone.words for milestone in found] == [
        "Step 30",
        "Step 35",
        "Step 40",
        "Step 45",
        "Later",
    ]
    assert found[4].day == in_days(70)
    assert queries.next_milestones(VISITOR, 9, agenda.id + 1) == []


# Publishing


def test_a_representative_publishes_it(sign_in, people, agenda, bodies):
    browser = sign_in(people.ana)
    page = browser.get("/commitments/new?agenda=quieter")
    assert "You write for City of Athens." in words_of(page)
    shown = browser.post("/commitments/new", data=fields(preview="1", organisation=bodies.city.id))
    assert "<strong>felt</strong>" in shown.text and "A kilometre is done" in shown.text
    wrong = browser.post(
        "/commitments/new",
        data=fields(organisation=bodies.city.id, title="", milestones__1__day="soon", agenda=""),
    )
    assert wrong.status_code == 422 and TEXT in unescape(wrong.text)
    assert "Give the commitment a title." in words_of(wrong)
    assert (
        browser.post(
            "/commitments/new", data=fields(organisation=bodies.city.id, agenda="nowhere")
        ).status_code
        == 422
    )
    made = browser.post("/commitments/new", data=fields(organisation=bodies.city.id))
    assert made.status_code == 303 and made.location.startswith("/commitments/")
    assert "Felt below line 2" in browser.get(made.location).text


@pytest.mark.parametrize("number", ["", "x", "999", str(2**31), str(2**63)])
def test_an_organisation_that_is_not_in_the_list_is_refused(
    sign_in, people, agenda, bodies, number
):
    sent = fields(organisation=number)
    page = sign_in(people.ana).post("/commitments/new", data=sent)
    assert page.status_code == 422 and TEXT in unescape(page.text)


def test_the_address_fills_the_form_in(sign_in, people, agenda, bodies):
    declaration = frozen(people, agenda)
    page = sign_in(people.ana).get(f"/commitments/new?declaration={declaration.id}").text
    assert re.search(rf'<option lang="en" selected value="{declaration.id}"', page)
    assert re.search(r'<option lang="en" selected value="quieter"', page)
    assert sign_in(people.ana).get("/commitments/new?declaration=999&practice=x").status_code == 200


def test_the_form_is_only_for_who_speaks_for_an_organisation(client, sign_in, people, bodies):
    assert client.get("/commitments/new").status_code == 303
    refused = sign_in(people.ben).get("/commitments/new")
    assert refused.status_code == 403 and "Only the representative of an organisation" in words_of(
        refused
    )


def test_a_conflict_shows_both_texts(sign_in, people, commitment):
    browser = sign_in(people.ana)
    page = browser.get(f"/commitments/{commitment.id}/edit")
    seen = seen_in(page)
    actions.edit_commitment(people.ana, commitment.id, a_text(title="Cork", milestones=[]))
    mine = fields(seen=seen, title="Wool", milestones__1__words="", milestones__1__day="")
    again = browser.post(f"/commitments/{commitment.id}/edit", data=mine)
    assert again.status_code == 409 and "Cork" in again.text and "Wool" in again.text
    mine["seen"] = seen_in(again)
    assert browser.post(f"/commitments/{commitment.id}/edit", data=mine).status_code == 303
    assert "Wool" in browser.get("/commitments").text


# Progress


def test_one_press_says_what_became_of_a_milestone(sign_in, people, commitment):
    browser = sign_in(people.ana)
    door = first_of(commitment).told_at
    page = browser.get(door)
    assert page.status_code == 200 and "It needs more time" in words_of(page)
    wrong = browser.post(f"{door}/move", data={"day": in_days(99).isoformat(), "note": "Late <b>"})
    assert wrong.status_code == 422 and "Late &lt;b&gt;" in wrong.text
    assert browser.post(f"{door}/give-up", data={"reason": ""}).status_code == 422
    day = in_days(40).isoformat()
    assert browser.post(f"{door}/move", data={"day": day, "note": "Late."}).status_code == 303
    assert browser.post(f"{door}/reach", data={"sentence": ""}).status_code == 303
    assert browser.post(f"{door}/reach", data={"sentence": ""}).status_code == 409
    assert "Reached on" in words_of(browser.get(door))
    assert "Correct this" in words_of(browser.get(commitment.address))
    assert browser.post(f"{door}/reopen").status_code == 303
    assert "It needs more time" in words_of(browser.get(door))
    assert browser.post(f"{door}/reopen").status_code == 409
    assert sign_in(people.ben).get(door).status_code == 403
    assert browser.get(f"/commitments/{commitment.id}/milestones/999").status_code == 404


def test_what_was_typed_about_a_milestone_that_is_told_meanwhile_is_given_back(
    sign_in, people, commitment
):
    browser, milestone = sign_in(people.ana), first_of(commitment)
    actions.reach_milestone(people.ana, commitment.id, milestone.id)
    for sent in ({"day": in_days(40).isoformat()}, {"day": ""}):
        page = browser.post(f"{milestone.told_at}/move", data=sent | {"note": "The wool is late."})
        assert page.status_code == 409 and "The wool is late." in page.text
        assert "is told already" in words_of(page)


def test_who_moves_a_milestone_that_was_moved_meanwhile_is_asked_again(sign_in, people, commitment):
    browser, milestone = sign_in(people.ana), first_of(commitment)
    page = browser.get(milestone.told_at)
    (seen,) = re.findall(r'name="seen"[^>]* value="([^"]+)"', page.text)
    form = {"day": in_days(50).isoformat(), "note": "The wool is late.", "seen": seen}
    actions.move_milestone(people.ana, commitment.id, milestone.id, in_days(40), "Rain.")
    late = browser.post(f"{milestone.told_at}/move", data=form)
    assert late.status_code == 409 and "The wool is late." in late.text
    assert f"It was moved to {day_in_words(in_days(40))} meanwhile." in words_of(late)
    assert f'value="{in_days(50).isoformat()}"' in late.text
    assert first_of(commitment).day == in_days(40)
    (form["seen"],) = re.findall(r'name="seen"[^>]* value="([^"]+)"', late.text)
    assert browser.post(f"{milestone.told_at}/move", data=form).status_code == 303
    actions.reach_milestone(people.ana, commitment.id, milestone.id)
    told = browser.post(f"{milestone.told_at}/move", data=form)
    assert told.status_code == 409 and "is told already" in words_of(told)
    assert "The wool is late." in told.text


def test_it_is_kept_or_given_up_on_pages_of_their_own(sign_in, people, agenda, bodies, commitment):
    browser = sign_in(people.ana)
    assert "2 milestones are still open" in words_of(browser.get(f"{commitment.told_at}/keep"))
    assert browser.post(f"{commitment.told_at}/keep", data={"sentence": "Hush."}).status_code == 303
    assert "Hush." in browser.get(commitment.address).text
    assert browser.get(f"{commitment.told_at}/keep").status_code == 403
    other = published(people.ana, agenda, bodies.city, title="Moss")
    assert browser.post(f"{other.told_at}/end", data={"reason": " "}).status_code == 422
    assert browser.post(f"{other.told_at}/end", data={"reason": "It died."}).status_code == 303
    page = words_of(browser.get(other.address))
    assert "What stopped it: It died." in page and "It was to be reached by" in page


def test_peers_follow_it_with_one_press(sign_in, people, commitment):
    browser = sign_in(people.chitra)
    assert "We follow this and want to exchange experience" in browser.get(commitment.address).text
    assert browser.post(f"{commitment.told_at}/follow").status_code == 303
    page = words_of(browser.get(commitment.address))
    assert "You follow it" in page and "City not known CD Chitra Desai" in page
    assert browser.post(f"{commitment.told_at}/unfollow").status_code == 303
    assert "Nobody yet." in words_of(browser.get(commitment.address))
    assert sign_in(people.ben).post(f"{commitment.told_at}/follow").status_code == 403


def test_peers_stand_by_city_and_those_of_no_known_city_last(client, people, commitment, bodies):
    tampere = city_by_name("Tampere", "FI")
    profile = Profile(
        name=people.host.name, city_id=tampere.id, organisation_id=bodies.institute.id
    )
    edit_profile(people.host, profile)
    for peer in (people.chitra, people.host):
        actions.follow_commitment(peer, commitment.id)
    page = words_of(client.get(commitment.address))
    assert page.index("Tampere, Finland") < page.index("City not known")


# Moderators


def test_it_is_reported_hidden_and_appealed(client, sign_in, people, commitment):
    reporter = sign_in(people.chitra)
    door = f"{commitment.told_at}/report"
    assert "Report this commitment" in reporter.get(door).text
    assert reporter.post(door, data={"reason": "rules"}).status_code == 303
    entry = sign_in(people.host).get(f"/moderation/commitment/{commitment.id}")
    assert entry.status_code == 200 and "<strong>felt</strong>" in entry.text
    made = moderation.decide(
        people.host, "commitment", commitment.id, "hide", Reasons("It sells felt.", 2)
    )
    assert client.get(commitment.address).status_code == 404
    author = sign_in(people.ana)
    page = author.get(commitment.address)
    assert "A moderator has hidden this commitment" in words_of(page)
    why = author.get(f"{commitment.told_at}/why")
    assert why.location == f"/moderation/decisions/{made.id}"
    decision = words_of(author.get(why.location))
    assert "It sells felt." in decision and "Appeal" in decision
    moderation.decide(people.moderator, "commitment", commitment.id, "restore")
    assert client.get(commitment.address).status_code == 200


def test_old_ones_are_shown_without_a_clock(client, people, commitment):
    commitment.published_at = now() - timedelta(days=900)
    db.session.commit()
    assert "By " in words_of(client.get(commitment.address))


def test_who_may_edit_it_finds_that_beside_its_title(sign_in, people, commitment):
    way = f'href="/commitments/{commitment.id}/edit"'
    above, _facts, below = (
        sign_in(people.ana).get(commitment.address).text.partition('class="glance')
    )
    assert above.count(way) == 1 and way not in below
    assert way not in sign_in(people.moderator).get(commitment.address).text
