// What is typed into <form data-draft="key"> outlives a closed tab, an expired session, an error and a dead network:
// it is kept in this browser, per account, and offered again until it was sent or thrown away.

const PREFIX = "draft:";
const KEPT_FOR = 7 * 24 * 3600 * 1000;
const user = document.body.dataset.user;
// Day before month, as on all pages.
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const failed = "failed" in document.body.dataset;
const signIn = document.getElementById("words")?.dataset.signIn;

const read = (name) => {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
};
const write = (name, draft) => {
  try {
    localStorage.setItem(name, JSON.stringify(draft));
  } catch {
    // Storage full or forbidden: typing goes on without a net.
  }
};
const drafts = () => {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
};
const nameOf = (form) => `${PREFIX}${user}:${form.dataset.draft}`;
const fields = (form) =>
  [...form.elements].filter((field) => field.name && field.matches("textarea, input:is([type=text], [type=search], [type=email], [type=tel], :not([type]))"));
const texts = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));

// What the texts of an editor began with: a draft that is brought back later is put together with what came since.
const bases = (form) => {
  const field = form.querySelector("textarea[data-autosave]");
  return { text: form.elements.base?.value ?? field?.defaultValue };
};

const timers = new Map();
const keep = (form) => {
  clearTimeout(timers.get(form));
  timers.delete(form);
  const values = texts(form);
  const changed = fields(form).some((field) => field.value.trim() && field.value !== field.defaultValue);
  if (changed) write(nameOf(form), { values, bases: bases(form), at: Date.now(), sent: false });
  else localStorage.removeItem(nameOf(form));
};

const offer = (form) => {
  const draft = read(nameOf(form));
  if (!draft || "settled" in form.dataset || form.querySelector(".draft-offer")) return;
  const lost = fields(form).filter((field) => (draft.values[field.name] ?? "").trim() && draft.values[field.name] !== field.value);
  const template = document.getElementById("draft-offer");
  if (!lost.length || !template) return;
  const box = template.content.firstElementChild.cloneNode(true);
  const text = draft.values[lost[0].name].trim();
  box.querySelector("[data-text]").textContent = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  box.querySelector("[data-time]").textContent = new Date(draft.at).toLocaleString(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
  box.querySelector("[data-restore]").addEventListener("click", () => {
    for (const field of lost) {
      field.value = draft.values[field.name];
      field.defaultValue = draft.bases?.[field.name] ?? field.defaultValue;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    box.remove();
    lost[0].focus();
  });
  box.querySelector("[data-discard]").addEventListener("click", () => {
    localStorage.removeItem(nameOf(form));
    box.remove();
  });
  form.prepend(box);
};

const offerAll = (part) => {
  if (!user) return;
  if (part.matches?.("form[data-draft]")) offer(part);
  part.querySelectorAll("form[data-draft]").forEach(offer);
};

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  // Not put off by the next key: nobody loses more than this.
  if (form && user && !timers.has(form)) timers.set(form, setTimeout(() => keep(form), 400));
});
window.addEventListener("pagehide", () => [...timers.keys()].forEach(keep));

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-forget-drafts]")) drafts().forEach((name) => localStorage.removeItem(name));
  if (!form.matches("[data-draft]") || !user) return;
  keep(form);
  const draft = read(nameOf(form));
  if (draft) write(nameOf(form), { ...draft, sent: true });
});

// In place: the answer says whether it arrived. A refusal (422) is an answer too, and that of an ended session is the
// page to sign in on.
const arrived = ({ xhr }) => xhr.status >= 200 && xhr.status < 300 && new URL(xhr.responseURL).pathname !== signIn;
document.addEventListener("htmx:afterRequest", (event) => {
  // The form itself, which the answer may have taken off the page by now: then the event comes from what held it.
  const form = event.detail.requestConfig?.elt?.closest("form[data-draft]");
  const draft = form && read(nameOf(form));
  if (!draft?.sent) return;
  if (arrived(event.detail)) localStorage.removeItem(nameOf(form));
  else write(nameOf(form), { ...draft, sent: false });
});
// Saved by itself while somebody types: what arrived is no draft any more, what was typed since still is.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  const sent = event.detail.requestConfig?.formData;
  if (!event.target.matches?.("[data-autosave]") || !form || !arrived(event.detail) || !sent) return;
  for (const field of fields(form)) if (sent.has(field.name)) field.defaultValue = sent.get(field.name);
  keep(form);
});
// Only in what has come: a form that somebody is typing in meanwhile is ahead of its draft.
document.addEventListener("htmx:load", (event) => offerAll(event.detail.elt));

// After a whole page: it arrived when the next page is one for somebody signed in, is no error, was not reached by
// going back, and does not show the same form again with what is wrong in it.
const settle = (isNext) => {
  for (const name of drafts()) {
    const draft = read(name);
    const form = user && [...document.querySelectorAll("form[data-draft]")].find((candidate) => nameOf(candidate) === name);
    if (!draft || Date.now() - draft.at > KEPT_FOR) localStorage.removeItem(name);
    else if (draft.sent && isNext && !form?.querySelector(".is-invalid, .invalid-feedback, .alert-danger, .errorlist")) localStorage.removeItem(name);
    else if (draft.sent) write(name, { ...draft, sent: false });
  }
};

const wentBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
settle(Boolean(user) && !failed && !wentBack);
offerAll(document);
window.addEventListener("pageshow", (event) => event.persisted && settle(false));
