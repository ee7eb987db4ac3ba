"""The file of the glossary in an export."""

from __future__ import annotations

from forum.glossary.queries import all_entries, has_entries
from forum.transfer.commands._export import Export
from forum.transfer.forms import GLOSSARY


def write_glossary(export: Export) -> None:
    """Write all entries of the glossary, if there are any."""
    if not has_entries():
        return
    with export.file(GLOSSARY) as file:
        file.write("# Glossary\n\n")
        for entries in all_entries():
            file.writelines(map(export.writer.entry, entries))
            export.counts["expressions"] += len(entries)
