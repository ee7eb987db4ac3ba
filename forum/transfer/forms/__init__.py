"""The shape of content files, as docs/content-format.md tells editors: reading them, and writing them."""

from __future__ import annotations

from forum.transfer.forms.reading import parse, read_agenda, read_people
from forum.transfer.forms.writing import Names, Writer, fitting, with_numbers

__all__ = ["Names", "Writer", "fitting", "parse", "read_agenda", "read_people", "with_numbers"]
