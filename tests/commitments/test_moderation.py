"""Commitments are reported, hidden with reasons and appealed, as other texts are."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from forum.appeals.actions import appeal, decide_appeal
from forum.appeals.queries import other_decider_ids
from forum.commitments import actions, queries
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.invitations.actions import choose_voices
from forum.members import actions as members
from forum.members.actions import OrganisationText, Profile
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import get_thing
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import waiting_count
from tests.commitments.conftest import a_text, in_days, published

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
    with pytest.raises(Invalid):  # a commitment can be hidden, but not removed
        moderation.decide(people.host, "commitment", commitment.id, "remove", WHY)


def told(member):
    """The texts of a member's notices about decisions, the newest first."""
    while make_notices(SYSTEM):
        pass
    return [notice.words for notice in inbox(member).page.items if notice.kind == "decision"]


def test_the_other_voices_of_the_organisation_are_told(sign_in, people, agenda, bodies):
    members.edit_profile(people.ben, Profile(name="Ben", organisation_id=bodies.institute.id))
    choose_voices(people.moderator, bodies.institute.id, [people.chitra.id, people.ben.id])
    made = published(people.chitra, agenda, bodies.institute)
    decision = moderation.decide(people.host, "commitment", made.id, "hide", WHY)
    (to_ben,) = told(people.ben)
    assert "Another member of your organisation has published it." in to_ben
    assert "It sells felt." not in to_ben and "It sells felt." in told(people.chitra)[0]
    assert told(people.ana) == []
    page = sign_in(people.ben).get(f"/moderation/decisions/{decision.id}").text
    assert "A commitment of your organisation" in page and "It sells felt." not in page
    assert f"/moderation/decisions/{decision.id}/appeal" in page
    assert sign_in(people.ana).get(f"/moderation/decisions/{decision.id}").status_code == 404
    moderation.decide(people.moderator, "commitment", made.id, "restore")
    assert [notice.count("Shown again.") for notice in told(people.ben)] == [1, 0]
    assert told(people.ana) == []


def test_a_voice_appeals_for_the_organisation(people, commitment, bodies):
    text = OrganisationText("City of Athens", "city", representative_id=people.ben.id)
    members.write_organisation(people.moderator, text, bodies.city.id)
    made = moderation.decide(people.host, "commitment", commitment.id, "hide", WHY)
    with pytest.raises(NotFound):
        appeal(people.chitra, made.id, "I like it.")
    asked = appeal(people.ben, made.id, "We sell nothing.")
    decide_appeal(people.moderator, asked.id, "reversed", "You are right.")
    assert queries.get_commitment(VISITOR, commitment.id).hidden_at is None
    assert "taken back" in told(people.ana)[0]
    answer, first = told(people.ben)  # and no second notice about the same answer
    assert "You are right." in answer and "It is hidden." in first


def test_who_speaks_for_its_organisation_does_not_answer_an_appeal_about_it(
    sign_in, people, commitment, bodies
):
    text = OrganisationText("City of Athens", "city", representative_id=people.host.id)
    members.write_organisation(people.moderator, text, bodies.city.id)
    hidden = moderation.decide(people.moderator, "commitment", commitment.id, "hide", WHY)
    asked = appeal(people.ana, hidden.id, "We sell nothing.")
    assert people.host.id not in other_decider_ids(hidden, people.ana.id)
    assert (waiting_count(people.host), waiting_count(people.administrator)) == (0, 1)
    with pytest.raises(Forbidden, match="speak for this organisation"):
        decide_appeal(people.host, asked.id, "upheld", "No.")
    # And not by the moderators' page either
    with pytest.raises(Forbidden, match="speak for this organisation"):
        moderation.decide(people.host, "commitment", commitment.id, "restore")
    entry = sign_in(people.host).get(f"/moderation/commitment/{commitment.id}").text
    assert "speak for this organisation" in entry and 'value="restore"' not in entry
    decide_appeal(people.administrator, asked.id, "upheld", "No.")
