"""Reminders of bookmarks: one notice on the chosen day, and none about things that can no longer be read."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from forum.bookmarks import actions
from forum.bookmarks.models import Bookmark
from forum.bookmarks.queries import bookmark_of, reminder_days
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Forbidden, Invalid, NotFound
from forum.front.actions import tell_reminders
from forum.library import actions as library
from forum.mail.commands import write_digests, write_notice_letters
from forum.mail.commands.composing import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.members.models import Member
from forum.notifications import actions as notices
from forum.notifications.models import Event, Notice
from forum.notifications.queries import zone_called
from forum.permissions import SYSTEM, VISITOR
from tests.bookmarks.conftest import case, federation, post, practice, reading
from tests.dialogue.conftest import odd_texts, page
from tests.front.test_bookmarks import kept
from tests.soundness import faults

pytestmark = pytest.mark.usefixtures("federation")
assert case and federation and kept and post and practice and reading
TODAY = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today():
    """A Saturday in November, at noon."""
    with at(TODAY):
        yield


def told():
    """The notices of reminders: (title, note, address)."""
    notices.make_notices(SYSTEM)
    rows = select(Notice).where(Notice.kind == "reminder").order_by(Notice.id)
    return [(row.heading, row.words, row.address) for row in db.session.scalars(rows)]


def test_days_are_counted_in_the_time_zone_of_the_member(people):
    days = reminder_days(people.ben)
    assert days.spans == {
        "tomorrow": date(2026, 11, 29),
        "week": date(2026, 12, 5),
        "month": date(2026, 12, 28),
    }
    assert (days.first, days.last) == (date(2026, 11, 29), date(2028, 11, 28))
    # A time zone in which the next day has begun
    notices.choose(people.ben, {}, "daily", 7, "Pacific/Kiritimati")
    assert reminder_days(people.ben).first == date(2026, 11, 30)
    for day, later in (
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
    ):
        with at(datetime(day.year, day.month, day.day, tzinfo=UTC)):
            assert reminder_days(people.chitra).spans["month"] == later
    with at(datetime(2028, 2, 29, tzinfo=UTC)):
        assert reminder_days(people.chitra).last == date(2030, 2, 28)


@pytest.mark.parametrize(
    ("hour", "zone", "moment"),
    [
        (7, "UTC", datetime(2026, 12, 1, 6, tzinfo=UTC)),
        (0, "UTC", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (0, "America/Lima", datetime(2026, 12, 1, 4, tzinfo=UTC)),
        (7, "America/Lima", datetime(2026, 12, 1, 11, tzinfo=UTC)),
        (7, "Pacific/Kiritimati", datetime(2026, 11, 30, 16, tzinfo=UTC)),
    ],
)
def test_the_moment_is_an_hour_before_the_digest_of_that_day(people, kept, hour, zone, moment):
    notices.choose(people.ben, {}, "daily", hour, zone)
    found = actions.remind(people.ben, kept["post"].id, date(2026, 12, 1))
    assert (found.remind_on, found.remind_at) == (date(2026, 12, 1), moment)


def test_one_notice_is_made_on_the_day_with_the_note(people, kept, post, case, practice, reading):
    for kind, bookmark in kept.items():
        actions.note_and_remind(people.ben, bookmark.id, f"About a {kind}", date(2026, 12, 1))
    with at(datetime(2026, 12, 1, 5, 59, tzinfo=UTC)):
        assert tell_reminders(SYSTEM) == 0 and told() == []
    with at(datetime(2026, 12, 1, 6, tzinfo=UTC)):
        assert tell_reminders(SYSTEM) == 4
        assert tell_reminders(SYSTEM) == 0
        assert told() == [
            (post.topic.title, "About a post", f"{post.topic.address}#post-1"),
            ("A network of harbours", "About a case", f"/cases/{case.slug}"),
            ("Pumps that call", "About a practice", f"/practices/{practice.slug}"),
            ("Noise", "About a reading", f"/agendas/quieter#reading-{reading.id}"),
        ]
        of_whom = select(Notice.member_id).where(Notice.kind == "reminder").distinct()
        assert db.session.scalars(of_whom).all() == [people.ben.id]
    rows = db.session.scalars(select(Bookmark))
    assert {(row.remind_on, row.remind_at) for row in rows} == {(None, None)}


def test_what_a_worker_did_not_finish_another_does_once(people, kept, monkeypatch):
    actions.remind(people.ben, kept["case"].id, date(2026, 11, 29))
    with at(TODAY + timedelta(days=2)), monkeypatch.context() as killed:

        def die(*_any):
            raise KeyboardInterrupt

        killed.setattr("forum.front.actions.end_reminders", die)
        with pytest.raises(KeyboardInterrupt):
            tell_reminders(SYSTEM)
        assert db.session.scalar(select(Event.id).where(Event.kind == "reminder")) is None
    with at(TODAY + timedelta(days=2)):
        assert [tell_reminders(SYSTEM) for _twice in range(2)] == [1, 0]
        assert len(told()) == 1


def test_they_come_in_bounded_batches(people, kept):
    for bookmark in kept.values():
        actions.remind(people.ben, bookmark.id, date(2026, 11, 29))
    with at(TODAY + timedelta(days=2)):
        assert [tell_reminders(SYSTEM, 3) for _batch in range(3)] == [3, 1, 0]
    assert len(told()) == 4


def test_of_what_can_no_longer_be_read_there_is_none(
    people, kept, post, case, practice, reading, sign_in
):
    for bookmark in kept.values():
        actions.note_and_remind(people.ben, bookmark.id, "Mine", date(2026, 11, 29))
    dialogue.hide(people.moderator, post.id, "rules")
    library.remove_case(people.moderator, case.id, "rules")
    library.delete_practice(people.ana, practice.id)
    library.remove_reading(people.moderator, reading.id)
    assert page(sign_in(people.ben), "/bookmarks").count("Reminder on") == 4
    with at(TODAY + timedelta(days=1)):
        assert tell_reminders(SYSTEM) == 4
        assert told() == [] and not db.session.scalar(
            select(Event.id).where(Event.kind == "reminder")
        )
    assert "Reminder on" not in page(sign_in(people.ben), "/bookmarks")


def test_of_what_is_hidden_moderators_are_not_reminded_either(people, kept, post, case, practice):
    things = (("post", post), ("case", case), ("practice", practice))
    for kind, thing in things:
        actions.bookmark(people.moderator, kind, thing.id)
        found = bookmark_of(people.moderator, kind, thing.id)
        actions.remind(people.moderator, found.id, date(2026, 11, 29))
    dialogue.hide_topic(people.moderator, post.topic_id)
    library.hide_case(people.moderator, case.id, "rules")
    library.hide_practice(people.moderator, practice.id, "rules")
    with at(TODAY + timedelta(days=1)):
        assert tell_reminders(SYSTEM) == 3
        assert told() == [] and not faults()


def test_what_is_hidden_after_it_is_in_no_inbox(people, kept, post, sign_in):
    actions.remind(people.ben, kept["post"].id, date(2026, 11, 29))
    with at(TODAY + timedelta(days=1)):
        tell_reminders(SYSTEM)
        assert len(told()) == 1
    ben = sign_in(people.ben)
    said = page(ben, "/notices")
    assert "You asked to be reminded of" in said and post.topic.title in said
    dialogue.hide(people.moderator, post.id, "rules")
    assert post.topic.title not in page(ben, "/notices")


def mailed_the_day_after(app, member):
    """The e-mails to a member that are sent one day later."""
    with at(now() + timedelta(days=1)), app.test_request_context():
        write_notice_letters()
        write_digests()
        sent = deliveries_by_id([letter.id for letter in letters(member)])
        written = (compose(delivery, app.extensions["settings"]) for delivery in sent)
        return [letter.text for letter in written if letter]


@pytest.mark.parametrize("way", ["at once", "digest"])
@pytest.mark.parametrize("is_made", [True, False])
def test_of_a_best_read_that_was_removed_meanwhile_nothing_is_told_or_mailed(
    app, people, kept, reading, sign_in, way, is_made
):
    notices.choose(people.ben, {"reminder": way}, "daily", 7, "UTC")
    for kind in ("reading", "case"):
        actions.note_and_remind(people.ben, kept[kind].id, f"A {kind}", date(2026, 11, 29))
    with at(TODAY + timedelta(days=1)):
        tell_reminders(SYSTEM)
        if is_made:
            assert len(told()) == 2
            assert "Noise" in page(sign_in(people.ben), "/notices")
        library.remove_reading(people.moderator, reading.id)
        notices.make_notices(SYSTEM)
        inbox = page(sign_in(people.ben), "/notices")
        assert "A network of harbours" in inbox
        assert "Noise" not in inbox and "A reading" not in inbox
        (text,) = mailed_the_day_after(app, people.ben)
        assert "A network of harbours" in text and "Noise" not in text


@pytest.mark.parametrize("way", ["at once", "digest"])
def test_of_a_best_read_on_an_agenda_in_preparation_only_who_sees_it_is_mailed(
    app, people, agenda, reading, way
):
    for who in (people.ben, people.host):
        notices.choose(who, {"reminder": way}, "daily", 7, "UTC")
        actions.bookmark(who, "reading", reading.id)
        mine = bookmark_of(who, "reading", reading.id)
        actions.remind(who, mine.id, date(2026, 11, 29))
    with at(TODAY + timedelta(days=1)):
        tell_reminders(SYSTEM)
        assert len(told()) == 2
        dialogue.prepare_agenda(people.moderator, agenda.id)
        assert mailed_the_day_after(app, people.ben) == []
        assert "Noise" in mailed_the_day_after(app, people.host)[0]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_of_a_draft_that_its_author_deleted_nothing_is_told_or_mailed(
    app, people, agenda, sign_in, is_deleted
):
    text = library.PracticeText("Pumps that sleep", "Each pump rests.")
    draft = library.write_practice(people.ana, agenda.id, text)
    actions.bookmark(people.ana, "practice", draft.id)
    mine = bookmark_of(people.ana, "practice", draft.id)
    actions.remind(people.ana, mine.id, date(2026, 11, 29))
    with at(TODAY + timedelta(days=1)):
        tell_reminders(SYSTEM)
        told()
        if is_deleted:
            library.delete_practice(people.ana, draft.id)
        is_listed = "Pumps that sleep" in page(sign_in(people.ana), "/notices")
        assert is_listed is not is_deleted
        assert len(mailed_the_day_after(app, people.ana)) == (0 if is_deleted else 1)


@pytest.mark.parametrize("how", ["suspended_until", "leaving_at"])
def test_it_waits_for_who_cannot_sign_in(people, kept, how):
    actions.remind(people.ben, kept["case"].id, date(2026, 11, 29))
    ends = TODAY + timedelta(days=3)
    db.session.execute(update(Member).where(Member.id == people.ben.id).values({how: ends}))
    db.session.commit()
    for day in (1, 2):
        with at(TODAY + timedelta(days=day)):
            assert [tell_reminders(SYSTEM) for _twice in range(2)] == [1, 0]
            assert told() == []
    db.session.execute(update(Member).where(Member.id == people.ben.id).values({how: None}))
    db.session.commit()
    with at(TODAY + timedelta(days=3)):
        assert tell_reminders(SYSTEM) == 1 and len(told()) == 1


def test_who_has_moved_is_reminded_when_the_day_comes_there(people, kept):
    actions.remind(people.ben, kept["case"].id, date(2026, 11, 29))
    notices.choose(people.ben, {}, "daily", 7, "America/Lima")
    with at(datetime(2026, 11, 29, 6, tzinfo=UTC)):
        assert [tell_reminders(SYSTEM) for _twice in range(2)] == [1, 0]
        assert told() == []
    with at(datetime(2026, 11, 29, 11, tzinfo=UTC)):
        assert tell_reminders(SYSTEM) == 1 and len(told()) == 1


def letters(member):
    return db.session.scalars(select(Delivery).where(Delivery.member_id == member.id)).all()


def test_it_is_mailed_at_once(app, people, kept, post):
    actions.note_and_remind(people.ben, kept["post"].id, "For the meeting", date(2026, 11, 29))
    with at(TODAY + timedelta(days=1)):
        tell_reminders(SYSTEM)
        told()
    with at(TODAY + timedelta(days=1, hours=1)):
        write_notice_letters()
        (letter,) = letters(people.ben)
        with app.test_request_context():
            message = compose(letter, app.extensions["settings"])
    assert message.subject == f"You asked to be reminded: {post.topic.title}"
    assert f"You asked to be reminded of “{post.topic.title}”." in message.text
    assert "For the meeting" in message.text and "It took" not in message.text
    assert message.sender_name == "Quiet cities"


@pytest.mark.parametrize(("way", "number"), [("digest", 1), ("never", 0)])
def test_it_is_mailed_as_its_member_chose(people, kept, way, number):
    notices.choose(people.ben, {"reminder": way}, "daily", 7, "UTC")
    actions.remind(people.ben, kept["case"].id, date(2026, 11, 30))
    with at(datetime(2026, 11, 30, 6, 0, 30, tzinfo=UTC)):
        tell_reminders(SYSTEM)
        told()
        write_notice_letters()
    with at(datetime(2026, 11, 30, 7, 1, tzinfo=UTC)):  # a minute after the digest of that day
        write_notice_letters()
        write_digests()
    assert len(letters(people.ben)) == number


@pytest.mark.parametrize(
    ("hour", "zone", "day", "moment"),
    [
        (0, "UTC", date(2026, 11, 30), datetime(2026, 11, 29, 23, tzinfo=UTC)),
        # Clocks are set forward at 2, so there is no 2 o'clock, and the digest comes at 3
        (1, "Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 27, 23, tzinfo=UTC)),
        (2, "Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 28, 0, tzinfo=UTC)),
        (3, "Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 28, 0, tzinfo=UTC)),
        # Clocks are set back at 3, and the digest comes at the first of two 2 o'clocks
        (2, "Europe/Berlin", date(2027, 10, 31), datetime(2027, 10, 30, 23, tzinfo=UTC)),
        (3, "Europe/Berlin", date(2027, 10, 31), datetime(2027, 10, 31, 1, tzinfo=UTC)),
        # Clocks are set forward at midnight, and the digest comes at 1
        (0, "America/Havana", date(2027, 3, 14), datetime(2027, 3, 14, 4, tzinfo=UTC)),
    ],
)
def test_the_digest_of_its_day_takes_it_along_at_any_hour_and_when_clocks_change(
    people, kept, hour, zone, day, moment
):
    notices.choose(people.ben, {"reminder": "digest"}, "daily", hour, zone)
    assert actions.remind(people.ben, kept["case"].id, day).remind_at == moment
    with at(moment - timedelta(seconds=1)):
        assert tell_reminders(SYSTEM) == 0
    with at(moment + timedelta(minutes=1)):
        assert tell_reminders(SYSTEM) == 1
        told()
        write_digests()
        assert letters(people.ben) == []
    with at(moment + timedelta(minutes=59)):
        write_digests()
        assert letters(people.ben) == []
    with at(moment + timedelta(minutes=61)):
        write_digests()
        assert len(letters(people.ben)) == 1
        there = now().astimezone(zone_called(zone))
        assert there.date() == day


def test_a_day_is_after_today_and_not_too_far(people, kept):
    found = kept["case"]
    for day in (date(2026, 11, 28), date(2020, 1, 1), date(2028, 11, 29), date.max, date.min):
        with pytest.raises(Invalid, match="until 28 Nov") as refused:
            actions.remind(people.ben, found.id, day)
        assert refused.value.field == "remind_on"
    actions.remind(people.ben, found.id, date(2028, 11, 28))
    actions.remind(people.ben, found.id, date(2026, 11, 29))
    with at(datetime(2026, 11, 29, 5, tzinfo=UTC)):  # a chosen day is kept on the day itself
        assert actions.note_and_remind(people.ben, found.id, "Now", date(2026, 11, 29)).remind_at


def test_only_its_owner_sets_it_and_only_the_system_ends_it(people, kept):
    with pytest.raises(NotFound):
        actions.remind(people.chitra, kept["post"].id, date(2026, 12, 1))
    with pytest.raises(Forbidden):
        actions.remind(VISITOR, kept["post"].id, date(2026, 12, 1))
    for deed, what in ((actions.end_reminders, []), (actions.postpone_reminders, {})):
        with pytest.raises(Forbidden):
            deed(people.ben, what)
    with pytest.raises(Forbidden):
        tell_reminders(people.ben)


def test_it_is_set_changed_and_cleared_by_one_press_in_the_list(people, kept, sign_in):
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/remind"
    assert "No reminder" not in page(ben, "/bookmarks")
    for span, day in (("tomorrow", "29"), ("week", "5"), ("month", "28")):
        answer = ben.post(door, data={"remind": span, "next": "/bookmarks?kind=case"})
        assert (answer.status_code, answer.location) == (303, "/bookmarks?kind=case")
        text = page(ben, "/bookmarks")
        assert re.search(rf"You will be reminded on {day} \w+ 2026", text)
        assert re.search(rf"Reminder on <time[^>]*>{day}\xa0\w+ 2026", text)
        assert text.count('value="never"') == 1
    assert ben.post(door, data={"remind": "never"}).location == "/bookmarks"
    text = page(ben, "/bookmarks")
    assert "You will not be reminded." in text and "Reminder on" not in text
    for odd in ("", "day", "year", *odd_texts()):
        answer = ben.post(door, data={"remind": odd, "next": odd})
        assert answer.status_code == 303 and "/note" in answer.location


def test_it_is_set_where_the_note_is_written(people, kept, case, sign_in):
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/note"
    both = {"note": "Why", "remind": "day", "remind_on": "2026-12-24"}
    assert ben.post(door, data=both).location == "/bookmarks"

    def saved():
        found = bookmark_of(people.ben, "case", case.id)
        return found.note, found.remind_on

    assert saved() == ("Why", date(2026, 12, 24))
    text = page(ben, "/bookmarks")
    assert "Your note is saved." in text and "You will be reminded on 24 Dec" in text
    shown = page(ben, door)
    assert 'value="2026-12-24"' in shown and 'max="2028-11-28" min="2026-11-29"' in shown
    assert re.search(r'checked[^>]*value="day"', shown)
    ben.post(door, data={"note": "Why not"})  # from a form without the field for the day
    assert saved() == ("Why not", date(2026, 12, 24))
    for sent, day in (
        ({"remind": "week", "remind_on": "2026-12-24"}, date(2026, 12, 5)),
        ({"remind": "never", "remind_on": "2026-12-05"}, None),
        (
            {"remind": "never", "remind_on": "2027-01-02"},
            date(2027, 1, 2),
        ),  # a day was typed, but “On a day” was not chosen
        ({"remind": "never", "remind_on": ""}, None),
    ):
        assert ben.post(door, data={"note": "Why", **sent}).status_code == 303
        assert saved() == ("Why", day), sent
    assert "You will not be reminded." in page(ben, "/bookmarks")


def test_a_note_from_an_older_window_leaves_the_day_as_it_is_by_now(people, kept, case, sign_in):
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/note"

    def window():
        """The form data of a page in which nothing was changed."""
        text = page(ben, door)
        field = r'<input[^>]*name="%s"[^>]*value="([^"]*)"'
        chosen = re.search(r'<input(?=[^>]*checked)[^>]*name="remind"[^>]*value="(\w+)"', text)
        return {
            "remind": chosen[1],
            "remind_on": re.search(field % "remind_on", text)[1],
            "remind_shown": re.search(field % "remind_shown", text)[1],
        }

    def saved(sent):
        assert ben.post(door, data={"note": "Why", **sent}).status_code == 303
        found = bookmark_of(people.ben, "case", case.id)
        assert found.note == "Why"
        return found.remind_on

    first = window()
    assert first == {"remind": "never", "remind_on": "", "remind_shown": ""}
    actions.remind(people.ben, kept["case"].id, date(2027, 1, 15))
    assert saved(first) == date(2027, 1, 15)
    assert "You will" not in page(ben, "/bookmarks")
    second = window()
    assert second == {"remind": "day", "remind_on": "2027-01-15", "remind_shown": "2027-01-15"}
    actions.remind(people.ben, kept["case"].id, date(2027, 2, 1))
    assert saved(second) == date(2027, 2, 1)
    actions.remind(people.ben, kept["case"].id, None)
    assert saved(second) is None
    for changed, day in (
        ({"remind_on": "2027-03-01"}, date(2027, 3, 1)),
        ({"remind": "week"}, date(2026, 12, 5)),
        ({"remind": "never"}, None),
    ):
        actions.remind(people.ben, kept["case"].id, date(2027, 2, 1))
        assert saved(second | changed) == day
    actions.remind(people.ben, kept["case"].id, date(2027, 2, 1))
    assert saved(first | {"remind_on": "2027-02-02"}) == date(2027, 2, 2)
    for odd in odd_texts():
        sent = {**second, "remind": "never", "remind_shown": odd}
        assert ben.post(door, data={"note": "", **sent}).status_code in (303, 422)


def test_a_note_from_a_window_of_before_its_day_is_saved_when_that_is_over(people, kept, sign_in):
    actions.remind(people.ben, kept["case"].id, date(2026, 11, 29))
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/note"
    with at(TODAY + timedelta(days=2)):
        tell_reminders(SYSTEM)
        shown = {"remind": "day", "remind_on": "2026-11-29", "remind_shown": "2026-11-29"}
        assert ben.post(door, data={"note": "Late", **shown}).status_code == 303
        text = page(ben, "/bookmarks")
        assert "Late" in text and "Reminder on" not in text


def test_the_page_on_privacy_tells_of_the_days(client):
    assert "with your notes on it and the days on which you want to be reminded" in page(
        client, "/privacy"
    )


def test_a_day_that_cannot_be_is_refused_with_all_that_was_typed(people, kept, case, sign_in):
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['case'].id}/note"
    for day in ("", "soon", "2026-11-28", "2030-01-01", "0001-01-01", "99999-01-01"):
        refused = ben.post(door, data={"note": "Kept words", "remind": "day", "remind_on": day})
        assert refused.status_code == 422, day
        assert "Kept words" in refused.text and "One thing to correct" in refused.text
    for odd in odd_texts():
        sent = {"note": "", "remind": odd, "remind_on": odd}
        assert ben.post(door, data=sent).status_code in (303, 422)
    found = bookmark_of(people.ben, "case", case.id)
    assert (found.note, found.remind_on) == ("", None)


def test_of_what_is_out_of_reach_one_can_only_end_it(people, kept, post, sign_in):
    actions.remind(people.ben, kept["post"].id, date(2026, 12, 1))
    dialogue.hide(people.moderator, post.id, "rules")
    ben, door = sign_in(people.ben), f"/bookmarks/{kept['post'].id}"
    assert ben.post(f"{door}/remind", data={"remind": "week"}).status_code == 404
    sent = {"remind": "day", "remind_on": "2027-01-01"}
    assert ben.post(f"{door}/note", data=sent).status_code == 404
    assert page(ben, "/bookmarks").count('value="never"') == 1
    assert ben.post(f"{door}/remind", data={"remind": "never"}).status_code == 303
    assert "Reminder on" not in page(ben, "/bookmarks")


def test_what_one_ignores_or_mutes_is_no_reason_to_be_told_nothing(people, post, sign_in):
    reply = dialogue.reply(people.chitra, post.topic_id, write("Loud words."))
    actions.bookmark(people.ben, "post", reply.id)
    notices.watch(people.ben, "topic", post.topic_id, "muted")
    actions.remind(people.ben, bookmark_of(people.ben, "post", reply.id).id, date(2026, 11, 29))
    with at(now() + timedelta(days=1)):
        tell_reminders(SYSTEM)
        assert told() == [(post.topic.title, "", f"{post.topic.address}#post-2")]
