// <textarea data-entry>: Enter saves, Shift-Enter breaks the line, a pasted block opens its preview, and it grows.

const grows = CSS.supports("field-sizing", "content");

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !field.matches?.("textarea[data-entry]")) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});

document.addEventListener("paste", (event) => {
  const field = event.target;
  if (!field.matches?.("textarea[data-entry]")) return;
  const lines = event.clipboardData?.getData("text/plain").trim().split("\n").length ?? 0;
  const preview = field.form.querySelector("[data-preview]");
  if (lines > 1 && preview) setTimeout(() => field.form.requestSubmit(preview));
});

document.addEventListener("input", (event) => {
  const field = event.target;
  if (grows || !field.matches?.("textarea[data-entry], textarea.form-control")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 4}px`;
});

// The preview is a page of its own: it is asked for past htmx, which would put it into this one, or leave out the name
// of a button that nobody pressed.
document.addEventListener(
  "submit",
  (event) => {
    const button = event.submitter;
    if (!button?.matches("[data-preview]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const asked = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
    event.target.append(asked);
    event.target.submit();
    asked.remove();
  },
  true,
);

// Typing on a phone: the dock rides on top of the keyboard where the browser does not shrink the page by itself.
const view = window.visualViewport;
const ride = () => {
  const hidden = Math.max(0, window.innerHeight - view.height - view.offsetTop);
  document.documentElement.style.setProperty("--keyboard", `${Math.round(hidden)}px`);
};
if (view && document.querySelector(".dock")) {
  view.addEventListener("resize", ride);
  view.addEventListener("scroll", ride);
}
