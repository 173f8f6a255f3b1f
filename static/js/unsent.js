// <form data-unsent="key"> that could not be sent because the server was away, or because the session had ended: what was
// typed is kept in this browser, marked as not sent, and sent when the server is back. Its client_id lets it arrive only
// once; typed_at says when it was typed.

const PREFIX = "unsent:";
const FIRST = 2000;
const SLOWEST = 30000;
const PATIENCE = 15000;
const user = document.body.dataset.user;
const words = document.getElementById("words")?.dataset ?? {};

let pause = FIRST;
let timer = 0;

const form = () => document.querySelector("form[data-unsent]");
const name = () => `${PREFIX}${user}:${form().dataset.unsent}`;
const read = () => {
  try {
    return JSON.parse(localStorage.getItem(name())) ?? [];
  } catch {
    return [];
  }
};
const write = (items) => {
  try {
    if (items.length) localStorage.setItem(name(), JSON.stringify(items));
    else localStorage.removeItem(name());
    return true;
  } catch {
    return false;
  }
};
const without = (id) => write(read().filter((item) => item.id !== id));
const show = (id, shown) => {
  const place = document.getElementById(id);
  if (place) place.hidden = !shown;
};

const draw = () => {
  const place = document.getElementById("unsent");
  const template = document.getElementById("unsent-entry");
  if (!place || !template) return;
  place.replaceChildren(
    ...read().map((item) => {
      const line = template.content.firstElementChild.cloneNode(true);
      line.querySelector("[data-text]").textContent = item.text.length > 120 ? `${item.text.slice(0, 120)}…` : item.text;
      line.querySelector("[data-time]").textContent = new Date(item.at).toTimeString().slice(0, 5);
      if (item.refused) line.querySelector("[data-state]").textContent = item.refused;
      line.querySelector("[data-restore]").addEventListener("click", () => bringBack(item));
      line.querySelector("[data-discard]").addEventListener("click", () => {
        without(item.id);
        draw();
      });
      return line;
    }),
  );
};

const bringBack = (item) => {
  const field = form().querySelector("textarea");
  field.value = [field.value.trim(), item.text].filter(Boolean).join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  without(item.id);
  draw();
};

// Keeps what the form holds, and makes the form ready for the next entry.
const keep = (sent, data) => {
  const fields = [...data].filter(([key, value]) => typeof value === "string" && key !== "csrfmiddlewaretoken" && key !== "typed_at");
  const at = new Date().toISOString();
  fields.push(["typed_at", at]);
  const id = data.get("client_id");
  const items = read().filter((item) => item.id !== id);
  if (!write([...items, { id, url: sent.action, fields, text: data.get("text") ?? "", at }])) return;
  const field = sent.querySelector("textarea");
  if (field.value === data.get("text")) {
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // Another one for what is typed next; randomUUID is there on https only.
  sent.elements.client_id.value = id.replace(/[0-9a-f]/g, () => Math.floor(Math.random() * 16).toString(16));
  draw();
};

const later = () => {
  clearTimeout(timer);
  timer = setTimeout(sendAll, pause);
  pause = Math.min(pause * 2, SLOWEST);
};

const token = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";

// True: it arrived or was refused for good; false: try again later; null: not before somebody signs in or loads anew.
const send = async (item) => {
  const options = {
    method: "POST",
    body: new URLSearchParams(item.fields),
    headers: { "X-CSRFToken": token(), "HX-Request": "true" },
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  };
  const answer = await fetch(item.url, options);
  if (answer.status >= 500) return false;
  if (answer.type === "opaqueredirect") {
    show("live-signed-out", true);
    return null;
  }
  if (answer.status === 403) {
    show("live-gone", true);
    return null;
  }
  if (answer.ok) {
    without(item.id);
    return true;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const refused = page.querySelector(".invalid-feedback, .alert-danger")?.textContent.trim() || words.refused;
  write(read().map((one) => (one.id === item.id ? { ...one, refused } : one)));
  return true;
};

// One window at a time.
const sendAll = () => (navigator.locks ? navigator.locks.request(name(), { ifAvailable: true }, (lock) => lock && sendEach()) : sendEach());

const sendEach = async () => {
  clearTimeout(timer);
  const waiting = read().filter((item) => !item.refused);
  let arrived = false;
  for (const item of waiting) {
    let done = false;
    try {
      done = await send(item);
    } catch {
      // Still away.
    }
    arrived ||= done === true;
    if (done === null) break;
    if (!done) {
      later();
      break;
    }
  }
  draw();
  if (!arrived) return;
  pause = FIRST;
  const newest = new URL(waiting[0].url);
  newest.searchParams.set("newest", "1");
  newest.searchParams.set("zone", form().elements.zone.value);
  window.htmx?.ajax("GET", newest.pathname + newest.search, { target: "#newest", select: "#newest-entries", swap: "innerHTML" });
  document.dispatchEvent(new CustomEvent("live:ask"));
};

const endedAt = (xhr) => words.signIn && xhr.responseURL && new URL(xhr.responseURL).pathname === words.signIn;

// A session that has ended answers with the page to sign in, which is no part of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!endedAt(event.detail.xhr)) return;
  event.detail.shouldSwap = false;
  if (!event.detail.requestConfig.elt.closest("form[data-unsent]")) location.assign(event.detail.xhr.responseURL);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig, xhr } = event.detail;
  const sent = requestConfig?.elt;
  if (!sent?.matches("form[data-unsent]")) return;
  if (endedAt(xhr)) {
    keep(sent, requestConfig.formData);
    show("live-signed-out", true);
  } else if (xhr.status === 0 || xhr.status >= 500) {
    keep(sent, requestConfig.formData);
    show("live-away", true);
    later();
  } else if (event.detail.successful && read().length) sendAll();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forget-drafts]")) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
});

if (user && form()) {
  document.addEventListener("htmx:load", () => form() && draw());
  document.addEventListener("server:back", sendAll);
  window.addEventListener("online", sendAll);
  window.addEventListener("storage", draw);
  draw();
  if (read().length) sendAll();
}
