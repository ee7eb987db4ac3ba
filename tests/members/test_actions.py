"""The actions of the members room: what they change, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from forum.clock import at, now
from forum.confusables import skeleton
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.markup import write
from forum.members import actions, queries
from forum.members.actions import Joining, OrganisationText, Profile
from forum.members.models import City, Member, Session
from forum.permissions import SYSTEM, VISITOR

TAMPERE = 634963


def joined(name="Ana Prado", email="ana@city.example", **more):
    return actions.join(VISITOR, Joining(name, email, "a hash", **more))


# The federation


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


# Sessions


def test_a_token_is_kept_as_its_hash_only(app, people):
    token = actions.sign_in(people.ana, "Firefox on Linux")
    kept = db.session.scalars(select(Session)).one()
    assert token not in (kept.token_hash, kept.device)
    assert kept.token_hash == queries.token_hash(token)
    assert queries.session_by_token(token).member.city.name == "Medellín"


def test_signing_out_ends_one_session(app, people):
    here, there = actions.sign_in(people.ana), actions.sign_in(people.ana)
    actions.sign_out(people.ana, here)
    assert queries.session_by_token(here) is None
    assert queries.session_by_token(there)


def test_nobody_ends_a_session_of_somebody_else(app, people):
    token = actions.sign_in(people.ana)
    actions.sign_out(people.ben, token)
    actions.end_session(people.ben, queries.session_by_token(token).id)
    actions.end_sessions(people.ben)
    assert queries.session_by_token(token)


def test_sessions_end_when_idle_or_too_old(app, people):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with at(start):
        token = actions.sign_in(people.ana)
        session_id = queries.session_by_token(token).id
    with at(start + timedelta(days=29)):
        assert queries.session_by_token(token)
    with at(start + timedelta(days=31)):
        assert queries.session_by_token(token) is None
    for day in range(20, 181, 20):
        with at(start + timedelta(days=day)):
            actions.note_seen(people.ana, session_id)
    with at(start + timedelta(days=179)):
        assert queries.session_by_token(token)
    with at(start + timedelta(days=181)):
        assert queries.session_by_token(token) is None


def test_sessions_do_not_pile_up(app, people):
    first = actions.sign_in(people.ana)
    for _number in range(actions.MAX_SESSIONS):
        with at(now() + timedelta(minutes=1)):
            actions.sign_in(people.ana)
    assert queries.session_by_token(first) is None
    assert len(queries.sessions_of(people.ana)) == actions.MAX_SESSIONS


def test_a_suspension_ends_sessions_at_once(app, people):
    token = actions.sign_in(people.ana)
    actions.suspend(people.moderator, people.ana.id, now() + timedelta(days=7))
    assert queries.session_by_token(token) is None
    with pytest.raises(Forbidden) as refused:
        actions.sign_in(queries.member_by_email("ana@example.org"))
    assert "suspended" in refused.value.message
    actions.unsuspend(people.moderator, people.ana.id)
    assert actions.sign_in(queries.member_by_email("ana@example.org"))


def test_a_new_password_ends_all_other_sessions(app, people):
    here, there = actions.sign_in(people.ana), actions.sign_in(people.ana)
    actions.change_password(people.ana, "new hash", here)
    assert queries.session_by_token(here)
    assert queries.session_by_token(there) is None
    assert queries.member_by_email("ana@example.org").password_hash == "new hash"


def test_what_was_verified_before_a_new_password_is_worth_nothing(app, people):
    before = people.ana.credentials
    actions.set_password(SYSTEM, people.ana.handle, "new hash")
    with pytest.raises(Conflict, match="Sign in again"):
        actions.sign_in(people.ana, verified=before)
    with pytest.raises(Conflict, match="Sign in again"):
        actions.change_password(people.ana, "hash of a thief", verified=before)
    actions.rehash_password(people.ana, before, "old words hashed anew")
    ana = queries.member_by_email("ana@example.org")
    assert ana.password_hash == "new hash"
    actions.rehash_password(ana, ana.credentials, "new words hashed anew")
    assert queries.member_by_email("ana@example.org").password_hash == "new words hashed anew"
    assert actions.sign_in(ana, verified=ana.credentials)


def test_an_administrator_gives_a_new_password(app, people):
    token = actions.sign_in(people.ana)
    actions.set_password(people.administrator, "ana-prado", "new hash")
    assert queries.session_by_token(token) is None
    with pytest.raises(Forbidden):
        actions.set_password(people.moderator, "ana-prado", "hash")


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
    actions.note_posts_of_all(people.ana, moves)
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


# Organisations


def test_an_organisation_is_written_and_its_history_kept(app, people):
    made = actions.write_organisation(
        people.moderator, OrganisationText("Stadt Köln", "city", seats=3)
    )
    assert made.slug == "stadt-koln"
    text = OrganisationText(
        "Köln", "partner", TAMPERE, people.ana.id, None, "https://k.example", "We plan."
    )
    actions.write_organisation(people.moderator, text, made.id)
    found = queries.get_organisation("stadt-koln")
    assert (found.name, found.city.name, found.representative.name) == (
        "Köln",
        "Tampere",
        "Ana Prado",
    )
    # An unchanged text keeps no version
    actions.write_organisation(people.moderator, text, made.id)
    (version,) = versions_of("organisation", found.id)
    assert (version.fields["name"], version.fields["seats"]) == ("Stadt Köln", 3)
    assert version.editor_handle == people.moderator.handle


def test_an_organisation_may_be_whole_from_the_start(app, people):
    text = OrganisationText("Rotterdam", "city", TAMPERE, people.ana.id, 5, slug="rotterdam-port")
    made = actions.write_organisation(people.moderator, text)
    assert (made.slug, made.city_id, made.representative_id) == (
        "rotterdam-port",
        TAMPERE,
        people.ana.id,
    )


def test_organisations_of_one_name_have_their_own_addresses(app):
    slugs = [
        actions.write_organisation(SYSTEM, OrganisationText(name, "city", city)).slug
        for name, city in (("City", None), ("City", TAMPERE), ("New", None), ("都市", None))
    ]
    assert slugs == ["city", "city-2", "new-2", "organisation"]
    long = [OrganisationText("x" * 99, "city", city) for city in (None, TAMPERE)]
    slugs = [actions.write_organisation(SYSTEM, text).slug for text in long]
    assert slugs == ["x" * 60, "x" * 58 + "-2"]


@pytest.mark.parametrize("city", [None, TAMPERE])
def test_no_two_organisations_of_a_city_have_one_name(app, city):
    made = actions.write_organisation(SYSTEM, OrganisationText("Ciudad Unión", "city", city))
    other = actions.write_organisation(SYSTEM, OrganisationText("Trams", "company", city))
    again = OrganisationText(" ciudad  union", "institute", city)
    for number in (None, other.id):
        with pytest.raises(Invalid) as refused:
            actions.write_organisation(SYSTEM, again, number)
        assert refused.value.field == "name"
    assert {organisation.name for organisation in queries.organisations()} == {
        "Ciudad Unión",
        "Trams",
    }
    written = actions.write_organisation(SYSTEM, again, made.id)
    assert written.name == "ciudad union"


def test_organisations_of_a_file_may_have_one_name(app):
    """Older forums may have such organisations, and their export must be importable."""
    texts = [OrganisationText("Trams", "company", slug=slug) for slug in ("trams", "trams-2")]
    made = [actions.write_organisation(SYSTEM, text).id for text in texts]
    longer = OrganisationText("Trams", "company", about="Trams and buses.")
    assert actions.write_organisation(SYSTEM, longer, made[1]).about == "Trams and buses."


def test_organisations_are_for_moderators_and_of_a_known_kind(app, people):
    for doer in (VISITOR, people.ana, people.host):
        with pytest.raises(Forbidden):
            actions.write_organisation(doer, OrganisationText("Mine", "city"))
    with pytest.raises(Invalid):
        actions.write_organisation(SYSTEM, OrganisationText("Mine", "empire"))
    with pytest.raises(Invalid):
        actions.write_organisation(SYSTEM, OrganisationText(" ", "city"))
    with pytest.raises(NotFound):
        actions.write_organisation(SYSTEM, OrganisationText("Mine", "city"), 99)


# Cities


def test_loading_cities_again_changes_no_address(app):
    rows = [
        (90000001, "Surat", "IN", 1.0, 2.0, 5, []),
        (1255364, "Surat", "IN", 21.2, 72.8, 7, ["Suryapur"]),
    ]
    told: list[int] = []
    assert actions.load_cities(SYSTEM, rows, told.append) == 2
    assert told == [2]
    known = db.session.get(City, 1255364)
    db.session.refresh(known)
    assert (known.slug, known.population) == ("surat", 7)
    assert db.session.get(City, 90000001).slug == "surat-in"
    assert [city.id for city in queries.cities_by_prefix("surya")] == [1255364]


def test_cities_are_loaded_by_administrators(app, people):
    with pytest.raises(Forbidden):
        actions.load_cities(people.moderator, [])


# Names and handles that look like others


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
