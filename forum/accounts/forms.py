"""The forms for joining, signing in and changing credentials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from re import IGNORECASE
from typing import Any

from flask_babel import gettext
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, Regexp, ValidationError

from forum import tokens
from forum.clock import now
from forum.members.actions import MAX_HANDLE_LENGTH, Joining
from forum.members.forms import EMAIL_PATTERN, MAX_EMAIL, NewPassword, PersonForm, at_most, one_line
from forum.terms.models import Terms
from forum.web import settings, whole_number
from forum.webforms import Form
from forum.webforms import lazy_text as _

MAX_ANSWER = 1_000  # characters
# An @ before it is accepted; a handle of digits alone would be mistaken for a number
HANDLE_TYPED = rf"^@?(?=.{{2,{MAX_HANDLE_LENGTH}}}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$"
MIN_FILLING_TIME = timedelta(seconds=1)  # nobody is faster whose browser fills in the form
MAX_FILLING_TIME = timedelta(days=2)  # so that a robot cannot keep an opened form for ever


def opening_stamp() -> str:
    """The present moment, in milliseconds, signed with the forum's key, for a form that is being opened."""
    opened = str(int(now().timestamp() * 1_000))
    return f"{opened}.{tokens.seal('opened', opened)}"


def opened_at(stamp: str) -> datetime | None:
    """The moment in an opening stamp; None when its signature is wrong."""
    opened, _dot, said = stamp.partition(".")
    moment = whole_number(opened, 14)
    if moment is None or not tokens.is_sealed("opened", opened, said):
        return None
    return datetime.fromtimestamp(moment / 1_000, UTC)


def email_field() -> Any:
    """A required field for an e-mail address."""
    sentence = _("Write an e-mail address such as name@city.example.")
    limits = [
        DataRequired(_("Write your e-mail address.")),
        at_most(MAX_EMAIL),
        Regexp(EMAIL_PATTERN, message=sentence),
    ]
    return StringField(_("E-mail address"), limits, [one_line])


class JoinForm(PersonForm):
    """The form for joining."""

    email = email_field()
    password = NewPassword(_("Password"))
    next = HiddenField()
    terms = HiddenField(render_kw={"id": False})  # the sentence about the terms has that id
    # For robots: people do not see this field, and screen readers are told to leave it empty.
    website = StringField(_("Leave this field empty"))
    opened = HiddenField()
    holds: Terms | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuse a form that was sent faster than a person could fill it in; people need only send it again."""
        is_good = bool(super().validate(extra_validators))
        too_fast = self._too_fast() if settings().limits else None
        if too_fast:
            self.form_errors.append(too_fast)
        return is_good and not too_fast

    def _too_fast(self) -> str | None:
        opened = opened_at(self.opened.data or "")
        if opened is None or opened < now() - MAX_FILLING_TIME:
            self.opened.data = opening_stamp()
            return gettext(
                "This form was open for too long. Look it through, fill in what is empty, and press “Join” again."
            )
        if opened > now() - MIN_FILLING_TIME:
            return gettext(
                "That was faster than people write. Look the form through, fill in what is empty, and press “Join” again."
            )
        return None

    def validate_website(self, field: StringField) -> None:
        """Refuse a form with a hidden field filled in by a robot, or by a program that fills in every field."""
        if field.data:
            field.data = ""
            raise ValidationError(
                gettext(
                    "A field that stays empty was filled in. It is empty now: press “Join” again."
                )
            )

    def offer_terms(self, holds: Terms | None, is_new: bool) -> None:
        """Set the terms of use in force; a new form shows them."""
        self.holds = holds
        if is_new:
            self.terms.data = str(holds.number) if holds else ""

    @property
    def links(self) -> bool:
        """Whether to link the provider account that the page named."""
        return "link" in self and bool(self["link"].data)

    @property
    def agreed(self) -> int | None:
        """The number of the terms that the page showed."""
        return self.holds.number if self.holds else None

    def validate_terms(self, field: HiddenField) -> None:
        """Refuse a form that showed other terms than those now in force, and show the terms in force."""
        wanted = str(self.holds.number) if self.holds else ""
        if (field.data or "") != wanted:
            field.data = wanted
            raise ValidationError(
                gettext("The terms of use have changed. Read them, then send the form again.")
            )

    @property
    def answers(self) -> list[tuple[str, str]]:
        """The answers, each as (question, answer)."""
        asked = (field for field in self if field.name.startswith("answer_"))
        return [(str(field.label.text), (field.data or "").strip()) for field in asked]

    def text(self, password_hash: str, locale: str) -> Joining:
        """What was typed, as the action takes it; `members.views.choose_city` must have set `city_id` before.

        `locale` is the language of the pages on which somebody joins.
        """
        return Joining(
            name=self.name.data or "",
            email=self.email.data or "",
            password_hash=password_hash,
            position=self.position.data or "",
            organisation_id=self.organisation.data,
            city_id=self.city_id.data,
            language=self.language.data,
            locale=locale,
            languages=self.languages,
        )


def join_form(
    questions: Sequence[tuple[str, bool]] = (), account: str = "", minimum_age: int = 0
) -> type[JoinForm]:
    """A form class for joining with an administrator's questions, each as (text, whether an answer is required).

    With the `account` label of a provider account, the form also offers to link that account, and requires no
    password. With a `minimum_age` people say by a tick that they have it; nothing of that is kept.
    """

    class Asking(JoinForm):
        """The form of these questions."""

    for number, (words, is_required) in enumerate(questions):
        first = DataRequired(_("Answer this question.")) if is_required else Optional()
        setattr(Asking, f"answer_{number}", TextAreaField(words, [first, at_most(MAX_ANSWER)]))
    if account:
        # A lazy string counts as safe HTML, but somebody typed the label at the provider.
        sentence = str(_("Sign in here with %(account)s, too", account=account))
        Asking.link = BooleanField(sentence)
        Asking.password = NewPassword(_("Password"), is_optional=True)
    if minimum_age:
        sentence = gettext("I am %(age)s or older.", age=minimum_age)
        too_young = gettext(
            "Only people of %(age)s or older can join. Tick this if you are.", age=minimum_age
        )
        Asking.is_old_enough = BooleanField(sentence, [DataRequired(too_young)])
    return Asking


class ConfirmForm(Form):
    """The password chosen when joining, to confirm the address in another browser than the one used then."""

    password = PasswordField(
        _("The password you chose"), [DataRequired(_("Write the password you chose."))]
    )


class SignInForm(Form):
    """An e-mail address and its password."""

    email = StringField(
        _("E-mail address"), [DataRequired(_("Write your e-mail address."))], [one_line]
    )
    password = PasswordField(_("Password"), [DataRequired(_("Write your password."))])
    next = HiddenField()


class HandleForm(Form):
    """A new handle for a member."""

    handle = StringField(
        _("New handle"),
        [
            DataRequired(_("Write a handle.")),
            Regexp(
                HANDLE_TYPED,
                IGNORECASE,
                _(
                    "Write 2 to 40 letters a to z and digits, with single hyphens between them, such as ana-prado."
                ),
            ),
        ],
        [one_line],
    )


class EmailForm(Form):
    """The address that a letter is to go to."""

    email = email_field()


class NewPasswordForm(Form):
    """A new password, for whoever has the secret of a letter."""

    new_password = NewPassword(_("New password"))


class PasswordForm(Form):
    """A new password, and the present one to authenticate."""

    current_password = PasswordField(
        _("Your present password"), [DataRequired(_("Write your present password."))]
    )
    new_password = NewPassword(_("New password"))
