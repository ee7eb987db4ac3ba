"""The whole address of one's own file or picture, pasted into a text: the text uses it as if it stood there between brackets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Draft, Post
from forum.dialogue.queries import render_with_mentions
from forum.illustrations import USED
from forum.permissions import SYSTEM
from forum.pictures.actions import look_after
from forum.pictures.models import KEPT_UNUSED, Picture
from forum.rights.queries import unused_pictures
from tests.pictures.conftest import added, added_file, shown_by

HOME = "http://localhost"


@pytest.fixture
def file(people):
    return added_file(people.ana, filename="Kerb_plan.pdf")


def replied(browser, world, source, **more):
    """The post that a browser sends."""
    form = {"source": source, "language": "en", "submission_key": "k", **more}
    answer = browser.post(f"/topics/{world['topic']}/reply", data=form)
    assert answer.status_code == 303, answer.text
    return db.session.query(Post).order_by(Post.id.desc()).first()


def test_a_reply_uses_the_file_whose_address_it_has(people, sign_in, client, world, file):
    post = replied(sign_in(people.ana), world, f"See {HOME}{file.address}.")
    assert post.source == f"See [Kerb plan]({file.address})."
    assert shown_by("post", post.id) == {file.name} and db.session.get(Picture, file.id).used_at
    assert client.get(file.address).status_code == 200
    page = client.get(client.get(f"/topics/{world['topic']}").location).text
    assert f'<a class="file" href="{file.address}">Kerb plan <small dir="ltr">(PDF · ' in page


def test_it_is_not_deleted_as_unused(people, sign_in, world, file):
    other = added_file(people.ana)
    replied(sign_in(people.ana), world, f"<{HOME}{file.address}>")
    with at(now() + KEPT_UNUSED + timedelta(days=1)):
        mine = Picture.member_id == people.ana.id
        pictures = [*db.session.query(Picture).where(mine, Picture.id >= file.id)]
        unused = unused_pictures(pictures)
        look_after(SYSTEM, {picture.id: picture.due_at for picture in pictures}, unused)
    assert unused == {other.id}
    assert db.session.get(Picture, file.id) and not db.session.get(Picture, other.id)


def test_a_link_to_a_picture_lets_readers_see_it(people, sign_in, client, world):
    plan, lane = added(people.ana), added(people.ana)
    post = replied(
        sign_in(people.ana), world, f"[a plan]({HOME}{plan.address}) {HOME}{lane.address}"
    )
    assert (
        f"[a plan]({plan.address}{USED})" in post.source
        and "(WebP · 40&nbsp;×&nbsp;30)" in post.html
    )
    assert shown_by("post", post.id) == {plan.name, lane.name}
    assert all(client.get(picture.address).status_code == 200 for picture in (plan, lane))


def test_those_of_others_stay_ordinary_links(people, sign_in, client, world, file):
    plan = added(people.ana)
    source = f"{HOME}{file.address} <{HOME}{plan.address}> [a plan]({plan.address})"
    post = replied(sign_in(people.ben), world, source)
    assert post.source == source and shown_by("post", post.id) == set()
    assert "<small" not in post.html and not db.session.get(Picture, file.id).used_at
    assert client.get(file.address).status_code == 404 == client.get(plan.address).status_code


def test_nobody_uses_the_picture_of_others_by_writing_what_a_used_link_has(people, sign_in, world):
    form = {"source": f"[a]({added(people.ana).address}{USED})", "language": "en"}
    answer = sign_in(people.ben).post(f"/topics/{world['topic']}/reply", data=form)
    assert answer.status_code == 422 and "of somebody else" in answer.text


def test_an_edit_and_its_preview_use_it(people, sign_in, world, file):
    browser, address = sign_in(people.ana), f"{HOME}{file.address}"
    post = replied(browser, world, "Soon.")
    form = {"source": address, "language": "en", "seen": post.fingerprint}
    for preview in (
        browser.post(f"/posts/{post.id}/edit", data={**form, "preview": "1"}).text,
        browser.post("/preview", data={"source": address}).text,
    ):
        assert f'<a class="file" href="{file.address}">Kerb plan <small' in preview
    assert browser.post(f"/posts/{post.id}/edit", data=form).status_code == 303
    assert shown_by("post", post.id) == {file.name}


def test_a_draft_that_was_sent_is_known_again(people, world, file):
    source = f"See {HOME}{file.address}."
    text = render_with_mentions(source, "en", people.ana)
    dialogue.reply(people.ana, world["topic"], text, "k")
    fields = [("source", source)]
    assert (
        dialogue.keep_draft(people.ana, dialogue.UnsentForm("k", fields), topic_id=world["topic"])
        is None
    )
    assert not db.session.query(Draft).all()


def test_the_practice_of_its_author_uses_it(people, sign_in, agenda, file):
    browser = sign_in(people.ana)
    form = {
        "title": "Kerbs",
        "agenda": agenda.slug,
        "sentence": "Lower them.",
        "done": f"<{HOME}{file.address}>",
        "deed": "submit",
        "language": "en",
        "audience": "public",
        "failure_audience": "public",
        "submission_key": "p",
    }
    preview = browser.post("/practices/new", data={**form, "preview": "1"}).text
    assert '<a class="file"' in preview
    answer = browser.post("/practices/new", data=form)
    assert answer.status_code == 303, answer.text
    assert (
        f'<a class="file" href="{file.address}">Kerb plan <small'
        in browser.get(answer.location).text
    )
