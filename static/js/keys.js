// Keys open things, they never send. An element with data-key="c" is followed, or focused when it is a field.
// Switched off by <body data-keys="off">, and while somebody is typing.

const off = () => document.body.dataset.keys === "off";
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog[open]");

document.addEventListener("keydown", (event) => {
  if (off() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "?") {
    document.getElementById("keys")?.showModal();
    return;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea")) {
    target.focus();
    target.select();
  } else if (target.matches("a, summary, button[type='button']")) {
    target.click();
  }
});

for (const button of document.querySelectorAll("[data-keys-open]")) {
  button.hidden = off();
  button.addEventListener("click", () => document.getElementById("keys")?.showModal());
}
