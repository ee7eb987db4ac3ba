"""What may be written, and what was sent already."""

from __future__ import annotations

from flask_babel import gettext as _

from forum.db import member_scope
from forum.dialogue.models import KINDS, Post
from forum.dialogue.queries import post_by_submission_key
from forum.errors import Conflict, Invalid
from forum.markup import MAX_SOURCE, Written, quoted_posts
from forum.permissions import AUDIENCES, Person, require

TITLE_LENGTHS = range(3, 121)


def profiles_of(*member_ids: int | None) -> set[str]:
    """The scopes of the profiles of members; the system has none."""
    return {member_scope(member_id) for member_id in member_ids if member_id}


def sent_before(
    author: Person, key: str | None, text: Written, title: str | None = None
) -> Post | None:
    """The post that a form has made already, if it says the same; never in place of another text.

    Who goes back in the browser and writes something else sends it with the same key.
    """
    earlier = post_by_submission_key(author, key)
    if earlier is None:
        return None
    is_titled_alike = title is None or earlier.topic.title == " ".join(title.split())
    if earlier.source == text.source and is_titled_alike:
        return earlier
    raise sent_another()


def sent_another() -> Invalid:
    """The refusal of a form that was sent before with another text."""
    return Invalid(
        _(
            "You have sent this form before, with another text. Send this one too, if you mean both."
        ),
        "submission_key",
    )


def sent_twice(author: Person, key: str | None, text: Written, title: str | None = None) -> Post:
    """The post that another request has written with the same key in this very moment."""
    if earlier := sent_before(author, key, text, title):
        return earlier
    raise Conflict(_("This was sent twice at once. Please send it again."))


def check_topic(kind: str, title: str, audience: str, home: str | None) -> None:
    """Raises `Invalid`, with the field that is wrong, for a topic that cannot be opened."""
    if kind not in KINDS:
        raise Invalid(_("Choose an experience or a question."), "kind")
    if audience not in AUDIENCES:
        raise Invalid(_("Choose who may read it."), "audience")
    if not home:
        checked_title(title)


def checked_title(title: str) -> str:
    """A title with its spaces put right; raises `Invalid` when it is too short or too long."""
    title = " ".join(title.split())
    if len(title) not in TITLE_LENGTHS:
        raise Invalid(_("Enter a title of 3 to 120 characters."), "title")
    return title


def check_text(text: Written) -> None:
    """Raises `Invalid` for a text that is empty or too long, or says nothing but what others said."""
    if not text.source.strip():
        raise Invalid(_("Write a text."), "source")
    lines = filter(str.strip, text.source.split("\n"))
    if quoted_posts(text.source) and all(line.startswith(">") for line in lines):
        raise Invalid(_("Add words of your own to what you quote."), "source")
    if len(text.source) > MAX_SOURCE:
        raise Invalid(_("Shorten the text to 20,000 characters."), "source")


def organisation_of(author: Person, for_organisation: bool) -> int | None:
    """The id of the organisation that an author writes for, if they do; raises `Forbidden` if they may not."""
    if not for_organisation:
        return None
    require(author.can.write_for_organisation())
    organisation_id: int | None = author.organisation_id
    return organisation_id
