"""An agenda that was made by mistake is deleted, as long as nothing stands on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forum.agendas.actions import (
    AgendaText,
    StatementText,
    remove_statement,
    write_agenda,
    write_statement,
)
from forum.agendas.models import Agenda
from forum.agendas.queries import all_agendas, lock_opening
from forum.clock import at, now
from forum.commitments.queries import open_agendas, slug_of_agenda
from forum.db import db
from forum.declarations.actions import DeclarationText, write_declaration
from forum.dialogue.actions import NewTopic, UnsentForm, discard_draft, keep_draft, open_topic
from forum.dialogue.models import Topic
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.library.actions import (
    CaseText,
    PracticeText,
    ReadingText,
    submit,
    write_and_submit,
    write_case,
    write_practice,
    write_reading,
)
from forum.mail.commands import write_notice_letters
from forum.mail.commands.composing import compose
from forum.mail.models import Delivery
from forum.markup import write
from forum.members.queries import get_member
from forum.moderation import actions
from forum.moderation.actions import Reasons
from forum.moderation.models import Decision
from forum.moderation.queries import decision_to_offer, standing_on
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.transfer.queries import agenda_by_slug
from forum.web import settings
from tests.meetings.planted import meeting_of

pytestmark = pytest.mark.usefixtures("sound")
WHY = Reasons("Made twice.")


@pytest.fixture
def mistake(people: Any, agenda: Agenda) -> Agenda:
    """A second agenda, on which nothing stands yet; Chitra hosts it."""
    text = AgendaText("Cooler", write("Shade."), slug="cooler")
    return write_agenda(people.moderator, text, hosts=[people.chitra.handle])


def test_an_empty_agenda_is_deleted_and_the_log_keeps_why(
    people: Any, mistake: Agenda, sign_in: Any, client: Any
) -> None:
    browser = sign_in(people.moderator)
    assert "/agendas/cooler/delete" in browser.get("/agendas/cooler").text
    page = browser.get("/agendas/cooler/delete")
    assert page.status_code == 200 and "Nothing stands on it" in page.text
    assert browser.post("/agendas/cooler/delete", data={"reason": " "}).status_code == 422
    sent = browser.post("/agendas/cooler/delete", data={"reason": "Made <b>twice</b>."})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/agendas")
    for reader in (client, browser, sign_in(people.chitra), sign_in(people.administrator)):
        for door in ("", "/topics", "/feed.atom", "/briefing", "/edit", "/delete"):
            assert reader.get(f"/agendas/cooler{door}").status_code == 404, door
        assert "Cooler" not in reader.get("/agendas").text + reader.get("/").text
    log = browser.get("/moderation/log").text
    assert "Deleted" in log and "Cooler" in log and "Made &lt;b&gt;twice&lt;/b&gt;." in log
    assert 'href="/agendas/cooler"' not in log
    (decision,) = db.session.scalars(select(Decision).where(Decision.deed == "delete_agenda"))
    found = browser.get(f"/moderation/decisions/{decision.id}")
    assert found.status_code == 200 and "Cooler" in found.text
    assert not get_member(SYSTEM, people.chitra.handle).hosted


def test_its_hosts_are_told_why_in_the_inbox_and_by_mail(
    people: Any, mistake: Agenda, sign_in: Any
) -> None:
    make_notices(SYSTEM)
    actions.delete_agenda(people.moderator, mistake.id, Reasons("Made <b>twice</b>."))
    make_notices(SYSTEM)
    hers = (Notice.member_id == people.chitra.id, Notice.hidden_at.is_(None))
    told = db.session.scalars(select(Notice).where(*hers, Notice.kind == "host"))
    assert [notice.address for notice in told] == ["/agendas"]
    page = sign_in(people.chitra).get("/notices").text
    assert "An agenda that you hosted is deleted" in page and "You host this agenda" not in page
    assert "Made &lt;b&gt;twice&lt;/b&gt;." in page and people.moderator.name not in page
    with at(now() + timedelta(hours=1)):
        write_notice_letters()
    hers_by_mail = select(Delivery).where(Delivery.member_id == people.chitra.id)
    letters = db.session.scalars(hers_by_mail.options(joinedload(Delivery.member)))
    (letter,) = [compose(letter, settings()) for letter in letters]
    said = letter.text
    assert "The agenda “Cooler”, which you hosted, is deleted:" in said and "Made" in said


def test_what_was_moved_away_before_stays_where_it_is(
    people: Any, agenda: Agenda, mistake: Agenda, sign_in: Any
) -> None:
    new = NewTopic("question", "Where is shade?", write("We look for it."))
    topic = open_topic(people.ana, mistake.id, new)
    moved = actions.move(people.moderator, topic.id, agenda.id)
    archived = actions.archive(people.administrator, mistake.id)
    actions.delete_agenda(people.administrator, mistake.id, WHY)
    assert archived.address == "/agendas"  # the log must not link to the deleted page
    assert decision_to_offer(people.moderator) is None
    sent = sign_in(people.moderator).post(f"/moderation/decisions/{moved.id}/undo")
    assert sent.status_code == 409 and "is deleted" in sent.text
    assert db.session.scalar(select(Topic.agenda_id).where(Topic.id == topic.id)) == agenda.id


def test_no_form_offers_it_and_no_file_continues_it(people: Any, mistake: Agenda) -> None:
    before = [slug for slug, _title, _language in open_agendas(people.ana)]
    actions.delete_agenda(people.moderator, mistake.id, WHY)
    after = [slug for slug, _title, _language in open_agendas(people.ana)]
    assert "cooler" in before and "cooler" not in after
    assert not slug_of_agenda(people.ana, mistake.id) and agenda_by_slug("cooler") is None


def test_only_who_makes_agendas_deletes_them(people: Any, mistake: Agenda) -> None:
    for person in (VISITOR, people.ana, people.chitra, people.host):
        with pytest.raises(Forbidden):
            actions.delete_agenda(person, mistake.id, WHY)
    with pytest.raises(Invalid):
        actions.delete_agenda(people.moderator, mistake.id, Reasons(" "))
    actions.delete_agenda(people.administrator, mistake.id, WHY)
    with pytest.raises(NotFound):
        actions.delete_agenda(people.administrator, mistake.id, WHY)
    assert mistake.id not in [agenda.id for agenda in all_agendas(people.administrator)]


def test_whatever_stands_there_keeps_it(people: Any, mistake: Agenda, sign_in: Any) -> None:
    a, moderator = mistake.id, people.moderator
    made = {
        "topic": lambda: open_topic(
            people.ana, a, NewTopic("question", "Where is shade?", write("We look for it."))
        ),
        "case": lambda: write_case(moderator, a, CaseText("Arcades", "network", "S.", "One.")),
        "practice": lambda: write_and_submit(people.ana, a, PracticeText("Awnings", "Cloth.")),
        "reading": lambda: write_reading(moderator, a, ReadingText("A book", "Somebody")),
        "statement": lambda: write_statement(moderator, a, StatementText("Ana", "Shade.")),
        "declaration": lambda: write_declaration(
            moderator, a, DeclarationText("Shade for all", write("We plant."))
        ),
        "meeting": lambda: meeting_of(moderator, a, "Shade walk"),
    }
    told = set()
    for kind, make in made.items():
        make()
        told.add(kind)
        assert set(standing_on(a)) == told, kind
        with pytest.raises(Conflict, match="Something stands on this agenda"):
            actions.delete_agenda(moderator, a, WHY)
    browser = sign_in(moderator)
    for answer, status in (
        (browser.get("/agendas/cooler/delete"), 200),
        (browser.post("/agendas/cooler/delete", data={"reason": "So."}), 409),
    ):
        assert answer.status_code == status and "cannot be deleted" in answer.text
        assert "1 statement" in answer.text and "/agendas/cooler/archive" in answer.text
        assert "<textarea" not in answer.text
    assert browser.get("/agendas/cooler").status_code == 200


def test_what_a_member_deleted_and_a_moderator_hid_keeps_it_too(
    people: Any, mistake: Agenda
) -> None:
    new = NewTopic("question", "Where is shade?", write("We look for it."))
    topic = open_topic(people.ana, mistake.id, new)
    actions.decide(people.moderator, "topic", topic.id, "remove", Reasons("Rude.", 2))
    assert standing_on(mistake.id) == {"topic": 1}


def test_a_statement_that_was_taken_away_does_not_keep_it(people: Any, mistake: Agenda) -> None:
    said = write_statement(people.moderator, mistake.id, StatementText("Ana", "Shade."))
    remove_statement(people.moderator, mistake.id, said.id)
    assert actions.delete_agenda(people.moderator, mistake.id, WHY).title == "Cooler"


def test_a_draft_does_not_keep_it_and_its_writer_keeps_the_words(
    people: Any, mistake: Agenda, sign_in: Any
) -> None:
    for author, key in ((people.ana, "k1"), (people.moderator, "k2")):
        words = [("title", "Shade"), ("source", "Where is it cool?")]
        words += [("question", "Which trees?"), ("options", "Limes <b>\nPlanes")]
        keep_draft(author, UnsentForm(key, words), agenda_id=mistake.id)
    assert standing_on(mistake.id) == {}
    actions.delete_agenda(people.moderator, mistake.id, WHY)
    for author in (people.ana, people.moderator):
        page = sign_in(author).get("/drafts").text
        assert "Its agenda is not there any more." in page and "Where is it cool?" in page
        assert "Which trees?" in page and "Limes &lt;b&gt;\nPlanes" in page
        assert "Cooler" not in page and "Go on writing" not in page
    with pytest.raises(NotFound):
        keep_draft(people.ana, UnsentForm("k3", [("source", "So.")]), agenda_id=mistake.id)
    discard_draft(people.ana, "k1")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_draft_of_a_practice_does_not_keep_it_and_finds_another_agenda(
    people: Any, agenda: Agenda, sign_in: Any, is_open: bool
) -> None:
    text = AgendaText("Cooler", write("Shade."), slug="cooler", is_open=is_open)
    mistake = write_agenda(people.moderator, text, hosts=[people.chitra.handle])
    chitra = get_member(SYSTEM, people.chitra.handle)
    draft = write_practice(chitra, mistake.id, PracticeText("Awnings", "Cloth."))
    hidden = write_practice(chitra, mistake.id, PracticeText("Tents", "Cloth."))
    actions.decide(people.moderator, "practice", hidden.id, "hide", Reasons("Rude.", 2))
    # The decision about the practice needs a page to link to
    assert standing_on(mistake.id) == {"practice": 1}
    actions.decide(people.moderator, "practice", hidden.id, "restore")
    assert standing_on(mistake.id) == {}
    actions.delete_agenda(people.moderator, mistake.id, WHY)
    browser = sign_in(people.chitra)
    pages = [browser.get("/practices/mine"), browser.get("/practices/awnings")]
    pages += [browser.get(f"/practices/awnings/{door}") for door in ("edit", "compare", "delete")]
    for page in pages:
        assert page.status_code == 200 and "Awnings" in page.text and "Cooler" not in page.text
        assert "/agendas/cooler" not in page.text
    assert "Its agenda is not there any more." in pages[0].text
    assert "Choose another one in the form." in pages[1].text
    refused = browser.post("/practices/awnings/submit")
    assert refused.status_code == 403 and "is not there any more" in refused.text
    form = {"title": "Awnings", "sentence": "Cloth.", "language": "en", "audience": "public"}
    form |= {"failure_audience": "public", "deed": "save"}
    lost = browser.post("/practices/awnings/edit", data={**form, "agenda": "cooler"})
    assert lost.status_code == 422 and "Cloth." in lost.text
    saved = browser.post("/practices/awnings/edit", data={**form, "agenda": agenda.slug})
    assert saved.status_code == 303
    assert submit(get_member(SYSTEM, people.chitra.handle), draft.id).agenda_id == agenda.id
    for other in (people.ana, people.host):
        assert sign_in(other).get("/practices/tents").status_code == 404
    assert sign_in(people.moderator).get("/practices/tents").status_code == 200


def test_nobody_writes_on_it_any_more_and_its_title_is_free(people: Any, mistake: Agenda) -> None:
    actions.delete_agenda(people.moderator, mistake.id, WHY)
    new = NewTopic("question", "Where is shade?", write("We look for it."))
    for author in (people.ana, people.administrator):
        with pytest.raises(NotFound):
            open_topic(author, mistake.id, new)
    with pytest.raises(NotFound):
        lock_opening(mistake.id)  # also for an action that has read the agenda just before
    again = write_agenda(people.moderator, AgendaText("Cooler", write("Shade."), slug="cooler"))
    assert again.slug == "cooler-2", "its address is never given to another one"


def test_the_page_asks_in_two_statements_what_stands_there(
    people: Any, mistake: Agenda, queries: Any
) -> None:
    with queries() as made:
        standing_on(mistake.id)
    assert made.count == 1
