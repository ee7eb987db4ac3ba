"""Loading content files with the actions of the rooms, each thing at the moment that its file says and in the order of
these moments; a whole file or nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from forum.advice import actions as advice
from forum.advice.queries import MAX_CANDIDATES as MOST_PROPOSED
from forum.advice.queries import proposals
from forum.agendas import actions as agendas
from forum.agendas.models import Agenda
from forum.agendas.queries import agendas_titled, themes, themes_by_slug
from forum.db import action, at, db, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import get_topic, render_with_mentions
from forum.errors import NotFound, Refusal
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import paragraphs, quote_label, slugify, write
from forum.members import actions as members
from forum.members.models import City, Member
from forum.moderation import actions as moderation
from forum.permissions import Person, require
from forum.transfer.models import (
    EARLIEST,
    AgendaFile,
    Fault,
    FaultyFileError,
    PeopleFile,
    Step,
    Values,
)
from forum.transfer.queries import (
    agenda_by_slug,
    author_of_topic,
    cases_by_slug,
    cities_by_label,
    members_by_handle,
    opening_post,
    organisation_ids,
    paragraph_keys,
    practices_by_slug,
)

QUOTED_NUMBER = re.compile(r"^> #([0-9]+)[ \t]*$", re.M)
ESCAPED_NUMBER = re.compile(
    r"^\\(\\*> #[0-9]+[ \t]*)$", re.M
)  # a backslash says that it names no post
NOON = time(12, 0, tzinfo=UTC)
DEFAULT_RETURN_REASON = "Please say what did not work, so that others can copy it."
UNDELIVERABLE_DOMAIN = "members.invalid"  # reserved by RFC 2606, so that no mail ever arrives there
NO_ADDRESS = "This account came from an export, which holds no addresses."
NO_ROLES = "an import gives no roles; take this line out, and use `flask members role` afterwards"
NO_ANSWER = "only a reply to a question is its answer"
OUTCOMES_WITHOUT_HANDLE = ("", "not me", "not now")
# Fields that a practice may have only when it is published.
FIELDS_OF_PUBLISHED = ("published_on", "featured", "useful", "same_here", "tried")


@dataclass
class Loading:
    """What the functions that load one file share: the members and cities it names, the faults found so far, and the
    deeds that are to be done in the order of time. `published` has the moments of its published practices by slug.
    """

    people: Mapping[str, Member]
    cities: Mapping[str, City]
    comments: Sequence[Values] = ()
    agenda: Agenda = field(default_factory=Agenda)
    is_decided: bool = False
    faults: list[Fault] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    published: dict[str, datetime] = field(default_factory=dict)

    def plan(
        self, moment: datetime, do: Callable[..., object], *values: Any, after: datetime = EARLIEST
    ) -> None:
        """Have something done with these values, dated and in its turn as `Step` says."""
        self.steps.append(Step(moment, partial(do, *values), after))

    def expect(self, is_there: object, line: int, message: str) -> None:
        """Note a fault at a line unless something is there (is true)."""
        if not is_there:
            self.faults.append(Fault(line, message))

    def member(self, handle: str) -> Member:
        """A member by handle; `_check_agenda_file` has made sure that it exists."""
        return self.people[handle]


@action
def load_people(system: Person, file: PeopleFile, password_hashes: Mapping[str, str]) -> None:
    """Create the organisations and members of a people file. Raises `FaultyFileError`; then nothing is created.

    `password_hashes` are by handle those of the members who can sign in; `""` has the one of all others.
    """
    _load_people(system, file, _check_people(file), password_hashes, "example.org")


@action
def import_people(system: Person, file: PeopleFile, password_hash: str) -> None:
    """The same for an export, which holds no e-mail addresses: members can sign in, and get mail, once one is entered.

    A member whose handle exists already, such as the first administrator, keeps that account. Roles are refused, because
    whoever has edited the files could otherwise make themselves administrator.
    """
    cities = _check_people(file, takes_roles=False)
    known = members_by_handle(values["handle"] for values in file.members)
    new = [values for values in file.members if values["handle"] not in known]
    _load_people(
        system, replace(file, members=new), cities, {"": password_hash}, UNDELIVERABLE_DOMAIN
    )
    for member in members_by_handle(values["handle"] for values in new).values():
        members.pause_mail(system, member.id, member.email, NO_ADDRESS)


def _load_people(
    system: Person,
    file: PeopleFile,
    cities: Mapping[str, City],
    password_hashes: Mapping[str, str],
    host: str,
) -> None:
    for values in file.organisations:
        members.write_organisation(system, _organisation_text(values, cities))
    ids = organisation_ids()
    for values in file.members:
        hashed = password_hashes.get(values["handle"], password_hashes[""])
        with at(_noon(values.get("joined_on"))):
            values["email"] = f"{values['handle']}@{host}"
            _join(system, values, hashed, ids, cities)
    _name_representatives(system, file, ids, cities)


@action
def import_agenda(curator: Member, file: AgendaFile, *, is_decided: bool = False) -> Agenda:
    """Load an agenda file: a new agenda, or more content for an existing one (of which the file has only the slug).

    The curator is the moderator who is responsible for it: cases and publications are recorded as that member's. Only
    with `is_decided` (the demo) is what is published, returned, featured or pinned also recorded as a decision: of a
    forum that comes from elsewhere, nobody has decided it here.

    Raises `FaultyFileError` with all faults, line by line; then nothing is loaded.
    """
    require(curator.can.curate_all())
    loading = _plan(curator, file, is_decided)
    _carry_out(loading.steps)
    return loading.agenda


@action
def load_agendas(
    curator: Member,
    files: Sequence[AgendaFile],
    others: Sequence[Step] = (),
    shown: Callable[[Sequence[Step]], AbstractContextManager[Iterable[Step]]] = nullcontext,
) -> None:
    """Load the agendas of the demo at once: what all of them tell, and the steps of `others`, in the order of time.

    What is published, returned, featured or pinned is recorded as a decision, too. `shown` may show how far it is.
    """
    require(curator.can.curate_all())
    plans = [_plan(curator, file, is_decided=True) for file in files]
    _carry_out([*(step for loading in plans for step in loading.steps), *others], shown)


def _carry_out(
    steps: Sequence[Step],
    shown: Callable[[Sequence[Step]], AbstractContextManager[Iterable[Step]]] = nullcontext,
) -> None:
    with shown(sorted(steps, key=attrgetter("turn"))) as in_order:
        for step in in_order:
            with at(step.moment):
                step.do()


def _plan(curator: Member, file: AgendaFile, is_decided: bool) -> Loading:
    """Check a file, write what has no moment in it or stands in the order of the file, and plan the rest."""
    loading = _check_agenda_file(file)
    loading.is_decided = is_decided
    loading.agenda = _write_or_find_agenda(curator, file)
    with _faults_at(file.agenda, "new_themes"):
        agendas.ensure_themes(curator, file.agenda.get("new_themes", ()))
    for values in file.statements:
        with _faults_at(values):
            agendas.write_statement(curator, loading.agenda.id, _statement_text(values))
    for values in file.cases:
        _write_case(curator, values, loading)
    for values in file.readings:
        _write_reading(curator, values, loading)
    for values in file.practices:
        _plan_practice(curator, values, loading)
    for values in sorted(file.topics, key=lambda topic: topic["at"]):
        _plan_topic(curator, values, loading)
    for values in file.comments:
        _plan_comments(values, loading)
    if file.agenda.get("archived"):
        loading.plan(now(), agendas.archive, curator, loading.agenda.id)
    return loading


# Checking before anything is written


def _check_people(file: PeopleFile, *, takes_roles: bool = True) -> Mapping[str, City]:
    everything = [*file.organisations, *file.members]
    cities = cities_by_label(values["city"] for values in everything if "city" in values)
    slugs = {values.get("slug") for values in file.organisations}
    handles = {values.get("handle") for values in file.members}
    handles |= set(
        members_by_handle(values.get("representative", "") for values in file.organisations)
    )
    loading = Loading({}, cities)
    for values in everything:
        city, organisation = values.get("city"), values.get("organisation")
        representative = values.get("representative")
        line = values.line_of("city")
        loading.expect(not city or city in cities, line, f"no city is called “{city}”")
        known, line = not organisation or organisation in slugs, values.line_of("organisation")
        loading.expect(known, line, f"no organisation has the slug “{organisation}”")
        is_there = not representative or representative in handles
        line = values.line_of("representative")
        loading.expect(is_there, line, f"no member has the handle “{representative}”")
        is_refused = "role" in values and not takes_roles
        loading.expect(not is_refused, values.line_of("role"), NO_ROLES)
    _check_unique(file.members, "handle", loading)
    _check_unique(file.organisations, "slug", loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return cities


def _check_unique(sections: Sequence[Values], name: str, loading: Loading) -> None:
    """No two sections have the same value of a field by which others refer to them."""
    first: dict[str, Values] = {}
    for values in sections:
        known = first.setdefault(values[name], values)
        message = f"{name}: “{known['title']}” above has “{values[name]}” already"
        loading.expect(known is values, values.line_of(name), message)


def _check_agenda_file(file: AgendaFile) -> Loading:
    """Look up the members and cities of a file. Raises `FaultyFileError` with all faults that show before anything is written."""
    people = members_by_handle(handle for handle, _line in _handles(file))
    cities = cities_by_label(city for city, _line in _cities(file))
    loading = Loading(people, cities, file.comments, faults=list(file.faults))
    for handle, line in _handles(file):
        loading.expect(handle in people, line, f"no member has the handle “{handle}”")
    for city, line in _cities(file):
        loading.expect(city in cities, line, f"no city is called “{city}”")
    for check in CHECKS:
        check(file, loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return loading


def _handles(file: AgendaFile) -> Iterator[tuple[str, int]]:
    """Every handle that a file names, with the line."""
    for values in _all_sections(file):
        yield from values.values_of("by", "member", "hosts", "useful", "same_here")
        for entry, line in values.entries("tried", "report", "asked"):
            yield entry[0], line
    for topic in file.topics:
        for (_handle, _moment, became), line in topic.entries("asked"):
            if became not in OUTCOMES_WITHOUT_HANDLE:
                yield became, line


def _cities(file: AgendaFile) -> Iterator[tuple[str, int]]:
    for values in [*file.cases, *file.practices]:
        yield from values.values_of("places", "city")


def _all_sections(file: AgendaFile) -> Iterator[Values]:
    yield from [file.agenda, *file.statements, *file.cases, *file.practices, *file.readings]
    yield from file.texts


def _check_agenda(file: AgendaFile, loading: Loading) -> None:
    values = file.agenda
    if (slug := values.get("slug")) is None:
        return
    existing, line = agenda_by_slug(slug), values.line_of("slug")
    if file.is_new:
        loading.expect(not existing, line, f"there is an agenda “{slug}” already")
        title = values["title"]
        is_free = not agendas_titled(title)
        loading.expect(is_free, values.line, f"there is an agenda with the title “{title}” already")
    else:
        loading.expect(existing, line, f"there is no agenda “{slug}” to add to")
        is_open = not existing or not existing.archived_at
        loading.expect(is_open, line, f"the agenda “{slug}” is archived")


def _check_themes(file: AgendaFile, loading: Loading) -> None:
    """A theme exists or is listed as new, so that a typing mistake creates none."""
    said = [word for values in _all_sections(file) for word in values.values_of("themes")]
    names = {theme.name for theme in themes()} | set(file.agenda.get("new_themes", ()))
    known = {slugify(name, "theme") for name in names}
    known |= {theme.slug for theme in themes_by_slug({slugify(name, "theme") for name, _ in said})}
    for name, line in said:
        loading.expect(slugify(name, "theme") in known, line, _no_theme(name, names))


def _no_theme(name: str, names: Collection[str]) -> str:
    nearest = get_close_matches(name, names, 1)
    meant = f" (“{nearest[0]}” is)" if nearest else ""
    return (
        f"no theme is called “{name}”{meant}; list a new one in “- new themes: …” below the title"
    )


def _check_slugs(file: AgendaFile, loading: Loading) -> None:
    for kind, entries, known in (
        ("case", file.cases, cases_by_slug),
        ("practice", file.practices, practices_by_slug),
    ):
        own = [slug for values in entries for slug in values.values_of("slug")]
        taken = set(known(slug for slug, _line in own))
        for slug, line in own:
            loading.expect(slug not in taken, line, f"two {kind}s have the slug “{slug}”")
            taken.add(slug)


def _check_practices(file: AgendaFile, loading: Loading) -> None:
    """A practice is adapted from an earlier one, and has only the fields that go with its state."""
    above: set[str] = set()
    for values in file.practices:
        for slug, line in values.values_of("adapted_from"):
            is_there = slug in above or practices_by_slug([slug])
            loading.expect(
                is_there, line, f"there is no practice “{slug}”, neither above nor before"
            )
        above.update(slug for slug, _line in values.values_of("slug"))
        state = values.get("state", "published")
        for name in FIELDS_OF_PUBLISHED if state != "published" else ():
            for line in values.lines.get(name, ()):
                loading.expect(False, line, f"this is for what is published, not for {state}")
        reason = values.line_of("returned_because")
        is_apt = state == "returned" or "returned_because" not in values
        loading.expect(is_apt, reason, "this is for what is returned")
        _check_people_named(values, loading)


def _check_comments(file: AgendaFile, loading: Loading) -> None:
    """A comment is on a case or a published practice, and on an existing paragraph if it names one."""
    for group in file.comments:
        for post in group["posts"]:
            loading.expect("answer" not in post, post.line_of("answer"), NO_ANSWER)
        if kind := group["kind"]:
            found = _comments_target(file, kind, group["slug"])
            loading.expect(found, group.line, f"there is no {kind} “{group['slug']}”")
            if found:
                _check_commented(group, *found, loading)


def _comments_target(file: AgendaFile, kind: str, slug: str) -> tuple[bool, int] | None:
    """Whether a case or practice takes comments, and its number of paragraphs; None when it does not exist."""
    for values in file.cases if kind == "case" else file.practices:
        if values.get("slug") == slug:
            return values.get("state", "published") == "published", _paragraph_count(values["text"])
    if kind == "case":
        case = cases_by_slug([slug]).get(slug)
        return (True, _paragraph_count(case.body)) if case else None
    practice = practices_by_slug([slug]).get(slug)
    return (practice.topic_id is not None, 0) if practice else None


def _paragraph_count(text: str) -> int:
    return len(paragraphs(text)) if text else 0


def _check_commented(group: Values, is_shown: bool, number: int, loading: Loading) -> None:
    message = f"“{group['slug']}” is not published, so it takes no comments"
    loading.expect(is_shown, group.line, message)
    for post in group["posts"]:
        _check_paragraph(post, number, loading)


def _check_paragraph(post: Values, number: int, loading: Loading) -> None:
    """A comment names one of `number` paragraphs, or none."""
    there = f"the last paragraph is number {number}" if number else "only cases have paragraphs"
    is_there = "paragraph" not in post or 1 <= post["paragraph"] <= number
    loading.expect(is_there, post.line_of("paragraph"), there)


def _check_topics(file: AgendaFile, loading: Loading) -> None:
    """Only questions have an answer, ask for advice and are followed up, and only after they were asked."""
    for topic in file.topics:
        is_question = topic.get("kind", "question") == "question"
        answers = [post.line_of("answer") for post in topic["posts"] if post.get("answer")]
        for line in answers:
            loading.expect(is_question, line, NO_ANSWER)
        for line in answers[1:]:
            loading.expect(False, line, "a question has one answer")
        for post in topic["posts"]:
            _check_paragraph(post, 0, loading)
        for (handle, moment, _became), line in topic.entries("asked"):
            loading.expect(is_question, line, "only a question asks members for advice")
            loading.expect(handle != topic.get("by"), line, f"{handle} asks this question")
            _check_later(topic, moment, line, loading)
        if "followed_up" in topic:
            line = topic.line_of("followed_up")
            is_answered = is_question and topic["posts"]
            loading.expect(is_answered, line, "only a question that has a reply is followed up")
            _check_later(topic, topic["followed_up"][0], line, loading)


def _check_later(topic: Values, moment: datetime, line: int, loading: Loading) -> None:
    is_later = "at" not in topic or moment >= topic["at"]
    loading.expect(is_later, line, "this is earlier than the topic")


def _check_order(file: AgendaFile, loading: Loading) -> None:
    """Posts are in the order of time, and quote earlier ones; a case or practice counts as the first post."""
    for topic in [*file.topics, *file.comments]:
        latest = topic.get("at")
        for number, post in enumerate(topic["posts"], 2):
            moment = post.get("at")
            is_later = not (latest and moment) or moment >= latest or post.get("moved")
            loading.expect(is_later, post.line, "this is earlier than the post before it")
            latest = max(filter(None, (moment, latest)), default=None)
            _check_quotes(post, number, loading)


def _check_quotes(post: Values, number: int, loading: Loading) -> None:
    text = post["text"]
    for found in QUOTED_NUMBER.finditer(text):
        line = post.line_of("text") + text.count("\n", 0, found.start())
        is_earlier = 1 <= int(found[1]) < number
        loading.expect(is_earlier, line, f"#{found[1]} is no earlier post of this topic")


def _check_posts(file: AgendaFile, loading: Loading) -> None:
    for values in file.texts:
        _check_people_named(values, loading)
        reporters = [(entry[0], line) for entry, line in values.entries("report")]
        for number, (handle, line) in enumerate(reporters):
            is_first = handle not in {other for other, _line in reporters[:number]}
            loading.expect(is_first, line, f"{handle} has reported this already")


def _check_people_named(values: Values, loading: Loading) -> None:
    """Nobody marks or reports their own text, or writes for an organisation without belonging to one."""
    author = values.get("by")
    others = [*values.values_of("useful", "same_here")]
    others += [(entry[0], line) for entry, line in values.entries("tried", "report")]
    for handle, line in others:
        loading.expect(handle != author, line, f"{handle} wrote this, so it is for others to do")
    person, name = loading.people.get(author or ""), "on_behalf_of_organisation"
    is_of_one = not values.get(name) or not person or person.organisation_id
    loading.expect(is_of_one, values.line_of(name), f"{author} belongs to no organisation")


CHECKS = (
    _check_agenda,
    _check_themes,
    _check_slugs,
    _check_practices,
    _check_comments,
    _check_topics,
    _check_order,
    _check_posts,
)


# People


def _organisation_text(values: Values, cities: Mapping[str, City]) -> members.OrganisationText:
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
        email=values["email"],
        password_hash=password_hash,
        handle=values["handle"],
        is_official=True,  # these names were checked where they come from
        **place,
    )
    member = members.join(system, joining)
    about = write(values["text"]) if values["text"] else None
    helps_with = values.get("can_help_with", "")
    members.edit_profile(
        member, members.Profile(name=member.name, helps_with=helps_with, about=about, **place)
    )
    themes = agendas.ensure_themes(system, values.get("helps_with", ()))
    agendas.set_member_themes(member, [theme.id for theme in themes])
    if "role" in values:
        members.appoint(system, member.handle, values["role"])


def _name_representatives(
    system: Person, file: PeopleFile, ids: Mapping[str, int], cities: Mapping[str, City]
) -> None:
    people = members_by_handle(values.get("representative", "") for values in file.organisations)
    for values in file.organisations:
        if representative := people.get(values.get("representative", "")):
            text = _organisation_text(values, cities)
            named = {**vars(text), "representative_id": representative.id}
            members.write_organisation(
                system, members.OrganisationText(**named), ids[values["slug"]]
            )


# The agenda


def _write_or_find_agenda(curator: Member, file: AgendaFile) -> Agenda:
    values = file.agenda
    if existing := None if file.is_new else agenda_by_slug(values["slug"]):
        return existing
    text = agendas.AgendaText(
        title=values["title"],
        introduction=write(values["text"], values.get("language", "en")),
        summary=values["summary"],
        palette=values["palette"],
        pattern=values["pattern"],
        slug=values["slug"],
    )
    with _faults_at(values), at(_agenda_written_at(file)):
        agenda = agendas.write_agenda(curator, text)
    if "hosts" in values:
        with _faults_at(values, "hosts"):
            agendas.set_hosts(curator, agenda.id, values["hosts"])
        db.session.flush()
    return agenda


def _agenda_written_at(file: AgendaFile) -> datetime:
    """A week before the first topic, comment or publication."""
    moments = [topic["at"] for topic in file.topics]
    moments += [post["at"] for group in file.comments for post in group["posts"]]
    moments += [_noon(v["published_on"]) for v in file.practices if "published_on" in v]
    return min(moments, default=now()) - timedelta(days=7)


def _statement_text(values: Values) -> agendas.StatementText:
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
    return tuple(theme.id for theme in agendas.ensure_themes(curator, values.get("themes", ())))


# The dialogue


class LoadedPost(NamedTuple):
    """What is kept of a post: its id, and the name of its author.

    Not the post itself: each deed that changes posts would look at all of those in memory.
    """

    id: int
    author: str


class Discussion:
    """A topic that is being loaded: its author, its posts so far, its language, the keys of its case's paragraphs."""

    def __init__(self, language: str = "en") -> None:
        self.topic_id = 0  # until it is opened, or found
        self.author = Member()
        self.posts: list[LoadedPost] = []
        self.language = language
        self.keys: Sequence[str] = ()

    def begin(self, topic_id: int, keys: Sequence[str] = ()) -> None:
        """Go on with this topic, which has its opening post."""
        opening = opening_post(topic_id)
        self.topic_id, self.author = topic_id, author_of_topic(topic_id)
        self.posts, self.keys = [LoadedPost(opening.id, opening.author.name)], keys


def _plan_topic(curator: Member, values: Values, loading: Loading) -> None:
    opened_at, discussion = values["at"], Discussion(values.get("language", "en"))
    loading.plan(opened_at, _open_topic, curator, values, discussion, loading)
    _plan_marks(values, 1, opened_at, discussion, loading)
    _plan_reports(values, 1, opened_at, discussion, loading)
    for which, (_handle, moment, _became) in enumerate(values["asked"]):
        loading.plan(moment, _ask, values, which, discussion, loading)
        loading.plan(_after(moment, days=1), _respond, values, which, discussion, loading)
    latest = _plan_replies(values["posts"], opened_at, discussion, loading)
    if "followed_up" in values:
        moment = values["followed_up"][0]
        loading.plan(moment, _follow_up, discussion, values, after=latest)
    if values.get("pinned"):
        loading.plan(_after(opened_at, hours=1), _pin, curator, discussion, loading)
    if values.get("locked"):
        loading.plan(now(), _lock, curator, discussion, values.get("locked_because", ""))


def _open_topic(curator: Member, values: Values, discussion: Discussion, loading: Loading) -> None:
    new = dialogue.NewTopic(
        kind=values["kind"],
        title=values["title"],
        text=render_with_mentions(values["text"], discussion.language),
        themes=_theme_ids(curator, values),
        audience=values.get("readers", "public"),
        for_organisation=values.get("on_behalf_of_organisation", False),
    )
    with _faults_at(values):
        topic = dialogue.publish_topic(loading.member(values["by"]), loading.agenda.id, new)
    discussion.begin(topic.id)


def _pin(curator: Member, discussion: Discussion, loading: Loading) -> None:
    pin = moderation.pin if loading.is_decided else dialogue.pin
    pin(curator, discussion.topic_id)


def _lock(curator: Member, discussion: Discussion, reason: str) -> None:
    dialogue.lock(curator, discussion.topic_id, reason)


def _ask(values: Values, which: int, discussion: Discussion, loading: Loading) -> None:
    """Let the author of a question ask a member for advice.

    The reasons are those for which the forum would have proposed the member at that moment.
    """
    asker, topic_id = discussion.author, discussion.topic_id
    handle = values["asked"][which][0]
    with _faults_at(values, "asked", which):
        proposed = proposals(asker, get_topic(asker, topic_id), MOST_PROPOSED)
        reasons = {one.member.handle: one.reasons for one in proposed}
        advice.ask(asker, topic_id, [handle], reasons)


def _respond(values: Values, which: int, discussion: Discussion, loading: Loading) -> None:
    """Let a member who was asked for advice respond, if the file says what became of it."""
    handle, _moment, became = values["asked"][which]
    member, topic_id = loading.member(handle), discussion.topic_id
    with _faults_at(values, "asked", which):
        if became == "not me":
            advice.decline(member, topic_id)
        elif became == "not now":
            advice.postpone(member, topic_id, now() + timedelta(days=7))
        elif became:
            advice.pass_on(member, topic_id, became)


def _follow_up(discussion: Discussion, values: Values) -> None:
    _moment, outcome, deed, text = values["followed_up"]
    story = advice.FollowUpText(deed, outcome, text, discussion.language)
    with _faults_at(values, "followed_up"):
        advice.follow_up(discussion.author, discussion.topic_id, story, is_screened=False)


def _plan_replies(
    replies: Sequence[Values], since: datetime, discussion: Discussion, loading: Loading
) -> datetime:
    """Plan the replies of a discussion, none before the one above it; returns the turn of the last."""
    for number, values in enumerate(replies, 2):
        since = max(since, values["at"])
        loading.plan(values["at"], _reply, values, discussion, loading, after=since)
        _plan_marks(values, number, since, discussion, loading)
        _plan_reports(values, number, since, discussion, loading)
    return since


def _reply(values: Values, discussion: Discussion, loading: Loading) -> None:
    source = _link_quotes(values["text"], discussion.posts)
    number, keys = values.get("paragraph", 0), discussion.keys
    author = loading.member(values["by"])
    with _faults_at(values):
        post = dialogue.publish_reply(
            author,
            discussion.topic_id,
            render_with_mentions(source, values.get("language", discussion.language)),
            paragraph=keys[number - 1] if 0 < number <= len(keys) else None,
            for_organisation=values.get("on_behalf_of_organisation", False),
        )
    discussion.posts.append(LoadedPost(post.id, author.name))
    if values.get("answer"):
        with _faults_at(values, "answer"):
            dialogue.choose_answer(discussion.author, discussion.topic_id, post.id)


def _plan_reports(
    values: Values, number: int, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    for which in range(len(values["report"])):
        moment = _after(values["at"], hours=3)
        loading.plan(moment, _report, values, which, number, discussion, loading, after=since)


def _report(
    values: Values, which: int, number: int, discussion: Discussion, loading: Loading
) -> None:
    handle, reason, words = values["report"][which]
    post = discussion.posts[number - 1]
    with _faults_at(values, "report", which):
        moderation.report(loading.member(handle), "post", post.id, reason, words)


def _link_quotes(text: str, posts: Sequence[LoadedPost]) -> str:
    """Replace `> #2` by a link to the second post, as the button “Quote” writes it, and `\\> #2` by `> #2`."""

    def linked(found: re.Match[str]) -> str:
        post = posts[int(found[1]) - 1]
        return f"> [{quote_label(post.author)}](/posts/{post.id})\n>"

    return ESCAPED_NUMBER.sub(r"\1", QUOTED_NUMBER.sub(linked, text))


def _plan_marks(
    values: Values, number: int, since: datetime, discussion: Discussion, loading: Loading
) -> None:
    if any(values.get(name) for name in ("useful", "same_here", "tried")):
        moment = _after(values.get("at", since), days=1)
        loading.plan(moment, _mark, values, number, discussion, loading, after=since)


def _mark(values: Values, number: int, discussion: Discussion, loading: Loading) -> None:
    post = discussion.posts[number - 1]
    for name, kind in (("useful", "useful"), ("same_here", "same here")):
        with _faults_at(values, name):
            for handle in values.get(name, ()):
                dialogue.mark(loading.member(handle), post.id, kind)
    for which, (handle, outcome, note) in enumerate(values["tried"]):
        member = loading.member(handle)
        with _faults_at(values, "tried", which):
            dialogue.mark(member, post.id, "tried it", outcome, note, is_screened=False)


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
        links=[library.LinkText(*parts) for parts in values["link"]],
        slug=values["slug"],
    )
    with _faults_at(values), at(_case_written_at(values, loading)):
        library.write_case(curator, loading.agenda.id, text)


def _case_written_at(values: Values, loading: Loading) -> datetime:
    """A day before the first comment; a file gives no date for a case itself."""
    moments = [
        post["at"]
        for group in loading.comments
        if (group["kind"], group["slug"]) == ("case", values["slug"])
        for post in group["posts"]
    ]
    return min(moments, default=now()) - timedelta(days=1)


def _plan_practice(curator: Member, values: Values, loading: Loading) -> None:
    """Plan the writing of a practice, not before the one that it is adapted from is published, and its publication."""
    published_at = _noon(values.get("published_on"))
    model_at = loading.published.get(values.get("adapted_from", ""), EARLIEST)
    written_at = published_at - timedelta(days=6)
    loading.plan(written_at, _write_practice, curator, values, loading, after=model_at)
    if values.get("state", "published") == "published":
        discussion, since = Discussion(), max(published_at, model_at)
        loading.published[values["slug"]] = since
        loading.plan(published_at, _publish, curator, values, discussion, loading, after=since)
        _plan_marks(values, 1, since, discussion, loading)


def _write_practice(curator: Member, values: Values, loading: Loading) -> None:
    author, state = loading.member(values["by"]), values.get("state", "published")
    with _faults_at(values):
        text = _practice_text(curator, values, loading)
        practice = library.write_practice(author, loading.agenda.id, text)
        if state != "draft":
            library.submit(author, practice.id)
        if state == "returned":
            _send_back(
                curator, practice, values.get("returned_because", DEFAULT_RETURN_REASON), loading
            )


def _publish(curator: Member, values: Values, discussion: Discussion, loading: Loading) -> None:
    room = moderation if loading.is_decided else library
    practice = practices_by_slug([values["slug"]])[values["slug"]]
    with _faults_at(values):
        room.publish(curator, practice.id)
        if values.get("featured"):
            room.feature(curator, practice.id)
    discussion.begin(practice.topic_id or 0)


def _send_back(curator: Member, practice: Practice, reason: str, loading: Loading) -> None:
    if loading.is_decided:
        moderation.send_back(curator, practice.id, moderation.Reasons(reason))
    else:
        library.send_back(curator, practice.id, reason)


def _practice_text(curator: Member, values: Values, loading: Loading) -> library.PracticeText:
    model = practices_by_slug([values.get("adapted_from", "")]).get(values.get("adapted_from", ""))
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
    with _faults_at(values):
        library.write_reading(curator, loading.agenda.id, text)


def _plan_comments(values: Values, loading: Loading) -> None:
    """Plan the comments on a case or practice, none before it is published."""
    discussion, slug = Discussion(), values["slug"]
    moments = [post["at"] for post in values["posts"]]
    since = max(loading.published.get(slug, EARLIEST), min(moments, default=EARLIEST))
    loading.plan(since, _find_discussion, values, discussion)
    _plan_replies(values["posts"], since, discussion, loading)


def _find_discussion(values: Values, discussion: Discussion) -> None:
    case = cases_by_slug([values["slug"]]).get(values["slug"]) if values["kind"] == "case" else None
    practice = None if case else practices_by_slug([values["slug"]])[values["slug"]]
    topic_id = case.topic_id if case else practice.topic_id if practice else None
    if topic_id is None:
        raise NotFound()  # never of a file that `_check_comments` has let pass
    discussion.begin(topic_id, paragraph_keys(case.id) if case else [])


@contextmanager
def _faults_at(values: Values, name: str = "", number: int = 0) -> Iterator[None]:
    """Turn the refusal of an action into a fault at the line of a section, or of its field `name`."""
    try:
        yield
    except Refusal as error:
        message = error.message or "this cannot be loaded"
        raise FaultyFileError([Fault(values.line_of(name, number), message)]) from error


def _noon(day: Any) -> datetime:
    return min(datetime.combine(day, NOON), now()) if day else now()


def _after(moment: datetime, **time: int) -> datetime:
    """A moment later by `time` (as `timedelta` takes it), but not in the future."""
    return min(moment + timedelta(**time), now())
