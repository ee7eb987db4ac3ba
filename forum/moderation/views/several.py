"""The views of decisions about several topics of an agenda at once.

The topics are selected on a page of their own, the next one says what will happen to each, the last one what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from forum import web, webforms
from forum.agendas.models import Agenda
from forum.agendas.queries import themes
from forum.dialogue.queries import topics
from forum.dialogue.views import filter_from_query
from forum.moderation import actions, queries
from forum.moderation.actions import MAX_TOPICS_AT_ONCE, Outcome
from forum.moderation.forms import GiveThemeForm, LockForm, MoveForm
from forum.moderation.models import Deed
from forum.moderation.queries import Chosen, Thing
from forum.moderation.views._answers import (
    answer_here,
    bp,
    fill_from_ready_text,
    show_claims,
)
from forum.permissions import Person
from forum.rules.queries import ready_texts
from forum.web import REFUSED, me


@bp.get("/agendas/<slug>/topics/select")
def select_topics(slug: str) -> ResponseReturnValue:
    """Select topics of an agenda, page by page, and choose what to do with all of them."""
    agenda = queries.agenda_of_topics(me(), slug)
    wanted = filter_from_query(agenda)
    page = topics(me(), wanted, web.number("all" if "all" in request.args else "page"))
    here = [topic.id for topic in page.items]
    chosen = _topic_ids() if "all" not in request.args else [*dict.fromkeys([*_topic_ids(), *here])]
    return render_template(
        "moderation/select_topics.html",
        agenda=agenda,
        page=page,
        chosen=chosen,
        elsewhere=[topic_id for topic_id in chosen if topic_id not in here],
        filters=_filters(),
        most=MAX_TOPICS_AT_ONCE,
    )


@bp.route("/agendas/<slug>/topics/lock", methods=["GET", "POST"])
def lock_several(slug: str) -> ResponseReturnValue:
    """Lock several topics."""
    selection, form = _selection(slug, Deed.LOCK), LockForm()
    fill_from_ready_text(form)

    def deed(moderator: Person, agenda_id: int, ids: list[int]) -> Outcome:
        return actions.lock_several(moderator, agenda_id, ids, form.reasons, form.until.data)

    return _page_of_several(selection, form, deed)


@bp.route("/agendas/<slug>/topics/move", methods=["GET", "POST"])
def move_several(slug: str) -> ResponseReturnValue:
    """Move several topics to another agenda."""
    selection, form = _selection(slug, Deed.MOVE), MoveForm()
    there = queries.agendas_to_move_to(me(), selection.agenda.id)
    form.offer(webforms.titled_choices(there))

    def deed(moderator: Person, agenda_id: int, ids: list[int]) -> Outcome:
        target_id = form.agenda.data
        return actions.move_several(moderator, agenda_id, ids, target_id, form.reasons)

    return _page_of_several(selection, form, deed)


@bp.route("/agendas/<slug>/topics/theme", methods=["GET", "POST"])
def theme_several(slug: str) -> ResponseReturnValue:
    """Give a theme to several topics."""
    form, offered = GiveThemeForm(), {theme.slug: theme for theme in themes()}
    form.offer((theme.slug, theme.name) for theme in offered.values())
    theme_id = offered[form.chosen].id if form.chosen else 0

    def deed(moderator: Person, agenda_id: int, ids: list[int]) -> Outcome:
        return actions.theme_several(moderator, agenda_id, ids, theme_id, form.reasons)

    selection = _selection(slug, Deed.RETITLE, theme_id)
    return _page_of_several(selection, form, deed, is_first_step=form.is_first_step)


class _Selection(NamedTuple):
    """The topics of an agenda that were selected for a deed (`word`), and those that it can be done to."""

    agenda: Agenda
    word: str
    chosen: list[Chosen]

    @property
    def things(self) -> list[Thing]:
        return [choice.thing for choice in self.chosen if choice.thing and not choice.why]


def _selection(slug: str, word: str, theme_id: int | None = None) -> _Selection:
    agenda = queries.agenda_of_topics(me(), slug)
    chosen = queries.chosen_topics(me(), agenda.id, _topic_ids(), word, theme_id)
    return _Selection(agenda, word, chosen)


def _page_of_several(
    selection: _Selection,
    form: LockForm | MoveForm | GiveThemeForm,
    deed: Callable[[Person, int, list[int]], Outcome],
    *,
    is_first_step: bool = False,
) -> ResponseReturnValue:
    """The page that says what a deed will do to each topic, and once the form is complete, the deed itself."""
    things, word = selection.things, selection.word

    def page(status: int = 200, late: str = "") -> ResponseReturnValue:
        if isinstance(form, GiveThemeForm):
            form.shown.data = form.chosen
        return render_template(
            "moderation/several.html",
            word=word,
            agenda=selection.agenda,
            chosen=selection.chosen,
            things=things,
            form=form,
            filters=_filters(),
            most=MAX_TOPICS_AT_ONCE,
            ready=ready_texts(me(), [word]) if word == Deed.LOCK else [],
            late=late,
            claims=show_claims(form, things, late),
        ), status

    def done(moderator: Person) -> str:
        ids = [choice.topic_id for choice in selection.chosen]
        return _address_of(selection.agenda, deed(moderator, selection.agenda.id, ids))

    if not selection.chosen:
        return page(REFUSED if request.method == "POST" else 200)
    return answer_here(form, things, page, done, is_first_step=is_first_step)


def _address_of(agenda: Agenda, outcome: Outcome) -> str:
    """The address of the page that says what happened to each topic."""
    return url_for(
        "moderation.several_decided",
        slug=agenda.slug,
        decision_id=outcome.decisions[0].id,
        left=[f"{choice.topic_id}.{choice.why}" for choice in outcome.left] or None,
    )


@bp.get("/agendas/<slug>/topics/decided/<int:decision_id>")
def several_decided(slug: str, decision_id: int) -> ResponseReturnValue:
    """What was decided about several topics, and which of them stayed as they are, with why."""
    agenda = queries.agenda_of_topics(me(), slug)
    decisions = queries.decided_together(me(), agenda.id, decision_id)
    left = dict(_left(text) for text in request.args.getlist("left")[:MAX_TOPICS_AT_ONCE])
    found = queries.chosen_topics(me(), agenda.id, list(left), "")
    undoings = queries.undoings_of(decisions)
    return render_template(
        "moderation/several_decided.html",
        agenda=agenda,
        decisions=decisions,
        undoings=undoings,
        kept=queries.left_when_undone(me(), decisions, undoings),
        left=[Chosen(choice.topic_id, choice.thing, left[choice.topic_id]) for choice in found],
    )


def _left(typed: str) -> tuple[int, str]:
    """A topic that stayed as it is, and why, from the address of the page."""
    number, _dot, why = typed.partition(".")
    return web.whole_number(number) or 0, why


def _topic_ids() -> list[int]:
    """The ids that were sent, each once; a value that is no id becomes 0, which no topic has."""
    ids = [web.whole_number(text) or 0 for text in request.values.getlist("topic")]
    return list(dict.fromkeys(ids))[: MAX_TOPICS_AT_ONCE + 1]


def _filters() -> dict[str, str]:
    """What narrows the list of topics, to be kept from page to page."""
    names = ("kind", "theme", "language", "order")
    return {name: text for name in names if (text := web.text(name, 100))}
