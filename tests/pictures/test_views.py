"""The pages of pictures, who sees a picture, and the responses to uploads that are not pictures."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest

from forum import configuring
from forum.agendas import actions as agendas
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.queries import first_post
from forum.markup import write
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.pictures.actions import delete_picture
from forum.pictures.models import Picture
from forum.screening.actions import RuleText, make_rule
from tests.pictures.conftest import added, added_file
from tests.samples_of_files import PDF, office
from tests.samples_of_pictures import opened, picture

REASONS = Reasons("It is advertising.", 2)


def sent(data=None, name="street.jpg", **more):
    return {"picture": (BytesIO(picture() if data is None else data), name), **more}


def newest():
    return db.session.query(Picture).order_by(Picture.id.desc()).first()


# Adding


def test_a_member_adds_a_picture_and_gets_the_line_for_a_text(people, sign_in):
    browser = sign_in(people.ana)
    answer = browser.post("/pictures", data=sent(picture("JPEG", (1000, 500)), alt="A lane"))
    made = newest()
    assert answer.location == f"/pictures?added={made.id}&alt=A+lane"
    page = browser.get(answer.location).text
    assert f'value="![A lane]({made.address})"' in page and "Your picture is added." in page
    assert opened(browser.get(made.address).data).size == (1000, 500)
    assert opened(browser.get(made.thumbnail).data).size == (640, 320)


def test_without_words_the_line_has_a_place_for_them(people, sign_in):
    browser = sign_in(people.ana)
    page = browser.get(browser.post("/pictures", data=sent()).location).text
    assert 'value="![](/pictures/' in page and "Write between the brackets" in page


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Choose a picture or a file."),
        ({"picture": "words"}, "Choose a picture or a file."),
        (sent(b""), "Choose a picture or a file."),
        (sent(b"<p>Kerb</p>", "a.html"), "No file of this kind can be added."),
        (sent(b"\xd0\xcf\x11\xe0", "a.doc"), "No file of this kind can be added."),
        (sent(office(**{"word/vbaProject.bin": "x"}), "a.docm"), "This file has macros"),
        (sent(PDF + b" " * 10_000_000, "a.pdf"), "This file has more than 10 MB."),
        (sent(b"<svg onload=alert(1)>", "a.jpg"), "no picture that can be read"),
        (sent(alt="x" * 301), "Write at most 300 characters."),
    ],
)
def test_what_is_no_picture_is_refused_beside_the_field(people, sign_in, data, said):
    data = {
        k: (BytesIO(v[0].getvalue()), v[1]) if isinstance(v, tuple) else v for k, v in data.items()
    }
    answer = sign_in(people.ana).post("/pictures", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422 and said in answer.text
    assert newest() is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a.html;.png", "\x00", "x" * 5_000, "photo.svg"]
)
def test_the_name_of_a_file_means_nothing(people, sign_in, name):
    assert sign_in(people.ana).post("/pictures", data=sent(name=name)).status_code == 303
    assert set(newest().name) <= set("0123456789abcdefx-")


def test_a_file_in_place_of_words_is_no_mistake(people, sign_in):
    browser = sign_in(people.ana)
    answer = browser.post("/pictures", data=sent(alt=(BytesIO(b"A lane"), "words.txt")))
    assert answer.location == f"/pictures?added={newest().id}"
    twice = {"picture": [(BytesIO(picture()), "a.png"), (BytesIO(b"none"), "b.png")]}
    assert browser.post("/pictures", data=twice).status_code == 303


def test_a_photograph_may_be_larger_than_all_other_forms(people, sign_in):
    browser = sign_in(people.ana)
    photograph = picture("PNG", (40, 30)) + b"\0" * (configuring.MAX_BODY + 10)
    assert browser.post("/pictures", data=sent(photograph)).status_code == 303
    beyond = picture() + b"\0" * configuring.MAX_PICTURE_BODY
    assert browser.post("/pictures", data=sent(beyond)).status_code == 413
    assert (
        browser.post("/pictures", data={"alt": "x" * (configuring.MAX_BODY + 10)}).status_code
        == 413
    )
    elsewhere = browser.post("/drafts/discard", data=sent(photograph))
    assert elsewhere.status_code == 413


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/pictures").location == "/sign-in?next=/pictures"
    assert client.post("/pictures", data=sent()).status_code == 403
    assert newest() is None


def test_who_may_not_write_reads_why(people, sign_in):
    members.silence(people.moderator, people.ana.id, now() + timedelta(days=5))
    browser = sign_in(people.ana)
    assert "paused your right to write" in browser.get("/pictures").text
    assert browser.post("/pictures", data=sent()).status_code == 403


@pytest.fixture
def without_pictures(app, monkeypatch):
    from dataclasses import replace

    monkeypatch.setitem(
        app.extensions, "settings", replace(app.extensions["settings"], pictures_mb=0)
    )


def test_a_forum_may_take_none(people, sign_in, without_pictures):
    answer = sign_in(people.ana).post("/pictures", data=sent())
    assert answer.status_code == 422 and "This forum takes no pictures." in answer.text


# Who sees it


@pytest.fixture(params=[added, added_file])
def adding(request):
    """The function that adds a picture, or one that adds a file: the same rules hold for both."""
    return request.param


@pytest.fixture
def either(people, world, adding):
    """A picture or a file in a public reply by Ana, and the reply."""
    mine = adding(people.ana)
    post = dialogue.reply(people.ana, world["topic"], write(f"See {mine.line('a lane')}."))
    return mine, post


@pytest.fixture
def shown(people, world):
    """A picture in a public reply by Ana, and the reply."""
    mine = added(people.ana, width=900)
    post = dialogue.reply(people.ana, world["topic"], write(f"See ![a lane]({mine.address})."))
    return mine, post


def statuses(made, sign_in, people, client):
    """The status for a visitor, another member, the author, a moderator, the host, the host of another agenda."""
    names = (people.ben, people.ana, people.moderator, people.host, people.chitra)
    readers = [client, *map(sign_in, names)]
    return [reader.get(made.address).status_code for reader in readers]


@pytest.fixture
def elsewhere(people, world):
    """Another agenda, hosted by Chitra."""
    made = agendas.write_agenda(
        people.moderator, agendas.AgendaText("Elsewhere", write("Far."), slug="far")
    )
    agendas.set_hosts(people.moderator, made.id, [people.chitra.handle])
    agendas.open_agenda(people.moderator, made.id)
    return made


def test_before_a_text_shows_it_its_author_sees_it_and_who_moderates(
    people, agenda, elsewhere, sign_in, client, adding
):
    assert statuses(adding(people.ana), sign_in, people, client) == [404, 404, 200, 200, 404, 404]


def test_a_picture_is_seen_where_its_text_is_read(people, elsewhere, sign_in, client, either):
    made, post = either
    assert statuses(made, sign_in, people, client) == [200] * 6
    moderation.decide(people.moderator, "post", post.id, "hide", REASONS)
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 200, 404]
    moderation.decide(people.moderator, "post", post.id, "restore")
    assert client.get(made.address).status_code == 200
    dialogue.delete(people.ana, post.id)
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 200, 404]


def test_with_its_topic_it_goes_out_of_sight(people, sign_in, client, world, either):
    moderation.decide(people.moderator, "topic", world["topic"], "hide", REASONS)
    assert statuses(either[0], sign_in, people, client) == [404, 404, 200, 200, 200, 404]


def test_it_moves_with_its_topic(people, agenda, elsewhere, sign_in, client, world, either):
    moderation.decide(people.moderator, "topic", world["topic"], "hide", REASONS)
    moderation.move(people.moderator, world["topic"], elsewhere.id)
    assert statuses(either[0], sign_in, people, client)[-1] == 200


@pytest.fixture
def opened_with(
    people, agenda, world, adding
):  # `world` first, because its rows expect certain ids
    """A picture in the opening post of a topic, which a moderator has hidden, with the topic."""
    mine = adding(people.ana)
    new = NewTopic("experience", "Lanes", write(f"See {mine.line('a lane')}."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write("I see."))
    moderation.decide(people.moderator, "post", first_post(topic).id, "hide", REASONS)
    return mine, topic


def test_a_new_title_brings_no_hidden_picture_back(people, opened_with, elsewhere, sign_in, client):
    made, topic = opened_with
    moderation.retitle(people.moderator, topic.id, "Wide lanes", [])
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 200, 404]
    moderation.decide(people.moderator, "post", first_post(topic).id, "restore")
    assert client.get(made.address).status_code == 200


def test_who_moderates_sees_what_is_hidden_where_it_is_now(
    people, world, opened_with, elsewhere, sign_in, client
):
    made, topic = opened_with
    moderation.move(people.moderator, topic.id, elsewhere.id)
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 404, 200]
    moderation.merge(people.moderator, topic.id, world["topic"])
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 200, 404]


def test_what_waits_moves_with_its_topic(people, elsewhere, sign_in, client, world, adding):
    make_rule(people.administrator, RuleText("word", "lane", "We read this word first."))
    made = adding(people.ana)
    dialogue.reply(people.ana, world["topic"], write(f"{made.line('a lane')}"))
    moderation.move(people.moderator, world["topic"], elsewhere.id)
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 404, 200]


def test_members_alone_see_the_pictures_of_what_is_for_members(
    people, agenda, sign_in, client, adding
):
    made = adding(people.ana)
    text = write(f"See {made.line('a lane')}.")
    new = NewTopic("experience", "Lanes", text, audience="members")
    dialogue.open_topic(people.ana, agenda.id, new)
    assert statuses(made, sign_in, people, client) == [404, 200, 200, 200, 200, 200]


def test_a_first_version_is_read_with_words_in_place_of_a_picture(people, sign_in, client, shown):
    made, post = shown
    with at(now() + timedelta(hours=1)):
        dialogue.edit(people.ana, post.id, write("Nothing to see."))
    assert client.get(made.address).status_code == 404
    path = f"/posts/{post.id}/history?view=whole"
    for browser in (client, sign_in(people.ben), sign_in(people.chitra)):
        page = browser.get(path).text
        assert "<p>See <em>Picture: a lane</em>.</p>" in page and made.address not in page
    for browser in map(sign_in, (people.ana, people.moderator, people.host)):
        assert f'<img src="{made.address}"' in browser.get(path).text


def test_a_first_version_shows_what_another_text_still_does(people, client, world, shown, queries):
    made, post = shown
    dialogue.reply(people.ana, world["topic"], write(f"Once more: ![a lane]({made.address})"))
    with at(now() + timedelta(hours=1)):
        dialogue.edit(people.ana, post.id, write("Nothing to see."))
    path = f"/posts/{post.id}/history?view=whole"
    with queries() as made_queries:
        assert f'<img src="{made.address}"' in client.get(path).text
    assert made_queries.count <= 6
    delete_picture(people.ana, made.id)
    assert "<em>Picture: a lane</em>" in client.get(path).text


def test_a_text_that_waits_is_seen_with_its_pictures_by_who_decides(
    people, world, sign_in, client, adding
):
    make_rule(people.administrator, RuleText("word", "lane", "We read this word first."))
    made = adding(people.ana)
    dialogue.reply(people.ana, world["topic"], write(f"{made.line('a lane')}"))
    assert statuses(made, sign_in, people, client) == [404, 404, 200, 200, 200, 404]


def test_a_name_that_is_none_is_not_found(client, people, shown):
    made, _post = shown
    for path in (
        "/pictures/x.webp",
        made.address.replace("900x", "901x"),
        made.address.replace(".webp", "-small-small.webp"),
        f"/pictures/{'0' * 24}-1x1.webp",
        "/pictures/%00.webp",
        "/pictures/" + "x" * 3_000 + ".webp",
        made.address.replace(".webp", "-small.webp"),  # this picture has no small version
    ):
        assert client.get(path).status_code == 404, path


# How it is sent


def test_a_picture_is_asked_for_again_each_time_and_sent_once(client, shown):
    first = client.get(shown[0].address)
    assert first.mimetype == "image/webp" and first.headers["Cache-Control"] == "public, no-cache"
    again = client.get(shown[0].address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, no-cache"
    head = client.head(shown[0].address)
    assert head.status_code == 200 and head.headers["Content-Length"] == str(len(first.data))


def test_what_a_member_gets_no_shared_cache_keeps(people, sign_in, shown):
    browser = sign_in(people.ben)
    first = browser.get(shown[0].address)
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    assert browser.get(shown[0].address, headers={"If-None-Match": tag}).status_code == 304


def test_who_has_it_already_learns_that_it_is_hidden(people, client, either):
    made, post = either
    tag = client.get(made.address).headers["ETag"]
    moderation.decide(people.moderator, "post", post.id, "hide", REASONS)
    assert client.get(made.address, headers={"If-None-Match": tag}).status_code == 404


def test_opened_as_a_page_it_can_do_nothing(client, people, sign_in, shown):
    for browser, whose in ((client, "cross-origin"), (sign_in(people.ben), "same-origin")):
        answer = browser.get(shown[0].address)
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == whose


# A member's own pictures


def test_the_list_says_where_each_is_shown(people, sign_in, shown):
    added(people.ana)
    page = sign_in(people.ana).get("/pictures").text
    assert "4 pictures and files" in page and f'href="/posts/{shown[1].id}"' in page
    assert "No text shows it." in page
    assert "Nothing yet" in sign_in(people.ben).get("/pictures").text


def test_a_picture_is_deleted_after_a_question(people, sign_in, client, shown):
    made, post_id = shown[0], shown[1].id
    browser = sign_in(people.ana)
    asked = browser.get(f"/pictures/{made.id}/delete").text
    assert "These texts show it." in asked and f'href="/posts/{post_id}"' in asked
    assert browser.post(f"/pictures/{made.id}/delete").location == "/pictures"
    assert client.get(made.address).status_code == 404
    page = client.get(client.get(f"/posts/{post_id}").location).text
    assert "<em>Picture: a lane</em> <small" in page and made.address not in page


def test_nobody_deletes_the_picture_of_another(people, sign_in, client, either):
    path = f"/pictures/{either[0].id}/delete"
    for browser in map(sign_in, (people.ben, people.moderator, people.administrator)):
        assert browser.get(path).status_code == 404 == browser.post(path).status_code
    assert client.post(path).status_code in (403, 404)
    assert newest() is not None


# Beside a link to the page


def test_a_link_to_a_public_topic_is_shared_with_its_first_picture(people, agenda, client, queries):
    made = added(people.ana, width=900, height=600)
    text = f'See ![a "lane" & more]({made.address}) and ![no](https://example.org/a.png).'
    pages = []
    for source in ("See here.", text):
        new = NewTopic("experience", "Lanes", write(source))
        topic = dialogue.open_topic(people.ana, agenda.id, new)
        client.get(topic.address)
        dialogue.reply(people.ana, topic.id, write("Like so."))
        with queries() as asked:
            pages.append((client.get(topic.address).text, asked.count))
    # Two more: whether the picture exists, and whether a text that visitors read shows it
    assert pages[0][1] + 2 == pages[1][1] and "og:image:width" not in pages[0][0]
    page = pages[1][0]
    assert f'<meta property="og:image" content="http://localhost{made.address}">' in page
    assert '<meta property="og:image:width" content="900">' in page
    assert '<meta property="og:image:height" content="600">' in page
    assert '<meta property="og:image:alt" content="a &#34;lane&#34; &amp; more">' in page
    assert f'"image": "http://localhost{made.address}"' in page
    moderation.decide(people.moderator, "post", first_post(topic).id, "hide", REASONS)
    assert "og:image:width" not in client.get(topic.address).text


def test_a_link_is_shared_with_no_picture_that_is_gone(people, agenda, client):
    first, second = added(people.ana), added(people.ana, width=900, height=600)
    source = f"![a lane]({first.address})\n\n![a street]({second.address})"
    topic = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Lanes", write(source))
    )
    for made in (first, second):
        page = client.get(topic.address).text
        assert f'<meta property="og:image" content="http://localhost{made.address}">' in page
        delete_picture(people.ana, made.id)
    page = client.get(topic.address).text
    assert "og:image:width" not in page and '"image"' not in page
    assert client.get(first.address).status_code == 404


def test_what_visitors_do_not_see_is_shared_without(people, agenda, sign_in, world, shown):
    made = added(people.ana)
    new = NewTopic("experience", "Lanes", write(f"![a lane]({made.address})"), audience="members")
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    page = sign_in(people.ben).get(topic.address).text
    assert f'<img src="{made.address}"' in page and "og:image:width" not in page
    browser = sign_in(people.ben)
    page = browser.get(browser.get(f"/topics/{world['topic']}").location).text
    assert f'<img src="{shown[0].address}"' in page and "og:image:width" not in page, "in a reply"


# Texts that cannot show pictures


def test_a_text_of_a_kind_that_nobody_finds_has_links_in_place_of_pictures(
    people, agenda, sign_in, client, shown
):
    """Because the rights to a picture depend on texts that search knows."""
    made, post = shown
    line, post_id, own = f"See ![a lane]({made.address}).", post.id, sign_in(people.ana)
    note = {"source": line, "language": "en", "reason": ""}
    sign_in(people.moderator).post(f"/posts/{post_id}/note", data=note)
    profile = {"name": "Ana Prado", "about": line, "language": "en", "languages": "en"}
    assert own.post("/settings", data=profile).status_code == 303
    change = {"title": "Quiet", "summary": "Short.", "introduction": line, "language": "en"}
    change |= {"palette": agenda.palette, "pattern": agenda.pattern}
    edited = sign_in(people.moderator).post("/agendas/quieter/edit", data=change)
    assert edited.status_code == 303
    for path in ("/members/ana-prado", "/agendas/quieter"):
        page = client.get(path).text
        assert f'<a href="{made.address}" rel=' in page and "<img" not in page, path
    page = client.get(client.get(f"/posts/{post_id}").location).text
    assert page.count(f'src="{made.address}"') == 1 and f'<a href="{made.address}" rel=' in page
