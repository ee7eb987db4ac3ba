"""The home page: the latest dialogue, the map, the agendas, the newest cases and practices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from forum import machine, web
from forum.agendas.queries import agendas
from forum.dialogue.queries import (
    counts_by_agenda,
    latest_topics,
    new_posts_in,
    questions_waiting,
)
from forum.front import queries
from forum.front.views._maps import world_map
from forum.front.views._shared import SIDE_ITEMS, bp
from forum.library.queries import latest_cases, latest_practices, tried_counts
from forum.members.queries import home_cities
from forum.members.views import federation
from forum.web import me

HOME_TOPICS = 8


@bp.get("/")
def home() -> ResponseReturnValue:
    """The home page: the latest dialogue, the map, the agendas, the newest cases and practices."""
    reader = me()
    latest = latest_topics(reader, HOME_TOPICS)
    shown = {topic.id for topic in latest}
    questions = questions_waiting(reader, SIDE_ITEMS + HOME_TOPICS)
    further = [topic for topic in questions if topic.id not in shown]
    cities = home_cities(reader)
    practices = latest_practices(reader, SIDE_ITEMS)
    shown_agendas = agendas(reader)
    return render_template(
        "front/home.html",
        steps=_first_steps(
            _is_one_open(shown_agendas), _is_one_open(topic.agenda for topic in latest)
        ),
        welcome=queries.welcome(reader),
        latest=latest,
        questions=questions,
        asking=(further or questions)[:SIDE_ITEMS],
        is_asking_again=not further,
        cities=cities,
        world=world_map(cities, latest[0].active_at if latest else None),
        agendas=shown_agendas,
        topics_count=counts_by_agenda(reader),
        cases=latest_cases(reader, SIDE_ITEMS),
        practices=practices,
        tried=tried_counts(practice.topic_id for practice in practices),
        about_site=_website_json_ld(),
        news=new_posts_in(reader, latest),
    )


def _is_one_open(agendas: Iterable[Any]) -> bool:
    """Whether one of these agendas is open; otherwise nobody except its moderators has anything to read."""
    return any(agenda.opened_at for agenda in agendas)


def _first_steps(has_agenda: bool, has_topic: bool) -> queries.FirstSteps | None:
    """The list for an administrator until all is done, and for a moderator until there is something; else None.

    Also None once an administrator has closed the list.
    """
    known, settings = federation(), web.settings()
    has_begun = has_agenda or has_topic
    if has_begun and known.is_demo:
        return None
    return queries.first_steps(
        me(),
        has_begun=has_begun,
        agenda=has_agenda,
        mail=bool(settings.smtp_url),
        backup=machine.time_of(settings.backed_up_path) is not None,
        identity=bool(known.tagline and known.mark),
        contact=bool(known.contact_email),
    )


def _website_json_ld() -> dict[str, Any]:
    """The structured data (JSON-LD) of the site for search engines."""
    target = web.absolute("/search?q={search_term_string}")
    return {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": federation().name,
        "url": web.absolute("/"),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": target},
            "query-input": "required name=search_term_string",
        },
    }
