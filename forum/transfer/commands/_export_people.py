"""The file of organisations and members in an export."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter

from forum.members.queries import folded_and_sort_key
from forum.transfer import queries
from forum.transfer.commands._export import Export
from forum.transfer.forms import PEOPLE

MEMBERS_AT_ONCE = 100  # that are read at once
SORT_KEY = itemgetter(0)


def write_people(export: Export) -> None:
    """Write the organisations and all members, sorted by name, including those known only by name.

    Only when everything else is written is it known who these are.
    """
    writer, people = export.writer, export.writer.people
    organisations = queries.organisations_to_write()
    export.name_cities(organisation.city for organisation in organisations)
    mandates = queries.mandates_to_write([organisation.id for organisation in organisations])
    with export.file(PEOPLE) as file:
        file.write("# Organisations\n\n")
        for organisation in organisations:
            known = mandates.get(organisation.id, [])
            file.write(
                writer.organisation(organisation, known, is_for_members=export.reader.is_member)
            )
        file.write("# Members\n\n")
        gone = (
            (folded_and_sort_key(person.name)[1], writer.former_member(person))
            for person in people.without_page()
        )
        entries = merge(_members(export), sorted(gone, key=SORT_KEY), key=SORT_KEY)
        file.writelines(words for _key, words in entries)
        # Members who left the forum after the first of their posts was written
        file.writelines(map(writer.former_member, people.not_written()))
    export.counts["organisations"] += len(organisations)


def _members(export: Export) -> Iterator[tuple[str, str]]:
    """The sort key and the section of each member, by name."""
    for members_here in queries.members_to_write(export.reader, MEMBERS_AT_ONCE):
        export.name_cities(member.city for member in members_here)
        ids = [member.id for member in members_here]
        themes, earlier = queries.themes_of_members(ids), queries.handles_before(ids)
        shown = [member.id for member in members_here if member.portrait]
        export.show_portraits(list(filter(export.writer.people.is_to_write, shown)))
        for member in members_here:
            if export.writer.people.is_to_write(member.id):
                words = themes.get(member.id, []), earlier.get(member.id, [])
                yield member.sort_key, export.writer.member(member, *words)
                export.counts["members"] += 1
