"""The pages of declarations."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from forum.clock import now
from forum.db import db
from forum.declarations import actions, queries
from forum.declarations.models import STATES, Declaration, Signature
from forum.dialogue.models import Topic
from forum.errors import Forbidden
from forum.invitations.actions import choose_voices
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import OrganisationText
from forum.members.models import Organisation
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from tests.declarations.conftest import draft, frozen, in_days, signed, text_of


def words_of(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_the_list_says_what_it_is_for_and_is_filtered(client, sign_in, people, agenda):
    assert "There are no declarations yet" in words_of(client.get("/declarations"))
    one, two = draft(people, agenda, title="First"), frozen(people, agenda, title="Second")
    page = client.get("/declarations").text
    assert two.address in page and one.address not in page and "First" not in page
    assert one.address in sign_in(people.host).get("/declarations").text
    assert two.address in client.get("/declarations?agenda=quieter&state=open").text
    for none in ("?agenda=quieter&state=adopted", "?agenda=nowhere", "?state=draft"):
        assert "No declaration is like this" in client.get(f"/declarations{none}").text
    assert client.get("/declarations?state=rubbish&before=x").status_code == 200


def test_the_list_goes_on_by_the_last_key(client, people, agenda, monkeypatch):
    monkeypatch.setattr("forum.declarations.queries.listing.LISTED", 2)
    made = [frozen(people, agenda, title=f"Number {n}") for n in range(5)]
    page = client.get("/declarations").text
    assert f"before={made[3].id}" in page and made[4].address in page
    page = client.get(f"/declarations?before={made[3].id}").text
    assert made[2].address in page and made[1].address in page and made[3].address not in page
    page = client.get(f"/declarations?before={made[1].id}").text
    assert made[0].address in page and "Older declarations" not in page


@pytest.mark.parametrize("title", ["Water " * 24 + "at last", "W" * 150])
def test_a_long_title_is_opened_with_the_question_that_stands_there(sign_in, people, agenda, title):
    made, host = draft(people, agenda, title=title.strip()), sign_in(people.host)
    page = host.get(f"/declarations/{made.id}/open").text
    asked = unescape(re.findall(r'name="title"[^>]* value="([^"]*)"', page)[0])
    assert asked.endswith("?") and "…" in asked and len(asked) <= 120
    sent = {"title": asked, "text": "Please read it."}
    assert host.post(f"/declarations/{made.id}/open", data=sent).status_code == 303
    assert db.session.scalars(select(Topic.title)).all() == [asked]


def test_a_draft_that_has_changed_is_not_opened_unread(client, sign_in, people, agenda):
    made, host = draft(people, agenda), sign_in(people.host)
    page = host.get(f"/declarations/{made.id}/open").text
    (seen,) = re.findall(r'name="seen" type="hidden" value="([^"]+)"', page)
    actions.write_declaration(people.moderator, agenda.id, text_of("We want none of it."), made.id)
    sent = host.post(f"/declarations/{made.id}/open", data={"title": "", "text": "", "seen": seen})
    assert sent.status_code == 409 and "has changed since you opened the form" in sent.text
    assert client.get(made.address).status_code == 404
    page = host.get(f"/declarations/{made.id}/open").text
    (seen,) = re.findall(r'name="seen" type="hidden" value="([^"]+)"', page)
    host.post(f"/declarations/{made.id}/open", data={"title": "", "text": "", "seen": seen})
    assert "We want none of it." in client.get(made.address).text


def test_its_address_follows_its_title(client, sign_in, people, agenda):
    made = draft(people, agenda)
    assert client.get(made.address).status_code == 404
    host = sign_in(people.host)
    moved = host.get(f"/declarations/{made.id}-wrong")
    assert (moved.status_code, moved.location) == (301, made.address)
    assert host.get(made.address).status_code == 200
    assert client.get("/declarations/999999").status_code == 404


def test_from_the_draft_to_the_end(client, sign_in, people, agenda, bodies):
    """A secretary writes it, opens it with a question, freezes and adopts it; a representative signs it."""
    host, ana = sign_in(people.host), sign_in(people.ana)
    new = f"/agendas/{agenda.slug}/declarations/new"
    assert client.get(new).location.startswith("/sign-in") and ana.get(new).status_code == 403
    sent = host.post(new, data={"title": "Quiet", "body": "We **want** it.", "language": "en"})
    address = sent.location
    page = host.get(address)
    assert "Only the moderators of this agenda see the draft" in page.text
    number = db.session.scalar(select(Declaration.id))
    opening = host.get(f"/declarations/{number}/open")
    form = re.findall(r"<textarea[^>]*name=\"text\"[^>]*>([^<]*)", opening.text)[0]
    host.post(f"/declarations/{number}/open", data={"title": "What should change?", "text": form})
    topic = db.session.scalar(select(Topic))
    assert topic.address in client.get(address).text
    assert address in client.get(topic.address).text
    body = {"title": "Quiet", "body": "We want it *now*.", "language": "en"}
    host.post(f"/declarations/{number}/edit", data=body)
    assert "We <del>**want** it.</del>" in client.get(f"/declarations/{number}/history").text
    asked = host.get(f"/declarations/{number}/freeze").text
    digest = re.findall(r'name="digest" type="hidden" value="(\w+)"', asked)[0]
    refused = host.post(f"/declarations/{number}/freeze", data={"digest": digest})
    assert refused.status_code == 422
    day = in_days(3).isoformat()
    host.post(f"/declarations/{number}/freeze", data={"digest": digest, "sign_until": day})
    assert digest in client.get(address).text
    sign = f"/declarations/{number}/sign"
    assert "Sign for City of Athens" in ana.get(address).text
    first = {"organisation": bodies.city.id, "digest": digest, "language": "en"}
    looked = ana.post(sign, data={**first, "reservation": "Not on\nSundays."})
    assert db.session.scalar(select(func.count(Signature.id))) == 0
    for words in (digest[:12], "City of Athens", "Head of Streets", "Ana Prado", "Sundays."):
        assert words in looked.text, words
    again = {**first, "reservation": "Not on\nSundays."}
    assert 'name="reservation" value="Not on\nSundays."' in looked.text
    assert "Not on" in ana.post(sign, data={**again, "back": "1"}).text
    done = ana.post(sign, data={**again, "confirmed": "1"})
    assert done.location == f"{address}#signatures"
    page = words_of(client.get(address))
    assert "1 signature Greece City of Athens , Athens Ana Prado , Head of Streets" in page
    assert "With a reservation: Not on Sundays." in page
    assert "signed on" in words_of(ana.get(address))
    assert ana.get(sign).status_code == 403
    host.post(f"/declarations/{number}/adopt")
    assert "Adopted on" in words_of(client.get(address))
    assert "Take the signature back" not in ana.get(address).text


def test_a_visitor_finds_no_old_page(client, sign_in, people, declaration, bodies):
    host, page = sign_in(people.host), lambda: words_of(client.get(declaration.address))
    assert "No signature yet" in page()
    kept = signed(people.ana, declaration, bodies.city, "Fools wrote it.")
    assert "1 signature" in page() and "Fools" in page()
    moderation.decide(people.host, "reservation", kept.id, "hide", Reasons("Rude.", 2))
    assert "Fools" not in page() and "hidden its reservation" in page()
    moderation.decide(people.host, "reservation", kept.id, "restore")
    assert "Fools" in page()
    host.post(f"/declarations/{declaration.id}/withdraw", data={"reason": "A wrong number."})
    assert "This text does not hold. A wrong number." in page()


def test_an_old_form_does_not_change_a_frozen_text_and_gives_it_back(sign_in, people, agenda):
    made, host = draft(people, agenda), sign_in(people.host)
    actions.open_declaration(people.host, made.id, PlainTexts())
    form = {"title": "Quiet", "body": "What I typed for an hour.", "language": "en"}
    actions.freeze(people.moderator, made.id, in_days(3))
    answer = host.post(f"/declarations/{made.id}/edit", data=form)
    assert answer.status_code == 403 and "What I typed for an hour." in answer.text
    assert "cannot change any more" in answer.text


def test_somebody_who_may_not_sign_reads_what_to_do(client, sign_in, people, declaration, bodies):
    for member in (people.ben, people.host):
        page = words_of(sign_in(member).get(declaration.address))
        assert "Signing binds an organisation" in page, member.name
        assert sign_in(member).get(f"/declarations/{declaration.id}/sign").status_code == 403
    assert "Sign in to sign it" in client.get(declaration.address).text
    typed = {"organisation": bodies.city.id, "digest": declaration.digest, "confirmed": "1"}
    for member in (people.ben, people.chitra):
        answer = sign_in(member).post(f"/declarations/{declaration.id}/sign", data=typed)
        assert answer.status_code in (403, 422)
    assert db.session.scalar(select(func.count(Signature.id))) == 0


def test_who_speaks_for_several_signs_for_the_one_whose_link_was_pressed(
    sign_in, people, declaration, bodies
):
    zoo = OrganisationText("Athens Zoo", "partner", representative_id=people.ana.id)
    members.write_organisation(people.moderator, zoo)
    ana, sign = sign_in(people.ana), f"/declarations/{declaration.id}/sign"
    assert f'href="{sign}?organisation={bodies.city.id}"' in ana.get(declaration.address).text
    form = ana.get(f"{sign}?organisation={bodies.city.id}").text
    assert f'<option selected value="{bodies.city.id}">' in form
    for odd in ("x", "0", "9" * 30):
        assert ana.get(f"{sign}?organisation={odd}").status_code == 200


def test_each_name_on_the_last_look_runs_its_own_way(sign_in, people, declaration, bodies):
    """An Arabic name turns neither the city beside it nor what the forum says."""
    zoo = OrganisationText("حديقة", "partner", bodies.city.city_id, representative_id=people.ana.id)
    organisation = members.write_organisation(people.moderator, zoo)
    typed = {"organisation": organisation.id, "digest": declaration.digest, "language": "en"}
    looked = sign_in(people.ana).post(f"/declarations/{declaration.id}/sign", data=typed)
    assert "<dd><bdi>حديقة</bdi>, <bdi>Athens" in looked.text
    assert "<dd><bdi>Ana Prado</bdi>, <bdi>Head of Streets</bdi>" in looked.text


def test_the_second_of_two_is_told(sign_in, people, declaration, bodies):
    choose_voices(people.ana, bodies.city.id, [people.ana.id, people.ben.id])
    typed = {
        "organisation": bodies.city.id,
        "digest": declaration.digest,
        "language": "en",
        "reservation": "A long reservation that took an hour.",
        "confirmed": "1",
    }
    sign = f"/declarations/{declaration.id}/sign"
    ana, ben = sign_in(people.ana), sign_in(people.ben)
    assert ana.post(sign, data=typed).status_code == 303
    answer = ben.post(sign, data=typed)
    assert answer.status_code == 403 and "has signed this declaration already" in answer.text
    assert "A long reservation that took an hour." in answer.text


def test_what_is_confirmed_twice_is_signed_once(sign_in, people, declaration, bodies):
    typed = {
        "organisation": bodies.city.id,
        "digest": declaration.digest,
        "language": "en",
        "reservation": " Not on\r\nSundays. ",
    }
    ana, sign = sign_in(people.ana), f"/declarations/{declaration.id}/sign"
    assert "the whole text is signed" in ana.post(sign, data={**typed, "reservation": " \n "}).text
    for _time in range(2):
        answer = ana.post(sign, data={**typed, "confirmed": "1"})
        assert answer.location == f"{declaration.address}#signatures"
    other = ana.post(sign, data={**typed, "reservation": "Other words.", "confirmed": "1"})
    assert other.status_code == 403 and "Other words." in other.text
    for odd in ("9" * 30, "x", ""):
        assert ana.post(sign, data={"organisation": odd, "confirmed": "1"}).status_code == 403
    assert db.session.scalars(select(Signature.words)).all() == ["Not on\nSundays."]


def test_a_signature_is_taken_back_on_a_page_that_asks(sign_in, people, declaration, bodies):
    kept = signed(people.ana, declaration, bodies.city)
    door = f"/declarations/{declaration.id}/signatures/{kept.id}/take-back"
    assert sign_in(people.ben).get(door).status_code == 403
    ana = sign_in(people.ana)
    assert "It can sign again" in ana.get(door).text
    assert ana.post(door).location == declaration.address
    assert ana.get(door).status_code == 404
    again = ana.post(door)
    assert again.status_code == 404 and "is not here any more" in again.text
    assert "There is no such declaration" not in again.text


def test_only_moderators_see_who_was_asked_and_has_not_signed(
    client, sign_in, people, declaration, bodies
):
    host = sign_in(people.host)
    door = f"/declarations/{declaration.id}/invite"
    assert sign_in(people.ana).get(door).status_code == 403
    listed = host.get(f"{door}?country=GR").text
    assert "City of Athens" in listed and "Institute of Trams" not in listed
    host.post(f"{door}?country=GR", data={"organisations": [bodies.city.id]})
    asked = host.post(door, data={"all": "1"})
    assert asked.status_code == 200 and "2 organisations of the whole federation" in asked.text
    assert "1 organisation was invited." in words_of(host.get(declaration.address))
    host.post(door, data={"all": "1", "confirmed": "1"})
    signed(people.ana, declaration, bodies.city)
    said = "3 organisations were invited. 2 of them have not signed."
    assert said in words_of(host.get(declaration.address))
    for browser in (client, sign_in(people.ana)):
        page = words_of(browser.get(declaration.address))
        assert "invited" not in page and "Institute of Trams" not in page


def test_an_invitation_of_nobody_says_what_to_do(sign_in, people, declaration, bodies):
    host, door = sign_in(people.host), f"/declarations/{declaration.id}/invite"
    refused = host.post(door, data={})
    assert refused.status_code == 422 and "Tick at least one organisation." in refused.text
    assert '<div id="organisations" class="bad"' in refused.text
    for said in ("1 organisation is invited to sign.", "All of these are invited or have signed"):
        sent = host.post(door, data={"organisations": [bodies.city.id]})
        page = host.get(sent.location).text
        assert said in page
        assert "0 organisations" not in page


def test_invitations_are_taken_back_on_the_page(client, sign_in, people, declaration, bodies):
    host, door = sign_in(people.host), f"/declarations/{declaration.id}/invite"
    host.post(door, data={"organisations": [bodies.city.id, bodies.institute.id]})
    back = f"/declarations/{declaration.id}/take-invitations-back"
    assert f'action="{back}"' in host.get(door).text
    for typed in ({}, {"organisations": ["9" * 40]}, {"organisations": ["<b>"]}):
        assert host.post(back, data=typed).status_code == 422, typed
    assert sign_in(people.ana).post(back, data={"organisations": ["1"]}).status_code == 403
    sent = host.post(f"{back}?country=GR", data={"organisations": [bodies.city.id]})
    assert sent.status_code == 303 and sent.location.endswith("invite?country=GR")
    page = words_of(host.get(sent.location))
    assert "1 invitation is taken back." in page and "Hana Virtanen" in page
    said = "The invitation of City of Athens to sign was taken back"
    shown = words_of(sign_in(people.ana).get(declaration.address))
    assert said in shown and "Sign for City of Athens" in shown
    for browser in (client, sign_in(people.ben), sign_in(people.chitra)):
        assert said not in words_of(browser.get(declaration.address))


def test_five_hundred_signatures_fit(client, people, declaration, bodies, monkeypatch):
    signed(people.ana, declaration, bodies.city)
    rows = [
        OrganisationText(f"Office {n:03}", "partner", representative_id=people.ben.id)
        for n in range(30)
    ]
    for text in rows:
        made = members.write_organisation(people.moderator, text)
        signed(people.ben, declaration, made)
    monkeypatch.setattr("forum.declarations.queries.signatures.SIGNATURES_PER_PAGE", 20)
    first = client.get(f"/declarations/{declaration.id}/signatures")
    assert "31 signatures" in first.text and "City of Athens" in first.text
    assert "Office 029" not in first.text
    assert "Office 029" in client.get(f"/declarations/{declaration.id}/signatures?page=2").text
    assert client.get(f"/declarations/{declaration.id}/signatures?page=99").status_code == 200
    many = client.get(declaration.address)
    assert many.text.count('id="signature-') == 31


def test_five_hundred_signatures_stand_on_the_page_that_is_printed(
    client, people, declaration, bodies
):
    """The pages of organisations link to their signatures there, and a printed page has no link to a second one."""
    for n in range(500):
        text = {"slug": f"office-{n}", "name": f"Office {n}", "kind": "partner"}
        office = Organisation(**text, created_at=now())
        db.session.add(office)
        db.session.flush()
        known = {"organisation_id": office.id, "organisation_name": office.name, "name": "Ben"}
        db.session.add(Signature(declaration_id=declaration.id, signed_at=now(), **known))
    declaration.signatures_count = 500
    db.session.commit()
    page = client.get(declaration.address).text
    assert page.count('id="signature-') == 500 and "All 500 signatures" not in page


def test_pages_ask_a_few_queries(client, sign_in, people, declaration, bodies, queries):
    signed(people.ana, declaration, bodies.city, "Not on Sundays.")
    signed(people.chitra, declaration, bodies.institute)
    for browser, path, most in (
        (client, "/declarations", 3),
        # One of them asks which agendas have commitments; a server process caches that
        (client, declaration.address, 4),
        (client, f"/declarations/{declaration.id}/signatures", 4),
        (sign_in(people.ana), declaration.address, 8),
        (sign_in(people.host), declaration.address, 11),
    ):
        browser.get(path)
        with queries() as made:
            assert browser.get(path).status_code == 200
        assert made.count <= most, (path, made.statements)


def test_what_cannot_be_signed_says_why(people, agenda, sign_in, bodies):
    made = draft(people, agenda)
    ana = sign_in(people.ana)
    assert ana.get(f"/declarations/{made.id}/sign").status_code == 404
    actions.open_declaration(people.host, made.id, PlainTexts())
    answer = ana.get(f"/declarations/{made.id}/sign")
    assert answer.status_code == 403 and "in consultation" in answer.text
    with pytest.raises(Forbidden):
        signed(people.ana, made, bodies.city)


def test_search_finds_what_a_declaration_says(client, sign_in, people, agenda, declaration):
    link = f'href="{declaration.address}"'
    for typed in ("quiet+nights", "NIGHT", "nights+qui", "we+%22quiet%22&kind=declaration"):
        found = client.get(f"/search?q={typed}").text
        assert link in found and ">Declaration<" in found, typed
    assert client.get("/api/v1/search?q=quiet+nowhere").json["items"] == []
    (hit,) = client.get("/api/v1/search?q=nights").json["items"]
    door = f"/api/v1/declarations/{declaration.id}"
    assert hit["kind"] == "declaration" and hit["api_url"].endswith(door)
    assert client.get(door).json["title"] == hit["title"]


def test_search_finds_a_declaration_from_its_consultation_on_and_by_its_present_words(
    client, sign_in, people, agenda
):
    secret = draft(people, agenda, "Quiet nights, once more", "No sirens.")
    host = sign_in(people.host)
    for browser in (client, host):
        assert secret.address not in browser.get("/search?q=sirens").text
    actions.open_declaration(people.host, secret.id, PlainTexts())
    assert secret.address in client.get("/search?q=sirens").text
    new = actions.DeclarationText("Quiet nights, once more", write("No bells."))
    actions.write_declaration(people.host, agenda.id, new, secret.id)
    assert secret.address not in client.get("/search?q=sirens").text
    assert secret.address in client.get("/search?q=bells").text
    actions.withdraw(people.host, secret.id, "It was said twice.")
    # A withdrawn declaration keeps its page
    assert secret.address in client.get("/search?q=bells").text


def test_the_history_says_who_took_it_further(client, sign_in, people, agenda):
    made = draft(people, agenda)
    actions.open_declaration(people.host, made.id, PlainTexts())
    actions.freeze(people.moderator, made.id, in_days(30))
    actions.adopt(people.host, made.id)
    page = words_of(client.get(f"/declarations/{made.id}/history"))
    assert page.index(f"Changed by {people.host.name}") < page.index(
        f"Changed by {people.moderator.name}"
    )
    assert "State Open for signature Adopted" in page and "State In consultation Open" in page
    latest = queries.edits_of(made, dict.fromkeys(STATES, ""))[0].version
    whole = words_of(client.get(f"/declarations/{made.id}/history?version={latest.id}"))
    assert "Language en State Open for signature" in whole


def test_a_draft_that_is_withdrawn_leaves_no_version(people, agenda):
    made = draft(people, agenda)
    actions.withdraw(people.host, made.id, "It is not needed.")
    assert not queries.edits_of(made, dict.fromkeys(STATES, ""))


def test_who_may_edit_it_finds_that_beside_its_title(sign_in, people, agenda):
    declaration = draft(people, agenda)
    way = f'href="/declarations/{declaration.id}/edit"'
    page = sign_in(people.host).get(declaration.address).text
    above, _side, below = page.partition('class="cols')
    assert above.count(way) == 1 and way not in below
    assert way not in sign_in(people.ana).get(declaration.address).text
