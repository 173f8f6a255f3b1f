// [data-autosave] in a <form data-draft> saves itself, by hx-trigger="autosave": soon after the last key, now and then
// while somebody types on, and when the field or the window is left. What does not arrive is tried again until it does;
// until then drafts.js keeps it in this browser.

const IDLE = 1500;
const LONGEST = 8000;
const PATIENCE = 20_000;
const AGAIN = [2000, 4000, 8000, 15_000];
const words = document.getElementById("editor-words")?.dataset ?? {};
const signIn = document.getElementById("words")?.dataset.signIn;
const waiting = new Map(); // element → when its first key was pressed, its timer
const failed = new Map(); // element → how often, its timer, whether the session has to be asked for

const partOf = (target) => target.closest?.("form[data-draft]")?.querySelector("[data-autosave]");

const save = (part) => {
  clearTimeout(waiting.get(part)?.timer);
  clearTimeout(failed.get(part)?.timer);
  waiting.delete(part);
  if (part.isConnected) part.dispatchEvent(new CustomEvent("autosave"));
};

const saveSoon = (part) => {
  const { since = Date.now(), timer } = waiting.get(part) ?? {};
  clearTimeout(timer);
  const left = Math.max(0, Math.min(IDLE, since + LONGEST - Date.now()));
  waiting.set(part, { since, timer: setTimeout(() => save(part), left) });
};

document.addEventListener("input", (event) => {
  const part = partOf(event.target);
  if (part) saveSoon(part);
});
document.addEventListener("change", (event) => {
  const part = partOf(event.target);
  if (waiting.has(part)) save(part);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) [...waiting.keys()].forEach(save);
});

// The text that a section began with goes along, so that the server can put together what several people wrote.
document.addEventListener("formdata", (event) => {
  const field = event.target.querySelector("textarea[data-autosave]");
  if (field) event.formData.set("base", field.defaultValue);
});
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.matches("[data-autosave]")) event.detail.timeout = PATIENCE;
});

const say = (part, text) => {
  const output = part.closest("form").querySelector(".unsaved");
  output.hidden = !text;
  output.textContent = text;
};

// What was written elsewhere meanwhile comes into the field when nobody has typed on; else the next answer brings it.
const takeOver = (field, sent) => {
  const box = field.form.querySelector("[data-merged]");
  if (!box) return;
  box.remove();
  if (field.value !== sent) {
    saveSoon(field);
    return;
  }
  const [before, after] = [field.value, box.content.textContent];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const moved = (place) => (place <= same ? place : Math.max(same, place + after.length - before.length));
  const selected = [moved(field.selectionStart), moved(field.selectionEnd)];
  field.value = field.defaultValue = after;
  field.setSelectionRange(...selected);
};

// After somebody has signed in again, in another tab, this page needs a token of that session.
const renew = async () => {
  const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (page.body.dataset.user !== document.body.dataset.user) throw new Error(words.other);
  document.body.setAttribute("hx-headers", page.body.getAttribute("hx-headers"));
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
};

const tryAgain = (part, isSignedOut) => {
  const times = (failed.get(part)?.times ?? 0) + 1;
  const timer = setTimeout(async () => {
    try {
      if (isSignedOut) await renew();
      save(part);
    } catch (error) {
      if (error.message === words.other) say(part, words.other);
      else tryAgain(part, isSignedOut);
    }
  }, AGAIN[Math.min(times, AGAIN.length) - 1]);
  clearTimeout(failed.get(part)?.timer);
  failed.set(part, { times, timer });
};
window.addEventListener("online", () => [...failed.keys()].forEach(save));

const isSignedOut = (xhr) => Boolean(xhr.responseURL) && new URL(xhr.responseURL).pathname === signIn;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.closest("form[data-draft]") && isSignedOut(event.detail.xhr)) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt: part, formData } = event.detail.requestConfig ?? {};
  if (!part?.matches("[data-autosave]")) return;
  const { status } = event.detail.xhr;
  const ended = isSignedOut(event.detail.xhr) || status === 403;
  if (ended || ![200, 409, 422].includes(status)) {
    say(part, ended ? words.signedOut : words.unsaved);
    tryAgain(part, ended);
    return;
  }
  clearTimeout(failed.get(part)?.timer);
  failed.delete(part);
  say(part, "");
  if (part.matches("textarea")) takeOver(part, formData.get("text"));
});

// Sections that were moved: the page follows, whatever is typed in them.
document.addEventListener("section-order", (event) => {
  const list = document.getElementById("sections");
  const focused = document.activeElement;
  event.detail.order.forEach((id, place) => {
    const part = document.getElementById(id);
    if (part && list.children[place] !== part) list.insertBefore(part, list.children[place]);
  });
  focused.focus();
  focused.scrollIntoView({ block: "nearest" });
});
