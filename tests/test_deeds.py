"""Who may do what in moderation: a table of action × role, complete over every action of five rooms."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import AgendaText, write_agenda, write_theme
from forum.agendas.models import Agenda
from forum.appeals import actions as appeals
from forum.clock import now
from forum.contact import actions as contact
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library import actions as library
from forum.markup import write
from forum.matches import KnownAs, ScreenedText
from forum.members.actions import Joining, join
from forum.members.models import Organisation
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import FlaggerText, IllegalContentNotice, Reasons
from forum.permissions import SYSTEM, VISITOR, Person
from forum.queue import actions as queue
from forum.queue.actions import Choice
from forum.rules import actions as rules
from forum.rules.actions import RecourseText, RulesText, Wording
from forum.screening import actions as screening
from forum.screening.actions import RuleText
from tests.moderation.conftest import Things, an_order, known_things
from tests.savepoints import OneConnectionSession

ROOMS = {
    "moderation": moderation,
    "appeals": appeals,
    "queue": queue,
    "rules": rules,
    "screening": screening,
}
ROLES = (
    *("visitor", "member", "suspended", "author", "other host"),
    *("host", "moderator", "administrator", "system"),
)
FORUM = Path(__file__).parents[1] / "forum"
WHY = Reasons("It is rude.", 2)
LATER = timedelta(days=7)
# Ben is the author; Hana hosts the agenda, Chitra another; the moderator has decided what is decided.
# `yes`: it is done. Otherwise how it is refused: `forbidden`, `nothing` (not found), `conflict` (there is nothing of theirs
# to act on). `.`: not tested, because the system signs nothing.
TABLE = """
                                visitor   member    suspended author    other-host host     moderator administrator system
moderation.report             | forbidden yes       forbidden forbidden yes       yes       yes       yes       forbidden
moderation.report_illegal     | yes       yes       yes       yes       yes       yes       yes       yes       yes
moderation.report_letter      | forbidden yes       forbidden forbidden yes       yes       yes       yes       yes
moderation.note_confirmed     | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.note_told          | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.forget_visitors    | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.decide             | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.decide_here        | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.approve            | forbidden forbidden forbidden forbidden nothing   yes       yes       yes       .
moderation.refuse             | forbidden forbidden forbidden forbidden nothing   yes       yes       yes       .
moderation.undo               | forbidden forbidden forbidden forbidden conflict  conflict  yes       conflict  conflict
moderation.reverse            | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.lock               | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.set_lock_end       | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.open_after_last_day | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.unlock             | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.slow               | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.unslow             | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.pin                | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.unpin              | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.tell_all           | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       .
moderation.ask_to_edit        | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.note               | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.unnote             | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.split              | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.merge              | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.decide_all         | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.lock_several       | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.move_several       | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.theme_several      | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.move               | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.retitle            | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.change_kind        | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.publish            | forbidden forbidden forbidden forbidden nothing   yes       yes       yes       .
moderation.send_back          | forbidden forbidden forbidden forbidden nothing   yes       yes       yes       .
moderation.feature            | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.unfeature          | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.warn               | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.silence            | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.unsilence          | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.suspend            | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.unsuspend          | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.restore_profile    | forbidden forbidden forbidden forbidden nothing   nothing   yes       yes       .
moderation.clear_spam         | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.warn_reporter      | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.suspend_reports    | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.resume_reports     | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.choose_voices      | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.open_agenda        | nothing   nothing   nothing   nothing   nothing   yes       yes       yes       .
moderation.delete_agenda      | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.archive            | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.reopen             | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
moderation.trust_flagger      | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.end_trust          | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.unname             | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.write_staff_note   | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       .
moderation.remove_staff_note  | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       yes
moderation.forget_staff_notes | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
moderation.write_order        | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       yes
moderation.delete_order       | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       yes
appeals.appeal                | nothing   nothing   nothing   yes       nothing   nothing   nothing   nothing   nothing
appeals.decide_appeal         | forbidden forbidden forbidden forbidden nothing   yes       forbidden yes       yes
appeals.unname                | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
queue.claim                   | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
queue.release                 | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       yes
queue.write_note              | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
queue.decide                  | forbidden forbidden forbidden forbidden forbidden yes       yes       yes       .
queue.tell_overdue            | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
queue.forget_old              | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
queue.forget_member           | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
rules.write_rules             | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
rules.name_recourses          | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
rules.write_text              | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       yes
rules.delete_text             | forbidden forbidden forbidden forbidden forbidden forbidden yes       yes       yes
screening.screen              | yes       yes       yes       yes       yes       yes       yes       yes       yes
screening.refuse_caught       | yes       yes       yes       yes       yes       yes       yes       yes       yes
screening.make_rule           | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.change_rule         | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.switch_rule         | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.delete_rule         | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.import_domains      | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.set_newness         | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.forget_traces       | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
screening.forget_member       | forbidden forbidden forbidden forbidden forbidden forbidden forbidden yes       yes
"""


@dataclass
class World:
    """The things of moderation, and the ids of what was made before the action."""

    things: Things
    people: Any
    made: dict[str, Any]


@pytest.fixture
def things(app: Flask, people: Any, agenda: Agenda) -> Things:
    """Something of each kind on one agenda."""
    return known_things(app, people, agenda)


@pytest.fixture
def doers(people: Any, things: Things) -> dict[str, Person]:
    """Somebody of each role."""
    for name in ("Olga", "Sven"):
        join(VISITOR, Joining(name, f"{name.lower()}@example.org", "-"))
    moderation.suspend(people.moderator, get_member(SYSTEM, "sven").id, now() + LATER, WHY)
    named = {role: getattr(people, role) for role in ("host", "moderator", "administrator")}
    named |= {"visitor": VISITOR, "system": SYSTEM, "author": people.ben}
    named |= {"member": get_member(SYSTEM, "olga"), "suspended": get_member(SYSTEM, "sven")}
    return {**named, "other host": things.other_host}


# What must exist before an action


def _hidden(w: World) -> Any:
    return moderation.decide(w.people.moderator, "post", w.things.first.id, "hide", WHY)


def _held(w: World) -> Any:
    screening.make_rule(w.people.administrator, RuleText("word", "zeppelin", "Read first."))
    return dialogue.reply(w.people.ben, w.things.topic.id, write("By zeppelin."))


def _mistaken(w: World) -> Any:
    """An agenda without content."""
    return write_agenda(w.people.moderator, AgendaText("Cooler", write("Shade."), slug="cooler"))


def _appealed(w: World) -> Any:
    return appeals.appeal(w.people.ben, _hidden(w).id, "It is kind.")


def _reported(w: World) -> Any:
    return moderation.report(w.people.ana, "post", w.things.first.id, "rules")


def _flagger_text(_w: World) -> FlaggerText:
    return FlaggerText("Stop Fraud", "Coordinator of Ireland", "Fraud", now().date())


def _trusted(w: World) -> Any:
    return moderation.trust_flagger(w.people.administrator, "@ben-okoth", _flagger_text(w))


def _unheard(w: World) -> Any:
    """Ben cannot report for some time."""
    moderation.warn_reporter(w.people.moderator, _ben(w), WHY)
    return moderation.suspend_reports(w.people.moderator, _ben(w), _end(w), WHY)


def _rule(w: World) -> Any:
    return screening.make_rule(w.people.administrator, RuleText("word", "zeppelin", "Read."))


def _letter(w: World) -> Any:
    return contact.contact(
        w.people.ben, w.people.ana.id, "Dear Ana, may I call you about the trams?"
    )


def _letter_report(who: Person, w: World) -> Any:
    return moderation.report_letter(who, w.made["it"].id, w.people.ben, "Buy.", reason="spam")


def _published(w: World) -> Any:
    return library.publish(w.people.moderator, w.things.practice.id)


def _featured(w: World) -> Any:
    library.publish(w.people.moderator, w.things.practice.id)
    return moderation.feature(w.people.moderator, w.things.practice.id)


def _after(deed: Callable[..., Any], *args: Any) -> Callable[[World], Any]:
    return lambda w: deed(w.people.moderator, *[arg(w) if callable(arg) else arg for arg in args])


def _ben(w: World) -> int:
    return int(w.people.ben.id)


def _topic(w: World) -> int:
    return w.things.topic.id


def _post(w: World) -> int:
    return w.things.first.id


def _practice(w: World) -> int:
    return w.things.practice.id


def _it(w: World) -> int:
    return int(w.made["it"].id)


def _end(_w: World) -> Any:
    return now() + LATER


Before = Callable[[World], Any]
Deed = Callable[[Person, World], Any]


def _deed(action: Callable[..., Any], *args: Any, before: Before | None = None, **more: Any) -> Any:
    """An action as a function of the world and the doer: it makes what must exist before, and then calls the action."""

    def do(who: Person, w: World) -> Any:
        return action(who, *[arg(w) if callable(arg) else arg for arg in args], **more)

    return before, do


WORDS = RuleText("word", "advert", "We read this first.")


def _part(world: World) -> dialogue.SplitTarget:
    return dialogue.SplitTarget("On their own", "experience", world.things.agenda.id)


def _other_topic(world: World) -> Any:
    new = dialogue.NewTopic("experience", "Another one", write("Words."))
    return dialogue.open_topic(world.people.chitra, world.things.agenda.id, new)


def _hide_here(who: Person, w: World) -> Any:
    key = ("post", w.things.first.id)
    return moderation.decide_here(
        who, [key], [], lambda moderator: moderation.decide(moderator, *key, "hide", WHY)
    )


DEEDS: dict[str, tuple[Before | None, Deed]] = {
    "moderation.report": _deed(moderation.report, "post", _post, "rules"),
    "moderation.report_illegal": _deed(
        moderation.report_illegal,
        "post",
        _post,
        IllegalContentNotice("Why.", "N", "n@x.example", True),
    ),
    "moderation.report_letter": (_letter, _letter_report),
    "moderation.note_confirmed": _deed(moderation.note_confirmed, ()),
    "moderation.note_told": _deed(moderation.note_told, ()),
    "moderation.forget_visitors": _deed(moderation.forget_visitors),
    "moderation.decide": _deed(moderation.decide, "post", _post, "hide", WHY),
    "moderation.decide_here": (None, _hide_here),
    "moderation.approve": _deed(moderation.approve, _it, before=_held),
    "moderation.refuse": _deed(moderation.refuse, _it, WHY, before=_held),
    "moderation.undo": _deed(moderation.undo, _it, before=_hidden),
    "moderation.reverse": _deed(moderation.reverse, _it, "Yes.", before=_hidden, is_told=True),
    "moderation.lock": _deed(moderation.lock, _topic, WHY),
    "moderation.set_lock_end": _deed(
        moderation.set_lock_end,
        _topic,
        lambda _w: (now() + LATER).date(),
        before=_after(moderation.lock, _topic, WHY),
    ),
    "moderation.open_after_last_day": _deed(moderation.open_after_last_day),
    "moderation.unlock": _deed(
        moderation.unlock, _topic, before=_after(moderation.lock, _topic, WHY)
    ),
    "moderation.slow": _deed(moderation.slow, _topic, Pace(60), WHY),
    "moderation.unslow": _deed(
        moderation.unslow, _topic, before=_after(moderation.slow, _topic, Pace(60), WHY)
    ),
    "moderation.pin": _deed(moderation.pin, _topic),
    "moderation.tell_all": _deed(moderation.tell_all, _topic),
    "moderation.unpin": _deed(moderation.unpin, _topic, before=_after(moderation.pin, _topic)),
    "moderation.ask_to_edit": _deed(moderation.ask_to_edit, "post", _post, WHY),
    "moderation.note": _deed(moderation.note, _post, write("See the rules.")),
    "moderation.unnote": _deed(
        moderation.unnote, _post, before=_after(moderation.note, _post, write("See the rules."))
    ),
    "moderation.split": _deed(moderation.split, _topic, lambda w: [w.things.first.id], _part),
    "moderation.merge": _deed(moderation.merge, _topic, _it, before=_other_topic),
    "moderation.decide_all": _deed(
        moderation.decide_all, _topic, lambda w: [w.things.first.id], "hide", WHY
    ),
    "moderation.lock_several": _deed(
        moderation.lock_several, lambda w: w.things.agenda.id, lambda w: [_topic(w)], WHY
    ),
    "moderation.move_several": _deed(
        moderation.move_several,
        lambda w: w.things.agenda.id,
        lambda w: [_topic(w)],
        lambda w: w.things.other.id,
    ),
    "moderation.theme_several": _deed(
        moderation.theme_several,
        lambda w: w.things.agenda.id,
        lambda w: [_topic(w)],
        _it,
        before=lambda w: write_theme(w.people.moderator, "Noise"),
    ),
    "moderation.move": _deed(moderation.move, _topic, lambda w: w.things.other.id),
    "moderation.retitle": _deed(moderation.retitle, _topic, "Another title", []),
    "moderation.change_kind": _deed(moderation.change_kind, _topic, "question"),
    "moderation.publish": _deed(moderation.publish, _practice),
    "moderation.send_back": _deed(moderation.send_back, _practice, WHY),
    "moderation.feature": _deed(moderation.feature, _practice, before=_published),
    "moderation.unfeature": _deed(moderation.unfeature, _practice, before=_featured),
    "moderation.warn": _deed(moderation.warn, _ben, WHY),
    "moderation.silence": _deed(moderation.silence, _ben, _end, WHY),
    "moderation.unsilence": _deed(
        moderation.unsilence, _ben, before=_after(moderation.silence, _ben, _end, WHY)
    ),
    "moderation.warn_reporter": _deed(moderation.warn_reporter, _ben, WHY),
    "moderation.suspend_reports": _deed(
        moderation.suspend_reports,
        _ben,
        _end,
        WHY,
        before=_after(moderation.warn_reporter, _ben, WHY),
    ),
    "moderation.resume_reports": _deed(moderation.resume_reports, _ben, before=_unheard),
    "moderation.suspend": _deed(moderation.suspend, _ben, _end, WHY),
    "moderation.unsuspend": _deed(
        moderation.unsuspend, _ben, before=_after(moderation.suspend, _ben, _end, WHY)
    ),
    "moderation.restore_profile": _deed(
        moderation.restore_profile,
        _ben,
        before=_after(moderation.decide, "member", _ben, "hide", WHY),
    ),
    "moderation.clear_spam": _deed(moderation.clear_spam, _ben),
    "moderation.choose_voices": _deed(moderation.choose_voices, Organisation(id=1, slug="x"), ()),
    "moderation.open_agenda": _deed(
        moderation.open_agenda,
        lambda w: w.things.agenda.id,
        before=lambda w: dialogue.prepare_agenda(w.people.moderator, w.things.agenda.id),
    ),
    "moderation.delete_agenda": _deed(moderation.delete_agenda, _it, WHY, before=_mistaken),
    "moderation.archive": _deed(moderation.archive, lambda w: w.things.agenda.id),
    "moderation.reopen": _deed(
        moderation.reopen,
        lambda w: w.things.agenda.id,
        before=_after(moderation.archive, lambda w: w.things.agenda.id),
    ),
    "moderation.unname": _deed(
        moderation.unname, _ben, KnownAs("Ben", [], "Former"), is_silent=False
    ),
    "moderation.trust_flagger": _deed(moderation.trust_flagger, "@ben-okoth", _flagger_text),
    "moderation.end_trust": _deed(moderation.end_trust, _it, before=_trusted),
    "moderation.write_staff_note": _deed(moderation.write_staff_note, _ben, "Kind."),
    "moderation.remove_staff_note": _deed(
        moderation.remove_staff_note, _it, before=_after(moderation.write_staff_note, _ben, "Hm.")
    ),
    "moderation.forget_staff_notes": _deed(moderation.forget_staff_notes),
    "moderation.write_order": _deed(moderation.write_order, lambda _w: an_order()),
    "moderation.delete_order": _deed(
        moderation.delete_order, _it, before=_after(moderation.write_order, lambda _w: an_order())
    ),
    "appeals.appeal": _deed(appeals.appeal, _it, "It is kind.", before=_hidden),
    "appeals.decide_appeal": _deed(
        appeals.decide_appeal, _it, "upheld", "It is rude.", before=_appealed
    ),
    "appeals.unname": _deed(appeals.unname, _ben, KnownAs("Ben", [], "Former"), is_silent=False),
    "queue.claim": _deed(queue.claim, "post", _post, before=_reported),
    "queue.release": _deed(queue.release, "post", _post, before=_reported),
    "queue.write_note": _deed(queue.write_note, "post", _post, "Hm.", before=_reported),
    "queue.decide": _deed(queue.decide, "post", _post, Choice("keep"), before=_reported),
    "queue.tell_overdue": _deed(queue.tell_overdue, ()),
    "queue.forget_old": _deed(queue.forget_old),
    "queue.forget_member": _deed(queue.forget_member, lambda w: w.people.ben, is_silent=False),
    "rules.write_rules": _deed(
        rules.write_rules, lambda _w: RulesText([("Be kind", "Always.")], now(), "Shorter.")
    ),
    "rules.name_recourses": _deed(
        rules.name_recourses, {"body": RecourseText("Ombuds", "https://ombuds.example")}
    ),
    "rules.write_text": _deed(rules.write_text, Wording("Rude", "hide", 2, "It is rude.")),
    "rules.delete_text": _deed(rules.delete_text, 1),
    "screening.screen": _deed(
        screening.screen, lambda w: w.things.agenda.id, lambda _w: ScreenedText(write("Words."))
    ),
    "screening.refuse_caught": _deed(
        screening.refuse_caught,
        lambda w: w.things.agenda.id,
        lambda _w: ScreenedText(write("Words.")),
        lambda _w: "text",
    ),
    "screening.make_rule": _deed(screening.make_rule, WORDS),
    "screening.change_rule": _deed(screening.change_rule, _it, WORDS, before=_rule),
    "screening.switch_rule": _deed(screening.switch_rule, _it, before=_rule, is_on=False),
    "screening.delete_rule": _deed(screening.delete_rule, _it, before=_rule),
    "screening.import_domains": _deed(screening.import_domains, ["shop.example"], "Read."),
    "screening.set_newness": _deed(screening.set_newness, 1, 1, 1),
    "screening.forget_traces": _deed(screening.forget_traces),
    "screening.forget_member": _deed(screening.forget_member, _ben),
}


def rows() -> dict[str, dict[str, str]]:
    """The rows of the table: each action with the expected outcome by role."""
    found = {}
    for line in TABLE.strip().splitlines()[1:]:
        deed, answers = line.split("|")
        found[deed.strip()] = dict(zip(ROLES, answers.split(), strict=True))
    return found


def test_every_deed_has_a_row() -> None:
    actions = {
        f"{room}.{name}"
        for room, module in ROOMS.items()
        for name, deed in inspect.getmembers(module, inspect.isfunction)
        if getattr(deed, "is_action", False) and deed.__module__.startswith(module.__name__)
    }
    wrong = (actions ^ set(DEEDS)) | (actions ^ set(rows()))
    assert not wrong, f"each action needs an entry in DEEDS and a row in the table: {sorted(wrong)}"


@pytest.fixture
def world(people: Any, things: Things, doers: dict[str, Person]) -> World:
    """The things that the actions are about."""
    return World(things, people, {})


def what_becomes(deed: str, who: Person, world: World) -> str:
    """The outcome of an action, which is rolled back."""
    before, do = DEEDS[deed]
    db.session.commit()
    savepoint = OneConnectionSession.connection_of_test.begin_nested()
    try:
        world.made["it"] = before(world) if before else None
        do(who, world)
    except Forbidden:
        return "forbidden"
    except NotFound:
        return "nothing"
    except Conflict:
        return "conflict"
    except Invalid:
        return "invalid"
    finally:
        db.session.remove()
        savepoint.rollback()
    return "yes"


@pytest.mark.parametrize("deed", DEEDS)
def test_who_may_do_which_deed(
    app: Flask, world: World, doers: dict[str, Person], deed: str
) -> None:
    expected = {role: what for role, what in rows()[deed].items() if what != "."}
    assert {role: what_becomes(deed, doers[role], world) for role in expected} == expected


# What reads the file or plan that it is given before it asks who does it
READING_FIRST = {"filling.set_up_forum"} | {
    f"transfer.{name}" for name in ("import_people", "import_voices", "load_people")
}


def deeds_of_the_system() -> dict[str, Callable[..., Any]]:
    """All actions whose doer is called `system`, by room and name."""
    found = {}
    for path in (*FORUM.glob("*/actions.py"), *FORUM.glob("*/actions/*.py")):
        module = importlib.import_module(f"forum.{'.'.join(path.relative_to(FORUM).parts)[:-3]}")
        for name, deed in inspect.getmembers(module, inspect.isfunction):
            is_here = deed.__module__ == module.__name__ and getattr(deed, "is_action", False)
            if is_here and next(iter(inspect.signature(deed).parameters)) == "system":
                found[f"{path.relative_to(FORUM).parts[0]}.{name}"] = deed
    return found


def is_refused(deed: Callable[..., Any], doer: Person) -> bool:
    """Whether a deed refuses somebody, whatever it is about."""
    _doer, *others = inspect.signature(deed).parameters.values()
    try:
        deed(doer, **{other.name: None for other in others if other.default is other.empty})
    except Forbidden:
        return True
    return False


def test_moderators_do_nothing_in_place_of_the_system(people: Any) -> None:
    deeds = deeds_of_the_system()
    done = [
        name
        for name, deed in deeds.items()
        if name not in READING_FIRST and not is_refused(deed, people.moderator)
    ]
    assert len(deeds) > 150 and deeds.keys() > READING_FIRST and done == []
