"""Atom feeds: of all agendas, of one, narrowed as lists are; of a topic."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from flask import Response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import feeds, web
from forum.agendas.models import Agenda
from forum.agendas.queries import get_agenda, themes_by_slug
from forum.dialogue.models import KINDS, Post
from forum.dialogue.queries import TopicFilter
from forum.errors import NotFound
from forum.front import queries
from forum.front.views._shared import bp
from forum.members.models import Member
from forum.members.queries import language_name, language_names
from forum.members.views import federation
from forum.pictures.views import with_removals
from forum.web import me


@bp.get("/feeds/all.atom")
def feed() -> Response:
    """The newest topics of all agendas, or those of a theme, a kind, a language."""
    return _feed_of_openings(None)


@bp.get("/agendas/<slug>/feed.atom")
def agenda_feed(slug: str) -> Response:
    """The newest topics of one agenda, or those of a theme, a kind, a language."""
    return _feed_of_openings(get_agenda(me(), slug))


def _feed_of_openings(agenda: Agenda | None) -> Response:
    wanted, names = _filter_from_query(agenda)
    chosen = {"kind": wanted.kind, "theme": wanted.theme, "language": wanted.language}
    query = urlencode({name: value for name, value in chosen.items() if value})
    title = " – ".join([*names, *([agenda.title] if agenda else ()), federation().name])
    return _feed(title, _page_of(agenda, query), queries.feed_of_openings(wanted), query)


def _page_of(agenda: Agenda | None, query: str) -> str:
    """The page that shows what a feed tells: a list, if the feed is narrowed."""
    if not query:
        return url_for("front.agenda", slug=agenda.slug) if agenda else "/"
    path = url_for("dialogue.topics", slug=agenda.slug) if agenda else url_for("dialogue.index")
    return f"{path}?{query}"


def _filter_from_query(agenda: Agenda | None) -> tuple[TopicFilter, list[str]]:
    """What the address narrows a feed to, and the names of it; `NotFound` where there is no such theme, kind or language."""
    kind, slug, language = (web.text(name, 100) for name in ("kind", "theme", "language"))
    theme = next(iter(themes_by_slug([slug])), None) if slug else None
    is_known = (not kind or kind in KINDS) and (not language or language in language_names())
    if not is_known or (slug and theme is None):
        raise NotFound()
    names = [_kind_names()[kind]] if kind else []
    names += [theme.name] if theme else []
    names += [language_name(language)] if language else []
    wanted = TopicFilter(agenda.id if agenda else None, kind, theme=slug, language=language)
    return wanted, names


def _kind_names() -> dict[str, str]:
    names = (_("Experiences"), _("Questions"), _("Practices"), _("Cases"))
    return dict(zip(KINDS, names, strict=True))


@bp.get("/topics/<int:topic_id>/feed.atom")
def topic_feed(topic_id: int) -> AnyResponse:
    """The newest posts of one topic; the feed of a merged topic redirects."""
    try:
        topic, posts = queries.feed_of_topic(topic_id)
    except NotFound:
        target = queries.feed_after_merge(topic_id)
        return web.moved_until_undone(url_for("front.topic_feed", topic_id=target.id))
    return _feed(f"{topic.title} – {federation().name}", topic.address, posts)


def _feed(title: str, page: str, posts: Sequence[Post], query: str = "") -> Response:
    """A feed with these posts; `query` is what its own address says of what it is narrowed to."""
    texts = with_removals([post.html for post in posts])
    document = feeds.atom(
        title=title,
        address=web.absolute(quote(request.path) + (f"?{query}" if query else "")),
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
