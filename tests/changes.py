"""Actions that change what visitors see, in order, each with the pages that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select

from forum.advice import actions as advice
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.commitments import actions as commitments
from forum.db import db
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Pace, Poll, PollOption, PollText, Post
from forum.dialogue.queries import mark_given
from forum.glossary import actions as glossary
from forum.illustrations import line_of
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import PlainTexts, write
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from forum.parallels import actions as parallels
from forum.permissions import SYSTEM, VISITOR
from forum.pictures import actions as pictures
from forum.pictures.queries import pictures_named
from forum.sentfiles import SentFile
from forum.shrinking import Shrunk

Deed = Callable[[dict[str, Any], Any, Agenda], object]
MARK = Shrunk(f"{'a' * 24}-256x64", b"a mark", b"")
FACE = Shrunk(f"{'b' * 24}-256x256", b"a face", b"")


def _mark_of(member: Any, w: dict[str, Any]) -> int:
    given = mark_given(member, w["post"], "tried it")
    assert given is not None
    return given.id


def _options(w: dict[str, Any]) -> list[int]:
    query = select(PollOption.id).join(Poll, Poll.id == PollOption.poll_id)
    query = query.where(Poll.post_id == w["polled"]).order_by(PollOption.position)
    return list(db.session.scalars(query))


def _practice_opening(w: dict[str, Any]) -> int:
    query = select(Post.id).join(Practice, Practice.topic_id == Post.topic_id)
    query = query.where(Practice.id == w["practice_id"], Post.number == 1)
    return db.session.scalars(query).one()


def _meeting() -> meetings.MeetingText:
    begins = now() + timedelta(days=9)
    text = write("What did we hear?"), begins, begins + timedelta(hours=1), "UTC"
    return meetings.MeetingText("We listen", *text, is_online=True)


def _end_meetings(w: dict[str, Any], _p: Any, _a: Any) -> None:
    with at(now() + timedelta(days=6)):
        meetings.end_meetings(SYSTEM)


def _open_locked(_w: dict[str, Any], _p: Any, _a: Any) -> None:
    with at(now() + timedelta(days=3)):
        moderation.open_after_last_day(SYSTEM)


def _forget_names(_w: dict[str, Any], _p: Any, _a: Any) -> None:
    with at(now() + timedelta(days=300)):
        meetings.end_meetings(SYSTEM)
    with at(now() + timedelta(days=600)):
        assert meetings.forget_names(SYSTEM)


def _link_to_file(w: dict[str, Any], p: Any, _a: Any) -> None:
    link = line_of(w["file_name"], "the plan")
    dialogue.reply(p.ana, w["topic"], write(f"See {link}."))
    about = write(f"My {link}.", has_pictures=False)
    members.edit_profile(p.ana, members.Profile(name=p.ana.name, about=about))


def _speak_of(w: dict[str, Any], p: Any, _a: Any) -> None:
    practice = db.session.get_one(Practice, w["practice_id"])
    links = f"[a](/topics/{w['topic']}-x) [b](/practices/{practice.slug}) [c](/cases/{w['case']})"
    w["speaking"] = dialogue.reply(p.ben, w["case_topic"], write(links)).id


def _delete_file(w: dict[str, Any], p: Any, _a: Any) -> None:
    pictures.delete_picture(p.ana, pictures_named([w["file_name"]])[0].id)


def _load_file(w: dict[str, Any], p: Any, _a: Any) -> None:
    made = SentFile(w["file_name"], "a.txt", BytesIO(b"Kerb"))
    pictures.import_picture(SYSTEM, p.ana.id, made)


ASPHALT = library.PracticeText("Quieter asphalt", "Said in one sentence.", sections={"done": "So."})
# W: the values of `world`, p: people, a: agenda
DEEDS: dict[str, Deed] = {
    "reply": lambda w, p, a: dialogue.reply(p.ben, w["topic"], write("One more.")),
    "reply elsewhere": lambda w, p, a: dialogue.reply(p.ben, w["case_topic"], write("A comment.")),
    "ask a member": lambda w, p, a: advice.ask(p.ana, w["topic"], [p.ben.handle]),
    "pass on": lambda w, p, a: advice.pass_on(p.ben, w["topic"], p.moderator.handle),
    "open a topic": lambda w, p, a: dialogue.open_topic(
        p.ben, a.id, dialogue.NewTopic("experience", "Another", write("We did."))
    ),
    "give a topic a theme": lambda w, p, a: dialogue.edit(
        p.ana, w["first"], write("Why?"), dialogue.TopicChanges(themes=[w["theme_id"]])
    ),
    "open a topic on that theme": lambda w, p, a: dialogue.open_topic(
        p.ben, a.id, dialogue.NewTopic("experience", "One more", write("We did."), [w["theme_id"]])
    ),
    "edit": lambda w, p, a: dialogue.edit(p.ana, w["post"], write("Told again.")),
    "speak of a topic elsewhere": _speak_of,
    "speak of it by its post": lambda w, p, a: dialogue.edit(
        p.ben, w["speaking"], write(f"See [it](/posts/{w['post']}).")
    ),
    "speak of it no longer": lambda w, p, a: dialogue.edit(p.ben, w["speaking"], write("See.")),
    "speak of it by its first post": lambda w, p, a: dialogue.edit(
        p.ben, w["speaking"], write(f"See [it](/posts/{w['first']}).")
    ),
    "hide what speaks of it": lambda w, p, a: dialogue.hide(p.moderator, w["speaking"], "Off."),
    "link to a file": _link_to_file,
    "delete a file": _delete_file,
    "load a file": _load_file,
    "edit the first post": lambda w, p, a: dialogue.edit(
        p.ana, w["first"], write("Told again."), dialogue.TopicChanges("Why so very loud?")
    ),
    "mark": lambda w, p, a: dialogue.mark(p.chitra, w["post"], "useful"),
    "unmark": lambda w, p, a: dialogue.unmark(p.ben, w["post"], "tried it"),
    "tried it": lambda w, p, a: dialogue.mark(p.chitra, w["post"], "tried it", "kept"),
    "stopped it": lambda w, p, a: dialogue.mark(p.chitra, w["post"], "tried it", "stopped"),
    "say why": lambda w, p, a: dialogue.mark(p.chitra, w["post"], "tried it", "kept", "It rained."),
    "try a practice": lambda w, p, a: dialogue.mark(
        p.ben, _practice_opening(w), "tried it", "stopped", "It rained in."
    ),
    "move to another city, and try it": lambda w, p, a: (
        members.edit_profile(p.chitra, members.Profile("Chitra Desai", city_id=p.ben.city_id)),
        dialogue.mark(p.chitra, _practice_opening(w), "tried it", "kept"),
    ),
    "take a trial back": lambda w, p, a: dialogue.unmark(p.ben, _practice_opening(w), "tried it"),
    "vote": lambda w, p, a: dialogue.vote(p.ben, w["polled"], _options(w)[:1]),
    "change a vote": lambda w, p, a: dialogue.vote(p.ben, w["polled"], _options(w)[1:]),
    "take a vote back": lambda w, p, a: dialogue.unvote(p.ben, w["polled"]),
    "change a poll": lambda w, p, a: dialogue.set_poll(
        p.ana, w["polled"], PollText("Which is worse?", ("Trams", "Bells", "Both"))
    ),
    "close a poll": lambda w, p, a: dialogue.close_poll(p.host, w["polled"]),
    "remove a poll": lambda w, p, a: dialogue.remove_poll(p.ana, w["polled"]),
    "add a poll": lambda w, p, a: dialogue.set_poll(
        p.ana, w["polled"], PollText("Which is better?", ("Trams", "Bells"))
    ),
    "hide a note": lambda w, p, a: moderation.decide(
        p.moderator, "mark", _mark_of(p.chitra, w), "hide", Reasons("It is wrong.", 2)
    ),
    "restore a note": lambda w, p, a: moderation.decide(
        p.moderator, "mark", _mark_of(p.chitra, w), "restore"
    ),
    "hide what happened next": lambda w, p, a: moderation.decide(
        p.moderator, "followup", w["told"], "hide", Reasons("It is wrong.", 2)
    ),
    "restore what happened next": lambda w, p, a: moderation.decide(
        p.moderator, "followup", w["told"], "restore"
    ),
    "choose the answer": lambda w, p, a: dialogue.choose_answer(p.ana, w["topic"], w["reply"]),
    "choose none": lambda w, p, a: dialogue.choose_answer(p.ana, w["topic"], None),
    "choose another": lambda w, p, a: dialogue.choose_answer(
        p.ana, w["topic"], dialogue.reply(p.chitra, w["topic"], write("Like that.")).id
    ),
    "choose the first": lambda w, p, a: dialogue.choose_answer(p.ana, w["topic"], w["reply"]),
    "edit a reply": lambda w, p, a: dialogue.edit(p.ben, w["reply"], write("Said again.")),
    "delete": lambda w, p, a: dialogue.delete(p.ben, w["reply"]),
    "lock": lambda w, p, a: moderation.lock(p.moderator, w["topic"], Reasons("Enough.")),
    "unlock": lambda w, p, a: moderation.unlock(p.moderator, w["topic"]),
    "lock until a day": lambda w, p, a: moderation.lock(
        p.moderator, w["topic"], Reasons("Enough."), now().date()
    ),
    "choose the last day of a lock": lambda w, p, a: moderation.set_lock_end(
        p.moderator, w["topic"], now().date() + timedelta(days=2)
    ),
    "open what was locked until a day": _open_locked,
    "slow": lambda w, p, a: moderation.slow(p.moderator, w["topic"], Pace(60), Reasons("Breathe.")),
    "unslow": lambda w, p, a: moderation.unslow(p.moderator, w["topic"]),
    "pin": lambda w, p, a: dialogue.pin(p.moderator, w["topic"]),
    "tell all members": lambda w, p, a: moderation.tell_all(p.administrator, w["topic"]),
    "join": lambda w, p, a: members.join(
        VISITOR, members.Joining("Nora", "nora@example.org", "-", city_id=p.ana.city_id)
    ),
    "sign in": lambda w, p, a: members.sign_in(p.ben, "A train"),
    "report": lambda w, p, a: moderation.report(p.ben, "post", w["post"], "rules"),
    "read": lambda w, p, a: notifications.read_all(p.ana),
    "make notices": lambda w, p, a: notifications.make_notices(SYSTEM),
    "describe the federation": lambda w, p, a: members.describe_federation(
        p.administrator, name="Quiet Cities"
    ),
    "use a mark": lambda w, p, a: members.use_mark(p.administrator, MARK),
    "use the usual mark": lambda w, p, a: members.use_usual_mark(p.administrator),
    "appoint": lambda w, p, a: members.appoint(SYSTEM, p.ben.handle, "moderator"),
    "set hosts": lambda w, p, a: agendas.set_hosts(p.moderator, a.id, [p.ana.handle]),
    "write a statement": lambda w, p, a: agendas.write_statement(
        p.moderator, a.id, agendas.StatementText("Ben", "We hear.")
    ),
    "take a name away": lambda w, p, a: agendas.take_name_away(p.ana, a.id, w["statement"]),
    "name a theme": lambda w, p, a: agendas.write_theme(p.moderator, "Trams"),
    "write an entry of the glossary": lambda w, p, a: glossary.write_entry(
        p.moderator, glossary.EntryText([glossary.WordingText("fr", "loud", (), "Bruyant.")])
    ),
    "draft a declaration": lambda w, p, a: declarations.write_declaration(
        p.moderator, a.id, declarations.DeclarationText("Quiet days", write("Days, too."))
    ),
    "open a draft": lambda w, p, a: declarations.open_declaration(
        p.moderator, w["draft_declaration"], PlainTexts()
    ),
    "change what is in consultation": lambda w, p, a: declarations.write_declaration(
        p.moderator,
        a.id,
        declarations.DeclarationText("Quiet nights and days", write("All day.")),
        w["consultation_declaration"],
    ),
    "freeze": lambda w, p, a: declarations.freeze(
        p.moderator, w["consultation_declaration"], now().date() + timedelta(days=30)
    ),
    "hide a reservation": lambda w, p, a: moderation.decide(
        p.moderator, "reservation", w["signature"], "hide", Reasons("It is wrong.", 2)
    ),
    "restore a reservation": lambda w, p, a: moderation.decide(
        p.moderator, "reservation", w["signature"], "restore"
    ),
    "take a signature back": lambda w, p, a: declarations.take_signature_back(
        p.administrator, w["open_declaration"], w["signature"]
    ),
    "adopt": lambda w, p, a: declarations.adopt(p.moderator, w["open_declaration"]),
    "withdraw": lambda w, p, a: declarations.withdraw(
        p.moderator, w["frozen_declaration"], "A wrong date."
    ),
    "follow a commitment": lambda w, p, a: commitments.unfollow_commitment(p.ben, w["commitment"]),
    "reach a milestone": lambda w, p, a: commitments.reach_milestone(
        p.administrator, w["commitment"], w["milestone"], "Hush."
    ),
    "hide a commitment": lambda w, p, a: moderation.decide(
        p.moderator, "commitment", w["commitment"], "hide", Reasons("It is wrong.", 2)
    ),
    "restore a commitment": lambda w, p, a: moderation.decide(
        p.moderator, "commitment", w["commitment"], "restore"
    ),
    "give a commitment up": lambda w, p, a: commitments.end_commitment(
        p.administrator, w["commitment"], "No felt."
    ),
    "come": lambda w, p, a: meetings.come(p.ben, w["meeting"]),
    "stay away": lambda w, p, a: meetings.stay_away(p.ana, w["meeting"]),
    "edit a meeting": lambda w, p, a: meetings.edit_meeting(
        p.moderator, w["meeting"], replace(_meeting(), seats=1, place="Hall")
    ),
    "tell what came of a meeting": lambda w, p, a: meetings.tell_outcome(
        p.moderator, w["over"], meetings.OutcomeText(write("We heard."), "https://video.example")
    ),
    "announce a meeting": lambda w, p, a: meetings.announce_meeting(p.moderator, a.id, _meeting()),
    "cancel a meeting": lambda w, p, a: meetings.cancel_meeting(
        p.moderator, w["meeting"], "The room is lost."
    ),
    "a meeting is over": _end_meetings,
    "forget who came": _forget_names,
    "write a reading": lambda w, p, a: library.write_reading(
        p.moderator, a.id, library.ReadingText("Another book", "Somebody")
    ),
    "share a practice": lambda w, p, a: library.publish(
        p.moderator, library.submit(p.ana, library.write_practice(p.ana, a.id, ASPHALT).id).id
    ),
    "feature": lambda w, p, a: library.feature(p.moderator, w["practice_id"]),
    "a new name": lambda w, p, a: members.edit_profile(
        p.ana, members.Profile(name="Ana de Prado", position="Listener", about=write("Me."))
    ),
    "a picture of oneself": lambda w, p, a: members.edit_profile(
        p.ana, members.Profile(name=p.ana.name, city_id=p.ana.city_id, portrait=FACE)
    ),
    "no picture any more": lambda w, p, a: members.edit_profile(
        p.ana, members.Profile(name=p.ana.name, city_id=p.ana.city_id, drops_portrait=True)
    ),
    "another handle": lambda w, p, a: members.change_handle(p.ana, "ana-de-prado"),
    "write an agenda": lambda w, p, a: agendas.write_agenda(
        p.moderator, agendas.AgendaText("Louder", write("Now."), slug="quieter"), a.id
    ),
    "note": lambda w, p, a: moderation.note(p.moderator, w["post"], write("Not so.")),
    "ask_to_edit": lambda w, p, a: moderation.ask_to_edit(
        p.moderator, "post", w["post"], Reasons("Say where.")
    ),
    "another note": lambda w, p, a: moderation.note(p.moderator, w["post"], write("It is so.")),
    "unnote": lambda w, p, a: moderation.unnote(p.moderator, w["post"]),
    "split": lambda w, p, a: moderation.split(
        p.moderator,
        w["topic"],
        [dialogue.reply(p.chitra, w["topic"], write("Of trams.")).id],
        dialogue.SplitTarget("Trams", "question", a.id),
    ),
    "merge": lambda w, p, a: moderation.merge(
        p.moderator,
        dialogue.open_topic(
            p.ben, a.id, dialogue.NewTopic("question", "Again so loud?", write("Why?"))
        ).id,
        w["topic"],
    ),
    "hide a post": lambda w, p, a: moderation.decide(
        p.moderator, "post", w["post"], "hide", Reasons("It is wrong.", 2)
    ),
    "restore a post": lambda w, p, a: moderation.decide(
        p.moderator, "post", w["hidden_post"], "restore"
    ),
    "remove a post": lambda w, p, a: moderation.decide(
        p.moderator, "post", w["hidden_post"], "remove", Reasons("It is wrong.", 2)
    ),
    "restore it": lambda w, p, a: moderation.decide(
        p.moderator, "post", w["hidden_post"], "restore"
    ),
    "hide a case": lambda w, p, a: moderation.decide(
        p.moderator, "case", w["case_id"], "hide", Reasons("It is wrong.", 2)
    ),
    "translate": lambda w, p, a: parallels.add_translation(
        p.ben, "practice", w["practice_id"], parallels.TranslationText("es", "Fieltro")
    ),
    "correct a translation": lambda w, p, a: parallels.correct_translation(
        p.chitra, w["translation"], parallels.TranslationText("fr", "Rues de feutre")
    ),
    "hide a translation": lambda w, p, a: moderation.decide(
        p.moderator, "translation", w["translation"], "hide", Reasons("It is wrong.", 2)
    ),
    "restore a translation": lambda w, p, a: moderation.decide(
        p.moderator, "translation", w["translation"], "restore"
    ),
    "hide a practice": lambda w, p, a: moderation.decide(
        p.moderator, "practice", w["practice_id"], "hide", Reasons("It is wrong.", 2)
    ),
    "for members": lambda w, p, a: dialogue.edit(
        p.ana,
        w["first"],
        write("Told again."),
        dialogue.TopicChanges("Why so loud?", audience="members"),
    ),
    "take back what happened next": lambda w, p, a: advice.withdraw_follow_up(p.ana, w["topic"]),
    "make it an experience": lambda w, p, a: dialogue.change_kind(
        p.moderator, w["topic"], "experience"
    ),
    "make it a question": lambda w, p, a: dialogue.change_kind(p.moderator, w["topic"], "question"),
    "hide a topic": lambda w, p, a: moderation.decide(
        p.moderator, "topic", w["topic"], "hide", Reasons("It is wrong.", 2)
    ),
    "retitle": lambda w, p, a: dialogue.retitle(p.moderator, w["topic"], "Another title", []),
    "move": lambda w, p, a: dialogue.move(p.moderator, w["topic"], w["other_id"]),
    "hide a person": lambda w, p, a: moderation.decide(
        p.moderator, "member", p.ana.id, "hide", Reasons("It is wrong.", 2)
    ),
    "put an agenda in preparation": lambda w, p, a: dialogue.prepare_agenda(p.moderator, a.id),
    "open it": lambda w, p, a: moderation.open_agenda(p.moderator, a.id),
    "delete an agenda": lambda w, p, a: moderation.delete_agenda(
        p.moderator,
        agendas.write_agenda(p.moderator, agendas.AgendaText("Twice", write("Again."))).id,
        Reasons("Made twice."),
    ),
    "archive": lambda w, p, a: agendas.archive(p.moderator, a.id),
}
PAGES = (
    "/",
    "/topics",
    "/topics/{topic}-{topic_slug}",
    "/posts/{post}/marks",
    "/agendas",
    "/agendas/quieter",
    "/agendas/quieter/topics",
    "/cases",
    "/cases/{case}",
    "/practices",
    "/practices/{practice}",
    "/practices?tried_size=large&tried=stopped",
    "/practices.csv?tried=stopped",
    "/practices/{practice}/compare",
    "/practices/{practice}/in/fr",
    "/cases/{case}/in/fr",
    "/cases/{case}/in/fr/history",
    "/readings",
    "/themes",
    "/glossary",
    "/glossary.csv",
    "/declarations",
    "/declarations/{open_declaration}-{open_slug}",
    "/declarations/{frozen_declaration}/signatures",
    "/declarations/{consultation_declaration}/history",
    "/organisations/{signing_city}",
    "/commitments",
    "/commitments/{commitment}-{commitment_slug}",
    "/commitments/{commitment}/history",
    "/meetings",
    "/meetings/{meeting}-{meeting_slug}",
    "/meetings.ics",
    "/glossary/{entry}",
    "/members",
    "/members/ana-prado",
    "/members/ben-okoth",
    "/members/chitra-desai",
    "/cities",
    "/cities/medellin",
    "/cities/medellin/exchange",
    "/organisations",
    "/search?q=loud",
    "/feeds/all.atom",
    "/topics/{topic}/feed.atom",
    "/topics/{topic}/useful",
    "/topics/{topic}/whole",
    "/manifest.webmanifest",
    # The JSON routes that declare what they depend on, and the lists of topics and posts
    "/api",
    "/api/v1/topics",
    "/api/v1/topics/{topic}",
    "/api/v1/topics/{topic}/posts",
    "/api/v1/posts",
    "/api/v1/posts/{first}",
    "/api/v1/themes",
    "/api/v1/glossary",
    "/api/v1/commitments",
    "/api/v1/commitments/{commitment}",
    "/api/v1/declarations",
    "/api/v1/practices/{practice}/in/fr",
    "/api/v1/meetings",
)
