"""Translations are reported, hidden with reasons and appealed, as other texts are; a member who leaves is named no more."""

from __future__ import annotations

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.queries import other_decider_ids
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import get_thing
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.parallels import actions, queries
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import waiting_count
from tests.parallels.conftest import in_french
from tests.screens import faults_in

WHY = Reasons("It sells felt.", 2)


def test_it_is_reported_by_others_and_kept(people, translation):
    moderation.report(people.chitra, "translation", translation.id, "rules", "An advertisement.")
    with pytest.raises(Forbidden):
        moderation.report(people.ben, "translation", translation.id, "rules")
    kept = moderation.decide(people.host, "translation", translation.id, "keep")
    assert (kept.author_id, kept.agenda_id) == (people.ben.id, translation.agenda_id)
    assert queries.translation_by_id(VISITOR, translation.id).hidden_at is None


def test_a_decision_is_about_the_words_that_were_read(people, translation):
    read = get_thing(people.host, "translation", translation.id).fingerprint
    actions.correct_translation(people.chitra, translation.id, in_french(title="Liège"))
    with pytest.raises(Conflict, match="changed this text"):
        moderation.decide(people.host, "translation", translation.id, "hide", WHY, read=read)


def test_an_appeal_that_is_right_shows_it_again(sign_in, people, translation):
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    entry = sign_in(people.host).get(f"/moderation/translation/{translation.id}").text
    decision = sign_in(people.ben).get(f"/moderation/decisions/{made.id}").text
    assert faults_in(decision) == [], "its headings skip no level"
    for said in ("Du feutre sous les rails", "rugissaient", "La colle a gelé."):
        assert said in entry and said in decision
    asked = appeal(people.ben, made.id, "It sells nothing.")
    with pytest.raises(NotFound):
        queries.translation_by_id(VISITOR, translation.id)
    decide_appeal(people.moderator, asked.id, "reversed", "You are right.")
    assert queries.translation_by_id(VISITOR, translation.id).hidden_reason == ""


def test_nobody_who_does_not_moderate_hides_it(people, translation):
    for member in (people.ana, people.ben, people.chitra):
        with pytest.raises(Forbidden):
            moderation.decide(member, "translation", translation.id, "hide", WHY)
    with pytest.raises(Invalid):
        moderation.decide(people.host, "translation", translation.id, "remove", WHY)


def test_it_stays_without_the_name_of_who_has_left(client, people, translation):
    actions.forget_member(SYSTEM, people.ben.id)
    assert queries.translation_by_id(VISITOR, translation.id).translator_id is None
    assert "Translated by A former member" in client.get("/practices/felt/in/fr").text


def test_the_page_of_a_hidden_one_leads_its_translator_to_the_decision(
    sign_in, people, translation
):
    moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    way = f'href="/translations/{translation.id}/why"'
    assert way in sign_in(people.ben).get("/practices/felt/in/fr").text
    page = sign_in(people.moderator).get("/practices/felt/in/fr")
    assert "has hidden this translation" in page.text and way not in page.text


def told(member):
    """The texts of a member's notices about decisions, after the worker has made them."""
    while make_notices(SYSTEM):
        pass
    return [notice.words for notice in inbox(member).page.items if notice.kind == "decision"]


def test_a_decision_goes_to_who_wrote_the_words(sign_in, people, translation):
    actions.correct_translation(people.chitra, translation.id, in_french(title="Achetez du feutre"))
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    assert made.author_id == people.chitra.id
    assert "It sells felt." in told(people.chitra)[0]
    (to_ben,) = told(people.ben)
    assert "It says what another member wrote." in to_ben and "It sells felt." not in to_ben
    page = sign_in(people.chitra).get(f"/moderation/decisions/{made.id}").text
    assert "Achetez du feutre" in page and "It sells felt." in page
    assert f"/moderation/decisions/{made.id}/appeal" in page
    page = sign_in(people.ben).get(f"/moderation/decisions/{made.id}").text
    assert "A translation that you began" in page and "It sells felt." not in page
    assert f"/moderation/decisions/{made.id}/appeal" in page
    assert sign_in(people.ana).get(f"/moderation/decisions/{made.id}").status_code == 404
    for member in (people.ben, people.chitra):
        way = f'href="/translations/{translation.id}/why"'
        assert way in sign_in(member).get("/practices/felt/in/fr").text
    assert sign_in(people.ana).get("/practices/felt/in/fr").status_code == 404


def test_each_of_those_who_wrote_it_may_appeal_and_is_told_of_a_reversal(people, translation):
    actions.correct_translation(people.chitra, translation.id, in_french(title="Achetez du feutre"))
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    with pytest.raises(NotFound):
        appeal(people.ana, made.id, "I like it.")
    asked = appeal(people.chitra, made.id, "It sells nothing.")
    decide_appeal(people.moderator, asked.id, "reversed", "You are right.")
    assert queries.translation_by_id(VISITOR, translation.id).hidden_at is None
    assert told(people.ben)  # the notice that it is shown again
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    assert appeal(people.ben, made.id, "I see no advertisement.").appellant_id == people.ben.id


def test_who_confirms_or_reads_writes_nothing(people, translation):
    actions.confirm_translation(people.chitra, translation.id)
    actions.correct_translation(people.chitra, translation.id, in_french())
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    assert made.author_id == people.ben.id
    assert told(people.chitra) == []


def test_who_wrote_the_words_does_not_report_or_judge_them(people, translation):
    actions.correct_translation(people.host, translation.id, in_french(title="Du feutre"))
    with pytest.raises(Forbidden):
        moderation.report(people.host, "translation", translation.id, "rules")
    moderation.report(people.ben, "translation", translation.id, "rules", "Not what I wrote.")
    with pytest.raises(Forbidden):
        moderation.decide(people.host, "translation", translation.id, "keep")
    moderation.decide(people.moderator, "translation", translation.id, "keep")


def test_a_decision_about_the_words_of_who_has_left_goes_to_nobody(people, translation):
    actions.correct_translation(people.chitra, translation.id, in_french(title="Du feutre"))
    actions.forget_member(SYSTEM, people.chitra.id)
    made = moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    assert (made.author_id, translation.translator_id) == (None, people.ben.id)
    assert "another member wrote" in told(people.ben)[0]


def test_who_began_it_does_not_answer_an_appeal_about_it(sign_in, people, practice):
    made = actions.add_translation(people.host, "practice", practice.id, in_french())
    actions.correct_translation(people.chitra, made.id, in_french(title="Du feutre"))
    hidden = moderation.decide(people.administrator, "translation", made.id, "hide", WHY)
    asked = appeal(people.chitra, hidden.id, "It sells nothing.")
    before = waiting_count(people.moderator)
    assert before == 1 and waiting_count(people.host) == 0
    deciders = other_decider_ids(hidden, people.chitra.id)
    assert people.host.id not in deciders and people.moderator.id in deciders
    with pytest.raises(Forbidden, match="began this translation"):
        decide_appeal(people.host, asked.id, "reversed", "You are right.")
    browser, page = sign_in(people.host), f"/moderation/appeals/{asked.id}"
    assert "Send the answer" not in browser.get(page).text
    said = {"outcome": "reversed", "answer": "You are right."}
    assert browser.post(page, data=said).status_code == 403
    # And not by the moderators' page either
    with pytest.raises(Forbidden, match="began this translation"):
        moderation.decide(people.host, "translation", made.id, "restore")
    entry = browser.get(f"/moderation/translation/{made.id}").text
    assert "You began this translation" in entry and 'value="restore"' not in entry
    decide_appeal(people.moderator, asked.id, "reversed", "You are right.")


def told_of_translation(member):
    """The addresses of a member's notices about translations, after the worker has made them."""
    while make_notices(SYSTEM):
        pass
    return [notice.address for notice in inbox(member).page.items if notice.kind == "translation"]


def test_notices_about_it_stay_hidden_while_the_original_is(people, practice, translation):
    assert told_of_translation(people.ana) == ["/practices/felt/in/fr"]
    moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    moderation.decide(people.moderator, "practice", practice.id, "hide", WHY)
    moderation.decide(people.host, "translation", translation.id, "restore")
    assert told_of_translation(people.ana) == []
    moderation.decide(people.moderator, "practice", practice.id, "restore")
    assert told_of_translation(people.ana) == ["/practices/felt/in/fr"]


@pytest.mark.parametrize("goes", ["hidden", "removed"])
def test_notices_about_it_do_not_come_back_with_the_original(people, practice, translation, goes):
    assert told_of_translation(people.ana) == ["/practices/felt/in/fr"]
    if goes == "hidden":
        moderation.decide(people.host, "translation", translation.id, "hide", WHY)
    else:
        actions.remove_translation(people.ben, translation.id)
    moderation.decide(people.moderator, "practice", practice.id, "hide", WHY)
    moderation.decide(people.moderator, "practice", practice.id, "restore")
    assert told_of_translation(people.ana) == []
    if goes == "removed":
        return
    moderation.decide(people.host, "translation", translation.id, "restore")
    assert told_of_translation(people.ana) == ["/practices/felt/in/fr"]
