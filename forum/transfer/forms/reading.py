"""Reading whole content files: agendas, people, the glossary. The format is in docs/content-format.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from forum.glossary import actions as glossary
from forum.illustrations import FILE_NAME, PICTURE_NAME
from forum.library import forms as library
from forum.library.actions import MAX_PARAGRAPHS
from forum.markdown import MAX_SOURCE, paragraphs
from forum.transfer.forms._sections import (
    Schema,
    Section,
    check_characters_and_fences,
    check_nothing_below,
    check_text,
    parse,
    read,
)
from forum.transfer.forms._values import language, moment
from forum.transfer.forms.schemas import (
    AGENDA,
    CASE,
    COMMITMENT,
    CONTINUATION,
    DECLARATION,
    ENTRY,
    FILE,
    FINDINGS,
    MEETING,
    MEMBER,
    ORGANISATION,
    OUTCOME,
    PARTS,
    PICTURE,
    POST,
    PRACTICE,
    READING,
    STATEMENT,
    TOPIC,
    TRANSLATION,
    WORDING,
)
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile, Values

POST_TITLE = re.compile(r"^([a-z0-9-]+), (\d{4}-\d\d-\d\d \d\d:\d\d)$")


def read_agenda(source: str) -> AgendaFile:
    """Read an agenda file completely, even if it has faults; its `faults` list them, line by line."""
    faults: list[Fault] = []
    check_characters_and_fences(source, faults)
    root = parse(source)
    top = _only_agenda(root, faults)
    is_new = any(key not in CONTINUATION.single for key, _value, _line in top.fields) or bool(
        top.text
    )
    agenda = (
        read(top, AGENDA if is_new else CONTINUATION, faults) if top.level else Values(top.line)
    )
    file = AgendaFile(agenda, is_new, faults=faults)
    for section in root.children:
        for group in section.children if section.level == 1 else [section]:
            _read_group(group, file)
    return file


def _only_agenda(root: Section, faults: list[Fault]) -> Section:
    """The section of the agenda, or the root if there is none."""
    first, *others = [section for section in root.children if section.level == 1] or [root]
    if first is root or root.text:
        line = root.text_line or root.line
        faults.append(Fault(line, "the file begins with “# Title of the agenda”"))
    for other in others:
        faults.append(Fault(other.line, "a file has one agenda; this begins a second one"))
    return first


def _read_group(group: Section, file: AgendaFile) -> None:
    readers: dict[str, tuple[list[Values], Callable[[Section, list[Fault]], Values]]] = {
        "Statements": (file.statements, _reader_of(STATEMENT)),
        "Cases": (file.cases, _case),
        "Practices": (file.practices, _practice),
        "Readings": (file.readings, _reader_of(READING)),
        "Declarations": (file.declarations, _reader_of(DECLARATION)),
        "Commitments": (file.commitments, _reader_of(COMMITMENT)),
        "Translations": (file.translations, _translation),
        "Meetings": (file.meetings, _meeting),
        "Dialogue": (file.topics, _topic),
        "Pictures": (file.pictures, _picture),
        "Files": (file.pictures, _file),
    }
    if group.title == "Findings" and group.level == 2:
        _read_findings(group, file)
        return
    if group.title.startswith("Comments on "):
        file.comments.append(_comments(group, file.faults))
    elif group.title in readers and group.level == 2:
        target, reader = readers[group.title]
        target.extend(reader(section, file.faults) for section in group.children)
    else:
        comments = "Comments on case …", "Comments on practice …"
        known = ", ".join(["Findings", *readers, *comments])
        file.faults.append(Fault(group.line, f"“{group.title}” is none of: {known}"))
    if group.whole_text:
        message = f"what stands right below “{group.title}” belongs to nothing; give it a heading"
        file.faults.append(Fault(group.line, message))


def _read_findings(group: Section, file: AgendaFile) -> None:
    if not file.is_new:
        message = "findings stand in the file that makes the agenda"
        file.faults.append(Fault(group.line, message))
    elif file.findings is not None:
        file.faults.append(Fault(group.line, "“Findings” is said twice"))
    else:
        file.findings = _reader_of(FINDINGS)(group, file.faults)


def _reader_of(schema: Schema) -> Callable[[Section, list[Fault]], Values]:
    def reader(section: Section, faults: list[Fault]) -> Values:
        check_nothing_below(section, faults)
        return read(section, schema, faults)

    return reader


def _case(section: Section, faults: list[Fault]) -> Values:
    values = _reader_of(CASE)(section, faults)
    for name in ("figure", "link"):
        for line in values.lines.get(name, [])[library.MAX_ROWS :]:
            faults.append(Fault(line, f"a case has at most {library.MAX_ROWS} of these"))
    if len(values.get("places", ())) > library.MAX_ROWS:
        message = f"a case has at most {library.MAX_ROWS} places"
        faults.append(Fault(values.line_of("places"), message))
    if len(paragraphs(section.text)) > MAX_PARAGRAPHS:
        faults.append(Fault(section.text_line, f"at most {MAX_PARAGRAPHS} paragraphs"))
    return values


def _translation(section: Section, faults: list[Fault]) -> Values:
    return _with_parts(section, read(section, TRANSLATION, faults), faults)


def _practice(section: Section, faults: list[Fault]) -> Values:
    return _with_parts(section, read(section, PRACTICE, faults), faults)


def _with_parts(section: Section, values: Values, faults: list[Fault]) -> Values:
    """The values of a practice, or of the translation of one, with the texts of its parts by name."""
    values["sections"] = {}
    for part in section.children:
        name = PARTS.get(part.title)
        if name is None:
            faults.append(Fault(part.line, f"“{part.title}” is none of: {', '.join(PARTS)}"))
        elif name in values["sections"]:
            faults.append(Fault(part.line, f"“{part.title}” is said twice"))
        else:
            values["sections"][name] = part.whole_text
        check_text(part.whole_text, library.MAX_SECTION, part.line, part.title, faults)
    return values


def _meeting(section: Section, faults: list[Fault]) -> Values:
    values = read(section, MEETING, faults)
    values["outcome"] = ""
    for part in section.children:
        if part.title != OUTCOME or values["outcome"]:
            faults.append(Fault(part.line, f"here can only stand “{OUTCOME}”, once"))
            continue
        values["outcome"] = part.whole_text
        check_text(part.whole_text, MAX_SOURCE, part.line, part.title, faults)
    return values


def _topic(section: Section, faults: list[Fault]) -> Values:
    values = read(section, TOPIC, faults)
    values["posts"] = [_post(child, faults) for child in section.children]
    return values


def _picture(section: Section, faults: list[Fault]) -> Values:
    if not re.fullmatch(PICTURE_NAME, section.title):
        message = f"“{section.title}” is no name of a picture: 24 signs from 0 to 9 and a to f, then its size"
        faults.append(Fault(section.line, f"{message}, such as -1600x1200"))
    return _reader_of(PICTURE)(section, faults)


def _file(section: Section, faults: list[Fault]) -> Values:
    if not re.fullmatch(FILE_NAME, section.title):
        message = f"“{section.title}” is no name of a file: 24 signs from 0 to 9 and a to f, then its bytes"
        faults.append(Fault(section.line, f"{message} and its kind, such as -81000.pdf"))
    return _reader_of(FILE)(section, faults)


def _comments(group: Section, faults: list[Fault]) -> Values:
    found = re.fullmatch(r"Comments on (case|practice) (\S+)", group.title)
    if not found:
        faults.append(
            Fault(group.line, "write “Comments on case” or “Comments on practice” and its slug")
        )
    kind, called = found.groups() if found else ("", "")
    posts = [_post(child, faults) for child in group.children]
    return Values(group.line, kind=kind, slug=called, posts=posts)


def _post(section: Section, faults: list[Fault]) -> Values:
    values = _reader_of(POST)(section, faults)
    try:
        values["by"], values["at"] = _author_and_time(section.title)
    except ValueError as error:
        faults.append(Fault(section.line, str(error)))
    return values


def _author_and_time(title: str) -> tuple[str, datetime]:
    if not (found := POST_TITLE.match(title)):
        raise ValueError("write the handle and the time, such as “#### ana, 2026-10-12 14:10”")
    return found[1], moment(found[2])


def read_people(source: str) -> PeopleFile:
    """Read a people file completely, even if it has faults; its `faults` list them, line by line."""
    file = PeopleFile()
    faults = file.faults
    check_characters_and_fences(source, faults)
    for top in parse(source).children:
        if top.title == "Organisations":
            file.organisations += [read(section, ORGANISATION, faults) for section in top.children]
        elif top.title == "Members":
            file.members += [read(section, MEMBER, faults) for section in top.children]
        else:
            faults.append(Fault(top.line, "the headings are “# Organisations” and “# Members”"))
    return file


def read_glossary(source: str) -> list[Values]:
    """Read a glossary file: its entries, each with its `wordings`. Raises `FaultyFileError` with all faults, line by line."""
    faults: list[Fault] = []
    entries: list[Values] = []
    slugs_read: set[str] = set()
    check_characters_and_fences(source, faults)
    for top in parse(source).children:
        if top.title != "Glossary" or top.level != 1:
            faults.append(Fault(top.line, "the heading is “# Glossary”"))
        for section in top.children:
            entry = read(section, ENTRY, faults)
            entry["wordings"] = [_wording(child, faults) for child in section.children]
            _check_wordings(entry, faults)
            if (own := entry.get("slug", "")) in slugs_read:
                faults.append(Fault(entry.line_of("slug"), f"“{own}” is another entry already"))
            slugs_read.update(filter(None, [own]))
            entries.append(entry)
    if faults:
        raise FaultyFileError(faults)
    return entries


def _check_wordings(entry: Values, faults: list[Fault]) -> None:
    """Record what `write_entry` would refuse, which comes last when a folder is loaded."""
    wordings, known = entry["wordings"], set[str]()
    for wording in wordings:
        if wording["title"] in known:
            faults.append(Fault(wording.line, f"“{wording['title']}” is said twice"))
        known.add(wording["title"])
    if len(wordings) > glossary.MAX_LANGUAGES:
        faults.append(Fault(entry.line, f"an entry has at most {glossary.MAX_LANGUAGES} languages"))
    if not any(wording["text"] for wording in wordings):
        message = "write what it means, below the name in one of its languages"
        faults.append(Fault(entry.line, message))


def _wording(section: Section, faults: list[Fault]) -> Values:
    try:
        language(section.title)
    except ValueError as error:
        faults.append(Fault(section.line, str(error)))
    check_nothing_below(section, faults)
    return read(section, WORDING, faults)
