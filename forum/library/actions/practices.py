"""What authors do with their practices: writing, changing, submitting and deleting them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from forum.agendas.models import Agenda
from forum.agendas.queries import (
    agenda_by_id,
    curators_of,
    lock_opening,
    lock_to_write_on,
    themes_by_id,
)
from forum.claims.models import queue_path
from forum.clock import now
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NO_FORM, SentForm
from forum.dialogue.queries import (
    lock_page,
    lock_posts_to_withhold,
    lock_topics,
    why_for_members_only,
)
from forum.errors import Invalid
from forum.history.actions import forget_versions, keep_version
from forum.history.queries import refuse_unseen
from forum.library.actions._discussions import page_of_practice
from forum.library.actions._entries import pictures_in
from forum.library.actions._looks import begin_anew, look_no_more, look_on_chosen_day
from forum.library.actions._practices import (
    close_returns,
    index_practice,
    take_as_own,
    written_of,
)
from forum.library.actions._rows import (
    add_row,
    free_slug,
    refuse_pictures,
    refuse_too_long,
    require_optional_address,
    require_text,
    require_year,
    sent_twice,
)
from forum.library.actions._texts import PracticeText
from forum.library.models import PUBLISHED, SUBMITTED, Practice, PracticeSection
from forum.library.queries import (
    SECTIONS,
    intentions_in,
    practice_by_id,
    practice_by_submission_key,
    practice_fields,
    practice_to_change,
    practices_to_index,
)
from forum.markup import NO_TEXTS, Written
from forum.matches import ScreenedText, combine, from_plain_text
from forum.members.queries import city_if_there, lock_writer
from forum.notifications.actions import (
    NoticeText,
    hide_reminders,
    note_event,
    read_queue,
    retitle_queue,
)
from forum.notifications.models import QUEUE
from forum.permissions import MEMBERS, PUBLIC, SYSTEM, Person, require
from forum.pictures import actions as pictures
from forum.plaintext import is_made_of, slugify
from forum.quotes import is_only_quoted
from forum.screening.actions import refuse_caught, screen
from forum.screening.queries import Sending
from forum.search import actions as search

# A prefix, followed by the id, for the slug of a practice that was erased with its author's account; `slugify` never
# produces this character.
ERASED_SLUG_PREFIX = "~"


@action
def write_practice(
    author: Person,
    agenda_id: int,
    text: PracticeText,
    practice_id: int | None = None,
    form: SentForm = NO_FORM,
) -> Practice:
    """Save a new practice as a draft, or change the practice `practice_id`. Until it is submitted, it may lack its sentence.

    A `form` that is sent twice changes the practice that it has added. A published practice stays published when it is
    changed, and its former version is kept; only a moderator of both agendas can move it to another one. A change that
    a screening rule catches is refused if the practice is published, because only drafts can wait for a moderator.
    Raises `Invalid` for a value that is refused.
    """
    dialogue.lock_drafts(author)
    lock_writer(author)
    if practice_id is not None:
        _lock_discussed(author, practice_id, agenda_id, text.audience)
    lock_to_write_on(author, agenda_id)
    with dialogue.draft_sent(author, form):
        agenda = agenda_by_id(author, agenda_id)
        _check_practice(author, text)
        known = practice_by_submission_key(author, form.key) if practice_id is None else None
        if practice_id is None and known is None:
            return _new_practice(author, agenda, text, form.key)
        practice = practice_to_change(author, known.id if known else practice_id or 0)
        require(author.can.edit_practice(practice))
        return _change_practice(author, practice, agenda, text, form.seen)


def _lock_discussed(author: Person, practice_id: int, agenda_id: int, audience: str) -> None:
    """Lock a practice that has a topic, what its change concerns there, and the agenda that it leaves, in the usual order."""
    if practice_by_id(author, practice_id).topic_id is None:
        return
    practice = practice_to_change(author, practice_id)
    require(author.can.edit_practice(practice))
    lock_page(practice.topic_id or 0, agenda_id, audience)
    if practice.agenda_id < agenda_id:
        lock_opening(practice.agenda_id)


@action
def write_and_submit(
    author: Person,
    agenda_id: int,
    text: PracticeText,
    practice_id: int | None = None,
    form: SentForm = NO_FORM,
) -> Practice:
    """`write_practice` and `submit` in one transaction; a published practice is only written."""
    practice = write_practice(author, agenda_id, text, practice_id, form)
    return practice if practice.state == PUBLISHED else submit(author, practice.id, text.rendered)


@action
def submit(author: Person, practice_id: int, texts: Mapping[str, Written] = NO_TEXTS) -> Practice:
    """Submit a draft or a returned practice to the moderators, and record which screening rule it meets.

    `texts` are its `rendered_texts`; a text that has changed since they were made is rendered while the lock is held.
    """
    lock_writer(author)
    found = practice_by_id(author, practice_id)
    require(author.can.submit_practice(found))
    lock_to_write_on(author, found.agenda_id)  # which nobody deletes until it is submitted
    practice = practice_to_change(author, practice_id)
    require(author.can.submit_practice(practice))
    if practice.state in (SUBMITTED, PUBLISHED):
        return practice
    _require_sentence(practice.sentence)
    _record_screening(author, practice, texts)
    practice.state, practice.submitted_at = SUBMITTED, now()
    close_returns(author, practice)
    notice = NoticeText(
        QUEUE, queue_path("practice", practice.id), practice.title, language=practice.language
    )
    note_event(author, notice, curators_of(practice.agenda_id))
    return practice


@action
def delete_practice(author: Person, practice_id: int) -> Practice:
    """Delete one's own practice with its texts and versions; its topic is deleted, too."""
    lock_writer(author)
    practice = practice_to_change(author, practice_id)
    require(author.can.delete_practice(practice))
    return _delete(author, practice)


@action
def erase_practices(system: Person, practice_ids: Collection[int]) -> None:
    """Delete practices of a member who leaves and asked for that, including their titles, which `delete_practice` keeps.

    All are locked first, with their topics, what quotes these, and their agendas, and counted last.
    """
    require(system.can.administer())
    practices = practices_to_index(practice_ids)
    # Drafts have no topic, and their agenda may be deleted
    discussed = {
        practice.topic_id: practice.agenda_id for practice in practices if practice.topic_id
    }
    lock_topics(discussed)
    lock_posts_to_withhold([], list(discussed))
    for agenda_id in sorted(set(discussed.values())):
        lock_opening(agenda_id)
    with dialogue.counting_last(system):
        for practice in practices:
            _erase(system, practice)


def _erase(system: Person, practice: Practice) -> None:
    if practice.deleted_at is None:
        _delete(system, practice)
    retitle_queue(system, [queue_path("practice", practice.id)], "")
    practice.title, practice.returned_reason, practice.caught_by = "", "", ""
    practice.slug = f"{ERASED_SLUG_PREFIX}{practice.id}"


def _delete(doer: Person, practice: Practice) -> Practice:
    practice.deleted_at, practice.featured_at = now(), None
    look_no_more(doer, practice)
    practice.sections, practice.sentence, practice.link, practice.cost = [], "", "", ""
    forget_versions(doer, "practice", practice.id)
    close_returns(doer, practice)
    if practice.state == SUBMITTED:  # reports of a published one still wait for a decision
        read_queue(doer, queue_path("practice", practice.id))
    search.unindex(doer, "practice", practice.id)
    if practice.topic_id:
        dialogue.delete_topic(SYSTEM, practice.topic_id)
    else:
        hide_reminders(doer, f"/practices/{practice.slug}")
    return practice


def _new_practice(author: Person, agenda: Agenda, text: PracticeText, key: str | None) -> Practice:
    require(author.can.write_practice(agenda))
    _show_pictures(author, text, agenda.id, text.showing)
    practice = Practice(
        slug=free_slug(Practice, text.slug or text.title),
        author_id=author.id,
        submission_key=key,
        created_at=now(),
        updated_at=now(),
        adapted_from_id=text.adapted_from_id,
    )
    _set_practice(author, practice, agenda, text)
    if add_row(practice):
        return practice
    if existing := practice_by_submission_key(author, key):
        return existing
    raise sent_twice()


def _change_practice(
    author: Person, practice: Practice, agenda: Agenda, text: PracticeText, seen: str | None
) -> Practice:
    if practice.state in (SUBMITTED, PUBLISHED):
        _require_sentence(text.sentence)
    _check_move(author, practice, agenda)
    _check_audience(practice, text.audience)
    if practice.submitted_at is None:
        practice.slug = _draft_slug(practice, text.title)
    before, texts_before = practice_fields(practice), _texts_of(practice)
    written_for = practice.organisation_id
    shown = pictures_in(practice.sections)
    _set_practice(author, practice, agenda, text)
    if practice.author_id == author.id and _texts_of(practice) != texts_before:
        take_as_own(author, practice)
    if practice.topic_id and practice.organisation_id != written_for:
        dialogue.write_page_for(SYSTEM, practice.topic_id, practice.organisation_id)
    if practice_fields(practice) != before:
        refuse_unseen(seen, before)
        _show_pictures(author, text, agenda.id, shown)
        practice.updated_at = now()
        _screen_change(author, practice, texts_before, text.rendered)
        _follow_change(author, practice, text, before)
    return practice


def _show_pictures(
    author: Person, text: PracticeText, agenda_id: int, before: Collection[str]
) -> None:
    """Record which pictures the sections show, even in a draft, so that the author learns at once about a problem with one."""
    for name, written in text.written.items():
        pictures.show(author, written.pictures, agenda_id, before, name)


def _screen_change(
    author: Person, practice: Practice, texts_before: Sequence[str], texts: Mapping[str, Written]
) -> None:
    """Check a changed practice against the screening rules.

    If they catch a published one, and any of its texts has changed, the change is refused; for a submitted one it is
    recorded.
    """
    if practice.state == PUBLISHED and _texts_of(practice) != texts_before:
        screened = _screened_text(practice, texts)
        refuse_caught(author, practice.agenda_id, screened, "sentence", Sending.EDITED)
    elif practice.state == SUBMITTED and practice.author_id == author.id:
        _record_screening(author, practice, texts)


def _record_screening(author: Person, practice: Practice, texts: Mapping[str, Written]) -> None:
    """Record which rule a practice meets, for the moderators, who read it anyway."""
    sending = Sending.EDITED if practice.submitted_at else Sending.NEW
    caught = screen(author, practice.agenda_id, _screened_text(practice, texts), sending)
    practice.caught_by = caught.name if caught else ""


def _texts_of(practice: Practice) -> tuple[str, ...]:
    """What the author has written: title, link and cost, then the Markdown of the sentence and of each section."""
    sources = (section.source for section in practice.sections)
    return practice.title, practice.link, practice.cost, practice.sentence, *sources


def _screened_text(practice: Practice, texts: Mapping[str, Written]) -> ScreenedText:
    title, link, cost, *sources = _texts_of(practice)
    written = (written_of(practice, source, texts) for source in sources)
    return combine([from_plain_text(link).text, *written], "\n".join((title, cost)))


def _check_move(author: Person, practice: Practice, agenda: Agenda) -> None:
    if agenda.id == practice.agenda_id:
        return
    require(author.can.write_practice(agenda))
    if not agenda.opened_at:
        raise Invalid(_("That agenda is in preparation. Choose an open one."), "agenda")
    if practice.topic_id:
        moderates_both = author.can.moderate(practice.agenda_id) and author.can.moderate(agenda.id)
        if not moderates_both:
            raise Invalid(_("Only a moderator moves a published practice."), "agenda")


def _check_audience(practice: Practice, audience: str) -> None:
    """Refuse to make a practice public if members have replied to it, tried it or want to, in a discussion for members only."""
    if not (practice.audience == MEMBERS and audience == PUBLIC and practice.topic):
        return
    if why := why_for_members_only(practice.topic):
        raise Invalid(why, "audience")
    if any(wanted.member_id != practice.author_id for wanted in intentions_in(practice.topic.id)):
        said = _("Others have said for members only that they want to try it, so this stays so.")
        raise Invalid(said, "audience")


def _draft_slug(practice: Practice, title: str) -> str:
    """The slug of a draft with a new title: made from the title, unless its present slug was not made from the old title."""
    old_slug = slugify(practice.title, "practice")
    if slugify(title, "practice") == old_slug or not is_made_of(practice.slug, old_slug):
        return practice.slug
    return free_slug(Practice, title)


def _set_practice(author: Person, practice: Practice, agenda: Agenda, text: PracticeText) -> None:
    practice.agenda, practice.agenda_id = agenda, agenda.id
    practice.title, practice.sentence, practice.link = text.title, text.sentence, text.link
    practice.city_id, practice.city = text.city_id, city_if_there(text.city_id)
    practice.evidence, practice.cost, practice.started = text.evidence, text.cost, text.started
    practice.language, practice.audience = text.language, text.audience
    practice.failure_audience, practice.revisit_on = text.failure_audience, text.revisit_on
    if practice.author_id == author.id and text.for_organisation is not None:
        practice.organisation_id = author.organisation_id if text.for_organisation else None
    practice.sections = _sections(practice, text.written)
    practice.themes = list(themes_by_id(text.theme_ids))


def _sections(practice: Practice, texts: Mapping[str, Written]) -> list[PracticeSection]:
    """The sections with these texts, by name; existing sections keep their rows."""
    existing = {section.name: section for section in practice.sections}
    sections = []
    for position, name in enumerate(SECTIONS, 1):
        if name in texts:
            section = existing.get(name) or PracticeSection(name=name)
            section.position, section.source = position, texts[name].source
            section.html, section.html_version = texts[name].html, texts[name].html_version
            sections.append(section)
    return sections


def _follow_change(
    author: Person, practice: Practice, text: PracticeText, before: dict[str, Any]
) -> None:
    """Keep a version of a published practice, and update its search document; and its topic, if it has one.

    A practice that waits again because its publication was undone has a hidden topic, which will be shown with it.
    """
    is_published = practice.state == PUBLISHED
    if is_published:
        _keep_before(author, practice, before)
    if practice.topic_id:
        page = page_of_practice(practice, text.opening)
        dialogue.follow_page(SYSTEM, practice.topic_id, page)
    if is_published:
        index_practice(author, practice, text.rendered)


def _keep_before(author: Person, practice: Practice, before: dict[str, Any]) -> None:
    """Keep what a published practice said before, and choose when the worker next asks whether it is true."""
    keep_version(author, "practice", practice.id, before)
    if author.id == practice.author_id:
        begin_anew(author, practice)
    elif str(practice.revisit_on or "") != before["revisit_on"]:
        look_on_chosen_day(practice)


def _require_sentence(sentence: str) -> None:
    if not sentence.strip():
        raise Invalid(_("Say in one sentence what it is."), "sentence")
    if is_only_quoted(sentence):
        raise Invalid(_("Add words of your own to what you quote."), "sentence")


def _check_practice(author: Person, text: PracticeText) -> None:
    require_text(text.title, "title")
    refuse_pictures(text.opening, "sentence")
    require_optional_address(text.link, "link")
    require_year(text.started, "started")
    for name in ("evidence", "cost", "language"):
        refuse_too_long(getattr(text, name), name)
    if text.adapted_from_id is not None:
        practice_by_id(author, text.adapted_from_id)
    if text.for_organisation:
        require(author.can.write_for_organisation())
