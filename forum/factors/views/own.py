"""One's own second factors: the list, passkeys, recovery codes."""

from __future__ import annotations

from flask import render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from forum import otp, web, webforms
from forum.factors import actions, queries
from forum.factors.forms import NameForm, NewPasskeyForm
from forum.factors.queries import FOR_REGISTRATION
from forum.factors.views._shared import (
    HANDLE_KEY,
    answer_removing,
    answer_set_up,
    bp,
    code_hashes,
    new_recovery_codes,
    passkey_refused,
    refuse_as,
    spend_challenge,
)
from forum.members.forms import PressForm
from forum.members.queries import my_profile
from forum.ratelimits import limiter
from forum.web import has_proved, me, my_token, prove_first


@bp.get("/settings/factors")
def index() -> ResponseReturnValue:
    """One's second factors."""
    member = my_profile(me())
    has = queries.factors_of(member)
    return render_template("factors/index.html", member=member, has=has, form=PressForm())


@bp.route("/settings/passkeys/new", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def add_passkey() -> ResponseReturnValue:
    """Add a passkey; with the first factor come the recovery codes, which are shown only this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first()
    number = len(queries.passkeys_of(member)) + 1
    form = NewPasskeyForm(data={"name": _("Passkey %(number)s", number=number)})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/new_passkey.html", form=form), status

    def deed() -> ResponseReturnValue:
        answer = form.credential.data or ""
        hashes, codes = new_recovery_codes(member)

        def add() -> bool:
            words = form.name.data or "", str(session.get(HANDLE_KEY, ""))
            return actions.add_passkey(
                member, spend_challenge(member, FOR_REGISTRATION, answer), *words, hashes
            )

        is_first = refuse_as(add, passkey_refused())
        return answer_set_up(_("The passkey is saved."), codes if is_first else [])

    return webforms.process(form, page, deed)


@bp.route("/settings/passkeys/<int:passkey_id>/rename", methods=["GET", "POST"])
def rename_passkey(passkey_id: int) -> ResponseReturnValue:
    """Give a passkey another name."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    form = NameForm(data={"name": passkey.name})

    def page(status: int = 200) -> ResponseReturnValue:
        return render_template("factors/rename.html", form=form, passkey=passkey), status

    def deed() -> ResponseReturnValue:
        actions.rename_passkey(member, passkey_id, form.name.data or "")
        return web.done(_("The passkey has its new name."), url_for("factors.index"))

    return webforms.process(form, page, deed)


@bp.route("/settings/passkeys/<int:passkey_id>/remove", methods=["GET", "POST"])
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey."""
    member = my_profile(me())
    passkey = queries.get_passkey(member, passkey_id)
    words = _("The passkey is removed. You are signed out everywhere else.")
    return answer_removing(
        {"passkey": passkey},
        lambda: actions.remove_passkey(member, passkey_id, my_token()),
        words,
    )


@bp.post("/settings/recovery-codes")
@limiter.limit("10/hour")
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them this once."""
    member = my_profile(me())
    if not has_proved():
        return prove_first(url_for("factors.index"))
    codes = otp.recovery_codes()
    actions.renew_recovery_codes(member, code_hashes(codes), my_token())
    return answer_set_up(_("The old recovery codes no longer work."), codes)
