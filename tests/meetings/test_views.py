"""The pages of meetings: what visitors, members and hosts see and do there."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_babel import force_locale

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import now, span_in_words
from forum.dialogue.actions import NewTopic, open_topic
from forum.markup import write
from forum.meetings import actions, queries
from forum.meetings.actions import OutcomeText
from forum.meetings.models import IN_ROOM, Meeting
from forum.members.actions import hide_profile
from forum.notifications.queries import zone_called
from forum.permissions import MEMBERS, VISITOR
from tests.meetings.conftest import LINK, a_text

Announce = Callable[..., Meeting]


def fields(**words: Any) -> dict[str, Any]:
    """The form data of a meeting in Lisbon in ten days."""
    day = (now() + timedelta(days=10)).date().isoformat()
    told = {
        "title": "Night trams",
        "source": "Who runs **trams** at night?",
        "language": "en",
        "starts_on": day,
        "starts_time": "10:00",
        "ends_on": "",
        "ends_time": "11.30",
        "time_zone": "Europe/Lisbon",
        "place": "Town hall, room 3",
        "city": "Nairobi",
        "is_online": "y",
        "join_link": LINK,
        "seats": "20",
        "audience": "public",
    }
    return told | words


def seen_in(page: str) -> str:
    return re.findall(r'name="seen"[^>]* value="(\w+)"', page)[0]


def test_a_host_announces_a_meeting(sign_in: Any, people: Any, agenda: Agenda) -> None:
    browser = sign_in(people.host)
    assert "/agendas/quieter/meetings/new" in browser.get("/agendas/quieter").text
    assert "Announce a meeting" in browser.get("/agendas/quieter/meetings/new").text
    shown = browser.post("/agendas/quieter/meetings/new", data=fields(preview="1"))
    assert "<strong>trams</strong>" in shown.text and "Town hall, room 3" in shown.text
    sent = browser.post("/agendas/quieter/meetings/new", data=fields())
    made = queries.coming_meetings(VISITOR, None, 1).items[0]
    assert sent.status_code == 303 and sent.location == made.address
    assert made.city.name == "Nairobi"  # type: ignore[union-attr]
    page = browser.get(made.address).text
    assert "The meeting is announced." in page and "10:00–11:30" in page
    assert "Europe/Lisbon" in page and LINK in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"title": ""}, "Give the meeting a title."),
        ({"starts_on": "soon"}, "Choose a day"),
        ({"starts_on": ""}, "Choose a day"),
        ({"starts_time": "ten"}, "Enter a time"),
        ({"starts_time": "25:00"}, "Enter a time"),
        ({"starts_time": ""}, 'href="#starts_time">Enter when it begins, such as 14:30.'),
        ({"ends_time": ""}, 'href="#ends_time">Enter when it ends, such as 16:00.'),
        ({"ends_time": "09:00"}, "ends before it begins"),
        (
            {"ends_on": "2020-01-01"},
            'href="#ends_on">It ends before it begins. Choose a later end.',
        ),
        ({"starts_on": "2020-01-01"}, "still to come"),
        ({"starts_on": "0001-01-01", "time_zone": "Asia/Tokyo"}, "date"),
        ({"time_zone": "Moon/Crater"}, "Choose one from the list"),
        ({"time_zone": "/etc/passwd"}, "Choose one from the list"),
        ({"city": "Nowhereville"}, "No city of this name"),
        ({"place": "", "city": "", "is_online": "", "join_link": ""}, "Say where it is"),
        ({"join_link": "javascript:alert(1)"}, "whole address"),
        ({"seats": "many"}, "whole number"),
        ({"seats": "0"}, "from 1 to"),
        ({"seats": "9" * 30}, "from 1 to"),
        ({"source": "x" * 20_001}, "at most"),
        ({"audience": "nobody"}, "Choose one from the list"),
        ({"starts_on": "2027-03-28", "starts_time": "1:30", "ends_time": "3:00"}, "go forward"),
        ({"starts_on": "2027-10-31", "starts_time": "1h30", "ends_time": "3"}, "twice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    sign_in: Any, people: Any, agenda: Agenda, words: Any, said: str
) -> None:
    typed = fields(**words)
    page = sign_in(people.host).post("/agendas/quieter/meetings/new", data=typed)
    assert page.status_code == 422 and said in unescape(page.text)
    kept = unescape(page.text)
    assert all(typed[name] in kept for name in ("title", "place", "join_link", "source"))


def test_the_second_of_two_hosts_reads_both(sign_in: Any, people: Any, announce: Announce) -> None:
    made = announce(place="Town hall")
    first, second = sign_in(people.host), sign_in(people.moderator)
    seen = seen_in(second.get(f"/meetings/{made.id}/edit").text)
    mine = fields(seen=seen_in(first.get(f"/meetings/{made.id}/edit").text), title="One")
    assert first.post(f"/meetings/{made.id}/edit", data=mine).status_code == 303
    page = second.post(f"/meetings/{made.id}/edit", data=fields(seen=seen, title="Two"))
    assert page.status_code == 409
    assert "One" in page.text and 'value="Two"' in page.text
    again = fields(seen=seen_in(page.text), title="Two")
    assert second.post(f"/meetings/{made.id}/edit", data=again).status_code == 303
    page = second.get(f"/meetings/{made.id}/history").text
    assert "Version 2" in page and LINK not in page
    chosen = re.findall(r"\?version=\d+", page)[0]
    assert "Version 2, whole" in second.get(f"/meetings/{made.id}/history{chosen}").text


def test_a_form_shows_the_times_as_clocks_there_show_them(
    sign_in: Any, people: Any, agenda: Agenda
) -> None:
    browser = sign_in(people.host)
    day = (now() + timedelta(days=10)).date()
    last = (day + timedelta(days=1)).isoformat()
    browser.post("/agendas/quieter/meetings/new", data=fields(ends_on=last))
    made = queries.coming_meetings(VISITOR, None, 1).items[0]
    page = browser.get(f"/meetings/{made.id}/edit").text
    assert 'value="10:00"' in page and 'value="11:30"' in page and f'value="{last}"' in page
    same = fields(ends_on=last, seen=seen_in(page))
    assert browser.post(f"/meetings/{made.id}/edit", data=same).status_code == 303
    assert "Nothing has been changed yet" in browser.get(f"/meetings/{made.id}/history").text


def test_a_host_begins_with_an_earlier_version(sign_in: Any, people: Any, agenda: Agenda) -> None:
    browser = sign_in(people.host)
    day = (now() + timedelta(days=10)).date()
    first = fields(is_online="", join_link="", ends_on=(day + timedelta(days=1)).isoformat())
    browser.post("/agendas/quieter/meetings/new", data=first)
    made = queries.coming_meetings(VISITOR, None, 1).items[0]
    edit, history = f"/meetings/{made.id}/edit", f"/meetings/{made.id}/history"
    other = fields(
        **{"title": "Day trams", "source": "No.", "starts_time": "15:00", "ends_time": "16:00"},
        **{"time_zone": "Asia/Tokyo", "place": "", "city": "", "seats": "", "audience": "members"},
        seen=seen_in(browser.get(edit).text),
    )
    assert browser.post(edit, data=other).status_code == 303
    [begin] = set(re.findall(r"/edit\?version=\d+", browser.get(history).text))
    page = browser.get(f"/meetings/{made.id}{begin}").text
    assert "It is not saved yet." in page and "Its city and its link stay" in page
    for typed in ("Night trams", "10:00", "11:30", "Town hall, room 3", day.isoformat(), "20"):
        assert f'value="{typed}"' in page
    assert f'value="{first["ends_on"]}"' in page and "Who runs **trams** at night?" in page
    assert re.search(r"<option selected[^>]*>Europe/Lisbon", page)
    assert not re.search(r'name="is_online"[^>]* checked|checked[^>]* name="is_online"', page)
    assert re.search(r'checked[^>]* value="members"', page) and f'value="{LINK}"' in page
    assert browser.get(f"{edit}?version=99999").status_code == 404
    assert begin not in sign_in(people.moderator).get(made.address).text


def test_what_was_told_before_can_be_told_again(
    sign_in: Any, people: Any, agenda: Agenda, over: Meeting
) -> None:
    browser, address = sign_in(people.host), f"/meetings/{over.id}/outcome"
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Which?", write("Which one?")))
    actions.tell_outcome(
        people.host, over.id, OutcomeText(write("We met."), "https://v.example/1", topic.id)
    )
    actions.tell_outcome(people.host, over.id, OutcomeText(write("Rubbish.")))
    page = browser.get(f"/meetings/{over.id}/history").text
    begins = re.findall(r"/outcome\?version=\d+", page)
    assert len(begins) == 2 and "/edit?" not in page
    page = browser.get(f"/meetings/{over.id}{begins[0]}").text
    assert "We met." in page and "Rubbish." not in page and "It is not saved yet." in page
    assert 'value="https://v.example/1"' in page and f'value="/topics/{topic.id}"' in page
    assert "What <strong>" not in browser.get(f"/meetings/{over.id}{begins[1]}").text
    told = {"seen": seen_in(page), "source": "We met."}
    assert browser.post(address, data=told).status_code == 303


def test_visitors_see_neither_the_link_nor_names(
    client: FlaskClient, sign_in: Any, people: Any, announce: Announce
) -> None:
    made = announce()
    actions.come(people.ana, made.id)
    page = client.get(made.address).text
    assert "1 member" in page and "Sign in" in page
    assert LINK not in page and "Ana Prado" not in page and "csrf_token" not in page
    assert LINK not in sign_in(people.ben).get(made.address).text
    assert "Ana Prado" in sign_in(people.ben).get(made.address).text
    for person in (people.ana, people.host, people.moderator):
        assert LINK in sign_in(person).get(made.address).text


def test_a_host_saves_who_comes_as_a_table(
    client: FlaskClient, sign_in: Any, people: Any, announce: Announce
) -> None:
    made = announce(place="Town hall", seats=2)
    for member, way in ((people.ana, "online"), (people.chitra, IN_ROOM), (people.ben, "online")):
        actions.come(member, made.id, way)
    hide_profile(people.moderator, people.chitra.id)
    address, host = f"/meetings/{made.id}/people.csv", sign_in(people.host)
    assert address in host.get(made.address).text
    answer = host.get(address)
    names, ana, ben = csv.reader(answer.data.decode("utf-8-sig").splitlines())
    assert names[:4] == ["Name", "Position", "Organisation", "City"]
    assert ana[0] == "Ana Prado" and ana[4] == "Online" and ana[6] == ""
    assert ben[0] == people.ben.name and ben[6] and ben[7].endswith(f"/members/{people.ben.handle}")
    assert people.ana.email not in answer.text and LINK not in answer.text
    assert sign_in(people.ana).get(address).status_code == 403
    assert address not in sign_in(people.ana).get(made.address).text
    assert client.get(address).status_code in (302, 303)


def test_who_waits_does_not_find_the_link(sign_in: Any, people: Any, announce: Announce) -> None:
    made = announce(seats=1)
    actions.come(people.ana, made.id)
    browser = sign_in(people.ben)
    assert "Wait for a place" in browser.get(made.address).text
    browser.post(f"/meetings/{made.id}/come")
    page = browser.get(made.address).text
    assert "You wait for a place" in page and LINK not in page
    actions.stay_away(people.ana, made.id)
    assert LINK in browser.get(made.address).text


def test_members_say_how_they_come_and_that_they_do_not(
    sign_in: Any, people: Any, announce: Announce
) -> None:
    made, browser = announce(place="Town hall"), sign_in(people.ana)
    refused = browser.post(f"/meetings/{made.id}/come")
    assert refused.status_code == 422 and "Choose whether you come" in refused.text
    assert browser.post(f"/meetings/{made.id}/come", data={"way": "online"}).status_code == 303
    page = browser.get(made.address).text
    assert "You said that you are coming" in page and "Change how" in page
    browser.post(f"/meetings/{made.id}/stay-away")
    assert "You are not coming." in browser.get(made.address).text


def test_a_meeting_is_cancelled(sign_in: Any, people: Any, announce: Announce) -> None:
    made, browser = announce(), sign_in(people.host)
    address = f"/meetings/{made.id}/cancel"
    assert "cannot be undone" in browser.get(address).text
    assert browser.post(address, data={"reason": ""}).status_code == 422
    assert browser.post(address, data={"reason": "x" * 501}).status_code == 422
    reason = "<b>Ill</b> & tired"
    assert browser.post(address, data={"reason": reason}).status_code == 303
    page = browser.get(made.address).text
    assert "Who wanted to come" in page and "Who is coming" not in page
    assert "This meeting is cancelled." in page and "&lt;b&gt;Ill&lt;/b&gt; &amp; tired" in page
    assert browser.get(address).status_code == 403
    assert "Cancelled" in browser.get("/meetings").text


def test_what_came_of_it_leads_into_the_dialogue(
    client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda, over: Meeting
) -> None:
    topic = open_topic(
        people.ana, agenda.id, NewTopic("question", "Which asphalt?", write("Which lasts?"))
    )
    browser, address = sign_in(people.host), f"/meetings/{over.id}/outcome"
    page = browser.get(over.address).text
    assert "Tell what came of it" in page and page.count(f'href="{address}"') == 1
    seen = seen_in(browser.get(address).text)
    for typed in ("nonsense here", "/practices/asphalt", "999999999"):
        page = browser.post(address, data={"seen": seen, "source": "We met.", "topic": typed})
        assert page.status_code == 422 and typed in page.text
    link = f"http://localhost/topics/{topic.id}-which-asphalt?page=2#post-3"
    told = {"seen": seen, "source": "We *met*.", "topic": link, "recording": "video.example/x"}
    assert browser.post(address, data=told).status_code == 303
    head, rest = browser.get(over.address).text.split("</h1>")[1].split("</header>", 1)
    # At the same place as other links to edit
    assert f'href="{address}"' in head and "Edit what came of it" in head
    assert address not in rest
    page = client.get(over.address).text
    assert "<em>met</em>" in page and "https://video.example/x" in page
    assert f'href="/topics/{topic.id}-which-asphalt"' in page and "This meeting is over." in page
    assert "Ana Prado" not in page and LINK not in sign_in(people.ana).get(over.address).text
    assert "deleted half a year after" in sign_in(people.ana).get(over.address).text


def test_a_topic_that_is_for_members_is_not_named_to_visitors(
    client: FlaskClient, people: Any, agenda: Agenda, over: Meeting
) -> None:
    new = NewTopic("question", "Secret asphalt", write("Which lasts?"), audience=MEMBERS)
    topic = open_topic(people.ana, agenda.id, new)
    actions.tell_outcome(people.host, over.id, OutcomeText(write("Met."), topic_id=topic.id))
    assert "Secret asphalt" not in client.get(over.address).text


def test_the_list_has_the_next_one_first_and_those_over_behind_a_tab(
    client: FlaskClient, people: Any, announce: Announce, over: Meeting
) -> None:
    announce(title="Second", starts_at=now() + timedelta(days=9))
    announce(title="First", starts_at=now() + timedelta(days=2))
    page = client.get("/meetings").text
    assert page.index("First") < page.index("Second") and "Quiet asphalt" not in page
    assert "Quiet asphalt" in client.get("/meetings?show=past").text
    other = agendas.write_agenda(people.moderator, agendas.AgendaText("Other", write("Text.")))
    page = client.get(f"/meetings?agenda={other.slug}").text
    assert "No meeting is planned" in page and "First" not in page
    assert client.get("/meetings?agenda=nothing").status_code == 404
    assert client.get("/meetings?page=99999999999&show=x").status_code == 200


def test_a_list_says_at_each_meeting_which_time_is_the_readers(
    client: FlaskClient, announce: Announce
) -> None:
    for title in ("First", "Second"):
        announce(title=title)
    said = '<p class="meta xs js">In your time zone: <time'
    assert client.get("/meetings").text.count(said) == 2
    assert said not in client.get("/meetings?show=past").text


def test_short_lists_stand_only_where_there_is_something(
    client: FlaskClient, queries: Any, people: Any, agenda: Agenda, announce: Announce
) -> None:
    for address in ("/", "/agendas/quieter"):
        assert "Next meetings" not in client.get(address).text
    announce(title="Night trams")
    for address in ("/", "/agendas/quieter"):
        page = client.get(address).text
        assert "Next meetings" in page and "Night trams" in page


def test_meetings_of_members_leave_room_for_public_ones_in_short_lists(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, announce: Announce
) -> None:
    """However many come before the first that everybody may read."""
    monkeypatch.setattr(queries.listing, "NEXT_OF_AGENDA", 2)
    for day in (2, 3):
        announce(title=f"Day {day}", starts_at=now() + timedelta(days=day), audience=MEMBERS)
    announce(title="Night trams", starts_at=now() + timedelta(days=9))
    for address in ("/", "/agendas/quieter"):
        page = client.get(address).text
        assert "Night trams" in page and "Day 2" not in page


def test_the_page_of_a_meeting_asks_little(
    client: FlaskClient, sign_in: Any, queries: Any, people: Any, announce: Announce
) -> None:
    made = announce()
    for person in (people.ana, people.ben, people.chitra):
        actions.come(person, made.id)
    client.get("/rules")
    with queries() as asked:
        client.get(made.address)
    assert asked.count <= 6, asked.statements
    with queries() as asked:
        client.get("/meetings")
    assert asked.count <= 6, asked.statements


def test_an_earlier_address_leads_to_the_present_one(
    client: FlaskClient, people: Any, announce: Announce
) -> None:
    made = announce()
    actions.edit_meeting(people.host, made.id, a_text(title="Quieter", starts_at=made.starts_at))
    for slug in ("", "-quiet-asphalt", "-x"):
        moved = client.get(f"/meetings/{made.id}{slug}")
        assert moved.status_code == 301 and moved.location == f"/meetings/{made.id}-quieter"
    assert client.get("/meetings/999999").status_code == 404


@pytest.mark.parametrize(
    "title",
    ["</script><script>alert(1)</script>", "א" * 150, "W" * 150, "\u202eevil\r\nBEGIN:VEVENT"],
)
def test_odd_titles_do_no_harm(client: FlaskClient, announce: Announce, title: str) -> None:
    made = announce(title=title)
    page = client.get(made.address)
    assert page.status_code == 200 and "<script>alert" not in page.text


def test_times_are_said_as_clocks_there_show_them(app: Any) -> None:
    begins = datetime.fromisoformat("2027-07-13T22:30:00+00:00")
    said = span_in_words(begins, begins + timedelta(hours=1), zone_called("Europe/Lisbon"))
    assert said == "Tuesday, 13 July 2027, 23:30 – Wednesday, 14 July 2027, 00:30"
    with app.test_request_context(), force_locale("fr"):
        said = span_in_words(begins, begins + timedelta(hours=1), zone_called("Pacific/Auckland"))
    assert said == "mercredi 14 juillet 2027, 10:30–11:30"


# Calendar programs


def test_a_calendar_has_what_everybody_may_read_and_no_link(
    client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda, announce: Announce
) -> None:
    made = announce(title="Night trams, and; more", place="Town hall")
    mine = announce(title="Members meet", audience=MEMBERS)
    for browser in (client, sign_in(people.ana), sign_in(people.host)):
        for address in ("/meetings.ics", "/agendas/quieter/meetings.ics"):
            answer = browser.get(address)
            assert answer.content_type == "text/calendar; charset=utf-8"
            text = answer.text.replace("\r\n ", "")
            assert "SUMMARY:Night trams\\, and\\; more" in text and f"UID:{made.uid}" in text
            assert "secret-room" not in text and "Members meet" not in text
    assert client.get(f"/meetings/{mine.id}.ics").status_code == 404
    own = sign_in(people.ana).get(f"/meetings/{mine.id}.ics")
    assert "SUMMARY:Members meet" in own.text and "secret-room" not in own.text
    assert f'filename="meeting-{mine.id}.ics"' in own.headers["Content-Disposition"]


def test_calendar_programs_learn_of_changes_and_of_a_cancellation(
    client: FlaskClient, people: Any, announce: Announce
) -> None:
    made = announce()
    before = client.get("/meetings.ics").text
    assert "SEQUENCE:0" in before and "STATUS:CONFIRMED" in before
    later = a_text(title="Quieter", starts_at=made.starts_at + timedelta(hours=1))
    actions.edit_meeting(people.host, made.id, later)
    assert "SEQUENCE:1" in client.get("/meetings.ics").text
    actions.cancel_meeting(people.host, made.id, "Ill.")
    after = client.get("/meetings.ics").text
    assert "SEQUENCE:2" in after and "STATUS:CANCELLED" in after
    assert "DESCRIPTION:This meeting is cancelled. Ill." in after
    assert re.findall("UID:.*", before) == re.findall("UID:.*", after)


@pytest.mark.parametrize(
    ("most", "there"), [(2, ["In 3", "In 6"]), (4, ["In 3", "In 6", "In 9", "Quiet asphalt"])]
)
def test_a_calendar_that_holds_too_many_keeps_those_that_come_next(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    announce: Announce,
    over: Meeting,
    most: int,
    there: list[str],
) -> None:
    for days in (9, 3, 6):
        announce(title=f"In {days}", starts_at=now() + timedelta(days=days))
    monkeypatch.setattr("forum.meetings.queries.listing.MAX_IN_CALENDAR", most)
    assert re.findall("SUMMARY:(.*)\r", client.get("/meetings.ics").text) == there
    assert over.over_at


def test_what_is_in_preparation_is_in_no_calendar(
    client: FlaskClient, sign_in: Any, people: Any, agenda: Agenda, announce: Announce
) -> None:
    announce()
    agendas.prepare_agenda(people.moderator, agenda.id)
    for browser in (client, sign_in(people.host)):
        assert "BEGIN:VEVENT" not in browser.get("/meetings.ics").text
    assert client.get("/agendas/quieter/meetings.ics").status_code == 404
    assert "BEGIN:VEVENT" not in sign_in(people.host).get("/agendas/quieter/meetings.ics").text


def test_programs_read_meetings_without_the_link(
    client: FlaskClient, people: Any, announce: Announce, over: Meeting
) -> None:
    made = announce(title="Night trams", city_id=people.ben.city_id)
    announce(title="Members meet", audience=MEMBERS)
    actions.come(people.ana, made.id, "online")
    answer = client.get("/api/v1/meetings")
    [item] = answer.get_json()["items"]
    assert (item["title"], item["coming"], item["city"]["name"]) == ("Night trams", 1, "Nairobi")
    assert "secret-room" not in answer.text and "Ana" not in answer.text
    [past] = client.get("/api/v1/meetings?show=past&agenda=quieter").get_json()["items"]
    assert past["over_at"] and "secret-room" not in str(past)
    assert client.get("/api/v1/meetings?show=x").status_code == 422
    assert client.get("/api/v1/meetings?agenda=x").status_code == 422


def test_search_finds_meetings_and_not_their_links(
    client: FlaskClient, sign_in: Any, people: Any, announce: Announce, over: Meeting
) -> None:
    made = announce(title="Zeppelins at night", place="Town hall")
    mine = announce(title="Zeppelins for members", audience=MEMBERS)
    page = client.get("/search?q=zeppelins").text
    assert f"/meetings/{made.id}" in page and f"/meetings/{mine.id}" not in page
    assert f"/meetings/{mine.id}" in sign_in(people.ana).get("/search?q=zeppelins").text
    assert f"/meetings/{made.id}" not in client.get("/search?q=secret-room").text
    told = OutcomeText(write("Rubber wheels."), about="What lasts?")
    actions.tell_outcome(people.host, over.id, told)
    assert f"/meetings/{over.id}" in client.get("/search?q=rubber").text
    assert f"/meetings/{over.id}" in client.get("/search?q=lasts").text


def test_search_engines_read_when_it_is(client: FlaskClient, announce: Announce) -> None:
    made = announce(place="Town hall")
    page = client.get(made.address).text
    assert '"@type": "Event"' in page and '"MixedEventAttendanceMode"' not in page
    assert "MixedEventAttendanceMode" in page and LINK not in page
    assert f"/meetings/{made.id}-quiet-asphalt" in client.get("/sitemap.xml").text


def test_its_hosts_find_how_to_change_it_beside_its_title(sign_in, people, announce):
    made = announce()
    way = f'href="/meetings/{made.id}/edit"'
    above, _facts, below = sign_in(people.host).get(made.address).text.partition('class="glance')
    assert above.count(way) == 1 and way not in below
    assert way not in sign_in(people.ana).get(made.address).text


def test_nobody_comes_to_another_time_than_the_page_has_shown(sign_in, people, announce):
    made, browser = announce(), sign_in(people.ana)
    seen = re.findall(r'name="seen" type="hidden" value="([^"]+)"', browser.get(made.address).text)
    later = a_text(starts_at=made.starts_at + timedelta(days=2))
    actions.edit_meeting(people.host, made.id, later)
    sent = browser.post(f"/meetings/{made.id}/come", data={"seen": seen})
    assert sent.status_code == 409 and "another time or place now" in sent.text
    assert queries.attendance_of(people.ana, made.id) is None
    seen = re.findall(r'name="seen" type="hidden" value="([^"]+)"', sent.text)
    assert browser.post(f"/meetings/{made.id}/come", data={"seen": seen}).status_code == 303
    assert queries.attendance_of(people.ana, made.id)
