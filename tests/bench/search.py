"""Search in a large forum: rare and common words, several words, a phrase, with and without facets.

The whole page is asked for through the application itself (no network, no page cache).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from forum.db import db
from forum.permissions import VISITOR
from forum.search.queries import Query, find
from tests.bench.growth import TimedReader
from tests.bench.server import Forum

Row = tuple[str, str, str, bool]
ROUNDS = 40
MAX_MS = {"sqlite": 100, "postgresql": 150}
# The words of a filled forum, see forum/filling/data/words.txt, by how often they are used.
SEARCHES: dict[str, dict[str, str]] = {
    "a rare word": {"q": "rapid"},
    "a middling word": {"q": "depois"},
    "the commonest word": {"q": "the"},
    "a word of every fourth text": {"q": "street"},
    "two common words": {"q": "the street"},
    "a common and a rare word": {"q": "the rapid"},
    "a phrase of common words": {"q": '"in the street"'},
    "the beginning of words": {"q": "thr"},
    "a common word without the commonest": {"q": "street -the"},
    "a middling word without a common one": {"q": "depois -street"},
    "the commonest word without a phrase": {"q": 'the -"in the street"'},
    "the commonest word, one kind": {"q": "the", "kind": "topic"},
    "the commonest word, a rare kind": {"q": "the", "kind": "case"},
    "the commonest word, another language": {"q": "the", "language": "fr"},
    "a middling word, kind and language": {"q": "depois", "kind": "post", "language": "pt"},
    "a word that is nowhere": {"q": "zzyzx"},
    "the commonest word, one early year": {"q": "the", "from": "2019-01-01", "to": "2019-12-31"},
    "a middling word, from a day on": {"q": "depois", "from": "2024-03-05"},
    "two common words, until a day": {"q": "the street", "to": "2022-06-20"},
    "a phrase, one day": {"q": '"in the street"', "from": "2023-05-04", "to": "2023-05-04"},
    "the beginning of words, before all texts": {"q": "thr", "to": "2001-01-01"},
}


def rows(forum: Forum) -> Iterator[Row]:
    """The 95th percentile of each search, in ms."""
    app = forum.app
    with app.app_context():
        most = MAX_MS[db.engine.dialect.name]
    reader = TimedReader(app)
    for name, wanted in SEARCHES.items():
        with app.test_request_context():
            found = find(VISITOR, Query(wanted["q"])).texts
        path = "/search?" + urlencode(wanted)
        times = sorted(reader.seconds(path) for _round in range(ROUNDS + 2))
        slow = times[int(ROUNDS * 0.95)] * 1000
        words = f"{name}, {wanted['q']} ({found:,}{'+' if found == 1000 else ''})"
        yield f"{words}, p95 ms", f"{slow:.0f}", f"under {most}", slow < most
