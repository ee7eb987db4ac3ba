"""Checking an agenda file: all faults that can be found before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

from forum.agendas.queries import agendas_titled, themes, themes_by_slug
from forum.clock import now
from forum.commitments.actions import MAX_MILESTONES
from forum.declarations.models import digest_of
from forum.dialogue.models import PollText
from forum.illustrations import is_file, names_in
from forum.library.models import PUBLISHED, RETURNED
from forum.library.queries import FIGURE_PARTS
from forum.markdown import paragraphs
from forum.members.queries import all_members, members_by_any_handle
from forum.plaintext import fold, slugify
from forum.transfer.actions._loading import Loading
from forum.transfer.actions._quotes import QUOTED_NUMBER
from forum.transfer.models import AgendaFile, Fault, FaultyFileError, Originals, Values
from forum.transfer.queries import (
    agenda_by_slug,
    cases_by_slug,
    cities_by_label,
    declarations_titled,
    figures_of_case,
    organisations_by_slug,
    practices_by_slug,
    slugs_of,
)

# Fields with handles
NAMING = ("by", "corrected_by", "member", "hosts", "peers", "useful", "same_here")
HANDLE = 5  # the position of the handle in a signature
LABEL, UNIT = map(FIGURE_PARTS.index, ("label", "unit"))
MAX_LISTED = 5
COURSE = ("opened_on", "frozen_on", "adopted_on", "withdrawn_on")
NO_CITY = "no city is called “{}”; write its name and the code of its country, such as “Surat, IN”"
ONLY_NEW = "; what the forum has is edited on its page"
TO_ADD = "; to add to it, give only its title and its slug, and the sections that are new"
NO_ANSWER = "only a reply to a question is its answer"
OUTCOMES_WITHOUT_HANDLE = ("", "not me", "not now")
# Fields that only a published practice may have.
FIELDS_OF_PUBLISHED = (
    *("published_on", "featured", "confirmed_on"),
    *("useful", "same_here", "tried", "wants"),
)


def check_agenda_file(file: AgendaFile, elsewhere: Originals) -> Loading:
    """Look up the members and cities of a file. Raises `FaultyFileError` with all faults found before anything is written."""
    people = members_by_any_handle(handle for handle, _line in _handles(file))
    cities = cities_by_label(city for city, _line in _cities(file))
    pictures = {values["title"] for values in file.pictures}
    faults = list(file.faults)
    loading = Loading(
        people, cities, file.comments, faults=faults, pictures=pictures, elsewhere=elsewhere
    )
    nobody = _nobody_called({handle for handle, _line in _handles(file)} - people.keys())
    for handle, line in _handles(file):
        loading.expect(handle in people, line, nobody.get(handle, ""))
    for city, line in _cities(file):
        loading.expect(city in cities, line, NO_CITY.format(city))
    for check in CHECKS:
        check(file, loading)
    if loading.faults:
        raise FaultyFileError(loading.faults)
    return loading


def _nobody_called(handles: Collection[str]) -> dict[str, str]:
    """What to say of each handle that nobody has: that of the member with this name, or with the nearest handle, is named."""
    if not handles:
        return {}
    names = {member.handle: fold(member.name) for member in all_members()}
    return {
        written: f"no member has the handle “{written}”{_meant(_nearest(written, names), 'is one')}"
        for written in handles
    }


def _nearest(written: str, names: Mapping[str, str]) -> list[str]:
    called = [handle for handle, name in names.items() if name == fold(written)]
    longer = [handle for handle in names if handle.startswith(f"{written}-")]
    return called or longer or get_close_matches(written, names, 1)


def _meant(nearest: Sequence[str], says: str = "is") -> str:
    return f" (“{nearest[0]}” {says})" if nearest else ""


def _handles(file: AgendaFile) -> Iterator[tuple[str, int]]:
    """Every handle in a file, with its line."""
    for values in _all_sections(file):
        yield from values.values_of(*NAMING)
        for entry, line in values.entries("tried", "wants", "report", "asked"):
            yield entry[0], line
    for values in file.declarations:
        for entry, line in values.entries("signature"):
            if handle := entry[HANDLE]:
                yield handle, line
    for values in file.texts:
        for (_words, handles), line in values.entries("poll_option"):
            for handle in handles:
                yield handle, line
    for topic in file.topics:
        for (_handle, _moment, became), line in topic.entries("asked"):
            if became not in OUTCOMES_WITHOUT_HANDLE:
                yield became, line


def _cities(file: AgendaFile) -> Iterator[tuple[str, int]]:
    for values in [*file.cases, *file.practices, *file.meetings]:
        yield from values.values_of("places", "city")


def _all_sections(file: AgendaFile) -> Iterator[Values]:
    yield from [file.agenda, *file.statements, *file.cases, *file.practices, *file.readings]
    yield from file.declarations
    yield from file.commitments
    yield from file.translations
    yield from file.meetings
    yield from file.texts
    yield from file.pictures


def _check_agenda(file: AgendaFile, loading: Loading) -> None:
    values = file.agenda
    if (slug := values.get("slug")) is None:
        return
    existing, line = agenda_by_slug(slug), values.line_of("slug")
    if file.is_new:
        loading.expect(not existing, line, f"there is an agenda “{slug}” already{TO_ADD}")
        title = values["title"]
        is_free = not agendas_titled(title)
        loading.expect(is_free, values.line, f"there is an agenda with the title “{title}” already")
    else:
        loading.expect(existing, line, f"there is no agenda “{slug}” to add to")
        is_open = not existing or not existing.archived_at
        loading.expect(is_open, line, f"the agenda “{slug}” is archived")


def _check_themes(file: AgendaFile, loading: Loading) -> None:
    """A theme must exist or be listed as new, so that a typing mistake creates none."""
    said = [word for values in _all_sections(file) for word in values.values_of("themes")]
    names = {theme.name for theme in themes()} | set(file.agenda.get("new_themes", ()))
    known = {slugify(name, "theme") for name in names}
    known |= {theme.slug for theme in themes_by_slug({slugify(name, "theme") for name, _ in said})}
    for name, line in said:
        loading.expect(slugify(name, "theme") in known, line, _no_theme(name, names))


def _no_theme(name: str, names: Collection[str]) -> str:
    meant = _meant(get_close_matches(name, names, 1))
    return (
        f"no theme is called “{name}”{meant}; list a new one in “- new themes: …” below the title"
    )


def _check_slugs(file: AgendaFile, loading: Loading) -> None:
    for kind, entries, known in (
        ("case", file.cases, cases_by_slug),
        ("practice", file.practices, practices_by_slug),
    ):
        own = [slug for values in entries for slug in values.values_of("slug")]
        there, above = set(known(slug for slug, _line in own)), set[str]()
        for slug, line in own:
            loading.expect(slug not in there, line, f"there is a {kind} “{slug}” already{ONLY_NEW}")
            loading.expect(slug not in above, line, f"two {kind}s have the slug “{slug}”")
            above.add(slug)


def _check_practices(file: AgendaFile, loading: Loading) -> None:
    """A practice must be adapted from an earlier one, and have only the fields that its state allows."""
    above: set[str] = set()
    for values in file.practices:
        for slug, line in values.values_of("adapted_from"):
            is_there = slug in above or practices_by_slug([slug])
            loading.expect(
                is_there, line, f"there is no practice “{slug}”, neither above nor before"
            )
        above.update(slug for slug, _line in values.values_of("slug"))
        state = values.get("state", PUBLISHED)
        for name in FIELDS_OF_PUBLISHED if state != PUBLISHED else ():
            for line in values.lines.get(name, ()):
                loading.expect(False, line, f"this is for what is published, not for {state}")
        published_on = values.get("published_on") or now().date()
        is_later = values.get("confirmed_on", published_on) >= published_on or state != PUBLISHED
        when = f"nobody can confirm it before it is published, which is on {published_on}"
        loading.expect(is_later, values.line_of("confirmed_on"), when)
        reason = values.line_of("returned_because")
        is_apt = state == RETURNED or "returned_because" not in values
        loading.expect(is_apt, reason, "this is for what is returned")
        _check_people_named(values, loading)


def _check_comments(file: AgendaFile, loading: Loading) -> None:
    """A comment must be on a case or a published practice, and on an existing paragraph if it names one."""
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
    for values in _entries(file, kind):
        if values.get("slug") == slug:
            return values.get("state", PUBLISHED) == PUBLISHED, _paragraph_count(values["text"])
    if kind == "case":
        case = cases_by_slug([slug]).get(slug)
        return (True, _paragraph_count(case.body)) if case else None
    practice = practices_by_slug([slug]).get(slug)
    return (practice.topic_id is not None, 0) if practice else None


def _check_translations(file: AgendaFile, loading: Loading) -> None:
    """A translation must be of a case or published practice: otherwise a whole text would be left out without a word."""
    for values in file.translations:
        for path, line in values.values_of("of"):
            if _check_original(file, path, line, "translates", loading):
                _check_figures(file, path, values, loading)


def _check_original(file: AgendaFile, path: str, line: int, deed: str, loading: Loading) -> bool:
    """Whether a case or practice is in the file or the forum, and published; else a fault says which one is nearly called so."""
    kind, slug = _kind_and_slug(path)
    found = _comments_target(file, kind, slug)
    if found is None:
        pages = loading.elsewhere.with_those_of(file).pages
        in_files = [other for of, other in map(_kind_and_slug, pages) if of == kind]
        meant = _meant(get_close_matches(slug, [*in_files, *slugs_of(kind)], 1), "is one")
        loading.expect(None, line, f"there is no {kind} “{slug}”{meant}")
        return False
    loading.expect(found[0], line, f"“{slug}” is not published, so nobody {deed} it")
    return True


def _kind_and_slug(path: str) -> tuple[str, str]:
    kind, _, slug = path.strip("/").partition("s/")
    return kind, slug


def _entries(file: AgendaFile, kind: str) -> list[Values]:
    return file.cases if kind == "case" else file.practices


def _check_figures(file: AgendaFile, path: str, translation: Values, loading: Loading) -> None:
    """A translation must name figures that its case has, by label and unit: otherwise their names would be left out."""
    kind, slug = _kind_and_slug(path)
    known = _figures_of(file, slug) if kind == "case" else []
    for (label, unit, *_names), line in translation.entries("figure"):
        is_one = (label, unit) in known
        loading.expect(is_one, line, _no_figure((label, unit), kind, slug, known))


def _figures_of(file: AgendaFile, slug: str) -> Sequence[tuple[str, str]]:
    """Label and unit of each figure of a case, in the file or in the forum."""
    for values in file.cases:
        if values.get("slug") == slug:
            return [(row[LABEL], row[UNIT]) for row in values.get("figure", ())]
    return figures_of_case(slug)


def _no_figure(
    figure: tuple[str, str], kind: str, slug: str, known: Sequence[tuple[str, str]]
) -> str:
    if kind != "case":
        return "only cases have figures"
    written, *names = (" | ".join(filter(None, said)) for said in (figure, *known))
    nearest = get_close_matches(written, names, 1)
    meant = _meant(nearest, "is one") or f"; it has {_listed(names)}"
    return f"“{slug}” has no figure “{written}”{meant}"


def _listed(names: Sequence[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names[:MAX_LISTED]) or "none"
    return named + (f" and {len(names) - MAX_LISTED} more" if names[MAX_LISTED:] else "")


def _paragraph_count(text: str) -> int:
    return len(paragraphs(text)) if text else 0


def _check_commented(group: Values, is_shown: bool, number: int, loading: Loading) -> None:
    message = f"“{group['slug']}” is not published, so it takes no comments"
    loading.expect(is_shown, group.line, message)
    for post in group["posts"]:
        _check_paragraph(post, number, loading)


def _check_paragraph(post: Values, number: int, loading: Loading) -> None:
    """A comment must name one of `number` paragraphs, or none."""
    there = f"the last paragraph is number {number}" if number else "only cases have paragraphs"
    is_there = "paragraph" not in post or 1 <= post["paragraph"] <= number
    loading.expect(is_there, post.line_of("paragraph"), there)


def _check_topics(file: AgendaFile, loading: Loading) -> None:
    """Only questions may have an answer, ask for advice and be followed up, and only after they were asked."""
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
        if "all_members_told" in topic:
            line = topic.line_of("all_members_told")
            _check_later(topic, topic["all_members_told"], line, loading)


def _check_later(topic: Values, moment: datetime, line: int, loading: Loading) -> None:
    is_later = "at" not in topic or moment >= topic["at"]
    loading.expect(is_later, line, "this is earlier than the topic")


def _check_order(file: AgendaFile, loading: Loading) -> None:
    """Posts must be in chronological order, and quote earlier ones; a case or practice counts as the first post."""
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


def _check_pictures(file: AgendaFile, loading: Loading) -> None:
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


def _check_posts(file: AgendaFile, loading: Loading) -> None:
    for values in file.texts:
        _check_people_named(values, loading)
        reporters = [(entry[0], line) for entry, line in values.entries("report")]
        for number, (handle, line) in enumerate(reporters):
            is_first = handle not in {other for other, _line in reporters[:number]}
            loading.expect(is_first, line, f"{handle} has reported this already")


def _check_polls(file: AgendaFile, loading: Loading) -> None:
    """A poll must have a question and options, and end after it has begun."""
    for values in file.texts:
        words = [words for words, _handles in values.get("poll_option", ())]
        fields = ("poll_option", "poll_several", "poll_until", "poll_closed")
        if question := values.get("poll"):
            faults = PollText(question, words).tidied.faults.values()
            loading.faults += [Fault(values.line_of("poll"), why) for why in faults]
        elif stray := next((name for name in fields if values.get(name)), None):
            loading.expect(None, values.line_of(stray), "write the question in “- poll: …”, too")
        for name in ("poll_until", "poll_closed"):
            is_later = not {name, "at"} <= values.keys() or values[name] >= values["at"]
            loading.expect(is_later, values.line_of(name), "this is before the poll has begun")


def _check_people_named(values: Values, loading: Loading) -> None:
    """Nobody may mark or report their own text, or write for an organisation without belonging to one."""
    author = values.get("by")
    others = [*values.values_of("useful", "same_here")]
    others += [(entry[0], line) for entry, line in values.entries("tried", "wants", "report")]
    for handle, line in others:
        loading.expect(handle != author, line, f"{handle} wrote this, so it is for others to do")
    person, name = loading.people.get(author or ""), "on_behalf_of_organisation"
    is_of_one = not values.get(name) or not person or person.organisation_id
    loading.expect(is_of_one, values.line_of(name), f"{author} belongs to no organisation")
    is_named = not values.get(name) or not person or not is_of_one or person.is_voice_now
    named = f"the organisation of {author} has named others who write for it"
    loading.expect(is_named, values.line_of(name), named)


def _check_declarations(file: AgendaFile, loading: Loading) -> None:
    """The times of each must be in order, its text be the signed one, and each organisation have signed it only once."""
    slugs = {
        entry[0]
        for declaration in file.declarations
        for entry, _line in declaration.entries("signature")
    }
    slugs |= {
        commitment["organisation"]
        for commitment in file.commitments
        if "organisation" in commitment
    }
    loading.organisations = {
        organisation.slug: organisation for organisation in organisations_by_slug(slugs)
    }
    for values in file.declarations:
        _check_course(values, loading)
        signed = set()
        for entry, line in values.entries("signature"):
            loading.expect(
                entry[0] in loading.organisations, line, f"no organisation is called “{entry[0]}”"
            )
            loading.expect(entry[0] not in signed, line, f"“{entry[0]}” has signed it already")
            signed.add(entry[0])


def _check_origins(file: AgendaFile, loading: Loading) -> None:
    """What a commitment copies and follows from must be in the forum or in a file: otherwise it would be left out without a word."""
    known = loading.elsewhere.with_those_of(file)
    for values in file.commitments:
        for path, line in values.values_of("copies"):
            if path not in known.pages:
                _check_original(file, path, line, "copies", loading)
        for title, line in values.values_of("declaration"):
            is_there = title in known.declarations or title in declarations_titled([title])
            loading.expect(is_there, line, "" if is_there else _no_declaration(title, known))


def _no_declaration(title: str, known: Originals) -> str:
    titles = {*known.declarations, *declarations_titled()}
    meant = _meant(get_close_matches(title, titles, 1), "is one")
    return f"no declaration has the title “{title}”{meant}"


def _check_course(values: Values, loading: Loading) -> None:
    frozen, text = values.get("frozen_on"), values.get("text", "")
    for name in ("adopted_on", "sign_until", "digest", "signature"):
        is_right = frozen or not values.get(name)
        loading.expect(is_right, values.line_of(name), "only a frozen text has this")
    loading.expect(
        not frozen or values.get("sign_until"), values.line, "say “sign until” of a frozen text"
    )
    is_same = not values.get("digest") or values["digest"] == digest_of(text)
    loading.expect(is_same, values.line_of("digest"), "this is not the SHA-256 of the text")
    days = [values[name] for name in COURSE if values.get(name)]
    loading.expect(days == sorted(days), values.line, "the days are not in their order")


def _check_commitments(file: AgendaFile, loading: Loading) -> None:
    """Each must belong to an existing organisation, have few milestones, and not be both kept and given up."""
    for values in file.commitments:
        slug, milestones = values.get("organisation"), values.get("milestone", ())
        is_known, line = slug in loading.organisations, values.line_of("organisation")
        loading.expect(is_known, line, f"no organisation is called “{slug}”")
        is_few = len(milestones) <= MAX_MILESTONES
        loading.expect(is_few, values.line, f"at most {MAX_MILESTONES} milestones")
        is_one = not (values.get("kept_on") and values.get("given_up_on"))
        loading.expect(is_one, values.line, "it is kept or given up, not both")
        for (number, *_rest), at_line in values.entries("moved"):
            is_there = 1 <= number <= len(milestones)
            loading.expect(is_there, at_line, f"there is no milestone number {number}")


CHECKS = (
    _check_agenda,
    _check_themes,
    _check_slugs,
    _check_practices,
    _check_comments,
    _check_translations,
    _check_topics,
    _check_order,
    _check_pictures,
    _check_posts,
    _check_polls,
    _check_declarations,
    _check_commitments,
    _check_origins,
)
