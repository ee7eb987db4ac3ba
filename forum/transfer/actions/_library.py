"""Loading the library of an agenda: cases, practices and readings, and the comments on them."""

from __future__ import annotations

from datetime import datetime, timedelta

from forum.clock import at, now
from forum.errors import NotFound
from forum.library import actions as library
from forum.library.models import DRAFT, PUBLISHED, RETURNED, Practice
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.transfer.actions._discussions import (
    Discussion,
    plan_intentions,
    plan_marks,
    plan_replies,
)
from forum.transfer.actions._loading import Loading, faults_at, noon, theme_ids
from forum.transfer.models import EARLIEST, Values
from forum.transfer.queries import cases_by_slug, paragraph_keys, practices_by_slug

DEFAULT_RETURN_REASON = "Please say what did not work, so that others can copy it."


def write_case(curator: Member, values: Values, loading: Loading) -> None:
    text = library.CaseText(
        name=values["title"],
        kind=values["kind"],
        summary=values["summary"],
        body=values["text"],
        reach=values.get("reach", ""),
        since=values.get("since"),
        status=values.get("status", "running"),
        language=loading.language_of(values),
        checked_on=values.get("checked_on"),
        city_ids=[loading.cities[name].id for name in values.get("places", ())],
        theme_ids=theme_ids(curator, values),
        figures=[library.FigureText(*parts) for parts in values["figure"]],
        links=[library.LinkText(*parts) for parts in values["link"]],
        slug=values["slug"],
    )
    written_at = _case_written_at(values, loading)
    with faults_at(values), at(written_at):
        case = library.write_case(curator, loading.agenda.id, text)
    discussion = Discussion(text.language)
    if values["tried"] or values["wants"]:
        discussion.begin(case.topic_id)
    plan_marks(values, 1, written_at, discussion, loading)
    plan_intentions(values, written_at, discussion, loading)


def _case_written_at(values: Values, loading: Loading) -> datetime:
    """A day before the first comment or intention; a file contains no date for a case itself."""
    moments = [
        post["at"]
        for group in loading.comments
        if (group["kind"], group["slug"]) == ("case", values["slug"])
        for post in group["posts"]
    ]
    moments += [noon(until) for _handle, until in values["wants"]]
    return min(moments, default=now()) - timedelta(days=1)


def plan_practice(curator: Member, values: Values, loading: Loading) -> None:
    """Plan writing a practice, not before the one that it is adapted from is published, and publishing it."""
    published_at = noon(values.get("published_on"))
    model_at = loading.published.get(values.get("adapted_from", ""), EARLIEST)
    written_at = published_at - timedelta(days=6)
    loading.plan(written_at, _write_practice, curator, values, loading, after=model_at)
    if values.get("state", PUBLISHED) == PUBLISHED:
        since = max(published_at, model_at)
        discussion = Discussion(loading.language_of(values))
        loading.published[values["slug"]] = since
        loading.plan(published_at, _publish, curator, values, discussion, loading, after=since)
        plan_marks(values, 1, since, discussion, loading)
        plan_intentions(values, since, discussion, loading)
        if day := values.get("confirmed_on"):
            loading.plan(max(noon(day), since), _confirm, values, loading, after=since)


def _write_practice(curator: Member, values: Values, loading: Loading) -> None:
    author, state = loading.member(values["by"]), values.get("state", PUBLISHED)
    with faults_at(values):
        text = _practice_text(curator, values, loading)
        practice = library.write_practice(author, loading.agenda.id, text)
        if state != DRAFT:
            library.submit(author, practice.id)
        if state == RETURNED:
            _send_back(
                curator, practice, values.get("returned_because", DEFAULT_RETURN_REASON), loading
            )


def _practice_text(curator: Member, values: Values, loading: Loading) -> library.PracticeText:
    model = practices_by_slug([values.get("adapted_from", "")]).get(values.get("adapted_from", ""))
    city = loading.cities.get(values.get("city", ""))
    return library.PracticeText(
        title=values["title"],
        sentence=values["sentence"],
        link=values.get("link", ""),
        city_id=city.id if city else None,
        evidence=values.get("evidence", ""),
        cost=values.get("cost", ""),
        started=values.get("started"),
        language=loading.language_of(values),
        audience=values.get("readers", "public"),
        failure_audience=values.get("did_not_work_for", "public"),
        revisit_on=values.get("revisit_on"),
        theme_ids=theme_ids(curator, values),
        sections=values["sections"],
        adapted_from_id=model.id if model else None,
        for_organisation=values.get("on_behalf_of_organisation", False),
        slug=values["slug"],
        showing=loading.pictures,
    )


def _send_back(curator: Member, practice: Practice, reason: str, loading: Loading) -> None:
    if loading.is_decided:
        moderation.send_back(curator, practice.id, moderation.Reasons(reason))
    else:
        library.send_back(curator, practice.id, reason)


def _publish(curator: Member, values: Values, discussion: Discussion, loading: Loading) -> None:
    room = moderation if loading.is_decided else library
    practice = practices_by_slug([values["slug"]])[values["slug"]]
    with faults_at(values):
        room.publish(curator, practice.id)
        if values.get("featured"):
            room.feature(curator, practice.id)
    discussion.begin(practice.topic_id or 0)


def _confirm(values: Values, loading: Loading) -> None:
    practice = practices_by_slug([values["slug"]])[values["slug"]]
    with faults_at(values):
        library.confirm_practice(loading.member(values["by"]), practice.id)


def write_reading(curator: Member, values: Values, loading: Loading) -> None:
    text = library.ReadingText(
        title=values["title"],
        authors=values["authors"],
        year=values.get("year"),
        kind=values.get("kind", "book"),
        link=values.get("link", ""),
        why=values["text"],
        language=loading.language_of(values),
    )
    with faults_at(values):
        library.write_reading(curator, loading.agenda.id, text)


def plan_comments(values: Values, loading: Loading) -> None:
    """Plan the comments on a case or practice, all after its publication."""
    discussion, slug = Discussion(loading.agenda.language), values["slug"]
    moments = [post["at"] for post in values["posts"]]
    since = max(loading.published.get(slug, EARLIEST), min(moments, default=EARLIEST))
    loading.plan(since, _find_discussion, values, discussion)
    plan_replies(values["posts"], since, discussion, loading)


def _find_discussion(values: Values, discussion: Discussion) -> None:
    case = cases_by_slug([values["slug"]]).get(values["slug"]) if values["kind"] == "case" else None
    practice = None if case else practices_by_slug([values["slug"]])[values["slug"]]
    topic_id = case.topic_id if case else practice.topic_id if practice else None
    if topic_id is None:
        raise NotFound()  # never of a file that `check_agenda_file` has let pass
    discussion.begin(topic_id, paragraph_keys(case.id) if case else [])
