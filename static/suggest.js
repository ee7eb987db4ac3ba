/** Cities found while typing, in any script: a combobox over a field that also works without it. */

export function start() {
  document.querySelectorAll("[data-suggest]").forEach(suggest);
}

function suggest(frame, at) {
  const input = frame.querySelector("input");
  const list = Object.assign(document.createElement("ul"), { id: `cities-${at}`, className: "pop", hidden: true });
  const countries = new Intl.DisplayNames([document.documentElement.lang], { type: "region" });
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  let cities = [];
  let active = -1;
  let timer;
  let asking;

  const status = Object.assign(document.createElement("p"), { className: "vh" });

  status.setAttribute("role", "status");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent);
  frame.append(list, status);
  set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id });

  const close = () => {
    list.hidden = true;
    status.textContent = "";
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (city) => {
    input.value = `${city.name}, ${city.country}`;
    remember(input.form, city.id);
    close();
  };
  const highlight = (next) => {
    active = (next + cities.length) % cities.length;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", n === active));
    list.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", list.children[active].id);
  };
  const show = () => {
    list.replaceChildren(...cities.map((city, n) => {
      const option = document.createElement("li");
      set(option, { role: "option", id: `${list.id}-${n}`, "aria-selected": "false" });
      const about = Object.assign(document.createElement("span"), { className: "meta xs" });
      about.textContent = `${countries.of(city.country)}, ${numbers.format(city.population)}`;
      option.append(city.name, " ", about);
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => choose(city));
      return option;
    }));
    if (!cities.length) list.append(nothing(frame.dataset.none));
    status.textContent = cities.length ? `${frame.dataset.found} ${cities.length}` : frame.dataset.none;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    active = -1;
    input.removeAttribute("aria-activedescendant");
  };
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const words = input.value.trim();
    if (words.length < 2) return close();
    try {
      const answer = await fetch(`${frame.dataset.suggest}?q=${encodeURIComponent(words)}`, { signal: asking.signal });
      cities = await answer.json();
      if (document.activeElement === input) show();
    } catch { /* the field goes on as plain text */ }
  };

  input.addEventListener("input", () => {
    remember(input.form, "");
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.isComposing) return;
    if (list.hidden) return key === "ArrowDown" && ask();
    if (key === "Escape") close();
    else if (!cities.length) return;
    else if (key === "ArrowDown") highlight(active + 1);
    else if (key === "ArrowUp") highlight(active < 0 ? -1 : active - 1);
    else if (key === "Enter" && active >= 0) choose(cities[active]);
    else return;
    event.preventDefault();
  });
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

function nothing(text) {
  const option = Object.assign(document.createElement("li"), { className: "meta", textContent: text });
  set(option, { role: "option", "aria-disabled": "true", "aria-selected": "false" });
  return option;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
