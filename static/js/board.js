// Cards can be dragged: where one is let go, the step of its menu that leads there is opened, which asks what it needs.

let dragged = null;
const step = (column) => dragged?.querySelector(`[data-to="${column?.dataset.column}"]`);

for (const card of document.querySelectorAll("[data-card]")) {
  if (card.querySelector("[data-to]")) card.draggable = true;
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-card]") ?? null;
  dragged?.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
});

document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("[data-column]");
  for (const other of document.querySelectorAll(".is-target")) other.classList.toggle("is-target", other === column);
  if (!step(column)) return;
  event.preventDefault();
  column.classList.add("is-target");
});

document.addEventListener("drop", (event) => {
  const link = step(event.target.closest?.("[data-column]"));
  if (!link) return;
  event.preventDefault();
  link.click();
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  for (const column of document.querySelectorAll(".is-target")) column.classList.remove("is-target");
  dragged = null;
});
