/** A button beside each password shows it, and hides it again, as sending does. */

export function start({ show, hide }) {
  for (const field of document.querySelectorAll("main input[type=password]")) reveal(field, show, hide);
}

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
