"""Digests: their hour, what they say and in which order, and what they leave out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.actions import AgendaText
from forum.appeals import actions as appeals
from forum.claims.models import queue_path
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.queries import first_post
from forum.errors import NotFound
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.mail import actions
from forum.mail.commands import deliver, write_digests, write_notice_letters
from forum.mail.queries import (
    MEETING_KINDS,
    QueueContent,
    digest_groups,
    digests,
    is_digest_due,
    queue_content,
)
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from forum.notifications.actions import NoticeText
from forum.notifications.models import DEFAULT_WAYS, SEARCH_KINDS, Notice, NoticeSettings
from forum.notifications.queries import inbox, unread_by_part, unread_count
from forum.permissions import SYSTEM
from forum.screening import actions as screening
from tests.conftest import link_in
from tests.mail.conftest import MORNING, SOON, body, mail, sent, with_settings


def news(people, topic):
    """Let somebody write in the topic that Ben watches."""
    notifications.watch(people.ben, "topic", topic.id)
    with at(now() + timedelta(seconds=1)):
        dialogue.reply(people.chitra, topic.id, write("New here: <b>asphalt</b>."))
        notifications.make_notices(SYSTEM)


def test_a_digest_tells_by_agenda_what_is_new(people, topic, mail_server, agenda):
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
    with at(MORNING):
        assert write_digests() == 1
        deliver()
        assert write_digests() == 0, "once"
    (message,) = [
        m for m in sent(mail_server) if m["To"].addresses[0].addr_spec == "ben@example.org"
    ]
    text, html = body(message), body(message, "html")
    assert message["Subject"] == "Interurban: Why so loud?"
    assert agenda.title in text
    assert re.search(rf'<h2 lang="en" dir="ltr"[^>]*>{agenda.title}</h2>', html)
    assert re.search(r'<p lang="en" dir="ltr"[^>]*><a [^>]*>\s*Why so loud\?</a>', html)
    assert "1 new post · Chitra Desai" in text
    assert "&lt;b&gt;" not in text and "<b>asphalt" not in html
    assert "digest" in message["List-Unsubscribe"]
    assert "every day, at 07:00 (UTC)" in text


def test_a_digest_tells_what_a_dialogue_has_found_with_what_is_new_on_its_agenda(
    people, topic, mail_server, agenda
):
    with at(MORNING - timedelta(hours=4)):
        notifications.watch(people.ben, "agenda", agenda.id)
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
        text = AgendaText(agenda.title, write("Noise."), findings=write("Quiet asphalt lasts."))
        agendas.write_agenda(people.host, text, agenda.id)
        notifications.make_notices(SYSTEM)
    with at(MORNING):
        write_digests()
        deliver()
    (message,) = [letter for letter in sent(mail_server) if letter["To"] == people.ben.email]
    text = body(message)
    assert "About you" not in text and text.count(f"{agenda.title}\r\n=") == 1
    assert "what its dialogue has found so far · Hana Virtanen" in text
    assert f"/agendas/{agenda.slug}#found" in text


def test_a_digest_says_of_every_kind_what_it_is(people, topic, mail_server):
    notifications.choose_ways(people.moderator, dict.fromkeys(DEFAULT_WAYS, "digest"))
    with at(MORNING - timedelta(hours=3)):
        moderation.report(people.moderator, "topic", topic.id, "rules")
        # Without kinds that have digests of their own; see the tests of meetings and searches
        kinds = DEFAULT_WAYS.keys() - {*MEETING_KINDS, *SEARCH_KINDS}
        for kind in kinds:
            about = NoticeText(kind, queue_path("topic", topic.id), "Quieter rails")
            notifications.note_event(people.chitra, about, [people.moderator.id], is_named=False)
        notifications.make_notices(SYSTEM)
    with at(MORNING):
        write_digests()
        deliver()
    (message,) = (letter for letter in sent(mail_server) if letter["To"] == people.moderator.email)
    below_title = body(message).partition("* Quieter rails")[2]
    said = " ".join(below_title.partition("http")[0].split()).split(", ")
    assert len(set(said)) == len(kinds) and all(said)
    assert "you are asked for advice" in said and "it waits for you in moderation" in said


def test_a_digest_tells_nothing_that_was_read_and_is_never_empty(people, topic, mail_server):
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
        notifications.read_topic(people.ben, topic.id)
    with at(MORNING):
        assert write_digests() == 0
        with at(MORNING - timedelta(hours=2)):
            dialogue.reply(people.chitra, topic.id, write("More."))
            notifications.make_notices(SYSTEM)
        assert write_digests() == 1
        notifications.read_topic(people.ben, topic.id)  # between writing and sending
        deliver()
    assert sent(mail_server) == []


def test_a_decision_is_in_a_digest_once_it_can_no_longer_be_undone(people, topic, mail_server):
    notifications.choose_ways(people.ana, {"decision": "digest"})
    hour = MORNING.replace(hour=7, minute=0)
    with at(hour - timedelta(minutes=5)):
        moderation.lock(people.moderator, topic.id, Reasons("It is answered."))
        notifications.make_notices(SYSTEM)
    for minutes, written in ((0, 0), (5, 0), (6, 1)):
        with at(hour + timedelta(minutes=minutes)):
            assert write_digests() == written
            deliver()
    assert "It is answered." in body(sent(mail_server)[0])


def test_what_was_in_a_digest_is_not_in_the_next(people, topic, mail_server):
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
    for day in range(3):
        with at(MORNING + timedelta(days=day)):
            write_digests()
            deliver()
    assert len(sent(mail_server)) == 1


def test_there_is_one_digest_a_day_whatever_else_is_mailed(people, topic, mail_server):
    notifications.choose_ways(people.ana, {"decision": "digest", "reply": "digest"})
    hour = MORNING.replace(hour=7, minute=0)
    with at(hour - timedelta(minutes=30)):
        dialogue.reply(people.ben, topic.id, write("We did."))
    with at(hour - timedelta(minutes=2)):  # not settled at the hour
        moderation.lock(people.moderator, topic.id, Reasons("It is answered."))
        notifications.make_notices(SYSTEM)
    with at(hour):
        actions.write_letter(SYSTEM, "sign_in", people.ana.email, {}, member_id=people.ana.id)
        assert write_digests() == 1
    with at(hour + timedelta(hours=1)):
        assert write_digests() == 0
    with at(hour + timedelta(days=1)):
        assert write_digests() == 1


def test_ending_the_digest_from_the_letter(people, topic, mail_server, client):
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
    with at(MORNING):
        write_digests()
        deliver()
    address = sent(mail_server)[0]["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    assert "You will get no more digests." in client.get(address).text
    assert 'name="again" value="daily"' in client.post(address).text
    with at(MORNING + timedelta(days=1)):
        news(people, topic)
    with at(MORNING + timedelta(days=3)):
        assert write_digests() == 0
        assert "They are the digest." in client.post(address, data={"again": "weekly"}).text
        news(people, topic)
    with at(MORNING + timedelta(days=10)):
        assert write_digests() == 1


def test_a_digest_has_the_most_important_first(people, topic, agenda, mail_server):
    other = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Quiet asphalt", write("It works."))
    )
    with at(MORNING - timedelta(hours=3)):
        notifications.watch(people.ben, "topic", other.id)
        news(people, topic)
        for text in ("One.", "Two.", "Three."):
            dialogue.reply(people.chitra, other.id, write(text))
        notifications.make_notices(SYSTEM)
    with at(MORNING):
        write_digests()
        deliver()
    text = body(sent(mail_server)[0])
    assert text.index("* Quiet asphalt") < text.index("* Why so loud?")
    assert "3 new posts" in text


@pytest.mark.parametrize(
    ("of_each", "agendas_count", "told"), [(2, 30, 1), (5, 2, 5), (2, 3, 2), (3, 4, 2)]
)
def test_a_digest_of_many_agendas_tells_less_of_each(
    people, monkeypatch, of_each, agendas_count, told
):
    """Gmail cuts an e-mail off at 102 kB, and with it the link that ends digests."""
    monkeypatch.setattr(digests, "MAX_ENTRIES_IN_ALL", 10)
    for number in range(agendas_count):
        text = AgendaText(f"Agenda {number}", write("Words."))
        agenda = agendas.write_agenda(people.moderator, text)
        for title in ("Trams", "Buses", "Ferries", "Bridges", "Tunnels")[:of_each]:
            new = NewTopic("question", f"{title} {number}", write("Who?"))
            asked = dialogue.open_topic(people.ana, agenda.id, new)
            about = NoticeText("topic", asked.address, asked.title, topic_id=asked.id)
            notifications.note_event(people.ana, about, [people.ben.id])
    while notifications.make_notices(SYSTEM):
        pass
    ids = db.session.scalars(select(Notice.id).where(Notice.member_id == people.ben.id)).all()
    groups = digest_groups(people.ben, ids)
    assert [len(group.entries) for group in groups] == [told] * agendas_count
    assert {group.further for group in groups} == {of_each - told}


def settings(every="daily", hour=7, zone="UTC"):
    return NoticeSettings(member_id=1, digest_every=every, digest_hour=hour, time_zone=zone)


@pytest.mark.parametrize(
    ("given", "moment", "is_due"),
    [
        (settings(), "2026-03-02T06:59", False),
        (settings(), "2026-03-02T07:00", True),
        (settings(hour=22), "2026-03-02T21:00", False),
        (settings(zone="Asia/Kolkata"), "2026-03-02T01:29", False),
        (settings(zone="Asia/Kolkata"), "2026-03-02T01:30", True),
        (settings(zone="Atlantis/Poseidonis"), "2026-03-02T06:59", False),
        (settings(zone="../../etc/passwd"), "2026-03-02T07:00", True),
        (settings("weekly"), "2026-03-03T12:00", True),
        (settings("never"), "2026-03-03T12:00", False),
        (
            settings(zone="America/New_York", hour=2),
            "2026-03-08T08:00",
            True,
        ),  # this hour does not exist on that day
    ],
)
def test_the_member_s_hour(given, moment, is_due):
    oldest = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    at_moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert is_digest_due(given, oldest, None, at_moment) is is_due


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", "2026-03-07"),
        ("America/New_York", "2026-10-31"),
        ("Europe/London", "2026-10-24"),
        ("Asia/Beirut", "2026-03-28"),  # midnight does not exist on that day
        ("Asia/Beirut", "2026-10-23"),  # the last hour of the day occurs twice
        ("Australia/Lord_Howe", "2026-04-04"),  # the clock changes by half an hour
        ("Australia/Lord_Howe", "2026-10-03"),
    ],
)
def test_one_digest_a_day_where_the_clock_is_put_forward_or_back(zone, day):
    first = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    begin, end = first.astimezone(UTC), (first + timedelta(days=3)).astimezone(UTC)
    for hour in range(24):
        last, days = begin - timedelta(minutes=1), []
        for minutes in range(0, int((end - begin).total_seconds() // 60), 10):
            moment = begin + timedelta(minutes=minutes)
            if is_digest_due(settings(hour=hour, zone=zone), last, last, moment):
                last = moment
                days.append(moment.astimezone(first.tzinfo).date())
        assert days == [first.date() + timedelta(days=number) for number in range(3)], hour


def test_a_digest_a_day_and_one_a_week():
    oldest, day = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
    monday = datetime(2026, 3, 2, 7, 5, tzinfo=UTC)
    assert not is_digest_due(settings(), oldest, monday, monday + day / 2)
    assert is_digest_due(settings(), oldest, monday, monday + day)
    assert not is_digest_due(settings("weekly"), oldest, monday, monday + 6 * day)
    assert is_digest_due(settings("weekly"), oldest, monday, monday + 7 * day)


def test_the_notices_of_a_digest_are_marked_with_it(people, topic):
    with at(MORNING - timedelta(hours=3)):
        news(people, topic)
    with at(MORNING):
        write_digests()
    mailed = db.session.scalars(select(Notice).where(Notice.member_id == people.ben.id)).all()
    assert mailed and all(notice.mailed_at for notice in mailed)


def test_the_link_of_a_letter_leads_to_the_post(people, topic, letters, sign_in):
    post = dialogue.reply(people.ben, topic.id, write("Short."))
    with at(now() + SOON):
        notifications.make_notices(SYSTEM)
        write_notice_letters()
        assert link_in(letters()[-1]) == f"/posts/{post.id}"


def test_a_letter_says_which_mark_it_was(people, topic, mail_server):
    notifications.choose_ways(people.ana, {"mark": "at once"})
    dialogue.mark(people.ben, first_post(topic).id, "tried it", "adapted", "With softer rails.")
    mail()
    (message,) = sent(mail_server)
    said = "Ben Okoth tried what you describe in"
    assert said in body(message) and "With softer rails." in body(message)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Chitra Desai and 1 other marked your post in"),
        ("fr", "Chitra Desai et 1 autre personne ont marqué votre message dans"),
        ("es", "Chitra Desai y 1 persona más marcaron su mensaje en"),
    ],
)
def test_marks_of_several_are_told_in_the_plural(people, topic, app, mail_server, locale, said):
    members.choose_locale(people.ana, locale)
    notifications.choose_ways(people.ana, {"mark": "at once"})
    for member in (people.ben, people.chitra):
        dialogue.mark(member, first_post(topic).id, "useful")
    with with_settings(app, locales=("en", "fr", "es")):
        mail()
    assert said in " ".join(body(sent(mail_server)[-1]).split())


def test_letters_to_moderators_say_what_waits_and_why(people, agenda, topic, mail_server):
    notifications.choose_ways(people.host, {"decision": "never"})
    notifications.choose_ways(people.moderator, {"queue": "at once"})
    post = dialogue.reply(people.ben, topic.id, write("Buy our level sensor."))
    moderation.report(people.ana, "post", post.id, "spam")
    moderation.report(people.ana, "member", people.ben.id, "rules")
    screening.set_newness(SYSTEM, days=0, posts=0, first_posts=1)
    dialogue.reply(people.chitra, topic.id, write("Good day."))
    screening.make_rule(SYSTEM, screening.RuleText("word", "casino", "Read first."))
    dialogue.reply(people.ben, topic.id, write("A casino."))
    dialogue.open_topic(people.ben, agenda.id, NewTopic("question", "Whose casino?", write("I.")))
    text = PracticeText(title="Softer rails", sentence="Rails on rubber.")
    library.write_and_submit(people.chitra, agenda.id, text)
    mail()
    to_moderator = [
        letter for letter in sent(mail_server) if letter["To"].addresses[0].username == "mona"
    ]
    subjects = {" ".join(letter["Subject"].split()): body(letter) for letter in to_moderator}
    title = agenda.title
    report = f"A report in {title}: “Buy our level sensor.”"
    assert "It is spam or advertising" in subjects[report]
    assert "A report: “Ben Okoth”" in subjects
    assert f"One of the first posts of a new member in {title}: “Why so loud?”" in subjects
    assert f"A practice to publish in {title}: “Softer rails”" in subjects
    assert f"A text that a rule holds back in {title}: “Why so loud?”" in subjects
    assert f"A text that a rule holds back in {title}: “Whose casino?”" in subjects
    assert all("because you moderate" in said for said in subjects.values())


def test_only_a_post_that_waits_for_a_look_is_called_a_first_post(people, agenda, topic):
    screening.set_newness(SYSTEM, days=0, posts=0, first_posts=1)
    post = dialogue.reply(people.chitra, topic.id, write("Good day."))
    address = f"/moderation/post/{post.id}"
    assert queue_content(people.host, address) == QueueContent("first post", agenda.title)
    dialogue.look_at(people.host, post.id)
    assert queue_content(people.host, address) is None


def test_a_letter_about_an_appeal_says_so(people, agenda, topic, mail_server):
    post = dialogue.reply(people.ben, topic.id, write("Rude words."))
    decision = moderation.decide(people.host, "post", post.id, "hide", Reasons("Rude.", 2))
    appeals.appeal(people.ben, decision.id, "It was a quotation.")
    mail()
    said = {str(letter["Subject"]) for letter in sent(mail_server)}
    assert f"An appeal in {agenda.title}: “Rude words.”" in said


def test_about_what_waits_no_more_there_is_no_letter(people, agenda, mail_server):
    about = notifications.NoticeText("urgent", "/moderation/post/999999", "Gone")
    notifications.note_event(people.ana, about, [people.moderator.id])
    mail()
    assert sent(mail_server) == []


@pytest.mark.parametrize("way", ["digest", "at once"])
def test_who_hosts_another_agenda_now_is_told_nothing_of_the_queue_of_the_former(
    people, agenda, topic, mail_server, way
):
    notifications.choose_ways(people.host, {"queue": way, "host": "never"})
    moderation.report(people.chitra, "topic", topic.id, "rules")
    notifications.make_notices(SYSTEM)
    second = agendas.write_agenda(people.moderator, AgendaText("Parks", write("Trees.")))
    agendas.set_hosts(people.moderator, second.id, [people.host.handle])
    agendas.set_hosts(people.moderator, agenda.id, [people.moderator.handle])
    with at(now() + timedelta(days=1)):
        write_notice_letters()
        write_digests()
        while deliver():
            pass
    assert people.host.email not in [message["To"] for message in sent(mail_server)]


@pytest.mark.parametrize("way", ["digest", "at once"])
def test_of_the_queue_who_hosts_nothing_any_more_is_told_nothing_until_they_host_again(
    people, agenda, topic, mail_server, way
):
    notifications.choose_ways(people.host, {"queue": way, "host": "never"})
    moderation.report(people.chitra, "topic", topic.id, "rules")
    notifications.make_notices(SYSTEM)

    number, handle = people.host.id, people.host.handle

    def host():
        return db.session.get_one(Member, number, populate_existing=True)

    def seen():
        lines, parts = inbox(host(), is_unread=True), unread_by_part(host())
        assert sum(parts.values()) == len(lines.page.items) == lines.page.total
        return [(notice.id, notice.kind) for notice in lines.page.items]

    ((its, kind),) = before = seen()
    assert kind == "queue"
    agendas.set_hosts(people.moderator, agenda.id, [])
    assert seen() == [] and unread_count(host()) == 0
    notifications.read_all(host())
    with pytest.raises(NotFound):
        notifications.read(host(), its)
    with at(now() + timedelta(days=1)):
        write_notice_letters()
        write_digests()
        while deliver():
            pass
    assert host().email not in [message["To"] for message in sent(mail_server)]
    agendas.set_hosts(people.moderator, agenda.id, [handle])
    assert seen() == before, "nobody has decided it, and they have not read it"
    notifications.read_all(host(), "waiting")
    assert seen() == []


def test_what_is_read_all_at_once_is_what_the_inbox_shows(people, topic):
    post = dialogue.reply(people.ben, topic.id, write("Ask **me**."))
    notifications.make_notices(SYSTEM)
    dialogue.hide(people.moderator, post.id, "Rude.")
    notifications.read_all(people.ana)
    dialogue.restore(people.moderator, post.id)
    assert unread_count(people.ana) == 1, "it was out of sight then"
