"""Keeping searches: each once, so many at most, with a word in them; changing, looking at and removing them."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.permissions import SYSTEM, VISITOR
from forum.searches import actions
from forum.searches.models import KeptSearch, Wanted
from forum.searches.queries import get_search, my_searches

pytestmark = pytest.mark.usefixtures("today")


def test_a_search_is_kept_once_with_all_its_filters(people, agenda):
    wanted = Wanted("Heat  shelters", ("practice", "case"), (agenda.id,), ("fr",), None, True)
    kept = actions.keep(people.ben, wanted)
    assert (kept.words, kept.kinds, kept.agenda_ids) == (
        "Heat shelters",
        ["practice", "case"],
        [agenda.id],
    )
    assert (kept.languages, kept.is_exact, kept.told, kept.name) == (["fr"], True, "daily", "")
    same = Wanted("hêat shelters", ("case", "practice"), (agenda.id,), ("fr",), None, True)
    assert actions.keep(people.ben, same).id == kept.id
    others = (
        replace(
            wanted, words="shelters heat"
        ),  # not the same: the last word also matches longer words
        Wanted('"heat shelters"'),
        Wanted("heat shelters"),
        Wanted("heat shelters", languages=("fr",)),
        Wanted("heat shelters", is_exact=True),
    )
    for other in others:
        actions.keep(people.ben, other)
    assert len(my_searches(people.ben)) == 1 + len(others)
    actions.keep(people.ana, wanted)
    assert len(my_searches(people.ana)) == 1


@pytest.mark.parametrize(
    ("words", "others", "is_same"),
    [
        ("heat", (" Heat ", "heat!", "«HEAT»", "heat heat", "hĕat…"), True),
        ("heat-pumps", ("heat pumps", "Heat, pumps?", "heat pumps heat pumps"), True),
        ("heat", ('"heat"', "heats", "heat pumps", "he at"), False),
        ("heat pump", ("pump heat", '"heat pump"', 'heat "pump"', "heat pump heat"), False),
        ("news", ('"news"',), False),  # without quotes, it would match longer words, too
        ('"heat pump" of', ('"Heat-pump" of!', '"heat pump" OF'), True),
        ("東京", ("東京。", "「東京」"), True),
    ],
)
def test_what_search_looks_for_says_which_searches_are_one(people, words, others, is_same):
    kept = actions.keep(people.ben, Wanted(words))
    for other in others:
        assert (actions.keep(people.ben, Wanted(other)).id == kept.id) is is_same, other
    assert kept.words == words


@pytest.mark.parametrize("words", ["", "  ", "?!", '""', "– …"])
def test_what_has_no_word_cannot_be_kept(people, words):
    with pytest.raises(Invalid, match="no word in this search"):
        actions.keep(people.ben, Wanted(words))
    assert my_searches(people.ben) == []


def test_the_number_of_kept_searches_is_limited(people, monkeypatch):
    monkeypatch.setattr("forum.searches.actions.MAX_SEARCHES", 2)
    for word in ("one", "two"):
        actions.keep(people.ben, Wanted(word))
    with pytest.raises(Invalid, match="You keep 2 searches"):
        actions.keep(people.ben, Wanted("three"))
    actions.keep(people.ben, Wanted("ONE"))
    assert [search.words for search in my_searches(people.ben)] == ["two", "one"]


def test_a_name_and_how_often_one_is_told_can_be_changed(people, kept):
    actions.change(people.ben, kept.id, "  My \n shelters ", "weekly")
    assert (kept.name, kept.told, kept.called) == ("My shelters", "weekly", "My shelters")
    actions.change(people.ben, kept.id, "", "never")
    assert (kept.name, kept.told, kept.called) == ("", "never", "heat shelters")
    for name, told, field in (("x" * 101, "daily", "name"), ("", "hourly", "told")):
        with pytest.raises(Invalid) as refused:
            actions.change(people.ben, kept.id, name, told)
        assert refused.value.field == field


def test_a_kept_search_is_only_for_its_owner(people, kept):
    for other in (people.ana, people.host, people.moderator, people.administrator):
        with pytest.raises(NotFound):
            get_search(other, kept.id)
        with pytest.raises(NotFound):
            actions.change(other, kept.id, "", "daily")
        with pytest.raises(NotFound):
            actions.look(other, kept.id, 1)
        with pytest.raises(NotFound):
            actions.remove(other, kept.id)
    with pytest.raises(Forbidden):
        actions.keep(VISITOR, Wanted("heat"))
    for deed, what in ((actions.note_looks, []), (actions.forget_member, people.ben.id)):
        with pytest.raises(Forbidden):
            deed(people.ben, what)


def test_it_is_removed_and_goes_with_who_leaves(people, kept):
    actions.remove(people.ben, kept.id)
    assert my_searches(people.ben) == []
    actions.keep(people.ben, Wanted("heat"))
    theirs = actions.keep(people.ana, Wanted("heat"))
    assert theirs.id > kept.id
    actions.forget_member(SYSTEM, people.ben.id)
    assert db.session.scalars(select(KeptSearch.id)).all() == [theirs.id]
