"""Importing what was exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from forum.advice import actions as advice
from forum.advice.models import FollowUp
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda
from forum.clock import at, now
from forum.commitments.models import Commitment
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Topic
from forum.errors import Refusal
from forum.library.models import Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.actions import Joining, found_federation
from forum.members.models import Member
from forum.members.queries import all_members, get_member, languages_spoken, member_by_email
from forum.notifications.models import Event
from forum.notifications.queries import unread_count
from forum.permissions import ANY_MEMBER, SYSTEM
from forum.transfer import queries
from forum.transfer.actions import import_agenda
from forum.transfer.forms import read_agenda
from tests.everything import opened, said
from tests.transfer.conftest import GOOD, Elsewhere, Run, exported
from tests.transfer.test_folders import GONE

pytestmark = pytest.mark.thorough


def test_members_who_were_loaded_come_back_by_an_address(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    minute = now().replace(second=0)
    with at(minute):
        said(people.ben, opened(people.ana, agenda, "A topic"), "@ana-prado, look.")
    exported(run, tmp_path / "out")
    with elsewhere() as make:
        forum = make()
        with at(minute):  # even in the second of the reply, imported posts are not new
            assert forum.run("import", tmp_path / "out").exit_code == 0
        with forum.app.app_context():
            ana = get_member(SYSTEM, "ana-prado")
            assert ana.email == "ana-prado@members.invalid" and ana.mail_paused_at
            assert ana.role == "member" and not unread_count(ana)
        done = forum.run("members", "address", "ana-prado", "ana@city.example")
        assert "can ask for a new password there" in done.output
        with forum.app.app_context():
            found = member_by_email("ana@city.example")
            assert found and found.handle == "ana-prado" and found.mail_paused_at is None
        again = forum.run("import", tmp_path / "out")
        assert again.exit_code == 1 and "Import into a new one." in again.output


def test_who_has_an_account_of_the_handle_goes_on_with_it(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    opened(people.ana, agenda, "A topic")
    exported(run, tmp_path / "out")
    with elsewhere() as make:
        forum = make()
        with forum.app.app_context():
            members.add_member(SYSTEM, Joining("Ana Prado", "ana@example.org", "-"), "moderator")
        assert forum.run("import", tmp_path / "out", "--by", "ana-prado").exit_code == 0
        with forum.app.app_context():
            assert get_member(SYSTEM, "ana-prado").email == "ana@example.org"


def test_the_language_in_which_a_member_writes_comes_back(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    """Also of those who write several: the profile is read aloud in it, and forms begin with it."""
    chosen = {"ana-prado": ("pt", "en", "es"), "ben-okoth": ("fr", "de"), "chitra-desai": ("gu",)}
    for handle, languages in chosen.items():
        member = get_member(SYSTEM, handle)
        about = write("Texto.", languages[0], has_pictures=False)
        said = members.Profile(member.name, language=languages[0], languages=languages, about=about)
        members.edit_profile(member, said)
    wrote = exported(run, tmp_path / "out")
    assert "- language: pt\n- languages: pt; en; es\n" in wrote
    assert "- language: fr" not in wrote and "- language: gu" not in wrote
    with elsewhere() as make:
        forum = make()
        assert forum.run("import", tmp_path / "out").exit_code == 0
        with forum.app.app_context():
            for handle, languages in chosen.items():
                member = get_member(SYSTEM, handle)
                assert member.language == languages[0], handle
                assert tuple(languages_spoken(member.id)) == languages


@pytest.mark.parametrize("words", ["Wenig.", ""])
def test_what_happened_next_comes_back_in_its_language(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere, words: str
) -> None:
    with at(now() - timedelta(hours=2)):
        question = opened(people.ana, agenda, "A question", kind="question")
        dialogue.choose_answer(people.ana, question.id, said(people.ben, question, "Yes.").id)
    told = advice.FollowUpText("Was geschah.", "partly", words, "de")
    with at(now() - timedelta(hours=1)):
        advice.follow_up(people.ana, question.id, told)
    exported(run, tmp_path / "out")
    with elsewhere() as make:
        forum = make()
        done = forum.run("import", tmp_path / "out")
        assert done.exit_code == 0, done.output
        with forum.app.app_context():
            found = db.session.scalars(select(FollowUp)).one()
            assert (found.deed, found.text, found.language) == ("Was geschah.", words, "de")


@pytest.mark.parametrize("name", ["Ana P", "Ana Prado"])
def test_who_has_an_account_of_a_former_handle_goes_on_with_it_and_all_handles_lead_there(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere, name: str
) -> None:
    members.change_handle(people.ana, "ana-p")
    opened(people.ana, agenda, "A topic")
    exported(run, tmp_path / "out")
    with elsewhere() as make:
        forum = make()
        with forum.app.app_context():
            members.add_member(SYSTEM, Joining(name, "ana@example.org", "-"), "moderator")
        done = forum.run("import", tmp_path / "out")
        assert done.exit_code == 0, done.output
        with forum.app.app_context():
            for handle in ("ana-p", "ana-prado"):
                assert get_member(SYSTEM, handle).email == "ana@example.org"


def test_a_handle_that_two_people_have_or_had_is_told_with_its_line(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    members.change_handle(people.ben, "ana-p")
    exported(run, tmp_path / "out")
    file = tmp_path / "out" / "people.md"
    file.write_text(file.read_text().replace(": ben-okoth\n", ": chitra-desai\n"))
    with elsewhere() as make:
        failed = make().run("import", tmp_path / "out")
    assert failed.exit_code == 1
    told = r"people\.md:\d+: earlier handles: “chitra-desai” is of “Chitra Desai”"
    assert re.search(told, failed.output), failed.output


def test_mistakes_in_an_export_are_told_with_file_and_line(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    exported(run, tmp_path / "out")
    (tmp_path / "out" / "people.md").write_text("# Members\n\n## Ana\n- name: x\n")
    with elsewhere() as make:
        forum = make()
        assert "this is no export" in forum.run("import", tmp_path).output
        done = forum.run("import", tmp_path / "out")
        assert done.exit_code == 1 and "people.md:4: there is no field “name” here" in done.output
        assert "3 things to mend; nothing was loaded." in done.output


@pytest.mark.parametrize(
    ("mended", "sentence"),
    [
        (
            lambda people: people.replace("ana-prado\n", "ana-prado\n- role: administrator\n", 1),
            "an import gives no roles",
        ),
        (
            lambda people: people.replace(
                "ana-prado\n", "ana-prado\n- languages: pt; klingon\n", 1
            ),
            "languages: write the code of a language, such as en or pt",
        ),
        (
            lambda people: people + "\n## Another\n- handle: ana-prado\n",
            "handle: “Ana Prado” above has “ana-prado” already",
        ),
        (
            lambda people: people.replace(
                "# Members\n",
                "# Organisations\n\n## A\n- slug: a\n- kind: city\n\n"
                "## B\n- slug: a\n- kind: city\n\n# Members\n",
            ),
            "slug: “A” above has “a” already",
        ),
    ],
)
def test_what_people_cannot_have_is_told_with_its_line(
    run: Run,
    people: Any,
    agenda: Agenda,
    tmp_path: Path,
    elsewhere: Elsewhere,
    mended: Callable[[str], str],
    sentence: str,
) -> None:
    opened(people.ana, agenda, "A topic")
    exported(run, tmp_path / "out")
    file = tmp_path / "out" / "people.md"
    before, after = file.read_text(), mended(file.read_text())
    assert after != before
    file.write_text(after)
    marks = ("- role:", "klingon", "- slug: a")
    wrong = next((mark for mark in marks if mark in after), "ana-prado")
    (*_, line) = [n for n, words in enumerate(after.splitlines(), 1) if wrong in words]
    with elsewhere() as make:
        forum = make()
        done = forum.run("import", tmp_path / "out")
        assert done.exit_code == 1 and f"people.md:{line}: {sentence}" in done.output
        assert "1 thing to mend; nothing was loaded." in done.output
        with forum.app.app_context():
            assert [member.handle for member in all_members()] == ["zoe-setup"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("## Ana Prado\n", "## 12\n", "Write your name."),
        ("## Ana Prado\n", "## ana.example.org\n", "Write a name, not an address."),
    ],
)
def test_what_joining_refuses_is_told_with_its_line_and_nothing_is_loaded(
    run: Run,
    people: Any,
    agenda: Agenda,
    tmp_path: Path,
    elsewhere: Elsewhere,
    old: str,
    new: str,
    sentence: str,
) -> None:
    opened(people.ana, agenda, "A topic")
    exported(run, tmp_path / "out")
    file = tmp_path / "out" / "people.md"
    after = file.read_text().replace(old, new)
    file.write_text(after)
    line = after[: after.index(new)].count("\n") + 1
    with elsewhere() as make:
        forum = make()
        done = forum.run("import", tmp_path / "out")
        assert done.exit_code == 1 and f"people.md:{line}: {sentence}" in done.output
        assert "1 thing to mend; nothing was loaded." in done.output
        with forum.app.app_context():
            assert [member.handle for member in all_members()] == ["zoe-setup"]


def test_who_has_an_account_gets_no_role_either(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    """Also if the role would not change: a line that gives a role is refused, whoever it names."""
    exported(run, tmp_path / "out")
    more = "# Members\n\n## Zoe Setup\n- handle: zoe-setup\n- role: administrator\n"
    (tmp_path / "out" / "people.md").write_text(more)
    with elsewhere() as make:
        done = make().run("import", tmp_path / "out")
        assert done.exit_code == 1 and "people.md:5: an import gives no roles" in done.output


def test_what_is_missing_is_told_before_anything_is_loaded(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    opened(people.ana, agenda, "A topic")
    exported(run, out := tmp_path / "out")
    (out / "dialogue-quieter.md").unlink()
    with elsewhere() as make:
        forum = make()
        done = forum.run("import", out)
        assert done.exit_code == 1 and GONE + "dialogue-quieter.md. Nothing was" in done.output
        with forum.app.app_context():
            assert [member.handle for member in all_members()] == ["zoe-setup"]


def test_any_name_of_a_folder_will_do_and_other_files_may_lie_in_it(
    run: Run, people: Any, agenda: Agenda, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    opened(people.ana, agenda, "A topic")
    exported(run, out := tmp_path / "[a-c]* of {forum}?")
    for name in ("notes.md", ".dialogue-quieter.md.swp", "dialogue-quieter.md~"):
        (out / name).write_text("Mine.")
    with elsewhere() as make:
        done = make().run("import", out)
        assert done.exit_code == 0 and "1 topic," in done.output, done.output


def test_any_member_is_nobody_in_particular(people: Any) -> None:
    assert ANY_MEMBER.is_member and not ANY_MEMBER.is_moderator
    with pytest.raises(Refusal):
        import_agenda(ANY_MEMBER, read_agenda(GOOD))  # type: ignore[arg-type]
    assert isinstance(people.ana, Member)


PREPARED = """\
# Making Cities Cooler
- slug: cooler
- palette: park
- pattern: delta
- summary: Shade.
- hosts: hana-virtanen
- in preparation: yes
- new themes: shade

Shade is a service.

## Dialogue

### Where is the shade?
- kind: question
- by: ana-prado
- at: 2026-09-01 09:00
- themes: shade

We look for it.

#### ben-okoth, 2026-09-02 09:00

By the river.
"""


def test_an_agenda_in_preparation_is_loaded_for_its_hosts(
    run: Run, client: Any, people: Any, tmp_path: Path
) -> None:
    file = tmp_path / "agenda-cooler.md"
    file.write_text(PREPARED)
    loaded = run("import-agenda", file, "--by", people.moderator.handle)
    assert loaded.exit_code == 0, loaded.output
    made = queries.agenda_by_slug("cooler")
    assert made and made.opened_at is None and client.get("/agendas/cooler").status_code == 404
    count = select(Member.posts_count).where(Member.id == people.ben.id)
    assert db.session.scalar(count) == 0
    topic = db.session.scalars(select(Topic).where(Topic.agenda_id == made.id)).one()
    assert client.get(f"/topics/{topic.id}").status_code == 404
    assert not db.session.scalars(select(Event).where(Event.topic_id == topic.id)).all()
    more = tmp_path / "more.md"
    more.write_text(CONTINUED)
    loaded = run("import-agenda", more, "--by", people.moderator.handle)
    assert loaded.exit_code == 0, loaded.output
    made = get_agenda(SYSTEM, "cooler")
    assert made.opened_at is None
    assert db.session.scalar(select(func.count(Topic.id)).where(Topic.agenda_id == made.id)) == 2
    dialogue.open_agenda(people.moderator, made.id)
    assert db.session.scalar(count) == 2


CONTINUED = """\
# Making Cities Cooler
- slug: cooler

## Dialogue

### Where is the water?
- kind: question
- by: ben-okoth
- at: 2026-09-03 09:00

We look for that, too.
"""


def test_an_export_has_agendas_in_preparation_when_it_is_asked_for_them(
    run: Run, people: Any, tmp_path: Path
) -> None:
    found_federation(SYSTEM, "Interurban")
    file = tmp_path / "agenda-cooler.md"
    file.write_text(PREPARED)
    assert run("import-agenda", file, "--by", people.moderator.handle).exit_code == 0
    assert "Cooler" not in exported(run, tmp_path / "public")
    assert "Cooler" not in exported(run, tmp_path / "members", "--readers", "members")
    found = exported(run, tmp_path / "whole", "--with-preparation")
    assert "- in preparation: yes\n" in found and "By the river." in found
    readme = (tmp_path / "whole" / "README.md").read_text()
    assert "give it to nobody but their hosts and moderators" in readme
    assert (tmp_path / "public" / "README.md").read_text().count("preparation") == 0


COMMITTED = """\
# Making Cities {name}
- slug: {slug}
- order: {order}
- palette: park
- pattern: delta
- summary: Shade.

Shade is a service.
"""
FOLLOWING = """
## Commitments

### Felt
- organisation: gemeente
- published on: 2026-01-05
- last day: 2027-01-05
- milestone: 2026-09-15 | A mile
- copies: practice {copied}

Text.
"""
COPIED = """
## Practices

### Felt below the rails
- slug: felt
- by: ana-prado
- sentence: A city lays felt.
- published on: 2026-03-01
"""
PEOPLE_THERE = """\
# Organisations

## Gemeente
- slug: gemeente
- kind: city

# Members

## Ana Prado
- handle: ana-prado
"""


@pytest.mark.parametrize("copied", ["felt", "flet"])
def test_what_a_commitment_copies_may_be_in_a_later_file_of_the_folder(
    copied: str, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    first = COMMITTED.format(name="Cooler", slug="cooler", order=1)
    second = COMMITTED.format(name="Hotter", slug="hotter", order=2) + COPIED
    (tmp_path / "people.md").write_text(PEOPLE_THERE)
    (tmp_path / "agenda-cooler.md").write_text(first + FOLLOWING.format(copied=copied))
    (tmp_path / "agenda-hotter.md").write_text(second)
    with elsewhere() as make:
        forum = make()
        done = forum.run("import", tmp_path)
        if copied == "flet":
            assert "agenda-cooler.md:17: there is no practice “flet” (“felt” is one)" in done.output
            return
        assert done.exit_code == 0, done.output
        with forum.app.app_context():
            (made,) = db.session.scalars(select(Commitment)).all()
            assert made.practice_id == db.session.scalar(select(Practice.id))
