"""Deeds lock topics, then posts, agendas, lists, members, so that two of them never wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from forum import deeds
from forum.agendas.models import Agenda
from forum.clock import at, now
from forum.db import db
from forum.dialogue import actions as dialogue
from forum.dialogue.actions import NewTopic, SplitTarget, TopicChanges
from forum.dialogue.models import Held, Post, Topic
from forum.invitations import actions as invitations
from forum.library import actions as library
from forum.library.models import Practice
from forum.markup import write
from forum.members import actions as members
from forum.members.models import Member
from forum.moderation import actions as moderation
from forum.moderation.actions import Reasons
from forum.moderation.queries import latest_undoable_decision
from forum.permissions import SYSTEM
from forum.screening.actions import RuleText, make_rule
from forum.transfer.actions import import_agenda, import_agendas, import_voices
from forum.transfer.forms import read_agenda, read_people
from tests import test_moments
from tests.changes import DEEDS, Deed
from tests.locks import noted_locks

world = test_moments.world
WHY = Reasons("It is rude.", 2)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the actions that were executed have locked out of order."""
    found: list[str] = []
    run = deeds._run_outermost

    def noting(session: Any, deed: Callable[..., Any], *more: Any) -> Any:
        with noted_locks() as locks:
            result = run(session, deed, *more)
        found.extend(f"{deed.__name__}: {fault}" for fault in locks.out_of_order())
        return result

    monkeypatch.setattr(deeds, "_run_outermost", noting)
    return found


def test_what_visitors_see_changes_in_the_order_of_locks(
    faults: list[str], world: dict[str, Any], people: Any, agenda: Agenda
) -> None:
    for deed in DEEDS.values():
        deed(world, people, agenda)
    assert faults == []


def _topic(p: Any, a: Agenda, audience: str = "public", kind: str = "question") -> Any:
    """A topic by Ben, with a reply by Chitra if it is a question."""
    new = NewTopic(kind, f"Of {kind}s", write("One."), audience=audience)
    topic = dialogue.open_topic(p.ben, a.id, new)
    if kind == "question":
        said = dialogue.reply(p.chitra, topic.id, write("Two."))
        dialogue.choose_answer(p.ben, topic.id, said.id)
    return topic


def _posts(topic: Any) -> list[int]:
    return list(db.session.scalars(select(Post.id).where(Post.topic_id == topic.id)))


def _hide_alone(_w: Any, p: Any, a: Agenda) -> None:
    [post_id] = _posts(_topic(p, a, kind="experience"))
    moderation.undo(p.moderator, moderation.decide(p.moderator, "post", post_id, "hide", WHY).id)
    dialogue.delete(p.ben, post_id)


def _publish_translated(_w: Any, p: Any, a: Agenda) -> None:
    [post_id] = _posts(_topic(p, a, "members", "experience"))
    dialogue.edit(p.ben, post_id, write("Un.", "fr"), TopicChanges(audience="public"))


def _remove_all(_w: Any, p: Any, a: Agenda) -> None:
    topic = _topic(p, a)
    made = moderation.decide_all(p.moderator, topic.id, _posts(topic), "remove", WHY)
    moderation.undo(p.moderator, made[-1].id)


def _clear(_w: Any, p: Any, a: Agenda) -> None:
    for kind in ("experience", "question"):
        _topic(p, a, kind=kind)
    moderation.clear_spam(p.moderator, p.ben.id)
    moderation.unsuspend(p.moderator, p.ben.id, shows_again=True)


def _show_profile_with_all(_w: Any, p: Any, a: Agenda) -> None:
    for kind in ("experience", "question"):
        _topic(p, a, kind=kind)
    moderation.clear_spam(p.moderator, p.ben.id)
    made = moderation.restore_profile(p.moderator, p.ben.id, shows_again=True)
    moderation.undo(p.moderator, made.id)


def _take_clearing_back(_w: Any, p: Any, a: Agenda) -> None:
    for kind in ("experience", "question"):
        _topic(p, a, kind=kind)
    moderation.undo(p.moderator, moderation.clear_spam(p.moderator, p.ben.id).id)


def _clear_what_waits(_w: Any, p: Any, a: Agenda) -> None:
    """Also a reply that a rule holds back, in a topic where its author has written nothing else."""
    _topic(p, a)
    elsewhere = dialogue.open_topic(p.chitra, a.id, NewTopic("question", "Why?", write("One.")))
    make_rule(p.administrator, RuleText("word", "pills", sentence="We look first."))
    dialogue.reply(p.ben, elsewhere.id, write("Buy pills."))
    moderation.undo(p.moderator, moderation.clear_spam(p.moderator, p.ben.id).id)
    moderation.clear_spam(p.moderator, p.ben.id)
    moderation.unsuspend(p.moderator, p.ben.id, shows_again=True)
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)


def _clear_two_agendas(w: Any, p: Any, a: Agenda) -> None:
    """The older topic is on the newer agenda."""
    for agenda_id in (w["other_id"], a.id):
        _topic(p, db.session.get_one(Agenda, agenda_id))
    moderation.undo(p.moderator, moderation.clear_spam(p.moderator, p.ben.id).id)
    moderation.clear_spam(p.moderator, p.ben.id)
    moderation.unsuspend(p.moderator, p.ben.id, shows_again=True)


def _open_two_agendas(w: Any, p: Any, a: Agenda) -> None:
    """The topic that was locked first is on the newer agenda."""
    for agenda_id, days in ((w["other_id"], 1), (a.id, 2)):
        topic = _topic(p, db.session.get_one(Agenda, agenda_id))
        dialogue.choose_answer(p.ben, topic.id, None)
        until = now().date() + timedelta(days=days)
        moderation.lock(p.moderator, topic.id, Reasons("Enough."), until)
    with at(now() + timedelta(days=4)):
        assert moderation.open_after_last_day(SYSTEM) == 2


def _split_off(_w: Any, p: Any, a: Agenda) -> None:
    topic = _topic(p, a)
    part = SplitTarget("Apart", "question", a.id)
    moderation.split(p.moderator, topic.id, _posts(topic)[1:], part)
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)


def _leave(w: Any, p: Any, a: Agenda) -> None:
    posts = [
        post_id
        for kind in ("experience", "question")
        for post_id in _posts(_topic(p, a, kind=kind))
    ]
    dialogue.delete_posts(SYSTEM, posts)


def _move_page(w: Any, p: Any, _a: Agenda) -> None:
    topic_id = db.session.get_one(Practice, w["practice_id"]).topic_id
    dialogue.reply(p.chitra, topic_id, write("A comment."))
    for agenda_id, audience in ((w["other_id"], "members"), (_a.id, "public")):
        page = dialogue.PageOfTopic("Felt", write("Feutre.", "fr"), agenda_id, audience)
        dialogue.follow_page(SYSTEM, topic_id, page)


def _quoting(post_id: int, words: str, answer: str = "Indeed.") -> Any:
    return write(f"> [Somebody](/posts/{post_id}):\n>\n> {words}\n\n{answer}")


def _two_that_quote_each_other(p: Any, a: Agenda) -> tuple[list[int], list[int]]:
    """Posts of two topics by Ben; one of the first topic quotes the last of the second, all of which quote the first topic."""
    one, two = (_posts(_topic(p, a)) for _number in range(2))
    for post_id, author, quoted in (
        (two[0], p.ben, one[1]),
        (two[1], p.chitra, one[0]),
        (one[0], p.ben, two[1]),
        (one[1], p.chitra, two[0]),
    ):
        words = "One." if quoted in (one[0], two[0]) else "Two."
        dialogue.edit(author, post_id, _quoting(quoted, words))
    return one, two


def _topic_of(post_id: int) -> int:
    return db.session.get_one(Post, post_id).topic_id


def _empty_quoted(_w: Any, p: Any, a: Agenda) -> None:
    """The last post that readers see goes, in each topic, and takes with it what the hidden one said."""
    for posts in _two_that_quote_each_other(p, a):
        for post_id in reversed(posts):
            moderation.decide(p.moderator, "post", post_id, "hide", WHY)
        moderation.decide(p.moderator, "post", posts[0], "restore")
        dialogue.delete(p.ben, posts[0])


def _remove_all_quoted(_w: Any, p: Any, a: Agenda) -> None:
    for posts in _two_that_quote_each_other(p, a):
        made = moderation.decide_all(p.moderator, _topic_of(posts[0]), posts, "remove", WHY)
        moderation.undo(p.moderator, made[-1].id)


def _clear_quoted(_w: Any, p: Any, a: Agenda) -> None:
    _two_that_quote_each_other(p, a)
    for member in (p.chitra, p.ben):
        moderation.undo(p.moderator, moderation.clear_spam(p.moderator, member.id).id)
        moderation.clear_spam(p.moderator, member.id)
        moderation.unsuspend(p.moderator, member.id, shows_again=True)


def _close_quoted(_w: Any, p: Any, a: Agenda) -> None:
    one, two = _two_that_quote_each_other(p, a)
    for topic_id in (_topic_of(one[0]), _topic_of(two[0])):
        moderation.decide(p.moderator, "topic", topic_id, "hide", WHY)
        moderation.decide(p.moderator, "topic", topic_id, "restore")
    for posts, quoted in ((one, two), (two, one)):
        text = _quoting(quoted[0], "One.")
        dialogue.edit(p.ben, posts[0], text, TopicChanges(audience="members"))
        dialogue.delete(p.chitra, posts[1])
        dialogue.edit(p.ben, posts[0], text, TopicChanges(audience="public"))


def _regroup_quoted(w: Any, p: Any, a: Agenda) -> None:
    """A topic is hidden when its last post that readers see is split off."""
    one, two = _two_that_quote_each_other(p, a)
    part = SplitTarget("Apart", "question", w["other_id"])
    for posts in (one, two):
        moderation.decide(p.moderator, "post", posts[0], "hide", WHY)
        moderation.split(p.moderator, _topic_of(posts[0]), posts[1:], part)
        moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)
        moderation.decide(p.moderator, "post", posts[0], "restore")
    for posts, target in ((one, two), (two, one)):
        moderation.merge(p.moderator, _topic_of(posts[0]), _topic_of(target[0]))
        moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)


def _lock_and_theme_several(w: Any, p: Any, a: Agenda) -> None:
    one, two = _two_that_quote_each_other(p, a)
    chosen = [_topic_of(two[0]), _topic_of(one[0])]
    moderation.lock_several(p.moderator, a.id, chosen, Reasons("Enough."))
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)
    moderation.theme_several(p.moderator, a.id, chosen, w["theme_id"])
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)


def _move_several(w: Any, p: Any, a: Agenda) -> None:
    """The first topic is for members only, so that its agenda is not locked to note its activity."""
    chosen = [_topic(p, a, "members").id, *map(_topic_of, _openings_of_two(p, a))]
    moderation.move_several(p.moderator, a.id, chosen, w["other_id"])
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)


def _openings_of_two(p: Any, a: Agenda) -> list[int]:
    one, two = _two_that_quote_each_other(p, a)
    return [one[0], two[0]]


def _bring_several_to_light(w: Any, p: Any, a: Agenda) -> None:
    """The agenda that they leave is in preparation."""
    chosen = [_topic_of(post_id) for post_id in _openings_of_two(p, a)]
    dialogue.prepare_agenda(p.moderator, a.id)
    moderation.move_several(p.moderator, a.id, chosen, w["other_id"])


def _delete_quoted(_w: Any, p: Any, a: Agenda) -> None:
    one, two = _two_that_quote_each_other(p, a)
    dialogue.delete_posts(SYSTEM, [one[0], two[0]])


def _delete_merged(_w: Any, p: Any, a: Agenda) -> None:
    """The topic that the post has opened stays behind with its title, and is younger than the one where the post is."""
    target, merged = (_topic(p, a) for _number in range(2))
    [opening, _reply] = _posts(merged)
    moderation.merge(p.moderator, merged.id, target.id)
    dialogue.delete_posts(SYSTEM, [opening])


def _merge_answered(w: Any, p: Any, a: Agenda) -> None:
    """The question that is merged is on the newer agenda, and has the answer."""
    target = _topic(p, a)
    dialogue.choose_answer(p.ben, target.id, None)
    answered = _topic(p, db.session.get_one(Agenda, w["other_id"]))
    moderation.merge(p.moderator, answered.id, target.id)
    moderation.undo(p.moderator, latest_undoable_decision(p.moderator).id)
    moderation.change_kind(p.moderator, answered.id, "experience")


def _erase_practices(w: Any, p: Any, a: Agenda) -> None:
    """The older practice is on the newer agenda; a comment on each is quoted on the other one's page."""
    comments = []
    for agenda_id in (w["other_id"], a.id):
        text = library.PracticeText("Felt", "Said in one sentence.", sections={"done": "So."})
        practice = library.write_and_submit(p.ben, agenda_id, text)
        moderation.publish(p.moderator, practice.id)
        made = db.session.get_one(Practice, practice.id)
        comments.append(dialogue.reply(p.chitra, made.topic_id, write("Two.")))
    for comment, other in (comments, reversed(comments)):
        dialogue.edit(p.chitra, comment.id, _quoting(other.id, "Two."))
    erased = select(Practice.id).where(Practice.author_id == p.ben.id)
    library.erase_practices(SYSTEM, db.session.scalars(erased).all())


def _move_comments(w: Any, p: Any, _a: Agenda) -> None:
    """The paragraph of the newer comment is moved first."""
    first, second = "a" * 12, "b" * 12
    for key in (first, second):
        dialogue.reply(p.chitra, w["case_topic"], write(f"Of {key}."), paragraph=key)
    dialogue.move_comments(SYSTEM, w["case_topic"], {second: None, first: None})


def _move_case(w: Any, p: Any, a: Agenda) -> None:
    """Also its comments move, to another paragraph; and an older post quotes the topic."""
    [older] = _posts(_topic(p, a, kind="experience"))
    text = library.CaseText("Felt", "network", "Quiet.", "One line is felt.\n\nAnother is not.")
    case = library.write_case(p.moderator, a.id, text)
    keys = [key for key, _written in text.paragraphs]
    for key in reversed(keys):
        dialogue.reply(p.chitra, case.topic_id, write(f"Of {key}."), paragraph=key)
    dialogue.edit(
        p.ben, older, _quoting(_posts(db.session.get_one(Topic, case.topic_id))[-1], "Of")
    )
    changed = library.CaseText("Felt", "network", "Quiet.", "One line is of felt.\n\nNone is not.")
    moves = dict(zip(keys, [key for key, _written in changed.paragraphs], strict=True))
    library.write_case(p.moderator, w["other_id"], changed, case.id, moves=moves)


def _change_published(w: Any, p: Any, a: Agenda) -> None:
    """A practice that is quoted has another title, then moves to another agenda, and to other readers."""
    [older] = _posts(_topic(p, a, kind="experience"))
    practice = db.session.get_one(Practice, w["practice_id"])
    said = dialogue.reply(p.moderator, practice.topic_id, write("Two."))
    dialogue.edit(p.ben, older, _quoting(said.id, "Two."))
    dialogue.delete(p.moderator, said.id)
    for agenda_id, audience in (
        (practice.agenda_id, "public"),
        (w["other_id"], "members"),
        (a.id, "public"),
    ):
        text = library.PracticeText("Felt", "Said in one sentence.", audience=audience)
        library.write_practice(p.moderator, agenda_id, text, practice.id)


def _hold_back(p: Any) -> None:
    make_rule(p.administrator, RuleText("word", "pills", sentence="We look first."))


def _publish_held_quoting(_w: Any, p: Any, a: Agenda) -> None:
    """What quotes others is approved, taken back, and sent again without the word for which it was held."""
    one, two = _two_that_quote_each_other(p, a)
    _hold_back(p)
    pills = _quoting(two[0], "One.", "Buy pills.")
    closed = TopicChanges("Of closed doors", audience="members")
    new = NewTopic("experience", "Of pills", pills)
    sendings: list[Callable[[], Any]] = [
        lambda: dialogue.reply(p.ben, _topic_of(one[0]), pills),
        lambda: dialogue.edit(p.ben, one[0], pills, closed),
        lambda: dialogue.edit(p.chitra, one[1], pills),
        lambda: dialogue.open_topic(p.ben, a.id, new),
    ]
    with at(now() + timedelta(minutes=1)):  # after the texts that quote what is approved
        for send in sendings:
            held = send()
            assert isinstance(held, Held)
            moderation.undo(p.moderator, moderation.approve(p.moderator, held.id).id)
            author = db.session.get_one(Member, held.author_id)
            dialogue.revise(author, held.id, _quoting(two[1], "Two."))


def _delete_with_held_edit(_w: Any, p: Any, a: Agenda) -> None:
    [post_id] = _posts(_topic(p, a, kind="experience"))
    _hold_back(p)
    assert isinstance(dialogue.edit(p.ben, post_id, write("Buy pills.")), Held)
    dialogue.delete(p.ben, post_id)


def _forget_refused(_w: Any, p: Any, a: Agenda) -> None:
    """The older text is by the member who joined later."""
    _hold_back(p)
    for author in (p.chitra, p.ben):
        new = NewTopic("experience", "Of pills", write("Buy pills."))
        held = dialogue.open_topic(author, a.id, new)
        moderation.refuse(p.moderator, held.id, WHY)
    with at(now() + timedelta(days=200)):
        assert dialogue.forget_refused(SYSTEM) == 2


def _choose_voices(_w: Any, p: Any, _a: Agenda) -> None:
    """Who may not write for the organisation any longer is not the one with the lowest id."""
    text = members.OrganisationText("Office of Trams", "partner")
    office_id = members.write_organisation(p.moderator, text).id
    for member in (p.ben, p.chitra):
        members.edit_profile(member, members.Profile(member.name, organisation_id=office_id))
    for chosen in ([p.ben.id], [p.chitra.id], None):
        members.choose_voices(p.moderator, office_id, chosen)


def _end_voices(_w: Any, p: Any, _a: Agenda) -> None:
    """The member of the organisation whose mandate ends first joined later; then one ends while others are chosen."""
    today = now().date()
    offices = []
    for name, member, days in (("Trams", p.chitra, 1), ("Buses", p.ben, 2)):
        text = members.OrganisationText(f"Office of {name}", "partner")
        offices.append(members.write_organisation(p.moderator, text).id)
        profile = members.Profile(member.name, organisation_id=offices[-1])
        members.edit_profile(member, profile)
        last = {member.id: today + timedelta(days=days)}
        invitations.choose_voices(p.moderator, offices[-1], [member.id], last)
    with at(now() + timedelta(days=3)):
        assert invitations.look_after_voices(SYSTEM) == 2
    members.edit_profile(p.ben, members.Profile(p.ben.name, organisation_id=offices[0]))
    last = {p.chitra.id: today + timedelta(days=1)}
    invitations.choose_voices(p.moderator, offices[0], [p.ben.id, p.chitra.id], last)
    with at(now() + timedelta(days=3)):
        invitations.choose_voices(p.moderator, offices[0], [p.chitra.id])


FILE = """\
# {title}
- slug: {slug}

## Dialogue
### Of files
- kind: question
- by: chitra-desai
- at: 2026-10-04 09:00
- useful: ben-okoth

Who knows?

### Of older people
- kind: question
- by: ben-okoth
- at: 2026-10-04 10:00
- asked: chitra-desai | 2026-10-04 11:00

Who else?

### Of newer files
- kind: experience
- by: ben-okoth
- at: 2026-10-05 09:00

> [Somebody](/posts/{quoted}):
>
> Two.

Everybody.

## Comments on case {case}
#### ben-okoth, 2026-10-06 10:00

> #1
> Quiet.

So it is.
"""


NEW_FILE = """\
# Making Cities {word}
- slug: {word}
- palette: park
- pattern: delta
- summary: In short.
- hosts: {host}

Text.

## Dialogue
### Of {word} cities
- kind: question
- by: {host}
- at: 2026-10-04 09:00

Who knows?
"""


def _file_for(p: Any, a: Agenda) -> str:
    case = library.write_case(
        p.moderator, a.id, library.CaseText("Felt", "network", "Quiet.", "1.")
    )
    quoted = _posts(_topic(p, a))[1]
    return FILE.format(title=a.title, slug=a.slug, case=case.slug, quoted=quoted)


def _import(_w: Any, p: Any, a: Agenda) -> None:
    """A newer member writes first, and a comment on what was there already comes last."""
    import_agenda(p.moderator, read_agenda(_file_for(p, a)))


def _import_with_new_hosts(_w: Any, p: Any, a: Agenda) -> None:
    """The host of the first file joined last, and the last file adds to an agenda that was there."""
    texts = [
        NEW_FILE.format(word="cooler", host="chitra-desai"),
        NEW_FILE.format(word="softer", host="ben-okoth"),
        _file_for(p, a),
    ]
    import_agendas(p.moderator, [("", read_agenda(text), {}) for text in texts])


def _import_into_preparation(_w: Any, p: Any, a: Agenda) -> None:
    """Texts of the agenda, which is in preparation, are counted before those of the file."""
    _topic(p, a)
    text = _file_for(p, a)
    dialogue.prepare_agenda(p.moderator, a.id)
    import_agenda(p.moderator, read_agenda(text))


PEOPLE_FILE = """\
# Organisations

## Office of Trams
- slug: office-of-trams
- kind: partner
- names who writes for it: yes
- writes for it: chitra-desai | 2026-10-01 09:00

## Office of Buses
- slug: office-of-buses
- kind: partner
- names who writes for it: yes
- writes for it: ben-okoth | 2026-10-01 09:00
"""


def _import_voices(_w: Any, p: Any, _a: Agenda) -> None:
    """The member of the first organisation in the file joined last."""
    for name, member in (("Trams", p.chitra), ("Buses", p.ben)):
        text = members.OrganisationText(f"Office of {name}", "partner")
        office = members.write_organisation(p.moderator, text)
        profile = members.Profile(member.name, organisation_id=office.id)
        members.edit_profile(member, profile)
    import_voices(SYSTEM, read_people(PEOPLE_FILE))


SEVERAL: dict[str, Deed] = {
    "hide and delete the only post": _hide_alone,
    "publish in another language": _publish_translated,
    "remove all posts": _remove_all,
    "clear all that somebody wrote": _clear,
    "show a profile, and all that its member wrote": _show_profile_with_all,
    "take back that all was cleared": _take_clearing_back,
    "clear what waits, too, and take it back": _clear_what_waits,
    "clear what stands on two agendas, and take it back": _clear_two_agendas,
    "open topics on two agendas after their last days": _open_two_agendas,
    "take a split back": _split_off,
    "delete posts of who has left": _leave,
    "move a page to other readers": _move_page,
    "empty topics that quote each other": _empty_quoted,
    "remove all their posts": _remove_all_quoted,
    "clear those who wrote them": _clear_quoted,
    "close them to visitors, and hide them": _close_quoted,
    "split and merge them": _regroup_quoted,
    "lock them at once, and give them a theme": _lock_and_theme_several,
    "move them at once, and back": _move_several,
    "move them at once out of preparation": _bring_several_to_light,
    "delete their posts": _delete_quoted,
    "delete a post that was merged": _delete_merged,
    "move comments to other paragraphs": _move_comments,
    "move a case with comments on its paragraphs": _move_case,
    "move a published practice to other readers": _change_published,
    "erase practices": _erase_practices,
    "merge an answered question, and make it an experience": _merge_answered,
    "publish what waits and quotes them": _publish_held_quoting,
    "choose who writes for an organisation": _choose_voices,
    "end who writes for several organisations": _end_voices,
    "forget what was refused": _forget_refused,
    "load a file": _import,
    "load files with new hosts": _import_with_new_hosts,
    "load a file into an agenda in preparation": _import_into_preparation,
    "load who writes for organisations": _import_voices,
    "delete a post of which an edit waits": _delete_with_held_edit,
}


@pytest.mark.parametrize("deed", SEVERAL)
def test_several_things_at_once_change_in_the_order_of_locks(
    faults: list[str], world: dict[str, Any], people: Any, agenda: Agenda, deed: str
) -> None:
    SEVERAL[deed](world, people, agenda)
    assert faults == []
