"""The plan of a made-up forum from a few numbers and a seed: its members, and everything they do, in order of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate
from pathlib import Path
from random import Random

from forum.dialogue.models import OUTCOMES, SAME_HERE, TRIED, USEFUL
from forum.errors import Invalid
from forum.filling.models import (
    END,
    START,
    PlannedAnswer,
    PlannedDeed,
    PlannedEdit,
    PlannedHiding,
    PlannedMark,
    PlannedMember,
    PlannedOrganisation,
    PlannedPost,
    PlannedTopic,
    Shape,
)
from forum.members.actions import ORGANISATION_KINDS, CityRow
from forum.permissions import MEMBERS, PUBLIC
from forum.phrases import Texts
from forum.principals import ADMINISTRATOR, MEMBER, MODERATOR

WORDS = Path(__file__).parent / "data" / "words.txt"
CITIES_WITH_MEMBERS = 300  # the members live in the largest ones
# By default the largest topic has 1 in 20 posts, at most 50,000
MAX_LARGEST, LARGEST_SHARE = 50_000, 20
MIN_MEMBERS = 10
POSTS_PER_MEMBER = 50  # by default
# At most so many English paragraphs are generated; posts are combined from them
PARAGRAPHS_MADE = 3_000
TOTAL_SECONDS = int((END - START).total_seconds())
# The activity increases: the number of posts until a moment grows with this power of time.
GROWTH = 1.8

# Shares: of topics, of posts, of members' languages
QUESTIONS, ANSWERED, MEMBERS_ONLY, FOREIGN = 0.45, 0.45, 0.03, 0.22
EDITED, HIDDEN, QUOTING, FOR_ORGANISATION = 0.04, 0.004, 0.08, 0.05
MARKED, MARKED_OPENING = 0.22, 0.5
LANGUAGES = ("fr", "es", "pt", "ru", "ar", "hi", "ja", "zh")
MARKINGS, MARKING_WEIGHTS = (USEFUL, SAME_HERE, TRIED), (70, 90, 100)

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def shape_of(topics: int, posts: int, members: int | None, largest: int | None, seed: int) -> Shape:
    """The shape of these numbers, with defaults for None. Raises `Invalid` when they contradict each other."""
    if not 1 <= topics <= posts:
        raise Invalid("Every topic has a post: ask for at least one topic, and as many posts.")
    smallest, most = -(-posts // topics), posts - topics + 1
    usual = min(MAX_LARGEST, max(posts // LARGEST_SHARE, 2 * smallest), most)
    largest = usual if largest is None else largest
    if not smallest <= largest <= most:
        raise Invalid(f"The largest topic has {smallest} to {most} posts here.")
    members = max(MIN_MEMBERS, posts // POSTS_PER_MEMBER) if members is None else members
    if members < MIN_MEMBERS:
        raise Invalid(f"Ask for {MIN_MEMBERS} members or more.")
    return Shape(topics, posts, members, largest, seed)


def sizes_of(shape: Shape) -> list[int]:
    """The number of posts of each topic, largest first: a power law whose exponent is found by bisection."""
    low, high = 0.0, 20.0
    for _step in range(40):
        middle = (low + high) / 2
        is_too_many = sum(_power_law(shape, middle)) > shape.posts
        low, high = (middle, high) if is_too_many else (low, middle)
    sizes = _power_law(shape, high)
    missing = shape.posts - sum(sizes)
    while missing:
        for place in range(min(1, len(sizes) - 1), len(sizes)):
            if missing and sizes[place] < shape.largest:
                sizes[place], missing = sizes[place] + 1, missing - 1
    return sizes


def _power_law(shape: Shape, exponent: float) -> list[int]:
    ranks = range(1, shape.topics + 1)
    return [max(1, int(shape.largest * rank**-exponent)) for rank in ranks]


def words() -> dict[str, list[str]]:
    """The vocabulary by language, and names and titles by purpose, from words.txt."""
    lines = (line.split(": ", 1) for line in WORDS.read_text(encoding="utf-8").splitlines()[1:])
    parted = ((name, said.split("|") if "|" in said else said.split()) for name, said in lines)
    return {name: list(dict.fromkeys(found)) for name, found in parted}


class Plan:
    """All members of a forum and everything that they do; always the same for the same shape."""

    def __init__(self, shape: Shape, cities: Sequence[CityRow]) -> None:
        self.shape = shape
        self.cities = sorted(cities, key=lambda row: (-row[5], row[0]))[:CITIES_WITH_MEMBERS]
        self.words = words()
        self.texts = Texts(self.words, shape.seed, min(PARAGRAPHS_MADE, max(60, shape.posts // 3)))
        self.agendas, self.themes = self.words["agenda"], self.words["theme"]
        self.moderators = min(8, max(1, shape.members // 200))
        self.rng = Random(f"{shape.seed} deeds")
        self._joined = [_second(place / shape.members) for place in range(shape.members)]
        self._joined[:MIN_MEMBERS] = [0] * MIN_MEMBERS
        self._activity = list(accumulate((place + 8) ** -0.8 for place in range(shape.members)))

    @cached_property
    def organisations(self) -> list[PlannedOrganisation]:
        """The organisations, with different names."""
        rng = Random(f"{self.shape.seed} organisations")
        beginnings = self.words["organisation"]
        number = min(400, max(2, self.shape.members // 40))
        cities = [self.cities[place % len(self.cities)] for place in range(number)]
        return [
            PlannedOrganisation(f"{rng.choice(beginnings)} {row[1]} {place}", kind, row[0])
            for place, row in enumerate(cities, 1)
            for kind in [rng.choice(ORGANISATION_KINDS)]
        ]

    @cached_property
    def people(self) -> list[PlannedMember]:
        """The members in the order of joining: one administrator, the moderators, all others."""
        rng = Random(f"{self.shape.seed} people")
        taken: dict[str, int] = {}
        return [self._planned_member(place, rng, taken) for place in range(self.shape.members)]

    def _planned_member(self, place: int, rng: Random, taken: dict[str, int]) -> PlannedMember:
        words = self.words
        name = f"{rng.choice(words['first'])} {rng.choice(words['family'])}"
        wish = name.lower().replace(" ", "-")
        taken[wish] = taken.get(wish, 0) + 1
        city = self.cities[int(rng.random() ** 2 * len(self.cities))]
        has_city, is_of = rng.random() < 0.9, rng.random() < 0.4
        return PlannedMember(
            id=place + 1,
            handle=wish if taken[wish] == 1 else f"{wish}-{taken[wish]}",
            name=name,
            role=self._role(place),
            position=rng.choice(words["post"]),
            language=rng.choice(LANGUAGES) if rng.random() < FOREIGN else "en",
            joined_at=_moment(self._joined[place]),
            city_id=city[0] if has_city else None,
            city=city[1] if has_city else "",
            organisation=rng.randrange(len(self.organisations)) if is_of else None,
        )

    def _role(self, place: int) -> str:
        if place > self.moderators:
            return MEMBER
        return MODERATOR if place else ADMINISTRATOR

    def deeds(self, topics_before: int, posts_before: int) -> Iterator[PlannedDeed]:
        """Everything that is done, in order of time. Topics and posts get the ids after these."""
        self.rng.seed(f"{self.shape.seed} deeds")
        topics: dict[int, PlannedTopic] = {}
        waiting: list[tuple[int, int, PlannedDeed]] = []
        number = topics_before
        sizes, schedule = self._schedule()
        for post_id, (second, place) in enumerate(schedule, posts_before + 1):
            yield from _pop_due(waiting, second)
            if place not in topics:
                number += 1
                topics[place] = self._planned_topic(
                    number, sizes[place], second, is_largest=place == 0
                )
            topic = topics[place]
            post = self._planned_post(post_id, topic, second)
            yield post
            for at, later in self._consequences(post, second):
                heappush(waiting, (at, len(waiting) + post_id * 1_000, later))
            if topic.posts_count == topic.size:
                del topics[place]
        yield from _pop_due(waiting, TOTAL_SECONDS)

    def _schedule(self) -> tuple[list[int], Iterator[tuple[int, int]]]:
        """The size of each topic, and for each post (second, index of its topic), in order of time."""
        sizes = sizes_of(self.shape)
        keys = [
            second * len(sizes) + place
            for place, size in enumerate(sizes)
            for second in self._seconds(size, is_first=place == 0)
        ]
        keys.sort()
        return sizes, (divmod(key, len(sizes)) for key in keys)

    def _seconds(self, size: int, *, is_first: bool) -> Iterator[int]:
        """The seconds of a topic's posts: replies come soon, or over years when the topic is large."""
        opened = _second(0.02 if is_first else self.rng.random())
        left, power = TOTAL_SECONDS - opened - HOUR, 1 + 900 / (size + 99)
        yield opened
        for _reply in range(size - 1):
            yield opened + MINUTE + int(left * self.rng.random() ** power)

    def _planned_topic(
        self, number: int, size: int, second: int, *, is_largest: bool
    ) -> PlannedTopic:
        """A topic in the language of its author; the largest one is public and in English."""
        rng = self.rng
        author = self._member(second)
        language = "en" if is_largest else author.language
        is_for_all = rng.random() >= MEMBERS_ONLY or is_largest
        is_question = rng.random() < QUESTIONS
        will_be_answered = is_question and size > 1 and rng.random() < ANSWERED
        return PlannedTopic(
            id=number,
            agenda=int(rng.random() ** 1.6 * len(self.agendas)),
            kind="question" if is_question else "experience",
            title=self.texts.phrases(language, rng).title(is_question),
            audience=PUBLIC if is_for_all else MEMBERS,
            language=language,
            author=author,
            size=size,
            themes=rng.sample(range(len(self.themes)), rng.choice((0, 1, 1, 2))),
            answered_by=rng.randint(2, min(size, 12)) if will_be_answered else 0,
        )

    def _planned_post(self, post_id: int, topic: PlannedTopic, second: int) -> PlannedPost:
        """The next post of a topic; every fifth reply is by its author."""
        rng = self.rng
        topic.posts_count += 1
        is_own = topic.posts_count == 1 or rng.random() < 0.2
        author = topic.author if is_own else self._member(second)
        text, quotable = self.texts.post(rng, topic.language)
        is_of = author.organisation is not None and rng.random() < FOR_ORGANISATION
        post = PlannedPost(post_id, topic, topic.posts_count, author, _moment(second), text, is_of)
        if topic.latest and rng.random() < QUOTING:
            post.quoted, quoted = topic.latest
            name, number = post.quoted.author.name, post.quoted.id
            post.text = self.texts.quoting(text, name, number, quoted)
        self._hide(post, second)
        if post.hidden_at is None:
            topic.latest = post, quotable
        if post.number > 1 and post.hidden_at is None:
            topic.replies_count += 1
        return post

    def _hide(self, post: PlannedPost, second: int) -> None:
        topic, rng = post.topic, self.rng
        at = second + HOUR + int(rng.random() * DAY)
        is_spared = post.number in (1, topic.answered_by) or at >= TOTAL_SECONDS
        if not is_spared and rng.random() < HIDDEN:
            post.hidden_at = _moment(at)
            post.reason = rng.choice(self.words["reason"])

    def _consequences(self, post: PlannedPost, second: int) -> Iterator[tuple[int, PlannedDeed]]:
        """What is done with a post later, as (second, deed)."""
        if post.hidden_at is not None:
            moderator = self.people[1 + self.rng.randrange(self.moderators)]
            yield _second_of(post.hidden_at), PlannedHiding(post, post.hidden_at, moderator)
            return
        rng = self.rng
        at = second + 16 * MINUTE + int(DAY * rng.expovariate(2))
        if rng.random() < EDITED and at < TOTAL_SECONDS:
            post.edited, post.edited_at = self.texts.longer(post.text, rng), _moment(at)
            yield at, PlannedEdit(post, _moment(at))
        at = second + HOUR + int(DAY * rng.expovariate(1))
        if post.number == post.topic.answered_by and at < TOTAL_SECONDS:
            yield at, PlannedAnswer(post, _moment(at))
        share = MARKED_OPENING if post.number == 1 else MARKED
        if rng.random() < share:
            yield from self._planned_marks(post, second)

    def _planned_marks(self, post: PlannedPost, second: int) -> Iterator[tuple[int, PlannedDeed]]:
        rng = self.rng
        number = min(8, 1 + int(rng.expovariate(0.7)))
        readers = {self._member(second).id for _mark in range(number)} - {post.author.id}
        for member_id in sorted(readers):
            at = second + 10 * MINUTE + int(2 * DAY * rng.expovariate(1))
            if at < TOTAL_SECONDS:
                yield at, self._planned_mark(post, at, self.people[member_id - 1])

    def _planned_mark(self, post: PlannedPost, at: int, member: PlannedMember) -> PlannedMark:
        kind = self.rng.choices(MARKINGS, cum_weights=MARKING_WEIGHTS)[0]
        if kind == USEFUL:
            post.useful_count += 1
        elif kind == SAME_HERE:
            post.same_here_count += 1
        else:
            post.tried_count += 1
            note = self.texts.phrases(member.language, self.rng).sentence()
            outcome = self.rng.choice(OUTCOMES)
            return PlannedMark(post, _moment(at), member, kind, outcome, note)
        return PlannedMark(post, _moment(at), member, kind)

    def _member(self, second: int) -> PlannedMember:
        """A member who has joined by then; early members are more active."""
        joined = bisect_right(self._joined, second)
        drawn = self.rng.random() * self._activity[joined - 1]
        return self.people[bisect_right(self._activity, drawn, hi=joined - 1)]


def _pop_due(waiting: list[tuple[int, int, PlannedDeed]], second: int) -> Iterator[PlannedDeed]:
    while waiting and waiting[0][0] <= second:
        yield heappop(waiting)[2]


def _second(share: float) -> int:
    """The second by which this share of all posts has been written."""
    return int((TOTAL_SECONDS - DAY) * share ** (1 / GROWTH))


def _moment(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _second_of(moment: datetime) -> int:
    return int((moment - START).total_seconds())
