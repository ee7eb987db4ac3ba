"""What the tests of the page cache share: a world, a cache in front of the application, and a source of versions."""

from __future__ import annotations

import contextvars
import sqlite3
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda, themes
from forum.db import db
from forum.dialogue.queries import get_topic, posts_in
from forum.freshness import VersionCache
from forum.library.queries import get_case
from forum.pagecache import PageCache
from forum.permissions import VISITOR
from forum.versions import ANY_CHANGE
from forum.writelog import hash_of
from tests.datasets import dataset_fixture
from tests.savepoints import page_versions_of_test
from tests.world import build


class VersionsOfTest:
    """Versions as the transaction of the test sees them."""

    def stamp(self) -> None:
        return None

    def changed_between(self, _before: Any, _moment: Any) -> None: ...

    def versions(self, scopes: Iterable[str]) -> dict[str, int]:
        found = page_versions_of_test(scopes)
        assert found is not None
        return found


@pytest.fixture
@dataset_fixture
def world(people: Any, agenda: Agenda) -> dict[str, Any]:
    made = build(people, agenda)
    topic = get_topic(VISITOR, made["topic"])
    made["first"] = posts_in(VISITOR, topic, 1).items[0].id
    made["case_topic"] = get_case(VISITOR, made["case"]).topic_id
    made["theme_id"] = next(theme.id for theme in themes() if theme.slug == made["theme"])
    made["other_id"] = get_agenda(VISITOR, "other").id
    return made


@pytest.fixture
def cache(app: Flask) -> PageCache:
    def application(environ: Any, start_response: Any) -> Any:
        """A WSGI application that gives each request a context and a session of its own, as a server does."""
        answer = contextvars.Context().run(app.wsgi_app, environ, start_response)
        db.session.expunge_all()
        return answer

    return PageCache(application, VersionCache(VersionsOfTest()), 4)


@pytest.fixture
def kept(cache: PageCache) -> Client:
    """A browser whose requests go through the page cache."""
    return Client(cache, use_cookies=False)


def count_answers(cache: PageCache) -> list[str]:
    """A list of the paths that reach the application from now on."""
    asked: list[str] = []
    application = cache.application

    def counting(environ: Any, start_response: Any) -> Any:
        asked.append(environ["PATH_INFO"])
        return application(environ, start_response)

    cache.application = counting
    return asked


class Counting:
    """Versions with a stamp that record the questions; a write can be planned before an answer."""

    error = sqlite3.Error

    def __init__(self) -> None:
        self.now, self.rows, self.asked = 1, {ANY_CHANGE: 1, "some": 1}, []
        self.before: dict[int, str] = {}  # scopes to write before a question, by its number
        # The written scopes by stamp; None if they are unknown
        self.told: dict[int, set[str]] | None = None

    def stamp(self) -> int:
        """The stamp, which changes with each write."""
        return self.now

    def changed_between(self, before: int, moment: int) -> set[int] | None:
        """The hashes of written scopes between two stamps; None if unknown."""
        if self.told is None or moment < before:
            return None
        written = [self.told[at] for at in range(before + 1, moment + 1)]
        return {hash_of(scope) for scopes in written for scope in scopes}

    def versions(self, scopes: Iterable[str]) -> dict[str, int]:
        """The versions of scopes, all read by one statement."""
        self.asked.append(sorted(scopes))
        if scope := self.before.get(len(self.asked)):
            self.write(scope)
        return {scope: self.rows[scope] for scope in scopes if scope in self.rows}

    def write(self, scope: str) -> None:
        """Change what depends on a scope."""
        self.now += 1
        if self.told is not None:
            self.told[self.now] = {scope, ANY_CHANGE}
        for touched in (scope, ANY_CHANGE):
            self.rows[touched] = self.rows.get(touched, 0) + 1
