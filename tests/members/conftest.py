"""What the tests of this folder share."""

from __future__ import annotations

from forum.members import actions
from forum.members.actions import Joining
from forum.permissions import VISITOR

TAMPERE = 634963


def joined(name="Ana Prado", email="ana@city.example", **more):
    return actions.join(VISITOR, Joining(name, email, "a hash", **more))
