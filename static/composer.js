/** The composer: tools, prompts, quotes, pictures and files, a preview while typing. */

const STARS = { italic: 1, bold: 2 }; // and three are both
const ITEM = /^ *([-*+]|\d+\.) +/;
const BEFORE = {
  quote: [/^> ?/, () => "> "],
  list: [/^ *[-*+] +/, () => "- "],
  numbers: [/^ *\d+\. +/, (n) => `${n + 1}. `],
};
const TABLE = "| A | B |\n|---|---|\n|   |   |\n";
const KEYS = { b: "bold", i: "italic", k: "link" };
const LARGEST = 1600; // pixels of a picture that is sent
const REASON = "[role=alert] li, h1 + .lede"; // of a form that is refused, or of an error
const QUOTER = "a[href*='/reply?quote=']:not([href*='paragraph='])"; // those of comments beside a paragraph have a form of their own

let tools; // what forum.js hands to its modules

export function start(given) {
  tools = given;
  document.querySelectorAll(".tools").forEach(useTools);
  document.querySelectorAll("[data-pictures]").forEach(takePictures);
  document.querySelectorAll("form[data-draft]").forEach(previewWhileTyping);
  document.addEventListener("click", putPrompt);
  const frame = document.querySelector("[data-quote]");
  if (frame) offerToQuote(frame);
  return document.querySelector("[data-mentions]") && tools.load("suggest", { write });
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
  if (deed !== "table") return;
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

/** A block at the end, or below the line that has a place; returns where it begins. */
function append(field, text, place = field.value.length) {
  const { value } = field;
  const at = `${value}\n`.indexOf("\n", place);
  const start = lineStart(value, at);
  write(field, start + text, at, at);
  field.scrollIntoView({ block: "center" });
  return at + start.length;
}

// Tools: one stop for Tab, arrows between them

const fieldOf = (bar) => document.getElementById(bar.getAttribute("aria-controls"));

function useTools(bar) {
  const field = fieldOf(bar);
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
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const deed = KEYS[tools.letter(event)];
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

// Pictures and files: chosen, dropped or pasted; pictures made smaller here, so that a poor line has less to carry

function takePictures(bar) {
  const field = fieldOf(bar);
  const { dataset: words, nextElementSibling: status, parentElement: frame } = bar;
  const { form } = field;
  let pending = 0;
  const take = async (files) => {
    const { value: before } = field;
    const { activeElement: focused } = document;
    const lines = [];
    const problems = [];
    pending++;
    status.textContent = words.adding;
    for (const file of files) {
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append("picture", await smaller(file).catch(() => file), file.name);
      const shown = await tools.page(words.pictures, body).catch(() => null);
      const line = shown?.querySelector("#added")?.value;
      if (line) lines.push(line);
      else problems.push(`${file.name}: ${shown?.querySelector(REASON)?.textContent ?? words.failed}`);
    }
    pending--;
    status.textContent = [...problems, lines[0] ? words.say : ""].join("\n");
    if (!lines[0]) return;
    // The caret goes between the first one's brackets, unless one went on writing meanwhile
    const { activeElement } = document;
    const { selectionStart, selectionEnd, value } = field;
    const end = value.includes("\n", selectionEnd) ? "\n" : "\n\n";
    const at = append(field, lines.join("\n\n") + end, selectionEnd) + lines[0].indexOf("[") + 1;
    if (value === before && activeElement === focused) return field.setSelectionRange(at, at);
    field.setSelectionRange(selectionStart, selectionEnd);
    activeElement.focus();
  };
  const chooser = tools.make("input", { type: "file", accept: words.accept, multiple: true });
  bar.querySelector("[data-md=picture]").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    take([...chooser.files]);
    chooser.value = ""; // so that the same one can be chosen again
  });
  const receive = (event) => {
    const { files, types } = event.dataTransfer ?? event.clipboardData;
    if (!files.length || types.includes("text/plain")) return; // a table is words, too
    event.preventDefault();
    take([...files]);
  };
  frame.addEventListener("paste", receive);
  frame.addEventListener("drop", receive);
  frame.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
  form.addEventListener("submit", (event) => {
    if (!pending) return;
    event.preventDefault(); // it would not come along
    status.textContent = words.wait;
    status.scrollIntoView({ block: "nearest" });
  }, true); // before the form counts as sent
}

/** A picture of fewer pixels; fails where the browser cannot read it. */
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const { width, height } = picture;
  const scale = LARGEST / Math.max(width, height);
  if (scale >= 1) return file;
  const canvas = new OffscreenCanvas(width * scale, height * scale);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close(); // a telephone has no room for many
  const made = await canvas.convertToBlob({ type: file.type.replace(/hei[cf]/, "jpeg"), quality: 0.9 });
  return made.size < file.size ? made : file;
}

// Quotes: what is selected in a post, with its formatting, or all of it

function offerToQuote(frame) {
  const field = frame.querySelector("textarea");
  const button = tools.make("button", { type: "button", hidden: true, className: "btn alt sm quoter" }, frame.dataset.quote);
  document.body.append(button);
  button.addEventListener("click", () => quote(field));
  document.addEventListener("selectionchange", () => place(button, selected()?.range));
  document.addEventListener("mousedown", (event) => {
    if (selected() && event.target.closest?.(`.quoter, ${QUOTER}`)) event.preventDefault(); // keeps it
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(QUOTER);
    if (!link) return;
    event.preventDefault();
    if (selected()?.post === link.closest("[data-post]")) return quote(field);
    if (link.ariaBusy) return;
    link.ariaBusy = true;
    tools.page(link.href).then((found) => append(field, found.querySelector("[data-quote] textarea").value))
      .catch(() => location.assign(link.href))
      .finally(() => (link.ariaBusy = null));
  });
  if (location.search.includes("quote=")) writeBelow(field);
}

/** A page that opens with a quotation is there for what comes below it. */
function writeBelow(field) {
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function place(button, range) {
  button.hidden = !range;
  if (!range) return;
  const box = range.getBoundingClientRect();
  button.style.top = `${box.bottom + scrollY + 6}px`;
  button.style.left = `clamp(8px, ${box.left}px, 100vw - 12rem)`;
}

function selected() {
  const selection = getSelection();
  if (selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const start = range.startContainer;
  const prose = (start.closest ? start : start.parentElement)?.closest("[data-post] .prose");
  if (!prose) return null;
  if (!prose.contains(range.endContainer)) range.setEndAfter(prose.lastChild); // as a triple press does
  return range.toString().trim() ? { range, post: prose.closest("[data-post]") } : null;
}

function quote(field) {
  const found = selected();
  if (!found) return;
  getSelection().removeAllRanges(); // first: it would take the caret out of the field
  append(field, cited(found.post, markdown(found.range.cloneContents())));
}

function cited({ dataset }, text) {
  const name = dataset.name.replace(/[[\]\\<>`\n]/g, " ");
  const lines = text.trim().replace(/\n{3,}/g, "\n\n").split("\n").map((line) => `> ${line}`.trimEnd());
  return `> [${name}](/posts/${dataset.post})\n>\n${lines.join("\n")}\n\n`;
}

// Back from HTML to the Markdown that it came from, as far as that goes

const SIGNS = { STRONG: "**", B: "**", EM: "*", I: "*", DEL: "~~", S: "~~", A: "", CODE: "" }; // of what stands in a line

function markdown(node) {
  const name = node.nodeName;
  if (name === "#text") return node.data.trim() || node.previousSibling?.nodeName in SIGNS ? escaped(node.data, startsLine(node)) : "";
  const whole = node.textContent;
  if (name === "PRE") return `\`\`\`\n${whole.trimEnd()}\n\`\`\`\n\n`;
  if (name === "CODE") return `\`${whole}\``;
  if (name === "BR") return "\n";
  if (node.matches?.(".cite")) return "";
  if (name === "IMG") return `![${escaped(node.alt)}](${node.getAttribute("src")})`;
  const inside = [...node.childNodes].map(markdown).join("");
  const text = inside.trim();
  if (!text) return inside && " ";
  if (SIGNS[name]) return SIGNS[name] + text + SIGNS[name];
  if (name === "A") return text.startsWith("![") ? text : `[${text}](${node.getAttribute("href")})`; // a picture leads to itself
  if (name === "LI") return `${bullet(node)}${text.replace(/\n+/g, "\n  ")}\n`;
  if (/^H\d$/.test(name)) return `${"#".repeat(name[1] - 1)} ${text}\n\n`;
  if (name === "TR") return row(node, text);
  if (name === "BLOCKQUOTE") return `${text.replace(/^/gm, "> ")}\n\n`;
  if (/^T[HD]$/.test(name)) return ` ${text} |`;
  return /^(P|UL|OL|TABLE|DIV)$/.test(name) ? `${text}\n\n` : inside;
}

const startsLine = ({ previousSibling }) => !previousSibling || previousSibling.nodeName === "BR";

/** Words that stay words: no signs, and at the start of a line no heading or list. */
function escaped(text, isStart) {
  const words = text.replace(/\s+/g, " ").replace(/[\\*_`~|[\]<]|&(?=#?\w+;)/g, "\\$&");
  if (!isStart) return words;
  return words.replace(/^ ?(?=>|[#+=-]+( |$))/, "\\").replace(/^ ?\d+(?=[.)]( |$))/, "$&\\");
}

function bullet(item) {
  const list = item.parentElement;
  return list?.nodeName === "OL" ? `${list.start + [...list.children].indexOf(item)}. ` : "- ";
}

function row({ cells, previousElementSibling, parentElement }, text) {
  const isHead = parentElement?.nodeName === "THEAD" && !previousElementSibling;
  return `| ${text}\n` + (isHead ? `|${"---|".repeat(cells.length)}\n` : "");
}

// Preview and similar titles: from the server's page

function previewWhileTyping(form) {
  const frame = form.querySelector("[data-preview]");
  const status = form.querySelector("[data-shown]");
  if (!frame) return;
  const alike = form.querySelector("[data-alike]");
  let timer;
  let latest = 0;
  let isPlain;
  const show = async () => {
    const body = new FormData(form);
    body.append("preview", "1");
    body.delete("picture"); // it would go with each letter
    const number = ++latest;
    const shown = await tools.page(form.action, body);
    if (number < latest) return;
    const now = shown.querySelector("[data-alike]");
    if (now && now.textContent !== alike.textContent) alike.replaceChildren(...now.childNodes); // once read aloud
    const made = shown.querySelector("[data-preview]");
    if (!made) throw Error(); // an error of the forum, or a refusal: shown as a page
    frame.replaceChildren(...made.childNodes);
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest('[name=preview][value="1"]');
    if (!button || isPlain || ![...form.querySelectorAll("textarea")].some((field) => field.value.trim())) return;
    event.preventDefault();
    status.textContent = "";
    show().then(() => {
      frame.hidden = false;
      status.textContent = status.dataset.shown;
      lead(frame);
    }).catch((error) => {
      if (error.name !== "Error") return (status.textContent = status.dataset.failed); // no answer
      isPlain = true;
      button.click();
    });
  });
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
