"""Whole addresses of this forum's pictures and files in the texts of a content file, as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from forum.illustrations import beginning_of, with_local_pictures
from forum.pastedlinks import pasted_links, with_used
from forum.pictures.models import words_of_title
from forum.transfer.models import AgendaFile


def use_pasted(file: AgendaFile, home: str, curator_handle: str) -> None:
    """Let each text use the pictures and files whose addresses at `home` it has, as the forms do.

    They are those that the file lists as its author's, and for cases the curator's. All others stay ordinary links:
    an export writes the whole address of what its readers must not see.
    """
    own: dict[str, dict[str, str]] = {}
    for values in file.pictures:
        listed = own.setdefault(values.get("by", ""), {})
        listed[values["title"]] = words_of_title(values.get("saved_as", ""))
    for author, texts, name in _texts(file, curator_handle):
        if author in own:
            texts[name] = _with_used(texts[name], home, own[author])


def _texts(
    file: AgendaFile, curator_handle: str
) -> Iterator[tuple[str, MutableMapping[str, Any], str]]:
    """The texts that can use pictures and files: the handle of the author, and where the text is."""
    for values in file.cases:
        yield curator_handle, values, "text"
    for values in (*file.texts, *file.translations):
        yield values.get("by", ""), values, "text"
    for values in (*file.practices, *file.translations):
        for name in values["sections"]:
            yield values.get("by", ""), values["sections"], name


def _with_used(source: str, home: str, words: Mapping[str, str]) -> str:
    """The text with its links at whole addresses used; a path alone means in a content file what it says."""
    whole = re.compile(f"<?{beginning_of(home)}/", re.IGNORECASE)
    links = [link for link in pasted_links(source, home) if whole.match(source, link.start)]
    return with_local_pictures(with_used(source, links, words), home, words)
