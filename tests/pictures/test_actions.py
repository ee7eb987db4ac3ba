"""Adding, showing and deleting pictures: whose they are, how many, and in whose text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from forum.clock import now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic
from forum.dialogue.models import Held
from forum.errors import Forbidden, Invalid, NotFound
from forum.illustrations import line_of
from forum.markup import write
from forum.members import actions as members
from forum.permissions import SYSTEM
from forum.pictures import actions
from forum.pictures.models import SMALL, WHOLE, FilePortion, Picture, PictureFile
from forum.pictures.queries import data_of, portions_of, space_taken
from forum.screening.actions import RuleText, make_rule
from forum.search.models import ShownPicture
from forum.sentfiles import PORTION
from forum.shrinking import Shrunk
from tests.pictures.conftest import added, added_file, shown_by

MB = 1_000_000


def stored():
    return [*db.session.scalars(select(PictureFile.version).order_by(PictureFile.version))]


def test_a_picture_is_kept_with_its_versions(people):
    picture = actions.add_picture(people.ana, Shrunk("a" * 24 + "-1600x10", b"whole", b"small"), MB)
    assert (picture.member_id, picture.size, picture.used_at) == (people.ana.id, 10, None)
    assert data_of(picture) == b"whole" and data_of(picture, is_small=True) == b"small"
    assert stored() == [SMALL, WHOLE]


def test_a_small_picture_has_no_small_version(people):
    picture = added(people.ana)
    assert stored() == [WHOLE]
    with pytest.raises(NotFound):
        data_of(picture, is_small=True)


def test_a_file_is_kept_in_portions_under_the_name_it_had(people):
    data = b"%PDF-1.4" + bytes(range(256)) * 2_100  # two full portions and a part
    file = added_file(people.ana, data, "Kerb: v2.pdf")
    assert (file.title, file.size, file.member_id) == ("Kerb v2.pdf", len(data), people.ana.id)
    numbers = select(FilePortion.number).order_by(FilePortion.number)
    assert [*db.session.scalars(numbers)] == [0, 1, 2] and not stored()
    for start, stop in ((0, len(data)), (0, 1), (PORTION - 1, PORTION + 1), (PORTION, len(data))):
        assert b"".join(portions_of(file.id, start, stop)) == data[start:stop]
    assert file.line() == f"[Kerb v2]({file.address})" and file.address.endswith(".pdf")
    actions.delete_picture(people.ana, file.id)
    assert not [*db.session.scalars(numbers)] and not [*portions_of(file.id, 0, 9)]


def test_files_and_pictures_share_the_room_of_a_member(people):
    added_file(people.ana)
    with pytest.raises(Invalid, match="no room for more"):
        actions.add_picture(people.ana, Shrunk("f" * 24 + "-1x1", b"x" * 100, b""), 150)


def test_who_may_not_write_adds_none(people):
    members.silence(people.moderator, people.ben.id, now() + timedelta(days=5))
    for add in (added, added_file):
        with pytest.raises(Forbidden):
            add(people.ben)


def test_the_pictures_of_a_member_take_so_much_and_no_more(people):
    for number in range(2):
        actions.add_picture(people.ana, Shrunk(f"{number:024x}-1x1", b"x" * 400, b""), 1_000)
    with pytest.raises(Invalid, match="no room for more") as refused:
        actions.add_picture(people.ana, Shrunk("f" * 24 + "-1x1", b"x" * 201, b""), 1_000)
    assert refused.value.field == "picture" and space_taken(people.ana.id) == 800
    added(people.ben)  # Ben's pictures are counted separately


# In texts


@pytest.fixture(params=[added, added_file])
def picture(request, people):
    """A picture by a member, or a file: the same rules hold for both."""
    return request.param(people.ana)


def said(picture, words="A wide lane"):
    return write(f"See {picture.line(words)}")


def test_a_topic_and_a_reply_show_pictures(people, agenda, picture):
    topic = dialogue.open_topic(
        people.ana, agenda.id, NewTopic("experience", "Lanes", said(picture))
    )
    assert shown_by("topic", topic.id) == {picture.name}
    post = dialogue.reply(people.ana, topic.id, said(picture))
    assert shown_by("post", post.id) == {picture.name}
    assert picture.used_at is not None


def test_an_edit_shows_others(people, world, picture):
    another = added(people.ana)
    post = dialogue.reply(people.ana, world["topic"], said(picture))
    dialogue.edit(people.ana, post.id, said(another))
    assert shown_by("post", post.id) == {another.name}
    dialogue.edit(people.ana, post.id, write("No more."))
    assert shown_by("post", post.id) == set()


def test_a_text_that_is_deleted_shows_none(people, world, picture):
    post = dialogue.reply(people.ana, world["topic"], said(picture))
    dialogue.delete(people.ana, post.id)
    assert not db.session.scalars(select(ShownPicture)).all()


def test_a_picture_needs_words(people, world, picture):
    sign, what = ("", "what each file is") if picture.is_file else ("!", "what each picture shows")
    for source in (f"{sign}[]({picture.address})", f"{sign}[  ]({picture.address})"):
        with pytest.raises(Invalid, match=what) as refused:
            dialogue.reply(people.ana, world["topic"], write(source))
        assert refused.value.field == "source"


def test_a_picture_that_is_not_there_is_refused(people, world):
    for name in ("0" * 24 + "-10x10", "0" * 24 + "-10.pdf"):
        with pytest.raises(Invalid, match="not there any more"):
            dialogue.reply(people.ana, world["topic"], write(line_of(name, "a")))


def test_nobody_shows_the_picture_of_somebody_else(people, agenda, world, picture):
    own = dialogue.reply(people.ben, world["topic"], write("Mine."))
    for deed in (
        lambda: dialogue.reply(people.ben, world["topic"], said(picture)),
        lambda: dialogue.open_topic(
            people.ben, agenda.id, NewTopic("experience", "Lanes", said(picture))
        ),
        lambda: dialogue.edit(people.ben, own.id, said(picture)),
    ):
        with pytest.raises(Invalid, match="of somebody else"):
            deed()
    dialogue.reply(people.moderator, world["topic"], said(picture))


def test_nobody_names_a_picture_of_others_in_a_text_too_long_to_be_formatted(
    people, world, picture
):
    """Such a text is shown as plain text; but it names the picture, and after an edit the page could show it."""
    endless = f"{picture.line('A lane')}\n\n" + "[a](//b)" * 2_400
    with pytest.raises(Invalid, match="of somebody else"):
        dialogue.reply(people.ben, world["topic"], write(endless))
    post = dialogue.reply(people.ana, world["topic"], write(endless))
    assert (
        "<img" not in post.html
        and "<small" not in post.html
        and shown_by("post", post.id) == {picture.name}
    )


def test_who_quotes_a_picture_shows_none(people, world, picture):
    quoting = write(f"> [Ana](/posts/{world['post']})\n>\n> {picture.line('A lane')}\n\nNice.")
    post = dialogue.reply(people.ben, world["topic"], quoting)
    assert shown_by("post", post.id) == set()


def test_a_text_keeps_what_it_showed_though_the_picture_is_gone(people, world, picture):
    post = dialogue.reply(people.ana, world["topic"], said(picture))
    actions.delete_picture(people.ana, picture.id)
    dialogue.edit(people.ana, post.id, write(f"{post.source} And more."))
    assert post.source.endswith("And more.")


def test_a_text_that_waits_shows_its_picture_to_nobody_yet(people, world, picture):
    make_rule(people.administrator, RuleText("word", "lane", "We read this word first."))
    held = dialogue.reply(people.ana, world["topic"], said(picture))
    assert isinstance(held, Held)
    assert not db.session.scalars(select(ShownPicture)).all()
    with pytest.raises(Invalid, match="Say what each"):
        wordless = picture.line("lane").replace("lane", "")
        dialogue.revise(people.ana, held.id, write(wordless))


# Deleting


def test_authors_delete_their_pictures_and_nobody_else_does(people, picture):
    with pytest.raises(NotFound):
        actions.delete_picture(people.ben, picture.id)
    with pytest.raises(NotFound):
        actions.delete_picture(people.moderator, picture.id)
    actions.delete_picture(people.ana, picture.id)
    assert not stored() and not db.session.scalars(select(Picture)).all()


def test_the_system_alone_forgets_and_imports(people, picture):
    with pytest.raises(Forbidden):
        actions.forget(people.moderator, [picture.id])
    with pytest.raises(Forbidden):
        actions.import_picture(people.ana, people.ana.id, Shrunk("b" * 24 + "-1x1", b"x", b""))
    assert actions.forget(SYSTEM, [picture.id, 999]) == 1
    assert not stored()


@pytest.mark.postgresql_only
def test_pictures_that_are_deleted_together_are_locked_in_the_order_of_all_deeds(people, queries):
    """Else PostgreSQL deletes them in an order of its own, and of two deeds with the same pictures one fails now and then."""
    some = [added(people.ana).id for _one in range(3)]
    with queries() as made:
        assert actions.forget(SYSTEM, some[::-1]) == 3
    statements = list(enumerate(made.statements))
    (locking,) = [at for at, said in statements if "ORDER BY picture.id FOR UPDATE" in said]
    (deleting,) = [at for at, said in statements if said.startswith("DELETE FROM picture")]
    assert locking < deleting


def test_what_is_imported_for_a_text_is_shown(people, agenda):
    shrunk = Shrunk("b" * 24 + "-10x10", b"x", b"")
    picture = actions.import_picture(SYSTEM, people.ben.id, shrunk, agenda.id)
    assert picture.agenda_id == agenda.id and picture.used_at is not None


def test_an_import_keeps_the_name_once(people):
    shrunk = Shrunk("b" * 24 + "-10x10", b"x", b"")
    first = actions.import_picture(SYSTEM, people.ben.id, shrunk)
    again = actions.import_picture(SYSTEM, people.ana.id, shrunk)
    assert again.id == first.id and again.member_id == people.ben.id
