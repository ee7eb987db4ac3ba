"""Screening texts, and making the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, Invalid
from forum.markup import write
from forum.matches import ScreenedText
from forum.members.models import Member
from forum.permissions import SYSTEM
from forum.screening.actions import (
    RuleText,
    change_rule,
    delete_rule,
    forget_traces,
    import_domains,
    make_rule,
    screen,
    set_newness,
    switch_rule,
)
from forum.screening.models import TextTrace
from forum.screening.queries import is_newcomer, matching_rules, rules

SENTENCE = "A moderator reads this first."
LONG = "Buy our watches, they are the best watches that there are in the world of watches."


@pytest.fixture(autouse=True)
def newcomers(people: Any) -> None:
    """Treat members who joined today and have written nothing as new."""
    set_newness(people.administrator, days=14, posts=3, first_posts=0)


def rule(people: Any, kind: str, value: str = "") -> Any:
    return make_rule(people.administrator, RuleText(kind, value, SENTENCE))


def asked(author: Member, agenda: Agenda, source: str, title: str = "") -> str | None:
    found = screen(author, agenda.id, ScreenedText(write(source), title))
    return found and found.name


def test_without_a_rule_everything_appears(people: Any, agenda: Agenda) -> None:
    assert asked(people.ana, agenda, "See https://shop.example, CASINO") is None


@pytest.mark.parametrize(
    ("kind", "value", "source", "other"),
    [
        ("word", "Casino", "A casino.", "A minicasino."),
        ("domain", "shop.example", "https://www.shop.example", "https://workshop.example"),
        ("links", "", "https://a.example", "[here](/topics/1)"),
        ("links", "", f"![a lane](/pictures/{'0' * 24}-9x9.webp)", "> ![a](/pictures/1.webp)"),
        ("links", "", f"[the kerb](/files/{'0' * 24}-9.pdf)", "> [a](/files/1.pdf)"),
    ],
)
def test_a_rule_holds_what_it_looks_for(
    people: Any, agenda: Agenda, kind: str, value: str, source: str, other: str
) -> None:
    made = rule(people, kind, value)
    found = screen(people.ana, agenda.id, ScreenedText(write(source)))
    assert found and (found.rule_id, found.sentence) == (made.id, SENTENCE)
    assert asked(people.ana, agenda, other) is None
    switch_rule(people.administrator, made.id, is_on=False)
    assert asked(people.ana, agenda, source) is None
    switch_rule(people.administrator, made.id, is_on=True)
    assert asked(people.ana, agenda, source)
    delete_rule(people.administrator, made.id)
    assert asked(people.ana, agenda, source) is None


def test_an_agenda_and_a_member_on_approval(people: Any, agenda: Agenda) -> None:
    made = rule(people, "agenda", str(agenda.id))
    assert asked(people.ana, agenda, "Text.") == "agenda"
    delete_rule(people.administrator, made.id)
    rule(people, "member", "@ana-prado")
    assert asked(people.ana, agenda, "Text.") == "member"
    assert asked(people.ben, agenda, "Text.") is None


def test_who_moderates_is_not_asked(people: Any, agenda: Agenda) -> None:
    rule(people, "word", "casino")
    for person in (people.host, people.moderator, people.administrator, SYSTEM):
        assert asked(person, agenda, "casino") is None
    people.host.hosted = []
    assert asked(people.host, agenda, "casino") == "word: casino"


def test_links_are_held_of_new_members_alone(people: Any, agenda: Agenda) -> None:
    rule(people, "links")
    set_newness(people.administrator, days=14, posts=3, first_posts=0)
    link = "https://a.example"
    assert is_newcomer(people.ana) and asked(people.ana, agenda, link)
    people.ana.posts_count = 3
    assert not is_newcomer(people.ana) and asked(people.ana, agenda, link) is None
    people.ana.posts_count = 0
    with at(now() + timedelta(days=15)):
        assert asked(people.ana, agenda, link) is None
    set_newness(people.administrator, days=0, posts=3, first_posts=0)
    assert asked(people.ana, agenda, link) is None
    assert not is_newcomer(people.moderator)


def test_the_same_text_is_held_from_the_chosen_time_on(people: Any, agenda: Agenda) -> None:
    rule(people, "same text", "3")
    assert asked(people.ana, agenda, LONG) is None
    assert asked(people.ben, agenda, f"**{LONG.upper()}**") is None
    assert asked(people.ana, agenda, LONG) == "same text: 3"
    assert [asked(people.ana, agenda, "Thank you!") for _time in range(5)] == [None] * 5
    with at(now() + timedelta(days=8)):
        assert asked(people.chitra, agenda, LONG) is None
        while forget_traces(SYSTEM):
            pass
        kept = db.session.scalars(db.select(TextTrace.author_id)).all()
        assert kept == [people.chitra.id]


def test_without_such_a_rule_no_trace_is_kept(people: Any, agenda: Agenda) -> None:
    asked(people.ana, agenda, LONG)
    assert db.session.scalars(db.select(TextTrace)).all() == []


def test_the_first_rule_in_the_order_of_the_kinds_is_named(people: Any, agenda: Agenda) -> None:
    rule(people, "links")
    rule(people, "word", "casino")
    rule(people, "domain", "a.example")
    assert asked(people.ana, agenda, "casino https://a.example") == "domain: a.example"


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("nothing", "x", "kind"),
        ("word", "  ", "value"),
        ("word", "***", "value"),
        ("word", "x" * 101, "value"),
        ("domain", "no domain", "value"),
        ("same text", "1", "value"),
        ("same text", "21", "value"),
        ("same text", "²", "value"),
        ("agenda", "x", "agenda"),
        ("agenda", "9" * 20, "agenda"),
    ],
)
def test_what_makes_no_rule(people: Any, agenda: Agenda, kind: str, value: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule(people, kind, value)
    assert refused.value.field == field


def test_a_rule_needs_a_sentence_and_is_made_once(people: Any, agenda: Agenda) -> None:
    for sentence in ("", " ", "x" * 501):
        with pytest.raises(Invalid):
            make_rule(people.administrator, RuleText("word", "casino", sentence))
    first = rule(people, "word", "Casino")
    with pytest.raises(Invalid, match="such a rule"):
        rule(people, "word", "CASÍNO")
    other = rule(people, "word", "watch")
    with pytest.raises(Invalid, match="such a rule"):
        change_rule(people.administrator, other.id, RuleText("word", "casino", SENTENCE))
    changed = change_rule(people.administrator, first.id, RuleText("word", "Casino", "New."))
    assert changed.sentence == "New."
    for kind, value, field in (("member", "nobody", "value"), ("agenda", "999999", "agenda")):
        with pytest.raises(Invalid) as refused:
            rule(people, kind, value)
        assert refused.value.field == field


@pytest.mark.parametrize("who", ["ana", "host", "moderator"])
def test_rules_are_for_administrators(people: Any, agenda: Agenda, who: str) -> None:
    made, person = rule(people, "word", "casino"), getattr(people, who)
    for deed in (
        lambda: make_rule(person, RuleText("links", "", SENTENCE)),
        lambda: change_rule(person, made.id, RuleText("links", "", SENTENCE)),
        lambda: switch_rule(person, made.id, is_on=False),
        lambda: delete_rule(person, made.id),
        lambda: import_domains(person, ["a.example"], SENTENCE),
        lambda: set_newness(person, 1, 1, 1),
        lambda: rules(person),
        lambda: matching_rules(person, agenda.id, ScreenedText(write("x")), is_by_new=True),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_domains_are_imported_once(people: Any, agenda: Agenda) -> None:
    lines = [
        "# spam",
        "",
        "evil.example # since May",
        "https://EVIL.example/x",
        "shop.example",
        "?",
    ]
    assert import_domains(people.administrator, lines, SENTENCE) == (2, 1)
    assert import_domains(people.administrator, [*lines, "new.example"], SENTENCE) == (1, 1)
    assert asked(people.ana, agenda, "https://www.evil.example") == "domain: evil.example"
    assert rules(people.administrator, "domain", "shop").total == 1
    with pytest.raises(Invalid):
        many = (f"{number}.example" for number in range(5_001))
        import_domains(people.administrator, many, SENTENCE)


@pytest.mark.parametrize("numbers", [(-1, 3, 2), (366, 3, 2), (14, 101, 2), (14, 3, 21)])
def test_numbers_of_newness_have_limits(people: Any, numbers: tuple[int, int, int]) -> None:
    with pytest.raises(Invalid):
        set_newness(people.administrator, *numbers)


def test_asking_costs_few_queries_however_many_rules_there_are(
    people: Any, agenda: Agenda, queries: Any
) -> None:
    import_domains(people.administrator, [f"{number}.example" for number in range(300)], SENTENCE)
    rule(people, "links")
    with queries() as made:
        assert asked(people.ana, agenda, "https://299.example")
    reading = [words for words in made.statements if words.startswith("SELECT screening_rule")]
    assert len(reading) == 1, made.statements


def test_a_text_is_tried_without_a_trace(people: Any, agenda: Agenda) -> None:
    rule(people, "links")
    rule(people, "same text", "2")
    said = ScreenedText(write(f"{LONG} https://a.example"))
    found = matching_rules(people.administrator, agenda.id, said, is_by_new=True)
    assert [matching.kind for matching in found] == ["links"]
    assert matching_rules(people.administrator, agenda.id, said, is_by_new=False) == []
    assert db.session.scalars(db.select(TextTrace)).all() == []
