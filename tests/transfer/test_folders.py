"""Folders of content files: missing or unexpected files are reported before anything is loaded."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import Refusal
from forum.transfer.forms import (
    agenda_name,
    agendas_in,
    dialogue_name,
)

WHOLE = ("agenda-a.md", "dialogue-a.md", "dialogue-a.2.md", "dialogue-a.3.md", "agenda-b.md")
LIST = "\n".join(f"- `{name}`" for name in ("people.md", *WHOLE))
GONE = "Parts of the export are missing: "
ODD_NAMES = "No export has files of these names, take them out: "


@pytest.mark.parametrize("readme", [LIST, ""])
@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("agenda-a.md", "", GONE + "agenda-a.md."),
        ("dialogue-a.md", "", GONE + "dialogue-a.md."),
        ("dialogue-a.2.md", "", GONE + "dialogue-a.2.md."),
        ("agenda-a.md", "agenda-[a].md", GONE + "agenda-a.md."),
        ("dialogue-a.3.md", "dialogue-a.abc.md", ODD_NAMES + "dialogue-a.abc.md."),
        ("dialogue-a.3.md", "dialogue-a.03.md", ODD_NAMES + "dialogue-a.03.md."),
        ("dialogue-a.3.md", "dialogue-a.3.copy.md", ODD_NAMES + "dialogue-a.3.copy.md."),
        ("agenda-a.md", "agenda-a.2.md", ODD_NAMES + "agenda-a.2.md."),
    ],
)
def test_half_an_export_is_not_taken_for_a_whole_one(
    before: str, after: str, sentence: str, readme: str
) -> None:
    names = {"people.md", "README.md", *WHOLE} - {before} | {after}
    with pytest.raises(Refusal) as refused:
        agendas_in(names, readme)
    assert refused.value.message == sentence


def test_parts_that_leave_no_gap_are_missed_by_the_list_of_files() -> None:
    names = {"people.md", *WHOLE[:3]}
    assert list(agendas_in(names, "")) == ["agenda-a.md"]
    with pytest.raises(Refusal, match=re.escape(GONE + "agenda-b.md, dialogue-a.3.md.")):
        agendas_in(names, LIST)


def test_other_disks_write_accents_in_another_way() -> None:
    assert list(agendas_in({"people.md", "agenda-cafe\u0301.md"}, "- `agenda-caf\u00e9.md`"))


def test_many_parts_that_are_missing_are_not_all_named() -> None:
    many = [f"agenda-{number}.md" for number in range(30)]
    with pytest.raises(Refusal, match=r"agenda-17\.md and 20 more"):
        agendas_in([], "\n".join(f"- `{name}`" for name in many))


@given(
    st.lists(
        st.sampled_from(["a", "b"]).flatmap(
            lambda slug: st.integers(1, 4).map(lambda number: dialogue_name(slug, number))
        ),
        unique=True,
    )
)
def test_parts_are_all_there_or_refused(names: list[str]) -> None:
    every = [agenda_name("a"), agenda_name("b"), *names]
    whole = all(
        dialogue_name(slug, number - 1) in names
        for slug in "ab"
        for number in range(2, 5)
        if dialogue_name(slug, number) in names
    )
    try:
        found = agendas_in(every, "")
    except Refusal:
        assert not whole
    else:
        assert whole and sorted(names) == sorted(chain(*found.values()))
