"""Signing in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas
from forum.clock import at, now
from forum.db import db
from forum.declarations import actions
from forum.declarations.actions import DeclarationText, Signing, signing
from forum.declarations.models import Declaration, Signature
from forum.invitations.actions import choose_voices
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import OrganisationText, Profile, edit_profile
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.models import Event
from forum.permissions import SYSTEM
from tests.races import at_once, halting, meanwhile, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own
WHY = Reasons("It is rude.", 2)


def open_for_signature():
    """A declaration, and a city for which Ana and Mona sign."""
    mona, ana = who("mona-berg"), who("ana-prado")
    city = members.write_organisation(mona, OrganisationText("City of Athens", "city"))
    for member in (ana, mona):
        edit_profile(member, Profile(name=member.name, organisation_id=city.id))
    choose_voices(mona, city.id, [ana.id, mona.id])
    text = DeclarationText("Quiet nights", write("We want them."))
    made = actions.write_declaration(mona, all_agendas(SYSTEM)[0].id, text)
    actions.open_declaration(mona, made.id, PlainTexts())
    return actions.freeze(mona, made.id, now().date() + timedelta(days=3)), city


def test_two_who_sign_for_one_organisation_at_once_sign_once(own):
    made, city = open_for_signature()
    press = [
        partial(slowly, actions.sign, who(handle), made.id, city.id, Signing(made.digest))
        for handle in ("ana-prado", "mona-berg")
    ]
    told = sorted(at_once(own, press))
    assert told == ["City of Athens has signed this declaration already.", "done"]
    assert db.session.scalar(select(func.count(Signature.id))) == 1
    assert db.session.scalar(select(Declaration.signatures_count)) == 1


def test_who_sends_one_form_twice_at_once_signs_once_and_is_told_so(own):
    made, city = open_for_signature()
    signing = Signing(made.digest, "Not on Sundays. ")
    press = partial(slowly, actions.sign, who("ana-prado"), made.id, city.id, signing)
    other = partial(actions.sign, who("ana-prado"), made.id, city.id, Signing(made.digest))
    assert at_once(own, [press, press]) == ["done", "done"]
    assert at_once(own, [other]) == ["City of Athens has signed this declaration already."]
    assert db.session.scalars(select(Signature.words)).all() == ["Not on Sundays."]
    assert db.session.scalar(select(Declaration.signatures_count)) == 1


def test_who_signs_while_their_silence_ends_has_signed_or_is_told(own, monkeypatch):
    """The member's row changes twice, for which PostgreSQL locks the organisation that it refers to."""
    made, city = open_for_signature()
    ana, mona = who("ana-prado"), who("mona-berg")
    silenced = moderation.silence(mona, ana.id, now() + timedelta(days=7), WHY)
    sign = partial(actions.sign, ana, made.id, city.id, Signing(made.digest))
    signing_slowly = halting(monkeypatch, signing, "lock_writer", sign)
    undo = meanwhile(partial(moderation.undo, mona, silenced.id))
    told = at_once(own, [signing_slowly, undo])
    assert told[1] == "done"
    count = db.session.scalar(select(Declaration.signatures_count))
    assert count == int(told[0] == "done")


def test_who_signs_while_it_is_adopted_has_signed_or_is_told(own):
    made, city = open_for_signature()
    ana, mona = who("ana-prado"), who("mona-berg")
    sign = partial(slowly, actions.sign, ana, made.id, city.id, Signing(made.digest))
    told = at_once(own, [sign, partial(slowly, actions.adopt, mona, made.id)])
    assert told[1] == "done"
    count = db.session.scalar(select(func.count(Signature.id)))
    assert (
        count == int(told[0] == "done") == db.session.scalar(select(Declaration.signatures_count))
    )


def test_two_workers_at_once_adopt_once(own):
    made, _city = open_for_signature()

    def look():
        with at(now() + timedelta(days=4)):
            slowly(actions.look_after, SYSTEM)

    db.session.commit()
    assert at_once(own, [look, look]) == ["done", "done"]
    assert db.session.get_one(Declaration, made.id, populate_existing=True).adopted_at


def test_an_organisation_is_invited_once(own):
    made, city = open_for_signature()
    press = partial(slowly, actions.invite, who("mona-berg"), made.id, [city.id])
    assert at_once(own, [press, press]) == ["done", "done"]
    invitations = select(func.count(Event.id)).where(Event.kind == "signing")
    assert db.session.scalar(invitations) == 1


def test_two_declarations_opened_at_once_are_both_counted(own):
    mona, agenda_id = who("mona-berg"), all_agendas(SYSTEM)[0].id
    made = [
        actions.write_declaration(mona, agenda_id, DeclarationText(title, write("We want it."))).id
        for title in ("Quiet nights", "Quiet days")
    ]
    opens = [partial(slowly, actions.open_declaration, mona, key, PlainTexts()) for key in made]
    db.session.commit()
    assert at_once(own, opens) == ["done", "done"]
    counted = db.session.scalar(select(Agenda.declarations_count).where(Agenda.id == agenda_id))
    assert counted == 2
