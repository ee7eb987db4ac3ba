"""A forum that has been set up, for the pages of the dialogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from forum.dialogue.queries import wrong_counts
from forum.members.actions import found_federation as found
from forum.permissions import SYSTEM
from tests.conftest import dataset_fixture, load_dataset


@pytest.fixture(autouse=True)
@dataset_fixture
def federation(app: Flask) -> None:
    """The federation whose name every page shows."""
    load_dataset("quiet cities", app, lambda: found(SYSTEM, "Quiet cities").name)


@pytest.fixture(autouse=True)
def kept(app: Flask) -> Iterator[None]:
    """Whatever a test did, the numbers of topics in lists are right afterwards."""
    yield
    assert wrong_counts() == []
