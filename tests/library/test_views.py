"""The doors of the library: what each reader sees, what is refused and how, and what never leaks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from forum.agendas.actions import archive
from forum.clock import at, now
from forum.db import db, running_deed
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, get_post, topic_if_there
from forum.library import actions
from forum.library import queries as library
from forum.library.actions import _paragraphs
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import OrganisationText
from forum.members.models import Member
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR
from tests.library.conftest import (
    BODY,
    SECRET,
    World,
    case_text,
    practice_text,
    published,
)

SignIn = Callable[[Member], FlaskClient]
CASE = {
    "name": "Quiet streets",
    "agenda": "floods-and-heat",
    "kind": "city project",
    "status": "running",
    "summary": "Cars wait outside.",
    "body": "One paragraph.\n\nAnother one.",
    "language": "en",
    "since": "2019",
    "checked_on": "2026-10-02",
    "places": "Tampere, FI\n\nCopenhagen",
    "figures": "Streets | 41 | streets | 2025 | Count of the city | https://t.example/streets\nCost | 3",
    "links": "The plan | https://t.example/plan | report",
}
PRACTICE = {
    "title": "Pumps that call",
    "agenda": "floods-and-heat",
    "sentence": "Each pump sends a message.",
    "language": "en",
    "city": "Surat, India",
}
HOSTILE = [
    "\x00",
    "x" * 30_000,
    "\ud800 lone",
    str(2**63),
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7 * 7 }}",
    "٤٢",
]


def structured(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    return json.loads(found.group(1)) if found else {}


def post(browser: FlaskClient, path: str, form: dict[str, str]) -> Any:
    """Send a form as it is, even with what no browser would send."""
    body = urlencode(form, errors="surrogatepass").encode()
    return browser.post(path, data=body, content_type="application/x-www-form-urlencoded")


def errors(page: str) -> list[str]:
    return re.findall(r'class="err" id="(\w+)-error"', page)


# Reading


def test_a_visitor_reads_the_libraries(
    world: World, case: Case, practice: Practice, client: FlaskClient
) -> None:
    cases, practices = client.get("/cases").text, client.get("/practices").text
    assert "The delta network" in cases and "1 case" in cases
    assert "Pumps that call for help" in practices and "Evidence 3 of 4" in practices
    for page in (cases, practices):
        assert "csrf_token" not in page and world.author.email not in page
    answer = client.get("/cases?size=largest&country=JP&theme=nothing")
    assert "No case has all of these" in answer.text
    assert "Filter, 3 active" in answer.text


def test_pages_of_visitors_may_be_kept(case: Case, practice: Practice, client: FlaskClient) -> None:
    for path in ("/cases", f"/cases/{case.slug}", f"/practices/{practice.slug}", "/readings"):
        answer = client.get(path)
        assert answer.headers["ETag"] and "no-store" not in answer.headers["Cache-Control"]
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, path


def test_a_case_shows_facts_with_their_date_and_source(case: Case, client: FlaskClient) -> None:
    page = client.get(f"/cases/{case.slug}").text
    assert "2014" in page and 'href="https://d.example/y"' in page and "Yearbook" in page
    assert "Tokyo" in page and "Pumps" in page
    said = structured(page)
    assert said["@type"] == "Article" and said["headline"] == case.name


def test_comments_stand_beside_their_paragraph(world: World, case: Case, sign_in: SignIn) -> None:
    key = case.paragraphs[1].key
    dialogue.reply(world.reader, case.topic_id, write("Beside it"), paragraph=key)
    dialogue.reply(world.reader, case.topic_id, write("On the whole"))
    page = sign_in(world.author).get(f"/cases/{case.slug}").text
    beside = page.split(f'id="p-{key}"')[1].split('class="annot"')[0]
    assert "Beside it" in beside and "On the whole" not in beside
    assert page.count("Beside it") == 1 and page.count("On the whole") == 1
    assert page.count('id="post-2"') == 1 and "2 comments" in page
    assert re.search('id="replies">1 comment on the whole<', page)
    assert f'<a href="#p-{key}">1 comment stands beside the paragraph' in page


def test_a_case_with_comments_beside_it_only_says_so(
    world: World, case: Case, client: FlaskClient
) -> None:
    for paragraph in case.paragraphs[:2]:
        dialogue.reply(world.reader, case.topic_id, write("Beside."), paragraph=paragraph.key)
    page = client.get(f"/cases/{case.slug}").text
    assert re.search('id="replies">No comments on the whole yet<', page)
    assert f'<a href="#p-{case.paragraphs[0].key}">2 comments stand beside' in page


def test_a_comment_beside_a_paragraph_says_whose_it_is_and_takes_marks(
    world: World, case: Case, sign_in: SignIn, client: FlaskClient
) -> None:
    text = OrganisationText("Port of Nairobi", kind="city")
    organisation = members.write_organisation(world.moderator, text)
    world.reader.organisation_id, world.reader.position = organisation.id, "Harbour master"
    db.session.commit()
    key, address = case.paragraphs[1].key, f"/cases/{case.slug}"
    said = {"paragraph": key, "for_organisation": True}
    post = dialogue.reply(
        get_member(SYSTEM, world.reader.handle), case.topic_id, write("So it is"), **said
    )

    def beside(browser: FlaskClient) -> str:
        return browser.get(address).text.split(f'id="p-{key}"')[1].split('class="annot"')[0]

    shown = beside(client)
    assert "Harbour master" in shown and "Writes for Port of Nairobi" in shown
    assert "Useful" not in shown
    author = sign_in(world.author)
    assert author.post(f"/posts/{post.id}/mark", data={"kind": "useful"}).status_code == 303
    assert re.search(r'value="useful" aria-pressed="true".*?<span class="n">1<', beside(author))
    assert "Useful" in beside(client)


def test_who_replies_to_a_comment_beside_a_paragraph_sees_the_paragraph(
    world: World, case: Case, sign_in: SignIn
) -> None:
    key = case.paragraphs[1].key
    comment = dialogue.reply(world.reader, case.topic_id, write("Beside it"), paragraph=key)
    reader = sign_in(world.author)
    reply = f"/topics/{case.topic_id}/reply"
    page = reader.get(f"{reply}?quote={comment.id}&paragraph={key}").text
    assert "Beside this paragraph" in page and str(case.paragraphs[1].html) in page
    assert f'<a href="/cases/{case.slug}"' in page
    refused = reader.post(reply, data={"source": "", "paragraph": key, "language": "en"})
    assert refused.status_code == 422 and "Beside this paragraph" in refused.text
    for other in ("", "nowhere"):
        assert "Beside this" not in reader.get(f"{reply}?paragraph={other}").text, other


def test_a_paragraph_has_its_composer(world: World, case: Case, sign_in: SignIn) -> None:
    key = case.paragraphs[0].key
    reader = sign_in(world.reader)
    assert f'?paragraph={key}"' in reader.get(f"/cases/{case.slug}").text
    page = reader.get(f"/cases/{case.slug}?paragraph={key}").text
    assert 'id="comment"' in page and f'value="{key}"' in page
    assert re.search('<textarea[^>]* autofocus[^>]* name="source"', page)
    assert page.count('name="source"') == 1
    form = {"source": "Is it so?", "paragraph": key, "language": "en"}
    answer = reader.post(f"/topics/{case.topic_id}/reply", data=form)
    assert answer.status_code == 303 and answer.location.startswith(f"/cases/{case.slug}")
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None and topic.replies_count == 1
    assert "Is it so?" in reader.get(f"/cases/{case.slug}").text.split('class="annot"')[1]


def test_filters_that_fit_nothing_can_be_changed(practice: Practice, client: FlaskClient) -> None:
    page = client.get("/practices?theme=nothing").text
    assert "No practice has all of these" in page and "Apply filters" in page


def test_a_practice_says_what_is_not_there_yet(world: World, sign_in: SignIn) -> None:
    short = published(world, link="", sections={})
    page = sign_in(world.author).get(f"/practices/{short.slug}").text
    assert "This is a short practice: one sentence." in page and "No city yet" in page
    assert "No comments yet" in page and "0 comments" not in page
    rows = sign_in(world.author).get("/topics?kind=practice").text
    assert "No comments yet" in rows and "No replies yet" not in rows


def test_two_accounts_from_one_city_are_no_mistake(
    world: World, practice: Practice, client: FlaskClient
) -> None:
    topic = topic_if_there(VISITOR, practice.topic_id)
    assert topic is not None
    opening = first_post(topic)
    city = world.reader.city_id
    assert city
    dialogue.mark(world.reader, opening.id, "tried it", "kept")
    page = client.get(f"/practices/{practice.slug}").text
    assert 'href="#tried">1 city</a><small>1 kept it' in page
    assert page.index("<main") < page.index('id="tried"') < page.index('id="replies"')
    world.moderator.city_id = city
    db.session.commit()
    dialogue.mark(get_member(SYSTEM, world.moderator.handle), opening.id, "tried it", "adapted")
    page = client.get(f"/practices/{practice.slug}").text
    assert "1 city</a><small>2 accounts: 1 kept it, 1 adapted it" in page


@pytest.mark.parametrize("path", ["/cases/{case}?paragraph=zzz", "/cases/{case}?page=999999999999"])
def test_odd_addresses_of_a_case_are_answered(case: Case, client: FlaskClient, path: str) -> None:
    assert client.get(path.format(case=case.slug)).status_code == 200


def test_what_a_reader_said_to_a_case_shows_beside_each_page_of_comments(
    world: World, case: Case, sign_in: SignIn
) -> None:
    opening = first_post(library.get_case(world.reader, case.slug).topic)
    assert opening
    dialogue.mark(world.reader, opening.id, "same here")
    for number in range(20):
        dialogue.reply(world.reader, case.topic_id, write(f"Comment {number}."))
    browser = sign_in(world.reader)
    for page in ("", "?page=2"):
        text = browser.get(f"/cases/{case.slug}{page}").text
        (acts,) = re.findall(
            r'<div class="acts"><span class="flow g1" data-marks>.*?</span>\n?</div>', text, re.S
        )
        pressed = re.findall(r'value="([^"]+)" aria-pressed="true"', acts)
        assert pressed == ["same here"], page
        assert ("Comment 19." in text) == bool(page)


def test_a_practice_shows_its_parts_and_who_tried_it(
    world: World, practice: Practice, sign_in: SignIn, client: FlaskClient
) -> None:
    reader = sign_in(world.reader)
    form = {"outcome": "stopped", "note": "No owner was named"}
    answer = reader.post(f"/practices/{practice.slug}/tried", data=form)
    assert answer.status_code == 303 and answer.location.endswith("#tried")
    page = client.get(f"/practices/{practice.slug}").text
    assert "<strong>wired</strong>" in page and "3 of 4" in page and "EUR 3,200 a year" in page
    assert "Tokyo stopped." in page and "No owner was named" in page and "1 city" in page
    assert "Sign in to read it" in page and SECRET not in page
    assert SECRET in reader.get(f"/practices/{practice.slug}").text


def test_what_was_tried_is_refused_without_an_outcome(
    world: World, practice: Practice, case: Case, sign_in: SignIn
) -> None:
    reader = sign_in(world.reader)
    answer = reader.post(f"/practices/{practice.slug}/tried", data={"note": "Kept in words"})
    assert answer.status_code == 422 and "Kept in words" in answer.text
    answer = reader.post(f"/cases/{case.slug}/tried", data={"outcome": "kept"})
    assert answer.status_code == 303
    assert sign_in(world.author).get(f"/practices/{practice.slug}/tried").status_code == 403


def test_a_practice_has_one_way_to_say_that_one_tried_it(
    world: World, practice: Practice, sign_in: SignIn
) -> None:
    reader, address = sign_in(world.reader), f"/practices/{practice.slug}"
    page = reader.get(address).text
    assert "Tell us you tried it" in page and 'value="tried it"' not in page
    reader.post(f"{address}/tried", data={"outcome": "kept", "note": "It rings."})
    page = reader.get(address).text
    assert "Change what you told" in page and "Tell us you tried it" not in page
    assert 'value="tried it"' in page  # by which it is taken back


def test_whoever_tells_nothing_goes_back_to_the_case_or_practice(
    world: World, practice: Practice, case: Case, sign_in: SignIn
) -> None:
    for address in (f"/practices/{practice.slug}", f"/cases/{case.slug}"):
        page = sign_in(world.reader).get(f"{address}/tried").text
        assert f'<a href="{address}" lang="en" dir="auto">' in page
        assert f'<a class="btn quiet" href="{address}">Cancel</a>' in page


def test_what_failed_leaks_nowhere_to_visitors(
    world: World, practice: Practice, client: FlaskClient, sign_in: SignIn
) -> None:
    later = practice_text(cost="Half of it", sections={"failure": SECRET + " again"})
    actions.write_practice(world.author, world.agenda.id, later, practice.id)
    paths = [
        f"/practices/{practice.slug}",
        f"/practices/{practice.slug}/history",
        "/practices",
        "/practices?failed=yes",
        "/practices?order=newest",
        "/",
        f"/agendas/{world.agenda.slug}",
        "/topics",
        f"/topics/{practice.topic_id}",
        "/feeds/all.atom",
        f"/agendas/{world.agenda.slug}/feed.atom",
        f"/topics/{practice.topic_id}/feed.atom",
        f"/members/{world.author.handle}",
        "/cities/surat",
        "/sitemap.xml",
    ]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in (200, 301), path
        assert "drowned" not in answer.text, path
    for words in ("drowned", SECRET):
        assert "/practices/" not in client.get("/search", query_string={"q": words}).text
    assert "drowned" in sign_in(world.reader).get(f"/practices/{practice.slug}/history").text


def test_a_search_names_the_part_on_what_did_not_work_to_members(
    world: World, practice: Practice, sign_in: SignIn, client: FlaskClient
) -> None:
    page = sign_in(world.reader).get("/search?q=drowned").text
    results = page.partition('id="results"')[2]
    assert f'href="/practices/{practice.slug}#failure"' in results
    assert "<span>What did not work</span>" in results and "<span>Members only</span>" in results
    for address in ("/search?q=drowned", "/search?q=drowned&kind=failure"):
        seen = client.get(address).text
        assert "#failure" not in seen and "<mark>" not in seen, address


def test_a_practice_for_members_does_not_exist_for_visitors(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    practice = published(world, audience="members", title="Hush hush")
    for path in (f"/practices/{practice.slug}", f"/practices/{practice.slug}/history"):
        assert client.get(path).status_code == 404
    for path in (
        "/practices",
        "/",
        f"/agendas/{world.agenda.slug}",
        "/feeds/all.atom",
        "/sitemap.xml",
    ):
        assert "hush" not in client.get(path).text.lower(), path
    page = sign_in(world.reader).get(f"/practices/{practice.slug}").text
    assert "Members only" in page


def test_a_moderator_reads_all_of_a_practice_before_publishing_it(
    world: World, sign_in: SignIn
) -> None:
    text = practice_text(revisit_on=date(2030, 5, 1))
    made = actions.write_practice(world.author, world.agenda.id, text)
    actions.submit(world.author, made.id)
    entry = sign_in(world.host).get(f"/moderation/practice/{made.id}").text
    for said in ("Surat", "EUR 3,200 a year", "2021", "3 of 4", "1 May 2030", "only members what"):
        assert said in entry, said


def test_who_changes_a_practice_after_its_review_is_seen_to_have_done_so(
    world: World, practice: Practice, client: FlaskClient
) -> None:
    address = f"/practices/{practice.slug}"
    assert "changed since" not in client.get(address).text
    with at(now() + timedelta(days=1)):
        changed = practice_text(sentence="Buy our pumps.")
        actions.write_practice(world.author, world.agenda.id, changed, practice.id)
    assert f'<a href="{address}/history">changed since</a>' in client.get(address).text


def test_the_page_says_it_was_edited(world: World, practice: Practice, client: FlaskClient) -> None:
    with at(now() + timedelta(days=3)):
        text = practice_text(cost="EUR 9")
        actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert f"/practices/{practice.slug}/history" in client.get(f"/practices/{practice.slug}").text
    page = client.get(f"/practices/{practice.slug}/history").text
    assert "<ins>9</ins>" in page and "Aarav Author" in page


# Who may


DOORS = [
    ("/agendas/floods-and-heat/cases/new", "curator"),
    ("/agendas/floods-and-heat/cases/order", "curator"),
    ("/cases/the-delta-network/edit", "curator"),
    ("/cases/the-delta-network/history", "everybody"),
    ("/agendas/floods-and-heat/readings/new", "curator"),
    ("/agendas/floods-and-heat/readings/order", "curator"),
    ("/practices/pumps-that-call-for-help/edit", "author, curator"),
    ("/practices/pumps-that-call-for-help/delete", "author"),
    ("/practices/pumps-that-call-for-help/history", "everybody"),
    ("/practices/new", "author, curator, reader"),
    ("/practices/mine", "author, curator, reader"),
]


@pytest.mark.parametrize(("path", "who"), DOORS)
def test_doors_open_for_those_who_may(
    world: World,
    case: Case,
    practice: Practice,
    sign_in: SignIn,
    client: FlaskClient,
    path: str,
    who: str,
) -> None:
    people = {"author": world.author, "curator": world.host, "reader": world.reader}
    for name, person in people.items():
        wanted = 200 if name in who or who == "everybody" else 403
        assert sign_in(person).get(path).status_code == wanted, name
    answer = client.get(path)
    assert (
        answer.status_code == 200 if who == "everybody" else answer.location.startswith("/sign-in")
    )


@pytest.mark.parametrize(
    "path", [path for path, who in DOORS if who != "everybody" and "mine" not in path]
)
def test_nobody_else_gets_through_by_posting(
    world: World, case: Case, practice: Practice, sign_in: SignIn, client: FlaskClient, path: str
) -> None:
    assert client.post(path, data=CASE).status_code == 403
    if path != "/practices/new":
        assert sign_in(world.reader).post(path, data=CASE).status_code == 403
    assert library.get_case(VISITOR, case.slug).name == case.name


def test_a_draft_is_not_found_by_others(world: World, sign_in: SignIn, client: FlaskClient) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    for browser in (client, sign_in(world.reader)):
        for tail in ("", "/edit", "/history", "/delete", "/tried"):
            assert browser.get(f"/practices/{draft.slug}{tail}").status_code == 404
        assert browser.post(f"/practices/{draft.slug}/submit").status_code == 404
    for person in (world.author, world.host):
        assert "draft" in sign_in(person).get(f"/practices/{draft.slug}").text


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
    assert "Streets | 41 | streets | 2025 | Count of the city" in form and "Tampere, FI" in form
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
        ({"places": "Tampere\nAtlantis"}, "places"),
        ({"places": "Tampere\n" * 41}, "places"),
        ({"figures": "Streets"}, "figures"),
        ({"figures": "a|b|c|d|e|f|g"}, "figures"),
        ({"figures": "a|b|c|d|e|javascript:x"}, "figures"),
        ({"figures": "a|1\n" * 41}, "figures"),
        ({"links": "Plan | ftp://x"}, "links"),
        ({"links": "Plan | https://x.example | castle"}, "links"),
        ({"links": "Plan"}, "links"),
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
    assert field in errors(answer.text) or (field == "themes" and 'class="err"' in answer.text)
    assert "Another one." in answer.text or field == "body"
    assert library.cases(VISITOR, library.CaseFilter()).total == 0


def test_all_that_is_wrong_with_a_case_is_told_at_once(world: World, sign_in: SignIn) -> None:
    wrong = {
        "name": "",
        "places": "Surat, India\nAtlantis\n\nYs, France",
        "figures": "Streets\nTrees | 75 | | | | example.org\nBenches | 4",
        "links": "Plan | ftp://x | castle\nSite | https://example.org\nMap",
        "since": "9999",
        "body": "One.\n\n" * 101,
    }
    answer = sign_in(world.host).post("/agendas/floods-and-heat/cases/new", data={**CASE, **wrong})
    assert answer.status_code == 422
    summary = unescape(answer.text).partition('role="alert"')[2].partition("</div>")[0]
    for sentence in (
        "9 things to put right",
        "Enter a year, such as 2024.",
        "At most 100 paragraphs, please.",
        "Give the case a name.",
        "Places: no city of this name is known: “Atlantis” (line 2), “Ys, France” (line 4)",
        "Figures, line 1: write the parts of “Streets” in the order shown",
        "Figures, line 2: “example.org” is not a whole address",
        "Links, line 1: “ftp://x” is not a whole address",
        "Links, line 1: “castle” is no kind of link. The kind is one of site, report",
        "Links, line 3: write the parts of “Map”",
    ):
        assert sentence in summary, sentence
    assert (
        "Links, line 3"
        in unescape(answer.text).partition('id="links-error"')[2].partition("</p>")[0]
    )


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
    for odd in ("abc", "-1", str(2**63)):
        typed = {**form, f"place-{case.id}": odd}
        answer = host.post("/agendas/floods-and-heat/cases/order", data=typed)
        assert answer.status_code == 422 and "Enter a place from 1 to 9999." in answer.text
        assert f'value="{odd}"' in answer.text
    assert library.cases_of(VISITOR, world.agenda)[0].name != "Other"
    assert host.post("/agendas/floods-and-heat/cases/order", data=form).status_code == 303
    shown = library.cases_of(VISITOR, world.agenda)
    assert [one.name for one in shown] == ["Other", "The delta network"]


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


def seen_in(page: str) -> str:
    """The fingerprint in a form, wherever its attributes stand."""
    (tag,) = re.findall(r'<input[^>]*name="seen"[^>]*>', page)
    return re.findall(r'value="([^"]*)"', tag)[0]


def test_two_who_edit_a_practice_lose_no_words(world: World, sign_in: SignIn) -> None:
    """One that is not published keeps no versions, so that what is replaced would be nowhere."""
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
    assert "a short practice" not in page and "Add the full description" in page
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
        assert "This day has passed" not in client.get(page).text  # a kept page has no clock
        form = {**PRACTICE, "revisit_on": today.isoformat()}
        assert post(author, f"{page}/edit", form).status_code == 303  # it was so before
        form["revisit_on"] = (today - timedelta(days=1)).isoformat()
        answer = post(author, f"{page}/edit", form)
        assert answer.status_code == 422 and "revisit_on" in errors(answer.text)


def test_a_new_practice_is_on_no_agenda_before_one_is_chosen(world: World, sign_in: SignIn) -> None:
    author = sign_in(world.author)

    def chosen(page: str) -> str:
        (select,) = re.findall(r'<select[^>]* name="agenda".*?</select>', page, re.DOTALL)
        (first,) = re.findall(r'<option selected value="([^"]*)"', select) or [
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
    assert chosen(author.get("/practices/new").text) == world.agenda.slug  # there is no other


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


# Readings


def test_readings_are_curated_in_the_browser(
    world: World, sign_in: SignIn, client: FlaskClient
) -> None:
    host = sign_in(world.host)
    form = {
        "title": "The book",
        "authors": "Katz, Bruce",
        "year": "2013",
        "kind": "book",
        "language": "en",
    }
    address = "/agendas/floods-and-heat/readings/new"
    assert host.post(address, data={**form, "link": "nowhere"}).status_code == 422
    assert host.post(address, data={**form, "year": "twenty"}).status_code == 422
    assert host.post(address, data={**form, "why": "It <b>matters</b>."}).status_code == 303
    page = client.get("/readings?year=2013&kind=book").text
    assert "The book" in page and "It &lt;b&gt;matters&lt;/b&gt;." in page
    one = library.readings_of(VISITOR, world.agenda)[0]
    assert (
        host.post(f"/readings/{one.id}/edit", data={**form, "title": "The other book"}).status_code
        == 303
    )
    assert (
        "<del>book</del>" in host.get(f"/readings/{one.id}/history").text
        or "<ins>other" in host.get(f"/readings/{one.id}/history").text
    )
    assert client.get(f"/readings/{one.id}/history").location.startswith("/sign-in")
    assert host.post(f"/readings/{one.id}/remove").status_code == 303
    assert host.get(f"/readings/{one.id}/edit").status_code == 404
    assert host.get("/readings/2147483648/edit").status_code == 404


# Bad input, and how many queries


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_typed_is_an_error_of_ours(
    world: World, case: Case, practice: Practice, sign_in: SignIn, value: str
) -> None:
    host = sign_in(world.host)
    for name in CASE:
        answer = post(host, "/cases/the-delta-network/edit", {**CASE, name: value})
        assert answer.status_code in (303, 422), name
    names = [*PRACTICE, "challenge", "failure", "cost", "started", "revisit_on", "evidence"]
    for name in [*names, "themes", "city_id", "submission_key", "writes_for", "deed"]:
        answer = post(host, f"/practices/{practice.slug}/edit", {**PRACTICE, name: value})
        assert answer.status_code in (303, 422), name
    assert "alert(1)</script>" not in host.get(f"/practices/{practice.slug}").text


@pytest.mark.parametrize("value", HOSTILE[1:], ids=range(1, len(HOSTILE)))
def test_nothing_in_an_address_is_an_error_of_ours(
    client: FlaskClient, case: Case, value: str
) -> None:
    names = ("agenda", "theme", "country", "city", "size", "kind", "year", "page", "tried", "order")
    for path in ("/cases", "/practices", "/readings"):
        asked = {name: [value[:500].encode("utf-8", "surrogatepass")] * 2 for name in names}
        assert client.get(path, query_string=asked).status_code == 200
    assert client.get("/cases/\ufffd").status_code == 404


def test_pages_take_few_queries_however_much_is_said(
    world: World, case: Case, practice: Practice, client: FlaskClient, sign_in: SignIn, queries: Any
) -> None:
    reader = sign_in(world.reader)
    paths = [
        (client, f"/cases/{case.slug}", 14),
        (client, f"/practices/{practice.slug}", 13),
        (client, "/cases", 13),
        (client, "/practices", 13),
        (client, "/readings", 5),
        (reader, f"/cases/{case.slug}", 20),
        (reader, f"/practices/{practice.slug}", 20),
        (reader, "/practices/mine", 8),
    ]

    def look() -> list[int]:
        made_by = []
        for browser, path, _most in paths:
            with queries() as made:
                assert browser.get(path).status_code == 200
            made_by.append(made.count)
        return made_by

    def say(number: int) -> None:
        key = case.paragraphs[number % 3].key
        dialogue.reply(world.author, case.topic_id, write(f"Comment {number}"), paragraph=key)
        dialogue.reply(world.author, practice.topic_id, write(f"Comment {number}"))  # type: ignore[arg-type]
        actions.write_case(world.host, world.agenda.id, case_text(name=f"Case {number}"))
        published(world, title=f"Practice {number}", adapted_from_id=practice.id)

    say(0)
    look()
    few = look()
    for (_browser, path, most), count in zip(paths, few, strict=True):
        assert count <= most, (path, count)
    for number in range(1, 6):
        say(number)
    look()  # notes how far one has read
    assert look() == few
