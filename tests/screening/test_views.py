"""The administrator's pages of the screening rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members.actions import found_federation
from forum.permissions import SYSTEM
from forum.screening.models import Rule
from forum.screening.queries import newness

PATH = "/administration/screening"


@pytest.fixture
def browser(sign_in: Any, people: Any, agenda: Agenda) -> Any:
    found_federation(SYSTEM, "Quiet cities")
    return sign_in(people.administrator)


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def make(browser: Any, **form: str) -> Any:
    return browser.post(f"{PATH}/new", data={"sentence": "We read this first.", **form})


def only_rule() -> Rule:
    return db.session.scalars(db.select(Rule)).one()


def test_without_rules_the_page_says_so(browser: Any) -> None:
    assert "No rule holds anything back" in words(browser.get(PATH))


def test_a_rule_is_made_changed_switched_and_deleted(browser: Any, people: Any) -> None:
    assert make(browser, kind="word", value="casino").location == PATH
    page = words(browser.get(PATH))
    assert '<label for="kind">' in (html := browser.get(PATH).text) and '<label for="q">' in html
    assert "A word: casino" in page and "We read this first." in page and "Adam de Wit" in page
    rule = only_rule()
    form = {"kind": "domain", "value": "https://shop.example/x", "sentence": "Shops wait."}
    assert browser.post(f"{PATH}/{rule.id}", data=form).location == PATH
    assert "A domain: shop.example" in words(browser.get(PATH))
    assert 'value="shop.example"' in browser.get(f"{PATH}/{rule.id}").get_data(as_text=True)
    browser.post(f"{PATH}/{rule.id}/switch", data={"on": "0"})
    assert "off since" in words(browser.get(PATH))
    browser.post(f"{PATH}/{rule.id}/switch", data={"on": "1"})
    assert "off since" not in words(browser.get(PATH))
    asked = browser.get(f"{PATH}/{rule.id}/delete")
    assert "A domain: shop.example" in words(asked) and "Delete this rule?" in words(asked)
    assert f'href="{PATH}/{rule.id}"' in asked.text
    assert "A domain: shop.example" in words(browser.get(PATH))
    browser.post(f"{PATH}/{rule.id}/delete")
    assert "No rule holds anything back" in words(browser.get(PATH))
    assert browser.get(f"{PATH}/{rule.id}").status_code == 404


def test_a_filter_that_finds_nothing_does_not_say_that_everything_appears(browser: Any) -> None:
    make(browser, kind="word", value="casino")
    for filtered in ("?kind=domain", "?q=lottery"):
        page = browser.get(PATH + filtered)
        assert "No rule fits" in words(page) and "appears at once. Make" not in words(page)
        assert f'href="{PATH}">Show all rules' in page.text


@pytest.mark.parametrize(
    ("value", "typed"),
    [("CASINO", "casino"), ("ЗАЙМ", "займ"), ("займ", "ЗАЙ"), ("Œuvre", "œuvre")],
)
def test_a_rule_is_found_by_its_word_in_letters_of_either_case(
    browser: Any, value: str, typed: str
) -> None:
    make(browser, kind="word", value=value)
    assert f"A word: {value}" in words(browser.get(PATH, query_string={"q": typed}))
    assert "No rule fits" in words(browser.get(PATH, query_string={"q": f"{typed}!"}))


def test_who_switches_a_rule_stays_where_the_list_was(browser: Any) -> None:
    make(browser, kind="word", value="casino")
    here = f"{PATH}?kind=word&q=cas"
    page = browser.get(here).text
    assert f'name="next" value="{here.replace("&", "&amp;")}"' in page
    switch = f"{PATH}/{only_rule().id}/switch"
    assert browser.post(switch, data={"on": "0", "next": here}).location == here
    assert browser.post(switch, data={"on": "1", "next": "https://away.example"}).location == PATH


def test_the_title_of_an_agenda_has_its_language(browser: Any, agenda: Agenda) -> None:
    make(browser, kind="agenda", agenda=str(agenda.id))
    for path in (PATH, f"{PATH}/{only_rule().id}/delete"):
        assert f'<bdi lang="{agenda.language}">{agenda.title}</bdi>' in browser.get(path).text


def test_each_cell_of_the_table_names_its_column_as_a_phone_shows_each_row_as_a_block(
    browser: Any,
) -> None:
    make(browser, kind="word", value="casino")
    page = browser.get(PATH).get_data(as_text=True)
    columns = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page)
    assert re.findall(r'<td[^>]* data-heading="([^"]+)"', page) == columns[1:]
    assert page.count("<td") == len(columns) - 1 == 7


def test_rules_about_an_agenda_and_a_member(browser: Any, people: Any, agenda: Agenda) -> None:
    make(browser, kind="agenda", agenda=str(agenda.id))
    make(browser, kind="member", value="@ana-prado")
    page = words(browser.get(PATH))
    assert "Making Cities Quieter" in page and "A member on approval: Ana Prado" in page
    rules = db.session.scalars(db.select(Rule).order_by(Rule.id)).all()
    assert 'value="ana-prado"' in browser.get(f"{PATH}/{rules[1].id}").get_data(as_text=True)
    assert "selected" in browser.get(f"{PATH}/{rules[0].id}").get_data(as_text=True)
    assert "Ana Prado" not in words(browser.get(f"{PATH}?kind=agenda"))


def test_a_rule_is_found_by_the_name_of_its_member_or_agenda(
    browser: Any, people: Any, agenda: Agenda
) -> None:
    make(browser, kind="agenda", agenda=str(agenda.id))
    make(browser, kind="member", value="@ana-prado")
    make(browser, kind="word", value="casino")

    def found(typed: str) -> list[str]:
        page = browser.get(f"{PATH}?q={typed}").get_data(as_text=True)
        told = re.findall(r'<th scope="row">.*?<bdi[^>]*>(.*?)</bdi>', page)
        return [str(name) for name in told]

    assert found("prado") == found("ANA+pra") == found("@ana-prado") == ["Ana Prado"]
    assert found("quiet") == found("making+CITIES") == [agenda.title]
    assert found("casi") == ["casino"]
    assert found("nobody") == found("!") == found("%25") == []


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"kind": "word", "value": ""}, "Write the word or words."),
        ({"kind": "domain", "value": "no domain"}, "Write a domain such as"),
        ({"kind": "same text", "value": "many"}, "a number from 2 to 20"),
        ({"kind": "nothing"}, "Choose one from the list"),
        ({"kind": "links", "sentence": ""}, "Write a sentence for the author."),
        ({"kind": "agenda", "agenda": "none"}, "Choose an agenda."),
        ({"kind": "agenda", "agenda": "999"}, "Choose an agenda."),
        ({"kind": "member", "value": "@nobody-here"}, "There is no member of this name."),
    ],
)
def test_what_is_wrong_is_said(browser: Any, form: dict[str, str], sentence: str) -> None:
    answer = make(browser, **form)
    assert answer.status_code == 422 and sentence in words(answer)


def test_numbers_are_recounted_from_the_rows(browser: Any, people: Any, agenda: Agenda) -> None:
    make(browser, kind="word", value="casino")
    new = dialogue.NewTopic("question", "Why?", write("Trams."))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    ids = [dialogue.reply(people.ana, topic.id, write(f"casino {n}")).id for n in range(3)]
    dialogue.approve(people.moderator, ids[0])
    dialogue.refuse(people.moderator, ids[1], "No.")
    page = browser.get(PATH).get_data(as_text=True)
    assert re.findall(r'<td class="n"[^>]*>(\d+)</td>', page) == ["3", "1", "1", "1"]


def test_who_is_new_is_chosen(browser: Any) -> None:
    form = {"days": "30", "posts": "5", "first_posts": "0"}
    assert browser.post(PATH, data=form).location == PATH
    known = newness()
    assert (known.days, known.posts, known.first_posts) == (30, 5, 0)
    for wrong in ("", "x", "-1", "400"):
        answer = browser.post(PATH, data=form | {"days": wrong})
        assert answer.status_code == 422
        (field,) = re.findall(r'<input[^>]* name="days"[^>]*>', answer.text)
        assert f'value="{wrong}"' in field and 'type="text"' in field, "what was typed stays"


def test_a_list_of_domains_is_imported(browser: Any) -> None:
    form = {"domains": "a.example\nhttps://b.example/x\n?\n", "sentence": "Shops wait."}
    assert browser.post(f"{PATH}/domains", data=form).location == PATH
    page = words(browser.get(PATH))
    assert "2 domains are new. 1 line holds no domain" in page
    assert "b.example" in words(browser.get(f"{PATH}?kind=domain&q=B.EX"))
    assert browser.post(f"{PATH}/domains", data={"domains": ""}).status_code == 422


def test_a_text_is_tried(browser: Any, agenda: Agenda) -> None:
    make(browser, kind="word", value="casino")
    make(browser, kind="links")
    form = {"agenda": str(agenda.id), "who": "new", "source": "A casino at https://a.example"}
    page = words(browser.post(f"{PATH}/try", data=form))
    assert "2 rules hold it back" in page and "A word: casino" in page
    page = words(browser.post(f"{PATH}/try", data=form | {"who": "known"}))
    assert "one rule holds it back" in page
    page = words(browser.post(f"{PATH}/try", data=form | {"source": "A house."}))
    assert "It would appear at once." in page
    assert browser.post(f"{PATH}/try", data={}).status_code == 422


def test_the_page_costs_the_same_however_many_rules_there_are(browser: Any, queries: Any) -> None:
    browser.get(PATH)
    with queries() as few:
        browser.get(PATH)
    lines = "\n".join(f"{number}.example" for number in range(60))
    browser.post(f"{PATH}/domains", data={"domains": lines, "sentence": "Shops wait."})
    with queries() as many:
        page = words(browser.get(PATH))
    assert "Page 1 of 2" in page
    assert many.count <= few.count + 1, many.statements
