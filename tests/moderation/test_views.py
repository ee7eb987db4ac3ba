"""The report form and the queue, for each role and for hostile input."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.clock import at, now
from forum.dialogue.queries import get_post, get_topic
from forum.library.queries import get_practice
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.permissions import VISITOR
from tests.heard import controls
from tests.moderation.conftest import REASON_FIELDS, addresses, words

# Reporting


def test_a_report_is_thanked_for_and_the_second_is_told_so(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, address = sign_in(people.ana), f"/posts/{things.first.id}/report"
    assert "A rude answer to all." in words(browser.get(address))
    refused = browser.post(address, data={"text": "It is rude."})
    assert refused.status_code == 422 and "It is rude." in words(refused)
    sent = browser.post(address, data={"reason": "rules", "text": "It is rude."})
    assert sent.status_code == 303 and sent.location == f"/posts/{things.first.id}"
    assert "You have reported this already" in words(browser.get(address))
    again = browser.post(address, data={"reason": "spam"})
    assert again.status_code == 422 and "You have reported this already" in words(again)
    assert len(queries.open_reports("post", things.first.id)) == 1


def test_every_kind_has_a_report_form(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    actions.publish(people.moderator, things.practice.id)
    browser = sign_in(people.chitra)
    for address in (
        f"/topics/{things.topic.id}/report",
        f"/posts/{things.first.id}/report",
        "/cases/night-council/report",
        "/practices/quiet-asphalt/report",
        "/members/ben-okoth/report",
    ):
        assert "Report illegal content" in words(client.get(address)), address
        assert client.post(address, data={"reason": "spam"}).status_code == 422
        assert browser.get(address).status_code == 200, address
        assert browser.post(address, data={"reason": "spam"}).status_code == 303, address
    assert sign_in(people.ben).get(f"/posts/{things.first.id}/report").status_code == 403


def test_visitors_read_what_they_can_report(client: FlaskClient, things: Any) -> None:
    page = words(client.get(things.topic.address))
    links = [
        control.name
        for control in controls(page)
        if re.fullmatch(r"/(?:posts|topics)/\d+/report", control.leads_to)
    ]
    assert links == [f"Report illegal content, number {number}" for number in (1, 2, 3)]


def test_a_report_leads_back_where_one_came_from_but_never_elsewhere(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, address = sign_in(people.ana), f"/posts/{things.first.id}/report"
    sent = browser.post(f"{address}?next=//evil.example", data={"reason": "spam"})
    assert sent.location == f"/posts/{things.first.id}"
    sent = sign_in(people.chitra).post(f"{address}?next=/topics", data={"reason": "spam"})
    assert sent.location == "/topics"


# The queue


def test_the_queue_is_emptied_entry_by_entry(sign_in: Any, people: Any, things: Any) -> None:
    with at(now() + timedelta(minutes=1)):
        actions.report(people.ana, "post", things.first.id, "rules", "Look at the tone.")
    with at(now() + timedelta(minutes=2)):
        actions.report(people.ana, "member", people.ben.id, "spam")
    browser = sign_in(people.moderator)
    page = words(browser.get("/moderation"))
    assert "Look at the tone." not in page  # the practice has waited longest, so it is open
    page = words(browser.get(f"/moderation/post/{things.first.id}"))
    assert "Look at the tone." in page and "A kind answer." in page and 'value="keep"' in page
    first = browser.post(
        f"/moderation/post/{things.first.id}/decide",
        data={"deed": "hide", "seen": "0", **REASON_FIELDS},
    )
    assert first.location == f"/moderation/member/{people.ben.id}#entry"
    second = browser.post(
        f"/moderation/member/{people.ben.id}/decide", data={"deed": "keep", "seen": "0"}
    )
    assert second.location == f"/moderation/practice/{things.practice.id}#entry"
    last = browser.post(
        f"/moderation/practice/{things.practice.id}/decide", data={"deed": "publish", "seen": "0"}
    )
    assert last.location == "/moderation"
    assert "Nothing is waiting" in words(browser.get("/moderation"))
    assert get_post(VISITOR, things.first.id).is_gone
    assert get_practice(VISITOR, "quiet-asphalt").state == "published"


def test_a_decision_without_a_reason_comes_back_with_what_was_chosen(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    browser, address = sign_in(people.host), f"/moderation/post/{things.first.id}/decide"
    for typed in ({"deed": "hide"}, {"reason": "No deed."}, {"deed": "burn", "reason": "Kept."}):
        answer = browser.post(address, data={"seen": "0", **typed})
        assert answer.status_code == 422 and typed.get("reason", "") in words(answer)
    assert "checked" in words(browser.post(address, data={"deed": "hide"}))
    page = browser.post(
        f"/moderation/practice/{things.practice.id}/decide", data={"deed": "send_back"}
    )
    assert page.status_code == 422 and "Say what happened" in words(page)


def test_the_second_of_two_moderators_is_told(sign_in: Any, people: Any, things: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    browser = sign_in(people.moderator)
    assert 'name="seen" type="hidden" value="0"' in words(
        browser.get(f"/moderation/post/{things.first.id}")
    )
    actions.decide(people.host, "post", things.first.id, "keep", Reasons("It is not that rude."))
    late = browser.post(
        f"/moderation/post/{things.first.id}/decide",
        data={"deed": "hide", "seen": "0", **REASON_FIELDS},
    )
    assert late.status_code == 409
    assert "Another moderator has decided about this meanwhile" in words(late)
    assert "It is not that rude." in words(late) and REASON_FIELDS["reason"] in words(late)
    assert not get_post(VISITOR, things.first.id).is_gone
    hide = f"/posts/{things.first.id}/hide"
    assert browser.post(hide, data={"seen": "0", **REASON_FIELDS}).status_code == 409


@pytest.mark.parametrize("deed", ["warn", "silence", "suspend", "move"])
def test_a_deed_on_a_page_that_knows_less_waits_until_it_was_read(
    sign_in: Any, people: Any, things: Any, deed: str
) -> None:
    path = f"/topics/{things.topic.id}" if deed == "move" else "/members/ben-okoth"
    browser, address = sign_in(people.moderator), f"{path}/{deed}"

    def opened(page: str) -> dict[str, str]:
        seen = re.search(r'name="seen" type="hidden" value="(\d+)"', page)
        assert seen
        return {"seen": seen[1], "days": "7", "agenda": str(things.other.id), **REASON_FIELDS}

    typed = opened(words(browser.get(address)))
    actions.pin(people.administrator, things.topic.id)
    made = actions.warn(people.administrator, people.ben.id, Reasons("Enough.", 2))
    late = browser.post(address, data=typed)
    assert late.status_code == 409 and REASON_FIELDS["reason"] in words(late)
    assert "Another moderator has decided about this meanwhile" in words(late)
    assert queries.latest_decision_id("member", people.ben.id) == made.id
    assert browser.post(address, data=opened(words(late))).status_code == 303
    assert queries.decision_log(people.moderator).items[0].deed == deed


def test_the_last_decision_can_be_undone_from_the_queue(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    browser, entry = sign_in(people.moderator), f"/moderation/post/{things.first.id}"
    assert "data-undo" not in words(browser.get("/moderation"))
    browser.post(f"{entry}/decide", data={"deed": "hide", "seen": "0", **REASON_FIELDS})
    address = words(browser.get("/moderation")).split('action="/moderation/decisions/')[1]
    undo = f"/moderation/decisions/{address.split(chr(34))[0]}"
    assert sign_in(people.ana).post(undo).status_code == 403
    assert browser.post(undo).location == f"{entry}#entry"
    assert not get_post(VISITOR, things.first.id).is_gone
    assert browser.post(undo).status_code == 409


def test_the_queue_is_filtered_and_the_filter_is_kept(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    actions.report(people.ana, "post", things.second.id, "rules")
    browser = sign_in(people.moderator)
    page = words(browser.get("/moderation?kind=post&agenda=quieter"))
    assert f"/moderation/post/{things.first.id}?agenda=quieter" in page
    assert "Quiet asphalt" not in page
    answer = browser.post(
        f"/moderation/post/{things.first.id}/decide?kind=post&agenda=quieter",
        data={"deed": "keep", "seen": "0"},
    )
    assert answer.location.startswith(f"/moderation/post/{things.second.id}?")
    assert "Nothing is waiting" in words(browser.get("/moderation?agenda=nowhere"))


# Who may


def test_visitors_and_members_find_the_doors_closed(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    actions.publish(people.moderator, things.practice.id)
    doors = addresses(things)
    browser = sign_in(people.ana)
    for address in doors["asking"] + doors["central"]:
        assert client.get(address).status_code == 303, address
        assert browser.get(address).status_code == 403, address
    for address in chain.from_iterable(doors.values()):
        assert client.post(address, data=REASON_FIELDS).status_code == 403, address
        assert browser.post(address, data=REASON_FIELDS).status_code == 403, address
    for address in ("/moderation", "/moderation/log", f"/moderation/post/{things.first.id}"):
        assert client.get(address).status_code == 303, address
        assert browser.get(address).status_code == 403, address


def test_a_host_of_another_agenda_finds_the_doors_closed(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.publish(people.moderator, things.practice.id)
    browser, doors = sign_in(things.other_host), addresses(things)
    for address in chain.from_iterable(doors.values()):
        assert browser.post(address, data=REASON_FIELDS).status_code == 403, address
    assert browser.get(f"/moderation/post/{things.first.id}").status_code == 403
    assert browser.get("/moderation").status_code == 200
    assert queries.decision_log(people.moderator).total == 1


def test_the_host_finds_the_own_doors_open(sign_in: Any, people: Any, things: Any) -> None:
    browser, doors = sign_in(people.host), addresses(things)
    for address in doors["asking"] + doors["of the agenda"]:
        assert browser.get(address).status_code == 200, address
    for address in doors["central"] + doors["central buttons"]:
        assert browser.post(address, data=REASON_FIELDS).status_code == 403, address
    assert browser.post(doors["asking"][0], data=REASON_FIELDS).status_code == 303
    assert get_topic(VISITOR, things.topic.id).locked_at
