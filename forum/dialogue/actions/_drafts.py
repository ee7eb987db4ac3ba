"""Forms that are sent to be kept or saved, how drafts end, and which browser window may change them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy import delete

from forum.db import DRAFTS, db, serialize
from forum.dialogue.models import Draft
from forum.dialogue.queries import SUBMISSION_KEY_LENGTH, draft_to_change
from forum.errors import Conflict
from forum.members.actions import note_drafts
from forum.permissions import Person

Fields = Sequence[tuple[str, str]]  # the content of a form, as in `Draft.fields`


class UnsentForm(NamedTuple):
    """A form that is to be kept as a draft: its submission key, and what it contains.

    `windows` names the browser window that sends the form, with a number that grows with each request (`NAME:7`),
    followed by what this window has seen: everything sent by a window (`NAME`), or a single request of it.
    `is_asked`: somebody has asked for it to be kept, and not a script.
    """

    key: str
    fields: Fields
    windows: Sequence[str] = ()
    is_asked: bool = False


class SentForm(NamedTuple):
    """The form with which a text is sent to be saved.

    One that is sent twice has the same submission `key`: what it adds is added once. `seen` is the `fingerprint` of
    what it changes, when it was opened; if that is another one by now, the deed raises `Conflict`. What was kept of
    the form is deleted, unless it was changed in another window (`windows` as in `UnsentForm`).
    """

    key: str | None = None
    seen: str | None = None
    windows: Sequence[str] = ()


NO_FORM = SentForm()


def lock_drafts(author: Person) -> None:
    """Serialize the actions that keep, discard or publish an author's drafts; call this first in an action.

    Locking the author's row would not work: actions that count posts lock it last, after the topic.
    """
    if author.id:
        serialize(DRAFTS, author.id)


def draft_in_window(author: Person, key: str, windows: Sequence[str]) -> Draft | None:
    """The author's draft in the form with this submission key, locked; or None. `windows` as in `UnsentForm`.

    Raises `Conflict` when the window has not seen what the draft contains, or has sent a newer version meanwhile.
    """
    draft = draft_to_change(author, key)
    if draft and (_went_on_elsewhere(draft, windows) or _is_late(draft, windows)):
        raise Conflict(_("You have gone on with this text elsewhere."))
    return draft


def _went_on_elsewhere(draft: Draft, windows: Sequence[str]) -> bool:
    """Whether a draft was last kept by another window, in a version that this form has not seen.

    Without a script no window is known.
    """
    last = draft.window
    return bool(last and windows) and {last, _numbered(last)[0]}.isdisjoint(windows)


def _is_late(draft: Draft, windows: Sequence[str]) -> bool:
    """Whether the window that sends a form has meanwhile kept a newer version of the draft, which arrived earlier."""
    last, number = _numbered(draft.window)
    window, own = _numbered(windows[0]) if windows else ("", 0)
    return window == last and own < number


def _numbered(window: str) -> tuple[str, int]:
    """The name of a window, and the number of its request; 0 if the window does not count them."""
    name, _colon, number = window.partition(":")
    return name, int(number) if number.isdecimal() else 0


@contextmanager
def draft_sent(author: Person, form: SentForm) -> Iterator[None]:
    """Around saving a text: deletes the draft in the form with which it is sent, if there is one.

    A draft that was changed in another window stays as a separate draft. The draft is counted out at the end, in the
    same order as posts are counted, so that two transactions never deadlock.
    """
    key, windows = form.key, form.windows
    draft = draft_to_change(author, key) if key and windows else None
    if draft and _went_on_elsewhere(draft, windows):
        draft.submission_key = secrets.token_urlsafe(12)
        db.session.flush()
    mine = Draft.author_id == author.id, Draft.submission_key == (key or "")[:SUBMISSION_KEY_LENGTH]
    gone = _delete(*mine) if key else Counter()
    yield
    _count_out(author, gone)


def delete_drafts(doer: Person, *which: Any) -> int:
    """Delete the drafts that meet all these conditions, and update their authors' counters; returns how many there were."""
    gone = _delete(*which)
    _count_out(doer, gone)
    return gone.total()


def _delete(*which: Any) -> Counter[int]:
    return Counter(db.session.scalars(delete(Draft).where(*which).returning(Draft.author_id)))


def _count_out(doer: Person, gone: Counter[int]) -> None:
    for author_id, count in sorted(gone.items()):
        note_drafts(doer, author_id, -count)
