"""What may be typed about declarations and their signatures."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_pgettext
from wtforms import (
    DateField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired

from forum import markup
from forum.declarations.actions import (
    MAX_REASON,
    MAX_RESERVATION,
    MAX_TITLE,
    DeclarationText,
    Signing,
)
from forum.declarations.models import ADOPTED, CONSULTATION, DRAFT, OPEN, WITHDRAWN, Declaration
from forum.declarations.queries import TYPED_FIELDS, declaration_fields
from forum.dialogue.actions import TITLE_LENGTHS, NewTopic
from forum.dialogue.forms import FormWithDraft, language_field
from forum.dialogue.queries import render_with_mentions
from forum.history.queries import fingerprint
from forum.markdown import MAX_SOURCE
from forum.members.forms import at_most, one_line
from forum.permissions import Person
from forum.webforms import CHOOSE_DAY, Form
from forum.webforms import lazy_text as _

STATE_NAMES = {
    DRAFT: lazy_pgettext("declaration", "Draft"),
    CONSULTATION: lazy_pgettext("declaration", "In consultation"),
    OPEN: lazy_pgettext("declaration", "Open for signature"),
    ADOPTED: lazy_pgettext("declaration", "Adopted"),
    WITHDRAWN: lazy_pgettext("declaration", "Withdrawn"),
}


class DeclarationForm(FormWithDraft):
    """The title and the text of a declaration. `seen` is the fingerprint of its fields when the form was opened.

    `replaces` is the number of the withdrawn one that a new one replaces; empty for none.
    """

    typed = TYPED_FIELDS
    kept_hidden = ("seen", "replaces")

    seen = HiddenField()
    replaces = HiddenField()
    title = StringField(
        _("Title"),
        [DataRequired(_("Give the declaration a title.")), at_most(MAX_TITLE)],
        [one_line],
    )
    body = TextAreaField(_("Text"), [DataRequired(_("Write a text.")), at_most(MAX_SOURCE)])
    language = language_field()

    @classmethod
    def of(cls, declaration: Declaration, **options: Any) -> DeclarationForm:
        """The form filled with a declaration; `options` may give another `seen`."""
        words = {
            "title": declaration.title,
            "body": declaration.source,
            "language": declaration.language,
            "seen": fingerprint(declaration_fields(declaration)),
        }
        return cls(**words | options)

    @property
    def written(self) -> markup.Written:
        """The text that was typed, as it is stored and shown."""
        return markup.write(self.body.data or "", self.language.data or "en", has_pictures=False)

    def text(self, replaces_id: int | None) -> DeclarationText:
        """What was typed, as the action takes it."""
        return DeclarationText(self.title.data or "", self.written, replaces_id)


class OpenForm(Form):
    """The question that opens the discussion of the consultation; empty for none. `seen` as in `DeclarationForm`."""

    seen = HiddenField()
    title = StringField(_("Title of the topic"), [at_most(TITLE_LENGTHS[-1])], [one_line])
    text = TextAreaField(_("What members are asked"), [at_most(MAX_SOURCE)])

    def question(self, author: Person, language: str) -> NewTopic | None:
        """The topic that its author typed, in this language, as the action expects it; None without a question."""
        asked = (self.text.data or "").strip()
        if not asked:
            return None
        text = render_with_mentions(asked, language, author)
        return NewTopic("question", self.title.data or "", text)


class FreezeForm(Form):
    """The last day to sign. `digest` is that of the text that the page shows, `seen` the fingerprint of the fields."""

    digest = HiddenField()
    seen = HiddenField()
    sign_until = DateField(_("The last day to sign"), [InputRequired(CHOOSE_DAY)])


class SignForm(Form):
    """For which organisation a member signs the text of this `digest`, and with which reservation."""

    digest = HiddenField()
    organisation = SelectField(_("Organisation"), coerce=int)
    reservation = TextAreaField(_("Reservation"), [at_most(MAX_RESERVATION)])
    language = language_field()

    @property
    def signing(self) -> Signing:
        """What is signed, as the action takes it."""
        return Signing(
            self.digest.data or "", self.reservation.data or "", self.language.data or "en"
        )


class InviteForm(Form):
    """Which organisations are invited to sign."""

    organisations = SelectMultipleField(_("Organisations"), coerce=int)


class WithdrawForm(Form):
    """Why a declaration is withdrawn."""

    reason = TextAreaField(_("Reason"), [DataRequired(_("Write the reason.")), at_most(MAX_REASON)])


class PressForm(Form):
    """A confirmation page without fields."""
