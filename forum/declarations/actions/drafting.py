"""Drafting a declaration and opening it for discussion."""

from __future__ import annotations

from forum.agendas import actions as agendas
from forum.agendas.queries import agenda_by_id, lock_to_write_on
from forum.clock import now
from forum.db import db
from forum.declarations.actions._rows import DeclarationText, check_text, declaration_entry, fill
from forum.declarations.actions._telling import tell_watchers
from forum.declarations.models import DRAFT, Declaration
from forum.declarations.queries import (
    count_told,
    declaration_fields,
    declaration_to_change,
    fields_to_keep,
    same_draft,
    withdrawn_on,
)
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NO_FORM, NewTopic, SentForm
from forum.dialogue.models import Topic
from forum.history.actions import keep_version
from forum.history.queries import refuse_unseen
from forum.markup import PlainTexts
from forum.members.queries import lock_writer
from forum.permissions import Person, require
from forum.plaintext import single_line
from forum.search import actions as search
from forum.sentences import sentence


@action
def write_declaration(
    drafter: Person,
    agenda_id: int,
    text: DeclarationText,
    declaration_id: int | None = None,
    form: SentForm = NO_FORM,
) -> Declaration:
    """Draft a declaration, or change one; versions since its consultation began are kept.

    The same draft sent twice is one, with whatever key.
    """
    dialogue.lock_drafts(drafter)
    with dialogue.draft_sent(drafter, form):
        return _write(drafter, agenda_id, text, declaration_id, form.seen)


def _write(
    drafter: Person,
    agenda_id: int,
    text: DeclarationText,
    declaration_id: int | None,
    seen: str | None,
) -> Declaration:
    check_text(text)
    if declaration_id is None:
        return _draft(drafter, agenda_id, text)
    declaration = declaration_to_change(drafter, declaration_id)
    require(drafter.can.curate_declaration(declaration, "edit"))
    before, kept = declaration_fields(declaration), fields_to_keep(declaration)
    fill(declaration, text)
    if declaration_fields(declaration) != before:
        refuse_unseen(seen, before)
        declaration.edited_at = now()
        if declaration.state != DRAFT:
            keep_version(drafter, "declaration", declaration.id, kept)
            search.index(drafter, declaration_entry(declaration, text.text.plain))
    return declaration


def _draft(drafter: Person, agenda_id: int, text: DeclarationText) -> Declaration:
    lock_writer(drafter)
    agenda = agenda_by_id(drafter, agenda_id)
    require(drafter.can.draft_declaration(agenda))
    title = single_line(text.title)
    if known := same_draft(agenda_id, drafter.id, title, text.text.source):
        return known
    declaration = Declaration(
        agenda_id=agenda_id, agenda=agenda, author_id=drafter.id, created_at=now()
    )
    if text.replaces_id and withdrawn_on(drafter, agenda_id, text.replaces_id):
        declaration.replaces_id = text.replaces_id
    fill(declaration, text)
    db.session.add(declaration)
    db.session.flush()
    return declaration


@action
def open_declaration(
    curator: Person,
    declaration_id: int,
    texts: PlainTexts,
    question: NewTopic | None = None,
    *,
    seen: str | None = None,
) -> Declaration:
    """Open a draft for consultation: everybody who sees its agenda can read it, and watchers of the agenda are notified.

    With a `question` a topic is opened in the curator's name, and linked from the page. `texts` are plain texts by
    source, which should include that of the draft. `seen` is the fingerprint of the fields that the person has read:
    `Conflict` when they have changed.
    """
    lock_writer(curator)
    declaration = declaration_to_change(curator, declaration_id)
    require(curator.can.curate_declaration(declaration, "open"))
    refuse_unseen(seen, declaration_fields(declaration))
    # Others who open one there at the same moment wait, so that all are counted
    lock_to_write_on(curator, declaration.agenda_id, is_noted=True)
    declaration.opened_at = now()
    if question is not None:
        topic = dialogue.open_topic(curator, declaration.agenda_id, question)
        declaration.topic_id = topic.id if isinstance(topic, Topic) else None
    db.session.flush()
    told = count_told(declaration.agenda_id)
    agendas.note_declarations(curator, declaration.agenda_id, told)
    search.index(curator, declaration_entry(declaration, texts[declaration.source]), is_new=True)
    tell_watchers(curator, declaration, sentence("It is open for consultation."))
    return declaration
