"""Writing house rules and ready texts: old versions stay, members are notified, invalid input is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.members.queries import get_member
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox, visible_notices
from forum.permissions import SYSTEM, VISITOR
from forum.rules import queries
from forum.rules.actions import RulesText, Wording, delete_text, write_rules, write_text

TWO = (("Be kind", "To everybody."), ("Name sources", "Always."))


def text(rules: Any = TWO, days: int = 0, change: str = "Two rules are enough.") -> RulesText:
    return RulesText(rules, now() + timedelta(days=days), change)


def test_a_forum_begins_with_rules(people: Any) -> None:
    rules = queries.in_force()
    assert rules.number == 0 and len(rules.rules) == 6
    assert rules.rule(2).name == "Be fair to people" and rules.rule(7) is None
    assert queries.rules_version(0) == rules and queries.upcoming() is None
    with pytest.raises(NotFound):
        queries.rules_version(1)


def test_a_version_holds_from_its_day_and_the_one_before_stays(people: Any) -> None:
    write_rules(people.administrator, text())
    assert [rule.name for rule in queries.in_force().rules] == ["Be kind", "Name sources"]
    write_rules(people.administrator, text([("Be brief", "Please.")], days=3))
    assert queries.in_force().number == 1 and queries.upcoming().number == 2
    write_rules(people.administrator, text([("Be very brief", "Please.")], days=4))
    assert queries.last_number() == 2
    assert [rule.name for rule in queries.upcoming().rules] == ["Be very brief"]
    with at(now() + timedelta(days=5)):
        assert queries.in_force().rule(1).name == "Be very brief"
        assert [version.number for version in queries.versions()] == [2, 1, 0]
        assert queries.rules_version(1).rule(2).sentence == "Always."


def test_every_member_is_told_of_new_rules_once(people: Any) -> None:
    write_rules(people.administrator, text())
    while make_notices(SYSTEM, most_watchers=2):
        pass
    for member in (people.ana, people.ben, people.moderator, people.administrator):
        told = [notice for notice in inbox(member).page.items if notice.kind == "rules"]
        assert [(notice.heading, notice.words, notice.address) for notice in told] == [
            ("The house rules change", "Two rules are enough.", "/rules/1")
        ]


def test_who_came_later_is_not_told(people: Any) -> None:
    write_rules(people.administrator, text())
    people.ana.joined_at = now() + timedelta(minutes=1)
    people.ben.left_at = now()
    db.session.commit()
    while make_notices(SYSTEM):
        pass
    for member in (people.ana, people.ben):
        assert not db.session.scalars(visible_notices(member)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        text(rules=()),
        text(rules=(("", ""),)),
        text(rules=(("Name", ""),)),
        text(rules=(("x" * 81, "Long."),)),
        text(rules=(("Long", "x" * 1_001),)),
        text(rules=(("One", "Of many."),) * 21),
        text(change=" "),
        text(change="x" * 501),
        text(days=-2),
    ],
)
def test_what_cannot_be_rules(people: Any, wrong: RulesText) -> None:
    with pytest.raises(Invalid):
        write_rules(people.administrator, wrong)
    assert queries.last_number() == 0


def test_administrators_alone_write_rules(people: Any) -> None:
    for person in (VISITOR, people.ana, people.host, people.moderator):
        with pytest.raises(Forbidden):
            write_rules(person, text())


# Ready texts


def wording(**words: Any) -> Wording:
    return Wording(**{"name": "Rude", "deed": "hide", "rule": 2, "text": "It is rude.", **words})


def names(moderator: Any, deed: str = "") -> list[str]:
    return [ready.name for ready in queries.ready_texts(moderator, [deed] if deed else None)]


def test_a_forum_begins_with_texts_until_one_is_changed(people: Any, agenda: Any) -> None:
    host = get_member(SYSTEM, people.host.handle)
    first = names(host)
    assert len(first) == 7 and names(host, "lock") == ["The same topic is there already"]
    number = next(ready.number for ready in queries.default_texts() if ready.deed == "lock")
    write_text(people.moderator, wording(name="Twice", deed="lock", rule=0), number)
    assert len(names(host)) == 7 and names(host, "lock") == ["Twice"]
    made = write_text(people.moderator, wording())
    assert made.number == 8 and queries.ready_text(host, 8).text == "It is rude."
    delete_text(people.moderator, 8)
    with pytest.raises(NotFound):
        queries.ready_text(host, 8)
    for number in range(1, 8):
        delete_text(people.moderator, number)
    assert names(host) == []  # and the default texts do not return


def test_no_two_texts_have_one_name(people: Any) -> None:
    made = write_text(people.moderator, wording(name="Déjà vu"))
    for name, number in (("deja  VU", None), (" DÉJÀ VU", 1), ("personal  attack", None)):
        with pytest.raises(Invalid, match="There is a text of this name already") as refused:
            write_text(people.moderator, wording(name=name), number)
        assert refused.value.field == "name"
    assert write_text(people.moderator, wording(name="deja vu"), made.number).name == "deja vu"
    delete_text(people.moderator, made.number)
    assert write_text(people.moderator, wording(name="Déjà vu", deed="lock", rule=0))


def test_texts_that_have_one_name_from_before_stay_and_get_another_when_one_is_changed(
    people: Any,
) -> None:
    one, two = (write_text(people.moderator, wording(name=name)).number for name in ("A", "B"))
    queries.db.session.get_one(queries.ReadyText, two).name = "a"
    assert names(people.moderator).count("A") == names(people.moderator).count("a") == 1
    assert queries.ready_text(people.moderator, two).text == "It is rude."
    for number in (one, two):
        with pytest.raises(Invalid, match="Give this one another name"):
            write_text(people.moderator, wording(name="A"), number)
    write_text(people.moderator, wording(name="C"), two)
    write_text(people.moderator, wording(name="A", text="It is very rude."), one)


def test_texts_name_the_same_rule_under_whatever_number_it_has(people: Any) -> None:
    """A statement of reasons must not cite another rule that has got the number since."""
    write_text(people.moderator, wording(name="Attack"))
    selling = queries.in_force().rule(4).name
    write_rules(people.administrator, text([(selling, "Never."), *TWO], days=3))
    assert {ready.rule for ready in queries.ready_texts(people.moderator, ["hide"])} == {2, 4, 5, 6}
    with at(now() + timedelta(days=4)):
        found = {ready.name: ready for ready in queries.ready_texts(people.moderator, ["hide"])}
        assert (found["Advertisement"].rule, found["Advertisement"].lost) == (1, "")
        assert (found["Attack"].rule, found["Attack"].lost) == (0, "Be fair to people")
        write_text(people.moderator, wording(name="Attack", rule=2), found["Attack"].number)
        assert queries.ready_text(people.moderator, found["Attack"].number).rule == 2
        assert {ready.rule for ready in queries.ready_texts(people.moderator, ["lock"])} == {0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "x" * 81},
        {"deed": "burn"},
        {"rule": 99},
        {"text": " "},
        {"text": "x" * 2_001},
    ],
)
def test_what_cannot_be_a_ready_text(people: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        write_text(people.moderator, wording(**wrong))


def test_moderators_keep_the_texts_and_hosts_use_them(people: Any) -> None:
    for person in (VISITOR, people.ana, people.host):
        with pytest.raises(Forbidden):
            write_text(person, wording())
        with pytest.raises(Forbidden):
            delete_text(person, 1)
    for number in (0, 99):
        with pytest.raises(NotFound):
            delete_text(people.moderator, number)
    with pytest.raises(Forbidden):
        queries.ready_texts(people.ana)


def test_the_same_rules_are_no_new_version(people: Any) -> None:
    """A form that is sent twice announces one change."""
    write_rules(people.administrator, text())
    with pytest.raises(Invalid, match="hold already"):
        write_rules(people.administrator, text(change="Nothing."))
    assert queries.last_number() == 1
