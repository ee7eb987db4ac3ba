/** What may be meant by what one types: cities and members, in fields and behind an @. */

const STEP = /^(Arrow|Home|End)/;
const BEGUN = /(?:^|[^\p{L}\p{M}\p{N}@/.+=&#_-])@([\p{L}\p{M}\p{N}-]{1,40})$/u;
let lists = 0;

/** With the composer's way to write for mentions; without it for fields. */
export function start({ make, write, root = document }) {
  if (write) document.querySelectorAll("[data-mentions]").forEach((frame) => mention(frame, make, write));
  else root.querySelectorAll("[data-suggest]").forEach((frame) => suggest(frame, make));
}

function mention(frame, make, write) {
  const field = frame.querySelector("textarea");
  combobox({
    make,
    field,
    address: frame.dataset.mentions,
    label: frame.dataset.label,
    kind: "mentions",
    words: () => begun(field)?.normalize() ?? null,
    parts: ofMember,
    choose({ handle }) {
      const typed = begun(field);
      const end = field.selectionStart;
      if (typed !== null) write(field, `${handle} `, end - typed.length, end);
    },
    put: (...made) => frame.after(...made),
  });
}

/** What is typed behind an @; null when one is not about to mention somebody. */
function begun(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return field.value.slice(0, field.selectionStart).match(BEGUN)?.[1] ?? null;
}

const ofMember = ({ name, place, handle }) => [name, place ? `${place} · @${handle}` : `@${handle}`];

/** Cities or members, several between commas. */
function suggest(frame, make) {
  const { suggest: address, members, none, found } = frame.dataset;
  const field = frame.querySelector("input");
  const typed = () => (members === "several" ? field.value.split(/[,;]/) : [field.value]).map((one) => one.trim());
  combobox({
    make,
    field,
    address,
    label: field.labels[0].textContent,
    kind: "",
    none,
    found,
    words: () => (typed().at(-1).length < 2 ? null : typed().at(-1)),
    put: (...made) => frame.append(...made),
    ...(members ? {
      parts: ofMember,
      choose: ({ handle }) => (field.value = [...typed().slice(0, -1), `@${handle}`].join(", ")),
    } : cities(field)),
  });
}

function cities(field) {
  let chosen = null; // which city of that name: what the page says, until something is typed
  field.addEventListener("input", () => (chosen = ""));
  field.form.addEventListener("formdata", ({ target, formData }) => {
    if (chosen !== null && !target.querySelector("[type=radio][name=city_id]")) formData.set("city_id", chosen);
  });
  return {
    parts: ({ name, about }) => [name, about],
    choose({ label, id }) {
      field.value = label;
      chosen = id;
    },
  };
}

/**
 * ARIA's combobox. words() is what to ask for, or null; parts(one) its name and more; put(list, status) places them.
 * A line chooses nothing by itself and says how many there are. In a longer text Enter takes the first, and a step ends it.
 */
function combobox({ make, field, address, label, kind, none, found, words, parts, choose, put }) {
  const list = make("ul", { id: `choices-${lists++}`, className: `pop ${kind}`, role: "listbox", ariaLabel: label });
  const status = make("p", { className: "vh", ariaLive: "polite" });
  const isLine = field.localName === "input"; // a textarea may be no combobox
  let all = [];
  let asked; // what `all` answers: one may have typed on since
  let active;
  let timer;
  let asking;

  const open = (isOpen) => {
    clearTimeout(timer);
    asking?.abort();
    active = -1;
    list.hidden = !isOpen;
    status.textContent = "";
    field.removeAttribute("aria-activedescendant");
    if (isLine) field.ariaExpanded = isOpen;
  };
  const close = () => open(false);
  const highlight = (next) => {
    active = (next + all.length) % all.length;
    [...list.children].forEach((option, n) => (option.ariaSelected = n === active));
    const { id, textContent } = list.children[active];
    list.children[active].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", id);
    if (!isLine) status.textContent = textContent;
  };
  const take = (one) => {
    close();
    choose(one);
  };
  const option = (one, n) => {
    const [name, about] = parts(one);
    const made = make("li", { id: `${list.id}-${n}`, role: "option", ariaSelected: false }, name, " ", make("span", { className: "meta xs" }, about));
    made.addEventListener("pointerdown", (event) => event.preventDefault());
    made.addEventListener("click", () => take(one));
    return made;
  };
  const show = () => {
    if (!all.length && !none) return close();
    open(true);
    list.replaceChildren(...all.map(option));
    if (!all.length) list.append(make("li", { className: "meta", role: "option", ariaDisabled: true, ariaSelected: false }, none));
    list.scrollIntoView({ block: "nearest" }); // on a phone it would be below the keyboard
    if (isLine) status.textContent = all.length ? `${found} ${all.length}` : none;
    else highlight(0);
  };
  const ask = async () => {
    const typed = words();
    if (typed === null) return close();
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${address}?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
      if (!answer.ok) return close();
      all = await answer.json();
      asked = typed;
      if (document.activeElement === field && words() !== null) show();
    } catch (error) {
      if (error.name !== "AbortError") close(); // one goes on by typing
    }
  };

  put(list, status);
  field.setAttribute("aria-controls", list.id);
  field.ariaAutoComplete = "list";
  if (isLine) field.role = "combobox";
  else field.addEventListener("click", close);
  close();
  field.addEventListener("blur", close);
  const wait = () => {
    clearTimeout(timer);
    if (words() === null) close();
    else timer = setTimeout(ask, 150);
  };
  field.addEventListener("input", wait);
  field.addEventListener("keydown", (event) => {
    const { key } = event;
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    if (list.hidden) return isLine && key === "ArrowDown" && ask();
    if (event.altKey) return;
    if (key === "Escape") close();
    else if (key === "ArrowDown" && all.length) highlight(active + 1);
    else if (key === "ArrowUp" && all.length) highlight(Math.max(active, 0) - 1);
    else if (key === "Enter" && active >= 0 && words() === asked) take(all[active]);
    else return !isLine && STEP.test(key) && close();
    event.preventDefault();
  });
  if (document.activeElement === field && field.value !== field.defaultValue) wait();
}
