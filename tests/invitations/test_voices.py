"""Who writes for an organisation: all its members, or those that it has named."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from forum.clock import at, now
from forum.db import db
from forum.dialogue.actions import NewTopic, approve, open_topic
from forum.dialogue.models import Held
from forum.errors import Forbidden, Invalid
from forum.invitations.actions import choose_voices, look_after_voices
from forum.library.actions import PracticeText, submit, write_practice
from forum.library.models import Practice
from forum.mail.commands import write_notice_letters
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, OrganisationText, Profile, edit_profile, hide_profile
from forum.members.queries import get_member, mandates_of, voice_days, voices_of
from forum.moderation.actions import publish
from forum.moderation.queries import decision_log
from forum.notifications.actions import choose, make_notices
from forum.notifications.models import AT_ONCE, Event
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.rights.actions import begin_departure, leave
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from forum.transfer.models import FaultyFileError
from tests.conftest import signed_in
from tests.transfer.conftest import GOOD

NEW = NewTopic("experience", "Trams", write("They hum."), for_organisation=True)


@pytest.fixture
def institute(people):
    """An institute that Ana represents; Ana, Ben and Chitra belong to it."""
    text = OrganisationText("Institute of Trams", "institute", representative_id=people.ana.id)
    made = members.write_organisation(people.moderator, text)
    for member in (people.ana, people.ben, people.chitra):
        edit_profile(member, Profile(name=member.name, organisation_id=made.id))
    return made


def writes_for_it(member, agenda) -> bool:
    try:
        topic = open_topic(get_member(SYSTEM, member.handle), agenda.id, NEW)
    except Forbidden:
        return False
    return topic.organisation_id is not None


def who_writes(people, agenda) -> list[bool]:
    return [writes_for_it(person, agenda) for person in (people.ana, people.ben, people.chitra)]


def heard(member) -> list[str]:
    make_notices(SYSTEM)
    return [notice.heading for notice in inbox(member).page.items]


def test_at_first_all_its_members_write_for_it(people, agenda, institute):
    assert who_writes(people, agenda) == [True, True, True]
    assert voices_of(VISITOR, institute) == []


def test_its_representative_names_who_does(people, agenda, institute):
    topic = open_topic(people.chitra, agenda.id, NEW)
    choose_voices(people.ana, institute.id, [people.ben.id])
    assert who_writes(people, agenda) == [False, True, False]
    assert [voice.handle for voice in voices_of(VISITOR, institute)] == [people.ben.handle]
    assert topic.organisation_id == institute.id, "what was written stays"
    choose_voices(people.moderator, institute.id, None)
    assert who_writes(people, agenda) == [True, True, True]


def test_only_the_representative_names_who_writes_for_it(people, institute):
    for somebody in (people.ben, people.host, VISITOR):
        with pytest.raises(Forbidden):
            choose_voices(somebody, institute.id, [somebody.id or 0])


def test_who_comes_later_is_not_among_them(people, agenda, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    joining = Joining("Eva Holm", "eva@city.example", "hash", organisation_id=institute.id)
    eva = members.join(VISITOR, joining)
    assert not writes_for_it(eva, agenda)
    profile = Profile(name=people.ben.name, organisation_id=institute.id)
    edit_profile(people.ben, profile)
    assert writes_for_it(people.ben, agenda), "who stays keeps it"
    edit_profile(people.ben, replace(profile, organisation_id=None))
    edit_profile(people.ben, profile)
    assert not writes_for_it(people.ben, agenda), "who left and comes back is named anew"
    other = members.write_organisation(people.moderator, OrganisationText("Other", "company"))
    edit_profile(people.ben, replace(profile, organisation_id=other.id))
    assert writes_for_it(people.ben, agenda), "elsewhere it does not matter"


def test_who_left_it_is_told_nothing_about_it(sign_in, people, agenda, institute):
    choose_voices(people.ana, institute.id, [people.ana.id])
    edit_profile(people.ben, Profile(name=people.ben.name))
    page = sign_in(people.ben).get(f"/agendas/{agenda.slug}/topics/new?kind=experience").text
    assert "You write for yourself" in page and "names no organisation" not in page


def test_only_its_own_members_are_named(people, agenda, institute):
    choose_voices(people.ana, institute.id, [people.host.id, people.ben.id, 10**9])
    assert [voice.id for voice in voices_of(VISITOR, institute)] == [people.ben.id]
    assert heard(people.host) == []


def test_nobody_may_be_named(people, agenda, institute):
    choose_voices(people.ana, institute.id, [])
    assert who_writes(people, agenda) == [False, False, False]


def test_whoever_is_named_or_no_longer_is_told(people, institute):
    choose_voices(people.ana, institute.id, [people.ana.id, people.ben.id])
    assert heard(people.ben) == ["You write for Institute of Trams now"]
    assert heard(people.ana) == []
    assert heard(people.chitra) == ["You no longer write for Institute of Trams"]
    choose_voices(people.moderator, institute.id, [people.ana.id, people.ben.id])
    assert len(heard(people.ben)) == 1 and heard(people.ana) == [], "nothing has changed"
    choose_voices(people.ana, institute.id, [people.chitra.id])
    assert heard(people.ben)[0] == "You no longer write for Institute of Trams"
    assert heard(people.chitra)[0] == "You write for Institute of Trams now"


def test_nobody_is_told_of_what_holds_no_more(people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    choose_voices(people.ana, institute.id, [people.ana.id])
    assert heard(people.ben), "it was so"
    choose_voices(people.ana, institute.id, None)
    assert not inbox(people.ben, is_unread=True).page.items, "all its members write for it now"


def test_a_file_cannot_let_others_write_for_it(people, agenda, institute):
    file = GOOD.replace("- answer: yes", "- on behalf of organisation: yes")
    choose_voices(people.ana, institute.id, [people.ana.id])
    with pytest.raises(FaultyFileError) as refused:
        import_agenda(people.administrator, read_agenda(file))
    assert [fault.message for fault in refused.value.faults] == [
        f"the organisation of {people.ben.handle} has named others who write for it"
    ]


def test_those_whom_the_representative_does_not_see_keep_what_they_have(people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    hide_profile(people.moderator, people.ben.id)
    choose_voices(people.ana, institute.id, [people.chitra.id])
    known = {voice.id for voice in voices_of(people.moderator, institute)}
    assert known == {people.ben.id, people.chitra.id}
    assert [voice.id for voice in voices_of(VISITOR, institute)] == [people.chitra.id]


def test_a_text_that_waited_is_published_as_the_author_s_own(people, agenda, institute):
    text = PracticeText("Trams", "They hum.", for_organisation=True)
    practice = write_practice(people.ben, agenda.id, text)
    submit(people.ben, practice.id)
    choose_voices(people.ana, institute.id, [people.ana.id])
    publish(people.moderator, practice.id)
    found = db.session.get_one(Practice, practice.id)
    assert found.published_at and found.organisation_id is None


def test_a_text_that_a_rule_held_back_is_published_as_the_author_s_own(people, agenda, institute):
    make_rule(people.administrator, RuleText("word", "hum", "We read this word first."))
    held = open_topic(people.ben, agenda.id, NEW)
    assert isinstance(held, Held) and held.organisation_id == institute.id
    choose_voices(people.ana, institute.id, [people.ana.id])
    assert approve(people.moderator, held.id).organisation_id is None


def test_a_published_practice_stays_the_organisation_s_until_others_change_its_words(
    sign_in, people, agenda, institute
):
    text = PracticeText("Trams", "They hum.", for_organisation=True)
    practice = write_practice(people.ben, agenda.id, text)
    submit(people.ben, practice.id)
    publish(people.moderator, practice.id)
    choose_voices(people.ana, institute.id, [people.ana.id])
    browser, address = sign_in(people.ben), f"/practices/{practice.slug}/edit"
    typed = {"title": "Trams", "agenda": agenda.slug, "language": "en", "audience": "public"}

    def publish_changes(sentence: str) -> int:
        page = browser.get(address).text
        assert 'name="writes_for"' not in page
        seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)[1]
        data = {**typed, "sentence": sentence, "seen": seen, "deed": "save"}
        return browser.post(address, data=data).status_code

    typed["evidence"] = "studied"
    assert publish_changes("They hum.") == 303
    found = db.session.get_one(Practice, practice.id)
    assert (found.evidence, found.organisation_id) == ("studied", institute.id)
    other = members.write_organisation(people.moderator, OrganisationText("Other", "company"))
    edit_profile(people.ben, Profile(name=people.ben.name, organisation_id=other.id))
    assert publish_changes("They hum.") == 303
    assert db.session.get_one(Practice, practice.id).organisation_id == institute.id
    assert publish_changes("They hum by day.") == 303
    assert db.session.get_one(Practice, practice.id).organisation_id is None


def test_a_form_of_a_practice_that_was_opened_before_gives_it_back(
    sign_in, people, agenda, institute
):
    choose_voices(people.ana, institute.id, [people.ana.id])
    typed = {"title": "Trams", "agenda": agenda.slug, "language": "en", "audience": "public"}
    typed |= {"sentence": "They hum.", "writes_for": "organisation"}
    for deed in ("save", "submit"):
        answer = sign_in(people.ben).post("/practices/new", data={**typed, "deed": deed})
        assert answer.status_code == 403 and "They hum." in answer.text
        assert "Your organisation has named the members who write for it." in answer.text


# The page


def test_the_page_names_them(sign_in, client, people, institute):
    address = f"/organisations/{institute.slug}"
    browser = sign_in(people.ana)
    form = browser.get(f"{address}/voices").text
    assert re.search(r'<input checked [^>]*value="all"', form)
    typed = {"writers": "named", "voices": [str(people.ben.id)]}
    assert browser.post(f"{address}/voices", data=typed).location == address
    assert "The choice of who writes for Institute of Trams is saved." in browser.get(address).text
    page = client.get(address).text
    part = page.partition('id="voices"')[2].partition("</section>")[0]
    assert people.ben.name in part and people.chitra.name not in part
    assert f'value="{people.ben.id}" checked' in browser.get(f"{address}/voices").text
    browser.post(f"{address}/voices", data={"writers": "all"})
    assert 'id="voices"' not in client.get(address).text


def test_where_nobody_belongs_to_it_the_page_says_so(sign_in, people):
    empty = members.write_organisation(people.moderator, OrganisationText("Empty", "company"))
    page = sign_in(people.moderator).get(f"/organisations/{empty.slug}/voices").text
    assert "there is nobody to name" in page


@pytest.mark.parametrize(
    "typed",
    [
        {"writers": "nobody"},
        {"writers": "named", "voices": ["x"]},
        {"writers": "named", "voices": ["999999999"]},
        {"voices": ["9223372036854775808"], "writers": "named"},
    ],
)
def test_odd_choices_are_refused_with_a_page(sign_in, people, institute, typed):
    address = f"/organisations/{institute.slug}/voices"
    answer = sign_in(people.ana).post(address, data=typed)
    assert answer.status_code == 422 and "Who writes for Institute of Trams" in answer.text
    if "voices" in typed:
        (group,) = re.findall(r'<fieldset id="voices"[^>]*>', answer.text)
        assert "voices-error" in group and 'tabindex="-1"' in group, "the link to it is followed"
    assert not db.session.get_one(type(institute), institute.id).names_voices


def test_a_form_offers_the_organisation_only_to_those(sign_in, people, agenda, institute):
    address = f"/agendas/{agenda.slug}/topics/new?kind=experience"
    assert "Institute of Trams" in sign_in(people.ben).get(address).text
    choose_voices(people.ana, institute.id, [people.ana.id])
    page = sign_in(people.ben).get(address).text
    assert 'name="writes_for"' not in page
    assert "Your organisation has named the members who write for it." in page
    assert "Its representative or a moderator can name you, too." in page


def test_a_form_that_was_opened_before_gives_the_text_back(sign_in, people, agenda, institute):
    topic = open_topic(people.chitra, agenda.id, replace(NEW, for_organisation=False))
    browser = sign_in(people.ben)
    choose_voices(people.ana, institute.id, [people.ana.id])
    typed = {"source": "We hum, too.", "writes_for": "organisation", "language": "en"}
    answer = browser.post(f"/topics/{topic.id}/reply", data=typed)
    assert answer.status_code == 403 and "We hum, too." in answer.text
    assert "Your organisation has named the members who write for it." in answer.text


# The last day


TODAY = datetime(2026, 12, 1, 12, tzinfo=UTC)
LAST = date(2026, 12, 20)


def on(day: date, hour: int = 12):
    return at(datetime.combine(day, time(hour), UTC))


@pytest.fixture
def until(people, institute):
    """Ben writes for the institute until a certain day; Ana represents it."""
    with at(TODAY):
        choose_voices(
            people.ana, institute.id, [people.ana.id, people.ben.id], {people.ben.id: LAST}
        )
    return institute


def record_of(reader, organisation) -> list[tuple[str, str, str]]:
    rows = mandates_of(reader, organisation)[0]
    return [(row.member.name, str(row.end or ""), row.why_ended) for row in rows]


def test_on_the_last_day_somebody_writes_for_it_and_on_the_next_no_more(people, agenda, until):
    with on(LAST, 23):
        assert writes_for_it(people.ben, agenda)
        assert len(voices_of(VISITOR, until)) == 2
    with on(LAST + timedelta(days=1), 0):
        assert not writes_for_it(people.ben, agenda), "no worker has tidied up"
        assert [voice.id for voice in voices_of(VISITOR, until)] == [people.ana.id]
        assert record_of(people.chitra, until)[1] == (people.ben.name, str(LAST), "last day")
        assert people.ben.is_voice, "no row has changed"


def test_whoever_is_named_until_a_day_reads_it_in_their_language(app, people, until):
    (told,) = heard(people.ben)
    assert told == "You write for Institute of Trams until 20 December 2026"
    with force_locale("fr"):
        assert "20 décembre 2026" in str(inbox(people.ben).page.items[0].heading)


def test_both_are_reminded_once_two_weeks_before(people, until):
    with on(LAST - timedelta(days=15)):
        assert look_after_voices(SYSTEM) == 0
    for _times in range(2):
        with on(LAST - timedelta(days=14)):
            look_after_voices(SYSTEM)
    near = "last day to write for Institute of Trams is 20 December 2026"
    assert set(heard(people.ben)) == {
        f"Your {near}",
        "You write for Institute of Trams until 20 December 2026",
    }
    assert heard(people.ana) == [f"The {near}"] and len(heard(people.ben)) == 2
    (notice,) = inbox(people.ana).page.items
    assert (notice.actor.id, notice.address) == (
        people.ben.id,
        f"/organisations/{until.slug}/voices",
    )


def test_a_near_day_is_told_when_it_is_chosen_and_not_again(people, institute):
    with on(LAST - timedelta(days=3)):
        choose_voices(people.ana, institute.id, [people.ben.id], {people.ben.id: LAST})
        assert look_after_voices(SYSTEM) == 0
        choose_voices(people.ana, institute.id, [people.ben.id], {people.ben.id: date(2027, 2, 1)})
    with on(date(2027, 1, 25)):
        assert look_after_voices(SYSTEM) == 1, "of another day one is reminded anew"


def test_the_worker_tidies_up_and_tells_both(people, until):
    heard(people.ben)
    with on(LAST + timedelta(days=1)):
        assert look_after_voices(SYSTEM) == 1
        assert look_after_voices(SYSTEM) == 0
    ben = get_member(SYSTEM, people.ben.handle)
    assert (ben.is_voice, ben.voice_until) == (False, None)
    over = "You no longer write for Institute of Trams: your last day was 20 December 2026"
    assert [notice.heading for notice in inbox_unread(people.ben)] == [over]
    assert heard(people.ana) == [
        "The last day to write for Institute of Trams was 20 December 2026"
    ]


def inbox_unread(member):
    make_notices(SYSTEM)
    return inbox(member, is_unread=True).page.items


def test_where_the_representative_is_the_one_nobody_is_told_twice(people, institute):
    with at(TODAY):
        choose_voices(people.moderator, institute.id, [people.ana.id], {people.ana.id: LAST})
    with on(LAST + timedelta(days=1)):
        look_after_voices(SYSTEM)
    assert len(heard(people.ana)) == 2, "until when, and that it is over"


def test_who_is_named_again_before_the_worker_came_begins_anew(people, agenda, until):
    with on(LAST + timedelta(days=1)):
        choose_voices(people.ana, until.id, [people.ana.id, people.ben.id])
        assert writes_for_it(people.ben, agenda)
        rows = [row for row in record_of(people.ana, until) if row[0] == people.ben.name]
        assert rows == [(people.ben.name, "", ""), (people.ben.name, str(LAST), "last day")]


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2046, 1, 1)])
def test_a_last_day_is_not_over_and_not_too_far(people, institute, day):
    with at(TODAY), pytest.raises(Invalid) as refused:
        choose_voices(people.ana, institute.id, [people.ben.id], {people.ben.id: day})
    assert refused.value.field == f"until_{people.ben.id}"


def test_a_form_that_was_opened_before_the_day_ended_gives_the_text_back(
    sign_in, people, agenda, until
):
    topic = open_topic(people.chitra, agenda.id, replace(NEW, for_organisation=False))
    browser = sign_in(people.ben)
    typed = {"source": "We hum, too.", "writes_for": "organisation", "language": "en"}
    with on(LAST + timedelta(days=1)):
        answer = browser.post(f"/topics/{topic.id}/reply", data=typed)
    assert answer.status_code == 403 and "We hum, too." in answer.text


def test_what_waited_over_the_last_day_is_published_as_the_author_s_own(people, agenda, until):
    make_rule(people.administrator, RuleText("word", "hum", "We read this word first."))
    with on(LAST):
        held = open_topic(people.ben, agenda.id, NEW)
        practice = write_practice(
            people.ben, agenda.id, PracticeText("Trams", "Quick.", for_organisation=True)
        )
        submit(people.ben, practice.id)
    assert held.organisation_id == until.id == practice.organisation_id
    with on(LAST + timedelta(days=1)):
        assert approve(people.moderator, held.id).organisation_id is None
        publish(people.moderator, practice.id)
    assert db.session.get_one(Practice, practice.id).organisation_id is None


# The record


def test_the_record_says_who_was_named_by_whom_and_why_it_ended(people, institute):
    with at(TODAY):
        choose_voices(people.ana, institute.id, [people.ben.id, people.chitra.id])
        choose_voices(people.moderator, institute.id, [people.chitra.id])
    with on(LAST):
        edit_profile(people.chitra, Profile(name=people.chitra.name))
        choose_voices(people.ana, institute.id, [people.ana.id])
    with on(LAST + timedelta(days=1)):
        choose_voices(people.ana, institute.id, None)
    assert record_of(people.ben, institute) == [
        (people.ana.name, str(LAST + timedelta(days=1)), "all write"),
        (people.chitra.name, str(LAST), "moved on"),
        (people.ben.name, str(TODAY.date()), "taken back"),
    ]
    assert {mandate.named_by.name for mandate in mandates_of(people.ben, institute)[0]} == {
        people.ana.name
    }
    assert mandates_of(VISITOR, institute) == ([], 0)


def test_the_log_says_what_a_moderator_chose_and_not_what_a_representative_did(people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    choose_voices(people.moderator, institute.id, [people.ben.id])
    assert not decision_log(people.moderator).items, (
        "the one is its own affair, the other nothing new"
    )
    choose_voices(people.moderator, institute.id, [people.chitra.id, people.ana.id])
    (logged,) = decision_log(people.moderator).items
    assert (logged.deed, logged.heading) == ("choose_voices", "Institute of Trams")
    assert logged.what_was_done == "Named: 2 members. No longer named: 1 member."
    choose_voices(people.moderator, institute.id, None)
    assert (
        decision_log(people.moderator).items[0].what_was_done == "All its members write for it now."
    )


def test_the_log_and_the_decision_are_pages(sign_in, people, institute):
    choose_voices(people.moderator, institute.id, [people.ben.id])
    browser = sign_in(people.moderator)
    log = browser.get("/moderation/log?deed=choose_voices").text
    assert "Named who writes for it" in log and f"/organisations/{institute.slug}" in log
    address = re.search(r"/moderation/decisions/\d+", log)[0]
    page = browser.get(address).text
    assert "May no longer write for it: 2 members." in page
    assert browser.get("/moderation").status_code == 200


@pytest.mark.parametrize("how", members.LEAVING_WAYS)
def test_of_who_leaves_the_forum_no_name_stays(people, institute, how):
    choose_voices(people.ana, institute.id, [people.ben.id])
    name = people.ben.name
    leave(people.ben, people.ben.id, how)
    with at(now() + members.COOLING_OFF + timedelta(hours=1)):
        begin_departure(SYSTEM)
        kept = record_of(people.ana, institute)
    assert name not in str(kept)
    assert [mandate[0] for mandate in kept] == (
        ["Former member"] if how == members.KEEP_NAMELESS else []
    )


def test_the_page_shows_the_record_to_members(sign_in, client, people, until):
    address = f"/organisations/{until.slug}"
    with on(LAST):
        page = sign_in(people.chitra).get(address).text
        part = page.partition('id="written-for"')[2].partition("</section>")[0]
        assert people.ben.name in part and "Until <time" in part and "by <a" in part
        assert 'id="written-for"' not in client.get(address).text
    with on(LAST + timedelta(days=1)):
        page = sign_in(people.chitra).get(address).text
        part = page.partition('id="voices"')[2].partition("</section>")[0]
        assert people.ben.name not in part and "The last day was <time" in page
    hide_profile(people.moderator, people.ben.id)
    page = sign_in(people.chitra).get(address).text
    assert "<b>A member</b>" in page.partition('id="written-for"')[2]


def test_no_page_names_a_voice_whose_last_day_has_passed(sign_in, client, people, until):
    address = f"/organisations/{until.slug}"
    with on(LAST):
        assert "until <time" in client.get(address).text, "a kept page of visitors says until when"
    with on(LAST + timedelta(days=1)):
        look_after_voices(SYSTEM)
        part = client.get(address).text.partition('id="voices"')[2].partition("</section>")[0]
        assert people.ana.name in part and people.ben.name not in part


def test_a_long_record_says_how_many_there_are_besides(sign_in, people, institute):
    for _times in range(16):
        choose_voices(people.ana, institute.id, [people.ben.id])
        choose_voices(people.ana, institute.id, [people.chitra.id])
    rows, number = mandates_of(people.ana, institute)
    assert (len(rows), number) == (30, 32) and rows[0].is_open
    page = sign_in(people.ana).get(f"/organisations/{institute.slug}").text
    assert "And 2 more before." in page


# Naming members for the first time, and two people who do it at once


def test_who_may_no_longer_write_for_it_is_told_with_one_notice(people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    (notice,) = inbox_unread(people.chitra)
    assert notice.heading == "You no longer write for Institute of Trams"
    assert "It has named the members who write for it." in str(notice.words)
    events = db.session.scalars(select(Event).where(Event.kind == "voice")).all()
    assert len(events) == 2, "one row for all who lose it, however many"


def test_the_second_of_two_is_shown_what_has_changed_meanwhile(sign_in, people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    address = f"/organisations/{institute.slug}/voices"
    browser = sign_in(people.moderator)
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', browser.get(address).text)[1]
    summer, spring = (now().date() + timedelta(days=days) for days in (210, 90))
    choose_voices(people.ana, institute.id, [people.ben.id], {people.ben.id: summer})
    chosen = [str(people.ben.id), str(people.chitra.id)]
    typed = {"writers": "named", "voices": chosen, "seen": seen}
    typed |= {f"until_{people.chitra.id}": str(spring), f"until_{people.ben.id}": ""}
    answer = browser.post(address, data=typed)
    page = answer.text
    assert answer.status_code == 409
    assert f"What it says now: Last day of {people.ben.name}" in page and str(summer) in page
    assert "What it says now: Who is named" in page
    assert f'value="{people.chitra.id}" checked' in page and f'value="{spring}"' in page
    assert voice_days(institute.id) == {people.ben.id: summer}, "nothing is lost on either side"
    again = re.search(r'name="seen"[^>]*value="([^"]*)"', page)[1]
    assert browser.post(address, data=typed | {"seen": again}).status_code == 303
    assert voice_days(institute.id) == {people.ben.id: None, people.chitra.id: spring}


def test_the_same_choice_of_two_is_no_conflict(sign_in, people, institute):
    address = f"/organisations/{institute.slug}/voices"
    browser = sign_in(people.moderator)
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', browser.get(address).text)[1]
    choose_voices(people.ana, institute.id, [people.ben.id])
    typed = {"writers": "named", "voices": [str(people.ben.id)], "seen": seen}
    assert browser.post(address, data=typed).status_code == 303


def test_the_form_takes_a_last_day_and_shows_it(sign_in, people, institute):
    address = f"/organisations/{institute.slug}/voices"
    browser = sign_in(people.ana)
    typed = {"writers": "named", "voices": [str(people.ben.id)]}
    for odd in ("tomorrow", "2001-01-01", "0000-00-00"):
        answer = browser.post(address, data=typed | {f"until_{people.ben.id}": odd})
        assert answer.status_code == 422 and "Choose a day from today on" in answer.text
        assert f'href="#until_{people.ben.id}"' in answer.text
    last = (now() + timedelta(days=30)).date()
    assert (
        browser.post(address, data=typed | {f"until_{people.ben.id}": str(last)}).status_code == 303
    )
    assert f'value="{last}"' in browser.get(address).text
    assert voice_days(institute.id) == {people.ben.id: last}


def test_letters_say_whose_last_day_it_is(people, until, letters):
    for member in (people.ana, people.ben):
        choose(member, {"voice": AT_ONCE}, "daily", 8, "UTC")
    with on(LAST - timedelta(days=14)):
        look_after_voices(SYSTEM)
        make_notices(SYSTEM)
    with on(LAST - timedelta(days=14), 13):
        write_notice_letters()
        texts = {letter.to: letter.text for letter in letters()}
    assert (
        f"{people.ben.name}: The last day to write for Institute of Trams is"
        in texts[people.ana.email]
    )
    assert (
        "Your last day to write for Institute of Trams is 20 December 2026."
        in texts[people.ben.email]
    )


@pytest.mark.sqlite_only  # the counters are not in the database
def test_who_is_told_of_each_choice_is_not_told_without_end(people, institute, limited_app):
    """Its representative is a member like others, and each choice writes to those whom it concerns."""
    browser = signed_in(limited_app, people.ana)
    address = f"/organisations/{institute.slug}/voices"
    choices = {"writers": "named", "voices": [people.ben.id]}, {"writers": "all"}
    refused = browser.post(address, data={"writers": "nobody"})
    answers = [browser.post(address, data=choices[time % 2]) for time in range(11)]
    assert [answer.status_code for answer in (refused, *answers)] == [422, *[303] * 10, 429]
    assert browser.get(address).status_code == 200
