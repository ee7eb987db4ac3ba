"""Two practices side by side: what each reader finds in both, part by part, and how the second is chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from forum.library import actions
from forum.library.models import Practice
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.web import absolute
from tests.library.conftest import SECRET, SURAT, TAMPERE, World, published

WITHHELD = "The author wrote this part for members."
NOTHING = "It says nothing about this."


@pytest.fixture
def model(world: World) -> Practice:
    """A complete practice of Surat whose failures are for members only."""
    return published(world, slug="model", city_id=SURAT, failure_audience="members")


@pytest.fixture
def copy(world: World, model: Practice) -> Practice:
    """Tampere's adaptation of it, in Finnish, with two parts."""
    parts = {"challenge": "Vesi nousi.", "failure": "Pumput jäätyivät."}
    words = {"title": "Pumput", "slug": "copy", "language": "fi", "city_id": TAMPERE}
    more = {"failure_audience": "public", "adapted_from_id": model.id}
    return published(world, sections=parts, **words, **more)


def parts_of(page: str) -> dict[str, str]:
    """The HTML of each section of the page, by its heading."""
    found = re.findall(r'<section class="sec".*?<h2[^>]*>(.*?)</h2>(.*?)</section>', page, re.S)
    return dict(found)


def test_each_part_stands_beside_the_other(client: Any, model: Practice, copy: Practice) -> None:
    page = client.get("/practices/model/compare?with=copy").text
    assert "The second was adapted from the first." in page
    parts = parts_of(page)
    assert list(parts)[:3] == ["The practices", "Facts", "Challenge"]
    challenge = parts["Challenge"]
    assert challenge.index("Surat") < challenge.index("Tampere") < challenge.index("Vesi nousi.")
    assert '<div class="prose" lang="fi" dir="auto">' in challenge
    assert "Suomi" in parts["The practices"] or "suomi" in parts["The practices"]
    assert NOTHING in parts["What was done"] and parts["What was done"].count("<h3") == 2
    assert "Lessons" not in parts
    turned = client.get("/practices/copy/compare?with=model").text
    assert "The first was adapted from the second." in turned
    for shown in (page, turned):
        assert '<meta name="robots" content="noindex">' in shown
        address = absolute("/practices/copy/compare?with=model")  # the same address for both orders
        assert f'<link rel="canonical" href="{address}">' in shown
    assert "/compare" not in client.get("/sitemap.xml").text
    assert "Disallow: /*/compare" in client.get("/robots.txt").text


def test_what_did_not_work_is_for_its_readers_in_both(
    client: Any, sign_in: Any, world: World, model: Practice, copy: Practice
) -> None:
    page = client.get("/practices/model/compare?with=copy").text
    failure = parts_of(page)["What did not work"]
    assert failure.count(WITHHELD) == 1 and "Pumput jäätyivät." in failure and SECRET not in page
    assert "next=/practices/model/compare?with%3Dcopy" in failure
    failure = parts_of(sign_in(world.reader).get("/practices/model/compare?with=copy").text)
    assert SECRET in failure["What did not work"]
    assert "Only members read this part." in failure["What did not work"]


def test_who_does_not_find_one_finds_no_comparison(
    client: Any, sign_in: Any, world: World, model: Practice, copy: Practice
) -> None:
    moderation.decide(world.moderator, "practice", copy.id, "hide", Reasons("It is rude.", 2))
    for path in ("/practices/model/compare?with=copy", "/practices/copy/compare?with=model"):
        assert client.get(path).status_code == 404
        assert "hidden this practice" in sign_in(world.moderator).get(path).text
    members = published(world, slug="for-members", audience="members", title="Kept inside")
    path = f"/practices/model/compare?with={members.slug}"
    assert client.get(path).status_code == 404
    assert "Kept inside" not in client.get("/practices/model/compare").text
    assert "Kept inside" in sign_in(world.reader).get(path).text
    assert client.get("/practices/model/compare?with=nothing").status_code == 404


def test_the_second_is_chosen_from_the_library(
    client: Any, world: World, model: Practice, copy: Practice
) -> None:
    published(world, slug="third", title="Dikes that sing")
    page = client.get("/practices/model/compare").text
    own, library = page.split("All practices")
    assert 'href="/practices/model/compare?with=copy"' in own and "with=third" not in own
    assert "with=copy" in library and "with=third" in library and "with=model" not in page
    assert '<meta name="robots" content="noindex">' in page
    few = client.get("/practices/model/compare?language=fi").text
    assert "with=third" not in few.split("All practices")[1]
    assert 'href="/practices/model/compare"' in few  # the link that removes the filter
    assert client.get("/practices/model/compare?with=model").status_code == 200
    none = client.get("/practices/model/compare?language=fi&language=xx&city=nowhere")
    assert "No other practice has all of these" in none.text


def test_where_there_is_nothing_to_compare_it_is_said(client: Any, model: Practice) -> None:
    page = client.get("/practices/model/compare").text
    assert "There is no other practice yet" in page and 'class="rows' not in page
    assert '<a class="btn alt" href="/practices/model">' in page


def test_the_pages_of_both_lead_there(client: Any, model: Practice, copy: Practice) -> None:
    for slug, other in (("model", "copy"), ("copy", "model")):
        page = client.get(f"/practices/{slug}").text
        assert f'href="/practices/{slug}/compare?with={other}" rel="nofollow"' in page
        assert f'href="/practices/{slug}/compare" rel="nofollow"' in page


def test_an_own_draft_stands_beside_what_it_is_adapted_from(
    client: Any, sign_in: Any, world: World, model: Practice
) -> None:
    text = actions.PracticeText(
        title="Ours", sentence="We did.", adapted_from_id=model.id, slug="ours"
    )
    actions.write_practice(world.reader, world.agenda.id, text)
    path = "/practices/ours/compare?with=model"
    assert "This practice is not published." in sign_in(world.reader).get(path).text
    assert client.get(path).status_code == 404


def test_it_takes_as_many_queries_however_much_is_there(
    client: Any, world: World, model: Practice, copy: Practice, queries: Any
) -> None:
    made = []
    for number in range(2):
        client.get("/practices/model/compare?with=copy")
        with queries() as pair:
            client.get("/practices/model/compare?with=copy&now=" + str(number))
        with queries() as choice:
            client.get(f"/practices/model/compare?now={number}")
        made.append((pair.count, choice.count))
        for more in range(3):
            published(world, slug=f"more-{number}-{more}", adapted_from_id=model.id)
    assert made[0] == made[1] and made[0][0] <= 16 and made[0][1] <= 24, made
