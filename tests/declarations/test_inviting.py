"""Inviting and reminding organisations, and the end of a declaration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, day_in_words, now
from forum.db import db
from forum.declarations import actions, queries
from forum.declarations.models import Declaration, InvitedOrganisation
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import OrganisationText
from forum.moderation import actions as moderation
from forum.notifications.actions import watch
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM, VISITOR
from tests.declarations.conftest import draft, frozen, heard, signed, text_of


def test_those_who_speak_for_an_organisation_are_asked(people, declaration, bodies):
    assert actions.invite(people.host, declaration.id, [bodies.city.id, bodies.institute.id]) == 2
    assert actions.invite(people.host, declaration.id, None) == 1, "each once"
    (asked,) = heard(people.ana)
    assert asked[:2] == ("signing", "Quiet nights")
    assert day_in_words(declaration.sign_until) in asked[2]
    assert len(heard(people.chitra)) == 1 and heard(people.ben) == []
    assert queries.count_unsigned(people.host, declaration) == (3, 3)
    signed(people.ana, declaration, bodies.city)
    assert not inbox(people.ana, is_unread=True).page.items
    assert queries.count_unsigned(people.host, declaration) == (3, 2)
    for reader in (VISITOR, people.ana):
        assert queries.count_unsigned(reader, declaration) is None
        with pytest.raises(Forbidden):
            queries.invitable(reader, declaration)


def test_who_speaks_for_several_is_asked_until_the_last_of_them_has_signed(
    people, declaration, bodies
):
    zoo = OrganisationText("Athens Zoo", "partner", representative_id=people.ana.id)
    other = members.write_organisation(people.moderator, zoo)
    actions.invite(people.host, declaration.id, [bodies.city.id, other.id])
    assert len(heard(people.ana)) == 1
    for body, is_asked in ((other, True), (bodies.city, False)):
        signed(people.ana, declaration, body)
        assert bool(inbox(people.ana, is_unread=True).page.items) == is_asked


def test_who_has_signed_is_not_invited(people, declaration, bodies):
    signed(people.ana, declaration, bodies.city)
    assert actions.invite(people.host, declaration.id, [bodies.city.id, 10**6]) == 0
    assert heard(people.ana) == []


def test_only_moderators_invite_and_only_to_what_can_be_signed(people, agenda, declaration):
    with pytest.raises(Forbidden):
        actions.invite(people.ana, declaration.id, None)
    made = draft(people, agenda, title="Other")
    with pytest.raises(Forbidden):
        actions.invite(people.host, made.id, None)


def test_who_was_invited_is_reminded_once_a_week_before(people, declaration, bodies):
    actions.invite(people.host, declaration.id, [bodies.city.id, bodies.institute.id])
    signed(people.chitra, declaration, bodies.institute)
    with at(now() + timedelta(days=22)):
        assert actions.look_after(SYSTEM) == 0 and len(heard(people.ana)) == 1
    with at(now() + timedelta(days=23)):
        assert actions.look_after(SYSTEM) == 1
        assert actions.look_after(SYSTEM) == 0
        assert len(heard(people.ana)) == 2 and len(heard(people.chitra)) == 1


def test_who_was_invited_in_the_last_week_is_not_reminded(people, agenda, bodies):
    made = frozen(people, agenda, days=5)
    actions.invite(people.host, made.id, [bodies.city.id])
    with at(now() + timedelta(days=1)):
        actions.look_after(SYSTEM)
        assert len(heard(people.ana)) == 1


def test_an_invitation_is_taken_back_and_who_was_told_hears_it(people, declaration, bodies):
    zoo = OrganisationText("Athens Zoo", "partner", representative_id=people.ana.id)
    other = members.write_organisation(people.moderator, zoo)
    actions.invite(people.host, declaration.id, [bodies.city.id, other.id, bodies.institute.id])
    assert len(heard(people.ana)) == len(heard(people.chitra)) == 1
    back = [bodies.city.id, bodies.nobody.id, 10**6]
    assert actions.take_invitations_back(people.host, declaration.id, back) == 1
    assert actions.take_invitations_back(people.host, declaration.id, back) == 0, "once"
    kind, _title, words = heard(people.ana)[0]
    assert kind == "declaration" and "City of Athens to sign it is taken back" in words
    unread = [notice.kind for notice in inbox(people.ana, is_unread=True).page.items]
    assert sorted(unread) == ["declaration", "signing"], "she is asked for the zoo"
    assert len(heard(people.chitra)) == 1
    actions.take_invitations_back(people.moderator, declaration.id, [other.id])
    unread = [notice.kind for notice in inbox(people.ana, is_unread=True).page.items]
    assert "signing" not in unread
    assert queries.count_unsigned(people.host, declaration) == (1, 1)
    by = {
        invitation.organisation.name: invitation.taken_back_by.handle
        for invitation in queries.invitations_taken_back(people.host, declaration)
    }
    assert by == {
        "Athens Zoo": people.moderator.handle,
        "City of Athens": people.host.handle,
    }
    with pytest.raises(Forbidden):
        queries.invitations_taken_back(people.ana, declaration)


def test_who_was_not_told_yet_is_told_nothing(people, declaration, bodies):
    actions.invite(people.host, declaration.id, [bodies.city.id])
    actions.take_invitations_back(people.host, declaration.id, [bodies.city.id])
    heard(people.ana)
    assert not inbox(people.ana, is_unread=True).page.items
    with at(now() + timedelta(days=23)):
        assert actions.look_after(SYSTEM) == 0, "nor reminded"


def test_who_was_uninvited_is_invited_again_and_signs_all_the_same(people, declaration, bodies):
    actions.invite(people.host, declaration.id, [bodies.city.id])
    heard(people.ana)
    actions.take_invitations_back(people.host, declaration.id, [bodies.city.id])
    assert queries.own_part(people.ana, declaration)[0].uninvited_at
    # Ben cannot sign for it, so nothing is said to him
    assert queries.own_part(people.ben, declaration)[0].uninvited_at is None
    assert actions.invite(people.host, declaration.id, None) == 3
    assert queries.invitations_taken_back(people.host, declaration) == []
    assert queries.own_part(people.ana, declaration)[0].uninvited_at is None
    actions.take_invitations_back(people.host, declaration.id, [bodies.city.id])
    signed(people.ana, declaration, bodies.city)
    assert actions.take_invitations_back(people.host, declaration.id, [bodies.city.id]) == 0


def test_only_who_invites_takes_invitations_back(people, agenda, declaration, bodies):
    actions.invite(people.host, declaration.id, [bodies.city.id])
    for person in (VISITOR, people.ana):
        with pytest.raises(Forbidden):
            actions.take_invitations_back(person, declaration.id, [bodies.city.id])
    actions.adopt(people.host, declaration.id)
    with pytest.raises(Forbidden):
        actions.take_invitations_back(people.host, declaration.id, [bodies.city.id])


# The end


def test_the_worker_adopts_after_the_last_day(people, agenda, bodies):
    made = frozen(people, agenda, days=2)
    signed(people.ana, made, bodies.city)
    with at(now() + timedelta(days=2)):
        actions.look_after(SYSTEM)
        assert db.session.get_one(Declaration, made.id).state == "open"
    with at(now() + timedelta(days=3)):
        assert actions.look_after(SYSTEM) == 1
        assert db.session.get_one(Declaration, made.id).state == "adopted"
        assert actions.look_after(SYSTEM) == 0
    with pytest.raises(Forbidden):
        actions.look_after(people.host)


def test_watchers_are_told_once_of_the_consultation_and_once_of_the_end(people, agenda, bodies):
    for member in (people.ana, people.ben):
        watch(member, "agenda", agenda.id)
    made = frozen(people, agenda)
    signed(people.ana, made, bodies.city)
    signed(people.chitra, made, bodies.institute)
    actions.adopt(people.moderator, made.id)
    expected = ["It is adopted.", "It is open for consultation."]
    assert [words for _kind, _title, words in heard(people.ana)] == expected
    assert [words for _kind, _title, words in heard(people.ben)] == expected
    assert [words for _kind, _title, words in heard(people.chitra)] == expected[:1]


def test_who_signed_is_told_why_it_was_withdrawn(people, declaration, bodies):
    actions.invite(people.host, declaration.id, [bodies.institute.id])
    signed(people.ana, declaration, bodies.city)
    with pytest.raises(Invalid):
        actions.withdraw(people.host, declaration.id, "  ")
    actions.withdraw(people.host, declaration.id, "A wrong number.")
    (told,) = heard(people.ana)
    assert told == ("declaration", "Quiet nights", "It was withdrawn. A wrong number.")
    assert heard(people.chitra) == [], "nobody is asked to sign it any more"
    with pytest.raises(Forbidden):
        actions.withdraw(people.host, declaration.id, "Again.")


def test_another_takes_its_place(people, agenda, declaration):
    text = text_of("Mended.", "Quieter nights")
    not_yet = actions.write_declaration(
        people.host, agenda.id, replace(text, replaces_id=declaration.id)
    )
    assert not_yet.replaces_id is None, "it was not withdrawn"
    actions.withdraw(people.host, declaration.id, "A wrong number.")
    mended = actions.write_declaration(
        people.host, agenda.id, replace(text, title="Third", replaces_id=declaration.id)
    )
    assert queries.replaced_by(people.host, declaration).id == mended.id
    assert queries.replaced_by(VISITOR, declaration) is None, "a draft is nobody's to see"
    actions.open_declaration(people.host, mended.id, PlainTexts())
    assert queries.replaced_by(VISITOR, declaration).id == mended.id
    assert queries.replaced_one(VISITOR, mended).id == declaration.id


def test_a_withdrawn_draft_stays_out_of_sight(people, agenda):
    made = draft(people, agenda)
    actions.withdraw(people.host, made.id, "Not now.")
    with pytest.raises(NotFound):
        queries.get_declaration(people.ana, made.id)
    assert db.session.get_one(Agenda, agenda.id).declarations_count == 0


def test_an_agenda_with_a_declaration_does_not_go_back_into_preparation(people, agenda):
    text = agendas.AgendaText("Soon", write("Text."), is_open=False)
    soon = agendas.write_agenda(people.moderator, text)
    made = actions.write_declaration(people.moderator, soon.id, text_of("Text."))
    opened = moderation.open_agenda(people.moderator, soon.id)
    actions.open_declaration(people.moderator, made.id, PlainTexts())
    with pytest.raises(Conflict):
        moderation.undo(people.moderator, opened.id)


def test_wrong_counts_of_declarations_are_mended(people, declaration, bodies):
    signed(people.ana, declaration, bodies.city)
    declaration.signatures_count = 7
    db.session.get_one(Agenda, declaration.agenda_id).declarations_count = 9
    db.session.commit()
    actions.mend_declarations(SYSTEM, [declaration.id])
    actions.mend_agendas(SYSTEM, [declaration.agenda_id])
    assert db.session.get_one(Declaration, declaration.id).signatures_count == 1
    assert db.session.get_one(Agenda, declaration.agenda_id).declarations_count == 1
    assert db.session.scalar(select(func.count(InvitedOrganisation.organisation_id))) == 0
