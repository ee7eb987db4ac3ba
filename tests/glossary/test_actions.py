"""Moderators write and remove entries of the glossary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from forum.agendas.actions import write_theme
from forum.errors import Conflict, Forbidden, Invalid, NotFound
from forum.glossary import queries
from forum.glossary.actions import EntryText, WordingText, _rows, remove_entry, write_entry
from forum.glossary.models import Entry
from forum.history.queries import fingerprint, versions_of
from forum.permissions import VISITOR
from tests.glossary.conftest import LAND_VALUE, STORMWATER, Write

MEANT = WordingText("en", "floodway", (), "Land that takes the water of a flood.")


def names_of(entry: Entry) -> dict[str, list[str]]:
    return {wording.language: wording.names for wording in queries.get_entry(entry.slug).wordings}


def test_an_entry_keeps_names_and_meanings_by_language(stormwater: Entry) -> None:
    assert stormwater.slug == "stormwater"
    assert names_of(stormwater) == {
        "en": ["stormwater", "surface water"],
        "es": ["aguas pluviales"],
        "fr": ["eaux pluviales"],
    }


def test_names_are_tidied_and_there_once(write: Write) -> None:
    entry = write(WordingText("en", " Weir ", ("weir", "", "WEIR", "barrage"), " A low dam. "))
    assert names_of(entry) == {"en": ["Weir", "barrage"]}


def test_members_and_visitors_keep_no_glossary(people: Any, stormwater: Entry) -> None:
    for person in (people.ana, VISITOR):
        with pytest.raises(Forbidden):
            write_entry(person, EntryText(STORMWATER))
        with pytest.raises(Forbidden):
            remove_entry(person, stormwater.id)


@pytest.mark.parametrize(
    "wordings",
    [
        (),
        (WordingText("en", "floodway"),),
        (WordingText("en", "", (), "A meaning."),),
        (MEANT, MEANT),
        (MEANT, WordingText("xx-none", "Word")),
        (MEANT, WordingText("fr", "x" * 200)),
        (MEANT, WordingText("fr", "champ", ("y" * 200,))),
        (MEANT, WordingText("fr", "champ", tuple(f"nom {n}" for n in range(9)))),
        (MEANT, WordingText("fr", "champ", (), "m" * 601)),
        (MEANT, WordingText("fr", "***")),
        (MEANT, WordingText("fr", "champ", ('"',))),
    ],
)
def test_what_is_empty_too_long_or_there_twice_is_refused(
    app: Flask, people: Any, wordings: tuple[WordingText, ...]
) -> None:
    with app.test_request_context(), pytest.raises(Invalid):
        write_entry(people.moderator, EntryText(wordings))
    assert queries.entries_count() == 0


def test_an_entry_has_at_most_twelve_languages_and_three_themes(app: Flask, people: Any) -> None:
    codes = ["fr", "es", "pt", "de", "it", "nl", "sv", "da", "fi", "pl", "cs", "ro"]
    many = [MEANT, *(WordingText(code, "nom") for code in codes)]
    themes = [write_theme(people.moderator, f"Theme {n}").id for n in range(4)]
    with app.test_request_context():
        write_entry(people.moderator, EntryText(many[:12], theme_ids=themes[:3]))
        with pytest.raises(Invalid):
            write_entry(people.moderator, EntryText(many))
        with pytest.raises(Invalid):
            write_entry(people.moderator, EntryText([MEANT], theme_ids=themes))


def test_there_is_an_end_to_the_glossary(
    app: Flask, people: Any, stormwater: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "MAX_ENTRIES", 1)
    with app.test_request_context(), pytest.raises(Invalid, match="1 entries"):
        write_entry(people.moderator, EntryText([MEANT]))


def test_addresses_of_pages_and_of_other_entries_are_left(write: Write) -> None:
    assert write(WordingText("en", "New", (), "Not old.")).slug == "new-2"
    assert write(WordingText("en", "Propose", (), "To say what could be.")).slug == "propose-2"
    assert write(MEANT).slug == "floodway"
    assert write(replace(MEANT, meaning="A way of the flood.")).slug == "floodway-2"
    assert write(WordingText("ar", "مياه الأمطار", (), "ماء")).slug == "مياه-الامطار"


def test_a_change_keeps_the_version_before_and_refuses_who_has_not_read_it(
    app: Flask, people: Any, stormwater: Entry
) -> None:
    seen = fingerprint(queries.entry_fields(queries.get_entry(stormwater.slug)))
    first = EntryText([*STORMWATER, WordingText("pt", "águas pluviais")])
    write_entry(people.moderator, first, stormwater.id, seen=seen)
    assert names_of(stormwater)["pt"] == ["águas pluviais"]
    (version,) = versions_of("entry", stormwater.id)
    assert version.editor_name == people.moderator.name and "pt |" not in version.fields["wordings"]
    with app.test_request_context(), pytest.raises(Conflict):
        write_entry(people.moderator, EntryText(STORMWATER), stormwater.id, seen=seen)


def test_nothing_is_kept_of_a_change_that_changes_nothing(people: Any, stormwater: Entry) -> None:
    write_entry(people.moderator, EntryText(STORMWATER, stormwater.source), stormwater.id)
    assert versions_of("entry", stormwater.id) == []


def test_a_language_can_be_taken_away_and_put_back(people: Any, stormwater: Entry) -> None:
    write_entry(people.moderator, EntryText(STORMWATER[:1]), stormwater.id)
    assert list(names_of(stormwater)) == ["en"]
    write_entry(people.moderator, EntryText(STORMWATER), stormwater.id)
    assert list(names_of(stormwater)) == ["en", "es", "fr"]


def test_an_entry_that_is_taken_away_leads_nowhere(people: Any, stormwater: Entry) -> None:
    remove_entry(people.moderator, stormwater.id)
    with pytest.raises(NotFound):
        queries.get_entry("stormwater")
    assert queries.place_of_removed("stormwater") == "" and not queries.has_entries()
    with pytest.raises(NotFound):
        remove_entry(people.moderator, stormwater.id)
    with pytest.raises(NotFound):
        write_entry(people.moderator, EntryText(STORMWATER), stormwater.id)


def test_the_entry_that_takes_the_place_gets_the_names(
    people: Any, write: Write, stormwater: Entry
) -> None:
    runoff = WordingText("en", "runoff", ("surface water",), "What runs off.")
    other = write(runoff, WordingText("de", "Regenwasser"))
    third = write(MEANT)
    remove_entry(people.moderator, other.id, stormwater.id)
    assert names_of(stormwater)["en"] == ["stormwater", "surface water", "runoff"]
    assert names_of(stormwater)["de"] == ["Regenwasser"]
    assert queries.place_of_removed("runoff") == "stormwater"
    remove_entry(people.moderator, stormwater.id, third.id)
    assert queries.place_of_removed("runoff") == "floodway"


def test_an_entry_cannot_take_its_own_place(app: Flask, people: Any, stormwater: Entry) -> None:
    with app.test_request_context(), pytest.raises(Invalid):
        remove_entry(people.moderator, stormwater.id, stormwater.id)


def test_homonyms_are_allowed_and_known(write: Write, stormwater: Entry) -> None:
    other = write(WordingText("en", "Surface Water", (), "Rivers and lakes."), *LAND_VALUE[1:])
    assert [homonym.slug for homonym in queries.homonyms(other)] == ["stormwater"]
    assert queries.homonyms(write(MEANT)) == []


def test_a_new_entry_that_is_sent_twice_is_made_once(write: Write) -> None:
    first = write(*STORMWATER)
    assert write(*STORMWATER[::-1]).id == first.id
    assert write(*STORMWATER[:2]).id != first.id and write(STORMWATER[0]).slug == "stormwater-3"
