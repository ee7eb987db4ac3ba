"""The posts of a topic to choose from, and where a moderator may move, split off and merge them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from forum.agendas.models import Agenda
from forum.agendas.queries import agendas
from forum.db import db
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import PostRow, TopicRow, get_topic_row, posts_in
from forum.errors import NotFound
from forum.moderation.queries._kinds import Thing
from forum.moderation.queries._shared import first_words
from forum.moderation.queries.things import topic_to_moderate
from forum.pages import Page
from forum.permissions import Person
from forum.search.models import Document
from forum.search.queries import Query, find_alike, find_titled

MAX_OFFERED = 6  # topics into which another may be merged


def page_to_select(
    moderator: Person, topic_id: int, number: int
) -> tuple[Topic, Page[PostRow], dict[int, str]]:
    """The topic, one page of its posts, and the first words of each by post id, for its moderator."""
    topic: Topic = topic_to_moderate(moderator, topic_id).row
    posts = posts_in(moderator, topic, number)
    here = Post.id.in_([post.id for post in posts.items])
    texts = db.session.execute(select(Post.id, Post.source).where(here))
    return topic, posts, {post_id: first_words(source) for post_id, source in texts}


def agendas_to_move_to(moderator: Person, agenda_id: int) -> list[Agenda]:
    """The other agendas to which the moderator may move topics of this one."""
    others = (agenda for agenda in agendas(moderator) if agenda.id != agenda_id)
    return [agenda for agenda in others if moderator.can.move(agenda_id, agenda)]


def agendas_to_split_into(moderator: Person, topic: Topic) -> list[Agenda]:
    """The agendas on which the moderator may open a topic with posts of this one; its own agenda is always included."""
    return [
        agenda
        for agenda in agendas(moderator)
        if agenda.id == topic.agenda_id or moderator.can.split(topic, agenda)
    ]


def topics_to_merge_into(
    moderator: Person, thing: Thing, words: str | None = None
) -> Sequence[Document]:
    """The topics into which a topic may be merged that are most similar to it, or contain these words.

    Those with all of the words in their title come first, however old they are. They are on agendas that the moderator
    moderates, and for the same audience.
    """
    agenda_ids = () if moderator.is_moderator else tuple(moderator.hosts)
    among, typed = Query("", kinds=("topic",), agenda_ids=agenda_ids), words or thing.title
    found = {
        document.item_id: document
        for find in (find_titled, find_alike)
        for document in find(moderator, typed, among, MAX_OFFERED + 1, thing.row.audience)
    }
    return [document for document in found.values() if document.item_id != thing.item_id][
        :MAX_OFFERED
    ]


def topic_to_merge_into(moderator: Person, topic_id: int) -> TopicRow | None:
    """A topic whose address or number a moderator has typed; None if there is none that they can see."""
    try:
        return get_topic_row(moderator, topic_id)
    except NotFound:
        return None
