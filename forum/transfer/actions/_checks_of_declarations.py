"""Checking the declarations and commitments of an agenda file."""

from __future__ import annotations

from difflib import get_close_matches

from forum.commitments.actions import MAX_MILESTONES
from forum.declarations.models import digest_of
from forum.transfer.actions._checks_of_library import check_original
from forum.transfer.actions._checks_of_people import near_miss
from forum.transfer.actions._loading import Loading
from forum.transfer.models import AgendaFile, Originals, Values
from forum.transfer.queries import declarations_titled, organisations_by_slug

COURSE = ("opened_on", "frozen_on", "adopted_on", "withdrawn_on")


def check_declarations(file: AgendaFile, loading: Loading) -> None:
    """The times of each must be in order, its text be the signed one, and each organisation have signed it only once."""
    slugs = {
        entry[0]
        for declaration in file.declarations
        for entry, _line in declaration.entries("signature")
    }
    slugs |= {
        commitment["organisation"]
        for commitment in file.commitments
        if "organisation" in commitment
    }
    foreseen = loading.foreseen.organisations
    loading.organisations = {slug: foreseen[slug] for slug in slugs & foreseen.keys()} | {
        organisation.slug: organisation for organisation in organisations_by_slug(slugs)
    }
    for values in file.declarations:
        _check_course(values, loading)
        signed = set()
        for entry, line in values.entries("signature"):
            loading.expect(
                entry[0] in loading.organisations, line, f"no organisation is called “{entry[0]}”"
            )
            loading.expect(entry[0] not in signed, line, f"“{entry[0]}” has signed it already")
            signed.add(entry[0])


def check_origins(file: AgendaFile, loading: Loading) -> None:
    """What a commitment copies and follows from must be in the forum or in a file: otherwise it would be left out without a word."""
    known = loading.elsewhere.with_those_of(file)
    for values in file.commitments:
        for path, line in values.values_of("copies"):
            if path not in known.pages:
                check_original(file, path, line, "copies", loading)
        for title, line in values.values_of("declaration"):
            is_there = title in known.declarations or title in declarations_titled([title])
            loading.expect(is_there, line, "" if is_there else _no_declaration(title, known))


def _no_declaration(title: str, known: Originals) -> str:
    titles = {*known.declarations, *declarations_titled()}
    meant = near_miss(get_close_matches(title, titles, 1), "is one")
    return f"no declaration has the title “{title}”{meant}"


def _check_course(values: Values, loading: Loading) -> None:
    frozen, text = values.get("frozen_on"), values.get("text", "")
    for name in ("adopted_on", "sign_until", "digest", "signature"):
        is_right = frozen or not values.get(name)
        loading.expect(is_right, values.line_of(name), "only a frozen text has this")
    loading.expect(
        not frozen or values.get("sign_until"), values.line, "say “sign until” of a frozen text"
    )
    is_same = not values.get("digest") or values["digest"] == digest_of(text)
    loading.expect(is_same, values.line_of("digest"), "this is not the SHA-256 of the text")
    days = [values[name] for name in COURSE if values.get(name)]
    loading.expect(days == sorted(days), values.line, "the days are not in their order")


def check_commitments(file: AgendaFile, loading: Loading) -> None:
    """Each must belong to an existing organisation, have few milestones, and not be both kept and given up."""
    for values in file.commitments:
        slug, milestones = values.get("organisation"), values.get("milestone", ())
        is_known, line = slug in loading.organisations, values.line_of("organisation")
        loading.expect(is_known, line, f"no organisation is called “{slug}”")
        is_few = len(milestones) <= MAX_MILESTONES
        loading.expect(is_few, values.line, f"at most {MAX_MILESTONES} milestones")
        is_one = not (values.get("kept_on") and values.get("given_up_on"))
        loading.expect(is_one, values.line, "it is kept or given up, not both")
        for (number, *_rest), at_line in values.entries("moved"):
            is_there = 1 <= number <= len(milestones)
            loading.expect(is_there, at_line, f"there is no milestone number {number}")
