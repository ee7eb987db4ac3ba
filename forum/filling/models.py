"""The plan of a made-up forum before it is written: members, topics, posts, and what is done with them. No tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from forum.markup import Written

# Fixed dates, so that the same seed gives the same forum on any day.
START = datetime(2018, 11, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)
NEWS_SINCE = END - timedelta(days=7)  # everybody has read what happened earlier
AGENDAS_AT = START - timedelta(days=1)  # when the agendas are written
NAME = "Filled forum"
Row = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """The size of a forum and its seed; the same shape gives the same forum. `largest`: posts of the largest topic."""

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
        """The tagline of the forum, by which `fill` recognises it later."""
        return f"Filled for trials: {self}"


@dataclass(frozen=True)
class Foundation:
    """The rows that the dialogue refers to.

    The ids of agendas, themes and organisations in the order of the plan's lists, and the last ids of each table before.
    """

    agendas: Sequence[int]
    themes: Sequence[int]
    organisations: Sequence[int]
    last_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PlannedMember:
    """A member. `id` is that of the row and `city_id` a GeoNames id; `organisation` is an index in the plan's list."""

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
class PlannedOrganisation:
    """An organisation that members belong to."""

    name: str
    kind: str
    city_id: int


@dataclass(slots=True, eq=False)
class PlannedTopic:
    """A topic, and its state at the moment that the plan has reached.

    `agenda` and `themes` are indexes in the plan's lists. `answered_by` is the number of the post that will be chosen
    as the answer (0: none); `latest` is the latest post that can be quoted, with the text to quote.
    """

    id: int
    agenda: int
    kind: str
    title: str
    audience: str
    language: str
    author: PlannedMember
    size: int
    themes: Sequence[int] = ()
    posts_count: int = 0
    replies_count: int = 0
    answered_by: int = 0
    latest: tuple[PlannedPost, str] | None = None


@dataclass(slots=True, eq=False)
class PlannedPost:
    """A post, and everything that will happen to it. `edited` is its text after an edit, if there is one."""

    id: int
    topic: PlannedTopic
    number: int
    author: PlannedMember
    at: datetime
    text: Written
    for_organisation: bool = False
    quoted: PlannedPost | None = None
    edited: Written | None = None
    edited_at: datetime | None = None
    hidden_at: datetime | None = None
    reason: str = ""
    useful_count: int = 0
    same_here_count: int = 0
    tried_count: int = 0

    @property
    def last_text(self) -> Written:
        """The text in the end."""
        return self.edited or self.text


@dataclass(frozen=True, slots=True, eq=False)
class PlannedMark:
    """A mark that a member gives to a post."""

    post: PlannedPost
    at: datetime
    member: PlannedMember
    kind: str
    outcome: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedEdit:
    """An edit of a post by its author: the only one, and more than fifteen minutes later, so that it leaves a revision."""

    post: PlannedPost
    at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class PlannedHiding:
    """The hiding of a post by a moderator, for the reason that the post has already."""

    post: PlannedPost
    at: datetime
    moderator: PlannedMember


@dataclass(frozen=True, slots=True, eq=False)
class PlannedAnswer:
    """The choice of a post as the answer, by the author of the question."""

    post: PlannedPost
    at: datetime


PlannedDeed = PlannedPost | PlannedMark | PlannedEdit | PlannedHiding | PlannedAnswer


class RowBatch:
    """The new rows of one transaction by table, and the changes to existing ones.

    `counters` are new values of existing topics, `answers` those of topics that get an answer, both by topic id.
    """

    def __init__(self, tables: Iterable[str]) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in tables}
        self.counters: dict[int, Row] = {}
        self.answers: dict[int, Row] = {}
        # New values of existing notices about marks, by id
        self.changed_notices: dict[int, Row] = {}
        self.list_counts: Counter[Any] = Counter()  # the dialogue's counts of topics in lists
        self.posts_by_author: Counter[int] = Counter()  # only posts that everybody may read
        self.active_at: dict[int, datetime] = {}  # by agenda id
        self.last_ids: dict[str, int] = {}
