// The button of a new incident names whom it calls: by the services that are ticked, nobody for a drill.

const list = document.querySelector("[data-calls] dl");
const form = list?.closest("form");
const button = form?.querySelector("[data-calling]");

const cell = (service) => list.querySelector(`dd[data-service="${service}"]`);
const names = (row) => (row && !("nobody" in row.dataset) ? row.textContent.split(", ") : []);
const say = () => {
  const ticked = [...form.querySelectorAll("[name=services]:checked")].map((box) => cell(box.value));
  // The default team stands in only where no service has a team that can come.
  const own = ticked.filter((row) => row && "own" in row.dataset);
  const called = form.elements.is_drill?.checked ? [] : (own.length ? own : [cell("")]).flatMap(names);
  const each = [...new Set(called)].join(", ");
  // Whoever may not see a private incident is not called, which only the server knows.
  if (form.elements.is_private?.checked || each.length > 60) button.textContent = button.dataset.lead;
  else button.textContent = each ? button.dataset.calling.replace("{names}", each) : button.dataset.plain;
};
if (button) {
  button.dataset.lead = button.textContent;
  form.addEventListener("change", say);
  addEventListener("pageshow", say);
  say();
}
