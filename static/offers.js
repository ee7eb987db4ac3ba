/** One press instead of copying by hand: a link that one wants to send. */

export function start() {
  if (navigator.clipboard) document.querySelectorAll("[data-copied]").forEach(offerToCopy);
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
