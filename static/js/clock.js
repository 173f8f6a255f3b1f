// <span data-since="2026-01-06T01:30:00+02:00">19 min</span> counts on, minute by minute, data-until counts down, and
// data-left second by second. Never announced.
// <time title="…">: a tap shows all zones, where there is no hover.

const words = document.getElementById("words")?.dataset ?? { d: "d", h: "h", min: "min", moment: "under 1 min" };

// As incidents/duration_text.py writes it.
const two = (number) => String(number).padStart(2, "0");
const length = (all) => {
  if (all < 1) return words.moment;
  const days = all < 48 * 60 ? 0 : Math.floor(all / 1440);
  const hours = Math.floor(all / 60) - days * 24;
  const minutes = all % 60;
  const parts = [];
  if (days) parts.push(`${days} ${words.d}`);
  if (hours) parts.push(`${days ? two(hours) : hours} ${words.h}`);
  else if (days && minutes) parts.push(`00 ${words.h}`);
  if (minutes) parts.push(`${hours || days ? two(minutes) : minutes} ${words.min}`);
  return parts.join(" ");
};

const put = (clock, minutes) => {
  const text = length(Math.max(0, Math.floor(minutes)));
  if (!Number.isNaN(minutes) && clock.textContent !== text) clock.textContent = text;
};
const tick = () => {
  for (const clock of document.querySelectorAll("[data-since]")) put(clock, (Date.now() - Date.parse(clock.dataset.since)) / 60000);
  for (const clock of document.querySelectorAll("[data-until]")) put(clock, (Date.parse(clock.dataset.until) - Date.now()) / 60000);
};
setInterval(tick, 15000);
setInterval(() => {
  for (const clock of document.querySelectorAll("[data-left]")) clock.textContent = `${Math.max(0, Math.ceil((Date.parse(clock.dataset.left) - Date.now()) / 1000))} s`;
}, 1000);
document.addEventListener("visibilitychange", () => document.hidden || tick());

document.addEventListener("click", (event) => {
  const time = event.target.closest?.("time[title]");
  if (!time || matchMedia("(hover: hover)").matches || time.closest("a, button, summary, label")) return;
  let box = document.getElementById("zones");
  if (!box) {
    box = document.createElement("div");
    box.id = "zones";
    box.popover = "auto";
    document.body.append(box);
  }
  box.textContent = time.title;
  box.showPopover?.();
});
