/** Quoting: what is selected in a post, with its formatting, or all of it. */

export function start({ append, page }) {
  const words = document.querySelector("[data-quote]");
  const field = words?.querySelector("textarea");
  if (!field) return;
  const button = buttonThat(words.dataset.quote);
  document.addEventListener("selectionchange", () => place(button, selected()?.range));
  button.addEventListener("click", () => quote(field, append));
  const quotes = (link) => link?.pathname === new URL(field.form.action).pathname && !link.search.includes("paragraph=");
  document.addEventListener("mousedown", (event) => selected() && quotes(linkOf(event)) && event.preventDefault()); // keeps it
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (!quotes(link)) return;
    event.preventDefault();
    if (selected()?.post === link.closest("[data-post]")) return quote(field, append);
    if (link.getAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    page(link.href).then((found) => append(field, found.querySelector("[data-quote] textarea").value))
      .catch(() => location.assign(link.href))
      .finally(() => link.removeAttribute("aria-busy"));
  });
  if (location.search.includes("quote=")) writeBelow(field);
}

const linkOf = ({ target }) => target.closest?.("a[href*='quote=']");

/** A page that opens with a quotation is there for what comes below it. */
function writeBelow(field) {
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

function buttonThat(says) {
  const button = Object.assign(document.createElement("button"), { type: "button", hidden: true, textContent: says });
  button.className = "btn alt sm quoter";
  button.addEventListener("mousedown", (event) => event.preventDefault()); // so that the selection stays
  document.body.append(button);
  return button;
}

function place(button, range) {
  button.hidden = !range;
  if (!range) return;
  const box = range.getBoundingClientRect();
  button.style.top = `${box.bottom + scrollY + 6}px`;
  button.style.left = `${Math.max(8, Math.min(box.left, innerWidth - button.offsetWidth - 8)) + scrollX}px`;
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

function quote(field, append) {
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
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data, startsLine(node));
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

const startsLine = ({ previousSibling }) => !previousSibling || previousSibling.nodeName === "BR";

/** Words that stay words: no signs, and at the start of a line no heading or list. */
function escaped(text, isStart) {
  if (/^\s*\n\s*$/.test(text)) return ""; // between two blocks
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
