"""The forms of cases, practices and best reads."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.actions import archive
from forum.clock import at, now
from forum.db import db, running_deed
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_post
from forum.library import actions
from forum.library import queries as library
from forum.library.actions import _paragraphs
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM, VISITOR
from tests.dialogue.conftest import writes_for
from tests.library.conftest import (
    BODY,
    CASE,
    PRACTICE,
    SECRET,
    SignIn,
    World,
    case_text,
    errors,
    post,
    practice_text,
    published,
    rows,
)

# Writing a case


def test_a_curator_writes_and_edits_a_case(
    world: World, sign_in: SignIn, client: FlaskClient
) -> None:
    host = sign_in(world.host)
    answer = host.post("/agendas/floods-and-heat/cases/new", data=CASE)
    assert answer.status_code == 303 and answer.location == "/cases/quiet-streets"
    case = library.get_case(VISITOR, "quiet-streets")
    assert [city.name for city in case.places] == ["Copenhagen", "Tampere"]
    assert [figure.source for figure in case.figures] == ["Count of the city", ""]
    assert case.links[0].kind == "report"
    form = host.get("/cases/quiet-streets/edit").text
    for name in [name for name in CASE if name.startswith("figures-")]:
        (field,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', form)
        assert f'value="{CASE[name]}"' in field
    assert 'value="Tampere, FI"' in form and 'selected value="report"' in form
    answer = host.post("/cases/quiet-streets/edit", data={**CASE, "name": "Quieter streets"})
    assert answer.status_code == 303
    assert "Quieter" in client.get("/cases/quiet-streets/history").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"summary": ""}, "summary"),
        ({"body": ""}, "body"),
        ({"body": "x" * 20_001}, "body"),
        ({"since": "20x9"}, "since"),
        ({"since": "0999"}, "since"),
        ({"kind": "castle"}, "kind"),
        ({"language": "klingon"}, "language"),
        ({"agenda": "homes"}, "agenda"),
        ({"checked_on": "2026-13-01"}, "checked_on"),
        (rows("places", "Tampere", "Atlantis"), "places-2-city"),
        (rows("places", "x" * 201), "places-1-city"),
        (rows("places", *["Tampere"] * 41), "places"),
        (rows("figures", "Streets"), "figures-1-value"),
        (rows("figures", "|75"), "figures-1-label"),
        (rows("figures", "", "a|b|c|d|" + "x" * 1_001), "figures-2-source"),
        (rows("figures", "a|b|c|d|e|javascript:x"), "figures-1-address"),
        (rows("figures", *["a|1"] * 41), "figures"),
        (rows("links", "Plan | ftp://x"), "links-1-address"),
        (rows("links", "Plan | https://x.example | castle"), "links-1-kind"),
        (rows("links", "Plan"), "links-1-address"),
        ({"themes": "abc"}, "themes"),
    ],
)
def test_a_refused_case_says_what_to_do_and_keeps_what_was_typed(
    world: World, sign_in: SignIn, changes: dict[str, str], field: str
) -> None:
    answer = sign_in(world.host).post(
        "/agendas/floods-and-heat/cases/new", data={**CASE, **changes}
    )
    assert answer.status_code == 422
    assert field in errors(answer.text)
    assert "Another one." in answer.text or field == "body"
    assert library.cases(VISITOR, library.CaseFilter()).total == 0


def test_all_that_is_wrong_with_a_case_is_told_at_once(world: World, sign_in: SignIn) -> None:
    wrong = {
        "name": "",
        **rows("places", "Surat, India", "Atlantis", "", "Ys, France"),
        **rows("figures", "Streets", "Trees | 75 | | | | example org", "Benches | 4"),
        **rows("links", "Plan | ftp://x | castle", "Site | https://example.org", "Map"),
        "since": "9999",
        "body": "One.\n\n" * 101,
    }
    answer = sign_in(world.host).post("/agendas/floods-and-heat/cases/new", data={**CASE, **wrong})
    assert answer.status_code == 422
    page = unescape(answer.text)
    summary = page.partition('role="alert"')[2].partition("</div>")[0]
    assert "10 things to correct" in summary
    for field, sentence in (
        ("since", "Enter a year, such as 2024."),
        ("body", "Write at most 100 paragraphs."),
        ("name", "Give the case a name."),
        ("places-2-city", "Places, row 2, City: No city of this name is known."),
        ("places-4-city", "Places, row 4, City: No city of this name is known."),
        ("figures-1-value", "Figures, row 1, Value: Give the value."),
        ("figures-2-address", "Figures, row 2, Address of the source: Enter a whole address, such"),
        ("links-1-address", "Links, row 1, Address: Enter a whole address, such"),
        ("links-1-kind", "Links, row 1, Kind: Choose one from the list, which may have changed."),
        ("links-3-address", "Links, row 3, Address: Give the address."),
    ):
        assert f'<a href="#{field}">{sentence}' in summary, field
        (control,) = re.findall(rf'<[^>]* id="{field}"[^>]*>', page)
        assert 'aria-invalid="true"' in control and f"{field}-error" in control
        beside = page.partition(f'id="{field}-error"')[2].partition("</p>")[0]
        assert sentence.rpartition(": ")[2] in beside, field


def test_addresses_may_be_typed_without_a_scheme(world: World, sign_in: SignIn) -> None:
    typed = {
        **rows("figures", "Trees | 75 | | | Yearbook | example.org/trees"),
        **rows("links", "News | http://example.org | site", "Map | example.org | data"),
    }
    host = sign_in(world.host)
    assert host.post("/agendas/floods-and-heat/cases/new", data=CASE | typed).status_code == 303
    made = library.get_case(VISITOR, "quiet-streets")
    assert [figure.address for figure in made.figures] == ["https://example.org/trees", ""]
    assert [(link.label, link.address, link.kind) for link in made.links] == [
        ("News", "http://example.org", "site"),
        ("Map", "https://example.org", "data"),
    ]
    author, link = sign_in(world.author), "example.org/pumps?year=2024"
    saved = author.post("/practices/new", data={**PRACTICE, "link": link, "deed": "draft"})
    assert f'href="https://{link}"' in author.get(saved.location).text
    reading = {"title": "Rain", "authors": "Ama", "kind": "book", "language": "en"}
    for link, status in (("bücher.example", 303), ("a book", 422), ("x@example.org", 422)):
        form = {**reading, "link": link}
        answer = host.post("/agendas/floods-and-heat/readings/new", data=form)
        assert answer.status_code == status, link
    assert 'href="https://bücher.example"' in host.get("/readings").text


def test_an_unknown_city_is_told_with_all_else_that_is_wrong_with_a_practice(
    world: World, sign_in: SignIn
) -> None:
    wrong = {"title": "", "city": "Atlantis", "started": "9999", "deed": "draft"}
    answer = sign_in(world.author).post("/practices/new", data=wrong)
    assert answer.status_code == 422
    for sentence in (
        "Give the practice a title.",
        "No city of this name is known.",
        "Enter a year, such as 2024.",
    ):
        assert sentence in answer.text, sentence


def test_a_preview_of_a_case_writes_nothing(world: World, sign_in: SignIn) -> None:
    form = {**CASE, "body": "Some *words* here.", "preview": "1"}
    answer = sign_in(world.host).post("/agendas/floods-and-heat/cases/new", data=form)
    assert answer.status_code == 200 and "<em>words</em>" in answer.text
    assert library.cases(VISITOR, library.CaseFilter()).total == 0


PUBLISHED_AT = "/agendas/floods-and-heat"
STATEMENT = {"name": "Ama", "quotation": "Rain is water.", "language": "en"}
READING = {"title": "Rain", "authors": "Ama", "kind": "book", "language": "en"}


@pytest.mark.parametrize(
    ("door", "form", "noun", "edited"),
    [
        ("cases", CASE, "case", "/cases/quiet-streets/edit"),
        ("readings", READING, "best read", "/readings/{}/edit"),
        ("statements", STATEMENT, "statement", f"{PUBLISHED_AT}/statements/{{}}/edit"),
    ],
)
def test_a_button_says_that_what_is_new_is_published(
    world: World, sign_in: SignIn, door: str, form: dict[str, str], noun: str, edited: str
) -> None:
    host, new = sign_in(world.host), f"{PUBLISHED_AT}/{door}/new"
    assert f"Publish the {noun}</button>" in host.get(new).text
    answer = host.post(new, data=form)
    page = host.get(answer.location.partition("#")[0]).text
    assert f"The {noun} is published." in page
    found = re.search(edited.format(r"\d+"), page + host.get("/readings").text)
    assert found
    seen = host.get(found.group()).text
    assert "Save changes</button>" in seen and "Publish the" not in seen
    mark = re.search(r'name="seen"[^>]* value="([^"]*)"', seen)
    assert mark
    answer = host.post(found.group(), data={**form, "seen": mark[1]})
    assert "Your changes are saved." in host.get(answer.location.partition("#")[0]).text


def test_a_case_form_sent_twice_makes_one(world: World, sign_in: SignIn) -> None:
    host = sign_in(world.host)
    for _ in range(2):
        form = {**CASE, "submission_key": "once"}
        assert host.post("/agendas/floods-and-heat/cases/new", data=form).status_code == 303
    assert library.cases(VISITOR, library.CaseFilter()).total == 1


def test_comments_follow_a_paragraph_that_is_edited_and_nobody_waits_meanwhile(
    world: World, case: Case, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = case.paragraphs[1]
    comment = dialogue.reply(world.reader, case.topic_id, write("Why?"), paragraph=before.key)
    find_similar, compared = _paragraphs._most_similar, []

    def note(source: str, candidates: Any) -> str | None:
        compared.append(running_deed(db.session()) is not None)
        return find_similar(source, candidates)

    monkeypatch.setattr(_paragraphs, "_most_similar", note)
    body = BODY.replace("a fee of honour", "a small fee of honour")
    answer = sign_in(world.host).post(f"/cases/{case.slug}/edit", data={**CASE, "body": body})
    assert answer.status_code == 303 and compared == [False]
    changed = library.get_case(VISITOR, case.slug)
    key = get_post(VISITOR, comment.id).paragraph
    assert key == changed.paragraphs[1].key != before.key


def test_the_order_of_cases_is_typed(world: World, case: Case, sign_in: SignIn) -> None:
    other = actions.write_case(world.host, world.agenda.id, case_text(name="Other"))
    form = {f"place-{other.id}": "1", f"place-{case.id}": ""}
    host = sign_in(world.host)
    page = host.get("/agendas/floods-and-heat/cases/order").text
    assert f'lang="{other.language}" dir="auto">Other</span>' in page
    for odd in ("abc", "-1", str(2**63)):
        typed = {**form, f"place-{case.id}": odd}
        answer = host.post("/agendas/floods-and-heat/cases/order", data=typed)
        assert answer.status_code == 422 and "Enter a place from 1 to 9999." in answer.text
        assert f'value="{odd}"' in answer.text
    assert library.cases_of(VISITOR, world.agenda)[0].name != "Other"
    assert host.post("/agendas/floods-and-heat/cases/order", data=form).status_code == 303
    shown = library.cases_of(VISITOR, world.agenda)
    assert [notice.name for notice in shown] == ["Other", "The delta network"]


# Writing a practice


def test_from_a_short_practice_to_a_published_one(
    world: World, sign_in: SignIn, client: FlaskClient
) -> None:
    author = sign_in(world.author)
    answer = author.post("/practices/new", data={**PRACTICE, "deed": "save"})
    assert answer.status_code == 303 and answer.location == "/practices/pumps-that-call"
    assert "This is a draft" in author.get(answer.location).text
    assert "Draft" in author.get("/practices/mine").text
    full = {**PRACTICE, "done": "We **wired** them.", "evidence": "counted", "deed": "submit"}
    assert author.post("/practices/pumps-that-call/edit", data=full).status_code == 303
    practice = library.get_practice(world.host, "pumps-that-call")
    assert practice.state == "submitted"
    assert "Publish the practice" in sign_in(world.host).get("/practices/pumps-that-call").text
    actions.publish(world.host, practice.id)
    assert "<strong>wired</strong>" in client.get("/practices/pumps-that-call").text


def test_a_short_practice_names_only_what_is_known_of_it(world: World, client: FlaskClient) -> None:
    short = published(world, sections={}, city_id=None, cost="", started=None, evidence="told")
    page = client.get(f"/practices/{short.slug}").text
    assert "Not known" not in page and re.findall(r"<dt>([^<]*)</dt>", page) == [
        "Evidence",
        "Tried in",
    ]
    full = published(world, title="In full", cost="", started=None)
    assert client.get(f"/practices/{full.slug}").text.count("Not known") == 2


def test_levels_of_evidence_are_explained_where_there_is_one(
    world: World, client: FlaskClient
) -> None:
    texts = (
        {"sections": {}, "evidence": ""},
        {"sections": {}, "evidence": "told"},
        {"title": "In full", "evidence": ""},
    )
    pages = [client.get(f"/practices/{published(world, **text).slug}").text for text in texts]
    assert ["What the evidence levels mean" in page for page in pages] == [False, True, True]


def seen_in(page: str) -> str:
    """The value of the hidden field with the fingerprint, whatever the order of the attributes."""
    (tag,) = re.findall(r'<input[^>]*name="seen"[^>]*>', page)
    return re.findall(r'value="([^"]*)"', tag)[0]


def test_two_who_edit_a_practice_lose_no_words(world: World, sign_in: SignIn) -> None:
    """An unpublished practice keeps no versions, so a replaced text would be lost."""
    waits = actions.write_practice(world.author, world.agenda.id, practice_text())
    actions.submit(world.author, waits.id)
    host, author = sign_in(world.host), sign_in(world.author)
    path = f"/practices/{waits.slug}/edit"
    seen = seen_in(host.get(path).text)
    assert seen and seen == seen_in(author.get(path).text)
    form = {**PRACTICE, "title": waits.title, "seen": seen, "evidence": "told"}
    theirs = {**form, "sentence": "The host says it better."}
    assert host.post(path, data=theirs).status_code == 303
    mine = {**form, "sentence": "The author says it, too.", "evidence": "counted"}
    for deed in ("save", "submit"):
        answer = author.post(path, data={**mine, "deed": deed})
        assert answer.status_code == 409
        assert "The host says it better." in answer.text and "has changed since" in answer.text
        assert (
            "The author says it, too." in answer.text
            and "What it says now: Link" not in answer.text
        )
        assert "What it says now: How do you know the results?" in answer.text
    db.session.expire_all()
    assert library.get_practice(world.host, waits.slug).sentence == "The host says it better."
    again = {**mine, "seen": seen_in(answer.text), "deed": "save"}
    assert author.post(path, data=again).status_code == 303
    assert author.post(path, data=again).status_code == 303, "pressed twice"
    db.session.expire_all()
    assert library.get_practice(world.host, waits.slug).sentence == "The author says it, too."


def test_changes_to_a_practice_that_waits_are_not_called_a_draft(
    world: World, sign_in: SignIn
) -> None:
    """Its author would believe that it no longer is with the moderators."""
    waits = actions.write_practice(world.author, world.agenda.id, practice_text())
    actions.submit(world.author, waits.id)
    author, path = sign_in(world.author), f"/practices/{waits.slug}"
    form = {**PRACTICE, "title": waits.title, "deed": "save"}
    form["seen"] = seen_in(author.get(f"{path}/edit").text)
    assert author.post(f"{path}/edit", data=form).status_code == 303
    page = author.get(path).text
    assert "Your changes are saved." in page and "The draft is saved" not in page


def test_two_who_edit_a_case_lose_no_words(world: World, case: Case, sign_in: SignIn) -> None:
    host, moderator = sign_in(world.host), sign_in(world.moderator)
    path = f"/cases/{case.slug}/edit"
    form = {**CASE, "seen": seen_in(host.get(path).text)}
    assert moderator.post(path, data={**form, "body": "The moderator's text."}).status_code == 303
    answer = host.post(path, data={**form, "body": "The host's text.", "status": "ended"})
    assert answer.status_code == 409 and "The host&#39;s text." in answer.text
    assert "The moderator&#39;s text." in answer.text and "What it says now: Status" in answer.text
    assert "<title>Error: Edit the case" in answer.text and 'class="sum"' in answer.text
    again = {**form, "body": "The host's text.", "seen": seen_in(answer.text)}
    assert host.post(path, data=again).status_code == 303


def test_two_who_edit_a_best_read_lose_no_words(world: World, sign_in: SignIn) -> None:
    said = actions.ReadingText(title="Who’s your city", authors="Florida, R.", year=2008)
    kept = actions.write_reading(world.host, world.agenda.id, said)
    host, moderator = sign_in(world.host), sign_in(world.moderator)
    path = f"/readings/{kept.id}/edit"
    opened = host.get(path).text
    assert 'value="Florida, R."' in opened
    form = {"title": said.title, "authors": said.authors, "kind": "book", "year": "2008"}
    form |= {"language": "en", "seen": seen_in(opened)}
    assert moderator.post(path, data={**form, "why": "The moderator’s reason."}).status_code == 303
    answer = host.post(path, data={**form, "authors": "Florida, Richard"})
    assert answer.status_code == 409 and "has changed since" in answer.text
    assert "The moderator’s reason." in answer.text and "Florida, Richard" in answer.text
    assert "<title>Error: Edit the best read" in answer.text and 'class="sum"' in answer.text
    again = {**form, "authors": "Florida, Richard", "seen": seen_in(answer.text)}
    assert host.post(path, data=again).status_code == 303
    assert host.post(path, data=again).status_code == 303, "pressed twice"


def test_an_author_reads_that_changed_words_bear_a_former_organisation_no_longer(
    world: World, sign_in: SignIn
) -> None:
    writes_for(world.author, "Alcaldía de Medellín")
    practice = published(world, for_organisation=True)
    edit, said = f"/practices/{practice.slug}/edit", "You no longer write for Alcaldía de Medellín."
    assert said not in sign_in(world.author).get(edit).text
    members.edit_profile(world.author, members.Profile("Ana"))
    assert said in sign_in(world.author).get(edit).text
    assert said not in sign_in(world.moderator).get(edit).text


def test_no_case_is_begun_on_an_archived_agenda(world: World, case: Case, sign_in: SignIn) -> None:
    curator, new = sign_in(world.moderator), f"/agendas/{world.agenda.slug}/cases/new"
    there, other = f'value="{world.agenda.slug}"', f"/agendas/{world.other.slug}/cases/new"
    assert new in curator.get(f"/agendas/{world.agenda.slug}").text
    assert there in curator.get(other).text
    archive(world.moderator, world.agenda.id)
    assert new not in curator.get(f"/agendas/{world.agenda.slug}").text
    assert new not in curator.get(f"/agendas/{world.agenda.slug}/edit").text
    refused = curator.get(new)
    assert refused.status_code == 403 and "This agenda is archived." in refused.text
    assert there not in curator.get(other).text
    assert there in curator.get(f"/cases/{case.slug}/edit").text  # where it stays


def test_on_an_archived_agenda_nothing_is_submitted_and_nothing_half_saved(
    world: World, sign_in: SignIn
) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    author, path = sign_in(world.author), f"/practices/{draft.slug}/edit"
    assert "Submit to the moderators" in author.get(path).text
    archive(world.moderator, world.agenda.id)
    page = author.get(path).text
    assert "Submit to the moderators" not in page and "This agenda is archived." in page
    form = {**PRACTICE, "title": draft.title, "sentence": "A new sentence.", "deed": "submit"}
    refused = author.post(path, data=form)
    assert refused.status_code == 403 and "A new sentence." in refused.text
    db.session.expire_all()
    found = library.get_practice(world.author, draft.slug)
    assert (found.state, found.sentence) == ("draft", practice_text().sentence)
    assert author.post(path, data={**form, "deed": "save"}).status_code == 303


def test_a_returned_practice_says_why_to_its_author(world: World, sign_in: SignIn) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    actions.submit(world.author, draft.id)
    actions.send_back(world.host, draft.id, "Say what it cost")
    author = sign_in(world.author)
    for path in (f"/practices/{draft.slug}", f"/practices/{draft.slug}/edit"):
        assert "Say what it cost" in author.get(path).text
    short = author.post("/practices/new", data={**PRACTICE, "deed": "submit"}).location
    actions.send_back(world.host, library.get_practice(world.author, short[11:]).id, "And what not")
    assert '<details class="stack" open>' in author.get(f"{short}/edit").text, "what to add is seen"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"sentence": ""}, "sentence"),
        ({"sentence": "x" * 201}, "sentence"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://"}, "link"),
        ({"city": "Atlantis"}, "city"),
        ({"agenda": "none"}, "agenda"),
        ({"started": "soon"}, "started"),
        ({"started": "9999"}, "started"),
        ({"revisit_on": "tomorrow"}, "revisit_on"),
        ({"revisit_on": "2020-01-01"}, "revisit_on"),
        ({"evidence": "sworn"}, "evidence"),
        ({"audience": "friends"}, "audience"),
        ({"failure_audience": "friends"}, "failure_audience"),
        ({"language": "klingon"}, "language"),
        ({"failure": "x" * 8_001}, "failure"),
    ],
)
def test_a_refused_practice_says_what_to_do_and_keeps_what_was_typed(
    world: World, sign_in: SignIn, changes: dict[str, str], field: str
) -> None:
    form = {**PRACTICE, "challenge": "Kept as it was", **changes}
    answer = sign_in(world.author).post("/practices/new", data=form)
    assert answer.status_code == 422 and field in errors(answer.text)
    assert "Kept as it was" in answer.text and '<details class="stack" open>' in answer.text
    assert library.drafts_of(world.author) == []


def test_a_draft_takes_what_there_is(world: World, sign_in: SignIn) -> None:
    author = sign_in(world.author)
    form = {name: PRACTICE[name] for name in ("title", "agenda", "language")}
    refused = author.post("/practices/new", data={**form, "deed": "submit"})
    assert refused.status_code == 422 and "sentence" in errors(refused.text)
    refused = author.post("/practices/new", data={**form, "title": "", "deed": "save"})
    assert refused.status_code == 422 and set(errors(refused.text)) == {"title"}
    saved = author.post("/practices/new", data={**form, "deed": "save"})
    assert saved.status_code == 303
    page = author.get(saved.location).text
    way = f'{saved.location}/edit?full=1#full">Add the full description</a>'
    assert "a short practice" not in page and way in page
    folded, open_ = '<details class="stack"><summary', '<details class="stack" open><summary'
    assert folded in author.get(f"{saved.location}/edit").text
    assert open_ in author.get(f"{saved.location}/edit?full=1").text
    assert "needs one sentence" in page and "Submit to the moderators" not in page
    assert author.post(f"{saved.location}/submit").status_code == 422
    assert PRACTICE["title"] in author.get("/practices/mine").text
    host = sign_in(world.host)
    assert host.get(saved.location).status_code == 200
    whole = {**PRACTICE, "deed": "submit"}
    assert author.post(f"{saved.location}/edit", data=whole).status_code == 303
    empty = {**PRACTICE, "sentence": "", "deed": "save"}
    assert author.post(f"{saved.location}/edit", data=empty).status_code == 422


def test_the_day_to_look_again_is_ahead_when_it_is_chosen_and_may_pass(
    world: World, sign_in: SignIn, client: FlaskClient
) -> None:
    today = now().date()
    there = published(world, revisit_on=today)
    page, author = f"/practices/{there.slug}", sign_in(world.author)
    assert "This day has passed" not in author.get(page).text
    with at(now() + timedelta(days=2)):
        assert "This day has passed" in author.get(page).text
        assert today.strftime("%Y") in client.get(page).text
        # A cached page must not depend on the day
        assert "This day has passed" not in client.get(page).text
        form = {**PRACTICE, "revisit_on": today.isoformat()}
        # An unchanged day is accepted although it has passed
        assert post(author, f"{page}/edit", form).status_code == 303
        form["revisit_on"] = (today - timedelta(days=1)).isoformat()
        answer = post(author, f"{page}/edit", form)
        assert answer.status_code == 422 and "revisit_on" in errors(answer.text)


def test_a_new_practice_is_on_no_agenda_before_one_is_chosen(world: World, sign_in: SignIn) -> None:
    author = sign_in(world.author)

    def chosen(page: str) -> str:
        (select,) = re.findall(r'<select[^>]* name="agenda".*?</select>', page, re.DOTALL)
        (first,) = re.findall(r'<option(?: lang="en")? selected value="([^"]*)"', select) or [
            re.findall(r'value="([^"]*)"', select)[0]
        ]
        return first

    assert chosen(author.get("/practices/new").text) == ""
    assert (
        chosen(author.get(f"/practices/new?agenda={world.agenda.slug}").text) == world.agenda.slug
    )
    answer = author.post("/practices/new", data={**PRACTICE, "agenda": ""})
    assert answer.status_code == 422 and "Choose an agenda." in answer.text
    archive(SYSTEM, world.other.id)
    # The only open agenda is chosen
    assert chosen(author.get("/practices/new").text) == world.agenda.slug


def test_a_preview_of_a_practice_writes_nothing(world: World, sign_in: SignIn) -> None:
    form = {**PRACTICE, "lessons": "Ask *twice*.", "preview": "1"}
    author = sign_in(world.author)
    answer = author.post("/practices/new", data=form)
    assert answer.status_code == 200 and "<em>twice</em>" in answer.text
    assert "Surat" in answer.text and "<dt>Started</dt>" not in answer.text
    facts = {"cost": "INR 18,000", "started": "2019", "evidence": "measured"}
    preview = author.post("/practices/new", data=form | facts).text
    shown = preview.partition('<dl class="glance">')[2].partition("</dl>")[0]
    for said in ("INR 18,000", "2019", "3 of 4", "Measured before and after"):
        assert said in shown, said
    assert library.drafts_of(world.author) == []


def test_a_practice_that_reads_like_another_language_says_so(world: World, sign_in: SignIn) -> None:
    text = "Nous avons peint en blanc les toits de douze écoles, et ce que nous ne savions pas est que la pluie lave la chaux."
    author, said = sign_in(world.author), "It is marked as English and reads like French."
    form = {**PRACTICE, "lessons": text, "deed": "save"}
    assert said in author.post("/practices/new", data=form | {"preview": "1"}).text
    marked = author.post("/practices/new", data=form | {"preview": "fr"}).text
    assert "reads like" not in marked and '<option selected value="fr">' in marked
    address = author.post("/practices/new", data=form).location
    page = author.get(address).text
    assert said in page and f'<a href="{address}/edit?language=fr">Mark it as French</a>' in page
    assert '<option selected value="fr">' in author.get(f"{address}/edit?language=fr").text
    assert '<option selected value="en">' in author.get(f"{address}/edit").text


def test_a_practice_form_sent_twice_makes_one(world: World, sign_in: SignIn) -> None:
    author = sign_in(world.author)
    for _ in range(2):
        form = {**PRACTICE, "submission_key": "once", "deed": "submit"}
        assert author.post("/practices/new", data=form).status_code == 303
    assert len(library.drafts_of(world.author)) == 1


def test_using_a_practice_in_another_city(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    reader = sign_in(world.reader)
    form = reader.get(f"/practices/new?adapt={practice.slug}").text
    assert "What Surat wrote" in form and SECRET in form and "Tokyo, Japan" in form
    answer = reader.post("/practices/new", data={**PRACTICE, "adapt": practice.slug})
    assert answer.status_code == 303
    made = library.drafts_of(world.reader)[0]
    assert made.adapted_from_id == practice.id
    assert reader.get("/practices/new?adapt=nothing").status_code == 404


def test_a_text_is_given_back_when_the_practice_it_copies_has_gone(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    actions.hide_practice(world.host, practice.id)
    form = {**PRACTICE, "adapt": practice.slug, "challenge": "A long text that must not be lost"}
    answer = sign_in(world.reader).post("/practices/new", data=form)
    assert answer.status_code == 404 and "A long text that must not be lost" in answer.text


def test_an_author_deletes_a_practice(
    world: World, practice: Practice, sign_in: SignIn, client: FlaskClient
) -> None:
    author = sign_in(world.author)
    assert "cannot be undone" in author.get(f"/practices/{practice.slug}/delete").text
    assert author.post(f"/practices/{practice.slug}/delete").status_code == 303
    assert client.get(f"/practices/{practice.slug}").status_code == 404
    assert author.get("/practices/mine").status_code == 200


def test_a_moderator_edits_a_practice_in_the_name_of_its_author(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    form = {**PRACTICE, "title": "Pumps that ring", "deed": "submit"}
    assert (
        sign_in(world.host).post(f"/practices/{practice.slug}/edit", data=form).status_code == 303
    )
    changed = library.get_practice(VISITOR, practice.slug)
    assert (changed.title, changed.author_id) == ("Pumps that ring", world.author.id)
