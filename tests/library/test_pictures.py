"""Pictures in cases and practices: whose are allowed, at which field one is refused, who sees them and when."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from forum.agendas.actions import set_hosts
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import SentForm
from forum.dialogue.queries import paragraph_comments, topic_if_there
from forum.errors import Conflict, Invalid
from forum.history.queries import fingerprint, versions_of
from forum.library import actions, queries
from forum.library.models import Case, Practice
from forum.library.queries import practice_fields
from forum.markdown import paragraph_key
from forum.markup import PlainTexts, write
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.permissions import MEMBERS, SYSTEM, VISITOR
from forum.pictures import actions as pictures
from forum.pictures.models import Picture
from tests.library.conftest import (
    BODY,
    CASE,
    PRACTICE,
    World,
    case_text,
    errors,
    person,
    practice_text,
    published,
)
from tests.pictures.conftest import added, added_file, shown_by

REASONS = Reasons("It is advertising.", 2)


def line(picture: Picture, words: str = "A wide lane") -> str:
    return f"{'' if picture.is_file else '!'}[{words}]({picture.address})"


@pytest.fixture(params=[added, added_file])
def adding(request: Any) -> Any:
    """The function that adds a picture, or one that adds a file: the same rules hold for both."""
    return request.param


@pytest.fixture
def mine(world: World, adding: Any) -> Picture:
    """A picture or file of the author."""
    return cast(Picture, adding(world.author))


@pytest.fixture
def hosts(world: World, adding: Any) -> Picture:
    """A picture or file of the host, who writes cases."""
    return cast(Picture, adding(world.host))


@pytest.fixture
def elsewhere(world: World) -> Any:
    """The host of another agenda."""
    host = person("Olga Other")
    set_hosts(SYSTEM, world.other.id, [host.handle])
    return host


def draft(world: World, **sections: str) -> Practice:
    return actions.write_practice(
        world.author, world.agenda.id, practice_text(sections=sections, failure_audience="public")
    )


def shown(world: World, **sections: str) -> Practice:
    return published(world, sections=sections, failure_audience="public")


# Whose pictures, beside which field


@pytest.mark.parametrize("name", queries.SECTIONS)
def test_each_part_of_a_practice_shows_pictures(world: World, mine: Picture, name: str) -> None:
    practice = shown(world, **{name: line(mine)})
    assert shown_by("practice", practice.id) == {mine.name}
    assert mine.used_at is not None and mine.agenda_id == world.agenda.id


def test_a_case_shows_pictures(world: World, hosts: Picture) -> None:
    text = case_text(body=f"{BODY}\n\n{line(hosts)}\n\nA [second]({hosts.address}) {line(hosts)}.")
    case = actions.write_case(world.host, world.agenda.id, text)
    assert shown_by("case", case.id) == {hosts.name}
    assert ("<small" if hosts.is_file else "<img") in case.paragraphs[3].html


@pytest.mark.parametrize("name", ["challenge", "needs"])
def test_a_picture_without_words_is_refused_beside_its_part_also_in_a_draft(
    world: World, mine: Picture, name: str
) -> None:
    with pytest.raises(Invalid, match="Say what each") as refused:
        draft(world, done=line(mine), **{name: line(mine, "")})
    assert refused.value.field == name


def test_nobody_shows_the_picture_of_somebody_else_in_the_library(
    world: World, mine: Picture, case: Case
) -> None:
    others = added(world.reader)
    practice = draft(world, done="We did.")
    for deed in (
        lambda: draft(world, lessons=line(others)),
        lambda: actions.write_practice(
            world.author,
            world.agenda.id,
            practice_text(sections={"lessons": line(others)}),
            practice.id,
        ),
    ):
        with pytest.raises(Invalid, match="of somebody else") as refused:
            deed()
        assert refused.value.field == "lessons"
    gone = added(world.host)
    pictures.delete_picture(world.host, gone.id)
    for case_id in (None, case.id):
        with pytest.raises(Invalid, match="not there any more") as refused:
            actions.write_case(world.host, world.agenda.id, case_text(body=line(gone)), case_id)
        assert refused.value.field == "body"


def test_one_sentence_and_a_summary_show_none(world: World, mine: Picture, hosts: Picture) -> None:
    with pytest.raises(Invalid, match="Only words go here") as refused:
        actions.write_practice(
            world.author, world.agenda.id, practice_text(sentence=f"So: {line(mine)}")
        )
    assert refused.value.field == "sentence"
    with pytest.raises(Invalid, match="Only words go here") as refused:
        actions.write_case(world.host, world.agenda.id, case_text(summary=line(hosts)))
    assert refused.value.field == "summary"


def test_who_edits_a_practice_of_another_leaves_its_pictures_and_adds_own(
    world: World, mine: Picture, hosts: Picture
) -> None:
    practice = shown(world, done=line(mine))
    both = {"done": f"{line(mine, 'A lane')}\n\n{line(hosts)}", "lessons": line(mine)}
    text = practice_text(sections=both, failure_audience="public")
    actions.write_practice(world.host, world.agenda.id, text, practice.id)
    assert shown_by("practice", practice.id) == {mine.name, hosts.name}
    # The author may keep the host's pictures as well, even in another part
    text = practice_text(sections={"needs": line(hosts)}, failure_audience="public")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert shown_by("practice", practice.id) == {hosts.name}


def test_what_a_practice_no_longer_shows_comes_back_only_from_who_may_show_it(
    world: World, hosts: Picture
) -> None:
    practice = shown(world, done="We did.")
    with_it = practice_text(sections={"done": line(hosts)}, failure_audience="public")
    without = practice_text(sections={"done": "We did."}, failure_audience="public")
    actions.write_practice(world.host, world.agenda.id, with_it, practice.id)
    actions.write_practice(world.host, world.agenda.id, without, practice.id)
    with pytest.raises(Invalid, match="of somebody else"):
        actions.write_practice(world.author, world.agenda.id, with_it, practice.id)
    actions.write_practice(world.moderator, world.agenda.id, with_it, practice.id)


def test_a_curator_leaves_the_pictures_of_another_in_a_case(world: World, hosts: Picture) -> None:
    text = case_text(body=line(hosts))
    case = actions.write_case(world.host, world.agenda.id, text)
    pictures.delete_picture(world.host, hosts.id)
    longer = case_text(body=f"{line(hosts)}\n\nAnd more.")
    assert (
        len(actions.write_case(world.moderator, world.agenda.id, longer, case.id).paragraphs) == 2
    )


def test_a_change_that_was_not_seen_is_told_before_a_picture_that_is_gone(
    world: World, mine: Picture
) -> None:
    practice = shown(world, done=line(mine))
    seen = fingerprint(practice_fields(practice))
    text = practice_text(sections={"done": "No picture."}, failure_audience="public")
    actions.write_practice(world.host, world.agenda.id, text, practice.id)
    pictures.delete_picture(world.author, mine.id)
    with pytest.raises(Conflict):
        actions.write_practice(
            world.author,
            world.agenda.id,
            practice_text(sections={"done": line(mine)}, failure_audience="public"),
            practice.id,
            SentForm(seen=seen),
        )


def test_search_is_rebuilt_with_pictures(world: World, mine: Picture, hosts: Picture) -> None:
    text = practice_text(sections={"done": line(mine), "failure": line(hosts)})
    practice = draft(world, done=line(mine))
    actions.write_practice(world.host, world.agenda.id, text, practice.id)
    actions.submit(world.author, practice.id)
    actions.publish(world.host, practice.id)
    case = actions.write_case(world.host, world.agenda.id, case_text(body=line(hosts)))
    actions.reindex_practices(SYSTEM, [practice.id], PlainTexts())
    actions.reindex_cases(SYSTEM, [case.id], PlainTexts())
    assert shown_by("practice", practice.id) == {mine.name}
    assert shown_by("failure", practice.id) == {hosts.name}
    assert shown_by("case", case.id) == {hosts.name}


# Forms


def test_a_form_says_beside_the_part_what_is_wrong_with_its_picture(
    world: World, mine: Picture, sign_in: Any
) -> None:
    browser = sign_in(world.author)
    form = {**PRACTICE, "deed": "save", "done": line(mine), "results": line(mine, "")}
    answer = browser.post("/practices/new", data=form)
    assert answer.status_code == 422 and errors(answer.text) == ["results"]
    assert line(mine, "") in answer.text
    host = sign_in(world.host)
    answer = host.post("/agendas/floods-and-heat/cases/new", data={**CASE, "body": line(mine, "")})
    assert answer.status_code == 422 and errors(answer.text) == ["body"]


@pytest.mark.parametrize("adding", [added])
def test_a_copied_address_of_a_picture_becomes_a_local_one(
    world: World, mine: Picture, hosts: Picture, sign_in: Any
) -> None:
    copied = {
        picture.id: line(picture).replace("(", "(http://localhost") for picture in (mine, hosts)
    }
    author, host = sign_in(world.author), sign_in(world.host)
    form = {**PRACTICE, "deed": "save", "done": copied[mine.id]}
    preview = author.post("/practices/new", data={**form, "preview": "1"}).text
    assert f'<img src="{mine.address}"' in preview
    page = author.get(author.post("/practices/new", data=form).location).text
    assert f'<img src="{mine.address}"' in page
    form = {**CASE, "body": copied[hosts.id]}
    page = host.get(host.post("/agendas/floods-and-heat/cases/new", data=form).location).text
    assert f'<img src="{hosts.address}"' in page


def test_every_text_of_the_library_offers_pictures(
    world: World, case: Case, practice: Practice, sign_in: Any
) -> None:
    host = sign_in(world.host)
    for path, fields in (
        ("/practices/new", 7),
        (f"/practices/{practice.slug}/edit", 7),
        ("/agendas/floods-and-heat/cases/new", 1),
        (f"/cases/{case.slug}/edit", 1),
    ):
        page = host.get(path).text
        assert page.count('data-pictures="/pictures"') == fields, path
        assert "add one (new window)" in page


# Who sees them


def statuses(
    picture: Picture, world: World, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> list[int]:
    """The status for a visitor, another member, the author, a moderator, the host, the host of another agenda."""
    people = (world.reader, world.author, world.moderator, world.host, elsewhere)
    readers = [client, *map(sign_in, people)]
    return [reader.get(picture.address).status_code for reader in readers]


NOBODY_ELSE = [
    404,
    404,
    200,
    200,
    200,
    404,
]  # only the author and the moderators of the agenda see it
MEMBERS_ALONE = [404, 200, 200, 200, 200, 200]


def test_a_picture_is_seen_as_long_as_its_practice_is(
    world: World, mine: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    def seen() -> list[int]:
        return statuses(mine, world, elsewhere, sign_in, client)

    practice = draft(world, done=line(mine))
    assert seen() == NOBODY_ELSE
    actions.submit(world.author, practice.id)
    assert seen() == NOBODY_ELSE
    actions.send_back(world.host, practice.id, "Say more.")
    assert seen() == NOBODY_ELSE
    actions.submit(world.author, practice.id)
    actions.publish(world.host, practice.id)
    assert seen() == [200] * 6
    actions.wait_again(world.host, practice.id)
    assert seen() == NOBODY_ELSE
    actions.publish(world.host, practice.id)
    moderation.decide(world.moderator, "practice", practice.id, "hide", REASONS)
    assert seen() == NOBODY_ELSE
    moderation.decide(world.moderator, "practice", practice.id, "restore")
    assert seen() == [200] * 6
    moderation.decide(world.moderator, "practice", practice.id, "remove", REASONS)
    assert seen() == NOBODY_ELSE
    moderation.decide(world.moderator, "practice", practice.id, "restore")
    actions.delete_practice(world.author, practice.id)
    assert seen() == NOBODY_ELSE


def test_a_draft_with_a_picture_goes_to_another_agenda(
    world: World, mine: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    practice = draft(world, done=line(mine))
    text = practice_text(sections={"done": line(mine)}, failure_audience="public")
    actions.write_practice(world.author, world.other.id, text, practice.id)
    assert statuses(mine, world, elsewhere, sign_in, client) == [404, 404, 200, 200, 404, 200]


def test_a_published_practice_takes_its_pictures_to_another_agenda(
    world: World, mine: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    practice = shown(world, done=line(mine))
    text = practice_text(sections={"done": line(mine)}, failure_audience="public")
    actions.write_practice(world.moderator, world.other.id, text, practice.id)
    assert statuses(mine, world, elsewhere, sign_in, client) == [200] * 6
    moderation.decide(world.moderator, "practice", practice.id, "hide", REASONS)
    assert statuses(mine, world, elsewhere, sign_in, client) == [404, 404, 200, 200, 404, 200]


def test_members_alone_see_the_pictures_of_a_practice_for_members(
    world: World, mine: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    published(world, sections={"done": line(mine)}, audience=MEMBERS)
    assert statuses(mine, world, elsewhere, sign_in, client) == MEMBERS_ALONE


def test_members_alone_see_the_pictures_of_what_did_not_work_for_members(
    world: World, mine: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    def change(**changes: Any) -> None:
        actions.write_practice(world.author, world.agenda.id, practice_text(**changes), practice.id)

    def seen() -> list[int]:
        return statuses(mine, world, elsewhere, sign_in, client)

    practice = published(world, sections={"done": "We did.", "failure": line(mine)})
    assert seen() == MEMBERS_ALONE
    change(sections={"failure": line(mine)}, failure_audience="public")
    assert seen() == [200] * 6
    change(sections={"failure": line(mine)})
    assert seen() == MEMBERS_ALONE
    moderation.decide(world.moderator, "practice", practice.id, "hide", REASONS)
    assert seen() == NOBODY_ELSE
    moderation.decide(world.moderator, "practice", practice.id, "restore")
    change(sections={"failure": line(mine), "done": line(mine)})
    assert seen() == [200] * 6, "the other part is for everybody"
    change(sections={"done": "We did."})
    assert seen() == NOBODY_ELSE


def test_a_picture_is_seen_as_long_as_its_case_is(
    world: World, hosts: Picture, elsewhere: Any, sign_in: Any, client: FlaskClient
) -> None:
    def seen() -> list[int]:
        return statuses(hosts, world, elsewhere, sign_in, client)

    case = actions.write_case(world.host, world.agenda.id, case_text(body=line(hosts)))
    assert seen() == [200] * 6
    moderation.decide(world.moderator, "case", case.id, "hide", REASONS)
    assert seen() == [404, 404, 404, 200, 200, 404]
    actions.write_case(world.moderator, world.other.id, case_text(body=line(hosts)), case.id)
    assert seen() == [404, 404, 404, 200, 200, 200], "the host has added it"
    moderation.decide(world.moderator, "case", case.id, "restore")
    assert seen() == [200] * 6
    actions.write_case(world.moderator, world.other.id, case_text(body=BODY), case.id)
    assert seen() == [404, 404, 404, 200, 200, 200]


# Paragraphs of a case


@pytest.mark.parametrize("adding", [added])
def test_a_picture_alone_is_a_paragraph_to_comment_on(
    world: World, hosts: Picture, sign_in: Any, client: FlaskClient
) -> None:
    case = actions.write_case(
        world.host, world.agenda.id, case_text(body=f"Before.\n\n{line(hosts)}\n\nAfter.")
    )
    paragraph = case.paragraphs[1]
    assert paragraph.key == paragraph_key(line(hosts))
    reader, page = sign_in(world.reader), f"/cases/{case.slug}"
    assert f'href="{page}?paragraph={paragraph.key}"' in reader.get(page).text
    assert (
        "Comment on the whole case instead" in reader.get(f"{page}?paragraph={paragraph.key}").text
    )
    post = dialogue.reply(world.reader, case.topic_id, write("How wide?"), paragraph=paragraph.key)
    seen = client.get(page).text
    assert seen.index(hosts.address) < seen.index("How wide?") < seen.index("After.")
    asked = reader.get(f"/topics/{case.topic_id}/reply?quote={post.id}&paragraph={paragraph.key}")
    assert f'<img src="{hosts.address}"' in asked.text


def test_comments_on_a_picture_follow_it_when_its_words_are_changed(
    world: World, hosts: Picture
) -> None:
    other = added(world.host)
    body = f"Before.\n\n{line(hosts)}\n\n{line(other, 'A wide lane in rain')}"
    case = actions.write_case(world.host, world.agenda.id, case_text(body=body))
    for paragraph in case.paragraphs[1:]:
        dialogue.reply(world.reader, case.topic_id, write("How wide?"), paragraph=paragraph.key)
    now_said = line(hosts, "Two trees, a bench and no car at all")
    text = case_text(body=f"A wide lane, before.\n\n{now_said}")
    moves = actions.moved_paragraphs(case, text)
    actions.write_case(world.host, world.agenda.id, text, case.id, moves=moves)
    topic = topic_if_there(VISITOR, case.topic_id)
    assert topic is not None
    assert {key: len(posts) for key, posts in paragraph_comments(topic).items()} == {
        paragraph_key(now_said): 1
    }


# Pictures in feeds, the API and metadata


@pytest.mark.parametrize("adding", [added])
def test_lists_tables_programs_and_search_get_words(
    world: World, mine: Picture, hosts: Picture, client: FlaskClient
) -> None:
    practice = shown(world, challenge=f"Before: {line(mine, 'A dark street')}.")
    case = actions.write_case(world.host, world.agenda.id, case_text(body=line(hosts)))
    found = client.get("/api/v1/search?q=dark+street").json["items"][0]
    assert found["url"].endswith(practice.slug) and "Before: A dark street." in found["excerpt"]
    assert "wide lane" in client.get("/search?q=wide+lane").text
    sections = client.get(f"/api/v1/practices/{practice.slug}").json["sections"]
    assert f'<img src="{mine.address}"' in sections[0]["html"]
    paragraphs = client.get(f"/api/v1/cases/{case.slug}").json["paragraphs"]
    assert f'<img src="{hosts.address}"' in paragraphs[0]["html"]
    for path in ("/cases", "/practices", "/cases.csv", "/practices.csv", "/feeds/all.atom"):
        answer = client.get(path)
        assert answer.status_code == 200 and "/pictures/" not in answer.text, path


def test_what_a_version_said_is_told_without_a_picture_to_load(
    world: World, mine: Picture, client: FlaskClient
) -> None:
    practice = shown(world, done=line(mine))
    text = practice_text(sections={"done": "We did."}, failure_audience="public")
    actions.write_practice(world.author, world.agenda.id, text, practice.id)
    version = versions_of("practice", practice.id)[0]
    for path in ("", f"?version={version.id}"):
        page = client.get(f"/practices/{practice.slug}/history{path}").text
        assert "A wide lane" in page and "<img" not in page.partition("<main")[2]


@pytest.mark.parametrize("adding", [added])
def test_a_link_to_a_case_or_practice_is_shared_with_its_first_picture(
    world: World, mine: Picture, hosts: Picture, client: FlaskClient, sign_in: Any, queries: Any
) -> None:
    def look(path: str, picture: Picture | None) -> int:
        client.get("/help")
        with queries() as made:
            page = client.get(path).text
        shared = re.findall(r'<meta property="og:image" content="http://localhost(\S+)"', page)
        assert len(shared) == 1, path
        if picture is None:  # the image of the forum
            assert shared[0].startswith("/static/icon-512.png") and '"image": "' not in page
        else:
            assert shared == [picture.address]
            assert page.count(f'"image": "http://localhost{picture.address}"') == 1
        return int(made.count)

    host = {"agenda_id": world.agenda.id}
    plain = actions.write_case(world.host, text=case_text(), **host)
    case = actions.write_case(world.host, text=case_text(body=f"{BODY}\n\n{line(hosts)}"), **host)
    # Two more: whether the picture exists, and whether a text that visitors read shows it
    assert look(f"/cases/{plain.slug}", None) + 2 == look(f"/cases/{case.slug}", hosts)
    of_failure = {"challenge": "Hm.", "failure": line(mine)}
    said = published(world, title="Said", sections=of_failure, failure_audience="public")
    practice = shown(world, challenge="Hm.", failure=f"{line(mine)}", needs=line(mine))
    bare = published(world, title="Bare", sections={"challenge": "Hm."})
    without = look(f"/practices/{bare.slug}", None)
    assert look(f"/practices/{said.slug}", None) == without + 1, "whether what it shows exists"
    assert look(f"/practices/{practice.slug}", mine) == without + 2
    closed = published(world, title="Closed", sections={"done": line(mine)}, audience=MEMBERS)
    moderation.decide(world.moderator, "case", case.id, "hide", REASONS)
    for path in (f"/practices/{closed.slug}", f"/cases/{case.slug}"):
        page = sign_in(world.moderator).get(path).text
        assert "<img" in page and "og:image:width" not in page
