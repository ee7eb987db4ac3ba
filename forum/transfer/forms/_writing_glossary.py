"""Writing the glossary."""

from __future__ import annotations

from forum.glossary.models import Entry
from forum.plaintext import join_parts
from forum.transfer.forms import schemas
from forum.transfer.forms._values_written import Fields, importable_slug, write_themes
from forum.transfer.forms._writing import SectionWriter


class GlossaryWriter(SectionWriter):
    """The sections of the glossary."""

    def entry(self, entry: Entry) -> str:
        """The section of an entry of the glossary, with one for each of its languages."""
        names = {wording.language: wording.name for wording in entry.wordings}
        fields: Fields = (
            ("slug", importable_slug(entry.slug)),
            ("source", entry.source),
            (
                "themes",
                write_themes(theme.name for theme in entry.themes if theme.removed_at is None),
            ),
        )
        title = names.get("en") or entry.wordings[0].name
        whole = [self._section(2, title, schemas.ENTRY, fields)]
        for wording in entry.wordings:
            said: Fields = (("name", wording.name), ("also", join_parts(wording.other_names, ";")))
            whole.append(self._section(3, wording.language, schemas.WORDING, said, wording.meaning))
        return "".join(whole)
