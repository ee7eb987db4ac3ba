"""Loading content files."""

from __future__ import annotations

import re
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
from forum.dialogue.models import Mark, Post, Topic
from forum.dialogue.queries import TopicFilter, get_post, posts_in, topics
from forum.errors import Forbidden
from forum.library.models import Case, Intention, Practice, Reading
from forum.library.queries import case_by_id
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation.models import Decision, Report
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda, load_agendas
from forum.transfer.forms import read_agenda, read_glossary, read_people
from forum.transfer.models import FaultyFileError, Step
from forum.transfer.queries import cases_by_slug, opening_post, practices_by_slug
from tests.transfer.conftest import GOOD, case_with, faults_of

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


def test_an_agenda_is_not_loaded_twice_but_can_be_added_to(people: Any) -> None:
    import_agenda(people.moderator, read_agenda(GOOD))
    with pytest.raises(FaultyFileError) as caught:
        import_agenda(people.moderator, read_agenda(GOOD))
    said = "\n".join(str(fault) for fault in caught.value.faults)
    assert "there is an agenda “green” already; to add to it, give only its title" in said
    assert "already; what the forum has is edited on its page" in said and "two cases" not in said
    more = "# Green\n- slug: green\n\n## Readings\n### Another\n- authors: Somebody else\n\nWhy.\n"
    import_agenda(people.moderator, read_agenda(more))


def test_the_demo_has_no_mistakes() -> None:
    for path in DATA.glob("*.md"):
        source = path.read_text(encoding="utf-8")
        if path.name == "people.md":
            assert not read_people(source).faults
        elif path.name == "expressions.md":
            read_glossary(source)
        else:
            assert not faults_of(source), path.name


def test_cities_of_the_demo_tried_cases_and_practices_with_each_outcome() -> None:
    """So that both libraries show the filters for what was tried."""
    tried: dict[str, set[str]] = {"Cases": set(), "Practices": set()}
    for path in DATA.glob("agenda-*.md"):
        for part in path.read_text(encoding="utf-8").split("\n## "):
            heading = part.partition("\n")[0]
            found = re.findall(r"^- tried: [\w-]+ \| (\w+) \|", part, re.MULTILINE)
            tried.get(heading, set()).update(found)
    assert tried == {name: {"kept", "adapted", "stopped"} for name in ("Cases", "Practices")}


def test_each_entry_of_a_glossary_has_an_address_of_its_own() -> None:
    entry = "## Park\n\n- slug: park\n\n### en\n\n- name: park\n\nGreen.\n\n"
    assert [section["slug"] for section in read_glossary(f"# Glossary\n\n{entry}")] == ["park"]
    with pytest.raises(FaultyFileError) as caught:
        read_glossary(f"# Glossary\n\n{entry}{entry}")
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [
        (15, "“park” is another entry already")
    ]


SOME_LANGUAGES = ("ar", "cs", "da", "de", "es", "fi", "fr", "it", "nl", "pl", "pt", "sv")
MORE_LANGUAGES = "".join(f"### {code}\n- name: x\n" for code in SOME_LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("Green.", "", 3, "write what it means, below the name in one of its languages"),
        ("### en", "### en\n- name: green\n\n### en", 10, "“en” is said twice"),
        (": park\n\nG", ": ***\n\nG", 9, "name: a name needs a letter or a digit"),
        ("\n\nG", "\n- also: lawn; ?!\n\nG", 10, "also: a name needs a letter or a digit"),
        ("\n\nG", "\n- also: a;b;c;d;e;f;g;h;i\n\nG", 10, "also: at most 8 other names"),
        ("\n\n### en", "\n- themes: a;b;c;d\n\n### en", 6, "themes: an entry has at most 3 themes"),
        ("Green.", f"Green.\n\n{MORE_LANGUAGES}", 3, "an entry has at most 12 languages"),
    ],
)
def test_what_a_glossary_cannot_have_is_found_when_its_file_is_read(
    old: str, new: str, line: int, says: str
) -> None:
    """It is loaded last, when everything else of a folder is there already."""
    entry = "## Park\n\n- slug: park\n\n### en\n\n- name: park\n\nGreen.\n\n"
    with pytest.raises(FaultyFileError) as caught:
        read_glossary(f"# Glossary\n\n{entry}".replace(old, new, 1))
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [(line, says)]


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
