/** What every page gets: shorter times, menus that close, keys, and the other modules where a page has use for them. */

const { body, documentElement } = document;
const script = document.querySelector("script[data-modules]");
const addresses = script.dataset.modules.split(" ");
const words = { ...script.dataset, member: body.dataset.member || "" };
const DAY = 86_400_000;

/** What the browser keeps; where it is forbidden to keep anything, what stands in for that. */
const storage = (name, instead) => {
  try {
    return window[name];
  } catch {
    return instead;
  }
};
const local = storage("localStorage", Object.freeze({})); // says that it has kept nothing
const session = storage("sessionStorage", {});

/** The letter of a key, also with Caps Lock; where a layout has no Latin letters, the one that stands there on others. */
const letter = ({ key, code = "" }) =>
  key.length > 1 ? key
  : /\p{L}/u.test(key) && !/\p{Script=Latin}/u.test(key) && code.startsWith("Key") ? code[3].toLowerCase()
  : key.toLowerCase();

/** Load a module of ours by its name and start it; a page that cannot load it stays as it was. */
const load = (name, tools = {}) =>
  import(addresses.find((address) => address.includes(`/${name}.js`)))
    .then((module) => module.start({ ...words, letter, local, session, load, ...tools }))
    .catch(console.warn);

/** Times under seven days are said as a distance, in the language of the page; the full time stays as a title. */
function shortenTimes() {
  const words = new Intl.RelativeTimeFormat(documentElement.lang, { numeric: "auto" });
  for (const time of document.querySelectorAll("time[datetime*=T]")) {
    const then = Date.parse(time.dateTime);
    const age = Date.now() - then;
    if (!(age >= 0 && age < 7 * DAY)) continue;
    time.title = time.textContent;
    time.textContent =
      age < DAY / 24 ? words.format(-Math.floor(age / 60_000), "minute")
      : age < DAY ? words.format(-Math.floor(age / 3_600_000), "hour")
      : words.format(-Math.round((midnight() - midnight(then)) / DAY), "day");
  }
}

const midnight = (...moment) => new Date(...moment).setHours(0, 0, 0, 0); // so that "yesterday" is that

/** A menu closes with Escape, which gives the focus back, and with a press or the focus elsewhere. */
function closeMenus() {
  const closeOthers = ({ target }) => {
    for (const menu of document.querySelectorAll(".more[open]")) if (!menu.contains(target)) menu.open = false;
  };
  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", ({ key, target }) => {
    const menu = key === "Escape" && target.closest?.(".more[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

/** A field that Tab comes to is shown whole: browsers scroll only as far as its first line. */
function showWhole() {
  document.addEventListener("keyup", ({ key }) => {
    if (key === "Tab") document.activeElement?.closest("textarea")?.scrollIntoView({ block: "nearest" });
  });
}

/** Whoever has signed out leaves no text behind in the browser: it goes on the page that follows, when that is a visitor's. */
function forgetDrafts() {
  const isLeaving = session.leaving;
  delete session.leaving;
  if (!isLeaving || words.member) return;
  for (const key of Object.keys(local)) if (key.startsWith("draft:")) delete local[key];
}

function noteLeaving() {
  session.leaving = "1";
}

/** After publishing, the focus goes to the new post; that of a new topic is its first. */
function showPublished() {
  const post = document.getElementById(location.hash.slice(1) || "post-1");
  if (!post?.id.startsWith("post-")) return;
  post.tabIndex = -1;
  post.focus({ preventScroll: true });
}

// Keys: / search, ? help, j k next and previous, r reply, q quote, 1 to 9 choose, c claim, n note, Ctrl+Enter sends

const ITEMS = ".post.op, .posts > li, .rows > li, .q > li";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const isOff = () => /(?:^|;\s*)(?:__Host-)?keys=off\b/.test(document.cookie);

function press(event) {
  const { target } = event;
  const key = letter(event);
  if (event.defaultPrevented || event.isComposing || event.altKey || (event.shiftKey && /^[a-z]$/.test(key))) return;
  if (event.ctrlKey || event.metaKey) return key === "Enter" && send(event, target);
  if (isOff() || target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  if ((/^[1-9]$/.test(key) ? choose(Number(key)) : DEEDS[key]?.()) !== undefined) event.preventDefault();
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
  q: () => follow(".quoter:not([hidden])") ?? click(here()?.querySelector("a[href*='quote=']")),
  u: () => follow("[data-undo]"),
  c: () => follow("[data-claim]"),
  n: () => focus(document.querySelector("#notes textarea")),
};

const follow = (selector) => click(document.querySelector(selector));

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

shortenTimes();
closeMenus();
showWhole();
document.addEventListener("keydown", press);
offerSwitch();
document.querySelectorAll("[data-sign-out]").forEach((form) => form.addEventListener("submit", noteLeaving));
forgetDrafts();
document.querySelector(".sum")?.focus();
if (body.dataset.published) showPublished();
const wanted = {
  drafts: body.dataset.published || document.querySelector("[data-draft]"),
  composer: document.querySelector("[data-draft]"),
  marks: document.querySelector("[data-marks]"),
  suggest: document.querySelector("[data-suggest]"),
  passkeys: document.querySelector("[data-passkey]"),
  reveal: document.querySelector("main input[type=password]"),
  limits: document.querySelector("[data-most]"),
};
const loaded = Object.keys(wanted).filter((name) => wanted[name]).map((name) => load(name));
Promise.all(loaded).then(() => (body.dataset.ready = "1")); // for whoever drives a browser: everything listens now
