"""Concurrent requests: two administrators at once, or one who presses twice."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from forum.db import db
from forum.members import actions as members
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from forum.rules.actions import RecourseText, name_recourses
from forum.rules.models import Recourse
from forum.rules.queries import recourse_versions
from tests.candidates import test_races as races
from tests.races import at_once

own = races.own  # over an empty database with a moderator and an administrator


def test_naming_the_same_twice_at_once_names_it_once(own: Flask) -> None:
    members.found_federation(SYSTEM, "Interurban")
    body = RecourseText("Ombuds of Cities", "https://ombuds.example")

    def press() -> object:
        return name_recourses(get_member(SYSTEM, "adam-de-wit"), {"body": body})

    assert at_once(own, [press] * 4) == ["done"] * 4
    db.session.rollback()
    assert [row.name for row in db.session.scalars(select(Recourse))] == [body.name]
    assert len(recourse_versions(SYSTEM)) == 1
