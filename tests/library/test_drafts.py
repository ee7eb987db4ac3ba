"""Practices that are begun: kept while their author types, gone on with on another device, deleted once they are sent."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from forum.clock import now
from forum.db import db
from forum.dialogue.actions import SentForm, UnsentForm
from forum.dialogue.models import MAX_DRAFT_LENGTH, Draft
from forum.errors import Conflict, Forbidden, Invalid
from forum.library import actions
from forum.library.actions import PracticeText, keep_practice_draft
from forum.library.models import Practice
from forum.members.actions import load_cities
from forum.members.models import Member
from forum.members.queries import city_by_name
from forum.moderation.actions import Reasons, silence
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import HOSTILE, PRACTICE, SignIn, World, post

NEW = "/practices/new"
BEGUN = PRACTICE | {
    "sentence": "",
    "challenge": "The **cellars** stood in water.",
    "needs": "A pump.",
    "evidence": "measured",
    "started": "20",
    "revisit_on": "soon",
    "audience": "members",
    "submission_key": "abc",
}
WORDS = [("title", "Pumps that call"), ("challenge", "Water."), ("language", "en")]
TEXT = PracticeText("Pumps that call", "Each pump calls.", sections={"challenge": "Water."})


def kept(member: Member) -> list[str]:
    """The first words of the drafts of a member; checks that the stored counter says how many there are."""
    db.session.rollback()
    drafts = db.session.query(Draft).filter_by(author_id=member.id).all()
    counted = db.session.query(Member.drafts_count).filter_by(id=member.id).scalar()
    assert counted == len(drafts)
    return sorted(draft.value("title") for draft in drafts)


def link_of(page: str) -> str:
    (address,) = re.findall(r'id="go-on-\d+"[^>]* href="([^"]+)"', page)
    return unescape(address)


def published(world: World) -> Practice:
    practice = actions.write_and_submit(world.author, world.agenda.id, TEXT)
    return actions.publish(world.moderator, practice.id)


def test_a_practice_is_kept_without_being_valid_and_gone_on_with(
    world: World, sign_in: SignIn
) -> None:
    browser = sign_in(world.author)
    answer = browser.post(NEW, data={**BEGUN, "draft": "auto"})
    assert (answer.status_code, answer.text) == (204, "")
    assert db.session.query(Practice).count() == 0
    page = browser.get("/drafts").text
    assert "Pumps that call</bdi>" in page and "Practice ·" in page
    form = browser.get(link_of(page)).text
    assert 'name="submission_key" type="hidden" value="abc"' in form
    assert "The **cellars** stood in water." in form and "A pump.</textarea>" in form
    assert 'value="Surat, India"' in form
    # Also what is no year and no day yet
    assert re.search(r'<input[^>]*name="started"[^>]*value="20"', form)
    for chosen in ("measured", "members"):
        assert re.search(rf'<input (?=[^>]*checked)[^>]*value="{chosen}"', form), chosen
    # Sent from there, it is no draft any more
    done = BEGUN | {"sentence": "Pumps call.", "started": "2020", "revisit_on": ""}
    assert browser.post(NEW, data={**done, "deed": "submit"}).status_code == 303
    assert kept(world.author) == []
    assert "No drafts" in browser.get("/drafts").text


def test_a_practice_that_is_kept_by_hand_stands_among_the_drafts(
    world: World, sign_in: SignIn
) -> None:
    browser = sign_in(world.author)
    browser.post(NEW, data={**BEGUN, "draft": "auto"})
    browser.post(NEW, data={**PRACTICE, "submission_key": "abc", "deed": "save"})
    page = browser.get("/drafts").text
    assert kept(world.author) == []
    assert "Practices that are not submitted yet" in page
    assert "Only you and the moderators see these." in page
    assert 'href="/practices/pumps-that-call/edit"' in page and "No drafts" not in page
    assert "not submitted yet" not in sign_in(world.reader).get("/drafts").text


def test_a_submission_key_that_is_too_long_is_cut_wherever_it_is_sent(
    world: World, sign_in: SignIn
) -> None:
    browser, key = sign_in(world.author), {"submission_key": "k" * 70}
    browser.post(NEW, data={**BEGUN, **key, "draft": "auto"})
    assert browser.post(NEW, data={**PRACTICE, **key, "deed": "save"}).status_code == 303
    assert kept(world.author) == []
    assert db.session.query(Practice.submission_key).scalar() == "k" * 64


def test_changes_of_a_practice_are_kept_and_gone_on_with(world: World, sign_in: SignIn) -> None:
    practice = published(world)
    browser, path = sign_in(world.author), f"/practices/{practice.slug}/edit"
    seen = re.search(r'name="seen"[^>]* value="([^"]*)"', browser.get(path).text)
    assert seen
    form = {**PRACTICE, "challenge": "Much water.", "submission_key": "k", "seen": seen[1]}
    answer = browser.post(path, data={**form, "draft": "1"})
    assert (answer.status_code, answer.location) == (303, "/drafts")
    page = browser.get("/drafts").text
    assert "Your draft is kept. Nobody else can read it." in page
    assert re.search(r"Changes to <bdi[^>]*>Pumps that call</bdi>", page)
    # Somebody else changes it meanwhile: who goes on learns that, as in a form that was left open
    changed = PracticeText("Pumps that ring", "They ring.", sections={"challenge": "Water."})
    actions.write_practice(world.moderator, world.agenda.id, changed, practice.id)
    form["seen"] = re.search(r'name="seen"[^>]* value="([^"]*)"', browser.get(link_of(page)).text)[
        1
    ]  # type: ignore[index]
    assert form["seen"] == seen[1]
    answer = browser.post(path, data={**form, "deed": "save"})
    assert answer.status_code == 409 and "Pumps that ring" in answer.text
    assert len(kept(world.author)) == 1
    actions.write_practice(world.author, world.agenda.id, TEXT, practice.id, SentForm("k"))
    assert kept(world.author) == []


def test_what_a_practice_says_already_is_no_draft(world: World) -> None:
    practice = published(world)
    same = [*WORDS, ("sentence", "Each pump calls."), ("evidence", "told")]
    changed = [("title", "Pumps that ring"), *same[1:]]
    assert keep_practice_draft(world.author, UnsentForm("k", changed), practice_id=practice.id)
    assert keep_practice_draft(world.author, UnsentForm("k", same), practice_id=practice.id) is None
    assert kept(world.author) == []


@pytest.mark.parametrize(
    "changed", [{"city": "Surat, India"}, {"started": "2019"}, {"revisit_on": "2030-01-31"}]
)
def test_a_city_a_year_or_a_day_that_is_typed_is_kept(
    world: World, sign_in: SignIn, changed: dict[str, str]
) -> None:
    browser, practice = sign_in(world.author), published(world)
    form = {"title": "Pumps that call", "sentence": "Each pump calls.", "challenge": "Water."}
    answer = browser.post(
        f"/practices/{practice.slug}/edit",
        data={**form, **changed, "submission_key": "k", "draft": "auto"},
    )
    assert answer.status_code == 204
    assert kept(world.author) == ["Pumps that call"]


def test_changes_that_are_published_leave_no_draft_however_they_were_typed(
    world: World, sign_in: SignIn
) -> None:
    """What a form sends to be kept may come after what it sends to be published."""
    browser, practice = sign_in(world.author), published(world)
    path = f"/practices/{practice.slug}/edit"
    form = {
        **PRACTICE,
        "title": " Pumps  that ring",
        "sentence": "They\r\nring.",
        "link": "example.org/pumps",
        "city": "surat, india",
        "challenge": "Water.\r\n\r\nMuch [water](http://localhost/posts/1).\r\n",
        "started": "2019",
        "submission_key": "k",
    }
    assert (
        browser.post(path, data={**form, "deed": "save"}).location == f"/practices/{practice.slug}"
    )
    assert browser.post(path, data={**form, "draft": "auto"}).status_code == 204
    assert kept(world.author) == []


@pytest.mark.parametrize(
    ("city", "is_chosen", "drafts"),
    [
        ("सूरत", False, []),
        ("Surat, IN", False, []),
        ("Sura", True, []),
        ("Sura", False, ["Pumps that call"]),
        ("Medellín", True, ["Pumps that call"]),
    ],
)
def test_a_city_is_the_same_in_another_spelling(
    world: World, sign_in: SignIn, city: str, is_chosen: bool, drafts: list[str]
) -> None:
    browser, practice = sign_in(world.author), published(world)
    path, surat = f"/practices/{practice.slug}/edit", city_by_name("Surat")
    assert surat
    form = {**PRACTICE, "challenge": "Water.", "submission_key": "k"}
    assert browser.post(path, data={**form, "deed": "save"}).status_code == 303
    form |= {"city": city} | ({"city_id": str(surat.id)} if is_chosen else {})
    assert browser.post(path, data={**form, "draft": "auto"}).status_code == 204
    assert kept(world.author) == drafts


def test_the_other_city_of_the_same_name_is_a_change(world: World, sign_in: SignIn) -> None:
    here, there = 4951788, 4409896
    rows = [(number, "Springfield", "US", 37.2, -93.3, 150_000, []) for number in (here, there)]
    load_cities(SYSTEM, rows)
    browser, practice = sign_in(world.author), published(world)
    path = f"/practices/{practice.slug}/edit"
    form = {**PRACTICE, "challenge": "Water.", "submission_key": "k", "city": "Springfield"}
    saved = browser.post(path, data={**form, "city_id": str(here), "deed": "save"})
    assert saved.status_code == 303
    for chosen, drafts in ((here, []), (there, ["Pumps that call"])):
        kept_form = {**form, "city_id": str(chosen), "draft": "auto"}
        assert browser.post(path, data=kept_form).status_code == 204
        assert kept(world.author) == drafts, chosen


def test_choices_alone_are_kept_with_the_button(world: World, sign_in: SignIn) -> None:
    practice, browser = published(world), sign_in(world.author)
    form = {**PRACTICE, "sentence": "Each pump calls.", "city": "", "challenge": "Water."}
    form |= {"evidence": "measured", "submission_key": "k"}
    path = f"/practices/{practice.slug}/edit"
    assert browser.post(path, data={**form, "draft": "auto"}).status_code == 204
    assert kept(world.author) == []
    browser.post(path, data={**form, "draft": "1"})
    page = browser.get("/drafts").text
    assert "Your draft is kept." in page
    form_again = browser.get(link_of(page)).text
    assert re.search(r'<input (?=[^>]*checked)[^>]*value="measured"', form_again)


def test_what_was_sent_is_no_draft_any_more(world: World) -> None:
    """A form goes on being kept while it is sent."""
    actions.write_practice(world.author, world.agenda.id, TEXT, form=SentForm("abc"))
    as_sent = [*WORDS, ("sentence", "Each pump calls.")]
    assert keep_practice_draft(world.author, UnsentForm("abc", as_sent)) is None
    with pytest.raises(Conflict):
        keep_practice_draft(world.author, UnsentForm("abc", [*as_sent, ("needs", "Money.")]))
    assert kept(world.author) == []


def test_what_another_window_kept_stays_a_draft(world: World) -> None:
    keep_practice_draft(world.author, UnsentForm("abc", WORDS, windows=["phone:1"]))
    actions.write_practice(
        world.author, world.agenda.id, TEXT, form=SentForm("abc", windows=["desk:1"])
    )
    assert kept(world.author) == ["Pumps that call"]


def test_an_empty_form_is_no_draft(world: World, sign_in: SignIn) -> None:
    keep_practice_draft(world.author, UnsentForm("abc", WORDS))
    browser = sign_in(world.author)
    empty = {**PRACTICE, "title": " ", "sentence": "", "submission_key": "abc"}
    assert browser.post(NEW, data={**empty, "draft": "1"}).status_code == 422
    assert kept(world.author) == ["Pumps that call"]
    assert browser.post(NEW, data={**empty, "draft": "auto"}).status_code == 204
    assert kept(world.author) == []


def test_what_begins_with_another_practice_is_offered_there(world: World, sign_in: SignIn) -> None:
    source, browser = published(world), sign_in(world.reader)
    assert 'data-keep=""' in browser.get(NEW).text
    browser.post(NEW, data={**BEGUN, "adapt": source.slug, "draft": "auto"})
    offered = f"/drafts/practices?adapt={source.slug}"
    (draft,) = browser.get(offered).json or []
    assert draft["key"] == "abc" and ["needs", "A pump."] in draft["fields"]
    assert browser.get("/drafts/practices").json == []
    assert browser.get(f"/drafts/practices/{source.slug}").json == []
    assert browser.get("/drafts/practices/nothing").status_code == 404
    form = browser.get(f"{NEW}?adapt={source.slug}").text
    assert f'data-keep="{offered}"' in form
    address = link_of(browser.get("/drafts").text)
    assert f"adapt={source.slug}" in address
    # Without the practice with which it began, the rest is there all the same
    actions.hide_practice(world.moderator, source.id)
    address = link_of(browser.get("/drafts").text)
    form = browser.get(address).text
    assert "A pump." in form and source.slug not in address
    assert re.search(r'name="adapt"[^>]* value=""', form)


def test_what_begins_with_a_practice_that_has_gone_meanwhile_is_kept(
    world: World, sign_in: SignIn
) -> None:
    source, browser = published(world), sign_in(world.reader)
    actions.hide_practice(world.moderator, source.id)
    form = {**PRACTICE, "needs": "A pump.", "adapt": source.slug, "submission_key": "k"}
    assert browser.post(NEW, data={**form, "draft": "auto"}).status_code == 204
    assert kept(world.reader) == ["Pumps that call"]
    address = link_of(browser.get("/drafts").text)
    assert "A pump." in browser.get(address).text and source.slug not in address
    assert browser.get(f"{NEW}?adapt={source.slug}").status_code == 404


def test_a_draft_is_its_authors_alone(world: World, sign_in: SignIn) -> None:
    practice = published(world)
    keep_practice_draft(world.author, UnsentForm("new", [("title", "Secret"), *WORDS[1:]]))
    changes = [("title", "Secret"), *WORDS[1:]]
    keep_practice_draft(world.author, UnsentForm("changes", changes), practice_id=practice.id)
    drafts = db.session.query(Draft).all()
    places = [NEW, f"/practices/{practice.slug}/edit"]
    paths = [
        "/drafts",
        "/drafts/practices",
        f"/drafts/practices/{practice.slug}",
        "/practices/mine",
    ]
    paths += [f"{place}?draft={draft.id}" for place in places for draft in drafts]
    for other in (world.reader, world.host, world.moderator):
        browser = sign_in(other)
        for path in paths:
            assert "Secret" not in browser.get(path).text, path
    # Nor is a draft of one place gone on with in another
    browser = sign_in(world.author)
    of_new, of_changes = sorted(drafts, key=lambda draft: draft.item_id or 0)
    assert "Secret" not in browser.get(f"{places[0]}?draft={of_changes.id}").text
    assert "Secret" not in browser.get(f"{places[1]}?draft={of_new.id}").text


def test_who_may_not_write_there_keeps_nothing(world: World) -> None:
    practice = published(world)
    for person, practice_id in ((VISITOR, None), (world.reader, practice.id)):
        with pytest.raises(Forbidden):
            keep_practice_draft(person, UnsentForm("k", WORDS), practice_id=practice_id)
    silence(world.moderator, world.reader.id, now() + timedelta(days=7), Reasons("Spam.", 2))
    with pytest.raises(Forbidden):
        keep_practice_draft(world.reader, UnsentForm("k", WORDS))
    assert db.session.query(Draft).count() == 0


def test_words_can_be_copied_where_nobody_can_go_on_with_them(
    world: World, sign_in: SignIn
) -> None:
    practice = published(world)
    changes = [("title", "Pumps"), ("challenge", "A long story."), ("language", "en")]
    keep_practice_draft(world.author, UnsentForm("k", changes), practice_id=practice.id)
    actions.delete_practice(world.author, practice.id)
    page = sign_in(world.author).get("/drafts").text
    assert "This practice is not there any more." in page
    assert "A long story.</blockquote>" in page and "Go on writing" not in page


@pytest.mark.parametrize("odd", HOSTILE)
def test_odd_words_never_break(world: World, sign_in: SignIn, odd: str) -> None:
    browser = sign_in(world.author)
    for name in ("title", "challenge", "started", "revisit_on", "themes", "city", "adapt", "seen"):
        answer = post(browser, NEW, {**BEGUN, name: odd, "draft": "auto"})
        assert answer.status_code in (204, 404, 422), name
        drafts = db.session.query(Draft).filter_by(author_id=world.author.id).all()
        for path in ("/drafts", *(f"{NEW}?draft={draft.id}" for draft in drafts)):
            assert browser.get(path).status_code == 200, (name, path)


def test_too_much_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        keep_practice_draft(
            world.author, UnsentForm("k", [("needs", "x" * (MAX_DRAFT_LENGTH + 1))])
        )


def test_a_list_of_drafts_costs_the_same_however_many_there_are(
    world: World, sign_in: SignIn, queries: Any
) -> None:
    practice, browser = published(world), sign_in(world.author)
    costs = []
    browser.get("/drafts")
    for number in range(6):
        keep_practice_draft(world.author, UnsentForm(f"n{number}", WORDS))
        title = ("title", f"Pumps {number}")
        keep_practice_draft(
            world.author, UnsentForm(f"c{number}", [title]), practice_id=practice.id
        )
        with queries() as made:
            page = browser.get("/drafts").text
        costs.append(made.count)
    assert page.count("Go on writing") == 12 and costs[-1] == costs[0] <= 7
