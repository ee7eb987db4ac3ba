"""Loading the translations of an agenda's practices and cases."""

from __future__ import annotations

from forum.members.models import Member
from forum.parallels import actions as parallels
from forum.parallels.models import BODY, FigureWords
from forum.parallels.queries import original_at
from forum.transfer.actions._loading import Loading, faults_at, noon
from forum.transfer.models import Fault, FaultyFileError, Values


def plan_translation(curator: Member, values: Values, loading: Loading) -> None:
    """Plan a translation for the day on which it was written, but not before its original is published."""
    slug = values["of"].rpartition("/")[2]
    written_at = noon(values["written_on"])
    after = max(written_at, loading.published.get(slug, written_at))
    writer = "corrected_by" if "corrected_on" in values else "by"
    course = parallels.TranslationCourse(
        translator_id=_member_id(values, "by", loading),
        writer_id=_member_id(values, writer, loading),
        created_at=written_at,
        edited_at=noon(values["corrected_on"]) if "corrected_on" in values else None,
        is_current=not values.get("outdated"),
    )
    loading.plan(written_at, _load, curator, values, course, after=after)


def _member_id(values: Values, name: str, loading: Loading) -> int | None:
    return loading.member(values[name]).id if name in values else None


def _load(curator: Member, values: Values, course: parallels.TranslationCourse) -> None:
    """Load it; `check_agenda_file` has made sure that its original has the figures that it names."""
    original = original_at(curator, values["of"])
    if original is None:
        raise FaultyFileError([Fault(values.line_of("of"), "this is hidden in the forum")])
    kind = values["of"].strip("/").partition("s/")[0]
    parts = {**values["sections"], **({BODY: values["text"]} if values["text"] else {})}
    text = parallels.TranslationText(
        values["language"],
        values["title"],
        values.get("sentence", ""),
        parts,
        [FigureWords(*row) for row in values["figure"]],
    )
    with faults_at(values):
        parallels.load_translation(curator, kind, original.id, text, course)
