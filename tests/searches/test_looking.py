"""What the worker finds for kept searches: the same as their page, only newer texts, each once, and none of the owner's own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from forum.bookmarks.queries import reminder_moment
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.glossary import actions as glossary
from forum.library import actions as library
from forum.mail.commands import write_digests, write_notice_letters
from forum.mail.commands.composing import compose
from forum.mail.models import Delivery
from forum.mail.queries import deliveries_by_id
from forum.markup import write
from forum.meetings.actions import MeetingText, announce_meeting
from forum.members import actions as members
from forum.members.models import Member
from forum.notifications import actions as notices
from forum.notifications.models import Event, Notice, NoticeSettings
from forum.notifications.queries import visible_notices
from forum.parallels import actions as parallels
from forum.parallels.actions import TranslationText
from forum.permissions import SYSTEM
from forum.rights.queries import KINDS
from forum.search.models import TRANSLATION_KINDS, Document
from forum.searches import actions
from forum.searches import queries as searches
from forum.searches.commands import look_after_searches
from forum.searches.models import Wanted
from forum.searches.queries import my_searches, new_numbers, told_searches
from tests.searches.conftest import TODAY, open_topic

pytestmark = pytest.mark.usefixtures("today")

DAY = timedelta(days=1)


def look(days=1):
    """Run the worker's task after some days; returns the texts of the new notices."""
    with at(TODAY + days * DAY):
        while look_after_searches():
            pass
        before = db.session.scalar(select(func.max(Notice.id))) or 0
        notices.make_notices(SYSTEM)
        made = db.session.scalars(select(Notice).where(Notice.id > before)).all()
        return [notice.heading for notice in made if notice.kind.startswith("search")]


def new(member):
    (kept,) = my_searches(member)
    return new_numbers(member, [kept])[kept.id]


def test_what_is_newer_is_told_once(people, agenda, kept):
    assert look() == []
    open_topic(people.ana, agenda, "Heat shelters in schools")
    topic = open_topic(people.ana, agenda, "Where are they?", "Our heat shelters are full.")
    open_topic(people.ana, agenda, "Heat alone")
    dialogue.reply(people.chitra, topic.id, write("A heat shelter needs water."))
    assert look(2) == ["3 new texts for “heat shelters”"]
    assert new(people.ben) == 3
    assert look(3) == []
    with at(TODAY + 3 * DAY):
        open_topic(people.ana, agenda, "Another heat shelter")
    assert look(4) == ["1 new text for “heat shelters”"]
    assert new(people.ben) == 4
    notice = db.session.scalars(visible_notices(people.ben)).first()
    assert (notice.address, notice.actor_id) == (f"/searches/{kept.id}", None)


def test_what_was_there_before_is_not_new(people, agenda):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    actions.keep(people.ben, Wanted("heat shelters"))
    assert look() == [] and new(people.ben) == 0


def test_a_text_that_is_only_indexed_anew_is_not_new(people, agenda, kept):
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    written = update(Document).where(Document.item_id == topic.id, Document.kind == "topic")
    db.session.execute(written.values(written_at=TODAY - 60 * DAY))
    db.session.commit()
    assert look() == []


def test_own_texts_and_those_of_ignored_members_are_left_out(people, agenda, kept):
    open_topic(people.ben, agenda, "Heat shelters of mine")
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    dialogue.reply(people.ben, topic.id, write("My heat shelters."))
    members.ignore(people.ben, people.ana.id)
    assert look() == []
    dialogue.reply(people.chitra, topic.id, write("Heat shelters here."))
    dialogue.reply(people.host, topic.id, write("Heat shelters there."))
    assert look(2) == ["2 new texts for “heat shelters”"]
    members.ignore(people.ben, people.chitra.id)
    ben = db.session.get_one(Member, people.ben.id)
    assert new(ben) == 1


def test_what_is_curated_is_no_news_for_who_added_it(people, agenda):
    mine = actions.keep(people.host, Wanted("heat shelters"))
    theirs = actions.keep(people.ben, Wanted("heat shelters"))
    text = library.CaseText("Heat shelters", "network", "Shelters from heat.", "They opened.")
    library.write_case(people.host, agenda.id, text)
    library.write_reading(people.host, agenda.id, library.ReadingText("Heat shelters", "A. Sol"))
    begins = TODAY + 5 * DAY
    told = ("Heat shelters", write("Where?"), begins, begins + DAY / 24, "UTC")
    announce_meeting(people.host, agenda.id, MeetingText(*told, place="Hall"))
    assert look() == ["3 new texts for “heat shelters”"]
    assert new_numbers(people.host, [mine]) == {mine.id: 0}
    assert new_numbers(people.ben, [theirs]) == {theirs.id: 3}
    library.write_reading(
        people.moderator, agenda.id, library.ReadingText("Heat shelters", "B. Ek")
    )
    look(2)
    assert new_numbers(people.host, [mine]) == {mine.id: 1}
    assert new_numbers(people.ben, [theirs]) == {theirs.id: 4}


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (Wanted("heat shelters", kinds=("practice",)), 1),
        (Wanted("heat shelters", kinds=("practice", "post")), 2),
        (Wanted("heat shelters", kinds=("question", "post")), 2),
        (Wanted("heat shelters", kinds=("experience", "practice")), 1),
        (Wanted("heat shelters", languages=("fr",)), 0),
        (Wanted('"shelters heat"'), 0),
        (Wanted("shelters heat"), 3),
        (Wanted("shelt"), 3),
        (Wanted("trams"), 0),
    ],
)
def test_it_finds_what_its_page_finds(people, agenda, sign_in, wanted, number):
    kept = actions.keep(people.ben, wanted)
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    dialogue.reply(people.ana, topic.id, write("Shelters again."))
    text = library.PracticeText("Heat shelters that call", "Each shelter sends a message.")
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    assert len(look()) == bool(number)
    assert new(people.ben) == number
    (row,) = searches.rows_of(people.ben, [kept])
    page = sign_in(people.ben).get(row.address).text
    shown = {0: "0 results", 1: "1 result"}.get(number, f"{number} ")
    assert shown in page


def test_it_is_narrowed_to_agendas_and_a_topic(people, agenda, sign_in):
    topic = open_topic(people.ana, agenda, "Shelters")
    other = open_topic(people.ana, agenda, "Bells")
    here = actions.keep(people.ben, Wanted("water", topic_id=topic.id))
    there = actions.keep(people.ben, Wanted("water", agenda_ids=(agenda.id,)))
    gone = actions.keep(people.ben, Wanted("water", agenda_ids=(agenda.id + 99,)))
    for watered in (topic, other):
        dialogue.reply(people.ana, watered.id, write("More water."))
    assert sorted(look()) == ["1 new text for “water”", "2 new texts for “water”"]
    numbers = new_numbers(people.ben, [here, there, gone])
    assert list(numbers.values()) == [1, 2, 0]
    dialogue.prepare_agenda(people.moderator, agenda.id)
    ben = db.session.get_one(Member, people.ben.id)
    assert set(new_numbers(ben, [here, there, gone]).values()) == {0}
    with at(TODAY + DAY):
        dialogue.reply(people.moderator, topic.id, write("Still water."))
    assert look(2) == []
    rows = searches.rows_of(ben, [here, there, gone])
    assert [row.is_gone for row in rows] == [True, True, True]
    assert rows[1].address == f"/search?q=water&agenda={agenda.id}&order=newest"


def test_names_of_the_glossary_are_looked_for_as_on_the_page(people, agenda):
    names = [("en", "heat shelter"), ("fr", "îlot de fraîcheur")]
    text = glossary.EntryText(
        tuple(glossary.WordingText(code, name, meaning="Cool.") for code, name in names)
    )
    glossary.write_entry(people.moderator, text)
    wide = actions.keep(people.ben, Wanted("heat shelter"))
    exact = actions.keep(people.ben, Wanted("heat shelter", is_exact=True))
    open_topic(people.ana, agenda, "Nos îlots de fraîcheur")
    assert look() == ["1 new text for “heat shelter”"]
    assert list(new_numbers(people.ben, [wide, exact]).values()) == [1, 0]


def test_translations_have_names_and_an_author(people, agenda, sign_in):
    text = library.PracticeText("Heat shelters that call", "Each shelter sends a message.")
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    kinds = TRANSLATION_KINDS
    mine, theirs = (
        actions.keep(person, Wanted("abris", kinds)) for person in (people.ben, people.chitra)
    )
    said = TranslationText("fr", "Des abris qui appellent", "Chaque abri envoie un message.")
    parallels.add_translation(people.ben, "practice", made.id, said)
    look()
    assert new_numbers(people.ben, [mine])[mine.id] == 0
    assert new_numbers(people.chitra, [theirs])[theirs.id] == 1
    shown = re.sub(r"<[^>]+>", "", sign_in(people.ben).get("/searches").text)
    assert "abris · Translations · What did not work, translated" in shown


def test_what_is_hidden_or_deleted_is_in_no_count(people, agenda, kept, sign_in):
    first = open_topic(people.ana, agenda, "Heat shelters in schools")
    second = open_topic(people.ana, agenda, "Heat shelters in parks")
    assert look() == ["2 new texts for “heat shelters”"]
    ben = sign_in(people.ben)
    assert "2 new texts for “heat shelters”" in ben.get("/notices").text
    dialogue.hide_topic(people.moderator, first.id, "rules")
    assert "1 new text for “heat shelters”" in ben.get("/notices").text
    assert new(people.ben) == 1
    dialogue.hide_topic(people.moderator, second.id, "rules")
    assert "What was new for “heat shelters” is no longer there" in ben.get("/notices").text
    assert new(people.ben) == 0


def test_an_old_notice_does_not_say_that_its_texts_are_gone(
    people, agenda, kept, sign_in, monkeypatch
):
    for file in ("actions", "queries.telling"):
        monkeypatch.setattr(f"forum.searches.{file}.MAX_FOUND", 3)
    open_topic(people.ana, agenda, "Heat shelters in schools")
    assert look() == ["1 new text for “heat shelters”"]
    with at(TODAY + DAY):
        later = [open_topic(people.ana, agenda, f"Heat shelters {number}") for number in range(3)]
    assert look(2) == ["3 new texts for “heat shelters”"]
    ben = sign_in(people.ben)
    text = ben.get("/notices").text
    assert "New texts for “heat shelters”" in text and "3 new texts for “heat shelters”" in text
    assert "no longer there" not in text
    for topic in later:
        dialogue.hide_topic(people.moderator, topic.id, "rules")
    assert "What was new for “heat shelters” is no longer there" in ben.get("/notices").text


def test_a_document_that_gets_the_number_of_one_that_is_deleted_is_new(people, agenda, kept):
    text = library.ReadingText("Heat shelters", "Ada Blum", 2019, why="It counts hours.")
    reading = library.write_reading(people.host, agenda.id, text)
    assert len(look()) == 1
    library.remove_reading(people.host, reading.id)
    assert look(2) == [] and new(people.ben) == 0
    with at(TODAY + 2 * DAY):
        open_topic(people.ana, agenda, "Heat shelters in schools")
    assert look(3) == ["1 new text for “heat shelters”"]
    assert new(people.ben) == 1


def test_more_than_twenty_are_not_counted(people, agenda, kept, monkeypatch):
    for file in ("looking", "telling"):
        monkeypatch.setattr(f"forum.searches.queries.{file}.MAX_NEW", 2)
    for number in range(4):
        open_topic(people.ana, agenda, f"Heat shelters {number}")
    assert look() == ["More than 2 new texts for “heat shelters”"]
    assert len(kept.found) == 3


def test_a_worker_that_is_killed_tells_once(people, agenda, kept, monkeypatch):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    with monkeypatch.context() as killed, at(TODAY + DAY):

        def die(*_any, **_words):
            raise KeyboardInterrupt

        killed.setattr("forum.searches.actions.note_event", die)
        with pytest.raises(KeyboardInterrupt):
            look_after_searches()
        assert db.session.scalar(select(Event.id).where(Event.kind == "search")) is None
    assert look() == ["1 new text for “heat shelters”"]
    assert look() == []


def test_two_looks_at_once_tell_once(people, agenda, kept):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    with at(TODAY + DAY):
        first, second = (searches.looks_for(searches.due_searches(9)) for _worker in range(2))
        assert actions.note_looks(SYSTEM, first) == 1
        assert actions.note_looks(SYSTEM, second) == 0
    with at(TODAY + 2 * DAY):  # due again, but this result is outdated
        assert actions.note_looks(SYSTEM, second) == 1
    assert db.session.scalar(select(func.count()).where(Event.kind == "search")) == 1


def test_who_looks_at_the_results_is_told_nothing_of_them(people, agenda, kept, sign_in):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    assert len(look()) == 1
    ben = sign_in(people.ben)
    address = ben.get(f"/searches/{kept.id}").headers["Location"]
    ben.get(address.replace("&order=newest", ""))
    assert new(people.ben) == 1
    ben.get(address)
    assert new(people.ben) == 0
    (notice,) = db.session.scalars(visible_notices(people.ben)).all()
    assert notice.read_at is not None
    with at(TODAY + DAY):
        open_topic(people.ana, agenda, "Heat shelters in parks")
        ben.get(address)
    assert look(2) == []


def test_once_a_week_all_of_it_is_told_for_the_digest(people, agenda, kept):
    actions.change(people.ben, kept.id, "", "weekly")
    open_topic(people.ana, agenda, "Heat shelters in schools")
    assert look(1) == [] and new(people.ben) == 1  # Thursday
    with at(TODAY + DAY):
        open_topic(people.ana, agenda, "Heat shelters in parks")
    assert [look(days) for days in (2, 3)] == [[], []]
    assert look(4) == [
        "2 new texts for “heat shelters”"
    ]  # Sunday at noon, before the digest of Monday
    assert look(5) == []
    (notice,) = db.session.scalars(visible_notices(people.ben)).all()
    assert (notice.kind, notice.way) == ("search weekly", "digest")
    with at(TODAY + 6 * DAY):
        open_topic(people.ana, agenda, "Heat shelters in trains")
    assert [look(days) for days in range(6, 11)] == [[]] * 5
    assert look(11) == ["1 new text for “heat shelters”"]


def test_who_wants_to_be_told_nothing_finds_it_in_the_list(people, agenda, kept):
    actions.change(people.ben, kept.id, "", "never")
    open_topic(people.ana, agenda, "Heat shelters in schools")
    assert look() == [] and new(people.ben) == 1
    actions.change(people.ben, kept.id, "", "daily")
    assert look(2) == []
    with at(TODAY + 2 * DAY):
        open_topic(people.ana, agenda, "Heat shelters in parks")
    assert look(3) == ["1 new text for “heat shelters”"]


@pytest.mark.parametrize("how", ["suspended_until", "leaving_at"])
def test_who_cannot_sign_in_is_told_nothing(people, agenda, kept, how):
    open_topic(people.ana, agenda, "Heat shelters in schools")
    locked = update(Member).where(Member.id == people.ben.id)
    db.session.execute(locked.values({how: TODAY + 3 * DAY}))
    db.session.commit()
    assert look(1) == [] and look(2) == []
    assert db.session.scalar(select(Event.id).where(Event.kind == "search")) is None
    db.session.execute(locked.values({how: None}))
    db.session.commit()
    assert look(3) == ["1 new text for “heat shelters”"]


def test_the_looks_are_spread_and_before_the_digest():
    after = datetime(2026, 11, 25, 12, tzinfo=UTC)
    moments = [
        searches.next_look(NoticeSettings(member_id=number, digest_hour=7, time_zone="UTC"), after)
        for number in (1, 60, 239, 240)
    ]
    assert [f"{moment:%d %H:%M}" for moment in moments] == [
        "26 05:59",
        "26 05:00",
        "26 02:01",
        "26 06:00",
    ]
    late = NoticeSettings(member_id=1, digest_hour=0, time_zone="Pacific/Kiritimati")
    moment = searches.next_look(late, after)
    assert after < moment <= after + DAY
    with at(moment):
        day = searches.day_of_look(late)
        assert f"{day}" == "2026-11-27" and moment < reminder_moment(late, day)


def letters(app, member):
    """The subjects and texts of the e-mails to a member that are sent one day later."""
    with at(now() + DAY), app.test_request_context():
        write_notice_letters()
        write_digests()
        theirs = db.session.scalars(select(Delivery.id).where(Delivery.member_id == member.id))
        sent = deliveries_by_id(theirs.all())
        written = (compose(delivery, app.extensions["settings"]) for delivery in sent)
        return [(letter.subject, letter.text) for letter in written if letter]


@pytest.mark.parametrize(("way", "number"), [("at once", 1), ("digest", 1), ("never", 0)])
def test_it_is_mailed_as_its_member_chose(app, people, agenda, kept, way, number):
    notices.choose(people.ben, {"search": way}, "daily", 7, "UTC")
    open_topic(people.ana, agenda, "Heat shelters in schools")
    hidden = open_topic(people.ana, agenda, "Heat shelters in parks")
    look()
    with at(TODAY + DAY):
        dialogue.hide_topic(people.moderator, hidden.id, "rules")
        sent = letters(app, people.ben)
    assert len(sent) == number
    for subject, text in sent:
        assert "1 new text for “heat shelters”" in subject
        assert "1 new text for “heat shelters”" in text and f"/searches/{kept.id}" in text


@pytest.mark.parametrize("way", ["at once", "digest"])
def test_nothing_is_mailed_of_what_is_gone_or_of_a_search_that_is_removed(
    app, people, agenda, kept, way
):
    notices.choose(people.ben, {"search": way}, "daily", 7, "UTC")
    topic = open_topic(people.ana, agenda, "Heat shelters in schools")
    other = actions.keep(people.ben, Wanted("schools"))
    open_topic(people.ana, agenda, "For schools")
    assert len(look()) == 2
    actions.remove(people.ben, other.id)
    with at(TODAY + DAY):
        dialogue.hide_topic(people.moderator, topic.id, "rules")
        assert letters(app, people.ben) == []


def test_a_digest_has_one_line_for_each_search(app, people, agenda, kept):
    notices.choose(people.ben, {"search": "digest"}, "weekly", 7, "UTC")
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look(1)
    with at(TODAY + DAY):
        open_topic(people.ana, agenda, "Heat shelters in parks")
    look(2)
    with at(TODAY + 5 * DAY):
        ((_subject, text),) = letters(app, people.ben)
    assert text.count("for “heat shelters”") == 1 and "2 new texts for “heat shelters”" in text


@pytest.mark.parametrize(("way", "made"), [("at once", "digest"), ("never", "never")])
def test_who_silences_the_kind_is_mailed_nothing_of_the_week(people, agenda, kept, way, made):
    notices.choose(people.ben, {"search": way}, "daily", 7, "UTC")
    actions.change(people.ben, kept.id, "", "weekly")
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look(5)
    assert db.session.scalars(select(Notice.way)).all() == [made]
    assert len(my_searches(people.ben)) == 1


def test_few_statements_tell_how_much_is_new(people, agenda, kept, queries):
    for word in ("schools", "parks"):
        actions.keep(people.ben, Wanted(word))
    open_topic(people.ana, agenda, "Heat shelters in schools and parks")
    assert len(look()) == 3
    theirs = db.session.scalars(visible_notices(people.ben)).all()
    with queries() as made:
        assert len(told_searches(people.ben, theirs)) == 3
    assert made.count == 2
    with queries() as made:
        searches.rows_of(people.ben, my_searches(people.ben))
    assert made.count == 2


def test_notices_and_letters_call_it_by_its_filters_too(app, people, agenda, sign_in):
    notices.choose(people.ben, {"search": "at once"}, "daily", 7, "UTC")
    kept = actions.keep(people.ben, Wanted("heat", ("topic",), (agenda.id,), ("en",)))
    actions.keep(people.ben, Wanted("heat"))
    open_topic(people.ana, agenda, "Heat shelters in schools")
    look()
    called = f"heat · Topics · {agenda.title} · English"
    text = sign_in(people.ben).get("/notices").text
    assert f"1 new text for “{called}”" in text and "1 new text for “heat”" in text
    with at(TODAY + DAY):
        subjects = [subject for subject, _text in letters(app, people.ben)]
    assert any(f"1 new text for “{called}”" in subject for subject in subjects)
    actions.change(people.ben, kept.id, "All shelters", "daily")
    assert "1 new text for “All shelters”" in sign_in(people.ben).get("/notices").text


def test_what_is_hidden_is_in_no_count_of_the_file_about_a_member(people, agenda, kept):
    first = open_topic(people.ana, agenda, "Heat shelters in schools")
    open_topic(people.ana, agenda, "Heat shelters in parks")
    look()
    (kind,) = (kind for kind in KINDS if kind.name == "searches")
    for number in (2, 1):
        ((record,), _key) = kind.batch(db.session.get_one(Member, people.ben.id), None)
        assert record["found"] == number
        if number == 2:
            dialogue.hide_topic(people.moderator, first.id, "rules")
