"""Terms of use: versions, agreeing when joining and when asked, and no writing before that."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from forum.accounts.actions import join_proved
from forum.candidates import actions as candidates
from forum.candidates.actions import JoinDetails
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.errors import Conflict, Forbidden, Invalid
from forum.invitations.actions import EntranceText, InvitationText, invite, set_entrance
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Federation, Member
from forum.members.queries import member_by_email
from forum.permissions import SYSTEM, VISITOR
from forum.terms import actions, queries
from forum.terms.models import Consent
from tests.conftest import link_in
from tests.datasets import dataset_fixture, load_dataset

A_WEEK = timedelta(days=7)
AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
JOINING = {
    "name": "Eva Holm",
    "email": "eva@city.example",
    "password": "four unrelated plain words",
    "position": "",
    "city": "",
    "organisation": "",
    "language": "da",
    "second_language": "",
    "third_language": "",
}


@pytest.fixture(autouse=True)
@dataset_fixture
def founded(app):
    load_dataset("interurban", app, lambda: members.found_federation(SYSTEM, "Interurban").name)


def version(people, words="Be kind.", after=timedelta(0), change="Kinder.", needs_consent=True):
    text = actions.TermsText(write(words), now() + after, change, needs_consent)
    return actions.write_terms(people.administrator, text).number


def afresh(member):
    return db.session.get_one(Member, member.id, populate_existing=True)


def topic_of(people, agenda):
    new = dialogue.NewTopic("question", "Why?", write("Text."))
    return dialogue.open_topic(people.moderator, agenda.id, new)


# Without terms nothing is asked


def test_without_terms_nothing_is_asked(people, agenda, client, sign_in, letters):
    assert "There are no terms of use" in client.get("/terms").text
    assert "terms of use" not in client.get("/join").text.partition("<footer")[0]
    assert client.post("/join", data=JOINING).location == "/join/sent"
    assert sign_in(people.ana).get("/").status_code == 200
    assert sign_in(people.ana).get("/terms/agree").location == "/terms"
    topic = topic_of(people, agenda)
    dialogue.reply(people.ana, topic.id, write("I write."))
    with pytest.raises(Conflict):
        actions.agree(people.ana, 1)


# Versions


def test_versions_are_kept_and_can_be_read(people, client):
    version(people, "First **text**.", change="")
    with at(now() + A_WEEK):
        version(people, "Second text.", change="Shorter.")
        page = client.get("/terms").text
        assert "Second text." in page and "Shorter." in page and 'href="/terms/1"' in page
        old = client.get("/terms/1").text
        assert "First <strong>text</strong>." in old and "does not hold any more" in old
    assert client.get("/terms/7").status_code == 404


def test_a_version_that_is_ahead_can_be_read_and_changed(people, client):
    version(people, change="")
    assert version(people, "Ahead.", A_WEEK) == 2
    assert "Be kind." in client.get("/terms").text
    assert "not in force yet" in client.get("/terms/2").text
    assert version(people, "Further ahead.", 2 * A_WEEK, needs_consent=False) == 2
    assert len(queries.all_terms()) == 2
    with at(now() + 3 * A_WEEK):
        # Shown on its day, although no row was written then
        assert "Further ahead." in client.get("/terms").text


def test_what_an_administrator_may_not_write(people):
    for words, name in (
        ({"words": " "}, "source"),
        ({"words": "x" * 50_001}, "source"),
        ({"after": -A_WEEK}, "valid_from"),
        ({"change": "x" * 501}, "change"),
    ):
        with pytest.raises(Invalid) as refused:
            version(people, **words)
        assert refused.value.field == name
    version(people, change="")
    with pytest.raises(Invalid, match="what is new"):
        version(people, "Second.", change=" ")
    with pytest.raises(Forbidden):
        actions.write_terms(people.moderator, actions.TermsText(write("Mine."), now()))


def test_writing_in_the_browser(people, sign_in, client):
    browser = sign_in(people.administrator)
    page = browser.get("/administration/terms").text
    assert "There are no terms yet" in page
    # The name of the checkbox must not contain the hint, or screen readers say it twice
    (box,) = re.findall(r'<input[^>]* name="needs_consent"[^>]*>', page)
    assert 'aria-labelledby="needs_consent-label"' in box
    assert 'aria-describedby="needs_consent-hint"' in box
    assert '<span id="needs_consent-label">Members have to agree before they write again<' in page
    typed = {"source": "Be **kind**.", "language": "en", "valid_from": f"{now():%Y-%m-%d}"}
    trial = browser.post("/administration/terms", data={**typed, "preview": "1"})
    assert trial.status_code == 200 and "<strong>kind</strong>" in trial.text
    assert queries.all_terms() == []
    bad = browser.post("/administration/terms", data={**typed, "valid_from": "soon"})
    assert bad.status_code == 422 and "Choose a day" in bad.text and "Be **kind**." in bad.text
    answer = browser.post("/administration/terms", data={**typed, "needs_consent": "y"})
    assert answer.status_code == 303
    assert "<strong>kind</strong>" in client.get("/terms").text
    page = browser.get("/administration/terms").text
    assert "0 members agreed" in page and "Be **kind**." in page


# Agreeing


def test_joining_records_the_version_that_the_form_showed(people, client, letters):
    version(people, change="")
    page = client.get("/join").text
    assert 'href="/terms/1"' in page and 'name="terms" type="hidden" value="1"' in page
    assert client.post("/join", data=JOINING).status_code == 422  # this form has shown no terms
    client.post("/join", data={**JOINING, "terms": "1"})
    client.post(link_in(letters()[-1]))
    eva = member_by_email("eva@city.example")
    said = db.session.get_one(Consent, (eva.id, 1))
    assert (said.how, said.agreed_at <= now()) == ("joining", True)
    assert not eva.owes_terms and eva.can.write()


def eva():
    words = members.Joining("Eva Holm", "eva@city.example", "no hash")
    return words, "a key"


def consent_of_eva():
    member = member_by_email("eva@city.example")
    assert not member.owes_terms
    said = db.session.get_one(Consent, (member.id, 1))
    return said.how


def test_a_providers_word_records_it_as_well(people):
    version(people, change="")
    join_proved(VISITOR, *eva(), JoinDetails(terms=1))
    assert consent_of_eva() == "joining"


def test_who_waits_for_the_moderators_has_agreed(people):
    version(people, change="")
    set_entrance(people.administrator, EntranceText("approval"))
    candidate = join_proved(VISITOR, *eva(), JoinDetails(terms=1))
    with at(now() + A_WEEK):
        version(people, "Second.")
        candidates.approve(people.moderator, candidate.id)
        member = member_by_email("eva@city.example")
        assert db.session.get_one(Consent, (member.id, 1)).how == "joining"
        # Asked to agree to the second version, like everybody
        assert member.terms_due_at is not None


def test_an_invitation_records_it_as_well(people):
    set_entrance(people.administrator, EntranceText("invitation"))
    invited = invite(people.moderator, InvitationText(1, now() + A_WEEK))
    version(people, change="")
    join_proved(VISITOR, *eva(), JoinDetails(invitation=invited, terms=1))
    assert consent_of_eva() == "joining"


def test_without_terms_nothing_is_recorded(people):
    join_proved(VISITOR, *eva(), JoinDetails())
    assert db.session.scalars(db.select(Consent)).all() == []


def test_newer_terms_while_one_fills_in_the_form(people, client, letters):
    version(people, change="")
    with at(now() + timedelta(hours=1)):
        version(people, "Second.")
        answer = client.post("/join", data={**JOINING, "terms": "1"})
        assert answer.status_code == 422 and "The terms of use have changed." in answer.text
        assert 'value="2"' in answer.text
        assert client.post("/join", data={**JOINING, "terms": "2"}).status_code == 303


def test_newer_terms_before_one_opens_the_letter(people, client, letters):
    """The record has the version that the candidate agreed to; the member is then asked about the newer one."""
    version(people, change="")
    client.post("/join", data={**JOINING, "terms": "1"})
    version(people, "Second.")
    client.post(link_in(letters()[-1]))
    eva = member_by_email("eva@city.example")
    assert db.session.get(Consent, (eva.id, 1)) and not db.session.get(Consent, (eva.id, 2))
    assert eva.owes_terms


def test_members_who_are_added_are_asked_when_they_sign_in(people):
    version(people, change="")
    eva = members.add_member(SYSTEM, members.Joining("Eva Holm", "e@x.example", "-"), "member")
    assert eva.owes_terms and not eva.can.write()


def test_reading_goes_on_and_writing_asks_first(people, agenda, sign_in):
    topic = topic_of(people, agenda)
    version(people, change="")
    browser = sign_in(people.ana)
    page = f"/topics/{topic.id}-{topic.slug}"
    asked = browser.get(page, headers=AS_A_BROWSER)
    assert asked.location.startswith("/terms/agree?next=/topics/")
    question = browser.get(asked.location).text
    for words in ("Be kind.", "Agree", "Only read for now", "/settings/data", "/settings/leave"):
        assert words in question, words
    again = browser.get(page, headers=AS_A_BROWSER)
    # The question is asked only once
    assert again.status_code == 200 and "There are new terms of use." in again.text
    refused = browser.post(
        f"/topics/{topic.id}/reply", data={"source": "What I say.", "language": "en"}
    )
    assert refused.status_code == 403
    assert "Read them and agree" in refused.text and "What I say." in refused.text
    for path in ("/settings/data", "/settings/leave"):
        assert browser.get(path).status_code == 200
    answer = browser.post("/terms/agree", data={"number": "1", "next": page})
    assert answer.location == page
    assert db.session.get_one(Consent, (people.ana.id, 1)).how == "asked"
    assert (
        browser.post(
            f"/topics/{topic.id}/reply", data={"source": "Now.", "language": "en"}
        ).status_code
        == 303
    )
    assert "new terms of use" not in browser.get(page).text


def test_what_a_script_fetches_uses_the_question_up_for_nobody(people, agenda, sign_in):
    version(people, change="")
    browser = sign_in(people.ana)
    anything = {"Accept": "*/*"}
    for path in ("/cities/suggest?q=tam", "/members/suggest?q=ben"):
        assert browser.get(path, headers=anything).status_code in (200, 403)
    by_script = {**anything, "Sec-Fetch-Dest": "empty"}
    assert browser.get("/topics", headers=by_script).status_code == 200
    opened = {**AS_A_BROWSER, "Sec-Fetch-Dest": "document"}
    assert browser.get("/topics", headers=opened).location.startswith("/terms/agree")


def test_one_agrees_to_what_one_has_read(people, sign_in):
    version(people, change="")
    browser = sign_in(people.ana)
    version(people, "Second.")
    answer = browser.post("/terms/agree", data={"number": "1"})
    assert answer.status_code == 409 and afresh(people.ana).owes_terms
    # The newer ones are shown at once
    assert "Second." in answer.text and 'name="number" type="hidden" value="2"' in answer.text
    assert browser.post("/terms/agree", data={"number": "nonsense"}).status_code == 409


def test_who_has_to_agree_before_a_text_is_sent_does_so_beside_it(people, sign_in, agenda):
    browser, address = sign_in(people.ana), f"/agendas/{agenda.slug}/topics/new"
    version(people, change="")
    answer = browser.post(address, data={"title": "Why so loud?", "source": "Since the spring."})
    assert answer.status_code == 403 and "Since the spring." in answer.text
    assert 'href="/terms/agree" target="_blank"' in " ".join(answer.text.split())
    assert browser.post("/terms/agree", data={"number": "1"}).status_code == 303


def test_terms_that_are_ahead_are_asked_for_on_their_day(people):
    with at(now()):  # one moment for all steps
        version(people, change="")
        actions.agree(afresh(people.ana), 1)
        version(people, "Second.", A_WEEK)
        assert afresh(people.ana).can.write() and not afresh(people.ben).can.write()
        actions.agree(afresh(people.ben), 1)
        assert afresh(people.ben).can.write()
        due = afresh(people.ben).terms_due_at
        assert due == afresh(people.ana).terms_due_at == queries.terms_of(2).valid_from
        version(people, "Second.", 2 * A_WEEK)  # the day is moved to a later one
        assert afresh(people.ana).terms_due_at == due + A_WEEK
        # Then changed so that no agreement is needed
        version(people, "Second.", A_WEEK, needs_consent=False)
        assert afresh(people.ana).terms_due_at is None


def test_a_mended_spelling_asks_nobody(people):
    version(people, change="")
    actions.agree(afresh(people.ana), 1)
    version(people, "Be kind!", needs_consent=False)
    assert afresh(people.ana).can.write() and not afresh(people.ben).can.write()
    actions.agree(afresh(people.ben), 2)
    assert afresh(people.ben).can.write()
    assert db.session.query(Federation.terms_from).scalar() == queries.terms_of(1).valid_from


def test_agreeing_twice_is_agreeing_once(people):
    version(people, change="")
    for _time in range(2):
        actions.agree(afresh(people.ana), 1)
    assert db.session.query(Consent).count() == 1
    with pytest.raises(Forbidden):
        actions.agree(VISITOR, 1)


def test_terms_are_rendered_anew_where_they_say_the_same(people):
    version(people, change="")
    written = write("Be kind.")
    assert actions.rerender(SYSTEM, {1: written}) == 1
    assert actions.rerender(SYSTEM, {1: write("Be rude."), 2: written}) == 0
    with pytest.raises(Forbidden):
        actions.rerender(people.ben, {1: written})
