"""What people do in the race to what waits, to topics as moderators curate them, and to what grows around practices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from forum.advice import actions as advice
from forum.advice.actions import FollowUpText
from forum.advice.models import AdviceRequest
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda, Statement, Theme
from forum.clock import now
from forum.commitments import actions as commitments
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Pace, Post, Revision, Topic
from forum.glossary import actions as glossary
from forum.glossary.models import Entry, Proposal
from forum.library import actions as library
from forum.library.models import Practice, Reading
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.parallels import actions as parallels
from forum.parallels.models import Translation
from tests.trials.races_ground import ADMINISTRATOR, HOSTS, MEMBERS, MODERATORS
from tests.trials.races_racer import Racer

WRITERS = (*MEMBERS, *HOSTS)
CURATORS = (*MODERATORS, *HOSTS)
WHY = Reasons("It is about something else.", 2)


def _hold(r: Racer) -> object:
    """Somebody sends words that a rule holds back."""
    text = write(f"We play casino. {r.course.next_word()}")
    if r.rng.random() < 0.3:
        post = r.post()
        return dialogue.edit(r.author_of(post), post.id, text)
    return dialogue.reply(r.person(*WRITERS), r.topic(), text)


def _held(r: Racer) -> Held:
    found = r.one_of(select(Held).order_by(Held.id))
    assert isinstance(found, Held)
    return found


def _approve(r: Racer) -> object:
    return moderation.approve(r.person(*MODERATORS), _held(r).id)


def _refuse(r: Racer) -> object:
    return moderation.refuse(r.person(*MODERATORS), _held(r).id, WHY)


def _revise(r: Racer) -> object:
    held = _held(r)
    return dialogue.revise(r.author_of(held), held.id, r.text(r.rng.choice((0, 1))))


def _take_held_back(r: Racer) -> object:
    held = _held(r)
    return dialogue.take_back(r.author_of(held), held.id)


def _lock(r: Racer) -> object:
    until = r.rng.choice((None, now().date() + timedelta(days=2)))
    return moderation.lock(r.person(*CURATORS), r.topic(), Reasons("Enough."), until)


def _unlock(r: Racer) -> object:
    return moderation.unlock(r.person(*CURATORS), r.topic(Topic.locked_at.is_not(None)))


def _slow(r: Racer) -> object:
    if r.rng.random() < 0.6:
        return moderation.unslow(r.person(*CURATORS), r.topic(Topic.slowed_at.is_not(None)))
    return moderation.slow(r.person(*CURATORS), r.topic(), Pace(60), Reasons("Breathe."))


def _pin(r: Racer) -> object:
    return r.rng.choice((dialogue.pin, dialogue.unpin))(r.person(*CURATORS), r.topic())


def _retitle(r: Racer) -> object:
    themes = [r.one_of(select(Theme.id).order_by(Theme.id))] if r.rng.random() < 0.5 else []
    title = f"Rather {r.course.next_word()}"
    return moderation.retitle(r.person(*CURATORS), r.topic(), title, themes, WHY)


def _note(r: Racer) -> object:
    moderator = r.person(*CURATORS)
    if r.rng.random() < 0.3:
        return moderation.unnote(moderator, r.post(Post.note_html != "").id)
    return moderation.note(moderator, r.post().id, write(f"Not so {r.course.next_word()}."))


def _ask_to_edit(r: Racer) -> object:
    return moderation.ask_to_edit(r.person(*CURATORS), "post", r.post().id, Reasons("Say where."))


def _withdraw_version(r: Racer) -> object:
    """An author takes an earlier version out of sight."""
    version = r.one_of(select(Revision).order_by(Revision.id))
    post = r.one_of(select(Post).where(Post.id == version.post_id))
    return dialogue.withdraw(r.author_of(post), version.id)


def _prepare_or_open(r: Racer) -> object:
    """The other agenda goes back into preparation for a moment."""
    deed = r.rng.choice((dialogue.prepare_agenda, moderation.open_agenda, moderation.open_agenda))
    return deed(r.person(*MODERATORS), r.values["other_id"])


def _archive_or_reopen(r: Racer) -> object:
    is_archived = Agenda.archived_at.is_not(None)
    found = r.one_of(select(Agenda.id).where(is_archived)) if r.rng.random() < 0.8 else None
    if found:
        return moderation.reopen(r.person(*MODERATORS), found)
    return moderation.archive(r.person(*MODERATORS), r.values["other_id"])


def _write_statement(r: Racer) -> object:
    text = agendas.StatementText("Ben", f"We hear {r.course.next_word()}.")
    return agendas.write_statement(r.person(*CURATORS), r.values["agenda_id"], text)


def _remove_statement(r: Racer) -> object:
    statement = r.one_of(select(Statement).order_by(Statement.id))
    return agendas.remove_statement(r.person(*CURATORS), statement.agenda_id, statement.id)


def _write_theme(r: Racer) -> object:
    return agendas.write_theme(r.person(*MODERATORS), f"Of {r.course.next_word()}")


def _write_reading(r: Racer) -> object:
    text = library.ReadingText(f"On {r.course.next_word()}", "Somebody")
    known = r.one_of(select(Reading.id).order_by(Reading.id)) if r.rng.random() < 0.4 else None
    return library.write_reading(r.person(*CURATORS), r.values["agenda_id"], text, known)


def _remove_reading(r: Racer) -> object:
    reading = r.one_of(select(Reading.id).order_by(Reading.id))
    return library.remove_reading(r.person(*CURATORS), reading)


def _practice(r: Racer) -> Practice:
    shown = select(Practice).where(Practice.topic_id.is_not(None), Practice.deleted_at.is_(None))
    found = r.one_of(shown.order_by(Practice.id))
    assert isinstance(found, Practice)
    return found


def _feature(r: Racer) -> object:
    deed = r.rng.choice((moderation.feature, moderation.unfeature))
    return deed(r.person(*MODERATORS), _practice(r).id)


def _confirm(r: Racer) -> object:
    practice = _practice(r)
    return library.confirm_practice(r.author_of(practice), practice.id)


def _intend(r: Racer) -> object:
    topic, member = _practice(r).topic_id, r.person(*WRITERS)
    assert topic is not None
    if r.rng.random() < 0.4:
        return library.give_up(member, topic)
    return library.intend(member, topic, now().date() + timedelta(days=60))


def _translate(r: Racer) -> object:
    text = parallels.TranslationText(r.rng.choice(("es", "de")), f"Fieltro {r.course.next_word()}")
    return parallels.add_translation(r.person(*WRITERS), "practice", _practice(r).id, text)


def _correct_translation(r: Racer) -> object:
    known = r.one_of(select(Translation).order_by(Translation.id))
    text = parallels.TranslationText(known.language, f"Feutre {r.course.next_word()}")
    return parallels.correct_translation(r.person(*WRITERS), known.id, text)


def _decide_about_translation(r: Racer) -> object:
    known = r.one_of(select(Translation.id).order_by(Translation.id))
    deed = r.rng.choice(("hide", "restore", "restore"))
    reasons = WHY if deed == "hide" else Reasons()
    return moderation.decide(r.person(*MODERATORS), "translation", known, deed, reasons)


def _remove_translation(r: Racer) -> object:
    known = r.one_of(select(Translation.id).order_by(Translation.id))
    return parallels.remove_translation(r.person(*WRITERS), known)


def _ask(r: Racer) -> object:
    """The author of a question, or somebody else, asks people for advice."""
    topic = r.topic(Topic.kind == "question")
    return advice.ask(r.person(*WRITERS), topic, r.rng.sample(WRITERS, 2))


def _answer_request(r: Racer) -> object:
    asked = r.one_of(select(AdviceRequest).order_by(AdviceRequest.asked_at))
    handle = r.one_of(select(Member.handle).where(Member.id == asked.member_id))
    member = r.person(handle)
    if r.rng.random() < 0.5:
        return advice.decline(member, asked.topic_id)
    return advice.pass_on(member, asked.topic_id, r.rng.choice(WRITERS))


def _follow_up(r: Racer) -> object:
    topic = r.one_of(select(Topic).where(Topic.kind == "question").order_by(Topic.id))
    author = r.author_of(topic)
    if r.rng.random() < 0.3:
        return advice.withdraw_follow_up(author, topic.id)
    return advice.follow_up(
        author, topic.id, FollowUpText("Felt", "kept", f"So {r.course.next_word()}.")
    )


def _accept_words(r: Racer) -> object:
    proposal = r.one_of(select(Proposal.id).order_by(Proposal.id))
    return glossary.accept(r.person(*MODERATORS), proposal)


def _write_entry(r: Racer) -> object:
    words = glossary.WordingText("fr", f"mot {r.course.next_word()}", (), "Ce que l’on dit.")
    known = r.one_of(select(Entry.id).order_by(Entry.id)) if r.rng.random() < 0.5 else None
    return glossary.write_entry(r.person(*MODERATORS), glossary.EntryText([words]), known)


def _remove_entry(r: Racer) -> object:
    entries = select(Entry.id).order_by(Entry.id)
    into = r.one_of(entries) if r.rng.random() < 0.5 else None
    return glossary.remove_entry(r.person(*MODERATORS), r.one_of(entries), into)


def _edit_commitment(r: Racer) -> object:
    text = commitments.CommitmentText(
        "Felt under each tram",
        write(f"So {r.course.next_word()}."),
        now().date() + timedelta(days=200),
    )
    return commitments.edit_commitment(r.person(ADMINISTRATOR), r.values["commitment"], text)


def _decide_about_commitment(r: Racer) -> object:
    deed = r.rng.choice(("hide", "restore", "restore"))
    reasons = WHY if deed == "hide" else Reasons()
    commitment = r.values["commitment"]
    return moderation.decide(r.person(*MODERATORS), "commitment", commitment, deed, reasons)


def _change_handle(r: Racer) -> object:
    """Somebody who does nothing else in the race is called otherwise."""
    joined = select(Member).where(Member.handle.like("nora%"), Member.left_at.is_(None))
    member = r.one_of(joined.order_by(Member.id))
    return members.change_handle(member, f"nora-{r.rng.choice(('a', 'b', 'c'))}")


CURATING: dict[str, tuple[int, Callable[[Racer], object]]] = {
    "hold": (4, _hold),
    "approve": (3, _approve),
    "refuse": (1, _refuse),
    "revise": (2, _revise),
    "take what waits back": (1, _take_held_back),
    "lock": (1, _lock),
    "unlock": (4, _unlock),
    "slow": (2, _slow),
    "pin": (1, _pin),
    "retitle": (2, _retitle),
    "note": (2, _note),
    "ask to edit": (1, _ask_to_edit),
    "withdraw a version": (1, _withdraw_version),
    "prepare or open an agenda": (2, _prepare_or_open),
    "archive or reopen an agenda": (2, _archive_or_reopen),
    "write a statement": (1, _write_statement),
    "remove a statement": (1, _remove_statement),
    "name a theme": (1, _write_theme),
    "write a reading": (1, _write_reading),
    "remove a reading": (1, _remove_reading),
    "feature a practice": (1, _feature),
    "confirm a practice": (1, _confirm),
    "intend to try": (2, _intend),
    "translate": (2, _translate),
    "correct a translation": (2, _correct_translation),
    "decide about a translation": (2, _decide_about_translation),
    "remove a translation": (1, _remove_translation),
    "ask for advice": (2, _ask),
    "answer a request for advice": (2, _answer_request),
    "tell what happened next": (2, _follow_up),
    "accept words": (1, _accept_words),
    "write an entry": (1, _write_entry),
    "remove an entry": (1, _remove_entry),
    "edit a commitment": (2, _edit_commitment),
    "decide about a commitment": (2, _decide_about_commitment),
    "change a handle": (1, _change_handle),
}
