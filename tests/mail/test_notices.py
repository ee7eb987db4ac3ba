"""Notices by e-mail, each at once: to the right members, once, never what is read, hidden or out of reach."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum import web
from forum.accounts import actions as accounts
from forum.advice import actions as advice
from forum.agendas import actions as agendas
from forum.agendas.actions import AgendaText, StatementText
from forum.appeals import actions as appeals
from forum.clock import at, in_words, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.queries import first_post
from forum.mail.commands import compose, deliver, write_digests, write_notice_letters
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import UNDO_PERIOD
from forum.notifications import actions as notifications
from forum.notifications.actions import NoticeText
from forum.notifications.queries import inbox, unread_count, ways_of
from forum.permissions import SYSTEM, VISITOR
from forum.sentences import sentence
from tests.conftest import link_in
from tests.mail.conftest import MORNING, SOON, body, mail, sent, with_settings

SETTLED = UNDO_PERIOD + SOON  # when a decision can no longer be undone
TEXT = "We asked the trams to slow down.\n\nIt *helped* & cost <nothing>."


def in_a_line(message):
    return " ".join(re.sub(r"^> ", "", body(message), flags=re.M).split())


def test_a_reply_comes_by_mail_with_its_words(people, topic, mail_server):
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    (message,) = sent(mail_server)
    assert message["To"].addresses[0].addr_spec == "ana@example.org"
    assert message["From"].addresses[0].display_name == "Ben Okoth, Interurban"
    assert message["Subject"] == "Re: Why so loud?"
    assert "Ben Okoth replied in" in body(message)
    assert "> We asked the trams to slow down." in body(message)
    assert "cost &lt;nothing&gt;" in body(message, "html")
    assert f"http://localhost/posts/{post.id}" in body(message)
    why = "This e-mail is of the kind “Somebody replies to you”, which you get at once."
    assert why in " ".join(body(message).split())


def test_a_quotation_begins_with_a_name_and_links_lead_to_the_forum(people, topic, mail_server):
    quoted = dialogue.reply(people.chitra, topic.id, write("Rubber.\n\nAnd grease."))
    said = "> [Chitra Desai](/posts/%d)\n>\n> Rubber.\n>\n> And grease.\n\nSee [here](/rules), //x."
    dialogue.reply(people.ben, topic.id, write(said % quoted.id))
    mail()
    message = sent(mail_server)[-1]
    assert "> > Chitra Desai:" in body(message) and "](/posts/" not in body(message)
    assert "See here (http://localhost/rules), //x." in body(message)
    html = body(message, "html")
    assert '<p dir="ltr" class="said"' in html and ">Chitra Desai:<br><br>Rubber.<br>" in html
    assert "&gt;" not in html.partition("<blockquote")[2].partition("</blockquote>")[0]


def test_a_letter_reads_well_without_the_signs_of_markdown(people, topic, mail_server):
    table = "| street | width |\n|---|---|\n| Quay | **12** cm |"
    said = f"# What we know\n\nWe _measured_ **14** streets,\nsee [the report](/rules).\n\n{table}\n\n- one\n- two"
    dialogue.reply(people.ben, topic.id, write(said))
    mail()
    (message,) = sent(mail_server)
    wanted = (
        "> What we know\n>\n> We measured 14 streets,\n> see the report (http://localhost/rules)."
    )
    wanted += "\n>\n> street · width\n> Quay · 12 cm\n>\n> - one\n> - two\n"
    assert wanted in "\n".join(line.rstrip() for line in body(message).splitlines())
    assert "We measured 14 streets,<br>" in body(message, "html")


def test_what_the_forum_says_is_not_quoted_as_if_somebody_had_written_it(people, mail_server):
    ahead = [sentence("It is in preparation until somebody opens it.")]
    told = NoticeText("host", "/agendas/quieter", "Quieter", "Thank you, Ana.", before=ahead)
    notifications.note_event(SYSTEM, told, [people.ana.id])
    mail()
    (message,) = sent(mail_server)
    lines = body(message).splitlines()
    assert ahead[0].message in lines and "> Thank you, Ana." in lines
    assert f">{ahead[0].message}</p>" in body(message, "html").partition("<blockquote")[0]


def test_a_title_in_another_language_than_the_letter_says_so(people, agenda, topic, mail_server):
    asked = NewTopic("question", "¿Quién paga?", write("¿Cuándo?", "es"))
    opened = dialogue.open_topic(people.ana, agenda.id, asked)
    dialogue.reply(people.ben, opened.id, write("We do."))
    dialogue.reply(people.ben, topic.id, write("We do, too."))
    notifications.note_event(
        SYSTEM, NoticeText("host", "/agendas/x", "Calles", language="es"), [people.ana.id]
    )
    mail()
    said = [body(message, "html") for message in sent(mail_server)]
    assert any(
        'replied in “<span lang="es" dir="ltr">¿Quién paga?</span>”:' in html for html in said
    )
    assert any("replied in “Why so loud?”:" in html for html in said), "it is that of the letter"
    assert any('the agenda “<span lang="es" dir="ltr">Calles</span>”' in html for html in said)


def test_a_title_is_marked_where_it_stands_and_not_in_a_name_before_it(people, agenda, mail_server):
    asked = NewTopic("question", people.ben.name, write("¿Quién es?", "es"))
    opened = dialogue.open_topic(people.ana, agenda.id, asked)
    dialogue.reply(people.ben, opened.id, write("Soy yo."))
    mail()
    (message,) = sent(mail_server)
    marked = f'<span lang="es" dir="ltr">{people.ben.name}</span>'
    assert f">{people.ben.name} replied in “{marked}”:" in body(message, "html")


@pytest.mark.parametrize("title", ["من يدفع بعد 2025؟ (3.5 km)", 'תמ"א 38 & תל אביב <2025>?'])
def test_a_title_from_right_to_left_stands_apart_in_the_sentence(
    people, agenda, mail_server, title
):
    opened = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("question", title, write("متى؟", "ar"))
    )
    dialogue.reply(people.ben, opened.id, write("We do."))
    mail()
    (message,) = sent(mail_server)
    assert f"replied in “{title}”:" in body(message)
    apart = f'replied in “<span lang="ar" dir="rtl">{escape(title)}</span>”:</p>'
    assert apart in body(message, "html")


def test_a_very_long_text_is_quoted_to_a_certain_length(people, topic, mail_server):
    dialogue.reply(people.ben, topic.id, write("word " * 3_000 + "end"))
    mail()
    quoted = in_a_line(sent(mail_server)[0]).partition(" Read it on the site")[0]
    assert quoted.endswith("word …") and len(quoted) < 9_000


def test_what_comes_from_nobody_comes_from_the_forum(people, topic, mail_server):
    notifications.note_event(
        SYSTEM,
        notifications.NoticeText("urgent", "/moderation/joining", "Eva Holm"),
        [people.moderator.id],
    )
    mail()
    (message,) = sent(mail_server)
    assert message["From"].addresses[0].display_name == "Interurban"


def test_letters_about_a_topic_stand_together(people, topic, mail_server):
    for text in ("One.", "Two."):
        dialogue.reply(people.ben, topic.id, write(text))
    mail()
    first, second = sent(mail_server)
    assert (
        first["References"] == second["References"] == f"<topic-{topic.id}@localhost.localdomain>"
    )
    assert first["Message-ID"] != second["Message-ID"]


def test_nothing_is_sent_twice_by_working_again(people, topic, mail_server):
    dialogue.reply(people.ben, topic.id, write(TEXT))
    for _times in range(3):
        mail()
    assert len(sent(mail_server)) == 1


def test_what_was_read_on_the_site_is_not_mailed(people, topic, mail_server):
    dialogue.reply(people.ben, topic.id, write(TEXT))
    notifications.make_notices(SYSTEM)
    write_notice_letters()
    assert db.session.scalars(select(Delivery)).all() == [], "a minute passes first"
    notifications.read_topic(people.ana, topic.id)
    mail()
    assert sent(mail_server) == []


def test_what_waits_follows_its_member_to_a_new_address(people, topic, mail_server):
    """A former address, which may have been a thief's, gets none of the waiting e-mails."""
    dialogue.reply(people.ben, topic.id, write(TEXT))
    with at(now() + SOON):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        asked = accounts.ask_for_address(people.ana, "ana@harbour.example")
        assert asked is None
        path = link_in(compose(letters_to("ana@harbour.example")[0], web.settings()))
        accounts.confirm_address(VISITOR, path.rsplit("/", 1)[1])
        deliver()
    told = {m["To"].addresses[0].addr_spec for m in sent(mail_server) if "slow down" in body(m)}
    assert told == {"ana@harbour.example"}


def test_an_address_that_comes_back_gets_nothing_that_waits(people, topic, mail_server):
    for text in ("One.", "Two."):
        dialogue.reply(people.ben, topic.id, write(text))
    mail_server.refused["ana@example.org"] = "550 5.1.1 no such user"
    mail()
    first, second = letters_to("ana@example.org")
    assert first.given_up_at and second.dropped_at


def letters_to(address):
    return db.session.scalars(
        select(Delivery)
        .where(Delivery.address == address)
        .order_by(Delivery.id)
        .options(joinedload(Delivery.member))
        .execution_options(populate_existing=True)
    ).all()


@pytest.mark.parametrize("what", ["read", "hidden", "topic hidden", "left", "leaving", "suspended"])
def test_rights_are_asked_again_when_a_letter_is_sent(people, topic, mail_server, what):
    """A letter that is written already is not sent when its reader loses the right meanwhile."""
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    with at(now() + SOON):
        notifications.make_notices(SYSTEM)
        assert write_notice_letters() == 1
        if what == "read":
            notifications.read_topic(people.ana, topic.id)
        elif what == "hidden":
            moderation.decide(people.moderator, "post", post.id, "hide", Reasons("No.", 2))
        elif what == "topic hidden":
            moderation.decide(people.moderator, "topic", topic.id, "hide", Reasons("No.", 2))
        elif what == "suspended":
            members.suspend(SYSTEM, people.ana.id, now() + timedelta(days=1))
        elif what == "leaving":
            members.leave(SYSTEM, people.ana.id, "nameless")
        else:
            member = db.session.get(type(people.ana), people.ana.id)
            member.left_at = now()
            db.session.commit()
        deliver()
    assert [m for m in sent(mail_server) if "slow down" in body(m)] == []
    letters = db.session.scalars(select(Delivery).where(Delivery.dropped_at.is_not(None))).all()
    assert len(letters) == 1 and letters[0].why


def test_whoever_is_asked_for_advice_reads_the_question_and_answers_by_mail(
    people, agenda, mail_server, app
):
    long = "What does it cost, who pays, and did the neighbours like it? " * 12
    new = NewTopic("question", "Quieter trams?", write(f"{long}\n\nThank you."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    advice.ask(people.ana, topic.id, [people.ben.handle])
    with with_settings(app, reply_address="reply@mail.example.org"):
        mail()
    (message,) = (letter for letter in sent(mail_server) if letter["To"] == people.ben.email)
    assert "asks for your advice" in in_a_line(message) and "Thank you." in in_a_line(message)
    key = f"reply+r{people.ben.id}-{first_post(topic).id}-"
    assert key in message["Reply-To"] and "You can also reply to this e-mail." in in_a_line(message)


def test_what_all_members_are_told_comes_with_its_text_and_ends_by_one_press(
    people, topic, mail_server, app
):
    notifications.choose_ways(people.ben, {"announcement": "never"})
    notifications.choose_ways(people.chitra, {"announcement": "digest"})
    moderation.tell_all(people.administrator, topic.id)
    mail()
    messages = {message["To"]: message for message in sent(mail_server)}
    assert set(messages) == {people.host.email, people.moderator.email}
    message = messages[people.host.email]
    assert message["Subject"] == "Why so loud?"
    assert message["From"].addresses[0].display_name == "Adam de Wit, Interurban"
    words = in_a_line(message)
    assert "Adam de Wit tells all members: “Why so loud?”." in words and "Who measured?" in words
    assert "of the kind “The office of the federation tells all members something”" in words
    with at(MORNING + timedelta(days=7 * 500)):
        write_digests()
        while deliver():
            pass
    digest = next(letter for letter in sent(mail_server) if letter["To"] == people.chitra.email)
    assert "told to all members · Adam de Wit" in in_a_line(digest)
    stop = message["List-Unsubscribe"].strip("<>")
    assert "/announcement/" in stop
    app.test_client().post(stop.replace("http://localhost", ""))
    assert notifications_way(people.host) == "never"
    assert [notice.kind for notice in inbox(people.ben).page.items] == ["announcement"]


def notifications_way(member, kind="announcement"):
    """How a member gets notices of a kind, by default what all members are told."""
    return ways_of(member)[kind]


def test_a_question_whose_text_is_hidden_asks_nobody_for_advice(people, topic, mail_server):
    dialogue.reply(people.chitra, topic.id, write("I did."))
    advice.ask(people.ana, topic.id, [people.ben.handle])
    moderation.decide(
        people.host, "post", first_post(topic).id, "hide", Reasons("It names somebody.", 2)
    )
    mail()
    assert [letter for letter in sent(mail_server) if letter["To"] == people.ben.email] == []


def test_a_title_that_was_corrected_is_not_mailed(people, topic, mail_server):
    """The former title may have named somebody."""
    dialogue.reply(people.ben, topic.id, write(TEXT))
    notifications.make_notices(SYSTEM)
    dialogue.retitle(people.host, topic.id, "Who is loud?", [])
    mail()
    (message,) = sent(mail_server)
    assert message["Subject"] == "Re: Who is loud?" and "Why so loud?" not in body(message)


def test_a_decision_is_mailed_once_it_can_no_longer_be_undone(people, topic, mail_server):
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    reasons = Reasons("It is advertising.", 2)
    with at(now()):  # one moment for both: a second later, the decision could no longer be undone
        moderation.decide(people.moderator, "post", post.id, "hide", reasons)
        for later in (SOON, UNDO_PERIOD):
            mail(later)
            assert len(sent(mail_server)) == 1 and unread_count(people.ben) == 1
    mail(SETTLED)
    assert "advertising" in body(sent(mail_server)[-1])


def test_who_is_quoted_gets_no_letter_when_the_opening_is_undone(people, mail_server):
    text = AgendaText("Parks", write("Trees."), is_open=False)
    parks = agendas.write_agenda(people.moderator, text)
    said = StatementText("Ben Okoth", "We plant.", handle="ben-okoth")
    agendas.write_statement(people.moderator, parks.id, said)
    with at(now()):
        opened = moderation.open_agenda(people.moderator, parks.id)
        for later in (SOON, UNDO_PERIOD):
            mail(later)
            assert sent(mail_server) == [] and unread_count(people.ben) == 1
        moderation.undo(people.moderator, opened.id)
    mail(SETTLED)
    assert sent(mail_server) == [] and unread_count(people.ben) == 0
    moderation.open_agenda(people.moderator, parks.id)
    mail(SETTLED)
    (message,) = sent(mail_server)
    assert "We plant." in body(message)
    assert message["Subject"] == "Mona Berg quotes you on the agenda “Parks”"
    assert "There you can take your name away with one press." in body(message)


def test_a_decision_says_its_ground_and_until_when_one_can_appeal(people, topic, mail_server):
    notifications.set_digest(people.ben, "daily", 7, "Pacific/Auckland")
    with at(MORNING):
        post = dialogue.reply(people.ben, topic.id, write(TEXT))
        decision = moderation.decide(people.host, "post", post.id, "hide", Reasons("Rude.", 2))
        mail(SETTLED)
    said = in_a_line(sent(mail_server)[-1])
    assert f"Ground: 2. {decision.rule_name}" in said and "court" in said
    assert "You can appeal until 2 September 2026, 20:30 (Pacific/Auckland)." in said
    page = f"/moderation/decisions/{decision.id}/appeal"
    assert f"Appeal: http://localhost{page}" in said

    with at(MORNING + timedelta(days=1)):
        appeal = appeals.appeal(people.ben, decision.id, "It was a quotation.")
        appeals.decide_appeal(people.moderator, appeal.id, "upheld", "It was not.")
        mail(SETTLED)
    answer = in_a_line(sent(mail_server)[-1])
    assert "It was not." in answer and "court" in answer
    assert "You can appeal" not in answer, "there is one appeal only"


def test_who_reported_what_is_kept_learns_that_one_can_appeal(people, topic, mail_server):
    notifications.choose_ways(people.chitra, {"report": "at once"})
    moderation.report(people.chitra, "topic", topic.id, "rules")
    moderation.decide(people.host, "topic", topic.id, "keep")
    mail(SETTLED)
    said = in_a_line(sent(mail_server)[-1])
    assert "What became of your report" in said and "You can appeal until" in said


def test_a_decision_that_restricts_nobody_speaks_of_no_appeal(people, topic, mail_server):
    second = agendas.write_agenda(people.moderator, AgendaText("Parks", write("Trees.")))
    moderation.move(people.moderator, topic.id, second.id, Reasons("It is about trees."))
    mail(SETTLED)
    said = in_a_line(sent(mail_server)[-1])
    assert "A moderator decided about" in said and "about trees" in said
    assert "appeal" not in said and "court" not in said and "Ground" not in said


def test_a_decision_about_a_member_speaks_of_what_is_theirs_and_says_until_when(
    people, mail_server
):
    reasons = Reasons("It is advertising.", 2)
    end = now() + timedelta(days=3)
    told = (
        (lambda: moderation.silence(people.moderator, people.ben.id, end, reasons), "account"),
        (lambda: moderation.suspend(people.moderator, people.ben.id, end, reasons), "account"),
        (lambda: moderation.unsuspend(people.moderator, people.ben.id), "account"),
        (
            lambda: moderation.decide(people.moderator, "member", people.ben.id, "hide", reasons),
            "profile",
        ),
    )
    for number, (deed, what) in enumerate(told, 1):
        decision = deed()
        mail(SETTLED)
        message = sent(mail_server)[-1]
        said = in_a_line(message)
        assert message["Subject"] == f"A moderator decided about your {what}", number
        assert people.ben.name not in said
        assert (f"Until {in_words(end)}." in said) == bool(decision.until)


def test_one_that_is_undone_is_not_mailed_nor_that_it_was(people, topic, mail_server):
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    reasons = Reasons("It is advertising.", 2)
    decision = moderation.decide(people.moderator, "post", post.id, "hide", reasons)
    mail(SOON)
    moderation.undo(people.moderator, decision.id)
    mail(SETTLED)
    assert len(sent(mail_server)) == 1 and unread_count(people.ben) == 0


def test_a_decision_is_mailed_to_somebody_who_is_suspended(people, topic, mail_server):
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    moderation.decide(people.moderator, "post", post.id, "hide", Reasons("It is advertising.", 2))
    members.suspend(SYSTEM, people.ben.id, now() + timedelta(days=1))
    mail(SETTLED)
    message = sent(mail_server)[-1]
    assert message["To"].addresses[0].addr_spec == "ben@example.org"
    assert "A moderator decided about" in body(message) and "advertising" in body(message)


def test_a_decision_is_mailed_to_somebody_who_is_leaving_and_nothing_else(
    people, topic, mail_server
):
    post = dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    members.leave(people.ben, people.ben.id, "nameless")
    dialogue.reply(people.ana, topic.id, write("Which ones, @ben-okoth?"))
    moderation.decide(people.moderator, "post", post.id, "hide", Reasons("It is advertising.", 2))
    mail(SETTLED)
    to_ben = [letter for letter in sent(mail_server) if letter["To"].addresses[0].username == "ben"]
    assert ["advertising" in body(letter) for letter in to_ben] == [True]


def test_who_moderates_no_longer_gets_no_letter_about_what_waits(people, agenda, mail_server):
    notifications.note_event(
        people.ana,
        notifications.NoticeText("urgent", "/moderation/joining", "Eva Holm"),
        [people.moderator.id],
    )
    notifications.make_notices(SYSTEM)
    members.appoint(people.administrator, people.moderator.handle, "member")
    mail()
    assert sent(mail_server) == []


def test_a_paused_address_gets_no_notices(people, topic, mail_server):
    members.pause_mail(SYSTEM, people.ana.id, "ana@example.org", "550 nobody")
    dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    assert sent(mail_server) == []


def test_a_long_title_is_whole_in_a_letter_and_short_in_its_subject(people, agenda, mail_server):
    title = "What the neighbours of a tram depot say about quiet streets after a whole year of it"
    new = NewTopic("question", title, write("Who measured?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write(TEXT))
    urgent = NoticeText("urgent", "/moderation", title)
    notifications.note_event(SYSTEM, urgent, [people.moderator.id])
    mail()
    to_author, to_moderator = sent(mail_server)
    short = "What the neighbours of a tram depot say about quiet streets after a…"
    assert to_author["Subject"] == f"Re: {short}"
    assert to_moderator["Subject"] == f"Something waits in the queue: “{short}”"
    for letter in (to_author, to_moderator):
        assert title in " ".join(body(letter).split())


def test_nothing_in_a_title_or_text_becomes_a_header(people, agenda, mail_server):
    title = "Why\u2028Bcc: thief@example.org <b>so</b> loud?"
    topic = dialogue.open_topic(people.ana, agenda.id, NewTopic("question", title, write("Who?")))
    dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    (message,) = sent(mail_server)
    assert message["Bcc"] is None and "<b>so" not in body(message, "html")


def test_one_press_ends_letters_of_a_kind(people, topic, mail_server, client):
    """Mail programs send the request by themselves, without cookie and token (RFC 8058)."""
    dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    (message,) = sent(mail_server)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    client.application.config["WTF_CSRF_ENABLED"] = True
    try:
        page = client.get(address).text
        assert (
            "No more e\N{NON-BREAKING HYPHEN}mails?" in page and "“Somebody replies to you”" in page
        )
        dialogue.reply(people.ben, topic.id, write("Again."))
        mail()
        assert len(sent(mail_server)) == 2, "looking at the page ends nothing"
        answer = client.post(address, data={"List-Unsubscribe": "One-Click"})
    finally:
        client.application.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 200
    dialogue.reply(people.ben, topic.id, write("And again."))
    mail()
    assert len(sent(mail_server)) == 2
    forged = re.sub(r"/\d+/", f"/{people.ben.id}/", address)
    for odd in (forged, address[:-1], address.replace("reply", "quote")):
        assert client.post(odd).status_code == 404
        assert client.post(odd, data={"again": "at once"}).status_code == 404


def test_whoever_ended_letters_by_mistake_gets_them_again_as_before(
    people, topic, mail_server, client
):
    dialogue.reply(people.ben, topic.id, write(TEXT))
    mail()
    address = sent(mail_server)[0]["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    member = people.ana
    for way in ("at once", "digest"):
        notifications.choose_ways(member, {"reply": way})
        page = client.post(address, data={"List-Unsubscribe": "One-Click"}).text
        assert notifications_way(member, "reply") == "never"
        assert "“Somebody replies to you”" in page and f'name="again" value="{way}"' in page
        for odd in ("never", "hourly", "x" * 5_000):
            assert (
                "You get no more e\N{NON-BREAKING HYPHEN}mails"
                in client.post(address, data={"again": odd}).text
            )
        assert (
            "You get these e\N{NON-BREAKING HYPHEN}mails again"
            in client.post(address, data={"again": way}).text
        )
        assert notifications_way(member, "reply") == way
        assert f'name="before" value="{way}"' in client.get(address).text
        for _time in range(2):  # the second one as when the page is loaded once more
            page = client.post(address, data={"before": way}).text
            assert f'name="again" value="{way}"' in page
    client.post(address)
    page = client.get(address)
    assert 'name="again" value="at once"' in page.text, "how they came is known no more"
    assert page.headers["Cache-Control"] == "private, no-store"
