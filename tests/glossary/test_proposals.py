"""Members propose entries for the glossary, and moderators decide about them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from forum import markup
from forum.clock import now
from forum.db import db
from forum.errors import Conflict, Forbidden, Invalid
from forum.glossary import actions, queries
from forum.glossary.actions import (
    EntryText,
    ProposalText,
    WordingText,
    proposals,
    propose,
    write_entry,
)
from forum.glossary.models import Entry, Proposal
from forum.history.queries import versions_of
from forum.notifications.actions import make_notices
from forum.notifications.models import Notice
from forum.permissions import SYSTEM, VISITOR
from forum.queue.queries import queue_entries, waiting_count
from forum.screening.actions import RuleText, make_rule
from forum.terms.actions import TermsText, write_terms
from tests.glossary.conftest import STORMWATER, Write

GERMAN = ProposalText("de", "Regenwasser", "Regen, der abläuft.", "So heißt es hier.")
FORM = {"language": "de", "name": "Regenwasser", "meaning": "Regen, der abläuft.", "why": "So."}


@pytest.fixture
def proposed(people: Any, stormwater: Entry) -> Proposal:
    return propose(people.ana, GERMAN, stormwater.id)


def names_of(slug: str) -> dict[str, list[str]]:
    return {wording.language: wording.names for wording in queries.get_entry(slug).wordings}


def told(member: Any) -> list[Notice]:
    make_notices(SYSTEM)
    found = db.session.query(Notice).filter_by(member_id=member.id, kind="glossary")
    return found.order_by(Notice.id).all()


def hidden_in(page: Any, name: str) -> str:
    """What a page has in a hidden field."""
    (value,) = re.findall(rf'name="{name}" type="hidden" value="([^"]*)"', page.text)
    return str(value)


def test_a_name_waits_until_a_moderator_accepts_it(people: Any, proposed: Proposal) -> None:
    assert "de" not in names_of("stormwater")
    assert [entry.key for entry in queue_entries(people.moderator)] == [("proposal", proposed.id)]
    assert waiting_count(people.moderator) == 1 and waiting_count(people.host) == 0
    actions.accept(people.moderator, proposed.id, "Danke.")
    assert names_of("stormwater")["de"] == ["Regenwasser"]
    (version,) = versions_of("entry", proposed.entry_id or 0)
    assert version.editor_name == people.ana.name
    (notice,) = told(people.ana)
    assert notice.address == "/glossary/stormwater" and notice.title == "Regenwasser"
    assert notice.text == "Danke." and notice.actor_id is None
    assert waiting_count(people.moderator) == 0 and queue_entries(people.moderator) == []


def test_a_refusal_needs_a_reason_that_the_member_reads(
    app: Flask, people: Any, proposed: Proposal
) -> None:
    with app.test_request_context(), pytest.raises(Invalid):
        actions.refuse(people.moderator, proposed.id, " ")
    actions.refuse(people.moderator, proposed.id, "It is another thing.")
    assert "de" not in names_of("stormwater")
    assert [notice.text for notice in told(people.ana)] == ["It is another thing."]
    with app.test_request_context(), pytest.raises(Conflict):
        actions.accept(people.moderator, proposed.id)


def test_what_one_takes_back_waits_no_longer_and_keeps_no_words(
    app: Flask, client: FlaskClient, people: Any, sign_in: Any, proposed: Proposal
) -> None:
    make_notices(SYSTEM)
    door = f"/glossary/proposals/{proposed.id}/take-back"
    for somebody in (people.ben, people.moderator):
        assert sign_in(somebody).post(door).status_code == 404
    ana = sign_in(people.ana)
    assert f'action="{door}"' in ana.get("/glossary/stormwater/propose").text
    answer = ana.post(door)
    assert answer.status_code == 303 and answer.location.endswith("/glossary/stormwater")
    assert door not in ana.get("/glossary/stormwater/propose").text
    kept = db.session.get_one(Proposal, proposed.id, populate_existing=True)
    assert (kept.outcome, kept.name, kept.meaning, kept.why) == ("taken back", "", "", "")
    assert waiting_count(people.moderator) == 0 and queue_entries(people.moderator) == []
    assert queries.proposed_today(people.ana) == 1
    assert ana.post(door).status_code == 404
    with app.test_request_context(), pytest.raises(Conflict, match="taken it back"):
        actions.accept(people.moderator, proposed.id)
    seen = sign_in(people.moderator).get(f"/moderation/proposal/{proposed.id}")
    assert "taken it back" in seen.text and "Regenwasser" not in seen.text


def test_what_is_decided_cannot_be_taken_back(
    people: Any, sign_in: Any, proposed: Proposal
) -> None:
    actions.refuse(people.moderator, proposed.id, "It is another thing.")
    answer = sign_in(people.ana).post(f"/glossary/proposals/{proposed.id}/take-back")
    assert answer.status_code == 409 and "have decided about this already" in answer.text


def test_a_second_name_stands_beside_the_first(people: Any, stormwater: Entry) -> None:
    text = ProposalText("fr", "eaux de ruissellement", "Toutes les eaux qui ruissellent.")
    actions.accept(people.moderator, propose(people.ana, text, stormwater.id).id)
    wording = queries.by_language(queries.get_entry("stormwater").wordings)["fr"]
    assert wording.names == ["eaux pluviales", "eaux de ruissellement"]
    assert wording.meaning == "Toutes les eaux qui ruissellent."


def test_a_better_meaning_alone_replaces_the_meaning(people: Any, stormwater: Entry) -> None:
    text = ProposalText("en", "", "Water from rain.")
    actions.accept(people.moderator, propose(people.ana, text, stormwater.id).id)
    wording = queries.by_language(queries.get_entry("stormwater").wordings)["en"]
    assert wording.meaning == "Water from rain." and wording.name == "stormwater"


def test_a_whole_entry_can_be_proposed(people: Any) -> None:
    made = actions.accept(people.moderator, propose(people.ana, GERMAN).id)
    assert made.slug == "regenwasser" and names_of("regenwasser") == {"de": ["Regenwasser"]}
    (version,) = versions_of("entry", made.id)
    assert version.editor_name == people.ana.name
    assert told(people.ana)[0].address == "/glossary/regenwasser"


@pytest.mark.parametrize(
    ("text", "is_new"),
    [
        (ProposalText("de"), False),
        (ProposalText("de", "", "Nur eine Bedeutung."), False),
        (ProposalText("en", "stormwater"), False),
        (ProposalText("de", "Regenwasser"), True),
        (ProposalText("none", "Regenwasser", "Regen."), True),
        (ProposalText("de", "x" * 200, "Regen."), True),
        (ProposalText("de", "**", "Regen."), True),
        (ProposalText("de", "Regen", "m" * 601), True),
        (ProposalText("de", "Regen", "Regen.", "w" * 1_001), True),
    ],
)
def test_what_is_missing_or_too_long_is_refused(
    app: Flask, people: Any, stormwater: Entry, text: ProposalText, is_new: bool
) -> None:
    with app.test_request_context(), pytest.raises(Invalid):
        propose(people.ana, text, None if is_new else stormwater.id)


def test_visitors_and_who_keeps_the_glossary_propose_nothing(
    people: Any, stormwater: Entry
) -> None:
    for person in (VISITOR, people.moderator):
        with pytest.raises(Forbidden):
            propose(person, GERMAN, stormwater.id)


def test_members_decide_nothing(people: Any, proposed: Proposal) -> None:
    for person in (people.ana, people.ben, people.host):
        with pytest.raises(Forbidden):
            actions.accept(person, proposed.id)
        with pytest.raises(Forbidden):
            actions.refuse(person, proposed.id, "No.")


def test_the_same_is_kept_once_and_there_is_an_end_to_a_day(
    app: Flask, people: Any, stormwater: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAX_PER_DAY", "MAX_OF_NEWCOMERS"):
        monkeypatch.setattr(proposals, name, 2)
    first = propose(people.ana, GERMAN, stormwater.id)
    assert propose(people.ana, GERMAN, stormwater.id).id == first.id
    propose(people.ana, ProposalText("nl", "hemelwater"), stormwater.id)
    with app.test_request_context(), pytest.raises(Invalid, match="tomorrow"):
        propose(people.ana, ProposalText("nl", "regenwater"), stormwater.id)
    propose(people.ben, ProposalText("nl", "regenwater"), stormwater.id)


def test_moderators_see_which_rule_it_met(sign_in: Any, people: Any, stormwater: Entry) -> None:
    make_rule(people.administrator, RuleText("word", "casino", "A moderator reads it."))
    found = propose(people.ana, ProposalText("de", "Casino Regen"), stormwater.id)
    assert found.caught_by == "word: casino"
    page = sign_in(people.moderator).get(f"/moderation/proposal/{found.id}").text
    assert "A rule before publication finds this in it." in page


def test_an_entry_that_is_gone_takes_nothing_in(
    app: Flask, people: Any, write: Write, proposed: Proposal, stormwater: Entry
) -> None:
    actions.remove_entry(people.moderator, stormwater.id)
    with app.test_request_context(), pytest.raises(Invalid, match="no longer there"):
        actions.accept(people.moderator, proposed.id)
    actions.refuse(people.moderator, proposed.id, "The entry is gone.")


def test_what_waits_for_a_merged_entry_waits_for_the_other(
    people: Any, write: Write, proposed: Proposal, stormwater: Entry
) -> None:
    other = write(WordingText("en", "runoff", (), "What runs off."))
    actions.remove_entry(people.moderator, stormwater.id, other.id)
    actions.accept(people.moderator, proposed.id)
    assert names_of("runoff")["de"] == ["Regenwasser"]


def test_who_leaves_takes_along_what_waits(people: Any, stormwater: Entry) -> None:
    decided = propose(people.ana, GERMAN, stormwater.id)
    actions.accept(people.moderator, decided.id)
    propose(people.ana, ProposalText("nl", "hemelwater"), stormwater.id)
    actions.forget_member(SYSTEM, people.ana.id, is_silent=False)
    db.session.expire_all()
    assert [proposal.author_id for proposal in db.session.query(Proposal)] == [None]
    propose(people.ben, GERMAN)
    actions.forget_member(SYSTEM, people.ben.id, is_silent=True)
    assert db.session.query(Proposal).count() == 1


@pytest.mark.postgresql_only
@pytest.mark.parametrize("deed", ["leave", "merge"])
def test_proposals_that_are_changed_together_are_locked_by_id(
    people: Any, write: Write, stormwater: Entry, queries: Any, deed: str
) -> None:
    """Else PostgreSQL takes them in an order of its own, and two deeds over the same ones may wait for each other."""
    propose(people.ana, GERMAN, stormwater.id)
    other = write(WordingText("en", "runoff", (), "What runs off."))
    with queries() as made:
        if deed == "leave":
            actions.forget_member(SYSTEM, people.ana.id, is_silent=True)
        else:
            actions.remove_entry(people.moderator, stormwater.id, other.id)
    statements = list(enumerate(made.statements))
    (locking,) = [
        at for at, said in statements if "ORDER BY glossary_proposal.id FOR UPDATE" in said
    ]
    changing = [
        at
        for at, said in statements
        if said.startswith(("DELETE FROM glossary_proposal", "UPDATE glossary_proposal"))
    ]
    assert changing and locking < min(changing)


# Pages


def test_a_member_proposes_on_the_page_of_the_entry(
    sign_in: Any, people: Any, stormwater: Entry
) -> None:
    browser = sign_in(people.ana)
    assert "/glossary/stormwater/propose" in browser.get("/glossary/stormwater").text
    form = browser.get("/glossary/stormwater/propose?language=de").text
    assert '<option selected value="de"' in form and "surface water" in form
    answer = browser.post("/glossary/stormwater/propose", data=FORM)
    assert answer.status_code == 303 and answer.location == "/glossary/stormwater"
    again = browser.get("/glossary/stormwater/propose").text
    assert "What you have proposed already" in again and "Regenwasser" in again
    assert "Regenwasser" not in sign_in(people.ben).get("/glossary/stormwater/propose").text


def test_nothing_that_was_typed_is_lost(sign_in: Any, people: Any) -> None:
    bad = {**FORM, "meaning": "", "name": "Regen <b>"}
    answer = sign_in(people.ana).post("/glossary/propose", data=bad)
    assert answer.status_code == 422 and 'value="Regen &lt;b&gt;"' in answer.text
    assert ">\nSo.</textarea>" in answer.text or "So.</textarea>" in answer.text


def test_a_moderator_decides_in_the_queue(
    sign_in: Any, client: FlaskClient, people: Any, proposed: Proposal
) -> None:
    browser = sign_in(people.moderator)
    page = browser.get("/moderation").text
    assert "Proposal for the glossary" in page and "So heißt es hier." in page
    here = f"/moderation/proposal/{proposed.id}/decide"
    assert "Say why." in browser.post(here, data={"deed": "refuse"}).text
    answer = browser.post(here, data={"deed": "accept", "reason": ""})
    assert answer.status_code == 303
    assert "Regenwasser" in client.get("/glossary/stormwater").text
    assert people.ana.name in client.get("/glossary/stormwater/history").text
    gone = browser.get(f"/moderation/proposal/{proposed.id}").text
    assert "Another moderator has decided about this already." in gone
    make_notices(SYSTEM)
    inbox = re.sub(r"\s+", " ", sign_in(people.ana).get("/notices").text)
    assert "About your proposal for the glossary" in inbox and "Thank you." in inbox


def test_an_entry_that_has_changed_is_read_again_before_a_proposal_replaces_its_words(
    sign_in: Any, people: Any, stormwater: Entry, write: Write
) -> None:
    proposed = propose(people.ana, ProposalText("en", "", "Rain on roofs."), stormwater.id)
    browser = sign_in(people.moderator)
    here = f"/moderation/proposal/{proposed.id}"
    read = hidden_in(browser.get(here), "read")
    wordings = [replace(STORMWATER[0], meaning="Rain on roofs and streets."), *STORMWATER[1:]]
    write_entry(people.administrator, EntryText(wordings, stormwater.source), stormwater.id)
    sent = browser.post(f"{here}/decide", data={"deed": "accept", "read": read})
    assert sent.status_code == 409 and "The entry has changed meanwhile" in sent.text
    assert "Rain on roofs and streets." in sent.text
    again = {"deed": "accept", "read": hidden_in(sent, "read")}
    assert browser.post(f"{here}/decide", data=again).status_code == 303
    (english, *_others) = queries.get_entry("stormwater").wordings
    assert english.meaning == "Rain on roofs."


def test_a_visitor_is_sent_to_sign_in(client: FlaskClient, stormwater: Entry) -> None:
    assert "sign-in" in client.get("/glossary/stormwater/propose").location
    assert "Propose a name" in client.get("/glossary/stormwater").text


def test_who_owes_agreement_to_terms_reads_the_queue_and_decides_after_agreeing(
    sign_in: Any, people: Any, proposed: Proposal
) -> None:
    write_terms(people.administrator, TermsText(markup.write("Be kind."), now(), "", True))
    browser = sign_in(people.moderator)
    for address in ("/moderation", f"/moderation/proposal/{proposed.id}"):
        page = browser.get(address)
        assert page.status_code == 200 and "Regen, der abläuft." in page.text
        assert 'name="deed"' not in page.text and "Read the terms" in page.text
    # In a window that was opened before
    late = browser.post(f"{address}/decide", data={"deed": "accept", "reason": "Thank you all."})
    assert late.status_code == 403 and "Thank you all." in late.text
    odd = browser.post(f"{address}/decide", data={"deed": "refuse", "reason": "x" * 5_001})
    assert odd.status_code == 422 and "x" * 5_001 in odd.text
    with pytest.raises(Forbidden):
        actions.accept(people.moderator, proposed.id)
    with pytest.raises(Forbidden):
        actions.refuse(people.moderator, proposed.id, "No.")


def test_a_corrected_spelling_takes_the_place_of_the_name(people: Any, write: Write) -> None:
    entry = write(WordingText("fr", "ecoquartier", ("Zone calme",), "Un quartier."))
    for name in ("écoquartier", "zone calme"):
        actions.accept(people.moderator, propose(people.ana, ProposalText("fr", name), entry.id).id)
    assert names_of(entry.slug)["fr"] == ["écoquartier", "zone calme"]


def test_what_is_typed_about_an_entry_that_is_gone_is_given_back(
    sign_in: Any, people: Any, stormwater: Entry
) -> None:
    browser = sign_in(people.ana)
    actions.remove_entry(people.moderator, stormwater.id)
    for field in ("name", "meaning"):
        data = {"language": "de", field: "Wasser"}
        page = browser.post("/glossary/stormwater/propose", data=data)
        assert page.status_code == 404 and "Wasser" in page.text


def test_moderators_see_which_entry_has_the_proposed_name(
    sign_in: Any, people: Any, stormwater: Entry
) -> None:
    text = ProposalText("en", "surface water", "Water on the ground.")
    browser, said = sign_in(people.moderator), "Something else has the same name:"
    page = browser.get(f"/moderation/proposal/{propose(people.ana, text).id}").text
    assert said in page and 'href="/glossary/stormwater"' in page
    for entry_id, name in ((stormwater.id, "Surface waters"), (None, "rain garden")):
        proposal = propose(people.ana, ProposalText("en", name, "Something."), entry_id)
        assert said not in browser.get(f"/moderation/proposal/{proposal.id}").text


def test_the_same_with_other_reasons_is_kept_with_them(
    people: Any, stormwater: Entry, proposed: Proposal
) -> None:
    again = propose(people.ana, replace(GERMAN, why="DIN 4045 has it."), stormwater.id)
    assert again.id != proposed.id and again.why == "DIN 4045 has it."
