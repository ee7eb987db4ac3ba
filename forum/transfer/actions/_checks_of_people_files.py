"""Checking a people file: all faults that can be found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forum.members.models import City
from forum.members.queries import members_by_any_handle
from forum.transfer.actions._loading import Loading
from forum.transfer.models import FaultyFileError, PeopleFile, Values
from forum.transfer.queries import cities_by_label

NO_ROLES = "an import gives no roles; take this line out, and use `flask members role` afterwards"


def handles_of_voices(file: PeopleFile) -> Iterator[str]:
    """The handles of present and former voices, and of those who named them."""
    for values in file.organisations:
        told = [*values["writes_for_it"], *(entry[-1] for entry in values["has_written_for_it"])]
        for handle, _since, named_by, _last_day in told:
            yield from filter(None, (handle, named_by))


def handles_of(values: Values) -> Sequence[str]:
    """All handles of a member in a file, the present one first."""
    return values["handle"], *values.get("earlier_handles", ())


def check_people(file: PeopleFile, *, takes_roles: bool = True) -> Mapping[str, City]:
    """The cities in a file. Raises `FaultyFileError` with all faults found before anything is written."""
    if file.faults:
        raise FaultyFileError(file.faults)
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
    told = {handle: values for values in file.members for handle in handles_of(values)}
    there = told.keys() | members_by_any_handle(handles_of_voices(file)).keys()
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
