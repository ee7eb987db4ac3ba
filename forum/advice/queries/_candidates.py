"""Members who might help with a question, and the evidence for each, gathered through indexes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Any, NamedTuple

from sqlalchemy import (
    Integer,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from forum.advice.queries._words import stems_of
from forum.agendas.models import MemberTheme
from forum.db import constant, db, inline_text
from forum.dialogue.models import TRIED, Mark, Post, Topic, TopicTheme
from forum.dialogue.queries import is_readable, visible_topics
from forum.members.models import City, Member
from forum.permissions import Person
from forum.reach import is_on_open_agenda

# How many candidates are read because of one theme, one word, or the country alone; for themes and words, on either
# side of the start
MAX_PER_THEME = MAX_PER_WORD = MAX_PER_COUNTRY = 40
FIRST_ROWS, PART_OF_MEMBERS = 200, 500  # of members with a word, on PostgreSQL: see `_with_stem`
# The newest topics of a theme and of the agenda: how many are considered, how many of these are read, and how old
# they may be
TOPICS_OF_THEME, TOPICS_OF_AGENDA, MAX_TOPICS = 120, 60, 200
FIRST_REPLIES = 8
MAX_MARKS = 300  # "tried it" marks in these topics
MEMBER_FTS = table("member_fts", column("rowid"), column("member_fts"))


class Tried(NamedTuple):
    """The page about something that was tried, and whether it is on one of the themes or only on the same agenda."""

    title: str
    address: str
    language: str
    is_of_theme: bool


@dataclass
class Evidence:
    """The evidence for one candidate, gathered before the candidate's own row is read."""

    themes: list[str] = field(default_factory=list)
    stems: list[tuple[str, bool]] = field(default_factory=list)  # with whether many members use it
    answered: Counter[str] = field(default_factory=Counter)  # by theme; "" is the agenda's
    wrote: Counter[str] = field(default_factory=Counter)
    tried: Tried | None = None
    tried_in_city: Tried | None = None  # by others; known only once the member's row is read

    @property
    def weight(self) -> float:
        """A rough score, by which the candidates are chosen whose rows are read."""
        words = sum(1 if is_common else 3 for stem_of, is_common in self.stems)
        tried = 0 if self.tried is None else 1 + 2 * self.tried.is_of_theme
        said = 3 * len(set(self.themes)) + words + tried
        return said + 2 * points_for(self.answered) + points_for(self.wrote) / 2


def points_for(counted: Counter[str]) -> float:
    """Points for answers or replies counted by theme: at most three, and half a point for those by agenda only ("")."""
    return min(3, counted.total() - counted[""] / 2)


def tie_break(topic_id: int, member_id: int) -> bytes:
    """A key that orders members with equal scores: different for each question, but always the same for one question."""
    return blake2s(b"%d %d" % (topic_id, member_id), digest_size=8).digest()


def candidates(
    asker: Person, topic: Topic, names: dict[int, str], city: City | None
) -> tuple[dict[int, Evidence], dict[int, Tried]]:
    """The candidates with the evidence for each; and what was tried, by city, which counts for every member of that city."""
    found: dict[int, Evidence] = defaultdict(Evidence)
    _gather_helpers(found, topic, names)
    _gather_by_words(found, topic, names.values())
    tried = _gather_from_topics(found, asker, topic, names)
    for member_id in _in_country(topic, city):
        found[member_id]  # creates the entry: the city alone is evidence
    found.pop(topic.author_id, None)
    return found, tried


def _gather_helpers(found: dict[int, Evidence], topic: Topic, names: dict[int, str]) -> None:
    if not names:
        return
    parts = [
        select(MemberTheme.theme_id, MemberTheme.member_id)
        .where(MemberTheme.theme_id == theme_id, side)
        .order_by(MemberTheme.member_id)
        .limit(MAX_PER_THEME)
        for theme_id in names
        for side in _sides_of_start(topic, MemberTheme.member_id)
    ]
    for theme_id, member_id in db.session.execute(_union_of(parts)):
        found[member_id].themes.append(names[theme_id])


def _sides_of_start(topic: Topic, member_id: Any) -> tuple[Any, Any]:
    """Two conditions on a member's id: before and after a start that depends on the question.

    Without it the members with the lowest ids would always be found first.
    """
    start = _random_start(topic)
    return member_id > start, member_id <= start


def _random_start(topic: Topic) -> Any:
    """In SQL: an id between 0 and the highest one, which depends on the question; an integer, so that an index can be used."""
    part = int.from_bytes(tie_break(topic.id, 0)) % 1_000_000 / 1_000_000
    last = select(func.max(Member.id)).scalar_subquery()
    return cast(last * part, Integer)


def _union_of(parts: Sequence[Any]) -> Any:
    """UNION ALL of queries with a LIMIT each, which SQLite accepts as subqueries only."""
    return union_all(*(select(part.subquery()) for part in parts))


def _gather_by_words(found: dict[int, Evidence], topic: Topic, themes: Iterable[str]) -> None:
    stems = stems_of(topic.title, themes)
    if not stems:
        return
    counted: dict[int, set[int]] = defaultdict(set)
    parts = [part for number, stem in enumerate(stems) for part in _with_stem(topic, number, stem)]
    for number, member_id in db.session.execute(_union_of(parts)):
        counted[number].add(member_id)
    for number, ids in counted.items():
        for member_id in ids:
            found[member_id].stems.append((stems[number], len(ids) >= MAX_PER_WORD))


def _with_stem(topic: Topic, number: int, stem: str) -> list[Any]:
    """Two queries for (`number`, member id) of members whose name, position or offer of help has a word with this stem.

    On PostgreSQL, a word that many members use is found by scanning the table: so one query takes the first
    `FIRST_ROWS` matching rows, and the other reads `PART_OF_MEMBERS` members after the start. Neither has an ORDER
    BY, because PostgreSQL would then read all members.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        has_word = MEMBER_FTS.c.member_fts.op("MATCH")(f'"{stem}"*')
        sides = _sides_of_start(topic, MEMBER_FTS.c.rowid)
        found = select(literal(number), MEMBER_FTS.c.rowid).where(has_word)
        return [found.where(side).limit(MAX_PER_WORD) for side in sides]
    words, start = literal_column("member.words", TSVECTOR), _random_start(topic)
    has_word = words.op("@@")(func.to_tsquery(constant("simple"), inline_text(f"'{stem}':*")))
    found = select(literal(number), Member.id).where(has_word)
    part = found.where(Member.id > start, Member.id <= start + PART_OF_MEMBERS)
    return [found.limit(constant(FIRST_ROWS)), part.limit(constant(MAX_PER_WORD))]


def _gather_from_topics(
    found: dict[int, Evidence], asker: Person, topic: Topic, names: dict[int, str]
) -> dict[int, Tried]:
    """Add members who answered, tried or wrote something in the newest topics of the same themes, and of the agenda.

    Returns what was tried, by city, without what the asker tried.
    """
    alike = _similar_topics(asker, topic, names)
    for row in alike.values():
        if row.answered_by_id and row.answered_by_id != row.author_id:
            found[row.answered_by_id].answered[names.get(row.theme_id, "")] += 1
    ids = sorted(alike, reverse=True)[:MAX_TOPICS]
    in_cities: dict[int, Tried] = {}
    for member_id, topic_id, city_id in db.session.execute(_tried_in(ids)):
        other, evidence = alike[topic_id], found[member_id]
        home = other.home or f"/topics/{topic_id}-{other.slug}"
        tried = Tried(other.title, home, other.language, bool(other.theme_id))
        evidence.tried = _better(evidence.tried, tried)
        if city_id and member_id != topic.author_id:
            in_cities[city_id] = _better(in_cities.get(city_id), tried)
    for member_id, topic_id in db.session.execute(_wrote_in(ids)):
        found[member_id].wrote[names.get(alike[topic_id].theme_id, "")] += 1
    return in_cities


def _better(known: Tried | None, other: Tried) -> Tried:
    """The one of two that is on a theme, if any; otherwise the first."""
    return other if known is None or (other.is_of_theme and not known.is_of_theme) else known


def _similar_topics(asker: Person, topic: Topic, theme_ids: Iterable[int]) -> dict[int, Any]:
    """The newest topics of each theme, and of the agenda (as theme 0), by id; a topic of several themes appears once."""
    parts: list[Any] = [
        select(TopicTheme.topic_id.label("id"), TopicTheme.theme_id.label("theme_id"))
        .where(TopicTheme.theme_id == theme_id)
        .order_by(TopicTheme.topic_id.desc())
        .limit(TOPICS_OF_THEME)
        for theme_id in theme_ids
    ]
    here = select(Topic.id.label("id"), literal(0).label("theme_id"))
    here = here.where(Topic.agenda_id == topic.agenda_id)
    parts.append(here.order_by(Topic.created_at.desc(), Topic.id.desc()).limit(TOPICS_OF_AGENDA))
    ids = _union_of(parts).subquery()
    names = ("id", "title", "language", "slug", "home", "author_id", "answered_by_id")
    # The asked member reads the reason, too, so it may not name what that member cannot see
    is_shown = (Topic.hidden_at.is_(None), is_on_open_agenda(Topic.agenda_id))
    seen = visible_topics(asker).where(*is_shown, Topic.id != topic.id)
    rows = seen.join(ids, ids.c.id == Topic.id)
    rows = rows.with_only_columns(*(getattr(Topic, name) for name in names), ids.c.theme_id)
    return {row.id: row for row in db.session.execute(rows.order_by(ids.c.theme_id))}


def _tried_in(topic_ids: Sequence[int]) -> Any:
    marked = select(Mark.member_id, Post.topic_id, Mark.city_id)
    marked = marked.join(Post, Post.id == Mark.post_id).join(Member, Member.id == Mark.member_id)
    # Members with a hidden profile are not listed under their city, either
    marked = marked.where(Member.hidden_at.is_(None))
    opening = (Post.topic_id.in_(topic_ids), Post.number == 1, Post.tried_count > 0, *is_readable())
    return marked.where(*opening, Mark.kind == TRIED).limit(MAX_MARKS)


def _wrote_in(topic_ids: Sequence[int]) -> Any:
    first = Post.number.between(2, FIRST_REPLIES + 1)
    wrote = select(Post.author_id, Post.topic_id).where(Post.topic_id.in_(topic_ids), first)
    return wrote.where(*is_readable()).distinct()


def _in_country(topic: Topic, city: City | None) -> Sequence[int]:
    if city is None:
        return []
    cities = select(City.id).where(City.country == city.country)
    parts = [
        select(Member.id).where(Member.city_id.in_(cities), side).limit(MAX_PER_COUNTRY // 2)
        for side in _sides_of_start(topic, Member.id)
    ]
    return db.session.scalars(_union_of(parts)).all()
