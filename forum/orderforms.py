"""A form that puts rows in order, by a number beside each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from flask.typing import ResponseReturnValue
from wtforms import HiddenField, IntegerField
from wtforms.validators import NumberRange, Optional, StopValidation
from wtforms.widgets import TextInput

from forum.errors import Conflict
from forum.web import CONFLICT, whole_number
from forum.webforms import Form, process, refuse
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
    empty field keeps its position. The numbers are about the order in which the page has shown the rows (`shown`):
    sent twice, they ask for the same. A row that was added since keeps its position.
    """

    shown = HiddenField()
    ids: Sequence[int] = ()

    @classmethod
    def of(cls, ids: Sequence[int]) -> OrderForm:
        """The form for the rows with these ids, given in their present order."""
        names = [f"place-{item_id}" for item_id in ids]
        places = dict(zip(names, range(1, len(ids) + 1), strict=True))
        fields = {name: PlaceField(validators=[Optional(), PLACE_RANGE]) for name in names}
        known = {**places, "shown": " ".join(map(str, ids))}
        return cast(OrderForm, type("OrderForm", (cls,), {**fields, "ids": ids})(data=known))

    @property
    def shown_ids(self) -> list[int]:
        """The ids of the rows in the order in which the page has shown them; those that are gone since are left out."""
        typed = [whole_number(part) for part in (self.shown.data or "").split()]
        return sorted((item_id for item_id in self.ids if item_id in typed), key=typed.index)

    @property
    def ordered_ids(self) -> list[int]:
        """The ids in the order that the submitted numbers ask for."""
        before = self.shown_ids or self.ids

        def sort_key(item: tuple[int, int]) -> tuple[int, int]:
            present, item_id = item
            wanted = self[f"place-{item_id}"].data or present
            return wanted, (wanted > present) - (wanted < present)

        ordered = [item_id for _present, item_id in sorted(enumerate(before, 1), key=sort_key)]
        for place, item_id in enumerate(self.ids):
            if item_id not in before:
                ordered.insert(place, item_id)
        return ordered


Row = TypeVar("Row")


def process_order(
    read: Callable[[], Sequence[Row]],
    page: Callable[[OrderForm, Sequence[Row], int], ResponseReturnValue],
    deed: Callable[[list[int], Sequence[int]], ResponseReturnValue],
) -> ResponseReturnValue:
    """Show a form that puts rows in order, or save the order.

    `read` returns the rows, in their present order. `deed` gets the ids in the wanted order and in the shown one; if it
    raises `Conflict`, because the order has changed since, the rows are read again and the form is shown with the
    numbers that were typed (409). Sending it once more is then accepted.
    """
    rows = read()
    form = _form_of(rows)

    def save() -> ResponseReturnValue:
        try:
            return deed(form.ordered_ids, form.shown_ids)
        except Conflict as error:
            present = read()
            late = _form_of(present)
            late.shown.data = " ".join(map(str, late.ids))
            refuse(late, error)
            return page(late, present, CONFLICT)

    return process(form, lambda status=200: page(form, rows, status), save)


def _form_of(rows: Sequence[Any]) -> OrderForm:
    return OrderForm.of([row.id for row in rows])
