"""A forum that has been set up, for the pages of the dialogue."""

from __future__ import annotations

import pytest
from flask import Flask

from forum.members import actions as members
from forum.permissions import SYSTEM


@pytest.fixture(autouse=True)
def federation(app: Flask) -> None:
    """The federation whose name every page shows."""
    members.found_federation(SYSTEM, "Quiet cities")
