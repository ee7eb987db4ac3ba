"""The pages of files: adding one, the line for a text, how it is sent, whole and in part, and deleting it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from forum import configuring
from forum.admission import FILES
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Post
from forum.markup import write
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.pagecache import NEVER_KEPT
from forum.pictures.actions import delete_picture
from forum.pictures.models import Picture
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.sentfiles import CONTENT_TYPES, PORTION
from tests.pictures.conftest import added, added_file
from tests.samples_of_files import CSV, PDF, file_of

LONG = PDF + bytes(range(256)) * 9_000  # nine portions and a part: too long to be read at once


def sent(data=PDF, name="Cross-section of the kerb.pdf", **more):
    return {"picture": (BytesIO(data), name), **more}


def newest():
    return db.session.query(Picture).order_by(Picture.id.desc()).first()


def linked(people, world, file):
    return dialogue.reply(people.ana, world["topic"], write(f"See {file.line('the kerb')}."))


# Adding


def test_a_member_adds_a_file_and_gets_the_line_for_a_text(people, sign_in):
    browser = sign_in(people.ana)
    answer = browser.post("/pictures", data=sent(alt="The [new] kerb"))
    made = newest()
    assert answer.location == f"/pictures?added={made.id}&alt=The+%5Bnew%5D+kerb"
    page = browser.get(answer.location).text
    assert rf'value="[The \[new\] kerb]({made.address})"' in page
    assert "Your file is added." in page and "(PDF · 1\xa0kB)" in page
    assert browser.get(made.address).data == PDF


def test_without_words_the_line_has_those_of_its_name(people, sign_in):
    browser = sign_in(people.ana)
    page = browser.get(browser.post("/pictures", data=sent()).location).text
    assert f'value="[Cross-section of the kerb]({newest().address})"' in page
    assert "Better words say what the file is" in page


def test_a_file_may_be_larger_than_a_photograph_where_the_forum_takes_such(
    people, sign_in, with_settings
):
    large = PDF + b" " * configuring.MAX_PICTURE_BODY
    browser = sign_in(people.ana)
    with_settings(file_mb=20)
    assert browser.post("/pictures", data=sent(large)).status_code == 303
    assert newest().size == len(large)
    photograph = browser.post("/pictures", data=sent(b"\xff\xd8" + large, "a.jpg"))
    assert photograph.status_code == 422 and "A picture may have 12 MB" in photograph.text
    assert browser.post("/pictures", data=sent(large * 2)).status_code == 413


@pytest.fixture
def with_settings(app, monkeypatch):
    """Returns a function that changes settings of the running forum."""

    def change(**changes):
        changed = replace(app.extensions["settings"], **changes)
        monkeypatch.setitem(app.extensions, "settings", changed)

    return change


@pytest.mark.parametrize("changes", [{"file_mb": 0}, {"pictures_mb": 0}])
def test_a_forum_may_take_none(people, sign_in, with_settings, changes):
    browser = sign_in(people.ana)
    with_settings(**changes)
    answer = browser.post("/pictures", data=sent())
    assert answer.status_code == 422 and newest() is None


# How it is sent


@pytest.fixture
def file(people, world):
    """A long file that a public reply links to."""
    made = added_file(people.ana, LONG, "Kerb plan.pdf")
    linked(people, world, made)
    return made


def test_a_file_is_sent_to_be_saved_and_can_do_nothing(client, people, sign_in, file):
    for browser, whose in ((client, "public"), (sign_in(people.ben), "private")):
        answer = browser.get(file.address)
        assert answer.status_code == 200 and answer.data == LONG
        headers = answer.headers
        assert headers["Content-Type"] == "application/pdf"
        assert headers["Content-Disposition"] == 'attachment; filename="Kerb plan.pdf"'
        assert headers["Content-Length"] == str(len(LONG)) and headers["Accept-Ranges"] == "bytes"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == f"{whose}, no-cache"


@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_each_kind_has_its_type(people, sign_in, kind):
    made = added_file(people.ana, file_of(kind), f"a.{kind}")
    answer = sign_in(people.ana).get(made.address)
    assert answer.headers["Content-Type"] == CONTENT_TYPES[kind] and answer.data == file_of(kind)


@pytest.mark.parametrize(
    ("filename", "told"),
    [
        ("Größe.csv", "filename=\"Groe.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"),
        ("تقرير.csv", "filename=\"file.csv\"; filename*=UTF-8''%D8%AA%D9%82%D8%B1%D9%8A%D8%B1.csv"),
        ('a"b;c.csv', 'filename="a b;c.csv"'),
        ("a＂b.csv", "filename=\"a b.csv\"; filename*=UTF-8''a%EF%BC%82b.csv"),
        ("a＼℀.csv", "filename=\"a a c.csv\"; filename*=UTF-8''a%EF%BC%BC%E2%84%80.csv"),
    ],
)
def test_a_name_of_any_script_is_told(people, sign_in, filename, told):
    made = added_file(people.ana, CSV, filename)
    answer = sign_in(people.ana).get(made.address)
    assert answer.headers["Content-Disposition"] == f"attachment; {told}"


def test_it_is_asked_for_again_each_time_and_sent_once(client, file):
    first = client.get(file.address)
    again = client.get(file.address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    weakened = (
        f"W/{first.headers['ETag']}"  # a web server that compresses responses makes the ETag weak
    )
    assert client.get(file.address, headers={"If-None-Match": weakened}).status_code == 304
    head = client.head(file.address)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(LONG))


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        (f"bytes={PORTION - 2}-{PORTION + 1}", PORTION - 2, PORTION + 2),
        ("bytes=1000000-", 1_000_000, len(LONG)),
        ("bytes=-9", len(LONG) - 9, len(LONG)),
        (f"bytes=5-{10**12}", 5, len(LONG)),
    ],
)
def test_a_part_of_it_is_sent_alone(client, file, wanted, start, stop):
    answer = client.get(file.address, headers={"Range": wanted})
    assert answer.status_code == 206 and answer.data == LONG[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(LONG)}"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-1,4-5", "lines=0-1", "bytes=x", "bytes=5-1", "", "bytes=0-", f"bytes=-{10**12}"],
)
def test_any_other_wish_gets_all_of_it(client, file, wanted):
    answer = client.get(file.address, headers={"Range": wanted})
    assert answer.status_code == 200 and answer.data == LONG


def test_a_part_that_it_has_not_is_refused(client, file):
    answer = client.get(file.address, headers={"Range": f"bytes={len(LONG)}-"})
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(LONG)}"


def test_a_part_of_another_file_is_not_put_to_it(client, file):
    part = {"Range": "bytes=0-3"}
    tag = client.head(file.address).headers["ETag"]
    assert client.get(file.address, headers={**part, "If-Range": tag}).status_code == 206
    for other in ('"other"', f"W/{tag}", "Mon, 30 Nov 2026 06:00:00 GMT"):
        answer = client.get(file.address, headers={**part, "If-Range": other})
        assert answer.status_code == 200 and len(answer.data) == len(LONG)


def test_each_portion_is_read_when_it_is_sent(client, people, world, queries):
    numbers = []
    for portions in (1, 5):
        made = added_file(people.ana, PDF.ljust(portions * PORTION), "a.pdf")
        linked(people, world, made)
        with queries() as asked:
            assert client.get(made.address).status_code == 200
        numbers.append(asked.count)
    assert numbers[0] <= 3 and numbers[1] - numbers[0] == 4


def test_what_is_deleted_while_it_is_sent_ends(client, people, file):
    answer = client.get(file.address, buffered=False)
    parts = iter(answer.response)
    assert next(parts) == LONG[:PORTION]
    delete_picture(people.ana, file.id)
    assert len(b"".join(parts)) < len(LONG) - PORTION


def test_a_name_that_is_none_is_not_found_and_says_why(client, people, file):
    hidden = added_file(people.ana)
    for path in (
        "/files/x.pdf",
        hidden.address,
        file.address.replace(".pdf", ".html"),
        f"/files/{added(people.ana).name}",
        "/files/%00.pdf",
        "/files/" + "x" * 3_000,
        file.address.replace("/files/", "/pictures/") + ".webp",
    ):
        assert client.get(path).status_code == 404, path
    assert "you may not read the text that links to it" in client.get(hidden.address).text


def test_a_browser_that_fetches_many_waits_at_the_places_of_files(client, file):
    assert file.address.startswith(FILES) and file.address.startswith(NEVER_KEPT)


# In texts


def test_readers_see_kind_and_size(client, world, file):
    page = client.get(client.get(f"/topics/{world['topic']}").location).text
    assert f'<a class="file" href="{file.address}">the kerb <small dir="ltr">(PDF' in page


def test_an_earlier_version_says_in_words_what_its_reader_does_not_see(people, client, world):
    made = added_file(people.ana)
    post = linked(people, world, made)
    with at(now() + timedelta(hours=1)):
        dialogue.edit(people.ana, post.id, write("Nothing to see."))
    page = client.get(f"/posts/{post.id}/history?view=whole").text
    assert "<p>See <em>File: the kerb</em>.</p>" in page and made.address not in page


def test_the_first_file_of_a_new_member_waits_for_a_moderator(people, world, sign_in, client):
    set_newness(people.administrator, days=14, posts=3, first_posts=0)
    make_rule(people.administrator, RuleText("links", "", "We read these first."))
    made = added_file(people.ana)
    assert isinstance(linked(people, world, made), Held)
    assert sign_in(people.moderator).get(made.address).data == PDF
    assert client.get(made.address).status_code == 404


# A member's own files


def test_the_list_says_kind_size_and_where_each_is_shown(people, sign_in, world):
    made = added_file(people.ana, CSV, "Bäume <1>.csv")
    post = linked(people, world, made)
    added_file(people.ana)
    page = sign_in(people.ana).get("/pictures").text
    assert "pictures and files</h2>" in page and f'href="/posts/{post.id}"' in page
    assert f'<a href="{made.address}" dir="auto">Bäume 1.csv</a>' in page
    assert "(CSV · 1\xa0kB)" in page and "<1>" not in page


def test_a_file_is_deleted_after_a_question(people, sign_in, client, world, file):
    browser = sign_in(people.ana)
    asked = browser.get(f"/pictures/{file.id}/delete").text
    assert "These texts link to it." in asked and "Kerb plan.pdf" in asked
    answer = browser.post(f"/pictures/{file.id}/delete")
    assert "Your file is deleted." in browser.get(answer.location).text
    assert client.get(file.address).status_code == 404


def test_a_hidden_file_is_hidden_for_who_has_a_part_of_it(people, client, world, file):
    post = linked(people, world, file)
    for hidden in (post, *dialogue_posts(world, post)):
        moderation.decide(
            people.moderator, "post", hidden.id, "hide", Reasons("It is advertising.", 2)
        )
    assert client.get(file.address, headers={"Range": "bytes=9-"}).status_code == 404


def dialogue_posts(world, post):
    found = db.session.query(Post).filter(Post.topic_id == world["topic"], Post.id != post.id)
    return [reply for reply in found if "/files/" in reply.source]
