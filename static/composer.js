/** The composer's comforts: tools, drafts kept in the browser, preview while typing, prompts, quoting a selection. */

const AROUND = { bold: ["**", "**"], italic: ["*", "*"], link: ["[", "](https://)"] };
const BEFORE = { quote: () => "> ", list: () => "- ", numbers: (n) => `${n + 1}. ` };
const TABLE = "| A | B |\n|---|---|\n|   |   |\n";
const KEYS = { b: "bold", i: "italic", k: "link" };
const MAX_DRAFTS = 3;

export function start({ member }) {
  forgetPublished(document.body.dataset.published);
  for (const form of document.querySelectorAll("form[data-draft]")) {
    form.querySelectorAll(".tools").forEach(useTools);
    form.addEventListener("submit", sendOnce);
    keepDraft(form, member);
    previewWhileTyping(form);
  }
  document.addEventListener("click", putPrompt);
  offerQuotes();
}

// Writing into the field: by execCommand, so that the browser can undo it

function write(field, text, from = field.selectionStart, to = field.selectionEnd) {
  field.focus();
  field.setSelectionRange(from, to);
  if (document.execCommand?.("insertText", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function format(field, deed) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  const chosen = value.slice(from, to);
  if (AROUND[deed]) {
    const [left, right] = AROUND[deed];
    write(field, left + chosen + right);
    return field.setSelectionRange(from + left.length, from + left.length + chosen.length);
  }
  if (deed === "table") return write(field, lineStart(value, from) + TABLE, from, from);
  const begin = value.lastIndexOf("\n", from - 1) + 1;
  const lines = value.slice(begin, to).split("\n");
  write(field, lines.map((line, n) => BEFORE[deed](n) + line).join("\n"), begin, to);
}

/** What has to stand before a block that is put in at a place: nothing, a line end, or an empty line. */
function lineStart(value, at) {
  const before = value.slice(0, at);
  return !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
}

function append(field, text) {
  const end = field.value.length;
  write(field, lineStart(field.value, end) + text, end, end);
  field.scrollIntoView({ block: "center" });
}

// Tools: one stop for the Tab key, arrows between them

function useTools(bar) {
  const field = document.getElementById(bar.getAttribute("aria-controls"));
  const buttons = [...bar.querySelectorAll("button")];
  bar.hidden = false;
  bar.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) format(field, button.dataset.md);
  });
  bar.addEventListener("keydown", (event) => {
    const forward = getComputedStyle(bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const at = buttons.indexOf(document.activeElement);
    const next = { Home: 0, End: -1, ArrowLeft: at - 1, ArrowRight: at - 1, [forward]: at + 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const button = buttons.at(next % buttons.length);
    buttons.forEach((other) => (other.tabIndex = other === button ? 0 : -1));
    button.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !KEYS[event.key]) return;
    event.preventDefault();
    format(field, KEYS[event.key]);
  });
}

function putPrompt(event) {
  const button = event.target.closest?.("[data-prompt]");
  if (!button) return;
  event.preventDefault(); // it is a submit button for those without a script
  append(document.getElementById(button.dataset.for), `## ${button.dataset.prompt}\n\n`);
}

// Drafts: a list for each member and form, newest first; only a text that was published is forgotten

const read = (key) => JSON.parse(localStorage.getItem(key) || "[]");

function store(key, drafts) {
  try {
    if (drafts.length) localStorage.setItem(key, JSON.stringify(drafts.slice(0, MAX_DRAFTS)));
    else localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

/** `published` is a submission key, or the path of a form that has none. */
function forgetPublished(published) {
  if (!published) return;
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:")))
    store(key, key.endsWith(`:${published}`) ? [] : read(key).filter((draft) => draft.key !== published));
}

const KEPT = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit])";

function fieldsOf(form) {
  return [...form.querySelectorAll(KEPT)].filter((field) => field.name && !field.readOnly);
}

const isTick = (field) => field.type === "radio" || field.type === "checkbox";

function contents(form) {
  return fieldsOf(form).map((f) => [f.name, isTick(f) ? f.value : "", isTick(f) ? f.checked : f.value]);
}

function fill(form, saved) {
  for (const [name, value, content] of saved) {
    const field = fieldsOf(form).find((f) => f.name === name && (!isTick(f) || f.value === value));
    if (!field) continue;
    if (isTick(field)) field.checked = content;
    else field.value = content;
  }
}

const texts = (form, saved) =>
  saved.filter(([name, , content]) => typeof content === "string" && content.trim() && form.elements[name]?.type === "textarea")
    .map(([name, , content]) => name + content).join("\n");

function keepDraft(form, member) {
  const key = `draft:${member}:${new URL(form.action).pathname}`;
  const saved = form.querySelector("[data-saved]");
  let offers = read(key).filter((draft) => texts(form, draft.fields) && texts(form, draft.fields) !== texts(form, contents(form)));
  let timer;

  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (document.body.dataset.leaving) return;
    const fields = contents(form);
    const own = texts(form, fields) ? [{ fields, key: form.elements.submission_key?.value }] : [];
    const done = store(key, [...own, ...offers]);
    if (saved) saved.textContent = own.length && done ? saved.dataset.saved : "";
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 500);
  });
  addEventListener("pagehide", () => timer && save());
  form.addEventListener("submit", save);

  const note = form.querySelector("[data-restore]");
  if (!note) return;
  note.hidden = !offers.length;
  note.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (!act) return;
    const [offer] = offers.splice(0, 1);
    if (act === "restore") fill(form, offer.fields);
    note.hidden = !offers.length;
    save();
    (note.hidden ? form.querySelector("textarea") : target).focus();
  });
}

// Sending once: a second press while the first is under way does nothing

function sendOnce(event) {
  const form = event.currentTarget;
  if (form.dataset.busy) return event.preventDefault();
  if (event.defaultPrevented) return;
  form.dataset.busy = "1";
  event.submitter?.setAttribute("aria-busy", "true");
}

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll("[data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
});

// Preview: the form's own, taken out of the page that the server would show

function previewWhileTyping(form) {
  const frame = form.querySelector("[data-preview]");
  const button = form.querySelector("button[name=preview]");
  if (!frame || !button) return;
  let timer;
  let isPlain = false;
  const show = async () => {
    const data = new FormData(form);
    data.append("preview", "1");
    const answer = await fetch(form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const prose = page.querySelector("[data-preview] .prose");
    if (!prose) throw new Error("no preview");
    frame.querySelector(".prose").replaceChildren(...prose.childNodes);
    frame.hidden = false;
  };
  button.addEventListener("click", (event) => {
    if (isPlain || !texts(form, contents(form))) return;
    event.preventDefault();
    show().catch(() => {
      isPlain = true;
      button.click();
    });
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    if (!frame.hidden) timer = setTimeout(() => show().catch(() => {}), 1000);
  });
}

// Quoting: what a reader has selected in a post, or the whole of it

function offerQuotes() {
  const field = document.querySelector("#reply textarea[name=source]");
  const words = document.querySelector("[data-quote]");
  if (!field || !words) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn alt sm quoter", hidden: true });
  button.textContent = words.dataset.quote;
  document.body.append(button);

  document.addEventListener("selectionchange", () => {
    const range = selected()?.range;
    button.hidden = !range;
    if (!range) return;
    const box = range.getBoundingClientRect();
    button.style.top = `${box.bottom + scrollY + 6}px`;
    button.style.left = `${Math.max(8, Math.min(box.left, innerWidth - button.offsetWidth - 8)) + scrollX}px`;
  });
  button.addEventListener("mousedown", (event) => event.preventDefault()); // so that the selection stays
  button.addEventListener("click", () => quote(field));
  document.addEventListener("quote", () => quote(field));
  document.addEventListener("click", (event) => {
    const post = event.target.closest?.("a[href*='quote=']")?.closest("[data-post]");
    if (!post) return;
    event.preventDefault();
    append(field, cited(post, plain(post)));
  });
}

function selected() {
  const selection = getSelection();
  const prose = !selection.isCollapsed && elementOf(selection.anchorNode)?.closest(".post .prose");
  if (!prose || !prose.contains(selection.focusNode)) return null;
  return { range: selection.getRangeAt(0), post: prose.closest("[data-post]"), text: selection.toString().trim() };
}

const elementOf = (node) => (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node);

function quote(field) {
  const found = selected();
  if (!found?.post || !found.text) return;
  append(field, cited(found.post, found.text));
  getSelection().collapse(field, 0);
  field.focus();
}

function plain(post) {
  const copy = post.querySelector(".prose").cloneNode(true);
  copy.querySelectorAll(".cite").forEach((cite) => cite.remove());
  return [...copy.children].map((block) => block.textContent.trim()).join("\n\n");
}

function cited({ dataset }, text) {
  const name = dataset.name.replace(/[[\]\\\n]/g, " ");
  const lines = text.replace(/\n{2,}/g, "\n\n").split("\n").map((line) => `> ${line}`.trimEnd());
  return `> [${name}](/posts/${dataset.post})\n>\n${lines.join("\n")}\n\n`;
}
