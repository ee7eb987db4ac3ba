"""Composing a letter as a message: its content is read from the database when it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from flask_babel import force_locale
from flask_babel import gettext as _

from forum import locales, tokens, web
from forum.agendas.queries import hosted_by
from forum.appeals.queries import appeal_info, suspension_appeal_path
from forum.clock import in_words, in_zone, now, span_in_words
from forum.dialogue.models import Post, Topic
from forum.dialogue.queries import shown_source, telling_marks
from forum.emails import Letter, render
from forum.illustrations import names_in_links, source_without_removed
from forum.mail.commands._shared import today
from forum.mail.forms import bounce_address, reply_address
from forum.mail.models import Delivery
from forum.mail.queries import (
    DigestEntry,
    QueueContent,
    addressee,
    decision_told,
    digest_groups,
    heading_for,
    is_of_own_decision,
    meeting_told,
    notice_to_tell,
    queue_content,
    title_for_answer,
)
from forum.markdown import readable
from forum.members.models import Member, said_of_device
from forum.members.queries import forum_name
from forum.moderation.forms import REASON_NAMES
from forum.moderation.models import Deed
from forum.moderation.queries import is_concerned
from forum.notifications.models import DECISION_KINDS, NOTICE_KINDS, QUEUE_KINDS, Notice
from forum.notifications.queries import settings_of, zone_of
from forum.pages import ngettext
from forum.permissions import VISITOR
from forum.pictures.queries import removed_pictures
from forum.quotes import with_whole_links
from forum.reach import reads
from forum.rules.models import said_of_rule
from forum.screening.models import said_of_rule as said_of_screening_rule
from forum.settings import Settings

MAX_QUOTED_CHARACTERS = 8_000
# Decisions about a member's own profile or account: the letter speaks of "your" profile instead of using the name
PROFILE_DEEDS = Deed.HIDE, Deed.RESTORE
ACCOUNT_DEEDS = Deed.WARN, Deed.SILENCE, Deed.UNSILENCE, Deed.SUSPEND, Deed.UNSUSPEND
SIGN_INS = "new browser", "guessed"  # letters about how somebody signs in that name a browser
APPEAL_ANSWER = re.compile(r"/moderation/decisions/[0-9]+/appeal")  # the address in a notice


def compose(letter: Delivery, settings: Settings) -> Letter | None:
    """The letter as a message in text and HTML, from present data; None when there is nothing left to tell.

    It is in the language that its recipient has chosen, if the forum still offers that.
    """
    wanted = letter.member.locale if letter.member else letter.locale
    with force_locale(web.offered_locale(wanted)):
        return _compose(letter, settings)


def _compose(letter: Delivery, settings: Settings) -> Letter | None:
    words, headers = _words(letter, settings), _MailHeaders()
    if _is_expired(letter):
        return None
    if letter.kind in CONTEXT_BUILDERS:
        if letter.member is None or letter.member.mail_paused_at:
            return None
        more = CONTEXT_BUILDERS[letter.kind](letter, letter.member, headers)
        if not more:
            return None
        words |= more | {"stop": headers.unsubscribe}
    subject, text = render(letter.kind, "kit.txt", words)
    _same, html = render(letter.kind, "kit.html", words)
    return Letter(
        number=f"letter-{letter.id}-{letter.created_at:%Y%m%d%H%M%S}",
        to=letter.address,
        subject=subject,
        text=text,
        html=html,
        language=locales.tag(web.locale()),
        written_at=letter.created_at,
        sender=settings.mail_from,
        sender_name=_sender_name(words),
        host=settings.host,
        comes_back_to=_comes_back_to(letter, settings),
        **vars(headers),
    )


def _is_expired(letter: Delivery) -> bool:
    """Whether the link in a letter expired before it could be sent."""
    minutes = _minutes(letter)
    return minutes > 0 and letter.created_at + timedelta(minutes=minutes) < now()


def _minutes(letter: Delivery) -> int:
    """How long the link in a letter is valid; earlier releases stored hours."""
    return int(letter.words.get("minutes", 60 * letter.words.get("hours", 0)))


def _comes_back_to(letter: Delivery, settings: Settings) -> str:
    if not settings.reply_address or not letter.member_id:
        return settings.mail_from
    return bounce_address(settings.reply_address, letter.member_id, today())


@dataclass
class _MailHeaders:
    """Values of headers with which a mail program shows threads, answers a letter and unsubscribes from it."""

    thread: tuple[str, ...] = ()
    unsubscribe: str = ""
    list_name: str = ""
    reply_to: str = ""


def _notice(letter: Delivery, member: Member, headers: _MailHeaders) -> dict[str, Any] | None:
    content = notice_to_tell(member, letter.words["notice"])
    if content is None:
        return None
    notice, post, topic = content
    _set_headers(headers, member, notice, post, topic)
    waiting = queue_content(member, notice.address) if notice.kind in QUEUE_KINDS else None
    return {
        "kind": notice.kind,
        "label": NOTICE_KINDS[notice.kind].label,
        "mark": _mark(notice),
        "waiting": waiting,
        "actor": _people(notice),
        "sender_name": notice.actor and _people(notice),
        # To the representative of an organisation, about a member who writes for it
        "is_of_another": notice.address.endswith("/voices"),
        # To former hosts: of an agenda that is deleted, and of one that others host
        "is_over": notice.kind == "host" and notice.address == "/agendas",
        "is_former": notice.kind == "host" and notice.address.endswith("#hosts"),
        **_title_words(member, notice, topic),
        "sentence": _sentence(notice, post, waiting),
        "text": _text(notice, post),
        "language": post.language if post else "",
        "is_in_topic": topic is not None,
        "is_public": topic is not None and reads(VISITOR, topic.audience),
        "can_answer": bool(headers.reply_to),
        **_decision_words(member, notice),
        **_meeting_words(member, notice),
    }


def _title_words(member: Member, notice: Notice, topic: Topic | None) -> dict[str, str]:
    """The title of what a notice is about, and the language in which somebody wrote it; the forum's own words have none."""
    if topic:
        return {"title": topic.title, "title_language": topic.language}
    title = heading_for(member, notice)
    return {"title": title, "title_language": notice.language if title == notice.title else ""}


def _set_headers(
    headers: _MailHeaders, member: Member, notice: Notice, post: Post | None, topic: Topic | None
) -> None:
    headers.unsubscribe = stop_address(member.id, notice.kind)
    headers.list_name = f"{notice.kind}.notices"
    if topic:
        headers.thread = (f"topic-{topic.id}",)
    pattern = web.settings().reply_address
    if topic and post and pattern and member.can.reply(topic):
        headers.reply_to = reply_address(pattern, member.id, post.id, today())


def _sentence(notice: Notice, post: Post | None, waiting: QueueContent | None) -> str:
    """The forum's own words, which are not quoted: those of the notice, or why something was reported."""
    if post and NOTICE_KINDS[notice.kind].quotes:
        return ""
    return notice.sentence or ("" if notice.text else _reason(waiting))


def _text(notice: Notice, post: Post | None) -> str:
    """The beginning of the post that a notice is about, if its kind quotes posts; else what somebody wrote in the notice."""
    if post and NOTICE_KINDS[notice.kind].quotes:
        told = _with_removals(_beginning(shown_source(post)))
        return readable(with_whole_links(told, web.settings().url))
    return notice.text


def _meeting_words(member: Member, notice: Notice) -> dict[str, Any]:
    """What a letter about a meeting adds to the notice: when it is in the member's own time zone, where, and how to join."""
    told = meeting_told(member, notice)
    if told is None:
        return {}
    meeting, join_link = told
    name = settings_of(member.id).time_zone
    words = span_in_words(meeting.starts_at, meeting.ends_at, zone_of(member.id))
    places = [meeting.place, meeting.city.name if meeting.city else ""]
    places += [_("online")] if meeting.is_online else []
    return {
        "when": f"{words} ({name})",
        "where": ", ".join(filter(None, places)),
        "join_link": join_link,
        "is_cancelled": meeting.cancelled_at is not None,
    }


def _with_removals(source: str) -> str:
    """The source of a text in which links to pictures and files that were deleted meanwhile are words."""
    home = web.settings().url
    removed = removed_pictures(names_in_links(source, home))
    return source_without_removed(source, home, removed) if removed else source


def _beginning(source: str) -> str:
    """The part of a text that a letter quotes; the rest is on the site."""
    if len(source) <= MAX_QUOTED_CHARACTERS:
        return source
    return f"{source[:MAX_QUOTED_CHARACTERS].rstrip()} …"


def _decision_words(member: Member, notice: Notice) -> dict[str, Any]:
    """What a letter about a decision adds to the notice: its ground, until when it is in effect, where and until when to appeal.

    `is_final` says that it answers an appeal.
    """
    decision = decision_told(notice) if notice.kind in DECISION_KINDS else None
    words: dict[str, Any] = {
        "is_final": bool(APPEAL_ANSWER.fullmatch(notice.address)),
        "is_for_desk": is_of_own_decision(member, decision),
    }
    if decision and is_concerned(member, decision):
        rule = f"{decision.rule}. {said_of_rule(decision.rule_name)}" if decision.rule else ""
        words["ground"] = decision.law or rule
        if decision.kind == "member" and decision.author_id == member.id:
            words["is_about_profile"] = decision.deed in PROFILE_DEEDS
            words["is_about_account"] = decision.deed in ACCOUNT_DEEDS
        if decision.until:
            with in_zone(zone_of(member.id)):
                words["until"] = in_words(decision.until)
    if member.is_suspended:  # a member who cannot sign in appeals at a special address
        path = suspension_appeal_path(member)
        return words | {"sealed_appeal": web.absolute(path) if path else ""}
    if decision and member.is_member and (appeal := appeal_info(member, decision)).may:
        with in_zone(zone_of(member.id)):
            until = in_words(appeal.end)
        page = web.absolute(f"/moderation/decisions/{decision.id}/appeal")
        return words | {"appeal": page, "appeal_end": until}
    return words


def _reason(waiting: QueueContent | None) -> str:
    """Why something was reported, in words."""
    return str(REASON_NAMES.get(waiting.reason, "")) if waiting else ""


def _mark(notice: Notice) -> str:
    """The kind or outcome of the mark that a notice is about, `several` if it is about the marks of several; else empty."""
    if notice.kind != "mark":
        return ""
    if notice.others:
        return "several"
    if not notice.post_id or not notice.actor_id:
        return ""
    mark = telling_marks([(key := (notice.post_id, notice.actor_id))]).get(key)
    return (mark.outcome or mark.kind) if mark else ""


def _people(notice: Notice) -> str:
    name = notice.actor.name if notice.actor else _("Somebody")
    if not notice.others:
        return name
    return ngettext(
        "%(who)s and %(num)s other", "%(who)s and %(num)s others", notice.others, who=name
    )


def _digest(letter: Delivery, member: Member, headers: _MailHeaders) -> dict[str, Any] | None:
    groups = digest_groups(member, letter.words["notices"])
    if not groups:
        return None
    headers.unsubscribe, headers.list_name = stop_address(member.id, "digest"), "digest"
    number = sum(len(group.entries) + group.further for group in groups)
    settings = settings_of(member.id)
    when = {
        "every": settings.digest_every,
        "hour": f"{settings.digest_hour:02}:00",
        "zone": settings.time_zone,
    }
    return {"groups": groups, "number": number, "what": _summary, **when}


def _summary(entry: DigestEntry) -> str:
    """An entry of a digest in a few words: `3 new posts, 1 mark · Ana Prado, Ben Okoth`."""
    counted = [NOTICE_KINDS[kind].counted(number) for kind, number in entry.counts.items()]
    names = ", ".join(entry.who[:3]) + (" …" if entry.who[3:] else "")
    return " · ".join(part for part in (", ".join(counted), names) if part)


def _contact(letter: Delivery, member: Member, _headers: _MailHeaders) -> dict[str, Any] | None:
    """None when the writer was suspended meanwhile, or the member no longer wants such letters."""
    writer = addressee(letter.words["sender_id"])
    return {"is_wanted": True} if writer and writer.can.contact(member) else None


def _hosts(letter: Delivery, member: Member, _headers: _MailHeaders) -> dict[str, Any] | None:
    """None when the writer moderates no more, or the member hosts nothing any more; whether the writer takes answers."""
    writer = addressee(letter.words["sender_id"])
    if writer is None or not writer.can.tell_hosts() or not hosted_by(member.id):
        return None
    return {"takes_answers": bool(member.can.contact(writer))}


# Functions that return further values for the templates of these kinds; a result of None drops the letter.
CONTEXT_BUILDERS: dict[str, Callable[[Delivery, Member, _MailHeaders], dict[str, Any] | None]] = {
    "notice": _notice,
    "digest": _digest,
    "contact": _contact,
    "hosts": _hosts,
}


def stop_address(member_id: int, kind: str) -> str:
    """The address that unsubscribes a member from letters of a kind, without signing in (RFC 8058)."""
    seal = tokens.seal("stop", f"{member_id}:{kind}")
    return web.absolute(f"/mail/stop/{member_id}/{quote(kind)}/{seal}")


def _sender_name(words: Mapping[str, Any]) -> str:
    """The name of the sender: the actor first, so that the inbox of a mail program shows who wrote.

    Only the forum's name for notices without an actor, or whose actor must not be named: a visitor's report, a
    reminder.
    """
    actor, forum = words.get("sender_name", words.get("actor")), words["forum"]
    return _("%(who)s, %(forum)s", who=actor, forum=forum) if actor else str(forum)


def _words(letter: Delivery, settings: Settings) -> dict[str, Any]:
    words: dict[str, Any] = {
        "forum": forum_name() or "Interurban",
        "home": settings.url + "/",
        "contact": settings.url + "/contact",
        "absolute": web.absolute,
        "name": letter.member.name if letter.member else letter.words.get("name", ""),
        "address": letter.address,
        "files": 0,  # the number of files attached to an answer
        "takes_pictures": settings.pictures_mb > 0,
        "takes_files": settings.most_of_file > 0,
    }
    valid = {"minutes": _minutes(letter), "hours": _minutes(letter) // 60}
    said = _names(letter.words) | _moments(letter) | _answered(letter) | _why_held(letter.words)
    said |= _device(letter.words)
    return words | letter.words | said | valid | {"link": _link(letter.words, settings)}


def _names(words: Mapping[str, Any]) -> dict[str, str]:
    """The present names of the people whom a letter refers to by id: `who` for `who_id`, empty for nobody."""
    return {
        key.removesuffix("_id"): _name_of(words[key]) for key in ("who_id", "by_id") if key in words
    }


def _answered(letter: Delivery) -> dict[str, str]:
    """The title of the topic for which an answer by mail was meant, and its language, as long as its author can see it."""
    post_id = letter.words.get("answered_post")
    if not letter.member or not post_id:
        return {}
    title, language = title_for_answer(letter.member, post_id)
    return {"topic": title, "topic_language": language}


def _why_held(words: Mapping[str, Any]) -> dict[str, str]:
    """The message of the rule that holds a text back: the default one in the language of the letter."""
    return {"sentence": said_of_screening_rule(words["sentence"])} if "sentence" in words else {}


def _device(words: Mapping[str, Any]) -> dict[str, str]:
    """What the browser is called in which somebody signed in, in the language of the letter."""
    return {"detail": said_of_device(words["detail"])} if words.get("what") in SIGN_INS else {}


def _moments(letter: Delivery) -> dict[str, str]:
    """The moments in a letter to a member, in words of its language and in the member's time zone: `day` for `day_at`."""
    moments = {key: str(value) for key, value in letter.words.items() if key.endswith("_at")}
    if not moments or letter.member_id is None:
        return {}
    with in_zone(zone_of(letter.member_id)):
        return {
            key.removesuffix("_at"): in_words(datetime.fromisoformat(value))
            for key, value in moments.items()
        }


def _name_of(member_id: int | None) -> str:
    if not member_id:
        return ""
    member = addressee(member_id)
    return member.name if member else _("Somebody who has left")


def _link(words: Mapping[str, Any], settings: Settings) -> str:
    """The address that the letter links to; its secret is derived here, so that no row stores it."""
    path = str(words.get("path", ""))
    if salt := words.get("salt"):
        path = f"{path}/{tokens.secret(str(words['purpose']), salt)}"
    return settings.url + path
