"""The glossary shows translators the names of things in both languages."""

from __future__ import annotations

from forum.glossary.actions import EntryText, WordingText, write_entry
from forum.glossary.queries import entries_in
from forum.parallels.queries import expressions_in
from forum.permissions import SYSTEM


def written(**names: str) -> None:
    write_entry(
        SYSTEM,
        EntryText([WordingText(code, name, (), "What it is.") for code, name in names.items()]),
    )


def test_expressions_of_the_original_are_listed_in_the_language(sign_in, people, practice):
    written(en="Felt", fr="Feutre")
    written(en="Cork street", fr="Rue de liège")
    written(en="Tram", de="Straßenbahn")
    found = expressions_in({"title": "A felt below trams and cork streets."}, "en", "fr")
    assert [(expression.name, expression.names) for expression in found] == [
        ("Felt", ("Feutre",)),
        ("Cork street", ("Rue de liège",)),
    ]
    assert entries_in("Le feutre", "en", 5) == [] and len(entries_in("felt tram", "en", 1)) == 1
    page = sign_in(people.ben).get("/practices/felt/translate?language=fr").text
    assert "Expressions of the glossary" in page and ">Feutre</dd>" in page
    page = sign_in(people.ben).get("/practices/felt/translate?language=es").text
    assert "Expressions of the glossary" not in page
