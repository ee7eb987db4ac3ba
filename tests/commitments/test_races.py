"""Commitments in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from forum.agendas.queries import all_agendas
from forum.clock import at, now
from forum.commitments import actions
from forum.commitments.actions import CommitmentText, Step
from forum.commitments.models import Commitment, Milestone
from forum.commitments.queries import milestones_of
from forum.db import db
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import OrganisationText
from forum.notifications.models import Event
from forum.permissions import SYSTEM
from tests.races import at_once, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


def of_athens():
    """The text of a commitment as it is typed, the city that Ana represents, and the agenda."""
    ana = who("ana-prado")
    text_of_city = OrganisationText("City of Athens", "city", representative_id=ana.id)
    city = members.write_organisation(who("mona-berg"), text_of_city)
    day = now().date() + timedelta(days=30)
    text = CommitmentText("Felt", write("We will."), day, [Step("A kilometre", day)])
    return text, city, all_agendas(SYSTEM)[0]


def test_a_form_that_is_sent_twice_at_once_is_published_once(own):
    text, city, agenda = of_athens()
    press = partial(slowly, actions.publish_commitment, who("ana-prado"), agenda.id, city.id, text)
    assert at_once(own, [press, press]) == ["done", "done"]
    assert db.session.scalar(select(func.count(Commitment.id))) == 1


def test_a_milestone_is_reached_or_given_up(own):
    text, city, agenda = of_athens()
    ana = who("ana-prado")
    made = actions.publish_commitment(ana, agenda.id, city.id, text)
    (milestone,) = milestones_of(made)
    reach = partial(slowly, actions.reach_milestone, ana, made.id, milestone.id)
    give_up = partial(slowly, actions.give_milestone_up, ana, made.id, milestone.id, "Rain.")
    told = sorted(at_once(own, [reach, give_up]))
    assert told == ["What became of this milestone is told already.", "done"]
    db.session.expire_all()
    row = db.session.scalars(select(Milestone)).one()
    assert bool(row.reached_at) is not bool(row.given_up_at)


def test_two_workers_remind_once(own):
    text, city, agenda = of_athens()
    actions.publish_commitment(who("ana-prado"), agenda.id, city.id, text)

    def look():
        with at(now() + timedelta(days=20)):
            slowly(actions.look_after_commitments, SYSTEM)

    assert at_once(own, [look, look]) == ["done", "done"]
    told = select(func.count(Event.id)).where(Event.kind == "milestone")
    assert db.session.scalar(told) == 1


def test_who_presses_three_times_at_once_follows_once(own):
    text, city, agenda = of_athens()
    made = actions.publish_commitment(who("ana-prado"), agenda.id, city.id, text)
    mona = who("mona-berg")
    other = members.write_organisation(mona, OrganisationText("Institute", "institute"))
    members.edit_profile(mona, members.Profile(mona.name, organisation_id=other.id))
    press = partial(slowly, actions.follow_commitment, who("mona-berg"), made.id)
    assert at_once(own, [press] * 3) == ["done"] * 3
    db.session.expire_all()
    assert db.session.scalar(select(Commitment.peers_count)) == 1
