"""Checking the practices and cases of an agenda file, comments on them and their translations."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from forum.clock import now
from forum.library.models import PUBLISHED, RETURNED
from forum.markdown import paragraphs
from forum.transfer.actions._checks_of_dialogue import NO_ANSWER, check_paragraph
from forum.transfer.actions._checks_of_people import check_people_named, near_miss
from forum.transfer.actions._foreseen import LABEL, UNIT, Foreseen
from forum.transfer.actions._loading import Loading
from forum.transfer.models import AgendaFile, Values
from forum.transfer.queries import cases_by_slug, figures_of_case, practices_by_slug, slugs_of

MAX_LISTED = 5
# Fields that only a published practice may have.
FIELDS_OF_PUBLISHED = (
    *("published_on", "featured", "confirmed_on"),
    *("useful", "same_here", "tried", "wants"),
)


def check_practices(file: AgendaFile, loading: Loading) -> None:
    """A practice must be adapted from an earlier one, and have only the fields that its state allows."""
    above: set[str] = set()
    for values in file.practices:
        for slug, line in values.values_of("adapted_from"):
            is_above = slug in above or slug in loading.foreseen.practices
            is_there = is_above or practices_by_slug([slug])
            loading.expect(
                is_there, line, f"there is no practice “{slug}”, neither above nor before"
            )
        above.update(slug for slug, _line in values.values_of("slug"))
        state = values.get("state", PUBLISHED)
        for name in FIELDS_OF_PUBLISHED if state != PUBLISHED else ():
            for line in values.lines.get(name, ()):
                loading.expect(False, line, f"this is for what is published, not for {state}")
        published_on = values.get("published_on") or now().date()
        is_later = values.get("confirmed_on", published_on) >= published_on or state != PUBLISHED
        when = f"nobody can confirm it before it is published, which is on {published_on}"
        loading.expect(is_later, values.line_of("confirmed_on"), when)
        reason = values.line_of("returned_because")
        is_apt = state == RETURNED or "returned_because" not in values
        loading.expect(is_apt, reason, "this is for what is returned")
        check_people_named(values, loading)


def check_comments(file: AgendaFile, loading: Loading) -> None:
    """A comment must be on a case or a published practice, and on an existing paragraph if it names one."""
    for group in file.comments:
        for post in group["posts"]:
            loading.expect("answer" not in post, post.line_of("answer"), NO_ANSWER)
        if kind := group["kind"]:
            found = _comments_target(file, kind, group["slug"], loading.foreseen)
            loading.expect(found, group.line, f"there is no {kind} “{group['slug']}”")
            if found:
                _check_commented(group, *found, loading)


def _comments_target(
    file: AgendaFile, kind: str, slug: str, foreseen: Foreseen
) -> tuple[bool, int] | None:
    """Whether a case or practice takes comments, and its number of paragraphs; None when it does not exist."""
    for values in _entries(file, kind):
        if values.get("slug") == slug:
            return values.get("state", PUBLISHED) == PUBLISHED, _paragraph_count(values["text"])
    if kind == "case" and slug in foreseen.cases:
        return True, foreseen.cases[slug][0]
    if kind == "case":
        case = cases_by_slug([slug]).get(slug)
        return (True, _paragraph_count(case.body)) if case else None
    if slug in foreseen.practices:
        return foreseen.practices[slug], 0
    practice = practices_by_slug([slug]).get(slug)
    return (practice.topic_id is not None, 0) if practice else None


def check_translations(file: AgendaFile, loading: Loading) -> None:
    """A translation must be of a case or published practice: otherwise a whole text would be left out without a word."""
    for values in file.translations:
        for path, line in values.values_of("of"):
            if check_original(file, path, line, "translates", loading):
                _check_figures(file, path, values, loading)


def check_original(file: AgendaFile, path: str, line: int, deed: str, loading: Loading) -> bool:
    """Whether a case or practice is in the file or the forum, and published; else a fault says which one is nearly called so."""
    kind, slug = _kind_and_slug(path)
    found = _comments_target(file, kind, slug, loading.foreseen)
    if found is None:
        pages = loading.elsewhere.with_those_of(file).pages
        in_files = [other for of, other in map(_kind_and_slug, pages) if of == kind]
        meant = near_miss(get_close_matches(slug, [*in_files, *slugs_of(kind)], 1), "is one")
        loading.expect(None, line, f"there is no {kind} “{slug}”{meant}")
        return False
    loading.expect(found[0], line, f"“{slug}” is not published, so nobody {deed} it")
    return True


def _kind_and_slug(path: str) -> tuple[str, str]:
    kind, _, slug = path.strip("/").partition("s/")
    return kind, slug


def _entries(file: AgendaFile, kind: str) -> list[Values]:
    return file.cases if kind == "case" else file.practices


def _check_figures(file: AgendaFile, path: str, translation: Values, loading: Loading) -> None:
    """A translation must name figures that its case has, by label and unit: otherwise their names would be left out."""
    kind, slug = _kind_and_slug(path)
    known = _figures_of(file, slug, loading.foreseen) if kind == "case" else []
    for (label, unit, *_names), line in translation.entries("figure"):
        is_one = (label, unit) in known
        loading.expect(is_one, line, _no_figure((label, unit), kind, slug, known))


def _figures_of(file: AgendaFile, slug: str, foreseen: Foreseen) -> Sequence[tuple[str, str]]:
    """Label and unit of each figure of a case, in this file, one before it or the forum."""
    for values in file.cases:
        if values.get("slug") == slug:
            return [(row[LABEL], row[UNIT]) for row in values.get("figure", ())]
    return foreseen.cases[slug][1] if slug in foreseen.cases else figures_of_case(slug)


def _no_figure(
    figure: tuple[str, str], kind: str, slug: str, known: Sequence[tuple[str, str]]
) -> str:
    if kind != "case":
        return "only cases have figures"
    written, *names = (" | ".join(filter(None, said)) for said in (figure, *known))
    nearest = get_close_matches(written, names, 1)
    meant = near_miss(nearest, "is one") or f"; it has {_listed(names)}"
    return f"“{slug}” has no figure “{written}”{meant}"


def _listed(names: Sequence[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names[:MAX_LISTED]) or "none"
    return named + (f" and {len(names) - MAX_LISTED} more" if names[MAX_LISTED:] else "")


def _paragraph_count(text: str) -> int:
    return len(paragraphs(text)) if text else 0


def _check_commented(group: Values, is_shown: bool, number: int, loading: Loading) -> None:
    message = f"“{group['slug']}” is not published, so it takes no comments"
    loading.expect(is_shown, group.line, message)
    for post in group["posts"]:
        check_paragraph(post, number, loading)
