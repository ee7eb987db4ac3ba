"""What may be typed, or comes from a browser, to set up and to show a second factor; and the words for each of them."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from forum.members.forms import NAME, at_most, one_line
from forum.webforms import Form
from forum.webforms import lazy_text as _

# By what somebody showed who they are, as a session keeps it.
HOW = {
    "password": _("password"),
    "letter": _("e-mail"),
    "passkey": _("passkey"),
    "code": _("code"),
    "recovery code": _("recovery code"),
}
CODE = 40  # signs, with the spaces that people type
ANSWER = 20_000


def answer_field() -> HiddenField:
    """What a browser says of a passkey; a script fills it in."""
    return HiddenField(_("Passkey"), [Length(max=ANSWER)])


class SecondForm(Form):
    """The second half of signing in: a code of either kind, or a passkey."""

    code = StringField(_("Code"), [at_most(CODE)], [one_line])
    credential = answer_field()
    next = HiddenField()


class ProofForm(Form):
    """One thing that shows whose hands are on the keys: the present password, a code, a passkey."""

    password = PasswordField(_("Your present password"))
    code = StringField(_("Code"), [at_most(CODE)], [one_line])
    credential = answer_field()
    next = HiddenField()


class PasskeyForm(Form):
    """A passkey that signs in alone."""

    credential = answer_field()
    next = HiddenField()


class NewPasskeyForm(Form):
    """A new passkey and what it is called."""

    name = StringField(
        _("Name of this passkey"), [DataRequired(_("Write a name.")), at_most(NAME)], [one_line]
    )
    credential = answer_field()


class NameForm(Form):
    """What a passkey is called."""

    name = StringField(_("Name"), [DataRequired(_("Write a name.")), at_most(NAME)], [one_line])


class CodeForm(Form):
    """The first code of an app."""

    code = StringField(
        _("Code from the app"),
        [DataRequired(_("Write the six digits that the app shows.")), at_most(CODE)],
        [one_line],
    )


class PressForm(Form):
    """A press and nothing else."""


class RequiredForm(Form):
    """Whether those who moderate or administer need a second factor."""

    is_required = BooleanField(_("Moderators, hosts and administrators need a second factor"))
