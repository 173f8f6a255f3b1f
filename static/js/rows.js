// Going through a list by keys: j and k from row to row, h and l from column to column, x ticks, m opens the menu.
// Rows are links with data-row, each list of them is a [data-rows]. Nothing is sent.

const off = () => document.body.dataset.keys === "off";
const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open]");
const rows = (list) => [...list.querySelectorAll("[data-row]")].filter((row) => row.offsetParent);
const lists = () => [...document.querySelectorAll("[data-rows]")].filter((list) => rows(list).length);
const holder = (row) => row?.closest("tr, [data-card]");

function current() {
  return holder(document.activeElement)?.querySelector("[data-row]");
}

function step(by) {
  const all = lists().flatMap(rows);
  const at = all.indexOf(current());
  (all[at < 0 ? 0 : at + by] ?? all[at])?.focus();
}

function sideways(by) {
  const all = lists();
  const at = all.findIndex((list) => list.contains(document.activeElement));
  const to = all[at < 0 ? 0 : at + by];
  if (!to) return;
  const place = at < 0 ? 0 : rows(all[at]).indexOf(current());
  const there = rows(to);
  there[Math.min(Math.max(place, 0), there.length - 1)].focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  h: () => sideways(-1),
  l: () => sideways(1),
  x: () => holder(current())?.querySelector("input[type=checkbox]")?.click(),
  m: () => {
    const menu = holder(current())?.querySelector("details[data-menu]");
    if (!menu) return;
    menu.open = true;
    menu.querySelector("a")?.focus();
  },
};

document.addEventListener("keydown", (event) => {
  if (off() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// One tick for all of the page; without scripts there is none.
for (const label of document.querySelectorAll("[data-tick-all]")) {
  const all = label.querySelector("input");
  label.hidden = false;
  all.addEventListener("change", () => {
    for (const tick of document.querySelectorAll("[data-rows] input[name=item]")) tick.checked = all.checked;
  });
}
