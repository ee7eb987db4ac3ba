"""Loading people files: organisations and members; a file is loaded completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from forum.agendas import actions as agendas
from forum.clock import at
from forum.deeds import action
from forum.markup import write
from forum.members import actions as members
from forum.members.models import City
from forum.members.queries import lock_voices, members_by_any_handle
from forum.permissions import Person
from forum.transfer.actions._checks_of_people_files import (
    check_people,
    handles_of,
    handles_of_voices,
)
from forum.transfer.actions._loading import faults_at, noon
from forum.transfer.models import PeopleFile, Values, usual_language
from forum.transfer.queries import organisation_ids

UNDELIVERABLE_DOMAIN = "members.invalid"  # reserved by RFC 2606, so that no mail ever arrives there
NO_ADDRESS = "This account came from an export, which holds no addresses."
_Voice = tuple[str, datetime | None, str, date | None]  # as read by `_values.voice`


@action
def load_people(system: Person, file: PeopleFile, password_hashes: Mapping[str, str]) -> None:
    """Create the organisations and members of a people file. Raises `FaultyFileError`; then nothing is created.

    `password_hashes` are those of the members who can sign in, by handle; `""` has the one for all others.
    """
    _load_people(system, file, check_people(file), password_hashes, "example.org")


@action
def import_people(system: Person, file: PeopleFile, password_hash: str) -> None:
    """Create the organisations and members in the people file of an export.

    It contains no e-mail addresses: members can sign in, and get mail, once an address is entered. A member with an
    existing (present or former) handle, such as the first administrator, keeps that account, to which their other
    handles then lead. Roles are refused, because somebody who has edited the files could otherwise become
    administrator.
    """
    cities = check_people(file, takes_roles=False)
    known = members_by_any_handle(
        handle for values in file.members for handle in handles_of(values)
    )
    new = [values for values in file.members if known.keys().isdisjoint(handles_of(values))]
    _load_people(
        system, replace(file, members=new), cities, {"": password_hash}, UNDELIVERABLE_DOMAIN
    )
    for values in file.members:
        account = next((known[handle] for handle in handles_of(values) if handle in known), None)
        if account:
            others = [handle for handle in handles_of(values) if handle != account.handle]
            with faults_at(values, "earlier_handles"):
                members.keep_earlier_handles(system, account.id, others)
    for member in members_by_any_handle(values["handle"] for values in new).values():
        members.pause_mail(system, member.id, member.email, NO_ADDRESS)


@action
def import_voices(system: Person, file: PeopleFile) -> None:
    """Store the voices of the organisations in an export, and the record of them.

    It comes after all texts, because some were written for an organisation by former voices.
    """
    check_people(file, takes_roles=False)
    ids, people = organisation_ids(), members_by_any_handle(handles_of_voices(file))
    lock_voices(ids[values["slug"]] for values in file.organisations)

    def kept(told: _Voice, *ended: Any) -> members.KeptMandate:
        handle, since, named_by, last_day = told
        by = people[named_by].id if named_by else None
        return members.KeptMandate(people[handle].id, since, by, last_day, *ended)

    for values in file.organisations:
        former = [kept(told, at, why) for at, why, told in values["has_written_for_it"]]
        present = [kept(told) for told in values["writes_for_it"]]
        if former or present or "names_who_writes_for_it" in values:
            members.load_voices(
                system,
                ids[values["slug"]],
                [*former, *present],
                names_voices=values.get("names_who_writes_for_it", False),
            )


def _load_people(
    system: Person,
    file: PeopleFile,
    cities: Mapping[str, City],
    password_hashes: Mapping[str, str],
    host: str,
) -> None:
    for values in file.organisations:
        with faults_at(values):
            members.write_organisation(system, _organisation_text(values, cities))
    ids = organisation_ids()
    for values in file.members:
        hashed = password_hashes.get(values["handle"], password_hashes[""])
        with faults_at(values), at(noon(values.get("joined_on"))):
            values["email"] = f"{values['handle']}@{host}"
            values["picture"] = file.portraits.get(values.get("portrait", ""))
            _join(system, values, hashed, ids, cities)
    _name_representatives(system, file, ids, cities)


def _organisation_text(values: Values, cities: Mapping[str, City]) -> members.OrganisationText:
    city = cities.get(values.get("city", ""))
    return members.OrganisationText(
        name=values["title"],
        kind=values["kind"],
        city_id=city.id if city else None,
        seats=values.get("seats"),
        website=values.get("website", ""),
        about=values["text"],
        slug=values["slug"],
    )


def _join(
    system: Person,
    values: Values,
    password_hash: str,
    organisations: Mapping[str, int],
    cities: Mapping[str, City],
) -> None:
    city = cities.get(values.get("city", ""))
    languages = tuple(values.get("languages", ["en"]))
    language = values.get("language") or usual_language(languages)
    place = {
        "position": values.get("position", ""),
        "organisation_id": organisations.get(values.get("organisation", "")),
        "city_id": city.id if city else None,
        "language": language,
        "languages": languages,
    }
    joining = members.Joining(
        name=values["title"],
        email=values["email"],
        password_hash=password_hash,
        handle=values["handle"],
        is_official=True,  # these names were checked in the other forum
        **place,
    )
    member = members.join(system, joining)
    about = write(values["text"], language, has_pictures=False) if values["text"] else None
    helps_with = values.get("can_help_with", "")
    said = {"helps_with": helps_with, "about": about, "portrait": values["picture"]}
    members.edit_profile(member, members.Profile(name=member.name, **said, **place))
    themes = agendas.ensure_themes(system, values.get("helps_with", ()))
    agendas.set_member_themes(member, [theme.id for theme in themes])
    with faults_at(values, "earlier_handles"):
        members.keep_earlier_handles(system, member.id, values.get("earlier_handles", ()))
    if "role" in values:
        members.appoint(system, member.handle, values["role"])


def _name_representatives(
    system: Person, file: PeopleFile, ids: Mapping[str, int], cities: Mapping[str, City]
) -> None:
    people = members_by_any_handle(
        values.get("representative", "") for values in file.organisations
    )
    for values in file.organisations:
        if representative := people.get(values.get("representative", "")):
            text = _organisation_text(values, cities)
            named = {**vars(text), "representative_id": representative.id}
            members.write_organisation(
                system, members.OrganisationText(**named), ids[values["slug"]]
            )
