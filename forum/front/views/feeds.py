"""Atom feeds: of all agendas, of one, of a topic."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from flask import Response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import feeds, web
from forum.agendas.queries import get_agenda
from forum.dialogue.models import Post
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import bp
from forum.members.models import Member
from forum.members.views import federation
from forum.pictures.views import with_removals
from forum.web import me


@bp.get("/feeds/all.atom")
def feed() -> Response:
    """The newest topics of all agendas."""
    return _feed(federation().name, "/", queries.feed_of_openings())


@bp.get("/agendas/<slug>/feed.atom")
def agenda_feed(slug: str) -> Response:
    """The newest topics of one agenda."""
    agenda = get_agenda(me(), slug)
    title = f"{agenda.title} – {federation().name}"
    return _feed(title, url_for("front.agenda", slug=agenda.slug), queries.feed_of_openings(agenda))


@bp.get("/topics/<int:topic_id>/feed.atom")
def topic_feed(topic_id: int) -> AnyResponse:
    """The newest posts of one topic; the feed of a merged topic redirects."""
    try:
        topic, posts = queries.feed_of_topic(topic_id)
    except NotFound:
        target = queries.feed_after_merge(topic_id)
        return web.moved_until_undone(url_for("front.topic_feed", topic_id=target.id))
    return _feed(f"{topic.title} – {federation().name}", topic.address, posts)


def _feed(title: str, page: str, posts: Sequence[Post]) -> Response:
    texts = with_removals([post.html for post in posts])
    document = feeds.atom(
        title=title,
        address=web.absolute(quote(request.path)),
        page=web.absolute(page),
        base=web.absolute("/"),
        entries=[_entry(post, html) for post, html in zip(posts, texts, strict=True)],
    )
    return Response(document, mimetype="application/atom+xml")


def _entry(post: Post, html: str) -> feeds.Entry:
    topic = post.topic
    is_opening = post.number == 1
    return feeds.Entry(
        address=web.absolute(f"/topics/{topic.id}" if is_opening else f"/posts/{post.id}"),
        title=topic.title if is_opening else _("Reply to “%(title)s”", title=topic.title),
        html=str(html),
        author=post.author.name,
        author_address=_profile_of(post.author),
        published_at=post.created_at,
        updated_at=post.edited_at or post.created_at,
        language=post.language,
        kind=topic.kind if is_opening else "reply",
    )


def _profile_of(author: Member) -> str:
    """The address of an author's profile; empty if it is hidden."""
    if not author.has_page:
        return ""
    return web.absolute(url_for("front.profile", handle=author.handle))
