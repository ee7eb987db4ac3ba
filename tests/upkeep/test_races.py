"""Checks beside others who write, on a database of its own in which commits are real."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from forum.db import db
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.upkeep.queries import checks, faults_of
from tests.races import a_topic, own, who

assert own


def test_an_index_that_others_have_written_since_is_not_called_damaged(own):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("FTS5 is of SQLite")
    of_index = [
        check for check in checks() if check.name in ("full-text index", "pages and indexes")
    ]
    topic, path = a_topic(), str(db.engine.url.database)
    for number in range(4):
        dialogue.reply(who("mona-berg"), topic, write(f"Word{number} is what we heard."))
        # So often that FTS5 merges what this connection knows
        for _time in range(12):
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("UPDATE document SET folded_body = folded_body || ' of bells'")
                other.execute("UPDATE member SET folded = folded || ' bells'")
        found = [str(fault) for check in of_index for fault in faults_of(check)]
        assert (len(of_index), found) == (2, [])
        db.session.commit()
