/** Marks and watching with one press: shown at once, sent behind the page, taken back with a message if it fails. */

export function start({ failed }) {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter: button } = event;
    if (!form.matches("[data-marks]") || !button?.hasAttribute("aria-pressed")) return;
    event.preventDefault();
    if (!form.dataset.busy) press(form, button, failed);
  });
}

async function press(form, button, failed) {
  const before = state(button);
  const message = messageOf(form);
  form.dataset.busy = "1";
  message.textContent = "";
  show(button, { on: !before.on, count: before.count + (before.on ? -1 : 1) });
  try {
    const answer = await send(form, button);
    if (answer) show(button, answer);
  } catch {
    show(button, before);
    message.textContent = failed;
  }
  delete form.dataset.busy;
}

async function send(form, { name, value }) {
  const data = new FormData(form);
  if (name) data.append(name, value);
  const answer = await fetch(form.action, {
    method: "POST", body: data, redirect: "manual", headers: { Accept: "application/json" },
  });
  if (answer.type === "opaqueredirect") return null;
  if (!answer.ok) throw new Error(answer.status);
  return answer.headers.get("Content-Type")?.includes("json") ? answer.json() : null;
}

function state(button) {
  return { on: button.getAttribute("aria-pressed") === "true", count: Number(button.querySelector(".n")?.textContent || 0) };
}

function show(button, { on, count }) {
  button.setAttribute("aria-pressed", on);
  if (!button.matches(".re")) return;
  let number = button.querySelector(".n");
  if (!number) {
    number = Object.assign(document.createElement("span"), { className: "n" });
    button.append(" ", number);
  }
  number.textContent = count || "";
}

function messageOf(form) {
  const known = form.querySelector("[role=status]");
  if (known) return known;
  const message = document.createElement("span");
  message.className = "err";
  message.setAttribute("role", "status");
  form.append(message);
  return message;
}
