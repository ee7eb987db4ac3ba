"""An entry is removed in the moment in which a proposal for it is accepted."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from forum.db import db
from forum.glossary.actions import (
    EntryText,
    ProposalText,
    WordingText,
    accept,
    entries,
    proposals,
    propose,
    remove_entry,
    write_entry,
)
from forum.glossary.models import ACCEPTED, Proposal
from forum.glossary.queries import entry_as_read, entry_to_change
from tests import races
from tests.races import at_once, halting, meanwhile, who

own = races.own


@pytest.fixture
def waiting(own: Flask) -> tuple[int, int, int]:
    """The ids of an entry, of another that is to replace it, and of a proposal for the first."""
    kerb, edge = (
        write_entry(who("mona-berg"), EntryText([WordingText("en", name, (), "A stone.")])).id
        for name in ("kerb", "edge")
    )
    text = ProposalText("fr", "bordure", "Une pierre.")
    return kerb, edge, propose(who("ana-prado"), text, kerb).id


def result(proposal_id: int) -> tuple[str, int | None]:
    query = select(Proposal.outcome, Proposal.entry_id).where(Proposal.id == proposal_id)
    outcome, entry_id = db.session.execute(query).one()
    return outcome, entry_id


def test_an_entry_is_removed_after_a_proposal_that_is_being_accepted(
    own: Flask, waiting: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kerb, edge, proposal_id = waiting
    accepts = halting(
        monkeypatch, proposals, "entry_to_change", lambda: accept(who("mona-berg"), proposal_id)
    )
    removes = meanwhile(lambda: remove_entry(who("adam-de-wit"), kerb, edge))
    assert at_once(own, [accepts, removes]) == ["done", "done"]
    assert result(proposal_id) == (ACCEPTED, kerb)
    names = {wording.language: wording.name for wording in entry_to_change(edge).wordings}
    assert names == {"en": "edge", "fr": "bordure"}, "the other entry has what was accepted"


def test_a_proposal_is_read_again_where_its_entry_was_removed_first(
    own: Flask, waiting: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kerb, edge, proposal_id = waiting
    read = entry_as_read(entry_to_change(kerb))
    db.session.rollback()
    removes = halting(
        monkeypatch, entries, "keep_version", lambda: remove_entry(who("adam-de-wit"), kerb, edge)
    )
    accepts = meanwhile(lambda: accept(who("mona-berg"), proposal_id, read=read))
    again = "The entry has changed meanwhile. Read it again."
    assert at_once(own, [removes, accepts]) == ["done", again]
    assert result(proposal_id) == ("", edge)
