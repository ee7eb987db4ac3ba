"""Declarations: from a draft to the adopted text, and who signs for which organisation."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.declarations import actions, queries
from forum.declarations.actions import Signing
from forum.declarations.forms import STATE_NAMES
from forum.declarations.models import Declaration, Signature, digest_of
from forum.dialogue.actions import NewTopic, SentForm, open_topic
from forum.dialogue.queries import get_topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.history.queries import fingerprint
from forum.invitations.actions import choose_voices
from forum.markup import PlainTexts, write
from forum.members import actions as members
from forum.members.actions import Profile, edit_profile
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.notifications.actions import watch
from forum.permissions import SYSTEM, VISITOR
from forum.screening.actions import RuleText, make_rule
from tests.declarations.conftest import TEXT, draft, frozen, heard, in_days, signed, text_of

# Drafting and consultation


def test_those_who_moderate_an_agenda_draft_there(people, agenda):
    made = draft(people, agenda)
    assert (made.state, made.author_id, made.slug) == ("draft", people.host.id, "quiet-nights")
    for somebody in (people.ana, VISITOR):
        with pytest.raises(Forbidden):
            actions.write_declaration(somebody, agenda.id, text_of("Text."))
        with pytest.raises(NotFound):
            queries.get_declaration(somebody, made.id)
        assert queries.declarations(somebody, queries.DeclarationFilter())[0] == []
        assert queries.agendas_with_declarations(somebody) == []
    assert queries.get_declaration(people.moderator, made.id).id == made.id


def test_a_draft_that_is_sent_twice_is_one(people, agenda):
    assert draft(people, agenda) is draft(people, agenda)
    assert draft(people, agenda, text="Another.").id


@pytest.mark.parametrize(("title", "source"), [("", "Text."), ("x" * 201, "Text."), ("A", " \n")])
def test_what_is_empty_or_too_long_is_refused(people, agenda, title, source):
    with pytest.raises(Invalid):
        actions.write_declaration(people.host, agenda.id, text_of(source, title))


def test_in_consultation_everybody_reads_it_and_changes_are_kept(people, agenda):
    made = draft(people, agenda)
    actions.write_declaration(people.host, agenda.id, text_of("Second."), made.id)
    assert queries.edits_of(made, STATE_NAMES) == [], "what only moderators saw is nobody's to read"
    actions.open_declaration(people.host, made.id, PlainTexts())
    assert queries.get_declaration(VISITOR, made.id).state == "consultation"
    actions.write_declaration(people.moderator, agenda.id, text_of("Third."), made.id)
    actions.write_declaration(people.moderator, agenda.id, text_of("Third."), made.id)
    (edit,) = queries.edits_of(made, STATE_NAMES)
    assert (edit.version.fields["source"], edit.version.editor_name) == ("Second.", "Mona Berg")
    assert db.session.get_one(Agenda, agenda.id).declarations_count == 1


def test_a_change_on_another_state_is_not_overwritten(people, agenda):
    made = draft(people, agenda)
    seen = fingerprint(queries.declaration_fields(made))
    actions.write_declaration(
        people.host, agenda.id, text_of("By one."), made.id, SentForm(seen=seen)
    )
    with pytest.raises(Conflict):
        actions.write_declaration(
            people.host, agenda.id, text_of("By two."), made.id, SentForm(seen=seen)
        )


def test_a_question_is_opened_with_it(people, agenda):
    made, asked = draft(people, agenda), NewTopic("question", "What should change?", write("Say."))
    actions.open_declaration(people.host, made.id, PlainTexts(), asked)
    topic = get_topic(people.ana, made.topic_id)
    assert (topic.kind, topic.author_id) == ("question", people.host.id)
    assert queries.consultation_topic(VISITOR, made).id == topic.id
    moderation.decide(people.moderator, "topic", topic.id, "hide", Reasons("No.", 2))
    assert queries.consultation_topic(VISITOR, made) is None


def test_the_page_leads_to_the_question_after_it_was_merged(client, people, agenda):
    made, asked = draft(people, agenda), NewTopic("question", "What should change?", write("Say."))
    actions.open_declaration(people.host, made.id, PlainTexts(), asked)
    assert get_topic(VISITOR, made.topic_id).address in client.get(made.address).text
    target = open_topic(people.ana, agenda.id, NewTopic("question", "Quiet how?", write("How?")))
    moderation.merge(people.moderator, made.topic_id, target.id)
    assert target.address in client.get(made.address).text
    moderation.decide(people.moderator, "topic", target.id, "hide", Reasons("No.", 2))
    assert target.address not in client.get(made.address).text
    assert queries.consultation_topic(VISITOR, made) is None


def test_nothing_is_opened_when_the_question_is_wrong(people, agenda):
    made, asked = draft(people, agenda), NewTopic("question", "", write("Say."))
    with pytest.raises(Invalid):
        actions.open_declaration(people.host, made.id, PlainTexts(), asked)
    assert db.session.get_one(Declaration, made.id).opened_at is None


def test_on_an_agenda_in_preparation_it_is_drafted_and_not_opened(people):
    text = agendas.AgendaText("Soon", write("Text."), is_open=False)
    soon = agendas.write_agenda(people.moderator, text)
    made = actions.write_declaration(people.moderator, soon.id, text_of("Text."))
    with pytest.raises(Forbidden, match="preparation"):
        actions.open_declaration(people.moderator, made.id, PlainTexts())
    with pytest.raises(NotFound):
        queries.get_declaration(people.ana, made.id)


def test_on_an_agenda_in_preparation_nothing_goes_further(people, agenda, bodies, declaration):
    """Only an import can bring a declaration there; nobody could open what the notices link to."""
    watch(people.ana, "agenda", agenda.id)
    signed(people.chitra, declaration, bodies.institute)
    db.session.get_one(Agenda, agenda.id).opened_at = None
    db.session.commit()
    for deed in (
        lambda: signed(people.moderator, declaration, bodies.nobody),
        lambda: actions.invite(people.host, declaration.id, None),
        lambda: actions.adopt(people.host, declaration.id),
    ):
        with pytest.raises(Forbidden, match="preparation"):
            deed()
    with at(now() + timedelta(days=31)):
        assert actions.look_after(SYSTEM) == 0
        assert heard(people.ana) == heard(people.chitra) == []
        moderation.open_agenda(people.moderator, agenda.id)
        assert actions.look_after(SYSTEM) == 1
        assert heard(people.chitra) != []


def test_on_an_archived_agenda_it_is_only_ended(people, agenda, bodies):
    one, two = frozen(people, agenda), frozen(people, agenda, title="Other")
    kept = signed(people.ana, one, bodies.city)
    moderation.archive(people.host, agenda.id)
    for deed in (
        lambda: draft(people, agenda, title="Third"),
        lambda: signed(people.chitra, one, bodies.institute),
        lambda: actions.invite(people.host, one.id, None),
    ):
        with pytest.raises(Forbidden, match="archived"):
            deed()
    actions.take_signature_back(people.ana, one.id, kept.id)
    actions.adopt(people.host, one.id)
    actions.withdraw(people.host, two.id, "We changed our minds.")


# Freezing


@pytest.mark.parametrize(
    "source",
    ["One.\r\nTwo.", "Nul\x00 in it.", "Cafe\u0301 and ﷺ", "\ud800 alone", "مدن هادئة\n\n" * 30],
)
def test_the_digest_is_that_of_the_file(client, people, agenda, source):
    made = frozen(people, agenda, text=source)
    file = client.get(f"/declarations/{made.id}/text.md")
    assert sha256(file.data).hexdigest() == made.digest
    assert file.data.decode() == made.source and b"\r" not in file.data and b"\0" not in file.data
    assert made.digest in client.get(made.address).text


def test_nobody_changes_a_frozen_text(people, agenda, declaration):
    for somebody in (people.host, people.moderator, people.administrator):
        with pytest.raises(Forbidden, match="cannot change"):
            actions.write_declaration(somebody, agenda.id, text_of("Other."), declaration.id)
    assert db.session.get_one(Declaration, declaration.id).source == TEXT


def test_what_was_not_in_consultation_is_not_frozen(people, agenda, declaration):
    made = draft(people, agenda, title="Not yet")
    with pytest.raises(Forbidden, match="is a draft"):
        actions.freeze(people.host, made.id, in_days(3))
    with pytest.raises(Forbidden):
        actions.freeze(people.host, declaration.id, in_days(3))


def test_the_last_day_is_neither_over_nor_years_away(people, agenda):
    made = draft(people, agenda)
    actions.open_declaration(people.host, made.id, PlainTexts())
    for days in (-1, 732, 100_000):
        with pytest.raises(Invalid, match="Choose a day"):
            actions.freeze(people.host, made.id, in_days(days))
    assert actions.freeze(people.host, made.id, in_days(0)).state == "open"


def test_what_is_frozen_is_what_was_read(people, agenda):
    made = draft(people, agenda)
    actions.open_declaration(people.host, made.id, PlainTexts())
    read = digest_of(made.source)
    actions.write_declaration(people.moderator, agenda.id, text_of("Meanwhile."), made.id)
    with pytest.raises(Conflict):
        actions.freeze(people.host, made.id, in_days(3), digest=read)


def test_a_title_that_was_changed_meanwhile_is_not_frozen(sign_in, people, agenda):
    made, host = draft(people, agenda), sign_in(people.host)
    actions.open_declaration(people.host, made.id, PlainTexts())
    door = f"/declarations/{made.id}/freeze"
    hidden = dict(
        re.findall(r'name="(digest|seen)" type="hidden" value="(\w+)"', host.get(door).text)
    )
    changed = text_of(TEXT, "Silent nights")
    actions.write_declaration(people.moderator, agenda.id, changed, made.id)
    answer = host.post(door, data={**hidden, "sign_until": in_days(3).isoformat()})
    assert answer.status_code == 409
    assert db.session.get_one(Declaration, made.id).state == "consultation"


# Signing


def test_its_representative_and_those_it_has_named_sign(people, declaration, bodies):
    first = signed(people.ana, declaration, bodies.city, "  Not on Sundays. ")
    assert (first.name, first.position) == ("Ana Prado", "Head of Streets")
    assert (first.organisation_name, first.reservation) == ("City of Athens", "Not on Sundays.")
    assert first.city_id == bodies.city.city_id
    signed(people.chitra, declaration, bodies.institute)
    assert db.session.get_one(Declaration, declaration.id).signatures_count == 2


def test_nobody_signs_for_another_organisation(people, declaration, bodies):
    for somebody, body in (
        (
            people.ben,
            bodies.city,
        ),  # a plain member of an organisation that has named nobody to write for it
        (people.chitra, bodies.city),
        (people.ana, bodies.institute),
        (people.moderator, bodies.nobody),
        (people.administrator, bodies.city),
        (VISITOR, bodies.city),
    ):
        with pytest.raises(Forbidden):
            signed(somebody, declaration, body)
    with pytest.raises(Invalid):
        actions.sign(people.ana, declaration.id, 10**6, Signing(declaration.digest))


def test_nobody_signs_after_the_last_day_of_writing_for_it(people, declaration, bodies):
    days = {people.chitra.id: now().date() + timedelta(days=2)}
    choose_voices(people.moderator, bodies.institute.id, [people.chitra.id], days)
    with at(now() + timedelta(days=3)):
        assert queries.speaker_ids([bodies.institute.id]) == []
        with pytest.raises(Forbidden):
            signed(people.chitra, declaration, bodies.institute)
    assert queries.speaker_ids([bodies.institute.id]) == [people.chitra.id]
    assert signed(people.chitra, declaration, bodies.institute).member_id == people.chitra.id


def test_nobody_signs_after_the_right_was_taken(people, declaration, bodies):
    choose_voices(people.moderator, bodies.institute.id, [])
    with pytest.raises(Forbidden, match="binds"):
        signed(people.chitra, declaration, bodies.institute)
    choose_voices(people.moderator, bodies.institute.id, None)
    with pytest.raises(Forbidden):
        signed(people.chitra, declaration, bodies.institute)
    choose_voices(people.moderator, bodies.institute.id, [people.chitra.id])
    edit_profile(people.chitra, Profile(name="Chitra Desai"))
    with pytest.raises(Forbidden):
        signed(people.chitra, declaration, bodies.institute)
    other = members.OrganisationText("City of Athens", "city", bodies.city.city_id, people.ben.id)
    members.write_organisation(people.moderator, other, bodies.city.id)
    with pytest.raises(Forbidden):
        signed(people.ana, declaration, bodies.city)
    assert signed(people.ben, declaration, bodies.city)


def test_nobody_signs_while_silenced_or_suspended(people, declaration, bodies):
    kept = signed(people.chitra, declaration, bodies.institute)
    ends = now() + timedelta(days=3)
    moderation.silence(people.moderator, people.ana.id, ends, Reasons("Rude.", 2))
    moderation.silence(people.moderator, people.chitra.id, ends, Reasons("Rude.", 2))
    with pytest.raises(Forbidden):
        signed(people.ana, declaration, bodies.city)
    actions.take_signature_back(people.chitra, declaration.id, kept.id)
    moderation.suspend(people.moderator, people.ana.id, ends, Reasons("Rude.", 2))
    with pytest.raises(Forbidden):
        signed(people.ana, declaration, bodies.city)


def test_nobody_signs_too_early_or_too_late(people, agenda, bodies):
    made = draft(people, agenda)
    with pytest.raises(NotFound):
        signed(people.ana, made, bodies.city)
    actions.open_declaration(people.host, made.id, PlainTexts())
    with pytest.raises(Forbidden, match="consultation"):
        signed(people.ana, made, bodies.city)
    made = actions.freeze(people.host, made.id, in_days(2))
    with at(now() + timedelta(days=3)), pytest.raises(Forbidden, match="last day"):
        signed(people.ana, made, bodies.city)
    with at(now() + timedelta(days=2)):
        kept = signed(people.ana, made, bodies.city)
    actions.adopt(people.host, made.id)
    with pytest.raises(Forbidden, match="adopted"):
        signed(people.chitra, made, bodies.institute)
    with pytest.raises(Forbidden, match="adopted"):
        actions.take_signature_back(people.ana, made.id, kept.id)


def test_nobody_signs_what_was_withdrawn(people, declaration, bodies):
    actions.withdraw(people.host, declaration.id, "A wrong number.")
    with pytest.raises(Forbidden, match="withdrawn"):
        signed(people.ana, declaration, bodies.city)
    with pytest.raises(Forbidden, match="withdrawn"):
        actions.write_declaration(
            people.host, declaration.agenda_id, text_of("Other."), declaration.id
        )


def test_an_organisation_signs_once(people, declaration, bodies):
    signed(people.ana, declaration, bodies.city)
    voices = members.choose_voices
    voices(people.moderator, bodies.city.id, [people.ben.id])
    with pytest.raises(Conflict, match="City of Athens has signed"):
        signed(people.ben, declaration, bodies.city)
    assert db.session.scalar(select(func.count(Signature.id))) == 1


def test_another_text_is_not_signed(people, agenda, declaration, bodies):
    other = frozen(people, agenda, title="Other", text="Another text.")
    with pytest.raises(Conflict, match="not the text"):
        actions.sign(people.ana, declaration.id, bodies.city.id, Signing(other.digest))
    with pytest.raises(Conflict):
        actions.sign(people.ana, declaration.id, bodies.city.id, Signing(""))


def test_a_reservation_is_screened_and_bounded(people, declaration, bodies):
    make_rule(people.administrator, RuleText("word", "zeppelin", "We read this first."))
    for words in ("By zeppelin only.", "x" * 1_001):
        with pytest.raises(Invalid) as refused:
            signed(people.ana, declaration, bodies.city, words)
        assert refused.value.field == "reservation"
    assert db.session.scalar(select(func.count(Signature.id))) == 0


def test_what_is_taken_back_is_gone_and_can_be_given_again(people, declaration, bodies):
    first = signed(people.ana, declaration, bodies.city, "Not on Sundays.")
    for somebody in (people.ben, people.chitra, people.host):
        with pytest.raises(Forbidden):
            actions.take_signature_back(somebody, declaration.id, first.id)
    actions.take_signature_back(people.ana, declaration.id, first.id)
    assert db.session.get_one(Declaration, declaration.id).signatures_count == 0
    with pytest.raises(NotFound):
        actions.take_signature_back(people.ana, declaration.id, first.id)
    assert signed(people.ana, declaration, bodies.city).id > first.id


def test_a_signature_of_another_declaration_is_not_taken_back_here(people, agenda, bodies):
    one, two = frozen(people, agenda), frozen(people, agenda, title="Other")
    kept = signed(people.ana, one, bodies.city)
    with pytest.raises(NotFound):
        actions.take_signature_back(people.ana, two.id, kept.id)


def test_it_is_kept_as_it_was_that_day(people, declaration, bodies):
    kept = signed(people.ana, declaration, bodies.city)
    edit_profile(people.ana, Profile(name="Ana Lima", position="Mayor"))
    renamed = members.OrganisationText("Municipality", "city", representative_id=people.ana.id)
    members.write_organisation(people.moderator, renamed, bodies.city.id)
    row = db.session.get_one(Signature, kept.id)
    said = (row.name, row.position, row.organisation_name, row.city_id)
    assert said == ("Ana Prado", "Head of Streets", "City of Athens", kept.city_id)


def test_who_signed_and_leaves_takes_the_name_along_and_not_the_signature(
    people, declaration, bodies
):
    kept = signed(people.ana, declaration, bodies.city, "Not on Sundays.")
    actions.forget_member(SYSTEM, people.ana.id, "Former member")
    row = db.session.get_one(Signature, kept.id)
    assert (row.member_id, row.name, row.position) == (None, "Former member", "")
    assert row.reservation == "Not on Sundays."
    actions.adopt(people.host, declaration.id)


# What moderators hide


def test_a_hidden_reservation_is_not_said_again(people, declaration, bodies):
    kept = signed(people.ana, declaration, bodies.city, "Fools wrote it.")
    actions.hide_reservation(people.host, kept.id, "Rude.")
    assert db.session.get_one(Signature, kept.id).reservation == ""
    actions.take_signature_back(people.ana, declaration.id, kept.id)
    assert db.session.get_one(Declaration, declaration.id).signatures_count == 0
    with pytest.raises(Invalid, match="hidden"):
        signed(people.ana, declaration, bodies.city, "Fools wrote it!")
    signed(people.ana, declaration, bodies.city)
    for reader in (VISITOR, people.chitra):
        with pytest.raises(NotFound):
            queries.get_reservation(reader, kept.id)
    assert queries.get_reservation(people.ana, kept.id).withdrawn_at
    actions.restore_reservation(people.host, kept.id)
    assert db.session.get(Signature, kept.id) is None, "what was taken back goes with the decision"


def test_others_hide_nothing(people, declaration, bodies):
    kept = signed(people.ana, declaration, bodies.city, "Not on Sundays.")
    with pytest.raises(Forbidden):
        actions.hide_reservation(people.ben, kept.id, "Rude.")
    bare = signed(people.chitra, declaration, bodies.institute)
    with pytest.raises(NotFound):
        actions.hide_reservation(people.host, bare.id, "Rude.")
