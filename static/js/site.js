// The search of the folder of plain pages: no server, so the whole index is here. No module: a page that is opened from
// a disk may not load one.
(() => {
  const form = document.querySelector("[data-search]");
  const postmortems = globalThis.nevertwicePostmortems;
  if (!form || !postmortems) return;
  const input = form.querySelector("input");
  const count = form.querySelector("[data-search-count]");
  const results = document.querySelector("[data-search-results]");
  const list = document.querySelector("[data-search-list]");

  // As the index was folded: accents off, small letters, split at what is neither letter nor digit.
  const wordsOf = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const card = ([file, title, reference, day, lede]) => element("li", { class: "card card-link" },
    element("div", { class: "line small" }, element("span", { class: "incident-id" }, reference), element("span", {}, day)),
    element("h3", {}, element("a", { href: file }, title)),
    ...(lede ? [element("p", {}, lede)] : []));

  // How well a postmortem fits: a word of the title counts more than one of the text, a missing one leaves it out.
  const score = (asked, [, title, reference, , , words]) => {
    const named = ` ${wordsOf(`${title} ${reference}`).join(" ")}`, text = ` ${words}`;
    let sum = 0;
    for (const word of asked) {
      const found = named.includes(` ${word}`) ? 3 : text.includes(` ${word}`) ? 1 : 0;
      if (!found) return 0;
      sum += found;
    }
    return sum;
  };

  const look = () => {
    const asked = wordsOf(input.value);
    list.hidden = asked.length > 0;
    results.hidden = asked.length === 0;
    const found = asked.length
      ? postmortems.map((each) => [score(asked, each), each]).filter(([points]) => points).sort(([a], [b]) => b - a) : [];
    results.replaceChildren(...found.slice(0, 100).map(([, each]) => card(each)));
    const { none, one, many } = count.dataset;
    count.textContent = !asked.length ? "" : found.length === 0 ? none : found.length === 1 ? one : many.replace("%s", found.length);
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", look);
  // A browser's Back brings the words up again.
  look();
})();
