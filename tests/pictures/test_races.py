"""Pictures in several threads at once, on a database of its own in which commits are real."""

from __future__ import annotations

import secrets
from functools import partial

import pytest

from forum.dialogue import actions as dialogue
from forum.markup import write
from forum.permissions import SYSTEM
from forum.pictures import actions
from forum.pictures.queries import pictures_named, space_taken
from forum.shrinking import Shrunk
from tests.races import a_topic, at_once, own, slowly, who

pytestmark = pytest.mark.usefixtures("own")
assert own


def shrunk(size=400):
    return Shrunk(f"{secrets.token_hex(12)}-10x10", b"x" * size, b"")


def added(handle="ana-prado"):
    return actions.add_picture(who(handle), shrunk(), 1_000_000)


def words(*pictures):
    return write(" ".join(f"![a lane]({picture.address})" for picture in pictures))


def test_two_that_are_added_at_once_count_both(own):
    ana = who("ana-prado")
    add = partial(slowly, actions.add_picture, ana, most=700)
    told = at_once(own, [partial(add, shrunk()), partial(add, shrunk())])
    assert sorted(said == "done" for said in told) == [False, True]
    assert "no room for more" in min(told, key=lambda said: said == "done")
    assert space_taken(ana.id) == 400


def test_a_picture_is_deleted_while_a_text_with_it_is_published(own):
    """Depending on which is first, the text is refused, or shows the description of the deleted picture."""
    topic, picture, ana = a_topic(), added(), who("ana-prado")
    told = at_once(
        own,
        [
            partial(slowly, dialogue.reply, ana, topic, words(picture)),
            partial(actions.delete_picture, ana, picture.id),
        ],
    )
    assert told[1] == "done" and not pictures_named([picture.name])
    assert told[0] == "done" or "not there any more" in told[0]


def test_texts_and_the_worker_take_pictures_in_one_order(own):
    topic, ana = a_topic(), who("ana-prado")
    some = [added() for _one in range(12)]
    looked_at = {picture.id: picture.due_at for picture in some}
    deeds = [
        partial(dialogue.reply, ana, topic, words(*some)),
        partial(dialogue.reply, ana, topic, words(*reversed(some))),
        partial(actions.follow, who("mona-berg"), [picture.name for picture in reversed(some)], 1),
        partial(actions.look_after, SYSTEM, looked_at, set(looked_at)),
        partial(actions.forget, SYSTEM, [picture.id for picture in some[::-3]]),
        partial(actions.delete_picture, ana, some[0].id),
    ]
    for told in (at_once(own, deeds) for _time in range(5)):
        others = [said for said in told if said not in ("done", "NotFound")]
        assert all("not there any more" in said for said in others)
    assert len(pictures_named([picture.name for picture in some])) < len(some)
