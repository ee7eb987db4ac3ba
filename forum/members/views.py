"""The doors of the members room: joining, signing in and out, settings, organisations, roles, cities."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from typing import Any, Protocol, cast

from flask import (
    Blueprint,
    Response,
    after_this_request,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, StringField

from forum import markup, web
from forum.db import in_passing, now
from forum.errors import Busy, Forbidden, Invalid
from forum.history.queries import versions_of
from forum.members import actions, queries
from forum.members.forms import (
    KIND_NAMES,
    ROLE_NAMES,
    ROLE_NOTES,
    JoinForm,
    OrganisationForm,
    PasswordForm,
    PersonForm,
    ProfileForm,
    RoleForm,
    SignInForm,
    check_password,
)
from forum.members.models import City, Federation, Member, Organisation
from forum.passwords import hash_password, is_outdated, verify_password
from forum.permissions import VISITOR
from forum.rates import limiter
from forum.web import SignedIn, me

bp = Blueprint("members", __name__)
Answer = str | AnyResponse | tuple[str, int]
REFUSED, TOO_MANY = 422, 429
SEEN_EVERY = timedelta(hours=1)
DEVICE = "device"  # the cookie of a browser in which somebody has signed in
A_YEAR = 365 * 24 * 3600
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


# Who asks, and whose forum it is


def load_user(token: str) -> SignedIn | None:
    """Who is signed in with a token, for Flask-Login; notes at most once an hour that the session is in use."""
    found = queries.session_of(token)
    if found and found.seen_at < now() - SEEN_EVERY:
        with suppress(Busy), in_passing():  # reading goes on; the next request notes it
            actions.note_seen(found.member, found.id)
    return SignedIn(found.member, token) if found else None


@bp.app_context_processor
def _words() -> dict[str, Any]:
    known = current_app.extensions.get("federation")  # asked for once in a process
    return {"federation": known or LocalProxy(federation)}


def federation() -> Federation:
    """The federation whose forum this is; one without a name before `flask setup`."""
    known = current_app.extensions.get("federation") or queries.federation()
    if known:
        current_app.extensions["federation"] = known
    return known or Federation(name="Interurban", tagline="", contact_email="", is_demo=False)


@bp.app_template_global()
def place_of(member: Member, organisation: Organisation | None = None) -> str:
    """What a person does and where: position, organisation, city, as far as they are said."""
    city = member.city
    said = (member.position, organisation.name if organisation else "", city.name if city else "")
    return ", ".join(dict.fromkeys(word for word in said if word))


# Joining and signing in


@bp.route("/join", methods=["GET", "POST"])
@limiter.limit("10/hour", methods=["POST"])
def join() -> Answer:
    """Make an account, and be signed in."""
    if me().is_member:
        return web.see_other(web.safe_next())
    form = _join_form()
    if request.method == "GET":
        return _join_page(form)
    return _submit(form, lambda: _join(form), lambda: _join_page(form, REFUSED), _password_is_new)


def _join_form() -> JoinForm:
    form = JoinForm(next=web.safe_next(""))
    _offer_organisations(form)
    return form


def _join_page(form: JoinForm, status: int = 200) -> Answer:
    return render_template("members/join.html", form=form), status


def _join(form: JoinForm) -> AnyResponse:
    joining = actions.Joining(
        name=form.name.data or "",
        email=form.email.data or "",
        password_hash=hash_password(form.password.data or ""),
        position=form.position.data or "",
        organisation_id=form.organisation.data,
        city_id=form.city_id.data,
        language=form.language.data,
        languages=form.languages,
    )
    member = actions.join(VISITOR, joining)
    _begin_session(member)
    flash(_("Welcome, %(name)s. You can write now.", name=member.name), "message")
    return web.see_other(web.safe_next())


def _password_is_new(form: JoinForm) -> None:
    own = (federation().name, form.name.data or "", form.email.data or "")
    _check_password(form.password.data or "", own, "password")


def _check_password(password: str, own: tuple[str, ...], field: str) -> None:
    try:
        check_password(password, own)
    except Invalid as error:
        raise Invalid(error.message, field) from error


def _account() -> str:
    """The account that a request wants to sign in to, for its rate limit.

    A browser in which its owner has signed in before is counted apart, so that guesses from elsewhere do not
    lock the owner out (ASVS 5.0, 6.1.1).
    """
    account = _account_of(request.form.get("email", ""))
    device = request.cookies.get(web.cookie_name(DEVICE), "")
    return f"account:{account}:{device}" if _knows(device, account) else f"account:{account}"


def _account_of(email: str) -> str:
    return sha256(queries.plain_email(markup.tidy(email)).encode()).hexdigest()


def _knows(device: str, account: str) -> bool:
    """Whether a cookie says that the account's owner has signed in with this browser."""
    try:
        return bool(_devices().loads(device)[0] == account)
    except (BadSignature, TypeError, IndexError):
        return False


def _remember_device(email: str) -> None:
    account = _account_of(email)
    if _knows(request.cookies.get(web.cookie_name(DEVICE), ""), account):
        return

    @after_this_request
    def remember(response: Response) -> Response:
        known = _devices().dumps([account, secrets.token_urlsafe(9)])
        is_https, name = web.settings().is_https, web.cookie_name(DEVICE)
        response.set_cookie(
            name, known, max_age=A_YEAR, secure=is_https, httponly=True, samesite="Lax"
        )
        return response


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(web.settings().secret_key, salt="device")


def _was_refused(response: Response) -> bool:
    return response.status_code == REFUSED


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
@limiter.limit("20/hour", key_func=_account, methods=["POST"], deduct_when=_was_refused)
def sign_in() -> Answer:
    """Begin a session. The answer to a wrong password and to an unknown address is the same."""
    if me().is_member and request.method == "GET":
        return web.see_other(web.safe_next())
    form = SignInForm(next=web.safe_next(""))
    if request.method == "GET":
        return _sign_in_page(form)
    return _submit(form, lambda: _sign_in(form), lambda: _sign_in_page(form, REFUSED))


def _sign_in_page(form: SignInForm, status: int = 200) -> Answer:
    if web.kept_action() and form.errors:
        why = next(error for errors in form.errors.values() for error in errors)
        return web.resend_page(web.kept_action(), why, status)
    return render_template("members/sign_in.html", form=form), status


def _sign_in(form: SignInForm) -> AnyResponse:
    password = form.password.data or ""
    member = queries.by_email(form.email.data or "")
    is_right = verify_password(member.password_hash if member else None, password)
    if member is None or not is_right:
        raise Invalid(_("The address or the password is not right."))
    try:
        _begin_session(member)
    except Forbidden as error:  # suspended: only who knows the password is told
        raise Invalid(error.message) from error
    _remember_device(member.email)
    if is_outdated(member.password_hash):
        actions.renew_hash(member, hash_password(password))
    if web.kept_action():
        return web.resend_page(web.kept_action(), _("You are signed in again."), 200)
    return web.see_other(web.safe_next())


def _begin_session(member: Member) -> None:
    """Sign somebody in with a new token, and leave nothing of the session before."""
    token = actions.sign_in(member, _device())
    session.clear()
    g.pop("csrf_token", None)
    session.permanent = True
    begun = load_user(token)
    if begun:
        login_user(begun)


def _device() -> str:
    agent = request.user_agent.string
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), _("A browser"))
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


@bp.errorhandler(TOO_MANY)
def _too_many(_error: HTTPException) -> Answer:
    """Too many attempts: the form again, with what was typed."""
    forms: dict[str, Callable[[], tuple[web.Form, Callable[[Any, int], Answer]]]] = {
        "members.join": lambda: (_join_form(), _join_page),
        "members.sign_in": lambda: (SignInForm(), _sign_in_page),
        "members.change_password": lambda: (PasswordForm(), _password_page),
    }
    form, page = forms[request.endpoint or ""]()
    form.form_errors = [_("That was tried too often. Please wait a while and try again.")]
    return page(form, TOO_MANY)


@bp.route("/sign-out", methods=["GET", "POST"])
def sign_out() -> Answer:
    """End this session. Afterwards, and to visitors, the page says that nobody is signed in."""
    if request.method == "GET":
        return render_template("members/sign_out.html")
    if isinstance(person := me(), Member):
        actions.sign_out(person, _token())
    logout_user()
    session.clear()
    answer = web.see_other(url_for("members.sign_out"))
    answer.headers["Clear-Site-Data"] = (
        '"storage"'  # texts kept in the browser, perhaps a shared one
    )
    return answer


def _token() -> str:
    return cast(SignedIn, current_user).token


@bp.post("/appearance")
def appearance() -> AnyResponse:
    """Keep whether pages are light, dark, or as the device says."""
    answer = web.see_other(web.safe_next())
    theme, name = request.form.get("theme", ""), web.cookie_name("theme")
    secure = web.settings().is_https
    if theme in ("light", "dark"):
        answer.set_cookie(name, theme, max_age=A_YEAR, samesite="Lax", httponly=True, secure=secure)
    else:
        answer.delete_cookie(name, samesite="Lax", httponly=True, secure=secure)
    return answer


web.csrf.exempt(appearance)  # pages for visitors hold no token, and the worst is a dark page


# Settings


@bp.route("/settings", methods=["GET", "POST"])
def settings() -> Answer:
    """What members say about themselves."""
    member = queries.my_profile(me())
    form = ProfileForm(data=_said_by(member))
    _offer_organisations(form)
    preview = _preview(form)

    def page(status: int = 200) -> Answer:
        words = {"form": form, "member": member, "preview": preview}
        return render_template("members/settings.html", **words), status

    if request.method == "GET" or preview is not None:
        return page()
    return _submit(form, lambda: _edit_profile(member, form), lambda: page(REFUSED))


def _preview(form: ProfileForm) -> Any:
    asked = request.method == "POST" and "preview" in request.form
    return markup.write(form.about.data or "").html if asked else None


def _said_by(member: Member) -> dict[str, Any]:
    codes = [spoken.language for spoken in member.languages if spoken.language != member.language]
    second, third, *_rest = [*codes, "", ""]
    return {
        "name": member.name,
        "position": member.position,
        "organisation": member.organisation_id,
        "city": member.city.label if member.city else "",
        "city_id": member.city_id,
        "language": member.language,
        "second_language": second,
        "third_language": third,
        "helps_with": member.helps_with,
        "about": member.about,
    }


def _edit_profile(member: Member, form: ProfileForm) -> AnyResponse:
    profile = actions.Profile(
        name=form.name.data or "",
        position=form.position.data or "",
        organisation_id=form.organisation.data,
        city_id=form.city_id.data,
        language=form.language.data,
        languages=form.languages,
        helps_with=form.helps_with.data or "",
        about=markup.write(form.about.data or "", form.language.data),
    )
    actions.edit_profile(member, profile)
    flash(_("Your profile is saved."), "message")
    return web.see_other(url_for("members.settings"))


@bp.route("/settings/password", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"])
def change_password() -> Answer:
    """Choose a new password, which ends all other sessions."""
    member = queries.my_profile(me())
    form = PasswordForm()
    if request.method == "GET":
        return _password_page(form)
    return _submit(
        form, lambda: _change_password(member, form), lambda: _password_page(form, REFUSED)
    )


def _password_page(form: PasswordForm, status: int = 200) -> Answer:
    return render_template("members/password.html", form=form), status


def _change_password(member: Member, form: PasswordForm) -> AnyResponse:
    if not verify_password(member.password_hash, form.current_password.data or ""):
        raise Invalid(_("This is not your present password."), "current_password")
    own = (federation().name, member.name, member.email)
    _check_password(form.new_password.data or "", own, "new_password")
    actions.change_password(member, hash_password(form.new_password.data or ""))
    _begin_session(member)  # who has copied the cookie of before is signed out, too
    flash(_("Your password is changed. You are signed out everywhere else."), "message")
    return web.see_other(url_for("members.settings"))


@bp.get("/settings/sessions")
def sessions() -> Answer:
    """Where one is signed in."""
    member = queries.my_profile(me())
    words = {"sessions": queries.sessions_of(member), "current": queries.token_hash(_token())}
    return render_template("members/sessions.html", member=member, **words)


@bp.post("/settings/sessions/end")
def end_sessions() -> AnyResponse:
    """End all one's other sessions."""
    actions.end_sessions(queries.my_profile(me()), _token())
    flash(_("You are signed out everywhere else."), "message")
    return web.see_other(url_for("members.sessions"))


@bp.post("/settings/sessions/<int:session_id>/end")
def end_session(session_id: int) -> AnyResponse:
    """End one of one's own sessions."""
    actions.end_session(queries.my_profile(me()), session_id)
    flash(_("That session is ended."), "message")
    return web.see_other(url_for("members.sessions"))


# What several forms need


class HasCity(Protocol):
    """A form with a field for a city and one to choose among several of the same name."""

    city: StringField
    city_id: RadioField


def _submit(
    form: Any,
    deed: Callable[[], AnyResponse],
    page: Callable[[], Answer],
    *checks: Callable[[Any], None],
) -> Answer:
    """Do the deed of a form that is filled in well; else show the page, each problem beside its field."""
    form.validate()
    for check in (*checks, *([choose_city] if "city" in form else [])):
        _note_problem(form, check)
    if form.errors:
        return page()
    try:
        return deed()
    except Invalid as error:
        web.refuse(form, error)
        return page()


def _note_problem(form: Any, check: Callable[[Any], None]) -> None:
    try:
        check(form)
    except Invalid as error:
        if not form[error.field].errors:
            web.refuse(form, error)


def choose_city(form: HasCity) -> None:
    """Put the number of the city that was typed into `city_id`, or None for no city.

    Raises `Invalid` when no city has the name, or when several have it; then `city_id` offers them.
    """
    wished, form.city_id.data = form.city_id.data, None
    if not form.city.data:
        return
    called = queries.cities_called(form.city.data)
    found = called or queries.cities_named(form.city.data)
    if not found:
        raise Invalid(_("No city of this name is known. Try another spelling."), "city")
    meant = called if len(called) == 1 else [city for city in found if city.id == wished]
    if meant:
        form.city_id.data = meant[0].id
        return
    form.city_id.choices = [(city.id, _described(city)) for city in found]
    if len(found) == 1:
        raise Invalid(_("Is it this city? Choose it."), "city_id")
    raise Invalid(_("Several cities fit. Choose the one you mean."), "city_id")


def _described(city: City) -> str:
    people = format_decimal(city.population)
    return _("%(city)s (%(people)s people)", city=city.label, people=people)


def _offer_organisations(form: PersonForm) -> None:
    known = [(one.id, one.name) for one in queries.organisations()]
    form.organisation.choices = [("", _("Not listed")), *known]


# Cities


@bp.get("/cities/suggest")
def cities_suggest() -> Response:
    """Cities whose name, in any script, begins with `q`; for the script beside a field."""
    found = queries.cities_named(web.text("q"))
    fields = ("id", "name", "country", "population")
    answer = jsonify([{name: getattr(city, name) for name in fields} for city in found])
    return make_response(answer)


@bp.get("/members/suggest")
def suggest() -> Response:
    """Members whose name or handle begins with `q`; for the script beside a composer."""
    found = queries.members_to_suggest(me(), web.text("q", 60))
    named = [
        {"handle": known.handle, "name": known.name, "place": _place(known)} for known in found
    ]
    return make_response(jsonify(named))


def _place(member: Member) -> str:
    return member.city.name if member.city else member.position


# Organisations


@bp.get("/organisations")
def organisations() -> Answer:
    """The member organisations."""
    counts = {one.id: number for one, number in queries.organisations_with_members(me())}
    words = {"organisations": queries.organisations(), "counts": counts, "kinds": KIND_NAMES}
    return render_template("members/organisations.html", **words)


@bp.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> Answer:
    """Add an organisation."""
    known = queries.organisations_to_curate(me())
    return _write_organisation(OrganisationForm(), None, known)


@bp.route("/organisations/<slug>/edit", methods=["GET", "POST"])
def edit_organisation(slug: str) -> Answer:
    """Change what is said of an organisation; what was said before is kept."""
    organisation = queries.organisation_to_curate(me(), slug)
    return _write_organisation(OrganisationForm(data=_said_of(organisation)), organisation)


def _said_of(organisation: Organisation) -> dict[str, Any]:
    representative = organisation.representative
    plain = ("name", "kind", "city_id", "website", "about")
    return {
        **{name: getattr(organisation, name) for name in plain},
        "seats": "" if organisation.seats is None else str(organisation.seats),
        "city": organisation.city.label if organisation.city else "",
        "representative": representative.handle if representative else "",
    }


def _write_organisation(
    form: OrganisationForm,
    organisation: Organisation | None,
    known: Sequence[Organisation] = (),
) -> Answer:
    def page(status: int = 200) -> Answer:
        words = {"form": form, "organisation": organisation, "known": known}
        return render_template("members/organisation.html", **words), status

    def deed() -> AnyResponse:
        known = organisation.id if organisation else None
        written = actions.write_organisation(me(), _organisation_text(form), known)
        flash(_("The organisation is saved."), "message")
        return web.see_other(url_for("front.organisation", slug=written.slug))

    return page() if request.method == "GET" else _submit(form, deed, lambda: page(REFUSED))


def _organisation_text(form: OrganisationForm) -> actions.OrganisationText:
    handle = (form.representative.data or "").lstrip("@")
    found = queries.members_by_handle([handle]) if handle else []
    if handle and not found:
        raise Invalid(_("No member has this handle."), "representative")
    return actions.OrganisationText(
        name=form.name.data or "",
        kind=form.kind.data,
        city_id=form.city_id.data,
        representative_id=found[0].id if found else None,
        seats=int(form.seats.data) if form.seats.data else None,
        website=form.website.data or "",
        about=form.about.data or "",
    )


@bp.get("/organisations/<slug>/history")
def organisation_history(slug: str) -> Answer:
    """What was said of an organisation before."""
    organisation = queries.organisation_to_curate(me(), slug)
    words = {"organisation": organisation, "versions": versions_of("organisation", organisation.id)}
    return render_template("members/organisation_history.html", kinds=KIND_NAMES, **words)


# Roles


@bp.get("/administration/members")
def administration() -> Answer:
    """Everybody with an account, to be found by name or e-mail address."""
    words = web.text("q")
    page = queries.administered_members(me(), words, web.number("page"))
    return render_template("members/administration.html", page=page, words=words, roles=ROLE_NAMES)


@bp.route("/administration/members/<handle>/role", methods=["GET", "POST"])
def appoint(handle: str) -> Answer:
    """Give a member a role."""
    member = queries.administered_member(me(), handle)
    form = RoleForm(data={"role": member.role})

    def page(status: int = 200) -> Answer:
        words = {"form": form, "member": member, "notes": ROLE_NOTES}
        return render_template("members/role.html", **words), status

    def deed() -> AnyResponse:
        actions.appoint(me(), handle, form.role.data)
        flash(_("The role of %(name)s is saved.", name=member.name), "message")
        return web.see_other(url_for("members.administration", q=member.name))

    return page() if request.method == "GET" else _submit(form, deed, lambda: page(REFUSED))
