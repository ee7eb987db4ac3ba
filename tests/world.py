"""One thing of every kind that an address can name, made by the real actions; for the tests of all routes."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

from flask import current_app
from webauthn.helpers import bytes_to_base64url

from forum.advice import actions as advice
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.appeals import actions as appeals
from forum.bookmarks.actions import bookmark
from forum.bookmarks.queries import bookmark_of
from forum.candidates.actions import JoinDetails, keep
from forum.clock import at, now
from forum.commitments import actions as commitments
from forum.commitments.queries import milestones_of
from forum.contact import actions as contact
from forum.db import db
from forum.declarations import actions as declarations
from forum.dialogue import actions as dialogue
from forum.dialogue.models import PollText
from forum.dialogue.queries import first_post, mark_given, revisions_of
from forum.factors.actions import add_passkey, ask_for_passkey, begin_codes, spend_challenge
from forum.factors.queries import FOR_REGISTRATION, passkeys_of
from forum.glossary import actions as glossary
from forum.identities.actions import link
from forum.invitations.actions import InvitationText, invite
from forum.library import actions as library
from forum.library.queries import get_case, get_practice
from forum.mail.actions import note_refused, write_letter
from forum.markup import PlainTexts, write
from forum.meetings import actions as meetings
from forum.members import actions as members
from forum.members.queries import sessions_of
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.parallels import actions as parallels
from forum.parallels.actions import TranslationText
from forum.permissions import SYSTEM, VISITOR
from forum.pictures.actions import add_picture
from forum.screening.actions import RuleText, make_rule
from forum.searches.actions import keep as keep_search
from forum.searches.models import Wanted
from forum.sentfiles import SentFile
from forum.shrinking import Shrunk
from forum.terms.actions import TermsText, write_terms
from forum.webhooks.actions import WebhookText, add_webhook
from tests.datasets import load_dataset
from tests.keys import SITE, SoftwarePasskey
from tests.moderation.conftest import an_order

LONG_AGO = timedelta(hours=2)


def a_passkey(member: Any) -> int:
    """Register a passkey of a simulated device; returns its id."""
    key, browser = SoftwarePasskey(), "a browser"
    challenge = bytes_to_base64url(ask_for_passkey(member, FOR_REGISTRATION, browser))
    answer = spend_challenge(member, FOR_REGISTRATION, key.register(challenge), browser, SITE)
    add_passkey(member, answer, "Phone", key.handle, [])
    return passkeys_of(member)[-1].id


def build(people: Any, agenda: Agenda) -> dict[str, Any]:
    """Create Ana's things, Ben's texts about them, and what a host and a moderator did; returns values for addresses, by name."""
    made = load_dataset("world", current_app, lambda: _build(people, agenda))
    return dict(made)


def _build(people: Any, agenda: Agenda) -> dict[str, Any]:
    with at(now() - LONG_AGO):
        members.found_federation(SYSTEM, "Interurban", "Cities that talk")
    return things(people, agenda)


def things(people: Any, agenda: Agenda) -> dict[str, Any]:
    """The values of `build` in a federation that is already set up."""
    with at(now() - LONG_AGO):
        made = {**_curated(people, agenda), **_written(people, agenda)}
    dialogue.edit(people.ana, made["post"], write("What we did, told **better**."))
    made["revision"] = revisions_of(
        people.ana, dialogue.edit(people.ana, made["post"], write("Best."))
    )[0].id
    decision = moderation.decide(
        people.moderator, "post", made["hidden_post"], "hide", Reasons("Spam.", 2)
    )
    moderation.report(people.chitra, "post", made["reply"], "rules")
    warning = moderation.warn(people.moderator, people.ana.id, Reasons("It was rude.", 2))
    appealed = appeals.appeal(people.ben, decision.id, "It was no advertisement.")
    advice.ask(people.ana, made["topic"], [people.chitra.handle])
    told = WebhookText("A room", "https://hooks.example/in", "standard", ["question"])
    made["webhook"] = add_webhook(people.administrator, told).id
    rule = make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    made |= {"rule": rule.id}
    made["waiting"] = dialogue.reply(people.ana, made["topic"], write("By zeppelin.")).id
    while make_notices(SYSTEM):  # in small transactions
        pass
    members.sign_in(people.ana, "A test")
    begin_codes(people.ana)
    letter = write_letter(SYSTEM, "test", "nobody@example.org", {})
    note_refused(SYSTEM, letter.id, "550 no", is_final=True)
    words = "Dear Ana, may I call you about the trams?"
    written = contact.contact(people.chitra, people.ana.id, words)
    plain = TermsText(write("Be kind."), now(), needs_consent=False)
    flag = moderation.FlaggerText("Stop Fraud", "Coordinator of Ireland", "Fraud", now().date())
    return {
        **made,
        "contact_letter": written.id,
        "terms": write_terms(people.administrator, plain).number,
        **_coming(people),
        **_declared(people, made),
        **_translated(people, made),
        "decision": decision.id,
        "member": people.ben.id,
        "warning": warning.id,
        "appeal": appealed.id,
        "flagger": moderation.trust_flagger(
            people.administrator, f"@{people.chitra.handle}", flag
        ).id,
        "order": moderation.write_order(people.moderator, an_order()).id,
        "staff_note": moderation.write_staff_note(people.moderator, people.ben.id, "Kind.").id,
        "passkey": a_passkey(people.host),
        "letter": letter.id,
        "session": sessions_of(people.ana)[0].id,
        "notice": inbox(people.ana).page.items[0].id,
    }


def _translated(people: Any, made: dict[str, Any]) -> dict[str, Any]:
    """Ben has translated Ana's practice and the host's case into French."""
    originals = {
        "case": get_case(people.ben, made["case"]),
        "practice": get_practice(people.ben, made["practice"]),
    }
    text = TranslationText("fr", "Du feutre", "Une ville le fait.", {})
    for kind, original in originals.items():
        translation = parallels.add_translation(people.ben, kind, original.id, text)
        numbers = {"translation": translation.id}
    return numbers


def _declared(people: Any, made: dict[str, Any]) -> dict[str, Any]:
    """A declaration in each state: the one that can be signed has the signature and the reservation of Adam's city."""
    numbers: dict[str, Any] = {}
    for state in ("draft", "consultation", "open", "frozen"):
        text = declarations.DeclarationText(f"Quiet nights, {state}", write("We want them."))
        new = declarations.write_declaration(people.host, made["agenda_id"], text)
        numbers[f"{state}_declaration"] = new.id
        if state != "draft":
            declarations.open_declaration(people.host, new.id, PlainTexts())
        if state in ("open", "frozen"):
            declarations.freeze(people.host, new.id, now().date() + timedelta(days=30))
        numbers[f"{state}_slug"] = new.slug
    city = members.write_organisation(
        people.moderator,
        members.OrganisationText(
            "City of Rotterdam", "city", representative_id=people.administrator.id
        ),
    )
    signing = declarations.Signing(new.digest, "Not on Sundays.")
    signature = declarations.sign(
        people.administrator, numbers["open_declaration"], city.id, signing
    )
    day = now().date() + timedelta(days=30)
    steps = [commitments.Step("A kilometre is done", day), commitments.Step("Two are", day)]
    will = commitments.CommitmentText(
        "Felt below line 2", write("We will."), day, steps, numbers["open_declaration"]
    )
    adam = people.administrator
    made_by = commitments.publish_commitment(adam, made["agenda_id"], city.id, will)
    return {
        **numbers,
        "signature": signature.id,
        "signing_city": city.slug,
        "commitment": made_by.id,
        "commitment_slug": made_by.slug,
        "milestone": milestones_of(made_by)[0].id,
    }


def _coming(people: Any) -> dict[str, Any]:
    """A candidate, and an invitation."""
    joining = members.Joining("Nora Lind", "nora@city.example", "no hash")
    candidate = keep(VISITOR, joining, "a key", JoinDetails([("Why?", "To learn.")]))
    candidate.confirmed_at = now()  # as the link in the e-mail does when joining needs an approval
    db.session.commit()
    made = invite(people.moderator, InvitationText(2, now() + timedelta(days=7)))
    linked = link(people.ana, "https://id.example", "ana")
    return {"candidate": candidate.id, "invitation": made.id, "identity": linked.id}


def _curated(people: Any, agenda: Agenda) -> dict[str, Any]:
    other = agendas.write_agenda(
        people.moderator, agendas.AgendaText("Other", write("Text."), slug="other")
    )
    said = agendas.StatementText("Ana Prado", "We listen at night.", handle=people.ana.handle)
    statement = agendas.write_statement(people.host, agenda.id, said)
    theme = agendas.write_theme(people.moderator, "Noise")
    named = glossary.WordingText("en", "noise wall", (), "A wall that keeps noise away.")
    entry = glossary.write_entry(people.moderator, glossary.EntryText([named]))
    organisation = members.write_organisation(
        people.moderator, members.OrganisationText("City of Tampere", "city", slug="tampere-city")
    )
    case = library.write_case(
        people.host, agenda.id, library.CaseText("A case", "network", "Short.", "One.\n\nTwo.")
    )
    reading = library.write_reading(
        people.host, agenda.id, library.ReadingText("A book", "Somebody")
    )
    return {
        "agenda": agenda.slug,
        "agenda_id": agenda.id,
        "other": other.slug,
        "statement": statement.id,
        "theme": theme.slug,
        "entry": entry.slug,
        "proposal": glossary.propose(
            people.ana, glossary.ProposalText("fr", "mur antibruit"), entry.id
        ).id,
        "organisation": organisation.slug,
        "case": case.slug,
        "case_id": case.id,
        "reading": reading.id,
        **_meetings(people, agenda),
    }


def _meetings(people: Any, agenda: Agenda) -> dict[str, Any]:
    """A meeting in which Ana takes part, and one that is over."""
    begins = now() + timedelta(days=5)
    words = {"time_zone": "Europe/Lisbon", "is_online": True}
    link = "https://meet.example/secret-room"
    coming = meetings.announce_meeting(
        people.host,
        agenda.id,
        meetings.MeetingText(
            "Night trams",
            write("Who runs them?"),
            begins,
            begins + timedelta(hours=1),
            join_link=link,
            **words,
        ),
    )
    meetings.come(people.ana, coming.id)
    hour = timedelta(hours=1)
    with at(now() - timedelta(days=2)):
        text = meetings.MeetingText(
            "Day trams", write("Who?"), now() + hour, now() + 2 * hour, **words
        )
        over = meetings.announce_meeting(people.host, agenda.id, text)
    meetings.end_meetings(SYSTEM)
    meetings.tell_outcome(people.host, over.id, meetings.OutcomeText(write("What we did.")))
    return {
        "meeting": coming.id,
        "meeting_slug": coming.slug,
        "over": over.id,
        "over_slug": over.slug,
    }


def _written(people: Any, agenda: Agenda) -> dict[str, Any]:
    new = dialogue.NewTopic("question", "Why so loud?", write("What we did."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    polled = first_post(topic)
    dialogue.set_poll(people.ana, polled.id, PollText("Which is louder?", ("Trams", "Bells")))
    post_id = dialogue.reply(people.ana, topic.id, write("What we did.")).id
    reply = dialogue.reply(people.ben, topic.id, write("Ask the trams."))
    hidden = dialogue.reply(people.ben, topic.id, write("Buy this."))
    dialogue.mark(people.ben, post_id, "tried it", "kept", "It helped.")
    told = advice.follow_up(
        people.ana, topic.id, advice.FollowUpText("We put felt on it.", "partly")
    )
    published = _practice(people, agenda, "Quiet asphalt")
    library.submit(people.ana, published.id)
    library.publish(people.host, published.id)
    submitted = _practice(people, agenda, "Slow trams")
    library.submit(people.ana, submitted.id)
    draft = _practice(people, agenda, "Night watch")
    bookmark(people.ana, "post", reply.id)
    picture = add_picture(people.ana, Shrunk("ab12" * 6 + "-9x9", b"bytes", b""), 1_000)
    file = add_picture(
        people.ana, SentFile("ab12" * 6 + "-4.txt", "a.txt", BytesIO(b"Kerb")), 1_000
    )
    return {
        "file_name": file.name,
        "picture": picture.id,
        "picture_name": picture.name,
        "bookmark": bookmark_of(people.ana, "post", reply.id).id,
        "search": keep_search(people.ana, Wanted("trams")).id,
        "topic": topic.id,
        "topic_slug": topic.slug,
        "polled": polled.id,
        "post": post_id,
        "reply": reply.id,
        "hidden_post": hidden.id,
        "mark": mark_given(people.ben, post_id, "tried it").id,
        "told": told.id,
        "practice": published.slug,
        "practice_id": published.id,
        "submitted": submitted.slug,
        "submitted_id": submitted.id,
        "draft": draft.slug,
    }


def _practice(people: Any, agenda: Agenda, title: str) -> Any:
    text = library.PracticeText(
        title, "It is said in one sentence.", sections={"done": "We did it."}
    )
    return library.write_practice(people.ana, agenda.id, text)
