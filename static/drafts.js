/** What is typed is kept in this browser, offered again, and sent once. */

const ROOM = 400_000; // characters of the drafts of one form: twenty of the longest texts
const MONTH = 30 * 86_400_000;
const BUSY_SECONDS = 10;
const KEEP_SECONDS = 10; // between two sendings of a form that changes

let local;
let session;
const tables = new WeakMap(); // the module of rows, by form

export async function start(tools) {
  ({ local, session } = tools);
  forget(document.body.dataset.published);
  for (const form of document.querySelectorAll("form[data-draft]")) {
    form.addEventListener("submit", sendOnce);
    if (form.querySelector(".lines")) tables.set(form, await tools.load("rows", { form }));
    keepDraft(form, tools.member);
  }
}

// Drafts: a list for each member and form, newest first

/** Something else may have written there. */
function read(key) {
  try {
    return JSON.parse(local[key] || "[]").filter(({ fields, at }) => Array.isArray(fields) && !(at < Date.now() - MONTH));
  } catch {
    return [];
  }
}

function store(key, drafts) {
  while (drafts.length > 1 && JSON.stringify(drafts).length > ROOM) drafts.pop();
  try {
    if (drafts.length) local[key] = JSON.stringify(drafts);
    else delete local[key];
    return true;
  } catch {
    return false;
  }
}

/** Forget old drafts, and those of `published`: submission keys, and the paths of forms without. */
function forget(published = "") {
  const named = published.split(" ");
  for (const key of Object.keys(local).filter((name) => name.startsWith("draft:"))) {
    const isMeant = (draft) => named.includes(draft.key) || named.includes(key.split(":")[2]);
    const drafts = read(key);
    for (const { fields } of drafts.filter(isMeant)) rememberSent(fingerprint(fields));
    store(key, drafts.filter((draft) => !isMeant(draft)));
  }
}

// What this tab has published: Back puts it into the form again

const sent = () => (session.sent || "").split(" ");
const rememberSent = (print) => (session.sent = [print, ...sent()].slice(0, 20).join(" "));

/** Of the longest text that a form holds, as good as its own. */
function fingerprint(fields) {
  const text = longest(fields);
  const number = [...text].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 2 ** 40, 7);
  return `${text.length}-${number}`;
}

const longest = (fields) => fields.map(([, , content]) => `${content}`.trim()).sort((a, b) => b.length - a.length)[0];

const KEPT = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=submit], [autocomplete=one-time-code])";
const TYPED = /^(text|textarea|url|email|tel|number|date|search)$/;

function fieldsOf(form) {
  return [...form.querySelectorAll(KEPT)].filter((field) => field.name && !field.readOnly);
}

const isTick = (field) => field.type === "radio" || field.type === "checkbox";

function contents(form) {
  return fieldsOf(form).map((f) => [f.name, isTick(f) ? f.value : "", isTick(f) ? f.checked : f.value]);
}

/** The texts that the page came with. */
function served(form) {
  return fieldsOf(form).map((f) => [f.name, "", f.defaultValue]);
}

/** Put a draft into its form, where it can be seen; returns the changed fields. */
function fill(form, saved) {
  tables.get(form)?.arrange(saved.map(([name]) => name));
  return saved.flatMap(([name, value, content]) => {
    const field = fieldsOf(form).find((f) => f.name === name && (!isTick(f) || f.value === value));
    const what = field && isTick(field) ? "checked" : "value";
    if (!field || field[what] === content) return [];
    field[what] = content;
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    return [field];
  });
}

/** All that was typed as one text to compare; choices alone are no text. */
function texts(form, saved) {
  const typeOf = (name) => form.elements[name]?.type ?? tables.get(form)?.typeOf(name);
  const isText = ([name, , content]) => TYPED.test(typeOf(name)) && content.trim();
  return saved.filter(isText).map(([name, , content]) => name + content).join("\n");
}

/** What the forum keeps of this form, as a draft of this browser: its pairs of a name and a value, by our fields. */
function asDraft(form, { key, age, fields: pairs }) {
  const at = Date.now() - age; // by the clock of this device
  const sent = (name) => pairs.filter(([of]) => of === name).map(([, content]) => content);
  const fields = contents(form).map(([name, value]) => [name, value, value ? sent(name).includes(value) : sent(name)[0] ?? ""]);
  return { key, at, fields, kept: at, by: sent("window")[0] };
}

function keepDraft(form, member) {
  const { paragraph, adapt } = form.elements; // what a text is about when its address does not say it
  const about = paragraph?.value || adapt?.value;
  const key = `draft:${member}:${new URL(form.action).pathname}` + (about ? `?${about}` : "");
  const saved = form.querySelector("[data-saved]");
  const isKept = "keep" in form.dataset; // by the forum, too
  let own = form.elements.submission_key?.value || newKey();
  const here = newKey(); // names this window, for which no other one may write
  const seen = form.elements.drafted?.value.split(" ") ?? []; // by the page that the forum has sent
  const known = new Set([here, ...seen]); // and those whose drafts go on here
  const isForeign = ({ by }) => by && !known.has(by);
  const begun = texts(form, served(form));
  const isNew = ({ fields }) => texts(form, fields) && texts(form, fields) !== begun;
  const others = () => read(key).filter((draft) => draft.key !== own); // of other windows, too
  const offered = () => others().filter(isNew);
  /** Let drafts of this browser go on as drafts of their own, so that nothing takes their place. */
  const part = (isMeant) => store(key, read(key).map((draft) => (isMeant(draft) ? { ...draft, key: newKey() } : draft)));
  const empty = () => {
    const fields = contents(form);
    if (texts(form, fields) !== begun && sent().includes(fingerprint(fields))) form.reset();
  };
  empty();
  addEventListener("pageshow", empty);
  // The page goes on with what the forum has, and more was typed here
  if (location.search.includes("draft=")) part((draft) => draft.key === own && !isThere(draft) && isNew(draft));
  const offers = offered();
  for (const { key: of, by } of read(key)) if (of === own) known.add(by);
  let timer;
  let sending;
  let number = 0; // of the latest form that went from this window, so that none which comes late takes its place
  let latest; // the number of the latest one that was to be kept

  /** Go on as a draft of its own. */
  const split = () => {
    own = newKey();
    if (isKept) form.elements.submission_key.value = own;
  };
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (read(key).some((draft) => draft.key === own && isForeign(draft))) split();
    const fields = contents(form);
    const mine = texts(form, fields) ? [{ fields, key: own, at: Date.now(), by: here }] : [];
    const done = store(key, [...mine, ...others()]);
    if (saved) saved.textContent = mine.length && done ? saved.dataset.saved : "";
    if (isKept) sendLater();
  };
  const sendLater = () => (sending ||= setTimeout(send, KEEP_SECONDS * 1000));
  /** To the forum, where other devices find it. */
  const send = async () => {
    clearTimeout(sending);
    sending = 0;
    if (form.dataset.busy) return sendLater();
    const [mine] = read(key).filter((draft) => draft.key === own);
    const body = new FormData(form);
    const nth = (latest = number);
    const { status } = await post(form.action, body).catch(() => ({}));
    if (!status || status > 428) return sendLater(); // no line, or too much in a short time
    if (nth < latest) return; // a later one tells
    if (status === 409 && !form.dataset.busy) {
      // The text was published elsewhere, or goes on there: what is written here is another one
      store(key, read(key).filter((draft) => draft.key !== own || isForeign(draft)));
      split();
      return save();
    }
    if (status !== 204 || !mine) return;
    store(key, read(key).map((draft) => (draft.key === own ? { ...draft, kept: mine.at } : draft)));
    if (saved && !timer && !sending) saved.textContent = saved.dataset.kept;
  };
  /** Offer what was typed on another device, and not what was sent or discarded there. */
  const offerKept = async () => {
    const rows = form.dataset.keep ? await (await fetch(form.dataset.keep)).json() : []; // empty where there are none
    const kept = rows.map((draft) => asDraft(form, draft));
    const isGone = (draft) => isThere(draft) && !kept.some((one) => one.key === draft.key);
    const isKnown = (one) => offers.some((o) => o.key === one.key && (o.at > one.at || texts(form, o.fields) === texts(form, one.fields)));
    const newest = kept.filter((one) => one.key !== own && isNew(one) && !isKnown(one));
    const newer = (draft) => newest.find((one) => one.key === draft.key);
    const isOld = (draft) => newer(draft) && (isThere(draft) || texts(form, newer(draft).fields).includes(texts(form, draft.fields)));
    store(key, read(key).filter((draft) => !isGone(draft) && !isOld(draft)));
    part(newer);
    offers.splice(0, offers.length, ...[...newest, ...offered()].sort((a, b) => b.at - a.at));
    show();
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => save(), 500);
  });
  const leave = () => {
    if (timer) save();
    if (sending) send();
  };
  addEventListener("pagehide", leave);
  // A phone may end a page that is not seen without a word
  document.addEventListener("visibilitychange", () => document.hidden && leave());
  form.addEventListener("submit", save);
  // The forum says when it has published a text that the browser keeps
  form.addEventListener("formdata", ({ formData }) => formData.set("drafted", [`${here}:${++number}`, ...known].join(" ")));
  if (texts(form, contents(form)) !== begun) save(); // typed before this script was here

  const elsewhere = form.querySelector("[data-elsewhere]");
  for (const name of Object.keys(local)) {
    const link = name.startsWith(`${key}?`) && document.querySelector(`a[href$="?paragraph=${name.split("?")[1]}"]`);
    if (!link) continue;
    Object.assign(elsewhere, { href: link.href, hidden: false });
    link.querySelector("span").textContent = elsewhere.dataset.elsewhere;
  }
  const note = form.querySelector("[data-restore]");
  if (!note) return;
  const gone = form.querySelector("[data-discarded]");
  const discarded = [];
  const show = () => {
    const [offer] = offers;
    note.hidden = !offer;
    gone.hidden = !discarded.length;
    if (!offer) return;
    note.querySelector("q").textContent = longest(offer.fields).slice(0, 80);
    const words = offer.at && new Date(offer.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    note.querySelector("[data-at]").textContent = words || "";
  };
  show();
  if (isKept) offerKept().catch(console.warn);
  form.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (!act) return;
    const offer = (act === "back" ? discarded : offers).shift();
    const replaced = { fields: contents(form), key: isKept ? own : newKey(), at: Date.now(), by: here };
    const rest = others().filter((draft) => draft.key !== offer.key);
    let changed = [];
    if (act === "restore") {
      changed = fill(form, offer.fields);
      if (isKept) form.elements.submission_key.value = own = offer.key; // it goes on to be that draft
      known.add(offer.by);
      if (isNew(replaced)) offers.push(replaced) && rest.unshift(replaced);
    } else if (act === "back") {
      offers.unshift(offer);
      rest.unshift(offer);
    } else {
      discarded.unshift(offer);
      delete offer.kept;
      const body = new FormData(form);
      body.set("submission_key", offer.key);
      body.set("drafted", `${body.get("drafted")} ${offer.by}`); // and no more of it than was offered
      if (isKept) post(form.dataset.discard, body).catch(console.warn);
    }
    store(key, rest);
    show();
    save();
    const first = changed.find((field) => !isTick(field)) ?? form.querySelector("textarea");
    const next = { restore: first, discard: gone.querySelector("button"), back: note.querySelector("button") }[act];
    (target.closest("[hidden]") ? next : target).focus();
  });
}

/** Whether the forum has all of a draft of this browser. */
const isThere = ({ at, kept }) => kept >= at;

/** Send a form whose text is not to be published; also while the page goes, unless it is longer than 64 kB. */
function post(address, body) {
  body.set("draft", "auto");
  const sendIt = (keepalive) => fetch(address, { method: "POST", body, keepalive });
  return sendIt(true).catch(() => sendIt(false));
}

const newKey = () => `${Math.random()}`;

// A second press while the first is under way does nothing

function sendOnce(event) {
  const { currentTarget: form, submitter } = event;
  if (form.dataset.busy) return event.preventDefault();
  if (event.defaultPrevented) return;
  const free = () => {
    delete form.dataset.busy;
    submitter?.removeAttribute("aria-busy");
  };
  form.dataset.busy = "1";
  submitter?.setAttribute("aria-busy", "true");
  setTimeout(free, BUSY_SECONDS * 1000); // it may have been stopped
  addEventListener("pageshow", free);
}
