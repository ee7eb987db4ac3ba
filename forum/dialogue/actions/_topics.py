"""What an author says of a topic: of a new one, and of one whose first post is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forum.dialogue.models import Topic
from forum.markup import Written
from forum.permissions import PUBLIC


@dataclass(frozen=True)
class NewTopic:
    """A topic to open. `themes` are ids; `home` is the path of the case or practice whose page shows it."""

    kind: str
    title: str
    text: Written
    themes: Sequence[int] = ()
    audience: str = PUBLIC
    for_organisation: bool = False
    home: str | None = None


@dataclass(frozen=True)
class TopicChanges:
    """What an edit of its first post changes of a topic besides the text: None leaves a value as it is; `themes` are ids."""

    title: str | None = None
    themes: Sequence[int] | None = None
    audience: str | None = None

    def title_of(self, topic: Topic) -> str:
        """The title that the topic has with these changes."""
        return topic.title if self.title is None else self.title


NO_CHANGES = TopicChanges()
