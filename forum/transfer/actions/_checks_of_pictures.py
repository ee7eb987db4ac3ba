"""Checking that an agenda file lists the pictures and files that its texts show, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from forum.illustrations import is_file, names_in
from forum.markdown import paragraphs
from forum.transfer.actions._loading import Loading
from forum.transfer.models import AgendaFile


def check_pictures(file: AgendaFile, loading: Loading) -> None:
    """A text shows pictures and files that the content file lists, and each that it lists is shown."""
    listed: set[str] = set()
    for values in file.pictures:
        name = values["title"]
        loading.expect(name not in listed, values.line, f"{_what(name)} {name} is listed twice")
        listed.add(name)
    shown = list(_shown_pictures(file))
    for name, line in shown:
        heading = "Files" if is_file(name) else "Pictures"
        message = f"list {_what(name)} {name} below “## {heading}”, with whose it is"
        loading.expect(name in listed, line, message)
    unused = listed.difference(name for name, _line in shown)
    for values in file.pictures:
        is_shown = values["title"] not in unused
        message = f"no text of this file shows {_what(values['title'])}"
        loading.expect(is_shown, values.line, message)


def _what(name: str) -> str:
    return "the file" if is_file(name) else "the picture"


def _shown_pictures(file: AgendaFile) -> Iterator[tuple[str, int]]:
    """The names of the pictures and files in texts, each with the line where it occurs first."""
    texts = [(entry["text"], entry.line_of("text"), [entry["text"]]) for entry in file.texts]
    texts += [
        (entry["text"], entry.line_of("text"), paragraphs(entry["text"])) for entry in file.cases
    ]
    texts += [
        (entry["text"], entry.line_of("text"), [entry["text"]]) for entry in file.translations
    ]
    texts += [
        (text, text_file.line, [text])
        for text_file in (*file.practices, *file.translations)
        for text in text_file["sections"].values()
    ]
    for text, line, parts in texts:
        for name in (name for part in parts for name in names_in(part)):
            yield name, line + text.count("\n", 0, max(0, text.find(name)))
