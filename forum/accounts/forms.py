"""What may be typed to join, to sign in and to change what one signs in with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from wtforms import HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, Regexp, ValidationError

from forum.members.forms import EMAIL, EMAIL_SHAPE, NewPassword, PersonForm, at_most, one_line
from forum.terms.models import Terms
from forum.web import Form
from forum.web import later as _

ANSWER = 1_000


def email_field() -> Any:
    """A field for an e-mail address of somebody who may be unknown."""
    sentence = _("Write an e-mail address such as name@city.example.")
    limits = [
        DataRequired(_("Write your e-mail address.")),
        at_most(EMAIL),
        Regexp(EMAIL_SHAPE, message=sentence),
    ]
    return StringField(_("E-mail address"), limits, [one_line])


class JoinForm(PersonForm):
    """What somebody says who joins."""

    email = email_field()
    password = NewPassword(_("Password"))
    next = HiddenField()
    terms = HiddenField()
    holds: Terms | None = None

    def offer_terms(self, holds: Terms | None, is_new: bool) -> None:
        """Know the terms of use that hold now; a new form shows them."""
        self.holds = holds
        if is_new:
            self.terms.data = str(holds.number) if holds else ""

    @property
    def agreed(self) -> int | None:
        """The number of the terms that the page showed."""
        return self.holds.number if self.holds else None

    def validate_terms(self, field: HiddenField) -> None:
        """Refuse a form that showed other terms than those that hold now; then it shows these."""
        wanted = str(self.holds.number) if self.holds else ""
        if (field.data or "") != wanted:
            field.data = wanted
            raise ValidationError(
                gettext("The terms of use have changed. Read them, then send the form again.")
            )

    @property
    def answers(self) -> list[tuple[str, str]]:
        """What was answered, each beside its question."""
        asked = (field for field in self if field.name.startswith("answer_"))
        return [(str(field.label.text), (field.data or "").strip()) for field in asked]


def join_form(
    questions: Sequence[tuple[str, bool]] = (), has_proof: bool = False
) -> type[JoinForm]:
    """The form for joining with what the administrator asks: a text, and whether it must be answered.

    Whoever comes from a provider that proves who they are needs no password.
    """

    class Asking(JoinForm):
        """The form of these questions."""

    for number, (words, is_required) in enumerate(questions):
        first = DataRequired(_("Answer this question.")) if is_required else Optional()
        setattr(Asking, f"answer_{number}", TextAreaField(words, [first, at_most(ANSWER)]))
    if has_proof:
        Asking.password = NewPassword(_("Password"), is_optional=True)
    return Asking


class ConfirmForm(Form):
    """A press; in another browser than the one that filled in the form, the password that was chosen there."""

    password = PasswordField(
        _("The password you chose"), [DataRequired(_("Write the password you chose."))]
    )


class SignInForm(Form):
    """An address and its password."""

    email = StringField(
        _("E-mail address"), [DataRequired(_("Write your e-mail address."))], [one_line]
    )
    password = PasswordField(_("Password"), [DataRequired(_("Write your password."))])
    next = HiddenField()


class EmailForm(Form):
    """Where a letter is to go."""

    email = email_field()


class PressForm(Form):
    """A press and nothing else."""


class NewPasswordForm(Form):
    """A new password, by whoever holds the secret of a letter."""

    new_password = NewPassword(_("New password"))


class PasswordForm(Form):
    """A new password, and the present one to show whose hands are on the keys."""

    current_password = PasswordField(
        _("Your present password"), [DataRequired(_("Write your present password."))]
    )
    new_password = NewPassword(_("New password"))
