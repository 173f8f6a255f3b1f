// Arrows walk through what was found, from the field down and back. What stands in the field stands in the address.

const field = document.getElementById("q");
const found = document.querySelector("[data-found]");

const results = () => [...found.querySelectorAll("[data-result]")];

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = results();
  const place = links.indexOf(document.activeElement);
  if (place < 0 && document.activeElement !== field) return;
  const next = place + (event.key === "ArrowDown" ? 1 : -1);
  if (next >= links.length || (place < 0 && next < 0)) return;
  event.preventDefault();
  (next < 0 ? field : links[next]).focus();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== found) return;
  const address = new URL(location.href);
  address.search = field.value.trim() ? `?${new URLSearchParams({ q: field.value })}` : "";
  history.replaceState(history.state, "", address);
});
