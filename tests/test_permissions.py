"""Who may do what: a table of role × right × situation, complete over every method of `Can`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, insert, literal, select

from forum import permissions, principals, reach
from forum.agendas.models import Agenda, Statement
from forum.appeals.models import Appeal
from forum.appeals.queries import Standing
from forum.clock import at, now
from forum.columns import Moment
from forum.commitments.models import Commitment
from forum.db import db
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.errors import Forbidden
from forum.invitations.models import Entrance
from forum.library.models import Practice
from forum.meetings.models import Attendance, Meeting
from forum.members.models import Member, Organisation
from forum.moderation.models import REPORTER, TELLER, Decision
from forum.parallels.models import Translation
from forum.permissions import SYSTEM, VISITOR, Can, Person, require
from forum.pictures.models import Picture
from forum.principals import office_of
from forum.verdicts import Verdict

ME, SOMEBODY, HERE, THERE = 7, 8, 1, 2
PAST = datetime.now(UTC) - timedelta(days=1)
AHEAD = datetime.now(UTC) + timedelta(days=1)


def person(**words: Any) -> Member:
    return Member(**{"id": ME, "role": "member", "hosted": [], **words})


PEOPLE: dict[str, Person] = {
    "visitor": VISITOR,
    "member": person(),
    "silenced": person(silenced_until=AHEAD),
    "suspended": person(suspended_until=AHEAD),
    "left": person(left_at=PAST),
    "host": person(hosted=[HERE]),
    "host elsewhere": person(hosted=[THERE]),
    "moderator": person(role="moderator"),
    "administrator": person(role="administrator"),
    "system": SYSTEM,
}

# The rows of a situation, made from its words: "own" belongs to the person, otherwise to somebody else.


def _agenda(said: str, number: int = HERE) -> Agenda:
    states = {"archived_at": PAST if "archived" in said else None}
    states["deleted_at"] = PAST if "agenda gone" in said else None
    return Agenda(id=number, opened_at=None if "prepared" in said else PAST, **states)


def _author(said: str) -> int:
    return ME if "own" in said else SOMEBODY


def _topic(said: str) -> Topic:
    states = {f"{state}_at": PAST for state in ("locked", "hidden", "deleted") if state in said}
    if "post" in said:  # the state is that of the post, not of the topic
        states = {"locked_at": states.get("locked_at")}
    kind = next(
        (
            kind_of_topic
            for kind_of_topic in ("question", "practice", "case")
            if kind_of_topic in said
        ),
        "experience",
    )
    place = {"agenda_id": HERE, "agenda": _agenda(said)}
    replies = int("replied" in said)
    if "story withheld" in said:
        states["follow_up_hidden_at"] = PAST
    states["home"] = "/cases/one" if "home" in said else None
    if "slow" in said:
        end = PAST if "over" in said else None
        states |= {"slowed_at": PAST, "slow_minutes": 60, "slow_until": end, "slow_reason": ""}
    return Topic(id=1, kind=kind, author_id=_author(said), replies_count=replies, **place, **states)


def _latest_at(said: str) -> datetime | None:
    if "never" in said:
        return None
    return now() - timedelta(minutes=61 if "long ago" in said else 59)


def _there(said: str) -> Topic:
    return Topic(id=2, agenda_id=THERE if "elsewhere" in said else HERE)


def _post(said: str) -> Post:
    states = {f"{state}_at": PAST for state in ("hidden", "deleted") if state + " post" in said}
    number = 1 if "opening" in said else 2
    return Post(id=1, number=number, author_id=_author(said), topic=_topic(said), **states)


def _mark(said: str) -> Mark:
    return Mark(member_id=_author(said), hidden_at=PAST if "hidden" in said else None)


def _held(said: str) -> Held:
    return Held(id=1, author_id=_author(said), agenda_id=HERE)


def _picture(said: str) -> Picture:
    return Picture(id=1, member_id=_author(said), agenda_id=HERE if "here" in said else None)


def _meeting(said: str) -> Meeting:
    """A future meeting, unless `said` contains that it is cancelled, over, or has begun."""
    states = {f"{state}_at": PAST for state in ("cancelled", "over") if state in said}
    starts_at = PAST if "begun" in said or "over" in said else AHEAD
    return Meeting(id=1, agenda_id=HERE, agenda=_agenda(said), starts_at=starts_at, **states)


def _attendance(said: str) -> Attendance | None:
    if "nobody" in said:
        return None
    return Attendance(member_id=_author(said), waiting_at=PAST if "waiting" in said else None)


def _practice(said: str) -> Practice:
    states = {f"{state}_at": PAST for state in ("published", "hidden", "deleted") if state in said}
    return Practice(id=1, author_id=_author(said), agenda_id=HERE, agenda=_agenda(said), **states)


def _member(said: str) -> Member:
    role = next((role for role in principals.ROLES if role in said), "member")
    leaving_at = AHEAD if "leaving" in said else None
    takes = "unwilling" not in said
    hidden_at = PAST if "hidden" in said else None
    posts = permissions.MAX_SPAMMER_POSTS + 1 if "much" in said else 1
    states = {
        "leaving_at": leaving_at,
        "posts_count": posts,
        "hidden_at": hidden_at,
        "takes_letters": takes,
        "handle_changed_at": _handle_changed_at(said),
    }
    return Member(id=_author(said), role=role, **states)


def _handle_changed_at(said: str) -> datetime | None:
    ages = {
        "changed just now": 0,
        "changed lately": 29,
        "changed before": 31,
        "changed long ago": 181,
    }
    found = (now() - timedelta(days=age) for words, age in ages.items() if words in said)
    return next(found, None)


def _standing(said: str) -> Standing:
    end = PAST if "late" in said else AHEAD
    return Standing("theirs" in said, "again" in said, "over" not in said, end)


def _appeal(said: str) -> Appeal:
    moderator = ME if "own decision" in said else SOMEBODY
    author = ME if "about oneself" in said else SOMEBODY
    decision = Decision(moderator_id=moderator, author_id=author, present_agenda_id=HERE)
    decision.part = _part(said)
    return Appeal(decision=decision, appellant_id=ME if "own appeal" in said else SOMEBODY)


def _part(said: str) -> str:
    return next((part for part in (TELLER, REPORTER) if part in said), "")


def _decision(said: str) -> Decision:
    moderator = ME if "own" in said else SOMEBODY
    author = ME if "about oneself" in said else SOMEBODY
    there = THERE if "decided elsewhere" in said else HERE
    here = THERE if "moved elsewhere" in said else HERE
    places = {"agenda_id": there, "present_agenda_id": here}
    decision = Decision(moderator_id=moderator, author_id=author, **places)
    decision.part = _part(said)
    return decision


def _reported(said: str) -> int | None:
    return None if said == "nobody's" else _author(said)


def _entrance(said: str) -> Entrance:
    return Entrance(inviters=said.split(maxsplit=1)[0])


def _letting_in(said: str) -> tuple[Entrance, Organisation | None]:
    return _entrance(said), _organisation(said) if "organisation" in said else None


def _organisation(said: str) -> Organisation:
    return Organisation(representative_id=_author(said))


def _declaration(said: str) -> Declaration:
    times = {
        "consultation": ("opened",),
        "open": ("opened", "frozen"),
        "adopted": ("opened", "frozen", "adopted"),
        "withdrawn": ("opened", "withdrawn"),
    }
    state = next((state for state in times if state in said), "")
    last = now().date() - timedelta(days=int("over" in said))
    made = {f"{step}_at": PAST for step in times.get(state, ())}
    return Declaration(agenda=_agenda(said), agenda_id=HERE, sign_until=last, **made)


def _spoken_for(said: str) -> Organisation:
    named = "named" in said
    return Organisation(
        id=1 if "mine" in said else 2, names_voices=named, representative_id=_author(said)
    )


def _signature(said: str) -> Signature:
    return Signature(declaration=_declaration(said), organisation=_spoken_for(said))


def _commitment(said: str) -> Commitment:
    states = ("kept", "ended", "hidden")
    times = {f"{state}_at": PAST for state in states if state in said}
    organisation = _spoken_for(said)
    whose = {"organisation": organisation, "organisation_id": organisation.id}
    return Commitment(agenda=_agenda(said), agenda_id=HERE, **whose, **times)


def _translated(said: str) -> Translation:
    """A translation; `own`: by the person, `own original`: by somebody else, of the person's practice."""
    practice = Practice(
        id=1,
        agenda=_agenda(said),
        agenda_id=HERE,
        author_id=ME if "own original" in said else SOMEBODY,
        state="draft" if "draft" in said else "published",
        hidden_at=PAST if "original hidden" in said else None,
    )
    is_own = said.startswith("own") and "original" not in said
    hidden_at = PAST if said.endswith("translation hidden") else None
    translator = ME if is_own else SOMEBODY
    return Translation(
        practice_id=1, practice=practice, translator_id=translator, hidden_at=hidden_at
    )


ABOUT: dict[str, Callable[[str], tuple[Any, ...]]] = {
    "contact": lambda said: (_member(said),),
    "be_invited_to_contact": lambda said: (_member(said),),
    "ignore": lambda said: (_member(said),),
    "write_staff_note": lambda said: (_member(said),),
    "leave": lambda said: (_member(said),),
    "stay": lambda said: (_member(said),),
    "edit_profile": lambda said: (_member(said),),
    **dict.fromkeys(("change_handle", "see_earlier_handles"), lambda said: (_member(said),)),
    "invite": lambda said: (_entrance(said),),
    "invite_for": lambda said: (_organisation(said),),
    "choose_voices": lambda said: (_organisation(said),),
    "let_in": _letting_in,
    "see_seats": lambda said: (_organisation(said),),
    **dict.fromkeys(("open_topic", "open_by_email"), lambda said: (_agenda(said),)),
    "reply": lambda said: (_topic(said),),
    "reply_again": lambda said: (_topic(said), _latest_at(said)),
    "edit": lambda said: (_post(said),),
    "delete": lambda said: (_post(said),),
    "compare": lambda said: (_post(said),),
    "mark": lambda said: (_post(said),),
    "intend": lambda said: (_post(said),),
    **dict.fromkeys(("vote", "close_poll"), lambda said: (_post(said),)),
    "change_note": lambda said: (_mark(said),),
    "restore": lambda said: (_post(said),),
    **dict.fromkeys(("choose_answer", "change_kind", "tell_all"), lambda said: (_topic(said),)),
    **dict.fromkeys(
        ("see_asked", "ask", "advise", "follow_up", "withdraw_follow_up"),
        lambda said: (_topic(said),),
    ),
    **dict.fromkeys(("see_held", "revise", "take_back"), lambda said: (_held(said),)),
    **dict.fromkeys(
        ("see_picture", "show_picture", "delete_picture"), lambda said: (_picture(said),)
    ),
    "pass_screening": lambda said: (None if said == "no agenda" else HERE,),
    "draft_declaration": lambda said: (_agenda(said),),
    "curate_declaration": lambda said: (_declaration(said), said.split(maxsplit=1)[0].rstrip(",")),
    "speak_for": lambda said: (_spoken_for(said),),
    "sign": lambda said: (_declaration(said), _spoken_for(said)),
    "take_signature_back": lambda said: (_signature(said),),
    "publish_commitment": lambda said: (_agenda(said), _spoken_for(said)),
    **dict.fromkeys(
        ("edit_commitment", "tell_of_commitment", "follow_commitment"),
        lambda said: (_commitment(said),),
    ),
    "add_translation": lambda said: (_translated(said).original,),
    **dict.fromkeys(
        ("correct_translation", "put_translation_back", "remove_translation"),
        lambda said: (_translated(said),),
    ),
    "announce_meeting": lambda said: (_agenda(said),),
    "change_meeting": lambda said: (_meeting(said),),
    "tell_outcome": lambda said: (_meeting(said),),
    "come": lambda said: (_meeting(said),),
    "join_meeting": lambda said: (_meeting(said), _attendance(said)),
    "write_practice": lambda said: (_agenda(said),),
    "edit_practice": lambda said: (_practice(said),),
    "submit_practice": lambda said: (_practice(said),),
    "confirm_practice": lambda said: (_practice(said),),
    "delete_practice": lambda said: (_practice(said),),
    "watch_author": lambda said: (_author(said),),
    **dict.fromkeys(("report", "judge"), lambda said: (_reported(said),)),
    "moderate": lambda said: (None if said == "no agenda" else HERE,),
    "publish": lambda said: (HERE, _author(said), "alone" in said),
    "move_away": lambda said: (_topic(""),),
    "move": lambda said: (_topic(""), _agenda(said, THERE if "elsewhere" in said else HERE)),
    "split": lambda said: (
        _topic("prepared" if "from prepared" in said else ""),
        _agenda(said.replace("from prepared", ""), THERE if "elsewhere" in said else HERE),
    ),
    "merge": lambda said: (_topic(""), _there(said)),
    "curate": lambda said: (_agenda(said),),
    "take_name_away": lambda said: (
        Statement(id=1, member_id={"own": ME, "nobody's": None}.get(said, SOMEBODY)),
    ),
    "suspend": lambda said: (_member(said),),
    "clear_spam": lambda said: (_member(said),),
    "appeal": lambda said: (_standing(said),),
    "decide_appeal": lambda said: (_appeal(said),),
    **dict.fromkeys(("give_back", "see_decision"), lambda said: (_decision(said),)),
}

# Columns: visitor member silenced suspended left | host, host elsewhere | moderator administrator system
TABLE = """
join                   | ever                 |  yes    .    .  yes  yes    .    .    .    .  yes
sign_in                | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
write                  | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
be_published           | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
contact                | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
contact                | own                  |    .    .    .    .    .    .    .    .    .  yes
contact                | unwilling            |    .    .    .    .    .    .    .    .    .   .
contact                | hidden               |    .    .    .    .    .    .    .    .    .   .
contact                | leaving              |    .    .    .    .    .    .    .    .    .   .
be_invited_to_contact  | somebody's           |  yes    .    .  yes  yes    .    .    .    .    .
be_invited_to_contact  | unwilling            |    .    .    .    .    .    .    .    .    .    .
be_invited_to_contact  | hidden               |    .    .    .    .    .    .    .    .    .    .
ignore                 | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
ignore                 | own                  |    .    .    .    .    .    .    .    .    .  yes
write_staff_note       | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
write_staff_note       | own                  |    .    .    .    .    .    .    .    .    .  yes
agree                  | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
take_data              | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
leave                  | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
leave                  | somebody's           |    .    .    .    .    .    .    .    .  yes  yes
stay                   | own, leaving         |    .    .    .    .    .    .    .    .  yes  yes
stay                   | somebody's, leaving  |    .    .    .    .    .    .    .    .  yes  yes
edit_profile           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
edit_profile           | somebody's           |    .    .    .    .    .    .    .    .    .   .
change_handle          | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | own, changed just now |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | own, changed lately  |    .    .    .    .    .    .    .    .    .   .
change_handle          | own, changed before  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_handle          | somebody's           |    .    .    .    .    .    .    .    .    .   .
see_earlier_handles    | somebody's           |    .    .    .    .    .    .    .    .    .   .
see_earlier_handles    | somebody's, changed before |  .  .    .    .    .    .    .  yes  yes  yes
see_earlier_handles    | somebody's, changed long ago | . .   .    .    .    .    .    .    .   .
write_for_organisation | with one             |    .  yes    .    .    .  yes  yes  yes  yes   .
write_for_organisation | with one that names others | .  .    .    .    .    .    .    .    .   .
write_for_organisation | with none            |    .    .    .    .    .    .    .    .    .   .
see_notices            | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_mandates           | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_own                | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch                  | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch_author           | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
watch_author           | own                  |    .    .    .    .    .    .    .    .    .  yes
bookmark               | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
keep_search            | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
invite                 | moderators invite    |    .    .    .    .    .    .    .  yes  yes  yes
invite                 | members invite       |    .  yes    .    .    .  yes  yes  yes  yes  yes
choose_voices          | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
choose_voices          | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
invite_for             | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
invite_for             | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
let_in                 | moderators invite    |    .    .    .    .    .    .    .  yes  yes  yes
let_in                 | members invite       |    .  yes    .    .    .  yes  yes  yes  yes  yes
let_in                 | members, organisation |   .    .    .    .    .    .    .  yes  yes  yes
let_in                 | moderators, own organisation | . yes .  .    .  yes  yes  yes  yes  yes
see_seats              | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
see_seats              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
admit                  | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
open_topic             | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
open_topic             | archived             |    .    .    .    .    .    .    .    .    .   .
open_by_email          | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
open_by_email          | archived             |    .    .    .    .    .    .    .    .    .   .
open_by_email          | prepared             |    .    .    .    .    .    .    .    .    .   .
renew_addresses        | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
reply                  | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
reply                  | own, locked          |    .    .    .    .    .  yes    .  yes  yes  yes
reply                  | locked               |    .    .    .    .    .  yes    .  yes  yes  yes
reply                  | hidden               |    .    .    .    .    .    .    .    .    .   .
reply                  | deleted              |    .    .    .    .    .    .    .    .    .   .
reply                  | archived             |    .    .    .    .    .    .    .    .    .   .
reply                  | archived, locked     |    .    .    .    .    .    .    .    .    .   .
reply_again            | as fast as any       |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow                 |    .    .    .    .    .  yes    .  yes  yes  yes
reply_again            | slow, never          |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow, long ago       |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
reply_again            | slow, over           |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
edit                   | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
edit                   | somebody's           |    .    .    .    .    .    .    .    .    .   .
edit                   | own, locked          |    .    .    .    .    .  yes    .  yes  yes   .
edit                   | own, hidden post     |    .    .    .    .    .    .    .    .    .   .
edit                   | own, deleted post    |    .    .    .    .    .    .    .    .    .   .
edit                   | own, hidden          |    .    .    .    .    .    .    .    .    .   .
edit                   | own, archived        |    .    .    .    .    .    .    .    .    .   .
delete                 | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
delete                 | own, locked          |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | own, hidden post     |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete                 | own, deleted post    |    .    .    .    .    .    .    .    .    .   .
delete                 | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes   .
compare                | there                |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
compare                | hidden post          |    .    .    .    .    .    .    .    .    .   .
compare                | deleted post         |    .    .    .    .    .    .    .    .    .   .
mark                   | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
mark                   | own                  |    .    .    .    .    .    .    .    .    .  yes
mark                   | hidden post          |    .    .    .    .    .    .    .    .    .   .
mark                   | deleted post         |    .    .    .    .    .    .    .    .    .   .
mark                   | hidden               |    .    .    .    .    .    .    .    .    .   .
mark                   | deleted              |    .    .    .    .    .    .    .    .    .   .
mark                   | locked               |    .  yes    .    .    .  yes  yes  yes  yes  yes
mark                   | archived             |    .  yes    .    .    .  yes  yes  yes  yes  yes
intend                 | somebody's practice, opening | . yes . .   .  yes  yes  yes  yes  yes
intend                 | somebody's case, opening | . yes    .    .   .  yes  yes  yes  yes  yes
intend                 | own practice, opening |   .    .    .    .    .    .    .    .    .  yes
intend                 | hidden practice, opening | .  .    .    .    .    .    .    .    .   .
intend                 | somebody's practice  |    .    .    .    .    .    .    .    .    .   .
intend                 | somebody's, opening  |    .    .    .    .    .    .    .    .    .   .
change_note            | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
change_note            | own, hidden          |    .    .    .    .    .    .    .    .    .   .
change_note            | somebody's           |    .    .    .    .    .    .    .    .    .   .
vote                   | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
vote                   | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
vote                   | hidden post          |    .    .    .    .    .    .    .    .    .   .
vote                   | deleted post         |    .    .    .    .    .    .    .    .    .   .
vote                   | hidden               |    .    .    .    .    .    .    .    .    .   .
vote                   | locked               |    .    .    .    .    .    .    .    .    .   .
vote                   | archived             |    .    .    .    .    .    .    .    .    .   .
close_poll             | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | own, locked          |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes  yes
close_poll             | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
choose_answer          | own question         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
choose_answer          | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
choose_answer          | own experience       |    .    .    .    .    .    .    .    .    .   .
choose_answer          | own question, locked |    .  yes  yes    .    .  yes  yes  yes  yes  yes
change_kind            | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
change_kind            | own, replied         |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, locked          |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, archived        |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
change_kind            | own, with a home     |    .    .    .    .    .    .    .    .    .   .
see_asked              | own question         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | own question, locked |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | own question, hidden |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_asked              | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
see_asked              | own experience       |    .    .    .    .    .    .    .    .    .   .
ask                    | own question         |    .  yes    .    .    .  yes  yes  yes  yes  yes
ask                    | somebody's question  |    .    .    .    .    .  yes    .  yes  yes  yes
ask                    | own question, locked |    .    .    .    .    .  yes    .  yes  yes  yes
ask                    | own question, hidden |    .    .    .    .    .    .    .    .    .   .
ask                    | own question, archived |    .    .    .    .    .    .    .    .    .   .
ask                    | own question, prepared |    .    .    .    .    .    .    .    .    .   .
ask                    | own experience       |    .    .    .    .    .    .    .    .    .   .
pass_screening         | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
pass_screening         | no agenda            |    .    .    .    .    .    .    .  yes  yes  yes
see_held               | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_held               | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
revise                 | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
revise                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
take_back              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_back              | somebody's           |    .    .    .    .    .    .    .    .    .   .
be_asked               | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
advise                 | somebody's question  |    .  yes    .    .    .  yes  yes  yes  yes  yes
advise                 | own question         |    .    .    .    .    .    .    .    .    .  yes
advise                 | experience           |    .    .    .    .    .    .    .    .    .   .
advise                 | question, locked     |    .    .    .    .    .  yes    .  yes  yes  yes
advise                 | question, hidden     |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied |    .  yes    .    .    .  yes  yes  yes  yes   .
follow_up              | own question         |    .    .    .    .    .    .    .    .    .   .
follow_up              | question, replied    |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied and locked |    .    .    .    .    .  yes    .  yes  yes   .
follow_up              | own question, replied and hidden |    .    .    .    .    .    .    .    .    .   .
follow_up              | own question, replied, its story withheld |    .    .    .    .    .    .    .    .    .   .
withdraw_follow_up     | own question, replied, its story withheld |    .    .    .    .    .    .    .    .    .   .
withdraw_follow_up     | own question, replied and locked |    .  yes  yes    .    .  yes  yes  yes  yes   .
withdraw_follow_up     | own question         |    .  yes  yes    .    .  yes  yes  yes  yes   .
withdraw_follow_up     | question, replied    |    .    .    .    .    .    .    .    .    .   .
follow_up              | own experience, replied |    .    .    .    .    .    .    .    .    .   .
announce_meeting       | open                 |    .    .    .    .    .  yes    .  yes  yes  yes
announce_meeting       | prepared             |    .    .    .    .    .  yes    .  yes  yes  yes
announce_meeting       | archived             |    .    .    .    .    .    .    .    .    .   .
change_meeting         | coming               |    .    .    .    .    .  yes    .  yes  yes  yes
change_meeting         | over                 |    .    .    .    .    .    .    .    .    .   .
change_meeting         | cancelled            |    .    .    .    .    .    .    .    .    .   .
tell_outcome           | over                 |    .    .    .    .    .  yes    .  yes  yes  yes
tell_outcome           | coming               |    .    .    .    .    .    .    .    .    .   .
tell_outcome           | cancelled, over      |    .    .    .    .    .    .    .    .    .   .
come                   | coming               |    .  yes  yes    .    .  yes  yes  yes  yes  yes
come                   | begun                |    .    .    .    .    .    .    .    .    .   .
come                   | over                 |    .    .    .    .    .    .    .    .    .   .
come                   | cancelled            |    .    .    .    .    .    .    .    .    .   .
see_who_comes          | ever                 |    .  yes  yes    .    .  yes  yes  yes  yes  yes
join_meeting           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
join_meeting           | own, waiting         |    .    .    .    .    .  yes    .  yes  yes  yes
join_meeting           | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
join_meeting           | nobody's             |    .    .    .    .    .  yes    .  yes  yes  yes
write_practice         | open                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
write_practice         | archived             |    .    .    .    .    .    .    .    .    .   .
edit_practice          | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
edit_practice          | own, hidden          |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | own, deleted         |    .    .    .    .    .    .    .    .    .   .
edit_practice          | own, archived        |    .  yes    .    .    .  yes  yes  yes  yes  yes
edit_practice          | deleted              |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
submit_practice        | somebody's           |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, hidden          |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, deleted         |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, archived        |    .    .    .    .    .    .    .    .    .   .
submit_practice        | own, agenda gone     |    .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published       |    .  yes    .    .    .  yes  yes  yes  yes   .
confirm_practice       | somebody's, published |   .    .    .    .    .    .    .    .    .   .
confirm_practice       | own                  |    .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, hidden |  .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, deleted | .    .    .    .    .    .    .    .    .   .
confirm_practice       | own, published, archived | . yes   .    .    .  yes  yes  yes  yes   .
add_picture            | ever                 |    .  yes    .    .    .  yes  yes  yes  yes  yes
see_picture            | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
see_picture            | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
see_picture            | somebody's, here     |    .    .    .    .    .  yes    .  yes  yes  yes
show_picture           | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
show_picture           | somebody's           |    .    .    .    .    .    .    .  yes  yes  yes
show_picture           | somebody's, here     |    .    .    .    .    .  yes    .  yes  yes  yes
delete_picture         | own                  |    .  yes  yes    .    .  yes  yes  yes  yes    .
delete_picture         | somebody's           |    .    .    .    .    .    .    .    .    .    .
delete_practice        | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete_practice        | somebody's           |    .    .    .    .    .    .    .    .    .   .
delete_practice        | own, hidden          |    .  yes  yes    .    .  yes  yes  yes  yes   .
delete_practice        | own, deleted         |    .    .    .    .    .    .    .    .    .   .
delete_practice        | own, archived        |    .  yes  yes    .    .  yes  yes  yes  yes   .
report                 | somebody's           |    .  yes  yes    .    .  yes  yes  yes  yes  yes
report                 | own                  |    .    .    .    .    .    .    .    .    .  yes
report                 | nobody's             |    .  yes  yes    .    .  yes  yes  yes  yes   .
report_illegal         | ever                 |  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes
moderate               | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
moderate               | no agenda            |    .    .    .    .    .    .    .  yes  yes  yes
see_queue              | ever                 |    .    .    .    .    .  yes  yes  yes  yes  yes
publish                | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
publish                | own, others can      |    .    .    .    .    .    .    .    .    .  yes
publish                | own, alone           |    .    .    .    .    .  yes    .  yes  yes  yes
move_away              | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
judge                  | somebody's           |    .    .    .    .    .  yes  yes  yes  yes  yes
judge                  | own                  |    .    .    .    .    .    .    .    .    .  yes
judge                  | nobody's             |    .    .    .    .    .  yes  yes  yes  yes  yes
restore                | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
restore                | own                  |    .    .    .    .    .    .    .    .    .  yes
move                   | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
move                   | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
move                   | elsewhere, archived  |    .    .    .    .    .    .    .    .    .   .
move                   | elsewhere, prepared  |    .    .    .    .    .    .    .    .    .   .
split                  | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | here, archived       |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
split                  | elsewhere, archived  |    .    .    .    .    .    .    .    .    .   .
split                  | elsewhere, prepared  |    .    .    .    .    .    .    .    .    .   .
split                  | here, from prepared  |    .    .    .    .    .  yes    .  yes  yes  yes
split                  | elsewhere, from prepared |  .   .    .    .    .    .    .    .    .   .
merge                  | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
merge                  | elsewhere            |    .    .    .    .    .    .    .  yes  yes  yes
curate                 | open                 |    .    .    .    .    .  yes    .  yes  yes  yes
curate                 | archived             |    .    .    .    .    .  yes    .  yes  yes  yes
take_name_away         | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_name_away         | somebody's           |    .    .    .    .    .    .    .    .    .   .
take_name_away         | nobody's             |    .    .    .    .    .    .    .    .    .   .
curate_all             | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
delete_agenda          | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
keep_glossary          | ever                 |    .    .    .    .    .    .    .  yes  yes  yes
propose                | ever                 |   .  yes    .    .    .  yes  yes    .    .    .
suspend                | member               |    .    .    .    .    .    .    .  yes  yes  yes
suspend                | own                  |    .    .    .    .    .    .    .    .    .  yes
suspend                | moderator            |    .    .    .    .    .    .    .    .  yes  yes
suspend                | administrator        |    .    .    .    .    .    .    .    .  yes  yes
suspend                | own administrator    |    .    .    .    .    .    .    .    .    .  yes
clear_spam             | member               |    .    .    .    .    .    .    .  yes  yes  yes
clear_spam             | moderator            |    .    .    .    .    .    .    .    .  yes  yes
clear_spam             | member, much         |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs               |    .  yes  yes  yes    .  yes  yes  yes  yes  yes
draft_declaration      | here                 |    .    .    .    .    .  yes    .  yes  yes  yes
draft_declaration      | archived             |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit draft           |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | edit consultation    |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | edit, open           |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, adopted        |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, withdrawn      |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | edit, archived       |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | freeze draft         |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | freeze consultation  |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | invite, open         |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | invite, adopted      |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | adopt, open          |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | adopt, open, archived |   .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | freeze consultation, prepared | . . . .    .    .    .    .    .   .
curate_declaration     | invite, open, prepared |  .    .    .    .    .    .    .    .    .   .
curate_declaration     | adopt, open, prepared |   .    .    .    .    .    .    .    .    .   .
curate_declaration     | withdraw, open, prepared | .   .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | adopt consultation   |    .    .    .    .    .    .    .    .    .   .
curate_declaration     | withdraw consultation |   .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | withdraw, open       |    .    .    .    .    .  yes    .  yes  yes  yes
curate_declaration     | withdraw, adopted    |    .    .    .    .    .    .    .    .    .   .
speak_for              | own                  |    .  yes  yes    .    .  yes  yes  yes  yes   .
speak_for              | mine                 |    .    .    .    .    .    .    .    .    .   .
speak_for              | mine, named          |    .  yes  yes    .    .  yes  yes  yes  yes   .
speak_for              | mine, named others   |    .    .    .    .    .    .    .    .    .   .
speak_for              | another, named       |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open            |    .  yes    .    .    .  yes  yes  yes  yes   .
sign                   | mine, named, open    |    .  yes    .    .    .  yes  yes  yes  yes   .
sign                   | mine, open           |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, over      |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, archived  |    .    .    .    .    .    .    .    .    .   .
sign                   | own, open, prepared  |    .    .    .    .    .    .    .    .    .   .
sign                   | own, consultation    |    .    .    .    .    .    .    .    .    .   .
sign                   | own, adopted         |    .    .    .    .    .    .    .    .    .   .
sign                   | own, withdrawn       |    .    .    .    .    .    .    .    .    .   .
take_signature_back    | own, open            |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_signature_back    | own, open, archived  |    .  yes  yes    .    .  yes  yes  yes  yes   .
take_signature_back    | another, open        |    .    .    .    .    .    .    .    .    .   .
take_signature_back    | own, adopted         |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
publish_commitment     | mine                 |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | mine, named          |    .  yes    .    .    .  yes  yes  yes  yes   .
publish_commitment     | mine, named others   |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own, archived        |    .    .    .    .    .    .    .    .    .   .
publish_commitment     | own, prepared        |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
edit_commitment        | mine                 |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, archived        |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, kept            |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, ended           |    .    .    .    .    .    .    .    .    .   .
edit_commitment        | own, hidden          |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own                  |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | mine, named          |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | another, named       |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, archived        |    .  yes    .    .    .  yes  yes  yes  yes   .
tell_of_commitment     | own, kept            |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, ended           |    .    .    .    .    .    .    .    .    .   .
tell_of_commitment     | own, hidden          |    .    .    .    .    .    .    .    .    .   .
follow_commitment      | another              |    .  yes  yes    .    .  yes  yes  yes  yes   .
follow_commitment      | another, kept        |    .  yes  yes    .    .  yes  yes  yes  yes   .
follow_commitment      | mine                 |    .    .    .    .    .    .    .    .    .   .
follow_commitment      | another, of none     |    .    .    .    .    .    .    .    .    .   .
add_translation        | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
add_translation        | somebody's, archived |    .    .    .    .    .    .    .    .    .   .
add_translation        | somebody's, draft    |    .    .    .    .    .    .    .    .    .   .
add_translation        | original hidden      |    .    .    .    .    .    .    .    .    .   .
correct_translation    | somebody's           |    .  yes    .    .    .  yes  yes  yes  yes  yes
correct_translation    | own, translation hidden | .    .    .    .    .    .    .    .    .   .
correct_translation    | somebody's, archived |    .    .    .    .    .    .    .    .    .   .
put_translation_back   | own                  |    .  yes    .    .    .  yes  yes  yes  yes  yes
put_translation_back   | own original         |    .  yes    .    .    .  yes  yes  yes  yes  yes
put_translation_back   | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
remove_translation     | own                  |    .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | own, translation hidden | .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | own original         |    .  yes  yes    .    .  yes  yes  yes  yes  yes
remove_translation     | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
appeal                 | somebody's           |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, again        |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, over         |    .    .    .    .    .    .    .    .    .   .
appeal                 | theirs, late         |    .    .    .    .    .    .    .    .    .   .
decide_appeal          | ever                 |    .    .    .    .    .  yes    .  yes  yes  yes
decide_appeal          | own decision         |    .    .    .    .    .    .    .    .    .  yes
decide_appeal          | about oneself        |    .    .    .    .    .    .    .    .    .  yes
decide_appeal          | teller               |    .    .    .    .    .    .    .    .    .    .
decide_appeal          | reporter             |    .    .    .    .    .    .    .    .    .    .
give_back              | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
give_back              | about oneself        |    .    .    .    .    .    .    .    .    .  yes
give_back              | own, about oneself   |    .    .    .    .    .  yes    .  yes  yes  yes
give_back              | teller               |    .    .    .    .    .    .    .    .    .    .
give_back              | reporter             |    .    .    .    .    .    .    .    .    .    .
give_back              | own, reporter        |    .    .    .    .    .  yes    .  yes  yes    .
see_decision           | somebody's           |    .    .    .    .    .  yes    .  yes  yes  yes
see_decision           | moved elsewhere      |    .    .    .    .    .  yes  yes  yes  yes  yes
see_decision           | decided elsewhere    |    .    .    .    .    .  yes  yes  yes  yes  yes
give_back              | moved elsewhere      |    .    .    .    .    .    .  yes  yes  yes  yes
decide_appeal          | own appeal           |    .    .    .    .    .    .    .    .    .  yes
administer             | ever                 |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | somebody's           |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | own, locked          |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | archived             |    .    .    .    .    .    .    .    .  yes  yes
tell_all               | hidden               |    .    .    .    .    .    .    .    .    .   .
tell_all               | deleted              |    .    .    .    .    .    .    .    .    .   .
tell_all               | prepared             |    .    .    .    .    .    .    .    .    .   .
tell_all               | with a home          |    .    .    .    .    .    .    .    .    .   .
"""


def rows() -> list[tuple[str, str, dict[str, bool]]]:
    """Every row of the table: deed, situation, and the answer for each person."""
    found = []
    for line in TABLE.strip().splitlines():
        deed, said, answers = (part.strip() for part in line.split("|"))
        yes = [answer == "yes" for answer in answers.split()]
        found.append((deed, said, dict(zip(PEOPLE, yes, strict=True))))
    return found


def verdict(who: Person, deed: str, said: str) -> Verdict:
    """The verdict for a person about a right in a situation."""
    speaking = ("speak_for", "sign", "take_signature_back")
    if (deed in speaking or deed.endswith("_commitment")) and isinstance(who, Member):
        who.organisation_id = None if "of none" in said else 1
        who.is_voice = "others" not in said
    if deed == "write_for_organisation" and isinstance(who, Member):
        who.organisation_id = None if said == "with none" else 1
        who.is_voice = said != "with one that names others"
    return getattr(who.can, deed)(*ABOUT.get(deed, lambda _said: ())(said))


def test_the_table_is_complete() -> None:
    rights = {name for name, _ in inspect.getmembers(Can, inspect.isfunction) if name[0] != "_"}
    assert {deed for deed, _, _ in rows()} == rights
    assert {name for name in vars(permissions.SystemCan) if name[0] != "_"} <= rights


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_may_do_what(deed: str, said: str, expected: dict[str, bool]) -> None:
    assert {name: bool(verdict(who, deed, said)) for name, who in PEOPLE.items()} == expected


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(
    "said", ["", "own", "question", "own question", "deleted post", "archived"]
)
def test_all_rights_over_a_post_are_each_right(who: str, said: str) -> None:
    person, post = PEOPLE[who], _post(f"post {said}")
    rights, can = person.rights(post)._asdict(), person.can
    assert rights.pop("take_part") == person.is_member
    asked = dict.fromkeys(("mark", "edit", "delete", "restore"), post)
    asked |= {"report": post.author_id}
    asked |= {"moderate": post.topic.agenda_id}
    assert rights == {
        name: bool(getattr(can, name)(asked.get(name, post.topic))) for name in rights
    }


@pytest.mark.parametrize("who", PEOPLE)
def test_rights_over_the_posts_of_a_topic_are_those_over_each(who: str) -> None:
    person, topic = PEOPLE[who], _post("post").topic
    posts = [_post(f"post {said}") for said in ("", "own", "deleted post", "hidden post")] * 2
    for post in posts:
        post.topic = topic
    rights = person.rights_in_topic()
    assert [rights(post) for post in posts] == [person.rights(post) for post in posts]


HELD = [
    person(role="moderator", held_at=PAST),
    person(role="administrator", hosted=[HERE], held_at=PAST),
    person(hosted=[HERE], held_at=PAST),
]


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_lacks_the_second_factor_has_the_rights_of_a_plain_member(
    deed: str, said: str, expected: dict[str, bool]
) -> None:
    for who in HELD:
        assert bool(verdict(who, deed, said)) == expected["member"], who.role


OFFICES = [
    (person(), "", ""),
    (person(hosted=[HERE]), "Host of this agenda", "Host of an agenda"),
    (person(hosted=[THERE]), "", "Host of an agenda"),
    (person(role="moderator", hosted=[HERE]), "Moderator", "Moderator"),
    (person(role="administrator"), "Administrator", "Administrator"),
    (person(role="moderator", held_at=PAST), "Moderator", "Moderator"),
    (person(role="moderator", hidden_at=PAST), "", ""),
    (person(role="moderator", leaving_at=PAST), "", ""),
    (person(hosted=[HERE], left_at=PAST), "", ""),
]


@pytest.mark.parametrize(("who", "here", "anywhere"), OFFICES)
def test_an_office_is_said_of_who_holds_it(
    app: Flask, who: Member, here: str, anywhere: str
) -> None:
    with app.test_request_context():
        assert (who.office_on(HERE), office_of(who)) == (here, anywhere)
        assert office_of(who, in_preparation=[HERE, THERE]) == (
            "" if who.role == "member" else anywhere
        )


def test_only_rights_over_others_wait_for_a_second_factor(app: Flask) -> None:
    plain = person(held_at=PAST)
    assert not plain.is_held and bool(plain.can.write())
    with app.test_request_context():
        for who in HELD:
            assert who.is_held and not (who.is_curator or who.is_moderator or who.is_administrator)
            assert "second factor" in str(who.can.see_queue().why_not)
            assert "second factor" in str(who.can.administer().why_not)


def test_who_lacks_the_second_factor_sees_what_a_plain_member_sees(app: Flask) -> None:
    for who in HELD:
        here = literal(HERE, Integer)
        assert not reach.sees_hidden(who, HERE)
        assert not answers(app, reach.moderated_by(who, here))
        assert not answers(app, reach.shown_to(who, literal(PAST, Moment()), here))
        assert answers(app, reach.read_by(who, literal(permissions.MEMBERS)))


SILENCED = [
    person(role="moderator", silenced_until=AHEAD),
    person(role="administrator", hosted=[HERE], silenced_until=AHEAD),
    person(hosted=[HERE], silenced_until=AHEAD),
]


@pytest.mark.parametrize(("deed", "said", "expected"), rows(), ids=lambda value: str(value)[:30])
def test_who_is_silenced_has_the_rights_of_a_silenced_member(
    deed: str, said: str, expected: dict[str, bool]
) -> None:
    for who in SILENCED:
        assert bool(verdict(who, deed, said)) == expected["silenced"], who.role


def test_who_is_silenced_reads_why_nothing_can_be_decided(app: Flask) -> None:
    with app.test_request_context():
        for who in SILENCED:
            for refused in (who.can.see_queue(), who.can.moderate(HERE), who.can.administer()):
                assert "paused your right to write" in str(refused.why_not)
            assert not reach.sees_hidden(who, HERE)
    over = person(hosted=[HERE], silenced_until=PAST)
    assert over.can.moderate(HERE) and over.is_curator


def test_every_no_says_why(app: Flask) -> None:
    with app.test_request_context():
        for deed, said, expected in rows():
            for name, who in PEOPLE.items():
                if not expected[name]:
                    with pytest.raises(Forbidden) as refusal:
                        require(verdict(who, deed, said))
                    assert refusal.value.message.endswith("."), (deed, said, name)


def test_a_pause_and_a_suspension_end_by_themselves() -> None:
    assert person(silenced_until=PAST).can.write() and person(suspended_until=PAST).can.write()
    with at(PAST - timedelta(days=1)):  # at that time both were in effect
        assert not person(silenced_until=PAST).can.write()
        assert not person(suspended_until=PAST).can.write()


@pytest.mark.parametrize("who", [{"hosted": [HERE]}, {"role": "moderator"}])
def test_who_moderates_and_may_not_write_does_not_curate(who: dict[str, Any]) -> None:
    agenda = _agenda("open")
    assert person(**who, silenced_until=PAST).can.curate(agenda)
    assert not person(**who, silenced_until=AHEAD).can.curate(agenda)
    assert not person(left_at=PAST).is_member


def test_whoever_leaves_may_come_back_and_take_everything_and_nothing_else() -> None:
    leaving = person(leaving_at=AHEAD, role="moderator", hosted=[HERE])
    assert not leaving.is_member and leaving.is_leaving
    allowed = {
        deed
        for deed, said, _expected in rows()
        if verdict(leaving, deed, said) and not verdict(VISITOR, deed, said)
    }
    assert allowed == {"sign_in", "stay", "take_data", "appeal"}
    assert not leaving.can.stay(_member("somebody's, leaving"))
    assert not person(leaving_at=PAST, left_at=PAST).is_leaving


def test_whoever_owes_consent_reads_and_does_not_write() -> None:
    for since, owes in ((PAST, True), (AHEAD, False), (None, False)):
        member = person(terms_due_at=since)
        assert member.owes_terms is owes and bool(member.can.write()) is not owes
        assert member.can.agree() and member.can.take_data() and member.can.leave(member)


# Reach: Python and SQL agree


def answers(app: Flask, condition: Any) -> bool:
    return bool(db.session.scalar(select(literal(1)).where(condition)))


@pytest.mark.parametrize("name", PEOPLE)
def test_who_sees_what_is_said_alike_in_python_and_in_sql(app: Flask, name: str) -> None:
    reader = PEOPLE[name]
    may_moderate = name in ("moderator", "administrator", "system")
    is_signed_in = name not in ("visitor", "suspended", "left")
    for audience in permissions.AUDIENCES:
        expected = is_signed_in or audience == permissions.PUBLIC
        assert reach.reads(reader, audience) == expected
        assert answers(app, reach.read_by(reader, literal(audience))) == expected
    hosted = {"host": HERE, "host elsewhere": THERE}.get(name)
    for agenda_id in (HERE, THERE):
        expected = may_moderate or agenda_id == hosted
        here = literal(agenda_id, Integer)
        assert reach.sees_hidden(reader, agenda_id) == expected
        assert answers(app, reach.moderated_by(reader, here)) == expected
        for hidden, shown in ((PAST, expected), (None, True)):
            column = literal(hidden, Moment())
            assert answers(app, reach.shown_to(reader, column, here)) == shown


@pytest.mark.parametrize("name", PEOPLE)
def test_an_agenda_in_preparation_is_seen_by_who_moderates_it(app: Flask, name: str) -> None:
    text = {"introduction": "", "introduction_html": "", "html_version": 0}
    looks = {"palette": "water", "pattern": "delta", "created_at": PAST, "active_at": PAST}
    for number, opened_at in ((HERE, None), (THERE, PAST)):
        row = {"id": number, "slug": str(number), "title": str(number), "opened_at": opened_at}
        db.session.execute(insert(Agenda).values(**row, **text, **looks))
    reader = PEOPLE[name]
    sees = reach.sees_hidden(reader, HERE)
    here, there = literal(HERE, Integer), literal(THERE, Integer)
    assert answers(app, reach.opened_to(reader, here)) == sees
    assert answers(app, reach.opened_to(reader, there))
    assert answers(app, reach.shown_to(reader, literal(None, Moment()), here)) == sees
    assert answers(app, reach.shown_to(reader, literal(None, Moment()), there))
    assert not answers(app, reach.is_on_open_agenda(here))


STATES: dict[str, dict[str, Any]] = {
    "free": {},
    **{
        f"{name} {when}": {column: moment}
        for name, column in (("suspended", "suspended_until"), ("silenced", "silenced_until"))
        for when, moment in (("before", PAST), ("now", AHEAD))
    },
    "leaving": {"leaving_at": PAST},
    "left": {"leaving_at": PAST, "left_at": PAST},
    "leaving and suspended": {"leaving_at": PAST, "suspended_until": AHEAD},
    "without the second factor": {"held_at": PAST},
}


@pytest.mark.parametrize("state", STATES)
def test_who_may_sign_in_and_decide_is_said_alike_in_python_and_in_sql(
    app: Flask, state: str
) -> None:
    moderator = person(role="moderator", **STATES[state])
    columns = ("suspended_until", "silenced_until", "leaving_at", "left_at", "held_at")
    row = SimpleNamespace(**{name: literal(getattr(moderator, name), Moment()) for name in columns})
    assert answers(app, reach.may_sign_in(row, now())) == bool(moderator.can.sign_in())
    assert (
        answers(app, reach.may_decide(row, now())) == moderator.may_decide == moderator.is_moderator
    )


def test_it_is_said_why_an_author_cannot_be_published(app: Flask) -> None:
    said = {
        "is suspended": {"suspended_until": AHEAD, "silenced_until": AHEAD},
        "closed the account": {"leaving_at": PAST},
        "may not write at the moment": {"silenced_until": AHEAD},
        "not agreed to the new terms": {"terms_due_at": PAST},
    }
    for words, state in said.items():
        assert words in str(person(**state).can.be_published().why_not)


def test_a_person_has_the_rights_of_the_role_and_no_more() -> None:
    assert not person(role="administrator", suspended_until=AHEAD).is_moderator
    assert not person(role="Administrator").is_member
    assert not person(role="").is_member
    assert person(hosted=[HERE]).is_curator and not person(hosted=[HERE], left_at=PAST).is_curator
    assert bool(principals.administers("administrator"))
    assert not principals.administers("moderator")
