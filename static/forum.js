/** What every page gets: local times, menus that close, keys, and the modules that a page has use for. */

const { body, documentElement } = document;
const script = document.querySelector("script[data-modules]");
const addresses = script.dataset.modules.split(" ");
const words = { ...script.dataset, member: body.dataset.member || "" };
const DAY = 86_400_000;
const BUSY = 10_000; // milliseconds
const language = documentElement.lang.replace(/^en$/, "en-GB"); // which has the day first, and 24 hours

/** What the browser keeps, and what stands in for it where that is forbidden. */
const storage = (name, instead) => {
  try {
    return window[name];
  } catch {
    return instead;
  }
};
const local = storage("localStorage", Object.freeze({})); // says that it has kept nothing
const session = storage("sessionStorage", {});

/** The letter of a key, also with Caps Lock; on a layout without Latin letters, the one that others have there. */
const letter = ({ key, code = "" }) =>
  key.length > 1 ? key
  : /\p{L}/u.test(key) && !/\p{Script=Latin}/u.test(key) && code.startsWith("Key") ? code[3].toLowerCase()
  : key.toLowerCase();

/** A new element: its properties, and what is inside. */
function make(tag, properties, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

/** The page at an address, or the one that answers a form; fails where none comes, after two minutes: a picture takes time on a poor line. */
async function page(address, body) {
  const answer = await fetch(address, { body, signal: AbortSignal.timeout?.(120_000), method: body && "POST" });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** Start a module of ours; a page that cannot load it stays as it was. */
const load = (name, tools) =>
  import(addresses.find((address) => address.includes(`/${name}.js`)))
    .then((module) => module.start({ ...words, language, letter, local, session, load, make, page, ...tools }))
    .catch(console.warn);

/** Times are the reader's own, and a distance under seven days; what the page said, in UTC, stays as a title. */
function localTimes() {
  const distance = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const time of document.querySelectorAll("time[datetime$=Z]")) {
    const { dateTime, textContent: said } = time;
    const isExact = dateTime[19]; // to the second, to tell versions apart
    const then = new Date(dateTime);
    const age = Date.now() - then;
    const isNear = !isExact && age >= 0 && age < 7 * DAY;
    if (!isNear && !said.includes(":")) continue;
    time.title = said;
    time.textContent =
      !isNear ? then.toLocaleString(language, { dateStyle: "long", timeStyle: isExact ? "medium" : "short" }).replace(" at ", ", ")
      : age < DAY / 24 ? distance.format(-Math.floor(age / 60_000), "minute")
      : age < DAY ? distance.format(-Math.floor(age / 60_000 / 60), "hour")
      : distance.format(-Math.round((midnight() - midnight(then)) / DAY), "day");
  }
}

const midnight = (...moment) => new Date(...moment).setHours(0, 0, 0, 0); // so that "yesterday" is that

/** A menu closes with Escape, and with a press or the focus elsewhere. */
function closeMenus() {
  const closeOthers = ({ target }) => {
    for (const menu of document.querySelectorAll(".more[open]")) if (!menu.contains(target)) menu.open = false;
  };
  document.addEventListener("click", closeOthers);
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", ({ key }) => {
    const menu = key === "Escape" && document.querySelector(".more[open]"); // Safari gives the focus to nothing that is pressed
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

/** Tab shows a field whole, to whose first line alone browsers scroll; in Firefox, which is content with a part, a link and the map. */
function showWhole() {
  document.addEventListener("keyup", ({ key }) => {
    const { activeElement } = document;
    if (key === "Tab") (activeElement?.ownerSVGElement ?? activeElement?.closest("textarea, a"))?.scrollIntoView({ block: "nearest" });
  });
}

/** Each minute in which the last page of a topic is looked at, says what others have written since it came. */
function tellNews() {
  const place = document.querySelector("[data-news]");
  const look = async () => {
    const { words, address } = await (await fetch(place.dataset.news)).json();
    if (words && words !== place.textContent) place.replaceChildren(make("a", { href: address, textContent: words }));
  };
  if (place) setInterval(() => document.hidden || look().catch(console.warn), 60_000);
}

/** After signing out, the first page of a visitor deletes the drafts. */
function forgetDrafts() {
  const { leaving } = session;
  delete session.leaving;
  if (!leaving || words.member) return;
  for (const key of Object.keys(local)) if (key.startsWith("draft:")) delete local[key];
}

/** Whether texts were typed here, also by others, that the forum has not; who signs out is asked about them. */
function hasUnsent() {
  const drafts = Object.keys(local).filter((key) => key.startsWith("draft:"));
  try {
    return drafts.some((key) => JSON.parse(local[key]).some(({ at, kept }) => !(kept >= at)));
  } catch {
    return false; // damaged, so that there is nothing to lose
  }
}

function noteLeaving(event) {
  const { target } = event;
  if (!target.matches("[data-sign-out]")) return;
  if (hasUnsent() && !confirm(words.unsent)) return event.preventDefault();
  session.leaving = "1";
}

/** A second press while the first is under way does nothing: of what it would send, a link or a code works only once. */
function sendOnce(event) {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.busy) return event.preventDefault();
  const free = () => {
    delete form.dataset.busy;
    if (submitter) submitter.ariaBusy = null;
  };
  form.dataset.busy = "1";
  if (submitter) submitter.ariaBusy = true;
  setTimeout(free, BUSY); // it may have been stopped
  addEventListener("pageshow", free);
}

/** After a deed the focus goes to where it led, such as the new post, or to what is said of it; screen readers say both. */
function showResult() {
  const { published } = body.dataset;
  const told = document.getElementById("told");
  if (!(told || published) || document.querySelector("main [autofocus]:not(dialog *)")) return;
  const first = published && document.getElementById("post-1"); // of a new topic
  const place = document.getElementById(location.hash.slice(1)) ?? (first || told);
  if (!place) return;
  stand(place);
  place.setAttribute(place === told ? "aria-labelledby" : "aria-describedby", "told");
}

/** Puts the focus on a part that takes none by itself, and has said what it is: of a post, who wrote which. */
function stand(part) {
  const { said } = part.dataset;
  if (said) part.ariaLabel = said; // not before: one who reads on would hear it above the name
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
}

// Keys: what each does is said in the list that ? opens

const ITEMS = ".post.op, .posts > li, .rows > li, .q > li";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const isOff = () => document.cookie.includes("keys=off");

function press(event) {
  const { target } = event;
  const key = letter(event);
  if (event.defaultPrevented || event.isComposing || event.altKey || (event.shiftKey && /^[a-z]$/.test(key))) return;
  if (event.ctrlKey || event.metaKey) return key === "Enter" && send(event, target);
  if (isOff() || target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  if ((/^[1-9]$/.test(key) ? choose(key) : DEEDS[key]?.())) event.preventDefault();
}

/** Each says whether the page has a use for the key. */
const DEEDS = {
  "/": () => {
    const field = document.getElementById("find");
    return field?.checkVisibility?.() ? (field.focus(), true) : follow(".find-l");
  },
  "?": () => showKeys().catch(console.warn),
  j: () => move(1),
  k: () => move(-1),
  r: () => focus(document.querySelector("[data-quote] textarea")) ?? follow("a[href$='#reply']"),
  q: () => follow(".quoter:not([hidden])") ?? click(here()?.querySelector("a[href*='quote=']")),
  u: () => follow("[data-undo]"),
  c: () => follow("[data-claim]"),
  n: () => focus(document.querySelector("#notes textarea")),
};

/** The list of keys, which most pages have from the page of help. */
async function showKeys() {
  const found = document.getElementById("key-list") ?? (await page(document.querySelector("a[href$='#keys']").href)).getElementById("key-list");
  body.append(found);
  offerSwitch();
  found.showModal();
}

const follow = (selector) => click(document.querySelector(selector));
const click = (element) => element && (element.click(), true);

const focus = (element) => element && (element.focus(), element.scrollIntoView({ block: "center" }), true);

const here = () => document.activeElement?.closest(ITEMS) ?? document.querySelector(".q [aria-current]")?.closest("li");

/** To the next or previous post or row; in the queue, to the report itself. */
function move(step) {
  const items = [...document.querySelectorAll(ITEMS)];
  const at = items.indexOf(here());
  const item = at < 0 && step < 0 ? items.at(-1) : items[at + step];
  if (!item) return items.length;
  if (item.closest(".q")) return click(item.querySelector("a"));
  if (item.closest(".posts, .op")) {
    stand(item);
    item.scrollIntoView({ block: "start" });
    return true;
  }
  return focus(item.querySelector("h2 a, h3 a, p a") ?? item);
}

/** Choosing never sends: it ticks a radio button, or opens the reasons. */
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

/** The switch beside the keys (WCAG 2.1.4) shows the button that changes something. */
function offerSwitch() {
  for (const form of document.querySelectorAll("[data-keys]")) {
    form.hidden = false;
    form.elements.next.value = location.pathname + location.search;
    for (const button of form.querySelectorAll("[name=keys]")) button.hidden = (button.value === "off") === isOff();
  }
}

localTimes();
closeMenus();
showWhole();
tellNews();
document.addEventListener("keydown", press);
offerSwitch();
document.addEventListener("submit", noteLeaving);
addEventListener("submit", sendOnce); // once all others have had their say
forgetDrafts();
const begun = document.activeElement;
if (!begun.matches(FIELDS)) {
  document.querySelector(".sum")?.focus();
  showResult();
} else if (location.hash) {
  // On a slow line a page is there long before this script, and Chromium takes the focus when it then follows the fragment.
  // Other browsers do not, so it ends: who leaves the field later has left it
  begun.addEventListener("blur", ({ relatedTarget }) => relatedTarget || begun.focus(), { once: true, signal: AbortSignal.timeout?.(7_000) });
}
const wanted = {
  drafts: body.dataset.published || document.querySelector("[data-draft]"),
  composer: document.querySelector("[data-draft]"),
  marks: document.querySelector("[data-marks]"),
  suggest: document.querySelector("[data-suggest]"),
  passkeys: document.querySelector("[data-passkey]"),
  limits: document.querySelector("[data-most], [data-too-many]"),
  offers: document.querySelector("main input[type=password], [data-copied], [data-zone]"),
};
const loaded = Object.keys(wanted).map((name) => wanted[name] && load(name));
Promise.all(loaded).then(() => (body.dataset.ready = "1")); // for tests: everything listens now
