"""The pages of moderation: the report form, the decisions, the log, for each role and for hostile input."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.clock import at, now
from forum.declarations import actions as declarations
from forum.dialogue.actions import delete
from forum.dialogue.queries import get_post, get_topic
from forum.library.queries import get_practice
from forum.markup import PlainTexts
from forum.meetings import actions as meetings
from forum.members.actions import ignore
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import MoveForm
from forum.permissions import SYSTEM, VISITOR
from tests.declarations.conftest import draft, frozen
from tests.heard import controls
from tests.meetings.conftest import a_text

REASON_FIELDS = {"reason": "It is rude.", "rule": "2"}


def words(response: Any) -> str:
    return str(response.get_data(as_text=True))


def addresses(things: Any, handle: str = "ben-okoth") -> dict[str, list[str]]:
    """Every address of moderation: pages with a form, and addresses of buttons."""
    topic, post = f"/topics/{things.topic.id}", f"/posts/{things.first.id}"
    case, practice = f"/cases/{things.case.slug}", f"/practices/{things.practice.slug}"
    return {
        "asking": [
            f"{topic}/lock",
            f"{topic}/slow",
            f"{topic}/move",
            f"{topic}/hide",
            f"{topic}/remove",
            f"{post}/hide",
            f"{post}/remove",
            f"{post}/ask-to-edit",
            f"{case}/hide",
            f"{practice}/hide",
            f"{practice}/send-back",
        ],
        "of the agenda": ["/agendas/quieter/archive", "/agendas/quieter/reopen"],
        "central": [
            f"/members/{handle}/hide",
            f"/members/{handle}/suspend",
        ],
        "buttons": [
            f"{topic}/unlock",
            f"{topic}/unslow",
            f"{topic}/pin",
            f"{topic}/unpin",
            f"{topic}/restore",
            f"{post}/restore",
            f"{post}/unnote",
            f"{case}/restore",
            f"{practice}/publish",
            f"{practice}/feature",
            f"{practice}/unfeature",
            f"{practice}/restore",
            f"/moderation/post/{things.first.id}/decide",
        ],
        "central buttons": [f"/members/{handle}/restore", f"/members/{handle}/unsuspend"],
    }


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


# Decisions on the page of a thing


def test_moderators_alone_read_on_a_profile_that_it_is_restricted(
    sign_in: Any, people: Any, things: Any
) -> None:
    until = now() + timedelta(days=7)
    actions.silence(people.moderator, people.ben.id, until, Reasons("Three times.", 2))
    page = f"/members/{people.ben.handle}"
    assert "silenced until" in sign_in(people.moderator).get(page).text
    for person in (people.ben, people.ana):
        assert "silenced until" not in sign_in(person).get(page).text


def test_no_agenda_is_chosen_by_mistake_when_a_topic_is_moved(app: Any) -> None:
    with app.test_request_context(method="POST", data={"agenda": "0"}):
        form = MoveForm(meta={"csrf": False})
        form.offer([(1, "Cooler"), (2, "Safer")])
        assert form.agenda.choices[0] == (0, "Choose")
        assert not form.validate() and form.agenda.errors == ["Choose an agenda."]
        form.offer([(1, "Cooler")])
        assert form.agenda.choices == [(1, "Cooler")]


def test_what_a_moderator_reads_of_a_decision_leads_to_the_queue(
    sign_in: Any, people: Any, things: Any
) -> None:
    made = actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("It is rude.", 2)
    )
    path, entry = f"/moderation/decisions/{made.id}", f"/moderation/post/{things.first.id}"
    desk, author = sign_in(people.administrator).get(path).text, sign_in(people.ben).get(path).text
    assert entry in desk and people.moderator.name in desk and "What you can do" not in desk
    assert entry not in author and people.moderator.name not in author
    assert "What you can do" in author


def test_a_topic_is_moved_to_another_agenda_that_one_moderates(
    sign_in: Any, people: Any, things: Any
) -> None:
    path, topic = f"/topics/{things.topic.id}/move", things.topic.address
    host, moderator = sign_in(people.host), sign_in(people.moderator)
    assert "There is no other agenda that you moderate." in host.get(path).text
    assert "Move to another agenda" not in host.get(topic).text
    assert "Move to another agenda" in moderator.get(topic).text
    offered = re.findall(r'<option value="(\d+)"', moderator.get(path).text)
    assert offered == [str(things.other.id)]
    for nowhere in ("nope", "99", ""):
        answer = moderator.post(path, data={"agenda": nowhere})
        assert answer.status_code == 422 and "Choose one from the list" in answer.text


def test_a_decision_that_gives_back_asks_for_no_appeal(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.lock(people.moderator, things.topic.id, Reasons("It repeats itself."))
    given = actions.unlock(people.moderator, things.topic.id)
    page = sign_in(people.ana).get(f"/moderation/decisions/{given.id}").text
    assert "Nothing more needs to be done." in page
    assert "No reason was written down." not in page and "is wrong" not in page


def test_the_page_of_a_decision_shows_the_text_as_its_own_page_did(
    sign_in: Any, people: Any, things: Any
) -> None:
    made = actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("It is rude.", 2)
    )
    page = sign_in(people.ben).get(f"/moderation/decisions/{made.id}").text
    # The class for kept line breaks would show those between the paragraphs of the HTML
    shown = re.search(r'<div class="([^"]*)"[^>]*>\s*<blockquote>\s*<p>quoted', page)
    assert shown and shown[1] == "prose"


def test_deeds_that_restrict_ask_for_the_reason(sign_in: Any, people: Any, things: Any) -> None:
    browser, doors = sign_in(people.moderator), addresses(things)
    handle = f"/members/{people.ben.handle}"
    for address in [*doors["asking"], f"{handle}/hide", f"{handle}/suspend"]:
        if address.endswith("move"):
            continue
        answer = browser.post(address, data={"reason": " ", "days": "7"})
        assert answer.status_code == 422 and "Say why" in words(answer), address
    assert queries.decision_log(people.moderator).total == 0


def test_the_log_has_no_cell_for_a_reason_that_nobody_gave(
    sign_in: Any, people: Any, things: Any
) -> None:
    """Instead, the cell with the thing takes both columns."""
    browser = sign_in(people.moderator)
    browser.post(f"/topics/{things.topic.id}/pin")
    log = browser.get("/moderation/log").text
    assert '<td data-heading="About" colspan="2">' in log and 'data-heading="Reason"' not in log


def test_the_log_tells_its_decisions_apart_by_their_names(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.moderator)
    browser.post(f"/topics/{things.topic.id}/pin")
    page = browser.get("/moderation/log").text
    assert f"Pinned: {things.topic.title}" in [control.name for control in controls(page)]


def test_every_deed_leads_back_and_is_in_the_log(sign_in: Any, people: Any, things: Any) -> None:
    browser = sign_in(people.moderator)
    topic, post = f"/topics/{things.topic.id}", f"/posts/{things.first.id}"
    handle, practice = f"/members/{people.ben.handle}", f"/practices/{things.practice.slug}"
    deeds: list[tuple[str, dict[str, Any]]] = [
        (f"{topic}/lock", REASON_FIELDS),
        (f"{topic}/unlock", {}),
        (f"{topic}/slow", REASON_FIELDS),
        (f"{topic}/unslow", {}),
        (f"{topic}/pin", {}),
        (f"{topic}/unpin", {}),
        (f"{post}/hide", REASON_FIELDS),
        (f"{post}/restore", {}),
        (f"{post}/ask-to-edit", REASON_FIELDS),
        (f"{post}/note", {"source": "See the rules.", "language": "en"}),
        (f"{post}/unnote", {}),
        (f"{post}/remove", REASON_FIELDS),
        (f"{post}/restore", {}),
        (f"{topic}/remove", REASON_FIELDS),
        (f"{topic}/restore", {}),
        (f"{topic}/hide", REASON_FIELDS),
        (f"{topic}/restore", {}),
        (f"{topic}/move", {"agenda": str(things.other.id)}),
        ("/cases/night-council/hide", REASON_FIELDS),
        ("/cases/night-council/restore", {}),
        (f"{practice}/publish", {}),
        (f"{practice}/feature", {}),
        (f"{practice}/unfeature", {}),
        (f"{practice}/hide", REASON_FIELDS),
        (f"{practice}/restore", {}),
        (f"{handle}/hide", REASON_FIELDS),
        (f"{handle}/restore", {}),
        (f"{handle}/suspend", {"days": "30", **REASON_FIELDS}),
        (f"{handle}/unsuspend", {}),
        ("/agendas/quieter/archive", {}),
        ("/agendas/quieter/reopen", {}),
    ]
    for address, data in deeds:
        answer = browser.post(address, data=data)
        assert answer.status_code == 303, (address, words(answer))
        assert answer.location.startswith("/"), address
    assert queries.decision_log(people.moderator).total == len(deeds)
    page = words(browser.get("/moderation/log"))
    assert page.count("<tr>") == len(deeds) + 1 and "Mona Berg" in page


def test_a_deed_done_already_is_said_to_be(sign_in: Any, people: Any, things: Any) -> None:
    browser = sign_in(people.moderator)
    assert browser.post(f"/topics/{things.topic.id}/pin").status_code == 303
    again = browser.post(f"/topics/{things.topic.id}/pin")
    assert again.status_code == 409 and "This is so already" in words(again)
    assert browser.post(f"/posts/{things.first.id}/restore").status_code == 409


def test_who_hides_what_its_author_has_deleted_meanwhile_reads_that(
    sign_in: Any, people: Any, things: Any
) -> None:
    delete(people.ben, things.first.id)
    for deed in ("hide", "remove"):
        late = sign_in(people.host).post(
            f"/posts/{things.first.id}/{deed}", data={"seen": "0", **REASON_FIELDS}
        )
        assert late.status_code == 409 and "Its author has deleted it." in words(late)


def test_who_presses_a_button_too_late_is_led_back_to_where_it_was(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.pin(people.administrator, things.topic.id)
    browser = sign_in(people.host)
    late = browser.post(f"/topics/{things.topic.id}/pin")
    assert late.status_code == 409 and "This is so already." in late.text
    assert f'href="{things.topic.address}">Back to the page' in late.text
    assert "<form" not in late.text.partition("<main")[2].partition("</main>")[0]
    assert browser.post(f"/topics/{things.topic.id}/unpin").status_code == 303


def test_who_restricts_a_member_reads_what_was_decided_before(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rule 2.", 2))
    actions.write_staff_note(people.moderator, people.ben.id, "Was told twice.")
    browser = sign_in(people.administrator)
    for deed in ("warn", "silence", "suspend", "hide"):
        page = browser.get(f"/members/{people.ben.handle}/{deed}").text
        assert "1 earlier decision" in page and "Rule 2." in page and "Was told twice." in page
    assert (
        "They are told why, and how to appeal."
        in browser.get(f"/members/{people.ben.handle}/silence").text
    )
    actions.silence(people.moderator, people.ben.id, now() + timedelta(days=1), Reasons("No.", 2))
    page = browser.get(f"/members/{people.ben.handle}/suspend").text
    assert "2 earlier decisions" in page and "silenced until" in page


def test_who_archives_an_agenda_reads_what_has_begun_there(
    sign_in: Any, people: Any, agenda: Any
) -> None:
    browser = sign_in(people.host)
    address = f"/agendas/{agenda.slug}/archive"
    assert "while the agenda is archived" not in browser.get(address).text
    to_sign = frozen(people, agenda, title="Quiet nights")
    discussed = draft(people, agenda, title="Quiet days")
    declarations.open_declaration(people.host, discussed.id, PlainTexts())
    draft(people, agenda, title="Quiet years")
    meeting = meetings.announce_meeting(people.host, agenda.id, a_text())
    page = browser.get(address).text
    for page_shown in (to_sign, discussed, meeting):
        assert f'href="{page_shown.address}"' in page
    assert "it is adopted with the signatures that it has" in page and "Quiet years" not in page
    browser.post(address, data={"reason": ""})
    told = browser.get(to_sign.address).text
    assert "Its agenda is archived" in told and "Organisations sign it until" not in told
    actions.reopen(people.moderator, agenda.id)
    assert "Organisations sign it until" in browser.get(to_sign.address).text


def test_a_suspension_signs_the_member_out(sign_in: Any, people: Any, things: Any) -> None:
    theirs, browser = sign_in(people.ben), sign_in(people.moderator)
    address = f"/members/{people.ben.handle}/suspend"
    assert browser.post(address, data={"days": "9999", **REASON_FIELDS}).status_code == 422
    for day in ("", "yesterday", "2001-01-01", "9999-12-31"):
        typed = {"days": "day", "until": day, **REASON_FIELDS}
        assert browser.post(address, data=typed).status_code == 422, day
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"
    typed = {"days": "day", "until": tomorrow, **REASON_FIELDS}
    assert browser.post(address, data=typed).status_code == 303
    until = get_member(SYSTEM, people.ben.handle).suspended_until
    assert f"{until - timedelta(seconds=1):%Y-%m-%d}" == tomorrow
    assert theirs.get("/settings").status_code == 303
    assert get_member(SYSTEM, people.ben.handle).is_suspended


# Decisions


def test_the_author_reads_the_reasons_without_a_name(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    made = actions.decide(people.moderator, "post", things.first.id, "hide", Reasons("Rule 2.", 2))
    address = f"/moderation/decisions/{made.id}"
    page = words(sign_in(people.ben).get(address))
    assert "Rule 2." in page and "a moderator of the agenda" in page and "Mona" not in page
    assert sign_in(people.ana).get(address).status_code == 404
    assert client.get(address).status_code == 303


def test_pages_cost_few_queries(sign_in: Any, people: Any, things: Any, queries: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    browser = sign_in(people.moderator)
    browser.get("/moderation")
    for address, most in (
        ("/moderation", 19),
        (f"/moderation/post/{things.first.id}", 18),
        ("/moderation/log", 8),
        (f"/topics/{things.topic.id}/lock", 9),
        (f"/posts/{things.first.id}/hide", 10),
    ):
        with queries() as made:
            assert browser.get(address).status_code == 200
        assert made.count <= most, (address, made.count, made.statements)


@pytest.mark.parametrize(
    "bad", ["<script>x</script>", "\x00", "x" * 30_000, "9" * 50, "-1", b"\xff\xfe"]
)
def test_hostile_input_gets_an_answer(sign_in: Any, people: Any, things: Any, bad: Any) -> None:
    actions.report(people.ana, "post", things.first.id, "rules")
    browser = sign_in(people.moderator)
    fields = dict.fromkeys(["reason", "text", "deed", "seen", "agenda", "days", "next"], bad)
    for address in (
        f"/topics/{things.topic.id}/report",
        f"/topics/{things.topic.id}/lock",
        f"/topics/{things.topic.id}/move",
        f"/members/{people.ben.handle}/suspend",
        f"/moderation/post/{things.first.id}/decide",
    ):
        answer = browser.post(address, data=fields)
        assert answer.status_code in (303, 409, 422), address
        assert "<script>x" not in words(answer)
    for address in (
        f"/moderation/post/{2**63}",
        "/moderation/nonsense/1",
        "/moderation/post/-1",
        "/moderation/decisions/0",
        "/topics/0/lock",
        "/members/%ff/suspend",
    ):
        assert browser.get(address).status_code == 404, address
    for query in ({"agenda": bad}, {"kind": bad}, {"page": bad}, {"page": "10" * 9}):
        assert browser.get("/moderation/log", query_string=query).status_code in (200, 404)
        assert browser.get("/moderation", query_string=query).status_code in (200, 404)


def test_who_reports_reads_that_a_member_can_be_ignored_instead(
    sign_in: Any, people: Any, things: Any
) -> None:
    reader = people.chitra if things.first.author_id != people.chitra.id else people.ana
    door, words = f"/posts/{things.first.id}/report", "“Ignore” stands on each profile"
    assert words in sign_in(reader).get(door).text
    ignore(reader, things.first.author_id)
    assert words not in sign_in(reader).get(door).text
