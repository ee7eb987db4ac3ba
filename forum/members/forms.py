"""What may be typed about members and organisations: fields, their limits, and which passwords are too weak."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from flask_babel import gettext, pgettext
from markupsafe import Markup
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # not in the stubs
from wtforms.validators import URL, DataRequired, Length, Optional, Regexp
from wtforms.widgets import Select

from forum import markup
from forum.confusables import visible
from forum.errors import Invalid
from forum.history.queries import fingerprint
from forum.members.actions import MAX_FORUM_NAME, MAX_NAME, MAX_TAGLINE, OrganisationText, Profile
from forum.members.models import PROFILE_TEXTS, Federation, Member, Organisation
from forum.members.queries import (
    federation_fields,
    language_name,
    languages,
    organisation_fields,
    profile_fields,
    tagline_field,
)
from forum.passwords import is_guessed_first, letters_and_digits
from forum.principals import ROLES
from forum.shrinking import Shrunk
from forum.web import whole_number
from forum.webforms import Form, FormWithFile, lazy_number
from forum.webforms import lazy_text as _

CLOSING_TAG = Markup("</select>")
# Characters
MAX_LINE = 200
MAX_EMAIL = 200
MAX_HELP = 300
MAX_ABOUT = 5_000
MIN_PASSWORD, MAX_PASSWORD = 8, 128
EMAIL_ATOM = r"[A-Za-z0-9_%+'&=~/!#$*?^{|}-]+"  # the part between two dots (RFC 5322, 3.2.3)
# Not beginning with =?, which mail programs read as an encoded word (RFC 2047)
EMAIL_PATTERN = rf"^(?!=\?)(?=[^@]{{1,64}}@){EMAIL_ATOM}(\.{EMAIL_ATOM})*@([A-Za-z0-9-]{{1,63}}\.)+[A-Za-z0-9-]{{2,63}}$"
# Labels between dots, the last one not beginning with a digit; then a port, a path, a query
LIKE_HOST = re.compile(r"([\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}(:\d{1,5})?([/?#]\S*)?")
KIND_NAMES = {
    "city": _("City or municipality"),
    "institute": _("Institute or university"),
    "company": _("Company"),
    "association": _("Association"),
    "partner": _("Partner"),
}
ROLE_NAMES = dict(zip(ROLES, (_("Member"), _("Moderator"), _("Administrator")), strict=True))

GROUP_NAMES = {
    "": _("Everybody"),
    "lately": _("Newest first"),
    "administrators": _("Administrators"),
    "moderators": _("Moderators"),
    "hosts": _("Hosts of agendas"),
    "restricted": _("Restricted"),
}
ROLE_NOTES = dict(
    zip(
        ROLES,
        (
            _("Writes. A member can also host an agenda."),
            _("Curates every agenda and decides on reports."),
            _("Also gives roles and changes what the forum is called."),
        ),
        strict=True,
    )
)


def one_line(value: Any) -> Any:
    """A filter of a field: one line, without surplus space and invisible characters that no spelling needs."""
    return " ".join(visible(value).split()) if isinstance(value, str) else value


def whole_address(value: Any) -> Any:
    """A filter of a field: adds `https://` to an address without a scheme that begins with a host name, such as example.org/page."""
    begins_with_host = isinstance(value, str) and LIKE_HOST.fullmatch(value)
    return f"https://{value}" if begins_with_host else value


def at_most(length: int) -> Length:
    """A validator that refuses more than `length` characters, and says how many are allowed."""
    most = lazy_number(length)
    return Length(max=length, message=_("Write at most %(most)s characters.", most=most))


def number_or_none(value: Any) -> int | None:
    """The `coerce` function of a select field: the id of the chosen row; None for the choice of none."""
    return None if value is None else whole_number(str(value))


# Passwords


def check_password(password: str, own: tuple[str, ...]) -> None:
    """Raise `Invalid` for a password that is easily guessed: a common one, or one made from `own` words.

    `own` are the forum's name and the person's name and e-mail address.
    """
    if is_guessed_first(password):
        raise Invalid(gettext("Many people use this password. Choose a less common one."))
    core = letters_and_digits(password)
    if any(len(core) - len(word) < 6 for word in _words(own) if word in core):
        raise Invalid(
            gettext("Choose a password that is not made of your name, your address or the forum’s.")
        )


def _words(own: tuple[str, ...]) -> set[str]:
    parts = {
        part for text in own for part in (text, text.partition("@")[0], *re.split(r"\W+", text))
    }
    return {word for word in map(letters_and_digits, parts) if len(word) >= 4}


class NewPassword(PasswordField):
    """A field for a new password."""

    def __init__(self, label: str, is_optional: bool = False, **kwargs: Any) -> None:
        sentence = _(
            "Choose a password of %(least)s to %(most)s characters.",
            least=MIN_PASSWORD,
            most=MAX_PASSWORD,
        )
        first = Optional() if is_optional else DataRequired(sentence)
        limits = [first, Length(MIN_PASSWORD, MAX_PASSWORD, sentence)]
        super().__init__(label, limits, **kwargs)


def city_choice() -> RadioField:
    """A field to choose among cities of the same name; the view fills in the choices."""
    sentence = _("Which of these cities?")
    return RadioField(sentence, choices=[], coerce=number_or_none, validate_choice=False)


@cache
def language_choices() -> list[SelectChoice]:
    """The languages as choices of a field; made once, because there are ninety of them."""
    return [SelectChoice(code, name) for code, name in languages()]


class LanguageList(Select):
    """A select of languages whose ninety options are rendered once for each selected language, and cached."""

    def __call__(self, field: Any, **kwargs: Any) -> Any:
        """The whole list, with the field's language chosen."""
        frame: Any = _WithoutChoices(field)
        empty = super().__call__(frame, **kwargs)
        return empty.replace(CLOSING_TAG, _options(str(field.data)) + CLOSING_TAG)


class _WithoutChoices:
    """A field without its options, to render the `<select>` element around them."""

    def __init__(self, field: Any) -> None:
        self.id, self.name, self.flags = field.id, field.name, field.flags

    def has_groups(self) -> bool:
        return False

    def _iter_choices_normalized(self) -> tuple[()]:
        return ()


@lru_cache(maxsize=200)
def _options(chosen: str) -> Markup:
    option = Markup('<option{} value="{}">{}</option>')
    said = (" selected" if code == chosen else "" for code, _name in languages())
    return Markup("").join(
        option.format(is_chosen, code, name)
        for is_chosen, (code, name) in zip(said, languages(), strict=True)
    )


class PersonForm(Form):
    """What people say about themselves, when joining and in the settings; the languages best first."""

    name = StringField(
        _("Your name"), [DataRequired(_("Write your name.")), at_most(MAX_NAME)], [one_line]
    )
    position = StringField(_("Position"), [at_most(MAX_LINE)], [one_line])
    organisation = SelectField(_("Organisation"), coerce=number_or_none)
    city = StringField(_("City"), [at_most(MAX_LINE)], [one_line])
    city_id = city_choice()
    language = SelectField(_("Language you write in"), default="en")
    second_language = SelectField(_("Second language"), default="")
    third_language = SelectField(_("Third language"), default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = languages()
        others = [("", pgettext("language", "None")), *languages()]
        self.second_language.choices = self.third_language.choices = others

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes that were chosen, the best first."""
        chosen = (self.language.data, self.second_language.data, self.third_language.data)
        return tuple(code for code in chosen if code)


class PressForm(Form):
    """A button and no fields."""


class ProfileForm(PersonForm, FormWithFile):
    """What members say about themselves, and a picture of them. `seen` is the fingerprint of what they said when the form was opened."""

    seen = HiddenField()
    picture = FileField(_("Picture of you"))
    drops_portrait = BooleanField(_("Remove my picture"))
    helps_with = TextAreaField(_("What can you help others with?"), [at_most(MAX_HELP)])
    about = TextAreaField(_("About you"), [at_most(MAX_ABOUT)])

    @classmethod
    def of(cls, member: Member, **options: Any) -> ProfileForm:
        """The form with what a member says now; the city and the languages must be loaded."""
        second, third, *_rest = [*_other_languages(member), "", ""]
        form = cls(
            **{name: getattr(member, name) for name in (*PROFILE_TEXTS, "city_id", "language")},
            organisation=member.organisation_id,
            city=member.city.label if member.city else "",
            second_language=second,
            third_language=third,
            seen=fingerprint(profile_fields(member, [row.language for row in member.languages])),
            **options,
        )
        # A tick that stood beside another picture, as in another window or what a browser kept, is for that one alone
        if form.drops_portrait.raw_data != [member.portrait]:
            form.drops_portrait.data = False
        return form

    def text(self, member: Member, portrait: Shrunk | None) -> Profile:
        """What was typed, as the action takes it, with the picture that was sent; `members.views.choose_city` must have set `city_id` before.

        The languages of the member for which the form has no field stay.
        """
        return Profile(
            name=self.name.data or "",
            position=self.position.data or "",
            organisation_id=self.organisation.data,
            city_id=self.city_id.data,
            language=self.language.data,
            languages=(*self.languages, *_other_languages(member)[2:]),
            helps_with=self.helps_with.data or "",
            about=markup.write(self.about.data or "", self.language.data, has_pictures=False),
            portrait=portrait,
            drops_portrait=bool(self.drops_portrait.data),
        )


def _other_languages(member: Member) -> list[str]:
    """The languages of a member other than the first one; the form has fields for two of them."""
    return [
        language.language for language in member.languages if language.language != member.language
    ]


class OrganisationForm(Form):
    """What is said of an organisation. `seen` is the fingerprint of its fields when the form was opened."""

    seen = HiddenField()
    name = StringField(
        _("Name"),
        [DataRequired(_("Write the name of the organisation.")), at_most(MAX_LINE)],
        [one_line],
    )
    kind = RadioField(
        _("Kind"),
        choices=list(KIND_NAMES.items()),
        default="city",
        validate_choice=True,
    )
    city = StringField(_("City"), [at_most(MAX_LINE)], [one_line])
    city_id = city_choice()
    representative = StringField(_("Representative"), [at_most(MAX_LINE)], [one_line])
    seats = StringField(
        _("Seats"),
        [Optional(), Regexp(r"^[0-9]{1,4}$", message=_("Write a whole number of at most 9999."))],
        [one_line],
    )
    website = StringField(
        _("Website"),
        [
            Optional(),
            at_most(500),
            URL(message=_("Write a whole address, such as https://city.example.")),
            Regexp(r"https?://", message=_("Write a whole address, such as https://city.example.")),
        ],
        [one_line, whole_address],
    )
    about = TextAreaField(_("About the organisation"), [at_most(2_000)])

    @classmethod
    def of(cls, organisation: Organisation, **options: Any) -> OrganisationForm:
        """The form with what is said of an organisation now."""
        representative = organisation.representative
        names = ("name", "kind", "city_id", "website", "about")
        return cls(
            **{name: getattr(organisation, name) for name in names},
            seats="" if organisation.seats is None else str(organisation.seats),
            city=organisation.city.label if organisation.city else "",
            representative=f"@{representative.handle}" if representative else "",
            seen=fingerprint(organisation_fields(organisation)),
            **options,
        )

    def text(self, representative: Member | None) -> OrganisationText:
        """What was typed, as the action takes it; `members.views.choose_city` must have set `city_id` before."""
        return OrganisationText(
            name=self.name.data or "",
            kind=self.kind.data,
            city_id=self.city_id.data,
            representative_id=representative.id if representative else None,
            seats=int(self.seats.data) if self.seats.data else None,
            website=self.website.data or "",
            about=self.about.data or "",
        )


class FederationForm(Form):
    """The forum's name and tagline, and where one reaches those who run it.

    `seen` is the fingerprint of these fields when the form was opened. `others` are the fields for the tagline in
    other languages, and `tagline_locale` is the language of `tagline`.
    """

    tagline_locale = ""
    others: Mapping[str, str] = MappingProxyType({})  # names of fields by locale

    seen = HiddenField()
    name = StringField(
        _("Name of the forum"),
        [DataRequired(_("Give the forum a name.")), at_most(MAX_FORUM_NAME)],
        [one_line],
    )
    contact_email = StringField(
        _("E-mail address for everybody"),
        [
            Optional(),
            at_most(MAX_EMAIL),
            Regexp(EMAIL_PATTERN, message=_("Write an e-mail address such as name@city.example.")),
        ],
        [one_line],
    )
    tagline = StringField(_("What it is for, in one sentence"), [at_most(MAX_TAGLINE)], [one_line])

    @classmethod
    def of(cls, federation: Federation, offered: Sequence[str], **options: Any) -> FederationForm:
        """The form with what the forum says of itself now. `offered` are the locales of its pages, the usual one first."""
        locale = federation.tagline_locale or offered[0]
        others = {other: tagline_field(other) for other in offered if other != locale}
        fields = {
            name: StringField(
                gettext("What it is for, in %(language)s", language=language_name(other)),
                [at_most(MAX_TAGLINE)],
                [one_line],
            )
            for other, name in others.items()
        }
        more = {**fields, "others": others, "tagline_locale": locale}
        words = federation_fields(federation)
        values = dict.fromkeys(fields, "") | words | {"seen": fingerprint(words)} | options
        form: FederationForm = type("FederationForm", (cls,), more)(**values)
        return form

    def taglines(self) -> dict[str, str]:
        """What was typed as tagline in other languages, by locale."""
        return {locale: self[name].data or "" for locale, name in self.others.items()}


class MarkForm(FormWithFile):
    """The picture that is to be the forum's own mark."""

    picture = FileField(_("Picture"))


class RoleForm(Form):
    """The role of a member."""

    role = RadioField(_("Role"), choices=list(ROLE_NAMES.items()))
