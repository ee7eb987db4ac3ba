"""Pictures of members: chosen with the profile, seen by whoever sees the profile, and gone when it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, update

from forum import configuring
from forum.accounts import actions as accounts
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic
from forum.errors import Forbidden, Invalid
from forum.markup import write
from forum.members import actions
from forum.members.actions import PORTRAIT_SIZE, Profile
from forum.members.models import Member, Portrait
from forum.moderation import actions as moderation
from forum.permissions import SYSTEM
from forum.responses import KEPT_BY_BROWSERS, PICTURE_POLICY
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.shrinker import SQUARE_BYTES
from forum.shrinking import Shrunk, shrink, take
from tests.samples_of_pictures import opened, picture

FACE = re.compile(
    r'<img class="av(?: lg)? a-[a-z]+" src="(/portraits/[0-9a-f]{24}-(\d+)x\2\.webp)"'
)
READ = re.compile(r'name="read" type="hidden" value="(\w+)"')
SENTENCES = {
    "words": (b"I am Ana.", "no picture that can be read"),
    "empty": (b"", "no picture that can be read"),
    "broken": (picture()[:60], "no picture that can be read"),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture that can be read"),
    "too large": (picture() + b"\0" * 12_000_000, "more than 12 MB"),
    "too many pixels": (picture(size=(10_000, 5_001), mode="1"), "more than 50 million pixels"),
}
CITY = "medellin"
WORDS = {"name": "Ana Prado", "organisation": "", "language": "en", "city": "Medellín, Colombia"}


def sent(data: bytes, filename: str = "me.jpg", **words: str) -> dict[str, Any]:
    return {**WORDS, **words, "picture": (BytesIO(data), filename)}


def choose(browser: FlaskClient, data: bytes = picture("JPEG"), **words: str) -> str:
    """Send a picture with the profile; returns its address, which the form has."""
    answer = browser.post("/settings", data=sent(data, **words))
    assert answer.status_code == 303, answer.text
    found = FACE.search(browser.get("/settings").text)
    assert found
    return found[1]


def show(member: Any, kind: str = "JPEG") -> str:
    """Give a member a picture by the deed; returns its address."""
    made = shrink(picture(kind, (300, 200)), PORTRAIT_SIZE, is_square=True)
    accounts.edit_profile(
        member, Profile(member.name, member.position, city_id=member.city_id, portrait=made)
    )
    return f"/portraits/{made.name}.webp"


def shown(member: Any) -> str:
    """The name of a member's picture, as it is saved."""
    return db.session.scalars(select(Member.portrait).where(Member.id == member.id)).one()


def number_of_portraits() -> int:
    return db.session.scalar(select(func.count()).select_from(Portrait)) or 0


def change(member: Any, **values: Any) -> None:
    db.session.execute(update(Member).where(Member.id == member.id).values(**values))
    db.session.commit()


@pytest.fixture
def browser(sign_in: Callable[[Any], FlaskClient], people: Any) -> FlaskClient:
    """Ana's."""
    return sign_in(people.ana)


def test_a_member_shows_a_picture_where_profiles_are_seen_and_nowhere_else(
    browser: FlaskClient, client: FlaskClient, people: Any, agenda: Agenda
) -> None:
    profile = f"/members/{people.ana.handle}"
    topic = open_topic(people.ana, agenda.id, NewTopic("question", "Who?", write("Me.")))
    assert not FACE.search(client.get(profile).text)
    address = choose(browser, picture("JPEG", (1200, 800)))
    for reader in (client, browser):
        page = reader.get(profile).text
        (face,) = re.findall(rf'<img [^>]*src="{address}"[^>]*>', page)
        assert 'width="112" height="112" alt=""' in face and "loading" not in face
        assert page.count(address) == 2
        (face,) = re.findall(rf'<img [^>]*src="{address}"[^>]*>', reader.get("/members").text)
        assert 'width="40" height="40" alt="" loading="lazy"' in face
        for path in (topic.address, "/", "/topics", f"/agendas/{agenda.slug}"):
            assert "/portraits/" not in reader.get(path).text, path
    assert f'<meta property="og:image" content="http://localhost{address}">' in page
    whole = opened(client.get(address).data)
    assert (whole.format, whole.size) == ("WEBP", (PORTRAIT_SIZE, PORTRAIT_SIZE))


def test_lists_of_the_members_of_a_city_and_of_those_who_are_found_show_pictures(
    client: FlaskClient, people: Any
) -> None:
    address = show(people.ana)
    for path in (f"/cities/{CITY}", "/search?q=Prado"):
        assert (
            f'src="{address}" width="40" height="40" alt="" loading="lazy"' in client.get(path).text
        )


def test_a_picture_is_the_square_in_the_middle_small_and_without_what_a_camera_wrote() -> None:
    wide = Image.new("RGB", (900, 300), "red")
    wide.paste("blue", (300, 0, 600, 300))
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "taken at my home", 6
    data = BytesIO()
    wide.save(data, "JPEG", exif=exif)
    made = shrink(data.getvalue(), PORTRAIT_SIZE, is_square=True)
    whole = opened(made.whole).convert("RGB")
    assert whole.size == (256, 256) and made.name.endswith("-256x256") and not made.small
    for place in ((9, 9), (128, 128), (246, 246)):
        red, _green, blue = whole.getpixel(place)  # type: ignore[misc]
        assert blue > 200 > 60 > red, place
    assert b"home" not in made.whole
    noise = BytesIO()
    Image.effect_noise((900, 700), 90).save(noise, "PNG")
    assert len(shrink(noise.getvalue(), PORTRAIT_SIZE, is_square=True).whole) <= SQUARE_BYTES


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_of_mere_noise_becomes_smaller_so_that_another_forum_takes_it(mode: str) -> None:
    data, bands = BytesIO(), [Image.effect_noise((256, 256), 250) for _band in mode]
    Image.merge(mode, bands).save(data, "PNG")
    made = shrink(data.getvalue(), PORTRAIT_SIZE, is_square=True)
    assert len(made.whole) <= SQUARE_BYTES
    assert take(made.name, made.whole, PORTRAIT_SIZE, is_square=True) == made


@pytest.mark.parametrize(
    ("kind", "mode", "name"),
    [
        ("PNG", "RGBA", "me.jpg"),
        ("JPEG", "CMYK", "me.png"),
        ("GIF", "P", "me"),
        ("WEBP", "RGB", "x.exe"),
    ],
)
def test_what_is_a_picture_is_taken_whatever_its_file_is_called(
    browser: FlaskClient, kind: str, mode: str, name: str
) -> None:
    form = sent(picture(kind, mode=mode), name)
    assert browser.post("/settings", data=form).status_code == 303
    found = FACE.search(browser.get("/settings").text)
    assert found and found[2] == "30"


@pytest.mark.parametrize("why", SENTENCES)
def test_what_cannot_be_a_picture_is_refused_beside_the_field_and_nothing_is_lost(
    browser: FlaskClient, people: Any, why: str
) -> None:
    data, words = SENTENCES[why]
    said = {"helps_with": "Kerbs & trams", "about": "I *count* them.", "position": "Surveyor"}
    answer = browser.post("/settings", data=sent(data, **said))
    assert answer.status_code == 422 and "<title>Error: " in answer.text
    assert 'id="picture-error"' in answer.text and len(re.findall(words, answer.text)) >= 2
    for typed in ("Kerbs &amp; trams", "I *count* them.", 'value="Surveyor"'):
        assert typed in answer.text
    assert number_of_portraits() == 0


def test_of_a_moving_picture_the_beginning_is_shown(browser: FlaskClient) -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("green", "yellow")]
    data = BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    whole = opened(browser.get(choose(browser, data.getvalue())).data)
    assert not getattr(whole, "is_animated", False)
    assert whole.convert("RGB").getpixel((30, 30))[0] < 60  # type: ignore[index]


def test_a_profile_with_a_picture_may_be_larger_than_other_forms(browser: FlaskClient) -> None:
    assert choose(browser, picture() + b"\0" * (configuring.MAX_BODY + 10))
    beyond = sent(picture() + b"\0" * configuring.MAX_BODY)
    assert browser.post("/settings/themes", data=beyond).status_code == 413


def test_another_picture_takes_its_place_and_a_tick_takes_it_out(
    browser: FlaskClient, client: FlaskClient, people: Any
) -> None:
    assert "Remove my picture" not in browser.get("/settings").text
    first = choose(browser)
    assert "Remove my picture" in browser.get("/settings").text
    second = choose(browser)
    assert first != second and number_of_portraits() == 1
    assert client.get(first).status_code == 404 and client.get(second).status_code == 200
    assert browser.post("/settings", data={**WORDS, "position": "Mason"}).status_code == 303
    assert shown(people.ana) in second, "the picture stays"
    both = choose(browser, drops_portrait=shown(people.ana))
    assert both != second, "a new one stands for the old one"
    assert (
        browser.post("/settings", data={**WORDS, "drops_portrait": shown(people.ana)}).status_code
        == 303
    )
    assert shown(people.ana) == "" and number_of_portraits() == 0
    assert client.get(both).status_code == 404
    assert not FACE.search(client.get(f"/members/{people.ana.handle}").text)


def test_a_tick_beside_another_picture_takes_none_out(browser: FlaskClient, people: Any) -> None:
    """Of a form that was opened, or kept by the browser, before the picture was replaced in another window."""
    choose(browser)
    stale = {**WORDS, "drops_portrait": shown(people.ana)}
    choose(browser)
    (tick,) = re.findall(r'<input [^>]*name="drops_portrait"[^>]*>', browser.get("/settings").text)
    assert f'value="{shown(people.ana)}"' in tick
    refused = browser.post("/settings", data={**stale, "name": ""})
    assert refused.status_code == 422 and " checked" not in refused.text
    assert browser.post("/settings", data=stale).status_code == 303
    assert shown(people.ana) and number_of_portraits() == 1


def test_a_form_that_is_shown_again_says_that_the_picture_has_to_be_chosen_again(
    browser: FlaskClient,
) -> None:
    refused = browser.post("/settings", data=sent(picture(), name=""))
    assert refused.status_code == 422 and number_of_portraits() == 0
    assert refused.text.count("Choose the file again; it is never sent back to the page.") == 2
    shown = browser.post("/settings", data=sent(picture(), about="*Trams*", preview="1"))
    assert shown.status_code == 200 and "<em>Trams</em>" in shown.text
    assert "Choose the picture again before you save" in shown.text
    assert "Choose the picture again" not in browser.get("/settings").text
    without = browser.post("/settings", data={**WORDS, "name": ""})
    assert without.status_code == 422 and "Choose the file again" not in without.text


def test_whoever_sees_the_profile_loads_the_picture_once(
    browser: FlaskClient, client: FlaskClient, people: Any, queries: Any
) -> None:
    address = show(people.ana)
    for reader, number in ((client, 1), (browser, 2)):
        with queries() as made:
            answer = reader.get(address)
        assert answer.status_code == 200 and answer.mimetype == "image/webp"
        assert answer.headers["Cache-Control"] == KEPT_BY_BROWSERS
        assert "private" in KEPT_BY_BROWSERS and "Cookie" in answer.headers["Vary"]
        assert answer.headers["Content-Security-Policy"] == PICTURE_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers and made.count <= number, made.statements
        again = reader.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    for other in ("none", "", "a" * 24 + "-40x30", "../1", "%00", "%", shown(people.ana)[:-1]):
        assert client.get(f"/portraits/{other}.webp").status_code == 404, other


def test_a_hidden_profile_hides_its_picture_but_from_the_member_and_the_moderators(
    browser: FlaskClient, client: FlaskClient, sign_in: Any, people: Any
) -> None:
    address = show(people.ana)
    tag = {"If-None-Match": client.get(address).headers["ETag"]}
    actions.hide_profile(people.moderator, people.ana.id)
    for reader in (client, sign_in(people.ben), sign_in(people.host)):
        assert reader.get(address).status_code == 404
        assert reader.get(address, headers=tag).status_code == 404, "whoever has it already"
        for path in ("/members", f"/cities/{CITY}", "/search?q=Prado"):
            assert address not in reader.get(path).text
    for reader in (browser, sign_in(people.moderator)):
        answer = reader.get(address)
        assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
        assert address in reader.get(f"/members/{people.ana.handle}").text
    actions.restore_profile(people.moderator, people.ana.id)
    assert client.get(address).status_code == 200


def test_a_moderator_sees_the_picture_of_a_profile_that_was_reported(
    sign_in: Any, people: Any
) -> None:
    address = show(people.ana)
    path = f"/members/{people.ana.handle}/report"
    said = {"reason": "rules", "details": "This is not Ana.", "category": "rules"}
    assert sign_in(people.ben).post(path, data=said).status_code in (303, 422)
    assert f'src="{address}"' in sign_in(people.moderator).get("/moderation").text


def test_a_decision_about_a_profile_is_about_the_picture_and_words_that_were_seen(
    sign_in: Any, people: Any
) -> None:
    moderation.report(people.ben, "member", people.ana.id, "rules")
    browser, door = sign_in(people.moderator), f"/moderation/member/{people.ana.id}"
    form = {"deed": "keep", "seen": "0"}
    for change_it in (
        lambda: show(people.ana),
        lambda: accounts.edit_profile(people.ana, Profile(people.ana.name, helps_with="Insults")),
    ):
        (seen,) = READ.findall(browser.get(door).text)
        change_it()
        late = browser.post(f"{door}/decide", data=form | {"read": seen})
        assert late.status_code == 409 and "changed this text meanwhile" in late.text
        (anew,) = READ.findall(late.text)
        assert anew != seen
    assert browser.post(f"{door}/decide", data=form | {"read": anew}).status_code == 303


@pytest.mark.parametrize("how", ["nameless", "everything"])
def test_the_picture_of_an_account_that_ends_is_deleted(
    client: FlaskClient, people: Any, how: str
) -> None:
    address = show(people.ana)
    actions.leave(people.ana, people.ana.id, how)
    actions.depart(SYSTEM, people.ana.id)
    assert client.get(address).status_code == 404
    assert shown(people.ana) == "" and number_of_portraits() == 0


def test_who_may_not_write_may_take_the_picture_out_and_show_no_other(
    browser: FlaskClient, people: Any
) -> None:
    address = show(people.ana)
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=365))
    page = browser.get("/settings").text
    assert 'name="picture"' not in page and "Remove my picture" in page
    assert browser.post("/settings", data=sent(picture())).status_code == 403
    assert shown(people.ana) in address
    assert (
        browser.post("/settings", data={**WORDS, "drops_portrait": shown(people.ana)}).status_code
        == 303
    )
    assert shown(people.ana) == ""


def test_a_rule_about_what_new_members_show_holds_for_their_pictures(
    app: Flask, browser: FlaskClient, people: Any
) -> None:
    make_rule(people.administrator, RuleText("links", sentence="We look at it first."))
    set_newness(people.administrator, days=14, posts=3, first_posts=0)
    answer = browser.post("/settings", data=sent(picture(), position="Surveyor"))
    assert answer.status_code == 422 and 'value="Surveyor"' in answer.text
    assert answer.text.count("A rule of this forum stops your picture") == 2
    assert browser.post("/settings", data=WORDS).status_code == 303, "words it lets pass"
    change(people.ana, posts_count=3)
    assert choose(browser)


def test_a_forum_without_pictures_takes_none_of_members(
    app: Flask, browser: FlaskClient, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(people.ana)
    settings = app.extensions["settings"]
    monkeypatch.setitem(
        app.extensions, "settings", settings.__class__(**{**vars(settings), "pictures_mb": 0})
    )
    monkeypatch.setitem(app.jinja_env.globals, "takes_pictures", False)
    page = browser.get("/settings").text
    assert 'name="picture"' not in page and "Remove my picture" in page
    answer = browser.post("/settings", data=sent(picture()))
    assert answer.status_code == 422 and "This forum takes no pictures." in answer.text


def test_profile_and_directory_ask_no_more_with_pictures(
    client: FlaskClient, people: Any, queries: Any
) -> None:
    def asked(path: str) -> int:
        client.get(path)
        with queries() as made:
            client.get(path)
        return int(made.count)

    paths = (f"/members/{people.ana.handle}", "/members", f"/cities/{CITY}")
    before = [asked(path) for path in paths]
    show(people.ana)
    assert [asked(path) for path in paths] == before


def test_nobody_shows_a_picture_for_somebody_else(people: Any) -> None:
    made = Shrunk(f"{'a' * 24}-256x256", b"a face", b"")
    profile = Profile(people.ana.name, portrait=made)
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=365))
    with pytest.raises(Forbidden):
        accounts.edit_profile(people.ana, profile)
    with pytest.raises(Invalid):
        shrink(b"", PORTRAIT_SIZE, is_square=True)
