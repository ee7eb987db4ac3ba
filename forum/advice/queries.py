"""Whom a question may ask and why, what became of those who were asked, and what the worker looks after."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2s
from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import joinedload, selectinload

from forum.advice.models import Asked, Availability, Care, FollowUp
from forum.agendas.models import AgendaHost, MemberTheme
from forum.agendas.queries import themes
from forum.db import cached, constant, db, execute_core, inline_text, now, topic_scope
from forum.dialogue.models import TRIED, Mark, Post, Topic, TopicTheme
from forum.dialogue.queries import get_topic, is_readable, visible_posts, visible_topics
from forum.errors import NotFound
from forum.markup import fold
from forum.members.models import City, Member
from forum.members.queries import language_names
from forum.permissions import Person, moderates, require, sees_hidden
from forum.search.queries import words_of

PROPOSED = 5
A_WEEK, A_QUARTER = timedelta(days=7), timedelta(days=90)
# How many of each source are looked at, so that a proposal costs the same in every forum.
OF_THEME, OF_WORD, OF_COUNTRY = 40, 40, 40
FIRST_MET, A_PART = 200, 500
TOPICS_OF_THEME, TOPICS_OF_AGENDA, MOST_TOPICS = 120, 60, 200
FIRST_REPLIES, MOST_MARKS, WROTE_HERE = 8, 300, 200
CANDIDATES = 120
MOST_THEMES = 5
MOST_WORDS, SHORTEST, STEM = 8, 4, 5
SIZES = (50_000, 250_000, 1_000_000, 5_000_000)
NEAR_KM = 300
UNREAD = 2.5  # what it costs not to write the language of the question
# Words of titles that say nothing of the subject; others that many members use weigh little by themselves.
EMPTY_WORDS = frozenset(
    [
        "about",
        "after",
        "again",
        "also",
        "among",
        "aussi",
        "avec",
        "before",
        "being",
        "between",
        "both",
        "cities",
        "city",
        "comment",
        "como",
        "could",
        "dans",
        "does",
        "doing",
        "during",
        "each",
        "entre",
        "every",
        "first",
        "from",
        "have",
        "having",
        "here",
        "into",
        "make",
        "many",
        "more",
        "most",
        "much",
        "nicht",
        "oder",
        "other",
        "otro",
        "outra",
        "over",
        "para",
        "people",
        "plus",
        "pour",
        "quand",
        "quel",
        "quelle",
        "same",
        "should",
        "since",
        "some",
        "such",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "things",
        "this",
        "those",
        "through",
        "town",
        "towns",
        "under",
        "until",
        "used",
        "using",
        "very",
        "want",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "whom",
        "whose",
        "will",
        "with",
        "within",
        "without",
        "work",
        "would",
        "year",
        "years",
        "your",
    ]
)
FTS = table("member_fts", column("rowid"), column("member_fts"))


# Why somebody is asked


class Reason(NamedTuple):
    """One reason to ask somebody: its kind, the words in it, a number, and where one reads of it.

    helps and position (words of theirs), theme, answered and wrote (theme, or none for the agenda; how often), tried
    (title and address), near (city, kilometres), size (city, which of `SIZES`), country (city), language.
    """

    kind: str
    words: str = ""
    number: int = 0
    address: str = ""


def kept(reason: Reason) -> list[Any]:
    """A reason as it is stored: without a title, which may be hidden one day."""
    words = "" if reason.kind == "tried" else reason.words
    return [reason.kind, words, reason.number]


def reasons_of(asked: Asked) -> list[Reason]:
    """The reasons for which somebody was asked."""
    return [Reason(*said) for said in asked.reasons]


@dataclass
class Proposal:
    """A member who may be asked, with the reasons, and how well they fit."""

    member: Member
    reasons: list[Reason]
    score: float


@dataclass
class Evidence:
    """What speaks for one member before the person is looked at."""

    themes: list[str] = field(default_factory=list)
    stems: list[tuple[str, bool]] = field(default_factory=list)  # and whether many use it
    answered: Counter[str] = field(default_factory=Counter)  # by theme; "" is the agenda's
    wrote: Counter[str] = field(default_factory=Counter)
    tried: tuple[str, str, bool] | None = None  # title, address, whether of a theme

    @property
    def weight(self) -> float:
        """How much it is, roughly: those with most are looked at."""
        words = sum(1 if is_common else 3 for _stem, is_common in self.stems)
        tried = 0 if self.tried is None else 1 + 2 * self.tried[2]
        said = 3 * len(set(self.themes)) + words + tried
        return said + 2 * deeds(self.answered) + deeds(self.wrote) / 2


def deeds(counted: Counter[str]) -> float:
    """What answers or replies are worth: at most three, and those on the agenda alone half."""
    return min(3, counted.total() - counted[""] / 2)


# Proposals


def proposals(asker: Person, topic: Topic, limit: int = PROPOSED) -> list[Proposal]:
    """The members who can help best with a question and may be asked now, each with the reasons.

    Some hundred candidates are gathered through indexes, and ranked here. Who was asked often lately comes later;
    among equals it depends on the question who comes first, so that it is not always the same.
    """
    names = _themes_of(topic)
    city = _city_of(topic.author_id)
    found = _gathered(asker, topic, names, city)
    best = sorted(found, key=lambda id: (-found[id].weight, _lot(topic.id, id)))[:CANDIDATES]
    people = [member for member in _people(best) if member.can.advise(topic)]
    taken = _taken(topic, [member.id for member in people])
    standings = standings_of(member.id for member in people)
    made = [
        _proposal(member, found[member.id], topic, city, standings[member.id])
        for member in people
        if member.id not in taken and standings[member.id].may_be_asked
    ]
    made.sort(key=lambda one: (-one.score, _lot(topic.id, one.member.id)))
    return made[:limit]


def _themes_of(topic: Topic) -> dict[int, str]:
    """The themes of a question, and those whose names its title says: their names by id, few of them."""
    said = [_stem(word) for word in words_of(topic.title)]
    own = [theme for theme in topic.themes if not theme.removed_at]
    named = [theme for theme in themes() if _is_said(theme.name, said)]
    return {theme.id: theme.name for theme in [*own, *named][:MOST_THEMES]}


def _is_said(name: str, stems: Sequence[str]) -> bool:
    words = words_of(name)
    return bool(words) and all(_stem(word) in stems for word in words)


def _lot(topic_id: int, member_id: int) -> bytes:
    return blake2s(b"%d %d" % (topic_id, member_id), digest_size=8).digest()


def _city_of(member_id: int) -> City | None:
    return db.session.scalar(select(City).join(Member).where(Member.id == member_id))


def _gathered(
    asker: Person, topic: Topic, names: dict[int, str], city: City | None
) -> dict[int, Evidence]:
    found: dict[int, Evidence] = defaultdict(Evidence)
    _gather_helpers(found, topic, names)
    _gather_by_words(found, topic, names.values())
    _gather_from_topics(found, asker, topic, names)
    for member_id in _in_country(topic, city):
        found[member_id]  # the city alone speaks for them
    found.pop(topic.author_id, None)
    return found


def _gather_helpers(found: dict[int, Evidence], topic: Topic, names: dict[int, str]) -> None:
    if not names:
        return
    parts = [
        select(MemberTheme.theme_id, MemberTheme.member_id)
        .where(MemberTheme.theme_id == theme_id, side)
        .order_by(MemberTheme.member_id)
        .limit(OF_THEME)
        for theme_id in names
        for side in _from_somewhere(topic, MemberTheme.member_id)
    ]
    for theme_id, member_id in db.session.execute(_all_of(parts)):
        found[member_id].themes.append(names[theme_id])


def _from_somewhere(topic: Topic, member_id: Any) -> tuple[Any, Any]:
    """Before and behind a place among the members that depends on the question: nobody is always the first."""
    start = _somewhere(topic)
    return member_id > start, member_id <= start


def _somewhere(topic: Topic) -> Any:
    """A number of a member, whole so that an index over the numbers can be used."""
    part = int.from_bytes(_lot(topic.id, 0)) % 1_000_000 / 1_000_000
    last = select(func.max(Member.id)).scalar_subquery()
    return cast(last * part, Integer)


def _all_of(parts: Sequence[Any]) -> Any:
    """Several beginnings of lists in one query; SQLite wants each in brackets of its own."""
    return union_all(*(select(part.subquery()) for part in parts))


def _gather_by_words(found: dict[int, Evidence], topic: Topic, themes: Iterable[str]) -> None:
    stems = _stems(topic.title, themes)
    if not stems:
        return
    counted: dict[int, set[int]] = defaultdict(set)
    parts = [part for number, stem in enumerate(stems) for part in _with_stem(topic, number, stem)]
    for number, member_id in db.session.execute(_all_of(parts)):
        counted[number].add(member_id)
    for number, ids in counted.items():
        for member_id in ids:
            found[member_id].stems.append((stems[number], len(ids) >= OF_WORD))


def _stems(title: str, themes: Iterable[str]) -> list[str]:
    """The beginnings of the words that a title and its themes speak of, the longest first, themes before all."""
    of_themes = [word for name in themes for word in words_of(name)]
    of_title = sorted(words_of(title), key=len, reverse=True)
    stems = dict.fromkeys(_stem(word) for word in [*of_themes, *of_title] if _says_something(word))
    return list(stems)[:MOST_WORDS]


def _says_something(word: str) -> bool:
    return word not in EMPTY_WORDS and not word.isdigit() and len(word) >= SHORTEST


def _stem(word: str) -> str:
    """What other forms of a word begin with, roughly and in any language: flooding and floods with “flood”."""
    return word[: max(STEM, len(word) - 3)]


def _with_stem(topic: Topic, number: int, stem: str) -> list[Any]:
    """The members whose name, position or offer of help has a word that begins so.

    PostgreSQL walks through the table for a word that many use, so it takes the first it meets and the few of a part of
    the members. In no order: one that is asked for would lead it through all members.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        has_word = FTS.c.member_fts.op("MATCH")(f'"{stem}"*')
        sides = _from_somewhere(topic, FTS.c.rowid)
        found = select(literal(number), FTS.c.rowid).where(has_word)
        return [found.where(side).limit(OF_WORD) for side in sides]
    words, start = literal_column("member.words", TSVECTOR), _somewhere(topic)
    has_word = words.op("@@")(func.to_tsquery(constant("simple"), inline_text(f"'{stem}':*")))
    found = select(literal(number), Member.id).where(has_word)
    part = found.where(Member.id > start, Member.id <= start + A_PART)
    return [found.limit(constant(FIRST_MET)), part.limit(constant(OF_WORD))]


def _gather_from_topics(
    found: dict[int, Evidence], asker: Person, topic: Topic, names: dict[int, str]
) -> None:
    """Who answered, tried and wrote in the newest topics of the same themes, and of the agenda."""
    alike = _alike(asker, topic, names)
    for row in alike.values():
        if row.answered_by_id and row.answered_by_id != row.author_id:
            found[row.answered_by_id].answered[names.get(row.theme_id, "")] += 1
    ids = sorted(alike, reverse=True)[:MOST_TOPICS]
    for member_id, topic_id in db.session.execute(_tried_in(ids)):
        other, evidence = alike[topic_id], found[member_id]
        home = other.home or f"/topics/{topic_id}-{other.slug}"
        if evidence.tried is None or (other.theme_id and not evidence.tried[2]):
            evidence.tried = (other.title, home, bool(other.theme_id))
    for member_id, topic_id in db.session.execute(_wrote_in(ids)):
        found[member_id].wrote[names.get(alike[topic_id].theme_id, "")] += 1


def _alike(asker: Person, topic: Topic, theme_ids: Iterable[int]) -> dict[int, Any]:
    """The newest topics of each theme and of the agenda, by id; one of several themes stands under one of them."""
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
    ids = _all_of(parts).subquery()
    names = ("id", "title", "slug", "home", "author_id", "answered_by_id")
    seen = visible_topics(asker).where(Topic.hidden_at.is_(None), Topic.id != topic.id)
    rows = seen.join(ids, ids.c.id == Topic.id)
    rows = rows.with_only_columns(*(getattr(Topic, name) for name in names), ids.c.theme_id)
    return {row.id: row for row in db.session.execute(rows.order_by(ids.c.theme_id))}


def _tried_in(topic_ids: Sequence[int]) -> Any:
    marked = select(Mark.member_id, Post.topic_id).join(Post, Post.id == Mark.post_id)
    opening = (Post.topic_id.in_(topic_ids), Post.number == 1, Post.tried_count > 0, *is_readable())
    return marked.where(*opening, Mark.kind == TRIED).limit(MOST_MARKS)


def _wrote_in(topic_ids: Sequence[int]) -> Any:
    first = Post.number.between(2, FIRST_REPLIES + 1)
    wrote = select(Post.author_id, Post.topic_id).where(Post.topic_id.in_(topic_ids), first)
    return wrote.where(*is_readable()).distinct()


def _in_country(topic: Topic, city: City | None) -> Sequence[int]:
    if city is None:
        return []
    cities = select(City.id).where(City.country == city.country)
    parts = [
        select(Member.id).where(Member.city_id.in_(cities), side).limit(OF_COUNTRY // 2)
        for side in _from_somewhere(topic, Member.id)
    ]
    return db.session.scalars(_all_of(parts)).all()


def _people(ids: Sequence[int]) -> Sequence[Member]:
    """Those of the members who can be asked at all, as a page shows them."""
    known = select(Member).where(
        Member.id.in_(ids), Member.left_at.is_(None), Member.hidden_at.is_(None)
    )
    shown = (joinedload(Member.city), joinedload(Member.organisation))
    return db.session.scalars(known.options(*shown, selectinload(Member.languages))).all()


def _taken(topic: Topic, ids: Sequence[int]) -> set[int]:
    """Those of the members who know of the question: asked already, or among the first who wrote there."""
    asked = select(Asked.member_id).where(Asked.topic_id == topic.id)
    wrote = select(Post.author_id).where(Post.topic_id == topic.id, Post.number <= WROTE_HERE)
    known = union_all(asked, wrote.where(Post.author_id.in_(ids)))
    return set(db.session.scalars(known))


def _proposal(
    member: Member, evidence: Evidence, topic: Topic, city: City | None, standing: Standing
) -> Proposal:
    languages = _by_language(member, topic.language)
    scored = [
        *_by_words(member, evidence),
        *_by_deeds(evidence),
        *_by_city(member.city, city),
        *languages,
    ]
    score = sum(points for points, _reason in scored) - standing.burden
    score -= 0 if languages else UNREAD
    return Proposal(member, [reason for _points, reason in scored], score)


def _by_words(member: Member, evidence: Evidence) -> list[tuple[float, Reason]]:
    made = []
    if themes := sorted(set(evidence.themes)):
        made.append((2.0 + len(themes), Reason("theme", ", ".join(themes))))
    said = {_stem(word) for name in themes for word in words_of(name)}
    stems = [(stem, is_common) for stem, is_common in evidence.stems if stem not in said]
    for kind, text, most in (("helps", member.helps_with, 3.0), ("position", member.position, 1.5)):
        met = _met(text, stems)
        if met and not (kind == "position" and made):
            points = min(2, sum(0.4 if is_common else 1 for is_common in met.values()))
            made.append((most * points, Reason(kind, ", ".join(met))))
    return made


def _met(text: str, stems: Iterable[tuple[str, bool]]) -> dict[str, bool]:
    """The words of a text that begin as one of the stems does, as they are written there, each once."""
    words = {fold(word): word for word in reversed(re.findall(r"\w+", text))}
    found = (
        (words[key], is_common)
        for key in reversed(words)
        for stem, is_common in stems
        if key.startswith(stem)
    )
    return dict(found)


def _by_deeds(evidence: Evidence) -> list[tuple[float, Reason]]:
    made = []
    if evidence.answered:
        theme, number = _most(evidence.answered)
        made.append((1 + deeds(evidence.answered), Reason("answered", theme, number)))
    if evidence.tried:
        title, address, is_of_theme = evidence.tried
        made.append((2.5 if is_of_theme else 0.75, Reason("tried", title, 0, address)))
    if evidence.wrote and not evidence.answered:
        theme, number = _most(evidence.wrote)
        made.append((deeds(evidence.wrote) / 2, Reason("wrote", theme, number)))
    return made


def _most(counted: Counter[str]) -> tuple[str, int]:
    """The theme with the most deeds; the agenda alone when there is none."""
    return max(counted.items(), key=lambda item: (bool(item[0]), item[1], item[0]))


def _by_city(city: City | None, other: City | None) -> list[tuple[float, Reason]]:
    if city is None or other is None or city.id == other.id:
        return []
    made = []
    size = size_of(city)
    if size == size_of(other):
        made.append((1.0, Reason("size", city.name, size)))
    distance = kilometres(city, other)
    if distance <= NEAR_KM:
        made.append((1.0, Reason("near", city.name, max(10, round(distance, -1)))))
    elif city.country == other.country:
        made.append((0.75, Reason("country", city.name, 0)))
    return made


def _by_language(member: Member, language: str) -> list[tuple[float, Reason]]:
    spoken = {member.language, *(one.language for one in member.languages)}
    name = language_names().get(language, language)
    return [(0.5, Reason("language", name))] if language in spoken else []


def size_of(city: City) -> int:
    """Which class of size a city belongs to: how many of `SIZES` it reaches."""
    return sum(city.population >= size for size in SIZES)


def kilometres(city: City, other: City) -> int:
    """How far two cities are apart, as the crow flies."""
    here, there = radians(city.latitude), radians(other.latitude)
    across = sin(radians(other.longitude - city.longitude) / 2) ** 2
    arc = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * across
    return round(12_742 * asin(sqrt(min(1.0, arc))))


# Who may be asked now


@dataclass(frozen=True)
class Standing:
    """How a member stands to being asked: muted, away until when, how often asked this week and this quarter."""

    is_muted: bool = False
    away_until: datetime | None = None
    this_week: int = 0
    this_quarter: int = 0

    @property
    def may_be_asked(self) -> bool:
        """Whether nothing keeps others from asking: own wish, absence, or two questions within a week."""
        return not (self.is_muted or self.away_until or self.this_week >= MOST_A_WEEK)

    @property
    def burden(self) -> float:
        """What makes somebody who was asked lately rank lower."""
        return 1.5 * self.this_week + min(0.5 * self.this_quarter, 4.0)


MOST_A_WEEK = 2
AWAITED = timedelta(days=30)  # who has said nothing for so long is not waited for


def standings_of(member_ids: Iterable[int]) -> dict[int, Standing]:
    """How members stand to being asked, by id."""
    since = {"week": now() - A_WEEK, "quarter": now() - A_QUARTER}
    counts = [_asked_since(moment).label(name) for name, moment in since.items()]
    rows = (
        select(Member.id, Availability.muted_at, Availability.away_until, *counts)
        .outerjoin(Availability, Availability.member_id == Member.id)
        .where(Member.id.in_(list(member_ids)))
    )
    return {row.id: _standing(row) for row in db.session.execute(rows)}


def _standing(row: Any) -> Standing:
    is_away = row.away_until is not None and row.away_until > now()
    away_until = row.away_until if is_away else None
    return Standing(row.muted_at is not None, away_until, row.week, row.quarter)


def _asked_since(moment: datetime) -> Any:
    asked = select(func.count()).select_from(Asked)
    mine = (Asked.member_id == Member.id, Asked.asked_at > moment)
    return asked.where(*mine).scalar_subquery()


def members_to_ask(handles: Iterable[str]) -> Sequence[Member]:
    """The members of some handles whom others may know of, held until the deed is done; always in one order."""
    wanted = list(dict.fromkeys(handles))
    known = select(Member).where(Member.handle.in_(wanted), Member.left_at.is_(None))
    shown = known.where(Member.hidden_at.is_(None)).order_by(Member.id)
    return db.session.scalars(shown.with_for_update()).all()


def availability_of(member: Person) -> Availability:
    """What a member says of being asked; a row of its own when nothing was said yet. `Forbidden` for visitors."""
    require(member.can.be_asked())
    found = db.session.scalar(select(Availability).where(Availability.member_id == member.id))
    return found or Availability(member_id=member.id, muted_at=None, away_until=None)


# What became of it


@dataclass(frozen=True)
class Fate:
    """What became of asking one member: asked, answered, not me, not now, passed on."""

    asked: Asked
    has_answered: bool

    @property
    def state(self) -> str:
        """One of the five in words."""
        return "answered" if self.has_answered else self.asked.state


def topic_to_ask(asker: Person, topic_id: int) -> Topic:
    """A question whose asked members somebody wants to see, with themes."""
    topic = get_topic(asker, topic_id)
    require(asker.can.see_asked(topic))
    return topic


def asked_about(topic: Topic) -> list[Fate]:
    """Everybody whom a question has asked, in that order, and what became of it."""
    rows = (
        select(Asked, _has_answered())
        .where(Asked.topic_id == topic.id)
        .options(
            joinedload(Asked.member).joinedload(Member.city),
            joinedload(Asked.member).joinedload(Member.organisation),
            joinedload(Asked.asker),
            joinedload(Asked.passed_to),
        )
        .order_by(Asked.asked_at, Asked.member_id)
    )
    return [Fate(*row) for row in db.session.execute(rows)]


def is_advice_awaited(topic_id: int) -> bool:
    """Whether somebody was asked about a question of late, and has neither answered nor left it to others."""
    is_open = (Asked.declined_at.is_(None), Asked.passed_at.is_(None), ~_has_answered())
    lately = select(Asked.member_id).where(Asked.asked_at > now() - AWAITED, *is_open)
    return bool(db.session.scalar(select(lately.where(Asked.topic_id == topic_id).exists())))


def _has_answered() -> ColumnElement[bool]:
    """The member has a post in the topic since the asking; the dialogue below keeps no note of it."""
    return exists().where(
        Post.topic_id == Asked.topic_id,
        Post.author_id == Asked.member_id,
        Post.created_at >= Asked.asked_at,
        Post.number > 1,
        *is_readable(),
    )


def asking_of(member: Person, topic_id: int) -> Fate | None:
    """How a member was asked about a question, by whom, and what became of it; None when nobody asked."""
    if member.id not in _asked_in(topic_id):  # nearly always, and the page of each question asks
        return None
    who = {"topic_id": topic_id, "member_id": member.id}
    row = db.session.execute(_asking_of(), who).first()
    return Fate(*row) if row else None


def _asked_in(topic_id: int) -> frozenset[int]:
    """Who was ever asked about a question, remembered until a deed touches its topic."""

    def read() -> frozenset[int]:
        return frozenset(execute_core(_ASKED_IN, {"topic_id": topic_id}).scalars())

    return cached(("asked", topic_id), read, topic_scope(topic_id))


_ASKED_IN = select(Asked.member_id).where(Asked.topic_id == bindparam("topic_id"))


@cache
def _asking_of() -> Any:
    mine = (
        Asked.topic_id == bindparam("topic_id"),
        Asked.member_id == bindparam("member_id"),
    )
    return select(Asked, _has_answered()).where(*mine).options(joinedload(Asked.asker))


def asking_to_settle(member: Person, topic_id: int) -> tuple[Topic, Asked]:
    """The question about which a member was asked and wants to say something, and how; else `NotFound`."""
    require(member.can.be_asked())
    topic = get_topic(member, topic_id)
    asking = asking_of(member, topic_id)
    if asking is None:
        raise NotFound(_("Nobody has asked you about this question."))
    return topic, asking.asked


def rows_of(topic_id: int) -> dict[int, Asked]:
    """Whom a question has asked, by the member's id."""
    rows = db.session.scalars(select(Asked).where(Asked.topic_id == topic_id))
    return {asked.member_id: asked for asked in rows}


# What happened next


def follow_up_of(topic: Topic) -> FollowUp | None:
    """What the asker told of what happened next."""
    return db.session.scalar(select(FollowUp).where(FollowUp.topic_id == topic.id))


def get_follow_up(reader: Person, follow_up_id: int) -> FollowUp:
    """What an asker told, by its number, with the question; else `NotFound`. It may be hidden itself: ask `hidden_at`.

    What is out of sight with its question is there for who moderates alone. What the topic does not know of is not told.
    """
    query = select(FollowUp).where(FollowUp.id == follow_up_id)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound()
    opening = visible_posts(reader).where(Post.topic_id == row.topic_id, Post.number == 1)
    post = db.session.scalar(opening)
    if post is None or (post.is_gone and not sees_hidden(reader, post.topic.agenda_id)):
        raise NotFound()
    if not (post.topic.followed_up_at or post.topic.follow_up_hidden_at):
        raise NotFound()
    row.topic = post.topic
    return row


def topics_of(member_id: int) -> Any:
    """In SQL: the numbers of the topics that a member has opened."""
    return select(Topic.id).where(Topic.author_id == member_id)


def topic_to_follow_up(author: Person, topic_id: int) -> Topic:
    """A question of which its asker wants to tell what happened next."""
    topic = get_topic(author, topic_id)
    require(author.can.follow_up(topic))
    return topic


def topic_to_forget_story(author: Person, topic_id: int) -> Topic:
    """A question of which its asker wants to take back what happened next."""
    topic = get_topic(author, topic_id)
    require(author.can.withdraw_follow_up(topic))
    return topic


# What the worker looks after


def questions_to_take_up(since: datetime, limit: int) -> Sequence[Any]:
    """The questions opened since a moment that nobody looks after yet: id and moment of opening, oldest first."""
    is_known = exists().where(Care.topic_id == Topic.id)
    new = select(Topic.id, Topic.created_at).where(
        Topic.created_at > since, Topic.kind == "question", Topic.deleted_at.is_(None), ~is_known
    )
    return db.session.execute(new.order_by(Topic.created_at, Topic.id).limit(limit)).all()


def care_due(limit: int) -> Sequence[Care]:
    """What is to be looked at now, held until the deed is done; what another worker holds is passed over."""
    due = select(Care).where(Care.look_at <= now()).order_by(Care.look_at, Care.topic_id)
    return db.session.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()


class Course(NamedTuple):
    """How a question has gone so far."""

    topic: Topic
    has_replies: bool  # of others than the asker
    advised_at: datetime | None  # the latest reply of somebody who was asked
    outcome: str | None  # of the follow-up

    @property
    def is_open(self) -> bool:
        """Whether it can be read by everybody and takes replies, and nothing that was told of it is hidden."""
        topic = self.topic
        is_closed = topic.deleted_at or topic.hidden_at or topic.locked_at
        is_closed = is_closed or topic.follow_up_hidden_at
        return not (is_closed or topic.agenda.archived_at)

    @property
    def helped_at(self) -> datetime | None:
        """When it got its answer, or the latest reply of somebody who was asked."""
        topic = self.topic
        answered_at = topic.answered_at if topic.answer_id else None
        return max(filter(None, (answered_at, self.advised_at)), default=None)


def courses_of(topic_ids: Sequence[int]) -> dict[int, Course]:
    """How some questions have gone so far, by id, with their agendas."""
    other = (Post.topic_id == Topic.id, Post.author_id != Topic.author_id, *is_readable())
    advised = select(func.max(Post.created_at)).join(
        Asked, and_(Asked.topic_id == Post.topic_id, Asked.member_id == Post.author_id)
    )
    since = advised.where(Post.created_at >= Asked.asked_at, *other).correlate(Topic)
    rows = (
        select(Topic, exists().where(*other), since.scalar_subquery(), FollowUp.outcome)
        .outerjoin(FollowUp, FollowUp.topic_id == Topic.id)
        .where(Topic.id.in_(topic_ids))
        .options(joinedload(Topic.agenda))
    )
    return {row[0].id: Course(*row) for row in db.session.execute(rows)}


def hosts_to_tell(topic: Topic) -> Sequence[int]:
    """The hosts of a question's agenda who are there, or else the moderators; never the asker."""
    here = select(AgendaHost.member_id).where(AgendaHost.agenda_id == topic.agenda_id)
    hosts = _who_are_there(topic, Member.id.in_(here))
    return hosts or _who_are_there(topic, moderates(Member.role))


def _who_are_there(topic: Topic, *which: Any) -> Sequence[int]:
    is_free = or_(Member.suspended_until.is_(None), Member.suspended_until <= now())
    there = select(Member.id).where(*which, Member.left_at.is_(None), is_free)
    return db.session.scalars(there.where(Member.id != topic.author_id).order_by(Member.id)).all()
