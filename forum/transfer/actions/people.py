"""Loading people files: organisations and members; a file is loaded completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from forum.agendas import actions as agendas
from forum.clock import at
from forum.deeds import action
from forum.markup import write
from forum.members import actions as members
from forum.members.models import City
from forum.members.queries import members_by_any_handle
from forum.permissions import Person
from forum.transfer.actions._loading import Loading, faults_at, noon
from forum.transfer.models import FaultyFileError, PeopleFile, Values
from forum.transfer.queries import cities_by_label, organisation_ids

UNDELIVERABLE_DOMAIN = "members.invalid"  # reserved by RFC 2606, so that no mail ever arrives there
NO_ADDRESS = "This account came from an export, which holds no addresses."
_Voice = tuple[str, datetime | None, str, date | None]  # as read by `_values.voice`
NO_ROLES = "an import gives no roles; take this line out, and use `flask members role` afterwards"


@action
def load_people(system: Person, file: PeopleFile, password_hashes: Mapping[str, str]) -> None:
    """Create the organisations and members of a people file. Raises `FaultyFileError`; then nothing is created.

    `password_hashes` are those of the members who can sign in, by handle; `""` has the one for all others.
    """
    _load_people(system, file, _check_people(file), password_hashes, "example.org")


@action
def import_people(system: Person, file: PeopleFile, password_hash: str) -> None:
    """Create the organisations and members in the people file of an export.

    It contains no e-mail addresses: members can sign in, and get mail, once an address is entered. A member with an
    existing (present or former) handle, such as the first administrator, keeps that account, to which their other
    handles then lead. Roles are refused, because somebody who has edited the files could otherwise become
    administrator.
    """
    cities = _check_people(file, takes_roles=False)
    known = members_by_any_handle(
        handle for values in file.members for handle in _handles_of(values)
    )
    new = [values for values in file.members if known.keys().isdisjoint(_handles_of(values))]
    _load_people(
        system, replace(file, members=new), cities, {"": password_hash}, UNDELIVERABLE_DOMAIN
    )
    for values in file.members:
        account = next((known[handle] for handle in _handles_of(values) if handle in known), None)
        if account:
            others = [handle for handle in _handles_of(values) if handle != account.handle]
            with faults_at(values, "earlier_handles"):
                members.keep_earlier_handles(system, account.id, others)
    for member in members_by_any_handle(values["handle"] for values in new).values():
        members.pause_mail(system, member.id, member.email, NO_ADDRESS)


@action
def import_voices(system: Person, file: PeopleFile) -> None:
    """Store the voices of the organisations in an export, and the record of them.

    It comes after all texts, because some were written for an organisation by former voices.
    """
    _check_people(file, takes_roles=False)
    ids, people = organisation_ids(), members_by_any_handle(_handles_of_voices(file))

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


def _handles_of_voices(file: PeopleFile) -> Iterator[str]:
    """The handles of present and former voices, and of those who named them."""
    for values in file.organisations:
        told = [*values["writes_for_it"], *(entry[-1] for entry in values["has_written_for_it"])]
        for handle, _since, named_by, _last_day in told:
            yield from filter(None, (handle, named_by))


def _handles_of(values: Values) -> Sequence[str]:
    """All handles of a member in a file, the present one first."""
    return values["handle"], *values.get("earlier_handles", ())


def _check_people(file: PeopleFile, *, takes_roles: bool = True) -> Mapping[str, City]:
    """The cities in a file. Raises `FaultyFileError` with all faults found before anything is written."""
    everything = [*file.organisations, *file.members]
    cities = cities_by_label(values["city"] for values in everything if "city" in values)
    slugs = {values.get("slug") for values in file.organisations}
    handles = {values.get("handle") for values in file.members}
    handles |= set(
        members_by_any_handle(values.get("representative", "") for values in file.organisations)
    )
    loading = Loading({}, cities)
    for values in everything:
        for name, existing, nothing in (
            ("city", cities, "no city is called"),
            ("organisation", slugs, "no organisation has the slug"),
            ("representative", handles, "no member has the handle"),
        ):
            for named, line in values.values_of(name):
                loading.expect(named in existing, line, f"{nothing} “{named}”")
        is_refused = "role" in values and not takes_roles
        loading.expect(not is_refused, values.line_of("role"), NO_ROLES)
    _check_unique(file.members, "handle", loading)
    _check_unique(file.organisations, "slug", loading)
    _check_earlier_handles(file, loading)
    _check_voices(file, loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return cities


def _check_unique(sections: Sequence[Values], name: str, loading: Loading) -> None:
    """No two sections may have the same value of a field by which others refer to them."""
    first: dict[str, Values] = {}
    for values in sections:
        known = first.setdefault(values[name], values)
        message = f"{name}: “{known['title']}” above has “{values[name]}” already"
        loading.expect(known is values, values.line_of(name), message)


def _check_earlier_handles(file: PeopleFile, loading: Loading) -> None:
    """Nobody may have a handle that is, or was, somebody else's."""
    owners = {values["handle"]: values for values in file.members}
    for values in file.members:
        for handle, line in values.values_of("earlier_handles"):
            owner = owners.setdefault(handle, values)
            message = f"earlier handles: “{handle}” is of “{owner['title']}”"
            loading.expect(owner is values, line, message)


def _check_voices(file: PeopleFile, loading: Loading) -> None:
    """Present and former voices must exist; present ones must belong to the organisation, and be named once."""
    told = {handle: values for values in file.members for handle in _handles_of(values)}
    there = told.keys() | members_by_any_handle(_handles_of_voices(file)).keys()
    for values in file.organisations:
        named: set[str] = set()
        entries = [(entry, True, line) for entry, line in values.entries("writes_for_it")]
        former = values.entries("has_written_for_it")
        entries += [(entry[-1], False, line) for entry, line in former]
        for (handle, _since, named_by, _last_day), is_now, line in entries:
            for member_handle in filter(None, (handle, named_by)):
                loading.expect(
                    member_handle in there, line, f"no member has the handle “{member_handle}”"
                )
            if not is_now:
                continue
            loading.expect(handle not in named, line, f"{handle} is named twice")
            named.add(handle)
            belongs_to = told.get(handle, values).get("organisation", values["slug"])
            is_theirs = belongs_to == values["slug"]
            loading.expect(is_theirs, line, f"{handle} belongs to another organisation")
        is_said = not named or values.get("names_who_writes_for_it")
        line = values.line_of("writes_for_it")
        loading.expect(is_said, line, "write the field “- names who writes for it: yes”, too")


def _load_people(
    system: Person,
    file: PeopleFile,
    cities: Mapping[str, City],
    password_hashes: Mapping[str, str],
    host: str,
) -> None:
    for values in file.organisations:
        members.write_organisation(system, _organisation_text(values, cities))
    ids = organisation_ids()
    for values in file.members:
        hashed = password_hashes.get(values["handle"], password_hashes[""])
        with at(noon(values.get("joined_on"))):
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
    place = {
        "position": values.get("position", ""),
        "organisation_id": organisations.get(values.get("organisation", "")),
        "city_id": city.id if city else None,
        "language": languages[0] if len(languages) == 1 else "en",
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
    about = write(values["text"], has_pictures=False) if values["text"] else None
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
