"""The federation, joining, profiles and roles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from markupsafe import Markup
from sqlalchemy import String, Text

from forum.clock import now
from forum.columns import Html, Moment
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.markup import write
from forum.members import actions, queries
from forum.members.actions import Joining, Profile
from forum.members.models import Member
from forum.permissions import SYSTEM, VISITOR
from tests.members.conftest import TAMPERE, joined


def test_a_forum_is_founded_once(app):
    actions.found_federation(SYSTEM, "Cities in Dialogue", "Reading is open.")
    with pytest.raises(Conflict):
        actions.found_federation(SYSTEM, "Another", "")


def test_members_cannot_found_it(app, people):
    with pytest.raises(Forbidden):
        actions.found_federation(people.moderator, "Mine", "")


@pytest.mark.parametrize(("name", "tagline"), [("x" * 81, ""), ("Forum", "x" * 301)])
def test_a_name_that_no_page_has_room_for_is_refused(app, name, tagline):
    with pytest.raises(Invalid, match="Write at most"):
        actions.found_federation(SYSTEM, name, tagline)


def test_a_forum_that_cannot_be_set_up_whole_is_not_set_up(app):
    joined("Ana", "ana@city.example")
    with pytest.raises(Invalid):
        actions.set_up(SYSTEM, "Forum", "", Joining("Ben", "ana@city.example", "hash"))
    assert queries.federation_if_there() is None


# Joining


def test_joining_keeps_what_was_said(app):
    member = joined(
        "  Søren\n Łukasz ",
        "Soren@City.Example",
        position="Planner",
        city_id=TAMPERE,
        language="fi",
        languages=("fi", "sv"),
    )
    found = queries.get_member(VISITOR, "soren-lukasz")
    assert (found.id, found.name, found.email) == (member.id, "Søren Łukasz", "soren@city.example")
    assert found.city.name == "Tampere"
    assert [spoken.language for spoken in found.languages] == ["fi", "sv"]
    assert found.can.write()


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Émile Zola", "emile-zola"),
        ("Þór Æsir", "thor-aesir"),
        ("田中 宏", "tianzhong-hong"),
        ("Сергей Щукин", "sergey-shchukin"),
        ("Γιώργος Σεφέρης", "giorgos-seferis"),
        ("王小明", "wangxiaoming"),
        ("さくら", "sakura"),
        ("김 철수", "gim-cheolsu"),
        ("प्रिया शर्मा", "priya-srma"),
        ("Ана Prado", "ana-prado"),
        ("Helpa Rules", "helpa-rules"),
    ],
)
def test_a_handle_is_made_of_the_name(app, name, handle):
    assert joined(name).handle == handle


def test_a_handle_in_latin_letters_imitates_nobody_whom_the_name_does_not(people):
    assert joined("Мона Берг").handle == "person"


def test_handles_are_unique(app):
    handles = [joined("Li Wei", f"li{number}@city.example").handle for number in range(3)]
    assert handles == ["li-wei", "li-wei-2", "li-wei-3"]


def test_namesakes_of_a_long_name_get_handles_that_an_import_takes(app):
    name = "Maria do Carmo de Albuquerque Cavalcanti da Silva"
    made = [joined(name, f"maria{number}@city.example").handle for number in range(12)]
    assert made[0] == "maria-do-carmo-de-albuquerque-cavalcanti"
    assert made[1] == "maria-do-carmo-de-albuquerque-cavalcan-2"
    assert made[11] == "maria-do-carmo-de-albuquerque-cavalca-12"
    for handle in made:
        with pytest.raises(Invalid, match="This handle is taken"):
            joined("Another", handle=handle)


def test_the_handle_of_a_namesake_costs_no_more(app, queries):
    numbers = []
    for number in range(8):
        with queries() as counted:
            joined("Li Wei", f"li{number}@city.example")
        numbers.append(counted.count)
    assert len(set(numbers)) == 1


@pytest.mark.parametrize("handle", ["admin", "moderator", "Ana", "a b", "", "-a", "ä", "x" * 41])
def test_a_wished_handle_may_be_refused(app, handle):
    with pytest.raises(Invalid) as refused:
        joined(handle=handle)
    assert refused.value.field == "handle"


def test_an_address_joins_once_however_it_is_cased(app):
    joined("Ana", "ana@city.example")
    with pytest.raises(Invalid) as refused:
        joined("Another", "ANA@City.Example")
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "123",
        "\u200b",
        "\u3164",
        "\u115f\u1160\u3164 \u2800",
        "x" * 81,
        "evil.com",
        "https://e.example",
        "a@b",
        "</b>",
        "a" + "\u0301" * 9,
    ],
)
def test_names_that_mislead_are_refused(app, name):
    with pytest.raises(Invalid) as refused:
        joined(name)
    assert refused.value.field == "name"


def test_invisible_signs_are_taken_out_of_names(app):
    assert joined("Ana\u202e Pra\u200bdo\u2066").name == "Ana Prado"
    assert joined("\u3164Ben Ok\u034foth\uffa0", "ben@city.example").name == "Ben Okoth"


def test_names_of_many_scripts_are_taken(app):
    for number, name in enumerate(
        [
            "محمد علی",
            "نرگس می\u200cخواهم",
            "नागेश",
            "O’Brien-Smith",
            "Nguyễn Thị Hường",
            "J. R. Smith",
        ]
    ):
        assert joined(name, f"p{number}@city.example").name == name


def test_members_do_not_join_again(app, people):
    with pytest.raises(Forbidden):
        actions.join(people.ana, Joining("Ana", "other@city.example", "hash"))


def test_a_city_or_organisation_that_does_not_exist_is_refused(app):
    with pytest.raises(Invalid):
        joined(city_id=1)
    with pytest.raises(Invalid):
        joined(organisation_id=99)
    assert queries.member_by_email("ana@city.example") is None


# Profiles


def test_a_profile_is_replaced_whole(app, people):
    about = write("I work on *drains*.")
    profile = Profile(
        "Ana Maria Prado", "Engineer", None, TAMPERE, "es", ("es", "en"), "Floods", about
    )
    actions.edit_profile(people.ana, profile)
    found = queries.get_member(VISITOR, "ana-prado")
    assert (found.name, found.position, found.city.name) == (
        "Ana Maria Prado",
        "Engineer",
        "Tampere",
    )
    assert "<em>drains</em>" in found.about_html
    assert [spoken.language for spoken in found.languages] == ["es", "en"]


def test_unknown_languages_are_left_out(app, people):
    actions.edit_profile(people.ana, Profile("Ana", language="xx", languages=("xx", "de", "de")))
    found = queries.get_member(VISITOR, "ana-prado")
    assert (found.language, [spoken.language for spoken in found.languages]) == ("en", ["de"])


def test_visitors_have_no_profile(app):
    with pytest.raises(Forbidden):
        actions.edit_profile(VISITOR, Profile("Nobody"))


# Roles and restrictions


def test_administrators_give_roles(app, people):
    assert actions.appoint(people.administrator, "ana-prado", "moderator").is_moderator
    for doer in (people.moderator, people.ana, VISITOR):
        with pytest.raises(Forbidden):
            actions.appoint(doer, "ana-prado", "administrator")


def test_an_unknown_role_or_member_is_refused(app, people):
    with pytest.raises(Invalid):
        actions.appoint(SYSTEM, "ana-prado", "king")
    with pytest.raises(NotFound):
        actions.appoint(SYSTEM, "nobody-here", "member")


def test_the_last_administrator_stays(app, people):
    with pytest.raises(Invalid):
        actions.appoint(SYSTEM, people.administrator.handle, "member")
    actions.appoint(SYSTEM, "ana-prado", "administrator")
    actions.appoint(SYSTEM, people.administrator.handle, "member")


@pytest.mark.parametrize(
    "deed",
    [
        lambda adam, ben: actions.appoint(adam, ben.handle, "member"),
        lambda adam, ben: actions.leave(adam, ben.id, "nameless"),
    ],
)
def test_the_only_one_left_takes_the_role_of_a_suspended_administrator(app, people, deed):
    """A suspended administrator does not count as one, so the role can be taken away."""
    actions.appoint(SYSTEM, people.ben.handle, "administrator")
    actions.suspend(people.administrator, people.ben.id, now() + timedelta(days=3))
    deed(people.administrator, people.ben)
    with pytest.raises(Invalid):
        deed(people.administrator, people.administrator)


def test_rights_that_ended_a_moment_ago_have_ended(app, people):
    actions.appoint(SYSTEM, people.moderator.handle, "member")
    with pytest.raises(Forbidden):
        actions.suspend(people.moderator, people.ana.id, now() + timedelta(days=1))


def test_only_an_administrator_suspends_a_moderator(app, people):
    until = now() + timedelta(days=1)
    for member in (people.moderator, people.administrator):
        with pytest.raises(Forbidden):
            actions.suspend(people.moderator, member.id, until)
    actions.suspend(people.administrator, people.moderator.id, until)
    with pytest.raises(Forbidden):
        actions.suspend(people.ana, people.ben.id, until)


def test_a_suspension_lies_ahead(app, people):
    with pytest.raises(Invalid):
        actions.suspend(people.moderator, people.ana.id, now())


def test_a_hidden_profile_is_seen_by_moderators_and_its_owner(app, people):
    actions.hide_profile(people.moderator, people.ana.id)
    for reader in (VISITOR, people.ben):
        with pytest.raises(NotFound):
            queries.get_member(reader, "ana-prado")
        assert queries.directory(reader, queries.DirectoryFilter(words="ana")).total == 0
        assert "Medellín" not in [city.name for city, _count in queries.cities_with_members(reader)]
    for reader in (people.ana, people.moderator):
        assert queries.get_member(reader, "ana-prado")
    actions.restore_profile(people.moderator, people.ana.id)
    assert queries.get_member(VISITOR, "ana-prado")
    with pytest.raises(Forbidden):
        actions.hide_profile(people.ben, people.ana.id)


def test_what_other_rooms_note_of_a_member(app, people):
    actions.note_posts(people.ana, people.ana.id, 2)
    actions.note_posts(people.ana, people.ana.id, -1)
    actions.note_hosting(people.moderator, people.ana.id, [7, 3, 3])
    found = db.session.get(Member, people.ana.id, populate_existing=True)
    assert (found.posts_count, found.hosted) == (1, [3, 7])
    with pytest.raises(Forbidden):
        actions.note_hosting(people.ana, people.ana.id, [1])


def test_the_posts_of_many_are_noted_at_once(app, people):
    moves = {people.ben.id: 3, people.ana.id: 2}
    assert people.ben.posts_count == 0
    actions.note_posts_of_all(people.ana, moves)
    # Who was read before says so, too, and a change of something else does not bring the old number back
    assert people.ben.posts_count == 3
    people.ben.position = "Engineer"
    actions.note_posts_of_all(people.ana, {**moves, people.ben.id: -1})
    actions.note_posts_of_all(people.ana, {})
    counts = [
        db.session.get(Member, member.id, populate_existing=True).posts_count
        for member in (people.ana, people.ben)
    ]
    assert counts == [4, 2]
    actions.silence(people.moderator, people.ana.id, now() + timedelta(days=1))
    with pytest.raises(Forbidden):
        actions.note_posts_of_all(people.ana, moves)
    actions.note_posts_of_all(people.moderator, {people.ana.id: 1})


def test_of_who_has_left_nothing_is_left_in_the_row(people):
    """A new text or moment of a member fails here until `depart` empties it, or it says nothing about the person."""
    same_for_all = {"handle", "handle_skeleton", "email", "name", "language", "role"}
    stay = {"joined_at", "leaving_at", "leaving_how", "left_at"}
    values = {String: "x", Text: "x", Html: Markup("x"), Moment: now()}
    personal = {
        column.name: values[type(column.type)]
        for column in Member.__table__.columns
        if type(column.type) in values and column.name not in same_for_all | stay
    }
    for name, value in personal.items():
        setattr(people.ana, name, value)
    db.session.flush()
    actions.depart(SYSTEM, people.ana.id)
    kept = [name for name in personal if getattr(people.ana, name)]
    assert len(personal) > 15
    assert not kept, f"empty them in `members/actions/leaving.py`: {kept}"
