"""Checking whom an agenda file names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches

from forum.members.queries import all_members
from forum.plaintext import fold
from forum.transfer.actions._foreseen import Foreseen
from forum.transfer.actions._loading import Loading
from forum.transfer.models import AgendaFile, Values

# Fields with handles
NAMING = ("by", "corrected_by", "member", "hosts", "peers", "useful", "same_here")
HANDLE = 5  # the position of the handle in a signature
OUTCOMES_WITHOUT_HANDLE = ("", "not me", "not now")


def nobody_called(handles: Collection[str], foreseen: Foreseen) -> dict[str, str]:
    """What to say of each handle that nobody has: that of the member with this name, or with the nearest handle, is named."""
    if not handles:
        return {}
    members = [*all_members(), *foreseen.people.values()]
    names = {member.handle: fold(member.name) for member in members}
    return {
        written: f"no member has the handle “{written}”{near_miss(_nearest(written, names), 'is one')}"
        for written in handles
    }


def _nearest(written: str, names: Mapping[str, str]) -> list[str]:
    called = [handle for handle, name in names.items() if name == fold(written)]
    longer = [handle for handle in names if handle.startswith(f"{written}-")]
    return called or longer or get_close_matches(written, names, 1)


def near_miss(nearest: Sequence[str], says: str = "is") -> str:
    """The first of the names that were probably meant, in brackets, for a fault; empty if there is none."""
    return f" (“{nearest[0]}” {says})" if nearest else ""


def handles_in(file: AgendaFile) -> Iterator[tuple[str, int]]:
    """Every handle in a file, with its line."""
    for values in all_sections(file):
        yield from values.values_of(*NAMING)
        for entry, line in values.entries("tried", "wants", "report", "asked"):
            yield entry[0], line
    for values in file.declarations:
        for entry, line in values.entries("signature"):
            if handle := entry[HANDLE]:
                yield handle, line
    for values in file.texts:
        for (_words, handles), line in values.entries("poll_option"):
            for handle in handles:
                yield handle, line
    for topic in file.topics:
        for (_handle, _moment, became), line in topic.entries("asked"):
            if became not in OUTCOMES_WITHOUT_HANDLE:
                yield became, line


def check_said_once(file: AgendaFile, loading: Loading) -> None:
    """A member says once what became of something, and until when they want to try it: the last line would count, without a word."""
    for values in all_sections(file):
        for name in ("tried", "wants"):
            above: set[str] = set()
            for (handle, *_rest), line in values.entries(name):
                is_first = handle not in above
                loading.expect(is_first, line, f"{handle} has a line “{name}” above already")
                above.add(handle)


def all_sections(file: AgendaFile) -> Iterator[Values]:
    """Every section of a file that has fields of its own, with its replies and comments."""
    yield from [file.agenda, *file.statements, *file.cases, *file.practices, *file.readings]
    yield from file.declarations
    yield from file.commitments
    yield from file.translations
    yield from file.meetings
    yield from file.texts
    yield from file.pictures


def check_people_named(values: Values, loading: Loading) -> None:
    """Nobody may mark or report their own text, or write for an organisation without belonging to one."""
    author = values.get("by")
    others = [*values.values_of("useful", "same_here")]
    others += [(entry[0], line) for entry, line in values.entries("tried", "wants", "report")]
    for handle, line in others:
        loading.expect(handle != author, line, f"{handle} wrote this, so it is for others to do")
    person, name = loading.people.get(author or ""), "on_behalf_of_organisation"
    is_of_one = not values.get(name) or not person or person.organisation_id is not None
    loading.expect(is_of_one, values.line_of(name), f"{author} belongs to no organisation")
    is_named = not values.get(name) or not person or not is_of_one or person.is_voice_now
    named = f"the organisation of {author} has named others who write for it"
    loading.expect(is_named, values.line_of(name), named)
