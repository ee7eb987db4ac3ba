"""The pages of kept searches: the button above the results, the list, the pages of one, and what they cost."""

import re

import pytest

from forum.agendas import actions as agendas
from forum.dialogue import actions as dialogue
from forum.errors import NotFound
from forum.markup import write
from forum.searches import actions
from forum.searches.models import Wanted
from forum.searches.queries import my_searches
from tests.dialogue.conftest import page
from tests.screens import faults_in
from tests.searches.conftest import open_topic
from tests.searches.test_looking import look

pytestmark = pytest.mark.usefixtures("today")

RESULTS = "/search?q=heat+shelters&kind=topic&kind=post&language=fr&page=1"


def fields(text):
    """The hidden fields of the form that keeps a search."""
    form = text.partition('id="keep"')[2].partition("</form>")[0]
    found = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    data = {}
    for name, value in found:
        data.setdefault(name, []).append(value.replace("&amp;", "&"))
    return data


def test_a_search_is_kept_from_its_page_and_then_leads_to_the_list(people, agenda, sign_in):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    ben = sign_in(people.ben)
    text = page(ben, RESULTS)
    assert "Keep this search" in text and not faults_in(text)
    sent = ben.post("/searches/keep", data=fields(text))
    back = "/search?q=heat+shelters&kind=topic&kind=post&language=fr"
    assert (sent.status_code, sent.headers["Location"]) == (303, back)
    (kept,) = my_searches(people.ben)
    assert kept.wanted == Wanted("heat shelters", ("topic", "post"), (), ("fr",))
    text = page(ben, back)
    assert "This search is kept." in text
    for address in (back, f"{back}&order=newest", RESULTS, RESULTS.replace("heat", "Heat")):
        text = page(ben, address)
        assert "You keep this search" in text and "Keep this search" not in text
        assert 'id="keep"' not in text
    assert "Keep this search" in page(ben, "/search?q=heat+shelters")
    assert "Keep this search" in page(ben, f"{back}&exact=1")
    ben.post("/searches/keep", data=fields(text) or {"q": "heat shelters"})
    assert len(my_searches(people.ben)) == 2


def test_a_search_between_days_is_kept_without_them(people, agenda, sign_in):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    ben = sign_in(people.ben)
    text = page(ben, "/search?q=heat&from=2026-01-01&to=2099-12-31")
    assert "It is kept without the days" in text
    assert not {"from", "to"} & set(fields(text))
    ben.post("/searches/keep", data=fields(text))
    (kept,) = my_searches(people.ben)
    assert kept.wanted == Wanted("heat")
    open_topic(people.ana, agenda, "Heat in trams")
    look()
    new = my_searches(people.ben)[0].looked_up_to
    for days, is_seen in (("&to=2026-01-01", False), ("&from=2026-01-01", False), ("", True)):
        assert "You keep this search" in page(ben, f"/search?q=heat&order=newest{days}")
        assert (my_searches(people.ben)[0].looked_up_to > new) == is_seen


def test_an_agenda_a_topic_and_the_exact_words_are_kept_too(people, agenda, sign_in):
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    ben = sign_in(people.ben)
    for address in (
        f"/search?q=heat&agenda={agenda.slug}",
        f"/search?q=heat&topic={topic.id}",
        "/search?q=heat&exact=1",
    ):
        ben.post("/searches/keep", data=fields(page(ben, address)))
        assert "You keep this search" in page(ben, address)
    exact, in_topic, on_agenda = my_searches(people.ben)
    assert exact.is_exact and in_topic.topic_id == topic.id
    assert on_agenda.agenda_ids == [agenda.id]
    text = page(ben, "/searches")
    for words in ("only the exact words", agenda.title, topic.title):
        assert words in text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"q": "?!"}, "There is no word in this search"),
        ({}, "There is no word in this search"),
        ({"q": "heat", "kind": "secret"}, "A filter of this search is not there any longer"),
        ({"q": "heat", "agenda": "nowhere"}, "A filter of this search is not there any longer"),
        ({"q": "heat", "language": "x1"}, "A filter of this search is not there any longer"),
        ({"q": "heat", "topic": "999"}, "A filter of this search is not there any longer"),
        ({"q": "heat", "topic": "x"}, "A filter of this search is not there any longer"),
    ],
)
def test_what_cannot_be_kept_says_why(people, agenda, sign_in, data, words):
    ben = sign_in(people.ben)
    assert ben.post("/searches/keep", data=data).status_code == 303
    assert words in page(ben, "/search")
    assert my_searches(people.ben) == []


def test_an_agenda_in_preparation_cannot_be_named_by_others(people, agenda, sign_in):
    dialogue.prepare_agenda(people.moderator, agenda.id)
    data = {"q": "heat", "agenda": agenda.slug}
    sign_in(people.ben).post("/searches/keep", data=data)
    sign_in(people.moderator).post("/searches/keep", data=data)
    assert (len(my_searches(people.ben)), len(my_searches(people.moderator))) == (0, 1)


def test_there_is_no_button_where_nothing_can_be_kept(people, agenda, sign_in, client):
    ben = sign_in(people.ben)
    for address in ("/search", "/search?q=%3F", "/search?q=heat&kind=x", "/search?q=a&topic=999"):
        assert "Keep this search" not in page(ben, address)
    text = client.get("/search?q=heat").text
    assert "Keep this search" not in text and "csrf_token" not in text


def test_the_list_says_what_is_new(people, agenda, sign_in):
    ben = sign_in(people.ben)
    text = page(ben, "/searches")
    assert "You keep no search yet" in text and not faults_in(text)
    for words in ("heat shelters", "<b>trams</b>"):
        ben.post("/searches/keep", data={"q": words, "kind": "practice", "language": "fr"})
    ben.post("/searches/keep", data={"q": "heat shelters"})
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look()
    text = page(ben, "/searches")
    assert not faults_in(text)
    assert "1 new text<" in text and text.count("Nothing new") == 2
    assert "&lt;b&gt;trams&lt;/b&gt;" in text and "<b>trams" not in text
    shown = re.sub(r"<[^>]+>", "", text)
    assert "heat shelters · Practices · Français" in shown
    assert "The last one on 25" in shown and "You are told each day" in shown
    assert "/search?q=heat+shelters&amp;kind=practice&amp;language=fr&amp;order=newest" in text
    assert "You keep no search yet" in page(sign_in(people.moderator), "/searches")


def test_it_is_called_differently_and_told_otherwise(people, agenda, sign_in):
    kept = actions.keep(people.ben, Wanted("heat shelters"))
    ben = sign_in(people.ben)
    assert not faults_in(page(ben, f"/searches/{kept.id}/change"))
    data = {"name": "Cool rooms", "told": "weekly"}
    sent = ben.post(f"/searches/{kept.id}/change", data=data)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/searches")
    text = page(ben, "/searches")
    assert "Cool rooms" in text and "heat shelters" in text and "once a week" in text
    sent = ben.post(f"/searches/{kept.id}/change", data={"name": "x" * 101, "told": "weekly"})
    assert sent.status_code == 422 and "x" * 101 in sent.text
    assert "Write at most 100 characters." in sent.text
    sent = ben.post(f"/searches/{kept.id}/change", data={"name": "", "told": "hourly"})
    assert sent.status_code == 422


def test_it_is_removed_after_a_question(people, agenda, sign_in):
    kept = actions.keep(people.ben, Wanted("heat shelters"))
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look()
    ben = sign_in(people.ben)
    assert "heat shelters" in page(ben, "/notices")
    text = page(ben, f"/searches/{kept.id}/remove")
    assert "Remove this search?" in text and not faults_in(text)
    assert len(my_searches(people.ben)) == 1
    ben.post(f"/searches/{kept.id}/remove")
    assert my_searches(people.ben) == []
    assert "heat shelters" not in page(ben, "/notices")
    assert ben.get(f"/searches/{kept.id}").status_code == 404


def test_a_notice_leads_to_the_newest_results(people, agenda, sign_in):
    kept = actions.keep(people.ben, Wanted("heat shelters", agenda_ids=(agenda.id,)))
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look()
    ben = sign_in(people.ben)
    text = page(ben, "/notices")
    assert f"1 new text for “heat shelters · {agenda.title}”" in text
    (number,) = re.findall(r'action="/notices/(\d+)/read"', text)
    assert ben.post(f"/notices/{number}/read").headers["Location"] == f"/searches/{kept.id}"
    sent = ben.get(f"/searches/{kept.id}")
    where = f"/search?q=heat+shelters&agenda={agenda.slug}&order=newest"
    assert (sent.status_code, sent.headers["Location"]) == (303, where)
    assert "Heat shelters in schools" in re.sub(r"</?mark>", "", page(ben, where))
    assert f"1 new text for “heat shelters · {agenda.title}”" in page(ben, "/notices")


def test_a_topic_that_was_merged_is_searched_where_it_is_now(people, agenda, sign_in):
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    into = open_topic(people.ana, agenda, "Heat shelters")
    kept = actions.keep(people.ben, Wanted("water", topic_id=topic.id))
    dialogue.merge(people.moderator, topic.id, into.id)
    dialogue.reply(people.ana, into.id, write("More water."))
    assert look() == ["1 new text for “water”"]
    ben = sign_in(people.ben)
    where = ben.get(f"/searches/{kept.id}").headers["Location"]
    assert "You keep this search" in page(ben, where)


def test_the_pages_cost_little(people, agenda, sign_in, queries):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    ben = sign_in(people.ben)
    made_by = {}
    for number in (0, 1, 5):
        for word in range(number):
            actions.keep(people.ben, Wanted(f"heat {word}"))
        ben.get("/searches")
        with queries() as made:
            ben.get("/searches")
        made_by[number] = made.count
    assert made_by[1] == made_by[5] <= 6
    address = "/search?q=heat"
    ben.get(address)
    with queries() as made:
        ben.get(address)
    asked = [statement for statement in made.statements if " kept_search" in statement]
    assert len(asked) == 1
    with queries() as made:
        ben.get("/topics")
    assert not [statement for statement in made.statements if " kept_search" in statement]


def test_a_search_of_which_one_agenda_is_gone_is_known_and_looked_at(people, agenda, sign_in):
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Trains", write("Night.")))
    kept = actions.keep(people.ben, Wanted("heat", agenda_ids=(other.id, agenda.id)))
    dialogue.prepare_agenda(people.moderator, other.id)
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look()
    ben = sign_in(people.ben)
    where = ben.get(f"/searches/{kept.id}").headers["Location"]
    assert where == f"/search?q=heat&agenda={other.id}&agenda={agenda.slug}&order=newest"
    text = page(ben, where)
    assert "You keep this search" in text and "Keep this search" not in text
    assert "1 new text" not in page(ben, "/searches")


def test_a_search_is_kept_with_those_of_its_filters_that_are_there(people, agenda, sign_in):
    ben = sign_in(people.ben)
    address = f"/search?q=heat&kind=topic&kind=x&agenda={agenda.slug}&agenda=nowhere"
    ben.post("/searches/keep", data=fields(page(ben, address)))
    (kept,) = my_searches(people.ben)
    assert (kept.kinds, kept.agenda_ids) == (["topic"], [agenda.id])
    assert "You keep this search" in page(ben, address)


def test_the_results_are_shown_to_who_removes_the_search_at_that_moment(
    people, agenda, sign_in, monkeypatch
):
    kept = actions.keep(people.ben, Wanted("heat"))
    open_topic(people.ana, agenda, "Heat shelters in schools")

    def be_gone(*_any):
        raise NotFound()

    monkeypatch.setattr("forum.searches.actions.lock_search", be_gone)
    ben = sign_in(people.ben)
    text = page(ben, ben.get(f"/searches/{kept.id}").headers["Location"])
    assert "shelters in schools" in text


@pytest.mark.parametrize("number", ["0", "999", "2147483648", "9" * 30, "x"])
def test_a_search_that_is_not_there(people, agenda, sign_in, number):
    ben = sign_in(people.ben)
    for door in ("", "/change", "/remove"):
        assert ben.get(f"/searches/{number}{door}").status_code == 404
        assert ben.post(f"/searches/{number}{door or '/remove'}").status_code == 404
