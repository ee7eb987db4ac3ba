"""What may be typed to join, to sign in and to change what one signs in with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, Regexp, ValidationError

from forum import tokens
from forum.db import now
from forum.members.forms import EMAIL, EMAIL_SHAPE, NewPassword, PersonForm, at_most, one_line
from forum.terms.models import Terms
from forum.web import settings, whole_number
from forum.webforms import Form
from forum.webforms import lazy_text as _

ANSWER = 1_000
QUICKEST = timedelta(seconds=3)  # in which nobody fills in the form for joining
LONGEST_OPEN = timedelta(days=2)  # so long an opened form is good; a robot cannot keep one for ever


def stamp() -> str:
    """When a form was opened, sealed: nobody makes one without the forum's key."""
    opened = str(int(now().timestamp()))
    return f"{opened}.{tokens.seal('opened', opened)}"


def opened_at(stamped: str) -> datetime | None:
    """The moment of a stamp; None for one that is not ours."""
    opened, _dot, said = stamped.partition(".")
    moment = whole_number(opened, 11)
    if moment is None or not tokens.is_sealed("opened", opened, said):
        return None
    return datetime.fromtimestamp(moment, UTC)


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
    # For robots: people do not see it, and a screen reader says what to do with it.
    website = StringField(_("Leave this field empty"))
    opened = HiddenField()
    holds: Terms | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse, in words, what is sent as fast as only robots do; pressing again is enough for everybody else."""
        is_good = bool(super().validate(extra_validators))
        too_fast = self._too_fast() if settings().limits else None
        if too_fast:
            self.form_errors.append(too_fast)
        return is_good and not too_fast

    def _too_fast(self) -> str | None:
        opened = opened_at(self.opened.data or "")
        if opened is None or opened < now() - LONGEST_OPEN:
            self.opened.data = stamp()
            return gettext(
                "This form was open for too long. Look it through and press “Join” again."
            )
        if opened > now() - QUICKEST:
            return gettext(
                "That was faster than people write. Look the form through and press “Join” again."
            )
        return None

    def validate_website(self, field: StringField) -> None:
        """Refuse a form in which a robot, or a program that fills in forms, has written into every field."""
        if field.data:
            field.data = ""
            raise ValidationError(
                gettext(
                    "A field that stays empty was filled in. It is empty now: press “Join” again."
                )
            )

    def offer_terms(self, holds: Terms | None, is_new: bool) -> None:
        """Know the terms of use that hold now; a new form shows them."""
        self.holds = holds
        if is_new:
            self.terms.data = str(holds.number) if holds else ""

    @property
    def links(self) -> bool:
        """Whether an account of elsewhere, which the page named, is to be linked."""
        return "link" in self and bool(self["link"].data)

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


def join_form(questions: Sequence[tuple[str, bool]] = (), account: str = "") -> type[JoinForm]:
    """The form for joining with what the administrator asks: a text, and whether it must be answered.

    Whoever comes from a provider with an account there, and links it, needs no password.
    """

    class Asking(JoinForm):
        """The form of these questions."""

    for number, (words, is_required) in enumerate(questions):
        first = DataRequired(_("Answer this question.")) if is_required else Optional()
        setattr(Asking, f"answer_{number}", TextAreaField(words, [first, at_most(ANSWER)]))
    if account:
        Asking.link = BooleanField(_("Sign in here with %(account)s, too", account=account))
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


class NewPasswordForm(Form):
    """A new password, by whoever holds the secret of a letter."""

    new_password = NewPassword(_("New password"))


class PasswordForm(Form):
    """A new password, and the present one to show whose hands are on the keys."""

    current_password = PasswordField(
        _("Your present password"), [DataRequired(_("Write your present password."))]
    )
    new_password = NewPassword(_("New password"))
