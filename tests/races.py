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
from sqlalchemy import create_engine, make_url, text

from forum.app import create_app
from forum.db import db
from forum.deeds import action
from forum.errors import Refusal
from forum.settings import Settings


@contextmanager
def own_forum(database_url: str, folder: Path, name: str) -> Iterator[Flask]:
    """An application in its context, with an empty database of its own that has no tables yet."""
    url = make_url(database_url).set(database=name)
    if url.drivername == "sqlite":
        url = url.set(database=str(folder / f"{name}.sqlite"))
    else:
        server = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
    address = url.render_as_string(hide_password=False)
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
