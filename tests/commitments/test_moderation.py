"""Commitments are reported, hidden with reasons and appealed, as other texts are."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from forum.appeals.actions import appeal, decide_appeal
from forum.commitments import actions, queries
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import get_thing
from forum.permissions import VISITOR
from tests.commitments.conftest import a_text, in_days

WHY = Reasons("It sells felt.", 2)


def test_it_is_reported_by_others_and_kept(people, commitment):
    moderation.report(people.chitra, "commitment", commitment.id, "rules", "An advertisement.")
    with pytest.raises(Invalid, match="reported this already"):
        moderation.report(people.chitra, "commitment", commitment.id, "spam")
    with pytest.raises(Forbidden):
        moderation.report(people.ana, "commitment", commitment.id, "rules")
    kept = moderation.decide(people.host, "commitment", commitment.id, "keep")
    assert (kept.author_id, kept.agenda_id) == (people.ana.id, commitment.agenda_id)
    assert queries.get_commitment(VISITOR, commitment.id).hidden_at is None


def test_a_decision_is_about_the_words_that_were_read(people, commitment):
    read = get_thing(people.host, "commitment", commitment.id).fingerprint
    actions.edit_commitment(people.ana, commitment.id, a_text(title="Cork", milestones=[]))
    with pytest.raises(Conflict, match="changed this text"):
        moderation.decide(people.host, "commitment", commitment.id, "hide", WHY, read=read)
    hidden = select(Decision).where(Decision.kind == "commitment")
    assert db.session.scalars(hidden).all() == []


def test_what_is_said_of_milestones_is_decided_about_too(sign_in, people, commitment):
    one, two = queries.milestones_of(commitment)
    for deed in (
        lambda: actions.move_milestone(people.ana, commitment.id, one.id, in_days(40), "Fools."),
        lambda: actions.reach_milestone(people.ana, commitment.id, one.id, "In spite of fools."),
        lambda: actions.give_milestone_up(people.ana, commitment.id, two.id, "Thieves."),
        lambda: actions.end_commitment(people.ana, commitment.id, "A gang."),
    ):
        read = get_thing(people.host, "commitment", commitment.id).fingerprint
        deed()
        with pytest.raises(Conflict, match="changed this text"):
            moderation.decide(people.host, "commitment", commitment.id, "hide", WHY, read=read)
    made = moderation.decide(people.host, "commitment", commitment.id, "hide", WHY)
    entry = sign_in(people.host).get(f"/moderation/commitment/{commitment.id}").text
    decision = sign_in(people.ana).get(f"/moderation/decisions/{made.id}").text
    for said in ("A kilometre is done", "Fools.", "In spite of fools.", "Thieves.", "A gang."):
        assert said in entry and said in decision


def test_an_appeal_that_is_right_shows_it_again(people, commitment):
    made = moderation.decide(people.host, "commitment", commitment.id, "hide", WHY)
    with pytest.raises(NotFound):
        queries.get_commitment(VISITOR, commitment.id)
    asked = appeal(people.ana, made.id, "We sell nothing.")
    decide_appeal(people.moderator, asked.id, "reversed", "You are right.")
    assert queries.get_commitment(VISITOR, commitment.id).hidden_reason == ""


def test_nobody_who_does_not_moderate_hides_it(people, commitment):
    for member in (people.ana, people.ben, people.chitra):
        with pytest.raises(Forbidden):
            moderation.decide(member, "commitment", commitment.id, "hide", WHY)
    with pytest.raises(Invalid):  # of what stands by itself nothing more is removed
        moderation.decide(people.host, "commitment", commitment.id, "remove", WHY)
