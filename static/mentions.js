/** Whom to mention: members whose names begin like what stands behind an @, to be chosen with keys or a press. */

const BEGUN = /(?:^|[^\p{L}\p{M}\p{N}@/.+=&#_-])@([\p{L}\p{M}\p{N}-]{1,40})$/u;

export function start({ write }) {
  document.querySelectorAll("[data-mentions]").forEach((frame, at) => suggest(frame, at, write));
}

function suggest(frame, at, write) {
  const field = frame.querySelector("textarea");
  const list = Object.assign(document.createElement("ul"), { id: `mentions-${at}`, className: "pop mentions", hidden: true });
  const status = Object.assign(document.createElement("p"), { className: "vh" });
  let people = [];
  let active = 0;
  let timer;
  let asking;

  set(list, { role: "listbox", "aria-label": frame.dataset.label });
  status.setAttribute("role", "status");
  frame.after(list);
  set(field, { "aria-autocomplete": "list", "aria-controls": list.id });

  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
    status.remove();
  };
  const highlight = (next) => {
    active = (next + people.length) % people.length;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", n === active));
    list.children[active].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", list.children[active].id);
    status.textContent = list.children[active].textContent;
  };
  const choose = (person) => {
    const typed = begun(field);
    close();
    if (typed !== null) write(field, `${person.handle} `, field.selectionStart - typed.length, field.selectionStart);
  };
  const show = () => {
    list.replaceChildren(...people.map((person, n) => {
      const option = document.createElement("li");
      const about = Object.assign(document.createElement("span"), { className: "meta xs" });
      set(option, { role: "option", id: `${list.id}-${n}` });
      about.textContent = [person.place, `@${person.handle}`].filter(Boolean).join(" · ");
      option.append(person.name, " ", about);
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => choose(person));
      return option;
    }));
    list.hidden = !people.length;
    if (!people.length) return close();
    list.after(status);
    list.scrollIntoView({ block: "nearest" }); // on a phone it would be below the keyboard
    highlight(0);
  };
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const words = encodeURIComponent(begun(field).normalize());
      const answer = await fetch(`${frame.dataset.mentions}?q=${words}`, { signal: asking.signal });
      if (!answer.ok) return close();
      people = await answer.json();
      if (document.activeElement === field && begun(field) !== null) show();
    } catch { /* one goes on by typing the whole name */ }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    if (begun(field) === null) close();
    else timer = setTimeout(ask, 150);
  });
  field.addEventListener("blur", close);
  field.addEventListener("click", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") highlight(active + 1);
    else if (event.key === "ArrowUp") highlight(active - 1);
    else if (event.key === "Enter") choose(people[active]);
    else return ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key) && close();
    event.preventDefault();
  });
}

/** What is typed behind an @ up to where one writes; null when one is not about to mention somebody. */
function begun(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return field.value.slice(0, field.selectionStart).match(BEGUN)?.[1] ?? null;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
