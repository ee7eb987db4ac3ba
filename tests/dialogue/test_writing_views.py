"""The forms of the dialogue: opening a topic, and replying."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import now
from forum.db import db
from forum.dialogue import actions
from forum.dialogue.models import Post, Topic, TopicTheme
from forum.dialogue.queries import first_post
from forum.errors import Invalid
from forum.markup import write
from forum.members import actions as members
from forum.notifications.actions import watch
from forum.permissions import SYSTEM
from forum.quotes import quote
from tests.dialogue.conftest import FORM, LATER, last_post, odd_texts, page, writes_for

# Opening a topic


NEW = "/agendas/quieter/topics/new"


def test_visitors_are_led_to_the_sign_in(client: FlaskClient, agenda: Agenda, topic: Topic) -> None:
    for path in (NEW, f"/topics/{topic.id}/reply"):
        response = client.get(path)
        assert response.status_code == 303
        assert response.location.startswith("/sign-in?next=")
        assert client.post(path, data=FORM).status_code == 403
    assert db.session.query(Post).count() == 1


def test_a_member_opens_a_topic(people: Any, agenda: Agenda, sign_in: Any) -> None:
    agendas.write_theme(people.moderator, "Floods")
    browser = sign_in(people.ben)
    text = page(browser, f"{NEW}?kind=question")
    assert "Ask a question" in text and "What we want to know" in text
    assert 'role="group" aria-labelledby="begin"><span class="meta xs" id="begin">Begin' in text
    for _ in range(2):
        response = browser.post(NEW, data={**FORM, "themes": ["floods"]})
        assert response.status_code == 303
    (topic,) = db.session.query(Topic).all()
    assert response.location == topic.address
    text = page(browser, topic.address)
    assert "Your experience is published." in text and "Floods" in text
    assert 'data-published="abc"' in text
    question = {**FORM, "kind": "question", "title": "Who did?", "submission_key": "def"}
    address = browser.post(NEW, data=question).location
    assert "Your question is published." in page(browser, address)


def test_only_title_and_text_are_compulsory(people: Any, agenda: Agenda, sign_in: Any) -> None:
    browser = sign_in(people.ben)
    least = {"title": "We counted", "source": "Two years.", "language": "en"}
    assert browser.post(NEW, data=least).status_code == 303
    assert last_post().submission_key


def test_the_form_of_a_new_topic_shows_what_is_like_its_title(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    assert "Is it here already?" not in browser.get(NEW).text

    def said(**data: str) -> str:
        found = browser.post(NEW, data={**FORM, **data, "preview": "1"}).text
        return found.partition("data-alike")[2].partition("</section>")[0]

    assert f'href="{topic.address}"' in said(title=f"{topic.title} again")
    assert topic.address not in said(title="Of what else we thought")
    members.ignore(people.ben, topic.author_id)
    assert topic.address not in said(title=f"{topic.title} again")


def test_a_preview_and_a_prompt_write_nothing(people: Any, agenda: Agenda, sign_in: Any) -> None:
    browser = sign_in(people.ben)
    response = browser.post(NEW, data={**FORM, "source": "It **took**", "preview": "1"})
    assert response.status_code == 200 and "<strong>took</strong>" in response.text
    assert 'value="abc"' in response.text
    response = browser.post(NEW, data={**FORM, "prompt": "What happened"})
    assert response.status_code == 200
    assert "It took two years.\n\n## What happened" in response.text.replace("\r", "")
    response = browser.post(NEW, data={**FORM, "prompt": "Anything else"})
    assert "Anything else" not in response.text
    assert db.session.query(Topic).count() == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("title", "", "Enter a title of 3 to 120 characters."),
        ("title", "\u3164\u115f\u2800\u200d", "Enter a title of 3 to 120 characters."),
        ("title", "x" * 121, "Enter a title of 3 to 120 characters."),
        ("source", " \n ", "Write a text."),
        ("source", "x" * 20_001, "Shorten the text to 20,000 characters."),
        ("kind", "poem", "Choose one from the list"),
        ("language", "xx", "Choose one from the list"),
        ("audience", "friends", "Choose one from the list"),
        ("themes", "nothing", "Choose again."),
    ],
)
def test_a_refused_form_says_what_to_do_and_keeps_what_was_typed(
    people: Any, agenda: Agenda, sign_in: Any, name: str, value: str, sentence: str
) -> None:
    response = sign_in(people.ben).post(NEW, data={**FORM, name: value})
    assert response.status_code == 422
    assert sentence in response.text and "<title>Error:" in response.text
    for other in {"title", "source"} - {name}:
        assert FORM[other] in response.text
    assert db.session.query(Topic).count() == 0


def test_a_topic_has_at_most_five_themes(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    made = agendas.ensure_themes(SYSTEM, [f"Theme {number}" for number in range(6)])
    slugs, browser = [theme.slug for theme in made], sign_in(people.ana)
    response = browser.post(NEW, data={**FORM, "themes": slugs})
    assert response.status_code == 422 and "Choose at most 5 themes." in response.text
    assert response.text.count('checked><span dir="auto">Theme ') == 6
    assert 'id="themes" class="bad" aria-describedby="themes-error" tabindex="-1"' in response.text
    assert '<fieldset aria-describedby="themes-error">' in response.text
    for ids in (made, [*made, *made]):
        with pytest.raises(Invalid, match="at most 5"):
            actions.edit(
                people.ana,
                first_post(topic).id,
                write("Why?"),
                actions.TopicChanges(themes=[theme.id for theme in ids]),
            )
    assert browser.post(NEW, data={**FORM, "themes": slugs[:5]}).status_code == 303


def test_a_topic_that_was_imported_with_more_themes_keeps_them(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    made = agendas.ensure_themes(SYSTEM, [f"Theme {number}" for number in range(8)])
    rows = [{"topic_id": topic.id, "theme_id": theme.id} for theme in made[:7]]
    db.session.execute(insert(TopicTheme), rows)
    db.session.commit()
    path = f"/posts/{first_post(topic).id}/edit"
    form = {"title": topic.title, "source": "Corrected.", "language": "en", "audience": "public"}
    slugs, browser = [theme.slug for theme in made], sign_in(people.ana)
    response = browser.post(path, data={**form, "themes": slugs})
    assert response.status_code == 422 and "Choose at most 5 themes." in response.text
    for fewer in (slugs[:7], slugs[:6]):
        assert browser.post(path, data={**form, "themes": fewer}).status_code == 303


@pytest.mark.parametrize("name", [*FORM, "writes_for", "themes", "preview", "prompt"])
def test_no_field_breaks_the_form(people: Any, agenda: Agenda, sign_in: Any, name: str) -> None:
    browser = sign_in(people.ben)
    for text in odd_texts():
        response = browser.post(NEW, data={**FORM, name: [text, text], f"{name}[]": text})
        assert response.status_code in (200, 303, 422), text


def test_a_text_of_all_scripts_and_of_none_is_kept(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    browser = sign_in(people.ben)
    source = "東京 नमस्ते مرحبا \x00\ud800 é 🚲"
    data = {**FORM, "title": "東京で測った時間", "source": source.encode("utf-8", "surrogatepass")}
    assert browser.post(NEW, data=data).status_code == 303
    post = last_post()
    assert "東京 नमस्ते مرحبا" in post.source and "\x00" not in post.source
    assert page(browser, db.session.query(Topic).one().address)


def test_an_archived_agenda_gives_the_text_back(people: Any, agenda: Agenda, sign_in: Any) -> None:
    agendas.archive(people.moderator, agenda.id)
    response = sign_in(people.ben).post(NEW, data={**FORM, "source": "A long text of mine, kept."})
    assert response.status_code == 403
    assert "A long text of mine, kept." in response.text and "archived" in response.text


# Replying


def test_a_member_replies_and_lands_at_the_new_post(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    for number in range(2, 22):
        actions.reply(people.chitra, topic.id, write(str(number)))
    browser = sign_in(people.ben)
    assert 'name="source"' in page(browser, topic.address)
    form = {"source": "Yes.", "language": "fr", "submission_key": "k"}
    for _ in range(2):
        response = browser.post(f"/topics/{topic.id}/reply", data=form)
        assert (response.status_code, response.location) == (303, f"{topic.address}?page=2#post-22")
    assert last_post().language == "fr"
    assert 'lang="fr"' in page(browser, f"{topic.address}?page=2")


def test_what_is_written_after_going_back_is_given_back_with_a_key_of_its_own(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    browser, address = sign_in(people.ben), f"/topics/{topic.id}/reply"
    form = {"source": "Yes.", "language": "en", "submission_key": "k"}
    assert browser.post(address, data=form).status_code == 303
    answer = browser.post(address, data={**form, "source": "Yes, and more."})
    assert answer.status_code == 422 and "Yes, and more." in answer.text
    assert "with another text" in answer.text and 'value="k"' not in answer.text


def test_a_refused_reply_is_kept(people: Any, topic: Topic, sign_in: Any) -> None:
    browser = sign_in(people.ben)
    path = f"/topics/{topic.id}/reply"
    assert "Write a text." in browser.post(path, data={"source": "", "language": "en"}).text
    data = {"source": "Kept **text**", "language": "en", "preview": "1", "submission_key": "k"}
    response = browser.post(path, data=data)
    assert response.status_code == 200 and "<strong>text</strong>" in response.text
    actions.lock(people.moderator, topic.id)
    response = browser.post(path, data={"source": "A long text of mine, kept.", "language": "en"})
    assert response.status_code == 403
    assert "A long text of mine, kept." in response.text and "locked" in response.text
    assert "locked" in page(browser, topic.address)


def test_readers_are_told_why_a_topic_is_locked(
    people: Any, topic: Topic, client: FlaskClient, sign_in: Any
) -> None:
    actions.lock(people.moderator, topic.id, "It is <b>settled</b> 100%.")
    said = "It can be read, not continued. Reason: It is &lt;b&gt;settled&lt;/b&gt; 100%."
    browser, form = sign_in(people.ben), {"source": "A long text of mine, kept.", "language": "en"}
    for reader in (client, browser):
        text = page(reader, topic.address)
        assert said in text.partition("</article>")[0]
        assert said in text.partition('id="reply-title">Locked</h2>')[2]
        assert "Add your reply" not in text and 'href="#reply"' not in text
    refused = browser.post(f"/topics/{topic.id}/reply", data=form).text
    assert said in refused and "Send it<" not in refused and "A long text of mine" in refused
    assert f'href="/topics/{topic.id}">Back to the page' in refused
    assert "Reason: It is &lt;b&gt;settled" in page(sign_in(people.host), topic.address)
    actions.unlock(people.moderator, topic.id)
    actions.lock(people.moderator, topic.id)
    assert "It can be read, not continued.<" in page(client, topic.address)


def test_a_text_that_can_be_sent_later_keeps_its_button(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    browser, form = sign_in(people.ben), {"source": "A long text of mine, kept.", "language": "en"}
    members.silence(people.moderator, people.ben.id, until=now() + LATER)
    refused = browser.post(f"/topics/{topic.id}/reply", data=form)
    assert refused.status_code == 403 and "Send it<" in refused.text


def test_a_quotation_fills_the_composer(
    people: Any, agenda: Agenda, topic: Topic, sign_in: Any
) -> None:
    post = first_post(topic)
    browser = sign_in(people.ben)
    expected = quote("Ana Prado", post.id, post.source).strip().split("\n")[-1]
    for path in (topic.address, f"/topics/{topic.id}/reply"):
        text = page(browser, f"{path}?quote={post.id}")
        assert f"{expected.replace('>', '&gt;')}\n\n</textarea>" in text
        assert f"(/posts/{post.id})" in text
    for odd in odd_texts():
        response = browser.get(f"/topics/{topic.id}/reply", query_string={"quote": odd})
        assert response.status_code in (200, 404)
    actions.hide_topic(people.moderator, topic.id)
    new = actions.NewTopic("experience", "Another", write("Text."))
    other = actions.open_topic(people.ben, agenda.id, new)
    left = page(sign_in(people.ben), f"/topics/{other.id}/reply?quote={post.id}")
    assert "**two**" not in left


def test_the_page_for_writing_opens_at_the_field_or_at_the_preview(
    topic: Topic, people: Any, sign_in: Any
) -> None:
    browser, path = sign_in(people.ben), f"/topics/{topic.id}/reply"
    assert re.search("<textarea[^>]* autofocus", page(browser, path))
    for other in (topic.address, f"{path}?quote={first_post(topic).id}"):
        assert not re.search("<textarea[^>]* autofocus", page(browser, other))
    shown = browser.post(path, data={"source": "Words", "language": "en", "preview": "1"}).text
    assert re.findall("<([a-z]+)[^>]* autofocus", shown) == ["div"]
    assert "data-preview tabindex" in shown


def test_the_page_for_writing_shows_what_was_said_last(
    topic: Topic, people: Any, sign_in: Any, queries: Any
) -> None:
    replies = [actions.reply(people.chitra, topic.id, write(f"Words {n}.")) for n in range(4)]
    actions.reply(people.host, topic.id, write("Not for Ben."))
    gone = actions.reply(people.chitra, topic.id, write("Gone again."))
    actions.delete(people.chitra, gone.id)
    members.ignore(people.ben, people.host.id)
    browser, path = sign_in(people.ben), f"/topics/{topic.id}/reply"
    page(browser, path)
    with queries() as made:
        said = page(browser, path).partition('id="latest"')[2]
    shown = re.findall(r"<p>([\w ]+\.)</p>", said)
    assert shown == [f"Words {n}." for n in (3, 2, 1, 0)]
    assert f'href="{topic.address}#post-{replies[3].number}">#{replies[3].number} · <time' in said
    assert made.count <= 6
    refused = browser.post(path, data={"source": "", "language": "en"})
    assert refused.status_code == 422 and "Words 3." in refused.text


def test_a_comment_is_called_a_comment(people: Any, agenda: Agenda, sign_in: Any) -> None:
    new = actions.NewTopic("case", "C40", write("A network."), home="/cases/c40")
    case = actions.open_topic(people.moderator, agenda.id, new)
    browser, path = sign_in(people.ben), f"/topics/{case.id}/reply"
    text = page(browser, path)
    assert "Your comment" in text and "<title>Comment: C40" in text and "Your reply" not in text
    browser.post(path, data={"source": "A remark.", "language": "en", "submission_key": "k"})
    with browser.session_transaction() as session:
        assert ("message", "Your comment is published.") in session["_flashes"]
    assert "1 comment</span>" in page(browser, "/topics")


def test_no_link_leads_to_a_hidden_profile(client: FlaskClient, people: Any, topic: Topic) -> None:
    actions.reply(people.ben, topic.id, write("A reply."))
    assert page(client, topic.address).count("/members/ben-okoth") == 1
    assert "/members/ben-okoth" in page(client, f"/topics/{topic.id}/feed.atom")
    members.hide_profile(people.moderator, people.ben.id)
    for path in (topic.address, f"/topics/{topic.id}/feed.atom"):
        text = page(client, path)
        assert "Ben Okoth" in text and "/members/ben-okoth" not in text


def test_the_topic_is_reported_at_its_opening_and_a_reply_at_its_own_menu(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    reply = actions.reply(people.ana, topic.id, write("A reply."))
    text = page(sign_in(people.ben), topic.address)
    reported = re.findall('href="([^"]*)/report"', text)
    assert reported == [f"/topics/{topic.id}", f"/posts/{reply.id}"]


def test_a_topic_without_replies_says_so(client: FlaskClient, topic: Topic) -> None:
    text = page(client, topic.address)
    assert "No replies yet</h2>" in text and "0 replies" not in text
    assert f"/join?next=/topics/{topic.id}/reply" in text


def test_one_writes_for_an_organisation_and_the_page_says_so(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    writes_for(people.ben)
    browser = sign_in(people.ben)
    assert "Gemeente Rotterdam" in page(browser, f"/topics/{topic.id}/reply")
    form = {"source": "Yes.", "language": "en", "writes_for": "organisation"}
    assert browser.post(f"/topics/{topic.id}/reply", data=form).status_code == 303
    assert "Writes for Gemeente Rotterdam" in page(browser, topic.address)


def test_what_is_changed_by_who_writes_for_it_no_longer_bears_the_organisation_no_longer(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    writes_for(people.ben)
    browser, sent = sign_in(people.ben), {"language": "en", "writes_for": "organisation"}
    here, words = f"/topics/{topic.id}/reply", "You no longer write for Gemeente Rotterdam."
    for said in ("We count at night.", "We count by day."):
        assert browser.post(here, data=sent | {"source": said}).status_code == 303
    post = last_post()
    edit, name = f"/posts/{post.id}/edit", "Writes for Gemeente Rotterdam"
    assert words not in page(browser, edit)
    members.edit_profile(people.ben, members.Profile("Ben"))
    assert words in page(browser, edit) and page(browser, topic.address).count(name) == 2
    listed = "/organisations/gemeente-rotterdam"
    assert "We count by day." in page(browser, listed)
    # Saved as it is, it still says what it said in that name
    assert browser.post(edit, data=sent | {"source": "We count by day."}).status_code == 303
    assert page(browser, topic.address).count(name) == 2
    assert browser.post(edit, data=sent | {"source": "They count by day."}).status_code == 303
    assert page(browser, topic.address).count(name) == 1
    assert "count by day" not in page(browser, listed) and words not in page(browser, edit)


def test_nobody_writes_for_an_organisation_of_others(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    form = {"source": "Yes, we do.", "language": "en", "writes_for": "organisation"}
    answer = sign_in(people.ben).post(f"/topics/{topic.id}/reply", data=form)
    assert answer.status_code == 403 and "Yes, we do." in answer.text
    assert "Your profile names no organisation to write for." in answer.text
    assert last_post().number == 1


def test_a_preview_says_that_a_text_mentions_more_members_than_are_told(
    people: Any, topic: Topic, sign_in: Any
) -> None:
    names = []
    for number in range(21):
        joining = members.Joining(f"Person {number}", f"p{number}@example.org", "no hash")
        names.append(f"@{members.join(SYSTEM, joining).handle}")
    browser, said = sign_in(people.ben), "mentions 21 members. Only the first 20 are told"
    for path in ("/preview", f"/topics/{topic.id}/reply"):
        typed = {"source": " ".join(names), "language": "en", "preview": "1"}
        text = browser.post(path, data=typed).text
        assert said in text and text.count('<a href="/members/person-') == 20
        few = " ".join([*names[:20], *(f"@nobody-{number}" for number in range(9))])
        assert "are told" not in browser.post(path, data={**typed, "source": few}).text


def test_a_preview_points_out_mentions_of_nobody(people: Any, topic: Topic, sign_in: Any) -> None:
    browser = sign_in(people.ben)

    def said(source: str) -> str:
        answers = [
            browser.post(path, data={"source": source, "language": "en", "preview": "1"})
            for path in ("/preview", f"/topics/{topic.id}/reply")
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        found = [
            re.findall(r'<p class="meta" lang="en">([^<]* plain text\.)</p>', answer.text)
            for answer in answers
        ]
        assert found[0] == found[1]
        return " ".join(found[0])

    ana = people.ana.handle
    assert said(f"Ask @{ana} and @Nobody-here.") == (
        "No member is called @nobody-here. It stays plain text."
    )
    assert said("@one @two, @one") == "No members are called @one, @two. They stay plain text."
    many = " ".join(f"@n{number}" for number in range(200))
    such = "Some names belong to no member, such as @n0, @n1, @n2, @n3, @n4. They stay plain text."
    assert said(many) == such
    for source in (
        f"@{ana}",
        "`@nobody`",
        "a@nobody.example",
        "> @nobody",
        "[@nobody](/rules)",
        "@",
    ):
        assert said(source) == "", source


def test_a_preview_does_not_say_who_is_told(
    people: Any, agenda: Any, topic: Topic, sign_in: Any
) -> None:
    """It must not reveal who ignores the writer or has muted the topic, or that a hidden profile exists."""
    members.ignore(people.chitra, people.ben.id)
    watch(people.ana, "topic", topic.id, "muted")
    browser = sign_in(people.ben)
    for member, words in (
        (people.chitra, ""),
        (people.ana, ""),
        (people.host, "No member is called"),
    ):
        if words:
            members.hide_profile(people.moderator, member.id)
        text = browser.post("/preview", data={"source": f"Ask @{member.handle}."}).text
        assert ("is called" in text) is bool(words)


def test_a_preview_for_the_script(
    people: Any, client: FlaskClient, topic: Topic, sign_in: Any
) -> None:
    assert client.post("/preview", data={"source": "x"}).status_code == 403
    response = sign_in(people.ben).post("/preview", data={"source": "A **bold** <script>"})
    assert "<strong>bold</strong>" in response.text and "<script>" not in response.text
    assert "<html" not in response.text
