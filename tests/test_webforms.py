"""Forms: how they are read, their error messages, and sort orders that are typed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import Length

from forum import webforms
from forum.errors import Invalid
from forum.members.forms import at_most

pytestmark = pytest.mark.sqlite_only  # no database in it


class EveryKind(webforms.Form):
    """A field of each kind for which WTForms has an error message of its own."""

    word = SelectField(choices=[("a", "A")])
    number = SelectField(choices=[(1, "One")], coerce=int)
    words = SelectMultipleField(choices=[("a", "A")])
    numbers = SelectMultipleField(choices=[(1, "One")], coerce=int)
    uses = IntegerField()
    day = DateField()


def test_what_cannot_be_chosen_or_read_says_what_to_do(app: Flask) -> None:
    data = dict.fromkeys(["word", "number", "words", "numbers", "uses", "day"], "nope")
    with app.test_request_context("/", method="POST", data=data):
        form = EveryKind()
        assert not form.validate()
    said = {name: errors[0] for name, errors in form.errors.items()}
    assert said["word"] == said["number"] == "Choose one from the list, which may have changed."
    assert said["words"] == said["numbers"]
    assert said["words"] == "One of these is not in the list any more. Choose again."
    assert said["uses"] == "Enter a whole number, such as 12."
    assert said["day"] == "Choose a day, such as 2027-01-31."


def test_forms_keep_no_text_that_no_database_keeps(app: Flask) -> None:
    class NameForm(webforms.Form):
        name = StringField("Name")

    with app.test_request_context("/", method="POST", data={"name": "A\x00n\u0301a\r\n"}):
        assert NameForm().name.data == "A\u0144a"


def test_years_of_dates_have_four_digits(app: Flask) -> None:
    with app.test_request_context("/"):
        form = EveryKind()
        assert 'max="9999-12-31"' in form.day() and "max=" not in form.uses()
        assert 'max="2027-01-31"' in form.day(max="2027-01-31")


def test_a_field_says_its_limit_and_cuts_nothing_off(app: Flask) -> None:
    class NameForm(webforms.Form):
        name = StringField(validators=[Length(max=80)])
        key = HiddenField(validators=[Length(max=64)])

    with app.test_request_context("/"):
        form = NameForm()
        assert 'data-most="80"' in form.name() and "maxlength" not in form.name()
        assert "maxlength" not in form.key() and "data-most" not in form.key()


def test_a_refusal_stands_beside_its_field_or_above_the_form(app: Flask) -> None:
    class NameForm(webforms.Form):
        name = StringField("Name")

    with app.test_request_context("/", method="POST"):
        form = NameForm()
        webforms.refuse(form, Invalid("Too short.", "name"))
        webforms.refuse(form, Invalid("Not now."))
        webforms.refuse(form, Invalid("Not there.", "elsewhere"))
        assert form.name.errors == ["Too short."]
        assert form.form_errors == ["Not now.", "Not there."]


def test_a_number_in_what_a_form_says_is_written_as_its_reader_writes_it(app: Flask) -> None:
    said = at_most(20_000).message
    with app.test_request_context():
        assert str(said) == "Write at most 20,000 characters."
        with force_locale("de"):
            assert "20.000" in str(said)
