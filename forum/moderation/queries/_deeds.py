"""Every deed of moderators: what it requires, what the notices say, and which later deeds end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from forum.moderation.models import Deed
from forum.sentences import Sentence, sentence

UNDO_PERIOD = timedelta(minutes=10)


@dataclass(frozen=True)
class DeedKind:
    """What a deed requires and what follows from it.

    One that `restricts` somebody can be appealed until a deed in `ended_by` ends its effect; its ground is the house
    rule or the law that was broken. `to_author` is what the notice to the author says, None when it alone tells them
    nothing; one that `says_what_was_done` adds the sentences of the decision. `to_reporters` is what the reporters
    are told; without it, their reports stay open.
    """

    needs_ground: bool = False
    needs_reason: bool = False
    restricts: bool = False
    ended_by: tuple[Deed, ...] = ()
    is_undoable: bool = True  # by its moderator, within `UNDO_PERIOD`
    to_author: Sentence | None = None
    says_what_was_done: bool = False
    to_reporters: Sentence | None = None

    @property
    def tells_author(self) -> bool:
        """Whether the author is notified of the deed."""
        return self.to_author is not None or self.says_what_was_done

    @property
    def for_author(self) -> Sequence[Sentence]:
        """What the notice to the author begins with."""
        return [self.to_author] if self.to_author else []

    @property
    def for_reporters(self) -> Sequence[Sentence]:
        """What the notice to a reporter says; empty when the deed answers no reports."""
        return [self.to_reporters] if self.to_reporters else []


# In the order in which the log offers them
DEEDS: dict[str, DeedKind] = {
    Deed.HIDE: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.RESTORE,),
        to_author=sentence("Hidden by the moderators."),
        to_reporters=sentence("Hidden: it broke the rules."),
    ),
    Deed.REMOVE: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.RESTORE,),
        to_author=sentence("Removed by the moderators."),
        to_reporters=sentence("Removed: it broke the rules."),
    ),
    Deed.REFUSE: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.APPROVE,),
        to_author=sentence("Not published. You can change it and send it again."),
    ),
    Deed.WARN: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        to_author=sentence("A warning."),
        to_reporters=sentence("The member was warned."),
    ),
    Deed.SILENCE: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.UNSILENCE,),
        to_author=sentence("You may not write for some time. You can read."),
        to_reporters=sentence("The member may not write for some time."),
    ),
    Deed.SUSPEND: DeedKind(
        needs_ground=True,
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.UNSUSPEND,),
        to_author=sentence("Your account is suspended."),
        to_reporters=sentence("The account is closed for some time."),
    ),
    # The ground of both is the policy against misuse, which the page of the house rules says
    Deed.WARN_REPORTER: DeedKind(
        needs_reason=True, restricts=True, to_author=sentence("A warning about your reports.")
    ),
    Deed.SUSPEND_REPORTS: DeedKind(
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.RESUME_REPORTS,),
        to_author=sentence("The moderators take no reports from you for some time."),
    ),
    Deed.LOCK: DeedKind(
        needs_reason=True,
        restricts=True,
        ended_by=(Deed.UNLOCK,),
        to_author=sentence("Locked: it takes no more replies."),
    ),
    # It restricts no single member, and ends by itself or at a word to the moderators
    Deed.SLOW: DeedKind(needs_reason=True, ended_by=(Deed.UNSLOW,), says_what_was_done=True),
    Deed.SEND_BACK: DeedKind(needs_reason=True, restricts=True, ended_by=(Deed.PUBLISH,)),
    Deed.CLEAR_SPAM: DeedKind(
        restricts=True,
        ended_by=(Deed.UNSUSPEND,),
        to_reporters=sentence("Removed: it was advertising. The account is closed."),
    ),
    Deed.APPROVE: DeedKind(to_author=sentence("Published.")),
    Deed.ASK_TO_EDIT: DeedKind(  # it restricts nobody
        needs_reason=True,
        to_author=sentence("The moderators ask you to change this."),
        to_reporters=sentence("The author is asked to change it."),
    ),
    Deed.NOTE: DeedKind(
        ended_by=(Deed.UNNOTE,), to_author=sentence("The moderators added a note below it.")
    ),
    Deed.UNNOTE: DeedKind(),
    Deed.KEEP: DeedKind(
        to_reporters=sentence("Kept: it is within the rules. You can appeal against that.")
    ),
    Deed.RESTORE: DeedKind(
        to_author=sentence("Shown again."),
        to_reporters=sentence("Kept: it is within the rules."),
    ),
    Deed.UNLOCK: DeedKind(to_author=sentence("Open for replies again.")),
    # The lock stays in effect, and it is the lock that can be appealed
    Deed.SET_LOCK_END: DeedKind(says_what_was_done=True),
    Deed.UNSLOW: DeedKind(
        to_author=sentence("Not slow any more: members can write as often as they like.")
    ),
    Deed.PIN: DeedKind(),
    Deed.UNPIN: DeedKind(),
    Deed.TELL_ALL: DeedKind(is_undoable=False),  # nobody can be untold
    Deed.MOVE: DeedKind(says_what_was_done=True),  # the reason begins with what was done
    Deed.RETITLE: DeedKind(says_what_was_done=True),
    Deed.CHANGE_KIND: DeedKind(says_what_was_done=True),
    Deed.SPLIT: DeedKind(),
    Deed.MERGE: DeedKind(to_author=sentence("Your topic is part of another one now.")),
    Deed.PUBLISH: DeedKind(),  # the library tells its author, as it does when a practice is sent back
    Deed.FEATURE: DeedKind(),
    Deed.UNFEATURE: DeedKind(),
    Deed.UNSILENCE: DeedKind(to_author=sentence("You can write again.")),
    Deed.UNSUSPEND: DeedKind(to_author=sentence("Your account is open again.")),
    Deed.RESUME_REPORTS: DeedKind(to_author=sentence("You can report again.")),
    Deed.OPEN_AGENDA: DeedKind(),
    Deed.ARCHIVE: DeedKind(),
    Deed.REOPEN: DeedKind(),
    # It had no content, so it can simply be made again
    Deed.DELETE_AGENDA: DeedKind(needs_reason=True, is_undoable=False),
    # The invitations room notifies those concerned; it is undone by choosing again
    Deed.CHOOSE_VOICES: DeedKind(is_undoable=False),
    Deed.UNDO: DeedKind(is_undoable=False, to_author=sentence("The decision is taken back.")),
    Deed.REVERSE: DeedKind(
        is_undoable=False, to_author=sentence("After an appeal the decision is taken back.")
    ),
}
RESTRICTING_DEEDS = tuple(deed for deed, kind in DEEDS.items() if kind.restricts)
UNDOABLE_DEEDS = tuple(deed for deed, kind in DEEDS.items() if kind.is_undoable)
WITHHOLDING_DEEDS = (Deed.HIDE, Deed.REMOVE)  # of a topic, they also withhold what others wrote
# After these, the reported thing stays visible
UPHOLDING_DEEDS = (Deed.KEEP, Deed.RESTORE, Deed.ASK_TO_EDIT)
# By the kind of the waiting thing
PUBLISHING_DEEDS = {"practice": Deed.PUBLISH, "held": Deed.APPROVE}
# The names of deeds before migration 0034; old bookmarked addresses of the log still contain them.
FORMER_NAMES: dict[str, Deed] = {
    "send back": Deed.SEND_BACK,
    "ask to edit": Deed.ASK_TO_EDIT,
    "change kind": Deed.CHANGE_KIND,
    "spam": Deed.CLEAR_SPAM,
}


def deeds_ended_by(*deeds: str) -> list[str]:
    """The deeds whose effect is ended by one of these deeds."""
    return [deed for deed, kind in DEEDS.items() if not set(deeds).isdisjoint(kind.ended_by)]
