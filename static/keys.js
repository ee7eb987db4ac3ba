/** Keys: / search, ? help, j k next and previous, r reply, q quote, 1 to 9 choose, c claim, n note, Ctrl+Enter sends. */

const ITEMS = ".post.op, .posts > li, .rows > li, .q > li";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const isOff = () => /(?:^|;\s*)(?:__Host-)?keys=off\b/.test(document.cookie);

export function start({ letter }) {
  document.addEventListener("keydown", (event) => press(event, letter(event)));
  offerSwitch();
}

function press(event, key) {
  const { target } = event;
  if (event.defaultPrevented || event.isComposing || event.altKey || (event.shiftKey && /^[a-z]$/.test(key))) return;
  if (event.ctrlKey || event.metaKey) return key === "Enter" && send(event, target);
  if (isOff() || target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  const deed = DEEDS[key] ?? (/^[1-9]$/.test(key) ? () => choose(Number(key)) : null);
  if (deed?.() !== undefined) event.preventDefault();
}

/** Each answers with something when it has done its deed, and with nothing when the page has no use for the key. */
const DEEDS = {
  "/": () => {
    const field = document.getElementById("find");
    return field?.checkVisibility?.() ? (field.focus(), true) : follow(".find-l");
  },
  "?": () => {
    const list = document.getElementById("key-list");
    return list ? (list.showModal(), true) : follow("a[href$='#keys']");
  },
  j: () => move(1),
  k: () => move(-1),
  r: () => focus(document.querySelector("[data-quote] textarea")) ?? follow("a[href$='#reply']"),
  q: () => {
    if (getSelection().isCollapsed) return here()?.querySelector("a[href*='quote=']")?.click() ?? undefined;
    return document.dispatchEvent(new Event("quote"));
  },
  u: () => click(document.querySelector("[data-undo]")),
  c: () => click(document.querySelector("[data-claim]")),
  n: () => focus(document.querySelector("#notes textarea")),
};

function follow(selector) {
  return click(document.querySelector(selector));
}

function click(element) {
  if (!element) return undefined;
  element.click();
  return true;
}

function focus(element) {
  if (!element) return undefined;
  element.focus();
  element.scrollIntoView({ block: "center" });
  return true;
}

const here = () => document.activeElement?.closest(ITEMS) ?? document.querySelector(".q [aria-current]")?.closest("li");

/** To the next or previous post or row; in the queue of moderation, to the next report itself. */
function move(step) {
  const items = [...document.querySelectorAll(ITEMS)];
  if (!items.length) return undefined;
  const at = items.indexOf(here());
  const item = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step];
  if (!item) return true;
  const link = item.querySelector("h2 a, h3 a, p a") ?? item;
  if (item.closest(".q")) return click(item.querySelector("a"));
  if (item.closest(".posts, .op")) {
    item.tabIndex = -1;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "start" });
    return true;
  }
  return focus(link);
}

/** Choosing never sends: a radio button is ticked, a button of the decision opens its reasons. */
function choose(number) {
  const choice = document.querySelectorAll(".dec > *")[number - 1];
  const button = choice?.querySelector("input") ?? choice;
  return focus(button) && click(button);
}

function send(event, target) {
  const form = target.closest?.("form") ?? document.querySelector(".dec")?.closest("form");
  const button = form?.querySelector("[data-publish]");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
}

/** The switch beside the lists of keys (WCAG 2.1.4) shows the button that changes something. */
function offerSwitch() {
  for (const form of document.querySelectorAll("[data-keys]")) {
    form.hidden = false;
    for (const button of form.querySelectorAll("[name=keys]")) button.hidden = (button.value === "off") === isOff();
  }
}
