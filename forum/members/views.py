"""Whose forum it is, appearance, suggestions, organisations, roles, and ignoring others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, StringField

from forum import locales, markup, web, webforms
from forum.configuring import csrf
from forum.errors import Invalid
from forum.history.models import Version
from forum.history.queries import fingerprint, versions_of
from forum.history.views import fill_from_version
from forum.languages import reads_like
from forum.members import actions, queries
from forum.members.forms import (
    GROUP_NAMES,
    KIND_NAMES,
    ROLE_NAMES,
    FederationForm,
    OrganisationForm,
    PersonForm,
)
from forum.members.models import Federation, Member, Organisation
from forum.members.queries import CityChoice
from forum.ratelimits import changing
from forum.versions import FEDERATION, current_version
from forum.web import me
from forum.webforms import ChangedFields

bp = Blueprint("members", __name__)
COOKIE_SECONDS = 365 * 24 * 3600  # a year


# Whose forum it is


@bp.app_context_processor
def _template_variables() -> dict[str, Any]:
    return {"federation": LocalProxy(federation)}


def federation() -> Federation:
    """The federation whose forum this is; a placeholder before `flask setup`. Read once per request."""
    if "federation" not in g:
        unnamed = Federation(name="Interurban", tagline="", contact_email="", is_demo=False)
        g.federation = _cached_federation() or unnamed
    return cast(Federation, g.federation)


def _cached_federation() -> Federation | None:
    """The federation from the cache of this process, which is read again as soon as an action has changed it.

    When the database does not answer, the page that says so shows what was cached.
    """
    remembered = current_app.extensions
    known: queries.CachedFederation | None = remembered.get("federation")
    if known and known.version == current_version(FEDERATION):
        return known.federation
    try:
        found = queries.federation_to_cache()
    except SQLAlchemyError:
        if known is None:
            raise
        found = known
    if found:
        remembered["federation"] = found
    return found.federation if found else None


@bp.app_template_global()
def place_of(
    member: Member, organisation: Organisation | None = None, always: bool = False
) -> Iterable[str]:
    """What a person does and where: position, organisation and city, as far as they are known.

    Of a hidden profile without the position, which its owner has worded, unless it is for moderators (`always`).
    """
    city, position = member.city, member.position if member.has_page or always else ""
    said = (position, organisation.name if organisation else "", city.name if city else "")
    return dict.fromkeys(word for word in said if word)


@bp.post("/appearance")
def appearance() -> AnyResponse:
    """Choose the looks and the language of pages, or switch single-key shortcuts (`keys`).

    `theme` is *light*, *dark*, or empty for that of the device; `locale` is a language of the interface.
    """
    answer = web.see_other(web.safe_next())
    if keys := request.form.get("keys", ""):
        return _set_keys_cookie(answer, keys, web.settings().is_https)
    if "theme" in request.form:
        theme = request.form["theme"]
        _set_cookie(answer, "theme", theme if theme in ("light", "dark") else "")
    locale = request.form.get("locale", "")
    if locale in web.settings().locales and locale != web.locale():
        _set_cookie(answer, locales.COOKIE, locale)
    return answer


def _set_cookie(answer: AnyResponse, name: str, value: str) -> None:
    """Keep a choice in the browser for a year; an empty one is taken back."""
    how: dict[str, Any] = {
        "samesite": "Lax",
        "httponly": True,
        "secure": web.settings().is_https,
    }
    if value:
        answer.set_cookie(web.cookie_name(name), value, max_age=COOKIE_SECONDS, **how)
    else:
        answer.delete_cookie(web.cookie_name(name), **how)


def _set_keys_cookie(answer: AnyResponse, keys: str, secure: bool) -> AnyResponse:
    """A script reads the cookie, so that pages are the same for everybody (WCAG 2.1.4)."""
    name = web.cookie_name("keys")
    if keys == "off":
        answer.set_cookie(name, "off", max_age=COOKIE_SECONDS, samesite="Lax", secure=secure)
    else:
        answer.delete_cookie(name, samesite="Lax", secure=secure)
    return answer


# Pages of visitors hold no token; a forged request can only make pages dark
csrf.exempt(appearance)


@bp.app_template_global()
def interface_languages() -> tuple[tuple[str, str], ...]:
    """The languages in which readers can have the pages, with their own names."""
    return queries.locale_names(web.settings().locales)


# What several forms need


class HasCity(Protocol):
    """A form with a field for a city, and one to choose among several cities of the same name."""

    city: StringField
    city_id: RadioField


def choose_city(form: HasCity) -> None:
    """A check of `webforms.process`: set `city_id` to the number of the city that was typed, or to None for no city.

    Raises `Invalid` when no city has the name, or when several do; then `city_id` offers them.
    """
    wished, form.city_id.data = form.city_id.data, None
    if not form.city.data:
        return
    called = queries.city_choices_by_name(form.city.data)
    found = called or queries.city_choices(form.city.data)
    if not found:
        raise Invalid(_("No city of this name is known. Try another spelling."), "city")
    meant = called if len(called) == 1 else [one for one in found if one.city.id == wished]
    if meant:
        form.city_id.data = meant[0].city.id
        return
    form.city_id.choices = [(one.city.id, _city_label(one)) for one in found]
    if len(found) == 1:
        raise Invalid(_("Is it this city? Choose it."), "city_id")
    raise Invalid(_("Several cities fit. Choose the one you mean."), "city_id")


def _city_label(found: CityChoice) -> str:
    city, people = found.city, format_decimal(found.city.population)
    label = city.label
    if found.also:
        names = {"name": city.name, "also": found.also, "country": city.country_name}
        label = _("%(name)s (%(also)s), %(country)s", **names)
    if found.near:
        return _(
            "%(city)s, near %(near)s (%(people)s people)",
            city=label,
            near=found.near,
            people=people,
        )
    return _("%(city)s (%(people)s people)", city=label, people=people)


class LanguageDoubt(NamedTuple):
    """That a text reads like another language than the one it is marked with.

    `likely` is the code of that language; `offer` is what a button or link says that marks the text with it.
    """

    likely: str
    sentence: str
    offer: str


@bp.app_template_global()
def language_doubt_of(source: str | None, marked: str) -> LanguageDoubt | None:
    """`language_doubt` for a text in Markdown, as a form has it."""
    return language_doubt(markup.plain(source or ""), marked)


def language_doubt(plain: str, marked: str) -> LanguageDoubt | None:
    """What to tell the author of a plain text about its mark; None when nothing is certain, or the mark is right."""
    likely = reads_like(plain, marked)
    if likely is None:
        return None
    names = {"marked": queries.language_name(marked), "likely": queries.language_name(likely)}
    said = _("It is marked as %(marked)s and reads like %(likely)s.", **names)
    return LanguageDoubt(likely, said, _("Mark it as %(likely)s", likely=names["likely"]))


def flash_language_doubt(plain: str, marked: str, edit_address: Callable[[str], str]) -> None:
    """Tell the author of a saved text what `language_doubt` finds, with a link to the form with that language chosen.

    `edit_address` returns the form's address for the code of a language.
    """
    if doubt := language_doubt(plain, marked):
        link = Markup('<a href="{}">{}</a>').format(edit_address(doubt.likely), doubt.offer)
        flash(Markup("{} {}").format(doubt.sentence, link), "info")


def offer_organisations(form: PersonForm) -> None:
    """Set the organisations that a form offers."""
    known = [(one.id, one.name) for one in queries.organisations()]
    form.organisation.choices = [("", _("Not listed")), *known]


# Cities


@bp.get("/cities/suggest")
def cities_suggest() -> Response:
    """Cities with a name, in any script, that starts with `q`; for the script beside a field."""
    found = queries.city_choices(web.text("q"))
    return make_response(jsonify([_as_suggestion(one) for one in found]))


def _as_suggestion(found: CityChoice) -> dict[str, Any]:
    """A city to choose: `label` is what goes into the field, `name` and `about` are what the list says."""
    city = found.city
    near = _("near %(city)s", city=found.near) if found.near else ""
    people = _("%(people)s people", people=format_decimal(city.population))
    about = filter(None, (city.country_name, near, people))
    name = f"{city.name} ({found.also})" if found.also else city.name
    return {"id": city.id, "label": city.label, "name": name, "about": ", ".join(about)}


@bp.get("/members/suggest")
def suggest() -> Response:
    """Members whose name or handle starts with `q`; for the script beside a composer."""
    found = queries.members_to_suggest(me(), web.text("q", 60))
    named = [
        {"handle": known.handle, "name": known.name, "place": _place(known)} for known in found
    ]
    return make_response(jsonify(named))


def _place(member: Member) -> str:
    return member.city.name if member.city else member.position


# Organisations


@bp.get("/organisations")
def organisations() -> ResponseReturnValue:
    """The member organisations."""
    web.depends_on()
    counts = {one.id: number for one, number in queries.organisations_with_members(me())}
    context = {"organisations": queries.organisations(), "counts": counts, "kinds": KIND_NAMES}
    return render_template("members/organisations.html", **context)


@bp.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    known = queries.organisations_to_curate(me())
    return _write_organisation(OrganisationForm(), None, known)


@bp.route("/organisations/<slug>/edit", methods=["GET", "POST"])
def edit_organisation(slug: str) -> ResponseReturnValue:
    """Edit an organisation; the former fields are kept as a version."""
    organisation = queries.organisation_to_curate(me(), slug)
    form = OrganisationForm(data=_organisation_data(organisation))
    version = fill_from_version(form, "organisation", organisation.id)
    return _write_organisation(form, organisation, version=version)


def _organisation_data(organisation: Organisation) -> dict[str, Any]:
    representative = organisation.representative
    plain = ("name", "kind", "city_id", "website", "about")
    return {
        **{name: getattr(organisation, name) for name in plain},
        "seats": "" if organisation.seats is None else str(organisation.seats),
        "city": organisation.city.label if organisation.city else "",
        "representative": f"@{representative.handle}" if representative else "",
        "seen": fingerprint(queries.organisation_fields(organisation)),
    }


def _write_organisation(
    form: OrganisationForm,
    organisation: Organisation | None,
    known: Sequence[Organisation] = (),
    version: Version | None = None,
) -> ResponseReturnValue:
    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        context: dict[str, Any] = {"form": form, "organisation": organisation, "known": known}
        context |= {"meanwhile": meanwhile, "version": version}
        return render_template("members/organisation.html", **context), status

    def deed() -> ResponseReturnValue:
        text, number = _organisation_text(form), organisation.id if organisation else None
        written = actions.write_organisation(me(), text, number, seen=form.seen.data)
        return web.done(
            _("The organisation is saved."), url_for("front.organisation", slug=written.slug)
        )

    latest = partial(_latest_organisation, organisation.slug) if organisation else None
    return webforms.process(form, page, deed, checks=[choose_city], latest=latest)


def _latest_organisation(slug: str) -> OrganisationForm:
    data = _organisation_data(queries.organisation_to_curate(me(), slug))
    return OrganisationForm(formdata=None, data=data)


def _organisation_text(form: OrganisationForm) -> actions.OrganisationText:
    typed = form.representative.data
    representative = queries.member_called(me(), typed, "representative") if typed else None
    return actions.OrganisationText(
        name=form.name.data or "",
        kind=form.kind.data,
        city_id=form.city_id.data,
        representative_id=representative.id if representative else None,
        seats=int(form.seats.data) if form.seats.data else None,
        website=form.website.data or "",
        about=form.about.data or "",
    )


@bp.get("/organisations/<slug>/history")
def organisation_history(slug: str) -> ResponseReturnValue:
    """The earlier versions of an organisation."""
    organisation = queries.organisation_to_curate(me(), slug)
    context = {
        "organisation": organisation,
        "versions": versions_of("organisation", organisation.id),
    }
    return render_template("members/organisation_history.html", kinds=KIND_NAMES, **context)


# Roles


@bp.get("/administration")
def administer() -> ResponseReturnValue:
    """Redirect to the first page of the administration, which says whom it is for."""
    return redirect(url_for("members.administration"))


@bp.get("/administration/members")
def administration() -> ResponseReturnValue:
    """All members, to be searched by name or e-mail address, or a group of them."""
    words, group = web.text("q"), web.choice("group", queries.GROUPS)
    page = queries.administered_members(me(), words, web.number("page"), group)
    groups = [
        (name, web.here(group=value or None, page=None), value == group, None)
        for value, name in GROUP_NAMES.items()
    ]
    shown = {"page": page, "words": words, "group": group, "groups": groups}
    return render_template("members/administration.html", **shown, roles=ROLE_NAMES)


@bp.route("/administration/forum", methods=["GET", "POST"])
def describe_federation() -> ResponseReturnValue:
    """Edit the forum's name, tagline and contact address."""
    known = queries.federation_to_describe(me())
    form = FederationForm(data=_fields_of(known))

    def page(status: int = 200, meanwhile: ChangedFields = ()) -> ResponseReturnValue:
        before = queries.federation_versions(me())
        context = {"form": form, "meanwhile": meanwhile, "before": before}
        context["closed_at"] = known.first_steps_closed_at
        return render_template("members/federation.html", **context), status

    def deed() -> ResponseReturnValue:
        said = {name: form[name].data or "" for name in ("name", "tagline", "contact_email")}
        actions.describe_federation(me(), seen=form.seen.data, **said)
        return web.done(
            _("Saved. Every page says so from now on."), url_for("members.describe_federation")
        )

    return webforms.process(form, page, deed, latest=_latest_federation)


def _latest_federation() -> FederationForm:
    return FederationForm(formdata=None, data=_fields_of(queries.federation_to_describe(me())))


@bp.post("/administration/first-steps/close")
def close_first_steps() -> AnyResponse:
    """Show the first steps on the home page no more."""
    actions.close_first_steps(me())
    return web.done(_("The list is closed. It can be opened again under “Name and contact”."), "/")


@bp.post("/administration/first-steps/open")
def open_first_steps() -> AnyResponse:
    """Show the first steps on the home page again."""
    actions.open_first_steps(me())
    return web.done(
        _("The list is open again. The home page shows it as long as something is left to do."), "/"
    )


def _fields_of(known: Federation) -> dict[str, str]:
    words = queries.federation_fields(known)
    return {**words, "seen": fingerprint(words)}


# Ignoring


@bp.post("/members/<handle>/ignore")
@changing
def ignore(handle: str) -> AnyResponse:
    """Ignore a member."""
    other = queries.get_member(me(), handle)
    actions.ignore(_my_account(), other.id)
    return web.done(
        _("You ignore %(name)s from now on. Only you know.", name=other.name),
        url_for("members.ignored"),
    )


@bp.post("/members/<handle>/end-ignoring")
@changing
def end_ignoring(handle: str) -> AnyResponse:
    """Stop ignoring a member."""
    member = _my_account()
    other = queries.ignored_member(member, handle)
    actions.end_ignoring(member, other.id)
    return web.done(
        _("You no longer ignore %(name)s.", name=other.name), url_for("members.ignored")
    )


@bp.get("/settings/ignored")
def ignored() -> ResponseReturnValue:
    """Whom one ignores."""
    return render_template("members/ignored.html", rows=queries.ignored_by(_my_account()))


def _my_account() -> Member:
    """The account of the person who asks. Raises `Forbidden` for visitors."""
    return queries.my_profile(me())
