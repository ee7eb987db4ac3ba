"""Translations written by several members at once, on a database of its own in which commits are real."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import func, select

from forum.agendas.queries import all_agendas
from forum.db import db
from forum.dialogue.actions import SentForm
from forum.history.queries import fingerprint, versions_of
from forum.library.actions import publish, submit, write_practice
from forum.parallels import actions, queries
from forum.parallels.models import Translation
from forum.permissions import SYSTEM
from tests.parallels.conftest import PRACTICE, changed, in_french
from tests.races import at_once, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


@pytest.fixture
def felt(own):
    """A practice of Ana's, which everybody reads."""
    ana = who("ana-prado")
    made = submit(ana, write_practice(ana, all_agendas(SYSTEM)[0].id, PRACTICE).id)
    return publish(who("mona-berg"), made.id)


def test_a_form_that_is_sent_twice_at_once_adds_one(own, felt):
    ana = who("ana-prado")
    press = partial(
        slowly, actions.add_translation, ana, "practice", felt.id, in_french(), SentForm("k1")
    )
    assert at_once(own, [press, press]) == ["done", "done"]
    assert db.session.scalar(select(func.count(Translation.id))) == 1


def test_two_who_translate_into_one_language_add_one(own, felt):
    presses = [
        partial(slowly, actions.add_translation, who(name), "practice", felt.id, in_french())
        for name in ("ana-prado", "mona-berg")
    ]
    told = at_once(own, presses)
    assert sum(answer == "done" for answer in told) == 1
    assert any("meanwhile. Correct that one." in answer for answer in told)
    assert db.session.scalar(select(func.count(Translation.id))) == 1


def test_of_two_who_correct_at_once_the_second_is_told(own, felt):
    made = actions.add_translation(who("ana-prado"), "practice", felt.id, in_french())
    seen, titles = fingerprint(made.said), ("Feutre", "Liège")
    presses = [
        partial(
            slowly,
            actions.correct_translation,
            who(name),
            made.id,
            in_french(title=title),
            SentForm(seen=seen),
        )
        for name, title in zip(("ana-prado", "mona-berg"), titles, strict=True)
    ]
    told = at_once(own, presses)
    assert sorted(told) == ["This text has changed since you opened the form.", "done"]
    assert len(versions_of("translation", made.id)) == 1
    db.session.expire_all()
    assert db.session.scalars(select(Translation.title)).one() == titles[told.index("done")]


def test_an_original_that_changes_at_once_is_noticed(own, felt):
    made = actions.add_translation(who("ana-prado"), "practice", felt.id, in_french())
    signs = queries.signs_of(felt)
    presses = [
        partial(slowly, changed, who("ana-prado"), felt, sentence="A city lays thick felt."),
        partial(slowly, actions.confirm_translation, who("mona-berg"), made.id, signs),
    ]
    at_once(own, presses)
    db.session.expire_all()
    found = queries.translation_by_id(SYSTEM, made.id)
    assert queries.is_outdated(found)


def test_one_that_is_removed_while_it_is_corrected_stays_removed(own, felt):
    made = actions.add_translation(who("ana-prado"), "practice", felt.id, in_french())
    presses = [
        partial(slowly, actions.remove_translation, who("ana-prado"), made.id),
        partial(
            slowly, actions.correct_translation, who("mona-berg"), made.id, in_french(title="X")
        ),
    ]
    told = at_once(own, presses)
    assert told[0] == "done"
    db.session.expire_all()
    row = db.session.get(Translation, made.id)
    assert row.deleted_at and row.title == ""
    assert versions_of("translation", made.id) == []
