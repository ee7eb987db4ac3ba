"""Each field of a profile and of an organisation is in all places that list them, or left out of one for a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from forum.accounts.actions import edit_profile
from forum.columns import Base
from forum.db import db
from forum.errors import Invalid
from forum.markup import write
from forum.members import actions
from forum.members.actions import OrganisationText, Profile, write_organisation
from forum.members.forms import OrganisationForm, ProfileForm
from forum.members.models import (
    PROFILE_FIELDS,
    PROFILE_TEXTS,
    Member,
    Organisation,
)
from forum.members.queries import organisation_fields, profile_fields
from forum.moderation.actions import report
from forum.permissions import SYSTEM
from forum.rights.queries import KINDS, records
from forum.screening.actions import RuleText, make_rule
from tests.members.conftest import TAMPERE

SAID = {name: f"Word{name.title().replace('_', '')}" for name in PROFILE_TEXTS}
# Columns of a member that are no field of a profile: of the account, counted, or made of other columns
OF_NO_FIELD = {
    *("id", "handle", "email", "password_hash", "role", "hosted", "ignored", "locale"),
    *("is_voice", "voice_until", "about_html", "html_version", "folded", "sort_key"),
    *("name_skeleton", "handle_skeleton", "handle_changed_at", "first_handle", "joined_at"),
    *("invited_by_id", "posts_count", "waiting_count", "drafts_count", "mail_paused_at"),
    *("mail_paused_why", "suspended_until", "silenced_until", "reports_suspended_until"),
    *("factor_at", "held_at", "credentials_at", "hidden_at", "terms_due_at", "takes_letters"),
    *("address_generation", "leaving_at", "leaving_how", "left_at"),
}
# Fields that have another name in a form
IN_FORMS = {
    "organisation_id": "organisation",
    "representative_id": "representative",
    "languages": "second_language",
    "portrait": "picture",
}
# Places that leave out a text
WITHOUT = {
    "search": {"about"},  # the list of members finds people by lines alone
}


@pytest.fixture
def ana(people: Any) -> Member:
    """A member who has said something in each field."""
    said = SAID | {"about": write(SAID["about"])}
    edit_profile(people.ana, Profile(city_id=TAMPERE, **said))
    return people.ana


def columns(model: type[Base]) -> set[str]:
    return set(model.__table__.columns.keys())


def names(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind)}


def in_form(kind: type[Any], known: set[str]) -> set[str]:
    """Those of the fields that the form has no field for."""
    return {name for name in known if not hasattr(kind, IN_FORMS.get(name, name))}


def test_a_new_column_of_a_member_is_a_field_of_the_profile_or_no_field() -> None:
    """A column that members fill in goes to `PROFILE_TEXTS` or `PROFILE_FIELDS`, from which most lists are made."""
    assert {*PROFILE_FIELDS, "portrait"} | OF_NO_FIELD == columns(Member)
    assert not {*PROFILE_FIELDS, "portrait"} & OF_NO_FIELD


def test_action_form_and_comparison_take_each_field_of_a_profile(people: Any) -> None:
    taken = names(Profile) - {"drops_portrait"}
    assert taken == {*PROFILE_FIELDS, "languages", "portrait"}
    assert in_form(ProfileForm, names(Profile)) == set()
    compared = profile_fields(people.ana, ["en"]).keys()
    assert compared == taken - {"portrait"}, "the tick beside a picture names it instead"


def test_action_form_and_versions_take_each_field_of_an_organisation(app: Flask) -> None:
    made = write_organisation(SYSTEM, OrganisationText("Ministry of Trams", "institute"))
    taken = names(OrganisationText)
    assert organisation_fields(made).keys() == taken
    set_elsewhere = {"id", "created_at", "names_voices"}
    assert columns(Organisation) - set_elsewhere == taken
    assert in_form(OrganisationForm, taken - {"slug"}) == set(), "its address stays"


@pytest.mark.parametrize("name", PROFILE_TEXTS)
def test_a_rule_reads_each_text_of_a_profile(people: Any, name: str) -> None:
    make_rule(SYSTEM, RuleText("word", SAID[name], "No such words."))
    said: dict[str, Any] = {"name": people.ana.name, name: SAID[name]}
    if name == "about":
        said["about"] = write(SAID[name])
    with pytest.raises(Invalid, match="No such words"):
        edit_profile(people.ana, Profile(**said))


@pytest.mark.parametrize("name", PROFILE_TEXTS)
def test_a_decision_compares_each_text_of_a_profile(ana: Member, name: str) -> None:
    seen = ana.fingerprint
    setattr(ana, name, "Other")
    assert ana.fingerprint != seen


def whole_export(app: Flask, folder: Path) -> str:
    actions.found_federation(SYSTEM, "Interurban")
    done = app.test_cli_runner().invoke(args=["export", str(folder)])
    assert done.exit_code == 0, done.output
    return (folder / "people.md").read_text()


def everything_about(member: Member) -> str:
    (kind,) = (kind for kind in KINDS if kind.name == "profile")
    return str(list(records(db.session.get_one(Member, member.id), kind)))


def test_pages_and_files_have_each_text_of_a_profile(
    app: Flask, client: Any, sign_in: Callable[..., Any], people: Any, ana: Member, tmp_path: Path
) -> None:
    report(people.ben, "member", ana.id, "rules")
    places = {
        "profile": client.get(f"/members/{ana.handle}").text,
        "queue": sign_in(people.moderator).get("/moderation").text,
        "settings": sign_in(ana).get("/settings").text,
        "export": whole_export(app, tmp_path / "out"),
        "everything": everything_about(ana),
        "search": db.session.get_one(Member, ana.id).folded,
    }
    missing = {
        place: {name for name in PROFILE_TEXTS if SAID[name].casefold() not in text.casefold()}
        for place, text in places.items()
    }
    assert missing == {place: WITHOUT.get(place, set()) for place in places}


@pytest.mark.parametrize("name", PROFILE_TEXTS)
def test_nothing_of_a_profile_stays_of_who_has_left(ana: Member, name: str) -> None:
    actions.leave(ana, ana.id, "nameless")
    actions.depart(SYSTEM, ana.id)
    member = db.session.get_one(Member, ana.id, populate_existing=True)
    assert SAID[name].casefold() not in str(vars(member)).casefold()
