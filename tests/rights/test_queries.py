"""Everything about me: covers every table, and contains nothing about others."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import String, Text

from forum.accounts.actions import ask_to_sign_in
from forum.advice import actions as advice
from forum.agendas.actions import (
    AgendaText,
    StatementText,
    set_hosts,
    take_name_away,
    write_agenda,
    write_statement,
    write_theme,
)
from forum.bookmarks.actions import bookmark
from forum.clock import at, now
from forum.columns import Base
from forum.commitments.actions import (
    CommitmentCourse,
    CommitmentText,
    KnownMilestone,
    load_commitment,
)
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.models import PollText
from forum.dialogue.queries import first_post, get_post, poll_of
from forum.library import actions as library
from forum.library.actions import PracticeText
from forum.mail.models import Delivery
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.members.queries import MARK_HISTORY
from forum.moderation.actions import Reasons, decide, open_agenda, report
from forum.notifications.actions import choose_ways, make_notices
from forum.permissions import SYSTEM, VISITOR
from forum.rights.queries import KINDS, LEFT_OUT, records
from forum.rules.queries import RECOURSE_HISTORY
from forum.screening.actions import RuleText, make_rule
from forum.versions import FEDERATION
from forum.webhooks.queries import HISTORY
from tests.everything import case_text

DOCUMENT = Path(__file__).parents[2] / "docs/everything-about-me.md"
# Names of columns that identify members without a foreign key.
NAMING = re.compile(r"handle|e_?mail|recipients|(editor|member|author|sender|reporter)_name")
# The kinds of versions that are no words where they are kept
CONSTANTS = {
    "FEDERATION": FEDERATION,
    "queries.MARK_HISTORY": MARK_HISTORY,
    "RECOURSE_HISTORY": RECOURSE_HISTORY,
    "HISTORY": HISTORY,
}
OF_OTHERS = {
    ("member", "handle"): "the account",
    ("member", "email"): "the account",
}


def naming():
    """The columns that identify a member, by a foreign key or by their name."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_key = any(key.column.table.name == "member" for key in column.foreign_keys)
            is_text = isinstance(column.type, String | Text) or column.name == "recipients"
            if is_key or (is_text and NAMING.search(column.name)):
                yield table.name, column.name


def test_every_column_that_names_a_member_is_in_or_left_out_for_a_reason():
    """A new table that names members fails here until it is included, or a reason is given why not."""
    inside = {column for kind in KINDS for column in kind.columns}
    assert inside & LEFT_OUT.keys() == set()
    missing = set(naming()) - inside - LEFT_OUT.keys() - OF_OTHERS.keys()
    assert missing == set()
    known = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
    }
    assert inside | LEFT_OUT.keys() <= known
    assert all(why.endswith(".") for why in LEFT_OUT.values())


def all_of(member):
    member = db.session.get_one(Member, member.id)
    return {
        kind.name: [record for some in records(member, kind) for record in some] for kind in KINDS
    }


def test_each_kind_has_something_of_who_has_done_everything(people, lived):
    kept = all_of(people.ana)
    assert {name for name, found in kept.items() if not found} == {
        "announcements",
        "cases",
        "decided",
        "notes-by-you",
        "readings",
        "tokens",
    }
    kept = all_of(people.moderator)
    assert kept["decided"] and kept["edits"] and kept["notes-by-you"]
    kept = all_of(people.host)
    assert kept["cases"] and kept["readings"] and kept["announcements"]


def test_who_has_only_joined_has_nothing_of_what_others_have(people, lived):
    ask_to_sign_in(VISITOR, people.ana.email)
    choose_ways(people.ana, {"reply": "never"})
    assert all_of(people.ana)["tokens"]
    new = members.join(VISITOR, members.Joining("Nora New", "nora@example.org", "a hash"))
    kept = all_of(new)
    assert {name for name, found in kept.items() if found} == {
        "account",
        "profile",
        "notice-settings",
    }
    assert [settings["ways"] for settings in kept["notice-settings"]] == [{}]


def test_each_kind_of_page_whose_changes_are_kept_is_named():
    (edits,) = (kind for kind in KINDS if kind.name == "edits")
    named = re.split(r", | or | \([^)]*\)", str(edits.fields["kind"]).partition(": ")[2])
    kinds = set()
    for path in (DOCUMENT.parents[1] / "forum").rglob("*.py"):
        for kind in re.findall(r"keep_version\(\w+, ([\w.\"]+),", path.read_text()):
            kinds.add(CONSTANTS.get(kind) or kind.strip('"'))
    assert len(kinds) > 10 and kinds <= set(named)


def test_each_field_is_documented_and_each_document_is_a_field(people, lived):
    for member in (people.ana, people.moderator, people.host):
        kept = all_of(member)
        for kind in KINDS:
            for record in kept[kind.name]:
                wrong = sorted(record.keys() ^ kind.fields.keys())
                assert not wrong, f"{kind.name}: read and explained alike, or neither: {wrong}"


def test_the_themes_of_what_waits_and_the_origin_of_a_practice_are_in(people, agenda):
    theme = write_theme(people.moderator, "Noise")
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    new = dialogue.NewTopic("question", "The casino?", write("At night."), themes=(theme.id,))
    dialogue.open_topic(people.ana, agenda.id, new)

    def practice(author, title, origin=None):
        text = PracticeText(title, "It helps.", sections={"done": "So."}, adapted_from_id=origin)
        made = library.write_practice(author, agenda.id, text)
        library.submit(author, made.id)
        return library.publish(people.host, made.id).id

    origins = [practice(people.ben, title) for title in ("Pumps", "Boats")]
    for title, origin in zip(("Pumps here", "Boats here"), origins, strict=True):
        practice(people.ana, title, origin)
    library.hide_practice(people.moderator, origins[1])
    kept = all_of(people.ana)
    assert [text["themes"] for text in kept["waiting"]] == [["Noise"]]
    assert {practice["title"]: practice["adapted_from"] for practice in kept["practices"]} == {
        "Pumps here": "Pumps",
        "Boats here": None,
    }


def test_what_belongs_to_a_text_in_tables_of_its_own_is_in(people, agenda):
    theme = write_theme(people.moderator, "Noise")
    new = dialogue.NewTopic("question", "Trams?", write("At night."), themes=(theme.id,))
    topic = dialogue.open_topic(people.host, agenda.id, new)
    poll = PollText("Which?", ("One", "Two"), is_multiple=True)
    dialogue.set_poll(people.host, first_post(topic).id, poll)
    dialogue.close_poll(people.host, first_post(topic).id)
    library.write_practice(
        people.host, agenda.id, PracticeText("Felt", "Below rails.", theme_ids=(theme.id,))
    )
    links = [library.LinkText("The site", "https://example.org")]
    library.write_case(people.host, agenda.id, case_text(theme_ids=[theme.id], links=links))
    today = now().date()
    text = CommitmentText("Felt", write("We will."), today, [])
    city = members.write_organisation(people.moderator, members.OrganisationText("Tampere", "city"))
    step = KnownMilestone(
        "1 km", today, [["2026-01-01", "2026-02-01", "No felt."]], now(), "2 km, in fact."
    )
    course = CommitmentCourse(city.id, people.host.id, now())
    load_commitment(people.moderator, agenda.id, text, course, [step])
    kept = all_of(people.host)
    assert kept["topics"][0]["themes"] == kept["practices"][0]["themes"] == ["Noise"]
    poll = kept["posts"][0]["poll"]
    assert poll["is_multiple"] and poll["closed_at"] and poll["options"] == {"One": 0, "Two": 0}
    (case,) = kept["cases"]
    assert case["themes"] == ["Noise"] and len(case["places"]) == 2
    assert case["figures"][0].keys() == {"label", "value", "unit", "as_at", "source", "address"}
    assert [link["label"] for link in case["links"]] == ["The site"]
    (milestone,) = kept["commitments"][0]["milestones"]
    assert milestone["words"] == "1 km" and milestone["reached_words"] == "2 km, in fact."
    assert milestone["moves"] == [
        {"earlier": "2026-01-01", "moved_on": "2026-02-01", "reason": "No felt."}
    ]


def test_the_document_says_what_every_file_holds():
    text = DOCUMENT.read_text()
    for kind in KINDS:
        part = text.partition(f"## {kind.name}.json\n")[2].partition("\n## ")[0]
        assert str(kind.about) in part, kind.name
        for name, meaning in kind.fields.items():
            line = f"| `{name}` | {meaning} |"
            assert line in part, f"write under {kind.name}.json in {DOCUMENT.name}: {line}"
    left_out = text.partition("## What is not in it\n")[2]
    told = re.findall(r"^\| `(\w+)\.(\w+)` \| (.+) \|$", left_out, re.M)
    assert {(table, column): why for table, column, why in told} == LEFT_OUT


def test_nothing_is_in_that_is_of_others(people, lived):
    kept = str(all_of(people.ana))
    for words in ("I do not agree.", "It sells.", "no hash"):
        assert words not in kept, words
    assert "Dear Ana Prado, thank you." in kept  # an e-mail to Ana
    assert "is rude." in kept  # a decision about Ana
    assert people.moderator.name not in kept
    salt = db.session.scalars(db.select(Delivery.words)).all()
    assert not any(word.get("salt", "§") in kept for word in salt)


def test_the_title_of_what_is_hidden_is_in_for_its_author_alone(people, agenda):
    new = dialogue.NewTopic("question", "Who is the worst mayor?", write("Well?"))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    post = dialogue.reply(people.ana, topic.id, write("No names here."))
    dialogue.mark(people.ana, dialogue.reply(people.ben, topic.id, write("Why?")).id, "useful")
    opening = first_post(topic)
    dialogue.set_poll(people.ben, opening.id, PollText("Which mayor?", ("This mayor", "None")))
    poll = poll_of(people.ana, first_post(topic))
    dialogue.vote(people.ana, opening.id, [poll.options[0].id])
    dialogue.read(people.ana, topic.id, 3)
    advice.ask(people.ben, topic.id, [people.ana.handle])
    make_rule(people.administrator, RuleText("word", "casino", "We read this first."))
    dialogue.reply(people.ana, topic.id, write("The one of the casino."))
    decide(people.moderator, "topic", topic.id, "hide", Reasons("It names people.", 2))
    kept = all_of(people.ana)
    assert [record["id"] for record in kept["posts"]] == [post.id]
    assert kept["marks"] and kept["votes"] and kept["reading"] and kept["asked"] and kept["waiting"]
    assert "mayor" not in str(kept)
    assert "mayor" in str(all_of(people.ben)["posts"])


def test_notices_of_what_is_hidden_and_by_hidden_members_are_left_out(people, agenda):
    new = dialogue.NewTopic("question", "Who is mayor?", write("Well?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    for author in (people.ben, people.ben, people.chitra):
        reply = dialogue.reply(author, topic.id, write(f"{author.name} knows."))
        make_notices(SYSTEM)

    def heard_from():
        return [notice["by"] for notice in all_of(people.ana)["notices"]]

    assert heard_from() == ["Ben Okoth", "Ben Okoth", people.chitra.name]
    decide(people.moderator, "post", reply.id, "hide", Reasons("It names people.", 2))
    assert heard_from() == ["Ben Okoth", "Ben Okoth"]
    members.hide_profile(people.moderator, people.ben.id)
    assert heard_from() == []


def test_who_moderated_once_has_no_notices_of_what_waits(people, agenda):
    set_hosts(people.moderator, agenda.id, [people.ana.handle])
    new = dialogue.NewTopic("question", "Who is mayor?", write("Well?"))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    report(people.chitra, "post", dialogue.reply(people.ben, topic.id, write("No.")).id, "rules")
    make_notices(SYSTEM)

    def kinds():
        db.session.refresh(db.session.get_one(Member, people.ana.id), ["hosted"])
        return {notice["kind"] for notice in all_of(people.ana)["notices"]}

    assert "queue" in kinds()
    set_hosts(people.moderator, agenda.id, [])
    make_notices(SYSTEM)
    assert kinds() and "queue" not in kinds()


def test_each_bookmark_says_what_it_is_of(people, agenda):
    new = dialogue.NewTopic("question", "Who is mayor?", write("Well?"))
    topic = dialogue.open_topic(people.ben, agenda.id, new)
    reply = dialogue.reply(people.ben, topic.id, write("Vote."))
    text = library.CaseText("Trams of Lyon", "network", "Short.", "They run.")
    case = library.write_case(people.moderator, agenda.id, text)
    things = {("post", reply.id), ("case", case.id)}
    for kind, thing_id in things:
        bookmark(people.ana, kind, thing_id)
    kept = all_of(people.ana)["bookmarks"]
    assert {(mark["kind"], mark["item_id"]) for mark in kept} == things


def test_each_has_the_day_on_which_they_took_their_own_name_away(people, agenda):
    def quote(member, words, statement_id=None):
        said = StatementText(member.name, words, handle=member.handle)
        return write_statement(people.moderator, agenda.id, said, statement_id).id

    stays = quote(people.chitra, "Dig.")
    statement_id, days = None, {}
    for number, member in enumerate((people.chitra, people.ben, people.ana)):
        statement_id = quote(member, "Plant.", statement_id)
        with at(now() + timedelta(days=number)):
            taken_at = take_name_away(member, agenda.id, statement_id).refused_at
            days[member.id] = taken_at.date().isoformat()
    for member in (people.chitra, people.ben, people.ana):
        taken = {said["id"]: said["refused_at"] for said in all_of(member)["statements"]}
        assert taken.pop(stays, None) is None
        assert taken[statement_id].startswith(days[member.id])


def test_the_question_of_a_hidden_post_is_in_for_its_author_alone(people, agenda):
    """As below a reply, which opened a topic that was merged."""
    new = dialogue.NewTopic("question", "Who is mayor?", write("Well?"))
    topic = dialogue.open_topic(people.ana, agenda.id, new)
    reply = dialogue.reply(people.ben, topic.id, write("Vote."))
    poll = PollText("The worst?", ("This one", "None"))
    dialogue.set_poll(people.ben, reply.id, poll, is_screened=False)
    for member in (people.ana, people.ben):
        option = poll_of(member, get_post(member, reply.id)).options[0]
        dialogue.vote(member, reply.id, [option.id])

    def voted(member):
        return [(vote["question"], vote["option"]) for vote in all_of(member)["votes"]]

    assert voted(people.ana) == voted(people.ben) == [("The worst?", "This one")]
    decide(people.moderator, "post", reply.id, "hide", Reasons("It names people.", 2))
    assert voted(people.ana) == [("", "")] and voted(people.ben) == [("The worst?", "This one")]


def test_titles_of_what_is_in_preparation_are_in_for_its_hosts_alone(people):
    """A former host has written there, but must not learn titles that were given later."""
    text = AgendaText("Shady streets", write("Shade."), is_open=False)
    agenda = write_agenda(people.moderator, text, hosts=[people.ana.handle])
    ana = db.session.get_one(Member, people.ana.id)
    db.session.refresh(ana, ["hosted"])
    new = dialogue.NewTopic("question", "Where are the awnings?", write("Where?"))
    topic = dialogue.open_topic(people.moderator, agenda.id, new)
    own = dialogue.open_topic(ana, agenda.id, replace(new, title="Which trees?"))
    dialogue.reply(ana, topic.id, write("By the river."))
    dialogue.mark(ana, first_post(topic).id, "useful")
    dialogue.keep_draft(ana, dialogue.UnsentForm("one", [("title", "Begun")]), agenda_id=agenda.id)
    dialogue.keep_draft(ana, dialogue.UnsentForm("two", [("source", "Begun")]), topic_id=topic.id)
    dialogue.keep_draft(ana, dialogue.UnsentForm("three", [("source", "Begun")]), topic_id=own.id)
    seen = str(all_of(people.ana))
    assert "Shady streets" in seen and "awnings" in seen
    set_hosts(people.moderator, agenda.id, [])
    kept = all_of(people.ana)
    del kept["notices"]  # notices from the time as a host
    assert "Shady streets" not in str(kept) and "awnings" not in str(kept)
    assert kept["marks"][0]["topic"] == "" and "By the river." in str(kept["posts"])
    drafts = [(draft["topic"], draft["agenda"]) for draft in kept["drafts"]]
    assert sorted(drafts, key=str) == [("", None), ("Which trees?", None), (None, "")]
    assert [(record["title"], record["agenda"]) for record in kept["topics"]][-1] == (
        "Which trees?",
        "",
    )
    open_agenda(people.moderator, agenda.id)
    kept = all_of(people.ana)
    assert "Shady streets" in str(kept["topics"]) and "Shady streets" in str(kept["drafts"])
    assert "awnings" in str(kept["marks"]) and "awnings" in str(kept["posts"])


def test_no_secret_is_in(people, lived):
    for word in ("token_hash", "password_hash", "salt", "browser_hash"):
        assert word not in str(all_of(people.ana))


def test_portions_hold_everything_once(people, agenda, monkeypatch):
    monkeypatch.setattr("forum.rights.queries._shared.RECORDS_AT_ONCE", 3)
    topic = dialogue.open_topic(
        people.ana, agenda.id, dialogue.NewTopic("question", "Why?", write("0"))
    )
    for number in range(1, 9):
        post = dialogue.reply(people.ben, topic.id, write(f"{number}"))
        for mark in ("useful", "same here"):
            dialogue.mark(people.ana, post.id, mark)
    kept = all_of(people.ben)
    assert [post["source"] for post in kept["posts"]] == [str(number) for number in range(1, 9)]
    marks = all_of(people.ana)["marks"]
    assert len({(mark["post_id"], mark["kind"]) for mark in marks}) == len(marks) == 16
