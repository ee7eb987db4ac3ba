"""A text that cannot wait for a moderator is refused at its form, with the rule's sentence and everything typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask_babel import force_locale

from forum import tokens
from forum.accounts.actions import edit_profile
from forum.advice import actions as advice
from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.candidates.models import Candidate
from forum.clock import now
from forum.contact.actions import contact
from forum.contact.models import ContactLetter
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Held, Mark, Post
from forum.dialogue.queries import render_with_mentions
from forum.errors import Invalid
from forum.invitations.actions import EntranceText, InvitationText, invite, set_entrance
from forum.invitations.queries import CODE_PURPOSE
from forum.library import actions as library
from forum.library.models import Practice
from forum.library.queries import practice_by_id
from forum.markup import write
from forum.members.actions import Profile, found_federation
from forum.members.models import Member
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule, set_newness
from forum.screening.models import USUAL_SENTENCE

SENTENCE = "Words of betting are read first."
BAD, TYPED = "Come to my casino", "What I typed before"


@pytest.fixture(autouse=True)
def rule(people: Any) -> Any:
    found_federation(SYSTEM, "Interurban")
    set_newness(people.administrator, days=14, posts=3, first_posts=0)
    return make_rule(people.administrator, RuleText("word", "casino", SENTENCE))


@pytest.fixture
def topic(people: Any, agenda: Agenda) -> Any:
    """Ana's question with a reply of Ben's."""
    new = dialogue.NewTopic("question", "Why so loud?", write("What we did."))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    dialogue.reply(people.ben, topic.id, write("Like this."))
    return topic


def opening(topic: Any) -> Any:
    return db.session.query(Post).filter_by(topic_id=topic.id, number=1).one()


def practice_text(**changes: Any) -> library.PracticeText:
    fields = {"title": "Quiet asphalt", "sentence": "It is less loud.", **changes}
    return library.PracticeText(**fields)


def refused(page: Any, *kept: str) -> None:
    assert page.status_code == 422, page.status_code
    assert SENTENCE in page.text
    for words in kept:
        assert words in page.text


def test_a_note_of_trying_stays_in_the_form(people: Any, topic: Any, sign_in: Any) -> None:
    post, browser = opening(topic), sign_in(people.ben)
    said = {"kind": "tried it", "outcome": "kept", "note": f"{BAD}, {TYPED}"}
    refused(browser.post(f"/posts/{post.id}/mark", data=said), TYPED)
    assert db.session.query(Mark).count() == 0
    assert browser.post(f"/posts/{post.id}/mark", data=said | {"note": "We did."}).status_code < 400
    refused(browser.post(f"/posts/{post.id}/mark", data=said), TYPED)
    assert db.session.query(Mark).one().note == "We did."


@pytest.mark.usefixtures("recognising_all")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_nobody_is_promised_a_reading_where_nobody_reads(
    people: Any, sign_in: Any, language: str
) -> None:
    """The default sentence of rules promises that a moderator reads the text; a refused text needs another sentence."""
    with force_locale(language):
        usual = str(USUAL_SENTENCE)
    make_rule(people.administrator, RuleText("word", "roulette", usual))
    letter = {"text": f"Dear Ana, let us play roulette. {TYPED}"}
    page = sign_in(people.ben).post(f"/members/{people.ana.handle}/contact", data=letter)
    assert page.status_code == 422 and TYPED in page.text
    assert "it cannot wait for a moderator here. It is still in the form" in page.text
    assert usual not in page.text


def test_a_note_that_is_there_already_is_asked_about_no_more(people: Any, topic: Any) -> None:
    post = opening(topic)
    # Rules do not hold back what hosts write on their own agenda
    dialogue.mark(people.host, post.id, "tried it", "kept", BAD)
    dialogue.mark(people.ben, post.id, "tried it", "kept", "Fine.")
    make_rule(SYSTEM, RuleText("word", "fine", SENTENCE))
    dialogue.mark(people.ben, post.id, "tried it", "stopped", "Fine.")
    with pytest.raises(Invalid, match=SENTENCE):
        dialogue.mark(people.chitra, post.id, "tried it", "kept", "Fine.")
    dialogue.mark(people.chitra, post.id, "tried it", "kept")


def test_what_happened_next_stays_in_the_form(people: Any, topic: Any, sign_in: Any) -> None:
    browser, address = sign_in(people.ana), f"/topics/{topic.id}/follow-up"
    said = {"deed": TYPED, "outcome": "yes", "text": BAD, "language": "en"}
    refused(browser.post(address, data=said), TYPED, BAD)
    assert db.session.query(FollowUp).count() == 0
    assert browser.post(address, data=said | {"text": ""}).status_code == 303
    refused(browser.post(address, data=said | {"deed": BAD}), BAD)
    assert db.session.query(FollowUp).one().deed == TYPED


def test_what_is_told_again_unchanged_passes(people: Any, topic: Any) -> None:
    story = advice.FollowUpText("We built one.", "not yet tried")
    advice.follow_up(people.ana, topic.id, story)
    make_rule(SYSTEM, RuleText("word", "built", SENTENCE))
    assert advice.follow_up(people.ana, topic.id, advice.FollowUpText("We built one.", "yes"))


@pytest.mark.parametrize("field", ["about", "helps_with", "position", "name"])
def test_a_profile_stays_in_the_form(people: Any, sign_in: Any, field: str) -> None:
    browser = sign_in(people.ana)
    said = {"name": "Ana Prado", "language": "en", "about": TYPED, field: f"{BAD} today"}
    refused(browser.post("/settings", data=said), f"{BAD} today")
    assert db.session.get_one(Member, people.ana.id, populate_existing=True).about == ""
    assert browser.post("/settings", data=said | {field: "Ana Prado"}).status_code == 303


def test_a_profile_whose_words_do_not_change_passes(people: Any) -> None:
    about = render_with_mentions(BAD)
    with pytest.raises(Invalid, match=SENTENCE):
        edit_profile(people.ana, Profile("Ana Prado", about=about))
    before = Member.__table__.update().where(Member.id == people.ana.id)
    db.session.execute(before.values(about=BAD))  # a text from before the rule
    db.session.commit()
    edit_profile(people.ana, Profile("Ana Prado", about=about, language="fr"))
    edit_profile(people.moderator, Profile("Mona Berg", about=about))
    # A host has no exception for the profile, which belongs to no agenda
    with pytest.raises(Invalid):
        edit_profile(people.host, Profile("Hana Virtanen", about=about))


def test_a_letter_stays_in_the_form(people: Any, sign_in: Any) -> None:
    db.session.execute(Member.__table__.update().values(joined_at=now() - timedelta(days=2000)))
    db.session.commit()
    browser = sign_in(people.ben)
    words = f"{TYPED}, and so on. {BAD}."
    refused(browser.post("/members/ana-prado/contact", data={"text": words, "copy": "y"}), words)
    assert db.session.query(ContactLetter).count() == 0
    # A link definition, which rendered Markdown does not show
    hidden = "See this page, please: [a]\n\n[a]: https://spam.example"
    make_rule(SYSTEM, RuleText("domain", "spam.example", SENTENCE))
    with pytest.raises(Invalid, match=SENTENCE):
        contact(people.ben, people.ana.id, hidden)
    assert contact(people.ben, people.ana.id, "A letter about trams, as we said.")


def test_the_same_letter_to_many_is_known(people: Any) -> None:
    db.session.execute(Member.__table__.update().values(joined_at=now() - timedelta(days=2000)))
    db.session.commit()
    make_rule(SYSTEM, RuleText("same text", "3", SENTENCE))
    words = "Buy our watches, they are the best watches that there are in the world of watches."
    contact(people.ben, people.ana.id, words)
    contact(people.ben, people.chitra.id, words)
    with pytest.raises(Invalid, match=SENTENCE):
        contact(people.ben, people.host.id, words)


def test_a_practice_waits_with_the_rule_that_it_meets(
    people: Any, agenda: Agenda, sign_in: Any
) -> None:
    made = library.write_practice(people.ana, agenda.id, practice_text(sections={"done": BAD}))
    assert made.caught_by == ""  # a draft is not published, so it is not screened
    library.submit(people.ana, made.id)
    assert (made.state, made.caught_by) == ("submitted", "word: casino")
    page = sign_in(people.host).get(f"/moderation/practice/{made.id}", follow_redirects=True).text
    assert "A word: casino" in page
    library.write_practice(
        people.ana, agenda.id, practice_text(sections={"done": "Paving."}), made.id
    )
    assert practice_by_id(people.host, made.id).caught_by == ""
    page = sign_in(people.host).get(f"/moderation/practice/{made.id}", follow_redirects=True).text
    assert "A word: casino" not in page


@pytest.mark.parametrize("where", ["title", "sentence", "link"])
def test_every_word_of_a_practice_is_looked_at(people: Any, agenda: Agenda, where: str) -> None:
    make_rule(SYSTEM, RuleText("domain", "casino.example", SENTENCE))
    text = practice_text(**{where: "https://casino.example" if where == "link" else BAD})
    made = library.write_practice(people.ana, agenda.id, text)
    library.submit(people.ana, made.id)
    assert made.caught_by


def test_a_published_practice_keeps_what_it_said(people: Any, agenda: Agenda, sign_in: Any) -> None:
    made = library.write_practice(people.ana, agenda.id, practice_text())
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    said = {"agenda": agenda.slug, "title": TYPED, "sentence": BAD, "language": "en"}
    said |= {"audience": "public", "failure_audience": "public"}
    address = f"/practices/{made.slug}/edit"
    refused(sign_in(people.ana).post(address, data=said), TYPED, BAD)
    kept = db.session.get_one(Practice, made.id, populate_existing=True)
    assert (kept.title, kept.sentence) == ("Quiet asphalt", "It is less loud.")
    library.write_practice(people.host, agenda.id, practice_text(sentence=BAD), made.id)


def test_the_link_of_a_practice_is_a_link(people: Any, agenda: Agenda) -> None:
    make_rule(SYSTEM, RuleText("links", "", SENTENCE))
    made = library.write_practice(people.ana, agenda.id, practice_text())
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    address = "https://shop.example/watches"
    with pytest.raises(Invalid, match=SENTENCE):
        library.write_practice(people.ana, agenda.id, practice_text(link=address), made.id)
    other = library.write_practice(people.ana, agenda.id, practice_text(link=address))
    assert library.submit(people.ana, other.id).caught_by == "links"


LONG = "We laid quiet asphalt on twelve streets, and measured before and after it, by day and by night."


def test_a_practice_is_no_copy_of_itself(people: Any, agenda: Agenda) -> None:
    make_rule(SYSTEM, RuleText("same text", "2", SENTENCE))
    made = library.write_practice(people.ana, agenda.id, practice_text(sentence=LONG))

    def change(**fields: Any) -> str:
        text = practice_text(**{"sentence": LONG, **fields})
        return library.write_practice(people.ana, agenda.id, text, made.id).caught_by

    assert library.submit(people.ana, made.id).caught_by == ""
    assert change(evidence="told") == ""
    library.send_back(people.host, made.id, "Say since when.")
    change(started=2019)
    assert library.submit(people.ana, made.id).caught_by == ""
    library.publish(people.host, made.id)
    assert change(started=2020) == change(sentence=f"{LONG} It works.") == change() == ""
    copied = library.write_practice(people.ben, agenda.id, practice_text(sentence=LONG))
    assert library.submit(people.ben, copied.id).caught_by == "same text: 2"


def test_what_is_published_is_asked_about_when_its_words_change(
    people: Any, agenda: Agenda
) -> None:
    made = library.write_practice(people.ana, agenda.id, practice_text(sentence=LONG))
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    make_rule(SYSTEM, RuleText("word", "asphalt", SENTENCE))
    for fields in ({"evidence": "told"}, {"audience": "members"}):
        library.write_practice(
            people.ana, agenda.id, practice_text(sentence=LONG, **fields), made.id
        )
    with pytest.raises(Invalid, match=SENTENCE):
        library.write_practice(
            people.ana, agenda.id, practice_text(sentence=f"{LONG} So."), made.id
        )


def test_a_profile_is_no_copy_of_itself(people: Any) -> None:
    make_rule(SYSTEM, RuleText("same text", "2", SENTENCE))
    for about in (LONG, f"{LONG} So.", LONG):
        edit_profile(people.ana, Profile("Ana Prado", about=render_with_mentions(about)))
    with pytest.raises(Invalid, match=SENTENCE):
        edit_profile(people.ben, Profile("Ana Prado", about=render_with_mentions(LONG)))


def test_comments_on_cases_and_practices_wait_as_replies_do(people: Any, agenda: Agenda) -> None:
    case = library.write_case(
        people.host, agenda.id, library.CaseText("A case", "network", "Short.", "One.\n\nTwo.")
    )
    made = library.write_practice(people.ana, agenda.id, practice_text())
    library.submit(people.ana, made.id)
    practice = library.publish(people.host, made.id)
    key = case.paragraphs[0].key
    found = dialogue.reply(people.ben, case.topic_id, write(BAD), paragraph=key)
    assert isinstance(found, Held) and found.paragraph == key
    assert isinstance(dialogue.reply(people.ben, practice.topic_id or 0, write(BAD)), Held)


def test_the_page_of_the_rules_says_what_they_look_at(people: Any, sign_in: Any) -> None:
    page = sign_in(people.administrator).get("/administration/screening").text
    assert "these cannot wait" in page
    assert "the rule “Links, pictures and files of new members” is about them" in page, "its name"


@pytest.mark.parametrize("field", ["name", "position"])
def test_who_joins_under_such_words_is_refused(client: Any, field: str) -> None:
    said = {"name": "Noor", "email": "noor@example.org", "password": "a quiet harbour at dawn"}
    refused(client.post("/join", data=said | {field: f"Noor {BAD}"}), f"Noor {BAD}")
    assert db.session.query(Candidate).count() == 0
    assert client.post("/join", data=said).status_code == 303


def test_who_joins_with_a_link_is_as_new_as_afterwards(people: Any, client: Any) -> None:
    make_rule(people.administrator, RuleText("links", "", SENTENCE))
    said = {"name": "Noor", "email": "noor@example.org", "password": "a quiet harbour at dawn"}
    refused(client.post("/join", data=said | {"position": "https://noor.example"}))
    set_newness(people.administrator, days=0, posts=3, first_posts=0)
    joined = client.post("/join", data=said | {"position": "https://noor.example"})
    assert joined.status_code == 303


def test_whom_moderators_let_in_is_read_by_them(people: Any, client: Any) -> None:
    set_entrance(people.administrator, EntranceText("approval"))
    said = {"name": BAD, "email": "noor@example.org", "password": "a quiet harbour at dawn"}
    assert client.post("/join", data=said).status_code == 303
    invitation = invite(people.moderator, InvitationText(1, now() + timedelta(days=1)))
    address = f"/join/invited/{tokens.secret(CODE_PURPOSE, invitation.salt)}"
    refused(client.post(address, data=said | {"email": "lina@example.org"}), BAD)
