"""Opening an agenda and putting it back in preparation: what the dialogue stores about the visibility of its posts."""

from __future__ import annotations

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.deeds import action
from forum.dialogue.actions._quotes import refresh_quotes
from forum.dialogue.actions.mending import mend_members
from forum.dialogue.queries import (
    author_ids_on,
    lock_quoting_posts,
    quotes_of_agenda,
    topic_ids_on,
)
from forum.notifications.actions import forget_events
from forum.permissions import SYSTEM, Person


@action
def open_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Open an agenda that is in preparation: from now on everybody sees it, with all its content."""
    lock_quoting_posts(quotes_of_agenda(agenda_id))
    agenda = agendas.open_agenda(curator, agenda_id)
    agendas.tell_quoted(curator, agenda)
    _follow_agenda(agenda_id)
    return agenda


@action
def prepare_agenda(curator: Person, agenda_id: int) -> Agenda:
    """Put an agenda in preparation again: only its hosts and moderators see it and its content.

    The calling action has made sure that nobody else has written there, or is an import. Notifications about its
    content that are still to be sent are dropped.
    """
    lock_quoting_posts(quotes_of_agenda(agenda_id))
    agenda = agendas.prepare_agenda(curator, agenda_id)
    agendas.tell_quoted(curator, agenda)
    forget_events(curator, topic_ids_on(agenda_id))
    _follow_agenda(agenda_id)
    return agenda


def _follow_agenda(agenda_id: int) -> None:
    """Count the posts of who wrote there in or out, and show or withhold what other agendas quote of them."""
    mend_members(SYSTEM, author_ids_on(agenda_id))
    refresh_quotes(quotes_of_agenda(agenda_id), is_back=True)
