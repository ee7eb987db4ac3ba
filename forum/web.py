"""The current request: the person, query parameters, redirects and addresses, and the language of the interface."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from flask import current_app, flash, redirect, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import UserMixin, current_user
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from forum import locales
from forum.clock import now
from forum.deeds import has_acted
from forum.keptpages import DEPENDS_ON
from forum.permissions import VISITOR, Person
from forum.plaintext import tidy
from forum.settings import Settings

if TYPE_CHECKING:
    from forum.members.models import Member

log_of_looks = logging.getLogger("forum.looks")

NO_CONTENT, MOVED_PERMANENTLY, SEE_OTHER = 204, 301, 303
FORBIDDEN, NOT_FOUND, CONFLICT, REFUSED = 403, 404, 409, 422
TOO_LARGE, TOO_LONG, TOO_MANY = 413, 414, 429
UNAVAILABLE = 503
MAX_ADDRESS = 32_768  # bytes of an address that is answered; nobody types a longer search
MAX_DEPTH = 6  # parts of the address of a page
MAX_NUMBER = 999_999_999  # nine digits, the most that `whole_number` accepts
IS_HEAD = "forum.is_head"  # in the environment: a HEAD, which is answered as GET
FLASHES = "_flashes"  # in the browser's session: the messages that Flask keeps for the next page
UNDO = "undo"  # in the browser's session: what the next page offers to undo
# The background of the style sheet in each theme, which browsers use for their address bar
THEME_COLORS = {"light": "#fcfdfd", "dark": "#10181c"}
PROOF_LIFETIME = timedelta(minutes=15)  # how long members need not prove again who they are


# Compared by token (UserMixin); without repr, so that no log shows the token
@dataclass(eq=False, repr=False)
class SessionUser(UserMixin):
    """The user object of Flask-Login: a member in one session, whose id is the token of the session on the server.

    `proved_at` is when they last proved who they are, `how` the methods by which they signed in. `unread` is the
    number of their unread notices, None if it is unknown.
    """

    member: Member
    token: str
    session_id: int = 0
    proved_at: datetime | None = None
    how: str = ""
    unread: int | None = None

    def get_id(self) -> str:
        """The token that the cookie holds."""
        return self.token


# The person


def me() -> Person:
    """The person who makes this request: a member, or `VISITOR`."""
    user = current_user._get_current_object()
    return cast(Person, user.member) if isinstance(user, SessionUser) else VISITOR


def my_token() -> str:
    """The session token of the member who makes this request; only for views that a visitor cannot reach."""
    return cast(SessionUser, current_user).token


def my_unread() -> int | None:
    """`SessionUser.unread` of the person who makes this request.

    None when it is unknown, or may be outdated because this request has executed an action.
    """
    if has_acted() or not me().is_member:
        return None
    return cast(SessionUser, current_user).unread


def has_proved() -> bool:
    """Whether the member who makes this request has proved who they are within `PROOF_LIFETIME`."""
    proved_at = cast(SessionUser, current_user).proved_at
    return proved_at is not None and proved_at > now() - PROOF_LIFETIME


def prove_first(after: str = "") -> AnyResponse:
    """Redirect a member to prove who they are, before something that nobody else at an unlocked screen must be able to do.

    Afterwards they go on to the path `after`, by default this page.
    """
    return see_other(url_for("accounts.prove", next=after or request.path))


# The query string


def number(name: str, default: int = 1) -> int:
    """A whole number from the query string; the default if it is missing or not a number.

    A number with too many digits for `whole_number` becomes `MAX_NUMBER`, so that a list shows its last page.
    """
    typed = request.args.get(name, "")
    value = whole_number(typed)
    if value is None and typed.isascii() and typed.isdigit():
        return MAX_NUMBER
    return default if value is None else value


def whole_number(typed: str, digits: int = 9) -> int | None:
    """The whole number that a text of at most `digits` ASCII digits stands for; None for any other text."""
    is_number = typed.isascii() and typed.isdigit() and len(typed) <= digits
    return int(typed) if is_number else None


def text(name: str, length: int = 200) -> str:
    """A tidied text from the query string, cut to a number of characters."""
    return tidy(request.args.get(name, "")).strip()[:length].strip()


def choice(name: str, choices: Iterable[str], default: str = "") -> str:
    """One of the choices from the query string; the default if it is missing or not one of them."""
    value = request.args.get(name, "")
    return value if value in choices else default


# Addresses


def see_other(address: str) -> AnyResponse:
    """The redirect (303) after an action."""
    return redirect(address, SEE_OTHER)


class Undo(NamedTuple):
    """How the next page of a member lets them take back what they did: where a form goes, and its hidden fields."""

    address: str
    fields: dict[str, str]


def done(message: str, address: str, undo: Undo | None = None) -> AnyResponse:
    """The redirect (303) after an action, to a page that shows a message saying what was done, and may offer to undo it.

    A button that was pressed twice before a page came says so once.
    """
    tell(message, undo)
    return see_other(address)


def tell(message: str, undo: Undo | None = None) -> None:
    """Let the next page, or the one that this request shows, say what was done, and offer to undo it.

    What undoing needs is in a cookie until then; if it is much, this request has to show the page.
    """
    if ("message", message) not in map(tuple, session.get(FLASHES, [])):
        flash(message, "message")
    if undo:
        session[UNDO] = [*undo]


def undo_offered() -> Undo | None:
    """What the page offers to undo, once; None if it was not just done."""
    return Undo._make(session.pop(UNDO)) if UNDO in session else None


def nothing_undone() -> str:
    """What is said when the form of `Undo` does nothing: it was sent before, or the same was done again since."""
    return _("There was nothing more to undo.")


def sent_moment(name: str) -> datetime | None:
    """A moment in a hidden field of the form, as `isoformat` writes it; None if there is none."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(request.form.get(name, ""))
        return moment.astimezone(UTC) if moment.tzinfo else None
    return None


def moved_permanently(address: str) -> AnyResponse:
    """The redirect (301) from a former address of a page, such as one with a former name in it."""
    return redirect(address, MOVED_PERMANENTLY)


def moved_until_undone(address: str) -> AnyResponse:
    """The redirect (301) from an address that may become that of a page again: browsers are told not to remember it.

    A title may be changed back, and a merger of topics undone.
    """
    response = moved_permanently(address)
    response.headers["Cache-Control"] = "no-cache"
    return response


def safe_next(fallback: str = "/") -> str:
    """The `next` of the request if it is an address on this site, else the fallback."""
    target = request.values.get("next", "")
    return target if is_local(target) else fallback


def is_local(target: str) -> bool:
    """Whether an address is a path on this site that no browser can read as another host."""
    is_plain = target.isprintable() and "\\" not in target and " " not in target
    path = target.partition("?")[0].partition("#")[0]
    return is_plain and path.startswith("/") and "//" not in path and "/." not in path


def absolute(path: str) -> str:
    """The public address of a path, from FORUM_URL and never from the request's Host header."""
    return settings().url + path


def canonical(number: int = 1) -> str:
    """The public address of page `number` of this list or discussion, without any other query parameter."""
    address = absolute(quote(request.path))
    return f"{address}?page={number}" if number > 1 else address


def here(**changes: Any) -> str:
    """The path of this page with some values of its query changed; None removes one.

    `url_for` cannot do this: it would mistake a name such as `endpoint` in the query for one of its own parameters.
    """
    values = {**request.args.to_dict(flat=False), **changes}
    query = urlencode({k: v for k, v in values.items() if v is not None}, doseq=True)
    return quote(request.path) + (f"?{query}" if query else "")


def values_here(without: str) -> list[tuple[str, str]]:
    """Names and values in the query of this page, for a form that keeps them; all except those named `without`."""
    return [(name, value) for name, value in request.args.items(multi=True) if name != without]


def is_too_long() -> bool:
    """Whether this address is longer than any page needs. A list repeats its address in each of its links."""
    return len(request.path.encode()) + len(request.query_string) > MAX_ADDRESS


def page_here() -> str:
    """The address to come back to: this page, or for a request that sends a form, the nearest page that can be opened."""
    if is_too_long():
        return url_for("front.home")
    address = request.full_path.rstrip("?")
    return address if request.method == "GET" else nearest_page(address)


def nearest_page(address: str) -> str:
    """The address itself if a GET can open it, else the nearest one above it: `/topics/7` for `/topics/7/watch`."""
    path = address.partition("?")[0]
    if _is_page(path):
        return address
    above = path.rpartition("/")[0]
    # No further parts are looked at: an address that somebody sends may have a million
    parts = above.split("/", MAX_DEPTH + 1)[: MAX_DEPTH + 1]
    while len(parts) > 1:
        if _is_page(page := "/".join(parts)):
            return page
        parts.pop()
    return url_for("front.home")


def is_page_by_itself(path: str) -> bool:
    """Whether a GET can open this path, and that of no thing that may be gone: `/topics`, not `/topics/7`."""
    try:
        rule, _values = current_app.url_map.bind("").match(path, method="GET", return_rule=True)
    except HTTPException:
        return False
    return not rule.arguments


def _is_page(path: str) -> bool:
    try:
        return bool(path and current_app.url_map.bind("").match(unquote(path), method="GET"))
    except HTTPException:
        return False


# The application


def depends_on(*scopes: str) -> None:
    """Name the scopes (`deeds.touches`) that the page of this request depends on, in addition to `EVERYTHING`.

    A page that does not call this depends on everything that visitors see. Called without scopes, the page depends on
    nothing that a reply, an edit or a mark changes.
    """
    request.environ[DEPENDS_ON] = scopes


def depends_also_on(scope: str) -> None:
    """Add a scope to those that `depends_on` has named; a page that has named none depends on all of them already."""
    if DEPENDS_ON in request.environ:
        request.environ[DEPENDS_ON] += (scope,)


def note_look(at: str) -> None:
    """Write into the log that somebody of the staff looks at private data of others: who by number, and `at` what.

    The line of the request, with the same number, says on which page. `at` names no person but by number or handle.
    """
    log_of_looks.info("member %s looks at private data: %s", me().id, at)


def settings() -> Settings:
    """The settings of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def takes_mail() -> bool:
    """Whether the forum has a mailbox to which members send replies and topics by e-mail."""
    return bool(settings().reply_address)


def provider_elsewhere() -> str:
    """The name of the OpenID provider with whose accounts people may sign in; empty when there is none."""
    return settings().provider_name


def cookie_name(name: str) -> str:
    """The full name of a cookie, with the prefix that browsers check (`__Host-`) where HTTPS is used."""
    return f"{settings().cookie_prefix}{name}"


def locale() -> str:
    """The language of the interface in this request; English outside of requests, such as in a command."""
    return str(get_locale() or locales.SOURCE)


def offered_locale(wanted: str | None) -> str:
    """The language of the interface for a person who once chose `wanted`: that one if offered, else that of the forum."""
    return locales.best(wanted or "", "", settings().locales)


def is_prefetched() -> bool:
    """Whether a browser asks for this page before anybody has opened it, and may never show it."""
    return request.headers.get("Sec-Purpose", "").lower().startswith("prefetch")


def is_head() -> bool:
    """Whether nobody will see what is answered: only its headers are sent."""
    return IS_HEAD in request.environ


def is_cross_site() -> bool:
    """Whether the browser says that a page of another site sends this request; old browsers may not say so."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc not in (request.host, urlsplit(settings().url).netloc)
