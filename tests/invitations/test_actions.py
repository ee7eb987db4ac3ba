"""Who makes invitations, what they allow, and the seats of organisations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forum import tokens
from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.invitations import queries
from forum.invitations.actions import (
    EntranceText,
    InvitationText,
    end_invitation,
    invite,
    set_entrance,
    use,
)
from forum.members import actions as members
from forum.members.actions import Joining, OrganisationText, Profile
from forum.permissions import SYSTEM, VISITOR


def for_days(days=7, uses=1, **more):
    return InvitationText(uses=uses, ends_at=now() + timedelta(days=days), **more)


def code_of(invitation):
    return tokens.secret(queries.CODE_PURPOSE, invitation.salt)


@pytest.fixture
def institute(people):
    text = OrganisationText(
        "Institute of Trams", "institute", representative_id=people.ana.id, seats=2
    )
    return members.write_organisation(people.moderator, text)


def test_before_anybody_has_chosen_joining_is_open(app):
    chosen = queries.entrance()
    assert (chosen.mode, chosen.inviters, chosen.questions) == ("open", "moderators", [])


def test_an_administrator_chooses_and_chooses_again(people):
    questions = (("Why?", True), ("  ", True), ("Since when?", False))
    set_entrance(people.administrator, EntranceText("approval", "members", questions, ("Hi",), ()))
    set_entrance(people.administrator, EntranceText("invitation", "members", questions))
    chosen = queries.entrance()
    assert (chosen.mode, chosen.questions) == (
        "invitation",
        [["Why?", True], ["Since when?", False]],
    )
    for somebody in (people.ana, people.moderator, VISITOR):
        with pytest.raises(Forbidden):
            set_entrance(somebody, EntranceText())
    with pytest.raises(Invalid):
        set_entrance(people.administrator, EntranceText("closed"))


def test_who_may_invite(people):
    with pytest.raises(Forbidden):
        invite(people.ana, for_days())
    assert invite(people.moderator, for_days()).maker_id == people.moderator.id
    set_entrance(people.administrator, EntranceText(inviters="members"))
    assert invite(people.ana, for_days()).maker_id == people.ana.id


def test_an_invitation_of_somebody_suspended_lets_nobody_in(people):
    """Also not those who filled in the form earlier and open the link in their e-mail now."""
    made = invite(people.moderator, for_days(uses=2))
    assert use(VISITOR, made.id)
    members.suspend(people.administrator, people.moderator.id, now() + timedelta(days=1))
    assert not use(VISITOR, made.id)


def test_a_representative_invites_within_the_seats(people, institute):
    mine = for_days(uses=2, organisation_id=institute.id)
    assert invite(people.ana, mine).organisation_id == institute.id
    with pytest.raises(Invalid, match="has 2 free seats"):
        invite(people.ana, for_days(uses=3, organisation_id=institute.id))
    set_entrance(people.administrator, EntranceText(inviters="members"))
    with pytest.raises(Forbidden, match="representative"):
        invite(people.ben, mine)
    with pytest.raises(Invalid):
        invite(people.moderator, for_days(organisation_id=999))


@pytest.mark.parametrize("change", [{"uses": 0}, {"uses": 101}, {"days": -1}])
def test_an_invitation_has_limits(people, change):
    with pytest.raises(Invalid):
        invite(people.moderator, for_days(**change))


def test_only_the_hash_of_its_secret_is_kept(people):
    made = invite(people.moderator, for_days())
    kept = [str(getattr(made, column.key)) for column in type(made).__table__.columns]
    assert code_of(made) not in kept
    assert queries.invitation_by_code(code_of(made)).id == made.id


def test_it_is_good_until_its_last_use_its_last_moment_or_its_end(people):
    used, old, ended = (invite(people.moderator, for_days()) for _n in range(3))
    assert [use(VISITOR, used.id), use(VISITOR, used.id)] == [True, False]
    end_invitation(people.moderator, ended.id)
    assert use(VISITOR, ended.id) is False
    with at(now() + timedelta(days=8)):
        assert use(VISITOR, old.id) is False
        with pytest.raises(NotFound):
            queries.invitation_by_code(code_of(old))
    for over in (used, ended):
        with pytest.raises(NotFound):
            queries.invitation_by_code(code_of(over))
    assert queries.invitation_by_code(code_of(old)).id == old.id


def test_whoever_is_suspended_lets_nobody_in(people):
    made = invite(people.moderator, for_days())
    members.suspend(people.administrator, people.moderator.id, now() + timedelta(days=1))
    db.session.expire_all()
    with pytest.raises(NotFound):
        queries.invitation_by_code(code_of(made))


def is_good(made):
    try:
        return queries.invitation_by_code(code_of(made)).id == made.id and use(VISITOR, made.id)
    except NotFound:
        return False


def test_an_invitation_is_as_good_as_its_maker_s_right_to_invite(people, institute):
    made = invite(people.moderator, for_days(uses=100))
    for_it = invite(people.ana, for_days(uses=2, organisation_id=institute.id))
    assert is_good(made) and is_good(for_it)
    members.appoint(SYSTEM, people.moderator.handle, "member")
    led = OrganisationText("Institute of Trams", "institute", representative_id=people.ben.id)
    members.write_organisation(people.administrator, led, institute.id)
    assert not is_good(made) and not use(VISITOR, made.id)
    assert not is_good(for_it) and not use(VISITOR, for_it.id)
    set_entrance(people.administrator, EntranceText(inviters="members"))
    assert is_good(made), "every member invites now"
    members.silence(people.administrator, people.moderator.id, now() + timedelta(days=1))
    assert not is_good(made)


def test_one_ends_one_s_own_and_moderators_anybody_s(people):
    set_entrance(people.administrator, EntranceText(inviters="members"))
    first, second = (invite(people.ana, for_days()) for _n in range(2))
    with pytest.raises(NotFound):
        end_invitation(people.ben, first.id)
    end_invitation(people.ana, first.id)
    end_invitation(people.moderator, second.id)
    assert [made.state for made in queries.my_invitations(people.ana)] == ["ended", "ended"]


# Seats


def joining(name, institute):
    email = f"{name.split()[0].lower()}@trams.example"
    return Joining(name, email, "no hash", organisation_id=institute.id)


def test_nobody_joins_beyond_the_seats(people, institute):
    members.join(VISITOR, joining("Eva Holm", institute))
    members.join(VISITOR, joining("Finn Lund", institute))
    with pytest.raises(Invalid, match=r"taken\. Ask Ana Prado") as refused:
        members.join(VISITOR, joining("Gus Berg", institute))
    assert refused.value.field == "organisation"
    assert queries.seats(people.ana, institute.slug).free == 0


def test_nobody_changes_to_a_full_organisation_in_the_settings(people, institute):
    eva = members.join(VISITOR, joining("Eva Holm", institute))
    members.join(VISITOR, joining("Finn Lund", institute))
    with pytest.raises(Invalid, match="All seats"):
        members.edit_profile(people.ben, Profile("Ben Okoth", organisation_id=institute.id))
    # She keeps her seat
    members.edit_profile(eva, Profile("Eva Holm", organisation_id=institute.id))


def test_seats_are_seen_by_who_represents_it_and_moderators(people, institute):
    for somebody in (people.ana, people.moderator):
        assert queries.seats(somebody, institute.slug).taken == 0
    for somebody in (people.ben, people.host, VISITOR):
        with pytest.raises(Forbidden):
            queries.seats(somebody, institute.slug)


def test_without_a_number_as_many_join_as_come(people):
    text = OrganisationText("City of Oslo", "city")
    city = members.write_organisation(people.moderator, text)
    for number in range(5):
        members.join(
            VISITOR, Joining("Eva Holm", f"e{number}@oslo.example", "-", organisation_id=city.id)
        )
    assert queries.seats(people.moderator, city.slug).free is None


def test_commands_and_imports_mind_the_seats_too(people, institute):
    for name in ("Eva Holm", "Finn Lund"):
        members.join(SYSTEM, joining(name, institute))
    with pytest.raises(Invalid, match="All seats"):
        members.add_member(SYSTEM, joining("Gus Berg", institute), "member")
