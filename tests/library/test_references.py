"""Best reads, cases and practices as references: for the same readers as their pages, and as a citation to copy."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from forum import savedfiles
from forum.agendas.models import Agenda
from forum.db import db
from forum.library import actions
from forum.library.actions import ReadingText
from forum.library.models import Case, Practice
from forum.library.views import tables
from forum.members import actions as members
from forum.members.actions import KEEP_NAMELESS, OrganisationText
from forum.members.queries import get_member
from forum.moderation.actions import Reasons, decide
from forum.permissions import MEMBERS, SYSTEM
from tests.library.conftest import SignIn, World, case_text, practice_text, published
from tests.rights.conftest import gone

TYPE = "application/x-research-info-systems; charset=utf-8"
Records = list[dict[str, list[str]]]


def records(browser: FlaskClient, address: str) -> Records:
    """The references in a file: for each, the values by tag."""
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, TYPE)
    found: Records = []
    for line in answer.get_data().decode().removesuffix("\r\n").split("\r\n"):
        tag, value = line[:2], line[6:]
        if tag == "TY":
            found.append({})
        if tag and tag != "ER":
            found[-1].setdefault(tag, []).append(value)
    return found


def titles(browser: FlaskClient, address: str) -> list[str]:
    return [record["TI"][0] for record in records(browser, address)]


def cited(browser: FlaskClient, address: str) -> str:
    """The sentence to copy on a page; empty without one."""
    said = re.search(r"<summary>Cite this</summary>\s*<p>(.*?)</p>", browser.get(address).text)
    return unescape(re.sub("<[^>]+>", "", said[1])) if said else ""


def add_reading(world: World, title: str, **more: Any) -> None:
    text = ReadingText(**{"title": title, "authors": "Jacobs, Jane; UN-Habitat", **more})
    actions.write_reading(world.host, world.agenda.id, text)


# Best reads


def test_the_facts_of_a_best_read_stand_at_their_tags(world: World, client: FlaskClient) -> None:
    link, why = "https://a.example/b", "It changed\nminds."
    add_reading(world, "Streets", year=1961, kind="film", link=link, why=why, language="fr")
    assert records(client, "/readings.ris") == [
        {
            "TY": ["MPCT"],
            "AU": ["Jacobs, Jane", "UN-Habitat,"],
            "TI": ["Streets"],
            "PY": ["1961"],
            "LA": ["fr"],
            "UR": [link],
            "N1": ["It changed minds."],
            "KW": ["Floods and heat"],
        }
    ]


def test_every_kind_of_best_read_is_a_kind_of_reference(world: World, client: FlaskClient) -> None:
    for kind in ("book", "report", "article", "website", "film"):
        add_reading(world, kind, kind=kind)
    kinds = [record["TY"][0] for record in records(client, "/readings.ris")]
    assert kinds == ["BOOK", "RPRT", "JOUR", "ELEC", "MPCT"]


def test_the_file_has_what_the_list_has_under_its_filters(
    world: World, client: FlaskClient
) -> None:
    add_reading(world, "A book", kind="book", year=2001)
    add_reading(world, "A report", kind="report", year=2002)
    add_reading(world, "Another book", kind="book", year=2002)
    chosen = "?kind=book&year=2002"
    page = unescape(client.get(f"/readings{chosen}&page=1").text)
    assert f'href="/readings.ris{chosen}"' in page and f'href="/readings.csv{chosen}"' in page
    assert titles(client, f"/readings.ris{chosen}") == ["Another book"]
    assert titles(client, "/readings.ris?kind=book") == ["A book", "Another book"]
    assert titles(client, "/readings.ris?agenda=homes") == []
    assert "/readings.ris" not in client.get("/readings?agenda=homes").text


def test_an_empty_list_is_an_empty_file(world: World, client: FlaskClient) -> None:
    answer = client.get("/readings.ris")
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert "/readings.ris" not in client.get("/readings").text


def test_the_file_is_kept_for_visitors_and_not_for_members(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    add_reading(world, "One")
    answer = client.get("/readings.ris")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="readings.ris"'
    assert answer.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/readings.ris", headers=known).status_code == 304
    add_reading(world, "Two")
    assert client.get("/readings.ris", headers=known).status_code == 200
    member = sign_in(world.reader).get("/readings.ris")
    assert member.get_data() == client.get("/readings.ris").get_data()
    assert member.headers["Cache-Control"] == "private, no-store"


def test_a_host_passes_on_nothing_removed_or_in_preparation(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    add_reading(world, "Shown")
    text = ReadingText("Removed", "Nobody")
    made = actions.write_reading(world.host, world.agenda.id, text)
    actions.remove_reading(world.host, made.id)
    host = sign_in(world.host)
    assert titles(host, "/readings.ris") == ["Shown"]
    db.session.execute(update(Agenda).values(opened_at=None))
    db.session.commit()
    assert "Shown" in host.get("/readings").text
    assert host.get("/readings.ris").get_data() == client.get("/readings.ris").get_data() == b""


@pytest.mark.parametrize("in_memory", [1, savedfiles.MAX_IN_MEMORY])
def test_a_file_of_many_portions_is_the_same(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    for title in ("One", "Two", "Three"):
        add_reading(world, title)
    whole = client.get("/readings.ris")
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", in_memory)
    sent = client.get("/readings.ris")
    assert ("ETag" in sent.headers) == (in_memory > 1)
    assert sent.get_data() == whole.get_data()
    assert sent.headers["Content-Type"] == TYPE
    assert sent.headers["Content-Length"] == whole.headers["Content-Length"]


def test_few_long_files_are_made_at_once_tables_among_them(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_reading(world, "One")
    monkeypatch.setattr(savedfiles, "MAX_IN_MEMORY", 1)
    places = savedfiles._long_files
    assert places.acquire("203.0.113.1")
    office = {"REMOTE_ADDR": "203.0.113.1"}
    for address in ("/readings.ris", "/readings.csv"):
        assert client.get(address, environ_base=office).status_code == 503
    places.release("203.0.113.1")
    assert client.get("/readings.ris", environ_base=office).status_code == 200
    assert places._free == savedfiles.LONG_FILES


def test_a_long_file_takes_one_query_for_each_portion(
    world: World, client: FlaskClient, queries: Any
) -> None:
    for number in range(6):
        add_reading(world, f"Number {number}")
    client.get("/readings.ris")
    with queries() as made:
        assert len(titles(client, "/readings.ris")) == 6
    assert made.count <= 2


@pytest.mark.parametrize(
    "title", ["A\r\nER  - \r\nTY  - BOOK", "\x00NUL", "עברית \u202e(a)", "x" * 300, "<b>&amp;"]
)
def test_no_best_read_becomes_two(
    world: World, client: FlaskClient, title: str, sign_in: SignIn
) -> None:
    form = {"title": title, "authors": title, "kind": "book", "language": "en", "why": title}
    address = f"/agendas/{world.agenda.slug}/readings/new"
    assert sign_in(world.host).post(address, data=form).status_code == 303
    (record,) = records(client, "/readings.ris")
    assert (
        record["TY"] == ["BOOK"]
        and len(record["TI"]) == len(record["AU"]) == len(record["N1"]) == 1
    )
    assert "\x00" not in client.get("/readings.ris").text


# A practice and a case


def test_a_practice_is_cited_by_its_author(
    practice: Practice, client: FlaskClient, world: World
) -> None:
    address, year = f"/practices/{practice.slug}", str(practice.published_at.year)  # type: ignore[union-attr]
    (record,) = records(client, f"{address}.ris")
    whole = record.pop("UR")[0]
    assert whole.startswith("http") and whole.endswith(address)
    assert record == {
        "TY": ["ELEC"],
        "AU": ["Aarav Author"],
        "TI": ["Pumps that call for help"],
        "T2": ["Interurban"],
        "PB": ["Interurban"],
        "PY": [year],
        "DA": [practice.published_at.strftime("%Y/%m/%d")],  # type: ignore[union-attr]
        "LA": ["en"],
        "AB": ["Each pump sends a message when the water rises."],
        "KW": ["Floods and heat"],
    }
    said = f"Aarav Author ({year}). Pumps that call for help. Interurban. {whole}"
    assert cited(client, address) == said
    assert f'href="{address}.ris"' in client.get(address).text
    sent = client.get(f"{address}.ris").headers
    assert sent["Content-Disposition"] == f'attachment; filename="practice-{practice.id}.ris"'
    assert sent["ETag"] and sent["Cache-Control"] == "no-cache"


def test_a_case_is_cited_by_the_forum_which_is_named_once(
    case: Case, client: FlaskClient, world: World
) -> None:
    (record,) = records(client, f"/cases/{case.slug}.ris")
    assert record["AU"] == ["Interurban,"] and record["PB"] == record["T2"] == ["Interurban"]
    assert record["KW"] == ["Floods and heat", world.themes[0].name]
    said = f"Interurban ({case.created_at.year}). The delta network. {record['UR'][0]}"
    assert cited(client, f"/cases/{case.slug}") == said
    sent = client.get(f"/cases/{case.slug}.ris").headers
    assert sent["Content-Disposition"] == f'attachment; filename="case-{case.id}.ris"'


def test_the_organisation_for_which_a_practice_is_written_is_named_too(
    world: World, client: FlaskClient
) -> None:
    made = members.write_organisation(world.moderator, OrganisationText("Port, of Surat", "city"))
    author = get_member(SYSTEM, world.author.handle)
    author.organisation_id = made.id
    db.session.commit()
    practice = published(world, for_organisation=True)
    assert practice.organisation_id == made.id
    assert records(client, f"/practices/{practice.slug}.ris")[0]["AU"] == [
        "Aarav Author",
        "Port of Surat,",
    ]
    assert cited(client, f"/practices/{practice.slug}").startswith("Aarav Author; Port, of Surat (")


def test_a_member_who_has_left_without_a_name_is_not_named(
    world: World, practice: Practice, client: FlaskClient
) -> None:
    gone(world.author, KEEP_NAMELESS)
    address = f"/practices/{practice.slug}"
    assert records(client, f"{address}.ris")[0]["AU"] == ["Interurban,"]
    assert "Aarav" not in client.get(f"{address}.ris").text
    assert cited(client, address).startswith("Interurban (")


def test_a_draft_is_cited_nowhere_and_its_file_is_where_its_page_is(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    made = actions.write_practice(world.author, world.agenda.id, practice_text())
    address = f"/practices/{made.slug}"
    for browser in (client, sign_in(world.reader)):
        assert browser.get(address).status_code == browser.get(f"{address}.ris").status_code == 404
    author = sign_in(world.author)
    assert cited(author, address) == ""
    answer = author.get(f"{address}.ris")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert "PY  - " not in answer.text and "DA  - " not in answer.text


def test_a_file_is_found_by_whoever_finds_the_page(
    world: World, case: Case, practice: Practice, client: FlaskClient, sign_in: SignIn
) -> None:
    """A page that is not public has no citation to copy."""
    readers = [client, *map(sign_in, (world.reader, world.author, world.host, world.moderator))]
    pages = (f"/practices/{practice.slug}", f"/cases/{case.slug}")

    def check(address: str, statuses: list[int], is_cited: bool) -> None:
        for reader, status in zip(readers, statuses, strict=True):
            page, file = reader.get(address), reader.get(f"{address}.ris")
            assert (page.status_code, file.status_code) == (status, status)
            assert page.headers["Cache-Control"] == file.headers["Cache-Control"]
            if status == 200:
                assert bool(cited(reader, address)) == is_cited
            else:
                assert file.mimetype == "text/html" and "TY  -" not in file.text

    for address in pages:
        check(address, [200] * 5, True)
    decide(world.moderator, "practice", practice.id, "hide", Reasons("Spam.", 2))
    decide(world.moderator, "case", case.id, "hide", Reasons("Spam.", 2))
    check(pages[0], [404, 404, 200, 200, 200], False)
    check(pages[1], [404, 404, 404, 200, 200], False)
    assert "The moderators have hidden this page." in client.get(f"{pages[0]}.ris").text
    decide(world.moderator, "practice", practice.id, "restore", Reasons("", None))
    decide(world.moderator, "case", case.id, "restore", Reasons("", None))
    db.session.execute(update(Agenda).values(opened_at=None))
    db.session.commit()
    for address in pages:
        check(address, [404, 404, 404, 200, 200], False)


def test_what_is_for_members_is_cited_among_them(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    address = f"/practices/{published(world, audience=MEMBERS).slug}"
    assert client.get(f"{address}.ris").status_code == 404
    reader = sign_in(world.reader)
    assert records(reader, f"{address}.ris")[0]["TI"] == ["Pumps that call for help"]
    assert reader.get(f"{address}.ris").headers["Cache-Control"] == "private, no-store"
    assert cited(reader, address).startswith("Aarav Author (")


@pytest.mark.parametrize("title", ["Why?", "עיר על המים", "<b>&amp;</b> \u202e", "«À l’eau»"])
def test_titles_of_every_kind_are_cited_as_they_are(
    world: World, client: FlaskClient, title: str
) -> None:
    case = actions.write_case(world.host, world.agenda.id, case_text(name=title, language="he"))
    (record,) = records(client, f"/cases/{case.slug}.ris")
    assert record["TI"] == [title] and record["LA"] == ["he"]
    address = record["UR"][0]
    assert address.isascii()
    said = cited(client, f"/cases/{case.slug}")
    assert (
        said
        == f"Interurban ({case.created_at.year}). {title}{'' if title == 'Why?' else '.'} {address}"
    )
    cite = re.search(
        '<cite lang="he" dir="auto">(.*?)</cite>', client.get(f"/cases/{case.slug}").text
    )
    assert cite and unescape(cite[1]) == title


def test_what_did_not_work_is_in_no_reference(
    world: World, practice: Practice, client: FlaskClient
) -> None:
    said = client.get(f"/practices/{practice.slug}.ris").text
    assert all(part.source not in said for part in practice.sections)


@pytest.mark.parametrize("path", ["practices", "cases"])
def test_no_file_without_a_page(world: World, client: FlaskClient, path: str) -> None:
    for name in ("none", "new", "mine", ".ris", "x.ris", "a%0Db", "a%00", "é" * 60, "a" * 3_000):
        assert client.get(f"/{path}/{name}.ris").status_code == 404, name


def test_a_change_is_in_the_file_at_once(
    world: World, case: Case, client: FlaskClient, queries: Any
) -> None:
    address = f"/cases/{case.slug}.ris"
    assert records(client, address)[0]["TI"] == ["The delta network"]
    with queries() as made:
        client.get(address)
    assert made.count <= 7
    actions.write_case(world.host, world.agenda.id, case_text(name="New name"), case.id)
    assert records(client, address)[0]["TI"] == ["New name"]
