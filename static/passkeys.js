/** A form asks the browser for a passkey, puts the answer into its field `credential`, and is sent. */

export function start() {
  for (const form of document.querySelectorAll("form[data-passkey]"))
    form.addEventListener("submit", (event) => ask(form, event));
  const form = document.querySelector("form[data-passkey-offered]");
  if (form) offer(form);
}

// Where one signs in, browsers offer passkeys among the addresses that they know, until one is chosen or the button
// asks for it. The offer is renewed before its challenge is too old.
const RENEWED = 4 * 60 * 1000;
let offered = null;

async function offer(form) {
  if (!(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  if (form.dataset.busy) return; // the button was pressed meanwhile
  offered?.abort();
  offered = new AbortController();
  const renewing = setTimeout(() => offer(form), RENEWED);
  try {
    const field = form.elements.credential;
    field.value = await answer(form, field.dataset.options, { mediation: "conditional", signal: offered.signal });
    form.submit();
  } catch {
    clearTimeout(renewing); // nothing was pressed, so nothing is said
  }
}

async function ask(form, event) {
  const field = form.elements.credential;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  event.submitter.ariaBusy = true;
  const said = form.querySelector("[data-said]");
  said.textContent = "";
  offered?.abort();
  try {
    field.value = await answer(form, field.dataset.options);
    form.submit();
  } catch ({ name }) {
    said.textContent = said.getAttribute(`data-${name}`) ?? said.dataset.failed;
  }
  // Once there is an answer the form is on its way, and stays busy for a while: that may have been stopped
  setTimeout(() => {
    delete form.dataset.busy;
    event.submitter.ariaBusy = null;
  }, field.value && 1e4);
}

async function answer(form, address, how = {}) {
  if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
  const asked = await fetch(address, { method: "POST", body: new FormData(form), redirect: "error" });
  if (!asked.ok) throw Error();
  const publicKey = decoded(await asked.text());
  const made = await navigator.credentials[form.dataset.passkey]({ publicKey, ...how });
  const said = encoded(made);
  said.response.transports = made.response.getTransports?.();
  return JSON.stringify(said);
}

// Bytes travel as base64url, for which browsers of before 2025 have no toJSON.

/** All ids are bytes but that of the site. */
function decoded(options) {
  const isBytes = (name, value) => name === "challenge" || (name === "id" && value !== location.hostname);
  return JSON.parse(options, (name, value) => (isBytes(name, value) ? bytes(value) : value));
}

function encoded(made) {
  if (made instanceof ArrayBuffer) return text(made);
  if (!(made instanceof Object)) return made;
  const said = {};
  for (const name in made) said[name] = encoded(made[name]);
  return said;
}

const bytes = (coded) =>
  Uint8Array.from(atob(coded.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
