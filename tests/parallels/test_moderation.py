"""Translations are reported, hidden with reasons and appealed, as other texts are; a member who leaves is named no more."""

from __future__ import annotations

import pytest

from forum.appeals.actions import appeal, decide_appeal
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import get_thing
from forum.parallels import actions, queries
from forum.permissions import SYSTEM, VISITOR
from tests.parallels.conftest import in_french

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
