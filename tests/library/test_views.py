"""The routes of the library: what each reader sees, what is refused and how, and what never leaks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from forum.agendas.actions import archive as archive_agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, topic_if_there
from forum.library import actions
from forum.library import queries as library
from forum.library.models import Case, Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import OrganisationText
from forum.members.queries import get_member
from forum.permissions import SYSTEM, VISITOR
from tests.heard import ambiguous, controls, headings, regions
from tests.library.conftest import (
    CASE,
    COPENHAGEN,
    SECRET,
    SURAT,
    TAMPERE,
    TOKYO,
    SignIn,
    World,
    case_text,
    practice_text,
    published,
    structured,
)

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


def test_a_case_without_a_reach_reaches_its_places(world: World, client: FlaskClient) -> None:
    whole = actions.write_case(world.host, world.agenda.id, case_text(name="Whole", reach="Asia"))
    four = [COPENHAGEN, SURAT, TAMPERE, TOKYO]
    for name, reach, cities, said in (
        ("Reach", "The <delta>", four, "The &lt;delta&gt;"),
        ("Places", "", four, "Copenhagen, Surat, Tampere and 1 more"),
        ("Neither", "", [], "Not known"),
    ):
        text = case_text(name=name, reach=reach, city_ids=cities)
        made = actions.write_case(world.host, world.agenda.id, text)
        page = client.get(f"/cases/{made.slug}").text
        language = ' lang="en"' if reach else ""
        assert f'<dt>Reach</dt><dd{language} dir="auto">{said}</dd>' in page, name
        others = client.get(f"/cases/{whole.slug}").text.partition('id="others"')[2]
        beside = others.partition(f"<b>{name}</b>")[2].partition("</li>")[0]
        assert (said if cities else "City network") in beside, name


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


def test_a_link_to_the_newest_comment_leads_beside_its_paragraph(
    world: World, case: Case, client: FlaskClient
) -> None:
    dialogue.reply(world.reader, case.topic_id, write("On the whole"))
    key = case.paragraphs[1].key
    newest = dialogue.reply(world.reader, case.topic_id, write("Beside it"), paragraph=key)
    page = client.get(f"/cases/{case.slug}").text
    assert page.count(f'id="post-{newest.number}"') == 1


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


def test_comments_beside_paragraphs_are_headings_whose_buttons_say_which_they_belong_to(
    world: World, case: Case, sign_in: SignIn
) -> None:
    for paragraph in case.paragraphs[:2]:
        for text in ("So it is", "Is it?"):
            dialogue.reply(world.author, case.topic_id, write(text), paragraph=paragraph.key)
    page = sign_in(world.reader).get(f"/cases/{case.slug}").text
    assert headings(page).count((3, world.author.name)) == 4
    assert [name for name in regions(page) if name.startswith("Comments on")] == [
        "Comments on paragraph 1",
        "Comments on paragraph 2",
    ]
    beside = page.split("<h2")[2]
    assert ambiguous(beside) == {}
    assert "Useful, number 5" in [control.name for control in controls(beside)]


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


def test_who_comments_on_a_paragraph_that_was_changed_meanwhile_is_told(
    world: World, case: Case, sign_in: SignIn
) -> None:
    """The page says so in place of a form beside it; what is sent all the same is a comment on the whole case."""
    key, gone = case.paragraphs[0].key, "0123456789ab"
    reader = sign_in(world.reader)
    page = reader.get(f"/cases/{case.slug}?paragraph={gone}").text
    assert "This paragraph has changed since you opened the page." in page
    assert 'id="comment"' not in page and page.count('name="source"') == 1
    form = {"source": "Is it so?", "paragraph": gone, "language": "en"}
    reader.post(f"/topics/{case.topic_id}/reply", data=form)
    page = reader.get(f"/cases/{case.slug}").text
    assert "Is it so?" in page.partition('id="replies"')[2]
    assert "About one paragraph" not in page and f"#p-{gone}" not in page
    for there in ("", f"?paragraph={key}"):
        assert "has changed since" not in reader.get(f"/cases/{case.slug}{there}").text


def test_filters_that_fit_nothing_can_be_changed(practice: Practice, client: FlaskClient) -> None:
    page = client.get("/practices?theme=nothing").text
    assert "No practice has all of these" in page and "Show</button>" in page


BEGUN_FROM_LISTS = {
    "/cases": ("New case", "cases/new"),
    "/readings": ("New best read", "readings/new"),
    "/meetings": ("Announce a meeting", "meetings/new"),
    "/declarations": ("New declaration", "declarations/new"),
}


@pytest.mark.parametrize(("listed", "begun"), BEGUN_FROM_LISTS.items())
def test_who_curates_agendas_begins_from_the_list(
    listed: str, begun: tuple[str, str], world: World, sign_in: SignIn, queries: Any
) -> None:
    words, door = begun
    first, second = (
        f'href="/agendas/{agenda.slug}/{door}"' for agenda in (world.agenda, world.other)
    )
    reader = sign_in(world.reader)
    with queries() as made:
        page = reader.get(listed).text
    for_readers = made.count
    assert words not in page.partition("<main")[2]
    page = sign_in(world.host).get(listed).text
    assert first in page and second not in page and "On which agenda?" not in page
    moderator = sign_in(world.moderator)
    with queries() as made:
        page = moderator.get(listed).text
    assert first in page and second in page and "On which agenda?" in page
    assert made.count <= for_readers + 3
    archive_agenda(world.moderator, world.other.id)
    assert second not in moderator.get(listed).text


def test_who_may_edit_a_case_or_practice_finds_that_beside_its_title(
    world: World, case: Case, practice: Practice, sign_in: SignIn
) -> None:
    for person, page, words in (
        (world.author, f"/practices/{practice.slug}", "Edit the practice"),
        (world.host, f"/practices/{practice.slug}", "Edit the practice"),
        (world.host, f"/cases/{case.slug}", "Edit the case"),
    ):
        text = sign_in(person).get(page).text
        before, above, below = text.partition('class="glance')
        assert above and before.count(words) == 1 and words not in below
    for page in (f"/practices/{practice.slug}", f"/cases/{case.slug}"):
        text = sign_in(world.reader).get(page).text
        assert "Edit the practice" not in text and "Edit the case" not in text


def test_a_draft_is_edited_by_its_note(world: World, sign_in: SignIn) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    above = sign_in(world.author).get(f"/practices/{draft.slug}").text.partition("<h1")[0]
    assert "Edit the draft" in above


def test_a_practice_says_what_is_not_there_yet(world: World, sign_in: SignIn) -> None:
    short = published(world, link="", sections={})
    page = sign_in(world.author).get(f"/practices/{short.slug}").text
    assert "This is a short practice: one sentence." in page and "No city yet" in page
    assert "No comments yet" in page and "0 comments" not in page
    rows = sign_in(world.author).get("/topics?kind=practice").text
    assert "No comments yet" in rows and "No replies yet" not in rows


def test_lists_of_cases_say_which_nobody_has_commented_on(
    world: World, client: FlaskClient
) -> None:
    case = actions.write_case(world.host, world.agenda.id, case_text())
    for number, words in ((0, "No comments yet"), (1, "1 comment")):
        for path in ("/cases", f"/agendas/{world.agenda.slug}"):
            page = client.get(path).text
            assert f"<span>{words}</span>" in page and "0 comments" not in page, path
        assert "0 comments" not in client.get(f"/agendas/{world.agenda.slug}/briefing").text
        if not number:
            dialogue.reply(world.author, case.topic_id, write("Useful."))


def test_below_who_stopped_a_short_practice_there_is_room(world: World, sign_in: SignIn) -> None:
    short = published(world, link="", sections={})
    browser = sign_in(world.reader)
    assert '<p class="measure">This is a short' in browser.get(f"/practices/{short.slug}").text
    browser.post(f"/practices/{short.slug}/tried", data={"outcome": "stopped", "note": "No room"})
    page = browser.get(f"/practices/{short.slug}").text
    assert '<p class="measure mt5">This is a short' in page
    after = page.partition("This is a short")[2].partition("Cities that tried it")[0]
    assert after.count("mt5") == 1


def test_a_long_practice_leads_to_what_decides_about_copying_it(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    def leads_to(slug: str) -> list[str]:
        page = client.get(f"/practices/{slug}").text
        jumps = page.partition('aria-label="On this page">')[2].partition("</nav>")[0]
        targets = re.findall(r'href="#([a-z]+)"', jumps)
        assert all(f'id="{target}"' in page for target in targets)
        return targets

    parts = {"challenge": "Hm.", "done": "So.", "results": "Dry.", "needs": "A pump."}
    long = published(world, sections=parts)
    assert leads_to(long.slug) == ["needs", "replies"]
    told = {"outcome": "kept", "note": "It works"}
    sign_in(world.reader).post(f"/practices/{long.slug}/tried", data=told)
    assert leads_to(long.slug) == ["needs", "tried", "replies"]
    withheld = published(world, title="Wells", sections=parts | {"failure": SECRET})
    assert leads_to(withheld.slug) == ["failure", "needs", "replies"]
    short = published(world, title="Drains", sections={"done": "So.", "needs": "A drain."})
    assert leads_to(short.slug) == []


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
    assert "1 city</a><small>2 members: 1 kept it, 1 adapted it" in page


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
    form = {"outcome": "stopped", "note": "No owner was named", "language": "en"}
    answer = reader.post(f"/practices/{practice.slug}/tried", data=form)
    assert answer.status_code == 303 and answer.location.endswith("#tried")
    page = client.get(f"/practices/{practice.slug}").text
    assert page.count('lang="en" dir="auto">No owner was named<') == 2  # and below the practice
    assert "<strong>wired</strong>" in page and "3 of 4" in page and "EUR 3,200 a year" in page
    assert "<bdi>Tokyo</bdi> stopped." in page and "No owner was named" in page and "1 city" in page
    assert "Sign in to read it" in page and SECRET not in page
    assert {"What was done", "What did not work"} <= {name for _level, name in headings(page)}
    assert "done" not in regions(page)  # its parts are no landmarks
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
    assert "Change what you said" in page and "Tell us you tried it" not in page
    assert 'value="tried it"' in page  # the button that takes the mark back


def test_what_was_told_of_a_case_or_practice_is_taken_back_where_it_is_changed(
    world: World, practice: Practice, case: Case, sign_in: SignIn
) -> None:
    reader = sign_in(world.reader)
    for address in (f"/practices/{practice.slug}", f"/cases/{case.slug}"):
        door = f"{address}/tried"
        assert "Take it back" not in reader.get(door).text
        assert ">Publish</button>" in reader.get(door).text  # everybody will read it
        reader.post(door, data={"outcome": "adapted", "note": "It rings."})
        page = reader.get(door).text
        assert 'name="take_back"' in page and 'value="It rings."' in page
        seen = re.findall(r'name="seen"[^>]* value="([^"]+)"', page)[0]
        reader.post(door, data={"outcome": "stopped", "note": "It broke."})  # in another window
        late = reader.post(door, data={"take_back": "1", "seen": seen})
        assert late.status_code == 409 and "It broke." in late.text
        back = reader.post(door, data={"outcome": "adapted", "take_back": "1"})
        assert back.status_code == 303 and back.location == address
        page = reader.get(address).text
        assert "What you said is taken back." in page and "It rings." not in page


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
        f"/agendas/{world.agenda.slug}/briefing",
        f"/agendas/{world.agenda.slug}/briefing.html",
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
        assert not re.search("hush.hush", client.get(path).text, re.I), path
    page = sign_in(world.reader).get(f"/practices/{practice.slug}").text
    assert "Members only" in page


def test_a_moderator_reads_all_of_a_practice_before_publishing_it(
    world: World, sign_in: SignIn
) -> None:
    year = now().year + 3
    text = practice_text(revisit_on=date(year, 5, 1))
    made = actions.write_practice(world.author, world.agenda.id, text)
    actions.submit(world.author, made.id)
    entry = sign_in(world.host).get(f"/moderation/practice/{made.id}").text
    for said in (
        "Surat",
        "EUR 3,200 a year",
        "2021",
        "3 of 4",
        f"1\N{NO-BREAK SPACE}May {year}",
        "only members what",
    ):
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
def test_posting_to_the_doors_of_others_is_refused(
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


def test_a_practice_that_one_has_begun_is_found_from_every_page(
    world: World, sign_in: SignIn
) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    browser = sign_in(world.author)
    for path in ("/", "/settings"):
        assert 'href="/practices/mine"' in browser.get(path).text, path
    assert draft.title in browser.get("/practices/mine").text


def test_who_may_not_write_still_deletes_what_they_have_begun(
    world: World, sign_in: SignIn
) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text())
    members.silence(SYSTEM, world.author.id, now() + timedelta(days=3))
    browser = sign_in(world.author)
    assert 'href="/practices/mine"' in browser.get("/settings").text
    mine = browser.get("/practices/mine").text
    assert draft.title in mine and "/edit" not in mine and 'href="/practices/new"' not in mine
    door = f"/practices/{draft.slug}/delete"
    assert f'href="{door}"' in mine and browser.get(door).status_code == 200
    assert browser.post(door).location == "/practices/mine"
    assert "Your practice is deleted." in browser.get("/practices/mine").text
