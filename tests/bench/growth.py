"""The time of pages in a large forum compared with a small one: it should be the same.

Pages are asked for through the application itself (no network, no page cache), in turn, so that a busy machine slows both
down; a figure is the median of the large forum's times over that of the small one's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from flask import Flask
from sqlalchemy import select

from forum.db import db
from forum.dialogue.models import POSTS_PER_PAGE, Topic
from forum.members.models import City, Member
from forum.versions import ReadCache, topic_scope
from tests.bench.pages import queries_of
from tests.bench.server import Forum

Row = tuple[str, str, str, bool]
ROUNDS = 60
WARM_UP = 5  # rounds before, which are not counted
MAX_RATIO = 1.25
# These list all cities or ids there are (300 cities to 120; 15,000 addresses to 1,400), so they are not compared.
NOT_COMPARED = ("members", "cities", "a city", "sitemap")
# Those of the pages that a signed-in member is measured on, too.
ALSO_SIGNED_IN = ("home", "agenda", "topic, middle page")


class TimedReader:
    """A visitor or member of one forum, whose requests are timed."""

    def __init__(self, app: Flask, cookie: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.headers = {"Cookie": cookie} if cookie else {}

    def seconds(self, path: str) -> float:
        """The time of one request. Raises `RuntimeError` if the answer is not 200."""
        begun = time.perf_counter()
        answer = self.client.get(path, headers=self.headers)
        seconds = time.perf_counter() - begun
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return seconds


def rows(small: Forum, large: Forum) -> Iterator[Row]:
    """Every page, signed out and some signed in: the ratio, and whether both forums are asked as many queries."""
    apps = [forum.app for forum in (small, large)]
    pages = [_paths_of(app) for app in apps]
    visitors = [TimedReader(app) for app in apps]
    members = [
        TimedReader(app, forum.cookie(5)) for app, forum in zip(apps, (small, large), strict=True)
    ]
    kinds = [(name, "", visitors) for name in pages[0]]
    kinds += [(name, ", signed in", members) for name in ALSO_SIGNED_IN]
    for name, who, readers in kinds:
        is_topic = name.startswith("topic,")
        with without_topic_cache(apps) if is_topic else nullcontext():
            yield from _row(name + who, apps, readers, [paths[name] for paths in pages])


class CacheWithoutTopics:
    """A cache of what was read that keeps nothing of single topics, but what shares a theme, as the process does."""

    def __init__(self, cache: ReadCache) -> None:
        self.cache = cache

    def get(self, key: Hashable, scopes: tuple[str, ...], read: Callable[[], Any]) -> Any:
        """As `ReadCache.get`."""
        is_of_topic = any(scope.startswith(topic_scope(0)[:-1]) for scope in scopes)
        return read() if is_of_topic else self.cache.get(key, scopes, read)


@contextmanager
def without_topic_cache(apps: list[Flask]) -> Iterator[None]:
    """Keep no topics that were read: a large forum has more of them than a process keeps. Of themes there are few."""
    caches = [app.extensions["read_cache"] for app in apps]
    for app, read_cache in zip(apps, caches, strict=True):
        app.extensions["read_cache"] = CacheWithoutTopics(read_cache)
    yield
    for app, read_cache in zip(apps, caches, strict=True):
        app.extensions["read_cache"] = read_cache


def _row(
    name: str, apps: list[Flask], readers: list[TimedReader], paths: list[str]
) -> Iterator[Row]:
    times: list[list[float]] = [[], []]
    for turn in range(ROUNDS + WARM_UP):
        for reader, path, found in zip(readers, paths, times, strict=True):
            seconds = reader.seconds(path)
            if turn >= WARM_UP:
                found.append(seconds)
    small, large = (statistics.median(found) for found in times)
    made = [
        queries_of(app, reader.seconds, path)
        for app, reader, path in zip(apps, readers, paths, strict=True)
    ]
    ratio = large / small
    yield f"{name}, ms in the large forum", f"{large * 1000:.1f}", "", True
    most = "" if name in NOT_COMPARED else f"at most {MAX_RATIO}"
    yield f"{name}, to the small forum", f"{ratio:.2f}", most, not most or ratio <= MAX_RATIO
    yield f"{name}, queries", f"{made[0]} and {made[1]}", "equal", made[0] == made[1]


def _paths_of(app: Flask) -> dict[str, str]:
    """The paths of comparable pages: of the largest topic, the first agenda, and the most active member."""
    with app.app_context():
        shown = select(Topic).where(Topic.hidden_at.is_(None), Topic.deleted_at.is_(None))
        public = shown.where(Topic.audience == "public")
        alike = public.where(Topic.answer_id.is_(None), Topic.kind == "experience")
        topic = db.session.scalars(alike.order_by(Topic.posts_count.desc()).limit(1)).one()
        at_home = (
            Member.city_id.is_not(None),
            Member.hidden_at.is_(None),
            Member.left_at.is_(None),
        )
        there = select(Member).where(*at_home, Member.role == "member")
        busy = db.session.scalars(there.order_by(Member.posts_count.desc()).limit(100))
        busiest = next(member for member in busy if not member.hosted)
        agenda = db.session.scalar(db.text("SELECT slug FROM agenda ORDER BY id LIMIT 1"))
        last = -(-topic.posts_count // POSTS_PER_PAGE)
        path = topic.address
        city = db.session.scalar(select(City.slug).where(City.id == busiest.city_id))
        # The last page is as long as the others only by chance; the one before it always is.
        pages = {"first": 1, "middle": last // 2, "last but one": last - 1}
        found = {f"topic, {name} page": f"{path}?page={page}" for name, page in pages.items()}
        found |= {
            "home": "/",
            "agenda": f"/agendas/{agenda}",
            "profile": f"/members/{busiest.handle}",
        }
        found |= {
            "feed of all": "/feeds/all.atom",
            "feed of an agenda": f"/agendas/{agenda}/feed.atom",
        }
        found |= {"feed of a topic": f"/topics/{topic.id}/feed.atom"}
        lists = {
            "topics": "/topics",
            "unanswered questions": "/topics?order=unanswered",
            "page 40 of the topics": "/topics?page=40",
        }
        places = {
            "members": "/members",
            "cities": "/cities",
            "a city": f"/cities/{city}",
            "sitemap": "/sitemap-1.xml",
        }
        return found | lists | places
