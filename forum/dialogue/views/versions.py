"""Earlier versions of a post."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import markup, web
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Revision
from forum.dialogue.views._shared import bp
from forum.diffs import changes
from forum.illustrations import names_in
from forum.markup import Written
from forum.pictures.queries import unseen_pictures
from forum.quotes import cited_in_source, withhold_in_source
from forum.ratelimits import changing
from forum.web import me


@bp.get("/posts/<int:post_id>/history")
def history(post_id: int) -> ResponseReturnValue:
    """The earlier versions of a post: one compared with the next readable one, or by itself (`?view=whole`)."""
    post = queries.post_to_compare(me(), post_id)
    revisions = queries.revisions_of(me(), post)
    chosen = _chosen_version(revisions)
    present = revisions[0].number + 1 if revisions else 1
    context = {"post": post, "revisions": revisions, "chosen": chosen, "present": present}
    if chosen is None:
        return render_template("dialogue/history.html", **context)
    if web.choice("view", ("changes", "whole"), "changes") == "whole":
        return render_template("dialogue/history.html", **context, whole=_whole(post, chosen))
    newer = (
        revision
        for revision in reversed(revisions)
        if revision.id > chosen.id and not revision.withdrawn_at
    )
    later = next(newer, None)
    pieces = _differences(post, chosen, later)
    return render_template("dialogue/history.html", **context, later=later, pieces=pieces)


def _chosen_version(revisions: Sequence[Revision]) -> Revision | None:
    """The version that the address names, else the newest readable one."""
    readable = [revision for revision in revisions if not revision.withdrawn_at]
    wanted = web.number("version", 0)
    named = [revision for revision in readable if revision.id == wanted]
    return next(iter(named or readable), None)


def _differences(post: Post, chosen: Revision, later: Revision | None) -> list[tuple[str, str]]:
    """A version compared with a later one, or with the present text of the post.

    Titles are compared if both have one: the post may have opened a topic only before or after it was moved.
    """
    title = post.topic.title if post.number == 1 else ""
    titles = (chosen.title, later.title if later else title)
    titles = titles if all(titles) else ("", "")
    sources = (chosen.source, later.source if later else post.source)
    before, after = map(queries.with_links_home, sources)
    unseen = queries.unreadable_posts(post.topic, cited_in_source(before) | cited_in_source(after))
    return changes(_full_text(titles[0], before, unseen), _full_text(titles[1], after, unseen))


def _full_text(title: str, source: str, unseen: Collection[int]) -> str:
    source = withhold_in_source(source, unseen)
    return f"{title}\n\n{source}" if title else source


def _whole(post: Post, version: Revision) -> Written:
    """The text of a version as its readers may see it: pictures that no text shows any more are replaced by their descriptions."""
    source = queries.with_links_home(version.source)
    unreadable = queries.unreadable_posts(post.topic, cited_in_source(source))
    unseen = unseen_pictures(me(), names_in(source))
    return markup.write(withhold_in_source(source, unreadable), post.language, unseen=unseen)


@bp.route("/revisions/<int:revision_id>/withdraw", methods=["GET", "POST"])
@changing
def withdraw(revision_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then withdraw an earlier version of one's post."""
    if request.method == "GET":
        post, version = queries.revision_to_withdraw(me(), revision_id)
        context = {"post": post, "version": version, "text": _whole(post, version)}
        return render_template("dialogue/withdraw.html", **context)
    post = actions.withdraw(me(), revision_id)
    return web.done(
        _("The earlier version is withdrawn."), url_for("dialogue.history", post_id=post.id)
    )
