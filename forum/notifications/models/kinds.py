"""Every kind of notice: its label, how it is mailed, and who gets it under which conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from forum.pages import ngettext

AT_ONCE, DIGEST, NEVER = WAYS = ("at once", "digest", "never")  # of mailing a notice
# The kinds of notices about entries of the moderation queue
QUEUE, URGENT = QUEUE_KINDS = ("queue", "urgent")
REMINDER = "reminder"  # of a bookmark
ANNOUNCEMENT = "announcement"  # of a topic of which an administrator tells all members
# New texts for a kept search; the weekly kind is mailed only in the digest
SEARCH, SEARCH_WEEKLY = SEARCH_KINDS = ("search", "search weekly")
# Values of `quotes`: the notice quotes its own post, or the one that opens its topic
POST, OPENING = "post", "opening"


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice, and what follows from it.

    `label` is what members choose it by, None for a kind that they cannot choose; `way` is how it is mailed to those
    who have not chosen. `counted` is the phrase for several of them in a digest, where those with a high `score` come
    first.
    """

    label: LazyString | None
    counted: Callable[[int], str]
    way: str = AT_ONCE
    # Another kind: who has chosen NEVER for that does not get this one by mail either; else its own `way` applies
    chosen_as: str = ""
    score: int = 1
    # `POST` or `OPENING`, which it quotes; a letter about it contains the whole text
    quotes: str = ""
    is_actionable: bool = False  # it asks the member to do something
    is_mutable: bool = False  # not made for members who have muted the topic
    is_always_told: bool = False  # also made for members who are leaving
    is_official: bool = False  # also made when the member ignores the actor
    is_decision: bool = False  # of a moderator, who may take it back in the minutes after
    is_held: bool = False  # mailed only after these minutes, too: such a decision leads to it
    is_joined: bool = False  # those of one topic share a line of the inbox
    is_merging: bool = False  # further ones about the same post are merged into an unread one
    is_in_topic: bool = True  # mailed only while its topic can be read
    is_for_curators: bool = False  # only hosts, moderators and administrators get it


# In the order of the form
NOTICE_KINDS: dict[str, NoticeKind] = {
    "reply": NoticeKind(
        _("Somebody replies to you"),
        lambda n: ngettext("%(num)s reply to you", "%(num)s replies to you", n),
        is_joined=True,
        quotes=POST,
        is_actionable=True,
        is_mutable=True,
    ),
    "quote": NoticeKind(
        _("Somebody quotes you"),
        lambda n: ngettext("%(num)s quotation of you", "%(num)s quotations of you", n),
        quotes=POST,
        is_actionable=True,
    ),
    "mention": NoticeKind(
        _("Somebody mentions you"),
        lambda n: ngettext("%(num)s mention of you", "%(num)s mentions of you", n),
        quotes=POST,
        is_actionable=True,
    ),
    "advice": NoticeKind(
        _("Somebody asks you for advice"),
        lambda n: gettext("you are asked for advice"),
        quotes=OPENING,
        is_actionable=True,
    ),
    "followup": NoticeKind(
        _("What happened next is asked about a question of yours"),
        lambda n: gettext("what happened next? You asked this"),
        is_actionable=True,
    ),
    REMINDER: NoticeKind(
        _("A day on which you asked to be reminded"),
        lambda n: gettext("you asked to be reminded of this"),
        is_actionable=True,
    ),
    "answer": NoticeKind(
        _("A reply is chosen as the answer, yours or to your question"),
        lambda n: ngettext("an answer was chosen", "%(num)s answers were chosen", n),
        way=DIGEST,
        score=5,
        is_mutable=True,
    ),
    "mark": NoticeKind(
        _("Somebody marks what you wrote"),
        lambda n: ngettext("%(num)s mark for you", "%(num)s marks for you", n),
        way=DIGEST,
        is_mutable=True,
        is_merging=True,
    ),
    "intention": NoticeKind(
        _("Somebody wants to try what you wrote"),
        lambda n: ngettext("one wants to try it", "%(num)s want to try it", n),
        way=DIGEST,
        score=4,
        is_mutable=True,
    ),
    "intended": NoticeKind(
        _("We ask what became of what you wanted to try"),
        lambda n: gettext("what became of it? You wanted to try it"),
        is_actionable=True,
    ),
    "revisit": NoticeKind(
        _("We ask whether a practice of yours is still true"),
        lambda n: gettext("is this still true?"),
        is_actionable=True,
    ),
    "topic": NoticeKind(
        _("A new topic in what you watch"),
        lambda n: ngettext("%(num)s new topic", "%(num)s new topics", n),
        way=DIGEST,
        score=3,
        quotes=POST,
    ),
    "post": NoticeKind(
        _("A new reply in a topic you watch"),
        lambda n: ngettext("%(num)s new post", "%(num)s new posts", n),
        is_joined=True,
        way=DIGEST,
        quotes=POST,
    ),
    "findings": NoticeKind(
        _("What the dialogue of an agenda that you watch has found"),
        lambda n: gettext("what its dialogue has found so far"),
        way=DIGEST,
        score=4,
        is_in_topic=False,
    ),
    SEARCH: NoticeKind(
        _("New texts for a search that you keep"),
        lambda n: gettext("a search that you keep"),
        way=DIGEST,  # the worker records it a few hours before the digest
        score=3,
        is_in_topic=False,
    ),
    SEARCH_WEEKLY: NoticeKind(
        None,
        lambda n: gettext("a search that you keep"),
        way=DIGEST,
        chosen_as=SEARCH,
        score=3,
        is_in_topic=False,
    ),
    "declaration": NoticeKind(
        _("A declaration on an agenda that you watch, or that you have signed, goes further"),
        lambda n: gettext("this declaration goes further"),
        way=DIGEST,
        score=4,
        is_official=True,
        is_in_topic=False,
    ),
    "signing": NoticeKind(
        _("Your organisation is invited to sign a declaration"),
        lambda n: gettext("your organisation is invited to sign this"),
        is_actionable=True,
    ),
    "commitment": NoticeKind(
        _("A commitment that you follow goes on, is kept or is given up"),
        lambda n: ngettext("%(num)s change", "%(num)s changes", n),
        way=DIGEST,
        score=4,
        is_official=True,
        is_in_topic=False,
    ),
    "milestone": NoticeKind(
        _("The day of a milestone of your organisation is near or over"),
        lambda n: gettext("what became of this milestone?"),
        is_actionable=True,
        is_official=True,
        is_in_topic=False,
    ),
    "translation": NoticeKind(
        _(
            "Something of yours is translated, or the original of a translation of yours has changed"
        ),
        lambda n: ngettext("%(num)s translation", "%(num)s translations", n),
        way=DIGEST,
        score=4,
        is_mutable=True,
    ),
    "meeting": NoticeKind(
        _("A new meeting on an agenda that you watch"),
        lambda n: gettext("a new meeting"),
        way=DIGEST,
        score=5,
        is_in_topic=False,
    ),
    "coming": NoticeKind(
        _("A meeting to which you are coming changes, is cancelled, or has a place for you"),
        lambda n: ngettext("%(num)s change", "%(num)s changes", n),
        is_official=True,
        is_in_topic=False,
    ),
    "soon": NoticeKind(
        _("A meeting to which you are coming is the next day"),
        lambda n: gettext("you are coming to it the next day"),
        is_official=True,
        is_in_topic=False,
    ),
    "published": NoticeKind(
        _("Your practice is published"),
        lambda n: ngettext("published", "%(num)s published", n),
        is_official=True,
        is_decision=True,
        is_in_topic=False,
    ),
    "returned": NoticeKind(
        _("Your practice is returned to you"),
        lambda n: gettext("a moderator returned it to you"),
        is_actionable=True,
        is_official=True,
        is_decision=True,
        is_in_topic=False,
    ),
    "decision": NoticeKind(
        _("A moderator decides about something of yours"),
        lambda n: ngettext(
            "a moderator decided about it", "%(num)s decisions of moderators about it", n
        ),
        is_actionable=True,
        is_always_told=True,
        is_official=True,
        is_decision=True,
        is_in_topic=False,
    ),
    "report": NoticeKind(
        _("A moderator answers your report"),
        lambda n: ngettext("what became of your report", "what became of %(num)s reports", n),
        way=DIGEST,
        score=2,
        is_official=True,
        is_decision=True,
        is_in_topic=False,
    ),
    "glossary": NoticeKind(
        _("A moderator decides about what you propose for the glossary"),
        lambda n: ngettext("what became of your proposal", "what became of %(num)s proposals", n),
        way=DIGEST,
        score=2,
        is_official=True,
        is_in_topic=False,
    ),
    ANNOUNCEMENT: NoticeKind(
        _("The office of the federation tells all members something"),
        lambda n: gettext("told to all members"),
        score=6,
        quotes=POST,
        is_official=True,
    ),
    "rules": NoticeKind(
        _("The house rules change"),
        lambda n: gettext("the house rules change"),
        way=DIGEST,
        is_in_topic=False,
    ),
    QUEUE: NoticeKind(
        _("Something waits for you in moderation"),
        lambda n: gettext("it waits for you in moderation"),
        way=DIGEST,
        is_actionable=True,
        is_official=True,
        is_in_topic=False,
        is_for_curators=True,
    ),
    URGENT: NoticeKind(
        _("Illegal content, an appeal, or what nobody has decided for two days"),
        lambda n: gettext("it cannot wait in moderation"),
        score=5,
        is_actionable=True,
        is_official=True,
        is_in_topic=False,
        is_for_curators=True,
    ),
    "host": NoticeKind(
        _("You become the host of an agenda, are one no longer, or it is deleted"),
        lambda n: gettext("who hosts this agenda has changed"),
        is_official=True,
        is_in_topic=False,
    ),
    "statement": NoticeKind(
        _("You are quoted in a statement on an agenda"),
        lambda n: gettext("you are quoted on this agenda"),
        is_held=True,
        is_official=True,
        is_in_topic=False,
    ),
    "unnamed": NoticeKind(
        _("Somebody takes their name away from a statement on your agenda"),
        lambda n: gettext("a name was taken away from a statement"),
        is_official=True,
        is_in_topic=False,
        is_for_curators=True,
    ),
    "voice": NoticeKind(
        _("You write for your organisation, or no longer do"),
        lambda n: gettext("who writes for your organisation has changed"),
        is_official=True,
        is_in_topic=False,
    ),
    "unanswered": NoticeKind(
        _("A question on your agenda has no answer"),
        lambda n: gettext("nobody has answered this for a week"),
        is_actionable=True,
        is_for_curators=True,
    ),
    "role": NoticeKind(
        None,
        lambda n: gettext("a role has changed"),
        way=NEVER,  # it is mailed as a letter of its own
        is_always_told=True,
        is_official=True,
        is_in_topic=False,
    ),
    "security": NoticeKind(
        None,
        lambda n: gettext("how you sign in has changed"),
        way=NEVER,  # it is mailed as a letter of its own
        is_always_told=True,
        is_official=True,
        is_in_topic=False,
    ),
}
DEFAULT_WAYS = {kind: facts.way for kind, facts in NOTICE_KINDS.items()}
ACTIONABLE_KINDS = tuple(kind for kind, facts in NOTICE_KINDS.items() if facts.is_actionable)
DECISION_KINDS = tuple(kind for kind, facts in NOTICE_KINDS.items() if facts.is_decision)
HELD_KINDS = tuple(
    kind for kind, facts in NOTICE_KINDS.items() if facts.is_decision or facts.is_held
)
QUOTING_KINDS = tuple(kind for kind, facts in NOTICE_KINDS.items() if facts.quotes == POST)
