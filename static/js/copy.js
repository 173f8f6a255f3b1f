// <button type="button" data-copy="id" hidden> copies the text of that element; <output data-copied="Copied"> says so.

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const said = button.closest("section:has([data-copied]), main").querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      if (said) said.textContent = said.dataset.copied;
    } catch {
      source.closest("details")?.setAttribute("open", "");
      source.select?.();
    }
  });
}
