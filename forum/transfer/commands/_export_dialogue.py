"""The dialogue of an agenda in an export, with the comments on its cases and practices: one file, or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import IO, NamedTuple

from forum.agendas.models import Agenda
from forum.transfer import queries
from forum.transfer.commands._export import Export
from forum.transfer.forms import dialogue_name
from forum.transfer.models import (
    EARLIEST,
    Below,
    ExportedDiscussion,
    ExportedPoll,
    ExportedPost,
    ExportedTopic,
    Story,
    Tried,
)

POSTS_AT_ONCE = 1_000  # that are read at once
# approximately, because a file is loaded in one transaction; a long dialogue continues in another file
POSTS_PER_FILE = 5_000
Topic = ExportedTopic | ExportedDiscussion


def write_dialogue(export: Export, agenda: Agenda, note: Callable[[int], object]) -> None:
    """Write the files of an agenda's dialogue; `note` is called with numbers of posts."""
    topics = queries.topics_to_write(export.reader, agenda, POSTS_AT_ONCE)
    comments = ([discussion] for discussion in queries.discussions_to_write(export.reader, agenda))
    with ExitStack() as stack:
        files = DialogueFiles(export, agenda, stack)
        everything: Iterator[Sequence[Topic]] = chain(topics, comments)
        for batch in everything:
            _write_topics(files, batch, note)
        if agenda.archived_at and not files.number:
            files.begin()


@dataclass
class DialogueFiles:
    """The files of one agenda's dialogue while they are written: one, or several if there are many posts.

    An archived agenda has a single file, because loading it closes the agenda.
    """

    export: Export
    agenda: Agenda
    stack: ExitStack
    number: int = 0
    posts: int = 0
    has_topics: bool = False
    file: IO[str] = field(init=False)

    def begin(self) -> None:
        """Begin the next file."""
        self.stack.close()
        self.number, self.posts, self.has_topics = self.number + 1, 0, False
        name = dialogue_name(self.agenda.slug, self.number)
        self.file = self.stack.enter_context(self.export.file(name))
        self.file.write(self.export.writer.dialogue(self.agenda))

    def begin_topic(self, topic: Topic) -> None:
        """Prepare for a topic: begin a new file if there is none or it is large enough, and write the heading “Dialogue”."""
        if not self.number or (self.posts >= POSTS_PER_FILE and not self.agenda.archived_at):
            self.begin()
        if isinstance(topic, ExportedTopic) and not self.has_topics:
            self.file.write("## Dialogue\n\n")
            self.has_topics = True

    def write(self, words: str, posts: int) -> None:
        """Write the text of so many posts."""
        self.file.write(words)
        self.posts += posts


def _write_topics(
    files: DialogueFiles, topics: Sequence[Topic], note: Callable[[int], object]
) -> None:
    """Write some topics, or a large one in batches of posts."""
    by_id = {topic.id: topic for topic in topics}
    batch = TopicBatch(by_id, queries.themes_of_topics(by_id), queries.stories_of(by_id))
    audiences = {topic.id: topic.audience for topic in topics}
    reader = files.export.reader
    for posts in queries.posts_in_topics(reader, files.agenda, audiences, POSTS_AT_ONCE):
        tried = queries.tried_of([post.id for post in posts if post.tried_count])
        polls = queries.polls_of([post.id for post in posts if post.has_poll])
        of_topics: dict[int, list[ExportedPost]] = {topic_id: [] for topic_id in by_id}
        for post in posts:
            of_topics[post.topic_id].append(post)
        for topic_id, its_posts in of_topics.items():
            _write_posts(files, batch, topic_id, its_posts, Reactions(tried, polls))
        note(len(posts))


class Reactions(NamedTuple):
    """ "Tried it" marks and polls, by post id."""

    tried: Mapping[int, list[Tried]]
    polls: Mapping[int, ExportedPoll]

    def below(self, post: ExportedPost | None) -> Below:
        """The mark and poll of one post, if it is given."""
        post_id = post.id if post else 0
        return Below(self.tried.get(post_id, ()), self.polls.get(post_id))


@dataclass(frozen=True)
class TopicBatch:
    """Topics that are written together, or one large topic, with their themes and follow-ups, all by topic id."""

    topics: Mapping[int, Topic]
    themes: Mapping[int, list[str]]
    stories: Mapping[int, Story]
    places: dict[int, TopicProgress] = field(default_factory=dict)


@dataclass
class TopicProgress:
    """How far a topic has been written: the numbers of its posts in the file, by id, and the time of the newest so far."""

    numbers: dict[int, int]
    latest: datetime
    last: int = 1

    def note(self, post: ExportedPost) -> None:
        """Note that a reply has been written."""
        self.last += 1
        self.numbers[post.id] = self.last
        self.latest = max(self.latest, post.created_at)


def _write_posts(
    files: DialogueFiles,
    batch: TopicBatch,
    topic_id: int,
    posts: Sequence[ExportedPost],
    reactions: Reactions,
) -> None:
    topic, export = batch.topics[topic_id], files.export
    openings, replies = _split_opening(posts)
    if posts and topic_id not in batch.places:
        files.begin_topic(topic)
        words, batch.places[topic_id] = _topic_head(export, batch, topic, openings, reactions)
        files.write(words, 1)
    export.show(post.source for post in replies)
    for post in replies:
        place, mine = batch.places[topic_id], reactions.below(post)
        files.write(export.writer.reply(post, topic, place.numbers, mine, place.latest), 1)
        place.note(post)
    export.counts["posts"] += len(replies)


def _split_opening(
    posts: Sequence[ExportedPost],
) -> tuple[Sequence[ExportedPost], Sequence[ExportedPost]]:
    """The opening post, if it is among these (none or one), and the other posts."""
    number = 1 if posts and posts[0].number == 1 else 0
    return posts[:number], posts[number:]


def _topic_head(
    export: Export,
    batch: TopicBatch,
    topic: Topic,
    openings: Sequence[ExportedPost],
    reactions: Reactions,
) -> tuple[str, TopicProgress]:
    """The section of a topic above its replies, or the heading of the comments on a case or practice."""
    numbers = {post.id: 1 for post in openings}
    if isinstance(topic, ExportedDiscussion):
        return export.writer.comments(topic), TopicProgress(numbers, EARLIEST)
    opening = next(iter(openings), None)
    mine = reactions.below(opening)
    themes, story = batch.themes.get(topic.id, []), batch.stories.get(topic.id)
    export.show(post.source for post in openings)
    export.counts["topics"] += 1
    export.counts["posts"] += len(openings)
    words = export.writer.topic(topic, opening, themes, mine, story)
    return words, TopicProgress(numbers, topic.created_at)
