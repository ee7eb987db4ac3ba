"""What is written down of an order of an authority, and of what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Optional

from forum.clock import now
from forum.history.queries import fingerprint
from forum.members.forms import at_most, one_line
from forum.moderation.actions import MAX_ORDER_FIELD, OrderText
from forum.moderation.forms._decisions import LENGTH_LIMIT
from forum.moderation.models import AGAINST_CONTENT, FOR_INFORMATION, GIVEN, NOT_FOLLOWED, Order
from forum.moderation.queries import order_fields
from forum.plaintext import fold
from forum.webforms import CHOOSE_DAY, Form
from forum.webforms import lazy_text as _

ORDER_KIND_NAMES: dict[str, str] = {
    AGAINST_CONTENT: _("To act against content"),
    FOR_INFORMATION: _("To give information about members"),
}
EFFECT_NAMES: dict[str, str] = {
    "": _("Nothing yet"),
    GIVEN: _("It was followed"),
    NOT_FOLLOWED: _("It was not followed"),
}


class OrderForm(Form):
    """An order, and what was answered. `seen` is the fingerprint of the order when the form was opened."""

    seen = HiddenField()
    kind = RadioField(
        _("What it demands"), choices=[*ORDER_KIND_NAMES.items()], default=AGAINST_CONTENT
    )
    authority = StringField(
        _("Court or authority"),
        [DataRequired(_("Name the court or the authority.")), at_most(MAX_ORDER_FIELD)],
        [one_line],
    )
    state = SelectField(
        _("Country of the authority"), [DataRequired(_("Choose the country of the authority."))]
    )
    reference = StringField(
        _("Its number or reference"),
        [
            DataRequired(_("Write the number that the authority gave the order.")),
            at_most(MAX_ORDER_FIELD),
        ],
        [one_line],
    )
    law = StringField(
        _("Which law"),
        [DataRequired(_("Name the law, and the article if you know it.")), LENGTH_LIMIT],
        [one_line],
    )
    about = TextAreaField(_("Which content or which member it names"), [LENGTH_LIMIT])
    issued_on = DateField(_("Issued on"), [DataRequired(CHOOSE_DAY)])
    received_on = DateField(_("Came in on"), [DataRequired(CHOOSE_DAY)])
    territory = StringField(_("Where it holds"), [at_most(MAX_ORDER_FIELD)], [one_line])
    until_on = DateField(_("Until which day it holds"), [Optional()])
    redress = TextAreaField(_("What can be done against it, as it says"), [LENGTH_LIMIT])
    confirmed_on = DateField(_("The authority was told on which day that it came in"), [Optional()])
    effect = RadioField(_("What became of it"), choices=[*EFFECT_NAMES.items()], default="")
    effect_on = DateField(_("On which day"), [Optional()])
    answer = TextAreaField(
        _("What was done and answered, or why it was not followed"), [LENGTH_LIMIT]
    )
    answered_on = DateField(
        _("The authority was told on which day what became of it"), [Optional()]
    )

    @classmethod
    def of(
        cls,
        order: Order | None,
        countries: Mapping[str, str],
        effect_on: date | None,
        **options: Any,
    ) -> OrderForm:
        """The form with an order, or an empty one. `effect_on` is the day of the first decision that followed it and stands."""
        options["seen"] = fingerprint(order_fields(order))
        if order is None:
            form = cls(received_on=now().date(), **options)
        else:
            known = {name: getattr(order, name) for name in OrderText.__dataclass_fields__}
            if effect_on and not order.effect:
                known |= {"effect_on": effect_on, "effect": GIVEN}
            form = cls(**known, **options)
        by_name = sorted(countries.items(), key=lambda country: fold(country[1]))
        form.state.choices = [("", _("Choose")), *by_name]
        return form

    @property
    def text(self) -> OrderText:
        """What was typed, as the action takes it."""
        today = now().date()
        return OrderText(
            kind=self.kind.data or "",
            authority=self.authority.data or "",
            state=self.state.data or "",
            reference=self.reference.data or "",
            law=self.law.data or "",
            about=self.about.data or "",
            issued_on=self.issued_on.data or today,
            received_on=self.received_on.data or today,
            territory=self.territory.data or "",
            redress=self.redress.data or "",
            until_on=self.until_on.data,
            confirmed_on=self.confirmed_on.data,
            effect=self.effect.data or "",
            effect_on=self.effect_on.data,
            answer=self.answer.data or "",
            answered_on=self.answered_on.data,
        )
