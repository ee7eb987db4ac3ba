"""The people and situations of which the table of rights speaks (`test_permissions.py`), as rows in no database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from forum import permissions, principals
from forum.agendas.models import Agenda, Statement
from forum.appeals.models import Appeal
from forum.appeals.queries import Standing
from forum.clock import now
from forum.commitments.models import Commitment
from forum.declarations.models import Declaration, Signature
from forum.dialogue.models import Held, Mark, Post, Topic
from forum.invitations.models import Entrance
from forum.library.models import Practice
from forum.meetings.models import Attendance, Meeting
from forum.members.models import Member, Organisation
from forum.moderation.models import REPORTER, TELLER, Decision
from forum.parallels.models import Translation
from forum.permissions import SYSTEM, VISITOR, Person
from forum.pictures.models import Picture

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

# They lack the second factor that their office asks for
HELD = [
    person(role="moderator", held_at=PAST),
    person(role="administrator", hosted=[HERE], held_at=PAST),
    person(hosted=[HERE], held_at=PAST),
]

# The rows of a situation, made from its words: "own" belongs to the person, otherwise to somebody else.


def agenda_of(said: str, number: int = HERE) -> Agenda:
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
    place = {"agenda_id": HERE, "agenda": agenda_of(said)}
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


def post_of(said: str) -> Post:
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
    return Meeting(id=1, agenda_id=HERE, agenda=agenda_of(said), starts_at=starts_at, **states)


def _attendance(said: str) -> Attendance | None:
    if "nobody" in said:
        return None
    return Attendance(member_id=_author(said), waiting_at=PAST if "waiting" in said else None)


def _practice(said: str) -> Practice:
    states = {f"{state}_at": PAST for state in ("published", "hidden", "deleted") if state in said}
    return Practice(id=1, author_id=_author(said), agenda_id=HERE, agenda=agenda_of(said), **states)


def member_of(said: str) -> Member:
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
    return Declaration(agenda=agenda_of(said), agenda_id=HERE, sign_until=last, **made)


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
    return Commitment(agenda=agenda_of(said), agenda_id=HERE, **whose, **times)


def _translated(said: str) -> Translation:
    """A translation; `own`: by the person, `own original`: by somebody else, of the person's practice."""
    practice = Practice(
        id=1,
        agenda=agenda_of(said),
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
    "contact": lambda said: (member_of(said),),
    "be_invited_to_contact": lambda said: (member_of(said),),
    "ignore": lambda said: (member_of(said),),
    "write_staff_note": lambda said: (member_of(said),),
    "leave": lambda said: (member_of(said),),
    "stay": lambda said: (member_of(said),),
    "edit_profile": lambda said: (member_of(said),),
    **dict.fromkeys(("change_handle", "see_earlier_handles"), lambda said: (member_of(said),)),
    "invite": lambda said: (_entrance(said),),
    "invite_for": lambda said: (_organisation(said),),
    "choose_voices": lambda said: (_organisation(said),),
    "let_in": _letting_in,
    "see_seats": lambda said: (_organisation(said),),
    **dict.fromkeys(("open_topic", "open_by_email"), lambda said: (agenda_of(said),)),
    "reply": lambda said: (_topic(said),),
    "reply_again": lambda said: (_topic(said), _latest_at(said)),
    "edit": lambda said: (post_of(said),),
    "delete": lambda said: (post_of(said),),
    "compare": lambda said: (post_of(said),),
    "mark": lambda said: (post_of(said),),
    "intend": lambda said: (post_of(said),),
    **dict.fromkeys(("vote", "close_poll"), lambda said: (post_of(said),)),
    "change_note": lambda said: (_mark(said),),
    "restore": lambda said: (post_of(said),),
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
    "draft_declaration": lambda said: (agenda_of(said),),
    "curate_declaration": lambda said: (_declaration(said), said.split(maxsplit=1)[0].rstrip(",")),
    "speak_for": lambda said: (_spoken_for(said),),
    "sign": lambda said: (_declaration(said), _spoken_for(said)),
    "take_signature_back": lambda said: (_signature(said),),
    "publish_commitment": lambda said: (agenda_of(said), _spoken_for(said)),
    **dict.fromkeys(
        ("edit_commitment", "tell_of_commitment", "follow_commitment"),
        lambda said: (_commitment(said),),
    ),
    "add_translation": lambda said: (_translated(said).original,),
    **dict.fromkeys(
        ("correct_translation", "put_translation_back", "remove_translation"),
        lambda said: (_translated(said),),
    ),
    "announce_meeting": lambda said: (agenda_of(said),),
    "change_meeting": lambda said: (_meeting(said),),
    "tell_outcome": lambda said: (_meeting(said),),
    "come": lambda said: (_meeting(said),),
    "join_meeting": lambda said: (_meeting(said), _attendance(said)),
    "write_practice": lambda said: (agenda_of(said),),
    "edit_practice": lambda said: (_practice(said),),
    "submit_practice": lambda said: (_practice(said),),
    "confirm_practice": lambda said: (_practice(said),),
    "delete_practice": lambda said: (_practice(said),),
    "watch_author": lambda said: (_author(said),),
    **dict.fromkeys(("report", "judge"), lambda said: (_reported(said),)),
    "moderate": lambda said: (None if said == "no agenda" else HERE,),
    "publish": lambda said: (HERE, _author(said), "alone" in said),
    "move_away": lambda said: (_topic(""),),
    "move": lambda said: (
        _topic("").agenda_id,
        agenda_of(said, THERE if "elsewhere" in said else HERE),
    ),
    "split": lambda said: (
        _topic("prepared" if "from prepared" in said else ""),
        agenda_of(said.replace("from prepared", ""), THERE if "elsewhere" in said else HERE),
    ),
    "merge": lambda said: (_topic(""), _there(said)),
    "curate": lambda said: (agenda_of(said),),
    "take_name_away": lambda said: (
        Statement(id=1, member_id={"own": ME, "nobody's": None}.get(said, SOMEBODY)),
    ),
    "suspend": lambda said: (member_of(said),),
    "clear_spam": lambda said: (member_of(said),),
    "appeal": lambda said: (_standing(said),),
    "decide_appeal": lambda said: (_appeal(said),),
    **dict.fromkeys(("give_back", "see_decision"), lambda said: (_decision(said),)),
}
