"""Who writes for an organisation, exported and loaded again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from forum.clock import at
from forum.invitations.actions import choose_voices
from forum.members.actions import OrganisationText, Profile, edit_profile, write_organisation
from forum.members.models import Organisation
from forum.members.queries import get_member, mandates_of
from forum.permissions import ANY_MEMBER, SYSTEM, VISITOR
from forum.transfer.actions import import_voices
from forum.transfer.forms import read_people

Run = Callable[..., Result]
START, LAST = datetime(2026, 10, 1, 9, tzinfo=UTC), date(2034, 12, 18)
NAMES = "names who writes for it: yes"


@pytest.fixture
def run(app: Flask) -> Run:
    """Returns a function that runs a command with arguments."""
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture
def office(people: Any) -> Organisation:
    """An organisation to which Ana and Ben belong."""
    text = OrganisationText("Office", "city", representative_id=people.chitra.id)
    made = write_organisation(people.moderator, text)
    for member in (people.ana, people.ben):
        edit_profile(member, Profile(member.name, organisation_id=made.id))
    return made


def test_an_export_says_who_writes_and_to_members_who_has(
    run: Run, people: Any, office: Organisation, tmp_path: Path
) -> None:
    with at(START):
        choose_voices(people.chitra, office.id, [people.ana.id, people.ben.id])
        choose_voices(people.chitra, office.id, [people.ben.id], {people.ben.id: LAST})
    told = {}
    for readers in ("visitors", "members"):
        assert run("export", tmp_path / readers, "--readers", readers).exit_code == 0
        told[readers] = (tmp_path / readers / "people.md").read_text()
    assert all(f"- {NAMES}\n" in words for words in told.values())
    assert f"- writes for it: ben-okoth | | | {LAST}\n" in told["visitors"]
    assert "has written" not in told["visitors"]
    since = "2026-10-01 09:00 | chitra-desai"
    assert f"- writes for it: ben-okoth | {since} | {LAST}\n" in told["members"]
    former = f"ana-prado | 2026-10-01 09:00 | taken back | {since}\n"
    assert f"- has written for it: {former}" in told["members"]


def test_after_loading_it_is_as_before(people: Any, office: Organisation) -> None:
    former = "ana-prado | 2026-10-02 09:00 | taken back | 2026-10-01 09:00 | chitra-desai"
    present = f"ben-okoth | 2026-10-01 09:00 | | {LAST}"
    fields = f"- {NAMES}\n- writes for it: {present}\n- has written for it: {former}\n"
    file = read_people(f"# Organisations\n\n## Office\n- slug: office\n- kind: city\n{fields}")
    import_voices(SYSTEM, file)
    ana, ben = (get_member(VISITOR, handle) for handle in ("ana-prado", "ben-okoth"))
    assert ben.is_voice_now and ben.voice_until == LAST and not ana.is_voice_now
    (kept, gone), _number = mandates_of(ANY_MEMBER, office)
    assert (kept.member_id, kept.since, kept.named_by) == (ben.id, START, None)
    assert (gone.member_id, gone.why_ended, gone.named_by_id) == (
        ana.id,
        "taken back",
        people.chitra.id,
    )


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["writes for it: ben-okoth"], "write the field “- names who writes for it: yes”, too"),
        (["writes for it: nobody-here", NAMES], "no member has the handle “nobody-here”"),
        (["writes for it: ana-prado", NAMES], "ana-prado belongs to another organisation"),
        (["writes for it: ben-okoth"] * 2 + [NAMES], "ben-okoth is named twice"),
        (["has written for it: ben-okoth"], "has written for it: write 3 to 6 parts"),
        (["has written for it: ben-okoth | 2026-10-01 09:00 | tired"], "write one of: taken back"),
    ],
)
def test_faults_are_told(
    run: Run, people: Any, tmp_path: Path, lines: list[str], fault: str
) -> None:
    fields = "\n".join(f"- {line}" for line in lines)
    office = f"# Organisations\n\n## Office\n- slug: office\n- kind: city\n{fields}\n\n"
    ben = "## Ben\n- handle: ben-okoth\n- organisation: office\n\n## Ana\n- handle: ana-prado\n"
    other = "## Other\n- slug: other\n- kind: city\n\n"
    words = f"{office}{other}# Members\n\n{ben}- organisation: other\n"
    (tmp_path / "people.md").write_text(words)
    refused = run("import", tmp_path)
    assert refused.exit_code != 0 and fault in refused.output
