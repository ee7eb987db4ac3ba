"""What follows from a new or changed post: search documents, and notices to members who are mentioned, quoted, or watching."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask_babel import gettext as _
from sqlalchemy import delete as delete_rows
from sqlalchemy import inspect

from forum.agendas.queries import curators_of
from forum.db import db
from forum.deeds import action, touches
from forum.dialogue.actions._counts import has_open_agenda
from forum.dialogue.actions._quotes import refresh_quotes_in
from forum.dialogue.models import MAX_MENTIONED, Mention, Post, Quote, Topic
from forum.dialogue.queries import (
    links_in,
    lock_posts_to_quote,
    mentioned_member_ids,
    poll_if_there,
    posts_to_quote,
    quoted_post_ids,
    recipients_of_events,
    topics_at,
)
from forum.errors import Invalid
from forum.illustrations import names_in
from forum.markup import Written
from forum.members.models import City, Member
from forum.members.queries import members_to_mention
from forum.notifications.actions import (
    NoticeText,
    note_event,
    note_event_for_everybody,
    note_event_for_watchers,
)
from forum.notifications.models import AGENDA, ANNOUNCEMENT, AUTHOR, CITY, THEME
from forum.notifications.queries import Subject, watchers_among
from forum.permissions import MEMBERS, PUBLIC, Person
from forum.quotes import MAX_QUOTED_POSTS, cited_in_html, quoted_posts
from forum.search import actions as search
from forum.search.queries import pages_linked_from
from forum.versions import topic_scope


def index_topic(
    doer: Person, topic: Topic, plain: str = "", source: str = "", *, is_new: bool = False
) -> None:
    """Write a topic's search document, with plain text (`with_poll_words`) and source of its first post if that is visible."""
    _index(doer, topic_entry(topic, plain, source), is_new)


def topic_entry(topic: Topic, plain: str, source: str) -> search.Entry:
    """The search document of a topic; without text if it has a home, because the case or practice has its own document."""
    has_words = not topic.home
    return search.Entry(
        kind="topic",
        item_id=topic.id,
        address=topic.address,
        title=topic.title if has_words else "",
        body=plain if has_words else "",
        written_at=topic.created_at,
        byline=_byline(topic.author_id) if has_words else "",
        agenda_id=topic.agenda_id,
        language=topic.language,
        audience=topic.audience,
        pictures=names_in(source) if has_words else (),
        links=links_in(source) if has_words else (),
    )


def with_poll_words(post: Post, plain: str) -> str:
    """The plain text of a post with the words of its poll, so that search finds the post by them."""
    poll = poll_if_there(post)
    return "\n".join((plain, *poll.text.lines)) if poll else plain


def index_post(doer: Person, post: Post, topic: Topic, plain: str, *, is_new: bool = False) -> None:
    """Write a post's search document with this plain text."""
    _index(doer, post_entry(post, topic, plain), is_new)


def _index(doer: Person, entry: search.Entry, is_new: bool) -> None:
    """Write a search document, and outdate the pages of the topics to which the text links now, or linked before."""
    before = () if is_new else pages_linked_from(entry.kind, entry.item_id)
    search.index(doer, entry, is_new=is_new)
    if linked := {*entry.links}.symmetric_difference(before):
        outdate_linked(doer, linked)


@action
def outdate_linked(_doer: Person, addresses: Collection[str]) -> None:
    """Outdate the pages of the topics with these addresses, and of those with these posts: they say what speaks of them."""
    touches(*map(topic_scope, topics_at(addresses)))


def post_entry(post: Post, topic: Topic, plain: str) -> search.Entry:
    """The search document of a post."""
    return search.Entry(
        kind="post",
        item_id=post.id,
        address=f"/posts/{post.id}",
        title=topic.title,
        body=with_poll_words(post, plain),
        written_at=post.created_at,
        byline=_byline(post.author_id),
        agenda_id=topic.agenda_id,
        parent=("topic", topic.id),
        language=post.language,
        audience=topic.audience,
        pictures=names_in(post.source),
        links=links_in(post.source),
    )


def _byline(member_id: int) -> str:
    member = db.session.get_one(Member, member_id)
    # Loaded by the page, which needs only the name
    if "city_id" in inspect(member).unloaded:
        db.session.refresh(member, ["name", "city_id"])
    city = db.session.get(City, member.city_id) if member.city_id else None
    return f"{member.name}, {city.name}" if city else member.name


def notify_named(author: Person, post: Post, text: Written, *, is_new: bool = False) -> set[int]:
    """Store which members a post mentions and which posts it quotes, and notify those not notified of it before.

    Returns the ids of the members notified. Nothing is stored yet for a post that `is_new`, so nothing is looked up.
    """
    named = _notify_mentioned(author, post, text, is_new)
    return named | _notify_quoted(author, post, text.plain, named, is_new)


def _notify_mentioned(author: Person, post: Post, text: Written, is_new: bool) -> set[int]:
    """One post notifies at most `MAX_MENTIONED` members, however often it is edited: those whose names become links."""
    if not text.mentions:
        return set()
    known = set() if is_new else mentioned_member_ids(post.id)
    first = members_to_mention(text.mentions)[:MAX_MENTIONED]
    named = [member.id for member in first if member.id != author.id]
    new = [member_id for member_id in named if member_id not in known]
    new = new[: max(0, MAX_MENTIONED - len(known))]
    db.session.add_all(Mention(post_id=post.id, member_id=member_id) for member_id in new)
    notify(author, "mention", set(new), post, text.plain)
    return set(new)


def restore_mentions_and_quotes(post: Post, text: Written) -> None:
    """Store the mentions and quotes of a post whose former text is restored, and notify nobody."""
    named = {member.id for member in members_to_mention(text.mentions)} if text.mentions else set()
    theirs = delete_rows(Mention).where(Mention.post_id == post.id)
    db.session.execute(theirs.where(Mention.member_id.not_in(named)))
    db.session.execute(delete_rows(Quote).where(Quote.post_id == post.id))
    author = db.session.get_one(Member, post.author_id)
    _quoted(author, post.topic, post)
    _keep_quotes(post, set())


def _notify_quoted(
    author: Person, post: Post, plain: str, named: set[int], is_new: bool
) -> set[int]:
    """Store which posts a post quotes, and notify their authors except those in `named`; returns whom it notified.

    One post notifies at most `MAX_QUOTED_POSTS` members of quotations, each once, however often it is edited.
    """
    known = set() if is_new else quoted_post_ids(post.id)
    quoted = _quoted(author, post.topic, post)
    _keep_quotes(post, known)
    new = [other for other in quoted if other.id not in known]
    told = recipients_of_events(author, "quote", post.id) if new and not is_new else set()
    others = sorted({other.author_id for other in new} - named - told)
    authors = set(others[: max(0, MAX_QUOTED_POSTS - len(told))])
    notify(author, "quote", authors, post, plain)
    return authors


def _keep_quotes(post: Post, known: set[int]) -> None:
    """Store which posts a post quotes, also hidden ones, and withhold from its HTML the quotations that readers may not see."""
    said = cited_in_html(post.html).union(quoted_posts(post.source)) - {post.id}
    if ended := known - said:
        theirs = delete_rows(Quote).where(Quote.post_id == post.id)
        db.session.execute(theirs.where(Quote.quoted_id.in_(ended)))
    if not said:
        return
    # Locked, so that a concurrent transaction that hides one of them waits and then sees this quote
    new = lock_posts_to_quote(said) - known
    db.session.add_all(Quote(post_id=post.id, quoted_id=quoted_id) for quoted_id in new)
    db.session.flush()
    refresh_quotes_in([post])


def _quoted(author: Person, topic: Topic, post: Post) -> Sequence[Post]:
    posts = posts_to_quote(author, set(quoted_posts(post.source)) - {post.id})
    if topic.audience == PUBLIC and any(other.topic.audience == MEMBERS for other in posts):
        raise Invalid(
            _("Members wrote this for members only: do not quote it in public."), "source"
        )
    if any(
        other.topic.agenda_id != topic.agenda_id and not has_open_agenda(other.topic)
        for other in posts
    ):
        raise Invalid(
            _("What you quote is on an agenda in preparation: quote it once that is open."),
            "source",
        )
    return posts


def notify(doer: Person, kind: str, recipients: set[int], post: Post, text: str) -> None:
    """Note an event about a post, from which each of the recipients gets a notice who sees the post's agenda."""
    if recipients and not has_open_agenda(post.topic):
        recipients = recipients.intersection(curators_of(post.topic.agenda_id))
    note_event(doer, _notice_text(kind, post, text), recipients)


def notify_watchers(post: Post, kind: str, subjects: Sequence[Subject], told: set[int]) -> None:
    """Notify everybody who watches one of the subjects of a new post, except the members in `told`, who were notified already.

    On an agenda in preparation only its moderators are notified; nobody else is, not even when it is opened.
    """
    author, notice = db.session.get_one(Member, post.author_id), _notice_text(kind, post, post.gist)
    if has_open_agenda(post.topic):
        note_event_for_watchers(author, notice, subjects, told)
    else:
        curators = curators_of(post.topic.agenda_id)
        note_event(author, notice, watchers_among(subjects, curators) - told)


def notify_all(administrator: Person, opening: Post) -> None:
    """Notify every member of a topic, by the post that opens it, except its author and the administrator, who is named."""
    notice = _notice_text(ANNOUNCEMENT, opening, opening.gist)
    but = {opening.author_id, *([administrator.id] if administrator.id else [])}
    note_event_for_everybody(administrator, notice, but, actor_id=administrator.id)


def _notice_text(kind: str, post: Post, text: str) -> NoticeText:
    return NoticeText(
        kind,
        f"/posts/{post.id}",
        post.topic.title,
        text,
        post.topic_id,
        post.id,
        language=post.topic.language,
    )


def watchable_subjects(author: Person, topic: Topic, theme_ids: Sequence[int]) -> list[Subject]:
    """The subjects of a new topic that members can watch: its agenda, its themes, its author and the author's city."""
    of_author = [(AUTHOR, author.id), (CITY, author.city_id)]
    themes = [(THEME, theme_id) for theme_id in theme_ids]
    return [(AGENDA, topic.agenda_id), *(subject for subject in of_author if subject[1]), *themes]
