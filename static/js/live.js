// An open incident keeps up: every few seconds it asks <div id="live" data-live="url"> what is new. 204 is nothing;
// else the answer holds parts of the page, which take the place of those with the same ids. A part that somebody is in
// waits until they are out of it, and the timeline is never touched: what others wrote is told of above it.

const EVERY = 4000;
const SLOWEST = 60000;
const PATIENCE = 10000;
const PARTS = ["incident-head", "callouts-part", "updates", "roll-call-part", "news"];

let pause = EVERY;
let timer = 0;
let asking = false;
let away = false;

const here = () => document.getElementById("live");
const show = (id, shown) => {
  const words = document.getElementById(id);
  if (words) words.hidden = !shown;
};
const stop = (words) => {
  clearTimeout(timer);
  timer = -1;
  show("live-away", false);
  show(words, true);
};
const later = () => {
  clearTimeout(timer);
  if (timer !== -1 && !document.hidden) timer = setTimeout(ask, pause);
};

const isBusy = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

// Replaces what may be replaced; whether that was everything.
const replace = (answer) => {
  let all = true;
  for (const id of PARTS) {
    const [now, next] = [document.getElementById(id), answer.getElementById(id)];
    if (!now || !next || now.isEqualNode(next)) continue;
    if (isBusy(now)) {
      all = false;
      continue;
    }
    const fresh = document.adoptNode(next);
    now.replaceWith(fresh);
    window.htmx?.process(fresh);
  }
  return all;
};

const say = (live, next) => {
  const news = ["update", "status"].filter((name) => live.dataset[name] !== next.dataset[name]);
  const said = news.map((name) => next.querySelector(`[data-says="${name}"]`)?.textContent).filter(Boolean);
  if (said.length) document.getElementById("live-says").textContent = said.join(" ");
};

const take = (html) => {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const [live, next] = [here(), answer.getElementById("live")];
  if (!live || !next) return;
  say(live, next);
  live.dataset.update = next.dataset.update;
  live.dataset.status = next.dataset.status;
  if (replace(answer)) live.dataset.mark = next.dataset.mark;
  if ("over" in next.dataset) stop("live-over");
};

const connected = (yes) => {
  if (yes && away) document.dispatchEvent(new CustomEvent("server:back"));
  away = !yes;
  pause = yes ? EVERY : Math.min(pause * 2, SLOWEST);
  show("live-away", away);
};

async function ask() {
  const live = here();
  if (!live || asking || timer === -1) return;
  const url = new URL(live.dataset.live, location.href);
  url.searchParams.set("mark", live.dataset.mark);
  url.searchParams.set("newer", document.getElementById("newest-entries")?.dataset.newest ?? "0");
  asking = true;
  try {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status >= 500) connected(false);
    else {
      connected(true);
      if (answer.type === "opaqueredirect") stop("live-signed-out");
      else if (answer.status === 200) take(await answer.text());
      else if (answer.status !== 204) stop("live-gone");
    }
  } catch {
    connected(false);
  }
  asking = false;
  later();
}

const askNow = () => {
  if (document.hidden || timer === -1) return;
  clearTimeout(timer);
  ask();
};

if (here()) {
  document.addEventListener("visibilitychange", askNow);
  window.addEventListener("online", askNow);
  document.addEventListener("live:ask", askNow);
  // What one wrote oneself may be an update, or a change of status.
  document.addEventListener("htmx:afterSettle", (event) => event.target.id === "timeline" && askNow());
  later();
}
