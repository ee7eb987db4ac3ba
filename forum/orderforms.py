"""A form that puts rows in order, by a number beside each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional, StopValidation
from wtforms.widgets import TextInput

from forum.webforms import Form
from forum.webforms import lazy_text as _

MAX_PLACE = 9_999
PLACE_RANGE = NumberRange(1, MAX_PLACE, _("Enter a place from 1 to %(most)s.", most=MAX_PLACE))


class PlaceField(IntegerField):
    """A position in an order, from 1.

    It is rendered as a text field: a browser empties `<input type="number">` when it shows a text again that is not a
    number.
    """

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a whole number; raises `ValueError` with a sentence for the person when it is none."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(str(PLACE_RANGE.message)) from None

    def pre_validate(self, form: Any) -> None:
        """Show one error only: `PLACE_RANGE` would refuse a text that is not a number with the same words."""
        if self.process_errors and self.raw_data and self.raw_data[0].strip():
            raise StopValidation()


class OrderForm(Form):
    """A number beside each of several rows (fields `place-<id>`): the position that the row is to have.

    A row that moves up is put before the row whose position it takes, one that moves down after it; a row with an
    empty field keeps its position.
    """

    ids: Sequence[int] = ()

    @classmethod
    def of(cls, ids: Sequence[int]) -> OrderForm:
        """The form for the rows with these ids, given in their present order."""
        names = [f"place-{item_id}" for item_id in ids]
        places = dict(zip(names, range(1, len(ids) + 1), strict=True))
        fields = {name: PlaceField(validators=[Optional(), PLACE_RANGE]) for name in names}
        return cast(OrderForm, type("OrderForm", (cls,), {**fields, "ids": ids})(data=places))

    @property
    def ordered_ids(self) -> list[int]:
        """The ids in the order that the submitted numbers ask for."""

        def sort_key(item: tuple[int, int]) -> tuple[int, int]:
            present, item_id = item
            wanted = self[f"place-{item_id}"].data or present
            return wanted, (wanted > present) - (wanted < present)

        return [item_id for _present, item_id in sorted(enumerate(self.ids, 1), key=sort_key)]
