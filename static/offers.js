/** Buttons that only a script can give: to see a password, to copy a link, to take the time zone of the device. */

export function start({ show, hide }) {
  for (const field of document.querySelectorAll("main input[type=password]")) reveal(field, show, hide);
  if (navigator.clipboard) document.querySelectorAll("[data-copied]").forEach(offerToCopy);
  document.querySelectorAll("[data-zone]").forEach(offerZone);
}

/** Sending a password hides it again. */
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

/** The link stands above the button; a browser that forbids copying has it selected. */
function offerToCopy(button) {
  const { dataset, parentElement } = button;
  const link = parentElement.previousElementSibling;
  button.hidden = false;
  button.onclick = () =>
    navigator.clipboard.writeText(link.textContent).then(
      () => (parentElement.lastElementChild.textContent = dataset.copied),
      () => getSelection().selectAllChildren(link),
    );
}

/** Only where another zone is chosen, and the forum knows the one that the browser says. */
function offerZone(offer) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const [name, button] = offer.children;
  const option = button.form.querySelector(`[value="${timeZone}"]`);
  if (!option || option.selected) return;
  name.textContent = timeZone;
  button.onclick = () => {
    option.selected = true;
    button.form.requestSubmit();
  };
  offer.hidden = false;
}
