"""Topics that members open by e-mail."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.dialogue.actions import TITLE_LENGTHS, NewTopic
from forum.dialogue.models import Held, Topic
from forum.dialogue.queries import render_with_mentions
from forum.errors import Busy, Conflict, Forbidden, Invalid, Refusal
from forum.mail import actions
from forum.mail.commands._shared import reason_of, require_within_limit
from forum.mail.forms import Incoming, TopicKey, kind_of, sounds_automatic
from forum.mail.queries import sent_today, sent_with
from forum.members.models import Member
from forum.permissions import SYSTEM
from forum.plaintext import tidy
from forum.ratelimits import within_limit

# What comes to a void address is given back so often: whoever makes new addresses may want to be rid of somebody
VOID_LIMIT = "3/day"


class _SentBefore(Conflict):
    """The text, or what it answers, was sent before; `path` leads there."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


def open_by_email(incoming: Incoming, member: Member, address: TopicKey) -> str:
    """Open the topic that a member has sent to such an address, or give it back; returns a sentence about what was done."""
    is_void = address.generation != member.address_generation
    if is_void and not within_limit(VOID_LIMIT, "mail-void", str(member.id)):
        raise Forbidden("The member has made new addresses.")
    try:
        opened = _opened(incoming, member, address)
    except Busy:
        raise
    except Refusal as error:
        why = reason_of(error, member, _("The agenda of this address is not there any more."))
        actions.return_topic(
            SYSTEM,
            member,
            incoming.title,
            incoming.text,
            why,
            path=getattr(error, "path", ""),
            files=incoming.files,
        )
        return "The message was given back with the reason."
    if isinstance(opened, Held):
        return f"It waits for a moderator as /waiting/{opened.id}."
    return f"Opened as /topics/{opened.id}."


def _opened(incoming: Incoming, member: Member, address: TopicKey) -> Topic | Held:
    _check_words(incoming)
    source, key = tidy(incoming.text), f"mail-{incoming.number}"
    if before := sent_with(member, [f"mail-{number}" for number in incoming.before]):
        raise _SentBefore(
            _(
                "This e-mail answers one that you have sent to this address before. So that nothing of a conversation by "
                "e-mail is published, it was not. Reply on the site, or send a new e-mail."
            ),
            before,
        )
    if before := sent_today(member, source, key):
        raise _SentBefore(_("You have sent the same text within a day."), before)
    require_within_limit(member)
    new = NewTopic(
        kind=kind_of(incoming.title),
        title=incoming.title,
        text=render_with_mentions(source, member.language, member),
    )
    return actions.open_by_email(
        member,
        address.agenda_id,
        new,
        key,
        generation=address.generation,
        files=incoming.files,
    )


def _check_words(incoming: Incoming) -> None:
    """Raise `Invalid` for a subject that can be no title, and for an e-mail without a text."""
    least, most = TITLE_LENGTHS[0], TITLE_LENGTHS[-1]
    if len(incoming.title) not in TITLE_LENGTHS:
        raise Invalid(
            _(
                "The subject of an e-mail becomes the title of the topic. It needs %(least)s to %(most)s characters.",
                least=least,
                most=most,
            )
        )
    if sounds_automatic(incoming.title):
        raise Invalid(
            _("The subject begins as that of an automatic reply does. Choose other words for it.")
        )
    if not incoming.text:
        raise Invalid(_("Your e-mail had no text. The text says what the title cannot."))
