"""Checks of what is submitted, and whether it was submitted before."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import format_decimal
from flask_babel import gettext as _

from forum.clock import now
from forum.dialogue.models import KINDS, MAX_THEMES, Held, Post, Topic
from forum.dialogue.queries import latest_reply_at, post_by_submission_key
from forum.errors import Conflict, Invalid, TooSoon
from forum.markdown import MAX_SOURCE
from forum.markup import Written
from forum.permissions import AUDIENCES, Person, require
from forum.plaintext import single_line
from forum.quotes import is_only_quoted

TITLE_LENGTHS = range(3, 121)


def already_posted(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Post | None:
    """The post that the form with this submission key has already created; None when there is none.

    Raises `Invalid` when that post has another text or title: an author who goes back in the browser and writes
    something else sends it with the same key, and must not get the earlier post instead.
    """
    earlier = post_by_submission_key(author, key)
    if earlier is None:
        return None
    if says_the_same(earlier, text.source, title):
        return earlier
    raise another_text_sent()


def says_the_same(sent: Post | Held, source: str, title: str | None) -> bool:
    """Whether a submitted text has this source, and this title if it has a title."""
    sent_title = sent.topic.title if isinstance(sent, Post) else sent.title
    return sent.source == source and (title is None or sent_title == single_line(title))


def another_text_sent() -> Invalid:
    """The refusal of a form that was already sent with another text."""
    return Invalid(
        _(
            "You have sent this form before, with another text. Send this one too, if you mean both."
        ),
        "submission_key",
    )


def posted_meanwhile(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Post:
    """The post that a concurrent request has just added with the same key; `Conflict` when it cannot be found."""
    if earlier := already_posted(author, key, text, title):
        return earlier
    raise Conflict(_("This was sent twice at once. Please send it again."))


def check_topic(kind: str, title: str, audience: str, home: str | None) -> None:
    """Raise `Invalid`, naming the wrong field, for a topic that cannot be opened. A topic with a `home` may have any title."""
    if kind not in KINDS:
        raise Invalid(_("Choose an experience or a question."), "kind")
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    if not home:
        checked_title(title)


def check_themes(theme_ids: Collection[int] | None, present: Collection[int] = ()) -> None:
    """Raise `Invalid` when an author gives a topic too many themes, which would make it appear everywhere.

    Themes that are `present` already, from an import, may stay.
    """
    chosen = set(theme_ids or ())
    if len(chosen) > MAX_THEMES and not chosen.issubset(present):
        raise Invalid(_("Choose at most %(most)s themes.", most=MAX_THEMES), "themes")


def checked_title(title: str) -> str:
    """A title with its whitespace normalised; raises `Invalid` when it is too short or too long."""
    title = single_line(title)
    if len(title) not in TITLE_LENGTHS:
        least, most = TITLE_LENGTHS[0], TITLE_LENGTHS[-1]
        raise Invalid(
            _("Enter a title of %(least)s to %(most)s characters.", least=least, most=most), "title"
        )
    return title


def require_pace(author: Person, topic: Topic, but: int = 0) -> None:
    """Raise `TooSoon` when the topic is slow and the author has recently sent a reply there.

    `but` is the id of a held text that does not count, because it is the one to be sent. The caller has locked the
    topic.
    """
    latest_at = latest_reply_at(author, topic, but)
    again_at = topic.again_at(latest_at)
    verdict = author.can.reply_again(topic, latest_at)
    if again_at and not verdict:
        raise TooSoon(str(verdict.why_not), int((again_at - now()).total_seconds()))


def check_text(text: Written) -> None:
    """Raise `Invalid` for a text that is empty, too long, or consists of quotations only."""
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    if is_only_quoted(text.source):
        raise Invalid(_("Add words of your own to what you quote."), "source")
    if len(text.source) > MAX_SOURCE:
        raise Invalid(
            _("Shorten the text to %(most)s characters.", most=format_decimal(MAX_SOURCE)), "source"
        )


def organisation_of(author: Person, for_organisation: bool) -> int | None:
    """The id of the organisation that an author writes for, or None if they write for themselves.

    Raises `Forbidden` if they may not write for it.
    """
    if not for_organisation:
        return None
    require(author.can.write_for_organisation())
    organisation_id: int | None = author.organisation_id
    return organisation_id
