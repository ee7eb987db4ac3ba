"""The random walk through the forum notices faulty pages, links, forms and responses; and one walk runs."""

from __future__ import annotations

import random
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, redirect, request

from forum.agendas.actions import AgendaText, set_hosts, write_agenda
from forum.agendas.models import Agenda
from forum.clock import now
from forum.declarations.actions import open_declaration
from forum.dialogue.actions import NewTopic, open_topic, reply
from forum.library.actions import (
    CaseText,
    FigureText,
    LinkText,
    publish,
    submit,
    write_case,
    write_practice,
)
from forum.markup import PlainTexts, Written, write
from forum.members.actions import Profile, appoint, edit_profile
from forum.members.queries import get_member
from forum.moderation.actions import Reasons, decide, report, write_staff_note
from forum.parallels.actions import add_translation
from forum.permissions import SYSTEM
from tests.declarations.conftest import draft as declared
from tests.parallels.conftest import PRACTICE, in_french
from tests.screens import faults_in, read_screen
from tests.trials import __main__ as trials
from tests.trials import walker as walker_module
from tests.trials import wander, wander_ground
from tests.trials.scribbles import ODD, Scribbler, encoded
from tests.trials.walker import Walker
from tests.trials.wander_edits import differences, untouched
from tests.trials.wander_ground import Wanderer
from tests.trials.wander_lookout import miscount
from tests.trials.wander_secrets import secrets
from tests.trials.wander_uploads import Upload, bad_files, good_files
from tests.trials.wander_world import World
from tests.trials.window import Answer, Sending, due_after


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<h1>A</h1><h1>B</h1>", "2 main headings"),
        ("<h1>A</h1><p>None</p>", "the text says: …A None"),
        ("<h1>A</h1><p>&amp;lt;b&amp;gt;</p>", "the text says: …A &lt;b"),
        ('<h1>A</h1><img alt="%(name)s">', "the alt of <img> says"),
        ('<h1 id="a">A</h1><p id="a">B</p>', "id “a” is there 2 times"),
        ('<h1>A</h1><label for="a">B</label>', "for=“a” leads to nothing"),
        ('<h1>A</h1><a href="#b">B</a>', "href=“b” leads to nothing"),
        ("<h1>A</h1><h3>B</h3>", "<h3> follows on <h1>"),
        ("<h1>A</h1><div><p>B</div>", "</div> where html div p is open"),
        ("<h1>A</h1><form><form></form></form>", "a form in a form"),
    ],
)
def test_what_is_wrong_with_a_page_is_found_out(html: str, fault: str) -> None:
    faults = faults_in(f"<html><title>T</title>{html}</html>")
    assert any(fault in complaint for complaint in faults), faults


def test_a_form_is_read_as_a_browser_reads_it() -> None:
    html = """<html><title>T</title><h1>A</h1><form method="post" action="/go">
    <input name="a" value="1" readonly><input type="checkbox" name="b" checked>
    <input name="c" disabled><textarea name="d">\r\n\r\nTwo\nlines</textarea>
    <select name="e"><option value="x">X<option value="y" selected>Y</select>
    <template><input name="row-0"></template>
    <button name="f" value="2" formaction="/else">Go</button></form><textarea>Kept</textarea></html>"""
    screen = read_screen(html)
    [form] = screen.forms
    assert [field.value for field in screen.loose] == ["Kept"]
    known = {field.name: field for field in form.fields}
    assert list(known) == ["a", "b", "d", "e"]
    assert known["a"].is_fixed and known["b"].is_checked and known["e"].chosen == ["y"]
    assert known["d"].value == "\r\nTwo\r\nlines" and known["e"].options == ["x", "y"]
    assert [(button.name, button.action) for button in form.buttons] == [("f", "/else")]


@pytest.mark.parametrize(
    ("told", "shown", "fault"),
    [
        (
            "2 replies",
            '<li id="post-2"><li id="post-3" class="gone"><li id="post-4" class="acc">',
            "",
        ),
        ("1 reply", '<li id="post-2"><li id="post-3">', "tells of 1 replies and shows 2"),
        ("No replies yet", '<li id="post-2">', "tells of 0 replies and shows 1"),
        ("3 comments", "", "tells of 3 replies and shows 0"),
        ("3 comments on the whole", "", ""),
        ("30 replies", '<a href="?page=2">2</a>', ""),
    ],
)
def test_the_number_of_replies_is_counted(told: str, shown: str, fault: str) -> None:
    assert miscount(f'<h2 class="mt7" id="replies">{told}</h2><ol>{shown}</ol>') == fault


def page_of_walk(body: str) -> str:
    return f"<html><title>T</title><h1>A</h1>{body}</html>"


def small_site() -> Flask:
    """A site with a fault of each kind that the walk can find."""
    site = Flask("small")
    pages = {
        "/": '<a href="/gone">Gone</a>',
        "/refused": '<form method="post" action="/no"><button>Do it</button></form>',
        "/lost": '<form method="post" action="/yes"><button>Do it</button></form>',
        "/broken": "<p>None</p>",
        "/typed": '<form method="post" action="/forget"><textarea name="said"></textarea><button>Do it</button></form>',
    }
    for path, body in pages.items():
        site.add_url_rule(path, path, lambda body=body: page_of_walk(body))
    site.add_url_rule("/no", "no", lambda: (page_of_walk("No."), 403), methods=["POST"])
    site.add_url_rule("/yes", "yes", lambda: redirect("/gone", 303), methods=["POST"])
    site.add_url_rule("/forget", "forget", lambda: (page_of_walk("No."), 422), methods=["POST"])
    site.add_url_rule("/round", "round", lambda: redirect("/round"))
    site.add_url_rule("/fails", "fails", lambda: str(1 // 0))
    site.add_url_rule("/busy", "busy", lambda: (page_of_walk("Busy."), 503))
    site.testing = True
    return site


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/", "a link of / leads to /gone: 404"),
        ("/refused", "a form that /refused has just shown is answered 403"),
        ("/lost", "POST /yes [] leads to /gone: 404"),
        ("/typed", "/forget (422) does not give back"),
        ("/broken", "/broken (200): the text says: …A None"),
        ("/round", "/round leads round in a circle"),
        ("/fails", "GET /fails fails: "),
        ("/busy", "GET /busy is answered 503"),
    ],
)
def test_what_a_walker_comes_across_is_found_out(path: str, fault: str) -> None:
    site, rng = small_site(), random.Random(1)
    world = World(site, rng, Scribbler(rng, ["a@example.org"], ["ana"]), now())
    walker = Walker(world, Wanderer("ana", "a@example.org"), site.test_client())
    walker.places.clear()
    walker.places.append(path)
    for _turn in range(20):
        walker.turn([walker])
    assert any(fault in complaint for complaint in world.faults), world.faults
    assert fault in "\n".join(world.faults) and len(set(world.kinds)) == len(world.faults)


def test_whoever_looks_for_rare_deeds_does_each_as_often_as_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walker_module, "SEEKING", 1)
    forms = [
        f'<form method="post" action="/{name}"><button>Do it</button></form>' for name in "abcdef"
    ]
    site, rng = Flask("small"), random.Random(1)
    site.add_url_rule("/", "start", lambda: page_of_walk("".join([*forms[:1] * 30, *forms])))
    for name in "abcdef":
        site.add_url_rule(f"/{name}", name, lambda: redirect("/", 303), methods=["POST"])
    world = World(site, rng, Scribbler(rng, ["a@example.org"], ["ana"]), now())
    walker = Walker(world, Wanderer("ana", "a@example.org"), site.test_client())
    walker.arrive_at("/")
    for _turn in range(60):
        walker.turn([walker])
    # What was done otherwise counts, too, so it is sought a little less
    sought = [world.sought[f"/{name}"] for name in "abcdef"]
    assert 0 < max(sought) <= 2 * min(sought)


def test_what_is_chosen_on_one_page_is_done_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker_module, "SEEKING", 1)
    site, rng = Flask("small"), random.Random(1)
    chosen = '<input type="checkbox" name="topic" value="1" checked>'
    choice = (
        f'<form method="get" action="/">{chosen}<button formaction="/lock">Lock</button></form>'
    )
    deed = '<form method="post"><button>Lock them</button></form>'
    site.add_url_rule("/", "start", lambda: page_of_walk(choice))
    site.add_url_rule("/lock", "page", lambda: page_of_walk(deed))
    site.add_url_rule("/lock", "lock", lambda: redirect("/", 303), methods=["POST"])
    world = World(site, rng, Scribbler(rng, ["a@example.org"], ["ana"]), now())
    walker = Walker(world, Wanderer("ana", "a@example.org"), site.test_client())
    walker.arrive_at("/")
    before = walker.curiosity
    for _turn in range(30):
        walker.turn([walker])
    assert world.done["/lock"] > 2 and walker.curiosity < before


def test_every_second_form_is_filled_in_with_care() -> None:
    html = """<html><title>T</title><h1>A</h1><form method="post"><input name="name" required>
    <input name="day" type="date" required><input type="radio" name="kind" value="x">
    <input type="file" name="picture"></form></html>"""
    [form] = read_screen(html).forms
    scribbler = Scribbler(random.Random(3), ["a@example.org"], ["ana"])
    filled = [dict(scribbler.fill(form)) for _time in range(200)]
    soon = {encoded((scribbler.today + timedelta(days=days)).isoformat()) for days in range(1, 60)}
    odd = {encoded(text) for text in ODD}
    careful = [
        one for one in filled if one.get("kind") and one["day"] in soon and one["name"] not in odd
    ]
    assert 100 < len(careful) < 180


def test_files_are_chosen_good_and_broken_ones_and_none() -> None:
    html = """<html><title>T</title><h1>A</h1><form method="post" enctype="multipart/form-data">
    <input name="words" value="Ça &amp; là"><input type="file" name="picture"></form></html>"""
    [form] = read_screen(html).forms
    scribbler = Scribbler(random.Random(3), ["a@example.org"], ["ana"])
    chosen = {dict(scribbler.fill(form))["picture"] for _time in range(200)}
    assert chosen == {Upload(), *good_files(), *bad_files()}
    for file in chosen:
        assert isinstance(file, Upload)
        sent = Sending("post", "/", [*untouched(form)[:1], ("picture", file)], form.is_multipart)
        with Flask("small").test_request_context(
            method="POST", data=sent.encoded, content_type=sent.content_type
        ):
            assert request.form.to_dict() == {"words": "Ça & là"}
            assert request.files["picture"].read() == file
            assert bool(request.files["picture"].filename) == bool(file.filename)


def edited_as(shown: str, answer: str) -> Flask:
    """A site whose form of editing shows something after it was sent and answered."""
    site, said = Flask("small"), ["Good"]

    def edit() -> Any:
        if request.method == "GET":
            field = f'<input name="said" value="{said[0]}"><input name="reason">'
            return page_of_walk(f'<form method="post">{field}<button>Save</button></form>')
        said[0] = shown or request.form["said"]
        return redirect("/edit", 303) if answer == "saved" else (page_of_walk("No."), 422)

    site.add_url_rule("/edit", "edit", edit, methods=["GET", "POST"])
    return site


@pytest.mark.parametrize(
    ("shown", "answer", "fault"),
    [
        ("Good", "refused", "of /edit is refused (422), as it was shown"),
        ("Bad", "saved", "/edit was accepted, yet shows said: ['Good'] is ['Bad']"),
        ("", "saved", ""),
    ],
)
def test_a_form_of_editing_is_sent_back_as_it_is(
    monkeypatch: pytest.MonkeyPatch, shown: str, answer: str, fault: str
) -> None:
    monkeypatch.setattr(walker_module, "UNTOUCHED", 1)
    site, rng = edited_as(shown, answer), random.Random(1)
    world = World(site, rng, Scribbler(rng, ["a@example.org"], ["ana"]), now())
    walker = Walker(world, Wanderer("ana", "a@example.org"), site.test_client())
    walker.arrive_at("/edit")
    walker.places.clear()
    walker.places.append("/edit")
    for _turn in range(5):
        walker.turn([walker])
    found = "\n".join(world.faults)
    assert fault in found if fault else not found


def test_what_was_accepted_stands_in_the_form_afterwards() -> None:
    html = """<html><title>T</title><h1>A</h1><form method="post"><input name="said" value=" sign1x  hush1x ">
    <input name="plain" value="Else"><input name="reason"><input type="hidden" name="seen" value="2">
    <input type="checkbox" name="on" value="1"><select name="one"><option value="a">A<option value="b">B</select></form>"""
    [form] = read_screen(html).forms
    sent = {
        "said": "sign1x\r\nhush1x\x00",
        "plain": "This",
        "reason": "sign2x hush2x",
        "seen": "1",
        "one": "a",
    }
    body = [(name, encoded(value)) for name, value in sent.items()]
    assert differences(body, form, is_untouched=False) == []
    changed = [*body[1:-1], ("said", b"sign3x hush3x"), ("on", b"1"), ("one", b"b")]
    assert [words[:4] for words in differences(changed, form, is_untouched=False)] == [
        "on: ",
        "one:",
        "said",
    ]
    assert differences(body, form, is_untouched=True) == ["plain: ['This'] is ['Else']"]


def test_what_nobody_may_find_is_told_from_the_rows(
    app: Flask, people: Any, agenda: Agenda
) -> None:
    def typed(number: int) -> Written:
        return write(f"sign{number}x hush{number}x")

    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Shown", typed(1)))
    among = NewTopic("question", "Among us", typed(2), audience="members")
    reply(people.ben, open_topic(people.ana, agenda.id, among).id, typed(3))
    hidden = reply(people.ben, topic.id, typed(4))
    report(people.chitra, "post", hidden.id, "rules", typed(8).source)
    decide(people.moderator, "post", hidden.id, "hide", Reasons("It was rude.", 2))
    write_agenda(people.moderator, AgendaText("To come", typed(5), is_open=False))
    edit_profile(people.ben, Profile("Ben Okoth", about=typed(6)))
    write_staff_note(people.moderator, people.ben.id, typed(7).source)
    found = secrets()
    assert found.from_visitors == {f"hush{number}x" for number in (2, 3, 4, 5, 7, 8)}
    assert found.from_members == {f"hush{number}x" for number in (4, 5, 7, 8)}
    decide(people.moderator, "post", hidden.id, "restore")
    reply(people.ben, topic.id, typed(8))  # a word that is also in a public text is no secret
    assert secrets().from_members == {"hush5x", "hush7x"}


def test_words_of_a_translation_are_for_those_who_may_read_its_original(
    app: Flask, people: Any, agenda: Agenda
) -> None:
    text = replace(PRACTICE, failure_audience="members")
    practice = submit(people.ana, write_practice(people.ana, agenda.id, text).id)
    publish(people.moderator, practice.id)
    words = {"parts": {"challenge": "hush2x", "failure": "hush3x"}}
    add_translation(people.ben, "practice", practice.id, in_french(sentence="hush1x", **words))
    write_staff_note(people.moderator, people.ben.id, "hush1x")  # said in public, too
    assert (secrets().from_visitors, secrets().from_members) == ({"hush3x"}, set())
    decide(people.moderator, "practice", practice.id, "hide", Reasons("It was an advert.", 2))
    assert secrets().from_members == {"hush1x", "hush2x", "hush3x"}


def test_words_of_parts_of_a_case_are_as_open_as_the_case(
    app: Flask, people: Any, agenda: Agenda
) -> None:
    parts = {
        "figures": [FigureText("Trams", "hush1x")],
        "links": [LinkText("hush2x", "https://x.org")],
    }
    case = write_case(
        people.host, agenda.id, CaseText("Metro", "tram", "Trams.", "hush3x", **parts)
    )
    write_staff_note(people.moderator, people.ben.id, "hush1x hush2x hush3x")
    assert not secrets().from_visitors
    decide(people.moderator, "case", case.id, "hide", Reasons("It was an advert.", 2))
    assert secrets().from_members == {"hush1x", "hush2x", "hush3x"}


@pytest.mark.parametrize(
    ("path", "link", "statuses"),
    [
        ("/notices/7/read", "/settings/factors", {200, 403, 404}),
        ("/notices/7/read", "/settings", {200, 403}),
        ("/topics/7/lock", "/settings/factors", {200}),
    ],
)
def test_a_host_whose_rights_wait_comes_to_no_agenda_in_preparation(
    path: str, link: str, statuses: set[int]
) -> None:
    page = read_screen(f'<html><title>T</title><h1>A</h1><a href="{link}">On</a></html>')
    assert due_after(path, Answer("GET", 404, "/agendas/quieter", screen=page)) == statuses


def test_words_of_a_declaration_are_no_secret_once_it_is_open(
    app: Flask, people: Any, agenda: Agenda
) -> None:
    declaration = declared(people, agenda, title="hush1x", text="hush2x")
    assert secrets().from_members == {"hush1x", "hush2x"}
    open_declaration(people.host, declaration.id, PlainTexts())
    assert not secrets().from_visitors


def test_who_stands_by_does_so_whatever_they_are_appointed_to(
    people: Any, agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wander_ground, "BYSTANDER", people.chitra.handle)
    assert wander_ground.stands_apart()
    appoint(people.administrator, people.chitra.handle, "moderator")
    assert wander_ground.stands_apart()
    assert get_member(SYSTEM, people.chitra.handle).role == "member"
    set_hosts(people.moderator, agenda.id, [people.chitra.handle])
    assert not wander_ground.stands_apart()
    monkeypatch.setattr(wander_ground, "BYSTANDER", "left-since")
    assert wander_ground.stands_apart()


@pytest.mark.thorough
def test_a_short_walk_finds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(wander, "QUICK_STEPS", 150)
    monkeypatch.setattr(wander, "LOOKED_AT_LAST", 0.05)
    words = ["tests.trials", "wander", "--quick", "--database", "sqlite", "--seed", "7"]
    monkeypatch.setattr(sys, "argv", words)
    assert trials.main() == 0
