"""Tables in forms: a field whose value is a list of rows, each with fields of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField

from forum.plaintext import BAR, split_parts

# Buttons that show the form again with a row added or removed: their values are `figures`, a table, and `figures-2`,
# a row
ADD_ROW, REMOVE_ROW = "add_row", "remove_row"
# The name of a field: table, row, and the field of the row
CELL = re.compile(r"([a-z_]+)-([1-9][0-9]{0,3})-([a-z_]+)")
MAX_NUMBER = 9_999
SEPARATOR = " | "


class TableField(Field):
    """A table. Each of its rows is a form of `row_class`, whose fields have names such as `figures-2-value`.

    A row keeps its number when another one is removed: numbers give the order, and may have gaps. An empty row is
    shown, and left out of `data`. There is always one to type in; `most` are accepted.
    """

    def __init__(self, label: str, row_class: type[Any], most: int, **options: Any) -> None:
        super().__init__(label, **options)
        self.row_class, self.most = row_class, most
        self.rows: list[Any] = []
        self.refusals: list[str] = []  # errors of the table as a whole
        self.focused = ""  # the id of the element that gets the focus when the page opens

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the submitted rows, or else take those of `data`; then add or remove the row that a button names."""
        sent = formdata or MultiDict()
        if numbers := self._sent_numbers(sent):
            self._show(self._row(number, sent) for number in numbers)
        elif self.name in sent:
            self.process_formdata(sent.getlist(self.name))
        else:
            self.data = data if isinstance(data, list) else []
        if sent.get(ADD_ROW) == self.name:
            self._add_row()
        self._remove_row(sent.get(REMOVE_ROW))

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read rows from a text as versions store it: one row per line, with bars between its parts (`plaintext.join_parts`).

        Forms that were opened before tables had rows of fields also send it like that.
        """
        lines = [line for line in valuelist[0].split("\n") if line.strip()]
        sent = MultiDict(
            (f"{self.name}-{number}-{name}", part)
            for number, line in enumerate(lines[: self.most + 1], 1)
            for name, part in zip(self._names, self._parts(line), strict=False)
            if part
        )
        self._show(self._row(number, sent) for number in self._sent_numbers(sent))

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        """Refuse more than `most` rows, and whatever the fields of a row refuse."""
        self.refusals = []
        if len(self.filled) > self.most:
            self.refusals = [gettext("Write at most %(most)s rows.", most=self.most)]
            return False
        are_fine = [row.validate() for row in self.filled]
        return all(are_fine)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The rows that are not empty, each a dictionary by the names of its fields."""
        return [{name: said or "" for name, said in row.data.items()} for row in self.filled]

    @data.setter
    def data(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.show(dict(enumerate(rows, 1)))

    def show(self, rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Show these rows with their numbers, which are part of the names of their fields; at most `MAX_NUMBER`."""
        self._show(self._row(number, data=said) for number, said in rows.items())

    def in_words(self, rows: Iterable[Mapping[str, str]]) -> list[str]:
        """Rows as readable lines, with the labels of choices, and without the cells that are empty."""
        return [SEPARATOR.join(filter(None, self._labels(row))) for row in rows]

    def _labels(self, said: Mapping[str, str]) -> list[str]:
        row = self._row(0, data=said)
        return [_label(field, said.get(field.short_name, "")) for field in row]

    @property
    def filled(self) -> list[Any]:
        """The forms of the rows that are not empty; a choice alone does not count."""
        return [row for row in self.rows if any(field.data for field in row if _is_typed(field))]

    @property
    def blank(self) -> Any:
        """The form of a row that a script can add; it has the number 0, which is never read."""
        return self._row(0)

    @property
    def cells(self) -> Iterator[Any]:
        """The fields of all rows."""
        return (field for row in self.rows for field in row)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The errors of the table and of each of its fields: an id, and a message that says where it is."""
        table = self.label.text
        of_table = [(self.id, f"{table}{gettext(': ')}{why}") for why in self.refusals]
        return of_table + [
            (
                field.id,
                gettext(
                    "%(table)s, row %(number)s, %(field)s: %(why)s",
                    table=table,
                    number=number,
                    field=field.label.text,
                    why=field.errors[0],
                ),
            )
            for number, row in enumerate(self.rows, 1)
            for field in row
            if field.errors
        ]

    @property
    def errors(self) -> list[str]:  # type: ignore[override]  # which WTForms writes in `validate` alone
        """The messages of `problems`."""
        return [why for _id, why in self.problems]

    @property
    def _names(self) -> list[str]:
        return [field.short_name for field in self.blank]

    def _sent_numbers(self, sent: Mapping[str, Any]) -> list[int]:
        cells = filter(None, map(CELL.fullmatch, sent))
        numbers = sorted({int(cell[2]) for cell in cells if cell[1] == self.name})
        # Surplus rows are given back, too, but a form has room for a thousand
        return numbers[: 4 * self.most]

    def _row(self, number: int, sent: Any = None, data: Any = None) -> Any:
        row = self.row_class(sent, prefix=f"{self.name}-{number}", data=data)
        row.number, row.id = number, f"{self.id}-{number}"
        return row

    def _show(self, rows: Iterable[Any]) -> None:
        self.rows = list(rows) or [self._row(1)]

    def _parts(self, line: str) -> list[str]:
        """The parts of a line; surplus ones belong to the first, which is most likely to contain a bar."""
        return split_parts(BAR, line, most=len(self._names))

    def _add_row(self) -> None:
        if len(self.rows) < self.most:
            self.rows.append(self._row(self.rows[-1].number + 1))
        self.focused = _first_field(self.rows[-1]).id

    def _remove_row(self, named: str | None) -> None:
        """Remove a row; the focus goes to the row that takes its place, or else to the button that adds one."""
        names = [f"{self.name}-{row.number}" for row in self.rows]
        if named not in names:
            return
        place = names.index(named)
        self._show([*self.rows[:place], *self.rows[place + 1 :]])
        has_next = place < len(self.rows)
        self.focused = _first_field(self.rows[place]).id if has_next else f"{self.id}-add"


def _first_field(row: Any) -> Any:
    return next(iter(row))


def _label(field: Any, value: str) -> str:
    options = field if isinstance(field, SelectField) else ()
    return next((str(option.label.text) for option in options if option.data == value), value)


def _is_typed(field: Any) -> bool:
    return not isinstance(field, SelectField)


def is_cell(name: str) -> bool:
    """Whether a field with this name is in a row of a table."""
    return CELL.fullmatch(name) is not None


def table_of(name: str) -> str:
    """The table in which a field with this name is; empty for a field in none."""
    cell = CELL.fullmatch(name)
    return cell[1] if cell else ""


def column_of(name: str) -> str:
    """The name of a field without the number of its row, such as `figures-value`; that of a field in no table as it is."""
    cell = CELL.fullmatch(name)
    return f"{cell[1]}-{cell[3]}" if cell else name


def sent_tables(cells: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The tables, by name and `as_text`, from names and values of fields; empty rows are left out."""
    tables: dict[str, dict[int, dict[str, str]]] = {}
    for name, value in cells:
        if cell := CELL.fullmatch(name):
            tables.setdefault(cell[1], {}).setdefault(int(cell[2]), {})[cell[3]] = value
    return {
        name: as_text(row for _number, row in sorted(rows.items()) if any(row.values()))
        for name, rows in tables.items()
    }


def as_text(rows: Iterable[Mapping[str, str]]) -> str:
    """Rows of a table as a readable text: one row per line, with bars between its parts; bars inside them are not escaped."""
    return "\n".join(SEPARATOR.join(row.values()).rstrip(SEPARATOR) for row in rows)
