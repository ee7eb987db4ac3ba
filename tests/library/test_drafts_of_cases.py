"""Cases that are begun, and changes of cases: kept with their tables, gone on with elsewhere, deleted once they are sent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.agendas import actions as agendas
from forum.db import db
from forum.dialogue.actions import UnsentForm
from forum.dialogue.models import MAX_DRAFT_LENGTH, Draft
from forum.errors import Conflict, Forbidden, Invalid
from forum.library.actions import keep_case_draft
from forum.library.models import Case
from forum.moderation.actions import Reasons, decide
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import CASE, HOSTILE, SignIn, World, post, rows
from tests.library.test_drafts import link_of

NEW = "/agendas/floods-and-heat/cases/new"
BEGUN = CASE | {"summary": "", "since": "20", "submission_key": "abc", "draft": "auto"}
WORDS = [("name", "Quiet streets"), ("body", "One paragraph."), ("agenda", "floods-and-heat")]


def kept(world: World) -> list[str]:
    """The names in the drafts of the host."""
    db.session.rollback()
    drafts = db.session.query(Draft).filter_by(author_id=world.host.id).all()
    return sorted(draft.value("name") for draft in drafts)


def a_case(world: World, sign_in: SignIn) -> Case:
    browser = sign_in(world.host)
    answer = browser.post(NEW, data=CASE | {"submission_key": "first"})
    assert answer.status_code == 303, answer.text
    return db.session.query(Case).one()


def test_a_case_is_kept_with_its_tables_and_gone_on_with(world: World, sign_in: SignIn) -> None:
    browser = sign_in(world.host)
    assert browser.post(NEW, data=BEGUN).status_code == 204
    assert db.session.query(Case).count() == 0
    page = browser.get("/drafts").text
    assert "Quiet streets</bdi>" in page and "Case ·" in page
    form = browser.get(link_of(page)).text
    assert 'name="submission_key" type="hidden" value="abc"' in form
    assert "One paragraph.\n\nAnother one.</textarea>" in form.replace("\r", "")
    # Also what is no year yet
    for name, value in (("since", "20"), ("places-3-city", "Copenhagen"), ("figures-2-label", "Cost"),
                        ("figures-1-source", "Count of the city"), ("links-1-address", "https://t.example/plan")):  # fmt: skip
        assert re.search(rf'<input [^>]*name="{name}"[^>]*value="{value}"', form), name
    done = BEGUN | {"summary": "Cars wait outside.", "since": "2019"}
    del done["draft"]
    assert browser.post(NEW, data=done).status_code == 303
    assert kept(world) == [] and "No drafts" in browser.get("/drafts").text


def test_the_form_says_what_one_has_begun_before(world: World, sign_in: SignIn) -> None:
    browser = sign_in(world.host)
    browser.post(NEW, data=BEGUN)
    page = browser.get(NEW).text
    (address,) = re.findall(rf'href="({NEW}\?draft=\d+)"', page)
    assert "You have begun this before." in page and 'value="abc"' not in page
    assert "You have begun this before." not in browser.get(address).text
    assert "You have begun this before." not in sign_in(world.moderator).get(NEW).text


def test_changes_of_a_case_are_kept_and_gone_on_with(world: World, sign_in: SignIn) -> None:
    case = a_case(world, sign_in)
    browser, path = sign_in(world.host), f"/cases/{case.slug}/edit"
    seen = re.search(r'name="seen"[^>]* value="([^"]*)"', browser.get(path).text)
    assert seen
    # One figure and all links are taken out
    form = CASE | {"body": "Anew.", "seen": seen[1], "submission_key": "k"}
    form = {name: text for name, text in form.items() if name[:9] != "figures-2"}
    form |= dict.fromkeys(("links-1-label", "links-1-address"), "")
    answer = browser.post(path, data={**form, "draft": "1"})
    assert (answer.status_code, answer.location) == (303, "/drafts")
    page = browser.get("/drafts").text
    assert re.search(r"Changes to <bdi[^>]*>Quiet streets</bdi>", page)
    again = browser.get(link_of(page)).text
    assert "Anew.</textarea>" in again and f'value="{seen[1]}"' in again
    assert 'value="41"' in again and 'value="Cost"' not in again and "t.example/plan" not in again
    assert browser.post(path, data=form).status_code == 303
    assert kept(world) == []


@pytest.mark.parametrize(
    "change",
    [{}, {"kind": "network"}, {"name": " Quiet  streets"}, rows("places", "Copenhagen", "Tampere")],
)
def test_what_a_case_says_already_is_no_draft_by_itself(
    world: World, sign_in: SignIn, change: dict[str, str]
) -> None:
    case = a_case(world, sign_in)
    form = {name: text for name, text in CASE.items() if not (change and name[:6] == "places")}
    places = (
        {} if "places-1-city" in change or not change else rows("places", "tampere", "Copenhagen")
    )
    browser, path = sign_in(world.host), f"/cases/{case.slug}/edit"
    sent = {**form, **places, **change, "submission_key": "k", "draft": "auto"}
    assert browser.post(path, data=sent).status_code == 204
    assert kept(world) == []
    if "kind" in change:  # with the button choices alone are kept
        browser.post(path, data={**sent, "draft": "1"})
        assert kept(world) == ["Quiet streets"]


@pytest.mark.parametrize(
    "change",
    [
        {"figures-1-value": "42"},
        {"figures-1-label": "41", "figures-1-value": "Streets"},
        {"links-1-label": "A plan"},
        {"places-3-city": "Surat"},
        {"checked_on": ""},
        {"body": "One paragraph. Another one."},
    ],
)
def test_each_word_that_is_changed_is_kept(
    world: World, sign_in: SignIn, change: dict[str, str]
) -> None:
    case = a_case(world, sign_in)
    sent = {**CASE, **change, "submission_key": "k", "draft": "auto"}
    assert sign_in(world.host).post(f"/cases/{case.slug}/edit", data=sent).status_code == 204
    assert kept(world) == ["Quiet streets"]


def test_what_was_sent_is_no_draft_any_more(world: World, sign_in: SignIn) -> None:
    a_case(world, sign_in)
    browser, late = sign_in(world.host), CASE | {"submission_key": "first", "draft": "auto"}
    assert browser.post(NEW, data=late).status_code == 204
    assert browser.post(NEW, data={**late, "body": "And more."}).status_code == 409
    with pytest.raises(Conflict):
        keep_case_draft(world.host, UnsentForm("first", WORDS), agenda_id=world.agenda.id)
    assert kept(world) == []


def test_what_another_window_kept_stays_a_draft(world: World, sign_in: SignIn) -> None:
    keep_case_draft(
        world.host, UnsentForm("first", WORDS, windows=["phone:1"]), agenda_id=world.agenda.id
    )
    form = CASE | {"submission_key": "first", "drafted": "desk:1"}
    assert sign_in(world.host).post(NEW, data=form).status_code == 303
    assert kept(world) == ["Quiet streets"]


def test_a_draft_is_its_authors_alone_and_of_its_place(world: World, sign_in: SignIn) -> None:
    case = a_case(world, sign_in)
    secret = [("name", "Secret"), *WORDS[1:]]
    keep_case_draft(world.host, UnsentForm("new", secret), agenda_id=world.agenda.id)
    keep_case_draft(world.host, UnsentForm("k", secret), agenda_id=world.agenda.id, case_id=case.id)
    places = [NEW, f"/cases/{case.slug}/edit"]
    drafts = db.session.query(Draft).all()
    paths = ["/drafts", *places, *(f"{place}?draft={row.id}" for place in places for row in drafts)]
    for path in paths:
        assert "Secret" not in sign_in(world.moderator).get(path).text, path
    browser = sign_in(world.host)
    of_new, of_changes = sorted(drafts, key=lambda draft: draft.item_id or 0)
    assert 'value="Secret"' in browser.get(f"{NEW}?draft={of_new.id}").text
    assert 'value="Secret"' not in browser.get(f"{NEW}?draft={of_changes.id}").text
    assert 'value="Secret"' not in browser.get(f"{places[1]}?draft={of_new.id}").text


def test_who_may_not_write_there_keeps_nothing_and_who_no_longer_may_keeps_the_words(
    world: World, sign_in: SignIn
) -> None:
    case = a_case(world, sign_in)
    for person in (VISITOR, world.reader):
        for case_id in (None, case.id):
            with pytest.raises(Forbidden):
                keep_case_draft(
                    person, UnsentForm("k", WORDS), agenda_id=world.agenda.id, case_id=case_id
                )
    keep_case_draft(world.host, UnsentForm("k", WORDS), agenda_id=world.agenda.id, case_id=case.id)
    keep_case_draft(
        world.host,
        UnsentForm("n", [*WORDS, *rows("figures", "Streets | 41").items()]),
        agenda_id=world.agenda.id,
    )
    agendas.set_hosts(SYSTEM, world.agenda.id, [])
    browser = sign_in(world.host)
    page = browser.get("/drafts").text
    assert page.count("One paragraph.</blockquote>") == 2 and "Go on writing" not in page
    assert "Streets | 41</blockquote>" in page
    assert browser.post(NEW, data=BEGUN).status_code == 403
    browser.post("/drafts/discard", data={"submission_key": "k"})
    decide(world.moderator, "case", case.id, "remove", Reasons("No.", 2))
    browser.post("/drafts/discard", data={"submission_key": "n"})
    assert kept(world) == []


def test_of_a_case_that_is_gone_the_words_stay(world: World, sign_in: SignIn) -> None:
    case = a_case(world, sign_in)
    keep_case_draft(world.host, UnsentForm("k", WORDS), agenda_id=world.agenda.id, case_id=case.id)
    agendas.set_hosts(SYSTEM, world.agenda.id, [])
    decide(world.moderator, "case", case.id, "remove", Reasons("No.", 2))
    page = sign_in(world.host).get("/drafts").text
    assert "This case is not there any more." in page and "One paragraph.</blockquote>" in page


@pytest.mark.parametrize("odd", HOSTILE)
def test_odd_words_never_break(world: World, sign_in: SignIn, odd: str) -> None:
    browser = sign_in(world.host)
    for name in (
        "name",
        "agenda",
        "kind",
        "since",
        "checked_on",
        "themes",
        "places-1-city",
        "seen",
    ):
        answer = post(browser, NEW, {**BEGUN, name: odd})
        assert answer.status_code in (204, 422), name
        drafts = db.session.query(Draft).filter_by(author_id=world.host.id).all()
        for path in ("/drafts", NEW, *(f"{NEW}?draft={draft.id}" for draft in drafts)):
            assert browser.get(path).status_code == 200, (name, path)


def test_too_much_is_refused_and_nothing_is_no_draft(world: World, sign_in: SignIn) -> None:
    long = [("body", "x" * (MAX_DRAFT_LENGTH + 1))]
    with pytest.raises(Invalid):
        keep_case_draft(world.host, UnsentForm("k", long), agenda_id=world.agenda.id)
    browser = sign_in(world.host)
    empty = {"name": " ", "language": "en", "links-1-kind": "site", "submission_key": "k"}
    answer = browser.post(NEW, data={**empty, "draft": "1"})
    assert answer.status_code == 422 and "There are no words to keep yet." in answer.text
    # A city alone is something
    typed = {**empty, "places-2-city": "Surat"}
    assert browser.post(NEW, data={**typed, "draft": "auto"}).status_code == 204
    assert len(kept(world)) == 1
    assert browser.post(NEW, data={**empty, "draft": "auto"}).status_code == 204
    assert kept(world) == []


def test_a_list_of_drafts_costs_the_same_however_many_there_are(
    world: World, sign_in: SignIn, queries: Any
) -> None:
    case, browser = a_case(world, sign_in), sign_in(world.host)
    costs = []
    browser.get("/drafts")
    for number in range(4):
        keep_case_draft(world.host, UnsentForm(f"n{number}", WORDS), agenda_id=world.agenda.id)
        changed = [("name", f"Streets {number}")]
        keep_case_draft(
            world.host,
            UnsentForm(f"c{number}", changed),
            agenda_id=world.agenda.id,
            case_id=case.id,
        )
        with queries() as made:
            page = browser.get("/drafts").text
        costs.append(made.count)
    assert page.count("Go on writing") == 8 and costs[-1] == costs[0] <= 8
