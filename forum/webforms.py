"""The base class of all forms, and the steps from a form to its action."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from babel import support
from flask import Flask, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, get_locale, lazy_gettext, lazy_pgettext
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from markupsafe import Markup
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # not in the stubs
from wtforms.i18n import messages_path

from forum import markup
from forum.errors import Conflict, Invalid, Refusal, TooSoon
from forum.formrows import ADD_ROW, REMOVE_ROW, TableField, as_text, table_of
from forum.plaintext import tidy
from forum.ratelimits import MAX_CHANGES, by_person, limiter, previewing
from forum.shrinking import PICTURE
from forum.web import CONFLICT, REFUSED, me

ChangedFields = Sequence[tuple[str, str]]  # the label of each field and the value that is saved now
HIDDEN_FIELD_TYPES = ("HiddenField", "CSRFTokenField")
# A choice in what is typed, and a tick that is about the picture beside it
UNTOLD = ("city_id", "drops_portrait")
CHOOSE_DAY: Any = lazy_gettext("Choose a day, such as 2027-01-31.")
LAST_DAY = "9999-12-31"  # the last day that a date field accepts
# Names of buttons that show the form again: for a preview, for a heading in the text, to keep it as a draft, or to
# add or remove a row
TRIAL_FIELDS = {"preview", "prompt", "draft", ADD_ROW, REMOVE_ROW}


def init_app(app: Flask) -> None:
    """Let templates with a form of their own create its submission key."""
    app.jinja_env.globals.update(submission_key=submission_key)


def lazy_text(text: str, **values: Any) -> str:
    """A lazily translated text of a form. Forms import it as `_`."""
    return cast(str, lazy_gettext(text, **values))


def lazy_word(context: str, text: str) -> str:
    """A lazily translated word that is ambiguous without a `context`. Forms import it as `pgettext`."""
    return cast(str, lazy_pgettext(context, text))


def lazy_number(number: int) -> str:
    """A number in a text of a form, formatted in the language in which the text is shown."""
    return cast(str, LazyString(format_decimal, number))


class Form(FlaskForm):
    """The base class of all forms: texts are tidied when they are read, and WTForms' own messages are translated.

    `is_too_soon` is true after a `TooSoon`, `is_outdated` after a `Conflict`: nothing in the form has to be corrected.
    """

    is_too_soon = False
    is_outdated = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # Flask-WTF has no types

    def hidden_tag(self, *fields: Any) -> Markup:
        """The hidden fields, and the id of the member who fills in the form."""
        return cast(Markup, super().hidden_tag(*fields)) + _author_field()  # type: ignore[no-untyped-call]  # Flask-WTF has no types

    class Meta(FlaskForm.Meta):
        """How fields are bound, rendered and translated."""

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """Bind a field; the value of a text field is tidied before the field's own filters see it."""
            if choices := unbound_field.kwargs.get("choices"):
                choices = choices() if callable(choices) else choices
                options = {**options, "choices": [_select_choice(choice) for choice in choices]}
            field = unbound_field.bind(form=form, **options)
            if isinstance(field, StringField):
                field.filters = (_tidy, *(field.filters or ()))
            return field

        def render_field(self, field: Any, render_kw: Any) -> Markup:
            """Render a field without `maxlength`, with which browsers silently cut off pasted text.

            Instead, a script reads `data-most` and says by how much the text is too long; so does the server. A date
            field gets a last day. The CSRF token gets no id, which would not be unique on a page with several forms.
            """
            attributes = {**render_kw, "maxlength": False}
            if isinstance(field, CSRFTokenField):
                attributes["id"] = False
            # Without a maximum, browsers accept years of six digits
            if isinstance(field, DateField):
                attributes.setdefault("max", LAST_DAY)
            if field.flags.maxlength and not isinstance(field, HiddenField):
                attributes["data-most"] = field.flags.maxlength
            return super().render_field(field, attributes)

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Read what a form has sent: no files, and not a JSON body, whose values could be of any type."""
            if formdata is not _Auto:
                return formdata
            return (request.form or None) if request.method == "POST" else None

        def get_translations(self, _form: Any) -> WTFormsTranslations:
            """The messages of WTForms itself; Flask-WTF would read them from the disk for each form."""
            return _wtforms_translations(str(get_locale()))


class FormWithFile(Form):
    """The base class of forms that take one file, in the field `PICTURE`."""

    class Meta(Form.Meta):
        """Unlike other forms, these take a file."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Read the fields, and one file: a file in place of a text field is ignored."""
            if formdata is not _Auto:
                return formdata
            if request.method != "POST":
                return None
            sent = request.files.getlist(PICTURE)
            files = MultiDict[str, FileStorage]((PICTURE, file) for file in sent)
            return CombinedMultiDict([files, request.form])


class Row(Form):
    """The base class of the rows of a `TableField`; the form around them has the token."""

    class Meta(Form.Meta):
        """As for all forms."""

        csrf = False


def _author_field() -> Markup:
    """A hidden field with the id of the author, so that a text that is given back is not shown to another member."""
    field = Markup('<input type="hidden" name="written_as" value="{}">')
    return field.format(me().id) if me().is_member else Markup("")


def fill(form: FlaskForm, texts: Mapping[str, str | list[str]]) -> None:
    """Fill in fields of a form, each text read as if it had been typed. Names that are not fields are ignored."""
    for name, text in texts.items():
        if name in form and text:
            _fill_field(form[name], [text] if isinstance(text, str) else text)
        elif name in form:
            form[name].data = ""  # neither a date nor a number field can parse an empty text


def fill_again(form: FlaskForm, typed: Mapping[str, Sequence[str]], names: Iterable[str]) -> None:
    """Fill the fields with these names, and the rows of tables, with what was typed into them once; what was empty becomes empty.

    A choice of which nothing is known stays as it is.
    """
    for name in names:
        field, said = form[name], list(typed.get(name, ()))
        if isinstance(field, TableField):
            cells = [(key, value) for key in typed if table_of(key) == name for value in typed[key]]
            field.process(MultiDict(cells or [(name, "")]))
        elif said or isinstance(field, SelectMultipleField | BooleanField):
            field.raw_data = said
            _fill_field(field, said)
        elif not isinstance(field, SelectField):  # nor RadioField, which is one
            field.data = ""


def _fill_field(field: Any, typed: list[str]) -> None:
    """What is no day or number is shown as it was typed, too, and refused when the form is sent."""
    try:
        field.process_formdata(typed)
    except ValueError:
        field.raw_data = typed


class WTFormsTranslations:
    """The messages of WTForms, some of them replaced by clearer ones of our own."""

    def __init__(self, translations: support.NullTranslations) -> None:
        self.translations = translations

    def gettext(self, string: str) -> str:
        """The translation of a message."""
        own = OWN_MESSAGES.get(string)
        return str(own) if own else self.translations.gettext(string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The translation of a message about `n` things."""
        own = OWN_MESSAGES.get(singular)
        return str(own) if own else self.translations.ngettext(singular, plural, n)


INVALID_CHOICE = lazy_gettext("Choose one from the list, which may have changed.")
INVALID_CHOICES = lazy_gettext("One of these is not in the list any more. Choose again.")
OWN_MESSAGES = {
    "Not a valid choice.": INVALID_CHOICE,
    "Invalid Choice: could not coerce.": INVALID_CHOICE,
    "'%(value)s' is not a valid choice for this field.": INVALID_CHOICES,
    "Invalid choice(s): one or more data inputs could not be coerced.": INVALID_CHOICES,
    "Not a valid integer value.": lazy_gettext("Enter a whole number, such as 12."),
    "Not a valid date value.": CHOOSE_DAY,
}


@lru_cache
def _wtforms_translations(locale: str) -> WTFormsTranslations:
    return WTFormsTranslations(support.Translations.load(messages_path(), [locale], "wtforms"))


def _select_choice(choice: Any) -> Any:
    """A (value, label) pair as WTForms expects it from version 3.3 on."""
    return SelectChoice(*choice) if isinstance(choice, tuple) else choice


def titled_choices(rows: Iterable[Any], key: str = "id") -> list[Any]:
    """Choices of a select field that are called by titles, each in a language of its own; `key` names the values in the rows."""
    return [SelectChoice(getattr(row, key), row.title, {"lang": row.language}) for row in rows]


def _tidy(value: Any) -> Any:
    return tidy(value) if isinstance(value, str) else value


def refuse(form: Form, error: Refusal) -> None:
    """Add the message of a refusal to the errors of the field that it names, or else to those of the form."""
    form.is_outdated = isinstance(error, Conflict)
    name = getattr(error, "field", "")
    field = _named(form, name)
    if name == "submission_key":  # the key was used for another text, so this one gets a new key
        form[name].data = submission_key()
        form.form_errors.append(error.message)
    elif isinstance(field, TableField):
        field.refusals.append(error.message)
    elif field is not None:
        field.errors = [*field.errors, error.message]
    else:
        form.form_errors.append(error.message)


def _named(form: FlaskForm, name: str) -> Any:
    """The field with this name, which may be in a row of a table; None if there is none."""
    if name in form:
        return form[name]
    tables = (field for field in form if isinstance(field, TableField))
    return next((cell for table in tables for cell in table.cells if cell.name == name), None)


def is_trial() -> bool:
    """Whether a form is sent by a button that only shows it again with what was typed; nothing is stored."""
    return request.method == "POST" and not TRIAL_FIELDS.isdisjoint(request.form)


def is_for_draft() -> bool:
    """Whether a form is sent by the button that keeps it as a draft."""
    return is_trial() and "draft" in request.form


def is_preview() -> bool:
    """Whether a form is sent by its preview button."""
    return is_trial() and "preview" in request.form


def preview(field: Any, language: str = "en", *, has_pictures: bool = True) -> Markup | None:
    """The HTML of the Markdown in a field if the form is sent by its preview button; else None."""
    if not is_preview():
        return None
    return markup.write(field.data or "", language, has_pictures=has_pictures).html


def previews(form: Any, names: Iterable[str]) -> list[tuple[str, Markup]] | None:
    """(name, HTML) of each of the fields with these names that is filled in, if the form is sent by its preview button; else None."""
    if not is_preview():
        return None
    filled = [name for name in names if name in form and (form[name].data or "").strip()]
    language = form.language.data or "en"
    return [(name, markup.write(form[name].data, language).html) for name in filled]


# The limit `changing` for views that do everything in `process`, which limits trials itself and runs no action for
# them.
changing_with_preview = limiter.shared_limit(
    MAX_CHANGES, scope="changing", key_func=by_person, methods=["POST"], exempt_when=is_trial
)


def process(
    form: Form,
    page: Callable[..., ResponseReturnValue],
    deed: Callable[[], ResponseReturnValue],
    *,
    checks: Sequence[Callable[[Any], None]] = (),
    keep: Callable[[], ResponseReturnValue] | None = None,
    latest: Callable[[], FlaskForm] | None = None,
    is_first_step: bool = False,
) -> ResponseReturnValue:
    """Show a form (GET), show it again with its errors (422), keep it as a draft, or run its action.

    `page` renders the form with a status. `deed` runs the action and returns the response; it may raise `Invalid`.
    Each of the `checks` gets the form and raises `Invalid` for what its validators cannot know, such as what a query
    says; all of them run even when a validator has found an error, so that one response names every problem. After
    `TooSoon` the form is shown again (429) and says when to send it. A trial (`is_trial`), and a form with
    `is_first_step`, is shown again with what was typed and not validated; trials count for the rate limit of
    previews.

    `keep` responds to a form that is sent to be kept as a draft; it may raise `Invalid`, too.

    `latest` returns the same form filled with what is saved now. If it is given and the deed raises `Conflict`,
    because the saved values have changed since the form was opened, the form is shown again (409): `page` gets the
    differing fields as `ChangedFields` in its second argument. Sending the form once more is then accepted.
    """
    if keep and is_for_draft():
        return _keep(form, page, keep)
    if is_trial():
        return _show_trial(form, page)
    if request.method == "GET" or is_first_step:
        return page(200)
    is_valid = bool(form.validate())
    for check in checks:
        is_valid = _passes(form, check) and is_valid
    if not is_valid:
        ask_for_passwords_again(form)
        _ask_for_files_again(form)
        return page(REFUSED)
    return run(form, page, deed, latest)


def _keep(
    form: Form,
    page: Callable[[int], ResponseReturnValue],
    keep: Callable[[], ResponseReturnValue],
) -> ResponseReturnValue:
    try:
        return keep()
    except Invalid as error:
        refuse(form, error)
        return page(REFUSED)


@previewing
def _show_trial(form: FlaskForm, page: Callable[[int], ResponseReturnValue]) -> ResponseReturnValue:
    _choose_language(form)
    return page(200)


def _choose_language(form: FlaskForm) -> None:
    """Select the language whose code is the value of the preview button that was pressed; an ordinary one has no code."""
    code = request.form.get("preview", "")
    if "language" not in form or not code.isalpha():
        return
    field: Any = form["language"]
    if code in [option.data for option in field]:
        field.data = code


def run(
    form: Form,
    page: Callable[..., ResponseReturnValue],
    deed: Callable[[], ResponseReturnValue],
    latest: Callable[[], FlaskForm] | None = None,
) -> ResponseReturnValue:
    """As `process`, for a button that needs none of the fields, such as one that takes back what was said: nothing is validated."""
    try:
        return deed()
    except (Invalid, TooSoon) as error:
        return _show_refused(form, page, error)
    except Conflict as error:
        if latest is None:
            raise
        refuse(form, error)
        return page(CONFLICT, _show_latest(form, latest()))


def _show_refused(
    form: Form, page: Callable[[int], ResponseReturnValue], error: Invalid | TooSoon
) -> ResponseReturnValue:
    refuse(form, error)
    if isinstance(error, TooSoon):
        form.is_too_soon = True
        response = make_response(page(error.status))
        response.headers["Retry-After"] = str(error.seconds)
        return response
    if error.field in form:
        ask_for_passwords_again(form)
    _ask_for_files_again(form)
    return page(error.status)


def _passes(form: Form, check: Callable[[Any], None]) -> bool:
    """Whether a check passes; its error is shown unless the field has another one already."""
    try:
        check(form)
    except Invalid as error:
        if not getattr(_named(form, error.field), "errors", ()):
            refuse(form, error)
        return False
    return True


def ask_for_passwords_again(form: Any) -> None:
    """Add an error to each password field without one: its value is not sent back to the page."""
    for field in form:
        if isinstance(field, PasswordField) and field.data and not field.errors:
            field.errors = [_("Type your password again; it is never sent back to the page.")]


def _ask_for_files_again(form: Any) -> None:
    """Add an error to each field with a file and without one: browsers take no file back from a page."""
    for field in form:
        is_file = isinstance(field, FileField) and isinstance(field.data, FileStorage)
        if is_file and field.data.filename and not field.errors:
            field.errors = [_("Choose the file again; it is never sent back to the page.")]


def _show_latest(form: Any, latest: Any) -> ChangedFields:
    """Make the form acceptable if it is sent once more; returns the fields that differ from what is saved now."""
    form.seen.data = latest.seen.data
    shown = [
        field
        for field in form
        if field.type not in (*HIDDEN_FIELD_TYPES, "FileField") and field.name not in UNTOLD
    ]
    return [
        (str(field.label.text), _told(field, latest[field.name].data))
        for field in shown
        if _displayed(field, field.data) != _displayed(field, latest[field.name].data)
    ]


def _displayed(field: Any, data: Any) -> str:
    """How a field would display some data: yes or no for a box, labels for choices, lines for rows, else the text."""
    if isinstance(data, bool):
        return _("Yes") if data else _("No")
    if isinstance(field, TableField):
        return as_text(data)
    if not getattr(field, "choices", None):
        return "" if data is None else str(data)
    chosen = data if isinstance(data, list) else [data]
    return ", ".join(str(option.label.text) for option in field if option.data in chosen)


def _told(field: Any, data: Any) -> str:
    """What somebody else has saved in a field: of a table the rows that differ, or all of them where some were left out."""
    if not isinstance(field, TableField):
        return _displayed(field, data)
    others = [row for row in data if row not in field.data]
    return "\n".join(field.in_words(others or data))


def submission_key() -> str:
    """A new random key for a form that must be saved only once, however often it is sent."""
    return secrets.token_urlsafe(12)
