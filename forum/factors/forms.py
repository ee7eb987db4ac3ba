"""The forms that set up and verify second factors, and the names of the methods."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from forum.members.actions import MAX_NAME
from forum.members.forms import at_most, one_line
from forum.webforms import Form
from forum.webforms import lazy_text as _

# The authentication methods, as `Session.how` holds them
METHOD_NAMES = {
    "password": _("password"),
    "letter": _("e-mail"),
    "elsewhere": _("another service"),
    "passkey": _("passkey"),
    "code": _("code"),
    "recovery code": _("recovery code"),
}
MAX_CODE_LENGTH = 40  # characters, with the spaces that people type
MAX_CREDENTIAL_LENGTH = 20_000


def credential_field() -> HiddenField:
    """The browser's response about a passkey, in JSON, filled in by a script."""
    return HiddenField(_("Passkey"), [Length(max=MAX_CREDENTIAL_LENGTH)])


class SecondForm(Form):
    """The second factor when signing in: a code of either kind, or a passkey."""

    code = StringField(_("Code"), [at_most(MAX_CODE_LENGTH)], [one_line])
    credential = credential_field()
    next = HiddenField()


class ProofForm(Form):
    """Authenticating again with a code of either kind or a passkey, or with the present password if there is no factor."""

    password = PasswordField(_("Your present password"))
    code = StringField(_("Code"), [at_most(MAX_CODE_LENGTH)], [one_line])
    credential = credential_field()
    next = HiddenField()


class PasskeyForm(Form):
    """Signing in with a passkey alone."""

    credential = credential_field()
    next = HiddenField()


class NewPasskeyForm(Form):
    """A new passkey and its name."""

    name = StringField(
        _("Name of this passkey"), [DataRequired(_("Write a name.")), at_most(MAX_NAME)], [one_line]
    )
    credential = credential_field()


class NameForm(Form):
    """The name of a passkey."""

    name = StringField(_("Name"), [DataRequired(_("Write a name.")), at_most(MAX_NAME)], [one_line])


class CodeForm(Form):
    """The first code of an app."""

    code = StringField(
        _("Code from the app"),
        [DataRequired(_("Write the six digits that the app shows.")), at_most(MAX_CODE_LENGTH)],
        [one_line],
    )


class RequiredForm(Form):
    """Whether moderators, hosts and administrators need a second factor."""

    is_required = BooleanField(_("Moderators, hosts and administrators need a second factor"))
