"""From a few numbers and a seed to the plan of a whole forum: who is in it, and what they write and do, in order of time."""

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
    Choosing,
    Deed,
    Editing,
    Hiding,
    Marking,
    Organisation,
    Saying,
    Shape,
    Someone,
    Talk,
)
from forum.members.actions import ORGANISATION_KINDS, CityRow
from forum.permissions import ADMINISTRATOR, MEMBER, MEMBERS, MODERATOR, PUBLIC
from forum.phrases import Texts

WORDS = Path(__file__).parent / "data" / "words.txt"
CITIES = 300  # the largest ones are where the members live
LARGEST, LARGEST_SHARE = 50_000, 20  # the largest topic has one post in so many, unless it is said
FEWEST_MEMBERS = 10
POSTS_OF_A_MEMBER = 50  # on average, unless it is said
PARAGRAPHS = 3_000  # so many English ones are made; posts are put together from them
SPAN = int((END - START).total_seconds())
# How much more is written lately: the number until a moment grows with this power of time.
GROWTH = 1.8

# How often it happens.
QUESTIONS, ANSWERED, MEMBERS_ONLY, FOREIGN = 0.45, 0.45, 0.03, 0.22
EDITED, HIDDEN, QUOTING, FOR_ORGANISATION = 0.04, 0.004, 0.08, 0.05
MARKED, MARKED_OPENING = 0.22, 0.5
LANGUAGES = ("fr", "es", "pt", "ru", "ar", "hi", "ja", "zh")
MARKINGS, MARKING_WEIGHTS = (USEFUL, SAME_HERE, TRIED), (70, 90, 100)

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def shape_of(topics: int, posts: int, members: int | None, largest: int | None, seed: int) -> Shape:
    """The shape that these numbers ask for; raises `Invalid` when there is no such forum."""
    if not 1 <= topics <= posts:
        raise Invalid("Every topic has a post: ask for at least one topic, and as many posts.")
    smallest, most = -(-posts // topics), posts - topics + 1
    usual = min(LARGEST, max(posts // LARGEST_SHARE, 2 * smallest), most)
    largest = usual if largest is None else largest
    if not smallest <= largest <= most:
        raise Invalid(f"The largest topic has {smallest} to {most} posts here.")
    members = max(FEWEST_MEMBERS, posts // POSTS_OF_A_MEMBER) if members is None else members
    if members < FEWEST_MEMBERS:
        raise Invalid(f"Ask for {FEWEST_MEMBERS} members or more.")
    return Shape(topics, posts, members, largest, seed)


def sizes_of(shape: Shape) -> list[int]:
    """How many posts each topic has, the largest first: a power law, cut to these numbers."""
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
    """The words by language, and the names and titles by what they are for."""
    lines = (line.split(": ", 1) for line in WORDS.read_text(encoding="utf-8").splitlines()[1:])
    parted = ((name, said.split("|") if "|" in said else said.split()) for name, said in lines)
    return {name: list(dict.fromkeys(found)) for name, found in parted}


class Plan:
    """Everybody in a forum, and everything that they do, the same for the same shape."""

    def __init__(self, shape: Shape, cities: Sequence[CityRow]) -> None:
        self.shape = shape
        self.cities = sorted(cities, key=lambda row: (-row[5], row[0]))[:CITIES]
        self.words = words()
        self.texts = Texts(self.words, shape.seed, min(PARAGRAPHS, max(60, shape.posts // 3)))
        self.agendas, self.themes = self.words["agenda"], self.words["theme"]
        self.moderators = min(8, max(1, shape.members // 200))
        self.chance = Random(f"{shape.seed} deeds")
        self._joined = [_second(place / shape.members) for place in range(shape.members)]
        self._joined[:FEWEST_MEMBERS] = [0] * FEWEST_MEMBERS
        self._activity = list(accumulate((place + 8) ** -0.8 for place in range(shape.members)))

    @cached_property
    def organisations(self) -> list[Organisation]:
        """The organisations, each with a name of its own."""
        chance = Random(f"{self.shape.seed} organisations")
        beginnings = self.words["organisation"]
        number = min(400, max(2, self.shape.members // 40))
        cities = [self.cities[place % len(self.cities)] for place in range(number)]
        return [
            Organisation(f"{chance.choice(beginnings)} {row[1]} {place}", kind, row[0])
            for place, row in enumerate(cities, 1)
            for kind in [chance.choice(ORGANISATION_KINDS)]
        ]

    @cached_property
    def people(self) -> list[Someone]:
        """The members in the order in which they joined: an administrator, the moderators, all others."""
        chance = Random(f"{self.shape.seed} people")
        taken: dict[str, int] = {}
        return [self._someone(place, chance, taken) for place in range(self.shape.members)]

    def _someone(self, place: int, chance: Random, taken: dict[str, int]) -> Someone:
        words = self.words
        name = f"{chance.choice(words['first'])} {chance.choice(words['family'])}"
        wish = name.lower().replace(" ", "-")
        taken[wish] = taken.get(wish, 0) + 1
        city = self.cities[int(chance.random() ** 2 * len(self.cities))]
        has_city, is_of = chance.random() < 0.9, chance.random() < 0.4
        return Someone(
            id=place + 1,
            handle=wish if taken[wish] == 1 else f"{wish}-{taken[wish]}",
            name=name,
            role=self._role(place),
            position=chance.choice(words["post"]),
            language=chance.choice(LANGUAGES) if chance.random() < FOREIGN else "en",
            joined_at=_moment(self._joined[place]),
            city_id=city[0] if has_city else None,
            city=city[1] if has_city else "",
            organisation=chance.randrange(len(self.organisations)) if is_of else None,
        )

    def _role(self, place: int) -> str:
        if place > self.moderators:
            return MEMBER
        return MODERATOR if place else ADMINISTRATOR

    def deeds(self, topics_before: int, posts_before: int) -> Iterator[Deed]:
        """Everything that is done, in order of time; topics and posts are numbered on from these."""
        self.chance.seed(f"{self.shape.seed} deeds")
        talks: dict[int, Talk] = {}
        waiting: list[tuple[int, int, Deed]] = []
        number = topics_before
        sizes, schedule = self._schedule()
        for post_id, (second, place) in enumerate(schedule, posts_before + 1):
            yield from _due(waiting, second)
            if place not in talks:
                number += 1
                talks[place] = self._talk(number, sizes[place], second, is_largest=place == 0)
            talk = talks[place]
            saying = self._saying(post_id, talk, second)
            yield saying
            for at, later in self._later(saying, second):
                heappush(waiting, (at, len(waiting) + post_id * 1_000, later))
            if talk.posts_count == talk.size:
                del talks[place]
        yield from _due(waiting, SPAN)

    def _schedule(self) -> tuple[list[int], Iterator[tuple[int, int]]]:
        """The size of each topic, and who of them speaks when: (second, place of the topic), in order."""
        sizes = sizes_of(self.shape)
        keys = [
            second * len(sizes) + place
            for place, size in enumerate(sizes)
            for second in self._seconds(size, is_first=place == 0)
        ]
        keys.sort()
        return sizes, (divmod(key, len(sizes)) for key in keys)

    def _seconds(self, size: int, *, is_first: bool) -> Iterator[int]:
        """When a topic is opened, and when it is replied to: soon, or now and then for years when it is large."""
        opened = _second(0.02 if is_first else self.chance.random())
        left, power = SPAN - opened - HOUR, 1 + 900 / (size + 99)
        yield opened
        for _reply in range(size - 1):
            yield opened + MINUTE + int(left * self.chance.random() ** power)

    def _talk(self, number: int, size: int, second: int, *, is_largest: bool) -> Talk:
        """A topic in the language of its author; the largest is one that everybody can read."""
        chance = self.chance
        author = self._member(second)
        language = "en" if is_largest else author.language
        is_for_all = chance.random() >= MEMBERS_ONLY or is_largest
        is_question = chance.random() < QUESTIONS
        will_be_answered = is_question and size > 1 and chance.random() < ANSWERED
        return Talk(
            id=number,
            agenda=int(chance.random() ** 1.6 * len(self.agendas)),
            kind="question" if is_question else "experience",
            title=self.texts.phrases(language, chance).title(is_question),
            audience=PUBLIC if is_for_all else MEMBERS,
            language=language,
            author=author,
            size=size,
            themes=chance.sample(range(len(self.themes)), chance.choice((0, 1, 1, 2))),
            answered_by=chance.randint(2, min(size, 12)) if will_be_answered else 0,
        )

    def _saying(self, post_id: int, talk: Talk, second: int) -> Saying:
        """The next post of a topic; every fifth reply is of the one who opened it."""
        chance = self.chance
        talk.posts_count += 1
        is_own = talk.posts_count == 1 or chance.random() < 0.2
        author = talk.author if is_own else self._member(second)
        text, quotable = self.texts.post(chance, talk.language)
        is_of = author.organisation is not None and chance.random() < FOR_ORGANISATION
        saying = Saying(post_id, talk, talk.posts_count, author, _moment(second), text, is_of)
        if talk.latest and chance.random() < QUOTING:
            saying.quoted, quoted = talk.latest
            name, number = saying.quoted.author.name, saying.quoted.id
            saying.text = self.texts.quoting(text, name, number, quoted)
        self._hide(saying, second)
        if saying.hidden_at is None:
            talk.latest = saying, quotable
        if saying.number > 1 and saying.hidden_at is None:
            talk.replies_count += 1
        return saying

    def _hide(self, saying: Saying, second: int) -> None:
        talk, chance = saying.talk, self.chance
        at = second + HOUR + int(chance.random() * DAY)
        is_spared = saying.number in (1, talk.answered_by) or at >= SPAN
        if not is_spared and chance.random() < HIDDEN:
            saying.hidden_at = _moment(at)
            saying.reason = chance.choice(self.words["reason"])

    def _later(self, saying: Saying, second: int) -> Iterator[tuple[int, Deed]]:
        """What becomes of a post afterwards, which the post knows already."""
        if saying.hidden_at is not None:
            moderator = self.people[1 + self.chance.randrange(self.moderators)]
            yield _second_of(saying.hidden_at), Hiding(saying, saying.hidden_at, moderator)
            return
        chance = self.chance
        at = second + 16 * MINUTE + int(DAY * chance.expovariate(2))
        if chance.random() < EDITED and at < SPAN:
            saying.edited, saying.edited_at = self.texts.longer(saying.text, chance), _moment(at)
            yield at, Editing(saying, _moment(at))
        at = second + HOUR + int(DAY * chance.expovariate(1))
        if saying.number == saying.talk.answered_by and at < SPAN:
            yield at, Choosing(saying, _moment(at))
        share = MARKED_OPENING if saying.number == 1 else MARKED
        if chance.random() < share:
            yield from self._markings(saying, second)

    def _markings(self, saying: Saying, second: int) -> Iterator[tuple[int, Deed]]:
        chance = self.chance
        number = min(8, 1 + int(chance.expovariate(0.7)))
        readers = {self._member(second).id for _mark in range(number)} - {saying.author.id}
        for member_id in sorted(readers):
            at = second + 10 * MINUTE + int(2 * DAY * chance.expovariate(1))
            if at < SPAN:
                yield at, self._marking(saying, at, self.people[member_id - 1])

    def _marking(self, saying: Saying, at: int, member: Someone) -> Marking:
        kind = self.chance.choices(MARKINGS, cum_weights=MARKING_WEIGHTS)[0]
        if kind == USEFUL:
            saying.useful_count += 1
        elif kind == SAME_HERE:
            saying.same_here_count += 1
        else:
            saying.tried_count += 1
            note = self.texts.phrases(member.language, self.chance).sentence()
            outcome = self.chance.choice(OUTCOMES)
            return Marking(saying, _moment(at), member, kind, outcome, note)
        return Marking(saying, _moment(at), member, kind)

    def _member(self, second: int) -> Someone:
        """Somebody who has joined by then; those who came first are the most active."""
        joined = bisect_right(self._joined, second)
        drawn = self.chance.random() * self._activity[joined - 1]
        return self.people[bisect_right(self._activity, drawn, hi=joined - 1)]


def _due(waiting: list[tuple[int, int, Deed]], second: int) -> Iterator[Deed]:
    while waiting and waiting[0][0] <= second:
        yield heappop(waiting)[2]


def _second(share: float) -> int:
    """The second by which this share of everything has been written."""
    return int((SPAN - DAY) * share ** (1 / GROWTH))


def _moment(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _second_of(moment: datetime) -> int:
    return int((moment - START).total_seconds())
