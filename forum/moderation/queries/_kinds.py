"""What a report or a decision is about: the kinds of things, and how each is looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from forum.advice.models import FollowUp
from forum.advice.queries import get_follow_up
from forum.agendas.models import Agenda
from forum.commitments.models import Commitment
from forum.commitments.queries import get_commitment, with_milestones
from forum.db import db
from forum.declarations.models import Signature
from forum.declarations.queries import get_reservation
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.dialogue.queries import (
    get_held,
    get_note,
    get_post,
    get_topic,
)
from forum.errors import NotFound
from forum.history.queries import fingerprint
from forum.library.models import SUBMITTED, Case, Practice
from forum.library.queries import (
    case_by_id,
    get_case,
    get_practice,
    practice_by_id,
    practice_fields,
)
from forum.members.models import Member
from forum.members.queries import member_by_id
from forum.moderation.models import LETTER_TITLE, Report, heading_of
from forum.moderation.queries._shared import first_words, is_about
from forum.parallels.models import Translation
from forum.parallels.queries import translation_by_id
from forum.permissions import Person
from forum.sentences import Sentence, sentence


@dataclass(frozen=True)
class Thing:
    """What a report or a decision is about: something of one of the `KINDS`.

    `state` is *shown*, *hidden*, *removed*, *merged* or *gone*; for a held text it is the state of its row. `row` is
    the model instance, None when gone. `shown_in` is the title of the page on which it is read. `language` and
    `place_language` are those of the two titles, empty for names and where they are not known. `topic_id` and `post_id` say which notices are about it; attached texts have neither, because their notices are about the parent.
    """

    kind: str
    item_id: int
    title: str
    address: str
    author_id: int | None
    agenda_id: int | None
    state: str = "shown"
    row: Any = None
    agenda: Agenda | None = None
    shown_in: str = ""
    topic_id: int | None = None
    post_id: int | None = None
    language: str = ""
    place_language: str = ""

    @property
    def heading(self) -> str | Sentence:
        """The title, or the sentence that stands for it, which others may read in another language."""
        return heading_of(self.kind, self.title)

    @property
    def language_of_place(self) -> str:
        """The language of the title of its page, or of its own where it has no page but itself."""
        return self.place_language if self.shown_in else self.language

    @property
    def fingerprint(self) -> str:
        """A hash of what things say of which no versions are kept (`READ_KINDS`); empty for other things and when gone."""
        if self.kind not in READ_KINDS or self.row is None:
            return ""
        if self.kind != "practice":
            return str(self.row.fingerprint)
        return fingerprint(practice_fields(self.row)) if self.row.state == SUBMITTED else ""

    @property
    def is_submitted(self) -> bool:
        """Whether it is a practice that was submitted for publication and is not hidden."""
        is_shown_practice = self.kind == "practice" and self.state == "shown"
        return is_shown_practice and self.row.state == SUBMITTED


def _post_thing(reader: Person, post_id: int) -> Thing:
    return from_post(reader, get_post(reader, post_id))


def from_post(reader: Person, post: Post) -> Thing:
    """A post, with topic and agenda loaded; for the body of a case or practice, that page."""
    if is_of_page(post):
        return _thing_of_page_topic(reader, post.topic)
    return Thing(
        kind="post",
        item_id=post.id,
        title=first_words(post.source),
        address=f"/posts/{post.id}",
        author_id=post.author_id,
        agenda_id=post.topic.agenda_id,
        state=_state(post),
        row=post,
        agenda=post.topic.agenda,
        shown_in=post.topic.title,
        topic_id=post.topic_id,
        post_id=post.id,
        language=post.language,
        place_language=post.topic.language,
    )


def _topic_thing(reader: Person, topic_id: int) -> Thing:
    topic = get_topic(reader, topic_id)
    return _thing_of_page_topic(reader, topic) if topic.home else from_topic(topic)


def from_topic(topic: Topic) -> Thing:
    """A topic with its agenda loaded; also the one of a case or practice, as itself."""
    return Thing(
        kind="topic",
        item_id=topic.id,
        title=topic.title,
        address=topic.address,
        author_id=topic.author_id,
        agenda_id=topic.agenda_id,
        state=_state(topic),
        row=topic,
        agenda=topic.agenda,
        topic_id=topic.id,
        language=topic.language,
    )


def _thing_of_page_topic(reader: Person, topic: Topic) -> Thing:
    room, slug = (topic.home or "").strip("/").split("/", 1)
    if room == "cases":
        return from_case(get_case(reader, slug))
    return from_practice(get_practice(reader, slug))


def _case_thing(reader: Person, case_id: int) -> Thing:
    return from_case(case_by_id(reader, case_id))


def from_case(case: Case) -> Thing:
    """A case with its topic and agenda loaded; who opened the topic is its author."""
    return _from_page(case, "case", case.name, case.topic.author_id)


def _practice_thing(reader: Person, practice_id: int) -> Thing:
    return from_practice(practice_by_id(reader, practice_id))


def from_practice(practice: Practice) -> Thing:
    """A practice with its agenda loaded."""
    return _from_page(practice, "practice", practice.title, practice.author_id)


def _from_page(page: Case | Practice, kind: str, title: str, author_id: int) -> Thing:
    return Thing(
        kind=kind,
        item_id=page.id,
        title=title,
        address=f"/{kind}s/{page.slug}",
        author_id=author_id,
        agenda_id=page.agenda_id,
        state=_state(page),
        row=page,
        agenda=page.agenda,
        topic_id=page.topic_id,
        language=page.language,
    )


def _member_thing(reader: Person, member_id: int) -> Thing:
    return from_member(member_by_id(reader, member_id))


def from_member(member: Member) -> Thing:
    """The profile of a member, which belongs to no agenda."""
    return Thing(
        kind="member",
        item_id=member.id,
        title=member.name,
        address=f"/members/{member.handle}",
        author_id=member.id,
        agenda_id=None,
        state=_state(member),
        row=member,
    )


def letter_thing(letter_id: int, sender: Member) -> Thing:
    """A letter from one member to another. Moderators cannot read it: they see only what its reports quote."""
    return Thing(
        kind="letter",
        item_id=letter_id,
        title=str(LETTER_TITLE.put_in(name=sender.name)),
        address=f"/members/{sender.handle}",
        author_id=sender.id,
        agenda_id=None,
        state="gone",
    )


def _reported_letter(reader: Person, letter_id: int) -> Thing:
    """A letter as described in its reports, for moderators of the whole forum."""
    query = select(Report).where(*is_about(Report, "letter", letter_id))
    report = db.session.scalars(query.limit(1)).first()
    if report is None or not reader.can.moderate(None):
        raise NotFound()
    author_id, title, address = report.author_id, str(report.heading), report.address
    return Thing("letter", letter_id, title, address, author_id, None, "gone")


def _held_thing(reader: Person, held_id: int) -> Thing:
    """A text that a rule holds back; its place is its topic or, for a new topic, the agenda."""
    return from_held(get_held(reader, held_id))


def from_held(held: Held) -> Thing:
    """A text that a rule holds back, with topic and agenda loaded."""
    topic = held.topic
    return Thing(
        kind="held",
        item_id=held.id,
        title=held.title or first_words(held.source),
        address=topic.address if topic else f"/agendas/{held.agenda.slug}",
        author_id=held.author_id,
        agenda_id=held.agenda_id,
        state=held.state,
        row=held,
        agenda=held.agenda,
        shown_in=topic.title if topic else held.agenda.title,
        topic_id=held.topic_id,
        language=held.language,
        place_language=topic.language if topic else held.agenda.language,
    )


def _note_thing(reader: Person, mark_id: int) -> Thing:
    """The note of a "tried it" mark; a mark without a note cannot be moderated."""
    return _from_note(get_note(reader, mark_id))


def _from_note(mark: Mark) -> Thing:
    topic = mark.post.topic
    place = f"{topic.home}#tried" if is_of_page(mark.post) else f"/posts/{mark.post_id}/marks"
    return Thing(
        kind="mark",
        item_id=mark.id,
        title=first_words(mark.words),
        address=place,
        author_id=mark.member_id,
        agenda_id=topic.agenda_id,
        state=_state(mark),
        row=mark,
        agenda=topic.agenda,
        shown_in=topic.title,
        language=mark.language,
        place_language=topic.language,
    )


def is_of_page(post: Post) -> bool:
    """Whether a post is the body of a case or practice."""
    return post.number == 1 and bool(post.topic.home)


def _follow_up_thing(reader: Person, follow_up_id: int) -> Thing:
    return _from_follow_up(get_follow_up(reader, follow_up_id))


def _from_follow_up(follow_up: FollowUp) -> Thing:
    topic = follow_up.topic
    return Thing(
        kind="followup",
        item_id=follow_up.id,
        title=first_words(follow_up.deed),
        address=f"{topic.address}#next",
        author_id=topic.author_id,
        agenda_id=topic.agenda_id,
        state=_state(follow_up),
        row=follow_up,
        agenda=topic.agenda,
        shown_in=topic.title,
        language=follow_up.language,
        place_language=topic.language,
    )


def _reservation_thing(reader: Person, signature_id: int) -> Thing:
    """The reservation of a signature; a signature without one cannot be moderated."""
    signature = get_reservation(reader, signature_id)
    declaration = signature.declaration
    return Thing(
        kind="reservation",
        item_id=signature.id,
        title=first_words(signature.words),
        address=f"{declaration.address}#signature-{signature.id}",
        author_id=signature.member_id,
        agenda_id=declaration.agenda_id,
        state=_state(signature),
        row=signature,
        agenda=declaration.agenda,
        shown_in=declaration.title,
        language=signature.language,
        place_language=declaration.language,
    )


def _commitment_thing(reader: Person, commitment_id: int) -> Thing:
    commitment = with_milestones(get_commitment(reader, commitment_id))
    return Thing(
        kind="commitment",
        item_id=commitment.id,
        title=commitment.title,
        address=commitment.address,
        author_id=commitment.author_id,
        agenda_id=commitment.agenda_id,
        state=_state(commitment),
        row=commitment,
        agenda=commitment.agenda,
        shown_in=commitment.agenda.title,
        language=commitment.language,
        place_language=commitment.agenda.language,
    )


def _translation_thing(reader: Person, translation_id: int) -> Thing:
    translation = translation_by_id(reader, translation_id)
    original = translation.original
    return Thing(
        kind="translation",
        item_id=translation.id,
        title=translation.title,
        address=translation.address,
        author_id=translation.writer_id,
        agenda_id=translation.agenda_id,
        state=_state(translation),
        row=translation,
        agenda=translation.agenda,
        shown_in=original.title if isinstance(original, Practice) else original.name,
        language=translation.language,
        place_language=original.language,
    )


def _state(row: Any) -> str:
    if getattr(row, "merged_into_id", None):
        return "merged"
    if getattr(row, "deleted_at", None):
        return "gone"
    if getattr(row, "removed_at", None):
        return "removed"
    return "hidden" if row.hidden_at else "shown"


@dataclass(frozen=True)
class ThingKind:
    """A kind of thing: how it is looked up for a reader, what notices call it, and what can be done with it.

    The author of something editable can be asked to change it. Hidden profiles, `attached` texts (notes of "tried it"
    marks, follow-ups, reservations), commitments and translations leave no trace for readers, so they cannot be
    removed in addition.
    """

    look_up: Callable[[Person, int], Thing]
    noun: Sentence
    is_editable: bool = False
    is_removable: bool = False
    attached: (
        type[Mark] | type[FollowUp] | type[Signature] | type[Commitment] | type[Translation] | None
    ) = None


KINDS: dict[str, ThingKind] = {
    "post": ThingKind(_post_thing, sentence("a post"), is_editable=True, is_removable=True),
    "topic": ThingKind(_topic_thing, sentence("a topic"), is_editable=True, is_removable=True),
    "case": ThingKind(_case_thing, sentence("a case"), is_removable=True),
    "practice": ThingKind(_practice_thing, sentence("a practice"), is_removable=True),
    "member": ThingKind(_member_thing, sentence("a profile")),
    "mark": ThingKind(_note_thing, sentence("a note by somebody who tried it"), attached=Mark),
    "followup": ThingKind(_follow_up_thing, sentence("what happened next"), attached=FollowUp),
    "reservation": ThingKind(
        _reservation_thing, sentence("a reservation about a declaration"), attached=Signature
    ),
    "commitment": ThingKind(_commitment_thing, sentence("a commitment"), attached=Commitment),
    "translation": ThingKind(_translation_thing, sentence("a translation"), attached=Translation),
    "letter": ThingKind(_reported_letter, sentence("an e-mail")),
    "held": ThingKind(_held_thing, sentence("a text that waits")),
}
EDITABLE_KINDS = tuple(kind for kind, facts in KINDS.items() if facts.is_editable)
REMOVABLE_KINDS = tuple(kind for kind, facts in KINDS.items() if facts.is_removable)
ATTACHED_KINDS = tuple(kind for kind, facts in KINDS.items() if facts.attached)
# Of these no versions are kept, of a practice before it is published: a decision is refused when they have changed since
# they were read
READ_KINDS = ("held", "member", "practice", *ATTACHED_KINDS)


def get_thing(reader: Person, kind: str, item_id: int) -> Thing:
    """The thing of a kind and id, as far as the reader can see it, else `NotFound`.

    The topic of a case or practice, and the post that opens it, stand for the case or practice itself.
    """
    if kind not in KINDS:
        raise NotFound()
    return KINDS[kind].look_up(reader, item_id)
