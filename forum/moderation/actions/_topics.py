"""Locking, moving and correcting one topic, alone or together with others; who may has been asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext as _

from forum.advice import actions as advice
from forum.agendas.models import Agenda, Theme
from forum.clock import now
from forum.dialogue import actions as dialogue
from forum.errors import Invalid
from forum.moderation.actions._concurrency import require_change
from forum.moderation.actions._reasons import Reasons
from forum.moderation.actions._record import Columns, record
from forum.moderation.models import Decision, Deed, MoveBefore, TitleBefore
from forum.moderation.queries import Thing
from forum.permissions import Person
from forum.sentences import Sentence, kept, sentence

MAX_LOCK_TIME = timedelta(days=3650)
# Of `_record`: with notices for each topic alone, or without
Recorder = Callable[..., Decision]


def check_last_day(until: date | None) -> None:
    """Raise `Invalid` for a last day of a lock that is over, or too far ahead."""
    today = now().date()
    if until is not None and not today <= until <= today + MAX_LOCK_TIME:
        raise Invalid(_("Choose a day that is still ahead, within the next ten years."), "until")


def last_day(until: date | None) -> Columns:
    """The words of a decision about the last day of a lock, which ends with that day in UTC."""
    if until is None:
        return {}
    end = datetime.combine(until + timedelta(days=1), time(), UTC)
    return {"until": end, "sentences": kept([is_last(until)])}


def is_last(day: date) -> Sentence:
    """What a decision says of the last day of a lock."""
    return sentence("The last day is %(day)s.", day=day.isoformat())


def lock_topic(
    moderator: Person, thing: Thing, reasons: Reasons, until: date | None, *, record: Recorder
) -> Decision:
    """Lock a topic that is open, and record that."""
    dialogue.lock(moderator, thing.item_id, reasons.facts, until)
    return record(moderator, Deed.LOCK, thing, reasons, **last_day(until))


def move_topic(
    moderator: Person, thing: Thing, agenda: Agenda, reasons: Reasons, *, record: Recorder
) -> Decision:
    """Move a topic to another agenda, and record that."""
    before, is_new = MoveBefore(thing.row.agenda_id), thing.row.agenda.opened_at is None
    dialogue.move(moderator, thing.item_id, agenda.id)
    if is_new and thing.row.kind == "question":
        advice.await_answers(moderator, thing.item_id)
    return record(
        moderator, Deed.MOVE, thing, reasons, sentences=kept([is_moved(agenda)]), before=before
    )


def is_moved(agenda: Agenda) -> Sentence:
    """What a decision says of where a topic was moved."""
    return sentence("Moved to “%(agenda)s”.", agenda=agenda.title)


def theme_topic(
    moderator: Person, thing: Thing, theme: Theme, reasons: Reasons, *, record: Recorder
) -> Decision:
    """Give a topic one more theme, and record which."""
    present = [other.id for other in thing.row.themes]
    dialogue.retitle(moderator, thing.item_id, thing.title, [*present, theme.id])
    before = TitleBefore(thing.title, sorted(present), made=thing.title)
    return record(
        moderator, Deed.RETITLE, thing, reasons, sentences=kept([is_given(theme)]), before=before
    )


def is_given(theme: Theme) -> Sentence:
    """What a decision says of the theme that a topic was given."""
    return sentence("The theme “%(name)s” was given to it.", name=theme.name)


def retitle_topic(
    moderator: Person,
    thing: Thing,
    title: str,
    themes: Sequence[int],
    reasons: Reasons,
    *,
    read: str | None = None,
) -> Decision:
    """Give a topic a title and themes (ids), and record what it had before; `read` as in `topics.retitle`."""
    present = {theme.id: theme.name for theme in thing.row.themes}
    topic = dialogue.retitle(moderator, thing.item_id, title, themes, seen=read)
    before = TitleBefore(thing.title, sorted(present), made=topic.title)
    require_change(before.made != before.title or set(themes) != set(present))
    changed = []
    if before.made != before.title:
        changed.append(sentence("The title was “%(title)s”.", title=before.title))
    if set(themes) != set(present):
        names = ", ".join(present.values())
        changed.append(
            sentence("The themes were: %(names)s.", names=names)
            if names
            else sentence("It had no themes.")
        )
    return record(moderator, Deed.RETITLE, thing, reasons, sentences=kept(changed), before=before)
