"""Plans: sizes as requested, with a skewed distribution, the same for the same seed; texts as varied as real ones."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from forum.filling.forms import Plan, shape_of, sizes_of
from forum.filling.models import END, START, PlannedPost
from forum.markup import write
from tests.conftest import SAMPLE_CITIES


@pytest.mark.parametrize(
    ("topics", "posts", "largest"),
    [(1, 1, None), (1, 40, None), (7, 7, None), (6, 40, 35), (6, 42, 7), (40_000, 1_000_000, None)],
)
def test_topics_have_the_sizes_that_were_asked_for(
    topics: int, posts: int, largest: int | None
) -> None:
    shape = shape_of(topics, posts, None, largest, 1)
    sizes = sizes_of(shape)
    assert (len(sizes), sum(sizes)) == (topics, posts)
    assert max(sizes) == sizes[0] == shape.largest
    assert min(sizes) >= 1


def test_a_million_posts_have_a_topic_of_fifty_thousand() -> None:
    assert shape_of(40_000, 1_000_000, None, None, 1).largest == 50_000


@pytest.fixture(scope="module")
def posts() -> list[PlannedPost]:
    made = Plan(shape_of(60, 3_000, None, None, 1), SAMPLE_CITIES).deeds(0, 0)
    return [deed for deed in made if isinstance(deed, PlannedPost)]


def test_the_same_seed_makes_the_same_forum(plan: Plan) -> None:
    def told(of: Plan) -> list[Any]:
        return [
            (deed.at, deed.post.text if hasattr(deed, "post") else deed.text)
            for deed in of.deeds(0, 0)
        ]

    again = Plan(plan.shape, SAMPLE_CITIES)
    other = Plan(shape_of(6, 40, 12, 16, 4), SAMPLE_CITIES)
    assert told(plan) == told(plan) == told(again) != told(other)


def test_everything_happens_in_order(plan: Plan) -> None:
    moments = [deed.at for deed in plan.deeds(0, 0)]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert moments[0] >= START
    assert moments[-1] < END


def test_much_is_written_by_few_and_most_of_it_lately(posts: list[PlannedPost]) -> None:
    by_author = Counter(post.author.id for post in posts).most_common()
    assert sum(count for _id, count in by_author[:12]) > len(posts) / 3  # of sixty members
    lately = [post for post in posts if post.at > END - timedelta(days=4 * 365)]
    assert len(lately) > len(posts) * 0.6
    assert all(post.author.joined_at <= post.at for post in posts)


def test_posts_are_as_long_as_real_ones_and_their_html_is_that_of_markup(
    posts: list[PlannedPost],
) -> None:
    lengths = [len(post.text.source) for post in posts]
    assert 555 < sum(lengths) / len(lengths) < 635
    for post in posts[::100]:
        assert post.text == write(post.text.source, post.text.language)
    assert any("\n\n- " in post.text.source for post in posts)
    assert any("](https://" in post.text.source for post in posts)


def test_words_are_rare_and_common(posts: list[PlannedPost]) -> None:
    found = Counter(word for said in posts for word in set(said.text.plain.lower().split()))
    commonest = found.most_common(1)[0][1]
    assert commonest > len(posts) * 0.6
    assert any(0.01 < count / len(posts) < 0.05 for count in found.values())
    assert sum(count <= 3 for count in found.values()) > 100
