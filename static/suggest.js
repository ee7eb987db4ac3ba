/** Cities found while typing, in any script, over a field that also works without it. */

export function start({ load }) {
  const { lang } = document.documentElement;
  const countries = new Intl.DisplayNames([lang], { type: "region" });
  const numbers = new Intl.NumberFormat(lang);
  const suggest = (frame) => {
    const field = frame.querySelector("input");
    field.addEventListener("input", () => remember(field.form, ""));
    return load("combobox", {
      field,
      address: frame.dataset.suggest,
      label: field.labels[0].textContent,
      kind: "",
      none: frame.dataset.none,
      found: frame.dataset.found,
      words: () => (field.value.trim().length < 2 ? null : field.value.trim()),
      parts: ({ name, country, population }) => [name, `${countries.of(country)}, ${numbers.format(population)}`],
      choose({ name, country, id }) {
        field.value = `${name}, ${country}`;
        remember(field.form, id);
      },
      put: (...made) => frame.append(...made),
    });
  };
  return Promise.all([...document.querySelectorAll("[data-suggest]")].map(suggest));
}

/** Which city of that name is meant; without it the server asks. */
function remember(form, id) {
  let field = form.elements.city_id;
  if (field && field.type !== "hidden") return; // the server has asked already: radio buttons
  if (!field) {
    field = Object.assign(document.createElement("input"), { type: "hidden", name: "city_id" });
    form.append(field);
  }
  field.value = id;
}
