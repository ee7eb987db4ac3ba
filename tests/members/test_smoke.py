from forum.db import db
from forum.members import actions, queries
from forum.permissions import SYSTEM, VISITOR

def test_smoke(app):
    m = actions.join(VISITOR, actions.Joining("Søren Łukasz", "S@X.dk", "h", city_id=2618425, position="Planner", languages=("da","en")))
    assert m.handle == "soren-lukasz"
    token = actions.sign_in(m, "x")
    s = queries.session_of(token)
    assert s.member.city.name == "Copenhagen" and s.member.organisation is None
    actions.appoint(SYSTEM, m.handle, "administrator")
    o = actions.write_organisation(m, actions.OrganisationText("City of X", "city", 2618425))
    o = actions.write_organisation(m, actions.OrganisationText("City of Y", "city", 2618425), o.id)
    actions.edit_profile(m, actions.Profile("Søren", city_id=2618425, organisation_id=o.id, languages=("da",), helps_with="Water squares"))
    assert [c.name for c in queries.cities_named("東")] == ["Tokyo"]
    assert queries.city_by_name("medellin", "CO").slug == "medellin"
    assert queries.cities_with_members(VISITOR)[0][1] == 1
    assert queries.organisations_with_members(VISITOR)[0][1] == 1
    assert queries.directory(VISITOR, queries.DirectoryFilter(words="squ wat", language="da", country="DK")).total == 1
    assert db.session.scalars(queries.members_named(VISITOR, "sor")).one().city.label
    assert queries.languages_of_members(VISITOR)
    assert queries.get_organisation(o.slug).city
