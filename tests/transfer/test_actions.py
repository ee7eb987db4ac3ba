"""Loading content files: a whole file or nothing of it, each error with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.advice.queries import follow_up_of, requests_about
from forum.agendas.models import Statement
from forum.agendas.queries import themes
from forum.clock import now
from forum.db import db
from forum.dialogue.models import Mark, Pace, Post, Topic
from forum.dialogue.queries import TopicFilter, first_post, get_post, poll_of, posts_in, topics
from forum.errors import Forbidden
from forum.library.models import Case, Intention, Practice, Reading
from forum.library.queries import case_by_id
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation.models import Decision, Report
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda, load_agendas
from forum.transfer.forms import parse, read_agenda, read_glossary, read_people
from forum.transfer.models import FaultyFileError, Step
from forum.transfer.queries import (
    agenda_by_slug,
    cases_by_slug,
    counts,
    opening_post,
    practices_by_slug,
)
from tests.transfer.conftest import GOOD

DATA = Path(__file__).parents[2] / "forum/transfer/data"


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
    fates = {fate.asked.member.handle: fate.state for fate in requests_about(topic)}
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
    case = case_by_id(VISITOR, cases_by_slug(["a-street"])["a-street"].id)
    assert len(case.paragraphs) == 2
    assert practices_by_slug(["pits"])["pits"].state == "published"


MORE = """\
# Making Cities Green
- slug: green

## Dialogue
### ¿Quién riega?
- kind: question
- by: ana-prado
- at: 2026-10-04 09:00

Nadie riega.

#### ben-okoth, 2026-10-04 10:00
- language: en

The neighbours do.
"""


def test_what_names_no_language_is_in_that_of_its_agenda(people: Any) -> None:
    source = GOOD.replace("- hosts: ana-prado", "- language: es").replace(
        "- kind: question", "- kind: question\n- language: fr"
    )
    agenda = import_agenda(people.moderator, read_agenda(source))
    import_agenda(people.moderator, read_agenda(MORE))
    for kind in (Statement, Case, Practice, Reading):
        assert db.session.scalars(select(kind.language).filter_by(agenda_id=agenda.id)).all() == [
            "es"
        ]
    languages = dict(db.session.execute(select(Post.source, Post.language)).all())
    assert {words.splitlines()[-1]: language for words, language in languages.items()} == {
        "Nurseries.": "fr",
        "Ask the parks.": "fr",  # a reply has the language of its topic
        "One street.": "es",  # the opening post of the comments on a case or practice
        "Dig first.": "es",
        "About the second.": "es",
        "Nadie riega.": "es",  # from a file that adds to the agenda
        "The neighbours do.": "en",
    }


def test_rules_before_publication_hold_up_no_import(people: Any) -> None:
    for word in ("works", "ten", "dig", "nurseries"):
        make_rule(people.administrator, RuleText("word", word, "Read first."))
    agenda = import_agenda(people.moderator, read_agenda(GOOD))
    (topic,) = topics(VISITOR, TopicFilter(agenda_id=agenda.id, kind="question")).items
    assert follow_up_of(topic) and practices_by_slug(["pits"])["pits"].state == "published"


def line_of(source: str, where: str) -> int:
    return 1 + source[: source.index(where)].count("\n")


def faults_of(source: str) -> list[str]:
    return [str(fault) for fault in read_agenda(source).faults]


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


def refused(people: Any, source: str) -> list[str]:
    """The faults of a refused import; checks that it has written nothing."""
    before = counts()
    with pytest.raises(FaultyFileError) as caught:
        import_agenda(people.moderator, read_agenda(source))
    assert counts() == before
    assert agenda_by_slug("green") is None
    return [str(fault) for fault in caught.value.faults]


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


def case_with(words: str) -> str:
    """The file with lines about members who have tried the case, or want to."""
    return GOOD.replace("- places: Nairobi", f"{words}\n- places: Nairobi")


def test_who_has_tried_what_a_case_tells_or_wants_to_is_loaded(people: Any) -> None:
    tried = "- tried: ana-prado | adapted | Fewer trees.\n- tried: ben-okoth | stopped"
    wants = "- wants: chitra-desai | 2027-02\n- wants: adam-de-wit | 2024-02"
    import_agenda(people.moderator, read_agenda(case_with(f"{tried}\n{wants}")))
    case = case_by_id(VISITOR, cases_by_slug(["a-street"])["a-street"].id)
    opening = opening_post(case.topic_id)
    marks = db.session.scalars(select(Mark).where(Mark.post_id == opening.id)).all()
    said = {mark.member_id: (mark.kind, mark.outcome, mark.note) for mark in marks}
    assert said == {
        people.ana.id: ("tried it", "adapted", "Fewer trees."),
        people.ben.id: ("tried it", "stopped", ""),
    }
    wanted = db.session.scalars(select(Intention).where(Intention.topic_id == case.topic_id)).all()
    assert {intention.member_id: intention.until for intention in wanted} == {
        people.chitra.id: date(2027, 2, 28),
        get_member(SYSTEM, "adam-de-wit").id: date(2024, 2, 29),
    }
    for imported in (*marks, *wanted):
        assert case.created_at < imported.created_at <= now()
    assert case.agenda.created_at < case.created_at


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


def test_who_wanted_to_try_it_in_the_month_of_its_publication_is_loaded(people: Any) -> None:
    file = GOOD.replace("published on: 2026-10-01", "published on: 2026-10-31")
    import_agenda(people.moderator, read_agenda(file.replace("| 2027-02", "| 2026-10")))
    (wanted,) = db.session.scalars(select(Intention)).all()
    assert wanted.until == date(2026, 10, 31) and wanted.created_at <= now()


def test_themes_are_known_or_listed_and_a_list_may_name_known_ones(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD))
    more = "# Green\n- slug: green\n- new themes: Trees; shade\n\n## Dialogue\n### Shade?\n"
    more += "- kind: question\n- by: ana-prado\n- at: 2026-10-05 09:00\n- themes: TREES; shade\n\nOr not?\n"
    import_agenda(people.moderator, read_agenda(more))
    assert {theme.name for theme in themes()} == {"trees", "shade"}


def test_an_import_dates_nothing_into_the_future(people: Any) -> None:
    today = now()
    fresh = GOOD.replace("published on: 2026-10-01", f"published on: {today:%Y-%m-%d}")
    fresh = fresh[: fresh.index("## Comments")] + f"#### ben-okoth, {today:%Y-%m-%d %H:%M}\n\nHm."
    import_agenda(people.moderator, read_agenda(fresh.replace("Hm.", "- useful: ana-prado\n\nHm.")))
    later = [
        db.session.scalar(select(func.max(column)))
        for column in (Mark.created_at, Practice.published_at, Report.created_at)
    ]
    assert all(moment <= now() for moment in later)


def test_a_report_on_an_opening_post_is_loaded(people: Any) -> None:
    reported = "- report: ben-okoth | off topic | Of trees.\n- useful: ben"
    import_agenda(people.moderator, read_agenda(GOOD.replace("- useful: ben", reported, 1)))
    assert set(db.session.scalars(select(Report.text))) == {"Of trees.", "Odd."}


def test_a_part_of_a_practice_may_begin_with_a_list(people: Any) -> None:
    listed = GOOD.replace("Trees died.", "- cost: EUR 3\n- staff: two people\n\nTrees died.")
    (practice,) = read_agenda(listed).practices
    assert practice["sections"]["challenge"] == (
        "- cost: EUR 3\n- staff: two people\n\nTrees died."
    )


def test_a_deed_refused_in_the_middle_leaves_nothing(people: Any) -> None:
    """The checks do not cover every rule of the actions: here, the request is passed on to a member who was asked already."""
    before = counts()
    wrong = GOOD.replace("passed on to mona-berg", "passed on to ben-okoth")
    line = line_of(wrong, "- asked: chitra")
    with pytest.raises(FaultyFileError, match=f"^line {line}: Ben Okoth has been asked already"):
        import_agenda(people.moderator, read_agenda(wrong))
    assert counts() == before


def test_an_agenda_is_not_loaded_twice_but_can_be_added_to(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD))
    with pytest.raises(FaultyFileError) as caught:
        import_agenda(people.moderator, read_agenda(GOOD))
    said = "\n".join(str(fault) for fault in caught.value.faults)
    assert "there is an agenda “green” already; to add to it, give only its title" in said
    assert "already; what the forum has is edited on its page" in said and "two cases" not in said
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
        source = path.read_text(encoding="utf-8")
        if path.name == "people.md":
            read_people(source)
        elif path.name == "expressions.md":
            read_glossary(source)
        else:
            assert not faults_of(source), path.name


def test_each_entry_of_a_glossary_has_an_address_of_its_own() -> None:
    entry = "## Park\n\n- slug: park\n\n### en\n\n- name: park\n\nGreen.\n\n"
    assert [section["slug"] for section in read_glossary(f"# Glossary\n\n{entry}")] == ["park"]
    with pytest.raises(FaultyFileError) as caught:
        read_glossary(f"# Glossary\n\n{entry}{entry}")
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [
        (15, "“park” is another entry already")
    ]


def times(column: Any, *which: Any) -> list[datetime]:
    """The times of a table's rows, by id."""
    return list(db.session.scalars(select(column).where(*which).order_by(column.class_.id)))


def test_everything_of_several_files_is_done_in_the_order_of_its_moments(people: Any) -> None:
    """Because the log, the register and other lists are sorted by id."""
    later = GOOD.replace("2026-10", "2026-08").replace("2026-11", "2026-09")
    later = later.replace("Green", "Greener").replace(": green\n", ": ever\n")
    later = later.replace("a-street", "b-street").replace("pits", "holes")
    copy = "### Deeper\n- slug: deeper\n- by: ben-okoth\n- sentence: Dig.\n"
    copy += "- published on: 2026-09-30\n- adapted from: pits\n\n## Readings"
    done = []
    others = [
        Step(datetime(2026, month, 4, tzinfo=UTC), partial(done.append, month)) for month in (10, 1)
    ]
    files = [GOOD.replace("## Readings", copy, 1), later]
    load_agendas(people.moderator, [(read_agenda(file), {}) for file in files], others)
    reported, decided = times(Report.created_at), times(Decision.decided_at)
    assert len(reported) == 2 and reported == sorted(reported)
    days = [f"{moment:%m-%d}" for moment in decided]
    assert days == ["08-01", "10-01", "09-30"], "a practice comes after the one it is adapted from"
    written = times(Post.created_at, Post.number > 1)
    assert len(written) == 4 and written == sorted(written) and done == [1, 10]


def test_a_reply_stays_below_the_one_that_it_follows_though_it_was_written_before(
    people: Any,
) -> None:
    moved = (
        "#### chitra-desai, 2026-10-01 08:00\n- moved: yes\n- useful: ben-okoth\n\nMoved here.\n\n"
    )
    import_agenda(people.moderator, read_agenda(GOOD.replace("## Comments", f"{moved}## Comments")))
    found = db.session.scalars(select(Topic).where(Topic.title == "Where do you buy trees?")).one()
    query = select(Post).where(Post.topic_id == found.id).order_by(Post.number)
    *_others, before, last = db.session.scalars(query)
    assert (last.source, last.useful_count) == ("Moved here.", 1)
    assert last.created_at < before.created_at and last.id > before.id


def test_members_cannot_load_agendas(people: Any) -> None:
    with pytest.raises(Forbidden, match="moderators"):
        import_agenda(people.ana, read_agenda(GOOD))
    with pytest.raises(Forbidden, match="moderators"):
        load_agendas(people.ana, [(read_agenda(GOOD), {})])


@pytest.mark.parametrize("is_decided", [False, True])
def test_only_the_demo_makes_decisions_of_what_its_files_say(
    people: Any, sign_in: Any, is_decided: bool
) -> None:
    another = "### Pits after trees\n- slug: after\n- by: ben-okoth\n- sentence: Dig.\n- state: returned\n\n"
    returned = GOOD.replace("## Readings", f"{another}## Readings", 1)
    import_agenda(people.moderator, read_agenda(returned), is_decided=is_decided)
    deeds = {decision.deed for decision in db.session.scalars(select(Decision))}
    assert {"publish", "send_back"} <= deeds if is_decided else not deeds
    practice = db.session.scalars(select(Practice).where(Practice.state == "returned")).one()
    author = sign_in(db.session.get_one(Member, practice.author_id))
    for page in (f"/practices/{practice.slug}", f"/practices/{practice.slug}/edit"):
        text = author.get(page).text
        assert "A moderator returned this practice:" in text
        assert ("Read the decision, and appeal" in text) == is_decided
    status = author.get(f"/practices/{practice.slug}/why").status_code
    assert status == (303 if is_decided else 404)


POLL = """- poll: Where do they grow best?
- poll option: In parks | ben-okoth; chitra-desai
- poll option: In streets \\| squares | mona-berg
- poll option: Nowhere
- poll until: 2026-11-01 09:00
- poll closed: 2026-10-20 12:00
- useful: ben-okoth
- asked"""


def test_a_poll_is_loaded_with_its_votes(people: Any) -> None:
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL, 1)
    import_agenda(people.moderator, read_agenda(text))
    post = first_post(db.session.scalars(select(Topic).where(Topic.home.is_(None))).one())
    poll = poll_of(people.ben, post)
    assert poll is not None and poll.question == "Where do they grow best?"
    assert [(option.words, option.votes_count, option.is_mine) for option in poll.options] == [
        ("In parks", 2, True),
        ("In streets | squares", 1, False),
        ("Nowhere", 0, False),
    ]
    assert (poll.voters_count, poll.is_multiple) == (3, False)
    assert poll.closes_at == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert poll.closed_at == datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("end", ["until: 2026-11-01 09:00", "closed: 2026-10-20 12:00"])
def test_a_poll_that_ended_within_an_hour_is_loaded_with_its_votes(people: Any, end: str) -> None:
    sooner = f"{end.partition(':')[0]}: 2026-10-02 09:30"
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL.replace(end, sooner), 1)
    other = "closed" if end.startswith("until") else "until"
    text = "\n".join(line for line in text.split("\n") if f"poll {other}" not in line)
    import_agenda(people.moderator, read_agenda(text))
    post = first_post(db.session.scalars(select(Topic).where(Topic.home.is_(None))).one())
    poll = poll_of(people.ben, post)
    assert poll is not None and poll.voters_count == 3 and poll.is_closed


@pytest.mark.parametrize(
    ("good", "wrong", "line", "message"),
    [
        ("- poll: Where do they grow best?\n", "", "- poll option: In p", "write the question in"),
        ("Where do they grow", "x" * 201, "- poll: x", "at most 200 characters"),
        ("Nowhere", "x" * 121, "- poll option: x", "at most 120 characters"),
        ("Nowhere", "In Parks", "- poll: ", "Two of the options are the same."),
        ("Nowhere", "Nowhere | nobody", "- poll option: Now", "no member has the handle “nobody”"),
        ("Nowhere", "Nowhere | ben-okoth", "- poll option", "Choose one option only."),
        ("until: 2026-11", "until: 2026-09", "- poll until", "before the poll has begun"),
        ("closed: 2026", "closed: 2999", "- poll closed", "is in the future"),
    ],
)
def test_what_is_wrong_with_a_poll_is_told(
    people: Any, good: str, wrong: str, line: str, message: str
) -> None:
    text = GOOD.replace("- useful: ben-okoth\n- asked", POLL.replace(good, wrong, 1), 1)
    found = refused(people, text)
    assert any(message in said for said in found), found
    assert any(f"line {line_of(text, line)}:" in said for said in found), found


def test_a_lock_is_loaded_with_its_last_day_unless_that_is_over(people: Any) -> None:
    locked = "- locked: yes\n- locked because: It is heated.\n- locked until: 2999-01-02\n- asked"
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", locked, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert (topic.locked_reason, topic.locked_until) == ("It is heated.", date(2999, 1, 2))


def test_a_lock_that_is_over_is_not_loaded(people: Any) -> None:
    locked = "- locked: yes\n- locked until: 2025-01-02\n- asked"
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", locked, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.locked_at is None


SLOW = "- slow: 480 | 2999-01-01 09:00\n- slow because: It is heated.\n- asked"


def test_a_slow_topic_is_loaded_and_written_as_slow(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD.replace("- asked", SLOW, 1)))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    end = datetime(2999, 1, 1, 9, tzinfo=UTC)
    assert topic.pace == Pace(480, end, "It is heated.")
    assert not db.session.scalars(select(Decision).where(Decision.deed == "slow")).all()


def test_in_the_demo_somebody_has_decided_it(people: Any) -> None:
    text = GOOD.replace("- asked", SLOW.replace(" | 2999-01-01 09:00", ""), 1)
    import_agenda(people.moderator, read_agenda(text), is_decided=True)
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.pace == Pace(480, None, "It is heated.")
    decision = db.session.scalars(select(Decision).where(Decision.deed == "slow")).one()
    assert decision.reason == "It is heated."


def test_a_pace_that_is_over_is_not_loaded(people: Any) -> None:
    text = GOOD.replace("- asked", SLOW.replace("2999", "2026"), 1)
    import_agenda(people.moderator, read_agenda(text))
    topic = db.session.scalars(select(Topic).where(Topic.home.is_(None))).one()
    assert topic.pace is None


@pytest.mark.parametrize("wrong", ["20", "x", "60 | soon", "60 | 2026-12-01 09:00 | x"])
def test_what_is_wrong_with_a_pace_is_told(people: Any, wrong: str) -> None:
    text = GOOD.replace("- asked", SLOW.replace("480 | 2999-01-01 09:00", wrong), 1)
    found = refused(people, text)
    assert any(f"line {line_of(text, '- slow: ')}:" in said for said in found), found
