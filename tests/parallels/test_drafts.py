"""Translations that are begun, and corrections: kept while their translator types, and deleted once they are sent."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from forum.db import db
from forum.dialogue.actions import SentForm, UnsentForm
from forum.dialogue.models import Draft
from forum.errors import Conflict, Forbidden
from forum.library.actions import delete_practice, write_case
from forum.parallels import actions
from forum.parallels.actions import keep_translation_draft
from forum.parallels.models import FigureWords, Translation
from forum.permissions import VISITOR
from tests.library.test_drafts import kept, link_of
from tests.parallels.conftest import CASE, FIGURES, changed, in_french

NEW = "/practices/felt/translate"
BEGUN = {"language": "pt", "title": "", "challenge": "Os **elétricos**.", "submission_key": "abc"}
WORDS = [("title", "Feltro"), ("challenge", "Os elétricos."), ("language", "pt")]


def signs_of(page):
    return re.search(r'name="signs"[^>]* value="([^"]*)"', page)[1]


def test_a_translation_is_kept_without_a_title_and_gone_on_with(sign_in, people, practice):
    browser = sign_in(people.ben)
    form = BEGUN | {"signs": signs_of(browser.get(NEW).text)}
    assert browser.post(NEW, data={**form, "draft": "auto"}).status_code == 204
    assert db.session.query(Translation).count() == 0
    page = browser.get("/drafts").text
    assert re.search(r"Translation of <bdi[^>]*>Felt below rails</bdi>", page)
    assert "Translation ·" in page and "Os **elétricos**." in page
    assert link_of(page).startswith(f"{NEW}?draft=")
    again = browser.get(link_of(page)).text
    assert 'name="submission_key" type="hidden" value="abc"' in again
    assert "Os **elétricos**.</textarea>" in again
    assert re.search(r'<option selected[^>]* value="pt"', again)
    assert "You have begun this before." in browser.get(NEW).text
    done = form | {"title": "Feltro"}
    assert browser.post(NEW, data=done).status_code == 303
    assert kept(people.ben) == []


def test_who_goes_on_is_shown_what_the_original_has_changed_since(sign_in, people, practice):
    browser = sign_in(people.ben)
    form = BEGUN | {"signs": signs_of(browser.get(NEW).text)}
    browser.post(NEW, data={**form, "draft": "auto"})
    changed(people.ana, practice, sections={"challenge": "Trams **sang**.", "lessons": "Wait."})
    again = browser.get(link_of(browser.get("/drafts").text)).text
    assert "Changed since" in again and "Os **elétricos**.</textarea>" in again


def test_corrections_are_kept_and_gone_on_with(sign_in, people, practice, translation):
    browser, path = sign_in(people.chitra), "/practices/felt/in/fr/edit"
    page = browser.get(path).text
    seen = re.search(r'name="seen"[^>]* value="([^"]*)"', page)[1]
    form = {"language": "fr", "title": "Du feutre", "challenge": "", "sentence": "", "seen": seen,
            "signs": signs_of(page), "submission_key": "k"}  # fmt: skip
    answer = browser.post(path, data={**form, "draft": "1"})
    assert (answer.status_code, answer.location) == (303, "/drafts")
    page = browser.get("/drafts").text
    assert re.search(r"Changes to <bdi[^>]*>Du feutre sous les rails</bdi>", page)
    again = browser.get(link_of(page)).text
    # What was emptied stays so
    assert 'value="Du feutre"' in again and "rugissaient" not in again
    assert browser.post(path, data=form).status_code == 303
    assert kept(people.chitra) == []


def test_names_of_figures_are_kept(sign_in, people, agenda):
    case = write_case(people.host, agenda.id, replace(CASE, figures=FIGURES))
    browser, path = sign_in(people.ben), f"/cases/{case.slug}/translate"
    page = browser.get(path).text
    names = re.findall(r'name="(figures-\d+-label)"', page)
    cells = dict(re.findall(r'name="(figures-\d+-of_(?:label|unit))"[^>]* value="([^"]*)"', page))
    form = {"language": "fr", "submission_key": "k", "signs": signs_of(page), **cells}
    assert browser.post(path, data={**form, "draft": "auto"}).status_code == 204
    assert kept(people.ben) == []
    browser.post(path, data={**form, names[0]: "Rues", "draft": "auto"})
    assert kept(people.ben) == [""]
    again = browser.get(link_of(browser.get("/drafts").text)).text
    assert re.search(rf'name="{names[0]}"[^>]* value="Rues"', again)
    # What is sent says just that, so nothing of it is kept afterwards
    sent = {**form, names[0]: "Rues", "title": "Liège"}
    assert browser.post(path, data=sent).status_code == 303
    assert kept(people.ben) == []
    assert browser.post(path, data={**sent, "draft": "auto"}).status_code == 204
    made = db.session.query(Translation).one()
    assert any(FigureWords(*row).label == "Rues" for row in made.figures)
    edit = {**sent, "submission_key": "other", "draft": "auto"}
    assert browser.post(f"/cases/{case.slug}/in/fr/edit", data=edit).status_code == 204
    assert kept(people.ben) == []
    browser.post(f"/cases/{case.slug}/in/fr/edit", data={**edit, names[0]: "Routes"})
    assert kept(people.ben) == ["Liège"]


def test_what_a_translation_says_already_is_no_draft(people, practice, translation):
    said = [(name, text) for name, text in translation.said.items()]
    assert (
        keep_translation_draft(people.ben, UnsentForm("k", said), translation_id=translation.id)
        is None
    )
    more = [*said, ("lessons", "Attendre.")]
    assert keep_translation_draft(people.ben, UnsentForm("k", more), translation_id=translation.id)
    actions.correct_translation(
        people.ben, translation.id, in_french(title="Feutre"), SentForm("k")
    )
    assert kept(people.ben) == []


def test_what_was_sent_is_no_draft_any_more(people, practice):
    place = {"kind": "practice", "item_id": practice.id}
    actions.add_translation(people.ben, "practice", practice.id, in_french(), SentForm("k"))
    said = [
        *in_french().parts.items(),
        ("title", in_french().title),
        ("sentence", in_french().sentence),
    ]
    assert keep_translation_draft(people.ben, UnsentForm("k", said), **place) is None
    with pytest.raises(Conflict):
        keep_translation_draft(people.ben, UnsentForm("k", WORDS), **place)
    keep_translation_draft(people.ben, UnsentForm("other", WORDS, windows=["phone:1"]), **place)
    pt = in_french(language="pt")
    actions.add_translation(
        people.ben, "practice", practice.id, pt, SentForm("other", windows=["desk:1"])
    )
    assert kept(people.ben) == ["Feltro"]


def test_a_draft_is_its_authors_alone_and_of_its_place(
    sign_in, people, practice, case, translation
):
    secret = [("title", "Secret"), *WORDS[1:]]
    keep_translation_draft(
        people.ben, UnsentForm("p", secret), kind="practice", item_id=practice.id
    )
    keep_translation_draft(people.ben, UnsentForm("c", secret), kind="case", item_id=case.id)
    keep_translation_draft(people.ben, UnsentForm("t", secret), translation_id=translation.id)
    places = [NEW, "/cases/cork/translate", "/practices/felt/in/fr/edit"]
    drafts = db.session.query(Draft).order_by(Draft.id).all()
    for place in places:
        for draft in drafts:
            page = sign_in(people.ana).get(f"{place}?draft={draft.id}").text
            assert "Secret" not in page
    browser = sign_in(people.ben)
    for place, own in zip(places, drafts, strict=True):
        shown = ['value="Secret"' in browser.get(f"{place}?draft={row.id}").text for row in drafts]
        assert shown == [row is own for row in drafts], place


def test_who_may_not_translate_keeps_nothing_and_what_is_gone_leaves_the_words(
    sign_in, people, practice, translation, queries
):
    with pytest.raises(Forbidden):
        keep_translation_draft(
            VISITOR, UnsentForm("k", WORDS), kind="practice", item_id=practice.id
        )
    browser = sign_in(people.ben)
    browser.get("/drafts")
    costs = []
    for number in range(3):
        place = {"kind": "practice", "item_id": practice.id}
        keep_translation_draft(people.ben, UnsentForm(f"n{number}", WORDS), **place)
        keep_translation_draft(
            people.ben, UnsentForm(f"t{number}", WORDS), translation_id=translation.id
        )
        with queries() as made:
            assert browser.get("/drafts").text.count("Go on writing") == 2 * number + 2
        costs.append(made.count)
    assert costs[-1] == costs[0] <= 9
    delete_practice(people.ana, practice.id)
    page = browser.get("/drafts").text
    assert "What it translates is not there any more." in page and "Go on writing" not in page
    assert "This translation is not there any more." in page
    assert page.count("Os elétricos.</blockquote>") == 6
    for key in ("n0", "n1", "n2", "t0", "t1", "t2"):
        browser.post("/drafts/discard", data={"submission_key": key})
    assert kept(people.ben) == []
