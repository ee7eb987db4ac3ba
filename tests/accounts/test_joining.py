"""Joining: the form, the e-mail that confirms an address, and robots."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from forum.accounts import actions as account_actions
from forum.clock import at, now
from forum.errors import NotFound
from forum.members import actions
from forum.members import queries as members
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import leave
from tests.accounts.conftest import JOINING, PASSWORD, ask, confirm, enter, is_signed_in
from tests.conftest import link_in
from tests.mail.conftest import with_settings
from tests.odd import ODD_VALUES


def test_joining_takes_a_letter_and_a_press(client, app, letters):
    answer = client.post("/join", data=JOINING)
    assert (answer.status_code, answer.location) == (303, "/join/sent")
    page = client.get("/join/sent")
    assert "eva@city.example" in page.text and "private" in page.headers["Cache-Control"]
    assert "does not go out" in page.text and "on its way" not in page.text
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        said = client.get("/join/sent").text
    assert "on its way" in said and "does not go out" not in said
    assert members.member_by_email("eva@city.example") is None
    (letter,) = letters()
    assert letter.to == "eva@city.example" and "Confirm my address" in letter.text
    answer = confirm(client, letters)
    assert (answer.status_code, answer.location) == (303, "/")
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.city.name, member.position, member.email) == (
        "Copenhagen",
        "Planner",
        "eva@city.example",
    )
    assert [spoken.language for spoken in member.languages] == ["da", "en"]
    assert is_signed_in(client)


def test_whose_organisation_is_not_listed_reads_where_to_name_it(client):
    assert "If it is not listed, name it with your position." in client.get("/join").text


def test_a_forum_without_mail_says_so_before_somebody_fills_in_the_form(app, client):
    actions.found_federation(SYSTEM, "Quiet cities", "")
    assert "No e\N{NON-BREAKING HYPHEN}mail can be sent yet" in client.get("/join").text
    with with_settings(app, smtp_url="smtp://mail.example.org"):
        assert "No e\N{NON-BREAKING HYPHEN}mail can be sent yet" not in client.get("/join").text


def test_every_page_leads_to_signing_in_and_back(client, agenda):
    for path in ("/cases?kind=network", "/nowhere", "/agendas/quieter"):
        page = client.get(path).text
        for door in ("sign-in", "join"):
            assert f'href="/{door}?next={path.replace("=", "%3D")}"' in page
    assert "Some pages are for members only." in client.get("/nowhere").text
    for path in ("/", "/sign-in", "/join"):
        assert 'class="btn alt sm" href="/sign-in"' in client.get(path).text


def test_joining_goes_on_to_where_one_came_from(client, letters):
    client.post("/join", data={**JOINING, "next": "/agendas/quieter/topics/new?kind=question"})
    answer = confirm(client, letters)
    assert answer.location == "/agendas/quieter/topics/new?kind=question"


def test_the_page_for_joining(client):
    page = client.get("/join?next=/topics/7")
    assert page.status_code == 200
    assert 'name="next" type="hidden" value="/topics/7"' in page.text
    for name in JOINING:
        assert re.search(rf'<(input|select|textarea)[^>]* name="{name}"', page.text), name
        assert f'<label for="{name}"' in page.text


def test_the_rules_are_named_once_where_they_are_linked(client):
    text = client.get("/join").text
    (said,) = re.findall(r'<p class="sm">(.*?<a href="/rules".*?)</p>', text)
    assert re.sub("<[^>]+>", "", said) == "By joining you agree to the house rules."


def test_further_languages_are_folded_until_one_is_chosen(client, sign_in, people):
    def folded(page):
        return re.search(r'<details class="md"( open)?><summary>Further', page.text)

    assert folded(client.get("/join")).group(1) is None
    refused = client.post(
        "/join", data={**JOINING, "name": "", "second_language": "", "third_language": "de"}
    )
    assert folded(refused).group(1) == " open"
    settings = sign_in(people.ana).get("/settings")
    assert folded(settings) is None and 'name="third_language"' in settings.text


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.5", "fr"),
        ("pt-BR", "pt"),
        ("nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        ("tlh,sw;q=0.4,de;q=0.2", "sw"),
        ("tlh", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
        ("\x00;q=,;;=", "en"),
    ],
)
def test_joining_begins_with_the_language_of_the_browser(client, accepted, chosen):
    page = client.get("/join", headers={"Accept-Language": accepted} if accepted else {})
    field = page.text.partition('name="language"')[2].partition("</select>")[0]
    assert re.findall('selected value="([a-z]*)"', field) == [chosen]
    refused = client.post("/join", data={**JOINING, "name": "", "language": "it"})
    field = refused.text.partition('name="language"')[2].partition("</select>")[0]
    assert re.findall('selected value="([a-z]*)"', field) == ["it"]


def test_a_page_for_joining_with_one_language_is_sent_to_nobody_else(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)  # as in every forum
    page = client.get("/join", headers={"Accept-Language": "fr"})
    assert 'selected value="fr"' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


# What browsers may fill in (WCAG 1.3.5)
TOKENS = {
    "name": "name",
    "position": "organization-title",
    "organisation": "organization",
    "city": "address-level2",
    "language": "language",
}


def test_fields_about_a_person_say_so_to_the_browser(client, sign_in, people):
    joining = client.get("/join").text
    for page in (joining, sign_in(people.ana).get("/settings").text):
        for name, token in TOKENS.items():
            (field,) = re.findall(rf'<(?:input|select)[^>]* name="{name}"[^>]*>', page)
            assert f'autocomplete="{token}"' in field, name


def test_who_is_signed_in_does_not_join(sign_in, people):
    assert sign_in(people.ana).get("/join").status_code == 303


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": ""}, "name", "Write your name."),
        ({"name": "x" * 81}, "name", "Write at most 80 characters."),
        ({"name": "https://e.example"}, "name", "Write a name, not an address."),
        ({"email": ""}, "email", "Write your e-mail address."),
        ({"email": "eva"}, "email", "Write an e-mail address such as"),
        ({"email": "eva@cıty.example"}, "email", "Write an e-mail address such as"),
        ({"email": "=?utf-8?q?x?=@example.org"}, "email", "Write an e-mail address such as"),
        ({"email": "a@b.c\nBcc: d@e.example"}, "email", "Write an e-mail address such as"),
        ({"email": "a..b@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": ".a@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": "a.@city.example"}, "email", "Write an e-mail address such as"),
        ({"email": "x" * 300 + "@b.example"}, "email", "Write at most 200 characters."),
        ({"password": ""}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "kort123"}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "x1y2z3" * 30}, "password", "Choose a password of 8 to 128 characters."),
        ({"password": "Password123!"}, "password", "Many people use this password."),
        ({"password": "aaaaaaaaaaaa"}, "password", "Many people use this password."),
        ({"password": "evaholm1975"}, "password", "not made of your name"),
        ({"password": "interurban-22"}, "password", "Many people use this password."),
        ({"city": "Atlantis"}, "city", "For a small place, name the nearest city."),
        ({"organisation": "99"}, "organisation", "Choose one from the list"),
        ({"language": "xx"}, "language", "Choose one from the list"),
    ],
)
def test_a_refused_form_says_what_to_do_and_keeps_what_was_typed(client, change, field, sentence):
    answer = client.post("/join", data={**JOINING, **change})
    assert answer.status_code == 422
    assert re.search(
        rf'id="{field}-error">(<span[^>]*>[^<]*</span>)?{re.escape(sentence)}|{re.escape(sentence)}',
        answer.text,
    )
    assert f'href="#{field}"' in answer.text
    if field != "position":
        assert 'value="Planner"' in answer.text
    assert PASSWORD not in answer.text
    assert members.member_by_email("eva@city.example") is None


AGAIN = "Type your password again; it is never sent back to the page."


def test_a_refused_form_says_that_its_password_is_to_be_typed_again(client):
    refused = client.post("/join", data={**JOINING, "city": "Atlantis"}).text
    assert f'<a href="#password">{AGAIN}</a>' in refused and "2 things to correct" in refused
    assert f"</span>{AGAIN}" in refused.partition('id="password-error"')[2][:120]
    for password in ("short", ""):
        answer = client.post("/join", data={**JOINING, "password": password, "city": "Atlantis"})
        assert AGAIN not in answer.text and "2 things to correct" in answer.text


def test_the_forum_s_name_is_no_password(client):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "")
    answer = client.post("/join", data={**JOINING, "password": "citiesindialogue1"})
    assert "not made of your name" in answer.text.replace("&#39;", "'")


def test_joining_tells_nobody_whether_there_is_an_account(client, app, eva, letters):
    """Response, next page and cookie are the same for an address that has an account already."""
    known = client.post("/join", data={**JOINING, "email": "EVA@city.example"})
    other = app.test_client()
    unknown = other.post("/join", data={**JOINING, "email": "xva@city.example"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    pages = [browser.get("/join/sent").text for browser in (client, other)]
    assert pages[0].replace("eva@", "@") == pages[1].replace("xva@", "@")
    with client.session_transaction() as mine, other.session_transaction() as theirs:
        assert set(mine) == set(theirs)
        assert {k: set(v) for k, v in mine.items()} == {k: set(v) for k, v in theirs.items()}
    first, second = letters()
    assert "an account already" in first.text and "“Join”" in second.text


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_only_the_owner_of_an_address_reads_what_became_of_its_account(client, eva, letters, state):
    until = now() + timedelta(days=3)
    if state == "suspended":
        actions.suspend(SYSTEM, eva.id, until)
    else:
        until = leave(eva, eva.id, "nameless").leaving_at
        letters()
    answer = client.post("/join", data=JOINING)
    assert answer.status_code == 303 and state not in client.get("/join/sent").text
    text = " ".join(letters()[-1].text.split())
    day = f"{until.day} {until:%B %Y, %H:%M} UTC"
    assert {
        "suspended": f"A moderator has suspended that account until {day}.",
        "closed": f"That account is closed, and ends on {day}.",
    }[state] in text
    assert ("/settings/leave" in text) == (state == "closed") and "/sign-in" not in text


@pytest.mark.parametrize("email", ["eva@city.example", "xva@city.example"])
@pytest.mark.parametrize("name", ["https://e.example", "a@b", "...", "a" + "\u0301" * 9])
def test_a_name_that_nobody_may_have_tells_it_neither(client, eva, letters, name, email):
    answer = client.post("/join", data={**JOINING, "name": name, "email": email})
    assert answer.status_code == 422 and letters() == []


def test_in_another_browser_the_chosen_password_is_asked_for(client, app, letters):
    """Otherwise a stranger could make an account with somebody's address and the stranger's own password."""
    client.post("/join", data=JOINING)
    phone = app.test_client()
    path = link_in(letters()[0])
    assert 'name="password"' in phone.get(path).text
    assert 'name="password"' not in client.get(path).text
    refused = phone.post(path, data={"password": "not the one"})
    assert refused.status_code == 422 and "not the password that was chosen" in refused.text
    assert phone.post(path, data={}).status_code == 422
    assert members.member_by_email("eva@city.example") is None
    assert phone.post(path, data={"password": PASSWORD}).status_code == 303
    assert is_signed_in(phone) and not is_signed_in(client)


def test_whoever_confirms_first_has_the_address(client, app, letters):
    """When the address is confirmed, forms that others have filled in with the same address are deleted."""
    stranger = app.test_client()
    stranger.post("/join", data={**JOINING, "name": "Not Eva"})
    client.post("/join", data=JOINING)
    theirs, mine = map(link_in, letters())
    assert client.post(mine).status_code == 303
    assert stranger.post(theirs).status_code == 410
    assert members.get_member(VISITOR, "eva-holm").name == "Eva Holm"


def test_a_link_is_spent_by_a_press_and_once(client, letters):
    client.post("/join", data=JOINING)
    path = link_in(letters()[0])
    for _times in range(3):
        assert client.get(path).status_code == 200
    assert members.member_by_email("eva@city.example") is None
    assert client.post(path).status_code == 303
    client.post("/sign-out")
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410 and "no longer works" in answer.text
        # The page that a second press shows, whose browser never saw what the first one did
        assert ("pressed the button twice" in answer.text) == (answer.request.method == "POST")


def test_two_presses_at_once_join_once(client, letters, monkeypatch):
    """For the second press, the link was used up between showing the page and pressing."""
    client.post("/join", data=JOINING)
    path = link_in(letters()[0])

    def was_faster(*_args):
        raise NotFound()

    monkeypatch.setattr(account_actions, "confirm_joining", was_faster)
    answer = client.post(path)
    assert answer.status_code == 410 and "no longer works" in answer.text


@pytest.mark.parametrize(
    ("dead", "form"),
    [
        ("/password", "/password"),
        ("/address", "/settings/address"),
        ("/sign-in/letter", "/sign-in/letter"),
        ("/join/confirm", "/sign-in/letter"),
    ],
)
def test_a_dead_link_leads_to_the_form_that_asks_for_another_one(client, dead, form):
    page = client.get(f"{dead}/nothing").text
    assert re.search(rf'href="{form}">Ask for a new e.mail', page)


def test_a_dead_link_offers_a_member_no_signing_in(client, eva):
    enter(client)
    page = client.get("/sign-in/letter/nothing").text
    assert "no longer works" in page and "Ask for a new letter" not in page


def test_one_address_gets_few_letters_whoever_asks(client, letters):
    for _number in range(8):
        assert client.post("/join", data=JOINING).location == "/join/sent"
    assert len(letters()) == 5


def test_one_of_several_cities_is_chosen(client, letters):
    rows = [(90000001, "Copenhagen", "US", 1.0, 2.0, 5_000, [])]
    actions.load_cities(SYSTEM, rows)
    form = {**JOINING, "city": "Copenhagen"}
    answer = client.post("/join", data=form)
    assert answer.status_code == 422
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425", "90000001"]
    assert "5,000 people" in answer.text
    assert client.post("/join", data={**form, "city_id": "12"}).status_code == 422
    assert client.post("/join", data={**form, "city_id": "90000001"}).status_code == 303
    confirm(client, letters)
    assert members.get_member(VISITOR, "eva-holm").city_id == 90000001


def test_the_beginning_of_a_name_offers_the_city(client):
    answer = client.post("/join", data={**JOINING, "city": "Copenh"})
    assert re.findall(r'type="radio" value="(\d+)"', answer.text) == ["2618425"]
    assert "Is it this city?" in answer.text and "Several cities" not in answer.text


@pytest.mark.parametrize("name", sorted(JOINING))
def test_odd_values_give_a_page(client, name):
    for value in ODD_VALUES:
        answer = client.post(
            "/join", data={**JOINING, name: value.encode("utf-8", "surrogatepass")}
        )
        assert answer.status_code in (303, 422), value
        assert "<script>alert(1)</script>" not in answer.text
        client.delete_cookie("session")


def test_arrays_and_further_fields_are_not_taken(client, letters):
    form = {
        **JOINING,
        "name": ["Eva Holm", "Other"],
        "role": "administrator",
        "id": "1",
        "handle": "admin",
    }
    assert client.post("/join", data=form).status_code == 303
    confirm(client, letters)
    member = members.get_member(VISITOR, "eva-holm")
    assert (member.role, member.name) == ("member", "Eva Holm")


def test_joining_writes_one_member_for_a_form_sent_twice(client, app, letters):
    client.post("/join", data=JOINING)
    client.post("/join", data=JOINING)
    first, second = map(link_in, letters())
    assert client.post(second).status_code == 303
    client.post("/sign-out")
    assert client.post(first).status_code == 410
    assert len(members.all_members()) == 1


def test_letters_to_join_keep_nobody_from_a_letter_of_their_own(client, app, eva, letters):
    """Strangers who type somebody's address into the form for joining must not block that person's other e-mails."""
    for _number in range(8):
        app.test_client().post("/join", data={**JOINING, "email": "eva@city.example"})
    ask(client, "/password")
    assert link_in(letters()[-1]).startswith("/password/")


def test_the_newest_letter_is_the_one_that_is_good(client, eva, letters):
    ask(client, "/password")
    ask(client, "/password")
    first, second = map(link_in, letters())
    assert client.get(first).status_code == 410 and client.get(second).status_code == 200


def test_a_letter_to_join_repeats_no_words_of_a_stranger(client, letters):
    client.post("/join", data={**JOINING, "name": "Cheap Pills"})
    assert "Pills" not in letters()[0].text + letters()[0].html


# Robots


def opened_in(page):
    return re.search(r'name="opened" type="hidden" value="([^"]*)"', page.text)[1]


def test_what_is_sent_too_fast_is_asked_again_and_then_taken(limited):
    """A browser fills in all fields at once; in less than a second nobody presses the button."""
    moment = now()  # the clock stands still, since a busy machine may take a second for a page
    with at(moment):
        opened = opened_in(limited.get("/join"))
        answer = limited.post("/join", data={**JOINING, "opened": opened})
    assert answer.status_code == 422 and "faster than people write" in answer.text
    assert opened_in(answer) == opened and "Eva Holm" in answer.text
    summary = answer.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert summary.index("faster than people write") < summary.index(AGAIN), "the reason first"
    with at(moment + timedelta(seconds=1)):
        answer = limited.post("/join", data={**JOINING, "opened": opened})
    assert answer.location == "/join/sent"


@pytest.mark.parametrize(
    "forged", ["", "1", "1.x", "9999999999.aaaa", "²", "-1.x", "1." + "a" * 999]
)
def test_a_stamp_that_is_not_ours_or_old_is_replaced(limited, forged):
    answer = limited.post("/join", data={**JOINING, "opened": forged})
    assert answer.status_code == 422 and "open for too long" in answer.text
    with at(now() + timedelta(seconds=5)):
        again = limited.post("/join", data={**JOINING, "opened": opened_in(answer)})
    assert again.location == "/join/sent"


def test_a_form_that_was_open_for_days_is_taken_at_the_second_press(limited):
    opened = opened_in(limited.get("/join"))
    with at(now() + timedelta(days=3)):
        answer = limited.post("/join", data={**JOINING, "opened": opened})
        assert answer.status_code == 422 and "open for too long" in answer.text
    with at(now() + timedelta(days=3, seconds=5)):
        again = limited.post("/join", data={**JOINING, "opened": opened_in(answer)})
    assert again.location == "/join/sent"


def test_the_field_for_robots_is_told_in_words(client):
    page = client.get("/join").text
    assert 'tabindex="-1"' in page and "Leave this field empty" in page
    answer = client.post("/join", data={**JOINING, "website": "https://spam.example"})
    assert answer.status_code == 422 and "stays empty" in answer.text
    assert "spam.example" not in answer.text
    assert client.post("/join", data={**JOINING, "website": ""}).location == "/join/sent"
