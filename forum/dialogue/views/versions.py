"""Earlier versions of a post."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import flash, render_template, url_for
from flask_babel import gettext as _

from forum import markup, web
from forum.dialogue import actions, queries
from forum.dialogue.models import Post, Revision
from forum.dialogue.views._shared import bp, changing
from forum.diffs import changes
from forum.web import Answer, me


@bp.get("/posts/<int:id>/history")
def history(id: int) -> Answer:
    """What a post said before, one version compared with the next."""
    post = queries.post_to_compare(me(), id)
    revisions = queries.revisions_of(me(), post)
    chosen = _chosen_version(revisions)
    words = {"post": post, "revisions": revisions, "chosen": chosen}
    return render_template(
        "dialogue/history.html", **words, pieces=_differences(post, revisions, chosen)
    )


def _chosen_version(revisions: Sequence[Revision]) -> Revision | None:
    """The version that the address names, else the newest that can be read."""
    readable = [revision for revision in revisions if not revision.withdrawn_at]
    wanted = web.number("version", 0)
    named = [revision for revision in readable if revision.id == wanted]
    return next(iter(named or readable), None)


def _differences(
    post: Post, revisions: Sequence[Revision], chosen: Revision | None
) -> list[tuple[str, str]]:
    """The chosen version compared with the next one that can be read; the last is the post itself."""
    if chosen is None:
        return []
    later = [r for r in revisions if r.id > chosen.id and not r.withdrawn_at]
    title = post.topic.title if post.number == 1 else ""
    last = (later[-1].title, later[-1].source) if later else (title, post.source)
    before = (chosen.title, queries.with_links_home(chosen.source))
    after = (last[0], queries.with_links_home(last[1]))
    quoted = markup.cited_in_source(before[1]) | markup.cited_in_source(after[1])
    unseen = queries.unreadable_posts(post.topic, quoted)
    return changes(_full_text(*before, unseen), _full_text(*after, unseen))


def _full_text(title: str, source: str, unseen: Collection[int]) -> str:
    source = markup.withhold_in_source(source, unseen)
    return f"{title}\n\n{source}" if title else source


@bp.post("/revisions/<int:id>/withdraw")
@changing
def withdraw(id: int) -> Answer:
    """Take back what one's post said before."""
    post = actions.withdraw(me(), id)
    flash(_("The earlier version is withdrawn."), "message")
    return web.see_other(url_for("dialogue.history", id=post.id))
