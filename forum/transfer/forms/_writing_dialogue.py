"""Writing topics and replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from forum.transfer.forms import schemas
from forum.transfer.forms._links import number_quotes
from forum.transfer.forms._values_written import (
    Fields,
    importable_slug,
    poll_fields,
    write_day,
    write_moment,
    write_number,
    write_pace,
    write_readers,
    write_story,
    write_themes,
    yes_if,
)
from forum.transfer.forms._writing import NOT_SHOWN, SectionWriter
from forum.transfer.models import Below, ExportedDiscussion, ExportedPost, ExportedTopic, Story


class DialogueWriter(SectionWriter):
    """The sections of the dialogue."""

    def topic(
        self,
        topic: ExportedTopic,
        opening: ExportedPost | None,
        themes: Sequence[str],
        below: Below,
        story: Story | None,
    ) -> str:
        """The section of a topic and its opening post; text and follow-up are left out if that post is not visible."""
        fields: Fields = (
            ("kind", topic.kind),
            ("by", self.people.of(topic.author, topic.created_at)),
            ("at", write_moment(topic.created_at)),
            ("language", topic.language),
            ("themes", write_themes(themes)),
            ("readers", write_readers(topic.audience)),
            *self._for(topic.author, topic.organisation_id),
            ("pinned", yes_if(topic.pinned_at)),
            ("all members told", write_moment(topic.told_all_at) if topic.told_all_at else None),
            ("locked", yes_if(topic.locked_at)),
            ("locked because", topic.locked_reason if topic.locked_at else None),
            ("locked until", write_day(topic.locked_until)),
            ("slow", write_pace(topic.pace) if topic.pace else None),
            ("slow because", topic.pace.reason if topic.pace else None),
            *poll_fields(below.poll),
            *self._tried(below.tried),
            ("followed up", write_story(story, topic.language) if story and opening else None),
        )
        text = self._text(opening.source) if opening else NOT_SHOWN
        return self._section(3, topic.title, schemas.TOPIC, fields, text)

    def comments(self, discussed: ExportedDiscussion) -> str:
        """The heading above the comments on a case or practice."""
        return f"## Comments on {discussed.kind} {importable_slug(discussed.slug)}\n\n"

    def reply(
        self,
        post: ExportedPost,
        topic: ExportedTopic | ExportedDiscussion,
        numbers: Mapping[int, int],
        below: Below,
        latest: datetime,
    ) -> str:
        """The section of a reply or comment.

        `numbers` are those of the posts before it, by id; `latest` is the time of the newest of them.
        """
        language = topic.language if isinstance(topic, ExportedTopic) else None
        keys = topic.keys if isinstance(topic, ExportedDiscussion) else ()
        is_answer = isinstance(topic, ExportedTopic) and topic.answer_id == post.id
        place = keys.index(post.paragraph) + 1 if post.paragraph in keys else None
        at = write_moment(post.created_at)
        fields: Fields = (
            ("language", None if post.language == language else post.language),
            ("answer", yes_if(is_answer)),
            ("paragraph", write_number(place)),
            ("moved", yes_if(post.created_at < latest.replace(second=0))),
            *self._for(post.author, post.organisation_id),
            *poll_fields(below.poll),
            *self._tried(below.tried),
        )
        title = f"{self.people.of(post.author, post.created_at)}, {at}"
        text = number_quotes(post.source, numbers, self.address, self.pictures)
        return self._section(4, title, schemas.POST, fields, text)
