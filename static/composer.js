/** The composer's comforts: tools, drafts kept in the browser, preview while typing, prompts, quoting a selection. */

const AROUND = { bold: ["**", "**"], italic: ["*", "*"], link: ["[", "](https://)"] };
const BEFORE = { quote: () => "> ", list: () => "- ", numbers: (n) => `${n + 1}. ` };
const TABLE = "| A | B |\n|---|---|\n|   |   |\n";
const KEYS = { b: "bold", i: "italic", k: "link" };
const MAX_DRAFTS = 3;
const BUSY_SECONDS = 10;

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

/** `published` holds submission keys, and the paths of forms that have none. */
function forgetPublished(published = "") {
  for (const text of published.split(" ").filter(Boolean))
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:")))
      store(key, key.endsWith(`:${text}`) ? [] : read(key).filter((draft) => draft.key !== text));
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
  const own = form.elements.submission_key?.value || crypto.getRandomValues(new Uint32Array(2)).join("");
  const isNew = ({ fields }) => texts(form, fields) && texts(form, fields) !== texts(form, contents(form));
  const offers = read(key).filter((draft) => draft.key !== own && isNew(draft));
  let timer;

  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (document.body.dataset.leaving) return;
    const fields = contents(form);
    const mine = texts(form, fields) ? [{ fields, key: own }] : [];
    const done = store(key, [...mine, ...others()]);
    if (saved) saved.textContent = mine.length && done ? saved.dataset.saved : "";
  };
  const others = () => read(key).filter((draft) => draft.key !== own); // perhaps of another window
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 500);
  });
  addEventListener("pagehide", () => timer && save());
  form.addEventListener("submit", save);
  form.addEventListener("submit", () => tell(form));

  const note = form.querySelector("[data-restore]");
  if (!note) return;
  note.hidden = !offers.length;
  note.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (!act) return;
    const offer = offers.shift();
    store(key, others().filter((draft) => draft.key !== offer.key));
    if (act === "restore") fill(form, offer.fields);
    note.hidden = !offers.length;
    save();
    (note.hidden ? form.querySelector("textarea") : target).focus();
  });
}

/** Tell the forum that the browser keeps this text, so that it says when the text is published. */
function tell(form) {
  if (!form.elements.drafted) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "drafted", value: "1" }));
}

// Sending once: a second press while the first is under way does nothing

function sendOnce(event) {
  const form = event.currentTarget;
  if (form.dataset.busy) return event.preventDefault();
  if (event.defaultPrevented) return;
  form.dataset.busy = "1";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(freeForms, BUSY_SECONDS * 1000); // somebody may have stopped it, or the line is dead
}

function freeForms() {
  for (const form of document.querySelectorAll("[data-draft][data-busy]")) delete form.dataset.busy;
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
}

addEventListener("pageshow", ({ persisted }) => persisted && freeForms());

// Preview: the form's own, taken out of the page that the server would show

function previewWhileTyping(form) {
  const frame = form.querySelector("[data-preview]");
  const buttons = form.querySelectorAll("[name=preview]");
  if (!frame || !buttons.length) return;
  let timer;
  let latest = 0;
  let isPlain = false;
  const show = async () => {
    const data = new FormData(form);
    data.append("preview", "1");
    const number = ++latest;
    const prose = (await page(form.action, { method: "POST", body: data })).querySelector("[data-preview] .prose");
    if (!prose) throw new Error("no preview");
    if (number < latest) return; // a later one was asked for meanwhile
    frame.querySelector(".prose").replaceChildren(...prose.childNodes);
    frame.hidden = false;
  };
  const press = (event) => {
    if (isPlain || !texts(form, contents(form))) return;
    event.preventDefault();
    const button = event.currentTarget;
    show().catch(() => {
      isPlain = true;
      button.click();
    });
  };
  buttons.forEach((button) => button.addEventListener("click", press));
  form.addEventListener("input", () => {
    clearTimeout(timer);
    if (!frame.hidden) timer = setTimeout(() => show().catch(() => {}), 1000);
  });
}

async function page(address, options) {
  const answer = await fetch(address, options);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Quoting: what a reader has selected in a post, or the whole of it

function offerQuotes() {
  const words = document.querySelector("[data-quote]");
  const field = words?.querySelector("textarea");
  if (!field) return;
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
    const link = event.target.closest?.("a[href*='quote=']");
    if (!link || link.pathname !== new URL(field.form.action).pathname || link.search.includes("paragraph=")) return;
    event.preventDefault();
    page(link.href).then((found) => append(field, found.querySelector("[data-quote] textarea").value))
      .catch(() => location.assign(link.href));
  });
}

function selected() {
  const selection = getSelection();
  if (selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const prose = elementOf(range.startContainer)?.closest("[data-post] .prose");
  if (!prose) return null;
  if (!prose.contains(range.endContainer)) range.setEndAfter(prose.lastChild); // as a triple press does
  return range.toString().trim() ? { range, post: prose.closest("[data-post]") } : null;
}

const elementOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);

function quote(field) {
  const found = selected();
  if (!found) return;
  append(field, cited(found.post, markdown(found.range.cloneContents())));
  getSelection().collapse(field, 0);
  field.focus();
}

function cited({ dataset }, text) {
  const name = dataset.name.replace(/[[\]\\<>`\n]/g, " ");
  const lines = text.trim().replace(/\n{3,}/g, "\n\n").split("\n").map((line) => `> ${line}`.trimEnd());
  return `> [${name}](/posts/${dataset.post})\n>\n${lines.join("\n")}\n\n`;
}

// Back from HTML to the Markdown that it came from, as far as that goes

const SIGNS = { STRONG: "**", B: "**", EM: "*", I: "*", DEL: "~~", S: "~~" };

function markdown(node) {
  if (node.nodeType === Node.TEXT_NODE) return /^\s*\n\s*$/.test(node.data) ? "" : node.data.replace(/\s+/g, " ").replace(/[\\*`[\]<]/g, "\\$&");
  const name = node.nodeName;
  const whole = node.textContent;
  if (name === "PRE") return `\`\`\`\n${whole.trimEnd()}\n\`\`\`\n\n`;
  if (name === "CODE") return `\`${whole}\``;
  if (name === "BR") return "\n";
  if (node.classList?.contains("cite")) return "";
  const inside = [...node.childNodes].map(markdown).join("");
  const text = inside.trim();
  if (!text) return inside && " ";
  if (SIGNS[name]) return SIGNS[name] + text + SIGNS[name];
  if (name === "A") return `[${text}](${node.getAttribute("href")})`;
  if (name === "LI") return `${bullet(node)}${text.replace(/\n+/g, "\n  ")}\n`;
  if (/^H\d$/.test(name)) return `${"#".repeat(name[1] - 1)} ${text}\n\n`;
  if (name === "TR") return row(node, text);
  if (name === "BLOCKQUOTE") return `${text.replace(/^/gm, "> ")}\n\n`;
  if (/^T[HD]$/.test(name)) return ` ${text} |`;
  return /^(P|UL|OL|TABLE|DIV)$/.test(name) ? `${text}\n\n` : inside;
}

function bullet(item) {
  const list = item.parentElement;
  return list?.nodeName === "OL" ? `${list.start + [...list.children].indexOf(item)}. ` : "- ";
}

function row({ cells, previousElementSibling, parentElement }, text) {
  const isHead = parentElement?.nodeName === "THEAD" && !previousElementSibling;
  return `| ${text}\n${isHead ? `|${"---|".repeat(cells.length)}\n` : ""}`;
}
