/** One press instead of copying by hand: a link that one wants to send, the time zone of the device. */

export function start() {
  if (navigator.clipboard) document.querySelectorAll("[data-copied]").forEach(offerToCopy);
  document.querySelectorAll("[data-zone]").forEach(offerZone);
}

/** The link stands above the button; a browser that forbids copying has it selected. */
function offerToCopy(button) {
  const link = button.parentElement.previousElementSibling;
  const said = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = "";
    navigator.clipboard.writeText(link.textContent).then(
      () => (said.textContent = button.dataset.copied),
      () => getSelection().selectAllChildren(link),
    );
  });
}

/** Only where another zone is chosen, and the forum knows the one that the browser says. */
function offerZone(offer) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const [name, button] = offer.children;
  const field = button.form.elements[offer.dataset.zone];
  const option = [...field.options].find(({ value }) => value === timeZone);
  if (!option || option.selected) return;
  name.textContent = timeZone;
  button.addEventListener("click", () => {
    option.selected = true;
    button.form.requestSubmit();
  });
  offer.hidden = false;
}
