"""Values for actions on topics: a new topic, a reply, an edit of the first post, and a topic that belongs to a page of the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forum.dialogue.models import PollText, Topic
from forum.markup import Written
from forum.permissions import PUBLIC


@dataclass(frozen=True)
class NewTopic:
    """A topic to open. `themes` are ids; `home` is the path of the case or practice on whose page the topic is shown.

    `poll` is to be shown below its text.
    """

    kind: str
    title: str
    text: Written
    themes: Sequence[int] = ()
    audience: str = PUBLIC
    for_organisation: bool = False
    home: str | None = None
    poll: PollText | None = None


@dataclass(frozen=True)
class NewReply:
    """A reply to add. `paragraph` is the key of the paragraph of a case that it comments on."""

    text: Written
    paragraph: str | None = None
    for_organisation: bool = False


@dataclass(frozen=True)
class TopicChanges:
    """What an edit of the first post changes in its topic, besides the text. None leaves a value unchanged; `themes` are ids."""

    title: str | None = None
    themes: Sequence[int] | None = None
    audience: str | None = None

    def title_of(self, topic: Topic) -> str:
        """The title of the topic after these changes."""
        return topic.title if self.title is None else self.title

    def leave(self, title: str, audience: str | None) -> bool:
        """Whether a title and an audience stay as they are."""
        return self.title in (None, title) and self.audience in (None, audience)


NO_CHANGES = TopicChanges()


@dataclass(frozen=True)
class PageOfTopic:
    """What the topic of a case or practice copies from its page. None leaves a value unchanged.

    `text` is that of the post that opens the topic.
    """

    title: str
    text: Written | None = None
    agenda_id: int | None = None
    audience: str | None = None
    themes: Sequence[int] | None = None
