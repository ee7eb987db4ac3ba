"""Locking what agenda files add to, before any of it is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import attrgetter

from sqlalchemy import or_

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_to_change, lock_opening
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import (
    author_ids_on,
    lock_posts_to_quote,
    lock_quoting_posts,
    lock_topics,
    quotes_of_agenda,
)
from forum.members.models import Member
from forum.members.queries import (
    lock_members,
    lock_rule_of_factors,
    lock_writer,
    members_by_any_handle,
)
from forum.quotes import quoted_posts
from forum.transfer.actions._checks_of_people import handles_in
from forum.transfer.models import AgendaFile
from forum.transfer.queries import (
    agenda_by_slug,
    cases_by_slug,
    opening_post,
    practices_by_slug,
    topic_ids_of,
)


def lock_what_files_change(curator: Member, files: Sequence[AgendaFile]) -> list[Agenda]:
    """Lock what loading some files changes of what is there already, in the order in which all deeds lock it.

    It returns the agendas that are in preparation. What is loaded follows the moments in the files: one thing after
    another, it would take an agenda before a topic, or what an author wrote before the right of another to write, for
    which somebody waits who wants the first. Lists and members come last (`counting_last`).
    """
    handles = {handle for file in files for handle, _line in handles_in(file)}
    people = {member.id: member for member in members_by_any_handle(handles).values()}
    writers = sorted({**people, curator.id: curator}.values(), key=attrgetter("id"))
    for member in writers:
        dialogue.lock_drafts(member)
    for member in writers:
        lock_writer(member)
    if any(file.is_new for file in files):
        lock_rule_of_factors()  # as for their hosts
    agendas = _agendas_of(files)
    prepared = [agenda for agenda in agendas if not agenda.opened_at]
    changes_members = bool(prepared) or any(map(_changes_members, files))
    quoted = {
        post_id for file in files for text in file.texts for post_id in quoted_posts(text["text"])
    }
    _lock_discussions(_topics_of(files), quoted, prepared)
    for agenda in agendas:
        _lock_agenda(curator, agenda, files, is_whole=changes_members)
    if changes_members:
        _lock_what_counts(
            curator, agendas, {*(member.id for member in writers), *_authors_on(prepared)}
        )
    return prepared


def _changes_members(file: AgendaFile) -> bool:
    """Whether members get a note in their rows, or are locked, when something is loaded: new hosts, and who is asked for advice."""
    has_hosts = file.is_new and bool(file.agenda.get("hosts"))
    return has_hosts or any(topic.get("asked") for topic in file.topics)


def _authors_on(agendas: Sequence[Agenda]) -> set[int]:
    return {author_id for agenda in agendas for author_id in author_ids_on(agenda.id)}


def _lock_what_counts(
    curator: Member, agendas: Sequence[Agenda], member_ids: Collection[int]
) -> None:
    """Lists and members, where members are locked before something is counted, also the authors where an agenda is opened.

    Nobody else makes another list meanwhile, as all of its agenda is locked.
    """
    dialogue.lock_lists(curator, [agenda.id for agenda in agendas])
    lock_members(Member.id.in_(member_ids))


def _agendas_of(files: Sequence[AgendaFile]) -> list[Agenda]:
    """The agendas that there are already, in the order of their ids."""
    slugs = {file.agenda.get("slug", "") for file in files if not file.is_new}
    found = (agenda_by_slug(slug) for slug in slugs)
    return sorted((agenda for agenda in found if agenda), key=attrgetter("id"))


def _topics_of(files: Sequence[AgendaFile]) -> set[int]:
    """The ids of the topics of cases and practices that there are already, on which the files have comments."""
    groups = [group for file in files for group in file.comments]
    slugs = {
        kind: [group.get("slug", "") for group in groups if group.get("kind") == kind]
        for kind in ("case", "practice")
    }
    cases, practices = cases_by_slug(slugs["case"]), practices_by_slug(slugs["practice"])
    topic_ids = {case.topic_id for case in cases.values()}
    return topic_ids | {made.topic_id for made in practices.values() if made.topic_id}


def _lock_discussions(
    topic_ids: Collection[int], quoted: Collection[int], prepared: Sequence[Agenda]
) -> None:
    """These topics and the posts that open them, and what is quoted; also what quotes the agendas in preparation, which are opened meanwhile."""
    lock_topics({*topic_ids, *topic_ids_of(quoted)})
    posts = {*quoted, *(opening_post(topic_id).id for topic_id in topic_ids)}
    if prepared:
        lock_quoting_posts(or_(*(quotes_of_agenda(agenda.id) for agenda in prepared)), posts)
    else:
        lock_posts_to_quote(posts)


def _lock_agenda(
    curator: Member, agenda: Agenda, files: Sequence[AgendaFile], *, is_whole: bool
) -> None:
    """An agenda, and all of it if it is opened, prepared or archived: then who writes there waits from the beginning."""
    changes = ("archived", "in_preparation")
    is_changed = any(
        file.agenda.get("slug") == agenda.slug and any(file.agenda.get(name) for name in changes)
        for file in files
    )
    if is_changed or is_whole:
        agenda_to_change(curator, agenda.id)
    else:
        lock_opening(agenda.id, is_noted=True)
