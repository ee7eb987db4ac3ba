"""Writing content files: sections as `reading` reads them."""

from __future__ import annotations

from forum.illustrations import is_file
from forum.transfer.forms import schemas
from forum.transfer.forms._values_written import Fields
from forum.transfer.forms._writing_agendas import AgendaWriter
from forum.transfer.forms._writing_dialogue import DialogueWriter
from forum.transfer.forms._writing_glossary import GlossaryWriter
from forum.transfer.forms._writing_library import LibraryWriter
from forum.transfer.forms._writing_people import PeopleWriter
from forum.transfer.forms._writing_promises import PromiseWriter


class Writer(
    PeopleWriter, AgendaWriter, LibraryWriter, PromiseWriter, DialogueWriter, GlossaryWriter
):
    """Renders every section of content files, each with a method under the name of its thing."""

    def picture(self, name: str) -> str:
        """The section of a picture or file that has been written."""
        schema = schemas.FILE if is_file(name) else schemas.PICTURE
        fields: Fields = [("by", self.pictures[name]), ("saved as", self.titles.get(name))]
        return self._section(3, name, schema, fields)
