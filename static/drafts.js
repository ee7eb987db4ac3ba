/** What is typed is kept in this browser, and offered again. */

const ROOM = 4e5; // characters of the drafts of one form: twenty of the longest texts
const MONTH = 30 * 864e5; // milliseconds
const KEEP_SECONDS = 10; // between two sendings of a form that changes

let local;
let session;
let language;
const tables = new WeakMap(); // the module of rows, by form

export async function start(tools) {
  ({ local, session, language } = tools);
  forget(document.body.dataset.published);
  for (const form of document.querySelectorAll("form[data-draft]")) {
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
  const number = [...text].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 1e12, 7);
  return `${text.length}-${number}`;
}

const longest = (fields) => fields.map(([, , content]) => `${content}`.trim()).sort((a, b) => b.length - a.length)[0];

// Also what its page had shown: restored, a draft takes the place of nothing that was changed since, and names no other rule
const KEPT = "textarea, select, [name=seen], [name=rules_number], input:not([type=hidden], [type=password], [type=file], [type=submit], [autocomplete=one-time-code])";
const TYPED = /^(text|textarea|url|email|tel|number|date|search)$/;

function fieldsOf(form) {
  return [...form.querySelectorAll(KEPT)].filter((field) => field.name && !field.readOnly);
}

const isTick = (field) => field.type === "radio" || field.type === "checkbox";

function contents(form) {
  return fieldsOf(form).map((f) => (isTick(f) ? [f.name, f.value, f.checked] : [f.name, "", f.value]));
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
  const said = (name) => pairs.filter(([of]) => of === name).map(([, content]) => content);
  const fields = contents(form).map(([name, value]) => [name, value, value ? said(name).includes(value) : said(name)[0] ?? ""]);
  return { key, at, fields, kept: at, by: said("window")[0] };
}

/** Keep what is typed into a form, in this browser and where the forum keeps it, too; offer what was not sent. */
function keepDraft(form, member) {
  const { submission_key, drafted, paragraph, adapt } = form.elements;
  const about = paragraph?.value || adapt?.value; // what a text is about when its address does not say it
  const key = `draft:${member}:${new URL(form.action).pathname}` + (about ? `?${about}` : "");
  const isKept = "keep" in form.dataset; // by the forum, too

  // Its drafts: this window writes one, and offers the others

  let own = submission_key?.value || newKey(); // the key of the draft that this window writes
  const here = newKey(); // names this window, for which no other one may write
  // And those whose drafts go on here: the page that the forum has sent names them
  const known = new Set([here, ...(drafted?.value.split(" ") ?? [])]);
  const isOwn = (draft) => draft.key === own;
  const isForeign = ({ by }) => by && !known.has(by);
  const textOf = ({ fields }) => texts(form, fields);
  const begun = texts(form, served(form));
  const isNew = (draft) => textOf(draft) && textOf(draft) !== begun;
  const others = () => read(key).filter((draft) => !isOwn(draft)); // of other windows, too
  const offered = () => others().filter(isNew);
  /** What stands in the form, as the draft of this window. */
  const written = () => ({ fields: contents(form), key: own, at: Date.now(), by: here });
  /** Go on as another draft, by itself a new one. */
  const goOn = (next = newKey()) => {
    own = next;
    if (isKept) submission_key.value = own;
  };
  /** Let drafts of this browser go on as drafts of their own, so that nothing takes their place. */
  const part = (isMeant) => store(key, read(key).map((draft) => (isMeant(draft) ? { ...draft, key: newKey() } : draft)));

  /** Take out what this tab has published, if Back has put it into the form again. */
  const empty = () => {
    const fields = contents(form);
    if (texts(form, fields) !== begun && sent().includes(fingerprint(fields))) form.reset();
  };
  empty();
  addEventListener("pageshow", empty);
  // The page goes on with what the forum has, and more was typed here
  if (location.search.includes("draft=")) part((draft) => isOwn(draft) && !isThere(draft) && isNew(draft));
  // Back has put the text of a refused form into it again
  goOn(offered().find((draft) => textOf(draft) === textOf(written()))?.key ?? own);
  const offers = offered();
  for (const { by } of read(key).filter(isOwn)) known.add(by);

  // Keeping: in this browser after a moment, and then by the forum, where other devices find it

  const saved = form.querySelector("[data-saved]");
  let saveTimer; // runs while there is something to save
  let sendTimer; // runs while there is something to send
  let formsSent = 0; // from this window; each says its number, so that none which comes late takes the place of a later one
  let latest; // the number of the latest one that was to be kept

  /** In this browser. */
  const save = () => {
    clearTimeout(saveTimer);
    saveTimer = 0;
    if (read(key).some((draft) => isOwn(draft) && isForeign(draft))) goOn(); // another window writes it
    const mine = [written()].filter(textOf);
    const isDone = store(key, [...mine, ...others()]);
    if (saved) saved.textContent = mine.length && isDone ? saved.dataset.saved : "";
    if (isKept) sendLater();
  };
  const sendLater = () => (sendTimer ||= setTimeout(send, KEEP_SECONDS * 1000));
  /** To the forum. */
  const send = async () => {
    clearTimeout(sendTimer);
    sendTimer = 0;
    if (form.dataset.busy) return sendLater();
    const mine = read(key).find(isOwn);
    const body = new FormData(form); // which gives it the next number
    const number = (latest = formsSent);
    const { status } = await post(form.action, body).catch(() => ({}));
    if (!status || status > 428) return sendLater(); // no line, or too much in a short time
    if (number < latest) return; // a later one tells
    if (status === 409 && !form.dataset.busy) {
      // The text was published elsewhere, or goes on there: what is written here is another one
      store(key, read(key).filter((draft) => !isOwn(draft) || isForeign(draft)));
      goOn();
      return save();
    }
    if (status !== 204 || !mine) return;
    store(key, read(key).map((draft) => (isOwn(draft) ? { ...draft, kept: mine.at } : draft)));
    if (saved && !saveTimer && !sendTimer) saved.textContent = saved.dataset.kept;
  };
  const leave = () => {
    if (saveTimer) save();
    if (sendTimer) send();
  };
  form.addEventListener("input", () => {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(save, 500);
  });
  addEventListener("pagehide", leave);
  // A phone may end a page that is not seen without a word
  document.addEventListener("visibilitychange", () => document.hidden && leave());
  form.addEventListener("submit", save);
  // The forum says when it has published a text that the browser keeps
  form.addEventListener("formdata", ({ formData }) => formData.set("drafted", [`${here}:${++formsSent}`, ...known].join(" ")));
  if (textOf(written()) !== begun) save(); // typed before this script was here

  // Offering: what was typed in this browser, then also what was typed on other devices

  linkElsewhere(form, key);
  const note = form.querySelector("[data-restore]");
  if (!note) return;
  const gone = form.querySelector("[data-discarded]");
  const discarded = [];
  const show = () => {
    note.hidden = !offers.length;
    gone.hidden = !discarded.length;
    if (offers.length) describe(note, offers[0]);
  };
  /** Offer what was typed on another device, and not what was sent or discarded there. */
  const offerKept = async () => {
    const rows = form.dataset.keep ? await (await fetch(form.dataset.keep)).json() : []; // empty where there are none
    const kept = rows.map((draft) => asDraft(form, draft));
    const isGone = (draft) => isThere(draft) && !kept.some((one) => one.key === draft.key);
    const isKnown = (one) => [...offers, ...discarded].some((draft) => draft.key === one.key && (draft.at > one.at || textOf(draft) === textOf(one)));
    const newest = kept.filter((one) => !isOwn(one) && isNew(one) && !isKnown(one));
    const newer = (draft) => newest.find((one) => one.key === draft.key);
    const isOld = (draft) => newer(draft) && (isThere(draft) || textOf(newer(draft)).includes(textOf(draft)));
    store(key, read(key).filter((draft) => !isGone(draft) && !isOld(draft)));
    part(newer); // what is left of them has words that the newer ones have not
    offers.splice(0, offers.length, ...[...newest, ...offered()].sort((a, b) => b.at - a.at));
    show();
  };
  // Each takes a draft and the others of this browser, to which it may add, and returns what has the focus afterwards
  const acts = {
    restore(offer, rest) {
      const replaced = written();
      if (isKept) goOn(offer.key);
      else replaced.key = newKey(); // this window goes on with its own
      known.add(offer.by);
      const changed = fill(form, offer.fields);
      if (isNew(replaced)) {
        offers.push(replaced);
        rest.unshift(replaced);
      }
      return changed.find((field) => TYPED.test(field.type)) ?? form.querySelector("textarea");
    },
    discard(offer) {
      discarded.unshift(offer);
      delete offer.kept;
      const body = new FormData(form);
      body.set("submission_key", offer.key);
      body.set("drafted", `${body.get("drafted")} ${offer.by}`); // and no more of it than was offered
      if (isKept) post(form.dataset.discard, body).catch(console.warn);
      return gone.querySelector("button");
    },
    back(offer, rest) {
      offers.unshift(offer);
      rest.unshift(offer);
      return note.querySelector("button");
    },
  };
  form.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (!act) return;
    const offer = (act === "back" ? discarded : offers).shift();
    const rest = others().filter((draft) => draft.key !== offer.key);
    const next = acts[act](offer, rest);
    store(key, rest);
    show();
    save();
    (target.closest("[hidden]") ? next : target).focus();
  });
  show();
  if (isKept) offerKept().catch(console.warn);
}

/** Lead from the form of comments to one that was begun beside a paragraph, and say so at the link of the paragraph, too. */
function linkElsewhere(form, key) {
  const elsewhere = form.querySelector("[data-elsewhere]");
  for (const name of Object.keys(local)) {
    const [, about] = name.split(`${key}?`);
    if (!about || !elsewhere) continue;
    const link = document.querySelector(`a[href$="?paragraph=${about}"]`);
    elsewhere.href = `?paragraph=${about}`; // where the form of the whole case offers it if the paragraph has changed
    elsewhere.hidden = false;
    if (!link) continue;
    link.ariaLabel = link.ariaLabel?.replace(/.+(?= )/, elsewhere.dataset.elsewhere); // with the number of the paragraph
    link.querySelector("span").textContent = elsewhere.dataset.elsewhere;
  }
}

/** Say in the note that offers a draft how it begins, without quotes and the marks of Markdown, and when it was typed. */
function describe(note, { fields, at }) {
  const text = longest(fields);
  note.querySelector("q").textContent = (text.replace(/^>.*|^[-+# ]+|\]\(\S*\)|!?\[|[*\x60\]]|\b_+|_+\b/gm, "").trim() || text).slice(0, 80);
  note.querySelector("[data-at]").textContent = new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** Whether the forum has all of a draft of this browser. */
const isThere = ({ at, kept }) => kept >= at;

/** Send a form whose text is not to be published; also while the page goes, unless it is longer than 64 kB. */
function post(address, body) {
  body.set("draft", "auto");
  const request = { method: "POST", body };
  return fetch(address, { ...request, keepalive: true }).catch(() => fetch(address, request));
}

const newKey = () => `${Math.random()}`;
