"""Loading content files by the deeds of the rooms, each thing at the time the file gives it; all of a file or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from forum.advice import actions as advice
from forum.advice.queries import CANDIDATES as MOST_PROPOSED
from forum.advice.queries import proposals
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.db import action, at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import get_topic, written
from forum.errors import Refusal
from forum.library import actions as library
from forum.markup import paragraph_key, paragraphs, write
from forum.members import actions as members
from forum.members.models import City, Member
from forum.moderation import actions as moderation
from forum.permissions import Person
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, PeopleFile
from forum.transfer.queries import (
    agenda_of,
    cases_called,
    cities_called,
    members_called,
    opening_of,
    organisation_ids,
    practices_called,
    topic_of,
)

QUOTED_NUMBER = re.compile(r"^> #(\d+)$", re.M)
NOON = time(12, 0, tzinfo=UTC)
RETURNED = "Please say what did not work, so that others can copy it."
Values = dict[str, Any]


@dataclass
class Loading:
    """What the parts of one file share while it is loaded: who and where is meant by its words."""

    people: Mapping[str, Member]
    cities: Mapping[str, City]
    comments: Sequence[Values] = ()
    agenda: Agenda = field(default_factory=Agenda)
    faults: list[Fault] = field(default_factory=list)

    def need(self, is_there: object, line: int, message: str) -> None:
        """Note a fault unless something is there."""
        if not is_there:
            self.faults.append(Fault(line, message))

    def member(self, handle: str) -> Member:
        """A member by handle; the check has made sure that there is one."""
        return self.people[handle]


@action
def load_people(system: Person, file: PeopleFile, password_hashes: Mapping[str, str]) -> None:
    """Make the organisations and members of a people file. Raises `FaultyFileError`; nothing is made then.

    `password_hashes` are those of the members who can sign in; `""` is the one of all others.
    """
    cities = _check_people(file)
    for values in file.organisations:
        members.write_organisation(system, _organisation(values, cities))
    ids = organisation_ids()
    for values in file.members:
        hashed = password_hashes.get(values["handle"], password_hashes[""])
        with at(_noon(values.get("joined_on"))):
            _join(system, values, hashed, ids, cities)
    _name_representatives(system, file, ids, cities)


@action
def import_agenda(curator: Member, file: AgendaFile) -> Agenda:
    """Load an agenda file: a new agenda, or more for one that exists (the file then has only its slug).

    The curator is the moderator who answers for it: cases and publications are that member's deeds.

    Raises `FaultyFileError` with everything that is wrong, line by line; nothing is loaded then.
    """
    loading = _check(file)
    loading.agenda = _agenda(curator, file, loading)
    for values in file.statements:
        agendas.write_statement(curator, loading.agenda.id, _statement(values))
    for values in file.cases:
        _write_case(curator, values, loading)
    for values in file.practices:
        _write_practice(curator, values, loading)
    for values in file.readings:
        _write_reading(curator, values, loading)
    for values in sorted(file.topics, key=lambda topic: topic["at"]):
        _open_topic(curator, values, loading)
    for values in file.comments:
        _comment(values, loading)
    return loading.agenda


# Checking before anything is written


def _check_people(file: PeopleFile) -> Mapping[str, City]:
    everything = [*file.organisations, *file.members]
    cities = cities_called(values["city"] for values in everything if "city" in values)
    slugs = {values.get("slug") for values in file.organisations}
    handles = {values.get("handle") for values in file.members}
    loading = Loading({}, cities)
    for values in everything:
        city, organisation = values.get("city"), values.get("organisation")
        representative = values.get("representative")
        loading.need(not city or city in cities, values["line"], f"no city is called “{city}”")
        known = not organisation or organisation in slugs
        loading.need(known, values["line"], f"no organisation has the slug “{organisation}”")
        is_there = not representative or representative in handles
        loading.need(is_there, values["line"], f"no member has the handle “{representative}”")
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return cities


def _check(file: AgendaFile) -> Loading:
    loading = Loading(members_called(_handles(file)), cities_called(_cities(file)), file.comments)
    existing = agenda_of(file.agenda["slug"])
    line = file.agenda["line"]
    if file.is_new:
        loading.need(not existing, line, f"there is an agenda “{file.agenda['slug']}” already")
    else:
        loading.need(existing, line, f"there is no agenda “{file.agenda['slug']}” to add to")
    for handle, where in _handles(file).items():
        loading.need(handle in loading.people, where, f"no member has the handle “{handle}”")
    for city, where in _cities(file).items():
        loading.need(city in loading.cities, where, f"no city is called “{city}”")
    _check_slugs(file, loading)
    _check_order(file, loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return loading


def _handles(file: AgendaFile) -> dict[str, int]:
    """Every handle that a file names, with the line of the first thing that names it."""
    named: dict[str, int] = {}
    for values in _everything(file):
        said = [values.get("by"), values.get("member"), *values.get("hosts", ())]
        said += [*values.get("useful", ()), *values.get("same_here", ())]
        said += [entry[0] for key in ("tried", "report", "asked") for entry in values.get(key, ())]
        for handle in filter(None, said):
            named.setdefault(handle, values["line"])
    return named


def _cities(file: AgendaFile) -> dict[str, int]:
    named: dict[str, int] = {}
    for values in [*file.cases, *file.practices]:
        for city in [*values.get("places", ()), *filter(None, [values.get("city")])]:
            named.setdefault(city, values["line"])
    return named


def _everything(file: AgendaFile) -> Iterator[Values]:
    yield file.agenda
    yield from [*file.statements, *file.cases, *file.practices, *file.readings]
    for group in [*file.topics, *file.comments]:
        if "by" in group:
            yield group
        yield from group["posts"]


def _check_slugs(file: AgendaFile, loading: Loading) -> None:
    for kind, entries, known in (
        ("case", file.cases, cases_called),
        ("practice", file.practices, practices_called),
    ):
        own = [values["slug"] for values in entries]
        taken = known(own)
        for values in entries:
            is_free = values["slug"] not in taken and own.count(values["slug"]) == 1
            loading.need(is_free, values["line"], f"two {kind}s have the slug “{values['slug']}”")
    _check_references(file, loading)


def _check_references(file: AgendaFile, loading: Loading) -> None:
    own = {"case": {v["slug"] for v in file.cases}, "practice": {v["slug"] for v in file.practices}}
    wanted = [(c["kind"], c["slug"], c["line"]) for c in file.comments]
    wanted += [
        ("practice", values["adapted_from"], values["line"])
        for values in file.practices
        if "adapted_from" in values
    ]
    for kind, slug, line in wanted:
        elsewhere = cases_called([slug]) if kind == "case" else practices_called([slug])
        loading.need(slug in own[kind] or elsewhere, line, f"there is no {kind} “{slug}”")


def _check_order(file: AgendaFile, loading: Loading) -> None:
    """A reply comes after what it answers, and a quote names an earlier post."""
    for topic in [*file.topics, *file.comments]:
        moments = [topic["at"]] if "at" in topic else []
        for post in topic["posts"]:
            loading.need(
                not moments or post["at"] >= moments[-1],
                post["line"],
                "this is earlier than the post before it",
            )
            moments.append(post["at"])
            for number in map(int, QUOTED_NUMBER.findall(post["text"])):
                is_earlier = 1 <= number < len(moments)
                loading.need(
                    is_earlier, post["line"], f"#{number} is no earlier post of this topic"
                )


# People


def _organisation(values: Values, cities: Mapping[str, City]) -> members.OrganisationText:
    city = cities.get(values.get("city", ""))
    return members.OrganisationText(
        name=values["title"],
        kind=values["kind"],
        city_id=city.id if city else None,
        seats=values.get("seats"),
        website=values.get("website", ""),
        about=values["text"],
        slug=values["slug"],
    )


def _join(
    system: Person,
    values: Values,
    password_hash: str,
    organisations: Mapping[str, int],
    cities: Mapping[str, City],
) -> None:
    city = cities.get(values.get("city", ""))
    languages = tuple(values.get("languages", ["en"]))
    place = {
        "position": values.get("position", ""),
        "organisation_id": organisations.get(values.get("organisation", "")),
        "city_id": city.id if city else None,
        "language": languages[0] if len(languages) == 1 else "en",
        "languages": languages,
    }
    joining = members.Joining(
        name=values["title"],
        email=f"{values['handle']}@example.org",
        password_hash=password_hash,
        handle=values["handle"],
        **place,
    )
    member = members.join(system, joining)
    about = write(values["text"]) if values["text"] else None
    helps_with = values.get("can_help_with", "")
    members.edit_profile(
        member, members.Profile(name=member.name, helps_with=helps_with, about=about, **place)
    )
    themes = agendas.themes_named(system, values.get("helps_with", ()))
    agendas.set_member_themes(member, [theme.id for theme in themes])
    if "role" in values:
        members.appoint(system, member.handle, values["role"])


def _name_representatives(
    system: Person, file: PeopleFile, ids: Mapping[str, int], cities: Mapping[str, City]
) -> None:
    people = members_called(values.get("representative", "") for values in file.organisations)
    for values in file.organisations:
        if representative := people.get(values.get("representative", "")):
            text = _organisation(values, cities)
            named = {**vars(text), "representative_id": representative.id}
            members.write_organisation(
                system, members.OrganisationText(**named), ids[values["slug"]]
            )


# The agenda


def _agenda(curator: Member, file: AgendaFile, loading: Loading) -> Agenda:
    values = file.agenda
    if not file.is_new:
        existing = agenda_of(values["slug"])
        assert existing is not None  # noqa: S101  # the check has looked
        return existing
    text = agendas.AgendaText(
        title=values["title"],
        introduction=write(values["text"], values.get("language", "en")),
        summary=values["summary"],
        palette=values["palette"],
        pattern=values["pattern"],
        slug=values["slug"],
    )
    with at(_first_moment(file)):
        agenda = agendas.write_agenda(curator, text)
    if "hosts" in values:
        agendas.set_hosts(curator, agenda.id, values["hosts"])
        db.session.flush()
    return agenda


def _first_moment(file: AgendaFile) -> datetime:
    """An agenda is a day older than the first thing that was said or published on it."""
    moments = [topic["at"] for topic in file.topics]
    moments += [post["at"] for group in file.comments for post in group["posts"]]
    moments += [_noon(v["published_on"]) for v in file.practices if "published_on" in v]
    return min(moments, default=now()) - timedelta(days=7)


def _statement(values: Values) -> agendas.StatementText:
    return agendas.StatementText(
        name=values["title"],
        quotation=values["text"],
        role_title=values.get("position", ""),
        organisation=values.get("organisation", ""),
        said_on=values.get("said_on"),
        language=values.get("language", "en"),
        handle=values.get("member", ""),
    )


def _theme_ids(curator: Member, values: Values) -> tuple[int, ...]:
    return tuple(theme.id for theme in agendas.themes_named(curator, values.get("themes", ())))


# The dialogue


@dataclass
class Discussion:
    """A topic that is being filled: its posts so far, its language, the keys of its case's paragraphs."""

    topic: Topic
    posts: list[Post]
    language: str = "en"
    keys: Sequence[str] = ()


def _open_topic(curator: Member, values: Values, loading: Loading) -> None:
    language = values.get("language", "en")
    new = dialogue.NewTopic(
        kind=values["kind"],
        title=values["title"],
        text=written(values["text"], language),
        themes=_theme_ids(curator, values),
        audience=values.get("readers", "public"),
        for_organisation=values.get("on_behalf_of_organisation", False),
    )
    with _said_of(values), at(values["at"]):
        topic = dialogue.publish_topic(loading.member(values["by"]), loading.agenda.id, new)
    discussion = Discussion(topic_of(topic.id), [opening_of(topic.id)], language)
    _mark(values, discussion.posts[0], values["at"], loading)
    with _said_of(values):
        for handle, moment, became in sorted(values["asked"], key=lambda asked: asked[1]):
            _ask(discussion.topic, loading.member(handle), moment, became)
    _reply_all(discussion, values["posts"], loading)
    if "followed_up" in values:
        _follow_up(discussion, values)
    if values.get("pinned"):
        dialogue.pin(curator, topic.id)
    if values.get("locked"):
        dialogue.lock(curator, topic.id)


def _ask(topic: Topic, member: Member, moment: datetime, became: str) -> None:
    """Let the asker ask somebody, with the reasons of that day, and the member settle it the day after."""
    with at(moment):
        proposed = proposals(topic.author, get_topic(topic.author, topic.id), MOST_PROPOSED)
        reasons = {one.member.handle: one.reasons for one in proposed}
        advice.ask(topic.author, topic.id, [member.handle], reasons)
    with at(moment + timedelta(days=1)):
        if became == "not me":
            advice.decline(member, topic.id)
        elif became == "not now":
            advice.postpone(member, topic.id, now() + timedelta(days=7))
        elif became:
            advice.pass_on(member, topic.id, became)


def _follow_up(discussion: Discussion, values: Values) -> None:
    moment, outcome, deed, text = values["followed_up"]
    topic, story = discussion.topic, advice.Story(deed, outcome, text, discussion.language)
    with _said_of(values), at(moment):
        advice.follow_up(topic.author, topic.id, story, is_asked=False)


def _reply_all(discussion: Discussion, replies: Sequence[Values], loading: Loading) -> None:
    for values in replies:
        post = _reply(discussion, values, loading)
        discussion.posts.append(post)
        _mark(values, post, values["at"], loading)
        if values.get("answer"):
            with at(values["at"]):
                topic = discussion.topic
                dialogue.choose_answer(topic.author, topic.id, post.id)
        for handle, reason, words in values["report"]:
            with at(values["at"] + timedelta(hours=3)):
                moderation.report(loading.member(handle), "post", post.id, reason, words)


def _reply(discussion: Discussion, values: Values, loading: Loading) -> Post:
    source = _with_quotes(values["text"], discussion.posts)
    number, keys = values.get("paragraph", 0), discussion.keys
    with _said_of(values), at(values["at"]):
        return dialogue.publish_reply(
            loading.member(values["by"]),
            discussion.topic.id,
            written(source, values.get("language", discussion.language)),
            paragraph=keys[number - 1] if 0 < number <= len(keys) else None,
            for_organisation=values.get("on_behalf_of_organisation", False),
        )


def _with_quotes(text: str, posts: Sequence[Post]) -> str:
    """`> #2` becomes a link to the second post, as the button “Quote” writes it."""

    def linked(found: re.Match[str]) -> str:
        post = posts[int(found[1]) - 1]
        return f"> [{post.author.name}](/posts/{post.id})\n>"

    return QUOTED_NUMBER.sub(linked, text)


def _mark(values: Values, post: Post, since: datetime, loading: Loading) -> None:
    given = [("useful", handle) for handle in values.get("useful", ())]
    given += [("same here", handle) for handle in values.get("same_here", ())]
    with at(since + timedelta(days=1)):
        for kind, handle in given:
            dialogue.mark(loading.member(handle), post.id, kind)
        for handle, outcome, note in values["tried"]:
            member = loading.member(handle)
            dialogue.mark(member, post.id, "tried it", outcome, note, is_asked=False)


# The library


def _write_case(curator: Member, values: Values, loading: Loading) -> None:
    text = library.CaseText(
        name=values["title"],
        kind=values["kind"],
        summary=values["summary"],
        body=values["text"],
        reach=values.get("reach", ""),
        since=values.get("since"),
        status=values.get("status", "running"),
        language=values.get("language", "en"),
        checked_on=values.get("checked_on"),
        city_ids=[loading.cities[name].id for name in values.get("places", ())],
        theme_ids=_theme_ids(curator, values),
        figures=[library.FigureText(*parts) for parts in values["figure"]],
        links=[
            library.LinkText(label, address, kind or "site")
            for label, address, kind in values["link"]
        ],
        slug=values["slug"],
    )
    with _said_of(values), at(_before_comments(values, loading)):
        library.write_case(curator, loading.agenda.id, text)


def _before_comments(values: Values, loading: Loading) -> datetime:
    """A case has no time of its own: it was there a day before the first comment on it."""
    moments = [
        post["at"]
        for group in loading.comments
        if (group["kind"], group["slug"]) == ("case", values["slug"])
        for post in group["posts"]
    ]
    return min(moments, default=now()) - timedelta(days=1)


def _write_practice(curator: Member, values: Values, loading: Loading) -> None:
    author = loading.member(values["by"])
    published_at = _noon(values.get("published_on"))
    with _said_of(values), at(published_at - timedelta(days=6)):
        practice = library.write_practice(
            author, loading.agenda.id, _practice_text(curator, values, loading)
        )
        state = values.get("state", "published")
        if state != "draft":
            library.submit(author, practice.id)
        if state == "returned":
            library.send_back(curator, practice.id, values.get("returned_because", RETURNED))
    if state == "published":
        with _said_of(values), at(published_at):
            library.publish(curator, practice.id)
            if values.get("featured"):
                library.feature(curator, practice.id)
        _mark(values, opening_of(practice.topic_id or 0), published_at, loading)


def _practice_text(curator: Member, values: Values, loading: Loading) -> library.PracticeText:
    model = practices_called([values.get("adapted_from", "")]).get(values.get("adapted_from", ""))
    city = loading.cities.get(values.get("city", ""))
    return library.PracticeText(
        title=values["title"],
        sentence=values["sentence"],
        link=values.get("link", ""),
        city_id=city.id if city else None,
        evidence=values.get("evidence", ""),
        cost=values.get("cost", ""),
        started=values.get("started"),
        language=values.get("language", "en"),
        audience=values.get("readers", "public"),
        failure_audience=values.get("did_not_work_for", "public"),
        revisit_on=values.get("revisit_on"),
        theme_ids=_theme_ids(curator, values),
        sections=values["sections"],
        adapted_from_id=model.id if model else None,
        for_organisation=values.get("on_behalf_of_organisation", False),
        slug=values["slug"],
    )


def _write_reading(curator: Member, values: Values, loading: Loading) -> None:
    text = library.ReadingText(
        title=values["title"],
        authors=values["authors"],
        year=values.get("year"),
        kind=values.get("kind", "book"),
        link=values.get("link", ""),
        why=values["text"],
        language=values.get("language", "en"),
    )
    with _said_of(values):
        library.write_reading(curator, loading.agenda.id, text)


def _comment(values: Values, loading: Loading) -> None:
    case = cases_called([values["slug"]]).get(values["slug"]) if values["kind"] == "case" else None
    practice = None if case else practices_called([values["slug"]])[values["slug"]]
    topic_id = case.topic_id if case else practice.topic_id if practice else None
    if topic_id is None:
        line = values["line"]
        raise FaultyFileError(
            [Fault(line, f"“{values['slug']}” is not published, so it takes no comments")]
        )
    keys = [paragraph_key(source) for source in paragraphs(case.body)] if case else []
    discussion = Discussion(topic_of(topic_id), [opening_of(topic_id)], keys=keys)
    _reply_all(discussion, values["posts"], loading)


@contextmanager
def _said_of(values: Values) -> Iterator[None]:
    """Turn a deed's refusal into a fault at the line of what was to be loaded."""
    try:
        yield
    except Refusal as error:
        message = error.message or "this cannot be loaded"
        raise FaultyFileError([Fault(values["line"], message)]) from error


def _noon(day: Any) -> datetime:
    return datetime.combine(day, NOON) if day else now()
