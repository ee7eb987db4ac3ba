"""Pictures that no text shows: how long they are kept, and what happens to them when their member leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.queries import first_post, revisions_of
from forum.errors import Forbidden
from forum.library import actions as library
from forum.markup import write
from forum.members import actions as members
from forum.members.queries import get_member
from forum.permissions import SYSTEM
from forum.pictures import actions as pictures
from forum.pictures.models import KEPT_AFTERWARDS, KEPT_UNUSED, LOOKED_AFTER, Picture, PictureFile
from forum.pictures.queries import pictures_due
from forum.rights import commands
from forum.rights.queries import texts_with_pictures, unused_pictures
from forum.screening.actions import RuleText, make_rule
from tests.pictures.conftest import added, added_file
from tests.rights.conftest import gone

AT_MOST = LOOKED_AFTER + KEPT_AFTERWARDS
DAY = timedelta(days=1)


@pytest.fixture(params=[added, added_file])
def picture(request, people):
    """A picture or a file: the same rules hold for both."""
    return request.param(people.ana)


def shown(picture):
    return f"The lane: {picture.line('a wide lane')}"


# Of what expires, what can name a picture
EXPIRING_TEXTS = (dialogue.forget_refused, dialogue.forget_drafts)


def pass_days(number):
    """Run the worker's task once for each of some days; until the last one, nothing but pictures and texts expires."""
    start = now()
    for day in range(1, number + 1):
        with at(start + day * DAY + timedelta(minutes=1)), pytest.MonkeyPatch.context() as patch:
            if day < number:
                patch.setattr(commands, "EXPIRY_ACTIONS", EXPIRING_TEXTS)
            commands.delete_expired()


def is_there(picture):
    return db.session.scalar(select(Picture.id).where(Picture.id == picture.id)) is not None


def reply(people, world, picture):
    return dialogue.reply(people.ana, world["topic"], write(shown(picture)))


def test_a_picture_that_was_never_shown_goes_after_a_month(people, picture):
    pass_days(KEPT_UNUSED.days - 1)
    assert is_there(picture)
    pass_days(KEPT_UNUSED.days)
    assert not is_there(picture) and not db.session.scalars(select(PictureFile.version)).all()


def test_a_picture_that_a_text_shows_stays(people, world, picture):
    reply(people, world, picture)
    pass_days(60)
    assert is_there(picture)


@pytest.mark.parametrize("days", [0, 10, 50])
def test_a_picture_goes_soon_after_its_last_text(people, world, picture, days):
    post = reply(people, world, picture)
    pass_days(days)
    with at(now() + days * DAY):
        dialogue.delete(people.ana, post.id)
        with at(now() + timedelta(hours=23)):
            commands.delete_expired()
        assert is_there(picture)
        pass_days(AT_MOST.days)
        assert not is_there(picture)


def test_a_picture_that_is_shown_again_in_time_stays(people, world, picture):
    dialogue.delete(people.ana, reply(people, world, picture).id)
    pass_days(1)
    db.session.refresh(picture)
    assert picture.unused_at is not None
    again = reply(people, world, picture)
    db.session.refresh(picture)
    assert picture.unused_at is None
    pass_days(5)
    assert is_there(picture)
    dialogue.delete(people.ana, again.id)


def test_a_picture_of_another_text_stays(people, world, picture):
    """The picture is also shown in a text by a moderator."""
    post = reply(people, world, picture)
    dialogue.reply(people.moderator, world["topic"], write(shown(picture)))
    dialogue.delete(people.ana, post.id)
    pass_days(5)
    assert is_there(picture)


# Texts that name a picture


def _in_draft(people, world, picture):
    fields = [("source", shown(picture))]
    dialogue.keep_draft(people.ana, dialogue.UnsentForm("a draft", fields), topic_id=world["topic"])
    return lambda: dialogue.discard_draft(people.ana, "a draft")


def _in_earlier_version(people, world, picture):
    post = reply(people, world, picture)
    with at(now() + timedelta(hours=1)):
        dialogue.edit(people.ana, post.id, write("No picture."))
    revision = revisions_of(people.ana, post)[0]
    return lambda: dialogue.withdraw(people.ana, revision.id)


def _in_held_text(people, world, picture):
    make_rule(people.administrator, RuleText("word", "lane", "We read this word first."))
    held = reply(people, world, picture)
    return lambda: dialogue.take_back(people.ana, held.id)


def _in_hidden_opening(people, world, picture):
    new = dialogue.NewTopic("question", "A lane?", write(shown(picture)))
    topic = dialogue.open_topic(people.ana, world["agenda"], new)
    dialogue.reply(people.ben, topic.id, write("Yes."))
    dialogue.hide(people.moderator, first_post(topic).id, "Rule 2")
    return lambda: dialogue.delete(people.ana, first_post(topic).id)


def _in_practice(people, world, picture):
    said = library.PracticeText("Lanes", "Wide lanes.", sections={"done": shown(picture)})
    made = library.write_practice(people.ana, world["agenda"], said)
    return lambda: library.delete_practice(people.ana, made.id)


def _in_earlier_version_of_practice(people, world, picture):
    said = library.PracticeText("Lanes", "Wide lanes.", sections={"done": shown(picture)})
    made = library.write_practice(people.ana, world["agenda"], said)
    library.submit(people.ana, made.id)
    library.publish(people.host, made.id)
    plain = replace(said, sections={"done": "We made it."})
    library.write_practice(people.ana, world["agenda"], plain, made.id)
    return lambda: library.delete_practice(people.ana, made.id)


@pytest.mark.parametrize(
    "name_it",
    [
        _in_draft,
        _in_earlier_version,
        _in_held_text,
        _in_hidden_opening,
        _in_practice,
        _in_earlier_version_of_practice,
    ],
)
def test_a_picture_that_something_of_its_member_names_stays(
    people, world, agenda, picture, name_it
):
    forget = name_it(people, {**world, "agenda": agenda.id}, picture)
    days = KEPT_UNUSED.days + 5
    pass_days(days)
    assert is_there(picture)
    with at(now() + days * DAY):
        forget()
        pass_days(AT_MOST.days)
    assert not is_there(picture)


def test_pictures_in_cases_stay_whoever_put_them_in(people, agenda):
    of_host, of_moderator, stranger = map(added, (people.host, people.moderator, people.ben))
    body = "One.\n\nTwo."
    said = library.CaseText("A case", "network", "Short.", f"{body}\n\n{shown(of_host)}")
    case = library.write_case(people.host, agenda.id, said)
    for source in (f"{said.body}\n\n{shown(of_moderator)}", body):
        edited = replace(said, body=source)
        library.write_case(people.moderator, agenda.id, edited, case.id)
    everything = [of_host, of_moderator, stranger]
    assert unused_pictures(everything) == {stranger.id}
    members.change_handle(people.moderator, "somebody-else")
    assert unused_pictures(everything) == {stranger.id}


def test_what_a_moderator_puts_into_a_practice_that_is_not_published_stays(people, agenda):
    of_author, of_moderator = map(added, (people.ana, people.moderator))
    said = library.PracticeText("Lanes", "Wide lanes.", sections={"done": shown(of_author)})
    made = library.write_practice(people.ana, agenda.id, said)
    library.submit(people.ana, made.id)
    both = {"done": shown(of_author), "results": shown(of_moderator)}
    library.write_practice(people.moderator, agenda.id, replace(said, sections=both), made.id)
    assert unused_pictures([of_author, of_moderator]) == set()


# The worker


def test_only_what_is_due_is_looked_at_and_in_portions(people, monkeypatch):
    monkeypatch.setattr(commands, "PICTURES_LOOKED_AT_ONCE", 2)
    sizes, real = [], commands.unused_pictures

    def measured(found):
        sizes.append(len(found))
        return real(found)

    monkeypatch.setattr(commands, "unused_pictures", measured)
    for _number in range(5):
        added(people.ana)
    commands.delete_expired()
    assert sizes == []
    with at(now() + KEPT_UNUSED):
        assert commands.delete_expired() == 5
        assert sizes == [2, 2, 1] and not pictures_due(9)


def test_a_picture_that_is_shown_while_it_is_looked_at_stays(people, world, picture):
    with at(now() + KEPT_UNUSED):
        due = next(picture_due for picture_due in pictures_due(9) if picture_due.id == picture.id)
        looked_at = {due.id: due.due_at}
        reply(people, world, picture)
        assert pictures.look_after(SYSTEM, looked_at, {due.id}) == 0
        assert is_there(picture)
    with pytest.raises(Forbidden):
        pictures.look_after(people.moderator, {}, ())


def test_many_pictures_take_no_more_statements(people, world, queries):
    some = [added(people.ana) for _number in range(2)]
    with queries() as few:
        unused_pictures(some)
    many = some + [added(people.ana) for _number in range(30)]
    with queries() as made:
        assert len(unused_pictures(many)) == 32
    assert made.count == few.count <= 9


@pytest.mark.sqlite_only  # reads SQLite's query plan, which does not depend on the number of rows
def test_only_rows_of_the_member_are_read(people):
    queries = list(texts_with_pictures(people.ana.id))
    assert queries
    for query in queries:
        statement = query.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
        steps = [step[3] for step in plan]
        read = [step for step in steps if step.startswith("SCAN ") and "SUBQUERY" not in step]
        assert not read, (str(statement), steps)


# Leaving


def test_what_texts_show_stays_without_the_name_and_the_rest_goes(people, world, picture):
    unused, drafted = added(people.ana), added(people.ana)
    _in_draft(people, world, drafted)
    of_ben = added(people.ben)
    reply(people, world, picture)
    gone(people.ana, "nameless")
    assert is_there(picture) and is_there(of_ben)
    assert not is_there(unused) and not is_there(drafted)


def test_all_pictures_go_with_the_texts(people, world, picture, monkeypatch):
    monkeypatch.setattr(commands, "BATCH_SIZE", 1)
    more, of_ben = [added(people.ana) for _number in range(3)], added(people.ben)
    reply(people, world, picture)
    gone(people.ana, "everything")
    assert is_there(of_ben) and not any(map(is_there, [picture, *more]))
    assert db.session.scalars(select(PictureFile.picture_id)).all() == [of_ben.id]


def test_pictures_stay_while_the_account_can_be_opened_again(people, picture):
    ana = get_member(SYSTEM, people.ana.handle)
    commands.actions.leave(ana, ana.id, "everything")
    with at(now() + DAY):
        commands.carry_on()
    assert is_there(picture)
