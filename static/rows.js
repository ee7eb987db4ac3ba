/** Rows of fields are added and removed where they are; without this, the forum gives the form back with one more or less. */

const ROW = /^(\w+)-(\d+)-/;

/** Returns what drafts ask of the tables of the form. */
export function start({ form, load }) {
  form.addEventListener("click", (event) => {
    const { target } = event;
    const button = target.closest("[name=add_row], [name=remove_row]");
    if (!button) return;
    event.preventDefault();
    const table = button.closest(".lines");
    const row = button.closest(".line");
    const next = row ? remove(row) : add(table);
    (next?.querySelector("input") ?? adding(table)).focus();
    table.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const rows = (table) => [...table.querySelectorAll(".line")];
  const adding = (table) => table.querySelector("[name=add_row]");
  const numberOf = (row) => Number(row.id.split("-")[1]);

  /** Add a row, with the next number or this one. */
  const add = (table, number = Math.max(...rows(table).map(numberOf)) + 1) => {
    const blank = table.querySelector("template");
    blank.insertAdjacentHTML("beforebegin", blank.innerHTML.replaceAll(`${table.id}-0`, `${table.id}-${number}`));
    const row = rows(table).at(-1);
    count(table);
    load("suggest", { root: row });
    return row;
  };

  /** Remove a row; returns the one that takes its place, if there is one. */
  const remove = (row) => {
    const table = row.closest(".lines");
    const at = rows(table).indexOf(row);
    row.remove();
    if (!rows(table).length) return add(table, 1);
    count(table);
    return rows(table)[at];
  };

  /** Rows are called by their place. */
  const count = (table) => {
    const all = rows(table);
    all.forEach((row, n) => (row.ariaLabel = row.ariaLabel?.replace(/\d+/, n + 1)));
    adding(table).disabled = all.length >= table.dataset.rows;
  };

  const tableOf = (name) => {
    const [, of, number] = name.match(ROW) ?? [];
    const table = of && form.querySelector(`.lines[id="${of}"]`);
    return table && { table, number };
  };

  return {
    /** The type of a field that may stand in a row that is not there. */
    typeOf(name) {
      const { table, number } = tableOf(name) ?? {};
      const blank = table?.querySelector("template").content;
      return blank?.getElementById(name.replace(`-${number}-`, "-0-"))?.type;
    },
    /** Let tables have the rows to which fields of these names belong, and no others. */
    arrange(names) {
      for (const { table, number } of names.map(tableOf).filter(Boolean)) if (!form.querySelector(`[id="${table.id}-${number}"]`)) add(table, number);
      for (const table of form.querySelectorAll(".lines")) {
        if (!names.some((name) => name.startsWith(`${table.id}-`))) continue;
        for (const row of rows(table)) if (!names.some((name) => name.startsWith(`${row.id}-`))) remove(row);
      }
    },
  };
}
