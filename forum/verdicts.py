"""Verdicts on whether somebody may do something: yes, or no with a message for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from forum.clock import day_in_words, in_words


@dataclass(frozen=True)
class Verdict:
    """The answer to the question whether somebody may do something: true when `why_not` is None."""

    why_not: LazyString | str | None = None

    def __bool__(self) -> bool:
        return self.why_not is None


YES = Verdict()
NO = Verdict(_("You may not do this."))
SIGN_IN = Verdict(_("Sign in to do this."))
# Made once, because they are needed for every post of a page
ONLY_AUTHOR_EDITS = Verdict(_("Only the author may edit this."))
ONLY_AUTHOR_DELETES = Verdict(_("Only the author may delete this."))
FOR_AGENDA_MODERATORS = Verdict(_("This is for the moderators of this agenda."))
FOR_MODERATORS = Verdict(_("This is for moderators."))
FOR_ADMINISTRATORS = Verdict(_("This is for administrators."))
NOT_A_QUESTION = Verdict(_("Only a question has an answer."))
NEEDS_SECOND_FACTOR = Verdict(
    _("This waits until you have set up a second factor: a passkey, or codes from an app.")
)
MEETING_CANCELLED = Verdict(_("This meeting is cancelled."))
MEETING_OVER = Verdict(_("This meeting is over."))
LOCKED = Verdict(_("This topic is locked. It can be read, not continued."))
# What a moderator is told when somebody's text cannot be published, by what keeps its author from writing
AUTHOR_KEPT_FROM_WRITING = {
    "suspended": Verdict(_("Its author is suspended.")),
    "closed": Verdict(_("Its author has closed the account.")),
    "silenced": Verdict(_("Its author may not write at the moment.")),
    "terms": Verdict(_("Its author has not agreed to the new terms of use.")),
}

THIS_IS_YOU = Verdict(_("This is you."))
TAKES_NO_LETTERS = Verdict(_("This member cannot be written to."))
ONLY_QUESTIONS_ASK = Verdict(_("Only a question asks members for advice."))
ONLY_ASKER_TELLS = Verdict(_("Only the member who asked the question tells what happened next."))
TEXT_HIDDEN = Verdict(_("A moderator has hidden this text, so it cannot be edited."))
NOT_QUOTED = Verdict(_("Only the member who is quoted can take that name away."))
AGENDA_ARCHIVED = Verdict(_("This agenda is archived. It can be read, not continued."))
AGENDA_GONE = Verdict(
    _("The agenda that this was for is not there any more. Choose another one in the form.")
)
AGENDA_IN_PREPARATION = Verdict(_("This agenda is in preparation. Open it first."))
# What a moderator is told who comes to the page of a deed when it is done already
DONE_ALREADY = {
    "open_agenda": Verdict(_("This agenda is open already.")),
    "archive": Verdict(_("This agenda is archived already.")),
    "reopen": Verdict(_("This agenda is not archived.")),
    "lock": Verdict(_("This topic is locked already.")),
}
NO_MAIL_IN_PREPARATION = Verdict(
    _("This agenda is in preparation. Once it is open, topics can come by e-mail.")
)
# The deeds of moderators on a declaration, and the states in which they are possible (`declarations.models.STATES`)
DECLARATION_DEEDS = {
    "edit": ("draft", "consultation"),
    "open": ("draft",),
    "freeze": ("consultation",),
    "invite": ("open",),
    "adopt": ("open",),
    "withdraw": ("draft", "consultation", "open"),
}
DECLARATION_ENDS = ("adopt", "withdraw")
# Those that notify people: the agenda must be open, so that all of them see the declaration
DECLARATION_TELLS = ("open", "freeze", "invite", "adopt")
# Why a declaration cannot be taken further, by its state
DECLARATION_IS = {
    "draft": Verdict(_("This declaration is a draft. Open it for consultation first.")),
    "consultation": Verdict(_("This declaration is in consultation. Nobody can sign it yet.")),
    "open": Verdict(_("This declaration is open for signature. Its text cannot change any more.")),
    "adopted": Verdict(_("This declaration is adopted. Nothing about it can change any more.")),
    "withdrawn": Verdict(_("This declaration was withdrawn.")),
}
ONLY_VOICES_SIGN = Verdict(
    _(
        "Signing binds an organisation. So its representative signs for it, or a member named to write for it, and nobody else."
    )
)
ONLY_VOICES_COMMIT = Verdict(
    _(
        "Only the representative of an organisation, or a member named to write for it, says what the organisation will do."
    )
)
ONLY_OTHERS_FOLLOW = Verdict(
    _("Members of other organisations follow a commitment, to exchange experience with this one.")
)
# Whether a commitment can still be changed, by its state (`commitments.models.STATES`)
COMMITMENT_IS = {
    "running": YES,
    "kept": Verdict(_("This commitment is kept. Nothing about it can change any more.")),
    "ended": Verdict(_("This commitment was given up. Nothing about it can change any more.")),
    "hidden": Verdict(_("A moderator has hidden this commitment, so it cannot be changed.")),
}
NOT_FOR_ALL = Verdict(
    _("All members can only be told about a topic that all of them find, with a page of its own.")
)
LAST_DAY_IS_OVER = Verdict(_("The last day to sign is over."))
# Longer messages
NEW_TERMS = Verdict(_("There are new terms of use. Read them and agree, then you can write again."))
OTHERS_WRITE_FOR_IT = Verdict(
    _(
        "Your organisation has named the members who write for it. Its representative or a moderator can name you, too."
    )
)
PICTURE_OF_OTHERS = Verdict(
    _(
        "This text shows a picture or file of somebody else. Quote their post, or add one of your own."
    )
)
NOTE_HIDDEN = Verdict(
    _(
        "The moderators have hidden what you said about this, so that nothing else is said in its place. You can appeal against the decision."
    )
)
SEQUEL_HIDDEN = Verdict(
    _(
        "The moderators have hidden this, and it is kept for as long as their decision stands. You can appeal against the decision."
    )
)
NOBODY_READS_IT = Verdict(
    _("Others cannot read this practice now, so nobody asks whether it is true.")
)
NOT_TOLD = Verdict(_("Others cannot read this page now, so nobody translates it."))
TRANSLATION_HIDDEN = Verdict(_("A moderator has hidden this translation, so it cannot be changed."))
TOO_LATE_TO_APPEAL = Verdict(
    _("Six months have passed since this decision, so it can no longer be appealed.")
)
DECIDED_ABOUT_ONESELF = Verdict(
    _(
        "It is your own, so another moderator decides about it. You can appeal against what restricts you."
    )
)
OWN_TEXT = Verdict(_("It is your own, so another moderator decides about it."))
# Why a moderator neither answers an appeal about a decision nor changes it, by the part in it (`moderation.Decision.part`)
PARTIES = {
    "author": DECIDED_ABOUT_ONESELF,
    "teller": Verdict(
        _(
            "You began this translation, or speak for this organisation, so another moderator decides."
        )
    ),
    "reporter": Verdict(
        _("You reported this, so another moderator decides whether the decision stays.")
    ),
}
NO_SPAMMER = Verdict(_("This member has written too much to be a spammer. Decide about each text."))


def locked_because(reason: str, until: date | None) -> Verdict:
    """The verdict that a topic is locked, with its last day and the moderator's reason, if there are any."""
    if until is not None:
        return _locked_until(day_in_words(until), reason)
    if not reason:
        return LOCKED
    # A lazy string counts as safe HTML in templates, but somebody typed the reason.
    why_not = str(
        _("This topic is locked. It can be read, not continued. Reason: %(reason)s", reason=reason)
    )
    return Verdict(why_not)


def _locked_until(day: str, reason: str) -> Verdict:
    if not reason:
        words = {"day": day}
        return Verdict(
            str(_("This topic is locked until %(day)s. It can be read, not continued.", **words))
        )
    return Verdict(
        str(
            _(
                "This topic is locked until %(day)s. It can be read, not continued. Reason: %(reason)s",
                day=day,
                reason=reason,
            )
        )
    )


def suspended_until(until: datetime | None) -> Verdict:
    """The verdict that an account is suspended."""
    return Verdict(
        _(
            "A moderator has suspended this account until %(day)s."
            " If you think that this is wrong, write to us.",
            day=_lazy_datetime(until),
        )
    )


def silenced_until(until: datetime | None) -> Verdict:
    """The verdict that somebody may not write for the time being."""
    return Verdict(
        _(
            "A moderator has paused your right to write until %(day)s."
            " You can still read. Your notices say why, and how to appeal.",
            day=_lazy_datetime(until),
        )
    )


def reports_suspended_until(until: datetime | None) -> Verdict:
    """The verdict that moderators take no reports from somebody for the time being."""
    return Verdict(
        _(
            "The moderators take no reports from you until %(day)s."
            " Your notices say why, and how to appeal."
            " If somebody’s life is in danger, call the police, and write to the address on the page “Contact”.",
            day=_lazy_datetime(until),
        )
    )


def handle_changed_lately(again_at: datetime | None) -> Verdict:
    """The verdict that a handle was changed recently, and when it can be changed again."""
    return Verdict(
        _(
            "You changed it not long ago. You can change it again from %(day)s.",
            day=_lazy_datetime(again_at),
        )
    )


def slow_until(again_at: datetime | None) -> Verdict:
    """The verdict that somebody has recently written in a slow topic, and when they can write again."""
    return Verdict(
        _(
            "This topic is slow, and you wrote here not long ago. You can write again from %(moment)s.",
            moment=_lazy_datetime(again_at),
        )
    )


def _lazy_datetime(at: datetime | None) -> LazyString:
    """A date and time in words, formatted when it is shown, in the language and time zone of that request."""
    return LazyString(in_words, at)
