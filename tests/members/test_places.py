"""Organisations and cities."""

from __future__ import annotations

import pytest

from forum.db import db
from forum.errors import Forbidden, Invalid, NotFound
from forum.history.queries import versions_of
from forum.members import actions, queries
from forum.members.actions import OrganisationText
from forum.members.models import City
from forum.permissions import SYSTEM, VISITOR
from tests.members.conftest import TAMPERE


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
