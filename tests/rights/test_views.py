"""The pages of members' rights: the file with everything, closing an account, a closed account without access."""

from __future__ import annotations

import gc
import io
import json
import os
import tracemalloc
import zipfile
from datetime import timedelta
from html.parser import HTMLParser
from zipfile import ZIP_STORED, ZipFile

import pytest
from sqlalchemy import insert, update

from forum.archives import zipped
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member, Session
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from forum.pictures.actions import add_picture, import_picture
from forum.rights import views
from forum.rights.actions import leave
from forum.rights.queries import KINDS
from forum.shrinking import Shrunk, shrink
from tests.pictures.conftest import added, added_file
from tests.rights.conftest import carry_out
from tests.samples_of_files import PDF
from tests.samples_of_pictures import opened
from tests.samples_of_pictures import picture as some_bytes

PASSWORD = "three unrelated words"


def fetch(browser):
    answer = browser.post("/settings/data")
    assert answer.status_code == 200 and answer.mimetype == "application/zip"
    return answer, ZipFile(io.BytesIO(answer.data))


def test_everything_comes_as_one_file(people, lived, sign_in, letters):
    answer, archive = fetch(sign_in(people.ana))
    assert archive.testzip() is None
    assert 'filename="ana-prado-' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    names = archive.namelist()
    about = json.loads(archive.read("about.json"))
    told = [(kind["title"], kind["file"], kind["records"]) for kind in about["kinds"]]
    assert [title for title, _file, _number in told] == [str(kind.title) for kind in KINDS]
    for title, file, number in told:
        assert (file is None) == (number == 0), title
        assert not file or len(json.loads(archive.read(file))) == number
        assert not file or file.replace(".json", ".html") in names
    assert {file: number for _title, file, number in told}["posts.json"] == 5 + 2
    posts = json.loads(archive.read("posts.json"))
    assert any("zanzibar" in post["source"] for post in posts)
    assert (
        letters()[-1].subject.endswith("was downloaded") and letters()[-1].to == "ana@example.org"
    )


def test_pictures_come_as_files(people, lived, sign_in, monkeypatch):
    small = added(people.ana, width=900)
    stranger = added(people.ben)
    file = added_file(people.ana, PDF + b" " * 600_000, "Kerb plan.pdf")
    _answer, archive = fetch(sign_in(people.ana))
    told = json.loads(archive.read("pictures.json"))
    assert len(told) == 3 and told[1]["address"] == small.address and told[1]["used_at"] is None
    assert (told[2]["address"], told[2]["title"]) == (file.address, "Kerb plan.pdf")
    inside = {name for name in archive.namelist() if name.startswith(("pictures/", "files/"))}
    assert {picture["file"] for picture in told} == inside and stranger.name not in str(inside)
    assert archive.read(f"files/{file.name}") == PDF + b" " * 600_000
    for picture in told:
        assert picture["title"] or opened(archive.read(picture["file"])).format == "WEBP"
        assert archive.getinfo(picture["file"]).compress_type == ZIP_STORED
        assert f'<a href="{picture["file"]}">' in archive.read("pictures.html").decode()
    assert "pictures.html" in archive.read("index.html").decode()


def test_each_picture_comes_whole_and_with_its_own_bytes(people, sign_in):
    names = [f"{letter * 24}-40x30" for letter in "abc"]
    for member, name in zip((people.ana, people.ben, people.ana), names, strict=True):
        made = Shrunk(name, f"whole {name}".encode(), f"small {name}".encode())
        add_picture(member, made, 100_000_000)
    _answer, archive = fetch(sign_in(people.ana))
    inside = {path: archive.read(path) for path in archive.namelist() if "pictures/" in path}
    assert inside == {
        f"pictures/{name}.webp": f"whole {name}".encode() for name in (names[0], names[2])
    }


def test_the_picture_of_the_member_is_in(people, sign_in):
    _answer, archive = fetch(sign_in(people.ana))
    assert json.loads(archive.read("profile.json"))[0]["portrait"] == ""
    assert "portrait.webp" not in archive.namelist()
    made = shrink(some_bytes(), 256, is_square=True)
    members.edit_profile(people.ana, members.Profile("Ana Prado", portrait=made))
    _answer, archive = fetch(sign_in(people.ana))
    assert json.loads(archive.read("profile.json"))[0]["portrait"] == "portrait.webp"
    assert archive.read("portrait.webp") == made.whole
    assert '<a href="portrait.webp">' in archive.read("profile.html").decode()
    _answer, archive = fetch(sign_in(people.ben))
    assert "portrait.webp" not in archive.namelist()


def test_the_first_page_tells_what_is_kept_before_what_is_not(people, lived, sign_in):
    _answer, archive = fetch(sign_in(people.ana))
    first = archive.read("index.html").decode()
    kept, _heading, empty = first.partition("Parts in which nothing is kept")
    assert "They have no page and no file here." in empty
    names, titles = archive.namelist(), dict.fromkeys((True, False), 0)
    for kind in KINDS:
        has_any = f"{kind.name}.json" in names
        titles[has_any] += 1
        assert (f"{kind.name}.html" in names) == has_any, kind.name
        assert (f'href="{kind.name}.html"' in kept) == has_any, kind.name
        assert f"<li>{kind.title}</li>" in empty or has_any, kind.name
    assert titles[True] > 5 and titles[False] > 5
    assert all(json.loads(archive.read(name)) for name in names if name.endswith(".json"))


class Reader(HTMLParser):
    """Which files an HTML page needs, and its scripts."""

    def __init__(self):
        super().__init__()
        self.needs, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.needs += [value for name, value in attributes if name in ("href", "src")]


def test_the_pages_open_without_a_server_and_run_nothing(people, lived, sign_in):
    evil = "<script>alert(1)</script> & <img src=x onerror=alert(2)>"
    dialogue.reply(people.ana, lived.answered, write(evil))
    _answer, archive = fetch(sign_in(people.ana))
    names = set(archive.namelist())
    for name in names:
        if name.endswith(".html"):
            page = archive.read(name).decode()
            reader = Reader()
            reader.feed(page)
            assert set(reader.needs) <= names, name
            assert not {"script", "img", "form", "iframe"} & set(reader.tags), name
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img" in archive.read("posts.html").decode()
    )


def test_it_asks_again_who_one_is(people, sign_in):
    browser = sign_in(people.ana)
    db.session.execute(update(Session).values(proved_at=now() - timedelta(hours=1)))
    db.session.commit()
    for answer in (
        browser.get("/settings/data"),
        browser.post("/settings/data"),
        browser.get("/settings/leave"),
    ):
        assert answer.location.startswith("/settings/prove?next=")


def test_pages_are_parted_and_lead_on(people, agenda, sign_in, monkeypatch):
    monkeypatch.setattr("forum.rights.queries._shared.RECORDS_AT_ONCE", 4)
    topic = dialogue.open_topic(
        people.ben, agenda.id, dialogue.NewTopic("question", "Why?", write("0"))
    )
    for number in range(10):
        dialogue.reply(people.ana, topic.id, write(f"Number {number}."))
    _answer, archive = fetch(sign_in(people.ana))
    first, second, third = (archive.read(f"posts{end}.html").decode() for end in ("", "-2", "-3"))
    assert 'href="posts-2.html"' in first and 'href="posts.html"' in second
    assert (
        "Number 9." in third
        and "Next page" not in third
        and "posts-4.html" not in archive.namelist()
    )
    assert len(json.loads(archive.read("posts.json"))) == 10


@pytest.fixture
def collecting():
    """Let garbage be collected often, so that garbage is not counted as used memory."""
    seldom = gc.get_threshold()
    gc.freeze()  # because objects of earlier tests would make frequent collections slow, and one takes seconds
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*seldom)


def test_many_portions_take_no_more_memory_than_one(people, agenda, app, monkeypatch, collecting):
    """There are 100 portions of five posts; all together would take 3 MB, and so would the pictures."""
    monkeypatch.setattr("forum.rights.queries._shared.RECORDS_AT_ONCE", 5)
    topic = dialogue.open_topic(
        people.ben, agenda.id, dialogue.NewTopic("question", "Why?", write("0"))
    )
    text = "Something that was said at some length. " * 60
    row = {"topic_id": topic.id, "author_id": people.ana.id, "source": text, "html": text}
    row |= {"html_version": 1, "language": "en", "hidden_reason": "", "created_at": now()}
    row |= {"useful_count": 0, "same_here_count": 0, "tried_count": 0}
    db.session.execute(insert(Post.__table__), [row | {"number": n} for n in range(2, 502)])
    db.session.execute(update(Topic).values(posts_count=501))
    for number in range(20):
        shrunk = Shrunk(f"{number:024x}-1x1", os.urandom(150_000), b"")
        import_picture(SYSTEM, people.ana.id, shrunk)
    db.session.commit()
    db.session.expunge_all()
    member = db.session.get_one(Member, people.ana.id)
    db.session.expunge(member)

    def size():
        with app.test_request_context():
            files = views._files(member, {"forum": "Interurban", "made_at": "now"})
            return sum(map(len, zipped(files)))

    once = size()  # the first time, templates and statements are compiled and cached
    tracemalloc.start()
    try:
        assert size() == pytest.approx(once, rel=0.01) and once > 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_600_000, peak


# Leaving


def test_a_member_closes_the_account_and_everything_is_explained(
    people, lived, sign_in, letters, client
):
    browser, other = sign_in(people.ana), sign_in(people.ana)
    page = browser.get("/settings/leave").text
    assert "Until the end: the profile and what was written stay as they are" in page
    assert "The posts stay, without the name" in page and "Download everything first" in page
    assert browser.post("/settings/leave", data={}).status_code == 422
    answer = browser.post("/settings/leave", data={"how": "nameless"})
    assert (answer.status_code, answer.location) == (303, "/left")
    assert browser.get("/left").status_code == 200
    for device in (browser, other):
        assert device.get("/settings").location.startswith("/sign-in")
    assert "Open my account again" in letters()[-1].text
    assert "Ana Prado" in client.get(f"/topics/{lived.answered}-titel-of-ana").text


def closed(people, sign_in, how="nameless"):
    leave(people.ana, people.ana.id, how)
    return sign_in(db.session.get_one(Member, people.ana.id, populate_existing=True))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/topics",
        "/settings",
        "/notices",
        "/members/ben-okoth",
        "/administration/members",
        "/terms/agree",
    ],
)
def test_a_closed_account_leads_to_the_page_that_opens_it(people, sign_in, path):
    browser = closed(people, sign_in)
    assert browser.get(path).location == "/settings/leave"
    page = browser.get("/settings/leave")
    assert page.status_code == 200 and "Open my account again" in page.text


def test_a_closed_account_does_nothing(people, agenda, sign_in):
    topic = dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "Why?", write("0"))
    )
    browser = closed(people, sign_in)
    words = {"source": "Words that are not lost."}
    answer = browser.post(f"/topics/{topic.id}/reply", data=words)
    assert answer.status_code == 403 and "Words that are not lost." in answer.text
    assert browser.post("/settings/contact").status_code == 403
    assert fetch(browser)[1].testzip() is None  # but the download of everything works
    assert browser.post("/sign-out").status_code == 303


def test_whose_account_is_closed_shows_who_they_are_and_takes_everything(people, sign_in):
    db.session.execute(update(Member).values(password_hash=hash_password(PASSWORD)))
    db.session.commit()
    browser = closed(people, sign_in)
    with at(now() + timedelta(hours=1)):
        assert browser.get("/settings/data").location == "/settings/prove?next=/settings/data"
        page = browser.get("/settings/prove?next=/settings/data")
        assert page.status_code == 200, page.location
        words = {"password": PASSWORD, "next": "/settings/data"}
        assert browser.post("/settings/prove", data=words).location == "/settings/data"
        assert browser.post("/passkeys/options/prove").status_code == 200
        assert fetch(browser)[1].testzip() is None


def test_a_closed_account_is_opened_again(people, sign_in, client):
    browser = closed(people, sign_in)
    assert browser.post("/settings/leave/stay").location == "/"
    assert "Your account is open again." in browser.get("/").text
    assert browser.get("/settings").status_code == 200
    assert client.get("/members/ana-prado").status_code == 200


def test_after_two_weeks_nobody_signs_in(people, sign_in):
    browser = closed(people, sign_in)

    with at(now() + members.COOLING_OFF):
        carry_out()
        assert browser.get("/settings/leave").location.startswith("/sign-in")


def test_the_last_administrator_is_told_why_not(people, sign_in):
    browser = sign_in(people.administrator)
    assert "Appoint another administrator first." in browser.get("/settings/leave").text
    own = f"/administration/members/{people.administrator.handle}/leave"
    assert browser.get(own).location == browser.post(own).location == "/settings/leave"
    answer = browser.post("/settings/leave", data={"how": "nameless"})
    assert answer.status_code == 422 and "Appoint another administrator first." in answer.text


def test_an_administrator_closes_an_account_that_asks_by_letter(people, sign_in, letters):
    browser = sign_in(people.administrator)
    assert (
        'href="/administration/members/ana-prado/leave"'
        in browser.get("/administration/members").text
    )
    answer = browser.post("/administration/members/ana-prado/leave", data={"how": "everything"})
    assert answer.status_code == 303 and letters()[-1].to == "ana@example.org"
    assert "leaves on" in browser.get("/administration/members").text
    assert "Open the account again" in browser.get("/administration/members/ana-prado/leave").text
    browser.post("/administration/members/ana-prado/stay")
    assert db.session.get_one(Member, people.ana.id).is_member


def test_files_are_zipped_in_parts(app):
    sizes = []
    files = [("a.txt", (bytes(1_000) for _number in range(50))), ("b/c.txt", [b"words"])]
    made = b"".join(sizes.append(len(part)) or part for part in zipped(files))
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    assert (len(archive.read("a.txt")), archive.read("b/c.txt")) == (50_000, b"words")
