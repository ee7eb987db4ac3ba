"""What the whole forum refuses: a database that was made for another version of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from forum.db import db
from tests.forums import Forum, Made, forums


@pytest.fixture(scope="module")
def made(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Forums over empty databases of the kind that the test runs on: `made("name")`."""
    with forums(database_url, tmp_path_factory) as make:
        yield make


def bring(forum: Forum, state: str) -> str:
    """Let the database be of another version; hands back what the forum says of it."""
    with forum.app.app_context():
        if state == "older":
            upgrade(revision="0003")
        if state == "newer":
            upgrade()
            db.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            db.session.commit()
        db.session.remove()
    older = "The database is of an older version of the forum. Run `flask db upgrade` first."
    newer = "The database is of a newer version of the forum. Install that version"
    return {"none": "The database is empty. Run `flask db upgrade`", "older": older}.get(
        state, newer
    )


@pytest.mark.parametrize("state", ["none", "older", "newer"])
def test_another_versions_database_is_refused_with_a_sentence(made: Made, state: str) -> None:
    forum = made(state)
    words = bring(forum, state)
    for command in (["check"], ["members", "list"], ["serve"], ["worker"], ["reindex"]):
        refused = forum.run(*command)
        assert refused.exit_code == 1 and words in refused.output, (command, refused.output)
    browser = forum.app.test_client()
    for _again in range(2):
        for path in ("/", "/topics", "/sign-in", "/feeds/all.atom"):
            answer = browser.get(path)
            assert answer.status_code == 503 and answer.headers["Retry-After"], path
            assert "being upgraded" in answer.text
    assert browser.get("/healthz").status_code == 200
    assert "schema" in browser.get("/readyz").text


def test_a_server_that_was_early_serves_when_the_upgrade_is_done(made: Made) -> None:
    forum = made("early")
    bring(forum, "older")
    browser = forum.app.test_client()
    assert browser.get("/topics").status_code == 503
    with forum.app.app_context():
        upgrade()
    assert browser.get("/topics").status_code == 200
    assert forum.run("check").exit_code == 0


def test_what_is_needed_to_get_out_of_it_is_not_refused(made: Made) -> None:
    forum = made("getting-out")
    bring(forum, "newer")
    assert forum.run("backup", forum.data / "backup").exit_code == 0
    bring_back = forum.run("db", "current")
    assert "older version" not in bring_back.output
