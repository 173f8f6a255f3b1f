// <div data-marks="id of a textarea"> becomes a bar of Markdown marks; <button data-insert="text"> puts a text where
// somebody was writing last; <button data-close> closes a preview.

const AROUND = { bold: ["**", "**"], italic: ["_", "_"], code: ["`", "`"], link: ["[", "](https://)"] };
const BEFORE = { heading: () => "### ", quote: () => "> ", list: () => "- ", numbers: (place) => `${place + 1}. ` };
const KEYS = { b: "bold", i: "italic", k: "link" };
const bar = document.getElementById("marks");
let last = null; // the text that somebody was writing last

// As if it was typed, so that the browser can take it back.
const type = (field, text, start, end) => {
  field.focus();
  field.setSelectionRange(start, end);
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

const markAround = (field, [before, after]) => {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const chosen = value.slice(start, end);
  const isMarked = value.slice(start - before.length, start) === before && value.startsWith(after, end);
  if (isMarked) {
    type(field, chosen, start - before.length, end + after.length);
    field.setSelectionRange(start - before.length, end - before.length);
  } else {
    type(field, before + chosen + after, start, end);
    field.setSelectionRange(start + before.length, end + before.length);
  }
};

const markLines = (field, mark) => {
  const { selectionStart, selectionEnd, value } = field;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const end = Math.max(selectionEnd, start + (value.slice(start).indexOf("\n") + 1 || value.length - start + 1) - 1);
  const lines = value.slice(start, end).split("\n");
  const isMarked = lines.every((line, place) => line.startsWith(mark(place)));
  const marked = lines.map((line, place) => (isMarked ? line.slice(mark(place).length) : mark(place) + line));
  type(field, marked.join("\n"), start, end);
};

const mark = (field, name) => (AROUND[name] ? markAround(field, AROUND[name]) : markLines(field, BEFORE[name]));

const insert = (text) => {
  const field = last?.isConnected ? last : document.querySelector("textarea[data-autosave]");
  if (field) type(field, text, field.selectionStart, field.selectionEnd);
};

const dress = (part) => {
  for (const place of part.querySelectorAll("[data-marks]:empty")) place.append(bar.content.cloneNode(true));
  for (const button of part.querySelectorAll("[data-close]")) button.hidden = false;
  for (const buttons of part.querySelectorAll(".marks-bar")) {
    [...buttons.querySelectorAll(":scope > button, summary")].forEach((button, place) => {
      button.tabIndex = place ? -1 : 0;
    });
  }
};

document.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea[data-autosave]")) last = event.target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-mark], [data-insert], [data-close]");
  if (!button) return;
  const place = button.closest("[data-marks]");
  const field = place && document.getElementById(place.dataset.marks);
  if ("close" in button.dataset) button.closest(".section-preview").remove();
  else if ("mark" in button.dataset) mark(field, button.dataset.mark);
  else {
    last = field ?? last;
    button.closest("details")?.removeAttribute("open");
    insert(button.dataset.insert);
  }
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  const name = (event.ctrlKey || event.metaKey) && !event.altKey && KEYS[event.key.toLowerCase()];
  if (name && field.matches?.("textarea[data-autosave]")) {
    event.preventDefault();
    mark(field, name);
  }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const buttons = step && [...(field.closest?.(".marks-bar")?.querySelectorAll(":scope > button, summary") ?? [])];
  const next = buttons && buttons[buttons.indexOf(field) + step];
  if (!next) return;
  field.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

dress(document);
document.addEventListener("htmx:load", (event) => dress(event.detail.elt));
