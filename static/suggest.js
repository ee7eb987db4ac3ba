/** Cities or members found while typing, in any script, over a field that also works without it. */

export function start({ load }) {
  const { lang } = document.documentElement;
  const countries = new Intl.DisplayNames([lang], { type: "region" });
  const numbers = new Intl.NumberFormat(lang);
  const members = (frame, field, shared) => {
    const parts = () => (frame.dataset.members === "several" ? field.value.split(/[,;]/) : [field.value]);
    return load("combobox", {
      ...shared,
      words: () => (parts().at(-1).trim().length < 2 ? null : parts().at(-1).trim()),
      parts: ({ name, place, handle }) => [name, [place, `@${handle}`].filter(Boolean).join(" · ")],
      choose: ({ handle }) => {
        const before = parts().slice(0, -1).map((one) => one.trim());
        field.value = [...before, `@${handle}`].join(", ");
      },
    });
  };
  const suggest = (frame) => {
    const field = frame.querySelector("input");
    const shared = {
      field,
      address: frame.dataset.suggest,
      label: field.labels[0].textContent,
      kind: "",
      none: frame.dataset.none,
      found: frame.dataset.found,
      put: (...made) => frame.append(...made),
    };
    if (frame.dataset.members) return members(frame, field, shared);
    field.addEventListener("input", () => remember(field.form, ""));
    return load("combobox", {
      ...shared,
      words: () => (field.value.trim().length < 2 ? null : field.value.trim()),
      parts: ({ name, country, population }) => [name, `${countries.of(country)}, ${numbers.format(population)}`],
      choose({ name, country, id }) {
        field.value = `${name}, ${country}`;
        remember(field.form, id);
      },
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
