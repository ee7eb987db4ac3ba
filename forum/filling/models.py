"""What a forum that is to be filled consists of, before a row of it is written: people, topics, posts, deeds. No tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from forum.markup import Written

# The dates are the same on any day, so that the same seed always gives the same forum.
START = datetime(2018, 11, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
NEWS_SINCE = END - timedelta(days=7)  # what happened earlier, everybody has read
SETTING = START - timedelta(days=1)  # when the agendas were written
NAME = "Filled forum"
Row = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How much of everything there is; the same shape gives the same forum."""

    topics: int
    posts: int
    members: int
    largest: int
    seed: int

    def __str__(self) -> str:
        sizes = f"--topics {self.topics} --posts {self.posts} --members {self.members}"
        return f"{sizes} --largest {self.largest} --seed {self.seed}"

    @property
    def tagline(self) -> str:
        """How a forum says that it was filled, and how; that is also how `fill` knows it again."""
        return f"Filled for trials: {self}"


@dataclass(frozen=True)
class Frame:
    """What the dialogue is written into: ids by place in the plan's lists, and the last ids given before it began."""

    agendas: Sequence[int]
    themes: Sequence[int]
    organisations: Sequence[int]
    last_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Someone:
    """A member. `id` is that of the row; cities are ids too, an organisation is a place in the plan's list."""

    id: int
    handle: str
    name: str
    role: str
    position: str
    language: str
    joined_at: datetime
    city_id: int | None = None
    city: str = ""
    organisation: int | None = None

    @property
    def byline(self) -> str:
        """The name with the city, as search shows it."""
        return f"{self.name}, {self.city}" if self.city else self.name


@dataclass(frozen=True)
class Organisation:
    """An organisation that members belong to."""

    name: str
    kind: str
    city_id: int


@dataclass(slots=True, eq=False)
class Talk:
    """A topic: what it opens with, and how it stands at the moment that the plan has come to.

    `agenda` and `themes` are places in the plan's lists. `answered_by` is the number of the post that will be
    its answer; `latest` is the latest post that can be quoted, with the words to quote.
    """

    id: int
    agenda: int
    kind: str
    title: str
    audience: str
    language: str
    author: Someone
    size: int
    themes: Sequence[int] = ()
    posts_count: int = 0
    replies_count: int = 0
    answered_by: int = 0
    latest: tuple[Saying, str] | None = None


@dataclass(slots=True, eq=False)
class Saying:
    """A post, and all that will become of it. `edited` is what it says in the end, if it says something else."""

    id: int
    talk: Talk
    number: int
    author: Someone
    at: datetime
    text: Written
    for_organisation: bool = False
    quoted: Saying | None = None
    edited: Written | None = None
    edited_at: datetime | None = None
    hidden_at: datetime | None = None
    reason: str = ""
    useful_count: int = 0
    same_here_count: int = 0
    tried_count: int = 0

    @property
    def last_text(self) -> Written:
        """What it says in the end."""
        return self.edited or self.text


@dataclass(frozen=True, slots=True, eq=False)
class Marking:
    """A mark that a reader gives to a post."""

    saying: Saying
    at: datetime
    member: Someone
    kind: str
    outcome: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Editing:
    """That the author of a post edits it, for the first time and later than a quarter of an hour."""

    saying: Saying
    at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Hiding:
    """That a moderator hides a post, for the reason that the post knows already."""

    saying: Saying
    at: datetime
    moderator: Someone


@dataclass(frozen=True, slots=True, eq=False)
class Choosing:
    """That who asked chooses a post as the answer."""

    saying: Saying
    at: datetime


Deed = Saying | Marking | Editing | Hiding | Choosing


class Page:
    """The rows of one transaction by table, and what else they change.

    `counters` are new values of topics that were there before, `answers` the posts that were chosen and their authors, by topic.
    """

    def __init__(self, tables: Iterable[str]) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in tables}
        self.counters: dict[int, Row] = {}
        self.answers: dict[int, Row] = {}
        self.grown: dict[int, Row] = {}  # notices that tell of more marks
        self.shelves: Counter[Any] = Counter()  # topics in lists, as the dialogue counts them
        self.posts_by_author: Counter[int] = Counter()  # those that everybody may read
        self.topics_by_agenda: Counter[int] = Counter()  # the same
        self.active: dict[int, datetime] = {}  # agendas
        self.last_ids: dict[str, int] = {}
