"""The queries of the members room: what they find, for which readers, in how many statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from babel import Locale
from flask_babel import force_locale
from sqlalchemy import event, select
from sqlalchemy.orm.exc import DetachedInstanceError

from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, NotFound
from forum.members import actions
from forum.members import queries as members
from forum.members.actions import Joining, OrganisationText, Profile
from forum.members.models import CITY_SIZES, City, Member
from forum.members.queries import DirectoryFilter
from forum.moderation.actions import Reasons, decide
from forum.pages import page_of
from forum.permissions import SYSTEM, VISITOR

ODD = [
    "",
    " ",
    ",",
    "%",
    "_",
    "\\",
    "'",
    '"',
    "\x00",
    "\ud800",
    "x" * 5_000,
    "*",
    ", IN",
    "🏙",
]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("tamp", "Tampere"),
        ("ТАМП", "Tampere"),
        ("東", "Tokyo"),
        ("ﾅｲﾛ", "Nairobi"),
        ("نير", "Nairobi"),
        ("सू", "Surat"),
        ("medellin", "Medellín"),
        ("kobenhavn", "Copenhagen"),
        ("αθη", "Athens"),
        ("Surat, India", "Surat"),
        ("surat,in", "Surat"),
    ],
)
def test_cities_are_found_in_any_script(app, typed, name):
    assert [city.name for city in members.cities_by_prefix(typed)] == [name]


@pytest.mark.parametrize("country", ["الهند", "Ind", "Gujarat"])
def test_a_country_in_another_language_leaves_the_city_to_choose(app, country):
    assert [city.name for city in members.cities_by_prefix(f"Surat, {country}")] == ["Surat"]
    assert members.cities_by_name(f"Surat، {country}") == []
    assert members.cities_by_prefix("Surat, Peru") == [], "a country, and none that has it"


def test_cities_are_offered_biggest_first_and_few(app):
    rows = [(90_000_000 + n, f"Newtown {n:02}", "AU", 0.0, 0.0, n, []) for n in range(20)]
    actions.load_cities(SYSTEM, rows)
    found = members.cities_by_prefix("newtown")
    assert [city.population for city in found] == [19, 18, 17, 16, 15, 14, 13, 12]


def test_the_size_of_a_city_is_said_alike_in_python_and_in_sql(app):
    people = [0, *(limit - less for _size, limit in CITY_SIZES for less in (1, 0)), 30_000_000]
    rows = [
        (91_000_000 + n, f"Size {n}", "AU", 0.0, 0.0, number, []) for n, number in enumerate(people)
    ]
    actions.load_cities(SYSTEM, rows)
    found = db.session.execute(
        select(City, members.city_size()).order_by(City.id.desc()).limit(10)
    ).all()
    assert [size for _city, size in found] == [city.size for city, _size in found]
    sizes = [city.size for city, _size in reversed(found)]
    every = ("town", "small", "medium", "large", "largest")
    assert sizes == [size for size in every for _two in range(2)]


def test_cities_whose_own_name_begins_so_come_first(app):
    rows = [
        (3685533, "Cúcuta", "CO", 7.9, -72.5, 777_106, ["San José de Cùcuta"]),
        (5392171, "San Jose", "US", 37.3, -121.9, 997_368, []),
        (3621849, "San José", "CR", 9.9, -84.1, 335_007, ["サンホセ"]),
        (90_000_000, "Elsewhere", "CR", 9.9, -84.1, 2_000_000, ["San Jacinto"]),
    ]
    actions.load_cities(SYSTEM, rows)
    found = members.city_choices("SAN J")
    named = [(member.city.name, member.city.country, member.also) for member in found]
    assert named == [
        ("San Jose", "US", ""),
        ("San José", "CR", ""),
        ("Elsewhere", "CR", ""),  # this city is missing in the list with the spellings
        ("Cúcuta", "CO", "San José de Cùcuta"),
    ]
    assert [
        city_choice.city.name for city_choice in members.city_choices("san jose de, colombia")
    ] == ["Cúcuta"]
    assert members.city_choices("サンホセ")[0].also.startswith("サンホセ")
    assert members.city_choices("San Jose") == members.city_choices("san josé")
    by_name = members.city_choices_by_name("san jose")
    assert [member.city.country for member in by_name] == ["US", "CR"]


def test_equal_cities_are_told_apart_by_the_nearest_that_is_larger(app, queries):
    rows = [
        (90_000_001, "Newtown", "US", 40.0, -75.0, 20_000, []),
        (90_000_002, "Newtown", "US", 41.4, -73.3, 30_000, []),
        (90_000_003, "Newtown", "US", 10.0, 10.0, 40_000, []),
        (90_000_004, "Newtown", "AU", 41.4, -73.3, 25_000, []),
        (90_000_005, "Great", "US", 40.0, -76.0, 40_000, []),
        (90_000_006, "Small", "US", 41.4, -73.4, 31_000, []),
        (90_000_007, "Foreign", "CA", 41.4, -73.5, 900_000, []),
        (90_000_008, "Huge", "US", 40.7, -74.0, 900_000, []),
        (90_000_009, "Far", "US", 17.0, 10.0, 900_000, []),
    ]
    actions.load_cities(SYSTEM, rows)
    with queries() as made:
        found = members.city_choices("newtown")
    assert [(member.city.id, member.near) for member in found] == [
        (90_000_003, ""),  # there is no larger city near it
        (90_000_002, "Huge"),
        (90_000_004, ""),  # the only city of that name in its country
        (90_000_001, "Great"),
    ]
    assert made.count == 4
    with queries() as made:
        assert members.city_choices("surat")[0].near == ""
    assert made.count == 1


def test_a_degree_of_longitude_is_shorter_far_from_the_equator(app):
    rows = [
        (90_000_001, "Newtown", "FI", 68.0, 25.0, 20_000, []),
        (90_000_002, "Newtown", "FI", 10.0, 25.0, 20_000, []),
        (90_000_003, "North", "FI", 69.5, 25.0, 90_000, []),
        (90_000_004, "East", "FI", 68.0, 28.0, 90_000, []),
    ]
    actions.load_cities(SYSTEM, rows)
    assert [city_choice.near for city_choice in members.city_choices("newtown")] == ["East", ""]


@pytest.mark.parametrize("typed", ODD)
def test_anything_typed_for_a_city_gives_an_answer(app, typed):
    assert isinstance(members.cities_by_prefix(typed), list)
    assert isinstance(members.city_choices(typed), list)
    assert members.cities_by_name(typed) == []
    assert members.city_by_name(typed) is None


def test_in_lists_a_country_stands_where_its_letters_are_looked_for(app):
    quito, suva = City(name="Quito", country="EC"), City(name="Suva", country="FJ")
    with app.test_request_context(), force_locale("fr"):
        assert (quito.country_name, suva.country_name) == ("Équateur", "Fidji")
        assert quito.place_in_lists < suva.place_in_lists


def test_a_city_by_its_exact_name(app):
    assert members.city_by_name("MEDELLIN").name == "Medellín"
    assert members.city_by_name("Medel") is None
    assert members.city_by_name("Surat", "FI") is None
    assert members.city_by_name("Surat", "IN").country_name in ("India", "IN")
    assert members.get_city("surat").id == 1255364
    with pytest.raises(NotFound):
        members.get_city("nowhere")


@pytest.mark.parametrize("typed", ["القاهرة", "القاهره", "مدينه القاهرة", "مدينة القاهره"])
def test_a_city_is_found_however_the_ends_of_arabic_words_are_typed(app, typed):
    names = ["القاهرة", "مدينة القاهرة", "مدينه القاهره"]
    actions.load_cities(SYSTEM, [(360630, "Cairo", "EG", 30.06, 31.25, 9_606_916, names)])
    assert members.city_by_name(typed).name == "Cairo"
    assert members.city_by_name(typed, "EG").name == "Cairo"
    for found in (members.city_choices, members.city_choices_by_name):
        assert [member.city.name for member in found(typed)] == ["Cairo"]
    assert members.city_choices("القاهره")[0].also == "القاهرة"


def test_cities_and_organisations_with_members_are_counted(app, people):
    organisation = actions.write_organisation(SYSTEM, OrganisationText("City of Nairobi", "city"))
    for member in (people.ana, people.ben):
        city = members.city_by_name("Nairobi").id
        actions.edit_profile(
            member, Profile(member.name, "", organisation.id, city, "en", ("en", "sw"))
        )
    cities = {city.name: number for city, number in members.cities_with_members(VISITOR)}
    assert (cities["Nairobi"], cities.get("Medellín")) == (2, None)
    assert [(listed.name, n) for listed, n in members.organisations_with_members(VISITOR)] == [
        ("City of Nairobi", 2)
    ]
    known = [(organisation.id, organisation.slug, "City of Nairobi")]
    assert members.names_of_organisations(VISITOR) == known
    assert ("sw", "Kiswahili") in members.languages_of_members(VISITOR)
    homes = members.home_cities(VISITOR)
    assert {home.name: home.label for home in homes}["Nairobi"] in ("Nairobi, Kenya", "Nairobi, KE")
    assert sorted(cities) == [home.name for home in homes]
    assert members.number_in_city(VISITOR, city) == 2
    assert members.number_in_organisation(VISITOR, organisation.id) == 2
    here = members.members_of_organisation(VISITOR, organisation.id)
    assert [member.name for member in here] == ["Ana Prado", "Ben Okoth"]
    assert len(members.members_of_city(VISITOR, city)) == 2


def test_the_cities_of_the_map_follow_each_deed(app, people):
    """They are cached until an action changes them."""

    def names(reader=VISITOR):
        return {city.name for city in members.home_cities(reader)}

    assert "Surat" in names() and "Athens" not in names()
    athens = members.city_by_name("Athens").id
    chitra = people.chitra
    actions.edit_profile(chitra, Profile("Chitra Desai", city_id=athens))
    assert "Athens" in names() and "Surat" not in names()
    decide(people.moderator, "member", chitra.id, "hide", Reasons("It broke a rule.", 2))
    chitra = members.get_member(SYSTEM, "chitra-desai")
    assert "Athens" not in names() | names(people.ana)
    assert "Athens" in names(chitra) & names(people.moderator)
    decide(people.moderator, "member", chitra.id, "restore")
    assert "Athens" in names()
    actions.depart(SYSTEM, chitra.id)
    assert "Athens" not in names() | names(people.moderator)


def test_members_are_found_by_the_beginnings_of_words(app, people):
    actions.edit_profile(
        people.chitra, Profile("Chitra Desai", "Água and drains", helps_with="Flood maps")
    )
    for words in (
        "chi",
        "des chi",
        "AGUA",
        "map flo",
        "drai",
        "@chitra-desai",
        "@Chitra",
        "@chi drai",
    ):
        assert [m.name for m in page_of(members.members_matching(VISITOR, words), 1, 9).items] == [
            "Chitra Desai"
        ]
    for words in ("hitra", "chi prado", "%", "_", "", "\x00", "'", "@", "@desai", "@%", "@_"):
        assert page_of(members.members_matching(VISITOR, words), 1, 9).total == 0


@pytest.mark.parametrize(
    "typed",
    [
        "{},",
        "{}.",
        "({})",
        "“{}”",
        "'{}'",
        "{} –",
        "- {}",
        "{}; {}",
        "{}、",
        "«\u00a0{}\u00a0»",
        "{}؟",
        "{}！",
    ],
)
def test_signs_around_typed_words_change_nothing(app, people, typed):
    cairo = (360630, "Cairo", "EG", 30.06, 31.25, 9_606_916, ["القاهرة"])
    actions.load_cities(SYSTEM, [cairo])
    hall = actions.write_organisation(SYSTEM, OrganisationText("Old Port Hall", "city"))
    actions.edit_profile(people.ben, Profile("Ben Okoth", "Quay-keeper, (piers)", hall.id, 360630))

    def named(words):
        wanted = DirectoryFilter(words=typed.replace("{}", words))
        return [member.name for member in members.directory(VISITOR, wanted).items]

    for words in ("okoth", "quay-keeper", "@ben-okoth", "port", "Cairo", "القاهرة", "port okoth"):
        assert named(words) == ["Ben Okoth"], words
    assert named("") == [] and named("hall of nothing") == []
    written = typed.replace("{}", "Ben Okoth")
    assert [member.name for member in members.members_to_suggest(people.ana, written)] == [
        "Ben Okoth"
    ]
    email = typed.replace("{}", people.ben.email)
    assert [
        member.name for member in members.administered_members(people.administrator, email).items
    ] == ["Ben Okoth"]


@pytest.mark.parametrize("position", ["(urban planner)", "“Urban” planner", "Kerbs – *urban*"])
def test_signs_around_written_words_change_nothing(app, people, position):
    actions.edit_profile(people.ben, Profile("Ben «Quay» Okoth", position))
    for words in ("urban", "quay", "(urban", "okoth"):
        found = members.directory(VISITOR, DirectoryFilter(words=words)).items
        assert [member.name for member in found] == ["Ben «Quay» Okoth"], words
    assert members.members_to_suggest(people.ana, "urban") == [people.ben]
    assert members.members_called(VISITOR, "Ben «Quay» Okoth") == [people.ben]
    assert members.members_called(VISITOR, "«»") == []


def test_a_city_is_found_without_the_sign_at_the_beginning_of_its_name(app, people):
    actions.load_cities(SYSTEM, [(78754, "‘Amrān", "YE", 15.66, 43.94, 90_792, ["عمران"])])
    for typed in ("Amran", "‘Amran", "عمران"):
        assert [city.name for city in members.cities_by_prefix(typed)] == ["‘Amrān"]


@pytest.mark.parametrize(
    "typed",
    ["cairo,", "Cairo.", "“Cairo”", "Cairo, EG", "Cairo, Egypt.", "القاهرة، EG", "Cairo; Egypt"],
)
def test_a_city_is_found_with_signs_after_its_name(app, people, typed):
    actions.load_cities(SYSTEM, [(360630, "Cairo", "EG", 30.06, 31.25, 9_606_916, ["القاهرة"])])
    assert [city.name for city in members.cities_by_prefix(typed)] == ["Cairo"]
    assert [city.name for city in members.cities_by_name(typed)] == ["Cairo"]


@pytest.mark.parametrize(
    "typed",
    ["Cairo, Egypt", "cairo egypt", "القاهرة، Egypt", "Egypt", "EGYPT,", "Cai, eg", "Egypte"],
)
def test_home_cities_are_found_with_their_country_and_by_it(app, people, typed):
    actions.load_cities(SYSTEM, [(360630, "Cairo", "EG", 30.06, 31.25, 9_606_916, ["القاهرة"])])
    actions.edit_profile(people.ben, Profile("Ben Okoth", "", city_id=360630))
    found = [city.name for city in members.home_cities_by_prefix(VISITOR, typed)]
    assert found == ([] if typed == "Egypte" else ["Cairo"])
    with app.test_request_context(), force_locale("fr"):
        assert [city.name for city in members.home_cities_by_prefix(VISITOR, "Égypte")] == ["Cairo"]


def test_another_country_finds_no_home_city_of_a_name(app, people):
    actions.edit_profile(
        people.ben, Profile("Ben Okoth", "", city_id=members.city_by_name("Nairobi").id)
    )
    for typed in ("Nairobi, Peru", "nairobi peru", "nairobi ke", "USA", "Nairobi, USA"):
        assert members.home_cities_by_prefix(VISITOR, typed) == [], typed
    assert [city.name for city in members.home_cities_by_prefix(VISITOR, "nairobi kenya")] == [
        "Nairobi"
    ]


@pytest.mark.parametrize("typed", ["Frankfurt (Oder)", "frankfurt (oder),", "“Frankfurt (Oder)”"])
def test_brackets_in_the_name_of_a_city_are_no_signs_around_it(app, people, typed):
    actions.load_cities(SYSTEM, [(2925533, "Frankfurt (Oder)", "DE", 52.35, 14.55, 61_969, [])])
    actions.edit_profile(people.ben, Profile("Ben Okoth", "", city_id=2925533))
    found = members.directory(VISITOR, DirectoryFilter(words=typed)).items
    assert [member.name for member in found] == ["Ben Okoth"]
    assert members.city_by_name(typed.strip(",")).id == 2925533


def test_what_a_city_or_an_organisation_is_finds_nobody_by_itself(app, people):
    council = actions.write_organisation(SYSTEM, OrganisationText("Nairobi City Council", "city"))
    nairobi = members.city_by_name("Nairobi").id
    actions.edit_profile(people.ben, Profile("Ben Okoth", "Planner", council.id, nairobi))
    actions.edit_profile(people.chitra, Profile("Chitra Desai", "Lecturer in city finance"))

    def found(words):
        return {m.name for m in page_of(members.members_matching(VISITOR, words), 1, 9).items}

    assert found("city") == found("CITY of") | {"Chitra Desai"} == {"Chitra Desai"}
    for words in (
        "council",
        "city council",
        "City, (council)",
        "municipality",
        "of",
        "council of the city",
    ):
        assert found(words) == set()
    for words in ("nairobi", "nairobi city", "nairobi city council", "city nairobi", "planner"):
        assert found(words) == {"Ben Okoth"}
    assert found("city finance") == {"Chitra Desai"}
    some = members.members_matching_some(VISITOR, ["city", "trams"], 9)
    assert [m.name for m in some] == ["Chitra Desai"]


@pytest.mark.parametrize("name", ["City Council", "Ministry", "Council of the City", "Mairie"])
def test_an_organisation_is_found_by_a_name_that_only_says_what_it_is(app, people, name):
    named = actions.write_organisation(SYSTEM, OrganisationText(name, "city"))
    actions.edit_profile(people.ben, Profile("Ben Okoth", "Planner", named.id))
    actions.edit_profile(people.chitra, Profile("Chitra Desai", f"Lecturer, {name}"))

    def found(words):
        return {m.name for m in page_of(members.members_matching(VISITOR, words), 1, 9).items}

    assert found(name) == found(f"  {name.upper()} ") == {"Ben Okoth", "Chitra Desai"}
    assert "Ben Okoth" in found(f"{name},")
    assert found(f"okoth {name.split()[0]}") == {"Ben Okoth"} and not found(f"city {name} office")
    if len(name.split()) > 1:
        assert found("city") == found("council") == {"Chitra Desai"}


@pytest.mark.parametrize("typed", ["فاطمة", "فاطمه", "هدى", "هدي", "القاهره", "فاطمه القاهرة"])
def test_members_are_found_however_the_ends_of_arabic_words_are_typed(app, people, typed):
    rows = [(360630, "Cairo", "EG", 30.06, 31.25, 9_606_916, ["القاهرة"])]
    actions.load_cities(SYSTEM, rows)
    actions.edit_profile(people.chitra, Profile("فاطمة هدى", "", city_id=360630))
    assert page_of(members.members_matching(VISITOR, typed), 1, 9).total == 1
    here = members.home_cities_by_prefix(VISITOR, "القاهره")
    assert [city.name for city in here] == ["Cairo"]


def test_the_directory_is_narrowed(app, people):
    nairobi = members.city_by_name("Nairobi")
    actions.edit_profile(people.ben, Profile("Ben Okoth", "", None, nairobi.id, "sw", ("sw", "en")))

    def named(**wanted):
        return [
            member.name for member in members.directory(VISITOR, DirectoryFilter(**wanted)).items
        ]

    assert len(named()) == 6
    assert named(city_id=nairobi.id) == named(language="sw") == ["Ben Okoth"]
    assert named(words="ana", city_id=nairobi.id) == []
    assert named(organisation_id=5) == []
    hidden_in_a_room_above = members.visible_members(VISITOR).with_only_columns(Member.id)
    assert len(named(ids=hidden_in_a_room_above)) == 6


def test_the_directory_takes_as_many_statements_however_long_it_is(app, people, queries):
    db.session.expunge_all()
    with queries() as made:
        page = members.directory(VISITOR, DirectoryFilter())
        assert [member.city.name and member.languages[0].language for member in page.items]
    assert made.count == 3


def test_a_profile_takes_two_statements(app, people, queries):
    db.session.expunge_all()
    with queries() as made:
        member = members.get_member(VISITOR, "ana-prado")
        assert member.city.name and member.languages and member.organisation is None
    assert made.count == 2


def test_a_session_takes_one_statement(app, people, queries):
    token = actions.sign_in(people.ana)
    db.session.expunge_all()
    with queries() as made:
        found = members.session_by_token(token)
        assert found.member.city.name
    assert made.count == 1
    with pytest.raises(DetachedInstanceError):  # relationships that were not loaded raise
        assert found.member.languages


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "ä" * 9_999])
def test_a_made_up_token_finds_nobody(app, token):
    assert members.session_by_token(token) is None


def test_restricted_look_ups_are_guarded(app, people):
    for reader in (VISITOR, people.ana, people.host):
        with pytest.raises(Forbidden):
            members.organisations_to_curate(reader)
        with pytest.raises(Forbidden):
            members.organisation_to_curate(reader, "x")
    for reader in (VISITOR, people.ana, people.moderator):
        with pytest.raises(Forbidden):
            members.administered_members(reader, "")
        with pytest.raises(Forbidden):
            members.administered_member(reader, "ana-prado")
    with pytest.raises(Forbidden):
        members.my_profile(VISITOR)


def test_administrators_find_people_by_name_and_address(app, people):
    for words in ("prado", "PRAD ana@example", "ana-prado"):
        found = members.administered_members(people.administrator, words).items
        assert [member.handle for member in found] == ["ana-prado"]


def test_administrators_see_who_joined_lately_and_who_is_restricted(app, people):
    def handles(group):
        found = members.administered_members(people.administrator, "", group=group).items
        return [member.handle for member in found]

    with at(now() + timedelta(days=1)):
        actions.join(VISITOR, Joining("Zora Abel", "zora@example.org", "no hash"))
    assert handles("lately")[0] == "zora-abel" and handles("")[-1] == "zora-abel"
    assert sorted(handles("lately")) == sorted(handles(""))
    assert handles("restricted") == []
    soon = now() + timedelta(hours=1)
    actions.suspend(people.moderator, people.ben.id, soon)
    actions.silence(people.moderator, people.ana.id, soon)
    assert handles("restricted") == ["ana-prado", "ben-okoth"]
    with at(soon + timedelta(minutes=1)):
        assert handles("restricted") == []


def test_handles_come_back_in_the_order_asked_for(app, people):
    found = members.members_by_handle(["chitra-desai", "nobody", "ana-prado", "ana-prado"])
    assert [member.handle for member in found] == ["chitra-desai", "ana-prado"]


def test_languages_have_their_own_names():
    known = dict(members.languages())
    assert known["ka"] == "ქართული" and known["fr"] == "Français"
    assert (known["fr"], known["fi"], known["ar"], known["ja"]) == (
        "Français",
        "Suomi",
        "العربية",
        "日本語",
    )
    for code, name in members.language_names().items():
        told = str(Locale.parse(code).get_display_name())
        assert name == told[0].title() + told[1:]


def test_only_who_is_called_so_is_read(app, people):
    """A forum may have thousands of them, and a single word may come from anybody."""
    names = ("Ana Prado Lima", "Ana", "Anabel Prado", "Straße " * 11 + "Ana")
    for number, name in enumerate(names):
        actions.add_member(SYSTEM, Joining(name, f"ana-{number}@example.org", "-"), "member")
    db.session.expunge_all()
    read: list[str] = []

    def note(member: Member, _context: object) -> None:
        read.append(member.name)

    event.listen(Member, "load", note)
    try:
        assert [member.name for member in members.members_called(VISITOR, "Ána")] == ["Ana"]
    finally:
        event.remove(Member, "load", note)
    assert read == ["Ana"]
    for name in names:
        assert [member.name for member in members.members_called(VISITOR, name)] == [name]
