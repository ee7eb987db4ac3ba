"""Pages that combine several rooms: home, an agenda, people and places, search, feeds, sitemap, texts about the forum."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from forum import drawings, feeds, web
from forum.accounts import actions as accounts
from forum.advice.queries import questions_to_advise_on
from forum.agendas.actions import set_member_themes
from forum.agendas.models import Agenda
from forum.agendas.queries import (
    agendas,
    all_agendas,
    get_agenda,
    statements_of,
    themes,
    themes_of_member,
)
from forum.candidates import actions as joining
from forum.contact import actions as contact_letters
from forum.db import member_scope, now
from forum.dialogue import actions as dialogue
from forum.dialogue.models import KINDS, Post
from forum.dialogue.queries import (
    ORDERS,
    TopicFilter,
    counts_by_agenda,
    counts_by_kind,
    first_topics,
    has_written,
    latest_topics,
    my_held,
    new_posts_in,
    questions_waiting,
)
from forum.errors import NotFound
from forum.front import queries
from forum.front.forms import ThemesForm
from forum.library.queries import (
    CaseFilter,
    cases,
    cases_of,
    latest_cases,
    latest_practices,
    practices_by,
    practices_of,
    practices_tried_by,
    readings_of,
    tried_counts,
)
from forum.mail import actions as mail
from forum.markup import excerpt, tidy
from forum.members import actions as people
from forum.members.forms import KIND_NAMES
from forum.members.models import City, Member
from forum.members.queries import (
    SESSION_IDLE_LIMIT,
    SESSION_MAX_AGE,
    DirectoryFilter,
    HomeCity,
    cities_with_members,
    get_city,
    get_member,
    get_organisation,
    home_cities,
    languages,
    languages_of_members,
    members_count,
    members_matching,
    members_of_city,
    members_of_organisation,
    my_profile,
    names_of_organisations,
)
from forum.members.queries import (
    directory as directory_of,
)
from forum.members.views import federation
from forum.moderation import actions as moderation
from forum.notifications import actions as notices
from forum.notifications.forms import KIND_NAMES as KINDS_OF_NOTICE
from forum.notifications.forms import NoticesForm, ways_as_fields
from forum.notifications.models import AGENDA, CITY
from forum.notifications.queries import entries, level_of, settings_of, unread_count, ways_of
from forum.notifications.queries import inbox as notices_of
from forum.notifications.views import set_level
from forum.pages import Page, page_of
from forum.permissions import require
from forum.queue import actions as queue
from forum.ratelimits import limiter
from forum.screening.queries import REPETITION_WINDOW
from forum.search.models import Document
from forum.search.queries import KINDS as FOUND_KINDS
from forum.search.queries import Query, SearchResults, find, words_of
from forum.web import Answer, me, my_unread

bp = Blueprint("front", __name__)
bp.add_app_template_filter(excerpt)
bp.add_app_template_filter(format_decimal, "decimal")
HOME_TOPICS, AGENDA_TOPICS, SIDE_ITEMS, MEMBERS_SHOWN = 8, 10, 4, 24
MAX_QUERY_LENGTH = 300
WELCOME_DAYS = timedelta(days=14)
MAX_ALIKE = 5
FOR_EVER = 301
UNANSWERED = ORDERS[2]
WORLD_WIDTH, WORLD_HEIGHT = 1020, 450  # of static/world.svg
MINI_MAP_WIDTH, MINI_MAP_HEIGHT = 230, 130


@bp.app_template_global()
def masthead() -> queries.Masthead:
    """The counters of the masthead, which each page of a member prints once."""
    return queries.masthead(me(), my_unread())


@bp.app_template_global()
def alike(title: str | None) -> Sequence[Document]:
    """For the form of a new topic: see `queries.alike`."""
    return queries.alike(me(), title or "", MAX_ALIKE)


# Home


@bp.get("/")
def home() -> Answer:
    """The home page: the latest dialogue, the map, the agendas, the newest cases and practices."""
    reader = me()
    latest = latest_topics(reader, HOME_TOPICS)
    cities = home_cities(reader)
    practices = latest_practices(reader, SIDE_ITEMS)
    open_agendas = agendas(reader)
    return render_template(
        "front/home.html",
        steps=_first_steps(bool(open_agendas), bool(latest)),
        welcome=_welcome(),
        latest=latest,
        questions=questions_waiting(reader, SIDE_ITEMS),
        cities=cities,
        world=_world_map(cities, latest[0].active_at if latest else None),
        agendas=open_agendas,
        topics_count=counts_by_agenda(reader),
        cases=latest_cases(reader, SIDE_ITEMS),
        practices=practices,
        tried=tried_counts(practice.topic_id for practice in practices),
        about_site=_website_json_ld(),
        news=new_posts_in(reader, latest),
    )


def _first_steps(has_agenda: bool, has_topic: bool) -> queries.FirstSteps | None:
    """The list of an administrator until the dialogue can begin, and of a moderator until there is something; else None.

    Also None once an administrator has closed the list.
    """
    reader, known = me(), federation()
    has_begun = has_agenda or has_topic
    if not reader.can.curate_all() or (has_begun and not reader.can.administer()):
        return None
    has_mail = bool(web.settings().smtp_url)
    if has_begun and (known.is_demo or (has_agenda and has_mail and has_topic)):
        return None
    contact = bool(known.contact_email)
    return queries.first_steps(reader, agenda=has_agenda, mail=has_mail, contact=contact)


class Welcome(NamedTuple):
    """What a new member has said already: what they do and where, and what they can help with."""

    is_described: bool
    helps: bool


def _welcome() -> Welcome | None:
    """For members who joined lately and have not written yet; else None."""
    reader = me()
    if not isinstance(reader, Member) or reader.is_curator or reader.posts_count:
        return None
    if now() - reader.joined_at > WELCOME_DAYS or not reader.can.write():
        return None
    if has_written(reader, 1) or my_held(reader):
        return None
    is_described = bool(reader.position and reader.city)
    return Welcome(is_described, bool(themes_of_member(reader.id)))


class MapHub(NamedTuple):
    """A city on the map that takes part in an exchange, and the position and alignment of its name, if there is room."""

    city: HomeCity
    place: tuple[float, float]
    label: tuple[float, float, str] | None


class WorldMap(NamedTuple):
    """The map of the home page: dots for cities (one SVG path), hubs with names, curves for exchanges."""

    dots: str
    hubs: tuple[MapHub, ...]
    arcs: tuple[str, ...]


def _world_map(cities: tuple[HomeCity, ...], until: datetime | None) -> WorldMap:
    by_id = {city.id: city for city in cities}
    found = queries.exchanges(me(), until, by_id) if until else []
    return _drawn_world_map(cities, tuple(found))


@lru_cache(8)
def _drawn_world_map(cities: tuple[HomeCity, ...], found: tuple[queries.Exchange, ...]) -> WorldMap:
    named = {city.id: city for pair in found for city in (pair.one, pair.other)}
    where = {key: drawings.project(city.latitude, city.longitude) for key, city in named.items()}
    labels = drawings.labels([(*where[city.id], city.name) for city in named.values()])
    hubs = (
        MapHub(city, where[city.id], label)
        for city, label in zip(named.values(), labels, strict=True)
    )
    arcs = (drawings.arc(where[pair.one.id], where[pair.other.id]) for pair in found)
    others = (city for city in cities if city.id not in named)
    dots = drawings.dots((city.latitude, city.longitude) for city in others)
    return WorldMap(dots, tuple(hubs), tuple(arcs))


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


# Agenda


@bp.get("/agendas/<slug>")
def agenda(slug: str) -> Answer:
    """An agenda: introduction, statements, cases, best reads, and the newest of its dialogue."""
    reader = me()
    agenda = get_agenda(reader, slug)
    kind, order = web.choice("kind", KINDS), web.choice("order", ORDERS, ORDERS[0])
    wanted = TopicFilter(agenda.id, kind, order)
    totals = counts_by_kind(reader, TopicFilter(agenda.id))
    counts = counts_by_kind(reader, wanted) if order == UNANSWERED else totals
    practices = practices_of(reader, agenda, SIDE_ITEMS)
    listed = first_topics(reader, wanted, AGENDA_TOPICS)
    return render_template(
        "front/agenda.html",
        agenda=agenda,
        statements=statements_of(agenda),
        cases=cases_of(reader, agenda),
        readings=readings_of(reader, agenda),
        topics=listed,
        total=sum(totals.values()),
        counts=counts,
        shown=counts.get(kind, 0) if kind else sum(counts.values()),
        kind=kind,
        order=order,
        practices=practices,
        tried=tried_counts(practice.topic_id for practice in practices),
        level=level_of(reader, AGENDA, agenda.id),
        news=new_posts_in(reader, listed),
    )


# People and places


@bp.get("/members/<handle>")
def profile(handle: str) -> Answer:
    """A member: who they are, what they help with, what others made of it, what they wrote and tried."""
    reader = me()
    member = get_member(reader, handle)
    web.depends_on(member_scope(member.id))
    return render_template(
        "front/profile.html",
        member=member,
        languages=_language_names(spoken.language for spoken in member.languages),
        themes=themes_of_member(member.id),
        recognition=queries.recognition(reader, member),
        written=queries.contributions_of_member(reader, member, web.number("page")),
        practices=practices_by(reader, member_id=member.id),
        tried=practices_tried_by(reader, member_id=member.id),
        neighbours=members_count(reader, city_id=member.city_id) if member.city_id else 0,
        spot=_mini_map(member.city),
        hosted=[known for known in all_agendas(reader) if known.id in member.hosted]
        if member.hosted
        else [],
    )


class MiniMap(NamedTuple):
    """A small map around a city: the SVG view box, and the position of its dot."""

    viewbox: str
    place: tuple[float, float]


def _mini_map(city: City | None) -> MiniMap | None:
    if city is None:
        return None
    x, y = drawings.project(city.latitude, city.longitude)
    left = min(max(0.0, x - MINI_MAP_WIDTH / 2), WORLD_WIDTH - MINI_MAP_WIDTH)
    top = min(max(0.0, y - MINI_MAP_HEIGHT / 2), WORLD_HEIGHT - MINI_MAP_HEIGHT)
    return MiniMap(f"{left:g} {top:g} {MINI_MAP_WIDTH} {MINI_MAP_HEIGHT}", (x, y))


def _language_names(codes: Iterable[str]) -> list[str]:
    names = dict(languages())
    return [names.get(code, code) for code in codes]


@bp.get("/members")
def directory() -> Answer:
    """The members, filtered by name, city, organisation, language and what they can help with."""
    web.depends_on()
    reader = me()
    cities, organisations = home_cities(reader), names_of_organisations(reader)
    choices = {
        "city": [(city.slug, city.label) for city in cities],
        "organisation": [(slug, name) for _id, slug, name in organisations],
        "language": languages_of_members(reader),
        "theme": [(theme.slug, theme.name) for theme in queries.themes_offered(reader)],
    }
    chosen = {name: web.text(name) for name in choices}  # a value that is not offered finds nobody
    chosen["words"] = web.text("words", MAX_QUERY_LENGTH)
    city_ids = {city.slug: city.id for city in cities}
    organisation_ids = {slug: number for number, slug, _name in organisations}
    wanted = DirectoryFilter(
        words=chosen["words"],
        city_id=city_ids.get(chosen["city"], 0) if chosen["city"] else None,
        organisation_id=organisation_ids.get(chosen["organisation"], 0)
        if chosen["organisation"]
        else None,
        language=chosen["language"],
        ids=queries.helpers_with(chosen["theme"]) if chosen["theme"] else None,
    )
    return render_template(
        "front/directory.html",
        page=directory_of(reader, wanted, web.number("page")),
        chosen=chosen,
        choices=choices,
        language_names=dict(languages()),
    )


@bp.get("/cities", endpoint="cities")
def all_cities() -> Answer:
    """The cities that members come from, by country: the map of the world as a list."""
    web.depends_on()
    known = cities_with_members(me())
    countries: dict[str, list[tuple[City, int]]] = {}
    for city, members in sorted(known, key=lambda pair: (pair[0].country_name, pair[0].name)):
        countries.setdefault(city.country_name, []).append((city, members))
    return render_template("front/cities.html", countries=countries, total=len(known))


@bp.get("/cities/<slug>")
def city(slug: str) -> Answer:
    """A city: its members, what they wrote, which practices they share and tried, which cases name it."""
    reader = me()
    city = get_city(slug)
    return render_template(
        "front/city.html",
        city=city,
        members=members_of_city(reader, city.id, MEMBERS_SHOWN),
        members_count=members_count(reader, city_id=city.id),
        written=queries.contributions_in_city(reader, city, web.number("page")),
        practices=practices_by(reader, city_id=city.id),
        tried=practices_tried_by(reader, city_id=city.id),
        cases=cases(reader, CaseFilter(city=(city.slug,))).items,
        spot=_mini_map(city),
        level=level_of(reader, CITY, city.id),
    )


@bp.post("/cities/<slug>/watch")
def watch_city(slug: str) -> Answer:
    """Watch or mute a city, or stop doing so."""
    return set_level(CITY, get_city(slug).id, url_for("front.city", slug=slug))


@bp.get("/organisations/<slug>")
def organisation(slug: str) -> Answer:
    """An organisation: its members, what they wrote, which practices they share and tried."""
    reader = me()
    organisation = get_organisation(slug)
    return render_template(
        "front/organisation.html",
        organisation=organisation,
        kinds=KIND_NAMES,
        members=members_of_organisation(reader, organisation.id, MEMBERS_SHOWN),
        members_count=members_count(reader, organisation_id=organisation.id),
        written=queries.contributions_in_organisation(reader, organisation, web.number("page")),
        practices=practices_by(reader, organisation_id=organisation.id),
        tried=practices_tried_by(reader, organisation_id=organisation.id),
        spot=_mini_map(organisation.city),
    )


@bp.route("/settings/themes", methods=["GET", "POST"])
@limiter.limit("30/hour", key_func=web.by_member, methods=["POST"])
def settings_themes() -> Answer:
    """The themes that a member can help with."""
    member = my_profile(me())
    known = themes()
    form = ThemesForm(themes=[theme.id for theme in themes_of_member(member.id)])
    form.offer(known)
    if request.method == "POST" and form.validate():
        set_member_themes(member, form.themes.data or [])
        flash(_("What you can help with is saved."), "message")
        return web.see_other(url_for("front.profile", handle=member.handle))
    page = render_template("front/settings_themes.html", form=form, themes=known)
    return page, 422 if form.errors else 200


# Notices


@bp.get("/notices")
def inbox() -> str:
    """The inbox: notices that ask for something before the others."""
    require(me().can.see_notices())
    found = notices_of(me(), web.number("page"), questions_to_advise_on(me()))
    groups = {"waiting": entries(found.waiting), "told": entries(found.told)}
    words = {"page": found.page, "groups": groups, "unread": unread_count(me())}
    return render_template("front/notices.html", **words)


# Settings of notices


@bp.route("/settings/notices", methods=["GET", "POST"])
def settings_notices() -> Answer:
    """Which notices are mailed, and when; what the member watches and mutes."""
    member, ways = me(), ways_of(me())
    settings = settings_of(member.id)
    form = NoticesForm(obj=settings, **ways_as_fields(ways)).for_somebody(member.is_curator)
    if request.method == "POST" and form.validate():
        hour = form.digest_hour.data
        notices.choose(member, form.ways, form.digest_every.data, hour, form.time_zone.data)
        flash(_("How you are told is saved."), "message")
        return web.see_other(url_for("front.settings_notices"))
    page = render_template(
        "front/settings_notices.html",
        form=form,
        kinds=[kind for kind in KINDS_OF_NOTICE if kind in form.ways],
        settings=settings,
        watched=queries.watched(member, web.number("page")),
    )
    return page, 422 if form.errors else 200


@bp.post("/settings/notices/watch-replies")
def watch_replies() -> Answer:
    """Choose whether to watch topics in which one writes."""
    notices.set_watching_replies(me(), request.form.get("on") == "1")
    flash(_("Saved. It holds for what you write from now on."), "message")
    return web.see_other(url_for("front.settings_notices"))


@bp.post("/settings/notices/end")
def end_watching() -> Answer:
    """Stop watching or muting something, even if it is out of reach by now."""
    subject_id = web.whole_number(request.form.get("subject_id", "")) or 0
    notices.unwatch(me(), request.form.get("subject", ""), subject_id)
    flash(_("You neither watch nor mute this any longer."), "message")
    return web.see_other(url_for("front.settings_notices") + "#watched")


# Search


NOTHING_FOUND = SearchResults(Page([], 1, 1, 0))


@bp.get("/search")
def search() -> Answer:
    """Everything that contains the words, with facets, and members of that name."""
    reader = me()
    typed = web.text("q", MAX_QUERY_LENGTH)
    known = {agenda.slug: agenda for agenda in all_agendas(reader)}
    names = dict(languages())
    offered = {"kind": FOUND_KINDS, "agenda": known, "language": names}
    chosen = {name: _chosen_values(name) for name in offered}
    wanted = {name: [one for one in chosen[name] if one in offered[name]] for name in offered}
    query = Query(
        typed,
        tuple(known[slug].id for slug in wanted["agenda"]),
        tuple(wanted["kind"]),
        tuple(wanted["language"]),
        is_newest_first=web.choice("order", ("newest",)) == "newest",
    )
    # A value that is not offered finds nothing
    is_possible = all(wanted[name] or not chosen[name] for name in offered)
    ignored: dict[tuple[str, int], str] = {}

    def note_ignored(things: Sequence[tuple[str, int]]) -> Container[tuple[str, int]]:
        ignored.update(queries.ignored_authors(reader, things))
        return ignored

    found = NOTHING_FOUND
    if is_possible:
        found = find(reader, query, web.number("page"), note_ignored)
    has_words = bool(words_of(typed))
    is_plain = has_words and found.page.number == 1 and not any(chosen.values())
    return render_template(
        "front/search.html",
        typed=typed,
        has_words=has_words,
        found=found,
        ignored=ignored,
        chosen=chosen,
        agendas={agenda.id: agenda for agenda in known.values()},
        slugs={agenda.slug: agenda.title for agenda in known.values()},
        language_names=names,
        named=queries.named_pages(reader, typed, known.values()) if is_plain else [],
        people=page_of(members_matching(reader, typed), 1, SIDE_ITEMS) if is_plain else None,
        without=_url_without,
        orders=[
            (_("Best match"), web.here(order=None, page=None), not query.is_newest_first, None),
            (_("Newest"), web.here(order="newest", page=None), query.is_newest_first, None),
        ],
        is_newest_first=query.is_newest_first,
    )


def _chosen_values(name: str) -> list[str]:
    given = dict.fromkeys(tidy(value)[:100] for value in request.args.getlist(name)[:50])
    return [value for value in given if value]


def _url_without(name: str, value: str) -> str:
    """The address of this search without one value of a filter, on its first page."""
    left = [kept for kept in _chosen_values(name) if kept != value]
    return web.here(**{"page": None, name: left})


# Feeds


@bp.get("/feeds/all.atom")
def feed() -> Response:
    """The newest topics of all agendas."""
    return _feed(federation().name, "/", queries.feed_of_openings())


@bp.get("/agendas/<slug>/feed.atom")
def agenda_feed(slug: str) -> Response:
    """The newest topics of one agenda."""
    agenda = get_agenda(me(), slug)
    title = f"{agenda.title} – {federation().name}"
    return _feed(title, _agenda_path(agenda), queries.feed_of_openings(agenda))


@bp.get("/topics/<int:topic_id>/feed.atom")
def topic_feed(topic_id: int) -> AnyResponse:
    """The newest posts of one topic; that of a merged topic redirects to the other one's."""
    try:
        topic, posts = queries.feed_of_topic(topic_id)
    except NotFound:
        target = queries.feed_after_merge(topic_id)
        return redirect(url_for("front.topic_feed", topic_id=target.id), FOR_EVER)
    return _feed(f"{topic.title} – {federation().name}", topic.address, posts)


def _agenda_path(agenda: Agenda) -> str:
    return url_for("front.agenda", slug=agenda.slug)


def _feed(title: str, page: str, posts: Iterable[Post]) -> Response:
    document = feeds.atom(
        title=title,
        address=web.absolute(quote(request.path)),
        page=web.absolute(page),
        base=web.absolute("/"),
        entries=[_entry(post) for post in posts],
    )
    return Response(document, mimetype="application/atom+xml")


def _entry(post: Post) -> feeds.Entry:
    topic = post.topic
    is_opening = post.number == 1
    return feeds.Entry(
        address=web.absolute(f"/topics/{topic.id}" if is_opening else f"/posts/{post.id}"),
        title=topic.title if is_opening else _("Reply to “%(title)s”", title=topic.title),
        html=str(post.html),
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


# For machines


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """All public addresses, or an index of the files that list them."""
    pages = queries.sitemap_pages()
    if pages == 1:
        return _sitemap(1)
    addresses = (
        web.absolute(url_for("front.sitemap_page", number=page)) for page in range(1, pages + 1)
    )
    return Response(feeds.sitemap_index(addresses), mimetype="application/xml")


@bp.get("/sitemap-<int:number>.xml")
def sitemap_page(number: int) -> Response:
    """One file of the sitemap."""
    if not 1 <= number <= queries.sitemap_pages():
        raise NotFound()
    return _sitemap(number)


def _sitemap(number: int) -> Response:
    places = queries.sitemap_page(number)
    absolute = ((web.absolute(quote(place.path)), place.changed_at) for place in places)
    return Response(feeds.sitemap(absolute), mimetype="application/xml")


@bp.get("/robots.txt")
def robots() -> Response:
    """What crawlers should not fetch, and where the sitemap is."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in DISALLOWED_PATHS]
    lines += ["", f"Sitemap: {web.absolute('/sitemap.xml')}", ""]
    return _plain_text("\n".join(lines))


DISALLOWED_PATHS = (
    "/search",
    "/join",
    "/sign-in",
    "/sign-out",
    "/settings",
    "/notices",
    "/moderation",
    "/administration",
    "/*/report",
    "/reports",
    "/*?quote=",
)


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell about a vulnerability (RFC 9116)."""
    email = federation().contact_email
    contact = f"mailto:{email}" if email else web.absolute("/contact")
    lines = [
        f"Contact: {contact}",
        f"Expires: {_security_txt_expiry():%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en",
        f"Canonical: {web.absolute('/.well-known/security.txt')}",
        "",
    ]
    return _plain_text("\n".join(lines))


def _security_txt_expiry() -> datetime:
    """The first day of the seventh month from now, so that the file changes only once a month."""
    months = now().year * 12 + now().month + 6
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _plain_text(text: str) -> Response:
    return Response(text, mimetype="text/plain")


# About the forum


@bp.get("/help")
def help() -> Answer:
    """How the forum works, how to format a text, which keyboard shortcuts there are."""
    return render_template("front/help.html")


@bp.get("/privacy")
def privacy() -> Answer:
    """Which personal data is kept, and for how long."""
    return render_template("front/privacy.html", periods=_retention_periods())


def _retention_periods() -> dict[str, str]:
    """How long things are kept, in words, by the constants that the deleting actions use."""
    periods = {
        "candidates": joining.UNCONFIRMED_RETENTION,
        "refused": joining.REFUSED_RETENTION,
        "tokens": accounts.TOKEN_RETENTION,
        "letters": mail.KEPT,
        "lost_letters": mail.KEPT_FAILED,
        "idle": SESSION_IDLE_LIMIT,
        "longest": SESSION_MAX_AGE,
        "sessions": people.SESSION_RETENTION,
        "notices": notices.KEPT_READ,
        "contact": contact_letters.KEPT,
        "leaving": people.COOLING_OFF,
        "visitors": moderation.KEPT_VISITORS,
        "staff_notes": moderation.KEPT_STAFF_NOTES,
        "queue_notes": queue.KEPT_NOTES,
        "held": dialogue.KEPT_REFUSED,
        "traces": REPETITION_WINDOW,
    }
    return {
        name: ngettext("%(num)s day", "%(num)s days", time.days) for name, time in periods.items()
    }


@bp.get("/accessibility")
def accessibility() -> Answer:
    """How accessible the forum is, and whom to tell about barriers."""
    return render_template("front/accessibility.html")


@bp.get("/contact")
def contact() -> Answer:
    """How to reach the people who run the forum."""
    return render_template("front/contact.html")
