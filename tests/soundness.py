"""What `flask check` finds, asked for at the end of many tests."""

from __future__ import annotations

import pytest

from forum.db import db
from forum.upkeep.models import Fault
from forum.upkeep.queries import checks, faults_of


def faults() -> list[Fault]:
    """Everything that `flask check` finds.

    Without cursors of PostgreSQL, for which it plans each query anew; the tests of the command use them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.engine.dialect, "supports_server_side_cursors", False)
        return [fault for check in checks() for fault in faults_of(check)]
