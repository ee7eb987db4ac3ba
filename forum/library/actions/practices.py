"""Practices: drafted, submitted, published or sent back, changed, hidden, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from forum.agendas.models import Agenda
from forum.agendas.queries import agenda_by_id, curators_of, themes_by_id
from forum.db import action, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import has_replies
from forum.errors import Conflict, Invalid
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._entries import practice_entry
from forum.library.actions._rows import (
    add_row,
    free_slug,
    known_city,
    refuse_longer,
    require_address,
    require_text,
    require_year,
    sent_twice,
    show_again,
    withhold,
)
from forum.library.actions._texts import PracticeText
from forum.library.models import Practice, PracticeSection
from forum.library.queries import (
    PUBLISHED,
    SECTIONS,
    practice_by_id,
    practice_by_submission_key,
    practice_fields,
    practice_to_change,
    practices_to_index,
)
from forum.markup import Written, excerpt, slugify, write
from forum.matches import ScreenedText, combine, from_plain_text
from forum.members.queries import lock_writer
from forum.notifications.actions import note_event, read_queue, retitle_queue
from forum.permissions import MEMBERS, PUBLIC, SYSTEM, Person, require
from forum.screening.actions import refuse_caught, screen
from forum.search import actions as search

GONE = "~"  # and the number: the address of a practice whose author has left with it; no slug has this sign


@action
def write_practice(
    author: Person,
    agenda_id: int,
    text: PracticeText,
    practice_id: int | None = None,
    key: str | None = None,
    *,
    seen: str | None = None,
) -> Practice:
    """Keep a practice as a draft, or change one. A form that comes twice (`key`) makes one practice.

    A published practice stays published when it is changed; what it said before is kept. Only who moderates
    both agendas moves it to another one then. A change of it that a rule before publication catches is refused:
    it has nowhere to wait. `seen` is the `fingerprint` of what the practice said when the form was opened; `Conflict`
    when it says other things now.
    """
    lock_writer(author)
    agenda = agenda_by_id(author, agenda_id)
    _check_practice(author, text)
    known = practice_by_submission_key(author, key) if practice_id is None else None
    if practice_id is None and known is None:
        return _new_practice(author, agenda, text, key)
    practice = practice_to_change(author, known.id if known else practice_id or 0)
    require(author.can.edit_practice(practice))
    return _changed_practice(author, practice, agenda, text, seen)


@action
def write_and_submit(
    author: Person,
    agenda_id: int,
    text: PracticeText,
    practice_id: int | None = None,
    key: str | None = None,
    *,
    seen: str | None = None,
) -> Practice:
    """Write a practice and hand it to the moderators, both or neither; one that is published meanwhile stays so."""
    practice = write_practice(author, agenda_id, text, practice_id, key, seen=seen)
    return practice if practice.state == PUBLISHED else submit(author, practice.id)


@action
def submit(author: Person, practice_id: int) -> Practice:
    """Hand a draft, or a practice that came back, to the moderators, with the rule before publication that it meets."""
    lock_writer(author)
    practice = practice_to_change(author, practice_id)
    require(author.can.submit_practice(practice))
    if practice.state in ("submitted", PUBLISHED):
        return practice
    _note_rule(author, practice)
    practice.state, practice.submitted_at = "submitted", now()
    who, where = curators_of(practice.agenda_id), _in_queue(practice)
    note_event(author, "queue", who, where, title=practice.title)
    return practice


@action
def publish(moderator: Person, practice_id: int) -> Practice:
    """Publish a practice: its discussion opens, search finds it, its author is told. What is hidden is shown again first."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, "submitted")
    if practice.hidden_at:
        raise Conflict(_("It is hidden. Show it again first, then it can be published."))
    practice.state, practice.published_at, practice.updated_at = PUBLISHED, now(), now()
    practice.returned_reason = ""
    topic = _opened(practice)
    practice.topic_id = topic.id
    if topic.hidden_at:
        dialogue.restore_topic(moderator, topic.id)  # it waited again in between
    db.session.flush()
    search.index(moderator, practice_entry(practice))
    read_queue(moderator, _in_queue(practice))
    _tell_author(moderator, practice, "published")
    return practice


@action
def send_back(moderator: Person, practice_id: int, reason: str) -> Practice:
    """Return a submitted practice to its author with a reason."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, "submitted")
    if not reason.strip():
        raise Invalid(_("Say what the author should change."), "reason")
    practice.state, practice.returned_at, practice.returned_reason = "returned", now(), reason
    read_queue(moderator, _in_queue(practice))
    _tell_author(moderator, practice, "returned", reason)
    return practice


@action
def wait_again(moderator: Person, practice_id: int) -> Practice:
    """Take back that a practice was published or returned: it waits for the moderators as it did before."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    if practice.state == PUBLISHED:
        search.unindex(moderator, "practice", practice.id)
        practice.published_at, practice.featured_at = None, None
        if practice.topic_id:
            dialogue.hide_topic(moderator, practice.topic_id)
    practice.state, practice.returned_at, practice.returned_reason = "submitted", None, ""
    practice.submitted_at = practice.submitted_at or now()
    return practice


@action
def feature(moderator: Person, practice_id: int) -> Practice:
    """Put a published practice first in the library."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    _require_state(practice, PUBLISHED)
    practice.featured_at = practice.featured_at or now()
    return practice


@action
def unfeature(moderator: Person, practice_id: int) -> Practice:
    """Let a practice stand in the library like any other."""
    practice = practice_to_change(moderator, practice_id)
    require(moderator.can.moderate(practice.agenda_id))
    practice.featured_at = None
    return practice


@action
def delete_practice(author: Person, practice_id: int) -> Practice:
    """Delete one's own practice for good, with all its versions; its discussion goes out of sight."""
    practice = practice_to_change(author, practice_id)
    require(author.can.delete_practice(practice))
    return _delete(author, practice)


@action
def erase_practice(system: Person, practice_id: int) -> None:
    """Delete the practice of somebody who has left and wanted that, its title with it."""
    require(system.can.administer())
    (practice,) = practices_to_index([practice_id])
    if practice.deleted_at is None:
        _delete(system, practice)
    retitle_queue(system, [_in_queue(practice)], "")
    practice.title, practice.returned_reason, practice.caught_by = "", "", ""
    practice.slug = f"{GONE}{practice.id}"


def _delete(doer: Person, practice: Practice) -> Practice:
    practice.deleted_at, practice.featured_at = now(), None
    practice.sections, practice.sentence, practice.link, practice.cost = [], "", "", ""
    forget_versions(doer, "practice", practice.id)
    search.unindex(doer, "practice", practice.id)
    if practice.topic_id:
        dialogue.delete_topic(SYSTEM, practice.topic_id)
    return practice


@action
def hide_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Take a practice and its discussion out of sight, as `hide_case` does."""
    return withhold(moderator, practice_to_change(moderator, practice_id), reason, None)


@action
def remove_practice(moderator: Person, practice_id: int, reason: str = "") -> Practice:
    """Take a practice and its discussion out of sight as if it had never been; its author reads it with the decision."""
    return withhold(moderator, practice_to_change(moderator, practice_id), reason, now())


@action
def restore_practice(moderator: Person, practice_id: int) -> Practice:
    """Show a hidden or removed practice and its discussion again."""
    return show_again(moderator, practice_to_change(moderator, practice_id))


def _new_practice(author: Person, agenda: Agenda, text: PracticeText, key: str | None) -> Practice:
    require(author.can.write_practice(agenda))
    practice = Practice(
        slug=free_slug(Practice, text.slug or text.title),
        author_id=author.id,
        submission_key=key,
        created_at=now(),
        updated_at=now(),
        adapted_from_id=text.adapted_from_id,
    )
    _set_practice(author, practice, agenda, text)
    if not add_row(practice):
        return practice_by_submission_key(author, key) or sent_twice()
    return practice


def _changed_practice(
    author: Person, practice: Practice, agenda: Agenda, text: PracticeText, seen: str | None
) -> Practice:
    _check_move(author, practice, agenda)
    _check_audience(practice, text.audience)
    if practice.submitted_at is None:
        practice.slug = _slug_that_follows(practice, text.title)
    before, words = practice_fields(practice), _words_of(practice)
    _set_practice(author, practice, agenda, text)
    if practice_fields(practice) != before:
        refuse_unseen(seen, before)
        practice.updated_at = now()
        _ask_rules(author, practice, words)
        _keep_and_renew(author, practice, text, before)
    return practice


def _ask_rules(author: Person, practice: Practice, before: Sequence[str]) -> None:
    """Ask the rules again about a practice that waits, or that is published and says other words than `before`."""
    if practice.state == PUBLISHED and _words_of(practice) != before:
        refuse_caught(author, practice.agenda_id, _said(practice), "sentence", is_again=True)
    elif practice.state == "submitted" and practice.author_id == author.id:
        _note_rule(author, practice)


def _note_rule(author: Person, practice: Practice) -> None:
    """Keep with a practice which rule it meets, for the moderators who read it anyway."""
    is_again = practice.submitted_at is not None
    why = screen(author, practice.agenda_id, _said(practice), is_again=is_again)
    practice.caught_by = why.name if why else ""


def _words_of(practice: Practice) -> tuple[str, ...]:
    """The words in which a practice says something: title, link and cost, and then what is Markdown."""
    parts = (part.source for part in practice.sections)
    return practice.title, practice.link, practice.cost, practice.sentence, *parts


def _said(practice: Practice) -> ScreenedText:
    title, link, cost, *texts = _words_of(practice)
    # Rare, so it may run under the lock.
    written = (write(text, practice.language) for text in texts)
    return combine([from_plain_text(link).text, *written], "\n".join((title, cost)))


def _check_move(author: Person, practice: Practice, agenda: Agenda) -> None:
    if agenda.id == practice.agenda_id:
        return
    require(author.can.write_practice(agenda))
    if practice.topic_id:
        both = author.can.moderate(practice.agenda_id) and author.can.moderate(agenda.id)
        if not both:
            raise Invalid(_("Only a moderator moves a published practice."), "agenda")


def _check_audience(practice: Practice, audience: str) -> None:
    """What others wrote for members stays with members."""
    is_opened = practice.audience == MEMBERS and audience == PUBLIC
    if is_opened and practice.topic and has_replies(practice.topic):
        raise Invalid(_("Others have replied for members only, so this stays so."), "audience")


def _slug_that_follows(practice: Practice, title: str) -> str:
    """A draft's address follows its title, unless it was given one of another kind."""
    before = slugify(practice.title, "practice")
    if slugify(title, "practice") == before or not practice.slug.startswith(before):
        return practice.slug
    return free_slug(Practice, title)


def _set_practice(author: Person, practice: Practice, agenda: Agenda, text: PracticeText) -> None:
    practice.agenda, practice.agenda_id = agenda, agenda.id
    practice.title, practice.sentence, practice.link = text.title, text.sentence, text.link
    practice.city_id, practice.city = text.city_id, known_city(text.city_id)
    practice.evidence, practice.cost, practice.started = text.evidence, text.cost, text.started
    practice.language, practice.audience = text.language, text.audience
    practice.failure_audience, practice.revisit_on = text.failure_audience, text.revisit_on
    if practice.author_id == author.id:
        practice.organisation_id = author.organisation_id if text.for_organisation else None
    practice.sections = _sections(practice, text.written)
    practice.themes = list(themes_by_id(text.theme_ids))


def _sections(practice: Practice, written: Mapping[str, Written]) -> list[PracticeSection]:
    """The parts as they are now; a part that was there before keeps its row."""
    known = {part.name: part for part in practice.sections}
    parts = []
    for position, name in enumerate(SECTIONS, 1):
        if name in written:
            part = known.get(name) or PracticeSection(name=name)
            part.position, part.source = position, written[name].source
            part.html, part.html_version = written[name].html, written[name].html_version
            parts.append(part)
    return parts


def _opened(practice: Practice) -> Any:
    """The topic of a practice, opened in its author's name when it is first published."""
    if practice.topic is not None:
        return practice.topic
    if not practice.author.is_member:
        raise Conflict(_("The author's account is closed for now, so this cannot be published."))
    practice.topic = dialogue.publish_topic(
        practice.author,
        practice.agenda_id,
        dialogue.NewTopic(
            kind="practice",
            title=practice.title,
            text=write(practice.sentence, practice.language),
            themes=[theme.id for theme in practice.themes],
            audience=practice.audience,
            for_organisation=practice.organisation_id is not None,
            home=f"/practices/{practice.slug}",
        ),
    )
    return practice.topic


def _keep_and_renew(
    author: Person, practice: Practice, text: PracticeText, before: dict[str, Any]
) -> None:
    """Keep what a published practice said, and let its topic and search follow what it says now."""
    if practice.state != PUBLISHED:
        return
    keep_version(author, "practice", practice.id, before)
    if practice.topic_id:
        dialogue.rename(
            SYSTEM,
            practice.topic_id,
            practice.title,
            audience=practice.audience,
            excerpt=excerpt(text.opening.plain),
            text=text.opening,
            agenda_id=practice.agenda_id,
        )
    search.index(author, practice_entry(practice))


def _tell_author(moderator: Person, practice: Practice, kind: str, text: str = "") -> None:
    note_event(
        moderator,
        kind,
        [practice.author_id],
        f"/practices/{practice.slug}",
        title=practice.title,
        text=text,
        topic_id=practice.topic_id,
        is_named=False,
    )


def _in_queue(practice: Practice) -> str:
    return f"/moderation/practice/{practice.id}"


def _require_state(practice: Practice, state: str) -> None:
    if practice.state != state:
        raise Conflict(_("This practice has changed meanwhile. Load the page again."))


def _check_practice(author: Person, text: PracticeText) -> None:
    require_text(text.title, "title")
    require_text(text.sentence, "sentence")
    require_address(text.link, "link", optional=True)
    require_year(text.started, "started")
    for name in ("evidence", "cost", "language"):
        refuse_longer(getattr(text, name), name)
    if text.adapted_from_id is not None:
        practice_by_id(author, text.adapted_from_id)
    if text.for_organisation:
        require(author.can.write_for_organisation())
