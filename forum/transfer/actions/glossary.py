"""Loading a glossary file: all of its entries, or none."""

from __future__ import annotations

from collections.abc import Sequence

from forum.deeds import action
from forum.glossary import actions as glossary
from forum.glossary.actions import EntryText, WordingText
from forum.members.models import Member
from forum.transfer.actions._loading import faults_at, theme_ids
from forum.transfer.models import Values


@action
def import_glossary(curator: Member, entries: Sequence[Values]) -> None:
    """Write the entries of a glossary file; themes that are missing are made. Raises `FaultyFileError`."""
    for values in entries:
        wordings = [
            WordingText(
                wording["title"], wording["name"], tuple(wording.get("also", ())), wording["text"]
            )
            for wording in values["wordings"]
        ]
        with faults_at(values):
            themes = theme_ids(curator, values)
            text = EntryText(wordings, values.get("source", ""), themes, slug=values["slug"])
            glossary.write_entry(curator, text)
