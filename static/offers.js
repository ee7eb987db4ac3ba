/** Buttons that only a script can give: to see a password, to copy a link, to take the time zone of the device. */

export function start({ make, show, hide }) {
  for (const field of document.querySelectorAll("main input[type=password]")) reveal(field, make, show, hide);
  if (navigator.clipboard) document.querySelectorAll("[data-copied]").forEach(offerToCopy);
  document.querySelectorAll("[data-zone]").forEach(offerZone);
}

/** Sending a password hides it again. */
function reveal(field, make, show, hide) {
  const button = make("button", { type: "button", className: "btn quiet sm" });
  const frame = make("div", { className: "reveal" });
  const set = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? hide : show;
    button.ariaLabel = `${button.textContent}: ${field.labels[0]?.textContent}`;
  };
  button.setAttribute("aria-controls", field.id);
  set(false);
  button.onclick = () => set(field.type === "password");
  field.form?.addEventListener("submit", () => set(false));
  const hadFocus = document.activeElement === field;
  field.replaceWith(frame);
  frame.append(field, button);
  if (hadFocus) field.focus();
}

/**
 * What is copied stands above the button: a link, a field, or something that is shown otherwise than it is copied (`data-text`).
 * A browser that forbids copying has it selected.
 */
function offerToCopy(button) {
  const { dataset, parentElement } = button;
  const shown = parentElement.previousElementSibling;
  button.hidden = false;
  button.onclick = () =>
    navigator.clipboard.writeText(dataset.text ?? shown.value ?? shown.textContent).then(
      () => (parentElement.lastElementChild.textContent = dataset.copied),
      () => (shown.select ? shown.select() : getSelection().selectAllChildren(shown)),
    );
}

/**
 * Only where another zone is chosen, and the forum knows the one that the browser says. A button with a value sends the
 * form, too.
 */
function offerZone(offer) {
  const [name, button] = offer.children;
  name.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = button.form.querySelector(`[value="${name.textContent}"]`);
  offer.hidden = option?.selected ?? true;
  button.onclick = () => {
    offer.hidden = option.selected = true;
    option.parentElement.focus();
    if (button.value) button.form.requestSubmit();
  };
}
