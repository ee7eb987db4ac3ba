"""An agenda in preparation, with what stands on it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.db import db
from forum.dialogue.actions import NewTopic, open_topic
from forum.dialogue.models import Topic
from forum.markup import write
from forum.members.models import Member

LINE = "In preparation: only hosts and moderators see this agenda."


@pytest.fixture
def prepared(people: Any, agenda: Agenda) -> Agenda:
    """An agenda in preparation; its host hosts another agenda, too."""
    text = AgendaText("Making Cities Cooler", write("Shade."), slug="cooler", is_open=False)
    made = write_agenda(people.moderator, text, hosts=[people.host.handle])
    db.session.refresh(people.host, ["hosted"])
    return made


def topic_on(agenda: Agenda, author: Any, **more: Any) -> Topic:
    new = NewTopic("question", "Where is the shade?", write("We look for it."), **more)
    opened = open_topic(author, agenda.id, new)
    assert isinstance(opened, Topic)
    return opened


def posts_count(member: Any) -> int:
    return db.session.scalar(select(Member.posts_count).where(Member.id == member.id)) or 0
