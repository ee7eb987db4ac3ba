"""How similar two cities are: which are found, in which order, and for which reasons. No database."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from forum.front.queries._likeness import (
    HELPED,
    MAX_NAMED,
    MAX_PEERS,
    MAX_TIES,
    TIES,
    WORKS,
    WRITTEN,
    CityThemes,
    Link,
    Peer,
    Tie,
    Work,
    likest,
)
from forum.members.models import City
from forum.members.queries import HomeCity

HERE = City(id=1, slug="here", name="Here", country="NL", population=600_000)
FLOODS, HEAT, PARKING, WATER = range(1, 5)
NAMES = {FLOODS: "floods", HEAT: "heat", PARKING: "parking", WATER: "water"}


def city(id: int, name: str = "", population: int = 0) -> HomeCity:
    return HomeCity(id, f"city-{id}", name or f"City {id:02}", "XX", 0.0, 0.0, population)


CITIES = {id: city(id) for id in range(1, 13)}


def own(*themes: int, languages: str = "", **more: int) -> CityThemes:
    counted = Counter(dict.fromkeys(themes, WRITTEN))
    counted.update({id: more[name] for id, name in NAMES.items() if name in more})
    return CityThemes(counted, NAMES, NAMES, set(languages.split()))


def work(
    theme: int, city: int, kind: str = "experience", page: str = "", language: str = "en"
) -> Work:
    page = page or f"{city}-{theme}-{kind}"
    return Work(theme, city, kind, Link(NAMES[theme], f"/topics/{kind}-{page}", language, page))


def tie(city: int, kind: str, slug: str = "gate", outcome: str = "") -> Tie:
    return Tie(city, kind, Link(slug.title(), f"/practices/{slug}", "en"), outcome)


def named(peers: list[Peer]) -> list[int]:
    return [peer.city.id for peer in peers]


def said(peer: Peer) -> list[tuple[str, str]]:
    return [
        (reason.kind, " | ".join(link.name for link in reason.links)) for reason in peer.reasons
    ]


def test_more_in_common_comes_first_and_cities_that_are_equal_stand_by_name() -> None:
    cities = {2: city(2, "Épinal"), 3: city(3, "Zwolle"), 4: city(4, "Dakar"), 5: city(5, "Accra")}
    works = [work(FLOODS, 2), work(FLOODS, 3), work(FLOODS, 4), work(HEAT, 3), work(WATER, 5)]
    found = likest(HERE, own(FLOODS, HEAT), works, [], cities)
    assert [peer.city.name for peer in found] == ["Zwolle", "Dakar", "Épinal"]


def test_a_theme_of_few_cities_says_more_than_one_of_many() -> None:
    works = [*(work(FLOODS, id) for id in range(2, 10)), work(HEAT, 10)]
    assert named(likest(HERE, own(FLOODS, HEAT), works, [], CITIES))[0] == 10


def test_a_text_says_more_than_an_offer_of_help_and_many_no_more_than_some() -> None:
    works = [work(FLOODS, 2, "helps"), work(FLOODS, 3)]
    assert named(likest(HERE, own(FLOODS), works, [], CITIES)) == [3, 2]
    many = [work(FLOODS, id, page=f"{id}-{number}") for id in (4, 5) for number in range(3 * id)]
    assert named(likest(HERE, own(floods=9), many, [], CITIES)) == [4, 5], "by name"


def test_a_practice_that_went_from_one_to_the_other_says_most() -> None:
    works = [work(FLOODS, 2), work(FLOODS, 3), work(FLOODS, 4), work(HEAT, 4)]
    ties = [tie(2, "tried", outcome="kept"), tie(3, "adapted", "copy"), tie(5, "tried too")]
    found = likest(HERE, own(FLOODS, HEAT), works, ties, CITIES)
    assert named(found) == [3, 2, 4, 5]
    assert said(found[1]) == [("tried", "Gate"), ("experience", "floods")]
    assert found[1].reasons[0].word == "kept"


def test_size_and_language_order_and_explain_but_are_no_match() -> None:
    cities = {2: city(2, population=20_000), 3: city(3, population=700_000), 4: city(4)}
    cities |= {5: city(5, population=650_000)}
    works = [work(FLOODS, 2), work(FLOODS, 3), work(FLOODS, 4, language="es")]
    found = likest(HERE, own(FLOODS, languages="es en"), works, [], cities)
    assert named(found) == [3, 4, 2]
    assert [reason.kind for reason in found[0].reasons] == ["experience", "size"], (
        "most write English"
    )
    assert [(reason.kind, reason.word) for reason in found[1].reasons][1:] == [
        ("language", "Español")
    ]
    assert likest(HERE, own(languages="en"), works, [], cities) == []


def test_of_a_theme_that_page_is_named_which_leads_on_best() -> None:
    works = [work(FLOODS, 2, kind) for kind in reversed(WORKS)]
    works += [work(HEAT, 2, page="2-floods"), work(WATER, 2, page="2-floods")]
    (peer,) = likest(HERE, own(FLOODS, HEAT, WATER), works, [], CITIES)
    assert said(peer) == [("question", "floods"), ("experience", "heat, water")]
    assert peer.reasons[0].links[0].title == "2-1-question"


def test_no_two_reasons_lead_to_the_same_page() -> None:
    gate = Work(FLOODS, 2, "practice", Link("floods", "/practices/gate", "en", "Gate"))
    ties = [tie(2, "tried too", outcome="kept"), tie(2, "origin")]
    (peer,) = likest(HERE, own(FLOODS), [gate], ties, CITIES)
    assert said(peer) == [("origin", "Gate")]
    (peer,) = likest(HERE, own(FLOODS), [gate, work(FLOODS, 2, "case")], ties, CITIES)
    assert said(peer) == [("origin", "Gate"), ("case", "floods")]


def test_the_themes_with_the_most_are_kept() -> None:
    themes = own(floods=4, heat=2, parking=2, water=6)
    themes.keep_most(3)
    assert dict(themes.counted) == {WATER: 6, FLOODS: 4, HEAT: 2}


def test_cities_that_the_reader_does_not_know_are_left_out() -> None:
    works, ties = [work(FLOODS, 99), work(FLOODS, 1)], [tie(98, "tried"), tie(1, "tried")]
    assert likest(HERE, own(FLOODS), works, ties, CITIES) == []


IDS, THEMES = st.integers(1, 14), st.sampled_from(sorted(NAMES))
LANGUAGES = dict(zip("abcdef", ["en", "es", "fr"] * 2, strict=True))  # the language of each page
PAGES = st.sampled_from(sorted(LANGUAGES))
SOME_WORKS = st.lists(
    st.tuples(THEMES, IDS, st.sampled_from(WORKS), PAGES).map(
        lambda some: work(*some, LANGUAGES[some[3]])
    )
)
SOME_TIES = st.lists(st.builds(tie, IDS, st.sampled_from(list(TIES)), PAGES))
OWN = st.dictionaries(THEMES, st.integers(HELPED, 9)).map(
    lambda counted: CityThemes(Counter(counted), NAMES, NAMES, {"en", "es"})
)


@given(OWN, SOME_WORKS, SOME_TIES)
def test_every_reason_is_true_and_no_city_is_like_itself(
    themes: CityThemes, works: list[Work], ties: list[Tie]
) -> None:
    found = likest(HERE, themes, works, ties, CITIES)
    assert len(found) <= MAX_PEERS and len(set(named(found))) == len(found)
    for peer in found:
        assert peer.city.id != HERE.id and peer.city.id in CITIES
        kinds = [reason.kind for reason in peer.reasons]
        assert set(kinds) & {*WORKS, *TIES}, "size and language are no reason by themselves"
        assert len([kind for kind in kinds if kind in TIES]) <= MAX_TIES
        links = [link for reason in peer.reasons for link in reason.links]
        assert len({link.address for link in links}) == len(links)
        told = [
            name
            for reason in peer.reasons
            if reason.kind in WORKS
            for link in reason.links
            for name in link.name.split(", ")
        ]
        assert len(told) <= MAX_NAMED and len(set(told)) == len(told)
        for reason in peer.reasons:
            for link in reason.links:
                if reason.kind in TIES:
                    assert Tie(peer.city.id, reason.kind, link) in ties
                for name in link.name.split(", ") if reason.kind in WORKS else ():
                    theme = next(id for id, its_name in NAMES.items() if its_name == name)
                    assert theme in themes.counted
                    page = link._replace(name=name)
                    assert Work(theme, peer.city.id, reason.kind, page) in works
            if reason.kind == "language":
                assert reason.word in ("English", "Español")
    unlike = [work for work in works if work.theme_id not in themes.counted]
    rest = [work for work in works if work.theme_id in themes.counted]
    assert likest(HERE, themes, unlike + rest, ties, CITIES) == found, "other themes count nothing"
