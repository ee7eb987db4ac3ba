"""Names and handles that look like others, or like an office."""

from __future__ import annotations

import pytest

from forum.confusables import skeleton
from forum.db import db
from forum.errors import Invalid
from forum.members import actions, queries
from forum.members.actions import Joining, Profile
from forum.permissions import SYSTEM, VISITOR
from tests.members.conftest import joined


@pytest.mark.parametrize(
    "name",
    [
        "Admin",
        "ADMlN",
        "Аdministrator",  # Cyrillic А
        "The Moderator",
        "Moderator Team",
        "Quiet Cities",
        "Quiet Citіes",  # Cyrillic і
        "QuietCities Support",
        "Mona Berg",
        "Моna Вerg",
        "Rnona Berg",
        "Adam de Wit",
        "Adam  De-Wit",
        "Official Quiet Cities",
        "Mona Berg, admin",
        "The official Mona Berg",
        "Моna Вerg – Quiet Cities",
        "Team Quiet Cities: Mona Berg",
    ],
)
def test_nobody_is_called_like_the_forum_or_who_runs_it(people, name):
    actions.found_federation(SYSTEM, "Quiet Cities")
    if name == "QuietCities Support":
        assert joined(name)  # with other words in it, the name is not taken for the forum's
        return
    with pytest.raises(Invalid, match="looks like the name") as refused:
        joined(name)
    assert refused.value.field == "name"
    with pytest.raises(Invalid, match="looks like the name"):
        actions.edit_profile(people.ana, Profile(name))


def test_nobody_s_name_says_an_office(people):
    actions.edit_profile(people.moderator, Profile("Mona Berg (moderator)"))
    assert people.moderator.name == "Mona Berg (moderator)"
    for name in (
        *("Ana Prado (moderator)", "Ana Prado, Аdministrator", "Moderator Ana"),
        *("Модератор", "Ана модератор", "Администратор 2", "Ana Prado (админ)"),
    ):
        with pytest.raises(Invalid, match="without an office") as refused:
            actions.edit_profile(people.ana, Profile(name))
        assert refused.value.field == "name"
        with pytest.raises(Invalid):
            joined(name)


@pytest.mark.parametrize(
    ("forum", "moderator", "name"),
    [
        ("Quiet Cities", "Anh", "Thế Anh"),
        ("Quiet Cities", "Anh", "The Anh"),
        ("Vienna Forum", "Anna", "Anna Vienna"),
        ("Housing Forum San Marino", "Maria", "San Maria"),
    ],
)
def test_a_word_that_may_be_a_name_makes_no_title(people, forum, moderator, name):
    actions.found_federation(SYSTEM, forum)
    actions.edit_profile(people.moderator, Profile(moderator))
    assert joined(name).name == name
    for title in (f"{moderator} Team", f"{forum}: {moderator}", f"The {moderator}, staff"):
        with pytest.raises(Invalid, match="looks like the name"):
            joined(title, "other@city.example")


@pytest.mark.parametrize(
    "name", ["Moderator1", "Admin 2", "Forum team 24", "Mona Berg 2", "Mona Berg (staff) 2"]
)
def test_a_number_makes_no_other_name(people, name):
    with pytest.raises(Invalid, match="looks like the name"):
        joined(name)


def test_honest_names_are_taken(people):
    actions.found_federation(SYSTEM, "The Quiet Cities Forum")
    honest = (
        "Thế",
        "Maria Staff",
        "Ana Admin",
        "Berg, Mona",
        "Mona Bergforum",
        "Grace Guest",
        "Ben Quiet",
        "Ben Okoth 2",
        "Адмирал Иванов",
        "Li 4",
    )
    for number, name in enumerate(honest):
        assert joined(name, f"p{number}@city.example").name == name


@pytest.mark.parametrize(
    "position",
    [
        *("Moderator", "Admin ✓", "Forum administrator", "The official moderator"),
        "Moderator, Quiet Cities",
        *("Mоderator", "Модератор", "Moderator 2"),
    ],
)
def test_no_position_pretends_to_an_office(people, position):
    actions.found_federation(SYSTEM, "Quiet Cities")
    for deed in (
        lambda: joined(position=position),
        lambda: actions.check_name(VISITOR, "Eva", position),
        lambda: actions.edit_profile(people.ana, Profile("Ana Prado", position=position)),
    ):
        with pytest.raises(Invalid, match="office in this forum") as refused:
            deed()
        assert refused.value.field == "position"
    actions.edit_profile(people.moderator, Profile("Mona Berg", position=position))


@pytest.mark.parametrize(
    "position",
    [
        "Moderator of citizens' assemblies",
        "Database administrator",
        "Administrator, Cork",
        "Администратор архива",
        "Support",
        "",
    ],
)
def test_professions_are_positions(people, position):
    assert joined(position=position).position == position


def test_namesakes_are_welcome_and_masks_are_not(people):
    assert joined("Ana Prado").handle == "ana-prado-2"
    assert joined("Aná Prado", "ana3@city.example").handle == "ana-prado-3"
    with pytest.raises(Invalid, match="looks like the name"):
        joined("Аna Prado", "ana4@city.example")  # Cyrillic А


def test_who_is_called_so_already_keeps_the_name(people):
    eva = joined("Mona Bergh")
    members_named_alike(eva, "Mona Berg")
    actions.edit_profile(eva, Profile("Mona Berg", position="Planner"))
    assert eva.position == "Planner"
    actions.edit_profile(people.moderator, Profile("Mona  Berg"))
    with pytest.raises(Invalid):
        actions.edit_profile(eva, Profile("Mona-Berg"))


def members_named_alike(member, name):
    """As members who joined before names were compared."""
    member.name, member.name_skeleton = name, skeleton(name)
    db.session.commit()


def test_handles_do_not_look_alike(app):
    assert joined("Eva Holm").handle == "eva-holm"
    assert joined("Eva Ho1m", "e2@city.example").handle == "eva-ho1m-2"
    for handle in ("evaholm", "eva-ho1m", "adm1n", "rnoderator"):
        with pytest.raises(Invalid):
            joined("Finn Lund", "f@city.example", handle=handle)


def test_an_administrator_may_add_a_moderator_called_so(people):
    joining = Joining("Moderator", "m@city.example", "-")
    assert actions.add_member(people.administrator, joining, "moderator").name == "Moderator"
    with pytest.raises(Invalid):
        actions.add_member(
            people.administrator, Joining("Moderators", "n@city.example", "-"), "member"
        )


def test_a_name_is_looked_up_with_one_statement(people, request):
    with request.getfixturevalue("queries")() as made:
        queries.is_lookalike_name("Моna Вerg", None)
    assert made.count == 1
