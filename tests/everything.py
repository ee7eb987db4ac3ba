"""A forum in which everything has happened: topics, posts, cases, practices and best reads in every state, by the real actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from forum.agendas.actions import AgendaText, write_agenda
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.commitments import actions as commitments
from forum.commitments.queries import milestones_of
from forum.db import db
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Poll, PollOption, PollText, Post, Topic
from forum.invitations.actions import choose_voices
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import PlainTexts, write
from forum.meetings import actions as meetings
from forum.meetings.models import Meeting
from forum.members.actions import (
    PORTRAIT_SIZE,
    OrganisationText,
    Profile,
    edit_profile,
    write_organisation,
)
from forum.members.models import Member
from forum.parallels import actions as parallels
from forum.permissions import MEMBERS, PUBLIC, SYSTEM
from forum.shrinking import shrink
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from tests.glossary.conftest import name_odd_things
from tests.samples_of_pictures import picture
from tests.transfer.conftest import GOOD

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
COPENHAGEN, SURAT = 2618425, 1255364


def make_everything(people: Any, agenda: Agenda) -> None:
    with at(START + timedelta(days=60)):
        import_agenda(people.moderator, read_agenda(GOOD))
    with at(START):
        found = write("## Roofs\n\n- language: *leak*\n\n### Walls\n\nThey hold.")
        homes = AgendaText("Homes", write("A *roof*."), findings=found)
        other = write_agenda(people.moderator, homes)
        make_dialogue(people, agenda, other)
        make_cases(people, agenda, other)
        make_practices(people, agenda)
        make_readings(people, agenda)
        make_voices(people, agenda)
        make_meetings(people, agenda)
        make_declarations(people, agenda)
        make_commitments(people, agenda)
        make_translations(people, agenda)
        about = write("I **plan** harbours.")
        face = shrink(picture("JPEG", (300, 400)), PORTRAIT_SIZE, is_square=True)
        said = Profile(people.chitra.name, about=about, city_id=SURAT, portrait=face)
        edit_profile(people.chitra, said)
    name_odd_things(people)


def make_voices(people: Any, agenda: Agenda) -> None:
    """Ana wrote for an organisation in the past; Ben does so until a certain day."""
    text = OrganisationText("Harbour Office", "institute", representative_id=people.chitra.id)
    office = write_organisation(people.moderator, text)
    for member in (people.ana, people.ben):
        edit_profile(
            member, Profile(member.name, organisation_id=office.id, city_id=member.city_id)
        )
    choose_voices(people.moderator, office.id, [people.ana.id, people.ben.id])
    opened(people.ana, agenda, "For the office", for_organisation=True)
    last_day = (START + timedelta(days=3_000)).date()
    with at(START + timedelta(hours=1)):
        choose_voices(people.chitra, office.id, [people.ben.id], {people.ben.id: last_day})


def make_dialogue(people: Any, agenda: Agenda, other: Agenda) -> None:
    talk = opened(people.ana, agenda, "Night trains")
    kept = said(people.ben, talk, "They are loud.\n\n> [Ana](/posts/1)\n>\n> Quoted.\n\n- A list")
    dialogue.hide(people.moderator, said(people.ben, talk, "Buy my pills.").id, "rules")
    dialogue.delete(people.ben, said(people.ben, talk, "Forget this.").id)
    dialogue.restore(
        people.moderator,
        dialogue.hide(people.moderator, said(people.chitra, talk, "Fine.").id, "rules").id,
    )
    with at(START + timedelta(days=1)):
        dialogue.edit(people.ben, kept.id, write("They *were* loud: `a < b`.", "fr"))
        first = opening(talk)
        dialogue.edit(
            people.ana, first.id, write("Anew.", "pt"), dialogue.TopicChanges("Silent trains")
        )
    loudest = PollText("Which is | louder?", ("Trains | trams", "Bells; both", r"A \ sign"), True)
    dialogue.set_poll(people.ana, first.id, replace(loudest, lasts="week"))
    vote(people.ben, first.id)
    bare = opened(people.ana, agenda, "A topic that lost its opening")
    said(people.ben, bare, "An answer to nothing.")
    dialogue.delete(people.ana, opening(bare).id)
    shy = opened(people.ana, agenda, "Hidden opening")
    said(people.ben, shy, "Still here.")
    dialogue.set_poll(people.ana, opening(shy).id, PollText("A hidden poll?", ("One", "Two")))
    dialogue.hide(people.moderator, opening(shy).id, "rules")
    hidden = opened(people.chitra, agenda, "A hidden topic")
    said(people.ben, hidden, "Hidden with it.")
    dialogue.hide_topic(people.moderator, hidden.id)
    gone = opened(people.chitra, agenda, "A deleted topic")
    dialogue.hide(people.moderator, said(people.ben, gone, "Hidden, then gone.").id, "rules")
    dialogue.delete(people.chitra, opening(gone).id)
    moved = opened(people.chitra, agenda, "For members", audience="members")
    said(people.ben, moved, "Among us.")
    dialogue.move(people.moderator, moved.id, other.id)
    opened(people.chitra, agenda, "東京の騒音", language="ja")
    said(people.ana, opened(people.ben, agenda, "Many signs"), "[*" * 3_000)


def vote(member: Member, post_id: int) -> None:
    """Choose the first option of the poll below a post."""
    query = select(PollOption.id).join(Poll, Poll.id == PollOption.poll_id)
    first = query.where(Poll.post_id == post_id).order_by(PollOption.position).limit(1)
    dialogue.vote(member, post_id, [db.session.scalars(first).one()])


def make_cases(people: Any, agenda: Agenda, other: Agenda) -> None:
    case = library.write_case(people.moderator, agenda.id, case_text())
    dialogue.reply(people.ben, case.topic_id, write("How do you pay?"))
    changed = case_text(name="The harbour network", language="fr", body="It **grew**.")
    library.write_case(people.moderator, other.id, changed, case.id)
    hidden = library.write_case(people.moderator, agenda.id, case_text(name="A hidden case"))
    dialogue.reply(people.ben, hidden.topic_id, write("Hidden with it."))
    library.hide_case(people.moderator, hidden.id)


def make_practices(people: Any, agenda: Agenda) -> None:
    pumps = practice(people, agenda, "Pumps that call")
    dialogue.reply(people.ben, pumps.topic_id or 0, write("Which pumps?"))
    library.write_practice(
        people.ana,
        agenda.id,
        library.PracticeText("Pumps that sing", "They *sing*.", language="es", audience="members"),
        pumps.id,
    )
    library.hide_practice(people.moderator, practice(people, agenda, "A hidden one").id)
    library.delete_practice(people.ana, practice(people, agenda, "A deleted one").id)
    library.write_practice(people.ana, agenda.id, library.PracticeText("A draft", "Not yet."))


def make_readings(people: Any, agenda: Agenda) -> None:
    for title in ("Silence", "Noise"):
        reading = library.write_reading(
            people.moderator, agenda.id, library.ReadingText(title, "R. Murray", why="It *says*.")
        )
    library.remove_reading(people.moderator, reading.id)


def make_declarations(people: Any, agenda: Agenda) -> None:
    """A declaration that is open for signature, and one that was withdrawn during the consultation."""
    for title in ("Quiet harbours", "Loud harbours"):
        text = declarations.DeclarationText(title, write("We *want* them.", has_pictures=False))
        made = declarations.write_declaration(people.moderator, agenda.id, text)
        declarations.open_declaration(people.moderator, made.id, PlainTexts())
        if title.startswith("Quiet"):
            last_day = (START + timedelta(days=60)).date()
            declarations.freeze(people.moderator, made.id, last_day)
        else:
            declarations.withdraw(people.moderator, made.id, "Nobody wants it.")


def make_commitments(people: Any, agenda: Agenda) -> None:
    """A commitment with a reached milestone, and one that moderators hide."""
    text = OrganisationText("City of Felt", "city", representative_id=people.ana.id)
    city = write_organisation(people.moderator, text)
    day = START.date() + timedelta(days=30)
    steps = [commitments.Step("One *mile*", day), commitments.Step("Two", day)]
    for title in ("Felt", "Moss"):
        will = commitments.CommitmentText(title, write("We *will*."), day, steps)
        made = commitments.publish_commitment(people.ana, agenda.id, city.id, will)
        first = milestones_of(made)[0]
        commitments.reach_milestone(people.ana, made.id, first.id, "So.")
    commitments.hide_commitment(people.moderator, made.id, "No.")


def make_translations(people: Any, agenda: Agenda) -> None:
    """Translations of practices whose failures are for members only: one is hidden, one had a public original at first."""
    sections = {"challenge": "*Noise*.", "failure": "It *froze*."}
    for title, failures in (("Felt", MEMBERS), ("Cork", PUBLIC)):
        text = library.PracticeText(title, "So.", sections=sections, failure_audience=failures)
        made = library.write_practice(people.ana, agenda.id, text)
        library.publish(people.moderator, library.submit(people.ana, made.id).id)
        words = parallels.TranslationText("fr", f"{title} fr", "*Ainsi*.", sections)
        shown = parallels.add_translation(people.ben, "practice", made.id, words)
    closed = library.PracticeText(title, "So.", sections={"failure": "*Ice*."}, audience=MEMBERS)
    library.write_practice(people.ana, agenda.id, closed, made.id)
    parallels.look_after_translations(SYSTEM)
    spanish = parallels.TranslationText("es", "Corcho", parts={"failure": "*Hielo*."})
    hidden = parallels.add_translation(people.chitra, "practice", made.id, spanish)
    parallels.hide_translation(people.moderator, hidden.id, "No.")
    parallels.correct_translation(people.ben, shown.id, words_of_cork())
    parallels.remove_translation(
        people.chitra,
        parallels.add_translation(
            people.chitra, "practice", made.id, parallels.TranslationText("de", "Kork")
        ).id,
    )


def words_of_cork() -> parallels.TranslationText:
    return parallels.TranslationText("fr", "Liège", "*Ainsi*.", {"failure": "*Gel*."})


def make_meetings(people: Any, agenda: Agenda) -> None:
    """A meeting that is over, with its outcome, and a cancelled one for members; both have participants."""
    day = timedelta(days=1)
    for title, audience in (("Over", PUBLIC), ("Cancelled", MEMBERS)):
        begins = now() + day
        told = (title, write("A *round*."), begins, begins + day, "Europe/Lisbon", "Hall")
        text = meetings.MeetingText(*told, audience=audience)
        made = meetings.announce_meeting(people.moderator, agenda.id, text)
        meetings.come(people.ana, made.id)
    meetings.cancel_meeting(people.moderator, made.id, "Snow.")
    with at(now() + 3 * day):
        meetings.end_meetings(SYSTEM)
        over = db.session.scalars(select(Meeting).where(Meeting.title == "Over")).one()
        outcome = meetings.OutcomeText(write("We *met*."), about="A round.")
        meetings.tell_outcome(people.moderator, over.id, outcome)


def opened(author: Member, agenda: Agenda, title: str, **words: Any) -> Topic:
    text = write(f"The **opening** of “{title}”.", words.pop("language", "en"))
    return dialogue.open_topic(
        author, agenda.id, dialogue.NewTopic(words.pop("kind", "experience"), title, text, **words)
    )


def said(author: Member, topic: Topic, source: str) -> Post:
    return dialogue.reply(author, topic.id, write(source))


def opening(topic: Topic) -> Post:
    return db.session.scalars(select(Post).filter_by(topic_id=topic.id, number=1)).one()


def case_text(**changes: Any) -> library.CaseText:
    values: dict[str, Any] = {
        "name": "The delta network",
        "kind": "network",
        "summary": "Cities on *deltas* compare their dikes.",
        "body": "It began small.\n\nA [fee](https://example.org) is paid.\n\nA fee is paid.",
        "city_ids": [SURAT, COPENHAGEN],
        "figures": [library.FigureText("Members", "75", "cities")],
    }
    return library.CaseText(**{**values, **changes})


def practice(people: Any, agenda: Agenda, title: str, **changes: Any) -> Practice:
    values: dict[str, Any] = {
        "sentence": "Each pump *calls*.",
        "city_id": SURAT,
        "failure_audience": "members",
        "sections": {"challenge": "Nobody **knew**.", "failure": "The pumps drowned."},
    }
    text = library.PracticeText(title=title, **{**values, **changes})
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    return library.publish(people.moderator, made.id)
