"""Who writes for an organisation: all its members, or those whom it names."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from forum.db import db
from forum.dialogue.actions import NewTopic, approve, open_topic
from forum.dialogue.models import Held
from forum.errors import Forbidden
from forum.invitations.actions import choose_voices
from forum.library.actions import PracticeText, submit, write_practice
from forum.library.models import Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, OrganisationText, Profile, edit_profile, hide_profile
from forum.members.queries import get_member, voices_of
from forum.moderation.actions import publish
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from forum.transfer.models import FaultyFileError
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
    return [writes_for_it(one, agenda) for one in (people.ana, people.ben, people.chitra)]


def heard(member) -> list[str]:
    make_notices(SYSTEM)
    return [one.heading for one in inbox(member).page.items]


def test_at_first_all_its_members_write_for_it(people, agenda, institute):
    assert who_writes(people, agenda) == [True, True, True]
    assert voices_of(VISITOR, institute) == []


def test_its_representative_names_who_does(people, agenda, institute):
    topic = open_topic(people.chitra, agenda.id, NEW)
    choose_voices(people.ana, institute.id, [people.ben.id])
    assert who_writes(people, agenda) == [False, True, False]
    assert [one.handle for one in voices_of(VISITOR, institute)] == [people.ben.handle]
    assert topic.organisation_id == institute.id, "what was written stays"
    choose_voices(people.moderator, institute.id, None)
    assert who_writes(people, agenda) == [True, True, True]


def test_nobody_else_names_them(people, institute):
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
    assert [one.id for one in voices_of(VISITOR, institute)] == [people.ben.id]
    assert heard(people.host) == []


def test_nobody_may_be_named(people, agenda, institute):
    choose_voices(people.ana, institute.id, [])
    assert who_writes(people, agenda) == [False, False, False]


def test_whoever_is_named_or_no_longer_is_told(people, institute):
    choose_voices(people.ana, institute.id, [people.ana.id, people.ben.id])
    assert heard(people.ben) == ["You write for Institute of Trams now"]
    assert heard(people.ana) == [] == heard(people.chitra)
    choose_voices(people.moderator, institute.id, [people.ana.id, people.ben.id])
    assert len(heard(people.ben)) == 1 and heard(people.ana) == [], "nothing has changed"
    choose_voices(people.ana, institute.id, [people.chitra.id])
    assert heard(people.ben)[0] == "You no longer write for Institute of Trams"
    assert heard(people.chitra) == ["You write for Institute of Trams now"]


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
    assert [one.message for one in refused.value.faults] == [
        f"the organisation of {people.ben.handle} has named others who write for it"
    ]


def test_those_whom_the_representative_does_not_see_keep_what_they_have(people, institute):
    choose_voices(people.ana, institute.id, [people.ben.id])
    hide_profile(people.moderator, people.ben.id)
    choose_voices(people.ana, institute.id, [people.chitra.id])
    known = {one.id for one in voices_of(people.moderator, institute)}
    assert known == {people.ben.id, people.chitra.id}
    assert [one.id for one in voices_of(VISITOR, institute)] == [people.chitra.id]


def test_a_text_that_waited_is_published_as_the_author_s_own(people, agenda, institute):
    text = PracticeText("Trams", "They hum.", for_organisation=True)
    practice = write_practice(people.ben, agenda.id, text)
    submit(people.ben, practice.id)
    choose_voices(people.ana, institute.id, [people.ana.id])
    publish(people.moderator, practice.id)
    found = db.session.get_one(Practice, practice.id)
    assert found.published_at and found.organisation_id is None


def test_so_is_one_that_a_rule_held_back(people, agenda, institute):
    make_rule(people.administrator, RuleText("word", "hum", "We read this word first."))
    held = open_topic(people.ben, agenda.id, NEW)
    assert isinstance(held, Held) and held.organisation_id == institute.id
    choose_voices(people.ana, institute.id, [people.ana.id])
    assert approve(people.moderator, held.id).organisation_id is None


def test_a_published_practice_stays_the_organisation_s_when_it_is_edited(
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

    assert publish_changes("They hum at night.") == 303
    found = db.session.get_one(Practice, practice.id)
    assert (found.sentence, found.organisation_id) == ("They hum at night.", institute.id)
    other = members.write_organisation(people.moderator, OrganisationText("Other", "company"))
    edit_profile(people.ben, Profile(name=people.ben.name, organisation_id=other.id))
    assert publish_changes("They hum by day.") == 303
    assert db.session.get_one(Practice, practice.id).organisation_id == institute.id


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
    assert "It is saved who writes for Institute of Trams." in browser.get(address).text
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
