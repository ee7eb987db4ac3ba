"""The redirects to an OpenID provider and back: signing in, linking and unlinking accounts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import abort

from forum import oidc, web
from forum.accounts.views import (
    PROVIDER_ACCOUNT_KEY,
    answer_suspended,
    renew_proof,
    show_waiting,
    sign_in_from_provider,
)
from forum.candidates.queries import confirmed_candidate
from forum.clock import now
from forum.errors import Conflict, Forbidden, Invalid
from forum.identities import actions, queries
from forum.members.models import Member
from forum.members.queries import member_by_email, my_profile
from forum.ratelimits import limiter
from forum.web import CONFLICT, FORBIDDEN, REFUSED, has_proved, me, my_token, prove_first

bp = Blueprint("elsewhere", __name__)
# Keys of the browser's session
FLOW_KEY = "way"  # the state of `oidc.begin` while somebody is at the provider
LINKING_KEY = "linking"  # the account that is ready to be linked
FLOW_SECONDS = 15 * 60
# A sign-in at the provider that is not older counts as authenticating again
RECENT_SECONDS = 5 * 60
BAD_GATEWAY, BAD_REQUEST = 502, 400


def _provider() -> oidc.Provider:
    """The provider in the settings; without one these addresses are not found (404)."""
    settings = web.settings()
    if not web.provider_elsewhere():
        abort(404)
    return oidc.Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


# There and back


@bp.get("/sign-in/elsewhere")
@limiter.limit("20/minute")
def begin() -> ResponseReturnValue:
    """Redirect to the provider: to sign in, and for members to link an account or to authenticate again.

    It is a link and not a form, because the content security policy forbids forms to redirect to another site; it
    changes nothing here.
    """
    provider = _provider()
    try:
        address, kept = oidc.begin(provider, _return_address(), is_anew=me().is_member)
    except oidc.ProviderUnavailable as error:
        return _provider_failed(error)
    session[FLOW_KEY] = {**kept, "next": web.safe_next(""), "at": now().timestamp()}
    return web.see_other(address)


def _return_address() -> str:
    return web.absolute(url_for("elsewhere.back"))


@bp.get("/sign-in/elsewhere/back")
@limiter.limit("20/minute")
def back() -> ResponseReturnValue:
    """Come back from the provider. The values stored in the browser's session can be used only once."""
    provider, way = _provider(), session.pop(FLOW_KEY, None) or {}
    if way.get("at", 0) < now().timestamp() - FLOW_SECONDS:
        return _not_confirmed()
    try:
        said = oidc.finish(provider, way, request.args, _return_address())
    except oidc.InvalidResponse:
        return _not_confirmed()
    except oidc.ProviderUnavailable as error:
        return _provider_failed(error)
    owner = queries.member_of(said.issuer, said.subject)
    if me().is_member:
        return _answer_member(said, owner, way["next"])
    return _sign_in(owner, way["next"]) if owner else _join_or_wait(said, way["next"])


def _provider_failed(error: oidc.ProviderUnavailable) -> ResponseReturnValue:
    """The page for a provider that does not answer correctly; the reason is logged."""
    current_app.logger.warning("the OpenID provider: %s", error)
    sentence = _(
        "%(provider)s does not answer as it should. Try again in a few minutes.",
        provider=web.provider_elsewhere(),
    )
    return _refused_page(sentence, BAD_GATEWAY)


def _not_confirmed() -> ResponseReturnValue:
    sentence = _(
        "%(provider)s did not confirm who you are, or it took too long. Begin once more.",
        provider=web.provider_elsewhere(),
    )
    return _refused_page(sentence, BAD_REQUEST)


def _refused_page(sentence: str, status: int) -> ResponseReturnValue:
    context = {"sentence": sentence, "provider": web.provider_elsewhere()}
    return render_template("elsewhere/refused.html", **context), status


def _sign_in(owner: Member, target: str) -> ResponseReturnValue:
    try:
        try:
            return sign_in_from_provider(owner, target)
        except Forbidden as error:
            return answer_suspended(owner, error)
    except (Forbidden, Conflict) as error:
        return _refused_page(error.message, error.status)


def _join_or_wait(said: oidc.Identity, target: str) -> ResponseReturnValue:
    """A person whose account is not linked joins. No account is ever found by the e-mail address alone."""
    if said.is_verified and member_by_email(said.email):
        sentence = _(
            "There is an account with your address. Sign in first, then link %(provider)s in your settings.",
            provider=web.provider_elsewhere(),
        )
        return _refused_page(sentence, CONFLICT)
    candidate = confirmed_candidate(said.email) if said.is_verified else None
    if candidate and candidate.waits:
        return show_waiting(candidate)
    session[PROVIDER_ACCOUNT_KEY] = _account_data(said)
    return web.see_other(url_for("accounts.join", next=target or None))


@bp.post("/sign-in/elsewhere/forget")
def forget() -> ResponseReturnValue:
    """Forget the account with which somebody came back to join; another person may be at the screen now."""
    session.pop(PROVIDER_ACCOUNT_KEY, None)
    return web.see_other(web.safe_next(url_for("accounts.join")))


def _account_data(said: oidc.Identity) -> dict[str, Any]:
    return {
        "issuer": said.issuer,
        "subject": said.subject,
        "label": said.email or said.name,
        "name": said.name[:80],
        "email": said.email,
        "is_verified": said.is_verified,
        "provider": web.provider_elsewhere(),
        "at": now().timestamp(),
    }


def _answer_member(said: oidc.Identity, owner: Member | None, target: str) -> ResponseReturnValue:
    """A signed-in member has come back: they have authenticated again, or an account is ready to be linked."""
    member = my_profile(me())
    if owner is not None and owner.id != member.id:
        return _refused_page(_("This account is linked with a member already."), CONFLICT)
    if owner is None:
        session[LINKING_KEY] = _account_data(said)
        return web.see_other(url_for("elsewhere.index"))
    if said.signed_in_at < now().timestamp() - RECENT_SECONDS:
        return _refused_page(_("Sign in there again, so that we know that it is you."), FORBIDDEN)
    after = target or url_for("elsewhere.index")
    if member.factor_at:  # a provider replaces the password, but not the second factor
        return web.see_other(after) if has_proved() else prove_first(after)
    renew_proof(member)
    return web.see_other(after)


# In the settings


@bp.get("/settings/elsewhere")
def index() -> ResponseReturnValue:
    """One's accounts at the provider, and the one that is ready to be linked."""
    my_profile(me())
    return _index_page() if has_proved() else prove_first()


def _index_page(status: int = 200, problem: str = "") -> ResponseReturnValue:
    context = {
        "identities": queries.identities_of(me()),
        "linking": _linking(),
        "provider": web.provider_elsewhere(),
        "problem": problem,
    }
    return render_template("elsewhere/index.html", **context), status


def _linking() -> dict[str, Any]:
    linking: dict[str, Any] = session.get(LINKING_KEY) or {}
    return linking if linking.get("at", 0) > now().timestamp() - FLOW_SECONDS else {}


@bp.post("/settings/elsewhere/link")
def link() -> ResponseReturnValue:
    """Link the account with which one has just come back."""
    member, linking = my_profile(me()), _linking()
    if not has_proved():
        return prove_first(url_for("elsewhere.index"))
    if not linking:
        return _index_page(CONFLICT, _("Begin once more: it took too long."))
    session.pop(LINKING_KEY, None)
    try:
        actions.link(member, *(linking[name] for name in ("issuer", "subject", "label")))
    except Conflict as error:
        return _index_page(CONFLICT, error.message)
    return web.done(_("You can sign in with it from now on."), url_for("elsewhere.index"))


@bp.post("/settings/elsewhere/<int:identity_id>/unlink")
def unlink(identity_id: int) -> ResponseReturnValue:
    """Unlink an account at the provider."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("elsewhere.index"))
    try:
        actions.unlink(member, identity_id, my_token())
    except Invalid as error:
        return _index_page(REFUSED, error.message)
    return web.done(
        _("It is no longer linked. You are signed out everywhere else."), url_for("elsewhere.index")
    )
