"""Loading agenda files, each thing at the moment in the file, in chronological order.

A file is loaded completely or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import attrgetter
from typing import Any

from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import ids_of_taken, is_taken_away, refused_statements
from forum.clock import at, now
from forum.db import IMPORTS, db, serialize
from forum.declarations import actions as declarations
from forum.deeds import action
from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.members.models import Member
from forum.permissions import SYSTEM, require
from forum.pictures.actions import import_picture
from forum.sentfiles import SentFile
from forum.shrinking import Shrunk
from forum.transfer.actions._checks import check_agenda_file
from forum.transfer.actions._checks_of_declarations import COURSE
from forum.transfer.actions._commitments import load_origins, plan_commitment
from forum.transfer.actions._library import plan_comments, plan_practice, write_case, write_reading
from forum.transfer.actions._loading import Loading, faults_at, noon
from forum.transfer.actions._locks import lock_what_files_change
from forum.transfer.actions._meetings import plan_meeting
from forum.transfer.actions._pasted import use_pasted
from forum.transfer.actions._topics import plan_topic
from forum.transfer.actions._translations import plan_translation
from forum.transfer.models import (
    NOTHING_ELSEWHERE,
    AgendaFile,
    FaultyFileError,
    Originals,
    Step,
    Values,
    WouldLoad,
)
from forum.transfer.queries import agenda_by_slug
from forum.web import settings

NamedFile = tuple[str, AgendaFile, Mapping[str, Shrunk | SentFile]]
Shown = Callable[[Sequence[Step]], AbstractContextManager[Iterable[Step]]]


NO_PICTURES: Mapping[str, Shrunk | SentFile] = {}


@action
def import_agenda(
    curator: Member,
    file: AgendaFile,
    pictures: Mapping[str, Shrunk | SentFile] = NO_PICTURES,
    *,
    is_decided: bool = False,
    elsewhere: Originals = NOTHING_ELSEWHERE,
) -> Agenda:
    """Load an agenda file: a new agenda, or more content for an existing one (of which the file has only the slug).

    `pictures` are the pictures and files that it lists, by name; each is asked for once. `elsewhere` is what other
    files hold, from which its commitments may come: `import_origins` records that when they are loaded.

    The curator is the moderator who is responsible for it: cases and publications are recorded as that member's. Only
    with `is_decided` (the demo) is what is published, returned, featured or pinned also recorded as a decision: of a
    forum that comes from elsewhere, nobody has decided it here.

    Raises `FaultyFileError` with all faults, line by line; then nothing is loaded.
    """
    [agenda] = _load(curator, [("", file, pictures)], elsewhere, is_decided=is_decided)
    return agenda


@action
def import_origins(curator: Member, file: AgendaFile) -> None:
    """Record the origins of a loaded file's commitments that are in files loaded after it."""
    require(curator.can.curate_all())
    load_origins(curator, file.agenda["slug"], file.commitments)


@action
def import_agendas(curator: Member, files: Sequence[NamedFile]) -> list[Agenda]:
    """Load agenda files in their order, all of them or none; each is (name, file, pictures), as in `import_agenda`.

    Raises `FaultyFileError` with the name of the first file that has faults which only loading finds.
    """
    every = reduce(
        Originals.with_those_of, (file for _name, file, _pictures in files), NOTHING_ELSEWHERE
    )
    loaded = _load(curator, files, every)
    for name, file, _pictures in files[:-1]:
        with _faults_of(name):
            import_origins(curator, file)
    return loaded


def _load(
    curator: Member, files: Sequence[NamedFile], elsewhere: Originals, *, is_decided: bool = False
) -> list[Agenda]:
    """Load files one after the other, and count at the end; after that agendas are archived, or in preparation again."""
    serialize(IMPORTS)  # as each counts its topics one by one, in the order of its files
    require(curator.can.curate_all())
    prepared = lock_what_files_change(curator, [file for _name, file, _pictures in files])
    for agenda in prepared:  # before anything is counted, as this counts what is there anew
        dialogue.open_agenda(curator, agenda.id)
    every = []
    with dialogue.counting_last(curator):
        for name, file, pictures in files:
            with _faults_of(name):
                loading = _plan(curator, file, is_decided, pictures, elsewhere)
                _carry_out(loading.steps)
                every.append(loading)
    for loading in every:
        loading.end()
    for agenda in prepared:
        dialogue.prepare_agenda(curator, agenda.id)
    return [loading.agenda for loading in every]


@contextmanager
def _faults_of(name: str) -> Iterator[None]:
    """Name the file in which faults are found."""
    try:
        yield
    except FaultyFileError as error:
        raise FaultyFileError(error.faults, name) from error


@action
def try_agendas(curator: Member, files: Sequence[NamedFile]) -> None:
    """Load agenda files on trial, to find the faults that only loading can find; nothing of it stays.

    Raises `FaultyFileError` like `import_agendas`, and `WouldLoad` when there is no fault, which rolls everything
    back.
    """
    loaded = import_agendas(curator, files)
    raise WouldLoad([(agenda.title, agenda.slug) for agenda in loaded])


@action
def load_agendas(
    curator: Member,
    files: Sequence[tuple[AgendaFile, Mapping[str, Shrunk | SentFile]]],
    others: Sequence[Step] = (),
    shown: Shown = nullcontext,
) -> None:
    """Load the agendas of the demo together, with the steps of `others`, in chronological order.

    With each of the `files` are the pictures that it lists, as in `import_agenda`. Things that are published,
    returned, featured or pinned are recorded as decisions, too. `shown` may be called to show the progress.
    """
    require(curator.can.curate_all())
    every = reduce(Originals.with_those_of, (file for file, _pictures in files), NOTHING_ELSEWHERE)
    plans = [_plan(curator, file, True, pictures, every) for file, pictures in files]
    _carry_out([*(step for loading in plans for step in loading.steps), *others], shown)
    for loading in plans:
        loading.end()


def _plan(
    curator: Member,
    file: AgendaFile,
    is_decided: bool,
    pictures: Mapping[str, Shrunk | SentFile],
    elsewhere: Originals,
) -> Loading:
    """Check a file, write everything without a date or in file order, and plan the rest."""
    use_pasted(file, settings().url, curator.handle)
    loading = check_agenda_file(file, elsewhere)
    loading.is_decided = is_decided
    loading.agenda = _write_or_find_agenda(curator, file)
    if loading.agenda.opened_at is None:
        dialogue.open_agenda(curator, loading.agenda.id)
    with faults_at(file.agenda, "new_themes"):
        agendas.ensure_themes(curator, file.agenda.get("new_themes", ()))
    _write_entries(curator, file, loading, pictures)
    _plan_entries(curator, file, loading)
    if file.agenda.get("archived"):
        loading.endings.append(partial(agendas.archive, curator, loading.agenda.id))
    # Open until then, because its authors would not find it otherwise
    if file.agenda.get("in_preparation"):
        loading.endings.append(partial(dialogue.prepare_agenda, curator, loading.agenda.id))
    return loading


def _write_entries(
    curator: Member, file: AgendaFile, loading: Loading, pictures: Mapping[str, Shrunk | SentFile]
) -> None:
    """Write the pictures and files, statements, cases and readings of a file, in its order."""
    for values in file.pictures:
        member = loading.member(values["by"])
        import_picture(SYSTEM, member.id, pictures[values["title"]], loading.agenda.id)
    for values in file.statements:
        with faults_at(values):
            agendas.write_statement(curator, loading.agenda.id, _statement_text(values, loading))
    for values in file.cases:
        write_case(curator, values, loading)
    for values in file.readings:
        write_reading(curator, values, loading)


def _plan_entries(curator: Member, file: AgendaFile, loading: Loading) -> None:
    """Plan everything with a date: practices, topics and comments."""
    for values in file.practices:
        plan_practice(curator, values, loading)
    for values in file.declarations:
        _plan_declaration(curator, values, loading)
    for values in file.translations:
        plan_translation(curator, values, loading)
    for values in file.commitments:
        plan_commitment(curator, values, loading)
    for values in file.meetings:
        plan_meeting(curator, values, loading)
    for values in sorted(file.topics, key=lambda topic: topic["at"]):
        plan_topic(curator, values, loading)
    for values in file.comments:
        plan_comments(values, loading)


def _write_or_find_agenda(curator: Member, file: AgendaFile) -> Agenda:
    values = file.agenda
    if existing := None if file.is_new else agenda_by_slug(values["slug"]):
        return existing
    language, findings = values.get("language", "en"), file.findings
    text = agendas.AgendaText(
        title=values["title"],
        introduction=write(values["text"], language, has_pictures=False),
        findings=write(findings["text"], language, has_pictures=False) if findings else None,
        findings_at=noon(findings.get("written_on")) if findings else None,
        summary=values["summary"],
        palette=values["palette"],
        pattern=values["pattern"],
        slug=values["slug"],
    )
    with faults_at(values), at(_agenda_written_at(file)):
        agenda = agendas.write_agenda(curator, text)
    if "hosts" in values:
        with faults_at(values, "hosts"), at(_agenda_written_at(file)):
            agendas.set_hosts(curator, agenda.id, values["hosts"])
        db.session.flush()
    return agenda


def _agenda_written_at(file: AgendaFile) -> datetime:
    """A week before the first topic, comment or publication, and before the last day of an intention for a case."""
    moments = [topic["at"] for topic in file.topics]
    moments += [post["at"] for group in file.comments for post in group["posts"]]
    moments += [noon(v["published_on"]) for v in file.practices if "published_on" in v]
    moments += [noon(until) for case in file.cases for _handle, until in case["wants"]]
    return min(moments, default=now()) - timedelta(days=7)


def _statement_text(values: Values, loading: Loading) -> agendas.StatementText:
    """A statement of a file; a removed name is not restored."""
    is_unnamed, names = bool(values.get("unnamed")), {values["title"], values.get("member", "")}
    text = agendas.StatementText(
        name=values["title"],
        quotation=values["text"],
        role_title=values.get("position", ""),
        organisation=values.get("organisation", ""),
        said_on=values.get("said_on"),
        language=loading.language_of(values),
        handle="" if is_unnamed else values.get("member", ""),
        is_unnamed=is_unnamed,
    )
    if is_taken_away(names, text.quotation) or (not is_unnamed and _is_for_nobody(loading, text)):
        nobody: dict[str, Any] = dict.fromkeys(("name", "role_title", "organisation", "handle"), "")
        return replace(text, is_unnamed=True, **nobody)
    return text


def _is_for_nobody(loading: Loading, text: agendas.StatementText) -> bool:
    """Whether the agenda has a statement with these words whose name was removed by somebody unknown."""
    known = refused_statements(loading.agenda.id, text.quotation)
    return any(None in ids_of_taken(statement) for statement in known)


def _plan_declaration(curator: Member, values: Values, loading: Loading) -> None:
    """Plan a declaration for the day on which it was opened: it is loaded then with everything that happened since."""
    opened, frozen, adopted, withdrawn = (
        noon(values[name]) if values.get(name) else None for name in COURSE
    )
    course = declarations.Course(
        loading.member(values["by"]).id,
        opened,
        frozen,
        adopted,
        withdrawn,
        sign_until=values.get("sign_until"),
        reason=values.get("withdrawn_because", ""),
    )
    signatures = [_signature(entry, loading) for entry in values.get("signature", ())]
    load = partial(_load_declaration, curator, values, loading)
    loading.declared[values["title"]] = noon(values["opened_on"])
    loading.plan(noon(values["opened_on"]), load, course, signatures)


def _load_declaration(
    curator: Member,
    values: Values,
    loading: Loading,
    course: declarations.Course,
    signatures: Sequence[declarations.KnownSignature],
) -> None:
    text = write(values["text"], loading.language_of(values), has_pictures=False)
    said = declarations.DeclarationText(values["title"], text)
    with faults_at(values):
        declarations.load_declaration(curator, loading.agenda.id, said, course, signatures)


def _signature(entry: Sequence[Any], loading: Loading) -> declarations.KnownSignature:
    slug, day, name, organisation_name, position, handle, words, language = entry
    organisation = loading.organisations[slug]
    return declarations.KnownSignature(
        organisation.id,
        organisation.city_id,
        loading.member(handle).id if handle else None,
        name,
        position,
        organisation_name,
        noon(day),
        words,
        language or loading.agenda.language,
    )


def _carry_out(steps: Sequence[Step], shown: Shown = nullcontext) -> None:
    with shown(sorted(steps, key=attrgetter("turn"))) as in_order:
        for step in in_order:
            with at(step.moment):
                step.do()
