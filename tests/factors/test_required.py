"""Moderators and administrators without a required second factor have only the rights of a member."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forum.agendas import actions as agendas
from forum.agendas.queries import curators_of
from forum.clock import at, now
from forum.dialogue.actions import NewTopic, open_topic
from forum.errors import Forbidden, Invalid
from forum.factors import actions
from forum.factors.queries import authenticator_of, codes_left, factors_of
from forum.factors.views import unconfirmed_secret
from forum.library.actions import PracticeText, submit, write_practice
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import (
    administrator_ids,
    administrators_count,
    first_administrator,
    member_by_id,
    moderator_ids,
)
from forum.moderation.actions import publish
from forum.notifications.actions import make_notices
from forum.notifications.queries import unread_count
from forum.passwords import hash_password
from forum.permissions import SYSTEM
from tests.conftest import link_in
from tests.factors.conftest import EMAIL, add_key, code_of, switch_codes_on, use

DOOR = "/administration/factors"


@pytest.fixture
def federation(app, people, agenda):
    members.found_federation(SYSTEM, "Interurban")
    add_key(people.administrator)


def fresh(member):
    return member_by_id(SYSTEM, member.id)


def require_it(people, is_required=True):
    members.require_factors(people.administrator, is_required=is_required)


def test_an_administrator_says_so_in_the_browser(sign_in, people, federation):
    browser = sign_in(people.administrator)
    page = browser.get(DOOR).text
    assert "Mona Berg" in page and "Hana Virtanen" in page and "Ana Prado" not in page
    assert "Adam de Wit</a></li>" not in page
    assert browser.post(DOOR, data={"is_required": "y"}).status_code == 303
    assert "checked" in browser.get(DOOR).text
    assert fresh(people.moderator).is_held and fresh(people.host).is_held
    assert not fresh(people.administrator).is_held and not fresh(people.ana).is_held
    assert browser.post(DOOR, data={"next": ""}).status_code == 303
    assert not fresh(people.moderator).is_held and not fresh(people.host).is_held


def test_nobody_locks_themselves_out(app, sign_in, people, agenda):
    members.found_federation(SYSTEM, "Interurban")
    answer = sign_in(people.administrator).post(DOOR, data={"is_required": "y"})
    assert answer.status_code == 422 and "for yourself first" in answer.text
    with pytest.raises(Invalid):
        require_it(people)
    with pytest.raises(Forbidden):
        members.require_factors(people.moderator, is_required=False)
    assert not fresh(people.moderator).is_held


def test_who_has_none_is_led_to_one_and_has_the_rights_with_it(
    client, sign_in, people, agenda, federation
):
    members.set_password(SYSTEM, people.moderator.handle, hash_password("four plain words"))
    require_it(people)
    form = {"email": people.moderator.email, "password": "four plain words", "next": "/moderation"}
    assert client.post("/sign-in", data=form).location == "/settings/factors"
    assert "Until you have one you can read and write" in client.get("/settings/factors").text
    assert "waits until you have set up a second factor" in client.get("/").text
    refused = client.get("/moderation")
    assert refused.status_code == 403 and "second factor" in refused.text
    assert "Moderation" not in client.get("/").text
    client.post("/settings/codes/begin")
    secret, _codes = _secret(people.moderator)
    page = client.post("/settings/codes", data={"code": code_of(secret)})
    assert page.status_code == 200 and "waits until" not in page.text
    assert client.get("/moderation").status_code == 200
    assert client.post("/settings/codes/remove").status_code == 303
    assert client.get("/moderation").status_code == 403


def _secret(member):
    return unconfirmed_secret(authenticator_of(member)), None


def test_who_is_given_rights_afterwards_waits_as_well(people, agenda, federation):
    require_it(people)
    members.appoint(people.administrator, people.ana.handle, "moderator")
    agendas.set_hosts(people.administrator, agenda.id, [people.chitra.handle])
    assert fresh(people.ana).is_held and fresh(people.chitra).is_held
    members.appoint(people.administrator, people.ana.handle, "member")
    assert not fresh(people.ana).is_held


def test_who_joined_afterwards_and_is_given_rights_waits_as_well(people, agenda, federation):
    require_it(people)
    new = members.join(SYSTEM, members.Joining("New Person", "new@example.org", "-"))
    assert not fresh(new).is_held
    members.appoint(SYSTEM, new.handle, "administrator")
    assert fresh(new).is_held and not fresh(new).is_administrator


def test_who_has_one_is_given_rights_at_once(people, agenda, federation):
    require_it(people)
    add_key(people.ben)
    members.appoint(people.administrator, people.ben.handle, "moderator")
    assert fresh(people.ben).is_moderator


def test_deeds_of_who_waits_are_refused(people, agenda, federation):
    """Not only the routes refuse: also the rights, and for a member row that was loaded before the factor became required."""
    require_it(people)
    for doer in (people.moderator, fresh(people.host)):
        with pytest.raises(Forbidden):
            agendas.write_statement(doer, agenda.id, agendas.StatementText("Ana", "We listen."))


# Moderators and administrators without the factor do not count as such


def test_who_waits_runs_no_forum_until_they_have_a_factor(people, agenda, federation):
    """They do not replace the last administrator, and get no notices for moderators."""
    members.appoint(SYSTEM, people.ben.handle, "administrator")
    assert people.ben.id in administrator_ids() and people.host.id in curators_of(agenda.id)
    require_it(people)
    adam = people.administrator
    assert [*moderator_ids(), *administrator_ids(), *curators_of(agenda.id)] == [adam.id] * 3
    assert first_administrator().id == adam.id and administrators_count() == 1
    with pytest.raises(Invalid, match="Somebody has to run the forum"):
        members.appoint(adam, adam.handle, "member")
    with pytest.raises(Invalid, match="Somebody has to run the forum"):
        members.leave(adam, adam.id, "nameless")
    add_key(people.ben)
    assert members.appoint(adam, adam.handle, "member").role == "member"


def test_whoever_is_alone_because_others_wait_publishes_what_they_wrote(people, agenda, federation):
    sentence = PracticeText("Quiet asphalt", "The same road, half as loud.")
    practice = write_practice(people.administrator, agenda.id, sentence)
    submit(people.administrator, practice.id)
    with pytest.raises(Forbidden, match="another moderator publishes it"):
        publish(people.administrator, practice.id)
    require_it(people)
    assert publish(people.administrator, practice.id).deed == "publish"


def test_a_host_who_waits_hears_nothing_of_an_agenda_in_preparation(people, agenda, federation):
    text = agendas.AgendaText("Making Cities Cooler", write("Shade."), slug="cooler", is_open=False)
    prepared = agendas.write_agenda(people.administrator, text, hosts=[people.host.handle])

    def mention_host():
        words = write("A secret, @hana-virtanen.")
        open_topic(people.administrator, prepared.id, NewTopic("question", "Where?", words))
        make_notices(SYSTEM)
        return unread_count(fresh(people.host))

    make_notices(SYSTEM)  # the notice of having become a host
    known = unread_count(fresh(people.host))
    require_it(people)
    assert mention_host() == known
    require_it(people, is_required=False)
    assert mention_host() == known + 1


# Getting the rights back


def test_the_person_at_the_server_takes_the_second_factor_off(
    app, client, sign_in, people, federation, letters, caplog
):
    switch_codes_on(people.administrator)
    browser = sign_in(people.administrator)
    require_it(people)
    done = app.test_cli_runner().invoke(
        args=["members", "factors-off", people.administrator.handle]
    )
    assert done.exit_code == 0 and "has no second factor any more" in done.output
    assert "second factor of member" in caplog.text
    assert "removed the passkeys and codes of" in letters()[-1].text.replace("\n", " ")
    assert browser.get("/settings").status_code == 303
    member = fresh(people.administrator)
    assert member.factor_at is None and member.is_held
    again = app.test_cli_runner().invoke(args=["members", "factors-off", member.handle])
    assert again.exit_code == 1 and "has no second factor" in again.output
    nobody = app.test_cli_runner().invoke(args=["members", "factors-off", "nobody"])
    assert nobody.exit_code == 1 and "no member of this name" in nobody.output


def test_the_old_address_takes_back_what_a_thief_has_set_up(client, app, eva, letters):
    """A thief changes the address first, and then adds a key and codes; the owner gets no e-mail about these."""
    mine = add_key(eva, "Mine")
    assert use(client, mine, "sign-in", "/sign-in/passkey").status_code == 303
    client.post("/settings/address", data={"email": "thief@harbour.example"})
    with at(now() + timedelta(seconds=2)):
        client.post(link_in(letters()[-1]))
        undo = next(
            letter
            for letter in letters()
            if "has changed" in letter.subject
            and letter.to == EMAIL
            and "/address/undo/" in letter.text
        )
        theirs = add_key(fresh(eva), "Theirs")
        switch_codes_on(eva)
        owner = app.test_client()
        assert owner.post(link_in(undo)).status_code == 303
        assert use(owner, theirs, "sign-in", "/sign-in/passkey").status_code == 422
        assert [passkey.name for passkey in factors_of(eva).passkeys] == ["Mine"]
        assert factors_of(eva).authenticator is None and codes_left(eva) == 0
        assert use(owner, mine, "sign-in", "/sign-in/passkey").status_code == 303


def test_old_half_sign_ins_are_forgotten(people, eva):
    switch_codes_on(eva)
    actions.begin_half_session(SYSTEM, eva, "password", eva.credentials)
    with at(now() + timedelta(minutes=9)):
        assert actions.forget_old(SYSTEM) == 0
    with at(now() + timedelta(minutes=11)):
        assert actions.forget_old(SYSTEM) == 1
