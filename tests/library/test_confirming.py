"""Authors are asked at intervals whether a practice is still true; without an answer, its page says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.errors import Forbidden, NotFound
from forum.library import actions, queries
from forum.library.actions._looks import LOOK_AFTER
from forum.library.actions.confirming import ANSWER_WITHIN, ASK_AGAIN_AFTER, LATELY
from forum.library.models import Practice
from forum.members.actions import silence, suspend, unsilence
from forum.members.models import Member
from forum.moderation.actions import Reasons, decide
from forum.notifications.actions import make_notices
from forum.notifications.queries import inbox
from forum.permissions import SYSTEM
from forum.versions import EVERYTHING, SELECT_VERSIONS
from tests.library.conftest import World, practice_text, published

SignIn = Callable[[Member], FlaskClient]
TODAY = now().date() + timedelta(days=1)  # after the shared datasets were created
SOON = TODAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Set the clock to noon of a fixed day, so that midnight cannot pass during a test."""
    with at(datetime.combine(TODAY, time(12), UTC)):
        yield


def told(member: Member) -> list[tuple[str, str]]:
    """The member's unread notices of the kind."""
    while make_notices(SYSTEM):
        pass
    unread = (notice for notice in inbox(member).page.items if not notice.read_at)
    return [(notice.kind, notice.title) for notice in unread if notice.kind == "revisit"]


def look(day: date) -> int:
    """Run the worker's task on a day until nothing is left; returns the number of practices that it handled."""
    looked = 0
    with at(datetime.combine(day, now().timetz())):
        while count := actions.ask_whether_true(SYSTEM):
            looked += count
    return looked


def read(practice: Practice) -> Practice:
    return db.session.get_one(Practice, practice.id, populate_existing=True)


def test_an_author_is_asked_once_and_the_page_says_when_nothing_was_heard(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    practice = published(world, revisit_on=SOON)
    page = f"/practices/{practice.slug}"
    assert look(SOON - timedelta(days=1)) == 0 and look(SOON) == 1 and look(SOON) == 0
    assert told(world.author) == [("revisit", practice.title)]
    author, reader = sign_in(world.author), sign_in(world.reader)
    for path in ("/practices/mine", page):
        assert "Is this still true?" in author.get(path).text, path
    for browser in (client, reader, sign_in(world.host)):
        text = browser.get(page).text
        assert "still true" not in text and "Not confirmed" not in text
    assert look(SOON + ANSWER_WITHIN) == 1
    for path in (page, "/practices"):
        assert "Not confirmed since" in client.get(path).text, path
    # The notice was read when the author opened the page
    assert look(SOON + timedelta(days=9_000)) == 0 and told(world.author) == []


def test_an_author_says_that_it_is_still_true(
    world: World, client: FlaskClient, sign_in: SignIn
) -> None:
    with at(now() - timedelta(days=1)):
        practice = published(world, revisit_on=TODAY)
    page, author = f"/practices/{practice.slug}", sign_in(world.author)
    look(TODAY)
    look(TODAY + ANSWER_WITHIN)
    assert told(world.author) and "Not confirmed" in client.get(page).text
    answer = author.post(f"{page}/confirm")
    assert (answer.status_code, answer.location) == (303, page)
    assert told(world.author) == []
    found = read(practice)
    assert found.confirmed_on == TODAY and found.revisit_on is None
    assert found.look_on == TODAY + LOOK_AFTER
    text = client.get(page).text
    assert "Still true, says the author" in text and "Not confirmed" not in text
    assert client.get("/api/v1" + page).json["confirmed_on"] == found.confirmed_on.isoformat()
    assert found.confirmed_on.isoformat() in client.get("/practices.csv").text


def test_a_day_that_the_author_chose_and_is_to_come_stays(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    actions.confirm_practice(world.author, practice.id)
    assert (practice.revisit_on, practice.look_on) == (SOON, SOON)


def test_without_a_day_it_is_looked_at_in_two_years(world: World) -> None:
    practice = published(world)
    assert practice.look_on == TODAY + LOOK_AFTER
    assert look(TODAY + LOOK_AFTER - timedelta(days=1)) == 0 and look(TODAY + LOOK_AFTER) == 1


def test_an_authors_change_says_that_it_is_true_and_a_moderators_does_not(
    world: World, client: FlaskClient
) -> None:
    practice = published(world, revisit_on=SOON)
    look(SOON)
    look(SOON + ANSWER_WITHIN)
    changed = practice_text(sentence="Buy our pumps.", revisit_on=SOON)
    actions.write_practice(world.host, world.agenda.id, changed, practice.id)
    assert read(practice).unconfirmed_at and told(world.author)
    changed = practice_text(sentence="Buy their pumps.", revisit_on=None)
    actions.write_practice(world.author, world.agenda.id, changed, practice.id)
    found = read(practice)
    assert (found.asked_at, found.unconfirmed_at) == (None, None)
    assert found.look_on == TODAY + LOOK_AFTER and told(world.author) == []
    assert "Not confirmed" not in client.get(f"/practices/{practice.slug}").text


def test_who_changes_it_and_leaves_a_day_that_has_come_is_not_asked_at_once(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    assert look(SOON) == 1
    for day in (SOON, SOON + timedelta(days=9)):
        with at(datetime.combine(day, now().timetz())):
            changed = practice_text(cost=f"EUR {day.day}", revisit_on=SOON)
            actions.write_practice(world.author, world.agenda.id, changed, practice.id)
        assert look(day) == 0 and read(practice).look_on == day + LOOK_AFTER


def test_a_moderator_who_chooses_another_day_lets_it_be_looked_at_then(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    later = SOON + timedelta(days=9)
    text = practice_text(revisit_on=later)
    actions.write_practice(world.host, world.agenda.id, text, practice.id)
    assert read(practice).look_on == later


def test_a_moderator_who_takes_the_day_away_lets_it_be_looked_at_in_two_years(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    actions.write_practice(world.host, world.agenda.id, practice_text(), practice.id)
    assert look(SOON) == 0 and read(practice).look_on == TODAY + LOOK_AFTER


def test_what_a_moderator_changes_meanwhile_leaves_its_author_the_time_to_answer(
    world: World,
) -> None:
    practice = published(world, revisit_on=SOON)
    look(SOON)
    with at(datetime.combine(SOON + timedelta(days=9), now().timetz())):
        text = practice_text(revisit_on=TODAY)
        actions.write_practice(world.host, world.agenda.id, text, practice.id)
    assert look(SOON + ANSWER_WITHIN - timedelta(days=1)) == 0
    assert look(SOON + ANSWER_WITHIN) == 1
    assert read(practice).known_on == SOON  # a moderator's edit does not count as a confirmation


def test_who_says_it_again_on_the_same_day_renews_no_page(world: World, sign_in: SignIn) -> None:
    practice, author = published(world), sign_in(world.author)
    counted = []
    for _press in range(2):
        assert author.post(f"/practices/{practice.slug}/confirm").status_code == 303
        counted.append(db.session.execute(SELECT_VERSIONS, {"scopes": [EVERYTHING]}).all())
    assert counted[0] and counted[0] == counted[1]
    with at(now() + timedelta(days=1)):
        assert actions.confirm_practice(world.author, practice.id).confirmed_on != TODAY


@pytest.mark.parametrize("who", ["reader", "host", "moderator"])
def test_only_its_author_can_say_so(world: World, practice: Practice, who: str) -> None:
    with pytest.raises(Forbidden):
        actions.confirm_practice(getattr(world, who), practice.id)


def test_what_others_cannot_read_is_neither_asked_about_nor_confirmed(world: World) -> None:
    draft = actions.write_practice(world.author, world.agenda.id, practice_text(revisit_on=SOON))
    with pytest.raises(Forbidden):
        actions.confirm_practice(world.author, draft.id)
    practice = published(world, title="Hidden", revisit_on=SOON)
    decide(world.moderator, "practice", practice.id, "hide", Reasons("It broke a rule.", 2))
    with pytest.raises(Forbidden):
        actions.confirm_practice(world.author, practice.id)
    assert look(SOON) == 1 and told(world.author) == []
    assert (read(practice).look_on, read(practice).asked_at) == (SOON + ASK_AGAIN_AFTER, None)
    decide(world.moderator, "practice", practice.id, "restore")
    assert look(SOON + ASK_AGAIN_AFTER) == 1 and told(world.author) == [("revisit", "Hidden")]


def test_nobody_is_asked_about_what_is_on_an_agenda_in_preparation(world: World) -> None:
    published(world, revisit_on=SOON)
    db.session.execute(update(Agenda).where(Agenda.id == world.agenda.id).values(opened_at=None))
    db.session.commit()
    assert look(SOON) == 1 and told(world.author) == []


def test_what_is_deleted_or_waits_again_is_forgotten(world: World) -> None:
    deleted = published(world, title="Deleted", revisit_on=SOON)
    waiting = published(world, title="Waiting", revisit_on=SOON)
    actions.delete_practice(world.author, deleted.id)
    actions.wait_again(world.moderator, waiting.id)
    assert look(SOON) == 0
    with pytest.raises(NotFound):
        actions.confirm_practice(world.author, deleted.id)
    actions.publish(world.moderator, waiting.id)
    assert look(SOON) == 1


def test_what_is_published_anew_brings_back_no_question_and_no_old_word(
    world: World, client: FlaskClient
) -> None:
    asked = published(world, title="Asked", revisit_on=SOON)
    confirmed = published(world, title="Confirmed")
    actions.confirm_practice(world.author, confirmed.id)
    look(SOON)
    assert told(world.author) == [("revisit", "Asked")]
    for practice in (asked, confirmed):
        actions.wait_again(world.moderator, practice.id)
        actions.publish(world.moderator, practice.id)
    assert told(world.author) == []
    assert "still true" not in client.get(f"/practices/{confirmed.slug}").text
    assert read(confirmed).confirmed_on is None


@pytest.mark.parametrize("deed", [suspend, silence])
def test_who_could_not_answer_is_asked_later(
    world: World, deed: Callable[[Member, int, datetime], None]
) -> None:
    practice = published(world, revisit_on=SOON)
    deed(world.moderator, world.author.id, now() + timedelta(days=40))
    assert look(SOON) == 1 and read(practice).asked_at is None
    assert look(SOON + ASK_AGAIN_AFTER) == 1 and read(practice).asked_at


@pytest.mark.parametrize("deed", [suspend, silence])
def test_readers_learn_that_nobody_confirms_it_when_its_author_cannot_answer_for_long(
    world: World, client: FlaskClient, deed: Callable[[Member, int, datetime], None]
) -> None:
    practice = published(world, revisit_on=SOON)
    page = f"/practices/{practice.slug}"
    deed(world.moderator, world.author.id, now() + timedelta(days=365))
    assert look(SOON) == 1 and "Not confirmed" not in client.get(page).text
    text = practice_text(revisit_on=SOON + timedelta(days=9))
    actions.write_practice(world.host, world.agenda.id, text, practice.id)
    assert look(SOON + ASK_AGAIN_AFTER) == 1 and look(SOON + 2 * ASK_AGAIN_AFTER) == 1
    assert read(practice).unconfirmed_at is None
    assert look(SOON + ANSWER_WITHIN) == 1
    assert "Not confirmed since" in client.get(page).text
    late = TODAY + timedelta(days=366)
    assert look(late - timedelta(days=2)) == 1
    with at(datetime.combine(late + ASK_AGAIN_AFTER, now().timetz())):
        assert told(world.author) == []
        look(now().date())
        assert told(world.author) == [("revisit", practice.title)]
    assert "Not confirmed since" in client.get(page).text
    late += ASK_AGAIN_AFTER + ANSWER_WITHIN
    assert look(late) == 1 and look(late + ANSWER_WITHIN) == 0


def test_an_author_who_can_answer_earlier_than_was_decided_is_asked_then(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    silence(world.moderator, world.author.id, now() + timedelta(days=365))
    look(SOON)
    unsilence(world.moderator, world.author.id)
    assert look(SOON + ASK_AGAIN_AFTER) == 1 and told(world.author) == [("revisit", practice.title)]
    assert look(SOON + ANSWER_WITHIN) == 0 and read(practice).unconfirmed_at is None
    assert look(SOON + ASK_AGAIN_AFTER + ANSWER_WITHIN) == 1 and read(practice).unconfirmed_at


def test_who_has_left_is_not_waited_for(world: World) -> None:
    practice = published(world, revisit_on=SOON)
    gone = {"left_at": now(), "suspended_until": now() + timedelta(days=9_000)}
    db.session.execute(update(Member).where(Member.id == world.author.id).values(gone))
    db.session.commit()
    assert look(SOON) == 1 and look(SOON + ANSWER_WITHIN) == 1
    assert read(practice).unconfirmed_at


def test_nobody_is_asked_about_many_at_once(world: World) -> None:
    for number in range(5):
        published(world, title=f"Number {number}", revisit_on=SOON)
    assert look(SOON) == 5 and len(told(world.author)) == 3
    assert look(SOON + LATELY - timedelta(days=1)) == 0
    assert look(SOON + LATELY) == 2 and len(told(world.author)) == 5


def test_a_form_that_is_open_meanwhile_is_not_refused_for_it(world: World, sign_in: SignIn) -> None:
    """A confirmation in one window must not make the edit form in another one outdated."""
    practice = published(world, revisit_on=SOON)
    author, page = sign_in(world.author), f"/practices/{practice.slug}"
    seen = author.get(f"{page}/edit").text.partition('name="seen"')[2].partition('value="')[2]
    form = {
        **{"title": "Pumps that call", "agenda": "floods-and-heat", "language": "en"},
        **{"sentence": "Each pump calls.", "city": "Surat, India", "revisit_on": SOON.isoformat()},
        "seen": seen.partition('"')[0],
    }
    assert author.post(f"{page}/confirm").status_code == 303
    assert author.post(f"{page}/edit", data=form).status_code == 303


def test_known_on_is_the_later_of_the_last_change_and_the_last_word(world: World) -> None:
    practice = published(world)
    with at(now() + timedelta(days=9)):
        actions.confirm_practice(world.author, practice.id)
    assert queries.get_practice(world.reader, practice.slug).known_on == TODAY + timedelta(days=9)
    with at(now() + timedelta(days=19)):
        text = practice_text(cost="EUR 9")
        actions.write_practice(world.author, world.agenda.id, text, practice.id)
    assert read(practice).known_on == TODAY + timedelta(days=19)
