// <textarea data-pictures="url">: an image that is pasted, dropped or chosen is sent there, and the Markdown that comes
// back is put where the cursor is. <a data-picture-for="id of the field"> opens the chooser, and is a page without this.
// <output data-pictures-say="id of the field"> says how it goes.

const LARGEST = 10_000_000;
// Named one by one: a phone then hands over a photo as one of these.
const ACCEPTED = "image/png,image/jpeg,image/webp,image/gif";
const words = document.getElementById("words")?.dataset ?? {};
const fieldOf = (event) => event.target.closest?.("textarea[data-pictures]");
const imagesOf = (files) => [...(files ?? [])].filter((file) => file.type.startsWith("image/"));

const say = (field, text, wrong = false) => {
  const output = document.querySelector(`[data-pictures-say="${CSS.escape(field.id)}"]`);
  if (!output) return;
  output.textContent = text;
  output.classList.toggle("is-wrong", wrong);
};

const insert = (field, markdown) => {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const before = start && !/\s$/.test(value.slice(0, start)) ? " " : "";
  const after = /^\s/.test(value.slice(end)) || end === value.length ? "" : " ";
  field.setRangeText(before + markdown + after, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

const send = async (field, file) => {
  // The server would hang up in the middle of it.
  if (file.size > LARGEST) throw new Error(words.pictureTooLarge ?? "");
  const body = new FormData();
  body.append("csrfmiddlewaretoken", field.form.elements.csrfmiddlewaretoken.value);
  body.append("file", file, file.name || "picture.png");
  const answer = await fetch(field.dataset.pictures, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" });
  const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok || !said.markdown) throw new Error(said.message ?? "");
  return said.markdown;
};

const sendAll = async (field, files) => {
  say(field, words.pictureSending ?? "");
  try {
    for (const file of files) {
      const markdown = await send(field, file);
      // Somebody may have sent the line meanwhile, and got a new one.
      insert(document.getElementById(field.id) ?? field, markdown);
    }
    say(field, "");
  } catch (error) {
    say(field, (error instanceof TypeError ? "" : error.message) || (words.pictureFailed ?? ""), true);
  }
};

document.addEventListener("paste", (event) => {
  const field = fieldOf(event);
  const images = field && imagesOf(event.clipboardData?.files);
  // What was copied from a table comes as text and as an image of it: the text is meant.
  if (!images?.length || event.clipboardData.getData("text/plain").trim()) return;
  event.preventDefault();
  sendAll(field, images);
});

document.addEventListener("dragover", (event) => {
  if (fieldOf(event) && event.dataTransfer?.types.includes("Files")) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const field = fieldOf(event);
  if (!field || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  const files = [...event.dataTransfer.files];
  if (files.length) sendAll(field, files);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-picture-for]");
  const field = link && document.getElementById(link.dataset.pictureFor);
  if (!field) return;
  event.preventDefault();
  const chooser = Object.assign(document.createElement("input"), { type: "file", accept: ACCEPTED, multiple: true });
  chooser.addEventListener("change", () => sendAll(field, [...chooser.files]));
  chooser.click();
});
