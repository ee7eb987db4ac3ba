"""What is answered to the question whether somebody may do something: yes, or no with a sentence for the person."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString


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
LOCKED = Verdict(_("This topic is locked. It can be read, not continued."))
# What is said to a moderator when somebody's text cannot be published, by what keeps its author from writing
AUTHOR_KEPT_FROM_WRITING = {
    "suspended": Verdict(_("Its author is suspended.")),
    "closed": Verdict(_("Its author has closed the account.")),
    "silenced": Verdict(_("Its author may not write for the time being.")),
    "terms": Verdict(_("Its author has not agreed to the new terms of use.")),
}

AGENDA_ARCHIVED = Verdict(_("This agenda is archived. It can be read, not continued."))
AGENDA_IN_PREPARATION = Verdict(_("This agenda is in preparation. Open it first."))
# What moderators do with a declaration, and the states in which they can (`declarations.models.STATES`)
DECLARATION_DEEDS = {
    "edit": ("draft", "consultation"),
    "open": ("draft",),
    "freeze": ("consultation",),
    "invite": ("open",),
    "adopt": ("open",),
    "withdraw": ("draft", "consultation", "open"),
}
DECLARATION_ENDS = ("adopt", "withdraw")
# Why a declaration is not taken further, by its state
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
LAST_DAY_IS_OVER = Verdict(_("The last day to sign is over."))


def locked_because(reason: str) -> Verdict:
    """The verdict that a topic is locked, with the moderator's reason if there is one."""
    if not reason:
        return LOCKED
    # A lazy string counts as safe HTML in templates, but somebody typed the reason.
    why_not = str(
        _("This topic is locked. It can be read, not continued. Reason: %(reason)s", reason=reason)
    )
    return Verdict(why_not)
