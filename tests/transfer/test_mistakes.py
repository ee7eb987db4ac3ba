"""Mistakes in content files: each is told with its line, and nothing is half loaded."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from sqlalchemy import select

from forum.db import db
from forum.dialogue.models import Mark
from forum.library.models import Intention
from forum.transfer.actions import import_agenda
from forum.transfer.forms import parse, read_agenda
from forum.transfer.models import FaultyFileError
from forum.transfer.queries import cases_by_slug, counts, opening_post
from tests.transfer.conftest import GOOD, case_with, faults_of, line_of, refused


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
        (
            "## Readings",
            "## Findings\n\nOnce.\n\n## Findings\n\nTwice.\n\n## Readings",
            "## Findings\n\nTwice",
            "“Findings” is said twice",
        ),
        ("## Readings", "## Findings\n\n## Readings", "## Findings", "needs a text"),
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
    line = line_of(wrong, where)
    faults = faults_of(wrong)
    assert any(fault.startswith(f"line {line}: ") and says in fault for fault in faults), faults


def test_findings_stand_in_the_file_that_makes_the_agenda() -> None:
    more = "# Green\n- slug: green\n\n## Findings\n\nTrees die.\n"
    assert faults_of(more) == [
        "line 4: findings stand in the file that makes the agenda",
    ]


LONG = "https://example.org/" + "x" * 1_000


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("# Making Cities Green", "# " + "x" * 201, "# x", "a title of at most 200 characters"),
        ("summary: Trees.", "summary: " + "x" * 301, "- summary", "at most 300 characters"),
        ("pattern: green-fingers", "pattern: circle", "- pattern", "write one of: radial-harbour"),
        ("slug: green", "slug: " + "x" * 61, "- slug", "too long"),
        ("slug: green", "slug: order", "- slug", "the address of a page"),
        ("slug: green", "slug: So Green", "- slug", "write small letters of any script"),
        ("new themes: trees", "new themes: " + "x" * 81, "- new themes", "at most 80"),
        ("Plant them early.", "x" * 2_001, "xxx", "2,001 characters long; 2,000 are the most"),
        ("summary: One street.", "summary: " + "x" * 401, "- summary: x", "at most 400"),
        ("First paragraph.", "x" * 20_001, "xxx", "20,000 are the most"),
        ("First paragraph.", "x\n\n" * 100, "x\n\n", "at most 100 paragraphs"),
        ("- link: The", "- link: A | https://a.org\n" * 40 + "- link: The", "- link: The", "40"),
        ("Our count", "Our count | " + LONG, "- figure", "at most 1,000 characters"),
        ("Our count", "Our count | here", "- figure", "begins with https://"),
        ("Trees | 12", f"{'x' * 201} | 12", "- figure", "at most 200 characters"),
        ("東京, JP", "東京, JP; " * 41, "- places", "a case has at most 40 places"),
        (" | 2025 | Our count", "", "- figure", "say of when it is and who says so"),
        ("2025 | Our count", "2025", "- figure", "say of when it is and who says so"),
        ("2025 | Our", "lately | Our", "- figure", "say of when it is and who says so"),
        ("org/street", "org/street | map", "- link", "write one of: site, report"),
        ("### Pits before trees", "### " + "x" * 101, "### x", "at most 100 characters"),
        ("Dig first.", "x" * 201, "- sentence", "at most 200 characters; these are 201"),
        ("Small pits.", "x" * 8_001, "#### What did not", "8,000 are the most"),
        ("#### What did not work", "#### Challenge", "#### Challenge\nSmall", "said twice"),
        ("kept | It works.", "maybe | x", "- tried", "write one of: kept, adapted, stopped"),
        ("It works.", "x" * 301, "- tried", "at most 300 characters"),
        ("| 2027-02", "| soon", "- wants", "write a member and a month, such as"),
        ("| 2027-02", "| 2027-02-10", "- wants", "write a member and a month, such as"),
        ("spam | Odd.", "dull | Odd.", "- report", "write one of: rules, spam"),
        ("We bought ten.", "x" * 201, "- followed up", "at most 200 characters"),
        ("Two died.", "x" * 1_501, "- followed up", "at most 1,500 characters"),
        ("authors: Somebody", "authors: " + "x" * 401, "- authors", "at most 400 characters"),
        ("It says why.", "x" * 801, "xxx", "800 are the most"),
        ("year: 1961", "year: 2901", "- year: 2901", "write a year"),
        ("Where do you buy trees?", "No", "### No", "a title of 3 to 120 characters"),
        ("Where do you buy trees?", "x" * 121, "### x", "a title of 3 to 120 characters"),
        ("- answer: yes", "- language: tlh", "- language", "the code of a language"),
        ("- at: 2026-10-02 09:00", "- at: 2999-10-02 09:00", "- at", "is in the future"),
        ("ben-okoth, 2026-10", "ben-okoth, 2999-10", "#### ben", "is in the future"),
        ("ben-okoth, 2026-10", "ben-okoth, 2026-13", "#### ben", "write a date and time"),
        ("followed up: 2026", "followed up: 2999", "- followed up", "is in the future"),
        ("told: 2026", "told: 2999", "- all members told", "is in the future"),
        ("ben-okoth | 2026", "ben-okoth | 2999", "- asked: ben", "is in the future"),
        ("published on: 2026", "published on: 2999", "- published on", "is in the future"),
        ("sentence: Dig", "confirmed on: 2999-01-01\n- sentence: Dig", "- conf", "in the future"),
        ("published on: 2026-10-01", "published on: 0001", "- published on", "from 1900 on"),
        ("| 2027-02", "| 0001-01", "- wants", "from 1900 on"),
        ("said on: 2026", "said on: 2999", "- said on", "is in the future"),
        ("Trees died.", "Trees \x00died.", "Trees \x00", "take out the sign U+0000"),
        ("summary: Trees.", "summary: \x1bTrees.", "- summary", "take out the sign U+001B"),
        ("Nurseries.", "\ud800", "\ud800", "take out the sign U+D800"),
        ("First paragraph.", "```\nFirst.", "```", "the code that begins here has no end"),
        ("Plant them early.", "#### Early", "#### Early", "belongs to nothing"),
        ("## Cases\n", "## Cases\nSome cases.\n", "## Cases", "belongs to nothing"),
        ("# Making", "Hello\n# Making", "Hello", "the file begins with"),
        ("## Cases", "# Another\n## Cases", "# Another", "a second one"),
        ("- year: 1961\n\n", "- Year: 1961\n\n", "- Year", "write the field as “- year: …”"),
        ("- year: 1961\n\n", "* year: 1961\n\n", "* year", "write the field as “- year: …”"),
        ("- year: 1961\n\n", "– year: 1961\n\n", "– year", "write the field as “- year: …”"),
        ("\n#### Challenge", "Words.\n\n#### Challenge", "Words", "takes no text of its own"),
    ],
)
def test_what_no_form_takes_is_told_with_its_line(
    old: str, new: str, where: str, says: str
) -> None:
    wrong = GOOD.replace(old, new, 1)
    fault = f"line {line_of(wrong, where)}: "
    found = [str(fault_found) for fault_found in read_agenda(wrong).faults]
    assert any(said.startswith(fault) and says in said for said in found), found


def test_empty_lines_at_the_top_count_as_lines() -> None:
    wrong = "\n\n" + GOOD.replace("- palette: park", "- palette: green")
    (fault,) = faults_of(wrong)
    assert fault.startswith(f"line {line_of(wrong, '- palette')}: ")


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("hosts: ana-prado", "hosts: ana-prado; nobody", "- hosts", "the handle “nobody”"),
        ("by: ben-okoth", "by: nobody", "- by: nobody", "no member has the handle “nobody”"),
        ("by: ben-okoth", "by: ben-okot", "- by: ben-okot", "“ben-okot” (“ben-okoth” is one)"),
        ("hosts: ana-prado", "hosts: Ana PRADO", "- hosts", "“Ana PRADO” (“ana-prado” is one)"),
        ("by: ben-okoth", "by: ben", "- by: ben", "“ben” (“ben-okoth” is one)"),
        ("tried: ana-prado", "tried: nobody", "- tried", "no member has the handle “nobody”"),
        ("| 2027-02", "| 2999-02", "- wants", "Choose a month from now on and until"),
        (
            "- tried: ana",
            "- tried: ana-prado | kept\n- tried: ana",
            "- tried: ana-prado | kept |",
            "above already",
        ),
        (
            "- wants: ch",
            "- wants: chitra-desai | 2027-01\n- wants: ch",
            "- wants: chitra-desai | 2027-02",
            "above already",
        ),
        ("wants: chitra", "wants: nobody", "- wants", "no member has the handle “nobody-desai”"),
        ("wants: chitra-desai", "wants: ben-okoth", "- wants", "wrote this, so it is for others"),
        ("#### ben-okoth", "#### nobody", "#### nobody", "no member has the handle “nobody”"),
        (
            "東京, JP",
            "Atlantis, XX",
            "- places",
            "no city is called “Atlantis, XX”; write its name",
        ),
        ("asked: adam-de-wit", "asked: nobody", "- asked: nobody", "the handle “nobody”"),
        ("to mona-berg", "to nobody", "- asked: chitra", "no member has the handle “nobody”"),
        ("> #1\n> Nurseries.", "Well.\n\n> #5", "> #5", "#5 is no earlier post"),
        ("okoth, 2026-10-02", "okoth, 2026-10-01", "#### ben", "earlier than the post before it"),
        ("on case a-street", "on case another", "## Comments", "there is no case “another”"),
        ("on case a-street", "on practice pits", "- paragraph", "only cases have paragraphs"),
        ("paragraph: 2", "paragraph: 99", "- paragraph", "the last paragraph is number 2"),
        ("paragraph: 2", "paragraph: 0", "- paragraph", "the last paragraph is number 2"),
        ("- paragraph: 2", "- answer: yes", "- answer: yes\n\nAbout", "only a reply to a question"),
        ("- answer: yes", "- paragraph: 1", "- paragraph", "only cases have paragraphs"),
        ("kind: question", "kind: experience", "- answer", "only a reply to a question"),
        ("kind: question", "kind: experience", "- asked", "only a question asks"),
        ("kind: question", "kind: experience", "- followed up", "only a question"),
        (
            "- themes: trees",
            "- themes: treess",
            "- themes",
            "“treess” (“trees” is); list a new one",
        ),
        ("new themes: trees", "new themes: water", "- themes", "no theme is called “trees”"),
        ("useful: ben-okoth", "useful: ana-prado", "- useful", "for others to do"),
        ("report: ana-prado", "report: ben-okoth", "- report", "for others to do"),
        ("asked: ben-okoth", "asked: ana-prado", "- asked", "ana-prado asks this question"),
        ("asked: ben-okoth | 2026-10", "asked: ben-okoth | 2026-09", "- asked", "earlier"),
        ("told: 2026-11", "told: 2026-09", "- all members told", "earlier than the topic"),
        ("followed up: 2026-11", "followed up: 2026-09", "- followed up", "earlier than the topic"),
        ("- answer: yes", "- on behalf of organisation: yes", "- on behalf", "no organisation"),
        ("- year: 1961", "- year: 1961\n- language: xx", "- language", "code of a language"),
        (
            "sentence: Dig",
            "adapted from: holes\n- sentence: Dig",
            "- adapted",
            "no practice “holes”",
        ),
        ("sentence: Dig", "state: draft\n- sentence: Dig", "- tried", "not for draft"),
        ("sentence: Dig", "returned because: x\n- sentence: Dig", "- returned", "is returned"),
        ("published on", "confirmed on: 2026-09-30\n- published on", "- confirmed", "before it is"),
        ("published on: 2026-10-01", "confirmed on: 2026-10-02", "- confirmed", "before it is"),
    ],
)
def test_what_a_file_speaks_of_must_exist_and_nothing_is_half_loaded(
    people: Any, old: str, new: str, where: str, says: str
) -> None:
    wrong = GOOD.replace(old, new, 1)
    fault = f"line {line_of(wrong, where)}: "
    found = refused(people, wrong)
    assert any(said.startswith(fault) and says in said for said in found), found


def test_a_translation_of_nothing_is_a_mistake(people: Any) -> None:
    """It was left out without a word, with all of its text."""
    fields = "- of: case a-streeet\n- language: fr\n- written on: 2026-10-20"
    wrong = f"{GOOD}\n## Translations\n\n### Une rue\n{fields}\n\nDes arbres.\n"
    line = line_of(wrong, "- of: case")
    assert refused(people, wrong) == [
        f"line {line}: there is no case “a-streeet” (“a-street” is one)"
    ]
    draft = "\n## Practices\n\n### Own\n- slug: own\n- by: ana-prado\n- sentence: Dig.\n- state: draft\n"
    of_draft = wrong.replace("case a-streeet", "practice own").replace(
        "Des arbres.", "#### Lessons\n\nUn."
    )
    found = refused(people, of_draft.replace("\n## Trans", f"{draft}\n## Trans"))
    assert any("“own” is not published, so nobody translates it" in said for said in found), found
    assert import_agenda(people.moderator, read_agenda(wrong.replace("streeet", "street")))


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(people: Any) -> None:
    """Faults in the file, faults that only the database shows, and each occurrence of a repeated one."""
    wrong = (
        GOOD.replace("hosts: ana-prado", "hosts: nobody")
        .replace("by: ben-okoth", "by: nobody")
        .replace("useful: ben-okoth", "useful: nobody; nobody")
        .replace("Dig first.", "x" * 264)
        .replace("東京, JP", "Atlantis, XX")
        .replace("- year: 1961", "- year: x")
        .replace("kept | It works.", "maybe | x")
        .replace("- paragraph: 2", "- paragraph: 99")
        .replace("- themes: trees", "- themes: tress")
    )
    told = ["- hosts", "- places", "- by: nobody", "- sentence", "- tried", "- year: x"]
    told += ["- themes", "- useful", "- paragraph"]
    lines = [int(fault.split()[1].rstrip(":")) for fault in refused(people, wrong)]
    assert lines == [line_of(wrong, where) for where in told]


def test_a_comment_on_what_is_not_published_is_refused_with_its_line(people: Any) -> None:
    marks = "- tried: ana-prado | kept | It works.\n- wants: chitra-desai | 2027-02\n"
    wrong = GOOD.replace(marks, "- state: submitted\n")
    wrong = wrong.replace("- published on: 2026-10-01\n", "").replace("- paragraph: 2\n", "")
    wrong = wrong.replace("on case a-street", "on practice pits")
    line = line_of(wrong, "## Comments")
    assert refused(people, wrong) == [
        f"line {line}: “pits” is not published, so it takes no comments"
    ]


def test_what_belongs_to_who_loads_it_is_not_theirs_to_mark(people: Any) -> None:
    own = "- tried: mona-berg | kept | It works.\n- wants: mona-berg | 2027-02\n"
    own += "- tried: ana-prado | kept"
    import_agenda(people.moderator, read_agenda(case_with(own)))
    case = cases_by_slug(["a-street"])["a-street"]
    opening = opening_post(case.topic_id)
    assert opening.author_id == people.moderator.id
    marks = db.session.scalars(select(Mark).where(Mark.post_id == opening.id)).all()
    assert [mark.member_id for mark in marks] == [people.ana.id]
    assert not db.session.scalars(
        select(Intention).where(Intention.topic_id == case.topic_id)
    ).all()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("- tried: nobody | kept", "no member has the handle “nobody”"),
        ("- wants: nobody | 2027-02", "no member has the handle “nobody”"),
        ("- wants: ana-prado | 2999-02", "Choose a month from now on and until"),
    ],
)
def test_the_marks_of_a_case_are_looked_at_as_those_of_a_practice(
    people: Any, line: str, says: str
) -> None:
    wrong = case_with(line)
    (fault,) = refused(people, wrong)
    assert fault.startswith(f"line {line_of(wrong, line)}: ") and says in fault


def test_a_deed_refused_in_the_middle_leaves_nothing(people: Any) -> None:
    """The checks do not cover every rule of the actions: here, the request is passed on to a member who was asked already."""
    before = counts()
    wrong = GOOD.replace("passed on to mona-berg", "passed on to ben-okoth")
    line = line_of(wrong, "- asked: chitra")
    with pytest.raises(FaultyFileError, match=f"^line {line}: Ben Okoth has been asked already"):
        import_agenda(people.moderator, read_agenda(wrong))
    assert counts() == before


@pytest.mark.parametrize(
    "source", ["", "no heading", "# A\n# B\n", "\x00", "- a: b\n", "#" * 5000, "```\n# A\n"]
)
def test_anything_gives_an_answer(source: str) -> None:
    assert faults_of(source)


def test_fences_hide_headings() -> None:
    root = parse("# A\n\n```\n# not a heading\n```\n\n## B\n")
    assert [child.title for child in root.children[0].children] == ["B"]


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("line", ["# x{}x", "- a: x{}x", "# {}x", "- a: {}x", "\\{}x"])
def test_a_line_of_very_many_spaces_takes_no_time(line: str) -> None:
    begun = process_time()
    for space in " \t\u00a0":
        parse("# A title\n\n" + line.format(space * 100_000))
    assert process_time() - begun < 2
