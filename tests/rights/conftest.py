"""A member who has done everything that leaves a row, and functions that search all rows of the database for words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from forum.accounts import actions as accounts
from forum.advice import actions as advice
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.appeals import actions as appeals
from forum.bookmarks import actions as bookmarks
from forum.bookmarks.queries import my_bookmarks
from forum.candidates.actions import JoinDetails, keep
from forum.clock import at, month_end, now
from forum.columns import Base
from forum.commitments import actions as commitments
from forum.contact import actions as contact
from forum.db import db
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import PollText, Post
from forum.dialogue.queries import first_post, poll_of, render_with_mentions
from forum.factors import actions as factors
from forum.factors.queries import FOR_REGISTRATION
from forum.glossary import actions as glossary
from forum.identities import actions as identities
from forum.invitations.actions import (
    EntranceText,
    InvitationText,
    choose_voices,
    invite,
    note_arrival,
    set_entrance,
)
from forum.library import actions as library
from forum.mail.actions import write_letter
from forum.markup import PlainTexts, write
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications import actions as notifications
from forum.notifications.actions import make_notices
from forum.parallels import actions as parallels
from forum.permissions import SYSTEM, VISITOR
from forum.queue import actions as queue
from forum.quotes import quote
from forum.rights import commands
from forum.rights.actions import leave
from forum.screening.actions import RuleText, make_rule, switch_rule
from forum.searches import actions as searches
from forum.searches.models import Wanted
from forum.terms.actions import TermsText, agree, write_terms
from tests.datasets import dataset_fixture, load_dataset
from tests.keys import SITE, SoftwarePasskey
from tests.pictures.conftest import added

WORD = "zanzibar"  # in each text by Ana
LONG_AGO = timedelta(days=40)


@dataclass
class Lived:
    """Ids of what Ana has written: topics with and without replies by others; and the post that quotes her."""

    answered: int
    alone: int
    quoting: int
    quoted_once: int
    naming: int
    practice: int
    case_topic: int
    post: int


@pytest.fixture
@dataset_fixture
def lived(app: Flask, people: Any, agenda: Agenda) -> Lived:
    made = load_dataset("a whole life", app, lambda: vars(live(people, agenda)))
    return Lived(**made)


def live(people: Any, agenda: Agenda) -> Lived:
    """Let Ana do everything that leaves a row, and let others reply to her."""
    ana, ben = people.ana, people.ben
    with at(now() - LONG_AGO):
        members.found_federation(SYSTEM, "Interurban")
        made = _write(people, agenda)
    dialogue.edit(ana, made.post, write(f"Better {WORD}."))
    _curate(people, agenda)
    moderation.report(ben, "post", made.post, "spam", "It sells.")
    moderation.decide(people.moderator, "post", made.post, "keep")
    moderation.report(ben, "member", ana.id, "rules")
    moderation.note(
        people.moderator, made.post, write("Ana Prado & others (@ana-prado): see the map.")
    )
    rude = Reasons("Ana Prado is rude.", 2)
    decided = moderation.decide(people.moderator, "member", ana.id, "hide", rude)
    said = appeals.appeal(ana, decided.id, f"It is {WORD}, says Ana Prado.")
    appeals.decide_appeal(people.administrator, said.id, "reversed", "Ana Prado is right.")
    moderation.report(ana, "post", made.quoting, "rules", f"This {WORD}.")
    moderation.report(people.chitra, "post", made.quoting, "rules")
    queue.write_note(ana, "post", made.quoting, f"I know Ben, {WORD}.")
    moderation.write_staff_note(people.moderator, ana.id, f"Ana Prado said {WORD}.")
    flag = moderation.FlaggerText("Stop Fraud", "Coordinator of Ireland", WORD, now().date())
    moderation.trust_flagger(people.administrator, f"@{ana.handle}", flag)
    members.ignore(ana, people.chitra.id)
    members.ignore(ben, ana.id)
    queue.claim(ana, "post", made.quoting)
    make_notices(SYSTEM)
    members.sign_in(ana, "A test")
    terms = write_terms(people.administrator, TermsText(write("Be kind."), now()))
    agree(get_member(SYSTEM, ana.handle), terms.number)
    for member in (ben, people.chitra):
        agree(get_member(SYSTEM, member.handle), terms.number)
    db.session.refresh(ana)
    with at(now() - timedelta(days=2)):
        contact.contact(ana, ben.id, f"Dear Ben, a letter about {WORD}.")
    contact.contact(ben, ana.id, "Dear Ana Prado, thank you.")
    write_letter(SYSTEM, "changed", ana.email, {"what": "password"}, member_id=ana.id)
    _wait(people, agenda)
    _be_asked(people, agenda, made)
    _come_and_let_come(people)
    for role in ("administrator", "member"):
        accounts.appoint(people.administrator, ana.handle, role)
        make_notices(SYSTEM)
    db.session.refresh(ana)
    return made


def _wait(people: Any, agenda: Agenda) -> None:
    """Ana writes two texts that a rule holds back: one waits, one was refused."""
    administrator = db.session.get_one(Member, people.administrator.id)
    text = RuleText("member", people.ana.handle, "We read what Ana writes.")
    rule = make_rule(administrator, text)
    agendas.set_hosts(people.moderator, agenda.id, [people.host.handle])
    db.session.refresh(people.ana)
    held = []
    for number in range(2):
        new = dialogue.NewTopic(
            "experience", f"Wait {WORD} {number}", write(f"Waits {WORD}."), poll=a_poll(WORD)
        )
        held.append(dialogue.open_topic(people.ana, agenda.id, new).id)
    moderation.refuse(people.moderator, held[0], Reasons("Ana Prado is loud.", 2))
    begun = [("title", f"Begun {WORD}"), ("source", f"Half {WORD}.")]
    dialogue.keep_draft(people.ana, dialogue.UnsentForm("a draft", begun), agenda_id=agenda.id)
    make_notices(SYSTEM)
    agendas.set_hosts(people.moderator, agenda.id, [people.host.handle, people.ana.handle])
    switch_rule(administrator, rule.id, is_on=False)
    db.session.refresh(people.ana)


def a_poll(word: str) -> PollText:
    return PollText(f"Which {word}?", (f"The first {word}", "The second"))


def _vote(member: Any, post: Post) -> None:
    poll = poll_of(member, post)
    assert poll
    dialogue.vote(member, post.id, [poll.options[0].id])


def _be_asked(people: Any, agenda: Agenda, made: Lived) -> None:
    """Ana asks for advice, is asked, writes a follow-up, watches, reads, and is mentioned."""
    ana, ben = people.ana, people.ben
    for member in (ana, ben):
        db.session.refresh(member)
    new = dialogue.NewTopic("question", "Of Ben", write("Who knows?"), poll=a_poll("street"))
    asked = dialogue.open_topic(ben, agenda.id, new)
    _vote(ana, first_post(asked))
    dialogue.reply(ben, asked.id, render_with_mentions("What does @ana-prado say?"))
    advice.ask(ben, asked.id, [ana.handle])
    advice.pass_on(ana, asked.id, people.chitra.handle)
    other = dialogue.open_topic(ben, agenda.id, new)
    advice.ask(ben, other.id, [people.chitra.handle])
    advice.pass_on(people.chitra, other.id, ana.handle)
    advice.ask(ana, made.answered, [ben.handle])
    advice.set_availability(ana, True, now() + timedelta(days=7))
    advice.follow_up(ana, made.answered, advice.FollowUpText(f"We {WORD}.", "yes", f"All {WORD}."))
    notifications.choose(ana, {"reply": "digest"}, "weekly", 8, "UTC")
    notifications.watch(ana, "agenda", agenda.id)
    bookmarks.bookmark(ana, "post", made.quoting)
    library.intend(ana, made.case_topic, month_end(3))
    glossary.propose(ana, glossary.ProposalText("pt", "várzea", "Terra baixa.", "Assim se diz."))
    search = searches.keep(ana, Wanted(f"trams {WORD}", ("post",), (agenda.id,), ("en",)))
    searches.change(ana, search.id, f"All {WORD}", "weekly")
    (kept,) = my_bookmarks(ana, "", 1, {"post": 1}).items
    tomorrow = (now() + timedelta(days=1)).date()
    bookmarks.note_and_remind(ana, kept.id, f"My {WORD}.", tomorrow)
    dialogue.read(ana, asked.id, 1)
    dialogue.read_all(ana)


def _come_and_let_come(people: Any) -> None:
    """Ana joined by an invitation, makes invitations, and signs in by every possible means."""
    ana, ends = people.ana, now() + timedelta(days=7)
    set_entrance(people.administrator, EntranceText("open", "members"))
    db.session.refresh(people.chitra)
    theirs = invite(people.chitra, InvitationText(2, ends))
    note_arrival(SYSTEM, theirs.id, ana.id)
    ana.invited_by_id = people.chitra.id
    db.session.commit()
    mine = invite(ana, InvitationText(3, ends, f"Come to {WORD}."))
    note_arrival(SYSTEM, mine.id, people.ben.id)
    people.ben.invited_by_id = ana.id
    db.session.commit()
    joining = members.Joining("Nora Lind", "nora@city.example", "no hash")
    keep(VISITOR, joining, "a key", JoinDetails(invitation=mine))
    factors.begin_codes(ana)
    key, browser = SoftwarePasskey(), "a browser"
    challenge = bytes_to_base64url(factors.ask_for_passkey(ana, FOR_REGISTRATION, browser))
    answer = factors.spend_challenge(ana, FOR_REGISTRATION, key.register(challenge), browser, SITE)
    factors.add_passkey(ana, answer, "Phone", key.handle, ["no hash"] * 10)
    identities.link(ana, "https://id.example", "42", "ana@id.example")


def _write(people: Any, agenda: Agenda) -> Lived:
    ana, ben = people.ana, people.ben
    new = dialogue.NewTopic("question", "Titel of Ana", write(f"Opening {WORD}."))
    answered = dialogue.open_topic(ana, agenda.id, new)
    opening = first_post(answered)
    _vote(ben, dialogue.set_poll(ana, opening.id, a_poll(WORD)))
    post = dialogue.reply(ana, answered.id, write(f"First {WORD}."))
    words = quote(ana.name, post.id, f"First {WORD}.")
    quoting = dialogue.reply(ben, answered.id, write(f"{words}I agree."))
    once = dialogue.reply(ben, answered.id, write(f"{words}I agreed."))
    with at(now() + timedelta(hours=2)):
        dialogue.edit(ben, once.id, write("I do not agree."))
    told = "Ask [Ana](/members/ana-prado), or @ana-prado."
    naming = dialogue.reply(ben, answered.id, write(told))
    dialogue.choose_answer(ana, answered.id, quoting.id)
    dialogue.mark(ana, quoting.id, "tried it", "kept", f"It {WORD}.")
    dialogue.mark(ana, naming.id, "useful")
    dialogue.mark(ben, post.id, "useful")
    alone = dialogue.open_topic(
        ana, agenda.id, dialogue.NewTopic("experience", f"Alone {WORD}", write(f"Alone {WORD}."))
    )
    picture = added(ana)
    shown = write(f"The lane: ![{WORD}]({picture.address})")
    dialogue.reply(ana, answered.id, shown)
    deleted = dialogue.open_topic(
        ben, agenda.id, dialogue.NewTopic("experience", "Of Ben", write("Text."))
    )
    dialogue.reply(ana, deleted.id, write(f"In a topic that goes {WORD}."))
    begins = now() + LONG_AGO + timedelta(days=5)
    told = ("Night trams", write("Who runs them?"), begins, begins + timedelta(hours=1), "UTC")
    meeting = meetings.announce_meeting(
        people.host, agenda.id, meetings.MeetingText(*told, place="Hall", is_online=True)
    )
    meetings.come(ana, meeting.id, "online")
    practice = _practice(people, agenda, f"Practice {WORD}")
    _practice(people, agenda, f"Draft {WORD}", is_published=False)
    case = library.write_case(
        people.host, agenda.id, library.CaseText("A case", "network", "Short.", "One.\n\nTwo.")
    )
    library.write_reading(people.host, agenda.id, library.ReadingText("Trams", "A. Sol"))
    dialogue.reply(ana, case.topic_id, write(f"About the case {WORD}."))
    made = (answered.id, alone.id, quoting.id, once.id, naming.id)
    return Lived(*made, practice, case.topic_id, post.id)


def _practice(people: Any, agenda: Agenda, title: str, is_published: bool = True) -> int:
    text = library.PracticeText(title, f"It is {WORD}.", sections={"done": f"Done {WORD}."})
    made = library.write_practice(people.ana, agenda.id, text)
    if is_published:
        library.submit(people.ana, made.id)
        published = library.publish(people.host, made.id)
        dialogue.reply(people.ben, published.topic_id, write("How much was it?"))
    return int(made.id)


def _curate(people: Any, agenda: Agenda) -> None:
    """Ana hosts, represents an organisation, is quoted, and decides."""
    agendas.set_hosts(people.moderator, agenda.id, [people.host.handle, people.ana.handle])
    text = agendas.AgendaText("Making Cities Quieter", write("Noise is still heard last."))
    agendas.write_agenda(people.moderator, text, agenda.id)  # keeps a version with both hosts
    said = agendas.StatementText("Ana Prado", f"We {WORD}.", "Planner", handle=people.ana.handle)
    statement = agendas.write_statement(people.moderator, agenda.id, said)
    again = agendas.StatementText("Ana Prado", f"We all {WORD}.", handle=people.ana.handle)
    db.session.refresh(people.ana)
    agendas.write_statement(people.ana, agenda.id, again, statement.id)
    theme = agendas.write_theme(people.moderator, "Noise")
    agendas.set_member_themes(people.ana, [theme.id])
    words = members.OrganisationText("Tampere", "city", representative_id=people.ana.id)
    tampere = members.write_organisation(people.moderator, words).id
    _declare(people, agenda, tampere)
    about = members.Profile("Ana Prado", "Planner", tampere, about=write(f"I am {WORD}."))
    members.edit_profile(people.ana, about)
    choose_voices(people.ana, tampere, [people.ana.id])


def _declare(people: Any, agenda: Agenda, organisation_id: int) -> None:
    """Ana drafts a declaration and signs it for Tampere; that text belongs to the city, not to her."""
    text = declarations.DeclarationText("Quiet nights", write("We want them."))
    made = declarations.write_declaration(people.ana, agenda.id, text)
    declarations.open_declaration(people.ana, made.id, PlainTexts())
    made = declarations.freeze(people.ana, made.id, now().date() + timedelta(days=30))
    signing = declarations.Signing(made.digest, "Not on Sundays.")
    declarations.sign(people.ana, made.id, organisation_id, signing)
    _commit(people, agenda, organisation_id)
    _translate(people, agenda)


def _translate(people: Any, agenda: Agenda) -> None:
    """Ana translates a practice by Ben."""
    text = library.PracticeText("Felt", "Felt below rails.", sections={"challenge": "Noise."})
    made = library.write_practice(people.ben, agenda.id, text)
    made = library.publish(people.moderator, library.submit(people.ben, made.id).id)
    words = parallels.TranslationText("fr", "Du feutre", parts={"challenge": "Du bruit."})
    parallels.add_translation(people.ana, "practice", made.id, words)


def _commit(people: Any, agenda: Agenda, organisation_id: int) -> None:
    """Ana publishes a commitment for Tampere, and follows one of an institute."""
    day = now().date() + timedelta(days=30)
    text = commitments.CommitmentText(
        "Felt", write("We will."), day, [commitments.Step("1 km", day)]
    )
    commitments.publish_commitment(people.ana, agenda.id, organisation_id, text)
    words = members.OrganisationText("Institute", "institute")
    other = members.write_organisation(people.moderator, words).id
    course = commitments.CommitmentCourse(other, None, now())
    steps = [commitments.KnownMilestone("1 km", day)]
    theirs = commitments.load_commitment(people.moderator, agenda.id, text, course, steps)
    members.edit_profile(people.ana, members.Profile("Ana Prado", organisation_id=organisation_id))
    commitments.follow_commitment(people.ana, theirs.id)


def holding(word: str) -> set[str]:
    """The tables and columns that contain a word anywhere."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            found |= {
                f"{table.name}.{name}"
                for name, value in row.items()
                if re.search(rf"(?<![a-z]){word}", str(value).lower())
            }
    return found


def carry_out() -> int:
    """Complete the deletion of all members who leave; returns the number of portions."""
    portions = 0
    while commands.carry_on():
        portions += 1
        assert portions < 200
    db.session.expire_all()
    return portions


def gone(member: Member, how: str = "everything") -> Member:
    """Let a member leave, and let the two weeks pass."""

    leave(db.session.get_one(Member, member.id), member.id, how)
    with at(now() + members.COOLING_OFF):
        carry_out()
    return db.session.get_one(Member, member.id, populate_existing=True)
