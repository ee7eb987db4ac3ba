"""Decisions on pages: on the page of a thing, and by themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.clock import now
from forum.declarations import actions as declarations
from forum.dialogue.actions import delete
from forum.markup import PlainTexts
from forum.meetings import actions as meetings
from forum.members.actions import ignore
from forum.members.queries import get_member
from forum.moderation import actions, queries
from forum.moderation.actions import Reasons
from forum.moderation.forms import MoveForm
from forum.permissions import SYSTEM
from tests.declarations.conftest import draft, frozen
from tests.heard import controls
from tests.meetings.conftest import a_text
from tests.moderation.conftest import REASON_FIELDS, addresses, words


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
    offered = re.findall(r'<option lang="en" value="(\d+)"', moderator.get(path).text)
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


def test_the_page_of_a_decision_says_once_what_is_a_page_itself(
    sign_in: Any, people: Any, things: Any
) -> None:
    locked = actions.lock(people.moderator, things.topic.id, Reasons("It repeats itself."))
    hidden = actions.decide(
        people.moderator, "post", things.first.id, "hide", Reasons("It is rude.", 2)
    )
    browser = sign_in(people.moderator)
    of_page, of_post = (
        browser.get(f"/moderation/decisions/{one.id}").text for one in (locked, hidden)
    )
    link = f'dir="auto">{things.topic.title}</a>'
    assert of_page.count(link) == of_post.count(link) == 1
    assert "<dt>Where</dt>" not in of_page and "<dt>Where</dt>" in of_post


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
    assert "<title>Error: " in again.text
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


def test_the_page_of_what_is_done_already_says_so_and_leads_back(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser, agenda = sign_in(people.moderator), f"/agendas/{things.agenda.slug}"
    archive, reopen = f"{agenda}/archive", f"{agenda}/reopen"
    lock = f"/topics/{things.topic.id}/lock"

    def offers(address: str, why_not: str) -> bool:
        page = words(browser.get(address))
        assert (why_not in page) == ("Go back" in page) == ("data-publish" not in page), address
        return why_not not in page

    assert not offers(f"{agenda}/open", "This agenda is open already.")
    assert not offers(reopen, "This agenda is not archived.")
    assert offers(archive, "This agenda is archived already.")
    assert offers(lock, "This topic is locked already.")
    actions.lock(people.moderator, things.topic.id, Reasons("It is rude.", 2))
    assert not offers(lock, "This topic is locked already.")
    actions.archive(people.moderator, things.agenda.id)
    assert not offers(archive, "This agenda is archived already.")
    assert offers(reopen, "This agenda is not archived.")


def test_whoever_was_too_slow_to_lock_a_topic_keeps_the_reason(
    sign_in: Any, people: Any, things: Any
) -> None:
    actions.lock(people.moderator, things.topic.id, Reasons("It is rude.", 2))
    fields = {**REASON_FIELDS, "reason": "Let us sleep over it."}
    late = sign_in(people.moderator).post(f"/topics/{things.topic.id}/lock", data=fields)
    assert late.status_code == 409 and "Let us sleep over it." in words(late)


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
    "bad", ["<script>x</script>", "\x00", "x" * 12_000, "9" * 50, "-1", b"\xff\xfe"]
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
    people_typed: tuple[dict[str, str], ...] = ({"author": bad}, {"by": bad, "author": bad})
    for query in ({"agenda": bad}, {"kind": bad}, {"page": bad}, {"page": "10" * 9}, *people_typed):
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


def test_a_profile_leads_moderators_to_what_was_decided_about_its_member(
    client: FlaskClient, sign_in: Any, people: Any, things: Any
) -> None:
    told = Reasons("It is about a person, not about trams.", 1)
    actions.decide(people.moderator, "post", things.first.id, "hide", told)
    log = "/moderation/log?author=ben-okoth"
    moderator = sign_in(people.moderator)
    for path in ("/members/ben-okoth", "/members/ben-okoth/notes"):
        assert f'href="{log}"' in moderator.get(path).text, path
    assert told.facts in words(moderator.get(log))
    for reader in (client, sign_in(people.ana), sign_in(people.ben)):
        assert log not in reader.get("/members/ben-okoth").text


def test_what_narrows_the_log_is_folded_and_said_and_taken_away_one_by_one(
    sign_in: Any, people: Any, things: Any
) -> None:
    browser = sign_in(people.moderator)
    actions.pin(people.moderator, things.topic.id)
    slug, handle = things.topic.agenda.slug, people.moderator.handle
    page = browser.get(f"/moderation/log?agenda={slug}&deed=pin&author=ana&by={handle}&page=1").text
    assert "Filter, 4 active</summary>" in page and page.index("</summary>") < page.index("<select")
    chips = re.findall(r'<a class="tag" href="([^"]*)"[^>]*><bdi[^>]*>([^<]*)', page)
    assert [words for _address, words in chips] == [
        things.topic.agenda.title,
        "Pinned",
        "Author: ana",
        f"Moderator: @{handle}",
    ]
    assert unescape(chips[1][0]) == f"/moderation/log?agenda={slug}&author=ana&by={handle}"
    odd = browser.get("/moderation/log?agenda=x&deed=<b>").text
    assert 'class="tag"' not in odd and "<b>" not in odd
    assert "</svg> Filter</summary>" in browser.get("/moderation/log").text


def test_who_locks_a_topic_without_a_word_is_told_to_say_why_and_not_that_the_author_alone_reads_it(
    sign_in: Any, people: Any, things: Any
) -> None:
    page = words(sign_in(people.moderator).post(f"/topics/{things.topic.id}/lock", data={}))
    assert "Say why." in page and "Say why. The author" not in page
    assert "Everybody who reads the topic reads this" in page
