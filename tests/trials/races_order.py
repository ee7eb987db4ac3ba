"""What those who keep order do in the race, and the worker beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.appeals import actions as appeals
from forum.appeals.models import OUTCOMES, Appeal
from forum.clock import now
from forum.db import db
from forum.dialogue.actions import SplitTarget
from forum.dialogue.models import Mark, Post
from forum.library import actions as library
from forum.library.models import Case, Practice
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import latest_undoable_decision
from forum.notifications.actions import make_notices
from forum.permissions import SYSTEM
from forum.transfer.actions import NamedFile, import_agendas
from forum.transfer.forms import read_agenda
from tests.trials.races_ground import ADMINISTRATOR, HOSTS, MEMBERS, MODERATORS
from tests.trials.races_racer import Nothing, Racer

WHY = Reasons("It was rude.", 2)
FILE = """\
# {title}
- slug: {slug}

## Dialogue
### About {word}
- kind: question
- by: {asker}
- at: 2026-10-04 09:00
- useful: {author}

Who knows?

#### {author}, 2026-10-04 10:00

> #1
> Who knows?

Nobody does.
"""
COMMENTS = """
## Comments on case {case}
#### {newer}, 2026-10-04 11:00

So it is.
"""
NEW_FILE = """\
# About {word}
- slug: {word}
- palette: park
- pattern: delta
- summary: In short.
- hosts: {host}

Text.
"""


def _moderator(r: Racer) -> Member:
    return r.person(*MODERATORS, *HOSTS[:1])


def _decide(r: Racer, kind: str, item_id: int) -> object:
    deed = r.rng.choice(("hide", "hide", "remove", "restore", "restore"))
    reasons = Reasons() if deed == "restore" else WHY
    return moderation.decide(_moderator(r), kind, item_id, deed, reasons)


def _decide_about_post(r: Racer) -> object:
    return _decide(r, "post", r.post().id)


def _decide_about_topic(r: Racer) -> object:
    return _decide(r, "topic", r.topic())


def _decide_about_page(r: Racer) -> object:
    table = r.rng.choice((Case, Practice))
    return _decide(r, table.__name__.lower(), r.one_of(select(table.id).order_by(table.id)))


def _decide_about_note(r: Racer) -> object:
    return _decide(r, "mark", r.one_of(select(Mark.id).where(Mark.words != "").order_by(Mark.id)))


def _decide_about_member(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice(MEMBERS))
    deed = r.rng.choice(("hide", "restore", "restore"))
    return moderation.decide(_moderator(r), "member", member.id, deed, WHY)


def _decide_about_several(r: Racer) -> object:
    topic_id = r.topic()
    query = select(Post.id).where(Post.topic_id == topic_id).order_by(Post.id)
    posts = {r.one_of(query) for _post in range(3)}
    deed = r.rng.choice(("hide", "remove"))
    return moderation.decide_all(_moderator(r), topic_id, posts, deed, WHY)


def _decide_appeal(r: Racer) -> object:
    found = r.one_of(select(Appeal.id).where(Appeal.outcome == "").order_by(Appeal.id))
    return appeals.decide_appeal(_moderator(r), found, r.rng.choice(OUTCOMES), "We looked again.")


def _undo(r: Racer) -> object:
    moderator = r.person(*MODERATORS)
    decision = latest_undoable_decision(moderator)
    if decision is None:
        raise Nothing
    return moderation.undo(moderator, decision.id)


def _silence(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice(MEMBERS))
    r.about = member.handle
    until = now() + timedelta(days=1)
    return moderation.silence(r.person(*MODERATORS), member.id, until, WHY)


def _unsilence(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice(MEMBERS))
    r.about = member.handle
    return moderation.unsilence(r.person(*MODERATORS), member.id)


def _suspend(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice((*MEMBERS, MODERATORS[2])))
    r.about = member.handle
    return moderation.suspend(r.person(ADMINISTRATOR), member.id, now() + timedelta(days=1), WHY)


def _unsuspend(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice((*MEMBERS, MODERATORS[2])))
    r.about = member.handle
    shows = r.rng.random() < 0.7
    return moderation.unsuspend(r.person(ADMINISTRATOR), member.id, shows_again=shows)


def _clear(r: Racer) -> object:
    member = get_member(SYSTEM, r.rng.choice(MEMBERS[2:]))
    r.about = member.handle
    return moderation.clear_spam(r.person(*MODERATORS), member.id)


def _appoint(r: Racer) -> object:
    role = r.rng.choice(("member", "moderator"))
    return members.appoint(r.person(ADMINISTRATOR), MODERATORS[2], role)


def _set_hosts(r: Racer) -> object:
    chosen = r.rng.sample((*HOSTS, *MEMBERS), r.rng.choice((1, 2, 3)))
    agenda_id = r.values[r.rng.choice(("agenda_id", "other_id"))]
    return agendas.set_hosts(r.person(*MODERATORS), agenda_id, chosen)


def _merge(r: Racer) -> object:
    return moderation.merge(_moderator(r), r.topic(), r.topic())


def _move(r: Racer) -> object:
    agenda_id = r.values[r.rng.choice(("agenda_id", "other_id"))]
    return moderation.move(r.person(*MODERATORS), r.topic(), agenda_id)


def _split(r: Racer) -> object:
    topic_id = r.topic()
    query = select(Post.id).where(Post.topic_id == topic_id, Post.number > 1).order_by(Post.id)
    posts = {r.one_of(query) for _post in range(2)}
    part = SplitTarget(f"Apart {r.course.next_word()}", "question", r.values["agenda_id"])
    return moderation.split(_moderator(r), topic_id, posts, part)


def _change_kind(r: Racer) -> object:
    return moderation.change_kind(
        _moderator(r), r.topic(), r.rng.choice(("question", "experience"))
    )


def _publish(r: Racer) -> object:
    waiting = select(Practice.id).where(Practice.state == "submitted").order_by(Practice.id)
    return moderation.publish(_moderator(r), r.one_of(waiting))


def _send_back(r: Racer) -> object:
    waiting = select(Practice.id).where(Practice.state == "submitted").order_by(Practice.id)
    return moderation.send_back(_moderator(r), r.one_of(waiting), WHY)


def _write_case(r: Racer) -> object:
    body = r.rng.choice(("One.\n\nTwo.", "One and a half.\n\nTwo."))
    text = library.CaseText("A case", "network", r.course.next_word(), body)
    case_id = r.rng.choice((r.values["case_id"], None))
    agenda_id = r.values[r.rng.choice(("agenda_id", "other_id"))]
    return library.write_case(r.person(*MODERATORS), agenda_id, text, case_id)


def _move_practice(r: Racer) -> object:
    published = select(Practice).where(Practice.state == "published").order_by(Practice.id)
    practice = r.one_of(published)
    text = library.PracticeText(
        practice.title,
        f"Said by {r.course.next_word()}.",
        audience=r.rng.choice(("public", "members")),
    )
    agenda_id = r.values[r.rng.choice(("agenda_id", "other_id"))]
    return library.write_practice(r.person(*MODERATORS), agenda_id, text, practice.id)


def _import(r: Racer) -> object:
    """Half of the files have a comment on the case, and one in three comes with a new agenda that has a host."""
    case = db.session.get_one(Case, r.values["case_id"])
    agenda = db.session.get_one(Agenda, case.agenda_id)
    asker, author, newer, host = (r.rng.choice(MEMBERS) for _person in range(4))
    names = {"title": agenda.title, "slug": agenda.slug, "word": r.course.next_word()}
    text = FILE.format(**names, asker=asker, author=author)
    if r.rng.random() < 0.5:
        text += COMMENTS.format(case=case.slug, newer=newer)
    texts = [text]
    if r.rng.random() < 0.3:
        texts.insert(0, NEW_FILE.format(word=r.course.next_word(), host=host))
    files: list[NamedFile] = [("", read_agenda(words), {}) for words in texts]
    return import_agendas(r.person(*MODERATORS[:1]), files)


def _report(r: Racer) -> object:
    return moderation.report(r.person(*MEMBERS), "post", r.post().id, "rules")


def _make_notices(_r: Racer) -> object:
    return make_notices(SYSTEM)


ORDER: dict[str, tuple[int, Callable[[Racer], object]]] = {
    "decide about a post": (9, _decide_about_post),
    "decide about a topic": (6, _decide_about_topic),
    "decide about a page": (2, _decide_about_page),
    "decide about a note": (2, _decide_about_note),
    "decide about a member": (2, _decide_about_member),
    "decide about several": (2, _decide_about_several),
    "decide an appeal": (3, _decide_appeal),
    "undo": (4, _undo),
    "silence": (2, _silence),
    "unsilence": (8, _unsilence),
    "suspend": (1, _suspend),
    "unsuspend": (9, _unsuspend),
    "clear": (1, _clear),
    "appoint": (1, _appoint),
    "set hosts": (2, _set_hosts),
    "merge": (1, _merge),
    "move": (2, _move),
    "split": (2, _split),
    "change the kind of others": (1, _change_kind),
    "publish": (2, _publish),
    "send back": (1, _send_back),
    "write a case": (2, _write_case),
    "move a practice": (2, _move_practice),
    "import": (1, _import),
    "report": (1, _report),
    "make notices": (6, _make_notices),
}
