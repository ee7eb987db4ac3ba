/** Fields that say more: by how much a text is too long, before it is sent, and a password that can be looked at. */

export function start({ over, show, hide }) {
  document.querySelectorAll("[data-most]").forEach((field) => watch(field, over));
  document.querySelectorAll("main input[type=password]").forEach((field) => reveal(field, show, hide));
}

/** Nothing that is pasted is cut off. */
function watch(field, over) {
  const said = Object.assign(document.createElement("p"), { className: "err" });
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const { most } = field.dataset;
  let timer;
  said.setAttribute("role", "status");
  field.addEventListener("input", () => {
    if (!said.isConnected && field.value.length <= most) return;
    if (!said.isConnected) (field.closest(".comp, .combo") ?? field).after(said); // empty, so that it is heard when it says something
    clearTimeout(timer);
    timer = setTimeout(() => {
      const tooMany = [...field.value.trim().normalize()].length - most; // counted as the forum does
      said.textContent = tooMany > 0 ? `${over} ${numbers.format(tooMany)}` : "";
    }, 500);
  });
}

/** The button beside a password shows what was typed, and hides it again; it is hidden before it is sent. */
function reveal(field, show, hide) {
  const frame = Object.assign(document.createElement("div"), { className: "reveal" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet sm" });
  const set = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? hide : show;
    button.setAttribute("aria-label", `${button.textContent}: ${field.labels[0]?.textContent}`);
  };
  button.setAttribute("aria-controls", field.id);
  set(false);
  button.addEventListener("click", () => set(field.type === "password"));
  field.form?.addEventListener("submit", () => set(false));
  const hadFocus = document.activeElement === field;
  field.replaceWith(frame);
  frame.append(field, button);
  if (hadFocus) field.focus();
}
