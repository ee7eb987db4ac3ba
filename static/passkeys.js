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
  offered?.abort();
  offered = new AbortController();
  const renewing = setTimeout(() => offer(form), RENEWED);
  const ends = () => clearTimeout(renewing);
  offered.signal.addEventListener("abort", ends);
  try {
    const field = form.elements.credential;
    field.value = await answer(form, field.dataset.options, { mediation: "conditional", signal: offered.signal });
    form.submit();
  } catch {
    ends(); // nothing was pressed, so nothing is said
  }
}

async function ask(form, event) {
  const field = form.elements.credential;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  event.submitter?.setAttribute("aria-busy", "true");
  say(form, "");
  offered?.abort();
  try {
    field.value = await answer(form, field.dataset.options);
    form.submit();
  } catch (error) {
    say(form, { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known", TypeError: able() ? "failed" : "unable" }[error.name] || "failed");
  }
  delete form.dataset.busy;
  event.submitter?.removeAttribute("aria-busy");
}

const able = () => Boolean(window.PublicKeyCredential);

function say(form, what) {
  const place = form.querySelector("[data-said]");
  place.textContent = what && place.dataset[what];
}

async function answer(form, address, how = {}) {
  if (!able()) throw new TypeError("no passkeys");
  const asked = await fetch(address, { method: "POST", body: new FormData(form), redirect: "error" });
  if (!asked.ok) throw new Error(asked.status);
  const publicKey = decoded(await asked.json());
  const isNew = form.dataset.passkey === "create";
  const made = await navigator.credentials[isNew ? "create" : "get"]({ publicKey, ...how });
  return JSON.stringify(encoded(made));
}

// Bytes travel as base64url, for which browsers of before 2025 have no toJSON.

function decoded(asked) {
  const keys = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...asked,
    challenge: bytes(asked.challenge),
    user: asked.user && { ...asked.user, id: bytes(asked.user.id) },
    allowCredentials: keys(asked.allowCredentials),
    excludeCredentials: keys(asked.excludeCredentials),
  };
}

function encoded({ id, rawId, type, response }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = Object.fromEntries(parts.filter((name) => response[name]).map((name) => [name, text(response[name])]));
  return { id, rawId: text(rawId), type, response: { ...said, transports: response.getTransports?.() } };
}

const bytes = (coded) =>
  Uint8Array.from(atob(coded.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
