"""The search page: the texts, people and pages that it finds, its filters, and odd input."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from forum import web
from forum.clock import at, day_in_words, months_after, now
from forum.db import db
from forum.dialogue.actions import NewTopic, hide, merge, open_topic, reply
from forum.glossary.actions import EntryText, WordingText, write_entry
from forum.markup import write
from forum.members.actions import (
    hide_profile,
    ignore,
)
from forum.permissions import SYSTEM
from forum.search.actions import Entry, index
from forum.search.queries import _matching
from tests.front.conftest import Small, topic
from tests.screens import faults_in


def test_search_shows_texts_people_and_facets(small: Small, client: Any) -> None:
    text = client.get("/search?q=noise").text
    assert "How do you measure <mark>noise</mark>?" in text
    assert 'name="kind" value="question"' in text
    people = client.get("/search?q=okoth").text
    assert "Ben Okoth" in people
    assert small.members_only.title not in client.get("/search?q=tender").text


def test_a_mention_in_what_is_found_from_right_to_left_keeps_its_at_before_the_handle(
    small: Small, client: Any
) -> None:
    apart = '<bdi dir="ltr">@ben-okoth</bdi>'
    reply(small.people.ana, small.question.id, write("مرحبا @ben-okoth كيف", "ar"))
    assert (
        f"<mark>مرحبا</mark> {apart} كيف" in client.get("/search", query_string={"q": "مرحبا"}).text
    )
    assert f"مرحبا {apart} كيف" in client.get(f"/members/{small.people.ana.handle}").text


def test_where_no_text_has_all_words_search_shows_what_has_some(
    small: Small, client: Any, sign_in: Any, queries: Any
) -> None:
    client.get("/search?q=harbours")
    with queries() as made:
        page = client.get("/search?q=how+do+others+measure+noise+in+harbours").text
    assert made.count <= 25  # among them one for each of four significant words
    assert "These have some of them:" in page and f'href="{small.question.address}"' in page
    asking = "/topics/new?kind=question"
    assert "0 results" in page and asking in page
    assert asking in client.get("/search?q=harbours").text
    assert asking not in client.get("/search?q=noise").text
    for nothing in ("q=harbours", "q=quayside+harbours", "q=noise+harbours&kind=case"):
        assert "some of them" not in client.get(f"/search?{nothing}").text
    secret = "/search?q=tender+harbours"
    hidden = f'href="{small.members_only.address}"'
    assert hidden not in client.get(secret).text
    found = sign_in(small.people.ben).get(secret).text
    assert hidden in found and "<mark>tender</mark>" in found


def test_words_that_stand_apart_everywhere_are_said_to_be_nowhere_together(
    small: Small, client: Any
) -> None:
    reply(small.people.ana, small.question.id, write("The quay has noise. The street has none."))
    page = client.get("/search", query_string={"q": '"street quay"'}).text
    assert "No text has these words together. These have some of them:" in page
    assert "No text has all of these words" not in page  # one has, apart
    assert "1 result" in client.get("/search?q=street+quay").text


def test_a_page_says_which_texts_are_left_out_and_leads_to_them(small: Small, client: Any) -> None:
    reply(small.people.ana, small.question.id, write("The quay has noise. The street has none."))
    typed = {"q": 'noise -quays -"the street"'}
    page = client.get("/search", query_string=typed).text
    assert "Left out: texts with “<bdi>quays</bdi>”, “<bdi>the street</bdi>”." in page
    assert (
        "The <mark>quay</mark>" not in page and 'value="noise -quays -&#34;the street&#34;"' in page
    )
    (everything,) = re.findall(r'href="([^"]*)">Look for all of these words', page)
    assert "1 result" in client.get(unescape(everything)).text
    assert "Left out:" not in client.get("/search?q=-noise").text
    assert "Left out:" not in client.get("/search?q=noise").text


def test_a_search_that_ends_among_the_newest_texts_leads_to_the_older_ones(
    small: Small, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days, words in ((40, "The noise of the quay."), (20, "Noise, and no quay."), (2, "Noise?")):
        with at(now() - timedelta(days=days)):
            reply(small.people.ana, small.question.id, write(words))
    typed = {"q": '"the noise of the"', "kind": "post"}
    words = "Those from before"
    page = client.get("/search", query_string=typed).text
    assert "1 result" in page and words not in page
    if db.engine.dialect.name == "sqlite":
        return  # its index knows where words stand together
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 1)
    typed["q"] = "noise -quays"
    page = client.get("/search", query_string=typed).text
    assert "1+ results" in page and words in page
    day = (now() - timedelta(days=2)).date()
    assert f"to={day}" in page and f"before {day_in_words(day)} were not" in page
    (older,) = re.findall(r'href="([^"]*)">Look through these', page)
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 2)
    page = client.get(unescape(older)).text  # that day, too, as it may have more
    assert "1+ results" in page and words in page
    typed = {"q": "noise -quays -question", "to": str(day - timedelta(days=1)), "kind": "post"}
    page = client.get("/search", query_string=typed).text
    assert "Nothing was found in the newest texts" in page and "0 results" in page
    assert words in page and "No text has" not in page
    monkeypatch.setattr(_matching, "MAX_CANDIDATES", 1)
    typed["to"] = str((now() - timedelta(days=20)).date())
    page = client.get("/search", query_string=typed).text
    assert words in page and "Look through these" not in page, "that day has more than are read"


def test_a_name_leads_to_its_page_whatever_is_left_out(small: Small, client: Any) -> None:
    page = client.get("/search?q=okoth+-noise").text
    assert "Ben Okoth" in page and "Left out: texts with “<bdi>noise</bdi>”." in page


def test_some_words_also_lead_to_pages_and_people(small: Small, client: Any) -> None:
    wordings = (WordingText("en", "quay wall", (), "It holds."), WordingText("fr", "mur de quai"))
    write_entry(small.people.moderator, EntryText(wordings))
    page = client.get("/search?q=okoth+xylophone").text
    assert "0 results" in page and "Ben Okoth" in page.partition("People with some of the words")[2]
    assert "Ben Okoth" not in client.get("/search?q=okothier+xylophone").text
    page = client.get("/search?q=mur+de+quai+xylophone+quieter").text
    assert "No text has any of these words" in client.get("/search?q=mur+de+quai+xylophone").text
    names = page.partition("Pages with some of the words")[2].partition("</ul>")[0]
    assert 'href="/glossary/quay-wall"' in names and f"/agendas/{small.agenda.slug}" in names
    hide_profile(small.people.moderator, small.people.ben.id)
    assert "People with some of" not in client.get("/search?q=okoth+xylophone").text


def test_search_leads_to_the_filters_of_the_libraries(small: Small, client: Any) -> None:
    """They take no words, so only the agenda goes along."""
    agenda = small.agenda

    def line(query: str) -> list[str]:
        page = client.get(f"/search?{query}").text
        sentence = page.partition("Or filter by place")[2].partition("</p>")[0]
        return re.findall(r'href="([^"]+)"', sentence)

    index(SYSTEM, Entry("practice", 7, "/practices/quiet", "Noise at night", ".", now()))
    assert line("q=noise") == ["/practices"]
    index(SYSTEM, Entry("case", 7, "/cases/quiet", "Noise", ".", now(), agenda_id=agenda.id))
    assert line("q=noise") == ["/practices", "/cases"]
    of_agenda = f"agenda={agenda.slug}"
    assert line(f"q=noise&kind=case&{of_agenda}") == [f"/cases?{of_agenda}"]
    assert line("q=tender") == line(f"q=noise&topic={small.question.id}") == line("q=quay") == []
    for kind, number, address, word in (
        ("translation", 1, "/practices/quiet/in/fr", "calme"),
        ("translated_failure", 1, "/practices/quiet/in/fr#failure", "bruyant"),
        ("translation", 2, "/cases/quiet/in/fr", "tapage"),
    ):
        index(SYSTEM, Entry(kind, number, address, "Bruit", f"{word}.", now()))
        assert line(f"q={word}") == [f"/{address.split('/')[1]}"]
        assert line(f"q={word}&kind={kind}") == line(f"q={word}")
    assert line("q=bruit") == ["/practices", "/cases"]


def test_the_search_of_an_empty_forum_leads_to_no_agendas(app: Flask, client: Any) -> None:
    page = client.get("/search?q=noise").text
    assert "There is no agenda yet" in page and "kind=question" not in page


def test_search_shows_the_newest_first_when_asked(small: Small, client: Any) -> None:
    reply(small.people.ana, small.question.id, write("Of what noise?"))
    best, newest = (
        client.get(f"/search?q=noise&kind=topic&kind=post{more}").text
        for more in ("", "&order=newest")
    )
    assert re.search(r'aria-current="page">Best match', best)
    assert re.search(r'aria-current="page">Newest', newest)
    assert 'name="order" value="newest"' in newest and 'name="order"' not in best
    assert 'href="/search?q=noise&amp;kind=topic&amp;kind=post"' in newest, (
        "the other order keeps the filters"
    )


def test_search_names_the_other_texts_of_a_topic(small: Small, client: Any, sign_in: Any) -> None:
    other = reply(small.people.chitra, small.question.id, write("A meter in each tram."))
    address = f"/posts/{other.id}"
    page = client.get("/search?q=meter").text
    assert "<b>2 texts on 1 page</b>" in page
    first, also = page.partition("Also on this page:")[::2]
    assert f'href="/posts/{small.answer.id}"' in first + also and address in first + also
    assert page.count("<article") == 1 and "Ben Okoth" in page and "Chitra Desai" in page
    separate = client.get("/search?q=meter&kind=post").text
    assert "<b>2 results</b>" in separate and separate.count("<article") == 2
    ignore(small.people.ana, small.people.ben.id)
    page = sign_in(small.people.ana).get("/search?q=meter").text
    assert address in page and "Ben Okoth" not in page and "You ignore" not in page
    ignore(small.people.ana, small.people.chitra.id)
    page = sign_in(small.people.ana).get("/search?q=meter").text
    assert "Also on this page" not in page and page.count("You ignore") == 1


def test_a_search_in_one_topic_finds_nothing_else(small: Small, client: Any, sign_in: Any) -> None:
    reply(small.people.chitra, small.question.id, write("A meter in each tram."))
    reply(small.people.chitra, small.members_only.id, write("Another meter."))
    topic = small.question
    page = client.get(f"/search?topic={topic.id}").text
    assert "Search this topic" in page and f'href="{topic.address}"' in page
    assert f'name="topic" value="{topic.id}"' in page
    found = client.get(f"/search?q=meter&topic={topic.id}").text
    assert "<b>2 results</b>" in found and found.count("<article") == 2
    assert 'href="/search?q=meter">' in found  # the link to all other results
    assert 'name="agenda"' not in found and 'name="kind"' in found
    hidden = client.get(f"/search?q=meter&topic={small.members_only.id}").text
    assert "0 results" in hidden and small.members_only.title not in hidden
    assert "Search without filters" in hidden
    member = sign_in(small.people.ana)
    shown = member.get(f"/search?q=meter&topic={small.members_only.id}").text
    assert "<b>1 result</b>" in shown and small.members_only.title in shown


def test_a_search_in_a_topic_follows_it_into_another_one(small: Small, client: Any) -> None:
    other = open_topic(
        small.people.ben, small.agenda.id, NewTopic("question", "Which meter?", write("Old ones."))
    )
    merge(small.people.moderator, small.question.id, other.id)
    page = client.get(f"/search?q=meter&topic={small.question.id}").text
    assert f'name="topic" value="{other.id}"' in page and f'href="{other.address}"' in page
    assert "0 results" not in page


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999", "9" * 30, "1&topic=2"])
def test_a_search_in_a_topic_that_is_not_there_says_so(
    number: str, small: Small, client: Any
) -> None:
    page = client.get(f"/search?q=zzyzx&topic={number}").text
    assert "Nothing fits all the filters" in page
    assert client.get(f"/search?topic={number}").status_code == 200


def test_a_topic_of_several_pages_can_be_searched(
    small: Small, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/search?topic={small.question.id}"
    assert address not in client.get(small.question.address).text
    for number in range(20):
        reply(small.people.chitra, small.question.id, write(f"Reply number {number}."))
    assert address in client.get(small.question.address).text
    assert address in client.get(f"{small.question.address}?page=2").text


def test_search_is_narrowed_by_several_values_of_a_facet(small: Small, client: Any) -> None:
    both = client.get("/search?q=quiet&kind=case&kind=practice&agenda=quieter").text
    assert "The <mark>quiet</mark> network" in both
    assert "Clear all" in both
    none = client.get("/search?q=quiet&kind=reading").text
    assert "Nothing fits all the filters" in none


def test_search_tells_questions_from_experiences(small: Small, client: Any) -> None:
    experience = topic(small.people.chitra, small.agenda, "We measured the noise of trams")
    both = {small.question.address, experience.address}
    for chosen, wanted in {
        "kind=question": {small.question.address},
        "kind=experience": {experience.address},
        "kind=experience&kind=question": both,
        "kind=topic": both,
        "kind=topic&kind=question": both,
        "kind=question&kind=case": {small.question.address},
        "kind=case": set(),
        f"kind=question&topic={small.question.id}": {small.question.address},
        "kind=question&to=2020-01-01": set(),
    }.items():
        text = client.get(f"/search?q=noise&{chosen}").text
        assert {address for address in both if f'href="{address}"' in text} == wanted, chosen
    elsewhere = client.get(f"/search?q=noise&kind=experience&topic={small.question.id}").text
    assert "0 results" in elsewhere
    counted = client.get("/search?q=noise&kind=question").text
    assert re.findall(r'value="(experience|question|topic)"', counted) == ["experience", "question"]


def test_a_question_that_was_found_says_how_many_replied_and_whether_one_is_the_answer(
    small: Small, client: Any, queries: Any
) -> None:
    client.get("/search?q=noise")
    with queries() as made:
        text = client.get("/search?q=noise").text
    assert made.count <= 14
    line = re.search(r"<span>Question</span>.*?</p>", text, re.DOTALL)
    assert line and "1 reply" in line[0] and "Answered" in line[0]
    hide(small.people.moderator, small.answer.id, "rules")
    gone = client.get("/search?q=noise").text
    assert "Answered" not in gone and "No replies yet" in gone


@pytest.mark.parametrize(
    ("place", "kind"),
    [("topics", "topic"), ("posts", "post"), ("cases", "case"), ("readings", "reading")],
)
def test_an_address_that_says_where_to_look_leads_to_the_filter(
    place: str, kind: str, small: Small, client: Any
) -> None:
    response = client.get(f"/search?q=noise&kind=case&in={place}&agenda=quieter&page=3")
    assert response.status_code == 301
    assert response.location == f"/search?q=noise&kind={kind}&agenda=quieter"
    assert client.get("/search?q=b%C3%A9n&in=members").location == "/members?words=b%C3%A9n"
    assert client.get("/search?q=noise&in=nowhere&in=topics").status_code == 200


@pytest.mark.parametrize("name", ["endpoint", "_scheme", "_anchor", "_method", "_external", "self"])
def test_a_filter_keeps_any_name_in_the_address(name: str, small: Small, client: Any) -> None:
    """Parameters with the names of `url_for`'s options must not be taken for these."""
    for address in ("/search?q=noise&kind=topic", "/topics?kind=question"):
        assert client.get(f"{address}&{name}=javascript").status_code == 200
    text = client.get(f"/search?q=noise&kind=topic&kind=post&{name}=x").text
    assert f'href="/search?q=noise&amp;kind=post&amp;{name}=x"' in text
    with client.application.test_request_context(f"/topics?{name}=x&page=2"):
        assert web.here(page=3) == f"/topics?{name}=x&page=3"


ODD = ["C++", "foo-bar", '"', "AND", "*", "%00", "%ED%A0%80", "%FF", "a" * 10_000, "雨" * 2_000]


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
def test_anything_typed_into_search_gets_a_page(typed: str, small: Small, client: Any) -> None:
    typed = typed if typed.startswith("%") else quote(typed)
    assert client.get(f"/search?q={typed}").status_code == 200
    assert client.get(f"/members?words={typed}").status_code == 200
    for name in ("kind", "agenda", "page"):
        assert client.get(f"/search?q=a&{name}={typed}").status_code == 200


def test_a_nul_is_left_out_of_what_is_typed(small: Small, client: Any) -> None:
    clean, odd = (
        client.get("/search?q=noise&kind=topic"),
        client.get("/search?q=no%00ise&kin%00d=topic"),
    )
    assert 'value="noise"' in odd.text and small.question.address in odd.text
    assert odd.text.count("<li") == clean.text.count("<li")
    assert client.get("/se%00arch?q=noise").status_code == 404


@pytest.mark.parametrize("name", ["city", "size", "organisation", "language", "theme"])
def test_a_filter_that_nobody_fits_says_so(name: str, small: Small, client: Any) -> None:
    text = client.get(f"/members?{name}=nowhere").text
    assert "0 members" in text and "No member fits all the filters" in text and "Clear all" in text
    assert "the filters" not in client.get(f"/members?{name}=").text


@pytest.mark.parametrize("name", ["kind", "agenda", "language"])
def test_a_search_with_an_unknown_filter_says_so(name: str, small: Small, client: Any) -> None:
    text = client.get(f"/search?q=noise&{name}=nowhere+<b>").text
    assert "Nothing fits all the filters" in text and "Clear all" in text and "0 results" in text
    assert re.search(r'href="/search\?q=noise"[^>]*><bdi>nowhere &lt;b&gt;', text)
    both = client.get(f"/search?q=noise&kind=topic&{name}=nowhere").text
    assert (small.question.address in both) == (name == "kind")


DAY = timedelta(days=1)


def test_a_search_is_narrowed_to_days_and_widened_again(small: Small, client: Any) -> None:
    with at(now() - 400 * DAY):
        old = open_topic(
            small.people.ana, small.agenda.id, NewTopic("question", "Old noise", write("Noise."))
        )
    assert old.address in client.get("/search?q=noise").text
    first, last = (now() - 401 * DAY).date(), (now() - 399 * DAY).date()
    text = client.get(f"/search?q=noise&from={first}&to={last}&page=1").text
    assert old.address in text and small.question.address not in text
    assert f'name="from" value="{first}"' in text and f'name="to" value="{last}"' in text
    for chip in (f"/search?q=noise&amp;to={last}", f"/search?q=noise&amp;from={first}"):
        assert f'<a class="tag" href="{chip}"' in text
    assert not faults_in(text)
    assert small.question.address in client.get(f"/search?q=noise&from={first}").text
    before = client.get(f"/search?q=noise&to={first}").text
    assert "Nothing fits all the filters" in before
    assert 'href="/search?q=noise">Search all times' in before


@pytest.mark.parametrize(("since", "months"), [("month", 1), ("year", 12)])
def test_what_was_written_since_a_month_or_a_year_is_a_search_from_a_day(
    small: Small, client: Any, since: str, months: int
) -> None:
    """A page that is kept for visitors does not know what day it is."""
    text = client.get("/search?q=noise&kind=topic&to=2020-01-01&page=2").text
    link = f"/search?q=noise&kind=topic&since={since}"
    assert f'href="{link.replace("&", "&amp;")}"' in text
    answer = client.get(f"{link}&to=2020-01-01&page=3")
    first = months_after(now().date(), -months)
    wanted = f"/search?q=noise&kind=topic&from={first}"
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    assert "ETag" not in answer.headers
    assert small.question.address in client.get(wanted).text


ODD_DAYS = [
    "0000-01-01",
    "1000000000",
    "2026-02-30",
    "tomorrow",
    "<b>",
    "%D9%A2%D9%A0%D9%A2%D9%A6-01-01",
]


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("typed", ODD_DAYS)
def test_what_is_no_day_finds_nothing_and_says_so(
    small: Small, client: Any, name: str, typed: str
) -> None:
    text = client.get(f"/search?q=noise&{name}={typed}").text
    assert "is no day. Type one as 2026-11-30." in text and "Search all times" in text
    assert small.question.address not in text and "<b>”" not in text
    # It narrows nothing, and is said beside its field, which is open on a phone, too
    assert 'class="tag"' not in text and "</svg> Filter</summary>" in text
    assert '<details class="facets" open>' in text and 'id="days-error"' in text
    assert not faults_in(text)


def test_a_day_beside_what_is_no_day_is_taken_away_alone(small: Small, client: Any) -> None:
    text = client.get("/search?q=noise&from=2026-05-02&to=soon").text
    assert "From 2 May 2026" in text and "Until soon" not in text and "Filter, 1 active" in text
    assert "“soon” is no day." in text and "Nothing fits all" not in text


@pytest.mark.parametrize(
    "query",
    [
        "from[]=2026-01-01",
        "from=",
        "to=%00",
        "since=week",
        "since[]=month",
        "from=0001-01-01&to=9999-12-31",
    ],
)
def test_days_that_leave_nothing_out_leave_nothing_out(
    small: Small, client: Any, query: str
) -> None:
    assert small.question.address in client.get(f"/search?q=noise&{query}").text


@pytest.mark.parametrize(
    "query", ["from=9999-12-31", "to=0001-01-01", "from=9999-12-31&to=9999-12-31"]
)
def test_days_without_texts_find_nothing(small: Small, client: Any, query: str) -> None:
    text = client.get(f"/search?q=noise&{query}").text
    assert "Nothing fits all the filters" in text and "is no day" not in text


def test_a_first_day_after_the_last_finds_nothing_and_says_so(small: Small, client: Any) -> None:
    text = client.get("/search?q=noise&from=2026-05-02&to=2026-05-01").text
    assert "The first day is after the last one." in text and "Nothing fits all" in text


def test_one_member_fits_the_filters(small: Small, client: Any, people: Any) -> None:
    text = client.get(f"/members?words={people.ana.name}").text
    assert "<b>1 member</b>" in text and "fits the filters" in text
    assert f"@{people.ana.handle}<" in client.get(f"/members/{people.ana.handle}").text
