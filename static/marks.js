/** Marks and bookmarks with one press: shown at once, sent behind the page, taken back if it fails. */

export function start({ failed }) {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter: button } = event;
    const marks = button?.closest("[data-marks]");
    if (!marks || !button.ariaPressed) return;
    event.preventDefault();
    if (!button.dataset.busy) press(marks, form, button, failed);
  });
}

/** `marks` are the buttons of one thing; those of a whole page share a form. */
async function press(marks, form, button, failed) {
  const before = state(button);
  const message = messageOf(marks);
  button.dataset.busy = "1";
  message.textContent = "";
  show(button, { on: !before.on, count: before.count + (before.on ? -1 : 1) });
  try {
    const answer = await send(form, button);
    if (answer) show(button, answer);
  } catch {
    show(button, before);
    message.textContent = failed;
  }
  delete button.dataset.busy;
}

async function send(form, button) {
  const body = new FormData(form, button);
  body.set("on", +state(button).on); // as the reader sees it, also in a window that is older
  const answer = await fetch(button.formAction, {
    method: "POST", body, redirect: "manual", headers: { Accept: "application/json" },
  });
  if (answer.type === "opaqueredirect") return null;
  if (!answer.ok) throw Error();
  return answer.headers.get("Content-Type")?.includes("json") ? answer.json() : null;
}

function state(button) {
  return { on: button.ariaPressed === "true", count: Number(button.querySelector(".n")?.textContent || 0) };
}

function show(button, { on, count }) {
  button.ariaPressed = on;
  if (button.name === "on") return; // a bookmark, which nobody counts
  const which = button.querySelector(".vh"); // which says of which post
  if (!button.querySelector(".n")) which.insertAdjacentHTML("beforebegin", ' <span class="n"></span>');
  button.querySelector(".n").textContent = count || "";
}

function messageOf(marks) {
  if (!marks.querySelector(".err")) marks.insertAdjacentHTML("beforeend", '<span class="err" role="status"></span>');
  return marks.querySelector(".err");
}
