// <output data-echo="url" data-echo-field="id"> says how a typed time or line is understood, before anything is saved.
// The address answers plain text for ?text=…; 422 means that it is not understood, and the text says why.

const timers = new WeakMap();
let newest = 0;

const ask = async (field, output) => {
  const turn = ++newest;
  if (!field.value.trim()) {
    output.textContent = "";
    return;
  }
  const url = new URL(output.dataset.echo, location.href);
  url.searchParams.set("text", field.value.slice(0, 300));
  try {
    const answer = await fetch(url, { headers: { "X-Requested-With": "echo" }, credentials: "same-origin" });
    const text = answer.ok || answer.status === 422 ? (await answer.text()).trim() : "";
    if (turn !== newest || answer.redirected) return;
    output.classList.toggle("is-wrong", answer.status === 422);
    output.textContent = text;
  } catch {
    output.textContent = "";
  }
};

document.addEventListener("input", (event) => {
  const field = event.target;
  const output = field.id && document.querySelector(`[data-echo-field="${CSS.escape(field.id)}"]`);
  if (!output) return;
  clearTimeout(timers.get(field));
  timers.set(field, setTimeout(() => ask(field, output), 200));
});
