// What can be done to an entry is on its own page, which <a class="entry-more"> leads to; here that is a menu in place,
// made from the one <template id="entry-menu">. Stars are set without a new page.

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".entry-more");
  const template = document.getElementById("entry-menu");
  if (!link || !template || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const menu = template.content.firstElementChild.cloneNode(true);
  const base = link.getAttribute("href").replace(/edit\/$/, "");
  const is = { struck: link.closest(".is-struck") !== null, manage: "manage" in link.dataset };
  is.whole = !is.struck;
  for (const item of menu.querySelectorAll("[data-when]")) {
    if (!item.dataset.when.split(" ").every((word) => is[word])) item.remove();
    else item.setAttribute(item.matches("a") ? "href" : "formaction", base + item.dataset.to);
  }
  link.replaceWith(menu);
  menu.querySelector("summary").focus();
});

document.addEventListener(
  "submit",
  (event) => {
    const [form, button] = [event.target, event.submitter];
    if (form.id !== "entry-act" || !("inPlace" in form.dataset) || button?.name !== "starred" || !window.htmx) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const values = { [button.name]: button.value, zone: form.elements.zone.value };
    const entry = button.closest(".entry")?.id;
    window.htmx
      .ajax("POST", button.getAttribute("formaction"), { target: "#timeline", swap: "outerHTML", values })
      .then(() => document.querySelector(`#${CSS.escape(entry)} .entry-star button`)?.focus());
  },
  true,
);
