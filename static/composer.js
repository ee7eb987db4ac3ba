/** The composer: tools, prompts, a preview while typing. */

const STARS = { italic: 1, bold: 2 }; // and three are both
const ITEM = /^ *([-*+]|\d+\.) +/;
const BEFORE = {
  quote: [/^> ?/, () => "> "],
  list: [/^ *[-*+] +/, () => "- "],
  numbers: [/^ *\d+\. +/, (n) => `${n + 1}. `],
};
const TABLE = "| A | B |\n|---|---|\n|   |   |\n";
const KEYS = { b: "bold", i: "italic", k: "link" };

export function start({ letter, load, page }) {
  document.querySelectorAll(".tools").forEach((bar) => useTools(bar, letter));
  document.querySelectorAll("form[data-draft]").forEach((form) => previewWhileTyping(form, page));
  document.addEventListener("click", putPrompt);
  return Promise.all([
    document.querySelector("[data-mentions]") && load("suggest", { write }),
    document.querySelector("[data-quote]") && load("quotes", { append }),
    document.querySelector("[data-pictures]") && load("pictures", { append }),
  ]);
}

// By execCommand, so that the browser can undo it

function write(field, text, from = field.selectionStart, to = field.selectionEnd) {
  field.focus();
  field.setSelectionRange(from, to);
  if (document.execCommand?.("insertText", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function format(field, deed) {
  const { selectionStart: from, selectionEnd: to, value } = field;
  if (BEFORE[deed]) return begin(field, deed, from, to);
  if (STARS[deed]) return star(field, STARS[deed], from, to);
  if (deed === "link") return link(field, from, to);
  const end = `${value}\n\n`.indexOf("\n\n", from); // of the paragraph, or of another table
  write(field, lineStart(value, end) + TABLE, end, end);
}

/** Within a link the address goes and the words stay. */
function link(field, from, to) {
  const { value } = field;
  const start = value.lastIndexOf("[", from);
  const [whole, words] = value.slice(start).match(/^\[([^\]]*)\]\((?:\([^)]*\)|[^)])*\)/) ?? [];
  const end = start + whole?.length;
  if (from < end && to <= end) {
    write(field, words, start, end);
    return field.setSelectionRange(start, start + words.length);
  }
  write(field, `[${value.slice(from, to)}](https://)`);
  field.setSelectionRange(from + 1, to + 1);
}

/** A second press takes away what the first has put around the words; `had` stars stand there. */
function star(field, stars, from, to) {
  const { value } = field;
  while (from < to && value[from] === "*" && value[to - 1] === "*") from++, to--;
  let had = 0;
  while (had < 3 && value[from - had - 1] === "*" && value[to + had] === "*") had++;
  const sign = "*".repeat(had & stars ? had - stars : had + stars);
  write(field, sign + value.slice(from, to) + sign, from - had, to + had);
  from += sign.length - had;
  field.setSelectionRange(from, field.selectionEnd - sign.length);
}

/** A sign before each line, in place of another list's; a second press takes it away. */
function begin(field, deed, from, to) {
  const { value } = field;
  const [own, sign] = BEFORE[deed];
  const start = lineOf(value, from);
  const end = `${value}\n`.indexOf("\n", Math.max(from, to - 1));
  const lines = value.slice(start, end).split("\n");
  const isOn = lines.every((line) => own.test(line));
  const text = lines.map((line, n) => (isOn ? "" : sign(n)) + line.replace(deed === "quote" ? own : ITEM, "")).join("\n");
  write(field, text, start, end);
  const caret = Math.max(start, to + text.length - (end - start));
  field.setSelectionRange(from < to ? start : caret, caret);
}

const lineOf = (value, at) => value.slice(0, at).lastIndexOf("\n") + 1;

/** Enter goes on with a list; at an item without words it ends it, with an empty line. */
function goOn(event, field) {
  const { selectionStart: at, selectionEnd, value } = field;
  const line = value.slice(lineOf(value, at), at);
  const [item] = line.match(ITEM) ?? [];
  if (!item || at < selectionEnd || event.isComposing || field.hasAttribute("aria-activedescendant")) return;
  event.preventDefault();
  if (item === line) write(field, "\n", at - line.length, at);
  else write(field, `\n${item.replace(/\d+/, (number) => Number(number) + 1)}`);
}

/** What has to stand before a block: nothing, a line end, or an empty line. */
function lineStart(value, at) {
  const before = value.slice(0, at);
  return !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
}

/** A block at the end, or behind the paragraph with the caret; the caret goes to a place within it. */
function append(field, text, after = Infinity, caret = Infinity) {
  const { value } = field;
  const at = `${value}\n`.indexOf("\n", Math.min(after, value.length));
  const start = lineStart(value, at);
  write(field, start + text, at, at);
  if (caret < text.length) field.setSelectionRange(at + start.length + caret, at + start.length + caret);
  field.scrollIntoView({ block: "center" });
}

// Tools: one stop for Tab, arrows between them

function useTools(bar, letter) {
  const field = document.getElementById(bar.getAttribute("aria-controls"));
  const buttons = [...bar.querySelectorAll("button")];
  bar.hidden = false;
  bar.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button && button.dataset.md !== "picture") format(field, button.dataset.md);
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
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const deed = KEYS[letter(event)];
    if (altKey || shiftKey) return;
    if (!ctrlKey && !metaKey) return key === "Enter" && goOn(event, field);
    if (!deed) return;
    event.preventDefault();
    format(field, deed);
  });
}

function putPrompt(event) {
  const button = event.target.closest?.("[data-prompt]");
  if (!button) return;
  event.preventDefault(); // it is a submit button for those without a script
  append(document.getElementById(button.dataset.for), `## ${button.dataset.prompt}\n\n`);
}

// Preview and similar titles: from the server's page

function previewWhileTyping(form, page) {
  const frame = form.querySelector("[data-preview]");
  const buttons = form.querySelectorAll('[name=preview][value="1"]');
  if (!frame || !buttons.length) return;
  let timer;
  const status = form.querySelector("[data-shown]");
  const alike = form.querySelector("[data-alike]");
  let latest = 0;
  let isPlain = false;
  const show = async () => {
    const body = new FormData(form);
    body.append("preview", "1");
    const number = ++latest;
    const shown = await page(form.action, { method: "POST", body });
    if (number < latest) return;
    const now = shown.querySelector("[data-alike]");
    if (now && now.textContent !== alike.textContent) alike.replaceChildren(...now.childNodes); // once read aloud
    const made = shown.querySelector("[data-preview]");
    if (!made) throw Error("no preview");
    frame.replaceChildren(...made.childNodes);
  };
  const press = (event) => {
    if (isPlain || ![...form.querySelectorAll("textarea")].some((field) => field.value.trim())) return;
    event.preventDefault();
    const button = event.currentTarget;
    if (status) status.textContent = "";
    show().then(() => {
      frame.hidden = false;
      if (status) status.textContent = status.dataset.shown;
      lead(frame);
    }).catch((error) => {
      if (error instanceof TypeError && status) return (status.textContent = status.dataset.failed); // no answer
      isPlain = true;
      button.click();
    });
  };
  buttons.forEach((button) => button.addEventListener("click", press));
  form.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    if (!frame.hidden || (alike && target.name === "title")) timer = setTimeout(() => show().catch(() => {}), 900);
  });
}

/** The preview may be off the screen, above other fields. */
function lead(frame) {
  const { top, bottom } = frame.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  frame.focus({ preventScroll: true });
  frame.scrollIntoView();
}
