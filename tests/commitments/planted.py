"""Commitments with secret words, for the test of leaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from forum.clock import now
from forum.commitments import actions
from forum.commitments.models import Commitment
from forum.db import db
from forum.markup import write
from forum.members.actions import OrganisationText, write_organisation
from forum.members.models import Organisation


def committed(people: Any, agenda: Any, secret: Callable[[str], str], word: str) -> Commitment:
    """A commitment of a city that Ana represents, with the secret word in each of its texts."""
    name = f"City of {word.title()} Streets"
    text_of_city = OrganisationText(name, "city", representative_id=people.ana.id)
    city = write_organisation(people.moderator, text_of_city)
    day = now().date() + timedelta(days=10)
    text = actions.CommitmentText(
        secret(word), write(secret(word)), day, [actions.Step(secret(word), day)]
    )
    return actions.publish_commitment(people.ana, agenda.id, city.id, text)


def city_of_moss(people: Any) -> Organisation:
    """The organisation of that commitment; it is public, so a test may make it earlier."""
    known = db.session.scalar(select(Organisation).where(Organisation.slug == "city-of-moss"))
    text = OrganisationText("City of Moss", "city")
    return known or write_organisation(people.moderator, text)


def prepared_commitment(people: Any, agenda: Any, secret: Callable[[str], str], word: str) -> None:
    """A commitment on an agenda in preparation, published by a moderator, as only an import can make it."""
    city = city_of_moss(people)
    day = now().date() + timedelta(days=10)
    text = actions.CommitmentText(secret(word), write(secret(word)), day)
    course = actions.CommitmentCourse(city.id, people.moderator.id, now())
    steps = [actions.KnownMilestone(secret(word), day)]
    actions.load_commitment(people.moderator, agenda.id, text, course, steps)
