"""A forum that has been set up, for the pages of the dialogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from forum.dialogue.queries import wrong_shelves
from forum.members import actions as members
from forum.permissions import SYSTEM


@pytest.fixture(autouse=True)
def federation(app: Flask) -> None:
    """The federation whose name every page shows."""
    members.found_federation(SYSTEM, "Quiet cities")


@pytest.fixture(autouse=True)
def kept(app: Flask) -> Iterator[None]:
    """Whatever a test did, the numbers of topics in lists are right afterwards."""
    yield
    assert wrong_shelves() == []
