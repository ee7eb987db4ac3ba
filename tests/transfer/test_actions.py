"""Loading content files: all of a file or nothing, each mistake with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forum.advice.queries import asked_about, follow_up_of
from forum.dialogue.queries import TopicFilter, get_post, posts_in, topics
from forum.errors import Forbidden
from forum.library.queries import case_by_id
from forum.permissions import VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda
from forum.transfer.forms import parse, read_agenda, read_people
from forum.transfer.models import FaultyFileError
from forum.transfer.queries import agenda_of, cases_called, counts, practices_called

DATA = Path(__file__).parents[2] / "forum/transfer/data"

GOOD = """\
# Making Cities Green
- slug: green
- palette: park
- pattern: green-fingers
- summary: Trees.
- hosts: ana-prado

Why trees matter.

## Statements
### Ben Okoth
- said on: 2026

Plant them early.

## Cases
### A street
- slug: a-street
- kind: city project
- summary: One street.
- places: Nairobi, KE; 東京, JP
- figure: Trees | 12 | trees | 2025 | Our count
- link: The street | https://example.org/street

First paragraph.

Second paragraph.

## Practices
### Pits before trees
- slug: pits
- by: ben-okoth
- sentence: Dig first.
- published on: 2026-10-01
- tried: ana-prado | kept | It works.

#### Challenge
Trees died.
#### What did not work
Small pits.

## Readings
### A book
- authors: Somebody
- year: 1961

It says why.

## Dialogue
### Where do you buy trees?
- kind: question
- by: ana-prado
- at: 2026-10-02 09:00
- themes: trees
- useful: ben-okoth
- asked: ben-okoth | 2026-10-02 09:10
- asked: chitra-desai | 2026-10-02 09:10 | passed on to mona-berg
- asked: adam-de-wit | 2026-10-02 09:20 | not me
- followed up: 2026-11-02 09:00 | partly | We bought ten. | Two died.

##### What we tried
Nurseries.

#### ben-okoth, 2026-10-02 10:00
- answer: yes
- report: ana-prado | spam | Odd.

> #1
> Nurseries.

Ask the parks.

## Comments on case a-street
#### ana-prado, 2026-10-03 10:00
- paragraph: 2

About the second.
"""


def test_a_whole_file_is_loaded(people: Any) -> None:
    agenda = import_agenda(people.moderator, read_agenda(GOOD))
    assert agenda.slug == "green"
    page = topics(VISITOR, TopicFilter(agenda_id=agenda.id, kind="question"))
    topic = page.items[0]
    first, second = posts_in(VISITOR, topic, 1).items
    reply = get_post(VISITOR, second.id)
    assert first.html.startswith("<h3>What we tried</h3>")
    assert f"](/posts/{first.id})" in reply.source
    assert topic.answer_id == second.id
    assert first.useful_count == 1
    fates = {fate.asked.member.handle: fate.state for fate in asked_about(topic)}
    assert fates == {
        "ben-okoth": "answered",
        "chitra-desai": "passed on",
        "mona-berg": "asked",
        "adam-de-wit": "not me",
    }
    told = follow_up_of(topic)
    assert told and (told.outcome, told.deed, told.text) == (
        "partly",
        "We bought ten.",
        "Two died.",
    )
    case = case_by_id(VISITOR, cases_called(["a-street"])["a-street"].id)
    assert len(case.paragraphs) == 2
    assert practices_called(["pits"])["pits"].state == "published"


def test_rules_before_publication_hold_up_no_import(people: Any) -> None:
    for word in ("works", "ten", "dig", "nurseries"):
        make_rule(people.administrator, RuleText("word", word, "Read first."))
    agenda = import_agenda(people.moderator, read_agenda(GOOD))
    (topic,) = topics(VISITOR, TopicFilter(agenda_id=agenda.id, kind="question")).items
    assert follow_up_of(topic) and practices_called(["pits"])["pits"].state == "published"


def faults_of(source: str) -> list[str]:
    with pytest.raises(FaultyFileError) as caught:
        read_agenda(source)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("- palette: park", "- palette: green", "- palette", "write one of: water"),
        ("- pattern: green-fingers\n", "", "# Making", "needs the field “- pattern: …”"),
        ("- kind: city project", "- sort: city", "- sort", "there is no field “sort”"),
        ("- year: 1961", "- year: soon", "- year", "write a year"),
        (
            "ben-okoth, 2026-10-02 10:00",
            "ben yesterday",
            "#### ben",
            "write the handle and the time",
        ),
        ("## Readings", "## Books", "## Books", "“Books” is none of"),
        (" | https://example.org/street", "", "- link", "write 2 to 3 parts"),
        ("passed on to mona-berg", "perhaps", "- asked: chitra", "write “not me”"),
        ("| partly |", "| so so |", "- followed up", "write one of: yes, partly"),
        ("- at: 2026-10-02 09:00", "- at: today", "- at", "write a date and time"),
        ("- hosts: ana-prado", "- hosts: ana-prado\n- slug: twice", "- slug: twice", "said twice"),
        ("\nPlant them early.\n", "", "### Ben", "needs a text"),
    ],
)
def test_each_mistake_is_told_with_its_line(old: str, new: str, where: str, says: str) -> None:
    wrong = GOOD.replace(old, new, 1)
    line = 1 + wrong[: wrong.index(where)].count("\n")
    faults = faults_of(wrong)
    assert any(fault.startswith(f"line {line}: ") and says in fault for fault in faults), faults


def test_all_mistakes_are_told_at_once() -> None:
    wrong = GOOD.replace("park", "green").replace("- year: 1961", "- year: x")
    assert len(faults_of(wrong)) == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("by: ben-okoth", "by: nobody", "no member has the handle “nobody”"),
        ("東京, JP", "Atlantis, XX", "no city is called “Atlantis, XX”"),
        ("asked: adam-de-wit", "asked: nobody", "no member has the handle “nobody”"),
        ("passed on to mona-berg", "passed on to nobody", "no member with the handle “nobody”"),
        ("> #1", "> #5", "#5 is no earlier post"),
        ("2026-10-02 10:00", "2026-10-01 10:00", "earlier than the post before it"),
        ("Comments on case a-street", "Comments on case another", "there is no case “another”"),
    ],
)
def test_what_a_file_speaks_of_must_exist_and_nothing_is_half_loaded(
    people: Any, old: str, new: str, says: str
) -> None:
    before = counts()
    with pytest.raises(FaultyFileError, match=says):
        import_agenda(people.moderator, read_agenda(GOOD.replace(old, new)))
    assert counts() == before
    assert agenda_of("green") is None


def test_a_deed_refused_in_the_middle_leaves_nothing(people: Any) -> None:
    """The check cannot foresee every rule of the rooms: the last topic's title is too long."""
    before = counts()
    wrong = GOOD.replace("Where do you buy trees?", "x" * 300)
    with pytest.raises(FaultyFileError, match="line 50"):
        import_agenda(people.moderator, read_agenda(wrong))
    assert counts() == before


def test_an_agenda_is_not_loaded_twice_but_can_be_added_to(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD))
    with pytest.raises(FaultyFileError, match="already"):
        import_agenda(people.moderator, read_agenda(GOOD))
    more = "# Green\n- slug: green\n\n## Readings\n### Another\n- authors: Somebody else\n\nWhy.\n"
    import_agenda(people.moderator, read_agenda(more))


@pytest.mark.parametrize(
    "source", ["", "no heading", "# A\n# B\n", "\x00", "- a: b\n", "#" * 5000, "```\n# A\n"]
)
def test_anything_gives_an_answer(source: str) -> None:
    assert faults_of(source)


def test_fences_hide_headings() -> None:
    root = parse("# A\n\n```\n# not a heading\n```\n\n## B\n")
    assert [child.title for child in root.children[0].children] == ["B"]


def test_the_demo_has_no_mistakes() -> None:
    for path in DATA.glob("*.md"):
        read = read_people if path.name == "people.md" else read_agenda
        read(path.read_text(encoding="utf-8"))


def test_members_cannot_load_agendas(people: Any) -> None:
    with pytest.raises(Forbidden, match="moderators"):
        import_agenda(people.ana, read_agenda(GOOD))
