"""Concurrency: actions in several threads, on a database of its own in which commits are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

from flask import Flask

from forum.app import create_app
from forum.db import db
from forum.deeds import action
from forum.errors import Refusal
from forum.settings import Settings
from tests.forums import new_database


@contextmanager
def own_forum(database_url: str, folder: Path, name: str) -> Iterator[Flask]:
    """An application in its context, with a new database of its own that has all migrations."""
    address = new_database(database_url, name, folder, has_tables=True)
    settings = Settings(
        folder, address, "http://localhost", ("localhost",), "of the tests", limits=False
    )
    app = create_app(settings)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def at_once(app: Flask, deeds: list[Callable[[], Any]]) -> list[str]:
    """Run actions at the same moment in threads; returns for each “done”, or the message of its refusal."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> str:
        with app.test_request_context():
            barrier.wait(10)
            try:
                deed()
                return "done"
            except Refusal as error:
                return error.message or type(error).__name__
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(deeds)) as threads:
        outcomes = list(threads.map(run, deeds))
    db.session.commit()  # so that the session reads what they have written
    return outcomes


def slowly(deed: Callable[..., Any], doer: Any, *args: Any, **kwargs: Any) -> None:
    """Run an action and hold its transaction open for a while, so that another one comes in between."""

    @action
    def whole(doer: Any) -> None:
        deed(doer, *args, **kwargs)
        db.session.flush()
        time.sleep(0.3)

    whole(doer)
