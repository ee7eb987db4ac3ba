"""The steps of loading the demo: places, people, agendas with decisions, the glossary, a held reply, notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from forum.appeals import actions as appeals
from forum.clock import at, now
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import latest_topics, render_with_mentions
from forum.locales import SOURCE
from forum.members.actions import found_federation
from forum.members.commands import load_cities
from forum.members.queries import get_member
from forum.moderation import actions as moderation
from forum.moderation.models import Deed
from forum.permissions import SYSTEM
from forum.principals import ROLES
from forum.screening.actions import RuleText, make_rule
from forum.transfer import actions
from forum.transfer.commands._demo_meetings import meeting_steps
from forum.transfer.commands._pictures import kept_pictures
from forum.transfer.commands._shared import mark_all_as_read
from forum.transfer.forms import GLOSSARY, read_agenda, read_glossary, read_people
from forum.transfer.models import AgendaFile, Step
from forum.transfer.queries import post_saying

DATA = Path(__file__).parent.parent / "data"
AGENDAS = ("globally-connected", "climate-resilient", "affordable")
NAME = "Interurban"
TAGLINE = "Cities learn fastest from one another."
TAGLINES = {
    "es": "Las ciudades aprenden más rápido unas de otras.",
    "fr": "C’est entre elles que les villes apprennent le plus vite.",
}
# The member who signs in for each role
ACCOUNTS = dict(zip(ROLES, ("wanjiru-kamau", "hanne-vestergaard", "ingrid-solberg"), strict=True))
CURATOR = "hanne-vestergaard"  # the moderator responsible for the agendas
# In the files; when they are loaded, all moments and days move by whole weeks, see `weeks_later`
END = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # the last day
READ_UNTIL = datetime(2026, 11, 10, tzinfo=UTC)  # what is newer is unread
# A day or month in a field or in the heading of a post, but not when somebody has really looked at a link, or of when a
# figure is: the sources are real
DATE = re.compile(r"(?m)(?<=[ |])(?<!checked on: )(20\d\d)-(\d\d)(?:-(\d\d))?(?=[ |\n])")
DATED_LINE = re.compile(r"(?m)^(?:- (?!figure: )|#### ).*$")

# Screening rules, and a reply that they hold back
RULES = (
    RuleText("links", "", "Links of new members are read by a moderator first."),
    RuleText(
        "word",
        "free webinar",
        "A moderator reads what invites to webinars first: many come from sellers.",
    ),
)
HELD_TEXT = (
    "We hold a free webinar with two other cities next month, in which we show what we"
    " changed in our own office since spring. May I leave the date here?"
)
# A post that is hidden because of what it says about a person, the author's appeal, and the answer: who decides,
# wrote, answers
HIDDEN_PEOPLE = ("diego-ferreyra", "jesper-holm", "ingrid-solberg")
HIDDEN_WORDS = "who has never run a department"
HIDDEN_BECAUSE = (
    "Your second half is about a colleague and how she earns her living, not about the 47 forms. Write"
    " what the forms keep your people from, in a new topic, and it is welcome."
)
APPEAL_TEXT = (
    "I was rough, but the first sentence is not untrue: who decides which forms are filled in should"
    " have filled in one. I would leave that half and take out the other."
)
APPEAL_ANSWER = (
    "I have read the topic and the report. The half that you would keep is an argument, and nothing"
    " stands against writing it again. The text as it stands is about a person, so it stays hidden."
)
LOCKED_BECAUSE = (
    "The question has its answer. Open a new topic if you want to go on about rankings."
)
# Who reports for a trusted flagger, a post that is reported so, and why
FLAGGER = "johanna-reitinger"
FLAGGED_WORDS = "we install the first twenty at half the price until December"
FLAGGED_BECAUSE = (
    "Three towns showed us the same offer, from last year and from this spring. What is asked all the"
    " time is not half of a price: an unfair commercial practice (Directive 2005/29/EC)."
)
# Who tells all members of a topic, words of that topic, and when: it is not read yet
TELLER = "ingrid-solberg"
TOLD_WORDS = "I collect the lines once a year."
TOLD_AT = datetime(2026, 11, 12, 8, 30, tzinfo=UTC)
# Edits of posts after some days: the author, the words, and their replacement
EDITS = (
    (
        "claire-fontenay",
        "Notre clause de dévolution était à l'article 41.",
        "Notre clause de dévolution était à l'article 41.\n\nAjout : elle est maintenant à l'article 2.",
    ),
    ("kaarel-tamme", "by about eight points", "by six to nine points"),
)


def demo_steps(hashes: dict[str, str]) -> list[Callable[[], object]]:
    """The steps of loading the demo, in which people wrote until a few days ago; the last one marks it as loaded."""
    later = weeks_later()
    return [
        load_cities,
        lambda: _load_people(hashes, later),
        lambda: _load_agendas(later),
        lambda: _load_glossary(later),
        lambda: _hold_one_reply(later),
        lambda: mark_all_as_read(READ_UNTIL + later),
        lambda: found_federation(
            SYSTEM, NAME, TAGLINE, is_demo=True, tagline_locale=SOURCE, taglines=TAGLINES
        ),
    ]


def weeks_later() -> timedelta:
    """By how much the demo's dates move, so that it ends within the last seven days, on the same day of the week.

    Whole weeks: nobody answers on a Sunday who wrote on a Friday. Nothing if the clock is before the end of the demo.
    """
    return timedelta(weeks=max(0, (now() - END).days // 7))


def content(name: str, later: timedelta) -> str:
    """The text of a file of the demo, with its dates moved."""

    def moved(found: re.Match[str]) -> str:
        year, month, day = found.groups()
        moment = date(int(year), int(month), int(day or 15)) + later
        return f"{moment:%Y-%m-%d}" if day else f"{moment:%Y-%m}"

    text = (DATA / name).read_text()
    return DATED_LINE.sub(lambda line: DATE.sub(moved, line[0] + "\n")[:-1], text)


def _load_people(hashes: dict[str, str], later: timedelta) -> None:
    with _at_end_of_demo():
        actions.load_people(SYSTEM, read_people(content("people.md", later)), hashes)


def _at_end_of_demo() -> AbstractContextManager[None]:
    """Set the time to the end of the demo, or to now if that is later, so that nothing in the demo is in the future."""
    return at(max(now(), END))


def _load_agendas(later: timedelta) -> None:
    """Load the files, with decisions and edits, in chronological order."""
    with _at_end_of_demo(), ExitStack() as kept:
        files = [_agenda_with_dialogue(name, later) for name in AGENDAS]
        others = [*_decisions(files), *_flag(files), *_edits(files), *meeting_steps(now())]
        others.append(Step(TOLD_AT + later, _tell_all))
        whole = [(file, kept.enter_context(kept_pictures(file, DATA))) for file in files]
        actions.load_agendas(get_member(SYSTEM, CURATOR), whole, others, _bar)


def _load_glossary(later: timedelta) -> None:
    with _at_end_of_demo():
        entries = read_glossary(content(GLOSSARY, later))
        actions.import_glossary(get_member(SYSTEM, CURATOR), entries)


def _bar(steps: Sequence[Step]) -> AbstractContextManager[Iterable[Step]]:
    return click.progressbar(steps, label="Loading the demo", show_pos=True)


def _agenda_with_dialogue(name: str, later: timedelta) -> AgendaFile:
    """An agenda with its dialogue, which is in a separate file."""
    page, talk = (
        read_agenda(content(f"{part}-{name}.md", later)) for part in ("agenda", "dialogue")
    )
    return replace(
        page,
        topics=[*page.topics, *talk.topics],
        comments=[*page.comments, *talk.comments],
        pictures=[*page.pictures, *talk.pictures],
        faults=[*page.faults, *talk.faults],
    )


def _decisions(files: Sequence[AgendaFile]) -> list[Step]:
    """A moderator hides a reported post and locks its topic, and another one answers the appeal of its author."""
    written_at, made = _written_at(files, HIDDEN_WORDS), {"decision": 0, "appeal": 0}

    def hide() -> None:
        reasons = moderation.Reasons(HIDDEN_BECAUSE, rule=2)
        post = post_saying(HIDDEN_WORDS)
        made["decision"] = moderation.decide(moderator(), "post", post.id, Deed.HIDE, reasons).id

    def lock() -> None:
        topic_id = post_saying(HIDDEN_WORDS).topic_id
        moderation.lock(moderator(), topic_id, moderation.Reasons(LOCKED_BECAUSE))

    def appeal() -> None:
        made["appeal"] = appeals.appeal(author(), made["decision"], APPEAL_TEXT).id

    def answer() -> None:
        appeals.decide_appeal(administrator(), made["appeal"], "upheld", APPEAL_ANSWER)

    moderator, author, administrator = (
        partial(get_member, SYSTEM, handle) for handle in HIDDEN_PEOPLE
    )
    after = {4: hide, 5: lock, 9: appeal, 24: answer}
    return [Step(written_at + timedelta(hours=hours), deed) for hours, deed in after.items()]


def _flag(files: Sequence[AgendaFile]) -> list[Step]:
    """A trusted flagger is named, and reports a post as illegal, which waits in the queue."""
    written_at = _written_at(files, FLAGGED_WORDS)

    def trust() -> None:
        text = moderation.FlaggerText(
            name="Institute for Municipal Practice",
            coordinator="A Digital Services Coordinator, made up for this demo",
            field="Misleading offers to cities and their residents",
            since=now().date(),
        )
        moderation.trust_flagger(get_member(SYSTEM, TELLER), f"@{FLAGGER}", text)

    def report() -> None:
        post, flagger = post_saying(FLAGGED_WORDS), get_member(SYSTEM, FLAGGER)
        moderation.report(flagger, "post", post.id, "illegal", FLAGGED_BECAUSE)

    return [
        Step(written_at - timedelta(days=30), trust),
        Step(written_at + timedelta(days=2), report),
    ]


def _tell_all() -> None:
    """An administrator tells all members of a topic."""
    moderation.tell_all(get_member(SYSTEM, TELLER), post_saying(TOLD_WORDS).topic_id)


def _edits(files: Sequence[AgendaFile]) -> list[Step]:
    """Edits of posts by their authors, so that there are earlier versions to compare."""

    def edit(handle: str, words: str, instead: str) -> None:
        post = post_saying(words)
        text = render_with_mentions(post.source.replace(words, instead), post.language)
        dialogue.edit(get_member(SYSTEM, handle), post.id, text)

    return [
        Step(_written_at(files, words) + timedelta(days=3), partial(edit, handle, words, instead))
        for handle, words, instead in EDITS
    ]


def _written_at(files: Sequence[AgendaFile], words: str) -> datetime:
    """When the text with these words was written."""
    texts = (values for file in files for values in file.texts if words in values["text"])
    moment: datetime = next(texts)["at"]
    return moment


def _hold_one_reply(later: timedelta) -> None:
    """Make two rules, and a reply that they hold back for a moderator."""
    member, curator, administrator = (get_member(SYSTEM, handle) for handle in ACCOUNTS.values())
    with at(READ_UNTIL + later):
        for rule in RULES:
            make_rule(administrator, rule)
    open_ones = (
        topic for topic in latest_topics(member, 20) if member.can.reply(topic) and not topic.home
    )
    topic = next(topic for topic in open_ones if topic.author_id not in (member.id, curator.id))
    with at(END + later):
        dialogue.reply(member, topic.id, render_with_mentions(HELD_TEXT))
